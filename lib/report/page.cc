// SPDX-License-Identifier: MIT
#include "report/page.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/amounts.h"
#include "report/advice.h"
#include "report/graph.h"
#include "report/picture.h"

namespace mrf::report {

namespace {

constexpr const char* head = R"html(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body { font: 15px/1.4 sans-serif; color: #222; background: #fff; margin: 2em auto; max-width: 1100px; padding: 0 1em }
h1 { font-size: 1.4em } h2 { font-size: 1.1em; margin-top: 2em }
table { border-collapse: collapse; width: 100% }
td, th { padding: 3px 8px; border-bottom: 1px solid #ddd; vertical-align: top }
th { text-align: left } td:first-child { min-width: 16em }
td.n, th.n { text-align: right; white-space: nowrap }
code, pre { font: 12px/1.4 monospace; overflow-wrap: anywhere; white-space: pre-wrap }
.scroll { overflow-x: auto } .bar { display: inline-block; height: 10px; background: #2a6ca8 }
.failed { color: #b00; font-weight: bold }
.advice { background: #fff6d8; padding: 8px 12px; border-left: 4px solid #e0b020 }
svg { max-width: 100%; height: auto }
</style>
)html";

constexpr std::size_t most_left_out = 1000;  // chunks that are listed

std::string count_text(const std::optional<std::uint64_t>& count) {
  return count ? fmt::format("{}", *count) : "–";
}

std::string cell(const std::string& text) { return "<td class=\"n\">" + markup_text(text) + "</td>"; }

// "3.1", of copies "2.9 / 3.1 / 3.4".
std::string copies_text(const Spread& spread, std::size_t copies) {
  return copies <= 1 ? fmt::format("{:.2f}", spread.sum)
                     : fmt::format("{:.2f} / {:.2f} / {:.2f}", spread.least, spread.median, spread.most);
}

std::string percent(const Spread& share) { return fmt::format("{:.0f} %", 100 * share.median); }

std::string heading(std::initializer_list<const char*> texts) {
  std::string row = "<tr>";
  for (const char* text : texts) {
    const bool is_first = row == "<tr>";
    row += fmt::format("<th{}>{}</th>", is_first ? "" : " class=\"n\"", text);
  }
  return row + "</tr>\n";
}

class Page {
 public:
  Page(const Flow& flow, const Json& report) : flow_(flow), report_(report) {}

  std::string html() {
    const std::string name = sample_name(flow_);
    text_ = head;
    text_ += fmt::format("<title>mrf-run: {0}</title>\n</head>\n<body>\n<h1>{0}</h1>\n", markup_text(name));
    add_summary();
    text_ += "<h2>Flow</h2>\n<div class=\"scroll\">\n" + flow_svg(flow_) +
             "</div>\n<p>The colour of a job is the share of the run in which it had data to read and room "
             "to write.</p>\n";
    if (const std::string chart = throughput_svg(flow_); !chart.empty())
      text_ += "<h2>Input read</h2>\n" + chart;
    add_jobs();
    add_fifos();
    add_lists();
    return text_ + "</body>\n</html>\n";
  }

 private:
  void add_summary() {
    text_ += "<p>";
    if (flow_.has_run) {
      text_ += flow_.has_failed()
                   ? fmt::format("<span class=\"failed\">Failed with status {}</span>", flow_.status)
               : flow_.lacks_records
                   ? std::string("Succeeded without the chunks that were left out, status 3,")
                   : std::string("Succeeded");
      if (!flow_.failed.empty()) text_ += " of <b>" + markup_text(flow_.failed) + "</b>";
      text_ += fmt::format(" after {:.2f} s; {:.2f} s of processor, {:.1f} processors in use", flow_.wall_s,
                           flow_.cpu_s(), flow_.wall_s > 0 ? flow_.cpu_s() / flow_.wall_s : 0);
      if (flow_.processors > 0) text_ += fmt::format(" of {}", flow_.processors);
      text_ += ".";
      if (flow_.input_bytes) text_ += " The input has " + base::readable_bytes(*flow_.input_bytes) + ".";
      if (!flow_.bottleneck.empty()) text_ += " Bottleneck: <b>" + markup_text(flow_.bottleneck) + "</b>.";
    }
    text_ += "</p>\n";
    if (const std::string hint = advice(flow_); !hint.empty())
      text_ += "<p class=\"advice\">" + markup_text(hint) + "</p>\n";
  }

  void add_jobs() {
    text_ +=
        "<h2>Jobs</h2>\n<div class=\"scroll\"><table>\n" +
        heading({"Job", "Status", "Wall s", "CPU s", "Peak memory", "Records in", "Records out", "Busy"});
    for (const FlowJob& job : flow_.jobs) {
      const std::size_t copies = job.copies * job.rounds;
      const double share = flow_.share_of(job);
      const std::string command = job.command_text();
      text_ += fmt::format("<tr><td><b>{}</b><br><code>{}</code></td>", markup_text(job.label()),
                           markup_text(cut_text(command, 300)));
      text_ += flow_.has_failed() && !job.status.empty() && job.status != "0"
                   ? fmt::format("<td class=\"n failed\">{}</td>", markup_text(job.status))
                   : cell(job.status.empty() ? "–" : job.status);
      text_ += cell(fmt::format("{:.2f}", job.wall_s.most)) + cell(copies_text(job.cpu_s, copies)) +
               cell(base::readable_bytes(job.max_rss_bytes.most)) + cell(count_text(job.records_in)) +
               cell(count_text(job.records_out));
      text_ += fmt::format(
          "<td class=\"n\">{:.0f} % <span class=\"bar\" style=\"width:{:.0f}px\"></span></td></tr>\n",
          100 * share, 60 * share);
    }
    text_ += "</table></div>\n";
    add_note_on_copies();
  }

  void add_note_on_copies() {
    const bool has_copies = std::any_of(flow_.jobs.begin(), flow_.jobs.end(),
                                        [](const FlowJob& job) { return job.copies * job.rounds > 1; });
    if (has_copies)
      text_ += "<p>CPU s of copies: least / median / most. Wall time, memory and busy: the most.</p>\n";
  }

  void add_fifos() {
    if (flow_.fifos.empty()) return;
    text_ += "<h2>FIFOs</h2>\n<div class=\"scroll\"><table>\n" +
             heading({"FIFO", "From", "To", "Records", "Bytes", "Empty", "Full"});
    for (const FlowFifo& fifo : flow_.fifos) {
      text_ += "<tr><td><b>" + markup_text(fifo.label()) + "</b></td>" + cell(flow_.jobs[fifo.writer].name) +
               cell(flow_.jobs[fifo.reader].name) + cell(count_text(fifo.records)) +
               cell(count_text(fifo.bytes)) + cell(percent(fifo.empty)) + cell(percent(fifo.full)) +
               "</tr>\n";
    }
    text_ += "</table></div>\n";
  }

  void add_lists() {
    add_list("Results", flow_.results);
    const auto shown = static_cast<std::ptrdiff_t>(std::min(flow_.left_out.size(), most_left_out));
    add_list(fmt::format("Chunks left out: {}", flow_.left_out.size()),
             {flow_.left_out.begin(), flow_.left_out.begin() + shown});
    std::vector<std::string> values;
    for (const FlowJob& job : flow_.jobs) {
      for (const std::string& value : job.values) values.push_back(cut_text(value, 1000));
    }
    add_list("Returned values", values);
    for (const Json& job : report_.at("jobs")) {
      const auto lines = job.find("stderr");
      if (lines == job.end() || !lines->is_array() || lines->empty()) continue;
      const auto number = job.find("number");
      std::string name = job["name"].get<std::string>();
      if (number != job.end() && number->is_number_integer())
        name += fmt::format("[{}]", number->get<std::int64_t>());
      text_ += "<h2>Last messages of " + markup_text(name) + "</h2>\n<pre>";
      for (const Json& line : *lines) {
        if (line.is_string()) text_ += markup_text(line.get_ref<const std::string&>()) + "\n";
      }
      text_ += "</pre>\n";
    }
  }

  void add_list(const std::string& title, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    text_ += fmt::format("<h2>{}</h2>\n<ul>\n", title);
    for (const std::string& text : texts) text_ += "<li><code>" + markup_text(text) + "</code></li>\n";
    text_ += "</ul>\n";
  }

  const Flow& flow_;
  const Json& report_;
  std::string text_;
};

Json column(const char* title, const char* description, const char* format, const char* suffix) {
  return Json{{"title", title}, {"description", description}, {"format", format}, {"suffix", suffix}};
}

constexpr const char* standard_output = "-";

// Whether the job makes a side table, beside what the run is for: it reads FIFOs for side tables only.
bool makes_side_table(const Flow& flow, const FlowJob& job) {
  bool reads_side = false;
  for (const FlowFifo& fifo : flow.fifos) {
    if (&flow.jobs[fifo.reader] != &job) continue;
    if (!fifo.is_side) return false;
    reads_side = true;
  }
  return reads_side;
}

bool makes(const FlowJob& job, const std::string& result) {
  return std::find(job.results.begin(), job.results.end(), result) != job.results.end();
}

// What the run is for: its outputs, or else the first result that is no side table; none when there is none.
std::vector<std::string> main_results(const Flow& flow) {
  if (!flow.outputs.empty()) return flow.outputs;
  const auto is_main = [&flow](const std::string& result) {
    return std::none_of(flow.jobs.begin(), flow.jobs.end(), [&](const FlowJob& job) {
      return makes(job, result) && makes_side_table(flow, job);
    });
  };
  const auto found = std::find_if(flow.results.begin(), flow.results.end(), is_main);
  return found == flow.results.end() ? std::vector<std::string>() : std::vector<std::string>{*found};
}

bool writes_fifo(const Flow& flow, const FlowJob& job) {
  return std::any_of(flow.fifos.begin(), flow.fifos.end(),
                     [&](const FlowFifo& fifo) { return !fifo.is_side && &flow.jobs[fifo.writer] == &job; });
}

// Whether the job writes what the run is for.
bool makes_main(const Flow& flow, const FlowJob& job) {
  const auto results = main_results(flow);
  return std::any_of(results.begin(), results.end(), [&](const std::string& result) {
    return result == standard_output ? job.results.empty() && !writes_fifo(flow, job) : makes(job, result);
  });
}

// Of each job, whether what it writes goes into what the run is for; true of all when no job makes that.
std::vector<bool> jobs_towards_main(const Flow& flow) {
  std::vector<bool> is_towards;
  for (const FlowJob& job : flow.jobs) is_towards.push_back(makes_main(flow, job));
  if (std::find(is_towards.begin(), is_towards.end(), true) == is_towards.end())
    return std::vector<bool>(flow.jobs.size(), true);
  for (bool has_changed = true; has_changed;) {
    has_changed = false;
    for (const FlowFifo& fifo : flow.fifos) {
      if (fifo.is_side || !is_towards[fifo.reader] || is_towards[fifo.writer]) continue;
      is_towards[fifo.writer] = has_changed = true;
    }
  }
  return is_towards;
}

// What the first job counted, or else what went into the first FIFO: one for what is beside, as a side table,
// has other records.
std::optional<std::uint64_t> records_read(const Flow& flow) {
  const auto is_towards = jobs_towards_main(flow);
  if (is_towards[0] && flow.jobs[0].records_in) return flow.jobs[0].records_in;
  for (const FlowFifo& fifo : flow.fifos) {
    if (fifo.records && !fifo.is_side && is_towards[fifo.reader]) return fifo.records;
  }
  return std::nullopt;
}

// Those of the jobs that make what the run is for, or else of the last job that counted.
std::optional<std::uint64_t> records_written(const Flow& flow) {
  const auto is_towards = jobs_towards_main(flow);
  std::optional<std::uint64_t> of_main;
  std::optional<std::uint64_t> of_last;
  for (std::size_t at = 0; at < flow.jobs.size(); ++at) {
    const FlowJob& job = flow.jobs[at];
    if (!is_towards[at] || makes_side_table(flow, job)) continue;
    const auto& count = job.records_out ? job.records_out : job.records_in;
    if (!count) continue;
    if (makes_main(flow, job)) of_main = of_main.value_or(0) + *count;
    of_last = count;
  }
  return of_main ? of_main : of_last;
}

}  // namespace

std::string html_page(const Flow& flow, const Json& report) { return Page(flow, report).html(); }

std::string sample_name(const Flow& flow) {
  const auto results = main_results(flow);
  if (results.empty() || results[0] == standard_output) return flow.workflow.empty() ? "run" : flow.workflow;
  const std::string& path = results[0];
  const std::string file = path.substr(path.rfind('/') + 1);
  const std::string name = file.substr(0, file.find('.', 1));
  return name.empty() ? path : name;
}

std::string multiqc_section(const Flow& flow, const std::string& sample) {
  Json row{{"status", flow.status}, {"wall_s", flow.wall_s}, {"cpu_s", flow.cpu_s()}};
  row["processors"] = flow.wall_s > 0 ? flow.cpu_s() / flow.wall_s : 0;
  if (const auto records = records_read(flow)) row["records_in"] = *records;
  if (const auto records = records_written(flow)) row["records_out"] = *records;
  if (flow.lacks_records) row["left_out"] = flow.left_out.size();
  row["bottleneck"] = flow.bottleneck;
  Json headers;
  headers["status"] = column("Status", "Exit status of mrf-run", "{:d}", "");
  headers["wall_s"] = column("Time", "Wall time of the run", "{:,.1f}", " s");
  headers["cpu_s"] = column("Processor", "Processor time of all jobs", "{:,.1f}", " s");
  headers["processors"] = column("In use", "Processors in use on average", "{:,.1f}", "");
  headers["records_in"] = column(
      "Records in", "Records that the first job read, or that went into the first FIFO", "{:,.0f}", "");
  headers["records_out"] = column(
      "Records out", "Records that the job of the output counted, or the last that counted", "{:,.0f}", "");
  headers["left_out"] = column("Left out", "Chunks that --skip-failed left out", "{:,.0f}", "");
  headers["bottleneck"] =
      Json{{"title", "Bottleneck"}, {"description", "The job that the others waited for"}};
  Json section{{"id", "mrf_run"},
               {"section_name", "mrf-run"},
               {"description", "Filters that mrf-run ran side by side."},
               {"plot_type", "table"},
               {"pconfig", {{"id", "mrf_run_table"}, {"title", "mrf-run"}, {"namespace", "mrf-run"}}}};
  section["headers"] = headers;
  section["data"][sample] = row;
  return section.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace mrf::report
