#pragma once
// The command line, as `gosv --help` shows it. A pure function of argv; prints nothing, opens
// nothing.
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "gosv/base/ids.hpp"
#include "gosv/core/policy.hpp"
#include "gosv/manifest/manifest.hpp"

namespace gosv::app {

// sysexits(3). These and the container's own codes: README.md, "Exit codes".
inline constexpr int kExitOk = 0;
inline constexpr int kExitUsage = 64;
inline constexpr int kExitInternal = 70;
inline constexpr int kExitConfig = 78;

enum class Mode { supervise, run, command, check, demo, version, help };

struct Options {
    Mode mode = Mode::supervise;
    std::optional<std::string> manifest;  // supervise, check ("-": stdin)
    std::string run_command;              // run
    std::vector<std::string> argv;        // command
    bool no_cgroup = false;
    bool check_json = false;
    bool check_strict = false;  // warnings are errors
    std::optional<manifest::LogFormat> log_format;
    std::optional<manifest::LogLevel> log_level;
    core::KillMode kill_mode = core::KillMode::group;  // command
    std::optional<Signal> snapshot_signal;             // command
    std::string program;                               // basename of argv[0]
};

struct UsageError {
    std::string message;               // one line
    std::string hint = "gosv --help";  // the way out, one line
};

std::variant<Options, UsageError> parse_command_line(int argc, char* const* argv);

// What --help prints.
std::string_view help_text() noexcept;

}  // namespace gosv::app
