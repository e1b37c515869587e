// SPDX-License-Identifier: MIT
#include "fetch/download.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <type_traits>
#include <utility>

#include "base/error.h"
#include "base/message.h"
#include "fetch/stoppable_pipe.h"
#include "io/output_file.h"

namespace mrf::fetch {

namespace {

constexpr std::size_t most_error_bytes = 64 << 10;
constexpr std::chrono::milliseconds longest_poll{200};
constexpr std::chrono::milliseconds poll_for_room{5};
// How long a file waits for others that are committed with it.
constexpr std::chrono::milliseconds longest_wait_for_others{250};
// More threads than that do not make one object come faster.
constexpr unsigned most_jobs = 4;

// Whether an output was only stopped, which is no failure of its own.
bool is_stop(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Stopped&) {
    return true;
  } catch (...) {
    return false;
  }
}

int error_number_of(const std::exception_ptr& thrown) {
  try {
    std::rethrow_exception(thrown);
  } catch (const base::SystemError& error) {
    return error.error_number();
  } catch (...) {
    return 0;
  }
}

}  // namespace

// One request of a download, and what of its response is not handed over yet.
class Download::Slot final : public http::Receiver {
 public:
  Slot(Download& download, std::size_t slot_number) : number(slot_number), download_(download) {}

  bool on_head(const http::ResponseHead& response) override {
    bool is_wanted = false;
    download_.guarded([&] {
      head = response;
      download_.loop_.requests_.on_head(ticket, head);
      auto commands = download_.plan_.on_head(number, head, download_.state());
      is_wanted = std::none_of(commands.begin(), commands.end(), [](const Command& command) {
        return std::holds_alternative<StopResponse>(command);
      });
      download_.carry_out(std::move(commands), &head);
    });
    return is_wanted;
  }

  bool has_room(std::size_t bytes) override {
    const bool has = takes(bytes);
    if (!has) download_.rest(number);
    return has;
  }
  bool takes(std::size_t bytes) {
    Download& download = download_;
    if (!head.is_success() || download.thrown_) return true;
    const bool is_full = gathered.size() + bytes > download.options_.requests.gathered;
    if (download.beginning_ == number) return !is_full;
    if (!download.loop_.network_.has_waited() && !head.shares_connection() && download.plan_.is_early(number))
      return false;
    if (is_full && download.deliveries_ >= std::max<std::size_t>(most_jobs, download.slots_.size()))
      return false;
    return download.plan_.has_room(number, gathered.size() + bytes, download.state());
  }

  // libcurl gives 16 KiB at a time, too little for a write each.
  bool on_body(std::string_view bytes) override {
    if (!head.is_success()) {
      download_.guarded([&] { body.append(bytes.substr(0, most_error_bytes - body.size())); });
      return body.size() < most_error_bytes;
    }
    download_.guarded([&] {
      download_.bytes_in_ += bytes.size();
      if (download_.number_) download_.small_->speeds.on_bytes(*download_.number_, bytes.size());
      if (gathered.size() + bytes.size() > download_.options_.requests.gathered) download_.hand_over(*this);
      if (!is_stopped) gathered.append(bytes);
    });
    return !is_stopped && !download_.thrown_;
  }

  void on_end(const http::Ending& how) override {
    download_.guarded([&] { ending = how; });
  }

  // The request has waited, and goes.
  void go() { download_.measure(true); }
  // The request could not be started.
  void fail(const std::exception_ptr& thrown) {
    ticket = 0;
    download_.guarded([&] { std::rethrow_exception(thrown); });
  }

  std::size_t number;
  RequestQueue::Ticket ticket = 0;  ///< of the request; 0 when there is none
  http::ResponseHead head;
  std::string body;                    ///< of a response without success
  std::string gathered;                ///< data that is not handed over yet
  bool is_stopped = false;             ///< no more is wanted
  std::optional<http::Ending> ending;  ///< that the plan has not been told of

 private:
  Download& download_;
};

Loop::Loop(http::Network& network, http::Clock& clock, unsigned threads, RequestLimits limits)
    : network_(network),
      clock_(clock),
      requests_(network, clock, limits),
      pool_(threads, [&network] { network.wake(); }) {}

