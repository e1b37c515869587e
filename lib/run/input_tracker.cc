// SPDX-License-Identifier: MIT
#include "run/input_tracker.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "io/live_records.h"
#include "process/proc_tree.h"

namespace mrf::run {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds told_period{500};  // each look reads a directory
constexpr std::uint64_t next_to_nothing = 20;          // one part of so many

template <std::size_t Count>
bool is_one_of(const std::array<std::string_view, Count>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_shell(std::string_view program) {
  constexpr std::array<std::string_view, 6> shells{"sh", "bash", "dash", "ksh", "zsh", "fish"};
  return is_one_of(shells, program);
}

bool is_of_project(std::string_view program) {
  return program.starts_with("mrf-") || program == "getm-fetch";
}

// Programs whose arguments are files that they read from the first to the last.
bool reads_all_files(std::string_view program) {
  constexpr std::array<std::string_view, 12> readers{"cat",   "zcat", "gzip",  "gunzip", "pigz",    "unpigz",
                                                     "bgzip", "xz",   "xzcat", "zstd",   "zstdcat", "bzcat"};
  return is_of_project(program) || is_one_of(readers, program);
}

std::string text_without_references(const workflow::Word& word) {
  if (workflow::has_reference(word)) return "";
  std::string text;
  for (const workflow::WordPart& part : word) text += part.text;
  return text;
}

std::string program_of(const workflow::PlannedJob& job) {
  return job.words.empty() ? "" : io::base_of(text_without_references(job.words[0]));
}

// A regular file that is no script: a shell reads its script bit by bit, whatever it reads besides.
bool is_input(const std::string& path) {
  struct stat info {};
  if (path.empty() || ::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0)
    return false;
  std::array<char, 2> start{};
  std::ifstream file(path, std::ios::binary);
  file.read(start.data(), start.size());
  return std::string_view(start.data(), start.size()) != "#!";
}

void add_inputs_in(const std::string& word, std::vector<std::string>& inputs) {
  if (is_input(word)) {
    inputs.push_back(word);
    return;
  }
  constexpr const char* between_names = " \t\n'\"`;|&<>()=,";
  for (std::size_t at = 0; (at = word.find_first_not_of(between_names, at)) != std::string::npos;) {
    const std::size_t end = std::min(word.find_first_of(between_names, at), word.size());
    const std::string name = word.substr(at, end - at);
    if (is_input(name)) inputs.push_back(name);
    at = end;
  }
}

}  // namespace

std::vector<std::string> named_inputs(const workflow::PlannedJob& job) {
  std::vector<std::string> inputs;
  for (const workflow::Redirection& redirection : job.redirections) {
    const std::string path = redirection.fd == 0 ? text_without_references(redirection.target) : "";
    if (is_input(path)) inputs.push_back(path);
  }
  const std::string program = program_of(job);
  bool is_script = is_shell(program);  // the next argument
  std::string before;
  for (std::size_t at = 1; at < job.words.size(); ++at) {
    const std::string word = text_without_references(job.words[at]);
    if (is_of_project(program) && word == "--") break;
    if (program == "mrf-bamread" && (word == "-r" || word == "--region" || word == "-M")) return {};
    const bool is_argument = !word.starts_with("-");
    const bool is_reference = before == "-T" || before == "--reference";
    if (word == "-c") is_script = false;
    if (!is_reference && !(is_script && is_argument)) add_inputs_in(word, inputs);
    if (is_argument) is_script = false;
    before = word;
  }
  return inputs;
}

InputTracker::InputTracker(const workflow::Plan& plan, std::string stats_directory)
    : stats_directory_(std::move(stats_directory)),
      plan_(plan),
      is_source_(plan.jobs.size()),
      has_files_(plan.jobs.size()),
      is_started_(plan.jobs.size()) {
  for (std::size_t job = 0; job < plan.jobs.size(); ++job) {
    is_source_[job] = plan.jobs[job].reads.empty();
    if (!is_source_[job]) continue;
    sources_.push_back(job);
    find_files(job);
  }
}

void InputTracker::find_files(std::size_t job) {
  const auto add = [this, job](const struct stat& info, bool is_read_whole) {
    File& file = files_[io::FileId(info)];
    file.size = static_cast<std::uint64_t>(info.st_size);
    file.is_read_whole = file.is_read_whole || is_read_whole;
    if (std::find(file.jobs.begin(), file.jobs.end(), job) == file.jobs.end()) file.jobs.push_back(job);
    has_files_[job] = true;
  };
  struct stat info {};
  const bool is_read_whole = reads_all_files(program_of(plan_.jobs[job]));
  for (const std::string& path : named_inputs(plan_.jobs[job])) {
    if (::stat(path.c_str(), &info) == 0) add(info, is_read_whole);
  }
  const bool has_input = ::fstat(STDIN_FILENO, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0;
  if (!has_files_[job] && has_input) add(info, false);  // which it may read
}

InputPosition InputTracker::update(const std::vector<Job>& jobs) {
  for (auto& [id, file] : files_) file.is_open = false;
  for (const std::size_t job : sources_) {
    if (jobs[job].pid <= 0 || jobs[job].state == JobState::ended) continue;
    if (!is_started_[job]) find_files(job);  // jobs before it may have made them
    is_started_[job] = true;
    for (const pid_t pid : process::process_tree(jobs[job].pid)) {
      moved_[job] = std::max(moved_[job], process::bytes_moved(pid));
      for (const process::OpenInput& input : process::open_inputs(pid)) {
        const auto found = files_.find(input.file);
        if (found == files_.end()) continue;
        File& file = found->second;
        file.size = input.size;
        file.position = std::max(file.position, input.position);
        file.is_open = true;
      }
    }
  }
  read_told();
  InputPosition position = position_in_files(jobs);
  position.is_over = std::all_of(sources_.begin(), sources_.end(),
                                 [&](std::size_t job) { return jobs[job].state == JobState::ended; });
  position.records = records_;
  return position;
}

std::uint64_t InputTracker::moved_by(std::size_t job) const {
  if (const auto told = told_.find(job); told != told_.end()) return told->second;
  const auto moved = moved_.find(job);
  return moved == moved_.end() ? 0 : moved->second;
}

InputPosition InputTracker::position_in_files(const std::vector<Job>& jobs) const {
  const auto has_ended = [&jobs](std::size_t job) { return jobs[job].state == JobState::ended; };
  InputPosition position;
  std::uint64_t total = 0;
  std::uint64_t unseen = 0;
  for (const auto& [id, file] : files_) {
    total += file.size;
    const bool is_over = std::all_of(file.jobs.begin(), file.jobs.end(), has_ended);
    const bool is_closed = file.position > 0 && !file.is_open;
    position.bytes += is_over || is_closed ? file.size : file.position;
    if (file.position == 0 && !is_over && !file.is_read_whole) unseen += file.size;
  }
  for (const std::size_t job : sources_) {
    if (has_files_[job]) continue;
    position.bytes += moved_by(job);
    unseen += moved_by(job);
  }
  if (total > 0 && unseen <= total / next_to_nothing) {
    position.total = total;
    position.bytes = std::min(position.bytes, total);
  }
  return position;
}

// The records are those of the jobs that read no FIFO, else the most that any other job has read: of readers
// in a chain each tells the same records.
void InputTracker::read_told() {
  const auto now = Clock::now();
  if (now - told_at_ < told_period) return;
  told_at_ = now;
  std::optional<std::uint64_t> of_sources;
  std::optional<std::uint64_t> of_others;
  std::error_code error;
  for (fs::directory_iterator entry(stats_directory_, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename();  // JOB.PID.live
    std::size_t job = 0;
    const auto parsed = std::from_chars(name.data(), name.data() + name.size(), job);
    if (parsed.ec != std::errc() || job >= is_source_.size() || !name.ends_with(io::live_records_ending))
      continue;
    const io::LiveCount told = io::read_live_records(entry->path());
    if (is_source_[job]) {
      of_sources = of_sources.value_or(0) + told.records;
      if (told.bytes > 0) told_[job] = told.bytes;
    } else {
      of_others = std::max(of_others.value_or(0), told.records);
    }
  }
  records_ = of_sources ? of_sources : of_others;
}

void Throughput::add(const Point& point) {
  if (points_.size() >= most_) {
    for (std::size_t at = 0; 2 * at < points_.size(); ++at) points_[at] = points_[2 * at];
    points_.resize((points_.size() + 1) / 2);
    interval_s_ *= 2;
  }
  points_.push_back(point);
  next_s_ = (std::floor(point.at_s / interval_s_ + 1e-9) + 1) * interval_s_;
}

}  // namespace mrf::run
