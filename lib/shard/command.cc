// SPDX-License-Identifier: MIT
#include "shard/command.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/join.h"
#include "base/message.h"
#include "base/own_program.h"
#include "base/shell_words.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "process/attendant.h"
#include "process/run_signals.h"
#include "shard/command_files.h"
#include "shard/engine.h"
#include "shard/join_step.h"
#include "shard/local_engine.h"
#include "shard/pair_planner.h"
#include "shard/planned_command.h"
#include "shard/planner.h"
#include "shard/run_lock.h"
#include "shard/shard_step.h"
#include "shard/slurm_engine.h"
#include "shard/snakefile.h"
#include "shard/snakemake_engine.h"
#include "workflow/shard_form.h"
#include "workflow/short_form_choice.h"

namespace mrf::shard {

namespace {

// From TERM to KILL for a process that ends others in the same way: ten seconds for jobs that KILL does not
// end, and as many for its watchdog.
constexpr std::chrono::milliseconds more_to_kill_after{22000};
constexpr int most_plans = 10;  // that are gone before they can be locked

std::string absolute_output(const Command& command) { return io::absolute_path(command.form.outputs[0]); }

// Without "." and slashes at the end, with which rmdir(2) refuses it. ".." stays: it may follow a link.
std::string absolute_directory(const std::string& path) {
  std::filesystem::path plain;
  for (const auto& name : std::filesystem::path(io::absolute_path(path))) {
    if (name != "." && !name.empty()) plain /= name;
  }
  return plain.string();
}

// "" where neither --shard-dir nor OUTPUT says one.
std::string directory_of(const Command& command) {
  std::string path = command.options.directory;
  if (path.empty() && !command.form.outputs.empty()) path = command.form.outputs[0] + ".shards";
  return path.empty() ? path : absolute_directory(path);
}

// Processors for a shard under an engine that runs several at a time.
std::size_t threads_of(const workflow::ShortForm& form) {
  if (form.cpus) return static_cast<std::size_t>(*form.cpus);
  const bool is_open = form.workers == form.processors || !form.combine.empty();
  return is_open ? 1 : static_cast<std::size_t>(form.workers);
}

std::vector<std::string> engine_arguments(const Command& command) {
  return base::split_shell_words("--engine-args", command.options.engine_args);
}

std::unique_ptr<SlurmEngine> make_slurm_engine(const Command& command) {
  return std::make_unique<SlurmEngine>(io::base_of(command.form.outputs[0]), engine_arguments(command));
}

std::unique_ptr<Engine> make_engine(const Command& command) {
  if (command.options.engine == "slurm") return make_slurm_engine(command);
  if (command.options.engine == "snakemake")
    return std::make_unique<SnakemakeEngine>(absolute_output(command), threads_of(command.form),
                                             engine_arguments(command));
  return std::make_unique<LocalEngine>();
}

// Takes --retries off the form, since with --shards they are retries of shards and not of chunks.
std::uint64_t take_retries(workflow::ShortForm& form) {
  if (!form.retry_statuses.empty())
    throw base::UsageError(
        "use option", "--retry-status",
        "a shard without a receipt is run again whatever its status: it goes without --shards");
  const std::uint64_t retries = form.retries.value_or(0);
  form.retries.reset();
  return retries;
}

class Steps {
 public:
  Steps(Command command, io::Stats& stats)
      : command_(std::move(command)),
        stats_(stats),
        retries_(take_retries(command_.form)),
        choice_(workflow::choose(command_.form)),
        directory_(directory_of(command_)) {
    check(command_.options);
    workflow::check_for_shards(command_.form, choice_);
    const StepOptions& options = command_.options;
    check_output();
    if (!command_.report.empty() && (options.plans || options.run || options.read || options.shows_status))
      throw base::UsageError("use option", "--report", "it goes with --shards and with --shard-join");
  }

  // When the plan is gone, that is the reason of any failure.
  base::Status operator()() {
    try {
      return carry_out();
    } catch (const base::Error&) {
      if (stored_.digest.empty() || has_plan()) throw;
      throw_lost_plan(directory_);
    }
  }

 private:
  // An OUTPUT that is not there yet is made; check_places() says what is wrong with its directory.
  void check_output() const {
    struct stat info {};
    if (::stat(planned_.output().c_str(), &info) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return;
      throw base::SystemError("write", planned_.output());
    }
    if (S_ISDIR(info.st_mode)) throw base::SystemError("write", planned_.output(), EISDIR);
    if (command_.options.directory.empty() && !S_ISREG(info.st_mode))
      throw base::UsageError("write", planned_.output(),
                             "it is no regular file: --shard-dir says where the parts are kept");
  }

