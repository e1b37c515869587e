// SPDX-License-Identifier: MIT
#include "cli/stats_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/amounts.h"
#include "base/error.h"
#include "base/version.h"
#include "io/fd.h"

namespace mrf::cli {

namespace {

using Json = nlohmann::ordered_json;

// More than the counts of 500 streams take.
constexpr off_t reserved_bytes = 1 << 16;

const auto started = std::chrono::steady_clock::now();

Json number_if(bool is_counted, std::uint64_t number) { return is_counted ? Json(number) : Json(); }

Json list(const std::vector<io::StreamCount>& streams, bool counts_records) {
  Json array = Json::array();
  for (const auto& one : streams) {
    array.push_back(
        {{"name", one.name}, {"records", number_if(counts_records, one.records)}, {"bytes", one.bytes}});
    if (!one.verified_by.empty()) array.back()["verified_by"] = one.verified_by;
  }
  return array;
}

Json list(const std::vector<io::SkippedChunk>& chunks) {
  Json array = Json::array();
  for (const auto& one : chunks) {
    array.push_back({{"chunk", one.number},
                     {"first_record", one.first_record + 1},
                     {"records", one.records},
                     {"reason", one.reason}});
  }
  return array;
}

std::string to_json(const std::string& tool, const io::Stats& stats, int status) {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  Json object{{"tool", tool},
              {"version", base::project_version},
              {"status", status},
              {"records_in", number_if(stats.counts_records_in, stats.records_in)},
              {"records_out", number_if(stats.counts_records_out, stats.records_out)},
              {"records_skipped", stats.records_skipped},
              {"bytes_in", stats.in.bytes},
              {"bytes_out", stats.out.bytes},
              {"wall_s", base::seconds(std::chrono::steady_clock::now() - started)},
              {"user_s", base::seconds(usage.ru_utime)},
              {"sys_s", base::seconds(usage.ru_stime)},
              {"max_rss_bytes", usage.ru_maxrss * 1024},
              {"waited_in_s", base::seconds(stats.in.waited)},
              {"waited_out_s", base::seconds(stats.out.waited)},
              {"inputs", list(stats.inputs, stats.counts_records_in)},
              {"outputs", list(stats.outputs, stats.counts_records_out)}};
  for (const auto& text : stats.results) object["results"].push_back(text ? Json(*text) : Json());
  for (const auto& [name, value] : stats.figures) {
    const auto whole = static_cast<std::int64_t>(value);
    object[name] = static_cast<double>(whole) == value ? Json(whole) : Json(value);
  }
  if (!stats.skipped.empty()) object["skipped"] = list(stats.skipped);
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

// For what is written when the results have their names already; file systems that cannot reserve any say
// EOPNOTSUPP.
void reserve_room(const io::OutputFile& file) {
  if (file.is_direct()) return;
  if (::fallocate(file.fd().get(), FALLOC_FL_KEEP_SIZE, 0, reserved_bytes) != 0 &&
      (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
    throw base::SystemError("write", file.name());
}

// mrf-run reads it when this process has ended, and removes it: it need not be on disk.
void write_for_run(const std::string& path, const std::string& text) {
  io::Meter meter;
  io::write_all(io::open_file(path, O_WRONLY | O_CREAT | O_TRUNC), path, text, meter);
}

}  // namespace

void StatsFile::open(const std::string& path) {
  struct stat info {};
  const bool is_opened_at_end = path == "-" || (::stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode));
  if (!path.empty() && !is_opened_at_end) {
    file_.emplace(path);
    reserve_room(*file_);
  }
  path_ = path;
}

void StatsFile::write(const std::string& tool, const io::Stats& stats, int status) {
  const char* prefix = std::getenv(io::stats_prefix_variable);
  if (path_.empty() && prefix == nullptr) return;
  const std::string text = to_json(tool, stats, status);
  if (prefix != nullptr) {
    try {
      write_for_run(fmt::format("{}.{}.json", prefix, ::getpid()), text);
    } catch (const base::Error&) {  // the report has one entry less
    }
  }
  if (path_.empty()) return;
  if (!file_) return io::write_output(path_, text);
  io::Meter meter;
  io::write_all(file_->fd(), file_->name(), text, meter);
  if (!file_->is_direct() && ::ftruncate(file_->fd().get(), static_cast<off_t>(text.size())) != 0)
    throw base::SystemError("write", file_->name());
  file_->commit();
}

}  // namespace mrf::cli
