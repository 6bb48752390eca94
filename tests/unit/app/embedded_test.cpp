// The manifests that gosv brings along are valid, and mean what `gosv --help` says.
#include "app/embedded.hpp"

#include <doctest/doctest.h>

#include "gosv/app/check.hpp"
#include "gosv/manifest/planning.hpp"

using namespace gosv;
using namespace std::chrono_literals;

namespace {

using Strings = std::vector<std::string>;

manifest::Service run(std::string_view command) {
    const manifest::LoadResult loaded = app::load_run(command, {});
    CHECK(app::render_text(loaded.diagnostics, loaded.source, "--run") == "");
    REQUIRE(loaded.manifest.services.size() == 1);
    return loaded.manifest.services[0];
}

}  // namespace

TEST_CASE("--run is a shell that becomes the command, restarted ten times from two seconds on") {
    const manifest::Service service = run("nginx -g 'daemon off;'");
    CHECK(service.name == "main");
    CHECK(service.argv == Strings{"/bin/sh", "-c", "exec nginx -g 'daemon off;'"});
    CHECK(service.policy.restart == core::RestartPolicy::always);
    CHECK(service.policy.max_restarts == 10);
    CHECK(service.policy.backoff.first == 2s);
    CHECK(service.policy.backoff.multiplier == 1.5);
}

TEST_CASE("--run hands any bytes to the shell as they are") {
    std::string bytes;
    for (int byte = 1; byte < 256; ++byte) {
        bytes += static_cast<char>(byte);
    }
    for (const std::string& command :
         {bytes, std::string("echo ${HOME} $$ \"$PATH\" `id` \\ %s # no comment"), std::string("'"),
          std::string("\"\\\""), std::string(100'000, '$'),
          std::string("a\nb\r\n\tc: [d, e]\n---\n...")}) {
        const manifest::Service service = run(command);
        REQUIRE(service.argv.size() == 3);
        CHECK(service.argv[2] == "exec " + command);
    }
}

TEST_CASE("--run with more than the kernel takes is told before the start") {
    const manifest::LoadResult loaded = app::load_run(std::string(200'000, 'x'), {});
    const manifest::PlanResult planned = manifest::make_plan(loaded.manifest, {});
    REQUIRE(planned.diagnostics.size() == 1);
    CHECK(planned.diagnostics[0].message == "word 3 of the command is longer than 128 KiB");
}

TEST_CASE("the demo is a heartbeat that goes on and a crasher that does not end it") {
    const manifest::LoadResult loaded = app::load_demo({});
    CHECK(app::render_text(loaded.diagnostics, loaded.source, "demo") == "");
    REQUIRE(loaded.manifest.services.size() == 2);
    CHECK(loaded.manifest.services[0].name == "heartbeat");
    CHECK(loaded.manifest.services[1].name == "crasher");
    CHECK(loaded.manifest.services[1].policy.max_restarts == 4);
    CHECK(loaded.manifest.services[1].policy.failure_action == core::FinalAction::none);
}

TEST_CASE("the introduction to the demo shows the manifest that runs") {
    const std::string text = app::demo_introduction();
    CHECK(text.find("\n" + app::load_demo({}).source) != std::string::npos);
    CHECK(text.find("Ctrl-C") != std::string::npos);
}
