// SPDX-License-Identifier: MIT
#include "chunk/job.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <exception>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/message.h"
#include "base/seconds.h"
#include "chunk/run.h"
#include "io/output_file.h"
#include "io/stats.h"
#include "process/run_signals.h"

namespace mrf {

namespace {

constexpr const char* name = "mrf-chunks";

std::uint64_t parse_number(const std::string& option, const std::string& text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 1 ||
      number > std::numeric_limits<std::uint32_t>::max()) {
    throw UsageError("use option", option, "not a number of 1 or more");
  }
  return number;
}

// For the report, as lib/cli/stats_file does it for the programs; how many records the filters wrote is not
// known.
void leave_stats(const ChunkCounts& counts) {
  const char* prefix = std::getenv(stats_prefix_variable);
  if (prefix == nullptr) return;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const nlohmann::ordered_json object{
      {"tool", name},
      {"chunks", counts.chunks},
      {"records_in", counts.records_in},
      {"records_out", nullptr},
      {"bytes_in", counts.bytes_in},
      {"bytes_out", counts.bytes_out},
      {"filters_s", counts.filters_s},
      {"starts_s", counts.starts_s},
      {"user_s", seconds(usage.ru_utime)},
      {"sys_s", seconds(usage.ru_stime)},
      {"max_rss_bytes", usage.ru_maxrss * 1024},
      {"inputs", {{{"name", counts.input}, {"records", counts.records_in}, {"bytes", counts.bytes_in}}}},
      {"outputs", nlohmann::ordered_json::array()}};
  const std::string text = object.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  try {
    write_output(fmt::format("{}.{}.json", prefix, ::getpid()), text + "\n");
  } catch (const Error&) {  // the report has one entry less
  }
}

}  // namespace

bool is_chunk_command(const std::string& word) { return word == name; }

ChunkCommand parse_chunk_command(const std::vector<std::string>& words) {
  ChunkCommand command;
  std::size_t at = 1;
  for (; at < words.size() && words[at].starts_with('-') && words[at] != "--"; at += 2) {
    const std::string& option = words[at];
    if (option != "-n" && option != "-c" && option != "-i" && option != "--record") {
      throw UsageError("use option", option, "mrf-chunks does not know it");
    }
    if (at + 1 == words.size()) throw UsageError("use option", option, "it needs a value");
    const std::string& value = words[at + 1];
    if (option == "-n") command.filters = parse_number(option, value);
    if (option == "-c") command.records = parse_number(option, value);
    if (option == "-i") command.input = value;
    if (option == "--record") command.form = parse_record_form(value);
  }
  if (command.form.kind == RecordForm::Kind::bam) {
    throw UsageError("use record", "bam", "mrf-chunks cannot cut it");
  }
  if (at < words.size() && words[at] == "--") ++at;
  command.words.assign(words.begin() + static_cast<std::ptrdiff_t>(at), words.end());
  if (command.words.empty()) throw UsageError("use", name, "it needs a filter");
  return command;
}

int run_chunks(const ChunkCommand& command) {
  ::signal(SIGPIPE, SIG_IGN);
  try {
    ChunkRun run(command);
    const int status = run.run();
    leave_stats(run.counts());
    return status;
  } catch (const ClosedOutput&) {
    ::signal(SIGPIPE, SIG_DFL);
    die_of(SIGPIPE);
  } catch (const Error& error) {
    say(error.what());
    return static_cast<int>(error.status());
  } catch (const std::exception& error) {
    say(error.what());
  }
  return static_cast<int>(Status::failure);
}

}  // namespace mrf
