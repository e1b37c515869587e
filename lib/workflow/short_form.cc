// SPDX-License-Identifier: MIT
#include "workflow/short_form.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/join.h"
#include "base/lower_case.h"
#include "base/redact.h"
#include "base/shell_words.h"
#include "base/status_list.h"
#include "io/paths.h"
#include "record/record.h"
#include "workflow/short_form_choice.h"
#include "workflow/short_form_files.h"
#include "workflow/workflow.h"

namespace mrf::workflow {

namespace {

constexpr std::string_view letters_and_digits =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::uint64_t default_buffer = std::uint64_t{256} << 20;  // that of mrf-collect
constexpr std::uint64_t least_kept = std::uint64_t{64} << 10;
constexpr std::uint64_t default_kept = std::uint64_t{4} << 20;
constexpr std::uint64_t most_kept = std::uint64_t{24} << 20;
constexpr std::string_view copy_number = "[i]";

bool is_of(char c, std::string_view others) {
  return letters_and_digits.find(c) != std::string_view::npos || others.find(c) != std::string_view::npos;
}

// Where the text begins behind save: at the start of a word, or behind its first = as in --table=save:PATH; 0
// where there is no save:.
std::size_t place_behind_save(const std::string& word) {
  constexpr std::string_view save = "save:";
  const std::size_t equals = word.find('=');
  const std::size_t at = word.starts_with(save) || equals == std::string::npos ? 0 : equals + 1;
  const bool is_plain = std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(at),
                                    [](char c) { return is_of(c, "_-.="); });
  return is_plain && word.compare(at, save.size(), save) == 0 ? at + save.size() : 0;
}

// As place_behind_save(), but 0 where no path follows.
std::size_t place_of_saved(const std::string& word) {
  const std::size_t at = place_behind_save(word);
  return at < word.size() ? at : 0;
}

void replace_copy_number(std::string& word, const std::string& number) {
  for (std::size_t at = 0; (at = word.find(copy_number, at)) != std::string::npos; at += number.size())
    word.replace(at, copy_number.size(), number);
}

class Writer {
 public:
  explicit Writer(const ShortForm& form) : form_(form), choice_(choose(form)) {}

  std::string text() {
    if (!form_.parts.empty()) return text_of_parts();
    text_ = fmt::format("n = {}\n", form_.workers);
    const std::string source = add_source();
    if (choice_.order == "chunk") {
      add_chunks(source);
    } else {
      add_split(source);
      add_workers();
      if (form_.combine.empty()) {
        add_join("in:done[n]", choice_.order);
      } else if (form_.part.empty()) {
        add_holding();
        add_combine("in:held[n]");
      }
    }
    add_missing();
    add_side();
    return text_;
  }

 private:
  // The workflow that joins the parts of shards: they are files, which mrf-collect reads as the command of
  // --combine does.
  std::string text_of_parts() {
    if (has_header(HeaderPolicy::around)) add("header", words_of(form_.header_reader) + "> out:header");
    std::string held;
    for (std::size_t at = 0; at < form_.parts.size(); ++at) {
      add(fmt::format("hold{}", at), fmt::format("mrf-collect --record fixed:1 --order concat --spool {} > "
                                                 "out:held{}",
                                                 quote_word(form_.parts[at]), at));
      held += fmt::format("{}in:held{}", at == 0 ? "" : " ", at);
    }
    add_combine(held);
    return text_;
  }

  std::string range() const {
    if (form_.range.empty()) return "";
    return fmt::format(" --range {} --range-report {}", form_.range, quote_word(form_.range_report));
  }

  bool is_alignment_out() const { return choice_.output.is_alignment(); }
  bool reads_sam() const { return choice_.given == "sam"; }
  bool reads_bam() const { return choice_.given == "bam"; }
  bool has_header(HeaderPolicy way) const { return choice_.header == way; }
  bool parts() const { return form_.outputs.size() == 2; }

