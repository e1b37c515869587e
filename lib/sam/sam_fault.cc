// SPDX-License-Identifier: MIT
#include "sam/sam_fault.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <new>

#include "base/error.h"
#include "sam/characters.h"
#include "sam/record.h"
#include "sam/tags.h"

namespace mrf::sam {

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

constexpr std::int64_t highest_flag = 65535;

bool is_hex_flag(std::string_view text) {
  if (!text.starts_with("0x") && !text.starts_with("0X")) return false;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), number, 16);
  return error == std::errc() && end == text.data() + text.size() && number >= 0 && number <= highest_flag;
}

std::string check_name(std::string_view name, Lenience lenience) {
  constexpr std::size_t longest = 254;
  if (name.starts_with('@'))
    return bad(qname, name, "begins with '@', which no read name may; mrf-run --record bam keeps such names");
  if (name.size() > longest) return bad(qname, name, "is longer than 254 characters");
  if (name.empty()) return lenience.takes(Deviation::name) ? "" : "QNAME is empty; --permissive takes it";
  if (are_name_characters(name) || lenience.takes(Deviation::name)) return "";
  return bad(qname, name, "has a character that SAM does not allow there; --permissive takes it");
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

std::string check_numbers(const Fields& fields, Lenience lenience) {
  struct Range {
    Column column;
    std::int64_t low;
    std::int64_t high;
    const char* fault;
  };
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::array ranges{Range{flag, 0, highest_flag, "is not a number from 0 to 65535"},
                              Range{pos, 0, most, "is not a number of 0 or more"},
                              Range{mapq, 0, 255, "is not a number from 0 to 255"},
                              Range{pnext, 0, most, "is not a number of 0 or more"},
                              Range{tlen, -most, most, "is not a number"}};
  for (const auto& range : ranges) {
    const auto value = fields[range.column];
    const bool octal = value.size() > 1 && value.front() == '0' &&
                       value.find_first_not_of("01234567") == std::string_view::npos;
    if (range.column == flag && (octal || is_hex_flag(value))) {
      if (lenience.takes(Deviation::flag)) continue;
      return bad(flag, value, "is not a plain decimal number; --permissive takes it as C does");
    }
    const bool signed_flag = range.column == flag && value.starts_with('+');
    if (signed_flag || !is_number(value, range.low, range.high)) return bad(range.column, value, range.fault);
  }
  return "";
}

// A character of SEQ that BAM does not have.
std::string check_bases(std::string_view text, Lenience lenience) {
  const std::size_t at = text.find_first_not_of("=ACMGRSVTWYHKDBN");
  if (text == "*" || at == std::string_view::npos || lenience.takes(Deviation::sequence)) return "";
  const char c = text[at];
  const bool allowed = is_letter(c) || c == '.';
  return fmt::format("SEQ has '{}' at base {}, which {}; --permissive makes upper case or N of it",
                     base::printable(text.substr(at, 1)), at + 1, allowed ? "BAM cannot hold" : "is no base");
}

std::string check_sequence(const Fields& fields, Lenience lenience) {
  const auto size = static_cast<std::int64_t>(fields[seq] == "*" ? 0 : fields[seq].size());
  if (fields[cigar] != "*") {
    const Cigar found = check_cigar(fields[cigar]);
    if (!found.fault.empty()) return bad(cigar, fields[cigar], found.fault);
    if (size > 0 && found.read_length != size) {
      return fmt::format(
          "CIGAR stands for {} bases, SEQ has {}: what cuts SEQ has to cut CIGAR and QUAL, too",
          found.read_length, size);
    }
  }
  if (auto fault = check_bases(fields[seq], lenience); !fault.empty()) return fault;
  if (fields[qual] == "*") return "";
  if (static_cast<std::int64_t>(fields[qual].size()) != size) {
    return fmt::format("SEQ has {} bases, QUAL {}: what cuts one has to cut the other, too", size,
                       fields[qual].size());
  }
  for (const char c : fields[qual]) {
    if (c < '!' || c > '~') return "QUAL has a character that is no quality, not one from '!' to '~'";
  }
  return "";
}

// [-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?, or with nothing behind the point, and within what a float can hold:
// neither too large for it, nor so small that it would become 0.
bool is_real(std::string_view text) {
  const std::string copy(text);
  std::string_view rest = copy;
  const auto take_sign = [&] {
    if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  };
  const auto take_digits = [&] {
    const std::size_t n = std::min(rest.find_first_not_of("0123456789"), rest.size());
    rest.remove_prefix(n);
    return n;
  };
  take_sign();
  std::size_t digits = take_digits();
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    digits += take_digits();
  }
  if (digits == 0) return false;
  if (rest.starts_with('e') || rest.starts_with('E')) {
    rest.remove_prefix(1);
    take_sign();
    if (take_digits() == 0) return false;
  }
  const float number = std::strtof(copy.c_str(), nullptr);
  return rest.empty() && std::isfinite(number) && (number != 0 || is_zero(copy));
}

