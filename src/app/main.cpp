// Phases: signals first, then the command line, the manifest, the plan, the loop. The only return
// to the kernel.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <span>
#include <string>

#include "app/embedded.hpp"
#include "app/loading_memory.hpp"
#include "app/supervise.hpp"
#include "app/terminal_output.hpp"
#include "gosv/app/check.hpp"
#include "gosv/app/cli.hpp"
#include "gosv/manifest/advice.hpp"
#include "gosv/manifest/planning.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

constexpr const char* kDefaultManifest = "/etc/gosv.yaml";
constexpr std::size_t kUserDatabaseLimit = std::size_t{32} * 1024 * 1024;

std::vector<std::string> read_environment() {
    char** end = environ;
    while (end != nullptr && *end != nullptr) {
        ++end;
    }
    return {environ, end};
}

manifest::HostFacts read_host() {
    manifest::HostFacts host;
    host.environment = read_environment();
    host.uid = ::geteuid();
    host.gid = ::getegid();
    if (const int count = ::getgroups(0, nullptr); count > 0) {
        host.groups.resize(static_cast<std::size_t>(count));
        (void)::getgroups(count, host.groups.data());
    }
    return host;
}

// Only when somebody is to be looked up: most manifests name no user.
void read_users(const manifest::Manifest& manifest, manifest::HostFacts& host) {
    const bool needed =
        std::any_of(manifest.services.begin(), manifest.services.end(),
                    [](const auto& service) { return service.user || !service.group_add.empty(); });
    if (!needed) {
        return;
    }
    // Absent in scratch images: then only numeric users exist.
    if (auto text = sys::read_file("/etc/passwd", kUserDatabaseLimit); text.ok()) {
        host.passwd = std::move(text).value();
    }
    if (auto text = sys::read_file("/etc/group", kUserDatabaseLimit); text.ok()) {
        host.group = std::move(text).value();
    }
}

// The manifest named, or found; nullopt when none was named and none is there.
std::optional<std::string> find_manifest(const Options& options, const manifest::Environment& env) {
    if (options.manifest) {
        return options.manifest;
    }
    if (const auto named = env.find("GOSV_CONFIG"); named && !named->empty()) {
        return std::string(*named);
    }
    if (::access(kDefaultManifest, F_OK) == 0) {
        return kDefaultManifest;
    }
    return std::nullopt;
}

[[gnu::cold]] int say_no_manifest() {
    print_error(std::string("gosv: no manifest: none was given, $GOSV_CONFIG is not set and ") +
                kDefaultManifest +
                " does not exist\n"
                "hint: gosv FILE, or gosv -- CMD for one command, or gosv demo; gosv --help tells "
                "more\n");
    return kExitUsage;
}

// As much of it as is needed to say that it is too much.
std::string read_stdin() {
    constexpr std::size_t kEnough = std::size_t{4} * 1024 * 1024;
    constexpr std::size_t kChunk = 16384;  // not on the stack, which stays as large as it ever was
    std::string text;
    std::size_t size = 0;
    while (size < kEnough) {
        text.resize(size + kChunk);
        const Result<std::size_t> more =
            sys::read(BorrowedFd(STDIN_FILENO), std::span(text).subspan(size));
        if (!more.ok() || more.value() == 0) {
            break;
        }
        size += more.value();
    }
    text.resize(size);
    return text;
}

[[gnu::noinline]] int check(const Options& options) {
    loading_memory::open();
    manifest::HostFacts host = read_host();
    const manifest::Environment env(host.environment);
    std::optional<std::string> path = find_manifest(options, env);
    if (!path) {
        return say_no_manifest();
    }
    manifest::LoadResult loaded;
    if (path == "-") {
        path = "<stdin>";
        loaded = manifest::load_text(read_stdin(), *path, env);
    } else {
        loaded = manifest::load_file(*path, env);
    }
    read_users(loaded.manifest, host);
    manifest::Diagnostics problems = manifest::make_plan(loaded, host).diagnostics;
    const manifest::Diagnostics advice = manifest::advise(loaded.manifest);
    problems.insert(problems.end(), advice.begin(), advice.end());
    if (options.check_strict) {
        make_strict(problems);
    }
    const bool usable = !has_errors(problems);
    if (options.check_json) {
        print(render_json(problems, *path));
    } else {
        print(render_text(problems, loaded.source, *path));
        if (usable) {
            const std::size_t count = loaded.manifest.services.size();
            print(*path + ": ok, " + std::to_string(count) +
                  (count == 1 ? " service\n" : " services\n"));
        }
    }
    return usable ? kExitOk : kExitConfig;
}

// What is to be run. It is made when the loading memory has been closed, and nothing of what it was
// made from is in it: what loading needed goes as a whole (supervise.cpp), and PID 1 stays small.
struct Prepared {
    manifest::Plan plan;
    std::string origin;  // for the boot line
};

