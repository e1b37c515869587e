// SPDX-License-Identifier: MIT
#include "shard/slurm_engine.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <set>

#include "base/error.h"
#include "base/join.h"
#include "base/message.h"
#include "io/output_file.h"
#include "shard/command_files.h"
#include "shard/shard_log.h"
#include "shard/slurm.h"

namespace mrf::shard {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Life = SlurmTask::Life;

constexpr std::uint64_t default_max_array_size = 1001;
constexpr int first_looks = 3;  // before the controller has answered once
constexpr int looks_to_be_sure = 2;
constexpr int looks_to_tell = 3;  // of tasks that are ending
constexpr int submissions = 3;    // of an array while no other one runs
constexpr int free_submissions = 10;
constexpr int cancellations = 3;
constexpr std::size_t most_reported = 5;
constexpr std::size_t log_lines = 10;
constexpr auto shortest_pause = 1000ms;
constexpr auto silent_wait = 3s;  // for the controller's first answer
constexpr const char* script_name = "/logs/sbatch.sh";
constexpr auto longest_pause = 30s;

// The variables that the commands of Slurm are not to see: what the job that this process may be a part of
// says of its processors and tasks, and options that hide tasks or what they say, ask, wait, or name another
// cluster than squeue asks. How the controller is reached stays.
std::vector<std::string> environment_for_slurm() {
  constexpr std::array kept{"SLURM_CONF", "SLURM_CONF_SERVER", "SLURM_CLUSTERS", "SLURM_JWT"};
  std::vector<std::string> removed;
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::string name(text.substr(0, text.find('=')));
    const bool is_of_slurm = name.starts_with("SLURM_") || name.starts_with("SQUEUE_") ||
                             name.starts_with("SCANCEL_") || name == "SBATCH_WAIT" ||
                             name == "SBATCH_CLUSTERS" || name == "SBATCH_ERROR";
    if (is_of_slurm && std::find(kept.begin(), kept.end(), name) == kept.end()) removed.push_back(name);
  }
  return removed;
}

// What a command of Slurm said last, without its own name in front.
std::string reason_of(const process::AttendedEnd& end) {
  std::string_view text = end.errors;
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  std::string line(text.substr(text.rfind('\n') == std::string_view::npos ? 0 : text.rfind('\n') + 1));
  return line.empty() ? end.outcome.describe() : line;
}

// The cluster, as its commands show it.
class Slurm {
 public:
  Slurm(process::Attendant& attendant, process::Attendant::Tick tick)
      : attendant_(attendant), tick_(std::move(tick)), environment_(environment_for_slurm()) {}

  process::AttendedEnd ask(std::vector<std::string> words) {
    auto end = attendant_.run(
        {.words = std::move(words), .environment = environment_, .keeps_output = true, .keeps_errors = true},
        tick_);
    if (end.signal != 0) signal_ = end.signal;
    return end;
  }
  void wait(std::chrono::milliseconds time) {
    if (const int signal = attendant_.wait(time, tick_); signal != 0) signal_ = signal;
  }
  // The signal that has come; 0 when none has.
  int signal() const { return signal_; }

 private:
  process::Attendant& attendant_;
  process::Attendant::Tick tick_;
  std::vector<std::string> environment_;
  int signal_ = 0;
};

// Shards from their submission to their receipts.
class Arrays {
 public:
  Arrays(const EngineTask& task, process::Attendant& attendant, SlurmScript script)
      : task_(task),
        slurm_(attendant, [this] { tick(); }),
        script_(std::move(script)),
        missing_(task.shards.begin(), task.shards.end()) {}

  EngineEnd run() {
    prepare();
    with_hint([this] {
      while (slurm_.signal() == 0 && !missing_.empty()) {
        if (look()) judge();
        if (slurm_.signal() != 0 || missing_.empty()) break;
        submit();
        if (is_over()) break;
        pause();
      }
    });
    if (slurm_.signal() != 0) cancel();
    return {status_, slurm_.signal()};
  }

  EngineEnd detach() {
    if (missing_.empty()) return tell_of_none();
    prepare();
    with_hint([this] {
      while (slurm_.signal() == 0) {
        if (look()) judge();
        submit();
        if (to_submit_.empty() || slurm_.signal() != 0) break;
        pause();
      }
    });
    if (slurm_.signal() != 0) {
      cancel();
      return {0, slurm_.signal()};
    }
    look();
    if (alive_.empty()) return tell_of_none();
    base::warn(
        fmt::format("{} shards wait or run in jobs {}; the same command without --detach waits for them and "
                    "joins their parts, scancel {} ends them",
                    alive_.size(), base::join(jobs_, " "), base::join(jobs_, " ")));
    return {};
  }

