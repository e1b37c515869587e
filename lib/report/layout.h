// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/flow.h"

namespace mrf::report {

enum class BoxKind {
  job,
  note,  ///< an input or a result
  bend,  ///< where a line passes a row between the boxes that it joins
};

struct Box {
  BoxKind kind = BoxKind::job;
  std::size_t job = 0;    ///< index of Flow::jobs, of a job and of the job that a note belongs to
  std::string text = {};  ///< of a note
  std::size_t row = 0;
  double x = 0;  ///< of its left edge
  double width = 0;
};

/// A line from one box to another, by the bends between them.
struct Line {
  std::size_t fifo = 0;  ///< index of Flow::fifos
  bool is_note = false;  ///< no FIFO: from an input, or to a result
  std::vector<std::size_t> boxes = {};
};

/// Boxes in rows, so that data flow from each row to one below it.
struct Layout {
  std::vector<Box> boxes;
  std::vector<Line> lines;
  std::vector<std::vector<std::size_t>> rows;  ///< boxes from left to right
  double width = 0;
};

/// A layered drawing: the row of a job is the length of the longest way to it, lines that pass rows get bends
/// there, and each row is ordered by where its lines come from. Cycles, which no plan has, are cut.
Layout layout_of(const Flow& flow);

}  // namespace mrf::report
