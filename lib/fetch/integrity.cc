// SPDX-License-Identifier: MIT
#include "fetch/integrity.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "codec/crc.h"
#include "fetch/multipart.h"
#include "fetch/part_size_search.h"

namespace mrf::fetch {

namespace {

using Kind = Expectation::Kind;

// Digests that cannot be taken later cost a core each.
constexpr std::size_t most_parts_at_once = 4;

DigestKind digest_of(Kind kind) {
  switch (kind) {
    case Kind::sha1:
      return DigestKind::sha1;
    case Kind::sha256:
      return DigestKind::sha256;
    case Kind::sha512:
      return DigestKind::sha512;
    default:
      return DigestKind::md5;
  }
}

bool is_crc(Kind kind) { return kind == Kind::crc32c || kind == Kind::crc32; }

std::string four_bytes(std::uint32_t crc) {
  std::string bytes;
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(crc >> shift & 0xff);
  return bytes;
}

struct PartRange {
  HashRange range;
  std::size_t candidate;
};

}  // namespace

Integrity::Integrity(Expectation expectation, std::optional<std::uint64_t> total, std::uint64_t s3_part_size,
                     unsigned threads, BytesAtHand bytes)
    : expectation_(std::move(expectation)),
      s3_part_size_(s3_part_size),
      threads_(threads),
      bytes_(std::move(bytes)),
      total_(total.value_or(std::numeric_limits<std::uint64_t>::max())) {
  if (is_crc(expectation_.kind)) return;
  if (expectation_.kind != Kind::multipart) {
    const HashRange whole{0, total_, digest_of(expectation_.kind)};
    pump_ = std::make_unique<HashPump>(std::vector{whole}, bytes_, std::min(threads_, 1U));
    return;
  }
  std::vector<std::uint64_t> sizes;
  if (s3_part_size_ != 0) {
    sizes = {s3_part_size_};
  } else if (total) {
    sizes = part_size_candidates(*total, expectation_.parts);
  } else if (expectation_.parts == 1) {
    sizes = {total_};
  }
  const auto now = std::min(sizes.size(), bytes_.stay ? std::size_t{1} : most_parts_at_once);
  if (bytes_.stay) untried_.assign(sizes.begin() + static_cast<std::ptrdiff_t>(now), sizes.end());
  sizes.resize(now);
  start_pump(sizes);
}

void Integrity::start_pump(const std::vector<std::uint64_t>& part_sizes) {
  std::vector<PartRange> parts;
  ranges_.assign(part_sizes.size(), {});
  for (std::size_t candidate = 0; candidate < part_sizes.size(); ++candidate) {
    const std::uint64_t size = part_sizes[candidate];
    const auto begin_of = [&](std::uint64_t part) { return part > total_ / size ? total_ : part * size; };
    for (std::uint64_t i = 0; i < expectation_.parts; ++i) {
      const std::uint64_t end = i + 1 == expectation_.parts ? total_ : begin_of(i + 1);
      parts.push_back({{begin_of(i), end, DigestKind::md5}, candidate});
    }
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& one, const auto& other) { return one.range.begin < other.range.begin; });
  std::vector<HashRange> ranges;
  for (const auto& part : parts) {
    ranges_[part.candidate].push_back(ranges.size());
    ranges.push_back(part.range);
  }
  const unsigned threads = threads_ == 0 ? 0 : std::max(threads_, static_cast<unsigned>(part_sizes.size()));
  pump_ = std::make_unique<HashPump>(ranges, bytes_, threads);
}

std::uint32_t Integrity::crc_of(std::string_view bytes) const {
  if (expectation_.kind == Kind::crc32c) return codec::crc32c(bytes);
  return expectation_.kind == Kind::crc32 ? codec::crc32(bytes) : 0;
}

Coverage::Combine Integrity::combine() const {
  if (expectation_.kind == Kind::crc32c) return &codec::join_crc32c;
  return expectation_.kind == Kind::crc32 ? &codec::join_crc32 : nullptr;
}

void Integrity::advance(std::uint64_t frontier) {
  if (pump_) pump_->advance(frontier);
}

std::uint64_t Integrity::needed_from() const {
  return pump_ ? pump_->low() : std::numeric_limits<std::uint64_t>::max();
}

bool Integrity::any_fits(const std::vector<std::string>& digests) const {
  return std::any_of(ranges_.begin(), ranges_.end(), [&](const auto& candidate) {
    Digest outer(DigestKind::md5);
    for (const std::size_t range : candidate) outer.update(digests[range]);
    return outer.finish() == expectation_.value;
  });
}

// Returns why it does not fit, "" when it does.
std::string Integrity::verify_multipart(std::uint64_t total) {
  total_ = total;
  if (any_fits(pump_->finish(total))) return "";
  if (!untried_.empty() && fits_part_size(bytes_.access, total, expectation_, untried_)) return "";
  return no_part_size_fits(expectation_, s3_part_size_);
}

std::string Integrity::fault(const Coverage& coverage) {
  const std::uint64_t total = coverage.bytes();
  if (expectation_.kind == Kind::multipart) return verify_multipart(total);
  const std::string found =
      is_crc(expectation_.kind) ? four_bytes(coverage.prefix_crc()) : pump_->finish(total).front();
  if (found == expectation_.value) return "";
  return fmt::format("{} is {}, but the data has {}", expectation_.source, to_hex(expectation_.value),
                     to_hex(found));
}

std::string Integrity::verify(const Coverage& coverage, const std::string& name) {
  std::string reason = fault(coverage);
  const bool is_proof = expectation_.kind != Kind::multipart || s3_part_size_ != 0 || expectation_.is_users;
  if (!reason.empty() && is_proof) throw base::DataError("verify", name, reason);
  return reason;
}

}  // namespace mrf::fetch