  std::string script() {
    group_by(max_array_size().value_or(default_max_array_size));
    task_.directory.make_logs();
    return slurm_script_text(script_);
  }

 private:
  struct Shard {
    bool is_submitted = false;  ///< by this process, or it has seen it wait or run
    int looks_without = 0;      ///< in a row that found no task of it
    int free_submissions = 0;
    bool has_run = false;  ///< was seen to run since it was submitted
    std::string state;     ///< of its last task, when that has ended
    int status = 0;
  };

  // Adds a hint to an error: when this process fails, as when the directory cannot be read, its tasks
  // continue, and their receipts count.
  template <class Work>
  void with_hint(const Work& work) const {
    try {
      work();
    } catch (const base::Error&) {
      if (!jobs_.empty())
        base::say(
            fmt::format("cannot follow 'jobs {0}': they go on, and the same command waits for them; "
                        "scancel {0} ends them",
                        base::join(jobs_, " ")));
      throw;
    }
  }

  // The MaxArraySize of the cluster; nothing where there is no Slurm.
  std::optional<std::uint64_t> max_array_size() {
    try {
      return parse_max_array_size(slurm_.ask({"scontrol", "show", "config"}).output);
    } catch (const base::Error&) {
      return std::nullopt;
    }
  }

  void group_by(std::uint64_t max_array_size) {
    script_.group = slurm_group(max_array_size);
    script_.arrays = slurm_arrays(task_.shards, script_.group);
  }

  void tick() {
    if (has_answered_) {
      task_.progress.update([this] { return running_; });
    } else if (!has_told_of_wait_ && Clock::now() - started_ >= silent_wait) {
      has_told_of_wait_ = true;
      base::warn("waits for Slurm, whose controller has not answered; nothing is submitted so far");
    }
  }

  // Waits for the controller's first answer.
  void prepare() {
    process::AttendedEnd answer{process::Outcome::of_start_failure(0), "", "", 0};
    for (int looks = 0; looks < first_looks && slurm_.signal() == 0; ++looks) {
      if (looks > 0) slurm_.wait(shortest_pause * looks);
      if (slurm_.signal() != 0) return;
      answer = slurm_.ask({"scontrol", "show", "config"});
      const auto size = parse_max_array_size(answer.output);
      if (answer.outcome.succeeded() && size) {
        if (*size == 0)
          throw base::Error(base::Status::failure, "use", "Slurm",
                            "its MaxArraySize is 0: it has no job arrays");
        has_answered_ = true;
        group_by(*size);
        task_.directory.make_logs();
        write_script();
        return;
      }
    }
    if (slurm_.signal() == 0)
      throw base::Error(base::Status::unavailable, "reach", "Slurm", reason_of(answer));
  }

  void write_script() const {
    const std::string path = task_.directory.path() + script_name;
    refuse_foreign_file(path, slurm_script_mark);
    io::write_output(path, slurm_script_text(script_));
  }

  // After --detach, when no shard waits or runs.
  EngineEnd tell_of_none() const {
    base::warn(
        missing_.empty()
            ? std::string("all shards have a receipt; the same command without --detach joins their parts")
            : fmt::format("no shard waits or runs, and {} have no receipt; the same command runs them",
                          missing_.size()));
    return {};
  }

  // The queue, then the directory. False when Slurm does not answer.
  bool look() {
    const auto start = Clock::now();
    const auto answer = slurm_.ask(squeue_words(::getuid()));
    last_look_ = Clock::now();
    look_took_ = last_look_ - start;
    if (slurm_.signal() != 0) return false;
    if (!answer.outcome.succeeded()) {
      if (is_reached_)
        base::warn(
            fmt::format("cannot reach 'Slurm': {}; its tasks go on, it is asked again", reason_of(answer)));
      is_reached_ = false;
      read_directory();
      return false;
    }
    if (!is_reached_) base::warn("Slurm answers again");
    is_reached_ = true;
    read_queue(parse_queue(answer.output, script_.name));
    task_.directory.renew();
    read_directory();
    return true;
  }

