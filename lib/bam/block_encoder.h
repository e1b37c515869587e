// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "bam/encoder.h"
#include "bam/index_builder.h"
#include "codec/turns.h"

namespace mrf::bam {

/// Records in BGZF blocks, with an index if wanted.
class BlockEncoder : public Encoder {
 public:
  BlockEncoder(int level, bool index) : level_(level), indexed_(index) {}
  void begin(sam_hdr_t& header, Output& to) override;
  const char* add(const sam_hdr_t& header, const bam1_t& record, Batch& batch) override;
  void add_raw(std::string_view records, Batch& batch) override;
  void close(Batch& batch) override;
  void give_up(Batch& batch) override;
  void deliver(Batch& batch, Output& to) override;
  void end(Output& to) override;
  void save_index(const std::string& data, const std::string& path) override;
  std::string index_extension() const override;

 protected:
  bool is_indexed() const { return indexed_; }
  virtual void append_header(sam_hdr_t& header, Buffer& to) = 0;
  virtual const char* append_record(const bam1_t& record, Buffer& to) = 0;

 private:
  std::string_view take_rest(Batch& batch);
  void deflate(std::string_view plain, Batch& batch) const;

  int level_;
  bool indexed_;
  std::optional<IndexBuilder> index_;
  Turns turns_;
  std::string rest_;  // read and written in turn
};

}  // namespace mrf::bam
