#include "app/snapshot_gather.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "app/proc_file.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/base/sort.hpp"
#include "gosv/os/cgroup_files.hpp"
#include "gosv/os/directory.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

// Owners beside the services' numbers.
constexpr std::size_t kUnknown = SIZE_MAX;
constexpr std::size_t kBeingLookedUp = SIZE_MAX - 1;
constexpr std::size_t kNobody = SIZE_MAX - 2;  // not gosv's: a stranger, not shown
constexpr std::size_t kSelf = SIZE_MAX - 3;
constexpr std::size_t kOthers = SIZE_MAX - 4;

std::string task_name(const SnapshotService& service, Pid pid) {
    return pid == service.probe.pid          ? "healthcheck"
           : pid == service.stop_command.pid ? "stop command"
                                             : "";
}

}  // namespace

SnapshotGatherer::SnapshotGatherer(const SnapshotInput& input, const os::Proc& proc,
                                   MonotonicTime deadline)
    : services(input.services.size()),
      proc_mounted(proc.is_mounted()),
      input_(input),
      proc_(proc),
      deadline_(deadline),
      page_kb_(static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024) {}

bool SnapshotGatherer::time_is_up() {
    const bool up = sys::monotonic_now() >= deadline_;
    out_of_time = out_of_time || up;
    return up;
}

void SnapshotGatherer::add(Pid pid) {
    const bool excepted =
        std::find(input_.except.begin(), input_.except.end(), pid) != input_.except.end();
    if (!pid.exists() || excepted) {
        return;
    }
    if (std::optional<SnapshotProcess> process = look_at(pid)) {
        all_.push_back(std::move(*process));
    }
}

std::optional<SnapshotProcess> SnapshotGatherer::look_at(Pid pid) {
    char buffer[2048];
    const Result<std::string_view> text = proc_.read(ProcPath(pid, "stat").c_str(), buffer);
    if (!text.ok()) {
        unreadable += is_denied(text.error().err) ? 1U : 0U;
        return std::nullopt;
    }
    const std::optional<os::ProcStat> stat = os::parse_stat(text.value());
    if (!stat) {
        return std::nullopt;
    }
    SnapshotProcess process;
    process.pid = pid;
    process.parent = stat->parent;
    process.group = stat->group;
    process.state = stat->state;
    process.alive = os::is_alive(*stat);
    process.threads = stat->threads;
    process.start_time = stat->start_time;
    process.vm_rss_kb =
        static_cast<std::uint64_t>(std::max<std::int64_t>(stat->rss_pages, 0)) * page_kb_;
    process.vm_size_kb = stat->vsize / 1024;
    process.name = stat->comm;
    return process;
}

// A process belongs to the service whose group it is in, else to whom its parent belongs to. What
// gosv has adopted has gosv for its parent and is no service's main process.
std::size_t SnapshotGatherer::owner_of(std::size_t process) {
    std::vector<std::size_t> chain;
    std::size_t at = process;
    std::size_t owner = kUnknown;
    while (owner == kUnknown) {
        owner = owner_[at];
        if (owner != kUnknown) {
            break;  // known, or a circle: the family changed while it was looked at
        }
        owner_[at] = kBeingLookedUp;
        chain.push_back(at);
        const Pid parent = all_[at].parent;
        const auto place = place_.find(parent.value);
        if (parent.exists() && parent == input_.self) {
            owner = kOthers;
        } else if (!parent.exists() || place == place_.end()) {
            // Its parent is in no namespace of ours (docker exec, nsenter), or has ended meanwhile.
            // With gosv as PID 1 all that is here is the container's.
            owner = input_.self.value == 1 ? kOthers : kNobody;
        } else {
            at = place->second;
        }
    }
    if (owner == kBeingLookedUp || owner == kSelf) {
        owner = kOthers;
    }
    for (const std::size_t member : chain) {
        owner_[member] = owner;
    }
    return owner;
}

