#include "name_index.hpp"

#include <cstring>

namespace gosv::manifest {

bool NameIndex::Order::operator()(std::string_view a, std::string_view b) const noexcept {
    return a.size() != b.size() ? a.size() < b.size()
                                : std::memcmp(a.data(), b.data(), a.size()) < 0;
}

std::size_t NameIndex::add(std::string_view name, std::size_t place) {
    return places_.emplace_hint(places_.end(), name, place)->second;
}

std::optional<std::size_t> NameIndex::find(std::string_view name) const noexcept {
    const auto found = places_.find(name);
    return found == places_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace gosv::manifest
