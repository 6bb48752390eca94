// Each step between clone and exec, seen from the program that is executed.
#include <doctest/doctest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <iterator>
#include <set>
#include <sstream>

#include "child_fixture.hpp"
#include "status_field.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os;
using test::Ended;
using test::Image;

namespace {

// The program prints its own /proc/self/status.
Image print_status() {
    return Image({"/bin/cat", "/proc/self/status"});
}

std::string field(const Ended& ended, std::string_view name) {
    return test::status_field(ended.output, name).value_or("absent");
}

std::string hex(SignalSet set) {
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(set));
    return text;
}

void check_failure(Image& image, Stage stage, int err) {
    CAPTURE(name(stage));
    const Ended ended = test::run(image);
    CHECK(ended.exec.state == ExecState::failed);
    CHECK(name(ended.exec.stage) == name(stage));
    CHECK(ended.exec.err == err);
    CHECK(ended.code() == 126);
}

}  // namespace

TEST_CASE("the child leads a process group of its own, at the latest when spawn returns") {
    const test::FdLeakGuard guard;
    for (const CloneMethod method : {test::usual_clone(), CloneMethod::fork}) {
        Image image({"/bin/sleep", "10"});
        const auto spawned = spawn(image.child, method);
        REQUIRE(spawned.ok());
        const pid_t pid = spawned.value().pid.value;
        CHECK(::getpgid(pid) == pid);
        CHECK(::kill(-pid, SIGKILL) == 0);
        CHECK(WTERMSIG(test::wait_for(pid)) == SIGKILL);
    }
}

TEST_CASE("no descriptor of ours reaches the program") {
    const test::FdLeakGuard guard;
    // Who started the test may have left some open; those are the program's too.
    std::set<int> expected;
    for (int fd = 0; fd < 1024; ++fd) {
        const int flags = ::fcntl(fd, F_GETFD);
        if (flags != -1 && (flags & FD_CLOEXEC) == 0) {
            expected.insert(fd);
        }
    }
    // The one that ls reads the directory through.
    int lowest_free = 0;
    while (expected.contains(lowest_free)) {
        ++lowest_free;
    }
    expected.insert(lowest_free);

    const Fd ours(::open("/", O_PATH | O_CLOEXEC));
    Image image({"/bin/ls", "/proc/self/fd"});
    std::istringstream listed(test::run(image).output);
    CHECK(std::set<int>(std::istream_iterator<int>(listed), {}) == expected);
}

TEST_CASE("the umask is set, or inherited") {
    Image image = Image::shell("umask");
    image.child.set_umask = true;
    image.child.umask = 0127;
    CHECK(test::run(image).output == "0127\n");

    const mode_t before = ::umask(0022);
    image.child.set_umask = false;
    CHECK(test::run(image).output == "0022\n");
    ::umask(before);
}

TEST_CASE("the working directory is entered") {
    const test::TempDir dir;
    Image image = Image::shell("pwd -P");
    image.child.working_dir = dir.path().c_str();
    CHECK(test::run(image).output == dir.path() + "\n");

    const std::string missing = dir / "missing";
    image.child.working_dir = missing.c_str();
    check_failure(image, Stage::working_dir, ENOENT);
}

TEST_CASE("a relative program is looked for in the working directory") {
    const test::TempDir dir;
    dir.write("here", "#!/bin/sh\necho here\n", 0755);
    Image image({"./here"});
    image.child.working_dir = dir.path().c_str();
    CHECK(test::run(image).output == "here\n");
}

TEST_CASE("the nice value is set") {
    Image image = Image::shell("nice");
    image.child.set_nice = true;
    image.child.nice = 7;
    CHECK(test::run(image).output == "7\n");
}

TEST_CASE("resource limits are set") {
    Image image = Image::shell("ulimit -Sn; ulimit -Hn; ulimit -Sc");
    const RlimitStep steps[] = {{RLIMIT_NOFILE, {32, 48}}, {RLIMIT_CORE, {0, ~std::uint64_t{0}}}};
    image.child.rlimits = steps;
    image.child.rlimit_count = 2;
    CHECK(test::run(image).output == "32\n48\n0\n");

    const RlimitStep wrong[] = {{RLIMIT_NOFILE, {48, 32}}};
    image.child.rlimits = wrong;
    image.child.rlimit_count = 1;
    check_failure(image, Stage::rlimit, EINVAL);
}

TEST_CASE("the oom score adjustment is set") {
    Image image({"/bin/cat", "/proc/self/oom_score_adj"});
    image.child.oom_score_adj = "321";
    image.child.oom_score_adj_len = 3;
    CHECK(test::run(image).output == "321\n");

    image.child.oom_score_adj = "4321";
    image.child.oom_score_adj_len = 4;
    check_failure(image, Stage::oom_score_adj, EINVAL);
}

TEST_CASE("no_new_privs is set when asked for") {
    Image image = print_status();
    CHECK(field(test::run(image), "NoNewPrivs") == "0");
    image.child.no_new_privs = true;
    CHECK(field(test::run(image), "NoNewPrivs") == "1");
}

