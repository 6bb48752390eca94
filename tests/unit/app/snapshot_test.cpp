// What a snapshot looks like, for people and as JSON, and how it gets out.
#include "gosv/app/snapshot.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <vector>

#include "gosv/os/sys.hpp"
#include "support/fake_proc.hpp"
#include "support/isolated.hpp"
#include "support/json_check.hpp"

using namespace gosv;
using namespace gosv::app;
using namespace std::chrono_literals;
using test::FakeProc;
using test::JsonCheck;

namespace {

class StringOutput final : public SnapshotOutput {
  public:
    void write(std::string_view lines) override { text += lines; }

    std::string text;
};

std::string render_snapshot(const SnapshotInput& input, const os::Proc& proc,
                            MonotonicTime deadline) {
    StringOutput output;
    take_snapshot(input, proc, deadline, output);
    return std::move(output.text);
}

// A container at 3 am: one service well, one crashing, one that cannot be started.
struct Night {
    Night() {
        SnapshotService web;
        web.name = "web";
        web.state = "running";
        web.pid = web.group = Pid{12};
        web.uptime = 192s;
        web.restarts = 1;
        web.last_exit = ExitStatus::killed_by(Signal{11}, true);
        SnapshotService worker;
        worker.name = "worker";
        worker.state = "backoff";
        worker.restarts = 3;
        worker.last_exit = ExitStatus::code(1);
        worker.next_start = 3200ms;
        SnapshotService missing;
        missing.name = "missing";
        missing.state = "failed";
        missing.program = "/srv/missing";
        missing.failed_stage = os::Stage::exec;
        missing.failed_start = SysError{ENOENT, "execve"};
        services = {web, worker, missing};

        fake.add({.pid = 1,
                  .name = "gosv",
                  .files = {{0, "/dev/null"}},
                  .maps = "00400000-004b0000 r-xp 00000000 fe:00 7 /sbin/gosv\n"});
        fake.add({.pid = 12,
                  .parent = 1,
                  .name = "python3",
                  .threads = 4,
                  .files = {{0, "/dev/null"}, {1, "pipe:[8]"}, {3, "socket:[9]"}},
                  .maps = "1-2 r--p 0 fe:00 1 /usr/bin/python3\n2-3 rw-p 0 00:00 0 \n3-4 x\n"});
        fake.add({.pid = 14,
                  .parent = 12,
                  .group = 12,
                  .name = "sh",
                  .state = 'Z',
                  .vsize = 0,
                  .rss_pages = 0});
        fake.add({.pid = 20,
                  .parent = 1,
                  .name = "daemon",
                  .environ = std::string("GOSV_SERVICE=web\0", 17)});

        input.self = Pid{1};
        input.version = "0.1.0";
        input.stage = "supervising";
        input.wall_time = 1'764'085'121'042;
        input.uptime = 2h + 5min;
        input.services = services;
        input.log_lines_dropped = 4;
        input.orphans_reaped = 17;
        input.maps = 2;
    }

    std::string render() const {
        const os::Proc proc = fake.open();
        return render_snapshot(input, proc, kNever);
    }

    FakeProc fake;
    std::vector<SnapshotService> services;
    SnapshotInput input;
};

}  // namespace

