// SPDX-License-Identifier: MIT
#include "fetch/integrity.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "codec/crc.h"
#include "fetch/multipart.h"
#include "md5_of.h"

namespace {

using Kind = mrf::fetch::Expectation::Kind;

class Text final : public mrf::fetch::ByteAccess {
 public:
  explicit Text(std::string text) : text_(std::move(text)) {}
  std::string_view view(std::uint64_t at, std::span<char> scratch) override {
    return std::string_view(text_).substr(at, scratch.size());
  }

 private:
  std::string text_;
};

// Feeds `data` in pieces and returns the message of a mismatch.
std::string check(const mrf::fetch::Expectation& expectation, const std::string& data,
                  std::uint64_t part_size, unsigned threads, bool stay = true) {
  Text text(data);
  mrf::fetch::Integrity integrity(expectation, data.size(), part_size, threads, {text, stay, [] {}});
  mrf::fetch::Coverage coverage(integrity.combine());
  for (std::size_t at = 0; at < data.size(); at += 7) {
    const auto piece = std::string_view(data).substr(at, 7);
    coverage.add(at, at + piece.size(), integrity.crc_of(piece));
    integrity.advance(coverage.prefix());
  }
  try {
    integrity.verify(coverage, "x");
    return "";
  } catch (const mrf::base::DataError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("CRCs of known texts, and of two parts as of the whole") {
  CHECK(mrf::codec::crc32c("123456789") == 0xe3069283);
  CHECK(mrf::codec::crc32("123456789") == 0xcbf43926);
  CHECK(mrf::codec::crc32c("") == 0);
  const std::string text(1000, 'q');
  for (const std::size_t cut : {0, 1, 8, 999, 1000}) {
    const std::string_view a = std::string_view(text).substr(0, cut);
    const std::string_view b = std::string_view(text).substr(cut);
    CHECK(mrf::codec::join_crc32c(mrf::codec::crc32c(a), mrf::codec::crc32c(b), b.size()) ==
          mrf::codec::crc32c(text));
    CHECK(mrf::codec::join_crc32(mrf::codec::crc32(a), mrf::codec::crc32(b), b.size()) ==
          mrf::codec::crc32(text));
  }
}

TEST_CASE("a combination over more than 4 GiB of zeros") {
  std::uint32_t crc = mrf::codec::crc32c(std::string(1 << 20, '\0'));
  for (std::uint64_t length = 1 << 20; length < std::uint64_t{1} << 34; length *= 2)
    crc = mrf::codec::join_crc32c(crc, crc, length);
  const std::uint32_t half = mrf::codec::join_crc32c(mrf::codec::crc32c("a"), crc, std::uint64_t{1} << 34);
  CHECK(mrf::codec::join_crc32c(
            mrf::codec::join_crc32c(mrf::codec::crc32c("a"), mrf::codec::crc32c(std::string(1 << 20, '\0')),
                                    1 << 20),
            [] {
              const std::string mega(1 << 20, '\0');
              std::uint32_t sum = 0;
              for (int i = 0; i < (1 << 14) - 1; ++i)
                sum = mrf::codec::join_crc32c(sum, mrf::codec::crc32c(mega), 1 << 20);
              return sum;
            }(),
            (std::uint64_t{1} << 34) - (1 << 20)) == half);
}

TEST_CASE("runs that touch become one, in any order") {
  const std::string text = "the quick brown fox";
  std::array<std::pair<std::size_t, std::size_t>, 4> pieces{{{0, 4}, {4, 9}, {9, 10}, {10, 19}}};
  do {
    mrf::fetch::Coverage coverage(&mrf::codec::join_crc32c);
    for (const auto& [begin, end] : pieces)
      coverage.add(begin, end, mrf::codec::crc32c(std::string_view(text).substr(begin, end - begin)));
    CHECK(coverage.runs().size() == 1);
    CHECK(coverage.prefix() == text.size());
    CHECK(coverage.bytes() == text.size());
    CHECK(coverage.prefix_crc() == mrf::codec::crc32c(text));
  } while (std::next_permutation(pieces.begin(), pieces.end()));
  mrf::fetch::Coverage gap;
  gap.add(5, 6);
  CHECK(gap.prefix() == 0);
}

TEST_CASE("digests and CRCs of the right data fit, of other data do not") {
  const std::string data = "0123456789 and some more";
  for (const unsigned threads : {0U, 1U, 3U}) {
    for (const bool stay : {true, false}) {
      CHECK(check({Kind::md5, md5_of(data), 0, "s"}, data, 0, threads, stay).empty());
      CHECK(check({Kind::md5, md5_of("other"), 0, "s"}, data, 0, threads, stay)
                .starts_with("cannot verify 'x': s is "));
      const std::string etag =
          md5_of(md5_of(data.substr(0, 10)) + md5_of(data.substr(10, 10)) + md5_of(data.substr(20)));
      CHECK(check({Kind::multipart, etag, 3, "s"}, data, 10, threads, stay).empty());
      CHECK(!check({Kind::multipart, etag, 3, "s"}, data, 9, threads, stay).empty());
      CHECK(check({Kind::multipart, md5_of(md5_of(data)), 1, "s"}, data, 0, threads, stay).empty());
      CHECK(check({Kind::multipart, md5_of(md5_of("")), 1, "s"}, "", 0, threads, stay).empty());
    }
  }
  CHECK(check({Kind::crc32c, std::string("\xe3\x06\x92\x83"), 0, "s"}, "123456789", 0, 0).empty());
  CHECK(check({Kind::crc32c, std::string("\xe3\x06\x92\x84"), 0, "s"}, "123456789", 0, 0) ==
        "cannot verify 'x': s is e3069284, but the data has e3069283");
  CHECK(check({Kind::crc32, std::string("\xcb\xf4\x39\x26"), 0, "s"}, "123456789", 0, 0).empty());
}

TEST_CASE("parts whose sizes the store names, and other hashes than MD5") {
  const std::string data = "0123456789 and some more";
  const auto sum = [](mrf::fetch::DigestKind kind, std::string_view bytes) {
    mrf::fetch::Digest digest(kind);
    digest.update(bytes.substr(0, bytes.size() / 2));
    digest.update(bytes.substr(bytes.size() / 2));
    return digest.finish();
  };
  using mrf::fetch::DigestKind;
  for (const auto& [kind, digest] : {std::pair{Kind::md5, DigestKind::md5},
                                     {Kind::sha1, DigestKind::sha1},
                                     {Kind::sha256, DigestKind::sha256},
                                     {Kind::crc32, DigestKind::crc32},
                                     {Kind::crc32c, DigestKind::crc32c},
                                     {Kind::crc64nvme, DigestKind::crc64nvme}}) {
    for (const unsigned threads : {0U, 1U, 3U}) {
      const std::string right =
          sum(digest, sum(digest, data.substr(0, 10)) + sum(digest, data.substr(10, 3)) +
                          sum(digest, data.substr(13)));
      mrf::fetch::Expectation parts{Kind::multipart, right, 3, "s"};
      parts.part_kind = kind;
      parts.part_sizes = {10, 3, 11};
      CHECK(check(parts, data, 0, threads, threads != 1).empty());
      parts.part_sizes = {3, 10, 11};
      CHECK(check(parts, data, 0, threads, threads != 1).starts_with("cannot verify 'x': s is "));
    }
    CHECK(check({kind, sum(digest, data), 0, "s"}, data, 0, 0).empty());
  }
}

TEST_CASE("where the parts end that the store names") {
  mrf::fetch::Expectation parts{Kind::multipart, "", 3, "s"};
  const auto ends = [&](std::vector<std::uint64_t> sizes, std::uint64_t total) {
    parts.part_sizes = std::move(sizes);
    return mrf::fetch::known_part_ends(parts, total);
  };
  CHECK(ends({8}, 20) == std::vector<std::uint64_t>{8, 16, 20});
  CHECK(ends({8}, 40) == std::vector<std::uint64_t>{8, 16, 40});
  CHECK(ends({8, 3, 9}, 20) == std::vector<std::uint64_t>{8, 11, 20});
  CHECK(ends({8}, 16).empty());
  CHECK(ends({8, 3, 8}, 20).empty());
  CHECK(ends({8, 3}, 20).empty());
  CHECK(ends({}, 20).empty());
}

TEST_CASE("a part size that was not named is found, or a hint is given") {
  const std::string data(20000000, 'z');
  const auto etag_of = [&](std::size_t size) {
    std::string digests;
    for (std::size_t at = 0; at < data.size(); at += size)
      digests += md5_of(std::string_view(data).substr(at, size));
    return md5_of(digests);
  };
  for (const bool stay : {true, false}) {
    CHECK(check({Kind::multipart, etag_of(8 << 20), 3, "ETag"}, data, 0, 2, stay).empty());
    CHECK(check({Kind::multipart, etag_of(7 << 20), 3, "ETag"}, data, 0, 2, stay).empty());
  }
  CHECK(check({Kind::multipart, etag_of(7000001), 3, "ETag"}, data, 0, 2)
            .ends_with("and no usual part size gives that; if the data is right, name the part size of the "
                       "upload with --s3-part-size, or verify nothing with --checksum-algorithm null"));
  mrf::fetch::Expectation untold{Kind::multipart, etag_of(7000001), 3, "ETag"};
  untold.parts_fault = "No (HTTP 501)";
  CHECK(check(untold, data, 0, 2)
            .find("gives that; the store does not tell the sizes of the parts: No (HTTP 501); if") !=
        std::string::npos);
}

TEST_CASE("part sizes give the number of parts") {
  CHECK(mrf::fetch::part_size_candidates(100 << 20, 13).front() == 8 << 20);
  CHECK(mrf::fetch::part_size_candidates(5, 1) == std::vector<std::uint64_t>{5});
  for (const std::uint64_t parts : {2U, 3U, 20U, 9999U}) {
    const std::uint64_t total = 77777777777;
    for (const std::uint64_t size : mrf::fetch::part_size_candidates(total, parts))
      CHECK((total + size - 1) / size == parts);
  }
}

TEST_CASE("numbers of parts that no upload of the size can have") {
  CHECK(mrf::fetch::part_count_fault(3000000, 3000000, 0) ==
        "it counts 3000000 parts, no upload has more than 10000");
  CHECK(
      mrf::fetch::part_count_fault(std::nullopt, 10001, 5 << 20).ends_with("no upload has more than 10000"));
  CHECK(mrf::fetch::part_count_fault(100, 60, 0) == "it counts 60 parts, 100 bytes do not make as many");
  CHECK(mrf::fetch::part_count_fault(3000000, 4, 1 << 20) ==
        "it counts 4 parts, 3000000 bytes do not make as many of 1048576 bytes");
  CHECK(mrf::fetch::part_count_fault(0, 2, 0) == "it counts 2 parts, 0 bytes do not make as many");
  CHECK(mrf::fetch::part_count_fault(UINT64_MAX, 2, 0).empty());
  for (const std::uint64_t parts : {1U, 3U, 10000U})
    CHECK(mrf::fetch::part_count_fault(3000000, parts, 0).empty());
  CHECK(mrf::fetch::part_count_fault(3000000, 3, 1 << 20).empty());
  CHECK(mrf::fetch::part_count_fault(0, 1, 5).empty());
  CHECK(mrf::fetch::part_count_fault(std::nullopt, 10000, 0).empty());
}

TEST_CASE("a part size beyond every object is none too many") {
  const std::string data = "some";
  Text text(data);
  mrf::fetch::Integrity integrity({Kind::multipart, md5_of(md5_of(data)), 7, "s"}, std::nullopt,
                                  std::uint64_t{1} << 62, 0, {text, true, [] {}});
  mrf::fetch::Coverage coverage(integrity.combine());
  coverage.add(0, data.size(), 0);
  integrity.advance(data.size());
  CHECK_THROWS_AS((void)integrity.verify(coverage, "x"), mrf::base::DataError);
}
