// SPDX-License-Identifier: MIT
#include "fetch/part_file.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "base/error.h"
#include "directory.h"
#include "fetch/outputs.h"
#include "io/output_file.h"

namespace {

using mrf::fetch::parts_of_record;
using mrf::fetch::record_text;

const mrf::http::ObjectVersion strong_version{"\"a\"", std::nullopt, "Mon", 100};
const mrf::http::ObjectVersion weak_version{std::nullopt, "W/\"a\"", "Mon", 100};
const mrf::http::ObjectVersion timed_version{std::nullopt, std::nullopt, "Mon", 100};

// "BEGIN-END:CRC" for each part, with "?" before them when samples are to be compared.
std::string text_of(const mrf::fetch::WritableFile::Found& found) {
  std::string text = found.is_to_be_compared && !found.parts.empty() ? "? " : "";
  for (const auto& part : found.parts)
    text +=
        std::to_string(part.begin) + "-" + std::to_string(part.end) + ":" + std::to_string(part.crc) + " ";
  return text;
}
std::string read(const std::string& text, const mrf::http::ObjectVersion& version,
                 std::uint64_t there = 100) {
  return text_of(parts_of_record(text, version, there));
}
std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto place = text.find(what);
  REQUIRE(place != std::string::npos);
  return text.replace(place, what.size(), by);
}

}  // namespace

TEST_CASE("record: what was written is read") {
  const auto text = record_text(strong_version, {{0, 10, 1}, {10, 20, 0xffffffff}, {30, 100, 2}});
  CHECK(text ==
        "{\"format\":1,\"etag\":\"\\\"a\\\"\",\"last_modified\":\"Mon\",\"size\":100,\"done\":"
        "[[0,10,\"00000001\"],[10,20,\"ffffffff\"],[30,100,\"00000002\"]]}\n");
  CHECK(read(text, strong_version) == "0-10:1 10-20:4294967295 30-100:2 ");
  auto other_time = strong_version;
  other_time.last_modified = "Tue";
  CHECK(read(text, other_time) == "0-10:1 10-20:4294967295 30-100:2 ");
}

TEST_CASE("record: without a strong entity tag samples are to be compared") {
  for (const auto& version : {weak_version, timed_version}) {
    const auto text = record_text(version, {{0, 10, 1}});
    CHECK(read(text, version) == "? 0-10:1 ");
    CHECK(read(text, strong_version).empty());
    auto other = version;
    other.last_modified = "Tue";
    CHECK(read(text, other).empty());
    other = version;
    other.total = 101;
    CHECK(read(text, other).empty());
  }
  auto other = weak_version;
  other.weak_etag = "W/\"b\"";
  CHECK(read(record_text(weak_version, {{0, 10, 1}}), other).empty());
  CHECK(read(record_text(strong_version, {{0, 10, 1}}), timed_version).empty());
}

TEST_CASE("record: of another object, damaged, or from the future: nothing is there") {
  const auto text = record_text(strong_version, {{0, 10, 1}, {20, 30, 2}});
  for (const auto& [what, by] :
       std::initializer_list<std::pair<std::string, std::string>>{{"\\\"a\\\"", "\\\"b\\\""},
                                                                  {"\"size\":100", "\"size\":101"},
                                                                  {"\"format\":1", "\"format\":2"},
                                                                  {"\"format\":1,", ""},
                                                                  {"\"etag\":\"\\\"a\\\"\",", ""},
                                                                  {"[0,10,", "[10,0,"},
                                                                  {"[0,10,", "[0,21,"},
                                                                  {"[0,10,", "[-1,10,"},
                                                                  {"[0,10,", "[0,10.5,"},
                                                                  {"[20,30,", "[20,101,"},
                                                                  {"\"00000001\"", "1"},
                                                                  {"\"00000001\"", "\"0000001\""},
                                                                  {"\"00000001\"", "\"0000000g\""},
                                                                  {"\"00000001\"", "\"+0000001\""},
                                                                  {",\"00000001\"", ""},
                                                                  {"[[", "[["},
                                                                  {"}", ""}}) {
    const std::string& by_what = by;
    CAPTURE(by_what);
    CHECK(read(replaced(text, what, by), strong_version).empty() == (what != by));
  }
  CHECK(read(text, strong_version, 29).empty());  // the file is shorter
  for (const char* none : {"", "{", "[]", "null", "\"\"", "{\"format\":1}"})
    CHECK(read(none, strong_version).empty());
}

TEST_CASE("part file: what another program cuts off while the file is filled is not published") {
  const Directory directory;
  const std::string target = directory / "out";
  const std::string data(3 << 20, 'x');
  for (const off_t left : {off_t{2 << 20}, off_t{5000}, off_t{(2 << 20) - 100}}) {
    CAPTURE(left);
    mrf::fetch::CheckOptions options;
    options.none = true;
    mrf::fetch::Checks checks(options);
    mrf::fetch::FileOutput output(
        std::make_unique<mrf::fetch::PartFile>(target, mrf::io::OutputFile::Existing::replaced), checks, "u");
    mrf::http::ResponseHead head;
    head.add_line("HTTP/1.1 200 OK");
    (void)output.begin(head, {"\"a\"", std::nullopt, std::nullopt, data.size()});
    output.take(0, std::string_view(data).substr(0, 2 << 20));
    REQUIRE(::truncate((target + ".getm-part").c_str(), left) == 0);
    const auto go_on = [&] {
      output.take(2 << 20, std::string_view(data).substr(2 << 20));
      output.finish();
    };
    if (left == 2 << 20) {
      go_on();
    } else {
      CHECK_THROWS_AS(go_on(), mrf::base::DataError);
    }
  }
}

TEST_CASE("part file: an empty one without a record is removed, what an earlier run left is not") {
  const Directory directory;
  const std::string target = directory / "out";
  const auto [part, record] = mrf::fetch::part_names(target);
  const auto open = [&, name = part] {
    const mrf::fetch::PartFile file(target, mrf::io::OutputFile::Existing::replaced);
    CHECK(std::filesystem::exists(name));
  };
  open();
  CHECK_FALSE(std::filesystem::exists(part));
  std::ofstream(record) << "{}";
  open();
  CHECK(std::filesystem::exists(part));
  std::filesystem::remove(record);
  std::ofstream(part) << "x";
  open();
  CHECK(std::filesystem::exists(part));
}

TEST_CASE("part file: which targets something may be left of is found out once for each directory") {
  const Directory directory;
  for (const char* name : {"a", "a.getm-part", "b.getm-part.json"})
    mrf::io::write_output(directory / name, "x");
  std::filesystem::create_symlink("a", directory / "link");
  std::filesystem::create_directory(directory / "many");
  mrf::fetch::LeftParts left(2);
  for (const char* name : {"a", "link"}) CHECK(left.may_be_of(directory / name, true));
  for (const char* name : {"b", "c"}) CHECK_FALSE(left.may_be_of(directory / name, true));
  CHECK(left.may_be_of(directory / "a", false));
  CHECK(left.may_be_of(directory / "missing/a", true));
  for (int i = 0; i < 1100; ++i) std::ofstream(directory / ("many/" + std::to_string(i)));
  CHECK(left.may_be_of(directory / "many/a", true));
}
