// SPDX-License-Identifier: MIT
#include "record/sequence.h"

#include <charconv>
#include <cstring>
#include <utility>

#include "record/bam_aux.h"
#include "record/scan.h"

namespace mrf::record {

namespace {

constexpr std::string_view tag_prefix = "\tmi:i:";
constexpr std::string_view aux_prefix = "mii";
constexpr std::size_t max_digits = 10;
constexpr std::size_t first_tag = 11;  // SAM specification, section 1.4: columns before the tags

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The number that `text` begins with; nothing when there is none or it is out of range.
std::optional<SequenceMark> leading_number(std::string_view text) {
  std::uint64_t number = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && digits <= max_digits && is_digit(text[digits]); ++digits) {
    number = number * 10 + static_cast<std::uint64_t>(text[digits] - '0');
  }
  if (digits == 0 || digits > max_digits || number >= sequence_modulus) return std::nullopt;
  return SequenceMark{static_cast<std::uint32_t>(number), 0, digits};
}

std::optional<SequenceMark> find_column(std::string_view record) {
  auto mark = leading_number(record);
  if (!mark || mark->size == record.size() || record[mark->size] != '\t') return std::nullopt;
  ++mark->size;
  return mark;
}

// The number of the tag whose tab is at `at`, if it is one and ends where the field ends.
std::optional<SequenceMark> tag_at(std::string_view line, std::size_t at) {
  const auto value = line.substr(at + tag_prefix.size());
  auto mark = leading_number(value);
  if (!mark) return std::nullopt;
  const bool whole = mark->size == value.size() || value[mark->size] == '\t' || value[mark->size] == '\r';
  if (!whole) return std::nullopt;
  mark->begin = at;
  mark->size += tag_prefix.size();
  return mark;
}

std::optional<SequenceMark> find_last_tag(std::string_view line) {
  std::size_t digits = 0;
  while (digits < max_digits && digits < line.size() && is_digit(line[line.size() - 1 - digits])) ++digits;
  if (line.size() < digits + tag_prefix.size()) return std::nullopt;
  const std::size_t at = line.size() - digits - tag_prefix.size();
  if (line.substr(at, tag_prefix.size()) != tag_prefix) return std::nullopt;
  return tag_at(line, at);
}

// Where the tab in front of the first tag would be.
std::size_t tags_of(std::string_view line) {
  std::size_t tab = line.find('\t');
  for (std::size_t column = 1; column < first_tag && tab != std::string_view::npos; ++column) {
    tab = line.find('\t', tab + 1);
  }
  return tab;
}

bool has_tag_before(std::string_view line, std::size_t end) {
  const std::string_view front = line.substr(0, end);
  if (find_word(front, tag_prefix.substr(0, 4), 0) == std::string_view::npos) return false;
  const std::size_t at = front.rfind(tag_prefix);
  return at != std::string_view::npos && at >= tags_of(line);
}

std::optional<SequenceMark> find_tag(std::string_view line) {
  if (line.ends_with('\n')) line.remove_suffix(1);
  auto mark = find_last_tag(line);
  if (!mark) {
    const auto at = line.rfind(tag_prefix);
    if (at == std::string_view::npos || at < tags_of(line)) return std::nullopt;
    mark = tag_at(line, at);
  }
  if (mark) mark->is_repeated = has_tag_before(line, mark->begin);
  return mark;
}

std::optional<SequenceMark> find_aux(std::string_view record) {
  std::optional<SequenceMark> mark;
  bool has_tag = false;
  AuxFields fields(record);
  while (const auto field = fields.next()) {
    if (field->tag != aux_prefix.substr(0, 2)) continue;
    const auto number = integer_of(*field);
    const bool is_repeated = std::exchange(has_tag, true);
    mark.reset();
    if (number && *number >= 0 && *number < std::int64_t{sequence_modulus}) {
      mark = SequenceMark{static_cast<std::uint32_t>(*number), field->begin, field->size, is_repeated};
    }
  }
  return mark;
}

}  // namespace

SequenceField::SequenceField(SequencePlace place, std::uint64_t first) : place_(place), number_(first) {
  format();
}

void SequenceField::format() {
  if (place_ == SequencePlace::aux) {
    format_aux();
  } else {
    format_text();
  }
}

void SequenceField::format_aux() {
  const auto number = static_cast<std::uint32_t>(number_ % sequence_modulus);
  begin_ = text_.size() - aux_prefix.size() - sizeof number;
  std::memcpy(text_.data() + begin_, aux_prefix.data(), aux_prefix.size());
  std::memcpy(text_.data() + begin_ + aux_prefix.size(), &number, sizeof number);
}

void SequenceField::format_text() {
  std::array<char, max_digits> digits;
  const auto number = static_cast<std::uint32_t>(number_ % sequence_modulus);
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const auto size = static_cast<std::size_t>(end - digits.data());
  std::size_t at = text_.size();
  if (place_ == SequencePlace::column) text_[--at] = '\t';
  at -= size;
  std::memcpy(text_.data() + at, digits.data(), size);
  if (place_ == SequencePlace::tag) {
    at -= tag_prefix.size();
    std::memcpy(text_.data() + at, tag_prefix.data(), tag_prefix.size());
  }
  begin_ = at;
}

void SequenceField::advance() {
  ++number_;
  const std::size_t last = text_.size() - (place_ == SequencePlace::column ? 2 : 1);
  if (place_ != SequencePlace::aux && text_[last] != '9' && number_ % sequence_modulus != 0) {
    ++text_[last];
  } else {
    format();
  }
}

std::optional<SequenceMark> find_sequence(SequencePlace place, std::string_view record) {
  if (place == SequencePlace::aux) return find_aux(record);
  return place == SequencePlace::column ? find_column(record) : find_tag(record);
}

bool has_sequence_tag(SequencePlace place, std::string_view record) {
  if (place == SequencePlace::column) return false;
  if (place == SequencePlace::aux) {
    AuxFields fields(record);
    while (const auto field = fields.next()) {
      if (field->tag == "mi") return true;
    }
    return false;
  }
  const std::size_t hit = find_word(record, "\tmi:", 0);
  if (hit == std::string_view::npos) return false;
  // In front of the tags, a field may look like one.
  const Ends fields = find_ends(record, '\t', first_tag);
  return fields.count == first_tag && find_word(record, "\tmi:", fields.end - 1) != std::string_view::npos;
}

}  // namespace mrf::record
