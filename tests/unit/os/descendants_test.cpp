// Finding and signalling what descends from us, and nothing else.
#include "gosv/os/descendants.hpp"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <thread>
#include <vector>

#include "gosv/os/sys.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/isolated.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os;

namespace {

constexpr Signal kAsk{};
constexpr Signal kTerm{SIGTERM};
constexpr Signal kKill{SIGKILL};

// Processes of a test tell their pids through this, so that nobody has to guess when they run.
class Roll {
  public:
    Roll() { (void)!::pipe2(ends_, O_CLOEXEC); }

    ~Roll() {
        ::close(ends_[0]);
        ::close(ends_[1]);
    }

    Roll(const Roll&) = delete;
    Roll& operator=(const Roll&) = delete;

    void sign() const {
        const pid_t pid = ::getpid();
        (void)!::write(ends_[1], &pid, sizeof pid);
    }

    // The pids of `count` processes, in the order in which they signed; 0 after ten seconds.
    std::vector<Pid> call(std::size_t count) const {
        std::vector<Pid> pids;
        while (pids.size() < count) {
            pollfd asked{ends_[0], POLLIN, 0};
            pid_t pid = 0;
            if (::poll(&asked, 1, 10000) == 1) {
                (void)!::read(ends_[0], &pid, sizeof pid);
            }
            pids.push_back(Pid{pid});
        }
        return pids;
    }

    Pid call() const { return call(1)[0]; }

  private:
    int ends_[2] = {-1, -1};
};

[[noreturn]] void sleep_on() {
    for (;;) {
        ::pause();
    }
}

template <class Body>
Pid start(Body body) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        body();
        ::_exit(0);
    }
    return Pid{pid};
}

// A child of ours that sleeps until it is signalled.
Pid start_sleeper(const Roll& roll) {
    const Pid pid = start([&] {
        roll.sign();
        sleep_on();
    });
    (void)roll.call();
    return pid;
}

// Whether a process is gone or a zombie; waited for up to ten seconds.
bool ends(Pid pid) {
    const Proc proc = Proc::open();
    const std::string path = std::to_string(pid.value) + "/stat";
    for (int i = 0; i < 1000; ++i) {
        char buffer[1024];
        const auto text = proc.read(path.c_str(), buffer);
        const auto stat = text.ok() ? parse_stat(text.value()) : std::nullopt;
        if (!stat || !is_alive(*stat)) {
            return true;
        }
        ::usleep(10000);
    }
    return false;
}

bool is_running(Pid pid) {
    const Proc proc = Proc::open();
    char buffer[1024];
    const auto text = proc.read((std::to_string(pid.value) + "/stat").c_str(), buffer);
    const auto stat = text.ok() ? parse_stat(text.value()) : std::nullopt;
    return stat && is_alive(*stat);
}

// A kernel without /proc/PID/task/TID/children, as far as the sweep can see: a directory in which
// each process has nothing but its stat.
class ProcWithoutChildren {
  public:
    void add(Pid pid) {
        const std::string number = std::to_string(pid.value);
        dir_.make_directory(number);
        const std::string target = "/proc/" + number + "/stat";
        REQUIRE(::symlink(target.c_str(), (dir_ / (number + "/stat")).c_str()) == 0);
    }

    Proc open() const {
        return Proc::at(Fd(::open(dir_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)));
    }

  private:
    test::TempDir dir_;
};

}  // namespace

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
        const SweepResult result = descendants.sweep(kKill, {});
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
        const SweepResult result = descendants.sweep(kKill, except);
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
        SweepResult result = descendants.sweep(kKill, {});
        EXPECT(result.signalled == 10);
        EXPECT(!result.complete);
        std::size_t ended = 0;
        for (int round = 0; round < 1000 && ended < 25; ++round) {
            while (::waitpid(-1, nullptr, WNOHANG) > 0) {
                ++ended;
            }
            result = descendants.sweep(kKill, {});
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
            (void)descendants.sweep(kKill, {});
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
            result = descendants.sweep(kKill, {});
            EXPECT(test::AllocationTripwire::count() == 0);
        }
        EXPECT(result.alive == 1000);
        EXPECT(result.signalled == 1000);
        EXPECT(result.complete);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("without descriptors to spare our own children are still reached") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Roll roll;
        const Pid child = start_sleeper(roll);
        const Proc proc = Proc::open();
        Descendants descendants(proc, 100);
        // One descriptor: enough to read /proc with, not for a pidfd besides.
        const int next = ::dup(0);
        ::close(next);
        const rlimit limit{static_cast<rlim_t>(next) + 1, static_cast<rlim_t>(next) + 1};
        EXPECT(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
        EXPECT(descendants.sweep(kKill, {}).signalled == 1);
        EXPECT(WTERMSIG(test::wait_for(child.value)) == SIGKILL);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("without /proc nothing is found, and that is told") {
    const std::string wrong = test::isolated([]() -> std::string {
        const Roll roll;
        const Pid child = start_sleeper(roll);
        const Proc none;
        Descendants descendants(none, 100);
        const SweepResult result = descendants.sweep(kKill, {});
        EXPECT(!result.complete);
        EXPECT(result.alive == 0);
        EXPECT(is_running(child));
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("without lists of children the parents are followed instead") {
    const Roll bystanders;
    const Pid bystander = start_sleeper(bystanders);
    const std::string wrong = test::isolated([&]() -> std::string {
        const Roll roll;
        (void)start([&] {
            roll.sign();
            (void)start([&] {
                ::setsid();
                roll.sign();
                (void)start([&] {
                    roll.sign();
                    sleep_on();
                });
                sleep_on();
            });
            sleep_on();
        });
        const std::vector<Pid> family = roll.call(3);
        const Pid spared = start([&] {
            (void)start([&] {
                roll.sign();
                sleep_on();
            });
            sleep_on();
        });
        const Pid spared_child = roll.call();

        ProcWithoutChildren tree;
        for (const Pid pid : family) {
            tree.add(pid);
        }
        for (const Pid pid :
             {Pid{1}, Pid{::getppid()}, Pid{::getpid()}, bystander, spared, spared_child}) {
            tree.add(pid);
        }
        const Proc proc = tree.open();
        Descendants descendants(proc, 100);
        const Pid except[] = {spared};
        SweepResult result = descendants.sweep(kAsk, except);
        EXPECT(result.complete);
        EXPECT(result.alive == 3);
        result = descendants.sweep(kTerm, except);
        // Whoever's parent ended during the sweep has us as its parent now.
        EXPECT(result.signalled == 3);
        for (const Pid pid : family) {
            EXPECT(ends(pid));
        }
        EXPECT(is_running(spared));
        EXPECT(is_running(spared_child));
        return "";
    });
    CHECK(wrong == "");
    CHECK(is_running(bystander));
    ::kill(bystander.value, SIGKILL);
    (void)test::wait_for(bystander.value);
}
