// SPDX-License-Identifier: MIT
#include "fetch/fetch_many.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "base/amounts.h"
#include "base/error.h"
#include "base/message.h"
#include "fetch/integrity.h"
#include "fetch/run_plan.h"
#include "io/signals.h"

namespace mrf::fetch {

namespace {

// Small files that wait to be committed together: enough for few visits to the disk, few enough descriptors.
unsigned whole_beside() {
  constexpr rlim_t most = 32;
  constexpr rlim_t share = 8;
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return 0;
  return static_cast<unsigned>(std::min(most, descriptors.rlim_cur / share));
}

class ManyFiles {
 public:
  ManyFiles(const FetchSettings& settings, const std::vector<ManifestEntry>& entries,
            const ManyOptions& options, ProgressDisplay& display, io::Stats& stats)
      : settings_(settings),
        entries_(entries),
        options_(options),
        display_(display),
        stats_(stats),
        network_(http::make_curl_network(settings.network)),
        plan_(entries.size(), settings.threads ? options.files : 1,
              options.continue_after_error || options.verify_only, whole_beside()),
        // As many large files again may be written out (FilePlan::on_whole()): a journal commits them
        // together.
        loop_(*network_, http::system_clock(), threads_of(settings, 2 * options.files),
              settings.requests_to_host) {
    settings_.directories = &directories_;
  }

  ~ManyFiles() {
    for (const auto& file : files_) {
      if (file->fetch) file->fetch->download().stop();
    }
    while (loop_.pool().is_busy()) {
      loop_.pool().wait_for_done();
      loop_.pool().run_done();
    }
  }
  ManyFiles(const ManyFiles&) = delete;
  ManyFiles& operator=(const ManyFiles&) = delete;

  void run() {
    for (;;) {
      do {
        std::erase_if(files_, [this](const auto& file) { return !goes_on(*file); });
      } while (begin_what_may());
      if (plan_.is_over()) return;
      loop_.turn();
      io::throw_if_interrupted();
      if (settings_.threads) plan_.limit(std::clamp(loop_.pool().most(), 1U, options_.files));
    }
  }

  base::Status status() const { return status_; }
  std::size_t fetched = 0;
  std::size_t there = 0;  ///< not fetched, since they agree with their checksums
  std::size_t unverified = 0;
  std::size_t failed = 0;

 private:
  enum class Found { missing, good, unverified };
  struct File {
    std::size_t number;
    const ManifestEntry& entry;
    FetchSettings settings;
    std::uint64_t shown;  ///< its number in the display
    FileEnd end;
    bool is_looked_for = false;  ///< the file that may be there is being checked
    Found found = Found::missing;
    bool is_whole = false;  ///< the plan knows that everything came
    std::exception_ptr thrown{};
    std::unique_ptr<ObjectFetch> fetch{};
  };

  bool begin_what_may() {
    bool any = false;
    for (auto number = plan_.next(); number; number = plan_.next(), any = true) begin(*number);
    return any;
  }

  void begin(std::size_t number) {
    const ManifestEntry& entry = entries_[number];
    FetchSettings settings = settings_;
    settings.checks.expectation = entry.expectation;
    settings.checks.none = entry.unverified || settings_.checks.none;
    files_.push_back(std::make_unique<File>(File{number,
                                                 entry,
                                                 std::move(settings),
                                                 display_.begin(entry.target),
                                                 {entry.url.shown(), entry.target, 0, "", 0, ""}}));
    if (!plan_.puts_off() || (!entry.expectation && !options_.verify_only)) return;
    File& file = *files_.back();
    file.is_looked_for = true;
    loop_.pool().post([this, &file] { file.found = find(file.entry, file.end); },
                      [&file](const std::exception_ptr& thrown) {
                        file.is_looked_for = false;
                        file.thrown = thrown;
                      });
  }

  // Whether the file is still under way.
  bool goes_on(File& file) {
    if (file.is_looked_for) return true;
    if (file.thrown || file.found != Found::missing) {
      end_found(file);
      return false;
    }
    if (plan_.is_stopped()) {
      if (!file.fetch) {
        display_.drop(file.shown);
        plan_.on_end(false);
        return false;
      }
      file.fetch->stop();
    } else if (!file.fetch) {
      file.fetch =
          std::make_unique<ObjectFetch>(loop_, file.settings, file.entry.url, file.entry.target,
                                        plan_.puts_off() ? settings_.sizes.threshold : unknown_end, true);
    }
    const auto& download = file.fetch->download();
    if (download.is_finishing() && !std::exchange(file.is_whole, true)) plan_.on_whole();
    if (!download.is_over()) {
      display_.update(file.shown, download.bytes(), download.total());
      return true;
    }
    end_fetch(file);
    return false;
  }

