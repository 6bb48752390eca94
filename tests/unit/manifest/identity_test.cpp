// `user` and `group_add`: whom a service runs as, and what is said of names that nobody has.
#include "manifest/identity.hpp"

#include <doctest/doctest.h>

using namespace gosv;
using namespace gosv::manifest;

namespace {

using Ids = std::vector<std::uint32_t>;

HostFacts debian() {
    HostFacts host;
    host.passwd =
        "root:x:0:0:root:/root:/bin/bash\n"
        "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
        "postgres:x:999:998::/var/lib/postgresql:\n"
        "4242:x:77:78::/home/4242:/bin/sh\n";
    host.group =
        "root:x:0:\nssl-cert:x:101:postgres\nwww-data:x:33:\nbackup:x:34:postgres\n"
        "postgres:x:998:\n";
    host.groups = {0, 4};
    return host;
}

HostFacts scratch() {
    return {};
}

Service service_of(std::optional<UserSpec> user, std::vector<std::string> group_add = {}) {
    Service service;
    service.name = "web";
    service.at = {2, 3};
    if (user) {
        service.user_at = {4, 11};
    }
    service.user = std::move(user);
    service.group_add = std::move(group_add);
    service.group_add_at = {5, 16};
    return service;
}

struct Resolved {
    std::optional<Identity> identity;
    Diagnostics diagnostics;
};

Resolved resolve(const Service& service, const HostFacts& host) {
    Resolved result;
    const UserDatabase database(host.passwd, host.group);
    Report report;
    result.identity = resolve_identity(service, host, database, report);
    result.diagnostics = report.take();
    return result;
}

Identity known(const Service& service, const HostFacts& host) {
    const Resolved result = resolve(service, host);
    CHECK(result.diagnostics.empty());
    REQUIRE(result.identity);
    return *result.identity;
}

Diagnostic refused(const Service& service, const HostFacts& host) {
    const Resolved result = resolve(service, host);
    CHECK_FALSE(result.identity);
    REQUIRE(result.diagnostics.size() == 1);
    CHECK(result.diagnostics[0].severity == Diagnostic::Severity::error);
    return result.diagnostics[0];
}

}  // namespace

TEST_CASE("without user and group_add a service runs as gosv does") {
    const Resolved result = resolve(service_of(std::nullopt), debian());
    CHECK_FALSE(result.identity);
    CHECK(result.diagnostics.empty());
}

TEST_CASE("a name brings its group, its supplementary groups and its home") {
    const Identity identity = known(service_of(UserSpec{"postgres", {}}), debian());
    CHECK(identity.credentials.uid == 999);
    CHECK(identity.credentials.gid == 998);
    CHECK(identity.credentials.groups == Ids{998, 101, 34});
    CHECK(identity.logs_in);
    CHECK(identity.name == "postgres");
    CHECK(identity.home == "/var/lib/postgresql");
    CHECK(identity.shell == "/bin/sh");
}

TEST_CASE("a uid that passwd knows is that user") {
    const Identity identity = known(service_of(UserSpec{"999", {}}), debian());
    CHECK(identity.name == "postgres");
    CHECK(identity.credentials.gid == 998);
    CHECK(identity.credentials.groups == Ids{998, 101, 34});
}

TEST_CASE("a uid that passwd does not know has group 0 and home /, as in docker") {
    for (const HostFacts& host : {debian(), scratch()}) {
        const Identity identity = known(service_of(UserSpec{"1234", {}}), host);
        CHECK(identity.credentials.uid == 1234);
        CHECK(identity.credentials.gid == 0);
        CHECK(identity.credentials.groups == Ids{0});
        CHECK(identity.logs_in);
        CHECK(identity.name.empty());
        CHECK(identity.home == "/");
        CHECK(identity.shell.empty());
    }
}

