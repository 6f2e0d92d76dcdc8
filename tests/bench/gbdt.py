#!/usr/bin/env python3
"""What ce-train --model gbdt does, in pandas and XGBoost: a feature table to boosted trees.

Usage: gbdt.py fit FEATURES MODEL [TREES]    gbdt.py judge FEATURES MODEL (prints the AUC of the test part)

The same split by time, histograms of as many bins, trees of the same depth, rate and penalty; no early stopping.
"""
import sys
import time

import pandas as pd
import xgboost
from sklearn.metrics import roc_auc_score

import train


def categories(table, levels=None):
    x = table.drop(columns=train.NOT_FEATURES).copy()
    text = x.select_dtypes(object).columns
    levels = levels or {column: x[column].fillna("").unique().tolist() for column in text}
    for column in text:
        x[column] = pd.Categorical(x[column].fillna(""), categories=levels[column])
    return x, levels


def main(what, features, model, trees="100"):
    table, in_train, in_test = train.read(features)
    x, levels = categories(table[in_train])
    if what == "fit":
        y = table.is_completion[in_train]
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
        x, _ = categories(table[in_test], levels)
        print(f"{roc_auc_score(table.is_completion[in_test], learner.predict_proba(x)[:, 1]):.6f}")


main(*sys.argv[1:])
