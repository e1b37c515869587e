// SPDX-License-Identifier: MIT
#include "fetch/part_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace mrf::fetch {

namespace {

using OrderedJson = nlohmann::ordered_json;

bool is_run(const OrderedJson& run) {
  return run.is_array() && run.size() == 2 && run[0].is_number_unsigned() && run[1].is_number_unsigned();
}

}  // namespace

std::string record_text(const http::ObjectVersion& version, const std::vector<ByteRange>& runs) {
  OrderedJson done = OrderedJson::array();
  for (const auto& [begin, end] : runs) done.push_back({begin, end});
  const OrderedJson record{
      {"etag", version.etag.value()}, {"size", version.total.value()}, {"done", std::move(done)}};
  return record.dump(-1, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

std::vector<ByteRange> runs_of_record(const std::string& text, const http::ObjectVersion& version,
                                      std::uint64_t there) {
  const OrderedJson record = OrderedJson::parse(text, nullptr, false);
  if (record.is_discarded() || !version.etag || !version.total) return {};
  try {
    if (record.at("etag") != *version.etag || record.at("size") != *version.total) return {};
    std::vector<ByteRange> runs;
    std::uint64_t least = 0;
    for (const auto& run : record.at("done")) {
      if (!is_run(run)) return {};
      const auto range = run.get<ByteRange>();
      const bool in_place = least <= range.first && range.first < range.second;
      if (!in_place || range.second > std::min(there, *version.total)) return {};
      least = range.second;
      runs.push_back(range);
    }
    return runs;
  } catch (const OrderedJson::exception&) {
    return {};
  }
}

}  // namespace mrf::fetch
