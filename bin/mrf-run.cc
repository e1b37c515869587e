// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/join.h"
#include "base/message.h"
#include "base/processors.h"
#include "base/redact.h"
#include "cli/command.h"
#include "io/fd.h"
#include "io/index_file.h"
#include "io/paths.h"
#include "process/launch.h"
#include "report/flow.h"
#include "report/graph.h"
#include "run/input_probe.h"
#include "run/job_spec.h"
#include "run/progress.h"
#include "run/report.h"
#include "run/run.h"
#include "shard/command.h"
#include "shard/plan.h"
#include "shard/progress.h"
#include "shard/steps.h"
#include "trial/trial.h"
#include "workflow/plan.h"
#include "workflow/processor_budget.h"
#include "workflow/renderings.h"
#include "workflow/short_form.h"
#include "workflow/short_form_choice.h"
#include "workflow/workflow.h"

namespace {

using namespace mrf;

struct Options {
  workflow::ShortForm form;
  std::string command_line;
  shard::StepOptions shard;
  std::optional<shard::StoredPlan> shard_plan;  // of a step
  bool add_pg = false;
  std::vector<std::string> positional;
  std::vector<std::string> defines;
  run::RunOptions run;
  std::string chunk_size;
  std::uint64_t buffer = 0;
  double kill_after_s = 1;
  double stall_timeout_s = 0;
  std::string progress = "none";
  std::string tried_records;
  std::vector<base::CommandPiece> pieces;  // of the command line
  std::vector<std::string> plan_words;     // those that a plan of shards has
  bool print = false;
  bool print_script = false;
  bool dot = false;
  bool dry_run = false;
};

// As in mrf-bamread.
void declare_selection(cli::OptionSet& app, workflow::Selection& selection) {
  app.add_repeatable("-f,--require-flags FLAGS", selection.all_flags,
                     "only alignments with all of these flags (repeatable)");
  app.add_repeatable("-F,--excl-flags FLAGS", selection.no_flags,
                     "only alignments with none of these flags (repeatable)");
  app.add_option("-q,--min-MQ N", selection.least_mapq,
                 "only alignments with a mapping quality of at least N (default 0)");
  app.add_option("-e,--expr EXPR", selection.expression,
                 "only alignments for which the expression EXPR is true");
  app.add_repeatable("-r,--region REGION", selection.regions,
                     "only alignments that overlap REGION (repeatable); needs an index");
  app.add_option("-L,--target-file FILE", selection.bed,
                 "only alignments that overlap the intervals of FILE, a BED file");
  app.add_flag("-M,--use-index", selection.uses_index, "with -L: read the intervals by the index");
  app.add_option(
      "--region-rule RULE", selection.rule,
      "alignments of -r and -L: overlaps, or starts for those that begin there (default overlaps)");
  app.add_option("--subsample FRACTION", selection.fraction,
                 "only this fraction of the read names, above 0 and up to 1 (default: all)");
  app.add_option("--subsample-seed N", selection.seed, "with --subsample: others for another N (default 0)");
}

void declare_shards(cli::OptionSet& app, shard::StepOptions& shard) {
  app.add_option("--shards N", shard.shards,
                 "cut INPUT into at most N shards, run the command for each, join the parts");
  app.add_option("--engine ENGINE", shard.engine,
                 "with --shards: what runs them: local|slurm|snakemake (default local)");
  app.add_option("--engine-args ARGS", shard.engine_args,
                 "more words for the engine, split and quoted as in sh");
  app.add_flag("--detach", shard.detaches, "with --engine slurm: submit the shards, wait for none");
  app.add_option("--shard-dir DIR", shard.directory,
                 "keep plan, parts and receipts of the shards in DIR (default OUTPUT.shards)");
  app.add_flag("--shard-plan", shard.plans, "with --shards: write the plan; run nothing");
  app.add_flag("--print-sbatch", shard.prints_sbatch,
               "with --shards: write the plan, print a batch script of Slurm for it; run nothing");
  app.add_flag("--print-snakefile", shard.prints_snakefile,
               "with --shards: write the plan, print a Snakefile for it; run nothing");
  app.add_option("--shard-run I", shard.run, "run shard I of the plan in --shard-dir, from 0 on");
  app.add_flag("--shard-status", shard.shows_status, "print which shards of the plan have no receipt");
  app.add_flag("--shard-join", shard.joins, "check the parts of all shards and write OUTPUT");
  app.add_option("--shard-read I", shard.read, "write the records of shard I to standard output");
  app.add_flag("--shard-mate", shard.reads_mate, "with --shard-read: the records of the second INPUT");
  app.add_option("--shard-landing FILE", shard.landing,
                 "with --shard-read: write to FILE where the shard's records end");
}

void declare(cli::Command& command, Options& options) {
  cli::OptionSet& app = command.options();
  workflow::ShortForm& form = options.form;
  form.workers = form.processors = base::usable_processors();
  app.add_option("WORKFLOW", options.positional);
  app.add_repeatable("-i,--input FILE", form.inputs,
                     "read FILE or URL (default -, standard input); twice: paired FASTQ");
  app.add_repeatable("-o,--output FILE", form.outputs,
                     "write FILE (default -, standard output); twice: paired FASTQ");
  app.add_option("-n,--workers N", form.workers,
                 "run N workers, copies of the filter (default: the processors)");
  app.add_option("--cpus N", form.cpus,
                 "processors that filter, reader and writer share (default: no limit but -n and -@)");
  app.add_option("-c,--chunk-size N", options.chunk_size,
                 "records in a chunk, or auto (default: by bytes with --order chunk, else 1000)");
  app.add_option("--order ORDER", form.order,
                 "order of the output: chunk|seq|rows|any (default chunk; with --key seq or any)");
  app.add_option("--input-format KIND", form.input_format,
                 "what INPUT holds: bam|cram|sam|fastq|fasta|lines (default: by name and content)");
  app.add_option("-O,--output-format KIND", form.output_format,
                 "what OUTPUT holds: bam|cram|sam|fastq|fasta|lines (default: by name)");
  app.add_option("--record FORM", form.record,
                 "what the filter reads: line|lines:K|fastq|fasta|start:TEXT|nul|fixed:BYTES|sam|bam");
  app.add_option("--output-record FORM", form.output_record,
                 "what the filter writes: line|lines:K|fastq|fasta|start:TEXT|nul|fixed:BYTES|sam|bam");
  app.add_option("--key KEY", form.key, "records of one key to one worker: tag:XX|name|column:K|after:TEXT");
  app.add_option("--missing WHAT", form.missing,
                 "records without a key: error|skip|any|PATH (default error)");
  app.add_option("--singles PATH", form.singles,
                 "write reads whose mate the filter dropped to PATH (default: an error)");
  app.add_option("--ok-status LIST", form.ok_statuses,
                 "exit statuses of the filter that mean success, such as 0,1 (default 0)");
  app.add_option(
      "--retries N", form.retries,
      "start the filter of a chunk that a signal ended, or a shard, up to N times again (default 0)");
  app.add_option("--retry-status LIST", form.retry_statuses,
                 "exit statuses that are worth a retry, such as 75 (default: none)");
  app.add_flag("--skip-failed", form.skips_failed,
               "leave chunks out whose filter failed, and end with status 3");
  app.add_option("--keep-failed DIR", options.run.keep_failed,
                 "keep in DIR what a failed filter was given, and a script that runs it again");
  app.add_option("--header-lines K", form.header_lines, "the first K lines are the header (default 0)");
  app.add_option("--header-prefix STR", form.header_prefix,
                 "the lines at the top that begin with STR are the header");
  app.add_repeatable(
      "--combine COMMAND...", form.combine,
      "make OUTPUT with COMMAND of the workers' outputs, its last words (default: they are joined)");
  app.add_option("--side PATH", form.side,
                 "write to PATH what the filters write to MRF_SIDE (default: nothing)");
  app.add_flag("--header-broadcast", form.header_broadcast,
               "give the header to every worker and every chunk");
  app.add_option("-l,--level LEVEL", form.level, "compression level of the output, 0 to 9 (default 6)");
  app.add_option("-@,--threads N", form.threads,
                 "additional threads that inflate and deflate (default: by processors and -n)");
  app.add_option("-T,--reference FILE", form.reference, "reference sequences of CRAM, a FASTA file");
  app.add_size("--buffer", options.buffer,
               "output that may wait for its turn (default: no limit with --order chunk, else 256M)");
  declare_selection(app, form.selection);
  app.add_flag("--write-index", form.writes_index, "write the index of OUTPUT beside it");
  app.add_flag("--no-header", form.omits_header, "write an OUTPUT of SAM without its header");
  app.add_flag("--add-pg", options.add_pg, "add a @PG line for this command to the header of OUTPUT");
  app.add_flag("--permissive", form.is_permissive, "accept alignments that the SAM specification forbids");
  declare_shards(app, options.shard);
  app.add_repeatable("-D,--define NAME=VALUE", options.defines,
                     "set a variable of the workflow (repeatable)");
  app.add_option("--report FILE", options.run.report_path, "write a report of the run as JSON to FILE");
  app.add_option("--kill-after SECONDS", options.kill_after_s,
                 "seconds from TERM to KILL after a failure (default 1)");
  app.add_size("--pipe-size", options.run.supervisor.pipe_size,
               "bytes that each FIFO holds (default: 16M for all, at most 1M each)");
  app.add_flag("--keep-dir", options.run.keep_directory, "keep the directory of the FIFOs after the run");
  app.add_optional("--try RECORDS", options.tried_records, {"N"}, "200000",
                   "try the filter on the first RECORDS records: compare, measure, advise (default 200000)");
  app.add_flag("--print", options.print, "print the short form as a workflow; run nothing");
  app.add_flag("--print-sh", options.print_script, "print a bash script that does the same; run nothing");
  app.add_flag("--dot", options.dot, "print the jobs and FIFOs as a graph for Graphviz; run nothing");
  app.add_optional(
      "--progress STYLE", options.progress, {"bar", "log", "json", "none", "json:"}, "auto",
      "show how far the run has come: bar|log|json|json:FD|none (default: none; bar or log without STYLE)");
  app.add_option("--stall-timeout SECONDS", options.stall_timeout_s,
                 "say which jobs wait when nothing moved for SECONDS (default 0: never)");
  app.add_flag("--dry-run", options.dry_run, "check everything that can be checked; run nothing");
}

// The command line for the @PG line: without secrets of URLs, and without the options that run nothing, since
// the command is one that makes the output.
std::string shown_command_line(const std::string& program, const std::vector<base::CommandPiece>& pieces) {
  constexpr std::array instead{"--print", "--print-sh", "--dot", "--dry-run"};
  std::string line = program;
  for (const auto& piece : pieces) {
    if (std::find(instead.begin(), instead.end(), piece.option) != instead.end()) continue;
    for (const auto& word : piece.words) line += " " + base::redact_name(word);
  }
  return line;
}

// Throws for a filter in one word that only a shell could read.
void check_filter(const std::vector<std::string>& command, bool combines) {
  const std::string& word = command[0];
  if (command.size() > 1 || word.find_first_of(" \t\n|&;<>()$`") == std::string::npos ||
      run::is_command(word))
    return;
  constexpr const char* reason = "no such command; no shell reads it, for one write";
  if (!combines)
    throw base::Error(base::Status::not_found, "execute", word,
                      fmt::format("{} -- bash -o pipefail -c {}", reason, workflow::quote_word(word)));
  // The files are the last words of a simple command; in anything longer the user says where they stand.
  const bool is_simple = word.find_first_of("\n|&;<>()$`") == std::string::npos;
  throw base::Error(base::Status::not_found, "execute", word,
                    fmt::format("{} --combine bash -o pipefail -c {} combine{}", reason,
                                workflow::quote_word(is_simple ? word + " \"$@\"" : word),
                                is_simple ? "" : ", in which \"$@\" stands for the files"));
}

// Adds to a short form what only a look at the inputs and at this process tells.
void complete(workflow::ShortForm& form, run::ProbeOf of) {
  if (form.inputs.empty() && run::has_standard_input()) form.inputs.emplace_back("-");
  const std::size_t reads = workflow::may_part_mates(form) ? 2 : 0;
  for (const auto& input : form.inputs) form.starts.push_back(run::probe_input(input, of, reads));
  check_filter(form.command, false);
  if (!form.combine.empty()) check_filter(form.combine, true);
}

// A filter that opens an input by its name reads all of it, in each copy.
void warn_of_inputs_in_command(const workflow::ShortForm& form) {
  const std::set<std::string> inputs(form.inputs.begin(), form.inputs.end());
  for (const auto& input : inputs) {
    if (input != "-" && std::find(form.command.begin() + 1, form.command.end(), input) != form.command.end())
      base::warn(
          fmt::format("the command names the input '{}', which each copy reads whole: the records of its "
                      "own come on standard input",
                      base::redact_name(input)));
  }
}

base::Status show(const std::string& text) {
  io::Meter meter;
  io::write_all(io::FdRef(1), std::string(io::stdout_name), text, meter);
  return base::Status::success;
}

// Whether records go to standard output.
bool takes_standard_output(const Options& options) {
  const auto& outputs = options.form.outputs;
  return options.shard.read || (!options.form.command.empty() && (outputs.empty() || outputs[0] == "-"));
}

// The command of the plan: the same in every step, whatever other words the step has.
std::string command_of_shards(const Options& options) {
  std::string line = "mrf-run";
  const auto words = options.shard_plan ? options.shard_plan->plan.arguments : options.plan_words;
  for (const auto& word : words) line += " " + base::redact_name(word);
  return line;
}

std::chrono::milliseconds milliseconds(const char* option, double seconds) {
  if (!(seconds >= 0 && seconds < 1e9))
    throw base::UsageError("use option", option, "not a number of seconds");
  return std::chrono::milliseconds(static_cast<long long>(seconds * 1000));
}

// The reason why an option of the short form has no command.
std::string lack_of_command(const Options& options) {
  if (options.positional.empty()) return "and no command stands behind --";
  return fmt::format("not with a WORKFLOW; where '{}' is the command, -- stands in front of it",
                     base::redact_name(options.positional[0]));
}

// All words between --combine and -- are the command's, those too that were meant for this program.
void refuse_swallowed(const workflow::ShortForm& form) {
  for (const std::string& word : form.combine) {
    const bool is_input = word == "-i" || word == "--input" || word.starts_with("--input=");
    const bool is_output = word == "--output" || word.starts_with("--output=") ||
                           (word.starts_with("-o") && !word.starts_with("--"));
    if ((is_input && form.inputs.empty()) || (is_output && form.outputs.empty()))
      throw base::UsageError(
          "use option", "--combine",
          fmt::format(
              "'{}' is one of its words, which go as far as --: it is the last option (such an option "
              "of the command goes into bash -c 'COMMAND \"$@\"' combine)",
              base::redact_name(word)));
  }
}

// Standard output is no result of the plan: the short form itself checks it.
void refuse_shared_result(const workflow::Plan& plan, const workflow::ShortForm& form) {
  for (const auto& other : {form.report, form.events}) {
    for (const auto& result : plan.results) {
      if (!other.empty() && io::is_same_output(result, other))
        throw base::UsageError("write", other == "-" ? std::string(io::stdout_name) : other,
                               "a result has that name");
    }
  }
}

// Neither the statistics nor the report replace a result, the workflow, standard input, or a file that a job
// has as standard input.
void refuse_replaced(const workflow::Plan& plan, const std::string& workflow, const cli::Command& command,
                     const std::string& report) {
  for (const auto& result : plan.results) command.keep_from_stats(result);
  std::vector<std::string> read;
  if (!workflow.empty()) read.push_back(workflow);
  for (const auto& job : plan.jobs) {
    for (const auto& redirection : job.redirections) {
      if (redirection.fd == 0 && !workflow::has_reference(redirection.target))
        read.push_back(workflow::text_of(redirection.target));
    }
  }
  if (!report.empty() && io::is_standard_input(report))
    throw base::UsageError("use option", "--report", fmt::format("it would replace '{}'", io::stdin_name));
  for (const auto& file : read) {
    command.keep_from_stats(file);
    if (!report.empty() && io::is_same_file(report, file))
      throw base::UsageError("use option", "--report", fmt::format("it would replace '{}'", file));
  }
}

// What would be ignored in silence is refused.
void refuse_options(const Options& options, const cli::OptionSet& given) {
  constexpr std::array of_short_form{"-i",
                                     "-o",
                                     "-n",
                                     "--cpus",
                                     "-c",
                                     "--input-format",
                                     "--output-format",
                                     "--order",
                                     "--record",
                                     "--output-record",
                                     "--key",
                                     "--missing",
                                     "--singles",
                                     "--side",
                                     "--ok-status",
                                     "--retries",
                                     "--retry-status",
                                     "--skip-failed",
                                     "--header-lines",
                                     "--header-prefix",
                                     "--header-broadcast",
                                     "-l",
                                     "-@",
                                     "-T",
                                     "--permissive",
                                     "--buffer",
                                     "-f",
                                     "-F",
                                     "-q",
                                     "-e",
                                     "-r",
                                     "-L",
                                     "-M",
                                     "--region-rule",
                                     "--subsample",
                                     "--subsample-seed",
                                     "--write-index",
                                     "--no-header",
                                     "--add-pg",
                                     "--try",
                                     "--shards",
                                     "--engine",
                                     "--engine-args",
                                     "--print-snakefile",
                                     "--detach",
                                     "--print-sbatch",
                                     "--shard-dir",
                                     "--shard-plan",
                                     "--print"};
  for (const auto& piece : options.pieces) {
    if (piece.option != "--" && piece.option != "--combine" && piece.words.size() == 2 &&
        piece.words[1] == "--")
      throw base::UsageError("use option", piece.words[0], "it needs a value, and -- stands in its place");
  }
  refuse_swallowed(options.form);
  if (options.form.command.empty() && !options.form.combine.empty())
    throw base::UsageError("use option", "--combine", "it stands in front of -- COMMAND, as the last option");
  for (const char* option : of_short_form) {
    if (options.form.command.empty() && given.count(option) > 0)
      throw base::UsageError("use option", option, "it goes with -- COMMAND, " + lack_of_command(options));
  }
  const int instead = options.print + options.dot + options.print_script + options.dry_run;
  if (instead > 1)
    throw base::UsageError("use", "command line", "it takes one of --print, --dot, --print-sh and --dry-run");
  if (options.shard.is_any() && (instead > 0 || given.count("--try") > 0))
    throw base::UsageError("use option", "--shards",
                           "it goes without --print, --dot, --print-sh, --dry-run and --try");
  if (options.shard.is_any() && !options.form.combine.empty() && given.count("-n") > 0 &&
      options.form.workers != 1)
    throw base::UsageError("use option", "-n",
                           "with --shards and --combine a shard runs one worker: more shards give more");
  if (given.count("--try") == 0) return;
  for (const char* other :
       {"--print", "--dot", "--print-sh", "--dry-run", "--report", "--progress", "--keep-dir"}) {
    if (given.count(other) > 0)
      throw base::UsageError("use option", other, "not together with --try, which makes several runs");
  }
}

// A workflow and a script are kept and run without this command line.
void warn_of_options_left_out(const Options& options, const cli::OptionSet& given) {
  constexpr std::array of_one_run{"--report",        "--keep-failed", "--progress", "--kill-after",
                                  "--stall-timeout", "--pipe-size",   "--keep-dir", "--verbose"};
  const bool is_chunked = !options.form.command.empty() && workflow::choose(options.form).order == "chunk";
  std::vector<std::string> left_out;
  for (const std::string option : of_one_run) {
    if (given.count(option) > 0 && !(is_chunked && option == "--keep-failed")) left_out.push_back(option);
  }
  if (left_out.empty()) return;
  const std::string names = base::join(left_out, ", ");
  base::warn(options.print
                 ? fmt::format("the workflow is without {}: give it to the mrf-run that runs it", names)
                 : fmt::format("the script is without {}, which only mrf-run can do", names));
}

std::uint64_t parse_tried_records(const std::string& text) {
  std::uint64_t records = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, records);
  if (parsed.ec != std::errc() || parsed.ptr != end || records < 2)
    throw base::UsageError("use option", "--try", "not a number of records, 2 or more");
  return records;
}

