// The parent's side of a start: the status pipe, and that nothing in it waits for the child.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "child_fixture.hpp"
#include "gosv/os/reaper.hpp"
#include "gosv/os/sys.hpp"
#include "hanging_program.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"

using namespace gosv;
using namespace gosv::os;
using test::HangingProgram;
using test::Image;

namespace {

Result<Spawned> spawn_without_allocating(Image& image, CloneMethod method) {
    const test::AllocationTripwire tripwire("spawn");
    return spawn(image.child, method);
}

}  // namespace

TEST_CASE("this kernel has clone3, and the probe sees it") {
    const CloneMethod method = probe_clone();
    CHECK((method == CloneMethod::clone3_into_cgroup || method == CloneMethod::clone3));
}

TEST_CASE("starting does not allocate and leaves nothing open but the status pipe") {
    const test::FdLeakGuard guard;
    Image image({"/bin/true"});
    for (const CloneMethod method : {test::usual_clone(), CloneMethod::fork}) {
        Result<Spawned> spawned = spawn_without_allocating(image, method);
        REQUIRE(spawned.ok());
        CHECK(test::wait_for_exec(spawned.value().status.borrow()).state == ExecState::succeeded);
        CHECK(test::wait_for(spawned.value().pid.value) == 0);
    }
}

TEST_CASE("the status pipe is pending until the exec, and decided when the child is seen dead") {
    const test::FdLeakGuard guard;
    Image missing({"/missing"});
    for (int i = 0; i < 100; ++i) {
        auto spawned = spawn(missing.child, test::usual_clone());
        REQUIRE(spawned.ok());
        siginfo_t info{};
        REQUIRE(::waitid(P_PID, static_cast<id_t>(spawned.value().pid.value), &info,
                         WEXITED | WNOWAIT) == 0);
        const ExecStatus status = read_exec_status(spawned.value().status.borrow());
        CHECK(status.state == ExecState::failed);
        CHECK(status.stage == Stage::exec);
        CHECK(status.err == ENOENT);
        CHECK(reap(spawned.value().pid).ok());
    }
}

TEST_CASE("a hanging exec holds up neither the parent nor the next start") {
    const test::FdLeakGuard guard;
    HangingProgram program;
    Image hanging({program.path()});
    Image quick({"/bin/true"});

    const auto begin = std::chrono::steady_clock::now();
    auto first = spawn(quick.child, test::usual_clone());
    auto stuck = spawn(hanging.child, test::usual_clone());
    auto second = spawn(quick.child, test::usual_clone());
    REQUIRE((first.ok() && stuck.ok() && second.ok()));
    // Neither of the others' pipes is held open by the one that hangs.
    CHECK(test::wait_for_exec(first.value().status.borrow()).state == ExecState::succeeded);
    CHECK(test::wait_for_exec(second.value().status.borrow()).state == ExecState::succeeded);
    CHECK(test::wait_for(first.value().pid.value) == 0);
    CHECK(test::wait_for(second.value().pid.value) == 0);
    CHECK(read_exec_status(stuck.value().status.borrow()).state == ExecState::pending);
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));

    program.let_go();
    CHECK(test::wait_for_exec(stuck.value().status.borrow()).state == ExecState::succeeded);
    CHECK(WEXITSTATUS(test::wait_for(stuck.value().pid.value)) == 4);
}

TEST_CASE("a child that hangs in its exec can be killed") {
    HangingProgram program;
    Image hanging({program.path()});
    auto stuck = spawn(hanging.child, test::usual_clone());
    REQUIRE(stuck.ok());
    CHECK(::kill(-stuck.value().pid.value, SIGKILL) == 0);
    CHECK(WTERMSIG(test::wait_for(stuck.value().pid.value)) == SIGKILL);
    // Nothing was reported: the reaper's word is the one that counts.
    CHECK(read_exec_status(stuck.value().status.borrow()).state == ExecState::succeeded);
}

TEST_CASE("running out of descriptors or processes is an error value") {
    const std::string wrong = test::isolated([]() -> std::string {
        Image image({"/bin/true"});
        rlimit limit{};
        EXPECT(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
        limit.rlim_cur = 3;
        EXPECT(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
        auto spawned = spawn(image.child, test::usual_clone());
        EXPECT(!spawned.ok());
        EXPECT(spawned.error().err == EMFILE);
        limit.rlim_cur = limit.rlim_max;
        EXPECT(::setrlimit(RLIMIT_NOFILE, &limit) == 0);

        if (::geteuid() == 0) {
            EXPECT(::setresuid(64321, 64321, 64321) == 0);
        }
        const rlimit none{0, 0};
        EXPECT(::setrlimit(RLIMIT_NPROC, &none) == 0);
        for (const CloneMethod method : {test::usual_clone(), CloneMethod::fork}) {
            const test::FdLeakGuard guard;
            auto refused = spawn(image.child, method);
            EXPECT(!refused.ok());
            EXPECT(refused.error().err == EAGAIN);
            EXPECT(is_transient(refused.error().err));
        }
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("what is no failure report counts as an exec that went well") {
    auto pipe = sys::pipe();
    REQUIRE(pipe.ok());
    CHECK(read_exec_status(pipe.value().read.borrow()).state == ExecState::pending);
    REQUIRE(sys::write(pipe.value().write.borrow(),
                       "\xff"
                       "1234567")
                .ok());
    CHECK(read_exec_status(pipe.value().read.borrow()).state == ExecState::succeeded);
    pipe.value().write.reset();
    CHECK(read_exec_status(pipe.value().read.borrow()).state == ExecState::succeeded);
}

TEST_CASE("every stage has a name of its own") {
    std::vector<std::string_view> names;
    for (int i = 0; i <= static_cast<int>(Stage::exec); ++i) {
        const std::string_view text = name(static_cast<Stage>(i));
        CHECK(text != "?");
        CHECK(std::find(names.begin(), names.end(), text) == names.end());
        names.push_back(text);
    }
}

TEST_CASE("what may pass is told from what will not") {
    for (const int err : {ETXTBSY, ESTALE, EAGAIN, ENOMEM, EMFILE, ENFILE, EIO, EINTR}) {
        CHECK(is_transient(err));
    }
    for (const int err : {ENOENT, EACCES, EPERM, ENOEXEC, EINVAL, E2BIG, ENOTDIR, ELOOP}) {
        CHECK_FALSE(is_transient(err));
    }
}
