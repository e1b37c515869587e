// SPDX-License-Identifier: MIT
#include "fetch/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "codec/crc.h"
#include "fetch/md5_lanes.h"
#include "fetch/worker_pool.h"
#include "io/signals.h"

namespace mrf::fetch {

namespace {

const EVP_MD* algorithm(DigestKind kind) {
  switch (kind) {
    case DigestKind::md5:
      return ::EVP_md5();
    case DigestKind::sha1:
      return ::EVP_sha1();
    case DigestKind::sha256:
      return ::EVP_sha256();
    case DigestKind::sha512:
      return ::EVP_sha512();
    default:
      return nullptr;
  }
}

std::uint64_t crc_of(DigestKind kind, std::string_view bytes) {
  switch (kind) {
    case DigestKind::crc32:
      return codec::crc32(bytes);
    case DigestKind::crc32c:
      return codec::crc32c(bytes);
    case DigestKind::crc64nvme:
      return codec::crc64nvme(bytes);
    default:
      return 0;
  }
}

std::uint64_t join_crcs(DigestKind kind, std::uint64_t a, std::uint64_t b, std::uint64_t length_b) {
  if (kind == DigestKind::crc64nvme) return codec::join_crc64nvme(a, b, length_b);
  const auto join = kind == DigestKind::crc32c ? &codec::join_crc32c : &codec::join_crc32;
  return join(static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b), length_b);
}

void check(int result) {
  if (result != 1)
    throw base::Error(base::Status::failure, "compute", "message digest", "libcrypto does not offer it");
}

}  // namespace

bool is_crc(DigestKind kind) {
  return kind == DigestKind::crc32 || kind == DigestKind::crc32c || kind == DigestKind::crc64nvme;
}

std::string bytes_of_crc(DigestKind kind, std::uint64_t crc) {
  std::string bytes;
  for (int shift = kind == DigestKind::crc64nvme ? 56 : 24; shift >= 0; shift -= 8)
    bytes += static_cast<char>(crc >> shift & 0xff);
  return bytes;
}

void Digest::Deleter::operator()(evp_md_ctx_st* context) const { ::EVP_MD_CTX_free(context); }

Digest::Digest(DigestKind kind) : kind_(kind), context_(is_crc(kind) ? nullptr : ::EVP_MD_CTX_new()) {
  if (is_crc(kind)) return;
  if (!context_) throw std::bad_alloc();
  check(::EVP_DigestInit_ex(context_.get(), algorithm(kind), nullptr));
}

