// SPDX-License-Identifier: MIT
#include "fetch/expectation.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace {

using Kind = mrf::fetch::Expectation::Kind;

mrf::fetch::ExpectationResult expected(const std::vector<std::string>& lines, const char* status = "200 OK") {
  mrf::http::ResponseHead head;
  head.add_line(std::string("HTTP/1.1 ") + status);
  for (const auto& line : lines) head.add_line(line);
  return mrf::fetch::expectation_of(head);
}

constexpr const char* md5_hex = "d41d8cd98f00b204e9800998ecf8427e";
constexpr const char* md5_base64 = "1B2M2Y8AsgTpgAmY7PhCfg==";

}  // namespace

TEST_CASE("hexadecimal and base64") {
  CHECK(mrf::fetch::to_hex(mrf::fetch::decode_hash(md5_base64, 16).value()) == md5_hex);
  CHECK(mrf::fetch::to_hex(mrf::fetch::decode_hash("D41D8CD98F00B204E9800998ECF8427E", 16).value()) ==
        md5_hex);
  CHECK(mrf::fetch::to_hex(mrf::fetch::decode_hash("n03x6A==", 4).value()) == "9f4df1e8");
  for (const char* bad : {"", "n03x6A", "n03x6A=", "n03!6A==", "9f4df1e", "9f4df1eg", "9f4df1e8e8"})
    CHECK_FALSE(mrf::fetch::decode_hash(bad, 4));
}

TEST_CASE("x-goog-hash: crc32c before md5, in one field or two") {
  for (const auto& lines :
       {std::vector<std::string>{std::string("x-goog-hash: md5=") + md5_base64 + ",crc32c=n03x6A=="},
        std::vector<std::string>{std::string("X-Goog-Hash: md5=") + md5_base64,
                                 "x-goog-hash: crc32c=n03x6A=="}}) {
    const auto found = expected(lines, "206 Partial Content").expectation;
    REQUIRE(found);
    CHECK(found->kind == Kind::crc32c);
    CHECK(mrf::fetch::to_hex(found->value) == "9f4df1e8");
  }
  CHECK(expected({std::string("x-goog-hash: md5=") + md5_base64}).expectation->kind == Kind::md5);
  CHECK(expected({std::string("x-goog-hash: crc32c=broken,md5=") + md5_base64}).expectation->kind ==
        Kind::md5);
  CHECK(expected({"x-goog-hash: crc32c=broken", "x-goog-hash: crc32c=n03x6A=="}).expectation->kind ==
        Kind::crc32c);
  CHECK(expected({"x-goog-hash: crc32c=broken,md5=broken"}).reason ==
        "x-goog-hash crc32c 'broken' is no CRC-32C");
}

TEST_CASE("an ETag is a checksum only of an S3 server, and only when it can be one") {
  const std::string tag = std::string("ETag: \"") + md5_hex + "\"";
  const std::string server = "Server: AmazonS3";
  CHECK(expected({tag, server}).expectation->kind == Kind::md5);
  CHECK(expected({tag, "x-amz-request-id: 1"}, "206 P").expectation->kind == Kind::md5);
  CHECK_FALSE(expected({tag}).expectation);
  CHECK_FALSE(expected({tag, server, "x-amz-server-side-encryption: aws:kms"}).expectation);
  CHECK(expected({tag, server, "x-amz-server-side-encryption: AES256"}).expectation);
  CHECK_FALSE(expected({tag, server, "x-amz-server-side-encryption-customer-algorithm: AES256"}).expectation);
  CHECK_FALSE(expected({std::string("ETag: W/\"") + md5_hex + "\"", server}).expectation);
  CHECK_FALSE(expected({"ETag: \"abc\"", server}).expectation);
  const auto parts = expected({std::string("ETag: \"") + md5_hex + "-128\"", server}).expectation;
  CHECK(parts->kind == Kind::multipart);
  CHECK(parts->parts == 128);
  CHECK_FALSE(expected({std::string("ETag: \"") + md5_hex + "-0\"", server}).expectation);
}