// As strtod(3) reads it, and htslib with it.
bool is_any_real(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  std::strtod(copy.c_str(), &end);
  return !copy.empty() && *end == '\0';
}

struct Limits {
  std::int64_t low;
  std::int64_t high;
};

template <typename Number>
constexpr Limits limits_of() {
  return {std::numeric_limits<Number>::min(), std::numeric_limits<Number>::max()};
}

constexpr Limits limits_of(char type) {
  switch (type) {
    case 'c':
      return limits_of<std::int8_t>();
    case 'C':
      return limits_of<std::uint8_t>();
    case 's':
      return limits_of<std::int16_t>();
    case 'S':
      return limits_of<std::uint16_t>();
    case 'i':
      return limits_of<std::int32_t>();
    case 'I':
      return limits_of<std::uint32_t>();
    default:
      return {lowest_aux, highest_aux};
  }
}

// What may stand where a value is: only what the specification allows, or what htslib makes something of.
enum class Rule { specification, htslib };

bool is_array(std::string_view text, Rule rule) {
  if (text.empty() || std::string_view("cCsSiIf").find(text.front()) == std::string_view::npos) return false;
  const bool real = text.front() == 'f';
  const Limits limits =
      rule == Rule::specification ? limits_of(text.front()) : Limits{lowest_aux, highest_aux};
  text.remove_prefix(1);
  while (!text.empty()) {
    if (text.front() != ',') return false;
    const std::size_t end = std::min(text.find(',', 1), text.size());
    const std::string_view number = text.substr(1, end - 1);
    const bool good = !real                         ? is_number(number, limits.low, limits.high)
                      : rule == Rule::specification ? is_real(number)
                                                    : is_any_real(number);
    if (!good) return false;
    text.remove_prefix(end);
  }
  return true;
}

bool is_value(char type, std::string_view value, Rule rule) {
  const bool strict = rule == Rule::specification;
  switch (type) {
    case 'Z':
      return !strict || are_printable(value);
    case 'H':
      return strict ? are_hex_pairs(value) : value.size() % 2 == 0;
    case 'i':
    case 'I':
      return is_number(value, lowest_aux, highest_aux);
    case 'f':
    case 'd':
      return strict ? is_real(value) : is_any_real(value);
    case 'B':
      return is_array(value, rule);
    default:
      return value.size() == 1 && (!strict || is_visible(value.front()));
  }
}

std::string check_tag(std::string_view tag, TagSet& seen, Lenience lenience) {
  const bool framed = tag.size() >= 5 && tag[2] == ':' && tag[4] == ':';
  const std::string named = fmt::format("the optional field '{}'", tag.substr(0, 20));
  if (!framed) return named + " is not of the form TAG:TYPE:VALUE";
  const char type = tag[3];
  const std::string_view value = tag.substr(5);
  if (std::string_view("AacCiIfdZHB").find(type) == std::string_view::npos)
    return named + " has an unknown type, not one of A, i, f, Z, H and B";
  if (!is_value(type, value, Rule::htslib)) return named + " has a malformed value";
  if (!is_tag_name(tag.data()) && !lenience.takes(Deviation::tag_name))
    return named + " has a name that SAM does not allow; --permissive takes it";
  if (std::string_view("AifZHB").find(type) == std::string_view::npos) {
    if (!lenience.takes(Deviation::tag_type))
      return named + fmt::format(" has type '{}', which SAM text does not have; --permissive takes it", type);
  } else if (!is_value(type, value, Rule::specification) && !lenience.takes(Deviation::tag_value)) {
    return named + " has a value that its type cannot hold; --permissive takes it as samtools does";
  }
  if (!seen.add(tag.data()) && !lenience.takes(Deviation::tag_twice))
    return named + " is there twice; --permissive takes it";
  return "";
}

