// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "fetch/digest.h"
#include "fetch/fetch_object.h"
#include "fetch/redirect.h"
#include "sys/error.h"
#include "sys/message.h"

namespace {

struct Arguments {
  std::string url;
  std::string path;
  std::string filepath;
  std::string checksum;
  std::string algorithm;
  unsigned stall_seconds = 60;
  mrf::FetchSettings settings;
};

// "-cs" and "-ca" are the names that getm(1) has; a short option has one letter.
void expand_two_letter_options(int argc, char** argv) {
  static char checksum[] = "--checksum";
  static char algorithm[] = "--checksum-algorithm";
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    if (std::string_view(argv[i]) == "-cs") argv[i] = checksum;
    if (std::string_view(argv[i]) == "-ca") argv[i] = algorithm;
  }
}

void declare_requests(mrf::Command& command, Arguments& arguments) {
  auto& app = command.options();
  auto& settings = arguments.settings;
  command
      .add_repeatable("-H,--header", settings.requests.headers,
                      "send this header, 'Name: value' (repeatable)")
      ->option_text("HEADER");
  app.add_option("--cacert", settings.network.ca_file,
                 "trust the certificates in FILE (PEM) instead of the system's")
      ->option_text("FILE");
  app.add_option("--retry", settings.requests.retries, "try again N times in a row (default 10)")
      ->option_text("N");
  app.add_option("--stall-timeout", arguments.stall_seconds,
                 "try again when nothing came for S seconds (default 60)")
      ->option_text("S");
  app.add_option("--concurrency", settings.sizes.concurrency,
                 "requests at a time for one file (default 4; 0: one, without threads)")
      ->option_text("N");
  command.add_size("--part-size", settings.sizes.part, "bytes of a range request (default 8M)");
  command.add_size("--multipart-threshold", settings.sizes.threshold,
                   "fetch objects in parts from this size on (default 16M)");
  command.add_size("--buffer", settings.buffer,
                   "what may wait for its turn on the way to a pipe (default 64M)");
}

void declare_checks(mrf::Command& command, Arguments& arguments) {
  auto& app = command.options();
  app.add_option("--checksum", arguments.checksum, "what the data must hash to, hexadecimal or base64 (-cs)")
      ->option_text("VALUE");
  app.add_option("--checksum-algorithm", arguments.algorithm,
                 "md5, gs_crc32c, s3_etag, sha256, or null: verify nothing (-ca)")
      ->option_text("NAME");
  app.add_flag("--require-checksum", arguments.settings.checks.required,
               "fail when there is nothing to verify the data by");
  command.add_size("--s3-part-size", arguments.settings.checks.s3_part_size,
                   "the size of the parts in which an S3 object was uploaded");
}

void declare(mrf::Command& command, Arguments& arguments) {
  auto& app = command.options();
  app.add_option("url", arguments.url);
  app.add_option("path", arguments.path);
  app.add_option("-O,--filepath", arguments.filepath, "write to PATH: a file, a directory, or - for stdout")
      ->option_text("PATH");
  app.add_flag("--resume", arguments.settings.resume,
               "leave an interrupted download behind as PATH.getm-part, and take it up");
  declare_requests(command, arguments);
  declare_checks(command, arguments);
}

void require(bool condition, const char* option, const char* reason) {
  if (!condition) throw mrf::UsageError("use option", option, reason);
}

void check(const Arguments& arguments) {
  const auto& settings = arguments.settings;
  if (arguments.url.empty()) throw mrf::UsageError("use", "command line", "no URL given");
  require(arguments.path.empty() || arguments.filepath.empty(), "--filepath", "PATH is given already");
  require(arguments.stall_seconds > 0, "--stall-timeout", "must be above 0");
  require(settings.sizes.concurrency <= 1000, "--concurrency", "must be at most 1000");
  require(settings.sizes.part >= 64 << 10, "--part-size", "must be at least 64K");
  require(settings.buffer >= 2 << 20, "--buffer", "must be at least 2M");
  require(arguments.algorithm.empty() || mrf::is_checksum_algorithm(arguments.algorithm),
          "--checksum-algorithm", "none of md5, gs_crc32c, s3_etag, sha256, null");
  const bool null = arguments.algorithm == "null";
  require(null || arguments.checksum.empty() == arguments.algorithm.empty(),
          arguments.checksum.empty() ? "--checksum-algorithm" : "--checksum",
          arguments.checksum.empty() ? "it needs --checksum" : "it needs --checksum-algorithm");
  require(!null || !settings.checks.required, "--require-checksum", "the algorithm is null");
  mrf::check_user_headers(settings.requests.headers);
}

mrf::FetchSettings complete(const Arguments& arguments) {
  mrf::FetchSettings settings = arguments.settings;
  const char* bundle = std::getenv("CURL_CA_BUNDLE");
  if (settings.network.ca_file.empty() && bundle != nullptr) settings.network.ca_file = bundle;
  settings.network.stall_timeout = std::chrono::seconds(arguments.stall_seconds);
  settings.requests.random = [] {
    thread_local std::mt19937_64 generator(std::random_device{}());
    return std::uniform_real_distribution<double>()(generator);
  };
  settings.sizes.window = settings.buffer;
  settings.threads = settings.sizes.concurrency > 0;
  if (!settings.threads) settings.checks.threads = 0;
  settings.checks.none = arguments.algorithm == "null";
  if (!arguments.checksum.empty() && !settings.checks.none)
    settings.checks.expectation = mrf::parse_expectation(arguments.algorithm, arguments.checksum);
  return settings;
}

void report(mrf::Stats& stats, const mrf::Url& url, const mrf::Fetched& fetched) {
  stats.in.bytes += fetched.bytes_in;
  stats.out.bytes += fetched.out.bytes;
  stats.out.waited += fetched.out.waited;
  stats.inputs.push_back({url.shown(), 0, fetched.bytes_in, ""});
  stats.outputs.push_back(
      {fetched.target, 0, fetched.out.bytes, fetched.verified_by.empty() ? "nothing" : fetched.verified_by});
}

mrf::Status fetch(mrf::Stats& stats, const Arguments& arguments) {
  check(arguments);
  const auto settings = complete(arguments);
  const auto url = mrf::Url::parse(arguments.url);
  const auto network = mrf::make_curl_network(settings.network);
  mrf::Fetched fetched;
  mrf::fetch_object(*network, settings, url, arguments.path.empty() ? arguments.filepath : arguments.path, {},
                    fetched);
  report(stats, url, fetched);
  return mrf::Status::success;
}

}  // namespace

int main(int argc, char** argv) {
  expand_two_letter_options(argc, argv);
  Arguments arguments;
  mrf::Command command("getm-fetch", "[options] URL [PATH]", "Downloads a file by HTTP, whole or not at all.",
                       {mrf::curl_version_text(), mrf::crypto_version_text()});
  declare(command, arguments);
  return command.run(argc, argv, [&] { return fetch(command.stats(), arguments); });
}
