// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "codec/bgzf.h"
#include "codec/pipeline.h"

namespace mrf::codec {

/// Makes BGZF of the bytes of one stream or of several, on several threads. What was written to a stream
/// waits until there is enough for a job, or close() is called.
class BgzfWriter {
 public:
  /// Some bytes of a stream; of those that are delivered, one BGZF block or several.
  struct Block {
    std::size_t stream = 0;
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
    std::string_view view() const { return {bytes.get(), size}; }
  };
  /// Gets what is finished, in the order of the jobs, one at a time, on any thread. May take `bytes` away.
  /// What it throws is thrown by the writer.
  using Deliver = std::function<void(Block& packed)>;

  /// `streams` is their number, `job_bytes` what a job takes of one of them. `level` is 0 (stored) to 9.
  /// Without `threads`, the caller compresses.
  BgzfWriter(std::size_t streams, std::size_t job_bytes, int level, unsigned threads, Deliver deliver);

  /// Copies `bytes`, and waits until the threads can take what is complete. Returns whether they got a job.
  /// Throws what one of them failed with.
  bool write(std::size_t stream, std::string_view bytes);
  /// Ends the block of the stream that is being filled, if there is one. Throws as write() does.
  void close(std::size_t stream);
  /// Waits until everything is delivered. Throws as write() does. The end-of-file block is the caller's.
  void finish() { pipeline_.finish(); }

 private:
  struct Job {
    Block plain;
    Block packed;
    std::optional<BgzfDeflater> deflater;
  };

  void pack(Job& job) const;

  const std::size_t job_bytes_;
  const int level_;
  std::vector<Block> filling_;
  Pipeline<Job> pipeline_;
};

}  // namespace mrf::codec
