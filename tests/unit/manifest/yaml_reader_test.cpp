#include "manifest/yaml_reader.hpp"

#include <doctest/doctest.h>

#include <set>

#include "manifest/bounds.hpp"

using namespace gosv::manifest;

namespace {

// The tree in one line: null, 'quoted', plain, [list], {key: value}.
std::string flat(const Node& node) {
    std::string out;
    switch (node.kind) {
        case Node::Kind::null:
            return "null";
        case Node::Kind::scalar:
            return node.quoted ? "'" + node.text + "'" : node.text;
        case Node::Kind::list:
            for (const Node& item : node.items) {
                out += (out.empty() ? "" : ", ") + flat(item);
            }
            return "[" + out + "]";
        case Node::Kind::map:
            for (const Entry& entry : node.entries) {
                out += (out.empty() ? "" : ", ") + entry.key + ": " + flat(entry.value);
            }
            return "{" + out + "}";
    }
    return out;
}

std::string read(std::string_view text) {
    const Source source(text);
    Report report;
    const auto root = read_yaml(source, report);
    for (const Diagnostic& each : report.take()) {
        FAIL_CHECK(each.message);
    }
    return root ? flat(*root) : "nothing";
}

// The first problem as "line:column message".
std::string problem(std::string_view text) {
    const Source source(text);
    Report report;
    (void)read_yaml(source, report);
    const Diagnostics all = report.take();
    REQUIRE_FALSE(all.empty());
    return std::to_string(all[0].at.line) + ":" + std::to_string(all[0].at.column) + " " +
           all[0].message;
}

std::string repeated(std::string_view what, std::size_t times) {
    std::string out;
    for (std::size_t i = 0; i < times; ++i) {
        out += what;
    }
    return out;
}

}  // namespace

TEST_CASE("a tree says what the document says, without types") {
    CHECK(read("a: 1\nb: [x, 'y', \"z\"]\nc: {d: ~, e: null, f: , g: 'null'}\n") ==
          "{a: 1, b: [x, 'y', 'z'], c: {d: null, e: null, f: null, g: 'null'}}");
    CHECK(read("a: 010\nb: 1.50\nc: yes\nd: 1:30\n") == "{a: 010, b: 1.50, c: yes, d: 1:30}");
    CHECK(read("a: |\n  x\n  y\nb: >-\n  x\n  y\n") == "{a: 'x\ny\n', b: 'x y'}");
    CHECK(read("- a\n-\n  - b\n") == "[a, [b]]");
    CHECK(read("a: b") == "{a: b}");
    CHECK(read("--- \na: b\n...\n") == "{a: b}");
}

TEST_CASE("JSON is read as JSON means it") {
    CHECK(read(R"({"a":"\/ \u00e9 \" \\ \b","b":[],"c":{},"d":-1.5e3,"e":true,"f":null})") ==
          "{a: '/ \xc3\xa9 \" \\ \b', b: [], c: {}, d: -1.5e3, e: true, f: null}");
    CHECK(read("\t{\n\t\t\"a\"\t:\t[1,\t2]\n\t}\n") == "{a: [1, 2]}");
    CHECK(read(R"(["\ud83d\ude00", "\uD83D\uDE00x", "a\ud800\udc00\udbff\udfffb"])") ==
          "['\xf0\x9f\x98\x80', '\xf0\x9f\x98\x80x', 'a\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"
          "b']");
}

TEST_CASE("surrogate escapes that are only text stay text") {
    CHECK(read(R"(["\ud83d\ude00", '\ud83d', \uDbFF, "\\ud83d"])") ==
          "['\xf0\x9f\x98\x80', '\\ud83d', \\uDbFF, '\\ud83d']");
    CHECK(problem(R"(["x", "\ud83d"])") == "1:7 the string has half of a surrogate pair");
    CHECK(problem(R"(["\ude00\ud83d"])") == "1:2 the string has half of a surrogate pair");
    CHECK(problem("[\"\\ud83d\\ude00\", \"\xee\xa0\x80\"]").find("0:0 the file mixes") == 0);
    CHECK(read("[\"\xee\xa0\x80\", \"\\ue800\"]") == "['\xee\xa0\x80', '\xee\xa0\x80']");
}

