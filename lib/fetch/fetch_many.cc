// SPDX-License-Identifier: MIT
#include "fetch/fetch_many.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/amounts.h"
#include "base/error.h"
#include "base/message.h"
#include "base/processors.h"
#include "base/status.h"
#include "fetch/existing_files.h"
#include "fetch/part_file.h"
#include "fetch/repeated_reasons.h"
#include "fetch/run_plan.h"
#include "io/signals.h"

namespace mrf::fetch {

namespace {

// Small files that are whole and not committed yet: enough for few visits to the disk, few enough
// descriptors.
unsigned whole_beside() {
  constexpr rlim_t most = 512;
  constexpr rlim_t share = 4;
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return 0;
  return static_cast<unsigned>(std::min(most, descriptors.rlim_cur / share));
}

// On an idle disk, larger numbers gain nothing: the last ones have to be waited for. On a busy one they are
// more by themselves.
constexpr unsigned committed_together = 64;

// A small file takes a round trip and next to no memory, so that many come at a time.
unsigned small_files(const ManyOptions& options) {
  constexpr rlim_t share = 8;
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return options.files;
  return static_cast<unsigned>(std::min<rlim_t>(options.small_files, descriptors.rlim_cur / share));
}
// The bytes of each that are handed over at a time.
constexpr std::size_t gathered_of_small = 64 << 10;

class ManyFiles {
 public:
  ManyFiles(const FetchSettings& settings, const std::vector<ManifestEntry>& entries,
            const ManyOptions& options, ProgressDisplay& display, io::Stats& stats,
            std::vector<Outcome>& outcomes)
      : settings_(settings),
        entries_(entries),
        options_(options),
        display_(display),
        stats_(stats),
        outcomes_(outcomes),
        sizes_(entries.size()),
        left_(entries.size()),
        network_(store::make_store_network(settings.network, settings.store)),
        plan_(entries.size(), settings.threads ? options.files : 1,
              options.continue_after_error || options.verify_only, whole_beside(),
              settings.threads ? small_files(options) : 1),
        // As many large files again may be written out (FilePlan::on_whole()): a journal commits them
        // together.
        loop_(*network_, http::system_clock(), threads_of(settings, 2 * options.files), settings.limits),
        existing_(entries, existing_options(settings, options), loop_.pool()) {
    settings_.directories = &directories_;
    loop_.commit_together(std::clamp(whole_beside() / 2, 1U, committed_together));
    begin_outcomes();
  }

  ~ManyFiles() { settle(); }
  ManyFiles(const ManyFiles&) = delete;
  ManyFiles& operator=(const ManyFiles&) = delete;

  void run() {
    try {
      fetch_all();
    } catch (const io::Interrupted&) {
      settle();
      // What a thread was committing has its name all the same.
      for (const auto& file : files_) {
        if (file->fetch && file->fetch->download().is_complete()) end_fetch(*file);
      }
      throw;
    }
    say_repeated();
  }

  /// The status of the first file in the list that failed. Which file fails first in time depends on the
  /// network.
  base::Status status() const {
    const auto failed = std::find_if(outcomes_.begin(), outcomes_.end(),
                                     [](const auto& outcome) { return outcome.end == Outcome::End::failed; });
    return failed == outcomes_.end() ? base::Status::success : failed->status;
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct File {
    std::size_t number;
    const ManifestEntry& entry;
    FetchSettings settings;
    std::uint64_t shown;  ///< its number in the display
    Clock::time_point begun;
    bool is_looked_for;     ///< the file that may be there is being checked
    bool is_whole = false;  ///< the plan knows that everything came
    bool is_held = false;   ///< the plan knows that its requests are held
    std::unique_ptr<ObjectFetch> fetch{};
  };

  static ExistingFilesOptions existing_options(const FetchSettings& settings, const ManyOptions& options) {
    return {
        options.verify_only,    settings.checks.required,
        settings.checks.none,   settings.checks.s3_part_size,
        settings.checks.record, std::min(options.files, static_cast<unsigned>(base::usable_processors()))};
  }

  void begin_outcomes() {
    ListSize size{entries_.size(), 0, 0};
    outcomes_.assign(entries_.size(), {});
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const ManifestEntry& entry = entries_[i];
      if (entry.url) outcomes_[i].url = entry.url->shown();
      outcomes_[i].target = entry.target;
      sizes_[i] = entry.size;
      if (entry.size) ++size.sized_files;
      size.sized_bytes += entry.size.value_or(0);
    }
    display_.begin_list(size);
  }

  void fetch_all() {
    for (;;) {
      do {
        std::erase_if(files_, [this](const auto& file) { return !goes_on(*file); });
      } while (begin_what_may());
      if (plan_.is_over()) break;
      loop_.turn();
      io::throw_if_interrupted();
      if (settings_.threads) plan_.limit(std::clamp(loop_.pool().most(), 1U, options_.files));
    }
  }

