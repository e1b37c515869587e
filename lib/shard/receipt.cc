// SPDX-License-Identifier: MIT
#include "shard/receipt.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "base/error.h"

namespace mrf::shard {

namespace {

using ReceiptJson = nlohmann::ordered_json;
constexpr const char* receipt_schema = "mrf-shard-receipt-1";

Landing landing_of(const ReceiptJson& json) {
  Landing landing;
  landing.start = json.at("start");
  landing.landed = json.at("landed");
  landing.records_in = json.at("records_in");
  return landing;
}

void check_name(const std::string& part) {
  if (part.empty() || part[0] == '.' || part.find('/') != std::string::npos)
    throw std::invalid_argument("no name of a part");
}

ReceiptJson json_of(const Landing& landing) {
  return {{"start", landing.start}, {"landed", landing.landed}, {"records_in", landing.records_in}};
}

Receipt receipt_of(const ReceiptJson& json) {
  Receipt receipt;
  if (json.at("schema") != receipt_schema) throw std::invalid_argument("another schema");
  receipt.plan = json.at("plan");
  receipt.shard = json.at("shard");
  receipt.landing = landing_of(json);
  if (const auto& records = json.at("records_out"); !records.is_null())
    receipt.records_out = records.get<std::uint64_t>();
  receipt.part = json.at("part");
  receipt.part_size = json.at("part_size");
  receipt.part_digest = json.at("part_digest");
  receipt.host = json.at("host");
  receipt.started = json.at("started");
  receipt.seconds = json.at("seconds");
  check_name(receipt.part);
  if (const auto files = json.find("files"); files != json.end()) {
    for (const auto& file : *files) receipt.files.push_back({file.at("word"), file.at("state")});
  }
  if (const auto mate = json.find("mate"); mate != json.end()) {
    receipt.mate = landing_of(*mate);
    if (mate->contains("part")) {
      receipt.mate_part = mate->at("part");
      receipt.mate_part_size = mate->at("part_size");
      receipt.mate_part_digest = mate->at("part_digest");
      check_name(receipt.mate_part);
    }
  }
  return receipt;
}

}  // namespace

Receipt receipt_of_mate(const Receipt& receipt) {
  Receipt mate = receipt;
  mate.landing = receipt.mate.value();
  mate.part = receipt.mate_part;
  mate.part_size = receipt.mate_part_size;
  mate.part_digest = receipt.mate_part_digest;
  return mate;
}

std::string landing_text(const Landing& landing) { return json_of(landing).dump() + "\n"; }

Landing parse_landing(std::string_view text, const std::string& name) {
  try {
    return landing_of(ReceiptJson::parse(text));
  } catch (const std::exception&) {
    throw base::DataError("read", name, "it does not say where the records of a shard end");
  }
}

std::string receipt_text(const Receipt& receipt) {
  const ReceiptJson records_out = receipt.records_out ? ReceiptJson(*receipt.records_out) : ReceiptJson();
  ReceiptJson json{{"schema", receipt_schema},
                   {"plan", receipt.plan},
                   {"shard", receipt.shard},
                   {"start", receipt.landing.start},
                   {"landed", receipt.landing.landed},
                   {"records_in", receipt.landing.records_in},
                   {"records_out", records_out},
                   {"part", receipt.part},
                   {"part_size", receipt.part_size},
                   {"part_digest", receipt.part_digest},
                   {"host", receipt.host},
                   {"started", receipt.started},
                   {"seconds", receipt.seconds}};
  for (const CommandFile& file : receipt.files)
    json["files"].push_back({{"word", file.word}, {"state", file.state}});
  if (receipt.mate) {
    json["mate"] = json_of(*receipt.mate);
    if (!receipt.mate_part.empty()) {
      json["mate"]["part"] = receipt.mate_part;
      json["mate"]["part_size"] = receipt.mate_part_size;
      json["mate"]["part_digest"] = receipt.mate_part_digest;
    }
  }
  return json.dump(2, ' ', false, ReceiptJson::error_handler_t::replace) + "\n";
}

Receipt parse_receipt(std::string_view text, const std::string& name) {
  try {
    return receipt_of(ReceiptJson::parse(text));
  } catch (const std::exception&) {
    throw base::DataError("read", name,
                          "it is not a receipt of a shard; remove it, and the shard is run again");
  }
}

}  // namespace mrf::shard