// mrf-bamwrite does not see what is beside the published file.
void warn_of_old_index(const workflow::ShortForm& form) {
  const bool is_cram = workflow::choose(form).output.format == "cram";
  io::warn_of_old_index(form.outputs[0], is_cram ? io::IndexOf::cram : io::IndexOf::bam);
}

shard::ProgressStyle style_of(const run::ProgressOptions& progress) {
  switch (progress.style) {
    case run::ProgressStyle::bar:
      return shard::ProgressStyle::bar;
    case run::ProgressStyle::log:
      return shard::ProgressStyle::log;
    case run::ProgressStyle::json:
      return shard::ProgressStyle::json;
    case run::ProgressStyle::none:
      break;
  }
  return shard::ProgressStyle::none;
}

// A short form of which each shard of the input is run by itself, or a step of that.
base::Status run_shards(const Options& options, io::Stats& stats) {
  shard::Command command;
  command.options = options.shard;
  command.form = options.form;
  command.stored = options.shard_plan;
  command.words = options.plan_words;
  command.keeps_directory = options.run.keep_directory;
  command.kill_after = options.run.supervisor.kill_after;
  command.progress = style_of(options.run.supervisor.progress);
  command.write_event = [&options](const auto& event, bool may_be_lost) {
    run::write_event(options.run.supervisor.progress, event, may_be_lost);
  };
  command.report = options.run.report_path;
  command.check_command = [](const std::vector<std::string>& words) {
    process::LaunchSpec spec;
    spec.words = words;
    run::check_command(spec);
  };
  command.run_plan = [&options](const workflow::Plan& plan, const std::string& report,
                                const std::vector<workflow::FailureHint>& hints) {
    run::RunOptions run = options.run;
    run.report_path = report;
    run.supervisor.keeps_throughput = true;
    run.keep_directory = false;
    run.is_short_form = true;
    run.hints = hints;
    const run::RunEnd end = run::carry_out(plan, run);
    return shard::EngineEnd{end.status, end.signal};
  };
  return shard::run(command, stats);
}

