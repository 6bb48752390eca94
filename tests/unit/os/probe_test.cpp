// The probe for a file, and the child that every built-in probe is asked in.
#include "gosv/os/probe.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string>

#include "gosv/os/first_line.hpp"
#include "gosv/os/sys.hpp"
#include "probe_server.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os;
using test::told;

TEST_CASE("file: whatever exists is good, what does not is told with why") {
    const test::TempDir dir;
    const std::string file = dir.write("ready", "");
    CHECK(told(probe_file(file.c_str())) == "good");
    CHECK(told(probe_file(dir.path().c_str())) == "good");
    REQUIRE(::symlink("nowhere", (dir / "dangling").c_str()) == 0);
    CHECK(told(probe_file((dir / "dangling").c_str())) == "no such file or directory");
    CHECK(told(probe_file((file + "/below").c_str())) == "not a directory");
    // A fifo without a writer would hold up whoever opened it.
    REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
    CHECK(told(probe_file((dir / "fifo").c_str())) == "good");
}

TEST_CASE("a reason is never empty and never too long") {
    CHECK_FALSE(ProbeResult::bad({""}).is_good());
    const std::string text(500, 'x');
    CHECK(ProbeResult::bad({text}).reason() == std::string_view(text).substr(0, 99));
    CHECK(ProbeResult::failed(ECONNREFUSED).reason() == "connection refused");
    CHECK_FALSE(ProbeResult::failed(0).is_good());
}

TEST_CASE("a probe's child answers with a reason and its exit code, and has nothing of ours open") {
    const test::FdLeakGuard guard;
    const test::Port ours;
    Result<ProbeChild> good = fork_probe();
    REQUIRE(good.ok());
    if (!good.value().pid.exists()) {
        end_probe(good.value(), ProbeResult::good());
    }
    Result<ProbeChild> bad = fork_probe();
    REQUIRE(bad.ok());
    if (!bad.value().pid.exists()) {
        const bool has_ours = ::fcntl(ours.fd(), F_GETFD) >= 0;
        const bool leads = ::getpgrp() == ::getpid();
        end_probe(bad.value(), has_ours ? ProbeResult::bad({"has our port"})
                               : leads  ? ProbeResult::bad({"HTTP ", 503})
                                        : ProbeResult::bad({"leads no group"}));
    }
    CHECK(WEXITSTATUS(test::wait_for(good.value().pid.value)) == 0);
    CHECK(WEXITSTATUS(test::wait_for(bad.value().pid.value)) == 1);
    FirstLine line;
    CHECK_FALSE(line.read_from(good.value().answer.borrow()));
    CHECK(line.text() == "");
    CHECK_FALSE(line.read_from(bad.value().answer.borrow()));
    CHECK(line.text() == "HTTP 503");
}

TEST_CASE("a probe's child that hangs dies of a signal to its group, from the moment it is there") {
    const test::FdLeakGuard guard;
    for (int i = 0; i < 50; ++i) {
        Result<ProbeChild> child = fork_probe();
        REQUIRE(child.ok());
        if (!child.value().pid.exists()) {
            for (;;) {
                ::pause();
            }
        }
        CHECK(sys::kill(-child.value().pid.value, Signal{SIGKILL}).ok());
        CHECK(WTERMSIG(test::wait_for(child.value().pid.value)) == SIGKILL);
        FirstLine line;
        CHECK_FALSE(line.read_from(child.value().answer.borrow()));
        CHECK(line.text() == "");
    }
}
