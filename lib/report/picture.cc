// SPDX-License-Identifier: MIT
#include "report/picture.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/amounts.h"
#include "report/graph.h"
#include "report/layout.h"

namespace mrf::report {

namespace {

constexpr std::size_t most_jobs = 200;
constexpr double margin = 20;
constexpr double label_room = 160;  // right of the last box: labels of lines stand right of them
constexpr double box_height = 62;
constexpr double note_height = 30;
constexpr double row_height = 132;
constexpr double label_height = 14;
constexpr std::size_t job_characters = 38;
constexpr std::size_t note_characters = 26;
constexpr double least_step_s = 0.5;  // of a chart: the records are counted as often
constexpr double most_steps = 80;

std::string svg_start(double width, double height, std::string_view title) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" "
      "height=\"{1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"12\" role=\"img\"><title>{2}</title>\n",
      width, height, markup_text(title));
}

std::string svg_text(double x, double y, std::string_view text, std::string_view attributes = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\"{}{}>{}</text>\n", x, y, attributes.empty() ? "" : " ",
                     attributes, markup_text(text));
}

class FlowPicture {
 public:
  explicit FlowPicture(const Flow& flow) : flow_(flow), layout_(layout_of(flow)) {}

  std::string svg() {
    const double height =
        static_cast<double>(layout_.rows.size()) * row_height - (row_height - box_height) + 2 * margin;
    text_ = svg_start(layout_.width + 2 * margin + label_room, height, "the flow of data");
    text_ +=
        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" "
        "markerHeight=\"8\" "
        "orient=\"auto\" markerUnits=\"userSpaceOnUse\"><path d=\"M0,0 L8,4 L0,8 z\" "
        "fill=\"#555\"/></marker></defs>\n";
    count_ends();
    for (const Line& line : layout_.lines) add_line(line);
    for (const Box& box : layout_.boxes) add_box(box);
    return text_ + "</svg>\n";
  }

 private:
  struct Point {
    double x = 0;
    double y = 0;
  };

  double top(const Box& box) const {
    const double y = margin + static_cast<double>(box.row) * row_height;
    return box.kind == BoxKind::note ? y + (box_height - note_height) / 2 : y;
  }
  static double height(const Box& box) { return box.kind == BoxKind::note ? note_height : box_height; }
  static double middle(const Box& box) { return margin + box.x + box.width / 2; }

