// SPDX-License-Identifier: MIT
#include "fetch/outcome.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/amounts.h"
#include "fetch/checksum_list.h"
#include "io/fd.h"

namespace mrf::fetch {

namespace {

using OrderedJson = nlohmann::ordered_json;
using End = Outcome::End;

const char* word_of(End end) {
  switch (end) {
    case End::untried:
      return "untried";
    case End::fetched:
      return "fetched";
    case End::there:
      return "there";
    case End::failed:
      return "failed";
  }
  return "";
}

bool is_unverified(const Outcome& outcome) {
  return (outcome.end == End::fetched || outcome.end == End::there) && outcome.verified_by.empty();
}

constexpr const char* without_size =
    "; the server did not say how many bytes there are, so a missing end may not show";

OrderedJson text_or_null(const std::string& text) {
  return text.empty() ? OrderedJson(nullptr) : OrderedJson(text);
}

void add_facts(OrderedJson& object, const Outcome& outcome) {
  object["url"] = text_or_null(outcome.url);
  object["target"] = text_or_null(outcome.target);
  object["bytes"] = outcome.bytes;
  object["wall_s"] = outcome.wall_s;
  object["end"] = word_of(outcome.end);
  object["status"] = static_cast<int>(outcome.status);
  object["verified_by"] = text_or_null(outcome.verified_by);
  if (!outcome.doubt.empty()) object["unverified"] = outcome.doubt;
  if (!outcome.error.empty()) object["error"] = outcome.error;
}

void add_counts(OrderedJson& object, const OutcomeCounts& counts) {
  object["files"] = counts.files;
  object["fetched"] = counts.fetched;
  object["there"] = counts.there;
  object["unverified"] = counts.unverified;
  object["failed"] = counts.failed;
  object["untried"] = counts.untried;
}

std::string text_of(const OrderedJson& object, int indent) {
  return object.dump(indent, ' ', false, OrderedJson::error_handler_t::replace);
}

}  // namespace

OutcomeCounts count_outcomes(const std::vector<Outcome>& outcomes) {
  OutcomeCounts counts;
  counts.files = outcomes.size();
  for (const Outcome& outcome : outcomes) {
    ++(outcome.end == End::fetched  ? counts.fetched
       : outcome.end == End::there  ? counts.there
       : outcome.end == End::failed ? counts.failed
                                    : counts.untried);
    if (is_unverified(outcome)) ++counts.unverified;
    if (outcome.end != End::fetched) continue;
    counts.bytes_fetched += outcome.bytes;
    counts.bytes_continued += std::min(outcome.continued, outcome.bytes);
  }
  return counts;
}

std::string summary_of(const OutcomeCounts& counts, double wall_s, bool verify_only) {
  std::string text;
  if (verify_only) {
    const auto verified = counts.there - std::min(counts.there, counts.unverified);
    text = fmt::format("verified {} of {} files; ", verified, counts.files);
  } else {
    text = fmt::format("fetched {} of {} files, {} bytes in {:.1f} s; ", counts.fetched, counts.files,
                       counts.bytes_fetched - counts.bytes_continued, wall_s);
    if (counts.there > 0) text += fmt::format("{} there already, ", counts.there);
  }
  text += fmt::format("{} unverified, {} failed", counts.unverified, counts.failed);
  if (counts.untried > 0) text += fmt::format(", {} not tried", counts.untried);
  return text;
}

std::vector<std::string> doubts_of(const std::vector<Outcome>& outcomes) {
  using Reason = std::pair<std::string, bool>;
  std::map<Reason, std::size_t> places;
  std::vector<std::pair<const Outcome*, std::size_t>> groups;  // the first file of each reason, and how many
  for (const Outcome& outcome : outcomes) {
    if (!is_unverified(outcome) || outcome.doubt.empty()) continue;
    const auto [place, fresh] = places.try_emplace({outcome.doubt, outcome.size_is_known}, groups.size());
    if (fresh) groups.emplace_back(&outcome, 0);
    ++groups[place->second].second;
  }
  std::vector<std::string> sentences;
  sentences.reserve(groups.size());
  for (const auto& [first, files] : groups) {
    sentences.push_back(
        files == 1 ? fmt::format("'{}' is unverified: {}", first->target,
                                 doubt_text(first->doubt, first->size_is_known, first->bytes))
                   : fmt::format("{} files are unverified, the first is '{}': {}{}", files, first->target,
                                 first->doubt, first->size_is_known ? "; their sizes agree" : without_size));
  }
  return sentences;
}

std::string doubt_text(const std::string& reason, bool size_is_known, std::uint64_t bytes) {
  if (!size_is_known) return reason + without_size;
  return fmt::format("{}; size {} agrees", reason, base::readable_bytes(static_cast<double>(bytes)));
}

std::string file_event(const Outcome& outcome) {
  OrderedJson event{{"event", "file"}};
  event["operation"] = outcome.end == End::there ? "verify" : "fetch";
  event["success"] = outcome.end != End::failed;
  event["source"] = text_or_null(outcome.url);
  event["destination"] = text_or_null(outcome.target);
  event["object"] = {{"type", "file"}, {"size", outcome.bytes}};
  add_facts(event, outcome);
  return text_of(event, -1);
}

std::string end_event(const OutcomeCounts& counts, double wall_s, int status) {
  OrderedJson event{{"event", "end"}, {"status", status}};
  add_counts(event, counts);
  event["bytes"] = counts.bytes_fetched;
  event["wall_s"] = wall_s;
  return text_of(event, -1);
}

std::string report_text(const ReportHead& head, const std::vector<Outcome>& outcomes) {
  OrderedJson report{{"tool", head.tool},
                     {"version", head.version},
                     {"list", text_or_null(head.list)},
                     {"status", head.status}};
  const auto counts = count_outcomes(outcomes);
  add_counts(report, counts);
  report["bytes"] = counts.bytes_fetched;
  report["bytes_in"] = head.bytes_in;
  report["wall_s"] = head.wall_s;
  report["outcomes"] = OrderedJson::array();
  // The objects are written one by one: those of many thousand files would take much memory together.
  std::string text = text_of(report, -1);
  text.resize(text.size() - 2);  // "]}"
  const char* before = "\n";
  for (const Outcome& outcome : outcomes) {
    OrderedJson object = OrderedJson::object();
    add_facts(object, outcome);
    text += std::exchange(before, ",\n") + text_of(object, -1);
  }
  return text + "\n]}\n";
}

std::string checksum_list_of(const std::vector<Outcome>& outcomes) {
  std::string text;
  for (const Outcome& outcome : outcomes) {
    if (outcome.digest.empty()) continue;
    text += checksum_line(outcome.digest, outcome.target == io::stdout_name ? "-" : outcome.target);
  }
  return text;
}

}  // namespace mrf::fetch
