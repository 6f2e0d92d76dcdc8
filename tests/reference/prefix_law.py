#!/usr/bin/env python3
"""prefix_law: no row of the feature table depends on what comes after it.

Runs the pipeline (from PATH) on raw events, then again on what the log held at each of several
times T, and asks of each shorter run:
 - it has the rows of the long run with event_ts <= T, the same in every column but the label's two;
 - its labels are those of the long run that were known by its last event, the others are empty:
   none is ever revised.

To the raw events it adds heartbeats, and turns some others into such, and leaves them in raw.csv; and
each run is one of ce-audit, too, which asks the same of the history columns and of those of the session.

Usage: prefix_law.py [--cuts N] [--seed N] [--complete-by RULE] FOLDER, where ce-synth's tables are; or
       prefix_law.py --tables N: the same law for random tables and naive.py, which cannot hide a
       flaw of the definitions behind one of the tools, and for the tools on every tenth of them.
"""

import argparse
import csv
import gzip
import random
import subprocess
import sys

import clean
import compare
import naive
import random_tables

JOIN = "ce-join --max-unmatched 100% --drop email -k user_id {0}/users_dim.csv.gz -k content_id {0}/content_dim.csv.gz"


def raw_time(record):
    """event_ts of a raw record in milliseconds; None if it is unreadable, as it is in every run."""
    fields = next(csv.reader([record]), [])
    text = fields[1].strip() if len(fields) > 1 else ""
    return clean.event_time(text.encode("latin-1"), "auto", "UTC")


def violations(whole, part, t, times):
    """What is wrong with the rows `part` of a run cut at t, given those of the whole run; `times`:
    those of all events."""
    want = [row for row in whole if int(row["event_ts"]) <= t]
    if len(part) != len(want):
        yield f"{len(part)} rows, not {len(want)}"
    watermark = max((time for time in times if time <= t), default=0)
    for got, row in zip(part, want):
        known = row["label_known_ts"] and int(row["label_known_ts"]) - int(row["is_completion"])
        label = ["label_known_ts", "is_completion"]
        for name in row:
            expected = row[name]
            if name in label and (known is None or known >= watermark):
                expected = None
            if got[name] != expected:
                yield f"event {row['event_id']}: {name} is {got[name]!r}, not {expected!r}"


def check(whole, part, t, times, what):
    for violation in violations(whole, part, t, times):
        sys.exit(f"{what}, cut at {t}: {violation}")


def pipe(text, *stages, status=0):
    """The rows that come out of it, or None where it is to fail."""
    command = "set -o pipefail; " + " | ".join(stages)
    done = subprocess.run(["bash", "-c", command], input=text.encode("latin-1"), capture_output=True, check=False)
    if done.returncode != status:
        sys.exit(f"{command}: exit {done.returncode}, not {status}: {done.stderr.decode()}")
    if status:
        return None
    return naive.parse_csv(done.stdout.decode("latin-1"))[1]


def with_heartbeats(records, r):
    """The raw records, some of them as heartbeats, and others a heartbeat some seconds after them."""
    out = []
    for n, record in enumerate(records):
        fields = record.rstrip("\r\n").split(",")
        if len(fields) == 7 and r.random() < 0.1:
            record = ",".join(fields[:4] + ["heartbeat"] + fields[5:]) + "\n"
        out.append(record)
        if len(fields) == 7 and raw_time(record) and r.random() < 0.5:
            ts = raw_time(record) + r.choice([0, 1, 10_000, 600_000, 1_800_000])
            position = r.choice([fields[5], "0", "600", "5000"])
            out.append(",".join([f"h{n}", str(ts), *fields[2:4], "heartbeat", position, fields[6]]) + "\n")
    return out


