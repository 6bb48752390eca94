// What the child finds open: the pipe for readiness at the number that it was promised, and its
// output captured; whatever numbers the kernel happened to give the pipes that the start itself
// needs.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

#include "child_fixture.hpp"
#include "gosv/os/first_line.hpp"
#include "gosv/os/readiness_pipe.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os;
using test::Image;

namespace {

// Beyond all numbers that a start can give to its own pipes here.
constexpr int kBeyond = 40;

struct Started {
    ExecStatus exec;
    int wait_status = 0;
    Readiness readiness = Readiness::pending;
    std::string output;  // first line
};

// Runs it to its end and looks at everything it left.
Started run_to_end(Image& image, CloneMethod method = test::usual_clone(), BorrowedFd leaf = {}) {
    Result<Spawned> spawned = [&] {
        const test::AllocationTripwire tripwire("a start with pipes");
        return spawn(image.child, method, leaf);
    }();
    REQUIRE(spawned.ok());
    Started started;
    started.exec = test::wait_for_exec(spawned.value().status.borrow());
    started.wait_status = test::wait_for(spawned.value().pid.value);
    if (spawned.value().readiness.is_open()) {
        started.readiness = read_readiness(spawned.value().readiness.borrow());
    }
    if (spawned.value().output.is_open()) {
        FirstLine line;
        CHECK_FALSE(line.read_from(spawned.value().output.borrow()));
        started.output = line.text();
    }
    return started;
}

// Says that it is ready, and then what it has open.
std::string ready_at(int number) {
    return "echo > /proc/self/fd/" + std::to_string(number) + "; ls /proc/self/fd | tr '\\n' ' '";
}

// What ls finds: what we have passed on, `number`, and the directory that it reads.
std::set<int> expected_with(int number) {
    std::set<int> expected{number};
    for (int fd = 0; fd < 1024; ++fd) {
        const int flags = ::fcntl(fd, F_GETFD);
        if (flags != -1 && (flags & FD_CLOEXEC) == 0) {
            expected.insert(fd);
        }
    }
    int lowest_free = 0;
    while (expected.contains(lowest_free)) {
        ++lowest_free;
    }
    expected.insert(lowest_free);
    return expected;
}

}  // namespace

TEST_CASE("the pipe for readiness is found at any number, and nothing else of ours is") {
    const test::FdLeakGuard guard;
    for (int number = 3; number < kBeyond; ++number) {
        CAPTURE(number);
        Image image = Image::shell(ready_at(number));
        image.child.notify_fd = number;
        image.child.capture_output = true;
        const Started started = run_to_end(image);
        CHECK(started.exec.state == ExecState::succeeded);
        CHECK(started.readiness == Readiness::ready);
        std::istringstream listed(started.output);
        CHECK(std::set<int>(std::istream_iterator<int>(listed), {}) == expected_with(number));
    }
}

TEST_CASE("an exec that fails is told, whatever the number of the pipe for readiness is") {
    const test::FdLeakGuard guard;
    for (int number = 3; number < kBeyond; ++number) {
        CAPTURE(number);
        Image missing({"/missing"});
        missing.child.notify_fd = number;
        missing.child.capture_output = number % 2 == 0;
        const Started started = run_to_end(missing);
        CHECK(started.exec.state == ExecState::failed);
        CHECK(name(started.exec.stage) == name(Stage::exec));
        CHECK(started.exec.err == ENOENT);
        CHECK(started.readiness == Readiness::closed);
    }
}

