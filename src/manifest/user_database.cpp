#include "user_database.hpp"

#include <algorithm>
#include <array>

#include "gosv/base/parse.hpp"

namespace gosv::manifest {

namespace {

// The text before the separator, which is removed with it; all of it when there is none.
std::string_view take(std::string_view& text, char separator) noexcept {
    const std::size_t end = std::min(text.find(separator), text.size());
    const std::string_view taken = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return taken;
}

bool is_entry(std::string_view line) noexcept {
    return !line.empty() && line[0] != '#' && line[0] != '+' && line[0] != '-' && line[0] != ':';
}

std::optional<User> parse_user(std::string_view line) noexcept {
    std::array<std::string_view, 7> fields;  // name:password:uid:gid:gecos:home:shell
    for (std::string_view& field : fields) {
        field = take(line, ':');
    }
    const auto uid = parse_id(fields[2]);
    const auto gid = parse_id(fields[3]);
    if (!uid || !gid) {
        return std::nullopt;
    }
    return User{fields[0], *uid, *gid, fields[5], fields[6]};
}

std::optional<Group> parse_group(std::string_view line) noexcept {
    std::array<std::string_view, 3> fields;  // name:password:gid, and the members
    for (std::string_view& field : fields) {
        field = take(line, ':');
    }
    const auto gid = parse_id(fields[2]);
    if (!gid) {
        return std::nullopt;
    }
    return Group{fields[0], *gid, take(line, ':')};
}

// Applies parse to every line that may be an entry.
template <class Entry>
std::vector<Entry> parse_lines(std::string_view text,
                               std::optional<Entry> (*parse)(std::string_view) noexcept) {
    std::vector<Entry> entries;
    while (!text.empty()) {
        std::string_view line = take(text, '\n');
        line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
        if (!line.empty() && line.back() == '\r') {
            line.remove_suffix(1);
        }
        if (!is_entry(line)) {
            continue;
        }
        if (const auto entry = parse(line)) {
            entries.push_back(*entry);
        }
    }
    return entries;
}

bool lists(std::string_view members, std::string_view name) noexcept {
    while (!members.empty()) {
        if (take(members, ',') == name) {
            return true;
        }
    }
    return false;
}

template <class Entry, class Predicate>
const Entry* find(const std::vector<Entry>& entries, Predicate matches) noexcept {
    const auto found = std::find_if(entries.begin(), entries.end(), matches);
    return found == entries.end() ? nullptr : &*found;
}

template <class Entry>
std::string_view nearest(std::string_view word, const std::vector<Entry>& entries) {
    std::vector<std::string_view> names;
    names.reserve(entries.size());
    for (const Entry& entry : entries) {
        names.push_back(entry.name);
    }
    return nearest_name(word, names.data(), names.size());
}

}  // namespace

std::optional<std::uint32_t> parse_id(std::string_view text) noexcept {
    const auto number = parse_uint(text);
    if (!number || *number >= UINT32_MAX) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(*number);
}

UserDatabase::UserDatabase(std::string_view passwd, std::string_view group)
    : users_(parse_lines<User>(passwd, parse_user)),
      groups_(parse_lines<Group>(group, parse_group)) {}

const User* UserDatabase::user(std::string_view name) const noexcept {
    return find(users_, [&](const User& each) { return each.name == name; });
}

const User* UserDatabase::user(std::uint32_t uid) const noexcept {
    return find(users_, [&](const User& each) { return each.uid == uid; });
}

const Group* UserDatabase::group(std::string_view name) const noexcept {
    return find(groups_, [&](const Group& each) { return each.name == name; });
}

std::vector<std::uint32_t> UserDatabase::groups_of(std::string_view user_name) const {
    std::vector<std::uint32_t> gids;
    for (const Group& each : groups_) {
        if (lists(each.members, user_name) &&
            std::find(gids.begin(), gids.end(), each.gid) == gids.end()) {
            gids.push_back(each.gid);
        }
    }
    return gids;
}

std::string_view UserDatabase::nearest_user(std::string_view name) const {
    return nearest(name, users_);
}

std::string_view UserDatabase::nearest_group(std::string_view name) const {
    return nearest(name, groups_);
}

}  // namespace gosv::manifest
