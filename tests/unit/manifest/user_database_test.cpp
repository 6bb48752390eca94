// passwd and group files as they are found in images: sane, odd, broken, huge.
#include "manifest/user_database.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace gosv;
using manifest::parse_id;
using manifest::UserDatabase;

namespace {

using Ids = std::vector<std::uint32_t>;

constexpr std::string_view kPasswd =
    "root:x:0:0:root:/root:/bin/bash\n"
    "www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin\n"
    "postgres:x:999:998::/var/lib/postgresql:/bin/bash\n";

constexpr std::string_view kGroup =
    "root:x:0:\n"
    "ssl-cert:x:101:postgres\n"
    "www-data:x:33:\n"
    "backup:x:34:www-data,postgres\n"
    "postgres:x:998:\n";

}  // namespace

TEST_CASE("users are found by name and by number") {
    const UserDatabase database(kPasswd, kGroup);
    REQUIRE(database.user("postgres") != nullptr);
    CHECK(database.user("postgres")->uid == 999);
    CHECK(database.user("postgres")->gid == 998);
    CHECK(database.user("postgres")->home == "/var/lib/postgresql");
    CHECK(database.user("postgres")->shell == "/bin/bash");
    REQUIRE(database.user(33) != nullptr);
    CHECK(database.user(33)->name == "www-data");
    CHECK(database.user("nobody") == nullptr);
    CHECK(database.user(1000) == nullptr);
}

TEST_CASE("groups are found by name, and by the users they list") {
    const UserDatabase database(kPasswd, kGroup);
    REQUIRE(database.group("ssl-cert") != nullptr);
    CHECK(database.group("ssl-cert")->gid == 101);
    CHECK(database.group("wheel") == nullptr);
    CHECK(database.groups_of("postgres") == Ids{101, 34});
    CHECK(database.groups_of("root").empty());
    // A name that is part of a listed one is not listed.
    CHECK(database.groups_of("post").empty());
    CHECK(database.groups_of("").empty());
}

TEST_CASE("a scratch image has neither file") {
    const UserDatabase database("", "");
    CHECK_FALSE(database.has_users());
    CHECK_FALSE(database.has_groups());
    CHECK(database.user("root") == nullptr);
    CHECK(database.user(0) == nullptr);
    CHECK(database.nearest_user("root").empty());
}

TEST_CASE("what is no entry is skipped") {
    const UserDatabase database(
        "# a comment:x:1:1::/:/\n"
        "\n"
        "   \n"
        "+nis:x:2:2::/:/bin/sh\n"
        "+::::::\n"
        "-banned:x:3:3::/:/bin/sh\n"
        ":x:4:4::/:/bin/sh\n"
        "no-fields\n"
        "few:x:5\n"
        "letters:x:abc:5::/:/bin/sh\n"
        "negative:x:-1:5::/:/bin/sh\n"
        "minus-one:x:4294967295:5::/:/bin/sh\n"
        "too-large:x:4294967296:5::/:/bin/sh\n"
        "no-gid:x:5:::/:/bin/sh\n"
        "good:x:6:6::/home/good:/bin/sh\n",
        "# comment:x:1:good\n"
        "+:::\n"
        "bad:x:one:good\n"
        "fine:x:7:good\n");
    CHECK(database.user("good") != nullptr);
    CHECK(database.groups_of("good") == Ids{7});
    for (const char* name :
         {"# a comment", "+nis", "nis", "+", "-banned", "banned", "", "no-fields", "few", "letters",
          "negative", "minus-one", "too-large", "no-gid"}) {
        CAPTURE(name);
        CHECK(database.user(name) == nullptr);
    }
}

TEST_CASE("home and shell may be missing, and the last line may have no end") {
    const UserDatabase database(
        "  indented:x:1:2\nshort:x:3:4:Mr. Short\ndos:x:5:6::/dos:/bin/sh\r", "g:x:9:a,indented");
    REQUIRE(database.user("indented") != nullptr);
    CHECK(database.user("indented")->home.empty());
    CHECK(database.user("indented")->shell.empty());
    REQUIRE(database.user("short") != nullptr);
    CHECK(database.user("short")->gid == 4);
    REQUIRE(database.user("dos") != nullptr);
    CHECK(database.user("dos")->shell == "/bin/sh");
    CHECK(database.groups_of("indented") == Ids{9});
}

TEST_CASE("the first of two entries counts, and a group named twice is one gid") {
    const UserDatabase database("toor:x:0:0::/first:/bin/sh\nroot:x:0:1::/second:/bin/sh\n",
                                "a:x:5:u\nb:x:5:u\na:x:6:u\n");
    CHECK(database.user(0)->name == "toor");
    CHECK(database.user("root")->gid == 1);
    CHECK(database.group("a")->gid == 5);
    CHECK(database.groups_of("u") == Ids{5, 6});
}

TEST_CASE("a hundred thousand users are no trouble") {
    std::string passwd;
    for (int i = 0; i < 100'000; ++i) {
        const std::string number = std::to_string(10'000 + i);
        passwd += "user" + number + ":x:" + number + ":" + number + "::/home:/bin/sh\n";
    }
    const UserDatabase database(passwd, "");
    REQUIRE(database.user("user109999") != nullptr);
    CHECK(database.user("user109999")->uid == 109'999);
}

TEST_CASE("bytes that are no text do no harm") {
    const std::string_view bytes("\0:\0:\xff:\x80\n\0\n::::::::::\nok:x:1:1:\xff\0:/:/bin/sh\n",
                                 42);
    const UserDatabase database(bytes, bytes);
    CHECK(database.user("ok") != nullptr);
}

TEST_CASE("an id is a plain number below the one that means none") {
    CHECK(parse_id("0") == 0U);
    CHECK(parse_id("4294967294") == 4294967294U);
    for (const char* bad : {"", "-1", "+1", "1000 ", "0x10", "01", "4294967295", "99999999999"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_id(bad));
    }
}

TEST_CASE("the nearest name is a likely slip only") {
    const UserDatabase database(kPasswd, kGroup);
    CHECK(database.nearest_user("postgers") == "postgres");
    CHECK(database.nearest_user("www_data") == "www-data");
    CHECK(database.nearest_group("ssl-certs") == "ssl-cert");
    CHECK(database.nearest_user("zookeeper").empty());
}
