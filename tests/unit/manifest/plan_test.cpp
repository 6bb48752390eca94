// From a manifest and a host to the plan.
#include "gosv/manifest/plan.hpp"

#include <doctest/doctest.h>

using namespace gosv;
using namespace gosv::manifest;
using namespace std::chrono_literals;

namespace {

using Strings = std::vector<std::string>;

Strings as_strings(const StringBlock& block) {
    Strings strings;
    for (std::size_t i = 0; i < block.size(); ++i) {
        strings.emplace_back(block[i]);
    }
    return strings;
}

Service service_of(const std::string& name, Strings argv) {
    Service service;
    service.name = name;
    service.at = {2, 3};
    service.command_at = {3, 14};
    service.argv = std::move(argv);
    return service;
}

Manifest manifest_of(std::vector<Service> services) {
    Manifest manifest;
    manifest.services = std::move(services);
    return manifest;
}

HostFacts host_with(Strings environment) {
    HostFacts host;
    host.environment = std::move(environment);
    return host;
}

Diagnostics refused(Service service, const HostFacts& host) {
    return make_plan(manifest_of({std::move(service)}), host).diagnostics;
}

}  // namespace

TEST_CASE("a block is what execve wants, and stays so when moved") {
    StringBlock block({"sh", "", "-c"});
    char* const* const pointers = block.get();
    const StringBlock moved = std::move(block);
    CHECK(moved.get() == pointers);
    CHECK(as_strings(moved) == Strings{"sh", "", "-c"});
    CHECK(moved.get()[3] == nullptr);
    CHECK(StringBlock().size() == 0);
    CHECK(StringBlock().get()[0] == nullptr);
    CHECK(StringBlock(Strings{}).get()[0] == nullptr);
}

TEST_CASE("services keep the order of the file, in both arrays") {
    Service slow = service_of("slow", {"/slow"});
    slow.policy.stop_grace_period = 42s;
    const PlanResult made =
        make_plan(manifest_of({service_of("b", {"/b"}), slow, service_of("a", {"/a"})}), {});
    CHECK(made.diagnostics.empty());
    REQUIRE(made.plan.execs.size() == 3);
    REQUIRE(made.plan.policies.size() == 3);
    CHECK(made.plan.execs[0].name == "b");
    CHECK(made.plan.execs[1].name == "slow");
    CHECK(made.plan.execs[2].name == "a");
    CHECK(made.plan.policies[1].stop_grace_period == 42s);
}

TEST_CASE("each service has its own program, arguments, environment and places to look") {
    Service web = service_of("web", {"web", "--port", "80"});
    web.environment = {{"PATH", "/srv/bin"}};
    const PlanResult made =
        make_plan(manifest_of({web, service_of("db", {"db"})}), host_with({"PATH=/bin"}));
    const ExecSpec& first = made.plan.execs[0];
    CHECK(as_strings(first.argv) == Strings{"web", "--port", "80"});
    CHECK(as_strings(first.envp) == Strings{"PATH=/srv/bin", "GOSV_SERVICE=web"});
    CHECK(as_strings(first.candidates) == Strings{"/srv/bin/web"});
    CHECK(as_strings(made.plan.execs[1].candidates) == Strings{"/bin/db"});
}

TEST_CASE("what the child is to do is passed on as it stands in the manifest") {
    Service service = service_of("web", {"/web"});
    service.working_dir = "/srv";
    service.umask = 027;
    service.stdin_mode = StdinMode::inherit;
    service.tty = true;
    service.oom_score_adj = -500;
    service.nice = 5;
    service.ulimits = {{7, 1024, UINT64_MAX}};
    service.capabilities.add = 1;
    service.no_new_privileges = true;
    service.limits.pids = 100;
    service.oom_policy = OomPolicy::exit;
    const PlanResult made = make_plan(manifest_of({service}), {});
    const ExecSpec& exec = made.plan.execs[0];
    CHECK(exec.working_dir == "/srv");
    CHECK(exec.umask == 027U);
    CHECK_FALSE(exec.credentials);
    CHECK(exec.stdin_mode == StdinMode::inherit);
    CHECK(exec.tty);
    CHECK(exec.oom_score_adj == -500);
    CHECK(exec.nice == 5);
    REQUIRE(exec.ulimits.size() == 1);
    CHECK(exec.ulimits[0].hard == UINT64_MAX);
    CHECK(exec.capabilities.add == 1);
    CHECK(exec.no_new_privileges);
    CHECK(exec.limits.pids == 100U);
    CHECK(exec.oom_policy == OomPolicy::exit);
}

TEST_CASE("what holds for the whole is passed on too") {
    Manifest manifest = manifest_of({service_of("a", {"/a"}), service_of("b", {"/b"})});
    manifest.stop_signals = {Signal{15}, Signal{28}};
    manifest.snapshot_signal = Signal{12};
    manifest.snapshot_json = true;
    manifest.snapshot_maps = 3;
    manifest.shutdown_timeout = 77s;
    manifest.exit_code_from = "b";
    manifest.cgroup = CgroupMode::required;
    manifest.log_format = LogFormat::json;
    manifest.log_level = LogLevel::debug;
    const Plan plan = make_plan(manifest, {}).plan;
    CHECK(plan.stop_signals == std::vector{Signal{15}, Signal{28}});
    CHECK(plan.snapshot_signal == Signal{12});
    CHECK(plan.snapshot_json);
    CHECK(plan.snapshot_maps == 3U);
    CHECK(plan.supervisor.shutdown_timeout == 77s);
    CHECK(plan.supervisor.exit_code_from == ServiceId{1});
    CHECK_FALSE(plan.supervisor.command_mode);
    CHECK(plan.cgroup == CgroupMode::required);
    CHECK(plan.log_format == LogFormat::json);
    CHECK(plan.log_level == LogLevel::debug);
}