std::string unknown_reference(std::string_view line, const sam_hdr_t& header) {
  Fields fields;
  split(line, fields);
  for (const Column column : {rname, rnext}) {
    const auto name = fields[column];
    if (name == "*" || (column == rnext && name == "=") || has_reference(name, header)) continue;
    return bad(column, name, "is not in the header: it needs an @SQ line there");
  }
  return "";
}

// As C reads it: decimal, or in octal or hexadecimal digits.
std::uint16_t flag_of(std::string_view text) {
  return static_cast<std::uint16_t>(std::strtol(std::string(text).c_str(), nullptr, 0));
}

hts_pos_t position_of(std::string_view text) {
  return std::strtoll(std::string(text).c_str(), nullptr, 10) - 1;
}

std::int32_t reference_of(std::string_view name, const sam_hdr_t& header) {
  if (name == "*") return -1;
  return sam_hdr_name2tid(const_cast<sam_hdr_t*>(&header), std::string(name).c_str());
}

}  // namespace

std::string fault_of(std::string_view line, const sam_hdr_t& header, Lenience lenience) {
  if (line.empty()) return "the line is empty";
  if (line.find('\0') != std::string_view::npos) return "the line has a NUL character";
  Fields fields;
  std::string_view rest = line;
  const std::size_t count = split(rest, fields);
  if (line.starts_with('@') && count < fields.size())
    return "a header line after the first record: the header comes first";
  if (count < fields.size())
    return fmt::format("{} fields where 11 are needed, with tabs between them", count);
  if (auto fault = check_name(fields[qname], lenience); !fault.empty()) return fault;
  if (auto fault = unknown_reference(line, header); !fault.empty()) return fault;
  if (auto fault = check_numbers(fields, lenience); !fault.empty()) return fault;
  if (auto fault = check_sequence(fields, lenience); !fault.empty()) return fault;
  const bool open_end = line.ends_with('\t');
  TagSet seen;
  while (!rest.empty()) {
    const std::size_t tab = std::min(rest.find('\t'), rest.size());
    const std::string_view tag = rest.substr(0, tab);
    rest.remove_prefix(std::min(tab + 1, rest.size()));
    if (auto fault = check_tag(tag, seen, lenience); !fault.empty()) return fault;
  }
  if (open_end && !lenience.takes(Deviation::empty_field))
    return "the line ends in an empty field; --permissive drops it";
  return "";
}

bool parse_unusual(std::string_view line, const sam_hdr_t& header, Text& text, bam1_t& record) {
  // htslib does not tell lack of memory from a malformed line: only what fails twice is malformed.
  bool good = false;
  for (int tries = 0; !good && tries < 2; ++tries) {
    text.l = 0;
    if (kputsn(line.data(), line.size(), &text) < 0) throw std::bad_alloc();
    good = sam_parse1(&text, const_cast<sam_hdr_t*>(&header), &record) >= 0;
  }
  if (!good) return false;
  Fields fields;
  std::string_view rest = line;
  split(rest, fields);
  auto& core = record.core;
  core.flag = flag_of(fields[flag]);
  core.tid = reference_of(fields[rname], header);
  core.pos = position_of(fields[pos]);
  core.mtid = fields[rnext] == "=" ? core.tid : reference_of(fields[rnext], header);
  core.mpos = position_of(fields[pnext]);
  core.bin = bin_of(record, coverage_of(cigar_of(record)).reference);
  return true;
}

}  // namespace mrf::sam
