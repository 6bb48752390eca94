// The thin wrappers, and what gosv does about the descriptors it was started with.
#include "gosv/os/sys.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "gosv/os/signals.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/isolated.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;

namespace {

bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}

bool is_pipe(int fd) {
    struct stat is {};

    return ::fstat(fd, &is) == 0 && S_ISFIFO(is.st_mode);
}

bool is_null_device(int fd) {
    struct stat is {};

    struct stat null {};

    return ::fstat(fd, &is) == 0 && ::stat("/dev/null", &null) == 0 && is.st_rdev == null.st_rdev &&
           S_ISCHR(is.st_mode);
}

}  // namespace

TEST_CASE("time goes forward") {
    const MonotonicTime before = sys::monotonic_now();
    CHECK(before > MonotonicTime{});
    CHECK(sys::monotonic_now() >= before);
}

TEST_CASE("whatever is opened is private to gosv and does not block") {
    const test::FdLeakGuard guard;
    const test::TempDir dir;
    const std::string fifo = dir / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);

    auto pipe = sys::pipe();
    REQUIRE(pipe.ok());
    auto reader = sys::open_read(fifo.c_str());  // would wait for a writer
    REQUIRE(reader.ok());
    auto writer = sys::open_write_nonblock(fifo.c_str());
    REQUIRE(writer.ok());
    for (const BorrowedFd fd : {pipe.value().read.borrow(), pipe.value().write.borrow(),
                                reader.value().borrow(), writer.value().borrow()}) {
        CHECK((::fcntl(fd.raw(), F_GETFD) & FD_CLOEXEC) != 0);
        CHECK((::fcntl(fd.raw(), F_GETFL) & O_NONBLOCK) != 0);
    }
    char buffer[8];
    CHECK(sys::read(pipe.value().read.borrow(), buffer).error().err == EAGAIN);
    CHECK(sys::write(pipe.value().write.borrow(), "abc").value() == 3);
    CHECK(sys::read(pipe.value().read.borrow(), buffer).value() == 3);
    pipe.value().write.reset();
    CHECK(sys::read(pipe.value().read.borrow(), buffer).value() == 0);
}

TEST_CASE("a full pipe or socket is an error, not a wait") {
    const test::FdLeakGuard guard;
    auto pipe = sys::pipe();
    REQUIRE(pipe.ok());
    const std::string block(4096, 'x');
    int err = 0;
    while (err == 0) {
        const auto written = sys::write(pipe.value().write.borrow(), block);
        err = written.ok() ? 0 : written.error().err;
    }
    CHECK(err == EAGAIN);

    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    const Fd near(ends[0]);
    Fd far(ends[1]);
    for (err = 0; err == 0;) {
        const auto sent = sys::send_nonblock(near.borrow(), block);
        err = sent.ok() ? 0 : sent.error().err;
    }
    CHECK(err == EAGAIN);
    far.reset();
    CHECK(sys::send_nonblock(near.borrow(), block).error().err == EPIPE);  // and no SIGPIPE
}

TEST_CASE("a file is read whole or refused") {
    const test::FdLeakGuard guard;
    const test::TempDir dir;
    const std::string content(100000, 'c');
    const std::string path = dir.write("file", content);
    CHECK(sys::read_file(path.c_str(), content.size()).value() == content);
    CHECK(sys::read_file(path.c_str(), content.size() - 1).error().err == EFBIG);
    CHECK(sys::read_file(dir.write("empty", "").c_str(), 0).value().empty());
    CHECK(sys::read_file((dir / "missing").c_str(), 10).error().err == ENOENT);
    CHECK(sys::read_file(dir.path().c_str(), 10).error().err == EISDIR);
    CHECK(sys::read_file("/dev/zero", 1000).error().err == EFBIG);
}