void Loop::turn() {
  pool_.run_done();
  bool is_news = std::exchange(is_news_, false);
  for (Download* download : downloads_) is_news |= download->step();
  std::erase_if(downloads_, [](const Download* download) { return download->is_prepared_; });
  give_up_slow_ones();
  requests_.start_those_that_may(
      [](http::Receiver& receiver) { static_cast<Download::Slot&>(receiver).go(); },
      [&](http::Receiver& receiver, const std::exception_ptr& thrown) {
        static_cast<Download::Slot&>(receiver).fail(thrown);
        is_news = true;
      });
  commit_prepared();
  if (!is_news) wait();
}

// Gives up slow requests for small objects, unless other requests wait for their turn: then no connection is
// free for another attempt.
void Loop::give_up_slow_ones() {
  if (small_.empty()) return;
  const auto now = clock_.now();
  for (auto& [origin, small] : small_) small.speeds.on_time(now);
  if (requests_.has_waiting()) return;
  for (Download* download : downloads_) download->give_up_if_slow();
}

void Loop::commit(Download& download, io::OutputFile* file) {
  if (prepared_.empty()) prepared_since_ = clock_.now();
  prepared_.push_back({&download, file});
  download.is_prepared_ = true;
}

// What becomes whole while the disk is at work is committed together afterwards, and so is what becomes whole
// within a short while, since the disk takes about as long for one file as for hundreds.
bool Loop::is_time_to_commit() const {
  if (commits_ || prepared_.empty()) return false;
  return downloads_.empty() || prepared_.size() >= together_ ||
         clock_.now() - prepared_since_ >= longest_wait_for_others;
}

void Loop::commit_prepared() {
  if (!is_time_to_commit()) return;
  commits_ = true;
  const auto batch = std::make_shared<std::vector<Prepared>>(std::exchange(prepared_, {}));
  for (const Prepared& one : *batch) ++one.download->under_way_;
  pool_.post([batch] { commit_batch(*batch); },
             [this, batch](const std::exception_ptr& thrown) {
               commits_ = false;
               for (const Prepared& one : *batch) one.download->on_committed(thrown ? thrown : one.thrown);
             });
}

// What cannot be committed with others is committed at once.
void Loop::prepare(Prepared& one) noexcept {
  ObjectOutput& output = one.download->output_;
  try {
    one.file = output.prepare();
    if (one.file == nullptr) output.finish();
  } catch (...) {
    one.thrown = std::current_exception();
  }
}

void Loop::commit_batch(std::vector<Prepared>& batch) {
  std::vector<io::OutputFile*> files;
  std::vector<Prepared*> owners;
  for (Prepared& one : batch) {
    if (one.file == nullptr) prepare(one);
    if (one.file == nullptr) continue;
    files.push_back(one.file);
    owners.push_back(&one);
  }
  const auto thrown = io::commit_each(files);
  for (std::size_t i = 0; i < files.size(); ++i) {
    owners[i]->thrown = thrown[i];
    if (!thrown[i] || error_number_of(thrown[i]) != ENOENT) continue;
    try {  // the directory has been removed
      owners[i]->download->output_.finish();
      owners[i]->thrown = nullptr;
    } catch (...) {
      owners[i]->thrown = std::current_exception();
    }
  }
}

void Loop::wait() {
  const auto now = clock_.now();
  auto due = std::chrono::steady_clock::time_point::max();
  bool runs = false;
  bool waits_for_room = false;
  for (const Download* download : downloads_) {
    runs |= download->is_running();
    waits_for_room |= download->plan_.waits_for_room();
    due = std::min(due, download->plan_.next_time(now).value_or(due));
  }
  due = std::min(due, requests_.next_time().value_or(due));
  if (!commits_ && !prepared_.empty()) due = std::min(due, prepared_since_ + longest_wait_for_others);
  const auto pause = std::chrono::ceil<std::chrono::milliseconds>(due - now);
  if (pool_.has_done() && !runs) return;
  if (runs || waits_for_room || pool_.is_busy()) {
    const auto longest = waits_for_room ? poll_for_room : longest_poll;
    network_.poll(pool_.has_done() ? std::chrono::milliseconds(0) : std::min(longest, pause));
  } else if (due != std::chrono::steady_clock::time_point::max()) {
    clock_.wait(pause);
  }
}

bool Download::has_many_processors() {
  static const bool has = std::thread::hardware_concurrency() >= 4;
  return has;
}

Download::Download(Loop& loop, const http::Url& url, Options options, ObjectOutput& output)
    : loop_(loop),
      id_(++loop.last_id_),
      origin_(url.origin()),
      options_(std::move(options)),
      small_(options_.requests.shares_connections ? &loop.small_[origin_] : nullptr),
      output_(output),
      plan_(url, plan_options(), options_.sizes, options_.put_off_from) {
  loop_.downloads_.push_back(this);
}

