// Starts that share gosv's memory: that nothing of a start is different, and nothing of gosv.
#include "gosv/os/spawner.hpp"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <vector>

#include "child_fixture.hpp"
#include "gosv/os/reaper.hpp"
#include "hanging_program.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/isolated.hpp"

using namespace gosv;
using namespace gosv::os;
using test::HangingProgram;
using test::Image;

namespace {

// Where it does not hold (an old kernel, the emulator) there is nothing of this to test, and the
// first test case says so.
bool shares_memory() {
    Spawner spawner(4);
    Image image({"/bin/true"});
    auto spawned = spawner.spawn(image.child);
    REQUIRE(spawned.ok());
    CHECK(test::wait_for(spawned.value().pid.value) == 0);
    return spawner.shares_memory();
}

test::Ended run_sharing(Image& image) {
    Spawner spawner(1);
    test::CapturedOutput output;
    Result<Spawned> spawned = spawner.spawn(image.child);
    output.restore();
    REQUIRE(spawned.ok());
    test::Ended ended;
    ended.exec = test::wait_for_exec(spawned.value().status.borrow());
    ended.wait_status = test::wait_for(spawned.value().pid.value);
    ended.output = output.text();
    return ended;
}

// In a mount namespace of its own, where /dev holds nothing but a FIFO that nobody writes to.
std::string starts_where_null_is_a_fifo() {
    EXPECT(::unshare(CLONE_NEWNS) == 0);
    EXPECT(::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0);
    EXPECT(::mount("none", "/dev", "tmpfs", 0, nullptr) == 0);
    EXPECT(::mkfifo("/dev/null", 0600) == 0);
    Image image({"/bin/true"});
    image.child.stdin_null = true;
    Spawner spawner(1);
    const Result<Spawned> spawned = spawner.spawn(image.child);
    EXPECT(spawned.ok());
    // It is the child that waits for a writer.
    EXPECT(read_exec_status(spawned.value().status.borrow()).state == ExecState::pending);
    EXPECT(::kill(spawned.value().pid.value, SIGKILL) == 0);
    (void)test::wait_for(spawned.value().pid.value);
    return "";
}

// How much of a stack that had been all zero is in use, in bytes from its top.
std::size_t depth(const ChildStack& stack) {
    const auto* const deepest = std::find_if(std::begin(stack.memory), std::end(stack.memory),
                                             [](std::byte byte) { return byte != std::byte{}; });
    return static_cast<std::size_t>(std::end(stack.memory) - deepest);
}

int oom_score_adj() {
    int score = -1;
    std::ifstream("/proc/self/oom_score_adj") >> score;
    return score;
}

}  // namespace

TEST_CASE("memory is shared where the kernel and the registers allow it") {
    utsname kernel{};
    REQUIRE(::uname(&kernel) == 0);
    MESSAGE("Linux " << kernel.release << ": " << (shares_memory() ? "shared" : "copied"));
#if defined(__x86_64__)
    // This machine's own: Linux 5.16 or later, and no emulator.
    if (std::stoi(kernel.release) > 5) {
        CHECK(shares_memory());
    }
#endif
}

TEST_CASE("a start that shares memory is like one with a copy") {
    test::TempDir dir;
    const std::string script =
        dir.write("script", "echo no line to name me: \"$0\" \"$@\"\n", 0755);
    const std::string tell =
        "umask; ulimit -n; nice; sed -n '/^Sig[BI]/p' /proc/self/status; pwd;"
        "ls /proc/self/fd; test \"$LISTEN_PID\" = $$ && echo mine; head -c1 | wc -c";

    RlimitStep limit{RLIMIT_NOFILE, {64, 64}};
    const auto everything = [&](Image& image) {
        image.child.set_umask = true;
        image.child.umask = 027;
        image.child.set_nice = true;
        image.child.nice = 3;
        image.child.rlimits = &limit;
        image.child.rlimit_count = 1;
        image.child.working_dir = "/usr";
        image.child.stdin_null = true;
        image.child.no_new_privs = true;
        image.child.ignore_child = true;
        image.child.listen_pid = {image.listen_pid(), 12};
    };
    const auto nothing = [](Image&) {};

    const auto both = [](std::vector<std::string> argv, std::vector<std::string> candidates,
                         const auto& prepare) {
        Image copied(argv, candidates);
        Image shared(argv, candidates);
        prepare(copied);
        prepare(shared);
        const test::FdLeakGuard guard;
        const test::Ended expected = test::run(copied);
        const test::Ended ended = run_sharing(shared);
        CAPTURE(argv.back());
        CHECK(ended.exec.state == expected.exec.state);
        CHECK(ended.exec.stage == expected.exec.stage);
        CHECK(ended.exec.err == expected.exec.err);
        CHECK(ended.wait_status == expected.wait_status);
        CHECK(ended.output == expected.output);
        return ended;
    };

    const auto told = both({"/bin/sh", "-c", tell}, {"/bin/sh"}, everything);
    CHECK(told.output.find("0027\n64\n3\n") == 0);
    CHECK(told.output.find("/usr\n") != std::string::npos);
    CHECK(told.output.find("mine\n0\n") != std::string::npos);
    CHECK(both({script, "an", "argument"}, {script}, nothing).output.find("an argument\n") !=
          std::string::npos);
    CHECK(both({"true"}, {"/missing/true", "/bin/true"}, nothing).code() == 0);
    CHECK(both({"true"}, {"/missing/true", "/etc/passwd"}, nothing).exec.err == EACCES);
    CHECK(both({"true"}, {"/missing"}, nothing).code() == 127);
    CHECK(both({"/bin/true"}, {"/bin/true"}, [](Image& image) {
              image.child.working_dir = "/missing";
          }).exec.stage == Stage::working_dir);
}

