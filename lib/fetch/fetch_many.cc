// SPDX-License-Identifier: MIT
#include "fetch/fetch_many.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/message.h"
#include "base/seconds.h"
#include "fetch/file_check.h"
#include "fetch/start_thread.h"
#include "fetch/target_output.h"

namespace mrf::fetch {

namespace {

struct Stopped {};

struct Large {
  const ManifestEntry* entry;
  std::uint64_t size;
};

class Crew {
 public:
  Crew(const FetchSettings& settings, const std::vector<ManifestEntry>& entries, const ManyOptions& options,
       ProgressDisplay& display, io::Stats& stats)
      : settings_(settings), options_(options), display_(display), stats_(stats) {
    for (const auto& entry : entries) queue_.push_back({&entry, 0});
  }

  void run() {
    run_queue(true);
    std::sort(large_.begin(), large_.end(), [](const auto& a, const auto& b) { return a.size < b.size; });
    queue_ = std::move(large_);
    large_.clear();
    run_queue(false);
  }

  base::Status status() const { return status_; }
  std::size_t fetched = 0;
  std::size_t there = 0;  ///< not fetched, since they agree with their checksums
  std::size_t unverified = 0;
  std::size_t failed = 0;

 private:
  void run_queue(bool defer) {
    next_ = 0;
    std::vector<std::thread> threads;
    const auto count = settings_.threads ? std::min<std::size_t>(options_.files, queue_.size()) : 1;
    while (threads.size() + 1 < count && start_thread(threads, [this, defer] { work(defer); })) continue;
    work(defer);
    for (auto& thread : threads) thread.join();
    if (thrown_) std::rethrow_exception(thrown_);
  }

  void work(bool defer) {
    try {
      const auto network = http::make_curl_network(settings_.network);
      for (std::size_t i = next_++; i < queue_.size() && !stop_; i = next_++)
        fetch(*network, queue_[i], defer);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!thrown_) thrown_ = std::current_exception();
      stop_ = true;
    }
  }

  void fetch(http::Network& network, const Large& job, bool defer) {
    const ManifestEntry& entry = *job.entry;
    FetchSettings settings = settings_;
    settings.checks.expectation = entry.expectation;
    settings.checks.none = entry.unverified || settings_.checks.none;
    settings.directories = &directories_;
    if (defer) settings.defer_from = settings.sizes.threshold;
    const auto number = display_.begin(entry.target);
    FileEnd end{entry.url.shown(), entry.target, 0, "", 0, ""};
    Fetched result;
    try {
      if (is_there(entry, end)) {
        display_.end(number, end);
        return;
      }
      fetch_object(
          network, settings, entry.url, entry.target,
          [&](auto bytes, auto total) { show(number, bytes, total); }, result);
      succeed(entry, result);
    } catch (const Deferred& large) {
      const std::lock_guard lock(mutex_);
      large_.push_back({&entry, large.size});
      display_.drop(number);
      return;
    } catch (const Stopped&) {
      display_.drop(number);
      return;
    } catch (const base::Error& error) {
      end.status = static_cast<int>(error.status());
      end.error = error.what();
      fail(entry, result, error);
    }
    end.bytes = result.out.bytes;
    end.verified_by = result.verified_by;
    display_.end(number, end);
  }

  // Whether nothing is to be fetched; then `end` says what is there. Throws Error for what --verify-only
  // finds.
  bool is_there(const ManifestEntry& entry, FileEnd& end) {
    const bool only = options_.verify_only;
    struct stat info {};
    const bool exists = ::stat(entry.target.c_str(), &info) == 0;
    if (!exists && only) throw base::SystemError("open", entry.target);
    if (!exists || !S_ISREG(info.st_mode)) {
      if (only) throw base::Error(base::Status::failure, "verify", entry.target, "it is no regular file");
      return false;
    }
    end.bytes = static_cast<std::uint64_t>(info.st_size);
    if (!entry.expectation) {
      if (!only) return false;
      const std::lock_guard lock(mutex_);
      ++unverified;
      return true;
    }
    const auto fault = fault_of_file(entry.target, *entry.expectation, settings_.checks.s3_part_size);
    if (!fault.empty() && only) throw base::DataError("verify", entry.target, fault);
    if (!fault.empty()) return false;
    const std::lock_guard lock(mutex_);
    ++there;
    end.verified_by = entry.expectation->source;
    base::note(fmt::format("'{}' is there, verified by {}", entry.target, entry.expectation->source));
    return true;
  }

  void show(std::uint64_t number, std::uint64_t bytes, std::optional<std::uint64_t> total) {
    if (stop_) throw Stopped();
    display_.update(number, bytes, total);
  }

  void succeed(const ManifestEntry& entry, const Fetched& result) {
    const std::lock_guard lock(mutex_);
    count(stats_, entry.url, result);
    ++fetched;
    if (result.verified_by.empty()) ++unverified;
  }

  void fail(const ManifestEntry& entry, const Fetched& result, const base::Error& error) {
    const std::lock_guard lock(mutex_);
    stats_.in.bytes += result.bytes_in;
    stats_.inputs.push_back({entry.url.shown(), 0, result.bytes_in, ""});
    ++failed;
    if (status_ == base::Status::success) status_ = error.status();
    base::say(error.what());
    if (!options_.continue_after_error && !options_.verify_only) stop_ = true;
  }

  const FetchSettings& settings_;
  const ManyOptions& options_;
  ProgressDisplay& display_;
  io::Stats& stats_;
  MadeDirectories directories_;
  std::vector<Large> queue_;
  std::vector<Large> large_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::exception_ptr thrown_;
  base::Status status_ = base::Status::success;
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
  Crew crew(settings, entries, options, display, stats);
  crew.run();
  const std::string there = crew.there == 0 ? "" : fmt::format("{} there already, ", crew.there);
  const std::string fetched =
      fmt::format("fetched {} of {} files, {} bytes in {:.1f} s; {}", crew.fetched, entries.size(),
                  stats.out.bytes, base::seconds(std::chrono::steady_clock::now() - started), there);
  const std::string sum =
      (options.verify_only ? fmt::format("verified {} of {} files; ", crew.there, entries.size()) : fetched) +
      fmt::format("{} unverified, {} failed", crew.unverified, crew.failed);
  if (crew.failed > 0) {
    base::say(sum);
  } else {
    base::warn(sum);
  }
  return crew.status();
}

}  // namespace mrf::fetch
