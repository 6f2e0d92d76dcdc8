#!/usr/bin/env python3
"""compare: the tools against naive.py, field by field, on many random tables.

Runs ce-join, ce-sessionize, ce-agg and ce-features (from PATH) on table after table; every column of
every table they write must be what naive.py says. At the first difference it says where, keeps the
input in the folder it was given, and exits 1.

Usage: compare.py [--first SEED] [--tables N] FOLDER
"""

import argparse
import gzip
import os
import subprocess
import sys

import naive
import random_tables


def latin(rows):
    """As naive.read_csv would have read it: one character a byte."""
    return [{k: v if v is None else v.encode().decode("latin-1") for k, v in row.items()} for row in rows]


def run(*command):
    subprocess.run(command, check=True)


def written(path):
    """A table that a tool wrote: (header, rows)."""
    if path.endswith(".gz"):
        with gzip.open(path) as packed, open(path[:-3], "wb") as plain:
            plain.write(packed.read())
        path = path[:-3]
    return naive.read_csv(path)


def difference(name, got, want):
    """None, or what is wrong with a table."""
    (got_header, got_rows), (want_header, want_rows) = got, want
    if got_header != want_header:
        return f"{name}: header {got_header}, not {want_header}"
    for i, (g, w) in enumerate(zip(got_rows, want_rows), 1):
        for column in want_header:
            value = None if w[column] is None else str(w[column])
            if g[column] != value:
                return f"{name}: row {i}: {column} is {g[column]!r}, not {value!r}"
    if len(got_rows) != len(want_rows):
        return f"{name}: {len(got_rows)} rows, not {len(want_rows)}"
    return None


def compare(seed, folder):
    opt, *inputs = random_tables.tables(seed)
    (columns, events), (user_columns, users), (content_columns, contents) = [(h, latin(t)) for h, t in inputs]

    def path(name):
        return os.path.join(folder, name)

    naive.write_csv(path("events.csv"), columns, events)
    naive.write_csv(path("users.csv"), user_columns, users)
    naive.write_csv(path("contents.csv"), content_columns, contents)

    # The join, of both kinds; what follows takes the rows that the left one keeps.
    one = naive.join(columns, events, "user_id", user_columns, users, ["email"])
    header, rows, both = naive.join(*one[:2], "content_id", content_columns, contents)
    both = [i for i in both if i in one[2]]
    keys = ["-k", "user_id", path("users.csv"), "-k", "content_id", path("contents.csv"), "--drop", "email"]
    run("ce-join", "-o", path("left.csv.gz"), "--left", *keys, path("events.csv"))
    inner = ["ce-join", "-o", path("inner.csv.gz"), "--unmatched", path("unmatched.csv.gz"), *keys, path("events.csv")]
    subprocess.run(inner, check=True, stderr=subprocess.DEVNULL)

    window, near_end = f"{opt.window}ms", naive.decimal(opt.near_end)
    plain_gap = ["--plain-gap"] if opt.plain_gap else []
    run("ce-sessionize", "-o", path("sessions.csv.gz"), "--starts", path("session_starts.csv.gz"),
        "--gap", f"{opt.gap}ms", *plain_gap, path("left.csv.gz"))  # fmt: skip
    run("ce-agg", "-o", path("history.csv.gz"), "-d", path("aggregates"), "--window", window,
        "--near-end", near_end, path("sessions.csv.gz"))  # fmt: skip
    for which in ("undecided", "all", "first"):
        run("ce-features", "-o", path(f"features_{which}.csv.gz"), "--rows", which,
            "--near-end", near_end, path("history.csv.gz"))  # fmt: skip

    want = naive.tables(header, rows, opt)
    files = {name: path(f"aggregates/{name}.csv.gz") for name in list(naive.AGGREGATES) + ["content_completion"]}
    files |= {name: path(name + ".csv.gz") for name in want if name not in files}
    files["session_identification"] = path("sessions.csv.gz")
    wrong = [
        difference("left join", written(path("left.csv.gz")), (header, rows)),
        difference("inner join", written(path("inner.csv.gz")), (header, [rows[i] for i in both])),
        difference("unmatched", written(path("unmatched.csv.gz")),
                   (columns, [e for i, e in enumerate(events) if i not in both])),  # fmt: skip
    ]
    wrong += [difference(name, written(files[name]), table) for name, table in want.items()]
    return [w for w in wrong if w], len(events)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("folder")
    args = parser.parse_args()
    os.makedirs(os.path.join(args.folder, "aggregates"), exist_ok=True)
    n_events = 0
    for seed in range(args.first, args.first + args.tables):
        wrong, n = compare(seed, args.folder)
        n_events += n
        if wrong:
            opt = vars(random_tables.tables(seed)[0])
            sys.exit(f"table {seed} ({opt}), in {args.folder}:\n" + "\n".join(wrong))
    print(f"{args.tables} tables, {n_events} events: no difference")


if __name__ == "__main__":
    main()