TEST_CASE("output and readiness come through as many pipes when memory is shared") {
    const test::FdLeakGuard guard;
    Image image = Image::shell("echo said; echo ready >&7");
    image.child.capture_output = true;
    image.child.notify_fd = 7;
    Spawner spawner(1);
    auto spawned = spawner.spawn(image.child);
    REQUIRE(spawned.ok());
    CHECK(test::wait_for(spawned.value().pid.value) == 0);
    char text[16] = {};
    CHECK(::read(spawned.value().output.raw(), text, sizeof text) == 5);
    CHECK(std::string(text) == "said\n");
    CHECK(::read(spawned.value().readiness.raw(), text, sizeof text) == 6);
    CHECK(std::string(text) == "ready\n");
}

TEST_CASE("a start that shares memory allocates nothing and changes no errno of ours") {
    Spawner spawner(1);
    Image missing({"/missing"});
    for (int i = 0; i < 200; ++i) {
        errno = 4711;
        Result<Spawned> spawned = [&] {
            const test::AllocationTripwire tripwire("spawn");
            return spawner.spawn(missing.child);
        }();
        REQUIRE(spawned.ok());
        errno = 4711;  // setpgid's may be there
        while (read_exec_status(spawned.value().status.borrow()).state == ExecState::pending) {
            errno = 4711;
        }
        const int after = errno;
        CHECK(test::wait_for(spawned.value().pid.value) == 127 << 8);
        CHECK((after == 4711 || after == EAGAIN));
    }
}

TEST_CASE("whoever hangs in its exec keeps its stack, and nobody waits for it") {
    const test::FdLeakGuard guard;
    HangingProgram program;
    Image hanging({program.path()});
    Image quick({"/bin/true"});
    Spawner spawner(3);
    const bool shares = shares_memory();

    std::vector<Result<Spawned>> stuck;
    // More than there are stacks: the last ones have a copy.
    for (int i = 0; i < 5; ++i) {
        stuck.push_back(spawner.spawn(hanging.child));
        REQUIRE(stuck.back().ok());
    }
    const std::size_t kept = spawner.stacks().touched();
    CHECK(kept <= 3);
    CHECK((kept == 3) == shares);
    for (int i = 0; i < 20; ++i) {
        auto spawned = spawner.spawn(quick.child);
        REQUIRE(spawned.ok());
        CHECK(test::wait_for_exec(spawned.value().status.borrow()).state == ExecState::succeeded);
        CHECK(test::wait_for(spawned.value().pid.value) == 0);
    }
    for (const auto& spawned : stuck) {
        CHECK(read_exec_status(spawned.value().status.borrow()).state == ExecState::pending);
    }
    spawner.settle();
    CHECK(spawner.stacks().touched() == kept);

    // One is killed, the others get to run: both ways the stack is free again.
    CHECK(::kill(-stuck[0].value().pid.value, SIGKILL) == 0);
    CHECK(WTERMSIG(test::wait_for(stuck[0].value().pid.value)) == SIGKILL);
    program.let_go();
    for (std::size_t i = 1; i < stuck.size(); ++i) {
        CHECK(test::wait_for_exec(stuck[i].value().status.borrow()).state == ExecState::succeeded);
        CHECK(WEXITSTATUS(test::wait_for(stuck[i].value().pid.value)) == 4);
    }
    spawner.settle();
    CHECK(spawner.stacks().touched() <= 1);
}