  void add(std::string_view name, const std::string& command) {
    text_ += fmt::format("{:<9} {}\n", fmt::format("{}:", name), command);
  }

  std::string add_fetch(std::size_t at) {
    const std::string number = choice_.pairs ? std::to_string(at + 1) : "";
    if (!form_.reader.empty()) return add_reader(at == 0 ? form_.reader : form_.mate_reader, number);
    std::string input = quote_word(form_.inputs[at]);
    if (!base::is_url(form_.inputs[at]) || form_.selection.needs_index()) return input;
    add("fetch" + number, fmt::format("getm-fetch {} - > out:fetched{}", input, number));
    return "in:fetched" + number;
  }

  std::string add_reader(const std::vector<std::string>& reader, const std::string& number) {
    add("cut" + number, fmt::format("{}> out:cut{}", words_of(reader), number));
    return "in:cut" + number;
  }

  // Adds the job that the records are distributed from: of alignments, one that writes them as the filter is
  // to see them.
  std::string add_source() {
    std::string input = add_fetch(0);
    if (choice_.pairs) return add_pairs(input, add_fetch(1));
    if (!choice_.reads_alignments) return input;
    const std::string_view fifo = reads_bam() ? "bam" : "sam";
    add("read", fmt::format("mrf-bamread{}{}{}{}{}{}{} {} > out:{}", reads_bam() ? " -u" : "",
                            threads(choice_.reader_threads), reference(), permissive(), selection(),
                            without_header(), range(), input, fifo));
    return fmt::format("in:{}", fifo);
  }

  // Adds the jobs that check mates, and put each behind the other.
  std::string add_pairs(const std::string& first, const std::string& second) {
    add("pair", fmt::format("mrf-distribute --record fastq -c 1 -i {} --mate {} out:first out:second", first,
                            second));
    add("weave", "mrf-collect --record fastq --order rows -c 1 in:first in:second > out:pairs");
    return "in:pairs";
  }

  void add_chunks(const std::string& source) {
    std::string options = has_header(HeaderPolicy::none) && reads_sam() ? "" : record_option(choice_.given);
    if (!choice_.written.empty() &&
        (are_lines_said() || choice_.written != "line" || choice_.input.is_alignment()))
      options += " --output-record " + quote_word(choice_.written);
    options += repeated_headers();
    options += text_header();
    if (has_header(HeaderPolicy::broadcast)) options += " --header-broadcast";
    if (form_.chunk_size) options += fmt::format(" -c {}", *form_.chunk_size);
    if (form_.has_measured_chunks) options += " -c auto";
    if (!form_.ok_statuses.empty()) options += " --ok-status " + statuses();
    options += buffer() + failure_options();
    if (has_side()) options += " --side out:side";
    std::string words;
    for (const auto& word : form_.command) words += " " + quote_word(word);
    add("work", fmt::format("mrf-chunks -n $n{} -i {} --{}{}", options, source, words, chunk_output()));
    if (is_alignment_out()) {
      add_writer("done");
    } else if (parts()) {
      add_parting("done");
    } else if (is_gzip_out()) {
      add("join", fmt::format("mrf-collect{} --order concat{} in:done", joined_chunks(), result()));
    }
  }

  // The lines at the top of an output are lines, even those of a header of SAM.
  bool are_lines_said() const { return takes_headers_for_lines(form_); }
  std::string repeated_headers() const { return are_lines_said() ? " --repeated-headers" : ""; }

  // More than a worker has in its FIFO and reads ahead, as long as there is room for all workers.
  std::uint64_t kept_bytes() const {
    const std::uint64_t share =
        form_.buffer.value_or(default_buffer) / static_cast<std::uint64_t>(form_.workers);
    return std::clamp(share, least_kept, form_.buffer ? most_kept : default_kept);
  }

