// SPDX-License-Identifier: MIT
#include "sam/sam_line.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string_view>

#include "sam/bases.h"
#include "sam/characters.h"
#include "sam/record.h"
#include "sam/tags.h"

namespace mrf::sam {

namespace {

/// Takes what a SAM line has, from the left.
class LineCursor {
 public:
  explicit LineCursor(std::string_view line) : at_(line.data()), end_(line.data() + line.size()) {}

  bool at_end() const { return at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  const char* at() const { return at_; }
  void skip(std::size_t n) { at_ += n; }
  bool take(char wanted) {
    if (at_ == end_ || *at_ != wanted) return false;
    ++at_;
    return true;
  }

  /// The text up to the next tab, which is taken too; false when there is none.
  bool field(std::string_view& text) {
    const auto* tab = static_cast<const char*>(std::memchr(at_, '\t', left()));
    if (tab == nullptr) return false;
    text = {at_, static_cast<std::size_t>(tab - at_)};
    at_ = tab + 1;
    return true;
  }

  /// A decimal number of at most nine digits and with no zero in front.
  bool number(std::uint32_t& value) {
    const char* const start = at_;
    value = 0;
    for (; at_ != end_ && *at_ >= '0' && *at_ <= '9'; ++at_) {
      value = value * 10 + static_cast<std::uint32_t>(*at_ - '0');
    }
    const auto digits = at_ - start;
    return digits > 0 && digits <= 9 && (digits == 1 || *start != '0');
  }
  /// The same with a tab behind it.
  bool number_field(std::uint32_t& value, std::uint32_t most) {
    return number(value) && value <= most && take('\t');
  }

 private:
  const char* at_;
  const char* end_;
};

template <typename Number>
std::uint8_t* put(char type, Number number, std::uint8_t* to) {
  *to = static_cast<std::uint8_t>(type);
  std::memcpy(to + 1, &number, sizeof number);
  return to + 1 + sizeof number;
}

// The smallest type that holds the number, as htslib chooses it.
std::uint8_t* put_integer(std::uint32_t size, bool negative, std::uint8_t* to) {
  if (!negative) {
    if (size <= std::numeric_limits<std::uint8_t>::max())
      return put('C', static_cast<std::uint8_t>(size), to);
    if (size <= std::numeric_limits<std::uint16_t>::max())
      return put('S', static_cast<std::uint16_t>(size), to);
    return put('I', size, to);
  }
  const std::int32_t number = -static_cast<std::int32_t>(size);
  if (number >= std::numeric_limits<std::int8_t>::min())
    return put('c', static_cast<std::int8_t>(number), to);
  if (number >= std::numeric_limits<std::int16_t>::min())
    return put('s', static_cast<std::int16_t>(number), to);
  return put('i', number, to);
}

class AuxLine {
 public:
  AuxLine(LineCursor cursor, std::uint8_t* to) : cursor_(cursor), to_(to) {}

  bool run() {
    do {
      if (!field()) return false;
    } while (cursor_.take('\t'));
    return cursor_.at_end();
  }
  std::uint8_t* end() const { return to_; }

 private:
  bool field() {
    constexpr std::size_t prefix = 5;
    const char* const at = cursor_.at();
    if (cursor_.left() < prefix || at[2] != ':' || at[4] != ':' || !is_tag_name(at) || !seen_.add(at))
      return false;
    std::memcpy(to_, at, 2);
    to_ += 2;
    cursor_.skip(prefix);
    switch (at[3]) {
      case 'A':
        return character();
      case 'i':
        return integer();
      case 'f':
        return real();
      case 'Z':
        return text();
      case 'B':
        return array();
      default:
        return false;
    }
  }

  bool character() {
    if (cursor_.at_end() || !is_visible(*cursor_.at())) return false;
    to_ = put('A', *cursor_.at(), to_);
    cursor_.skip(1);
    return true;
  }

  bool integer() {
    const bool negative = cursor_.take('-');
    std::uint32_t size = 0;
    if (!cursor_.number(size)) return false;
    to_ = put_integer(size, negative, to_);
    return true;
  }

  bool take_real(float& number) {
    const char* const at = cursor_.at();
    const char* const first = cursor_.left() > 1 && *at == '-' ? at + 1 : at;
    if (cursor_.at_end() || *first < '0' || *first > '9') return false;
    const auto [end, error] = std::from_chars(at, at + cursor_.left(), number);
    if (error != std::errc()) return false;
    if (number == 0 && !is_zero({at, static_cast<std::size_t>(end - at)})) return false;
    cursor_.skip(static_cast<std::size_t>(end - at));
    return true;
  }

