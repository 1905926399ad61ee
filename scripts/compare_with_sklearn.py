#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains scikit-learn on the features and the split of finished runs and prints both test scores.

    scripts/compare_with_sklearn.py RUN_DIR...        (python3-sklearn and python3-h5py from Debian)

Both sides see the same matrix (result/features.h5) and the same rows. scikit-learn's networks stop and start elsewhere,
so several of its seeds are shown; linear models have none.
"""
import json
import pathlib
import statistics
import sys
import warnings

import h5py
import numpy
from sklearn import linear_model, metrics, neural_network


def load(run):
    with h5py.File(run / "result/features.h5") as file:
        features = file["X"][:]
        target = file["y"][:]
        split = file["split"].asstr()[:]
    if target.dtype == object:
        target = target.astype(str)
    return features, target, split


def peer(config, seed):
    """The scikit-learn model nearest to a configuration."""
    model, train = config["model"], config["train"]
    if model["type"] == "linear_regression":
        return linear_model.LinearRegression()
    if model["type"] in ("logistic_regression", "softmax_regression"):
        return linear_model.LogisticRegression(max_iter=5000)
    regresses = train["loss"]["type"] in ("mse", "huber")
    network = neural_network.MLPRegressor if regresses else neural_network.MLPClassifier
    return network(hidden_layer_sizes=tuple(model["hidden"]), batch_size=train["batch_size"], max_iter=train["epochs"],
                   learning_rate_init=train["optimizer"]["learning_rate"], random_state=seed)


def score(config, truth, predicted):
    if config["train"]["loss"]["type"] in ("mse", "huber"):
        return "rmse", float(numpy.sqrt(metrics.mean_squared_error(truth, predicted)))
    return "accuracy", float(metrics.accuracy_score(truth, predicted))


def peer_scores(config, features, target, split):
    train, test = split == "train", split == "test"
    scale = (0.0, 1.0)
    if config["train"]["target_transform"] == "standardize":
        scale = (target[train].mean(), target[train].std())
    fitted_target = (target - scale[0]) / scale[1] if scale != (0.0, 1.0) else target
    scores = []
    for seed in range(5 if config["model"]["type"] == "mlp" else 1):
        model = peer(config, seed).fit(features[train], fitted_target[train])
        predicted = model.predict(features[test])
        if scale != (0.0, 1.0):
            predicted = predicted * scale[1] + scale[0]
        name, value = score(config, target[test], predicted)
        scores.append(value)
    return name, scores


def main():
    warnings.filterwarnings("ignore")
    print(f"{'run':22} {'metric':10} {'reprotrain':>12} {'scikit-learn':>14}   (median; range over seeds)")
    for run in map(pathlib.Path, sys.argv[1:]):
        record = json.loads((run / "run.json").read_text())
        config = record["config"]
        name, scores = peer_scores(config, *load(run))
        ours = record["metrics"][f"test/{name}"]["value"]
        print(f"{config['name']:22} {name:10} {ours:12.6g} {statistics.median(scores):14.6g}   "
              f"({min(scores):.6g} .. {max(scores):.6g})", flush=True)


if __name__ == "__main__":
    main()
