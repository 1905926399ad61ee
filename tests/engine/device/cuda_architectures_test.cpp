// SPDX-License-Identifier: Apache-2.0
#include "engine/device/cuda/cuda_architectures.h"

#include <gtest/gtest.h>

namespace reprotrain::engine {
namespace {

constexpr const char* kPackage = "75-real,80-real,86-real,89-real,90-real,100-real,120";

TEST(CudaArchitectures, BinaryCodeServesItsMajorNumberFromItselfOn) {
  EXPECT_EQ(cuda_code_for(kPackage, 7, 5), CudaCode::kBinary);
  EXPECT_EQ(cuda_code_for(kPackage, 8, 0), CudaCode::kBinary);
  EXPECT_EQ(cuda_code_for(kPackage, 8, 7), CudaCode::kBinary);
  EXPECT_EQ(cuda_code_for(kPackage, 10, 3), CudaCode::kBinary);
  EXPECT_EQ(cuda_code_for(kPackage, 12, 1), CudaCode::kBinary);
  EXPECT_EQ(cuda_code_for("86-real", 8, 0), CudaCode::kNone);
}

TEST(CudaArchitectures, PtxServesAllLaterOnes) {
  EXPECT_EQ(cuda_code_for(kPackage, 13, 0), CudaCode::kPtx);
  EXPECT_EQ(cuda_code_for("90", 12, 0), CudaCode::kPtx);
  EXPECT_EQ(cuda_code_for("80-virtual", 8, 0), CudaCode::kPtx);
  EXPECT_EQ(cuda_code_for("90-real", 12, 0), CudaCode::kNone);
}

TEST(CudaArchitectures, OlderOnesHaveNone) {
  EXPECT_EQ(cuda_code_for(kPackage, 6, 1), CudaCode::kNone);
  EXPECT_EQ(cuda_code_for(kPackage, 7, 0), CudaCode::kNone);
  EXPECT_EQ(cuda_code_for("90", 8, 9), CudaCode::kNone);
  EXPECT_EQ(cuda_code_for("", 9, 0), CudaCode::kNone);
}

TEST(CudaArchitectures, ALetterTiesCodeToOne) {
  EXPECT_EQ(cuda_code_for("90a", 9, 0), CudaCode::kBinary);
  EXPECT_EQ(cuda_code_for("100a", 10, 3), CudaCode::kNone);
  EXPECT_EQ(cuda_code_for("90a-virtual", 12, 0), CudaCode::kNone);
}

TEST(CudaArchitectures, AreNamedForPeople) {
  EXPECT_EQ(cuda_architectures_text(kPackage),
            "7.5, 8.0, 8.6, 8.9, 9.0, 10.0 and 12.0, and by PTX all later ones");
  EXPECT_EQ(cuda_architectures_text("90-real"), "9.0");
  EXPECT_EQ(cuda_architectures_text("80-real,90a"), "8.0 and 9.0");
}

}  // namespace
}  // namespace reprotrain::engine
