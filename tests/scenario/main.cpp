// scenario FILE...: plays each and compares. With GOSV_UPDATE_SCENARIOS=1 it rewrites the files
// instead: the difference that version control then shows is the change of behaviour to review.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "scenario/scenario.hpp"

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

void show_first_difference(const char* path, const std::string& stands, const std::string& is) {
    const auto expected = lines_of(stands);
    const auto actual = lines_of(is);
    std::size_t at = 0;
    while (at < expected.size() && at < actual.size() && expected[at] == actual[at]) {
        ++at;
    }
    const auto line = [at](const std::vector<std::string>& lines) {
        return at < lines.size() ? lines[at].c_str() : "(end of file)";
    };
    std::printf("%s:%zu: the core answers differently\n  expected: %s\n  actual:   %s\n", path,
                at + 1, line(expected), line(actual));
}

bool check(const char* path, bool update) {
    std::ifstream in(path);
    std::ostringstream content;
    content << in.rdbuf();
    if (!in) {
        std::printf("%s: cannot be read\n", path);
        return false;
    }
    const gosv::scenario::Played played = gosv::scenario::play(content.str());
    if (!played.error.empty()) {
        std::printf("%s: %s\n", path, played.error.c_str());
        return false;
    }
    if (played.text == content.str()) {
        return true;
    }
    if (update) {
        std::printf("%s: rewritten\n", path);
        return static_cast<bool>(std::ofstream(path) << played.text << std::flush);
    }
    show_first_difference(path, content.str(), played.text);
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    const char* wish = std::getenv("GOSV_UPDATE_SCENARIOS");
    const bool update = wish != nullptr && std::string(wish) == "1";
    int failed = argc > 1 ? 0 : 1;
    for (int i = 1; i < argc; ++i) {
        failed += check(argv[i], update) ? 0 : 1;
    }
    return failed == 0 ? 0 : 1;
}