  base::Status carry_out() {
    const StepOptions& options = command_.options;
    if (options.is_step()) stored_ = plan_of_step();
    if (options.read) return read_shard(planned_, checked("--shard-read", *options.read));
    if (options.run) return run_shard(planned_, checked("--shard-run", *options.run));
    if (options.shows_status) return show_status();
    if (options.joins) return join_shards(planned_);
    const auto engine = make_engine(command_);  // refuses what it cannot be given
    if (options.engine == "snakemake" || options.prints_snakefile)
      (void)snakefile_text(
          {words_of_join(directory_)[0], directory_.path(), absolute_output(command_), 1, 1, {}});
    plan();
    if (runs() && !directory_.missing(stored_.plan).empty()) check_commands();
    if (options.plans || options.prints_snakefile || options.prints_sbatch) directory_.make();
    if (options.prints_snakefile) return print_snakefile();
    if (options.prints_sbatch) return print_sbatch();
    if (options.detaches) return detach();
    return options.plans ? base::Status::success : run_all(*engine);
  }

  // Whether shards are run, or joined when there is none to be run.
  bool runs() const {
    const StepOptions& options = command_.options;
    return !options.plans && !options.prints_snakefile && !options.prints_sbatch;
  }

  bool has_plan() const { return shard::has_plan(directory_, stored_.digest); }

  std::size_t checked(const char* option, std::uint64_t number) const {
    if (number < stored_.plan.shards()) return number;
    throw base::UsageError("use option", option,
                           fmt::format("the plan has {} shards, counted from 0", stored_.plan.shards()));
  }

  StoredPlan plan_of_step() const {
    if (command_.stored) return *command_.stored;
    throw base::UsageError("use", "command line", "a step of a plan is asked for by its whole option");
  }

  // Locks the plan. A run that holds the lock may be about to end and to remove the plan, so the plan is then
  // made anew.
  std::unique_ptr<RunLock> lock() {
    for (int tries = 0; tries < most_plans; ++tries) {
      if (tries > 0) plan();
      try {
        auto lock = std::make_unique<RunLock>(directory_);
        if (has_plan()) {
          directory_.make();
          return lock;
        }
      } catch (const base::SystemError& error) {
        if (error.error_number() != ENOENT) throw;
      }
    }
    throw_lost_plan(directory_);
  }

  // Checks the places of outputs before the work, and not only when all records are counted or all shards
  // have run.
  void check_places() const {
    const StepOptions& options = command_.options;
    const bool runs = !options.plans && !options.prints_snakefile && !options.prints_sbatch;
    std::vector<std::string> paths;
    if (runs) paths = command_.form.outputs;
    if (runs && !command_.report.empty()) paths.push_back(command_.report);
    for (const std::string& path : paths) {
      std::error_code error;
      const auto type = std::filesystem::status(path, error).type();
      // A FIFO is written in place, once there is something to write.
      if (std::filesystem::exists(path, error) && type != std::filesystem::file_type::regular &&
          type != std::filesystem::file_type::directory)
        continue;
      const io::OutputFile can_be_written(path);
    }
    directory_.check_place();
  }

  // The command of --combine runs on this machine, and the filter where the engine runs the shards.
  void check_commands() {
    if (planned_.combines()) command_.check_command(command_.form.combine);
    try {
      command_.check_command(command_.form.command);
    } catch (const base::Error& error) {
      if (command_.options.engine.empty() || command_.options.engine == "local") throw;
      if (!std::exchange(has_warned_of_filter_, true))
        base::warn(fmt::format("{}; the machines that run the shards need it", error.what()));
    }
  }

  void plan() {
    stored_ = {};
    check_places();
    if (runs() && ::access(directory_.plan_path().c_str(), F_OK) != 0) check_commands();
    const Input opened = planned_.open_input();
    std::optional<Input> mate;
    io::Meter meter_of_mates;
    if (planned_.has_mates()) mate.emplace(planned_.open_input(1, meter_of_mates));
    Plan wanted{io::working_directory(), command_.words, *command_.options.shards, opened.state(), {}};
    if (mate) wanted.mate = mate->state();
    wanted.writes_index = command_.form.writes_index;
    stored_ = find_or_publish(wanted, opened, mate);
    stats_.in.bytes += meter_of_mates.bytes;
    if (command_.options.plans && wanted.writes_index != stored_.plan.writes_index)
      base::warn(fmt::format("'{}' was planned {} --write-index, and stays so: --shard-join takes the option",
                             directory_.path(), stored_.plan.writes_index ? "with" : "without"));
    base::note(fmt::format("{} shards are planned in '{}'", stored_.plan.shards(), directory_.path()));
  }

  // A run that joins the same shards may remove the directory meanwhile.
  StoredPlan find_or_publish(Plan& wanted, const Input& opened, const std::optional<Input>& mate) const {
    for (int tries = 1;; ++tries) {
      try {
        if (auto stored = matching_plan(directory_, wanted)) return *std::move(stored);
        if (wanted.cuts.empty()) set_cuts(wanted, opened, mate);
        wanted.id = new_plan_id();
        return publish_plan(directory_, wanted);
      } catch (const base::SystemError& error) {
        if (error.error_number() != ENOENT || tries == most_plans) throw;
      }
    }
  }

  static void set_cuts(Plan& plan, const Input& opened, const std::optional<Input>& mate) {
    if (!mate) {
      plan.cuts = find_cuts(opened, plan.wanted);
      return;
    }
    base::note(fmt::format("the records of '{}' and '{}' are counted", opened.name(), mate->name()));
    PairCuts cuts = find_pair_cuts(opened, *mate, plan.wanted);
    plan.cuts = std::move(cuts.first);
    plan.mate_cuts = std::move(cuts.second);
  }

