// SPDX-License-Identifier: Apache-2.0
#include "kernels/digest/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace reprotrain::kernels {
namespace {

TEST(Sha256, GivesTheVectorsOfFips180) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, CuttingTheMessageChangesNothing) {
  const std::string message(1025, 'x');
  const std::string expected = sha256_hex(message);
  for (const size_t cut : {0u, 1u, 31u, 32u, 33u, 63u, 64u, 65u, 255u, 256u, 257u, 1023u, 1025u}) {
    Sha256 sha;
    sha.update(std::string_view(message).substr(0, cut));
    sha.update(std::string_view(message).substr(cut));
    EXPECT_EQ(hex(sha.finish()), expected) << cut;
  }
}

TEST(Sha256, StartsAnewAfterFinish) {
  Sha256 sha;
  sha.update("something else");
  sha.finish();
  sha.update("abc");
  EXPECT_EQ(hex(sha.finish()), sha256_hex("abc"));
}

}  // namespace
}  // namespace reprotrain::kernels
