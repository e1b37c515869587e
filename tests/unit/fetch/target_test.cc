// SPDX-License-Identifier: MIT
#include "fetch/target.h"

#include <doctest/doctest.h>

#include <filesystem>

#include "base/error.h"
#include "unit/directory.h"

namespace fs = std::filesystem;

namespace {

mrf::http::ResponseHead disposition(const std::string& value) {
  mrf::http::ResponseHead head;
  head.add_line("HTTP/1.1 200 OK");
  if (!value.empty()) head.add_line("Content-Disposition: " + value);
  return head;
}

}  // namespace

TEST_CASE("names in Content-Disposition") {
  CHECK(mrf::fetch::disposition_name("attachment; filename=\"a b.bam\"") == "a b.bam");
  CHECK(mrf::fetch::disposition_name("attachment; filename=a.bam; size=3") == "a.bam");
  CHECK(mrf::fetch::disposition_name("attachment; FileName = \"q\\\"x;y.bam\"; size=3") == "q\"x;y.bam");
  CHECK(mrf::fetch::disposition_name("attachment; filename=plain; filename*=UTF-8''%e2%82%ac.bam") ==
        "\xe2\x82\xac.bam");
  CHECK(mrf::fetch::disposition_name("attachment; filename*=bad; filename=plain") == "plain");
  CHECK_FALSE(mrf::fetch::disposition_name("attachment"));
  CHECK_FALSE(mrf::fetch::disposition_name("attachment; filename"));
  CHECK_FALSE(mrf::fetch::disposition_name("attachment; filename=\"\""));
}

TEST_CASE("a name in Content-Disposition is a last component that does no harm") {
  CHECK(mrf::fetch::disposition_name("a; filename=\"../../etc/passwd\"") == "passwd");
  CHECK(mrf::fetch::disposition_name("a; filename=\"/etc/passwd\"") == "passwd");
  CHECK(mrf::fetch::disposition_name("a; filename=\"C:\\\\temp\\\\x.bam\"") == "x.bam");
  CHECK(mrf::fetch::disposition_name("a; filename*=UTF-8''..%2Fx.bam") == "x.bam");
  for (const char* name : {"..", ".", "a/", "a/..", "..\\\\", ".bashrc", "a\x01", "\x1b[31m"}) {
    CAPTURE(name);
    CHECK_FALSE(mrf::fetch::disposition_name(std::string("a; filename=\"") + name + "\""));
  }
  CHECK_FALSE(mrf::fetch::disposition_name("a; filename*=UTF-8''%2e%2e"));
  CHECK_FALSE(mrf::fetch::disposition_name("a; filename*=UTF-8''x%00y"));
}

TEST_CASE("a name in Content-Disposition is UTF-8 without marks that deceive, and no longer than names are") {
  CHECK(mrf::fetch::disposition_name("a; filename*=ISO-8859-1''%E4.txt") == "\xc3\xa4.txt");
  CHECK(mrf::fetch::disposition_name("a; filename*=iso-8859-1'de'%E4.txt; filename=x") == "\xc3\xa4.txt");
  CHECK(mrf::fetch::disposition_name("a; filename=\"\xe4.txt\"") == "\xc3\xa4.txt");
  CHECK(mrf::fetch::disposition_name("a; filename=\"na\xc3\xafve.txt\"") == "na\xc3\xafve.txt");
  for (const char* text :
       {"%FF%FE.txt", "%C0%AF.txt", "%ED%A0%80.txt", "%F4%90%80%80", "%E4", "a%E2%80%AEgpj.exe",
        "a%E2%81%A6b", "a%E2%80%8Bb", "a%C2%85b", "%EF%BB%BFa", "a%E2%80%A8b"}) {
    CAPTURE(text);
    CHECK_FALSE(mrf::fetch::disposition_name(std::string("a; filename*=UTF-8''") + text));
    CHECK(mrf::fetch::disposition_name(std::string("a; filename*=UTF-8''") + text + "; filename=plain") ==
          "plain");
  }
  CHECK_FALSE(mrf::fetch::disposition_name("a; filename*=koi8-r''%C1.txt"));
  CHECK(mrf::fetch::disposition_name("a; filename=" + std::string(240, 'L')));
  CHECK_FALSE(mrf::fetch::disposition_name("a; filename=" + std::string(241, 'L')));
}

TEST_CASE("a name is the server's choice when the URL does not end in it") {
  const auto url = mrf::http::Url::parse("http://h/a/data.bam?x");
  CHECK(mrf::fetch::choose_target("", url, disposition("a; filename=Makefile")).is_servers_choice);
  CHECK(mrf::fetch::choose_target("d/", url, disposition("a; filename=Makefile")).is_servers_choice);
  CHECK_FALSE(mrf::fetch::choose_target("", url, disposition("a; filename=data.bam")).is_servers_choice);
  CHECK_FALSE(mrf::fetch::choose_target("", url, disposition("a; filename=..")).is_servers_choice);
  CHECK_FALSE(mrf::fetch::choose_target("x", url, disposition("a; filename=Makefile")).is_servers_choice);
}

TEST_CASE("targets") {
  const Directory place;
  const std::string directory = place / "d";
  fs::create_directory(directory);
  const auto url = mrf::http::Url::parse("http://h/a/data.bam?x");
  CHECK(mrf::fetch::choose_target("-", url, disposition("a; filename=n")).path == "-");
  CHECK(mrf::fetch::choose_target("x.bam", url, disposition("a; filename=n")).path == "x.bam");
  CHECK(mrf::fetch::choose_target("", url, disposition("")).path == "data.bam");
  CHECK(mrf::fetch::choose_target("", url, disposition("a; filename=n")).path == "n");
  CHECK(mrf::fetch::choose_target("", url, disposition("a; filename=..")).path == "data.bam");
  CHECK(mrf::fetch::choose_target(directory, url, disposition("")).path == directory + "/data.bam");
  CHECK(mrf::fetch::choose_target(directory + "/new/deep/", url, disposition("")).path ==
        directory + "/new/deep/data.bam");
  CHECK_FALSE(fs::exists(directory + "/new"));
}

TEST_CASE("a name - is a file in the current directory") {
  CHECK(
      mrf::fetch::choose_target("", mrf::http::Url::parse("http://h/x"), disposition("a; filename=-")).path ==
      "./-");
  CHECK(mrf::fetch::choose_target("", mrf::http::Url::parse("http://h/-"), disposition("")).path == "./-");
  CHECK(mrf::fetch::choose_target("d/", mrf::http::Url::parse("http://h/-"), disposition("")).path == "d/-");
}

TEST_CASE("no name anywhere is a usage error") {
  for (const char* text :
       {"http://h/", "http://h/..%2f", "http://h/a/%2e%2e", "http://h/a%00b", "http://h/a%0ab"}) {
    CAPTURE(text);
    const auto url = mrf::http::Url::parse(text);
    CHECK_THROWS_AS((void)mrf::fetch::choose_target("", url, disposition("")), mrf::base::UsageError);
    CHECK(mrf::fetch::choose_target("x", url, disposition("")).path == "x");
  }
}
