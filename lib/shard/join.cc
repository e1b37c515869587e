// SPDX-License-Identifier: MIT
#include "shard/join.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "codec/bgzf.h"
#include "io/fd.h"
#include "io/output_file.h"
#include "io/regular_file.h"
#include "record/header.h"
#include "shard/content.h"
#include "shard/digest.h"
#include "shard/in_threads.h"
#include "shard/proof.h"
#include "shard/stale.h"

namespace mrf::shard {

namespace {

constexpr std::size_t part_piece_bytes = std::size_t{1} << 18;
constexpr std::uint64_t bytes_to_disk = std::uint64_t{16} << 20;

// What of a part goes into the joined file: its bytes from `begin` on, up to `end`.
struct PartRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

class PartReader {
 public:
  PartReader(const Receipt& receipt, const Directory& directory)
      : receipt_(receipt), path_(directory.part_path(receipt.part)), directory_(directory) {
    open();
  }

  [[noreturn]] void refuse(const std::string& reason) const { throw base::DataError("join", path_, reason); }

  [[noreturn]] void fail(const std::string& reason) const {
    refuse(fmt::format("{}; without '{}' shard {} is run again", reason,
                       directory_.receipt_path(receipt_.shard), receipt_.shard));
  }

  void require_end_of_file_block() const {
    std::array<char, codec::bgzf_eof.size()> end{};
    const off_t at = ::lseek(file_.get(), -static_cast<off_t>(end.size()), SEEK_END);
    io::Meter meter;
    if (at < 0 || io::read_full(file_, path_, end, meter) != end.size() ||
        std::string_view(end.data(), end.size()) != codec::bgzf_eof)
      fail("it does not end with the end-of-file block");
  }

  // The first bytes of the text, which may be in BGZF; enough for record::RepeatedHeaders. None where the
  // part is damaged, which copy() finds.
  std::string front(PartForm form) const try {
    const Storage storage = form == PartForm::bgzf ? Storage::bgzf : Storage::plain;
    io::Meter meter;
    Content content(file_, path_, storage, 0, meter);
    while (content.view().size() < record::RepeatedHeaders::front_size && content.more()) {
    }
    return std::string(content.view().substr(0, record::RepeatedHeaders::front_size));
  } catch (const base::DataError&) {
    return "";
  }

  // The header of alignments, and where the records begin in the file.
  std::string read_header(PartForm form, std::uint64_t& records_at) const {
    try {
      return header_in_front_of(form, records_at);
    } catch (const base::DataError&) {
      fail(form == PartForm::bam ? "it is damaged, or it is no BAM whose first record begins a block"
                                 : "it is damaged, or it is no SAM whose first record begins a block");
    }
  }

  // Reads the whole part, checks it, and writes its range to byte `to` of `output`, or behind what a direct
  // one has. Ends early when `is_void` answers true.
  void copy(const PartRange& range, io::OutputFile& output, std::uint64_t to,
            const std::function<bool()>& is_void) {
    io::Meter meter;
    std::uint64_t since_told = 0;
    std::uint64_t at = 0;
    read([&](std::string_view bytes) {
      const std::uint64_t from = std::clamp(range.begin, at, at + bytes.size());
      const std::uint64_t end = std::clamp(range.end, from, at + bytes.size());
      const std::string_view wanted = bytes.substr(from - at, end - from);
      if (output.is_direct()) {
        io::write_all(output.fd(), output.name(), wanted, meter);
      } else {
        io::write_all_at(output.fd(), output.name(), wanted, to);
      }
      to += wanted.size();
      at += bytes.size();
      since_told += bytes.size();
      if (since_told < bytes_to_disk || output.is_direct()) return !is_void();
      // The disk begins now, so that fsync(2) has less to wait for at the end. A refusal is no error.
      (void)::sync_file_range(output.fd().get(), 0, 0, SYNC_FILE_RANGE_WRITE);
      since_told = 0;
      return !is_void();
    });
  }