manifest::LoadResult load(const Options& options, const std::string& origin,
                          const manifest::Environment& env) {
    switch (options.mode) {
        case Mode::run:
            return load_run(options.run_command, env);
        case Mode::demo:
            print(demo_introduction());
            return load_demo(env);
        default:
            return manifest::load_file(origin, env);
    }
}

// `gosv nginx`, as one would write with tini.
bool looks_like_program(const std::string& manifest) noexcept {
    return manifest.find_first_of("/.") == std::string::npos;
}

// The plan of a manifest, or the exit code when there is none.
std::variant<Prepared, int> prepare_manifest(const Options& options) {
    loading_memory::open();
    manifest::HostFacts host = read_host();
    const manifest::Environment env(host.environment);
    std::optional<std::string> origin = options.mode == Mode::run    ? "--run"
                                        : options.mode == Mode::demo ? "demo"
                                                                     : find_manifest(options, env);
    if (!origin) {
        return say_no_manifest();
    }
    const manifest::LoadResult loaded = load(options, *origin, env);
    read_users(loaded.manifest, host);
    manifest::PlanResult planned = manifest::make_plan(loaded, host);
    if (!planned.diagnostics.empty()) {
        print_error(render_text(planned.diagnostics, loaded.source, *origin));
    }
    if (has_errors(planned.diagnostics)) {
        if (loaded.source.empty() && looks_like_program(*origin)) {
            print_error("hint: if this is a program and no manifest: gosv -- " + *origin + "\n");
        }
        return kExitConfig;
    }
    manifest::PlanOfAll& plan = planned.draft.of_all;
    plan.log_format = options.log_format.value_or(plan.log_format);
    plan.log_level = options.log_level.value_or(plan.log_level);
    if (options.no_cgroup) {
        plan.cgroup = manifest::CgroupMode::off;
    }
    loading_memory::close();
    return Prepared{planned.draft.finish(), std::string(*origin)};
}

[[gnu::noinline]] Prepared prepare_command(const Options& options) {
    loading_memory::open_small();
    manifest::HostFacts host;
    host.environment = read_environment();
    manifest::PlanDraft draft =
        manifest::make_command_plan(options.argv, host, options.kill_mode, options.snapshot_signal);
    manifest::PlanOfAll& plan = draft.of_all;
    plan.log_format = options.log_format.value_or(plan.log_format);
    // Around one command gosv is as silent as tini: only what goes wrong is told.
    plan.log_level = options.log_level.value_or(manifest::LogLevel::warn);
    loading_memory::close();
    return {draft.finish(), "the command line"};
}

// dockerd and podman ask their --init binary for its version and know only tini's form of it.
bool plays_container_init(const std::string& program) {
    return program == "tini" || program == "tini-static" || program == "docker-init" ||
           program == "podman-init" || program == "catatonit";
}

int run(int argc, char* const* argv, const os::InheritedSignals& inherited) {
    const std::variant<Options, UsageError> parsed = parse_command_line(argc, argv);
    if (const auto* error = std::get_if<UsageError>(&parsed)) {
        print_error("gosv: " + error->message + "\nhint: " + error->hint + "\n");
        return kExitUsage;
    }
    const auto& options = std::get<Options>(parsed);
    switch (options.mode) {
        case Mode::version:
            print(plays_container_init(options.program) ? "tini version " GOSV_VERSION "_gosv\n"
                                                        : "gosv " GOSV_VERSION "\n");
            return kExitOk;
        case Mode::help:
            print(help_text());
            return kExitOk;
        case Mode::check:
            os::give_back_signals(inherited);
            return check(options);
        case Mode::command: {
            Prepared prepared = prepare_command(options);
            return supervise(std::move(prepared.plan), inherited, prepared.origin);
        }
        case Mode::supervise:
        case Mode::run:
        case Mode::demo: {
            std::variant<Prepared, int> prepared = prepare_manifest(options);
            if (const int* code = std::get_if<int>(&prepared)) {
                return *code;
            }
            auto& [plan, origin] = std::get<Prepared>(prepared);
            return supervise(std::move(plan), inherited, origin);
        }
    }
    return kExitInternal;
}

// Instead of std::bad_alloc, which nobody catches. Only ever before the first service: past the
// marked line in supervise.cpp nothing allocates.
[[noreturn]] void out_of_memory() {
    print_error("gosv: out of memory\n");
    ::_exit(kExitInternal);
}

}  // namespace

}  // namespace gosv::app

int main(int argc, char** argv) {
    // Before anything else: until they are blocked, signals are lost to PID 1 (pid_namespaces(7)).
    const gosv::os::InheritedSignals inherited = gosv::os::take_over_signals();
    gosv::sys::ensure_standard_streams();
    std::set_new_handler(gosv::app::out_of_memory);
    return gosv::app::run(argc, argv, inherited);
}
