// SPDX-License-Identifier: MIT
#include "fetch/manifest.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/lower_case.h"
#include "base/message.h"
#include "base/redact.h"
#include "fetch/checksum_list.h"
#include "fetch/digest.h"
#include "fetch/filereport.h"
#include "fetch/integrity.h"
#include "fetch/json_manifest.h"
#include "fetch/list_url.h"
#include "fetch/target.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "io/reader.h"

namespace mrf::fetch {

namespace {

using Json = nlohmann::json;

class ManifestError final : public base::UsageError {
 public:
  ManifestError(const std::string& name, const std::string& reason)
      : base::UsageError("use manifest", name, reason) {}
  bool offers_help() const noexcept override { return false; }
};

// The entries of a list, with the rules that hold for all kinds of lists. Faults are thrown as plain text.
class EntryCollector {
 public:
  /// `unit` is what the entries are counted in: "entry" or "line".
  EntryCollector(const std::string& list, const ManifestOptions& options, const ManifestOrigin& origin,
                 std::string unit)
      : list_(list),
        origin_(origin),
        directory_(options.directory),
        unit_(std::move(unit)),
        reservations_(options.resume, options.root, unit_) {
    if (origin.file) reservations_.keep(list, "the manifest itself");
    for (const auto& [path, option] : options.kept) reservations_.keep(path, "the file of " + option);
  }

  /// The target is the name that the list has.
  void add(ManifestEntry entry, std::size_t number) {
    entry.target = placed(directory_, entry.target);
    reserve(std::move(entry), number, "");
  }

  /// The same for a line of a list that programs write, in which these two are no faults: its own name, whose
  /// checksum was taken while it was being written, and a line that is there twice.
  void add_of_lines(ManifestEntry entry, std::size_t number, const char* hint) {
    entry.target = placed(directory_, entry.target);
    const bool is_own_url =
        origin_.url && entry.url && without_query(*entry.url) == without_query(*origin_.url);
    if (is_own_url || is_list(entry.target) || is_early_list(entry)) {
      warn(fmt::format("{} {} names the list itself, and is passed over", unit_, number));
      return;
    }
    const auto [known, fresh] = lines_.try_emplace(key_of(entry), number);
    if (!fresh) {
      if (repeated_++ == 0) first_repeated_ = number;
      return;
    }
    const auto [other, is_first] = files_.try_emplace(file_of(entry), number);
    if (!is_first)
      throw fmt::format("has another checksum of '{}' than {} {}: a file has one", entry.target, unit_,
                        other->second);
    reserve(std::move(entry), number, hint);
  }

  void warn(const std::string& text) const {
    base::warn(fmt::format("cannot use all of manifest '{}': {}", list_, text));
  }

  std::vector<ManifestEntry> take() {
    if (repeated_ > 0)
      warn(repeated_ == 1 ? fmt::format("{} {} repeats an earlier one", unit_, first_repeated_)
                          : fmt::format("{} of its lines repeat earlier ones, the first is {} {}", repeated_,
                                        unit_, first_repeated_));
    return std::move(entries_);
  }

 private:
  void reserve(ManifestEntry entry, std::size_t number, const char* hint) {
    if (has_long_name(entry.target))
      throw fmt::format("would write '{}', with a name of more than 255 bytes", entry.target);
    struct stat info {};
    const bool is_missing = ::lstat(entry.target.c_str(), &info) != 0;
    if (!is_missing && is_list(entry.target))
      throw fmt::format("would write '{}', which is the manifest itself", entry.target);
    entry.may_be_link = !is_missing && S_ISLNK(info.st_mode);
    if (auto fault = reservations_.reserve(entry.target, number, entry.may_be_link); !fault.empty())
      throw fault + hint;
    entries_.push_back(std::move(entry));
  }

  bool is_list(const std::string& target) const {
    struct stat info {};
    return origin_.file && ::stat(target.c_str(), &info) == 0 && io::FileId(info) == *origin_.file;
  }

  static std::string without_query(const http::Url& url) {
    return url.text().substr(0, url.text().find('?'));
  }

  // A list of that name elsewhere, which was empty when its checksum was taken.
  bool is_early_list(const ManifestEntry& entry) const {
    if (!entry.expectation || io::base_of(entry.target) != io::base_of(list_)) return false;
    const auto kind = digest_of_expectation(*entry.expectation);
    return kind && Digest(*kind).finish() == entry.expectation->value;
  }

  static std::string file_of(const ManifestEntry& entry) {
    std::string file = entry.target;
    file += '\n';
    if (entry.url) file += entry.url->text();
    return file;
  }

  static std::string key_of(const ManifestEntry& entry) {
    std::string key = file_of(entry);
    key += '\n';
    if (entry.expectation) key += entry.expectation->value;
    return key;
  }

