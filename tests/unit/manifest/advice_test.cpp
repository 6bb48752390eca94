// What `gosv check` advises: each table row by an example; tests/data/doubtful has how it reads.
#include "gosv/manifest/advice.hpp"

#include <doctest/doctest.h>

#include "manifest/daemons.hpp"
#include "manifest/shell_script.hpp"
#include "unit/manifest/load_fixture.hpp"

using namespace gosv;
using namespace gosv::manifest;
using namespace gosv::test;

namespace {

using Words = std::vector<std::string>;

bool is_daemon(const Words& argv) {
    return find_daemon(argv).has_value();
}

std::string advice_on(std::string_view text) {
    const LoadResult loaded = load(text);
    CHECK(problems_of(loaded) == "");
    LoadResult advised;
    advised.diagnostics = advise(loaded.manifest);
    return problems_of(advised);
}

std::string joined(const Words& words) {
    std::string text;
    for (const std::string& word : words) {
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

std::string last_command(const std::string& script) {
    const auto waited = waited_for(script);
    return waited ? joined(waited->words) : "";
}

}  // namespace

TEST_CASE("every daemon of the tables, as it is and as it should be") {
    const struct {
        Words wrong;
        Words right;
    } cases[] = {
        {{"nginx"}, {"nginx", "-g", "daemon off;"}},
        {{"nginx", "-g", "user www;"}, {"nginx", "-g", "user www; daemon  off;"}},
        {{"/usr/sbin/nginx"}, {"/usr/sbin/nginx", "-c", "/etc/other.conf"}},
        {{"nginx", "-e", "stderr"}, {"nginx", "-s", "reload"}},
        {{"php-fpm"}, {"php-fpm", "-F"}},
        {{"php-fpm8.2", "-R"}, {"php-fpm8.2", "-RF"}},
        {{"/usr/sbin/php-fpm82"}, {"/usr/sbin/php-fpm82", "--nodaemonize"}},
        {{"php-fpm", "-D"}, {"php-fpm", "-y", "/etc/own.conf"}},
        {{"apache2"}, {"apache2", "-DFOREGROUND"}},
        {{"apache2", "-k", "start", "-D", "X"}, {"apache2", "-D", "FOREGROUND"}},
        {{"httpd"}, {"httpd", "-X"}},
        {{"apachectl", "start"}, {"apachectl", "-D", "FOREGROUND"}},
        {{"apache2ctl", "start"}, {"apache2ctl", "configtest"}},
        {{"chronyd"}, {"chronyd", "-d"}},
        {{"cron"}, {"cron", "-f"}},
        {{"cron", "-L", "15"}, {"cron", "-fL", "15"}},
        {{"crond"}, {"crond", "-n"}},
        {{"dnsmasq"}, {"dnsmasq", "-k"}},
        {{"dnsmasq", "--no-resolv"}, {"dnsmasq", "--keep-in-foreground"}},
        {{"keepalived"}, {"keepalived", "--dont-fork"}},
        {{"lighttpd", "-f", "/x"}, {"lighttpd", "-D", "-f", "/x"}},
        {{"named", "-u", "bind"}, {"named", "-f", "-u", "bind"}},
        {{"nmbd"}, {"nmbd", "-F"}},
        {{"smbd", "-s", "/x"}, {"smbd", "--foreground"}},
        {{"rsyslogd"}, {"rsyslogd", "-n"}},
        {{"rsyslogd", "-iNONE"}, {"rsyslogd", "-niNONE"}},
        {{"slapd", "-h", "ldap:///"}, {"slapd", "-d", "0"}},
        {{"squid"}, {"squid", "--foreground"}},
        {{"sshd"}, {"sshd", "-D"}},
        {{"sshd", "-oUsePAM=no"}, {"sshd", "-eD"}},
        {{"sshd", "-p", "22"}, {"sshd", "-t"}},
        {{"supervisord"}, {"supervisord", "-n"}},
        {{"unbound"}, {"unbound", "-d"}},
        {{"varnishd", "-a", ":80"}, {"varnishd", "-F", "-a", ":80"}},
        {{"exim4", "-bd", "-q30m"}, {"exim4", "-bdf"}},
        {{"gunicorn", "--daemon", "app"}, {"gunicorn", "app"}},
        {{"haproxy", "-D", "-f", "/x"}, {"haproxy", "-db", "-f", "/x"}},
        {{"memcached", "-d"}, {"memcached", "-u", "daemon"}},
        {{"mongod", "--fork"}, {"mongod"}},
        {{"mysqld", "--daemonize"}, {"mysqld"}},
        {{"mysqld", "--daemonize=1"}, {"mysqld", "--user=mysql"}},
        {{"mysqld_safe"}, {"mariadbd"}},
        {{"redis-server", "--daemonize", "yes"}, {"redis-server", "--daemonize", "no"}},
        {{"valkey-server", "/c", "--daemonize", "yes"}, {"valkey-server", "yes"}},
        {{"start-stop-daemon", "-S", "-b", "-x", "/x"}, {"start-stop-daemon", "-S", "-x", "/x"}},
        {{"uwsgi", "--daemonize", "/log"}, {"uwsgi", "--ini", "/x"}},
        {{"pg_ctl", "start", "-D", "/data"}, {"pg_ctl", "status"}},
        {{"pg_ctlcluster", "15", "main", "start"},
         {"pg_ctlcluster", "--foreground", "15", "main", "start"}},
        {{"postfix", "start"}, {"postfix", "start-fg"}},
        {{"service", "nginx", "start"}, {"service", "nginx", "status"}},
        {{"systemctl", "start", "nginx"}, {"systemctl", "status"}},
        {{"/etc/init.d/cron", "start"}, {"/srv/init.d/cron", "start"}},
        {{"setsid", "x"}, {"setsid", "-w", "x"}},
        {{"setsid", "-f", "x"}, {"setsid", "-cw", "x"}},
    };

    for (const auto& each : cases) {
        CAPTURE(joined(each.wrong));
        CAPTURE(joined(each.right));
        CHECK(is_daemon(each.wrong));
        CHECK_FALSE(is_daemon(each.right));
    }
    CHECK(is_daemon({"/opt/redis/redis-server", "--daemonize", "yes"}));
    CHECK_FALSE(is_daemon({"/srv/bin/cron"}));
    CHECK_FALSE(is_daemon({"./nginx"}));
    CHECK_FALSE(is_daemon({}));
    CHECK_FALSE(is_daemon({""}));
    CHECK_FALSE(is_daemon({"setsid"}));
}

TEST_CASE("a command as it should be is one of which nothing is said") {
    for (const Words& argv :
         {Words{"sshd"}, {"cron"}, {"apache2"}, {"squid"}, {"smbd"}, {"named"}}) {
        const auto advice = find_daemon(argv);
        REQUIRE(advice);
        // "... command: [sshd, -D, -e]" is taken at its word.
        const std::string& hint = advice->hint;
        const std::string fixed =
            "services: {a: {command: " + hint.substr(hint.find("command: ") + 9) + "}}\n";
        CAPTURE(fixed);
        CHECK(advice_on(fixed) == "");
    }
}

TEST_CASE("what a script waits for") {
    CHECK(last_command("/srv/web") == "/srv/web");
    CHECK(last_command("  /srv/web -a 'b c' ; ") == "/srv/web -a b c");
    CHECK(last_command("cd /srv && ./web") == "./web");
    CHECK(last_command("cd /srv\nexport A=b\n./web") == "./web");
    CHECK(last_command("A=b C=d ./web") == "./web");
    CHECK(last_command("./web \"$A\" ${B:-c} >/dev/null 2>&1 <in") ==
          "./web $A ${B:-c} >/dev/null 2>&1 <in");
    CHECK(last_command("./web a#b \\\n c\\ d") == "./web a#b c d");
}

TEST_CASE("a script for which a shell is needed, or that ends in one, is left alone") {
    for (const char* script : {"",
                               "exec ./web",
                               "cd /srv && exec ./web",
                               "./web; exit 1",
                               "./web; echo done",
                               "./web || exit 1",
                               "./web | tee log",
                               "./web &",
                               "./a & ./b & wait",
                               "./a & wait",
                               "while true; do ./web; done",
                               "if true; then ./web; fi",
                               "for i in 1 2; do ./web; done",
                               "{ ./web; }",
                               "( ./web )",
                               "f() { ./web; }; f",
                               "trap 'kill 0' TERM; ./web",
                               "! ./web",
                               "case a in a) ./web;; esac",
                               "./web $(cat args)",
                               "./web \"$(cat args)\"",
                               "./web `cat args`",
                               "./web <<E\nE",
                               "./web # the end",
                               "A=b",
                               ">file ./web",
                               "./web 'not closed",
                               "./web \"not closed",
                               "./web ${not closed",
                               "./web ${A:-\"b\"}",
                               "./web \\"}) {
        CAPTURE(script);
        CHECK(last_command(script) == "");
    }
}

TEST_CASE("no shell is needed for a program with its arguments alone") {
    CHECK(waited_for("/srv/web --port 80 'a b'")->alone);
    for (const char* script : {"cd /srv; ./web", "A=b ./web", "./web $A", "./web *.conf",
                               "./web >log", "./web ~/x", "./web [a]"}) {
        CAPTURE(script);
        REQUIRE(waited_for(script));
        CHECK_FALSE(waited_for(script)->alone);
    }
}

TEST_CASE("which words call a shell with a script") {
    CHECK(shell_call(Words{"sh", "-c", "x"})->script == "x");
    CHECK(shell_call(Words{"/bin/dash", "-e", "-c", "x", "name"})->script == "x");
    CHECK(shell_call(Words{"sh", "-euxc", "x"})->forks);
    CHECK_FALSE(shell_call(Words{"/bin/bash", "-lc", "x"})->forks);
    CHECK_FALSE(shell_call(Words{"ash", "-c", "x"})->forks);
    for (const Words& argv : {Words{},
                              {"sh"},
                              {"sh", "-c"},
                              {"sh", "script", "-c"},
                              {"sh", "-s"},
                              {"sh", "-o", "c", "x"},
                              {"python", "-c", "x"}}) {
        CAPTURE(joined(argv));
        CHECK_FALSE(shell_call(argv));
    }
}

TEST_CASE("grace periods along the order of stopping that nobody asked for are not counted") {
    const std::string chain =
        "services:\n"
        "  a: {command: [x], notify_fd: 3}\n"
        "  b: {command: [x], notify_fd: 3, depends_on: [a]}\n"
        "  c: {command: [x], notify_fd: 3, depends_on: [b]}\n";
    CHECK(advice_on(chain) == "");
    CHECK(advice_on("shutdown_timeout: 9s\n" + chain) == "");
    CHECK(advice_on("shutdown_timeout: 24s\ndefaults: {stop_grace_period: 8s}\n" + chain) == "");
    CHECK(advice_on("shutdown_timeout: 23s\ndefaults: {stop_grace_period: 8s}\n" + chain) ==
          "2:31 warning services.a.stop_grace_period: stopping in order may take 24s, which "
          "shutdown_timeout cuts short at 23s: 'c' 8s, then 'b' 8s, then 'a' 8s\n");
}

TEST_CASE("services side by side do not add up, and the slowest way is the one that is told") {
    CHECK(advice_on("services:\n"
                    "  a: {command: [x], stop_grace_period: 8s}\n"
                    "  b: {command: [x], stop_grace_period: 8s}\n") == "");
    CHECK(advice_on("shutdown_timeout: 10s\n"
                    "services:\n"
                    "  db: {command: [x], stop_grace_period: 5s, healthcheck: {tcp: 1}}\n"
                    "  a: {command: [x], stop_grace_period: 4s, depends_on: [db]}\n"
                    "  b: {command: [x], stop_grace_period: 6s, depends_on: [db]}\n") ==
          "3:41 warning services.db.stop_grace_period: stopping in order may take 11s, which "
          "shutdown_timeout cuts short at 10s: 'b' 6s, then 'db' 5s\n");
}

TEST_CASE("a manifest without services is not advised on") {
    CHECK(advise({}).empty());
}
