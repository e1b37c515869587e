// SPDX-License-Identifier: MIT
#include "fetch/filereport.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/error.h"
#include "fetch/list_url.h"
#include "fetch/target.h"
#include "http/response_head.h"

namespace mrf::fetch {

namespace {

constexpr std::string_view place_suffix = "_ftp";

bool is_place(std::string_view column) {
  return column.size() > place_suffix.size() && column.ends_with(place_suffix);
}

std::vector<std::string> split_kinds(const std::string& text) {
  std::vector<std::string> kinds;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    kinds.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return kinds;
}

// The elements of a list; a ';' at the end ends the last one.
std::vector<std::string_view> elements_of(std::string_view list) {
  std::vector<std::string_view> elements;
  while (!list.empty()) {
    const auto end = std::min(list.find(';'), list.size());
    elements.push_back(http::trimmed(list.substr(0, end)));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return elements;
}

// The elements of a column that is to be in step with the files; none when the field is empty.
std::vector<std::string_view> in_step(std::string_view list, std::size_t files, const std::string& kind,
                                      const char* what) {
  auto elements = elements_of(list);
  if (!elements.empty() && elements.size() != files)
    throw fmt::format("has {} files in {}_ftp, but {} values in {}_{}", files, kind, elements.size(), kind,
                      what);
  elements.resize(files);
  return elements;
}

ReportedFile file_at(std::string_view place, const std::string& kind) {
  try {
    ReportedFile file{url_of_host_and_path(std::string(place)), "", std::nullopt, std::nullopt};
    file.name = file.url.last_component();
    if (!is_file_name(file.name)) throw fmt::format("has '{}' in {}_ftp, which names no file", place, kind);
    return file;
  } catch (const base::UsageError& error) {
    throw fmt::format("column '{}_ftp': {}", kind, error.what());
  }
}

Expectation md5_of(std::string_view text, const std::string& kind) {
  try {
    Expectation md5 = parse_expectation("md5", std::string(text));
    md5.source = kind + "_md5";
    return md5;
  } catch (const base::UsageError& error) {
    throw fmt::format("column '{}_md5': {}", kind, error.what());
  }
}

}  // namespace

bool FileReport::is_one(const std::vector<std::string>& columns) {
  return std::any_of(columns.begin(), columns.end(), is_place);
}

FileReport::FileReport(std::vector<std::string> columns, const std::string& kinds)
    : columns_(std::move(columns)) {
  std::set<std::string_view> seen;
  for (const auto& name : columns_) {
    if (!seen.insert(name).second) throw fmt::format("has column '{}' twice", name);
  }
  if (!kinds.empty()) {
    kinds_ = split_kinds(kinds);
  } else {
    const auto first = other_kinds();
    for (const char* usual : {"fastq", "submitted", "sra"}) {
      if (kinds_.empty() && column(std::string(usual) + "_ftp")) kinds_ = {usual};
    }
    if (kinds_.empty()) kinds_ = {first.front()};
  }
  for (const auto& kind : kinds_) {
    if (!column(kind + "_ftp")) throw fmt::format("has no column '{}_ftp'", kind);
    if (std::count(kinds_.begin(), kinds_.end(), kind) > 1)
      throw fmt::format("is asked for '{}' twice", kind);
  }
}

std::optional<std::size_t> FileReport::column(const std::string& name) const {
  const auto place = std::find(columns_.begin(), columns_.end(), name);
  if (place == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(place - columns_.begin());
}

std::vector<ReportedFile> FileReport::files_of(const std::vector<std::string_view>& values) const {
  if (values.size() != columns_.size())
    throw fmt::format("has {} columns, but the first line {}", values.size(), columns_.size());
  const auto value = [&](const std::string& name) {
    const auto place = column(name);
    return place ? http::trimmed(values[*place]) : std::string_view();
  };
  std::vector<ReportedFile> files;
  for (const auto& kind : kinds_) {
    const auto places = elements_of(value(kind + "_ftp"));
    const auto sums = in_step(value(kind + "_md5"), places.size(), kind, "md5");
    const auto sizes = in_step(value(kind + "_bytes"), places.size(), kind, "bytes");
    for (std::size_t i = 0; i < places.size(); ++i) {
      if (places[i].empty()) throw fmt::format("has an empty place among the files in {}_ftp", kind);
      ReportedFile file = file_at(places[i], kind);
      if (!sums[i].empty()) file.expectation = md5_of(sums[i], kind);
      file.size = http::parse_number(sizes[i]);
      if (!file.size && !sizes[i].empty())
        throw fmt::format("has '{}' in {}_bytes, which is no size", sizes[i], kind);
      files.push_back(std::move(file));
    }
  }
  return files;
}

std::string FileReport::run_of(const std::vector<std::string_view>& values) const {
  const auto place = column("run_accession");
  return place && *place < values.size() ? std::string(values[*place]) : "";
}

std::vector<std::string> FileReport::other_kinds() const {
  std::vector<std::string> others;
  for (const auto& name : columns_) {
    if (!is_place(name)) continue;
    auto kind = name.substr(0, name.size() - place_suffix.size());
    if (std::find(kinds_.begin(), kinds_.end(), kind) == kinds_.end()) others.push_back(std::move(kind));
  }
  return others;
}

// Those of the archive are in its list of fields that a filereport may have.
std::vector<std::string> FileReport::unknown_columns() const {
  constexpr std::array known{"ftp",    "md5",       "bytes", "aspera",  "galaxy",
                             "format", "read_type", "sex",   "host_sex"};
  std::vector<std::string> unknown;
  for (const auto& name : columns_) {
    const bool is_of_kind = std::any_of(kinds_.begin(), kinds_.end(),
                                        [&](const auto& kind) { return name.starts_with(kind + "_"); });
    const bool is_known = std::any_of(known.begin(), known.end(), [&](const char* suffix) {
      return std::any_of(kinds_.begin(), kinds_.end(),
                         [&](const auto& kind) { return name == kind + "_" + suffix; });
    });
    if (is_of_kind && !is_known) unknown.push_back(name);
  }
  return unknown;
}

std::vector<std::string> FileReport::missing_checksums() const {
  std::vector<std::string> missing;
  for (const auto& kind : kinds_) {
    if (!column(kind + "_md5")) missing.push_back(kind + "_md5");
  }
  return missing;
}

}  // namespace mrf::fetch
