#include "app/flags.hpp"

#include <getopt.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "gosv/base/concat.hpp"
#include "gosv/base/parse.hpp"

namespace gosv::app {

namespace {

enum Flag : int {
    kConfig = 256,
    kRun,
    kNoCgroup,
    kLogFormat,
    kLogLevel,
    kKillMode,
    kSnapshotSignal,
    kJson,
    kStrict,
    kVersion,
    kHelp,
};

// clang-format off
constexpr option kFlags[] = {
    {"config",          required_argument, nullptr, kConfig},
    {"run",             required_argument, nullptr, kRun},
    {"no-cgroup",       no_argument,       nullptr, kNoCgroup},
    {"log-format",      required_argument, nullptr, kLogFormat},
    {"log-level",       required_argument, nullptr, kLogLevel},
    {"kill-mode",       required_argument, nullptr, kKillMode},
    {"snapshot-signal", required_argument, nullptr, kSnapshotSignal},
    {"json",            no_argument,       nullptr, kJson},
    {"strict",          no_argument,       nullptr, kStrict},
    {"version",         no_argument,       nullptr, kVersion},
    {"help",            no_argument,       nullptr, kHelp},
    {"h",               no_argument,       nullptr, kHelp},
    {nullptr,           0,                 nullptr, 0},
};

// clang-format on

// What the same letter means to tini, for those who come from there.
struct Foreign {
    std::string_view word;
    const char* hint;
};

constexpr Foreign kForeign[] = {
    {"-s", "tini's -s is not needed: gosv always adopts orphans"},
    {"-g", "tini's -g is not needed: signals go to the process group; see --kill-mode"},
    {"-v", "--version, or --log-level debug"},
    {"-c", "--config FILE; for dumb-init's -c see --kill-mode process"},
};

// "--log-level=debug" and "-log-level" are "log-level".
std::string_view bare_name(std::string_view word) noexcept {
    word.remove_prefix(std::min(word.find_first_not_of('-'), word.size()));
    return word.substr(0, word.find('='));
}

const option* find_flag(std::string_view name) noexcept {
    for (const option* each = kFlags; each->name != nullptr; ++each) {
        if (name == each->name) {
            return each;
        }
    }
    return nullptr;
}

UsageError unknown_flag(std::string_view word) {
    UsageError error{concat({"unknown flag '", word, "'"})};
    for (const Foreign& foreign : kForeign) {
        if (word == foreign.word) {
            error.hint = foreign.hint;
            return error;
        }
    }
    std::vector<std::string_view> names;
    for (const option* each = kFlags; each->name != nullptr; ++each) {
        names.emplace_back(each->name);
    }
    const std::string_view name = bare_name(word);
    std::string_view meant = nearest_name(name, names.data(), names.size());
    if (meant.empty() && name.size() > 1) {
        const auto begun = std::find_if(names.begin(), names.end(), [&](std::string_view each) {
            return each.substr(0, name.size()) == name;
        });
        meant = begun != names.end() ? *begun : "";
    }
    if (meant.size() > 1) {
        error.hint = concat({"did you mean --", meant, "?"});
    }
    return error;
}

// The position of value in names; on failure tells which there are.
template <std::size_t N>
std::optional<std::size_t> choose(std::string_view flag, std::string_view value,
                                  const std::array<std::string_view, N>& names, UsageError& error) {
    const auto found = std::find(names.begin(), names.end(), value);
    if (found != names.end()) {
        return static_cast<std::size_t>(found - names.begin());
    }
    std::string choices;
    for (std::size_t i = 0; i < N; ++i) {
        choices += i == 0 ? "" : i + 1 == N ? " or " : ", ";
        choices += names[i];
    }
    error.message = concat({"--", flag, " is ", choices, ", not '", value, "'"});
    return std::nullopt;
}

// Written in the order of the enums that they name.
constexpr std::array<std::string_view, 2> kLogFormats = {"text", "json"};
constexpr std::array<std::string_view, 4> kLogLevels = {"error", "warn", "info", "debug"};
constexpr std::array<std::string_view, 2> kKillModes = {"group", "process"};
static_assert(static_cast<int>(manifest::LogFormat::json) == 1);
static_assert(static_cast<int>(manifest::LogLevel::debug) == 3);
static_assert(static_cast<int>(core::KillMode::process) == 1);

bool can_be_caught(Signal signal) noexcept {
    return signal.number != SIGKILL && signal.number != SIGSTOP && signal.number != SIGCHLD;
}

}  // namespace

FlagReader::FlagReader(int argc, char* const* argv) noexcept : argc_(argc), argv_(argv) {
    optind = 0;  // glibc and musl: start afresh
    opterr = 0;
}

bool FlagReader::at_end() const noexcept {
    return optind >= argc_;
}

std::string FlagReader::next() {
    return argv_[optind++];
}

bool FlagReader::read(Options& options, UsageError& error) {
    // getopt must not be asked again after "--" or at the end: it would step back over words taken.
    while (!saw_dashes_ && (optind == 0 || !at_end())) {
        const int before = optind == 0 ? 1 : optind;
        // "+": no reordering, the first word that is no flag ends them. ":": tell a missing value
        // from an unknown flag.
        const int found = ::getopt_long_only(argc_, argv_, "+:", kFlags, nullptr);
        if (found == -1) {
            saw_dashes_ = optind > before && std::strcmp(argv_[optind - 1], "--") == 0;
            break;
        }
        if (!apply(found, argv_[before], options, error)) {
            return false;
        }
    }
    return true;
}

bool FlagReader::apply(int found, const char* word, Options& options, UsageError& error) {
    const option* const flag = find_flag(bare_name(word));
    if (flag == nullptr) {
        error = unknown_flag(word);
        return false;
    }
    const std::string name = flag->name;
    const std::string value = optarg != nullptr ? optarg : "";
    if (found == '?') {
        error.message = concat({"--", name, " takes no value"});
        return false;
    }
    if (found == ':' || (flag->has_arg == required_argument && value.empty())) {
        error.message = concat({"--", name, " needs a value"});
        return false;
    }
    switch (found) {
        case kConfig:
            options.manifest = value;
            return true;
        case kRun:
            options.mode = Mode::run;
            options.run_command = value;
            return true;
        case kNoCgroup:
            options.no_cgroup = true;
            return true;
        case kLogFormat:
            if (const auto i = choose(name, value, kLogFormats, error)) {
                options.log_format = static_cast<manifest::LogFormat>(*i);
                return true;
            }
            return false;
        case kLogLevel:
            if (const auto i = choose(name, value, kLogLevels, error)) {
                options.log_level = static_cast<manifest::LogLevel>(*i);
                return true;
            }
            return false;
        case kKillMode:
            command_only_ = "--kill-mode";
            if (const auto i = choose(name, value, kKillModes, error)) {
                options.kill_mode = static_cast<core::KillMode>(*i);
                return true;
            }
            return false;
        case kSnapshotSignal:
            command_only_ = "--snapshot-signal";
            options.snapshot_signal = parse_signal(value);
            if (!options.snapshot_signal || !can_be_caught(*options.snapshot_signal)) {
                error.message =
                    concat({"--snapshot-signal is a signal that can be caught, such as USR1, not '",
                            value, "'"});
                return false;
            }
            return true;
        case kJson:
            check_only_ = "--json";
            options.check_json = true;
            return true;
        case kStrict:
            check_only_ = "--strict";
            options.check_strict = true;
            return true;
        case kVersion:
            options.mode = Mode::version;
            return true;
        case kHelp:
            options.mode = Mode::help;
            return true;
        default:
            error = unknown_flag(word);
            return false;
    }
}

}  // namespace gosv::app