TEST_CASE("gosv's own uid without an entry keeps gosv's group") {
    HostFacts host = scratch();
    host.uid = 1000;
    host.gid = 1000;
    const Identity identity = known(service_of(UserSpec{"1000", {}}), host);
    CHECK(identity.credentials.gid == 1000);
    CHECK(identity.credentials.groups == Ids{1000});
}

TEST_CASE("a number is a uid, even where somebody has that name") {
    const Identity identity = known(service_of(UserSpec{"4242", {}}), debian());
    CHECK(identity.credentials.uid == 4242);
    CHECK(identity.name.empty());
}

TEST_CASE("a group after the colon is the only one") {
    const Identity by_name = known(service_of(UserSpec{"postgres", "www-data"}), debian());
    CHECK(by_name.credentials.gid == 33);
    CHECK(by_name.credentials.groups == Ids{33});
    CHECK(by_name.home == "/var/lib/postgresql");
    const Identity by_number = known(service_of(UserSpec{"1234", "5678"}), scratch());
    CHECK(by_number.credentials.uid == 1234);
    CHECK(by_number.credentials.gid == 5678);
    CHECK(by_number.credentials.groups == Ids{5678});
}

TEST_CASE("group_add comes on top, each group once") {
    const Identity identity =
        known(service_of(UserSpec{"postgres", {}}, {"www-data", "34", "7", "7"}), debian());
    CHECK(identity.credentials.groups == Ids{998, 101, 34, 33, 7});
}

TEST_CASE("group_add alone adds to what gosv has and changes nothing else") {
    HostFacts host = debian();
    host.uid = 5;
    host.gid = 6;
    const Identity identity = known(service_of(std::nullopt, {"backup"}), host);
    CHECK(identity.credentials.uid == 5);
    CHECK(identity.credentials.gid == 6);
    CHECK(identity.credentials.groups == Ids{0, 4, 34});
    CHECK_FALSE(identity.logs_in);
}

TEST_CASE("an unknown user is told with its place and the nearest name") {
    const Diagnostic told = refused(service_of(UserSpec{"postgers", {}}), debian());
    CHECK(told.at.line == 4);
    CHECK(told.at.column == 11);
    CHECK(told.path == "services.web.user");
    CHECK(told.message == "no user 'postgers'");
    CHECK(told.hint == "did you mean 'postgres'?");
}

TEST_CASE("without a near name the hint says where users come from") {
    CHECK(refused(service_of(UserSpec{"zookeeper", {}}), debian()).hint ==
          "add it to /etc/passwd of the image, or give the uid as a number");
    CHECK(refused(service_of(UserSpec{"postgres", {}}), scratch()).hint ==
          "there is no /etc/passwd to look in: give the uid as a number, such as 1000");
}

TEST_CASE("an unknown group is told, of user and of group_add") {
    const Diagnostic of_user = refused(service_of(UserSpec{"root", "wwwdata"}), debian());
    CHECK(of_user.path == "services.web.user");
    CHECK(of_user.message == "no group 'wwwdata'");
    CHECK(of_user.hint == "did you mean 'www-data'?");
    const Diagnostic added = refused(service_of(std::nullopt, {"docker"}), scratch());
    CHECK(added.path == "services.web.group_add");
    CHECK(added.at.line == 5);
    CHECK(added.hint ==
          "there is no /etc/group to look in: give the gid as a number, such as 1000");
}

TEST_CASE("all that is unknown of a service is told at once") {
    const Resolved result =
        resolve(service_of(UserSpec{"nobodi", "nogrup"}, {"docker", "33", "wheel"}), debian());
    CHECK_FALSE(result.identity);
    CHECK(result.diagnostics.size() == 4);
}

TEST_CASE("a number that is no id is out of range, not an unknown name") {
    const Diagnostic told = refused(service_of(UserSpec{"4294967295", {}}), debian());
    CHECK(told.message == "uid '4294967295' is out of range");
    CHECK(refused(service_of(UserSpec{"0", "99999999999"}), debian()).message ==
          "gid '99999999999' is out of range");
}
