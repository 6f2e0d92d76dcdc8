#!/usr/bin/env python3
"""The law of --keep: columns of one's own go through the whole pipe, and change nothing else.

Usage: keep.py RUNS [SEED]

Puts random columns at random places into a log of ce-synth, in which some events are made heartbeats, and
one into users_dim; runs the pipe (from PATH), with random options, without and with --keep: the second
feature table is the first one and, behind session_id, the kept columns in the order of the input, each with
its event's value, by clean.py. What differs is left in the current folder.
"""
import random
import sys

import clean
from dress import read, run, same, undressed, write

OWN = [b"campaign", b"a note", b"Extra", b"app_version", b"x,y", b"ip", 'é"'.encode()]
VALUES = [value for value in clean.KEPT if value != b"NA"] + ["é".encode(), b"0", b"1.50", b"2024-01-01", None, None]


def with_columns(r, header, rows, names):
    """The table and, at random places, these columns with random values; ragged rows stay ragged."""
    for name in names:
        at = r.randrange(len(header) + 1)
        rows = [row if isinstance(row, bytes) else row[:at] + [r.choice(VALUES)] + row[at:] for row in rows]
        header = header[:at] + [name] + header[at:]
    return header, rows


def with_heartbeats(r, header, rows):
    at = header.index(b"event_type")
    return header, [
        row[:at] + [b"heartbeat"] + row[at + 1 :] if len(row) == len(header) and r.random() < 0.2 else row for row in rows
    ]


def pipe(keep, folder, complete_by, rows):
    words = ["--keep", keep] if keep else []
    late = ["--keep", keep if keep == "*" else f"{keep},region"] if keep else []
    steps = (
        ["ce-clean", *words, "--max-rejects", "100%"],
        ["ce-join", "--drop", "email", "-k", "user_id", "users.csv", "-k", "content_id", f"{folder}/content_dim.csv.gz"],
        ["ce-sessionize", "--complete-by", complete_by, *late], ["ce-agg", *late], ["ce-features", "--rows", rows, *late],
    )  # fmt: skip
    given = "raw.csv"
    for number, (tool, *arguments) in enumerate(steps):
        text = run(tool, "-p", *arguments, given)
        given = f"{'kept' if keep else 'plain'}{number}.csv"
        write(given, text)
    return given


def law(seed):
    r = random.Random(seed)
    folder = f"work{seed}"
    run("ce-synth", "--users", "20", "--contents", "10", "--days", "5", "--sessions", "60", "--dirty", "0.2",
        "--seed", str(seed), "-o", folder)  # fmt: skip
    names = r.sample(OWN, r.randint(1, len(OWN)))
    header, rows = with_columns(r, *with_heartbeats(r, *read(f"{folder}/events_table.csv.gz")), names)
    options = r.choice(["event", "position", "played"]), r.choice(["open", "first", "undecided", "all", "all"])
    write("raw.csv", undressed(header, rows))
    write("users.csv", undressed(*with_columns(r, *read(f"{folder}/users_dim.csv.gz"), [b"region"])))
    some = [name for name in names if b"," not in name and b'"' not in name]
    keep = "*" if not some or r.random() < 0.3 else ",".join(n.decode() for n in r.sample(some, r.randint(1, len(some))))

    clean_header, clean_rows = [], []
    table = clean.clean(undressed(header, rows), clean.options(["--keep", keep, "--max-rejects", "100%"]))
    for _, _, fields in clean.records(table[0]):
        (clean_rows if clean_header else clean_header).append(fields)
    kept = clean_header[0][7:]
    of_event = {row[0]: row[7:] for row in clean_rows}
    users_header, users = read("users.csv")
    region = {row[users_header.index(b"user_id")]: row[users_header.index(b"region")] for row in users}

    features_header, features = read(pipe(None, folder, *options))
    event, user = features_header.index(b"event_id"), features_header.index(b"user_id")
    behind = features_header.index(b"session_id") + 1
    want_header = features_header[:behind] + kept + [b"region"] + features_header[behind:]
    want = [row[:behind] + of_event[row[event]] + [region[row[user]]] + row[behind:] for row in features]
    with open(pipe(keep, folder, *options), "rb") as file:
        same(file.read(), undressed(want_header, want), f"seed {seed}, {options}, --keep '{keep}' of raw.csv")
    return len(features)


def main():
    runs, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    rows = sum(law(seed) for seed in range(first, first + runs))
    print(f"{runs} logs, {rows} rows of features: the kept columns, and nothing else")
    sys.exit(rows < 20 * runs)


if __name__ == "__main__":
    main()
