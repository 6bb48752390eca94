#pragma once
// The tree that gosv builds in its own cgroup, and what it does with it:
//
//   OWN/init            gosv, whoever was in OWN, and what `docker exec` starts later
//   OWN/services/NAME   a leaf for each service: its limits, and all of its processes
//
// A process can leave its process group and its session, but not its leaf (unless it is root and
// cgroups are writable for it): so the leaf says what belongs to a service, and ends it whole. gosv
// never writes limits of OWN itself, never leaves `init` and never remounts anything.
//
// Built before the first start, where it may allocate and sleep; afterwards nothing here allocates
// or waits. Loop thread only. All paths are relative to a descriptor of OWN. Source: cgroups(7),
// Documentation/admin-guide/cgroup-v2.rst.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gosv/base/bounded.hpp"
#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"
#include "gosv/os/cgroup_place.hpp"
#include "gosv/os/membership.hpp"
#include "gosv/os/procfs.hpp"

namespace gosv::os {

struct CgroupSetting {
    const char* file = "";  // static storage: "memory.max". What is before the dot: its controller
    std::string value;
    bool asked_for = true;  // by the user; else a wish of gosv's whose failure is no problem
};

struct LeafSpec {
    std::string name;                     // of the service
    std::vector<CgroupSetting> settings;  // in the order in which they are written
};

// A setting that is not in force.
struct SettingProblem {
    std::size_t leaf = 0;
    const char* file = "";
    std::string value;
    int err = 0;
    // The kernel has no such file here: the controller is not ours to have, or too new. Else it has
    // refused the value.
    bool unavailable = false;
};

// OOM kills in a leaf since they were last asked for. The kernel counts a kill of the whole leaf as
// one more than the processes it killed.
struct OomKills {
    std::uint64_t count = 0;
    bool own_limit =
        false;  // memory.max of the leaf was reached; else the container's or machine's
    std::optional<std::uint64_t> limit;  // bytes; nullopt: none
    std::optional<std::uint64_t> peak;   // bytes, since the leaf was made; Linux 5.19
};

// What OWN itself may use; nullopt: no limit, or none that can be seen. The limits of cgroups above
// it count too, but a container does not see those.
struct OwnLimits {
    std::optional<std::uint64_t> memory;      // bytes
    std::optional<std::uint64_t> pids;        // processes and threads
    std::optional<std::uint64_t> cpus_milli;  // thousandths of a CPU
};

class CgroupTree;

struct CgroupSetUp {
    std::unique_ptr<CgroupTree> tree;  // null: nothing was built, see obstacle and why
    CgroupObstacle obstacle = CgroupObstacle::none;
    std::string why;
    std::vector<SettingProblem> problems;  // with a tree
    OwnLimits own_limits;                  // with a tree
};

// Moves what is in the own cgroup into `init`, enables memory and pids (for the numbers of the
// snapshot and for telling OOM kills) and whatever the settings need, and makes the leaves. Either
// all of that, or everything is as it was before: see CgroupTree::undo(). `own` is place.directory,
// opened.
CgroupSetUp build_cgroup_tree(const CgroupPlace& place, Fd own, std::vector<LeafSpec> leaves);

class CgroupTree {
  public:
    // `path` is that of the tree as /proc/PID/cgroup shows it.
    CgroupTree(Fd own, std::string path, std::vector<LeafSpec> leaves, Proc proc);

    ~CgroupTree() { remove(); }

    CgroupTree(const CgroupTree&) = delete;
    CgroupTree& operator=(const CgroupTree&) = delete;

    // Where a walk over processes ends: what looks at each of them takes PID 1 some 20
    // microseconds, and a service without a limit of pids may fork as fast as that.
    static constexpr int kMostAtOnce = 4096;

    // The leaf's directory, for CLONE_INTO_CGROUP or openat(). Makes the leaf again if somebody has
    // removed it, if the service has made cgroups below it (they go first), and after a kill().
    // EAGAIN when it has to be made again, and somebody is in it.
    Result<Fd> open_leaf(std::size_t index) noexcept;

    // Whether a process is in it, or in a cgroup that the service has made below it. Zombies do not
    // count. Immediately after a death the kernel may still say "populated" (seen with 7.2), so
    // that the processes themselves are looked at too. When kill() had to do without cgroup.kill,
    // this goes on with it.
    bool is_populated(std::size_t index) noexcept;

