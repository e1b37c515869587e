// SPDX-License-Identifier: MIT
#include "workflow/shard_form.h"

#include <doctest/doctest.h>

#include <string>

#include "base/error.h"

namespace {

mrf::workflow::ShortForm any_order(int workers) {
  mrf::workflow::ShortForm form;
  form.inputs = {"in.bam"};
  form.outputs = {"out.bam"};
  form.command = {"cat"};
  form.order = "any";
  form.workers = workers;
  return form;
}

bool is_unsorted(const mrf::workflow::ShortForm& form) {
  return mrf::workflow::workflow_text(form).find(" --unsorted ") != std::string::npos;
}

}  // namespace

TEST_CASE("with any order, the headers of shards agree whatever the number of workers") {
  for (const int workers : {1, 4}) {
    CAPTURE(workers);
    auto form = any_order(workers);
    const auto choice = mrf::workflow::choose(form);
    CHECK(is_unsorted(form) == (workers > 1));
    CHECK(is_unsorted(mrf::workflow::form_of_shard(form, choice, 0, {{"read"}}, {"part.bam"})));
    CHECK(is_unsorted(mrf::workflow::form_of_shard(form, choice, 1, {}, {"part.bam"})));
    CHECK_NOTHROW(mrf::workflow::check_for_shards(form, choice));
    form.writes_index = true;
    CHECK_THROWS_AS(mrf::workflow::check_for_shards(form, choice), mrf::base::UsageError);
    form.combine = {"samtools", "cat"};
    CHECK_NOTHROW(mrf::workflow::check_for_shards(form, mrf::workflow::choose(form)));
  }
}
