// SPDX-License-Identifier: MIT
#include "run/tool_stats.h"

#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "base/message.h"
#include "io/fd.h"
#include "io/return_value.h"
#include "run/job_spec.h"

namespace mrf::run {

namespace fs = std::filesystem;

namespace {

bool is_redirected_to(const workflow::PlannedJob& job, int fd, const std::string& fifo) {
  for (const auto& redirection : job.redirections) {
    if (redirection.fd != fd) continue;
    for (const auto& part : redirection.target) {
      if (workflow::is_fifo(part) && part.text == fifo) return true;
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

// What the tools of a job counted on one side.
struct SideCounts {
  std::unordered_map<std::string, std::optional<FifoCount>> streams;  // by the name that the tool knows
  std::optional<FifoCount> total;  // of the only tool, when it counted no stream by itself
};

SideCounts counts_of(const std::vector<Json>& tools, const SideKeys& keys) {
  SideCounts counts;
  for (const Json& tool : tools) {
    const auto entries = tool.find(keys.list);
    if (entries != tool.end() && !entries->empty()) {
      for (const Json& entry : *entries)
        counts.streams.try_emplace(entry.value("name", std::string()), counts_in(entry, "records", "bytes"));
    } else if (tools.size() == 1 && tool.value("tool", std::string()) != "mrf-run") {
      // A run within the run counts nothing itself; what its own jobs counted is in its own report.
      counts.total = counts_in(tool, keys.records, keys.bytes);
    }
  }
  return counts;
}

// Of the FIFO that the job knows by this path; the total, where it can only be that of this FIFO.
std::optional<FifoCount> find(const SideCounts& counts, const SideKeys& keys, const std::string& path,
                              bool is_redirected, bool is_only) {
  for (const std::string& name : {path, std::string(keys.standard), std::string("-")}) {
    if (name != path && !is_redirected) break;
    if (const auto found = counts.streams.find(name); found != counts.streams.end()) return found->second;
  }
  return is_only ? counts.total : std::nullopt;
}

// Reading and writing JSON takes stack for each level.
constexpr int most_levels = 200;

bool is_too_deep(std::string_view text) {
  int depth = 0;
  bool is_in_string = false;
  for (std::size_t at = 0; at < text.size() && depth <= most_levels; ++at) {
    const char c = text[at];
    if (is_in_string) {
      if (c == '\\') ++at;
      is_in_string = c != '"';
    } else if (c == '"') {
      is_in_string = true;
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return depth > most_levels;
}

// Whether a value of JSON would lose something as Json: an integer of more than 64 bits its digits, a key
// that is there twice one of its values.
class LossFinder : public nlohmann::json_sax<Json> {
 public:
  bool has_loss() const { return has_loss_; }

  bool null() override { return true; }
  bool boolean(bool /*value*/) override { return true; }
  bool number_integer(number_integer_t /*value*/) override { return true; }
  bool number_unsigned(number_unsigned_t /*value*/) override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& text) override {
    return keeps(text.find_first_of(".eE") != std::string::npos);
  }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*elements*/) override {
    keys_.emplace_back();
    return true;
  }
  bool key(string_t& key) override { return keeps(keys_.back().insert(key).second); }
  bool end_object() override {
    keys_.pop_back();
    return true;
  }
  bool start_array(std::size_t /*elements*/) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& /*error*/) override {
    return false;
  }

 private:
  bool keeps(bool is_kept) {
    has_loss_ = has_loss_ || !is_kept;
    return is_kept;
  }

  std::vector<std::set<std::string>> keys_;
  bool has_loss_ = false;
};

bool would_lose(const std::string& text) {
  LossFinder finder;
  Json::sax_parse(text, &finder);
  return finder.has_loss();
}

// A text that is no JSON, or that would lose something as Json, stays a text.
Json value_of(std::string text) {
  const bool is_text = is_too_deep(text) || would_lose(text);
  Json value = is_text ? Json(Json::value_t::discarded) : Json::parse(text, nullptr, false);
  if (!value.is_discarded()) return value;
  if (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

bool has_left_out_chunks(const Workspace& workspace, std::size_t job, pid_t pid) {
  std::ifstream file(fmt::format("{}.{}.json", stats_prefix(workspace, job), pid));
  const Json tool = Json::parse(file, nullptr, false);
  return tool.is_object() && tool.value("output_is_complete", 0) == 1 && tool.contains("skipped");
}

void ToolStats::read_result(const workflow::Plan& plan, const Workspace& workspace, std::size_t job) {
  try {
    if (auto text = io::read_return_value(result_path(workspace, job), plan.jobs[job].display_name()))
      results_[job] = value_of(std::move(*text));
  } catch (const base::Error& error) {
    base::warn(error.what());
  }
  // Those of the chunks are in the statistics of mrf-chunks, as texts.
  for (Json& tool : jobs_[job]) {
    const auto texts = tool.find("results");
    if (texts == tool.end()) continue;
    Json values = Json::array();
    for (const Json& text : *texts)
      values.push_back(text.is_string() ? value_of(text.get<std::string>()) : Json());
    results_[job] = std::move(values);
    tool.erase("results");
  }
}

ToolStats::ToolStats(const workflow::Plan& plan, const Workspace& workspace)
    : jobs_(plan.jobs.size()),
      results_(plan.jobs.size()),
      fifos_(plan.fifos.size()),
      writers_(plan.fifos.size()) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(workspace.stats_directory(), error)) {
    const std::size_t job = std::strtoul(entry.path().filename().c_str(), nullptr, 10);
    std::ifstream file(entry.path());
    Json tool = Json::parse(file, nullptr, false);
    if (job < jobs_.size() && tool.is_object()) jobs_[job].push_back(std::move(tool));
  }
  for (std::size_t job = 0; job < jobs_.size(); ++job) read_result(plan, workspace, job);
  const auto file_name = [&](std::size_t fifo) { return "/" + Workspace::file_name(plan.fifos[fifo].name); };
  for (std::size_t job = 0; job < jobs_.size(); ++job) {
    const workflow::PlannedJob& planned = plan.jobs[job];
    const SideCounts counts = counts_of(jobs_[job], output_keys);
    for (const std::size_t fifo : planned.writes) {
      writers_[fifo][job] =
          find(counts, output_keys, workspace.out_directory() + file_name(fifo),
               is_redirected_to(planned, 1, plan.fifos[fifo].name), planned.writes.size() == 1);
    }
  }
  for (std::size_t job = 0; job < jobs_.size(); ++job) {
    const workflow::PlannedJob& planned = plan.jobs[job];
    const SideCounts counts = counts_of(jobs_[job], input_keys);
    for (const std::size_t fifo : planned.reads) {
      FifoCount sum;
      bool is_whole = true;
      for (const auto& [writer, count] : writers_[fifo]) {
        is_whole = is_whole && count;
        sum.records += count.value_or(FifoCount{}).records;
        sum.bytes += count.value_or(FifoCount{}).bytes;
      }
      fifos_[fifo] =
          is_whole ? sum
                   : find(counts, input_keys, workspace.in_directory() + file_name(fifo),
                          is_redirected_to(planned, 0, plan.fifos[fifo].name), planned.reads.size() == 1);
    }
  }
}

}  // namespace mrf::run
