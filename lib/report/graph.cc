// SPDX-License-Identifier: MIT
#include "report/graph.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "base/amounts.h"

namespace mrf::report {

namespace {

constexpr std::size_t most_command = 40;

// A quoted string of dot(1), which takes &...; for a character. Lines of a label are joined by "\\n".
std::string dot_string(const std::string& text) {
  std::string result = "\"";
  for (const char c : printable_text(text)) {
    if (c == '"' || c == '\\') result += '\\';
    result += c == '&' ? std::string("&amp;") : std::string(1, c);
  }
  return result + "\"";
}

// A label with a line for each text; empty ones are left out.
std::string label_of(const std::vector<std::string>& lines) {
  std::string label;
  for (const std::string& line : lines) {
    if (line.empty()) continue;
    const std::string quoted = dot_string(line);
    label += (label.empty() ? "" : "\\n") + quoted.substr(1, quoted.size() - 2);
  }
  return "\"" + label + "\"";
}

class DotText {
 public:
  explicit DotText(const Flow& flow) : flow_(flow) {}

  std::string text() {
    text_ = fmt::format(
        "digraph {} {{\n  rankdir=LR;\n  node [shape=box, fontname=sans];\n  edge [fontname=sans];\n",
        dot_string(flow_.workflow));
    for (std::size_t at = 0; at < flow_.jobs.size(); ++at) add_job(at);
    for (const FlowFifo& fifo : flow_.fifos) {
      text_ += fmt::format("  job{} -> job{} [label={}{}];\n", fifo.writer, fifo.reader,
                           label_of({fifo.label(), flow_.has_run ? flow_text(fifo) : ""}),
                           fifo.count > 1 ? ", penwidth=3" : "");
    }
    return text_ + "}\n";
  }

 private:
  void add_job(std::size_t at) {
    const FlowJob& job = flow_.jobs[at];
    std::vector<std::string> lines{job.label(), cut_text(job.command_text(), most_command)};
    std::string color;
    if (flow_.has_run) {
      const double share = flow_.share_of(job);
      lines.push_back(fmt::format("{:.0f} % busy, {:.1f} s of processor", 100 * share, job.cpu_s.sum));
      color = fmt::format(", style=filled, fillcolor={}", dot_string(heat_color(share)));
      if (job.name == flow_.bottleneck) color += ", penwidth=3";
    }
    text_ += fmt::format("  job{} [label={}{}{}];\n", at, label_of(lines), color,
                         job.copies > 1 ? ", peripheries=2" : "");
    add_notes(at, "input", job.inputs);
    add_notes(at, "result", job.results);
  }

  // The files of a job: the first, and how many more there are.
  void add_notes(std::size_t at, std::string_view kind, const std::vector<std::string>& files) {
    constexpr std::size_t most_files = 4;
    for (std::size_t file = 0; file < std::min(files.size(), most_files); ++file) {
      const std::size_t more = file + 1 == most_files ? files.size() - most_files : 0;
      const std::string label = label_of({files[file], more > 0 ? fmt::format("and {} more", more) : ""});
      const std::string node = fmt::format("{}{}_{}", kind, at, file);
      text_ += fmt::format("  {} [shape=note, label={}];\n", node, label);
      text_ += kind == "input" ? fmt::format("  {} -> job{};\n", node, at)
                               : fmt::format("  job{} -> {};\n", at, node);
    }
  }

  const Flow& flow_;
  std::string text_;
};

}  // namespace

std::string heat_color(double share) {
  using Color = std::array<double, 3>;
  constexpr Color white{255, 255, 255};
  constexpr Color yellow{255, 221, 102};
  constexpr Color red{240, 96, 80};
  const double at = std::clamp(share, 0.0, 1.0) * 2;
  const Color& from = at < 1 ? white : yellow;
  const Color& to = at < 1 ? yellow : red;
  const double part = at < 1 ? at : at - 1;
  std::string text = "#";
  for (std::size_t i = 0; i < 3; ++i)
    text += fmt::format("{:02x}", static_cast<int>(std::lround(from[i] + part * (to[i] - from[i]))));
  return text;
}

std::string dot_text(const Flow& flow) { return DotText(flow).text(); }

std::string flow_text(const FlowFifo& fifo) {
  std::string text;
  if (fifo.records) text = base::readable_count(static_cast<double>(*fifo.records)) + " records";
  if (fifo.bytes) text += (text.empty() ? "" : ", ") + base::readable_bytes(static_cast<double>(*fifo.bytes));
  return text;
}

}  // namespace mrf::report
