#include "gosv/os/descendants.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <string_view>

#include "gosv/base/bounded.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/os/directory.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::os {

namespace {

// The parents' chain is followed this far where the kernel does not list children.
constexpr int kMostLevels = 256;

// Chains that change while they are climbed: each change is the death of somebody on them.
constexpr int kMostClimbs = 8;

// A process of the tree, as first seen. `start_time` tells it from a later one of the same number.
struct Node {
    Pid pid;
    std::uint32_t parent = 0;  // place in the work list; 0 is gosv
    std::uint64_t start_time = 0;
};

// What is known of one process before it is signalled.
struct Look {
    bool found = false;  // there, and a descendant
    bool alive = false;
    std::int64_t threads = 1;
};

// Whether our own child has ended, when /proc will not tell (hidepid).
bool is_dead_child(Pid pid) noexcept {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(pid.value), &info,
                    WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 ||
           info.si_pid != 0;
}

// A process that cannot become another one while this lives: a pidfd, or, where the kernel has none
// or descriptors ran out, just the number.
class Target {
  public:
    Target(Pid pid, bool is_our_child) noexcept : pid_(pid) {
        if (is_our_child) {
            return;  // not reaped: the number is good
        }
        Result<Fd> opened = sys::pidfd_open(pid);
        if (opened.ok()) {
            pidfd_ = std::move(opened).value();
        } else {
            gone_ = opened.error().err == ESRCH;
            needs_second_look_ = !gone_;
        }
    }

    bool gone() const noexcept { return gone_; }

    bool needs_second_look() const noexcept { return needs_second_look_; }

    bool send(Signal signal) const noexcept {
        return pidfd_.is_open() ? sys::pidfd_signal(pidfd_.borrow(), signal).ok()
                                : sys::kill(pid_.value, signal).ok();
    }

  private:
    Pid pid_;
    Fd pidfd_;
    bool gone_ = false;
    bool needs_second_look_ = false;
};

}  // namespace

struct Descendants::Impl {
    Impl(const Proc& proc_in, std::size_t budget) : proc(proc_in), nodes(budget + 1) {}

    const Proc& proc;
    BoundedVector<Node> nodes;  // breadth first; [0] is gosv itself
    Pid self;
    Signal signal;
    std::span<const Pid> except;
    SweepResult result;

    std::optional<ProcStat> stat(Pid pid, std::span<char> buffer) const noexcept;
    bool is_excepted(Pid pid) const noexcept;
    void add(Pid pid, std::uint32_t parent) noexcept;
    bool add_children(std::uint32_t place, int thread) noexcept;
    void add_children_of_all_threads(std::uint32_t place) noexcept;
    bool is_same(const Node& node) const noexcept;
    Look look(Node& node) const noexcept;
    void visit(std::uint32_t place) noexcept;
    void signal_through(const Target& target) noexcept;
    void walk_down() noexcept;
    std::optional<std::uint64_t> climb(Pid pid) const noexcept;
    bool leads_to_us(Pid pid) const noexcept;
    void visit_by_parents(Pid pid) noexcept;
    void walk_all() noexcept;
};

std::optional<ProcStat> Descendants::Impl::stat(Pid pid, std::span<char> buffer) const noexcept {
    const BoundedText<32> path({pid.value, "/stat"});
    const Result<std::string_view> text = proc.read(path.c_str(), buffer);
    return text.ok() ? parse_stat(text.value()) : std::nullopt;
}

bool Descendants::Impl::is_excepted(Pid pid) const noexcept {
    return std::find(except.begin(), except.end(), pid) != except.end();
}

void Descendants::Impl::add(Pid pid, std::uint32_t parent) noexcept {
    if (!is_excepted(pid) && !nodes.push(Node{.pid = pid, .parent = parent})) {
        result.complete = false;
    }
}

// Numbers separated by blanks, read piece by piece: ten thousand children are 60 KB. False when the
// kernel has no such file (CONFIG_PROC_CHILDREN), or when the process is gone.
bool Descendants::Impl::add_children(std::uint32_t place, int thread) noexcept {
    const BoundedText<64> path({nodes[place].pid.value, "/task/", thread, "/children"});
    const Result<Fd> file = sys::openat_read(proc.root(), path.c_str());
    if (!file.ok()) {
        return false;
    }
    char buffer[2048];
    pid_t number = 0;
    for (;;) {
        const Result<std::size_t> size = sys::read(file.value().borrow(), buffer);
        if (!size.ok() || size.value() == 0) {
            return true;
        }
        for (const char c : std::string_view(buffer, size.value())) {
            if (c >= '0' && c <= '9') {
                number = number * 10 + (c - '0');
            } else if (number != 0) {
                add(Pid{number}, place);
                number = 0;
            }
        }
    }
}

void Descendants::Impl::add_children_of_all_threads(std::uint32_t place) noexcept {
    const BoundedText<32> path({nodes[place].pid.value, "/task"});
    NumericEntries threads = NumericEntries::open(proc.root(), path.c_str());
    while (const std::optional<int> thread = threads.next()) {
        (void)add_children(place, *thread);
    }
}