TEST_CASE("readiness, health and waiting are members of a service's JSON") {
    SnapshotService db;
    db.name = "db";
    db.state = "running";
    db.pid = Pid{12};
    db.has_readiness = true;
    db.health = "unhealthy";
    db.probe_failures = 3;
    db.probe_reason = "HTTP 503";
    db.status = "loading";
    db.says_stopping = true;
    db.ending = "unhealthy";
    db.start_timeout = 1500ms;
    db.watchdog = 2s;
    db.probe = {Pid{44}, 20ms};
    db.stop_command = {Pid{45}, 3s};
    db.last_exit = ExitStatus::code(1);
    db.last_ended = "watchdog";
    SnapshotService web;
    web.name = "web";
    web.state = "pending";
    web.waits_for = "db";
    web.condition = "healthy";
    web.waiting = 12s;
    SnapshotService worker;
    worker.name = "worker";
    worker.state = "failed";
    worker.failed_with = "db";
    const std::vector<SnapshotService> services{db, web, worker};
    const FakeProc fake;
    const os::Proc proc = fake.open();
    SnapshotInput input;
    input.services = services;
    input.json = true;
    std::string object = render_snapshot(input, proc, kNever);
    REQUIRE(object.ends_with('\n'));
    object.pop_back();
    CHECK(JsonCheck::problem(object) == "");
    CHECK(object.find(
              R"!("last_run":{"code":1,"ended":"watchdog"},"ready":false,"health":"unhealthy",)!"
              R"!("probe_failures":3,"probe_reason":"HTTP 503","status":"loading",)!"
              R"!("says_stopping":true,"ending":"unhealthy","start_timeout_ms":1500,)!"
              R"!("watchdog_ms":2000,"probe":{"pid":44,"running_ms":20},)!"
              R"!("stop_command":{"pid":45,"running_ms":3000})!") != std::string::npos);
    CHECK(object.find(
              R"!("waiting":{"dependency":"db","condition":"healthy","waiting_ms":12000})!") !=
          std::string::npos);
    CHECK(object.find(R"!("failed_with":"db")!") != std::string::npos);
}

TEST_CASE("the snapshot for people: the state of all at a glance, then block by block") {
    CHECK(Night().render() ==
          R"(=== snapshot 2025-11-25T15:38:41.042Z of gosv 0.1.0 (supervising, pid 1, up 2h5m)
  service  state    pid  uptime  restarts  processes  VmRSS  next start  last run
  web      running   12   3m12s         1          2   2.0M  -           killed by SIGSEGV, core dumped
  worker   backoff    -       -         3          0      -  in 3.2s     exit code 1
  missing  failed     -       -         0          0      -  -           cannot start '/srv/missing': exec: No such file or directory
1 zombie: parent 12 python3 of service web does not wait for 14
orphans reaped: 17, log lines lost: 4
=== service web (running, pid 12, up 3m12s, 1 restart; last run: killed by SIGSEGV, core dumped)
  PID  PPid  State         Threads  VmRSS  VmSize  Name
   12     1  S (sleeping)        4   2.0M    8.0M  python3
   14    12  Z (zombie)          1      -       -    sh  (parent 12 does not wait)
  12 python3, open files (3)
     0 -> /dev/null
     1 -> pipe:[8]
     3 -> socket:[9]
  12 python3, memory maps (first 2 of 3)
    1-2 r--p 0 fe:00 1 /usr/bin/python3
    2-3 rw-p 0 00:00 0
=== service worker (backoff, 3 restarts, next start in 3.2s; last run: exit code 1)
=== service missing (failed; last run: cannot start '/srv/missing': exec: No such file or directory)
=== processes that belong to no service (1)
  PID  PPid  State         Threads  VmRSS  VmSize  Name
   20     1  S (sleeping)        1   2.0M    8.0M  daemon  (adopted, started by service web)
  20 daemon, open files (0)
  20 daemon, memory maps (0)
=== gosv itself (pid 1)
  PID  PPid  State         Threads  VmRSS  VmSize  Name
    1     0  S (sleeping)        1   2.0M    8.0M  gosv
  1 gosv, open files (1)
     0 -> /dev/null
  1 gosv, memory maps (1)
    00400000-004b0000 r-xp 00000000 fe:00 7 /sbin/gosv
=== end of snapshot
)");
}

