#!/usr/bin/env python3
"""What ce-train --model gbdt does, in pandas and XGBoost: a feature table to boosted trees.

Usage: gbdt.py fit FEATURES MODEL [TREES]    gbdt.py judge FEATURES MODEL (prints the AUC of the test part)

The same split by time, histograms of as many bins, trees of the same depth, rate and penalty; no early stopping.
"""
import sys
import time

import numpy as np
import pandas as pd
import xgboost
from sklearn.metrics import roc_auc_score

KEYS = ["event_id", "user_id", "content_id", "session_id"]
NOT_FEATURES = ["event_ts", "label_known_ts", "is_completion"]


def read(path):
    table = pd.read_csv(path, usecols=lambda column: column not in KEYS)
    table = table[table.is_completion.notna()]
    cut = np.sort(table.event_ts.to_numpy())[int(0.8 * len(table))]
    test = table.event_ts >= cut
    known = table.label_known_ts if "label_known_ts" in table else pd.Series(-np.inf, table.index)
    return table, ~test & (known < cut), test


def categories(table, levels=None):
    x = table.drop(columns=NOT_FEATURES, errors="ignore").copy()
    text = x.select_dtypes(object).columns
    levels = levels or {column: x[column].fillna("").unique().tolist() for column in text}
    for column in text:
        x[column] = pd.Categorical(x[column].fillna(""), categories=levels[column])
    return x, levels


def main(what, features, model, trees="100"):
    table, train, test = read(features)
    x, levels = categories(table[train])
    if what == "fit":
        y = table.is_completion[train]
        learner = xgboost.XGBClassifier(
            n_estimators=int(trees), max_depth=6, learning_rate=0.1, max_bin=256, tree_method="hist",
            reg_lambda=1, min_child_weight=1, n_jobs=2, enable_categorical=True, base_score=float(y.mean()))
        start = time.monotonic()
        learner.fit(x, y)
        print(f"fit alone: {time.monotonic() - start:.2f} s", file=sys.stderr)
        learner.save_model(model)
    else:
        learner = xgboost.XGBClassifier()
        learner.load_model(model)
        x, _ = categories(table[test], levels)
        print(f"{roc_auc_score(table.is_completion[test], learner.predict_proba(x)[:, 1]):.6f}")


main(*sys.argv[1:])
