# SPDX-License-Identifier: Apache-2.0
"""The report of scripts/gpu-check.sh: one JSON file for programs, one Markdown file for docs/gpu-evidence.md."""
import json
import os


def write_report(report, folder):
    """Writes gpu-check.json and gpu-check.md; whoever reads them meanwhile sees the ones before."""
    replace(folder / "gpu-check.json", json.dumps(report, indent=1, sort_keys=True) + "\n")
    replace(folder / "gpu-check.md", markdown(report))


def replace(path, text):
    new = path.with_name(path.name + ".new")
    new.write_text(text)
    os.replace(new, path)


def markdown(report):
    lines = ["# GPU check", "", machine_line(report), ""]
    verdict = report["verdict"] if report["complete"] else "not complete"
    counts = {}
    for part in report["parts"]:
        counts[part["verdict"]] = counts.get(part["verdict"], 0) + 1
    lines += [f"**{verdict}**: " + (", ".join(f"{n} {name}" for name, n in sorted(counts.items())) or "no parts")
              + f", in {report['seconds']:.0f} s." + (f" {report['remark']}." if "remark" in report else ""), ""]
    lines += ["| Part | Device | Verdict | Seconds | Detail |", "|---|---|---|---|---|"]
    for part in report["parts"]:
        lines.append(f"| {part['part']}: {cell(part['name'])} | {part['device']} | {part['verdict']} | {part['seconds']:.1f} | "
                     f"{cell(part['detail'])} |")
    if report["benchmark"]:
        training = " and `train-beside-torch.md`" if report.get("training_benchmark") else ""
        lines += ["", f"Benchmarks: `gpu-bench.md`{training} beside this file."]
    return "\n".join(lines) + "\n"


def machine_line(report):
    environment = report["environment"]
    if not environment:
        return f"{report['started']}; the machine is not described."
    gpu = environment["gpu"]
    devices = ", ".join(f"{device['name']} (compute capability {device['compute_capability']}, "
                        f"{device['multiprocessors']} multiprocessors)" for device in gpu["devices"]) or "no GPU"
    driver = fact(gpu["kernel_driver"]) if gpu["driver"]["found"] else gpu["driver"]["reason"]
    libraries = ", ".join(f"{library['name']} {library['version']}" for library in gpu["libraries"] if library["found"])
    return (f"{report['started']}; {devices}; {driver}; {libraries or 'no libraries'}; {fact(environment['cpu']['model'])}; "
            f"commit {fact(environment['program']['commit'])}.")


def fact(value):
    return value if isinstance(value, str) else f"unknown: {value['unknown']}"


def cell(text):
    return text.replace("|", "\\|").replace("\n", " ")
