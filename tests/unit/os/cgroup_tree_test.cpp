// Building the tree, and what is done with it, in a directory that stands for a cgroup: everything
// is relative to a descriptor, so the files may be ordinary ones. What the kernel itself does with
// them is tested in integration/kernel. A file that is a directory refuses a write (EISDIR): that
// is how each step is made to fail.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "gosv/os/cgroup.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fake_proc.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os;

namespace {

class FakeCgroup {
  public:
    FakeCgroup() {
        for (const char* dir : {"init", "services", "services/web"}) {
            files.make_directory(dir);
        }
        files.write("cgroup.procs", "");
        files.write("cgroup.controllers", "cpuset cpu io memory pids\n");
        files.write("cgroup.subtree_control", "");
        files.write("init/cgroup.procs", "");
        files.write("services/cgroup.controllers", "cpu memory pids\n");
        files.write("services/cgroup.subtree_control", "");
        for (const char* file : {"memory.max", "memory.oom.group", "pids.max", "cgroup.kill",
                                 "cgroup.freeze", "cgroup.procs"}) {
            files.write(std::string("services/web/") + file, "");
        }
        files.write("services/web/cgroup.events", "populated 0\nfrozen 0\n");
        files.write("services/web/memory.events", "oom 0\noom_kill 0\n");
    }

