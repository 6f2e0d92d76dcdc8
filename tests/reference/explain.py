#!/usr/bin/env python3
"""The contributions of ce-predict, from the text of the model, with nothing but Python's own library.

    explain.py check FEATURES MODEL ROWS CONTRIBUTIONS   every contribution by its definition, and every reason
    explain.py xgboost FEATURES MODEL CONTRIBUTIONS      those of trees are what XGBoost says of the same trees

Logistic regression: what a column adds to the score less its mean over the train rows, an interaction by halves.
Trees: Shapley's sum over all subsets of the features that a tree is about, a tree at a time, of the mean value of a
row of which only those are known; so few features are needed, or small trees. What XGBoost computes in floats agrees
to 1e-5; numbers become their rank among the thresholds first, so that no float is on the wrong side of one.
"""
import ast
import bisect
import csv
import itertools
import json
import math
import re
import sys

import train
import trees


class Counted(trees.Model):
    """Its nodes are a leaf's value, or (column, split, left, right, train rows left, right)."""

    def node(self):
        return self.counted()[0]

    def counted(self):
        word, name, values = self.take()
        rows = int(values[-1])
        if word == "leaf":
            return float(values[0]), rows
        if word == "below":
            split = ("below", float(values[0]), values[1] == "left")
        else:
            split = ("among", {int(v) for v in values[1:int(values[0]) + 1]}, None)
        (left, n_left), (right, n_right) = self.counted(), self.counted()
        assert n_left + n_right == rows > 0
        return (name, split, left, right, n_left, n_right), rows

    def place(self, name, value):
        levels = self.levels[name]
        return levels.index(value) if value in levels else len(levels)

    def goes_left(self, node, row):
        kind, what, missing = node[1]
        if kind == "among":
            return self.place(node[0], row[node[0]]) in what
        return float(row[node[0]]) <= what if row[node[0]] else missing

    def worth(self, node, row, known):
        while isinstance(node, tuple) and node[0] in known:
            node = node[2] if self.goes_left(node, row) else node[3]
        if not isinstance(node, tuple):
            return node
        _, _, left, right, n_left, n_right = node
        return (n_left * self.worth(left, row, known) + n_right * self.worth(right, row, known)) / (n_left + n_right)


def used(node):
    return {node[0]} | used(node[2]) | used(node[3]) if isinstance(node, tuple) else set()


def shapley(model, tree, row):
    """What each feature of a tree gives the row."""
    names = sorted(used(tree))
    worth = {}
    for n in range(len(names) + 1):
        for known in itertools.combinations(names, n):
            worth[frozenset(known)] = model.worth(tree, row, set(known))
    total = math.factorial(len(names))
    return {name: math.fsum(math.factorial(len(s)) * math.factorial(len(names) - 1 - len(s)) / total *
                            (worth[s | {name}] - w) for s, w in worth.items() if name not in s) for name in names}


def of_trees(path):
    model = Counted(path)
    base = model.base + math.fsum(model.worth(tree, None, set()) for tree in model.trees)

    def explain(row):
        sums = {}
        for tree in model.trees:
            for name, value in shapley(model, tree, row).items():
                sums[name] = sums.get(name, 0) + value
        return sums, math.fsum([model.base] + [model.leaf_of(tree, row) for tree in model.trees])

    model.leaf_of = lambda tree, row: model.worth(tree, row, used(tree))
    return base, explain


def of_coefficients(path):
    head, columns = train.read_model(path)
    learnt = int(head["learnt"][0])
    by_name, means = {}, {}
    for kind, name, figures, extra in columns:
        if kind == "constant":
            continue
        by_name[name] = (kind, figures, extra)
        rows = [(r, coef) for _, _, r, coef, _ in extra]
        means[name] = (math.fsum(r * c for r, c in rows) / (learnt if kind == "number" else sum(r for r, _ in rows)))

    def part(name, text):
        kind, figures, extra = by_name[name]
        if kind == "category":
            coefs = {level: coef for word, level, _, coef, _ in extra if word == "level"}
            return coefs.get(text, extra[-1][3])
        if not text:
            return extra[0][3] if extra else 0
        mean, sd, coef, _, *limits = figures
        value = float(text)
        if limits:
            value = min(max(value, limits[0]), limits[1])
        return coef * (value - mean) / sd

    # Pairs of numbers are all the interactions that are tested here.
    pairs = []
    with open(path, newline="\n", encoding="utf-8") as f:
        for line in f:
            found = re.fullmatch(r'interaction ("(?:[^"\\]|\\.)*") ("(?:[^"\\]|\\.)*")\n', line)
            if found:
                pairs.append(tuple(ast.literal_eval(text) for text in found.groups()))
            elif line.startswith("product "):
                pairs[-1] += (float(line.split()[1]),)

    def standardised(name, text):
        mean, sd, _, _, *limits = by_name[name][1]
        return (min(max(float(text), limits[0]), limits[1]) if limits else float(text)) / sd - mean / sd if text else 0

    intercept = float(head["intercept"][0])

    def explain(row):
        parts = {name: part(name, row[name]) for name in by_name}
        sums = {name: parts[name] - means[name] for name in by_name}
        score = [intercept, *parts.values()]
        for a, b, coef in pairs:
            product = coef * standardised(a, row[a]) * standardised(b, row[b])
            score.append(product)
            sums[a] += product / 2
            sums[b] += product / 2
        return sums, math.fsum(score)

    return intercept + math.fsum(means.values()), explain


def grouped(path):
    """The table: of each event_id, in order, its features' values and contributions."""
    groups = {}
    with open(path, newline="", encoding="utf-8") as f:
        for r in csv.DictReader(f):
            of_row = groups.setdefault(r["event_id"], {})
            assert r["feature"] not in of_row
            of_row[r["feature"]] = (r["feature_value"], float(r["contribution"]))
    return groups


