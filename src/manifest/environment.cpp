#include "gosv/manifest/environment.hpp"

#include <algorithm>

#include "gosv/base/concat.hpp"
#include "gosv/base/sort.hpp"

namespace gosv::manifest {

std::string_view key_of(std::string_view entry) noexcept {
    return entry.substr(0, entry.find('='));
}

namespace {

// Whether it stands before every entry of that key.
bool is_before(std::string_view entry, std::string_view key) noexcept {
    const int order = entry.compare(0, key.size(), key);
    return order != 0
               ? order < 0
               : entry.size() <= key.size() || static_cast<unsigned char>(entry[key.size()]) < '=';
}

}  // namespace

Environment::Environment(std::vector<std::string> entries) : entries_(std::move(entries)) {
    std::erase_if(entries_,
                  [](const std::string& entry) { return entry.find('=') == std::string::npos; });
    index();
    bool any_twice = false;
    for (std::size_t i = 1; i < by_key_.size(); ++i) {
        const std::uint32_t first = std::min(by_key_[i - 1], by_key_[i]);
        const std::uint32_t second = std::max(by_key_[i - 1], by_key_[i]);
        if (key_of(entries_[first]) == key_of(entries_[second])) {
            entries_[second].clear();  // else never empty: it has its "="
            by_key_[i] = first;
            any_twice = true;
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

// By whole entries, which is one comparison of bytes each: those of one key stand together, since
// none of them has its "=" elsewhere.
void Environment::index() {
    by_key_.clear();
    for (std::uint32_t place = 0; place < entries_.size(); ++place) {
        by_key_.push_back(place);
    }
    sort_small(by_key_, [this](std::uint32_t a, std::uint32_t b) {
        const int order = entries_[a].compare(entries_[b]);
        return order != 0 ? order < 0 : a < b;
    });
}

std::optional<std::size_t> Environment::place_of(std::string_view key) const noexcept {
    const auto found = std::lower_bound(by_key_.begin(), by_key_.end(), key,
                                        [this](std::uint32_t place, std::string_view wanted) {
                                            return is_before(entries_[place], wanted);
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
