# SPDX-License-Identifier: Apache-2.0
"""The report of bench/gpu/train_beside_torch.py: ratios, what they should be, one JSON and one Markdown file."""
import json
import os
import statistics

from train_workloads import NO_TRACE, TRACE, TRACE_STRIDE

MOST_MEMORY = 1.2  # of what PyTorch takes
LEAST_TRACED = 0.98  # of the speed without a trace


def speed_aim(workload, ours, peer):
    """The least ratio of samples a second that is aimed at, or None."""
    same_precision = ours.arithmetic == peer.arithmetic or (ours.arithmetic == "fma32" and peer.arithmetic == "fp32")
    if workload.model_name == "mlp" and same_precision and peer.settings == "default":
        return 1.0 if peer.style == "compile" else 3.0 if workload.batch == 128 else None
    if workload.model_name == "resnet18":
        if ours.side == "device" and same_precision:
            return 1.0
        if ours.arithmetic == "int8x2":
            return {"fp32": 1.0, "tf32": 0.7}.get(peer.arithmetic)
    return None


def pairs(comparison):
    """(ours, peer) of every ratio that says something."""
    ours = [contender for contender in comparison.contenders if contender.is_ours()]
    if comparison.subject == TRACE:
        return [(traced, other) for traced in ours for other in ours
                if (traced.side, traced.trace_stride, other.trace_stride) == (other.side, TRACE_STRIDE, NO_TRACE)]
    return [(contender, peer) for contender in ours for peer in comparison.contenders if not peer.is_ours()]


def ratios(comparison, rows):
    """Of speed, the median over the rounds, and of memory; `rows` by the contender's name. A row with a reason has none."""
    found = []
    for ours, peer in pairs(comparison):
        our_row, peer_row = rows.get(ours.name()), rows.get(peer.name())
        if not has_figure(our_row) or not has_figure(peer_row):
            continue
        speed = statistics.median(mine / its for mine, its in zip(our_row["turns"], peer_row["turns"]))
        aim = LEAST_TRACED if comparison.subject == TRACE else speed_aim(comparison.workload, ours, peer)
        ratio = {"comparison": comparison.name(), "ours": ours.name(), "peer": peer.name(), "speed": round(speed, 4),
                 "least_speed": aim, "speed_met": None if aim is None else speed >= aim, "memory": None, "most_memory": None,
                 "memory_met": None}
        if comparison.subject != TRACE and our_row["memory_bytes"] and peer_row["memory_bytes"]:
            memory = our_row["memory_bytes"] / peer_row["memory_bytes"]
            ratio.update(memory=round(memory, 4))
            if peer.settings == "default":
                ratio.update(most_memory=MOST_MEMORY, memory_met=memory <= MOST_MEMORY)
        found.append(ratio)
    return found


def has_figure(row):
    return row is not None and row["reason"] is None and bool(row["turns"])


def write_report(report, folder):
    """Writes train-beside-torch.json and .md; whoever reads them meanwhile sees the ones before."""
    replace(folder / "train-beside-torch.json", json.dumps(report, indent=1) + "\n")
    replace(folder / "train-beside-torch.md", markdown(report))


def replace(path, text):
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    os.replace(new, path)


def markdown(report):
    lines = ["# Training beside PyTorch", "", machine_line(report), ""]
    if report["rehearsal"]:
        lines += ["**A rehearsal on the CPU with small shapes: no figure of it says anything about a GPU.**", ""]
    if report["torch_missing"]:
        lines += [f"**Ours alone: {cell(report['torch_missing'])}.**", ""]
    order = "one contender after another" if report["one_at_a_time"] else "taking turns"
    lines += [f"{report['turn_seconds']:g} s a turn, {order}, up to {report['rounds']} rounds; medians, ratios by the round. Speed "
              "is the rate of ours over the peer's, memory ours over the peer's.",
              f"Memory: {cell(report['memory_measure'])}."]
    if not report["complete"]:
        lines += ["", "Not complete."]
    for name in dict.fromkeys(row["comparison"] for row in report["rows"]):
        lines += ["", f"## {name}", "", *row_table(row for row in report["rows"] if row["comparison"] == name)]
        lines += ratio_table([ratio for ratio in report["ratios"] if ratio["comparison"] == name])
    return "\n".join(lines) + "\n"


def row_table(rows):
    yield from ("| Contender | Samples/s | Rounds | Memory, MiB |", "|---|---|---|---|")
    for row in rows:
        rate = row["samples_per_second"]
        rate = f"no figure: {cell(row['reason'] or 'not yet')}" if rate is None else f"{rate:,.0f}"
        if row.get("cuda_graphs_skipped"):
            rate += " (it went without CUDA graphs)"
        memory = f"{row['memory_bytes'] / 2**20:,.0f}" if row["memory_bytes"] else ""
        yield f"| {row['contender']} | {rate} | {len(row['turns'])} | {memory} |"


def ratio_table(found):
    if not found:
        return []
    lines = ["", "| Ours | Peer | Speed | Aim | Memory | Aim |", "|---|---|---|---|---|---|"]
    for ratio in found:
        memory = "" if ratio["memory"] is None else f"{ratio['memory']:.2f}"
        lines.append(f"| {ratio['ours']} | {ratio['peer']} | {ratio['speed']:.3f} | "
                     f"{aim_text(ratio['least_speed'], ratio['speed_met'], '≥')} | {memory} | "
                     f"{aim_text(ratio['most_memory'], ratio['memory_met'], '≤')} |")
    return lines


def aim_text(aim, is_met, sign):
    return "" if aim is None else f"{sign} {aim:g}{'' if is_met else ' (missed)'}"


def machine_line(report):
    environment, torch = report["environment"], report["torch"]
    parts = [report["started"]]
    if environment:
        gpus = environment["gpu"]["devices"]
        parts += [", ".join(gpu["name"] for gpu in gpus) or "no GPU", fact(environment["cpu"]["model"]),
                  f"commit {fact(environment['program']['commit'])}"]
    if torch:
        parts.append(f"PyTorch {torch['torch']}, CUDA {torch['cuda'] or 'none'}, cuDNN {torch['cudnn'] or 'none'}")
    return "; ".join(parts) + "."


def fact(value):
    return value if isinstance(value, str) else f"unknown: {value['unknown']}"


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")
