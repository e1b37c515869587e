// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "bam/encoder.h"
#include "bam/index_builder.h"
#include "codec/field_deflater.h"

namespace mrf::bam {

/// Records in BGZF blocks, with an index if wanted. What does not fill a block waits for the next batch, but
/// not with Cut::as_they_come.
class BlockEncoder : public Encoder {
 public:
  /// How the bytes of the format are cut into blocks: anywhere, or between BAM records, so that the blocks
  /// follow from the bytes alone; or as the batches come, without waiting and copying.
  enum class Cut { anywhere, between_records, as_they_come };

  BlockEncoder(Cut cut, int level, bool index) : cut_(cut), level_(level), indexed_(index) {}
  void begin(sam_hdr_t& header, Output& to) override;
  std::string add(const sam_hdr_t& header, const bam1_t& record, Batch& batch) override;
  void add_raw(std::string_view records, Batch& batch) override;
  void join(Batch& batch) override;
  void pack(Batch& batch) override;
  void deliver(Batch& batch, Output& to) override;
  void end(Output& to) override;
  void break_off(Output& to) override;
  void save_index(const std::string& data, const std::string& path, const std::string& name) override;
  std::string index_extension() const override;

 protected:
  bool is_indexed() const { return indexed_; }
  virtual void append_header(sam_hdr_t& header, sam::Buffer& to) = 0;
  /// Returns an empty string, or why the format cannot hold the record.
  virtual std::string append_record(const bam1_t& record, Batch& batch, sam::Buffer& to) = 0;

 private:
  std::size_t fitting(std::string_view plain, std::size_t room) const;
  std::size_t closed(std::string_view plain) const;
  void deflate(std::string_view plain, Batch& batch) const;
  void deflate_anywhere(std::string_view plain, Batch& batch) const;
  void add_block(std::string_view payload, std::span<const codec::FieldSpan> fields, Batch& batch) const;
  void write_rest(Output& to);

  Cut cut_;
  int level_;
  bool indexed_;
  std::optional<IndexBuilder> index_;
  // Of join(): what the last batch has left for the next one, and which batch that was.
  std::string rest_;
  std::uint64_t rest_of_ = 0;
  std::optional<std::uint64_t> delivered_;  // the batch that was delivered last
};

}  // namespace mrf::bam
