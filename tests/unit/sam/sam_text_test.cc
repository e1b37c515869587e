// SPDX-License-Identifier: MIT
#include "sam/sam_text.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "random_record.h"
#include "sam/header.h"
#include "sam/tags.h"

TEST_CASE("random records become the lines that htslib makes of them") {
  const auto header = mrf::sam::parse_sam_header(mrf::bam::test::two_references, "test");
  const mrf::sam::SamText text(*header);
  mrf::bam::test::RandomRecords records(1);
  mrf::sam::Buffer ours;
  for (int i = 0; i < 20000; ++i) {
    const auto record = records.next();
    ours.clear();
    REQUIRE(text.append(*record, ours).empty());
    REQUIRE(ours.view() == mrf::bam::test::htslib_line(*record, *header) + "\n");
  }
}

TEST_CASE("real numbers are written as htslib does") {
  const auto header = mrf::sam::parse_sam_header(mrf::bam::test::two_references, "test");
  const mrf::sam::SamText text(*header);
  using Limits = std::numeric_limits<float>;
  for (const float number :
       {0.0F, -0.0F, 1.5F, 100000.0F, 999999.5F, 1e6F, 1e-4F, 1e-5F, 0.1F, 1234567.0F, Limits::max(),
        Limits::lowest(), Limits::min(), Limits::denorm_min(), Limits::infinity(), -Limits::infinity(),
        Limits::quiet_NaN(), -Limits::quiet_NaN()}) {
    const auto record = mrf::sam::make_record();
    REQUIRE(bam_set1(record.get(), 1, "r", 4, -1, -1, 0, 0, nullptr, -1, -1, 0, 0, nullptr, nullptr, 64) >=
            0);
    REQUIRE(bam_aux_update_float(record.get(), "XF", number) == 0);
    mrf::sam::Buffer ours;
    if (!std::isfinite(number)) {
      CHECK(text.append(*record, ours) ==
            "the optional field 'XF' has a value that SAM text does not allow; --permissive takes it");
      CHECK(ours.size() == 0);
    }
    mrf::sam::DeviationCounts counts;
    CHECK(text.append(*record, ours, mrf::sam::Lenience(&counts)) == "");
    CHECK(counts.counts[static_cast<std::size_t>(mrf::sam::Deviation::tag_value)] ==
          (std::isfinite(number) ? 0 : 1));
    CHECK(ours.view() == mrf::bam::test::htslib_line(*record, *header) + "\n");
  }
}

TEST_CASE("optional fields that are cut anywhere are refused") {
  mrf::sam::silence_htslib();
  const auto header = mrf::sam::parse_sam_header(mrf::bam::test::two_references, "test");
  const mrf::sam::SamText text(*header);
  mrf::bam::test::RandomRecords records(2);
  for (int i = 0; i < 300; ++i) {
    const auto record = records.next();
    const int aux = static_cast<int>(bam_get_l_aux(record.get()));
    for (int cut = 1; cut <= aux; ++cut) {
      --record->l_data;
      mrf::sam::Text theirs;
      // htslib leaves less than four bytes behind the last field alone.
      const bool good = sam_format1(header.get(), record.get(), &theirs) >= 0 &&
                        mrf::sam::are_tags({reinterpret_cast<const char*>(bam_get_aux(record.get())),
                                            static_cast<std::size_t>(bam_get_l_aux(record.get()))});
      mrf::sam::Buffer ours;
      REQUIRE((text.append(*record, ours).empty()) == good);
      if (good) REQUIRE(ours.view() == std::string(theirs.view()) + "\n");
      if (!good) REQUIRE(ours.size() == 0);
    }
  }
}
