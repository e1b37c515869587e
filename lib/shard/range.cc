// SPDX-License-Identifier: MIT
#include "shard/range.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "shard/record_walk.h"

namespace mrf::shard {

namespace {

// What messages call the input: the numbers of records in them count from the first record of the shard.
std::string name_in_messages(const Input& input, std::size_t shard) {
  return shard == 0 ? input.name() : fmt::format("shard {} of {}", shard, input.name());
}

Landing walk_through(const Input& input, std::size_t shard, const ShardRange& range,
                     const RecordWalk::Take& take) {
  RecordWalk walk(input, range.start, name_in_messages(input, shard));
  Landing landing{walk.position(), 0, 0};
  while (!walk.is_over(range.end)) walk.step(range.end, RecordWalk::no_limit, take);
  landing.landed = walk.position();
  landing.records_in = walk.records();
  return landing;
}

Landing copy_walked(const Input& input, std::size_t shard, const ShardRange& range, io::FdRef out,
                    const std::string& out_name, io::Stats& stats) {
  const Landing landing = walk_through(
      input, shard, range, [&](std::string_view bytes) { io::write_all(out, out_name, bytes, stats.out); });
  stats.records_in += landing.records_in;
  stats.records_out += landing.records_in;
  return landing;
}

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
Landing copy_containers(const Input& input, const ShardRange& range, io::FdRef out,
                        const std::string& out_name, io::Stats& stats) {
  Landing landing{range.start, range.start, 0};
  while (landing.landed < range.end) {
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
  const ShardRange range = range_of(plan, shard, input);
  if (with_header) io::write_all(out, out_name, input.header(), stats.out);
  if (range.start == input.end() && !input.form().is_cram) return {range.start, range.start, 0};
  const Landing landing = input.form().is_cram ? copy_containers(input, range, out, out_name, stats)
                                               : copy_walked(input, shard, range, out, out_name, stats);
  input.refuse_changed();
  return landing;
}

Landing find_landing(const Plan& plan, std::size_t shard, const Input& input) {
  return walk_through(input, shard, range_of(plan, shard, input), [](std::string_view) {});
}

ShardRange range_of(const Plan& plan, std::size_t shard, const Input& input) {
  return {shard == 0 ? input.first() : plan.cuts[shard],
          shard + 1 == plan.shards() ? input.end() : plan.cuts[shard + 1]};
}

}  // namespace mrf::shard
