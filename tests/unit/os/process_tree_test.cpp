// Trees that have scattered, ended whole while whoever stands beside them lives on.
#include "gosv/os/process_tree.hpp"

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "family.hpp"
#include "gosv/os/sys.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/isolated.hpp"

using namespace gosv;
using namespace gosv::os;
using test::Roll;

namespace {

// Everybody signs and sleeps; the root leads a group, and each one below makes a session of its
// own.
void scatter(const Roll& roll, int depth, int width) {
    roll.sign();
    for (int i = 0; depth > 0 && i < width; ++i) {
        (void)test::start([&] {
            (void)::setsid();
            scatter(roll, depth - 1, width);
        });
    }
    test::sleep_on();
}

Pid start_scattered(const Roll& roll, int depth, int width) {
    return test::start([&] {
        (void)::setpgid(0, 0);
        scatter(roll, depth, width);
    });
}

// Whether all that we adopt when their parents die ends too; within ten seconds.
bool nobody_is_left() {
    for (int i = 0; i < 1000; ++i) {
        while (::waitpid(-1, nullptr, WNOHANG | __WALL) > 0) {
        }
        if (::waitpid(-1, nullptr, WNOHANG | __WALL) < 0) {
            return errno == ECHILD;
        }
        ::usleep(10000);
    }
    return false;
}

void kill_without_allocating(const Proc& proc, Pid root) {
    const test::AllocationTripwire tripwire("ending a tree of processes");
    kill_process_tree(proc, root);
}

}  // namespace

TEST_CASE("a tree whose members have all left the group ends whole, and others do not") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Proc proc = Proc::open();
        const Roll roll;
        const Pid bystander = test::start_sleeper(roll);
        const Pid root = start_scattered(roll, 3, 2);
        const std::vector<Pid> members = roll.call(15);
        {
            const test::FdLeakGuard guard;
            kill_without_allocating(proc, root);
        }
        EXPECT(WTERMSIG(test::wait_for(root.value)) == SIGKILL);
        for (const Pid member : members) {
            EXPECT(test::ends(member));
        }
        EXPECT(test::is_running(bystander));
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("a child of a thread that is not the first is found, signals blocked or not") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Proc proc = Proc::open();
        const Roll roll;
        const Pid root = test::start([&] {
            (void)::setpgid(0, 0);
            sigset_t all;
            ::sigfillset(&all);
            ::sigprocmask(SIG_BLOCK, &all, nullptr);
            std::thread second([&] {
                (void)test::start([&] {
                    (void)::setsid();
                    roll.sign();
                    test::sleep_on();
                });
                test::sleep_on();
            });
            test::sleep_on();
        });
        const Pid below = roll.call();
        kill_without_allocating(proc, root);
        EXPECT(WTERMSIG(test::wait_for(root.value)) == SIGKILL);
        EXPECT(test::ends(below));
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("a tree that forks while it is being ended is caught up with") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Proc proc = Proc::open();
        for (int round = 0; round < 30; ++round) {
            const Roll roll;
            // Each forks one after the other, in sessions of their own; not without end, so that a
            // failure of the test ends too.
            const Pid root = test::start([&] {
                (void)::setpgid(0, 0);
                for (int children = 0; children < 200; ++children) {
                    if (children == 3) {
                        roll.sign();
                    }
                    if (::fork() == 0) {
                        (void)::setsid();
                        test::sleep_on();
                    }
                }
                test::sleep_on();
            });
            (void)roll.call();
            kill_without_allocating(proc, root);
            EXPECT(nobody_is_left());
        }
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("of a root that is dead already, what is left of the group ends") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Proc proc = Proc::open();
        const Roll roll;
        const Pid root = test::start([&] {
            (void)::setpgid(0, 0);
            (void)test::start([&] {
                roll.sign();
                test::sleep_on();
            });
        });
        const Pid left = roll.call();
        siginfo_t info{};
        EXPECT(::waitid(P_PID, static_cast<id_t>(root.value), &info, WEXITED | WNOWAIT) == 0);
        kill_without_allocating(proc, root);
        EXPECT(WEXITSTATUS(test::wait_for(root.value)) == 0);
        EXPECT(test::ends(left));
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("without /proc the group ends all the same") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Roll roll;
        const Pid root = test::start([&] {
            (void)::setpgid(0, 0);
            (void)test::start([&] {
                roll.sign();
                test::sleep_on();
            });
            test::sleep_on();
        });
        const Pid below = roll.call();
        kill_without_allocating(Proc::at(Fd()), root);
        EXPECT(WTERMSIG(test::wait_for(root.value)) == SIGKILL);
        EXPECT(test::ends(below));
        kill_without_allocating(Proc::at(Fd()), Pid{});  // nobody: above all not our own group
        return "";
    });
    CHECK(wrong == "");
}
