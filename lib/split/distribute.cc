// SPDX-License-Identifier: MIT
#include "split/distribute.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/message.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "record/header.h"
#include "split/input.h"
#include "split/outputs.h"
#include "split/router.h"

namespace mrf::split {

namespace {

// Whether a path is that of a FIFO or pipe; `standard` is what "-" stands for.
bool is_fifo(const std::string& path, int standard) {
  struct stat info {};
  const int found = path == "-" ? ::fstat(standard, &info) : ::stat(path.c_str(), &info);
  return found == 0 && S_ISFIFO(info.st_mode);
}

// Throws UsageError when a FIFO or standard input, which can be read only once, is given twice: as inputs, or
// as the map ("" for no map) and something else. Also when a file of mates is an input, or given twice.
void refuse_same_inputs(const std::vector<std::string>& inputs, const std::vector<std::string>& mates,
                        const std::string& map) {
  if (std::count(inputs.begin(), inputs.end(), "-") > 1)
    throw base::UsageError("use input", "-", "given twice");
  std::set<std::string> seen;
  for (const auto& path : inputs) {
    const bool is_new = seen.insert(io::file_key(path, io::FdRef(STDIN_FILENO))).second;
    if (!is_new && is_fifo(path, STDIN_FILENO))
      throw base::UsageError("use input", path, "given twice, and can be read once");
  }
  for (const auto& path : mates) {
    const std::string key = io::file_key(path, io::FdRef(STDIN_FILENO));
    if (!key.empty() && !seen.insert(key).second) {
      throw base::UsageError("use input", path, "given twice, and no file has its own mates");
    }
  }
  const auto is_map = [&](const std::string& path) { return path == map; };
  const bool is_standard = map == "-" && (std::any_of(inputs.begin(), inputs.end(), is_map) ||
                                          std::any_of(mates.begin(), mates.end(), is_map));
  if (is_standard ||
      (is_fifo(map, STDIN_FILENO) && seen.contains(io::file_key(map, io::FdRef(STDIN_FILENO))))) {
    throw base::UsageError("use map", map, "an input, too, and can be read once");
  }
}

constexpr std::size_t most_open_files = 64;
constexpr int default_level = 6;  // that of bgzip(1)

bool is_bam(const DistributeOptions& options) { return options.form.kind == record::RecordForm::Kind::bam; }

Missing::Way missing_way(const std::string& word) {
  if (word == "error") return Missing::Way::error;
  if (word == "any") return Missing::Way::any;
  return word == "skip" ? Missing::Way::skip : Missing::Way::divert;
}

std::vector<std::string> all_inputs(const DistributeOptions& options) {
  std::vector<std::string> paths = options.inputs;
  paths.insert(paths.end(), options.mates.begin(), options.mates.end());
  paths.push_back(options.map);
  return paths;
}

// The OUTPUTs, then those of the header, of the records that nobody gets, and of those without a mate.
std::vector<std::string> all_outputs(const DistributeOptions& options) {
  std::vector<std::string> paths = options.outputs;
  const auto outputs = static_cast<std::ptrdiff_t>(paths.size());
  if (!options.header_to.empty()) paths.push_back(options.header_to);
  if (missing_way(options.missing) == Missing::Way::divert) paths.push_back(options.missing);
  if (!options.singles.empty()) paths.push_back(options.singles);
  const std::vector<std::string> inputs = all_inputs(options);
  std::vector<std::string> fifos;
  std::copy_if(inputs.begin(), inputs.end(), std::back_inserter(fifos),
               [](const std::string& path) { return is_fifo(path, STDIN_FILENO); });
  io::refuse_shared_outputs(paths, fifos);
  // An input file may be an OUTPUT too. Outputs for the header and for other records would replace it, and
  // are refused.
  io::refuse_shared_outputs({paths.begin() + outputs, paths.end()}, inputs);
  return paths;
}

// Every BAM stream has a header.
std::vector<std::size_t> header_receivers(const DistributeOptions& options, std::size_t all) {
  const std::size_t named = options.outputs.size();
  const std::size_t first = is_bam(options) || options.header_broadcast ? 0 : named;
  const std::size_t end = is_bam(options) ? all : named + (options.header_to.empty() ? 0 : 1);
  std::vector<std::size_t> receivers(end - first);
  std::iota(receivers.begin(), receivers.end(), first);
  return receivers;
}

/// Takes the headers off the inputs. The first input's goes to some outputs; of the others', no line is a
/// record either.
class HeaderPass {
 public:
  /// `outputs` outlives the object.
  HeaderPass(Outputs& outputs, std::vector<std::size_t> receivers)
      : outputs_(outputs), receivers_(std::move(receivers)) {}

