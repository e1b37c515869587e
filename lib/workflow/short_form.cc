// SPDX-License-Identifier: MIT
#include "workflow/short_form.h"

#include <fmt/format.h>

#include <string_view>

namespace mrf {

namespace {

class Writer {
 public:
  explicit Writer(const ShortForm& form) : form_(form), choice_(choose(form)) {}

  std::string text() {
    text_ = fmt::format("n = {}\n", form_.workers);
    const std::string source = add_source();
    if (choice_.order == "chunk") {
      add_chunks(source);
    } else {
      add_split(source);
      add_workers();
      add_join();
    }
    return text_;
  }

 private:
  bool is_alignment_in() const { return choice_.input.is_alignment; }
  bool is_alignment_out() const { return choice_.output.is_alignment; }
  bool is_bam() const { return choice_.record == "bam"; }

  void add(std::string_view name, const std::string& command) {
    text_ += fmt::format("{:<9}{}\n", name, command);
  }

  std::string add_fetch(std::size_t at) {
    std::string input = quote_word(form_.inputs[at]);
    if (!is_url(form_.inputs[at])) return input;
    const std::string number = choice_.pairs ? std::to_string(at + 1) : "";
    add(fmt::format("fetch{}:", number), fmt::format("getm-fetch {} - > out:fetched{}", input, number));
    return "in:fetched" + number;
  }

  std::string add_source() {
    std::string input = add_fetch(0);
    if (choice_.pairs) return add_pairs(input, add_fetch(1));
    if (!is_alignment_in() || (is_bam() && choice_.input.format == "bam")) return input;
    add("read:", fmt::format("mrf-bamread{}{}{}{} {} > out:{}", is_bam() ? " -u" : "",
                             threads(choice_.reader_threads), reference(), no_header(), input, format_in()));
    return "in:" + format_in();
  }
  std::string format_in() const { return is_bam() ? "bam" : "sam"; }

  // Checked to be mates, then one after the other.
  std::string add_pairs(const std::string& first, const std::string& second) {
    add("pair:", fmt::format("mrf-distribute --record fastq -c 1 -i {} --mate {} out:first out:second", first,
                             second));
    add("weave:", "mrf-collect --record fastq --order rows -c 1 in:first in:second > out:pairs");
    return "in:pairs";
  }

  // The header of an alignment that is written as one goes around the filter.
  void add_chunks(const std::string& source) {
    std::string input = source;
    if (is_alignment_out()) {
      add("split:", fmt::format("mrf-distribute --sam --header-to out:header -i {} out:records", source));
      input = "in:records";
    }
    std::string options = is_alignment_in() ? "" : record_option();
    if (form_.chunk_size) options += fmt::format(" -c {}", *form_.chunk_size);
    std::string words;
    for (const auto& word : form_.command) words += " " + quote_word(word);
    add("work:", fmt::format("mrf-chunks -n $n{} -i {} --{}{}", options, input, words, chunk_output()));
    if (is_alignment_out()) {
      add("join:", "mrf-collect --sam --order concat --header in:header in:done > out:all");
      add_writer();
    } else if (form_.outputs.size() == 2) {
      add_parting("done");
    } else if (output().ends_with(".gz")) {
      add("join:", fmt::format("mrf-collect --record fixed:1 --order concat{} in:done", result()));
    }
  }

  std::string chunk_output() const {
    if (is_alignment_out() || form_.outputs.size() == 2 || output().ends_with(".gz")) return " > out:done";
    return output() == "-" ? "" : " > save:" + quote_word(output());
  }

  void add_split(const std::string& source) {
    std::string options = record_option();
    if (!is_sam()) options += threads(choice_.reader_threads);
    if (choice_.order == "seq") options += " --seq";
    if (form_.header_broadcast) options += " --header-broadcast";
    if (is_sam() && is_alignment_out() && !form_.header_broadcast) options += " --header-to out:header";
    options += form_.key.empty() ? fmt::format(" -c {}", chunk_size()) : " --key " + quote_word(form_.key);
    add("split:", fmt::format("mrf-distribute{} -i {} out:part[n]", options, source));
  }

