// SPDX-License-Identifier: MIT
#include "run/fifo_set.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/error.h"

namespace mrf {

namespace {

constexpr std::size_t shared_out = std::size_t{16} << 20;
constexpr std::size_t largest = std::size_t{1} << 20;
constexpr std::size_t smallest = 4096;

std::size_t default_size(std::size_t fifos) {
  return std::clamp(shared_out / std::max<std::size_t>(fifos, 1), smallest, largest);
}

}  // namespace

FifoSet::FifoSet(const Plan& plan, const Workspace& workspace, std::size_t pipe_size)
    : fifos_(plan.fifos.size()), inotify_(adopt_fd, ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
  if (!inotify_.is_open()) throw SystemError("watch", workspace.directory());
  if (pipe_size == 0) pipe_size = default_size(fifos_.size());
  for (std::size_t at = 0; at < fifos_.size(); ++at) {
    const std::string name = Workspace::file_name(plan.fifos[at].name);
    const std::string path = workspace.own_directory() + "/" + name;
    fifos_[at].path = path;
    fifos_[at].id = file_id(path);
    fifos_[at].writers = fifos_[at].writers_left = plan.fifos[at].writers.size();
    hold(fifos_[at], Side::reader);
    hold(fifos_[at], Side::writer);
    ask_pipe_size(fifos_[at].writer.held, pipe_size);
    by_file_name_.emplace(name, at);
  }
  watch(workspace.in_directory(), Side::reader);
  watch(workspace.out_directory(), Side::writer);
}

void FifoSet::watch(const std::string& directory, Side side) {
  const int watch = ::inotify_add_watch(inotify_.get(), directory.c_str(), IN_OPEN | IN_CLOSE);
  if (watch < 0) throw SystemError("watch", directory);
  watches_[static_cast<int>(side)] = watch;
}

FifoSet::EndState& FifoSet::state(FifoEnd end) {
  Fifo& fifo = fifos_[end.fifo];
  return end.side == Side::reader ? fifo.reader : fifo.writer;
}

std::vector<FifoEvent> FifoSet::read_events() {
  std::vector<FifoEvent> events;
  alignas(inotify_event) char buffer[16384];
  for (;;) {
    const ssize_t n = ::read(inotify_.get(), buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return events;
    if (n <= 0) throw SystemError("watch", "FIFOs");
    for (const char* at = buffer; at < buffer + n;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      at += sizeof(inotify_event) + event->len;
      if ((event->mask & IN_Q_OVERFLOW) != 0) throw SystemError("watch", "FIFOs", EOVERFLOW);
      if (event->len == 0) continue;
      const auto found = by_file_name_.find(event->name);
      if (found == by_file_name_.end()) continue;
      const FifoEnd end{found->second,
                        event->wd == watches_[static_cast<int>(Side::reader)] ? Side::reader : Side::writer};
      if ((event->mask & IN_OPEN) != 0) {
        state(end).opened = true;
        release(end.fifo);
        events.push_back({end, false});
      } else if ((event->mask & IN_CLOSE) != 0 &&
                 (end.side == Side::reader || fifos_[end.fifo].writers == 1)) {
        events.push_back({end, true});
      }
    }
  }
}

void FifoSet::hold(Fifo& fifo, Side side) {
  Fd& held = side == Side::reader ? fifo.reader.held : fifo.writer.held;
  if (!held.is_open()) held = open_file(fifo.path, (side == Side::reader ? O_RDONLY : O_WRONLY) | O_NONBLOCK);
}

void FifoSet::set_through(FifoEnd end) {
  Fifo& fifo = fifos_[end.fifo];
  if (end.side == Side::writer && fifo.writers_left > 1) {
    --fifo.writers_left;
    return;
  }
  state(end).through = state(end).ended = true;
  release(end.fifo);
}

void FifoSet::set_closed(FifoEnd end) {
  Fifo& fifo = fifos_[end.fifo];
  state(end).through = true;
  release(end.fifo);
  try {
    if (end.side == Side::writer && fifo.reader.through) hold(fifo, Side::reader);
    if (end.side == Side::reader && fifo.writer.through) hold(fifo, Side::writer);
  } catch (const Error&) {  // the FIFO's names are gone: nobody opens it again
  }
}

bool FifoSet::reopen(FifoEnd end) {
  if (state(end).was_told) return false;
  state(end).through = false;
  release(end.fifo);
  return true;
}

bool FifoSet::is_held(FifoEnd end, pid_t pid) const {
  return has_open(pid, fifos_[end.fifo].id, end.side == Side::writer);
}

void FifoSet::expect_next_writer(std::size_t index) {
  Fifo& fifo = fifos_[index];
  fifo.writer.opened = false;
  hold(fifo, Side::reader);
}

void FifoSet::release(std::size_t index) {
  Fifo& fifo = fifos_[index];
  const auto tell = [](EndState& end, const EndState& other) {
    if (!end.through || !(other.through ? end.ended && other.ended : other.opened)) return;
    end.held.reset();
    end.was_told = true;
  };
  tell(fifo.writer, fifo.reader);
  tell(fifo.reader, fifo.writer);
}

bool FifoSet::is_left_open(const Fifo& fifo) {
  if (fifo.reader.held.is_open() == fifo.writer.held.is_open()) return false;
  const Fd& held = fifo.reader.held.is_open() ? fifo.reader.held : fifo.writer.held;
  pollfd polled{held.get(), 0, 0};
  return ::poll(&polled, 1, 0) == 0;  // neither POLLHUP nor POLLERR
}

FifoLook FifoSet::look(std::size_t index) const {
  const Fifo& fifo = fifos_[index];
  const auto use = [](const EndState& end) {
    return end.through ? EndUse::through : end.opened ? EndUse::open : EndUse::unopened;
  };
  FifoLook look{use(fifo.reader), use(fifo.writer), 0, false, false};
  int bytes = 0;
  if (fifo.reader.held.is_open() && ::ioctl(fifo.reader.held.get(), FIONREAD, &bytes) == 0)
    look.bytes = static_cast<std::size_t>(bytes);
  pollfd polled{fifo.writer.held.get(), POLLOUT, 0};
  if (fifo.writer.held.is_open() && ::poll(&polled, 1, 0) >= 0)
    look.is_full = (polled.revents & POLLOUT) == 0;
  look.is_left_open = is_left_open(fifo);
  return look;
}

void FifoSet::sample() {
  std::vector<pollfd> polled;
  std::vector<Fifo*> looked_at;
  for (Fifo& fifo : fifos_) {
    fifo.samples.in_use = !fifo.reader.through && !fifo.writer.through;
    if (!fifo.samples.in_use) continue;
    polled.push_back({fifo.reader.held.get(), POLLIN, 0});
    polled.push_back({fifo.writer.held.get(), POLLOUT, 0});
    looked_at.push_back(&fifo);
  }
  if (polled.empty() || ::poll(polled.data(), polled.size(), 0) < 0) return;
  for (std::size_t at = 0; at < looked_at.size(); ++at) {
    FifoSamples& samples = looked_at[at]->samples;
    samples.was_empty = (polled[2 * at].revents & POLLIN) == 0;
    samples.was_full = (polled[2 * at + 1].revents & POLLOUT) == 0;
    ++samples.looks;
    samples.empty += samples.was_empty ? 1 : 0;
    samples.full += samples.was_full ? 1 : 0;
  }
}

}  // namespace mrf
