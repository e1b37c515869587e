// SPDX-License-Identifier: MIT
#include "shard/range_report.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"

namespace mrf::shard {

RangeReport parse_range_report(std::string_view text, const std::string& name) {
  try {
    const auto json = nlohmann::json::parse(text);
    RangeReport report;
    report.begin = json.at("begin");
    if (const auto& end = json.at("end"); !end.is_null()) report.end = end.get<Position>();
    report.records = json.at("records");
    report.file.size = json.at("size");
    report.file.mtime = json.at("mtime");
    report.file.device = json.at("device");
    report.file.inode = json.at("inode");
    return report;
  } catch (const nlohmann::json::exception&) {
    throw base::DataError("read", name, "it does not say what of a shard was read");
  }
}

std::string range_report_of(const std::string& part) { return part + ".range"; }

std::optional<RangeReport> take_range_report(const Directory& directory, const std::string& part) {
  const std::string path = directory.part_path(range_report_of(part));
  const auto text = read_file(path);
  if (!text) return std::nullopt;
  directory.remove_part(range_report_of(part));
  return parse_range_report(*text, path);
}

std::string range_text(Position begin, Position end) { return fmt::format("{}-{}", begin, end); }

}  // namespace mrf::shard
