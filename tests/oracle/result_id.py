#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Independent implementation of the result id (definition rr1) and of RFC 8785, in Python.

Prints one line a case: the id, a tab, the case as JSON. `--check FILE` compares FILE with that (ignoring
lines that begin with '#'). The cases below are the test vectors of docs/run-record.md.
"""
import hashlib
import json
import math
import struct
import sys


def number(value):
    """ECMAScript's Number::toString, from the shortest digits that Python's repr finds."""
    if isinstance(value, int):
        assert abs(value) <= 2**53
        return str(value)
    assert math.isfinite(value)
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    n_leading_zeros = len(whole + fraction) - len(digits)
    point = len(whole) + int(exponent or 0) - n_leading_zeros  # value = 0.digits * 10^point
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return sign + digits[:point] + "." + digits[point:]
    if -6 < point <= 0:
        return sign + "0." + "0" * -point + digits
    power = point - 1
    head = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return f"{sign}{head}e{'+' if power > 0 else '-'}{abs(power)}"


def canonical(value):
    """RFC 8785 text of a JSON value."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list):
        return "[" + ",".join(canonical(v) for v in value) + "]"
    keys = sorted(value, key=lambda k: k.encode("utf-16-be"))
    return "{" + ",".join(canonical(k) + ":" + canonical(value[k]) for k in keys) + "}"


def bits(metric):
    if math.isnan(metric):
        return "7ff8000000000000"
    return struct.pack(">d", metric).hex()


def result_id(case):
    document = {
        "definition": "rr1",
        "config": case["config"],
        "arithmetic": sorted(set(case["arithmetic"])),
        "inputs": case["inputs"],
        "splits": case["splits"],
        "outputs": case["outputs"],
        "metrics": {name: bits(float(value)) for name, value in case["metrics"].items()},
    }
    return "rr1:" + hashlib.sha256(canonical(document).encode()).hexdigest()


def cases():
    yield {"config": {}, "arithmetic": [], "inputs": {}, "splits": {}, "outputs": {}, "metrics": {}}
    yield {
        "config": {"config_version": 1, "seed": 42, "train": {"optimizer": {"learning_rate": 0.001}}},
        "arithmetic": ["fma32-v1-draft", "exact-sum-v1-draft"],
        "inputs": {"source": "h5c1:" + "ab" * 32},
        "splits": {"train": "01" * 32, "validation": "02" * 32, "test": "03" * 32},
        "outputs": {"model/parameters/layer0/weight": "04" * 32, "model/parameters/layer0/bias": "05" * 32},
        "metrics": {"test/accuracy": "0.9722222222222222", "test/log_loss": "0.1"},
    }
    yield {
        "config": {"data": {"columns": {"\u20ac": "numeric", "\U0001f600": "categorical", "\ufb33": "numeric"}},
                   "numbers": [1e21, 1e-7, 123456789012345680000.0, 0.000001, -0.5, 2**53]},
        "arithmetic": ["b", "a", "b"],
        "inputs": {"labels": "h5c1:" + "0f" * 32, "source": "h5c1:" + "f0" * 32},
        "splits": {"train": "", "validation": "", "test": ""},
        "outputs": {"t\n\"\\": "00" * 32},
        "metrics": {"nan": "nan", "inf": "-inf", "zero": "-0.0", "tiny": "5e-324"},
    }


def lines():
    return [result_id(case) + "\t" + json.dumps(case) for case in cases()]


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--check":
        with open(sys.argv[2], encoding="utf-8") as file:
            found = [line.rstrip("\n") for line in file if not line.startswith("#")]
        if found != lines():
            sys.exit(f"{sys.argv[2]} does not hold the oracle's vectors")
    else:
        print("\n".join(lines()))