TEST_CASE("standard input is empty, or ours") {
    const std::string wrong = test::isolated([]() -> std::string {
        int ends[2];
        EXPECT(::pipe(ends) == 0);
        EXPECT(::write(ends[1], "ours\n", 5) == 5);
        ::close(ends[1]);
        ::dup2(ends[0], STDIN_FILENO);
        ::close(ends[0]);

        Image empty = Image::shell("readlink /proc/self/fd/0; cat");
        empty.child.stdin_null = true;
        EXPECT(test::run(empty).output == "/dev/null\n");

        Image inherits({"/bin/cat"});
        EXPECT(test::run(inherits).output == "ours\n");
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("standard input is replaced even if it was closed") {
    const std::string wrong = test::isolated([]() -> std::string {
        Image image = Image::shell("readlink /proc/self/fd/0");
        image.child.stdin_null = true;
        // As in gosv, the other descriptors are above 2.
        test::CapturedOutput output;
        const Fd filler(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
        ::close(STDIN_FILENO);
        const auto keep_zero_free = ::open("/", O_PATH | O_CLOEXEC);
        EXPECT(keep_zero_free == STDIN_FILENO);
        auto spawned = spawn(image.child, test::usual_clone());
        EXPECT(spawned.ok());
        (void)test::wait_for(spawned.value().pid.value);
        output.restore();
        EXPECT(output.text() == "/dev/null\n");
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("the program starts with the mask of the image") {
    const std::string wrong = test::isolated([]() -> std::string {
        (void)take_over_signals();
        Image image = print_status();
        Ended ended = test::run(image);
        EXPECT(field(ended, "SigBlk") == hex(0));
        EXPECT(field(ended, "SigCgt") == hex(0));

        // 32 and 33, which the C library keeps for itself, included.
        image.child.mask = bit(Signal{SIGTERM}) | bit(Signal{32}) | bit(Signal{64});
        ended = test::run(image);
        EXPECT(field(ended, "SigBlk") == hex(image.child.mask));

        // KILL and STOP cannot be had, and are no reason to fail.
        image.child.mask = ~SignalSet{0};
        ended = test::run(image);
        EXPECT(field(ended, "SigBlk") == hex(~(bit(Signal{SIGKILL}) | bit(Signal{SIGSTOP}))));
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("the program ignores what gosv was told to ignore, SIGCHLD by the image, or nothing") {
    const std::string wrong = test::isolated([]() -> std::string {
        for (const int number : {SIGINT, SIGPIPE, SIGCHLD, 40}) {
            EXPECT(::signal(number, SIG_IGN) != SIG_ERR);
        }
        const SignalSet ignored = bit(Signal{SIGINT}) | bit(Signal{SIGPIPE}) | bit(Signal{40});
        EXPECT(take_over_signals().child_ignored);
        Image image = print_status();
        Ended ended = test::run(image);
        EXPECT(field(ended, "SigIgn") == hex(ignored));

        image.child.ignore_child = true;
        ended = test::run(image);
        EXPECT(field(ended, "SigIgn") == hex(ignored | bit(Signal{SIGCHLD})));

        image.child.ignore_child = false;
        heed_all_signals();
        ended = test::run(image);
        EXPECT(field(ended, "SigIgn") == hex(0));
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("a signal sent before the exec is not lost") {
    const std::string wrong = test::isolated([]() -> std::string {
        (void)take_over_signals();
        for (int i = 0; i < 50; ++i) {
            Image image({"/bin/sleep", "10"});
            auto spawned = spawn(image.child, test::usual_clone());
            EXPECT(spawned.ok());
            EXPECT(::kill(-spawned.value().pid.value, SIGTERM) == 0);
            const int status = test::wait_for(spawned.value().pid.value);
            EXPECT(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
        }
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("without a terminal, taking it is no failure") {
    for (const char* input : {"/dev/null", "/dev/zero", "/"}) {
        const std::string wrong = test::isolated([&]() -> std::string {
            const int fd = ::open(input, O_RDONLY | O_CLOEXEC);
            EXPECT(fd >= 0);
            EXPECT(::dup2(fd, STDIN_FILENO) == STDIN_FILENO);
            Image image({"/bin/true"});
            image.child.take_terminal = true;
            EXPECT(test::run(image).code() == 0);
            ::close(STDIN_FILENO);
            EXPECT(::open("/", O_PATH) == STDIN_FILENO);  // EBADF to the ioctl
            EXPECT(test::run(image).code() == 0);
            return "";
        });
        CHECK(wrong == "");
    }
}

TEST_CASE("the child becomes the foreground group of its terminal") {
    const std::string wrong = test::isolated([]() -> std::string {
        (void)take_over_signals();
        const Fd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
        EXPECT(master.is_open());
        EXPECT(::grantpt(master.raw()) == 0);
        EXPECT(::unlockpt(master.raw()) == 0);
        EXPECT(::setsid() > 0);
        const int slave = ::open(::ptsname(master.raw()), O_RDWR | O_CLOEXEC);  // ours now
        EXPECT(slave >= 0);
        EXPECT(::dup2(slave, STDIN_FILENO) == STDIN_FILENO);
        EXPECT(::tcgetpgrp(STDIN_FILENO) == ::getpgrp());

        Image image({"/bin/sleep", "10"});
        image.child.take_terminal = true;
        auto spawned = spawn(image.child, test::usual_clone());
        EXPECT(spawned.ok());
        const pid_t pid = spawned.value().pid.value;
        EXPECT(test::wait_for_exec(spawned.value().status.borrow()).state == ExecState::succeeded);
        const pid_t foreground = ::tcgetpgrp(STDIN_FILENO);
        ::kill(pid, SIGKILL);
        (void)test::wait_for(pid);
        EXPECT(foreground == pid);
        return "";
    });
    CHECK(wrong == "");
}
