// SPDX-License-Identifier: MIT
#include "fetch/target_claims.h"

#include <fmt/format.h>

#include <deque>
#include <filesystem>

#include "fetch/part_file.h"
#include "io/output_file.h"

namespace mrf::fetch {

namespace {

namespace fs = std::filesystem;

constexpr int most_links = 40;  // path_resolution(7)

}  // namespace

std::string real_place(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  const fs::path start = error ? fs::path(path) : absolute;
  std::deque<fs::path> rest(start.begin(), start.end());
  fs::path place = "/";
  for (int links = 0; !rest.empty();) {
    const fs::path name = rest.front();
    rest.pop_front();
    if (name.empty() || name == "/" || name == ".") continue;
    if (name == "..") {
      place = place.parent_path();
      continue;
    }
    const fs::path to = fs::read_symlink(place / name, error);
    if (error || ++links > most_links) {
      place /= name;
      continue;
    }
    if (to.is_absolute()) place = "/";
    rest.insert(rest.begin(), to.begin(), to.end());
  }
  return place;
}

TargetClaims::TargetClaims(bool resume, const std::string& root) : resume_(resume), root_(real_place(root)) {
  if (!root_.ends_with('/')) root_ += '/';
}

std::string TargetClaims::place_of(const std::string& target) {
  const fs::path path(target);
  std::error_code error;
  if (fs::is_symlink(path, error)) return real_place(target);
  const auto [place, fresh] = looked_up_.try_emplace(path.parent_path());
  if (fresh) place->second = real_place(path.has_parent_path() ? path.parent_path().string() : ".");
  return fs::path(place->second) / path.filename();
}

std::string TargetClaims::claim(const std::string& target, std::size_t number) {
  const std::string place = place_of(target);
  if (!place.starts_with(root_))
    return fmt::format(
        "would write '{}', which is outside of '{}'; --root names the directory that files stay below",
        target, root_.substr(0, root_.size() - 1));
  if (auto fault = claim_place(place, target, {number, true}); !fault.empty() || !resume_) return fault;
  for (const std::string& name : part_names(place)) {
    const std::string shown = target + name.substr(place.size());
    if (auto fault = claim_place(name, shown, {number, false}); !fault.empty()) return fault;
  }
  return "";
}

std::string TargetClaims::claim_place(const std::string& place, const std::string& shown, File file) {
  const auto [known, fresh] = files_.try_emplace(place, file);
  if (!fresh && file.is_target && known->second.is_target)
    return fmt::format("has the target of entry {}, '{}'", known->second.entry, shown);
  if (!fresh)
    return fmt::format("and entry {} would both write '{}', with --resume", known->second.entry, shown);
  if (const auto above = directories_.find(place); above != directories_.end())
    return fmt::format("would write '{}', which is a directory for entry {}", shown, above->second);
  for (fs::path path = fs::path(place).parent_path(); path != path.parent_path(); path = path.parent_path()) {
    if (const auto taken = files_.find(path); taken != files_.end())
      return fmt::format("would write '{}', below a file of entry {}", shown, taken->second.entry);
    if (!directories_.try_emplace(path, file.entry).second) break;
  }
  return "";
}

}  // namespace mrf::fetch
