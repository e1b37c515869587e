// SPDX-License-Identifier: MIT
#include "run/wait_circle.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "base/error.h"
#include "process/proc_tree.h"
#include "process/wait_proof.h"
#include "run/stall_watch.h"

namespace mrf::run {

namespace {
constexpr std::chrono::seconds first_step{1};
}  // namespace

std::optional<std::string> WaitCircle::look(Clock::time_point now, const FifoSet& fifos,
                                            const std::vector<JobRecord>& jobs, pid_t root,
                                            const std::function<bool()>& is_quiet) {
  // While somebody has something to read and somebody room to write, nothing of it is a circle.
  std::vector<std::size_t> picture;
  picture.reserve(plan_.fifos.size());
  for (std::size_t at = 0; at < plan_.fifos.size(); ++at) {
    const FifoSamples& samples = fifos.samples(at);
    picture.push_back(samples.in_use ? samples.was_empty + 2U * samples.was_full + 1 : 0);
  }
  if (picture != picture_) {
    picture_ = std::move(picture);
    step_ = first_step;
    try_at_ = now + step_;
  }
  if (now < try_at_ || picture_.empty()) return std::nullopt;
  step_ *= 2;
  try_at_ = now + step_;
  if (!is_circle(fifos, root, is_quiet)) return std::nullopt;
  return describe(fifos, jobs);
}

bool WaitCircle::is_circle(const FifoSet& fifos, pid_t root, const std::function<bool()>& is_quiet) const {
  try {
    std::set<process::FileId> between;
    for (std::size_t at = 0; at < plan_.fifos.size(); ++at) between.insert(process::file_id(fifos.path(at)));
    const process::WaitProof proof(root, std::move(between));
    const auto before = proof.look();
    return before && !before->empty() && proof.look() == before && is_quiet();
  } catch (const base::Error&) {  // the FIFOs are gone
    return false;
  }
}

std::string WaitCircle::describe(const FifoSet& fifos, const std::vector<JobRecord>& jobs) const {
  std::string waits;
  for (std::size_t at = 0; at < plan_.fifos.size(); ++at) {
    const workflow::PlannedFifo& fifo = plan_.fifos[at];
    const FifoLook look = fifos.look(at);
    const std::string writer = workflow::writer_name(plan_, fifo);
    const std::string reader = plan_.jobs[fifo.reader].display_name();
    if (look.writer == EndUse::open && look.reader == EndUse::open && look.bytes == 0 &&
        fifo.writers.size() == 1) {
      const JobRecord& job = jobs[fifo.writers[0]];
      if (job.is_alive() && !process::has_open(job.pid, process::file_id(fifos.path(at)), true)) {
        return fmt::format(
            "no job can go on: '{}' waits for the end of '{}', which '{}' has closed but might open again; "
            "where "
            "that is the end of its data, write out:{}!",
            reader, fifo.name, writer, fifo.name);
      }
    }
    const std::string wait = describe_wait(look, writer, reader);
    if (!wait.empty()) waits += fmt::format("{}{}: {}", waits.empty() ? "" : "; ", fifo.name, wait);
  }
  return "no job can go on, since they wait for each other: " + waits;
}

}  // namespace mrf::run
