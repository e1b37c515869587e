// SPDX-License-Identifier: MIT
#include "process/producer.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/error.h"

namespace mrf::process {

namespace {

int wait_status_of(pid_t pid) {
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

}  // namespace

Producer::Producer(std::vector<std::string> words) : words_(std::move(words)) {
  io::Pipe pipe = io::make_pipe();
  LaunchSpec spec;
  spec.words = words_;
  spec.passed = {{STDOUT_FILENO, pipe.write_end}};
  spec.is_part_of_job = true;
  launched_ = launch(spec);
  output_ = std::move(pipe.read_end);
}

Producer::~Producer() {
  if (is_over_) return;
  output_.reset();
  (void)::kill(launched_.pid, SIGTERM);  // it is not waited for yet, so it is there
  (void)wait_status_of(launched_.pid);
}

Outcome Producer::wait() {
  is_over_ = true;
  const int status = wait_status_of(launched_.pid);
  if (status < 0) throw base::SystemError("wait for", words_[0]);
  require_start(launched_.failure, words_[0]);
  return Outcome::of_wait_status(status);
}

}  // namespace mrf::process
