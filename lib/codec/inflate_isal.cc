// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <isa-l.h>

#include <stdexcept>

#include "codec/gzip_header.h"
#include "codec/inflate_engine.h"

namespace mrf::codec {

namespace {

const char* reason_of(int code) {
  switch (code) {
    case ISAL_INCORRECT_CHECKSUM:
      return "incorrect checksum";
    case ISAL_INVALID_WRAPPER:
      return "invalid gzip header";
    case ISAL_UNSUPPORTED_METHOD:
      return "unknown compression method";
    default:
      return "invalid compressed data";
  }
}

class IsalEngine : public InflateEngine {
 public:
  IsalEngine() { ::isal_inflate_init(&state_); }

  void start_member() override {
    ::isal_inflate_reset(&state_);
    state_.crc_flag = ISAL_GZIP_NO_HDR_VER;
    header_.start();
  }

  // The library forgets a header's flags between calls: it would take the rest of a name for data.
  State step(std::string_view& stored, std::span<char>& to) override {
    if (!header_.take(stored)) return State::more;
    state_.next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(stored.data()));
    state_.avail_in = clamp(stored.size());
    state_.next_out = reinterpret_cast<std::uint8_t*>(to.data());
    state_.avail_out = clamp(to.size());
    const auto in = state_.avail_in;
    const auto out = state_.avail_out;
    const int code = ::isal_inflate(&state_);
    if (code != ISAL_DECOMP_OK) throw std::runtime_error(reason_of(code));
    stored.remove_prefix(in - state_.avail_in);
    to = to.subspan(out - state_.avail_out);
    return state_.block_state == ISAL_BLOCK_FINISH ? State::member_end : State::more;
  }

 private:
  static std::uint32_t clamp(std::size_t n) {
    return static_cast<std::uint32_t>(std::min<std::size_t>(n, std::size_t{1} << 30));
  }

  GzipHeader header_;
  inflate_state state_{};
};

}  // namespace

std::unique_ptr<InflateEngine> make_inflate_engine() { return std::make_unique<IsalEngine>(); }

std::string inflate_engine_name() {
  return fmt::format("ISA-L {}.{}.{}", ISAL_MAJOR_VERSION, ISAL_MINOR_VERSION, ISAL_PATCH_VERSION);
}

}  // namespace mrf::codec