TEST_CASE("the snapshot as JSON: one object on one line, the same content") {
    Night night;
    night.input.json = true;
    std::string object = night.render();
    REQUIRE(object.find('\n') == object.size() - 1);
    object.pop_back();
    CHECK(JsonCheck::problem(object) == "");
    CHECK(
        object ==
        R"!({"time":"2025-11-25T15:38:41.042Z","level":"info","event":"snapshot","msg":"snapshot",)!"
        R"!("version":"0.1.0","pid":1,"state":"supervising","uptime_ms":7500000,)!"
        R"!("orphans_reaped":17,"log_lines_lost":4,)!"
        R"!("zombies":[{"ppid":12,"parent":"python3","service":"web","pids":[14]}],)!"
        R"!("services":[{"name":"web","state":"running","pid":12,"uptime_ms":192000,"restarts":1,)!"
        R"!("last_run":{"signal":"SIGSEGV","core_dumped":true},"processes":[)!"
        R"!({"pid":12,"name":"python3","state":"S (sleeping)","ppid":1,"threads":4,)!"
        R"!("vm_rss_kb":2048,"vm_size_kb":8196,"zombie":false,"files_total":3,"files":[)!"
        R"!({"fd":0,"target":"/dev/null"},{"fd":1,"target":"pipe:[8]"},)!"
        R"!({"fd":3,"target":"socket:[9]"}],"maps_total":3,"maps":[)!"
        R"!("1-2 r--p 0 fe:00 1 /usr/bin/python3","2-3 rw-p 0 00:00 0"]},)!"
        R"!({"pid":14,"name":"sh","state":"Z (zombie)","ppid":12,"threads":1,)!"
        R"!("vm_rss_kb":0,"vm_size_kb":0,"zombie":true}]},)!"
        R"!({"name":"worker","state":"backoff","restarts":3,"last_run":{"code":1},)!"
        R"!("next_start_ms":3200,"processes":[]},)!"
        R"!({"name":"missing","state":"failed","restarts":0,)!"
        R"!("reason":"cannot start '/srv/missing': exec: No such file or directory","processes":[]}],)!"
        R"!("other_processes":[{"pid":20,"name":"daemon","state":"S (sleeping)","ppid":1,)!"
        R"!("threads":1,"vm_rss_kb":2048,"vm_size_kb":8196,"zombie":false,)!"
        R"!("origin":"adopted, started by service web","files_total":0,"files":[],)!"
        R"!("maps_total":0,"maps":[]}],)!"
        R"!("gosv":[{"pid":1,"name":"gosv","state":"S (sleeping)","ppid":0,"threads":1,)!"
        R"!("vm_rss_kb":2048,"vm_size_kb":8196,"zombie":false,"files_total":1,)!"
        R"!("files":[{"fd":0,"target":"/dev/null"}],"maps_total":1,)!"
        R"!("maps":["00400000-004b0000 r-xp 00000000 fe:00 7 /sbin/gosv"]}],)!"
        R"!("proc_mounted":true,"out_of_time":false,"processes_hidden":0,"details_denied":0,)!"
        R"!("details_left_out":0})!");
}

