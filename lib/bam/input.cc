// SPDX-License-Identifier: MIT
#include "bam/input.h"

#include <cerrno>

#include "base/error.h"
#include "io/source.h"
#include "sam/remote.h"

namespace mrf::bam {

Input::Input(const std::string& path, Meter& meter, bool is_text_sam)
    : path_(path), name_(shown_path(path)), remote_(is_url(path)), meter_(meter) {
  if (remote_) {
    file_.reset(hopen(path.c_str(), "r"));
  } else {
    InputFile opened = open_input(path);
    name_ = opened.name;
    can_seek_ = opened.size >= 0;
    file_.reset(hdopen(opened.fd.get(), "r"));
    if (file_) (void)opened.fd.release();
  }
  if (!file_) fail("open");
  detect(is_text_sam);
}

void Input::fail(std::string_view verb) const {
  if (remote_) throw_remote_error(verb, name_);
  throw SystemError(verb, name_);
}

void Input::detect(bool is_text_sam) {
  char first;
  const WaitTimer timer(meter_);
  const ssize_t peeked = hpeek(file_.get(), &first, 1);
  if (peeked < 0) fail("read");
  if (peeked == 0) throw DataError("read", name_, "the input is empty");
  htsFormat found{};
  if (hts_detect_format(file_.get(), &found) < 0) fail("read");
  switch (found.format) {
    case ::bam:
      format_ = Format::bam;
      break;
    case ::sam:
      format_ = Format::sam;
      break;
    case ::cram:
      format_ = Format::cram;
      break;
    // What htslib calls a SAM line whose end it does not see.
    case ::unknown_format:
    case ::text_format:
    case ::bed:
      if (is_text_sam) {
        format_ = Format::sam;
        break;
      }
      [[fallthrough]];
    default:
      throw DataError("read", name_, "this is neither BAM nor CRAM nor SAM");
  }
  packing_ = found.compression == ::bgzf   ? Packing::bgzf
             : found.compression == ::gzip ? Packing::gzip
                                           : Packing::plain;
}

std::size_t Input::read(Buffer& to, std::size_t n) {
  const WaitTimer timer(meter_);
  const ssize_t got = hread(file_.get(), to.room(n), n);
  if (got < 0) fail("read");
  to.add(static_cast<std::size_t>(got));
  meter_.bytes += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

}  // namespace mrf::bam
