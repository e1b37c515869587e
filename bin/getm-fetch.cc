// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/amounts.h"
#include "base/error.h"
#include "base/message.h"
#include "base/redact.h"
#include "base/version.h"
#include "cli/command.h"
#include "fetch/arguments.h"
#include "fetch/digest.h"
#include "fetch/outcome.h"
#include "fetch/part_file.h"
#include "fetch/target.h"
#include "http/header_lines.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "io/signals.h"
#include "process/captured_command.h"

namespace {

// "-cs" and "-ca" are the names that getm(1) has; a short option has one letter.
void expand_two_letter_options(int argc, char** argv) {
  static char checksum[] = "--checksum";
  static char algorithm[] = "--checksum-algorithm";
  for (int i = 1; i < argc && std::string_view(argv[i]) != "--"; ++i) {
    if (std::string_view(argv[i]) == "-cs") argv[i] = checksum;
    if (std::string_view(argv[i]) == "-ca") argv[i] = algorithm;
  }
}

void declare_requests(mrf::cli::Command& command, mrf::fetch::FetchArguments& arguments) {
  auto& app = command.options();
  auto& settings = arguments.settings;
  app.add_repeatable("-H,--header HEADER", settings.requests.headers,
                     "send the header 'Name: value', or those in @FILE, with every request (repeatable)");
  app.add_option("--bearer-file FILE", arguments.bearer_file,
                 "send the token in FILE as 'Authorization: Bearer' (default: no token)");
  app.add_option("--region NAME", settings.store.s3.region,
                 "region of s3:// objects (default: of the environment, the profile, or us-east-1)");
  app.add_flag("--no-sign-request", settings.store.s3.is_unsigned,
               "look for no AWS credentials, and sign no request for s3://");
  app.add_flag("--request-payer", settings.store.s3.payer, "pay for requests to s3:// as the requester");
  app.add_option("--cacert FILE", settings.network.ca_file,
                 "trust the certificates in FILE, PEM (default: those of the system)");
  app.add_option("--retry N", settings.requests.retries, "try again up to N times in a row (default 10)");
  app.add_option("--stall-timeout S", arguments.stall_seconds,
                 "try again when no data came for S seconds (default 60)");
  app.add_option("--refresh-command CMD", arguments.refresh_command,
                 "when a URL is refused, run CMD, which prints another one (default: that is final)");
  app.add_option("--host-connections N", arguments.host_connections,
                 "requests at a time to one host (default 16, or --concurrency if that is more)");
  app.add_option("--connections N", arguments.connections,
                 "requests at a time to all hosts (default 64, or --host-connections if that is more)");
  app.add_option("--concurrency N", settings.sizes.concurrency,
                 "requests at a time for one file (default 4); 0: one request, no threads");
  app.add_size("--part-size", settings.sizes.part, "bytes of one range request (default 8M)");
  app.add_size("--multipart-threshold", settings.sizes.threshold,
               "fetch objects of this size and more in parts (default 16M)");
  app.add_size("--buffer", settings.buffer,
               "bytes that may wait for their turn on the way to a pipe (default 64M)");
}

void declare_checks(mrf::cli::Command& command, mrf::fetch::FetchArguments& arguments) {
  auto& app = command.options();
  app.add_option("--checksum VALUE", arguments.checksum,
                 "verify by VALUE, hexadecimal or base64; also -cs (default: by what the server says)");
  app.add_option("--checksum-algorithm NAME", arguments.algorithm,
                 "kind of --checksum: md5|gs_crc32c|s3_etag|sha256|null (verify nothing); also -ca "
                 "(default: by its length)");
  app.add_option("--write-checksums FILE", arguments.checksums,
                 "write a list for md5sum -c to FILE, when its name has md5, else for sha256sum -c");
  app.add_flag("--require-checksum", arguments.settings.checks.required,
               "fail when nothing can verify the data (default: a warning)");
  app.add_size("--s3-part-size", arguments.settings.checks.s3_part_size,
               "size of the parts in which an S3 object was uploaded (default: common sizes are tried)");
}

void declare(mrf::cli::Command& command, mrf::fetch::FetchArguments& arguments) {
  auto& app = command.options();
  app.add_option("url", arguments.url);
  app.add_option("path", arguments.path);
  app.add_option(
      "-O,--filepath PATH", arguments.filepath,
      "write to PATH, a file, a directory (of a manifest: only that) or -, standard output (default .)");
  app.add_flag("--resume", arguments.settings.resume,
               "keep an interrupted download as PATH.getm-part, and continue it");
  app.add_option("-m,--manifest MANIFEST", arguments.manifest,
                 "fetch the files that MANIFEST lists: JSON, md5sum's or ENA's list, URLs");
  app.add_option("--base-url URL", arguments.base_url, "where the names of a checksum list are");
  app.add_option("--ena-files KINDS", arguments.ena_files,
                 "kinds of files of ENA's list, separated by commas (default fastq, else submitted, sra)");
  app.add_option("--files N", arguments.many.files,
                 "files of a manifest at a time (default 8, and up to 64 small ones)");
  app.add_flag("-c,--continue-after-error", arguments.many.continue_after_error,
               "fetch the other files of a manifest when one fails");
  app.add_option("--root DIR", arguments.root,
                 "all files of a manifest must be below DIR (default: that of -O, or the working directory)");
  app.add_flag("--verify-only", arguments.many.verify_only,
               "fetch nothing; verify the existing files of a manifest");
  app.add_option("--progress STYLE", arguments.progress,
                 "bar (default on a terminal), log (default elsewhere), json or none");
  app.add_option("--report FILE", arguments.report, "write what became of each file as JSON to FILE");
  app.add_flag("--overwrite", arguments.settings.overwrite,
               "let a name that the server chose replace an existing file");
  declare_requests(command, arguments);
  declare_checks(command, arguments);
}

// The files that a run writes about itself. They are opened before the work, so that one that cannot be
// written is found at once.
class Records {
 public:
  explicit Records(const mrf::fetch::FetchArguments& arguments)
      : report_path_(arguments.report), checksums_path_(arguments.checksums), list_(arguments.manifest) {
    for (const auto& file : mrf::fetch::files_read(arguments)) inputs_.push_back(file.first);
    auto inputs = inputs_;
    inputs.push_back(list_);
    refuse_shared({}, inputs);
    if (!report_path_.empty()) report_.emplace(report_path_);
    if (!checksums_path_.empty()) checksums_.emplace(checksums_path_);
  }

