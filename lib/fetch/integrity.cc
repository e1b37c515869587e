// SPDX-License-Identifier: MIT
#include "fetch/integrity.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "codec/crc.h"
#include "fetch/multipart.h"
#include "fetch/stoppable_pipe.h"
#include "io/fd.h"
#include "io/signals.h"

namespace mrf::fetch {

void Coverage::add(std::uint64_t begin, std::uint64_t end, std::uint32_t crc) {
  if (begin == end) return;
  bytes_ += end - begin;
  auto next = runs_.lower_bound(begin);
  if (next != runs_.end() && next->first == end && !is_border(end)) {
    if (combine_ != nullptr) crc = combine_(crc, next->second.crc, next->second.end - end);
    end = next->second.end;
    next = runs_.erase(next);
  }
  if (next != runs_.begin()) {
    Run& before = std::prev(next)->second;
    if (before.end == begin && !is_border(begin)) {
      if (combine_ != nullptr) before.crc = combine_(before.crc, crc, end - begin);
      before.end = end;
      return;
    }
  }
  runs_.emplace_hint(next, begin, Run{end, crc});
}

std::uint64_t Coverage::prefix() const {
  return runs_.empty() || runs_.begin()->first != 0 ? 0 : runs_.begin()->second.end;
}

std::uint32_t Coverage::prefix_crc() const { return prefix() == 0 ? 0 : runs_.begin()->second.crc; }

std::vector<std::pair<std::uint64_t, std::uint64_t>> Coverage::runs() const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> list;
  for (const auto& [begin, run] : runs_) list.emplace_back(begin, run.end);
  return list;
}

