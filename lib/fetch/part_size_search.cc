// SPDX-License-Identifier: MIT
#include "fetch/part_size_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <list>
#include <string_view>

#include "fetch/md5_lanes.h"
#include "io/signals.h"

namespace mrf::fetch {

namespace {

// A multiple of Md5Lanes::block, so that each piece begins at a whole block of every aligned part.
constexpr std::size_t piece_bytes = 256 << 10;

// The digests of the parts of one size, hashed together as they end.
struct Candidate {
  std::uint64_t size;
  Digest outer{DigestKind::md5};
  std::uint64_t begin = 0;  // of the part that is being hashed

  std::uint64_t end(std::uint64_t total) const { return size < total - begin ? begin + size : total; }
  void add(const std::string& digest, std::uint64_t part_end) {
    outer.update(digest);
    begin = part_end;
  }
};

// As many candidates as a vector has lanes, of sizes that are whole blocks: the same bytes go into every
// lane, and a lane begins anew where a part of its candidate ends.
class LaneGroup {
 public:
  std::vector<Candidate> candidates;

  void add(std::uint64_t at, std::string_view piece, std::uint64_t total) {
    do {
      std::uint64_t stop = at + piece.size();
      for (const auto& candidate : candidates) stop = std::min(stop, candidate.end(total));
      const auto bytes = static_cast<std::size_t>(stop - at);
      const std::size_t whole = bytes / Md5Lanes::block * Md5Lanes::block;
      Md5Lanes::Messages messages;
      messages.fill(piece.data());
      md5_.update(messages, whole);
      for (std::size_t lane = 0; lane < candidates.size(); ++lane) {
        auto& candidate = candidates[lane];
        if (candidate.end(total) != stop) continue;
        candidate.add(md5_.finish(lane, piece.substr(whole, bytes - whole), stop - candidate.begin), stop);
      }
      piece.remove_prefix(bytes);
      at = stop;
    } while (!piece.empty());
  }

 private:
  Md5Lanes md5_;
};

// A candidate whose parts end within blocks.
struct Single {
  Candidate candidate;
  Digest digest{DigestKind::md5};

  void add(std::uint64_t at, std::string_view piece, std::uint64_t total) {
    do {
      const std::uint64_t stop = std::min<std::uint64_t>(at + piece.size(), candidate.end(total));
      const auto bytes = static_cast<std::size_t>(stop - at);
      digest.update(piece.substr(0, bytes));
      if (candidate.end(total) == stop) {
        candidate.add(digest.finish(), stop);
        digest = Digest(DigestKind::md5);
      }
      piece.remove_prefix(bytes);
      at = stop;
    } while (!piece.empty());
  }
};

void fill(ByteAccess& bytes, std::uint64_t at, std::span<char> to) {
  while (!to.empty()) {
    const auto view = bytes.view(at, to);
    if (view.data() != to.data()) std::copy(view.begin(), view.end(), to.begin());
    at += view.size();
    to = to.subspan(view.size());
  }
}

}  // namespace

bool fits_part_size(ByteAccess& bytes, std::uint64_t total, const Expectation& expectation,
                    const std::vector<std::uint64_t>& sizes) {
  std::list<LaneGroup> groups;
  std::list<Single> singles;
  for (const std::uint64_t size : sizes) {
    if (sizes.size() < Md5Lanes::fewest || (size < total && size % Md5Lanes::block != 0)) {
      singles.push_back({Candidate{size}});
      continue;
    }
    if (groups.empty() || groups.back().candidates.size() == Md5Lanes::lanes) groups.emplace_back();
    groups.back().candidates.push_back(Candidate{size});
  }
  std::vector<char> buffer(static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, total)));
  std::uint64_t at = 0;
  do {  // once for no bytes, which are one part
    io::throw_if_interrupted();
    const auto piece = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), total - at));
    fill(bytes, at, piece);
    const std::string_view view(piece.data(), piece.size());
    for (auto& group : groups) group.add(at, view, total);
    for (auto& single : singles) single.add(at, view, total);
    at += piece.size();
  } while (at < total);
  const auto fits = [&](Candidate& candidate) { return candidate.outer.finish() == expectation.value; };
  for (auto& group : groups) {
    if (std::any_of(group.candidates.begin(), group.candidates.end(), fits)) return true;
  }
  return std::any_of(singles.begin(), singles.end(), [&](Single& single) { return fits(single.candidate); });
}

std::string no_part_size_fits(const Expectation& expectation, std::uint64_t s3_part_size) {
  const auto parts = s3_part_size == 0 ? std::string(
                                             "no usual part size gives that; if the upload had another, name "
                                             "it with --s3-part-size")
                                       : fmt::format("no part size of {} gives that", s3_part_size);
  return fmt::format("{} is {}-{}, and {}", expectation.source, to_hex(expectation.value), expectation.parts,
                     parts);
}

}  // namespace mrf::fetch
