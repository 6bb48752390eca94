#pragma once
// Manifests from text, and what is said of them, in one line each.
#include <string>
#include <string_view>

#include "gosv/manifest/manifest.hpp"

namespace gosv::test {

inline manifest::LoadResult load(std::string_view text, const manifest::Environment& env = {}) {
    return manifest::load_text(std::string(text), "test.yaml", env);
}

// "3:5 error services.web.restart: message", one a line.
inline std::string problems_of(const manifest::LoadResult& loaded) {
    std::string all;
    for (const manifest::Diagnostic& each : loaded.diagnostics) {
        const bool error = each.severity == manifest::Diagnostic::Severity::error;
        all += each.file + (each.file.empty() ? "" : ":") + std::to_string(each.at.line) + ":" +
               std::to_string(each.at.column) + (error ? " error " : " warning ") + each.path +
               ": " + each.message + "\n";
    }
    return all;
}

inline std::string problems_of(std::string_view text, const manifest::Environment& env = {}) {
    return problems_of(load(text, env));
}

// The only service of a manifest that has just these keys, written in flow style.
inline manifest::LoadResult load_service(std::string_view keys) {
    return load("services: {web: {command: [/srv/web], " + std::string(keys) + "}}\n");
}

}  // namespace gosv::test
