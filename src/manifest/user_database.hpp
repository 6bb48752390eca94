#pragma once
// Users and groups from the text of passwd(5) and group(5). Pure: no NSS, no LDAP, no file is
// opened here. A static binary has no other way, and PID 1 must not wait for a name service.
//
// What is no entry is skipped, as glibc does: comments, NIS lines ("+", "-"), lines without a name
// or with a number that is none. Of two entries with the same name or number the first counts.
// Views into the text: it has to outlive the database.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace gosv::manifest {

struct User {
    std::string_view name;
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::string_view home;   // empty where the entry has none
    std::string_view shell;  // empty: /bin/sh (passwd(5))
};

struct Group {
    std::string_view name;
    std::uint32_t gid = 0;
    std::string_view members;  // "alice,bob"
};

// A uid or gid in decimal. Not 4294967295: that is -1, "leave as it is" to setresuid(2).
std::optional<std::uint32_t> parse_id(std::string_view text) noexcept;

class UserDatabase {
  public:
    UserDatabase(std::string_view passwd, std::string_view group);

    // Null when there is none. Valid as long as the database.
    const User* user(std::string_view name) const noexcept;
    const User* user(std::uint32_t uid) const noexcept;
    const Group* group(std::string_view name) const noexcept;

    // gids of the groups that list this user, in the order of the file, each once. Without the
    // user's primary group.
    std::vector<std::uint32_t> groups_of(std::string_view user_name) const;

    bool has_users() const noexcept { return !users_.empty(); }

    bool has_groups() const noexcept { return !groups_.empty(); }

    // The name that was probably meant; empty when none is near.
    std::string_view nearest_user(std::string_view name) const;
    std::string_view nearest_group(std::string_view name) const;

  private:
    std::vector<User> users_;
    std::vector<Group> groups_;
};

}  // namespace gosv::manifest
