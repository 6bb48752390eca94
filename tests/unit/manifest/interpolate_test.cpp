#include "manifest/interpolate.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace gosv::manifest;

namespace {

std::optional<std::string_view> lookup(std::string_view name) {
    static const std::map<std::string_view, std::string_view> values = {
        {"A", "one"}, {"EMPTY", ""}, {"TRICKY", "${A} $$ $A {yaml: 1}"}, {"_x9", "under"}};
    const auto found = values.find(name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
}

std::string filled(std::string_view text) {
    const Interpolated result = interpolate(text, lookup);
    CHECK(result.problems.empty());
    return result.text;
}

std::string problem(std::string_view text) {
    const Interpolated result = interpolate(text, lookup);
    REQUIRE(result.problems.size() == 1);
    CHECK_FALSE(result.problems[0].hint.empty());
    return std::to_string(result.problems[0].offset) + ": " + result.problems[0].message;
}

}  // namespace

TEST_CASE("a variable is replaced by its value, which is not looked at again") {
    CHECK(filled("${A}") == "one");
    CHECK(filled("x${A}y${_x9}z") == "xoneyunderz");
    CHECK(filled("${EMPTY}") == "");
    CHECK(filled("${TRICKY}") == "${A} $$ $A {yaml: 1}");
}

TEST_CASE("dollars without braces stay, two become one") {
    CHECK(filled("$A $ 5$ $1 $(x) $") == "$A $ 5$ $1 $(x) $");
    CHECK(filled("$$A $${A} $$$$ $$$A") == "$A ${A} $$ $$A");
}

TEST_CASE("defaults are for what is unset, and with a colon for what is empty too") {
    CHECK(filled("${NO-d}|${NO:-d}|${EMPTY-d}|${EMPTY:-d}|${A-d}|${A:-d}") == "d|d||d|one|one");
    CHECK(filled("${NO-}${NO:-}") == "");
    CHECK(filled("${NO:-a b:c?d}") == "a b:c?d");
}

TEST_CASE("an alternative is for what is set") {
    CHECK(filled("${A:+x}|${A+x}|${EMPTY:+x}|${EMPTY+x}|${NO:+x}|${NO+x}") == "x|x||x||");
}

TEST_CASE("a default may hold variables; they are looked at only when it is used") {
    CHECK(filled("${NO:-${A}}") == "one");
    CHECK(filled("${NO:-<${NO2:-${A}}>}") == "<one>");
    CHECK(filled("${A:-${NO}}") == "one");
    CHECK(filled("${NO:-$${A}}") == "${A}");
    CHECK(problem("${NO:-${NO2}}") == "6: the variable 'NO2' is not set");
}

TEST_CASE("what is missing is an error at its place") {
    CHECK(problem("x ${NO}") == "2: the variable 'NO' is not set");
    CHECK(problem("${NO:?}") == "0: the variable 'NO' is not set");
    CHECK(problem("${NO?say why}") == "0: the variable 'NO' is not set: say why");
    CHECK(problem("${EMPTY:?say why}") == "0: the variable 'EMPTY' is empty: say why");
    CHECK(filled("${EMPTY?x}${A:?x}") == "one");
}

TEST_CASE("what is not understood is an error, not text") {
    CHECK(problem("a ${A") == "2: '${' has no closing '}'");
    CHECK(problem("${NO:-${A}") == "0: '${' has no closing '}'");
    for (const char* bad :
         {"${}", "${1}", "${A b}", "${A:}", "${A!x}", "${A:x}", "${-x}", "${A.B}"}) {
        CAPTURE(bad);
        CHECK(problem(bad) == "0: '" + std::string(bad) + "' is not understood");
    }
}

TEST_CASE("every problem of a text is told") {
    CHECK(interpolate("${NO} ${A} ${} ${NO2}", lookup).problems.size() == 3);
}

TEST_CASE("nesting and length are bounded") {
    std::string nested;
    for (int i = 0; i < 1000; ++i) {
        nested += "${NO:-";
    }
    nested += std::string(1000, '}');
    CHECK(problem(nested).find("nested more than 8 deep") != std::string::npos);

    const std::string large(100'000, 'x');
    const auto big = [&large](std::string_view) { return std::optional<std::string_view>(large); };
    const Interpolated result = interpolate("${X}${X}${X}", big);
    REQUIRE(result.problems.size() == 1);
    CHECK(result.problems[0].message.find("longer than 131071 bytes") != std::string::npos);
}
