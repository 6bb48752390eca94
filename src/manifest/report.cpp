#include "report.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>
#include <vector>

#include "bounds.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/base/sort.hpp"

namespace gosv::manifest {

namespace {

using Severity = Diagnostic::Severity;

auto key_of(const Position& at) noexcept {
    return std::tuple(at.line, at.column);
}

bool same(const Diagnostic& a, const Diagnostic& b) noexcept {
    return key_of(a.at) == key_of(b.at) && a.message == b.message && a.file == b.file;
}

}  // namespace

void Report::add(Position order, Severity severity, std::string_view path, std::string_view file,
                 Position at, std::string_view message, std::string_view hint) {
    if (full()) {
        ++dropped_;
        dropped_errors_ = dropped_errors_ || severity == Severity::error;
        return;
    }
    Diagnostic& added = found_.emplace_back().diagnostic;
    found_.back().order = order;
    added.severity = severity;
    added.at = at;
    added.path = path;
    added.message = message;
    added.hint = hint;
    added.file = file;
}

void Report::error(Position at, std::string_view path, std::string_view message,
                   std::string_view hint) {
    add(at, Severity::error, path, {}, at, message, hint);
}

void Report::warning(Position at, std::string_view path, std::string_view message,
                     std::string_view hint) {
    add(at, Severity::warning, path, {}, at, message, hint);
}

void Report::error_in_file(Position from, std::string_view path, std::string_view file, Position at,
                           std::string_view message, std::string_view hint) {
    add(from, Severity::error, path, file, at, message, hint);
}

bool Report::has_errors() const noexcept {
    return dropped_errors_ || std::any_of(found_.begin(), found_.end(), [](const Found& each) {
               return each.diagnostic.severity == Severity::error;
           });
}

bool Report::full() const noexcept {
    return found_.size() >= kMaxFound;
}

Diagnostics Report::take() {
    std::vector<std::size_t> order(found_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    sort_small(order, [&](std::size_t left, std::size_t right) {
        const Found& a = found_[left];
        const Found& b = found_[right];
        return std::tuple_cat(key_of(a.order), key_of(a.diagnostic.at), std::tuple(left)) <
               std::tuple_cat(key_of(b.order), key_of(b.diagnostic.at), std::tuple(right));
    });
    Diagnostics sorted;
    std::size_t left_out = std::exchange(dropped_, 0);
    bool errors_left_out = std::exchange(dropped_errors_, false);
    std::size_t same_place = 0;  // first of those at the place of the last one
    for (const std::size_t place : order) {
        Diagnostic& diagnostic = found_[place].diagnostic;
        if (!sorted.empty() && key_of(sorted.back().at) != key_of(diagnostic.at)) {
            same_place = sorted.size();
        }
        const auto begin = sorted.begin() + static_cast<std::ptrdiff_t>(same_place);
        if (std::any_of(begin, sorted.end(),
                        [&](const Diagnostic& told) { return same(told, diagnostic); })) {
            continue;
        }
        if (sorted.size() == kMaxDiagnostics) {
            ++left_out;
            errors_left_out = errors_left_out || diagnostic.severity == Severity::error;
            continue;
        }
        sorted.push_back(std::move(diagnostic));
    }
    found_.clear();
    if (left_out > 0) {
        sorted.push_back({errors_left_out ? Severity::error : Severity::warning,
                          {},
                          {},
                          concat({"and ", left_out, " more problems"}),
                          "mend the ones above first",
                          {}});
    }
    return sorted;
}

}  // namespace gosv::manifest
