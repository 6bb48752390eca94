// Keys and values that people bring from compose, systemd, supervisord and Kubernetes: what they
// are told to write instead.
#include <doctest/doctest.h>

#include "gosv/manifest/manifest.hpp"
#include "manifest/schema.hpp"

using namespace gosv;
using namespace gosv::manifest;

namespace {

Diagnostics problems(const std::string& text) {
    return load_text(text, "test.yaml", {}).diagnostics;
}

// The only problem of a service that is right but for one line.
Diagnostic problem_with(const std::string& line) {
    const Diagnostics found =
        problems("services:\n  web:\n    command: [/web]\n    " + line + "\n");
    REQUIRE(found.size() == 1);
    CHECK(found[0].at.line == 4);
    return found[0];
}

}  // namespace

TEST_CASE("words of other supervisors lead to gosv's own, whatever their case") {
    constexpr struct {
        const char* foreign;
        const char* own;
    } kPairs[] = {
        {"RestartSec", "restart_delay"},
        {"restart-sec", "restart_delay"},
        {"KillSignal", "stop_signal"},
        {"TimeoutStopSec", "stop_grace_period"},
        {"terminationGracePeriodSeconds", "stop_grace_period"},
        {"stopwaitsecs", "stop_grace_period"},
        {"WorkingDirectory", "working_dir"},
        {"cwd", "working_dir"},
        {"EnvironmentFile", "env_file"},
        {"env", "environment"},
        {"StartLimitBurst", "max_restarts"},
        {"startretries", "max_restarts"},
        {"autorestart", "restart"},
        {"Restart", "restart"},
        {"OOMScoreAdjust", "oom_score_adj"},
        {"After", "depends_on"},
        {"Requires", "depends_on"},
        {"depends-on", "depends_on"},
        {"needs", "depends_on"},
        {"TimeoutStartSec", "start_timeout"},
        {"timeout-up", "start_timeout"},
        {"WatchdogSec", "watchdog"},
        {"ExecStop", "stop_command"},
        {"preStop", "stop_command"},
        {"notification-fd", "notify_fd"},
        {"health_check", "healthcheck"},
    };

    for (const auto& pair : kPairs) {
        CAPTURE(pair.foreign);
        const Diagnostic told = problem_with(std::string(pair.foreign) + ": 5");
        CHECK(told.message == "unknown key '" + std::string(pair.foreign) + "' in a service");
        CHECK(told.hint == "did you mean '" + std::string(pair.own) + "'?");
    }
}

TEST_CASE("a service with its command under another name gets one diagnostic, not two") {
    for (const char* key : {"ExecStart", "cmd", "Command", "program", "comand"}) {
        CAPTURE(key);
        const Diagnostics found =
            problems("services:\n  web:\n    " + std::string(key) + ": /web\n");
        REQUIRE(found.size() == 1);
        CHECK(found[0].hint == "did you mean 'command'?");
    }
}

TEST_CASE("what belongs to the container is sent there") {
    for (const char* key :
         {"image", "ports", "volumes", "networks", "container_name", "volumeMounts"}) {
        CAPTURE(key);
        CHECK(problem_with(std::string(key) + ": [x]").hint.find("docker run") !=
              std::string::npos);
    }
}

TEST_CASE("what is to come is not yet supported, and says what to do until then") {
    for (const char* key : {"schedule", "scale", "profiles", "secrets", "listen"}) {
        CAPTURE(key);
        const Diagnostic told = problem_with(std::string(key) + ": x");
        CHECK(told.message == "'" + std::string(key) + "' is not yet supported");
        CHECK_FALSE(told.hint.empty());
    }
}

TEST_CASE("services without `services` are told where they belong") {
    const Diagnostics found = problems("web:\n  command: nginx\ndb:\n  image: postgres\n");
    REQUIRE(found.size() == 3);
    CHECK(found[0].message == "unknown key 'web' at the top level");
    CHECK(found[0].hint == "services are written below `services:`, indented");
    CHECK(found[1].message == "the key `services` is missing");
    CHECK(found[2].hint == "services are written below `services:`, indented");
}

TEST_CASE("another program's file is recognised") {
    CHECK(problems("apiVersion: v1\nservices: {web: {command: [/web]}}\n").at(0).hint ==
          "this looks like Kubernetes: a manifest begins with `services:`");
}

TEST_CASE("values with a slip are told the one that was meant") {
    CHECK(problem_with("stop_signal: SIGTREM").hint == "did you mean 'SIGTERM'?");
    CHECK(problem_with("stop_signal: TREM").hint == "did you mean 'TERM'?");
    CHECK(problem_with("stop_signal: please").hint == "write it like SIGTERM, TERM, 15 or RTMIN+3");
    CHECK(problem_with("cap_add: [CAP_SYS_ADMN]").hint == "did you mean 'SYS_ADMIN'?");
    CHECK(problem_with("restart: on_failure").hint == "did you mean 'on-failure'?");
    CHECK(problem_with("type: forking").hint.find("foreground") != std::string::npos);
}

TEST_CASE("no key of gosv's own is taken for a foreign one") {
    for (const DocumentedKey& key : documented_keys()) {
        CAPTURE(key.name);
        const ForeignKey* const foreign = find_foreign_key(key.section, key.name);
        CHECK(foreign == nullptr);
    }
}
