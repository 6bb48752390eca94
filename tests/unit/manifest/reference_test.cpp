// The reference for users, src/manifest/README.md, against the tables of the decoder.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "manifest/bounds.hpp"
#include "manifest/probe_target.hpp"
#include "manifest/schema.hpp"
#include "support/manifest_text.hpp"
#include "unit/manifest/load_fixture.hpp"

using namespace gosv::manifest;
using namespace gosv::test;

namespace {

struct Row {
    std::string section;  // the heading above it: "Top level", "Privileges"
    std::string type;
    std::string fallback;
};

std::string reference() {
    std::ifstream in(GOSV_SOURCE_DIR "/src/manifest/README.md");
    REQUIRE(in);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::vector<std::string> cells_of(const std::string& line) {
    std::vector<std::string> cells;
    std::istringstream stream(line.substr(1));
    for (std::string cell; std::getline(stream, cell, '|');) {
        const std::size_t begin = cell.find_first_not_of(' ');
        const std::size_t end = cell.find_last_not_of(' ');
        cells.push_back(begin == std::string::npos ? "" : cell.substr(begin, end - begin + 1));
    }
    return cells;
}

// Rows of the tables that have the columns key, type, default, meaning.
std::map<std::string, Row> rows_of(const std::string& text) {
    std::map<std::string, Row> rows;
    std::istringstream stream(text);
    std::string section;
    bool in_table = false;
    for (std::string line; std::getline(stream, line);) {
        if (line.starts_with("#")) {
            section = line.substr(line.find(' ') + 1);
        }
        if (!line.starts_with("|")) {
            in_table = false;
            continue;
        }
        const std::vector<std::string> cells = cells_of(line);
        if (cells.front() == "key") {
            in_table = true;
        } else if (in_table && cells.front().starts_with("`")) {
            REQUIRE(cells.size() >= 3);
            const std::string key = cells[0].substr(1, cells[0].size() - 2);
            CAPTURE(key);
            const bool fresh = rows.emplace(key, Row{section, cells[1], cells[2]}).second;
            // `environment` and `env_file` are keys of the top level and of a service.
            CHECK((fresh || key == "environment" || key == "env_file"));
        }
    }
    return rows;
}

std::string name_in_reference(const DocumentedKey& key) {
    switch (key.section) {
        case Section::log:
            return "log." + std::string(key.name);
        case Section::depends_on:
            return "depends_on." + std::string(key.name);
        case Section::healthcheck:
            return "healthcheck." + std::string(key.name);
        case Section::limits:
            return "limits." + std::string(key.name);
        case Section::top_level:
        case Section::service:
            return std::string(key.name);
    }
    return {};
}

}  // namespace

TEST_CASE("every key of the tables is in the reference, with its type and default") {
    const auto rows = rows_of(reference());
    for (const DocumentedKey& key : documented_keys()) {
        const std::string name = name_in_reference(key);
        CAPTURE(name);
        const auto row = rows.find(name);
        REQUIRE(row != rows.end());
        CHECK(row->second.type == key.type);
        CHECK(row->second.fallback == key.fallback);
    }
}

TEST_CASE("every key of the reference is in the tables") {
    std::vector<std::string> known;
    for (const DocumentedKey& key : documented_keys()) {
        known.push_back(name_in_reference(key));
    }
    const auto rows = rows_of(reference());
    CHECK(rows.size() > 50);
    for (const auto& row : rows) {
        CAPTURE(row.first);
        CHECK(std::find(known.begin(), known.end(), row.first) != known.end());
    }
}

// A default in words ("inherited", "no limit") cannot be written into a manifest.
TEST_CASE("the default that is told is the one that holds") {
    const std::string without = to_text(load("services: {web: {command: [x]}}\n").manifest);
    const std::string asked =
        to_text(load("services: {web: {command: [x], healthcheck: {tcp: 80}}}\n").manifest);
    const std::string waiting = to_text(
        load("services: {web: {command: [x], depends_on: {db: }}, db: {command: [x]}}\n").manifest);
    int compared = 0;
    for (const DocumentedKey& key : documented_keys()) {
        const std::string_view value = key.fallback;
        const bool in_words = value == "inherited" || value == "required" || value == "unset" ||
                              value == "no limit" || value == "gosv's own" || value == "all" ||
                              value.find(' ') != value.npos;
        const bool in_list = value.starts_with("[") || value.starts_with("{");
        // Weights and memory_low are the kernel's defaults: gosv does not write what is not given.
        const bool kernels = key.section == Section::limits;
        if ((in_words && !in_list) || kernels) {
            continue;
        }
        const std::string entry = std::string(key.name) + ": " + std::string(value);
        std::string text = "services: {web: {command: [x]}}\n";
        switch (key.section) {
            case Section::top_level:
                text += entry + "\n";
                break;
            case Section::log:
                text += "log: {" + entry + "}\n";
                break;
            case Section::service:
                text = "services: {web: {command: [x], " + entry + "}}\n";
                break;
            case Section::depends_on:
                text = "services: {web: {command: [x], depends_on: {db: {" + entry +
                       "}}}, db: {command: [x]}}\n";
                break;
            case Section::healthcheck:
                text = "services: {web: {command: [x], healthcheck: {tcp: 80, " + entry + "}}}\n";
                break;
            case Section::limits:
                break;
        }
        CAPTURE(text);
        const LoadResult loaded = load(text);
        CHECK(problems_of(loaded) == "");
        CHECK(to_text(loaded.manifest) == (key.section == Section::healthcheck  ? asked
                                           : key.section == Section::depends_on ? waiting
                                                                                : without));
        ++compared;
    }
    CHECK(compared > 30);
}

TEST_CASE("the examples of the reference are manifests without problems") {
    const std::string text = reference();
    int examples = 0;
    for (std::size_t at = text.find("```"); at != std::string::npos; at = text.find("```", at)) {
        const std::size_t begin = text.find('\n', at) + 1;
        const std::size_t end = text.find("```", begin);
        REQUIRE(end != std::string::npos);
        const std::string example = text.substr(begin, end - begin);
        CAPTURE(example);
        CHECK(problems_of(example) == "");
        ++examples;
        at = end + 3;
    }
    CHECK(examples == 3);
}

TEST_CASE("the bounds of the reference are the reader's") {
    const std::string text = reference();
    const auto has = [&text](const std::string& row) {
        CAPTURE(row);
        CHECK(text.find(row) != std::string::npos);
    };
    static_assert(kMaxNodes == 200'000 && kMaxString == 131'071 && kMaxDependencies == 65'536);
    has("| dependencies of all services | 65,536 |");
    has("at most " + std::to_string(kLongestProbeTarget) + " characters");
    has("`env_file` | " + std::to_string(kMaxFileSize >> 20) + " MiB |");
    has("| services | " + std::to_string(gosv::kMaxServices) + " |");
    has("| depth of lists and mappings | " + std::to_string(kMaxDepth) + " |");
    has("| values, with every alias expanded | 200,000 |");
    has("expanded | " + std::to_string(kMaxTreeText >> 20) + " MiB |");
    has("of all services | " + std::to_string(kMaxCopies >> 20) + " MiB |");
    has("131,071 bytes");
}
