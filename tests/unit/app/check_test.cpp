// Diagnostics as people and as programs read them.
#include "gosv/app/check.hpp"

#include <doctest/doctest.h>

#include "gosv/base/utf8.hpp"
#include "gosv/manifest/planning.hpp"
#include "gosv/os/sys.hpp"
#include "support/json_check.hpp"

using namespace gosv;
using app::render_json;
using app::render_text;
using manifest::Diagnostic;
using manifest::Diagnostics;

namespace {

constexpr std::string_view kSource =
    "services:\n"
    "  web:\n"
    "    comand: [nginx]\n"
    "    restart: sometimes\n";

Diagnostic unknown_key() {
    return {.at = {3, 5},
            .path = "services.web.comand",
            .message = "unknown key 'comand'",
            .hint = "did you mean 'command'?"};
}

Diagnostic odd_value(Diagnostic::Severity severity = Diagnostic::Severity::warning) {
    return {.severity = severity,
            .at = {4, 14},
            .path = "services.web.restart",
            .message = "odd value",
            .hint = ""};
}

std::string readme() {
    auto text = sys::read_file(GOSV_SOURCE_DIR "/README.md", 1 << 20);
    REQUIRE(text.ok());
    return std::move(text).value();
}

// The text between a line that begins with `first` and the end of its block, `first` included.
std::string block(const std::string& text, const std::string& first) {
    const std::size_t begin = text.find("\n" + first) + 1;
    REQUIRE(begin != 0);
    return text.substr(begin, text.find("```", begin) - begin);
}

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) {
            return false;
        }
        text.remove_prefix(length);
    }
    return true;
}

manifest::HostFacts debian() {
    manifest::HostFacts host;
    host.passwd = "root:x:0:0::/root:/bin/bash\nwww-data:x:33:33::/var/www:/usr/sbin/nologin\n";
    return host;
}

}  // namespace

TEST_CASE("a problem is its place, its line, a caret and a way out") {
    CHECK(render_text({unknown_key()}, kSource, "gosv.yaml") ==
          "gosv.yaml:3:5: error: unknown key 'comand'\n"
          "    comand: [nginx]\n"
          "    ^~~~~~\n"
          "hint: did you mean 'command'?\n"
          "1 error\n");
}

TEST_CASE("without a hint there is no line for it, and all are counted") {
    CHECK(render_text({unknown_key(), unknown_key(), odd_value()}, kSource, "f")
              .ends_with("f:4:14: warning: odd value\n"
                         "    restart: sometimes\n"
                         "             ^~~~~~~~~\n"
                         "2 errors, 1 warning\n"));
    CHECK(render_text({odd_value(), odd_value()}, kSource, "f").ends_with("\n2 warnings\n"));
}

TEST_CASE("nothing to tell is no text at all") {
    CHECK(render_text({}, kSource, "f").empty());
}

TEST_CASE("a problem of the file as a whole has no place in it") {
    Diagnostic problem;
    problem.message = "is a directory";
    problem.hint = "name a file";
    CHECK(render_text({problem}, "", "/etc") ==
          "/etc: error: is a directory\n"
          "hint: name a file\n"
          "1 error\n");
}

TEST_CASE("a problem of another file names that file and shows no line of this one") {
    Diagnostic problem = unknown_key();
    problem.file = "/srv/web.env";
    CHECK(render_text({problem}, kSource, "gosv.yaml") ==
          "/srv/web.env:3:5: error: unknown key 'comand'\n"
          "hint: did you mean 'command'?\n"
          "1 error\n");
}

TEST_CASE("places beyond the text show no line, or the end of one") {
    Diagnostic problem = unknown_key();
    problem.at = {99, 1};
    CHECK(render_text({problem}, kSource, "f")
              .starts_with("f:99:1: error: unknown key 'comand'\nhint"));
    problem.at = {1, 99};
    CHECK(render_text({problem}, kSource, "f").find("\nservices:\n         ^\n") !=
          std::string::npos);
    problem.at = {1, 0};
    CHECK(render_text({problem}, kSource, "f").starts_with("f:1: error: "));
}

