// SPDX-License-Identifier: MIT
#include "base/output_name.h"

#include <fmt/format.h>

#include <array>

#include "base/lower_case.h"

namespace mrf::base {

namespace {

struct UnwrittenEnding {
  std::string_view ending;
  std::string_view format;
  std::string_view command;  // makes it of standard input
};
constexpr std::array unwritten_endings{
    UnwrittenEnding{".bz2", "bzip2", "bzip2"}, UnwrittenEnding{".xz", "xz", "xz"},
    UnwrittenEnding{".lzma", "lzma", "lzma"},  UnwrittenEnding{".zst", "zstd", "zstd"},
    UnwrittenEnding{".zstd", "zstd", "zstd"},  UnwrittenEnding{".lz4", "lz4", "lz4"},
    UnwrittenEnding{".zip", "zip", "zip"},     UnwrittenEnding{".bcf", "BCF", "bcftools view -Ob"},
    UnwrittenEnding{".gzip", "gzip", ""},      UnwrittenEnding{".bgzf", "BGZF", ""},
};

std::size_t gzip_ending_size(std::string_view path) {
  for (const std::string_view ending : {".gz", ".bgz"}) {
    if (path.size() >= ending.size() && lower_case(path.substr(path.size() - ending.size())) == ending)
      return ending.size();
  }
  return 0;
}

}  // namespace

bool has_gzip_name(std::string_view path) { return gzip_ending_size(path) > 0; }

std::string_view without_gzip_ending(std::string_view path) {
  return path.substr(0, path.size() - gzip_ending_size(path));
}

std::string way_to_write(std::string_view path) {
  const std::string name = lower_case(path);
  for (const UnwrittenEnding& unwritten : unwritten_endings) {
    if (!name.ends_with(unwritten.ending)) continue;
    if (unwritten.command.empty())
      return fmt::format("{} is written to names that end in .gz or .bgz", unwritten.format);
    return fmt::format("its name says {}, which is not written here; pipe it through '{} >FILE'",
                       unwritten.format, unwritten.command);
  }
  return "";
}

}  // namespace mrf::base