FetchOptions Download::plan_options() const {
  FetchOptions requests = options_.requests;
  requests.refreshes = options_.refresh != nullptr;
  return requests;
}

Download::~Download() {
  settle();
  std::erase(loop_.downloads_, this);
}

void Download::settle() {
  stop();
  while (under_way_ > 0) {
    loop_.pool_.wait_for_done();
    loop_.pool_.run_done();
  }
}

void Download::stop() {
  if (!closed_) close();
}

void Download::rethrow() const {
  if (thrown_) std::rethrow_exception(thrown_);
}

template <typename Call>
void Download::guarded(Call call) noexcept {
  if (thrown_) return;
  try {
    call();
  } catch (...) {
    thrown_ = std::current_exception();
  }
}

// Whether the owner should look at the download: it is over, or all bytes have come.
bool Download::step() {
  if (closed_) return is_over();
  const bool was_finishing = finishing_;
  guarded([this] {
    for (const auto& slot : slots_) {
      if (beginning_ == slot->number || loop_.requests_.is_waiting(slot->ticket)) rest(slot->number);
      if (beginning_ == slot->number) continue;
      hand_over(*slot);
      if (slot->ending) end(*slot);
    }
    if (plan_.is_complete() && !works_off_) {
      finish();
    } else {
      carry_out(plan_.on_time(loop_.clock_.now(), state()));
    }
  });
  if (thrown_ || put_off_) close();
  return is_over() || (finishing_ && !was_finishing);
}

bool Download::is_running() const {
  return std::any_of(slots_.begin(), slots_.end(),
                     [](const auto& slot) { return slot->ticket != 0 && !slot->ending; });
}

bool Download::is_held() const {
  bool is_any = false;
  for (const auto& slot : slots_) {
    if (slot->ticket == 0 || slot->ending) continue;
    if (!loop_.requests_.is_held(slot->ticket)) return false;
    is_any = true;
  }
  return is_any;
}

// What the output can do at this moment. It is not asked while one of its jobs changes it.
OutputState Download::state() const {
  const bool changes =
      is_alone_ || std::any_of(jobs_.begin(), jobs_.end(), [](const Job& job) { return job.is_alone; });
  if (!begun_ || changes) return {};
  return {output_.can_forget(), output_.room_end(), output_.can_compare(), deliveries_ == 0};
}

void Download::carry_out(Commands commands, const http::ResponseHead* head) {
  for (auto& any : commands) {
    std::visit(
        [&](auto& command) {
          using Chosen = std::decay_t<decltype(command)>;
          if constexpr (std::is_same_v<Chosen, StartRequest>) {
            while (slots_.size() <= command.slot)
              slots_.push_back(std::make_unique<Slot>(*this, slots_.size()));
            Slot& slot = *slots_[command.slot];
            slot.head = {};
            slot.body.clear();
            loop_.buffers_.give_back(std::move(slot.gathered));
            slot.gathered = loop_.buffers_.take(options_.requests.gathered);
            slot.is_stopped = false;
            slot.ticket = loop_.requests_.start(command.request, slot);
            if (!loop_.requests_.is_waiting(slot.ticket)) measure(true);
          } else if constexpr (std::is_same_v<Chosen, GiveUpRequest>) {
            give_up(*slots_[command.slot]);
          } else if constexpr (std::is_same_v<Chosen, RefreshUrl>) {
            refresh(command.url);
          } else if constexpr (std::is_same_v<Chosen, BeginOutput>) {
            begin(command, *head);
          } else if constexpr (std::is_same_v<Chosen, ForgetOutput>) {
            if (command.status == base::Status::bad_data && output_.can_forget())
              base::warn(fmt::format("cannot use what came of '{}': {}; fetching it again", plan_.name(),
                                     command.reason));
            add_job({true, [this, command] { output_.forget(command.status, command.reason); }, [] {}});
          } else if constexpr (std::is_same_v<Chosen, PutOff>) {
            put_off_ = command.size;
          } else if constexpr (std::is_same_v<Chosen, Warn>) {
            const bool is_said = loop_.retried_.is_to_be_said(origin_, command.reason, id_, command.attempt);
            is_said ? base::warn(command.text) : base::note(command.text);
          } else if constexpr (std::is_same_v<Chosen, Note>) {
            base::note(command.text);
          }
        },
        any);
  }
}