  /// Passes the header that `form` names on. Throws DataError when it is malformed, or when the reference
  /// sequences of a BAM header are not those of the first input's.
  void pass(Input& input, const record::HeaderForm& form);

 private:
  void put(std::string_view header, const record::HeaderForm& form);
  void check_references(std::string_view header, const std::string& name);

  Outputs& outputs_;
  const std::vector<std::size_t> receivers_;
  bool is_out_ = false;
  std::string first_name_;
  std::string references_;
};

// Gives the header to its outputs; a last line without a newline gets one.
void HeaderPass::put(std::string_view header, const record::HeaderForm& form) {
  if (is_out_) return;
  for (const std::size_t output : receivers_) {
    outputs_.put_header(output, header);
    if (form.kind != record::HeaderForm::Kind::bam && !header.ends_with('\n'))
      outputs_.put_header(output, "\n");
  }
}

void HeaderPass::pass(Input& input, const record::HeaderForm& form) {
  record::HeaderReader reader(form, input.name());
  for (bool more = true; !reader.is_over();) {
    const std::string_view header = input.view().substr(0, reader.take(input.view(), !more));
    if (!header.empty()) {
      if (form.kind == record::HeaderForm::Kind::bam) check_references(header, input.name());
      put(header, form);
    }
    input.drop({header.size(), 0});
    if (!reader.is_over() && more) more = input.more();
  }
  is_out_ = true;
}

void HeaderPass::check_references(std::string_view header, const std::string& name) {
  const std::string_view references = record::bam_references(header);
  if (!is_out_) {
    first_name_ = name;
    references_ = references;
  } else if (references_ != references) {
    throw base::DataError("read", name,
                          fmt::format("its reference sequences are not those of '{}'", first_name_));
  }
}

class Distributor {
 public:
  Distributor(const DistributeOptions& options, io::Stats& stats)
      : options_(options),
        stats_(stats),
        workers_(options.outputs.size() / width()),
        left_(options.first),
        outputs_(all_outputs(options),
                 {is_bam(options), options.level.value_or(default_level), options.threads}, stats),
        header_(outputs_, header_receivers(options, outputs_.size())) {
    for (std::size_t at = 0; options.until_read && at < outputs_.size(); ++at) {
      if (options.header_to.empty() || at != options.outputs.size()) outputs_.close_when_read(at);
    }
    if (options.keep_last > 0) outputs_.keep_last(options.outputs.size(), options.keep_last);
  }

  void run() {
    try {
      open_all();
      make_splitter();
      for (std::size_t i = 0; i < options_.inputs.size() && left_ > 0; ++i) split(i);
      outputs_.finish();
      warn_when_none_has_key();
    } catch (...) {
      outputs_.abandon(unfinished());
      throw;
    }
  }

 private:
  // The text that marks SAM and FASTQ as incomplete after a failure, a line that is no record: the reader of
  // a FIFO sees no status.
  std::string_view unfinished() const {
    const bool is_known = options_.form.kind == record::RecordForm::Kind::sam ||
                          options_.form.kind == record::RecordForm::Kind::fastq;
    return is_known ? "*" : "";
  }
  std::size_t width() const { return options_.mates.empty() && !options_.interleaved ? 1 : 2; }

  void make_splitter() {
    if (options_.key || options_.number_place || width() == 2) {
      router_ = std::make_unique<Router>(outputs_, stats_, options_.form, make_partitioner(),
                                         make_numbering(), missing());
    } else if (options_.chunk.bytes > 0) {
      splitter_ = make_byte_splitter(outputs_, make_scheduler(), options_.chunk.bytes);
    } else {
      splitter_ = make_record_splitter(outputs_, make_scheduler(), options_.chunk.records);
    }
  }

