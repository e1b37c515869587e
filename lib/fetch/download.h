// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fetch/object_output.h"
#include "fetch/object_plan.h"
#include "fetch/repeated_reasons.h"
#include "fetch/request_queue.h"
#include "fetch/request_speeds.h"
#include "fetch/spare_buffers.h"
#include "fetch/worker_pool.h"
#include "http/network.h"
#include "http/retry.h"

namespace mrf::fetch {

class Download;

/// The one loop of a process in which all downloads come: it carries out what their plans say, over one
/// network, and hands to threads what may block.
class Loop {
 public:
  /// The references outlive the object. At most `threads` threads, 0 for none.
  Loop(http::Network& network, http::Clock& clock, unsigned threads, RequestLimits limits);
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  /// Small files that are whole wait for others, a quarter of a second, until there are `files` of them to be
  /// committed together, or no other download is under way; and always until those before them are
  /// committed. By default none waits for others.
  void commit_together(std::size_t files) { together_ = files; }

  /// Starts what can be started, moves bytes, and waits a while when there is nothing to do. Throws
  /// Interrupted.
  void turn();
  WorkerPool& pool() { return pool_; }
  /// Why requests were made again. What a download says alone is not said by others.
  const RepeatedReasons& retried() const { return retried_; }

 private:
  friend class Download;
  struct Prepared {
    Download* download;
    io::OutputFile* file;  ///< null: the output is yet to prepare it
    std::exception_ptr thrown{};
  };

  // Requests of small objects from one place, each of which has a number as long as it is under way.
  struct SmallRequests {
    RequestSpeeds speeds;
    std::vector<bool> numbers;
  };

  void give_up_slow_ones();
  void commit(Download& download, io::OutputFile* file);
  bool is_time_to_commit() const;
  bool is_behind() const { return commits_ && prepared_.size() >= together_; }
  void commit_prepared();
  static void prepare(Prepared& one) noexcept;
  static void commit_batch(std::vector<Prepared>& batch);
  void wait();

  http::Network& network_;
  http::Clock& clock_;
  RequestQueue requests_;
  std::map<std::string, SmallRequests> small_;  ///< by origin
  RepeatedReasons retried_;
  std::uint64_t last_id_ = 0;
  std::vector<Download*> downloads_;                      ///< all but those whose files are to be committed
  std::vector<Prepared> prepared_;                        ///< files that wait to be committed
  std::chrono::steady_clock::time_point prepared_since_;  ///< of the first of these
  std::size_t together_ = 1;
  bool commits_ = false;  ///< a thread commits files
  bool is_news_ = false;  ///< there is something for an owner to see
  SpareBuffers buffers_;
  WorkerPool pool_;  ///< ends first
};

/// One object on its way into one output, in a loop. What an interrupted response brought is kept when the
/// server shows that the rest belongs to it (the same strong entity tag and size, and the very range asked
/// for), else thrown away.
class Download {
 public:
  /// Returns another URL for one that is refused, nothing when `is_stopped` says so. In a thread. Throws
  /// Error.
  using Refresh = std::function<std::optional<http::Url>(const http::Url& refused,
                                                         const std::function<bool()>& is_stopped)>;
  struct Options {
    FetchOptions requests;
    PartSizes sizes;
    std::uint64_t put_off_from = unknown_end;      ///< bytes
    bool many_processors = has_many_processors();  ///< some idle when this one is busy
    bool waits_apart = false;  ///< an output in order, which may wait for its reader, has a thread
    Refresh refresh{};         ///< what another URL comes from when one is refused; else that is final
  };

  /// Whether there are four processors or more; the system is asked once.
  static bool has_many_processors();

  /// The references outlive the object.
  Download(Loop& loop, const http::Url& url, Options options, ObjectOutput& output);
  /// Ends it; waits for the output.
  ~Download();
  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;

  /// The output is finished, or it failed, was put off, or stopped; the loop does nothing more for it.
  bool is_over() const { return closed_ && jobs_.empty() && under_way_ == 0; }
  /// The output is finished.
  bool is_complete() const { return complete_; }
  /// Whether everything came, so that only the output is at work.
  bool is_finishing() const { return finishing_; }
  /// Whether it has requests, and all of them are held.
  bool is_held() const;
  /// Ends it without a result.
  void stop();
  /// The same, and waits until nothing more is done with the output.
  void settle();
  /// Throws what ended it: Error with Status::refused for HTTP 4xx, Status::unavailable when the retries are
  /// used up; what the output threw.
  void rethrow() const;
  /// The same, null when nothing was thrown.
  std::exception_ptr thrown() const { return thrown_; }
  /// The size of an object that is put off.
  std::optional<std::uint64_t> put_off() const { return put_off_; }

  std::uint64_t bytes() const { return plan_.bytes(); }
  std::optional<std::uint64_t> total() const { return plan_.total(); }
  /// Bytes that came over the network.
  std::uint64_t bytes_in() const { return bytes_in_; }

 private:
  friend class Loop;
  class Slot;
  struct Piece {
    std::uint64_t at;  ///< in the object
    std::size_t offset;
    std::size_t size;
  };
  struct Delivery {
    std::string buffer;
    std::vector<Piece> pieces;
  };
  struct Job {
    bool is_alone;  ///< no other runs beside it
    WorkerPool::Work work;
    std::function<void()> done;
    WorkerPool::Kind kind = WorkerPool::Kind::passing;
  };

  FetchOptions plan_options() const;
  bool step();
  bool is_running() const;
  template <typename Call>
  void guarded(Call call) noexcept;
  void carry_out(Commands commands, const http::ResponseHead* head = nullptr);
  void begin(const BeginOutput& command, const http::ResponseHead& head);
  OutputState state() const;
  void hand_over(Slot& slot);
  bool is_delivered_apart();
  void deliver(Slot& slot, std::vector<Piece> pieces);
  void end(Slot& slot);
  void give_up(Slot& slot);
  void measure(bool starts);
  void rest(std::size_t slot);
  void give_up_if_slow();
  bool agrees(const Slot& slot, std::uint64_t at, std::string_view bytes);
  void refresh(const http::Url& refused);
  void work_off();
  void finish();
  void on_committed(const std::exception_ptr& thrown);
  void close();
  void add_job(Job job);
  void post_jobs();

  Loop& loop_;
  std::uint64_t id_;
  std::string origin_;
  Options options_;
  Loop::SmallRequests* small_ = nullptr;  ///< that its only request is measured against
  std::optional<std::size_t> number_;     ///< among these
  ObjectOutput& output_;
  ObjectPlan plan_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::deque<Job> jobs_;     ///< of the output, that wait
  unsigned under_way_ = 0;   ///< jobs in threads
  unsigned deliveries_ = 0;  ///< jobs that deliver bytes
  bool is_alone_ = false;    ///< the job under way is to be alone
  bool in_order_ = false;
  bool begun_ = false;
  bool works_off_ = false;  ///< not all of what was there has been looked at
  bool finishing_ = false;
  bool is_prepared_ = false;  ///< its file is to be committed, or is
  bool complete_ = false;
  bool closed_ = false;
  std::optional<std::size_t> beginning_;  ///< the slot whose response waits for the output
  std::atomic<bool> failed_{false};       ///< nothing more is to be done with the output
  std::exception_ptr thrown_;
  std::optional<std::uint64_t> put_off_;
  std::uint64_t bytes_in_ = 0;
};

}  // namespace mrf::fetch