  // Reads the whole part, gives it to `take` in pieces, and checks it; ends early when that answers false.
  void read(const std::function<bool(std::string_view)>& take) {
    if (::lseek(file_.get(), 0, SEEK_SET) < 0) throw base::SystemError("read", path_);
    io::Meter meter;
    std::vector<char> bytes(part_piece_bytes);
    Digest digest;
    std::uint64_t at = 0;
    for (;;) {
      bool is_stale = false;
      const std::size_t n = look_anew_when_stale([&] {
        if (std::exchange(is_stale, true)) {
          open();
          if (::lseek(file_.get(), static_cast<off_t>(at), SEEK_SET) < 0)
            throw base::SystemError("read", path_);
        }
        return io::read_some(file_, path_, bytes, meter);
      });
      if (n == 0) break;
      digest.add({bytes.data(), n});
      if (!take({bytes.data(), n})) return;
      at += n;
    }
    if (at != receipt_.part_size)
      fail(fmt::format("it has {} bytes and {} by its receipt", at, receipt_.part_size));
    if (digest.text() != receipt_.part_digest) fail("its digest is not that of its receipt");
  }

 private:
  void open() {
    try {
      file_ = io::open_regular_file(path_, O_RDONLY);
    } catch (const base::SystemError& error) {
      if (error.error_number() != ENOENT) throw;
      fail("the part is not there");
    }
  }

  std::string header_in_front_of(PartForm form, std::uint64_t& records_at) const {
    const Storage storage = form == PartForm::sam ? Storage::plain : Storage::bgzf;
    io::Meter meter;
    Content content(file_, path_, storage, 0, meter);
    record::HeaderReader reader(form == PartForm::bam ? record::bam_header() : record::sam_header(), path_);
    std::string header;
    bool has_ended = false;
    while (!reader.is_over()) {
      if (!has_ended) has_ended = !content.more();
      const std::size_t size = reader.take(content.view(), has_ended);
      header.append(content.view().substr(0, size));
      content.consume(size);
    }
    while (content.view().empty() && !has_ended) has_ended = !content.more();
    const Position position = content.position(0);
    records_at = stored_offset(position, storage);
    if (storage == Storage::bgzf && position != block_position(records_at))
      throw base::DataError("read", path_, "a record within a block");
    return header;
  }

  const Receipt& receipt_;
  std::string path_;
  const Directory& directory_;
  io::Fd file_;
};

bool is_compressed(PartForm form) { return form != PartForm::plain && form != PartForm::sam; }
bool has_header(PartForm form) { return form != PartForm::plain && form != PartForm::bgzf; }

// The parts, checked and written behind one another: each is looked at in its turn, and then read and copied
// beside others.
class PartsWriter {
 public:
  PartsWriter(const std::vector<Receipt>& receipts, const Directory& directory, PartForm form,
              io::OutputFile& output, HeaderRule rule)
      : receipts_(receipts),
        directory_(directory),
        form_(form),
        output_(output),
        rule_(rule),
        turns_(receipts.size()) {}

  void write() {
    in_threads(output_.is_direct() ? 1 : receipts_.size(), [this] {
      turns_.take([this](std::size_t shard) { return look_at(shard); },
                  [this](const Piece& piece) {
                    piece.part->copy(piece.range, output_, piece.to,
                                     [&] { return turns_.is_void(piece.number); });
                  });
    });
    turns_.require_success();
    if (!is_compressed(form_)) return;
    io::Meter meter;
    if (output_.is_direct()) {
      io::write_all(output_.fd(), output_.name(), codec::bgzf_eof, meter);
    } else {
      io::write_all_at(output_.fd(), output_.name(), codec::bgzf_eof, size_);
    }
  }

 private:
  struct Piece {
    std::size_t number = 0;
    std::unique_ptr<PartReader> part;
    PartRange range;
    std::uint64_t to = 0;
  };

  // An open part, and what its first bytes are.
  struct Look {
    std::unique_ptr<PartReader> part;
    std::string front;  ///< the header of alignments, or of text as much as RepeatedHeaders needs
    std::uint64_t records_at = 0;
  };

  Look look_into(const Receipt& receipt) const {
    Look look{std::make_unique<PartReader>(receipt, directory_), "", 0};
    if (is_compressed(form_)) {
      if (receipt.part_size < codec::bgzf_eof.size())
        look.part->fail("its receipt says that it is no BGZF file");
      look.part->require_end_of_file_block();
    }
    if (has_header(form_)) {
      look.front = look.part->read_header(form_, look.records_at);
    } else if (rule_ != HeaderRule::lines) {
      look.front = look.part->front(form_);
    }
    return look;
  }

