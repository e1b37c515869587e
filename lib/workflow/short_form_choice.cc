// SPDX-License-Identifier: MIT
#include "workflow/short_form_choice.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "base/error.h"
#include "base/lower_case.h"
#include "base/redact.h"
#include "base/status_list.h"
#include "record/key.h"
#include "record/record.h"
#include "workflow/short_form_files.h"
#include "workflow/workflow.h"

namespace mrf::workflow {

namespace {

void check_statuses(const char* option, const std::string& list) {
  try {
    if (!list.empty()) base::parse_statuses(list);
  } catch (const std::invalid_argument&) {
    throw base::UsageError("use option", option, "not a list of exit statuses, as 0,1");
  }
}

void check_numbers(const ShortForm& form) {
  if (form.workers < 1) throw base::UsageError("use option", "-n", "not a number of 1 or more");
  if (form.chunk_size && *form.chunk_size < 1)
    throw base::UsageError("use option", "-c", "not a number of 1 or more");
  if (form.level && (*form.level < 0 || *form.level > 9))
    throw base::UsageError("use option", "-l", "not a level of 0 to 9");
  if (form.threads && *form.threads < 0)
    throw base::UsageError("use option", "-@", "not a number of 0 or more");
  check_statuses("--ok-status", form.ok_statuses);
  try {
    if (!form.retry_statuses.empty()) base::parse_failure_statuses(form.retry_statuses);
  } catch (const std::invalid_argument&) {
    throw base::UsageError("use option", "--retry-status",
                           "not a list of exit statuses of failures, 1 to 255, as 75,137");
  }
  if (!form.retry_statuses.empty() && form.retries.value_or(0) == 0)
    throw base::UsageError("use option", "--retry-status", "it needs --retries");
}

bool is_text_form(const std::string& record) { return !record.empty() && record != "sam" && record != "bam"; }

class Chooser {
 public:
  explicit Chooser(const ShortForm& form) : form_(form) {}

  ShortFormChoice choose() {
    check_files(form_);
    check_numbers(form_);
    for (const auto* record : {&form_.record, &form_.output_record}) {
      if (is_text_form(*record)) record::parse_record_form(*record);
    }
    choice_.pairs = form_.inputs.size() == 2;
    choose_input();
    choose_given();
    const StreamKind output = named_output();
    choose_order(output);
    choose_written(output);
    choose_header();
    check_order();
    check_options();
    count_jobs();
    share_threads();
    return choice_;
  }

 private:
  const std::string& input() const { return form_.inputs[0]; }
  std::string output() const { return form_.outputs.empty() ? "-" : form_.outputs[0]; }
  Content content(std::size_t at) const {
    return at < form_.starts.size() ? form_.starts[at].content : Content::unknown;
  }
  // The first lines of the first reads of an input.
  std::vector<std::string> reads(std::size_t at) const {
    return at < form_.starts.size() ? form_.starts[at].reads : std::vector<std::string>();
  }
  std::string shown(const std::string& name) const { return name == "-" ? "standard input" : name; }

  StreamKind named_output() const {
    StreamKind kind = kind_of(output());
    if (form_.output_format.empty()) return kind;
    const bool gzip = kind.is_gzip;
    kind = kind_of_format("--output-format", form_.output_format);
    kind.is_gzip = gzip;
    if (kind.format == "sam" && gzip && output() != "-") kind.format = "sam.gz";
    return kind;
  }

  StreamKind named_input(std::size_t at) const {
    StreamKind kind = kind_of(form_.inputs[at]);
    if (form_.input_format.empty()) return kind;
    StreamKind told = kind_of_format("--input-format", form_.input_format);
    told.is_gzip = kind.is_gzip;
    return told;
  }

  // Of compressed bytes, records of several bytes mean nothing. Name and content have to agree, since other
  // data may begin as gzip does.
  void refuse_compressed_bytes() const {
    if (form_.record == "fixed:1" || form_.starts.empty()) return;
    if (!form_.starts[0].is_gzip || !kind_of(input()).is_gzip) return;
    const std::string name = quote_word(input());
    throw base::UsageError(
        "read", shown(input()),
        fmt::format("it is compressed, and records of {} are never inflated: gzip -dc {} | mrf-run -i - ...; "
                    "for the bytes as they are: cat {} | mrf-run -i - ...",
                    form_.record, name, name));
  }

