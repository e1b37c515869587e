// SPDX-License-Identifier: MIT
#include "fetch/target.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/percent_encoding.h"
#include "base/redact.h"
#include "fetch/part_file.h"
#include "io/output_file.h"

namespace mrf::fetch {

namespace {

namespace fs = std::filesystem;

// Takes one character off the front of a text that is not empty; nothing when it is malformed.
std::optional<char32_t> next_character(std::string_view& text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  if (length == 0 || first > 0xf4 || length > text.size()) return std::nullopt;
  char32_t character = length == 1 ? first : first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80) return std::nullopt;
    character = character << 6U | (byte(i) & 0x3fU);
  }
  constexpr char32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
  if (character < least[length] || is_surrogate || character > 0x10ffff) return std::nullopt;
  text.remove_prefix(length);
  return character;
}

bool deceives(char32_t c) {
  return (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
}

// True for well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF).
bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (!next_character(text)) return false;
  }
  return true;
}

// True for UTF-8 without characters that deceive whoever reads a name: C1 controls, marks of direction
// (U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069), line separators, and characters of no width.
bool is_plain_utf8(std::string_view text) {
  while (!text.empty()) {
    const auto character = next_character(text);
    if (!character || deceives(*character)) return false;
  }
  return true;
}

// ISO-8859-1 as UTF-8.
std::string utf8_of_latin1(std::string_view text) {
  std::string utf8;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      utf8 += c;
    } else {
      utf8 += static_cast<char>(0xc0U | byte >> 6U);
      utf8 += static_cast<char>(0x80U | (byte & 0x3fU));
    }
  }
  return utf8;
}

// NAME_MAX is 255; --resume writes another file with a longer name beside it.
constexpr std::size_t longest_name = 255;
constexpr std::size_t longest_servers_name = longest_name - std::string_view(".getm-part.json").size();

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// Takes one "; name=value" off the front of a parameter list (RFC 9110, 5.6.6).
bool next_parameter(std::string_view& rest, std::string& name, std::string& value) {
  const auto start = rest.find(';');
  if (start == std::string_view::npos) return false;
  rest = http::trimmed(rest.substr(start + 1));
  const auto equals = rest.find_first_of("=;");
  name = http::trimmed(rest.substr(0, equals));
  value.clear();
  if (equals == std::string_view::npos || rest[equals] == ';') return true;
  rest = http::trimmed(rest.substr(equals + 1));
  if (!rest.starts_with('"')) {
    value = http::trimmed(rest.substr(0, rest.find(';')));
    return true;
  }
  std::size_t i = 1;
  for (; i < rest.size() && rest[i] != '"'; ++i) {
    if (rest[i] == '\\' && i + 1 < rest.size() && (rest[i + 1] == '"' || rest[i + 1] == '\\')) ++i;
    value += rest[i];
  }
  rest.remove_prefix(std::min(i + 1, rest.size()));
  return true;
}

// charset'language'percent-encoded (RFC 8187, 3.2). Nothing when it is none, or in a charset other than the
// two that recipients have to know.
std::string decode_extended(const std::string& value) {
  const auto first = value.find('\'');
  const auto second = first == std::string::npos ? first : value.find('\'', first + 1);
  if (second == std::string::npos) return "";
  std::string text = base::percent_decoded(value.substr(second + 1));
  const auto charset = std::string_view(value).substr(0, first);
  if (http::equal_names(charset, "UTF-8")) return text;
  return http::equal_names(charset, "ISO-8859-1") ? utf8_of_latin1(text) : "";
}

std::optional<std::string> harmless(const std::string& text) {
  std::string name = text.substr(text.find_last_of("/\\") + 1);
  if (!is_file_name(name) || name.starts_with('.') || name.size() > longest_servers_name) return std::nullopt;
  if (!is_plain_utf8(name)) return std::nullopt;
  return name;
}

}  // namespace

std::optional<std::string> disposition_name(std::string_view field) {
  std::string name;
  std::string value;
  std::optional<std::string> plain;
  while (next_parameter(field, name, value)) {
    if (http::equal_names(name, "filename*")) {
      if (auto extended = harmless(decode_extended(value))) return extended;
    } else if (http::equal_names(name, "filename") && !plain) {
      // Bytes that are no UTF-8 are ISO-8859-1, as in all older header fields.
      plain = harmless(is_utf8(value) ? value : utf8_of_latin1(value));
    }
  }
  return plain;
}

bool is_file_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= longest_name &&
         std::none_of(name.begin(), name.end(), [](char c) { return c == '/' || is_control(c); });
}

bool has_long_name(std::string_view path) {
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (end > longest_name) return true;
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return false;
}

std::string in_directory(const std::string& directory, const std::string& name) {
  if (directory.empty()) return name == "-" ? "./-" : name;
  return directory.ends_with('/') ? directory + name : directory + "/" + name;
}

std::string placed(const std::string& directory, const std::string& name) {
  return directory.empty() || name.starts_with('/') ? name : in_directory(directory, name);
}

