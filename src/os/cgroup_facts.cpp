// The half that asks the kernel.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cstdlib>

#include "gosv/base/concat.hpp"
#include "gosv/os/cgroup_files.hpp"
#include "gosv/os/cgroup_place.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::os {

namespace {

constexpr long kCgroup2Magic = 0x63677270;  // CGROUP2_SUPER_MAGIC
// The inode of the kernel's first PID namespace (include/linux/proc_ns.h, PROC_PID_INIT_INO).
constexpr ino_t kFirstPidNamespace = 0xEFFFFFFC;
constexpr std::size_t kMostText = std::size_t{1024} * 1024;

std::string read_or_empty(const char* path) {
    Result<std::string> text = sys::read_file(path, kMostText);
    return text.ok() ? std::move(text).value() : std::string();
}

bool is_listed(BorrowedFd dir, const char* procs) {
    cgroup::Processes processes = cgroup::Processes::open(dir, procs);
    const Pid self{::getpid()};
    while (const auto pid = processes.next()) {
        if (*pid == self) {
            return true;
        }
    }
    return false;
}

bool is_machine_init() {
    struct stat info {};

    return ::getpid() == 1 && ::stat("/proc/self/ns/pid", &info) == 0 &&
           info.st_ino == kFirstPidNamespace;
}

bool is_delegated(const std::string& directory) {
    char value[8];
    return ::getxattr(directory.c_str(), "user.delegate", value, sizeof value) > 0 ||
           ::getxattr(directory.c_str(), "trusted.delegate", value, sizeof value) > 0;
}

// With the effective ids, which are the ones the kernel will look at.
bool may_write(BorrowedFd dir) {
    static constexpr const char* kWritten[] = {".", "cgroup.procs", "cgroup.subtree_control"};
    for (const char* file : kWritten) {
        if (::faccessat(dir.raw(), file, W_OK, AT_EACCESS) != 0) {
            return false;
        }
    }
    return true;
}

std::string trimmed(BorrowedFd dir, const char* file) {
    char buffer[512];
    const auto text = cgroup::read_file(dir, file, buffer);
    std::string_view value = text.ok() ? text.value() : std::string_view();
    return std::string(value.substr(0, value.find('\n')));
}

bool in_use(BorrowedFd dir) {
    char buffer[256];
    const auto events = cgroup::read_file(dir, "services/cgroup.events", buffer);
    return events.ok() && cgroup::keyed_value(events.value(), "populated") == 1;
}

// `init` below a cgroup that was delegated to us, or in which an earlier gosv has left `services`.
bool steps_up(CgroupPlace& place) {
    constexpr std::string_view kInit = "/init";
    if (!place.directory.ends_with(kInit) || !place.path.ends_with(kInit)) {
        return false;
    }
    const std::string parent = place.directory.substr(0, place.directory.size() - kInit.size());
    if (!is_delegated(parent) && ::access(concat({parent, "/services"}).c_str(), F_OK) != 0) {
        return false;
    }
    place.directory = parent;
    place.path.resize(place.path.size() - kInit.size());
    if (place.path.empty()) {
        place.path = "/";
    }
    return true;
}

// What only the kernel can say of the place.
CgroupFacts ask(const CgroupPlace& place, bool stepped_up, std::string_view self_cgroup) {
    CgroupFacts facts;

    struct statfs system {};

    struct stat status {};

    const Result<Fd> opened = sys::open_directory(place.directory.c_str());
    if (opened.ok() && ::fstatfs(opened.value().raw(), &system) == 0) {
        const BorrowedFd dir = opened.value().borrow();
        facts.is_cgroup2 = system.f_type == kCgroup2Magic;
        if (!facts.is_cgroup2) {
            return facts;  // nothing more matters
        }
        facts.read_only = (system.f_flags & ST_RDONLY) != 0;
        facts.lists_us = is_listed(dir, stepped_up ? "init/cgroup.procs" : "cgroup.procs");
        facts.may_write = may_write(dir);
        facts.type = trimmed(dir, "cgroup.type");
        facts.controllers = trimmed(dir, "cgroup.controllers");
        facts.subgroups_in_use = in_use(dir);
        if (::fstat(dir.raw(), &status) == 0) {
            facts.owner = status.st_uid;
        }
    }
    facts.v1_controllers = locate_cgroup(self_cgroup, {}).obstacle == CgroupObstacle::legacy;
    facts.is_machine_init = is_machine_init();
    facts.as_root = ::geteuid() == 0;
    // PID 1 below an engine's cgroup has it to itself; anybody else may be in a login session,
    // whose shell is not ours to be moved.
    facts.shared = ::getpid() != 1 || std::getenv("INVOCATION_ID") != nullptr;
    facts.delegated = is_delegated(place.directory);
    return facts;
}

}  // namespace

CgroupPlace find_own_cgroup() {
    const std::string self_cgroup = read_or_empty("/proc/self/cgroup");
    if (std::optional<CgroupPlace> guess = guess_cgroup(self_cgroup)) {
        if (guess->obstacle != CgroupObstacle::none) {
            return *guess;
        }
        const CgroupFacts facts = ask(*guess, false, self_cgroup);
        if (facts.is_cgroup2 && facts.lists_us) {
            judge_cgroup(facts, *guess);
            return *guess;
        }
    }
    CgroupPlace place = locate_cgroup(self_cgroup, read_or_empty("/proc/self/mountinfo"));
    if (place.obstacle == CgroupObstacle::none) {
        const bool stepped_up = steps_up(place);
        judge_cgroup(ask(place, stepped_up, self_cgroup), place);
    }
    return place;
}

}  // namespace gosv::os
