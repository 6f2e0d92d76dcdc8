#!/usr/bin/env python3
"""ce-train and ce-predict against scikit-learn, which encodes the same table anew and learns from it.

    logistic.py FEATURES [L2 CLASS_WEIGHT MODEL PREDICTIONS]...

L2 and CLASS_WEIGHT are what ce-train was asked for. Split, kinds of columns and levels are reckoned anew; StandardScaler, SimpleImputer and OneHotEncoder learn the encoding from
the train rows, and LogisticRegression the coefficients, from the matrix rounded to floats, as the tool holds
it. (Collinear columns and a small penalty make much of that rounding: with --l2 0.001 it moves small
coefficients by 2e-3 of themselves, with --l2 1 by 2e-5.) Prints what was compared and the largest
differences; exits 1 if any is too large.
"""
import sys
import warnings

import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import train

COEFFICIENT = 1e-4  # of itself
ZERO = 1e-6  # of the root mean square coefficient: what is smaller is 0 but for rounding
PROBABILITY = 1e-5
ERROR = 1e-4  # a standard error, of itself


def encode_number(values, in_train):
    """Its block of the matrix and the keys of the coefficients, as train.coefficients has them."""
    x = np.array([float(v) if v else np.nan for v in values])
    known = np.sort(x[in_train & ~np.isnan(x)])
    # By nearest rank; a column of which both quantiles are one value is clipped to its range.
    low, high = np.quantile(known, [0.001, 0.999], method="inverted_cdf")
    x = np.clip(x, low, high) if low < high else np.clip(x, known[0], known[-1])
    # By a power of two, which changes no digit: the squares of huge and of tiny numbers are no doubles.
    x = np.ldexp(x, -np.frexp(np.nanmax(np.abs(x)))[1])[:, None]
    # The scaler passes over gaps; filled in after it with 0, they count as the mean.
    encoder = make_pipeline(StandardScaler(), SimpleImputer(strategy="constant", fill_value=0, add_indicator=True))
    block = encoder.fit(x[in_train]).transform(x)
    return block, ["", "?"][:block.shape[1]]


def encode_category(values, in_train):
    x = np.array(values, dtype=object)[:, None]
    encoder = OneHotEncoder(min_frequency=10, max_categories=101, handle_unknown="infrequent_if_exist",
                            sparse_output=False)
    block = encoder.fit(x[in_train]).transform(x)
    rare = encoder.infrequent_categories_[0]
    rare = set() if rare is None else set(rare)
    return block, ["=" + v for v in encoder.categories_[0] if v not in rare] + ["*"] * bool(rare)


def encode(rows, in_train):
    """The matrix of all rows, and its columns' keys."""
    blocks, keys = [], []
    for name in (c for c in rows[0] if c not in train.NEVER):
        values = [r[name] for r in rows]
        kind = train.kind_of(values, [v for v, t in zip(values, in_train) if t])
        if kind != "constant":
            block, ends = (encode_number if kind == "number" else encode_category)(values, in_train)
            blocks.append(block)
            keys += [name + end for end in ends]
    return np.hstack(blocks), keys


def learn(x, y, l2, weight):
    """C sum c_i loss_i + |w|^2 / 2 at its least: the tool's objective over l2, with C = 1 / l2."""
    if weight != "balanced":
        weight = {1: 1 if weight == "none" else float(weight)}
    return LogisticRegression(C=1 / l2, solver="newton-cholesky", tol=1e-12, max_iter=1000,
                              class_weight=weight).fit(x, y)


def standard_errors(x, y, l2, weight, fit):
    """The roots of the diagonal of the inverse of the Hessian of the objective at its least."""
    n = len(y)
    if weight == "balanced":
        weights = np.where(y, n / (2 * y.sum()), n / (2 * (n - y.sum())))
    else:
        weights = np.where(y, 1.0 if weight == "none" else float(weight), 1.0)
    p = fit.predict_proba(x)[:, 1]
    x = np.hstack([np.ones((n, 1)), x])
    hessian = x.T @ (x * (weights * p * (1 - p))[:, None]) + np.diag([0.0] + [l2] * (x.shape[1] - 1))
    return np.sqrt(np.diag(np.linalg.inv(hessian)))


def compare(l2, weight, path, predictions, x, y, keys, in_train):
    """The largest differences of the coefficients and of the probabilities."""
    head, columns = train.read_model(path)
    coef = train.coefficients(columns)
    # To the others, where no train row is one of them, scikit-learn gives no column.
    known = [k for k in coef if k[-1] != "*" or k in keys or coef[k] != 0]
    if set(known) != set(keys):
        sys.exit("%s: the coefficients are of %r" % (path, sorted(set(known) ^ set(keys))))
    got = np.array([float(head["intercept"][0])] + [coef[k] for k in keys])
    fit = learn(x.astype(np.float32).astype(float)[in_train], y[in_train], float(l2), weight)
    want = np.concatenate([fit.intercept_, fit.coef_[0]])
    difference = np.abs(got - want) / np.maximum(np.abs(want), ZERO * np.sqrt(np.mean(want**2)))
    worst = np.argmax(difference)
    if not difference[worst] <= COEFFICIENT:
        sys.exit("%s: the coefficient of %r is %r, not %r" % (path, (["intercept"] + keys)[worst], got[worst],
                                                               want[worst]))
    errors = train.coefficients(columns, errors=True)
    got = np.array([float(head["intercept"][1])] + [errors[k] for k in keys])
    want = standard_errors(x.astype(np.float32).astype(float)[in_train], y[in_train], float(l2), weight, fit)
    worst_error = np.abs(got / want - 1).max()
    if not worst_error <= ERROR:
        sys.exit("%s: a standard error is off by %g of itself" % (path, worst_error))
    said = np.array([float(r["completion_probability"]) for r in train.read_csv(predictions)])
    off = np.abs(said - fit.predict_proba(x)[:, 1]).max()
    if not off <= PROBABILITY:
        sys.exit("%s: a probability is off by %g" % (predictions, off))
    return difference[worst], off, worst_error


def main(features, *files):
    warnings.simplefilter("error")  # scikit-learn only warns of a fit that did not converge
    rows = train.read_csv(features)
    _, parts = train.split(rows)
    in_train = np.array([p == "train" for p in parts])
    x, keys = encode(rows, in_train)
    y = np.array([int(r["is_completion"] or 0) for r in rows])
    worst = [compare(*files[i:i + 4], x, y, keys, in_train) for i in range(0, len(files), 4)]
    print("%d models of %d coefficients: %d coefficients within %.1e, their standard errors within %.1e, %d "
          "probabilities within %.1e" % (
              len(worst), len(keys), len(worst) * (len(keys) + 1), max(w[0] for w in worst),
              max(w[2] for w in worst), len(worst) * len(rows), max(w[1] for w in worst)))


if __name__ == "__main__":
    main(*sys.argv[1:])
