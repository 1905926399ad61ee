// SPDX-License-Identifier: Apache-2.0
// SHA-256 (FIPS 180-4) of a stream of bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace reprotrain::kernels {

using Sha256Digest = std::array<uint8_t, 32>;

/// A digest of all bytes passed to `update`, however they were cut. OpenSSL does the work, with the
/// processor's SHA instructions where it has them.
class Sha256 {
 public:
  /// Throws Error(kEnvironment) when the cryptographic library offers no SHA-256.
  Sha256();

  void update(std::span<const std::byte> bytes);
  void update(std::string_view text);

  /// The digest of everything since construction or the last finish(); then starts anew.
  Sha256Digest finish();

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const noexcept;
  };
  void start();

  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

/// 64 lower-case hexadecimal digits.
std::string hex(const Sha256Digest& digest);

std::string sha256_hex(std::span<const std::byte> bytes);
std::string sha256_hex(std::string_view text);

}  // namespace reprotrain::kernels
