// SPDX-License-Identifier: MIT
// The kernel tells who has a file open, but not who is about to open it, as some programs open their output
// when they have read all their input. What /proc shows of that are the words of a process and the
// environment that it was started with: a path that is in neither is one that the process can hardly know. A
// shell that forks for a process substitution or a background command shows the words of the whole script.
#include "process/left_behind.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>
#include <system_error>

#include "process/proc_files.h"
#include "process/proc_tree.h"

namespace mrf::process {

namespace {

constexpr int most_looks = 100;  // among processes that start others all the time

bool is_of_file_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("_-.@").find(c) != std::string_view::npos;
}

bool holds_path(std::string_view text, std::string_view path) {
  if (path.empty()) return false;
  for (std::size_t at = text.find(path); at != std::string_view::npos; at = text.find(path, at + 1)) {
    const std::size_t end = at + path.size();
    if (end == text.size() || !is_of_file_name(text[end])) return true;
  }
  return false;
}

// A process whose first thread has ended shows them by the others.
std::string words_and_environment(pid_t pid) {
  for (const std::string& thread : threads_of(pid)) {
    std::string text = proc_text(thread + "/cmdline") + proc_text(thread + "/environ");
    if (!text.empty()) return text;
  }
  return "";
}

std::optional<LeftBehind> may_use(pid_t pid, const std::vector<AwaitedFile>& files) {
  const AwaitedFile* found = nullptr;
  const bool has_open = any_open_file(pid, [&](const io::FileId& open, unsigned mode) {
    const auto file =
        std::find_if(files.begin(), files.end(), [&](const auto& one) { return one.id == open; });
    if (file == files.end() || (mode != O_RDWR && mode != (file->is_read ? O_RDONLY : O_WRONLY)))
      return false;
    found = &*file;
    return true;
  });
  using Way = LeftBehind::Way;
  if (has_open) return LeftBehind{pid, found->name, found->is_read ? Way::reads : Way::writes};
  const std::string known = words_and_environment(pid);
  for (const AwaitedFile& file : files) {
    if (holds_path(known, file.path)) return LeftBehind{pid, file.name, Way::knows_path};
  }
  return std::nullopt;
}

std::string_view description(LeftBehind::Way way) {
  switch (way) {
    case LeftBehind::Way::writes:
      return "has it open for writing (a background process that is not to be waited for redirects its "
             "output)";
    case LeftBehind::Way::reads:
      return "has it open for reading (a background process that does not read it redirects its input)";
    default:
      return "may still open it, since its words or its environment hold the path (a background process that "
             "is not to be waited for is started without that, as by env -u MRF_SIDE)";
  }
}

}  // namespace

std::string LeftBehind::describe(const std::string& who) const {
  return fmt::format("process {} ({}), which {} has left behind, {}", pid, process_name(pid), who,
                     description(way));
}

// A process whose parent ends between a look at the children of `parent` and one at those of its own parent
// is in neither list, and the kernel may leave out a child behind one that ends during the look: a look
// counts that meets no process for the first time.
std::optional<LeftBehind> find_left_behind(pid_t parent, const std::vector<pid_t>& spared,
                                           const std::function<std::vector<AwaitedFile>()>& files) {
  std::optional<std::vector<AwaitedFile>> awaited;
  const std::set<pid_t> not_looked_at(spared.begin(), spared.end());
  std::set<pid_t> known;
  bool has_met = true;
  for (int looks = 0; has_met && looks < most_looks; ++looks) {
    has_met = false;
    for (const pid_t child : children_of(parent)) {
      has_met = known.insert(child).second || has_met;
      if (not_looked_at.contains(child)) continue;
      if (!awaited) awaited = files();
      for (const pid_t pid : process_tree(child)) {
        has_met = known.insert(pid).second || has_met;
        if (auto left = may_use(pid, *awaited)) return left;
      }
    }
  }
  return std::nullopt;
}

bool LeftBehindClock::is_due() {
  if (has_told_ || std::chrono::steady_clock::now() < due_) return false;
  return has_told_ = true;
}

}  // namespace mrf::process