  const std::string& list_;
  const ManifestOrigin& origin_;
  const std::string& directory_;
  std::string unit_;
  TargetReservations reservations_;
  std::vector<ManifestEntry> entries_;
  std::unordered_map<std::string, std::size_t> lines_;
  std::unordered_map<std::string, std::size_t> files_;
  std::size_t repeated_ = 0;
  std::size_t first_repeated_ = 0;
};

constexpr const char* names_in_json = "; in a JSON manifest, \"filepath\" gives files their names";

// Prints the warnings of both forms of a filereport.
void warn_of_columns(const EntryCollector& collector, const FileReport& report) {
  for (const auto& column : report.missing_checksums())
    collector.warn(
        fmt::format("it has no column '{}': only what the server says can verify those files{}", column,
                    column.find(',') == std::string::npos ? ""
                                                          : "; are its columns separated by commas? TABs "
                                                            "separate them"));
  for (const auto& column : report.unknown_columns())
    collector.warn(fmt::format("column '{}' is not known, and ignored", column));
  for (const auto& kind : report.other_kinds())
    base::note(fmt::format("the manifest has files of kind {}, too; --ena-files names the kinds", kind));
}

// Rows of a filereport.
class RowReader {
 public:
  explicit RowReader(EntryCollector& collector) : collector_(collector) {}

  void read(const FileReport& report, const std::vector<std::string_view>& values, std::size_t number) {
    auto files = report.files_of(values);
    if (files.empty() && empty_++ == 0) {
      first_empty_ = number;
      first_run_ = report.run_of(values);
    }
    for (auto& file : files)
      collector_.add_of_lines(
          {std::move(file.url), in_directory("", file.name), std::move(file.expectation), false, file.size},
          number, names_in_json);
  }

  void warn_of_empty(const char* unit) const {
    if (empty_ == 0) return;
    const std::string run = first_run_.empty() ? "" : fmt::format(" ({})", first_run_);
    collector_.warn(empty_ == 1 ? fmt::format("{} {}{} has no files", unit, first_empty_, run)
                                : fmt::format("{} of its rows have no files, the first is {} {}{}", empty_,
                                              unit, first_empty_, run));
  }

 private:
  EntryCollector& collector_;
  std::size_t empty_ = 0;
  std::size_t first_empty_ = 0;
  std::string first_run_;
};

// One object of the archive's JSON is one row.
void read_row(RowReader& rows, const Json& object, const std::vector<std::string>& columns,
              const ManifestOptions& options, const EntryCollector& collector, std::size_t number) {
  std::vector<std::string_view> values;
  for (const auto& column : columns) {
    const Json& value = object[column];
    if (!value.is_string() && !value.is_null()) throw fmt::format("field \"{}\" is no text", column);
    values.push_back(value.is_null() ? std::string_view() : value.get_ref<const std::string&>());
  }
  const FileReport report(columns, options.ena_files);
  if (number == 1) warn_of_columns(collector, report);
  rows.read(report, values, number);
}

std::vector<ManifestEntry> parse_json(const std::string& text, const std::string& name,
                                      const ManifestOptions& options, const ManifestOrigin& origin) {
  Json manifest;
  try {
    manifest = parse_json_manifest(text);
  } catch (const std::string& fault) {
    throw ManifestError(name, fault);
  }
  EntryCollector collector(name, options, origin, "entry");
  RowReader rows(collector);
  std::set<std::string> warned;
  std::size_t number = 0;
  for (const auto& object : manifest) {
    ++number;
    try {
      if (!object.is_object()) throw std::string("is no object");
      std::vector<std::string> columns;
      for (const auto& [column, value] : object.items()) columns.push_back(column);
      if (!object.contains("url") && FileReport::is_one(columns)) {
        read_row(rows, object, columns, options, collector, number);
        continue;
      }
      collector.add(entry_of_json(object, options.directory), number);
      for (const auto& field : unknown_fields(object)) {
        if (warned.insert(field).second)
          collector.warn(fmt::format("entry {} field \"{}\" is not known, and ignored", number, field));
      }
    } catch (const std::string& fault) {
      throw ManifestError(name, fmt::format("entry {} {}", number, fault));
    }
  }
  rows.warn_of_empty("entry");
  return collector.take();
}

// Calls `take` with each line that is not empty and its number, without its end of line.
template <typename Take>
void for_each_line(std::string_view text, Take take) {
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) take(line, number);
  }
}

