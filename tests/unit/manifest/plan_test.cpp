// From a manifest and a host to the plan.
#include <doctest/doctest.h>

#include <utility>

#include "gosv/manifest/planning.hpp"

using namespace gosv;
using namespace gosv::manifest;
using namespace std::chrono_literals;

namespace {

using Strings = std::vector<std::string>;

template <class List>
Strings as_strings(const List& block) {
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

DependsOn edge_to(const std::string& name) {
    DependsOn edge;
    edge.name = name;
    return edge;
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

TEST_CASE("services get the environment of their own, whatever the one before had") {
    Service plain = service_of("plain", {"/bin/a"});
    Service changed = service_of("changed", {"/bin/a"});
    changed.environment = {{"A", "2"}, {"GOSV_SERVICE", "forged"}, {"B", "3"}};
    Service user = changed;
    user.user = UserSpec{"7", std::nullopt};
    Service notify = plain;
    notify.type = ServiceType::notify;
    Service watched = notify;
    watched.policy.watchdog = 2s;
    const std::vector<Service> kinds = {plain, changed, user, notify, watched};

    // Each behind each, and behind itself.
    std::vector<Service> services;
    for (const Service& first : kinds) {
        for (const Service& second : kinds) {
            services.push_back(first);
            services.push_back(second);
        }
    }
    for (std::size_t i = 0; i < services.size(); ++i) {
        services[i].name = "s" + std::to_string(i);
    }
    const HostFacts host = host_with({"PATH=/bin", "A=1", "HOME=/root"});
    const PlanResult all = make_plan(manifest_of(services), host);
    CHECK(all.diagnostics.empty());
    const Plan plan = all.draft.finish();
    for (std::size_t i = 0; i < services.size(); ++i) {
        const Plan alone = make_plan(manifest_of({services[i]}), host).draft.finish();
        CHECK(as_strings(plan.execs[i].envp) == as_strings(alone.execs[0].envp));
        CHECK(plan.execs[i].name.view() == services[i].name);
    }
}

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
    const Plan plan = made.draft.finish();
    REQUIRE(plan.execs.size() == 3);
    REQUIRE(plan.policies.size() == 3);
    CHECK(plan.execs[0].name.view() == "b");
    CHECK(plan.execs[1].name.view() == "slow");
    CHECK(plan.execs[2].name.view() == "a");
    CHECK(plan.policies[1].stop_grace_period == 42s);
}

TEST_CASE("each service has its own program, arguments, environment and places to look") {
    Service web = service_of("web", {"web", "--port", "80"});
    web.environment = {{"PATH", "/srv/bin"}};
    const PlanResult made =
        make_plan(manifest_of({web, service_of("db", {"db"})}), host_with({"PATH=/bin"}));
    const Plan plan = made.draft.finish();
    const Exec& first = plan.execs[0];
    CHECK(as_strings(first.argv) == Strings{"web", "--port", "80"});
    CHECK(as_strings(first.envp) == Strings{"PATH=/srv/bin", "GOSV_SERVICE=web"});
    CHECK(as_strings(first.candidates) == Strings{"/srv/bin/web"});
    CHECK(as_strings(plan.execs[1].candidates) == Strings{"/bin/db"});
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
    const Plan plan = make_plan(manifest_of({service}), {}).draft.finish();
    const ExecSettings& exec = *plan.execs[0].settings;
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
    const Plan plan = make_plan(manifest, {}).draft.finish();
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
    const Plan plan = made.draft.finish();
    const ExecSettings& exec = *plan.execs[0].settings;
    REQUIRE(exec.credentials);
    CHECK(exec.credentials->uid == 33);
    CHECK(exec.credentials->gid == 34);
    CHECK(exec.credentials->groups == std::vector<std::uint32_t>{34, 26});
    CHECK(as_strings(plan.execs[0].envp) == Strings{"HOME=/var/www", "USER=www-data",
                                                    "LOGNAME=www-data", "SHELL=/bin/sh",
                                                    "GOSV_SERVICE=web"});
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

TEST_CASE("who waits for whom: ids, conditions settled, each dependent once, an order of starts") {
    Service web = service_of("web", {"/web"});
    web.depends_on = {edge_to("db"), edge_to("migrate"), edge_to("cache")};
    web.depends_on[2].condition = core::Condition::started;
    web.depends_on[2].restart = true;
    web.depends_on[2].required = false;
    Service migrate = service_of("migrate", {"/migrate"});
    migrate.type = ServiceType::oneshot;
    migrate.depends_on = {edge_to("db")};
    Service cache = service_of("cache", {"/cache"});
    cache.depends_on = {edge_to("plain")};
    Service db = service_of("db", {"/db"});
    db.probe = ExecProbe{{"pg_isready", "-q"}};

    const PlanResult made =
        make_plan(manifest_of({web, migrate, cache, db, service_of("plain", {"/plain"})}), {});
    const Plan plan = made.draft.finish();
    const auto id = [](std::uint16_t number) { return static_cast<ServiceId>(number); };
    const auto list = [](std::span<const ServiceId> ids) {
        return std::vector<ServiceId>(ids.begin(), ids.end());
    };
    const core::DependencyGraph& graph = plan.supervisor.graph;
    REQUIRE(graph.dependencies_of(id(0)).size() == 3);
    CHECK(graph.dependencies_of(id(0))[0].on == id(3));
    CHECK(graph.dependencies_of(id(0))[0].condition == core::Condition::ready);
    CHECK(graph.dependencies_of(id(0))[0].required);
    CHECK_FALSE(graph.dependencies_of(id(0))[0].restart);
    CHECK(graph.dependencies_of(id(0))[1].on == id(1));
    CHECK(graph.dependencies_of(id(0))[1].condition == core::Condition::completed);
    CHECK(graph.dependencies_of(id(0))[2].condition == core::Condition::started);
    CHECK(graph.dependencies_of(id(0))[2].restart);
    CHECK_FALSE(graph.dependencies_of(id(0))[2].required);
    REQUIRE(graph.dependencies_of(id(2)).size() == 1);
    CHECK(graph.dependencies_of(id(2))[0].condition == core::Condition::started);
    CHECK(graph.dependencies_of(id(3)).empty());
    CHECK(list(graph.dependents_of(id(3))) == std::vector{id(0), id(1)});
    CHECK(list(graph.dependents_of(id(4))) == std::vector{id(2)});
    CHECK(graph.dependents_of(id(0)).empty());
    CHECK(list(graph.start_order) == std::vector{id(3), id(1), id(4), id(2), id(0)});
}

TEST_CASE("services of which none waits have no order") {
    const Plan plan = make_plan(manifest_of({service_of("a", {"/a"}), service_of("b", {"/b"})}), {})
                          .draft.finish();
    CHECK(plan.supervisor.graph.empty());
    CHECK(plan.supervisor.graph.start_order.empty());
    CHECK(plan.supervisor.graph.dependencies_of(ServiceId{1}).empty());
}

TEST_CASE("what makes a service ready is in its policy") {
    Service told = service_of("told", {"/x"});
    told.type = ServiceType::notify;
    Service newline = service_of("newline", {"/x"});
    newline.notify_fd = 3;
    Service asked = service_of("asked", {"/x"});
    asked.probe = FileProbe{"/run/ready"};
    asked.policy.health.retries = 7;
    Service task = service_of("task", {"/x"});
    task.type = ServiceType::oneshot;
    task.stop_command = {"/stop"};
    Service plain = service_of("plain", {"/x"});
    const Plan plan =
        make_plan(manifest_of({told, newline, asked, task, plain}), {}).draft.finish();
    CHECK(plan.policies[0].notifies);
    CHECK(plan.execs[0].settings->notify_socket);
    CHECK(plan.policies[1].notifies);
    CHECK_FALSE(plan.execs[1].settings->notify_socket);
    CHECK(plan.execs[1].settings->notify_fd == 3);
    CHECK(plan.policies[2].health.probes);
    CHECK(plan.policies[2].health.retries == 7);
    CHECK(std::get<FileProbe>(plan.execs[2].settings->probe).path == "/run/ready");
    CHECK_FALSE(plan.execs[2].settings->probe_command.exists());
    CHECK(plan.policies[3].oneshot);
    CHECK(plan.policies[3].stop_command);
    CHECK_FALSE(plan.policies[4].notifies);
    CHECK_FALSE(plan.policies[4].health.probes);
    CHECK_FALSE(plan.policies[4].oneshot);
    CHECK_FALSE(plan.policies[4].stop_command);
}

TEST_CASE("probe and stop command are looked for along the service's own PATH") {
    Service db = service_of("db", {"/db"});
    db.environment = {{"PATH", "/opt/pg:/bin"}};
    db.probe = ExecProbe{{"pg_isready", "-q"}};
    db.stop_command = {"/opt/pg/pg_ctl", "stop"};
    const Plan plan = make_plan(manifest_of({db}), host_with({"PATH=/usr/bin"})).draft.finish();
    CHECK(as_strings(plan.execs[0].settings->probe_command.argv) == Strings{"pg_isready", "-q"});
    CHECK(as_strings(plan.execs[0].settings->probe_command.candidates) ==
          Strings{"/opt/pg/pg_isready", "/bin/pg_isready"});
    CHECK(as_strings(plan.execs[0].settings->stop_command.argv) ==
          Strings{"/opt/pg/pg_ctl", "stop"});
    CHECK(as_strings(plan.execs[0].settings->stop_command.candidates) == Strings{"/opt/pg/pg_ctl"});
}

TEST_CASE("a service that notifies is told where, and how often it must say that it lives") {
    Service db = service_of("db", {"/db"});
    db.type = ServiceType::notify;
    db.environment = {{"NOTIFY_SOCKET", "/run/systemd/notify"}};
    db.policy.watchdog = 1500ms;
    Service web = db;
    web.name = "web";
    web.environment.clear();
    web.policy.watchdog = {};
    const Plan plan =
        make_plan(manifest_of({db, web}), host_with({"NOTIFY_SOCKET=/n", "WATCHDOG_USEC=1"}))
            .draft.finish();
    CHECK(as_strings(plan.execs[0].envp) ==
          Strings{"NOTIFY_SOCKET=@00000", "WATCHDOG_USEC=1500000", "GOSV_SERVICE=db"});
    CHECK(as_strings(plan.execs[1].envp) == Strings{"NOTIFY_SOCKET=@00000", "GOSV_SERVICE=web"});
}

TEST_CASE("one command is not supervised: everything is inherited, nothing is tried twice") {
    HostFacts host = host_with({"PATH=/opt/bin", "LISTEN_PID=1", "NOTIFY_SOCKET=/n", "odd"});
    host.uid = 1000;
    const Plan plan =
        make_command_plan({"cmd", "-x"}, host, core::KillMode::process, Signal{10}).finish();
    REQUIRE(plan.execs.size() == 1);
    const Exec& exec = plan.execs[0];
    CHECK(exec.name.view() == "main");
    CHECK(as_strings(exec.argv) == Strings{"cmd", "-x"});
    CHECK(as_strings(exec.envp) == host.environment);
    CHECK(as_strings(exec.candidates) == Strings{"/opt/bin/cmd"});
    CHECK(exec.settings->stdin_mode == StdinMode::inherit);
    CHECK_FALSE(exec.settings->credentials);
    CHECK_FALSE(exec.settings->working_dir);
    CHECK_FALSE(exec.settings->umask);
    CHECK_FALSE(exec.settings->notify_socket);
    CHECK_FALSE(exec.settings->stop_command.exists());

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
    CHECK_FALSE(make_command_plan({"cmd"}, host, core::KillMode::group, {}).of_all.snapshot_signal);
}

TEST_CASE("what a command leaves behind is ended within docker's ten seconds") {
    const Plan plan = make_command_plan({"cmd"}, {}, core::KillMode::group, {}).finish();
    CHECK(plan.policies[0].stop_grace_period + plan.supervisor.straggler_grace +
              plan.supervisor.abandon_after <
          10s);
}
