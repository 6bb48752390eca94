#include "manifest/env_file.hpp"

#include <doctest/doctest.h>

using namespace gosv::manifest;

namespace {

const Environment kOwn = {{"HOME", "/root"}, {"PORT", "80"}};

EnvironmentChanges changes(std::string_view text) {
    const EnvFile file = parse_env_file(text, kOwn);
    CHECK(file.problems.empty());
    return file.changes;
}

std::optional<std::string> value(std::string_view line) {
    const EnvironmentChanges all = changes("K=" + std::string(line) + "\n");
    REQUIRE(all.size() == 1);
    CHECK(all[0].first == "K");
    return all[0].second;
}

std::string problem(std::string_view text) {
    const EnvFile file = parse_env_file(text, kOwn);
    REQUIRE(file.problems.size() == 1);
    return std::to_string(file.problems[0].offset) + ": " + file.problems[0].message;
}

}  // namespace

TEST_CASE("lines are names and values, in their order") {
    CHECK(changes("A=1\nB=2\nA=3") == EnvironmentChanges{{"A", "1"}, {"B", "2"}, {"A", "3"}});
    CHECK(changes("\n# A=1\n   # x\n\nB=2\n") == EnvironmentChanges{{"B", "2"}});
    CHECK(changes("export A=1\nexport  B=2\nexporter=3\n") ==
          EnvironmentChanges{{"A", "1"}, {"B", "2"}, {"exporter", "3"}});
    CHECK(changes("  A = 1 \r\nB=2\r\n") == EnvironmentChanges{{"A", "1"}, {"B", "2"}});
    CHECK(changes("a.b-c=1\n") == EnvironmentChanges{{"a.b-c", "1"}});
    CHECK(changes("").empty());
}

TEST_CASE("a name alone is taken from gosv's environment, or removed") {
    CHECK(changes("HOME\nNOPE\n") == EnvironmentChanges{{"HOME", "/root"}, {"NOPE", std::nullopt}});
}

TEST_CASE("a bare value ends at a comment and loses the blanks around it") {
    CHECK(value("a b  # c") == "a b");
    CHECK(value("a#b") == "a#b");
    CHECK(value("# c") == "");
    CHECK(value("") == "");
    CHECK(value("it's \"so\"") == "it's \"so\"");
    CHECK(value("x=y=z") == "x=y=z");
    CHECK(value("a\\nb") == "a\\nb");
}

TEST_CASE("quotes keep what is between them") {
    CHECK(value("'a # b'  # c") == "a # b");
    CHECK(value("\"a # b\"") == "a # b");
    CHECK(value("'  '") == "  ");
    CHECK(value("'a\nb'") == "a\nb");
    CHECK(value("'a\\n${HOME}$$'") == "a\\n${HOME}$$");
    CHECK(value(R"("a\nb\tc\r\"\\ \d")") == "a\nb\tc\r\"\\ \\d");
}

TEST_CASE("variables are filled in, except in single quotes") {
    CHECK(value("${HOME}/x") == "/root/x");
    CHECK(value("\"${HOME} ${NO:-d} $HOME $$ \\$5 \\${HOME}\"") == "/root d $HOME $ $5 ${HOME}");
    CHECK(changes("A=1\nB=${A}2\nPORT=81\nC=${PORT}\n") ==
          EnvironmentChanges{{"A", "1"}, {"B", "12"}, {"PORT", "81"}, {"C", "80"}});
}

TEST_CASE("problems are told with their places") {
    CHECK(problem("A=1\nno name=2\n") == "4: the name of a variable cannot have blanks: 'no name'");
    CHECK(problem("=2\n") == "0: the name of the variable is missing");
    CHECK(problem("A='x\nB=1\n") == "2: the quote that is opened here is never closed");
    CHECK(problem("A='x' y\n") == "6: there is text behind the closing quote");
    CHECK(problem("A=x ${NO}\n") == "4: the variable 'NO' is not set");
    CHECK(problem("A=\"\\n ${NO}\"\n") == "6: the variable 'NO' is not set");
    CHECK(problem("A: 1\n") == "0: the name of a variable cannot have blanks: 'A: 1'");
    CHECK(parse_env_file("=1\nB=2\n C D\n", kOwn).problems.size() == 2);
    CHECK(parse_env_file("=1\nB=2\n C D\n", kOwn).changes == EnvironmentChanges{{"B", "2"}});
}

TEST_CASE("a variable longer than the kernel takes is refused") {
    CHECK(problem("A=" + std::string(131'070, 'x')).find("longer than 131071") !=
          std::string::npos);
    CHECK(changes("A=" + std::string(131'069, 'x')).size() == 1);
}
