// Which directory is ours, with what real engines and hosts show in /proc.
#include "gosv/os/cgroup_place.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gosv::os;

namespace {

std::string mount_line(const std::string& root, const std::string& point,
                       const std::string& type = "cgroup2") {
    return "35 24 0:30 " + root + " " + point + " rw,nosuid,nodev,noexec - " + type +
           " cgroup rw,nsdelegate\n";
}

const std::string kV1 = "12:memory:/docker/1b2c\n1:name=systemd:/docker/1b2c\n";

// What a container with a writable cgroup shows.
CgroupFacts good_facts() {
    CgroupFacts facts;
    facts.is_cgroup2 = true;
    facts.lists_us = true;
    facts.may_write = true;
    facts.as_root = true;
    facts.type = "domain";
    facts.controllers = "cpuset cpu io memory pids";
    return facts;
}

CgroupObstacle judged(const CgroupFacts& facts, const std::string& path = "/") {
    CgroupPlace place;
    place.obstacle = CgroupObstacle::none;
    place.directory = "/sys/fs/cgroup";
    place.path = path;
    judge_cgroup(facts, place);
    CHECK(place.why.empty() == (place.obstacle == CgroupObstacle::none));
    return place.obstacle;
}

}  // namespace

TEST_CASE("a container with a cgroup namespace finds itself at the mount") {
    const CgroupPlace place = locate_cgroup("0::/\n", mount_line("/", "/sys/fs/cgroup"));
    CHECK(place.obstacle == CgroupObstacle::none);
    CHECK(place.directory == "/sys/fs/cgroup");
    CHECK(place.path == "/");
}

TEST_CASE("a container in the host's cgroup namespace finds itself below the mount") {
    const CgroupPlace place = locate_cgroup("0::/docker/1b2c\n", mount_line("/", "/sys/fs/cgroup"));
    CHECK(place.directory == "/sys/fs/cgroup/docker/1b2c");
    CHECK(place.path == "/docker/1b2c");
}

TEST_CASE("a mount that shows a part of the tree fits when we are in that part") {
    CHECK(locate_cgroup("0::/a/b/c\n", mount_line("/a/b", "/mnt")).directory == "/mnt/c");
    CHECK(locate_cgroup("0::/a/b\n", mount_line("/a/b", "/mnt")).directory == "/mnt");
    CHECK(locate_cgroup("0::/a/bc\n", mount_line("/a/b", "/mnt")).obstacle ==
          CgroupObstacle::foreign);
}

TEST_CASE("the host's tree mounted into a namespaced container is not ours") {
    // docker run -v /sys/fs/cgroup:/sys/fs/cgroup
    const CgroupPlace place = locate_cgroup("0::/\n", mount_line("/../..", "/sys/fs/cgroup"));
    CHECK(place.obstacle == CgroupObstacle::foreign);
    CHECK(place.why.find("/sys/fs/cgroup") != std::string::npos);
}

TEST_CASE("the usual place wins, and names of mounts are unescaped") {
    const std::string both = mount_line("/", "/sys/fs/cgroup") + mount_line("/", "/mnt/other");
    CHECK(locate_cgroup("0::/\n", both).directory == "/sys/fs/cgroup");
    CHECK(locate_cgroup("0::/\n", mount_line("/", "/mnt/a\\040b")).directory == "/mnt/a b");
}

TEST_CASE("the mounts are not asked for where the list of cgroups is enough") {
    const auto in_namespace = guess_cgroup("0::/\n");
    REQUIRE(in_namespace);
    CHECK(in_namespace->obstacle == CgroupObstacle::none);
    CHECK(in_namespace->directory == "/sys/fs/cgroup");
    CHECK(in_namespace->path == "/");
    for (const std::string& list : {kV1, kV1 + "0::/\n", kV1 + "0::/docker/1b2c\n"}) {
        const auto legacy = guess_cgroup(list);
        REQUIRE(legacy);
        CHECK(legacy->obstacle == CgroupObstacle::legacy);
        CHECK(legacy->why == "this host keeps its controllers in cgroup v1");
    }
}

