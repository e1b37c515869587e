// SPDX-License-Identifier: MIT
#include "run/fifo_set.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <vector>

#include "io/fd.h"
#include "io/reactor.h"
#include "run/workspace.h"
#include "unit/workflow/plan_of.h"

namespace {

constexpr std::size_t split = 0;
constexpr std::size_t work = 1;

bool has_reader(mrf::io::FdRef writer) {
  pollfd polled{writer.get(), 0, 0};
  REQUIRE(::poll(&polled, 1, 0) >= 0);
  return (polled.revents & POLLERR) == 0;
}

// A FIFO from `writer` to a job that has opened it; the test is both.
struct OneFifo {
  explicit OneFifo(const std::string& writer)
      : plan(plan_of("split: " + writer + " > out:p\nwork: cat < in:p\n")), workspace(plan, "") {
    workspace.make(plan);
    fifos.emplace(plan, workspace, 0, reactor, [this](std::size_t job) { unread.push_back(job); });
    const std::string name = mrf::run::Workspace::file_name("p");
    out = mrf::io::open_file(workspace.out_directory() + "/" + name, O_WRONLY | O_NONBLOCK);
    in = mrf::io::open_file(workspace.in_directory() + "/" + name, O_RDONLY | O_NONBLOCK);
    while (fifos->read_events()) {
    }
  }
  ~OneFifo() { workspace.remove(false); }
  OneFifo(const OneFifo&) = delete;
  OneFifo& operator=(const OneFifo&) = delete;

  void reader_succeeds() {
    in.reset();
    while (fifos->read_events()) {
    }
    fifos->job_succeeded(work, false);
  }

  mrf::workflow::Plan plan;
  mrf::run::Workspace workspace;
  mrf::io::Reactor reactor;
  std::optional<mrf::run::FifoSet> fifos;
  std::vector<std::size_t> unread;
  mrf::io::Fd out;
  mrf::io::Fd in;
};

}  // namespace

TEST_CASE(
    "who writes records that a reader has left unread gets no SIGPIPE: the reader's failure is the only "
    "one") {
  OneFifo fifo("mrf-distribute");
  REQUIRE(::write(fifo.out.get(), "1\n", 2) == 2);
  fifo.reader_succeeds();
  CHECK(fifo.unread == std::vector<std::size_t>{work});
  CHECK(has_reader(fifo.out));
  CHECK_FALSE(fifo.fifos->lost_reader(split).has_value());
}

TEST_CASE("a writer of anything else is let go of when its reader has succeeded") {
  OneFifo fifo("seq 10");
  REQUIRE(::write(fifo.out.get(), "1\n", 2) == 2);
  fifo.reader_succeeds();
  CHECK(fifo.unread.empty());
  CHECK_FALSE(has_reader(fifo.out));
  CHECK(fifo.fifos->lost_reader(split) == std::size_t{1});
}
