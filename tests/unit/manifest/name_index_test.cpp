// Which of a list has a name.
#include "manifest/name_index.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace gosv::manifest;

TEST_CASE("a name leads to the first place that it was added for") {
    NameIndex index;
    const std::vector<std::string> names = {"web", "db", "web", "", "we", "wfb", "a", ""};
    const std::vector<std::size_t> places = {0, 1, 0, 3, 4, 5, 6, 3};
    for (std::size_t i = 0; i < names.size(); ++i) {
        CHECK(index.add(names[i], i) == places[i]);
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        CHECK(index.find(names[i]) == places[i]);
    }
    CHECK_FALSE(index.find("wea"));
    CHECK_FALSE(index.find("b"));
}
