// SPDX-License-Identifier: MIT
#include "workflow/renderings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "base/join.h"
#include "workflow/short_form.h"

namespace mrf::workflow {

namespace {

// Other shells fail at words further down only.
constexpr const char* prologue = R"bash(case ${BASH_VERSION-} in
'' | [1-4].* | 5.0.*) printf '%s: cannot run: it needs bash 5.1 or later\n' "$0" >&2 && exit 2 ;;
esac
set -um
dir=$(mktemp -d "${TMPDIR:-/tmp}/mrf-run.XXXXXXXX") || exit 1
[[ $dir == /* ]] || dir=$PWD/$dir
declare -A may_end_early=() accepts=()
targets=() written=() made=() started=()
clean_up() {
  trap '' INT QUIT TERM HUP
  for pid in ${started[@]+"${started[@]}"} $(jobs -p); do kill -KILL -- "-$pid"; done 2>/dev/null
  rm -rf -- "$dir" ${made[@]+"${made[@]}"}
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 131' QUIT
trap 'exit 143' TERM

# Where a result is written before it is published: a device, a FIFO or what the script's own descriptors are
# itself, all else in a directory beside the file that a link leads to; with "append" a copy of that file.
result() {
  local target=$1 directory
  if [[ (-e $1 && ! -f $1) || $1 == /dev/* || $1 == /proc/* ]]; then
    targets+=("$1")
    written+=("$1")
    return
  fi
  [[ ! -L $1 ]] || target=$(readlink -f -- "$1") || exit 1
  directory=$(mktemp -d -- "$(dirname -- "$target")/.mrf-run.XXXXXXXX") || exit 1
  targets+=("$target")
  made+=("$directory")
  written+=("$directory/$(basename -- "$1")")
  [[ ${2-} != append || ! -e $target ]] || cp -- "$target" "${written[-1]}" || exit 1
}

# Runs functions side by side. The first one that fails ends the others, and its status is returned; one that
# writes one FIFO and nothing else may be ended by SIGPIPE.
run_all() { run_some "$#" "$@"; }

# Runs a function, and writes its name and its status to a file descriptor.
report() {
  local code=0
  (eval "exec $2>&-" && "$1") || code=$?
  echo "$1 $code" >&"$2"
  return "$code"
}

# Runs functions, as many at a time as its first argument says. The order of their ends is that of the reports:
# "wait -n" of bash loses a job that ends while it is not called. A function that was killed reports nothing.
run_some() {
  local -A running=()
  local most=$1 name code pid reports fifo
  shift
  fifo=$(mktemp -u -- "$dir/.reports.XXXXXXXX") && mkfifo -m 600 -- "$fifo" || exit 1
  exec {reports}<>"$fifo" || exit 1
  rm -f -- "$fifo"
  while (($# + ${#running[@]} > 0)); do
    while (($# > 0 && ${#running[@]} < most)); do
      report "$1" "$reports" &
      running[$1]=$!
      started+=("$!")
      shift
    done
    if ! read -r -t 5 name code <&"$reports"; then
      for name in "${!running[@]}"; do kill -0 "${running[$name]}" 2>/dev/null || break; done
      kill -0 "${running[$name]}" 2>/dev/null && continue
      code=0
      wait "${running[$name]}" || code=$?
    fi
    [[ -n ${running[$name]-} ]] || continue
    unset "running[$name]"
    [[ ${accepts[$name]- 0 } == *" $code "* ]] && continue
    ((code == 141 && ${may_end_early[$name]-0})) && continue
    echo "cannot finish '$name': status $code" >&2
    for pid in "${running[@]}"; do kill -KILL -- "-$pid" || kill -KILL "$pid"; done 2>/dev/null
    return "$code"
  done
  exec {reports}>&-
}

publish() {
  local at file name beside from=() to=()
  local -A is_written=()
  for at in "${!targets[@]}"; do
    [[ -e ${written[at]} ]] && continue
    echo "cannot publish '${targets[at]}': no job wrote it" >&2
    exit 1
  done
  for at in "${!targets[@]}"; do
    [[ ${written[at]} == "${targets[at]}" ]] && continue
    [[ ! -e ${targets[at]} ]] || chmod --reference="${targets[at]}" -- "${written[at]}" || exit 1
    for file in "$(dirname -- "${written[at]}")"/{*,.[!.]*,..?*}; do
      [[ -e $file || -L $file ]] || continue
      name=${file##*/} beside=${written[at]##*/}
      [[ $name != "$beside"* ]] || name=$(basename -- "${targets[at]}")${name#"$beside"}
      name=$(dirname -- "${targets[at]}")/$name
      if [[ -n ${is_written[$name]-} ]]; then
        echo "cannot publish '$name': it is written twice" >&2
        exit 1
      fi
      is_written[$name]=1 from+=("$file") to+=("$name")
    done
  done
  for at in "${!from[@]}"; do
    mv -fT -- "${from[at]}" "${to[at]}" || exit 1
  done
}
)bash";

class Script {
 public:
  explicit Script(const Plan& plan) : plan_(plan) {}

  std::string text() {
    text_ =
        "#!/usr/bin/env bash\n# Made by mrf-run --print-sh. Unlike mrf-run it does not open the FIFOs for "
        "the jobs.\n";
    text_ += prologue + std::string("\n");
    const auto appended = appended_results(plan_);
    for (const auto& path : plan_.results) {
      const bool is_appended = std::find(appended.begin(), appended.end(), path) != appended.end();
      text_ += fmt::format("result {}{}\n", quote_word(path), is_appended ? " append" : "");
    }
    for (const auto& fifo : plan_.fifos) {
      text_ += fmt::format("mkfifo -m 600 -- {} || exit 1\n", path_of(fifo.name));
    }
    for (std::size_t at = 0; at < plan_.jobs.size(); ++at) {
      const PlannedJob& job = plan_.jobs[at];
      if (job.writes.size() == 1 && !writes_records(job) && writes_one_stream(plan_, at))
        text_ += fmt::format("may_end_early[{}]=1\n", function(at));
    }
    for (std::size_t at = 0; at < plan_.jobs.size(); ++at) add_job(at);
    for (std::size_t at = 0; at < plan_.sections.size(); ++at) add_section(at);
    return text_ + fmt::format("\nrun_all{} || exit\npublish\n", first_functions());
  }

 private:
  static std::string path_of(const std::string& fifo) {
    return fmt::format("\"$dir/{}\"", fifo_file_name(fifo));
  }

  std::string function(std::size_t job) const {
    std::string name = "job_" + std::to_string(job) + "_" + plan_.jobs[job].name;
    std::replace(name.begin(), name.end(), '-', '_');
    return name;
  }

  std::string shown(const Word& word) const {
    std::string text;
    for (const auto& part : word) {
      if (is_fifo(part)) {
        text += path_of(part.text);
      } else if (part.kind == WordPart::Kind::save) {
        const auto at =
            std::find(plan_.results.begin(), plan_.results.end(), part.text) - plan_.results.begin();
        text += fmt::format("\"${{written[{}]}}\"", at);
      } else {
        text += quote_word(part.text);
      }
    }
    return text.empty() ? "''" : text;
  }

  void add_job(std::size_t at) {
    const PlannedJob& job = plan_.jobs[at];
    if (job.ok_statuses.size() > 1)
      text_ += fmt::format("\naccepts[{}]=' {} '\n", function(at), base::join(job.ok_statuses, " "));
    text_ += fmt::format("\n{}() {{  # {}\n", function(at), job.display_name());
    if (job.number) text_ += fmt::format("  export MRF_WORKER={} MRF_WORKERS={}\n", *job.number, job.count);
    text_ += fmt::format("  export MRF_RESULT=\"$dir/.result.{}\"\n", at);
    for (const auto& variable : job.environment) text_ += fmt::format("  export {}\n", shown(variable));
    text_ += "  exec";
    for (const auto& word : job.words) {
      text_ += " " + shown(word);
      if (&word == &job.words[0] && writes_records(job)) text_ += " --until-read";
    }
    for (const auto& redirection : job.redirections) {
      const char* sign = redirection.fd == 0 ? "<" : redirection.append ? ">>" : ">";
      text_ += fmt::format(" {}{} {}", redirection.fd == 2 ? "2" : "", sign, shown(redirection.target));
    }
    text_ += "\n}\n";
  }

  // A section holds the FIFOs that it leads to until its last round is over.
  void add_section(std::size_t section) {
    if (plan_.rounds_at_a_time[section] > 1) return add_rounds_side_by_side(section);
    text_ += fmt::format("\nsection_{}() {{\n", section);
    for (const auto& fifo : plan_.fifos) {
      if (fifo.writers.size() > 1 && plan_.jobs[fifo.writers[0]].section == section)
        text_ += fmt::format("  exec {{held}}> {}\n", path_of(fifo.name));
    }
    for (const auto& round : plan_.sections[section]) {
      text_ += "  run_all";
      for (const std::size_t job : round) text_ += " " + function(job);
      text_ += " || exit\n";
    }
    text_ += "}\n";
  }

  void add_rounds_side_by_side(std::size_t section) {
    std::string rounds;
    for (std::size_t round = 0; round < plan_.sections[section].size(); ++round) {
      const std::string name = fmt::format("round_{}_{}", section, round);
      text_ += fmt::format("\n{}() {{\n  run_all", name);
      for (const std::size_t job : plan_.sections[section][round]) text_ += " " + function(job);
      text_ += " || exit\n}\n";
      rounds += " " + name;
    }
    text_ += fmt::format("\nsection_{}() {{\n  run_some {}{} || exit\n}}\n", section,
                         plan_.rounds_at_a_time[section], rounds);
  }

  std::string first_functions() const {
    std::string text;
    for (std::size_t at = 0; at < plan_.jobs.size(); ++at) {
      if (!plan_.jobs[at].section) text += " " + function(at);
    }
    for (std::size_t at = 0; at < plan_.sections.size(); ++at) text += fmt::format(" section_{}", at);
    return text;
  }

  const Plan& plan_;
  std::string text_;
};

}  // namespace

std::string script_text(const Plan& plan) { return Script(plan).text(); }

}  // namespace mrf::workflow
