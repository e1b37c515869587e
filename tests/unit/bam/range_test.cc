// SPDX-License-Identifier: MIT
// The records between two virtual offsets: for each two that are those of records, or of the end, just these;
// and for each other end a failure.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bam/convert.h"
#include "base/error.h"
#include "codec/bgzf.h"
#include "io/fd.h"
#include "sam/hts.h"
#include "unit/directory.h"
#include "unit/shard/bam_bytes.h"

namespace {

using namespace mrf;
using shard::test::bam_header;
using shard::test::bam_record;

/// A BAM in blocks of any sizes, empty ones among them.
struct RangeFile {
  std::string stored;
  std::vector<std::uint64_t> starts;   // virtual offsets of the records, and of the end
  std::vector<std::uint64_t> offsets;  // of all bytes behind the header
  std::vector<std::string> records;
};

void add_block(std::string& stored, std::string_view content) {
  std::string block(codec::bgzf_max_block, '\0');
  block.resize(codec::BgzfDeflater(1).block(content, block));
  stored += block;
}

RangeFile make_file(const std::vector<std::size_t>& sizes, std::uint32_t more_bases = 0) {
  constexpr std::uint32_t most_records = 24;
  RangeFile file;
  std::string content = bam_header();
  const std::size_t first = content.size();
  std::vector<std::size_t> starts;
  for (std::uint32_t at = 0; at < most_records; ++at) {
    starts.push_back(content.size());
    const std::uint32_t bases = 10 + 7 * at + (at % 8 == 5 ? more_bases : 0);
    file.records.push_back(
        bam_record({"read" + std::to_string(at), 0, static_cast<std::int32_t>(at), bases, more_bases == 0}));
    content += file.records.back();
  }
  std::map<std::size_t, std::uint64_t> places;  // of each byte
  std::size_t at = 0;
  for (std::size_t turn = 0; at < content.size(); ++turn) {
    const std::size_t size = std::min(sizes[turn % sizes.size()], content.size() - at);
    for (std::size_t byte = 0; byte < size; ++byte) places[at + byte] = (file.stored.size() << 16) + byte;
    add_block(file.stored, std::string_view(content).substr(at, size));
    at += size;
  }
  file.stored += codec::bgzf_eof;
  for (const std::size_t start : starts) file.starts.push_back(places.at(start));
  for (auto place = places.find(first); place != places.end(); ++place) file.offsets.push_back(place->second);
  file.starts.push_back(file.stored.size() << 16);
  return file;
}

class RangeReading {
 public:
  explicit RangeReading(const RangeFile& file) : path_(directory_ / "in.bam") {
    const io::Fd fd = io::open_file(path_, O_WRONLY | O_CREAT | O_TRUNC);
    REQUIRE(::write(fd.get(), file.stored.data(), file.stored.size()) ==
            static_cast<ssize_t>(file.stored.size()));
  }

