#include "support/golden.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

namespace gosv::test {

namespace {

bool updates() {
    const char* const wish = std::getenv("GOSV_UPDATE_SCENARIOS");
    return wish != nullptr && std::string(wish) == "1";
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

void show_first_difference(const std::string& path, const std::string& stands,
                           const std::string& is, const char* who) {
    const auto expected = lines_of(stands);
    const auto actual = lines_of(is);
    std::size_t at = 0;
    while (at < expected.size() && at < actual.size() && expected[at] == actual[at]) {
        ++at;
    }
    const auto line = [at](const std::vector<std::string>& lines) {
        return at < lines.size() ? lines[at].c_str() : "(end of file)";
    };
    std::printf("%s:%zu: %s answers differently\n  expected: %s\n  actual:   %s\n", path.c_str(),
                at + 1, who, line(expected), line(actual));
}

}  // namespace

std::optional<std::string> read_whole(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream content;
    content << in.rdbuf();
    if (!in) {
        std::printf("%s: cannot be read\n", path.c_str());
        return std::nullopt;
    }
    return content.str();
}

bool matches_golden(const std::string& path, const std::string& text, const char* who) {
    if (updates()) {
        std::ifstream in(path, std::ios::binary);
        std::ostringstream stands;
        stands << in.rdbuf();
        if (in && stands.str() == text) {
            return true;
        }
        std::printf("%s: rewritten\n", path.c_str());
        return static_cast<bool>(std::ofstream(path, std::ios::binary) << text << std::flush);
    }
    const auto stands = read_whole(path);
    if (!stands || *stands == text) {
        return stands.has_value();
    }
    show_first_difference(path, *stands, text, who);
    return false;
}

}  // namespace gosv::test
