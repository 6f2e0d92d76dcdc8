#!/usr/bin/env python3
"""An independent reader of ce-train's boosted trees, with nothing but Python's own library.

    trees.py check FEATURES MODEL PREDICTIONS     the model says of each row what was predicted
    trees.py known FEATURES TIME HORIZON          write the rows that were older than HORIZON at TIME, and their label known
    trees.py rows FEATURES FROM UNTIL             write the labelled rows at or after FROM and before UNTIL
    trees.py losses FEATURES MODEL FROM [UNTIL]   the log loss of the rows from FROM on by the first 0, 1, ... trees
"""
import ast
import bisect
import csv
import math
import re
import sys


class Model:
    """Levels of each category, the trees as nested tuples, and the calibration."""

    def __init__(self, path):
        with open(path, newline="\n", encoding="utf-8") as f:
            self.lines = [self.words(line) for line in f.read().splitlines()]
        self.levels, self.trees, self.knots, self.calibration = {}, [], [], ["none"]
        self.base = self.at = 0
        name = None
        while self.at < len(self.lines):
            word, text, values = self.take()
            if word == "category":
                name = text
                self.levels[name] = []
            elif word == "level":
                self.levels[name].append(text)
            elif word == "base":
                self.base = float(values[0])
            elif word == "tree":
                self.trees.append(self.node())
            elif word == "calibration":
                self.calibration = values
            elif word == "knot":
                self.knots.append([float(v) for v in values])

    @staticmethod
    def words(line):
        found = re.fullmatch(r'(\S+)(?: ("(?:[^"\\]|\\.)*"))?((?: \S+)*)', line)
        return found[1], ast.literal_eval(found[2]) if found[2] else None, found[3].split()

    def take(self):
        self.at += 1
        return self.lines[self.at - 1]

    def node(self):
        """A leaf's value, or (goes_left, left, right); goes_left takes a row."""
        word, name, values = self.take()
        if word == "leaf":
            return float(values[0])
        if word == "below":
            threshold, missing = float(values[0]), values[1] == "left"
            goes_left = lambda row: float(row[name]) <= threshold if row[name] else missing
        else:
            n, levels = int(values[0]), self.levels[name]
            here = {int(v) for v in values[1:n + 1]}
            place = lambda value: levels.index(value) if value in levels else len(levels)
            goes_left = lambda row: place(row[name]) in here
        left = self.node()
        return goes_left, left, self.node()

    @staticmethod
    def leaf(node, row):
        while isinstance(node, tuple):
            node = node[1] if node[0](row) else node[2]
        return node

    def scores(self, row):
        """By the first 0, 1, 2, ... trees."""
        sums = [self.base]
        for tree in self.trees:
            sums.append(sums[-1] + self.leaf(tree, row))
        return sums

    def probability(self, row):
        score = self.scores(row)[-1]
        if self.calibration[0] == "isotonic":
            knots = self.knots
            i = bisect.bisect_right([s for s, _ in knots], score)
            if i == 0 or i == len(knots):
                return knots[max(i - 1, 0)][1]
            (s0, p0), (s1, p1) = knots[i - 1:i + 1]
            return p0 + (p1 - p0) * (score - s0) / (s1 - s0)
        if self.calibration[0] == "platt":
            score = score * float(self.calibration[1]) + float(self.calibration[2])
        return 1 / (1 + math.exp(-score)) if score > 0 else math.exp(score) / (1 + math.exp(score))


def read(path):
    with open(path, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def write(rows):
    out = csv.DictWriter(sys.stdout, rows[0].keys(), lineterminator="\n")
    out.writeheader()
    out.writerows(rows)


def known(row):
    return int(row.get("label_known_ts") or -1)


def check(features, path, said):
    model, rows, predicted = Model(path), read(features), read(said)
    assert len(rows) == len(predicted) > 0 and model.trees, (len(rows), len(predicted))
    for i, (row, other) in enumerate(zip(rows, predicted)):
        want, got = model.probability(row), float(other["completion_probability"])
        assert abs(want - got) <= 1e-12, "row %d: %r, not %r" % (i, got, want)


def losses(features, path, begin, end="inf"):
    model = Model(path)
    rows = [r for r in read(features) if r["is_completion"] and float(begin) <= int(r["event_ts"]) < float(end)]
    scores = [model.scores(r) for r in rows]
    for k in range(len(model.trees) + 1):
        signs = [(-1) ** int(r["is_completion"]) for r in rows]
        wrong = [sign * s[k] for sign, s in zip(signs, scores)]
        print(repr(math.fsum(max(w, 0) + math.log1p(math.exp(-abs(w))) for w in wrong) / len(rows)))


def main(command, features, *args):
    if command == "check":
        check(features, *args)
    elif command == "losses":
        losses(features, *args)
    elif command == "known":
        write([r for r in read(features)
               if r["is_completion"] and int(r["event_ts"]) < int(args[0]) - int(args[1]) and known(r) < int(args[0])])
    elif command == "rows":
        write([r for r in read(features)
               if r["is_completion"] and int(args[0]) <= int(r["event_ts"]) < int(args[1])])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(*sys.argv[1:])
