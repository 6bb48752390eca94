#include <fcntl.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cgroup_leaf_file.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/os/cgroup.hpp"
#include "gosv/os/cgroup_below.hpp"
#include "gosv/os/cgroup_files.hpp"

namespace gosv::os {

namespace {

// A leaf that is gone is empty. One that cannot be looked at (no descriptor to be had) may not be:
// a restart beside what is left is worse than one that waits for the next look.
constexpr bool may_hide_somebody(int err) noexcept {
    return err != 0 && err != ENOENT && err != ENODEV;
}

// A name with a dot could be that of an interface file of services/ ("memory.max"); the kernel
// promises that none will ever end in ".service".
std::string path_of_leaf(const std::string& service) {
    const bool dotted = service.find('.') != std::string::npos;
    return concat({"services/", service, dotted ? ".service" : ""});
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
    return cgroup::write_file(own_.borrow(), LeafFile(leaf.path, file).c_str(), value);
}

Result<std::string_view> CgroupTree::read(const Leaf& leaf, const char* file,
                                          std::span<char> into) const noexcept {
    return cgroup::read_file(own_.borrow(), LeafFile(leaf.path, file).c_str(), into);
}

// --- making a leaf ------------------------------------------------------------------------------

void CgroupTree::watch(Leaf& leaf) noexcept {
    // There is no inotify_add_watch relative to a descriptor; /proc is there, or nobody would have
    // found the cgroup.
    const auto add = [&](const char* file) noexcept {
        const BoundedText<224> path({"/proc/self/fd/", own_.raw(), '/', leaf.path, '/', file});
        return ::inotify_add_watch(inotify_.raw(), path.c_str(), IN_MODIFY);
    };
    if (inotify_.is_open()) {
        leaf.events_watch = add("cgroup.events");
        // Where the kernel kills the whole leaf, its main process's death tells; watching would
        // only wake gosv each time a service that lives at its limit touches it.
        leaf.memory_watch = leaf.dies_whole ? -1 : add("memory.events");
    }
}

Result<bool> CgroupTree::make_leaf(Leaf& leaf) noexcept {
    // What an earlier gosv has left there goes, with its limits. Refused when it is in use.
    (void)cgroup::remove(own_.borrow(), leaf.path.c_str());
    const bool is_new = ::mkdirat(own_.raw(), leaf.path.c_str(), 0755) == 0;
    if (!is_new && errno != EEXIST) {
        return SysError{errno, "mkdir"};
    }
    leaf.oom_events = 0;
    leaf.oom_kills = 0;
    leaf.kill_again = false;
    leaf.dies_whole = false;
    leaf.was_killed = false;
    return is_new;
}

Status CgroupTree::set(Leaf& leaf, const CgroupSetting& setting) noexcept {
    const Status written = write(leaf, setting.file, setting.value);
    if (written.ok() && std::string_view(setting.file) == "memory.oom.group") {
        leaf.dies_whole = setting.value == "1";
    }
    return written;
}

Status CgroupTree::fill_leaf(Leaf& leaf) noexcept {
    const Result<bool> made = make_leaf(leaf);
    if (!made.ok()) {
        return made.error();
    }
    Status first_failure;
    for (const CgroupSetting& setting : leaf.settings) {
        const Status written = set(leaf, setting);
        // What could not be had at the first time was told then.
        if (first_failure.ok() && !written.ok() && setting.asked_for &&
            written.error().err != ENOENT) {
            first_failure = SysError{written.error().err, setting.file};
        }
    }
    watch(leaf);
    return first_failure;
}

Result<Fd> CgroupTree::open_leaf(std::size_t index) noexcept {
    Leaf& leaf = leaves_[index];
    const auto open = [&]() noexcept {
        return Fd(::openat(own_.raw(), leaf.path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    };
    Fd directory = open();
    if (directory.is_open() && (leaf.was_killed || is_divided(leaf))) {
        if (!cgroup::remove(own_.borrow(), leaf.path.c_str())) {
            return SysError{EAGAIN, "rmdir"};
        }
        directory = open();
    }
    if (!directory.is_open() && errno == ENOENT) {
        const Status filled = fill_leaf(leaf);
        if (!filled.ok()) {
            return filled.error();
        }
        directory = open();
    }
    if (!directory.is_open()) {
        return SysError{errno, "open"};
    }
    return directory;
}

// --- who is in it -------------------------------------------------------------------------------

bool CgroupTree::has_processes(const Leaf& leaf) const noexcept {
    cgroup::Processes processes =
        cgroup::Processes::open(own_.borrow(), LeafFile(leaf.path, "cgroup.procs").c_str());
    return processes.next().has_value() || may_hide_somebody(processes.error());
}

bool CgroupTree::is_divided(const Leaf& leaf) const noexcept {
    char enabled[256];
    const auto controllers = read(leaf, "cgroup.subtree_control", enabled);
    return has_subgroups(leaf) || (controllers.ok() && controllers.value().size() > 1);
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
    if (!populated && leaf.kill_again) {
        leaf.kill_again = false;
        (void)write(leaf, "cgroup.freeze", "0");
    } else if (leaf.kill_again) {
        (void)freeze_and_kill(leaf);
    }
    return populated;
}

// By the line of the unified hierarchy in /proc/PID/cgroup.
Membership CgroupTree::membership_of(const Leaf& leaf, Pid pid) const noexcept {
    const BoundedText<32> path({pid.value, "/cgroup"});
    char buffer[4096];
    const auto text = proc_.read(path.c_str(), buffer);
    if (!text.ok()) {
        const int err = text.error().err;
        return err == ENOENT || err == ESRCH ? Membership::gone : Membership::outside;
    }
    const std::size_t unified = text.value().find("0::");
    if (unified == std::string_view::npos) {
        return Membership::outside;
    }
    std::string_view rest = text.value().substr(unified + 3);
    rest = rest.substr(0, rest.find('\n'));
    // PATH/LEAF, or something below it: "services/web-2" is not in "services/web".
    for (const std::string_view part :
         {std::string_view(path_), std::string_view("/"), std::string_view(leaf.path)}) {
        if (!rest.starts_with(part)) {
            return Membership::outside;
        }
        rest.remove_prefix(part.size());
    }
    return rest.empty() || rest.front() == '/' ? Membership::inside : Membership::outside;
}

bool CgroupTree::is_member(const Leaf& leaf, Pid pid) const noexcept {
    return membership_of(leaf, pid) == Membership::inside;
}

Membership CgroupTree::membership(std::size_t index, Pid process) const noexcept {
    return process.exists() ? membership_of(leaves_[index], process) : Membership::outside;
}

std::string_view CgroupTree::describe(std::size_t index, std::span<char> buffer) noexcept {
    constexpr int kShown = 4;
    const Leaf& leaf = leaves_[index];
    int count = 0;
    char names[160] = "";
    std::size_t used = 0;
    cgroup::Processes processes =
        cgroup::Processes::open(own_.borrow(), LeafFile(leaf.path, "cgroup.procs").c_str());
    while (const auto pid = count < kMostAtOnce ? processes.next() : std::nullopt) {
        if (++count > kShown) {
            continue;
        }
        const BoundedText<32> path({pid->value, "/comm"});
        char comm[64];
        const auto name = proc_.read(path.c_str(), comm);
        // What is read of a process that is ending may be nothing, not even a newline.
        const std::string_view line = name.ok() ? name.value() : std::string_view("?");
        const std::string_view shown = line.substr(0, line.find('\n'));
        used += concat_into(std::span(names).subspan(used),
                            {used == 0 ? "" : ", ", pid->value, ' ', shown})
                    .size();
    }
    if (count == 0) {
        return {};
    }
    return concat_into(buffer, {count, count == kMostAtOnce ? " or more" : "", " left behind: ",
                                std::string_view(names, used), count > kShown ? ", ..." : ""});
}

void CgroupTree::remove() noexcept {
    // A service that has made thousands of cgroups takes a few rounds.
    constexpr int kRounds = 16;
    for (const Leaf& leaf : leaves_) {
        for (int left = kRounds; left > 0 && !cgroup::remove(own_.borrow(), leaf.path.c_str());) {
            --left;
        }
    }
    (void)::unlinkat(own_.raw(), "services", AT_REMOVEDIR);
}

}  // namespace gosv::os
