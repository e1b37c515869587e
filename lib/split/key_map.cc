// SPDX-License-Identifier: MIT
#include "split/key_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "io/reader.h"
#include "record/key.h"

namespace mrf::split {

namespace {
constexpr std::size_t longest_word = 100;  // in messages
}  // namespace

std::size_t KeyMap::Hash::operator()(std::string_view key) const {
  return static_cast<std::size_t>(record::key_hash(key));
}

KeyMap::KeyMap(const std::string& path, std::size_t outputs, io::Meter& meter) {
  io::Reader reader(io::open_input(path), meter);
  do {
    text_ += reader.view();
    reader.consume(reader.view().size());
  } while (reader.more());
  std::string_view rest = text_;
  for (std::uint64_t number = 1; !rest.empty(); ++number) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    try {
      add(line, outputs);
    } catch (const std::runtime_error& error) {
      throw base::DataError("read", reader.name(), fmt::format("line {} {}", number, error.what()));
    }
  }
}

void KeyMap::add(std::string_view line, std::size_t outputs) {
  const auto tab = line.find('\t');
  std::uint32_t index = 0;
  const char* const end = line.data() + line.size();
  if (tab == std::string_view::npos) throw std::runtime_error("is not a key, a tab and an output's index");
  const auto [stop, code] = std::from_chars(line.data() + tab + 1, end, index);
  if (code == std::errc::invalid_argument || stop != end) {
    throw std::runtime_error("is not a key, a tab and an output's index");
  }
  if (code != std::errc() || index >= outputs) {
    throw std::runtime_error(
        fmt::format("names output {}, the last one is {}", line.substr(tab + 1, longest_word), outputs - 1));
  }
  if (!outputs_.emplace(line.substr(0, tab), index).second) {
    throw std::runtime_error(
        fmt::format("has key '{}' for the second time", line.substr(0, std::min(tab, longest_word))));
  }
}

std::optional<std::size_t> KeyMap::find(std::string_view key) const {
  const auto found = outputs_.find(key);
  if (found == outputs_.end()) return std::nullopt;
  return found->second;
}

}  // namespace mrf::split
