// SPDX-License-Identifier: MIT
#include "codec/field_deflater.h"

#include "codec/deflate_block.h"
#include "codec/field_parser.h"

namespace mrf::codec {

namespace {

using deflate::Effort;
using deflate::FieldEffort;

// fixed, name, bases, qualities, tags. More candidates are slower and smaller; README of the room has
// figures.
constexpr std::array<Effort, FieldDeflater::most_level - FieldDeflater::least_level + 1> efforts{{
    {{{{4, 2, 3, 4}, {4, 2, 3, 4, true}, {6, 2, 4, 3}, {6, 4, 5, 5}, {4, 3, 3, 4}}}, 1},
    {{{{4, 4, 3, 4}, {4, 4, 3, 4, true}, {5, 4, 4, 4}, {6, 6, 5, 5}, {4, 4, 3, 4, true}}}, 1},
    {{{{4, 12, 3, 6}, {3, 12, 3, 4, true}, {4, 8, 4, 5}, {6, 12, 5, 5}, {4, 12, 3, 4, true}}}, 1},
    {{{{4, 16, 3, 6, true},
       {3, 16, 3, 6, true},
       {4, 16, 4, 5, true},
       {5, 16, 5, 6, true},
       {4, 16, 3, 6, true}}},
     2},
}};

}  // namespace

class FieldDeflater::Parser : public deflate::FieldParse {
 public:
  using FieldParse::FieldParse;
};

FieldDeflater::FieldDeflater(int level)
    : parser_(std::make_unique<Parser>(efforts.at(static_cast<std::size_t>(level - least_level)))) {}
FieldDeflater::~FieldDeflater() = default;
FieldDeflater::FieldDeflater(FieldDeflater&&) noexcept = default;
FieldDeflater& FieldDeflater::operator=(FieldDeflater&&) noexcept = default;

std::size_t FieldDeflater::deflate(std::string_view payload, std::span<const FieldSpan> fields,
                                   std::span<char> to) {
  parser_->parse(payload, fields);
  return deflate::write_block(payload, parser_->sequences(), parser_->frequencies(), to);
}

}  // namespace mrf::codec
