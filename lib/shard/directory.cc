// SPDX-License-Identifier: MIT
#include "shard/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <iterator>
#include <regex>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "io/regular_file.h"
#include "shard/in_threads.h"
#include "shard/slurm.h"
#include "shard/snakefile.h"
#include "shard/stale.h"

namespace mrf::shard {

namespace {

constexpr std::array parts_of_directory{"/receipts", "/parts", "/attempts"};
constexpr std::array kept_by_engines{"/logs", "/snakemake"};
constexpr std::string_view ending_of_attempt = ".json";
constexpr int most_looks = 5;

// What is behind the number of a shard at the front of a name; a temporary has a dot in front of it.
std::optional<std::string_view> behind_number(std::string_view name) {
  if (name.starts_with('.')) name.remove_prefix(1);
  const auto end = name.find_first_not_of("0123456789");
  if (end == 0 || end == std::string_view::npos) return std::nullopt;
  return name.substr(end);
}

// Whether the steps or the engines made what has this name in this one of the directories; others may keep
// files there.
bool is_name_of_run(std::string_view directory, std::string_view name) {
  const std::string_view rest = behind_number(name).value_or("");
  if (directory == "/receipts") return rest.starts_with(".json") || name.starts_with(".look-");
  if (directory == "/logs") return rest == ".log" || name == "sbatch.sh" || name.starts_with(".sbatch.sh.");
  if (directory == "/snakemake")
    return name == "Snakefile" || name.starts_with(".Snakefile.") || name == ".snakemake" ||
           name.starts_with("snakejob.") || (name.starts_with("slurm-") && name.ends_with(".out"));
  return rest.starts_with('-') || name.starts_with(".mrf-run.");
}

// NFS keeps a file that is still open under such a name, until it is closed.
bool is_kept_by_nfs(std::string_view name) { return name.starts_with(".nfs"); }

bool publish(const std::string& path, const std::string& text) {
  try {
    io::OutputFile file(path, io::OutputFile::Existing::kept);
    io::Meter meter;
    io::write_all(file.fd(), path, text, meter);
    file.commit();
    return true;
  } catch (const base::SystemError& error) {
    if (error.error_number() == EEXIST) return false;
    throw;
  }
}

void remove_file_at(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw base::SystemError("remove", path);
}

// A file, or the directory that an attempt had for its part when it was killed.
void remove_part_at(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) throw base::SystemError("remove", path, error.value());
}

std::vector<std::string> look_for_names(const std::string& path) {
  std::vector<std::string> names;
  DIR* directory = ::opendir(path.c_str());
  if (directory == nullptr) {
    if (errno == ENOENT) return names;
    throw base::SystemError("read", path);
  }
  errno = 0;
  while (const dirent* entry = ::readdir(directory)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
    errno = 0;
  }
  const int error = errno;
  ::closedir(directory);
  if (error != 0) throw base::SystemError("read", path, error);
  return names;
}

// Without . and ..; none when there is no such directory.
std::vector<std::string> names_in(const std::string& path) {
  return look_anew_when_stale([&path] { return look_for_names(path); });
}

// What the directories that a run makes have.
std::vector<std::string> names_below(const std::string& path) {
  std::vector<std::string> below;
  const auto add = [&](const char* directory) {
    for (const auto& name : names_in(path + directory))
      below.push_back(fmt::format("{}/{}", directory + 1, name));
  };
  for (const char* part : parts_of_directory) add(part);
  for (const char* kept : kept_by_engines) add(kept);
  return below;
}

// A directory that another run has made at the same time is no reason to refuse.
bool holds_other_files(const std::string& path) {
  const auto is_own = [](const std::string& name) {
    return name == "receipts" || name == "parts" || name == "attempts" || name == "logs" ||
           name == "snakemake" || name == "mrf-run.lock" || name == "plan.json" ||
           name.starts_with(".plan.json.") || is_kept_by_nfs(name);
  };
  const auto names = names_in(path);
  bool is_foreign = !std::all_of(names.begin(), names.end(), is_own);
  for (const auto& name : names_below(path)) is_foreign = is_foreign || !is_kept_by_nfs(io::base_of(name));
  return is_foreign;
}

// A file of a name that other programs may use too.
bool is_foreign_text(const std::string& path, std::string_view name) {
  return (name == "Snakefile" && !is_own_file(path, snakefile_mark)) ||
         (name == "sbatch.sh" && !is_own_file(path, slurm_script_mark));
}

// Removes what the run made in one of the directories, and it, unless others have put something there. Of
// large files it takes long.
void remove_of_run(const std::string& path, std::string_view directory) {
  const std::string whole = path + std::string(directory);
  std::vector<std::string> own;
  bool is_shared = false;
  for (const auto& name : names_in(whole)) {
    std::string file = fmt::format("{}/{}", whole, name);
    if (is_name_of_run(directory, name) && !is_foreign_text(file, name)) {
      own.push_back(std::move(file));
    } else {
      is_shared = true;
    }
  }
  Turns turns(own.size());
  in_threads(own.size(),
             [&] { turns.take([&](std::size_t number) { return own[number]; }, remove_part_at); });
  turns.require_success();
  if (is_shared || ::rmdir(whole.c_str()) == 0 || errno == ENOENT) return;
  throw base::SystemError("remove", whole);
}

bool is_working_directory(const std::string& path) {
  std::error_code error;
  return std::filesystem::equivalent(path, ".", error);
}

}  // namespace

