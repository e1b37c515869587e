// SPDX-License-Identifier: MIT
#include "bam/cram_watch.h"

#include <new>
#include <utility>

#include "io/fd.h"

namespace mrf::bam {

namespace {

constexpr std::size_t watch_step = std::size_t{64} << 10;
constexpr std::size_t tail_size = 64;

sam::HfilePtr opened(io::Fd fd, const char* mode) {
  sam::HfilePtr file(hdopen(fd.get(), mode));
  if (!file) throw std::bad_alloc();
  (void)fd.release();
  return file;
}

}  // namespace

CramWatch::CramWatch(Input& from) : from_(from), counts_(from.count_in(meter_)) {
  auto [reader, writer] = io::make_pipe();
  io::enlarge_pipe(writer, io::most_pipe_bytes);
  reader_ = opened(std::move(reader), "r");
  writer_ = opened(std::move(writer), "w");
  thread_ = std::thread([this] { run(); });
}

CramWatch::~CramWatch() {
  reader_.reset();
  from_.stop();
  if (thread_.joinable()) thread_.join();
}

// What cannot be read ends the pipe in the middle, which htslib finds malformed.
void CramWatch::run() {
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
void CramWatch::copy() {
  sam::Buffer bytes;
  while (from_.read(bytes, watch_step) > 0) {
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

void CramWatch::join() {
  if (thread_.joinable()) {
    thread_.join();
    counts_.bytes += meter_.bytes;
    counts_.waited += meter_.waited;
  }
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

bool CramWatch::ended_with(std::string_view bytes) {
  join();
  return !failed_ && tail_.ends_with(bytes);
}

bool CramWatch::has_records(std::uint64_t count) {
  join();
  return containers_.has_records(count);
}

CramWatch::Findings CramWatch::stop(std::uint64_t record) {
  from_.stop();
  join();
  return {containers_.fault(), containers_.reference_of(record)};
}

}  // namespace mrf::bam
