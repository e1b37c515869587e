// SPDX-License-Identifier: MIT
// The tests of a candidate are lenient where files are: a position behind the end of its reference (mates in
// an extract, circular genomes), a name or a CIGAR that a strict reading of the specification forbids, and
// programs write, must not make all records of a file look malformed. What
// makes them sharp is that every byte of a record is accounted for: name, CIGAR, bases, qualities and each
// optional field have to add up to the length of the record, ten times in a row. And the answer is the place
// behind this row: records that an array in an optional field holds may be followed by true ones without a
// gap, and then the row ends at a true start, though it began at a false one. A wrong answer costs a run, not
// a result (proof.h).
#include "shard/candidate.h"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

#include "base/number_at.h"
#include "codec/bgzf.h"
#include "record/bam_aux.h"
#include "record/header.h"

namespace mrf::shard {

namespace {

using base::number_at;

// What is at one place: so many bytes of something well formed, nothing, or too few bytes to tell.
struct Piece {
  enum class State { whole, none, cut };
  State state = State::none;
  std::size_t size = 0;
};
constexpr Piece no_piece{};
constexpr Piece cut_piece{Piece::State::cut, 0};

struct Least {
  std::size_t pieces = 0;
  std::size_t bytes = 0;
};

bool is_enough(std::size_t pieces, std::size_t bytes, const std::vector<Least>& least) {
  return std::any_of(least.begin(), least.end(),
                     [&](const Least& one) { return pieces >= one.pieces && bytes >= one.bytes; });
}

// Whether pieces follow each other from the front of `bytes` on. `offset` is where the first one behind
// enough of them begins; 0 where the stream ends before.
template <typename PieceAt>
Candidate chain(std::string_view bytes, bool at_end, const std::vector<Least>& least,
                const PieceAt& piece_at) {
  using State = Candidate::State;
  std::size_t at = 0;
  for (std::size_t pieces = 0;; ++pieces) {
    if (at == bytes.size()) return {!at_end ? State::more : pieces > 0 ? State::found : State::none, 0};
    if (is_enough(pieces, at, least)) return {State::found, at};
    const Piece piece = piece_at(bytes.substr(at), at_end);
    if (piece.state == Piece::State::cut && !at_end) return {State::more, 0};
    if (piece.state != Piece::State::whole) return {State::none, 0};
    at += piece.size;
  }
}

const std::vector<Least>& least_of_records() {
  static const std::vector<Least> least{{least_records, least_record_bytes},
                                        {least_long_records, least_long_record_bytes}};
  return least;
}

// Offsets in a record of BAM (SAM specification, section 4.2).
constexpr std::size_t bam_front = 36;
constexpr std::size_t most_record_bytes = std::size_t{1} << 30;

struct BamFront {
  explicit BamFront(std::string_view bytes)
      : size(std::size_t{number_at<std::uint32_t>(bytes, 0)} + 4),
        reference(number_at<std::int32_t>(bytes, 4)),
        position(number_at<std::int32_t>(bytes, 8)),
        name_size(number_at<std::uint8_t>(bytes, 12)),
        operations(number_at<std::uint16_t>(bytes, 16)),
        bases(number_at<std::uint32_t>(bytes, 20)),
        next_reference(number_at<std::int32_t>(bytes, 24)),
        next_position(number_at<std::int32_t>(bytes, 28)) {}

  std::size_t cigar_at() const { return bam_front + name_size; }
  std::size_t bases_at() const { return cigar_at() + 4 * std::size_t{operations}; }
  std::size_t fields_at() const { return bases_at() + (std::size_t{bases} + 1) / 2 + bases; }