  /// Throws UsageError when a file that is fetched is one of them or one that is read besides, or with
  /// `resume` one that is kept of it.
  void keep_apart(const std::string& target, bool resume) const {
    refuse_shared(target, inputs_);
    if (!resume) return;
    for (const auto& name : mrf::fetch::part_names(mrf::fetch::real_place(target)))
      refuse_shared(name, inputs_);
  }

  /// Fetches, and then writes the files of the run, after a failure too. Of two failures the first one
  /// counts; the failure of such a file is then only a message.
  template <typename Fetch>
  mrf::base::Status write_after(const mrf::io::Stats& stats, const std::vector<mrf::fetch::Outcome>& outcomes,
                                Fetch fetch) {
    auto status = mrf::base::Status::success;
    try {
      status = fetch();
    } catch (const mrf::base::UsageError&) {
      throw;
    } catch (const mrf::base::Error& error) {
      write_beside_failure(stats, error.status(), outcomes);
      throw;
    }
    if (status == mrf::base::Status::success) return write(stats, status, outcomes);
    write_beside_failure(stats, status, outcomes);
    return status;
  }

 private:
  // A list that cannot be written does not keep the report away, which has the status of that failure.
  mrf::base::Status write(const mrf::io::Stats& stats, mrf::base::Status status,
                          const std::vector<mrf::fetch::Outcome>& outcomes) {
    try {
      if (checksums_) write_to(*checksums_, mrf::fetch::checksum_list_of(outcomes));
    } catch (const mrf::base::Error& error) {
      if (!report_) throw;
      mrf::base::say(error.what());
      if (status == mrf::base::Status::success) status = error.status();
    }
    if (!report_) return status;
    const double wall_s = mrf::base::seconds(std::chrono::steady_clock::now() - started_);
    write_to(*report_,
             mrf::fetch::report_text({"getm-fetch", mrf::base::project_version, mrf::base::redact_name(list_),
                                      static_cast<int>(status), stats.in.bytes, wall_s},
                                     outcomes));
    return status;
  }
  void write_beside_failure(const mrf::io::Stats& stats, mrf::base::Status status,
                            const std::vector<mrf::fetch::Outcome>& outcomes) {
    try {
      write(stats, status, outcomes);
    } catch (const mrf::base::Error& error) {
      mrf::base::say(error.what());
    }
  }
  void refuse_shared(const std::string& target, const std::vector<std::string>& inputs) const {
    mrf::io::refuse_shared_outputs({target, report_path_, checksums_path_}, inputs);
  }
  static void write_to(mrf::io::OutputFile& file, const std::string& text) {
    mrf::io::Meter meter;
    mrf::io::write_all(file.fd(), file.name(), text, meter);
    file.commit();
  }

