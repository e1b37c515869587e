// SPDX-License-Identifier: MIT
#include <cerrno>
#include <cstdint>
#include <new>

#include "bam/stream_source.h"
#include "record/header.h"
#include "sam/header.h"
#include "sam/sam_fault.h"

namespace mrf::bam {

namespace {

class SamSource : public StreamSource {
 public:
  SamSource(Input& input, bool permissive) : StreamSource(input, permissive) {
    read_header();
    build_dictionary();
  }

  void replace_header(sam::SharedHeader header) override {
    header_ = std::move(header);
    build_dictionary();
  }

 protected:
  std::size_t header_size(std::string_view bytes, bool ended) override {
    header_end_ += header_reader_.take(bytes.substr(header_end_), ended);
    return header_reader_.is_over() ? header_end_ : npos;
  }
  sam::HeaderPtr parse_header_bytes(std::string_view bytes) override {
    return sam::parse_sam_header(bytes, name_, sam::Lenience(is_permissive() ? &deviations_ : nullptr));
  }

  Whole rest_of(std::string_view, std::string_view next) const override {
    const std::size_t end = next.find('\n');
    return {end == npos ? npos : end + 1};
  }
  Whole whole(std::string_view bytes) const override { return {bytes.rfind('\n') + 1}; }
  bool ends_with_input() const override { return true; }
  std::uint64_t header_lines() const override { return header_reader_.lines(); }

  void decode_part(std::string_view part, Batch& batch, const RecordStep& step) override {
    const bool usual = part.find('\0') == npos;
    while (!part.empty()) {
      const std::size_t end = part.find('\n');
      std::string_view line = part.substr(0, end);
      part.remove_prefix(end == npos ? part.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      ++batch.lines;
      const bool easy = usual && end != npos && batch.line.parse(line, *header_, *batch.record);
      if (!easy && !decode_line(line, end != npos, batch)) return;
      ++batch.records_in;
      step(*batch.record);
      if (!batch.reason.empty()) return;
    }
  }

 private:
  bool decode_line(std::string_view line, bool has_end, Batch& batch) {
    const sam::Lenience lenience(is_permissive() ? &batch.deviations : nullptr);
    batch.reason = has_end || lenience.takes(sam::Deviation::last_line)
                       ? sam::fault_of(line, *header_, lenience)
                       : "the line has no newline, as if the input were cut off; --permissive takes it";
    if (batch.reason.empty() && !sam::parse_unusual(line, *header_, batch.text, *batch.record)) {
      batch.reason = "the record is malformed";
    }
    if (batch.reason.empty()) return true;
    batch.bad_line = batch.lines;
    return false;
  }

  // Looking up a name builds it, which must not happen on several threads at once.
  void build_dictionary() { sam_hdr_name2tid(header_.get(), "*"); }

  record::HeaderReader header_reader_{record::sam_header(), name_};
  std::size_t header_end_ = 0;  // of the whole header lines that have been seen
};

}  // namespace

std::unique_ptr<Source> make_sam_source(Input& input, bool permissive) {
  return std::make_unique<SamSource>(input, permissive);
}

}  // namespace mrf::bam
