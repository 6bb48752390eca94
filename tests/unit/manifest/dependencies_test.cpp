// depends_on and healthcheck from text: forms, defaults, and what may become very large.
#include <doctest/doctest.h>

#include <chrono>

#include "gosv/manifest/advice.hpp"
#include "gosv/manifest/planning.hpp"
#include "manifest/bounds.hpp"
#include "unit/manifest/load_fixture.hpp"

using namespace gosv;
using namespace gosv::manifest;
using namespace gosv::test;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> argv_of_test(std::string_view healthcheck) {
    const LoadResult loaded = load_service("healthcheck: " + std::string(healthcheck));
    CHECK(problems_of(loaded) == "");
    REQUIRE(loaded.manifest.services.size() == 1);
    const auto* const probe = std::get_if<ExecProbe>(&loaded.manifest.services[0].probe);
    REQUIRE(probe != nullptr);
    return probe->argv;
}

bool is_asked(const Service& service) {
    return !std::holds_alternative<std::monostate>(service.probe);
}

std::string name(std::size_t i) {
    return "s" + std::to_string(i);
}

// Every service waits for the next one.
std::string chain(std::size_t length, bool closed) {
    std::string text = "services:\n";
    for (std::size_t i = 0; i < length; ++i) {
        text += "  " + name(i) + ": {command: [x], healthcheck: {tcp: 80}";
        if (i + 1 < length || closed) {
            text += ", depends_on: [" + name((i + 1) % length) + "]";
        }
        text += "}\n";
    }
    return text;
}

}  // namespace

TEST_CASE("the short and the long form of depends_on say the same") {
    const LoadResult loaded = load(
        "services:\n"
        "  a: {command: [x], depends_on: [c, b]}\n"
        "  b: {command: [x], depends_on: {c: , d: {}}}\n"
        "  c: {command: [x]}\n"
        "  d: {command: [x], depends_on: {c: {condition: service_started, restart: true}}}\n");
    CHECK(problems_of(loaded) == "");
    const auto& services = loaded.manifest.services;
    REQUIRE(services[0].depends_on.size() == 2);
    CHECK(services[0].depends_on[0].name == "c");
    CHECK(services[0].depends_on[0].at.line == 2);
    CHECK(services[0].depends_on[0].at.column == 34);
    CHECK(services[0].depends_on[1].name == "b");
    REQUIRE(services[1].depends_on.size() == 2);
    CHECK(services[1].depends_on[0].at.column == 34);
    for (const DependsOn& edge : services[1].depends_on) {
        CHECK_FALSE(edge.condition);
        CHECK_FALSE(edge.restart);
        CHECK(edge.required);
    }
    CHECK(services[3].depends_on[0].condition == core::Condition::started);
    CHECK(services[3].depends_on[0].restart);
}

TEST_CASE("an edge to a disabled service is gone when it was not required") {
    const LoadResult loaded = load(
        "services:\n"
        "  a: {command: [x], depends_on: {b: {required: false}, c: }}\n"
        "  b: {command: [x], enabled: false}\n"
        "  c: {command: [x]}\n");
    CHECK(problems_of(loaded) == "");
    REQUIRE(loaded.manifest.services[0].depends_on.size() == 1);
    CHECK(loaded.manifest.services[0].depends_on[0].name == "c");
}

TEST_CASE("depends_on of a service replaces that of defaults") {
    const LoadResult loaded = load(
        "defaults: {depends_on: [a]}\n"
        "services:\n"
        "  a: {command: [x], depends_on: []}\n"
        "  b: {command: [x]}\n"
        "  c: {command: [x], depends_on: {b: }}\n");
    CHECK(problems_of(loaded) == "");
    const auto& services = loaded.manifest.services;
    CHECK(services[0].depends_on.empty());
    REQUIRE(services[1].depends_on.size() == 1);
    CHECK(services[1].depends_on[0].name == "a");
    REQUIRE(services[2].depends_on.size() == 1);
    CHECK(services[2].depends_on[0].name == "b");
}

