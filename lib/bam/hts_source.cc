// SPDX-License-Identifier: MIT
#include "bam/hts_source.h"

#include <htslib/cram.h>

#include <cerrno>
#include <cstdio>
#include <new>
#include <utility>

#include "bam/cram_references.h"
#include "base/error.h"
#include "sam/header.h"

namespace mrf::bam {

namespace {

// A batch is full by its records or by the memory that they hold, which is less than what a batch keeps.
constexpr std::size_t batch_records = 4096;
constexpr std::size_t batch_bytes = RecordList::usual / 2;

void check_memory() {
  if (errno == ENOMEM) throw std::bad_alloc();
}

// Reads the header; null when it is malformed. Lack of memory is told from that here, since htslib's errno(3)
// is not always that of an allocation. A CRAM without bytes, which it had when its format was found, is one
// that htslib had no memory to read. Its header is parsed when the file is opened and copied here: the copy
// fails for lack of memory only, and what is malformed is refused twice.
sam::HeaderPtr read_header(htsFile& file, bool cram) {
  errno = 0;
  sam::HeaderPtr header(sam_hdr_read(&file));
  if (header) return header;
  check_memory();
  if (cram && file.format.format == empty_format) throw std::bad_alloc();
  if (!cram || file.format.format != ::cram) return nullptr;
  const sam::HeaderPtr copy(sam_hdr_dup(cram_fd_get_header(file.fp.cram)));
  if (!copy) throw std::bad_alloc();
  return sam::HeaderPtr(sam_hdr_read(&file));
}

}  // namespace

void HtsSource::open_with_htslib(const Input& input, sam::HfilePtr bytes, const SourceOptions& options) {
  name_ = input.name();
  keep_references_local();
  const bool cram = input.format() == Format::cram;
  if (cram) sam::require_htslib_for_cram("read", name_);
  errno = 0;
  file_.reset(hts_hopen(bytes.get(), input.path().c_str(), "r"));
  if (!file_) check_memory();
  if (!file_) throw base::DataError("read", name_, "malformed beginning");
  stored_ = bytes.release();
  cram ? pool_.start(*file_, options.threads) : sam::start_threads(*file_, options.threads);
  const sam::HeaderPtr header = read_header(*file_, cram);
  if (!header) throw base::DataError("read", name_, "malformed header");
  header_ = sam::checked_header(*header, name_, sam::Lenience(options.permissive ? &deviations_ : nullptr));
  if (cram) check_reference(options.reference, *header_);
  set_reference(*file_, options.reference);
  if (cram) forget_remote_references(*cram_fd_get_header(file_->fp.cram));
}

bool HtsSource::at_end() { return hgetc(stored_) == EOF; }

bool HtsSource::fill(Batch& batch) {
  if (ended_) return false;
  std::size_t bytes = 0;
  while (batch.read.count < batch_records && bytes < batch_bytes) {
    bam1_t& record = batch.read.next();
    errno = 0;
    const int result = read(record);
    if (result < -1) check_memory();
    if (result < 0) {
      ended_ = true;
      if (result < -1) batch.bad_end = reason();
      break;
    }
    bytes += RecordList::held_by(record);
    ++batch.read.count;
  }
  return true;
}

void HtsSource::decode(Batch& batch, const RecordStep& step) {
  for (std::size_t i = 0; i < batch.read.count && batch.reason.empty(); ++i) {
    ++batch.records_in;
    step(*batch.read.records[i]);
  }
  if (batch.reason.empty()) batch.reason = batch.bad_end;
}

}  // namespace mrf::bam
