// SPDX-License-Identifier: MIT
#include "shard/slurm.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <iterator>

#include "base/error.h"
#include "base/shell_words.h"
#include "base/status.h"
#include "shard/digest.h"

namespace mrf::shard {

namespace {

constexpr std::size_t largest_group = 1000;

// The fields of a line of squeue_words(), in order.
enum QueueField { array_job, array_task, long_state, wait_reason, exit_code, job_name, queue_fields };

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The next line of `text`, which is taken off.
std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

template <std::size_t N>
bool is_one_of(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

SlurmTask::Life life_of(std::string_view state) {
  constexpr std::array<std::string_view, 3> running{"RUNNING", "RESIZING", "SIGNALING"};
  constexpr std::array<std::string_view, 2> ending{"COMPLETING", "STAGE_OUT"};
  constexpr std::array<std::string_view, 10> over{"BOOT_FAIL", "CANCELLED", "COMPLETED",     "DEADLINE",
                                                  "FAILED",    "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED",
                                                  "REVOKED",   "TIMEOUT"};
  if (is_one_of(running, state)) return SlurmTask::Life::running;
  if (is_one_of(ending, state)) return SlurmTask::Life::ending;
  return is_one_of(over, state) ? SlurmTask::Life::over : SlurmTask::Life::waiting;
}

// From a status of wait(2), or, in later versions, STATUS:SIGNAL.
int parse_exit_code(std::string_view text) {
  constexpr unsigned signal_bits = 0x7f;
  constexpr unsigned status_bits = 0xff;
  if (const auto colon = text.find(':'); colon != text.npos) {
    const auto signal = static_cast<unsigned>(parse_number(text.substr(colon + 1)).value_or(0)) & signal_bits;
    if (signal != 0) return base::signal_status_base + static_cast<int>(signal);
    return static_cast<int>(parse_number(text.substr(0, colon)).value_or(0) & status_bits);
  }
  const auto code = static_cast<unsigned>(parse_number(text).value_or(0));
  if ((code & signal_bits) != 0) return base::signal_status_base + static_cast<int>(code & signal_bits);
  return static_cast<int>((code >> 8) & status_bits);
}

std::string output_of(const SlurmScript& script, const SlurmArray& array) {
  return is_place_for_slurm(script.directory) ? slurm_log_pattern(script.directory, array.first, script.group)
                                              : "/dev/null";
}

std::string doubled_percent(std::string_view text) {
  std::string doubled;
  for (const char c : text) doubled += c == '%' ? std::string("%%") : std::string(1, c);
  return doubled;
}

}  // namespace

bool is_place_for_slurm(const std::string& directory) { return directory.find('\\') == std::string::npos; }

std::size_t slurm_group(std::uint64_t max_array_size) {
  std::size_t group = 1;
  while (group < largest_group && group * 10 <= max_array_size) group *= 10;
  return group;
}

std::vector<SlurmArray> slurm_arrays(const std::vector<std::size_t>& shards, std::size_t group) {
  std::vector<SlurmArray> arrays;
  for (const std::size_t shard : shards) {
    const std::size_t first = shard / group * group;
    if (arrays.empty() || arrays.back().first != first) arrays.push_back({first, {}});
    arrays.back().shards.push_back(shard);
  }
  return arrays;
}

std::string slurm_task_list(const SlurmArray& array) {
  std::string list;
  for (std::size_t at = 0; at < array.shards.size();) {
    std::size_t end = at + 1;
    while (end < array.shards.size() && array.shards[end] == array.shards[end - 1] + 1) ++end;
    list += fmt::format("{}{}", list.empty() ? "" : ",", array.shards[at] - array.first);
    if (end - at > 1) list += fmt::format("-{}", array.shards[end - 1] - array.first);
    at = end;
  }
  return list;
}

std::string slurm_log_pattern(const std::string& directory, std::size_t first, std::size_t group) {
  const std::string path = doubled_percent(directory) + "/logs/";
  if (group == 1) return fmt::format("{}{}.log", path, first);
  if (first == 0) return path + "%a.log";
  std::size_t digits = 0;
  for (std::size_t rest = group; rest > 1; rest /= 10) ++digits;
  return fmt::format("{}{}%{}a.log", path, first / group, digits);
}

std::string slurm_job_name(std::string_view output, std::string_view identity) {
  constexpr std::size_t digits = 12;
  constexpr std::size_t longest = 64;
  std::string name(output.substr(0, longest));
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) == 0 && c != '.' && c != '_'; },
      '_');
  return fmt::format("mrf-{}-{}", name, digest_of(identity).substr(0, digits));
}

