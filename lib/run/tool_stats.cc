// SPDX-License-Identifier: MIT
#include "run/tool_stats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "io/io.h"

namespace mrf::run {

namespace fs = std::filesystem;

namespace {

bool is_redirected_to(const workflow::PlannedJob& job, int fd, const std::string& fifo) {
  for (const auto& redirection : job.redirections) {
    if (redirection.fd != fd) continue;
    for (const auto& piece : redirection.target) {
      if (workflow::is_fifo(piece) && piece.text == fifo) return true;
    }
  }
  return false;
}

// One side of a job: the names of a tool's statistics for it.
struct SideKeys {
  const char* list;
  const char* records;
  const char* bytes;
  std::string_view standard;
};
constexpr SideKeys output_keys{"outputs", "records_out", "bytes_out", io::stdout_name};
constexpr SideKeys input_keys{"inputs", "records_in", "bytes_in", io::stdin_name};

std::optional<FifoCount> counts_in(const Json& object, const char* records, const char* bytes) {
  if (object.contains(records) && object[records].is_null()) return std::nullopt;
  return FifoCount{object.value(records, std::uint64_t{0}), object.value(bytes, std::uint64_t{0})};
}

// The entry by the name that the tool knows the FIFO by; the totals of one that lists none, where it can
// only be this FIFO.
std::optional<FifoCount> find(const std::vector<Json>& tools, const SideKeys& keys, const std::string& path,
                              bool redirected, bool only_one) {
  for (const Json& tool : tools) {
    const Json entries = tool.value(keys.list, Json::array());
    for (const Json& entry : entries) {
      const auto name = entry.value("name", std::string());
      if (name == path || (redirected && (name == keys.standard || name == "-"))) {
        return counts_in(entry, "records", "bytes");
      }
    }
    // A run within the run counts nothing itself; what its own jobs counted is in its own report.
    if (entries.empty() && tool.value("tool", std::string()) == "mrf-run") continue;
    if (entries.empty() && only_one && tools.size() == 1) return counts_in(tool, keys.records, keys.bytes);
  }
  return std::nullopt;
}

}  // namespace

ToolStats::ToolStats(const workflow::Plan& plan, const Workspace& workspace) : jobs_(plan.jobs.size()) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(workspace.stats_directory(), error)) {
    const std::size_t job = std::strtoul(entry.path().filename().c_str(), nullptr, 10);
    std::ifstream file(entry.path());
    Json tool = Json::parse(file, nullptr, false);
    if (job < jobs_.size() && tool.is_object()) jobs_[job].push_back(std::move(tool));
  }
  for (const auto& fifo : plan.fifos) fifos_.push_back(count(plan, workspace, fifo));
}

ToolStats::FifoCounts ToolStats::count(const workflow::Plan& plan, const Workspace& workspace,
                                       const workflow::PlannedFifo& fifo) const {
  const std::string file = fmt::format("/{}", Workspace::file_name(fifo.name));
  const auto reads = [&](const workflow::PlannedFifo& other) { return other.reader == fifo.reader; };
  FifoCounts counts;
  FifoCount sum;
  bool all = true;
  for (const std::size_t writer : fifo.writers) {
    const auto writes = [writer](const workflow::PlannedFifo& other) {
      return std::find(other.writers.begin(), other.writers.end(), writer) != other.writers.end();
    };
    counts.writers.push_back(find(jobs_[writer], output_keys, workspace.out_directory() + file,
                                  is_redirected_to(plan.jobs[writer], 1, fifo.name),
                                  std::count_if(plan.fifos.begin(), plan.fifos.end(), writes) == 1));
    all = all && counts.writers.back();
    sum.records += counts.writers.back().value_or(FifoCount{}).records;
    sum.bytes += counts.writers.back().value_or(FifoCount{}).bytes;
  }
  if (all) {
    counts.whole = sum;
  } else {
    counts.whole = find(jobs_[fifo.reader], input_keys, workspace.in_directory() + file,
                        is_redirected_to(plan.jobs[fifo.reader], 0, fifo.name),
                        std::count_if(plan.fifos.begin(), plan.fifos.end(), reads) == 1);
  }
  return counts;
}

}  // namespace mrf::run
