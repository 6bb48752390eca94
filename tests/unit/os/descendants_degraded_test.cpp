// The same where the kernel gives less: no lists of children, no /proc, no descriptors left.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include "family.hpp"
#include "gosv/os/descendants.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os;
using namespace gosv::test;

namespace {

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
        EXPECT(descendants.sweep(kSigKill, {}).signalled == 1);
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
        const SweepResult result = descendants.sweep(kSigKill, {});
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
        // Whoever's parent ends while it is climbed to is left to the next sweep, which finds us as
        // its parent.
        for (const Pid pid : family) {
            for (int i = 0; i < 1000 && is_running(pid); ++i) {
                (void)descendants.sweep(kTerm, except);
            }
        }
        for (const Pid pid : family) {
            EXPECT(ends(pid));
        }
        EXPECT(descendants.sweep(kAsk, except).alive == 0);
        EXPECT(is_running(spared));
        EXPECT(is_running(spared_child));
        return "";
    });
    CHECK(wrong == "");
    CHECK(is_running(bystander));
    ::kill(bystander.value, SIGKILL);
    (void)test::wait_for(bystander.value);
}