TEST_CASE("other fields, and not those of a part") {
  const std::string sha = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
  CHECK(expected({std::string("Content-MD5: ") + md5_base64}).expectation->kind == Kind::md5);
  CHECK_FALSE(expected({std::string("Content-MD5: ") + md5_base64}, "206 P").expectation);
  CHECK(expected({"x-amz-checksum-sha256: " + sha}).expectation->kind == Kind::sha256);
  CHECK_FALSE(expected({"x-amz-checksum-sha256: " + sha + "-3"}).expectation);
  CHECK_FALSE(expected({"x-amz-checksum-sha256: " + sha}, "206 P").expectation);
  CHECK(expected({"x-amz-checksum-crc32: y/Q5Jg=="}).expectation->kind == Kind::crc32);
  CHECK(expected({"x-amz-checksum-crc32: y/Q5Jg==", "x-amz-checksum-type: FULL_OBJECT"}).expectation);
  CHECK_FALSE(expected({"x-amz-checksum-crc32: y/Q5Jg==", "x-amz-checksum-type: COMPOSITE"}).expectation);
  CHECK(expected({"Repr-Digest: md5=:x:, sha-256=:" + sha + ":"}, "206 P").expectation->kind == Kind::sha256);
  CHECK_FALSE(expected({"Repr-Digest: sha-256=" + sha}).expectation);
  CHECK(expected({}).reason == "the server names no checksum");
}

TEST_CASE("a checksum that cannot be read is the reason, when no other one is there") {
  const struct {
    std::vector<std::string> lines;
    const char* reason;
  } rows[] = {
      {{"Content-MD5: notbase64!!"}, "Content-MD5 'notbase64!!' is no MD5"},
      {{"Content-MD5:"}, "Content-MD5 '' is no MD5"},
      {{"x-goog-hash: sha9=abc="}, "x-goog-hash 'sha9=abc=' names no algorithm that getm-fetch knows"},
      {{"x-goog-hash: md5"}, "x-goog-hash md5 '' is no MD5"},
      {{"x-amz-checksum-crc32c: n03x6A"}, "x-amz-checksum-crc32c 'n03x6A' is no CRC-32C"},
      {{"x-amz-checksum-sha1: abc"}, "x-amz-checksum-sha1 'abc' is no SHA-1"},
      {{"x-amz-checksum-sha256: n03x6A==-3"},
       "x-amz-checksum-sha256 is a checksum of parts, whose sizes are not known"},
      {{"S3-Part-Sizes-Fault: No (HTTP 501)",
        "x-amz-checksum-crc32: n03x6A==", "x-amz-checksum-type: COMPOSITE"},
       "x-amz-checksum-crc32 is a checksum of parts, whose sizes the store does not tell: No (HTTP 501)"},
      {{"S3-Part-Sizes: 5", "x-amz-checksum-crc32: n03x6A==", "x-amz-checksum-type: COMPOSITE"},
       "x-amz-checksum-crc32 is a checksum of parts, and does not say of how many"},
      {{"x-amz-checksum-crc32: n03x6A==-3", "ETag: \"abc-3\"", "Server: AmazonS3",
        "x-amz-server-side-encryption: aws:kms"},
       "x-amz-checksum-crc32 is a checksum of parts, whose sizes are not known"},
      {{"Repr-Digest: sha-256=n03x6A=="}, "Repr-Digest 'n03x6A==' is no SHA-256 between colons"},
      {{"Repr-Digest: sha-512=:n03x6A==:"}, "Repr-Digest 'n03x6A==' is no SHA-512"},
      {{"Content-Digest: sha-256=:n03"}, "Content-Digest ':n03' is no SHA-256 between colons"},
      {{"Content-Digest: unixsum=:AA==:"},
       "Content-Digest 'unixsum=:AA==:' names no algorithm that getm-fetch knows"},
      {{"Digest: SHA-256=1"}, "Digest '1' is no SHA-256"},
      {{"ETag: \"abc\"", "Server: AmazonS3"}, "the ETag is no MD5"},
      {{"ETag: \"abc\"", "Server: AmazonS3", "Content-MD5: x"}, "Content-MD5 'x' is no MD5"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.lines.back());
    CHECK_FALSE(expected(row.lines).expectation);
    CHECK(expected(row.lines).reason == row.reason);
    auto and_another = row.lines;
    and_another.push_back(std::string("ETag: \"") + md5_hex + "\"");
    if (row.lines.size() == 1) {
      and_another.emplace_back("x-amz-request-id: 1");
      CHECK(expected(and_another).expectation->source == "ETag");
    }
  }
  const std::string range = "Content-Range: bytes 0-2/";
  CHECK(expected({std::string("Content-MD5: ") + md5_base64, range + "3"}, "206 P").expectation);
  CHECK_FALSE(expected({std::string("Content-MD5: ") + md5_base64, range + "4"}, "206 P").expectation);
}

