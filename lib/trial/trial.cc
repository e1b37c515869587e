// SPDX-License-Identifier: MIT
//
// Each run of a trial is an ordinary run of the short form, whose input is a sample and whose results are in
// a directory of the trial. So what is tried is what runs later: the same programs, orders and checks. The
// sample is a file of the input's kind. It grows until the filter alone takes some seconds for it: from the
// first thousand records one can tell how many fit into the time.
//
// When this process is killed, a watchdog of the trial, which starts nothing, removes the directory as soon
// as the watchdog of the run is gone, too, and with it who may write there.
#include "trial/trial.h"

#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "base/amounts.h"
#include "base/error.h"
#include "base/output_name.h"
#include "base/redact.h"
#include "io/fd.h"
#include "io/temporaries.h"
#include "process/launch.h"
#include "process/run_signals.h"
#include "process/watchdog.h"
#include "record/record.h"
#include "run/input_probe.h"
#include "run/job_spec.h"
#include "trial/account.h"
#include "trial/difference.h"
#include "trial/forecast.h"
#include "trial/result.h"
#include "trial/suggest.h"
#include "trial/trial_forms.h"
#include "workflow/plan.h"
#include "workflow/short_form_choice.h"
#include "workflow/workflow.h"

namespace mrf::trial {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;
using workflow::ShortForm;

constexpr std::uint64_t first_records = 1000;
constexpr double longest_s = 20;                     // of the filter alone
constexpr double most_bytes = 256.0 * 1024 * 1024;   // of a sample, and of a result
constexpr rlim_t most_file_bytes = rlim_t{1} << 30;  // that a run may write before it is ended
constexpr milliseconds time_limit{20'000};           // of the filter alone, over the first records
constexpr milliseconds no_time_limit{0};

// Thrown when a run of the trial has failed and printed the reason.
struct StepFailed {
  int status = 1;
};

struct RunFacts {
  Costs costs;
  std::vector<Result> results;
};

// The filter alone on the sample.
struct Alone {
  std::string directory;  // of the sample
  std::uint64_t records = 0;
  bool is_all = false;  // the input has no more
  std::optional<double> share;
  double sampling_s = 0;      // processor seconds of the reader
  Costs fixed;                // of a run, whatever its records are
  double first_filter_s = 0;  // for the first records: starting the filter takes no more
  TrialForm form;
  RunFacts facts;
};

/// A limit of the processes that are started meanwhile.
class SoftLimit {
 public:
  using Resource = decltype(RLIMIT_FSIZE);

  SoftLimit(Resource resource, rlim_t value) : resource_(resource), value_(value) {
    is_set_ = ::getrlimit(resource_, &before_) == 0;
    rlimit lower = before_;
    lower.rlim_cur = this->value();
    is_set_ = is_set_ && ::setrlimit(resource_, &lower) == 0;
  }
  ~SoftLimit() {
    if (is_set_) ::setrlimit(resource_, &before_);
  }
  /// The limit in force while the object lives.
  rlim_t value() const { return std::min(value_, before_.rlim_cur); }
  SoftLimit(const SoftLimit&) = delete;
  SoftLimit& operator=(const SoftLimit&) = delete;

 private:
  Resource resource_;
  rlim_t value_;
  rlimit before_{};
  bool is_set_ = false;
};

std::string make_directory() {
  std::string path = io::absolute_temporary_directory() + "/mrf-try.XXXXXX";
  if (::mkdtemp(path.data()) == nullptr)
    throw base::SystemError("make a directory in", io::temporary_directory());
  return path;
}

// The statistics of a tool in the report of a run; null when there are none.
const Json& tool_of(const Json& report, const std::string& job_name, const std::string& tool_name) {
  static const Json none;
  for (const Json& job : report.at("jobs")) {
    if (job.value("name", "") != job_name) continue;
    for (const Json& tool : job.at("tools")) {
      if (tool.value("tool", "") == tool_name) return tool;
    }
  }
  return none;
}

std::uint64_t sum_of(const Json& tool, const char* list, const char* member) {
  std::uint64_t sum = 0;
  for (const Json& stream : tool.at(list)) sum += stream.value(member, std::uint64_t{0});
  return sum;
}

class Trial {
 public:
  Trial(const ShortForm& form, const TrialOptions& options)
      : form_(form),
        options_(options),
        directory_(make_directory()),
        watchdog_([](std::size_t) { return process::LaunchSpec(); }, [this] { remove(); }) {}
  ~Trial() { remove(); }
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  int run() {
    const Alone alone = run_alone();
    account_.filter = filter_name();
    account_.input = base::redact_name(form_.inputs[0]);
    account_.records = alone.records;
    account_.has_pairs = form_.inputs.size() == 2;
    account_.share = alone.share;
    account_.combines = !form_.combine.empty();
    account_.alone_s = alone.facts.costs.wall_s;
    account_.records_out = alone.facts.results[0].records().size();
    account_.costs = alone.facts.costs;
    const auto sample = form_.header_broadcast ? text_sample(alone) : std::nullopt;
    account_.has_date = sample && adds_date(alone.facts.results[0].header(), sample->header());
    account_.runs.push_back("one filter alone");
    for (const Cut& cut : cuts(alone)) {
      account_.runs.push_back(cut.name);
      run_cut(alone, cut);
      if (account_.difference) break;
    }
    if (!account_.difference) {
      suggest(
          form_, options_.pieces, measured(alone),
          [&](const Costs& costs, double copies_s) { return costs_at_level_1(alone, costs, copies_s); },
          account_);
    }
    end_if_signalled();
    io::Meter meter;
    io::write_all(io::FdRef(STDOUT_FILENO), std::string(io::stdout_name), text_of(account_), meter);
    if (account_.difference) refuse();
    return 0;
  }

 private:
  std::string filter_name() const { return form_.command.empty() ? "" : base::printable(form_.command[0]); }
  std::string path(const std::string& name) const { return directory_ + "/" + name; }

  void remove() noexcept {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }

  // Ends the trial when a signal came between two runs.
  void end_if_signalled() {
    const io::Fd signals = process::run_signal_fd();
    signalfd_siginfo info{};
    if (::read(signals.get(), &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
    const int number = static_cast<int>(info.ssi_signo);
    if (process::ends_run(number)) die_of(number);
  }

  void die_of(int signal) {
    remove();
    watchdog_.finish();
    process::die_of(signal);
    throw StepFailed{base::signal_status_base + signal};
  }

  // Runs a workflow of the trial. Returns false when the time was over. Throws StepFailed.
  bool carry_out(const std::string& text, milliseconds limit, const std::function<void()>& on_success) {
    const workflow::Plan plan = workflow::make_plan(workflow::parse_workflow("short form", text, {}));
    run::RunOptions options = options_.run;
    options.report_path = path("report.json");
    options.on_success = on_success;
    options.supervisor.time_limit = limit;
    options.supervisor.shown_paths = sampled_paths_;
    const SoftLimit files(RLIMIT_FSIZE, most_file_bytes);
    const SoftLimit cores(RLIMIT_CORE, 0);
    const run::RunEnd end = run::carry_out(plan, options);
    if (end.signal != 0) die_of(end.signal);
    if (end.is_out_of_time) return false;
    if (end.status != 0 && has_too_large_file())
      throw base::Error(
          base::Status::failure, "try", filter_name(),
          fmt::format("it has written {} or more for {} records, with no end to be seen",
                      base::readable_bytes(static_cast<double>(files.value())), sampled_records_));
    if (end.status != 0) throw StepFailed{end.status};
    return true;
  }

  // Whether a job of the run that failed came to the limit of its files.
  bool has_too_large_file() const {
    const std::string reason = std::generic_category().message(EFBIG);
    const Json facts = report();
    for (const Json& job : facts.at("jobs")) {
      if (job.at("signal") == SIGXFSZ) return true;
      for (const Json& line : job.at("stderr")) {
        if (line.get<std::string>().find(reason) != std::string::npos) return true;
      }
    }
    return false;
  }

  Json report() const {
    std::ifstream file(path("report.json"));
    return Json::parse(file);
  }

  // Runs a form and reads its results. Nothing when the time was over.
  std::optional<RunFacts> results_of(const ShortForm& form, const std::vector<TrialOutput>& outputs,
                                     milliseconds limit) {
    RunFacts facts;
    const auto read = [&] {
      for (const auto& output : outputs)
        facts.results.push_back(Result::read(output.text_path(), output.form, output.header));
    };
    const std::string text = text_workflow(form_, outputs);
    const auto take = [&] {
      facts.costs = costs_of(report());
      if (text.empty()) read();
    };
    if (!carry_out(workflow::workflow_text(form), limit, take)) return std::nullopt;
    if (!text.empty()) carry_out(text, no_time_limit, read);
    return facts;
  }

  // Writes a sample into a directory of its own.
  Alone take_sample(std::uint64_t records) {
    Alone alone;
    alone.directory = path(fmt::format("sample-{}", records));
    std::error_code error;
    fs::create_directory(alone.directory, error);
    if (error) throw base::SystemError("make", alone.directory, error.value());
    sampled_paths_.clear();
    for (const auto& file : sample_files(form_, alone.directory))
      sampled_paths_.emplace_back(file, base::redact_name(form_.inputs[sampled_paths_.size()]));
    carry_out(sample_workflow(form_, records, alone.directory), no_time_limit, [&] {
      const Json facts = report();
      const Json& cut = tool_of(facts, "cut", "mrf-distribute");
      alone.records = cut.at("inputs").at(0).value("records", std::uint64_t{0});
      alone.is_all = alone.records < records;
      sampled_records_ = alone.records;
      alone.share = alone.is_all ? 1 : share_of(facts);
      alone.sampling_s = costs_of(facts).read_s;
    });
    return alone;
  }

  // The share of the input that the sample is, by the bytes that were read.
  std::optional<double> share_of(const Json& facts) const {
    if (form_.selection.needs_index()) return std::nullopt;
    std::uint64_t all = 0;
    for (const auto& input : form_.inputs) {
      struct stat info {};
      if (base::is_url(input) || ::stat(input.c_str(), &info) != 0) return std::nullopt;
      all += static_cast<std::uint64_t>(info.st_size);
    }
    const Json& reader = tool_of(facts, "read", "mrf-bamread");
    const Json& cut = tool_of(facts, "cut", "mrf-distribute");
    // Of text that is not compressed all is known. A reader is ahead of what is taken from it.
    double read =
        static_cast<double>(std::min(sum_of(cut, "inputs", "bytes"), sum_of(cut, "outputs", "bytes")));
    if (reader.is_object()) {
      const double records = static_cast<double>(sum_of(cut, "inputs", "records"));
      const double ahead = static_cast<double>(reader.value("records_out", std::uint64_t{0}));
      read = static_cast<double>(reader.value("bytes_in", std::uint64_t{0}));
      if (ahead > records) read *= records / ahead;
    }
    if (all == 0 || read == 0) return std::nullopt;
    return std::min(1.0, read / static_cast<double>(all));
  }

  // The time that a larger sample may take is known from the smaller one, except for filters whose time grows
  // faster than their input: such a filter is tried on the smaller sample.
  Alone run_alone() {
    std::optional<Alone> before;
    std::optional<Costs> first;
    std::uint64_t first_count = 0;
    std::uint64_t wanted = std::min(options_.records, first_records);
    for (;;) {
      Alone alone = take_sample(wanted);
      if (alone.records < 2) refuse_sample(alone.records);
      alone.form = form_over(alone.directory, "alone");
      auto facts = results_of(form_alone(alone.form.form, alone.records), alone.form.outputs,
                              before ? 3 * time_limit : time_limit);
      if (!facts && before) return std::move(*before);
      if (!facts) refuse_endless(alone.records);
      alone.facts = std::move(*facts);
      if (!first) {
        starts_are_dear_ = alone.facts.costs.filter_s > 0.5;
        first_count = alone.records;
        first = alone.facts.costs;
      }
      alone.fixed = fixed_costs(*first, first_count, alone.facts.costs, alone.records);
      alone.first_filter_s = first->filter_s;
      const std::uint64_t next = next_sample(alone);
      const bool is_last = next == options_.records;  // which may be a small step
      if (alone.is_all || next <= wanted || (next < 2 * wanted && !is_last)) return alone;
      wanted = next;
      before = std::move(alone);
    }
  }

  std::uint64_t next_sample(const Alone& alone) const {
    double bytes = 1;
    for (const Result& result : alone.facts.results) bytes += static_cast<double>(result.bytes());
    double sample_bytes = 0;
    for (const auto& file : alone.form.form.inputs) {
      std::error_code error;
      const auto size = fs::file_size(file, error);
      if (!error) sample_bytes += static_cast<double>(size);
    }
    bytes = std::max({bytes, sample_bytes, static_cast<double>(alone.facts.costs.bytes)});
    const SoftLimit files(RLIMIT_FSIZE, most_file_bytes);
    const double most = std::min(most_bytes, static_cast<double>(files.value()) / 4);
    const double factor = std::min(longest_s / std::max(alone.facts.costs.wall_s, 1e-3), most / bytes);
    const double next = std::min(factor * static_cast<double>(alone.records), 1e15);
    return std::min(options_.records, static_cast<std::uint64_t>(next));
  }

  TrialForm form_over(const std::string& sample_directory, const std::string& name) {
    std::error_code error;
    fs::create_directory(path(name), error);
    if (error) throw base::SystemError("make", path(name), error.value());
    TrialForm over = form_over_sample(form_, sample_directory, path(name));
    for (const auto& input : over.form.inputs)
      over.form.starts.push_back(run::probe_input(input, run::ProbeOf::files));
    return over;
  }

  [[noreturn]] void refuse_sample(std::uint64_t records) const {
    const bool selects = !form_.selection.words().empty();
    throw base::DataError(
        "try", filter_name(),
        fmt::format("{} has {} {}, and a trial takes 2 at least",
                    form_.inputs[0].empty() ? "the input" : base::redact_name(form_.inputs[0]),
                    records == 0 ? "no" : "one", selects ? "record that is selected" : "record"));
  }

  [[noreturn]] void refuse_endless(std::uint64_t records) const {
    throw base::Error(
        base::Status::failure, "try", filter_name(),
        fmt::format("{} s were not enough for {} records: it never ends, or --try {} gives it enough time",
                    time_limit.count() / 1000, records, std::max<std::uint64_t>(records / 20, 2)));
  }

  std::vector<Cut> cuts(const Alone& alone) {
    copies_ = form_over(alone.directory, "copies");
    return cuts_of(copies_.form, alone.records, starts_are_dear_);
  }

  void run_cut(const Alone& alone, const Cut& cut) {
    const double enough_s = 60 + 5 * alone.facts.costs.wall_s * std::sqrt(static_cast<double>(cut.starts));
    const auto facts =
        results_of(cut.form, copies_.outputs, milliseconds(static_cast<std::int64_t>(1000 * enough_s)));
    if (!facts)
      throw base::Error(
          base::Status::failure, "try", filter_name(),
          fmt::format("alone it takes {} for {} records, and {} did not end in {:.0f} s",
                      readable_time(alone.facts.costs.wall_s), alone.records, cut.name, enough_s));
    const double wall_s = facts->costs.wall_s;
    account_.copies_s = std::min(account_.copies_s.value_or(wall_s), wall_s);
    pass_s_ = std::max(pass_s_, facts->costs.pass_s);
    if (cut.starts > most_starts_ && cut.form.order == "chunk") {
      const double more_s = facts->costs.filter_s - alone.facts.costs.filter_s;
      most_starts_ = cut.starts;
      start_s_ = std::clamp(more_s / static_cast<double>(cut.starts - 1), 0.0, alone.first_filter_s);
    }
    for (std::size_t at = 0; at < facts->results.size(); ++at) {
      const Result& ours = alone.facts.results[at];
      const Result& theirs = facts->results[at];
      const Order order = copies_.outputs[at].order;
      const auto difference = find_difference(ours, theirs, order);
      if (!difference) {
        const bool may_have_other_order = order == Order::any && !copies_.outputs[at].is_side;
        account_.has_other_order =
            account_.has_other_order || (may_have_other_order && find_difference(ours, theirs, Order::kept));
        continue;
      }
      note_difference(*difference, alone, at, theirs, cut);
      return;
    }
  }

  // Keeps the difference. The records are copied, since the results are dropped.
  void note_difference(const Difference& difference, const Alone& alone, std::size_t at, const Result& copies,
                       const Cut& cut) {
    alone_record_ = difference.alone;
    copies_record_ = difference.copies;
    account_.difference = Difference{difference.record, alone_record_, copies_record_};
    account_.output = base::redact_name(alone.form.outputs[at].name);
    account_.records_out = alone.facts.results[at].records().size();
    account_.copies_records_out = copies.records().size();
    const auto sample = text_sample(alone);
    const auto choice = workflow::choose(form_);
    Parts parts{.starts = cut.starts,
                .first_records = {},
                .records = alone.records,
                .is_sam = choice.written == "sam",
                .of_alignments = choice.input.is_alignment(),
                .is_numbered = choice.order == "seq" && form_.key.empty(),
                .rules = hint_rules(form_)};
    if (sample && cut.form.key.empty())
      parts.first_records = part_begins(sample->records(), *cut.form.chunk_size, cut.starts);
    const Order order = copies_.outputs[at].order;
    account_.diagnosis = diagnose(alone.facts.results[at], copies, parts, order);
    const auto again =
        results_of(form_alone(alone.form.form, alone.records), alone.form.outputs, 3 * time_limit);
    if (again && find_difference(alone.facts.results[at], again->results[at], order))
      account_.diagnosis = diagnose_random();
  }

  // The records that the filter was given, where they are lines: of those the first ones can be a header.
  std::optional<Result> text_sample(const Alone& alone) const {
    const auto choice = workflow::choose(form_);
    if (choice.input.is_alignment() || choice.pairs || choice.given != "line") return std::nullopt;
    return Result::read(sample_files(form_, alone.directory)[0], record::parse_record_form(choice.given),
                        {form_.header_prefix, form_.header_lines.value_or(0)});
  }

  static std::vector<std::string_view> part_begins(const std::vector<std::string_view>& records,
                                                   std::uint64_t size, std::uint64_t starts) {
    std::vector<std::string_view> begins;
    for (std::uint64_t part = 1; part < starts && part * size < records.size(); ++part)
      begins.push_back(records[part * size]);
    return begins;
  }

  [[noreturn]] void refuse() const {
    const std::uint64_t record = account_.difference->record;
    throw base::DataError(
        "run copies of", filter_name(),
        fmt::format("{} of '{}' is not what one filter alone writes{}",
                    record == 0 ? "the header" : fmt::format("record {}", record), account_.output,
                    account_.diagnosis ? "; " + account_.diagnosis->sentence : ""));
  }

  Measured measured(const Alone& alone) const {
    Measured measured{alone.facts.costs, alone.records, alone.share, alone.sampling_s, alone.fixed};
    measured.is_first_sample = alone.records <= first_records;
    measured.is_chunked = copies_.form.order == "chunk";
    measured.start_s = start_s_;
    measured.pass_s = pass_s_;
    return measured;
  }

  // Measures what writing takes at level 1, when writing takes a large part of the time.
  std::optional<Costs> costs_at_level_1(const Alone& alone, const Costs& costs, double expected_s) {
    const TrialOutput& output = alone.form.outputs[0];
    const bool is_deflated =
        output.format == "bam" || output.format == "sam.gz" || base::has_gzip_name(output.path);
    const bool is_only_result = form_.outputs.size() < 2 && form_.singles.empty();
    if (!is_deflated || form_.level || !is_only_result) return std::nullopt;
    if (record::is_without_lines(output.form)) return std::nullopt;  // the writer is measured with lines
    const Threads threads = threads_for(form_, workflow::most_threads);
    if (costs.write_s < 0.4 * costs.sum_s() && costs.write_s < 0.6 * expected_s * threads.writer)
      return std::nullopt;
    const std::string lower = path("level1" + output.path.substr(output.path.rfind('/') + 1));
    Costs at_level_1 = costs;
    carry_out(level_workflow(form_, output, lower), no_time_limit, [&] {
      at_level_1.write_s = costs_of(report()).write_s / alone.share.value_or(1);
      std::error_code error;
      const double before = static_cast<double>(fs::file_size(output.path, error));
      const double after = static_cast<double>(fs::file_size(lower, error));
      if (!error && before > 0) account_.level_growth = after / before - 1;
    });
    return at_level_1;
  }

  const ShortForm& form_;
  const TrialOptions& options_;
  std::string directory_;
  process::Watchdog watchdog_;  // removes it, between two runs too
  Account account_;
  TrialForm copies_;
  std::uint64_t sampled_records_ = 0;                               // of the last sample
  std::vector<std::pair<std::string, std::string>> sampled_paths_;  // of its files, and of the inputs
  bool starts_are_dear_ = false;
  std::uint64_t most_starts_ = 1;  // of a cut
  double start_s_ = 0;             // processor seconds that starting the filter takes
  double pass_s_ = 0;
  std::string alone_record_;
  std::string copies_record_;
};

void refuse_stream(const std::string& input, const char* what_to_write) {
  struct stat info {};
  const bool is_file = input != "-" && ::stat(input.c_str(), &info) == 0 && S_ISREG(info.st_mode);
  if (is_file) return;
  throw base::UsageError("try the filter on", input == "-" ? io::stdin_name : input,
                         fmt::format("what is read of it is gone for the run itself: write its {} to a file, "
                                     "and give that to --try",
                                     what_to_write));
}

// What the trial would use up: inputs, intervals, and pipes that commands read. In a trial each command runs
// more than once.
void refuse_streams(const ShortForm& form) {
  for (const auto& input : form.inputs) {
    if (!base::is_url(input)) refuse_stream(input, "first records");
  }
  if (!form.selection.bed.empty()) refuse_stream(form.selection.bed, "intervals");
  run::refuse_shared_pipes(form.command, "the filter");
  run::refuse_shared_pipes(form.combine, "the command of --combine");
}

}  // namespace

int try_filter(const ShortForm& form, const TrialOptions& options) {
  run::check_inputs(form);
  refuse_streams(form);
  run::check_plan(
      workflow::make_plan(workflow::parse_workflow("short form", workflow::workflow_text(form), {})),
      options.run.report_path, options.run.keep_failed);
  try {
    process::block_run_signals();  // the first run takes those that come before it
    return Trial(form, options).run();
  } catch (const StepFailed& failed) {
    return failed.status;
  }
}

}  // namespace mrf::trial