TEST_CASE("and are where it is not") {
    CHECK(!guess_cgroup("0::/docker/1b2c\n"));
    CHECK(!guess_cgroup("0::/../1b2c\n"));
    CHECK(!guess_cgroup("1:name=systemd:/\n"));
    CHECK(!guess_cgroup(""));
    // A v1 hierarchy for something else leaves the memory controller to v2.
    CHECK(guess_cgroup("3:net_cls,net_prio:/\n0::/\n")->obstacle == CgroupObstacle::none);
    CHECK(!guess_cgroup("3:net_cls,net_prio:/\n0::/memory:/x\n"));
}

TEST_CASE("cgroup v1, hybrid without a mount, and none at all are told apart") {
    CHECK(locate_cgroup(kV1, mount_line("/", "/sys/fs/cgroup/memory", "cgroup")).obstacle ==
          CgroupObstacle::legacy);
    CHECK(locate_cgroup(kV1 + "0::/\n", "").obstacle == CgroupObstacle::legacy);
    CHECK(locate_cgroup("0::/\n", "").obstacle == CgroupObstacle::absent);
    CHECK(locate_cgroup("", "").obstacle == CgroupObstacle::absent);
}

TEST_CASE("no text of /proc is too strange to be looked at") {
    for (const char* text : {"", "\n", "0::", "0::\n", "0:", " - cgroup2 ", "a b c d e - cgroup2 x",
                             "35 24 0:30 / /m\\04 rw - cgroup2 c rw", " - cgroup2 - cgroup2 "}) {
        (void)locate_cgroup(text, text);
        (void)locate_cgroup("0::/x\n", text);
    }
}

TEST_CASE("what stands in the way is named, the first thing first") {
    CHECK(judged(good_facts()) == CgroupObstacle::none);

    CgroupFacts facts = good_facts();
    facts.is_cgroup2 = false;  // the tmpfs of a v1 host, in which a mkdir would succeed
    CHECK(judged(facts) == CgroupObstacle::absent);

    facts = good_facts();
    facts.lists_us = false;
    CHECK(judged(facts) == CgroupObstacle::foreign);

    facts = good_facts();
    facts.v1_controllers = true;
    CHECK(judged(facts) == CgroupObstacle::none);  // a v1 hierarchy that does not matter
    facts.controllers = "";
    CHECK(judged(facts) == CgroupObstacle::legacy);

    facts = good_facts();
    facts.type = "threaded";
    facts.lists_us = false;  // the kernel does not show cgroup.procs there
    CHECK(judged(facts) == CgroupObstacle::threaded);

    facts = good_facts();
    facts.read_only = true;
    facts.may_write = false;
    CHECK(judged(facts) == CgroupObstacle::read_only);
    facts.read_only = false;
    CHECK(judged(facts) == CgroupObstacle::denied);

    facts = good_facts();
    facts.subgroups_in_use = true;
    CHECK(judged(facts) == CgroupObstacle::taken);
}

TEST_CASE("the machine's root cgroup is ours only if we are the machine's init") {
    CgroupFacts facts = good_facts();
    facts.type = "";
    CHECK(judged(facts) == CgroupObstacle::root);
    facts.is_machine_init = true;
    CHECK(judged(facts) == CgroupObstacle::none);
}

TEST_CASE("a systemd unit or session has to delegate, but only root can see whether it does") {
    CgroupFacts facts = good_facts();
    facts.shared = true;
    const std::string unit = "/system.slice/gosv.service";
    CHECK(judged(facts, unit) == CgroupObstacle::undelegated);
    facts.delegated = true;
    CHECK(judged(facts, unit) == CgroupObstacle::none);
    facts.delegated = false;
    CHECK(judged(facts, "/") == CgroupObstacle::none);  // a container below systemd
    facts.as_root = false;                              // the user's manager marks nothing
    CHECK(judged(facts, unit) == CgroupObstacle::none);
}

TEST_CASE("looking for the own cgroup changes nothing and always has an answer") {
    const CgroupPlace place = find_own_cgroup();
    CHECK((place.obstacle == CgroupObstacle::none) == place.why.empty());
}
