#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the example tables under configs/ from the copies in Debian's package python3-sklearn.

    scripts/make_example_data.py [--out configs]

Numbers are carried over as the text that the package has; only headers and class names are added.
Running it again gives the same bytes.
"""
import argparse
import gzip
import pathlib

PACKAGE = pathlib.Path("/usr/lib/python3/dist-packages/sklearn/datasets/data")

BREAST_CANCER_MEASURES = ["radius", "texture", "perimeter", "area", "smoothness", "compactness",
                          "concavity", "concave_points", "symmetry", "fractal_dimension"]
BREAST_CANCER_CLASSES = {"0": "malignant", "1": "benign"}
DIABETES_COLUMNS = ["age", "sex", "body_mass_index", "blood_pressure", "total_cholesterol", "ldl",
                    "hdl", "cholesterol_hdl_ratio", "log_triglycerides", "glucose"]


def read_lines(name):
    path = PACKAGE / name
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes()).decode("ascii").split("\n")
    return path.read_text(encoding="ascii").split("\n")


def write_table(path, header, rows):
    assert all(len(row) == len(header) for row in rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(",".join(row) + "\n" for row in [header] + rows), encoding="ascii")
    print(f"{path}: {len(rows)} rows, {len(header)} columns")


def digits(out):
    header = [f"pixel_{row}_{column}" for row in range(8) for column in range(8)] + ["digit"]
    rows = [line.split(",") for line in read_lines("digits.csv.gz") if line]
    write_table(out / "digits" / "digits.csv", header, rows)


def breast_cancer(out):
    header = [f"{statistic}_{measure}" for statistic in ("mean", "error", "worst")
              for measure in BREAST_CANCER_MEASURES] + ["diagnosis"]
    rows = [line.split(",") for line in read_lines("breast_cancer.csv")[1:] if line]
    for row in rows:
        row[-1] = BREAST_CANCER_CLASSES[row[-1]]
    write_table(out / "breast_cancer" / "breast_cancer.csv", header, rows)


def diabetes(out):
    values = [float(line) for line in read_lines("diabetes_target.csv.gz") if line]
    assert all(value.is_integer() for value in values)
    targets = [f"{value:.0f}" for value in values]
    rows = [line.split() for line in read_lines("diabetes_data_raw.csv.gz") if line]
    rows = [row + [target] for row, target in zip(rows, targets, strict=True)]
    write_table(out / "diabetes" / "diabetes.csv", DIABETES_COLUMNS + ["progression"], rows)


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--out", type=pathlib.Path,
                           default=pathlib.Path(__file__).resolve().parent.parent / "configs")
    out = arguments.parse_args().out
    digits(out)
    breast_cancer(out)
    diabetes(out)


if __name__ == "__main__":
    main()
