// SPDX-License-Identifier: MIT
#include "split/input.h"

#include "io/source.h"

namespace mrf {

namespace {

constexpr std::size_t smallest_range = std::size_t{32} << 10;

// A window reads the first bytes when it is made; they are waited for with the outputs in motion.
InputFile open_and_wait(const std::string& path, Outputs& outputs, Meter& meter) {
  InputFile input = open_input_at_once(path);
  enlarge_pipe(input.fd, most_pipe_bytes);
  outputs.wait_for(input.fd, meter);
  return input;
}

}  // namespace

Input::Input(const std::string& path, RecordForm form, unsigned threads, Outputs& outputs, Stats& stats)
    : outputs_(outputs),
      stats_(stats),
      entry_(stats.inputs.size()),
      window_(std::make_shared<Window>(open_and_wait(path, outputs, stats.in), stats.in,
                                       Window::default_capacity, threads)),
      framer_(make_framer(form, window_->name())) {
  stats.inputs.push_back({path, 0, window_->stored()});
}

bool Input::more() {
  if (!window_->is_ready()) outputs_.wait_for(window_->fd(), stats_.in);
  const bool more = window_->more();
  stats_.inputs[entry_].bytes = window_->stored();
  return more;
}

void Input::pass(std::size_t output, Run run) {
  const std::string_view piece = view().substr(0, run.bytes);
  if (window_->is_mapped() && run.bytes >= smallest_range) {
    outputs_.put_range(output, window_, piece, window_->mapped_offset());
  } else {
    outputs_.put(output, piece);
  }
  outputs_.count_records(output, run.records);
  drop(run);
}

}  // namespace mrf
