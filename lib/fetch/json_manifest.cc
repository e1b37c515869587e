// SPDX-License-Identifier: MIT
#include "fetch/json_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/error.h"
#include "fetch/expectation.h"
#include "fetch/target.h"
#include "io/paths.h"

namespace mrf::fetch {

namespace {

using Json = nlohmann::json;

// Makes the values of a text, and refuses a name that an object has twice: the library's own maker takes the
// last one, and its parser with a callback looks at all elements of an array again at the end of each, which
// is no time for lists of 100,000 files.
class JsonMaker final : public Json::json_sax_t {
 public:
  Json take() { return std::move(root_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add(value); }
  bool number_unsigned(number_unsigned_t value) override { return add(value); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return add(value); }
  bool string(string_t& value) override { return add(value); }
  bool binary(binary_t& /*value*/) override { return false; }  // no text has it
  bool start_array(std::size_t /*count*/) override { return open(Json::array()); }
  bool start_object(std::size_t /*count*/) override { return open(Json::object()); }
  bool end_array() override { return close(); }
  bool end_object() override { return close(); }
  bool key(string_t& name) override {
    const auto [place, is_first] = around_.back()->get_ref<Json::object_t&>().try_emplace(name);
    if (!is_first && root_.is_array())
      throw fmt::format("entry {} has field \"{}\" twice", root_.size(), name);
    field_ = &place->second;
    return true;
  }
  bool parse_error(std::size_t byte, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    constexpr int out_of_range = 406;  // the number of that exception
    throw error.id == out_of_range ? std::string("a number in it is too large")
                                   : fmt::format("no JSON at byte {}", byte);
  }

 private:
  template <typename Value>
  bool add(const Value& value) {
    place() = value;
    return true;
  }
  bool open(Json empty) {
    Json& made = place();
    made = std::move(empty);
    around_.push_back(&made);
    return true;
  }
  bool close() {
    around_.pop_back();
    return true;
  }
  // Of the next value. What is around it stays where it is as long as nothing is added beside that.
  Json& place() {
    if (around_.empty()) return root_;
    if (around_.back()->is_object()) return *field_;
    return around_.back()->emplace_back();
  }

  Json root_;
  std::vector<Json*> around_;  ///< the arrays and objects that are open
  Json* field_ = nullptr;      ///< of the innermost object
};

// One object; its faults are thrown as plain text.
class EntryReader {
 public:
  EntryReader(const Json& object, const std::string& directory) : object_(object), directory_(directory) {}

  ManifestEntry read() const {
    const auto url = text("url");
    if (!url) throw std::string("has no field \"url\"");
    ManifestEntry entry{parsed_url(*url), "", std::nullopt, false, size()};
    entry.target = target(*entry.url);
    read_checksum(entry);
    return entry;
  }

 private:
  // A field that is null counts as missing.
  std::optional<std::string> text(const char* name) const {
    const auto place = object_.find(name);
    if (place == object_.end() || place->is_null()) return std::nullopt;
    if (!place->is_string()) throw fmt::format("field \"{}\" is no text", name);
    return place->get<std::string>();
  }

  std::optional<std::uint64_t> size() const {
    const auto place = object_.find("size");
    if (place == object_.end() || place->is_null()) return std::nullopt;
    if (!place->is_number_unsigned()) throw std::string("field \"size\" is no number of bytes");
    return place->get<std::uint64_t>();
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
    if (!path.empty() && !path.ends_with('/') &&
        !std::filesystem::is_directory(placed(directory_, path), error)) {
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
  const std::string& directory_;
};

}  // namespace

Json parse_json_manifest(const std::string& text) {
  JsonMaker maker;
  Json::sax_parse(text, &maker);
  Json manifest = maker.take();
  if (!manifest.is_array()) throw std::string("no JSON array");
  return manifest;
}

ManifestEntry entry_of_json(const Json& object, const std::string& directory) {
  return EntryReader(object, directory).read();
}

std::vector<std::string> unknown_fields(const Json& object) {
  constexpr std::array known{"url", "filepath", "checksum", "checksum-algorithm", "size"};
  std::vector<std::string> unknown;
  for (const auto& [name, value] : object.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) unknown.push_back(name);
  }
  return unknown;
}

}  // namespace mrf::fetch