  void refuse_unreadable(std::size_t at) const {
    const std::string way = way_to_read(content(at), quote_word(form_.inputs[at]));
    if (way.empty() && content(at) != Content::zip) return;
    const std::string reason = fmt::format("it is {}, which is not read here", content_name(content(at)));
    throw base::DataError("read", shown(form_.inputs[at]),
                          way.empty() ? reason : reason + ": " + way + " | mrf-run -i - ...");
  }

  // Says that records of an alignment are meant where the input's name does not.
  bool wants_alignment() const {
    return form_.record == "sam" || form_.record == "bam" || !form_.selection.words().empty() ||
           (form_.header_broadcast && !has_header_lines());
  }
  bool writes_alignment() const {
    return named_output().is_alignment() || form_.output_record == "sam" || form_.output_record == "bam";
  }

  // What is certain by the content wins over the name, as with samtools; an option that contradicts it is an
  // error.
  void choose_input() {
    const StreamKind named = named_input(0);
    choice_.input = named;
    if (record::is_bytes(form_.record)) {
      refuse_compressed_bytes();
      choice_.input = {"lines", true, named.is_gzip};
      return;
    }
    for (std::size_t at = 0; at < form_.inputs.size(); ++at) refuse_unreadable(at);
    const Content held = content(0);
    if (held == Content::bam || held == Content::cram) {
      const std::string kind(content_name(held));
      if (!form_.input_format.empty() && !named.is_alignment())
        throw base::DataError("read", shown(input()),
                              fmt::format("it is {}, not what --input-format says", kind));
      if (is_text_form(form_.record))
        throw base::UsageError(
            "read", shown(input()),
            fmt::format("it is {}: without --record the filter sees SAM lines, with --record bam BAM", kind));
      choice_.input = {held == Content::bam ? "bam" : "cram", true, false};
    } else if (named.is_alignment()) {
      choose_named_alignment(held);
    } else if (form_.input_format.empty()) {
      choose_by_content(held);
    }
    if (form_.record == "nul") choice_.input = {"lines", true, named.is_gzip};
  }

  void choose_named_alignment(Content held) {
    StreamKind& kind = choice_.input;
    const bool is_sam = kind.format.starts_with("sam");
    const bool is_known = held != Content::unknown && held != Content::empty;
    if (is_text_form(form_.record)) {
      if (!is_sam && !is_known)
        throw base::UsageError("use record", form_.record,
                               "the filter of BAM and CRAM sees SAM lines, or with --record bam BAM");
      kind = {"lines", true, kind.is_gzip};
    } else if (!is_sam && is_known) {
      kind.format = "sam";  // mrf-bamread says what is wrong with it if it is no SAM
    }
  }

  void choose_by_content(Content held) {
    StreamKind& kind = choice_.input;
    if (held == Content::fastq || held == Content::fasta) {
      kind.format = held == Content::fastq ? "fastq" : "fasta";
      kind.is_told = true;
    }
    if (kind.is_told || is_text_form(form_.record)) return;
    const bool is_open = held == Content::unknown || held == Content::empty;
    if (form_.record == "bam" && is_open) {
      kind = {"bam", true, false};
    } else if (held == Content::sam || is_open) {
      const bool means_sam = wants_alignment() || (writes_alignment() && held != Content::unknown);
      if (means_sam) kind = {"sam", true, false};
      if (means_sam || !writes_alignment()) return;
      throw base::UsageError(
          "read", shown(input()),
          "its name does not say what it holds: --input-format bam, cram, sam, fastq, fasta or "
          "lines does");
    }
  }

  void choose_given() {
    if (choice_.input.is_alignment()) {
      choice_.given = form_.record.empty() ? "sam" : form_.record;
    } else if (form_.record == "bam" || form_.record == "sam") {
      throw base::UsageError("use record", form_.record, "the input is neither SAM nor BAM nor CRAM");
    } else {
      choice_.given = form_.record.empty() ? choice_.input.record() : form_.record;
    }
    if (choice_.given == "bam" && content(0) == Content::empty)
      throw base::DataError("read", shown(input()), "it is empty, and a BAM has a header at least");
    if (choice_.pairs) choose_pairs();
    refuse_mates();
  }