TEST_CASE("aliases stand for a copy, which keeps its place") {
    CHECK(read("a: &x [1, &y 2]\nb: *x\nc: *y\n") == "{a: [1, 2], b: [1, 2], c: 2}");
    CHECK(read("a: &x 1\nb: &x 2\nc: *x\n") == "{a: 1, b: 2, c: 2}");
    const std::string text = "a: &x {k: v}\nb: *x\n";
    const Source source(text);
    Report report;
    const auto root = read_yaml(source, report);
    REQUIRE(root);
    CHECK(root->entries[1].value.entries[0].value.at.line == 1);
}

TEST_CASE("an alias for what contains it is an error, and not for ever") {
    CHECK(problem("a: &x [1, *x]\n") == "1:11 the alias refers to what contains it, without end");
    CHECK(problem("&x {a: {b: *x}}\n") == "1:12 the alias refers to what contains it, without end");
    CHECK(problem("a: *x\nb: &x 1\n") == "1:4 the alias '*x' has no anchor above it");
}

TEST_CASE("merge keys add what is not there") {
    CHECK(read("b: &b {x: 1, y: 2}\nm: {<<: *b, y: 3}\n") == "{b: {x: 1, y: 2}, m: {y: 3, x: 1}}");
    CHECK(read("m: {y: 3, <<: {x: 1, y: 2}}\n") == "{m: {y: 3, x: 1}}");
    CHECK(read("m: {<<: [{x: 1}, {x: 2, y: 2}]}\n") == "{m: {x: 1, y: 2}}");
    CHECK(read("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b}\n") ==
          "{a: {x: 1}, b: {y: 2, x: 1}, c: {y: 2, x: 1}}");
    CHECK(read("m: {\"<<\": {x: 1}}\n") == "{m: {<<: {x: 1}}}");
    CHECK(problem("m: {<<: 1}\n") == "1:5 << takes a mapping or a list of mappings, not '1'");
    CHECK(problem("m: {<<: [{x: 1}, 2]}\n") ==
          "1:5 << takes a mapping or a list of mappings, not '2'");
}

TEST_CASE("keys are unique, whatever the parser lets through, and first ones stay") {
    CHECK(problem("a: 1\nb: 2\na: 3\n") == "3:1 the key 'a' stands twice in this mapping");
    CHECK(problem("{\"a\": 1, a: 2}\n") == "1:10 the key 'a' stands twice in this mapping");
    CHECK(problem("a: {<<: {x: 1}, <<: {y: 1}}\n") ==
          "1:17 the key '<<' stands twice in this mapping");
    const Source source("a: 1\na: 2\na: 3\n");
    Report report;
    const auto root = read_yaml(source, report);
    REQUIRE(root);
    CHECK(flat(*root) == "{a: 1}");
    CHECK(report.take().size() == 2);
}

TEST_CASE("keys are text") {
    CHECK(problem("? [a]\n: 1\n") == "1:3 a key must be text, not a list");
    CHECK(problem("{a: 1, {b: 1}: 2}\n") == "1:8 a key must be text, not a mapping");
    CHECK(problem("~: 1\n") == "1:1 a key is missing here");
    CHECK(problem(": 1\n") == "1:1 a key is missing here");
    CHECK(read("1: a\ntrue: b\n\"~\": c\n") == "{1: a, true: b, ~: c}");
}

TEST_CASE("a quote that nothing closes is found where it opens") {
    CHECK(problem("a: \"x\nb: 1\n") == "1:4 the quote that is opened here is never closed");
    CHECK(problem("a: 'it''s\n") == "1:4 the quote that is opened here is never closed");
    CHECK(problem("a: \"x\\\"") == "1:4 the quote that is opened here is never closed");
    CHECK(problem("a: &x !!str \"x") == "1:13 the quote that is opened here is never closed");
    CHECK(read("a: \"x \\\" ' \"\nb: 'it''s \"'\n") == "{a: 'x \" ' ', b: 'it's \"'}");
}

TEST_CASE("tabs do not indent, and are fine elsewhere") {
    CHECK(problem("a:\n\tb: 1\n") == "2:1 a tab is used for indentation");
    CHECK(problem("a:\n\tb\n") == "2:1 a tab is used for indentation");
    CHECK(problem("a:\n \t- b\n") == "2:2 a tab is used for indentation");
    CHECK(problem("a:\n\t{b: 1}\n") == "2:1 a tab is used for indentation");
    CHECK(read("a:\tb\t# c\nd: {\n\te: f\n\t}\n") == "{a: b, d: {e: f}}");
}

