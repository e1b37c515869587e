// SPDX-License-Identifier: MIT
#include "chunk/run.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "process/launch.h"

namespace mrf::chunk {

namespace {

// Chunks that have ended wait for an earlier one: so many for each filter that may run.
constexpr std::size_t chunks_to_filter = 4;

// What goes through a temporary file is written twice: it is worth that while the first filter is slow.
constexpr int waiting_to_moving = 4;
constexpr std::chrono::milliseconds patience{1};
constexpr std::chrono::milliseconds most_spare{10};

// The output of a filter that has ended is held open by a process that it left behind: so long until it is
// told.
constexpr std::chrono::seconds before_warning{10};
constexpr int reads_of_rest = 64;

io::Fd watch_children() {
  ::signal(SIGCHLD, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  io::Fd fd(io::adopt_fd, ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.is_open()) throw base::SystemError("wait for", "signals");
  return fd;
}

std::string base_name(const std::string& command) { return command.substr(command.rfind('/') + 1); }

// What the status of a well-known filter means.
std::string hint(const ChunkCommand& command, const process::Outcome& outcome) {
  const std::string name = base_name(command.words[0]);
  if (name.ends_with("grep") && outcome.status() == 1) {
    return fmt::format("; {} ends with 1 when no line matches: --ok-status 0,1 takes that for success", name);
  }
  if (command.form.is_sam && !command.header_broadcast) {
    return "; it was given no header: --header-broadcast lets every chunk begin with it";
  }
  return "";
}

}  // namespace

ChunkRun::ChunkRun(const ChunkCommand& command)
    : command_(command),
      child_signals_(watch_children()),
      source_(command),
      joiner_(make_joiner(command, io::FdRef(STDOUT_FILENO))) {
  reactor_.watch(child_signals_, EPOLLIN, [this](std::uint32_t) { reap(); });
  reactor_.watch(source_.events(), EPOLLIN, [this](std::uint32_t) { source_.clear_events(); });
}

ChunkRun::~ChunkRun() {
  for (const auto& [pid, filter] : running_) ::kill(pid, SIGTERM);
}

void ChunkRun::run() {
  for (;;) {
    if (const auto header = source_.take_header()) joiner_->put_header(*header);
    do {
      start_filters();
    } while (finish_front());
    if (filters_.empty() && source_failure_) std::rethrow_exception(source_failure_);
    if (filters_.empty() && source_.is_over()) break;
    turn();
    spill();
  }
  joiner_->finish();
}

void ChunkRun::count(io::Stats& stats) const {
  const io::StreamCount read = source_.read();
  stats.records_in = read.records;
  stats.in.bytes = read.bytes;
  stats.inputs.push_back(read);
  stats.out.bytes = joiner_->bytes();
  const auto written = joiner_->records();
  stats.counts_records_out = written.has_value();
  if (written) {
    stats.records_out = *written;
    stats.outputs.push_back({"-", *written, joiner_->bytes()});
  }
  const double starts_s = std::min(filters_s_, sizer_.start_s() * static_cast<double>(chunks_));
  stats.figures = {
      {"chunks", static_cast<double>(chunks_)}, {"filters_s", filters_s_}, {"starts_s", starts_s}};
}

bool ChunkRun::has_room() const {
  return !is_stopping_ && running_.size() < command_.filters &&
         filters_.size() / chunks_to_filter < command_.filters;
}

void ChunkRun::start_filters() {
  while (has_room()) {
    std::optional<Chunk> chunk;
    try {
      chunk = source_.next();
    } catch (...) {
      source_failure_ = std::current_exception();
    }
    if (!chunk) return;
    start_filter(std::move(*chunk));
  }
}

void ChunkRun::start_filter(Chunk chunk) {
  const std::size_t slot = free_slots_.empty() ? running_.size() : *free_slots_.begin();
  filters_.push_back(std::make_unique<ChunkFilter>(reactor_, command_, std::move(chunk), slot));
  free_slots_.erase(slot);
  ChunkFilter& filter = *filters_.back();
  running_.emplace(filter.pid(), &filter);
  watch_output(filter);
  ++chunks_;
}

void ChunkRun::watch_output(ChunkFilter& filter) {
  reactor_.watch(filter.output(), EPOLLIN, [this, &filter](std::uint32_t) {
    const auto begin = Clock::now();
    take_output(filter);
    busy_ += Clock::now() - begin;
  });
}

void ChunkRun::take_output(ChunkFilter& filter) {
  if (&filter != filters_.front().get()) {
    // Watched again when it was spilled or is the first.
    reactor_.forget(filter.output());
    waiting_.push_back(&filter);
  } else if (const auto taken = joiner_->take(filter.output()); taken && *taken == 0) {
    filter.end_output();
  }
}

// A filter whose output has no room waits for its turn, which comes in any case: none waits for a later one.
bool ChunkRun::can_spill() const { return !waiting_.empty() && spilled_ < command_.buffer; }

void ChunkRun::turn() {
  std::optional<std::chrono::milliseconds> most;
  if (can_spill()) most = spare_ > Clock::duration::zero() ? std::chrono::milliseconds(0) : patience;
  busy_ = {};
  const auto begin = Clock::now();
  reactor_.turn(most);
  const auto idle = Clock::now() - begin - busy_;
  spare_ = std::min<Clock::duration>(spare_ + std::max(idle, Clock::duration::zero()), most_spare);
}

// What goes straight to the output needs no temporary file: the others get the time that the first one
// leaves.
void ChunkRun::spill() {
  if (!can_spill() || spare_ <= Clock::duration::zero() || busy_ > Clock::duration::zero()) return;
  const auto begin = Clock::now();
  for (ChunkFilter* filter : std::exchange(waiting_, {})) {
    // All that an ended filter wrote is in its pipe, where it may stay.
    if (filter->has_ended()) continue;
    if (spilled_ >= command_.buffer) {
      waiting_.push_back(filter);
      continue;
    }
    const std::uint64_t before = filter->spilled();
    filter->spill(spill_drain_, command_.buffer - spilled_);
    spilled_ += filter->spilled() - before;
    if (filter->is_output_open()) watch_output(*filter);
  }
  spare_ -= waiting_to_moving * (Clock::now() - begin);
}

void ChunkRun::reap() {
  signalfd_siginfo news{};
  while (::read(child_signals_.get(), &news, sizeof news) > 0) {
  }
  for (;;) {
    int wait_status = 0;
    rusage usage{};
    const pid_t pid = ::wait4(-1, &wait_status, WNOHANG, &usage);
    if (pid < 0 && errno == EINTR) continue;
    if (pid < 0 && (errno != ECHILD || !running_.empty()))
      throw base::SystemError("wait for", command_.words[0]);
    if (pid <= 0) return;
    const auto at = running_.find(pid);
    if (at == running_.end()) continue;
    ChunkFilter& filter = *at->second;
    running_.erase(at);
    filter.reaped(wait_status, usage);
    free_slots_.insert(filter.slot());
    filters_s_ += filter.cpu_s();
    if (!filter.outcome().succeeded()) {
      stop_after(filter);
    } else if (filter.chunk().bytes > 0) {
      sizer_.add(filter.chunk().bytes, filter.cpu_s());
      source_.set_size(sizer_.next());
    }
  }
}

// Those before it come to their end: the message is about the first failure in the order of the chunks,
// whichever was seen first.
void ChunkRun::stop_after(const ChunkFilter& failed) {
  is_stopping_ = true;
  for (const auto& [pid, filter] : running_) {
    if (filter->chunk().number > failed.chunk().number) ::kill(pid, SIGTERM);
  }
}

// True when a chunk was finished: then there is room for another one, though no descriptor becomes ready.
bool ChunkRun::finish_front() {
  bool any = false;
  while (!filters_.empty()) {
    ChunkFilter& front = *filters_.front();
    if (!is_front_begun_) begin_front(front);
    if (front.has_ended() && !front.outcome().succeeded()) fail(front);
    if (!front.is_done()) {
      if (front.has_ended()) warn_if_held_open(front);
      return any;
    }
    joiner_->end();
    filters_.pop_front();
    is_front_begun_ = false;
    any = true;
  }
  return any;
}

void ChunkRun::begin_front(ChunkFilter& front) {
  is_front_begun_ = true;
  std::erase(waiting_, &front);
  joiner_->begin(front.chunk().number);
  spilled_ -= front.spilled();
  front.join_spilled(*joiner_);
  if (front.is_output_open() && !reactor_.is_watched(front.output())) watch_output(front);
}

// What a plain pipe would wait for as well, but in silence.
void ChunkRun::warn_if_held_open(const ChunkFilter& front) {
  const std::uint64_t number = front.chunk().number;
  if (watched_for_end_ == number) return;
  watched_for_end_ = number;
  reactor_.at(Clock::now() + before_warning, [this, number] {
    if (filters_.empty() || filters_.front()->chunk().number != number) return;
    base::warn(fmt::format(
        "still waiting for the output of chunk {}: '{}' has ended, but a process that it left behind "
        "holds standard output open (a background process that is not to be waited for redirects it)",
        number, command_.words[0]));
  });
}

void ChunkRun::fail(ChunkFilter& filter) {
  if (filter.start_error() != 0) {
    throw base::Error(static_cast<base::Status>(filter.outcome().status()), "execute", command_.words[0],
                      std::generic_category().message(filter.start_error()) +
                          process::start_failure_hint(command_.words[0], filter.start_error()));
  }
  // Its output is checked first: malformed output has the same message whether it was read before or after
  // the filter's end.
  for (int reads = 0; reads < reads_of_rest && filter.is_output_open(); ++reads) {
    if (joiner_->take(filter.output()).value_or(0) == 0) break;
  }
  const Chunk& chunk = filter.chunk();
  std::string where = fmt::format("'{}'", source_.name());
  if (chunk.records > 0) {
    where = fmt::format("records {} to {} of {}", chunk.first_record + 1, chunk.first_record + chunk.records,
                        where);
  }
  throw base::Error(static_cast<base::Status>(filter.outcome().status()), "filter",
                    fmt::format("chunk {}", chunk.number),
                    fmt::format("'{}' ended with {} on {}{}", command_.words[0], filter.outcome().describe(),
                                where, hint(command_, filter.outcome())));
}

void run_chunks(const ChunkCommand& command, io::Stats& stats) {
  ChunkRun run(command);
  try {
    run.run();
  } catch (const base::ClosedOutput&) {
    run.count(stats);
    throw;
  } catch (...) {
    run.leave_unfinished();
    run.count(stats);
    throw;
  }
  run.count(stats);
}

}  // namespace mrf::chunk
