#!/usr/bin/env python3
"""ce-eval's interval of the AUC against a bootstrap, and against the truth.

    auc_interval.py bootstrap SCORED METRICS
    auc_interval.py coverage METRICS        where the segments are those of "scored_tables.py draws"

Exits 1 if it is another.
"""
import csv
import gzip
import sys
from statistics import NormalDist

import numpy as np

import scored_tables

Z = NormalDist().inv_cdf(0.975)


def read(path):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def placements(positive, negative):
    """psi of equation 2 for each pair of a positive and a negative."""
    return (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)


def delong(positive, negative):
    """The interval by the definition: DeLong, DeLong & Clarke-Pearson 1988, equations 3 to 6, for one curve."""
    m, n = len(positive), len(negative)
    psi = placements(positive, negative)
    theta = psi.mean()
    v10, v01 = psi.mean(axis=1), psi.mean(axis=0)  # the structural components
    s10, s01 = np.sum((v10 - theta)**2) / (m - 1), np.sum((v01 - theta)**2) / (n - 1)
    half = Z * (s10 / m + s01 / n)**0.5
    return max(theta - half, 0), min(theta + half, 1)


def bootstrap(scored, said, resamples=4000):
    """
    Rows drawn again within either class. Its standard error estimates what DeLong's does, but for factors of
    (m - 1) / m and terms of 1 / (m n); its own noise is 1 / sqrt(2 * 4000) = 1.1 % of it, that of the
    percentiles' distance 1.5 %. 5 % is over three times that.
    """
    rows = read(scored)
    y = np.array([int(r["is_completion"]) for r in rows])
    p = np.array([float(r["completion_probability"]) for r in rows])
    verdict = read(said)[0]
    auc, low, high = (float(verdict[k]) for k in ("auc_roc", "auc_roc_low", "auc_roc_high"))
    psi = placements(p[y == 1], p[y == 0])
    m, n = psi.shape
    rng = np.random.default_rng(1)
    drawn = [rng.multinomial(k, np.full(k, 1 / k), resamples) for k in (m, n)]
    aucs = np.einsum("ij,ij->i", drawn[0] @ psi, drawn[1]) / (m * n)
    ends = np.quantile(aucs, [0.025, 0.975])
    print("AUC %.4f [%.4f, %.4f]; bootstrap [%.4f, %.4f]" % (auc, low, high, *ends))
    half = (high - low) / 2
    for name, got in (("1.96 standard errors", Z * aucs.std(ddof=1)),
                      ("half the distance of the percentiles", (ends[1] - ends[0]) / 2)):
        print("%s: %.5f, the interval's half %.5f: %+.1f %%" % (name, got, half, 100 * (half / got - 1)))
        if not abs(half / got - 1) <= 0.05:
            sys.exit("the interval is not that of the bootstrap")


def coverage(said):
    """The AUC of normal populations a distance d apart is Phi(d / sqrt 2) (Hanley & McNeil 1982). Of 2,000
    intervals 95 % hold it, give or take 1 % (two standard errors), and small samples cost another 1 %."""
    auc = NormalDist().cdf(scored_tables.SHIFT / 2**0.5)
    intervals = [(float(v["auc_roc_low"]), float(v["auc_roc_high"])) for v in read(said) if v["segment_column"]]
    held = np.mean([low <= auc <= high for low, high in intervals])
    print("%d intervals, %.2f %% hold the AUC, %.4f" % (len(intervals), 100 * held, auc))
    if len(intervals) != 2000 or not 0.93 <= held <= 0.96:
        sys.exit("that is not 95 %")


if __name__ == "__main__":
    {"bootstrap": bootstrap, "coverage": coverage}[sys.argv[1]](*sys.argv[2:])
