// SPDX-License-Identifier: MIT
#include <array>
#include <charconv>

#include "record/bam_aux.h"
#include "record/key_finders.h"

namespace mrf::record {

namespace {

class BamTagFinder : public KeyFinder {
 public:
  explicit BamTagFinder(const KeyForm& key) : tag_(key.text), length_(key.length) {}

  std::optional<std::string_view> find(std::string_view record) override {
    AuxFields fields(record);
    while (const auto field = fields.next()) {
      if (field->tag == tag_) return text_of(*field);
    }
    return std::nullopt;
  }

 private:
  std::optional<std::string_view> text_of(const AuxField& field) {
    if (field.type == 'A') return field.value;
    if (field.type == 'Z' || field.type == 'H')
      return field.value.substr(0, field.value.size() - 1).substr(0, length_);
    if (const auto number = integer_of(field)) return decimal(*number);
    return std::nullopt;
  }

  std::string_view decimal(std::int64_t number) {
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr;
    return std::string_view(digits_.data(), static_cast<std::size_t>(end - digits_.data()))
        .substr(0, length_);
  }

  const std::string tag_;
  const std::size_t length_;
  std::array<char, 16> digits_{};
};

}  // namespace

std::unique_ptr<KeyFinder> make_bam_tag_finder(const KeyForm& key) {
  return std::make_unique<BamTagFinder>(key);
}

}  // namespace mrf::record
