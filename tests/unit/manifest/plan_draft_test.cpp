// What services of a plan share, and whose memory it is.
#include "gosv/manifest/plan_draft.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

using namespace gosv;
using namespace gosv::manifest;

namespace {

using Strings = std::vector<std::string>;

Strings as_strings(StringList list) {
    return {list.get(), list.get() + list.size()};
}

ExecSpec exec_of(const std::string& name, const Strings& argv) {
    ExecSpec exec;
    exec.name = name;
    exec.argv = StringBlock(argv);
    exec.candidates = StringBlock({argv.front()});
    exec.envp = StringBlock({"PATH=/bin", "GOSV_SERVICE=" + name});
    exec.working_dir = "/srv";
    return exec;
}

Plan alike(std::size_t services) {
    PlanDraft draft;
    for (std::size_t i = 0; i < services; ++i) {
        draft.add({}, exec_of("s" + std::to_string(i), {"/bin/server", "--port", "80"}));
    }
    return draft.finish();
}

bool is_inside(const Plan& plan, const void* what) {
    const auto* const place = static_cast<const std::byte*>(what);
    return place >= plan.storage.get() && place < plan.storage.get() + plan.storage_size;
}

}  // namespace

TEST_CASE("services with the same settings share one policy, one set of settings, one command") {
    const Plan plan = alike(3);
    CHECK(plan.distinct_policies.size() == 1);
    CHECK(plan.settings.size() == 1);
    CHECK(&plan.policies[0] == &plan.policies[2]);
    CHECK(plan.execs[0].settings == plan.execs[2].settings);
    CHECK(plan.execs[0].argv.get() == plan.execs[2].argv.get());
    CHECK(plan.execs[0].candidates.get() == plan.execs[2].candidates.get());
    // Their environments differ in one text.
    CHECK(plan.execs[0].envp.get() != plan.execs[2].envp.get());
    CHECK(plan.execs[0].envp.get()[0] == plan.execs[2].envp.get()[0]);
    CHECK(plan.execs[2].envp[1] == "GOSV_SERVICE=s2");
}

TEST_CASE("a further service that is like the others costs what is its own") {
    const std::size_t each = (alike(1001).storage_size - alike(1).storage_size) / 1000;
    // Itself, three pointers to its environment, the place of its policy, its name.
    CHECK(each <=
          sizeof(Exec) + 3 * sizeof(char*) + sizeof(std::uint16_t) + sizeof("GOSV_SERVICE=s1000"));
}

TEST_CASE("an environment that differs from the one before in one entry is made of that one") {
    PlanDraft whole;
    PlanDraft alike;
    ExecSpec exec = exec_of("s0", {"/bin/server"});
    whole.add({}, exec);
    alike.add({}, exec);
    for (const std::string name : {"s1", "longer", "s"}) {
        exec = exec_of(name, {"/bin/server"});
        whole.add({}, exec);
        exec.envp = StringBlock();
        alike.add_alike({}, exec, 1, "GOSV_SERVICE=" + name);
    }
    const Plan expected = whole.finish();
    const Plan plan = alike.finish();
    CHECK(plan.storage_size == expected.storage_size);
    REQUIRE(plan.execs.size() == 4);
    for (std::size_t i = 0; i < plan.execs.size(); ++i) {
        CHECK(as_strings(plan.execs[i].envp) == as_strings(expected.execs[i].envp));
        CHECK(plan.execs[i].envp.get()[0] == plan.execs[0].envp.get()[0]);
        CHECK(plan.execs[i].name.view() == expected.execs[i].name.view());
        CHECK(plan.execs[i].name.view().data() ==
              plan.execs[i].envp.get()[1] + sizeof("GOSV_SERVICE=") - 1);
    }
}

TEST_CASE("a name is the end of the environment's entry of it") {
    const Plan plan = alike(2);
    CHECK(plan.execs[1].name.view() == "s1");
    CHECK(plan.execs[1].name.view().data() ==
          plan.execs[1].envp.get()[1] + sizeof("GOSV_SERVICE=") - 1);
}

TEST_CASE("what differs in anything is not shared") {
    PlanDraft draft;
    core::ServicePolicy policy;
    draft.add(policy, exec_of("a", {"/bin/a", "x"}));
    policy.max_restarts = 9;
    ExecSpec b = exec_of("b", {"/bin/b", "x", "y"});
    b.stop_command.argv = StringBlock({"/bin/stop"});
    draft.add(policy, b);
    policy.max_restarts = core::ServicePolicy{}.max_restarts;
    b.stop_command.argv = StringBlock({"/bin/stop", "now"});
    draft.add(policy, b);
    const Plan plan = draft.finish();
    CHECK(plan.distinct_policies.size() == 2);
    CHECK(plan.policies[1].max_restarts == 9);
    CHECK(&plan.policies[0] == &plan.policies[2]);
    CHECK(plan.settings.size() == 3);
    CHECK(plan.execs[0].settings->stop_command.argv.size() == 0);
    CHECK(plan.execs[1].settings->stop_command.argv.size() == 1);
    CHECK(plan.execs[2].settings->stop_command.argv.size() == 2);
    CHECK(as_strings(plan.execs[0].argv) == Strings{"/bin/a", "x"});
    CHECK(as_strings(plan.execs[1].argv) == Strings{"/bin/b", "x", "y"});
    CHECK(plan.execs[1].argv.get() == plan.execs[2].argv.get());
    CHECK(plan.execs[0].argv.get()[1] == plan.execs[1].argv.get()[1]);
}

