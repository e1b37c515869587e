// SPDX-License-Identifier: MIT
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "cli/command.h"
#include "fetch/curl_network.h"
#include "fetch/download.h"
#include "fetch/redirect.h"
#include "sys/error.h"
#include "sys/message.h"

namespace {

struct Arguments {
  std::string url;
  std::string path;
  std::string filepath;
  std::string ca_file;
  std::vector<std::string> headers;
  unsigned retries = 10;
  unsigned stall_seconds = 60;
};

void declare(mrf::Command& command, Arguments& arguments) {
  auto& app = command.options();
  app.add_option("url", arguments.url);
  app.add_option("path", arguments.path);
  app.add_option("-O,--filepath", arguments.filepath, "write to PATH: a file, a directory, or - for stdout")
      ->option_text("PATH");
  command.add_repeatable("-H,--header", arguments.headers, "send this header, 'Name: value' (repeatable)")
      ->option_text("HEADER");
  app.add_option("--cacert", arguments.ca_file,
                 "trust the certificates in FILE (PEM) instead of the system's")
      ->option_text("FILE");
  app.add_option("--retry", arguments.retries, "try again N times in a row (default 10)")->option_text("N");
  app.add_option("--stall-timeout", arguments.stall_seconds,
                 "try again when nothing came for S seconds (default 60)")
      ->option_text("S");
}

void check(const Arguments& arguments) {
  if (arguments.url.empty()) throw mrf::UsageError("use", "command line", "no URL given");
  if (!arguments.path.empty() && !arguments.filepath.empty())
    throw mrf::UsageError("use option", "--filepath", "PATH is given already");
  if (arguments.stall_seconds == 0) throw mrf::UsageError("use option", "--stall-timeout", "must be above 0");
  mrf::check_user_headers(arguments.headers);
}

std::string ca_file(const Arguments& arguments) {
  if (!arguments.ca_file.empty()) return arguments.ca_file;
  const char* bundle = std::getenv("CURL_CA_BUNDLE");
  return bundle == nullptr ? "" : bundle;
}

mrf::Status fetch(mrf::Stats& stats, const Arguments& arguments) {
  check(arguments);
  const auto url = mrf::Url::parse(arguments.url);
  const auto network =
      mrf::make_curl_network({ca_file(arguments), std::chrono::seconds(arguments.stall_seconds)});
  std::mt19937_64 generator(std::random_device{}());
  const auto random = [&] { return std::uniform_real_distribution<double>()(generator); };
  mrf::Download download(*network, mrf::system_clock(), url,
                         arguments.path.empty() ? arguments.filepath : arguments.path,
                         {arguments.headers, arguments.retries, random});
  download.run(stats.in, stats.out);
  stats.inputs.push_back({url.shown(), 0, stats.in.bytes});
  stats.outputs.push_back({download.target(), 0, stats.out.bytes});
  if (!download.size_is_checked()) {
    mrf::warn("cannot check '" + url.shown() + "': the server did not say how many bytes there are");
  }
  return mrf::Status::success;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  mrf::Command command("getm-fetch", "[options] URL [PATH]", "Downloads a file by HTTP, whole or not at all.",
                       {mrf::curl_version_text()});
  declare(command, arguments);
  return command.run(argc, argv, [&] { return fetch(command.stats(), arguments); });
}
