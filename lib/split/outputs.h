// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <initializer_list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/bgzf_writer.h"
#include "io/block_pool.h"
#include "io/fd.h"
#include "io/last_bytes.h"
#include "io/pause.h"
#include "io/reactor.h"
#include "io/stats.h"
#include "split/output.h"

namespace mrf::split {

/// All outputs and the loop that moves what waits for them. As long as the memory for queues is not used up,
/// no output waits for another one. Only outputs that something waits for are looked at: each is tried first
/// and watched by the reactor when it takes no more.
class Outputs {
 public:
  struct Compression {
    /// Every output is a BAM stream, in BGZF blocks that are stored, not compressed.
    bool bam = false;
    /// Of the outputs whose names end in .gz, which are written as BGZF unless they are BAM streams.
    int level = 6;
    /// More threads that compress.
    unsigned threads = 0;
  };

  /// Opens what can be opened without waiting. `stats` outlives the object and gets one entry an output.
  /// Throws SystemError.
  Outputs(const std::vector<std::string>& paths, Compression compression, io::Stats& stats);

  std::size_t size() const { return outputs_.size(); }
  /// Keeps the last `bytes` of the records of the outputs before `end`, each in a file beside it
  /// (io::LastBytes). A file that cannot be made is said in a warning. Before anything is put.
  void keep_last(std::size_t end, std::size_t bytes);
  /// Puts copies of `pieces`, a record or whole records together, behind what waits for output `index`.
  /// Blocks while the queues are full. Throws Error.
  template <class... Pieces>
  void put(std::size_t index, Pieces... pieces) {
    if (is_kept(index)) keep(index, {pieces...}, true);
    Output& output = outputs_[index];
    const std::size_t size = (pieces.size() + ...);
    if (output.keeps_last() && size >= written_through) output.begin_records(size);
    enqueue(index, output, pieces...);
    if (output.keeps_last()) output.end_records();
  }
  /// The same for a part of a record, of which more follows.
  void put_part(std::size_t index, std::string_view bytes) {
    if (is_kept(index)) keep(index, {bytes}, false);
    enqueue(index, outputs_[index], bytes);
  }
  /// The same for a part of the header, in front of all records.
  void put_header(std::size_t index, std::string_view bytes);
  /// The same for `bytes`, which lie at `offset` of `file` and are whole records or, without `is_whole`, a
  /// part of one.
  void put_range(std::size_t index, std::shared_ptr<const io::InputFile> file, std::uint64_t offset,
                 std::string_view bytes, bool is_whole);
  void count_records(std::size_t index, std::uint64_t records) {
    stats_.outputs[index].records += records;
    stats_.records_out += records;
  }
  /// Counts a record that output `index` gets because nobody else does.
  void count_diverted(std::size_t index) { ++stats_.outputs[index].records; }

  /// Whether output `index` is open and less than a block waits for it. If not, take_freed() has it once this
  /// is so.
  bool can_take(std::size_t index);
  /// The outputs of which can_take() said no, and would say yes now; each once.
  std::vector<std::size_t> take_freed() { return std::exchange(freed_, {}); }
  /// Waits until something moved.
  void wait_for_change() { step(); }

  /// Output `index`, if it is a pipe, is closed only when its reader has read all.
  void close_when_read(std::size_t index);
  /// Closes output `index` once what waits for it is written.
  void close(std::size_t index);
  /// Moves data to the outputs until `input` can be read without waiting; `beside`, if there is one, is read
  /// ahead meanwhile.
  void wait_for(io::FdRef input, io::Meter& meter, io::Reader* beside = nullptr);
  /// Writes and closes everything, and publishes the regular files, all of them or none.
  void finish();
  /// After a failure: lets every open output that still works have the rest of its data, and its end. Regular
  /// files are not published. In a run of mrf-run nothing more is written, and the outputs end with the
  /// process: its supervisor takes an earlier end for that of the data. `unfinished` goes behind the data of
  /// every output of text that is not closed yet.
  void abandon(std::string_view unfinished) noexcept;

 private:
  static constexpr std::size_t budget = std::size_t{16} << 20;
  static constexpr std::size_t most_ranges = std::size_t{1} << 16;
  static constexpr std::size_t written_through = std::size_t{16} << 10;

  /// Where an output that has something to do stands, so that no step has to look at the others.
  struct State {
    /// In listed_: to be tried in the next step.
    bool is_listed = false;
    /// In retried_: it waits for its reader.
    bool is_retried = false;
    /// The reactor tells when it takes more.
    bool is_watched = false;
    /// In filling_: it may have a block that is not full.
    bool is_filling = false;
    /// can_take() said no; goes into freed_.
    bool is_awaited = false;
  };

  bool is_kept(std::size_t index) const { return index < last_.size() && last_[index] != nullptr; }
  void keep(std::size_t index, std::initializer_list<std::string_view> pieces, bool is_whole);
  template <class... Pieces>
  void enqueue(std::size_t index, Output& output, Pieces... pieces) {
    const std::size_t size = (pieces.size() + ...);
    char* to = is_blocked(index) || size >= written_through ? nullptr : output.room(size);
    if (to == nullptr) return (put_bytes(index, pieces), ...);
    ((std::memcpy(to, pieces.data(), pieces.size()), to += pieces.size()), ...);
    output.fill(size);
    stats_.outputs[index].bytes += size;
  }
  bool is_blocked(std::size_t index) const { return bgzf_ && is_blocked_[index]; }
  void put_bytes(std::size_t index, std::string_view bytes);
  void put_plain(std::size_t index, std::string_view bytes);
  void put_block(std::size_t index);
  void put_blocks();
  void put_finished_blocks();
  std::optional<codec::BgzfWriter::Block> next_finished_block();
  void push(std::size_t index);
  void list(std::size_t index);
  void watch(std::size_t index);
  void forget(std::size_t index);
  void give_up(std::size_t index) noexcept;
  bool has_room(const Output& output) const;
  bool push_listed();
  void push_ready();
  void retry();
  void turn(io::Meter& meter);
  void step();
  void wait_until_closed(bool files);

  io::Stats& stats_;
  io::BlockPool pool_;
  /// Blocks that the threads of bgzf_ are through with.
  std::mutex finished_mutex_;
  std::deque<codec::BgzfWriter::Block> finished_;
  std::optional<codec::BgzfWriter> bgzf_;
  std::vector<char> is_blocked_;
  std::deque<Output> outputs_;
  std::vector<State> states_;
  /// Of the first outputs, those in BGZF, what is kept before it is compressed; null for others.
  std::vector<std::unique_ptr<io::LastBytes>> last_;
  std::size_t last_bytes_ = 0;
  io::Reactor reactor_;
  std::vector<std::size_t> listed_;
  std::vector<std::size_t> ready_;
  std::vector<std::size_t> retried_;
  std::vector<std::size_t> filling_;
  std::vector<std::size_t> freed_;
  std::optional<io::Reactor::Timer> retry_;
  std::chrono::milliseconds retry_after_{1};
  /// Outputs that are not closed: regular files, and others.
  std::size_t open_files_ = 0;
  std::size_t open_direct_ = 0;
  std::size_t ranges_ = 0;
  io::Pause pause_;
};

}  // namespace mrf::split