// Our own children are, until we reap them; others may have made room for a stranger.
bool Descendants::Impl::is_same(const Node& node) const noexcept {
    if (node.parent == 0) {
        return true;
    }
    char buffer[1024];
    const std::optional<ProcStat> now = stat(node.pid, buffer);
    return now && now->start_time == node.start_time;
}

// Whether this process is a child of the one in whose list it was, or has become ours meanwhile
// because that one died.
Look Descendants::Impl::look(Node& node) const noexcept {
    char buffer[1024];
    const std::optional<ProcStat> now = stat(node.pid, buffer);
    if (!now) {
        const bool there = node.parent == 0 && !is_dead_child(node.pid);
        return {.found = there, .alive = there};
    }
    const bool ours = now->parent == self;
    if (!ours && (now->parent != nodes[node.parent].pid || !is_same(nodes[node.parent]))) {
        return {};
    }
    node.start_time = now->start_time;
    return {.found = true, .alive = is_alive(*now), .threads = now->threads};
}

void Descendants::Impl::signal_through(const Target& target) noexcept {
    if (signal.is_none() || !target.send(signal)) {
        return;
    }
    ++result.signalled;
    if (signal != kSigKill) {
        // A stopped process would not get it until somebody continues it.
        (void)target.send(kSigCont);
    }
}

void Descendants::Impl::visit(std::uint32_t place) noexcept {
    Node& node = nodes[place];
    const Target target(node.pid, node.parent == 0);
    if (target.gone()) {
        return;
    }
    const Look first = look(node);
    if (!first.found) {
        return;
    }
    // Its children before the signal: afterwards they may be where we have already been.
    if (first.threads > 1) {
        add_children_of_all_threads(place);
    } else {
        (void)add_children(place, node.pid.value);
    }
    if (!first.alive) {
        return;
    }
    ++result.alive;
    result.example = node.pid;
    if (!target.needs_second_look() || is_same(node)) {
        signal_through(target);
    }
}

void Descendants::Impl::walk_down() noexcept {
    for (std::uint32_t place = 1; place < nodes.size(); ++place) {
        visit(place);
    }
}

// Climbs from parent to parent: the number of levels and a digest of the chain; nullopt when it
// does not lead to us, or somebody on it went away.
std::optional<std::uint64_t> Descendants::Impl::climb(Pid pid) const noexcept {
    std::uint64_t digest = 0;
    for (int level = 0; pid != self; ++level) {
        char buffer[1024];
        const std::optional<ProcStat> now = stat(pid, buffer);
        if (!now || !now->parent.exists() || is_excepted(pid) || level > kMostLevels) {
            return std::nullopt;
        }
        digest = (digest ^ static_cast<std::uint64_t>(now->parent.value)) * 0x100000001b3U;
        pid = now->parent;
    }
    return digest;
}

// Climbs twice. A process has the same parent at both times only if that one lived in between (its
// death would have given the child another, for ever): so at the moment between the two climbs the
// whole chain was true, whatever numbers were used anew meanwhile. A chain that changes while it is
// climbed, because a parent dies of the very signal that is being sent, is climbed again.
bool Descendants::Impl::leads_to_us(Pid pid) const noexcept {
    std::optional<std::uint64_t> before = climb(pid);
    for (int tries = 0; tries < kMostClimbs; ++tries) {
        const std::optional<std::uint64_t> again = climb(pid);
        if (before == again) {
            return before.has_value();
        }
        before = again;
    }
    return false;
}

void Descendants::Impl::visit_by_parents(Pid pid) noexcept {
    const Target target(pid, false);
    if (target.gone() || !leads_to_us(pid)) {
        return;
    }
    char buffer[1024];
    const std::optional<ProcStat> now = stat(pid, buffer);
    if (!now || !is_alive(*now)) {
        return;
    }
    ++result.alive;
    result.example = pid;
    // Without a pidfd the climb was the second look: it ended a moment ago.
    signal_through(target);
}

void Descendants::Impl::walk_all() noexcept {
    NumericEntries processes = NumericEntries::open(proc.root(), ".");
    std::size_t left = nodes.capacity();
    while (const std::optional<int> pid = processes.next()) {
        if (left-- == 0) {
            result.complete = false;
            return;
        }
        if (*pid != self.value) {
            visit_by_parents(Pid{*pid});
        }
    }
    result.complete = result.complete && !processes.failed();
}

Descendants::Descendants(const Proc& proc, std::size_t budget) : impl_(new Impl(proc, budget)) {}

Descendants::~Descendants() {
    delete impl_;
}

SweepResult Descendants::sweep(Signal signal, std::span<const Pid> except) noexcept {
    Impl& impl = *impl_;
    impl.self = Pid{::getpid()};
    impl.signal = signal;
    impl.except = except;
    impl.result = {};
    impl.nodes.clear();
    if (!impl.proc.is_mounted() || !impl.nodes.push(Node{.pid = impl.self})) {
        impl.result.complete = false;
        return impl.result;
    }
    if (impl.add_children(0, impl.self.value)) {
        impl.walk_down();
    } else {
        impl.walk_all();
    }
    return impl.result;
}

}  // namespace gosv::os