void SnapshotGatherer::look_at_all() {
    if (!proc_mounted) {
        return;
    }
    // Whatever happens, those that the snapshot is about are in it; and of many thousand processes
    // some are left out rather than all files and maps.
    add(input_.self);
    for (const SnapshotService& service : input_.services) {
        add(service.pid);
        add(service.probe.pid);
        add(service.stop_command.pid);
    }
    const MonotonicTime started = sys::monotonic_now();
    const MonotonicTime enough = started + (deadline_ - started) / 2;
    os::NumericEntries entries = os::NumericEntries::open(proc_.root(), ".");
    while (const std::optional<int> number = entries.next()) {
        if (sys::monotonic_now() >= enough) {
            out_of_time = true;
            break;
        }
        add(Pid{*number});
    }
    sort_small(all_,
               [](const SnapshotProcess& a, const SnapshotProcess& b) { return a.pid < b.pid; });
    const auto twice = std::unique(
        all_.begin(), all_.end(),
        [](const SnapshotProcess& a, const SnapshotProcess& b) { return a.pid == b.pid; });
    all_.erase(twice, all_.end());
    std::map<pid_t, std::size_t> service_of_group;
    for (std::size_t i = 0; i < input_.services.size(); ++i) {
        if (input_.services[i].group.exists()) {
            service_of_group.emplace(input_.services[i].group.value, i);
        }
        const SnapshotService& service = input_.services[i];
        for (const Pid pid : {service.pid, service.probe.pid, service.stop_command.pid}) {
            if (pid.exists()) {
                service_of_group.emplace(pid.value, i);
            }
        }
    }
    owner_.assign(all_.size(), kUnknown);
    const std::map<pid_t, std::size_t> service_of_member = read_leaves();
    for (std::size_t i = 0; i < all_.size(); ++i) {
        place_.emplace(all_[i].pid.value, i);
        if (all_[i].pid == input_.self) {
            owner_[i] = kSelf;
            continue;
        }
        // Nobody escapes a leaf, so it tells first.
        if (const auto member = service_of_member.find(all_[i].pid.value);
            member != service_of_member.end()) {
            owner_[i] = member->second;
            continue;
        }
        // The main process may have left its group (setsid): then its own number tells.
        auto found = service_of_group.find(all_[i].pid.value);
        if (found == service_of_group.end()) {
            found = service_of_group.find(all_[i].group.value);
        }
        if (found != service_of_group.end()) {
            owner_[i] = found->second;
        }
    }
    std::vector<std::vector<std::size_t>> members(services.size());
    std::vector<std::size_t> members_of_none;
    for (std::size_t i = 0; i < all_.size(); ++i) {
        const std::size_t owner = owner_of(i);
        if (owner < services.size()) {
            members[owner].push_back(i);
        } else if (owner == kOthers && all_[i].pid != input_.self) {
            members_of_none.push_back(i);
        }
    }
    collect_zombies();
    for (std::size_t i = 0; i < services.size(); ++i) {
        plant(members[i], services[i]);
    }
    plant(members_of_none, others);
    for (std::size_t i = 0; i < services.size(); ++i) {
        for (SnapshotProcess& process : services[i]) {
            process.origin = task_name(input_.services[i], process.pid);
        }
    }
    for (SnapshotProcess& process : others) {
        if (process.depth == 0) {
            process.origin = origin_of(process);
        }
    }
    if (const auto place = place_.find(input_.self.value); place != place_.end()) {
        self.push_back(all_[place->second]);
    }
}

// The processes in the services' cgroup leaves.
std::map<pid_t, std::size_t> SnapshotGatherer::read_leaves() const {
    std::map<pid_t, std::size_t> members;
    for (std::size_t i = 0; i < input_.services.size(); ++i) {
        const std::string_view leaf = input_.services[i].leaf;
        if (leaf.empty()) {
            continue;
        }
        const std::string path = concat({leaf, "/cgroup.procs"});
        os::cgroup::Processes processes = os::cgroup::Processes::open(input_.cgroups, path.c_str());
        while (const auto pid = processes.next()) {
            members.emplace(pid->value, i);
        }
    }
    return members;
}

// Orders members as a tree, depth first. Their parents need not be members (an orphan's is gosv).
void SnapshotGatherer::plant(const std::vector<std::size_t>& members, ProcessTree& tree) {
    std::map<pid_t, std::vector<std::size_t>> children;
    std::map<pid_t, std::size_t> is_member;
    for (const std::size_t member : members) {
        is_member.emplace(all_[member].pid.value, member);
    }
    std::vector<std::pair<std::size_t, int>> waiting;  // and their depth
    for (std::size_t i = members.size(); i-- > 0;) {
        const std::size_t member = members[i];
        const pid_t parent = all_[member].parent.value;
        if (is_member.contains(parent)) {
            children[parent].push_back(member);
        } else {
            waiting.emplace_back(member, 0);
        }
    }
    tree.reserve(members.size());
    while (!waiting.empty()) {
        const auto [member, depth] = waiting.back();
        waiting.pop_back();
        tree.push_back(std::move(all_[member]));  // its numbers stay readable
        tree.back().depth = depth;
        const auto below = children.find(all_[member].pid.value);
        if (below != children.end()) {
            for (const std::size_t child : below->second) {
                waiting.emplace_back(child, depth + 1);
            }
            children.erase(below);
        }
    }
    // A circle of parents, seen because the family changed meanwhile: nobody is lost.
    for (const auto& [parent, rest] : children) {
        for (const std::size_t member : rest) {
            tree.push_back(std::move(all_[member]));
        }
    }
}

void SnapshotGatherer::collect_zombies() {
    std::map<pid_t, std::size_t> group_of;
    for (std::size_t i = 0; i < all_.size(); ++i) {
        const SnapshotProcess& process = all_[i];
        const std::size_t owner = owner_[i];
        // Those of gosv itself are reaped while this is being read.
        if (process.alive || process.parent == input_.self || owner == kNobody) {
            continue;
        }
        const auto [entry, is_new] = group_of.emplace(process.parent.value, zombies.size());
        if (is_new) {
            ZombieGroup group;
            group.parent = process.parent;
            if (const auto place = place_.find(process.parent.value); place != place_.end()) {
                group.parent_name = all_[place->second].name;
            }
            if (owner < input_.services.size()) {
                group.service = input_.services[owner].name;
            }
            zombies.push_back(std::move(group));
        }
        zombies[entry->second].pids.push_back(process.pid);
    }
    sort_small(zombies, [](const ZombieGroup& a, const ZombieGroup& b) {
        return a.pids.size() != b.pids.size() ? a.pids.size() > b.pids.size()
                                              : a.pids.front() < b.pids.front();
    });
}

}  // namespace gosv::app