  void read_queue(const std::vector<SlurmTask>& tasks) {
    std::map<std::size_t, const SlurmTask*> shown;
    const auto rank = [](const SlurmTask& one) {
      const int life = one.life == Life::running   ? 3
                       : one.life == Life::waiting ? 2
                       : one.life == Life::ending  ? 1
                                                   : 0;
      return std::pair(life, std::pair(one.array.size(), one.array));
    };
    alive_.clear();
    ending_.clear();
    std::set<std::string> jobs;
    for (const auto& one : tasks) {
      const SlurmTask*& best = shown[one.shard];
      if (best == nullptr || rank(*best) < rank(one)) best = &one;
      if (one.life == Life::waiting || one.life == Life::running) jobs.insert(one.array);
    }
    jobs_.assign(jobs.begin(), jobs.end());
    running_ = 0;
    std::string held;
    for (const auto& [shard, one] : shown) {
      Shard& known = shards_[shard];
      if (one->life == Life::ending) ending_.insert(shard);
      if (one->life == Life::over) {
        known.state = one->state;
        known.status = one->status;
      }
      if (one->life != Life::waiting && one->life != Life::running) continue;
      alive_.insert(shard);
      known.is_submitted = true;
      known.state.clear();
      known.status = 0;
      known.has_run = one->life == Life::running;
      if (one->life == Life::running) ++running_;
      if (one->life == Life::waiting && is_held(one->reason)) held = one->reason;
    }
    if (!held.empty() && running_ == 0 && held_.insert(held).second)
      base::warn(fmt::format("tasks of jobs {} wait: {}", base::join(jobs_, " "), held));
  }

  void read_directory() {
    const auto missing = task_.directory.missing(task_.plan);
    std::set<std::size_t> left;
    for (const std::size_t shard : missing) {
      if (missing_.contains(shard)) left.insert(shard);
    }
    missing_ = std::move(left);
  }

  // Submits again, or gives up, the shards that have no receipt and no task.
  void judge() {
    std::size_t failures = 0;
    std::vector<std::size_t> reported;
    bool is_counted_from_shard = false;
    to_submit_.clear();
    for (const std::size_t shard : missing_) {
      Shard& known = shards_[shard];
      if (alive_.contains(shard) || ending_.contains(shard)) {
        known.looks_without = 0;
      } else if (failed_.contains(shard)) {
        continue;
      } else if (!known.is_submitted) {
        to_submit_.push_back(shard);
      } else if (++known.looks_without >= looks_to_be_sure) {
        if (is_lost(shard, known) && known.free_submissions++ < free_submissions) {
          known.looks_without = 0;
          to_submit_.push_back(shard);
        } else {
          failed_.insert(shard);
          // stop() has cancelled the tasks that waited; tasks that ran were cancelled by somebody else.
          if (is_stopping_ && !known.has_run && (known.state.empty() || known.state == "CANCELLED")) continue;
          if (failures++ < most_reported) reported.push_back(shard);
          is_counted_from_shard = is_counted_from_shard || shard > 0;
        }
      }
    }
    report(reported);
    if (is_counted_from_shard) base::warn(std::string(counting_note));
    if (failures > 0 && task_.is_last && !is_stopping_) stop();
    tell_of_ending();
  }

  // Nothing else is waited for: a node that does not answer keeps its tasks in this state until it does.
  void tell_of_ending() {
    std::vector<std::size_t> shards;
    bool is_alone = to_submit_.empty();
    for (const std::size_t shard : missing_) {
      if (ending_.contains(shard)) shards.push_back(shard);
      is_alone = is_alone && (ending_.contains(shard) || failed_.contains(shard));
    }
    looks_at_ending_ = is_alone && !shards.empty() ? looks_at_ending_ + 1 : 0;
    if (looks_at_ending_ != looks_to_tell) return;
    base::warn(
        fmt::format("the tasks of {} are COMPLETING, which lasts while their nodes do not answer; another "
                    "engine can run what is left: end this command, and give it with --engine local",
                    named_shards(shards)));
  }

  // Not by the command: the task has not even started when Slurm knows nothing of it and it has no log, as
  // when the controller was killed before it had saved its state.
  bool is_lost(std::size_t shard, const Shard& known) const {
    return is_fault_of_slurm(known.state) ||
           (known.state.empty() && ::access(log_path(task_.directory, shard).c_str(), F_OK) != 0) ||
           (known.state == "FAILED" && has_lost_script(end_of_log(task_.directory, shard, log_lines)));
  }