  std::string failure_options() const {
    std::string options;
    if (form_.retries) options += fmt::format(" --retries {}", *form_.retries);
    if (!form_.retry_statuses.empty()) options += " --retry-status " + form_.retry_statuses;
    if (form_.skips_failed) options += " --skip-failed";
    if (!form_.keep_failed.empty()) options += " --keep-failed " + quote_word(form_.keep_failed);
    return options;
  }

  // The records of an output that is compressed, so that they are counted; with a header, lines. Lines that
  // the filter itself has compressed are inflated first, bytes are not.
  std::string joined_chunks() const {
    const std::string& form = choice_.written.empty() ? choice_.given : choice_.written;
    if (record::is_without_lines(form)) return " --record fixed:1";
    return choice_.written.empty() || !has_header(HeaderPolicy::none) ? "" : record_option(choice_.written);
  }

  bool is_gzip_out() const { return choice_.output.is_gzip && output() != "-"; }

  std::string chunk_output() const {
    if (is_alignment_out() || parts() || is_gzip_out()) return " > out:done";
    return output() == "-" ? "" : " > save:" + quote_word(output());
  }

  void add_split(const std::string& source) {
    std::string options = record_option(choice_.given);
    if (!reads_sam()) options += threads(choice_.reader_threads);
    if (choice_.order == "seq") options += " --seq";
    options += text_header();
    if (has_header(HeaderPolicy::broadcast)) options += " --header-broadcast";
    const bool is_around = has_header(HeaderPolicy::around) && form_.part.empty();
    if (is_around || needs_header_for_missing()) options += " --header-to out:header";
    if (choice_.order == "rows") options += " --stats out:counts";
    if (!form_.keep_failed.empty()) options += fmt::format(" --keep-last {}", kept_bytes());
    options += form_.key.empty() ? fmt::format(" -c {}", chunk_size()) : " --key " + quote_word(form_.key);
    if (!form_.missing.empty()) options += " --missing " + missing_target();
    add("split", fmt::format("mrf-distribute{} -i {} out:part[n]", options, source));
  }

  void add_workers() {
    const std::string side = has_side() ? "MRF_SIDE=out:side[i] " : "";
    const std::string accepted = form_.ok_statuses.empty() ? "" : " ok " + statuses();
    const std::string output = form_.part.empty() ? "out:done[i]" : "save:" + quote_word(form_.part);
    add("work[n]" + accepted, side + words_of(form_.command) + "< in:part[i] > " + output);
  }

  // One stream of all outputs, held back for a command that reads one after the other.
  void add_holding() {
    add("hold[n]", fmt::format("mrf-collect --record fixed:1 --order concat --spool --buffer {} in:done[i] > "
                               "out:held[i]",
                               hold_buffer()));
  }
  void add_combine(const std::string& held) {
    const std::string words = words_of(form_.combine) + held;
    if (is_combination_joined()) {
      add("combine", words + " > out:combined");
      add_join("in:combined", "concat");
    } else if (is_alignment_out() || parts()) {
      add("combine", words + " > out:all");
      is_alignment_out() ? add_writer("all") : add_parting("all");
    } else {
      add("combine", words + (output() == "-" ? "" : " > save:" + quote_word(output())));
    }
  }
  // A header is put in front, records are checked, or compressed.
  bool is_combination_joined() const {
    if (has_header(HeaderPolicy::around) || (is_gzip_out() && !parts())) return true;
    return !is_alignment_out() && !parts() && !choice_.written.empty() && choice_.written != "line";
  }
  std::uint64_t hold_buffer() const {
    constexpr std::uint64_t all = std::uint64_t{256} << 20;
    return form_.buffer.value_or(all) / static_cast<std::uint64_t>(form_.workers);
  }

