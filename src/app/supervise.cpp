#include "app/supervise.hpp"

#include <poll.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "app/linux_platform.hpp"
#include "app/loading_memory.hpp"
#include "app/runtime.hpp"
#include "app/service_cgroups.hpp"
#include "app/terminal_output.hpp"
#include "gosv/app/cli.hpp"
#include "gosv/app/log.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

// A reader of stderr that is slow gets this long for the last lines; a stopped one must not hold up
// the end of the container.
constexpr Duration kLastFlush = std::chrono::milliseconds(250);

// Room for gosv's own lines, and for those that tell the end of a service: all may end at once.
constexpr std::size_t kLogRing = std::size_t{64} * 1024;
constexpr std::size_t kLogRingPerService = 768;

void flush_for_a_while(Log& log) noexcept {
    const MonotonicTime limit = saturating_add(sys::monotonic_now(), kLastFlush);
    while (!log.flush()) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(limit - sys::monotonic_now());
        if (left.count() <= 0 || !log.writable_fd().is_open()) {
            return;
        }
        pollfd stream{log.writable_fd().raw(), POLLOUT, 0};
        (void)::poll(&stream, 1, static_cast<int>(left.count()));
    }
}

[[gnu::noinline]] void report_boot(const manifest::Plan& plan, const std::string& origin,
                                   Log& log) {
    const pid_t self = ::getpid();
    const std::size_t count = plan.execs.size();
    // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one literal with the version in it
    const std::string text = concat({"gosv " GOSV_VERSION " as pid ", self, ": ", count,
                                     count == 1 ? " service" : " services", " from ", origin});
    log.write({.event = LogEvent::boot, .pid = Pid{self}, .msg = text});
    if (self != 1) {
        const Status adopted = sys::set_child_subreaper();
        if (!adopted.ok()) {
            log.write(
                {.event = LogEvent::internal,
                 .level = LogLevel::warn,
                 .reason = errno_name(adopted.error().err),
                 .msg = "cannot adopt orphans (PR_SET_CHILD_SUBREAPER): what daemonizes is lost"});
        }
    }
}

void report_cgroups(const manifest::Plan& plan, const CgroupDecision& decision,
                    const LinuxPlatform& platform, Log& log) {
    for (const std::string& warning : decision.warnings) {
        log.write({.event = LogEvent::cgroup, .level = LogLevel::warn, .msg = warning});
    }
    if (decision.note.empty()) {
        return;
    }
    std::string note = decision.note;
    if (platform.has_cgroups() && platform.clone_method() != os::CloneMethod::clone3_into_cgroup) {
        note += "; services join their leaf themselves (no CLONE_INTO_CGROUP here)";
    }
    const bool limited = std::any_of(plan.settings.begin(), plan.settings.end(),
                                     [](const auto& settings) { return settings.limits.any(); });
    // Who asked for nothing is not bothered with it.
    log.write({.event = LogEvent::cgroup,
               .level = limited && platform.has_cgroups() ? LogLevel::info : LogLevel::debug,
               .msg = note});
}

bool is_passed_on(const manifest::Plan& plan, const std::string& entry) {
    return std::any_of(plan.execs.begin(), plan.execs.end(), [&](const manifest::Exec& exec) {
        for (std::size_t i = 0; i < exec.envp.size(); ++i) {
            if (exec.envp[i] == entry) {
                return true;
            }
        }
        return false;
    });
}

// Who started gosv with a NOTIFY_SOCKET (systemd, podman --sdnotify=container) hears when all is
// ready, unless it was passed on (`gosv -- CMD`, `environment: [NOTIFY_SOCKET]`): then it is the
// program's to say so.
[[gnu::noinline]] os::NotifySender open_supervisor(const manifest::Plan& plan, Log& log) {
    const char* const address = ::getenv("NOTIFY_SOCKET");
    if (address == nullptr || *address == '\0' ||
        is_passed_on(plan, concat({"NOTIFY_SOCKET=", address}))) {
        return {};
    }
    Result<os::NotifySender> sender = os::NotifySender::open(address);
    if (sender.ok()) {
        return std::move(sender).value();
    }
    const std::string text =
        concat({"cannot tell NOTIFY_SOCKET '", address, "' when all is ready"});
    log.write({.event = LogEvent::internal,
               .level = LogLevel::warn,
               .reason = errno_text(sender.error().err),
               .msg = text});
    return {};
}

}  // namespace

// Its frame is under the loop for as long as gosv runs. What is done once before, with large
// buffers, is marked not to be inlined, which the linker would do: 8 kB of stack.
int supervise(manifest::Plan plan, const os::InheritedSignals& inherited,
              const std::string& origin) {
    if (!plan.supervisor.command_mode) {
        // Nothing that was open above stderr is ours to keep open, or to pass on to a service.
        sys::close_inherited({});
        os::heed_all_signals();
    }

    CgroupDecision decision = set_up_cgroups(plan);
    if (decision.fatal) {
        print_error(*decision.fatal);
        return kExitConfig;
    }

    Log log(plan.log_format, plan.log_level, BorrowedFd(STDERR_FILENO),
            kLogRing + plan.execs.size() * kLogRingPerService);
    report_boot(plan, origin, log);
    os::NotifySender supervisor = open_supervisor(plan, log);
    plan.supervisor.announces = supervisor.is_open();
    auto opened =
        LinuxPlatform::open(plan, inherited, std::move(decision.cgroups), std::move(supervisor));
    if (!opened.ok()) {
        print_error(concat({"gosv: cannot start: ", opened.error().op, ": ",
                            errno_text(opened.error().err), "\n"}));
        return kExitInternal;
    }
    LinuxPlatform& platform = *opened.value();
    Runtime runtime(plan, platform, log);
    report_cgroups(plan, decision, platform, log);
    loading_memory::give_back();

    // ---- the point of no return: from here on nothing exits, throws, or allocates ----
    runtime.boot();
    // The first children are on gosv's processor, behind it, and move to another one when they
    // exec: they go first now, not when gosv has nothing more to do.
    (void)::sched_yield();
    // The first services are being executed meanwhile. Before anything can go wrong, whose line
    // would be the first one.
    log.look_at_stream();
    if (plan.supervisor.command_mode) {
        platform.forget_inherited(log.own_fd());
    }
    const int code = runtime.run();
    platform.remove_cgroups();
    flush_for_a_while(log);
    // Nothing is given back piece by piece: the kernel takes all of it at once.
    ::_exit(code);
}

}  // namespace gosv::app
