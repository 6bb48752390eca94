// What services have made below their leaves, in ordinary directories.
#include "gosv/os/cgroup_below.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "support/allocation_tripwire.hpp"
#include "support/fd_leak_guard.hpp"
#include "support/temp_dir.hpp"

using namespace gosv;
using namespace gosv::os;

namespace {

struct Place {
    Place() : top(::open(files.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

    bool exists(const std::string& name) const {
        return ::faccessat(top.raw(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
    }

    test::TempDir files;
    Fd top;
};

}  // namespace

TEST_CASE("a cgroup goes with all that is below it, what is deepest first") {
    const Place place;
    for (const char* name : {"leaf", "leaf/a", "leaf/a/b", "leaf/a/b/c", "leaf/d", "beside"}) {
        place.files.make_directory(name);
    }
    bool gone = false;
    {
        const test::FdLeakGuard guard;
        const test::AllocationTripwire tripwire("removing what is below");
        gone = cgroup::remove(place.top.borrow(), "leaf");
    }
    CHECK(gone);
    CHECK_FALSE(place.exists("leaf"));
    CHECK(place.exists("beside"));
    CHECK(cgroup::remove(place.top.borrow(), "leaf"));  // nothing to be done
}

TEST_CASE("each is visited once, after those below it") {
    const Place place;
    for (const char* name : {"leaf", "leaf/a", "leaf/a/b"}) {
        place.files.make_directory(name);
    }
    place.files.write("leaf/file", "");
    std::vector<std::string> seen;
    CHECK(cgroup::each_below(
        place.top.borrow(), "leaf",
        [&](BorrowedFd, const char* name) noexcept { seen.emplace_back(name); }));
    CHECK(seen == std::vector<std::string>{"b", "a"});
}

TEST_CASE("nothing outside the leaf is touched, whatever leads there") {
    const Place place;
    for (const char* name : {"leaf", "leaf/a", "outside", "outside/empty"}) {
        place.files.make_directory(name);
    }
    REQUIRE(::symlinkat("../outside", place.top.raw(), "leaf/link") == 0);
    REQUIRE(::symlinkat("../../outside", place.top.raw(), "leaf/a/link") == 0);
    CHECK_FALSE(cgroup::remove(place.top.borrow(), "leaf"));  // a link is no cgroup
    CHECK(place.exists("outside/empty"));
    REQUIRE(::symlinkat("outside", place.top.raw(), "leaf2") == 0);
    CHECK_FALSE(cgroup::remove(place.top.borrow(), "leaf2"));
    CHECK(place.exists("outside/empty"));
}

TEST_CASE("in which somebody is stays, and so does what is above it") {
    const Place place;
    for (const char* name : {"leaf", "leaf/a", "leaf/a/used", "leaf/b"}) {
        place.files.make_directory(name);
    }
    place.files.write("leaf/a/used/process", "");  // stands for EBUSY: here it is ENOTEMPTY
    CHECK_FALSE(cgroup::remove(place.top.borrow(), "leaf"));
    CHECK(place.exists("leaf/a/used"));
    CHECK_FALSE(place.exists("leaf/b"));
}

TEST_CASE("what is too deep or too many is left, and said to be") {
    const Place place;
    place.files.make_directory("deep");
    std::string name = "deep";
    for (int i = 0; i < cgroup::kMostDepth + 1; ++i) {
        name += "/x";
        place.files.make_directory(name);
    }
    CHECK_FALSE(
        cgroup::each_below(place.top.borrow(), "deep", [](BorrowedFd, const char*) noexcept {}));
    CHECK_FALSE(cgroup::remove(place.top.borrow(), "deep"));

    place.files.make_directory("wide");
    for (int i = 0; i < cgroup::kMostVisited + 1; ++i) {
        place.files.make_directory("wide/" + std::to_string(i));
    }
    int visited = 0;
    CHECK_FALSE(cgroup::each_below(place.top.borrow(), "wide",
                                   [&](BorrowedFd, const char*) noexcept { ++visited; }));
    CHECK(visited == cgroup::kMostVisited);
    CHECK_FALSE(cgroup::remove(place.top.borrow(), "wide"));  // but a good part of it
    CHECK(cgroup::remove(place.top.borrow(), "wide"));
}