  void add_join(const std::string& inputs, const std::string& order) {
    std::string options = joined_record() + " --order " + order;
    if (choice_.order == "rows") options += fmt::format(" -c {} --counts in:counts", chunk_size());
    if (has_header(HeaderPolicy::around)) options += " --header " + joined_header();
    if (has_header(HeaderPolicy::broadcast)) options += text_header();
    options += buffer();
    if (parts()) {
      add("join", fmt::format("mrf-collect{} {} > out:all", options, inputs));
      add_parting("all");
    } else if (is_alignment_out()) {
      add("join", fmt::format("mrf-collect{} {} > out:all", options, inputs));
      add_writer("all");
    } else {
      add("join", fmt::format("mrf-collect{}{} {}", options, result(), inputs));
    }
  }

  // Lines of a filter of SAM are no headers, whatever they begin with; unless it was given one.
  std::string joined_record() const {
    // Headers that the copies write themselves have to agree.
    if (choice_.written == "sam") return has_header(HeaderPolicy::around) ? " --sam" : " --sam --same-header";
    if (choice_.written == "bam") return " --record bam --same-header";
    if (choice_.written.empty()) return "";
    if (choice_.written != "line" || !reads_sam()) return record_option(choice_.written) + repeated_headers();
    // Lines behind the first record of a copy may begin with @ and are no header.
    if (has_header(HeaderPolicy::broadcast))
      return choice_.order == "seq" ? " --sam --no-header --header-prefix @" : " --header-prefix @";
    return choice_.order == "seq" ? " --sam --no-header" : repeated_headers();
  }

  // Mates go to a file each, by their names; mrf-collect compresses.
  void add_parting(const std::string& fifo) {
    std::string options = " --record fastq --mates";
    if (!form_.singles.empty()) options += " --singles " + mates_target(form_.singles, "singles");
    add("part", fmt::format("mrf-distribute{} -i in:{} {} {}", options, fifo,
                            mates_target(form_.outputs[0], mate_fifo(0)),
                            mates_target(form_.outputs[1], mate_fifo(1))));
    for (std::size_t at = 0; at < 2; ++at) add_compressor(form_.outputs[at], mate_fifo(at));
    if (!form_.singles.empty()) add_compressor(form_.singles, "singles");
  }
  static std::string mate_fifo(std::size_t at) { return fmt::format("mate{}", at + 1); }
  static std::string mates_target(const std::string& file, const std::string& fifo) {
    return kind_of(file).is_gzip ? "out:" + fifo : "save:" + quote_word(file);
  }
  void add_compressor(const std::string& file, const std::string& fifo) {
    if (!kind_of(file).is_gzip) return;
    add("write-" + fifo, fmt::format("mrf-collect --record fastq --order concat{}{} -o save:{} in:{}",
                                     threads(choice_.writer_threads / 2), level(), quote_word(file), fifo));
  }

  void add_writer(std::string_view fifo) {
    add("write", fmt::format("mrf-bamwrite{}{}{}{}{} -O {}{} in:{}", threads(choice_.writer_threads), level(),
                             reference(), permissive(), header_and_index() + unsorted(),
                             choice_.output.format, plain_result(), fifo));
  }

  bool has_missing_path() const { return is_file_of_missing(form_.missing); }
  bool is_missing_alignment() const {
    return has_missing_path() && choice_.input.is_alignment() && kind_of(form_.missing).is_alignment();
  }
  bool needs_header_for_missing() const { return is_missing_alignment() && reads_sam(); }
  // Written by a job of its own where records carry numbers, or the file is an alignment.
  bool is_missing_piped() const {
    return has_missing_path() && (choice_.order == "seq" || is_missing_alignment());
  }
  std::string missing_target() const {
    if (!has_missing_path()) return form_.missing;
    return is_missing_piped() ? "out:missing" : "save:" + quote_word(form_.missing);
  }
  bool has_two_headers() const { return needs_header_for_missing() && has_header(HeaderPolicy::around); }
  std::string joined_header() const { return has_two_headers() ? "in:header-all" : "in:header"; }

