// SPDX-License-Identifier: MIT
#include "run/display_names.h"

#include <fmt/format.h>

#include <string_view>

#include "io/io.h"

namespace mrf::run {

namespace {

constexpr std::string_view name_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.@";

void replace_all(std::string& line, const std::string& from, const std::string& to) {
  for (std::size_t at = line.find(from); at != std::string::npos; at = line.find(from, at + to.size()))
    line.replace(at, from.size(), to);
}

std::string shown_as(const workflow::Word& word) {
  std::string text;
  for (const auto& piece : word) {
    if (workflow::is_fifo(piece)) text += piece.kind == workflow::Piece::Kind::in ? "in:" : "out:";
    text += piece.text;
  }
  return text;
}

}  // namespace

DisplayNames::DisplayNames(const workflow::Plan& plan, const Workspace& workspace)
    : directory_(workspace.directory() + "/"), standard_(plan.jobs.size()) {
  for (const auto& fifo : plan.fifos) fifos_.emplace(Workspace::file_name(fifo.name), fifo.name);
  for (const auto& path : plan.results) {
    if (workspace.result_path(path) != path) results_.emplace_back(workspace.result_path(path), path);
  }
  for (std::size_t at = 0; at < plan.jobs.size(); ++at) {
    for (const auto& redirection : plan.jobs[at].redirections) {
      if (redirection.fd > 1 || !workflow::has_reference(redirection.target)) continue;
      standard_[at].emplace_back(fmt::format("'{}'", redirection.fd == 0 ? io::stdin_name : io::stdout_name),
                                 fmt::format("'{}'", shown_as(redirection.target)));
    }
  }
}

std::string DisplayNames::in_line(std::size_t job, std::string line) const {
  replace_fifos(line);
  for (const auto& [written, path] : results_) replace_all(line, written, path);
  for (const auto& [standard, target] : standard_[job]) replace_all(line, standard, target);
  return line;
}

void DisplayNames::replace_fifos(std::string& line) const {
  for (std::size_t at = line.find(directory_); at != std::string::npos; at = line.find(directory_, at + 1)) {
    std::string_view rest = std::string_view(line).substr(at + directory_.size());
    std::string_view side;
    if (rest.starts_with("in/")) side = "in";
    if (rest.starts_with("out/")) side = "out";
    if (side.empty()) continue;
    rest.remove_prefix(side.size() + 1);
    std::string name(rest.substr(0, rest.find_first_not_of(name_characters)));
    if (name.ends_with('.')) name.pop_back();
    const auto fifo = fifos_.find(name);
    if (fifo == fifos_.end()) continue;
    line.replace(at, directory_.size() + side.size() + 1 + name.size(),
                 fmt::format("{}:{}", side, fifo->second));
  }
}

}  // namespace mrf::run
