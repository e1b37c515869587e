// SPDX-License-Identifier: MIT
#include "record/key.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/error.h"
#include "record/bam_aux.h"
#include "record/scan.h"

namespace mrf::record {

namespace {

std::optional<std::size_t> number_in(std::string_view text) {
  std::size_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number == 0) return std::nullopt;
  return number;
}

// Takes ":LEN" off the end of `text`, if it is there.
std::size_t take_length(std::string_view& text) {
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos) {
    if (const auto length = number_in(text.substr(colon + 1))) {
      text = text.substr(0, colon);
      return *length;
    }
  }
  return std::numeric_limits<std::size_t>::max();
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool is_tag(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  return text.size() == 2 && is_letter(text[0]) && (is_letter(text[1]) || (text[1] >= '0' && text[1] <= '9'));
}

[[noreturn]] void refuse(const std::string& text) {
  throw base::UsageError("use key", text,
                         "not one of tag:XX, name, column:K, after:TEXT, with :LEN if need be");
}

constexpr auto not_found = std::string_view::npos;
constexpr std::uint64_t mandatory_fields = 11;

// What is in front of the next tab, or of the line's end.
std::string_view field(std::string_view text) {
  std::size_t end = 0;
  while (end < text.size() && text[end] != '\t' && text[end] != '\n') ++end;
  if (end > 0 && text[end - 1] == '\r' && !text.substr(end).starts_with('\t')) --end;
  return text.substr(0, end);
}

// A record without the NUL that ends it.
std::string_view content_of(std::string_view record, bool is_nul) {
  if (is_nul && record.ends_with('\0')) record.remove_suffix(1);
  return record;
}

class ColumnFinder : public KeyFinder {
 public:
  ColumnFinder(const KeyForm& key, const RecordForm& form)
      : before_(key.column - 1), length_(key.length), is_nul_(form.kind == RecordForm::Kind::nul) {}

  std::optional<std::string_view> find(std::string_view record) override {
    record = content_of(record, is_nul_);
    const std::string_view line = record.substr(0, record.find('\n'));
    const Ends tabs = before_ == 0 ? Ends{} : find_ends(line, '\t', before_);
    if (tabs.count < before_) return std::nullopt;
    return field(line.substr(tabs.end)).substr(0, length_);
  }

 private:
  const std::uint64_t before_;
  const std::size_t length_;
  const bool is_nul_;
};

class AfterFinder : public KeyFinder {
 public:
  AfterFinder(const KeyForm& key, const RecordForm& form)
      : text_(key.text), length_(key.length), is_nul_(form.kind == RecordForm::Kind::nul) {}

  std::optional<std::string_view> find(std::string_view record) override {
    record = content_of(record, is_nul_);
    const auto at = record.find(text_);
    if (at == not_found) return std::nullopt;
    return field(record.substr(at + text_.size())).substr(0, length_);
  }

 private:
  const std::string text_;
  const std::size_t length_;
  const bool is_nul_;
};

class SamTagFinder : public KeyFinder {
 public:
  explicit SamTagFinder(const KeyForm& key) : start_(fmt::format("\t{}:", key.text)), length_(key.length) {}

  std::optional<std::string_view> find(std::string_view record) override {
    // In front of the tags, a quality string may look like one.
    const Ends fields = find_ends(record, '\t', mandatory_fields);
    if (fields.count < mandatory_fields) return std::nullopt;
    for (std::size_t at = fields.end - 1;; ++at) {
      at = find_word(record, start_, at);
      if (at == not_found) return std::nullopt;
      const std::string_view value = record.substr(at + start_.size());
      if (value.size() < 2 || value[1] != ':' || types.find(value[0]) == not_found) continue;
      const std::string_view rest = value.substr(2);
      const auto tab = rest.find('\t');
      const std::string_view text = tab == not_found ? field(rest) : rest.substr(0, tab);
      return (value[0] == 'i' ? canonical(text) : text).substr(0, length_);
    }
  }

 private:
  static constexpr std::string_view types = "AiZH";

  // An integer as BAM gives it back: without '+' and zeros in front.
  std::string_view canonical(std::string_view text) {
    const bool is_negative = text.starts_with('-');
    std::string_view digits = text;
    if (is_negative || text.starts_with('+')) digits.remove_prefix(1);
    if (digits.empty() || digits.find_first_not_of("0123456789") != not_found) return text;
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size() - 1));
    if (!is_negative || digits == "0") return digits;
    if (digits.size() + 1 == text.size()) return text;
    number_ = '-';
    number_ += digits;
    return number_;
  }

  std::string number_;
  const std::string start_;
  const std::size_t length_;
};

class NameFinder : public KeyFinder {
 public:
  NameFinder(RecordForm form, std::size_t length) : form_(std::move(form)), length_(length) {}
  std::optional<std::string_view> find(std::string_view record) override {
    return record_name(form_, record).substr(0, length_);
  }

 private:
  const RecordForm form_;
  const std::size_t length_;
};

std::string_view bam_name(std::string_view record) {
  constexpr std::size_t fixed_fields = 36;
  constexpr std::size_t length_at = 12;
  const std::size_t length = static_cast<unsigned char>(record[length_at]);
  const std::string_view name = record.substr(fixed_fields, length);
  return name.substr(0, name.find('\0'));
}

