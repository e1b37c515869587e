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
#include "io/paths.h"
#include "process/kept_failure.h"
#include "process/launch.h"
#include "process/proc_tree.h"

namespace mrf::chunk {

namespace {

// Chunks that have ended wait for an earlier one: so many for each filter that may run.
constexpr std::size_t chunks_to_filter = 4;

// Output that goes through a temporary file is written twice. That pays while the first filter is slow, which
// shows in this process: it waits more than it works.
constexpr int busy_to_idle = 2;
constexpr int waiting_to_moving = 4;
constexpr std::chrono::milliseconds patience{1};
constexpr std::chrono::steady_clock::duration most_spare = std::chrono::milliseconds(10);

constexpr int reads_of_rest = 64;

// A filter whose chunk is cut off gets TERM, and KILL after this time.
constexpr std::chrono::seconds before_kill{5};

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

// Sends TERM to the process and all that it has started, each after its parent, so that no parent can start
// more.
void terminate(pid_t root) {
  for (const pid_t pid : process::process_tree(root)) ::kill(pid, SIGTERM);
}

std::string base_name(const std::string& command) { return command.substr(command.rfind('/') + 1); }

// What status 1 of a well-known filter may mean.
std::string hint(const ChunkCommand& command, const process::Outcome& outcome) {
  const std::string name = base_name(command.words[0]);
  if (name.ends_with("grep") && outcome.status() == 1) {
    return fmt::format("; {} ends with 1 when no line matches: --ok-status 0,1 takes that for success", name);
  }
  if (command.form.is_sam && !command.header_broadcast && !outcome.is_by_signal()) {
    return "; a filter that needs the header gets it with every chunk by --header-broadcast";
  }
  return "";
}

}  // namespace

ChunkRun::ChunkRun(const ChunkCommand& command)
    : command_(command),
      child_signals_(watch_children()),
      source_(command),
      joiner_(make_joiner(command, io::FdRef(STDOUT_FILENO))),
      files_(command.side) {
  reactor_.watch(child_signals_, EPOLLIN, [this](std::uint32_t) { reap(); });
  reactor_.watch(source_.events(), EPOLLIN, [this](std::uint32_t) { take_source_news(); });
}

// After a failure nothing that the filters started outlives them, and all are gone before the pipes to them
// are closed: none is to take that for the end of its chunk.
ChunkRun::~ChunkRun() {
  if (!is_over_) guard_.kill_all();
}

void ChunkRun::run() {
  try {
    run_all();
  } catch (const base::DataError& error) {
    // The output of the first filter is malformed.
    if (is_front_begun_) {
      const std::string place = kept(*filters_.front(), error.what());
      if (!place.empty())
        base::say(fmt::format("cannot join 'chunk {}': its output is refused{}",
                              filters_.front()->chunk().number, place));
    }
    throw;
  }
}

void ChunkRun::run_all() {
  for (;;) {
    if (const auto header = source_.take_header())
      command_.header_broadcast ? joiner_->note_given_header(*header) : joiner_->put_header(*header);
    do {
      start_filters();
    } while (finish_front());
    if (filters_.empty() && source_failure_) std::rethrow_exception(source_failure_);
    if (filters_.empty() && source_.is_over()) break;
    turn();
    spill();
  }
  joiner_->finish();
  check_output();
  files_.finish();
  is_over_ = true;
}

// On some file systems only close(2) reports that written data was lost.
void ChunkRun::check_output() {
  io::Fd output = io::duplicate(io::FdRef(STDOUT_FILENO));
  if (const int error = output.close(); error != 0)
    throw base::SystemError("write", std::string(io::stdout_name), error);
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
  stats.results = files_.results();
  const double starts_s = std::min(filters_s_, sizer_.start_s() * static_cast<double>(chunks_));
  stats.figures = {
      {"chunks", static_cast<double>(chunks_)}, {"filters_s", filters_s_}, {"starts_s", starts_s}};
  if (command_.retries > 0) stats.figures.emplace_back("retries", static_cast<double>(retried_));
  if (!command_.skips_failed) return;
  stats.skipped = skipped_;
  stats.figures.emplace_back("output_is_complete", is_over_ ? 1 : 0);
}

// Only the last of the chunks that were taken may still be read from the input.
void ChunkRun::take_source_news() {
  source_.clear_events();
  if (filters_.empty()) return;
  ChunkFilter& last = *filters_.back();
  if (last.is_cut_off()) {
    stop_cut_off(last);
  } else {
    last.feed_on();
  }
}

// Its output is that of half a chunk, and it must not take the end of what it got for the end of the chunk.
void ChunkRun::stop_cut_off(ChunkFilter& filter) {
  if (std::exchange(is_cut_off_stopped_, true)) return;
  is_stopping_ = true;
  try {
    source_.next();
  } catch (...) {
    source_failure_ = std::current_exception();
  }
  filter.stop_feeding();
  if (filter.has_ended()) return;
  terminate(filter.pid());
  reactor_.at(Clock::now() + before_kill, [this, pid = filter.pid()] {
    if (running_.contains(pid)) ::kill(pid, SIGKILL);
  });
}

bool ChunkRun::has_room() const {
  return !is_stopping_ && running_.size() < command_.filters &&
         filters_.size() / chunks_to_filter < command_.filters;
}

void ChunkRun::start_filters() {
  retry();
  while (has_room()) {
    std::optional<Chunk> chunk;
    try {
      chunk = source_.next();
    } catch (...) {
      source_failure_ = std::current_exception();
    }
    if (!chunk) return;
    if (chunk->stream && chunk->stream->is_cut_off()) continue;
    // The chunk of the last filter is whole now: that filter reads to its end.
    if (!filters_.empty()) filters_.back()->feed_on();
    filters_.push_back(start_filter(std::move(*chunk)));
    ++chunks_;
  }
}

std::unique_ptr<ChunkFilter> ChunkRun::start_filter(Chunk chunk) {
  const std::size_t slot = free_slots_.empty() ? running_.size() : *free_slots_.begin();
  const std::uint64_t number = chunk.number;
  files_.begin(number);
  auto filter =
      std::make_unique<ChunkFilter>(reactor_, command_, std::move(chunk), slot, files_.environment(number));
  free_slots_.erase(slot);
  running_.emplace(filter->pid(), filter.get());
  pause_.add(filter->input());
  pause_.add(filter->output());
  watch_output(*filter);
  return filter;
}

void ChunkRun::watch_output(ChunkFilter& filter) {
  reactor_.watch(filter.output(), EPOLLIN, [this, &filter](std::uint32_t) {
    const auto begin = Clock::now();
    take_output(filter);
    busy_ += Clock::now() - begin;
  });
}

void ChunkRun::take_output(ChunkFilter& filter) {
  if (&filter != filters_.front().get() || !is_front_begun_) {
    // Watched again when it was spilled or is the first.
    reactor_.forget(filter.output());
    waiting_.push_back(&filter);
  } else if (const auto taken = joiner_->take(filter.output()); taken && *taken == 0) {
    filter.end_output();
  }
}

// Whether waiting output may go to temporary files. A filter whose output has no room waits for its turn,
// which comes in any case, since no filter waits for a later one.
bool ChunkRun::can_spill() const {
  return !waiting_.empty() && (spilled_ < command_.buffer || is_front_waiting());
}

// Whether the first filter's output waits, as with ChunkCommand::holds_output(). It may always spill, since
// the others wait for it.
bool ChunkRun::is_front_waiting() const {
  return std::find(waiting_.begin(), waiting_.end(), filters_.front().get()) != waiting_.end();
}

void ChunkRun::turn() {
  std::optional<std::chrono::milliseconds> most;
  const bool has_time = spare_ > Clock::duration::zero() || command_.holds_output();
  if (can_spill()) most = has_time ? std::chrono::milliseconds(0) : patience;
  busy_ = {};
  const auto begin = Clock::now();
  const auto cpu_begin = thread_cpu_time();
  reactor_.turn(most);
  for (const auto& [pid, filter] : running_) fed_ += filter->take_fed();
  const auto busy = std::max<Clock::duration>(busy_, thread_cpu_time() - cpu_begin);
  const auto idle = Clock::now() - begin - busy;
  const auto gained = spare_ + idle - busy_to_idle * busy;
  // Work uses up spare time down to none; only spilling goes below.
  spare_ = std::clamp(gained, std::min(spare_, Clock::duration::zero()), most_spare);
  const auto end = Clock::now();
  has_paused_ = pause_.after(joiner_->bytes() + fed_);
  if (has_paused_) spare_ = std::min<Clock::duration>(spare_ + (Clock::now() - end), most_spare);
}

// Moves waiting output to temporary files, in the time that the first filter leaves: its own output needs no
// such file. A turn after which there was a pause leaves time, though it may have moved some of that output.
void ChunkRun::spill() {
  const bool is_idle = busy_ == Clock::duration::zero() || has_paused_;
  const bool has_time = spare_ > Clock::duration::zero() && is_idle;
  if (!can_spill() || (!has_time && !command_.holds_output())) return;
  const auto begin = Clock::now();
  for (ChunkFilter* filter : std::exchange(waiting_, {})) {
    // All that an ended filter wrote is in its pipe, where it may stay.
    if (filter->has_ended()) continue;
    const bool is_front = filter == filters_.front().get();
    if (spilled_ >= command_.buffer && !is_front) {
      waiting_.push_back(filter);
      continue;
    }
    const std::uint64_t before = filter->spilled();
    filter->spill(spill_drain_, is_front ? io::most_pipe_bytes : command_.buffer - spilled_);
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
    guard_.wait_if_ending();
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
    if (filter.is_cut_off()) continue;
    if (!filter.outcome().succeeded()) {
      failed(filter);
    } else if (const auto extent = filter.chunk().extent(); extent && extent->bytes > 0) {
      sizer_.add(extent->bytes, filter.cpu_s());
      source_.set_size(sizer_.next());
    }
  }
}

void ChunkRun::failed(const ChunkFilter& filter) {
  if (filter.chunk().number > failed_) return;  // it was ended by stop_after()
  if (may_retry(filter)) {
    to_retry_.push_back(filter.chunk().number);
  } else if (!command_.skips_failed || filter.start_error() != 0) {
    stop_after(filter);
  }
}

// What a shell says of a command that a signal ended counts as that signal.
bool ChunkRun::may_retry(const ChunkFilter& filter) const {
  const auto had = retries_.find(filter.chunk().number);
  if ((had == retries_.end() ? 0 : had->second) >= command_.retries || filter.start_error() != 0)
    return false;
  return filter.outcome().is_by_signal() || command_.retry_statuses.contains(filter.outcome().status());
}

// Starts a new filter in the place of each that failed and is to be tried again; nothing of the failed one
// has been joined.
void ChunkRun::retry() {
  for (const std::uint64_t number : std::exchange(to_retry_, {})) {
    auto& place = filters_[static_cast<std::size_t>(number - filters_.front()->chunk().number)];
    const std::uint64_t retry = ++retries_[number];
    ++retried_;
    base::warn(fmt::format("cannot filter 'chunk {}': {}; it is started again, retry {} of {}", number,
                           failure(*place), retry, command_.retries));
    std::erase(waiting_, place.get());
    spilled_ -= place->spilled();
    Chunk chunk = place->take_chunk();
    place.reset();
    place = start_filter(std::move(chunk));
  }
}

// Lets the filters of earlier chunks run to their end, since the message is about the first failure in the
// order of the chunks, whichever was seen first.
void ChunkRun::stop_after(const ChunkFilter& failed) {
  is_stopping_ = true;
  failed_ = failed.chunk().number;
  for (const auto& [pid, filter] : running_) {
    if (filter->chunk().number > failed.chunk().number) terminate(pid);
  }
}

// True when a chunk was finished: then there is room for another one, though no descriptor becomes ready.
bool ChunkRun::finish_front() {
  bool any = false;
  while (!filters_.empty()) {
    ChunkFilter& front = *filters_.front();
    if (command_.holds_output() && !is_front_settled()) return any;
    const bool has_failed = front.has_ended() && !front.outcome().succeeded();
    if (has_failed && command_.skips_failed && front.start_error() == 0) {
      skip(front);
      files_.drop(front.chunk().number);
      std::erase(waiting_, &front);
      spilled_ -= front.spilled();
      filters_.pop_front();
      any = true;
      continue;
    }
    if (!is_front_begun_ && !(has_failed && command_.holds_output())) begin_front(front);
    // A filter that failed before its chunk was cut off is the first failure.
    if (front.is_cut_off() && !(has_failed && failed_ == front.chunk().number)) {
      if (!front.has_ended()) return any;
      stop_cut_off(front);
      front.end_output();
      std::erase(waiting_, &front);
      cut_off_ = std::move(filters_.front());
      filters_.pop_front();
      is_front_begun_ = false;
      return true;
    }
    if (has_failed) fail(front);
    if (!front.is_done()) {
      if (front.has_ended()) warn_if_held_open(front);
      return any;
    }
    if (is_left_writing(front)) return any;
    left_clock_.reset();
    joiner_->end();
    files_.take(front.chunk().number);
    filters_.pop_front();
    is_front_begun_ = false;
    any = true;
  }
  return any;
}

// Whether the first chunk's filter has ended and is not to be started again.
bool ChunkRun::is_front_settled() const {
  const ChunkFilter& front = *filters_.front();
  return front.has_ended() &&
         std::find(to_retry_.begin(), to_retry_.end(), front.chunk().number) == to_retry_.end();
}

void ChunkRun::begin_front(ChunkFilter& front) {
  is_front_begun_ = true;
  std::erase(waiting_, &front);
  joiner_->begin(front.chunk().number, front.chunk().front);
  spilled_ -= front.spilled();
  front.join_spilled(*joiner_);
  if (front.is_output_open() && !reactor_.is_watched(front.output())) watch_output(front);
}

// Whether a process that a filter left behind may still write this filter's files. It is looked for again
// after a while, whatever else happens meanwhile.
bool ChunkRun::is_left_writing(const ChunkFilter& front) {
  if (is_left_timed_) return true;
  if (files_.empty()) return false;
  const std::uint64_t number = front.chunk().number;
  std::vector<pid_t> filters;
  for (const auto& [pid, filter] : running_) filters.push_back(pid);
  const auto left =
      process::find_left_behind(::getpid(), filters, [this, number] { return files_.awaited(number); });
  if (!left) return false;
  if (!left_clock_) left_clock_.emplace();
  if (left_clock_->is_due())
    base::warn(fmt::format("still waiting for {} of chunk {}: '{}' has ended, but {}", left->file, number,
                           command_.words[0], left->describe("it")));
  is_left_timed_ = true;
  reactor_.at(Clock::now() + process::left_behind_step, [this] { is_left_timed_ = false; });
  return true;
}

// Warns when a process that the filter left behind keeps its output open. A plain pipe would wait as well,
// without a message.
void ChunkRun::warn_if_held_open(const ChunkFilter& front) {
  const std::uint64_t number = front.chunk().number;
  if (watched_for_end_ == number) return;
  watched_for_end_ = number;
  reactor_.at(Clock::now() + process::before_left_behind_message, [this, number] {
    if (filters_.empty() || filters_.front()->chunk().number != number) return;
    if (!filters_.front()->is_output_open()) return;
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
  // the filter's end. Held output is not looked at.
  for (int reads = 0; is_front_begun_ && reads < reads_of_rest && filter.is_output_open(); ++reads) {
    if (joiner_->take(filter.output()).value_or(0) == 0) break;
  }
  throw base::Error(
      static_cast<base::Status>(filter.outcome().status()), "filter",
      fmt::format("chunk {}", filter.chunk().number),
      failure(filter) + tries(filter) + hint(command_, filter.outcome()) + kept(filter, failure(filter)));
}

// How the filter ended, and on which records.
std::string ChunkRun::failure(const ChunkFilter& filter) const {
  const Chunk& chunk = filter.chunk();
  std::string where = fmt::format("'{}'", source_.name());
  const auto extent = chunk.extent();
  if (!extent) {
    where = fmt::format("the records from {} on of {}", chunk.first_record + 1, where);
  } else if (extent->records > 0) {
    where = fmt::format("records {} to {} of {}", chunk.first_record + 1,
                        chunk.first_record + extent->records, where);
  }
  return fmt::format("'{}' ended with {} on {}", command_.words[0], filter.outcome().describe(), where);
}

std::string ChunkRun::tries(const ChunkFilter& filter) const {
  const auto had = retries_.find(filter.chunk().number);
  return had == retries_.end() ? "" : fmt::format(", retry {} of {}", had->second, command_.retries);
}

// Where the failure was kept, for the end of a message. A failure that cannot be kept does not change the
// status of the run.
std::string ChunkRun::kept(ChunkFilter& filter, const std::string& about) const {
  if (command_.keep_failed.empty()) return "";
  try {
    const std::string place = filter.keep(about);
    return fmt::format("; '{}/again.sh' runs it again", place);
  } catch (const base::Error& error) {
    base::say(error.what());
    return "";
  }
}

void ChunkRun::skip(ChunkFilter& filter) {
  const Chunk& chunk = filter.chunk();
  skipped_.push_back({chunk.number, chunk.first_record, chunk.records, filter.outcome().describe()});
  base::say(fmt::format("cannot filter 'chunk {}': {}{}; it is left out{}", filter.chunk().number,
                        failure(filter), tries(filter), kept(filter, failure(filter))));
}

base::Status run_chunks(const ChunkCommand& command, io::Stats& stats) {
  if (!command.keep_failed.empty()) process::check_keep_directory(command.keep_failed);
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
  if (stats.skipped.empty()) return base::Status::success;
  std::uint64_t records = 0;
  for (const auto& chunk : stats.skipped) records += chunk.records;
  const bool lacks_header =
      stats.skipped.size() == run.chunks() && command.written && command.written->header.is_named();
  base::say(fmt::format("{} of {} chunks are left out of the output, with {} of {} records{}",
                        stats.skipped.size(), run.chunks(), records, stats.records_in,
                        lacks_header ? ": no filter has written the header, so the output is empty" : ""));
  return base::Status::bad_data;
}

}  // namespace mrf::chunk
