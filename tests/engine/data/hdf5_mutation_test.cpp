// SPDX-License-Identifier: Apache-2.0
// Thousands of damaged files: this process must see either content or one sentence.
#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/data/atomic_file.h"
#include "engine/data/canonical_dataset.h"
#include "engine/data/content_id.h"
#include "engine/data/hdf5_tree.h"
#include "include/reprotrain/error.h"
#include "tests/engine/data/foreign_hdf5.h"
#include "tests/support/temporary_directory.h"

namespace reprotrain::engine {
namespace {

using testing::ForeignFile;
using testing::TemporaryDirectory;

/// SplitMix64: mutations are a function of the case's number.
class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  uint64_t below(uint64_t n) {
    state_ += 0x9E3779B97F4A7C15u;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return (z ^ (z >> 31)) % n;
  }

 private:
  uint64_t state_;
};

std::vector<std::string> seed_files(const TemporaryDirectory& directory) {
  const std::string path = directory.file("seed.h5");
  std::vector<std::string> seeds;
  for (const testing::StorageVariant& variant : testing::storage_variants()) {
    { ForeignFile(path, variant).fill(); }
    seeds.push_back(read_file(path));
  }
  Table table;
  table.n_rows = 3;
  table.columns.resize(2);
  table.columns[0].name = "x";
  table.columns[0].values = {1, 2, 3};
  table.columns[1].name = "colour";
  table.columns[1].kind = ColumnKind::kCategorical;
  table.columns[1].categories = {"blue", "red"};
  table.columns[1].codes = {1, kMissingCode, 0};
  write_canonical_dataset(table, path);
  seeds.push_back(read_file(path));
  return seeds;
}

void flip_bytes(Dice& dice, std::string& bytes) {
  for (uint64_t n = 1 + dice.below(8); n > 0; --n) {
    bytes[dice.below(bytes.size())] = static_cast<char>(dice.below(256));
  }
}

/// One byte takes a value at the edge: lengths, addresses and versions break this way.
void push_to_the_edge(Dice& dice, std::string& bytes) {
  const char edges[] = {'\0', '\x01', '\x7f', '\x80', '\xff'};
  const size_t at = dice.below(bytes.size());
  const size_t n = std::min<size_t>(size_t{1} << dice.below(4), bytes.size() - at);
  bytes.replace(at, n, n, edges[dice.below(sizeof edges)]);
}

void truncate(Dice& dice, std::string& bytes) { bytes.resize(dice.below(bytes.size())); }

void splice(Dice& dice, std::string& bytes, const std::string& other) {
  const size_t n = 1 + dice.below(512);
  const size_t from = dice.below(other.size());
  bytes.replace(dice.below(bytes.size()), n, other.substr(from, n));
}

std::string mutant(uint64_t number, const std::vector<std::string>& seeds) {
  Dice dice(number);
  std::string bytes = seeds[dice.below(seeds.size())];
  // The metadata lies at the head of these files: half of the mutations go there.
  const bool head_only = dice.below(2) == 0;
  std::string tail;
  if (head_only) {
    const size_t head = std::min<size_t>(bytes.size(), 1500);
    tail = bytes.substr(head);
    bytes.resize(head);
  }
  switch (dice.below(10)) {
    case 0:
      truncate(dice, bytes);
      break;
    case 1:
      splice(dice, bytes, seeds[dice.below(seeds.size())]);
      break;
    case 2:
    case 3:
    case 4:
      push_to_the_edge(dice, bytes);
      break;
    default:
      flip_bytes(dice, bytes);
  }
  return bytes + tail;
}

/// "content", or the kind of sentence; anything else is a failure of the test.
std::string outcome(const std::string& path) {
  Hdf5Limits limits;
  limits.no_progress_ms = 150;
  limits.decoded_bytes = 64 << 20;
  limits.child_memory_bytes = 512 << 20;
  try {
    hdf5_content_id(path, limits);
    return "content";
  } catch (const Error& error) {
    const std::string sentence = error.what();
    EXPECT_EQ(error.kind(), ErrorKind::kData) << sentence;
    EXPECT_TRUE(sentence.starts_with(path + ": ")) << sentence;
    EXPECT_EQ(sentence.find('\n'), std::string::npos) << sentence;
    if (sentence.find("crashed") != std::string::npos) return "crash";
    if (sentence.find("no progress") != std::string::npos) return "hang";
    if (sentence.find("nonsense") != std::string::npos) return "nonsense";
    return "refusal";
  }
}

class Hdf5Mutations : public ::testing::TestWithParam<int> {};

TEST_P(Hdf5Mutations, EndInContentOrOneSentence) {
  constexpr int kCases = 600;
  const TemporaryDirectory directory;
  const std::vector<std::string> seeds = seed_files(directory);
  const std::string path = directory.file("mutant.h5");
  std::map<std::string, int> outcomes;
  for (int i = 0; i < kCases; ++i) {
    directory.write("mutant.h5", mutant(static_cast<uint64_t>(GetParam() * kCases + i), seeds));
    ++outcomes[outcome(path)];
  }
  for (const auto& [kind, n] : outcomes) RecordProperty(kind, n);
  EXPECT_GT(outcomes["content"], 0);
  EXPECT_GT(outcomes["refusal"], 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Hdf5Mutations, ::testing::Range(0, 4));

}  // namespace
}  // namespace reprotrain::engine