void Download::begin(const BeginOutput& command, const http::ResponseHead& head) {
  const auto begun = [this, slot = command.slot](const BytesThere& there) {
    begun_ = true;
    in_order_ = output_.in_order();
    plan_.on_begun(slot, there, in_order_);
    works_off_ = !there.ranges.empty();
    if (works_off_) work_off();
  };
  if (jobs_.empty() && under_way_ == 0 && !output_.may_wait()) {
    begun(output_.begin(head, command.version));
    return;
  }
  beginning_ = command.slot;
  if (output_.may_wait()) loop_.requests_.set_aside(slots_[command.slot]->ticket);
  const auto there = std::make_shared<BytesThere>();
  add_job({true, [this, there, head, version = command.version] { *there = output_.begin(head, version); },
           [this, there, begun] {
             loop_.requests_.take_up(slots_[*beginning_]->ticket);
             beginning_.reset();
             begun(*there);
           }});
}

// The parts that an earlier run left are checked step by step, so that bytes go to the output between the
// steps.
void Download::work_off() {
  const auto step = std::make_shared<WorkedOff>();
  add_job({false, [this, step] { *step = output_.work_off(); },
           [this, step] {
             plan_.on_lost(step->lost);
             works_off_ = !step->is_over && !closed_;
             if (works_off_) work_off();
           }});
}

// The only request of a small object begins or ends. A number that becomes free is given to the next object.
void Download::measure(bool starts) {
  if (small_ == nullptr || starts == number_.has_value() || (starts && slots_.size() > 1)) return;
  auto& numbers = small_->numbers;
  if (starts) {
    const auto free = std::find(numbers.begin(), numbers.end(), false);
    number_ = static_cast<std::size_t>(free - numbers.begin());
    if (free == numbers.end()) numbers.push_back(true);
    numbers[*number_] = true;
    small_->speeds.on_start_of_other(*number_, loop_.clock_.now());
  } else {
    small_->speeds.on_end(*number_);
    numbers[*number_] = false;
    number_.reset();
  }
}

void Download::rest(std::size_t slot) {
  plan_.on_rest(slot);
  if (number_) small_->speeds.on_rest(*number_);
}

void Download::give_up_if_slow() {
  if (!number_ || closed_) return;
  const std::uint64_t left = plan_.total() ? *plan_.total() - plan_.bytes() : 0;
  if (!small_->speeds.is_slow(*number_, left)) return;
  guarded([this] {
    auto commands = plan_.on_slow();
    if (!commands.empty()) small_->speeds.on_replaced(*number_);
    carry_out(std::move(commands));
  });
}

// Ends a request; what it has brought is used.
void Download::give_up(Slot& slot) {
  hand_over(slot);
  if (!slot.ending) {
    loop_.requests_.stop(std::exchange(slot.ticket, 0), slot, true);
    slot.ending = http::Ending{http::Ending::Kind::stopped, ""};
  }
  end(slot);
}

// Compares bytes with those that are there, in this thread, since they are few.
bool Download::agrees(const Slot& slot, std::uint64_t at, std::string_view bytes) {
  if (output_.agrees(at, bytes)) return true;
  carry_out(plan_.on_difference(slot.number, state()));
  return false;
}

void Download::refresh(const http::Url& refused) {
  const auto found = std::make_shared<std::optional<http::Url>>();
  const auto ask = [this, refused, found] {
    try {
      *found = options_.refresh(refused, [this] { return failed_.load(); });
    } catch (const base::Error& error) {
      base::warn(error.what());
    }
  };
  add_job({false, ask, [this, found] { plan_.on_refreshed(*found); }, WorkerPool::Kind::lasting});
}

void Download::hand_over(Slot& slot) {
  std::vector<Piece> pieces;
  const auto split = [&] {
    for (std::size_t offset = 0; offset < slot.gathered.size();) {
      const auto placement = plan_.on_bytes(slot.number, slot.gathered.size() - offset);
      if (placement.skip + placement.size == 0) {
        slot.is_stopped = true;
        return;
      }
      offset += static_cast<std::size_t>(placement.skip);
      const auto size = static_cast<std::size_t>(placement.size);
      if (placement.is_compared) {
        if (!agrees(slot, placement.at, std::string_view(slot.gathered).substr(offset, size))) {
          pieces.clear();
          slot.is_stopped = true;
          return;
        }
      } else if (size > 0) {
        pieces.push_back({placement.at, offset, size});
      }
      offset += size;
    }
  };
  try {
    split();
  } catch (...) {
    deliver(slot, std::move(pieces));
    throw;
  }
  deliver(slot, std::move(pieces));
}

