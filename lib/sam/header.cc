// SPDX-License-Identifier: MIT
#include "sam/header.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <set>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/redact.h"
#include "record/header.h"
#include "sam/characters.h"
#include "sam/hts.h"

namespace mrf::sam {

namespace {

constexpr std::string_view magic{"BAM\1", 4};

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}
constexpr std::size_t number_size = sizeof(std::uint32_t);

void append_number(std::uint32_t number, Buffer& to) {
  to.append({reinterpret_cast<const char*>(&number), sizeof number});
}

bool has_sq_line(std::string_view text) {
  return text.starts_with("@SQ\t") || text.find("\n@SQ\t") != std::string_view::npos;
}

// The @PG lines that no other @PG line refers to. htslib itself continues only one of them.
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

// Reads a header from memory with one of htslib's readers, since htslib checks and repairs headers only
// there. Null when it fails.
HeaderPtr try_to_parse(std::string_view bytes, const std::string& name) {
  HfilePtr memory = open_memory(bytes);
  const HtsFilePtr file(hts_hopen(memory.get(), name.c_str(), "r"));
  if (!file) return nullptr;
  (void)memory.release();
  HeaderPtr header(sam_hdr_read(file.get()));
  // A SAM reader keeps a share of its header.
  if (header) header.reset(sam_hdr_dup(header.get()));
  return header;
}

// htslib does not tell lack of memory from a malformed header: only what fails twice is malformed.
HeaderPtr parse_header(std::string_view bytes, const std::string& name) {
  HeaderPtr header;
  if (bytes.empty()) {
    header.reset(sam_hdr_init());
    if (!header) throw std::bad_alloc();
    return header;
  }
  for (int tries = 0; !header && tries < 2; ++tries) header = try_to_parse(bytes, name);
  if (!header) throw base::DataError("read", name, "malformed header");
  return header;
}

// A header's text, with its @HD line as the first line, where the specification wants it (SAM, section 1.3):
// bwa writes it behind the @SQ lines. A text with several of them stays as it is. The size stays the same.
std::string with_hd_first(std::string_view text) {
  constexpr std::string_view next_hd = "\n@HD\t";
  const std::size_t before = text.find(next_hd);
  if (before == std::string_view::npos || text.starts_with(next_hd.substr(1)) ||
      text.find(next_hd, before + 1) != std::string_view::npos) {
    return std::string(text);
  }
  const std::size_t end = std::min(text.find('\n', before + 1), text.size());
  const std::string_view line = text.substr(before + 1, end - before - 1);
  return fmt::format("{}\n{}{}", line, text.substr(0, before), text.substr(end));
}

// `header`, just read, with the lengths of its text where the dictionary of a BAM, which has 32 bits for
// each, cannot hold them.
HeaderPtr with_long_references(HeaderPtr header, const std::string& name) {
  if (!has_clipped_length(*header)) return header;
  const std::string text = header_text(*header);
  if (!text.starts_with('@')) return header;
  HeaderPtr longer = parse_header(text.c_str(), name);
  return has_names_of(*longer, *header) ? std::move(longer) : std::move(header);
}

// SAM specification, section 1.3, LN.
constexpr std::int64_t longest_reference = std::numeric_limits<std::int32_t>::max();

struct TextReference {
  std::string_view name;
  std::int64_t length = -1;
};

/// Goes through the lines of a header's text.
class HeaderCheck {
 public:
  HeaderCheck(const std::string& name, Lenience lenience) : name_(name), lenience_(lenience) {}

  void run(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      ++number_;
      check(line);
    }
  }
  /// What the @SQ lines name, in their order.
  const std::vector<TextReference>& references() const { return references_; }

