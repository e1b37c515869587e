// SPDX-License-Identifier: MIT
#include "split/partitioner.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <deque>
#include <utility>
#include <vector>

#include "base/error.h"
#include "io/reader.h"
#include "record/key.h"

namespace mrf::split {

namespace {

class RoundRobinScheduler : public Scheduler {
 public:
  explicit RoundRobinScheduler(std::size_t workers) : workers_(workers) {}
  std::size_t next() override {
    const std::size_t mine = next_;
    next_ = (next_ + 1) % workers_;
    return mine;
  }

 private:
  const std::size_t workers_;
  std::size_t next_ = 0;
};

// Workers that can take no chunk are asked again when one of their outputs can take more.
class BalancedScheduler : public Scheduler {
 public:
  BalancedScheduler(Outputs& outputs, std::size_t workers, std::size_t width)
      : outputs_(outputs), width_(width), is_candidate_(workers, true) {
    for (std::size_t worker = 0; worker < workers; ++worker) candidates_.push_back(worker);
  }

  std::size_t next() override {
    for (;;) {
      for (const std::size_t output : outputs_.take_freed()) add(output / width_);
      while (!candidates_.empty()) {
        const std::size_t worker = candidates_.front();
        candidates_.pop_front();
        is_candidate_[worker] = false;
        if (!can_take(worker)) continue;
        add(worker);
        return worker;
      }
      outputs_.wait_for_change();
    }
  }

 private:
  void add(std::size_t worker) {
    if (is_candidate_[worker]) return;
    is_candidate_[worker] = true;
    candidates_.push_back(worker);
  }

  bool can_take(std::size_t worker) {
    for (std::size_t i = 0; i < width_; ++i) {
      if (!outputs_.can_take(worker * width_ + i)) return false;
    }
    return true;
  }

  Outputs& outputs_;
  const std::size_t width_;
  std::deque<std::size_t> candidates_;
  std::vector<char> is_candidate_;
};

class ChunkPartitioner : public Partitioner {
 public:
  ChunkPartitioner(std::unique_ptr<Scheduler> scheduler, ChunkSize size)
      : scheduler_(std::move(scheduler)), size_(size) {}

  std::optional<std::size_t> partition(std::string_view record) override {
    const bool full = size_.bytes == 0 ? records_ == size_.records : bytes_ + record.size() > size_.bytes;
    if (fresh_ || (full && records_ > 0)) {
      worker_ = scheduler_->next();
      records_ = bytes_ = 0;
      fresh_ = false;
    }
    ++records_;
    bytes_ += record.size();
    return worker_;
  }

 private:
  std::unique_ptr<Scheduler> scheduler_;
  const ChunkSize size_;
  bool fresh_ = true;
  std::size_t worker_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
};

class KeyPartitioner : public Partitioner {
 public:
  KeyPartitioner(const record::KeyForm& key, const record::RecordForm& form, std::size_t workers)
      : key_(key), finder_(record::make_key_finder(key, form)), workers_(workers) {}

  std::optional<std::size_t> partition(std::string_view record) override {
    const auto key = finder_->find(record);
    if (!key) return std::nullopt;
    return record::key_hash(*key) % workers_;
  }
  std::string why_none(std::string_view) override { return fmt::format("has no {}", record::describe(key_)); }

 private:
  const record::KeyForm key_;
  std::unique_ptr<record::KeyFinder> finder_;
  const std::size_t workers_;
};

class MapPartitioner : public Partitioner {
 public:
  MapPartitioner(const record::KeyForm& key, const record::RecordForm& form, std::size_t workers,
                 const std::string& path, io::Meter& meter)
      : key_(key), finder_(record::make_key_finder(key, form)), map_(path, workers, meter), path_(path) {}

  std::optional<std::size_t> partition(std::string_view record) override {
    const auto key = finder_->find(record);
    return key ? map_.find(*key) : std::nullopt;
  }
  std::string why_none(std::string_view record) override {
    const auto key = finder_->find(record);
    if (!key) return fmt::format("has no {}", record::describe(key_));
    return fmt::format("has key '{}', which is not in '{}'", key->substr(0, longest_name), path_);
  }

 private:
  const record::KeyForm key_;
  std::unique_ptr<record::KeyFinder> finder_;
  const KeyMap map_;
  const std::string path_;
};

}  // namespace

std::size_t KeyMap::Hash::operator()(std::string_view key) const {
  return static_cast<std::size_t>(record::key_hash(key));
}

KeyMap::KeyMap(const std::string& path, std::size_t outputs, io::Meter& meter) {
  io::Reader reader(io::open_input(path), meter);
  do {
    text_ += reader.view();
    reader.consume(reader.view().size());
  } while (reader.more());
  std::string_view rest = text_;
  for (std::uint64_t number = 1; !rest.empty(); ++number) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    try {
      add(line, outputs);
    } catch (const std::runtime_error& error) {
      throw base::DataError("read", reader.name(), fmt::format("line {} {}", number, error.what()));
    }
  }
}

void KeyMap::add(std::string_view line, std::size_t outputs) {
  const auto tab = line.find('\t');
  std::uint32_t index = 0;
  const char* const end = line.data() + line.size();
  if (tab == std::string_view::npos) throw std::runtime_error("is not a key, a tab and an output's index");
  const auto [stop, code] = std::from_chars(line.data() + tab + 1, end, index);
  if (code == std::errc::invalid_argument || stop != end) {
    throw std::runtime_error("is not a key, a tab and an output's index");
  }
  if (code != std::errc() || index >= outputs) {
    throw std::runtime_error(
        fmt::format("names output {}, the last one is {}", line.substr(tab + 1, longest_name), outputs - 1));
  }
  if (!outputs_.emplace(line.substr(0, tab), index).second) {
    throw std::runtime_error(
        fmt::format("has key '{}' for the second time", line.substr(0, std::min(tab, longest_name))));
  }
}

std::optional<std::size_t> KeyMap::find(std::string_view key) const {
  const auto found = outputs_.find(key);
  if (found == outputs_.end()) return std::nullopt;
  return found->second;
}

std::unique_ptr<Scheduler> make_round_robin(std::size_t workers) {
  return std::make_unique<RoundRobinScheduler>(workers);
}

std::unique_ptr<Scheduler> make_balance(Outputs& outputs, std::size_t workers, std::size_t width) {
  return std::make_unique<BalancedScheduler>(outputs, workers, width);
}

std::unique_ptr<Partitioner> make_chunk_partitioner(std::unique_ptr<Scheduler> scheduler, ChunkSize size) {
  return std::make_unique<ChunkPartitioner>(std::move(scheduler), size);
}

std::unique_ptr<Partitioner> make_key_partitioner(const record::KeyForm& key, const record::RecordForm& form,
                                                  std::size_t workers, const std::string& map_path,
                                                  io::Meter& meter) {
  if (map_path.empty()) return std::make_unique<KeyPartitioner>(key, form, workers);
  return std::make_unique<MapPartitioner>(key, form, workers, map_path, meter);
}

}  // namespace mrf::split
