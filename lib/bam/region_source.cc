// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bam/cram_regions.h"
#include "bam/hts_source.h"
#include "bam/intervals.h"
#include "base/error.h"
#include "base/redact.h"
#include "io/index_file.h"
#include "sam/hts.h"

namespace mrf::bam {

namespace {

class RegionSource : public HtsSource {
 public:
  RegionSource(Input& input, const SourceOptions& options) {
    if (!input.can_seek()) {
      throw base::Error(base::Status::failure, "read regions of", input.name(),
                        "only a file with an index has regions");
    }
    const bool is_cram = input.format() == Format::cram;
    open_with_htslib(input, input.release(), is_cram ? serial(options) : options);
    ends_well_ = hts_check_EOF(file_.get()) != 0;
    set_intervals(options);
    index_.reset(load_index(input));
    const io::IndexOf kind = is_cram ? io::IndexOf::cram : io::IndexOf::bam;
    if (!index_) refuse_index(input.path(), kind);
    if (!base::is_url(input.path())) io::warn_of_old_index(input.path(), kind);
    if (is_cram) {
      cram_regions_.emplace(*file_, *index_, intervals_);
    } else if (std::vector<std::string> texts = region_texts(options); !texts.empty()) {
      std::vector<char*> words;
      words.reserve(texts.size());
      for (auto& text : texts) words.push_back(text.data());
      records_.reset(
          sam_itr_regarray(index_.get(), header_.get(), words.data(), static_cast<unsigned>(words.size())));
      if (!records_) throw base::DataError("read regions of", name_, "the index does not fit");
    }
  }

  const char* what_is_missing() const override {
    return ends_well_ ? nullptr : "truncated: the end-of-file block is missing";
  }

 protected:
  int read(bam1_t& record) override {
    int result = 0;
    do result = read_overlapping(record);
    while (result >= 0 && rule_ == RegionRule::starts && !intervals_.has(record, rule_));
    return result;
  }
  std::string reason() override { return "malformed or truncated, or the index is of another file"; }

 private:
  // htslib would leave a copy of the index of a CRAM on a server in the working directory.
  hts_idx_t* load_index(const Input& input) {
    const std::string& path = input.path();
    if (input.format() != Format::cram || !base::is_url(path)) {
      return sam_index_load3(file_.get(), path.c_str(), nullptr, HTS_IDX_SILENT_FAIL);
    }
    std::string index = path;
    index.insert(std::min(path.find_first_of("?#"), path.size()), ".crai");
    return sam_index_load3(file_.get(), path.c_str(), index.c_str(), HTS_IDX_SILENT_FAIL);
  }

  [[noreturn]] void refuse_index(const std::string& path, io::IndexOf kind) const {
    const std::string index = base::is_url(path) ? "" : io::index_beside(path, kind);
    throw base::Error(
        base::Status::failure, "read regions of", name_,
        index.empty()
            ? "it has no index; see samtools-index(1)"
            : fmt::format("its index '{}' is cut off, or is none: samtools-index(1) makes it again", index));
  }

  // With threads, htslib takes a malformed container header for the end of a region.
  static SourceOptions serial(SourceOptions options) {
    options.threads = 0;
    return options;
  }

  int read_overlapping(bam1_t& record) {
    if (cram_regions_) return cram_regions_->read(record);
    constexpr int end = -1;  // as sam_itr_next() says it
    return records_ ? sam_itr_next(file_.get(), records_.get(), &record) : end;
  }

  void set_intervals(const SourceOptions& options) {
    std::vector<Interval> intervals;
    for (const auto& region : options.regions) intervals.push_back(parse(region));
    if (options.regions.empty()) intervals = options.bed->intervals(*header_);
    intervals_ = IntervalSet(std::move(intervals));
    rule_ = options.rule;
  }

  // Regions of texts stay as they are. One of a BED file may be empty, which a text cannot say.
  std::vector<std::string> region_texts(const SourceOptions& options) const {
    if (!options.regions.empty()) return options.regions;
    std::vector<std::string> texts;
    for (const Interval& interval : intervals_.intervals()) {
      texts.push_back(fmt::format("{{{}}}:{}-{}", header_->target_name[interval.reference],
                                  interval.begin + 1, std::max(interval.end, interval.begin + 1)));
    }
    return texts;
  }

  // "*" and "." are htslib's names for the unmapped and for all.
  Interval parse(const std::string& region) {
    if (region == "*") return {HTS_IDX_NOCOOR};
    if (region == ".") return {HTS_IDX_START};
    Interval parsed;
    const char* rest =
        sam_parse_region(header_.get(), region.c_str(), &parsed.reference, &parsed.begin, &parsed.end, 0);
    if (rest == nullptr || *rest != '\0') throw base::UsageError("use region", region, fault_of(region));
    return parsed;
  }

  bool is_reference(const std::string& name) { return sam_hdr_name2tid(header_.get(), name.c_str()) >= 0; }

  std::string fault_of(const std::string& region) {
    const std::size_t colon = region.rfind(':');
    if (colon == std::string::npos) return not_in_header;
    const bool braced = region.starts_with('{') && region[colon - 1] == '}';
    const std::string name = braced ? region.substr(1, colon - 2) : region.substr(0, colon);
    if (!is_reference(name)) return not_in_header;
    if (!is_reference(region)) return "the part of the reference is not of the form FROM-TO";
    return fmt::format("it is ambiguous: write '{{{}}}' or '{{{}}}{}'", region, name, region.substr(colon));
  }

  static constexpr const char* not_in_header = "not in the header of the input";

  struct IndexDeleter {
    void operator()(hts_idx_t* index) const { hts_idx_destroy(index); }
    void operator()(hts_itr_t* records) const { hts_itr_destroy(records); }
  };

  std::unique_ptr<hts_idx_t, IndexDeleter> index_;
  std::unique_ptr<hts_itr_t, IndexDeleter> records_;  // of a BAM
  std::optional<CramRegions> cram_regions_;
  IntervalSet intervals_{{}};
  RegionRule rule_ = RegionRule::overlaps;
  bool ends_well_ = true;
};

}  // namespace

std::unique_ptr<Source> make_region_source(Input& input, const SourceOptions& options) {
  return std::make_unique<RegionSource>(input, options);
}

}  // namespace mrf::bam
