#pragma once
// Whom a service runs as: `user` and `group_add` turned into numbers and a login environment.
//
//   user: NAME         uid and gid from passwd, supplementary groups from the group file
//   user: UID          the same when passwd has this uid; else gid 0 as in docker (gosv's own gid
//                      when it is gosv's own uid), no supplementary groups, HOME is /
//   user: X:GROUP      this group and no other, as in docker: whoever names a group means it
//   group_add          on top of these; without `user` on top of what gosv itself has
//
// As with docker a number is an id, even if somebody has given a user that name.
#include <optional>
#include <string>

#include "gosv/manifest/planning.hpp"
#include "report.hpp"
#include "user_database.hpp"

namespace gosv::manifest {

struct Identity {
    Credentials credentials;
    // Whether the environment is to be that user's. False for `group_add` alone.
    bool logs_in = false;
    // Empty for a uid without an entry.
    std::string name;
    std::string home;
    std::string shell;
};

// nullopt when the service runs as gosv does, or when something is unknown (then reported).
std::optional<Identity> resolve_identity(const Service& service, const HostFacts& host,
                                         const UserDatabase& database, Report& report);

}  // namespace gosv::manifest
