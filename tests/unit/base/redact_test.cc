// SPDX-License-Identifier: MIT
#include "base/redact.h"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("no password and no signature is left of a URL") {
  CHECK(mrf::base::redact_url("https://h/a;token=hidden/b;v=1/c;x") == "https://h/a;token=.../b;v=1/c;x");
  CHECK(mrf::base::redact_url("https://u:p@h/k#part") == "https://h/k");
  CHECK(mrf::base::redact_url("u:p@h/k") == "h/k");
  CHECK(mrf::base::redact_name("http://u:p a's@h/k?sig=a b") == "http://h/k?sig=...");
  CHECK(mrf::base::redact_name("-D x=http://u:p@h/k") == "-D x=http://h/k");
  CHECK(mrf::base::redact_words("not found: 'http://u:p@h/k?sig=a' <x>") ==
        "not found: 'http://h/k?sig=...' <x>");
}

TEST_CASE("a password may hold what ends a host") {
  CHECK(mrf::base::redact_url("https://u:p/w@h/k?sig=a") == "https://...@h/k?sig=...");
  CHECK(mrf::base::redact_url("https://u:1/w@h/k") == "https://...@h/k");
  CHECK(mrf::base::redact_url("https://u:p@w/o@h/k") == "https://...@h/k");
  CHECK(mrf::base::redact_url("https://to/ken@h/k") == "https://...@h/k");
  CHECK(mrf::base::redact_url("https://u:p?w@h/k") == "https://...");
  CHECK(mrf::base::redact_url("https://u:p#w@h/k") == "https://...");
  CHECK(mrf::base::redact_url("https://u:p/w?x@h/k") == "https://...");
  CHECK(mrf::base::redact_url("https://u@p?w@h/k") == "https://...");
  CHECK(mrf::base::redact_url("http:///u:p@h/k") == "http://...@h/k");
  CHECK(mrf::base::redact_url("http:/u:p@h/k") == "...@h/k");
  CHECK(mrf::base::redact_url("//u:p/w@h/k") == "...@h/k");
  CHECK(mrf::base::redact_url("u:p?w@h/k") == "...");
  CHECK(mrf::base::redact_words("no http://u:p/w@h/k here") == "no http://...@h/k here");
}

TEST_CASE("what a server repeats of a request is hidden") {
  const auto shown = [](const char* text) { return mrf::base::redact_answer(text); };
  CHECK(shown("bad /o?X-Amz-Signature=Zq9&v=1 Bearer Zq9, then") ==
        "bad /o?X-Amz-Signature=...&v=1 Bearer ..., then");
  CHECK(shown("token=abc 'basic dTpw' http://u:p@h/k") == "token=... 'basic ...' http://h/k");
  CHECK(shown("key Zq9SECRETtok3nValue77== of SRR1234567") == "key ... of SRR1234567");
  CHECK(shown("Request has expired: 20261129T210533Z ?") == "Request has expired: 20261129T210533Z ?");
  CHECK(shown("no http://u:p,w@h/k?sig=Zq,9&v=1, then") == "no http://h/k?sig=...&v=1, then");
  CHECK(shown("no http://h/k?v=1,sig=Zq9") == "no http://h/k?v=...");
  CHECK(shown("no http://u:p\tw@h/k") == "no http://h/k");
  CHECK(shown("") == "");
}

TEST_CASE("a name and a password in front of a bucket are hidden") {
  CHECK(mrf::base::redact_url("s3://AK:SE@b/k") == "s3://...@b/k");
  CHECK(mrf::base::redact_url("gs://AK:S/E@b/k?sig=a&v=1") == "gs://...@b/k?sig=...&v=1");
  CHECK(mrf::base::redact_url("s3://AK@b/k#part") == "s3://...@b/k");
  CHECK(mrf::base::redact_url("s3:///AK:SE@b/k") == "s3://...@b/k");
  CHECK(mrf::base::redact_url("s3://AK:SE@b/k@v") == "s3://...@v");
  CHECK(mrf::base::redact_url("s3://AK:S?E@b/k") == "s3://...");
  CHECK(mrf::base::redact_url("s3://AK:S#E@b/k") == "s3://...");
  CHECK(mrf::base::redact_url("s3://AK:SE/k") == "s3://...");
  CHECK(mrf::base::redact_url("s3://AK:SE@") == "s3://...@");
  CHECK(mrf::base::redact_name("-D x=s3://AK:SE@b/k") == "-D x=s3://b/k");
  for (const char* text : {"s3://b/k@v:1#c", "gs://b/a:b/c@d", "s3://b", "s3:///k"})
    CHECK(mrf::base::redact_url(text) == text);
}

TEST_CASE("what is redacted stays as it is") {
  for (const char* text : {"https://...@h/k?sig=...", "https://...@h:1/k", "https://...", "...@h/k",
                           "https://h/k", "s3://...@b/k", "s3://...", "s3://...@"})
    CHECK(mrf::base::redact_url(text) == text);
}

TEST_CASE("a host without userinfo and port is shown beside an account in the query") {
  CHECK(mrf::base::redact_url("https://h/k?GoogleAccessId=me@p.example&Signature=a") ==
        "https://h/k?GoogleAccessId=me@p.example&Signature=...");
}

TEST_CASE("the values of odd names that may be secret are hidden, those that say what object it is are not") {
  for (const char* name : {"hdnts", "hdnea", "pw", "pwd", "passwd", "auth", "apikey", "api_key", "key", "PW",
                           "p%77", "hmac", "st", "code", "X-Amz-Security-Token"})
    CHECK(mrf::base::redact_url(std::string("https://h/k?a=1&") + name + "=x&b") ==
          std::string("https://h/k?a=1&") + name + "=...&b");
  const std::string hash = "d41d8cd98f00b204e9800998ecf8427e";
  CHECK(mrf::base::redact_url("https://h/k?md5=" + hash + "&e=1") == "https://h/k?md5=...&e=1");
  CHECK(mrf::base::redact_url("https://h/k?" + hash) == "https://h/k?...");
  CHECK(mrf::base::redact_url("https://h/k?x=exp=1~acl=%2F*~" + hash) == "https://h/k?x=...");
  for (const char* open :
       {"partNumber=1", "generation=1667409434183562", "etag=%22d41d8cd98f00b204e9800998ecf8427e-3%22",
        "versionId=L4kqtJlcpXroDTDmJ2rmSpXd3dIbrHY", "page=2&format=json",
        "accession=PRJEB1787&result=read_run&fields=run_accession,fastq_ftp,fastq_md5,fastq_bytes",
        "id=123e4567-e89b-12d3-a456-426614174000",
        "response-content-disposition=attachment;filename=NA12878.bam",
        "X-Amz-Date=20261129T170000Z&X-Amz-Expires=3600", "test=1", "encode=1"})
    CHECK(mrf::base::redact_url(std::string("https://h/k?") + open) == std::string("https://h/k?") + open);
}
