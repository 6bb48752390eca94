#include "gosv/app/cli.hpp"

#include "app/flags.hpp"
#include "gosv/base/concat.hpp"

namespace gosv::app {

namespace {

constexpr std::string_view kHelpText =
    R"(gosv - a container's PID 1: starts services, restarts them, reaps, stops in order

usage: gosv [FLAGS] [MANIFEST]        supervise the services of MANIFEST
                                      (default: $GOSV_CONFIG, else /etc/gosv.yaml)
       gosv [FLAGS] --run "CMD"       one service: /bin/sh -c "exec CMD", restarted
       gosv [FLAGS] -- CMD [ARG...]   one command, no restart, like tini and dumb-init
       gosv check [--json] [--strict] [MANIFEST]
                                      report every problem of a manifest, and what is probably
                                      not meant; exit 0 or 78; MANIFEST may be - for stdin
       gosv demo                      two services that show what restarts look like

flags (one dash or two):
  --config FILE            the same as MANIFEST
  --no-cgroup              as `cgroup: off` in the manifest
  --log-format text|json   gosv's own lines on stderr
  --log-level LEVEL        error, warn, info or debug
  --kill-mode group|process  with -- CMD: signals go to its process group (default) or to CMD alone
  --snapshot-signal SIGNAL   with -- CMD: take a snapshot on SIGNAL instead of forwarding it
  --json                   with check: one object, for programs
  --strict                 with check: warnings are errors
  --version, --help

signals: TERM, INT, QUIT stop everything in order, a second one at once; USR1 writes a snapshot to
stderr; the others are forwarded to the services.
)";

std::string_view basename_of(std::string_view path) noexcept {
    const auto slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

bool is_last_word(Mode mode) noexcept {
    return mode == Mode::version || mode == Mode::help;
}

// "check" and "demo" are words, not flags: a manifest of that name is ./check.
std::optional<Mode> mode_named(std::string_view word) noexcept {
    if (word == "check") {
        return Mode::check;
    }
    if (word == "demo") {
        return Mode::demo;
    }
    return std::nullopt;
}

// What was meant by words after the manifest: nearly always a command, since tini and dumb-init
// need no "--" in front of it, or a container started with one in place of its CMD.
UsageError too_many_words(const Options& options, const std::string& word) {
    UsageError error{concat({"unexpected word '", word, "'"})};
    if (options.mode == Mode::supervise && options.manifest) {
        append_to(error.message, {" after the manifest '", *options.manifest, "'"});
        error.hint = word[0] == '-' && word.size() > 1
                         ? "flags come before the manifest; a command comes after --: gosv -- CMD"
                         : "for one command instead of a manifest: gosv -- CMD [ARG...]";
    }
    return error;
}

// `-- CMD ARG...`
std::optional<UsageError> take_command(FlagReader& reader, Options& options) {
    if (options.mode == Mode::run || options.manifest) {
        return UsageError{"a command after -- excludes --run and --config"};
    }
    if (reader.check_only() != nullptr) {
        return UsageError{concat({reader.check_only(), " goes with `gosv check`"})};
    }
    if (reader.at_end()) {
        return UsageError{"no command after --"};
    }
    options.mode = Mode::command;
    while (!reader.at_end()) {
        options.argv.push_back(reader.next());
    }
    return std::nullopt;
}

// `[check|demo] [FLAGS] [MANIFEST]`, and for check once more [FLAGS]: nothing else can be meant.
std::optional<UsageError> take_words(FlagReader& reader, Options& options) {
    UsageError error;
    std::optional<std::string> word;
    const auto take_word = [&] {
        word = reader.at_end() ? std::nullopt : std::optional(reader.next());
    };
    take_word();
    if (const auto named = word ? mode_named(*word) : std::nullopt;
        named && options.mode == Mode::supervise) {
        options.mode = *named;
        if (!reader.read(options, error)) {
            return error;
        }
        take_word();
    }
    if (word) {
        if (options.mode == Mode::run || options.mode == Mode::demo || options.manifest) {
            return too_many_words(options, *word);
        }
        if (word->empty()) {
            return UsageError{"the name of the manifest is empty"};
        }
        options.manifest = word;
    }
    if (options.mode == Mode::check && !reader.read(options, error)) {
        return error;
    }
    if (!reader.at_end()) {
        return too_many_words(options, reader.next());
    }
    return std::nullopt;
}

// Flags that do not go together.
std::optional<UsageError> find_contradiction(const FlagReader& reader, const Options& options) {
    if (reader.check_only() != nullptr && options.mode != Mode::check) {
        return UsageError{concat({reader.check_only(), " goes with `gosv check`"})};
    }
    if (reader.command_only() != nullptr) {
        return UsageError{concat({reader.command_only(), " goes with `gosv -- CMD`"})};
    }
    if (options.mode == Mode::run && options.manifest) {
        return UsageError{"--run excludes --config"};
    }
    if (options.mode == Mode::demo && options.manifest) {
        return UsageError{"demo brings its own manifest"};
    }
    if (options.mode == Mode::supervise && options.manifest == "-") {
        return UsageError{"a manifest to run is a file; only `gosv check -` reads stdin"};
    }
    return std::nullopt;
}

}  // namespace

std::variant<Options, UsageError> parse_command_line(int argc, char* const* argv) {
    Options options;
    options.program = argc > 0 ? std::string(basename_of(argv[0])) : "gosv";
    UsageError error;
    FlagReader reader(argc, argv);
    if (!reader.read(options, error)) {
        return error;
    }
    if (is_last_word(options.mode)) {
        return options;
    }
    if (reader.saw_dashes()) {
        const auto problem = take_command(reader, options);
        return problem ? std::variant<Options, UsageError>(*problem) : options;
    }
    if (const auto problem = take_words(reader, options)) {
        return *problem;
    }
    if (is_last_word(options.mode)) {
        return options;
    }
    if (const auto problem = find_contradiction(reader, options)) {
        return *problem;
    }
    return options;
}

std::string_view help_text() noexcept {
    return kHelpText;
}

}  // namespace gosv::app
