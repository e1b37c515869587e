// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;

namespace mrf::fetch {

enum class DigestKind { md5, sha1, sha256, sha512 };

/// A message digest that is computed piece by piece, by libcrypto.
class Digest {
 public:
  /// Throws Error when libcrypto does not offer it (FIPS mode has no MD5).
  explicit Digest(DigestKind kind);
  void update(std::string_view bytes);
  /// The digest's bytes, once.
  std::string finish();

 private:
  struct Deleter {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Deleter> context_;
};

/// "OpenSSL 3.0.15", for --version.
std::string crypto_version_text();

}  // namespace mrf::fetch
