// SPDX-License-Identifier: MIT
#include "sam/sam_fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <optional>

namespace mrf::bam {

namespace {

constexpr std::array<std::string_view, 11> columns{"QNAME", "FLAG",  "RNAME", "POS", "MAPQ", "CIGAR",
                                                   "RNEXT", "PNEXT", "TLEN",  "SEQ", "QUAL"};
enum Column { qname, flag, rname, pos, mapq, cigar, rnext, pnext, tlen, seq, qual };

using Fields = std::array<std::string_view, columns.size()>;

// Cuts the fields off the front of `line`; returns how many there were.
std::size_t split(std::string_view& line, Fields& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t tab = line.find('\t');
    fields[i] = line.substr(0, tab);
    const bool more = tab != std::string_view::npos;
    line.remove_prefix(more ? tab + 1 : line.size());
    if (!more) return i + 1;
  }
  return fields.size();
}

constexpr std::int64_t lowest_aux = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t highest_aux = std::numeric_limits<std::uint32_t>::max();

std::string bad(Column column, std::string_view value, std::string_view reason) {
  constexpr std::size_t shown = 40;
  const std::string_view dots = value.size() > shown ? "…" : "";
  return fmt::format("{} '{}{}' {}", columns[column], value.substr(0, shown), dots, reason);
}

// A sign may stand in front (SAM specification, section 1.4, INT).
bool is_number(std::string_view text, std::int64_t low, std::int64_t high) {
  if (text.starts_with("+") && !text.starts_with("+-")) text.remove_prefix(1);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= low && number <= high;
}

bool has_reference(std::string_view name, const sam_hdr_t& header) {
  const std::string text(name);
  return sam_hdr_name2tid(const_cast<sam_hdr_t*>(&header), text.c_str()) >= 0;
}

struct Cigar {
  std::string fault;
  std::int64_t read_length = 0;
};

Cigar check_cigar(std::string_view text) {
  constexpr std::int64_t longest = (1 << 28) - 1;
  Cigar result;
  while (!text.empty()) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    if (digits == 0) result.fault = "has an operation without a length";
    if (digits == text.size()) result.fault = "has a length without an operation";
    if (!result.fault.empty()) return result;
    const char operation = text[digits];
    if (std::string_view("MIDNSHP=XB").find(operation) == std::string_view::npos) {
      result.fault = fmt::format("has the unknown operation '{}'", operation);
      return result;
    }
    if (!is_number(text.substr(0, digits), 0, longest)) {
      result.fault = "has too long an operation";
      return result;
    }
    std::int64_t length = 0;
    std::from_chars(text.data(), text.data() + digits, length);
    if (std::string_view("MIS=X").find(operation) != std::string_view::npos) result.read_length += length;
    text.remove_prefix(digits + 1);
  }
  return result;
}

std::string check_numbers(const Fields& fields) {
  struct Range {
    Column column;
    std::int64_t low;
    std::int64_t high;
  };
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::array ranges{Range{flag, 0, 65535}, Range{pos, 0, most}, Range{mapq, 0, 255},
                              Range{pnext, 0, most}, Range{tlen, -most, most}};
  for (const auto& range : ranges) {
    const auto value = fields[range.column];
    if (range.column == flag && value.starts_with("0x")) continue;
    const bool signed_flag = range.column == flag && value.starts_with('+');
    if (signed_flag || !is_number(value, range.low, range.high))
      return bad(range.column, value, "is not a number in range");
  }
  return "";
}

std::string check_sequence(const Fields& fields) {
  const auto size = static_cast<std::int64_t>(fields[seq] == "*" ? 0 : fields[seq].size());
  if (fields[cigar] != "*") {
    const Cigar found = check_cigar(fields[cigar]);
    if (!found.fault.empty()) return bad(cigar, fields[cigar], found.fault);
    if (size > 0 && found.read_length != size) {
      return fmt::format("CIGAR stands for {} bases, SEQ has {}", found.read_length, size);
    }
  }
  if (fields[qual] == "*") return "";
  if (static_cast<std::int64_t>(fields[qual].size()) != size) {
    return fmt::format("SEQ has {} bases, QUAL {}", size, fields[qual].size());
  }
  for (const char c : fields[qual]) {
    if (c < '!' || c > '~') return "QUAL has a character that is no quality";
  }
  return "";
}

bool is_real(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  std::strtod(copy.c_str(), &end);
  return !copy.empty() && *end == '\0';
}

bool is_array(std::string_view text) {
  if (text.empty() || std::string_view("cCsSiIf").find(text.front()) == std::string_view::npos) return false;
  const bool real = text.front() == 'f';
  text.remove_prefix(1);
  while (!text.empty()) {
    if (text.front() != ',') return false;
    const std::size_t end = std::min(text.find(',', 1), text.size());
    const std::string_view number = text.substr(1, end - 1);
    if (!(real ? is_real(number) : is_number(number, lowest_aux, highest_aux))) return false;
    text.remove_prefix(end);
  }
  return true;
}

bool is_value(char type, std::string_view value) {
  switch (type) {
    case 'Z':
      return true;
    case 'H':
      return value.size() % 2 == 0;
    case 'i':
    case 'I':
      return is_number(value, lowest_aux, highest_aux);
    case 'f':
    case 'd':
      return is_real(value);
    case 'B':
      return is_array(value);
    default:
      return value.size() == 1;
  }
}

std::string check_tag(std::string_view tag) {
  const bool framed = tag.size() >= 5 && tag[2] == ':' && tag[4] == ':';
  const std::string named = fmt::format("the optional field '{}'", tag.substr(0, 20));
  if (!framed) return named + " is not of the form TAG:TYPE:VALUE";
  const char type = tag[3];
  if (std::string_view("AacCiIfdZHB").find(type) == std::string_view::npos)
    return named + " has an unknown type";
  return is_value(type, tag.substr(5)) ? "" : named + " has a malformed value";
}

std::string unknown_reference(std::string_view line, const sam_hdr_t& header) {
  Fields fields;
  split(line, fields);
  for (const Column column : {rname, rnext}) {
    const auto name = fields[column];
    if (name == "*" || (column == rnext && name == "=") || has_reference(name, header)) continue;
    return bad(column, name, "is not in the header");
  }
  return "";
}

}  // namespace

std::string fault_of(std::string_view line, const sam_hdr_t& header) {
  if (line.starts_with('@')) return "a header line after the first record";
  Fields fields;
  std::string_view rest = line;
  const std::size_t count = split(rest, fields);
  if (count < fields.size()) return fmt::format("{} fields where 11 are needed", count);
  constexpr std::size_t longest_name = 254;
  if (fields[qname].size() > longest_name) return bad(qname, fields[qname], "is longer than 254 characters");
  if (auto fault = unknown_reference(line, header); !fault.empty()) return fault;
  if (auto fault = check_numbers(fields); !fault.empty()) return fault;
  if (auto fault = check_sequence(fields); !fault.empty()) return fault;
  while (!rest.empty()) {
    const std::size_t tab = std::min(rest.find('\t'), rest.size());
    const std::string_view tag = rest.substr(0, tab);
    rest.remove_prefix(std::min(tab + 1, rest.size()));
    if (auto fault = check_tag(tag); !fault.empty()) return fault;
  }
  return "";
}

}  // namespace mrf::bam
