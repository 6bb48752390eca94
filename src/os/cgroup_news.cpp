// What the kernel tells of the leaves: OOM kills, and that one has become empty.
#include <sys/inotify.h>

#include <algorithm>
#include <cstring>

#include "gosv/os/cgroup.hpp"
#include "gosv/os/cgroup_files.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::os {

std::optional<OomKills> CgroupTree::take_oom_kills(std::size_t index) noexcept {
    Leaf& leaf = leaves_[index];
    char buffer[512];
    const auto text = read(leaf, "memory.events", buffer);
    if (!text.ok()) {
        return std::nullopt;
    }
    const std::uint64_t kills = cgroup::keyed_value(text.value(), "oom_kill").value_or(0);
    const std::uint64_t events = cgroup::keyed_value(text.value(), "oom").value_or(0);
    const std::uint64_t new_kills = kills - std::min(kills, leaf.oom_kills);
    const bool own_limit = events > leaf.oom_events;
    leaf.oom_kills = kills;
    leaf.oom_events = events;
    if (new_kills == 0) {
        return std::nullopt;
    }
    OomKills news{.count = new_kills, .own_limit = own_limit, .limit = {}, .peak = {}};
    if (const auto limit = read(leaf, "memory.max", buffer); limit.ok()) {
        news.limit = cgroup::number(limit.value());
    }
    if (const auto peak = read(leaf, "memory.peak", buffer); peak.ok()) {
        news.peak = cgroup::number(peak.value());
    }
    return news;
}

void CgroupTree::read_events(BoundedVector<ServiceId>& news) noexcept {
    // What is left stays readable: a leaf that makes news without end must not hold up the others.
    constexpr int kReads = 16;
    alignas(inotify_event) char buffer[4096];
    for (int left = kReads; left > 0; --left) {
        const auto size = sys::read(inotify_.borrow(), buffer);
        if (!size.ok() || size.value() == 0) {
            return;
        }
        for (std::size_t at = 0; at + sizeof(inotify_event) <= size.value();) {
            inotify_event event;
            std::memcpy(&event, buffer + at, sizeof event);
            at += sizeof event + event.len;
            for (std::size_t i = 0; i < leaves_.size(); ++i) {
                const Leaf& leaf = leaves_[i];
                if ((event.mask & IN_Q_OVERFLOW) != 0 || event.wd == leaf.events_watch ||
                    event.wd == leaf.memory_watch) {
                    (void)news.push(static_cast<ServiceId>(i));
                }
            }
        }
    }
}

}  // namespace gosv::os
