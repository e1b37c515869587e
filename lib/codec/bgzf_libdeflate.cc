// SPDX-License-Identifier: MIT
#include "codec/bgzf_frame.h"
#include "codec/libdeflate_deflater.h"

namespace mrf::codec {

struct BgzfDeflater::State {
  LibdeflateDeflater library;
  DeflaterOfFields by_fields;
};

BgzfDeflater::BgzfDeflater(int level)
    : state_(new State{LibdeflateDeflater(level), DeflaterOfFields(level)}) {}
BgzfDeflater::~BgzfDeflater() = default;
BgzfDeflater::BgzfDeflater(BgzfDeflater&&) noexcept = default;
BgzfDeflater& BgzfDeflater::operator=(BgzfDeflater&&) noexcept = default;

// What cannot be compressed is stored.
std::size_t BgzfDeflater::block(std::string_view payload, std::span<const FieldSpan> fields,
                                std::span<char> to) {
  std::size_t deflated = state_->by_fields.deflate(payload, fields, bgzf_room(to));
  if (deflated == 0) deflated = state_->library.deflate(payload, bgzf_room(to));
  if (deflated == 0) deflated = store_deflated(payload, bgzf_room(to).data());
  return frame_bgzf(to, deflated, payload);
}

}  // namespace mrf::codec
