// SPDX-License-Identifier: MIT
#include "fetch/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/error.h"

namespace mrf::fetch {

namespace {

const EVP_MD* algorithm(DigestKind kind) {
  switch (kind) {
    case DigestKind::md5:
      return ::EVP_md5();
    case DigestKind::sha1:
      return ::EVP_sha1();
    case DigestKind::sha256:
      return ::EVP_sha256();
    case DigestKind::sha512:
      return ::EVP_sha512();
  }
  return nullptr;
}

void check(int result) {
  if (result != 1)
    throw base::Error(base::Status::failure, "compute", "message digest", "libcrypto does not offer it");
}

}  // namespace

void Digest::Deleter::operator()(evp_md_ctx_st* context) const { ::EVP_MD_CTX_free(context); }

Digest::Digest(DigestKind kind) : context_(::EVP_MD_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  check(::EVP_DigestInit_ex(context_.get(), algorithm(kind), nullptr));
}

void Digest::update(std::string_view bytes) {
  check(::EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Digest::finish() {
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  check(::EVP_DigestFinal_ex(context_.get(), bytes, &length));
  return {reinterpret_cast<const char*>(bytes), length};
}

std::string crypto_version_text() {
  const std::string text = ::OpenSSL_version(OPENSSL_VERSION);
  return text.substr(0, text.find(' ', text.find(' ') + 1));
}

}  // namespace mrf::fetch
