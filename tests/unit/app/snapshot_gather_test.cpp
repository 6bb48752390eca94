// Who belongs to whom, and how /proc may misbehave.
#include "app/snapshot_gather.hpp"

#include <doctest/doctest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "gosv/os/sys.hpp"
#include "support/fake_proc.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/isolated.hpp"

using namespace gosv;
using namespace gosv::app;
using namespace std::chrono_literals;
using test::FakeProc;
using test::FakeProcess;

namespace {

SnapshotService service(std::string_view name, int pid, int group = 0) {
    SnapshotService made;
    made.name = name;
    made.pid = Pid{pid};
    made.group = Pid{group != 0 ? group : pid};
    return made;
}

struct Fixture {
    Fixture() { input.self = Pid{1}; }

    SnapshotGatherer& look() {
        input.services = services;
        proc = fake.open();
        gathered.emplace(input, proc, deadline);
        gathered->look_at_all();
        return *gathered;
    }

    FakeProc fake;
    os::Proc proc;
    std::vector<SnapshotService> services;
    SnapshotInput input;
    MonotonicTime deadline = kNever;
    std::optional<SnapshotGatherer> gathered;
};

// "12 13.1 14.2": pids with their depth.
std::string shape(const ProcessTree& tree) {
    std::string text;
    for (const SnapshotProcess& process : tree) {
        text += (text.empty() ? "" : " ") + std::to_string(process.pid.value) +
                (process.depth > 0 ? "." + std::to_string(process.depth) : "");
    }
    return text;
}

}  // namespace

TEST_CASE("a service's tree is its group and its descendants, as a tree") {
    Fixture f;
    f.services = {service("web", 12), service("db", 40)};
    f.fake.add({.pid = 1, .name = "gosv"});
    f.fake.add({.pid = 12, .parent = 1});
    f.fake.add({.pid = 20, .parent = 12, .group = 12});
    f.fake.add({.pid = 13, .parent = 20, .group = 13});  // a group of its own: still a descendant
    f.fake.add({.pid = 25, .parent = 12, .group = 12});
    f.fake.add({.pid = 30, .parent = 1, .group = 12});  // an orphan of the group
    f.fake.add({.pid = 40, .parent = 1});
    const SnapshotGatherer& gathered = f.look();
    CHECK(shape(gathered.services[0]) == "12 20.1 13.2 25.1 30");
    CHECK(shape(gathered.services[1]) == "40");
    CHECK(shape(gathered.others) == "");
    CHECK(shape(gathered.self) == "1");
}

TEST_CASE("a group that has outlived its main process is still the service's") {
    Fixture f;
    f.services = {service("web", 0, 12)};
    f.fake.add({.pid = 1, .name = "gosv"});
    f.fake.add({.pid = 13, .parent = 1, .group = 12});
    CHECK(shape(f.look().services[0]) == "13");
}

TEST_CASE("a probe and a stop command are the service's, with what they start") {
    Fixture f;
    f.services = {service("web", 12), service("db", 40)};
    f.services[0].probe.pid = Pid{50};
    f.services[1].stop_command.pid = Pid{60};
    f.fake.add({.pid = 1, .name = "gosv"});
    f.fake.add({.pid = 12, .parent = 1});
    f.fake.add({.pid = 40, .parent = 1});
    f.fake.add({.pid = 50, .parent = 1, .group = 50});
    f.fake.add({.pid = 51, .parent = 50, .group = 50});
    f.fake.add({.pid = 60, .parent = 1, .group = 60});
    const SnapshotGatherer& gathered = f.look();
    CHECK(shape(gathered.services[0]) == "12 50 51.1");
    CHECK(shape(gathered.services[1]) == "40 60");
    CHECK(shape(gathered.others) == "");
    CHECK(gathered.services[0][0].origin == "");
    CHECK(gathered.services[0][1].origin == "healthcheck");
    CHECK(gathered.services[1][1].origin == "stop command");
}

TEST_CASE("a main process that has left its group is still the service's") {
    Fixture f;
    f.services = {service("web", 12)};
    f.fake.add({.pid = 1, .name = "gosv"});
    f.fake.add({.pid = 12, .parent = 1, .group = 11});
    f.fake.add({.pid = 14, .parent = 12, .group = 11});
    CHECK(shape(f.look().services[0]) == "12 14.1");
}

