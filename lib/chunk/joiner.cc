// SPDX-License-Identifier: MIT
// The bytes go from pipe to pipe or file inside the kernel. Of each output only its first bytes and its last
// one are looked at: the last, which stays behind until more comes, to end a last line; the first, since
// compressed data has no lines, and since a file with a header of its own ends where the next one begins.
#include "chunk/joiner.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <exception>
#include <limits>
#include <set>
#include <string>

#include "base/error.h"
#include "base/message.h"
#include "codec/bgzf_writer.h"
#include "codec/data_format.h"
#include "codec/inflate.h"
#include "io/fd.h"
#include "io/move_bytes.h"
#include "record/framer.h"
#include "record/header.h"

namespace mrf::chunk {

namespace {

std::string output_name(const std::string& filter, std::uint64_t chunk) {
  return fmt::format("output of {} for chunk {}", filter, chunk);
}

// Refuses an output that begins with a header as another one did, unless the records of its chunk do, since
// the input may be several files behind each other.
class HeaderGuard {
 public:
  HeaderGuard(const ChunkCommand& command, bool is_on)
      : filter_(command.words[0]),
        is_on_(is_on && !command.repeats_headers),
        are_headers_given_(command.header_broadcast || command.form.is_bam()) {}

  void note_input_header(std::string_view header) {
    if (is_on_) headers_.find(header, "the input does");
  }
  void begin(std::uint64_t chunk, std::string_view records_front) {
    chunk_ = chunk;
    records_front_ = records_front;
  }
  bool is_enough(std::string_view front) const {
    return !is_on_ || record::RepeatedHeaders::is_enough(front);
  }
  // `front` is_enough(), or all of the output, which is called `name`.
  void check(std::string_view front, const std::string& name) {
    if (!is_on_) return;
    if (are_headers_given_) {
      const std::string doubt = headers_.doubt(front, fmt::format("the outputs of {}", filter_));
      if (!doubt.empty()) base::warn(doubt);
    }
    const std::string earlier = headers_.find(front, fmt::format("that for chunk {} did", chunk_));
    if (earlier.empty() || record::RepeatedHeaders::are_alike(front, records_front_)) return;
    throw base::DataError(
        "join", name,
        record::RepeatedHeaders::fault(front, earlier, "--output-record sam", "--output-record bam"));
  }

 private:
  const std::string filter_;
  const bool is_on_;
  const bool are_headers_given_;  // to each filter
  record::RepeatedHeaders headers_;
  std::uint64_t chunk_ = 0;
  std::string records_front_;
};

class PassingJoiner : public ChunkJoiner {
 public:
  PassingJoiner(const ChunkCommand& command, io::FdRef to)
      : ChunkJoiner(command, to),
        filter_(command.words[0]),
        is_asked_for_(command.written),
        guard_(command, true) {
    using Kind = record::RecordForm::Kind;
    const Kind kind = command.written.value_or(command.form).record.kind;
    if (kind != Kind::fixed) delimiter_ = kind == Kind::nul ? '\0' : '\n';
  }

  void put_header(std::string_view header) override {
    ChunkJoiner::put_header(header);
    guard_.note_input_header(header);
  }

  void begin(std::uint64_t chunk, std::string_view records_front) override {
    name_ = output_name(filter_, chunk);
    guard_.begin(chunk, records_front);
    first_.clear();
    last_.reset();
  }

  std::optional<std::size_t> take(io::FdRef pipe) override {
    if (!is_front_known()) return take_first(pipe);
    const auto taken = drain_.drain(pipe, to(), std::string(io::stdout_name));
    count(taken.value_or(0));
    return taken;
  }

  void take_file(io::FdRef file, std::uint64_t size) override {
    std::array<char, record::RepeatedHeaders::front_size> first;
    const ssize_t n = ::pread(file.get(), first.data(), first.size(), 0);
    char last = 0;
    if (n <= 0 || ::pread(file.get(), &last, 1, static_cast<off_t>(size - 1)) != 1) {
      throw base::SystemError("read", "temporary file");
    }
    io::copy_file(file, size, to(), std::string(io::stdout_name));
    count(size);
    first_.assign(first.data(), static_cast<std::size_t>(n));
    last_ = last;
  }

