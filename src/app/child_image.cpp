#include "app/child_image.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

constexpr std::string_view kListenPid = "LISTEN_PID=";
constexpr std::string_view kNotifySocket = "NOTIFY_SOCKET=";
constexpr std::string_view kWatchdogPid = "WATCHDOG_PID=";
constexpr std::string_view kWatchdogUsec = "WATCHDOG_USEC=";

constexpr std::uint64_t kAllCapabilities = ~std::uint64_t{0};

std::uint64_t kept_capabilities(const manifest::Capabilities& wanted) noexcept {
    const std::uint64_t added = wanted.add_all ? kAllCapabilities : wanted.add;
    const std::uint64_t dropped = wanted.drop_all ? kAllCapabilities : wanted.drop;
    return (kAllCapabilities & ~dropped) | added;
}

bool is_for_the_service_alone(std::string_view entry) noexcept {
    return entry.starts_with(kNotifySocket) || entry.starts_with(kWatchdogPid) ||
           entry.starts_with(kWatchdogUsec);
}

}  // namespace

void ProgramImage::build_service(const manifest::ExecSpec& spec, std::string_view notify_socket) {
    build(spec, spec.argv, spec.candidates);
    child_.stdin_null = spec.stdin_mode == manifest::StdinMode::null && !spec.tty;
    child_.take_terminal = spec.tty && ::isatty(STDIN_FILENO) == 1;
    child_.notify_fd = spec.notify_fd.value_or(-1);
    if (!spec.notify_socket) {
        return;
    }
    copy_environment(spec);
    Extras& own = extras();
    own.notify_socket = std::string(kNotifySocket) + std::string(notify_socket);
    bool has_watchdog = false;
    for (char*& entry : own.envp) {
        const std::string_view text = entry != nullptr ? entry : "";
        has_watchdog = has_watchdog || text.starts_with(kWatchdogUsec);
        if (text.starts_with(kNotifySocket)) {
            entry = own.notify_socket.data();
        }
    }
    if (has_watchdog) {
        // So that the main process alone takes it for its own (sd_watchdog_enabled(3)), and not
        // every program that it starts.
        own.envp.insert(own.envp.end() - 1, own.watchdog_pid.data());
        child_.envp = own.envp.data();
        child_.watchdog_pid = add_pid_entry(kWatchdogPid, own.watchdog_pid);
    }
}

void ProgramImage::build_command(const manifest::ExecSpec& spec,
                                 const os::InheritedSignals& inherited) {
    build_service(spec, {});
    // CMD gets the signal state that gosv was given: `nohup gosv -- CMD` protects CMD.
    child_.mask = inherited.blocked;
    child_.ignored = inherited.ignored;
    // The terminal is CMD's if it is ours now; started in the background, gosv does not steal it.
    const Result<Pid> foreground = sys::tcgetpgrp(BorrowedFd(STDIN_FILENO));
    child_.take_terminal = foreground.ok() && foreground.value() == Pid{::getpgrp()};

    // Socket activation (sd_listen_fds(3)) names the process that the descriptors are for: us,
    // until now. The child writes its own pid.
    const std::string own = std::string(kListenPid) + std::to_string(::getpid());
    for (std::size_t i = 0; i < spec.envp.size(); ++i) {
        if (spec.envp[i] == own) {
            copy_environment(spec);
            Extras& own_entries = extras();
            own_entries.envp[i] = own_entries.listen_pid.data();
            child_.listen_pid = add_pid_entry(kListenPid, own_entries.listen_pid);
            return;
        }
    }
}

void ProgramImage::build_task(const manifest::ExecSpec& spec, core::Task task) {
    const manifest::CommandSpec& command =
        task == core::Task::probe ? spec.probe_command : spec.stop_command;
    build(spec, command.argv, command.candidates);
    child_.stdin_null = true;
    child_.capture_output = task == core::Task::probe;
    copy_environment(spec);
    std::vector<char*>& envp = extras().envp;
    std::erase_if(envp, [](const char* entry) {
        return entry != nullptr && is_for_the_service_alone(entry);
    });
    child_.envp = envp.data();
}

void ProgramImage::build(const manifest::ExecSpec& spec, const manifest::StringBlock& argv,
                         const manifest::StringBlock& candidates) {
    child_.argv = argv.get();
    child_.envp = spec.envp.get();
    child_.candidates = candidates.get();

    if (spec.working_dir) {
        child_.working_dir = spec.working_dir->c_str();
    }
    build_limits(spec);
    build_privileges(spec);
}

void ProgramImage::build_limits(const manifest::ExecSpec& spec) {
    child_.set_umask = spec.umask.has_value();
    child_.umask = spec.umask.value_or(0);
    child_.set_nice = spec.nice.has_value();
    child_.nice = spec.nice.value_or(0);
    if (spec.oom_score_adj) {
        std::string& text = extras().oom_score_adj = std::to_string(*spec.oom_score_adj);
        child_.oom_score_adj = text.c_str();
        child_.oom_score_adj_len = text.size();
    }
    if (!spec.ulimits.empty()) {
        std::vector<os::RlimitStep>& rlimits = extras().rlimits;
        for (const manifest::ResourceLimit& limit : spec.ulimits) {
            rlimits.push_back({limit.resource, {limit.soft, limit.hard}});
        }
        child_.rlimits = rlimits.data();
        child_.rlimit_count = rlimits.size();
    }
}

void ProgramImage::build_privileges(const manifest::ExecSpec& spec) {
    const bool becomes_root = spec.credentials ? spec.credentials->uid == 0 : ::geteuid() == 0;
    if (spec.credentials) {
        child_.set_credentials = true;
        child_.uid = spec.credentials->uid;
        child_.gid = spec.credentials->gid;
        child_.groups = spec.credentials->groups.data();
        child_.group_count = spec.credentials->groups.size();
    }
    if (spec.capabilities.any()) {
        child_.set_capabilities = true;
        child_.keep_caps = kept_capabilities(spec.capabilities);
        // Root gets its capabilities at the exec anyway; another user only the ambient ones.
        child_.ambient_caps = becomes_root                ? 0
                              : spec.capabilities.add_all ? kAllCapabilities
                                                          : spec.capabilities.add;
    }
    child_.no_new_privs = spec.no_new_privileges;
}

// The pointers alone; the plan keeps the text.
void ProgramImage::copy_environment(const manifest::ExecSpec& spec) {
    std::vector<char*>& envp = extras().envp;
    envp.assign(spec.envp.get(), spec.envp.get() + spec.envp.size() + 1);
    child_.envp = envp.data();
}

ProgramImage::Extras& ProgramImage::extras() {
    if (extras_ == nullptr) {
        extras_ = std::make_unique<Extras>();
    }
    return *extras_;
}

// "LISTEN_PID=", and where the child writes its pid behind it.
os::PidSlot ProgramImage::add_pid_entry(std::string_view name, std::array<char, 24>& entry) {
    std::copy(name.begin(), name.end(), entry.begin());
    return {entry.data() + name.size(), entry.size() - name.size()};
}

}  // namespace gosv::app