  // The lines at each box from left to right, so that they spread over its edge.
  void count_ends() {
    const auto sorted = [&](std::vector<std::pair<double, std::size_t>> ends,
                            std::map<std::size_t, double>& places) {
      std::stable_sort(ends.begin(), ends.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
      for (std::size_t at = 0; at < ends.size(); ++at)
        places[ends[at].second] = static_cast<double>(at + 1) / static_cast<double>(ends.size() + 1);
    };
    std::vector<std::vector<std::pair<double, std::size_t>>> outs(layout_.boxes.size());
    std::vector<std::vector<std::pair<double, std::size_t>>> ins(layout_.boxes.size());
    for (std::size_t at = 0; at < layout_.lines.size(); ++at) {
      const auto& boxes = layout_.lines[at].boxes;
      outs[boxes.front()].emplace_back(middle(layout_.boxes[boxes[1]]), at);
      ins[boxes.back()].emplace_back(middle(layout_.boxes[boxes[boxes.size() - 2]]), at);
    }
    for (std::size_t box = 0; box < layout_.boxes.size(); ++box) {
      sorted(outs[box], starts_);
      sorted(ins[box], ends_);
      for (std::size_t at = 0; at < outs[box].size(); ++at) order_[outs[box][at].second] = at;
    }
  }

  void add_line(const Line& line) {
    const std::size_t index = static_cast<std::size_t>(&line - layout_.lines.data());
    const Box& from = layout_.boxes[line.boxes.front()];
    const Box& to = layout_.boxes[line.boxes.back()];
    const double start_x = margin + from.x + from.width * starts_[index];
    std::vector<Point> points{{start_x, top(from) + height(from)}};
    for (std::size_t at = 1; at + 1 < line.boxes.size(); ++at) {
      const Box& bend = layout_.boxes[line.boxes[at]];
      points.push_back({middle(bend), top(bend)});
      points.push_back({middle(bend), top(bend) + box_height});
    }
    points.push_back({margin + to.x + to.width * ends_[index], top(to)});
    std::string path = fmt::format("M{:.1f},{:.1f}", points[0].x, points[0].y);
    for (std::size_t at = 1; at < points.size(); ++at) {
      const double half = (points[at].y - points[at - 1].y) / 2;
      path +=
          fmt::format(" C{:.1f},{:.1f} {:.1f},{:.1f} {:.1f},{:.1f}", points[at - 1].x,
                      points[at - 1].y + half, points[at].x, points[at].y - half, points[at].x, points[at].y);
    }
    const bool is_many = !line.is_note && flow_.fifos[line.fifo].count > 1;
    text_ += fmt::format(
        "<path d=\"{}\" fill=\"none\" stroke=\"#555\" stroke-width=\"{}\" marker-end=\"url(#tip)\"/>\n", path,
        is_many ? 3 : 1.2);
    if (!line.is_note)
      add_label(flow_.fifos[line.fifo], start_x + 6, top(from) + height(from), order_[index]);
  }

  // The labels of the lines from one box stand below each other.
  void add_label(const FlowFifo& fifo, double x, double y, std::size_t order) {
    std::string label = fifo.label();
    if (const std::string through = flow_text(fifo); flow_.has_run && !through.empty())
      label += ": " + through;
    std::string more;
    if (flow_.has_run)
      more = fmt::format("<title>{}: empty {:.0f} %, full {:.0f} % of the time</title>",
                         markup_text(fifo.label()), 100 * fifo.empty.median, 100 * fifo.full.median);
    text_ += fmt::format(
        "<g class=\"fifo\">{}{}</g>\n", more,
        svg_text(x, y + label_height * static_cast<double>(1 + order % 4), label,
                 "fill=\"#333\" font-size=\"11\" paint-order=\"stroke\" stroke=\"#fff\" stroke-width=\"3\""));
  }

  void add_box(const Box& box) {
    if (box.kind == BoxKind::bend) return;
    const double x = margin + box.x;
    const double y = top(box);
    if (box.kind == BoxKind::note) {
      text_ += fmt::format(
          "<g class=\"note\"><title>{}</title><rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.0f}\" "
          "height=\"{:.0f}\" "
          "fill=\"#eef3f8\" stroke=\"#89a\" stroke-dasharray=\"4 2\"/>\n{}</g>\n",
          markup_text(box.text), x, y, box.width, note_height,
          svg_text(middle(box), y + 19, cut_text(box.text, note_characters), "text-anchor=\"middle\""));
      return;
    }
    add_job(flow_.jobs[box.job], box, x, y);
  }

  void add_job(const FlowJob& job, const Box& box, double x, double y) {
    const double share = flow_.share_of(job);
    const std::string color = flow_.has_run ? heat_color(share) : "#ffffff";
    const bool is_bottleneck = flow_.has_run && job.name == flow_.bottleneck;
    const bool has_failed = flow_.has_failed() && job.has_ended && job.status != "0";
    text_ += fmt::format("<g class=\"job\"><title>{}</title>", markup_text(job.command_text()));
    const auto add_rectangle = [&](double shift, double width) {
      text_ += fmt::format(
          "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.0f}\" height=\"{:.0f}\" rx=\"4\" fill=\"{}\" "
          "stroke=\"{}\" "
          "stroke-width=\"{}\"/>\n",
          x + shift, y - shift, box.width, box_height, color, has_failed ? "#c00" : "#444", width);
    };
    if (job.copies > 1) add_rectangle(5, 1);
    add_rectangle(0, is_bottleneck || has_failed ? 3 : 1.2);
    std::string title = cut_text(job.label(), job_characters);
    if (is_bottleneck) title += " (bottleneck)";
    if (has_failed) title += " (status " + job.status + ")";
    text_ += svg_text(x + 10, y + 19, title, "font-weight=\"bold\"");
    text_ += svg_text(x + 10, y + 36, cut_text(job.command_text(), job_characters),
                      "font-size=\"11\" font-family=\"monospace\"");
    if (flow_.has_run)
      text_ += svg_text(x + 10, y + 53,
                        fmt::format("{:.0f} % busy, {:.1f} s of processor", 100 * share, job.cpu_s.sum),
                        "font-size=\"11\"");
    text_ += "</g>\n";
  }

  const Flow& flow_;
  Layout layout_;
  std::string text_;
  std::map<std::size_t, double>
      starts_;  // by line: where along the edge of its box it begins and ends, 0 to 1
  std::map<std::size_t, double> ends_;
  std::map<std::size_t, std::size_t> order_;  // of the lines from one box
};

// The rate between two points of the input's curve.
struct RateStep {
  double from_s = 0;
  double to_s = 0;
  double rate = 0;
};

std::vector<RateStep> steps_of(const Flow& flow, bool of_records) {
  std::vector<RateStep> steps;
  if (flow.throughput.empty()) return steps;
  const double least_s = std::max(least_step_s, flow.throughput.back().at_s / most_steps);
  const FlowPoint* before = &flow.throughput.front();
  for (const FlowPoint& after : flow.throughput) {
    const double passed_s = after.at_s - before->at_s;
    if (passed_s <= 0 || (passed_s < least_s && &after != &flow.throughput.back())) continue;
    const double amount =
        of_records ? after.records.value_or(0) - before->records.value_or(0) : after.bytes - before->bytes;
    steps.push_back({before->at_s, after.at_s, std::max(amount, 0.0) / passed_s});
    before = &after;
  }
  return steps;
}

}  // namespace

