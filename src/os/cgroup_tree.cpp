#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "gosv/os/cgroup.hpp"
#include "gosv/os/cgroup_files.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::os {

namespace {

// A leaf's path and one of its files; names of services have at most 63 characters.
struct LeafFile {
    char text[160];

    LeafFile(const std::string& leaf, const char* file) noexcept {
        (void)std::snprintf(text, sizeof text, "%s/%s", leaf.c_str(), file);
    }
};

// A leaf that is gone is empty. One that cannot be looked at (no descriptor to be had) may not be:
// a restart beside what is left is worse than one that waits for the next look.
constexpr bool may_hide_somebody(int err) noexcept {
    return err != 0 && err != ENOENT && err != ENODEV;
}

// A name with a dot could be that of an interface file of services/ ("memory.max"); the kernel
// promises that none will ever end in ".service".
std::string path_of_leaf(const std::string& service) {
    const bool dotted = service.find('.') != std::string::npos;
    return "services/" + service + (dotted ? ".service" : "");
}

}  // namespace

CgroupTree::CgroupTree(Fd own, std::string path, std::vector<LeafSpec> leaves, Proc proc)
    : own_(std::move(own)),
      path_(path == "/" ? std::string() : std::move(path)),
      proc_(std::move(proc)),
      inotify_(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    leaves_.reserve(leaves.size());
    for (LeafSpec& spec : leaves) {
        Leaf leaf;
        leaf.path = path_of_leaf(spec.name);
        leaf.settings = std::move(spec.settings);
        leaves_.push_back(std::move(leaf));
    }
}

Status CgroupTree::write(const Leaf& leaf, const char* file, std::string_view value) noexcept {
    return cgroup::write_file(own_.borrow(), LeafFile(leaf.path, file).text, value);
}

Result<std::string_view> CgroupTree::read(const Leaf& leaf, const char* file,
                                          std::span<char> into) const noexcept {
    return cgroup::read_file(own_.borrow(), LeafFile(leaf.path, file).text, into);
}

// --- making a leaf ------------------------------------------------------------------------------

void CgroupTree::watch(Leaf& leaf) noexcept {
    // There is no inotify_add_watch relative to a descriptor; /proc is there, or nobody would have
    // found the cgroup.
    const auto add = [&](const char* file) noexcept {
        char path[224];
        (void)std::snprintf(path, sizeof path, "/proc/self/fd/%d/%s/%s", own_.raw(),
                            leaf.path.c_str(), file);
        return ::inotify_add_watch(inotify_.raw(), path, IN_MODIFY);
    };
    if (inotify_.is_open()) {
        leaf.events_watch = add("cgroup.events");
        // Where the kernel kills the whole leaf, its main process's death tells; watching would
        // only wake gosv each time a service that lives at its limit touches it.
        const bool dies_whole = std::any_of(
            leaf.settings.begin(), leaf.settings.end(), [](const CgroupSetting& setting) {
                return std::string_view(setting.file) == "memory.oom.group" && setting.value == "1";
            });
        leaf.memory_watch = dies_whole ? -1 : add("memory.events");
    }
}

Status CgroupTree::make_leaf(Leaf& leaf) noexcept {
    // What an earlier gosv has left there goes, with its limits. Refused when it is in use.
    (void)::unlinkat(own_.raw(), leaf.path.c_str(), AT_REMOVEDIR);
    if (::mkdirat(own_.raw(), leaf.path.c_str(), 0755) != 0 && errno != EEXIST) {
        return SysError{errno, "mkdir"};
    }
    leaf.oom_events = 0;
    leaf.oom_kills = 0;
    leaf.kill_again = false;
    watch(leaf);
    return {};
}

