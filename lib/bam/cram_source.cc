// SPDX-License-Identifier: MIT
#include "bam/cram_source.h"

#include <memory>

#include "bam/hts_source.h"
#include "bam/tail_watch.h"

namespace mrf::bam {

namespace {

// The containers that end a file (CRAM specification, section 9), of version 3 and of version 2.1.
constexpr std::string_view eof_3{
    "\x0f\0\0\0\xff\xff\xff\xff\x0f\xe0\x45\x4f\x46\0\0\0\0\1\0\x05\xbd\xd9\x4f\0\1\0\6\6\1\0\1\0\1\0\xee\x63"
    "\1\x4b",
    38};
constexpr std::string_view eof_2{
    "\x0b\0\0\0\xff\xff\xff\xff\x0f\xe0\x45\x4f\x46\0\0\0\0\1\0\0\1\0\6\6\1\0\1\0\1\0", 30};

class CramSource : public HtsSource {
 public:
  CramSource(Input& input, const SourceOptions& options) : input_(input) {
    if (!input.can_seek()) {
      tail_ = std::make_unique<TailWatch>(input.release(), input.name());
      input.replace(tail_->take_reader());
    }
    open(input, options);
    if (!tail_) ends_well_ = hts_check_EOF(file_.get()) != 0;
  }
  ~CramSource() override { file_.reset(); }

  const char* what_is_missing() const override {
    const bool whole = tail_ ? tail_->ended_with(eof_3) || tail_->ended_with(eof_2) : ends_well_;
    return whole ? nullptr : "truncated: the CRAM end-of-file container is missing";
  }

 protected:
  int read(bam1_t& record) override {
    const int result = sam_read1(file_.get(), header_.get(), &record);
    if (result < 0) input_.count(stored_bytes());
    return result;
  }
  const char* reason() const override { return "malformed or truncated CRAM, or its reference is missing"; }

 private:
  Input& input_;
  std::unique_ptr<TailWatch> tail_;
  bool ends_well_ = true;
};

}  // namespace

std::unique_ptr<Source> make_cram_source(Input& input, const SourceOptions& options) {
  return std::make_unique<CramSource>(input, options);
}

}  // namespace mrf::bam
