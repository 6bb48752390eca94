#include "gosv/os/process_tree.hpp"

#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gosv/base/concat.hpp"
#include "gosv/os/directory.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::os {

namespace {

constexpr std::size_t kMostMembers = 256;

// A fork that has begun when the parent is stopped still goes through, a moment later. So many
// looks everybody is given to stop, and so long: on a busy machine time alone may pass without
// either of us.
constexpr int kLooks = 16;
constexpr Duration kPatience = std::chrono::milliseconds(5);

constexpr Signal kStop{SIGSTOP};

// A process as it was when it was stopped. `start_time` tells it from a later one of its number.
struct Member {
    Pid pid;
    std::uint64_t start_time = 0;
};

class Tree {
  public:
    explicit Tree(const Proc& proc) noexcept : proc_(proc) {}

    void stop_all(Pid root) noexcept;
    void kill_all() const noexcept;

  private:
    std::optional<ProcStat> stat(Pid pid, std::span<char> buffer) const noexcept;
    bool is_same(const Member& member) const noexcept;
    bool is_known(Pid pid) const noexcept;
    bool has_settled(const Member& member) const noexcept;
    bool look_for_more() noexcept;
    void add_children(const Member& parent) noexcept;
    void add_children_of(const Member& parent, int thread) noexcept;
    void add(const Member& parent, Pid child) noexcept;

    const Proc& proc_;
    std::array<Member, kMostMembers> members_;  // [0] is the root
    std::size_t size_ = 0;
};

std::optional<ProcStat> Tree::stat(Pid pid, std::span<char> buffer) const noexcept {
    const BoundedText<32> path({pid.value, "/stat"});
    const Result<std::string_view> text = proc_.read(path.c_str(), buffer);
    return text.ok() ? parse_stat(text.value()) : std::nullopt;
}

bool Tree::is_same(const Member& member) const noexcept {
    char buffer[512];
    const std::optional<ProcStat> now = stat(member.pid, buffer);
    return now && now->start_time == member.start_time;
}

bool Tree::is_known(Pid pid) const noexcept {
    const auto end = members_.begin() + static_cast<std::ptrdiff_t>(size_);
    return std::any_of(members_.begin(), end, [&](const Member& one) { return one.pid == pid; });
}

// Whether it forks no more: it has stopped, or is dead.
bool Tree::has_settled(const Member& member) const noexcept {
    char buffer[512];
    const std::optional<ProcStat> now = stat(member.pid, buffer);
    return !now || now->state == 'T' || now->state == 't' || !is_alive(*now);
}

void Tree::add(const Member& parent, Pid child) noexcept {
    if (is_known(child)) {
        return;
    }
    const Result<Fd> process = sys::pidfd_open(child);
    char buffer[512];
    const std::optional<ProcStat> seen = stat(child, buffer);
    if (size_ == members_.size() || !process.ok() || !seen || seen->parent != parent.pid ||
        !is_same(parent)) {
        return;
    }
    if (sys::pidfd_signal(process.value().borrow(), kStop).ok()) {
        members_[size_++] = {child, seen->start_time};
    }
}

void Tree::add_children_of(const Member& parent, int thread) noexcept {
    const BoundedText<64> path({parent.pid.value, "/task/", thread, "/children"});
    const Result<Fd> file = sys::openat_read(proc_.root(), path.c_str());
    if (!file.ok()) {
        return;
    }
    char buffer[1024];
    pid_t number = 0;
    for (;;) {
        const Result<std::size_t> size = sys::read(file.value().borrow(), buffer);
        if (!size.ok() || size.value() == 0) {
            return;
        }
        // Numbers with a blank after each.
        for (const char c : std::string_view(buffer, size.value())) {
            if (c >= '0' && c <= '9') {
                number = number * 10 + (c - '0');
            } else if (number != 0) {
                add(parent, Pid{number});
                number = 0;
            }
        }
    }
}

void Tree::add_children(const Member& parent) noexcept {
    const BoundedText<32> path({parent.pid.value, "/task"});
    NumericEntries threads = NumericEntries::open(proc_.root(), path.c_str());
    while (const std::optional<int> thread = threads.next()) {
        add_children_of(parent, *thread);
    }
}

// False: everybody had settled before his children were listed, and nobody is new.
bool Tree::look_for_more() noexcept {
    const std::size_t before = size_;
    bool settled = true;
    for (std::size_t i = 0; i < size_; ++i) {
        const Member parent = members_[i];
        settled = has_settled(parent) && settled;
        add_children(parent);
    }
    return !settled || size_ != before;
}

void Tree::stop_all(Pid root) noexcept {
    char buffer[512];
    const std::optional<ProcStat> seen = stat(root, buffer);
    if (!seen || !sys::kill(root.value, kStop).ok()) {
        return;
    }
    members_[size_++] = {root, seen->start_time};
    const MonotonicTime until = sys::monotonic_now() + kPatience;
    for (int looks = 1; look_for_more(); ++looks) {
        if (looks >= kLooks && sys::monotonic_now() >= until) {
            return;
        }
        (void)::sched_yield();
    }
}

// From above: a KILL lets no fork go through any more, begun or not.
void Tree::kill_all() const noexcept {
    for (std::size_t i = 1; i < size_; ++i) {
        const Result<Fd> process = sys::pidfd_open(members_[i].pid);
        if (process.ok() && is_same(members_[i])) {
            (void)sys::pidfd_signal(process.value().borrow(), kSigKill);
        }
    }
}

}  // namespace

void kill_process_tree(const Proc& proc, Pid root) noexcept {
    if (!root.exists()) {
        return;
    }
    Tree tree(proc);
    if (proc.is_mounted()) {
        tree.stop_all(root);
    }
    (void)sys::kill(-root.value, kSigKill);
    (void)sys::kill(root.value, kSigKill);  // should it have left the group
    tree.kill_all();
}

}  // namespace gosv::os