  void end() override {
    if (const auto kept = drain_.take_last()) {
      last_ = *kept;
      const std::uint64_t before = bytes();
      write({&*kept, 1});
      count(before - bytes());  // it was counted when it was taken
    }
    if (!last_) return;
    guard_.check(first_, name_);
    if (!delimiter_) return;
    // A header of text in front of compressed data would be neither text nor compressed data.
    if ((is_asked_for_ || has_input_header()) && *delimiter_ == '\n') refuse_binary_output(first_, name_);
    if (*last_ == *delimiter_) return;
    if (!is_asked_for_ && (*last_ == '\n' || is_binary(first_))) return;
    write({&*delimiter_, 1});
  }

 private:
  bool is_front_known() const {
    return first_.size() >= codec::format_magic_size && guard_.is_enough(first_);
  }
  std::optional<std::size_t> take_first(io::FdRef pipe) {
    std::array<char, record::RepeatedHeaders::front_size> first;
    const std::size_t wanted =
        first_.size() < codec::format_magic_size ? codec::format_magic_size : first.size();
    ssize_t n = 0;
    while ((n = ::read(pipe.get(), first.data(), wanted - first_.size())) < 0 && errno == EINTR) {
    }
    if (n < 0 && errno == EAGAIN) return std::nullopt;
    if (n < 0) throw base::SystemError("read", "filter");
    if (n == 0) return 0;
    const std::string_view bytes{first.data(), static_cast<std::size_t>(n)};
    first_ += bytes;
    last_ = bytes.back();
    write(bytes);
    return bytes.size();
  }

  const std::string filter_;
  const bool is_asked_for_;
  HeaderGuard guard_;
  std::string name_;
  std::optional<char> delimiter_;
  io::PipeDrain drain_{true};
  std::string first_;
  std::optional<char> last_;
};

constexpr std::size_t most_shown = 80;

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

std::set<std::string_view> fields_of(std::string_view line) {
  constexpr std::string_view separators = "\t,; \"\r";
  std::set<std::string_view> fields;
  for (std::size_t at = 0; (at = line.find_first_not_of(separators, at)) < line.size();) {
    const std::size_t end = std::min(line.find_first_of(separators, at), line.size());
    fields.insert(line.substr(at, end - at));
    at = end;
  }
  return fields;
}

// Whether a header of lines that was given became something else altogether. One that gets or loses a column
// shares a field with it.
bool shares_no_field(std::string_view written, std::string_view given) {
  if (written.empty() || given.empty()) return false;
  const std::set<std::string_view> known = fields_of(first_line(given));
  const std::set<std::string_view> fields = fields_of(first_line(written));
  return std::none_of(fields.begin(), fields.end(), [&](auto field) { return known.contains(field); });
}

constexpr std::size_t read_size = std::size_t{256} << 10;

// Finds the records of every output, and what stands in front of them: the first output's header is written,
// the others' have to be the same.
class CheckingJoiner : public ChunkJoiner {
 public:
  CheckingJoiner(const ChunkCommand& command, const StreamForm& form, io::FdRef to)
      : ChunkJoiner(command, to),
        command_(command),
        form_(form),
        has_header_(form.header.is_named()),
        guard_(command, !form.is_sam && record::may_begin_anyhow(form.record)) {}

  void put_header(std::string_view header) override {
    ChunkJoiner::put_header(header);
    guard_.note_input_header(header);
  }

  void begin(std::uint64_t chunk, std::string_view records_front) override {
    chunk_ = chunk;
    name_ = output_name(command_.words[0], chunk);
    guard_.begin(chunk, records_front);
    framer_ = record::make_framer(form_.record, name_);
    header_reader_.emplace(form_.header, name_, "join");
    decoder_.reset();
    is_known_ = false;
    is_header_over_ = !has_header_;
    is_front_known_ = false;
    text_.clear();
    header_.clear();
  }

  std::optional<std::size_t> take(io::FdRef pipe) override {
    ssize_t n = 0;
    while ((n = ::read(pipe.get(), buffer_.get(), read_size)) < 0 && errno == EINTR) {
    }
    if (n < 0 && errno == EAGAIN) return std::nullopt;
    if (n < 0) throw base::SystemError("read", "filter");
    push({buffer_.get(), static_cast<std::size_t>(n)});
    return static_cast<std::size_t>(n);
  }