namespace {

using Kind = Expectation::Kind;

// Digests that cannot be taken later cost a core each.
constexpr std::size_t most_parts_at_once = 4;
constexpr std::uint64_t most_without_thread = 256 << 10;

DigestKind digest_of(Kind kind) {
  switch (kind) {
    case Kind::crc64nvme:
      return DigestKind::crc64nvme;
    case Kind::crc32c:
      return DigestKind::crc32c;
    case Kind::crc32:
      return DigestKind::crc32;
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

// Whether each piece has a checksum of its own, in any order, and these are combined. CRC-64/NVME is computed
// in order, as a digest is.
bool is_joined(Kind kind) { return kind == Kind::crc32c || kind == Kind::crc32; }

struct PartRange {
  HashRange range;
  std::size_t candidate;
};

}  // namespace

Integrity::Integrity(Expectation expectation, std::optional<std::uint64_t> total, std::uint64_t s3_part_size,
                     unsigned threads, BytesAtHand bytes, bool required)
    : expectation_(std::move(expectation)),
      s3_part_size_(s3_part_size),
      threads_(threads),
      bytes_(std::move(bytes)),
      required_(required),
      total_(total.value_or(std::numeric_limits<std::uint64_t>::max())) {
  if (is_joined(expectation_.kind)) return;
  if (expectation_.kind != Kind::multipart) {
    const HashRange whole{0, total_, digest_of(expectation_.kind)};
    hasher_ = std::make_unique<RangeHasher>(std::vector{whole}, bytes_, std::min(threads_, 1U));
    return;
  }
  if (auto known = total && s3_part_size_ == 0 ? known_part_ends(expectation_, *total) : PartEnds();
      !known.empty()) {
    are_parts_known_ = true;
    start_hasher({std::move(known)});
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
  if (s3_part_size_ == 0 && expectation_.parts == 1) are_parts_known_ = true;
  const auto now = std::min(sizes.size(), bytes_.stay ? std::size_t{1} : most_parts_at_once);
  if (bytes_.stay) untried_.assign(sizes.begin() + static_cast<std::ptrdiff_t>(now), sizes.end());
  sizes.resize(now);
  std::vector<PartEnds> candidates;
  candidates.reserve(sizes.size());
  for (const auto size : sizes) candidates.push_back(ends_of(size));
  start_hasher(candidates);
}

Integrity::PartEnds Integrity::ends_of(std::uint64_t part_size) const {
  PartEnds ends;
  for (std::uint64_t part = 1; part < expectation_.parts; ++part)
    ends.push_back(part > total_ / part_size ? total_ : part * part_size);
  ends.push_back(total_);
  return ends;
}

void Integrity::start_hasher(const std::vector<PartEnds>& candidates) {
  std::vector<PartRange> parts;
  ranges_.assign(candidates.size(), {});
  for (std::size_t candidate = 0; candidate < candidates.size(); ++candidate) {
    std::uint64_t begin = 0;
    for (const std::uint64_t end : candidates[candidate]) {
      parts.push_back({{begin, end, digest_of(expectation_.part_kind)}, candidate});
      begin = end;
    }
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& one, const auto& other) { return one.range.begin < other.range.begin; });
  std::vector<HashRange> ranges;
  for (const auto& part : parts) {
    ranges_[part.candidate].push_back(ranges.size());
    ranges.push_back(part.range);
  }
  const unsigned threads = threads_ == 0 ? 0 : std::max(threads_, static_cast<unsigned>(candidates.size()));
  hasher_ = std::make_unique<RangeHasher>(ranges, bytes_, threads);
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
  if (hasher_) hasher_->advance(frontier);
}

std::uint64_t Integrity::needed_from() const {
  return hasher_ ? hasher_->low() : std::numeric_limits<std::uint64_t>::max();
}

// The hash of the hashes of a candidate's parts.
std::string Integrity::joined(const std::vector<std::string>& digests, std::size_t candidate) const {
  Digest outer(digest_of(expectation_.part_kind));
  for (const std::size_t range : ranges_[candidate]) outer.update(digests[range]);
  return outer.finish();
}

// Returns why it does not fit, "" when it does.
std::string Integrity::verify_multipart(std::uint64_t total) {
  total_ = total;
  const auto digests = hasher_->finish(total);
  for (std::size_t candidate = 0; candidate < ranges_.size(); ++candidate) {
    if (joined(digests, candidate) == expectation_.value) return "";
  }
  if (are_parts_known_) return digest_fault(expectation_, joined(digests, 0));
  if (!untried_.empty() && fits_part_size(bytes_.access, total, expectation_, untried_)) return "";
  return no_part_size_fits(expectation_, s3_part_size_, required_);
}

std::string Integrity::fault(const Coverage& coverage) {
  const std::uint64_t total = coverage.bytes();
  if (expectation_.kind == Kind::multipart) return verify_multipart(total);
  const std::string found = is_joined(expectation_.kind)
                                ? bytes_of_crc(digest_of(expectation_.kind), coverage.prefix_crc())
                                : hasher_->finish(total).front();
  return found == expectation_.value ? "" : digest_fault(expectation_, found);
}

void Integrity::verify(const Coverage& coverage, const std::string& name) {
  if (const std::string reason = fault(coverage); !reason.empty())
    throw base::DataError("verify", name, reason);
}

namespace {

class OpenFile final : public ByteAccess {
 public:
  OpenFile(const std::string& path, const std::function<bool()>& is_stopped)
      : path_(path), is_stopped_(is_stopped), fd_(io::open_file(path, O_RDONLY)) {}

  std::uint64_t size() const {
    struct stat info {};
    if (::fstat(fd_.get(), &info) != 0) throw base::SystemError("read", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

  std::string_view view(std::uint64_t at, std::span<char> scratch) override {
    if (is_stopped_ && is_stopped_()) throw Stopped();
    for (;;) {
      const ssize_t n = ::pread(fd_.get(), scratch.data(), scratch.size(), static_cast<off_t>(at));
      if (n > 0) return {scratch.data(), static_cast<std::size_t>(n)};
      if (n == 0) throw base::Error(base::Status::failure, "read", path_, "the file became shorter");
      if (errno != EINTR) throw base::SystemError("read", path_);
    }
  }

 private:
  const std::string& path_;
  const std::function<bool()>& is_stopped_;
  io::Fd fd_;
};

// The likeliest part size by itself, since it nearly always is the one; then all the others together.
std::string multipart_fault(OpenFile& file, std::uint64_t size, const Expectation& expectation,
                            std::uint64_t s3_part_size) {
  std::vector<std::uint64_t> sizes{s3_part_size};
  if (s3_part_size == 0) sizes = part_size_candidates(size, expectation.parts);
  if (fits_part_size(file, size, expectation, {sizes.front()})) return "";
  sizes.erase(sizes.begin());
  if (!sizes.empty() && fits_part_size(file, size, expectation, sizes)) return "";
  return no_part_size_fits(expectation, s3_part_size, false);
}

}  // namespace

std::string fault_of_file(const std::string& path, const Expectation& expectation, std::uint64_t s3_part_size,
                          const std::function<bool()>& is_stopped) {
  OpenFile file(path, is_stopped);
  const std::uint64_t size = file.size();
  if (expectation.kind == Expectation::Kind::multipart) {
    if (auto fault = part_count_fault(size, expectation.parts, s3_part_size); !fault.empty()) return fault;
    return multipart_fault(file, size, expectation, s3_part_size);
  }
  Integrity integrity(expectation, size, s3_part_size, 0, {file, true, [] {}});
  Coverage coverage(integrity.combine());
  if (integrity.combine() == nullptr) {
    coverage.add(0, size);
    integrity.advance(size);
  } else {
    std::vector<char> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(size, 1 << 20)));
    for (std::uint64_t at = 0; at < size;) {
      io::throw_if_interrupted();
      const auto bytes =
          file.view(at, std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), size - at)));
      coverage.add(at, at + bytes.size(), integrity.crc_of(bytes));
      at += bytes.size();
    }
  }
  return integrity.fault(coverage);
}

