// SPDX-License-Identifier: MIT
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "run/job_record.h"
#include "workflow/plan.h"

namespace mrf::run {

/// How far the input has been read.
struct InputPosition {
  std::uint64_t bytes = 0;
  std::optional<std::uint64_t> total;  ///< not known of a pipe or a URL
  bool is_over = false;                ///< nothing reads any more
};

/// Looks at the jobs that read no FIFO: where they stand in the regular files that they have open for reading
/// (/proc/PID/fdinfo, proc(5)); without such a file, how much they have read or written.
class InputWatch {
 public:
  explicit InputWatch(const workflow::Plan& plan);
  InputPosition look(const std::vector<JobRecord>& jobs);

 private:
  struct File {
    std::uint64_t size = 0;
    std::uint64_t position = 0;
    bool is_open = false;
  };

  std::vector<std::size_t> sources_;
  std::map<std::pair<dev_t, ino_t>, File> files_;
  std::map<std::size_t, std::uint64_t> moved_;  // by job
};

}  // namespace mrf::run