void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) throw base::SystemError("make", path);
}

std::string Directory::attempt_path(const std::string& part) const {
  return fmt::format("{}/attempts/{}{}", path_, part, ending_of_attempt);
}

std::string Directory::receipt_path(std::size_t shard) const {
  return fmt::format("{}/receipts/{}.json", path_, shard);
}

void Directory::check_place() const {
  const bool is_there = ::access(path_.c_str(), F_OK) == 0;
  const std::string place = (is_there ? path_ : io::directory_of(path_)) + "/.";  // ENOTDIR for a file
  if (::access(place.c_str(), W_OK | X_OK) != 0) throw base::SystemError("make", path_);
  // Where another run begins or ends between the two looks, the next ones see what it has made of the place.
  for (int looks = 1; !read_plan() && holds_other_files(path_); ++looks) {
    if (looks == most_looks)
      throw base::UsageError("use", path_,
                             "it holds files and no plan of shards; name another directory with --shard-dir");
  }
}

void Directory::make() const {
  check_place();
  make_directory(path_);
  for (const char* part : parts_of_directory) make_directory(path_ + part);
}

// Others would wait for a FIFO of that name as well, as Slurm does when it starts a task.
void Directory::make_logs() const {
  const std::string path = path_ + "/logs";
  make_directory(path);
  for (const auto& name : names_in(path)) {
    const std::string log = fmt::format("{}/{}", path, name);
    if (is_name_of_run("/logs", name)) io::refuse_irregular(log);
  }
}

std::set<std::string> Directory::names_of_logs() const {
  const auto names = names_in(path_ + "/logs");
  return {names.begin(), names.end()};
}

std::optional<std::string> read_file(const std::string& path) {
  const auto read = [&path]() -> std::optional<std::string> {
    io::Fd file;
    try {
      file = io::open_regular_file(path, O_RDONLY);
    } catch (const base::SystemError& error) {
      if (error.error_number() == ENOENT) return std::nullopt;
      throw;
    }
    io::Meter meter;
    std::string text;
    constexpr std::size_t piece = 65536;
    for (;;) {
      const std::size_t size = text.size();
      text.resize(size + piece);
      const std::size_t n = io::read_some(file, path, std::span(text.data() + size, piece), meter);
      text.resize(size + n);
      if (n == 0) return text;
    }
  };
  return look_anew_when_stale(read);
}

std::optional<std::string> Directory::read_plan() const { return read_file(plan_path()); }

std::optional<Receipt> Directory::read_receipt(std::size_t shard) const {
  const auto text = read_file(receipt_path(shard));
  if (!text) return std::nullopt;
  return parse_receipt(*text, receipt_path(shard));
}

bool Directory::publish_plan(const std::string& text) const { return publish(plan_path(), text); }

// Snakemake removes directories of outputs that are empty when it ends, though jobs may go on.
bool Directory::publish_receipt(const Receipt& receipt) const {
  make_directory(path_ + "/receipts");
  return publish(receipt_path(receipt.shard), receipt_text(receipt));
}

std::vector<std::size_t> Directory::missing(const Plan& plan) const {
  const auto names = names_in(path_ + "/receipts");
  const std::set<std::string> there(names.begin(), names.end());
  std::vector<std::size_t> shards;
  for (std::size_t shard = 0; shard < plan.shards(); ++shard) {
    if (!there.contains(fmt::format("{}.json", shard))) shards.push_back(shard);
  }
  return shards;
}

std::vector<std::size_t> Directory::unusable(const Plan& plan, const std::string& digest) const {
  std::vector<std::size_t> shards;
  for (std::size_t shard = 0; shard < plan.shards(); ++shard) {
    try {
      const auto receipt = read_receipt(shard);
      if (!receipt || (receipt->plan == digest && receipt->shard == shard)) continue;
    } catch (const base::DataError&) {
    }
    shards.push_back(shard);
  }
  return shards;
}

