#!/usr/bin/env python3
"""Compares the sessions of ce-sessionize with the true viewings of a synthetic workload.

Usage: viewings.py DIR [OPTION...]

DIR is what ce-synth -o wrote; the options are ce-sessionize's. The tools are those of CE_BIN, by default
build/bin. A viewing is exact if its events are one session and that session holds no other's; split if
they are several sessions; merged if it shares a session with another viewing. Its label is right if the
session of its first event is completed just if the viewing was; sessions that are still open at the end
of the log have no label.
"""
import bisect
import collections
import csv
import gzip
import os
import subprocess
import sys


def truth_of(folder):
    """The ids of the viewings' first events, ascending, and their true outcomes."""
    with gzip.open(f"{folder}/truth.csv.gz", "rt", newline="") as file:
        rows = sorted((row["event_id"], row["true_outcome"] == "1") for row in csv.DictReader(file))
    return [row[0] for row in rows], [row[1] for row in rows]


def sessionized(folder, options):
    """The rows of session_identification."""
    bins = os.environ.get("CE_BIN", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/bin"))
    pipe = """set -o pipefail; folder=$1; shift
        ce-clean "$folder/events_table.csv.gz" | ce-join --drop email -k user_id "$folder/users_dim.csv.gz" \
            -k content_id "$folder/content_dim.csv.gz" | ce-sessionize -p "$@" """
    run = subprocess.Popen(["bash", "-c", pipe, "bash", folder, *options], stdout=subprocess.PIPE, text=True,
                           env={**os.environ, "PATH": f"{bins}:{os.environ['PATH']}"})
    yield from csv.DictReader(run.stdout)
    if run.wait():
        sys.exit(f"viewings.py: the pipe failed: exit status {run.returncode}")


def compare(folder, options):
    firsts, outcomes = truth_of(folder)
    sessions_of = [set() for _ in firsts]
    first_session = {}
    viewings_of = collections.defaultdict(set)
    completed, deadline, end = {}, {}, 0
    for row in sessionized(folder, options):
        # Ids ascend with the viewings, and within each.
        viewing = bisect.bisect_right(firsts, row["event_id"]) - 1
        session = row["session_id"]
        sessions_of[viewing].add(session)
        viewings_of[session].add(viewing)
        if row["event_id"] == firsts[viewing]:
            first_session[viewing] = session
        if "completes_session" in row:
            completed[session] = completed.get(session, False) or row["completes_session"] == "1"
        deadline[session] = int(row["session_deadline_ts"])
        end = max(end, int(row["event_ts"]))

    kinds, labels = collections.Counter(), collections.Counter()
    for viewing, sessions in enumerate(sessions_of):
        split = len(sessions) > 1
        merged = any(len(viewings_of[session]) > 1 for session in sessions)
        kinds["split and merged" if split and merged else "split" if split else "merged" if merged else "exact"] += 1
        session = first_session[viewing]
        if session in completed and (completed[session] or deadline[session] < end):
            labels[completed[session] == outcomes[viewing]] += 1

    print(f"viewings          {len(firsts)}\nsessions          {len(viewings_of)}")
    for kind in "exact", "split", "merged", "split and merged":
        print(f"{kind:17} {kinds[kind] / len(firsts):.4f}")
    if labels:
        print(f"label is right    {labels[True] / sum(labels.values()):.4f}")


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    compare(sys.argv[1], sys.argv[2:])
