// Keys to values: what each kind of value takes, one service at a time. What is said of wrong ones
// is in tests/data/bad.
#include <doctest/doctest.h>
#include <sys/resource.h>

#include "unit/manifest/load_fixture.hpp"

using namespace gosv;
using namespace gosv::manifest;
using namespace gosv::test;
using namespace std::chrono_literals;

namespace {

// A service that is fine, with these keys.
Service service(std::string_view keys) {
    LoadResult loaded = load_service(keys);
    CAPTURE(std::string(keys));
    CHECK(problems_of(loaded) == "");
    REQUIRE(loaded.manifest.services.size() == 1);
    return loaded.manifest.services[0];
}

bool refused(std::string_view keys) {
    const LoadResult loaded = load_service(keys);
    return has_errors(loaded.diagnostics);
}

Manifest top(std::string_view keys) {
    LoadResult loaded = load("services: {web: {command: [x]}}\n" + std::string(keys) + "\n");
    CAPTURE(std::string(keys));
    CHECK(problems_of(loaded) == "");
    return loaded.manifest;
}

}  // namespace

TEST_CASE("a restart policy, and the count that it may carry") {
    using core::RestartPolicy;
    CHECK(service("").policy.restart == RestartPolicy::always);
    CHECK(service("type: oneshot").policy.restart == RestartPolicy::never);
    CHECK(service("type: oneshot, restart: on-failure").policy.restart ==
          RestartPolicy::on_failure);
    CHECK(service("restart: no").policy.restart == RestartPolicy::never);
    CHECK(service("restart: unless-stopped").policy.restart == RestartPolicy::always);
    CHECK(service("restart: on-failure").policy.max_restarts == 3);
    CHECK(service("restart: 'on-failure:0'").policy.max_restarts == 0);
    CHECK(service("restart: on-failure:12").policy.max_restarts == 12);
    CHECK(service("max_restarts: unlimited").policy.max_restarts == core::kUnlimited);
    CHECK(refused("restart: 'on-failure:'"));
    CHECK(refused("restart: 'on-failure:010'"));
    CHECK(refused("restart: 'on-failure:4294967295'"));
    CHECK(refused("max_restarts: 4294967295"));
    CHECK(refused("restart: Always"));
}

TEST_CASE("back-off") {
    const auto backoff =
        service("restart_delay: 250ms, restart_multiplier: 1.5, restart_max_delay: 1m")
            .policy.backoff;
    CHECK(backoff.first == 250ms);
    CHECK(backoff.multiplier == 1.5);
    CHECK(backoff.cap == 60s);
    CHECK(service("restart_delay: 2m").policy.backoff.cap == 120s);
    CHECK(service("restart_delay: 2s").policy.backoff.cap == 30s);
    CHECK(refused("restart_delay: 2m, restart_max_delay: 1m"));
    CHECK(refused("restart_multiplier: 1001"));
}

TEST_CASE("success is 0 and what is listed") {
    const auto success = service("success_exit_status: [3, SIGTERM, INT]").policy.success;
    CHECK(success.contains(ExitStatus::code(0)));
    CHECK(success.contains(ExitStatus::code(3)));
    CHECK_FALSE(success.contains(ExitStatus::code(15)));
    CHECK(success.contains(ExitStatus::killed_by(Signal{15})));
    CHECK(success.contains(ExitStatus::killed_by(Signal{2})));
    CHECK_FALSE(success.contains(ExitStatus::killed_by(Signal{9})));
    CHECK(service("").policy.success.contains(ExitStatus::code(0)));
    CHECK(service("success_exit_status: []").policy.success.contains(ExitStatus::code(0)));
}

TEST_CASE("signals that are forwarded may become others, or nothing") {
    const auto map = service("signals: {HUP: USR1, SIGUSR2: none, RTMIN+2: 15}").policy.signals;
    CHECK(map[1] == 10);
    CHECK(map[12] == 0);
    CHECK(map[36] == 15);
    CHECK(map[28] == 28);
}

