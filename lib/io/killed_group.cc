// SPDX-License-Identifier: MIT
#include "io/killed_group.h"

#include <signal.h>

#include <array>
#include <cstddef>
#include <mutex>

#include "io/signals.h"

namespace mrf::io {

namespace {

// Signals that end a program by default and that users or batch systems send.
constexpr std::array other_endings{SIGQUIT, SIGUSR1, SIGUSR2, SIGALRM, SIGXCPU};
constexpr pid_t no_group = 0;
constexpr pid_t group_to_come = -1;

// The handler walks a list whose nodes are never freed.
struct GroupNode {
  std::atomic<pid_t> group;
  GroupNode* next;
};
static_assert(std::atomic<pid_t>::is_always_lock_free);
std::atomic<GroupNode*> nodes{nullptr};
std::mutex groups_mutex;
std::size_t living_groups = 0;
std::array<bool, other_endings.size()> is_caught{};

void kill_groups_and_die(int number) {
  if (!may_end_now(number)) return;
  kill_groups();
  die_of_signal(number);
}

void catch_other_endings() {
  struct sigaction action {};
  action.sa_handler = kill_groups_and_die;
  sigfillset(&action.sa_mask);
  for (std::size_t i = 0; i < other_endings.size(); ++i) {
    struct sigaction now {};
    is_caught[i] = ::sigaction(other_endings[i], nullptr, &now) == 0 && now.sa_handler == SIG_DFL &&
                   ::sigaction(other_endings[i], &action, nullptr) == 0;
  }
}

void release_other_endings() {
  for (std::size_t i = 0; i < other_endings.size(); ++i) {
    if (is_caught[i]) ::signal(other_endings[i], SIG_DFL);
  }
}

std::atomic<pid_t>* free_place() {
  for (GroupNode* node = nodes; node != nullptr; node = node->next) {
    if (node->group == no_group) return &node->group;
  }
  auto* node = new GroupNode{{no_group}, nodes};
  nodes = node;
  return &node->group;
}

}  // namespace

KilledGroup::KilledGroup() {
  const std::lock_guard lock(groups_mutex);
  group_ = free_place();
  *group_ = group_to_come;
  if (living_groups++ == 0) catch_other_endings();
}

KilledGroup::~KilledGroup() {
  forget();
  const std::lock_guard lock(groups_mutex);
  *group_ = no_group;
  if (--living_groups == 0) release_other_endings();
}

// A handler that has begun to kill does not let this thread go on.
void KilledGroup::forget() noexcept {
  const EndingSignalsBlocked blocked;
  *group_ = group_to_come;
}

void kill_groups() noexcept {
  for (GroupNode* node = nodes; node != nullptr; node = node->next) {
    if (const pid_t group = node->group; group > 0) ::kill(-group, SIGKILL);
  }
}

}  // namespace mrf::io
