// scenario FILE...: plays each and compares. With GOSV_UPDATE_SCENARIOS=1 it rewrites the files
// instead: the difference that version control then shows is the change of behaviour to review.
#include <cstdio>
#include <string>

#include "scenario/scenario.hpp"
#include "support/golden.hpp"

namespace {

bool check(const std::string& path) {
    const auto content = gosv::test::read_whole(path);
    if (!content) {
        return false;
    }
    const gosv::scenario::Played played = gosv::scenario::play(*content);
    if (!played.error.empty()) {
        std::printf("%s: %s\n", path.c_str(), played.error.c_str());
        return false;
    }
    return gosv::test::matches_golden(path, played.text, "the core");
}

}  // namespace

int main(int argc, char** argv) {
    int failed = argc > 1 ? 0 : 1;
    for (int i = 1; i < argc; ++i) {
        failed += check(argv[i]) ? 0 : 1;
    }
    return failed == 0 ? 0 : 1;
}
