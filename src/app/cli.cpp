#include "gosv/app/cli.hpp"

#include <getopt.h>

#include <cstring>
#include <string_view>

#include "gosv/base/parse.hpp"

namespace gosv::app {

namespace {

enum Option : int {
    kConfig = 256,
    kRun,
    kNoCgroup,
    kLogFormat,
    kLogLevel,
    kKillMode,
    kSnapshotSignal,
    kJson,
    kVersion,
    kHelp,
};

// clang-format off
constexpr option kOptions[] = {
    {"config",          required_argument, nullptr, kConfig},
    {"run",             required_argument, nullptr, kRun},
    {"no-cgroup",       no_argument,       nullptr, kNoCgroup},
    {"log-format",      required_argument, nullptr, kLogFormat},
    {"log-level",       required_argument, nullptr, kLogLevel},
    {"kill-mode",       required_argument, nullptr, kKillMode},
    {"snapshot-signal", required_argument, nullptr, kSnapshotSignal},
    {"json",            no_argument,       nullptr, kJson},
    {"version",         no_argument,       nullptr, kVersion},
    {"help",            no_argument,       nullptr, kHelp},
    {nullptr,           0,                 nullptr, 0},
};
// clang-format on

constexpr std::string_view kHelpText =
    R"(gosv - a container's PID 1: starts services, restarts them, reaps, stops in order

usage: gosv [FLAGS] [MANIFEST]        supervise the services of MANIFEST
                                      (default: $GOSV_CONFIG, else /etc/gosv.yaml)
       gosv [FLAGS] --run "CMD"       one service: /bin/sh -c "exec CMD", restarted
       gosv [FLAGS] -- CMD [ARG...]   one command, no restart, like tini and dumb-init
       gosv check [--json] [MANIFEST] report every problem of a manifest; exit 0 or 78
       gosv demo                      two services that show what restarts look like

flags (one dash or two):
  --config FILE            the same as MANIFEST
  --no-cgroup              as `cgroup: off` in the manifest
  --log-format text|json   gosv's own lines on stderr
  --log-level LEVEL        error, warn, info or debug
  --kill-mode group|process  with -- CMD: signals go to its process group (default) or to CMD alone
  --snapshot-signal SIGNAL   with -- CMD: take a snapshot on SIGNAL instead of forwarding it
  --version, --help

signals: TERM, INT, QUIT stop everything in order, a second one at once; USR1 writes a snapshot to
stderr; the others are forwarded to the services.
)";

std::string_view basename_of(std::string_view path) noexcept {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

// getopt keeps its place in globals; one parser at a time, from the start.
class Parser {
  public:
    Parser(int argc, char* const* argv) : argc_(argc), argv_(argv) {
        optind = 0;  // glibc and musl: start afresh, re-reading "+" and POSIXLY_CORRECT
        opterr = 0;
    }

    // Reads options up to the first word that is none. False on a usage error.
    bool read_options(Options& options, std::string& error) {
        for (;;) {
            const int before = optind == 0 ? 1 : optind;
            // "+": stop at the first word that is no option. The rest belongs to CMD.
            const int found = ::getopt_long_only(argc_, argv_, "+:", kOptions, nullptr);
            if (found == -1) {
                saw_dashes_ = optind > before && std::strcmp(argv_[optind - 1], "--") == 0;
                return true;
            }
            if (!apply(found, before, options, error)) {
                return false;
            }
        }
    }

    bool saw_dashes() const noexcept { return saw_dashes_; }

    bool at_end() const noexcept { return optind >= argc_; }

    std::string next() { return argv_[optind++]; }

    void skip_word() noexcept { ++optind; }

  private:
    bool apply(int found, int before, Options& options, std::string& error) {
        const std::string value = optarg != nullptr ? optarg : "";
        switch (found) {
            case kConfig:
                options.manifest = value;
                return true;
            case kRun:
                options.mode = Mode::run;
                options.run_command = value;
                if (value.empty()) {
                    error = "--run needs a command";
                    return false;
                }
                return true;
            case kNoCgroup:
                options.no_cgroup = true;
                return true;
            case kLogFormat:
                if (value == "text") {
                    options.log_format = manifest::LogFormat::text;
                } else if (value == "json") {
                    options.log_format = manifest::LogFormat::json;
                } else {
                    error = "--log-format is text or json, not '" + value + "'";
                    return false;
                }
                return true;
            case kLogLevel:
                return apply_log_level(value, options, error);
            case kKillMode:
                if (value == "group") {
                    options.kill_mode = core::KillMode::group;
                } else if (value == "process") {
                    options.kill_mode = core::KillMode::process;
                } else {
                    error = "--kill-mode is group or process, not '" + value + "'";
                    return false;
                }
                command_only_ = "--kill-mode";
                return true;
            case kSnapshotSignal:
                options.snapshot_signal = parse_signal(value);
                if (!options.snapshot_signal || options.snapshot_signal->number == 9 ||
                    options.snapshot_signal->number == 17 ||
                    options.snapshot_signal->number == 19) {
                    error =
                        "--snapshot-signal is a signal that can be caught, such as USR1, not '" +
                        value + "'";
                    return false;
                }
                command_only_ = "--snapshot-signal";
                return true;
            case kJson:
                options.check_json = true;
                return true;
            case kVersion:
                options.mode = Mode::version;
                return true;
            case kHelp:
                options.mode = Mode::help;
                return true;
            case ':':
                error = std::string(argv_[before]) + " needs a value";
                return false;
            default:
                error = unknown_option(argv_[before]);
                return false;
        }
    }

    static bool apply_log_level(const std::string& value, Options& options, std::string& error) {
        constexpr std::string_view kLevels[] = {"error", "warn", "info", "debug"};
        for (std::size_t i = 0; i < std::size(kLevels); ++i) {
            if (value == kLevels[i]) {
                options.log_level = static_cast<manifest::LogLevel>(i);
                return true;
            }
        }
        error = "--log-level is error, warn, info or debug, not '" + value + "'";
        return false;
    }

    static std::string unknown_option(std::string_view word) {
        std::vector<std::string_view> names;
        for (const option* each = kOptions; each->name != nullptr; ++each) {
            names.emplace_back(each->name);
        }
        const std::string_view bare =
            word.substr(word.find_first_not_of('-') == word.npos ? 0 : word.find_first_not_of('-'));
        const std::string_view near =
            nearest_name(bare.substr(0, bare.find('=')), names.data(), names.size());
        std::string message = "unknown flag '" + std::string(word) + "'";
        if (!near.empty()) {
            message += "; did you mean --" + std::string(near) + "?";
        }
        return message;
    }

  public:
    const char* command_only() const noexcept { return command_only_; }

  private:
    int argc_;
    char* const* argv_;
    bool saw_dashes_ = false;
    const char* command_only_ = nullptr;  // a flag seen that only `-- CMD` has
};

}  // namespace

std::variant<Options, UsageError> parse_command_line(int argc, char* const* argv) {
    Options options;
    options.program = argc > 0 ? std::string(basename_of(argv[0])) : "gosv";
    std::string error;
    Parser parser(argc, argv);
    if (!parser.read_options(options, error)) {
        return UsageError{error};
    }
    if (options.mode == Mode::version || options.mode == Mode::help) {
        return options;
    }
    if (parser.saw_dashes()) {
        if (options.mode == Mode::run || options.manifest) {
            return UsageError{"a command after -- excludes --run and --config"};
        }
        if (parser.at_end()) {
            return UsageError{"no command after --"};
        }
        options.mode = Mode::command;
        while (!parser.at_end()) {
            options.argv.push_back(parser.next());
        }
        return options;
    }

    const std::string_view word = parser.at_end() ? "" : argv[optind];
    if (options.mode == Mode::supervise && !options.manifest &&
        (word == "check" || word == "demo")) {
        options.mode = word == "check" ? Mode::check : Mode::demo;
        parser.skip_word();
        if (!parser.read_options(options, error)) {
            return UsageError{error};
        }
        if (options.mode == Mode::version || options.mode == Mode::help) {
            return options;
        }
    }
    if (options.check_json && options.mode != Mode::check) {
        return UsageError{"--json goes with `gosv check`"};
    }
    if (parser.command_only() != nullptr) {
        return UsageError{std::string(parser.command_only()) + " goes with `gosv -- CMD`"};
    }
    if (parser.at_end()) {
        return options;
    }
    const std::string operand = parser.next();
    if (options.mode == Mode::run || options.mode == Mode::demo || options.manifest) {
        return UsageError{"unexpected word '" + operand + "'"};
    }
    options.manifest = operand;
    if (!parser.at_end()) {
        return UsageError{"unexpected word '" + parser.next() +
                          "' after the manifest; for a command write `gosv -- " + operand +
                          " ...`"};
    }
    return options;
}

std::string_view help_text() noexcept {
    return kHelpText;
}

}  // namespace gosv::app
