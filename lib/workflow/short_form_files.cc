// SPDX-License-Identifier: MIT
#include "workflow/short_form_files.h"

#include <utility>

#include "base/error.h"
#include "io/paths.h"
#include "record/record.h"

namespace mrf::workflow {

namespace {

std::vector<std::string> files_beside_outputs(const ShortForm& form) {
  std::vector<std::string> files = saved_files(form);
  if (is_file_of_missing(form.missing)) files.push_back(form.missing);
  for (const auto& other : {form.singles, form.side, form.report, form.events}) {
    if (!other.empty()) files.push_back(other);
  }
  return files;
}

std::vector<std::string> files_written(const ShortForm& form) {
  std::vector<std::string> files = form.outputs;
  for (const auto& file : files_beside_outputs(form)) files.push_back(file);
  return files;
}

// Throws when another output goes to an open file that the output is written to directly: their bytes would
// mix.
void check_open_output(const ShortForm& form) {
  const std::string output = form.outputs.empty() ? "-" : form.outputs[0];
  if (output != "-" && io::inherited_descriptor(output) < 0) return;
  for (const auto& file : files_beside_outputs(form)) {
    if (io::is_same_output(file, output))
      throw base::UsageError("write", file == "-" ? std::string(io::stdout_name) : file,
                             "the output goes there: name another file for one of the two");
  }
}

// Throws for a name of an output that says a format which is not written here. With fixed:BYTES the filter
// may write any format.
void check_names_written(const ShortForm& form) {
  if (!record::is_bytes(form.output_record)) {
    for (const auto& output : form.outputs) record::check_written_name(output);
  }
  for (const auto& [option, path] :
       {std::pair{"--side", form.side}, std::pair{"--singles", form.singles},
        std::pair{"--missing", is_file_of_missing(form.missing) ? form.missing : ""}}) {
    record::check_written_name(path);
    if (path == "-")
      throw base::UsageError("use option", option,
                             "standard output is for the output: name a file, or a FIFO that is read");
  }
  record::check_output_name(form.side, record::RecordForm{});
}

}  // namespace

bool is_file_of_missing(const std::string& missing) {
  return !missing.empty() && missing != "error" && missing != "skip" && missing != "any";
}

void check_files(const ShortForm& form) {
  if (form.inputs.empty() || form.inputs[0].empty())
    throw base::UsageError("use", "short form", "it needs -i INPUT");
  if (form.inputs.size() > 2)
    throw base::UsageError("use option", "-i",
                           "two inputs at most, of FASTQ in step; cat(1) or samtools cat join others");
  if (form.inputs.size() == 2 &&
      (form.inputs[0] == form.inputs[1] || io::is_same_file(form.inputs[0], form.inputs[1])))
    throw base::UsageError("use input", form.inputs[1], "given twice, and no file has its own mates");
  if (form.outputs.size() > form.inputs.size())
    throw base::UsageError("use option", "-o", "more outputs than inputs");
  std::vector<std::string> files_read = form.inputs;
  if (!form.selection.bed.empty()) files_read.push_back(form.selection.bed);
  for (const auto& input : files_read) {
    for (const auto& file : files_written(form)) {
      if (input == "-" ? io::is_standard_input(file) : io::is_same_file(input, file))
        throw base::UsageError("write", file, "it is the input: give the output another name");
    }
  }
  for (const auto& output : form.outputs) {
    if (form.outputs.size() == 2 && output == "-")
      throw base::UsageError("write", output, "two outputs are files");
  }
  check_names_written(form);
  check_open_output(form);
  if (form.outputs.size() == 2 && io::place_written(form.outputs[0]) == io::place_written(form.outputs[1]))
    throw base::UsageError("write", form.outputs[1], "both outputs are that file");
}

}  // namespace mrf::workflow