TEST_CASE("signals go to processes, pidfds and groups, and errors come back") {
    const test::FdLeakGuard guard;
    const pid_t child = ::fork();
    if (child == 0) {
        ::pause();
        ::_exit(0);
    }
    ::setpgid(child, child);
    CHECK(sys::kill(child, Signal{}).ok());
    CHECK(sys::getpgid(Pid{child}).value() == Pid{child});
    CHECK(sys::getsid(Pid{child}).value() == Pid{::getsid(0)});
    auto pidfd = sys::pidfd_open(Pid{child});
    REQUIRE(pidfd.ok());
    CHECK((::fcntl(pidfd.value().raw(), F_GETFD) & FD_CLOEXEC) != 0);
    CHECK(sys::pidfd_signal(pidfd.value().borrow(), Signal{}).ok());
    CHECK(sys::pidfd_signal_group(pidfd.value().borrow(), Signal{SIGKILL}).ok());
    CHECK(WTERMSIG(test::wait_for(child)) == SIGKILL);
    CHECK(sys::pidfd_signal(pidfd.value().borrow(), Signal{}).error().err == ESRCH);
    CHECK(sys::pidfd_signal_group(pidfd.value().borrow(), Signal{}).error().err == ESRCH);
    CHECK(sys::pidfd_open(Pid{child}).error().err == ESRCH);
    CHECK(sys::kill(child, Signal{}).error().err == ESRCH);
    CHECK(sys::getpgid(Pid{child}).error().err == ESRCH);
    CHECK(sys::getsid(Pid{child}).error().err == ESRCH);
}

TEST_CASE("what has no terminal says so") {
    const test::FdLeakGuard guard;
    const auto null = sys::open_read("/dev/null");
    REQUIRE(null.ok());
    CHECK(sys::tcgetpgrp(null.value().borrow()).error().err == ENOTTY);
    CHECK(sys::tcsetpgrp(null.value().borrow(), Pid{1}).error().err == ENOTTY);
    CHECK(sys::tcgetpgrp(BorrowedFd()).error().err == EBADF);
}

