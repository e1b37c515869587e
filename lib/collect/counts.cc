// SPDX-License-Identifier: MIT
#include "collect/counts.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "io/fd.h"

namespace mrf::collect {

namespace {

using Json = nlohmann::json;

[[noreturn]] void refuse(const std::string& name, const std::string& reason) {
  throw base::DataError("use counts", name, reason);
}

std::uint64_t number_of(const Json& object, const char* key, const std::string& name) {
  const auto value = object.find(key);
  if (value == object.end() || !value->is_number_unsigned())
    refuse(name, fmt::format("it has no number '{}': it is not what mrf-distribute --stats writes", key));
  return value->get<std::uint64_t>();
}

OutputCounts::Output output_of(const Json& one, const std::string& name) {
  if (!one.is_object()) refuse(name, "it is not what mrf-distribute --stats writes");
  const std::string path = one.value("name", Json()).is_string() ? one["name"].get<std::string>() : "?";
  return {path, number_of(one, "records", name)};
}

std::string difference(std::uint64_t expected, std::uint64_t found) {
  return found < expected ? fmt::format("{} lost", expected - found)
                          : fmt::format("{} added", found - expected);
}

}  // namespace

OutputCounts parse_counts(const std::string& text, const std::string& name) {
  const Json object = Json::parse(text, nullptr, false);
  if (text.empty()) refuse(name, "it is empty: mrf-distribute ended before it wrote its counts");
  if (!object.is_object()) refuse(name, "it is not the JSON object that mrf-distribute --stats writes");
  if (object.value("tool", Json()) != "mrf-distribute")
    refuse(name, "it is not what mrf-distribute --stats writes");
  if (const std::uint64_t status = number_of(object, "status", name); status != 0)
    refuse(name, fmt::format("mrf-distribute failed with status {}", status));
  OutputCounts counts;
  counts.records = number_of(object, "records_out", name);
  const auto outputs = object.find("outputs");
  if (outputs == object.end() || !outputs->is_array())
    refuse(name, "it is not what mrf-distribute --stats writes");
  for (const Json& one : *outputs) counts.outputs.push_back(output_of(one, name));
  return counts;
}

void compare_counts(const OutputCounts& expected, const std::vector<io::StreamCount>& inputs,
                    const std::string& name) {
  if (expected.outputs.size() < inputs.size()) {
    refuse(name, fmt::format("it counts {} outputs, but there are {} inputs", expected.outputs.size(),
                             inputs.size()));
  }
  std::uint64_t records = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto& output = expected.outputs[i];
    records += output.records;
    if (inputs[i].records == output.records) continue;
    throw base::DataError(
        "collect", inputs[i].name == "-" ? std::string(io::stdin_name) : inputs[i].name,
        fmt::format("it has {} records where '{}' had {}: {}", inputs[i].records, output.name, output.records,
                    difference(output.records, inputs[i].records)));
  }
  if (records != expected.records) {
    refuse(name, fmt::format("{} of {} records went to outputs that are no input here",
                             expected.records - records, expected.records));
  }
}

}  // namespace mrf::collect
