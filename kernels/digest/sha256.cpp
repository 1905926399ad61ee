// SPDX-License-Identifier: Apache-2.0
#include "kernels/digest/sha256.h"

#include <openssl/evp.h>

#include "include/reprotrain/error.h"

namespace reprotrain::kernels {

namespace {

void check(int result) {
  if (result == 1) return;
  throw Error(ErrorKind::kEnvironment,
              "libcrypto: SHA-256 failed; install OpenSSL 3 with its default provider");
}

/// Fetched once: the look-up costs more than hashing a short message.
const EVP_MD* algorithm() {
  static EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return fetched;
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const noexcept { EVP_MD_CTX_free(context); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) { start(); }

void Sha256::start() {
  check(context_ != nullptr && algorithm() != nullptr
            ? EVP_DigestInit_ex2(context_.get(), algorithm(), nullptr)
            : 0);
}

void Sha256::update(std::span<const std::byte> bytes) {
  check(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

void Sha256::update(std::string_view text) { update(std::as_bytes(std::span(text))); }

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  check(EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr));
  start();
  return digest;
}

std::string hex(const Sha256Digest& digest) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string sha256_hex(std::span<const std::byte> bytes) {
  Sha256 sha;
  sha.update(bytes);
  return hex(sha.finish());
}

std::string sha256_hex(std::string_view text) { return sha256_hex(std::as_bytes(std::span(text))); }

}  // namespace reprotrain::kernels
