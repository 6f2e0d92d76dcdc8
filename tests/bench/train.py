#!/usr/bin/env python3
"""What ce-train does, in pandas and scikit-learn: a feature table to a logistic regression.

Usage: train.py fit FEATURES MODEL    train.py judge FEATURES MODEL (prints the AUC of the test part)

The same split by time, mean imputation with indicators, standardisation and one-hot levels, from the train part alone.
"""
import pickle
import sys

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

KEYS = ["event_id", "user_id", "content_id", "session_id"]
# Of the last two, ce-train makes no features either.
NOT_FEATURES = ["event_ts", "label_known_ts", "is_completion", "event_week_of_year", "event_month_of_year"]


def read(path):
    table = pd.read_csv(path, usecols=lambda column: column not in KEYS)
    start, end = table.event_ts.min(), table.event_ts.max()
    table = table[table.is_completion.notna()]
    horizon = np.quantile(table.label_known_ts - table.event_ts, 0.99, method="inverted_cdf")
    horizon = max(0, min(horizon, (end - start) // 4))
    mature = table.event_ts < end - horizon
    # The time below which 80 % of the mature rows lie.
    times = np.sort(table.event_ts[mature].to_numpy())
    cut = times[len(times) - len(times) // 5]
    return table, (table.event_ts < cut - horizon) & (table.label_known_ts < cut), mature & (table.event_ts >= cut)


def learner():
    return make_pipeline(
        make_column_transformer(
            (make_pipeline(SimpleImputer(add_indicator=True), StandardScaler()),
             make_column_selector(dtype_include=np.number)),
            (OneHotEncoder(min_frequency=100, handle_unknown="infrequent_if_exist"),
             make_column_selector(dtype_include=object))),
        LogisticRegression(C=1.0, solver="lbfgs", max_iter=1000))


def main(what, features, model):
    table, train, test = read(features)
    part = table[train if what == "fit" else test]
    x, y = part.drop(columns=NOT_FEATURES, errors="ignore"), part.is_completion
    if what == "fit":
        with open(model, "wb") as file:
            pickle.dump(learner().fit(x, y), file)
    else:
        with open(model, "rb") as file:
            print(f"{roc_auc_score(y, pickle.load(file).predict_proba(x)[:, 1]):.6f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