  void add_missing() {
    if (has_two_headers()) add("headers", "tee out:header-all < in:header > out:header-missing");
    if (!is_missing_piped()) return;
    const std::string order = choice_.order == "seq" ? "seq" : "concat";
    std::string options = record_option(choice_.given) + " --order " + order;
    const std::string path = quote_word(form_.missing);
    if (!is_missing_alignment()) {
      if (reads_sam()) options += " --no-header";
      add("missing", fmt::format("mrf-collect{} -o save:{} in:missing", options, path));
      return;
    }
    if (reads_sam()) options += has_two_headers() ? " --header in:header-missing" : " --header in:header";
    add("missing", fmt::format("mrf-collect{} in:missing > out:lacking", options));
    add("store", fmt::format("mrf-bamwrite{}{} -O {} -o save:{} in:lacking", reference(), permissive(),
                             kind_of(form_.missing).format, path));
  }

  bool has_side() const { return !form_.side.empty(); }
  // Adds the job for the lines that the copies or chunks leave in MRF_SIDE.
  void add_side() {
    if (!has_side()) return;
    const bool is_live = choice_.order != "chunk";
    add("side", fmt::format("mrf-collect --order concat -o save:{} {}", quote_word(form_.side),
                            is_live ? "in:side[n]" : "in:side"));
  }

  std::string without_header() const {
    return choice_.order == "chunk" && reads_sam() && has_header(HeaderPolicy::none) ? " --no-header" : "";
  }
  std::uint64_t chunk_size() const { return form_.chunk_size.value_or(1000); }

  static std::string record_option(const std::string& record) {
    if (record == "sam") return " --sam";
    return record == "line" ? "" : " --record " + quote_word(record);
  }
  std::string text_header() const {
    if (form_.header_lines.value_or(0) > 0) return fmt::format(" --header-lines {}", *form_.header_lines);
    return form_.header_prefix.empty() ? "" : " --header-prefix " + quote_word(form_.header_prefix);
  }
  std::string statuses() const { return base::join(base::parse_statuses(form_.ok_statuses), ","); }

  // As quote_word(), with [i] left to be the copy's number.
  static std::string copy_word(const std::string& word) {
    return has_copy_number(word) ? numbered_word(word) : quote_word(word);
  }
  static std::string numbered_word(const std::string& word) {
    std::string text;
    for (std::size_t at = 0; at < word.size();) {
      const std::size_t next = std::min(word.find(copy_number, at), word.size());
      if (next > at) text += quote_word(word.substr(at, next - at));
      if (next < word.size()) text += copy_number;
      at = next + copy_number.size();
    }
    return text;
  }

  // As copy_word(), with a save: left to be one, and every [i] behind it.
  static std::string saving_word(const std::string& word) {
    const std::size_t path = place_of_saved(word);
    return path == 0 ? copy_word(word) : word.substr(0, path) + numbered_word(word.substr(path));
  }

  // The words of a command, each with a space behind it.
  static std::string words_of(const std::vector<std::string>& command) {
    std::string words;
    for (const auto& word : command) words += saving_word(word) + " ";
    return words;
  }

  std::string output() const { return form_.outputs.empty() ? "-" : form_.outputs[0]; }
  std::string plain_result() const { return output() == "-" ? "" : " -o save:" + quote_word(output()); }
  // The options for an output that mrf-collect compresses itself.
  std::string result() const {
    return is_gzip_out() ? threads(choice_.writer_threads) + level() + plain_result() : plain_result();
  }
  std::string reference() const {
    return form_.reference.empty() ? "" : " -T " + quote_word(form_.reference);
  }
  std::string permissive() const { return form_.is_permissive ? " --permissive" : ""; }
  std::string selection() const {
    std::string words;
    for (const auto& word : form_.selection.words()) words += " " + quote_word(word);
    return words;
  }
  std::string header_and_index() const {
    std::string options;
    if (form_.writes_index) options += " --write-index";
    if (form_.omits_header) options += " --no-header";
    if (!form_.program_line.empty()) options += " --add-pg --pg-command " + quote_word(form_.program_line);
    return options;
  }
  // A COMMAND that combines knows by itself what it writes, and a single worker keeps the order; but shards
  // run on hosts with different numbers of processors, and their headers have to agree.
  std::string unsorted() const {
    const bool is_mixed = form_.workers > 1 || form_.is_shard;
    return choice_.order == "any" && form_.combine.empty() && is_mixed ? " --unsorted" : "";
  }
  std::string buffer() const { return form_.buffer ? fmt::format(" --buffer {}", *form_.buffer) : ""; }
  std::string level() const { return form_.level ? fmt::format(" -l {}", *form_.level) : ""; }
  static std::string threads(int number) { return number == 0 ? "" : fmt::format(" -@ {}", number); }

