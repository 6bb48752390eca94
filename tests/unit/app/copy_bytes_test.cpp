#include "app/static/copy_bytes.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

using gosv::app::copy_bytes;

namespace {

std::string numbered(std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) {
        text += static_cast<char>('!' + i * 7 % 90);
    }
    return text;
}

}  // namespace

TEST_CASE("bytes are copied to where they belong, and nothing else is written") {
    constexpr std::size_t kMargin = 5;
    for (std::size_t size = 0; size <= 200; ++size) {
        const std::string from = numbered(size);
        std::string to(size + 2 * kMargin, '.');
        copy_bytes(to.data() + kMargin, from.data(), size);
        const std::string margin(kMargin, '.');
        REQUIRE(to == margin + from + margin);
    }
}

TEST_CASE("what is copied onto a part of itself arrives whole, forwards and backwards") {
    constexpr std::size_t kRoom = 300;
    for (std::size_t size = 0; size <= 150; ++size) {
        for (const std::size_t apart : {0U, 1U, 2U, 7U, 8U, 15U, 16U, 17U, 31U, 33U, 64U}) {
            const std::string before = numbered(kRoom);

            std::string text = before;
            copy_bytes(text.data(), text.data() + apart, size);
            REQUIRE(text == before.substr(apart, size) + before.substr(size));

            text = before;
            copy_bytes(text.data() + apart, text.data(), size);
            REQUIRE(text ==
                    before.substr(0, apart) + before.substr(0, size) + before.substr(apart + size));
        }
    }
}
