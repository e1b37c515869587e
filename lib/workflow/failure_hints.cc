// SPDX-License-Identifier: MIT
#include "workflow/failure_hints.h"

#include <fmt/format.h>

#include "base/redact.h"
#include "workflow/plan.h"
#include "workflow/short_form_choice.h"

namespace mrf::workflow {

namespace {

class Hints {
 public:
  explicit Hints(const ShortForm& form) : form_(form), choice_(choose(form)) {}

  std::vector<FailureHint> of_all_jobs() {
    add_of_kinds();
    if (!form_.combine.empty()) add_of_combining();
    if (form_.is_shard) {
      add("part", "'--singles PATH' takes such records",
          "--singles goes without --shards: with shards the filter has to keep or drop both mates");
    }
    const bool has_header = choice_.header == HeaderPolicy::broadcast;
    if (choice_.given == "sam" && !has_header) add_of_sam_header();
    if (reads_lines() && !has_header) add_of_text_header();
    if (choice_.order == "seq" && choice_.given != "sam" && choice_.given != "bam") {
      add("work", "",
          "with --order seq the filter reads each record with its number in front, which it has to leave "
          "there; a filter that needs the records as they are goes with --order chunk, rows or any");
    }
    return hints_;
  }

 private:
  void add(const char* job, const char* holds, const std::string& text) {
    hints_.push_back({job, holds, text});
  }

  // A FIFO with a name is not looked at before the run; and a filter may write other records than it reads.
  void add_of_kinds() {
    for (const char* reader : {"work", "split"}) {
      add(reader, "it is BAM, not text", "--input-format bam tells what INPUT is");
      add(reader, "it is CRAM, not text", "--input-format cram tells what INPUT is");
    }
    for (const char* holds : {"does not start with", "starts with '>'"}) {
      add("join", holds, "--output-record tells what the filter writes: line, fasta, fastq, ...");
    }
  }

  void add_of_combining() {
    const std::string command = command_name(form_.combine);
    add("combine", "",
        fmt::format("'{}' of --combine reads the outputs from FIFOs, and cannot seek in them or open one "
                    "twice: if it needs files, copy each of them first, in a shell with cat \"$1\" >FILE",
                    command));
    add("write", "cannot read",
        fmt::format("it reads what '{}' of --combine has written, which has to be {}", command,
                    choice_.written == "bam" ? "BAM" : "SAM"));
  }

  // What samtools, htslib and pysam say of SAM without its header.
  void add_of_sam_header() {
    for (const char* holds :
         {"no SQ lines", "no sequences defined", "fail to read the header", "failed to read header",
          "failed to read the header", "missing SAM header", "samfile without header"}) {
      add("work", holds,
          "the filter gets records without the SAM header; --header-broadcast gives it to every copy and "
          "chunk, --record bam gives BAM");
    }
  }

  // What bcftools, htslib and pysam say of VCF without its header; and of other programs, that the first
  // lines may be a header which no option names.
  void add_of_text_header() {
    const bool is_named = choice_.header == HeaderPolicy::around;
    const std::string order = choice_.order == "seq" ? "with --order chunk, rows or any, " : "";
    const std::string hint = hint_at_hash();
    if (!hint.empty() && choice_.order == "chunk") {
      add("work", "cannot filter 'chunk 0'", hint);
    } else if (!hint.empty()) {
      hints_.push_back({"work", "", hint, true});
    }
    for (const char* holds : {"unknown file type", "not detected as bcf or vcf", "is it VCF/BCF format",
                              "Could not read VCF/BCF headers"}) {
      add("work", holds,
          fmt::format("the filter gets lines without the header; {}{}--header-broadcast gives it to every "
                      "copy and chunk",
                      order, is_named ? "" : "--header-prefix '#' with "));
    }
  }

  bool reads_lines() const { return choice_.given == "line" || choice_.given.starts_with("lines:"); }

  // Empty where the input does not begin with #, or an option names its header.
  std::string hint_at_hash() const {
    const bool is_named = form_.header_lines || !form_.header_prefix.empty();
    if (is_named || form_.starts.empty() || !form_.starts[0].begins_with_hash) return "";
    const std::string input =
        form_.inputs[0] == "-" ? "standard input" : fmt::format("'{}'", base::redact_name(form_.inputs[0]));
    return input +
           " begins with '#', and the filter gets such lines as records: if they are a header, "
           "--header-prefix '#' passes them around the filter, and with --header-broadcast to "
           "every copy and chunk";
  }

  const ShortForm& form_;
  const ShortFormChoice choice_;
  std::vector<FailureHint> hints_;
};

}  // namespace

std::vector<FailureHint> failure_hints(const ShortForm& form) { return Hints(form).of_all_jobs(); }

}  // namespace mrf::workflow
