#include "app/supervise.hpp"

#include <poll.h>
#include <unistd.h>

#include "app/linux_platform.hpp"
#include "app/terminal_output.hpp"
#include "gosv/app/cli.hpp"
#include "gosv/app/log.hpp"
#include "gosv/app/runtime.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

// A reader of stderr that is slow gets this long for the last lines; a stopped one must not hold up
// the end of the container.
constexpr Duration kLastFlush = std::chrono::milliseconds(250);

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

std::string names_of_limited(const manifest::Plan& plan) {
    std::string names;
    for (const manifest::ExecSpec& exec : plan.execs) {
        if (exec.limits.any()) {
            names += names.empty() ? exec.name : ", " + exec.name;
        }
    }
    return names;
}

void report_boot(const manifest::Plan& plan, const std::string& origin, Log& log) {
    const std::size_t count = plan.execs.size();
    const std::string text = "gosv " GOSV_VERSION " as pid " + std::to_string(::getpid()) + ": " +
                             std::to_string(count) + (count == 1 ? " service" : " services") +
                             " from " + origin;
    log.write({.event = LogEvent::boot, .pid = Pid{::getpid()}, .msg = text});
    const std::string limited = names_of_limited(plan);
    if (!limited.empty() && plan.cgroup == manifest::CgroupMode::automatic) {
        const std::string warning = "limits are not enforced yet by this version: " + limited;
        log.write({.event = LogEvent::cgroup, .level = LogLevel::warn, .msg = warning});
    }
    if (::getpid() != 1) {
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

}  // namespace

int supervise(const manifest::Plan& plan, const os::InheritedSignals& inherited,
              const std::string& origin) {
    const std::string limited = names_of_limited(plan);
    if (plan.cgroup == manifest::CgroupMode::required && !limited.empty()) {
        print_error(
            "gosv: cgroup: required, but this version does not enforce limits yet; services "
            "with limits: " +
            limited + "\n");
        return kExitConfig;
    }
    if (!plan.supervisor.command_mode) {
        // Nothing that was open above stderr is ours to keep open, or to pass on to a service.
        sys::close_inherited({});
    }

    Log log(plan.log_format, plan.log_level, BorrowedFd(STDERR_FILENO));
    auto opened = LinuxPlatform::open(plan, inherited, log.writable_fd());
    if (!opened.ok()) {
        print_error(std::string("gosv: cannot start: ") + opened.error().op + ": " +
                    std::string(errno_text(opened.error().err)) + "\n");
        return kExitInternal;
    }
    LinuxPlatform& platform = *opened.value();
    Runtime runtime(plan, platform, log);
    report_boot(plan, origin, log);

    // ---- the point of no return: from here on nothing exits, throws, or allocates ----
    runtime.boot();
    if (plan.supervisor.command_mode) {
        platform.forget_inherited(log.own_fd());
    }
    const int code = runtime.run();
    flush_for_a_while(log);
    return code;
}

}  // namespace gosv::app