std::vector<std::string_view> cells_of(std::string_view line) {
  std::vector<std::string_view> cells;
  for (std::size_t begin = 0; begin <= line.size();) {
    const auto end = std::min(line.find('\t', begin), line.size());
    cells.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return cells;
}

std::vector<std::string> columns_of(std::string_view text) {
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::vector<std::string> columns;
  for (const auto cell : cells_of(line)) columns.emplace_back(cell);
  return columns;
}

std::vector<ManifestEntry> parse_filereport(std::string_view text, const std::string& name,
                                            const ManifestOptions& options, const ManifestOrigin& origin) {
  EntryCollector collector(name, options, origin, "line");
  RowReader rows(collector);
  std::optional<FileReport> report;
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    try {
      if (number == 1) {
        report.emplace(columns_of(line), options.ena_files);
        warn_of_columns(collector, *report);
      } else {
        rows.read(*report, cells_of(line), number);
      }
    } catch (const std::string& fault) {
      throw ManifestError(name, fmt::format("line {} {}", number, fault));
    }
  });
  rows.warn_of_empty("line");
  return collector.take();
}

// "./a//b" is "a/b". A name that begins with '/' keeps that.
std::string plain_path(std::string_view name) {
  std::string path = name.starts_with('/') ? "/" : "";
  for (std::size_t begin = 0; begin <= name.size();) {
    const auto end = std::min(name.find('/', begin), name.size());
    const auto part = name.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") continue;
    if (!path.empty() && !path.ends_with('/')) path += '/';
    path += part;
  }
  return path;
}

ManifestEntry entry_of_url(std::string_view text) {
  http::Url url = http::Url::parse(std::string(text));
  const std::string name = url.last_component();
  if (!is_file_name(name) && !has_long_name(name))
    throw fmt::format("has '{}', which does not end in a file name{}", url.shown(),
                      name.empty() ? "" : ": it has no control characters, and is not '.' or '..'");
  return {std::move(url), in_directory("", name), std::nullopt, false};
}

// A name in a checksum list: below the base, or a URL itself.
ManifestEntry entry_of_name(const std::string& name, const ManifestOptions& options) {
  if (name.find("://") != std::string::npos) return entry_of_url(name);
  const std::string path = plain_path(name);
  if (name == "-") throw std::string("names standard input");
  if (path.empty() || name.ends_with('/') || io::base_of(path) == ".." || path == "/")
    throw fmt::format("names '{}', which cannot be a file", name);
  ManifestEntry entry{std::nullopt, path == "-" ? "./-" : path, std::nullopt, false};
  if (!options.base_url.empty()) entry.url = url_below(options.base_url, path);
  if (!entry.url && !options.default_base_url.empty()) {
    try {
      entry.url = url_below(options.default_base_url, path);
    } catch (const base::UsageError&) {  // who only looks at files needs no URL
      if (options.fetches) throw;
    }
  }
  if (!entry.url && options.fetches)
    throw fmt::format("names '{}', which is no URL; --base-url says where the files are", name);
  return entry;
}

// What was to be a URL may hold a password.
std::string shown_line(std::string_view line) {
  return line.find_first_of(" \t") == std::string_view::npos ? base::redact_url(line)
                                                             : base::redact_words(line);
}

ManifestEntry entry_of_line(std::string_view line, const ManifestOptions& options) {
  ChecksumLine checksum = parse_checksum_line(line);
  if (!checksum.fault.empty()) throw std::move(checksum.fault);
  try {
    if (checksum.expectation) {
      ManifestEntry entry = entry_of_name(checksum.name, options);
      entry.expectation = std::move(checksum.expectation);
      return entry;
    }
    const auto text = http::trimmed(line);
    if (text.find("://") == std::string_view::npos || text.find_first_of(" \t") != std::string_view::npos)
      throw fmt::format("is neither a URL nor a line of md5sum(1) or sha256sum(1): '{}'",
                        base::redact_answer(shown_line(text)).substr(0, 100));
    return entry_of_url(text);
  } catch (const base::UsageError& error) {
    throw std::string(": ") + error.what();
  }
}

// b2sum(1) and b3sum(1) write what looks like a list of sha512sum(1) or sha256sum(1); so the name has to
// tell.
bool is_named_blake(const std::string& name, const ManifestOrigin& origin) {
  const std::string base = base::lower_case(origin.url ? origin.url->last_component() : io::base_of(name));
  constexpr std::array<std::string_view, 4> names{"b2sum", "b3sum", "blake2", "blake3"};
  return std::any_of(names.begin(), names.end(),
                     [&](auto one) { return base.find(one) != std::string::npos; });
}

// A line without a tag that says its kind, and with as many digits as BLAKE has.
bool may_be_blake(std::string_view line) {
  constexpr std::size_t fewest_digits = 64;
  const auto text = http::trimmed(line);
  const auto digits = text.substr(text.starts_with('\\') ? 1 : 0);
  return std::min(digits.find_first_not_of("0123456789abcdefABCDEF"), digits.size()) >= fewest_digits;
}