  const ShortForm& form_;
  ShortFormChoice choice_;
  std::string text_;
};

}  // namespace

std::string quote_word(const std::string& word) {
  const bool reference = word.starts_with("in:") || word.starts_with("out:") || word.starts_with("save:");
  const bool is_setting = word.find('=') != std::string::npos;
  return reference || is_setting ? base::in_single_quotes(word) : base::quote_shell_word(word);
}

bool has_copy_number(const std::string& word) {
  std::string rest = word;
  bool found = false;
  for (std::size_t at = 0; (at = rest.find(copy_number)) != std::string::npos; found = true) {
    rest.erase(at, copy_number.size());
  }
  return found && std::all_of(rest.begin(), rest.end(), [](char c) { return is_of(c, "_-./,:=+@%"); });
}

bool takes_headers_for_lines(const ShortForm& form) {
  if (form.output_record.empty()) {
    if (base::lower_case(form.output_format) == "lines") return true;
    const bool is_told =
        !form.output_format.empty() || (!form.outputs.empty() && kind_of(form.outputs[0]).is_told);
    return form.record == "line" && is_told;
  }
  return form.output_record == "line" || form.output_record.starts_with("lines:");
}

std::vector<std::string> saved_files(const ShortForm& form) {
  std::vector<std::string> files;
  for (const auto& word : form.command) {
    const std::size_t path = place_of_saved(word);
    if (path == 0) continue;
    for (int copy = 0; copy < form.workers; ++copy) {
      files.push_back(word.substr(path));
      replace_copy_number(files.back(), std::to_string(copy));
      if (files.back() == word.substr(path)) break;
    }
  }
  for (const auto& word : form.combine) {
    if (const std::size_t path = place_of_saved(word); path != 0) files.push_back(word.substr(path));
  }
  return files;
}

std::vector<std::string> with_saved_in(std::vector<std::string> words, const std::string& directory) {
  for (std::size_t at = 0; at < words.size(); ++at) {
    const std::size_t path = place_of_saved(words[at]);
    if (path == 0) continue;
    const std::string saved = words[at].substr(path);
    std::string name = io::base_of(saved);
    if (saved.find(copy_number) != std::string::npos && name.find(copy_number) == std::string::npos)
      name = fmt::format("{}-{}", copy_number, name);
    words[at] = fmt::format("{}{}/{}-{}", words[at].substr(0, path), directory, at, name);
  }
  return words;
}

bool saves_nameless(const std::string& word) {
  const std::size_t at = place_behind_save(word);
  return at > 0 && (at == word.size() || word.substr(at) == "-");
}

ShortForm with_names_of_files(ShortForm form) {
  const auto name_file = [](std::string& path) {
    if (path.size() > 1 && path.starts_with('-')) path.insert(0, "./");
  };
  for (auto* paths : {&form.inputs, &form.outputs, &form.parts}) {
    for (auto& path : *paths) name_file(path);
  }
  for (auto* path : {&form.selection.bed, &form.reference, &form.missing, &form.singles, &form.side,
                     &form.keep_failed, &form.part})
    name_file(*path);
  return form;
}

std::string workflow_text(const ShortForm& form) { return Writer(form).text(); }

}  // namespace mrf::workflow
