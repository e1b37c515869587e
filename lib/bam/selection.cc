// SPDX-License-Identifier: MIT
#include "bam/selection.h"

#include <fmt/format.h>
#include <htslib/khash.h>
#include <regex.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <new>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/lower_case.h"

namespace mrf::bam {

namespace {

[[noreturn]] void refuse_expression(const std::string& expression, const std::string& reason) {
  throw base::UsageError("use expression", expression, reason);
}

// htslib writes to stderr without asking, and messages of these programs do not go by it.
void silence_expressions() {
  static FILE* const nowhere = std::fopen("/dev/null", "w");
  if (nowhere != nullptr) stderr = nowhere;
}

void check_pattern(const std::string& expression, const std::string& pattern) {
  regex_t compiled;
  const int error = ::regcomp(&compiled, pattern.c_str(), REG_EXTENDED | REG_NOSUB);
  if (error == 0) {
    ::regfree(&compiled);
    return;
  }
  std::array<char, 256> reason{};
  ::regerror(error, &compiled, reason.data(), reason.size());
  refuse_expression(expression, fmt::format("'{}' is no regular expression: {}", pattern, reason.data()));
}

// A part of an expression: what is outside of texts, without blanks, and the text behind it.
struct Piece {
  std::string code;
  std::optional<std::string> text;
};

std::vector<Piece> pieces_of(const std::string& expression) {
  std::vector<Piece> pieces(1);
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == ' ' || c == '\t') continue;
    if (c != '"') {
      pieces.back().code += c;
      continue;
    }
    std::string text;
    for (++i; i < expression.size() && expression[i] != '"'; ++i) {
      const bool escaped = expression[i] == '\\' && i + 1 < expression.size() &&
                           (expression[i + 1] == '"' || expression[i + 1] == '\\');
      text += expression[escaped ? ++i : i];
    }
    pieces.back().text = std::move(text);
    pieces.emplace_back();
  }
  return pieces;
}

// Checks regular expressions, which htslib compiles only when a record has the value that they are compared
// with.
void check_patterns(const std::string& expression, const std::vector<Piece>& pieces) {
  for (const auto& [code, text] : pieces) {
    if (text && (code.ends_with("=~") || code.ends_with("!~"))) check_pattern(expression, *text);
  }
}

// As a text, htslib 1.16 takes the qualities, which are numbers, without a NUL at their end: what they are
// compared with includes the bytes of memory behind them. Its functions know their number.
void check_qualities(const std::string& expression, const std::vector<Piece>& pieces) {
  constexpr std::string_view name = "qual";
  constexpr std::array<std::string_view, 5> functions{"avg(", "length(", "max(", "min(", "exists("};
  for (const Piece& piece : pieces) {
    const std::string_view code = piece.code;
    for (std::size_t at = code.find(name); at != std::string_view::npos; at = code.find(name, at + 1)) {
      const std::string_view before = code.substr(0, at);
      const bool is_argument = code.substr(at + name.size()).starts_with(')') &&
                               std::any_of(functions.begin(), functions.end(),
                                           [&](auto function) { return before.ends_with(function); });
      if (!is_argument) {
        refuse_expression(
            expression,
            "'qual' is numbers, not text: only avg(qual), length(qual), max(qual), min(qual) and "
            "exists(qual) say something");
      }
    }
  }
}

// From 0 to below 1, the same for all records of a template: the hash of samtools view --subsample.
double hash_of_name(const bam1_t& record, std::uint32_t seed) {
  constexpr std::uint32_t range = 0x1000000;
  const std::uint32_t hash = __ac_Wang_hash(__ac_X31_hash_string(bam_get_qname(&record)) ^ seed);
  return static_cast<double>(hash % range) / range;
}

