// Who belongs to a service, asked through what the runtime asks: by group and descent, or by leaf.
// And what ends a probe or a stop command with everything that it has started.
#include "app/service_trees.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "gosv/os/reaper.hpp"
#include "support/fake_proc.hpp"
#include "support/isolated.hpp"

using namespace gosv;
using os::Membership;

namespace {

constexpr ServiceId kFirst{0};
constexpr ServiceId kSecond{1};

// A process that leads a group and has a child in it; both sleep. The child's pid comes through a
// pipe that also tells when both are gone.
struct Pair {
    Pair() {
        int ends[2];
        (void)!::pipe2(ends, O_CLOEXEC);
        alive.reset(ends[0]);
        leader.value = ::fork();
        if (leader.value == 0) {
            (void)::setpgid(0, 0);
            const pid_t below = ::fork();
            if (below > 0) {
                (void)!::write(ends[1], &below, sizeof below);
            }
            for (;;) {
                ::pause();
            }
        }
        ::close(ends[1]);
        (void)!::read(alive.raw(), &child.value, sizeof child.value);
    }

    // Waits until everybody has ended.
    bool all_end() const {
        char byte = 0;
        return ::read(alive.raw(), &byte, 1) == 0;
    }

    Fd alive;
    Pid leader;
    Pid child;
};

}  // namespace

TEST_CASE(
    "without cgroups a service is its group and its descendants; others cannot speak for it") {
    const std::string wrong = test::isolated([]() -> std::string {
        const os::Proc proc = os::Proc::open();
        const auto trees = app::make_group_trees(2, proc);
        const Pair first;
        const Pair second;
        EXPECT(trees->membership(kFirst, first.leader, first.leader) == Membership::inside);
        EXPECT(trees->membership(kFirst, first.leader, first.child) == Membership::inside);
        EXPECT(trees->membership(kFirst, first.leader, second.child) == Membership::outside);
        EXPECT(trees->membership(kSecond, second.leader, first.child) == Membership::outside);
        EXPECT(trees->membership(kFirst, first.leader, Pid{::getpid()}) == Membership::outside);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("with cgroups a service is its leaf, and its main process wherever that is") {
    test::FakeProc fake;
    for (const auto& [pid, cgroup] :
         {std::pair(21, "0::/services/first\n"), std::pair(22, "0::/services/first/below\n"),
          std::pair(23, "0::/services/second\n"), std::pair(24, "0::/elsewhere\n")}) {
        fake.add({.pid = pid});
        fake.write(std::to_string(pid) + "/cgroup", cgroup);
    }
    const auto trees = app::make_leaf_trees(std::make_unique<os::CgroupTree>(
        Fd(), "/", std::vector<os::LeafSpec>{{"first", {}}, {"second", {}}}, fake.open()));
    CHECK(trees->membership(kFirst, Pid{21}, Pid{21}) == Membership::inside);
    CHECK(trees->membership(kFirst, Pid{21}, Pid{22}) == Membership::inside);
    CHECK(trees->membership(kFirst, Pid{21}, Pid{23}) == Membership::outside);
    CHECK(trees->membership(kSecond, Pid{23}, Pid{22}) == Membership::outside);
    CHECK(trees->membership(kFirst, Pid{21}, Pid{24}) == Membership::outside);
    CHECK(trees->membership(kFirst, Pid{24}, Pid{24}) == Membership::inside);
    CHECK(trees->membership(kFirst, Pid{21}, Pid{25}) == Membership::gone);
    CHECK(trees->membership(kFirst, Pid{}, Pid{}) == Membership::outside);
}

TEST_CASE("KILL ends a task with all of its group, and what its leader has left behind") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Pair hangs;
        EXPECT(app::signal_group_of(hangs.leader, kSigKill).ok());
        EXPECT(hangs.all_end());

        // Its leader is dead and looked at, not yet reaped: the number is still its own.
        const Pair left;
        EXPECT(::kill(left.leader.value, SIGKILL) == 0);
        siginfo_t info{};
        EXPECT(::waitid(P_PID, static_cast<id_t>(left.leader.value), &info, WEXITED | WNOWAIT) ==
               0);
        EXPECT(app::signal_group_of(left.leader, kSigKill).ok());
        EXPECT(left.all_end());
        EXPECT(os::reap(left.leader).ok());
        return "";
    });
    CHECK(wrong == "");
}
