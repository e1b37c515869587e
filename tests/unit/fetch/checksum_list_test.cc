// SPDX-License-Identifier: MIT
#include "fetch/checksum_list.h"

#include <doctest/doctest.h>

#include <string>

using mrf::fetch::parse_checksum_line;

namespace {

const std::string md5_of_nothing = "d41d8cd98f00b204e9800998ecf8427e";
const std::string sha1_of_nothing = "da39a3ee5e6b4b0d3255bfef95601890afd80709";

// "KIND NAME" of a line, else what is wrong with it, else "none".
std::string read(const std::string& line) {
  const auto checksum = parse_checksum_line(line);
  if (!checksum.fault.empty()) return checksum.fault;
  if (!checksum.expectation) return "none";
  return mrf::fetch::kind_text(*checksum.expectation) + " " + checksum.name;
}

}  // namespace

TEST_CASE("the lines of a checksum list, in each form") {
  CHECK(read(md5_of_nothing + "  a b") == "MD5 a b");
  CHECK(read(md5_of_nothing + " *a") == "MD5 a");
  CHECK(read(md5_of_nothing + " a") == "MD5 a");
  CHECK(read(md5_of_nothing + "\ta") == "MD5 a");
  CHECK(read(md5_of_nothing + "   a") == "MD5  a");
  CHECK(read(md5_of_nothing + " **a") == "MD5 *a");
  CHECK(read("D41D8CD98F00B204E9800998ECF8427E  a\r") == "MD5 a");
  CHECK(read(sha1_of_nothing + "  a") == "SHA-1 a");
  CHECK(read(std::string(64, 'a') + "  a") == "SHA-256 a");
  CHECK(read(std::string(128, 'a') + "  a") == "SHA-512 a");
  CHECK(read("MD5 (a (b) = c) = " + md5_of_nothing) == "MD5 a (b) = c");
  CHECK(read("MD5(a)= " + md5_of_nothing) == "MD5 a");
  CHECK(read(" \t" + md5_of_nothing + "  a ") == "MD5 a ");
  CHECK(read(md5_of_nothing + " (a) = b") == "MD5 (a) = b");
  CHECK(read(" \\" + md5_of_nothing + "  a\\nb") == "MD5 a\nb");
  for (const std::string middle : {"=", " =", "\t=\t", "  =  ", "= \t"}) {
    CAPTURE(middle);
    CHECK(read("  MD5 (a)" + middle + md5_of_nothing) == "MD5 a");
  }
  CHECK(read("sha1 (a) = " + sha1_of_nothing) == "SHA-1 a");
  CHECK(read("SHA2-256(a)= " + std::string(64, 'a')) == "SHA-256 a");
  CHECK(read("MD5 (a) = 1B2M2Y8AsgTpgAmY7PhCfg==") == "MD5 a");
}

TEST_CASE("escapes in names, behind a leading backslash only") {
  CHECK(read("\\" + md5_of_nothing + "  a\\nb\\\\c\\rd") == "MD5 a\nb\\c\rd");
  CHECK(read("\\MD5 (a\\nb) = " + md5_of_nothing) == "MD5 a\nb");
  CHECK(read(md5_of_nothing + "  a\\nb") == "MD5 a\\nb");
  CHECK(read("\\" + md5_of_nothing + "  a\\t").starts_with("has a name with an escape"));
  CHECK(read("\\" + md5_of_nothing + "  a\\").starts_with("has a name with an escape"));
  for (const std::string name : {"a", " a", "*a", "a\nb", "a\\nb", "a\rb", "\\", "é(x) = y"}) {
    CAPTURE(name);
    const std::string line = mrf::fetch::checksum_line("0123456789abcdef", name);
    REQUIRE(line.ends_with('\n'));
    CHECK(parse_checksum_line(line.substr(0, line.size() - 1)).name == name);
  }
  CHECK(mrf::fetch::checksum_line("0123456789abcdef", "a") == "30313233343536373839616263646566  a\n");
}

TEST_CASE("a line that is none, and one that nearly is") {
  for (const char* line :
       {"", "a", "http://h/d41d8cd98f00b204e9800998ecf8427e", "abc  def", "(a) = b", "a b(c) = d"}) {
    CAPTURE(line);
    CHECK(read(line) == "none");
  }
  CHECK(read(md5_of_nothing.substr(1) + "  a").starts_with("has a checksum of 31 digits"));
  CHECK(read(std::string(56, 'a') + "  a").starts_with("has a checksum of 56 digits"));
  CHECK(read(md5_of_nothing) == "has a checksum without a name");
  CHECK(read(md5_of_nothing + "  ") == "has a checksum without a name");
  CHECK(read(md5_of_nothing + "x  a") == "none");
  CHECK(read("SHA3-256 (a) = 00").starts_with("has a checksum of kind 'SHA3-256'"));
  CHECK(read("SHA256 (a) = " + md5_of_nothing) == "has '" + md5_of_nothing + "', which is no SHA256");
  CHECK(read("MD5 (a) = " + md5_of_nothing + "-2").ends_with("which is no MD5"));
}

TEST_CASE("the name of a file says which checksums are written to it") {
  using mrf::fetch::DigestKind;
  CHECK(mrf::fetch::kind_of_checksum_file("md5sums.txt") == DigestKind::md5);
  CHECK(mrf::fetch::kind_of_checksum_file("d/run.MD5") == DigestKind::md5);
  CHECK(mrf::fetch::kind_of_checksum_file("md5/sums.txt") == DigestKind::sha256);
  CHECK(mrf::fetch::kind_of_checksum_file("SHA256SUMS") == DigestKind::sha256);
}