  // One look at the attempts for all of these shards, however many there are; without their machines when
  // the directory cannot be read.
  void report(const std::vector<std::size_t>& shards) {
    if (shards.empty()) return;
    std::vector<Attempts> attempts(shards.back() + 1);
    try {
      attempts = task_.directory.attempts(attempts.size());
    } catch (const base::SystemError&) {
    }
    for (const std::size_t shard : shards) report(shard, shards_.at(shard), attempts[shard].last_host);
  }

  void report(std::size_t shard, const Shard& known, const std::string& host) {
    std::string text = "its task has ended";
    if (!host.empty() && host != host_name()) text += fmt::format(" on '{}'", host);
    if (!known.state.empty()) text += " as " + known.state;
    if (!known.state.empty() && known.status != 0) text += fmt::format(" with status {}", known.status);
    if (status_ == 0) status_ = known.status;
    // By default Slurm sends USR1 in front of the time limit, and a task that ends of it is none that timed
    // out.
    if (known.state != "TIMEOUT" && known.status == base::signal_status_base + SIGUSR1)
      text += ", by USR1, which comes in front of its time limit";
    if (known.state == "TIMEOUT" || known.status == base::signal_status_base + SIGUSR1)
      text += ", and needs a larger --time in --engine-args, or more shards";
    if (::access(log_path(task_.directory, shard).c_str(), F_OK) != 0) {
      base::say(
          fmt::format("cannot finish 'shard {}': {}; Slurm could not start it, or not open its log '{}': "
                      "does the node see this directory? (docs/cluster.md)",
                      shard, text, log_path(task_.directory, shard)));
      return;
    }
    const std::string lines = end_of_log(task_.directory, shard, log_lines);
    base::say(fmt::format("cannot finish 'shard {}': {}; its log is '{}'{}", shard, text,
                          log_path(task_.directory, shard), lines.empty() ? "" : " and ends with"));
    for (std::size_t at = 0; at < lines.size();) {
      const std::size_t end = std::min(lines.find('\n', at), lines.size());
      base::say_line(lines.substr(at, end - at));
      at = end + 1;
    }
  }

  // Cancels the tasks that wait, since they would fail as well; tasks that run may still finish.
  void stop() {
    is_stopping_ = true;
    to_submit_.clear();
    if (jobs_.empty()) return;
    std::vector<std::string> words{"scancel", "--quiet", "--state=PENDING"};
    words.insert(words.end(), jobs_.begin(), jobs_.end());
    const auto answer = slurm_.ask(words);
    if (!answer.outcome.succeeded())
      base::warn(fmt::format("cannot cancel 'tasks that wait': {}", reason_of(answer)));
  }

  void submit() {
    if (is_stopping_ || !is_reached_) return;
    for (const auto& array : slurm_arrays(to_submit_, script_.group)) {
      const auto answer = slurm_.ask(sbatch_words(script_, array, task_.directory.path() + script_name));
      if (slurm_.signal() != 0) return;
      const std::string job = parse_job_id(answer.output);
      if (!answer.outcome.succeeded() || job.empty()) return refuse(array, reason_of(answer));
      refusals_ = 0;
      jobs_.push_back(job);
      base::note(fmt::format("shards {} to {} are job {}, tasks {}", array.shards.front(),
                             array.shards.back(), job, slurm_task_list(array)));
      for (const std::size_t shard : array.shards) {
        alive_.insert(shard);
        shards_[shard].is_submitted = true;
      }
    }
    to_submit_.clear();
  }

  // The next look finds what was submitted though sbatch failed, and what has to be submitted again. A limit
  // of jobs lets more in when some have ended.
  void refuse(const SlurmArray& array, const std::string& reason) {
    if (alive_.empty() && (is_refused_for_good(reason) || ++refusals_ >= submissions))
      throw base::Error(base::Status::failure, "submit",
                        fmt::format("shards {} to {}", array.shards.front(), array.shards.back()), reason);
    if (refused_ != reason)
      base::warn(fmt::format("cannot submit 'shards {} to {}': {}; they are submitted again later",
                             array.shards.front(), array.shards.back(), reason));
    refused_ = reason;
  }

  // Whether no further receipt can come.
  bool is_over() const {
    return is_reached_ && to_submit_.empty() &&
           std::all_of(missing_.begin(), missing_.end(), [this](std::size_t shard) {
             return !alive_.contains(shard) && !ending_.contains(shard) &&
                    (failed_.contains(shard) || is_stopping_);
           });
  }

