// SPDX-License-Identifier: MIT
#include "codec/data_format.h"

#include <doctest/doctest.h>

#include <string>

#include "codec/bgzf.h"

namespace {

using mrf::codec::DataFormat;
using namespace std::string_literals;

std::string deflated(const std::string& content) {
  std::string block(mrf::codec::bgzf_max_block, '\0');
  block.resize(mrf::codec::BgzfDeflater(6).block(content, block));
  return block;
}

}  // namespace

TEST_CASE("a format is known by its first bytes, in gzip too") {
  const std::pair<std::string, DataFormat> cases[] = {
      {"BAM\1\x10\0\0\0"s, DataFormat::bam},
      {"BCF\2\2\x10\0\0\0"s, DataFormat::bcf},
      {"CRAM\3\1abc"s, DataFormat::cram},
      {"BZh91AY&SY\x12"s, DataFormat::bzip2},
      {"BZh9\x17rE8P\x90"s, DataFormat::bzip2},
      {"\xfd"s + "7zXZ\0\0"s, DataFormat::xz},
      {"\x28\xb5\x2f\xfd\x04"s, DataFormat::zstd},
      {"@HD\tVN:1.6\n"s, DataFormat::sam},
      {"@CO\tx\n"s, DataFormat::sam},
      {"##fileformat=VCFv4.2\n"s, DataFormat::vcf},
      {"##fileformat=VC\n"s, DataFormat::unknown},
      {"@r 1\nACGT\n"s, DataFormat::unknown},
      {"BZh9 is a line\n"s, DataFormat::unknown},
      {"BAMBOO\n"s, DataFormat::unknown},
      {"CRAMPED\n"s, DataFormat::unknown},
      {""s, DataFormat::unknown},
      {"\x1f\x8b"s, DataFormat::unknown},
      {"\x1f\x8b no gzip at all, but longer than a header"s, DataFormat::unknown},
  };
  for (const auto& one : cases) {
    const std::string& first = one.first;
    const DataFormat format = one.second;
    CAPTURE(first);
    CHECK(mrf::codec::sniff(first) == format);
    if (first.starts_with('\x1f')) continue;
    const std::string padded = first + std::string(20000, 'x') + std::string(20000, 'y');
    CHECK(mrf::codec::sniff(deflated(padded)) == format);
    CHECK(mrf::codec::sniff(deflated("") + deflated(padded)) == format);
    CHECK(mrf::codec::sniff(std::string(mrf::codec::bgzf_eof) + deflated(padded)) == format);
  }
}

TEST_CASE("sniffing takes any piece of a stream") {
  const std::string stored = deflated("BAM\1" + std::string(30000, 'x'));
  bool known = false;
  for (std::size_t size = 0; size <= stored.size(); ++size) {
    const DataFormat format = mrf::codec::sniff(std::string_view(stored).substr(0, size));
    CHECK((format == DataFormat::bam || (!known && format == DataFormat::unknown)));
    known = format == DataFormat::bam;
  }
  CHECK(known);
}