  void take_file(io::FdRef file, std::uint64_t size) override {
    for (std::uint64_t at = 0; at < size;) {
      const ssize_t n = ::pread(file.get(), buffer_.get(), read_size, static_cast<off_t>(at));
      if (n <= 0) throw base::SystemError("read", "temporary file");
      push({buffer_.get(), static_cast<std::size_t>(n)});
      at += static_cast<std::uint64_t>(n);
    }
  }

  void end() override {
    if (decoder_) decoder_->finish();
    parse(true);
    if (text_.empty()) return;
    const std::string ending(framer_->complete(text_));
    put(text_);
    put(ending);
    ++records_;
  }

  void finish() override {
    if (!form_.is_bam()) return;
    blocks_.close(0);
    if (has_first_) write(codec::bgzf_eof);
  }

  std::optional<std::uint64_t> records() const override { return records_; }

 private:
  void push(std::string_view bytes) {
    if (!form_.is_bam()) {
      text_ += bytes;
      return parse(false);
    }
    if (!is_known_) {
      text_ += bytes;
      if (text_.size() < 2) return;
      is_known_ = true;
      if (!codec::is_gzip(text_)) return parse(false);
      decoder_.emplace(name_);
      const std::string first = std::move(text_);
      text_.clear();
      return inflate(first);
    }
    if (decoder_) return inflate(bytes);
    text_ += bytes;
    parse(false);
  }

  void inflate(std::string_view stored) {
    decoder_->feed(stored);
    while (const std::size_t n = decoder_->inflate({inflated_.get(), read_size})) {
      text_.append(inflated_.get(), n);
      parse(false);
    }
  }

  // Writes the whole records that there are; what is left stays in text_.
  void parse(bool is_end) {
    if (!form_.is_bam() && !is_known_ && !check_text(is_end)) return;
    if (!is_header_over_ && !take_header(is_end)) return;
    if (!is_front_known_) {
      if (!is_end && !guard_.is_enough(text_)) return;
      is_front_known_ = true;
      guard_.check(text_, name_);
    }
    const record::Span span = framer_->take(text_, std::numeric_limits<std::uint64_t>::max());
    if (span.bytes == 0) return;
    const std::string_view records = std::string_view(text_).substr(0, span.bytes);
    put(records);
    records_ += span.records;
    text_.erase(0, span.bytes);
  }

  // True when the first bytes were there to be looked at, and are not those of binary data.
  bool check_text(bool is_end) {
    const std::size_t enough =
        codec::is_gzip(text_) ? record::RepeatedHeaders::front_size : codec::format_magic_size;
    if (text_.size() < enough && !is_end) return false;
    is_known_ = true;
    if (!record::is_bytes(form_.record)) refuse_binary_output(text_, name_);
    return true;
  }

  // True when the header is over.
  bool take_header(bool is_end) {
    const std::size_t size = header_reader_->take(text_, is_end);
    header_.append(text_, 0, size);
    text_.erase(0, size);
    if (!header_reader_->is_over()) return false;
    if (!form_.is_bam() && !header_.empty() && !header_.ends_with('\n')) header_ += '\n';
    is_header_over_ = true;
    join_header();
    return true;
  }

  void join_header() {
    if (!has_first_) {
      if (has_input_header() && !header_.empty()) {
        throw base::DataError("join", name_,
                              "it begins with a header, but that of the input goes around the filter; "
                              "--header-broadcast gives it "
                              "to every chunk, and joins what the filter writes");
      }
      has_first_ = true;
      first_chunk_ = chunk_;
      put(header_);
      first_header_ = std::move(header_);
    } else if (header_ != first_header_) {
      const std::string difference = record::header_difference(header_, first_header_);
      throw base::DataError("join", name_,
                            fmt::format("its header is not that of chunk {}{}", first_chunk_,
                                        difference.empty() ? "" : ": " + difference));
    } else if (!is_warned_ && form_.header.lines > 0 && shares_no_field(first_header_, given_header())) {
      is_warned_ = true;
      base::warn(
          fmt::format("cannot tell a header of {}: its first line, '{}', has no field of the header that it "
                      "was given, and was "
                      "taken for one, as in all chunks; a filter that writes no header is to be run without "
                      "--header-broadcast",
                      name_, first_line(first_header_).substr(0, most_shown)));
    }
  }

