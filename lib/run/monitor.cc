// SPDX-License-Identifier: MIT
#include "run/monitor.h"

#include "base/message.h"

namespace mrf::run {

namespace {
constexpr std::chrono::milliseconds period{100};
}  // namespace

Monitor::Monitor(const workflow::Plan& plan, const MonitorOptions& options)
    : due_(Clock::now() + period), busy_(plan) {
  if (options.show_progress) progress_.emplace(plan);
  if (options.stall_timeout.count() > 0) stall_.emplace(plan, options.stall_timeout);
}

void Monitor::look(Clock::time_point now, FifoSet& fifos, const std::vector<JobRecord>& jobs) {
  if (now < due_) return;
  due_ = now + period;
  fifos.sample();
  busy_.look(fifos, jobs);
  if (progress_) progress_->look(now, jobs);
  if (!stall_) return;
  if (const auto line = stall_->look(now, fifos, jobs)) base::say(*line);
}

}  // namespace mrf::run
