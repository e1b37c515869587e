// SPDX-License-Identifier: MIT
#include "store/aws_profile.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/environment.h"
#include "base/error.h"
#include "base/lower_case.h"
#include "base/message.h"
#include "http/response_head.h"
#include "io/reader.h"

namespace mrf::store {

namespace {

// "[profile x]", "[profile \"x y\"]" and "[x]".
std::string section_name(std::string_view line) {
  line.remove_prefix(1);
  line = http::trimmed(line.substr(0, line.find(']')));
  std::string name(line);
  std::erase(name, '"');
  for (const std::string_view kind : {"profile", "services"}) {
    if (!name.starts_with(kind) || name.size() == kind.size() ||
        !http::trimmed(name.substr(kind.size(), 1)).empty())
      continue;
    return std::string(kind) + " " + std::string(http::trimmed(name.substr(kind.size())));
  }
  return name;
}

std::string read_if_there(const std::string& path) {
  try {
    return io::read_whole(path);
  } catch (const base::SystemError& error) {
    if (error.error_number() == ENOENT || error.error_number() == ENOTDIR) return "";
    throw;
  }
}

struct AwsFile {
  const char* variable;  ///< names another one
  const char* name;      ///< in ~/.aws
};
constexpr AwsFile credentials_file{"AWS_SHARED_CREDENTIALS_FILE", "credentials"};
constexpr AwsFile config_file{"AWS_CONFIG_FILE", "config"};

std::string path_of(const AwsFile& file) {
  std::string path = base::environment(file.variable);
  if (!path.empty()) return path;
  const std::string home = base::environment("HOME");
  return home.empty() ? "" : home + "/.aws/" + file.name;
}

std::string text_of(const std::string& path) {
  std::string text = path.empty() ? "" : read_if_there(path);
  if (parse_aws_file(text, path).contains(""))
    base::warn(
        fmt::format("cannot use the first settings of '{}': they stand above every section; put them "
                    "below a line such as [default]",
                    path));
  return text;
}

}  // namespace

AwsSections parse_aws_file(std::string_view text, const std::string& file) {
  constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
  if (text.starts_with(byte_order_mark)) text.remove_prefix(byte_order_mark.size());
  AwsSections sections;
  std::map<std::string, std::string>* section = nullptr;
  std::string setting;  // whose value further lines belong to
  std::size_t setting_indent = 0;
  std::size_t number = 0;
  const auto require = [&](bool condition) {
    if (!condition)
      throw base::Error(
          base::Status::failure, "use", file,
          fmt::format("line {} is neither a section in brackets nor of the form NAME = VALUE", number));
  };
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    const std::string_view whole = text.substr(at, end - at);
    at = end + 1;
    ++number;
    const std::string_view line = http::trimmed(whole);
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
    const std::size_t indent = std::min(whole.find_first_not_of(" \t"), whole.size());
    if (!setting.empty() && indent > setting_indent) {
      std::string& value = (*section)[setting];
      if (!value.empty()) {
        value.append("\n").append(line);
        continue;
      }
      const auto equals = line.find('=');
      require(equals != std::string_view::npos);
      const std::string name = base::lower_case(http::trimmed(line.substr(0, equals)));
      (*section)[fmt::format("{}.{}", setting, name)] = http::trimmed(line.substr(equals + 1));
      continue;
    }
    if (line.starts_with('[')) {
      require(line.find(']') != std::string_view::npos);
      section = &sections[section_name(line)];
      setting.clear();
      continue;
    }
    const auto middle = line.find_first_of("=:");
    require(middle != std::string_view::npos && middle > 0);
    if (section == nullptr) section = &sections[""];
    setting = base::lower_case(http::trimmed(line.substr(0, middle)));
    setting_indent = indent;
    (*section)[setting] = http::trimmed(line.substr(middle + 1));
  }
  return sections;
}

AwsProfile::AwsProfile(std::string name, std::string_view credentials, std::string_view config)
    : name_(std::move(name)) {
  const auto take = [this](const AwsSections& sections, const std::string& section) {
    const auto place = sections.find(section);
    if (place == sections.end()) return;
    exists_ = true;
    settings_.insert(place->second.begin(), place->second.end());
  };
  take(parse_aws_file(credentials, "~/.aws/credentials"), name_);
  const AwsSections sections = parse_aws_file(config, "~/.aws/config");
  take(sections, "profile " + name_);
  if (name_ == "default") take(sections, name_);
  const auto services = sections.find("services " + get("services"));
  if (services != sections.end()) services_ = services->second;
}

std::vector<std::pair<std::string, std::string>> aws_files() {
  std::vector<std::pair<std::string, std::string>> files{
      {path_of(credentials_file), "credentials (~/.aws/credentials)"},
      {path_of(config_file), "credentials (~/.aws/config)"}};
  for (const char* variable : {"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"})
    files.emplace_back(base::environment(variable), variable);
  std::erase_if(files, [](const auto& file) { return file.first.empty(); });
  return files;
}

AwsProfile AwsProfile::load() {
  const std::string named = base::environment("AWS_PROFILE");
  AwsProfile profile(named.empty() ? "default" : named, text_of(path_of(credentials_file)),
                     text_of(path_of(config_file)));
  if (!named.empty() && !profile.exists())
    throw base::Error(base::Status::failure, "use", "AWS_PROFILE",
                      "there is no profile '" + named + "' in the files of credentials and configuration");
  return profile;
}

std::string AwsProfile::get(const std::string& setting) const {
  const auto place = settings_.find(setting);
  return place == settings_.end() ? "" : place->second;
}

std::string AwsProfile::endpoint(const std::string& service) const {
  const auto place = services_.find(service + ".endpoint_url");
  return place != services_.end() ? place->second : get("endpoint_url");
}

}  // namespace mrf::store
