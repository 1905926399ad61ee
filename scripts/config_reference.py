#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/config.md, the reference of every configuration key, from docs/config.schema.json.

    scripts/config_reference.py           write docs/config.md
    scripts/config_reference.py --check   fail when docs/config.md is not what would be written
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "docs" / "config.schema.json"
REFERENCE = ROOT / "docs" / "config.md"
LARGEST_BINARY32 = 3.4028234663852886e38

INTRODUCTION = """\
# Configuration reference

<!-- Generated from config.schema.json by scripts/config_reference.py; do not edit. -->

A run is described by one JSON file: `reprotrain --config run.json`. The smallest one that trains:

```json
{
  "config_version": 1,
  "data": {"source": "table.csv", "target": "price"},
  "model": {"type": "linear_regression"},
  "train": {"loss": {"type": "mse"}}
}
```

- The file is strict JSON (RFC 8259, UTF-8): no comments, no duplicate keys. Unknown, missing, mistyped and
  out-of-range keys are errors that name file, line, column and JSON pointer.
- Relative paths start at the folder of the configuration file.
- `--set train.batch_size=64` changes a key for one run. Entries of lists go by their number from 0
  (`features.0.strategy=median`); a JSON pointer (`/data/columns/a.b=numeric`) reaches keys that contain dots.
  The schema decides how the value is read: as it stands where only a text is accepted, else as JSON.
- `--print-config` shows the configuration with every default filled in.
- **Identity**: keys marked *yes* decide the numbers and enter the `result_id`; the others never change a bit.

The machine-readable form is [config.schema.json](config.schema.json), from which this page is made; the program
is built from the same file, so that all three agree.
"""


def expand(node, definitions):
    """The node with every $ref below it replaced; siblings of a $ref win."""
    if isinstance(node, list):
        return [expand(entry, definitions) for entry in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        rest = {word: value for word, value in node.items() if word != "$ref"}
        node = {**definitions[node["$ref"].removeprefix("#/$defs/")], **rest}
    return {word: expand(value, definitions) for word, value in node.items() if word != "$defs"}


def code(value):
    return f"`{json.dumps(value, ensure_ascii=False)}`".replace("|", "\\|")


def type_of(node):
    """'integer', 'one of `a`, `b`', 'list of ...'."""
    if "oneOf" in node:
        objects = [n for n in node["oneOf"] if n.get("type") == "object"]
        others = [type_of(n) for n in node["oneOf"] if n.get("type") != "object"]
        return " or ".join(others + (["object"] if objects else []))
    if "const" in node:
        return code(node["const"])
    if "enum" in node:
        words = [code(value) for value in node["enum"]]
        return words[0] if len(words) == 1 else "one of " + ", ".join(words)
    names = node["type"] if isinstance(node["type"], list) else [node["type"]]
    names = ["list of " + type_of(node["items"]) if name == "array" and "oneOf" not in node["items"] else
             "object of name to " + type_of(node["additionalProperties"])
             if name == "object" and node.get("additionalProperties") else
             {"array": "list", "string": "text"}.get(name, name) for name in names]
    return " or ".join(names)


def number(value):
    return str(value) if isinstance(value, int) else f"{value:.17g}".replace("e+", "e")


def counted(count, unit):
    plural = unit[:-1] + "ies" if unit.endswith("y") else unit + "s"
    return f"{count} {unit if count == 1 else plural}"


def range_of(node):
    """'>= 1, <= 10' for numbers, '1 to 64 entries' for lists and texts."""
    parts = []
    if node.get("maximum") == LARGEST_BINARY32 == -node.get("minimum", 0):
        return "finite in binary32"
    for word, sign in (("minimum", "≥"), ("exclusiveMinimum", ">"), ("maximum", "≤"), ("exclusiveMaximum", "<")):
        if word in node:
            parts.append(f"{sign} {number(node[word])}")
    for least, most, unit in (("minItems", "maxItems", "entry"), ("minLength", "maxLength", "character")):
        if least in node or most in node:
            low, high = node.get(least, 0), node.get(most)
            parts.append(f"at least {counted(low, unit)}" if high is None else
                         counted(low, unit) if low == high else
                         f"at most {counted(high, unit)}" if low == 0 else
                         f"{low} to {counted(high, unit)}")
    if node.get("uniqueItems"):
        parts.append("no repeats")
    if "items" in node and range_of(node["items"]):
        parts.append("each " + range_of(node["items"]))
    for alternative in node.get("oneOf", []):
        if alternative.get("type") != "object" and range_of(alternative):
            parts.append(range_of(alternative))
    return ", ".join(parts)


def default_of(node, required):
    if required:
        return "required"
    return code(node["default"]) if "default" in node else "optional"


def row(key, node, required):
    cells = [f"`{key}`", type_of(node), default_of(node, required), range_of(node),
             "yes" if node["x-identity"] else "no", node["description"].replace("|", "\\|")]
    return "| " + " | ".join(cells) + " |"


def objects_of(node):
    """The object alternatives of a node, each with a title ('' for the only one)."""
    found = []
    for alternative in node.get("oneOf", [node]):
        if alternative.get("type") != "object":
            continue
        title = alternative.get("title", "") if "oneOf" in node else ""
        for key, member in alternative.get("properties", {}).items():
            if "const" in member:
                title = f'"{key}": "{member["const"]}"'
        found.append((title, alternative))
    return found


def table(node):
    lines = ["| Key | Type | Default | Range | Identity | Meaning |", "|---|---|---|---|---|---|"]
    for key, member in node["properties"].items():
        lines.append(row(key, member, key in node.get("required", [])))
    return lines


def section(pointer, node, lines, shown):
    """A heading, a table for each alternative, then the sections of the members that hold objects. Alternatives that
    `shown` has had under another pointer are named only."""
    alternatives = objects_of(node)
    described = [n for _, n in alternatives if n.get("properties")]
    if not described:
        return
    lines += ["", f"## `{pointer}`" if pointer else "## Top level"]
    if node.get("description"):
        lines += ["", node["description"]]
    before = {shown.get(json.dumps(alternative)) for _, alternative in alternatives}
    if len(alternatives) > 1 and len(before) == 1 and None not in before:
        words = ", ".join(f"`{title}`" for title, _ in alternatives)
        lines += ["", f"As in `{before.pop()}`: {words}."]
        return
    shown.update((json.dumps(alternative), pointer) for _, alternative in alternatives)
    for title, alternative in alternatives:
        if title:
            lines += ["", f"### `{pointer}` with `{title}`" if ":" in title else f"### `{pointer}` by {title}"]
            if alternative.get("description"):
                lines += ["", alternative["description"]]
        lines += [""] + table(alternative)
    for _, alternative in alternatives:
        for key, member in alternative["properties"].items():
            if member.get("type") == "array" and "items" in member:
                inner = {**member["items"], "description": member["description"]}
                section(f"{pointer}/{key}/*", inner, lines, shown)
            else:
                section(f"{pointer}/{key}", member, lines, shown)


def reference():
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    lines = [INTRODUCTION.rstrip("\n")]
    section("", expand(schema, schema["$defs"]), lines, {})
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if sys.argv[1:] in (["-h"], ["--help"]):
        print(__doc__)
        sys.exit()
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    if sys.argv[1:] == ["--check"]:
        if not REFERENCE.exists() or REFERENCE.read_text(encoding="utf-8") != reference():
            sys.exit("docs/config.md is not what scripts/config_reference.py writes; run it")
    else:
        REFERENCE.write_text(reference(), encoding="utf-8")
