#include "manifest/report.hpp"

#include <doctest/doctest.h>

using namespace gosv::manifest;

TEST_CASE("problems come out in the order of the file, and in order of finding at one place") {
    Report report;
    report.error({3, 1}, "c", "third");
    report.warning({1, 9}, "b", "second");
    report.error({1, 2}, "a", "first");
    report.error({3, 1}, "c", "fourth");
    const Diagnostics all = report.take();
    REQUIRE(all.size() == 4);
    CHECK(all[0].message == "first");
    CHECK(all[1].message == "second");
    CHECK(all[2].message == "third");
    CHECK(all[3].message == "fourth");
}

TEST_CASE("the same at the same place is told once") {
    Report report;
    for (const char* path : {"services.a", "services.b", "services.c"}) {
        report.error({5, 5}, path, "wrong");
        report.error({5, 5}, path, "bad");
    }
    const Diagnostics all = report.take();
    REQUIRE(all.size() == 2);
    CHECK(all[0].path == "services.a");
}

TEST_CASE("problems of another file stand where the manifest names it") {
    Report report;
    report.error({9, 1}, "", "after");
    report.error_in_file({4, 3}, "env_file", "x.env", {20, 1}, "two");
    report.error_in_file({4, 3}, "env_file", "x.env", {7, 1}, "one");
    report.error({2, 1}, "", "before");
    const Diagnostics all = report.take();
    REQUIRE(all.size() == 4);
    CHECK(all[1].message == "one");
    CHECK(all[1].file == "x.env");
    CHECK(all[1].at.line == 7);
    CHECK(all[3].message == "after");
}

TEST_CASE("warnings are no errors") {
    Report report;
    report.warning({1, 1}, "", "hm");
    CHECK_FALSE(report.has_errors());
    report.error({1, 1}, "", "no");
    CHECK(report.has_errors());
    CHECK(has_errors(report.take()));
}

TEST_CASE("more than anybody reads is counted, and stays an error") {
    Report report;
    for (int i = 1; i <= 10'000; ++i) {
        report.warning({i, 1}, "", "hm");
    }
    CHECK(report.full());
    report.error({20'000, 1}, "", "the one error");
    CHECK(report.has_errors());
    const Diagnostics all = report.take();
    REQUIRE(all.size() == 501);
    CHECK(all[0].at.line == 1);
    CHECK(all.back().message == "and 9501 more problems");
    CHECK(has_errors(all));
}