TEST_CASE("orphans that gosv has adopted are told apart, with the service that started them") {
    Fixture f;
    f.services = {service("web", 12)};
    f.fake.add({.pid = 1, .name = "gosv"});
    f.fake.add({.pid = 12, .parent = 1});
    f.fake.add({.pid = 50,
                .parent = 1,
                .environ = std::string("PATH=/bin\0GOSV_SERVICE=web\0HOME=/\0", 34)});
    f.fake.add({.pid = 51, .parent = 50, .group = 50});
    f.fake.add({.pid = 60, .parent = 1});
    f.fake.add({.pid = 70, .parent = 0});
    const SnapshotGatherer& gathered = f.look();
    REQUIRE(shape(gathered.others) == "50 51.1 60 70");
    CHECK(gathered.others[0].origin == "adopted, started by service web");
    CHECK(gathered.others[1].origin == "");
    CHECK(gathered.others[2].origin == "adopted");
    CHECK(gathered.others[3].origin == "from outside: docker exec, nsenter");
}

TEST_CASE("when gosv is not PID 1, strangers are not shown") {
    Fixture f;
    f.input.self = Pid{100};
    f.services = {service("web", 112)};
    f.fake.add({.pid = 1, .name = "init"});
    f.fake.add({.pid = 2, .parent = 0});
    f.fake.add({.pid = 90, .parent = 1});
    f.fake.add({.pid = 91, .parent = 90, .state = 'Z'});
    f.fake.add({.pid = 100, .parent = 90, .name = "gosv"});
    f.fake.add({.pid = 112, .parent = 100});
    f.fake.add({.pid = 120, .parent = 100});
    f.fake.add({.pid = 121, .parent = 777});  // its parent is not to be seen
    const SnapshotGatherer& gathered = f.look();
    CHECK(shape(gathered.services[0]) == "112");
    CHECK(shape(gathered.others) == "120");
    CHECK(gathered.zombies.empty());
}

TEST_CASE("gosv's own helpers and what is below them are left out") {
    Fixture f;
    const Pid helper[] = {Pid{99}};
    f.input.except = helper;
    f.fake.add({.pid = 1, .name = "gosv"});
    f.fake.add({.pid = 99, .parent = 1, .group = 1});
    CHECK(shape(f.look().others) == "");
}

TEST_CASE("a family that changes while it is looked at loses nobody and hangs nobody") {
    Fixture f;
    f.fake.add({.pid = 1, .name = "gosv"});
    f.fake.add({.pid = 10, .parent = 11});  // a circle
    f.fake.add({.pid = 11, .parent = 10});
    f.fake.add({.pid = 12, .parent = 12});
    f.fake.add({.pid = 13, .parent = 4711});  // ended meanwhile
    std::string pids = shape(f.look().others);
    for (const char* pid : {"10", "11", "12", "13"}) {
        CHECK(pids.find(pid) != std::string::npos);
    }
}

TEST_CASE("a very long chain of parents is no problem") {
    Fixture f;
    f.services = {service("web", 2)};
    f.fake.add({.pid = 1, .name = "gosv"});
    for (int pid = 2; pid < 200; ++pid) {
        f.fake.add({.pid = pid, .parent = pid - 1, .group = 2});
    }
    const ProcessTree& tree = f.look().services[0];
    REQUIRE(tree.size() == 198);
    CHECK(tree.back().depth == 197);
}

TEST_CASE("zombies are listed by the parent that does not wait, the worst first") {
    Fixture f;
    f.services = {service("web", 12)};
    f.fake.add({.pid = 1, .name = "gosv"});
    f.fake.add({.pid = 12, .parent = 1, .name = "lazy"});
    f.fake.add({.pid = 13, .parent = 1, .name = "lazier"});
    f.fake.add({.pid = 20, .parent = 12, .state = 'Z'});
    f.fake.add({.pid = 21, .parent = 13, .state = 'Z'});
    f.fake.add({.pid = 22, .parent = 13, .state = 'Z'});
    f.fake.add({.pid = 23, .parent = 1, .state = 'Z'});                 // gosv is about to
    f.fake.add({.pid = 24, .parent = 13, .state = 'Z', .threads = 3});  // lives on in threads
    const SnapshotGatherer& gathered = f.look();
    REQUIRE(gathered.zombies.size() == 2);
    CHECK(gathered.zombies[0].parent == Pid{13});
    CHECK(gathered.zombies[0].parent_name == "lazier");
    CHECK(gathered.zombies[0].service == "");
    CHECK(gathered.zombies[0].pids == std::vector<Pid>{Pid{21}, Pid{22}});
    CHECK(gathered.zombies[1].parent_name == "lazy");
    CHECK(gathered.zombies[1].service == "web");
}

