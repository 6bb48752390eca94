// The small values: descriptors, exit statuses, the bounded vector, nearest names.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "gosv/base/bounded.hpp"
#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/parse.hpp"
#include "gosv/base/zeroed.hpp"

using namespace gosv;

namespace {

bool is_open(int raw) {
    return ::fcntl(raw, F_GETFD) != -1;
}

Fd open_null() {
    return Fd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

TEST_CASE("a descriptor is closed once, by its last owner") {
    Fd first = open_null();
    REQUIRE(first.is_open());
    const int raw = first.raw();
    {
        const Fd second = std::move(first);
        CHECK(second.raw() == raw);
        CHECK(is_open(raw));
    }
    CHECK_FALSE(is_open(raw));

    Fd third = open_null();
    const int released = third.release();
    CHECK_FALSE(third.is_open());
    CHECK(is_open(released));
    third.reset(released);
    third = Fd();
    CHECK_FALSE(is_open(released));
}

TEST_CASE("a descriptor that is assigned to itself stays open") {
    Fd fd = open_null();
    Fd& same = fd;
    fd = std::move(same);
    CHECK(is_open(fd.raw()));
}

TEST_CASE("an exit status becomes the shell's exit code") {
    CHECK(ExitStatus::code(0).as_exit_code() == 0);
    CHECK(ExitStatus::code(255).as_exit_code() == 255);
    CHECK(ExitStatus::killed_by(Signal{15}).as_exit_code() == 143);
    CHECK(ExitStatus::killed_by(Signal{64}).as_exit_code() == 192);
    CHECK(ExitStatus::code(143) != ExitStatus::killed_by(Signal{15}));
}

TEST_CASE("a bounded vector refuses what does not fit") {
    BoundedVector<int> numbers(2);
    CHECK(numbers.push(1));
    CHECK(numbers.push(2));
    CHECK_FALSE(numbers.push(3));
    CHECK(numbers.size() == 2);
    CHECK(numbers.view()[1] == 2);
    numbers.clear();
    CHECK(numbers.empty());
    CHECK(numbers.push(4));
    CHECK(numbers[0] == 4);

    BoundedVector<int> nothing(0);
    CHECK_FALSE(nothing.push(1));
}

TEST_CASE("room that has never been needed is not resident") {
    constexpr std::size_t kPages = 16384;
    constexpr std::size_t kBytes = kPages * 4096;
    const auto faults = [] {
        rusage usage{};
        REQUIRE(::getrusage(RUSAGE_SELF, &usage) == 0);
        return static_cast<std::size_t>(usage.ru_minflt);
    };
    const std::size_t before = faults();
    BoundedVector<char> bounded(kBytes);
    CHECK(bounded.push('x'));
    ZeroedArray<char> zeroed(kBytes);
    zeroed[kBytes / 2] = 'y';
    // A sanitizer's notes on all of it are a quarter of that.
    CHECK(faults() - before < kPages);
    CHECK(bounded[0] == 'x');
    CHECK(zeroed[kBytes / 2] == 'y');
    CHECK(zeroed[kBytes - 1] == 0);
}

TEST_CASE("the elements of a zeroed array begin as zeros") {
    struct Element {
        int number = 0;
        std::array<char, 3> text{};
    };

    ZeroedArray<Element> elements(1000);
    REQUIRE(elements.size() == 1000);
    elements[1].number = 7;
    CHECK(elements[0].number == 0);
    CHECK(elements[1].number == 7);
    CHECK(elements[999].text == std::array<char, 3>{});
    CHECK(ZeroedArray<Element>(0).size() == 0);
}

TEST_CASE("the nearest name is the one that was meant, or none") {
    constexpr std::array<std::string_view, 5> kNames = {"command", "environment", "restart",
                                                        "restart_delay", "user"};
    const auto nearest = [&](std::string_view word) {
        return nearest_name(word, kNames.data(), kNames.size());
    };
    CHECK(nearest("comand") == "command");
    CHECK(nearest("commnad") == "command");  // two letters the wrong way round
    CHECK(nearest("Command") == "command");
    CHECK(nearest("enviroment") == "environment");
    CHECK(nearest("restart_dealy") == "restart_delay");
    CHECK(nearest("usr") == "user");
    CHECK(nearest("volumes") == "");
    CHECK(nearest("usage") == "");  // two letters of five are no slip
    CHECK(nearest("u") == "");
    CHECK(nearest("") == "");
    CHECK(nearest(std::string_view("a_word_that_is_longer_than_any_key_could_possibly_be")) == "");
    CHECK(nearest_name("user", nullptr, 0) == "");
}
