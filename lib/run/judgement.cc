// SPDX-License-Identifier: MIT
#include "run/judgement.h"

namespace mrf {

namespace {

enum class Verdict { good, bad, open };

class Judge {
 public:
  Judge(const Plan& plan, const std::vector<JobRecord>& jobs) : jobs_(jobs), readers_(jobs.size()) {
    for (const auto& fifo : plan.fifos) {
      for (const std::size_t writer : fifo.writers) readers_[writer].push_back(fifo.reader);
    }
  }

  Verdict judge(std::size_t job) const {
    const auto& outcome = jobs_[job].outcome;
    if (!outcome) return Verdict::open;
    if (outcome->succeeded()) return Verdict::good;
    if (!outcome->is_broken_pipe() || !jobs_[job].lost_reader) return Verdict::bad;
    Verdict verdict = Verdict::bad;
    for (const std::size_t reader : readers_[job]) {
      const Verdict of_reader = judge(reader);
      if (of_reader == Verdict::good) return Verdict::good;
      if (of_reader == Verdict::open) verdict = Verdict::open;
    }
    return verdict;
  }

 private:
  const std::vector<JobRecord>& jobs_;
  std::vector<std::vector<std::size_t>> readers_;
};

}  // namespace

std::optional<std::size_t> first_bad(const Plan& plan, const std::vector<JobRecord>& jobs) {
  const Judge judge(plan, jobs);
  std::optional<std::size_t> broken_pipe;
  for (std::size_t job = 0; job < jobs.size(); ++job) {
    if (!jobs[job].outcome || jobs[job].outcome->succeeded() || judge.judge(job) != Verdict::bad) continue;
    if (!jobs[job].outcome->is_broken_pipe()) return job;
    if (!broken_pipe) broken_pipe = job;
  }
  return broken_pipe;
}

}  // namespace mrf