void Digest::update(std::string_view bytes) {
  if (is_crc(kind_)) {
    crc_ = join_crcs(kind_, crc_, crc_of(kind_, bytes), bytes.size());
    return;
  }
  check(::EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Digest::finish() {
  if (is_crc(kind_)) return bytes_of_crc(kind_, crc_);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  check(::EVP_DigestFinal_ex(context_.get(), bytes, &length));
  return {reinterpret_cast<const char*>(bytes), length};
}

std::string crypto_version_text() {
  const std::string text = ::OpenSSL_version(OPENSSL_VERSION);
  return text.substr(0, text.find(' ', text.find(' ') + 1));
}

namespace {

constexpr std::size_t step_bytes = 256 << 10;
// What one thread leaves to be hashed together: at the end nobody waits for more than that.
constexpr std::uint64_t most_together = 256 << 20;

}  // namespace

void ByteAccess::copy(std::uint64_t at, std::span<char> to) {
  while (!to.empty()) {
    const auto bytes = view(at, to);
    if (bytes.data() != to.data()) std::copy(bytes.begin(), bytes.end(), to.begin());
    at += bytes.size();
    to = to.subspan(bytes.size());
  }
}

RangeHasher::RangeHasher(const std::vector<HashRange>& ranges, BytesAtHand bytes, unsigned threads)
    : bytes_(std::move(bytes)) {
  tasks_.reserve(ranges.size());
  for (const auto& range : ranges) tasks_.push_back({range, range.begin, Digest(range.kind), "", false});
  while (threads_.size() < threads && start_thread(threads_, [this] { work(); })) continue;
  if (threads_.size() == threads) return;
  stop();  // too few of them might wait for each other's bytes: the thread that calls advance() does it all
  stop_ = false;
}

RangeHasher::~RangeHasher() { stop(); }

void RangeHasher::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

void RangeHasher::advance(std::uint64_t frontier) {
  {
    const std::lock_guard lock(mutex_);
    if (thrown_) std::rethrow_exception(thrown_);
    frontier_ = frontier;
  }
  changed_.notify_all();
  if (!threads_.empty()) return;
  std::vector<char> scratch(step_bytes);
  for (Task& task : tasks_) {
    while (const std::size_t bytes = ready(task, scratch.size())) step(task, bytes, scratch);
    close(task);
  }
}

std::uint64_t RangeHasher::low() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t low = std::numeric_limits<std::uint64_t>::max();
  for (const Task& task : tasks_) {
    if (!task.done) low = std::min(low, task.position);
  }
  return low;
}

std::vector<std::string> RangeHasher::finish(std::uint64_t total) {
  {
    const std::lock_guard lock(mutex_);
    for (Task& task : tasks_) {
      if (task.range.end > total) task.range.end = total;  // the others are being read
    }
    over_ = true;
  }
  advance(total);
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  if (thrown_) std::rethrow_exception(thrown_);
  std::vector<std::string> results;
  for (Task& task : tasks_) {
    close(task);
    results.push_back(std::move(task.result));
  }
  return results;
}

void RangeHasher::work() {
  std::vector<char> scratch(step_bytes);
  try {
    for (auto tasks = take_tasks(); !tasks.empty(); tasks = take_tasks()) {
      if (tasks.size() > 1 && wait_for(tasks)) {
        run_lanes(tasks, scratch);
      } else {
        for (Task& task : tasks) run(task, scratch);
      }
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    thrown_ = std::current_exception();
    stop_ = true;
    changed_.notify_all();
  }
}

std::span<RangeHasher::Task> RangeHasher::take_tasks() {
  const std::lock_guard lock(mutex_);
  if (stop_ || next_ == tasks_.size()) return {};
  const std::size_t first = std::exchange(next_, next_ + side_by_side(next_));
  return std::span(tasks_).subspan(first, next_ - first);
}

// How many tasks from `first` on can share a vector.
std::size_t RangeHasher::side_by_side(std::size_t first) const {
  const auto length = [](const Task& task) { return task.range.end - task.range.begin; };
  const Task& one = tasks_[first];
  if (!bytes_.stay || one.range.kind != DigestKind::md5) return 1;
  const auto most =
      std::min<std::uint64_t>(Md5Lanes::lanes, most_together / std::max<std::uint64_t>(1, length(one)));
  std::size_t end = first + 1;
  while (end < tasks_.size() && end - first < most && length(tasks_[end]) == length(one)) ++end;
  return end - first < Md5Lanes::fewest ? 1 : end - first;
}

// False when the object ended before they did.
bool RangeHasher::wait_for(std::span<Task> tasks) {
  std::unique_lock lock(mutex_);
  const std::uint64_t end = tasks.back().range.end;
  changed_.wait(lock, [&] { return stop_ || over_ || frontier_ >= end; });
  return !stop_ && frontier_ >= end;
}

void RangeHasher::run_lanes(std::span<Task> tasks, std::span<char> scratch) {
  const std::uint64_t length = tasks[0].range.end - tasks[0].range.begin;
  const std::size_t step = scratch.size() / Md5Lanes::lanes;
  Md5Lanes lanes;
  Md5Lanes::Messages messages;
  messages.fill(scratch.data());
  for (std::uint64_t at = 0; at < length; at += step) {
    io::throw_if_interrupted();
    const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(step, length - at));
    for (std::size_t i = 0; i < tasks.size(); ++i) {
      messages[i] = scratch.data() + i * step;
      bytes_.access.copy(tasks[i].range.begin + at, scratch.subspan(i * step, bytes));
    }
    lanes.update(messages, bytes);
  }
  const auto digests = lanes.finish();
  const std::lock_guard lock(mutex_);
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    tasks[i].result = digests[i];
    tasks[i].position = tasks[i].range.end;
    tasks[i].done = true;
  }
}

void RangeHasher::run(Task& task, std::span<char> scratch) {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return stop_ || over_ || frontier_ > task.position || task.position >= task.range.end;
      });
      if (stop_) return;
    }
    const std::size_t bytes = ready(task, scratch.size());
    if (bytes == 0) break;
    step(task, bytes, scratch);
  }
  close(task);
}

// How many bytes of the task can be hashed now.
std::size_t RangeHasher::ready(Task& task, std::size_t most) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t end = std::min(frontier_, task.range.end);
  return end <= task.position ? 0
                              : static_cast<std::size_t>(std::min<std::uint64_t>(most, end - task.position));
}

void RangeHasher::step(Task& task, std::size_t bytes, std::span<char> scratch) {
  io::throw_if_interrupted();
  const auto view = bytes_.access.view(task.position, scratch.first(bytes));
  task.digest.update(view);
  {
    const std::lock_guard lock(mutex_);
    task.position += view.size();
  }
  bytes_.moved();
}

void RangeHasher::close(Task& task) {
  const std::lock_guard lock(mutex_);
  if (task.done || task.position < task.range.end) return;
  task.result = task.digest.finish();
  task.done = true;
}

}  // namespace mrf::fetch