 private:
  void check(std::string_view line) {
    if (!record::is_sam_header_line(line)) {
      if (line.starts_with("@CO")) return deviation("@CO without a tab");
      fail(fmt::format("'{}' is no header line; a read name may not begin with '@'", shown(line)));
    }
    const std::string_view code = line.substr(1, 2);
    if (code == "CO") return;
    if (code != "HD" && code != "SQ" && code != "RG" && code != "PG") {
      return deviation(fmt::format("'@{}' is no kind of header line that SAM has", code));
    }
    if (code == "HD" && ++hd_lines_ > 1) deviation("@HD is there twice");
    fields_.clear();
    for (std::string_view rest = line.substr(3); !rest.empty();) {
      rest.remove_prefix(1);
      const std::size_t end = std::min(rest.find('\t'), rest.size());
      const std::string_view field = rest.substr(0, end);
      rest.remove_prefix(end);
      if (field.size() < 4 || field[2] != ':' || !is_tag_name(field.data())) {
        deviation(fmt::format("'{}' in @{} is not of the form TAG:VALUE", shown(field), code));
        continue;
      }
      fields_.emplace_back(field.substr(0, 2), field.substr(3));
    }
    if (code == "SQ") check_reference();
    if (code == "RG") check_read_group();
  }

  void check_reference() {
    const auto name = value("SN");
    const auto length = value("LN");
    if (!name) return deviation("@SQ has no SN");
    TextReference reference{*name, -1};
    const char first = name->front();
    if (first == '*' || first == '=' || !are_printable(*name) || name->find(' ') != std::string_view::npos)
      deviation(fmt::format("SN '{}' is no name that SAM allows", shown(*name)));
    if (!length) {
      deviation(fmt::format("@SQ '{}' has no LN", shown(*name)));
    } else {
      const char* const end = length->data() + length->size();
      const auto [at, error] = std::from_chars(length->data(), end, reference.length);
      if (error != std::errc() || at != end || reference.length < 1)
        deviation(fmt::format("LN '{}' of @SQ '{}' is no length", shown(*length), shown(*name)));
      else if (reference.length > longest_reference)
        deviation(fmt::format("LN '{}' of @SQ '{}' is more than {}", shown(*length), shown(*name),
                              longest_reference));
    }
    if (!names_.insert(*name).second) deviation(fmt::format("@SQ '{}' is there twice", shown(*name)));
    references_.push_back(reference);
  }

  void check_read_group() {
    const auto id = value("ID");
    if (!id) return deviation("@RG has no ID");
    if (!groups_.insert(*id).second) deviation(fmt::format("@RG '{}' is there twice", shown(*id)));
  }

  std::optional<std::string_view> value(std::string_view tag) const {
    for (const auto& [name, value] : fields_) {
      if (name == tag) return value;
    }
    return std::nullopt;
  }

  static std::string shown(std::string_view text) {
    constexpr std::size_t most = 40;
    return base::printable(text.substr(0, most)) + (text.size() > most ? "…" : "");
  }
  [[noreturn]] void fail(const std::string& reason) const {
    throw base::DataError("read", name_, fmt::format("header line {}: {}", number_, reason));
  }
  void deviation(const std::string& reason) const {
    if (!lenience_.takes(Deviation::header)) fail(reason + "; --permissive takes it");
  }

  const std::string& name_;
  Lenience lenience_;
  std::uint64_t number_ = 0;
  std::uint64_t hd_lines_ = 0;
  std::vector<std::pair<std::string_view, std::string_view>> fields_;
  std::vector<TextReference> references_;
  std::unordered_set<std::string_view> names_;
  std::unordered_set<std::string_view> groups_;
};

// Of the references of a header whose text does not name them.
void check_lengths(const sam_hdr_t& header, const std::string& name, Lenience lenience) {
  for (int i = 0; i < sam_hdr_nref(&header); ++i) {
    const std::int64_t length = sam_hdr_tid2len(&header, i);
    if (length <= longest_reference || lenience.takes(Deviation::header)) continue;
    throw base::DataError(
        "read", name,
        fmt::format("the reference '{}' has {} bases, more than {}; --permissive takes it",
                    base::printable(sam_hdr_tid2name(&header, i)), length, longest_reference));
  }
}

