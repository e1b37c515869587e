// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>

#include "base/error.h"
#include "codec/bgzf.h"
#include "codec/inflate.h"
#include "random_text.h"

namespace {

// Gives a few bytes at a time, as a pipe would.
class Memory : public mrf::codec::ByteSource {
 public:
  Memory(std::string_view bytes, unsigned seed) : rest_(bytes), random_(seed) {}

  std::size_t read(std::span<char> to) override {
    const std::size_t n = rest_.copy(to.data(), std::min<std::size_t>(to.size(), 1 + random_() % 100000));
    rest_.remove_prefix(n);
    return n;
  }

 private:
  std::string_view rest_;
  std::mt19937 random_;
};

// Blocks of different sizes and levels, without the end-of-file block.
std::string blocks_of(std::string_view plain, std::mt19937& random) {
  std::string stored;
  std::string block(mrf::codec::bgzf_max_block, '\0');
  while (!plain.empty()) {
    const std::string_view payload = plain.substr(0, 1 + random() % mrf::codec::bgzf_payload);
    plain.remove_prefix(payload.size());
    mrf::codec::BgzfDeflater deflater(static_cast<int>(random() % 3));
    stored.append(block.data(), deflater.block(payload, block));
  }
  return stored;
}

std::string inflated(std::string_view stored, unsigned threads, std::size_t step = 70000) {
  const auto source = mrf::codec::make_inflater(std::make_unique<Memory>(stored, threads), "memory", threads);
  std::string plain;
  std::string to(step, '\0');
  while (const std::size_t n = source->read(to)) plain.append(to, 0, n);
  return plain;
}

}  // namespace

TEST_CASE("BGZF comes out the same with any number of threads") {
  std::mt19937 random(6);
  const std::string plain = random_text(3000000, 5);
  const std::string stored = blocks_of(plain, random) + std::string(mrf::codec::bgzf_eof);
  for (const unsigned threads : {0, 1, 3, 8}) {
    for (const std::size_t step : {1000, 1 << 20}) {
      CAPTURE(threads);
      CHECK((inflated(stored, threads, step) == plain));
    }
    CHECK((inflated(stored + stored, threads) == plain + plain));
  }
}

TEST_CASE("BGZF that is cut or damaged is refused with any number of threads") {
  std::mt19937 random(7);
  const std::string stored = blocks_of(random_text(600000, 5), random);
  const std::string whole = stored + std::string(mrf::codec::bgzf_eof);
  for (const unsigned threads : {0, 2}) {
    CAPTURE(threads);
    CHECK_THROWS_WITH_AS(inflated(stored, threads), "cannot read 'memory': truncated: no end-of-file block",
                         mrf::base::DataError);
    for (int round = 0; round < 20; ++round) {
      CHECK_THROWS_AS(inflated(whole.substr(0, 18 + random() % (stored.size() - 18)), threads),
                      mrf::base::DataError);
      std::string damaged = whole;
      const std::size_t middle = stored.size() / 4 + random() % (stored.size() / 2);
      damaged[middle] = static_cast<char>(damaged[middle] ^ 0x10);
      // A bit of a header that nobody needs may be any: then all is there.
      std::string plain(600000, ' ');
      try {
        plain = inflated(damaged, threads);
      } catch (const mrf::base::DataError&) {
      }
      CHECK(plain.size() == 600000);
    }
  }
}

TEST_CASE("what is not read of BGZF is let go") {
  std::mt19937 random(8);
  const std::string stored = blocks_of(random_text(2000000, 5), random);
  const auto source = mrf::codec::make_inflater(std::make_unique<Memory>(stored, 1), "memory", 3);
  std::string to(10, '\0');
  CHECK(source->read(to) == 10);
}