  void put(std::string_view bytes) {
    if (!form_.is_bam()) return write(bytes);
    blocks_.write(0, bytes);
  }

  const ChunkCommand& command_;
  const StreamForm form_;
  const bool has_header_;
  HeaderGuard guard_;
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(read_size);
  std::unique_ptr<char[]> inflated_ = std::make_unique_for_overwrite<char[]>(read_size);
  codec::BgzfWriter blocks_{1, codec::bgzf_payload, 0, 0,
                            [this](codec::BgzfWriter::Block& block) { write(block.view()); }};
  std::string first_header_;
  std::uint64_t first_chunk_ = 0;
  bool has_first_ = false;
  bool is_warned_ = false;
  std::uint64_t records_ = 0;
  // Of the chunk that is being joined:
  std::uint64_t chunk_ = 0;
  std::string name_;
  std::unique_ptr<record::Framer> framer_;
  std::optional<record::HeaderReader> header_reader_;
  std::optional<codec::GzipDecoder> decoder_;
  bool is_known_ = false;  // of BAM: whether it is compressed; of text: that it is not binary
  bool is_header_over_ = false;
  bool is_front_known_ = false;  // what the records begin with
  std::string header_;
  std::string text_;
};

}  // namespace

ChunkJoiner::ChunkJoiner(const ChunkCommand& command, io::FdRef to)
    : to_(to), written_(command.written), reads_sam_(command.form.is_sam) {}

void ChunkJoiner::put_header(std::string_view header) {
  has_input_header_ = !header.empty();
  write(header);
}

void ChunkJoiner::leave_unfinished() noexcept {
  const bool is_sam = written_ ? written_->is_sam : reads_sam_ && has_input_header_;
  const bool is_fastq = written_ && written_->record.kind == record::RecordForm::Kind::fastq;
  if (!is_sam && !is_fastq) return;
  try {
    write("*");
  } catch (const std::exception&) {  // the user gets the message of the first failure
  }
}

void ChunkJoiner::write(std::string_view bytes) {
  io::write_all(to_, std::string(io::stdout_name), bytes, meter_);
}

bool is_binary(std::string_view first) {
  const codec::DataFormat format = codec::format_by_magic(first);
  return codec::is_gzip(first) || (format != codec::DataFormat::unknown && format != codec::DataFormat::sam);
}

void refuse_binary_output(std::string_view first, const std::string& name) {
  if (!is_binary(first)) return;
  using codec::DataFormat;
  const std::string_view what =
      codec::is_gzip(first) ? "compressed with gzip" : codec::format_name(codec::format_by_magic(first));
  const DataFormat format = codec::sniff(first);
  const bool is_variants = format == DataFormat::bcf || format == DataFormat::vcf;
  throw base::DataError(
      "join", name,
      fmt::format("it is {}, not text; {}", what,
                  is_variants ? "VCF is joined as text: bcftools writes it with -Ov, mrf-run compresses a "
                                "result that is named .vcf.gz, and 'bcftools view -Ob' makes BCF of it"
                              : "--output-record bam is for BAM, --output-record fixed:1 for other bytes, in "
                                "which files with a header each are not joined; what mrf-run compresses "
                                "itself, a filter leaves as it is"));
}

std::unique_ptr<ChunkJoiner> make_joiner(const ChunkCommand& command, io::FdRef to) {
  using Kind = record::RecordForm::Kind;
  const StreamForm form = command.written.value_or(command.form);
  const bool has_own_header = command.header_broadcast && !command.written;
  const record::RecordForm record = form.record;
  const bool is_plain = !form.is_sam && (record.kind == Kind::line || record.kind == Kind::nul ||
                                         record::is_single_bytes(record));
  if (form.is_bam() || has_own_header || (command.written && (!is_plain || form.header.is_named()))) {
    return std::make_unique<CheckingJoiner>(command, form, to);
  }
  return std::make_unique<PassingJoiner>(command, to);
}

}  // namespace mrf::chunk