  // What mrf-bamread -u writes behind the header, without its end-of-file block; with a `failure`, up to
  // that.
  std::string read(const bam::Range& range, unsigned threads) {
    failure.clear();
    has_missed_end = false;
    bam::SourceOptions source;
    source.range = range;
    source.threads = threads;
    io::Stats stats;
    std::optional<bam::SourceList> sources;
    bam::ConvertOptions options;
    options.threads = threads;
    io::OutputFile output(directory_ / "out.bam");
    try {
      sources.emplace(std::vector<std::string>{path_}, source, stats.in);
      bam::convert(*sources, *bam::make_bam_stream_encoder(), output, options, stats);
    } catch (const base::DataError& error) {
      failure = error.what();
      has_missed_end = sources && sources->current().has_missed_end();
    }
    records = stats.records_in;
    std::string text(stats.out.bytes, '\0');
    REQUIRE(::pread(output.fd().get(), text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
    std::string content;
    codec::BgzfInflater inflater;
    for (std::string_view rest = text; !rest.empty();) {
      const std::string_view block = rest.substr(0, codec::bgzf_block_size(rest));
      if (block.empty()) break;  // the mark of what is not whole
      std::string one(codec::bgzf_content_size(block), '\0');
      inflater.block(block, one);
      content += one;
      rest.remove_prefix(block.size());
    }
    return content.substr(std::min(content.size(), bam_header().size()));
  }

  std::string failure;
  bool has_missed_end = false;
  std::uint64_t records = 0;

 private:
  ::Directory directory_;
  std::string path_;
};

}  // namespace

TEST_CASE("a range has the records from one virtual offset up to another one, whatever the blocks are") {
  sam::silence_htslib();
  for (const std::vector<std::size_t>& sizes :
       {std::vector<std::size_t>{100000}, {37}, {1}, {300, 0, 5, 0, 0, 91}, {bam_header().size(), 61, 500}}) {
    const RangeFile file = make_file(sizes);
    RangeReading reading(file);
    for (std::size_t begin = 0; begin < file.starts.size(); begin += 3) {
      std::string wanted;
      for (std::size_t end = begin; end < file.starts.size(); ++end) {
        INFO(begin << " to " << end << " of blocks of " << sizes[0]);
        CHECK(reading.read({file.starts[begin], file.starts[end]}, static_cast<unsigned>(end % 3)) == wanted);
        CHECK(reading.failure.empty());
        CHECK(reading.records == end - begin);
        if (end < file.records.size()) wanted += file.records[end];
      }
    }
  }
}

TEST_CASE("a range has the records that are longer than its blocks, and those that are longer than a batch") {
  sam::silence_htslib();
  for (const std::uint32_t more_bases : {100000U, 600000U}) {
    const RangeFile file = make_file({codec::bgzf_payload}, more_bases);
    RangeReading reading(file);
    for (std::size_t begin = 0; begin + 1 < file.starts.size(); begin += 5) {
      for (const std::size_t end :
           {begin + 1, std::min(begin + 9, file.records.size()), file.records.size()}) {
        std::string wanted;
        for (std::size_t at = begin; at < end; ++at) wanted += file.records[at];
        const std::string found = reading.read({file.starts[begin], file.starts[end]}, end % 2 == 0 ? 0 : 2);
        INFO(begin << ' ' << end << ' ' << found.size() << ' ' << wanted.size());
        CHECK(reading.failure == "");
        CHECK((found == wanted));
      }
    }
    reading.read({file.starts[0], file.starts[6] - 1}, 2);
    CHECK(reading.has_missed_end);
  }
}

TEST_CASE(
    "a damaged block near the begin or the end of a range is named, and what is in front of it is written") {
  sam::silence_htslib();
  const RangeFile whole = make_file({100000});
  std::vector<std::size_t> sizes{bam_header().size()};
  for (std::size_t at = 0; at < whole.records.size(); at += 8) {
    std::size_t size = 0;
    for (std::size_t one = at; one < at + 8; ++one) size += whole.records.at(one).size();
    sizes.push_back(size);
  }
  // Blocks that begin with a record, and blocks that begin within one.
  for (const unsigned turn : {0U, 1U, 2U, 3U, 4U, 5U}) {
    if (turn == 3) sizes[1] += 5;
    RangeFile file = make_file(sizes);
    const std::size_t damaged = turn % 3 * 8;
    const std::uint64_t block = file.starts[damaged + 1] >> 16;
    const std::size_t behind = damaged == 16 ? file.stored.size() - codec::bgzf_eof.size()
                                             : static_cast<std::size_t>(file.starts[damaged + 9] >> 16);
    file.stored.at(behind - 8) = static_cast<char>(file.stored.at(behind - 8) ^ 1);
    RangeReading reading(file);
    for (const unsigned threads : {0U, 2U}) {
      INFO(turn << ", threads " << threads);
      std::string wanted;
      for (std::size_t at = 3; at < damaged; ++at) wanted += file.records[at];
      CHECK(reading.read({file.starts[3], file.starts[20]}, threads) == wanted);
      CHECK(reading.failure.find("BGZF block at byte " + std::to_string(block) + ": incorrect checksum") !=
            std::string::npos);
      CHECK_FALSE(reading.has_missed_end);
    }
  }
}

TEST_CASE("a range that ends where no record begins is bad data, wherever that is") {
  sam::silence_htslib();
  for (const std::vector<std::size_t>& sizes :
       {std::vector<std::size_t>{100000}, {37}, {300, 0, 5, 0, 0, 91}}) {
    const RangeFile file = make_file(sizes);
    RangeReading reading(file);
    const std::set<std::uint64_t> starts(file.starts.begin(), file.starts.end());
    const auto refuse = [&](std::uint64_t end) {
      INFO((end >> 16) << ":" << (end & 0xffff) << " of blocks of " << sizes[0]);
      reading.read({file.starts[2], end}, end % 2);
      CHECK(reading.failure.find("no record begins at the end of the range") != std::string::npos);
      CHECK(reading.has_missed_end);
    };
    for (const std::uint64_t end : file.offsets) {
      if (end <= file.starts[2] || starts.contains(end)) continue;
      refuse(end);
      refuse(end + 0x8000);   // behind the block's last byte
      refuse(end + 0x10000);  // within what is stored of a block
    }
    refuse((file.stored.size() + 1) << 16);
    reading.read({file.starts[2] + 1, file.starts[5]}, 0);
    CHECK_FALSE(reading.failure.empty());
    for (const std::uint64_t place : file.offsets) {
      if (starts.contains(place)) continue;
      for (const std::uint64_t at : {place, place + 0x8000, place + 0x10000}) {
        INFO((at >> 16) << ":" << (at & 0xffff) << " of blocks of " << sizes[0]);
        CHECK(reading.read({at, at}, place % 2) == "");
        CHECK_FALSE(reading.failure.empty());
      }
    }
    const std::uint64_t behind = (file.stored.size() + 1) << 16;
    reading.read({behind, behind}, 0);
    CHECK(reading.failure.find("no record begins at the end of the range") != std::string::npos);
  }
}

TEST_CASE("a range up to the end of a file needs the end-of-file block, also where nothing else is in it") {
  sam::silence_htslib();
  RangeFile file = make_file({300});
  file.stored.resize(file.stored.size() - codec::bgzf_eof.size());
  const std::uint64_t end = file.stored.size() << 16;
  const std::uint64_t last = file.starts[file.records.size() - 1];
  RangeReading reading(file);
  for (const std::uint64_t begin : {file.starts[0], last, end}) {
    reading.read({begin, end}, 0);
    CHECK(reading.failure.find("the BGZF end-of-file block is missing") != std::string::npos);
  }
  CHECK(reading.read({last, last}, 0) == "");
  CHECK(reading.failure == "");
}
