# SPDX-License-Identifier: Apache-2.0
"""Sealing the record of an edited run again: what a careful forger would do."""
import hashlib
import json


def canonical(value):
    """RFC 8785 for the values that records hold (no exotic numbers)."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(key) + ":" + canonical(value[key]) for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(canonical, value)) + "]"
    if isinstance(value, float):
        return number_text(value)
    return json.dumps(value, ensure_ascii=False)


def number_text(value):
    text = repr(value)
    mantissa, _, exponent = text.partition("e")
    if not exponent:
        return text
    power = int(exponent)
    digits = mantissa.replace(".", "").replace("-", "")
    sign = "-" if value < 0 else ""
    if -7 < power < 0:
        return sign + "0." + "0" * (-power - 1) + digits
    return f"{mantissa}e{'+' if power > 0 else '-'}{abs(power)}"


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def reseal(run):
    """Makes an edited record consistent again: what a careful forger would do."""
    path = run / "run.json"
    record = json.loads(path.read_text())
    for name in record["files"]:
        record["files"][name] = hashlib.sha256((run / name).read_bytes()).hexdigest()
    del record["record_sha256"]
    record["record_sha256"] = sha256(canonical(record))
    path.write_text(json.dumps(record, indent=2) + "\n")
