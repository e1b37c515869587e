// SPDX-License-Identifier: MIT
#include "record/key.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "record/key_finders.h"

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

}  // namespace

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
  if (key.kind == Kind::name) return make_name_finder(form, key.length);
  if (key.kind == Kind::tag) return is_bam ? make_bam_tag_finder(key) : make_sam_tag_finder(key);
  return make_text_finder(key, form);
}

std::uint64_t key_hash(std::string_view key) { return XXH3_64bits(key.data(), key.size()); }

std::string key_hash_library() {
  return fmt::format("xxHash {}.{}.{}", XXH_VERSION_MAJOR, XXH_VERSION_MINOR, XXH_VERSION_RELEASE);
}

}  // namespace mrf::record
