// SPDX-License-Identifier: MIT
#include "fetch/held_output.h"

#include <cstring>
#include <utility>

#include "base/error.h"
#include "io/fd.h"
#include "io/paths.h"
#include "io/stats.h"

namespace mrf::fetch {

BytesThere HeldOutput::begin(const http::ResponseHead& head, const http::ObjectVersion& version) {
  data_.assign(static_cast<std::size_t>(version.total.value()), '\0');
  checks_.begin(head, version.total, object_, {*this, true, [] {}});
  return {};
}

// Several threads write disjoint places.
void HeldOutput::take(std::uint64_t at, std::string_view bytes) {
  if (at > data_.size() || bytes.size() > data_.size() - at)
    throw base::DataError("fetch", object_, "the server sends more bytes than it said");
  std::memcpy(data_.data() + at, bytes.data(), bytes.size());
  checks_.add(at, bytes);
}

bool HeldOutput::agrees(std::uint64_t at, std::string_view bytes) {
  return at <= data_.size() &&
         std::string_view(data_).substr(static_cast<std::size_t>(at)).starts_with(bytes);
}

void HeldOutput::forget(base::Status, const std::string&) {
  checks_.forget();
  data_.clear();
}

std::string_view HeldOutput::view(std::uint64_t at, std::span<char> scratch) {
  return std::string_view(data_).substr(static_cast<std::size_t>(at), scratch.size());
}

// Bytes that are not the right ones make no file.
void HeldOutput::write() {
  if (file_) return;
  checks_.verify();
  io::OutputFile file = open_();
  io::Meter meter;
  io::write_all(file.fd(), file.name(), data_, meter);
  file_.emplace(std::move(file));
  data_ = {};
}

// Null when the target has become a device, or lies in another file system than its directory.
io::OutputFile* HeldOutput::prepare() {
  write();
  return file_->syncs_together() ? &*file_ : nullptr;
}

void HeldOutput::finish() {
  write();
  // Another process may have removed the directory as one that it had made.
  if (!file_->is_direct()) directories_.make(io::directory_of(file_->name()));
  file_->commit();
}

}  // namespace mrf::fetch