def check_reasons(row, given):
    """The columns of --explain are the largest of the table's contributions."""
    ranked = sorted((-abs(value), place, name, value) for place, (name, (_, value)) in enumerate(given) if value)
    k = 1
    while f"reason_{k}" in row:
        want = (ranked[k - 1][2], ranked[k - 1][3]) if k <= len(ranked) else ("", None)
        text = row[f"contribution_{k}"]
        assert (row[f"reason_{k}"], float(text) if text else None) == want, (row, want)
        k += 1
    return k - 1


def check(features, path, said, table):
    with open(path, encoding="utf-8") as f:
        kind = f.read().split("\n")[1]
    base, explain = of_trees(path) if kind == "kind gbdt" else of_coefficients(path)
    groups = grouped(table)
    rows, inputs = train.read_csv(said), {r["event_id"]: r for r in train.read_csv(features)}
    assert [r["event_id"] for r in rows] == list(groups) and rows
    for row in rows:
        given = groups[row["event_id"]]
        was = inputs[row["event_id"]]
        text, got = given.pop("(base)")
        assert not text and abs(got - base) < 1e-9, (got, base)
        want, score = explain(was)
        for name, (text, value) in given.items():
            assert text == was[name]
            assert abs(value - want.get(name, 0)) < 1e-9, (row["event_id"], name, value, want.get(name))
            assert name in want or value == 0
        assert set(want) <= set(given)
        assert abs(base + math.fsum(v for _, v in given.values()) - score) < 1e-9
        assert check_reasons(row, list(given.items())) or "reason_1" not in row


def to_xgboost(model, names, thresholds):
    """The trees as XGBoost's file, and each feature's type."""
    out = []
    for number, tree in enumerate(model.trees):
        keys = ("left_children", "right_children", "parents", "split_indices", "split_type", "split_conditions",
                "default_left", "sum_hessian", "base_weights", "loss_changes")
        t = {key: [] for key in keys}
        t.update({"categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": []})

        # The right child comes right after the left one.
        waiting = [(tree, 2147483647, tree[4] + tree[5] if isinstance(tree, tuple) else 1)]
        for at, (node, parent, rows) in enumerate(waiting):
            for key, value in zip(keys, (-1, -1, parent, 0, 0, 0.0, 0, float(rows), 0.0, 0.0)):
                t[key].append(value)
            if not isinstance(node, tuple):
                t["split_conditions"][at] = t["base_weights"][at] = node
                continue
            name, (kind, what, missing), left, right, n_left, n_right = node
            t["split_indices"][at] = names.index(name)
            if kind == "below":
                t["split_conditions"][at] = thresholds[name].index(what) + 1.0
                t["default_left"][at] = int(missing)
            else: # those listed go right
                listed = [i for i in range(len(model.levels[name]) + 1) if i not in what]
                t["split_type"][at] = 1
                t["categories_nodes"].append(at)
                t["categories_segments"].append(len(t["categories"]))
                t["categories_sizes"].append(len(listed))
                t["categories"].extend(listed)
            t["left_children"][at], t["right_children"][at] = len(waiting), len(waiting) + 1
            waiting += [(left, at, n_left), (right, at, n_right)]
        t["id"] = number
        t["tree_param"] = {"num_deleted": "0", "num_feature": str(len(names)), "num_nodes": str(len(t["parents"])),
                           "size_leaf_vector": "0"}
        out.append(t)
    return {"learner": {
        "attributes": {}, "feature_names": [], "feature_types": [],
        "gradient_booster": {"name": "gbtree", "model": {
            "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(len(out)), "size_leaf_vector": "0"},
            "tree_info": [0] * len(out), "trees": out}},
        "learner_model_param": {"base_score": "0E0", "boost_from_average": "1", "num_class": "0",
                                "num_feature": str(len(names)), "num_target": "1"},
        "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}}}, "version": [1, 7, 4]}


def by_xgboost(features, path, table):
    import numpy
    import xgboost

    model = Counted(path)
    names = sorted(set().union(*map(used, model.trees)))
    thresholds = {name: set() for name in names}

    def gather(node):
        if isinstance(node, tuple):
            if node[1][0] == "below":
                thresholds[node[0]].add(node[1][1])
            gather(node[2])
            gather(node[3])

    for tree in model.trees:
        gather(tree)
    thresholds = {name: sorted(values) for name, values in thresholds.items()}
    booster = xgboost.Booster()
    booster.load_model(bytearray(json.dumps(to_xgboost(model, names, thresholds)).encode()))
    rows = train.read_csv(features)

    def code(name, text):
        if name in model.levels:
            return model.place(name, text)
        return bisect.bisect_left(thresholds[name], float(text)) if text else math.nan

    x = numpy.array([[code(name, row[name]) for name in names] for row in rows], dtype=numpy.float32)
    data = xgboost.DMatrix(x, enable_categorical=True,
                           feature_types=["c" if name in model.levels else "float" for name in names])
    said = booster.predict(data, pred_contribs=True)
    largest = 0
    for row, want, given in zip(rows, said, grouped(table).values(), strict=True):
        got = [given[name][1] for name in names] + [given["(base)"][1] - model.base]
        largest = max(largest, *(abs(a - float(b)) for a, b in zip(got, want)))
        assert all(not value for name, (_, value) in given.items() if name not in names and name != "(base)"), row
    assert largest < 1e-5, largest


if __name__ == "__main__":
    {"check": check, "xgboost": by_xgboost}[sys.argv[1]](*sys.argv[2:])
