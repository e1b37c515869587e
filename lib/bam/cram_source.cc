// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <htslib/cram.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "bam/cram_containers.h"
#include "bam/cram_references.h"
#include "bam/hts_source.h"
#include "bam/input.h"
#include "io/fd.h"
#include "sam/hts.h"

namespace mrf::bam {

namespace {

/// Passes the bytes of a CRAM through a thread and a pipe to htslib, and finds what htslib does not tell:
/// whether a stream had its end-of-file container, and how many records there should be.
class InputPipe {
 public:
  /// Throws SystemError, std::bad_alloc.
  explicit InputPipe(Input& from);
  /// The reader of the pipe has to be closed before.
  ~InputPipe();
  InputPipe(const InputPipe&) = delete;
  InputPipe& operator=(const InputPipe&) = delete;

  /// The other end.
  sam::HfilePtr take_reader() { return std::move(reader_); }
  /// Whether the input ended with `bytes` and without an error. This and has_records() are to be called when
  /// the reader has seen the end. They throw what reading the input failed with.
  bool ended_with(std::string_view bytes);
  /// Whether the containers say that there are `count` records.
  bool has_records(std::uint64_t count);
  /// Reads no more, the reader being closed, and says what is wrong with the bytes that were read (empty when
  /// that is not known) and the reference of a record (CramContainers::reference_of()).
  struct Findings {
    std::string fault;
    std::optional<std::int32_t> reference;
  };
  Findings stop(std::uint64_t record);

 private:
  void run();
  void join();
  void copy();

  Input& from_;
  io::Meter meter_;    // of the thread
  io::Meter& counts_;  // that of the input
  sam::HfilePtr reader_;
  sam::HfilePtr writer_;
  std::string tail_;
  CramContainers containers_;
  bool failed_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

constexpr std::size_t copy_step = std::size_t{64} << 10;
constexpr std::size_t tail_size = 64;

sam::HfilePtr opened(io::Fd fd, const char* mode) {
  sam::HfilePtr file(hdopen(fd.get(), mode));
  if (!file) throw std::bad_alloc();
  (void)fd.release();
  return file;
}

InputPipe::InputPipe(Input& from) : from_(from), counts_(from.count_in(meter_)) {
  auto [reader, writer] = io::make_pipe();
  io::enlarge_pipe(writer, io::most_pipe_bytes);
  reader_ = opened(std::move(reader), "r");
  writer_ = opened(std::move(writer), "w");
  thread_ = std::thread([this] { run(); });
}

InputPipe::~InputPipe() {
  reader_.reset();
  from_.stop();
  if (thread_.joinable()) thread_.join();
}

// A read that fails ends the pipe in the middle of the data, which htslib finds malformed.
void InputPipe::run() {
  try {
    copy();
  } catch (const ReadingStopped&) {
    failed_ = true;
  } catch (const std::exception&) {
    failure_ = std::current_exception();
    failed_ = true;
  }
  if (hclose(writer_.release()) != 0) failed_ = true;
}

// Behind bytes that are damaged nothing more is handed on.
void InputPipe::copy() {
  sam::Buffer bytes;
  while (from_.read(bytes, copy_step) > 0) {
    containers_.add(bytes.view());
    tail_.append(bytes.view());
    if (tail_.size() > tail_size) tail_.erase(0, tail_.size() - tail_size);
    const auto size = static_cast<ssize_t>(bytes.size());
    const bool written =
        hwrite(writer_.get(), bytes.data(), bytes.size()) == size && hflush(writer_.get()) == 0;
    if (!written || !containers_.fault().empty()) {
      failed_ = true;
      return;
    }
    bytes.clear();
  }
}

void InputPipe::join() {
  if (thread_.joinable()) {
    thread_.join();
    counts_.bytes += meter_.bytes;
    counts_.waited += meter_.waited;
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

bool InputPipe::ended_with(std::string_view bytes) {
  join();
  return !failed_ && tail_.ends_with(bytes);
}

bool InputPipe::has_records(std::uint64_t count) {
  join();
  return containers_.has_records(count);
}

InputPipe::Findings InputPipe::stop(std::uint64_t record) {
  from_.stop();
  join();
  return {containers_.fault(), containers_.reference_of(record)};
}

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
      : pipe_(input),
        fasta_(options.reference),
        again_(options.threads > 0 ? path_to_read_again(input) : "") {
    try {
      open_with_htslib(input, pipe_.take_reader(), options);
    } catch (const std::exception&) {
      file_.reset();
      (void)pipe_.stop(0);  // throws what reading the input failed with, which comes first
      throw;
    }
  }
  ~CramSource() override { file_.reset(); }

  const char* what_is_missing() const override {
    const bool whole = pipe_.ended_with(eof_3) || pipe_.ended_with(eof_2);
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
    return result == -1 && at_end() && pipe_.has_records(records_) ? -1 : -2;
  }

  std::string reason() override {
    file_.reset();
    const InputPipe::Findings found = pipe_.stop(records_);
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
      if (result < 0) return is_end && i == records_ && pipe_.has_records(records_);
    }
    return true;
  }

  mutable InputPipe pipe_;
  std::string fasta_;
  std::string again_;  // the input's path, empty where it cannot be read twice or need not be
  std::uint64_t records_ = 0;
};

}  // namespace

std::unique_ptr<Source> make_cram_source(Input& input, const SourceOptions& options) {
  return std::make_unique<CramSource>(input, options);
}

}  // namespace mrf::bam