TEST_CASE("a helper has gosv's memory and dies with it") {
    const std::string wrong = test::isolated([]() -> std::string {
        const int answer = 42;
        const auto helper = sys::fork_helper();
        EXPECT(helper.ok());
        if (!helper.value().exists()) {
            int signal = 0;
            ::prctl(PR_GET_PDEATHSIG, &signal, 0, 0, 0);
            ::_exit(signal == SIGKILL ? answer : 1);
        }
        EXPECT(WEXITSTATUS(test::wait_for(helper.value().value)) == answer);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("orphans come to a subreaper") {
    const std::string wrong = test::isolated([]() -> std::string {
        ::prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
        EXPECT(sys::set_child_subreaper().ok());
        int is_set = 0;
        EXPECT(::prctl(PR_GET_CHILD_SUBREAPER, &is_set, 0, 0, 0) == 0);
        EXPECT(is_set == 1);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("directories are entered and opened") {
    const std::string wrong = test::isolated([]() -> std::string {
        EXPECT(sys::chdir("/").ok());
        char where[16];
        EXPECT(::getcwd(where, sizeof where) == std::string("/"));
        EXPECT(sys::chdir("/missing").error().err == ENOENT);
        EXPECT(sys::open_directory("/").ok());
        EXPECT(sys::open_directory("/dev/null").error().err == ENOTDIR);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("memory that is given back is whole pages, and what is around them stays") {
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    void* const mapped =
        ::mmap(nullptr, 4 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    REQUIRE(mapped != MAP_FAILED);
    const std::span memory(static_cast<std::byte*>(mapped), 4 * page);
    const auto given_back = [&](std::size_t from, std::size_t to) {
        std::fill(memory.begin(), memory.end(), std::byte{1});
        sys::give_back(memory.subspan(from, to - from));
        return static_cast<std::size_t>(std::count(memory.begin(), memory.end(), std::byte{0}));
    };
    CHECK(given_back(0, 4 * page) == 4 * page);
    CHECK(given_back(page - 1, 3 * page + 1) == 2 * page);
    CHECK(memory[page - 1] == std::byte{1});
    CHECK(memory[page] == std::byte{0});
    CHECK(memory[3 * page] == std::byte{1});
    CHECK(given_back(1, 2 * page - 1) == 0);
    CHECK(given_back(page + 1, page + 2) == 0);
    CHECK(given_back(page, page) == 0);
    ::munmap(mapped, 4 * page);
}

TEST_CASE("stopping ourselves returns when somebody continues us") {
    const std::string wrong = test::isolated([]() -> std::string {
        const pid_t child = ::fork();
        if (child == 0) {
            (void)os::take_over_signals();
            sys::raise_stop();
            ::_exit(9);
        }
        siginfo_t info{};
        EXPECT(::waitid(P_PID, static_cast<id_t>(child), &info, WSTOPPED) == 0);
        EXPECT(info.si_status == SIGSTOP);
        ::kill(child, SIGCONT);
        EXPECT(WEXITSTATUS(test::wait_for(child)) == 9);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("closed standard streams are filled, open ones left alone") {
    const std::string wrong = test::isolated([]() -> std::string {
        int ends[2];
        EXPECT(::pipe2(ends, O_CLOEXEC) == 0);
        for (const int fd : {0, 1, 2}) {
            EXPECT(::dup2(ends[fd == 0 ? 0 : 1], fd) == fd);
        }
        sys::ensure_standard_streams();
        EXPECT(is_pipe(0) && is_pipe(1) && is_pipe(2));

        ::close(0);
        ::close(2);
        sys::ensure_standard_streams();
        EXPECT(is_pipe(1));
        EXPECT(is_null_device(0) && is_null_device(2));
        // Services inherit them.
        EXPECT((::fcntl(0, F_GETFD) & FD_CLOEXEC) == 0);
        EXPECT(::write(2, "x", 1) == 1);
        const Fd next(::open("/", O_PATH | O_CLOEXEC));
        EXPECT(next.raw() > 2);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("in an image without /dev the gaps are filled with what behaves as if closed") {
    if (::geteuid() != 0) {
        MESSAGE("not run: needs root");
        return;
    }
    const test::TempDir empty;
    const std::string wrong = test::isolated([&]() -> std::string {
        EXPECT(::chroot(empty.path().c_str()) == 0);
        ::close(0);
        ::close(1);
        ::close(2);
        sys::ensure_standard_streams();
        char byte = 0;
        EXPECT(is_open(0) && is_open(1) && is_open(2));
        EXPECT(::read(0, &byte, 1) < 0 && errno == EBADF);
        EXPECT(::write(1, "x", 1) < 0 && errno == EBADF);
        EXPECT(::write(2, "x", 1) < 0 && errno == EBADF);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("inherited descriptors are closed, all but those to keep") {
    const std::string wrong = test::isolated([]() -> std::string {
        // The pipe that isolated() reports through is the first above 2 that is no file of ours.
        std::set<int> before;
        for (int fd = 3; fd < 1024; ++fd) {
            if (is_open(fd)) {
                before.insert(fd);
            }
        }
        for (const int fd : {200, 201, 300, 1000}) {
            EXPECT(::dup2(0, fd) == fd);
        }
        std::vector<int> keep(before.begin(), before.end());
        keep.insert(keep.end(), {300, -1, 201, 2, 300});
        sys::close_inherited(keep);
        EXPECT(is_open(0) && is_open(1) && is_open(2));
        EXPECT(is_open(201) && is_open(300));
        EXPECT(!is_open(200) && !is_open(1000));
        for (const int fd : before) {
            EXPECT(is_open(fd));
        }
        sys::close_inherited(std::vector<int>(before.begin(), before.end()));
        EXPECT(!is_open(201) && !is_open(300));
        return "";
    });
    CHECK(wrong == "");
}
