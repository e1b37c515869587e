// SPDX-License-Identifier: MIT
#include "store/drs.h"

#include <doctest/doctest.h>

#include "base/error.h"

using mrf::http::Url;

TEST_CASE("a DRS name is the URL of an object") {
  const auto url = [](const char* name) { return mrf::store::drs_url(Url::parse(name)).text(); };
  CHECK(url("drs://h.org/314") == "https://h.org/ga4gh/drs/v1/objects/314");
  CHECK(url("drs://h.org:8443/a/b%20c") == "https://h.org:8443/ga4gh/drs/v1/objects/a%2Fb%20c");
  CHECK(mrf::store::drs_url(Url::parse("drs://h.org/x"), "gs/1 2").text() ==
        "https://h.org/ga4gh/drs/v1/objects/x/access/gs%2F1%202");
  for (const char* name : {"drs://dg.4503/abc", "drs://h.org/", "drs://h.org/x?y=1"}) {
    CAPTURE(name);
    CHECK_THROWS_AS(url(name), mrf::base::Error);
  }
  CHECK_THROWS_WITH_AS(
      Url::parse("drs://dg.4503:abc-def"),
      "cannot use URL 'drs://dg.4503:abc-def': a compact identifier does not name its server; the "
      "form is drs://HOST/ID",
      mrf::base::UsageError);
}

TEST_CASE("what a DRS object says") {
  const auto object = mrf::store::parse_drs_object(
      R"({"id":"1","name":"a b/c.bam","size":12,
          "checksums":[{"type":"md5","checksum":"aa"},{"type":"SHA-256","checksum":"bb"},
                       {"type":"odd","checksum":"cc"},{"type":"sha-1","checksum":"x, md5=y"}],
          "access_methods":[{"type":"s3","access_url":{"url":"s3://b/k"}},
                            {"type":"file","access_url":{"url":"file:///x"}},
                            {"type":"gs","access_id":"g1"},
                            {"type":"https","access_url":{"url":"https://d/k",
                                                          "headers":["Authorization: Basic x"]}}]})",
      "n");
  CHECK(object.size == 12);
  CHECK(mrf::store::drs_checksum_field(object) == "DRS-Checksum: md5=aa,sha-256=bb");
  CHECK(mrf::store::drs_name_field(object) ==
        "Content-Disposition: attachment; filename*=UTF-8''a%20b%2Fc.bam");
  REQUIRE(object.accesses.size() == 3);
  CHECK(object.accesses[0].url == "https://d/k");
  CHECK(object.accesses[0].headers == std::vector<std::string>{"Authorization: Basic x"});
  CHECK(object.accesses[1].id == "g1");
  CHECK(object.accesses[2].url == "s3://b/k");
  CHECK(mrf::store::parse_drs_object(R"({"contents":[{"name":"x"},{"name":"y"}]})", "n").contents == 2);
  CHECK(mrf::store::parse_drs_access(R"({"url":"https://x/","headers":{"A":"b"}})", "n").headers ==
        std::vector<std::string>{"A: b"});
}

TEST_CASE("an access that the server signs is asked for, although the object names its bucket, too") {
  const auto object = mrf::store::parse_drs_object(
      R"({"access_methods":[{"type":"gs","access_url":{"url":"GS://b/k"}},
                            {"type":"s3","access_id":"s3","access_url":{"url":"s3://b/k"}},
                            {"type":"https","access_id":"h","access_url":{"url":"HTTPS://d/k"}}]})",
      "n");
  REQUIRE(object.accesses.size() == 3);
  CHECK(object.accesses[0].url == "HTTPS://d/k");
  CHECK(object.accesses[1].id == "s3");
  CHECK(object.accesses[1].url.empty());
  CHECK(object.accesses[2].url == "GS://b/k");
}

TEST_CASE("a DRS answer that is none is bad data") {
  for (const char* text : {"", "[]", "x", "null"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(mrf::store::parse_drs_object(text, "n"), mrf::base::DataError);
  }
  CHECK_THROWS_AS(mrf::store::parse_drs_access("{}", "n"), mrf::base::DataError);
  CHECK_THROWS_AS(mrf::store::parse_drs_access(R"({"url":"https://x/","headers":["A: b\r\nC: d"]})", "n"),
                  mrf::base::DataError);
  const auto odd = mrf::store::parse_drs_object(
      R"({"size":-1,"name":7,"checksums":[1,{"type":"md5"}],"access_methods":[1,{"type":"https"}],"contents":[]})",
      "n");
  CHECK_FALSE(odd.size);
  CHECK(odd.name.empty());
  CHECK(odd.accesses.empty());
  CHECK(mrf::store::drs_checksum_field(odd).empty());
}
