// SPDX-License-Identifier: MIT
// The thread that cuts is detached and owns all that it uses together with the ChunkSource: a read(2) of an
// input that stays silent cannot be ended from outside, and a run that has failed must not wait for it.
// Where it can, the thread waits in poll(2) for the input and for the end of the source.
#include "chunk/source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <deque>
#include <exception>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.h"
#include "chunk/sizer.h"
#include "codec/bgzf_writer.h"
#include "codec/data_format.h"
#include "io/fd.h"
#include "io/live_records.h"
#include "io/output_file.h"
#include "io/reader.h"
#include "io/temporaries.h"
#include "record/framer.h"
#include "record/header.h"

namespace mrf::chunk {

namespace {

constexpr std::size_t chunks_ahead = 2;

struct Cancelled {};

io::Fd make_event() {
  io::Fd event(io::adopt_fd, ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.is_open()) throw base::SystemError("wait for", "input");
  return event;
}

// An eventfd cannot be full here; a write that fails all the same is tried again.
void signal_event(io::FdRef event) noexcept {
  const std::uint64_t one = 1;
  for (int tries = 0; tries < 10 && ::write(event.get(), &one, sizeof one) < 0; ++tries) {
  }
}

ChunkPiece text_piece(std::string text) {
  const std::uint64_t size = text.size();
  return {nullptr, std::make_shared<const std::string>(std::move(text)), 0, size};
}

}  // namespace

// What both threads use.
struct ChunkSource::Shared {
  io::Fd events = make_event();
  io::Fd cancelled = make_event();

  std::mutex mutex;
  std::condition_variable room;
  std::deque<Chunk> chunks;
  std::optional<std::string> header;
  std::exception_ptr failure;
  bool is_over = false;
  bool is_cancelled = false;
  std::size_t wanted = ChunkSizer::first;
  io::StreamCount read;
};

class ChunkSource::ChunkReader {
 public:
  ChunkReader(const ChunkCommand& command, std::shared_ptr<Shared> shared)
      : command_(command),
        shared_(std::move(shared)),
        reader_(io::open_input(command.input), meter_, {.inflates = !record::is_bytes(command.form.record)}),
        framer_(record::make_framer(command.form.record, reader_.name())) {}

  const std::string& name() const { return reader_.name(); }

  void run() noexcept {
    std::exception_ptr failure;
    try {
      if (!is_bam() && !record::is_bytes(command_.form.record)) refuse_binary();
      read_header();
      while (cut()) {
      }
    } catch (const Cancelled&) {
      return;
    } catch (...) {
      failure = std::current_exception();
    }
    {
      const std::lock_guard lock(shared_->mutex);
      shared_->is_over = true;
      shared_->failure = std::move(failure);
      count();
    }
    if (stream_) stream_->cut_off();
    signal_event(shared_->events);
  }

 private:
  bool is_bam() const { return command_.form.is_bam(); }
  // Whether filters read the bytes from the input file itself.
  bool stays() const { return reader_.is_plain_file() && !is_bam(); }
  bool is_streamed() const { return !stays() && !command_.keeps_chunks(); }

  bool more() {
    if (!reader_.is_ready()) wait_for_input();
    return reader_.more();
  }

  void wait_for_input() const {
    pollfd polled[] = {{reader_.fd().get(), POLLIN, 0}, {shared_->cancelled.get(), POLLIN, 0}};
    while (::poll(polled, 2, -1) < 0) {
      if (errno != EINTR) throw base::SystemError("wait for", reader_.name());
    }
    if (polled[1].revents != 0) throw Cancelled();
  }

  void refuse_binary() {
    while (reader_.view().size() < codec::format_magic_size && more()) {
    }
    const codec::DataFormat format = codec::format_by_magic(reader_.view());
    if (format != codec::DataFormat::unknown && format != codec::DataFormat::sam)
      throw base::DataError("read", reader_.name(), codec::refusal_of(format));
  }

  void read_header() {
    std::string header = take_header();
    if (is_bam()) {
      std::string stored;
      codec::BgzfWriter writer(1, codec::bgzf_payload, 0, 0,
                               [&](codec::BgzfWriter::Block& block) { stored += block.view(); });
      writer.write(0, header);
      writer.close(0);
      prefix_ = text_piece(std::move(stored));
      header.clear();
    }
    if (!command_.header_to.empty()) io::write_output(command_.header_to, header);
    const bool is_passed = command_.header_to.empty() && !command_.header_broadcast;
    if (command_.header_broadcast && !header.empty()) prefix_ = text_piece(header);
    const std::lock_guard lock(shared_->mutex);
    shared_->header = is_passed || command_.header_broadcast ? std::move(header) : std::string();
    signal_event(shared_->events);
  }