TEST_CASE("files and maps: the first ones, and how many there are in all") {
    Fixture f;
    f.input.maps = 2;
    f.fake.add({.pid = 1,
                .name = "gosv",
                .files = {{10, "/ten"}, {0, "/dev/null"}, {2, "socket:[5]"}},
                .maps = "a\nb  \nc\nd\n"});
    SnapshotGatherer& gathered = f.look();
    SnapshotProcess& gosv = gathered.self[0];
    gathered.read_details(gosv);
    CHECK(gosv.details == Details::read);
    CHECK(gosv.files_total == 3);
    REQUIRE(gosv.files.size() == 3);
    CHECK(gosv.files[0].target == "/dev/null");
    CHECK(gosv.files[2].fd == 10);
    CHECK(gosv.maps_total == 4);
    CHECK(gosv.maps == std::vector<std::string>{"a", "b"});
}

TEST_CASE("all maps are there when all are asked for") {
    Fixture f;
    f.input.maps = std::nullopt;
    std::string maps;
    for (int i = 0; i < 3000; ++i) {
        maps += "7f00-7f01 r--p 00000000 00:00 " + std::to_string(i) + " /lib/some.so\n";
    }
    f.fake.add({.pid = 1, .name = "gosv", .maps = maps});
    SnapshotGatherer& gathered = f.look();
    gathered.read_details(gathered.self[0]);
    CHECK(gathered.self[0].maps.size() == 3000);
    CHECK(gathered.self[0].maps.back().ends_with("2999 /lib/some.so"));
}

TEST_CASE("of very many files the first are shown and all are counted by kind") {
    Fixture f;
    FakeProcess leaky{.pid = 1, .name = "leaky"};
    for (int fd = 0; fd < 1200; ++fd) {
        leaky.files.emplace_back(fd, fd % 3 == 0 ? "socket:[1]" : fd % 3 == 1 ? "pipe:[2]" : "/x");
    }
    f.fake.add(leaky);
    SnapshotGatherer& gathered = f.look();
    SnapshotProcess& process = gathered.self[0];
    gathered.read_details(process);
    CHECK(process.files_total == 1200);
    CHECK(process.files.size() == kMostFiles);
    CHECK(process.file_kinds.sockets == 400);
    CHECK(process.file_kinds.pipes == 400);
    CHECK(process.file_kinds.paths == 400);
}

TEST_CASE("a number that has got another process meanwhile is not mixed up with the old one") {
    Fixture f;
    f.fake.add({.pid = 1, .name = "gosv"});
    SnapshotGatherer& gathered = f.look();
    f.fake.write("1/stat", "1 (other) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 777 4096 1 1\n");
    gathered.read_details(gathered.self[0]);
    CHECK(gathered.self[0].details == Details::gone);
}

TEST_CASE("stat that is torn, empty or gone leaves the process out and nothing else") {
    Fixture f;
    f.services = {service("web", 12)};
    f.fake.add({.pid = 1, .name = "gosv"});
    f.fake.add({.pid = 12, .parent = 1});
    f.fake.add({.pid = 13, .parent = 12});
    f.fake.write("13/stat", "13 (sle");
    CHECK(shape(f.look().services[0]) == "12");
}

TEST_CASE("without /proc there is nothing, and no error") {
    SnapshotInput input;
    const os::Proc none;
    SnapshotGatherer gathered(input, none, kNever);
    gathered.look_at_all();
    CHECK_FALSE(gathered.proc_mounted);
    CHECK(gathered.self.empty());
}

