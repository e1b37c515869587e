// SPDX-License-Identifier: MIT
#include "split/input.h"

#include <utility>

namespace mrf::split {

namespace {

constexpr std::size_t smallest_range = std::size_t{32} << 10;

}  // namespace

Input::Input(io::InputFile file, const std::string& path, const record::RecordForm& form, unsigned threads,
             std::uint64_t most, Outputs& outputs, io::Stats& stats)
    : outputs_(outputs),
      stats_(stats),
      entry_(stats.inputs.size()),
      form_(form),
      left_(most),
      reader_(std::move(file), stats.in, {.threads = threads, .inflates = !record::is_bytes(form)}),
      framer_(record::make_framer(form, reader_.name())) {
  io::enlarge_pipe(reader_.fd(), io::most_pipe_bytes);
  stats.inputs.push_back({path, 0, reader_.stored()});
}

void Input::check_format() {
  while (view().empty() || !record::check_text(view(), false, form_, name())) {
    if (more()) continue;
    record::check_text(view(), true, form_, name());
    return;
  }
}

bool Input::more() {
  if (left_ == 0) return false;
  if (!reader_.is_ready()) outputs_.wait_for(reader_.fd(), stats_.in, beside_);
  const bool more = reader_.more();
  stats_.inputs[entry_].bytes = reader_.stored();
  return more;
}

void Input::pass(std::size_t output, record::Span span) {
  const std::string_view piece = view().substr(0, span.bytes);
  if (span.bytes >= smallest_range && reader_.is_plain_file()) {
    outputs_.put_range(output, reader_.file(), reader_.offset(), piece, span.records > 0);
  } else if (span.records > 0) {
    outputs_.put(output, piece);
  } else {
    outputs_.put_part(output, piece);
  }
  outputs_.count_records(output, span.records);
  drop(span);
}

}  // namespace mrf::split