  // Stops what runs, and waits for the threads. An exception out of goes_on() leaves null pointers.
  void settle() {
    std::erase(files_, nullptr);
    existing_.stop();
    for (const auto& file : files_) {
      if (file->fetch) file->fetch->download().stop();
    }
    while (loop_.pool().is_busy()) {
      loop_.pool().wait_for_done();
      loop_.pool().run_done();
    }
  }

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
    if (!settings.checks.none) settings.checks.size = entry.size;
    settings.requests.shares_connections = plan_.puts_off();
    settings.requests.is_trusted = entry.is_trusted;
    if (plan_.puts_off())
      settings.requests.gathered = std::min(settings.requests.gathered, gathered_of_small);
    files_.push_back(std::make_unique<File>(File{number, entry, std::move(settings),
                                                 display_.begin(entry.target, sizes_[number]), Clock::now(),
                                                 plan_.puts_off()}));
  }

  // Whether the file is still under way.
  bool goes_on(File& file) {
    if (file.is_looked_for) {
      const ExistingFile& found = existing_[file.number];
      file.is_looked_for = found.state == ExistingFile::State::unknown;
      if (file.is_looked_for && !plan_.is_stopped()) return true;
      if (found.thrown || (!file.is_looked_for && found.state != ExistingFile::State::missing)) {
        end_found(file, found);
        return false;
      }
    }
    if (plan_.is_stopped()) {
      existing_.stop();
      if (!file.fetch) {
        display_.drop(file.shown);
        plan_.on_end(false);
        return false;
      }
      file.fetch->stop();
    } else if (!file.fetch) {
      if (plan_.puts_off() && file.entry.size.value_or(0) >= settings_.sizes.threshold) {
        put_off(file, *file.entry.size);
        return false;
      }
      file.fetch =
          std::make_unique<ObjectFetch>(loop_, file.settings, *file.entry.url, file.entry.target,
                                        plan_.puts_off() ? settings_.sizes.threshold : unknown_end, true);
    }
    const auto& download = file.fetch->download();
    if (download.is_held() != file.is_held) plan_.on_held(file.is_held = !file.is_held);
    if (file.is_whole && !download.is_over()) return true;
    if (download.is_finishing() && !std::exchange(file.is_whole, true)) plan_.on_whole();
    if (!download.is_over()) {
      display_.update(file.shown, download.bytes(), download.total());
      return true;
    }
    end_fetch(file);
    return false;
  }

  void put_off(const File& file, std::uint64_t size) {
    display_.drop(file.shown, size);
    sizes_[file.number] = size;
    plan_.put_off(file.number, size);
  }

  // Notes the end of a file that is there already, or that --verify-only does not find.
  void end_found(File& file, const ExistingFile& found) {
    Outcome& outcome = outcomes_[file.number];
    outcome.bytes = found.bytes;
    if (found.thrown) {
      fail(file, {}, found.thrown);
    } else {
      outcome.end = Outcome::End::there;
      outcome.digest = found.digest;
      if (found.state == ExistingFile::State::good) {
        outcome.verified_by = file.entry.expectation->source;
        base::note(fmt::format("'{}' is there, verified by {}", outcome.target, outcome.verified_by));
      }
    }
    show_end(file);
    plan_.on_end(found.thrown != nullptr);
  }

  void end_fetch(File& file) {
    const auto& download = file.fetch->download();
    const Fetched result = file.fetch->result();
    const auto thrown = download.thrown();
    if (!thrown && !download.is_complete()) {
      if (const auto size = download.put_off()) {
        put_off(file, *size);
      } else {
        display_.drop(file.shown);
        plan_.on_end(false, file.is_whole);
      }
      return;
    }
    Outcome& outcome = outcomes_[file.number];
    outcome.bytes = result.out.bytes;
    if (thrown) {
      fail(file, result, thrown);
    } else {
      count(stats_, *file.entry.url, result);
      if (left_.may_be_of(result.target, file.entry.may_be_link)) remove_left(settings_, result);
      outcome.end = Outcome::End::fetched;
      outcome.verified_by = result.verified_by;
      outcome.doubt = result.doubt;
      outcome.size_is_known = result.size_is_known;
      outcome.digest = result.digest;
      outcome.continued = result.continued;
      if (!result.verified_by.empty())
        base::note(fmt::format("verified '{}' by {}", result.target, result.verified_by));
    }
    show_end(file);
    plan_.on_end(thrown != nullptr, file.is_whole);
  }

  void show_end(const File& file) {
    Outcome& outcome = outcomes_[file.number];
    outcome.wall_s = base::seconds(Clock::now() - file.begun);
    display_.end(file.shown, outcome);
  }