// Decimal, hexadecimal after 0x, octal after 0.
std::optional<std::uint16_t> flag_number(std::string_view text) {
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with('0')) {
    base = 8;
  }
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// As samtools-flags(1) calls it, in letters of either case.
std::optional<std::uint16_t> flag_named(std::string_view name) {
  constexpr std::array<std::string_view, 12> names{"paired",    "proper_pair", "unmap", "munmap",
                                                   "reverse",   "mreverse",    "read1", "read2",
                                                   "secondary", "qcfail",      "dup",   "supplementary"};
  const auto found = std::find(names.begin(), names.end(), base::lower_case(std::string(name)));
  if (found == names.end()) return std::nullopt;
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(found - names.begin()));
}

}  // namespace

std::uint32_t hashed_seed(unsigned seed) {
  if (seed == 0) return 0;
  std::srand(seed);
  return static_cast<std::uint32_t>(
      std::rand());  // NOLINT(cert-msc*,concurrency-mt-unsafe): that of samtools
}

// bam_str2flag() of htslib ignores what follows a number, and takes the front of a name for the name.
std::uint16_t parse_flags(const std::string& text) {
  if (const auto number = flag_number(text)) return *number;
  std::uint16_t flags = 0;
  std::string_view rest = text;
  for (bool more = true; more;) {
    const std::size_t comma = rest.find(',');
    const auto flag = flag_named(rest.substr(0, comma));
    if (!flag) throw base::UsageError("use flags", text, "neither a number nor names of flags");
    flags |= *flag;
    more = comma != std::string_view::npos;
    if (more) rest.remove_prefix(comma + 1);
  }
  return flags;
}

void check_expression(const std::string& expression) {
  if (expression.empty()) return;
  silence_expressions();
  const std::vector<Piece> pieces = pieces_of(expression);
  check_patterns(expression, pieces);
  check_qualities(expression, pieces);
  const sam::HeaderPtr header(sam_hdr_init());
  const sam::RecordPtr record = sam::make_record();
  constexpr std::uint16_t usual_flags = 99;
  constexpr int one = 1;
  const std::uint32_t cigar = bam_cigar_gen(one, BAM_CMATCH);
  if (!header || bam_set1(record.get(), one, "r", usual_flags, -1, one, one, one, &cigar, -1, one, one, one,
                          "A", "!", 0) < 0) {
    throw std::bad_alloc();
  }
  Selection selection;
  selection.expression = expression;
  Selector(selection).passes(*header, *record);
}

Selector::Selector(const Selection& selection)
    : selection_(selection), is_shared_(selection.expression.find("library") != std::string::npos) {
  if (selection_.expression.empty()) return;
  filter_.reset(hts_filter_init(selection_.expression.c_str()));
  if (!filter_) throw std::bad_alloc();
}

// bam_get_library() of htslib hands its result over in static memory.
int Selector::evaluate(const sam_hdr_t& header, const bam1_t& record) const {
  static std::mutex mutex;
  std::unique_lock lock(mutex, std::defer_lock);
  if (is_shared_) lock.lock();
  return sam_passes_filter(&header, &record, filter_.get());
}

bool Selector::passes(std::uint16_t flags, std::uint8_t mapq) const {
  return (flags & selection_.all_flags) == selection_.all_flags && (flags & selection_.no_flags) == 0 &&
         mapq >= selection_.least_mapq;
}

bool Selector::passes_without_expression(const bam1_t& record) const {
  if (!passes(record.core.flag, record.core.qual)) return false;
  if (selection_.intervals && (record.core.tid < 0 || !selection_.intervals->has(record, selection_.rule)))
    return false;
  return selection_.fraction >= 1 || hash_of_name(record, selection_.seed) < selection_.fraction;
}

bool Selector::passes(const sam_hdr_t& header, const bam1_t& record) const {
  if (!passes_without_expression(record)) return false;
  if (!filter_) return true;
  const int verdict = evaluate(header, record);
  if (verdict < 0) refuse_expression(selection_.expression, "it cannot be evaluated");
  return verdict > 0;
}

}  // namespace mrf::bam
