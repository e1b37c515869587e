// SPDX-License-Identifier: MIT
#include "fetch/repeated_reasons.h"

#include <algorithm>

namespace mrf::fetch {

bool RepeatedReasons::is_to_be_said(const std::string& host, const std::string& reason, std::uint64_t speaker,
                                    unsigned attempt) {
  const auto [place, is_new] =
      causes_.try_emplace(Cause{names_object(reason) ? "" : host, reason}, Said{speaker, attempt});
  Said& said = place->second;
  const bool is_said = is_new || speaker == said.speaker || attempt > said.attempt;
  said.attempt = std::max(said.attempt, attempt);
  if (!is_said) ++said.more;
  return is_said;
}

}  // namespace mrf::fetch
