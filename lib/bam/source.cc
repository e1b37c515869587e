// SPDX-License-Identifier: MIT
#include "bam/source.h"

#include "base/error.h"
#include "sam/header.h"

namespace mrf::bam {

void Source::replace_header(sam::SharedHeader header) {
  if (const std::string reason = sam::difference(*header_, *header, sam::Names::ignored); !reason.empty()) {
    throw base::DataError("replace the header of", name_, reason);
  }
  header_ = std::move(header);
}

std::unique_ptr<Source> make_source(Input& input, const SourceOptions& options) {
  if (!options.regions.empty() || options.bed) return make_region_source(input, options);
  const bool can_have_range = input.format() == Format::bam && input.compression() == Compression::bgzf &&
                              input.can_be_opened_again();
  if (options.range && !can_have_range)
    throw base::UsageError("use option", "--range", "it goes with one INPUT, a BAM file in BGZF");
  if (input.format() == Format::bam) return make_bam_source(input, options.permissive, options.range);
  if (input.format() == Format::sam) return make_sam_source(input, options.permissive);
  return make_cram_source(input, options);
}

sam::SharedHeader read_header_file(const std::string& path, bool permissive) {
  io::Meter unused;
  Input input(path, unused, false);
  SourceOptions options;
  options.permissive = permissive;
  const std::unique_ptr<Source> source = make_source(input, options);
  if (input.format() == Format::sam && source->header_lines() == 0) {
    throw base::DataError("read", path, "it has no header");
  }
  return source->header();
}

SourceList::SourceList(std::vector<std::string> paths, SourceOptions options, io::Meter& meter)
    : paths_(std::move(paths)), options_(std::move(options)), meter_(meter) {
  if (paths_.empty()) paths_.emplace_back("-");
  open();
  header_ = source_->header();
}

void SourceList::open() {
  source_.reset();
  input_ = std::make_unique<Input>(paths_[at_], meter_, options_.is_text_sam, options_.fetch);
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
    throw base::DataError("join", source_->name(),
                          reason + "; samtools-merge(1) joins inputs whose headers differ");
  }
  return true;
}

}  // namespace mrf::bam