TEST_CASE("a user becomes numbers and a home") {
    HostFacts host = host_with({"HOME=/root"});
    host.passwd = "www-data:x:33:34::/var/www:/bin/sh\n";
    host.group = "tape:x:26:www-data\n";
    Service service = service_of("web", {"/web"});
    service.user = UserSpec{"www-data", {}};
    const PlanResult made = make_plan(manifest_of({service}), host);
    CHECK(made.diagnostics.empty());
    const ExecSpec& exec = made.plan.execs[0];
    REQUIRE(exec.credentials);
    CHECK(exec.credentials->uid == 33);
    CHECK(exec.credentials->gid == 34);
    CHECK(exec.credentials->groups == std::vector<std::uint32_t>{34, 26});
    CHECK(as_strings(exec.envp) == Strings{"HOME=/var/www", "USER=www-data", "LOGNAME=www-data",
                                           "SHELL=/bin/sh", "GOSV_SERVICE=web"});
}

TEST_CASE("unknown users of all services are told at once") {
    Service a = service_of("a", {"/a"});
    a.user = UserSpec{"alice", {}};
    Service b = service_of("b", {"/b"});
    b.user = UserSpec{"bob", {}};
    const Diagnostics told = make_plan(manifest_of({a, b}), {}).diagnostics;
    REQUIRE(told.size() == 2);
    CHECK(told[0].path == "services.a.user");
    CHECK(told[1].path == "services.b.user");
    CHECK(has_errors(told));
}

TEST_CASE("a user of `defaults` that nobody is, is told once") {
    Service a = service_of("a", {"/a"});
    a.user = UserSpec{"alice", {}};
    a.user_at = {9, 9};
    Service b = a;
    b.name = "b";
    CHECK(make_plan(manifest_of({a, b}), {}).diagnostics.size() == 1);
}

TEST_CASE("what no kernel would exec is told before the start") {
    const std::string longest(128 * 1024 - 1, 'x');
    CHECK(refused(service_of("web", {"/web", longest}), {}).empty());

    const Diagnostics word = refused(service_of("web", {"/web", longest + "x"}), {});
    REQUIRE(word.size() == 1);
    CHECK(word[0].at.line == 3);
    CHECK(word[0].path == "services.web.command");
    CHECK(word[0].message == "word 2 of the command is longer than 128 KiB");

    Service chatty = service_of("web", {"/web"});
    chatty.environment = {{"HUGE", longest}};
    const Diagnostics entry = refused(chatty, {});
    REQUIRE(entry.size() == 1);
    CHECK(entry[0].path == "services.web.environment");
    CHECK(entry[0].message == "'HUGE' is longer than 128 KiB");

    const Diagnostics whole = refused(service_of("web", Strings(50, longest)), {});
    REQUIRE(whole.size() == 1);
    CHECK(whole[0].path == "services.web");
}

TEST_CASE("one command is not supervised: everything is inherited, nothing is tried twice") {
    HostFacts host = host_with({"PATH=/opt/bin", "LISTEN_PID=1", "NOTIFY_SOCKET=/n", "odd"});
    host.uid = 1000;
    const Plan plan = make_command_plan({"cmd", "-x"}, host, core::KillMode::process, Signal{10});
    REQUIRE(plan.execs.size() == 1);
    const ExecSpec& exec = plan.execs[0];
    CHECK(exec.name == "main");
    CHECK(as_strings(exec.argv) == Strings{"cmd", "-x"});
    CHECK(as_strings(exec.envp) == host.environment);
    CHECK(as_strings(exec.candidates) == Strings{"/opt/bin/cmd"});
    CHECK(exec.stdin_mode == StdinMode::inherit);
    CHECK_FALSE(exec.credentials);
    CHECK_FALSE(exec.working_dir);
    CHECK_FALSE(exec.umask);

    REQUIRE(plan.policies.size() == 1);
    const core::ServicePolicy& policy = plan.policies[0];
    CHECK(policy.restart == core::RestartPolicy::never);
    CHECK_FALSE(policy.retry_spawn);
    CHECK(policy.kill_mode == core::KillMode::process);
    CHECK(policy.failure_action == core::FinalAction::exit);
    CHECK(policy.success.contains(ExitStatus::code(0)));
    CHECK_FALSE(policy.success.contains(ExitStatus::code(1)));

    CHECK(plan.supervisor.command_mode);
    CHECK(plan.supervisor.exit_code_from == ServiceId{0});
    CHECK(plan.snapshot_signal == Signal{10});
    CHECK_FALSE(make_command_plan({"cmd"}, host, core::KillMode::group, {}).snapshot_signal);
}

TEST_CASE("what a command leaves behind is ended within docker's ten seconds") {
    const Plan plan = make_command_plan({"cmd"}, {}, core::KillMode::group, {});
    CHECK(plan.policies[0].stop_grace_period + plan.supervisor.straggler_grace +
              plan.supervisor.abandon_after <
          10s);
}
