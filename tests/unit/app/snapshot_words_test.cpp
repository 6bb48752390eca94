// What a snapshot says of a service before its processes.
#include "app/snapshot_words.hpp"

#include <doctest/doctest.h>

using namespace gosv;
using namespace gosv::app;
using namespace std::chrono_literals;

namespace {

SnapshotService running(std::string_view name) {
    SnapshotService service;
    service.name = name;
    service.state = "running";
    service.pid = Pid{12};
    service.uptime = 3s;
    return service;
}

}  // namespace

TEST_CASE("a service that defines no readiness is said to run, and no more") {
    const SnapshotService web = running("web");
    CHECK(state_word(web) == "running");
    CHECK(heading_of(web) == "=== service web (running, pid 12, up 3s)\n");
    CHECK(readiness_lines(web).empty());
}

TEST_CASE("a service with a readiness is ready or not, in one word") {
    SnapshotService db = running("db");
    db.has_readiness = true;
    CHECK(state_word(db) == "running (not ready)");
    db.ready = true;
    CHECK(state_word(db) == "running (ready)");
    db.health = "healthy";
    CHECK(state_word(db) == "running (healthy)");
    db.ready = false;
    db.health = "starting";
    CHECK(state_word(db) == "running (not ready)");
    db.health = "unhealthy";
    CHECK(state_word(db) == "running (unhealthy)");
    CHECK(heading_of(db) == "=== service db (running, unhealthy, pid 12, up 3s)\n");
}

TEST_CASE("a service that waits says for whom, for what and how long") {
    SnapshotService web;
    web.name = "web";
    web.state = "pending";
    web.waits_for = "db";
    web.wish = "to be healthy";
    web.waiting = 12s;
    CHECK(state_word(web) == "pending (waits for db)");
    CHECK(readiness_lines(web) == "  waits for db to be healthy, 12s so far\n");
}

TEST_CASE("health: how often it failed, why the last time, and the probe that runs") {
    SnapshotService db = running("db");
    db.health = "starting";
    CHECK(readiness_lines(db) == "  healthcheck: starting\n");
    db.probe_failures = 1;
    db.probe_reason = "HTTP 503";
    CHECK(readiness_lines(db) == "  healthcheck: starting, 1 failure, the last: HTTP 503\n");
    db.probe_failures = 4;
    db.probe = {Pid{44}, 1200ms};
    CHECK(readiness_lines(db) ==
          "  healthcheck: starting, 4 failures in a row, the last: HTTP 503; now: pid 44, running "
          "for 1.2s\n");
}

TEST_CASE("its own words are shown as text, whatever is in them") {
    SnapshotService db = running("db");
    db.status = "loading\x1b[2J";
    db.says_stopping = true;
    CHECK(readiness_lines(db) == "  status: loading\\x1b[2J\n  says that it is stopping\n");
}

TEST_CASE("what must happen in time, and what runs to stop it") {
    SnapshotService db = running("db");
    db.start_timeout = 18s;
    db.watchdog = 4500ms;
    db.ending = "not_ready_in_time";
    db.stop_command = {Pid{55}, 3s};
    CHECK(readiness_lines(db) ==
          "  is being ended: not ready in time\n"
          "  stop command: pid 55, running for 3s\n"
          "  must be ready within 18s (start_timeout)\n"
          "  must say that it is alive within 4.5s (watchdog)\n");
}

TEST_CASE("the last run: how it ended, and why gosv ended it") {
    SnapshotService db = running("db");
    db.last_exit = ExitStatus::killed_by(Signal{15});
    CHECK(last_run(db) == "killed by SIGTERM");
    db.last_ended = "unhealthy";
    CHECK(last_run(db) == "unhealthy, killed by SIGTERM");
}

TEST_CASE("who has failed with a dependency had no run that could say why") {
    SnapshotService web;
    web.name = "web";
    web.state = "failed";
    web.failed_with = "db";
    CHECK(heading_of(web) == "=== service web (failed; last run: none, db has failed)\n");
}
