// SPDX-License-Identifier: MIT
#include "workflow/workflow.h"

#include "fuzz.h"
#include "workflow/plan.h"

using namespace mrf;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::may_refuse([&] {
    const workflow::Plan plan =
        workflow::make_plan(workflow::parse_workflow("fuzz.mrf", std::string(fuzz::text_of(data, size)), {}));
    for (const workflow::PlannedFifo& fifo : plan.fifos) {
      fuzz::check(fifo.reader < plan.jobs.size() && !fifo.writers.empty(), "a FIFO has a job at each end");
      for (const std::size_t writer : fifo.writers) {
        fuzz::check(writer < plan.jobs.size() && writer != fifo.reader, "a FIFO's writer is another job");
      }
    }
  });
  return 0;
}