// The first line of a record without what marks it, '@' or '>'.
std::string_view first_line(const RecordForm& form, std::string_view record) {
  const bool is_fasta = form.kind == RecordForm::Kind::fasta;
  if (is_fasta) record.remove_prefix(std::min(record.find_first_not_of("\r\n"), record.size()));
  if (is_fasta || form.kind == RecordForm::Kind::fastq) record.remove_prefix(1);
  const char end = form.kind == RecordForm::Kind::nul ? '\0' : '\n';
  return record.substr(0, record.find(end));
}

bool has_mate_suffix(std::string_view name) { return name.ends_with("/1") || name.ends_with("/2"); }

class BamTagFinder : public KeyFinder {
 public:
  explicit BamTagFinder(const KeyForm& key) : tag_(key.text), length_(key.length) {}

  std::optional<std::string_view> find(std::string_view record) override {
    AuxFields fields(record);
    while (const auto field = fields.next()) {
      if (field->tag == tag_) return text_of(*field);
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string_view> text_of(const AuxField& field) {
    if (field.type == 'A') return field.value;
    if (field.type == 'Z' || field.type == 'H')
      return field.value.substr(0, field.value.size() - 1).substr(0, length_);
    if (const auto number = integer_of(field)) return decimal(*number);
    return std::nullopt;
  }

  std::string_view decimal(std::int64_t number) {
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr;
    return std::string_view(digits_.data(), static_cast<std::size_t>(end - digits_.data()))
        .substr(0, length_);
  }

  const std::string tag_;
  const std::size_t length_;
  std::array<char, 16> digits_{};
};

}  // namespace

std::string_view record_name(const RecordForm& form, std::string_view record) {
  std::string_view name = form.kind == RecordForm::Kind::bam ? bam_name(record) : first_line(form, record);
  name = name.substr(0, name.find_first_of(" \t\r\n"));
  if (has_mate_suffix(name)) name.remove_suffix(2);
  return name;
}

int mate_number(const RecordForm& form, std::string_view record) {
  const std::string_view line = first_line(form, record);
  const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
  const std::string_view name = line.substr(0, end);
  if (has_mate_suffix(name)) return name.back() - '0';
  const std::string_view comment = line.substr(std::min(end + 1, line.size()));
  return comment.starts_with("1:") ? 1 : comment.starts_with("2:") ? 2 : 0;
}

KeyForm parse_key_form(const std::string& text) {
  using Kind = KeyForm::Kind;
  std::string_view rest = text;
  KeyForm form;
  if (take_prefix(rest, "tag:")) {
    form.kind = Kind::tag;
    form.length = take_length(rest);
    form.text = rest;
    if (!is_tag(rest)) refuse(text);
  } else if (take_prefix(rest, "name")) {
    form.length = take_length(rest);
    if (!rest.empty()) refuse(text);
  } else if (take_prefix(rest, "column:")) {
    form.kind = Kind::column;
    if (rest.find(':') != std::string_view::npos) form.length = take_length(rest);
    const auto column = number_in(rest);
    if (!column) refuse(text);
    form.column = *column;
  } else if (take_prefix(rest, "after:")) {
    form.kind = Kind::after;
    form.length = take_length(rest);
    form.text = rest;
    if (rest.empty()) refuse(text);
  } else {
    refuse(text);
  }
  return form;
}

std::string describe(const KeyForm& form) {
  switch (form.kind) {
    case KeyForm::Kind::tag:
      return "tag " + form.text;
    case KeyForm::Kind::column:
      return fmt::format("column {}", form.column);
    case KeyForm::Kind::after:
      return fmt::format("text '{}'", form.text);
    case KeyForm::Kind::name:
      break;
  }
  return "name";
}

std::unique_ptr<KeyFinder> make_key_finder(const KeyForm& key, const RecordForm& form) {
  using Kind = KeyForm::Kind;
  const bool is_bam = form.kind == RecordForm::Kind::bam;
  const bool may_be_sam = form.kind == RecordForm::Kind::line || form.kind == RecordForm::Kind::sam;
  if (key.kind == Kind::tag && !is_bam && !may_be_sam) {
    throw base::UsageError("use key", describe(key), "only SAM lines and BAM records have tags");
  }
  if ((key.kind == Kind::column || key.kind == Kind::after) && is_bam) {
    throw base::UsageError("use key", describe(key), "BAM records have tags and names only");
  }
  if (key.kind == Kind::name) return std::make_unique<NameFinder>(form, key.length);
  if (key.kind == Kind::column) return std::make_unique<ColumnFinder>(key, form);
  if (key.kind == Kind::after) return std::make_unique<AfterFinder>(key, form);
  if (is_bam) return std::make_unique<BamTagFinder>(key);
  return std::make_unique<SamTagFinder>(key);
}

std::uint64_t key_hash(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

std::string key_hash_library() {
  return fmt::format("xxHash {}.{}.{}", XXH_VERSION_MAJOR, XXH_VERSION_MINOR, XXH_VERSION_RELEASE);
}

}  // namespace mrf::record