Target choose_target(const std::string& path, const http::Url& url, const http::ResponseHead& head) {
  std::error_code error;
  const bool directory = path.empty() || path.ends_with('/') || fs::is_directory(path, error);
  if (!directory || path == "-") return {path, false};
  const auto said = disposition_name(head.field("Content-Disposition").value_or(""));
  std::string name = said.value_or(url.last_component());
  if (!is_file_name(name)) {
    throw base::UsageError("name the file of", url.shown(), "the URL does not end in a file name, give PATH");
  }
  const bool is_servers_choice = name != url.last_component();
  return {in_directory(path, name), is_servers_choice};
}

namespace {

bool is_directory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

}  // namespace

MadeDirectories::~MadeDirectories() {
  for (auto path = made_.rbegin(); path != made_.rend(); ++path) ::rmdir(path->c_str());
}

void MadeDirectories::make(const std::string& path) {
  if (is_directory(path)) return;
  const std::lock_guard lock(mutex_);
  for (std::size_t end = 0; end != std::string::npos;) {
    end = path.find('/', end + 1);
    const std::string part = path.substr(0, end);
    if (is_directory(part)) continue;
    made_.push_back(part);
    if (::mkdir(part.c_str(), 0777) == 0) continue;
    const int error = errno;
    made_.pop_back();
    if (error != EEXIST || !is_directory(part)) throw base::SystemError("make directory", path, error);
  }
}

bool MadeDirectories::is_synced_together(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    if (synced_together_.contains(path)) return true;
  }
  const bool is = io::is_synced_together(path);
  const std::lock_guard lock(mutex_);
  if (is) synced_together_.insert(path);
  return is;
}

namespace {

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

TargetReservations::TargetReservations(bool resume, const std::string& root, std::string unit)
    : resume_(resume), unit_(std::move(unit)), root_(real_place(root)) {
  if (!root_.ends_with('/')) root_ += '/';
}

void TargetReservations::keep(const std::string& path, const std::string& what) {
  if (!path.empty() && path != "-") kept_.emplace(place_of(path), what);
}

std::string TargetReservations::place_of(const std::string& target, bool may_be_link) {
  struct stat info {};
  if (may_be_link && ::lstat(target.c_str(), &info) == 0 && S_ISLNK(info.st_mode)) return real_place(target);
  const auto slash = target.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : target.substr(0, slash + 1);
  const auto [place, fresh] = looked_up_.try_emplace(directory);
  if (fresh) place->second = real_place(directory);
  return in_directory(place->second, target.substr(slash + 1));
}

std::string TargetReservations::reserve(const std::string& target, std::size_t number, bool may_be_link) {
  const std::string place = place_of(target, may_be_link);
  if (!place.starts_with(root_))
    return fmt::format(
        "has the target '{}', which is outside of '{}'; --root names the directory that files stay below",
        target, root_.substr(0, root_.size() - 1));
  if (auto fault = meets_kept(place, target); !fault.empty()) return fault;
  if (auto fault = reserve_place(place, target, {number, true}); !fault.empty() || !resume_) return fault;
  for (const std::string& name : part_names(place)) {
    const std::string shown = target + name.substr(place.size());
    if (const auto fault = meets_kept(name, shown); !fault.empty()) return fault + ", with --resume";
    if (auto fault = reserve_place(name, shown, {number, false}); !fault.empty()) return fault;
  }
  return "";
}

std::string TargetReservations::meets_kept(const std::string& place, const std::string& shown) const {
  for (const auto& [path, what] : kept_) {
    if (path == place) return fmt::format("would write '{}', which is {}", shown, what);
    if (place.starts_with(path + "/")) return fmt::format("would write '{}', below {}", shown, what);
    if (path.starts_with(place + "/"))
      return fmt::format("would write '{}', which is a directory for {}", shown, what);
  }
  return "";
}

std::string TargetReservations::reserve_place(const std::string& place, const std::string& shown, File file) {
  const auto [known, fresh] = files_.try_emplace(place, file);
  if (!fresh && file.is_target && known->second.is_target)
    return fmt::format("has the target of {} {}, '{}'", unit_, known->second.entry, shown);
  if (!fresh)
    return fmt::format("and {} {} would both write '{}', with --resume", unit_, known->second.entry, shown);
  if (const auto above = directories_.find(place); above != directories_.end())
    return fmt::format("would write '{}', which is a directory for {} {}", shown, unit_, above->second);
  for (auto end = place.rfind('/'); end != 0 && end != std::string::npos; end = place.rfind('/', end - 1)) {
    std::string directory = place.substr(0, end);
    if (const auto taken = files_.find(directory); taken != files_.end())
      return fmt::format("would write '{}', below a file of {} {}", shown, unit_, taken->second.entry);
    if (!directories_.try_emplace(std::move(directory), file.entry).second) break;
  }
  return "";
}

}  // namespace mrf::fetch
