#include "gosv/manifest/environment.hpp"

#include <doctest/doctest.h>

using gosv::manifest::Environment;
using gosv::manifest::key_of;

namespace {

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("a variable is found by its key, whatever the order, and by nothing else") {
    const Environment environment(Strings{"PATH=/bin", "A=1", "HOME=", "AB=a=b", "=odd"});
    CHECK(environment.find("PATH") == "/bin");
    CHECK(environment.find("A") == "1");
    CHECK(environment.find("AB") == "a=b");
    CHECK(environment.find("HOME") == "");
    CHECK(environment.find("") == "odd");
    CHECK_FALSE(environment.find("B"));
    CHECK_FALSE(environment.find("PAT"));
    CHECK_FALSE(environment.find("PATH="));
    CHECK(environment.place_of("HOME") == 2);
    CHECK_FALSE(environment.place_of("Z"));
    CHECK_FALSE(Environment().find("A"));
}

TEST_CASE("of a key that stands twice the first counts, and what is no variable is left out") {
    const Environment environment(
        Strings{"B=3", "garbage", "A=1", "B=2", "B=1", "A=3", "", "B=4", "BA=5", "B!=6"});
    CHECK(environment.entries() == Strings{"B=3", "A=1", "BA=5", "B!=6"});
    CHECK(environment.find("BA") == "5");
    CHECK(environment.find("B!") == "6");
    CHECK(environment.find("B") == "3");
    CHECK(environment.find("A") == "1");
    CHECK(Environment(Strings{"=1", "=2"}).entries() == Strings{"=1"});
}

TEST_CASE("of many variables each is found") {
    Strings entries;
    for (int i = 0; i < 500; ++i) {
        entries.push_back("K" + std::to_string(i * 7919 % 500) + "=" + std::to_string(i));
    }
    const Environment environment(entries);
    REQUIRE(environment.entries() == entries);
    for (std::size_t place = 0; place < entries.size(); ++place) {
        CHECK(environment.place_of(key_of(entries[place])) == place);
    }
}
