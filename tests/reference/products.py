#!/usr/bin/env python3
"""A table with columns that say anew what ce-train's interactions are, so that two models must agree.

    products.py make ROWS SEED       event_ts, is_completion, x, y (with gaps), c, d, xy, xc_..., cd
    products.py agree TOLERANCE A B  whether two tables of predictions give the same probabilities
"""
import csv
import math
import random
import sys


def make(rows, seed):
    r = random.Random(seed)
    levels = {"c": "abc", "d": "pq"}
    drawn = []
    for t in range(rows):
        row = {"x": r.choice([-2, -1, 0.5, 3]), "y": r.gauss(5, 2), "c": r.choice(levels["c"]),
               "d": r.choice(levels["d"])}
        score = (row["x"] * (row["y"] - 5) / 4 + (row["x"] if row["c"] == "a" else -row["x"]) / 2 +
                 (row["c"] + row["d"] in ("ap", "bq")))
        row["is_completion"] = int(r.random() < 1 / (1 + math.exp(-score)))
        row["event_ts"] = t + 1
        if r.random() < 0.1:
            row["y"] = ""
        drawn.append(row)
    mean = {k: sum(row[k] for row in drawn if row[k] != "") / sum(row[k] != "" for row in drawn) for k in "xy"}
    for row in drawn:
        # A gap counts as the mean: its product is 0.
        row["xy"] = 0 if row["y"] == "" else (row["x"] - mean["x"]) * (row["y"] - mean["y"])
        for level in levels["c"]:
            row["xc_" + level] = row["x"] - mean["x"] if row["c"] == level else 0
        row["cd"] = row["c"] + row["d"]
    out = csv.DictWriter(sys.stdout, drawn[0].keys(), lineterminator="\n")
    out.writeheader()
    out.writerows(drawn)


def agree(tolerance, *paths):
    a, b = ([float(row["completion_probability"]) for row in csv.DictReader(open(p, newline=""))] for p in paths)
    if len(a) != len(b) or not a:
        sys.exit("%d and %d rows" % (len(a), len(b)))
    worst = max(abs(p - q) for p, q in zip(a, b))
    if not worst <= tolerance:
        sys.exit("a probability differs by %g" % worst)


if sys.argv[1] == "make":
    make(int(sys.argv[2]), int(sys.argv[3]))
else:
    agree(float(sys.argv[2]), *sys.argv[3:])
