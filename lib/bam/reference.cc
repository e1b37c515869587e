// SPDX-License-Identifier: MIT
#include "bam/reference.h"

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"

namespace mrf::bam {

namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// As get_cache_basedir() of htslib.
std::string cache_directory() {
  if (auto directory = variable("XDG_CACHE_HOME"); !directory.empty()) return directory;
  if (auto directory = variable("HOME"); !directory.empty()) return directory + "/.cache";
  for (const char* name : {"TMPDIR", "TEMP"}) {
    if (auto directory = variable(name); !directory.empty()) return directory;
  }
  return "/tmp";
}

bool is_remote(std::string_view place) {
  return place.find("://") != std::string_view::npos && !place.starts_with("file:");
}

}  // namespace

void keep_references_local() {
  if (!variable("REF_PATH").empty()) return;
  const std::string cache = variable("REF_CACHE");
  const std::string path = cache.empty() ? cache_directory() + "/hts-ref/%2s/%2s/%s" : cache;
  ::setenv("REF_PATH", path.c_str(), 1);
}

void set_reference(htsFile& file, const std::string& fasta) {
  if (fasta.empty() || hts_set_fai_filename(&file, fasta.c_str()) == 0) return;
  if (sam::HfilePtr readable{hopen(fasta.c_str(), "r")}; !readable) throw base::SystemError("open", fasta);
  throw base::Error(base::Status::failure, "index", fasta,
                    "it is no FASTA file, or its index cannot be written");
}

void check_reference(const std::string& fasta, const sam_hdr_t& header) {
  if (fasta.empty() || header.n_targets == 0) return;
  const FastaPtr index(fai_load3(fasta.c_str(), nullptr, nullptr, FAI_CREATE));
  if (!index) return;
  bool has_any = false;
  for (int i = 0; i < header.n_targets; ++i) {
    const char* const name = header.target_name[i];
    if (faidx_has_seq(index.get(), name) == 0) continue;
    has_any = true;
    const auto found = static_cast<hts_pos_t>(faidx_seq_len(index.get(), name));
    const hts_pos_t expected = sam_hdr_tid2len(&header, i);
    if (found == expected) continue;
    throw base::DataError(
        "use reference", fasta,
        fmt::format("its sequence '{}' has {} bases, the header says {}", name, found, expected));
  }
  if (!has_any) {
    throw base::DataError(
        "use reference", fasta,
        fmt::format("it has none of the header's sequences, not even '{}'", header.target_name[0]));
  }
}

void forget_remote_references(sam_hdr_t& header) {
  sam::Text place;
  for (int i = 0; i < sam_hdr_nref(&header); ++i) {
    const char* name = sam_hdr_tid2name(&header, i);
    if (sam_hdr_find_tag_id(&header, "SQ", "SN", name, "UR", &place) != 0 || !is_remote(place.view()))
      continue;
    sam_hdr_remove_tag_id(&header, "SQ", "SN", name, "UR");
  }
}

}  // namespace mrf::bam
