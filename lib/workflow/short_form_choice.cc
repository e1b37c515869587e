// SPDX-License-Identifier: MIT
#include <sched.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>

#include "base/error.h"
#include "io/result_place.h"
#include "record/key.h"
#include "record/record.h"
#include "workflow/short_form.h"

namespace mrf {

namespace {

constexpr int most_threads = 16;

bool is_same_file(const std::string& one, const std::string& other) {
  struct stat a {};
  struct stat b {};
  return ::stat(one.c_str(), &a) == 0 && S_ISREG(a.st_mode) && ::stat(other.c_str(), &b) == 0 &&
         a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

void check_files(const ShortForm& form) {
  if (form.inputs.empty() || form.inputs[0].empty())
    throw UsageError("use", "short form", "it needs -i INPUT");
  if (form.inputs.size() > 2) throw UsageError("use option", "-i", "two inputs at most");
  if (form.outputs.size() > form.inputs.size())
    throw UsageError("use option", "-o", "more outputs than inputs");
  for (const auto& input : form.inputs) {
    for (const auto& output : form.outputs) {
      if (is_same_file(input, output)) throw UsageError("write", output, "it is the input");
    }
    if (is_same_file(input, form.report)) throw UsageError("write", form.report, "it is the input");
  }
  for (const auto& output : form.outputs) {
    if (form.outputs.size() == 2 && output == "-") throw UsageError("write", output, "two outputs are files");
  }
  if (form.outputs.size() == 2 && place_written(form.outputs[0]) == place_written(form.outputs[1]))
    throw UsageError("write", form.outputs[1], "both outputs are that file");
}

void check_numbers(const ShortForm& form) {
  if (form.workers < 1) throw UsageError("use option", "-n", "not a number of 1 or more");
  if (form.chunk_size && *form.chunk_size < 1)
    throw UsageError("use option", "-c", "not a number of 1 or more");
  if (form.level && (*form.level < 0 || *form.level > 9))
    throw UsageError("use option", "-l", "not a level of 0 to 9");
  if (form.threads && *form.threads < 0) throw UsageError("use option", "-@", "not a number of 0 or more");
}

class Chooser {
 public:
  explicit Chooser(const ShortForm& form) : form_(form) {}

  ShortFormChoice choose() {
    check_files(form_);
    check_numbers(form_);
    choice_.input = kind_of(form_.inputs[0]);
    choice_.output = kind_of(output());
    choice_.pairs = form_.inputs.size() == 2;
    choose_record();
    choose_order();
    check_options();
    share_threads();
    return choice_;
  }

 private:
  std::string output() const { return form_.outputs.empty() ? "-" : form_.outputs[0]; }
  bool is_alignment_in() const { return choice_.input.is_alignment; }
  bool is_alignment_out() const { return choice_.output.is_alignment; }
  bool is_bam() const { return choice_.record == "bam"; }

  void choose_record() {
    if (!form_.record.empty()) parse_record_form(form_.record);
    if (form_.record == "bam" && form_.inputs[0] == "-") choice_.input = {true, "bam", "line", false};
    if (is_alignment_in()) {
      if (!form_.record.empty() && form_.record != "bam")
        throw UsageError("use record", form_.record,
                         "the filter of SAM, BAM and CRAM sees SAM lines, or bam");
      choice_.record = form_.record.empty() ? "sam" : form_.record;
    } else if (form_.record == "bam") {
      throw UsageError("use record", form_.record, "the input is neither SAM nor BAM nor CRAM");
    } else {
      choice_.record = form_.record.empty() ? choice_.input.record : form_.record;
    }
    if (is_bam() && output() == "-") choice_.output = {true, "bam", "line", false};
    if (choice_.pairs) choose_pairs();
  }

  void choose_pairs() {
    const bool fastq =
        choice_.record == "fastq" && (!form_.record.empty() || kind_of(form_.inputs[1]).record == "fastq");
    if (!fastq) throw UsageError("read", form_.inputs[1], "two inputs have to be FASTQ");
    if (!form_.key.empty()) throw UsageError("use option", "--key", "not with two inputs");
    choice_.record = "lines:8";
  }

  void choose_order() {
    static constexpr std::array known{"rows", "seq", "any", "chunk"};
    choice_.order = form_.order;
    if (form_.order.empty()) choice_.order = is_alignment_out() ? "seq" : form_.key.empty() ? "chunk" : "any";
    if (std::find(known.begin(), known.end(), choice_.order) == known.end()) {
      throw UsageError("use order", choice_.order, "not one of seq, rows, any and chunk");
    }
    if (choice_.order == "chunk" && is_bam())
      throw UsageError("use order", choice_.order, "a filter of --record bam runs to the end of its input");
    if ((choice_.order == "chunk" || choice_.order == "rows") && !form_.key.empty())
      throw UsageError("use order", choice_.order,
                       "records that go by --key come back in the order seq or any");
  }

  void check_options() const {
    if (is_alignment_out() && !is_alignment_in()) {
      throw UsageError("write", output(), "SAM, BAM and CRAM need an input of that kind");
    }
    if (is_bam() && !is_alignment_out())
      throw UsageError("write", output(), "the filter of --record bam writes BAM");
    if (form_.header_broadcast) check_broadcast();
    if (!form_.key.empty())
      make_key_finder(parse_key_form(form_.key),
                      choice_.record == "sam" ? RecordForm{} : parse_record_form(choice_.record));
    if (!form_.key.empty() && form_.chunk_size) throw UsageError("use option", "-c", "records go by --key");
    if (form_.level && !is_compressed()) throw UsageError("use option", "-l", "the output is not compressed");
    if (!form_.reference.empty() && !is_alignment_in())
      throw UsageError("use option", "-T", "the input is neither SAM nor BAM nor CRAM");
  }

  void check_broadcast() const {
    if (!is_alignment_in()) throw UsageError("use option", "--header-broadcast", "the input has no header");
    if (is_bam()) throw UsageError("use option", "--header-broadcast", "a BAM has its header in any case");
    if (choice_.order == "chunk")
      throw UsageError("use option", "--header-broadcast", "a filter of --order chunk gets records only");
  }

  bool is_compressed() const {
    return choice_.output.format == "bam" || choice_.output.format == "cram" || output().ends_with(".gz");
  }

  // What the workers leave of the processors; at least half of them, since a worker that keeps up would wait
  // for a single thread that deflates, and one that does not leaves the others nothing to do.
  int default_threads() const {
    const int all = form_.processors;
    return all < 2 ? 0 : std::min(std::max({all - form_.workers, all / 2, 2}), most_threads);
  }

  // Deflating costs more than inflating and reading.
  void share_threads() {
    const int spare = form_.threads.value_or(default_threads());
    const bool inflates = is_alignment_in() || (choice_.input.is_gzip && !choice_.pairs);
    choice_.reader_threads = !inflates ? 0 : is_compressed() ? spare / 3 : spare;
    choice_.writer_threads = is_compressed() ? spare - choice_.reader_threads : 0;
  }

  const ShortForm& form_;
  ShortFormChoice choice_;
};

}  // namespace

int usable_processors() {
  cpu_set_t set;
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

ShortFormChoice choose(const ShortForm& form) { return Chooser(form).choose(); }

}  // namespace mrf
