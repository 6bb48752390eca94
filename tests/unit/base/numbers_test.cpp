// Numbers, sizes and CPUs from text.
#include <doctest/doctest.h>

#include "gosv/base/parse.hpp"

using namespace gosv;

TEST_CASE("integers are decimal, and never octal by accident") {
    CHECK(parse_int("0") == 0);
    CHECK(parse_int("-7") == -7);
    CHECK(parse_int("9223372036854775807") == INT64_MAX);
    CHECK(parse_int("-9223372036854775808") == INT64_MIN);
    for (const char* bad : {"", "-", "+1", "010", "-010", "1e3", "0x10", " 1", "1 ", "1.0", "--1",
                            "9223372036854775808", "-9223372036854775809"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_int(bad));
    }
}

TEST_CASE("unsigned integers take no sign at all") {
    CHECK(parse_uint("0") == 0U);
    CHECK(parse_uint("18446744073709551615") == UINT64_MAX);
    for (const char* bad : {"", "-1", "+1", "-0", "00", "18446744073709551616", "1k"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_uint(bad));
    }
}

TEST_CASE("text is read to its end and not beyond") {
    const char text[] = {'1', '2', '3'};  // no terminating zero
    CHECK(parse_uint(std::string_view(text, 2)) == 12U);
    CHECK_FALSE(parse_uint(std::string_view("1\0002", 3)));
}

TEST_CASE("decimals have digits on both sides of the point") {
    CHECK(parse_decimal("2") == 2.0);
    CHECK(parse_decimal("1.5") == 1.5);
    CHECK(parse_decimal("0.25") == 0.25);
    CHECK(parse_decimal("0.1") == 0.1);
    CHECK(parse_decimal("1.1") == 1.1);
    CHECK(parse_decimal("123456.789") == 123456.789);
    CHECK(parse_decimal("0.000000000000000000001") == 1e-21);
    CHECK(parse_decimal("0.33333333333333333333333333333333") == doctest::Approx(1.0 / 3));
    for (const char* bad :
         {"", ".5", "5.", "1.2.3", "1e3", "-1", "+1", "nan", "inf", "01.5", "0x1", "1,5"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_decimal(bad));
    }
}

TEST_CASE("a decimal with more digits than a double can hold is not infinite") {
    const std::string_view huge =
        "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999"
        "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999"
        "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999"
        "99999999999999999999999999999999999999999999999999999999999999999999999999999999999999999";
    CHECK_FALSE(parse_decimal(huge));
    CHECK_FALSE(parse_duration(huge));
    CHECK_FALSE(parse_cpus(huge));
}

TEST_CASE("a umask is octal with or without its leading zero") {
    CHECK(parse_octal_mode("0") == 0U);
    CHECK(parse_octal_mode("22") == 022U);
    CHECK(parse_octal_mode("022") == 022U);
    CHECK(parse_octal_mode("0777") == 0777U);
    for (const char* bad : {"", "8", "08", "1000", "0o22", "-22", "u=rwx", "00000777"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_octal_mode(bad));
    }
}

TEST_CASE("sizes are powers of 1024 whatever the spelling") {
    CHECK(parse_size("0") == 0U);
    CHECK(parse_size("512") == 512U);
    CHECK(parse_size("512B") == 512U);
    for (const char* text : {"64K", "64k", "64KB", "64KiB", "64kib"}) {
        CAPTURE(text);
        CHECK(parse_size(text) == 65536U);
    }
    CHECK(parse_size("256M") == 256U << 20);
    CHECK(parse_size("1G") == 1U << 30);
    CHECK(parse_size("8589934591G") == 8589934591ULL << 30);  // the last below 2^63
    for (const char* bad : {"", "K", "1T", "1.5G", "-1", "1 M", "1iB", "1KK", "1Ki", "8589934592G",
                            "9223372036854775808"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_size(bad));
    }
}

TEST_CASE("CPUs are a number of them or a percentage of one") {
    CHECK(parse_cpus("2") == 2000U);
    CHECK(parse_cpus("0.5") == 500U);
    CHECK(parse_cpus("50%") == 500U);
    CHECK(parse_cpus("12.5%") == 125U);
    CHECK(parse_cpus("0.001") == 1U);
    CHECK(parse_cpus("0") == 0U);
    for (const char* bad : {"", "%", "-1", "half", "50 %", "50%%", "0.0001", "1000001"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_cpus(bad));
    }
}
