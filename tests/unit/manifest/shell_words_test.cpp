#include "manifest/shell_words.hpp"

#include <doctest/doctest.h>

using namespace gosv::manifest;

namespace {

using Words = std::vector<std::string>;

Words words(std::string_view text) {
    const ShellWords split = split_shell_words(text);
    CHECK(split.problems.empty());
    return split.words;
}

std::string problem(std::string_view text) {
    const ShellWords split = split_shell_words(text);
    REQUIRE(split.problems.size() == 1);
    CHECK_FALSE(split.problems[0].hint.empty());
    return (split.problems[0].warning ? "warning " : "") +
           std::to_string(split.problems[0].offset) + ": " + split.problems[0].message;
}

}  // namespace

TEST_CASE("blanks separate words, as many as there are") {
    CHECK(words("a b") == Words{"a", "b"});
    CHECK(words("  a \t  b  ") == Words{"a", "b"});
    CHECK(words("a\n") == Words{"a"});
    CHECK(words("") == Words{});
    CHECK(words(" \n ") == Words{});
}

TEST_CASE("quotes keep blanks, make empty words and join with what is beside them") {
    CHECK(words("a 'b c' \"d e\"") == Words{"a", "b c", "d e"});
    CHECK(words("a '' \"\"") == Words{"a", "", ""});
    CHECK(words("a'b'\"c\"d") == Words{"abcd"});
    CHECK(words("--name='x y'") == Words{"--name=x y"});
    CHECK(words("'it'\\''s'") == Words{"it's"});
}

TEST_CASE("a backslash takes the next character as it stands, in double quotes only some") {
    CHECK(words(R"(a\ b \'c \\ \| \$X)") == Words{"a b", "'c", "\\", "|", "$X"});
    CHECK(words(R"("\" \\ \$ \` \n \' ")") == Words{R"(" \ $ ` \n \' )"});
    CHECK(words(R"('\n')") == Words{R"(\n)"});
    CHECK(words("a \\\n b") == Words{"a", "b"});
    CHECK(words("a\\\nb") == Words{"ab"});
    CHECK(words("\"a\\\nb\"") == Words{"ab"});
}

TEST_CASE("characters that mean nothing to word splitting are text") {
    CHECK(words("a*b ?x [y] {z} ~ # % ! a=b --x=1") ==
          Words{"a*b", "?x", "[y]", "{z}", "~", "#", "%", "!", "a=b", "--x=1"});
    CHECK(words("'| ; & < > ( ) ` $( $X'") == Words{"| ; & < > ( ) ` $( $X"});
    CHECK(words("$ $1 a$") == Words{"$", "$1", "a$"});
}

TEST_CASE("a quote that is never closed is an error where it opens") {
    CHECK(problem("a 'b") == "2: the quote ' is never closed");
    CHECK(problem("a \"b") == "2: the quote \" is never closed");
    CHECK(problem("a \"b\\\"") == "2: the quote \" is never closed");
    CHECK(problem("a \\") == "2: the backslash at the end has nothing to quote");
}

TEST_CASE("what only a shell understands is an error, once a command") {
    for (const char sign : std::string_view("|;&<>()")) {
        const std::string text = std::string("a ") + sign + " b";
        CAPTURE(text);
        CHECK(problem(text) ==
              std::string("2: the command has a '") + sign + "', which only a shell understands");
    }
    CHECK(problem("a && b || c; d") == "2: the command has a '&', which only a shell understands");
    CHECK(problem("a $(b)") == "2: the command has a '$(', which only a shell understands");
    CHECK(problem("a `b`") == "2: the command has a '`', which only a shell understands");
    CHECK(problem("a \"$(b)\"") == "3: the command has a '$(', which only a shell understands");
    CHECK(problem("A=1 b") == "0: the command begins with a variable, as only a shell allows");
    CHECK(problem("a\nb\nc") == "2: the command has a second line");
}

TEST_CASE("a variable that no shell expands is a warning") {
    CHECK(problem("a $X") ==
          "warning 2: the program gets this '$' as it stands: no shell expands it");
    CHECK(problem("a \"$X\"") ==
          "warning 3: the program gets this '$' as it stands: no shell expands it");
    CHECK(split_shell_words("a $X").words == Words{"a", "$X"});
}
