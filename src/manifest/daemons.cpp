#include "daemons.hpp"

#include <algorithm>
#include <string_view>

#include "gosv/base/concat.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

using Argv = std::span<const std::string>;
using Words = std::span<const std::string_view>;

// A program that goes into the background unless an option says otherwise.
struct Daemon {
    std::string_view program;
    std::string_view letters;  // options that keep it in front, or have it do something else
    std::string_view valued;   // options whose value may stand right behind the letter
    std::string_view words;    // long options and arguments of the same kind, blanks in between
    std::string_view mend;     // the command as it should be
};

// Each from the program's own manual. Options that merely print something (-V, -t) are among the
// letters: with them it ends by intention.
constexpr Daemon kDaemons[] = {
    {"apache2", "XtSvVlLMh", "dfCcDek",
     "-DFOREGROUND FOREGROUND -DNO_DETACH NO_DETACH -k=stop -k=graceful-stop -k=restart "
     "-k=graceful",
     "[apache2, -DFOREGROUND]"},
    // busybox has one too, which -f keeps in front.
    {"httpd", "XtSvVlLMhf", "dCcDek",
     "-DFOREGROUND FOREGROUND -DNO_DETACH NO_DETACH -k=stop -k=graceful-stop -k=restart "
     "-k=graceful",
     "[httpd, -DFOREGROUND]"},
    {"chronyd", "dnqQpvh", "fFtuxLlmPr", "--help --version", "[chronyd, -d]"},
    {"cron", "fn", "L", "", "[cron, -f]"},
    // cronie's and busybox's.
    {"crond", "fndxhV", "clLms", "", "[crond, -f]"},
    {"dnsmasq", "kdvwhC", "", "--keep-in-foreground --no-daemon --test --version --help",
     "[dnsmasq, --keep-in-foreground]"},
    {"keepalived", "nvht", "fpcrgsiaPC", "--dont-fork --version --help --config-test",
     "[keepalived, --dont-fork]"},
    {"lighttpd", "DtTpvVh1", "fmi", "", "[lighttpd, -D, -f, /etc/lighttpd/lighttpd.conf]"},
    {"named", "fgvVhC", "cdDELmMnNpSTtuUxX", "", "[named, -f]"},
    {"nmbd", "FibVh?S", "dsl", "--foreground --interactive --version --help --build-options",
     "[nmbd, --foreground, --no-process-group]"},
    {"rsyslogd", "nNvVdhC", "fiMuTD", "", "[rsyslogd, -n]"},
    {"slapd", "dVT", "fFhlnrcsugo", "", "[slapd, -d, \"0\"]"},
    {"smbd", "FibVh?S", "dspl", "--foreground --interactive --version --help --build-options",
     "[smbd, --foreground, --no-process-group]"},
    {"squid", "NCvhkz", "adfnstul", "--foreground --version --help --kid", "[squid, -N]"},
    {"sshd", "DdtTiGV", "CEbcfghkopu", "", "[/usr/sbin/sshd, -D, -e]"},
    {"supervisord", "nhvc", "luemdjyzqixt", "--nodaemon --help --version --configuration",
     "[supervisord, -n]"},
    {"unbound", "dVhc", "", "", "[unbound, -d]"},
    {"varnishd", "FdCVx", "abfhIijlMnpPrsStT", "", "[varnishd, -F]"},
};

// A program that goes into the background because it is told to.
struct ToldDaemon {
    std::string_view program;
    std::string_view words;  // any of these; "a=b" is the word a followed by the word b
};

constexpr ToldDaemon kTold[] = {
    {"exim", "-bd"},
    {"exim4", "-bd"},
    {"gunicorn", "-D --daemon"},
    {"haproxy", "-D"},
    {"keydb-server", "--daemonize=yes"},
    {"mariadbd", "--daemonize"},
    {"memcached", "-d --daemon"},
    {"mongod", "--fork"},
    {"mysqld", "-D --daemonize"},
    {"redis-sentinel", "--daemonize=yes"},
    {"redis-server", "--daemonize=yes"},
    {"start-stop-daemon", "-b --background"},
    {"uwsgi", "--daemonize --daemonize2"},
    {"valkey-server", "--daemonize=yes"},
};

// A program that starts another one and ends.
struct Starter {
    std::string_view program;
    std::string_view words;   // with any of these
    std::string_view unless;  // and none of these
    std::string_view mend;
};

