#include <doctest/doctest.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "gosv/base/result.hpp"

using namespace gosv;

#ifdef __GLIBC__  // musl has no such functions; the table does not depend on the C library
TEST_CASE("every errno that the C library knows has the same name and text here") {
    int known = 0;
    for (int err = 1; err < 200; ++err) {
        const char* name = ::strerrorname_np(err);
        if (name == nullptr) {
            continue;
        }
        ++known;
        CAPTURE(err);
        CHECK(errno_name(err) == std::string_view(name));
        CHECK(errno_text(err) == std::string_view(::strerrordesc_np(err)));
    }
    CHECK(known > 130);
}
#endif

TEST_CASE("an errno that nobody knows has a name for the log all the same") {
    for (const int err : {0, -1, 41, 9999}) {
        CAPTURE(err);
        CHECK(errno_name(err) == "E?");
        CHECK_FALSE(errno_text(err).empty());
    }
}

TEST_CASE("a result is a value or an error") {
    const Result<int> good = 42;
    REQUIRE(good.ok());
    CHECK(good.value() == 42);

    const Result<int> bad = SysError{ENOENT, "open"};
    CHECK_FALSE(bad.ok());
    CHECK(bad.error().err == ENOENT);
    CHECK(std::string_view(bad.error().op) == "open");

    CHECK(Status{}.ok());
    CHECK_FALSE(Status{SysError{EIO, "read"}}.ok());
}