TEST_CASE("every form of a test becomes argv") {
    using Words = std::vector<std::string>;
    CHECK(argv_of_test("{test: [CMD, pg_isready, -q]}") == Words{"pg_isready", "-q"});
    CHECK(argv_of_test("{test: [pg_isready, -q]}") == Words{"pg_isready", "-q"});
    CHECK(argv_of_test("{test: ['CMD-SHELL', 'a | b']}") == Words{"/bin/sh", "-c", "a | b"});
    CHECK(argv_of_test("{test: 'curl -f http://localhost || exit 1'}") ==
          Words{"/bin/sh", "-c", "curl -f http://localhost || exit 1"});
    CHECK(argv_of_test("{test: [CMD, CMD]}") == Words{"CMD"});
    CHECK(argv_of_test("{test: [/probe, '', 5]}") == Words{"/probe", "", "5"});
}

TEST_CASE("a healthcheck of compose is taken as it is") {
    const LoadResult loaded = load(
        "services:\n"
        "  web:\n"
        "    command: [x]\n"
        "    healthcheck:\n"
        "      test: [\"CMD\", \"curl\", \"-f\", \"http://localhost\"]\n"
        "      interval: 1m30s\n"
        "      timeout: 10s\n"
        "      retries: 3\n"
        "      start_period: 40s\n"
        "      start_interval: 5s\n"
        "      disable: false\n");
    CHECK(problems_of(loaded) == "");
    const core::HealthPolicy& health = loaded.manifest.services[0].policy.health;
    CHECK(health.interval == 90s);
    CHECK(health.timeout == 10s);
    CHECK(health.retries == 3);
    CHECK(health.start_period == 40s);
    CHECK(health.start_interval == 5s);
    CHECK(is_asked(loaded.manifest.services[0]));
}

TEST_CASE("there are many ways to ask nothing") {
    for (const char* way : {"none", "{test: [NONE]}", "{disable: true}",
                            "{disable: true, test: [CMD, x]}", "{tcp: 80, disable: true}"}) {
        CAPTURE(way);
        const LoadResult loaded = load(
            "defaults: {healthcheck: {tcp: 80}}\nservices: {web: {command: [x], healthcheck: " +
            std::string(way) + "}}\n");
        CHECK(problems_of(loaded) == "");
        CHECK_FALSE(is_asked(loaded.manifest.services[0]));
    }
}

TEST_CASE("a healthcheck is merged with that of defaults; its own question replaces theirs") {
    const LoadResult loaded = load(
        "defaults: {healthcheck: {tcp: 80, interval: 5s, retries: 7}}\n"
        "services:\n"
        "  a: {command: [x]}\n"
        "  b: {command: [x], healthcheck: {interval: 6s}}\n"
        "  c: {command: [x], healthcheck: {file: /run/ready}}\n");
    CHECK(problems_of(loaded) == "");
    const auto& services = loaded.manifest.services;
    CHECK(std::holds_alternative<TcpProbe>(services[0].probe));
    CHECK(std::holds_alternative<TcpProbe>(services[1].probe));
    CHECK(services[1].policy.health.interval == 6s);
    CHECK(services[1].policy.health.retries == 7);
    CHECK(std::holds_alternative<FileProbe>(services[2].probe));
    CHECK(services[2].policy.health.interval == 5s);
}

TEST_CASE("defaults may say when without saying what, and disabling by default can be undone") {
    const LoadResult loaded = load(
        "defaults: {healthcheck: {interval: 5s, disable: true}}\n"
        "services:\n"
        "  a: {command: [x]}\n"
        "  b: {command: [x], healthcheck: {tcp: 80}}\n");
    CHECK(problems_of(loaded) == "");
    CHECK_FALSE(is_asked(loaded.manifest.services[0]));
    CHECK(is_asked(loaded.manifest.services[1]));
}

TEST_CASE("defaults that a type of service cannot have are not for it") {
    const LoadResult loaded = load(
        "defaults: {healthcheck: {tcp: 80}, type: notify, watchdog: 30s}\n"
        "services:\n"
        "  a: {command: [x]}\n"
        "  b: {command: [x], type: simple}\n"
        "  c: {command: [x], type: oneshot}\n");
    CHECK(problems_of(loaded) == "");
    const auto& services = loaded.manifest.services;
    CHECK(services[0].policy.watchdog == 30s);
    CHECK(services[1].policy.watchdog == 0s);
    CHECK(is_asked(services[1]));
    CHECK_FALSE(is_asked(services[2]));

    const LoadResult fd = load(
        "defaults: {notify_fd: 3}\n"
        "services: {a: {command: [x]}, b: {command: [x], type: oneshot}, c: {command: [x], type: "
        "notify}}\n");
    CHECK(problems_of(fd) == "");
    CHECK(fd.manifest.services[0].notify_fd == 3);
    CHECK_FALSE(fd.manifest.services[1].notify_fd);
    CHECK_FALSE(fd.manifest.services[2].notify_fd);
}