base::Status run(Options& options, cli::Command& command) {
  const cli::OptionSet& given = command.options();
  refuse_options(options, given);
  options.form = workflow::with_names_of_files(std::move(options.form));
  std::string file = "short form";
  std::string text;
  if (options.form.command.empty()) {
    if (options.positional.size() != 1)
      throw base::UsageError("use", "command line",
                             "it takes one WORKFLOW, or -i INPUT -o OUTPUT -- COMMAND");
    file = options.positional[0] == "-" ? std::string(io::stdin_name) : options.positional[0];
    text = workflow::read_workflow(options.positional[0]);
  } else {
    if (!options.positional.empty())
      throw base::UsageError(
          "use argument", options.positional[0],
          "one too many: inputs are given by -i, outputs by -o, and what stands behind -- is the command");
    if (given.count("-c") > 0) {
      options.form.chunk_size = cli::parse_number_or_auto("-c", options.chunk_size);
      options.form.has_measured_chunks = !options.form.chunk_size;
    }
    if (given.count("--buffer") > 0) options.form.buffer = options.buffer;
    const bool is_trial = given.count("--try") > 0;
    const bool runs =
        !options.print && !options.dot && !options.print_script && !options.dry_run && !is_trial;
    const auto& outputs = options.form.outputs;
    if (runs && (outputs.empty() || outputs[0] == "-"))
      io::refuse_input_as_standard_output(options.form.inputs);
    if (options.add_pg)
      options.form.program_line = options.shard.is_any() ? command_of_shards(options) : options.command_line;
    complete(options.form, runs ? run::ProbeOf::files_and_pipes : run::ProbeOf::files);
    if (!options.shard_plan) warn_of_inputs_in_command(options.form);
    if (options.form.cpus)
      workflow::share_processors(options.form,
                                 given.count("-n") > 0 ? workflow::Workers::given : workflow::Workers::open);
    if (options.shard.is_any()) return run_shards(options, command.stats());
    text = workflow::workflow_text(options.form);
    if (runs || options.dry_run) run::refuse_shared_pipes(options.form, workflow::choose(options.form).order);
    options.run.is_short_form = true;
    options.run.hints = workflow::failure_hints(options.form);
    if (is_trial) {
      const auto records = parse_tried_records(options.tried_records);
      return static_cast<base::Status>(
          trial::try_filter(options.form, {records, options.run, options.pieces}));
    }
  }
  if (options.print || options.print_script) warn_of_options_left_out(options, given);
  if (options.print) return show(text);
  workflow::Plan plan =
      workflow::make_plan(workflow::parse_workflow(file, text, workflow::parse_defines(options.defines)));
  if (!options.form.command.empty()) workflow::set_outputs(plan, options.form.outputs);
  if (options.dot) return show(report::dot_text(report::flow_of(run::describe_plan(plan), plan.file)));
  if (options.print_script) return show(workflow::script_text(plan));
  refuse_shared_result(plan, options.form);
  refuse_replaced(plan, options.form.command.empty() ? file : "", command, options.run.report_path);
  if (!options.dry_run) {
    const auto status = static_cast<base::Status>(run::run_plan(plan, options.run));
    if (options.form.writes_index) warn_of_old_index(options.form);
    return status;
  }
  run::check_inputs(options.form);
  run::check_plan(plan, options.run.report_path, options.run.keep_failed);
  return base::Status::success;
}

}  // namespace

