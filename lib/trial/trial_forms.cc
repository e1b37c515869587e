// SPDX-License-Identifier: MIT
#include "trial/trial_forms.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/redact.h"
#include "io/fd.h"
#include "record/record.h"
#include "workflow/short_form_choice.h"
#include "workflow/stream_kind.h"

namespace mrf::trial {

namespace {

using workflow::ShortForm;
using workflow::ShortFormChoice;
using workflow::StreamKind;

// The kind as the end of a name says it.
std::string ending_of(const StreamKind& kind) {
  if (kind.is_alignment()) return "." + kind.format;
  return (kind.format == "lines" ? ".txt" : "." + kind.format) + (kind.is_gzip ? ".gz" : "");
}

// For --input-format.
std::string format_of(const StreamKind& kind) { return kind.format == "sam.gz" ? "sam" : kind.format; }

std::string line(std::string_view job, const std::string& command) {
  return fmt::format("{}: {}\n", job, command);
}

std::string saved(const std::string& path) { return "save:" + workflow::quote_word(path); }

std::string alignment_options(const ShortForm& form) {
  return (form.reference.empty() ? "" : " -T " + workflow::quote_word(form.reference)) +
         (form.is_permissive ? " --permissive" : "");
}

std::string header_options(const ShortForm& form) {
  if (form.header_lines) return fmt::format(" --header-lines {} --header-broadcast", *form.header_lines);
  if (form.header_prefix.empty()) return "";
  return " --header-prefix " + workflow::quote_word(form.header_prefix) + " --header-broadcast";
}

std::uint64_t parts(std::uint64_t records, std::uint64_t size) { return (records + size - 1) / size; }

bool is_prime(std::uint64_t number) {
  if (number < 2) return false;
  for (std::uint64_t factor = 2; factor * factor <= number; ++factor) {
    if (number % factor == 0) return false;
  }
  return true;
}

// A filter that takes records two by two, or four by four, gives the same for parts of 2 or 4 times as many
// records. No part of a prime number of records, more than such a filter takes at a time, hides it.
std::uint64_t prime_from(std::uint64_t number) {
  constexpr std::uint64_t least = 5;
  number = std::max(number, least);
  while (!is_prime(number)) ++number;
  return number;
}

// Two different sizes of parts. Of few records there are no parts of a prime number.
std::vector<std::uint64_t> part_sizes(std::uint64_t records, std::uint64_t first, std::uint64_t second) {
  constexpr std::uint64_t few = 8;
  if (records < few) return {1, 2};
  std::vector<std::uint64_t> sizes{prime_from(first), prime_from(second)};
  if (sizes[0] == sizes[1]) sizes[0] = prime_from(sizes[0] + 1);
  return sizes;
}

TrialOutput output_for(const std::string& name, const StreamKind& kind, const std::string& stem,
                       const std::string& written, const ShortForm& form) {
  TrialOutput output{name == "-" ? std::string(io::stdout_name) : name,
                     stem + ending_of(kind),
                     kind.is_alignment() ? kind.format : "",
                     {},
                     {},
                     Order::kept,
                     false};
  if (kind.is_alignment()) {
    output.header = record::sam_header();
  } else {
    if (!written.empty() && written != "sam" && written != "bam")
      output.form = record::parse_record_form(written);
    output.header = {form.header_prefix, form.header_lines.value_or(0)};
  }
  return output;
}

}  // namespace

std::vector<std::string> sample_files(const ShortForm& form, const std::string& directory) {
  StreamKind kind = workflow::choose(form).input;
  std::vector<std::string> files;
  for (std::size_t at = 0; at < form.inputs.size(); ++at) {
    kind.is_gzip = workflow::kind_of(form.inputs[at]).is_gzip && !record::is_bytes(form.record);
    files.push_back(fmt::format("{}/sample{}{}", directory, at + 1, ending_of(kind)));
  }
  return files;
}

std::string sample_workflow(const ShortForm& form, std::uint64_t records, const std::string& directory) {
  const ShortFormChoice choice = workflow::choose(form);
  const auto files = sample_files(form, directory);
  std::string text;
  std::vector<std::string> sources;
  for (std::size_t at = 0; at < form.inputs.size(); ++at) {
    sources.push_back(workflow::quote_word(form.inputs[at]));
    if (!base::is_url(form.inputs[at]) || form.selection.needs_index()) continue;
    text += line(fmt::format("fetch{}", at + 1),
                 fmt::format("getm-fetch {} - > out:fetched{}", sources.back(), at + 1));
    sources.back() = fmt::format("in:fetched{}", at + 1);
  }
  if (choice.input.is_alignment()) {
    std::string selection;
    for (const auto& word : form.selection.words()) selection += " " + workflow::quote_word(word);
    text += line("read", fmt::format("mrf-bamread -u{}{} {} > out:all", alignment_options(form), selection,
                                     sources[0]));
    text += line("cut", fmt::format("mrf-distribute --record bam --first {} -i in:all out:first", records));
    return text + line("store", fmt::format("mrf-bamwrite{} -O {} -o {} in:first", alignment_options(form),
                                            choice.input.format, saved(files[0])));
  }
  const std::string record = choice.pairs ? "fastq" : choice.given;
  std::string cut = fmt::format("mrf-distribute --record {}{} --first {} -i {}", workflow::quote_word(record),
                                header_options(form), records, sources[0]);
  if (choice.pairs) cut += " --mate " + sources[1];
  for (const auto& file : files) cut += " " + saved(file);
  return text + line("cut", cut);
}

TrialForm form_over_sample(const ShortForm& form, const std::string& sample_directory,
                           const std::string& directory) {
  const ShortFormChoice choice = workflow::choose(form);
  TrialForm trial{form, {}};
  ShortForm& over = trial.form;
  over.inputs = sample_files(form, sample_directory);
  over.starts.clear();
  if (!record::is_bytes(form.record)) over.input_format = format_of(choice.input);
  over.selection = {};
  over.order = choice.order;
  if (!choice.written.empty() && !choice.pairs) over.output_record = choice.written;
  over.outputs.clear();
  const std::size_t outputs = std::max<std::size_t>(form.outputs.size(), 1);
  for (std::size_t at = 0; at < outputs; ++at) {
    StreamKind kind = choice.output;
    if (outputs == 2) kind = workflow::kind_of(form.outputs[at]);
    trial.outputs.push_back(output_for(at < form.outputs.size() ? form.outputs[at] : "-", kind,
                                       fmt::format("{}/output{}", directory, at + 1),
                                       outputs == 2 ? "fastq" : choice.written, form));
    over.outputs.push_back(trial.outputs.back().path);
  }
  if (!form.singles.empty()) {
    trial.outputs.push_back(
        output_for(form.singles, workflow::kind_of(form.singles), directory + "/singles", "fastq", form));
    over.singles = trial.outputs.back().path;
  }
  const bool is_kept =
      form.missing.empty() || form.missing == "error" || form.missing == "skip" || form.missing == "any";
  if (!is_kept) over.missing = directory + "/missing" + ending_of(workflow::kind_of(form.missing));
  for (auto& output : trial.outputs) output.order = order_of(form);
  if (!form.side.empty()) {
    over.side = directory + "/side.txt";
    const Order order = choice.order == "chunk" ? Order::kept : Order::any;
    trial.outputs.push_back({form.side, over.side, "", {}, {}, order, true});
  }
  over.command = workflow::with_saved_in(form.command, directory);
  over.combine = workflow::with_saved_in(form.combine, directory);
  over.report.clear();
  over.program_line.clear();
  over.omits_header = false;
  over.writes_index = over.skips_failed = false;
  over.has_measured_chunks = false;
  over.cpus.reset();
  return trial;
}

ShortForm form_alone(const ShortForm& over_sample, std::uint64_t records) {
  ShortForm alone = over_sample;
  alone.workers = 1;
  alone.threads = 0;
  if (alone.order == "chunk") {
    alone.chunk_size = records + 1;
  } else {
    alone.order = "any";
  }
  return alone;
}

std::vector<Cut> cuts_of(const ShortForm& over_sample, std::uint64_t records, bool starts_are_dear) {
  ShortForm form = over_sample;
  form.workers = std::max(form.workers, 2);
  const auto workers = static_cast<std::uint64_t>(form.workers);
  std::vector<Cut> cuts;
  if (!form.key.empty()) {
    for (; cuts.size() < 2; ++form.workers)
      cuts.push_back(
          {form, fmt::format("{} copies by key", form.workers), static_cast<std::uint64_t>(form.workers)});
    return cuts;
  }
  const bool is_chunked = form.order == "chunk";
  const std::uint64_t fewer = starts_are_dear ? 4 : std::max<std::uint64_t>(16, 2 * workers);
  const std::uint64_t more = fewer + fewer * 3 / 4;
  constexpr std::uint64_t long_turn = 997;
  constexpr std::uint64_t short_turn = 7;
  std::vector<std::uint64_t> sizes =
      is_chunked ? part_sizes(records, records / fewer, records / more)
                 : part_sizes(records, std::min(records / (2 * workers), long_turn), short_turn);
  if (form.chunk_size && *form.chunk_size < records &&
      (!is_chunked || parts(records, *form.chunk_size) <= 1000))
    sizes[0] = *form.chunk_size;
  if (sizes[0] == sizes[1]) sizes[1] = sizes[0] == 1 ? 2 : prime_from(sizes[0] + 1);
  for (const std::uint64_t size : sizes) {
    if (size >= records) continue;
    form.chunk_size = size;
    const std::uint64_t chunks = parts(records, size);
    const std::string chunk = fmt::format("{} record{}", size, size == 1 ? "" : "s");
    cuts.push_back(is_chunked ? Cut{form, fmt::format("{} chunks of {}", chunks, chunk), chunks}
                              : Cut{form, fmt::format("{} copies in turns of {}", workers, chunk),
                                    std::min(workers, chunks)});
  }
  return cuts;
}

HintRules hint_rules(const ShortForm& form) {
  ShortForm without = form;
  without.order.clear();
  without.chunk_size.reset();
  without.has_measured_chunks = false;
  const auto takes = [](const ShortForm& with) {
    try {
      workflow::choose(with);
      return true;
    } catch (const base::UsageError&) {
      return false;
    }
  };
  ShortForm with_header = without;
  with_header.header_lines = 1;
  with_header.header_prefix.clear();
  with_header.header_broadcast = true;
  ShortForm with_combination = without;
  with_combination.combine = {"cat"};
  return {takes(with_header), takes(with_combination), [without, takes](const std::string& key) {
            ShortForm with_key = without;
            with_key.key = key;
            return takes(with_key);
          }};
}

Order order_of(const ShortForm& form) {
  return workflow::choose(form).order == "any" ? Order::any : Order::kept;
}

std::string text_workflow(const ShortForm& form, const std::vector<TrialOutput>& outputs) {
  std::string text;
  for (std::size_t at = 0; at < outputs.size(); ++at) {
    if (outputs[at].format.empty()) continue;
    text += line(fmt::format("text{}", at + 1),
                 fmt::format("mrf-bamread{} {} > {}", alignment_options(form),
                             workflow::quote_word(outputs[at].path), saved(outputs[at].text_path())));
  }
  return text;
}

std::string level_workflow(const ShortForm& form, const TrialOutput& output, const std::string& path) {
  if (!output.format.empty())
    return line("write", fmt::format("mrf-bamwrite{} -l 1 -O {} -o {} {}", alignment_options(form),
                                     output.format, saved(path), workflow::quote_word(output.text_path())));
  return line("write", fmt::format("mrf-collect --order concat -l 1 -o {} {}", saved(path),
                                   workflow::quote_word(output.path)));
}

}  // namespace mrf::trial