  base::Status print_snakefile() const {
    return show(snakefile_text({words_of_join(directory_)[0], directory_.path(), absolute_output(command_),
                                stored_.plan.shards(), threads_of(command_.form), words_of_index()}));
  }

  base::Status print_sbatch() const {
    const auto engine = make_slurm_engine(command_);
    process::Attendant attendant(command_.kill_after);
    Progress progress(ProgressStyle::none, {});
    const auto missing = directory_.missing(stored_.plan);
    if (missing.empty())
      throw base::UsageError("use option", "--print-sbatch",
                             "all shards have a receipt, and no job is left; the same command without it "
                             "joins their parts");
    auto join = words_of_join(directory_);
    const auto index = words_of_index();
    join.insert(join.end(), index.begin(), index.end());
    return show(engine->script({stored_.plan, directory_, missing, true, progress}, attendant, join));
  }

  // The options of the join, when this command says something else about the index than the command that
  // made the plan.
  std::vector<std::string> words_of_index() const {
    if (command_.form.writes_index == stored_.plan.writes_index) return {};
    return {command_.form.writes_index ? "--write-index" : "--write-index=false"};
  }

  base::Status detach() {
    const auto held = lock();
    warn_of_changed_files();
    const auto engine = make_slurm_engine(command_);
    process::Attendant attendant(command_.kill_after);
    Progress progress(ProgressStyle::none, {});
    const auto missing = directory_.missing(stored_.plan);
    const EngineEnd end = engine->detach({stored_.plan, directory_, missing, true, progress}, attendant);
    if (end.signal != 0) process::die_of(end.signal);
    return static_cast<base::Status>(end.status);
  }

  static base::Status show(const std::string& text) {
    io::Meter meter;
    io::write_all(io::FdRef(1), std::string(io::stdout_name), text, meter);
    return base::Status::success;
  }

  base::Status show_status() const {
    const auto missing = directory_.missing(stored_.plan);
    const auto unusable = directory_.unusable(stored_.plan, stored_.digest);
    std::string text =
        fmt::format("{} of {} shards have a receipt\n",
                    stored_.plan.shards() - missing.size() - unusable.size(), stored_.plan.shards());
    if (!missing.empty()) text += fmt::format("without: {}\n", base::join(missing, " "));
    if (!unusable.empty()) text += fmt::format("unusable: {}\n", base::join(unusable, " "));
    return show(text);
  }

  // Shards that are done stay: the file may be mended, and their parts right.
  void warn_of_changed_files() const {
    std::vector<FilesOfShard> done;
    for (std::size_t shard = 0; shard < stored_.plan.shards(); ++shard) {
      try {
        if (const auto receipt = directory_.read_receipt(shard)) done.emplace_back(shard, receipt->files);
      } catch (const base::DataError&) {
        continue;  // the join names it
      }
    }
    if (done.empty()) return;
    for (const std::string& change : changes_of_files(command_files(command_.form.command), done))
      base::warn(fmt::format("{}; what is done stays; to run all shards again, remove the directory '{}'",
                             change, directory_.path()));
  }

  base::Status run_all(Engine& engine) {
    const EngineEnd end = run_shards_and_join(engine);
    if (end.signal != 0) process::die_of(end.signal);
    return static_cast<base::Status>(end.status);
  }

  // The join is a process of its own: it ends with a signal at once.
  EngineEnd run_shards_and_join(Engine& engine) {
    auto held = lock();
    warn_of_changed_files();
    process::Attendant attendant(command_.kill_after + more_to_kill_after);
    Progress progress(command_.progress, command_.write_event);
    progress.start(stored_.plan, directory_);
    EngineEnd end = run_shards(engine, stored_, directory_, retries_, attendant, progress);
    held.reset();  // the join takes it
    if (end.status == 0 && end.signal == 0) {
      progress.tell_of_end();
      auto words = words_of_join(directory_);
      const auto index = words_of_index();
      words.insert(words.end(), index.begin(), index.end());
      if (!command_.report.empty()) words.insert(words.end(), {"--report", command_.report});
      const auto joined = attendant.run({.words = words});
      end = {joined.outcome.status(), joined.signal};
    } else if (!command_.report.empty()) {
      planned_.write_report(end.signal != 0 ? base::signal_status_base + end.signal : end.status).commit();
    }
    progress.finish(end.signal != 0 ? base::signal_status_base + end.signal : end.status);
    return end;
  }

  Command command_;
  io::Stats& stats_;
  std::uint64_t retries_;
  workflow::ShortFormChoice choice_;
  Directory directory_;
  StoredPlan stored_;
  const PlannedCommand planned_{command_, choice_, directory_, stored_, stats_};
  bool has_warned_of_filter_ = false;
};

}  // namespace

base::Status run(const Command& command, io::Stats& stats) { return Steps(command, stats)(); }

}  // namespace mrf::shard
