// SPDX-License-Identifier: MIT
#include "split/outputs.h"

#include <poll.h>
#include <sys/epoll.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <exception>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "base/output_name.h"

namespace mrf::split {

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t largest_block = 16 * page;
constexpr std::chrono::milliseconds longest_retry{32};
constexpr int share_of_retries = 9;  // the tries of very many FIFOs take a tenth of the time at most

// A quarter of the memory at most is in blocks that are not full yet, with up to a thousand outputs.
std::size_t block_size_for(std::size_t budget, std::size_t outputs) {
  const std::size_t share = budget / 4 / std::max<std::size_t>(outputs, 1);
  return std::clamp(share / page * page, page, largest_block);
}

// What one block of an output holds: with very many outputs the blocks being filled take 4 MiB together, or
// 4 KiB each.
std::size_t job_bytes(std::size_t outputs) {
  constexpr std::size_t all_blocks = std::size_t{4} << 20;
  return std::clamp(all_blocks / outputs, page, codec::bgzf_payload);
}

}  // namespace

Outputs::Outputs(const std::vector<std::string>& paths, Compression compression, io::Stats& stats)
    : stats_(stats), pool_(block_size_for(budget, paths.size()), budget) {
  for (const auto& path : paths) is_blocked_.push_back(compression.bam || base::has_gzip_name(path));
  if (const auto blocked = std::count(is_blocked_.begin(), is_blocked_.end(), true); blocked > 0) {
    bgzf_.emplace(paths.size(), job_bytes(static_cast<std::size_t>(blocked)),
                  compression.bam ? 0 : compression.level, compression.bam ? 0 : compression.threads,
                  [this](codec::BgzfWriter::Block& packed) {
                    const std::lock_guard lock(finished_mutex_);
                    finished_.push_back(std::move(packed));
                  });
  }
  for (const auto& path : paths) {
    outputs_.emplace_back(path, pool_, stats_.out);
    stats_.outputs.push_back({path, 0, 0});
    ++(outputs_.back().target().is_direct() ? open_direct_ : open_files_);
  }
  states_.resize(outputs_.size());
  for (std::size_t i = 0; i < outputs_.size(); ++i) push(i);
}

// Writes as much as the output takes; when something is left, the output is listed, if it is not watched
// already. A watched descriptor is forgotten before it may be closed.
void Outputs::push(std::size_t index) {
  Output& output = outputs_[index];
  if (output.is_closed()) return;
  if (output.is_closing()) forget(index);
  const std::size_t before = output.queued_ranges();
  try {
    output.push();
  } catch (const base::Error&) {
    give_up(index);
    throw;
  }
  ranges_ -= before - output.queued_ranges();
  if (output.is_closed()) --(output.target().is_direct() ? open_direct_ : open_files_);
  if (states_[index].is_awaited && has_room(output)) {
    states_[index].is_awaited = false;
    freed_.push_back(index);
  }
  if (output.is_closed() || (output.queued_bytes() == 0 && !output.waits_for_reader())) {
    forget(index);
  } else {
    list(index);
  }
}

void Outputs::list(std::size_t index) {
  State& state = states_[index];
  if (state.is_listed || state.is_watched || state.is_retried) return;
  state.is_listed = true;
  listed_.push_back(index);
}

void Outputs::watch(std::size_t index) {
  reactor_.watch(outputs_[index].target().fd(), EPOLLOUT,
                 [this, index](std::uint32_t) { ready_.push_back(index); });
  states_[index].is_watched = true;
  pause_.add(outputs_[index].target().fd());
}

void Outputs::forget(std::size_t index) {
  if (!std::exchange(states_[index].is_watched, false)) return;
  reactor_.forget(outputs_[index].target().fd());
}

void Outputs::give_up(std::size_t index) noexcept {
  Output& output = outputs_[index];
  forget(index);
  ranges_ -= output.queued_ranges();
  if (!output.is_closed()) --(output.target().is_direct() ? open_direct_ : open_files_);
  output.give_up();
}

void Outputs::put_bytes(std::size_t index, std::string_view bytes) {
  if (!is_blocked(index)) return put_plain(index, bytes);
  if (!states_[index].is_filling && outputs_[index].target().is_direct()) {
    states_[index].is_filling = true;
    filling_.push_back(index);
  }
  if (bgzf_->write(index, bytes)) put_finished_blocks();
}

void Outputs::put_finished_blocks() {
  while (const auto block = next_finished_block()) put_plain(block->stream, block->view());
}

