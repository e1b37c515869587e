// SPDX-License-Identifier: MIT
#include "shard/report.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace mrf::shard {

namespace {

using ReportJson = nlohmann::ordered_json;

// null for what is no JSON.
ReportJson parse_report(std::string_view text) {
  const ReportJson report = ReportJson::parse(text, nullptr, false);
  return report.is_object() ? report : ReportJson();
}

std::string text_member(const ReportJson& object, const char* name) {
  const auto member = object.is_object() ? object.find(name) : object.end();
  return member != object.end() && member->is_string() ? member->get<std::string>() : "";
}

double number_member(const ReportJson& object, const char* name) {
  const auto member = object.find(name);
  return member != object.end() && member->is_number() ? member->get<double>() : 0;
}

template <typename Value>
ReportJson json_of(const std::optional<Value>& value) {
  return value ? ReportJson(*value) : ReportJson();
}

// Times and memory of the jobs of one name in all shards.
struct JobSum {
  std::string name;
  double wall_s = 0;
  double user_s = 0;
  double sys_s = 0;
  std::uint64_t max_rss_bytes = 0;
};

class ShardsReport {
 public:
  void add(std::size_t shard, const ShardRecord& record) {
    const ReportJson run = parse_report(record.run_report);
    const std::string busiest = text_member(run, "bottleneck");
    ReportJson entry{{"shard", shard}, {"attempts", record.attempts}};
    if (record.attempts > 1) retried_.push_back(shard);
    if (record.receipt) {
      add_receipt(*record.receipt, entry);
      if (!busiest.empty()) busy_s_[busiest] += record.receipt->seconds;
    } else {
      missing_.push_back(shard);
    }
    entry["bottleneck"] = busiest.empty() ? ReportJson() : ReportJson(busiest);
    shards_.push_back(std::move(entry));
    if (run.contains("jobs")) add_jobs(run["jobs"]);
  }

  ReportJson json() const {
    ReportJson json;
    json["missing"] = missing_;
    json["retried"] = retried_;
    json["slowest"] =
        slowest_ ? ReportJson{{"shard", slowest_->first}, {"seconds", slowest_->second}} : ReportJson();
    const auto most = std::max_element(busy_s_.begin(), busy_s_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    json["bottleneck"] = most == busy_s_.end() ? ReportJson() : ReportJson(most->first);
    json["seconds"] = seconds_;
    json["records_in"] = records_in_;
    json["records_out"] = counts_out_ ? ReportJson(records_out_) : ReportJson();
    json["jobs"] = ReportJson::array();
    for (const JobSum& job : jobs_) {
      json["jobs"].push_back({{"name", job.name},
                              {"wall_s", job.wall_s},
                              {"user_s", job.user_s},
                              {"sys_s", job.sys_s},
                              {"max_rss_bytes", job.max_rss_bytes}});
    }
    json["shards"] = shards_;
    return json;
  }

 private:
  void add_receipt(const Receipt& receipt, ReportJson& entry) {
    entry["host"] = receipt.host;
    entry["started"] = receipt.started;
    entry["seconds"] = receipt.seconds;
    entry["records_in"] = receipt.landing.records_in;
    entry["records_out"] = json_of(receipt.records_out);
    entry["part_size"] = receipt.part_size;
    seconds_ += receipt.seconds;
    records_in_ += receipt.landing.records_in;
    records_out_ += receipt.records_out.value_or(0);
    counts_out_ = counts_out_ && receipt.records_out.has_value();
    if (!slowest_ || receipt.seconds > slowest_->second) slowest_ = {receipt.shard, receipt.seconds};
  }

  void add_jobs(const ReportJson& jobs) {
    for (const auto& job : jobs) {
      const std::string name = text_member(job, "name");
      auto sum =
          std::find_if(jobs_.begin(), jobs_.end(), [&](const JobSum& one) { return one.name == name; });
      if (sum == jobs_.end()) sum = jobs_.insert(jobs_.end(), {name, 0, 0, 0, 0});
      sum->wall_s += number_member(job, "wall_s");
      sum->user_s += number_member(job, "user_s");
      sum->sys_s += number_member(job, "sys_s");
      const auto rss = static_cast<std::uint64_t>(number_member(job, "max_rss_bytes"));
      sum->max_rss_bytes = std::max(sum->max_rss_bytes, rss);
    }
  }

  ReportJson shards_ = ReportJson::array();
  std::vector<std::size_t> missing_;
  std::vector<std::size_t> retried_;
  std::map<std::string, double> busy_s_;  // of the shards whose bottleneck the job is
  std::optional<std::pair<std::uint64_t, double>> slowest_;
  double seconds_ = 0;
  std::uint64_t records_in_ = 0;
  std::uint64_t records_out_ = 0;
  bool counts_out_ = true;
  std::vector<JobSum> jobs_;
};

}  // namespace

std::optional<std::uint64_t> records_written(std::string_view run_report, const std::string& part) {
  const ReportJson report = parse_report(run_report);
  try {
    for (const auto& job : report.at("jobs")) {
      const auto& results = job.at("results");
      if (std::find(results.begin(), results.end(), part) == results.end()) continue;
      for (const auto& tool : job.at("tools")) {
        if (tool.at("records_out").is_number()) return tool.at("records_out").get<std::uint64_t>();
      }
    }
  } catch (const ReportJson::exception&) {
  }
  return std::nullopt;
}

int status_of_run(std::string_view run_report) {
  const ReportJson report = parse_report(run_report);
  const auto status = report.find("status");
  return status != report.end() && status->is_number_integer() ? status->get<int>() : 0;
}

std::string report_with_status(std::string_view run_report, int status) {
  ReportJson report = parse_report(run_report);
  report["status"] = status;
  return report.dump(2, ' ', false, ReportJson::error_handler_t::replace) + "\n";
}

std::string report_text(const Plan& plan, const std::vector<ShardRecord>& shards, const std::string& output,
                        int status) {
  ShardsReport sums;
  for (std::size_t shard = 0; shard < shards.size(); ++shard) sums.add(shard, shards[shard]);
  ReportJson report{{"workflow", "shards"}, {"status", status}, {"input", plan.input.path}};
  report["results"] = status == 0 ? ReportJson::array({output}) : ReportJson::array();
  report.update(sums.json());
  return report.dump(2, ' ', false, ReportJson::error_handler_t::replace) + "\n";
}

}  // namespace mrf::shard
