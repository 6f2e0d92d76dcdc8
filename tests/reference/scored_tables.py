#!/usr/bin/env python3
"""Scored tables for ce-eval.

    scored_tables.py kinds DIR        a file of each kind: ties, one score, one class, extremes, ...
    scored_tables.py draws            2,000 draws from two populations whose AUC is known
"""
import csv
import os
import sys
from statistics import NormalDist

import numpy as np

SHIFT = 1.0


def kinds(folder):
    rng = np.random.default_rng(1)

    def write(name, label, score):
        with open(os.path.join(folder, name + ".csv"), "w", newline="", encoding="utf-8") as f:
            out = csv.writer(f, lineterminator="\n")
            out.writerow(["is_completion", "completion_probability", "segment"])
            for y, p in zip(label, score):
                out.writerow([int(y), repr(float(p)), ["", "a", "b", "lone"][min(rng.integers(100) // 33, 3)]])

    def outcomes(p):
        return rng.random(len(p)) < p

    steps = np.round(rng.integers(0, 51, 2500) / 50, 2)  # on the edges of 10 bins, too
    sevenths = rng.integers(0, 8, 500) / 7
    smooth = rng.beta(0.5, 1.5, 2500)
    # Next to one another, next to the edges of bins, at and next to both ends.
    hard = np.array([0, 5e-324, 1e-300, 1e-17, 2**-53, 0.1, 0.3, 0.1 + 0.2, 0.5, np.nextafter(0.5, 0),
                     np.nextafter(0.5, 1), 0.7, np.nextafter(1, 0), 1])
    hard = hard[rng.integers(0, len(hard), 600)]
    write("steps", outcomes(steps), steps)
    write("sevenths", outcomes(sevenths), sevenths)
    write("continuous", outcomes(smooth), smooth)
    write("hard", rng.random(600) < 0.4, hard)
    write("overconfident", outcomes(smooth), 1 / (1 + np.exp(-30 * (smooth - 0.3))))
    write("backwards", outcomes(smooth[:400]), 1 - smooth[:400])
    write("one score", outcomes(np.full(300, 0.25)), np.full(300, 0.25))
    write("apart", np.arange(300) >= 200, np.arange(300) / 300)
    rare = np.zeros(2500, bool)
    rare[[3, 700, 1900]] = True
    write("three positives", rare, smooth)
    write("three negatives", ~rare, smooth)
    write("one of each", [0, 1], [0.6, 0.4])
    write("one positive", [0, 1, 0, 0], [0.6, 0.6, 0.1, 0.7])
    write("zeros", np.zeros(50), steps[:50])
    write("ones", np.ones(50), steps[:50])


def draws():
    """Two normal populations, SHIFT apart; the probability of a row has but to rise with its value."""
    rng = np.random.default_rng(1)
    print("is_completion,completion_probability,draw")
    for i in range(2000):
        for label, count in ((1, 40), (0, 60)):
            for x in rng.normal(SHIFT * label, 1, count):
                print("%d,%r,%d" % (label, NormalDist().cdf(x), i))


if __name__ == "__main__":
    {"kinds": kinds, "draws": draws}[sys.argv[1]](*sys.argv[2:])
