// SPDX-License-Identifier: MIT
#include "chunk/filter.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <string_view>
#include <utility>

#include "base/amounts.h"
#include "base/error.h"
#include "base/message.h"
#include "io/fd.h"
#include "io/temporaries.h"
#include "process/kept_failure.h"

namespace mrf::chunk {

namespace {

// Larger pipes hold more pages than the kernel keeps at hand for the next write: with 1 MiB each, 700 MB
// through one or two filters that pass all on took almost twice the time.
constexpr std::size_t pipe_bytes = std::size_t{512} << 10;

void write_piece(const ChunkPiece& piece, io::FdRef to, const std::string& name) {
  if (piece.file) return io::copy_file(*piece.file, piece.size, to, name, piece.offset);
  io::Meter meter;
  io::write_all(to, name, std::string_view(*piece.text).substr(piece.offset, piece.size), meter);
}

}  // namespace

std::chrono::nanoseconds thread_cpu_time() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

ChunkFilter::ChunkFilter(io::Reactor& reactor, const ChunkCommand& command, Chunk chunk, std::size_t slot,
                         std::vector<std::string> files)
    : reactor_(reactor), command_(command), chunk_(std::move(chunk)), slot_(slot), files_(std::move(files)) {
  const auto start = thread_cpu_time();
  io::Pipe input = io::make_pipe();
  io::Pipe output = io::make_pipe();
  io::Pipe errors = io::make_pipe();
  io::ask_pipe_size(input.write_end, pipe_bytes);
  io::ask_pipe_size(output.read_end, pipe_bytes);
  for (const io::Fd* end : {&input.write_end, &output.read_end, &errors.read_end}) {
    if (::fcntl(end->get(), F_SETFL, O_NONBLOCK) != 0) throw base::SystemError("start", command.words[0]);
  }
  process::LaunchSpec started = spec();
  started.passed = {
      {STDIN_FILENO, input.read_end}, {STDOUT_FILENO, output.write_end}, {STDERR_FILENO, errors.write_end}};
  process::Launched launched = process::launch(started);
  pid_ = launched.pid;
  failure_ = std::move(launched.failure);
  to_ = std::move(input.write_end);
  from_ = std::move(output.read_end);
  stderr_.emplace(std::move(errors.read_end), [this](const std::string& line) { pass_line(line); });
  cpu_s_ = base::seconds(thread_cpu_time() - start);
  reactor_.watch(stderr_->fd(), EPOLLIN, [this](std::uint32_t) { pass_stderr(); });
  reactor_.watch(to_, EPOLLOUT, [this](std::uint32_t events) { feed(events); });
}

ChunkFilter::~ChunkFilter() {
  end_input();
  end_output();
  if (!stderr_) return;
  reactor_.forget(stderr_->fd());
  stderr_->finish();
}

process::LaunchSpec ChunkFilter::spec() const {
  process::LaunchSpec spec;
  spec.words = command_.words;
  spec.environment = {fmt::format("MRF_CHUNK={}", chunk_.number), fmt::format("MRF_WORKER={}", slot_),
                      fmt::format("MRF_WORKERS={}", command_.filters), io::stats_prefix_variable};
  spec.environment.insert(spec.environment.end(), files_.begin(), files_.end());
  spec.is_part_of_job = true;
  return spec;
}

void ChunkFilter::pass_line(const std::string& line) {
  base::say_line(fmt::format("chunk {}: {}", chunk_.number, line));
  if (!command_.keep_failed.empty()) last_stderr_.add(line);
}

void ChunkFilter::pass_stderr() {
  if (stderr_->pump()) return;
  reactor_.forget(stderr_->fd());
  stderr_->finish();
  stderr_.reset();
}

// A filter that closes its input early has read enough. A filter that has ended may have left a process
// behind that reads on; the pipe tells when no process does.
void ChunkFilter::feed(std::uint32_t events) {
  if ((events & EPOLLERR) != 0) return end_input();
  try {
    while (piece_ < chunk_.pieces.size() && fed_ == chunk_.pieces[piece_].size) {
      ++piece_;
      fed_ = 0;
    }
    if (piece_ < chunk_.pieces.size()) return feed_piece(chunk_.pieces[piece_]);
    if (chunk_.stream && feed_stream()) return;
  } catch (const base::SystemError& error) {
    if (error.error_number() != EPIPE) throw;
  }
  end_input();
}

// One write(2) or splice(2); what is left is fed when there is room again.
void ChunkFilter::feed_piece(const ChunkPiece& piece) {
  if (piece.file) {
    const std::string name(command_.input == "-" ? io::stdin_name : command_.input);
    return fed(io::feed_pipe(*piece.file, name, piece.offset + fed_, piece.size - fed_, to_).value_or(0));
  }
  const std::string_view rest = std::string_view(*piece.text).substr(piece.offset + fed_, piece.size - fed_);
  fed(io::feed_pipe(rest, to_).value_or(0));
}

void ChunkFilter::fed(std::size_t bytes) {
  fed_ += bytes;
  new_fed_ += bytes;
}

// False at the end of the stream.
bool ChunkFilter::feed_stream() {
  const ChunkStream::Fed fed = chunk_.stream->feed(to_, new_fed_);
  if (fed == ChunkStream::Fed::nothing) reactor_.change(to_, 0);
  return fed != ChunkStream::Fed::all;
}

void ChunkFilter::feed_on() {
  if (to_.is_open() && chunk_.stream) reactor_.change(to_, EPOLLOUT);
}

void ChunkFilter::stop_feeding() {
  if (to_.is_open()) reactor_.forget(to_);
}

void ChunkFilter::end_input() {
  if (!to_.is_open()) return;
  reactor_.forget(to_);
  to_.reset();
  if (!command_.keeps_chunks()) chunk_.pieces.clear();
  if (chunk_.stream) chunk_.stream->discard();
}

std::string ChunkFilter::keep(const std::string& about) {
  if (stderr_) {
    reactor_.forget(stderr_->fd());
    stderr_->finish();
    stderr_.reset();
  }
  const process::LaunchSpec repeated = spec();
  const auto write_input = [this](io::FdRef to, const std::string& name) {
    for (const ChunkPiece& piece : chunk_.pieces) write_piece(piece, to, name);
  };
  return process::keep_failure(
      command_.keep_failed,
      {fmt::format("chunk-{}", chunk_.number), {about}, repeated, write_input, last_stderr_.text()});
}

void ChunkFilter::end_output() {
  if (!from_.is_open()) return;
  reactor_.forget(from_);
  from_.reset();
}

void ChunkFilter::spill(io::PipeDrain& through, std::uint64_t most) {
  const auto taken = through.fill(from_, std::min<std::uint64_t>(most, io::most_pipe_bytes));
  if (!taken) return;
  if (*taken == 0) return end_output();
  if (!spilled_.is_open()) spilled_ = io::open_scratch_file();
  through.flush(spilled_, io::scratch_file_name());
  spilled_size_ += *taken;
}

void ChunkFilter::join_spilled(ChunkJoiner& joiner) {
  if (spilled_size_ > 0) joiner.take_file(spilled_, spilled_size_);
  spilled_.reset();
  spilled_size_ = 0;
}

void ChunkFilter::reaped(int wait_status, const rusage& usage) {
  if (const auto failure = process::start_failure_of(failure_)) {
    start_error_ = failure->error_number;
    outcome_ = process::start_failure_outcome(*failure);
  } else {
    outcome_ = process::Outcome::of_wait_status(wait_status);
    outcome_->accept(command_.ok_statuses);
  }
  cpu_s_ += base::seconds(usage.ru_utime) + base::seconds(usage.ru_stime);
}

}  // namespace mrf::chunk
