// User, groups and capabilities of a service. Most of it needs root; the others are told so.
#include <doctest/doctest.h>
#include <grp.h>
#include <linux/capability.h>

#include <cerrno>
#include <cstdlib>

#include "child_fixture.hpp"
#include "status_field.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os;
using test::Ended;
using test::Image;

namespace {

constexpr std::uint32_t kNobody = 65534;
constexpr std::uint64_t kBind = std::uint64_t{1} << CAP_NET_BIND_SERVICE;
constexpr std::uint64_t kChown = std::uint64_t{1} << CAP_CHOWN;

// A container's tests run as root; on a developer's own machine this part is told to be missing.
bool is_root() {
    if (::geteuid() == 0) {
        return true;
    }
    MESSAGE("not run: needs root");
    return false;
}

std::string field(const Ended& ended, std::string_view name) {
    return test::status_field(ended.output, name).value_or("absent");
}

std::uint64_t set(const Ended& ended, std::string_view name) {
    return std::strtoull(field(ended, name).c_str(), nullptr, 16);
}

Image print_status() {
    return Image({"/bin/cat", "/proc/self/status"});
}

void become_nobody(Image& image, const std::vector<std::uint32_t>& groups) {
    image.child.set_credentials = true;
    image.child.uid = kNobody;
    image.child.gid = 1234;
    image.child.groups = groups.data();
    image.child.group_count = groups.size();
}

}  // namespace

TEST_CASE("user, group and supplementary groups are those of the image, all of them") {
    if (!is_root()) {
        return;
    }
    Image image = print_status();
    const std::vector<std::uint32_t> groups{7, 1234, 99};
    become_nobody(image, groups);
    const Ended ended = test::run(image);
    CHECK(field(ended, "Uid") == "65534\t65534\t65534\t65534");
    CHECK(field(ended, "Gid") == "1234\t1234\t1234\t1234");
    CHECK(field(ended, "Groups") == "7 99 1234");
    CHECK(set(ended, "CapEff") == 0);
    CHECK(set(ended, "CapPrm") == 0);
    CHECK(set(ended, "CapAmb") == 0);
}

