// SPDX-License-Identifier: MIT
// Cuts of a file whose records are known: what the search for cuts answers, and what the proof says of it.
#pragma once

#include <fcntl.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "codec/bgzf.h"
#include "record/framer.h"
#include "shard/candidate.h"
#include "shard/planner.h"
#include "shard/proof.h"
#include "shard/range.h"
#include "unit/shard/files.h"

namespace mrf::shard::test {

/// How a content is laid out in BGZF.
enum class Layout {
  plain,    ///< not in BGZF
  records,  ///< blocks begin with records, as htslib writes them
  htsjdk,   ///< full blocks that begin anywhere
  largest,  ///< blocks of 65,536 bytes, which is the most
  level_0,  ///< not compressed, and 65,280 bytes
  one,      ///< a block for each record
  small,    ///< blocks of 97 bytes, every seventh one empty
};

inline constexpr std::pair<Layout, const char*> layout_names[]{
    {Layout::plain, "plain"},     {Layout::records, "records"}, {Layout::htsjdk, "htsjdk"},
    {Layout::largest, "largest"}, {Layout::level_0, "level-0"}, {Layout::one, "one"},
    {Layout::small, "small"}};

/// `starts` are the offsets in `content` of the records; what is in front of the first is the header.
inline std::string laid_out(std::string_view content, const std::vector<std::uint64_t>& starts,
                            Layout layout) {
  const auto blocks = [](std::string_view bytes, int level) {
    std::string file;
    for (std::size_t at = 0; at < bytes.size(); at += codec::bgzf_payload)
      file += block(bytes.substr(at, codec::bgzf_payload), level);
    return file;
  };
  const auto record = [&](std::size_t at) {
    return content.substr(starts[at],
                          (at + 1 < starts.size() ? starts[at + 1] : content.size()) - starts[at]);
  };
  const std::string_view header = content.substr(0, starts.empty() ? content.size() : starts[0]);
  std::string file;
  std::string held;
  switch (layout) {
    case Layout::plain:
      return std::string(content);
    case Layout::htsjdk:
      return bgzf(content, 65498, 1);
    case Layout::largest:
      return bgzf(content, codec::bgzf_max_block, 1);
    case Layout::level_0:
      return bgzf(content, codec::bgzf_payload, 0);
    case Layout::small:
      return bgzf(content, 97, 1);
    case Layout::records:
    case Layout::one:
      break;
  }
  file = blocks(header, 1);
  for (std::size_t at = 0; at < starts.size(); ++at) {
    if (layout == Layout::one || held.size() + record(at).size() > codec::bgzf_payload) {
      file += blocks(held, 1);
      held.clear();
    }
    held += record(at);
  }
  return file + blocks(held, 1) + std::string(codec::bgzf_eof);
}

struct CutCounts {
  std::uint64_t searched = 0;
  std::uint64_t found = 0;    ///< a record does begin there
  std::uint64_t second = 0;   ///< not behind the first row of records that begins at or behind the target
  std::uint64_t wrong = 0;    ///< no record begins there, and the proof refuses it
  std::uint64_t planted = 0;  ///< false cuts, which the proof has refused
  std::uint64_t passed = 0;   ///< false cuts that the proof has taken: there is to be none
  double seconds = 0;         ///< of a processor, for all searches
  double longest = 0;         ///< for one of them
};

/// A file whose records are found by reading all of it.
class KnownFile {
 public:
  KnownFile(const std::string& path, const InputForm& form) : input_(path, form, meter_), finder_(input_) {
    if (input_.state().storage == Storage::bgzf) find_blocks(path);
    find_records();
  }

  const Input& input() const { return input_; }
  /// Of the whole file, decompressed.
  const std::string& content() const { return content_; }
  /// The offsets of the records in it.
  const std::vector<std::uint64_t>& offsets() const { return offsets_; }
  /// Where they are stored.
  const std::vector<Position>& starts() const { return starts_; }
  std::size_t records() const { return starts_.size(); }

  /// Searches a cut behind `target`, an offset in the file behind that of the first record.
  void search(std::uint64_t target, CutCounts& counts) {
    const double begin = processor_seconds();
    const auto cut = finder_.behind(target);
    const double seconds = processor_seconds() - begin;
    counts.seconds += seconds;
    counts.longest = std::max(counts.longest, seconds);
    ++counts.searched;
    counts.second += cut != expected(target);
    if (!cut) return;
    if (is_start(*cut)) {
      ++counts.found;
    } else {
      ++(is_refused(*cut) ? counts.wrong : counts.passed);
    }
  }

  /// Plants a false cut.
  void plant(Position cut, CutCounts& counts) {
    if (starts_.empty() || cut <= starts_[0] || cut >= input_.end() || is_start(cut)) return;
    ++(is_refused(cut) ? counts.planted : counts.passed);
  }
  /// False cuts near a record, and anywhere.
  template <typename Random>
  void plant_some(Random& random, CutCounts& counts) {
    if (starts_.empty()) return;
    const Position start = starts_[random() % starts_.size()];
    for (const Position cut : {start - 1, start + 1, start + 4, start + 36, start ^ 0x8000, start + 65536})
      plant(cut, counts);
    plant(starts_[0] + random() % (input_.end() - starts_[0]), counts);
  }

