// SPDX-License-Identifier: MIT
#include "bam/source_list.h"

#include "base/error.h"
#include "sam/header.h"

namespace mrf::bam {

SourceList::SourceList(std::vector<std::string> paths, SourceOptions options, io::Meter& meter)
    : paths_(std::move(paths)), options_(std::move(options)), meter_(meter) {
  if (paths_.empty()) paths_.emplace_back("-");
  open();
  header_ = source_->header();
}

void SourceList::open() {
  source_.reset();
  input_ = std::make_unique<Input>(paths_[at_], meter_, options_.is_text_sam);
  source_ = make_source(*input_, options_);
}

void SourceList::replace_header(sam::SharedHeader header) {
  source_->replace_header(header);
  header_ = std::move(header);
}

bool SourceList::next() {
  if (at_ + 1 == paths_.size()) return false;
  ++at_;
  open();
  if (const std::string reason = sam::difference(*header_, *source_->header(), sam::Names::compared);
      !reason.empty()) {
    throw base::DataError("join", source_->name(), reason);
  }
  return true;
}

}  // namespace mrf::bam
