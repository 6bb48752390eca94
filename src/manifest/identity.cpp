#include "identity.hpp"

#include <algorithm>

#include "gosv/base/concat.hpp"
#include "path.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

// A key of one service, for what is wrong with its value.
struct Place {
    const Service& service;
    Report& report;
    const char* key;
    Position at;

    void error(std::string_view message, std::string_view hint) const {
        report.error(at.line > 0 ? at : service.at,
                     child_path(child_path("services", service.name), key), message, hint);
    }
};

bool looks_like_number(std::string_view text) noexcept {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// What to do about a name that nobody has.
std::string way_out(std::string_view nearest, bool has_entries, const char* file,
                    const char* number) {
    if (!nearest.empty()) {
        return concat({"did you mean ", quote(nearest), "?"});
    }
    if (!has_entries) {
        return concat(
            {"there is no ", file, " to look in: give the ", number, " as a number, such as 1000"});
    }
    return concat({"add it to ", file, " of the image, or give the ", number, " as a number"});
}

void report_unknown(const Place& place, const char* kind, const char* number, std::string_view name,
                    std::string_view hint) {
    if (looks_like_number(name)) {
        place.error(concat({number, " ", quote(name), " is out of range"}),
                    "0 to 4294967294, without leading zeros");
    } else {
        place.error(concat({"no ", kind, " ", quote(name)}), hint);
    }
}

std::optional<std::uint32_t> resolve_group(std::string_view name, const UserDatabase& database,
                                           const Place& place) {
    if (const auto gid = parse_id(name)) {
        return gid;
    }
    if (const Group* group = database.group(name)) {
        return group->gid;
    }
    report_unknown(
        place, "group", "gid", name,
        way_out(database.nearest_group(name), database.has_groups(), "/etc/group", "gid"));
    return std::nullopt;
}

void add_group(std::vector<std::uint32_t>& groups, std::uint32_t gid) {
    if (std::find(groups.begin(), groups.end(), gid) == groups.end()) {
        groups.push_back(gid);
    }
}

void adopt(const User& user, Identity& identity) {
    identity.credentials.uid = user.uid;
    identity.credentials.gid = user.gid;
    identity.name = user.name;
    identity.home = user.home.empty() ? "/" : user.home;
    identity.shell = user.shell.empty() ? "/bin/sh" : user.shell;
}

bool resolve_user(const UserSpec& wanted, const HostFacts& host, const UserDatabase& database,
                  const Place& place, Identity& identity) {
    identity.logs_in = true;
    const auto uid = parse_id(wanted.user);
    const User* user = uid ? database.user(*uid) : database.user(wanted.user);
    if (user != nullptr) {
        adopt(*user, identity);
    } else if (uid) {
        identity.credentials.uid = *uid;
        identity.credentials.gid = *uid == host.uid ? host.gid : 0;
        identity.home = "/";
    } else {
        report_unknown(place, "user", "uid", wanted.user,
                       way_out(database.nearest_user(wanted.user), database.has_users(),
                               "/etc/passwd", "uid"));
    }

    Credentials& credentials = identity.credentials;
    if (wanted.group) {
        const auto gid = resolve_group(*wanted.group, database, place);
        credentials.gid = gid.value_or(0);
        credentials.groups = {credentials.gid};
        return gid && (user != nullptr || uid);
    }
    // As initgroups(3): the primary group is one of the list, so that a program with the setgid bit
    // does not lose it.
    credentials.groups = {credentials.gid};
    if (user != nullptr) {
        for (const std::uint32_t gid : database.groups_of(user->name)) {
            add_group(credentials.groups, gid);
        }
    }
    return user != nullptr || uid;
}

}  // namespace

std::optional<Identity> resolve_identity(const Service& service, const HostFacts& host,
                                         const UserDatabase& database, Report& report) {
    if (!service.user && service.group_add.empty()) {
        return std::nullopt;
    }
    Identity identity;
    bool known = true;
    if (service.user) {
        known = resolve_user(*service.user, host, database,
                             Place{service, report, "user", service.user_at}, identity);
    } else {
        identity.credentials = {host.uid, host.gid, host.groups};
    }
    const Place groups{service, report, "group_add", service.group_add_at};
    for (const std::string& name : service.group_add) {
        const auto gid = resolve_group(name, database, groups);
        known = known && gid;
        if (gid) {
            add_group(identity.credentials.groups, *gid);
        }
    }
    return known ? std::optional(std::move(identity)) : std::nullopt;
}

}  // namespace gosv::manifest
