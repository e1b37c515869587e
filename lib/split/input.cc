// SPDX-License-Identifier: MIT
#include "split/input.h"

#include <utility>

#include "io/source.h"

namespace mrf::split {

namespace {

constexpr std::size_t smallest_range = std::size_t{32} << 10;

}  // namespace

Input::Input(io::InputFile file, const std::string& path, const record::RecordForm& form, unsigned threads,
             Outputs& outputs, io::Stats& stats)
    : outputs_(outputs),
      stats_(stats),
      entry_(stats.inputs.size()),
      form_(form),
      window_(std::make_shared<io::Window>(
          std::move(file), stats.in,
          io::Window::Options{.threads = threads, .inflates = !record::is_bytes(form)})),
      framer_(record::make_framer(form, window_->name())) {
  io::enlarge_pipe(window_->fd(), io::most_pipe_bytes);
  stats.inputs.push_back({path, 0, window_->stored()});
}

void Input::check_format() {
  while (view().empty() || !record::check_text(view(), false, form_, name())) {
    if (more()) continue;
    record::check_text(view(), true, form_, name());
    return;
  }
}

bool Input::more() {
  if (!window_->is_ready()) outputs_.wait_for(window_->fd(), stats_.in, beside_);
  const bool more = window_->more();
  stats_.inputs[entry_].bytes = window_->stored();
  return more;
}

void Input::pass(std::size_t output, record::Run run) {
  const std::string_view piece = view().substr(0, run.bytes);
  if (window_->is_mapped() && run.bytes >= smallest_range) {
    outputs_.put_range(output, window_, piece, window_->mapped_offset());
  } else {
    outputs_.put(output, piece);
  }
  outputs_.count_records(output, run.records);
  drop(run);
}

}  // namespace mrf::split