  Piece look_at(std::size_t shard) {
    const Receipt& receipt = receipts_[shard];
    Look look = look_anew_when_stale([&] { return look_into(receipt); });
    PartRange range{look.records_at, receipt.part_size};
    if (is_compressed(form_)) range.end -= codec::bgzf_eof.size();
    if (has_header(form_)) {
      if (shard == 0) {
        first_header_ = std::move(look.front);
        if (rule_ != HeaderRule::omitted) range.begin = 0;
      } else if (look.front != first_header_) {
        look.part->fail("its header is not that of shard 0");
      }
    } else if (rule_ != HeaderRule::lines) {
      const std::string earlier = repeated_.find(look.front, fmt::format("that of shard {} does", shard));
      if (!earlier.empty())
        look.part->refuse(record::RepeatedHeaders::fault(look.front, earlier, "-O sam", "-O bam"));
    }
    Piece piece{shard, std::move(look.part), range, size_};
    size_ += range.end - std::min(range.begin, range.end);
    return piece;
  }

  const std::vector<Receipt>& receipts_;
  const Directory& directory_;
  PartForm form_;
  io::OutputFile& output_;
  HeaderRule rule_;
  Turns turns_;
  std::string first_header_;
  record::RepeatedHeaders repeated_;
  std::uint64_t size_ = 0;  ///< of what the parts that were looked at give
};

}  // namespace

std::vector<Receipt> read_receipts(const Plan& plan, const std::string& plan_digest,
                                   const Directory& directory) {
  const auto missing = directory.missing(plan);
  if (!missing.empty())
    throw base::Error(base::Status::failure, "join", directory.path(),
                      fmt::format("{} of {} shards have no receipt, the first is {}; 'mrf-run --shard-run {} "
                                  "--shard-dir DIR' runs it",
                                  missing.size(), plan.shards(), missing[0], missing[0]));
  std::vector<Receipt> receipts;
  for (std::size_t shard = 0; shard < plan.shards(); ++shard) {
    auto receipt = directory.read_receipt(shard);
    if (!receipt) throw base::SystemError("open", directory.receipt_path(shard), ENOENT);
    receipts.push_back(std::move(*receipt));
  }
  const std::string fault = fault_of_chain(plan, plan_digest, receipts);
  if (!fault.empty())
    throw base::DataError("join", directory.path(),
                          fmt::format("{}; without that receipt the shard is run again", fault));
  return receipts;
}

void write_parts(const std::vector<Receipt>& receipts, const Directory& directory, PartForm form,
                 io::OutputFile& output, HeaderRule rule) {
  PartsWriter(receipts, directory, form, output, rule).write();
}

void check_parts(const std::vector<Receipt>& receipts, const Directory& directory) {
  Turns turns(receipts.size());
  in_threads(receipts.size(), [&] {
    turns.take([](std::size_t shard) { return shard; },
               [&](std::size_t shard) {
                 PartReader(receipts[shard], directory).read([&](std::string_view) {
                   return !turns.is_void(shard);
                 });
               });
  });
  turns.require_success();
}

int measure_part(const Directory& directory, Receipt& receipt, const std::function<int()>& stop) {
  if (!receipt.mate_part.empty()) {
    Receipt mate = receipt_of_mate(receipt);
    mate.mate_part.clear();
    if (const int stopped = measure_part(directory, mate, stop); stopped != 0) return stopped;
    receipt.mate_part_size = mate.part_size;
    receipt.mate_part_digest = mate.part_digest;
  }
  const std::string path = directory.part_path(receipt.part);
  return look_anew_when_stale([&] {
    const io::Fd file = io::open_regular_file(path, O_RDONLY);
    io::Meter meter;
    std::vector<char> bytes(part_piece_bytes);
    Digest digest;
    while (const std::size_t n = io::read_some(file, path, bytes, meter)) {
      digest.add({bytes.data(), n});
      if (const int stopped = stop(); stopped != 0) return stopped;
    }
    receipt.part_size = meter.bytes;
    receipt.part_digest = digest.text();
    return stop();
  });
}

}  // namespace mrf::shard
