// What `cgroup: auto | required | off` makes of what was found.
#include "app/service_cgroups.hpp"

#include <doctest/doctest.h>

#include "app/cgroup_settings.hpp"
#include "support/plan_spec.hpp"

using namespace gosv;
using app::decide_on_cgroups;
using os::CgroupObstacle;

namespace {

test::PlanSpec spec_of(manifest::CgroupMode mode, bool limited = true) {
    test::PlanSpec plan;
    plan.cgroup = mode;
    for (const char* name : {"web", "worker"}) {
        manifest::ExecSpec exec;
        exec.name = name;
        plan.execs.push_back(std::move(exec));
    }
    if (limited) {
        plan.execs[1].limits.memory = 4096;
    }
    return plan;
}

manifest::Plan plan_of(manifest::CgroupMode mode, bool limited = true) {
    return spec_of(mode, limited).plan();
}

os::CgroupSetUp nothing(CgroupObstacle obstacle) {
    os::CgroupSetUp set_up;
    set_up.obstacle = obstacle;
    set_up.why = "/sys/fs/cgroup is mounted read-only";
    return set_up;
}

os::CgroupSetUp tree_with(std::vector<os::SettingProblem> problems) {
    os::CgroupSetUp set_up;
    set_up.tree = std::make_unique<os::CgroupTree>(
        Fd(), "/", std::vector<os::LeafSpec>{{"web", {}}, {"worker", {}}}, os::Proc::open());
    set_up.problems = std::move(problems);
    return set_up;
}

std::string files_of(const std::vector<os::CgroupSetting>& settings) {
    std::string text;
    for (const os::CgroupSetting& setting : settings) {
        text += std::string(text.empty() ? "" : ", ") + setting.file + "=" + setting.value;
    }
    return text;
}

}  // namespace

TEST_CASE("every limit has its file, swap before memory") {
    manifest::Limits limits;
    limits.memory = 268435456;
    limits.memory_high = 134217728;
    limits.memory_low = 1048576;
    limits.memory_swap = UINT64_MAX;
    limits.cpus_milli = 500;
    limits.cpu_weight = 50;
    limits.cpuset = "0-3,6";
    limits.pids = 100;
    limits.io_weight = 200;
    CHECK(files_of(app::settings_of(limits, manifest::OomPolicy::proceed)) ==
          "memory.swap.max=max, memory.low=1048576, memory.high=134217728, memory.max=268435456, "
          "pids.max=100, cpu.max=50000 100000, cpu.weight=50, cpuset.cpus=0-3,6, io.weight=200");
}

TEST_CASE("a leaf dies of memory as a whole, unless the others are to go on") {
    CHECK(files_of(app::settings_of({}, manifest::OomPolicy::restart)) == "memory.oom.group=1");
    CHECK(files_of(app::settings_of({}, manifest::OomPolicy::exit)) == "memory.oom.group=1");
    CHECK(files_of(app::settings_of({}, manifest::OomPolicy::proceed)).empty());
}

TEST_CASE("auto goes on without a tree and says so, with names, cause and way out, in one line") {
    const auto decision = decide_on_cgroups(plan_of(manifest::CgroupMode::automatic),
                                            nothing(CgroupObstacle::read_only));
    CHECK_FALSE(decision.fatal);
    CHECK_FALSE(decision.cgroups.tree);
    REQUIRE(decision.warnings.size() == 1);
    const std::string& line = decision.warnings[0];
    for (const char* part :
         {"limits of worker are not enforced", "mounted read-only",
          "--security-opt writable-cgroups=true", "unmask=/sys/fs/cgroup", "cgroup_writable"}) {
        CAPTURE(part);
        CHECK(line.find(part) != std::string::npos);
    }
    CHECK(line.find('\n') == std::string::npos);
}

TEST_CASE("auto says nothing to who asked for no limit") {
    const auto decision = decide_on_cgroups(plan_of(manifest::CgroupMode::automatic, false),
                                            nothing(CgroupObstacle::read_only));
    CHECK(decision.warnings.empty());
}

