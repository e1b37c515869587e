// SPDX-License-Identifier: MIT
#include "bam/bam_source.h"

#include <cstdint>

#include "bam/raw_record.h"
#include "sam/header.h"
#include "sam/record.h"

namespace mrf::bam {

namespace {

std::size_t size_of_record(std::string_view bytes) {
  std::uint32_t size = 0;
  std::memcpy(&size, bytes.data(), sizeof size);
  return std::size_t{size} + sizeof size;
}

class BamSource : public BlockSource {
 public:
  explicit BamSource(Input& input) : BlockSource(input) { read_header(); }

  bool pass(Batch& batch, const RawSteps& steps) override {
    each_part(batch, [&](std::string_view part) { pass_part(part, batch, steps); });
    return true;
  }

 protected:
  std::size_t header_size(std::string_view bytes, bool) override {
    return bam_header_size(bytes, name_).value_or(npos);
  }

  std::size_t rest_of(std::string_view begun, std::string_view next) const override {
    if (begun.size() + next.size() < 4) return npos;
    std::string size(begun.substr(0, 4));
    size.append(next.substr(0, 4 - size.size()));
    const std::size_t needed = size_of_record(size);
    return needed <= begun.size() + next.size() ? needed - begun.size() : npos;
  }

  std::size_t whole(std::string_view bytes) const override {
    std::size_t at = 0;
    while (bytes.size() - at >= 4) {
      const std::size_t size = size_of_record(bytes.substr(at));
      if (bytes.size() - at < size) break;
      at += size;
    }
    return at;
  }

  bool ends_with_input() const override { return false; }

  void decode_part(std::string_view part, Batch& batch, const RecordStep& step) override {
    while (!part.empty()) {
      const std::string_view bytes = part.substr(0, size_of_record(part));
      if (const char* reason = load_record(bytes, *header_, *batch.record); reason != nullptr) {
        batch.reason = reason;
        return;
      }
      ++batch.records_in;
      step(*batch.record);
      part.remove_prefix(bytes.size());
    }
  }

 private:
  void pass_part(std::string_view part, Batch& batch, const RawSteps& steps) {
    const char* start = part.data();
    std::size_t count = 0;
    const auto end_run = [&](const char* end) {
      if (count > 0) steps.run({start, end}, count);
      count = 0;
    };
    while (!part.empty() && batch.reason.empty()) {
      const RawRecord record(part.substr(0, size_of_record(part)));
      part.remove_prefix(record.bytes().size());
      const bool unchanged = is_unchanged(record, *header_);
      if (unchanged) ++batch.records_in;
      if (unchanged && steps.wanted(record.flags(), record.mapq())) {
        ++count;
        continue;
      }
      end_run(record.bytes().data());
      start = part.data();
      if (!unchanged) decode_part(record.bytes(), batch, steps.record);
    }
    end_run(part.data());
  }
};

}  // namespace

std::unique_ptr<Source> make_bam_source(Input& input) { return std::make_unique<BamSource>(input); }

}  // namespace mrf::bam
