#include "path.hpp"

#include <algorithm>

#include "gosv/base/concat.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

constexpr bool is_plain(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '.';
}

// Every key of a manifest is asked this, so it does not search a list of what is plain.
bool is_plain_word(std::string_view key) noexcept {
    return !key.empty() && key.size() <= 64 && std::all_of(key.begin(), key.end(), is_plain);
}

}  // namespace

std::string child_path(std::string_view parent, std::string_view key) {
    std::string path(parent);
    path += path.empty() ? "" : ".";
    return path += is_plain_word(key) ? std::string(key) : quote(key);
}

std::string item_path(std::string_view parent, std::size_t index) {
    return concat({parent, "[", index, "]"});
}

std::string Path::text() const {
    const std::string parent = parent_ == nullptr ? std::string() : parent_->text();
    if (index_ != kNoItem) {
        return item_path(parent, index_);
    }
    return is_root() ? parent : child_path(parent, key_);
}

}  // namespace gosv::manifest
