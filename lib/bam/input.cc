// SPDX-License-Identifier: MIT
#include "bam/input.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/redact.h"
#include "codec/bgzf.h"
#include "codec/data_format.h"
#include "codec/inflate.h"
#include "io/fd.h"
#include "io/reader.h"
#include "record/header.h"
#include "sam/hts.h"

namespace mrf::bam {

namespace {

/// What the first bytes of an input say of it.
struct FoundFormat {
  Format format = Format::sam;
  Compression compression = Compression::none;
  /// Why the input cannot be read, naming what it is; empty when it can.
  std::string refusal{};
};

constexpr std::size_t longest_magic = codec::format_magic_size;

FoundFormat refused(std::string reason) { return {Format::sam, Compression::none, std::move(reason)}; }

// A line of SAM begins with a name and a number, or is a header line.
std::optional<FoundFormat> find_text(std::string_view content, bool ended) {
  constexpr std::string_view digits = "0123456789";
  if (content.starts_with('@')) {
    const bool is_enough = content.size() >= record::sam_header_front;
    if (!is_enough && !ended) return std::nullopt;
    if ((is_enough && record::is_sam_header_line(content)) || content.starts_with("@CO"))
      return FoundFormat{};
    return refused(
        "line 1 begins with '@' but is no header line of SAM: is it FASTQ, or a read whose name begins with "
        "'@'?");
  }
  if (content.starts_with('>')) return refused("this is neither BAM nor CRAM nor SAM: is it FASTA?");
  constexpr std::size_t farthest = 1024;  // of a name and a number
  const std::size_t line = content.substr(0, farthest).find('\n');
  const std::string_view first = content.substr(0, std::min(line, farthest));
  const std::size_t name = first.find('\t');
  const std::size_t flag = name == std::string_view::npos ? name : first.find('\t', name + 1);
  const bool whole = line != std::string_view::npos || content.size() >= farthest || ended;
  if (flag == std::string_view::npos && !whole) return std::nullopt;
  const bool numbered = flag != std::string_view::npos && flag > name + 1 &&
                        digits.find(first[name + 1]) != std::string_view::npos;
  if (numbered) return FoundFormat{};
  return refused("this is neither BAM nor CRAM nor SAM");
}

std::optional<FoundFormat> find_content(std::string_view content, bool ended, bool is_text_sam) {
  if (content.size() < longest_magic && !ended) return std::nullopt;
  if (content.starts_with("BAM\1")) return FoundFormat{Format::bam};
  if (content.starts_with("CRAM")) return FoundFormat{Format::cram};
  if (const codec::DataFormat kind = codec::format_by_magic(content); kind != codec::DataFormat::unknown)
    return refused(codec::refusal_of(kind));
  return is_text_sam ? FoundFormat{} : find_text(content, ended);
}

// The content of the whole blocks at the front, until it says enough.
std::optional<FoundFormat> find_in_blocks(std::string_view first, bool ended, bool is_text_sam) {
  const codec::BgzfBlocks blocks = codec::whole_bgzf_blocks(first, codec::bgzf_max_block);
  std::string content(blocks.content, '\0');
  const codec::BgzfContent inflated = codec::BgzfInflater().blocks(first.substr(0, blocks.stored), content);
  content.resize(inflated.size);
  std::optional<FoundFormat> found = find_content(content, false, is_text_sam);
  if (found) return found;
  // The source that reads the block says what is wrong with it.
  if (!inflated.damage.empty()) return FoundFormat{Format::bam};
  if (ended) return content.empty() ? FoundFormat{Format::bam} : find_content(content, true, is_text_sam);
  return std::nullopt;
}

std::optional<FoundFormat> find_in_gzip(std::string_view first, bool ended, bool is_text_sam) {
  constexpr std::size_t room = 65536;
  codec::GzipDecoder decoder("");
  std::string content(room, '\0');
  std::size_t size = 0;
  try {
    decoder.feed(first);
    while (size < content.size() && decoder.has_more()) {
      const std::size_t n = decoder.inflate({content.data() + size, content.size() - size});
      if (n == 0) break;
      size += n;
    }
  } catch (const base::DataError&) {
    ended = true;
  }
  content.resize(size);
  if (content.empty() && !ended) return std::nullopt;
  if (content.empty()) return refused("this is neither BAM nor CRAM nor SAM");
  return find_content(content, ended || size == room, is_text_sam);
}

// The format of an input that begins with `first`, which is not empty; nothing when more bytes are needed,
// which is never so when it `ended`. With `is_text_sam`, text is SAM whatever it looks like.
std::optional<FoundFormat> find_format(std::string_view first, bool ended, bool is_text_sam) {
  if (!codec::is_gzip(first)) return find_content(first, ended, is_text_sam);
  if (first.size() < codec::bgzf_header_size && !ended) return std::nullopt;
  const bool blocks = first.size() >= codec::bgzf_header_size && codec::bgzf_block_size(first) > 0;
  auto found = blocks ? find_in_blocks(first, ended, is_text_sam) : find_in_gzip(first, ended, is_text_sam);
  if (found) found->compression = blocks ? Compression::bgzf : Compression::gzip;
  return found;
}

constexpr std::size_t detection_step = std::size_t{64} << 10;

bool is_regular(io::FdRef fd) {
  struct stat info {};
  return ::fstat(fd.get(), &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

Input::Input(const std::string& path, io::Meter& meter, bool is_text_sam, const Fetch& fetch)
    : path_(path), name_(sam::shown_path(path)), meter_(&meter) {
  if (base::is_url(path)) {
    open_url(fetch);
  } else {
    io::InputFile opened = io::open_input(path);
    name_ = opened.name;
    size_ = opened.size;
    can_seek_ = size_ >= 0;
    is_regular_ = is_regular(opened.fd);
    fd_ = std::move(opened.fd);
  }
  if (fd_.is_open() && !is_regular_) {
    stop_ = io::Fd(io::AdoptFd{}, ::eventfd(0, EFD_CLOEXEC));
    if (!stop_.is_open()) throw base::SystemError("open", name_);
  }
  detect(is_text_sam);
}

void Input::open_url(const Fetch& fetch) {
  auto fetching = fetch ? fetch(path_) : std::nullopt;
  if (fetching) {
    fd_ = std::move(fetching->bytes);
    finish_ = std::move(fetching->finish);
    can_seek_ = false;
    return;
  }
  remote_.reset(hopen(path_.c_str(), "r"));
  if (!remote_) fail("open");
}

void Input::fail(std::string_view verb) const {
  if (errno == ENOMEM) throw std::bad_alloc();
  if (base::is_url(path_)) sam::throw_remote_error(verb, name_);
  throw base::SystemError(verb, name_);
}

// Waits for bytes or for the end of all interest in them.
void Input::wait() const {
  if (!stop_.is_open()) return;
  std::array<pollfd, 2> polled{{{fd_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
  while (::poll(polled.data(), polled.size(), -1) < 0) {
    if (errno != EINTR) throw base::SystemError("read", name_);
  }
  if (polled[0].revents == 0) throw ReadingStopped();
}

void Input::stop() const noexcept {
  const std::uint64_t one = 1;
  if (stop_.is_open()) (void)!::write(stop_.get(), &one, sizeof one);
}

bool Input::is_ready() const {
  if (given_ < first_.size() || is_regular_) return true;
  if (remote_) return false;
  pollfd polled{fd_.get(), POLLIN, 0};
  return ::poll(&polled, 1, 0) > 0;
}

std::size_t Input::read(sam::Buffer& to, std::size_t n) {
  if (given_ < first_.size()) {
    const std::string_view part = first_.view().substr(given_, n);
    to.append(part);
    given_ += part.size();
    if (given_ == first_.size()) {
      first_ = sam::Buffer();
      given_ = 0;
    }
    return part.size();
  }
  if (!remote_) {
    wait();
    const std::size_t got = io::read_some(fd_, name_, {to.room(n), n}, *meter_);
    if (got == 0 && size_ > 0) io::refuse_shorter(fd_, name_, size_);
    if (got == 0 && finish_) std::exchange(finish_, nullptr)();
    to.add(got);
    return got;
  }
  const io::WaitTimer timer(*meter_);
  errno = 0;
  const ssize_t got = hread(remote_.get(), to.room(n), n);
  if (got < 0) fail("read");
  to.add(static_cast<std::size_t>(got));
  meter_->bytes += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

// The first bytes will be read again by the source; they are counted here, and not a second time.
bool Input::read_more() {
  sam::Buffer seen;
  std::swap(seen, first_);
  const std::size_t got = read(seen, detection_step);
  std::swap(seen, first_);
  return got > 0;
}

void Input::detect(bool is_text_sam) {
  if (!read_more()) throw base::DataError("read", name_, "the input is empty");
  std::optional<FoundFormat> found;
  for (bool ended = false; !(found = find_format(first_.view(), ended, is_text_sam)).has_value();) {
    ended = !read_more();
  }
  if (!found->refusal.empty()) throw base::DataError("read", name_, found->refusal);
  format_ = found->format;
  compression_ = found->compression;
}

struct stat Input::state() const {
  struct stat info {};
  if (::fstat(fd_.get(), &info) != 0) throw base::SystemError("read", name_);
  return info;
}

void Input::seek(std::uint64_t offset) {
  first_ = sam::Buffer();
  given_ = 0;
  if (::lseek(fd_.get(), static_cast<off_t>(offset), SEEK_SET) < 0) throw base::SystemError("read", name_);
}

sam::HfilePtr Input::release() {
  first_ = sam::Buffer();
  given_ = 0;
  if (remote_) {
    if (hseek(remote_.get(), 0, SEEK_SET) < 0) fail("read");
    return std::move(remote_);
  }
  if (::lseek(fd_.get(), 0, SEEK_SET) < 0) throw base::SystemError("read", name_);
  sam::HfilePtr file(hdopen(fd_.get(), "r"));
  if (!file) throw std::bad_alloc();
  (void)fd_.release();
  return file;
}

}  // namespace mrf::bam