  void add_workers() {
    std::string words;
    for (const auto& word : form_.command) words += quote_word(word) + " ";
    add("work[n]:", words + "< in:part[i] > out:done[i]");
  }

  void add_join() {
    std::string options = written_record() + " --order " + choice_.order;
    if (choice_.order == "rows") options += fmt::format(" -c {}", chunk_size());
    if (is_sam() && is_alignment_out() && !form_.header_broadcast) options += " --header in:header";
    if (form_.outputs.size() == 2) {
      add("join:", fmt::format("mrf-collect{} in:done[n] > out:all", options));
      add_parting("all");
    } else if (is_alignment_out() && !(is_bam() && choice_.output.format == "bam")) {
      add("join:", fmt::format("mrf-collect{} in:done[n] > out:all", options));
      add_writer();
    } else {
      const bool raw = output() == "-";
      if (is_bam() && !raw) options += fmt::format(" -l {}", form_.level.value_or(6));
      add("join:",
          fmt::format("mrf-collect{}{} in:done[n]", options, is_bam() && !raw ? bam_result() : result()));
    }
  }

  // Mates that follow each other go to a file each.
  void add_parting(const std::string& fifo) {
    std::string targets;
    for (std::size_t at = 0; at < 2; ++at) {
      const std::string& name = form_.outputs[at];
      targets += name.ends_with(".gz") ? fmt::format(" out:mate{}", at + 1) : " save:" + quote_word(name);
    }
    add("part:", fmt::format("mrf-distribute --record fastq -c 1 -i in:{}{}", fifo, targets));
    for (std::size_t at = 0; at < 2; ++at) {
      const std::string& name = form_.outputs[at];
      if (!name.ends_with(".gz")) continue;
      add(fmt::format("write{}:", at + 1),
          fmt::format("mrf-collect --record fastq --order concat{}{} -o save:{} in:mate{}",
                      threads(choice_.writer_threads / 2), level(), quote_word(name), at + 1));
    }
  }

  void add_writer() {
    add("write:", fmt::format("mrf-bamwrite{}{}{} -O {}{} in:all", threads(choice_.writer_threads), level(),
                              reference(), choice_.output.format, plain_result()));
  }

  bool is_sam() const { return choice_.record == "sam"; }
  std::string no_header() const {
    return choice_.order == "chunk" && !is_alignment_out() ? " --no-header" : "";
  }
  std::uint64_t chunk_size() const { return form_.chunk_size.value_or(1000); }

  std::string record_option() const {
    if (is_sam()) return " --sam";
    return choice_.record == "line" ? "" : " --record " + quote_word(choice_.record);
  }

  // Lines of a filter of SAM are no headers, whatever they begin with; unless it was given one.
  std::string written_record() const {
    if (!is_sam() || is_alignment_out() || form_.header_broadcast) return record_option();
    return choice_.order == "seq" ? " --sam --no-header" : "";
  }

  std::string output() const { return form_.outputs.empty() ? "-" : form_.outputs[0]; }
  std::string plain_result() const { return output() == "-" ? "" : " -o save:" + quote_word(output()); }
  std::string bam_result() const { return threads(choice_.writer_threads) + plain_result(); }
  // What mrf-collect compresses by itself.
  std::string result() const {
    return output().ends_with(".gz") ? threads(choice_.writer_threads) + level() + plain_result()
                                     : plain_result();
  }
  std::string reference() const {
    return form_.reference.empty() ? "" : " -T " + quote_word(form_.reference);
  }
  std::string level() const { return form_.level ? fmt::format(" -l {}", *form_.level) : ""; }
  static std::string threads(int number) { return number == 0 ? "" : fmt::format(" -@ {}", number); }

  const ShortForm& form_;
  ShortFormChoice choice_;
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