  // Whether the file of an entry is there. Throws Error for what --verify-only finds.
  Found find(const ManifestEntry& entry, FileEnd& end) const {
    const bool only = options_.verify_only;
    struct stat info {};
    const bool exists = ::stat(entry.target.c_str(), &info) == 0;
    if (!exists && only) throw base::SystemError("open", entry.target);
    if (!exists || !S_ISREG(info.st_mode)) {
      if (only) throw base::Error(base::Status::failure, "verify", entry.target, "it is no regular file");
      return Found::missing;
    }
    end.bytes = static_cast<std::uint64_t>(info.st_size);
    if (!entry.expectation) return only ? Found::unverified : Found::missing;
    const auto fault = fault_of_file(entry.target, *entry.expectation, settings_.checks.s3_part_size);
    if (!fault.empty() && only) throw base::DataError("verify", entry.target, fault);
    if (!fault.empty()) return Found::missing;
    end.verified_by = entry.expectation->source;
    base::note(fmt::format("'{}' is there, verified by {}", entry.target, entry.expectation->source));
    return Found::good;
  }

  // The end of a file that was found, or that --verify-only does not find. Throws what is no Error.
  void end_found(File& file) {
    if (file.thrown) {
      fail(file, {}, file.thrown);
    } else {
      ++(file.found == Found::good ? there : unverified);
    }
    display_.end(file.shown, file.end);
    plan_.on_end(file.thrown != nullptr);
  }

  void end_fetch(File& file) {
    const auto& download = file.fetch->download();
    const Fetched result = file.fetch->result();
    const auto thrown = download.thrown();
    if (!thrown && !download.is_complete()) {
      display_.drop(file.shown);
      if (const auto size = download.put_off()) {
        plan_.put_off(file.number, *size);
      } else {
        plan_.on_end(false, file.is_whole);
      }
      return;
    }
    if (thrown) {
      fail(file, result, thrown);
    } else {
      count(stats_, file.entry.url, result);
      ++fetched;
      if (result.verified_by.empty()) ++unverified;
    }
    file.end.bytes = result.out.bytes;
    file.end.verified_by = result.verified_by;
    display_.end(file.shown, file.end);
    plan_.on_end(thrown != nullptr, file.is_whole);
  }

  void fail(File& file, const Fetched& result, const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const base::Error& error) {
      file.end.status = static_cast<int>(error.status());
      file.end.error = error.what();
      if (status_ == base::Status::success) status_ = error.status();
      base::say(error.what());
    }
    stats_.in.bytes += result.bytes_in;
    stats_.inputs.push_back({file.entry.url.shown(), 0, result.bytes_in, ""});
    ++failed;
  }

  FetchSettings settings_;
  const std::vector<ManifestEntry>& entries_;
  const ManyOptions& options_;
  ProgressDisplay& display_;
  io::Stats& stats_;
  MadeDirectories directories_;
  base::Status status_ = base::Status::success;
  std::unique_ptr<http::Network> network_;
  FilePlan plan_;
  Loop loop_;
  std::vector<std::unique_ptr<File>> files_;  ///< that are under way
};

}  // namespace

void show_progress(ProgressDisplay& display, const http::Url& url,
                   const std::function<Fetched(const Progress&)>& fetch) {
  const auto number = display.begin(url.last_component());
  FileEnd end{url.shown(), "", 0, "", 0, ""};
  try {
    const Fetched fetched = fetch([&](auto bytes, auto total) { display.update(number, bytes, total); });
    end = {url.shown(), fetched.target, fetched.out.bytes, fetched.verified_by, 0, ""};
  } catch (const base::Error& error) {
    end.status = static_cast<int>(error.status());
    end.error = error.what();
    display.end(number, end);
    throw;
  }
  display.end(number, end);
}

void count(io::Stats& stats, const http::Url& url, const Fetched& fetched) {
  stats.in.bytes += fetched.bytes_in;
  stats.out.bytes += fetched.out.bytes;
  stats.out.waited += fetched.out.waited;
  stats.inputs.push_back({url.shown(), 0, fetched.bytes_in, ""});
  stats.outputs.push_back(
      {fetched.target, 0, fetched.out.bytes, fetched.verified_by.empty() ? "nothing" : fetched.verified_by});
}

base::Status fetch_many(const FetchSettings& settings, const std::vector<ManifestEntry>& entries,
                        const ManyOptions& options, ProgressDisplay& display, io::Stats& stats) {
  const auto started = std::chrono::steady_clock::now();
  ManyFiles files(settings, entries, options, display, stats);
  files.run();
  const std::string there = files.there == 0 ? "" : fmt::format("{} there already, ", files.there);
  const std::string fetched =
      fmt::format("fetched {} of {} files, {} bytes in {:.1f} s; {}", files.fetched, entries.size(),
                  stats.out.bytes, base::seconds(std::chrono::steady_clock::now() - started), there);
  const std::string sum =
      (options.verify_only ? fmt::format("verified {} of {} files; ", files.there, entries.size())
                           : fetched) +
      fmt::format("{} unverified, {} failed", files.unverified, files.failed);
  if (files.failed > 0) {
    base::say(sum);
  } else {
    base::warn(sum);
  }
  return files.status();
}

}  // namespace mrf::fetch
