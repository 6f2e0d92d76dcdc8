#!/usr/bin/env python3
"""compare: the tools against naive.py, field by field, on many random tables.

Runs ce-join, ce-sessionize, ce-agg and ce-features (from PATH) on table after table; every column of
every table they write must be what naive.py says. At the first difference it says where, leaves that
table's input in the current folder, and exits 1.

Usage: compare.py [--first SEED] [--tables N]
"""

import argparse
import os
import subprocess
import sys

import naive
import random_tables


def latin(rows):
    """One character a byte, as naive.py has it."""
    return [{k: v if v is None else v.encode().decode("latin-1") for k, v in row.items()} for row in rows]


def run(text, *command, status=0):
    """The output of a filter. Its summary and warnings on stderr are not wanted."""
    done = subprocess.run(command, input=text.encode("latin-1"), capture_output=True, check=False)
    if done.returncode != status:
        sys.exit(f"{command}: exit {done.returncode}, not {status}: {done.stderr.decode()}")
    return done.stdout.decode("latin-1")


def read(path):
    with open(path, encoding="latin-1", newline="") as file:
        return file.read()


def sessionize_words(opt):
    """The options of ce-sessionize."""
    words = ["--gap", f"{opt.gap}ms", "--near-end", naive.decimal(opt.near_end), "--complete-by", opt.complete_by]
    words += ["--unknown-runtime", f"{opt.unknown_runtime}ms", "--max-left", f"{opt.max_left}ms"]
    return words + ["--plain-gap"] * opt.plain_gap


def watermark_words(opt):
    """The option of ce-agg and of ce-features."""
    return [] if opt.watermark is None else ["--watermark", naive.utc(opt.watermark).isoformat() + "Z"]


def difference(name, got, want):
    """None, or what is wrong with a table: (its text, (header, rows))."""
    got_header, got_rows = naive.parse_csv(got)
    want_header, want_rows = want
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


def compare(seed):
    """The differences on one table, and its number of events."""
    opt, *inputs = random_tables.tables(seed)
    (columns, events), (user_columns, users), (content_columns, contents) = [(h, latin(t)) for h, t in inputs]
    for name, table in (("events", (columns, events)), ("users", (user_columns, users)),
                        ("contents", (content_columns, contents))):  # fmt: skip
        with open(name + ".csv", "w", encoding="latin-1", newline="") as file:
            file.write(naive.format_csv(*table))

    # What follows takes the rows that a left join keeps. The aggregate tables are many files:
    # only every fourth table gets them.
    *one, both = naive.join(columns, events, "user_id", user_columns, users, ["email"])
    header, rows, matched = naive.join(*one, "content_id", content_columns, contents)
    both = sorted(set(both) & set(matched))
    inner = [rows[i] for i in both]
    if changing := seed % 5 == 2:
        now = latin(random_tables.contents_now(seed, len(rows)))
        rows = [row | changed for row, changed in zip(rows, now)]
    want = naive.tables(header, rows, opt)
    watermark = watermark_words(opt)
    folder = ["-d", "."] if seed % 4 == 0 else []
    keep = ["--keep", ["a note", "*"][seed % 2]] if opt.keep else []
    join = ["ce-join", "-p", "-k", "user_id", "users.csv", "-k", "content_id", "contents.csv", "--drop", "email",
            "--max-unmatched", "100%"]  # fmt: skip

    text = naive.format_csv(columns, events)
    got = {}
    if seed % 4 == 1:
        if not users or not contents or events and not inner:  # nothing can match, or nothing does
            run(text, *join, status=1)
        else:
            got["inner join"] = run(text, *join, "--unmatched", "unmatched.csv")
            want["inner join"] = header, inner
            got["unmatched"] = read("unmatched.csv")
            want["unmatched"] = columns, [e for i, e in enumerate(events) if i not in both]
    if changing:
        text = naive.format_csv(header, rows)
    else:
        got["left join"] = text = run(text, *join, "--left")
        want["left join"] = header, rows
    got["session_identification"] = text = run(text, "ce-sessionize", "-p", *keep, *sessionize_words(opt), "--starts", "starts.csv")
    got["session_starts"] = read("starts.csv")
    got["history"] = text = run(text, "ce-agg", "-p", *keep, "--window", f"{opt.window}ms", *watermark, *folder)
    for name in list(naive.AGGREGATES) + ["content_completion"] if folder else []:
        got[name] = read(name + ".csv")
    for which in ("open", "first", "undecided", "all"):
        rows_words = [] if which == "open" and seed % 2 else ["--rows", which]
        got["features_" + which] = run(text, "ce-features", "-p", *keep, *rows_words, *watermark)
    return [w for w in (difference(name, got[name], want[name]) for name in got) if w], len(events)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--tables", type=int, default=100)
    args = parser.parse_args()
    n_events = 0
    for seed in range(args.first, args.first + args.tables):
        wrong, n = compare(seed)
        n_events += n
        if wrong:
            opt = vars(random_tables.tables(seed)[0])
            sys.exit(f"table {seed} ({opt}), in {os.getcwd()}:\n" + "\n".join(wrong))
    print(f"{args.tables} tables, {n_events} events: no difference")


if __name__ == "__main__":
    main()
