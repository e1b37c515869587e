// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bam/cram_references.h"
#include "bam/encoder.h"
#include "base/error.h"
#include "io/fd.h"
#include "io/stats.h"
#include "sam/hts.h"
#include "sam/tags.h"

namespace mrf::bam {

namespace {

const char* fault_of_tags(std::string_view tags) {
  sam::Tag tag;
  while (!tags.empty()) {
    if (!sam::take_tag(tags, tag)) return "an optional field is malformed";
    if (tag.name == "NM" && std::string_view("ZHBd").find(tag.type) != std::string_view::npos)
      return "its NM tag is no number";
  }
  return nullptr;
}

// CRAM counts positions from 1 (specification, section 8.4) and has 32 bits for them.
bool is_place(hts_pos_t position) { return position < std::numeric_limits<std::int32_t>::max(); }

bool has_places(const bam1_t& record) {
  const auto& core = record.core;
  using Limits = std::numeric_limits<std::int32_t>;
  return is_place(bam_endpos(&record)) && is_place(core.mpos) && core.isize >= Limits::min() &&
         core.isize <= Limits::max();
}

// The bases there would become N.
bool ends_beyond_reference(const bam1_t& record, const sam_hdr_t& header) {
  const auto& core = record.core;
  if (core.tid < 0 || core.pos < 0 || core.n_cigar == 0 || (core.flag & BAM_FUNMAP) != 0) return false;
  return bam_endpos(&record) > sam_hdr_tid2len(&header, core.tid);
}

// htslib does not keep these of reads that are not mapped, or not paired.
const char* fault_of_lost_fields(const bam1_t& record, sam::Lenience lenience) {
  const auto& core = record.core;
  const bool mapped = (core.flag & BAM_FUNMAP) == 0;
  if (!mapped && (core.qual != 0 || core.n_cigar > 0) && !lenience.takes(sam::Deviation::cram_unmapped))
    return "it is not mapped, but has a mapping quality or a CIGAR, which CRAM does not keep; --permissive "
           "drops them";
  const bool paired = (core.flag & BAM_FPAIRED) != 0;
  if (!paired && core.mtid >= 0 && !lenience.takes(sam::Deviation::cram_mate))
    return "it is not paired, but has RNEXT, which CRAM does not keep; --permissive drops it";
  return nullptr;
}

// Why CRAM cannot hold a record whose lengths fit each other (cram_encode.c of htslib), for a message;
// nullptr when it can.
const char* cram_fault(const bam1_t& record, const sam_hdr_t& header, sam::Lenience lenience) {
  if (!has_places(record)) return "a position is too large for CRAM";
  const auto& core = record.core;
  if ((core.flag & BAM_FUNMAP) == 0 && (core.tid < 0 || core.pos < 0 || core.n_cigar == 0))
    return "it is mapped, but has no position or no CIGAR, which CRAM cannot hold; write BAM";
  if (const char* const fault = fault_of_lost_fields(record, lenience); fault != nullptr) return fault;
  const std::uint32_t* const cigar = bam_get_cigar(&record);
  const bool mapped = (record.core.flag & BAM_FUNMAP) == 0;
  for (std::uint32_t i = 0; mapped && i < record.core.n_cigar; ++i) {
    if (bam_cigar_op(cigar[i]) > BAM_CDIFF) return "its CIGAR has an operation that CRAM does not have";
  }
  if (ends_beyond_reference(record, header))
    return "it ends beyond its reference, where CRAM has no bases; write BAM";
  const auto* const tags = reinterpret_cast<const char*>(bam_get_aux(&record));
  return fault_of_tags({tags, static_cast<std::size_t>(bam_get_l_aux(&record))});
}

/// Whether records come as an index needs them: those of each reference together and sorted by position,
/// those without a reference last. htslib makes an index of others, too, by which they are not found.
class IndexOrder {
 public:
  explicit IndexOrder(const sam_hdr_t& header) : seen_(static_cast<std::size_t>(sam_hdr_nref(&header))) {}

