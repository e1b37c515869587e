// SPDX-License-Identifier: MIT
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codec/inflate.h"
#include "fuzz.h"

using namespace mrf;

namespace {

constexpr std::size_t enough = std::size_t{1} << 22;

class Memory : public codec::ByteSource {
 public:
  Memory(std::string_view bytes, std::size_t step) : rest_(bytes), step_(step) {}

  std::size_t read(std::span<char> to) override {
    const std::size_t n = rest_.copy(to.data(), std::min(to.size(), step_));
    rest_.remove_prefix(n);
    return n;
  }

 private:
  std::string_view rest_;
  std::size_t step_;
};

// The inflated bytes, given `step` bytes at a time; nothing when they are refused.
std::optional<std::string> decoded(std::string_view stored, std::size_t step) {
  codec::GzipDecoder decoder("fuzz");
  std::string plain;
  std::vector<char> to(step == stored.size() ? std::size_t{1} << 16 : 1 + step);
  try {
    while (!stored.empty() && plain.size() < enough) {
      const std::string_view piece = stored.substr(0, step);
      stored.remove_prefix(piece.size());
      decoder.feed(piece);
      while (const std::size_t n = decoder.inflate(to)) plain.append(to.data(), n);
    }
    if (plain.size() < enough) decoder.finish();
  } catch (const base::Error&) {
    return std::nullopt;
  }
  return plain;
}

std::optional<std::string> inflated(std::string_view stored, std::size_t step, unsigned threads) {
  std::string plain;
  std::vector<char> to(1 << 16);
  try {
    const auto source = codec::make_inflater(std::make_unique<Memory>(stored, step), "fuzz", threads);
    while (plain.size() < enough) {
      const std::size_t n = source->read(to);
      if (n == 0) break;
      plain.append(to.data(), n);
    }
  } catch (const base::Error&) {
    return std::nullopt;
  }
  return plain;
}

}  // namespace

// The first byte says how the others arrive.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t step = 1 + data[0] % 100;
  const std::string_view stored = fuzz::text_of(data + 1, size - 1);
  const auto at_once = decoded(stored, stored.size());
  const auto in_pieces = decoded(stored, step);
  if (at_once && at_once->size() >= enough) return 0;
  fuzz::check(at_once == in_pieces, "what comes out does not depend on how it arrives");
  if (!codec::is_gzip(stored)) return 0;
  // It asks for more of a BGZF stream: an end-of-file block.
  const auto whole = inflated(stored, stored.size(), 0);
  fuzz::check(whole == inflated(stored, step, 0), "nor does it in the inflater");
  fuzz::check(whole == inflated(stored, step, 1), "nor with another thread");
  fuzz::check(!whole || whole == at_once, "decoder and inflater give the same");
  return 0;
}
