#pragma once
// Programs that go into the background and leave the process that was started to end: what gosv
// watches would be gone at once. A table of well-known programs and of the options that decide it;
// where a configuration file that is named decides, nothing is said.
#include <optional>
#include <span>
#include <string>

namespace gosv::manifest {

struct CommandAdvice {
    std::string message;
    std::string hint;
};

std::optional<CommandAdvice> find_daemon(std::span<const std::string> argv);

// "nginx" of "/usr/sbin/nginx".
std::string_view program_name(std::string_view path) noexcept;

}  // namespace gosv::manifest
