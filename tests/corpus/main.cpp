// corpus bad|doubtful|good FILE...: manifests and what gosv makes of them. Beside each FILE stands
// FILE.expected: for bad ones the diagnostics of loading, for doubtful ones (which load without)
// the advice, both as `gosv check` prints them; for good ones (which have neither) the Manifest.
// GOSV_UPDATE_SCENARIOS=1 rewrites them. The environment is always the same.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "gosv/app/check.hpp"
#include "gosv/manifest/advice.hpp"
#include "gosv/manifest/manifest.hpp"
#include "support/golden.hpp"
#include "support/manifest_text.hpp"

namespace {

using gosv::manifest::Diagnostic;
using gosv::manifest::Diagnostics;
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

bool matches(const std::string& name, const Diagnostics& diagnostics, const LoadResult& loaded) {
    if (diagnostics.empty()) {
        std::printf("%s: nothing is wrong with it\n", name.c_str());
        return false;
    }
    for (const Diagnostic& diagnostic : diagnostics) {
        const std::string flaw = flaw_of(diagnostic, loaded.source);
        if (!flaw.empty()) {
            std::printf("%s: %s\n", name.c_str(), flaw.c_str());
            return false;
        }
    }
    return gosv::test::matches_golden(name + ".expected",
                                      gosv::app::render_text(diagnostics, loaded.source, name),
                                      "the manifest layer");
}

// Nothing is said of it; what is said is printed.
bool is_without(const std::string& name, const Diagnostics& diagnostics, const LoadResult& loaded) {
    const std::string text = gosv::app::render_text(diagnostics, loaded.source, name);
    std::fputs(text.c_str(), stdout);
    return text.empty();
}

bool check_bad(const std::string& name, const LoadResult& loaded) {
    return matches(name, loaded.diagnostics, loaded);
}

bool check_doubtful(const std::string& name, const LoadResult& loaded) {
    return is_without(name, loaded.diagnostics, loaded) &&
           matches(name, gosv::manifest::advise(loaded.manifest), loaded);
}

bool check_good(const std::string& name, const LoadResult& loaded) {
    if (!is_without(name, loaded.diagnostics, loaded) ||
        !is_without(name, gosv::manifest::advise(loaded.manifest), loaded)) {
        return false;
    }
    return gosv::test::matches_golden(name + ".expected", gosv::test::to_text(loaded.manifest),
                                      "the manifest layer");
}

}  // namespace

int main(int argc, char** argv) {
    const std::string kind = argc > 1 ? argv[1] : "";
    const auto check = kind == "bad"        ? check_bad
                       : kind == "doubtful" ? check_doubtful
                       : kind == "good"     ? check_good
                                            : nullptr;
    if (argc < 3 || check == nullptr) {
        std::printf("usage: corpus bad|doubtful|good FILE...\n");
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
        failed += check(name, loaded) ? 0 : 1;
    }
    return failed == 0 ? 0 : 1;
}