TEST_CASE("when time is up the gathering ends and says so; who it is about is in it all the same") {
    Fixture f;
    f.services = {service("web", 12)};
    f.fake.add({.pid = 1, .name = "gosv"});
    f.fake.add({.pid = 12, .parent = 1});
    f.fake.add({.pid = 13, .parent = 12});
    f.deadline = sys::monotonic_now() - 1s;
    SnapshotGatherer& gathered = f.look();
    CHECK(gathered.out_of_time);
    CHECK(shape(gathered.self) == "1");
    CHECK(shape(gathered.services[0]) == "12");
    gathered.read_details(gathered.self[0]);
    CHECK(gathered.self[0].details == Details::not_read);
    CHECK(gathered.left_out == 1);
}

TEST_CASE("what may not be read is counted, and the rest is shown") {
    Fixture f;
    f.services = {service("web", 12)};
    f.fake.add({.pid = 1, .name = "gosv", .files = {{0, "/dev/null"}}});
    f.fake.add({.pid = 12, .parent = 1});
    f.fake.add({.pid = 13, .parent = 1});
    f.fake.chmod("12/fd", 0);
    f.fake.chmod("12/maps", 0);
    f.fake.chmod("13", 0);  // hidepid=1
    CHECK(test::isolated([&]() -> std::string {
              EXPECT(::setresgid(65534, 65534, 65534) == 0);
              EXPECT(::setresuid(65534, 65534, 65534) == 0);
              SnapshotGatherer& gathered = f.look();
              EXPECT(gathered.unreadable == 1);
              EXPECT(gathered.services[0].size() == 1);
              SnapshotProcess& web = gathered.services[0][0];
              gathered.read_details(web);
              EXPECT(web.details == Details::read);
              EXPECT(web.files_error == EACCES);
              EXPECT(web.maps_error == EACCES);
              EXPECT(gathered.denied == 1);
              gathered.read_details(gathered.self[0]);
              EXPECT(gathered.self[0].files.size() == 1);
              EXPECT(gathered.denied == 1);
              return "";
          }) == "");
}

TEST_CASE("the real /proc: a child that does not wait for its own, with a name to fear") {
    const test::FdLeakGuard guard;
    CHECK(test::isolated([]() -> std::string {
              int ready[2];
              EXPECT(::pipe2(ready, O_CLOEXEC) == 0);
              const pid_t main = ::fork();
              if (main == 0) {
                  ::setpgid(0, 0);
                  ::prctl(PR_SET_NAME, ") (\n\x1b[31m");
                  const int null = ::open("/dev/null", O_RDWR);
                  ::dup2(null, 100);
                  const pid_t zombie = ::fork();
                  if (zombie == 0) {
                      ::_exit(0);
                  }
                  siginfo_t info{};
                  ::waitid(P_PID, static_cast<id_t>(zombie), &info, WEXITED | WNOWAIT);
                  (void)!::write(ready[1], "x", 1);
                  ::pause();
                  ::_exit(0);
              }
              char byte;
              EXPECT(::read(ready[0], &byte, 1) == 1);

              const std::vector<SnapshotService> services{service("fear", main)};
              SnapshotInput input;
              input.self = Pid{::getpid()};
              input.services = services;
              const os::Proc proc = os::Proc::open();
              SnapshotGatherer gathered(input, proc, kNever);
              gathered.look_at_all();

              EXPECT(gathered.services[0].size() == 2);
              SnapshotProcess& shown = gathered.services[0][0];
              EXPECT(shown.name == ") (\n\x1b[31m");
              EXPECT(shown.parent == input.self);
              EXPECT(shown.threads == 1);
              EXPECT(shown.vm_rss_kb > 0);
              EXPECT(shown.vm_size_kb >= shown.vm_rss_kb);
              EXPECT(gathered.services[0][1].state == 'Z');
              EXPECT(gathered.zombies.size() == 1);
              EXPECT(gathered.zombies[0].parent == Pid{main});
              gathered.read_details(shown);
              EXPECT(shown.details == Details::read);
              EXPECT(shown.maps.size() == 10);
              EXPECT(shown.maps_total > 10);
              EXPECT(std::any_of(shown.files.begin(), shown.files.end(), [](const OpenFile& file) {
                  return file.fd == 100 && file.target == "/dev/null";
              }));
              EXPECT(gathered.self.size() == 1);
              return "";
          }) == "");
}
