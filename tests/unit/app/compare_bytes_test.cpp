#include "app/static/compare_bytes.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

using gosv::app::compare_bytes;

namespace {

int sign(int number) {
    return (number > 0) - (number < 0);
}

}  // namespace

TEST_CASE("bytes compare as with memcmp, wherever the first difference is") {
    for (std::size_t size = 0; size <= 40; ++size) {
        const std::string a(size, 'm');
        REQUIRE(compare_bytes(a.data(), a.data(), size) == 0);
        for (std::size_t at = 0; at < size; ++at) {
            for (const char other : {'a', 'z', '\0', '\x80', '\xff'}) {
                std::string b = a;
                b[at] = other;
                b.back() = at + 1 < size ? 'q' : b.back();  // one more, which does not count
                const int expected = sign(std::memcmp(a.data(), b.data(), size));
                REQUIRE(sign(compare_bytes(a.data(), b.data(), size)) == expected);
                REQUIRE(sign(compare_bytes(b.data(), a.data(), size)) == -expected);
            }
        }
    }
}

TEST_CASE("what stands behind the end is not compared") {
    CHECK(compare_bytes("12345678a", "12345678b", 8) == 0);
    CHECK(compare_bytes("a", "b", 0) == 0);
}
