// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "workflow/lexer.h"
#include "workflow/workflow.h"

namespace mrf::workflow {

/// What the words of one job are expanded with.
struct Scope {
  Place place;
  const std::map<std::string, std::string>& variables;
  const std::set<std::string>& counts;  ///< the names between the brackets of all job arrays
  std::optional<int> number;            ///< the job's own number
};

/// The words that one written word stands for: variables and numbers put in, in:, out: and save:
/// recognised at its start (and behind its first =). A [n] makes n words. Throws WorkflowError.
std::vector<Word> expand_word(const Word& word, const Scope& scope);

/// The size of a job array, from a number or a variable's value. Throws WorkflowError.
int count_of(const std::string& count, const Scope& scope);

}  // namespace mrf::workflow
