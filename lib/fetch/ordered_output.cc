// SPDX-License-Identifier: MIT
#include "fetch/ordered_output.h"

#include <fmt/format.h>

#include <cstring>
#include <utility>

#include "base/error.h"

namespace mrf::fetch {

namespace {

constexpr std::uint64_t most_at_once = 1 << 20;

}  // namespace

OrderedOutput::OrderedOutput(Reader reader, std::string name, std::size_t memory, Checks& checks,
                             std::string object)
    : reader_(std::move(reader)),
      name_(std::move(name)),
      memory_(memory),
      checks_(checks),
      object_(std::move(object)) {}

OrderedOutput::~OrderedOutput() { checks_.forget(); }

std::vector<ByteRange> OrderedOutput::begin(const http::ResponseHead& head,
                                            const http::ObjectVersion& version) {
  checks_.begin(head, version.total, object_, {*this, false, [] {}});
  if (checks_.reads_again() && !ring_) ring_.emplace(memory_);
  return {};
}

void OrderedOutput::take(std::uint64_t at, std::string_view bytes) {
  if (at != given_ || checks_.reads_again()) {
    if (!ring_) ring_.emplace(memory_);
    std::memcpy(ring_->at(at), bytes.data(), bytes.size());
  } else {
    reader_(bytes);
    given_ += bytes.size();
  }
  const std::uint64_t there = checks_.add(at, bytes);
  while (given_ < there) {
    const std::uint64_t size = std::min<std::uint64_t>(most_at_once, there - given_);
    reader_({ring_->at(given_), static_cast<std::size_t>(size)});
    given_ += size;
  }
}

void OrderedOutput::forget(base::Status status, const std::string& reason) {
  if (given_ > 0)
    throw base::Error(status, "fetch", object_,
                      fmt::format("{} after {} bytes went to '{}'", reason, given_.load(), name_));
  checks_.forget();
}

void OrderedOutput::finish() { checks_.verify(); }

std::string_view OrderedOutput::view(std::uint64_t at, std::span<char> scratch) {
  return {ring_->at(at), scratch.size()};
}

}  // namespace mrf::fetch
