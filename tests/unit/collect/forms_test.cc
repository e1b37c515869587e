// SPDX-License-Identifier: MIT
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "codec/bgzf.h"
#include "codec/inflate.h"
#include "unit/collect/collected.h"

namespace {

using Kind = mrf::record::RecordForm::Kind;

std::string bytes_but(std::mt19937& random, std::size_t most, const std::string& without) {
  std::string bytes(random() % (most + 1), ' ');
  for (char& c : bytes) {
    do c = static_cast<char>(random());
    while (without.find(c) != std::string::npos);
  }
  return bytes;
}

std::string record_of(mrf::record::RecordForm form, std::mt19937& random) {
  const std::string newline = "\n";
  switch (form.kind) {
    case Kind::nul:
      return bytes_but(random, 100, std::string(1, '\0')) + '\0';
    case Kind::fixed:
      return bytes_but(random, 0, "") + std::string(form.count, static_cast<char>(random()));
    case Kind::fastq: {
      const std::string bases = bytes_but(random, 150, "\r\n");
      return "@" + bytes_but(random, 30, newline) + "\n" + bases + "\n+\n" + std::string(bases.size(), '@') +
             "\n";
    }
    default:
      break;
  }
  std::string record;
  for (std::uint64_t i = 0; i < form.count; ++i) record += bytes_but(random, 200, newline) + "\r\n";
  return record;
}

std::string inflated(const std::string& stored) {
  mrf::codec::GzipDecoder decoder("x");
  std::string content;
  std::string room(1000, '\0');
  decoder.feed(stored);
  while (const std::size_t n = decoder.inflate(room)) content.append(room, 0, n);
  decoder.finish();
  return content;
}

std::string deflated(const std::string& content) {
  mrf::codec::BgzfDeflater deflater(1);
  std::string stored;
  for (std::size_t at = 0; at < content.size(); at += 5000) {
    std::string block(mrf::codec::bgzf_max_block, '\0');
    block.resize(deflater.block(std::string_view(content).substr(at, 5000), block));
    stored += block;
  }
  return stored + std::string(mrf::codec::bgzf_eof);
}

}  // namespace

TEST_CASE("every form of record comes back, whatever is in it") {
  std::mt19937 random(17);
  const std::vector<mrf::record::RecordForm> forms{{Kind::line, 1}, {Kind::lines, 3}, {Kind::fastq, 1},
                                                   {Kind::nul, 1},  {Kind::fixed, 1}, {Kind::fixed, 77}};
  for (const auto& form : forms) {
    for (const std::size_t records : {0, 1, 10, 3000}) {
      std::string whole;
      std::vector<std::string> parts(3);
      for (std::size_t i = 0; i < records; ++i) {
        const std::string record = record_of(form, random);
        whole += record;
        parts[i / 4 % 3] += record;
      }
      mrf::collect::CollectOptions options;
      options.record = form;
      options.chunk = 4;
      options.buffer = 8192;
      CHECK((collected(parts, options) == whole));
      if (mrf::record::is_bytes(form)) continue;
      for (auto& part : parts) part = deflated(part);
      CHECK((collected(parts, options) == whole));
    }
  }
}

TEST_CASE("bytes that look like gzip are records of bytes") {
  mrf::collect::CollectOptions options;
  options.record = {Kind::fixed, 1};
  const std::string bytes("\x1f\x8b\b\0", 4);
  CHECK(collected({bytes}, options) == bytes);
}

TEST_CASE("in any order, single bytes of one input stay together") {
  mrf::collect::CollectOptions options;
  options.order = mrf::collect::CollectOptions::Order::any;
  options.record = {Kind::fixed, 1};
  const std::string a(1000000, 'a');
  const std::string b(1000000, 'b');
  CHECK((collected({a, b}, options) == a + b));
}

TEST_CASE("files with a header each are joined behind each other only in the order of their names") {
  using Order = mrf::collect::CollectOptions::Order;
  const std::string vcf = "##fileformat=VCFv4.2\n#CHROM\n1\t9\n";
  const std::string bcf = "BCF\2\2 x";
  for (const auto& given : {std::pair(Kind::fixed, bcf),
                            {Kind::fixed, deflated(bcf)},
                            {Kind::fixed, deflated(vcf)},
                            {Kind::fixed, vcf},
                            {Kind::line, vcf},
                            {Kind::line, deflated(vcf)}}) {
    const Kind record = given.first;
    const std::string& file = given.second;
    CAPTURE(file);
    mrf::collect::CollectOptions options;
    options.record = {record, 1};
    options.order = Order::concat;
    const std::string both = collected({file, file}, options);
    CHECK(both == (record == Kind::fixed ? file + file : vcf + vcf));
    for (const Order order : {Order::any, Order::rows}) {
      options.order = order;
      options.ragged = order == Order::rows;
      options.repeats_headers = false;
      CHECK_THROWS_WITH_AS(collected({"x\n", file, file}, options),
                           doctest::Contains("it begins with a header of "), mrf::base::DataError);
      options.header_form.prefix = "#";
      if (record == Kind::line) {
        options.chunk = 1;
        CHECK(collected({file, file}, options) == vcf + "1\t9\n");
      } else if (file != vcf) {
        CHECK_THROWS_AS(collected({file, file}, options), mrf::base::DataError);
      }
      options.header_form.prefix = "";
      options.repeats_headers = true;
      options.chunk = 1000;
      CHECK(collected({file, file}, options).size() == both.size());
    }
  }
  mrf::collect::CollectOptions options;
  options.record = {Kind::nul, 1};
  options.order = Order::any;
  const std::string text = vcf + '\0';
  CHECK_THROWS_WITH_AS(collected({text, text}, options), doctest::Contains("it begins with a header of VCF"),
                       mrf::base::DataError);
  options.order = Order::concat;
  CHECK(collected({text, text}, options) == text + text);
}

TEST_CASE("a last record without its end is given one") {
  mrf::collect::CollectOptions options;
  options.chunk = 1;
  CHECK(collected({"a\r\nc", "b\n"}, options) == "a\r\nb\nc\n");
  CHECK(collected({"\n", ""}, options) == "\n");
  options.record = {Kind::nul, 1};
  CHECK(collected({std::string("a\0c", 3), "b"}, options) == std::string("a\0b\0c\0", 6));
}

TEST_CASE("compressed output holds the same, with any number of threads") {
  std::mt19937 random(23);
  const std::string text = record_of({Kind::lines, 20000}, random);
  mrf::collect::CollectOptions options;
  for (const unsigned threads : {0, 1, 4}) {
    options.threads = threads;
    for (const int level : {0, 1, 6}) {
      options.level = level;
      const std::string stored = collected({text}, options, "out.gz");
      CHECK((inflated(stored) == text));
      CHECK(stored.ends_with(mrf::codec::bgzf_eof));
    }
  }
  CHECK(collected({""}, options, "out.gz") == mrf::codec::bgzf_eof);
}
