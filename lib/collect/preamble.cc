// SPDX-License-Identifier: MIT
#include "collect/preamble.h"

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>

#include "base/error.h"

namespace mrf {

namespace {

static_assert(std::endian::native == std::endian::little);

class NoPreamble : public Preamble {
 public:
  NoPreamble() { is_over_ = true; }
  std::size_t take(std::string_view, bool) override { return 0; }
};

bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool is_header_line(std::string_view line) {
  return line.size() >= 4 && line[0] == '@' && is_letter(line[1]) && is_letter(line[2]) && line[3] == '\t';
}

class SamPreamble : public Preamble {
 public:
  explicit SamPreamble(bool is_kept) : is_kept_(is_kept) {}

  std::size_t take(std::string_view bytes, bool is_end) override {
    std::size_t taken = 0;
    while (!is_over_ && taken < bytes.size()) {
      const std::string_view rest = bytes.substr(taken);
      const std::size_t end = rest.find('\n');
      const bool is_whole = end != std::string_view::npos;
      if (rest[0] == '@' && !is_whole && !is_end) break;
      if (is_header_line(rest.substr(0, end))) {
        taken += keep(rest.substr(0, is_whole ? end : rest.size()), is_whole);
      } else {
        is_over_ = true;
      }
    }
    if (is_end) is_over_ = true;
    return taken;
  }

 private:
  // Returns the bytes of the line, with its newline when it has one.
  std::size_t keep(std::string_view line, bool has_newline) {
    if (is_kept_) text_.append(line).append("\n");
    return line.size() + (has_newline ? 1 : 0);
  }

  const bool is_kept_;
};

class BamPreamble : public Preamble {
 public:
  BamPreamble(bool is_kept, BamReferences& references, std::string name)
      : is_kept_(is_kept), references_(references), name_(std::move(name)) {}

  std::size_t take(std::string_view bytes, bool is_end) override {
    if (!bytes.substr(0, magic.size()).starts_with(magic.substr(0, bytes.size())) ||
        (is_end && bytes.empty())) {
      throw DataError("read", name_, "not a BAM stream");
    }
    const auto text_end = skip(bytes, magic.size(), 0);
    const auto end = text_end ? skip_references(bytes, *text_end) : std::nullopt;
    if (!end) {
      if (is_end) throw DataError("read", name_, "the header is truncated");
      return 0;
    }
    references_.agree(bytes.substr(*text_end, *end - *text_end), name_);
    if (is_kept_) text_ = bytes.substr(0, *end);
    is_over_ = true;
    return *end;
  }

 private:
  static constexpr std::string_view magic{"BAM\1", 4};

  // Behind a length at `at`, as many bytes as it says, and `more` bytes; nothing when that is not all there.
  std::optional<std::size_t> skip(std::string_view bytes, std::size_t at, std::size_t more) const {
    const auto length = length_at(bytes, at);
    if (!length) return std::nullopt;
    const std::size_t end = at + sizeof *length + *length + more;
    return end <= bytes.size() ? std::optional(end) : std::nullopt;
  }

  std::optional<std::size_t> skip_references(std::string_view bytes, std::size_t at) const {
    const auto count = length_at(bytes, at);
    if (!count) return std::nullopt;
    std::optional<std::size_t> end = at + sizeof *count;
    for (std::uint32_t i = 0; end && i < *count; ++i) end = skip(bytes, *end, sizeof(std::uint32_t));
    return end;
  }

  std::optional<std::uint32_t> length_at(std::string_view bytes, std::size_t at) const {
    std::uint32_t length = 0;
    if (bytes.size() < at + sizeof length) return std::nullopt;
    std::memcpy(&length, bytes.data() + at, sizeof length);
    if (length > 0x7fffffff) throw DataError("read", name_, "the header has a negative length");
    return length;
  }

  const bool is_kept_;
  BamReferences& references_;
  const std::string name_;
};

}  // namespace

void BamReferences::agree(std::string_view references, const std::string& input_name) {
  const std::size_t hash = std::hash<std::string_view>()(references);
  if (input_name_.empty()) {
    hash_ = hash;
    input_name_ = input_name;
  } else if (hash_ != hash) {
    throw DataError("collect", input_name, fmt::format("its references are not those of '{}'", input_name_));
  }
}

std::unique_ptr<Preamble> make_no_preamble() { return std::make_unique<NoPreamble>(); }

std::unique_ptr<Preamble> make_sam_preamble(bool is_kept) { return std::make_unique<SamPreamble>(is_kept); }

std::unique_ptr<Preamble> make_bam_preamble(bool is_kept, BamReferences& references, std::string input_name) {
  return std::make_unique<BamPreamble>(is_kept, references, std::move(input_name));
}

}  // namespace mrf
