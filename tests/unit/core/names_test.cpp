// Names are what logs, snapshots and golden files show: each enumerator has its own, and none has
// been forgotten.
#include "gosv/core/names.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

using namespace gosv::core;

namespace {

// Counts from the first enumerator on; `last` is the last one of the enumeration.
template <class Enum>
std::set<std::string> all_names(Enum last) {
    std::set<std::string> names;
    for (int i = 0; i <= static_cast<int>(last); ++i) {
        names.emplace(name(static_cast<Enum>(i)));
    }
    return names;
}

template <class Enum>
void check_names(Enum last) {
    const std::set<std::string> names = all_names(last);
    CHECK(names.size() == static_cast<std::size_t>(last) + 1);
    for (const std::string& each : names) {
        CAPTURE(each);
        CHECK_FALSE(each.empty());
        CHECK(std::all_of(each.begin(), each.end(),
                          [](char c) { return (c >= 'a' && c <= 'z') || c == '_'; }));
    }
    // One past the last has no name: the list above is complete.
    CHECK(name(static_cast<Enum>(static_cast<int>(last) + 1)) == "?");
}

}  // namespace

TEST_CASE("every enumerator has a name of its own, in lower case") {
    check_names(Phase::stopped);
    check_names(Stage::finished);
    check_names(ReportKind::unexpected);
    check_names(ReportReason::out_of_memory);
    check_names(Condition::completed);
    check_names(Health::unhealthy);
    check_names(Task::stop_command);
}

TEST_CASE("names are the words of the header") {
    CHECK(name(Phase::pending) == "pending");
    CHECK(name(Phase::backoff) == "backoff");
    CHECK(name(Phase::completed) == "completed");
    CHECK(name(Stage::supervising) == "supervising");
    CHECK(name(Stage::sweeping) == "sweeping");
    CHECK(name(ReportKind::restarting) == "restarting");
    CHECK(name(ReportKind::end) == "end");
    CHECK(name(ReportReason::shutdown_timeout) == "shutdown_timeout");
    CHECK(name(ReportReason::none) == "none");
}
