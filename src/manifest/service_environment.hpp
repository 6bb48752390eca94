#pragma once
// The environment that a service of a manifest starts with, and where its program is looked for.
//
// gosv's own environment, without what was meant for gosv alone; then the user's HOME, USER,
// LOGNAME and SHELL; then the service's `environment`, which wins; then GOSV_SERVICE.
//
// Meant for gosv alone are LISTEN_* (sd_listen_fds(3): their descriptors are closed before a
// service starts) and NOTIFY_SOCKET, WATCHDOG_* (sd_notify(3): a service that says READY=1 would
// say it for the whole container). A service to which one of them belongs lists it: `environment:
// [NOTIFY_SOCKET]`.
#include <string>
#include <string_view>
#include <vector>

#include "gosv/manifest/environment.hpp"
#include "gosv/manifest/manifest.hpp"
#include "identity.hpp"

namespace gosv::manifest {

// What tells a service its name.
inline constexpr std::string_view kNameVariable = "GOSV_SERVICE=";

// What of gosv's own environment services get: worked out once, whatever their number.
Environment inheritable(const std::vector<std::string>& environment);

// "K=V" entries, no key twice.
std::vector<std::string> service_environment(const Environment& inherited, const Identity* identity,
                                             const EnvironmentChanges& changes,
                                             std::string_view service_name);

// As execvp(3): the program itself when it has a slash, else one path for each element of PATH in
// this environment; an empty element is the current directory; without PATH /usr/local/bin, /bin
// and /usr/bin. None for an empty name: nothing is found.
std::vector<std::string> exec_candidates(std::string_view program,
                                         const std::vector<std::string>& environment);

}  // namespace gosv::manifest