  std::size_t size;
  std::int32_t reference;
  std::int32_t position;
  std::size_t name_size;
  std::uint16_t operations;
  std::uint32_t bases;
  std::int32_t next_reference;
  std::int32_t next_position;
};

bool is_place(std::int32_t reference, std::int32_t position, std::size_t references) {
  return position >= -1 && reference >= -1 &&
         (reference < 0 || static_cast<std::size_t>(reference) < references);
}

bool is_front(const BamFront& front, std::size_t references) {
  return front.size >= bam_front && front.size <= most_record_bytes &&
         is_place(front.reference, front.position, references) &&
         is_place(front.next_reference, front.next_position, references) && front.name_size > 0 &&
         front.bases < most_record_bytes && front.fields_at() <= front.size;
}

// With the NUL at its end, unless that is not there yet.
bool is_name(std::string_view name, bool is_whole) {
  if (is_whole) {
    if (name.back() != '\0') return false;
    name.remove_suffix(1);
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 0x20 && byte != 0x7f;
  });
}

bool is_cigar(std::string_view operations, std::uint32_t bases) {
  constexpr std::string_view takes_bases{"\1\1\0\0\1\0\0\1\1\0", 10};  // of MIDNSHP=XB
  std::uint64_t taken = 0;
  for (std::size_t at = 0; at < operations.size(); at += 4) {
    const auto operation = number_at<std::uint32_t>(operations, at);
    const std::size_t kind = operation & 0xf;
    if (kind >= takes_bases.size()) return false;
    if (takes_bases[kind] != 0) taken += operation >> 4;
  }
  return operations.empty() || bases == 0 || taken == bases;
}

bool has_fields_to_end(std::string_view record) {
  const auto is_letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  record::AuxFields fields(record);
  while (const auto field = fields.next()) {
    if (!is_letter(field->tag[0]) ||
        !(is_letter(field->tag[1]) || (field->tag[1] >= '0' && field->tag[1] <= '9')))
      return false;
  }
  return fields.rest().empty();
}

Piece bam_record(std::string_view bytes, std::size_t references) {
  if (bytes.size() < bam_front) return cut_piece;
  const BamFront front(bytes);
  if (!is_front(front, references)) return no_piece;
  const std::string_view name = bytes.substr(bam_front, front.name_size);
  if (!is_name(name, name.size() == front.name_size)) return no_piece;
  if (bytes.size() >= front.bases_at() &&
      !is_cigar(bytes.substr(front.cigar_at(), 4 * std::size_t{front.operations}), front.bases))
    return no_piece;
  if (bytes.size() < front.size) return cut_piece;
  if (!has_fields_to_end(bytes.substr(0, front.size))) return no_piece;
  return {Piece::State::whole, front.size};
}

Candidate find_bam(std::string_view bytes, bool at_end, std::size_t references) {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const Candidate found = chain(bytes.substr(at), at_end, least_of_records(),
                                  [&](std::string_view rest, bool) { return bam_record(rest, references); });
    if (found.state != Candidate::State::none) return {found.state, at + found.offset};
  }
  return {at_end ? Candidate::State::none : Candidate::State::more, bytes.size()};
}

// Behind the first `delimiter`.
Candidate find_behind(std::string_view bytes, bool at_end, char delimiter) {
  const std::size_t end = bytes.find(delimiter);
  if (end != std::string_view::npos && end + 1 < bytes.size()) return {Candidate::State::found, end + 1};
  const std::size_t known = end == std::string_view::npos ? bytes.size() : end;
  return {at_end ? Candidate::State::none : Candidate::State::more, known};
}

Candidate find_line_with(std::string_view bytes, bool at_end, std::string_view text) {
  std::size_t from = 0;
  for (std::size_t end; (end = bytes.find('\n', from)) != std::string_view::npos; from = end + 1) {
    const std::string_view line = bytes.substr(end + 1, text.size());
    if (line == text && !line.empty()) return {Candidate::State::found, end + 1};
    if (line.size() < text.size() && !at_end) return {Candidate::State::more, end};
  }
  return {at_end ? Candidate::State::none : Candidate::State::more, bytes.size()};
}

// The line at `at` without its end; nothing when that is not there.
std::optional<std::string_view> line_at(std::string_view bytes, std::size_t at, bool at_end) {
  if (at > bytes.size()) return std::nullopt;
  const std::size_t end = bytes.find('\n', at);
  if (end != std::string_view::npos) return bytes.substr(at, end - at);
  return at_end && at < bytes.size() ? std::optional(bytes.substr(at)) : std::nullopt;
}