TEST_CASE("an empty list of groups takes ours away") {
    if (!is_root()) {
        return;
    }
    const std::string wrong = test::isolated([]() -> std::string {
        const gid_t ours[] = {5, 6};
        EXPECT(::setgroups(2, ours) == 0);
        Image image = print_status();
        become_nobody(image, {});
        EXPECT(field(test::run(image), "Groups") == "");
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("the working directory is entered as the service's own user") {
    if (!is_root()) {
        return;
    }
    const test::TempDir dir;
    const std::string secret = dir.make_directory("secret", 0700);
    Image image({"/bin/true"});
    image.child.working_dir = secret.c_str();
    CHECK(test::run(image).code() == 0);
    become_nobody(image, {});
    const Ended ended = test::run(image);
    CHECK(ended.exec.stage == Stage::working_dir);
    CHECK(ended.exec.err == EACCES);
}

TEST_CASE("limits that need privileges are raised before these are given up") {
    if (!is_root()) {
        return;
    }
    Image image = Image::shell("nice; cat /proc/self/oom_score_adj; id -u");
    become_nobody(image, {});
    image.child.set_nice = true;
    image.child.nice = -3;
    // Writing to /proc/self as another user than it belongs to would not be allowed.
    image.child.oom_score_adj = "5";
    image.child.oom_score_adj_len = 1;
    CHECK(test::run(image).output == "-3\n5\n65534\n");
}

TEST_CASE("without privileges only the user that one is already can be had") {
    if (!is_root()) {
        return;
    }
    const std::string wrong = test::isolated([]() -> std::string {
        const gid_t ours[] = {7};
        EXPECT(::setgroups(1, ours) == 0);
        EXPECT(::setresgid(1234, 1234, 1234) == 0);
        EXPECT(::setresuid(kNobody, kNobody, kNobody) == 0);

        Image image = Image::shell("id -u; id -G");
        const std::vector<std::uint32_t> same{7, 1234};
        become_nobody(image, same);
        EXPECT(test::run(image).output == "65534\n1234 7\n");

        const std::vector<std::uint32_t> more{7, 8};
        become_nobody(image, more);
        Ended ended = test::run(image);
        EXPECT(ended.exec.stage == Stage::groups);
        EXPECT(ended.exec.err == EPERM);
        EXPECT(ended.code() == 126);

        become_nobody(image, {});  // the 7 would stay
        EXPECT(test::run(image).exec.stage == Stage::groups);

        become_nobody(image, same);
        image.child.uid = 1;
        ended = test::run(image);
        EXPECT(ended.exec.stage == Stage::uid);
        EXPECT(ended.exec.err == EPERM);

        become_nobody(image, same);
        image.child.gid = 1;
        EXPECT(test::run(image).exec.stage == Stage::groups);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("a service that stays root keeps the capabilities of the image and no others") {
    if (!is_root()) {
        return;
    }
    Image image = print_status();
    image.child.set_capabilities = true;
    image.child.keep_caps = kBind | kChown;
    const Ended ended = test::run(image);
    CHECK(set(ended, "CapBnd") == (kBind | kChown));
    CHECK(set(ended, "CapPrm") == (kBind | kChown));
    CHECK(set(ended, "CapEff") == (kBind | kChown));
    CHECK(set(ended, "CapInh") == 0);
    CHECK(set(ended, "CapAmb") == 0);

    image.child.keep_caps = 0;
    CHECK(set(test::run(image), "CapEff") == 0);
    image.child.keep_caps = ~std::uint64_t{0};
    CHECK(set(test::run(image), "CapEff") == set(test::run(image), "CapBnd"));
}

TEST_CASE("another user gets the ambient capabilities and no others") {
    if (!is_root()) {
        return;
    }
    Image image = print_status();
    become_nobody(image, {});
    image.child.set_capabilities = true;
    image.child.keep_caps = kBind | kChown;
    image.child.ambient_caps = kBind;
    image.child.no_new_privs = true;
    const Ended ended = test::run(image);
    CHECK(field(ended, "Uid") == "65534\t65534\t65534\t65534");
    CHECK(set(ended, "CapBnd") == (kBind | kChown));
    CHECK(set(ended, "CapPrm") == kBind);
    CHECK(set(ended, "CapEff") == kBind);
    CHECK(set(ended, "CapAmb") == kBind);
}

TEST_CASE("without ambient ones, changing the user leaves no capability") {
    if (!is_root()) {
        return;
    }
    Image image = print_status();
    become_nobody(image, {});
    image.child.set_capabilities = true;
    image.child.keep_caps = kBind;
    const Ended ended = test::run(image);
    CHECK(set(ended, "CapBnd") == kBind);
    CHECK(set(ended, "CapPrm") == 0);
    CHECK(set(ended, "CapEff") == 0);
}

TEST_CASE("dropping capabilities without the right to is told, unless there are none") {
    if (!is_root()) {
        return;
    }
    const std::string wrong = test::isolated([]() -> std::string {
        EXPECT(::setresuid(kNobody, kNobody, kNobody) == 0);
        Image image = print_status();
        image.child.set_capabilities = true;
        image.child.keep_caps = ~std::uint64_t{0};
        EXPECT(test::run(image).code() == 0);

        image.child.keep_caps = kBind;
        Ended ended = test::run(image);
        EXPECT(ended.exec.stage == Stage::capabilities);
        EXPECT(ended.exec.err == EPERM);

        image.child.keep_caps = ~std::uint64_t{0};
        image.child.ambient_caps = kBind;
        ended = test::run(image);
        EXPECT(ended.exec.stage == Stage::capabilities);
        EXPECT(ended.exec.err == EPERM);
        return "";
    });
    CHECK(wrong == "");
}

TEST_CASE("a container without any capability can still drop them all") {
    if (!is_root()) {
        return;
    }
    const std::string wrong = test::isolated([]() -> std::string {
        // docker run --cap-drop=ALL: first the bounding set, then ours.
        Image bare({"/bin/true"});
        for (int cap = 0; ::prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; ++cap) {
            EXPECT(::prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0);
        }
        EXPECT(::setresuid(kNobody, kNobody, kNobody) == 0);
        bare.child.set_capabilities = true;
        bare.child.keep_caps = 0;
        bare.child.no_new_privs = true;
        EXPECT(test::run(bare).code() == 0);
        return "";
    });
    CHECK(wrong == "");
}
