// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mrf::store {

/// The sections of a file of the AWS command line, as Python's configparser reads it: names and values behind
/// '=' or ':', comments on lines of their own, further lines of a value indented, those of a list as
/// "LIST.NAME". What stands above every section is that of "". Throws Error with `file` and the number of a
/// line that is neither a section nor a setting.
using AwsSections = std::map<std::string, std::map<std::string, std::string>>;
AwsSections parse_aws_file(std::string_view text, const std::string& file);

/// The files from which AWS credentials may come, by the environment and by where they stand: those of
/// AwsProfile, and tokens; each with what names it in messages. They need not exist.
std::vector<std::pair<std::string, std::string>> aws_files();

/// A profile of ~/.aws/credentials and ~/.aws/config (AWS_SHARED_CREDENTIALS_FILE, AWS_CONFIG_FILE), the one
/// that AWS_PROFILE names, or "default".
class AwsProfile {
 public:
  /// From the texts of the two files. Throws Error as parse_aws_file() does.
  AwsProfile(std::string name, std::string_view credentials, std::string_view config);
  /// From the files, as far as they are there. Warns of settings above every section. Throws SystemError when
  /// one cannot be read, and Error when a line makes no sense, or AWS_PROFILE names a profile that is in
  /// neither.
  static AwsProfile load();

  const std::string& name() const { return name_; }
  bool exists() const { return exists_; }
  /// A setting, "" when it is missing. The file of credentials comes first.
  std::string get(const std::string& setting) const;
  /// endpoint_url of a service ("s3", "sts"): that of the section [services NAME] that the profile names,
  /// else its own.
  std::string endpoint(const std::string& service) const;

 private:
  std::string name_;
  bool exists_ = false;
  std::map<std::string, std::string> settings_;
  std::map<std::string, std::string> services_;
};

}  // namespace mrf::store
