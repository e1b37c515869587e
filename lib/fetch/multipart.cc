// SPDX-License-Identifier: MIT
#include "fetch/multipart.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <list>
#include <string_view>

#include "fetch/md5_lanes.h"
#include "io/signals.h"

namespace mrf::fetch {

namespace {

constexpr std::uint64_t mib = 1 << 20;

std::uint64_t rounded_up(std::uint64_t number, std::uint64_t unit) {
  return (number + unit - 1) / unit * unit;
}

std::uint64_t parts_of(std::uint64_t total, std::uint64_t size) {
  return total / size + (total % size == 0 ? 0 : 1);
}

}  // namespace

std::vector<std::uint64_t> part_size_candidates(std::uint64_t total, std::uint64_t parts) {
  if (total == 0) return parts == 1 ? std::vector<std::uint64_t>{1} : std::vector<std::uint64_t>{};
  // aws-cli and boto3 use 8 MiB, the SDKs 5, s3cmd 15, MinIO 16 and 64, Cyberduck 10, Hadoop 64 and 128.
  constexpr std::array<std::uint64_t, 26> usual{8, 16, 5, 64, 15, 10, 32,  100, 128, 25,  50,   256,  20,
                                                6, 7,  9, 12, 24, 48, 512, 500, 200, 250, 1024, 2048, 5120};
  std::vector<std::uint64_t> sizes;
  const auto try_size = [&](std::uint64_t size) {
    const bool fits = size > 0 && parts_of(total, size) == parts;
    if (fits && std::find(sizes.begin(), sizes.end(), size) == sizes.end()) sizes.push_back(size);
  };
  if (parts == 1) return {total};
  for (const std::uint64_t size : usual) try_size(size * mib);
  for (const std::uint64_t size : usual) try_size(size * 1000000);
  const std::uint64_t least = parts_of(total, parts);
  try_size(rounded_up(least, mib));
  try_size(rounded_up(least, 1000000));
  try_size(rounded_up(least, 5 * mib));
  try_size(rounded_up(least, 8 * mib));
  try_size(least);
  // Sizes in whole MiB, as long as there are few of them.
  constexpr std::uint64_t most = 24;
  for (std::uint64_t size = rounded_up(least, mib); sizes.size() < most; size += mib) {
    if (parts_of(total, size) != parts) break;
    try_size(size);
  }
  return sizes;
}

std::string part_count_fault(std::optional<std::uint64_t> total, std::uint64_t parts,
                             std::uint64_t part_size) {
  if (parts > most_upload_parts)
    return fmt::format("it counts {} parts, no upload has more than {}", parts, most_upload_parts);
  if (!total) return "";
  const bool fits = part_size == 0 ? !part_size_candidates(*total, parts).empty()
                                   : std::max<std::uint64_t>(1, parts_of(*total, part_size)) == parts;
  if (fits) return "";
  return fmt::format("it counts {} parts, {} bytes do not make as many", parts, *total) +
         (part_size == 0 ? "" : fmt::format(" of {} bytes", part_size));
}

std::vector<std::uint64_t> known_part_ends(const Expectation& expectation, std::uint64_t total) {
  const auto& sizes = expectation.part_sizes;
  if (sizes.empty() || (sizes.size() != 1 && sizes.size() != expectation.parts)) return {};
  std::vector<std::uint64_t> ends;
  for (std::uint64_t part = 0; part + 1 < expectation.parts; ++part) {
    const std::uint64_t begin = ends.empty() ? 0 : ends.back();
    const std::uint64_t size = sizes.size() == 1 ? sizes[0] : sizes[part];
    if (size >= total - begin) return {};
    ends.push_back(begin + size);
  }
  const std::uint64_t last = total - (ends.empty() ? 0 : ends.back());
  if (sizes.size() == expectation.parts && sizes.back() != last) return {};
  ends.push_back(total);
  return ends;
}

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
struct SerialCandidate {
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

}  // namespace

bool fits_part_size(ByteAccess& bytes, std::uint64_t total, const Expectation& expectation,
                    const std::vector<std::uint64_t>& sizes) {
  std::list<LaneGroup> groups;
  std::list<SerialCandidate> serial;
  for (const std::uint64_t size : sizes) {
    if (sizes.size() < Md5Lanes::fewest || (size < total && size % Md5Lanes::block != 0)) {
      serial.push_back({Candidate{size}});
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
    bytes.copy(at, piece);
    const std::string_view view(piece.data(), piece.size());
    for (auto& group : groups) group.add(at, view, total);
    for (auto& one : serial) one.add(at, view, total);
    at += piece.size();
  } while (at < total);
  const auto fits = [&](Candidate& candidate) { return candidate.outer.finish() == expectation.value; };
  for (auto& group : groups) {
    if (std::any_of(group.candidates.begin(), group.candidates.end(), fits)) return true;
  }
  return std::any_of(serial.begin(), serial.end(), [&](SerialCandidate& one) { return fits(one.candidate); });
}

namespace {

std::string part_size_hint(const Expectation& expectation, bool required) {
  const std::string size = "; if the data is right, name the part size of the upload with --s3-part-size";
  return expectation.is_users || required ? size
                                          : size + ", or verify nothing with --checksum-algorithm null";
}

}  // namespace

std::string no_part_size_fits(const Expectation& expectation, std::uint64_t s3_part_size, bool required) {
  const std::string untold =
      expectation.parts_fault.empty()
          ? ""
          : "; the store does not tell the sizes of the parts: " + expectation.parts_fault;
  const auto parts = s3_part_size == 0
                         ? "no usual part size gives that" + untold + part_size_hint(expectation, required)
                         : fmt::format("no part size of {} gives that", s3_part_size);
  return fmt::format("{} is {}-{}, and {}", expectation.source, to_hex(expectation.value), expectation.parts,
                     parts);
}

std::string uneven_parts_hint(const Expectation& expectation, bool required) {
  const std::string parts = "; its parts have different sizes, or it is not that of this object";
  return expectation.is_users || required ? parts : parts + "; --checksum-algorithm null verifies nothing";
}

}  // namespace mrf::fetch
