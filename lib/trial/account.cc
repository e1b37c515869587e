// SPDX-License-Identifier: MIT
#include "trial/account.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/amounts.h"
#include "base/error.h"
#include "base/join.h"
#include "base/redact.h"
#include "workflow/short_form.h"

namespace mrf::trial {

namespace {

// Two digits that count.
std::string rounded(double number) {
  if (number >= 99.5) {
    const double unit = std::pow(10, std::floor(std::log10(number)) - 1);
    return fmt::format("{:.0f}", std::round(number / unit) * unit);
  }
  return number >= 9.95 ? fmt::format("{:.0f}", number)
                        : fmt::format("{:.{}f}", number, number >= 0.995 ? 1 : 2);
}

class Writer {
 public:
  explicit Writer(const Account& account) : account_(account) {}

  std::string text() {
    const std::string unit = account_.has_pairs ? "pairs" : "records";
    add("tried",
        fmt::format("{} on {} {} of {}{}", account_.filter, account_.records, unit, account_.input, share()));
    add("compared", base::join(account_.runs, "; "));
    account_.difference ? add_difference() : add_agreement();
    return text_;
  }

 private:
  void add(std::string_view word, const std::string& what) { text_ += fmt::format("{:<10}{}\n", word, what); }

  std::string share() const {
    if (!account_.share) return "";
    return *account_.share >= 1 ? ", which is all of it"
                                : fmt::format(", {} % of the input", rounded(100 * *account_.share));
  }

  void add_difference() {
    const Difference& difference = *account_.difference;
    add("result", fmt::format("{} differs", account_.output));
    if (difference.record == 0) {
      add("", "the headers are not the same");
    } else {
      add("", fmt::format("{} records of the filter alone, {} of copies", account_.records_out,
                          account_.copies_records_out));
      add("", fmt::format("record {} is the first that differs", difference.record));
    }
    const ShownRecords shown = show(difference);
    add("  alone", shown.alone);
    add("  copies", shown.copies);
    if (!account_.diagnosis) return;
    add("filter", account_.diagnosis->sentence);
    add("", account_.diagnosis->advice);
  }

  void add_agreement() {
    add("result", account_.has_other_order ? "the same records, in another order" : "the same");
    if (account_.has_other_order && account_.combines)
      add("", "where the order counts, --combine needs a COMMAND that restores it");
    if (account_.has_date)
      add("",
          "but it writes the date into its header, and headers of chunks that differ are status 3: with "
          "--no-version bcftools leaves it out");
    if (account_.records_out == 0) {
      const bool is_all = account_.share && *account_.share >= 1;
      add("", is_all ? "but the filter has written nothing"
                     : fmt::format("but the filter has written nothing: --try {} says more",
                                   10 * account_.records));
    }
    add("speed",
        fmt::format("records/s of one processor: read {}, filter {}, write {}", rate(account_.costs.read_s),
                    rate(account_.costs.filter_s), rate(account_.costs.write_s)));
    std::string time = "alone " + readable_time(account_.alone_s);
    if (account_.copies_s) time += ", copies " + readable_time(*account_.copies_s);
    constexpr double short_s = 1;
    if (account_.alone_s < short_s) time += "; that is short, and what follows is rough";
    add("sample", time);
    if (has_too_few()) {
      add("whole",
          fmt::format("{} records are too few for a forecast, and for a command: --try alone takes more",
                      account_.records));
      return;
    }
    add_whole();
    add("command", account_.command);
    if (account_.level_command) {
      add("or", fmt::format("{}", *account_.level_command));
      add("", fmt::format("about {}, and the file about {} % larger", readable_time(account_.level_s),
                          rounded(100 * std::max(account_.level_growth, 0.0))));
    }
  }

  // What starting takes is all that their time tells.
  bool has_too_few() const {
    constexpr std::uint64_t enough = 100;
    constexpr double enough_s = 1;
    const bool is_part = account_.share && *account_.share < 1;
    return is_part && account_.records < enough && account_.alone_s < enough_s;
  }

  void add_whole() {
    if (!account_.whole_alone_s || !account_.whole_copies_s) return;
    const double gain = *account_.whole_alone_s / std::max(*account_.whole_copies_s, 1e-3);
    const std::string alone = readable_time(*account_.whole_alone_s);
    const std::string copies = readable_time(*account_.whole_copies_s);
    add("whole", pays(account_)
                     ? fmt::format("alone about {}, with the command below about {}: {} times as fast", alone,
                                   copies, rounded(gain))
                     : fmt::format("alone about {}: copies do not pay, {} limits{}", alone, limit(),
                                   account_.is_pipe_as_fast ? "; the plain pipe is as fast" : ""));
  }

  std::string limit() const {
    const Costs& costs = account_.costs;
    const double most = std::max({costs.read_s, costs.pass_s, costs.filter_s, costs.write_s});
    if (most == costs.filter_s) return "the number of processors";
    return most == costs.write_s ? "writing" : "reading";
  }

  // Of what takes no time that can be measured there is no rate.
  std::string rate(double seconds) const {
    constexpr double least_s = 0.005;
    return seconds < least_s ? "-" : base::readable_count(static_cast<double>(account_.records) / seconds);
  }

  const Account& account_;
  std::string text_;
};

}  // namespace

std::string suggested_command(const std::vector<base::CommandPiece>& pieces, const Suggestion& suggestion) {
  std::vector<std::string> replaced{"--try", "--workers"};
  std::string command = fmt::format("mrf-run -n {}", suggestion.setting.workers);
  if (suggestion.sets_threads) {
    command += fmt::format(" -@ {}", suggestion.setting.threads);
    replaced.emplace_back("--threads");
  }
  if (suggestion.level) {
    command += fmt::format(" -l {}", *suggestion.level);
    replaced.emplace_back("--level");
  }
  if (suggestion.chunk_size) {
    command += fmt::format(" -c {}", *suggestion.chunk_size);
    replaced.emplace_back("--chunk-size");
  }
  for (const auto& piece : pieces) {
    if (std::find(replaced.begin(), replaced.end(), piece.option) != replaced.end()) continue;
    for (const auto& word : piece.words) command += " " + workflow::quote_word(base::redact_name(word));
  }
  return command;
}

std::string text_of(const Account& account) { return Writer(account).text(); }

bool pays(const Account& account) {
  return !account.whole_alone_s || !account.whole_copies_s ||
         *account.whole_alone_s >= least_gain * *account.whole_copies_s;
}

std::string readable_time(double seconds) {
  constexpr double minute_s = 60;
  constexpr double hour_s = 3600;
  if (seconds < 2 * minute_s) return rounded(seconds) + " s";
  return seconds < 2 * hour_s ? rounded(seconds / minute_s) + " min" : rounded(seconds / hour_s) + " h";
}

}  // namespace mrf::trial