void Directory::renew() const noexcept {
  std::array<char, 4096> name{};
  const auto end = fmt::format_to_n(name.data(), name.size() - 1, "{}/receipts/.look-{}-{}", path_,
                                    host_name(), ::getpid());
  if (end.size >= name.size()) return;
  const int fd = ::open(name.data(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd < 0) return;
  ::close(fd);
  ::unlink(name.data());
}

void Directory::begin_attempt(const std::string& part) const {
  io::Fd file = io::open_file(attempt_path(part), O_WRONLY | O_CREAT | O_EXCL);
  if (const int error = file.close(); error != 0) throw base::SystemError("write", attempt_path(part), error);
}

std::vector<Attempts> Directory::attempts(std::size_t shards) const {
  static const std::regex form("([0-9]+)-(.*?)-[0-9]+-([0-9]{10,})[-.].*");  // unique_part()
  std::vector<Attempts> attempts(shards);
  std::vector<std::pair<std::size_t, std::string>> last(shards);  // the time, the longer the later
  for (const auto& name : names_in(path_ + "/attempts")) {
    std::size_t shard = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), shard);
    if (error != std::errc() || *end != '-' || shard >= shards) continue;
    ++attempts[shard].count;
    std::smatch match;
    if (!name.ends_with(ending_of_attempt) || !std::regex_match(name, match, form)) continue;
    const std::pair<std::size_t, std::string> time(match[3].length(), match[3]);
    if (time <= last[shard]) continue;
    last[shard] = time;
    attempts[shard].last_part = name.substr(0, name.size() - ending_of_attempt.size());
    attempts[shard].last_host = match[2];
  }
  return attempts;
}

void Directory::remove_part(const std::string& part) const { remove_file_at(part_path(part)); }

void Directory::remove_other_parts(const std::vector<Receipt>& receipts) const {
  std::set<std::string> kept;
  for (const auto& receipt : receipts) kept.insert({receipt.part, receipt.mate_part});
  for (const auto& name : names_in(path_ + "/parts")) {
    if (!kept.contains(name) && is_name_of_run("/parts", name)) remove_part_at(part_path(name));
  }
}

void Directory::clear() const {
  for (const char* kept : kept_by_engines) remove_of_run(path_, kept);
  for (const char* part : parts_of_directory) remove_of_run(path_, part);
  remove_file_at(plan_path());
  remove_file_at(lock_path());
}

void Directory::remove() const {
  const auto names = names_in(path_);
  const auto is_of_next_run = [](const std::string& name) {
    return name == "plan.json" || name == "mrf-run.lock";
  };
  if (std::any_of(names.begin(), names.end(), is_of_next_run)) return;
  std::vector<std::string> left = names_below(path_);
  std::copy_if(names.begin(), names.end(), std::back_inserter(left), is_kept_by_nfs);
  if (!left.empty() && !holds_other_files(path_))
    throw base::Error(base::Status::failure, "remove", path_,
                      fmt::format("NFS keeps '{}' there, a file that a process still has open; remove the "
                                  "directory when that has ended",
                                  left[0]));
  if (!names.empty() && !holds_other_files(path_)) return;
  if (!names.empty())
    throw base::Error(base::Status::failure, "remove", path_,
                      "it holds other files; the next run needs another --shard-dir");
  if (is_working_directory(path_) || ::rmdir(path_.c_str()) == 0 || errno == ENOENT) return;
  throw base::SystemError("remove", path_);
}

bool is_own_file(const std::string& path, std::string_view mark) {
  const auto text = read_file(path);
  if (!text) return false;
  const std::size_t second = text->find('\n') + 1;
  return text->starts_with(mark) || (second > 0 && std::string_view(*text).substr(second).starts_with(mark));
}

void refuse_foreign_file(const std::string& path, std::string_view mark) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0 || (S_ISREG(info.st_mode) && is_own_file(path, mark))) return;
  throw base::UsageError("write", path,
                         "it is there, and not of mrf-run; name another directory with --shard-dir");
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  std::string host = name.data();
  std::replace_if(
      host.begin(), host.end(), [](unsigned char c) { return std::isalnum(c) == 0 && c != '-' && c != '_'; },
      '_');
  return host.substr(0, 64);
}

std::string unique_part(std::size_t shard, const std::string& ending) {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  return fmt::format("{}-{}-{}-{}{:09}{}", shard, host_name(), ::getpid(), now.tv_sec, now.tv_nsec, ending);
}

}  // namespace mrf::shard
