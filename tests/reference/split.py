#!/usr/bin/env python3
"""The split of a table into train, test, purged, immature and unlabelled rows, anew from its definition.

    split.py tables N [SEED]       N random tables: what ce-train and ce-predict make of each, row by row
    split.py laws N [SEED]         laws of the split, on N random tables

With Python's own library alone, and with exact integers.
"""
import csv
import datetime
import fractions
import math
import os
import random
import re
import subprocess
import sys

PARTS = ["train", "test", "purged", "immature", "unlabelled"]
DAY = 86400000
NEVER, ALWAYS = math.inf, -math.inf


class Split:
    """What the training rows decide; each of them a tuple (label, time, known): label 0, 1 or None; time None if
    there is none (of an unlabelled row); known None: no such column, or NEVER."""

    def __init__(self, rows, holdout=fractions.Fraction(1, 5), horizon="auto"):
        """horizon: "auto", or in the unit of the times."""
        labelled = [r for r in rows if r[0] is not None]
        self.end = max(r[1] for r in rows if r[1] is not None)
        self.horizon = self.auto(rows, labelled) if horizon == "auto" else horizon
        mature = sorted(time for _, time, _ in labelled if self.is_mature(time, self.end))
        n_test = math.floor(len(mature) * holdout)
        self.cut = mature[len(mature) - n_test] if n_test else None

    def auto(self, rows, labelled):
        """The nearest-rank 99 % quantile of known - time, at most a quarter of the span; None without a known column."""
        if any(known is None for _, _, known in labelled):
            return None
        lengths = sorted(known - time for _, time, known in labelled if known != NEVER)
        quantile = lengths[math.ceil(fractions.Fraction(99, 100) * len(lengths)) - 1] if lengths else 0
        start = min(r[1] for r in rows if r[1] is not None)
        return max(0, min(quantile, (self.end - start) // 4))

    def is_mature(self, time, end):
        return self.horizon is None or time < end - self.horizon

    def was_learnable(self, time, known, at):
        """Old enough then for its label to be known whatever it is, and known then."""
        return time < at - (self.horizon or 0) and (known is None or known < at)

    def part(self, row, watermark=None):
        label, time, known = row
        if label is None:
            return "unlabelled"
        if self.cut is None or self.was_learnable(time, known, self.cut):
            return "train"
        if time < self.cut:
            return "purged"
        return "test" if self.is_mature(time, self.end if watermark is None else watermark) else "immature"


# Random tables --------------------------------------------------------------------------------------

UNITS = {"s": 1000, "ms": 1, "us": fractions.Fraction(1, 1000), "iso": 1, "day": DAY, "float": 1}


def write_time(time, unit):
    if unit == "iso":
        return datetime.datetime.fromtimestamp(time / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds")
    return "%d.0" % time if unit == "float" else str(time)


def draw(rng):
    """Rows in the unit of the times, which small ranges make the same for many."""
    unit = rng.choice(list(UNITS))
    tick = {"s": 1, "us": 1000, "day": 1}.get(unit, 1)
    start = 0 if unit == "day" else int(1700000000000 / UNITS[unit])
    n = rng.choice([3, 10, 40, 120, 300])
    span = rng.choice([3, 20, 100, 5000, DAY]) * tick
    typical = span * rng.choice([0, 0.01, 0.1, 0.1, 0.5, 2])
    has_known = rng.random() < 0.85
    rows = []
    for _ in range(n):
        time = start + rng.randrange(span)
        known = time + int(rng.choice([0, 1, rng.random(), rng.expovariate(1)]) * typical) // tick * tick
        known -= rng.random() < 0.03 and rng.randrange(span)  # a clock: known before it happened
        label = None if rng.random() < 0.1 else int(rng.random() < 0.5)
        if rng.random() < 0.05 or (label is None and rng.random() < 0.8):
            known = NEVER
        if label is None and rng.random() < 0.2:
            time = None
        rows.append((label, time, known if has_known else None))
    if rng.random() < 0.5:
        rows.sort(key=lambda r: r[1] or 0)
    horizons = ["auto"] * 3 + [0, 1, rng.randrange(span), span, 3 * span]
    return unit, rows, rng.choice(horizons), rng.choice(["0.2", "0.2", "0.5", "0", "1", "0.01"])


def write(path, rows, unit, rng):
    has_known = rows[0][2] is not None
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.writer(f, lineterminator="\n")
        out.writerow(["x", "y", "t"] + ["k"] * has_known)
        for label, time, known in rows:
            row = [rng.randrange(100), "" if label is None else label, "" if time is None else write_time(time, unit)]
            out.writerow(row + ["" if known == NEVER else write_time(known, unit)] if has_known else row)


def horizon_option(horizon, unit):
    """As a number of the column's unit, or as a duration where that is one."""
    if horizon == "auto":
        return []
    ms = horizon * UNITS[unit]
    is_whole = ms == int(ms) and unit != "day"
    return ["--horizon", "%dms" % ms if is_whole and horizon % 3 else str(horizon)]


def run(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)


def splits(*command):
    """The column `split` that ce-predict writes with these arguments, and its messages."""
    done = run("ce-predict", "-p", *command)
    if done.returncode:
        sys.exit(done.stderr)
    return [row["split"] for row in csv.DictReader(done.stdout.splitlines())], done.stderr


def facts(path):
    with open(path, encoding="utf-8") as f:
        return {line.split()[0]: line.split()[1:] for line in f}


def counts(rows, parts):
    """As in a model."""
    n = {p: [str(parts.count(p)), str(sum(r[0] or 0 for r, q in zip(rows, parts) if q == p))] for p in PARTS}
    n["unlabelled"].pop()
    return n


def differ(what, got, want, *context):
    if got != want:
        sys.exit("%s: %r, not %r\n%s" % (what, got, want, "\n".join(map(str, context))))


def check_later(rng, split, rows, unit, context):
    """A table of later rows, by the end of the model and by a watermark."""
    span = max(10, split.end - min(t for _, t, _ in rows if t is not None))
    later = [(label, None if t is None else t + rng.randrange(span), k if k in (None, NEVER) else k + span)
             for label, t, k in rows]
    write("later.csv", later, unit, rng)
    got, said = splits("-m", "model", "later.csv")
    differ("later", got, [split.part(r) for r in later], *context)
    n = sum(r[0] is not None and r[1] > split.end for r in later)
    if split.horizon is not None and split.cut is not None:
        differ("warned", [re.findall(r"\d+", line)[0] for line in said.splitlines()], [str(n)] * (n > 0), said, *context)
        watermark = split.end + rng.randrange(span)
        got, _ = splits("-m", "model", "--watermark", write_time(watermark, "iso" if unit == "iso" else "ms"), "later.csv")
        differ("watermark", got, [split.part(r, watermark) for r in later], watermark, *context)
    else:
        differ("warned", said, "", *context)


def check_table(rng):
    """Returns whether ce-train made a model of it."""
    unit, rows, horizon, holdout = draw(rng)
    if not any(r[0] is not None for r in rows):
        return False
    write("table.csv", rows, unit, rng)
    has_known = rows[0][2] is not None
    options = ["--holdout", holdout] + (["--horizon", str(horizon)] if horizon != "auto" else [])
    command = ["ce-train", "-l", "y", "-t", "t", *(["-k", "k"] if has_known else []), "--holdout", holdout,
               *(horizon_option(horizon, unit) if holdout != "0" else []), "-o", "model", "table.csv"]
    done = run(*command)
    split = Split(rows, fractions.Fraction(holdout), horizon)
    parts = [split.part(r) for r in rows]
    context = [command, vars(split), done.stderr]
    train = [r[0] for r, p in zip(rows, parts) if p == "train"]
    if len(set(train)) < 2:
        differ("status", done.returncode, 1, *context)
        return False
    differ("status", done.returncode, 0, *context)
    model = facts("model")
    differ("cut", model["cut"], ["-" if split.cut is None else str(split.cut)], *context)
    if holdout == "0":  # then nothing is read of it
        split.horizon = None
    differ("horizon", model["horizon"], ["-" if split.horizon is None else str(split.horizon)], *context)
    differ("end", model["end"], ["-" if split.horizon is None else str(split.end)], *context)
    for part, want in counts(rows, parts).items():
        differ(part, model[part], want, *context)
    differ("split", splits("-m", "model", "table.csv")[0], parts, *context)
    if holdout != "0":
        differ("no test rows is warned of", "no test rows" in done.stderr, split.cut is None, *context)
    check_later(rng, split, rows, unit, context)
    return True


def tables(n, seed=1):
    n_models, found = 0, set()
    for i in range(int(n)):
        n_models += check_table(random.Random("%s %d" % (seed, i)))
        found |= {p for p in PARTS if os.path.exists("model") and facts("model")[p][0] != "0"}
    differ("parts", found, set(PARTS))
    if not n_models > int(n) / 2:
        sys.exit("only %d models" % n_models)


# Laws -----------------------------------------------------------------------------------------------


def made(rows, unit, *options):
    """The splits of these rows, or None if there is nothing to learn."""
    write("table.csv", rows, unit, random.Random(1))
    done = run("ce-train", "-l", "y", "-t", "t", *(["-k", "k"] if rows[0][2] is not None else []), *options,
               "-o", "model", "table.csv")
    return splits("-m", "model", "table.csv")[0] if not done.returncode else None


def check_laws(rng):
    unit, rows, horizon, _ = draw(rng)
    if not any(r[0] is not None for r in rows):
        return False
    options = horizon_option(horizon, unit)
    parts = made(rows, unit, *options)
    if not parts:
        return False
    model = facts("model")
    # Blind to the outcome: whatever the labels are, as long as they are known when they are.
    flipped = [(None if label is None else 1 - label, time, known) for label, time, known in rows]
    differ("flipped", made(flipped, unit, *options), parts, options, rows)
    if model["horizon"] == ["-"]:
        return True
    h, end = int(model["horizon"][0]), int(model["end"][0])
    # Rows later than W - H change nothing before the cut, and move none of the others, where H is given.
    late = [(rng.choice([0, 1, None]), rng.randint(max(end - h, 0), end), NEVER if rows[0][2] is not None else None)
            for _ in range(20)]
    differ("late", made(rows + late, unit, "--horizon", str(h))[:len(rows)], parts, h, rows, late)
    # In whatever order.
    order = list(range(len(rows)))
    rng.shuffle(order)
    differ("shuffled", made([rows[i] for i in order], unit, *options), [parts[i] for i in order], options, rows)
    return True


def laws(n, seed=1):
    n_models = sum(check_laws(random.Random("%s %d" % (seed, i))) for i in range(int(n)))
    if not n_models > int(n) / 2:
        sys.exit("only %d models" % n_models)


if __name__ == "__main__":
    {"tables": tables, "laws": laws}[sys.argv[1]](*sys.argv[2:])