    // KILL to all, those that are being forked included: cgroup.kill (Linux 5.14), else freeze
    // (5.2), signal kMostAtOnce and thaw; with more they stay frozen until is_populated() goes on.
    Status kill(std::size_t index) noexcept;

    // The main process died of a KILL that was not ours: unless it was for memory, somebody may
    // have written to cgroup.kill, and the leaf is made again as after kill().
    void suspect_kill(std::size_t index) noexcept;

    // To every process of the leaf (not of cgroups below it) but `except`; ESRCH when there is
    // none. Of more than kMostAtOnce the youngest are left out: this is a request, and who has not
    // ended after the grace, asked or not, is ended by kill(), which leaves nobody out.
    Status signal(std::size_t index, Signal signal, Pid except) noexcept;

    // Whether a process is in the leaf or in a cgroup below it.
    Membership membership(std::size_t index, Pid process) const noexcept;

    // "2 left behind: 37 sleep, 38 sh"; "" when there is none. Counts up to kMostAtOnce.
    std::string_view describe(std::size_t index, std::span<char> buffer) noexcept;

    std::optional<OomKills> take_oom_kills(std::size_t index) noexcept;

    // Readable when a leaf has become empty or a process of it was OOM-killed; not open when the
    // kernel had no inotify instance left: then is_populated() has to be asked now and then.
    BorrowedFd events() const noexcept { return inotify_.borrow(); }

    // Leaves with news, each perhaps more than once. When news were lost: all of them.
    void read_events(BoundedVector<ServiceId>& news) noexcept;

    // The leaves that are empty, with what the services have made below them, then services/. gosv
    // itself stays in `init`.
    void remove() noexcept;

    // remove(), and OWN as it was found: without the controllers that were enabled, with everybody
    // who was moved, and without `init` if it was not there. Before the first start only.
    void undo();

    BorrowedFd own() const noexcept { return own_.borrow(); }

    // "services/NAME", relative to own().
    const std::string& leaf_path(std::size_t leaf) const noexcept { return leaves_[leaf].path; }

    // Blank-separated, as the leaves have them.
    const std::string& controllers() const noexcept { return controllers_; }

  private:
    friend class TreeBuilder;

    struct Leaf {
        std::string path;
        std::vector<CgroupSetting> settings;
        bool kill_again = false;  // without cgroup.kill: until it is empty
        // Some kernels (seen: 6.1.176) count the kills of a cgroup to meet forks that a kill has
        // missed, and with CLONE_INTO_CGROUP they compare the count of the parent's cgroup with
        // that of the child's: whoever is cloned into one that was ever killed is killed, too.
        bool was_killed = false;
        bool dies_whole = false;  // of an OOM kill (memory.oom.group)
        std::uint64_t oom_events = 0;
        std::uint64_t oom_kills = 0;
        int events_watch = -1;
        int memory_watch = -1;
    };

    // Each is a write or a read of one file of the leaf.
    Status write(const Leaf& leaf, const char* file, std::string_view value) noexcept;
    Result<std::string_view> read(const Leaf& leaf, const char* file,
                                  std::span<char> into) const noexcept;
    Result<bool> make_leaf(Leaf& leaf) noexcept;  // whether it is new
    Status set(Leaf& leaf, const CgroupSetting& setting) noexcept;
    void watch(Leaf& leaf) noexcept;        // after its settings
    Status fill_leaf(Leaf& leaf) noexcept;  // all of these
    Status freeze_and_kill(Leaf& leaf) noexcept;
    void kill_listed(const Leaf& leaf, BorrowedFd dir, const char* procs, int& left) const noexcept;
    bool has_processes(const Leaf& leaf) const noexcept;
    bool has_subgroups(const Leaf& leaf) const noexcept;
    bool is_divided(const Leaf& leaf) const noexcept;  // nobody can come into it
    Membership membership_of(const Leaf& leaf, Pid pid) const noexcept;
    bool is_member(const Leaf& leaf, Pid pid) const noexcept;
    Status signal_member(const Leaf& leaf, Pid pid, Signal signal) const noexcept;

    Fd own_;
    std::string path_;
    std::string controllers_;
    std::string enabled_;     // what undoes what was enabled in OWN: " -memory -pids"
    bool made_init_ = false;  // else who is in there was there before
    std::vector<Leaf> leaves_;
    Proc proc_;
    Fd inotify_;
};

}  // namespace gosv::os
