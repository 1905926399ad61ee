// SPDX-License-Identifier: Apache-2.0
// What the Python tests call: one command of the engine's HDF5 side.
//
//   hdf5_probe id FILE...            content id of each file, or "error: <sentence>"
//   hdf5_probe table FILE...         canonical content id of the table that each file holds
//   hdf5_probe import FILE OUT       reads a table and writes it as a canonical dataset
//   hdf5_probe sample OUT            writes a file with every kind of object that reprotrain writes
//   hdf5_probe tensor                content id of a fixed tensor
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "engine/data/canonical_dataset.h"
#include "engine/data/content_id.h"
#include "engine/data/hdf5_table.h"
#include "engine/data/hdf5_writer.h"
#include "include/reprotrain/error.h"

namespace {

using namespace reprotrain::engine;

void write_sample(const std::string& path) {
  std::vector<float> matrix(7 * 3);
  std::iota(matrix.begin(), matrix.end(), -0.5f);
  const std::vector<std::string> names = {"width", "größe", "a/b"};
  const std::vector<int64_t> rows = {10, 11, 12, 13, 14, 15, 16};
  write_hdf5_file(path, [&](Hdf5Writer& writer) {
    const int64_t shape[] = {7, 3};
    writer.dataset("/X", ElementType::kFloat32, shape, matrix.data());
    writer.attribute("/X", "feature_names", Array::of(names));
    writer.dataset("/y", std::vector<std::string>{"a", "b", "", "a", "größe", "b", "a"});
    writer.dataset("/row_id", Array::of(std::span(rows), {7}));
    writer.dataset("/model/layer0/rate", Array::scalar(0.1));
    writer.attribute("/model", "kind", Array::scalar(std::string("mlp")));
    writer.attribute("/", "version", Array::scalar(int64_t{1}));
  });
}

std::string answer(const std::string& command, const std::string& path) {
  try {
    if (command == "id") return hdf5_content_id(path);
    return canonical_content_id(read_hdf5_table(path, {}).table);
  } catch (const reprotrain::Error& error) {
    return std::string("error: ") + error.what();
  }
}

}  // namespace

int main(int n_arguments, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + n_arguments);
  const std::string command = words.empty() ? "" : words[0];
  if (command == "sample" && words.size() == 2) {
    write_sample(words[1]);
  } else if (command == "import" && words.size() == 3) {
    write_canonical_dataset(read_hdf5_table(words[1], {}).table, words[2]);
  } else if (command == "tensor") {
    const std::vector<float> values = {0, 1, 2, 3, 4, 5};
    const int64_t shape[] = {2, 3};
    std::puts(
        tensor_content_id(ElementType::kFloat32, shape, std::as_bytes(std::span(values))).c_str());
  } else if (command == "id" || command == "table") {
    for (size_t i = 1; i < words.size(); ++i) std::puts(answer(command, words[i]).c_str());
  } else {
    std::fputs("see the head of tests/interop/hdf5_probe.cpp\n", stderr);
    return 2;
  }
  return 0;
}