  // Throws for pairs that the copies would get apart, and for inputs in the wrong order.
  void refuse_mates() const {
    const record::RecordForm fastq{record::RecordForm::Kind::fastq};
    const auto name = [&](const std::string& read) { return record::record_name(fastq, read); };
    const auto first = reads(0);
    if (may_part_mates(form_) && choice_.given == "fastq" && first.size() == 2 &&
        name(first[0]) == name(first[1]))
      throw base::UsageError(
          "read", shown(input()),
          "its first two reads are mates: --record lines:8 keeps each two together, --record "
          "fastq takes each read by itself");
    const auto second = reads(1);
    if (form_.inputs.size() != 2 || !form_.record.empty() || first.empty() || second.empty()) return;
    const int number = record::mate_number(fastq, first[0]);
    const int other = record::mate_number(fastq, second[0]);
    if (number == 2 && other == 1)
      throw base::UsageError(
          "read", shown(input()),
          fmt::format("it has the second mates and '{}' the first: -i is given for the first "
                      "mates first",
                      shown(form_.inputs[1])));
    if (number != 0 && number == other)
      throw base::UsageError(
          "read", shown(form_.inputs[1]),
          fmt::format("it has mates number {}, as the first input does (--record fastq takes them "
                      "as they are)",
                      number));
  }

  void choose_pairs() {
    const auto is_fastq = [&](std::size_t at) {
      return form_.record == "fastq" ||
             (form_.record.empty() && (named_input(at).format == "fastq" ||
                                       (form_.input_format.empty() && content(at) == Content::fastq)));
    };
    for (std::size_t at = 0; at < 2; ++at) {
      if (!is_fastq(at))
        throw base::UsageError(
            "read", shown(form_.inputs[at]),
            "two inputs have to be FASTQ; where the names do not say so, --input-format fastq does");
    }
    if (!form_.key.empty())
      throw base::UsageError("use option", "--key",
                             "not with two inputs, whose mates stay together in any case");
    choice_.given = "lines:8";
  }

  void choose_order(const StreamKind& output) {
    static constexpr std::array known{"rows", "seq", "any", "chunk"};
    const bool is_sequence = choice_.input.is_alignment() && (output.is_alignment() || writes_alignment());
    if (!form_.combine.empty()) {
      if (!form_.order.empty() && form_.order != "any")
        throw base::UsageError("use order", form_.order,
                               "--combine gets the outputs of live workers as they are: leave --order out");
      choice_.order = "any";
      return;
    }
    choice_.order = form_.order;
    if (form_.order.empty()) choice_.order = form_.key.empty() ? "chunk" : is_sequence ? "seq" : "any";
    if (std::find(known.begin(), known.end(), choice_.order) == known.end())
      throw base::UsageError("use order", choice_.order, "not one of seq, rows, any and chunk");
  }

  void choose_written(const StreamKind& named) {
    choice_.output = named;
    if (named.is_alignment()) {
      choose_written_alignment();
    } else if (form_.output_record == "sam" || form_.output_record == "bam") {
      if (named.is_told)
        throw base::UsageError("write", output(),
                               "it is no SAM, BAM or CRAM by its name: --output-format says otherwise");
      choice_.output = {form_.output_record, true, named.is_gzip};
      if (form_.output_record == "sam" && named.is_gzip && output() != "-") choice_.output.format = "sam.gz";
      choice_.written = form_.output_record;
    } else if (choice_.given == "bam" && form_.output_record.empty() && !named.is_told &&
               (output() == "-" || output() == "/dev/stdout")) {
      choice_.output = {"bam", true, false};
      choice_.written = "bam";
    } else {
      choice_.written = text_written(named);
    }
    if (choice_.pairs) choose_written_pairs();
  }

  void choose_written_alignment() {
    StreamKind& kind = choice_.output;
    const bool is_sam = kind.format.starts_with("sam") && form_.output_format.empty();
    if (is_text_form(form_.output_record)) {
      if (!is_sam)
        throw base::UsageError(
            "write", output(),
            fmt::format("SAM, BAM and CRAM are made of what the filter writes as sam or bam, not as {}",
                        form_.output_record));
      choice_.written = form_.output_record;
    } else if (form_.output_record.empty() && is_sam && is_text_form(form_.record)) {
      choice_.written = form_.record;
    } else {
      choice_.written = !form_.output_record.empty() ? form_.output_record
                        : choice_.given == "bam"     ? "bam"
                                                     : "sam";
      return;
    }
    kind = {"lines", true, kind.is_gzip};
  }

