// SPDX-License-Identifier: MIT
#include "trial/suggest.h"

#include <algorithm>
#include <cmath>

#include "workflow/short_form_choice.h"

namespace mrf::trial {

namespace {

using workflow::ShortForm;

// For the whole input, by one filter.
Costs costs_of_whole(const ShortForm& form, const Measured& measured) {
  Costs costs = measured.alone;
  if (!form.selection.words().empty()) costs.read_s = std::max(costs.read_s, measured.sampling_s);
  costs.pass_s = std::max(costs.pass_s, measured.pass_s);
  Costs fixed = measured.fixed;
  if (measured.is_first_sample) fixed.filter_s = measured.start_s;
  return whole_costs(costs, fixed, 1 / measured.share.value_or(1));
}

// How the chunks of the whole input start the filter.
Starts starts_of_whole(const ShortForm& form, const Measured& measured, const Costs& costs) {
  if (!measured.is_chunked || form.has_measured_chunks || !measured.share) return {};
  const double records = static_cast<double>(measured.records) / *measured.share;
  const auto chunks =
      form.chunk_size ? static_cast<std::uint64_t>(std::ceil(records / static_cast<double>(*form.chunk_size)))
                      : chunks_of(costs.bytes);
  return {measured.start_s, std::max(0.0, costs.filter_s - measured.start_s), records, chunks};
}

// How many times as long as its processor seconds say the filter alone took: it waits for something, or
// other programs have the processors. Of a short sample the time is that of starting and ending a run.
double slowdown(const Costs& alone, int processors) {
  constexpr double short_s = 0.5;
  if (alone.wall_s < short_s) return 1;
  return std::max(1.0, alone.wall_s / std::max(expected_s(alone, 1, {1, 1}, processors), 1e-3));
}

Limits limits_of(const ShortForm& form) {
  if (form.cpus) return {*form.cpus, *form.cpus, std::min(*form.cpus, workflow::most_threads), *form.cpus};
  return {form.processors, form.processors, std::min(form.processors, workflow::most_threads),
          2 * form.processors};
}

}  // namespace

Threads threads_for(const ShortForm& form, int threads) {
  ShortForm with = form;
  with.threads = threads;
  const auto choice = workflow::choose(with);
  return {1 + choice.reader_threads, 1 + choice.writer_threads};
}

void suggest(const ShortForm& form, const std::vector<base::CommandPiece>& pieces, const Measured& measured,
             const AtLevel1& at_level_1, Account& account) {
  const Costs costs_alone = costs_of_whole(form, measured);
  Costs costs = costs_alone;
  Suggestion suggestion;
  if (Starts starts = starts_of_whole(form, measured, costs); starts.chunks > 0) {
    suggestion.chunk_size = larger_chunks(starts, form.processors);
    if (suggestion.chunk_size)
      starts.chunks =
          static_cast<std::uint64_t>(std::ceil(starts.records / static_cast<double>(*suggestion.chunk_size)));
    costs.filter_s = starts.work_s + starts.all_s();
  }
  const Limits limits = limits_of(form);
  const auto threads_of = [&form](int threads) { return threads_for(form, threads); };
  const Threads many = threads_of(workflow::most_threads);
  suggestion.sets_threads = many.reader + many.writer > 2;
  const auto expected = [&](const Costs& of) {
    return expected_s(of, suggestion.setting.workers, threads_of(suggestion.setting.threads),
                      limits.processors);
  };
  suggestion.setting = best_setting(costs, threads_of, limits);
  const double alone_s = expected_s(costs_alone, 1, {1, 1}, limits.processors);
  const double copies_s = expected(costs);
  const double slower = slowdown(measured.alone, limits.processors);
  if (measured.share) {
    account.whole_alone_s = slower * alone_s;
    account.whole_copies_s = slower * copies_s;
  }
  constexpr double as_good = 1.05;
  const bool is_worth_it = alone_s >= least_gain * copies_s;
  if (!is_worth_it) suggestion.setting.workers = 1;
  account.is_pipe_as_fast = !is_worth_it && alone_s <= as_good * expected(costs);
  account.command = suggested_command(pieces, suggestion);
  if (const auto lower = at_level_1(costs, copies_s)) {
    suggestion.setting = best_setting(*lower, threads_of, limits);
    suggestion.level = 1;
    account.level_s = slower * expected(*lower);
    if (account.level_s * least_gain < slower * copies_s && measured.share)
      account.level_command = suggested_command(pieces, suggestion);
  }
}

}  // namespace mrf::trial
