// SPDX-License-Identifier: MIT
#include "fetch/arguments.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <system_error>
#include <utility>

#include "base/environment.h"
#include "base/error.h"
#include "base/message.h"
#include "base/shell_words.h"
#include "fetch/checksum_list.h"
#include "http/header_lines.h"
#include "http/url.h"
#include "store/aws_profile.h"

namespace mrf::fetch {

namespace {

void require(bool condition, const char* option, const char* reason) {
  if (!condition) throw base::UsageError("use option", option, reason);
}

// "" is the working directory.
bool is_directory_name(const std::string& path) {
  std::error_code error;
  return path.empty() || path.ends_with('/') || std::filesystem::is_directory(path, error);
}

void check(const FetchArguments& arguments) {
  const auto& settings = arguments.settings;
  const bool many = !arguments.manifest.empty();
  if (!many && arguments.path.find("://") != std::string::npos)
    throw base::UsageError("fetch", arguments.path,
                           "one URL at a time, the second word is PATH; list several in a manifest, -m");
  if (many && !arguments.url.empty())
    throw base::UsageError("use", arguments.url,
                           "nothing goes beside a manifest; -O DIR/ puts the files of the list below DIR");
  if (!many && arguments.url.empty()) throw base::UsageError("use", "command line", "no URL given");
  require(!many || is_directory_name(arguments.filepath), "--filepath",
          "the files of a manifest need a directory: DIR/, or one that exists");
  require(!many || arguments.checksum.empty(), "--checksum", "the manifest has the checksums");
  require(many || arguments.root.empty(), "--root", "it needs --manifest");
  require(many || arguments.base_url.empty(), "--base-url", "it needs --manifest");
  if (!arguments.base_url.empty()) (void)http::Url::parse(arguments.base_url);
  require(many || arguments.ena_files.empty(), "--ena-files", "it needs --manifest");
  require(many || !arguments.many.verify_only, "--verify-only", "it needs --manifest");
  require(many || !arguments.many.continue_after_error, "--continue-after-error", "it needs --manifest");
  require(arguments.many.files > 0 && arguments.many.files <= 1000, "--files", "must be from 1 to 1000");
  require(arguments.path.empty() || arguments.filepath.empty(), "--filepath", "PATH is given already");
  require(arguments.stall_seconds > 0, "--stall-timeout", "must be above 0");
  require(settings.sizes.concurrency <= 1000, "--concurrency", "must be at most 1000");
  require(arguments.host_connections <= 1000, "--host-connections", "must be at most 1000");
  require(arguments.connections <= 1000, "--connections", "must be at most 1000");
  require(settings.sizes.part >= 64 << 10, "--part-size", "must be at least 64K");
  require(settings.buffer >= 2 << 20, "--buffer", "must be at least 2M");
  require(arguments.algorithm.empty() || is_checksum_algorithm(arguments.algorithm), "--checksum-algorithm",
          "none of md5, gs_crc32c, s3_etag, sha256, null");
  const bool null = arguments.algorithm == "null";
  require(null || arguments.algorithm.empty() || !arguments.checksum.empty(), "--checksum-algorithm",
          "it needs --checksum");
  require(!null || !settings.checks.required, "--require-checksum", "the algorithm is null");
}

// Bytes that each request holds beside --buffer, so that up to 64 requests hold 8 MiB together.
std::size_t bytes_held(unsigned requests) {
  return std::clamp<std::size_t>((4U << 20) / std::max(1U, requests), 64 << 10, 512 << 10);
}

// The expectation of a checksum that was given without the name of its algorithm.
Expectation guessed_expectation(const std::string& text) {
  auto guessed = expectation_by_length(text, "--checksum");
  if (!guessed)
    throw base::UsageError("use checksum", text,
                           "its length is that of no known kind; --checksum-algorithm names the kind");
  base::warn(fmt::format("took --checksum for {} by its length; --checksum-algorithm names another kind",
                         kind_text(*guessed)));
  return std::move(*guessed);
}

}  // namespace

FetchSettings settings_of(const FetchArguments& arguments) {
  check(arguments);
  FetchSettings settings = arguments.settings;
  if (settings.network.ca_file.empty()) settings.network.ca_file = base::environment("CURL_CA_BUNDLE");
  settings.network.stall_timeout = std::chrono::seconds(arguments.stall_seconds);
  http::check_user_headers(settings.requests.headers);
  if (!arguments.bearer_file.empty())
    settings.store.bearer = std::make_shared<store::BearerFile>(arguments.bearer_file);
  settings.requests.random = [] {
    thread_local std::mt19937_64 generator(std::random_device{}());
    return std::uniform_real_distribution<double>()(generator);
  };
  settings.limits.to_host = std::max(settings.limits.to_host, settings.sizes.concurrency);
  if (arguments.host_connections != 0) settings.limits.to_host = arguments.host_connections;
  settings.limits.total = std::max(settings.limits.total, settings.limits.to_host);
  if (arguments.connections != 0) settings.limits.total = arguments.connections;
  settings.network.receive_buffer = bytes_held(settings.sizes.concurrency);
  settings.requests.gathered = settings.network.receive_buffer / 2;
  settings.sizes.window = settings.buffer;
  settings.threads = settings.sizes.concurrency > 0;
  if (!settings.threads) settings.checks.threads = 0;
  settings.checks.none = arguments.algorithm == "null";
  if (!arguments.checksum.empty() && !settings.checks.none)
    settings.checks.expectation = arguments.algorithm.empty()
                                      ? guessed_expectation(arguments.checksum)
                                      : parse_expectation(arguments.algorithm, arguments.checksum);
  if (!arguments.checksums.empty()) settings.checks.record = kind_of_checksum_file(arguments.checksums);
  return settings;
}

std::vector<std::pair<std::string, std::string>> files_read(const FetchArguments& arguments) {
  std::vector<std::pair<std::string, std::string>> files;
  const auto add = [&](const std::string& path, const std::string& option) {
    if (!path.empty() && path != "-") files.emplace_back(path, option);
  };
  add(arguments.bearer_file, "--bearer-file");
  add(arguments.settings.network.ca_file, "--cacert");
  add(base::environment("CURL_CA_BUNDLE"), "CURL_CA_BUNDLE");
  for (const auto& header : arguments.settings.requests.headers) {
    if (header.starts_with('@')) add(header.substr(1), "-H");
  }
  if (const std::string home = base::environment("HOME"); !home.empty())
    files.emplace_back(home + "/.netrc", "credentials (~/.netrc)");
  for (auto& file : store::aws_files()) files.push_back(std::move(file));
  for (auto& name : base::names_in_script(arguments.refresh_command)) {
    std::error_code error;
    if (std::filesystem::is_regular_file(name, error))
      files.emplace_back(std::move(name), "--refresh-command");
  }
  return files;
}

ManifestOptions manifest_options_of(const FetchArguments& arguments) {
  const std::string root = arguments.filepath.empty() ? "." : arguments.filepath;
  std::vector<std::pair<std::string, std::string>> kept{{arguments.report, "--report"},
                                                        {arguments.checksums, "--write-checksums"}};
  if (!arguments.many.verify_only) {
    for (auto& file : files_read(arguments)) kept.push_back(std::move(file));
  }
  return {arguments.settings.resume, arguments.root.empty() ? root : arguments.root,
          arguments.base_url,        "",
          arguments.ena_files,       !arguments.many.verify_only,
          std::move(kept),           arguments.filepath};
}

}  // namespace mrf::fetch