  // Throws what is no Error.
  void fail(File& file, const Fetched& result, const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const base::Error& error) {
      Outcome& outcome = outcomes_[file.number];
      outcome.end = Outcome::End::failed;
      outcome.status = error.status();
      outcome.error = error.what();
      if (!is_repeated(file, error)) base::say(error.what());
    }
    stats_.in.bytes += result.bytes_in;
    if (file.entry.url) stats_.inputs.push_back({file.entry.url->shown(), 0, result.bytes_in, ""});
  }

  // Whether another file failed for the same reason, which lies with the host, with what its files have in
  // common, such as credentials, or with something that the message names instead of the file.
  bool is_repeated(const File& file, const base::Error& error) {
    const ManifestEntry& entry = file.entry;
    if (!entry.url) return false;
    std::string reason = error.what();
    const std::string beginning = fmt::format("cannot fetch '{}': ", entry.url->shown());
    if (reason.starts_with(beginning)) {
      reason.erase(0, beginning.size());
      const bool is_of_host =
          error.status() == base::Status::failure || error.status() == base::Status::unavailable;
      if (!is_of_host && !RepeatedReasons::names_object(reason)) return false;
    }
    return !failures_.is_to_be_said(entry.url->origin(), reason, file.number);
  }

  void say_repeated() const {
    const auto count = [](std::size_t more, const char* what) {
      return fmt::format("{} more {}{}", more, what, more == 1 ? "" : "s");
    };
    loop_.retried().for_each_repeated([&](const auto& reason, const auto& host, std::size_t more) {
      const std::string to = host.empty() ? "" : fmt::format(" to '{}'", host);
      base::warn(fmt::format("{}{} {} tried again: {}", count(more, "request"), to,
                             more == 1 ? "was" : "were", reason));
    });
    failures_.for_each_repeated([&](const auto& reason, const auto& host, std::size_t more) {
      const std::string from = host.empty() ? "" : fmt::format(" from '{}'", host);
      base::say(fmt::format("cannot fetch {}{}: {}", count(more, "file"), from, reason));
    });
  }

  io::InterruptionScope interruptions_;  ///< while files are looked at, too
  FetchSettings settings_;
  const std::vector<ManifestEntry>& entries_;
  const ManyOptions& options_;
  ProgressDisplay& display_;
  io::Stats& stats_;
  std::vector<Outcome>& outcomes_;
  std::vector<std::optional<std::uint64_t>> sizes_;  ///< bytes, as far as they are known
  RepeatedReasons failures_;
  LeftParts left_;
  MadeDirectories directories_;
  std::unique_ptr<http::Network> network_;
  FilePlan plan_;
  Loop loop_;
  ExistingFiles existing_;
  std::vector<std::unique_ptr<File>> files_;  ///< that are under way
};

}  // namespace

void show_progress(ProgressDisplay& display, const http::Url& url, Outcome& outcome,
                   const std::function<Fetched(const Progress&)>& fetch) {
  const auto started = std::chrono::steady_clock::now();
  const auto number = display.begin(url.last_component());
  outcome.url = url.shown();
  const auto end = [&] {
    outcome.wall_s = base::seconds(std::chrono::steady_clock::now() - started);
    display.end(number, outcome);
  };
  try {
    const Fetched fetched = fetch([&](auto bytes, auto total) { display.update(number, bytes, total); });
    outcome.end = Outcome::End::fetched;
    outcome.target = fetched.target;
    outcome.bytes = fetched.out.bytes;
    outcome.verified_by = fetched.verified_by;
    outcome.doubt = fetched.doubt;
    outcome.size_is_known = fetched.size_is_known;
    outcome.digest = fetched.digest;
  } catch (const base::Error& error) {
    outcome.end = Outcome::End::failed;
    outcome.status = error.status();
    outcome.error = error.what();
    end();
    throw;
  }
  end();
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
                        const ManyOptions& options, ProgressDisplay& display, io::Stats& stats,
                        std::vector<Outcome>& outcomes) {
  const auto started = std::chrono::steady_clock::now();
  const auto wall_s = [&] { return base::seconds(std::chrono::steady_clock::now() - started); };
  base::Status status = base::Status::success;
  try {
    ManyFiles files(settings, entries, options, display, stats, outcomes);
    files.run();
    status = files.status();
  } catch (const io::Interrupted& end) {
    const auto counts = count_outcomes(outcomes);
    display.end_list(counts, wall_s(), base::signal_status_base + end.signal);
    if (!options.verify_only)
      base::warn(fmt::format("interrupted: {} of {} files are there; the same command{} continues",
                             counts.fetched + counts.there, counts.files,
                             settings.resume ? "" : " with --resume"));
    throw;
  }
  const auto counts = count_outcomes(outcomes);
  for (const auto& doubt : doubts_of(outcomes)) base::warn(doubt);
  display.end_list(counts, wall_s(), static_cast<int>(status));
  const auto summary = summary_of(counts, wall_s(), options.verify_only);
  if (counts.failed > 0) {
    base::say(summary);
  } else {
    base::warn(summary);
  }
  return status;
}

}  // namespace mrf::fetch