TEST_CASE("checksums of the command line") {
  CHECK(mrf::fetch::parse_expectation("md5", md5_hex).value ==
        mrf::fetch::parse_expectation("md5", md5_base64).value);
  CHECK(mrf::fetch::parse_expectation("gs_crc32c", "9f4df1e8").kind == Kind::crc32c);
  CHECK(mrf::fetch::parse_expectation("s3_etag", std::string(md5_hex) + "-7").parts == 7);
  CHECK(mrf::fetch::parse_expectation("s3_etag", std::string("\"") + md5_hex + "\"").kind == Kind::md5);
  CHECK_THROWS_AS(mrf::fetch::parse_expectation("sha256", md5_hex), mrf::base::UsageError);
  CHECK_THROWS_AS(mrf::fetch::parse_expectation("sha1", md5_hex), mrf::base::UsageError);
}

TEST_CASE("a checksum of parts is one when their sizes are known") {
  const std::string sha(43, 'A');
  const std::string field = "x-amz-checksum-sha256: " + sha + "=-3";
  CHECK_FALSE(expected({field}).expectation);
  CHECK_FALSE(expected({field, "S3-Part-Sizes: 5,x"}).expectation);
  CHECK_FALSE(expected({field, "S3-Part-Sizes: 0"}).expectation);
  CHECK_FALSE(expected({field, "S3-Part-Sizes: 5"}, "206 P").expectation);
  const auto found = expected({field, "x-amz-checksum-type: COMPOSITE", "S3-Part-Sizes: 5, 7,9"}).expectation;
  REQUIRE(found);
  CHECK(found->kind == Kind::multipart);
  CHECK(found->part_kind == Kind::sha256);
  CHECK(found->parts == 3);
  CHECK(found->part_sizes == std::vector<std::uint64_t>{5, 7, 9});
  const auto etag =
      expected({std::string("ETag: \"") + md5_hex + "-2\"", "Server: AmazonS3", "S3-Part-Sizes: 5"})
          .expectation;
  REQUIRE(etag);
  CHECK(etag->part_kind == Kind::md5);
  CHECK(etag->part_sizes == std::vector<std::uint64_t>{5});
  CHECK(expected({std::string("ETag: \"") + md5_hex + "-2\"", "Server: AmazonS3", "S3-Part-Sizes-Fault: No"})
            .expectation->parts_fault == "No");
  // One of the whole object comes first.
  CHECK(expected({"x-amz-checksum-crc64nvme: AAAAAAAAAAA=", "x-amz-checksum-type: FULL_OBJECT",
                  "S3-Part-Sizes: 5"})
            .expectation->kind == Kind::crc64nvme);
}

TEST_CASE("the checksums of a DRS object come before those of its server") {
  const std::string hex(64, 'a');
  const auto found = expected({std::string("DRS-Checksum: md5=") + md5_hex + ",sha-256=" + hex,
                               "x-goog-hash: crc32c=n03x6A=="})
                         .expectation;
  REQUIRE(found);
  CHECK(found->kind == Kind::sha256);
  CHECK(found->source == "DRS-Checksum sha-256");
  CHECK(expected({"DRS-Checksum: crc32c=9f4df1e8"}, "206 P").expectation->kind == Kind::crc32c);
}

TEST_CASE("of a mismatch of 128 digits it is said that they may be those of b2sum") {
  const auto text_of = [](const char* digits) {
    const auto expectation = mrf::fetch::expectation_by_length(digits, "s");
    REQUIRE(expectation);
    return mrf::fetch::digest_fault(*expectation, "x");
  };
  CHECK(text_of(std::string(128, 'a').c_str()) ==
        "s is " + std::string(128, 'a') +
            ", but the data has 78; if the value is a BLAKE2 of b2sum, verify it with b2sum -c");
  CHECK(text_of(std::string(64, 'a').c_str()) == "s is " + std::string(64, 'a') + ", but the data has 78");
}