TEST_CASE("starts one after the other use one stack, and half of it") {
    Spawner spawner(16);
    RlimitStep limit{RLIMIT_CORE, {0, 0}};
    for (int i = 0; i < 50; ++i) {
        Image image({"true"}, {"/missing/true", "/bin/true"});
        image.child.stdin_null = true;
        image.child.set_umask = true;
        image.child.rlimits = &limit;
        image.child.rlimit_count = 1;
        image.child.ignore_child = true;
        image.child.listen_pid = {image.listen_pid(), 12};
        auto spawned = spawner.spawn(image.child);
        REQUIRE(spawned.ok());
        CHECK(test::wait_for_exec(spawned.value().status.borrow()).state == ExecState::succeeded);
        CHECK(test::wait_for(spawned.value().pid.value) == 0);
        spawner.settle();
    }
    CHECK(spawner.stacks().touched() <= 1);
    if (spawner.shares_memory()) {
        CHECK(depth(spawner.stacks()[0]) > 0);
        CHECK(depth(spawner.stacks()[0]) < ChildStack::kSize / 2);
    }
}

TEST_CASE("a script of as many words as may share memory does not need the whole stack") {
    const test::TempDir dir;
    const std::string script = dir.write("script", "exit $#\n", 0755);
    Image image(std::vector<std::string>(kMostWords, "word"), {script});
    REQUIRE(may_share_memory(image.child));
    Spawner spawner(1);
    auto spawned = spawner.spawn(image.child);
    REQUIRE(spawned.ok());
    CHECK(WEXITSTATUS(test::wait_for(spawned.value().pid.value)) == kMostWords - 1);
    if (spawner.shares_memory()) {
        CHECK(depth(spawner.stacks()[0]) > kMostWords * sizeof(char*));
        CHECK(depth(spawner.stacks()[0]) < ChildStack::kSize * 3 / 4);
    }
}

TEST_CASE("a script of more words than that is run all the same") {
    const test::TempDir dir;
    const std::string script = dir.write("script", "test $# = 20000 && exit 5\n", 0755);
    Image image(std::vector<std::string>(20001, "word"), {script});
    CHECK_FALSE(may_share_memory(image.child));
    CHECK(run_sharing(image).code() == 5);
}

TEST_CASE("for all that read nothing /dev/null is opened once, and not before somebody does") {
    Spawner spawner(4);
    const auto input_of = [&](bool null) {
        Image image = Image::shell("readlink /proc/self/fd/0; head -c1 | wc -c");
        image.child.stdin_null = null;
        test::CapturedOutput output;
        auto spawned = spawner.spawn(image.child);
        REQUIRE(spawned.ok());
        CHECK(test::wait_for(spawned.value().pid.value) == 0);
        output.restore();
        return output.text();
    };
    {
        const test::FdLeakGuard guard;
        (void)input_of(false);
    }
    CHECK(input_of(true) == "/dev/null\n0\n");
    const test::FdLeakGuard guard;
    CHECK(input_of(true) == "/dev/null\n0\n");
}

TEST_CASE("what would reach gosv through shared memory is done in a copy") {
    Image image({"/bin/true"});
    CHECK(may_share_memory(image.child));
    image.child.set_credentials = true;
    CHECK_FALSE(may_share_memory(image.child));
    image.child.set_credentials = false;
    image.child.set_capabilities = true;
    CHECK_FALSE(may_share_memory(image.child));
    image.child.set_capabilities = false;
    image.child.oom_score_adj = "7";
    CHECK_FALSE(may_share_memory(image.child));
}

TEST_CASE("gosv stays dumpable and keeps its own oom_score_adj") {
    const std::string wrong = test::isolated([]() -> std::string {
        EXPECT(::prctl(PR_SET_DUMPABLE, 1) == 0);
        const int score = oom_score_adj();
        Spawner spawner(4);
        Image scored = Image::shell("test $(cat /proc/self/oom_score_adj) = 777");
        scored.child.oom_score_adj = "777";
        scored.child.oom_score_adj_len = 3;
        auto spawned = spawner.spawn(scored.child);
        EXPECT(spawned.ok());
        EXPECT(test::wait_for(spawned.value().pid.value) == 0);
        EXPECT(oom_score_adj() == score);
        if (::geteuid() == 0) {
            Image other({"/bin/true"});
            other.child.set_credentials = true;
            other.child.uid = 64321;
            other.child.gid = 64321;
            auto changed = spawner.spawn(other.child);
            EXPECT(changed.ok());
            EXPECT(test::wait_for(changed.value().pid.value) == 0);
        }
        EXPECT(::prctl(PR_GET_DUMPABLE) == 1);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("three hundred starts at once leave one page behind") {
    const test::FdLeakGuard guard;
    Spawner spawner(300);
    Image image({"/bin/true"});
    std::vector<Spawned> children;
    for (int i = 0; i < 300; ++i) {
        auto spawned = spawner.spawn(image.child);
        REQUIRE(spawned.ok());
        children.push_back(std::move(spawned).value());
    }
    for (const Spawned& child : children) {
        CHECK(test::wait_for(child.pid.value) == 0);
    }
    spawner.settle();
    CHECK(spawner.stacks().touched() <= 1);
}

TEST_CASE("a FIFO in the place of /dev/null holds up the child, and nobody else") {
    CHECK(test::isolated(starts_where_null_is_a_fifo) == "");
}