def raw_law(folder, n_cuts, seed, complete_by):
    r = random.Random(seed)
    with gzip.open(folder + "/events_table.csv.gz") as file:
        header, *records = file.read().decode("latin-1").splitlines(keepends=True)
    records = with_heartbeats(records, r)
    with open("raw.csv", "w", encoding="latin-1", newline="") as file:
        file.write(header + "".join(records))
    times = [raw_time(record) for record in records]
    valid = sorted(t for t in times if t is not None and 0 < t < 4_102_444_800_000)
    cuts = [valid[0] - 1, valid[0]] + [t - r.choice([0, 0, 1]) for t in r.sample(valid, n_cuts - 2)]
    upto = ["ce-clean --max-rejects 100%", JOIN.format(folder), f"ce-sessionize --complete-by {complete_by}", "ce-agg"]
    for which in ("all", "open", "first", "undecided"):
        stages = upto + [f"ce-features -p --rows {which}"]
        whole = pipe(header + "".join(records), *stages)
        if which == "all":
            clean_times = [int(row["event_ts"]) for row in whole]
        for t in cuts if which == "all" else cuts[::4]:
            part = [record for record, time in zip(records, times) if time is None or time <= t]
            # Of records that are all unreadable nothing is left, which is an error.
            nothing = bool(part) and not any(time <= t for time in clean_times)
            rows = pipe(header + "".join(part), *stages, status=int(nothing)) or []
            check(whole, rows, t, clean_times, f"{folder} --rows {which}")
    for stages in (upto, upto + ["ce-features --rows all"]):
        command = " | ".join([stages[0] + " 2>>told", *stages[1:]])
        done = subprocess.run(["ce-audit", "-p", "--cuts", str(n_cuts), "--seed", str(seed), "-c", command, "raw.csv"],
                              capture_output=True, check=False)  # fmt: skip
        if done.returncode != 0:
            sys.exit(f"ce-audit -c '{command}' raw.csv: exit {done.returncode}: {done.stderr.decode()}")
        audited = naive.parse_csv(done.stdout.decode())[1]
        assert len(audited) > 30 and int(audited[-1]["rows_compared"]) > len(whole), "too little for ce-audit to look at"
    print(f"{len(valid)} raw events, {len(whole)} undecided rows, {len(cuts)} cuts: the law holds")


def table_law(seed):
    opt, (columns, events), (user_columns, users), (content_columns, contents) = random_tables.tables(seed)
    header, rows, _ = naive.join(columns, events, "user_id", user_columns, users)
    header, rows, _ = naive.join(header, rows, "content_id", content_columns, contents)

    def text(row):
        return {name: None if value is None else str(value) for name, value in row.items()}

    opt.watermark = None  # it is part of the log's end
    columns = naive.FEATURES + naive.SESSION

    def by_definition(part):
        tables = naive.tables(header, part, opt)
        return [text(h | f) for h, f in zip(tables["history"][1], tables["features_all"][1])]

    def by_tools(part):
        encoded = [{k: v and v.encode().decode("latin-1") for k, v in row.items()} for row in part]
        sessionize = " ".join(["ce-sessionize", *compare.sessionize_words(opt)])
        history = pipe(naive.format_csv(header, encoded), sessionize, f"ce-agg -p --window {opt.window}ms")
        table = naive.format_csv(list(history[0]), history) if history else ""
        return [h | f for h, f in zip(history, pipe(table, "ce-features -p --rows all"))] if history else []

    times = sorted({int(row["event_ts"]) for row in rows})
    for run in (by_definition, by_tools) if seed % 10 == 0 else (by_definition,):
        whole = [{name: row[name] for name in columns} for row in run(rows)]
        for t in random.Random(seed).sample(times, min(len(times), 12)):
            part = run([row for row in rows if int(row["event_ts"]) <= t])
            check(whole, part, t, times, f"table {seed}, {run.__name__}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--complete-by", default="event")
    parser.add_argument("--tables", type=int)
    parser.add_argument("folder", nargs="?")
    args = parser.parse_args()
    if args.folder:
        raw_law(args.folder, args.cuts, args.seed, args.complete_by)
    for seed in range(1, (args.tables or 0) + 1):
        if seed % 30:  # not the large ones
            table_law(seed)


if __name__ == "__main__":
    main()
