// SPDX-License-Identifier: MIT
#include "split/picker.h"

#include <fmt/format.h>

#include <utility>

#include "split/key_map.h"

namespace mrf::split {

namespace {

class TurnPicker : public Picker {
 public:
  TurnPicker(std::unique_ptr<Rota> rota, ChunkSize size) : rota_(std::move(rota)), size_(size) {}

  std::optional<std::size_t> pick(std::string_view record) override {
    const bool full = size_.bytes == 0 ? records_ == size_.records : bytes_ + record.size() > size_.bytes;
    if (fresh_ || (full && records_ > 0)) {
      worker_ = rota_->next();
      records_ = bytes_ = 0;
      fresh_ = false;
    }
    ++records_;
    bytes_ += record.size();
    return worker_;
  }

 private:
  std::unique_ptr<Rota> rota_;
  const ChunkSize size_;
  bool fresh_ = true;
  std::size_t worker_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
};

class KeyPicker : public Picker {
 public:
  KeyPicker(const record::KeyForm& key, const record::RecordForm& form, std::size_t ways)
      : key_(key), finder_(record::make_key_finder(key, form)), ways_(ways) {}

  std::optional<std::size_t> pick(std::string_view record) override {
    const auto key = finder_->find(record);
    if (!key) return std::nullopt;
    return record::key_hash(*key) % ways_;
  }
  std::string lack(std::string_view) override { return fmt::format("has no {}", record::describe(key_)); }

 private:
  const record::KeyForm key_;
  std::unique_ptr<record::KeyFinder> finder_;
  const std::size_t ways_;
};

class MapPicker : public Picker {
 public:
  MapPicker(const record::KeyForm& key, const record::RecordForm& form, std::size_t ways,
            const std::string& path, io::Meter& meter)
      : key_(key), finder_(record::make_key_finder(key, form)), map_(path, ways, meter), path_(path) {}

  std::optional<std::size_t> pick(std::string_view record) override {
    const auto key = finder_->find(record);
    return key ? map_.find(*key) : std::nullopt;
  }
  std::string lack(std::string_view record) override {
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

std::unique_ptr<Picker> make_turn_picker(std::unique_ptr<Rota> rota, ChunkSize size) {
  return std::make_unique<TurnPicker>(std::move(rota), size);
}

std::unique_ptr<Picker> make_key_picker(const record::KeyForm& key, const record::RecordForm& form,
                                        std::size_t ways, const std::string& map_path, io::Meter& meter) {
  if (map_path.empty()) return std::make_unique<KeyPicker>(key, form, ways);
  return std::make_unique<MapPicker>(key, form, ways, map_path, meter);
}

}  // namespace mrf::split
