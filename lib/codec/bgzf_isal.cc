// SPDX-License-Identifier: MIT
#include <isa-l.h>

#include <array>
#include <memory>
#include <stdexcept>

#include "codec/bgzf_frame.h"
#include "codec/libdeflate_deflater.h"

namespace mrf::codec {

namespace {

std::uint8_t* bytes(const char* data) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(data)); }

}  // namespace

// Room for the tokens of a whole block, so that it becomes one block of deflate with one set of codes.
struct BgzfDeflater::State {
  isal_zstream stream;
  std::array<std::uint8_t, ISAL_DEF_LVL2_EXTRA_LARGE> level_buffer;
  int level;
  std::unique_ptr<LibdeflateDeflater> library;
  DeflaterOfFields by_fields;

  std::size_t deflate(std::string_view payload, std::span<char> to) {
    ::isal_deflate_stateless_init(&stream);
    stream.level = 2;
    stream.level_buf = level_buffer.data();
    stream.level_buf_size = static_cast<std::uint32_t>(level_buffer.size());
    stream.end_of_stream = 1;
    stream.flush = NO_FLUSH;
    stream.gzip_flag = IGZIP_DEFLATE;
    stream.next_in = bytes(payload.data());
    stream.avail_in = static_cast<std::uint32_t>(payload.size());
    stream.next_out = bytes(to.data());
    stream.avail_out = static_cast<std::uint32_t>(to.size());
    if (::isal_deflate_stateless(&stream) != COMP_OK) throw std::runtime_error("ISA-L cannot deflate");
    return stream.total_out;
  }
};

// isal_deflate_stateless_init() leaves fields as they are, the size of the window for one: all is 0 first.
BgzfDeflater::BgzfDeflater(int level) : state_(std::make_unique<State>()) {
  state_->level = level;
  state_->by_fields = DeflaterOfFields(level);
  if (level > 1) state_->library = std::make_unique<LibdeflateDeflater>(level);
}
BgzfDeflater::~BgzfDeflater() = default;
BgzfDeflater::BgzfDeflater(BgzfDeflater&&) noexcept = default;
BgzfDeflater& BgzfDeflater::operator=(BgzfDeflater&&) noexcept = default;

// What cannot be compressed is stored.
std::size_t BgzfDeflater::block(std::string_view payload, std::span<const FieldSpan> fields,
                                std::span<char> to) {
  const std::span<char> room = bgzf_room(to);
  std::size_t deflated = state_->by_fields.deflate(payload, fields, room);
  if (deflated == 0 && state_->library) deflated = state_->library->deflate(payload, room);
  if (state_->level == 1) deflated = state_->deflate(payload, room);
  if (deflated == 0) deflated = store_deflated(payload, room.data());
  return frame_bgzf(to, deflated, payload);
}

}  // namespace mrf::codec