std::optional<DigestKind> digest_of_expectation(const Expectation& expectation) {
  if (expectation.kind == Kind::multipart) return std::nullopt;
  const DigestKind digest = digest_of(expectation.kind);
  return is_crc(digest) ? std::nullopt : std::optional(digest);
}

void Checks::begin(const http::ResponseHead& head, std::optional<std::uint64_t> total,
                   const std::string& object, BytesAtHand bytes) {
  forget();
  object_ = object;
  if (total) require_size(*total);
  // A thread costs more than the digest of a small object.
  const unsigned threads =
      total.value_or(most_without_thread + 1) > most_without_thread ? options_.threads : 0;
  begin_checks(head, total, threads, bytes);
  if (!options_.record || (integrity_ && digest_of_expectation(integrity_->expectation()) == options_.record))
    return;
  const std::vector whole{
      HashRange{0, total.value_or(std::numeric_limits<std::uint64_t>::max()), *options_.record}};
  recorder_ = std::make_unique<RangeHasher>(whole, std::move(bytes), std::min(threads, 1U));
}

void Checks::begin_checks(const http::ResponseHead& head, std::optional<std::uint64_t> total,
                          unsigned threads, BytesAtHand bytes) {
  if (options_.none) return;
  ExpectationResult found = expected(head, total);
  if (!found.expectation) {
    doubt(found.reason);
    return;
  }
  integrity_.emplace(std::move(*found.expectation), total, options_.s3_part_size, threads, std::move(bytes),
                     options_.required);
  const std::lock_guard lock(mutex_);
  coverage_ = Coverage(integrity_->combine());
}