  std::string text_written(const StreamKind& named) const {
    if (!form_.output_record.empty()) return form_.output_record;
    if (named.is_told) return named.record();
    if (choice_.input.is_alignment()) return "line";
    return choice_.order == "chunk" || !form_.combine.empty() ? "" : choice_.given;
  }

  // Live copies pass on whole pairs, so that nothing comes between mates; mrf-distribute parts them by name.
  void choose_written_pairs() {
    const bool parts = form_.outputs.size() == 2;
    if (parts) check_parts();
    if (choice_.output.is_alignment()) return;
    if (choice_.order != "chunk" && form_.combine.empty()) {
      choice_.written = choice_.given;
    } else if (parts) {
      choice_.written = "fastq";
    }
  }

  void check_parts() const {
    const bool is_fastq =
        choice_.written.empty() || choice_.written == "fastq" || choice_.written == "lines:8";
    const StreamKind second = kind_of(form_.outputs[1]);
    const bool is_other = second.is_told && second.format != "fastq";
    if (is_fastq && !is_other) return;
    throw base::UsageError(
        "write", is_fastq ? form_.outputs[1] : output(),
        "the two outputs of two inputs are FASTQ; one -o gets what is not parted into mates");
  }

  bool has_header_lines() const { return form_.header_lines.value_or(0) > 0 || !form_.header_prefix.empty(); }

  void choose_header() {
    const bool is_broadcast = form_.header_broadcast;
    if (has_header_lines()) {
      if (form_.header_lines && !form_.header_prefix.empty())
        throw base::UsageError("use option", "--header-lines", "not together with --header-prefix");
      const char* option = form_.header_lines ? "--header-lines" : "--header-prefix";
      if (choice_.input.is_alignment())
        throw base::UsageError("use option", option,
                               "the header of SAM, BAM and CRAM is known: leave the option away");
      if (choice_.output.is_alignment())
        throw base::UsageError("use option", option, "the output has a header of its own");
      if (choice_.pairs)
        throw base::UsageError("use option", option, "FASTQ has no header: leave the option away");
      choice_.header = is_broadcast ? HeaderPolicy::broadcast : HeaderPolicy::around;
    } else if (is_broadcast) {
      if (!choice_.input.is_alignment())
        throw base::UsageError(
            "use option", "--header-broadcast",
            "the input has no header; --header-lines K or --header-prefix STR names that of a text");
      if (choice_.given == "bam")
        throw base::UsageError("use option", "--header-broadcast", "a BAM has its header in any case");
      choice_.header = HeaderPolicy::broadcast;
    } else if (choice_.given == "sam" && choice_.written == "sam") {
      choice_.header = HeaderPolicy::around;
    } else if (choice_.given == "sam" && choice_.written == "bam") {
      throw base::UsageError(
          "use output record", "bam",
          "a filter that writes BAM needs the header: --header-broadcast, or --record bam, gives it");
    }
  }

  void check_order() const {
    const std::string& order = choice_.order;
    if ((order == "chunk" || order == "rows") && !form_.key.empty())
      throw base::UsageError("use order", order,
                             "records that go by --key come back in the order seq or any");
    if (order == "seq" && !keeps_numbers())
      throw base::UsageError(
          "use order", order,
          fmt::format("the number of a record is lost on the way from {} to {}: --order chunk, rows and "
                      "any do without",
                      choice_.given, choice_.written));
    if (order == "seq" && choice_.header == HeaderPolicy::broadcast && choice_.given != "sam")
      throw base::UsageError(
          "use order", order,
          "a filter that gets the header of a text would take the number in front of a line for its first "
          "column: --order chunk, rows and any give it the lines as they are");
    for (const auto& record : {choice_.given, choice_.written}) {
      if (order != "seq" || record == "sam" || record.empty() ||
          record::has_room_for_number(record::parse_record_form(record)))
        continue;
      throw base::UsageError(
          "use order", order,
          fmt::format("records of the form {} have no room for a number; --order chunk, rows "
                      "and any do without",
                      record));
    }
    if (form_.has_measured_chunks && order != "chunk")
      throw base::UsageError("use option", "-c", "auto goes with --order chunk");
  }

  bool keeps_numbers() const {
    const auto is_sam_line = [](const std::string& form) { return form == "sam" || form == "bam"; };
    if (is_sam_line(choice_.given)) {
      return is_sam_line(choice_.written) || (choice_.given == "sam" && choice_.written == "line");
    }
    return !is_sam_line(choice_.written);
  }

