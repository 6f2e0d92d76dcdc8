#!/usr/bin/env python3
"""ce-eval against scikit-learn: every figure of all rows and of each segment, and every point of the curves.

    metrics.py [--bins N] [--threshold X|best-f1] [--by COLUMN,...] [SCORED METRICS CURVES]...

Judges the rows of split "test", if there is that column; of the thresholds of the best F1 it takes the highest.
The options are those that ce-eval was given. What scikit-learn has not is computed here: the interval of the AUC by
the definition, the calibration error, the bins. Prints what was compared and the largest difference; exits 1
if one is above 1e-9.
"""
import argparse
import sys
import warnings

import numpy as np
from sklearn import metrics
from sklearn.calibration import calibration_curve
from sklearn.exceptions import UndefinedMetricWarning

from auc_interval import delong, read

TOLERANCE = 1e-9


def calibration_error(y, p, bins):
    bin_of = np.searchsorted(np.arange(1, bins) / bins, p)
    return sum(abs(y[bin_of == b].sum() - p[bin_of == b].sum()) for b in range(bins)) / len(y)


def best_f1(y, p):
    """The highest of the scores whose F1 is the largest."""
    precision, recall, threshold = metrics.precision_recall_curve(y, p)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-300)
    return threshold[f1[:-1] >= f1[:-1].max() - 1e-12].max()


def classes(y, called):
    """Precision, recall and F1 of either class; undefined is what depends on zero_division."""
    figures = [metrics.precision_recall_fscore_support(y, called, labels=[0, 1], zero_division=z) for z in (0, 1)]
    for k in (0, 1):
        for name, zero, one in zip(("precision", "recall", "f1"), *figures):
            yield "%s_%d" % (name, k), zero[k] if zero[k] == one[k] else None
        yield "support_%d" % k, figures[0][3][k]


def judge(y, p, threshold, bins):
    """Every figure of ce-eval; None: undefined."""
    out = {"rows": len(y), "positives": y.sum(), "base_rate": y.mean(), "threshold": threshold}
    one_class = y.min() == y.max()
    out["auc_roc"] = None if one_class else metrics.roc_auc_score(y, p)
    out["auc_roc_low"] = out["auc_roc_high"] = None
    if 2 <= y.sum() <= len(y) - 2:
        out["auc_roc_low"], out["auc_roc_high"] = delong(p[y == 1], p[y == 0])
    out["average_precision"] = metrics.average_precision_score(y, p) if y.any() else None
    out["log_loss"] = metrics.log_loss(y, p, labels=[0, 1])
    out["brier"] = metrics.brier_score_loss(y, p, pos_label=1)
    out["expected_calibration_error"] = calibration_error(y, p, bins)
    called = (p >= threshold).astype(int)
    out["accuracy"] = metrics.accuracy_score(y, called)
    out.update(classes(y, called))
    out.update(zip(("tn", "fp", "fn", "tp"), metrics.confusion_matrix(y, called, labels=[0, 1]).ravel()))
    return out


class Comparison:
    """Of numbers: counts them, and exits at one that is off."""

    def __init__(self):
        self.count, self.worst = 0, 0

    def near(self, got, want, *what):
        off = abs(got - want) if got is not None and want is not None else 0 if got is want else np.inf
        self.count, self.worst = self.count + 1, max(self.worst, off)
        if not off <= TOLERANCE:
            sys.exit("%s is %r, not %r" % (" ".join(what), got, want))


def number(text):
    return float(text) if text else None


def test_rows(scored):
    rows = [r for r in read(scored) if r["is_completion"] and r.get("split", "test") == "test"]
    return (rows, np.array([int(r["is_completion"]) for r in rows]),
            np.array([float(r["completion_probability"]) for r in rows]))


