// SPDX-License-Identifier: MIT
#include "flow/tool_stats.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "sys/io.h"

namespace mrf {

namespace fs = std::filesystem;

namespace {

bool is_redirected_to(const PlannedJob& job, int fd, const std::string& fifo) {
  for (const auto& redirection : job.redirections) {
    if (redirection.fd != fd) continue;
    for (const auto& piece : redirection.target) {
      if (is_fifo(piece) && piece.text == fifo) return true;
    }
  }
  return false;
}

// One entry of "inputs" or "outputs" by the name that the tool knows it by.
std::optional<FifoCount> find(const std::vector<Json>& tools, const char* list, const std::string& path,
                              std::string_view standard, bool redirected) {
  for (const Json& tool : tools) {
    for (const Json& entry : tool.value(list, Json::array())) {
      const auto name = entry.value("name", std::string());
      if (name == path || (redirected && name == standard)) {
        return FifoCount{entry.value("records", std::uint64_t{0}), entry.value("bytes", std::uint64_t{0})};
      }
    }
  }
  return std::nullopt;
}

}  // namespace

ToolStats::ToolStats(const Plan& plan, const Workspace& workspace) : jobs_(plan.jobs.size()) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(workspace.stats_directory(), error)) {
    const std::size_t job = std::strtoul(entry.path().filename().c_str(), nullptr, 10);
    std::ifstream file(entry.path());
    Json tool = Json::parse(file, nullptr, false);
    if (job < jobs_.size() && tool.is_object()) jobs_[job].push_back(std::move(tool));
  }
  for (const auto& fifo : plan.fifos) fifos_.push_back(count(plan, workspace, fifo));
}

std::optional<FifoCount> ToolStats::count(const Plan& plan, const Workspace& workspace,
                                          const PlannedFifo& fifo) const {
  const std::string file = fmt::format("/{}", Workspace::file_name(fifo.name));
  const auto written = find(jobs_[fifo.writer], "outputs", workspace.out_directory() + file, stdout_name,
                            is_redirected_to(plan.jobs[fifo.writer], 1, fifo.name));
  if (written) return written;
  return find(jobs_[fifo.reader], "inputs", workspace.in_directory() + file, stdin_name,
              is_redirected_to(plan.jobs[fifo.reader], 0, fifo.name));
}

}  // namespace mrf
