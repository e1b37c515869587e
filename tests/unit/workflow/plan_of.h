// SPDX-License-Identifier: MIT
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "workflow/plan.h"
#include "workflow/workflow.h"

using Defines = std::map<std::string, std::string>;

inline mrf::workflow::Plan plan_of(const std::string& text, const Defines& defines = {}) {
  return mrf::workflow::make_plan(mrf::workflow::parse_workflow("w.mrf", text, defines));
}

inline void check_refused(const std::string& text, const std::string& message, const Defines& defines = {}) {
  CAPTURE(text);
  CHECK_THROWS_WITH_AS(plan_of(text, defines), message.c_str(), mrf::workflow::WorkflowError);
}
