// SPDX-License-Identifier: MIT
#include "bam/bed.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "io/reader.h"

namespace mrf::bam {

namespace {

std::string_view next_word(std::string_view& line) {
  constexpr std::string_view blanks = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(blanks));
  line.remove_prefix(word.size());
  return word;
}

std::optional<hts_pos_t> position(std::string_view word) {
  hts_pos_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc() || end != word.data() + word.size() || number < 0 || number > HTS_POS_MAX)
    return std::nullopt;
  return number;
}

}  // namespace

Bed::Bed(const std::string& path) {
  io::Meter unused;
  io::Reader reader(io::open_input(path), unused);
  name_ = reader.name();
  std::uint64_t number = 0;
  for (bool more = true; more;) {
    more = reader.more();
    std::string_view text = reader.view();
    for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
      add(text.substr(0, end), ++number);
      text.remove_prefix(end + 1);
    }
    if (!more && !text.empty()) {
      add(text, ++number);
      text = {};
    }
    reader.consume(reader.view().size() - text.size());
  }
}

void Bed::add(std::string_view line, std::uint64_t number) {
  const std::string_view whole = line;
  const std::string_view reference = next_word(line);
  if (reference.empty() || whole.starts_with('#')) return;
  const std::optional<hts_pos_t> first = position(next_word(line));
  const std::string_view last_word = next_word(line);
  const std::optional<hts_pos_t> last = last_word.empty() ? first : position(last_word);
  const bool is_position = last_word.empty();
  const bool is_interval = first && last && *last >= *first && !(is_position && *first == 0);
  if (!is_interval && (reference == "browser" || reference == "track")) return;
  if (!is_interval)
    throw base::DataError("read", name_,
                          fmt::format("line {}: neither REFERENCE BEGIN END nor REFERENCE POSITION", number));
  lines_.push_back({std::string(reference), is_position ? *first - 1 : *first, *last});
}

std::vector<Interval> Bed::intervals(sam_hdr_t& header) const {
  std::vector<Interval> found;
  for (const Line& line : lines_) {
    const int reference = sam_hdr_name2tid(&header, line.reference.c_str());
    if (reference >= 0) found.push_back({reference, line.begin, line.end});
  }
  if (found.empty() && !lines_.empty())
    throw base::DataError(
        "use", name_,
        fmt::format("none of its references is in the header of the input, '{}' for example",
                    lines_.front().reference));
  return found;
}

}  // namespace mrf::bam