TEST_CASE("the last line needs no end, and lines of DOS have another one") {
    Diagnostic problem = unknown_key();
    problem.at = {2, 1};
    CHECK(render_text({problem}, "a\r\nbc: 1\r", "f").find("\nbc: 1\n^~\n") != std::string::npos);
    CHECK(render_text({problem}, "a\nbc: 1", "f").find("\nbc: 1\n^~\n") != std::string::npos);
    CHECK(render_text({problem}, "\n\n", "f").find("'\n\n^\n") != std::string::npos);
}

TEST_CASE("a message cannot send orders to a terminal") {
    Diagnostic problem = odd_value();
    problem.message = "unknown key '\x1b[2J\n\xff'";
    const std::string text = render_text({problem}, "", "evil\nname");
    CHECK(text ==
          "evil\\nname:4:14: warning: unknown key '\\x1b[2J\\n\\xff'\n"
          "1 warning\n");
}

TEST_CASE("strict takes every warning for an error") {
    Diagnostics diagnostics = {odd_value(), unknown_key()};
    CHECK(render_text(diagnostics, kSource, "f").ends_with("\n1 error, 1 warning\n"));
    app::make_strict(diagnostics);
    CHECK(render_text(diagnostics, kSource, "f").starts_with("f:4:14: error: odd value\n"));
    CHECK(render_text(diagnostics, kSource, "f").ends_with("\n2 errors\n"));
    Diagnostics warning = {odd_value()};
    CHECK(render_json(warning, "f").find("\"valid\":true") != std::string::npos);
    app::make_strict(warning);
    CHECK(render_json(warning, "f").find("\"valid\":false") != std::string::npos);
}

TEST_CASE("as JSON: one object on one line") {
    const std::string text = render_json({unknown_key(), odd_value()}, "gosv.yaml");
    CHECK(test::JsonCheck::problem(std::string_view(text).substr(0, text.size() - 1)) == "");
    CHECK(text == R"({"file":"gosv.yaml","valid":false,"diagnostics":[)"
                  R"({"severity":"error","line":3,"column":5,"path":"services.web.comand",)"
                  R"("message":"unknown key 'comand'","hint":"did you mean 'command'?"},)"
                  R"({"severity":"warning","line":4,"column":14,"path":"services.web.restart",)"
                  R"("message":"odd value","hint":""}]})"
                  "\n");
}

TEST_CASE("as JSON: warnings leave a manifest valid, and no problem is an empty list") {
    CHECK(render_json({odd_value()}, "f").starts_with(R"({"file":"f","valid":true,)"));
    CHECK(render_json({}, "f") == "{\"file\":\"f\",\"valid\":true,\"diagnostics\":[]}\n");
}

TEST_CASE("as JSON: a problem of another file names it") {
    Diagnostic problem = unknown_key();
    problem.file = "/srv/web.env";
    CHECK(render_json({problem}, "f").find(R"("error","file":"/srv/web.env","line":3)") !=
          std::string::npos);
}

TEST_CASE("as JSON: whatever bytes a manifest holds, it stays JSON and UTF-8") {
    std::string bytes;
    for (int byte = 0; byte < 256; ++byte) {
        bytes += static_cast<char>(byte);
        bytes += static_cast<char>(255 - byte);
    }
    Diagnostic problem = odd_value();
    problem.path = problem.message = problem.hint = problem.file = bytes;
    const std::string text = render_json({problem}, bytes);
    CHECK(test::JsonCheck::problem(std::string_view(text).substr(0, text.size() - 1)) == "");
    CHECK(is_utf8(text));
    CHECK(text.find('\n') == text.size() - 1);
    CHECK(is_utf8(render_text({problem}, bytes, bytes)));
}

TEST_CASE("the README shows what is printed") {
    const manifest::LoadResult loaded = manifest::load_text(
        "services:\n"
        "  web:\n"
        "    comand: [nginx, -g, daemon off;]\n"
        "    user: www-date\n",
        "gosv.yaml", {});
    const Diagnostics found = manifest::make_plan(loaded, debian()).diagnostics;
    CHECK(render_text(found, loaded.source, "gosv.yaml") == block(readme(), "gosv.yaml:"));
}

TEST_CASE("the manifest of the README is right") {
    const manifest::LoadResult loaded =
        manifest::load_text(block(readme(), "# /etc/gosv.yaml"), "gosv.yaml", {});
    const Diagnostics found = manifest::make_plan(loaded, debian()).diagnostics;
    CHECK(render_text(found, loaded.source, "gosv.yaml") == "");
    CHECK(loaded.manifest.services.size() == 3);
}