  std::unique_ptr<Scheduler> make_scheduler() {
    return options_.balance ? make_balance(outputs_, workers_, width()) : make_round_robin(workers_);
  }
  std::unique_ptr<Partitioner> make_partitioner() {
    if (!options_.key) return make_chunk_partitioner(make_scheduler(), options_.chunk);
    return make_key_partitioner(*options_.key, options_.form, workers_, options_.map, stats_.in);
  }
  std::optional<Numbering> make_numbering() const {
    if (!options_.number_place) return std::nullopt;
    return Numbering(*options_.number_place);
  }
  Missing missing() const {
    return {missing_way(options_.missing), outputs_.size() - (options_.singles.empty() ? 1 : 2), workers_};
  }
  std::optional<std::size_t> singles() const {
    if (options_.singles.empty()) return std::nullopt;
    return outputs_.size() - 1;
  }

  // Every input is opened before any is read: a program may write several of them. Of very many regular
  // files, which nobody waits to write, not all are kept open.
  void open_all() {
    for (const auto* paths : {&options_.inputs, &options_.mates}) {
      for (const auto& path : *paths) {
        io::InputFile file = io::open_input_at_once(path);
        if (file.is_regular && path != "-" && files_.size() >= most_open_files) file.fd.reset();
        files_.push_back(std::move(file));
      }
    }
  }

  // `number` counts the inputs, then the mates.
  Input open(std::size_t number) {
    // Ranges that wait for an output keep their file open.
    while (std::erase_if(open_files_, [](const auto& file) { return file.expired(); }),
           open_files_.size() >= most_open_files) {
      outputs_.wait_for_change();
    }
    const std::size_t inputs = options_.inputs.size();
    const std::string& path = number < inputs ? options_.inputs[number] : options_.mates[number - inputs];
    io::InputFile file = std::move(files_[number]);
    if (!file.fd.is_open()) file = io::open_input_at_once(path);
    Input input(std::move(file), path, options_.form, options_.threads, left_, outputs_, stats_);
    open_files_.push_back(input.file());
    return input;
  }

  void split(std::size_t number) {
    Input input = open(number);
    if (!options_.mates.empty()) {
      split_with_mates(input, options_.inputs.size() + number);
    } else {
      input.check_format();
      pass_header(input);
      options_.interleaved ? router_->split_interleaved(input, singles())
                           : (router_ ? *router_ : *splitter_).split(input);
    }
    left_ = input.left();
  }

  void split_with_mates(Input& input, std::size_t number) {
    Input mates = open(number);
    input.read_beside(mates);
    mates.read_beside(input);
    input.check_format();
    mates.check_format();
    router_->split_pairs(input, mates);
  }

  // Warns of a key that no record has, which most often is a misspelt one.
  void warn_when_none_has_key() const {
    if (!options_.key || stats_.records_in == 0 || stats_.records_skipped != stats_.records_in) return;
    const bool is_diverted = missing_way(options_.missing) == Missing::Way::divert;
    base::warn(fmt::format("no record has {}{}: all {} were {}", record::describe(*options_.key),
                           options_.map.empty() ? "" : fmt::format(" that is in '{}'", options_.map),
                           stats_.records_in,
                           is_diverted ? fmt::format("written to '{}'", options_.missing) : "left out"));
  }

  void pass_header(Input& input) {
    if (options_.header.is_named()) header_.pass(input, options_.header);
    if (!options_.header_to.empty() && !std::exchange(header_is_closed_, true))
      outputs_.close(options_.outputs.size());
  }

  const DistributeOptions& options_;
  io::Stats& stats_;
  const std::size_t workers_;
  std::uint64_t left_;  // records that are still to be taken
  Outputs outputs_;
  HeaderPass header_;
  std::unique_ptr<Splitter> splitter_;
  std::unique_ptr<Router> router_;
  std::vector<io::InputFile> files_;
  std::vector<std::weak_ptr<const io::InputFile>> open_files_;
  bool header_is_closed_ = false;
};

}  // namespace

void distribute(const DistributeOptions& options, io::Stats& stats) {
  refuse_same_inputs(options.inputs, options.mates, options.map);
  for (const auto& output : options.outputs) record::check_output_name(output, options.form);
  for (const auto& other : {options.missing, options.singles}) record::check_output_name(other, options.form);
  record::check_written_name(options.header_to);
  Distributor(options, stats).run();
}

}  // namespace mrf::split