  // Throws for words with save: that name no file, or one file that several processes would write.
  void check_saved() const {
    for (const auto* words : {&form_.command, &form_.combine}) {
      const auto nameless = std::find_if(words->begin(), words->end(), saves_nameless);
      if (nameless != words->end())
        throw base::UsageError("use word", *nameless, "save: needs the name of a file, as in save:FILE");
    }
    for (const auto& word : form_.command) {
      ShortForm alone;
      alone.command = {word};
      if (saved_files(alone).empty()) continue;
      if (choice_.order == "chunk")
        throw base::UsageError(
            "use word", word,
            "the filter of every chunk would write that file: --order any, seq or rows has "
            "a file for each worker");
      if (form_.workers > 1 && word.find("[i]") == std::string::npos)
        throw base::UsageError("use word", word, "every worker would write that file: put [i] into its name");
    }
  }

  void check_options() const {
    check_key();
    check_saved();
    check_failures();
    check_alignment_options();
    const auto& words = form_.command;
    const auto numbered = std::find_if(words.begin(), words.end(), has_copy_number);
    if (choice_.order == "chunk" && numbered != words.end())
      throw base::UsageError(
          "use word", *numbered,
          "[i] is the number of a live copy (--order seq, rows or any); a chunk's is in MRF_CHUNK, and "
          "[ii] in a pattern is the letter");
    if (form_.level && !is_compressed())
      throw base::UsageError(
          "use option", "-l",
          "the output is not compressed: a name that ends in .gz, .bgz, .bam or .cram says that it is");
    if (!form_.reference.empty() && !choice_.input.is_alignment() && !choice_.output.is_alignment())
      throw base::UsageError("use option", "-T", "neither the input nor the output is SAM, BAM or CRAM");
    if (form_.is_permissive && !choice_.input.is_alignment() && !choice_.output.is_alignment())
      throw base::UsageError("use option", "--permissive",
                             "neither the input nor the output is SAM, BAM or CRAM");
    if (form_.singles.empty()) return;
    if (form_.outputs.size() != 2)
      throw base::UsageError("use option", "--singles", "it goes with two outputs");
    if (choice_.order != "chunk")
      throw base::UsageError("use option", "--singles", "it goes with --order chunk, the default");
    check_side(form_.singles, "fastq");
  }

  // What a live copy was given before it failed is in part in the output already.
  void check_failures() const {
    if (choice_.order == "chunk") return;
    for (const auto& [is_given, option] : {std::pair{form_.retries.has_value(), "--retries"},
                                           std::pair{form_.skips_failed, "--skip-failed"}}) {
      if (!is_given) continue;
      throw base::UsageError(
          "use option", option,
          "it goes with --order chunk: what a live copy has written may be in the output when it fails");
    }
  }

  // The options that mrf-bamread and mrf-bamwrite get.
  void check_alignment_options() const {
    const auto refuse = [](const std::string& option, const char* reason) {
      throw base::UsageError("use option", option, reason);
    };
    check_selection(form_.selection);
    const auto selected = form_.selection.words();
    if (!selected.empty() && !choice_.input.is_alignment())
      refuse(selected[0], "the input is not SAM, BAM or CRAM");
    const bool is_alignment_out = choice_.output.is_alignment();
    const bool is_sam = choice_.output.format.starts_with("sam");
    constexpr const char* others = "the output is not SAM, BAM or CRAM";
    if (!form_.program_line.empty() && !is_alignment_out) refuse("--add-pg", others);
    if (form_.omits_header && !(is_alignment_out && is_sam))
      refuse("--no-header", "the output is not SAM: --output-format sam makes it so");
    if (!form_.writes_index) return;
    if (!is_alignment_out) refuse("--write-index", others);
    if (output() == "-") refuse("--write-index", "only a file can have an index");
    if (choice_.output.format == "sam") refuse("--write-index", "plain SAM has no index");
    if (form_.omits_header) refuse("--write-index", "it needs the header, and --no-header omits it");
    if (choice_.order == "any" && form_.workers > 1 && form_.combine.empty())
      refuse("--write-index",
             "it needs alignments sorted by position, and --order any mixes them: --order chunk and seq keep "
             "their "
             "order");
  }