  bool real() {
    float number = 0;
    if (!take_real(number)) return false;
    to_ = put('f', number, to_);
    return true;
  }

  bool text() {
    *to_++ = 'Z';
    const std::size_t size = copy_printable({cursor_.at(), cursor_.left()}, reinterpret_cast<char*>(to_));
    to_ += size;
    *to_++ = 0;
    cursor_.skip(size);
    return cursor_.at_end() || *cursor_.at() == '\t';
  }

  template <typename Number>
  bool elements() {
    std::uint8_t* const start = to_;
    to_ += sizeof(std::uint32_t);
    std::uint32_t count = 0;
    for (; cursor_.take(','); ++count) {
      Number number{};
      if constexpr (std::is_floating_point_v<Number>) {
        if (!take_real(number)) return false;
      } else {
        const bool negative = cursor_.take('-');
        std::uint32_t size = 0;
        if (!cursor_.number(size)) return false;
        const std::int64_t value = negative ? -std::int64_t{size} : std::int64_t{size};
        number = static_cast<Number>(value);
        if (std::int64_t{number} != value) return false;
      }
      std::memcpy(to_, &number, sizeof number);
      to_ += sizeof number;
    }
    std::memcpy(start, &count, sizeof count);
    return count > 0;
  }

  bool array() {
    if (cursor_.left() < 2) return false;
    const char type = *cursor_.at();
    cursor_.skip(1);
    *to_++ = 'B';
    *to_++ = static_cast<std::uint8_t>(type);
    switch (type) {
      case 'c':
        return elements<std::int8_t>();
      case 'C':
        return elements<std::uint8_t>();
      case 's':
        return elements<std::int16_t>();
      case 'S':
        return elements<std::uint16_t>();
      case 'i':
        return elements<std::int32_t>();
      case 'I':
        return elements<std::uint32_t>();
      case 'f':
        return elements<float>();
      default:
        return false;
    }
  }