std::string slurm_script_text(const SlurmScript& script) {
  if (script.directory.find('\n') != std::string::npos)
    throw base::UsageError(
        "use", script.directory,
        "a batch script of Slurm cannot hold a name with a newline; name another directory with "
        "--shard-dir");
  std::string text =
      fmt::format("#!/bin/bash\n{} in {}\n", slurm_script_mark, base::quote_shell_word(script.directory));
  const auto option = [&](const std::string& words) { text += "#SBATCH " + words + "\n"; };
  if (script.arrays.size() == 1) {
    const SlurmArray& array = script.arrays[0];
    option(fmt::format("--job-name={}-{}", script.name, array.first));
    option("--array=" + slurm_task_list(array));
    option("--output=" + base::quote_shell_word(output_of(script, array)));
  }
  option("--open-mode=append");
  option("--requeue");
  option(fmt::format("--signal=B:USR1@{}", slurm_warning_seconds));
  if (!script.engine_args.empty()) option(base::quote_shell_words(script.engine_args));
  const std::string directory = base::quote_shell_word(script.directory);
  text += "\n";
  if (script.arrays.size() > 1) {
    text +=
        "# More shards than Slurm lets one array have: submit this script once for each of these lines.\n";
    for (const auto& array : script.arrays) {
      auto words = sbatch_words(script, array, "SCRIPT");
      words.erase(std::find(words.begin(), words.end(), "--parsable"));
      text += "#   " + base::quote_shell_words(words) + "\n";
    }
  }
  text += "# When all tasks have ended:\n";
  const std::string program = base::quote_shell_word(script.program);
  text += fmt::format("#   {}\n\n", base::quote_shell_words(script.join));
  text += script.arrays.size() == 1 && script.arrays[0].first > 0
              ? fmt::format("shard=$((${{1:-{}}} + SLURM_ARRAY_TASK_ID))\n", script.arrays[0].first)
              : "shard=$((${1:-0} + SLURM_ARRAY_TASK_ID))\n";
  if (!is_place_for_slurm(script.directory))
    text += fmt::format("exec >>{}/logs/\"$shard\".log 2>&1\n", directory);
  text += "export SLURM_CPUS_PER_TASK=${SLURM_CPUS_PER_TASK:-$SLURM_CPUS_ON_NODE}\n";
  text += fmt::format("exec {} --shard-run \"$shard\" --shard-dir {}\n", program, directory);
  return text;
}

std::vector<std::string> sbatch_words(const SlurmScript& script, const SlurmArray& array,
                                      const std::string& file) {
  std::vector<std::string> words{"sbatch"};
  words.insert(words.end(), script.engine_args.begin(), script.engine_args.end());
  words.insert(words.end(),
               {"--parsable", "--open-mode=append", fmt::format("--job-name={}-{}", script.name, array.first),
                "--array=" + slurm_task_list(array), "--output=" + output_of(script, array), file,
                std::to_string(array.first)});
  return words;
}

std::string foreign_engine_argument(const std::vector<std::string>& engine_args) {
  constexpr std::array<std::string_view, 10> taken{"--array",     "--job-name", "--output", "--error",
                                                   "--open-mode", "--parsable", "--wrap",   "--wait",
                                                   "--clusters",  "--test-only"};
  constexpr std::size_t shortest_name = 4;
  constexpr std::array<std::string_view, 6> taken_letters{"-a", "-J", "-o", "-e", "-W", "-M"};
  for (const auto& word : engine_args) {
    const std::string_view name = std::string_view(word).substr(0, word.find('='));
    // sbatch(1) takes the beginning of an option for all of it.
    const bool is_taken =
        name.size() >= shortest_name &&
        std::any_of(taken.begin(), taken.end(), [&](auto one) { return one.starts_with(name); });
    if (is_taken) return word;
    if (!word.starts_with("--") && is_one_of(taken_letters, name.substr(0, 2))) return word;
  }
  return "";
}

std::vector<std::string> squeue_words(unsigned user) {
  return {"squeue",
          "--noheader",
          "--array",
          "--states=all",
          fmt::format("--user={}", user),
          "-O",
          "ArrayJobID:|,ArrayTaskID:|,State:|,Reason:|,exit_code:|,Name:|"};
}

std::vector<SlurmTask> parse_queue(std::string_view text, const std::string& name) {
  std::vector<SlurmTask> tasks;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    std::array<std::string_view, queue_fields> fields;
    std::size_t count = 0;
    for (; count < fields.size() && !line.empty(); ++count) {
      const std::size_t end = line.find('|');
      if (end == std::string_view::npos) break;
      fields[count] = without_spaces(line.substr(0, end));
      line.remove_prefix(end + 1);
    }
    if (count < fields.size() || !fields[job_name].starts_with(name + "-")) continue;
    const auto first = parse_number(fields[job_name].substr(name.size() + 1));
    const auto index = parse_number(fields[array_task]);
    if (!first || !index) continue;
    tasks.push_back({std::string(fields[array_job]), *first + *index, life_of(fields[long_state]),
                     std::string(fields[long_state]), std::string(fields[wait_reason]),
                     parse_exit_code(fields[exit_code])});
  }
  return tasks;
}

std::optional<std::uint64_t> parse_max_array_size(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::size_t sign = line.find('=');
    if (sign != std::string_view::npos && without_spaces(line.substr(0, sign)) == "MaxArraySize")
      return parse_number(without_spaces(line.substr(sign + 1)));
  }
  return std::nullopt;
}

std::string parse_job_id(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = take_line(text);
    line = line.substr(0, line.find(';'));
    if (!line.empty() &&
        std::all_of(line.begin(), line.end(), [](unsigned char c) { return std::isdigit(c) != 0; }))
      return std::string(line);
  }
  return "";
}

bool is_fault_of_slurm(const std::string& state) {
  constexpr std::array<std::string_view, 4> states{"BOOT_FAIL", "NODE_FAIL", "PREEMPTED", "REVOKED"};
  return is_one_of(states, state);
}

bool is_refused_for_good(std::string_view reason) {
  constexpr std::array<std::string_view, 5> reasons{"Invalid partition", "Invalid account", "Invalid qos",
                                                    "Invalid feature", "Invalid generic resource"};
  return std::any_of(reasons.begin(), reasons.end(),
                     [reason](auto one) { return reason.find(one) != std::string_view::npos; });
}

bool has_lost_script(std::string_view end_of_log) {
  const std::size_t at = end_of_log.find("error: execve");
  return at != std::string_view::npos &&
         end_of_log.find("/slurm_script: No such file or directory", at) != std::string_view::npos;
}

bool is_held(const std::string& reason) {
  constexpr std::array<std::string_view, 8> waits{
      "None", "Priority", "Resources", "BeginTime", "JobArrayTaskLimit", "Dependency", "Cleaning", "Prolog"};
  return !reason.empty() && !is_one_of(waits, reason);
}

}  // namespace mrf::shard
