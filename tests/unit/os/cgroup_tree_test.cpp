// What is done with a tree that stands.
#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "fake_cgroup.hpp"
#include "support/allocation_tripwire.hpp"
#include "support/fake_proc.hpp"
#include "support/fd_leak_guard.hpp"

using namespace gosv;
using namespace gosv::os;
using test::FakeCgroup;

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

TEST_CASE("a leaf that was killed takes nobody until it is made again") {
    // The kernel would kill whoever is cloned into it; integration/kernel shows that.
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build({{"memory.max", "4096"}});
    REQUIRE(made.tree);
    CHECK(made.tree->kill(0).ok());
    const auto refused = made.tree->open_leaf(0);  // files keep it from being removed: in use
    CHECK_FALSE(refused.ok());
    CHECK(refused.error().err == EAGAIN);
}

TEST_CASE("so it is after a kill by somebody else, but not after one for memory") {
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build();
    REQUIRE(made.tree);
    fake.files.write("services/web/memory.events", "oom 1\noom_kill 1\n");
    made.tree->suspect_kill(0);
    CHECK(made.tree->open_leaf(0).ok());
    CHECK(made.tree->take_oom_kills(0));  // told, and so a thing of the past
    made.tree->suspect_kill(0);
    CHECK_FALSE(made.tree->open_leaf(0).ok());
}

TEST_CASE("what the service has made below its leaf is gone before its next start") {
    const FakeCgroup fake;
    const CgroupSetUp made = fake.build();
    REQUIRE(made.tree);
    fake.files.make_directory("services/web/inner");
    fake.files.make_directory("services/web/inner/most");
    CHECK_FALSE(made.tree->open_leaf(0).ok());  // files keep the leaf itself from being removed
    CHECK(::access((fake.files / "services/web/inner").c_str(), F_OK) != 0);
    fake.files.make_directory("services/web/inner");
    made.tree->remove();
    CHECK(::access((fake.files / "services/web/inner").c_str(), F_OK) != 0);
}

TEST_CASE("OOM kills are watched for where the kernel would not kill the leaf as a whole") {
    const FakeCgroup fake;
    const auto tells = [&fake](const CgroupSetUp& made) {
        fake.files.write("services/web/memory.events", "oom 1\noom_kill 1\n");
        BoundedVector<ServiceId> news(8);
        made.tree->read_events(news);
        return !news.empty();
    };
    const CgroupSetting whole{"memory.oom.group", "1", false};
    CHECK(tells(fake.build()));
    CHECK_FALSE(tells(fake.build({whole})));
    fake.break_file("services/web/memory.oom.group");
    CHECK(tells(fake.build({whole})));
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
