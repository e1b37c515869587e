// SPDX-License-Identifier: MIT
#include "codec/bgzf_writer.h"

#include <doctest/doctest.h>

#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// What is in the blocks of `stored`, each whole.
std::string opened(std::string_view stored) {
  mrf::codec::BgzfInflater inflater;
  std::string all;
  while (!stored.empty()) {
    const std::string_view block = stored.substr(0, mrf::codec::bgzf_block_size(stored));
    std::string content(mrf::codec::bgzf_content_size(block), ' ');
    inflater.block(block, content);
    all += content;
    stored.remove_prefix(block.size());
  }
  return all;
}

}  // namespace

TEST_CASE("every stream of a BGZF writer holds what was written to it, in order") {
  std::mt19937 random(5);
  for (const unsigned threads : {0u, 3u}) {
    for (const std::size_t job_bytes : {std::size_t{4096}, 3 * mrf::codec::bgzf_payload}) {
      std::vector<std::string> written(3);
      std::vector<std::string> packed(3);
      mrf::codec::BgzfWriter writer(3, job_bytes, 1, threads, [&](mrf::codec::BgzfWriter::Block& block) {
        packed[block.stream] += block.view();
        if (random() % 2 == 0) block.bytes.reset();
      });
      for (int i = 0; i < 200; ++i) {
        const std::size_t stream = static_cast<std::size_t>(i) % 3;
        const std::string bytes(i % 10 == 0 ? 70000 : i, static_cast<char>('a' + i % 26));
        written[stream] += bytes;
        writer.write(stream, bytes);
        if (i % 50 == 0) writer.close(stream);
      }
      for (std::size_t stream = 0; stream < 3; ++stream) writer.close(stream);
      writer.finish();
      for (std::size_t stream = 0; stream < 3; ++stream) CHECK((opened(packed[stream]) == written[stream]));
    }
  }
}

TEST_CASE("what takes the blocks of a BGZF writer may fail, and the writer throws that") {
  for (const unsigned threads : {0u, 2u}) {
    mrf::codec::BgzfWriter writer(1, 4096, 1, threads,
                                  [](mrf::codec::BgzfWriter::Block&) { throw std::runtime_error("full"); });
    const auto write_all = [&] {
      writer.write(0, std::string(100000, 'x'));
      writer.finish();
    };
    CHECK_THROWS_WITH(write_all(), "full");
  }
}