ExpectationResult Checks::expected(const http::ResponseHead& head, std::optional<std::uint64_t> total) const {
  ExpectationResult found =
      options_.expectation ? ExpectationResult{options_.expectation, ""} : expectation_of(head);
  if (!options_.expectation && head.is_decoded())
    throw base::DataError(
        "verify", object_,
        "the server undoes the content encoding with which the object is stored, and does not give the "
        "stored form that its checksum speaks of; --checksum-algorithm null takes what it sends");
  if (!found.expectation || found.expectation->kind != Expectation::Kind::multipart) return found;
  if (total && options_.s3_part_size == 0 && !known_part_ends(*found.expectation, *total).empty())
    return found;
  if (found.expectation->part_kind != Expectation::Kind::md5 && options_.s3_part_size == 0)
    return {std::nullopt,
            fmt::format("{} is one of parts whose sizes do not fit", found.expectation->source)};
  const auto fault = part_count_fault(total, found.expectation->parts, options_.s3_part_size);
  if (fault.empty()) return found;
  const std::string reason = fmt::format("{}: {}", found.expectation->source, fault);
  if (options_.s3_part_size != 0) throw base::DataError("verify", object_, reason);
  if (found.expectation->parts <= most_upload_parts)
    throw base::DataError("verify", object_,
                          reason + uneven_parts_hint(*found.expectation, options_.required));
  if (found.expectation->is_users) throw base::DataError("verify", object_, reason);
  return {std::nullopt, reason};
}

void Checks::require_size(std::uint64_t bytes) const {
  if (options_.size && *options_.size != bytes)
    throw base::DataError("verify", object_, size_fault(*options_.size, bytes));
}

void Checks::doubt(const std::string& reason) {
  if (options_.required) throw base::DataError("verify", object_, reason);
  doubt_ = reason;
}

void Checks::do_without_order() {
  options_.record.reset();
  recorder_.reset();
  if (!integrity_ || integrity_->combine() != nullptr) return;
  const std::string reason = integrity_->expectation().source + " needs the bytes in their order";
  forget();
  if (options_.expectation) throw base::DataError("verify", object_, reason);
  doubt(reason);
}

void Checks::forget() {
  integrity_.reset();
  recorder_.reset();
  doubt_.clear();
  const std::lock_guard lock(mutex_);
  coverage_ = Coverage();
}

std::uint64_t Checks::add(std::uint64_t at, std::string_view bytes) {
  Run run{at, at};
  extend(run, bytes);
  return add(run);
}

void Checks::extend(Run& run, std::string_view bytes) const {
  const auto combine = integrity_ ? integrity_->combine() : nullptr;
  if (combine != nullptr) {
    const std::uint32_t crc = integrity_->crc_of(bytes);
    run.crc = run.begin == run.end ? crc : combine(run.crc, crc, bytes.size());
  }
  run.end += bytes.size();
}

bool Checks::crc_is_crc32c() const {
  return integrity_ && integrity_->expectation().kind == Expectation::Kind::crc32c;
}

std::uint64_t Checks::add(const Run& run) {
  const std::lock_guard lock(mutex_);
  coverage_.add(run.begin, run.end, run.crc);
  const std::uint64_t frontier = coverage_.prefix();
  if (integrity_) integrity_->advance(frontier);
  if (recorder_) recorder_->advance(frontier);
  return frontier;
}

std::uint64_t Checks::needed_from() const {
  auto needed = std::numeric_limits<std::uint64_t>::max();
  if (integrity_) needed = integrity_->needed_from();
  if (recorder_) needed = std::min(needed, recorder_->low());
  return needed;
}

bool Checks::reads_again() const {
  return recorder_ != nullptr || (integrity_ && integrity_->combine() == nullptr);
}

void Checks::verify() {
  require_size(bytes());
  if (integrity_) {
    integrity_->verify(coverage_, object_);
    verified_by_ = integrity_->expectation().source;
  }
  if (!options_.record) return;
  digest_ = recorder_ ? recorder_->finish(bytes()).front() : integrity_->expectation().value;
}

std::vector<ByteRange> Checks::runs() const {
  const std::lock_guard lock(mutex_);
  return coverage_.runs();
}

std::uint64_t Checks::bytes() const {
  const std::lock_guard lock(mutex_);
  return coverage_.bytes();
}

}  // namespace mrf::fetch
