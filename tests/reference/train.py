#!/usr/bin/env python3
"""An independent answer to ce-train and ce-predict, with nothing but Python's own library.

    train.py make ROWS SEED                              write a feature table
    train.py check FEATURES MODEL PREDICTIONS [WEIGHT]   check a model and what it predicted

`check` splits the rows anew, computes every figure of the encoding anew, and then the gradient of
the objective at the model's coefficients, which is 0 at the optimum and nowhere else; WEIGHT is
that of class 1, or "balanced". The last argument may be --no-gradient (for resampled models).
"""
import ast
import collections
import csv
import fractions
import math
import random
import re
import struct
import sys

import split as splits

KEYS = ["event_id", "event_ts", "user_id", "content_id", "session_id"]
# The last two: at the border of a month they are a constant in training and far outside it in the test.
NEVER = set(KEYS) | {"label_known_ts", "is_completion", "event_week_of_year", "event_month_of_year"}


def make(n, seed):
    """Gaps, an all-empty and a constant column, rare levels, odd names, unlabelled rows."""
    rng = random.Random(seed)
    out = csv.writer(sys.stdout, lineterminator="\n")
    features = ["plan", 'odd "name", 1', "rate", "elapsed", "empty", "flat", "seen", "big", "tiny"]
    out.writerow(KEYS + features + ["label_known_ts", "is_completion"])
    ts = 1700000000000
    for i in range(n):
        ts += rng.randrange(3) * 1000
        plan = rng.choice(["free", "pre,mium", 'qu"ote', "Niños", ""])
        if rng.random() < 0.002:
            plan = "rare%d" % i
        rate = "" if rng.random() < 0.2 else "%.3f" % rng.random()
        elapsed = rng.expovariate(1e-6)
        score = (plan == "free") + 2 * float(rate or 0.9) - elapsed / 1e6 - 0.5
        label = int(rng.random() < 1 / (1 + math.exp(-score)))
        known = ts + rng.randrange(60000)
        row = ["e%07d" % i, ts, "u%d" % (i % 97), "c%d" % (i % 31), i + 1, plan,
               rng.choice(["a\nb", "c"]), rate, int(elapsed), "", 7,
               rng.choice(["1", "1", ""]), "%de295" % rng.randrange(99999),
               "%de-300" % rng.randrange(99), known, label]
        if i >= n - n // 50:
            row[-2:] = ["", ""]
        out.writerow(row)


def is_number(text):
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) is not None


def number_or_nan(text):
    return math.nan if text == "-" else float(text)


def read_model(path):
    """The facts of the head, and the columns: (kind, name, figures, [(word, level, rows, coef, error)]); the figures
    of a number are mean, sd, coefficient, standard error, and the two it is clipped to."""
    head, columns = {}, []
    with open(path, newline="\n", encoding="utf-8") as f:
        for line in f:
            found = re.fullmatch(r'(\S+)(?: ("(?:[^"\\]|\\.)*"))?((?: \S+)*)\n', line)
            word, text, values = found[1], found[2], found[3].split()
            if word in ("number", "category", "constant"):
                columns.append((word, ast.literal_eval(text), [number_or_nan(v) for v in values], []))
            elif word == "clip":
                columns[-1][2].extend(float(v) for v in values)
            elif word in ("missing", "level", "other"):
                level = ast.literal_eval(text) if text else word
                columns[-1][3].append((word, level, int(values[0]), float(values[1]), number_or_nan(values[2])))
            else:
                head[word] = ast.literal_eval(text) if text else values
    return head, columns