  std::string report_path_;
  std::string checksums_path_;
  std::string list_;
  std::vector<std::string> inputs_;
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::optional<mrf::io::OutputFile> report_;
  std::optional<mrf::io::OutputFile> checksums_;
};

// The command reads the URL that is refused and prints another one.
std::optional<mrf::http::Url> refresh(const std::string& command, const mrf::http::Url& refused,
                                      const std::string& target, const std::function<bool()>& is_stopped) {
  const std::string option = "--refresh-command";
  // Without threads, nothing else looks for a signal while the command runs.
  const auto text = mrf::process::output_of(
      {{"/bin/sh", "-c", command}, {"GETM_TARGET=" + target}, refused.text() + "\n", option},
      [&] { return is_stopped() || mrf::io::interrupted() != 0; });
  if (!text) return std::nullopt;
  const std::string line = text->substr(0, text->find_first_of("\r\n"));
  const auto refuse = [&](const std::string& reason) {
    throw mrf::base::Error(mrf::base::Status::failure, "use", option, reason);
  };
  if (line.empty()) refuse("its first line has no URL");
  try {
    return mrf::http::Url::parse(line);
  } catch (const mrf::base::UsageError& error) {
    refuse(fmt::format("its first line is no URL: {}", error.what()));
  }
  return std::nullopt;
}

mrf::base::Status fetch_one(mrf::io::Stats& stats, const mrf::fetch::FetchArguments& arguments,
                            const mrf::fetch::FetchSettings& settings, mrf::fetch::ProgressDisplay& display,
                            std::vector<mrf::fetch::Outcome>& outcomes) {
  const auto url = mrf::http::Url::parse(arguments.url);
  const auto& path = arguments.path.empty() ? arguments.filepath : arguments.path;
  mrf::fetch::Fetched fetched;
  outcomes.resize(1);
  try {
    mrf::fetch::show_progress(display, url, outcomes.front(), [&](const mrf::fetch::Progress& progress) {
      mrf::fetch::fetch_object(settings, url, path, progress, fetched);
      return fetched;
    });
    mrf::fetch::count(stats, url, fetched);
    mrf::fetch::tell_checks(url, fetched);
  } catch (const std::bad_alloc&) {
    if (!fetched.is_complete) throw;  // else only the messages about it are missing
  }
  return mrf::base::Status::success;
}

// Adds the credentials and headers that are in files, so that they are on no command line.
mrf::fetch::FetchArguments with_credentials(mrf::fetch::FetchArguments arguments) {
  auto& settings = arguments.settings;
  settings.network.netrc = true;
  settings.network.user_agent = std::string("getm-fetch/") + mrf::base::project_version;
  settings.requests.headers = mrf::http::with_header_files(settings.requests.headers);
  return arguments;
}

mrf::base::Status fetch_all(mrf::cli::Command& command, const mrf::fetch::FetchArguments& arguments) {
  mrf::io::Stats& stats = command.stats();
  auto settings = mrf::fetch::settings_of(with_credentials(arguments));
  Records records(arguments);
  if (!arguments.refresh_command.empty()) {
    settings.refresh = [&](const auto& refused, const auto& target, const auto& is_stopped) {
      return refresh(arguments.refresh_command, refused, target, is_stopped);
    };
  }
  const auto keep = [&](const std::string& target) {
    command.keep_from_stats(target);
    if (!settings.resume) return;
    for (const auto& name : mrf::fetch::part_names(mrf::fetch::real_place(target)))
      command.keep_from_stats(name);
  };
  mrf::fetch::ProgressDisplay display(mrf::fetch::parse_progress_style(arguments.progress));
  std::vector<mrf::fetch::Outcome> outcomes;
  if (arguments.manifest.empty()) {
    settings.on_target = [&](const std::string& target) {
      keep(target);
      records.keep_apart(target, settings.resume);
    };
    return records.write_after(stats, outcomes,
                               [&] { return fetch_one(stats, arguments, settings, display, outcomes); });
  }
  const auto entries =
      mrf::fetch::read_manifest(arguments.manifest, mrf::fetch::manifest_options_of(arguments), settings);
  for (const auto& entry : entries) keep(entry.target);
  auto many = arguments.many;
  if (command.options().count("--files") > 0) many.small_files = many.files;
  return records.write_after(stats, outcomes, [&] {
    return mrf::fetch::fetch_many(settings, entries, many, display, stats, outcomes);
  });
}

// The memory of the program holds credentials, which a core file would show.
void write_no_core_file() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
  limit.rlim_cur = 0;
  (void)::setrlimit(RLIMIT_CORE, &limit);  // it can always be lowered
}

// A signal ends the program when the files that --resume leaves are in order.
mrf::base::Status fetch(mrf::cli::Command& command, const mrf::fetch::FetchArguments& arguments) {
  mrf::base::Status status = mrf::base::Status::success;
  try {
    status = fetch_all(command, arguments);
  } catch (const mrf::io::Interrupted& end) {
    mrf::io::die_of_signal(end.signal);
  }
  if (const int number = mrf::io::interrupted(); number != 0) mrf::io::die_of_signal(number);
  return status;
}

}  // namespace

int main(int argc, char** argv) try {
  write_no_core_file();
  expand_two_letter_options(argc, argv);
  mrf::fetch::FetchArguments arguments;
  mrf::cli::Command command(
      "getm-fetch", "[options] URL [PATH] | -m MANIFEST",
      "Downloads files by HTTP, FTP, from S3, GCS and DRS, verified, complete or not at all.",
      {mrf::http::curl_version_text(), mrf::fetch::crypto_version_text()});
  declare(command, arguments);
  return command.run(argc, argv, [&] { return fetch(command, arguments); });
} catch (...) {
  return mrf::cli::status_of_current_exception("getm-fetch");
}
