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
  const bool is_name =
      !receipt.part.empty() && receipt.part[0] != '.' && receipt.part.find('/') == std::string::npos;
  if (!is_name) throw std::invalid_argument("no name of a part");
  return receipt;
}

}  // namespace

std::string landing_text(const Landing& landing) {
  const ReceiptJson json{
      {"start", landing.start}, {"landed", landing.landed}, {"records_in", landing.records_in}};
  return json.dump() + "\n";
}

Landing parse_landing(std::string_view text, const std::string& name) {
  try {
    return landing_of(ReceiptJson::parse(text));
  } catch (const std::exception&) {
    throw base::DataError("read", name, "it does not say where the records of a shard end");
  }
}

std::string receipt_text(const Receipt& receipt) {
  const ReceiptJson records_out = receipt.records_out ? ReceiptJson(*receipt.records_out) : ReceiptJson();
  const ReceiptJson json{{"schema", receipt_schema},
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