constexpr Starter kStarters[] = {
    {"apache2ctl", "start restart graceful", "", "[apache2ctl, -DFOREGROUND]"},
    {"apachectl", "start restart graceful", "", "[apachectl, -DFOREGROUND]"},
    {"invoke-rc.d", "start restart", "", "[program, argument]"},
    {"pg_ctl", "start restart", "", "[postgres, -D, DIRECTORY]"},
    {"pg_ctlcluster", "start restart", "--foreground",
     "[pg_ctlcluster, --foreground, VERSION, CLUSTER, start]"},
    {"postfix", "start", "", "[postfix, start-fg]"},
    {"rc-service", "start restart", "", "[program, argument]"},
    {"service", "start restart", "", "[program, argument]"},
    {"systemctl", "start restart", "", "[program, argument]"},
};

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool holds(std::string_view words, std::string_view wanted) noexcept {
    while (!words.empty()) {
        const std::size_t end = std::min(words.find(' '), words.size());
        if (words.substr(0, end) == wanted) {
            return true;
        }
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

// Any of the words, "--long=value" and "--long value" included.
bool has_word(Argv argv, std::string_view words) {
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string_view word = argv[i];
        const std::string pair = concat({argv[i], "=", i + 1 < argv.size() ? argv[i + 1] : ""});
        if (holds(words, word) || holds(words, pair) ||
            (word.starts_with("--") && holds(words, word.substr(0, word.find('='))))) {
            return true;
        }
    }
    return false;
}

// A letter of a cluster such as -De, up to the first that takes what is behind it for its value.
bool has_letter(Argv argv, std::string_view letters, std::string_view valued) noexcept {
    return std::any_of(argv.begin() + 1, argv.end(), [&](std::string_view word) {
        if (word.size() < 2 || word[0] != '-' || word[1] == '-') {
            return false;
        }
        for (const char c : word.substr(1)) {
            if (letters.find(c) != letters.npos) {
                return true;
            }
            if (valued.find(c) != valued.npos) {
                return false;
            }
        }
        return false;
    });
}

// Found along PATH, or where packages put programs: /srv/bin/cron may be anything.
bool is_of_the_system(std::string_view program) noexcept {
    constexpr std::string_view kFolders[] = {"/usr/", "/bin/", "/sbin/", "/opt/"};
    return program.find('/') == program.npos ||
           std::any_of(std::begin(kFolders), std::end(kFolders),
                       [&](std::string_view folder) { return program.starts_with(folder); });
}

// nginx is told by a directive, which may stand in a file of its own (-c).
bool stays_in_front_nginx(Argv argv) {
    return has_letter(argv, "tTvVhsqc?", "gpe") ||
           std::any_of(argv.begin() + 1, argv.end(), [](const std::string& word) {
               const std::size_t directive = word.find("daemon");
               return directive != word.npos && word.find("off", directive) != word.npos;
           });
}

// "php-fpm", "php-fpm8.2"
bool is_php_fpm(std::string_view name) noexcept {
    constexpr std::string_view kName = "php-fpm";
    return name.starts_with(kName) && std::all_of(name.begin() + kName.size(), name.end(),
                                                  [](char c) { return is_digit(c) || c == '.'; });
}

CommandAdvice goes_into_background(std::string_view name, std::string_view mend) {
    return {concat({quote(name), " goes into the background, and what gosv watches ends at once"}),
            concat({"keep it in front: command: ", mend})};
}

CommandAdvice starts_and_ends(std::string_view name, std::string_view mend) {
    return {concat({quote(name), " starts a program in the background and ends"}),
            concat({"run the program itself, in front: command: ", mend})};
}

template <class Row, std::size_t N>
const Row* find_row(const Row (&rows)[N], std::string_view program) noexcept {
    const auto found = std::find_if(std::begin(rows), std::end(rows),
                                    [&](const Row& row) { return row.program == program; });
    return found == std::end(rows) ? nullptr : found;
}

// setsid(1) must fork when it leads its process group, as every service of gosv does.
bool forks_setsid(Argv argv) noexcept {
    return argv.size() > 1 && !has_letter(argv.first(2), "wVh", "") && argv[1] != "--wait";
}

}  // namespace

std::string_view program_name(std::string_view path) noexcept {
    const std::size_t slash = path.rfind('/');
    return slash == path.npos ? path : path.substr(slash + 1);
}

std::optional<CommandAdvice> find_daemon(Argv argv) {
    if (argv.empty()) {
        return std::nullopt;
    }
    if (argv[0].starts_with("/etc/init.d/") && has_word(argv, "start restart")) {
        return starts_and_ends(argv[0], "[program, argument]");
    }
    if (!is_of_the_system(argv[0])) {
        return std::nullopt;
    }
    const std::string_view name = program_name(argv[0]);
    if (name == "nginx" || name == "nginx-debug") {
        return stays_in_front_nginx(argv)
                   ? std::nullopt
                   : std::optional(goes_into_background(name, "[nginx, -g, \"daemon off;\"]"));
    }
    if (is_php_fpm(name)) {
        const bool in_front =
            has_letter(argv, "FtvimhOy?", "cdgpn") ||
            has_word(argv, "--nodaemonize --test --version --info --help --fpm-config");
        return in_front ? std::nullopt
                        : std::optional(
                              goes_into_background(name, concat({"[", name, ", --nodaemonize]"})));
    }
    if (name == "mysqld_safe" || name == "mariadbd-safe") {
        return CommandAdvice{
            concat({quote(name), " is a supervisor itself, and restarts behind gosv's back"}),
            "run the server itself: command: [mysqld]"};
    }
    if (name == "setsid" && forks_setsid(argv)) {
        return CommandAdvice{"'setsid' starts the program in the background and ends",
                             "remove it: every service has a process group of its own"};
    }
    if (const Daemon* const daemon = find_row(kDaemons, name)) {
        const bool in_front =
            has_letter(argv, daemon->letters, daemon->valued) || has_word(argv, daemon->words);
        return in_front ? std::nullopt : std::optional(goes_into_background(name, daemon->mend));
    }
    if (const ToldDaemon* const told = find_row(kTold, name)) {
        return has_word(argv, told->words)
                   ? std::optional(CommandAdvice{
                         concat({quote(name),
                                 " is told to go into the background, and what gosv watches "
                                 "ends at once"}),
                         "remove the option that says so"})
                   : std::nullopt;
    }
    if (const Starter* const starter = find_row(kStarters, name)) {
        return has_word(argv, starter->words) && !has_word(argv, starter->unless)
                   ? std::optional(starts_and_ends(name, starter->mend))
                   : std::nullopt;
    }
    return std::nullopt;
}

}  // namespace gosv::manifest
