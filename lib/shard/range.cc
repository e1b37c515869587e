// SPDX-License-Identifier: MIT
#include "shard/range.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "record/framer.h"

namespace mrf::shard {

namespace {

constexpr auto all_records = std::numeric_limits<std::uint64_t>::max();

class Walk {
 public:
  Walk(const Input& input, Position start, Position end, io::FdRef out, const std::string& out_name,
       io::Stats& stats)
      : content_(input.fd(), input.name(), input.state().storage,
                 input.state().storage == Storage::plain ? start : block_position(block_offset(start)),
                 input.meter()),
        framer_(record::make_framer(input.form().record, input.name())),
        name_(input.name()),
        needs_newline_(input.form().needs_newline),
        end_(end),
        out_(out),
        out_name_(out_name),
        stats_(stats) {
    if (input.state().storage == Storage::bgzf) skip(start & 0xffff);
    wait_for_byte();
  }

  Landing operator()() {
    Landing landing{content_.position(0), 0, 0};
    while (!is_over()) step(landing.records_in);
    wait_for_byte();
    landing.landed = content_.position(0);
    return landing;
  }

 private:
  bool is_over() const {
    const auto rest = content_.offset_of(end_);
    return (rest && *rest == 0) || (has_ended_ && content_.view().empty());
  }

  // Whole records in front of the end; else the one that goes on behind it; else more bytes, or the tail.
  void step(std::uint64_t& records) {
    const std::string_view view = content_.view();
    const auto rest = content_.offset_of(end_);
    record::Span span = framer_->take(view.substr(0, rest.value_or(view.size())), all_records);
    if (span.bytes == 0 && rest && *rest < view.size()) span = framer_->take(view, 1);
    if (span.bytes > 0) {
      write(view.substr(0, span.bytes));
      content_.consume(span.bytes);
      records += span.records;
      stats_.records_in += span.records;
      stats_.records_out += span.records;
    } else if (!has_ended_) {
      has_ended_ = !content_.more();
    } else {
      const std::string_view end_of_record = framer_->complete(view);
      if (needs_newline_ && !end_of_record.empty())
        throw base::DataError("read", name_,
                              "its last line has no newline, as if it were cut off; --permissive takes it");
      write(view);
      write(end_of_record);
      content_.consume(view.size());
      ++records;
      ++stats_.records_in;
      ++stats_.records_out;
    }
  }

  void skip(std::size_t bytes) {
    while (content_.view().size() < bytes && !has_ended_) has_ended_ = !content_.more();
    content_.consume(std::min(bytes, content_.view().size()));
  }
  // So that position(0) is that of a byte, or the end's.
  void wait_for_byte() {
    while (content_.view().empty() && !has_ended_) has_ended_ = !content_.more();
  }
  void write(std::string_view bytes) { io::write_all(out_, out_name_, bytes, stats_.out); }

  Content content_;
  std::unique_ptr<record::Framer> framer_;
  std::string name_;
  bool needs_newline_;
  Position end_;
  io::FdRef out_;
  const std::string& out_name_;
  io::Stats& stats_;
  bool has_ended_ = false;
};

void copy_bytes(const Input& input, std::uint64_t from, std::uint64_t to, io::FdRef out,
                const std::string& out_name, io::Stats& stats) {
  constexpr std::uint64_t piece = std::uint64_t{1} << 20;
  while (from < to) {
    const std::string bytes = bytes_at(input.fd(), input.name(), from, std::min(piece, to - from));
    if (bytes.empty()) throw base::DataError("read", input.name(), "it became shorter while it was read");
    input.meter().bytes += bytes.size();
    io::write_all(out, out_name, bytes, stats.out);
    from += bytes.size();
  }
}

// Whole containers, up to the first one behind `end`: a CRAM of its own.
Landing copy_containers(const Input& input, Position start, Position end, io::FdRef out,
                        const std::string& out_name, io::Stats& stats) {
  Landing landing{start, start, 0};
  while (landing.landed < end) {
    const CramContainer container = input.cram().container_at(landing.landed);
    if (container.is_end_of_file) {
      landing.landed = container.end;
      break;
    }
    copy_bytes(input, container.begin, container.end, out, out_name, stats);
    landing.landed = container.end;
    landing.records_in += container.records;
  }
  if (landing.landed < input.end()) {
    const CramContainer next = input.cram().container_at(landing.landed);
    if (next.is_end_of_file && next.end == input.end()) landing.landed = next.end;
  }
  io::write_all(out, out_name, input.cram().end_of_file(), stats.out);
  stats.records_in += landing.records_in;
  stats.records_out += landing.records_in;
  return landing;
}

}  // namespace

Landing copy_records(const Plan& plan, std::size_t shard, const Input& input, bool with_header, io::FdRef out,
                     const std::string& out_name, io::Stats& stats) {
  // Of the first and the last cut the input itself says where they are.
  const Position start = shard == 0 ? input.first() : plan.cuts[shard];
  const Position end = shard + 1 == plan.shards() ? input.end() : plan.cuts[shard + 1];
  if (with_header) io::write_all(out, out_name, input.header(), stats.out);
  if (start == input.end() && !input.form().is_cram) return {start, start, 0};
  const Landing landing = input.form().is_cram ? copy_containers(input, start, end, out, out_name, stats)
                                               : Walk(input, start, end, out, out_name, stats)();
  input.refuse_changed();
  return landing;
}

}  // namespace mrf::shard