// Of the references of a text and those of the list that follows it, which has 32 bits for a length.
void check_list(const std::vector<TextReference>& references, std::string_view list, const std::string& name,
                Lenience lenience) {
  const auto fail = [&](const std::string& reason) {
    if (lenience.takes(Deviation::header)) return;
    throw base::DataError(
        "read", name,
        fmt::format("the header's text and its list of references differ: {}; --permissive takes it",
                    reason));
  };
  const std::uint32_t count = number_at(list, 0);
  if (count != references.size()) return fail(fmt::format("{} references and {}", references.size(), count));
  list.remove_prefix(number_size);
  for (const TextReference& reference : references) {
    const std::size_t size = number_at(list, 0);
    const std::string_view found = list.substr(number_size, size - 1);
    const std::uint32_t length = number_at(list, number_size + size);
    if (found != reference.name) return fail(fmt::format("'{}' and '{}'", reference.name, found));
    const auto clipped = std::min<std::int64_t>(reference.length, std::numeric_limits<std::uint32_t>::max());
    if (clipped != length)
      return fail(fmt::format("'{}' has {} and {} bases", found, reference.length, length));
    list.remove_prefix(2 * number_size + size);
  }
}

}  // namespace

void check_header_text(std::string_view text, const std::string& name, Lenience lenience) {
  HeaderCheck(name, lenience).run(text);
}

HeaderPtr parse_sam_header(std::string_view text, const std::string& name, Lenience lenience) {
  if (text.find('\0') != std::string_view::npos)
    throw base::DataError("read", name, "the header has a NUL character");
  check_header_text(text, name, lenience);
  return parse_header(with_hd_first(text), name);
}

HeaderPtr parse_bam_header(std::string_view bytes, const std::string& name, Lenience lenience) {
  const std::size_t front = magic.size() + number_size;
  const std::string_view whole = bytes.substr(front, number_at(bytes, magic.size()));
  const std::string_view list = bytes.substr(front + whole.size());
  const std::string_view text = whole.substr(0, whole.find('\0'));
  HeaderCheck check(name, lenience);
  check.run(text);
  if (!check.references().empty()) check_list(check.references(), list, name, lenience);
  const auto size = static_cast<std::uint32_t>(text.size());
  std::string ordered(magic);
  ordered.append(reinterpret_cast<const char*>(&size), sizeof size).append(with_hd_first(text)).append(list);
  HeaderPtr header = parse_header(ordered, name);
  if (check.references().empty()) check_lengths(*header, name, lenience);
  return with_long_references(std::move(header), name);
}

HeaderPtr checked_header(sam_hdr_t& header, const std::string& name, Lenience lenience) {
  Buffer binary;
  append_bam_header(header, binary);
  return parse_bam_header(binary.view(), name, lenience);
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

std::string command_line(std::span<char* const> words) {
  std::string line;
  for (const char* word : words) {
    if (!line.empty()) line += ' ';
    line += base::is_url(word) ? shown_path(word) : base::redact_words(word);
  }
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return std::iscntrl(c) != 0; }, ' ');
  return line;
}

void add_program_line(sam_hdr_t& header, const Program& program) {
  const auto add = [&](auto... previous) {
    if (sam_hdr_add_pg(&header, program.name.c_str(), previous..., "VN", program.version.c_str(), "CL",
                       program.command_line.c_str(), nullptr) != 0) {
      throw base::DataError("add", "@PG", "the header cannot be parsed");
    }
  };
  const std::set<std::string> last = last_programs(header);
  if (last.empty()) add();
  for (const std::string& id : last) add("PP", id.c_str());
}

void mark_unsorted(sam_hdr_t& header) {
  if (sam_hdr_count_lines(&header, "HD") == 0) return;
  Text order;
  const bool names_order = sam_hdr_find_tag_hd(&header, "SO", &order) == 0 && order.view() != "unknown";
  const bool is_done = (!names_order || sam_hdr_update_hd(&header, "SO", "unsorted") == 0) &&
                       sam_hdr_remove_tag_hd(&header, "GO") >= 0 && sam_hdr_remove_tag_hd(&header, "SS") >= 0;
  if (!is_done) throw base::DataError("change", "@HD", "the header cannot be parsed");
}

}  // namespace mrf::sam