TEST_CASE("limits by all their names") {
    const Limits limits =
        service("limits: {memory: 1G, memory_swap: 0, cpus: 50%, pids: max}").limits;
    CHECK(limits.memory == std::uint64_t{1} << 30);
    CHECK(limits.memory_swap == 0);
    CHECK(limits.cpus_milli == 500);
    CHECK(limits.pids == UINT64_MAX);
    CHECK(service("memory_mb: 64").limits.memory == std::uint64_t{64} << 20);
    CHECK_FALSE(service("memory_mb: 0").limits.any());
    CHECK_FALSE(service("cpu_percent: 0").limits.any());
    CHECK_FALSE(service("cpus: max").limits.any());
    CHECK(service("cpu_percent: 12.5").limits.cpus_milli == 125);
    CHECK(service("mem_limit: 512m, cpus: 1.5, pids_limit: 7").limits.pids == 7);
    CHECK(service("pids_limit: -1").limits.pids == UINT64_MAX);
    CHECK(service("limits: {memory: max}").limits.memory == UINT64_MAX);
    CHECK(refused("limits: {memory: 0}"));
    CHECK(refused("limits: {cpus: 0}"));
    CHECK(service("limits: {cpus: 0.01}").limits.cpus_milli == 10);
}

TEST_CASE("sets of CPUs are those of cpuset.cpus") {
    for (const char* good : {"0", "0-3", "0,2", "0-3,6,8-9", "5-5"}) {
        CHECK(service("limits: {cpuset: '" + std::string(good) + "'}").limits.cpuset == good);
    }
    for (const char* bad : {"", "a", "3-1", "0-", "-1", "0,,1", "0,", "01", "0 1", "99999"}) {
        CAPTURE(bad);
        CHECK(refused("limits: {cpuset: '" + std::string(bad) + "'}"));
    }
}

TEST_CASE("resource limits") {
    const auto ulimits =
        service("ulimits: {nofile: 1024, core: {soft: 0, hard: unlimited}, stack: -1}").ulimits;
    REQUIRE(ulimits.size() == 3);
    CHECK(ulimits[0].resource == RLIMIT_NOFILE);
    CHECK(ulimits[0].soft == 1024);
    CHECK(ulimits[0].hard == 1024);
    CHECK(ulimits[1].hard == UINT64_MAX);
    CHECK(ulimits[2].soft == UINT64_MAX);
}

TEST_CASE("capabilities, with or without their prefix") {
    const Capabilities some =
        service("cap_add: [CAP_CHOWN, net_bind_service], cap_drop: [all]").capabilities;
    CHECK(some.add == ((1U << 0) | (1U << 10)));
    CHECK(some.drop_all);
    CHECK_FALSE(some.add_all);
    CHECK(service("cap_add: [CHECKPOINT_RESTORE]").capabilities.add == std::uint64_t{1} << 40);
}

TEST_CASE("users and groups, names or numbers") {
    CHECK(service("user: app").user->user == "app");
    CHECK_FALSE(service("user: app").user->group);
    CHECK(service("user: 1000:2000").user->group == "2000");
    CHECK(service("user: 0").user->user == "0");
    CHECK(service("user: 4294967294").user->user == "4294967294");
    for (const char* bad : {"4294967295", "01", "-1", "a:b:c", "a b", ":", "a:", ":b"}) {
        CAPTURE(bad);
        CHECK(refused("user: '" + std::string(bad) + "'"));
    }
}

TEST_CASE("a mode is octal, whatever its form") {
    CHECK(service("umask: 022").umask == 022U);
    CHECK(service("umask: 22").umask == 022U);
    CHECK(service("umask: '0077'").umask == 077U);
}

TEST_CASE("the top level") {
    CHECK(top("").stop_signals == std::vector<Signal>{Signal{15}, Signal{2}, Signal{3}});
    CHECK(top("stop_signals: [RTMIN+3, WINCH, 28]").stop_signals ==
          std::vector<Signal>{Signal{37}, Signal{28}});
    CHECK(top("snapshot_signal: none").snapshot_signal == std::nullopt);
    CHECK(top("snapshot_signal: none\nstop_signals: [USR1]").stop_signals.size() == 1);
    CHECK(top("snapshot_maps: 0").snapshot_maps == 0U);
    CHECK(top("shutdown_timeout: 90").shutdown_timeout == 90s);
    CHECK(top("cgroup: off").cgroup == CgroupMode::off);
    CHECK(top("exit_code_from: web").exit_code_from == "web");
}

