// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "collect/output.h"
#include "collect/reorder_buffer.h"
#include "io/block_pool.h"
#include "io/fd.h"
#include "io/reactor.h"
#include "io/stats.h"

namespace mrf::collect {

/// An output that never lets its writer wait for long: what the reader of a pipe does not take is held, in
/// memory and then in the spill file, and is written when there is room again. So the inputs are read on,
/// whatever the reader does (mrf-collect(1), --spool).
class SpoolSink : public Sink {
 public:
  struct Memory {
    io::BlockPool& pool;
    SpillFile& spill;
    std::size_t limit;  ///< bytes of `pool` in use from which on blocks go to the spill file
  };

  /// `fd` is called `name` in messages. What is referred to outlives the sink; `reactor` tells when there is
  /// room. With `until_read`, finish() waits until the reader of a pipe has read all.
  SpoolSink(io::FdRef fd, std::string name, io::Meter& meter, const Memory& memory, io::Reactor& reactor,
            bool until_read = false);
  ~SpoolSink() override;
  SpoolSink(const SpoolSink&) = delete;
  SpoolSink& operator=(const SpoolSink&) = delete;

  void write(std::span<iovec> pieces) override;
  /// Waits until all that is held has been taken. Throws Error.
  void finish() override;

 private:
  std::size_t write_now(const void* data, std::size_t size);
  bool has_room_within(std::chrono::milliseconds time);
  void drain();
  void hold(std::span<iovec> pieces);
  void watch();

  io::Fd fd_;  // an open file of its own, which does not block
  const std::string name_;
  io::Meter& meter_;
  const Memory memory_;
  io::Reactor& reactor_;
  const bool until_read_;
  ReorderBuffer held_;
  io::BlockRef open_;  // held data are added here
  std::size_t filled_ = 0;
};

}  // namespace mrf::collect
