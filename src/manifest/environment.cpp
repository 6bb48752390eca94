#include "gosv/manifest/environment.hpp"

#include <algorithm>

#include "gosv/base/concat.hpp"
#include "gosv/base/sort.hpp"

namespace gosv::manifest {

std::string_view key_of(std::string_view entry) noexcept {
    return entry.substr(0, entry.find('='));
}

Environment::Environment(std::vector<std::string> entries) : entries_(std::move(entries)) {
    std::erase_if(entries_,
                  [](const std::string& entry) { return entry.find('=') == std::string::npos; });
    index();
    std::optional<std::string_view> last;
    bool any_twice = false;
    for (const std::uint32_t place : by_key_) {
        std::string& entry = entries_[place];
        if (last == key_of(entry)) {
            entry.clear();  // else never empty: it has its "="
            any_twice = true;
        } else {
            last = key_of(entry);
        }
    }
    if (any_twice) {
        std::erase_if(entries_, [](const std::string& entry) { return entry.empty(); });
        index();
    }
}

Environment::Environment(
    std::initializer_list<std::pair<std::string_view, std::string_view>> variables) {
    for (const auto& [key, value] : variables) {
        entries_.push_back(concat({key, '=', value}));
    }
    index();
}

void Environment::index() {
    by_key_.clear();
    for (std::uint32_t place = 0; place < entries_.size(); ++place) {
        by_key_.push_back(place);
    }
    sort_small(by_key_, [this](std::uint32_t a, std::uint32_t b) {
        const int order = key_of(entries_[a]).compare(key_of(entries_[b]));
        return order != 0 ? order < 0 : a < b;
    });
}

std::optional<std::size_t> Environment::place_of(std::string_view key) const noexcept {
    const auto found = std::lower_bound(by_key_.begin(), by_key_.end(), key,
                                        [this](std::uint32_t place, std::string_view wanted) {
                                            return key_of(entries_[place]) < wanted;
                                        });
    if (found == by_key_.end() || key_of(entries_[*found]) != key) {
        return std::nullopt;
    }
    return *found;
}

std::optional<std::string_view> Environment::find(std::string_view key) const noexcept {
    const std::optional<std::size_t> place = place_of(key);
    return place ? std::optional(std::string_view(entries_[*place]).substr(key.size() + 1))
                 : std::nullopt;
}

}  // namespace gosv::manifest
