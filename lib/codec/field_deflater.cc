// SPDX-License-Identifier: MIT
#include "codec/field_deflater.h"

#include "codec/block_splitter.h"
#include "codec/deflate_block.h"
#include "codec/field_parser.h"

namespace mrf::codec {

namespace {

using deflate::Efforts;

// fixed, name, bases, qualities, tags, cigar. More candidates are slower and smaller. Reads overlap by chance
// or for long: bases are entered always, since an overlap may come at any time, and a match of 5 bytes, which
// mostly is chance and costs more than its literals, is not taken. Qualities of few values repeat too often
// for a hash of 5 bytes to tell candidates apart; so do operations of a CIGAR, of four bytes each, of which
// the upper two are mostly 0: a hash of 6 bytes has what is not 0 of two operations.
constexpr std::array<Efforts, FieldDeflater::most_level - FieldDeflater::least_level + 1> efforts{{
    {{{4, 4, 4, 8, 4},
      {4, 4, 4, 8, 4},
      {5, 4, 6, 0, 4, 31, 99},
      {5, 6, 5, 0, 4, 15},
      {4, 4, 4, 0, 4},
      {6, 16}}},
    {{{4, 8, 4, 8, 4},
      {3, 4, 3, 99, 4},
      {5, 6, 6, 0, 6, 7, 99},
      {6, 8, 6, 12, 4, 15},
      {4, 6, 4, 8, 4},
      {6, 16}}},
    {{{4, 12, 4, 16, 5},
      {3, 6, 3, 99, 5},
      {5, 8, 6, 0, 6, 7, 99},
      {5, 8, 5, 16, 4, 15, 4, 12, 12},
      {4, 12, 4, 16, 4},
      {6, 16, 3, 16, 6, 7, 4, 10, 8}}},
    {{{4, 16, 3, 99, 6},
      {3, 12, 3, 99, 5},
      {4, 16, 5, 99, 5, 31, 99},
      {5, 16, 5, 99, 6, 7, 4, 12, 16},
      {4, 16, 3, 99, 5},
      {6, 16, 3, 16, 6, 7, 4, 10, 8}}},
}};

// Bytes on average of a block's fields; with fewer there is nothing to gain by splitting.
constexpr std::size_t long_fields = 64;

}  // namespace

class FieldDeflater::Parser : public deflate::FieldParse {
 public:
  Parser(const Efforts& of_level, bool chooses) : FieldParse(of_level, chooses), splits(!chooses) {}
  deflate::BlockSplitter splitter;
  const bool splits;  // where it is not as slow already as it may be
};

FieldDeflater::FieldDeflater(int level)
    : parser_(std::make_unique<Parser>(efforts.at(static_cast<std::size_t>(level - least_level)),
                                       level == most_level)) {}
FieldDeflater::~FieldDeflater() = default;
FieldDeflater::FieldDeflater(FieldDeflater&&) noexcept = default;
FieldDeflater& FieldDeflater::operator=(FieldDeflater&&) noexcept = default;

std::size_t FieldDeflater::deflate(std::string_view payload, std::span<const FieldSpan> fields,
                                   std::span<char> to) {
  parser_->parse(payload, fields);
  const bool splits = parser_->splits && payload.size() / (fields.size() + 1) >= long_fields;
  return deflate::write_blocks(parser_->payload(),
                               parser_->splitter.parts(parser_->payload(), parser_->sequences(), splits), to);
}

}  // namespace mrf::codec
