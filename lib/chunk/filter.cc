// SPDX-License-Identifier: MIT
#include "chunk/filter.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "base/seconds.h"
#include "io/scratch_file.h"
#include "process/launch.h"

namespace mrf {

namespace {

double cpu_now() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

}  // namespace

ChunkFilter::ChunkFilter(const std::vector<std::string>& command, Chunk chunk)
    : chunk_(std::move(chunk)), size_(chunk_.size) {
  const double start = cpu_now();
  Pipe input = make_pipe();
  Pipe output = make_pipe();
  for (const Fd* end : {&input.write_end, &output.read_end}) {
    ask_pipe_size(*end, most_pipe_bytes);
    if (::fcntl(end->get(), F_SETFL, O_NONBLOCK) != 0) throw SystemError("start", command[0]);
  }
  LaunchSpec spec;
  spec.words = command;
  spec.passed = {{STDIN_FILENO, input.read_end}, {STDOUT_FILENO, output.write_end}};
  spec.is_part_of_job = true;
  Launched launched = launch(spec);
  pid_ = launched.pid;
  failure_ = std::move(launched.failure);
  process_ = Fd(adopt_fd, static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!process_.is_open()) throw SystemError("watch", command[0]);
  to_ = std::move(input.write_end);
  from_ = std::move(output.read_end);
  cpu_s_ = cpu_now() - start;
}

FilterPolls ChunkFilter::polls(bool with_output) const {
  return {{{has_ended() ? -1 : process_.get(), POLLIN, 0},
           {to_.get(), POLLOUT, 0},
           {with_output ? from_.get() : -1, POLLIN, 0}}};
}

void ChunkFilter::serve(const FilterPolls& polled, const ChunkSource& source,
                        const std::vector<std::string>& command) {
  if (polled[1].revents != 0) feed(source);
  if (polled[0].revents != 0) look(command);
}

void ChunkFilter::feed(const ChunkSource& source) {
  try {
    while (to_.is_open() && fed_ < chunk_.size) {
      const auto moved =
          feed_pipe(source.file_of(chunk_), source.name(), chunk_.offset + fed_, chunk_.size - fed_, to_);
      if (!moved) return;
      fed_ += *moved;
    }
    while (to_.is_open() && !chunk_.ending.empty()) {
      const ssize_t n = ::write(to_.get(), chunk_.ending.data(), chunk_.ending.size());
      if (n < 0 && errno == EAGAIN) return;
      if (n < 0 && errno != EINTR) throw SystemError("write", "filter");
      if (n > 0) chunk_.ending.remove_prefix(static_cast<std::size_t>(n));
    }
  } catch (const SystemError& error) {
    if (error.error_number() != EPIPE) throw;
  }
  to_.reset();
  chunk_.file.reset();
}

bool ChunkFilter::drain(PipeDrain& through, std::optional<FdRef> to, const std::string& to_name) {
  if (to && kept_.is_open()) {
    copy_file(kept_, kept_size_, *to, to_name);
    kept_.reset();
  }
  if (!from_.is_open()) return false;
  if (!to && !kept_.is_open()) kept_ = open_scratch_file();
  const auto moved = through.drain(from_, to ? *to : FdRef(kept_), to ? to_name : "temporary file");
  if (moved) bytes_out_ += *moved;
  if (moved && !to) kept_size_ += *moved;
  if ((moved && *moved == 0) || (!moved && has_ended())) from_.reset();
  return moved && *moved > 0;
}

void ChunkFilter::look(const std::vector<std::string>& command) {
  int wait_status = 0;
  rusage usage{};
  const pid_t pid = ::wait4(pid_, &wait_status, WNOHANG, &usage);
  if (pid == 0 || (pid < 0 && errno == EINTR)) return;
  if (pid < 0) throw SystemError("wait for", command[0]);
  StartFailure failure;
  if (::read(failure_.get(), &failure, sizeof failure) == static_cast<ssize_t>(sizeof failure)) {
    say(SystemError("execute", command[0], failure.error_number).what());
    outcome_ = start_failure_outcome(failure);
  } else {
    outcome_ = Outcome::of_wait_status(wait_status);
  }
  cpu_s_ += seconds(usage.ru_utime) + seconds(usage.ru_stime);
  to_.reset();
}

}  // namespace mrf