TEST_CASE("joining a leaf comes before the number of its descriptor is taken") {
    const test::FdLeakGuard guard;
    const test::TempDir leaf;
    for (int number = 3; number < kBeyond; ++number) {
        CAPTURE(number);
        const std::string procs = leaf.write("cgroup.procs", "");
        const Fd directory(::open(leaf.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        Image image = Image::shell("echo > /proc/self/fd/" + std::to_string(number) + "; echo on");
        image.child.notify_fd = number;
        image.child.capture_output = true;
        const Started started = run_to_end(image, CloneMethod::fork, directory.borrow());
        CHECK(started.exec.state == ExecState::succeeded);
        CHECK(started.readiness == Readiness::ready);
        CHECK(started.output == "on");
        std::ifstream stream(procs);
        CHECK(std::string(std::istreambuf_iterator<char>(stream), {}) == "0");
    }
}

TEST_CASE("a number beyond the limit of open files is told as what it is") {
    const test::FdLeakGuard guard;
    Image image({"/bin/true"});
    const RlimitStep few{RLIMIT_NOFILE, {64, 64}};
    image.child.rlimits = &few;
    image.child.rlimit_count = 1;
    image.child.notify_fd = 64;
    const Started started = run_to_end(image);
    CHECK(started.exec.state == ExecState::failed);
    CHECK(name(started.exec.stage) == "notify_fd");
    CHECK(started.exec.err == EBADF);
    image.child.notify_fd = 63;
    CHECK(run_to_end(image).exec.state == ExecState::succeeded);
}

TEST_CASE("without a wish for them there are no such pipes") {
    const test::FdLeakGuard guard;
    Image image({"/bin/true"});
    const auto spawned = spawn(image.child, test::usual_clone());
    REQUIRE(spawned.ok());
    CHECK_FALSE(spawned.value().readiness.is_open());
    CHECK_FALSE(spawned.value().output.is_open());
    CHECK(test::wait_for(spawned.value().pid.value) == 0);
}

TEST_CASE("both streams of a captured program come through one pipe, and its stdin is empty") {
    const test::FdLeakGuard guard;
    Image image = Image::shell("printf 'out '; printf 'err ' >&2; cat; echo end");
    image.child.capture_output = true;
    image.child.stdin_null = true;
    test::CapturedOutput ours;
    const Started started = run_to_end(image);
    ours.restore();
    CHECK(started.output == "out err end");
    CHECK(ours.text() == "");
}

TEST_CASE("a captured program blocks on its output as any program does, and we never on it") {
    const test::FdLeakGuard guard;
    Image image = Image::shell("echo begin; head -c 1000000 /dev/zero; echo; exit 7");
    image.child.capture_output = true;
    auto spawned = spawn(image.child, test::usual_clone());
    REQUIRE(spawned.ok());
    const BorrowedFd output = spawned.value().output.borrow();
    CHECK((::fcntl(output.raw(), F_GETFL) & O_NONBLOCK) != 0);
    FirstLine line;
    while (line.read_from(output)) {
        pollfd more{output.raw(), POLLIN, 0};
        REQUIRE(::poll(&more, 1, 10000) == 1);
    }
    CHECK(line.text() == "begin");
    CHECK(WEXITSTATUS(test::wait_for(spawned.value().pid.value)) == 7);
}

TEST_CASE("WATCHDOG_PID and LISTEN_PID are both rewritten to the child's own pid") {
    const test::FdLeakGuard guard;
    Image image = Image::shell("test \"$LISTEN_PID $WATCHDOG_PID\" = \"$$ $$\" && echo same");
    std::string watchdog = "WATCHDOG_PID=...........";
    char* const environment[] = {image.child.envp[0], image.child.envp[1], watchdog.data(),
                                 nullptr};
    image.child.envp = environment;
    image.child.capture_output = true;
    image.child.listen_pid = {image.listen_pid(), 12};
    image.child.watchdog_pid = {watchdog.data() + 13, 11};
    CHECK(run_to_end(image).output == "same");
    CHECK(watchdog == "WATCHDOG_PID=...........");  // ours is not touched
}

TEST_CASE("running out of descriptors half way leaves nothing open") {
    const std::string wrong = test::isolated([]() -> std::string {
        Image image({"/bin/true"});
        image.child.notify_fd = 3;
        image.child.capture_output = true;
        rlimit limit{};
        EXPECT(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
        int refusals = 0;
        for (limit.rlim_cur = 3; limit.rlim_cur < kBeyond; ++limit.rlim_cur) {
            const test::FdLeakGuard guard;
            EXPECT(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
            auto spawned = spawn(image.child, test::usual_clone());
            if (spawned.ok()) {
                EXPECT(test::wait_for(spawned.value().pid.value) == 0);
            } else {
                EXPECT(spawned.error().err == EMFILE);
                ++refusals;
            }
            rlimit enough = limit;  // for the guard
            enough.rlim_cur = enough.rlim_max;
            EXPECT(::setrlimit(RLIMIT_NOFILE, &enough) == 0);
        }
        EXPECT(refusals >= 4);
        EXPECT(refusals < kBeyond - 3);
        return "";
    });
    CHECK(wrong == "");
}