def check_curve(close, name, points, full, between):
    """`full` has the points (x, y, threshold) of every score from the highest down. The tool leaves out those
    `between` their neighbours, and no others, but for a first one in the very place of the second."""
    at = 0
    for i, (x, y, threshold) in enumerate(full):
        needless = full[0][:2] == full[1][:2] if i == 0 < len(full) - 1 else (
            i < len(full) - 1 and between(*full[i - 1:i + 2]))
        if (at < len(points) and points[at][2] == threshold) == needless:
            sys.exit("%s: the point at %r is %s" % (name, threshold, "needless" if needless else "missing"))
        if not needless:
            close.near(points[at][0], x, name, "x at", repr(threshold))
            close.near(points[at][1], y, name, "y at", repr(threshold))
            at += 1
    if at != len(points):
        sys.exit("%s: the point at %r is out of order or too many" % (name, points[at][2]))


def on_line(a, b, c):
    return abs((b[0] - a[0]) * (c[1] - b[1]) - (b[1] - a[1]) * (c[0] - b[0])) < 1e-15


def one_recall(a, b, c):
    return a[0] == b[0] == c[0]


def check_curves(close, path, y, p, bins):
    rows = read(path)
    points = {name: [[number(r[k]) for k in ("x", "y", "threshold", "n")] for r in rows if r["curve"] == name]
              for name in ("roc", "pr", "calibration")}
    for x, _, threshold, n in points["roc"] + points["pr"]:
        close.near(n, (p >= threshold).sum() if threshold is not None else 0, path, "rows")
    roc, pr = [], []
    if 0 < y.sum() < len(y):
        fpr, tpr, threshold = metrics.roc_curve(y, p, drop_intermediate=False)
        roc = list(zip(fpr, tpr, [None] + list(threshold[1:])))
    if y.any():
        precision, recall, threshold = metrics.precision_recall_curve(y, p)
        pr = list(zip(recall[:-1], precision[:-1], threshold))[::-1]
    check_curve(close, path + ": roc", points["roc"], roc, on_line)
    check_curve(close, path + ": pr", points["pr"], pr, one_recall)
    check_calibration(close, path + ": calibration", points["calibration"][::-1], y, p, bins)


def check_calibration(close, path, points, y, p, bins):
    upper = np.arange(1, bins + 1) / bins
    n = np.bincount(np.searchsorted(upper, p), minlength=bins)
    if [b[2:] for b in points] != [[u, k] for u, k in zip(upper, n) if k]:
        sys.exit("%s: bins %r" % (path, points))
    # Its edges are those of linspace, some of which are not the doubles nearest to 3/10 and the like.
    if np.isin(p, np.setxor1d(np.linspace(0, 1, bins + 1), np.arange(bins + 1) / bins)).any():
        return
    share, mean = calibration_curve(y, p, n_bins=bins, pos_label=1)
    for point, wanted in zip(points, zip(mean, share)):
        close.near(point[0], wanted[0], path, "mean score")
        close.near(point[1], wanted[1], path, "share")


def check(opt):
    # What it makes of no positive or no negative is compared; that it is undefined need not be said.
    warnings.simplefilter("ignore", UndefinedMetricWarning)
    warnings.filterwarnings("ignore", "No positive class found")
    close = Comparison()
    for scored, said, curves in zip(opt.files[::3], opt.files[1::3], opt.files[2::3]):
        rows, y, p = test_rows(scored)
        verdicts = read(said)
        threshold = best_f1(y, p) if opt.threshold == "best-f1" else float(opt.threshold)
        segments = [(c, v) for c in opt.by for v in sorted({r[c] for r in rows}, key=str.encode)]
        if [(v["segment_column"], v["segment"]) for v in verdicts] != [("", "")] + segments:
            sys.exit("%s: the segments are not %r" % (said, segments))
        for v in verdicts:
            inside = np.array([not v["segment_column"] or r[v["segment_column"]] == v["segment"] for r in rows])
            want = judge(y[inside], p[inside], threshold, opt.bins)
            for name in want:
                close.near(number(v[name]), want[name], said, v["segment_column"], v["segment"], name)
        check_curves(close, curves, y, p, opt.bins)
    print("%d files: %d figures within %.1e" % (len(opt.files) // 3, close.count, close.worst))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("files", nargs="*")
    parser.add_argument("--bins", type=int, default=10)
    parser.add_argument("--threshold", default="0.5")
    parser.add_argument("--by", type=lambda names: names.split(","), default=[])
    check(parser.parse_args())
