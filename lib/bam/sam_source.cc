// SPDX-License-Identifier: MIT
#include "bam/sam_source.h"

#include <cstdint>
#include <new>

#include "sam/header.h"
#include "sam/sam_fault.h"

namespace mrf::bam {

namespace {

class SamSource : public BlockSource {
 public:
  explicit SamSource(Input& input) : BlockSource(input) {
    read_header();
    build_dictionary();
  }

  void replace_header(SharedHeader header) override {
    header_ = std::move(header);
    build_dictionary();
  }

 protected:
  std::size_t header_size(std::string_view bytes, bool ended) override {
    std::size_t at = 0;
    header_lines_ = 0;
    while (at < bytes.size() && bytes[at] == '@') {
      const std::size_t end = bytes.find('\n', at);
      if (end == npos) return ended ? bytes.size() : npos;
      at = end + 1;
      ++header_lines_;
    }
    return at < bytes.size() || ended ? at : npos;
  }

  std::size_t rest_of(std::string_view, std::string_view next) const override {
    const std::size_t end = next.find('\n');
    return end == npos ? npos : end + 1;
  }
  std::size_t whole(std::string_view bytes) const override { return bytes.rfind('\n') + 1; }
  bool ends_with_input() const override { return true; }
  std::uint64_t header_lines() const override { return header_lines_; }

  void decode_part(std::string_view part, Batch& batch, const RecordStep& step) override {
    const bool usual = part.find('\0') == npos;
    while (!part.empty()) {
      const std::size_t end = part.find('\n');
      std::string_view line = part.substr(0, end);
      part.remove_prefix(end == npos ? part.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      ++batch.lines;
      if (!(usual && batch.line.parse(line, *header_, *batch.record)) && !decode_line(line, batch)) return;
      ++batch.records_in;
      step(*batch.record);
    }
  }

 private:
  bool decode_line(std::string_view line, Batch& batch) {
    batch.text.l = 0;
    if (kputsn(line.data(), line.size(), &batch.text) < 0) throw std::bad_alloc();
    const bool parsed = sam_parse1(&batch.text, header_.get(), batch.record.get()) >= 0;
    batch.reason = fault_of(line, *header_);
    if (parsed && batch.reason.empty()) return true;
    if (batch.reason.empty()) batch.reason = "the record is malformed";
    batch.bad_line = batch.lines;
    return false;
  }

  // Looking up a name builds it, which must not happen on several threads at once.
  void build_dictionary() { sam_hdr_name2tid(header_.get(), "*"); }

  std::uint64_t header_lines_ = 0;
};

}  // namespace

std::unique_ptr<Source> make_sam_source(Input& input) { return std::make_unique<SamSource>(input); }

}  // namespace mrf::bam
