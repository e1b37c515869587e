// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <string>

#include "bam/convert.h"
#include "base/error.h"
#include "codec/bgzf.h"
#include "sam/header.h"
#include "unit/sam/random_record.h"

namespace {

using mrf::sam::Text;

// MRF_TEST_FULL=1 tries them all.
bool is_full() {
  const char* full = std::getenv("MRF_TEST_FULL");
  return full != nullptr && std::string_view(full) == "1";
}

/// A directory with the files of a test.
class IndexEntry {
 public:
  IndexEntry() { REQUIRE(::mkdtemp(path_) != nullptr); }
  ~IndexEntry() {
    for (const auto& file : files_) ::unlink(file.c_str());
    ::rmdir(path_);
  }
  IndexEntry(const IndexEntry&) = delete;
  IndexEntry& operator=(const IndexEntry&) = delete;

  std::string file(const std::string& name) { return *files_.insert(std::string(path_) + "/" + name).first; }
  std::string with(const std::string& name, std::string_view bytes) {
    const std::string path = file(name);
    const mrf::io::Fd fd = mrf::io::open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
    REQUIRE(::write(fd.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
    return path;
  }

 private:
  char path_[32] = "/tmp/mrf-damage.XXXXXX";
  std::set<std::string> files_;
};

std::string content_of(const std::string& path) {
  const mrf::io::Fd fd = mrf::io::open_file(path, O_RDONLY);
  struct stat info {};
  REQUIRE(::fstat(fd.get(), &info) == 0);
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  REQUIRE(::read(fd.get(), bytes.data(), bytes.size()) == info.st_size);
  return bytes;
}

struct Result {
  std::string text;
  std::string failure;
};

// What mrf-bamread makes of a file: the text, and why there is no more of it.
Result read_all(const std::string& path, unsigned threads, IndexEntry& place) {
  Result result;
  mrf::io::OutputFile output(place.file("out.sam"));
  try {
    mrf::io::Stats stats;
    mrf::bam::SourceList sources({path}, {"", {}, threads}, stats.in);
    mrf::bam::ConvertOptions options;
    options.threads = threads;
    mrf::bam::convert(sources, *mrf::bam::make_sam_encoder(true), output, options, stats);
  } catch (const mrf::base::Error& error) {
    CHECK(error.status() == mrf::base::Status::bad_data);
    result.failure = error.what();
  }
  result.text = content_of("/proc/self/fd/" + std::to_string(output.fd().get()));
  // Text that is not whole ends in the middle of a line; what comes before it are whole lines.
  if (!result.failure.empty() && !result.text.empty()) {
    CHECK_FALSE(result.text.ends_with('\n'));
    result.text.erase(result.text.rfind('\n') + 1);
  }
  return result;
}

// The same by a pipe, which holds all of it.
Result read_by_pipe(std::string_view bytes, IndexEntry& place) {
  auto [reader, writer] = mrf::io::make_pipe();
  REQUIRE(::fcntl(writer.get(), F_SETPIPE_SZ, 1 << 18) >= static_cast<int>(bytes.size()));
  REQUIRE(::write(writer.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  writer = {};
  return read_all("/proc/self/fd/" + std::to_string(reader.get()), 0, place);
}

// What htslib alone makes of it; nothing when it refuses the file.
std::optional<std::string> htslib_text(const std::string& path) {
  const mrf::sam::HtsFilePtr file(hts_open(path.c_str(), "r"));
  if (!file) return std::nullopt;
  const mrf::sam::HeaderPtr header(sam_hdr_read(file.get()));
  if (!header) return std::nullopt;
  std::string text = mrf::sam::header_text(*header);
  const auto record = mrf::sam::make_record();
  int result = 0;
  while ((result = sam_read1(file.get(), header.get(), record.get())) >= 0) {
    Text line;
    if (sam_format1(header.get(), record.get(), &line) < 0) return std::nullopt;
    text.append(line.view()).append("\n");
  }
  if (result < -1) return std::nullopt;
  return text;
}

constexpr const char* references = "@HD\tVN:1.6\n@SQ\tSN:c1\tLN:2000000000\n@SQ\tSN:c2\tLN:2000000000\n";

std::string random_sam(int records) {
  const auto header = mrf::sam::parse_sam_header(references, "test");
  mrf::bam::test::RandomRecords random(8);
  std::string text = references;
  for (int i = 0; i < records; ++i) text += mrf::bam::test::htslib_line(*random.next(), *header) + "\n";
  return text;
}

// Not all random records fit into a CRAM.
std::string plain_sam() {
  std::string text = references;
  for (int i = 0; i < 500; ++i) {
    text += "read" + std::to_string(i) + "\t0\tc1\t" + std::to_string(7 * i + 1) +
            "\t9\t3S7M\t*\t0\t0\tACGTACGTAN\tIIFF::,,##\tNM:i:1\tXX:Z:" + std::to_string(i * i) + "\n";
  }
  return text;
}

// The SAM file `from` in another format of htslib's (hts_open(3)).
std::string stored_as(const std::string& from, const char* mode, IndexEntry& place) {
  const std::string path = place.file("stored");
  const mrf::sam::HtsFilePtr in(hts_open(from.c_str(), "r"));
  const mrf::sam::HeaderPtr header(sam_hdr_read(in.get()));
  mrf::sam::HtsFilePtr out(hts_open(path.c_str(), mode));
  if (mode[1] == 'c') REQUIRE(hts_set_opt(out.get(), CRAM_OPT_NO_REF, 1) == 0);
  REQUIRE(sam_hdr_write(out.get(), header.get()) == 0);
  const auto record = mrf::sam::make_record();
  while (sam_read1(in.get(), header.get(), record.get()) >= 0) {
    REQUIRE(sam_write1(out.get(), header.get(), record.get()) >= 0);
  }
  REQUIRE(hts_close(out.release()) == 0);
  return content_of(path);
}

std::string inflated(std::string_view blocks) {
  std::string content;
  mrf::codec::BgzfInflater inflater;
  while (!blocks.empty()) {
    const std::string_view block = blocks.substr(0, mrf::codec::bgzf_block_size(blocks));
    std::string one(mrf::codec::bgzf_content_size(block), '\0');
    inflater.block(block, one);
    content += one;
    blocks.remove_prefix(block.size());
  }
  return content;
}

}  // namespace

TEST_CASE("a BAM cut between blocks or at a byte of its last 64 KiB is truncated, from file and from pipe") {
  mrf::sam::silence_htslib();
  IndexEntry place;
  const std::string bam = stored_as(place.with("in.sam", random_sam(450)), "wb1", place);
  REQUIRE(bam.size() > 70000);
  const std::string path = place.with("whole", bam);
  const std::string text = read_all(path, 0, place).text;
  CHECK(text == htslib_text(path));
  std::set<std::size_t> cuts;
  for (std::size_t at = 0; at < bam.size();
       at += mrf::codec::bgzf_block_size(std::string_view(bam).substr(at))) {
    if (at > 0) cuts.insert(at);
  }
  const std::size_t step = is_full() ? 1 : 397;
  for (std::size_t back = 1; back <= 65536; back += back < 40 ? 1 : step) cuts.insert(bam.size() - back);
  for (const std::size_t cut : cuts) {
    INFO(cut);
    const std::string_view rest = std::string_view(bam).substr(0, cut);
    for (const Result& result : {read_all(place.with("cut", rest), 0, place), read_by_pipe(rest, place)}) {
      REQUIRE(result.failure.find("truncated: ") != std::string::npos);
      REQUIRE(text.starts_with(result.text));
    }
  }
  MESSAGE(cuts.size() << " cuts, each from a file and from a pipe");
}

TEST_CASE("a flipped bit is refused, or makes what htslib makes of it") {
  mrf::sam::silence_htslib();
  IndexEntry place;
  const std::string path = place.with("in.sam", random_sam(60));
  std::mt19937_64 random(is_full() ? std::random_device{}() : 9);
  std::map<std::string, int> ends;
  const int turns = is_full() ? 2500 : 60;
  for (const auto& [name, stored] :
       {std::pair{"BAM", stored_as(path, "wb", place)},
        std::pair{"plain BAM", inflated(stored_as(path, "wb", place))}, std::pair{"SAM", plain_sam()},
        std::pair{"CRAM", stored_as(place.with("plain.sam", plain_sam()), "wc", place)}}) {
    const char* const kind = name;
    for (int i = 0; i < turns; ++i) {
      std::string damaged = stored;
      const std::size_t bit = random() % (8 * damaged.size());
      damaged[bit / 8] = static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ 1U << bit % 8);
      INFO(kind << ", bit " << bit);
      const std::string changed = place.with("flipped", damaged);
      const Result result = read_all(changed, static_cast<unsigned>(i % 2), place);
      ++ends[std::string(kind) + (result.failure.empty() ? " read" : " refused")];
      if (result.failure.empty()) REQUIRE(htslib_text(changed) == result.text);
    }
  }
  for (const auto& [end, count] : ends) MESSAGE(end << ": " << count);
}
