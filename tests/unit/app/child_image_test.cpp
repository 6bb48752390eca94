// What of a plan's program goes where in the child's form.
#include "app/child_image.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/plan_spec.hpp"

using namespace gosv;
using app::ChildImages;
using core::Task;

namespace {

constexpr ServiceId kService{0};

using Strings = std::vector<std::string>;

Strings environment_of(const os::ChildImage& image) {
    Strings entries;
    for (char* const* entry = image.envp; *entry != nullptr; ++entry) {
        entries.emplace_back(*entry);
    }
    return entries;
}

manifest::ExecSpec notifying() {
    manifest::ExecSpec spec;
    spec.name = "db";
    spec.argv = manifest::StringBlock({"/bin/db", "-x"});
    spec.candidates = manifest::StringBlock({"/bin/db"});
    spec.envp = manifest::StringBlock(
        {"PATH=/bin", "NOTIFY_SOCKET=@00000", "WATCHDOG_USEC=1000", "LANG=C"});
    spec.notify_socket = true;
    spec.working_dir = "/srv";
    spec.umask = 027;
    spec.probe = manifest::ExecProbe{{"ready"}};
    spec.probe_command = {manifest::StringBlock({"ready", "-q"}),
                          manifest::StringBlock({"/bin/ready"})};
    spec.stop_command = {manifest::StringBlock({"halt"}), manifest::StringBlock({"/bin/halt"})};
    return spec;
}

struct Made {
    explicit Made(std::vector<manifest::ExecSpec> execs, bool command = false)
        : plan([&] {
              test::PlanSpec spec;
              spec.execs = std::move(execs);
              spec.supervisor.command_mode = command;
              return spec.plan();
          }()),
          images(plan, {}) {}

    manifest::Plan plan;
    ChildImages images;
};

}  // namespace

TEST_CASE("a service is started as the plan says") {
    manifest::ExecSpec spec = notifying();
    spec.notify_socket = false;
    spec.ulimits = {{7, 10, 20}};
    spec.oom_score_adj = -5;
    const Made made({spec});
    const os::ChildImage image = made.images.of_service(kService);
    CHECK(std::string(image.argv[1]) == "-x");
    CHECK(std::string(image.candidates[0]) == "/bin/db");
    CHECK(std::string(image.working_dir) == "/srv");
    CHECK(image.set_umask);
    CHECK(image.umask == 027);
    CHECK_FALSE(image.set_nice);
    REQUIRE(image.rlimit_count == 1);
    CHECK(image.rlimits[0].resource == 7);
    CHECK(image.rlimits[0].value.hard == 20);
    CHECK(std::string(image.oom_score_adj, image.oom_score_adj_len) == "-5");
    CHECK(image.stdin_null);
    CHECK_FALSE(image.capture_output);
    CHECK(image.envp == made.plan.execs[0].envp.get());
}

TEST_CASE("a service finds the name of its socket, and a watchdog that is its own") {
    Made made({notifying()});
    made.images.name_socket(kService, "@0012f");
    const os::ChildImage image = made.images.of_service(kService);
    CHECK(environment_of(image) == Strings{"PATH=/bin", "NOTIFY_SOCKET=@0012f",
                                           "WATCHDOG_USEC=1000", "LANG=C", "WATCHDOG_PID="});
    // The child writes its pid behind the last one.
    REQUIRE(image.watchdog_pid.value != nullptr);
    CHECK(image.watchdog_pid.width >= 10);
    image.watchdog_pid.value[0] = '7';
    CHECK(environment_of(image).back() == "WATCHDOG_PID=7");
    // The plan's own text is as it was.
    CHECK(made.plan.execs[0].envp[1] == "NOTIFY_SOCKET=@00000");
}

TEST_CASE("a service without a watchdog gets no pid for one") {
    manifest::ExecSpec spec = notifying();
    spec.envp = manifest::StringBlock({"NOTIFY_SOCKET=@00000"});
    Made made({spec});
    made.images.name_socket(kService, "@0012f");
    const os::ChildImage image = made.images.of_service(kService);
    CHECK(environment_of(image) == Strings{"NOTIFY_SOCKET=@0012f"});
    CHECK(image.watchdog_pid.value == nullptr);
}

TEST_CASE("a task runs as its service does, without what is for the service alone") {
    Made made({notifying()});
    made.images.name_socket(kService, "@0012f");
    const os::ChildImage probe = made.images.of_task(kService, Task::probe);
    CHECK(std::string(probe.argv[1]) == "-q");
    CHECK(std::string(probe.candidates[0]) == "/bin/ready");
    CHECK(std::string(probe.working_dir) == "/srv");
    CHECK(probe.umask == 027);
    CHECK(probe.stdin_null);
    CHECK(probe.capture_output);
    CHECK(probe.watchdog_pid.value == nullptr);
    CHECK(environment_of(probe) == Strings{"PATH=/bin", "LANG=C"});

    const os::ChildImage stop = made.images.of_task(kService, Task::stop_command);
    CHECK(std::string(stop.argv[0]) == "halt");
    CHECK_FALSE(stop.capture_output);
    CHECK(environment_of(stop) == Strings{"PATH=/bin", "LANG=C"});
}

TEST_CASE("a task whose service has nothing to itself has the service's environment") {
    manifest::ExecSpec spec = notifying();
    spec.notify_socket = false;
    spec.envp = manifest::StringBlock({"PATH=/bin"});
    const Made made({spec});
    CHECK(made.images.of_task(kService, Task::probe).envp == made.plan.execs[0].envp.get());
}

TEST_CASE("only the service itself gets the pipe of notify_fd, and the terminal") {
    manifest::ExecSpec spec = notifying();
    spec.notify_socket = false;
    spec.notify_fd = 4;
    const Made made({spec});
    CHECK(made.images.of_service(kService).notify_fd == 4);
    CHECK(made.images.of_task(kService, Task::probe).notify_fd == -1);
    CHECK_FALSE(made.images.of_task(kService, Task::probe).take_terminal);
}

TEST_CASE("CMD finds its own pid where gosv found its") {
    manifest::ExecSpec spec;
    spec.envp = manifest::StringBlock({"A=1", "LISTEN_PID=" + std::to_string(::getpid()), "B=2"});
    const Made made({spec}, true);
    const os::ChildImage image = made.images.of_service(kService);
    CHECK(environment_of(image) == Strings{"A=1", "LISTEN_PID=", "B=2"});
    REQUIRE(image.listen_pid.value != nullptr);
    image.listen_pid.value[0] = '9';
    CHECK(environment_of(image)[1] == "LISTEN_PID=9");
}
