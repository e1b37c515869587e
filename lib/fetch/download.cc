// SPDX-License-Identifier: MIT
#include "fetch/download.h"

#include <algorithm>
#include <utility>

#include "fetch/start_thread.h"
#include "io/signals.h"

namespace mrf::fetch {

namespace {

// More threads than that do not make one object come faster.
constexpr unsigned most_threads = 4;

}  // namespace

Download::Download(http::Network& network, NetworkMaker more, http::Clock& clock, const http::Url& url,
                   FetchOptions options, PartSizes sizes)
    : network_(network),
      more_(std::move(more)),
      clock_(clock),
      url_(url),
      options_(std::move(options)),
      sizes_(sizes) {}

void Download::run(ObjectOutput& output) {
  pool_ = std::make_unique<PartPool>(output, sizes_, url_.shown());
  {
    Worker first(network_, clock_, *pool_, url_, options_);
    first.add_slots(1);
    try {
      work(first, output);
    } catch (...) {
      pool_->fail(std::current_exception());
    }
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    bytes_in_ += first.bytes_in();
  }
  pool_->rethrow();
  output.finish();
}

void Download::work(Worker& first, ObjectOutput& output) {
  bool grown = false;
  while (first.step(output)) {
    io::throw_if_interrupted();
    output.work_off();
    if (!grown && pool_->is_parallel()) {
      grown = true;
      add_workers(first, output);
    }
    if (on_progress) on_progress(pool_->bytes(), pool_->total());
  }
}

void Download::add_workers(Worker& first, ObjectOutput& output) {
  const unsigned slots = std::max(1U, sizes_.concurrency);
  const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
  const unsigned workers = output.in_order() || !more_ ? 1 : std::min({slots, processors, most_threads});
  first.add_slots((slots + workers - 1) / workers - 1);
  for (unsigned i = 1; i < workers; ++i) {
    const unsigned share = (slots + workers - 1 - i) / workers;
    if (!start_thread(threads_, [this, share, &output] { work_beside(share, output); }))
      first.add_slots(share);
  }
}

void Download::work_beside(unsigned slots, ObjectOutput& output) {
  try {
    const auto network = more_();
    Worker worker(*network, clock_, *pool_, url_, options_);
    worker.add_slots(slots);
    while (worker.step(output)) continue;
    bytes_in_ += worker.bytes_in();
  } catch (...) {
    pool_->fail(std::current_exception());
  }
}

}  // namespace mrf::fetch
