#include "app/embedded.hpp"

#include "gosv/base/concat.hpp"

namespace gosv::app {

namespace {

constexpr std::string_view kRun = R"(services:
  main:
    command: [/bin/sh, -c, exec CMD]
    restart: always
    max_restarts: 10
    restart_delay: 2s
    restart_multiplier: 1.5
)";

constexpr std::string_view kDemo = R"(services:
  heartbeat:
    command: [/bin/sh, -c, 'while :; do echo "heartbeat: still here"; sleep 2; done']
  crasher:
    command: [/bin/sh, -c, 'echo "crasher: started, will fail in a second"; sleep 1; exit 3']
    max_restarts: 4
    failure_action: none
)";

constexpr std::string_view kIntroduction =
    "gosv demo: two services to watch.\n"
    "  heartbeat  runs, and says so every two seconds\n"
    "  crasher    fails a second after each start: it is started again after 1, 2, 4 and 8 "
    "seconds,\n"
    "             then given up, and the heartbeat goes on\n"
    "Ctrl-C stops both in order. Before that, from another terminal: kill -USR1 and the pid below\n"
    "shows all that runs. Lines of gosv itself go to stderr, those of the services to stdout.\n"
    "\n"
    "The manifest of this:\n"
    "\n";

}  // namespace

manifest::LoadResult load_run(std::string_view command, const manifest::Environment& environment) {
    manifest::LoadResult loaded = manifest::load_text(std::string(kRun), "--run", environment);
    for (manifest::Service& service : loaded.manifest.services) {
        service.argv.back() = "exec ";
        service.argv.back() += command;
    }
    return loaded;
}

manifest::LoadResult load_demo(const manifest::Environment& environment) {
    return manifest::load_text(std::string(kDemo), "demo", environment);
}

std::string demo_introduction() {
    std::string text(kIntroduction);
    text += kDemo;
    return concat({text, "\n"});
}

}  // namespace gosv::app
