// What is left of a service when its main process has ended, and what the kernel tells of its leaf.
#include <algorithm>

#include "app/runtime.hpp"

namespace gosv::app {

namespace {

using namespace std::chrono_literals;

// Members of a dead service's group that are nobody's children of ours end without a SIGCHLD to us.
constexpr Duration kTreeCheckInterval = 250ms;

}  // namespace

bool Runtime::tell_oom_kills(ServiceId service) noexcept {
    const std::optional<os::OomKills> kills = platform_.take_oom_kills(service);
    if (!kills) {
        return false;
    }
    log_.write(
        {.event = LogEvent::oom,
         .level = LogLevel::warn,
         .service = plan_.execs[index(service)].name,
         .pid = pids_[index(service)].exists() ? pids_[index(service)] : past_[index(service)].pid,
         .attempt = static_cast<std::uint32_t>(std::min<std::uint64_t>(kills->count, UINT32_MAX)),
         .memory_limit = kills->limit,
         .memory_peak = kills->peak,
         .reason =
             kills->own_limit ? "memory limit of the service" : "memory limit of the container"});
    return true;
}

void Runtime::read_tree_news() noexcept {
    for (const ServiceId service : platform_.tree_news()) {
        tree_check_due_ = true;
        // Of a service whose main process is dead or dying the death tells.
        if (pids_[index(service)].exists()) {
            (void)tell_oom_kills(service);
        }
    }
}

bool Runtime::keep_tree_if_populated(ServiceId service) noexcept {
    if (platform_.tree_outlives(service)) {
        tree_check_at_ = std::min(tree_check_at_, saturating_add(now_, kTreeCheckInterval));
        return true;
    }
    platform_.release_tree(service);
    return false;
}

void Runtime::let_go_if_empty(ServiceId service) noexcept {
    if (handles_[index(service)].tree_held && !platform_.tree_outlives(service)) {
        let_go(service);
    }
}

void Runtime::let_go(ServiceId service) noexcept {
    handles_[index(service)].tree_held = false;
    platform_.release_tree(service);
    feed(core::TreeEmptied{service});
}

void Runtime::check_held_trees(bool thoroughly) noexcept {
    bool some_held = false;
    for (std::size_t i = 0; i < handles_.size(); ++i) {
        if (!handles_[i].tree_held) {
            continue;
        }
        const auto service = static_cast<ServiceId>(i);
        // A member that is dead but not waited for by its own parent keeps a group's number in use
        // for ever; it holds no port and no file, so it does not hold up the restart either.
        if (platform_.tree_outlives(service) &&
            (!thoroughly || platform_.tree_has_living(service))) {
            some_held = true;
            continue;
        }
        let_go(service);
    }
    // A quick look does not put off the thorough one: where children end all the time, there would
    // never be one.
    const MonotonicTime next = saturating_add(now_, kTreeCheckInterval);
    tree_check_at_ = !some_held ? kNever : thoroughly ? next : std::min(tree_check_at_, next);
}

}  // namespace gosv::app
