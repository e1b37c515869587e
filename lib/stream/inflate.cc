// SPDX-License-Identifier: MIT
#include "stream/inflate.h"

#include <array>
#include <stdexcept>
#include <utility>

#include "stream/inflate_engine.h"
#include "sys/error.h"

namespace mrf {

namespace {

class Inflater : public ByteSource {
 public:
  Inflater(std::unique_ptr<ByteSource> stored, std::string name)
      : stored_(std::move(stored)), name_(std::move(name)), engine_(make_inflate_engine()) {}

  std::size_t read(std::span<char> to) override {
    std::span<char> rest = to;
    while (rest.size() == to.size()) {
      if (!in_member_ && !next_member()) return 0;
      if (held_.empty() && !refill() && flushed_) {
        throw DataError("read", name_, "truncated gzip stream");
      }
      inflate_some(rest);
    }
    return to.size() - rest.size();
  }

 private:
  bool refill() {
    const std::size_t n = stored_->read(buffer_);
    held_ = {buffer_.data(), n};
    return n > 0;
  }

  // Between members: padding of zero bytes may follow the last one, nothing else.
  bool next_member() {
    for (;;) {
      if (held_.empty() && !refill()) return false;
      if (seen_member_ && held_.front() == '\0') {
        padding_ = true;
        held_.remove_prefix(1);
        continue;
      }
      if (padding_ || (seen_member_ && held_.front() != '\x1f')) {
        throw DataError("read", name_, "trailing garbage after the gzip stream");
      }
      engine_->start_member();
      in_member_ = true;
      flushed_ = false;
      return true;
    }
  }

  void inflate_some(std::span<char>& rest) {
    const std::size_t before = rest.size();
    try {
      if (engine_->step(held_, rest) == InflateEngine::State::member_end) {
        in_member_ = false;
        seen_member_ = true;
      }
    } catch (const std::runtime_error& error) {
      throw DataError("read", name_, error.what());
    }
    // The library may hold output back after the last stored byte; when it gives none, it has none.
    flushed_ = rest.size() == before;
  }

  std::unique_ptr<ByteSource> stored_;
  std::string name_;
  std::unique_ptr<InflateEngine> engine_;
  std::array<char, std::size_t{1} << 18> buffer_;
  std::string_view held_;
  bool in_member_ = false;
  bool seen_member_ = false;
  bool padding_ = false;
  bool flushed_ = false;
};

}  // namespace

bool is_gzip(std::string_view first) { return first.starts_with("\x1f\x8b"); }

std::unique_ptr<ByteSource> make_inflater(std::unique_ptr<ByteSource> stored, std::string name) {
  return std::make_unique<Inflater>(std::move(stored), std::move(name));
}

std::string inflate_library() { return inflate_engine_name(); }

}  // namespace mrf