  /// Whether the next record comes in order.
  bool takes(const bam1_core_t& core) {
    const bool is_new = core.tid != id_;
    if (is_new && (id_ == unplaced || (core.tid >= 0 && seen_[static_cast<std::size_t>(core.tid)])))
      return false;
    if (!is_new && core.tid >= 0 && core.pos < position_) return false;
    id_ = core.tid;
    position_ = core.pos;
    if (id_ >= 0) seen_[static_cast<std::size_t>(id_)] = true;
    return true;
  }

 private:
  static constexpr std::int32_t unplaced = -1;

  std::vector<bool> seen_;  // the references that there have been
  std::int32_t id_ = -2;    // of the last record, once there is one
  hts_pos_t position_ = 0;
};

/// Passes the bytes that htslib writes through a pipe and a thread to an output, since htslib tells neither
/// how many bytes it wrote nor why a write failed.
class OutputPipe {
 public:
  /// Throws SystemError, std::bad_alloc.
  explicit OutputPipe(Output& to);
  /// htslib's end of the pipe has to be closed before.
  ~OutputPipe();
  OutputPipe(const OutputPipe&) = delete;
  OutputPipe& operator=(const OutputPipe&) = delete;

  /// The other end.
  sam::HfilePtr take_writer() { return std::move(writer_); }
  /// Waits until everything is written; the writer is closed. Adds to the output's meter. Throws what writing
  /// failed with.
  void finish(Output& to);
  /// Whether writing has failed.
  bool failed() const { return failed_; }
  /// What comes from now on is not written: the end of a file that failed.
  void abandon() { failed_ = true; }

 private:
  void run();
  void copy();
  bool wait_for_bytes() const;
  void join();

  io::Fd reader_;
  sam::HfilePtr writer_;
  io::Fd out_;
  std::string name_;
  std::vector<char> bytes_;
  io::Pipe stop_;  // its write end is closed to stop the thread
  io::Meter meter_;
  std::atomic<bool> failed_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

constexpr std::size_t piece = std::size_t{64} << 10;

OutputPipe::OutputPipe(Output& to)
    : out_(io::duplicate(to.fd())), name_(to.name()), bytes_(piece), stop_(io::make_pipe()) {
  auto [reader, writer] = io::make_pipe();
  io::enlarge_pipe(writer, piece);
  reader_ = std::move(reader);
  writer_.reset(hdopen(writer.get(), "w"));
  if (!writer_) throw std::bad_alloc();
  (void)writer.release();
  thread_ = std::thread([this] { run(); });
}

OutputPipe::~OutputPipe() {
  writer_.reset();
  if (thread_.joinable()) join();
}

// hts_close() leaves its end open when it fails (htslib, cram_close()), and no end of file comes.
void OutputPipe::join() {
  stop_.write_end.reset();
  thread_.join();
}

// False when all that was written has been read.
bool OutputPipe::wait_for_bytes() const {
  std::array<pollfd, 2> polled{{{reader_.get(), POLLIN, 0}, {stop_.read_end.get(), POLLIN, 0}}};
  int ready = -1;
  do {
    ready = ::poll(polled.data(), polled.size(), -1);
  } while (ready < 0 && errno == EINTR);
  return ready < 0 || polled[0].revents != 0;
}

// After a failed write the pipe is read on all the same: htslib does not survive a pipe that is closed.
void OutputPipe::run() {
  try {
    copy();
  } catch (const std::exception&) {
    failure_ = std::current_exception();
    failed_ = true;
  }
  while (wait_for_bytes() && ::read(reader_.get(), bytes_.data(), bytes_.size()) > 0) {
  }
}

void OutputPipe::copy() {
  io::Meter unused;
  while (wait_for_bytes()) {
    const std::size_t n = io::read_some(reader_, name_, bytes_, unused);
    if (n == 0 || failed_) return;
    io::write_all(out_, name_, {bytes_.data(), n}, meter_);
  }
}

void OutputPipe::finish(Output& to) {
  join();
  to.meter().bytes += meter_.bytes;
  to.meter().waited += meter_.waited;
  if (failure_) std::rethrow_exception(failure_);
}

/// htslib writes the file, with threads of its own.
class CramEncoder : public Encoder {
 public:
  explicit CramEncoder(EncoderOptions options) : options_(std::move(options)) {}
  ~CramEncoder() override {
    if (pipe_) pipe_->abandon();
  }