std::optional<codec::BgzfWriter::Block> Outputs::next_finished_block() {
  const std::lock_guard lock(finished_mutex_);
  if (finished_.empty()) return std::nullopt;
  auto block = std::move(finished_.front());
  finished_.pop_front();
  return block;
}

// Passes on blocks that are not full, since a reader may wait for them; a regular file is read only when it
// is whole.
void Outputs::put_blocks() {
  if (!bgzf_) return;
  while (!filling_.empty()) {
    const std::size_t index = filling_.back();
    filling_.pop_back();
    states_[index].is_filling = false;
    if (!outputs_[index].is_closed()) bgzf_->close(index);
  }
  bgzf_->finish();
  put_finished_blocks();
}

bool Outputs::can_take(std::size_t index) {
  Output& output = outputs_[index];
  const bool is_full = output.queued_bytes() >= pool_.block_size() && !states_[index].is_watched;
  if (!output.target().is_open() || is_full) push(index);
  states_[index].is_awaited = !has_room(output);
  return has_room(output);
}

bool Outputs::has_room(const Output& output) const {
  return output.target().is_open() && output.queued_bytes() < pool_.block_size();
}

void Outputs::put_plain(std::size_t index, std::string_view bytes) {
  Output& output = outputs_[index];
  stats_.outputs[index].bytes += bytes.size();
  if (bytes.size() >= written_through) {
    push(index);
    if (output.queued_bytes() == 0) bytes.remove_prefix(output.write_through(bytes));
  }
  while (!bytes.empty()) {
    const std::size_t n = output.append(bytes);
    bytes.remove_prefix(n);
    if (bytes.empty()) return list(index);
    push(index);
    while (pool_.is_used_up()) step();
  }
}

void Outputs::keep_last(std::size_t end, std::size_t bytes) {
  last_bytes_ = bytes;
  for (std::size_t index = 0; index < end; ++index) {
    last_.emplace_back();
    try {
      if (is_blocked(index)) {
        last_.back() =
            std::make_unique<io::LastBytes>(outputs_[index].target().path(), bytes, bytes + budget);
      } else {
        outputs_[index].keep_last(bytes);
      }
    } catch (const base::Error& error) {
      base::warn(error.what());
    }
  }
}

void Outputs::keep(std::size_t index, std::initializer_list<std::string_view> pieces, bool is_whole) {
  // Records that wait for the output are kept besides those that its reader may have.
  io::LastBytes& last = *last_[index];
  last.keep_more(last_bytes_ + outputs_[index].queued_bytes());
  for (const std::string_view piece : pieces) last.add(piece);
  if (!is_whole) return;
  last.end_unit(last.end());
  last.keep_to(last.end());
}

void Outputs::put_header(std::size_t index, std::string_view bytes) {
  if (is_kept(index)) last_[index]->add_header(bytes);
  Output& output = outputs_[index];
  if (output.keeps_last()) output.begin_header(bytes);
  enqueue(index, output, bytes);
  if (output.keeps_last()) output.end_header();
}

void Outputs::put_range(std::size_t index, std::shared_ptr<const io::InputFile> file, std::uint64_t offset,
                        std::string_view bytes, bool is_whole) {
  if (is_blocked(index) || !outputs_[index].takes_ranges())
    return is_whole ? put(index, bytes) : put_part(index, bytes);
  while (ranges_ >= most_ranges) step();
  stats_.outputs[index].bytes += bytes.size();
  outputs_[index].append_range(std::move(file), offset, bytes.size());
  if (is_whole && outputs_[index].keeps_last()) outputs_[index].end_records();
  ++ranges_;
  push(index);
}

void Outputs::close(std::size_t index) {
  if (is_blocked(index)) {
    bgzf_->close(index);
    bgzf_->finish();
    put_finished_blocks();
    put_plain(index, codec::bgzf_eof);
  }
  outputs_[index].close_when_empty();
  push(index);
}

// Tries the listed outputs, and has those watched that take no more. Returns whether anything moved.
bool Outputs::push_listed() {
  bool moved = false;
  while (!listed_.empty()) {
    const std::size_t index = listed_.back();
    Output& output = outputs_[index];
    const std::size_t queued = output.queued_bytes();
    const bool was_open = output.target().is_open();
    push(index);
    listed_.pop_back();
    states_[index].is_listed = false;
    moved |= output.is_closed() || output.queued_bytes() != queued || output.target().is_open() != was_open;
    if (output.is_closed()) continue;
    if (output.waits_for_reader()) {
      states_[index].is_retried = true;
      retried_.push_back(index);
    } else if (output.queued_bytes() > 0) {
      watch(index);
    }
  }
  if (!retried_.empty() && !retry_) {
    retry_ = reactor_.at(io::Reactor::Clock::now() + retry_after_, [this] { retry(); });
  }
  return moved;
}

