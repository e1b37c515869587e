// SPDX-License-Identifier: MIT
#include "collect/preamble.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>

#include "base/error.h"

namespace mrf::collect {

namespace {

static_assert(std::endian::native == std::endian::little);

class NoPreamble : public Preamble {
 public:
  NoPreamble() { is_over_ = true; }
  std::size_t take(std::string_view, bool) override { return 0; }
};

class LinePreamble : public Preamble {
 public:
  LinePreamble(const record::HeaderForm& form, HeaderUse use, std::string name)
      : use_(use), name_(std::move(name)), scanner_(form, name_) {}

  std::size_t take(std::string_view bytes, bool is_end) override {
    const std::size_t taken = scanner_.take(bytes, is_end);
    put(bytes.substr(0, taken));
    if (taken > 0 && bytes[taken - 1] != '\n') put("\n");
    is_over_ = scanner_.is_over() || is_end;
    const bool is_nothing = is_end && size_ == 0 && bytes.empty();
    if (is_over_ && use_.way == HeaderUse::Way::compare && !is_nothing) use_.common->end(size_, name_);
    return taken;
  }

 private:
  void put(std::string_view bytes) {
    if (bytes.empty()) return;
    if (use_.way == HeaderUse::Way::keep) text_.append(bytes);
    if (use_.way == HeaderUse::Way::compare) use_.common->add(size_, bytes, name_);
    size_ += bytes.size();
  }

  const HeaderUse use_;
  const std::string name_;
  record::HeaderScanner scanner_;
  std::size_t size_ = 0;
};

class BamPreamble : public Preamble {
 public:
  BamPreamble(HeaderUse use, BamReferences& references, std::string name)
      : use_(use), references_(references), name_(std::move(name)) {}

  std::size_t take(std::string_view bytes, bool is_end) override {
    if (is_end && bytes.empty()) throw base::DataError("read", name_, "it is empty, and not a BAM stream");
    if (!bytes.substr(0, magic.size()).starts_with(magic.substr(0, bytes.size()))) {
      throw base::DataError("read", name_, "it is not a BAM stream: it does not begin with 'BAM'");
    }
    if (!find_end(bytes)) {
      if (is_end) throw base::DataError("read", name_, "the header is truncated");
      return 0;
    }
    references_.agree(bytes.substr(text_end_, seen_ - text_end_), name_);
    if (use_.way == HeaderUse::Way::keep) text_ = bytes.substr(0, seen_);
    if (use_.way == HeaderUse::Way::compare) {
      use_.common->add(0, bytes.substr(0, seen_), name_);
      use_.common->end(seen_, name_);
    }
    is_over_ = true;
    return seen_;
  }

 private:
  static constexpr std::string_view magic{"BAM\1", 4};

  // Goes on where it stopped, so that a header of any size costs one pass. True when seen_ is its end.
  bool find_end(std::string_view bytes) {
    if (text_end_ == 0) {
      const auto end = skip(bytes, magic.size(), 0);
      if (!end) return false;
      text_end_ = *end;
    }
    if (seen_ == 0) {
      const auto count = length_at(bytes, text_end_);
      if (!count) return false;
      references_left_ = *count;
      seen_ = text_end_ + sizeof *count;
    }
    for (; references_left_ > 0; --references_left_) {
      const auto end = skip(bytes, seen_, sizeof(std::uint32_t));
      if (!end) return false;
      seen_ = *end;
    }
    return true;
  }

  // Behind a length at `at`, as many bytes as it says, and `more` bytes; nothing when that is not all there.
  std::optional<std::size_t> skip(std::string_view bytes, std::size_t at, std::size_t more) const {
    const auto length = length_at(bytes, at);
    if (!length) return std::nullopt;
    const std::size_t end = at + sizeof *length + *length + more;
    return end <= bytes.size() ? std::optional(end) : std::nullopt;
  }

  std::optional<std::uint32_t> length_at(std::string_view bytes, std::size_t at) const {
    std::uint32_t length = 0;
    if (bytes.size() < at + sizeof length) return std::nullopt;
    std::memcpy(&length, bytes.data() + at, sizeof length);
    if (length > 0x7fffffff) throw base::DataError("read", name_, "the header has a negative length");
    return length;
  }

  const HeaderUse use_;
  BamReferences& references_;
  const std::string name_;
  std::size_t text_end_ = 0;
  std::size_t seen_ = 0;
  std::uint32_t references_left_ = 0;
};

}  // namespace

void BamReferences::agree(std::string_view references, const std::string& input_name) {
  const std::size_t hash = std::hash<std::string_view>()(references);
  if (input_name_.empty()) {
    hash_ = hash;
    input_name_ = input_name;
  } else if (hash_ != hash) {
    throw base::DataError("collect", input_name,
                          fmt::format("its references are not those of '{}'", input_name_));
  }
}

void CommonHeader::refuse(std::size_t at, const std::string& input_name) const {
  const auto lines = std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  throw base::DataError(
      "collect", input_name,
      fmt::format("its header is not that of '{}': they differ in line {}", input_name_, lines + 1));
}

void CommonHeader::add(std::size_t at, std::string_view bytes, const std::string& input_name) {
  const std::string_view known = std::string_view(text_).substr(at, bytes.size());
  const auto differs = std::mismatch(known.begin(), known.end(), bytes.begin()).first;
  const std::size_t same = static_cast<std::size_t>(differs - known.begin());
  if (same < known.size() || (size_ && bytes.size() > known.size())) refuse(at + same, input_name);
  if (bytes.size() == known.size()) return;
  text_.append(bytes.substr(known.size()));
  input_name_ = input_name;
}

void CommonHeader::end(std::size_t size, const std::string& input_name) {
  if (size != text_.size() || (size_ && *size_ != size)) refuse(size, input_name);
  if (!size_) input_name_ = input_name;
  size_ = size;
}

std::unique_ptr<Preamble> make_no_preamble() { return std::make_unique<NoPreamble>(); }

std::unique_ptr<Preamble> make_line_preamble(const record::HeaderForm& form, HeaderUse use,
                                             std::string input_name) {
  return std::make_unique<LinePreamble>(form, use, std::move(input_name));
}

std::unique_ptr<Preamble> make_bam_preamble(HeaderUse use, BamReferences& references,
                                            std::string input_name) {
  return std::make_unique<BamPreamble>(use, references, std::move(input_name));
}

}  // namespace mrf::collect