  void check_key() const {
    if (form_.key.empty()) {
      if (!form_.missing.empty()) throw base::UsageError("use option", "--missing", "it needs --key");
      return;
    }
    record::make_key_finder(
        record::parse_key_form(form_.key),
        choice_.given == "sam" ? record::RecordForm{} : record::parse_record_form(choice_.given));
    if (form_.chunk_size || form_.has_measured_chunks)
      throw base::UsageError("use option", "-c", "records go by --key");
    if (!is_file_of_missing(form_.missing)) return;
    if (form_.missing.find_first_of("/.") == std::string::npos)
      throw base::UsageError(
          "use option", "--missing",
          fmt::format("'{0}' is none of error, skip and any; a file of this name is ./{0}", form_.missing));
    if (choice_.given == "bam" && !kind_of(form_.missing).is_alignment())
      throw base::UsageError("write", form_.missing,
                             "records of --record bam go to a file whose name ends in .bam, .cram or .sam");
    check_side(form_.missing, choice_.input.is_alignment() ? "sam" : choice_.given);
  }

  // A file beside the result gets records of the input as they are, so its name may not say another kind;
  // lines is what all of them are but those of BAM.
  static void check_side(const std::string& path, const std::string& records) {
    const StreamKind name = kind_of(path);
    if (name.is_alignment() ? records == "sam" : name.format == "lines" || name.record() == records) return;
    throw base::UsageError(
        "write", path,
        fmt::format("its name says {}, and its records are of the form {}; use another name", name.format,
                    records));
  }

  bool is_compressed() const {
    return choice_.output.format == "bam" || choice_.output.format == "cram" ||
           (choice_.output.is_gzip && output() != "-") || is_compressed_beside();
  }
  // Whether the second output of pairs, or the file of --singles, is compressed.
  bool is_compressed_beside() const {
    return (form_.outputs.size() == 2 && kind_of(form_.outputs[1]).is_gzip) || kind_of(form_.singles).is_gzip;
  }

  // What the workers leave of the processors; at least half of them, since a worker that keeps up would wait
  // for a single thread that deflates, and one that does not leaves the others nothing to do.
  int default_threads() const {
    const int all = form_.processors;
    return all < 2 ? 0 : std::min(std::max({all - form_.workers, all / 2, 2}), most_threads);
  }

  // Deflating costs more than inflating and reading. mrf-chunks has no additional threads.
  void share_threads() {
    const int spare = form_.threads.value_or(default_threads());
    const bool inflates =
        choice_.reads_alignments || (choice_.order != "chunk" && is_inflated() && !choice_.pairs);
    choice_.reader_threads = !inflates ? 0 : is_compressed() ? spare / 3 : spare;
    choice_.writer_threads = is_compressed() ? spare - choice_.reader_threads : 0;
  }

  bool is_inflated() const { return choice_.input.is_alignment() || choice_.input.is_gzip; }

  void count_jobs() {
    choice_.reads_alignments =
        choice_.input.is_alignment() &&
        (choice_.given != "bam" || choice_.input.format != "bam" || !form_.selection.words().empty());
    const auto is_fetched = [this](const std::string& file) {
      return base::is_url(file) && !form_.selection.needs_index();
    };
    const auto is_deflated = [](const std::string& file) {
      return !file.empty() && file != "-" && (kind_of(file).is_gzip || kind_of(file).is_alignment());
    };
    const auto count = [](const auto& files, const auto& is_such) {
      return static_cast<int>(std::count_if(files.begin(), files.end(), is_such));
    };
    const int writers = choice_.output.is_alignment() ? 1
                        : form_.outputs.size() == 2   ? count(form_.outputs, is_deflated)
                                                      : (is_compressed() ? 1 : 0);
    const std::array beside{form_.singles, is_file_of_missing(form_.missing) ? form_.missing : ""};
    choice_.computing_jobs = count(form_.inputs, is_fetched) + (is_inflated() ? 1 : 0) + writers +
                             count(beside, is_deflated) + (form_.combine.empty() ? 0 : 1);
  }

  const ShortForm& form_;
  ShortFormChoice choice_;
};

}  // namespace

bool may_part_mates(const ShortForm& form) {
  return form.inputs.size() == 1 && form.record.empty() && form.key != "name" &&
         (form.input_format.empty() || base::lower_case(form.input_format) == "fastq");
}

ShortFormChoice choose(const ShortForm& form) { return Chooser(form).choose(); }

}  // namespace mrf::workflow
