// SPDX-License-Identifier: MIT
#include "collect/header.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "base/error.h"

namespace mrf::collect {

namespace {

// The input that had a header first, for a message of another one. Every round of --reopen reads the same
// inputs.
std::string first_of(const std::string& first, const std::string& input_name) {
  return first == input_name ? "an earlier round (--reopen)" : fmt::format("'{}'", first);
}

}  // namespace

InputHeader::InputHeader(const record::HeaderForm& form, HeaderUse use, BamReferences& references,
                         std::string input_name)
    : is_bam_(form.kind == record::HeaderForm::Kind::bam),
      use_(use),
      references_(references),
      name_(std::move(input_name)),
      reader_(form, name_) {}

std::size_t InputHeader::take(std::string_view bytes, bool is_end) {
  const std::size_t taken = reader_.take(bytes, is_end);
  const std::string_view header = bytes.substr(0, taken);
  if (is_bam_ && taken > 0) references_.agree(record::bam_references(header), name_);
  put(header);
  if (!is_bam_ && taken > 0 && !header.ends_with('\n')) put("\n");
  const bool is_nothing = is_end && size_ == 0 && bytes.empty();
  if (is_over() && use_.way == HeaderUse::Way::compare && !is_nothing) use_.common->end(size_, name_);
  return taken;
}

void InputHeader::put(std::string_view bytes) {
  if (bytes.empty()) return;
  if (use_.way == HeaderUse::Way::keep) text_.append(bytes);
  if (use_.way == HeaderUse::Way::compare) use_.common->add(size_, bytes, name_);
  size_ += bytes.size();
}

void BamReferences::agree(std::string_view references, const std::string& input_name) {
  const std::size_t hash = std::hash<std::string_view>()(references);
  if (input_name_.empty()) {
    hash_ = hash;
    input_name_ = input_name;
  } else if (hash_ != hash) {
    throw base::DataError(
        "collect", input_name,
        fmt::format("its references are not those of {}", first_of(input_name_, input_name)));
  }
}

void CommonHeader::refuse(std::size_t at, std::string_view rest, const std::string& input_name) const {
  const std::string header = text_.substr(0, at) + std::string(rest);
  const std::string difference = record::header_difference(header, text_);
  throw base::DataError("collect", input_name,
                        fmt::format("its header is not that of {}{}", first_of(input_name_, input_name),
                                    difference.empty() ? "" : ": " + difference));
}

void CommonHeader::add(std::size_t at, std::string_view bytes, const std::string& input_name) {
  const std::string_view known = std::string_view(text_).substr(at, bytes.size());
  const auto differs = std::mismatch(known.begin(), known.end(), bytes.begin()).first;
  const std::size_t same = static_cast<std::size_t>(differs - known.begin());
  if (same < known.size() || (size_ && bytes.size() > known.size()))
    refuse(at + same, bytes.substr(same), input_name);
  if (bytes.size() == known.size()) return;
  text_.append(bytes.substr(known.size()));
  input_name_ = input_name;
}

void CommonHeader::end(std::size_t size, const std::string& input_name) {
  if (size != text_.size() || (size_ && *size_ != size)) refuse(size, "", input_name);
  if (!size_) input_name_ = input_name;
  size_ = size;
}

}  // namespace mrf::collect
