// SPDX-License-Identifier: MIT
#include "fetch/md5_lanes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fetch/digest.h"
#include "fetch/expectation.h"
#include "md5_of.h"

namespace {

// Gives a third of what it is asked for.
class ThirdOfText final : public mrf::fetch::ByteAccess {
 public:
  explicit ThirdOfText(const std::string& text) : text_(text) {}
  std::string_view view(std::uint64_t at, std::span<char> scratch) override {
    const auto n = text_.copy(scratch.data(), scratch.size() / 3 + 1, at);
    return {scratch.data(), n};
  }

 private:
  const std::string& text_;
};

}  // namespace

TEST_CASE("eight messages side by side have the digests that they have alone") {
  std::array<std::string, mrf::fetch::Md5Lanes::lanes> texts;
  for (const std::size_t size : {0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 4096, 5000}) {
    CAPTURE(size);
    mrf::fetch::Md5Lanes::Messages messages{};
    for (std::size_t i = 0; i < texts.size(); ++i) {
      texts[i].clear();
      for (std::size_t j = 0; j < size; ++j) texts[i] += static_cast<char>(j * (i + 3) + j / 200);
      messages[i] = texts[i].data();
    }
    mrf::fetch::Md5Lanes lanes;
    const std::size_t first = size / 128 * 64;
    lanes.update(messages, first);
    for (auto& message : messages) message += first;
    lanes.update(messages, size - first);
    const auto digests = lanes.finish();
    for (std::size_t i = 0; i < texts.size(); ++i) CHECK(digests[i] == md5_of(texts[i]));
  }
}

TEST_CASE("the known digests of RFC 1321, A.5") {
  mrf::fetch::Md5Lanes lanes;
  mrf::fetch::Md5Lanes::Messages messages;
  messages.fill("message digest");
  lanes.update(messages, 14);
  for (const auto& digest : lanes.finish())
    CHECK(mrf::fetch::to_hex(digest) == "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST_CASE("ranges of one length and others, bytes that stay and bytes that do not") {
  std::string text;
  for (int i = 0; text.size() < 3000000; ++i) text += std::to_string(i);
  ThirdOfText access(text);
  for (const bool stay : {true, false}) {
    for (const std::uint64_t length : {1000000U, 300007U, 65536U, 400001U}) {
      CAPTURE(length);
      std::vector<mrf::fetch::HashRange> ranges;
      for (std::uint64_t at = 0; at < text.size(); at += length)
        ranges.push_back(
            {at, std::min<std::uint64_t>(at + length, text.size()), mrf::fetch::DigestKind::md5});
      mrf::fetch::RangeHasher hasher(ranges, {access, stay, [] {}}, 2);
      for (std::size_t at = 0; at <= text.size(); at += 90001) hasher.advance(at);
      const auto digests = hasher.finish(text.size());
      for (std::size_t i = 0; i < ranges.size(); ++i)
        CHECK(digests[i] == md5_of(text.substr(ranges[i].begin, ranges[i].end - ranges[i].begin)));
    }
  }
}

TEST_CASE("an object that ends before its ranges do") {
  const std::string text(1000, 'q');
  ThirdOfText access(text);
  std::vector<mrf::fetch::HashRange> ranges;
  for (std::uint64_t at = 0; at < 8000; at += 400)
    ranges.push_back({at, at + 400, mrf::fetch::DigestKind::md5});
  mrf::fetch::RangeHasher hasher(ranges, {access, true, [] {}}, 2);
  const auto digests = hasher.finish(text.size());
  CHECK(digests[0] == md5_of(text.substr(0, 400)));
  CHECK(digests[2] == md5_of(text.substr(800)));
}
