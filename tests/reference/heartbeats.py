#!/usr/bin/env python3
"""heartbeats: a log in which the player also says every ten seconds that it plays is the same log.

Heartbeats are added wherever the player plays: after each play and seek, until the pair's next event, or
until the time left to play is over, and then once more. Of every event that was there before,
 - the user's activity, engagement, genre preference and genre recency, and the content's popularity are
   the same, whatever completes a viewing;
 - where events complete it (--complete-by event), so is everything else, the session and its label with it,
   but for what is of the latest event of all; and --plain-gap has the sessions that are had without it.

Usage: heartbeats.py FOLDER        the tools (from PATH) on the source tables of FOLDER
       heartbeats.py --tables N    naive.py on random tables
"""

import csv
import shutil
import subprocess
import sys

import compare
import naive
import random_tables

PING = 10_000
BLIND = """user_activity_level user_content_engagement user_genre_preference user_genre_recency
    content_popularity""".split()
LATEST = """prev_ts max_playback_ratio time_since_last_event time_since_last_event_user
    user_avg_session_duration""".split()


def pings(ts, position, left, until, every):
    """(time, position) of the heartbeats after a play or seek that leaves the player playing for `left` ms
    at most, and until before `until`."""
    for at in [*range(ts + every, min(ts + left, until), every), ts + left]:
        if ts < at < until:
            yield at, None if position is None else position + (at - ts) // 1000


def filled(rows, opt, every):
    """The rows (dicts in canonical order), and the heartbeats between them, which do not go on behind the
    last."""
    out = []
    for i, row in enumerate(rows):
        out.append(row)
        if row["event_type"] in ("play", "seek"):
            event = naive.Event(row, opt)
            later = [int(r["event_ts"]) for r in rows[i + 1 :]
                     if (r["user_id"], r["content_id"]) == event.pair] + [int(rows[-1]["event_ts"]) + 1]  # fmt: skip
            position = naive.integer(row["playback_position"])
            for n, (at, there) in enumerate(pings(event.ts, position, event.left, later[0], every)):
                ping = {"event_id": f"{event.id}+{n}", "event_ts": str(at), "event_type": "heartbeat"}
                out.append(row | ping | {"playback_position": None if there is None else str(there)})
    return sorted(out, key=lambda row: (int(row["event_ts"]), row["event_id"].encode()))


def same(header, without, among, but, what):
    """Exits unless the tables agree, in all columns of the header but some; values counted."""
    if [row["event_id"] for row in among] != [row["event_id"] for row in without]:
        sys.exit(f"{what}: other rows")
    columns = [name for name in header if name not in but]
    for before, after in zip(without, among):
        for name in columns:
            if before[name] != after[name]:
                sys.exit(f"{what}: {name} of {before['event_id']} is {after[name]!r}, not {before[name]!r}")
    return len(columns) * len(without)


# --- By definition.


def table_law(seed):
    """Values compared on a random table; 0 if it takes no heartbeat, or too many."""
    opt, (columns, events), (user_columns, users), (content_columns, contents) = random_tables.tables(seed)
    opt.plain_gap, opt.watermark, opt.gap = False, None, max(opt.gap, 600_000)
    header, rows, _ = naive.join(columns, events, "user_id", user_columns, users)
    header, rows, _ = naive.join(header, rows, "content_id", content_columns, contents)
    every = opt.gap if seed % 2 else opt.gap // 3
    span = int(rows[-1]["event_ts"]) - int(rows[0]["event_ts"]) if rows else 0
    if span // every * len(rows) > 20_000:
        return 0
    more = filled(rows, opt, every)
    if not len(rows) < len(more) <= 400:
        return 0
    n, ids = 0, {row["event_id"] for row in rows}
    for opt.complete_by in ("event", "position", "played"):
        opt.plain_gap = False
        without = naive.tables(header, rows, opt)
        for opt.plain_gap in (False, True):
            among = naive.tables(header, more, opt)
            for name in ("history", "features_open", "features_first"):
                columns, before = without[name]
                after = [row for row in among[name][1] if row["event_id"] in ids]
                but = LATEST + ["session_deadline_ts"] * opt.plain_gap
                if opt.complete_by != "event":
                    if name != "history":
                        continue
                    but = [column for column in columns if column not in BLIND]
                n += same(columns, before, after, but, f"table {seed}, {name}, {vars(opt)}")
    return n


# --- By the tools.


def pipe(*stages):
    """The header and rows (NULL is "") of what comes out, but for heartbeats."""
    command = "set -o pipefail; " + " | ".join(stages)
    with open("told", "wb") as told, subprocess.Popen(["bash", "-c", command], stdout=subprocess.PIPE, stderr=told) as run:
        lines = [line for line in run.stdout if b",heartbeat," not in line]
    if run.returncode != 0:
        sys.exit(f"{command}: exit {run.returncode}: {compare.read('told')}")
    rows = csv.DictReader(line.decode() for line in lines)
    return rows.fieldnames, list(rows)


def add_pings(rows, opt, path):
    """Appends the heartbeats between the rows to a file of clean events."""
    n, behind, later = 0, int(rows[-1]["event_ts"]) + 1, {}
    with open(path, "a", encoding="latin-1") as file:
        for row in reversed(rows):
            event = naive.Event(row, opt)
            if event.type in ("play", "seek"):
                position = naive.integer(row["playback_position"])
                ends = later.get(event.pair, behind)
                for n, (at, there) in enumerate(pings(event.ts, position, event.left, ends, PING), n + 1):
                    file.write(f"{event.id}+{at},{at},{event.user},{event.content},heartbeat,{there},{row['device']}\n")
            later[event.pair] = event.ts
    return n


def log_law(folder):
    join = f"ce-join --drop email -k user_id {folder}/users_dim.csv.gz -k content_id {folder}/content_dim.csv.gz"
    pipe(f"ce-clean -p {folder}/events_table.csv.gz | grep -v ,heartbeat, | tee clean.csv | {join} -o before.csv.gz")
    rows = pipe("gzip -dc before.csv.gz")[1]
    shutil.copy("clean.csv", "filled.csv")
    n_pings = add_pings(rows, naive.options(), "filled.csv")
    pipe(f"ce-clean filled.csv | {join} -o after.csv.gz")
    n = 0
    for sessionize, more, rest in (
        ("ce-sessionize", "", "ce-agg -p"),
        ("ce-sessionize", "", "ce-agg | ce-features -p"),
        ("ce-sessionize", "--plain-gap", "ce-agg -p"),
        ("ce-sessionize --complete-by position", "", "ce-agg -p"),
        ("ce-sessionize --complete-by played", "", "ce-agg -p"),
    ):
        header, before = pipe(f"{sessionize} before.csv.gz", rest)
        after = pipe(f"{sessionize} {more} after.csv.gz", rest)[1]
        but = LATEST + ["session_deadline_ts"] * bool(more)
        if sessionize != "ce-sessionize":
            but = [name for name in header if name not in BLIND]
        n += same(header, before, after, but, f"{sessionize} {more} | {rest}")
    print(f"{len(rows)} events and {n_pings} heartbeats, {n} values: no difference")
    sys.exit(n_pings < 10 * len(rows))


def main():
    if sys.argv[1] == "--tables":
        tables = [table_law(seed) for seed in range(1, int(sys.argv[2]) + 1)]
        print(f"{len(tables)} tables, {sum(n > 0 for n in tables)} of them with heartbeats, {sum(tables)} values: no difference")
        sys.exit(sum(n > 0 for n in tables) < len(tables) // 3)
    log_law(sys.argv[1])


if __name__ == "__main__":
    main()
