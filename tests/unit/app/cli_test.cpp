// The command line, row by row of what its users rely on, and what is said when it is wrong.
#include "gosv/app/cli.hpp"

#include <doctest/doctest.h>

#include <initializer_list>

using namespace gosv;
using app::Mode;
using app::Options;
using app::UsageError;

namespace {

std::variant<Options, UsageError> parse(std::vector<std::string> words) {
    words.insert(words.begin(), "/sbin/gosv");
    std::vector<char*> argv;
    for (std::string& word : words) {
        argv.push_back(word.data());
    }
    argv.push_back(nullptr);
    return app::parse_command_line(static_cast<int>(words.size()), argv.data());
}

Options good(std::vector<std::string> words) {
    auto parsed = parse(std::move(words));
    if (const auto* error = std::get_if<UsageError>(&parsed)) {
        FAIL(error->message);
    }
    return std::get<Options>(parsed);
}

UsageError bad(std::vector<std::string> words) {
    auto parsed = parse(std::move(words));
    REQUIRE(std::holds_alternative<UsageError>(parsed));
    const UsageError error = std::get<UsageError>(parsed);
    CHECK_FALSE(error.message.empty());
    CHECK_FALSE(error.hint.empty());
    CHECK((error.message + error.hint).find('\n') == std::string::npos);
    return error;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("without a word the manifest is looked for") {
    const Options options = good({});
    CHECK(options.mode == Mode::supervise);
    CHECK_FALSE(options.manifest);
    CHECK(options.program == "gosv");
    CHECK(options.kill_mode == core::KillMode::group);
    CHECK_FALSE(options.snapshot_signal);
    CHECK_FALSE(options.log_format);
    CHECK_FALSE(options.log_level);
}

TEST_CASE("a manifest is a word, or the value of --config, with one dash or two") {
    for (const Words& words : {Words{"m.yaml"},
                               {"-config", "m.yaml"},
                               {"--config", "m.yaml"},
                               {"-config=m.yaml"},
                               {"--config=m.yaml"},
                               {"--no-cgroup", "m.yaml"}}) {
        const Options options = good(words);
        CHECK(options.mode == Mode::supervise);
        CHECK(options.manifest == "m.yaml");
    }
    CHECK(good({"--config", "a", "--config", "b"}).manifest == "b");
    CHECK(good({"./check"}).manifest == "./check");
}

TEST_CASE("--run is one command line for a shell, with one dash or two") {
    for (const Words& words : {Words{"-run", "sleep 1"}, {"--run", "sleep 1"}, {"--run=sleep 1"}}) {
        const Options options = good(words);
        CHECK(options.mode == Mode::run);
        CHECK(options.run_command == "sleep 1");
    }
    CHECK(good({"--run", "--help"}).run_command == "--help");
}

TEST_CASE("what comes after the dashes is the command's, flags and dashes too") {
    const Options options = good({"--log-level", "debug", "--", "cmd", "-x", "--help", "--", "m"});
    CHECK(options.mode == Mode::command);
    CHECK(options.argv == Words{"cmd", "-x", "--help", "--", "m"});
    CHECK(options.log_level == manifest::LogLevel::debug);
    CHECK(good({"--", "check"}).argv == Words{"check"});
    CHECK(good({"--", "--"}).argv == Words{"--"});
    CHECK(good({"--", ""}).argv == Words{""});
}

TEST_CASE("flags of the command mode") {
    const Options options =
        good({"--kill-mode", "process", "-snapshot-signal=SIGUSR1", "--", "cmd"});
    CHECK(options.kill_mode == core::KillMode::process);
    CHECK(options.snapshot_signal == Signal{10});
    CHECK(good({"--kill-mode=group", "--", "cmd"}).kill_mode == core::KillMode::group);
}

TEST_CASE("check takes its flags before and after the manifest") {
    for (const Words& words :
         {Words{"check", "m"}, {"check", "--", "m"}, {"check", "--config", "m"}}) {
        const Options options = good(words);
        CHECK(options.mode == Mode::check);
        CHECK(options.manifest == "m");
        CHECK_FALSE(options.check_json);
    }
    for (const Words& words : {Words{"check", "--json", "m"},
                               {"check", "-json", "m"},
                               {"check", "m", "--json"},
                               {"--json", "check", "m"}}) {
        const Options options = good(words);
        CHECK(options.mode == Mode::check);
        CHECK(options.manifest == "m");
        CHECK(options.check_json);
        CHECK_FALSE(options.check_strict);
    }
    for (const Words& words : {Words{"check", "--strict", "m", "--json"},
                               {"check", "-strict", "--json", "m"},
                               {"--strict", "check", "m", "-json"}}) {
        CHECK(good(words).check_strict);
        CHECK(good(words).check_json);
    }
    CHECK_FALSE(good({"check"}).manifest);
    CHECK(good({"check", "-"}).manifest == "-");
    CHECK(good({"check", "--", "-odd-name"}).manifest == "-odd-name");
    CHECK(good({"check", "check"}).manifest == "check");
    CHECK(bad({"check", "--", "m", "--json"}).message == "unexpected word '--json'");
}

TEST_CASE("demo is a word of its own") {
    CHECK(good({"demo"}).mode == Mode::demo);
    CHECK(good({"demo", "--log-format", "json"}).log_format == manifest::LogFormat::json);
    CHECK(bad({"demo", "m.yaml"}).message == "unexpected word 'm.yaml'");
    CHECK(bad({"demo", "--config", "m"}).message == "demo brings its own manifest");
}

TEST_CASE("flags for all modes that supervise") {
    const Options options =
        good({"-no-cgroup", "--log-format", "json", "--log-level=error", "m.yaml"});
    CHECK(options.no_cgroup);
    CHECK(options.log_format == manifest::LogFormat::json);
    CHECK(options.log_level == manifest::LogLevel::error);
    CHECK(good({"--log-format", "text"}).log_format == manifest::LogFormat::text);
    CHECK(good({"--log-level", "warn"}).log_level == manifest::LogLevel::warn);
    CHECK(good({"--log-level", "info"}).log_level == manifest::LogLevel::info);
    CHECK(good({"--log-level", "debug"}).log_level == manifest::LogLevel::debug);
}

TEST_CASE("version and help win over what else is said") {
    for (const Words& words : {Words{"--version"},
                               {"-version"},
                               {"--version", "too", "many"},
                               {"--kill-mode", "group", "--version"},
                               {"check", "--version"}}) {
        CHECK(good(words).mode == Mode::version);
    }
    for (const Words& words :
         {Words{"--help"}, {"-help"}, {"-h"}, {"check", "--help"}, {"check", "m", "--help"}}) {
        CHECK(good(words).mode == Mode::help);
    }
}

TEST_CASE("the program's name is told, and none at all is fine") {
    char tini[] = "/usr/bin/docker-init";
    char flag[] = "--version";
    char* argv[] = {tini, flag, nullptr};
    const auto parsed = app::parse_command_line(2, argv);
    REQUIRE(std::holds_alternative<Options>(parsed));
    CHECK(std::get<Options>(parsed).program == "docker-init");
    char* nothing[] = {nullptr};
    CHECK(std::holds_alternative<Options>(app::parse_command_line(0, nothing)));
}

TEST_CASE("a parse leaves nothing behind for the next one") {
    (void)parse({"--log-level"});
    (void)parse({"a", "b", "c"});
    CHECK(good({"--", "cmd"}).argv == Words{"cmd"});
    CHECK(good({"-config", "m"}).manifest == "m");
}

TEST_CASE("a command without the dashes is told how to write it") {
    const UsageError error = bad({"sleep", "1"});
    CHECK(error.message == "unexpected word '1' after the manifest 'sleep'");
    CHECK(error.hint == "for one command instead of a manifest: gosv -- CMD [ARG...]");
    const UsageError flag = bad({"/bin/ls", "-l"});
    CHECK(flag.message == "unexpected word '-l' after the manifest '/bin/ls'");
    CHECK(flag.hint == "flags come before the manifest; a command comes after --: gosv -- CMD");
    CHECK(bad({"m.yaml", "--", "cmd"}).message.find("'--' after the manifest 'm.yaml'") !=
          std::string::npos);
    CHECK(bad({"--config", "m", "other"}).message ==
          "unexpected word 'other' after the manifest 'm'");
}

TEST_CASE("unknown flags are told with the one that was meant") {
    CHECK(bad({"--confg", "m"}).message == "unknown flag '--confg'");
    CHECK(bad({"--confg", "m"}).hint == "did you mean --config?");
    CHECK(bad({"-loglevel=debug"}).hint == "did you mean --log-level?");
    CHECK(bad({"check", "--jsn"}).hint == "did you mean --json?");
    CHECK(bad({"--frobnicate"}).hint == "gosv --help");
    CHECK(bad({"-5"}).message == "unknown flag '-5'");
    CHECK(bad({"---"}).message == "unknown flag '---'");
}

TEST_CASE("a flag is written out: no beginning of one is taken for it") {
    CHECK(bad({"--conf", "m"}).hint == "did you mean --config?");
    CHECK(bad({"--log", "m"}).hint == "did you mean --log-format?");
    CHECK(bad({"--snap", "USR1", "--", "cmd"}).message == "unknown flag '--snap'");
    CHECK(bad({"-r", "cmd"}).message == "unknown flag '-r'");
}

TEST_CASE("flags of tini are told what they are here") {
    CHECK(bad({"-s", "--", "cmd"}).hint == "tini's -s is not needed: gosv always adopts orphans");
    CHECK(bad({"-g", "--", "cmd"}).message == "unknown flag '-g'");
    CHECK(bad({"-v"}).hint.find("--version") == 0);
}

TEST_CASE("values that are missing, empty, superfluous or wrong") {
    CHECK(bad({"--config"}).message == "--config needs a value");
    CHECK(bad({"--no-cgroup", "-run"}).message == "--run needs a value");
    CHECK(bad({"--config="}).message == "--config needs a value");
    CHECK(bad({"--run", ""}).message == "--run needs a value");
    CHECK(bad({"--no-cgroup=yes"}).message == "--no-cgroup takes no value");
    CHECK(bad({""}).message == "the name of the manifest is empty");
    CHECK(bad({"--log-format", "xml"}).message == "--log-format is text or json, not 'xml'");
    CHECK(bad({"--log-level", "INFO"}).message ==
          "--log-level is error, warn, info or debug, not 'INFO'");
    CHECK(bad({"--kill-mode", "mixed", "--", "cmd"}).message ==
          "--kill-mode is group or process, not 'mixed'");
    for (const char* signal : {"KILL", "SIGSTOP", "CHLD", "USR3", "0", "65"}) {
        CAPTURE(signal);
        CHECK(bad({"--snapshot-signal", signal, "--", "cmd"}).message ==
              "--snapshot-signal is a signal that can be caught, such as USR1, not '" +
                  std::string(signal) + "'");
    }
}

TEST_CASE("what does not go together") {
    CHECK(bad({"--"}).message == "no command after --");
    CHECK(bad({"--run", "a", "--", "b"}).message ==
          "a command after -- excludes --run and --config");
    CHECK(bad({"--config", "m", "--", "b"}).message ==
          "a command after -- excludes --run and --config");
    CHECK(bad({"--run", "a", "m.yaml"}).message == "unexpected word 'm.yaml'");
    CHECK(bad({"--run", "a", "check"}).message == "unexpected word 'check'");
    CHECK(bad({"--run", "a", "--config", "m"}).message == "--run excludes --config");
    CHECK(bad({"check", "a", "b"}).message == "unexpected word 'b'");
    CHECK(bad({"check", "--config", "a", "b"}).message == "unexpected word 'b'");
    CHECK(bad({"--json", "m"}).message == "--json goes with `gosv check`");
    CHECK(bad({"--json", "--", "cmd"}).message == "--json goes with `gosv check`");
    CHECK(bad({"--strict", "m"}).message == "--strict goes with `gosv check`");
    CHECK(bad({"--strict", "--", "cmd"}).message == "--strict goes with `gosv check`");
    CHECK(bad({"demo", "--strict"}).message == "--strict goes with `gosv check`");
    CHECK(bad({"--kill-mode", "group", "m"}).message == "--kill-mode goes with `gosv -- CMD`");
    CHECK(bad({"--snapshot-signal", "USR1"}).message ==
          "--snapshot-signal goes with `gosv -- CMD`");
    CHECK(bad({"-"}).message == "a manifest to run is a file; only `gosv check -` reads stdin");
}

TEST_CASE("the help names every flag") {
    for (const char* flag : {"--run", "--config", "--no-cgroup", "--log-format", "--log-level",
                             "--kill-mode", "--snapshot-signal", "--json", "--strict", "--version",
                             "--help", "check", "demo", "-- CMD"}) {
        CAPTURE(flag);
        CHECK(app::help_text().find(flag) != std::string_view::npos);
    }
    CHECK(app::help_text().back() == '\n');
}