TEST_CASE("a list that begins or ends like the one before is another list") {
    PlanDraft draft;
    for (const Strings& argv : {Strings{"a", "b"}, Strings{"a"}, Strings{"a", "b"}, Strings{"b"},
                                Strings{"", "b"}, Strings{"a", "b", "c"}}) {
        ExecSpec exec;
        exec.argv = StringBlock(argv);
        draft.add({}, exec);
    }
    const Plan plan = draft.finish();
    CHECK(as_strings(plan.execs[0].argv) == Strings{"a", "b"});
    CHECK(as_strings(plan.execs[1].argv) == Strings{"a"});
    CHECK(as_strings(plan.execs[2].argv) == Strings{"a", "b"});
    CHECK(as_strings(plan.execs[3].argv) == Strings{"b"});
    CHECK(as_strings(plan.execs[4].argv) == Strings{"", "b"});
    CHECK(as_strings(plan.execs[5].argv) == Strings{"a", "b", "c"});
    CHECK(plan.execs[5].envp.empty());
    CHECK(plan.execs[5].name.view().empty());
}

TEST_CASE("a thousand services that have nothing in common are all there") {
    PlanDraft draft;
    for (std::uint16_t i = 0; i < 1000; ++i) {
        core::ServicePolicy policy;
        policy.max_restarts = i;
        const std::string number = std::to_string(i);
        ExecSpec exec = exec_of("s" + number, {"/bin/" + number, number});
        exec.nice = i;
        exec.envp = StringBlock({number});
        draft.add(policy, exec);
    }
    const Plan plan = draft.finish();
    REQUIRE(plan.execs.size() == 1000);
    CHECK(plan.distinct_policies.size() == 1000);
    for (std::size_t i = 0; i < 1000; ++i) {
        const std::string number = std::to_string(i);
        REQUIRE(plan.policies[i].max_restarts == i);
        REQUIRE(plan.execs[i].settings->nice == static_cast<int>(i));
        REQUIRE(plan.execs[i].name.view() == "s" + number);
        REQUIRE(as_strings(plan.execs[i].argv) == Strings{"/bin/" + number, number});
        REQUIRE(as_strings(plan.execs[i].envp) == Strings{number});
    }
}

TEST_CASE("nothing of a plan is in the draft, or in what the draft was given") {
    auto draft = std::make_unique<PlanDraft>();
    auto exec = std::make_unique<ExecSpec>(exec_of("web", {"/bin/web"}));
    exec->probe = FileProbe{"/run/a/path/too/long/for/a/string/to/hold/in/itself"};
    exec->ulimits = {{1, 2, 3}};
    exec->credentials = Credentials{1, 2, {3}};
    draft->add({}, *exec);
    draft->add({}, *exec);
    draft->connect({.dependencies = {{ServiceId{0}, core::Condition::ready, false, true}},
                    .dependents = {ServiceId{1}},
                    .begins = {{0, 0}, {0, 1}, {1, 1}},
                    .start_order = {ServiceId{0}, ServiceId{1}}});
    draft->of_all.stop_signals = {Signal{15}};

    const Plan plan = draft->finish();
    // The address sanitizer would tell of what is still used.
    draft.reset();
    exec.reset();
    CHECK(plan.stop_signals == std::vector{Signal{15}});
    CHECK(std::get<FileProbe>(plan.execs[1].settings->probe).path.ends_with("itself"));
    CHECK(plan.execs[1].settings->ulimits[0].hard == 3);
    CHECK(plan.execs[1].settings->credentials->groups[0] == 3);
    CHECK(is_inside(plan, plan.execs.data()));
    for (const Exec& each : plan.execs) {
        CHECK(each.name.view() == "web");
        CHECK(is_inside(plan, each.name.view().data()));
        for (const StringList list : {each.argv, each.envp, each.candidates}) {
            CHECK(is_inside(plan, list.get()));
            CHECK(is_inside(plan, list[0].data()));
        }
        CHECK(each.settings == plan.settings.data());
    }
    const core::DependencyGraph& graph = plan.supervisor.graph;
    CHECK(is_inside(plan, graph.begins.data()));
    REQUIRE(graph.dependencies_of(ServiceId{1}).size() == 1);
    CHECK(graph.dependencies_of(ServiceId{1})[0].condition == core::Condition::ready);
    CHECK(is_inside(plan, graph.dependencies.data()));
    REQUIRE(graph.dependents_of(ServiceId{0}).size() == 1);
    CHECK(graph.dependents_of(ServiceId{0})[0] == ServiceId{1});
    CHECK(graph.dependents_of(ServiceId{1}).empty());
    CHECK(graph.start_order.size() == 2);
    CHECK(is_inside(plan, graph.start_order.data()));
}

TEST_CASE("a plan that is moved keeps what it points into") {
    static_assert(!std::is_copy_constructible_v<Plan> && !std::is_copy_assignable_v<Plan>);
    Plan plan = alike(2);
    const Exec* const execs = plan.execs.data();
    const ExecSettings* const settings = plan.execs[1].settings;
    const core::ServicePolicy* const policy = &plan.policies[1];
    const Plan moved = std::move(plan);
    CHECK(moved.execs.data() == execs);
    CHECK(moved.settings.data() == settings);
    CHECK(&moved.policies[1] == policy);
    CHECK(is_inside(moved, execs));
}

TEST_CASE("a draft without services is a plan without services") {
    const Plan plan = PlanDraft{}.finish();
    CHECK(plan.execs.empty());
    CHECK(plan.policies.size() == 0);
    CHECK(plan.supervisor.graph.empty());
}