  // Waits until the next look at the queue: the longer the run has taken, the longer. Receipts are seen in
  // the meantime.
  void pause() {
    const bool is_doubtful = std::any_of(missing_.begin(), missing_.end(), [this](std::size_t shard) {
      return !alive_.contains(shard) && !ending_.contains(shard) && !failed_.contains(shard);
    });
    const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started_);
    // How long Slurm takes for a look; unknown while it does not answer.
    const auto took = is_reached_ ? std::chrono::duration_cast<std::chrono::milliseconds>(look_took_) : 0ms;
    const auto time = is_doubtful ? std::max(shortest_pause, took)
                                  : std::clamp(std::max(passed, took * 100) / 10, shortest_pause,
                                               std::chrono::milliseconds(longest_pause));
    const auto end = Clock::now() + time;
    while (slurm_.signal() == 0 && Clock::now() < end) {
      slurm_.wait(std::min(shortest_pause, std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now())));
      read_directory();
      if (missing_.empty()) return;
    }
  }

  // An sbatch that the signal ended may have submitted its array: the queue tells.
  void cancel() {
    std::string fault;
    std::set<std::string> jobs(jobs_.begin(), jobs_.end());
    for (int tries = 0; tries < cancellations; ++tries) {
      const auto queue = slurm_.ask(squeue_words(::getuid()));
      if (queue.outcome.succeeded()) {
        jobs.clear();
        for (const auto& one : parse_queue(queue.output, script_.name)) {
          if (one.life == Life::waiting || one.life == Life::running) jobs.insert(one.array);
        }
      }
      if (jobs.empty()) return;
      std::vector<std::string> words{"scancel", "--quiet"};
      words.insert(words.end(), jobs.begin(), jobs.end());
      const auto answer = slurm_.ask(words);
      fault = answer.outcome.succeeded() ? "they go on" : reason_of(answer);
    }
    base::say(
        fmt::format("cannot cancel 'jobs {0}': {1}; scancel {0} ends them", base::join(jobs, " "), fault));
  }

  const EngineTask& task_;
  Slurm slurm_;
  SlurmScript script_;
  std::set<std::size_t> missing_;  ///< of the task's shards
  std::map<std::size_t, Shard> shards_;
  std::set<std::size_t> alive_;   ///< wait or run
  std::set<std::size_t> ending_;  ///< may be gone or wait again
  std::set<std::size_t> failed_;
  std::vector<std::size_t> to_submit_;
  std::vector<std::string> jobs_;  ///< that have tasks which wait or run
  std::set<std::string> held_;     ///< reasons that were told
  std::size_t running_ = 0;
  int looks_at_ending_ = 0;  ///< in a row that found no other tasks
  int refusals_ = 0;
  std::string refused_;
  bool has_answered_ = false;
  bool has_told_of_wait_ = false;
  bool is_reached_ = true;
  bool is_stopping_ = false;
  int status_ = 0;
  Clock::time_point started_ = Clock::now();
  Clock::time_point last_look_;
  Clock::duration look_took_{};
};

}  // namespace

SlurmEngine::SlurmEngine(std::string output, std::vector<std::string> arguments)
    : output_(std::move(output)), arguments_(std::move(arguments)) {
  if (const std::string word = foreign_engine_argument(arguments_); !word.empty())
    throw base::UsageError("use option", "--engine-args", fmt::format("'{}' is given by mrf-run", word));
}

EngineEnd SlurmEngine::run(const EngineTask& task, process::Attendant& attendant) {
  return Arrays(task, attendant, script_of(task)).run();
}

EngineEnd SlurmEngine::detach(const EngineTask& task, process::Attendant& attendant) const {
  return Arrays(task, attendant, script_of(task)).detach();
}

std::string SlurmEngine::script(const EngineTask& task, process::Attendant& attendant,
                                std::vector<std::string> join) const {
  SlurmScript script = script_of(task);
  script.join = std::move(join);
  return Arrays(task, attendant, std::move(script)).script();
}

SlurmScript SlurmEngine::script_of(const EngineTask& task) const {
  SlurmScript script;
  script.name = slurm_job_name(output_, task.directory.path() + "\n" + plan_text(task.plan));
  script.directory = task.directory.path();
  script.program = words_of_run(task.directory, 0)[0];
  script.join = words_of_join(task.directory);
  script.engine_args = arguments_;
  return script;
}

}  // namespace mrf::shard
