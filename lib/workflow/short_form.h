// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "workflow/selection.h"
#include "workflow/stream_kind.h"

namespace mrf::workflow {

/// The short form of mrf-run(1): one filter, run several times side by side. Empty texts are options that
/// were not given.
struct ShortForm {
  std::vector<std::string> inputs;  ///< one, or two of FASTQ in step
  std::vector<InputStart> starts;  ///< what the inputs' first bytes show, in step with inputs; may be shorter
  std::vector<std::string>
      reader;  ///< a command that writes what is read of the one input to standard output; empty: all is
  std::vector<std::string> mate_reader;  ///< with a reader, the same for the second input
  std::string range;                     ///< --range of mrf-bamread, where that reads; empty: all
  std::string range_report;              ///< with a range, the file of --range-report
  std::vector<std::string> outputs;      ///< none is standard output; two for two inputs
  std::vector<std::string> command;
  std::vector<std::string>
      combine;  ///< a command that gets the copies' outputs as files; empty: they are joined
  std::string
      part;  ///< where the output of the only copy goes as it is, in place of `combine`; empty: nowhere
  bool is_shard = false;  ///< the outputs are parts of shards, which have to agree for all numbers of workers
  std::vector<std::string> parts;  ///< files for `combine` in place of the copies' outputs: no filter is run
  std::vector<std::string> header_reader;  ///< with `parts`: a command that writes the header of the output
  int workers = 1;
  std::optional<std::uint64_t>
      chunk_size;                    ///< records; empty: 1000, or what the input's size says with order chunk
  bool has_measured_chunks = false;  ///< -c auto
  std::string input_format;          ///< in place of the input's name: as for kind_of_format()
  std::string output_format;         ///< in place of the output's name
  std::string order;                 ///< seq, rows, any, chunk; empty: what mrf-run(1) says under --order
  std::string record;                ///< what the filter reads: as mrf-distribute's --record, or sam
  std::string output_record;         ///< what the filter writes: as mrf-collect's --record, or sam
  std::string key;                   ///< as mrf-distribute's --key; empty: in turn
  std::string missing;               ///< as mrf-distribute's --missing
  std::string singles;               ///< where mates go that the filter left alone
  std::string ok_statuses;           ///< as for parse_statuses()
  std::optional<std::uint64_t> retries;       ///< of a chunk whose filter failed, as mrf-chunks(1) says
  std::string retry_statuses;                 ///< as for parse_statuses(): those that are worth a retry
  bool skips_failed = false;                  ///< chunks whose filter failed are left out
  std::string keep_failed;                    ///< the directory in which failures are kept
  std::optional<std::uint64_t> header_lines;  ///< so many lines at the top of the input are its header
  std::string header_prefix;                  ///< those that begin with it are
  bool header_broadcast = false;
  Selection selection;    ///< of the records of alignments
  std::string reference;  ///< for CRAM
  std::optional<std::uint64_t>
      buffer;                  ///< bytes of output before its turn: in memory, with order chunk on disk
  bool is_permissive = false;  ///< alignments that the SAM specification forbids are taken
  bool writes_index = false;   ///< beside an output of alignments
  bool omits_header = false;   ///< of an output of SAM
  std::string program_line;    ///< the command line that a @PG line of the output gives; empty: there is none
  std::string side;            ///< where the copies' side tables go, one after the other
  std::string report;          ///< of mrf-run's --report; no input may be overwritten by it
  std::string events;          ///< of mrf-run's --progress json:FD, as /dev/fd/FD
  std::optional<int> level;    ///< of the output's compression
  std::optional<int> threads;  ///< additional ones that inflate and deflate; empty: what the workers leave
  int processors = 1;          ///< of the machine
  std::optional<int> cpus;     ///< that all jobs together may use; see processor_budget.h
};

/// The form with ./ before the names of files that begin with a dash: the programs that get them as words
/// would take them for options. "-" is standard input or output and stays.
ShortForm with_names_of_files(ShortForm form);

/// The short form as a workflow's text (mrf-workflow(5)), which parses to what the short form runs. Throws as
/// choose() does (short_form_choice.h).
std::string workflow_text(const ShortForm& form);

/// The files that words of the filter and of --combine name with save:, those of all copies.
std::vector<std::string> saved_files(const ShortForm& form);

/// The words with these files in `directory`, each under a name of its own. A number of the copy in the name
/// of a directory is put before the name of the file.
std::vector<std::string> with_saved_in(std::vector<std::string> words, const std::string& directory);

/// Whether a word of the command is a save: without the name of a file: with nothing behind it, or - alone.
bool saves_nameless(const std::string& word);

/// Whether the user says that the filter writes lines: those of a header of SAM are lines then, too.
bool takes_headers_for_lines(const ShortForm& form);

/// A word in single quotes where it needs them, as a workflow and sh read it.
std::string quote_word(const std::string& word);

/// Whether [i] in a word of the filter stands for the copy's number: nothing else is in the word than
/// letters, digits and _-.,/:=+@%, as in the name of a file. So [i] in a program of awk or in a pattern
/// stays.
bool has_copy_number(const std::string& word);

}  // namespace mrf::workflow
