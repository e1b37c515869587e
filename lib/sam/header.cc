// SPDX-License-Identifier: MIT
#include "sam/header.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <limits>
#include <new>
#include <set>

#include "base/error.h"
#include "base/redact.h"
#include "sam/remote.h"

namespace mrf::bam {

namespace {

/// Reads little-endian numbers one after the other; says so when there are not enough bytes.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : bytes_(bytes) {}
  bool skip(std::size_t n) {
    if (bytes_.size() - at_ < n) return false;
    at_ += n;
    return true;
  }
  bool number(std::int32_t& to) {
    const std::size_t start = at_;
    if (!skip(sizeof to)) return false;
    std::memcpy(&to, bytes_.data() + start, sizeof to);
    return true;
  }
  std::size_t at() const { return at_; }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

void append_number(std::uint32_t number, Buffer& to) {
  to.append({reinterpret_cast<const char*>(&number), sizeof number});
}

bool has_sq_line(std::string_view text) {
  return text.starts_with("@SQ\t") || text.find("\n@SQ\t") != std::string_view::npos;
}

// The @PG lines that none comes after; htslib itself goes on with one of them only.
std::set<std::string> last_programs(sam_hdr_t& header) {
  std::set<std::string> ids;
  std::set<std::string> followed;
  Text previous;
  for (int i = 0; i < sam_hdr_count_lines(&header, "PG"); ++i) {
    const char* id = sam_hdr_line_name(&header, "PG", i);
    if (id == nullptr) continue;
    ids.insert(id);
    if (sam_hdr_find_tag_pos(&header, "PG", i, "PP", &previous) == 0) followed.emplace(previous.view());
  }
  std::erase_if(ids, [&](const std::string& id) { return followed.contains(id); });
  return ids;
}

// A BAM header has its text, and beside it lengths of 32 bits, which htslib believes (header.c).
bool has_clipped_length(const sam_hdr_t& header) {
  constexpr auto most = std::numeric_limits<std::uint32_t>::max();
  return std::any_of(header.target_len, header.target_len + header.n_targets,
                     [](std::uint32_t length) { return length == most; });
}

bool has_names_of(const sam_hdr_t& header, const sam_hdr_t& other) {
  if (header.n_targets != other.n_targets) return false;
  for (int i = 0; i < header.n_targets; ++i) {
    if (std::string_view(header.target_name[i]) != other.target_name[i]) return false;
    if (header.target_len[i] != other.target_len[i]) return false;
  }
  return true;
}

}  // namespace

std::optional<std::size_t> bam_header_size(std::string_view bytes, const std::string& name) {
  Cursor cursor(bytes);
  std::int32_t text_size = 0;
  std::int32_t references = 0;
  if (!cursor.skip(4) || !cursor.number(text_size)) return std::nullopt;
  if (!cursor.skip(static_cast<std::uint32_t>(text_size)) || !cursor.number(references)) return std::nullopt;
  if (references < 0) throw DataError("read", name, "malformed BAM header");
  for (std::int32_t i = 0; i < references; ++i) {
    std::int32_t size = 0;
    if (!cursor.number(size)) return std::nullopt;
    if (size <= 0) throw DataError("read", name, "malformed BAM header");
    if (!cursor.skip(static_cast<std::size_t>(size) + 4)) return std::nullopt;
  }
  return cursor.at();
}

// htslib checks and repairs headers in its readers only, so it reads this one from memory.
HeaderPtr parse_header(std::string_view bytes, const std::string& name) {
  HeaderPtr header;
  if (bytes.empty()) {
    header.reset(sam_hdr_init());
    if (!header) throw std::bad_alloc();
    return header;
  }
  HfilePtr memory = open_memory(bytes);
  const HtsFilePtr file(hts_hopen(memory.get(), name.c_str(), "r"));
  if (!file) throw DataError("read", name, "malformed header");
  (void)memory.release();
  header.reset(sam_hdr_read(file.get()));
  if (!header) throw DataError("read", name, "malformed header");
  // A SAM reader keeps a share of its header.
  header.reset(sam_hdr_dup(header.get()));
  if (!header) throw std::bad_alloc();
  return bytes.starts_with('@') ? std::move(header) : with_long_references(std::move(header), name);
}

HeaderPtr with_long_references(HeaderPtr header, const std::string& name) {
  if (!has_clipped_length(*header)) return header;
  const std::string text = header_text(*header);
  if (!text.starts_with('@')) return header;
  HeaderPtr longer = parse_header(text.c_str(), name);
  return has_names_of(*longer, *header) ? std::move(longer) : std::move(header);
}

std::string header_text(sam_hdr_t& header) {
  const char* text = sam_hdr_str(&header);
  std::string result = text == nullptr ? "" : std::string(text, sam_hdr_length(&header));
  if (has_sq_line(result)) return result;
  for (int i = 0; i < sam_hdr_nref(&header); ++i) {
    result += fmt::format("@SQ\tSN:{}\tLN:{}\n", sam_hdr_tid2name(&header, i), sam_hdr_tid2len(&header, i));
  }
  return result;
}

void append_bam_header(sam_hdr_t& header, Buffer& to) {
  const char* text = sam_hdr_str(&header);
  const std::size_t size = text == nullptr ? 0 : sam_hdr_length(&header);
  to.append({"BAM\1", 4});
  append_number(static_cast<std::uint32_t>(size), to);
  to.append({text, size});
  append_number(static_cast<std::uint32_t>(header.n_targets), to);
  for (int i = 0; i < header.n_targets; ++i) {
    const std::string_view name = header.target_name[i];
    append_number(static_cast<std::uint32_t>(name.size() + 1), to);
    to.append({name.data(), name.size() + 1});
    append_number(header.target_len[i], to);
  }
}

std::string difference(const sam_hdr_t& first, const sam_hdr_t& second, Names names) {
  if (first.n_targets != second.n_targets) {
    return fmt::format("{} references where {} are expected", second.n_targets, first.n_targets);
  }
  for (int i = 0; i < first.n_targets; ++i) {
    const std::string_view expected = first.target_name[i];
    const std::string_view found = second.target_name[i];
    if (names == Names::compared && expected != found) {
      return fmt::format("its reference {} is '{}' where '{}' is expected", i + 1, found, expected);
    }
    if (sam_hdr_tid2len(&first, i) != sam_hdr_tid2len(&second, i)) {
      return fmt::format("its reference '{}' has another length", found);
    }
  }
  return "";
}

HeaderPtr read_header_file(const std::string& path) {
  const HtsFilePtr file(hts_open(path.c_str(), "r"));
  if (!file) throw SystemError("open", path);
  HeaderPtr header(sam_hdr_read(file.get()));
  if (header) header.reset(sam_hdr_dup(header.get()));
  if (!header) throw DataError("read", path, "malformed header");
  return with_long_references(std::move(header), path);
}

std::string command_line(std::span<char* const> words) {
  std::string line;
  for (const char* word : words) {
    if (!line.empty()) line += ' ';
    line += is_url(word) ? shown_path(word) : redact_words(word);
  }
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
  return line;
}

void add_program_line(sam_hdr_t& header, const Program& program) {
  const auto add = [&](auto... previous) {
    if (sam_hdr_add_pg(&header, program.name.c_str(), previous..., "VN", program.version.c_str(), "CL",
                       program.command_line.c_str(), nullptr) != 0) {
      throw DataError("add", "@PG", "the header cannot be parsed");
    }
  };
  const std::set<std::string> last = last_programs(header);
  if (last.empty()) add();
  for (const std::string& id : last) add("PP", id.c_str());
}

}  // namespace mrf::bam