std::string markup_text(std::string_view text) {
  std::string result;
  for (const char c : printable_text(std::string(text))) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&#39;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string flow_svg(const Flow& flow) {
  if (flow.jobs.size() <= most_jobs) return FlowPicture(flow).svg();
  return svg_start(700, 40, "the flow of data") +
         svg_text(
             10, 25,
             fmt::format("{} jobs are too many for a picture; the tables have them.", flow.jobs.size())) +
         "</svg>\n";
}

std::string throughput_svg(const Flow& flow) {
  constexpr double width = 900;
  constexpr double height = 220;
  constexpr double left = 90;
  constexpr double bottom = 190;
  constexpr double top = 20;
  const bool of_records = !flow.throughput.empty() && flow.throughput.back().records.has_value();
  const std::vector<RateStep> steps = steps_of(flow, of_records);
  if (steps.empty()) return "";
  double most = 0;
  for (const RateStep& step : steps) most = std::max(most, step.rate);
  const double end_s = std::max(steps.back().to_s, flow.wall_s);
  const auto x_of = [&](double at_s) { return left + (width - left - 20) * at_s / end_s; };
  const auto y_of = [&](double rate) { return bottom - (bottom - top) * (most > 0 ? rate / most : 0); };
  std::string path = fmt::format("M{:.1f},{:.1f}", x_of(steps[0].from_s), bottom);
  for (const RateStep& step : steps)
    path += fmt::format(" L{:.1f},{:.1f} L{:.1f},{:.1f}", x_of(step.from_s), y_of(step.rate), x_of(step.to_s),
                        y_of(step.rate));
  path += fmt::format(" L{:.1f},{:.1f} z", x_of(steps.back().to_s), bottom);
  std::string text = svg_start(width, height, "how fast the input was read");
  text += fmt::format("<path d=\"{}\" fill=\"#9bc4e8\" stroke=\"#2a6ca8\"/>\n", path);
  text += fmt::format("<path d=\"M{0},{1} L{0},{2} L{3},{2}\" fill=\"none\" stroke=\"#444\"/>\n", left, top,
                      bottom, width - 20);
  for (const double part : {0.0, 0.5, 1.0}) {
    const std::string rate =
        of_records ? base::readable_count(part * most) + " rec/s" : base::readable_bytes(part * most) + "/s";
    text += svg_text(left - 6, y_of(part * most) + 4, rate, "text-anchor=\"end\" font-size=\"11\"");
    text += svg_text(x_of(part * end_s), bottom + 18, fmt::format("{:.1f} s", part * end_s),
                     "text-anchor=\"middle\" font-size=\"11\"");
  }
  return text + "</svg>\n";
}

}  // namespace mrf::report
