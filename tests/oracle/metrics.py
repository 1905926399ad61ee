# SPDX-License-Identifier: Apache-2.0
"""Metrics, from docs/arithmetic.md ("Metrics"), with rational numbers.

    python3 tests/oracle/metrics.py > tests/golden/metric.kat

Where scikit-learn is installed, its values are compared too (to twelve digits) on cases whose rules agree.
"""
import random
from fractions import Fraction
from math import isqrt

from elementary import rounded_function
from ieee import Float
from philox import float_bits_of_word
from rounding import BINARY32, BINARY64, NAN, hex_of, infinity, rounded_bits, sign_bit, value_of

NAN64 = NAN[BINARY64]


def f64(value):
    return rounded_bits(Fraction(value), BINARY64)


def exact(bits):
    return value_of(bits, BINARY64)


def mean_of_rounded(bits):
    """f64(f64(exact sum) / count)."""
    if not bits:
        return NAN64
    return f64(exact(f64(sum(exact(b) for b in bits))) / len(bits))


def f1(true, predicted, c):
    hit = sum(t == p == c for t, p in zip(true, predicted))
    return f64(Fraction(2 * hit, true.count(c) + predicted.count(c)))


def log_loss(true, probabilities):
    terms = []
    for t, row in zip(true, probabilities):
        p = value_of(row[t], BINARY32)
        if p == "nan":
            return NAN64
        p = min(max(p, Fraction(2) ** -149), Fraction(1))
        terms.append((-rounded_function("log", Float.rounded(p))).exact())
    return f64(sum(terms) / len(terms)) if terms else NAN64


def area(scores, positive):
    pairs = [(p, n) for p, is_p in zip(scores, positive) if is_p for n, is_n in zip(scores, positive) if not is_n]
    if not pairs:
        return None
    twice = sum(2 if p > n else 1 if p == n else 0 for p, n in pairs)
    return f64(Fraction(twice, 2 * len(pairs)))


def roc_auc(true, probabilities, n_classes):
    columns = [[value_of(row[c], BINARY32) for row in probabilities] for c in range(n_classes)]
    if n_classes == 2:
        columns[0] = columns[1]
    if any(v == "nan" for column in columns for v in column):
        return NAN64
    areas = {c: area(columns[c], [t == c for t in true]) for c in range(n_classes)}
    if n_classes == 2:
        return NAN64 if areas[1] is None else areas[1]
    return mean_of_rounded([a for a in areas.values() if a is not None])


def classification(true, predicted, probabilities, n_classes):
    n = len(true)
    correct = sum(t == p for t, p in zip(true, predicted))
    accuracy = f64(Fraction(correct, n)) if n else NAN64
    occurring = sorted(set(true) | set(predicted))
    macro = mean_of_rounded([f1(true, predicted, c) for c in occurring])
    return {"accuracy": accuracy, "f1_micro": f64(Fraction(2 * correct, 2 * n)) if n else NAN64, "f1_macro": macro,
            "log_loss": log_loss(true, probabilities), "roc_auc": roc_auc(true, probabilities, n_classes)}


