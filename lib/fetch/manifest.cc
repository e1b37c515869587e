// SPDX-License-Identifier: MIT
#include "fetch/manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "fetch/target.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "io/reader.h"

namespace mrf::fetch {

namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

class ManifestError final : public base::UsageError {
 public:
  ManifestError(const std::string& name, const std::string& reason)
      : base::UsageError("use manifest", name, reason) {}
  bool offers_help() const noexcept override { return false; }
};

// One entry; its faults are thrown as plain text.
class EntryReader {
 public:
  explicit EntryReader(const Json& object) : object_(object) {}

  /// The fields that mean nothing.
  std::vector<std::string> unknown_fields() const {
    constexpr std::array known{"url", "filepath", "checksum", "checksum-algorithm"};
    std::vector<std::string> unknown;
    for (const auto& [name, value] : object_.items()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) unknown.push_back(name);
    }
    return unknown;
  }

  ManifestEntry read() const {
    if (!object_.is_object()) throw std::string("is no object");
    const auto url = text("url");
    if (!url) throw std::string("has no field \"url\"");
    ManifestEntry entry{parsed_url(*url), "", std::nullopt, false};
    entry.target = target(entry.url);
    read_checksum(entry);
    return entry;
  }

 private:
  // Null stands for a field that is not there.
  std::optional<std::string> text(const char* name) const {
    const auto place = object_.find(name);
    if (place == object_.end() || place->is_null()) return std::nullopt;
    if (!place->is_string()) throw fmt::format("field \"{}\" is no text", name);
    return place->get<std::string>();
  }

  static http::Url parsed_url(const std::string& text) {
    try {
      return http::Url::parse(text);
    } catch (const base::UsageError& error) {
      throw fmt::format("field \"url\": {}", error.what());
    }
  }

  std::string target(const http::Url& url) const {
    std::string path = text("filepath").value_or("");
    if (path == "-") throw std::string("field \"filepath\": standard output cannot take several files");
    if (path.find('\0') != std::string::npos) throw std::string("field \"filepath\" has a zero byte");
    std::error_code error;
    if (!path.empty() && !path.ends_with('/') && !fs::is_directory(path, error)) {
      if (const auto name = io::base_of(path); name == "." || name == "..")
        throw fmt::format("field \"filepath\": '{}' cannot be a file", path);
      return path;
    }
    const std::string name = url.last_component();
    if (!is_file_name(name))
      throw std::string("field \"filepath\" is needed, the URL does not end in a file name");
    return in_directory(path, name);
  }

  void read_checksum(ManifestEntry& entry) const {
    const auto value = text("checksum");
    const auto algorithm = text("checksum-algorithm");
    if (algorithm && !is_checksum_algorithm(*algorithm))
      throw fmt::format("field \"checksum-algorithm\": '{}' is none of md5, gs_crc32c, s3_etag, sha256, null",
                        *algorithm);
    entry.unverified = algorithm == "null";
    if (entry.unverified) return;
    if (value && !algorithm) throw std::string("field \"checksum\" needs \"checksum-algorithm\"");
    if (algorithm && !value) throw std::string("field \"checksum-algorithm\" needs \"checksum\"");
    if (!value) return;
    try {
      entry.expectation = parse_expectation(*algorithm, *value);
    } catch (const base::UsageError& error) {
      throw fmt::format("field \"checksum\": {}", error.what());
    }
    entry.expectation->source = "checksum";
  }

  const Json& object_;
};

// Finds a name that an object has twice: the library would take the last one.
class DuplicateFinder {
 public:
  explicit DuplicateFinder(const std::string& manifest) : manifest_(manifest) {}

  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    using Event = Json::parse_event_t;
    if (depth == 1 && (event == Event::object_start || event == Event::array_start || event == Event::value))
      ++entry_;
    if (event == Event::object_start) names_.emplace_back();
    if (event == Event::object_end) names_.pop_back();
    if (event == Event::key && !names_.back().insert(parsed.get<std::string>()).second)
      throw ManifestError(manifest_,
                          fmt::format("entry {} has field \"{}\" twice", entry_, parsed.get<std::string>()));
    return true;
  }

 private:
  const std::string& manifest_;
  std::size_t entry_ = 0;
  std::vector<std::set<std::string>> names_;  ///< of the objects around
};

}  // namespace

std::vector<ManifestEntry> parse_manifest(const std::string& text, const std::string& name,
                                          const ManifestOptions& options) {
  Json manifest;
  try {
    DuplicateFinder finder(name);
    manifest = Json::parse(text, std::ref(finder));
  } catch (const Json::parse_error& error) {
    throw ManifestError(name, fmt::format("no JSON at byte {}", error.byte));
  } catch (const Json::out_of_range&) {
    throw ManifestError(name, "a number in it is too large");
  }
  if (!manifest.is_array()) throw ManifestError(name, "no JSON array");
  std::vector<ManifestEntry> entries;
  TargetReservations reservations(options.resume, options.root);
  std::set<std::string> warned;
  for (const auto& object : manifest) {
    const std::size_t number = entries.size() + 1;
    try {
      const EntryReader reader(object);
      entries.push_back(reader.read());
      for (const auto& field : reader.unknown_fields()) {
        if (warned.insert(field).second)
          base::warn(
              fmt::format("cannot use all of manifest '{}': entry {} field \"{}\" is not known, and ignored",
                          name, number, field));
      }
      if (auto fault = reservations.reserve(entries.back().target, number); !fault.empty()) throw fault;
    } catch (const std::string& fault) {
      throw ManifestError(name, fmt::format("entry {} {}", number, fault));
    }
  }
  return entries;
}

std::vector<ManifestEntry> read_manifest(const std::string& path, const ManifestOptions& options) {
  const io::InputFile input = io::open_input(path);
  std::string text;
  io::Meter meter;
  char buffer[1 << 16];
  while (const std::size_t n = io::read_some(input.fd, input.name, buffer, meter)) text.append(buffer, n);
  return parse_manifest(text, input.name, options);
}

}  // namespace mrf::fetch
