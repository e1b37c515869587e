// SPDX-License-Identifier: MIT
#include "shard/plan.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <functional>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"
#include "base/shell_words.h"

namespace mrf::shard {

namespace {

using Json = nlohmann::ordered_json;
constexpr std::string_view plan_schema = "mrf-shard-plan-2";  // its number is another for each form
constexpr std::string_view all_plan_schemas = "mrf-shard-plan-";

constexpr std::array<std::string_view, 3> storage_names{"plain", "bgzf", "cram"};  // of Storage, in order

std::string_view name_of(Storage storage) { return storage_names.at(static_cast<std::size_t>(storage)); }

Storage storage_of(const std::string& name) {
  const auto found = std::find(storage_names.begin(), storage_names.end(), name);
  if (found == storage_names.end()) throw std::invalid_argument("another storage");
  return static_cast<Storage>(found - storage_names.begin());
}

InputState input_of(const Json& json) {
  InputState input;
  input.path = json.at("path");
  input.size = json.at("size");
  input.mtime = json.at("mtime");
  input.header_digest = json.at("header_digest");
  input.storage = storage_of(json.at("storage"));
  return input;
}

Json json_of(const InputState& input) {
  return {{"path", input.path},
          {"size", input.size},
          {"mtime", input.mtime},
          {"storage", name_of(input.storage)},
          {"header_digest", input.header_digest}};
}

std::vector<Position> cuts_of(const Json& json) {
  auto cuts = json.get<std::vector<Position>>();
  const bool is_rising = std::adjacent_find(cuts.begin(), cuts.end(), std::greater_equal<>()) == cuts.end();
  const bool is_empty = cuts.size() == 2 && cuts[0] == cuts[1];
  if (cuts.size() < 2 || !(is_rising || is_empty)) throw std::invalid_argument("cuts out of order");
  return cuts;
}

Plan plan_of(const Json& json) {
  Plan plan;
  if (json.at("schema") != plan_schema) throw std::invalid_argument("another schema");
  plan.directory = json.at("directory");
  plan.arguments = json.at("arguments").get<std::vector<std::string>>();
  plan.wanted = json.at("shards");
  plan.id = json.at("id");
  plan.writes_index = json.at("write_index");
  plan.input = input_of(json.at("input"));
  plan.cuts = cuts_of(json.at("cuts"));
  if (const auto mate = json.find("mate"); mate != json.end()) {
    plan.mate = input_of(mate->at("input"));
    plan.mate_cuts = cuts_of(mate->at("cuts"));
    if (plan.mate_cuts.size() != plan.cuts.size()) throw std::invalid_argument("cuts not in step");
  }
  return plan;
}

// From the first word that differs to the last one, with the option whose value it may be.
std::string different_words(const std::vector<std::string>& planned, const std::vector<std::string>& given) {
  const std::size_t shorter = std::min(planned.size(), given.size());
  std::size_t front = 0;
  while (front < shorter && planned[front] == given[front]) ++front;
  std::size_t back = 0;
  while (back < shorter - front && planned[planned.size() - 1 - back] == given[given.size() - 1 - back])
    ++back;
  if (front > 0 && planned[front - 1].starts_with('-')) --front;
  const auto text = [&](const std::vector<std::string>& words) {
    constexpr std::size_t most_words = 4;
    const std::size_t end = words.size() - back;
    if (front >= end) return std::string("without");
    const std::size_t shown = std::min(end - front, most_words);
    const auto first = words.begin() + static_cast<std::ptrdiff_t>(front);
    const std::vector<std::string> some(first, first + static_cast<std::ptrdiff_t>(shown));
    return fmt::format("with {}{}", base::quote_shell_words(some), shown < end - front ? " ..." : "");
  };
  const std::string planned_text = text(planned);
  std::string given_text = text(given);
  if (given_text == "without") given_text += " it";
  return fmt::format("planned {}; this is {}",
                     planned_text == "without" ? planned_text + " what follows" : planned_text, given_text);
}

}  // namespace

std::string plan_text(const Plan& plan) {
  Json json{{"schema", plan_schema},        {"id", plan.id},         {"directory", plan.directory},
            {"arguments", plan.arguments},  {"shards", plan.wanted}, {"write_index", plan.writes_index},
            {"input", json_of(plan.input)}, {"cuts", plan.cuts}};
  if (plan.mate) json["mate"] = {{"input", json_of(*plan.mate)}, {"cuts", plan.mate_cuts}};
  try {
    return json.dump(2) + "\n";
  } catch (const Json::exception&) {
    throw base::UsageError("use option", "--shards",
                           "the plan of shards is UTF-8, and a word of the command or a path is not");
  }
}

Plan parse_plan(std::string_view text, const std::string& name) {
  try {
    return plan_of(Json::parse(text));
  } catch (const std::exception&) {
    if (is_plan_of_other_version(text))
      throw base::DataError("read", name, "another version of mrf-run made it; plan the shards again");
    throw base::DataError(
        "read", name, "it is not a plan of shards, or is damaged; name another directory with --shard-dir");
  }
}

bool is_plan_of_other_version(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  const auto schema = json.is_object() ? json.find("schema") : json.end();
  return json.is_object() && schema != json.end() && schema->is_string() && *schema != plan_schema &&
         schema->get<std::string>().starts_with(all_plan_schemas);
}

std::string new_plan_id() {
  std::array<std::uint64_t, 2> number{};
  if (::getrandom(number.data(), sizeof number, 0) != static_cast<ssize_t>(sizeof number))
    throw base::SystemError("make", "a random number");
  return fmt::format("{:016x}{:016x}", number[0], number[1]);
}

Plan plan_of_mate(const Plan& plan) {
  Plan mate = plan;
  mate.input = plan.mate.value();
  mate.cuts = plan.mate_cuts;
  return mate;
}

std::string difference(const Plan& plan, const Plan& wanted) {
  if (plan.arguments != wanted.arguments)
    return "it holds the shards of another command, " + different_words(plan.arguments, wanted.arguments);
  if (plan.directory != wanted.directory)
    return fmt::format("it holds the shards of another command, planned in '{}'", plan.directory);
  if (plan.wanted != wanted.wanted)
    return fmt::format("it holds a plan for --shards {}, not {}", plan.wanted, wanted.wanted);
  if (!(plan.input == wanted.input))
    return fmt::format("the input '{}' has changed since its shards were planned", plan.input.path);
  if (plan.mate != wanted.mate)
    return fmt::format("the input '{}' has changed since its shards were planned",
                       plan.mate.value_or(InputState{}).path);
  return "";
}

std::vector<std::string> words_of_command(const std::vector<base::CommandPiece>& pieces) {
  constexpr std::array left_out{"--shards",          "--engine",  "--engine-args", "--shard-dir",
                                "--retries",         "--report",  "--shard-run",   "--shard-read",
                                "--shard-landing",   "--stats",   "--shard-plan",  "--print-sbatch",
                                "--print-snakefile", "--detach",  "--shard-mate",  "--shard-status",
                                "--shard-join",      "--verbose", "--quiet",       "--progress",
                                "--write-index"};
  std::vector<std::string> words;
  for (const auto& piece : pieces) {
    if (std::find(left_out.begin(), left_out.end(), piece.option) == left_out.end())
      words.insert(words.end(), piece.words.begin(), piece.words.end());
  }
  return words;
}

std::vector<std::uint64_t> targets(std::uint64_t first, std::uint64_t size, std::uint64_t shards) {
  std::vector<std::uint64_t> places;
  const std::uint64_t whole = size / shards;
  const std::uint64_t rest = size % shards;
  for (std::uint64_t at = 1; at < shards; ++at) {
    const std::uint64_t place = first + whole * at + rest * at / shards;
    if (place > (places.empty() ? first : places.back())) places.push_back(place);
  }
  return places;
}

}  // namespace mrf::shard
