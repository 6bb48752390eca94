// Who belongs to a service without cgroups, with real families of processes.
#include "gosv/os/membership.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include "family.hpp"
#include "gosv/os/sys.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fake_proc.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/isolated.hpp"

using namespace gosv;
using namespace gosv::os;
using test::Roll;

namespace {

// A main process that leads its group, with a descendant `depth` levels below it that has left the
// group (or not). Returns both.
struct Family {
    Pid main;
    Pid last;
};

void descend(const Roll& roll, int depth, bool leaves_group) {
    if (depth == 0) {
        roll.sign();
        test::sleep_on();
    }
    (void)test::start([&] {
        if (leaves_group) {
            (void)::setsid();
        }
        descend(roll, depth - 1, leaves_group);
    });
    test::sleep_on();
}

Family start_family(int depth, bool leaves_group) {
    const Roll roll;
    const Pid main = test::start([&] {
        (void)::setpgid(0, 0);
        descend(roll, depth, leaves_group);
    });
    return {main, roll.call()};
}

Membership ask(const Proc& proc, Pid main, Pid process) {
    const test::AllocationTripwire tripwire("asking who belongs to a service");
    return membership_by_descent(proc, main, process);
}

}  // namespace

TEST_CASE("the main process, its group and its descendants are inside, and nobody else is") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Proc proc = Proc::open();
        const Family grouped = start_family(2, false);
        const Family scattered = start_family(3, true);
        EXPECT(ask(proc, grouped.main, grouped.main) == Membership::inside);
        EXPECT(ask(proc, grouped.main, grouped.last) == Membership::inside);
        EXPECT(ask(proc, scattered.main, scattered.last) == Membership::inside);
        // Another service's processes, gosv itself, and its parent.
        EXPECT(ask(proc, grouped.main, scattered.last) == Membership::outside);
        EXPECT(ask(proc, scattered.main, grouped.last) == Membership::outside);
        EXPECT(ask(proc, grouped.main, scattered.main) == Membership::outside);
        EXPECT(ask(proc, grouped.main, Pid{::getpid()}) == Membership::outside);
        EXPECT(ask(proc, grouped.main, Pid{::getppid()}) == Membership::outside);
        // Of a pid namespace that we cannot see; and nobody's main process.
        EXPECT(ask(proc, grouped.main, Pid{}) == Membership::outside);
        EXPECT(ask(proc, Pid{}, grouped.main) == Membership::outside);
        EXPECT(ask(proc, Pid{}, Pid{}) == Membership::outside);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("who has ended is gone; a zombie still belongs to whom it belonged") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Proc proc = Proc::open();
        const Roll roll;
        const Pid main = test::start_sleeper(roll);
        const Pid dead = test::start([] {});
        (void)test::wait_for(dead.value);
        EXPECT(ask(proc, main, dead) == Membership::gone);
        const Pid zombie = test::start([] { (void)::setpgid(0, 0); });
        siginfo_t info{};
        EXPECT(::waitid(P_PID, static_cast<id_t>(zombie.value), &info, WEXITED | WNOWAIT) == 0);
        EXPECT(ask(proc, zombie, zombie) == Membership::inside);
        EXPECT(ask(proc, main, zombie) == Membership::outside);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("without /proc the group still tells, and who has left it is not believed") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Proc none = Proc::at(Fd());
        const Family grouped = start_family(1, false);
        const Family scattered = start_family(1, true);
        EXPECT(ask(none, grouped.main, grouped.last) == Membership::inside);
        EXPECT(ask(none, scattered.main, scattered.main) == Membership::inside);
        EXPECT(ask(none, scattered.main, scattered.last) == Membership::outside);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("a chain of parents is climbed in bounds, even one that leads nowhere") {
    const test::FdLeakGuard guard;
    const Roll roll;
    const Pid sender = test::start_sleeper(roll);
    const int number = sender.value;
    test::FakeProc fake;
    // A round: it cannot be, but what is read need not have been true at one time.
    fake.add({.pid = number, .parent = 900001, .group = 1});
    fake.add({.pid = 900001, .parent = 900002, .group = 1});
    fake.add({.pid = 900002, .parent = 900001, .group = 1});
    CHECK(ask(fake.open(), Pid{900000}, sender) == Membership::outside);
    // A parent that has died meanwhile.
    test::FakeProc broken;
    broken.add({.pid = number, .parent = 900001, .group = 1});
    CHECK(ask(broken.open(), Pid{900000}, sender) == Membership::outside);
    // A chain of 60 levels.
    test::FakeProc deep;
    deep.add({.pid = number, .parent = 900001, .group = 1});
    for (int i = 1; i < 60; ++i) {
        deep.add({.pid = 900000 + i, .parent = 900001 + i, .group = 1});
    }
    CHECK(ask(deep.open(), Pid{900060}, sender) == Membership::inside);
    CHECK(ask(deep.open(), Pid{900070}, sender) == Membership::outside);
    CHECK(::kill(number, SIGKILL) == 0);
    (void)test::wait_for(number);
}
