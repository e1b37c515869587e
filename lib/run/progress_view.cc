// SPDX-License-Identifier: MIT
#include "run/progress_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/amounts.h"

namespace mrf::run {

namespace {

constexpr std::string_view missed = "all is read";
constexpr std::size_t least_bar = 8;  // with its brackets

// The samples of readers that have ended show less than they read.
bool was_missed(const InputPosition& position) { return !position.total && position.is_over; }

double share_of(const InputPosition& position) {
  if (!position.total || *position.total == 0) return 0;
  return std::min(1.0, static_cast<double>(position.bytes) / static_cast<double>(*position.total));
}

double a_second(std::uint64_t amount, double seconds) {
  return seconds > 0 ? static_cast<double>(amount) / seconds : 0;
}

std::string bytes_rate(const ProgressState& state) {
  return base::readable_bytes(a_second(state.input.bytes, state.elapsed_s)) + "/s";
}

std::string records_rate(const ProgressState& state) {
  return base::readable_count(a_second(*state.input.records, state.elapsed_s)) + " rec/s";
}

std::optional<double> left_s(const ProgressState& state) {
  const double share = share_of(state.input);
  return share > 0 ? std::optional(state.elapsed_s * (1 - share) / share) : std::nullopt;
}

std::string left_of(const ProgressState& state) {
  const auto left = left_s(state);
  return left ? base::readable_seconds(*left) : "--:--";
}

// A part of the bar's line. Those with the lowest number stay longest.
struct Part {
  int rank;
  std::string text;
};

// The parts that have room, in their order.
std::string join_parts(const std::vector<Part>& parts, std::size_t columns) {
  int most = 0;
  std::size_t size = 0;
  for (int rank = 0; rank < static_cast<int>(parts.size()); ++rank) {
    const auto part =
        std::find_if(parts.begin(), parts.end(), [rank](const Part& one) { return one.rank == rank; });
    size += part->text.size() + (rank == 0 ? 0 : 2);
    if (rank > 0 && size > columns) break;
    most = rank;
  }
  std::string text;
  for (const Part& part : parts) {
    if (part.rank <= most) text += (text.empty() ? "" : "  ") + part.text;
  }
  return text;
}

}  // namespace

std::string progress_bar(const ProgressState& state, std::size_t columns) {
  const InputPosition& position = state.input;
  if (was_missed(position)) return std::string(missed).substr(0, columns);
  const std::string rate = fmt::format("{:>10}", position.records ? records_rate(state) : bytes_rate(state));
  const std::string elapsed = base::readable_seconds(state.elapsed_s);
  const std::string busiest =
      fmt::format("{:<{}}", state.busiest.substr(0, state.busiest_columns), state.busiest_columns);
  if (!position.total) {
    const std::string amount =
        fmt::format("{:>8}", base::readable_bytes(static_cast<double>(position.bytes)));
    return join_parts({{0, amount}, {1, rate}, {3, elapsed}, {2, busiest}}, columns).substr(0, columns);
  }
  const std::string share = fmt::format("{:3.0f}%", 100 * share_of(position));
  const std::string left = fmt::format("{:>5} left", left_of(state));
  const std::size_t room = std::max(columns, least_bar + 1) - least_bar - 1;
  const std::string numbers =
      join_parts({{0, share}, {2, rate}, {4, elapsed}, {1, left}, {3, busiest}}, room);
  if (columns < numbers.size() + least_bar + 1) return numbers.substr(0, columns);
  const std::size_t cells = columns - numbers.size() - 3;
  const auto done = static_cast<std::size_t>(share_of(position) * static_cast<double>(cells));
  return fmt::format("[{}{}] {}", std::string(done, '#'), std::string(cells - done, '.'), numbers);
}

std::string progress_sentence(const ProgressState& state) {
  const InputPosition& position = state.input;
  if (was_missed(position)) return std::string(missed);
  std::string text = position.total
                         ? fmt::format("{:.0f}% of {}", 100 * share_of(position),
                                       base::readable_bytes(static_cast<double>(*position.total)))
                         : fmt::format("read {}", base::readable_bytes(static_cast<double>(position.bytes)));
  if (position.records) text += ", " + records_rate(state);
  text += ", " + bytes_rate(state);
  if (position.total) text += fmt::format(", {} left", left_of(state));
  if (!state.busiest.empty()) text += ", busiest: " + state.busiest;
  return text;
}

Json progress_event(const ProgressState& state) {
  const InputPosition& position = state.input;
  const auto left = left_s(state);
  Json event{{"event", "progress"}, {"elapsed_s", state.elapsed_s}};
  event["share"] = position.total ? Json(share_of(position)) : Json(nullptr);
  event["left_s"] = left ? Json(*left) : Json(nullptr);
  event["bytes"] = position.bytes;
  event["bytes_total"] = position.total ? Json(*position.total) : Json(nullptr);
  event["records"] = position.records ? Json(*position.records) : Json(nullptr);
  event["busiest"] = state.busiest.empty() ? Json(nullptr) : Json(state.busiest);
  return event;
}

}  // namespace mrf::run
