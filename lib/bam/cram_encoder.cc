// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cerrno>
#include <new>
#include <optional>
#include <string>

#include "bam/cram_fault.h"
#include "bam/cram_outlet.h"
#include "bam/cram_references.h"
#include "bam/encoder.h"
#include "bam/reference.h"
#include "base/error.h"

namespace mrf::bam {

namespace {

/// htslib writes the file, with threads of its own.
class CramEncoder : public Encoder {
 public:
  explicit CramEncoder(EncoderOptions options) : options_(std::move(options)) {}
  ~CramEncoder() override {
    if (outlet_) outlet_->abandon();
  }

  void begin(sam_hdr_t& header, Output& to) override {
    keep_references_local();
    outlet_.emplace(to);
    sam::HfilePtr stored = outlet_->take_writer();
    file_.reset(hts_hopen(stored.get(), to.name().c_str(), "wc"));
    if (!file_) throw base::SystemError("open", to.name());
    (void)stored.release();
    configure();
    check_reference(options_.reference, header);
    references_.emplace(header, options_.reference);
    make_references();
    header_ = &header;
    if (sam_hdr_write(file_.get(), &header) != 0) fail(to);
  }

  std::string add(const sam_hdr_t& header, const bam1_t& record, Batch& batch) override {
    if (const char* const reason =
            cram_fault(record, header, sam::Lenience(options_.permissive ? &batch.lax : nullptr));
        reason != nullptr)
      return reason;
    if (bam_copy1(&batch.kept.next(), &record) == nullptr) throw std::bad_alloc();
    ++batch.kept.count;
    return "";
  }

  void deliver(Batch& batch, Output& to) override {
    errno = 0;
    for (std::size_t i = 0; i < batch.kept.count; ++i) {
      const bam1_t& record = *batch.kept.records[i];
      check(record, to);
      if (sam_write1(file_.get(), header_, &record) < 0) fail(to);
    }
    if (outlet_->failed()) fail(to);
  }

  void end(Output& to) override {
    errno = 0;
    if (hts_close(file_.release()) != 0) fail(to);
    outlet_->finish(to);
  }

  // The destructor ends the file without its end-of-file container.
  void break_off(Output&) override {}

  void save_index(const std::string& data, const std::string& path) override {
    constexpr int cannot_save = -4;
    const int result = sam_index_build3(data.c_str(), path.c_str(), 0, 0);
    if (result == cannot_save) throw base::SystemError("write", path);
    if (result != 0) throw base::DataError("index", options_.path, "the records are not sorted by position");
  }
  std::string index_extension() const override { return ".crai"; }

 private:
  void configure() {
    sam::start_threads(*file_, options_.threads);
    if (options_.level) hts_set_opt(file_.get(), HTS_OPT_COMPRESSION_LEVEL, *options_.level);
    set_reference(*file_, options_.reference);
  }

  void make_references() {
    if (references_->are_made()) hts_set_opt(file_.get(), CRAM_OPT_EMBED_REF, made_of_records);
  }

  void check(const bam1_t& record, Output& to) {
    const bool made = references_->are_made();
    const std::string reason = references_->take(record.core);
    if (!reason.empty()) {
      throw base::DataError("write", to.name(), fmt::format("read '{}': {}", bam_get_qname(&record), reason));
    }
    if (!made) make_references();
  }

  // Where the bytes were written, htslib is not to blame. Every record was looked at before, so what is left
  // is lack of memory, of which htslib's threads do not tell, or a reference that cannot be read any more.
  [[noreturn]] void fail(Output& to) {
    const bool out_of_memory = errno == ENOMEM;
    file_.reset();
    outlet_->finish(to);
    if (out_of_memory) throw std::bad_alloc();
    throw base::Error(base::Status::failure, "write", to.name(),
                      "htslib cannot encode a record: out of memory, or its reference cannot be read");
  }

  static constexpr int made_of_records = 2;  // of CRAM_OPT_EMBED_REF

  EncoderOptions options_;
  std::optional<CramReferences> references_;
  std::optional<CramOutlet> outlet_;
  sam::HtsFilePtr file_;
  sam_hdr_t* header_ = nullptr;
};

}  // namespace

std::unique_ptr<Encoder> make_cram_encoder(const EncoderOptions& options) {
  return std::make_unique<CramEncoder>(options);
}

}  // namespace mrf::bam