Result<Fd> CgroupTree::open_leaf(std::size_t index) noexcept {
    Leaf& leaf = leaves_[index];
    const auto open = [&]() noexcept {
        return ::openat(own_.raw(), leaf.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    };
    Fd directory(open());
    if (!directory.is_open() && errno == ENOENT) {
        const Status made = make_leaf(leaf);
        if (!made.ok()) {
            return made.error();
        }
        for (const CgroupSetting& setting : leaf.settings) {
            const Status written = write(leaf, setting.file, setting.value);
            // What could not be had at the first time was told then.
            if (!written.ok() && setting.asked_for && written.error().err != ENOENT) {
                return SysError{written.error().err, setting.file};
            }
        }
        directory.reset(open());
    }
    if (!directory.is_open()) {
        return SysError{errno, "open"};
    }
    return directory;
}

// --- who is in it -------------------------------------------------------------------------------

bool CgroupTree::has_processes(const Leaf& leaf) const noexcept {
    cgroup::Processes processes =
        cgroup::Processes::open(own_.borrow(), LeafFile(leaf.path, "cgroup.procs").text);
    return processes.next().has_value() || may_hide_somebody(processes.error());
}

bool CgroupTree::has_subgroups(const Leaf& leaf) const noexcept {
    struct stat status {};

    // A directory has a link for its name, for its "." and for the ".." of each below it.
    return ::fstatat(own_.raw(), leaf.path.c_str(), &status, 0) == 0 && status.st_nlink > 2;
}

bool CgroupTree::is_populated(std::size_t index) noexcept {
    Leaf& leaf = leaves_[index];
    char buffer[256];
    const auto events = read(leaf, "cgroup.events", buffer);
    const bool populated =
        events.ok() ? cgroup::keyed_value(events.value(), "populated").value_or(0) != 0 &&
                          (has_processes(leaf) || has_subgroups(leaf))
                    : may_hide_somebody(events.error().err);
    if (!populated) {
        leaf.kill_again = false;
    } else if (leaf.kill_again) {
        (void)freeze_and_kill(leaf);
    }
    return populated;
}

// The line of the unified hierarchy in /proc/PID/cgroup, from the leaf's path on: "" when the
// process is in the leaf itself, "/..." when it is below, else an error (EXDEV: elsewhere).
Result<std::string_view> CgroupTree::place_in(const Leaf& leaf, Pid pid,
                                              std::span<char> buffer) const noexcept {
    char path[32];
    (void)std::snprintf(path, sizeof path, "%d/cgroup", pid.value);
    const auto text = proc_.read(path, buffer);
    if (!text.ok()) {
        return text.error();
    }
    const std::size_t unified = text.value().find("0::");
    if (unified == std::string_view::npos) {
        return SysError{EXDEV, "cgroup"};
    }
    std::string_view rest = text.value().substr(unified + 3);
    rest = rest.substr(0, rest.find('\n'));
    for (const std::string_view part :
         {std::string_view(path_), std::string_view("/"), std::string_view(leaf.path)}) {
        if (!rest.starts_with(part)) {
            return SysError{EXDEV, "cgroup"};
        }
        rest.remove_prefix(part.size());
    }
    if (!rest.empty() && rest.front() != '/') {
        return SysError{EXDEV, "cgroup"};  // "services/web-2" is not in "services/web"
    }
    return rest;
}

bool CgroupTree::is_member(const Leaf& leaf, Pid pid) const noexcept {
    char buffer[4096];
    const auto place = place_in(leaf, pid, buffer);
    return place.ok() && place.value().empty();
}

Membership CgroupTree::membership(std::size_t index, Pid process) const noexcept {
    if (!process.exists()) {
        return Membership::outside;
    }
    char buffer[4096];
    const auto place = place_in(leaves_[index], process, buffer);
    if (place.ok()) {
        return Membership::inside;
    }
    const int err = place.error().err;
    return err == ENOENT || err == ESRCH ? Membership::gone : Membership::outside;
}

std::string_view CgroupTree::describe(std::size_t index, std::span<char> buffer) noexcept {
    constexpr int kShown = 4;
    const Leaf& leaf = leaves_[index];
    int count = 0;
    char names[160] = "";
    std::size_t used = 0;
    cgroup::Processes processes =
        cgroup::Processes::open(own_.borrow(), LeafFile(leaf.path, "cgroup.procs").text);
    while (const auto pid = processes.next()) {
        if (++count > kShown) {
            continue;
        }
        char path[32];
        (void)std::snprintf(path, sizeof path, "%d/comm", pid->value);
        char comm[64];
        const auto name = proc_.read(path, comm);
        // What is read of a process that is ending may be nothing, not even a newline.
        const std::string_view line = name.ok() ? name.value() : std::string_view("?");
        const std::string_view shown = line.substr(0, line.find('\n'));
        const int size =
            std::snprintf(names + used, sizeof names - used, "%s%d %.*s", used == 0 ? "" : ", ",
                          pid->value, static_cast<int>(shown.size()), shown.data());
        used = std::min(used + static_cast<std::size_t>(std::max(size, 0)), sizeof names - 1);
    }
    if (count == 0) {
        return {};
    }
    const int size = std::snprintf(buffer.data(), buffer.size(), "%d left behind: %s%s", count,
                                   names, count > kShown ? ", ..." : "");
    return {buffer.data(), std::min(static_cast<std::size_t>(size), buffer.size() - 1)};
}

// --- signals ------------------------------------------------------------------------------------

Status CgroupTree::signal_member(const Leaf& leaf, Pid pid, Signal signal) const noexcept {
    // First the pidfd, then the look: if the process is still there when the signal goes through
    // the pidfd, the look was at the same process, whatever numbers were used anew meanwhile.
    const Result<Fd> process = sys::pidfd_open(pid);
    if (!is_member(leaf, pid)) {
        return SysError{ESRCH, "kill"};
    }
    if (!process.ok()) {
        // Before Linux 5.3, or out of descriptors: the look was a moment ago.
        return process.error().err == ESRCH ? Status(process.error())
                                            : sys::kill(pid.value, signal);
    }
    return sys::pidfd_signal(process.value().borrow(), signal);
}

Status CgroupTree::signal(std::size_t index, Signal signal, Pid except) noexcept {
    const Leaf& leaf = leaves_[index];
    cgroup::Processes processes =
        cgroup::Processes::open(own_.borrow(), LeafFile(leaf.path, "cgroup.procs").text);
    Status first_failure = SysError{ESRCH, "kill"};
    bool reached = false;
    while (const auto pid = processes.next()) {
        if (*pid == except) {
            continue;
        }
        const Status sent =
            pid->exists() ? signal_member(leaf, *pid, signal) : Status(SysError{EPERM, "kill"});
        reached = reached || sent.ok();
        if (!sent.ok() && sent.error().err != ESRCH) {
            first_failure = sent;
        }
    }
    return reached ? Status() : first_failure;
}

Status CgroupTree::freeze_and_kill(Leaf& leaf) noexcept {
    // Whoever is frozen forks no more; a KILL ends the frozen too. Freezing takes the kernel a
    // moment, hence the rounds; what is born after the last of them is met by the next look.
    constexpr int kRounds = 4;
    constexpr Signal kSigKill{9};
    (void)write(leaf, "cgroup.freeze", "1");
    for (int round = 0; round < kRounds; ++round) {
        bool somebody = false;
        cgroup::Processes processes =
            cgroup::Processes::open(own_.borrow(), LeafFile(leaf.path, "cgroup.procs").text);
        while (const auto pid = processes.next()) {
            somebody = true;
            if (pid->exists()) {
                (void)signal_member(leaf, *pid, kSigKill);
            }
        }
        if (!somebody) {
            break;
        }
    }
    (void)write(leaf, "cgroup.freeze", "0");
    leaf.kill_again = true;
    return {};
}

Status CgroupTree::kill(std::size_t index) noexcept {
    Leaf& leaf = leaves_[index];
    const Status killed = write(leaf, "cgroup.kill", "1");
    return killed.ok() ? killed : freeze_and_kill(leaf);
}

// --- news ---------------------------------------------------------------------------------------

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

void CgroupTree::remove() noexcept {
    for (const Leaf& leaf : leaves_) {
        (void)::unlinkat(own_.raw(), leaf.path.c_str(), AT_REMOVEDIR);
    }
    (void)::unlinkat(own_.raw(), "services", AT_REMOVEDIR);
}

}  // namespace gosv::os
