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
#include "io/index_file.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "process/attendant.h"
#include "process/run_signals.h"
#include "shard/command_files.h"
#include "shard/digest.h"
#include "shard/engine.h"
#include "shard/join.h"
#include "shard/joined_index.h"
#include "shard/local_engine.h"
#include "shard/pair_planner.h"
#include "shard/planner.h"
#include "shard/proof.h"
#include "shard/range.h"
#include "shard/range_report.h"
#include "shard/report.h"
#include "shard/run_lock.h"
#include "shard/shard_log.h"
#include "shard/slurm_engine.h"
#include "shard/snakefile.h"
#include "shard/snakemake_engine.h"
#include "workflow/shard_form.h"
#include "workflow/short_form_choice.h"
#include "workflow/stream_kind.h"
#include "workflow/workflow.h"

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
    if (::stat(output().c_str(), &info) != 0) {
      if (errno == ENOENT || errno == ENOTDIR) return;
      throw base::SystemError("write", output());
    }
    if (S_ISDIR(info.st_mode)) throw base::SystemError("write", output(), EISDIR);
    if (command_.options.directory.empty() && !S_ISREG(info.st_mode))
      throw base::UsageError("write", output(),
                             "it is no regular file: --shard-dir says where the parts are kept");
  }

  base::Status carry_out() {
    const StepOptions& options = command_.options;
    if (options.is_step()) stored_ = plan_of_step();
    if (options.read) return read(*options.read);
    if (options.run) return run_one(*options.run);
    if (options.shows_status) return show_status();
    if (options.joins) return join();
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

  const std::string& output() const { return command_.form.outputs[0]; }
  const std::string& input() const { return command_.form.inputs[0]; }

  bool has_mates() const { return command_.form.inputs.size() == 2; }
  bool combines() const { return !command_.form.combine.empty(); }
  bool has_mate_parts() const { return command_.form.outputs.size() == 2 && !combines(); }

  Input open_input(std::size_t number = 0) { return open_input(number, stats_.in); }
  Input open_input(std::size_t number, io::Meter& meter) {
    return {command_.form.inputs[number],
            {workflow::shard_records(command_.form, choice_), workflow::shard_header(command_.form, choice_),
             choice_.input.format == "cram", choice_.input.is_alignment() && !command_.form.is_permissive},
            meter};
  }

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
    if (combines()) command_.check_command(command_.form.combine);
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
    const Input opened = open_input();
    std::optional<Input> mate;
    io::Meter meter_of_mates;
    if (has_mates()) mate.emplace(open_input(1, meter_of_mates));
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

  void refuse_changed(const Input& opened, const Plan& plan) const {
    if (!(opened.state() == plan.input)) throw_changed(plan.input);
  }

  [[noreturn]] void throw_changed(const InputState& input) const {
    throw base::DataError("read", input.path,
                          fmt::format("it has changed since its shards were planned; remove the directory "
                                      "'{}' to plan again",
                                      directory_.path()));
  }

  // For a fault of a plan that every further run would find as well.
  std::string way_out() const {
    return fmt::format(
        "; run it without --shards, or remove the directory '{}' and plan another number of shards",
        directory_.path());
  }

  base::Status read(std::uint64_t number) {
    const std::size_t at = checked("--shard-read", number);
    const bool is_mate = command_.options.reads_mate;
    if (is_mate && !has_mates()) throw base::UsageError("use option", "--shard-mate", "there is one INPUT");
    const Plan plan = is_mate ? plan_of_mate(stored_.plan) : stored_.plan;
    const Input opened = open_input(is_mate ? 1 : 0);
    refuse_changed(opened, plan);
    const bool with_header = at == 0 || workflow::has_header_in_every_shard(choice_);
    const Landing landing =
        copy_records(plan, at, opened, with_header, io::FdRef(1), std::string(io::stdout_name), stats_);
    const std::string fault = fault_of_landing(plan, at, landing);
    if (!fault.empty()) fail_of_cut(opened, fault);
    if (!command_.options.landing.empty()) io::write_output(command_.options.landing, landing_text(landing));
    return base::Status::success;
  }

  base::Status run_one(std::uint64_t number) {
    const std::size_t at = checked("--shard-run", number);
    if (directory_.read_receipt(at)) {
      base::note(fmt::format("shard {} has a receipt already", at));
      return base::Status::success;
    }
    Receipt receipt;
    receipt.plan = stored_.digest;
    receipt.shard = at;
    receipt.part = unique_part(at, "-" + io::base_of(output()) + (combines() ? ".part" : ""));
    if (has_mate_parts()) receipt.mate_part = unique_part(at, "-2-" + io::base_of(command_.form.outputs[1]));
    receipt.host = host_name();
    receipt.started = time_now();
    receipt.files = command_files(command_.form.command);
    const auto start = std::chrono::steady_clock::now();
    directory_.begin_attempt(receipt.part);
    std::optional<Input> opened;
    if (reads_range()) refuse_changed(opened.emplace(open_input()), stored_.plan);
    const EngineEnd end = run_parts(at, receipt, opened);
    const auto report = opened ? take_range_report(directory_, receipt.part) : std::nullopt;
    if (end.signal == SIGUSR1)
      base::say(fmt::format(
          "cannot finish 'shard {}': USR1 has ended it, which Slurm sends in front of a time limit", at));
    if (end.signal != 0) process::die_of(end.signal);
    if (end.status != 0) {
      if (report && !report->end) refuse_cut(at, *opened);
      say_numbers_of_shard(at);
      const bool is_bad = end.status == static_cast<int>(base::Status::bad_data);
      base::say(fmt::format("cannot finish 'shard {}': its command has failed{}", at,
                            is_bad ? bad_data_note : again_note));
      return static_cast<base::Status>(end.status);
    }
    receipt.landing = opened ? landing_of_range(*opened, report) : take_landing(receipt.part, 0);
    if (has_mates()) receipt.mate = take_landing(receipt.part, 1);
    std::string fault = fault_of_landing(stored_.plan, at, receipt.landing);
    if (fault.empty()) fault = fault_of_mates(stored_.plan, at, receipt);
    if (!fault.empty()) throw base::DataError("read", input(), fault + way_out());
    receipt.records_out = records_written(report_of(receipt), directory_.part_path(receipt.part));
    receipt.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (const int signal = measure_part(directory_, receipt, process::pending_run_signal); signal != 0) {
      remove_parts(directory_, receipt);
      process::die_of(signal);
    }
    publish_part(directory_, receipt, choice_.order == "any");  // as it is with --combine
    return base::Status::success;
  }

  // Says from which record the numbers count in the messages of a shard's programs.
  void say_numbers_of_shard(std::size_t shard) const {
    if (shard == 0) return;
    std::uint64_t records = 0;
    std::size_t before = 0;
    for (; before < shard; ++before) {
      const auto receipt = directory_.read_receipt(before);
      if (!receipt) break;
      records += receipt->landing.records_in;
    }
    base::warn(before < shard ? std::string(counting_note)
                              : fmt::format("records and lines of 'shard {}' are counted from its first one, "
                                            "which is record {} of '{}'",
                                            shard, records + 1, input()));
  }

  static std::string landing_of(const std::string& part, std::size_t input) {
    return fmt::format("{}.landing{}", part, input);
  }

  Landing take_landing(const std::string& part, std::size_t input) const {
    const std::string path = directory_.part_path(landing_of(part, input));
    const Landing landing = parse_landing(read_file(path).value_or(""), path);
    directory_.remove_part(landing_of(part, input));
    return landing;
  }

  // A BAM in BGZF is read by mrf-bamread itself, if that is to read it anyway.
  bool reads_range() const {
    return choice_.reads_alignments && choice_.input.format == "bam" &&
           stored_.plan.input.storage == Storage::bgzf;
  }

  static Landing landing_of_range(const Input& opened, const std::optional<RangeReport>& report) {
    if (!report || !report->end)
      throw base::Error(base::Status::failure, "read", opened.name(),
                        "mrf-bamread does not say what it read");
    opened.refuse_other(report->file);
    return {report->begin, *report->end, report->records};
  }

  [[noreturn]] void fail_of_cut(const Input& opened, const std::string& fault) const {
    throw base::DataError("read", opened.name(), fault + way_out());
  }

  // Where the records go that do not arrive at the next cut.
  void refuse_cut(std::size_t at, const Input& opened) const {
    try {
      const std::string fault = fault_of_landing(stored_.plan, at, find_landing(stored_.plan, at, opened));
      if (!fault.empty()) fail_of_cut(opened, fault);
    } catch (const base::DataError& error) {
      base::say(error.what());
    }
  }

  EngineEnd run_parts(std::size_t at, const Receipt& receipt, const std::optional<Input>& opened) const {
    std::vector<std::vector<std::string>> readers;
    for (std::size_t input = 0; input < command_.form.inputs.size() && !opened; ++input) {
      readers.push_back({"mrf-run", "--shard-read", std::to_string(at), "--shard-dir", directory_.path(),
                         "--shard-landing", "save:" + directory_.part_path(landing_of(receipt.part, input))});
      if (input == 1) readers.back().emplace_back("--shard-mate");
    }
    std::vector<std::string> parts{directory_.part_path(receipt.part)};
    if (!receipt.mate_part.empty()) parts.push_back(directory_.part_path(receipt.mate_part));
    auto form = workflow::form_of_shard(command_.form, choice_, at, readers, parts);
    if (opened) {
      const ShardRange range = range_of(stored_.plan, at, *opened);
      form.range = range_text(range.start, range.end);
      form.range_report = directory_.part_path(range_report_of(receipt.part));
    }
    return run_form(fmt::format("shard {}", at), form, directory_.attempt_path(receipt.part));
  }

  EngineEnd run_form(const std::string& name, const workflow::ShortForm& form,
                     const std::string& report) const {
    return command_.run_plan(
        workflow::make_plan(workflow::parse_workflow(name, workflow::workflow_text(form), {})), report,
        workflow::failure_hints(form));
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

  // The options of the join, when this command says something else about the index than the command that made
  // the plan.
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

  base::Status join() {
    auto held = std::make_unique<RunLock>(directory_);
    for (const InputState* input : {&stored_.plan.input, stored_.plan.mate ? &*stored_.plan.mate : nullptr}) {
      if (input != nullptr && has_changed(*input)) throw_changed(*input);
    }
    const auto receipts = read_receipts(stored_.plan, stored_.digest, directory_);
    const EngineEnd end = combines() ? combine(receipts) : EngineEnd{0, join_parts(receipts)};
    if (end.signal != 0) process::die_of(end.signal);
    if (end.status == 0) tidy_up(receipts, std::move(held));
    return static_cast<base::Status>(end.status);
  }

  // The signal that has ended it; 0 none.
  int join_parts(const std::vector<Receipt>& receipts) {
    const bool is_gzip = choice_.output.is_gzip || choice_.output.format == "sam.gz";
    const bool is_sam = choice_.output.is_alignment() && choice_.output.format.starts_with("sam");
    const auto form = choice_.output.format == "bam" ? PartForm::bam
                      : is_sam                       ? (is_gzip ? PartForm::sam_bgzf : PartForm::sam)
                      : is_gzip                      ? PartForm::bgzf
                                                     : PartForm::plain;
    io::OutputFile joined(output());
    write_parts(receipts, directory_, form, joined,
                command_.form.omits_header                         ? HeaderRule::omitted
                : workflow::takes_headers_for_lines(command_.form) ? HeaderRule::lines
                                                                   : HeaderRule::once);
    std::vector<io::OutputFile*> files{&joined};
    std::optional<io::OutputFile> mates;
    if (command_.form.outputs.size() == 2) files.push_back(&mates.emplace(join_mates(receipts)));
    std::optional<io::OutputFile> index;
    if (command_.form.writes_index) {
      const JoinedIndex wanted{output(), choice_.writer_threads, command_.kill_after};
      if (const int signal = write_joined_index(wanted, directory_, joined, index); signal != 0)
        return signal;
      files.push_back(&*index);
    }
    std::optional<io::OutputFile> report;
    if (!command_.report.empty()) files.push_back(&report.emplace(write_report(0)));
    io::commit_together(files);
    if (command_.form.writes_index) io::warn_of_old_index(output(), io::IndexOf::bam);
    return 0;
  }

  // The run of the command publishes OUTPUT, and its index.
  EngineEnd combine(const std::vector<Receipt>& receipts) {
    check_parts(receipts, directory_);
    std::vector<std::string> parts;
    parts.reserve(receipts.size());
    for (const Receipt& receipt : receipts) parts.push_back(directory_.part_path(receipt.part));
    const auto form = workflow::form_of_combination(command_.form, choice_, parts, header_reader());
    std::optional<io::OutputFile> report;
    if (!command_.report.empty()) report.emplace(write_report(0));
    const EngineEnd end = run_form("join", form, "");
    if (end.signal != 0 || end.status != 0) return end;
    if (report) report->commit();
    return {};
  }

  // The header of a text, in a file that tidy_up() removes as a part.
  std::vector<std::string> header_reader() {
    if (choice_.header != workflow::HeaderPolicy::around) return {};
    const Input opened = open_input();
    refuse_changed(opened, stored_.plan);
    if (choice_.input.is_alignment()) return {};
    const std::string path = directory_.part_path(unique_part(0, ".header"));
    io::write_output(path, opened.header());
    return {"cat", path};
  }

  io::OutputFile join_mates(const std::vector<Receipt>& receipts) const {
    std::vector<Receipt> of_mates;
    of_mates.reserve(receipts.size());
    for (const Receipt& receipt : receipts) of_mates.push_back(receipt_of_mate(receipt));
    const std::string& path = command_.form.outputs[1];
    io::OutputFile joined(path);
    const bool is_gzip = workflow::kind_of(path).is_gzip;
    write_parts(of_mates, directory_, is_gzip ? PartForm::bgzf : PartForm::plain, joined, HeaderRule::lines);
    return joined;
  }

  std::string report_of(const Receipt& receipt) const {
    return read_file(directory_.attempt_path(receipt.part)).value_or("");
  }

  io::OutputFile write_report(int status) const {
    const std::size_t shards = stored_.plan.shards();
    const auto attempts = directory_.count_attempts(shards);
    std::vector<ShardRecord> records(shards);
    for (std::size_t shard = 0; shard < shards; ++shard) {
      records[shard].attempts = attempts[shard];
      records[shard].receipt = directory_.read_receipt(shard);
      if (records[shard].receipt) records[shard].run_report = report_of(*records[shard].receipt);
    }
    io::OutputFile file(command_.report);
    io::Meter meter;
    io::write_all(file.fd(), file.name(), report_text(stored_.plan, records, output(), status), meter);
    return file;
  }

  // A directory that stays is no failure: the output is there.
  void tidy_up(const std::vector<Receipt>& receipts, std::unique_ptr<RunLock> held) const {
    try {
      directory_.remove_other_parts(receipts);
      if (command_.keeps_directory) return;
      directory_.clear();
      held.reset();
      directory_.remove();
    } catch (const base::Error& error) {
      base::warn(error.what());
    }
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
      write_report(end.signal != 0 ? base::signal_status_base + end.signal : end.status).commit();
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
  bool has_warned_of_filter_ = false;
};

}  // namespace

base::Status run(const Command& command, io::Stats& stats) { return Steps(command, stats)(); }

}  // namespace mrf::shard