TEST_CASE("defaults lie under every service, and say nothing twice") {
    const LoadResult loaded = load(
        "defaults: {restart: no, nice: 100, environment: {A: 1}}\n"
        "services: {a: {command: [x]}, b: {command: [x], restart: always}}\n");
    CHECK(problems_of(loaded) ==
          "1:31 error defaults.nice: expected a whole number from -20 to 19, not '100'\n");
    const LoadResult good = load(
        "services: {a: {command: [x]}, b: {restart: always, command: [y]}}\n"
        "defaults: {restart: no, command: [d, e], args: [f]}\n");
    REQUIRE(good.manifest.services.size() == 2);
    CHECK(good.manifest.services[0].policy.restart == core::RestartPolicy::never);
    CHECK(good.manifest.services[1].policy.restart == core::RestartPolicy::always);
    CHECK(good.manifest.services[1].argv == std::vector<std::string>{"y", "f"});
    CHECK(load("defaults: {command: [d]}\nservices: {a: {}}\n").manifest.services[0].argv ==
          std::vector<std::string>{"d"});
}

TEST_CASE("environments are changes in their order") {
    const Environment own = {{"HOME", "/root"}};
    const LoadResult loaded = load(
        "environment: [TOP=1, A=top]\n"
        "defaults: {environment: {A: default}}\n"
        "services: {web: {command: [x], environment: [A=own, HOME, NOPE, 'B=x=y', C=]}}\n",
        own);
    CHECK(problems_of(loaded) == "");
    CHECK(loaded.manifest.services[0].environment == EnvironmentChanges{{"TOP", "1"},
                                                                        {"A", "top"},
                                                                        {"A", "default"},
                                                                        {"A", "own"},
                                                                        {"HOME", "/root"},
                                                                        {"NOPE", std::nullopt},
                                                                        {"B", "x=y"},
                                                                        {"C", ""}});
}

TEST_CASE("disabled services are checked, counted and left out") {
    const LoadResult loaded = load(
        "services:\n  a: {command: [x], enabled: false, tty: true}\n"
        "  b: {command: [x], tty: true}\n");
    CHECK(problems_of(loaded) == "");
    CHECK(loaded.manifest.disabled == 1);
    REQUIRE(loaded.manifest.services.size() == 1);
    CHECK(loaded.manifest.services[0].name == "b");
    CHECK(problems_of("services:\n  a: {command: [x], enabled: false, nice: no}\n"
                      "  b: {command: [x]}\n") ==
          "2:43 error services.a.nice: expected a whole number from -20 to 19, not 'no'\n");
}

TEST_CASE("there are at most as many services as the runtime has room for") {
    std::string text = "services:\n";
    for (std::size_t i = 0; i < kMaxServices; ++i) {
        text += "  s" + std::to_string(i) + ": {command: [x]}\n";
    }
    const LoadResult loaded = load(text);
    CHECK(problems_of(loaded) == "");
    CHECK(loaded.manifest.services.size() == kMaxServices);
    CHECK(problems_of(text + "  more: {command: [x]}\n") ==
          "4098:3 error services: there are 4097 services\n");
}

TEST_CASE("an anchor that many services use is complained of once") {
    CHECK(problems_of("x-a: &a {command: [x], nice: lots}\n"
                      "services: {a: *a, b: *a, c: {<<: *a}}\n") ==
          "1:30 error services.a.nice: expected a whole number from -20 to 19, not 'lots'\n");
}

TEST_CASE("a value from a variable is only a value") {
    const Environment env = {{"N", "7"}, {"LIST", "[a, b]"}, {"NULL", "null"}, {"EMPTY", ""}};
    const LoadResult loaded = load(
        "services: {web: {command: [x, '${LIST}', '${NULL}', '${EMPTY}'], max_restarts: '${N}',\n"
        "  environment: {A: '${NULL}', B: '${EMPTY}'}}}\n",
        env);
    CHECK(problems_of(loaded) == "");
    CHECK(loaded.manifest.services[0].argv == std::vector<std::string>{"x", "[a, b]", "null", ""});
    CHECK(loaded.manifest.services[0].policy.max_restarts == 7);
    CHECK(loaded.manifest.services[0].environment == EnvironmentChanges{{"A", "null"}, {"B", ""}});
}

TEST_CASE("the places that later stages need") {
    const LoadResult loaded = load("services:\n  web:\n    user: app\n    command: [x]\n");
    const Service& web = loaded.manifest.services[0];
    CHECK(web.at.line == 2);
    CHECK(web.at.column == 3);
    CHECK(web.user_at.line == 3);
    CHECK(web.user_at.column == 11);
    CHECK(web.command_at.line == 4);
    CHECK(web.command_at.column == 14);
}