Piece fastq_record(std::string_view bytes, bool at_end) {
  constexpr std::array<char, 4> begins{'@', 0, '+', 0};
  std::size_t at = 0;
  std::size_t bases = 0;
  for (std::size_t number = 0; number < begins.size(); ++number) {
    if (begins[number] != 0 && at < bytes.size() && bytes[at] != begins[number]) return no_piece;
    const auto line = line_at(bytes, at, at_end);
    if (!line) return cut_piece;
    if (begins[number] != 0 && line->empty()) return no_piece;
    if (number == 1) bases = line->size();
    if (number == 3 && line->size() != bases) return no_piece;
    at += line->size() + 1;
  }
  return {Piece::State::whole, std::min(at, bytes.size())};
}

Candidate find_fastq(std::string_view bytes, bool at_end) {
  std::size_t from = 0;
  for (std::size_t end; (end = bytes.find('\n', from)) != std::string_view::npos; from = end + 1) {
    const Candidate found = chain(bytes.substr(end + 1), at_end, least_of_records(), fastq_record);
    if (found.state == Candidate::State::found) return {found.state, end + 1 + found.offset};
    if (found.state == Candidate::State::more) return {found.state, end};
  }
  return {at_end ? Candidate::State::none : Candidate::State::more, bytes.size()};
}

}  // namespace

std::size_t number_of_references(std::string_view bam_header) {
  return number_at<std::uint32_t>(record::bam_references(bam_header), 0);
}

Candidate confirm_bam(std::string_view bytes, bool at_end, std::size_t references) {
  const auto front_of_record = [references](std::string_view rest, bool) -> Piece {
    if (rest.size() < bam_front) return cut_piece;
    const BamFront front(rest);
    if (!is_front(front, references)) return no_piece;
    return rest.size() < front.size ? cut_piece : Piece{Piece::State::whole, front.size};
  };
  return {chain(bytes, at_end, least_of_records(), front_of_record).state, 0};
}

bool can_be_cut(const record::RecordForm& form) {
  using Kind = record::RecordForm::Kind;
  return form.kind != Kind::fixed && (form.kind != Kind::lines || form.count == 1);
}

Candidate find_record(std::string_view bytes, bool at_end, const record::RecordForm& form,
                      std::size_t references) {
  using Kind = record::RecordForm::Kind;
  switch (can_be_cut(form) ? form.kind : Kind::fixed) {
    case Kind::bam:
      return find_bam(bytes, at_end, references);
    case Kind::line:
    case Kind::lines:
    case Kind::sam:
      return find_behind(bytes, at_end, '\n');
    case Kind::nul:
      return find_behind(bytes, at_end, '\0');
    case Kind::fasta:
    case Kind::start:
      return find_line_with(bytes, at_end, form.text);
    case Kind::fastq:
      return find_fastq(bytes, at_end);
    case Kind::fixed:
      break;
  }
  throw std::invalid_argument("records of this form cannot be found");
}

Candidate find_block(std::string_view stored, bool at_end) {
  static const std::vector<Least> least{{least_blocks, least_block_bytes}};
  const auto block = [](std::string_view rest, bool) -> Piece {
    const codec::BgzfHeader header = codec::parse_bgzf_header(rest);
    if (header.state == codec::BgzfHeader::State::none) return no_piece;
    if (header.state == codec::BgzfHeader::State::cut || header.block_size > rest.size()) return cut_piece;
    return {Piece::State::whole, header.block_size};
  };
  std::size_t at = 0;
  while ((at = stored.find('\x1f', at)) != std::string_view::npos) {
    const auto state = chain(stored.substr(at), at_end, least, block).state;
    if (state != Candidate::State::none) return {state, at};
    ++at;
  }
  return {at_end ? Candidate::State::none : Candidate::State::more, stored.size()};
}

}  // namespace mrf::shard