// FIFOs that waited for their reader, all of them.
void Outputs::retry() {
  retry_.reset();
  const auto start = io::Reactor::Clock::now();
  const std::size_t before = retried_.size();
  std::exception_ptr failure;
  std::erase_if(retried_, [&](std::size_t index) {
    Output& output = outputs_[index];
    try {
      if (!failure) push(index);
    } catch (...) {
      failure = std::current_exception();
    }
    if (output.waits_for_reader()) return false;
    states_[index].is_retried = false;
    if (!output.is_closed() && output.queued_bytes() > 0) list(index);
    return true;
  });
  if (failure) std::rethrow_exception(failure);
  const auto took = std::chrono::ceil<std::chrono::milliseconds>(io::Reactor::Clock::now() - start);
  retry_after_ =
      before > retried_.size() ? std::chrono::milliseconds(1) : std::min(2 * retry_after_, longest_retry);
  if (took.count() > 1) retry_after_ = std::max(retry_after_, share_of_retries * took);
}

void Outputs::push_ready() {
  for (const std::size_t index : std::exchange(ready_, {})) {
    push(index);
  }
}

// Waits until an output can take something, and writes it.
void Outputs::turn(io::Meter& meter) {
  ready_.clear();
  {
    const io::WaitTimer timer(meter);
    reactor_.turn();
  }
  push_ready();
}

void Outputs::step() {
  if (push_listed()) return;
  turn(stats_.out);
  const io::WaitTimer timer(stats_.out);
  pause_.after(stats_.out.bytes);
}

void Outputs::wait_for(io::FdRef input, io::Meter& meter, io::Reader* beside) {
  pollfd at_once{input.get(), POLLIN, 0};
  if (::poll(&at_once, 1, 0) > 0) return;
  put_blocks();
  bool is_ready = false;
  reactor_.watch(input, EPOLLIN, [&is_ready](std::uint32_t) { is_ready = true; });
  const auto look_beside = [&](std::uint32_t) {
    beside->read_ahead();
    if (!beside->can_read_ahead()) reactor_.forget(beside->fd());
  };
  const auto forget_all = [&] {
    reactor_.forget(input);
    if (beside != nullptr) reactor_.forget(beside->fd());
  };
  try {
    if (beside != nullptr && beside->can_read_ahead()) reactor_.watch(beside->fd(), EPOLLIN, look_beside);
    while (!is_ready) {
      push_listed();
      turn(meter);
    }
  } catch (...) {
    forget_all();
    throw;
  }
  forget_all();
}

void Outputs::wait_until_closed(bool files) {
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (!outputs_[i].is_closed() && (files || outputs_[i].target().is_direct())) close(i);
  }
  while (open_direct_ + (files ? open_files_ : 0) > 0) step();
}

void Outputs::finish() {
  wait_until_closed(false);
  wait_until_closed(true);
  std::vector<io::OutputFile*> files;
  for (Output& output : outputs_) {
    if (io::OutputFile* file = output.target().file(); file != nullptr) files.push_back(file);
  }
  io::commit_together(files);
}

void Outputs::close_when_read(std::size_t index) { outputs_[index].close_when_read(true); }

void Outputs::abandon(std::string_view unfinished) noexcept {
  for (Output& output : outputs_) output.close_when_read(false);
  for (std::size_t index = 0; index < outputs_.size(); ++index) {
    const Output& output = outputs_[index];
    if (!output.target().is_direct() || !output.target().is_open()) give_up(index);
  }
  if (std::getenv(io::stats_prefix_variable) != nullptr)
    return;  // under mrf-run no reader sees the end of a job that failed
  // Without its end-of-file block, a BAM stream is known to be incomplete.
  std::size_t marked = unfinished.empty() ? outputs_.size() : 0;
  for (std::size_t errors = 0; errors <= outputs_.size(); ++errors) {
    try {
      put_blocks();
      bgzf_.reset();
      while (marked < outputs_.size()) {
        const std::size_t at = marked++;
        if (!is_blocked(at) && !outputs_[at].is_closed() && outputs_[at].target().is_direct())
          put_plain(at, unfinished);
      }
      return wait_until_closed(false);
    } catch (const base::Error&) {  // the first one is the one that is reported
    }
  }
}

}  // namespace mrf::split
