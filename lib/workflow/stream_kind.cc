// SPDX-License-Identifier: MIT
#include "workflow/stream_kind.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.h"

namespace mrf::workflow {

namespace {

using namespace std::string_view_literals;

struct Ending {
  std::string_view text;
  std::string_view format;
};
constexpr std::array endings{Ending{".bam"sv, "bam"sv}, Ending{".ubam"sv, "bam"sv},
                             Ending{".cram"sv, "cram"sv}, Ending{".sam"sv, "sam"sv},
                             Ending{".sam.gz"sv, "sam.gz"sv}};
constexpr std::array text_endings{Ending{".fastq"sv, "fastq"sv}, Ending{".fq"sv, "fastq"sv},
                                  Ending{".fasta"sv, "fasta"sv}, Ending{".fa"sv, "fasta"sv},
                                  Ending{".fna"sv, "fasta"sv},   Ending{".faa"sv, "fasta"sv}};

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

}  // namespace

bool is_url(const std::string& name) { return name.starts_with("http://") || name.starts_with("https://"); }

bool StreamKind::is_alignment() const {
  return format == "bam" || format == "cram" || format == "sam" || format == "sam.gz";
}

std::string StreamKind::record() const { return format == "fastq" || format == "fasta" ? format : "line"; }

StreamKind kind_of(const std::string& name) {
  const std::string path = lower_case(is_url(name) ? name.substr(0, name.find_first_of("?#")) : name);
  std::string_view rest = path;
  const bool gzip = rest.ends_with(".gz");
  for (const Ending& ending : endings) {
    if (rest.ends_with(ending.text)) return {std::string(ending.format), true, gzip};
  }
  if (gzip) rest.remove_suffix(3);
  for (const Ending& ending : text_endings) {
    if (rest.ends_with(ending.text)) return {std::string(ending.format), true, gzip};
  }
  return {"lines", false, gzip};
}

StreamKind kind_of_format(const std::string& option, const std::string& format) {
  for (const char* known : {"bam", "cram", "sam", "fastq", "fasta", "lines"}) {
    if (lower_case(format) == known) return {known, true, false};
  }
  throw base::UsageError("use option", option,
                         "'" + format + "' is not one of bam, cram, sam, fastq, fasta and lines");
}

}  // namespace mrf::workflow
