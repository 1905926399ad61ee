// SPDX-License-Identifier: Apache-2.0
#include "engine/train/checkpoint.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "engine/data/atomic_file.h"
#include "engine/data/file_digest.h"
#include "engine/data/hdf5_tree.h"
#include "include/reprotrain/error.h"

namespace reprotrain::engine {
namespace {

namespace fs = std::filesystem;

class CheckpointTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("reprotrain-checkpoint-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  CheckpointStore store(int64_t n_kept = 2) const {
    return {folder_.string(), {"config-digest", "tensor1:features"}, n_kept};
  }
  static TrainingState state(int64_t step) {
    TrainingState state;
    state.step = step;
    state.epoch = 3;
    state.rows_in_epoch = 64;
    state.epoch_loss_sum = 0x1.123456789abcdp-7;
    state.best_value = -0.0;
    state.best_epoch = 1;
    state.best_parameters = {1.0f, 0x1p-149f};
    state.parameters = {-0.0f, static_cast<float>(step)};
    state.optimizer = {{"adam/m", {0.25f, -3.0f}}, {"adam/v", {0x1.fffffep127f, 0.0f}}};
    return state;
  }
  std::optional<TrainingState> newest(const CheckpointStore& of) {
    return of.read_newest([&](std::string_view text) { notes_ += std::string(text) + "\n"; });
  }

  std::string refusal(const std::function<void(Hdf5Node&)>& change);

  fs::path folder_;
  std::string notes_;
};

TEST_F(CheckpointTest, EverythingIsRestored) {
  store().write(state(40));

  const auto restored = newest(store());

  ASSERT_TRUE(restored.has_value());
  const TrainingState expected = state(40);
  EXPECT_EQ(restored->step, 40);
  EXPECT_EQ(restored->epoch, 3);
  EXPECT_EQ(restored->rows_in_epoch, 64);
  EXPECT_EQ(restored->epoch_loss_sum, expected.epoch_loss_sum);
  EXPECT_FALSE(restored->finished);
  EXPECT_EQ(restored->best_epoch, 1);
  EXPECT_TRUE(std::signbit(restored->best_value));
  EXPECT_TRUE(std::signbit(restored->parameters[0]));
  EXPECT_EQ(restored->parameters, expected.parameters);
  EXPECT_EQ(restored->best_parameters, expected.best_parameters);
  EXPECT_EQ(restored->optimizer, expected.optimizer);
}

TEST_F(CheckpointTest, EmptyFolderHasNone) { EXPECT_FALSE(newest(store()).has_value()); }

TEST_F(CheckpointTest, OnlyTheNewestAreKept) {
  for (int64_t step : {5, 90, 1000, 20000}) store(2).write(state(step));

  EXPECT_EQ(newest(store())->step, 20000);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);
}

TEST_F(CheckpointTest, FolderWithoutDoneMarkerDoesNotExist) {
  store().write(state(10));
  const fs::path folder = store().write(state(20));
  fs::remove(folder / "DONE");

  EXPECT_EQ(newest(store())->step, 10);
}

TEST_F(CheckpointTest, DamagedCheckpointIsSkippedWithANote) {
  store().write(state(10));
  const fs::path folder = store().write(state(20));
  std::ofstream(folder / "state.h5", std::ios::binary | std::ios::app) << "x";

  EXPECT_EQ(newest(store())->step, 10);
  EXPECT_NE(notes_.find("is damaged"), std::string::npos);
}

TEST_F(CheckpointTest, AnotherConfigurationIsRefused) {
  store().write(state(10));
  const CheckpointStore other(folder_.string(), {"another", "tensor1:features"}, 2);

  try {
    newest(other);
    FAIL() << "the checkpoint of another configuration was used";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConfig);
  }
}

TEST_F(CheckpointTest, OtherDataAreRefused) {
  store().write(state(10));
  const CheckpointStore other(folder_.string(), {"config-digest", "tensor1:others"}, 2);

  try {
    newest(other);
    FAIL() << "a checkpoint of other data was used";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kData);
  }
}

/// Changes the newest checkpoint, seals it again and tells what reading it says.
std::string CheckpointTest::refusal(const std::function<void(Hdf5Node&)>& change) {
  const fs::path folder = store().write(state(10));
  const std::string file = (folder / "state.h5").string();
  Hdf5Node root = read_hdf5(file);
  change(root);
  write_hdf5(root, file);
  write_file_atomically((folder / "DONE").string(), file_sha256(file) + "\n");
  try {
    newest(store());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kEvidence);
    const std::string sentence = error.what();
    EXPECT_EQ(sentence.find(file + ": "), 0u) << sentence;
    EXPECT_EQ(sentence.find('\n'), std::string::npos);
    return sentence.substr(file.size() + 2);
  }
  return "";
}

TEST_F(CheckpointTest, PartsThatAreMissingOrOfAnotherTypeAreRefused) {
  EXPECT_EQ(refusal([](Hdf5Node&) {}), "");
  const std::string end = "; it is no checkpoint of this program version";
  store().write(state(10));
  const Hdf5Node sound = read_hdf5((folder_ / "step-000000000010/state.h5").string());
  for (const auto& [name, value] : sound.attributes) {
    SCOPED_TRACE(name);
    const std::string place = "attribute \"" + name + "\" ";
    const Array none = value.type == ElementType::kString ? Array::of(std::vector<std::string>{})
                                                          : Array{value.type, {0}, {}, {}};
    EXPECT_EQ(refusal([&](Hdf5Node& root) { root.attributes.erase(name); }),
              place + "is missing" + end);
    EXPECT_EQ(refusal([&](Hdf5Node& root) { root.attributes[name] = none; }),
              place + "is not one value" + end);
    EXPECT_EQ(refusal([&](Hdf5Node& root) {
                root.attributes[name] = Array::of(std::vector<float>{1.0f}, {1});
              }),
              place + "has another type" + end);
  }
  for (const std::string name : {"parameters", "best_parameters", "optimizer/adam/m"}) {
    SCOPED_TRACE(name);
    EXPECT_NE(refusal([&](Hdf5Node& root) {
                root.set_dataset(name, Array::scalar(1.0));
              }).find("\" has another type" + end),
              std::string::npos);
    EXPECT_NE(refusal([&](Hdf5Node& root) {
                root.set_dataset(name, Array::of(std::vector<float>{1.0f, 2.0f}, {1, 2}));
              }).find("\" is not a list" + end),
              std::string::npos);
  }
  EXPECT_EQ(refusal([](Hdf5Node& root) { root.children.erase("best_parameters"); }),
            "best_parameters is missing; restore the file or make it again");
  EXPECT_EQ(refusal([](Hdf5Node& root) {
              root.set_dataset("optimizer", Array::scalar(1.0));
              root.children["optimizer"].children.clear();
            }),
            "\"optimizer\" is a dataset instead of a group" + end);
}

TEST_F(CheckpointTest, StepOfAnotherFolderIsRefused) {
  EXPECT_EQ(
      refusal([](Hdf5Node& root) { root.attributes["step"] = Array::scalar(int64_t{11}); }),
      "it is of step 11, its folder of another one; it is no checkpoint of this program version");
}

TEST_F(CheckpointTest, EqualStatesGiveEqualBytes) {
  const fs::path first = store().write(state(10));
  fs::rename(first / "state.h5", folder_ / "kept.h5");
  const fs::path second = store().write(state(10));

  const auto bytes = [](const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(stream), {});
  };
  EXPECT_EQ(bytes(folder_ / "kept.h5"), bytes(second / "state.h5"));
}

}  // namespace
}  // namespace reprotrain::engine