def root(bits):
    """Correctly rounded binary64 square root of a non-negative binary64."""
    value = exact(bits)
    if value == 0:
        return 0
    shift = 2 * 1400
    low = isqrt(value.numerator * 2**shift // value.denominator)
    nearest = Fraction(low, 2 ** (shift // 2))
    if nearest * nearest != value:
        nearest += Fraction(1, 2 ** (shift // 2 + 1))  # an irrational root is never at a tie
    return f64(nearest)


def regression(predictions, targets):
    p = [value_of(b, BINARY32) for b in predictions]
    t = [value_of(b, BINARY32) for b in targets]
    n = len(p)
    if n == 0:
        return {"rmse": NAN64, "mae": NAN64, "r2": NAN64}
    special = {v for v in p + t if isinstance(v, str)}
    if special:  # only cases whose outcome is plain: one NaN, or infinities that do not meet
        if "nan" in special:
            return {"rmse": NAN64, "mae": NAN64, "r2": NAN64}
        inf = infinity(BINARY64)
        return {"rmse": inf, "mae": inf, "r2": NAN64 if any(isinstance(v, str) for v in t) else inf | sign_bit(BINARY64)}
    mse = f64(sum((a - b) ** 2 for a, b in zip(p, t)) / n)
    variance = f64((n * sum(v * v for v in t) - sum(t) ** 2) / Fraction(n) ** 2)
    if variance == 0:
        r2 = f64(1) if mse == 0 else 0
    else:
        r2 = f64(1 - exact(f64(exact(mse) / exact(variance))))
    return {"rmse": root(mse), "mae": f64(sum(abs(a - b) for a, b in zip(p, t)) / n), "r2": r2}


def print_case(kind, words, metrics):
    print("oracle", kind, *words, "=", *(f"{name} {hex_of(bits, BINARY64)}" for name, bits in metrics.items()))


def compare_with_scikit_learn(classes, numbers):
    try:
        import numpy
        from sklearn import metrics as sk
    except ImportError:
        return
    for true, predicted, probabilities, k in classes:
        rows = [[value_of(b, BINARY32) for b in row] for row in probabilities]
        if len(set(true)) < k or len(true) < 5 or any(isinstance(v, str) for row in rows for v in row):
            continue
        ours = {name: float(exact(bits)) for name, bits in classification(true, predicted, probabilities, k).items()}
        theirs = {"accuracy": sk.accuracy_score(true, predicted),
                  "f1_micro": sk.f1_score(true, predicted, average="micro"),
                  "f1_macro": sk.f1_score(true, predicted, average="macro")}
        scores = numpy.array(rows, dtype=float)
        areas = [sk.roc_auc_score([t == c for t in true], scores[:, c]) for c in (range(k) if k > 2 else [1])]
        theirs["roc_auc"] = sum(areas) / len(areas)
        for name, value in theirs.items():
            assert abs(ours[name] - value) < 1e-12, (name, ours[name], value)
    for predictions, targets in numbers:
        p, t = ([value_of(b, BINARY32) for b in side] for side in (predictions, targets))
        if len(p) < 2 or any(isinstance(v, str) for v in p + t) or max(map(abs, p + t)) > 2**40:
            continue
        p, t = [float(v) for v in p], [float(v) for v in t]
        ours = {name: float(exact(bits)) for name, bits in regression(predictions, targets).items()}
        theirs = {"rmse": sk.mean_squared_error(t, p) ** 0.5, "mae": sk.mean_absolute_error(t, p), "r2": sk.r2_score(t, p)}
        for name, value in theirs.items():
            assert abs(ours[name] - value) <= 1e-9 * max(1, abs(value)), (name, ours[name], value)


def classification_cases():
    rng = random.Random(11)
    one, half, zero, nan = 0x3F800000, 0x3F000000, 0, 0x7FC00000
    yield [], [], [], 2
    yield [], [], [], 3
    yield [1], [1], [[zero, one]], 2
    yield [0, 0], [0, 1], [[half, half], [zero, one]], 2
    yield [0, 1], [0, 1], [[one, zero], [zero, one]], 2
    yield [0, 1], [1, 0], [[zero, one], [one, zero]], 2
    yield [0, 1, 1, 0], [1, 1, 1, 1], [[half, half]] * 4, 2
    yield [0, 1], [0, 1], [[one, 0x80000000], [one, zero]], 2
    yield [0, 1], [0, 1], [[one, nan], [zero, one]], 2
    yield [0, 1, 1], [0, 0, 1], [[one, zero, zero], [half, half, zero], [zero, 1, nan]], 3
    yield [0, 1, 1], [0, 0, 1], [[one, zero, zero], [half, half, zero], [zero, 1, zero]], 3
    yield [0, 0, 1], [0, 0, 0], [[0x3F800001, 0xBF800000], [half, 0x40000000], [half, 1]], 2
    for n in (5, 8, 31, 33, 40):
        for k in (2, 3, 5):
            for levels in (2, 8, 2**20):
                true = [rng.randrange(k) for _ in range(n)]
                predicted = [t if rng.random() < 0.7 else rng.randrange(k) for t in true]
                rows = [[rounded_bits(Fraction(rng.randrange(levels + 1), levels), BINARY32) for _ in range(k)]
                        for _ in range(n)]
                yield true, predicted, rows, k


def regression_cases():
    rng = random.Random(12)
    one, inf, nan = 0x3F800000, 0x7F800000, 0x7FC00000
    yield [], []
    yield [one], [one]
    yield [one], [0x40000000]
    yield [one, one], [one, one]
    yield [one, 0], [one, one]
    yield [one, inf], [one, one | 1]
    yield [one, one], [one, 0xFF800000]
    yield [nan, one], [one, 0]
    yield [0x7F7FFFFF, 0xFF7FFFFF], [0xFF7FFFFF, 0x7F7FFFFF]
    yield [1, 0x80000001], [0x80000001, 1]
    yield [0x7F7FFFFF, 1], [1, 0x7F7FFFFF]
    for n in (2, 3, 7, 31, 33, 50):
        for low, width in ((120, 12), (0, 255), (125, 1), (0, 3)):
            yield tuple([float_bits_of_word(rng.getrandbits(32), low, width) for _ in range(n)] for _ in range(2))
        targets = [float_bits_of_word(rng.getrandbits(32), 127, 4) for _ in range(n)]
        yield [b ^ rng.randrange(1 << 18) for b in targets], targets


def main():
    classes, numbers = list(classification_cases()), list(regression_cases())
    compare_with_scikit_learn(classes, numbers)
    print("# Metrics. Written by tests/oracle/metrics.py.")
    print("# classes: n_classes n true(n) predicted(n) probabilities(n x n_classes, binary32) = name binary64 ...")
    print("# numbers: n predictions(n, binary32) targets(n, binary32) = name binary64 ...")
    for true, predicted, probabilities, k in classes:
        words = [k, len(true), *true, *predicted, *(hex_of(b, BINARY32) for row in probabilities for b in row)]
        print_case("classes", words, classification(true, predicted, probabilities, k))
    for predictions, targets in numbers:
        words = [len(targets), *(hex_of(b, BINARY32) for b in predictions + targets)]
        print_case("numbers", words, regression(predictions, targets))


if __name__ == "__main__":
    main()
