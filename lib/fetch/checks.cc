// SPDX-License-Identifier: MIT
#include "fetch/checks.h"

#include <fmt/format.h>

#include <utility>

#include "base/error.h"
#include "fetch/multipart.h"

namespace mrf::fetch {

void Checks::begin(const http::ResponseHead& head, std::optional<std::uint64_t> total,
                   const std::string& object, BytesAtHand bytes) {
  forget();
  object_ = object;
  if (options_.none) return;
  Offer offer = offered(head, total);
  if (!offer.expectation) {
    doubt(offer.reason);
    return;
  }
  integrity_.emplace(std::move(*offer.expectation), total, options_.s3_part_size, options_.threads,
                     std::move(bytes));
  const std::lock_guard lock(mutex_);
  coverage_ = Coverage(integrity_->combine());
}

Offer Checks::offered(const http::ResponseHead& head, std::optional<std::uint64_t> total) const {
  Offer offer = options_.expectation ? Offer{options_.expectation, ""} : offer_of(head);
  if (!options_.expectation && head.is_decoded())
    throw base::DataError(
        "verify", object_,
        "the server undoes the content encoding with which the object is stored, and does not give the "
        "stored form that its checksum speaks of; --checksum-algorithm null takes what it sends");
  if (!offer.expectation || offer.expectation->kind != Expectation::Kind::multipart) return offer;
  const auto fault = part_count_fault(total, offer.expectation->parts, options_.s3_part_size);
  if (fault.empty()) return offer;
  const std::string reason = fmt::format("{}: {}", offer.expectation->source, fault);
  if (options_.s3_part_size != 0 || offer.expectation->is_users)
    throw base::DataError("verify", object_, reason);
  return {std::nullopt, reason};
}

void Checks::doubt(const std::string& reason) {
  if (options_.required) throw base::DataError("verify", object_, reason);
  doubt_ = reason;
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
  if (const auto reason = integrity_->verify(coverage_, object_); !reason.empty()) {
    doubt(reason);
    return;
  }
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

}  // namespace mrf::fetch
