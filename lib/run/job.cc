// SPDX-License-Identifier: MIT
#include "run/job.h"

#include <utility>

#include "base/message.h"

namespace mrf::run {

namespace {
constexpr std::size_t lines_kept = 10;
}  // namespace

StderrTail::StderrTail(io::Fd pipe, std::string prefix, const DisplayNames& names, std::size_t job,
                       bool keeps_text)
    : prefix_(std::move(prefix)),
      names_(names),
      job_(job),
      keeps_text_(keeps_text),
      lines_(std::move(pipe), [this](std::string line) { pass_on(std::move(line)); }) {}

void StderrTail::pass_on(std::string line) {
  line = names_.in_line(job_, std::move(line));
  base::say_line(prefix_ + line);
  if (keeps_text_) text_.add(line);
  last_lines_.push_back(std::move(line));
  if (last_lines_.size() > lines_kept) last_lines_.pop_front();
}

}  // namespace mrf::run
