// SPDX-License-Identifier: MIT
#include "codec/inflate.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/error.h"
#include "codec/bgzf.h"
#include "codec/inflate_engine.h"
#include "codec/pipeline.h"

namespace mrf::codec {

namespace {

// Why a BGZF stream that ends without its end-of-file block is refused.
constexpr std::string_view no_eof_block = "truncated: no end-of-file block";

}  // namespace

GzipDecoder::GzipDecoder(std::string name) : name_(std::move(name)), engine_(make_inflate_engine()) {}
GzipDecoder::~GzipDecoder() = default;
GzipDecoder::GzipDecoder(GzipDecoder&&) noexcept = default;

void GzipDecoder::feed(std::string_view stored) { held_ = stored; }

std::size_t GzipDecoder::inflate(std::span<char> to) {
  std::span<char> rest = to;
  while (rest.size() == to.size()) {
    if (!in_member_ && !next_member()) return 0;
    inflate_some(rest);
    if (held_.empty() && flushed_) break;
  }
  return to.size() - rest.size();
}

void GzipDecoder::finish() const {
  if (in_member_) throw base::DataError("read", name_, "truncated gzip stream");
  if (bgzf_block_size(head_) > 0 && head_ != bgzf_eof) throw base::DataError("read", name_, no_eof_block);
}

// Between members: padding of zero bytes may follow the last one, nothing else.
bool GzipDecoder::next_member() {
  while (seen_member_ && held_.starts_with('\0')) {
    padding_ = true;
    held_.remove_prefix(1);
  }
  if (held_.empty()) return false;
  if (padding_ || (seen_member_ && held_.front() != '\x1f')) {
    throw base::DataError("read", name_, "trailing garbage after the gzip stream");
  }
  engine_->start_member();
  head_.clear();
  in_member_ = true;
  return true;
}

void GzipDecoder::remember(std::string_view taken) {
  while (!taken.empty()) {
    const BgzfHeader header = parse_bgzf_header(head_);
    const std::size_t enough = std::max(header.header_size, bgzf_eof.size() + 1);
    if (header.state == BgzfHeader::State::none || head_.size() >= enough) return;
    const std::size_t n = std::min(taken.size(), enough - head_.size());
    head_ += taken.substr(0, n);
    taken.remove_prefix(n);
  }
}

void GzipDecoder::inflate_some(std::span<char>& rest) {
  const std::size_t before = rest.size();
  const std::string_view stored = held_;
  try {
    if (engine_->step(held_, rest) == InflateEngine::State::member_end) {
      in_member_ = false;
      seen_member_ = true;
    }
  } catch (const std::runtime_error& error) {
    throw base::DataError("read", name_, error.what());
  }
  remember(stored.substr(0, stored.size() - held_.size()));
  // The library may hold output back after the last stored byte; when it gives none, it has none.
  flushed_ = !in_member_ || rest.size() == before;
}

namespace {

// Any gzip members one after the other.
class GzipSource : public ByteSource {
 public:
  GzipSource(std::unique_ptr<ByteSource> stored, std::string name)
      : stored_(std::move(stored)), decoder_(std::move(name)) {}

  bool is_ready() const override { return decoder_.has_more() || stored_->is_ready(); }

  std::size_t read(std::span<char> to) override {
    for (;;) {
      if (const std::size_t n = decoder_.inflate(to); n > 0) return n;
      const std::size_t stored = stored_->read(buffer_);
      if (stored == 0) break;
      decoder_.feed({buffer_.data(), stored});
    }
    decoder_.finish();
    return 0;
  }

 private:
  std::unique_ptr<ByteSource> stored_;
  GzipDecoder decoder_;
  std::array<char, std::size_t{1} << 18> buffer_;
};

// A BGZF block of nothing that is not the end-of-file block: its content is stored.
constexpr std::string_view empty_block{
    "\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0\x1e\0\x01\0\0\xff\xff\0\0\0\0\0\0\0\0", 31};

// A source that gives some bytes a second time, and then the rest of the source that they came from.
class Rewound : public ByteSource {
 public:
  Rewound(std::string first, std::unique_ptr<ByteSource> rest)
      : first_(std::move(first)), rest_(std::move(rest)) {}

  std::size_t read(std::span<char> to) override {
    if (given_ == first_.size()) return rest_->read(to);
    const std::size_t n = first_.copy(to.data(), to.size(), given_);
    given_ += n;
    return n;
  }
  bool is_ready() const override { return given_ < first_.size() || rest_->is_ready(); }

 private:
  const std::string first_;
  std::unique_ptr<ByteSource> rest_;
  std::size_t given_ = 0;
};

struct Content {
  std::vector<char> bytes;
  BgzfContent found;
};

struct Job {
  std::string stored;
  BgzfBlocks blocks;
  Content content;
  BgzfInflater inflater;

  void inflate() {
    content.bytes.resize(std::max(content.bytes.size(), blocks.content));
    content.found = inflater.blocks(stored, content.bytes);
  }
};

class BgzfSource : public ByteSource {
 public:
  BgzfSource(std::unique_ptr<ByteSource> stored, std::string name, unsigned threads)
      : stored_(std::move(stored)),
        name_(std::move(name)),
        pool_(threads,
              {{[](Job& job) { job.inflate(); }, false}, {[this](Job& job) { hand_over(job); }, true}},
              {.on_failure = [this] { hear_of_failure(); }}) {}

