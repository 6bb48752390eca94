#include "gosv/os/cgroup_files.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <string>
#include <vector>

#include "support/allocation_tripwire.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os::cgroup;

namespace {

Fd open_dir(const test::TempDir& dir) {
    return Fd(::open(dir.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

std::vector<int> all_processes(const Fd& dir) {
    std::vector<int> pids;
    Processes processes = Processes::open(dir.borrow(), "cgroup.procs");
    while (const auto pid = processes.next()) {
        pids.push_back(pid->value);
    }
    return pids;
}

}  // namespace

TEST_CASE("keys are found by their whole name, in any order, with any neighbours") {
    constexpr std::string_view kEvents =
        "low 0\nhigh 1\nmax 12\noom 2\noom_kill 3\noom_group_kill 1\nsock_throttled 0\n";
    CHECK(keyed_value(kEvents, "oom_kill") == 3U);
    CHECK(keyed_value(kEvents, "oom") == 2U);
    CHECK(keyed_value(kEvents, "max") == 12U);
    CHECK_FALSE(keyed_value(kEvents, "kill"));
    CHECK_FALSE(keyed_value("oom_kill\n", "oom_kill"));
    CHECK_FALSE(keyed_value("oom_kill x\n", "oom_kill"));
    CHECK(keyed_value("oom_kill 7", "oom_kill") == 7U);
    CHECK_FALSE(keyed_value("", "oom_kill"));
}

TEST_CASE("a limit is a number, or max, which is none") {
    CHECK(number("4096\n") == 4096U);
    CHECK(number("50000 100000\n") == 50000U);
    CHECK_FALSE(number("max\n"));
    CHECK_FALSE(number("max 100000\n"));
    CHECK_FALSE(number(""));
}

TEST_CASE("a controller is a whole word") {
    CHECK(has_word("cpuset cpu io memory\n", "cpu"));
    CHECK(has_word("cpuset cpu io memory\n", "memory"));
    CHECK_FALSE(has_word("cpuset io memory\n", "cpu"));
    CHECK_FALSE(has_word("", "cpu"));
}

TEST_CASE("a file is written in one piece, and the errno is that of the call that failed") {
    const test::TempDir dir;
    const Fd opened = open_dir(dir);
    const std::string path = dir.write("memory.max", "");
    CHECK(write_file(opened.borrow(), "memory.max", "4096").ok());
    char buffer[16];
    CHECK(read_file(opened.borrow(), "memory.max", buffer).value() == "4096");
    const Status missing = write_file(opened.borrow(), "memory.min", "1");
    CHECK(missing.error().err == ENOENT);
    CHECK(read_file(opened.borrow(), "memory.min", buffer).error().err == ENOENT);
    dir.make_directory("cpu.max");
    CHECK(write_file(opened.borrow(), "cpu.max", "1").error().err == EISDIR);
    const Fd dev(::open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    CHECK(write_file(dev.borrow(), "full", "1").error().err == ENOSPC);
}

TEST_CASE("thousands of processes are read in chunks, without allocating") {
    const test::TempDir dir;
    std::string text;
    std::vector<int> written;
    for (int pid = 1; pid < 20000; pid += 7) {
        text += std::to_string(pid) + "\n";
        written.push_back(pid);
    }
    dir.write("cgroup.procs", text);
    const Fd opened = open_dir(dir);
    CHECK(all_processes(opened) == written);

    const test::AllocationTripwire tripwire("reading cgroup.procs");
    Processes processes = Processes::open(opened.borrow(), "cgroup.procs");
    std::size_t count = 0;
    while (processes.next()) {
        ++count;
    }
    CHECK(count == written.size());
}

TEST_CASE("a list of processes that is none ends") {
    const test::TempDir dir;
    const Fd opened = open_dir(dir);
    CHECK(Processes::open(opened.borrow(), "cgroup.procs").error() == ENOENT);
    for (const std::string& text : {std::string("12\nx\n13\n"), std::string("12\n13"),
                                    std::string(10000, '7'), std::string()}) {
        dir.write("cgroup.procs", text);
        (void)all_processes(opened);
    }
    dir.write("cgroup.procs", "12\nx\n13\n14");
    CHECK(all_processes(opened) == std::vector<int>{12, 13});
}