TEST_CASE("there is one document") {
    CHECK(problem("a: 1\n---\nb: 2\n") == "2:1 a second document begins here");
    CHECK(problem("- a\nb: 1\n") == "2:1 this does not belong to what stands above it");
    CHECK(problem("") == "0:0 the manifest is empty");
    CHECK(problem("# only a comment\n") == "0:0 the manifest is empty");
}

TEST_CASE("tags are refused, but those that say what the key says anyway") {
    CHECK(read("a: !!str 1\nb: !!int 1\nc: !!map {}\nd: !!seq []\ne: ! x\n") ==
          "{a: '1', b: 1, c: {}, d: [], e: 'x'}");
    CHECK(problem("a: !x 1\n") == "1:4 the tag '!x' is not supported");
    CHECK(problem("a: !!set {x, y}\n") == "1:4 the tag '!!set' is not supported");
    CHECK(problem("a: !!map [x]\n") == "1:4 the tag '!!map' is not supported");
}

TEST_CASE("depth, size and length are bounded") {
    CHECK(read(repeated("[", kMaxDepth) + repeated("]", kMaxDepth)).size() == 2 * kMaxDepth);
    CHECK(problem(repeated("[", kMaxDepth + 1)).find("nested more than 32 deep") !=
          std::string::npos);
    CHECK(problem(repeated("- ", 400'000)).find("nested more than 32 deep") != std::string::npos);
    CHECK(problem(repeated("- a\n", kMaxNodes + 1)).find("more than 200000 values") !=
          std::string::npos);
    CHECK(problem("a: " + std::string(kMaxString + 1, 'x')).find("longer than 131071 bytes") !=
          std::string::npos);

    std::string laughs = "a0: &a0 ha\n";
    for (int i = 1; i < 20; ++i) {
        const std::string last = "*a" + std::to_string(i - 1) + ", ";
        laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + repeated(last, 10) +
                  "]\n";
    }
    CHECK(problem(laughs).find("more than 200000 values") != std::string::npos);
    const std::string texts =
        "a: &a \"" + std::string(kMaxString, 'x') + "\"\nb: [" + repeated("*a, ", 100) + "]\n";
    CHECK(problem(texts).find("more than 8 MiB of text") != std::string::npos);
}

TEST_CASE("every string is looked at for what it cannot have") {
    CHECK(problem("a: [x, \"b\\0c\"]\n") == "1:8 the string has a NUL character");
    CHECK(problem("\"a\\0\": x\n") == "1:1 the string has a NUL character");
}

// A parser's complaint must never reach the user as it is: each of these is one of yaml-cpp's.
TEST_CASE("complaints of the parser are told in gosv's words") {
    for (const char* text : {"a: b: c\n",
                             "a: 1\n b: 2\n",
                             "a: [1, 2\n",
                             "a: {b: 1\n",
                             "a: ]\n",
                             "a: - b\n",
                             "a: 1\n- b\n",
                             "a: @x\n",
                             "a: `x`\n",
                             "a: %x\n",
                             "a: *\n",
                             "a: &\n",
                             "a: *x\n",
                             "a: \"\\q\"\n",
                             "a: \"\\x4\"\n",
                             "a: \"\\U00110000\"\n",
                             "a: |0\n x\n",
                             "a: |x\n x\n",
                             "a: !<foo\n",
                             "a: &a &b c\n",
                             "a: &a *a\n",
                             "%YAML\n---\na\n",
                             "%YAML 9.1\n---\na\n",
                             "%TAG x\n---\na\n",
                             "a: !x!y z\n",
                             "a: \"b\n---\n\"\n",
                             "{\"a\"1}\n",
                             "{\"a\":[1,2}\n",
                             "a: !! !! b\n",
                             "a: !<a b> c\n",
                             "a: {b: 1, &}\n",
                             ", a\n",
                             "}\n"}) {
        CAPTURE(text);
        const std::string said = problem(text);
        CHECK(said.find("not YAML") == std::string::npos);
        CHECK(said.find("illegal") == std::string::npos);
    }
}