def read_csv(path):
    with open(path, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def coefficients(columns, errors=False):
    """By key: NAME of a number, NAME? of its gaps, NAME=LEVEL of a category, NAME* of its others; or
    their standard errors."""
    coef = {}
    for kind, name, figures, extra in columns:
        if kind == "number":
            coef[name] = figures[2 + errors]
        for word, level, _, *values in extra:
            value = values[errors]
            coef[{"missing": name + "?", "other": name + "*"}.get(word, "%s=%s" % (name, level))] = value
    return coef


def kept_levels(train):
    count = collections.Counter(train)
    return sorted((v for v in count if count[v] >= 10), key=lambda v: (-count[v], v.encode()))[:100]


def kind_of(values, train):
    """What a column is, by its values in all rows and in train rows."""
    if not all(is_number(v) for v in values if v):
        kept = kept_levels(train)
        return "category" if len(kept) + (not set(train) <= set(kept)) > 1 else "constant"
    varies = len({float(v) for v in train if v}) > 1 or (any(train) and not all(train))
    return "number" if varies else "constant"


def split(rows):
    """The split, and the part of each row."""
    keys = [(int(r["is_completion"]) if r["is_completion"] else None, int(r["event_ts"]),
             int(r["label_known_ts"]) if r["label_known_ts"] else splits.NEVER) for r in rows]
    found = splits.Split(keys)
    return found, [found.part(k) for k in keys]


def close(got, want, what, tolerance=1e-12):
    if not abs(got - want) <= tolerance * max(1e-300, abs(want)):
        sys.exit("%s is %r, not %r" % (what, got, want))


def limits(known):
    """What known train values are clipped to: the 0.1 % and 99.9 % quantiles by nearest rank, or, where those are one
    value, the least and the greatest."""
    known = sorted(known)
    low, high = (known[math.ceil(fractions.Fraction(q, 1000) * len(known)) - 1] for q in (1, 999))
    return (low, high) if low < high else (known[0], known[-1])


def clip(v, low, high):
    return min(max(v, low), high)


def check_number(name, values, train, figures, extra):
    """Checks the figures, and returns each row's terms [(coefficient's index key, value)]."""
    known = [float(v) for v in train if v]
    low, high = limits(known)
    if figures[4:] != [low, high]:
        sys.exit("%s is clipped to %r, not %r" % (name, figures[4:], (low, high)))
    known = [clip(v, low, high) for v in known]
    mean = math.fsum(v / len(known) for v in known)
    scale = max(abs(v - mean) for v in known) or 1
    sd = scale * math.sqrt(math.fsum(((v - mean) / scale) ** 2 for v in known) / len(known))
    gaps = len(train) - len(known)
    close(figures[0], mean, name + ": mean", 1e-11)
    close(figures[1], sd if min(known) < max(known) else 1, name + ": sd", 1e-11)
    if bool(gaps) != bool(extra) or (extra and extra[0][2] != gaps):
        sys.exit("%s: %d gaps, but the model has %r" % (name, gaps, extra))
    return [([(name, (clip(float(v), low, high) - figures[0]) / figures[1])] if v else []) +
            ([(name + "?", 1.0)] if extra and not v else []) for v in values]


def check_category(name, values, train, extra):
    count = collections.Counter(train)
    kept = kept_levels(train)
    want = [("level", v, count[v]) for v in kept]
    want.append(("other", "other", len(train) - sum(count[v] for v in kept)))
    if [e[:3] for e in extra] != want:
        sys.exit("%s: levels are %r, not %r" % (name, extra, want))
    return [[("%s=%s" % (name, v if v in kept else ""), 1.0) if v in kept else (name + "*", 1.0)]
            for v in values]


def encode(rows, parts, columns):
    """Checks every column; returns the terms of each row."""
    terms = [[] for _ in rows]
    by_name = {c[1]: c for c in columns}
    features = [c for c in rows[0] if c not in NEVER]
    if [c[1] for c in columns] != features:
        sys.exit("the columns are %r" % [c[1] for c in columns])
    for name in features:
        kind, _, figures, extra = by_name[name]
        values = [r[name] for r in rows]
        train = [v for v, p in zip(values, parts) if p == "train"]
        want = kind_of(values, train)
        if kind != want:
            sys.exit("%s is a %s, not a %s" % (name, kind, want))
        if kind == "constant":
            continue
        if kind == "number":
            new = check_number(name, values, train, figures, extra)
        else:
            new = check_category(name, values, train, extra)
        for row, t in zip(terms, new):
            row.extend(t)
    return terms


def sigmoid(score):
    return 1 / (1 + math.exp(-score)) if score >= 0 else math.exp(score) / (1 + math.exp(score))


def check_gradient(rows, parts, coef, terms, intercept, l2, weight):
    train = [i for i, p in enumerate(parts) if p == "train"]
    labels = [int(rows[i]["is_completion"]) for i in train]
    n = len(labels)
    weights = [1.0, 1.0]
    if weight == "balanced":
        weights = [n / (2 * (n - sum(labels))), n / (2 * sum(labels))]
    elif weight:
        weights[1] = float(weight)
    gradient = {key: l2 * value for key, value in coef.items()}
    gradient[None] = total = 0.0
    for i, label in zip(train, labels):
        # The matrix holds numbers as floats.
        row = [(k, struct.unpack("f", struct.pack("f", x))[0]) for k, x in terms[i]]
        r = sigmoid(intercept + sum(coef[k] * x for k, x in row)) - label
        r *= weights[label]
        total += weights[label]
        gradient[None] += r
        for k, x in row:
            gradient[k] += r * x
    worst = max(gradient, key=lambda k: abs(gradient[k]))
    if not abs(gradient[worst]) <= 1.1e-10 * total:
        sys.exit("the gradient of %r is %g of %g" % (worst, gradient[worst], total))


def check(features, model, predictions, weight=None, gradient=True):
    rows = read_csv(features)
    head, columns = read_model(model)
    found, parts = split(rows)
    for word in ("horizon", "end", "cut"):
        if head[word] != [str(getattr(found, word))]:
            sys.exit("%s: %r, not %d" % (word, head[word], getattr(found, word)))
    for part in ("train", "test", "purged", "immature"):
        want = [r["is_completion"] for r, p in zip(rows, parts) if p == part]
        if head[part] != [str(len(want)), str(want.count("1"))]:
            sys.exit("%s: %r" % (part, head[part]))
    coef, terms = coefficients(columns), encode(rows, parts, columns)
    intercept = float(head["intercept"][0])
    if gradient:
        check_gradient(rows, parts, coef, terms, intercept, float(head["l2"][0]), weight)
    said = read_csv(predictions)
    if len(said) != len(rows):
        sys.exit("%d predictions for %d rows" % (len(said), len(rows)))
    for r, s, p, t in zip(rows, said, parts, terms):
        probability = sigmoid(intercept + sum(coef[k] * x for k, x in t))
        close(float(s["completion_probability"]), probability, "probability", 1e-12)
        want = {**r, "completion_probability": s["completion_probability"],
                "predicted_completion": str(int(probability >= 0.5)), "split": p,
                "model_id": s["model_id"], "scored_at": s["scored_at"]}
        if s != want:
            sys.exit("%r is not %r" % (s, want))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        make(int(sys.argv[2]), int(sys.argv[3]))
    else:
        args = [a for a in sys.argv[2:] if a != "--no-gradient"]
        check(*args, gradient=len(args) == len(sys.argv) - 2)