std::vector<ManifestEntry> parse_lines(std::string_view text, const std::string& name,
                                       const ManifestOptions& options, const ManifestOrigin& origin) {
  EntryCollector collector(name, options, origin, "line");
  const bool is_blake = is_named_blake(name, origin);
  bool is_any = false;
  for_each_line(text, [&](std::string_view line, std::size_t number) {
    if (line.starts_with('#') || http::trimmed(line).empty()) return;
    is_any = true;
    try {
      ManifestEntry entry = entry_of_line(line, options);
      const bool is_url = !entry.expectation;
      if (is_blake && !is_url && may_be_blake(line))
        throw std::string(
            "has a checksum of BLAKE, by the name of the list, which is none of MD5, SHA1, SHA256, SHA512");
      collector.add_of_lines(std::move(entry), number, is_url ? names_in_json : "");
    } catch (const std::string& fault) {
      throw ManifestError(name, fmt::format("line {}{}{}", number, fault.starts_with(':') ? "" : " ", fault));
    }
  });
  if (!is_any) throw ManifestError(name, "it lists no file");
  return collector.take();
}

void require_for_list(bool condition, const char* option, const char* reason) {
  if (!condition) throw base::UsageError("use option", option, reason);
}

}  // namespace

std::vector<ManifestEntry> parse_manifest(const std::string& text, const std::string& name,
                                          const ManifestOptions& options, const ManifestOrigin& origin) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  std::string_view rest = text;
  if (rest.starts_with("\xff\xfe") || rest.starts_with("\xfe\xff"))
    throw ManifestError(name, "it is UTF-16; 'iconv -f UTF-16 -t UTF-8' makes UTF-8 of it");
  if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
  const auto first = rest.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && (rest[first] == '[' || rest[first] == '{')) {
    require_for_list(options.base_url.empty(), "--base-url", "the manifest is JSON, which has the URLs");
    return parse_json(text, name, options, origin);
  }
  if (rest.find('\0') != std::string_view::npos)
    throw ManifestError(name, "it has NUL bytes, as md5sum -z writes them: lines end with a line feed");
  if (FileReport::is_one(columns_of(rest))) {
    require_for_list(options.base_url.empty(), "--base-url",
                     "the manifest is a filereport, which has the URLs");
    auto entries = parse_filereport(rest, name, options, origin);
    if (entries.empty()) throw ManifestError(name, "it lists no file");
    return entries;
  }
  require_for_list(options.ena_files.empty(), "--ena-files", "the manifest is no filereport of ENA");
  return parse_lines(rest, name, options, origin);
}

namespace {

constexpr std::size_t most_list_bytes = std::size_t{256} << 20;

std::vector<ManifestEntry> fetch_manifest(const std::string& text, const ManifestOptions& options,
                                          const FetchSettings& settings) {
  const ManifestOrigin origin{std::nullopt, http::Url::parse(text)};
  FetchSettings for_list = settings;
  for_list.checks = {};
  for_list.checks.threads = settings.checks.threads;
  std::string list;
  const auto take = [&](std::string_view bytes) {
    if (bytes.size() > most_list_bytes - list.size())
      throw base::DataError("read list", origin.url->shown(),
                            fmt::format("it has more than {} MiB", most_list_bytes >> 20));
    list += bytes;
  };
  const auto verdict = read_in_order(for_list, *origin.url, take, [&] { list.clear(); });
  if (verdict.verified_by.empty() && !verdict.size_is_known)
    base::warn(fmt::format(
        "read list '{}', its size unchecked: the server did not say how many bytes there are; {} came",
        origin.url->shown(), list.size()));
  ManifestOptions with_base = options;
  if (with_base.base_url.empty()) with_base.default_base_url = directory_of_url(text);
  auto entries = parse_manifest(list, origin.url->shown(), with_base, origin);
  std::vector<http::Url> named{*origin.url};
  if (!options.base_url.empty()) named.push_back(http::Url::parse(options.base_url));
  for (auto& entry : entries) {
    entry.is_trusted = !entry.url || std::any_of(named.begin(), named.end(),
                                                 [&](const auto& url) { return url.trusts(*entry.url); });
  }
  return entries;
}

}  // namespace

std::vector<ManifestEntry> read_manifest(const std::string& path, const ManifestOptions& options,
                                         const FetchSettings& settings) {
  if (base::is_url(path)) return fetch_manifest(path, options, settings);
  const io::InputFile input = io::open_input(path);
  struct stat info {};
  ManifestOrigin origin;
  if (::fstat(input.fd.get(), &info) == 0 && S_ISREG(info.st_mode)) origin.file.emplace(info);
  return parse_manifest(io::read_whole(input), input.name, options, origin);
}

}  // namespace mrf::fetch
