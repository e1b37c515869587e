// SPDX-License-Identifier: MIT
#include "split/outputs.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/error.h"
#include "codec/bgzf.h"

namespace mrf {

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t largest_block = 16 * page;
constexpr int longest_retry_ms = 32;

// A quarter of the memory at most is in blocks that are not full yet, with up to a thousand outputs.
std::size_t block_size_for(std::size_t budget, std::size_t outputs) {
  const std::size_t share = budget / 4 / std::max<std::size_t>(outputs, 1);
  return std::clamp(share / page * page, page, largest_block);
}

}  // namespace

Outputs::Outputs(const std::vector<std::string>& paths, Compression compression, Stats& stats)
    : stats_(stats), pool_(block_size_for(budget, paths.size()), budget) {
  for (const auto& path : paths) is_blocked_.push_back(compression.bam || has_gzip_name(path));
  if (const auto blocked = std::count(is_blocked_.begin(), is_blocked_.end(), true); blocked > 0) {
    blocks_.emplace(paths.size(), static_cast<std::size_t>(blocked), compression.bam ? 0 : compression.level,
                    compression.bam ? 0 : compression.threads);
  }
  for (const auto& path : paths) {
    outputs_.emplace_back(path, pool_, stats_.out);
    stats_.outputs.push_back({path, 0, 0});
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) push(i);
}

void Outputs::push(std::size_t index) {
  Output& output = outputs_[index];
  const std::size_t before = output.queued_ranges();
  try {
    output.push();
  } catch (const Error&) {
    output.give_up();
    ranges_ -= before;
    throw;
  }
  ranges_ -= before - output.queued_ranges();
}

void Outputs::put_bytes(std::size_t index, std::string_view bytes) {
  if (!is_blocked(index)) return put_plain(index, bytes);
  while (!bytes.empty()) {
    bytes.remove_prefix(blocks_->fill(index, bytes));
    if (blocks_->is_full(index)) put_block(index);
  }
}

void Outputs::put_block(std::size_t index) {
  if (blocks_->is_empty(index)) return;
  blocks_->close(index);
  put_finished_blocks(false);
}

// Puts the blocks that the threads are through with; with `all`, waits for the others, too.
void Outputs::put_finished_blocks(bool all) {
  if (all) blocks_->wait();
  while (auto block = blocks_->next_finished()) {
    put_plain(block->output, block->view());
    blocks_->recycle(*block);
  }
}

// What was dealt to who reads meanwhile goes out; a regular file is not looked at before it is whole.
void Outputs::put_blocks() {
  if (!blocks_) return;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (is_blocked(i) && !outputs_[i].is_closed() && outputs_[i].target().is_direct()) put_block(i);
  }
  put_finished_blocks(true);
}

bool Outputs::can_take(std::size_t index) {
  Output& output = outputs_[index];
  if (!output.target().is_open() || output.queued_bytes() >= pool_.block_size()) push(index);
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
    if (bytes.empty()) return;
    push(index);
    while (pool_.is_used_up()) step(no_input, stats_.out);
  }
}

void Outputs::put_range(std::size_t index, const std::shared_ptr<const Window>& input, std::string_view bytes,
                        long long offset) {
  if (is_blocked(index)) return put(index, bytes);
  while (ranges_ >= most_ranges) step(no_input, stats_.out);
  stats_.outputs[index].bytes += bytes.size();
  outputs_[index].append_range(input, bytes, offset);
  ++ranges_;
  push(index);
}

void Outputs::close(std::size_t index) {
  if (is_blocked(index)) {
    put_block(index);
    put_finished_blocks(true);
    put_plain(index, bgzf_eof);
  }
  outputs_[index].close_when_empty();
  push(index);
}

// Adds an output to those that poll(2) is to look at. Returns whether it is still to be opened.
bool Outputs::watch(std::size_t index) {
  Output& output = outputs_[index];
  if (output.is_closed()) return false;
  if (!output.target().is_open()) {
    push(index);
    if (!output.target().is_open() && !output.is_closed()) return true;
    retry_ms_ = 0;
  }
  if (output.is_closed() || output.queued_bytes() == 0) return false;
  watched_.push_back({output.target().fd().get(), POLLOUT, 0});
  watched_index_.push_back(index);
  return false;
}

// Waits until something can move, and moves it. Returns whether `input` can be read.
bool Outputs::step(int input, Meter& meter, Window* beside) {
  watched_.clear();
  watched_index_.clear();
  bool opening = false;
  for (std::size_t i = 0; i < outputs_.size(); ++i) opening |= watch(i);
  const bool is_ahead = beside != nullptr && beside->can_read_ahead();
  if (is_ahead) watched_.push_back({beside->fd().get(), POLLIN, 0});
  if (input != no_input) watched_.push_back({input, POLLIN, 0});
  int ready = 0;
  {
    const WaitTimer timer(meter);
    ready = ::poll(watched_.data(), watched_.size(), opening || retry_ms_ == 0 ? retry_ms_ : -1);
  }
  if (ready < 0 && errno != EINTR) throw SystemError("wait for", "outputs");
  retry_ms_ = std::clamp(2 * retry_ms_, 1, longest_retry_ms);
  if (ready <= 0) return false;
  for (std::size_t i = 0; i < watched_index_.size(); ++i) {
    if (watched_[i].revents != 0) push(watched_index_[i]);
  }
  if (is_ahead && watched_[watched_index_.size()].revents != 0) beside->read_ahead();
  return input != no_input && watched_.back().revents != 0;
}

void Outputs::wait_for(FdRef input, Meter& meter, Window* beside) {
  pollfd at_once{input.get(), POLLIN, 0};
  if (::poll(&at_once, 1, 0) > 0) return;
  put_blocks();
  while (!step(input.get(), meter, beside)) {
  }
}

void Outputs::wait_until_closed(bool files) {
  const auto is_left = [files](const Output& output) {
    return !output.is_closed() && (files || output.target().is_direct());
  };
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (is_left(outputs_[i])) close(i);
  }
  while (std::any_of(outputs_.begin(), outputs_.end(), is_left)) step(no_input, stats_.out);
}

void Outputs::finish() {
  wait_until_closed(false);
  wait_until_closed(true);
  std::vector<OutputFile*> files;
  for (Output& output : outputs_) {
    if (OutputFile* file = output.target().file(); file != nullptr) files.push_back(file);
  }
  commit_together(files);
}

void Outputs::abandon(std::string_view unfinished) noexcept {
  for (Output& output : outputs_) {
    if (!output.target().is_direct() || !output.target().is_open()) output.give_up();
  }
  if (std::getenv(stats_prefix_variable) != nullptr)
    return;  // mrf-run tells nobody the end of a job that failed
  // Without its end-of-file block, a BAM stream is known to be incomplete.
  std::size_t marked = unfinished.empty() ? outputs_.size() : 0;
  for (std::size_t errors = 0; errors <= outputs_.size(); ++errors) {
    try {
      put_blocks();
      blocks_.reset();
      while (marked < outputs_.size()) {
        const std::size_t at = marked++;
        if (!is_blocked(at) && !outputs_[at].is_closed() && outputs_[at].target().is_direct())
          put_plain(at, unfinished);
      }
      return wait_until_closed(false);
    } catch (const Error&) {  // the first one is what the user is told
    }
  }
}

}  // namespace mrf
