// SPDX-License-Identifier: MIT
#include "run/fifo_set.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "io/paths.h"

namespace mrf::run {

namespace {

constexpr std::size_t shared_out = std::size_t{16} << 20;
constexpr std::size_t largest = std::size_t{1} << 20;
constexpr std::size_t smallest = 4096;

std::size_t default_size(std::size_t fifos) {
  return std::clamp(shared_out / std::max<std::size_t>(fifos, 1), smallest, largest);
}

short poll_now(io::FdRef fd, short events) {
  pollfd polled{fd.get(), events, 0};
  return ::poll(&polled, 1, 0) < 0 ? short{0} : polled.revents;
}

}  // namespace

FifoSet::FifoSet(const workflow::Plan& plan, const Workspace& workspace, std::size_t pipe_size,
                 io::Reactor& reactor, OnUnread on_unread)
    : plan_(plan),
      fifos_(plan.fifos.size()),
      reactor_(reactor),
      on_unread_(std::move(on_unread)),
      inotify_(io::adopt_fd, ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (!inotify_.is_open() && errno == EMFILE)
    throw base::Error(
        base::Status::failure, "watch", "FIFOs",
        "Too many open files, or instances of inotify(7); raise the limit of open files: ulimit -n, or "
        "that of instances: sysctl fs.inotify.max_user_instances");
  if (!inotify_.is_open()) throw base::SystemError("watch", workspace.directory());
  if (pipe_size == 0) pipe_size = default_size(fifos_.size());
  for (std::size_t at = 0; at < fifos_.size(); ++at) {
    const workflow::PlannedFifo& planned = plan.fifos[at];
    const std::string name = Workspace::file_name(planned.name);
    Fifo& fifo = fifos_[at];
    fifo.path = workspace.own_directory() + "/" + name;
    fifo.writers_path = workspace.out_directory() + "/" + name;
    fifo.writers_left = planned.writers.size();
    for (const std::size_t writer : planned.writers)
      fifo.must_be_read = fifo.must_be_read || workflow::writes_records(plan.jobs[writer]);
    fifo.is_read_once =
        std::any_of(planned.writers.begin(), planned.writers.end(),
                    [&plan](std::size_t writer) { return workflow::spools(plan.jobs[writer]); });
    hold(fifo, Held::both);
    io::ask_pipe_size(fifo.fd, pipe_size);
    by_file_name_.emplace(name, at);
    if (fifo.is_read_once) count_opens(workspace.in_directory() + "/" + name);
  }
  if (fifos_.empty()) return;
  watch(workspace.in_directory(), Side::reader);
  watch(workspace.out_directory(), Side::writer);
}

void FifoSet::watch(const std::string& directory, Side side) {
  const int watch = add_watch(directory, IN_OPEN | IN_CLOSE);
  if (watch < 0) throw base::SystemError("watch", directory);
  watches_[static_cast<int>(side)] = watch;
}

// -1 with errno of inotify_add_watch(2).
int FifoSet::add_watch(const std::string& path, std::uint32_t events) {
  const int watch = ::inotify_add_watch(inotify_.get(), path.c_str(), events);
  if (watch >= 0) all_watches_.push_back(watch);
  return watch;
}

// A failure leaves the wait to close(2).
void FifoSet::stop_watching() noexcept {
  for (const int watch : all_watches_) (void)::inotify_rm_watch(inotify_.get(), watch);
  all_watches_.clear();
}

// The kernel makes one of two events in a row that are equal, as when a job opens a FIFO twice. A watch of
// the FIFO itself puts another event behind each one of the directory's. Where the user has no watch left,
// two opens in a row may look like one.
void FifoSet::count_opens(const std::string& path) {
  if (add_watch(path, IN_OPEN) < 0 && errno != ENOSPC) throw base::SystemError("watch", path);
}

// A FIFO that is open here is opened again by its descriptor, since its name may be gone. The old descriptor
// is closed last, since a FIFO that no process has open loses its data.
void FifoSet::hold(Fifo& fifo, Held ends) {
  if (fifo.held == ends) return;
  const auto at = static_cast<std::size_t>(&fifo - fifos_.data());
  io::Fd fd;
  if (ends != Held::none) {
    const int mode = ends == Held::both ? O_RDWR : ends == Held::read ? O_RDONLY : O_WRONLY;
    const std::string path = fifo.fd.is_open() ? fmt::format("/proc/self/fd/{}", fifo.fd.get()) : fifo.path;
    try {
      fd = io::open_file(path, mode | O_NONBLOCK);
    } catch (const base::SystemError& error) {
      throw base::SystemError("open FIFO", plan_.fifos[at].name, error.error_number());
    }
  }
  if (fifo.is_watched) reactor_.forget(fifo.fd);
  fifo.fd = std::move(fd);
  fifo.held = ends;
  if (fifo.is_watched) watch_for_unread(at);
}

void FifoSet::watch_for_unread(std::size_t at) {
  fifos_[at].is_watched = true;
  reactor_.watch(fifos_[at].fd, EPOLLIN, [this, at](std::uint32_t) { check_unread(at); });
}

bool FifoSet::read_events() {
  alignas(inotify_event) char buffer[65536];
  const ssize_t n = ::read(inotify_.get(), buffer, sizeof buffer);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return false;
  if (n <= 0) throw base::SystemError("watch", "FIFOs");
  for (const char* at = buffer; at < buffer + n;) {
    const auto* event = reinterpret_cast<const inotify_event*>(at);
    at += sizeof(inotify_event) + event->len;
    if ((event->mask & IN_Q_OVERFLOW) != 0) throw base::SystemError("watch", "FIFOs", EOVERFLOW);
    if (event->len == 0) continue;
    const auto found = by_file_name_.find(event->name);
    if (found == by_file_name_.end()) continue;
    const bool is_reader = event->wd == watches_[static_cast<int>(Side::reader)];
    on_event(found->second, is_reader ? Side::reader : Side::writer, (event->mask & IN_OPEN) != 0);
  }
  return true;
}

bool FifoSet::has_events() const { return (poll_now(inotify_, POLLIN) & POLLIN) != 0; }

void FifoSet::on_event(std::size_t index, Side side, bool is_open) {
  Fifo& fifo = fifos_[index];
  const workflow::PlannedFifo& planned = plan_.fifos[index];
  if (is_open) {
    check_opened(fifo, side);
    (side == Side::reader ? fifo.reader : fifo.writer).was_opened = true;
    (side == Side::reader ? fifo.reader : fifo.writer).opened = true;
  } else if (side == Side::writer && planned.ends_at_close) {
    fifo.is_closed = fifo.writer.through = true;
    fifo.writer.opened = false;
  }
  if (!is_open) (side == Side::reader ? fifo.reader : fifo.writer).has_closed = true;
  settle(fifo);
  if (is_open) return;
  if (fifo.writer.through && !fifo.reader.through) hold_for_reader(fifo);
  if (is_let_go(fifo) && fifo.writers_left > 0) hold_for_writer(fifo);
}

void FifoSet::check_opened(const Fifo& fifo, Side side) {
  if (fault_) return;
  const workflow::PlannedFifo& planned = plan_.fifos[static_cast<std::size_t>(&fifo - fifos_.data())];
  if (side == Side::writer && fifo.is_closed) {
    fault_.emplace(base::Status::failure, "continue", planned.name,
                   fmt::format("'{}' opened it again after it had closed it, which is the end of its data",
                               plan_.jobs[planned.writers[0]].display_name()));
  } else if (side == Side::reader && fifo.is_read_once && fifo.reader.was_opened) {
    fault_.emplace(
        base::Status::failure, "continue", planned.name,
        fmt::format("'{}' opened it a second time, and it can be read only once: copy it to a file "
                    "first, in a shell with cat \"$1\" >FILE",
                    plan_.jobs[planned.reader].display_name()));
  }
}

void FifoSet::settle(Fifo& fifo) {
  if (fifo.writer.through && (fifo.reader.opened || fifo.reader.through) && writes(fifo.held)) {
    hold(fifo, reads(fifo.held) ? Held::read : Held::none);
    if (fifo.reader.has_closed && !fifo.reader.through) hold_for_reader(fifo);
  }
  if (is_let_go(fifo) && (fifo.writer.opened || fifo.writers_left == 0) && reads(fifo.held)) {
    hold(fifo, writes(fifo.held) ? Held::write : Held::none);
    if (fifo.writer.has_closed && fifo.writers_left > 0) hold_for_writer(fifo);
  }
}

// The reader has closed its end at least once and may open it again: when nobody has the FIFO open for
// writing, that open(2) would wait. Without a read end of the supervisor's poll(2) tells whether there is
// another one; what is in the FIFO stays, since its write end is open.
void FifoSet::hold_for_reader(Fifo& fifo) {
  if (fifo.held != Held::read || (poll_now(fifo.fd, 0) & POLLHUP) == 0) return;
  try {
    hold(fifo, Held::write);
    fifo.reader.opened = (poll_now(fifo.fd, 0) & POLLERR) == 0;
    hold(fifo, fifo.reader.opened ? Held::read : Held::both);
  } catch (const base::Error&) {  // the FIFO is gone: nobody opens it again
  }
}

// Whether a process has it open for reading; not this one.
bool FifoSet::is_read(const Fifo& fifo) {
  return io::Fd(io::adopt_fd, ::open(fifo.path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC)).is_open();
}

// The writer, whose reader is through, may open its end again. read(2) shows whether a process has the FIFO
// open for writing; no reader misses the bytes that it takes. Where what the reader's job has left behind has
// it open for reading, no open(2) waits, and the bytes are not to be taken.
void FifoSet::hold_for_writer(Fifo& fifo) {
  if (reads(fifo.held) || is_read(fifo)) return;
  try {
    hold(fifo, Held::read);
    char buffer[65536];
    ssize_t n = 1;
    for (int tries = 0; n > 0 && tries < 64; ++tries) n = ::read(fifo.fd.get(), buffer, sizeof buffer);
    fifo.writer.opened = n != 0;
    if (fifo.writer.opened) hold(fifo, Held::none);
  } catch (const base::Error&) {
  }
}

void FifoSet::writer_succeeded(std::size_t at) {
  Fifo& fifo = fifos_[at];
  if (--fifo.writers_left > 0) return;
  fifo.writer.through = true;
  if (fifo.is_watched) check_unread(at);
  settle(fifo);
}

// A job that renames a file of its own to the path, or removes the FIFO first, as programs do that never show
// a file in part, has written what no reader sees.
void FifoSet::check_in_place(std::size_t job) {
  for (const std::size_t at : plan_.jobs[job].writes) {
    const auto there = io::find_file_id(fifos_[at].writers_path);
    if (fault_ || !there || there == io::find_file_id(fifos_[at].path)) continue;
    fault_.emplace(
        base::Status::failure, "continue", plan_.fifos[at].name,
        fmt::format("'{}' has put another file in the place of the FIFO: it has to write to what is "
                    "there, as cat FILE >\"$1\" does in a shell",
                    plan_.jobs[job].display_name()));
  }
}

void FifoSet::job_succeeded(std::size_t job, bool by_reader) {
  check_in_place(job);
  if (fault_) return;
  for (const std::size_t at : plan_.jobs[job].writes) writer_succeeded(at);
  for (const std::size_t at : plan_.jobs[job].reads) {
    Fifo& fifo = fifos_[at];
    fifo.reader.through = true;
    if (!by_reader && fifo.must_be_read) {
      watch_for_unread(at);
      check_unread(at);
    }
    settle(fifo);
  }
}

// Of a FIFO whose reader has ended.
void FifoSet::check_unread(std::size_t index) {
  Fifo& fifo = fifos_[index];
  const bool is_unread = bytes_in(fifo) > 0;
  if (!is_unread && !fifo.writer.through) return;
  reactor_.forget(fifo.fd);
  fifo.is_watched = false;
  fifo.is_left_unread = is_unread;
  if (is_unread) on_unread_(plan_.fifos[index].reader);
}

void FifoSet::expect_writer(std::size_t job) {
  for (const std::size_t at : plan_.jobs[job].writes) {
    if (plan_.fifos[at].writers.size() == 1) continue;
    fifos_[at].writer.opened = false;
    hold(fifos_[at], writes(fifos_[at].held) ? Held::both : Held::read);
  }
}

std::optional<std::size_t> FifoSet::lost_reader(std::size_t job) const {
  for (const std::size_t fifo : plan_.jobs[job].writes) {
    if (is_let_go(fifos_[fifo])) return plan_.fifos[fifo].reader;
  }
  return std::nullopt;
}

bool FifoSet::may_end_by_reader(std::size_t job) const {
  const auto& written = plan_.jobs[job].writes;
  return lost_reader(job) && workflow::writes_one_stream(plan_, job) &&
         std::all_of(written.begin(), written.end(), [this](std::size_t fifo) {
           return plan_.fifos[fifo].ends_at_close || is_let_go(fifos_[fifo]);
         });
}

std::size_t FifoSet::bytes_in(const Fifo& fifo) {
  int bytes = 0;
  if (!reads(fifo.held) || ::ioctl(fifo.fd.get(), FIONREAD, &bytes) != 0) return 0;
  return static_cast<std::size_t>(bytes);
}

bool FifoSet::is_left_open(const Fifo& fifo) {
  if (fifo.held != Held::read && fifo.held != Held::write) return false;
  return (poll_now(fifo.fd, 0) & (POLLHUP | POLLERR)) == 0;
}

FifoState FifoSet::state(std::size_t index) const {
  const Fifo& fifo = fifos_[index];
  const auto use = [](const End& end) {
    return end.through ? EndUse::through : end.opened ? EndUse::open : EndUse::unopened;
  };
  FifoState state{use(fifo.reader), use(fifo.writer), bytes_in(fifo), false, is_left_open(fifo)};
  if (writes(fifo.held)) state.is_full = (poll_now(fifo.fd, POLLOUT) & POLLOUT) == 0;
  return state;
}

// A second open(2) of a reader waits for a writer when the only one is through: it gets one for a moment, so
// that read_events() tells of it. The reader that has the FIFO open sees its end a moment later.
void FifoSet::wake_second_reader(const Fifo& fifo) {
  if (!fifo.is_read_once || !fifo.writer.through || !fifo.reader.opened || fifo.held != Held::read) return;
  const std::string path = fmt::format("/proc/self/fd/{}", fifo.fd.get());
  const io::Fd writer(io::adopt_fd, ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC));
}

void FifoSet::sample() {
  for (const Fifo& fifo : fifos_) wake_second_reader(fifo);
  std::vector<pollfd> polled;
  std::vector<Fifo*> sampled;
  for (Fifo& fifo : fifos_) {
    fifo.samples.in_use = !fifo.reader.through && !fifo.writer.through;
    if (!fifo.samples.in_use) continue;
    polled.push_back({fifo.fd.get(), POLLIN | POLLOUT, 0});
    sampled.push_back(&fifo);
  }
  if (polled.empty() || ::poll(polled.data(), polled.size(), 0) < 0) return;
  for (std::size_t at = 0; at < sampled.size(); ++at) {
    FifoSamples& samples = sampled[at]->samples;
    samples.was_empty = (polled[at].revents & POLLIN) == 0;
    samples.was_full = (polled[at].revents & POLLOUT) == 0;
    ++samples.taken;
    samples.empty += samples.was_empty ? 1 : 0;
    samples.full += samples.was_full ? 1 : 0;
  }
}

}  // namespace mrf::run