  std::size_t read(std::span<char> to) override {
    while (given_ == content_.found.size) {
      if (!content_.found.damage.empty()) throw base::DataError("read", name_, content_.found.damage);
      while (!over_ && on_the_way_ < pool_.size() && (on_the_way_ == 0 || can_feed())) feed();
      if (on_the_way_ > 0) {
        take_over();
      } else if (after_ != nullptr) {
        return after_->read(to);
      } else if (!ended_) {
        throw base::DataError("read", name_, no_eof_block);
      } else {
        return 0;
      }
    }
    const std::size_t n = std::min(to.size(), content_.found.size - given_);
    std::memcpy(to.data(), content_.bytes.data() + given_, n);
    given_ += n;
    return n;
  }

  bool is_ready() const override {
    if (given_ < content_.found.size || on_the_way_ > 0 || !content_.found.damage.empty()) return true;
    return (after_ != nullptr ? after_->is_ready() : can_feed());
  }

 private:
  std::string_view held() const { return {buffer_.get() + begin_, end_ - begin_}; }
  bool can_feed() const {
    return over_ || whole_bgzf_blocks(held(), 1).stored > 0 || is_no_block() || stored_->is_ready();
  }
  bool is_no_block() const {
    return !held().empty() && parse_bgzf_header(held()).state == BgzfHeader::State::none;
  }

  // Submits the blocks at the front of what is held, or reads more.
  void feed() {
    const BgzfBlocks blocks = whole_bgzf_blocks(held(), content_a_job);
    if (blocks.stored > 0) {
      submit(blocks);
    } else if (is_no_block()) {
      go_on_without_blocks();
    } else if (!refill()) {
      over_ = true;
      if (!held().empty()) go_on_without_blocks();
    }
  }

  void submit(const BgzfBlocks& blocks) {
    Job& job = pool_.next();
    job.blocks = blocks;
    job.stored.assign(held(), 0, blocks.stored);
    begin_ += blocks.stored;
    ended_ = blocks.is_end;
    ++on_the_way_;
    pool_.submit();
  }

  bool refill() {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    const std::size_t n = stored_->read({buffer_.get() + end_, buffer_size - end_});
    end_ += n;
    return n > 0;
  }

  // Members that are no blocks, padding, or half a block follow: they are read as after any whole member.
  void go_on_without_blocks() {
    over_ = true;
    std::string start(ended_ ? bgzf_eof : empty_block);
    start += held();
    after_ =
        std::make_unique<GzipSource>(std::make_unique<Rewound>(std::move(start), std::move(stored_)), name_);
  }

  void hand_over(Job& job) {
    const std::lock_guard lock(mutex_);
    done_.push_back(std::move(job.content));
    job.content = {};
    if (!spare_.empty()) {
      job.content.bytes = std::move(spare_.back());
      spare_.pop_back();
    }
    changed_.notify_one();
  }

  void hear_of_failure() noexcept {
    const std::lock_guard lock(mutex_);
    has_failed_ = true;
    changed_.notify_one();
  }

  void take_over() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !done_.empty() || has_failed_; });
    if (done_.empty()) {
      lock.unlock();
      pool_.finish();
    }
    spare_.push_back(std::move(content_.bytes));
    content_ = std::move(done_.front());
    done_.pop_front();
    given_ = 0;
    --on_the_way_;
  }

  static constexpr std::size_t content_a_job = 4 * bgzf_payload;
  static constexpr std::size_t buffer_size = 8 * bgzf_max_block;

  std::unique_ptr<ByteSource> stored_;
  const std::string name_;
  std::unique_ptr<char[]> buffer_ = std::make_unique_for_overwrite<char[]>(buffer_size);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::unique_ptr<ByteSource> after_;
  std::size_t on_the_way_ = 0;
  bool over_ = false;
  bool ended_ = false;
  Content content_;
  std::size_t given_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Content> done_;
  bool has_failed_ = false;
  std::vector<std::vector<char>> spare_;
  Pipeline<Job> pool_;
};

}  // namespace

std::unique_ptr<ByteSource> make_inflater(std::unique_ptr<ByteSource> stored, std::string name,
                                          unsigned threads) {
  std::string first;
  bool more = true;
  BgzfHeader header;
  do {
    const std::size_t held = first.size();
    header = parse_bgzf_header(first);
    if (header.state != BgzfHeader::State::cut) break;
    first.resize(header.header_size);
    const std::size_t n = stored->read({first.data() + held, first.size() - held});
    first.resize(held + n);
    more = n > 0;
  } while (more);
  const bool is_bgzf = header.state == BgzfHeader::State::whole;
  auto again = std::make_unique<Rewound>(std::move(first), std::move(stored));
  if (is_bgzf) return std::make_unique<BgzfSource>(std::move(again), std::move(name), threads);
  return std::make_unique<GzipSource>(std::move(again), std::move(name));
}

bool is_gzip(std::string_view first) { return first.starts_with("\x1f\x8b"); }

std::string inflate_library() { return inflate_engine_name(); }

}  // namespace mrf::codec
