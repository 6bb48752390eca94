// Finding and signalling what descends from us, and nothing else.
#include "gosv/os/descendants.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <thread>

#include "family.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"

using namespace gosv;
using namespace gosv::os;
using namespace gosv::test;

TEST_CASE("children, their children and theirs are found and signalled") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Roll roll;
        (void)start([&] {
            roll.sign();
            (void)start([&] {
                roll.sign();
                (void)start([&] {
                    roll.sign();
                    (void)start([&] {
                        roll.sign();
                        sleep_on();
                    });
                    sleep_on();
                });
                sleep_on();
            });
            sleep_on();
        });
        const std::vector<Pid> family = roll.call(4);
        const Proc proc = Proc::open();
        Descendants descendants(proc, 100);

        SweepResult result = descendants.sweep(kAsk, {});
        EXPECT(result.alive == 4);
        EXPECT(result.signalled == 0);
        EXPECT(result.complete);
        EXPECT(std::find(family.begin(), family.end(), result.example) != family.end());

        result = descendants.sweep(kTerm, {});
        EXPECT(result.alive == 4);
        EXPECT(result.signalled == 4);
        for (const Pid pid : family) {
            EXPECT(ends(pid));
        }
        EXPECT(descendants.sweep(kAsk, {}).alive == 0);  // zombies do not count
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("a daemon that forked twice into its own session is found, a bystander is left alone") {
    // The bystander is a child of the test, not of the isolated process.
    const Roll bystanders;
    const Pid bystander = start_sleeper(bystanders);
    const std::string wrong = test::isolated([&]() -> std::string {
        const Roll roll;
        const Pid starter = start([&] {
            const Pid leader = start([&] {
                ::setsid();
                (void)start([&] {
                    roll.sign();
                    sleep_on();
                });
            });
            (void)test::wait_for(leader.value);
        });
        const Pid daemon = roll.call();
        (void)test::wait_for(starter.value);
        const Proc proc = Proc::open();
        Descendants descendants(proc, 100);
        const SweepResult result = descendants.sweep(kSigKill, {});
        EXPECT(result.alive == 1);
        EXPECT(result.signalled == 1);
        EXPECT(result.example == daemon);
        EXPECT(ends(daemon));
        return "";
    });
    CHECK(wrong == "");
    CHECK(is_running(bystander));
    ::kill(bystander.value, SIGKILL);
    (void)test::wait_for(bystander.value);
}

TEST_CASE("those excepted are spared, and so are their children") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Roll roll;
        const Pid spared = start([&] {
            (void)start([&] {
                roll.sign();
                sleep_on();
            });
            sleep_on();
        });
        const Pid its_child = roll.call();
        const Pid other = start_sleeper(roll);
        const Proc proc = Proc::open();
        Descendants descendants(proc, 100);
        const Pid except[] = {spared};
        const SweepResult result = descendants.sweep(kSigKill, except);
        EXPECT(result.alive == 1);
        EXPECT(result.signalled == 1);
        EXPECT(ends(other));
        EXPECT(is_running(spared));
        EXPECT(is_running(its_child));
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("a stopped process gets the signal too") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Roll roll;
        const Pid stopped = start_sleeper(roll);
        ::kill(stopped.value, SIGSTOP);
        siginfo_t info{};
        EXPECT(::waitid(P_PID, static_cast<id_t>(stopped.value), &info, WSTOPPED) == 0);
        const Proc proc = Proc::open();
        Descendants descendants(proc, 100);
        EXPECT(descendants.sweep(kTerm, {}).signalled == 1);
        EXPECT(WTERMSIG(test::wait_for(stopped.value)) == SIGTERM);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("children started by another thread than the main one are found") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Roll roll;
        (void)start([&] {
            std::thread thread([&] {
                (void)start([&] {
                    roll.sign();
                    sleep_on();
                });
                sleep_on();
            });
            sleep_on();
        });
        const Pid grandchild = roll.call();
        const Proc proc = Proc::open();
        Descendants descendants(proc, 100);
        EXPECT(descendants.sweep(kTerm, {}).signalled == 2);
        EXPECT(ends(grandchild));
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("what the budget leaves out is told, and reached by the next sweeps") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Roll roll;
        for (int i = 0; i < 25; ++i) {
            (void)start_sleeper(roll);
        }
        const Proc proc = Proc::open();
        Descendants descendants(proc, 10);
        SweepResult result = descendants.sweep(kSigKill, {});
        EXPECT(result.signalled == 10);
        EXPECT(!result.complete);
        std::size_t ended = 0;
        for (int round = 0; round < 1000 && ended < 25; ++round) {
            while (::waitpid(-1, nullptr, WNOHANG) > 0) {
                ++ended;
            }
            result = descendants.sweep(kSigKill, {});
        }
        EXPECT(ended == 25);
        EXPECT(result.complete);
        EXPECT(result.alive == 0);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("a family that goes on forking is ended by sweeping again") {
    const std::string wrong = test::isolated([]() -> std::string {
        // Bounded: 400 generations of one that forks and ends.
        const Roll roll;
        (void)start([&] {
            roll.sign();
            for (int generation = 0; generation < 400; ++generation) {
                ::setsid();
                if (::fork() > 0) {
                    ::_exit(0);
                }
                ::usleep(1000);
            }
            sleep_on();
        });
        (void)roll.call();
        const Proc proc = Proc::open();
        Descendants descendants(proc, 100);
        for (int round = 0; round < 2000; ++round) {
            (void)descendants.sweep(kSigKill, {});
            while (::waitpid(-1, nullptr, WNOHANG) > 0) {
            }
            if (descendants.sweep(kAsk, {}).alive == 0) {
                return "";
            }
        }
        return "still alive";
    });
    CHECK(wrong == "");
}

TEST_CASE("many children are read piece by piece, without allocating or leaving anything open") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Roll roll;
        for (int i = 0; i < 1000; ++i) {
            (void)start([] { sleep_on(); });
        }
        const Proc proc = Proc::open();
        Descendants descendants(proc, 2000);
        const test::FdLeakGuard guard;
        SweepResult result;
        {
            const test::AllocationTripwire tripwire("sweep");
            result = descendants.sweep(kSigKill, {});
            EXPECT(test::AllocationTripwire::count() == 0);
        }
        EXPECT(result.alive == 1000);
        EXPECT(result.signalled == 1000);
        EXPECT(result.complete);
        return "";
    });
    CHECK(wrong == "");
}