TEST_CASE("no byte of a process reaches the terminal or breaks a line or the JSON") {
    Night night;
    const std::string evil = ") (\n\x1b]0;x\a\xff\"\\";
    night.fake.add({.pid = 30,
                    .parent = 12,
                    .group = 12,
                    .name = evil,
                    .files = {{5, "/tmp/" + evil}},
                    .maps = "1-2 /tmp/\x1b[31m\n"});
    const std::string text = night.render();
    for (const char c : text) {
        REQUIRE((c == '\n' || static_cast<unsigned char>(c) >= 0x20));
    }
    CHECK(text.find(R"() (\n\x1b]0;x\x07\xff"\)") != std::string::npos);
    night.input.json = true;
    std::string object = night.render();
    object.pop_back();
    CHECK(JsonCheck::problem(object) == "");
}

TEST_CASE("without /proc the states are told all the same") {
    Night night;
    const os::Proc none;
    const std::string text = render_snapshot(night.input, none, kNever);
    CHECK(text.starts_with("=== snapshot "));
    CHECK(text.find("worker   backoff") != std::string::npos);
    CHECK(text.find("note: /proc is not mounted here") != std::string::npos);
    CHECK(text.find("=== service web (running") != std::string::npos);
    CHECK(text.ends_with("=== end of snapshot\n"));
    night.input.json = true;
    std::string object = render_snapshot(night.input, none, kNever);
    object.pop_back();
    CHECK(JsonCheck::problem(object) == "");
    CHECK(object.find("\"proc_mounted\":false") != std::string::npos);
}

TEST_CASE("when time is up the snapshot says so and is closed in order") {
    const Night night;
    const os::Proc proc = night.fake.open();
    const std::string text = render_snapshot(night.input, proc, sys::monotonic_now() - 1s);
    CHECK(text.find("note: time was up") != std::string::npos);
    CHECK(text.ends_with("=== end of snapshot\n"));
}

TEST_CASE("of very many zombies of one parent some are shown and all are counted") {
    Night night;
    for (int pid = 100; pid < 250; ++pid) {
        night.fake.add({.pid = pid, .parent = 12, .group = 12, .state = 'Z'});
    }
    const std::string text = night.render();
    CHECK(text.find("151 zombies: parent 12 python3 of service web") != std::string::npos);
    CHECK(text.find("  ... and 51 more zombies of 12\n") != std::string::npos);
    CHECK(text.find("  198 ") != std::string::npos);
    CHECK(text.find("  199 ") == std::string::npos);
    night.input.json = true;
    CHECK(night.render().find("\"pid\":249,") != std::string::npos);
}

TEST_CASE("a service whose process cannot be seen is told so") {
    Night night;
    night.services[1].pid = night.services[1].group = Pid{4711};
    CHECK(night.render().find("no process of it is to be seen in /proc") != std::string::npos);
}

TEST_CASE("the head is out before the details are looked at") {
    class FirstWrite final : public SnapshotOutput {
      public:
        explicit FirstWrite(FakeProc& fake) : fake_(fake) {}

        void write(std::string_view lines) override {
            if (text.empty()) {
                fake_.write("12/maps", "late\n");  // what is looked at afterwards is seen
            }
            text += lines;
        }

        std::string text;

      private:
        FakeProc& fake_;
    };

    Night night;
    FirstWrite output(night.fake);
    take_snapshot(night.input, night.fake.open(), kNever, output);
    CHECK(output.text.find("    late\n") != std::string::npos);
}

TEST_CASE("a snapshot is written in pieces that end at a line's end and that a pipe takes whole") {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC | O_DIRECT) ==
            0);  // packets: each write is read as it was made
    const Fd read(ends[0]);
    Fd write(ends[1]);
    std::string text;
    for (int i = 0; i < 500; ++i) {
        text += "line " + std::to_string(i) + " of the snapshot\n";
    }
    text += std::string(3 * PIPE_BUF, 'j') + "\n";
    write_blocking(write.borrow(), text);
    write.reset();
    std::string all;
    char piece[2 * PIPE_BUF];
    ssize_t size = 0;
    while ((size = ::read(read.raw(), piece, sizeof piece)) > 0) {
        CHECK(size <= PIPE_BUF);
        all.append(piece, static_cast<std::size_t>(size));
        // Only the line that is longer than a piece is cut.
        CHECK((all.back() == '\n' || all.back() == 'j'));
    }
    CHECK(all == text);
}

TEST_CASE("a reader that goes away ends the writing, and a non-blocking stream is waited for") {
    CHECK(test::isolated([]() -> std::string {
              ::signal(SIGPIPE, SIG_IGN);
              ::alarm(20);
              int ends[2];
              EXPECT(::pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
              const std::string much(1024 * 1024, 'x');
              const pid_t reader = ::fork();
              if (reader == 0) {
                  ::close(ends[1]);
                  char chunk[8192];
                  std::size_t left = much.size();
                  while (left > 0) {
                      pollfd ready{ends[0], POLLIN, 0};
                      ::poll(&ready, 1, -1);
                      const ssize_t size = ::read(ends[0], chunk, sizeof chunk);
                      left -= size > 0 ? static_cast<std::size_t>(size) : 0;
                  }
                  ::_exit(0);
              }
              ::close(ends[0]);
              write_blocking(BorrowedFd(ends[1]), much);
              EXPECT(test::wait_for(reader) == 0);
              write_blocking(BorrowedFd(ends[1]), much);  // nobody there: returns
              return "";
          }) == "");
}
