// SPDX-License-Identifier: MIT
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <optional>
#include <string>

#include "bam/convert.h"
#include "codec/inflate.h"
#include "fuzz.h"
#include "io/fd.h"
#include "sam/header.h"

using namespace mrf;

namespace {

std::string content_of(io::FdRef fd) {
  struct stat info {};
  fuzz::check(::fstat(fd.get(), &info) == 0, "a file has a size");
  std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
  fuzz::check(::pread(fd.get(), bytes.data(), bytes.size(), 0) == info.st_size, "a file is read");
  return bytes;
}

// What mrf-bamread makes of a file. The output has no name and gets none.
std::string text_of_file(const std::string& path) {
  io::OutputFile output("/dev/shm/mrf-fuzz-bam");
  io::Stats stats;
  bam::SourceList sources({path}, {}, stats.in);
  bam::convert(sources, *bam::make_sam_encoder(true), output, {}, stats);
  return content_of(output.fd());
}

// What htslib does; nothing when it refuses the file.
std::optional<std::string> htslib_text(const std::string& path) {
  const sam::HtsFilePtr file(hts_open(path.c_str(), "r"));
  if (!file) return std::nullopt;
  const sam::HeaderPtr header(sam_hdr_read(file.get()));
  if (!header) return std::nullopt;
  std::string text = sam::header_text(*header);
  const auto record = sam::make_record();
  int result = 0;
  while ((result = sam_read1(file.get(), header.get(), record.get())) >= 0) {
    sam::Text line;
    if (sam_format1(header.get(), record.get(), &line) < 0) return std::nullopt;
    text.append(line.view()).append("\n");
  }
  if (result < -1) return std::nullopt;
  return text;
}

// A file without a name.
io::Fd stored(std::string_view bytes) {
  io::Fd file(io::adopt_fd, ::memfd_create("fuzz", MFD_CLOEXEC));
  fuzz::check(::write(file.get(), bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()),
              "a file in memory is written");
  return file;
}

std::string path_of(io::FdRef file) { return "/proc/self/fd/" + std::to_string(file.get()); }

// Whether htslib makes this text of a file, or of a gzip stream without some of the zeros that may follow it
// (gzip(1)), which it does not know.
bool htslib_agrees(std::string_view bytes, const std::string& text) {
  if (htslib_text(path_of(stored(bytes))) == text) return true;
  return codec::is_gzip(bytes) && bytes.back() == '\0' &&
         htslib_agrees(bytes.substr(0, bytes.size() - 1), text);
}

}  // namespace

// BAM, SAM or CRAM: a file that is read gives the text that htslib makes of it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sam::silence_htslib();
  const std::string_view bytes = fuzz::text_of(data, size);
  const io::Fd file = stored(bytes);
  fuzz::may_refuse(
      [&] { fuzz::check(htslib_agrees(bytes, text_of_file(path_of(file))), "htslib reads the same text"); });
  return 0;
}