  void begin(sam_hdr_t& header, Output& to) override {
    sam::require_htslib_for_cram("write", to.name());
    keep_references_local();
    pipe_.emplace(to);
    sam::HfilePtr stored = pipe_->take_writer();
    file_.reset(hts_hopen(stored.get(), file_id, "wc"));
    if (!file_) throw base::SystemError("open", to.name());
    (void)stored.release();
    configure();
    check_reference(options_.reference, header);
    references_.emplace(header, options_.reference);
    if (options_.index) order_.emplace(header);
    make_references();
    header_ = &header;
    if (sam_hdr_write(file_.get(), &header) != 0) fail(to);
  }

  std::string add(const sam_hdr_t& header, const bam1_t& record, Batch& batch) override {
    if (const char* const reason =
            cram_fault(record, header, sam::Lenience(options_.permissive ? &batch.deviations : nullptr));
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
    if (pipe_->failed()) fail(to);
  }

  void end(Output& to) override {
    errno = 0;
    if (hts_close(file_.release()) != 0) fail(to);
    pipe_->finish(to);
  }

  // The destructor ends the file without its end-of-file container.
  void break_off(Output&) override {}

  void save_index(const std::string& data, const std::string& path, const std::string& name) override {
    constexpr int cannot_save = -4;
    const int result = sam_index_build3(data.c_str(), path.c_str(), 0, 0);
    if (result == cannot_save) throw base::SystemError("write", name);
    if (result != 0) throw base::DataError("index", options_.path, "the records are not sorted by position");
  }
  std::string index_extension() const override { return ".crai"; }

 private:
  void configure() {
    threads_.start(*file_, options_.threads);
    if (options_.level) hts_set_opt(file_.get(), HTS_OPT_COMPRESSION_LEVEL, *options_.level);
    set_reference(*file_, options_.reference);
  }

  void make_references() {
    if (references_->are_made()) hts_set_opt(file_.get(), CRAM_OPT_EMBED_REF, made_of_records);
  }

  void check(const bam1_t& record, Output& to) {
    ++records_;
    if (order_ && !order_->takes(record.core))
      throw base::DataError("index", to.name(),
                            fmt::format("record {} is out of order: sort by position first", records_));
    const bool made = references_->are_made();
    const std::string reason = references_->take(record.core);
    if (!reason.empty()) {
      throw base::DataError("write", to.name(), fmt::format("read '{}': {}", bam_get_qname(&record), reason));
    }
    if (!made) make_references();
  }

  // The reason of a failure, when writing the bytes did not fail. Every record was checked before, so the
  // reason is lack of memory, which htslib's threads do not report, or a reference that can no longer be
  // read.
  [[noreturn]] void fail(Output& to) {
    const bool out_of_memory = errno == ENOMEM;
    file_.reset();
    pipe_->finish(to);
    if (out_of_memory) throw std::bad_alloc();
    throw base::Error(base::Status::failure, "write", to.name(),
                      "htslib cannot encode a record: out of memory, or its reference cannot be read");
  }

  // htslib puts the name of the file into its definition (CRAM 3.1, section 6), where that of a temporary
  // file would be another one in each run. This is the name that htslib has for standard output.
  static constexpr const char* file_id = "-";
  static constexpr int made_of_records = 2;  // of CRAM_OPT_EMBED_REF

  EncoderOptions options_;
  std::optional<CramReferences> references_;
  std::optional<IndexOrder> order_;  // where an index is wanted
  std::uint64_t records_ = 0;
  std::optional<OutputPipe> pipe_;
  sam::ThreadPool threads_;  // outlives the file
  sam::HtsFilePtr file_;
  sam_hdr_t* header_ = nullptr;
};

}  // namespace

std::unique_ptr<Encoder> make_cram_encoder(const EncoderOptions& options) {
  return std::make_unique<CramEncoder>(options);
}

}  // namespace mrf::bam
