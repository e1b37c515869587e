// SPDX-License-Identifier: MIT
#include "sam/sam_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>

#include "base/error.h"
#include "sam/bases.h"
#include "sam/characters.h"
#include "sam/hts.h"
#include "sam/tags.h"

namespace mrf::sam {

namespace {

// No field becomes more than five times as long as text: an array's int8 as ",-128".
constexpr std::size_t growth = 5;
constexpr std::size_t head_room = 16;

class AuxWriter {
 public:
  AuxWriter(std::span<const std::uint8_t> fields, Lenience lenience, char* to)
      : at_(fields.data()), end_(fields.data() + fields.size()), to_(to), lenience_(lenience) {}

  char* to() const { return to_; }

  // Returns what is wrong; empty when nothing is.
  std::string run() {
    while (at_ != end_) {
      const auto* const name = reinterpret_cast<const char*>(at_);
      if (end_ - at_ < 4)
        return fmt::format(
            "the optional field '{}' is malformed or not whole",
            base::printable({name, std::min<std::size_t>(2, static_cast<std::size_t>(end_ - at_))}));
      const char front[4] = {'\t', name[0], name[1], ':'};
      std::memcpy(to_, front, sizeof front);
      to_ += sizeof front;
      at_ += 3;
      if (!write(name[2])) return fault(name, wrong_ != nullptr ? wrong_ : "is malformed or not whole");
      if (!is_tag_name(name) && !(is_visible_name(name) && lenience_.takes(Deviation::tag_name)))
        return fault(name, "has a name that SAM does not allow; --permissive takes it");
      if (!seen_.add(name) && !lenience_.takes(Deviation::tag_twice))
        return fault(name, "is there twice; --permissive takes it");
    }
    return "";
  }

 private:
  template <typename Number>
  bool take(Number& number) {
    if (static_cast<std::size_t>(end_ - at_) < sizeof number) return false;
    std::memcpy(&number, at_, sizeof number);
    at_ += sizeof number;
    return true;
  }

  void put(std::string_view text) {
    std::memcpy(to_, text.data(), text.size());
    to_ += text.size();
  }

  template <typename Number>
  using Printed = std::conditional_t<std::is_signed_v<Number>, std::int32_t, std::uint32_t>;

  template <typename Number>
  bool integer() {
    Number number;
    if (!take(number)) return false;
    char* const to = to_;
    to[0] = 'i';
    to[1] = ':';
    to_ = write_number(static_cast<Printed<Number>>(number), to + 2);
    return true;
  }

  template <typename Number>
  bool real(std::string_view type) {
    Number number;
    if (!take(number) || !check_real(number)) return false;
    put(type);
    to_ = write_real(static_cast<double>(number), to_);
    return true;
  }

  bool character() {
    put("A:");
    const char value = static_cast<char>(*at_++);
    *to_++ = value;
    return is_visible(value) || (check_text({to_ - 1, 1}) && takes(Deviation::tag_value));
  }

  // Text that a line cannot have is never let pass, other text that SAM does not allow is when it may.
  bool check_text(std::string_view text) {
    if (text.find_first_of("\t\n\r") != std::string_view::npos || (text.size() == 1 && text[0] == '\0')) {
      wrong_ = "has a control character, which SAM text cannot have; write BAM: -u, or mrf-run --record bam";
      return false;
    }
    return true;
  }

  template <typename Number>
  bool check_real(Number number) {
    return std::isfinite(number) || takes(Deviation::tag_value);
  }

  bool takes(Deviation kind) {
    wrong_ = "has a value that SAM text does not allow; --permissive takes it";
    return lenience_.takes(kind);
  }

  // Whether the name has no character that would end a field or a line.
  static bool is_visible_name(const char* name) { return is_visible(name[0]) && is_visible(name[1]); }

  static std::string fault(const char* name, std::string_view what) {
    return fmt::format("the optional field '{}' {}", base::printable({name, 2}), what);
  }

  bool text(char type) {
    *to_++ = type;
    *to_++ = ':';
    const std::string_view rest(reinterpret_cast<const char*>(at_), static_cast<std::size_t>(end_ - at_));
    std::size_t size = copy_printable(rest, to_);
    const bool printable = size < rest.size() && rest[size] == '\0';
    if (!printable) {
      size = rest.find('\0');
      if (size == std::string_view::npos) return false;
      std::memcpy(to_, rest.data(), size);
    }
    const std::string_view value = rest.substr(0, size);
    to_ += size;
    at_ += size + 1;
    if (type == 'Z' ? printable : are_hex_pairs(value)) return true;
    if (type == 'H' && size % 2 != 0) return false;  // which no program reads again
    return check_text(value) && takes(Deviation::tag_value);
  }