TEST_CASE("a stop command is written like a command") {
    CHECK(load_service("stop_command: [/stop, 'a b']").manifest.services[0].stop_command ==
          std::vector<std::string>{"/stop", "a b"});
    CHECK(load_service("stop_command: /stop 'a b' c").manifest.services[0].stop_command ==
          std::vector<std::string>{"/stop", "a b", "c"});
    CHECK(load("defaults: {stop_command: /stop}\nservices: {a: {command: [x], stop_command: []}}\n")
              .manifest.services[0]
              .stop_command.empty());
}

TEST_CASE("all services in one chain are loaded, planned and advised without ado") {
    const LoadResult loaded = load(chain(kMaxServices, false));
    CHECK(problems_of(loaded) == "");
    CHECK(advise(loaded.manifest).empty());
    const PlanResult planned = make_plan(loaded, {});
    CHECK(planned.diagnostics.empty());
    const Plan plan = planned.draft.finish();
    const core::DependencyGraph& graph = plan.supervisor.graph;
    REQUIRE(graph.start_order.size() == kMaxServices);
    CHECK(index(graph.start_order.front()) == kMaxServices - 1);
    CHECK(graph.dependencies.size() == kMaxServices - 1);
    CHECK(graph.dependents_of(graph.start_order.front()).size() == 1);
    CHECK(graph.dependencies_of(graph.start_order.back()).size() == 1);
}

TEST_CASE("a cycle of all services is one diagnostic that can be read") {
    const LoadResult loaded = load(chain(kMaxServices, true));
    REQUIRE(loaded.diagnostics.size() == 1);
    CHECK(loaded.diagnostics[0].message.find("'s0' needs 's1' (2:59)") != std::string::npos);
    CHECK(loaded.diagnostics[0].message.ends_with("and so on through 4096 services"));
    CHECK(loaded.diagnostics[0].message.size() < 2000);
}

TEST_CASE("a long list in defaults is not multiplied by the services that have it") {
    std::string text = "defaults: {depends_on: [";
    for (std::size_t i = 0; i < 2000; ++i) {
        text += name(i) + ", ";
    }
    text += "]}\nservices:\n";
    for (std::size_t i = 0; i < kMaxServices; ++i) {
        text += "  " + name(i) + ": {command: [x]}\n";
    }
    const LoadResult loaded = load(text);
    REQUIRE(loaded.diagnostics.size() == 1);
    CHECK(loaded.diagnostics[0].message ==
          "there are more than " + std::to_string(kMaxDependencies) + " dependencies");
}

TEST_CASE("neither are arguments, probes and environments: what they are copied to has a bound") {
    std::string long_list = "[";
    std::string environment = "{";
    for (std::size_t i = 0; i < 40'000; ++i) {
        long_list += "a,";
        environment += "A" + std::to_string(i) + ": b,";
    }
    long_list += "]";
    environment += "}";
    std::string services = "services:\n";
    for (std::size_t i = 0; i < kMaxServices; ++i) {
        services += "  " + name(i) + ": {command: [x]}\n";
    }
    for (const std::string& written :
         {"defaults: {args: " + long_list + "}\n", "defaults: {stop_command: " + long_list + "}\n",
          "defaults: {healthcheck: {test: " + long_list + "}}\n",
          "defaults: {environment: " + environment + "}\n", "environment: " + environment + "\n"}) {
        const LoadResult loaded = load(written + services);
        REQUIRE(loaded.diagnostics.size() == 1);
        CHECK(
            loaded.diagnostics[0].message ==
            "with `defaults`, environment and env_files copied into every service the manifest is "
            "larger than 64 MiB");
    }
    // The same for one service is fine.
    CHECK(problems_of("defaults: {args: " + long_list + "}\nservices: {a: {command: [x]}}\n") ==
          "");
}

TEST_CASE("as many dependencies as are allowed, all wrong, are told in time") {
    std::string text = "services:\n";
    for (std::size_t i = 0; i < kMaxServices; ++i) {
        text += "  " + name(i) + ": {command: [x], depends_on: [a, b, c, d, e, f, g, h]}\n";
    }
    const LoadResult loaded = load(text);
    CHECK(loaded.diagnostics.size() == kMaxDiagnostics + 1);
    CHECK(has_errors(loaded.diagnostics));
}
