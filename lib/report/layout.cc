// SPDX-License-Identifier: MIT
#include "report/layout.h"

#include <fmt/format.h>

#include <algorithm>

namespace mrf::report {

namespace {

constexpr double job_width = 270;
constexpr double note_width = 190;
constexpr double bend_width = 60;
constexpr double gap = 30;
constexpr std::size_t most_notes = 3;  // of a kind and job

class LayoutMaker {
 public:
  explicit LayoutMaker(const Flow& flow) : flow_(flow) {}

  Layout make() {
    const std::vector<std::size_t> rows = rows_of_jobs();
    for (std::size_t job = 0; job < flow_.jobs.size(); ++job)
      add(Box{BoxKind::job, job, {}, rows[job] + 1, 0, job_width});
    for (std::size_t job = 0; job < flow_.jobs.size(); ++job) {
      add_notes(job, flow_.jobs[job].inputs, true);
      add_notes(job, flow_.jobs[job].results, false);
    }
    for (std::size_t fifo = 0; fifo < flow_.fifos.size(); ++fifo) {
      const FlowFifo& one = flow_.fifos[fifo];
      if (rows[one.writer] < rows[one.reader]) join(Line{fifo, false, {}}, one.writer, one.reader);
    }
    drop_empty_rows();
    for (std::size_t round = 0; round < 3; ++round) order_rows();
    place();
    return std::move(layout_);
  }

 private:
  // The longest way to each job. A way that is longer than the number of jobs is a cycle.
  std::vector<std::size_t> rows_of_jobs() const {
    std::vector<std::size_t> rows(flow_.jobs.size(), 0);
    for (std::size_t pass = 0; pass < flow_.jobs.size(); ++pass) {
      bool has_changed = false;
      for (const FlowFifo& fifo : flow_.fifos) {
        if (rows[fifo.reader] > rows[fifo.writer] || rows[fifo.writer] + 1 >= flow_.jobs.size()) continue;
        rows[fifo.reader] = rows[fifo.writer] + 1;
        has_changed = true;
      }
      if (!has_changed) break;
    }
    return rows;
  }

  std::size_t add(Box box) {
    if (layout_.rows.size() <= box.row) layout_.rows.resize(box.row + 1);
    layout_.rows[box.row].push_back(layout_.boxes.size());
    layout_.boxes.push_back(std::move(box));
    return layout_.boxes.size() - 1;
  }

  void add_notes(std::size_t job, const std::vector<std::string>& files, bool is_input) {
    for (std::size_t at = 0; at < std::min(files.size(), most_notes); ++at) {
      const std::size_t more = at + 1 == most_notes ? files.size() - most_notes : 0;
      const std::string text = more > 0 ? fmt::format("{} and {} more", files[at], more) : files[at];
      const std::size_t row = is_input ? layout_.boxes[job].row - 1 : layout_.boxes[job].row + 1;
      const std::size_t note = add(Box{BoxKind::note, job, text, row, 0, note_width});
      layout_.lines.push_back({0, true, is_input ? std::vector{note, job} : std::vector{job, note}});
    }
  }

  void join(Line line, std::size_t from, std::size_t to) {
    line.boxes.push_back(from);
    for (std::size_t row = layout_.boxes[from].row + 1; row < layout_.boxes[to].row; ++row)
      line.boxes.push_back(add(Box{BoxKind::bend, from, {}, row, 0, bend_width}));
    line.boxes.push_back(to);
    layout_.lines.push_back(std::move(line));
  }

  void drop_empty_rows() {
    std::erase_if(layout_.rows, [](const auto& row) { return row.empty(); });
    for (std::size_t row = 0; row < layout_.rows.size(); ++row) {
      for (const std::size_t box : layout_.rows[row]) layout_.boxes[box].row = row;
    }
  }

  // Boxes stand where the boxes above them stand on average; the ones without any keep their place.
  void order_rows() {
    std::vector<double> places(layout_.boxes.size(), 0);
    for (const auto& row : layout_.rows) {
      for (std::size_t at = 0; at < row.size(); ++at)
        places[row[at]] = static_cast<double>(at) - static_cast<double>(row.size() - 1) / 2;
    }
    for (std::size_t at = 1; at < layout_.rows.size(); ++at) {
      auto& row = layout_.rows[at];
      std::vector<double> sums(layout_.boxes.size(), 0);
      std::vector<std::size_t> counts(layout_.boxes.size(), 0);
      for (const Line& line : layout_.lines) {
        for (std::size_t i = 1; i < line.boxes.size(); ++i) {
          if (layout_.boxes[line.boxes[i]].row != at) continue;
          sums[line.boxes[i]] += places[line.boxes[i - 1]];
          ++counts[line.boxes[i]];
        }
      }
      const auto wanted = [&](std::size_t box) {
        return counts[box] > 0 ? sums[box] / static_cast<double>(counts[box]) : places[box];
      };
      std::stable_sort(row.begin(), row.end(),
                       [&](std::size_t a, std::size_t b) { return wanted(a) < wanted(b); });
      for (std::size_t i = 0; i < row.size(); ++i)
        places[row[i]] = static_cast<double>(i) - static_cast<double>(row.size() - 1) / 2;
    }
  }

  void place() {
    std::vector<double> widths;
    for (const auto& row : layout_.rows) {
      double width = -gap;
      for (const std::size_t box : row) width += layout_.boxes[box].width + gap;
      widths.push_back(width);
      layout_.width = std::max(layout_.width, width);
    }
    for (std::size_t row = 0; row < layout_.rows.size(); ++row) {
      double x = (layout_.width - widths[row]) / 2;
      for (const std::size_t box : layout_.rows[row]) {
        layout_.boxes[box].x = x;
        x += layout_.boxes[box].width + gap;
      }
    }
  }

  const Flow& flow_;
  Layout layout_;
};

}  // namespace

Layout layout_of(const Flow& flow) { return LayoutMaker(flow).make(); }

}  // namespace mrf::report
