// SPDX-License-Identifier: MIT
#include "fetch/checks.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "fetch/multipart.h"

namespace mrf {

void Checks::begin(const ResponseHead& head, std::optional<std::uint64_t> total, const std::string& object,
                   BytesAtHand bytes) {
  forget();
  object_ = object;
  if (options_.none) return;
  Offer offer = options_.expectation ? Offer{options_.expectation, ""} : offer_of(head);
  doubt_ = offer.reason;
  if (!offer.expectation && options_.required) throw DataError("verify", object_, doubt_);
  if (!offer.expectation) return;
  require_possible(*offer.expectation, total);
  integrity_.emplace(std::move(*offer.expectation), total, options_.s3_part_size, options_.threads,
                     std::move(bytes));
  const std::lock_guard lock(mutex_);
  coverage_ = Coverage(integrity_->combine());
}

void Checks::require_possible(const Expectation& expectation, std::optional<std::uint64_t> total) const {
  if (expectation.kind != Expectation::Kind::multipart) return;
  const auto fault = part_count_fault(total, expectation.parts, options_.s3_part_size);
  if (!fault.empty()) throw DataError("verify", object_, fmt::format("{}: {}", expectation.source, fault));
}

void Checks::forget() {
  integrity_.reset();
  doubt_.clear();
  const std::lock_guard lock(mutex_);
  coverage_ = Coverage();
}

std::uint64_t Checks::add(std::uint64_t at, std::string_view bytes) {
  const std::uint32_t crc = integrity_ ? integrity_->crc_of(bytes) : 0;
  const std::lock_guard lock(mutex_);
  coverage_.add(at, at + bytes.size(), crc);
  const std::uint64_t frontier = coverage_.prefix();
  if (integrity_) integrity_->advance(frontier);
  return frontier;
}

std::uint64_t Checks::needed_from() const {
  return integrity_ ? integrity_->needed_from() : std::numeric_limits<std::uint64_t>::max();
}

bool Checks::reads_again() const { return integrity_ && integrity_->combine() == nullptr; }

void Checks::verify() {
  if (!integrity_) return;
  integrity_->verify(coverage_, object_);
  verified_by_ = integrity_->expectation().source;
}

std::vector<ByteRange> Checks::runs() const {
  const std::lock_guard lock(mutex_);
  return coverage_.runs();
}

std::uint64_t Checks::bytes() const {
  const std::lock_guard lock(mutex_);
  return coverage_.bytes();
}

}  // namespace mrf
