#!/usr/bin/env python3
"""What ce-train --model gbdt does, in pandas and XGBoost: a feature table to boosted trees.

Usage: gbdt.py fit FEATURES MODEL [TREES]    gbdt.py judge FEATURES MODEL (prints the AUC of the test part)
       gbdt.py cuts FEATURES [TREES]         both, at 8 cuts: how far apart their AUCs are
       gbdt.py breast [TREES]                the same on 20 shuffles of the breast-cancer set of scikit-learn
       gbdt.py score FEATURES SCORED OUT     trained on the rows that SCORED, of ce-predict, calls train, and stopped as
                                             ce-train stops: OUT has SCORED's rows with its own probabilities and the label

The same split by time, histograms of as many bins, trees of the same depth, rate and penalty, and no early stopping; but
score's are of the defaults of ce-train, samples of rows and columns and early stopping among them.
"""
import statistics
import subprocess
import sys
import tempfile
import time

import pandas as pd
import xgboost
from sklearn.datasets import load_breast_cancer
from sklearn.metrics import roc_auc_score

import train

# Of ce-train, what learner() has for XGBoost.
PLAIN = "--rate 0.1 --depth 6 --subsample 1 --colsample 1 --validation 0".split()


def categories(table, levels=None):
    x = table.drop(columns=train.NOT_FEATURES + train.KEYS, errors="ignore").copy()
    text = x.select_dtypes(object).columns
    levels = levels or {column: x[column].fillna("").unique().tolist() for column in text}
    for column in text:
        x[column] = pd.Categorical(x[column].fillna(""), categories=levels[column])
    return x, levels


def learner(y, trees):
    return xgboost.XGBClassifier(
        n_estimators=int(trees), max_depth=6, learning_rate=0.1, max_bin=256, tree_method="hist", reg_lambda=1,
        min_child_weight=1, n_jobs=2, enable_categorical=True, base_score=float(y.mean()))


def fit(features, model, trees="100"):
    table, in_train, _ = train.read(features)
    x, _ = categories(table[in_train])
    y = table.is_completion[in_train]
    rival = learner(y, trees)
    start = time.monotonic()
    rival.fit(x, y)
    print(f"fit alone: {time.monotonic() - start:.2f} s", file=sys.stderr)
    rival.save_model(model)


def judge(features, model):
    table, in_train, in_test = train.read(features)
    _, levels = categories(table[in_train])
    rival = xgboost.XGBClassifier()
    rival.load_model(model)
    x, _ = categories(table[in_test], levels)
    print(f"{roc_auc_score(table.is_completion[in_test], rival.predict_proba(x)[:, 1]):.6f}")


def apart(features, table, share, trees):
    """Our AUC and XGBoost's, when that share is the test part: of the same rows, those that ce-predict names."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["ce-train", "-m", "gbdt", "--trees", trees, *PLAIN, "--holdout", str(share),
                        "-o", f"{folder}/model", features], check=True)
        subprocess.run(["ce-predict", "-k", "-p", "-m", f"{folder}/model", "-o", f"{folder}/scored", features], check=True)
        scored = pd.read_csv(f"{folder}/scored")
    in_train, in_test = ((scored.split == part).to_numpy() for part in ("train", "test"))
    x, levels = categories(table[in_train])
    rival = learner(table.is_completion[in_train], trees).fit(x, table.is_completion[in_train])
    y = table.is_completion[in_test]
    return (roc_auc_score(y, scored.completion_probability[in_test]),
            roc_auc_score(y, rival.predict_proba(categories(table[in_test], levels)[0])[:, 1]))


def score(features, scored, out):
    table, told = pd.read_csv(features), pd.read_csv(scored)
    in_train = (told.split == "train").to_numpy()
    # The newest tenth stops it; of one time none is parted.
    since = table.event_ts[in_train].sort_values().iloc[-(in_train.sum() // 10)]
    held = in_train & (table.event_ts >= since).to_numpy()
    learnt = in_train & ~held
    x, levels = categories(table[in_train])
    rival = learner(table.is_completion[learnt], 1000).set_params(
        learning_rate=0.05, max_depth=5, subsample=0.8, colsample_bytree=0.6, early_stopping_rounds=40)
    parts = [(categories(table[part], levels)[0], table.is_completion[part]) for part in (learnt, held)]
    rival.fit(*parts[0], eval_set=[parts[1]], verbose=False)
    told["is_completion"] = table.is_completion.astype("Int64")
    told["completion_probability"] = rival.predict_proba(categories(table, levels)[0])[:, 1]
    told.to_csv(out, index=False)


def report(pairs):
    differences = [ours - theirs for ours, theirs in pairs]
    ours, theirs = (statistics.mean(side) for side in zip(*pairs))
    print(f"ours {ours:.4f}, XGBoost's {theirs:.4f}; ours less theirs {min(differences):+.4f} to {max(differences):+.4f}, "
          f"on average {statistics.mean(differences):+.4f}")


def cuts(features, trees="100"):
    table = pd.read_csv(features)
    report([apart(features, table, share / 100, trees) for share in range(15, 51, 5)])


def breast(trees="100"):
    data = load_breast_cancer(as_frame=True).frame.rename(columns={"target": "is_completion"})
    pairs = []
    for seed in range(20):
        table = data.sample(frac=1, random_state=seed).reset_index(drop=True)
        for name in ["event_ts", *train.KEYS]:
            table[name] = table.index + 1
        with tempfile.NamedTemporaryFile(suffix=".csv") as file:
            table.to_csv(file.name, index=False)
            pairs.append(apart(file.name, table, 0.3, trees))
    report(pairs)


{"fit": fit, "judge": judge, "cuts": cuts, "breast": breast, "score": score}[sys.argv[1]](*sys.argv[2:])
