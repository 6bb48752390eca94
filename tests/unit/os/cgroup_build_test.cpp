// Building the tree, and what becomes of it when a step fails.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "fake_cgroup.hpp"
#include "support/fd_leak_guard.hpp"

using namespace gosv;
using namespace gosv::os;
using test::FakeCgroup;

TEST_CASE(
    "the controllers that the settings need are enabled, in one write, with memory and pids") {
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build({{"memory.max", "4096"}, {"cpu.weight", "50"}});
    REQUIRE(made.tree);
    CHECK(fake.read("cgroup.subtree_control") == "+memory +pids +cpu");
    CHECK(fake.read("services/cgroup.subtree_control") == "+memory +pids +cpu");
    CHECK(fake.read("services/web/memory.max") == "4096");
    CHECK(made.tree->controllers() == "memory pids cpu");
}

TEST_CASE("a file that is not there is told as unavailable, a value that is refused as that") {
    const FakeCgroup fake;
    fake.break_file("services/web/pids.max");
    const CgroupSetUp made = fake.build({{"memory.swap.max", "0"},
                                         {"pids.max", "20"},
                                         {"memory.low", "1", false},
                                         {"memory.max", "4096"}});
    REQUIRE(made.tree);
    REQUIRE(made.problems.size() == 2);
    CHECK(std::string(made.problems[0].file) == "memory.swap.max");
    CHECK(made.problems[0].unavailable);
    CHECK(std::string(made.problems[1].file) == "pids.max");
    CHECK(made.problems[1].value == "20");
    CHECK(made.problems[1].err == EISDIR);
    CHECK_FALSE(made.problems[1].unavailable);
    CHECK(fake.read("services/web/memory.max") == "4096");
}

TEST_CASE("each step that fails is told, and nothing is left half built") {
    struct Step {
        const char* broken;
        const char* told;
    };

    for (const Step& step :
         {Step{"cgroup.subtree_control", "cgroup.subtree_control"},
          Step{"services/cgroup.subtree_control", "services/cgroup.subtree_control"}}) {
        CAPTURE(step.broken);
        const test::FdLeakGuard guard;
        const FakeCgroup fake;
        fake.break_file(step.broken);
        const CgroupSetUp made = fake.build({{"memory.max", "4096"}});
        CHECK_FALSE(made.tree);
        CHECK(made.obstacle == CgroupObstacle::refused);
        CHECK(made.why.find(step.told) != std::string::npos);
        CHECK(fake.read("services/web/memory.max").empty());
    }
}

TEST_CASE("what was enabled by us is taken back when a later step fails, and nothing else") {
    const FakeCgroup fake;
    fake.files.write("cgroup.subtree_control", "memory");
    fake.break_file("services/cgroup.subtree_control");
    CHECK_FALSE(fake.build({{"memory.max", "4096"}}).tree);
    CHECK(fake.read("cgroup.subtree_control").starts_with("-pids"));  // one write over the other
}

TEST_CASE("a file that cannot be read is the end of it, not an absent controller") {
    for (const char* file : {"cgroup.procs", "cgroup.controllers", "services/cgroup.controllers"}) {
        CAPTURE(file);
        const test::FdLeakGuard guard;
        const FakeCgroup fake;
        fake.break_file(file);
        const CgroupSetUp made = fake.build({{"memory.max", "4096"}});
        CHECK_FALSE(made.tree);
        CHECK(made.why.find(file) != std::string::npos);
        CHECK(made.why.find("Is a directory") != std::string::npos);
    }
}

TEST_CASE("what the container itself may use is read, as far as it is to be seen") {
    FakeCgroup fake;
    fake.files.write("memory.max", "67108864\n");
    fake.files.write("pids.max", "max\n");
    fake.files.write("cpu.max", "150000 100000\n");
    const CgroupSetUp made = fake.build();
    CHECK(made.own_limits.memory == 67108864U);
    CHECK_FALSE(made.own_limits.pids);
    CHECK(made.own_limits.cpus_milli == 1500U);
    fake.files.write("cpu.max", "max 100000\n");
    std::remove((fake.files / "memory.max").c_str());
    const CgroupSetUp again = fake.build();
    CHECK_FALSE(again.own_limits.cpus_milli);
    CHECK_FALSE(again.own_limits.memory);
}

TEST_CASE("a place in which no directory can be made is told with the directory") {
    for (const char* missing : {"init", "services"}) {
        CAPTURE(missing);
        const test::TempDir files;
        files.write("cgroup.procs", "");
        files.write("cgroup.controllers", "");
        files.write("cgroup.subtree_control", "");
        // The name is taken, and what is below it cannot be made.
        if (std::string(missing) == "services") {
            files.make_directory("init");
        }
        files.write(missing, "");
        CgroupPlace place;
        place.directory = files.path();
        place.path = "/";
        const CgroupSetUp made = build_cgroup_tree(
            place, Fd(::open(files.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
            {{"web", {}}});
        CHECK_FALSE(made.tree);
        CHECK(made.why.starts_with(files.path()));
    }
}

TEST_CASE("who cannot be moved keeps the tree from being built, after many tries") {
    const FakeCgroup fake;
    fake.files.write("cgroup.procs", "0\n");  // somebody of another PID namespace
    const CgroupSetUp made = fake.build();
    CHECK_FALSE(made.tree);
    CHECK(made.obstacle == CgroupObstacle::busy);
    CHECK(made.why.find("another PID namespace") != std::string::npos);
}

TEST_CASE("a leaf that has processes already is somebody else's") {
    const FakeCgroup fake;
    fake.files.write("services/web/cgroup.events", "populated 1\n");
    fake.files.write("services/web/cgroup.procs", "1\n");
    const CgroupSetUp made = fake.build();
    CHECK_FALSE(made.tree);
    CHECK(made.obstacle == CgroupObstacle::taken);
}