  std::string take_header() {
    std::string header;
    record::HeaderReader reader(command_.form.header, reader_.name());
    for (bool has_more = true; !reader.is_over();) {
      const std::size_t size = reader.take(reader_.view(), !has_more);
      header += reader_.view().substr(0, size);
      reader_.consume(size);
      if (!reader.is_over() && has_more) has_more = more();
    }
    if (!is_bam() && !header.empty() && !header.ends_with('\n')) header += '\n';
    return header;
  }

  std::uint64_t wanted_bytes() {
    if (command_.records > 0) return std::numeric_limits<std::uint64_t>::max();
    const std::size_t by_input = chunk_size_after(bytes_);
    if (!command_.is_measured) return by_input;
    const std::lock_guard lock(shared_->mutex);
    return std::max(shared_->wanted, by_input);
  }

  // Whether a filter is started for an empty input: an output of alignments has a header without records too,
  // and so have others that begin with one.
  bool wants_empty_chunk() const {
    const bool has_header = command_.written && (command_.written->is_sam || command_.written->is_bam());
    return number_ == 0 && (has_header || prefix_.size > 0);
  }

  // False at the end of the input.
  bool cut() {
    wait_for_room();
    Chunk chunk{number_, records_, 0, 0, {}, {}, nullptr};
    begin_piece();
    const std::uint64_t wanted = wanted_bytes();
    const std::uint64_t most = command_.records > 0 ? command_.records : wanted;
    bool is_over = false;
    while (!is_over && chunk.bytes < wanted && chunk.records < most) {
      const std::string_view view = reader_.view();
      record::Span span = framer_->take(view.substr(0, wanted - chunk.bytes), most - chunk.records);
      if (span.bytes == 0) span = framer_->take(view, 1);
      if (span.bytes > 0) {
        add(chunk, view.substr(0, span.bytes), span.records);
      } else if (!more()) {
        is_over = true;
        add_tail(chunk);
      }
    }
    if (chunk.records > 0 || wants_empty_chunk()) give(std::move(chunk));
    return !is_over;
  }

  void begin_piece() {
    piece_ = {};
    if (stays()) {
      piece_.offset = reader_.offset();
      piece_.file = std::shared_ptr<const io::Fd>(reader_.file(), &reader_.file()->fd);
    } else if (!is_streamed()) {
      piece_.file = std::make_shared<const io::Fd>(io::open_scratch_file());
    }
  }

  void add(Chunk& chunk, std::string_view bytes, std::uint64_t records) {
    if (chunk.bytes == 0) chunk.front = bytes.substr(0, record::RepeatedHeaders::front_size);
    if (is_streamed() && !stream_) begin_stream(chunk);
    keep(bytes);
    reader_.consume(bytes.size());
    chunk.bytes += bytes.size();
    chunk.records += records;
  }

  // Hands the chunk over before it is whole, so that its filter can start.
  void begin_stream(Chunk chunk) {
    stream_ = std::make_shared<ChunkStream>(memory_, [shared = shared_] { signal_event(shared->events); });
    chunk.stream = stream_;
    hand_over(std::move(chunk));
  }

  void hand_over(Chunk chunk) {
    if (prefix_.size > 0) chunk.pieces.insert(chunk.pieces.begin(), prefix_);
    const std::lock_guard lock(shared_->mutex);
    shared_->chunks.push_back(std::move(chunk));
    count();
    signal_event(shared_->events);
  }

  void keep(std::string_view bytes) {
    if (stays()) {
      piece_.size += bytes.size();
    } else if (is_bam()) {
      blocks_.write(0, bytes);
    } else {
      write(bytes);
    }
  }

  void write(std::string_view bytes) {
    if (stream_) return stream_->append(bytes);
    io::Meter copied;
    io::write_all(*piece_.file, io::scratch_file_name(), bytes, copied);
    piece_.size += bytes.size();
  }

  void add_tail(Chunk& chunk) {
    const std::string_view tail = reader_.view();
    if (tail.empty()) return;
    ending_ = framer_->complete(tail);
    add(chunk, tail, 1);
  }

