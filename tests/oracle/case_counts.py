#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the oracle cases of every operator in tests/golden/*.kat; exit 1 if one has fewer than 20, or if lines of
some kind belong to no operator here.

An operator is named by its golden file, a kind of line and, where a kind is shared, the word that tells whose
line it is. Kinds that belong together count together.
"""
import pathlib
import sys

LEAST = 20
GOLDEN = pathlib.Path(__file__).parent.parent / "golden"
WHOLE_RUNS = ("examples", "result_id", "training_steps")  # answers of whole runs, not of operators
ELEMENTARY = ("exp", "expm1", "log", "log1p", "tanh", "sigmoid", "erf", "gelu", "gelu_derivative")


def operators():
    """name, file, kinds, words of which a line must have one among its inputs (none: any line)"""
    yield "fma32", "matmul", ("product",), ()
    for spec in ("int8x2", "int8x3"):
        yield spec, "sliced_matmul", (spec, f"{spec}_words", f"{spec}_periodic"), ()
    yield "exact sum", "exact_sum", ("terms", "generated"), ()
    yield "exact sum of products", "exact_sum", ("products",), ()
    yield "norm", "exact_sum", ("norm",), ()
    yield "exact sum of binary64", "exact_sum", ("doubles",), ()
    yield "column sums", "exact_sum", ("column_sums",), ()
    yield "column statistics", "exact_sum", ("moments", "generated"), ()
    for name in ELEMENTARY + ("cospi_unit", "power_of"):
        yield name, "elementary", (name,), ()
    yield "random words", "philox", ("philox", "word"), ()
    yield "random keys", "philox", ("key",), ()
    yield "shuffle", "philox", ("shuffle",), ()
    yield "split", "split", ("split",), ()
    yield "tile digest of floats", "tile_digest", ("floats", "generated"), ()
    yield "tile digest of int64", "tile_digest", ("int64", "counting"), ()
    for name in ("standardize", "min_max", "clip", "log1p"):
        yield f"feature {name}", "feature", (name,), ()
    for name in ("standardize", "min_max", "impute_mean", "impute_median", "impute_most_frequent"):
        yield f"fitted {name}", "feature", (f"fitted_{name}",), ()
    yield "metrics of classes", "metric", ("classes",), ()
    yield "metrics of numbers", "metric", ("numbers",), ()
    yield "initialisation", "training", ("initialisation",), ()
    yield "dropout", "training", ("dropout", "dropout_of"), ()
    yield "layer norm", "training", ("layer_norm", "layer_norm_of"), ()
    for kind in ("conv_forward", "conv_weight_gradient", "conv_input_gradient"):
        yield f"{kind} fma32", "conv", (kind,), ("fma32",)
        yield f"{kind} int8", "conv", (kind,), ("int8x2", "int8x3")
    for kind in ("max_pooling", "average_pooling", "global_average", "image_moves", "batch_norm", "batch_norm_inference"):
        yield kind, "conv", (kind,), ()
    yield "softmax", "training", ("softmax",), ()
    yield "class weights", "training", ("class_weights",), ()
    yield "target scale", "training", ("target_scale",), ()
    yield "clipping", "training", ("clipping",), ()
    for name in ("relu", "tanh", "sigmoid", "gelu"):
        yield f"activation {name}", "training", ("activation",), (name,)
    for name in ("mse", "huber", "binary_cross_entropy", "cross_entropy"):
        yield f"loss {name}", "training", ("loss", "loss_of"), (name,)
    for name in ("sgd", "adam", "adamw"):
        yield f"optimizer {name}", "training", ("optimizer", "optimizer_of"), (name,)
    for name in ("constant", "step", "cosine"):
        yield f"schedule {name}", "training", ("schedule",), (name,)


def uncounted(cases):
    """The kinds of oracle lines that no operator above claims, as "file: kind"."""
    claimed = {(stem, kind) for _, stem, kinds, _ in operators() for kind in kinds}
    found = {(stem, line[1]) for stem, lines in cases.items() if stem not in WHOLE_RUNS
             for line in lines if line[:1] == ["oracle"]}
    return sorted(f"{stem}: {kind}" for stem, kind in found - claimed)


def main():
    cases = {path.stem: [line.partition(" =")[0].split() for line in path.read_text().splitlines()]
             for path in GOLDEN.glob("*.kat")}
    too_few = False
    for missing in uncounted(cases):
        print(f"      {missing} belongs to no operator of this list")
        too_few = True
    for name, stem, kinds, words in operators():
        n = sum(line[:1] == ["oracle"] and line[1] in kinds and (not words or line[2] in words or line[3] in words)
                for line in cases[stem])
        print(f"{n:5} {name}{'' if n >= LEAST else f'   fewer than {LEAST}'}")
        too_few = too_few or n < LEAST
    return int(too_few)


if __name__ == "__main__":
    sys.exit(main())