  LineCursor cursor_;
  std::uint8_t* to_;
  TagSet seen_;
};

bool parse_aux(LineCursor cursor, std::uint8_t* to, std::uint8_t*& end) {
  AuxLine line(cursor, to);
  const bool good = line.run();
  end = line.end();
  return good;
}

constexpr std::size_t longest_name = 254;

// Adds to the record's data, which has room.
std::uint8_t* data_end(bam1_t& record) { return record.data + record.l_data; }

bool parse_name(LineCursor& cursor, bam1_t& record) {
  std::string_view name;
  if (!cursor.field(name) || name.empty() || name.size() > longest_name || !are_name_characters(name))
    return false;
  auto& core = record.core;
  const std::size_t size = name.size() + 1;
  core.l_extranul = static_cast<std::uint8_t>((4 - size % 4) % 4);
  core.l_qname = static_cast<std::uint16_t>(size + core.l_extranul);
  std::memset(record.data + core.l_qname - 4, 0, 4);
  std::memcpy(record.data, name.data(), name.size());
  record.l_data = core.l_qname;
  return true;
}

constexpr std::uint32_t no_operation = 16;
constexpr auto cigar_codes = [] {
  std::array<std::uint32_t, 256> codes{};
  codes.fill(no_operation);
  constexpr std::string_view operations = "MIDNSHP=XB";
  for (std::size_t i = 0; i < operations.size(); ++i) {
    codes[static_cast<unsigned char>(operations[i])] = static_cast<std::uint32_t>(i);
  }
  return codes;
}();

bool parse_cigar(LineCursor& cursor, bam1_t& record, Coverage& coverage) {
  auto& core = record.core;
  coverage = {};
  core.n_cigar = 0;
  if (cursor.take('*')) return cursor.take('\t');
  std::uint8_t* to = data_end(record);
  do {
    std::uint32_t length = 0;
    if (!cursor.number(length) || length >= 1U << 28 || cursor.at_end()) return false;
    const std::uint32_t code = cigar_codes[static_cast<unsigned char>(*cursor.at())];
    if (code == no_operation) return false;
    cursor.skip(1);
    add_operation(coverage, code, length);
    const std::uint32_t operation = length << BAM_CIGAR_SHIFT | code;
    std::memcpy(to, &operation, sizeof operation);
    to += sizeof operation;
    ++core.n_cigar;
  } while (!cursor.take('\t'));
  record.l_data = static_cast<int>(to - record.data);
  return true;
}

bool parse_length(LineCursor& cursor, bam1_t& record) {
  const bool negative = cursor.take('-');
  std::uint32_t length = 0;
  if (!cursor.number(length)) return false;
  record.core.isize = negative ? -hts_pos_t{length} : hts_pos_t{length};
  return cursor.take('\t');
}

// A CIGAR that begins with a clip of the whole read may stand for one in a CG tag.
bool fits_cigar(const bam1_t& record, const Coverage& coverage) {
  const auto& core = record.core;
  if (core.n_cigar == 0) return true;
  const std::uint32_t* cigar = bam_get_cigar(&record);
  if (bam_cigar_op(*cigar) == BAM_CSOFT_CLIP &&
      bam_cigar_oplen(*cigar) == static_cast<std::uint32_t>(core.l_qseq)) {
    return false;
  }
  return core.l_qseq == 0 || coverage.read == core.l_qseq;
}

bool parse_bases(LineCursor& cursor, bam1_t& record, const Coverage& coverage) {
  std::string_view bases;
  if (!cursor.field(bases) || bases.empty()) return false;
  const bool none = bases == "*";
  record.core.l_qseq = none ? 0 : static_cast<std::int32_t>(bases.size());
  if (!fits_cigar(record, coverage)) return false;
  if (none) return cursor.take('*');
  if (!pack_bases(bases.data(), bases.size(), data_end(record))) return false;
  record.l_data += static_cast<int>((bases.size() + 1) / 2);
  std::uint8_t* qualities = data_end(record);
  record.l_data += static_cast<int>(bases.size());
  const bool alone = cursor.left() == 1 || (cursor.left() > 1 && cursor.at()[1] == '\t');
  if (alone && cursor.take('*')) {
    std::memset(qualities, 0xff, bases.size());
    return true;
  }
  if (cursor.left() < bases.size() || !pack_qualities(cursor.at(), bases.size(), qualities)) return false;
  cursor.skip(bases.size());
  return true;
}

bool parse_rest(LineCursor& cursor, bam1_t& record) {
  if (cursor.at_end()) return true;
  std::uint8_t* end = nullptr;
  if (!cursor.take('\t') || !parse_aux(cursor, data_end(record), end)) return false;
  record.l_data = static_cast<int>(end - record.data);
  return true;
}

// A read without a place or a CIGAR stays as it is; htslib would make it unmapped.
bool parse_place(LineCursor& cursor, const sam_hdr_t& header, ReferenceFinder& references, bam1_t& record,
                 Coverage& coverage) {
  auto& core = record.core;
  std::uint32_t number = 0;
  std::string_view name;
  constexpr std::uint32_t any = ~std::uint32_t{0};
  if (!cursor.number_field(number, 0xffff)) return false;
  core.flag = static_cast<std::uint16_t>(number);
  if (!cursor.field(name)) return false;
  core.tid = -1;
  if (name != "*" && !references.find(name, header, core.tid)) return false;
  if (!cursor.number_field(number, any)) return false;
  core.pos = hts_pos_t{number} - 1;
  if (!cursor.number_field(number, 0xff) || !parse_cigar(cursor, record, coverage)) return false;
  core.qual = static_cast<std::uint8_t>(number);
  core.bin = bin_of(record, coverage.reference);
  if (!cursor.field(name)) return false;
  core.mtid = name == "=" ? core.tid : -1;
  if (name != "=" && name != "*" && !references.find(name, header, core.mtid)) return false;
  if (!cursor.number_field(number, any)) return false;
  core.mpos = hts_pos_t{number} - 1;
  return parse_length(cursor, record);
}

}  // namespace

bool ReferenceFinder::find(std::string_view name, const sam_hdr_t& header, std::int32_t& id) {
  if (id_ < 0 || name != name_) {
    name_ = name;
    id_ = sam_hdr_name2tid(const_cast<sam_hdr_t*>(&header), name_.c_str());
  }
  id = id_;
  return id >= 0;
}

bool SamLine::parse(std::string_view line, const sam_hdr_t& header, bam1_t& record) {
  constexpr std::size_t slack = 64;
  constexpr std::size_t longest = 0x20000000;
  if (line.size() > longest) return false;
  reserve_data(record, 2 * line.size() + slack);
  LineCursor cursor(line);
  Coverage coverage;
  return parse_name(cursor, record) && parse_place(cursor, header, references_, record, coverage) &&
         parse_bases(cursor, record, coverage) && parse_rest(cursor, record);
}

}  // namespace mrf::sam
