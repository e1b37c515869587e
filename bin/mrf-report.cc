// SPDX-License-Identifier: MIT
#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "cli/command.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/paths.h"
#include "io/reader.h"
#include "report/flow.h"
#include "report/graph.h"
#include "report/page.h"
#include "report/picture.h"
#include "report/table.h"

namespace {

using namespace mrf;

struct Options {
  std::vector<std::string> reports;
  std::string format = "html";
  std::string output = "-";
  std::string sample;
};

void declare(cli::OptionSet& app, Options& options) {
  app.add_option("REPORT", options.reports);
  app.add_option("-f,--format FORMAT", options.format, "write html (default), svg, dot, multiqc or table");
  app.add_option("-o,--output FILE", options.output, "write to FILE (default -, standard output)");
  app.add_option("--sample NAME", options.sample,
                 "name of the run with --format multiqc (default: that of its result)");
}

std::string read_all(io::Reader& reader) {
  while (reader.more()) {
  }
  return std::string(reader.view());
}

std::string rendering(const Options& options, const report::Json& json, const std::string& name) {
  const report::Flow flow = report::flow_of(json, name);
  if (options.format == "svg") return report::flow_svg(flow);
  if (options.format == "dot") return report::dot_text(flow);
  if (options.format == "table") return report::table(flow);
  if (options.format == "multiqc")
    return report::multiqc_section(flow, options.sample.empty() ? report::sample_name(flow) : options.sample);
  return report::html_page(flow, json);
}

// A picture in the place of the report would be all that is left of it.
void refuse_report_as_output(const std::string& input, const std::string& output) {
  if (output == "-") return io::refuse_input_as_standard_output({input});
  if (io::is_same_file(input == "-" ? "/dev/stdin" : input, output))
    throw base::UsageError("write", output, "the report itself; give --output another name");
}

base::Status run(cli::Command& command, const Options& options) {
  constexpr std::string_view formats[] = {"html", "svg", "dot", "multiqc", "table"};
  if (std::find(std::begin(formats), std::end(formats), options.format) == std::end(formats))
    throw base::UsageError("use option", "--format", "it takes html, svg, dot, multiqc or table");
  if (!options.sample.empty() && options.format != "multiqc")
    throw base::UsageError("use option", "--sample", "it goes with --format multiqc");
  if (options.reports.size() > 1) throw base::UsageError("use argument", options.reports[1], "one too many");
  command.keep_from_stats(options.output);
  const std::string input = options.reports.empty() ? "-" : options.reports[0];
  refuse_report_as_output(input, options.output);
  io::Stats& stats = command.stats();
  io::Reader reader(io::open_input(input), stats.in);
  const std::string text = read_all(reader);
  const report::Json json = report::Json::parse(text, nullptr, false);
  if (json.is_discarded())
    throw base::DataError("read", reader.name(), "it is not JSON: write a report with mrf-run --report FILE");
  const std::string made = rendering(options, json, reader.name());
  io::OutputFile file(options.output);
  io::write_all(file.fd(), file.name(), made, stats.out);
  file.commit();
  return base::Status::success;
}

}  // namespace

int main(int argc, char** argv) try {
  cli::Command command("mrf-report", "[options] [REPORT]",
                       "Shows the report of a run: a page, a picture, a table.", {});
  Options options;
  declare(command.options(), options);
  return command.run(argc, argv, [&] { return run(command, options); });
} catch (...) {
  return cli::status_of_current_exception("mrf-report");
}
