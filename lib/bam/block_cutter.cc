// SPDX-License-Identifier: MIT
#include "bam/block_cutter.h"

#include <algorithm>
#include <array>

#include "base/number_at.h"
#include "codec/bgzf.h"
#include "sam/record.h"

namespace mrf::bam {

namespace {

// Places in a record with its size in front (SAM specification, section 4.2).
constexpr std::size_t name_size_at = 12;
constexpr std::size_t cigar_count_at = 16;
constexpr std::size_t base_count_at = 20;

// Fewer operations repeat together with the bytes around them.
constexpr std::size_t many_operations = 1024;

std::size_t record_size(std::string_view records) {
  return std::min(records.size(), sizeof(std::uint32_t) + base::number_at<std::uint32_t>(records, 0));
}

}  // namespace

std::size_t BlockCutter::fitting(std::string_view records, std::size_t room) {
  std::size_t size = 0;
  while (size < records.size()) {
    const std::size_t next = record_size(records.substr(size));
    if (next > room - size) break;
    size += next;
  }
  return size;
}

std::size_t BlockCutter::closed(std::string_view records) {
  std::size_t before = 0;
  while (before < records.size()) {
    const std::string_view rest = records.substr(before);
    const std::size_t whole = fitting(rest, codec::bgzf_payload);
    if (whole == rest.size()) return before;
    before += whole == 0 ? record_size(rest) : whole;
  }
  return before;
}

std::string_view BlockCutter::cut(std::string_view& rest) {
  fields_.clear();
  std::size_t size = 0;
  if (piece_left_ == 0) {
    size = fitting(rest, codec::bgzf_payload);
    if (size == 0) begin_pieces(rest);
  }
  if (piece_left_ > 0) {
    size = std::min({piece_left_, codec::bgzf_payload, rest.size()});
    if (with_fields_) add_fields_of_piece(size);
    piece_left_ -= size;
    piece_at_ += size;
  } else if (with_fields_) {
    for (std::size_t at = 0; at < size;) {
      const std::string_view record = rest.substr(at, record_size(rest.substr(at)));
      add_fields(record, at, fields_);
      at += record.size();
    }
  }
  const std::string_view payload = rest.substr(0, size);
  rest.remove_prefix(size);
  return payload;
}

void BlockCutter::begin_pieces(std::string_view rest) {
  piece_at_ = 0;
  piece_left_ = record_size(rest);
  record_fields_.clear();
  if (with_fields_) add_fields(rest.substr(0, piece_left_), 0, record_fields_);
}

void BlockCutter::add_fields_of_piece(std::size_t size) {
  std::size_t of_tags = 0;
  std::size_t begin = 0;
  for (const codec::FieldSpan& span : record_fields_) {
    if (span.end <= piece_at_) continue;
    const std::size_t end = std::min(span.end - piece_at_, size);
    if (span.field == codec::Field::tags) of_tags += end - begin;
    fields_.push_back({static_cast<std::uint32_t>(end), span.field});
    if (end == size) break;
    begin = end;
  }
  if (2 * of_tags > size) fields_.clear();
}

// The lengths may be those of a malformed record.
void BlockCutter::add_fields(std::string_view record, std::size_t at, Fields& to) {
  const std::size_t bases = base::number_at<std::uint32_t>(record, base_count_at);
  const std::size_t operations = base::number_at<std::uint16_t>(record, cigar_count_at);
  const std::array<std::pair<std::size_t, codec::Field>, 5> lengths{
      {{sam::record_front, codec::Field::fixed},
       {base::number_at<std::uint8_t>(record, name_size_at), codec::Field::name},
       {4 * operations, operations < many_operations ? codec::Field::fixed : codec::Field::cigar},
       {(bases + 1) / 2, codec::Field::bases},
       {bases, codec::Field::qualities}}};
  std::size_t end = 0;
  for (const auto& [length, field] : lengths) {
    end = std::min(end + length, record.size());
    to.push_back({static_cast<std::uint32_t>(at + end), field});
  }
  to.push_back({static_cast<std::uint32_t>(at + record.size()), codec::Field::tags});
}

}  // namespace mrf::bam
