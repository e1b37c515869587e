// SPDX-License-Identifier: MIT
#include "shard/joined_index.h"

#include <fmt/format.h>
#include <unistd.h>

#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/own_program.h"
#include "io/fd.h"
#include "process/attendant.h"

namespace mrf::shard {

namespace {

// The last message of mrf-bamread; of one about the file at `place`, which has no other name yet, only the
// reason.
std::string reason_of_index(const process::AttendedEnd& end, const std::string& place) {
  std::string_view line = end.errors;
  while (line.ends_with('\n')) line.remove_suffix(1);
  line.remove_prefix(line.rfind('\n') + 1);
  if (line.empty()) return end.outcome.describe();
  for (const std::string& front : {"'" + place + "': ", std::string("mrf-bamread: ")}) {
    if (const std::size_t at = line.find(front); at != std::string_view::npos)
      return std::string(line.substr(at + front.size()));
  }
  return std::string(line);
}

}  // namespace

int write_joined_index(const JoinedIndex& wanted, const Directory& directory, const io::OutputFile& joined,
                       std::optional<io::OutputFile>& index) {
  const std::string part = unique_part(0, ".index");
  const std::string path = directory.part_path(part);
  const std::string place = fmt::format("/proc/{}/fd/{}", ::getpid(), joined.fd().get());
  std::vector<std::string> words{base::program_beside("mrf-bamread"), "--index", path, place};
  if (wanted.threads > 0) words.insert(words.end(), {"-@", std::to_string(wanted.threads)});
  process::Attendant attendant(wanted.kill_after);
  const auto end = attendant.run({.words = words, .keeps_errors = true});
  const std::string bytes = read_file(path).value_or("");
  directory.remove_part(part);
  if (end.signal != 0) return end.signal;
  if (!end.outcome.succeeded()) {
    const bool is_bad = end.outcome.status() == static_cast<int>(base::Status::bad_data);
    throw base::Error(is_bad ? base::Status::bad_data : base::Status::failure, "index", wanted.output,
                      reason_of_index(end, place) +
                          "; the parts stay: without --write-index they are joined without an index");
  }
  index.emplace(wanted.output + (bytes.starts_with("BAI") ? ".bai" : ".csi"));
  io::Meter meter;
  io::write_all(index->fd(), index->name(), bytes, meter);
  return 0;
}

}  // namespace mrf::shard