TEST_CASE("required without a tree is the end of who has limits, and fulfilled for who has none") {
    const auto limited =
        decide_on_cgroups(plan_of(manifest::CgroupMode::required), nothing(CgroupObstacle::denied));
    REQUIRE(limited.fatal);
    for (const char* part :
         {"cgroup: required", "read-only", "worker", "hint: Start gosv as root"}) {
        CAPTURE(part);
        CHECK(limited.fatal->find(part) != std::string::npos);
    }
    CHECK_FALSE(decide_on_cgroups(plan_of(manifest::CgroupMode::required, false),
                                  nothing(CgroupObstacle::denied))
                    .fatal);
}

TEST_CASE("a limit that is not to be had is told, and ends what requires it") {
    const os::SettingProblem missing{1, "cpu.max", "50000 100000", ENOENT, true};
    const auto automatic =
        decide_on_cgroups(plan_of(manifest::CgroupMode::automatic), tree_with({missing}));
    CHECK(automatic.cgroups.tree);
    CHECK(automatic.cgroups.refusals.empty());
    REQUIRE(automatic.warnings.size() == 1);
    CHECK(automatic.warnings[0].starts_with("a limit of worker is not enforced: cpu.max"));

    const auto required =
        decide_on_cgroups(plan_of(manifest::CgroupMode::required), tree_with({missing}));
    CHECK(required.fatal);
    CHECK_FALSE(required.cgroups.tree);
}

TEST_CASE("a limit that the kernel refuses is that service's end, with file, value and errno") {
    const os::SettingProblem refused{1, "pids.max", "99", EINVAL, false};
    const auto decision =
        decide_on_cgroups(plan_of(manifest::CgroupMode::automatic), tree_with({refused}));
    REQUIRE(decision.cgroups.refusals.size() == 2);
    CHECK(decision.cgroups.refusals[0].empty());
    CHECK(decision.cgroups.refusals[1] == "pids.max: cannot write '99': Invalid argument");
}

TEST_CASE("a limit above the container's own is told, with both, once for each") {
    os::CgroupSetUp set_up = tree_with({});
    set_up.own_limits = {.memory = 4095, .pids = 10, .cpus_milli = 500};
    auto plan = spec_of(manifest::CgroupMode::required);
    plan.execs[0].limits.pids = 11;
    plan.execs[0].limits.memory = UINT64_MAX;  // none
    plan.execs[1].limits.cpus_milli = 501;
    const auto decision = decide_on_cgroups(plan.plan(), std::move(set_up));
    CHECK_FALSE(decision.fatal);  // it is in force
    REQUIRE(decision.warnings.size() == 3);
    CHECK(decision.warnings[0] ==
          "limits.pids of web, 11 processes, cannot be reached: the container itself has 10 "
          "processes (pids.max)");
    CHECK(decision.warnings[1].starts_with("limits.memory of worker, 4096 bytes, cannot be"));
    CHECK(decision.warnings[2].find("500 thousandths of a CPU (cpu.max)") != std::string::npos);
}

TEST_CASE("a limit at the container's own, or one that cannot be compared, is not talked about") {
    os::CgroupSetUp set_up = tree_with({});
    set_up.own_limits.memory = 4096;
    auto plan = spec_of(manifest::CgroupMode::automatic);
    plan.execs[0].limits.pids = 100;
    CHECK(decide_on_cgroups(plan.plan(), std::move(set_up)).warnings.empty());
}

TEST_CASE("off does not even look") {
    const auto decision = app::set_up_cgroups(plan_of(manifest::CgroupMode::off));
    CHECK_FALSE(decision.cgroups.tree);
    CHECK_FALSE(decision.fatal);
    CHECK(decision.warnings.empty());
}

TEST_CASE("every obstacle has a way out, in one line that a log line has room for") {
    for (int i = 1; i <= static_cast<int>(CgroupObstacle::refused); ++i) {
        const std::string_view text = app::way_out_of(static_cast<CgroupObstacle>(i));
        CHECK_FALSE(text.empty());
        CHECK(text.size() < 220);
        CHECK(text.find('\n') == std::string_view::npos);
    }
}