  enum class Outcome {
    whole,    ///< the shards have the records, each one once and in order
    refused,  ///< a shard does not arrive at the next one
    wrong,
  };
  /// Of a run of so many shards.
  Outcome run(std::uint64_t shards) const {
    const Plan plan{"/", {}, shards, input_.state(), find_cuts(input_, shards)};
    const MemoryFile out;
    std::uint64_t records = 0;
    for (std::size_t shard = 0; shard < plan.shards(); ++shard) {
      io::Stats stats;
      try {
        const Landing landing = copy_records(plan, shard, input_, false, out.fd(), "memory", stats);
        if (!fault_of_landing(plan, shard, landing).empty()) return Outcome::refused;
        records += landing.records_in;
      } catch (const base::DataError&) {
        return Outcome::refused;
      }
    }
    const std::size_t header = offsets_.empty() ? content_.size() : offsets_[0];
    const bool is_whole =
        records == starts_.size() && out.content() == content_.substr(header) + missing_end_;
    return is_whole ? Outcome::whole : Outcome::wrong;
  }

 private:
  static double processor_seconds() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  }

  void find_blocks(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    const std::string stored{std::istreambuf_iterator<char>(in), {}};
    std::string_view rest = stored;
    while (!rest.empty()) {
      const std::size_t size = std::min(codec::bgzf_block_size(rest), rest.size());
      if (size == 0) throw base::DataError("read", path, "no BGZF");
      blocks_.push_back(stored.size() - rest.size());
      rest.remove_prefix(size);
    }
  }

  void find_records() {
    Content content(input_.fd(), input_.name(), input_.state().storage, 0, meter_);
    const auto framer = record::make_framer(input_.form().record, input_.name());
    bool has_ended = false;
    const auto consume = [&](std::size_t size) {
      content_ += content.view().substr(0, size);
      content.consume(size);
    };
    while (content.view().size() < input_.header().size() && content.more()) {
    }
    consume(input_.header().size());
    for (;;) {
      while (content.view().empty() && !has_ended) has_ended = !content.more();
      if (content.view().empty()) return;
      const Position start = content.position(0);
      std::size_t size = 0;
      while ((size = framer->take(content.view(), 1).bytes) == 0 && !has_ended) has_ended = !content.more();
      std::string_view end;
      if (size == 0) end = framer->complete(content.view());
      starts_.push_back(start);
      offsets_.push_back(content_.size());
      consume(size > 0 ? size : content.view().size());
      missing_end_ = end;
    }
  }

  bool is_start(Position cut) const { return std::binary_search(starts_.begin(), starts_.end(), cut); }

  bool is_refused(Position cut) const {
    // The shard in front of it begins with the last record in front of it.
    const Position start = *std::prev(std::upper_bound(starts_.begin(), starts_.end(), cut));
    Plan plan{"/", {}, 3, input_.state(), {starts_[0], start, cut, input_.end()}};
    if (start == starts_[0]) plan.cuts.erase(plan.cuts.begin());
    const std::size_t shard = plan.shards() - 2;
    const io::Fd nowhere = io::open_file("/dev/null", O_WRONLY);
    io::Stats stats;
    try {
      const Landing landing = copy_records(plan, shard, input_, false, nowhere, "/dev/null", stats);
      return !fault_of_landing(plan, shard, landing).empty();
    } catch (const base::DataError&) {
      return true;
    }
  }

  // What is behind the first row of records that begins at the target's block, as candidate.h says; for text
  // a record at the very place where the search begins is none.
  std::optional<Position> expected(std::uint64_t target) const {
    using Kind = record::RecordForm::Kind;
    const bool is_bam = input_.form().record.kind == Kind::bam;
    const bool has_rows = is_bam || input_.form().record.kind == Kind::fastq;
    Position from = target;
    if (input_.state().storage == Storage::bgzf) {
      const auto at = std::lower_bound(blocks_.begin(), blocks_.end(), target);
      if (at == blocks_.end()) return std::nullopt;
      from = block_position(*at);
    }
    const auto first = is_bam ? std::lower_bound(starts_.begin(), starts_.end(), from)
                              : std::upper_bound(starts_.begin(), starts_.end(), from);
    if (first == starts_.end()) return std::nullopt;
    const auto begin = static_cast<std::size_t>(first - starts_.begin());
    if (!has_rows) return *first;
    for (std::size_t at = begin; at < starts_.size(); ++at) {
      const std::size_t records = at - begin;
      const std::uint64_t bytes = offsets_[at] - offsets_[begin];
      if ((records >= least_records && bytes >= least_record_bytes) ||
          (records >= least_long_records && bytes >= least_long_record_bytes))
        return starts_[at];
    }
    return *first;
  }

  io::Meter meter_;
  Input input_;
  CutFinder finder_;
  std::string content_;
  std::vector<std::uint64_t> offsets_;
  std::vector<Position> starts_;
  std::vector<std::uint64_t> blocks_;
  std::string missing_end_;
};

}  // namespace mrf::shard::test
