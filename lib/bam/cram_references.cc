// SPDX-License-Identifier: MIT
#include "bam/cram_references.h"

#include <fmt/format.h>
#include <htslib/bgzf.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <string_view>

#include "base/environment.h"
#include "base/error.h"
#include "base/upper_case.h"

namespace mrf::bam {

namespace {

// As get_cache_basedir() of htslib.
std::string cache_directory() {
  if (auto directory = base::environment("XDG_CACHE_HOME"); !directory.empty()) return directory;
  if (auto directory = base::environment("HOME"); !directory.empty()) return directory + "/.cache";
  for (const char* name : {"TMPDIR", "TEMP"}) {
    if (auto directory = base::environment(name); !directory.empty()) return directory;
  }
  return "/tmp";
}

bool is_remote(std::string_view place) {
  return place.find("://") != std::string_view::npos && !place.starts_with("file:");
}

[[noreturn]] void refuse_reference(const std::string& fasta) {
  throw base::Error(base::Status::failure, "index", fasta,
                    "it is no FASTA file, or its index cannot be written");
}

// htslib would make an index of FASTQ, beside it. Empty lines may stand in front.
void refuse_fastq_reference(const std::string& fasta) {
  struct Close {
    void operator()(BGZF* file) const { bgzf_close(file); }
  };
  const std::unique_ptr<BGZF, Close> file(bgzf_open(fasta.c_str(), "r"));
  int first = '\n';
  while (file && (first == '\n' || first == '\r')) first = bgzf_getc(file.get());
  if (first == '@') refuse_reference(fasta);
}

}  // namespace

void keep_references_local() {
  if (!base::environment("REF_PATH").empty()) return;
  const std::string cache = base::environment("REF_CACHE");
  const std::string path = cache.empty() ? cache_directory() + "/hts-ref/%2s/%2s/%s" : cache;
  ::setenv("REF_PATH", path.c_str(), 1);
}

void set_reference(htsFile& file, const std::string& fasta) {
  if (!fasta.empty()) refuse_fastq_reference(fasta);
  if (fasta.empty() || hts_set_fai_filename(&file, fasta.c_str()) == 0) return;
  if (sam::HfilePtr readable{hopen(fasta.c_str(), "r")}; !readable) throw base::SystemError("open", fasta);
  refuse_reference(fasta);
}

void check_reference(const std::string& fasta, const sam_hdr_t& header) {
  if (fasta.empty() || header.n_targets == 0) return;
  refuse_fastq_reference(fasta);
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

CramReferences::CramReferences(sam_hdr_t& header, const std::string& fasta)
    : header_(header), path_(fasta), found_(static_cast<std::size_t>(sam_hdr_nref(&header))) {
  if (!fasta.empty()) fasta_.reset(fai_load3(fasta.c_str(), nullptr, nullptr, 0));
  // htslib loads the references that have no checksum in the header, which it computes, before the first
  // record.
  for (int id = 0; id < sam_hdr_nref(&header) && !made_; ++id) {
    if (has_tag(sam_hdr_tid2name(&header, id), "M5")) continue;
    settled_ = true;
    made_ = !has(id);
  }
}

std::string CramReferences::take(const bam1_core_t& core) {
  const bool same = core.tid == id_;
  if (same && core.pos < position_) sorted_ = false;
  position_ = core.pos;
  id_ = core.tid;
  if (!same && !made_ && id_ >= 0 && !has(id_)) {
    const char* const name = sam_hdr_tid2name(&header_, id_);
    if (settled_) return fmt::format("its reference '{}' is missing, others are there", name);
    made_ = true;
  }
  if (id_ >= 0) settled_ = true;
  if (!made_ || sorted_) return "";
  return "it is not sorted by position, which CRAM without references has to be";
}

bool CramReferences::has(std::int32_t id) {
  auto& found = found_[static_cast<std::size_t>(id)];
  if (!found) {
    const char* const name = sam_hdr_tid2name(&header_, id);
    if (is_in_fasta(name) && !is_same(name)) {
      throw base::DataError("use reference", path_,
                            fmt::format("its sequence '{}' is another one than the header's M5 says", name));
    }
    found = is_in_fasta(name) || can_be_loaded(name);
  }
  return *found;
}

bool CramReferences::is_in_fasta(const char* name) const {
  return fasta_ && faidx_has_seq(fasta_.get(), name) != 0;
}

// Whether its checksum is that of the header, where that has one (SAM specification, section 1.3.2).
bool CramReferences::is_same(const char* name) {
  sam::Text expected;
  if (sam_hdr_find_tag_id(&header_, "SQ", "SN", name, "M5", &expected) != 0) return true;
  constexpr hts_pos_t bases_at_once = 1 << 20;
  const std::unique_ptr<hts_md5_context, decltype(&hts_md5_destroy)> md5(hts_md5_init(), &hts_md5_destroy);
  if (!md5) throw std::bad_alloc();
  const hts_pos_t size = faidx_seq_len(fasta_.get(), name);
  for (hts_pos_t at = 0; at < size; at += bases_at_once) {
    hts_pos_t got = 0;
    const std::unique_ptr<char, decltype(&std::free)> bases(
        faidx_fetch_seq64(fasta_.get(), name, at, std::min(size, at + bases_at_once) - 1, &got), &std::free);
    if (!bases || got < 0) throw base::SystemError("read", path_);
    const std::string upper = base::upper_case({bases.get(), static_cast<std::size_t>(got)});
    hts_md5_update(md5.get(), upper.data(), upper.size());
  }
  std::array<unsigned char, 16> digest{};
  std::array<char, 33> hex{};
  hts_md5_final(digest.data(), md5.get());
  hts_md5_hex(hex.data(), digest.data());
  return expected.view() == hex.data();
}

std::string CramReferences::why_unusable(const char* name) {
  if (is_in_fasta(name))
    return is_same(name)
               ? ""
               : fmt::format(", or its reference '{}' in '{}' is another one than the header's M5 says", name,
                             path_);
  if (can_be_loaded(name)) return "";
  if (!path_.empty())
    return fmt::format(", or its reference '{}' is missing: it is not in '{}'", name, path_);
  return fmt::format(", or its reference '{}' is missing: give its FASTA file by -T", name);
}

bool CramReferences::has_tag(const char* name, const char* tag) {
  sam::Text value;
  return sam_hdr_find_tag_id(&header_, "SQ", "SN", name, tag, &value) == 0;
}

// Asks htslib's writer with a record of one base.
bool CramReferences::can_be_loaded(const char* name) {
  if (!has_tag(name, "M5") && !has_tag(name, "UR")) return false;
  sam::Text line;
  if (sam_hdr_find_line_id(&header_, "SQ", "SN", name, &line) != 0) return false;
  const sam::HeaderPtr header(sam_hdr_parse(line.l, line.s));
  sam::HtsFilePtr file(hts_open("/dev/null", "wc"));
  const sam::RecordPtr record = sam::make_record();
  const std::uint32_t cigar = bam_cigar_gen(1, BAM_CMATCH);
  if (!header || !file ||
      bam_set1(record.get(), 1, "r", 0, 0, 0, 0, 1, &cigar, -1, -1, 0, 1, "A", "!", 0) < 0) {
    throw std::bad_alloc();
  }
  forget_remote_references(*header);
  hts_set_opt(file.get(), CRAM_OPT_EMBED_REF, 0);
  return sam_hdr_write(file.get(), header.get()) == 0 &&
         sam_write1(file.get(), header.get(), record.get()) >= 0 && hts_close(file.release()) == 0;
}

}  // namespace mrf::bam
