#include "gosv/base/rare_array.hpp"

#include <doctest/doctest.h>

#include <cstdint>

TEST_CASE("a rare array has what was made, where it was made") {
    gosv::RareArray<int> array(1000);
    CHECK(array.find(7) == nullptr);
    int& seventh = array.make(7);
    CHECK(seventh == 0);
    seventh = 5;
    array.make(999) = 6;
    CHECK(&array.make(7) == &seventh);
    CHECK(array.find(7) == &seventh);
    CHECK(*array.find(7) == 5);
    CHECK(*array.find(999) == 6);
    CHECK(array.find(8) == nullptr);
}

TEST_CASE("a rare array of nothing has no memory") {
    // A million of pointers would be seen by nobody; that there is no element is.
    const gosv::RareArray<int> array(SIZE_MAX);
    CHECK(array.find(SIZE_MAX - 1) == nullptr);
}