int main(int argc, char** argv) try {
  cli::Command command("mrf-run",
                       "[options] -i INPUT -o OUTPUT -- COMMAND [ARG...]\n       mrf-run [options] [-D "
                       "NAME=VALUE]... WORKFLOW",
                       "Runs a filter several times side by side, or the jobs of a workflow, over FIFOs.",
                       {});
  Options options;
  command.free_short_quiet();
  declare(command, options);
  const auto split = [&command](const auto& words) { return command.options().pieces_of(words); };
  std::vector<std::string> words(argv + 1, argv + argc);
  if (auto step = shard::take_step(words, split)) {
    words = std::move(step->words);
    options.shard_plan = std::move(step->stored);
  }
  options.pieces = split(words);
  options.plan_words = shard::words_of_command(options.pieces);
  options.command_line = shown_command_line(argv[0], options.pieces);
  words.clear();
  for (const auto& piece : options.pieces) {
    if (piece.option == "--") {
      options.form.command.assign(piece.words.begin() + 1, piece.words.end());
    } else if (piece.option == "--combine" && piece.words.size() > 1) {
      options.form.combine.assign(piece.words.begin() + 1, piece.words.end());
    } else {
      words.insert(words.end(), piece.words.begin(), piece.words.end());
    }
  }
  std::vector<char*> pointers{argv[0]};
  for (auto& word : words) pointers.push_back(word.data());
  argc = static_cast<int>(pointers.size());
  pointers.push_back(nullptr);
  argv = pointers.data();
  return command.run(argc, argv, [&] {
    if (takes_standard_output(options)) command.keep_from_stats("-");
    options.run.supervisor.kill_after = milliseconds("--kill-after", options.kill_after_s);
    options.run.supervisor.stall_timeout = milliseconds("--stall-timeout", options.stall_timeout_s);
    const bool shows_shards = options.shard.engine == "slurm" && base::verbosity() != base::Verbosity::quiet;
    if (shows_shards && command.options().count("--progress") == 0) options.progress = "auto";
    options.run.supervisor.progress = run::parse_progress(options.progress);
    options.form.report = options.run.report_path;
    const auto& progress = options.run.supervisor.progress;
    if (progress.style == run::ProgressStyle::json && progress.fd != STDERR_FILENO)
      options.form.events = fmt::format("/dev/fd/{}", progress.fd);
    options.form.keep_failed = options.run.keep_failed;
    options.run.show_table = options.run.supervisor.show_job_names =
        base::verbosity() == base::Verbosity::verbose;
    options.run.supervisor.keeps_stderr = !options.run.keep_failed.empty();
    options.run.supervisor.keeps_throughput = !options.run.report_path.empty();
    return ::run(options, command);
  });
} catch (...) {
  return cli::status_of_current_exception("mrf-run");
}