    CgroupSetUp build(std::vector<CgroupSetting> settings = {}) const {
        CgroupPlace place;
        place.obstacle = CgroupObstacle::none;
        place.directory = files.path();
        place.path = "/";
        return build_cgroup_tree(
            place, Fd(::open(files.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
            {{"web", std::move(settings)}});
    }

    std::string read(const std::string& file) const {
        std::ifstream stream(files / file);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    void break_file(const std::string& file) const {
        std::remove((files / file).c_str());
        files.make_directory(file);
    }

    test::TempDir files;
};

}  // namespace

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
        CHECK((made.tree == nullptr) == (std::string(missing) == "services"));
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

TEST_CASE("populated is believed only when somebody is to be seen") {
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build();
    REQUIRE(made.tree);
    CHECK_FALSE(made.tree->is_populated(0));
    fake.files.write("services/web/cgroup.events", "populated 1\n");
    CHECK_FALSE(made.tree->is_populated(0));  // Linux 7.2, right after a death
    fake.files.write("services/web/cgroup.procs", "4242\n");
    CHECK(made.tree->is_populated(0));
    fake.files.write("services/web/cgroup.procs", "");
    fake.files.make_directory("services/web/inner");  // whose processes are not listed above it
    CHECK(made.tree->is_populated(0));
}

TEST_CASE("a leaf that is gone is empty, one that cannot be looked at is taken for populated") {
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build();
    REQUIRE(made.tree);
    std::remove((fake.files / "services/web/cgroup.events").c_str());
    CHECK_FALSE(made.tree->is_populated(0));
    fake.files.make_directory("services/web/cgroup.events");  // EISDIR stands for EMFILE
    CHECK(made.tree->is_populated(0));
}

TEST_CASE("OOM kills are told once, with their cause") {
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build();
    REQUIRE(made.tree);
    CHECK_FALSE(made.tree->take_oom_kills(0));
    fake.files.write("services/web/memory.max", "16777216\n");
    fake.files.write("services/web/memory.peak", "16777000\n");
    fake.files.write("services/web/memory.events", "oom 1\noom_kill 2\n");
    const auto own = made.tree->take_oom_kills(0);
    REQUIRE(own);
    CHECK(own->count == 2);
    CHECK(own->own_limit);
    CHECK(own->limit == 16777216U);
    CHECK(own->peak == 16777000U);
    CHECK_FALSE(made.tree->take_oom_kills(0));
    fake.files.write("services/web/memory.max", "max\n");
    fake.files.write("services/web/memory.events", "oom 1\noom_kill 3\n");
    const auto containers = made.tree->take_oom_kills(0);
    REQUIRE(containers);
    CHECK_FALSE(containers->own_limit);
    CHECK_FALSE(containers->limit);
}

TEST_CASE("without cgroup.kill the leaf is frozen, swept and thawed") {
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build();
    REQUIRE(made.tree);
    CHECK(made.tree->kill(0).ok());
    CHECK(fake.read("services/web/cgroup.kill") == "1");
    CHECK(fake.read("services/web/cgroup.freeze").empty());
    std::remove((fake.files / "services/web/cgroup.kill").c_str());
    CHECK(made.tree->kill(0).ok());
    CHECK(fake.read("services/web/cgroup.freeze") == "0");
}

TEST_CASE("a pid that is listed but is in another cgroup by now is not signalled") {
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build();
    REQUIRE(made.tree);
    fake.files.write("services/web/cgroup.procs", std::to_string(::getpid()) + "\n");
    CHECK(made.tree->signal(0, Signal{SIGKILL}, Pid{}).error().err == ESRCH);  // or we were dead
}

TEST_CASE("once it is built nothing allocates") {
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build({{"memory.max", "4096"}});
    REQUIRE(made.tree);
    fake.files.write("services/web/cgroup.events", "populated 1\n");
    fake.files.write("services/web/cgroup.procs", std::to_string(::getpid()) + "\n");
    BoundedVector<ServiceId> news(8);
    char buffer[256];
    std::string_view left;
    bool opened = false;
    bool populated = false;
    {
        const test::FdLeakGuard guard;
        const test::AllocationTripwire tripwire("a cgroup tree at work");
        opened = made.tree->open_leaf(0).ok();
        populated = made.tree->is_populated(0);
        (void)made.tree->signal(0, Signal{SIGCONT}, Pid{});
        (void)made.tree->kill(0);
        (void)made.tree->take_oom_kills(0);
        made.tree->read_events(news);
        left = made.tree->describe(0, buffer);
        made.tree->remove();
    }
    CHECK(opened);
    CHECK(populated);
    CHECK(left.starts_with("1 left behind: "));
}

TEST_CASE("a service with a dot in its name cannot be taken for a file of the kernel's") {
    const FakeCgroup fake;
    const CgroupTree tree(Fd(), "/", {{"memory.max", {}}, {"web", {}}}, Proc::open());
    CHECK(tree.leaf_path(0) == "services/memory.max.service");
    CHECK(tree.leaf_path(1) == "services/web");
}

TEST_CASE("who is in the leaf or below it belongs to the service, and who is beside it does not") {
    test::FakeProc fake;
    const auto add = [&](int pid, const std::string& text) {
        fake.add({.pid = pid});
        fake.write(std::to_string(pid) + "/cgroup", text);
    };
    add(2, "0::/pod/services/web\n");
    add(3, "12:cpu:/\n0::/pod/services/web/workers/7\n");
    add(4, "0::/pod/services/web-2\n");
    add(5, "0::/pod/init\n");
    add(6, "0::/services/web\n");
    add(7, "0::/pod/services\n");
    add(8, "0::/../pod/services/web\n");
    add(9, "1:name=systemd:/pod/services/web\n");
    add(10, "");
    add(11, "0::/pod/services/web (deleted)\n");
    const CgroupTree tree(Fd(), "/pod", {{"db", {}}, {"web", {}}}, fake.open());
    const auto ask = [&](int pid, std::size_t leaf = 1) {
        const test::AllocationTripwire tripwire("asking who is in a leaf");
        return tree.membership(leaf, Pid{pid});
    };
    CHECK(ask(2) == Membership::inside);
    CHECK(ask(3) == Membership::inside);
    CHECK(ask(2, 0) == Membership::outside);
    for (const int pid : {4, 5, 6, 7, 8, 9, 10, 11}) {
        CAPTURE(pid);
        CHECK(ask(pid) == Membership::outside);
    }
    CHECK(ask(12) == Membership::gone);
    CHECK(ask(0) == Membership::outside);
    CHECK(ask(-1) == Membership::outside);

    const CgroupTree at_root(Fd(), "/", {{"web", {}}}, fake.open());
    CHECK(at_root.membership(0, Pid{6}) == Membership::inside);
    CHECK(at_root.membership(0, Pid{2}) == Membership::outside);
}
