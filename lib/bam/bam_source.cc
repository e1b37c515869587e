// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "bam/raw_record.h"
#include "bam/stream_source.h"
#include "record/header.h"
#include "sam/header.h"
#include "sam/record.h"

namespace mrf::bam {

namespace {

class BamSource : public StreamSource {
 public:
  BamSource(Input& input, bool permissive, const std::optional<Range>& range)
      : StreamSource(input, permissive, range.has_value()) {
    read_header();
    if (range) go_on_with(input, *range);
  }

  bool pass(Batch& batch, const RawSteps& steps) override {
    each_part(batch, [&](std::string_view part) { pass_part(part, batch, steps); });
    return true;
  }

 protected:
  std::size_t header_size(std::string_view bytes, bool) override {
    const std::size_t size = header_reader_.take(bytes, false);
    return header_reader_.is_over() ? size : npos;
  }
  sam::HeaderPtr parse_header_bytes(std::string_view bytes) override {
    return sam::parse_bam_header(bytes, name_, sam::Lenience(is_permissive() ? &deviations_ : nullptr));
  }

  Whole rest_of(std::string_view begun, std::string_view next) const override {
    if (begun.size() + next.size() < sizeof(std::uint32_t)) return {npos};
    std::string front(begun.substr(0, sam::record_front));
    if (front.size() < sam::record_front) front.append(next.substr(0, sam::record_front - front.size()));
    if (std::string fault = fault_of_begun(front); !fault.empty()) return {npos, std::move(fault)};
    const std::size_t needed = sam::size_of_record(front);
    return {needed <= begun.size() + next.size() ? needed - begun.size() : npos};
  }

  Whole whole(std::string_view bytes) const override {
    std::size_t at = 0;
    while (bytes.size() - at >= sizeof(std::uint32_t)) {
      const std::size_t size = sam::size_of_record(bytes.substr(at));
      if (!sam::is_record_size(size) || bytes.size() - at < size) break;
      at += size;
    }
    return {at, fault_of_begun(bytes.substr(at, sam::record_front))};
  }

  bool ends_with_input() const override { return false; }

  void decode_part(std::string_view part, Batch& batch, const RecordStep& step) override {
    while (!part.empty() && batch.reason.empty()) {
      const std::string_view bytes = part.substr(0, sam::size_of_record(part));
      batch.reason =
          sam::load_record(bytes, *header_, *batch.record,
                           sam::Lenience(is_permissive() ? &batch.deviations : nullptr), batch.tag_check);
      if (!batch.reason.empty()) return;
      ++batch.records_in;
      step(*batch.record);
      part.remove_prefix(bytes.size());
    }
  }

 private:
  // What is wrong with the front of a record, of which not all need be there.
  std::string fault_of_begun(std::string_view front) const {
    if (front.size() < sizeof(std::uint32_t)) return "";
    std::string fault = sam::fault_of_front(front, *header_);
    if (!fault.empty() && front.starts_with("BAM\1")) {
      return "another BAM begins here; samtools-cat(1) puts several into one";
    }
    return fault;
  }

  void pass_part(std::string_view part, Batch& batch, const RawSteps& steps) {
    const char* start = part.data();
    std::size_t count = 0;
    const auto end_span = [&](const char* end) {
      if (count > 0) steps.span({start, end}, count);
      count = 0;
    };
    while (!part.empty() && batch.reason.empty()) {
      const RawRecord record(part.substr(0, sam::size_of_record(part)));
      part.remove_prefix(record.bytes().size());
      const bool unchanged = is_unchanged(record, *header_);
      if (unchanged) ++batch.records_in;
      if (unchanged && (!steps.wanted || steps.wanted(record.flags(), record.mapq()))) {
        ++count;
        continue;
      }
      end_span(record.bytes().data());
      start = part.data();
      if (!unchanged) decode_part(record.bytes(), batch, steps.record);
    }
    end_span(part.data());
  }

  record::HeaderReader header_reader_{record::bam_header(), name_};
};

}  // namespace

std::unique_ptr<Source> make_bam_source(Input& input, bool permissive, const std::optional<Range>& range) {
  return std::make_unique<BamSource>(input, permissive, range);
}

}  // namespace mrf::bam
