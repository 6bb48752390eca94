// What a service finds in its environment, and where its program is looked for.
#include "manifest/service_environment.hpp"

#include <doctest/doctest.h>

using namespace gosv;
using namespace gosv::manifest;

namespace {

using Strings = std::vector<std::string>;

Strings environment_of(const Strings& inherited, const EnvironmentChanges& changes = {},
                       const Identity* identity = nullptr) {
    return service_environment(inheritable(inherited), identity, changes, "web");
}

Identity postgres() {
    Identity identity;
    identity.logs_in = true;
    identity.name = "postgres";
    identity.home = "/var/lib/postgresql";
    identity.shell = "/bin/bash";
    return identity;
}

}  // namespace

TEST_CASE("a service inherits gosv's environment and is told its name") {
    CHECK(environment_of({"PATH=/bin", "A=1"}) == Strings{"PATH=/bin", "A=1", "GOSV_SERVICE=web"});
}

TEST_CASE("changes win, in place, and null removes") {
    CHECK(environment_of({"A=1", "B=2", "C=3"},
                         {{"B", "two"}, {"C", std::nullopt}, {"D", "4"}, {"E", std::nullopt}}) ==
          Strings{"A=1", "B=two", "D=4", "GOSV_SERVICE=web"});
}

TEST_CASE("of two changes of one key the last counts") {
    CHECK(environment_of({}, {{"A", "file"}, {"A", std::nullopt}, {"A", "own"}}) ==
          Strings{"A=own", "GOSV_SERVICE=web"});
}

TEST_CASE("an inherited key that stands twice stands once, and what is no entry is left out") {
    CHECK(environment_of({"A=1", "A=2", "garbage", "EMPTY=", "X=a=b"}) ==
          Strings{"A=1", "EMPTY=", "X=a=b", "GOSV_SERVICE=web"});
}

TEST_CASE("the name of the service cannot be forged") {
    CHECK(environment_of({"GOSV_SERVICE=outer"}, {{"GOSV_SERVICE", "forged"}}) ==
          Strings{"GOSV_SERVICE=web"});
}

TEST_CASE("what systemd gave to gosv is not passed on, unless it is asked for") {
    const Strings inherited = {"LISTEN_PID=1",       "LISTEN_FDS=2",   "LISTEN_FDNAMES=a:b",
                               "NOTIFY_SOCKET=/run", "WATCHDOG_PID=1", "WATCHDOG_USEC=1"};
    CHECK(environment_of(inherited) == Strings{"GOSV_SERVICE=web"});
    CHECK(environment_of(inherited, {{"NOTIFY_SOCKET", "/run"}}) ==
          Strings{"NOTIFY_SOCKET=/run", "GOSV_SERVICE=web"});
}

TEST_CASE("a user brings HOME, USER, LOGNAME and SHELL") {
    const Identity identity = postgres();
    CHECK(environment_of({"HOME=/root", "USER=root"}, {}, &identity) ==
          Strings{"HOME=/var/lib/postgresql", "USER=postgres", "LOGNAME=postgres",
                  "SHELL=/bin/bash", "GOSV_SERVICE=web"});
}

TEST_CASE("the service's own environment wins over the user's") {
    const Identity identity = postgres();
    CHECK(environment_of({}, {{"HOME", "/data"}, {"SHELL", std::nullopt}}, &identity) ==
          Strings{"HOME=/data", "USER=postgres", "LOGNAME=postgres", "GOSV_SERVICE=web"});
}

TEST_CASE("a number without an entry does not keep the name of gosv's own user") {
    Identity identity;
    identity.logs_in = true;
    identity.home = "/";
    CHECK(environment_of({"HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/bash"}, {},
                         &identity) == Strings{"HOME=/", "GOSV_SERVICE=web"});
}

TEST_CASE("group_add alone does not touch the environment") {
    const Identity identity;
    CHECK(environment_of({"HOME=/root"}, {}, &identity) ==
          Strings{"HOME=/root", "GOSV_SERVICE=web"});
}

TEST_CASE("a program with a slash is looked for in one place") {
    CHECK(exec_candidates("/bin/true", {"PATH=/usr/bin"}) == Strings{"/bin/true"});
    CHECK(exec_candidates("./run", {"PATH=/usr/bin"}) == Strings{"./run"});
    CHECK(exec_candidates("bin/run", {}) == Strings{"bin/run"});
}

TEST_CASE("a bare name is looked for along the service's own PATH") {
    CHECK(exec_candidates("web", {"A=1", "PATH=/a:/b/:c"}) == Strings{"/a/web", "/b/web", "c/web"});
    CHECK(exec_candidates("web", {"PATHS=/a", "PATH=/"}) == Strings{"/web"});
}

TEST_CASE("an empty element of PATH is the current directory") {
    CHECK(exec_candidates("-x", {"PATH=/a::/b"}) == Strings{"/a/-x", "./-x", "/b/-x"});
    CHECK(exec_candidates("web", {"PATH=:/a"}) == Strings{"./web", "/a/web"});
    CHECK(exec_candidates("web", {"PATH=/a:"}) == Strings{"/a/web", "./web"});
    CHECK(exec_candidates("web", {"PATH="}) == Strings{"./web"});
}

TEST_CASE("without PATH programs are looked for where execvp does") {
    CHECK(exec_candidates("web", {"HOME=/"}) ==
          Strings{"/usr/local/bin/web", "/bin/web", "/usr/bin/web"});
}

TEST_CASE("an empty name is found nowhere") {
    CHECK(exec_candidates("", {"PATH=/bin"}).empty());
}
