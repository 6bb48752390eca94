#include "path.hpp"

#include "gosv/base/concat.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

bool is_plain_word(std::string_view key) noexcept {
    constexpr std::string_view kPlain =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+.";
    return !key.empty() && key.size() <= 64 && key.find_first_not_of(kPlain) == key.npos;
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

}  // namespace gosv::manifest
