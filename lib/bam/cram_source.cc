// SPDX-License-Identifier: MIT
#include "bam/cram_source.h"

#include <fmt/format.h>
#include <htslib/cram.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>
#include <string>

#include "bam/cram_references.h"
#include "bam/cram_watch.h"
#include "bam/hts_source.h"
#include "bam/reference.h"

namespace mrf::bam {

namespace {

// The containers that end a file (CRAM specification, section 9), of version 3 and of version 2.1.
constexpr std::string_view eof_3{
    "\x0f\0\0\0\xff\xff\xff\xff\x0f\xe0\x45\x4f\x46\0\0\0\0\1\0\x05\xbd\xd9\x4f\0\1\0\6\6\1\0\1\0\1\0\xee\x63"
    "\1\x4b",
    38};
constexpr std::string_view eof_2{
    "\x0b\0\0\0\xff\xff\xff\xff\x0f\xe0\x45\x4f\x46\0\0\0\0\1\0\0\1\0\6\6\1\0\1\0\1\0", 30};

// Empty when it cannot be.
std::string path_to_read_again(const Input& input) {
  if (!input.can_be_opened_again()) return "";
  return input.path() == "-" ? "/dev/stdin" : input.path();
}

class CramSource : public HtsSource {
 public:
  CramSource(Input& input, const SourceOptions& options)
      : watch_(input),
        fasta_(options.reference),
        again_(options.threads > 0 ? path_to_read_again(input) : "") {
    try {
      open_with_htslib(input, watch_.take_reader(), options);
    } catch (const std::exception&) {
      file_.reset();
      (void)watch_.stop(0);  // throws what reading the input failed with, which comes first
      throw;
    }
  }
  ~CramSource() override { file_.reset(); }

  const char* what_is_missing() const override {
    const bool whole = watch_.ended_with(eof_3) || watch_.ended_with(eof_2);
    return whole ? nullptr : "truncated: the CRAM end-of-file container is missing";
  }

 protected:
  int read(bam1_t& record) override {
    const int result = sam_read1(file_.get(), header_.get(), &record);
    if (result >= 0) {
      ++records_;
      return result;
    }
    // With threads, htslib takes a malformed container for the end, and a malformed record in the last one.
    return result == -1 && at_end() && watch_.has_records(records_) ? -1 : -2;
  }

  std::string reason() override {
    file_.reset();
    const CramWatch::Findings found = watch_.stop(records_);
    if (!found.fault.empty()) return "malformed or truncated: " + found.fault;
    if (!again_.empty() && can_be_read_alone()) throw std::bad_alloc();
    constexpr const char* general = "malformed or truncated CRAM";
    if (!found.reference || *found.reference == -1) return general;
    if (*found.reference < 0 || *found.reference >= header_->n_targets)
      return fmt::format("{}, or one of its references is missing", general);
    const char* const name = header_->target_name[*found.reference];
    return fmt::format("{}{}", general, CramReferences(*header_, fasta_).why_unusable(name));
  }

 private:
  // htslib's threads do not tell what they failed for. Whether this thread alone reads the records up to the
  // one that they refused, or lacks memory for it.
  bool can_be_read_alone() const {
    errno = 0;
    const sam::HtsFilePtr file(hts_open(again_.c_str(), "r"));
    if (!file || file->format.format != cram) return errno == ENOMEM;
    set_reference(*file, fasta_);
    const sam::HeaderPtr header(sam_hdr_read(file.get()));
    if (!header) return errno == ENOMEM;
    forget_remote_references(*cram_fd_get_header(file->fp.cram));
    const sam::RecordPtr record = sam::make_record();
    for (std::uint64_t i = 0; i <= records_; ++i) {
      errno = 0;
      const int result = sam_read1(file.get(), header.get(), record.get());
      if (result < 0 && errno == ENOMEM) return true;
      const bool is_end = result == -1 && hgetc(cram_fd_get_fp(file->fp.cram)) == EOF;
      if (result < 0) return is_end && i == records_ && watch_.has_records(records_);
    }
    return true;
  }

  mutable CramWatch watch_;
  std::string fasta_;
  std::string again_;  // the input's path, empty where it cannot be read twice or need not be
  std::uint64_t records_ = 0;
};

}  // namespace

std::unique_ptr<Source> make_cram_source(Input& input, const SourceOptions& options) {
  return std::make_unique<CramSource>(input, options);
}

}  // namespace mrf::bam