  // In arrays htslib rounds in a way of its own.
  std::string_view htslib_real(double number) {
    real_.l = 0;
    if (kputd(number, &real_) < 0) throw std::bad_alloc();
    return real_.view();
  }

  template <typename Number>
  bool elements(std::uint32_t count) {
    if (static_cast<std::size_t>(end_ - at_) / sizeof(Number) < count) return false;
    for (std::uint32_t i = 0; i < count; ++i) {
      Number number;
      std::memcpy(&number, at_ + i * sizeof number, sizeof number);
      *to_++ = ',';
      if constexpr (std::is_floating_point_v<Number>) {
        if (!check_real(number)) return false;
        put(htslib_real(number));
      } else {
        to_ = write_number(static_cast<Printed<Number>>(number), to_);
      }
    }
    at_ += count * sizeof(Number);
    return true;
  }

  bool array() {
    const char type = static_cast<char>(*at_++);
    std::uint32_t count = 0;
    if (!take(count)) return false;
    put("B:");
    *to_++ = type;
    switch (type) {
      case 'c':
        return elements<std::int8_t>(count);
      case 'C':
        return elements<std::uint8_t>(count);
      case 's':
        return elements<std::int16_t>(count);
      case 'S':
        return elements<std::uint16_t>(count);
      case 'i':
        return elements<std::int32_t>(count);
      case 'I':
        return elements<std::uint32_t>(count);
      case 'f':
        return elements<float>(count);
      default:
        return false;
    }
  }

