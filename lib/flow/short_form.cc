// SPDX-License-Identifier: MIT
#include "flow/short_form.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "flow/stream_kind.h"
#include "sys/error.h"

namespace mrf {

namespace {

void check_options(const ShortForm& form) {
  if (form.input.empty()) throw UsageError("use", "short form", "it needs -i INPUT");
  if (form.workers < 1) throw UsageError("use option", "-n", "not a number of 1 or more");
  if (form.chunk_size && *form.chunk_size < 1)
    throw UsageError("use option", "-c", "not a number of 1 or more");
  if (form.level && (*form.level < 0 || *form.level > 9))
    throw UsageError("use option", "-l", "not a level of 0 to 9");
  struct stat in {};
  struct stat out {};
  if (::stat(form.input.c_str(), &in) == 0 && S_ISREG(in.st_mode) && ::stat(form.output.c_str(), &out) == 0 &&
      in.st_dev == out.st_dev && in.st_ino == out.st_ino) {
    throw UsageError("write", form.output, "it is the input");
  }
}

class Writer {
 public:
  explicit Writer(const ShortForm& form)
      : form_(form), input_(kind_of(form.input)), output_(kind_of(form.output)), order_(chosen_order()) {}

  std::string text() {
    check_options(form_);
    check();
    text_ = fmt::format("n = {}\n", form_.workers);
    const std::string source = add_source();
    if (order_ == "chunk") {
      add_chunks(source);
    } else {
      add_split(source);
      add_workers();
      add_join();
    }
    return text_;
  }

 private:
  bool is_alignment_in() const { return input_.is_alignment; }
  bool is_alignment_out() const { return output_.is_alignment; }

  std::string chosen_order() const {
    if (!form_.order.empty()) return form_.order;
    return is_alignment_out() ? "seq" : "chunk";
  }

  void check() const {
    static constexpr std::array known{"rows", "seq", "any", "chunk"};
    if (std::find(known.begin(), known.end(), order_) == known.end()) {
      throw UsageError("use order", order_, "not one of seq, rows, any and chunk");
    }
    if (is_alignment_out() && !is_alignment_in()) {
      throw UsageError("write", form_.output, "SAM, BAM and CRAM need an input of that kind");
    }
    if (is_alignment_in() && !form_.record.empty()) {
      throw UsageError("use record", form_.record, "the filter of SAM, BAM and CRAM sees SAM lines");
    }
    if (order_ == "chunk" && form_.header_broadcast) {
      throw UsageError("use option", "--header-broadcast", "a filter of --order chunk gets records only");
    }
    if (!is_alignment_in() && form_.header_broadcast) {
      throw UsageError("use option", "--header-broadcast", "the input has no header");
    }
  }

  void add(std::string_view name, const std::string& command) {
    text_ += fmt::format("{:<9}{}\n", name, command);
  }

  std::string add_source() {
    std::string input = quote_word(form_.input);
    if (is_url(form_.input)) {
      add("fetch:", fmt::format("getm-fetch {} - > out:fetched", input));
      input = "in:fetched";
    }
    if (!is_alignment_in()) return input;
    add("read:",
        fmt::format("mrf-bamread -@ {}{}{} {} > out:sam", reader_threads(), reference(), no_header(), input));
    return "in:sam";
  }

  // The header of an alignment that is written as one goes around the filter.
  void add_chunks(const std::string& source) {
    std::string input = source;
    if (is_alignment_out()) {
      add("split:", fmt::format("mrf-distribute --sam --header-to out:header -i {} out:records", source));
      input = "in:records";
    }
    std::string options = record_option();
    if (form_.chunk_size) options += fmt::format(" -c {}", *form_.chunk_size);
    std::string words;
    for (const auto& word : form_.command) words += " " + quote_word(word);
    add("work:", fmt::format("mrf-chunks -n $n{} -i {} --{}{}", options, input, words, chunk_output()));
    if (is_alignment_out()) {
      add("join:", "mrf-collect --sam --order concat --header in:header in:done > out:all");
      add_writer();
    } else if (is_compressed_out()) {
      add("join:", fmt::format("mrf-collect{} --order concat{} in:done", record_option(), result()));
    }
  }

  // What mrf-collect compresses.
  bool is_compressed_out() const { return form_.output.ends_with(".gz"); }

  std::string chunk_output() const {
    if (is_alignment_out() || is_compressed_out()) return " > out:done";
    return form_.output == "-" ? "" : " > save:" + quote_word(form_.output);
  }

  void add_split(const std::string& source) {
    std::string options = is_alignment_in() ? " --sam" : record_option();
    if (order_ == "seq") options += " --seq";
    if (form_.header_broadcast) options += " --header-broadcast";
    if (is_alignment_in() && is_alignment_out() && !form_.header_broadcast)
      options += " --header-to out:header";
    add("split:", fmt::format("mrf-distribute{} -c {} -i {} out:part[n]", options, chunk_size(), source));
  }

  void add_workers() {
    std::string words;
    for (const auto& word : form_.command) words += quote_word(word) + " ";
    add("work[n]:", words + "< in:part[i] > out:done[i]");
  }

  void add_join() {
    std::string options = is_alignment_in() ? " --sam" : record_option();
    options += " --order " + order_;
    if (order_ == "rows") options += fmt::format(" -c {}", chunk_size());
    if (is_alignment_out()) {
      if (!form_.header_broadcast) options += " --header in:header";
      add("join:", fmt::format("mrf-collect{} in:done[n] > out:all", options));
      add_writer();
    } else {
      add("join:", fmt::format("mrf-collect{}{} in:done[n]", options, result()));
    }
  }

  void add_writer() {
    add("write:", fmt::format("mrf-bamwrite -@ {}{}{} -O {}{} in:all", writer_threads(), level(), reference(),
                              output_.format, result()));
  }

  std::string no_header() const { return order_ == "chunk" && !is_alignment_out() ? " --no-header" : ""; }
  std::uint64_t chunk_size() const { return form_.chunk_size.value_or(1000); }

  std::string record_option() const {
    const std::string record = form_.record.empty() ? input_.record : form_.record;
    return record == "line" ? "" : " --record " + quote_word(record);
  }

  std::string result() const { return form_.output == "-" ? "" : " -o save:" + quote_word(form_.output); }
  std::string reference() const {
    return form_.reference.empty() ? "" : " -T " + quote_word(form_.reference);
  }
  std::string level() const { return form_.level ? fmt::format(" -l {}", *form_.level) : ""; }
  // Formatting SAM costs less than deflating it: the reader needs no more than every other processor.
  int reader_threads() const { return std::clamp(form_.processors / 2, 1, 8); }
  int writer_threads() const { return std::clamp(form_.processors, 1, 16); }

  const ShortForm& form_;
  StreamKind input_;
  StreamKind output_;
  std::string order_;
  std::string text_;
};

}  // namespace

std::string quote_word(const std::string& word) {
  static constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./,:=+@%";
  const bool reference = word.starts_with("in:") || word.starts_with("out:") || word.starts_with("save:");
  if (!word.empty() && !reference && word.find('=') == std::string::npos &&
      word.find_first_not_of(plain) == std::string::npos) {
    return word;
  }
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string workflow_text(const ShortForm& form) { return Writer(form).text(); }

}  // namespace mrf