  void give(Chunk chunk) {
    if (is_bam()) {
      blocks_.close(0);
      ending_ += codec::bgzf_eof;
    }
    records_ += chunk.records;
    bytes_ += chunk.bytes;
    ++number_;
    io::tell_live_records(records_, reader_.stored());
    if (stream_) {
      stream_->append(std::exchange(ending_, {}));
      std::exchange(stream_, nullptr)->finish({static_cast<std::size_t>(chunk.bytes), chunk.records});
      const std::lock_guard lock(shared_->mutex);
      return count();
    }
    if (piece_.size > 0) chunk.pieces.push_back(std::move(piece_));
    if (!ending_.empty()) chunk.pieces.push_back(text_piece(std::exchange(ending_, {})));
    hand_over(std::move(chunk));
  }

  // The mutex is held.
  void count() noexcept {
    shared_->read.records = records_;
    shared_->read.bytes = reader_.stored();
  }

  void wait_for_room() {
    std::unique_lock lock(shared_->mutex);
    shared_->room.wait(lock, [&] { return shared_->is_cancelled || shared_->chunks.size() < chunks_ahead; });
    if (shared_->is_cancelled) throw Cancelled();
  }

  const ChunkCommand command_;
  const std::shared_ptr<Shared> shared_;
  io::Meter meter_;
  io::Reader reader_;
  std::unique_ptr<record::Framer> framer_;
  ChunkPiece prefix_;  // in front of every chunk's records
  ChunkPiece piece_;   // the records of the chunk in the making
  std::string ending_;
  const std::shared_ptr<StreamMemory> memory_ = std::make_shared<StreamMemory>();
  std::shared_ptr<ChunkStream> stream_;  // the chunk in the making
  // Blocks that store what is in them: samtools and pysam read them at once, and they cost next to nothing.
  codec::BgzfWriter blocks_{1, codec::bgzf_payload, 0, 0,
                            [this](codec::BgzfWriter::Block& block) { write(block.view()); }};
  std::uint64_t number_ = 0;
  std::uint64_t records_ = 0;
  std::uint64_t bytes_ = 0;
};

std::optional<record::Span> Chunk::extent() const {
  if (!stream) return record::Span{static_cast<std::size_t>(bytes), records};
  return stream->extent();
}

ChunkSource::ChunkSource(const ChunkCommand& command) : shared_(std::make_shared<Shared>()) {
  auto reader = std::make_shared<ChunkReader>(command, shared_);
  name_ = reader->name();
  shared_->read.name = name_;
  try {
    std::thread([reader = std::move(reader)] { reader->run(); }).detach();
  } catch (const std::system_error& error) {
    throw base::SystemError("start", "thread", error.code().value());
  }
}

ChunkSource::~ChunkSource() {
  const std::lock_guard lock(shared_->mutex);
  shared_->is_cancelled = true;
  shared_->room.notify_all();
  signal_event(shared_->cancelled);
}

io::FdRef ChunkSource::events() const { return shared_->events; }

void ChunkSource::clear_events() {
  std::uint64_t count = 0;
  while (::read(shared_->events.get(), &count, sizeof count) < 0 && errno == EINTR) {
  }
}

std::optional<std::string> ChunkSource::take_header() {
  const std::lock_guard lock(shared_->mutex);
  return std::exchange(shared_->header, std::nullopt);
}

std::optional<Chunk> ChunkSource::next() {
  const std::lock_guard lock(shared_->mutex);
  if (shared_->header) return std::nullopt;
  if (!shared_->chunks.empty()) {
    std::optional<Chunk> chunk(std::move(shared_->chunks.front()));
    shared_->chunks.pop_front();
    shared_->room.notify_all();
    return chunk;
  }
  if (shared_->failure) std::rethrow_exception(std::exchange(shared_->failure, nullptr));
  return std::nullopt;
}

bool ChunkSource::is_over() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->is_over && shared_->chunks.empty() && !shared_->failure && !shared_->header;
}

void ChunkSource::set_size(std::size_t bytes) {
  const std::lock_guard lock(shared_->mutex);
  shared_->wanted = bytes;
}

io::StreamCount ChunkSource::read() const {
  const std::lock_guard lock(shared_->mutex);
  return shared_->read;
}

}  // namespace mrf::chunk
