// A group whose leader has died: held without a descriptor when nobody is left, and whoever is left
// is found and reached, however nice it is.
#include "gosv/os/held_group.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "support/isolated.hpp"

using namespace gosv;
using os::HeldGroup;

namespace {

constexpr int kNobody = -1;

// A group with a dead leader, not yet reaped, whose own nice value was `leader_nice`; and with one
// member of the value `member_nice` that sleeps for ever, unless that is kNobody.
struct Left {
    Left(int leader_nice, int member_nice) {
        int ends[2];
        (void)!::pipe2(ends, O_CLOEXEC);
        alive.reset(ends[0]);
        leader.value = ::fork();
        if (leader.value == 0) {
            (void)::setpgid(0, 0);
            (void)::setpriority(PRIO_PROCESS, 0, leader_nice);
            if (member_nice != kNobody && ::fork() == 0) {
                (void)::setpriority(PRIO_PROCESS, 0, member_nice);
                (void)!::write(ends[1], "", 1);
                for (;;) {
                    ::pause();
                }
            }
            if (member_nice != kNobody) {
                char byte = 0;
                (void)!::read(ends[0], &byte, 1);
            }
            ::_exit(0);
        }
        ::close(ends[1]);
        siginfo_t info{};
        (void)::waitid(P_PID, static_cast<id_t>(leader.value), &info, WEXITED | WNOWAIT);
    }

    void reap_leader() const { (void)test::wait_for(leader.value); }

    // Waits until nobody is left.
    bool all_end() const {
        char byte = 0;
        return ::read(alive.raw(), &byte, 1) == 0;
    }

    Fd alive;
    Pid leader;
};

int lowest_free_descriptor() {
    const int copy = ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
    ::close(copy);
    return copy;
}

std::string reaches_who_is_left(int leader_nice, int member_nice, bool by_descriptor) {
    const Left left(leader_nice, member_nice);
    const int free = lowest_free_descriptor();
    HeldGroup group = HeldGroup::hold(left.leader);
    EXPECT((lowest_free_descriptor() != free) == by_descriptor);
    left.reap_leader();
    EXPECT(group.outlives());
    EXPECT(group.signal(Signal{SIGKILL}).ok());
    EXPECT(left.all_end());
    return "";
}

}  // namespace

TEST_CASE("nobody is left of most groups, and that takes no descriptor") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Left left(0, kNobody);
        const int free = lowest_free_descriptor();
        HeldGroup group = HeldGroup::hold(left.leader);
        EXPECT(lowest_free_descriptor() == free);
        left.reap_leader();
        EXPECT(!group.outlives());
        EXPECT(group.signal(Signal{SIGKILL}).error().err == ESRCH);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("who is left in a group is held by a descriptor of its leader, and reached") {
    CHECK(test::isolated([] { return reaches_who_is_left(0, 0, true); }) == "");
    CHECK(test::isolated([] { return reaches_who_is_left(0, 18, true); }) == "");
    CHECK(test::isolated([] { return reaches_who_is_left(18, 18, true); }) == "");
}

TEST_CASE("where all are as nice as can be nobody can be told apart, so the descriptor is taken") {
    CHECK(test::isolated([] { return reaches_who_is_left(19, 19, true); }) == "");
}

TEST_CASE("who has made itself as nice as can be is not seen, but reached by the number") {
    CHECK(test::isolated([] { return reaches_who_is_left(0, 19, false); }) == "");
}
