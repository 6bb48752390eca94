// corpus bad|good FILE...: manifests and what gosv makes of them. Beside each FILE stands
// FILE.expected: for bad ones the diagnostics as `gosv check` prints them, for good ones (which
// must have none) the Manifest. GOSV_UPDATE_SCENARIOS=1 rewrites them. The environment is always
// the same.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "gosv/app/check.hpp"
#include "gosv/manifest/manifest.hpp"
#include "support/golden.hpp"
#include "support/manifest_text.hpp"

namespace {

using gosv::manifest::Diagnostic;
using gosv::manifest::LoadResult;

const gosv::manifest::Environment kEnvironment = {
    {"EMPTY", ""}, {"HOME", "/root"}, {"PORT", "8080"}, {"YAML", "{a: 1}"}};

bool is_one_line(const std::string& text) {
    return text.find('\n') == std::string::npos;
}

// What holds of every diagnostic, whatever it says.
std::string flaw_of(const Diagnostic& diagnostic, const std::string& source) {
    const auto lines = std::count(source.begin(), source.end(), '\n') + 1;
    if (diagnostic.message.empty() || !is_one_line(diagnostic.message)) {
        return "a message is one line";
    }
    if (diagnostic.message.back() == '.') {
        return "a message ends without a full stop: " + diagnostic.message;
    }
    if (!is_one_line(diagnostic.hint)) {
        return "a hint is one line at most";
    }
    if (diagnostic.file.empty() && diagnostic.at.line > lines) {
        return "there is no such line: " + std::to_string(diagnostic.at.line);
    }
    if ((diagnostic.at.line > 0) != (diagnostic.at.column > 0)) {
        return "a line and a column go together: " + diagnostic.message;
    }
    return {};
}

bool check_bad(const std::string& name, const LoadResult& loaded) {
    if (loaded.diagnostics.empty()) {
        std::printf("%s: nothing is wrong with it\n", name.c_str());
        return false;
    }
    for (const Diagnostic& diagnostic : loaded.diagnostics) {
        const std::string flaw = flaw_of(diagnostic, loaded.source);
        if (!flaw.empty()) {
            std::printf("%s: %s\n", name.c_str(), flaw.c_str());
            return false;
        }
    }
    return gosv::test::matches_golden(
        name + ".expected", gosv::app::render_text(loaded.diagnostics, loaded.source, name),
        "the manifest layer");
}

bool check_good(const std::string& name, const LoadResult& loaded) {
    if (!loaded.diagnostics.empty()) {
        const std::string text = gosv::app::render_text(loaded.diagnostics, loaded.source, name);
        std::fputs(text.c_str(), stdout);
        return false;
    }
    return gosv::test::matches_golden(name + ".expected", gosv::test::to_text(loaded.manifest),
                                      "the manifest layer");
}

}  // namespace

int main(int argc, char** argv) {
    const bool bad = argc > 1 && std::string(argv[1]) == "bad";
    const bool good = argc > 1 && std::string(argv[1]) == "good";
    if (argc < 3 || !(bad || good)) {
        std::printf("usage: corpus bad|good FILE...\n");
        return 2;
    }
    int failed = 0;
    for (int i = 2; i < argc; ++i) {
        // In the file's own folder, so that no path of this machine gets into a message.
        const std::string path = argv[i];
        const std::size_t slash = path.rfind('/');
        if (slash != std::string::npos && ::chdir(path.substr(0, slash).c_str()) != 0) {
            std::printf("%s: no such folder\n", path.c_str());
            return 2;
        }
        const std::string name = path.substr(slash + 1);
        const LoadResult loaded = gosv::manifest::load_file(name, kEnvironment);
        failed += (bad ? check_bad(name, loaded) : check_good(name, loaded)) ? 0 : 1;
    }
    return failed == 0 ? 0 : 1;
}
