// SPDX-License-Identifier: MIT
#include "workflow/shard_form.h"

#include <utility>

#include "base/error.h"
#include "base/redact.h"
#include "workflow/short_form_files.h"

namespace mrf::workflow {

namespace {

void refuse_if(bool is_given, const char* option, const char* reason) {
  if (is_given) throw base::UsageError("use option", option, reason);
}

}  // namespace

void check_for_shards(const ShortForm& form, const ShortFormChoice& choice) {
  constexpr const char* beside =
      "shards have one output each, and it is joined alone: it goes without --shards";
  constexpr const char* whole_input = "shards are pieces of the whole input: it goes without --shards";
  for (const auto& input : form.inputs) {
    refuse_if(input == "-" || base::is_url(input), "-i",
              "--shards needs an input that is a file, which every shard opens");
  }
  refuse_if(form.outputs.empty(), "--shards", "it needs -o OUTPUT, a file");
  for (const auto& output : form.outputs) refuse_if(output == "-", "--shards", "it needs -o OUTPUT, a file");
  refuse_if(!form.singles.empty(), "--singles", beside);
  const bool combines = !form.combine.empty();
  refuse_if(
      !form.key.empty() && !combines, "--key",
      "records of one key may be in several shards, which do not see each other: it goes without --shards, "
      "or with a --combine whose COMMAND makes one result of the lines of one key, as sums are added");
  refuse_if(is_file_of_missing(form.missing), "--missing", beside);
  refuse_if(!form.side.empty(), "--side", beside);
  refuse_if(!saved_files(form).empty(), "--shards", "files of save: are not joined, the output is");
  refuse_if(form.skips_failed, "--skip-failed",
            "a shard is whole or it has failed: it goes without --shards");
  refuse_if(!form.keep_failed.empty(), "--keep-failed", beside);
  refuse_if(!form.selection.regions.empty(), "-r", whole_input);
  refuse_if(!form.selection.bed.empty(), "-L", whole_input);
  if (combines) return;
  refuse_if(form.writes_index && choice.order == "any", "--write-index",
            "it needs alignments sorted by position, and --order any mixes them: --order chunk and seq keep "
            "their order");
  refuse_if(choice.output.format == "cram", "--shards",
            "parts of CRAM cannot be joined here: write a BAM, and make the CRAM of it");
  refuse_if(
      form.header_broadcast && !choice.output.is_alignment(), "--header-broadcast",
      "the headers of the parts of such an output cannot be told from records: it goes without --shards");
}

record::RecordForm shard_records(const ShortForm& form, const ShortFormChoice& choice) {
  if (choice.input.format == "bam") return {record::RecordForm::Kind::bam};
  if (choice.input.is_alignment()) return {record::RecordForm::Kind::sam};
  return record::parse_record_form(form.record.empty() ? choice.input.record() : form.record);
}

record::HeaderForm shard_header(const ShortForm& form, const ShortFormChoice& choice) {
  if (choice.input.format == "bam") return record::bam_header();
  if (choice.input.is_alignment()) return record::sam_header();
  return {form.header_prefix, form.header_lines.value_or(0)};
}

bool has_header_in_every_shard(const ShortFormChoice& choice) {
  return choice.input.is_alignment() || choice.header == HeaderPolicy::broadcast;
}

ShortForm form_of_shard(ShortForm form, const ShortFormChoice& choice, std::size_t shard,
                        const std::vector<std::vector<std::string>>& readers,
                        const std::vector<std::string>& parts) {
  if (!readers.empty()) form.reader = readers[0];
  if (readers.size() > 1) form.mate_reader = readers[1];
  if (form.combine.empty()) {
    form.outputs = parts;
  } else {
    form.part = parts[0];
    form.workers = 1;
  }
  form.is_shard = true;
  form.writes_index = false;
  form.report.clear();
  // Parts have their headers: those that filters write are to agree, which the join sees.
  form.omits_header = false;
  if (shard == 0) return form;
  for (auto& start : form.starts) start.begins_with_hash = false;
  if (!has_header_in_every_shard(choice)) {
    form.header_lines.reset();
    form.header_prefix.clear();
    form.header_broadcast = false;
  }
  return form;
}

ShortForm form_of_combination(ShortForm form, const ShortFormChoice& choice, std::vector<std::string> parts,
                              std::vector<std::string> header_reader) {
  form.parts = std::move(parts);
  form.workers = 1;
  form.report.clear();
  form.header_reader = std::move(header_reader);
  if (!choice.input.is_alignment()) return form;
  form.header_reader = {"mrf-bamread", "--header-only"};
  if (!form.reference.empty()) form.header_reader.insert(form.header_reader.end(), {"-T", form.reference});
  if (form.is_permissive) form.header_reader.emplace_back("--permissive");
  form.header_reader.push_back(form.inputs[0]);
  return form;
}

}  // namespace mrf::workflow
