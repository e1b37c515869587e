// SPDX-License-Identifier: MIT
#include "base/processors.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>

namespace mrf::base {

namespace fs = std::filesystem;

namespace {

constexpr int most_processors = 1 << 16;

// A machine can have more processors than a cpu_set_t has room for; sched_getaffinity(2) refuses a set that
// is smaller than the kernel's.
int processors_of_affinity() {
  struct SetDeleter {
    void operator()(cpu_set_t* set) const noexcept { CPU_FREE(set); }
  };
  for (int room = CPU_SETSIZE; room <= most_processors; room *= 2) {
    const std::unique_ptr<cpu_set_t, SetDeleter> set(CPU_ALLOC(static_cast<std::size_t>(room)));
    const std::size_t size = CPU_ALLOC_SIZE(static_cast<std::size_t>(room));
    if (!set) break;
    if (::sched_getaffinity(0, size, set.get()) == 0) return std::max(1, CPU_COUNT_S(size, set.get()));
    if (errno != EINVAL) break;
  }
  return 1;
}

long long number_of(std::string_view text) {
  long long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

// The first two words of a file; cpu.max holds quota and period in one line, or "max" and the period.
std::pair<std::string, std::string> words_of(const fs::path& path) {
  std::pair<std::string, std::string> words;
  std::ifstream file(path);
  file >> words.first >> words.second;
  return words;
}

int rounded_up(long long quota, long long period) {
  if (quota <= 0 || period <= 0) return 0;
  return static_cast<int>(std::min<long long>((quota + period - 1) / period, most_processors));
}

int quota_of_group(const fs::path& group, bool version_2) {
  if (version_2) {
    const auto [quota, period] = words_of(group / "cpu.max");
    return rounded_up(number_of(quota), number_of(period));
  }
  return rounded_up(number_of(words_of(group / "cpu.cfs_quota_us").first),
                    number_of(words_of(group / "cpu.cfs_period_us").first));
}

// The smaller of two limits, of which 0 is none.
int smaller(int one, int other) { return one == 0 ? other : other == 0 ? one : std::min(one, other); }

bool has_controller(std::string_view controllers, std::string_view wanted) {
  while (!controllers.empty()) {
    const std::size_t end = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, end) == wanted) return true;
    controllers.remove_prefix(std::min(end + 1, controllers.size()));
  }
  return false;
}

}  // namespace

int processors_of_quota(const fs::path& root) {
  int processors = 0;
  std::ifstream groups(root / "proc/self/cgroup");
  // A line is HIERARCHY:CONTROLLERS:PATH; version 2 has hierarchy 0 and no controllers.
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool version_2 = controllers.empty();
    if (!version_2 && !has_controller(controllers, "cpu")) continue;
    // Version 1 is mounted by the names of its controllers, and often by that of one of several alone.
    fs::path mount = root / "sys/fs/cgroup";
    std::error_code none;
    if (!version_2) mount /= fs::exists(mount / controllers, none) ? controllers : "cpu";
    for (fs::path group = fs::path(line.substr(second + 1)).relative_path();; group = group.parent_path()) {
      processors = smaller(processors, quota_of_group(mount / group, version_2));
      if (group.empty()) break;
    }
  }
  return processors;
}

int processors_of_slurm(const char* job_id, const char* cpus_per_task) {
  if (job_id == nullptr || cpus_per_task == nullptr) return 0;
  return static_cast<int>(std::clamp<long long>(number_of(cpus_per_task), 0, most_processors));
}

int usable_processors() {
  const int limit =
      smaller(processors_of_quota("/"),
              processors_of_slurm(std::getenv("SLURM_JOB_ID"), std::getenv("SLURM_CPUS_PER_TASK")));
  return smaller(processors_of_affinity(), limit);
}

unsigned usable_threads(unsigned wanted) {
  constexpr unsigned always = 64;
  constexpr unsigned each = 4;
  return std::min(wanted, std::max(always, each * std::thread::hardware_concurrency()));
}

}  // namespace mrf::base