  bool write(char type) {
    switch (type) {
      case 'C':
        return integer<std::uint8_t>();
      case 'c':
        return integer<std::int8_t>();
      case 'S':
        return integer<std::uint16_t>();
      case 's':
        return integer<std::int16_t>();
      case 'I':
        return integer<std::uint32_t>();
      case 'i':
        return integer<std::int32_t>();
      case 'A':
        return character();
      case 'Z':
      case 'H':
        return text(type);
      case 'f':
        return real<float>("f:");
      case 'd':
        if (!lenience_) {  // counted where the record was read
          wrong_ = "has type 'd', which SAM does not have; --permissive takes it";
          return false;
        }
        return real<double>("d:");
      case 'B':
        return array();
      default:
        return false;
    }
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  char* to_;
  Lenience lenience_;
  const char* wrong_ = nullptr;
  TagSet seen_;
  Text real_;
};

std::string append_aux_text(std::span<const std::uint8_t> fields, Lenience lenience, Buffer& to) {
  char* const start = to.room(growth * fields.size() + head_room + digits_room);
  AuxWriter writer(fields, lenience, start);
  std::string fault = writer.run();
  to.add(static_cast<std::size_t>(writer.to() - start));
  return fault;
}

char* put(std::string_view text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

template <typename Integer>
char* put_field(Integer number, char* to) {
  to = write_number(number, to);
  *to = '\t';
  return to + 1;
}

std::size_t name_size(const bam1_t& record) {
  return record.core.l_qname - std::size_t{1} - record.core.l_extranul;
}

char* write_cigar(const bam1_t& record, char* to) {
  if (record.core.n_cigar == 0) *to++ = '*';
  const std::uint32_t* cigar = bam_get_cigar(&record);
  for (std::uint32_t i = 0; i < record.core.n_cigar; ++i) {
    to = write_number(bam_cigar_oplen(cigar[i]), to);
    *to++ = bam_cigar_opchr(cigar[i]);
  }
  *to = '\t';
  return to + 1;
}

std::string_view name_of(const bam1_t& record) { return {bam_get_qname(&record), name_size(record)}; }

// Names with these characters could not be read again: as a header line, as two fields, as two lines.
bool breaks_lines(std::string_view name) {
  return name.starts_with('@') ||
         name.find_first_of(std::string_view("\t\n\r\0", 4)) != std::string_view::npos;
}

constexpr const char* bam_hint = "which SAM text cannot have; write BAM: -u, or mrf-run --record bam";

std::string fault_of_name(std::string_view name, Lenience lenience) {
  if (name.starts_with('@')) return fmt::format("its name begins with '@', {}", bam_hint);
  if (breaks_lines(name)) return fmt::format("its name has a control character, {}", bam_hint);
  if (lenience.takes(Deviation::name)) return "";
  return name.empty() ? "its name is empty; --permissive takes it"
                      : "its name has a character that SAM does not allow; --permissive takes it";
}

// What htslib does not look at, and no reader of SAM takes.
std::string fault_of_cigar(const bam1_t& record) {
  const auto& core = record.core;
  if ((core.flag & BAM_FUNMAP) == 0 || core.n_cigar == 0 || core.l_qseq == 0) return "";
  const auto bases = bam_cigar2qlen(static_cast<int>(core.n_cigar), bam_get_cigar(&record));
  if (bases == core.l_qseq) return "";
  return fmt::format("its CIGAR stands for {} bases, it has {}, {}", bases, core.l_qseq, bam_hint);
}

std::string fault_of_quality(const bam1_t& record) {
  const std::uint8_t* const qualities = bam_get_qual(&record);
  const auto* const bad = std::find_if(qualities, qualities + record.core.l_qseq,
                                       [](std::uint8_t quality) { return quality > highest_quality; });
  return fmt::format("the quality of its base {} is {}, more than {}, {}", bad - qualities + 1, *bad,
                     highest_quality, bam_hint);
}

// The quality of a single base that text writes as none.
bool has_lost_quality(const bam1_t& record) {
  constexpr std::uint8_t star = '*' - '!';
  return record.core.l_qseq == 1 && *bam_get_qual(&record) == star;
}

std::span<const std::uint8_t> aux_fields(const bam1_t& record) {
  return {bam_get_aux(&record), static_cast<const std::uint8_t*>(record.data + record.l_data)};
}

}  // namespace

SamText::SamText(const sam_hdr_t& header) : names_{"*"} {
  names_.insert(names_.end(), header.target_name, header.target_name + header.n_targets);
}

// Null when there is a quality that text cannot have.
char* SamText::write_fields(const bam1_t& record, char* to) const {
  const auto& core = record.core;
  to = put(name_of(record), to);
  *to++ = '\t';
  to = put_field(std::uint32_t{core.flag}, to);
  to = put(reference(core.tid), to);
  *to++ = '\t';
  to = put_field(core.pos + 1, to);
  to = put_field(std::uint32_t{core.qual}, to);
  to = write_cigar(record, to);
  to = put(core.mtid >= 0 && core.mtid == core.tid ? "=" : reference(core.mtid), to);
  *to++ = '\t';
  to = put_field(core.mpos + 1, to);
  to = put_field(core.isize, to);
  if (core.l_qseq == 0) return put("*\t*", to);
  return write_bases(bam_get_seq(&record), bam_get_qual(&record), static_cast<std::size_t>(core.l_qseq), to);
}

std::string SamText::append(const bam1_t& record, Buffer& to, Lenience lenience) const {
  const auto& core = record.core;
  const std::string_view name = name_of(record);
  if (name.empty() || !are_name_characters(name)) {
    if (std::string fault = fault_of_name(name, lenience); !fault.empty()) return fault;
  }
  if (has_lost_quality(record) && !lenience.takes(Deviation::quality)) {
    return "its only quality is 9, which SAM text writes as '*', no quality; --permissive takes it, BAM "
           "keeps it";
  }
  if (std::string fault = fault_of_cigar(record); !fault.empty()) return fault;
  constexpr std::size_t tabs = 16;
  constexpr std::size_t operation_room = 10;
  const std::size_t room = core.l_qname + reference(core.tid).size() + reference(core.mtid).size() +
                           operation_room * core.n_cigar + 2 * static_cast<std::size_t>(core.l_qseq) +
                           5 * digits_room + tabs;
  const std::size_t before = to.size();
  char* const start = to.room(room);
  const char* const end = write_fields(record, start);
  if (end == nullptr) return fault_of_quality(record);
  to.add(static_cast<std::size_t>(end - start));
  std::string fault = append_aux_text(aux_fields(record), lenience, to);
  if (fault.empty()) {
    to.append("\n");
  } else {
    to.cut(before);
  }
  return fault;
}

}  // namespace mrf::sam
