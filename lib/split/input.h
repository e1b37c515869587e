// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "io/stats.h"
#include "io/window.h"
#include "record/record.h"
#include "split/outputs.h"

namespace mrf {

/// One input and the way of its bytes to the outputs.
class Input {
 public:
  /// `outputs` and `stats` outlive the input; `stats` gets an entry for it. Throws SystemError "cannot open".
  /// `threads` more threads inflate BGZF.
  Input(const std::string& path, RecordForm form, unsigned threads, Outputs& outputs, Stats& stats);

  /// The outputs may need the window for longer than the input lasts.
  std::weak_ptr<const Window> window() const { return window_; }
  const std::string& name() const { return window_->name(); }
  Framer& framer() { return *framer_; }
  /// Bytes that are there and not passed on; valid until more().
  std::string_view view() const { return window_->view(); }
  /// Makes the view longer, moving data to the outputs meanwhile. False at the end of the input.
  bool more();
  /// Throws Error when the input is a file that became shorter: that explains what looks like bad data.
  void check_size() const { window_->check_size(); }
  /// Hands the run at the front of the view to an output: a large piece of a mapped file as it lies there.
  void pass(std::size_t output, Run run);
  /// Counts and drops the run at the front of the view.
  void drop(Run run) {
    window_->consume(run.bytes);
    stats_.records_in += run.records;
    stats_.inputs[entry_].records += run.records;
  }

 private:
  Outputs& outputs_;
  Stats& stats_;
  std::size_t entry_;
  std::shared_ptr<Window> window_;
  std::unique_ptr<Framer> framer_;
};

}  // namespace mrf
