// SPDX-License-Identifier: MIT
#pragma once

#include <htslib/hfile.h>
#include <htslib/hts.h>
#include <htslib/kstring.h>
#include <htslib/sam.h>
#include <htslib/thread_pool.h>

#include <memory>
#include <string>
#include <string_view>

namespace mrf::sam {

/// htslib's objects with their owners.
struct HtsDeleter {
  void operator()(hFILE* file) const { hclose_abruptly(file); }
  void operator()(htsFile* file) const { hts_close(file); }
  void operator()(sam_hdr_t* header) const { sam_hdr_destroy(header); }
  void operator()(bam1_t* record) const { bam_destroy1(record); }
};
using HfilePtr = std::unique_ptr<hFILE, HtsDeleter>;
using HtsFilePtr = std::unique_ptr<htsFile, HtsDeleter>;
using HeaderPtr = std::unique_ptr<sam_hdr_t, HtsDeleter>;
using SharedHeader = std::shared_ptr<sam_hdr_t>;
using RecordPtr = std::unique_ptr<bam1_t, HtsDeleter>;

/// Throws std::bad_alloc.
RecordPtr make_record();

/// A kstring_t that frees its memory.
struct Text : kstring_t {
  Text() : kstring_t{0, 0, nullptr} {}
  ~Text() { ks_free(this); }
  Text(const Text&) = delete;
  Text& operator=(const Text&) = delete;
  std::string_view view() const { return {s, l}; }
  /// Empty and without memory.
  void release() {
    ks_free(this);
    ks_initialize(this);
  }
};

/// Opens a copy of `bytes` for htslib's readers. Throws std::bad_alloc.
HfilePtr open_memory(std::string_view bytes);

/// Threads of htslib for a CRAM, of whose containers no more are held than there are threads to work on them,
/// and as many that wait: by default htslib holds twice as many, of reads that may be long. It has to outlive
/// the file.
class ThreadPool {
 public:
  /// Starts `threads` threads for `file`, or as many as the system allows.
  void start(htsFile& file, unsigned threads);

 private:
  struct Deleter {
    void operator()(hts_tpool* pool) const { hts_tpool_destroy(pool); }
  };
  std::unique_ptr<hts_tpool, Deleter> pool_;
};

/// Lets htslib use `threads` threads for `file`, which is no CRAM, or as many as the system allows.
void start_threads(htsFile& file, unsigned threads);

/// Turns off what htslib writes to standard error by itself: this program says it in its own form.
void silence_htslib();

/// "htslib 1.16" for --version.
std::string hts_library();

/// Throws Error (Status::failure) "cannot VERB 'NAME'" when this htslib is older than 1.16, whose CRAM is not
/// to be trusted: its encoder drops RG tags that the header does not have, and its threads can wait for each
/// other.
void require_htslib_for_cram(std::string_view verb, std::string_view name);
/// Why a version of htslib, as "1.13" or "1.16+ds", is not enough for CRAM; "" when it is.
std::string cram_fault_of_version(std::string_view version);

/// What messages and @PG lines may say of a path: of a URL neither its query, which may be signed, nor its
/// user and password.
std::string shown_path(std::string_view path);

/// Throws what a failed read of a URL means, taken from errno: status 4 when the server refused, else 5.
[[noreturn]] void throw_remote_error(std::string_view verb, const std::string& name);

}  // namespace mrf::sam
