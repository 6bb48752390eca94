// What of a plan's program goes where in the child's form.
#include "app/child_image.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gosv;
using app::ProgramImage;
using core::Task;

namespace {

std::vector<std::string> environment_of(ProgramImage& image) {
    std::vector<std::string> entries;
    for (char* const* entry = image.child().envp; *entry != nullptr; ++entry) {
        entries.emplace_back(*entry);
    }
    return entries;
}

manifest::ExecSpec notifying() {
    manifest::ExecSpec spec;
    spec.name = "db";
    spec.argv = manifest::StringBlock({"/bin/db", "-x"});
    spec.candidates = manifest::StringBlock({"/bin/db"});
    spec.envp = manifest::StringBlock({"PATH=/bin", "NOTIFY_SOCKET=@00000",

                                       "WATCHDOG_USEC=1000", "LANG=C"});
    spec.notify_socket = true;
    spec.working_dir = "/srv";
    spec.umask = 027;
    spec.probe = manifest::ExecProbe{{"ready"}};
    spec.probe_command = {manifest::StringBlock({"ready", "-q"}),
                          manifest::StringBlock({"/bin/ready"})};
    spec.stop_command = {manifest::StringBlock({"halt"}), manifest::StringBlock({"/bin/halt"})};
    return spec;
}

}  // namespace

TEST_CASE("a service finds the name of its socket, and a watchdog that is its own") {
    const manifest::ExecSpec spec = notifying();
    ProgramImage image;
    image.build_service(spec, "@0012f");
    CHECK(environment_of(image) == std::vector<std::string>{"PATH=/bin", "NOTIFY_SOCKET=@0012f",
                                                            "WATCHDOG_USEC=1000", "LANG=C",
                                                            "WATCHDOG_PID="});
    // The child writes its pid behind the last one.
    REQUIRE(image.child().watchdog_pid.value != nullptr);
    CHECK(image.child().watchdog_pid.width >= 10);
    image.child().watchdog_pid.value[0] = '7';
    CHECK(environment_of(image).back() == "WATCHDOG_PID=7");
    // The plan's own text is as it was.
    CHECK(spec.envp[1] == "NOTIFY_SOCKET=@00000");
}

TEST_CASE("a service without a watchdog gets no pid for one") {
    manifest::ExecSpec spec = notifying();
    spec.envp = manifest::StringBlock({"NOTIFY_SOCKET=@00000"});
    ProgramImage image;
    image.build_service(spec, "@0012f");
    CHECK(environment_of(image) == std::vector<std::string>{"NOTIFY_SOCKET=@0012f"});
    CHECK(image.child().watchdog_pid.value == nullptr);
}

TEST_CASE("a task runs as its service does, without what is for the service alone") {
    const manifest::ExecSpec spec = notifying();
    ProgramImage probe;
    probe.build_task(spec, Task::probe);
    CHECK(std::string(probe.child().argv[1]) == "-q");
    CHECK(std::string(probe.child().candidates[0]) == "/bin/ready");
    CHECK(std::string(probe.child().working_dir) == "/srv");
    CHECK(probe.child().umask == 027);
    CHECK(probe.child().stdin_null);
    CHECK(probe.child().capture_output);
    CHECK(environment_of(probe) == std::vector<std::string>{"PATH=/bin", "LANG=C"});

    ProgramImage stop;
    stop.build_task(spec, Task::stop_command);
    CHECK(std::string(stop.child().argv[0]) == "halt");
    CHECK_FALSE(stop.child().capture_output);
    CHECK(environment_of(stop) == std::vector<std::string>{"PATH=/bin", "LANG=C"});
}

TEST_CASE("only the service itself gets the pipe of notify_fd, and the terminal") {
    manifest::ExecSpec spec = notifying();
    spec.notify_socket = false;
    spec.notify_fd = 4;
    ProgramImage service;
    service.build_service(spec, "");
    CHECK(service.child().notify_fd == 4);
    ProgramImage probe;
    probe.build_task(spec, Task::probe);
    CHECK(probe.child().notify_fd == -1);
    CHECK_FALSE(probe.takes_terminal());
}