// What may wait for a reader, and what is more than this thread can do, is done by another one. Else the
// bytes are used while they are in the cache of this thread's processor.
bool Download::is_delivered_apart() {
  if (loop_.pool_.most() == 0) return false;
  return in_order_ ? options_.waits_apart : options_.many_processors && !loop_.network_.has_waited();
}

void Download::deliver(Slot& slot, std::vector<Piece> pieces) {
  const auto take = [this](const std::string& buffer, const std::vector<Piece>& list) {
    for (const Piece& piece : list)
      output_.take(piece.at, std::string_view(buffer).substr(piece.offset, piece.size));
  };
  if (pieces.empty() || !is_delivered_apart()) {
    take(slot.gathered, pieces);
    slot.gathered.clear();
    return;
  }
  const auto delivery = std::make_shared<Delivery>(Delivery{std::move(slot.gathered), std::move(pieces)});
  slot.gathered = loop_.buffers_.take(options_.requests.gathered);
  ++deliveries_;
  add_job({false, [take, delivery] { take(delivery->buffer, delivery->pieces); },
           [this, delivery] {
             --deliveries_;
             loop_.buffers_.give_back(std::move(delivery->buffer));
           }});
}

void Download::end(Slot& slot) {
  measure(false);
  if (slot.ticket != 0) loop_.requests_.on_end(std::exchange(slot.ticket, 0));
  const http::Ending ending = *std::exchange(slot.ending, std::nullopt);
  carry_out(
      plan_.on_end(slot.number, ending, slot.body, state(), loop_.clock_.now(), loop_.clock_.wall_time()));
}

void Download::finish() {
  if (std::exchange(finishing_, true)) return;
  measure(false);
  for (const auto& slot : slots_) {
    if (slot->ticket != 0) loop_.requests_.stop(std::exchange(slot->ticket, 0), *slot, false);
    loop_.buffers_.give_back(std::exchange(slot->gathered, {}));
  }
  const auto file = std::make_shared<io::OutputFile*>(nullptr);
  if (jobs_.empty() && under_way_ == 0) {
    const bool is_left = output_.is_held() && !loop_.is_behind();
    if (!is_left) *file = output_.prepare();
    if (is_left || *file != nullptr) {
      loop_.commit(*this, *file);
      return;
    }
  }
  add_job({true,
           [this, file] {
             *file = output_.prepare();
             if (*file == nullptr) output_.finish();
           },
           [this, file] {
             if (*file == nullptr) {
               complete_ = closed_ = true;
             } else if (!closed_) {
               loop_.commit(*this, *file);
             }
           }});
}

void Download::on_committed(const std::exception_ptr& thrown) {
  --under_way_;
  loop_.is_news_ = true;
  if (thrown) {
    if (!thrown_) thrown_ = thrown;
    close();
  } else {
    complete_ = closed_ = true;
  }
}

void Download::close() {
  closed_ = failed_ = true;
  measure(false);
  output_.stop();
  jobs_.clear();
  std::erase_if(loop_.prepared_, [this](const auto& one) { return one.download == this; });
  for (const auto& slot : slots_) {
    if (slot->ticket != 0) loop_.requests_.stop(std::exchange(slot->ticket, 0), *slot, false);
  }
}

void Download::add_job(Job job) {
  jobs_.push_back(std::move(job));
  post_jobs();
}

void Download::post_jobs() {
  while (!jobs_.empty() && !is_alone_ && under_way_ < (in_order_ ? 1 : most_jobs) &&
         (!jobs_.front().is_alone || under_way_ == 0)) {
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    ++under_way_;
    is_alone_ = job.is_alone;
    loop_.pool_.post(
        [this, work = job.work] {
          if (failed_) throw Stopped();
          try {
            work();
          } catch (...) {
            failed_ = true;
            throw;
          }
        },
        [this, done = job.done](const std::exception_ptr& thrown) {
          --under_way_;
          is_alone_ = false;
          if (thrown && is_stop(thrown)) {
            stop();
            return;
          }
          if (thrown && !thrown_) thrown_ = thrown;
          guarded(done);
          guarded([this] { post_jobs(); });
        },
        job.kind);
  }
}

}  // namespace mrf::fetch
