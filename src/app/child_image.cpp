#include "app/child_image.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>

#include "app/task_command.hpp"
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

void lay_out_privileges(const manifest::ExecSettings& settings, os::ChildImage& image) {
    const bool becomes_root =
        settings.credentials ? settings.credentials->uid == 0 : ::geteuid() == 0;
    if (settings.credentials) {
        image.set_credentials = true;
        image.uid = settings.credentials->uid;
        image.gid = settings.credentials->gid;
        image.groups = settings.credentials->groups.data();
        image.group_count = settings.credentials->groups.size();
    }
    if (settings.capabilities.any()) {
        image.set_capabilities = true;
        image.keep_caps = kept_capabilities(settings.capabilities);
        // Root gets its capabilities at the exec anyway; another user only the ambient ones.
        image.ambient_caps = becomes_root                    ? 0
                             : settings.capabilities.add_all ? kAllCapabilities
                                                             : settings.capabilities.add;
    }
    image.no_new_privs = settings.no_new_privileges;
}

// The pointers alone, with the one that ends them.
std::vector<char*> pointers_of(manifest::StringList list) {
    return {list.get(), list.get() + list.size() + 1};
}

// "LISTEN_PID=", and where the child writes its pid behind it.
os::PidSlot put_name(std::string_view name, std::array<char, 24>& entry) {
    std::copy(name.begin(), name.end(), entry.begin());
    return {entry.data() + name.size(), entry.size() - name.size()};
}

}  // namespace

ChildImages::ChildImages(const manifest::Plan& plan, const os::InheritedSignals& inherited)
    : plan_(plan), common_(plan.settings.size()), environments_(plan.execs.size()) {
    for (std::size_t i = 0; i < common_.size(); ++i) {
        const manifest::ExecSettings& settings = plan.settings[i];
        Common& common = common_[i];
        os::ChildImage& image = common.image;
        image.stdin_null = settings.stdin_mode == manifest::StdinMode::null && !settings.tty;
        image.take_terminal = settings.tty && ::isatty(STDIN_FILENO) == 1;
        image.notify_fd = settings.notify_fd.value_or(-1);
        image.working_dir = settings.working_dir ? settings.working_dir->c_str() : nullptr;
        image.set_umask = settings.umask.has_value();
        image.umask = settings.umask.value_or(0);
        image.set_nice = settings.nice.has_value();
        image.nice = settings.nice.value_or(0);
        if (settings.oom_score_adj) {
            common.oom_score_adj = std::to_string(*settings.oom_score_adj);
            image.oom_score_adj = common.oom_score_adj.c_str();
            image.oom_score_adj_len = common.oom_score_adj.size();
        }
        for (const manifest::ResourceLimit& limit : settings.ulimits) {
            common.rlimits.push_back({limit.resource, {limit.soft, limit.hard}});
        }
        image.rlimits = common.rlimits.data();
        image.rlimit_count = common.rlimits.size();
        lay_out_privileges(settings, image);
    }
    for (std::size_t i = 0; i < plan.execs.size(); ++i) {
        const manifest::ExecSettings& settings = *plan.execs[i].settings;
        if (settings.probe_command.exists() || settings.stop_command.exists()) {
            hide_from_tasks(i);
        }
    }
    if (plan.supervisor.command_mode) {
        give_signals_and_terminal(inherited);
        give_listen_pid();
    }
}

// CMD gets the signal state that gosv was given: `nohup gosv -- CMD` protects CMD.
void ChildImages::give_signals_and_terminal(const os::InheritedSignals& inherited) {
    os::ChildImage& image = common_.front().image;
    image.mask = inherited.blocked;
    image.ignore_child = inherited.child_ignored;
    // The terminal is CMD's if it is ours now; started in the background, gosv does not steal it.
    const Result<Pid> foreground = sys::tcgetpgrp(BorrowedFd(STDIN_FILENO));
    image.take_terminal = foreground.ok() && foreground.value() == Pid{::getpgrp()};
}

// Socket activation (sd_listen_fds(3)) names the process that the descriptors are for: us, until
// now. The child writes its own pid.
void ChildImages::give_listen_pid() {
    const std::string ours = std::string(kListenPid) + std::to_string(::getpid());
    const manifest::StringList envp = plan_.execs.front().envp;
    for (std::size_t i = 0; i < envp.size(); ++i) {
        if (envp[i] == ours) {
            Environment& environment = environments_.make(0);
            environment.of_service = pointers_of(envp);
            environment.of_service[i] = environment.pid_entry.data();
            environment.listen_pid = put_name(kListenPid, environment.pid_entry);
            return;
        }
    }
}

void ChildImages::hide_from_tasks(std::size_t service) {
    std::vector<char*> envp = pointers_of(plan_.execs[service].envp);
    const auto hidden = std::erase_if(envp, [](const char* entry) {
        return entry != nullptr && is_for_the_service_alone(entry);
    });
    if (hidden > 0) {
        environments_.make(service).of_tasks = std::move(envp);
    }
}

void ChildImages::name_socket(ServiceId service, std::string_view address) {
    Environment& environment = environments_.make(index(service));
    environment.of_service = pointers_of(plan_.execs[index(service)].envp);
    environment.notify_socket = std::string(kNotifySocket) + std::string(address);
    bool has_watchdog = false;
    for (char*& entry : environment.of_service) {
        const std::string_view text = entry != nullptr ? entry : "";
        has_watchdog = has_watchdog || text.starts_with(kWatchdogUsec);
        if (text.starts_with(kNotifySocket)) {
            entry = environment.notify_socket.data();
        }
    }
    if (has_watchdog) {
        // So that the main process alone takes it for its own (sd_watchdog_enabled(3)), and not
        // every program that it starts.
        environment.of_service.insert(environment.of_service.end() - 1,
                                      environment.pid_entry.data());
        environment.watchdog_pid = put_name(kWatchdogPid, environment.pid_entry);
    }
}

os::ChildImage ChildImages::of_service(ServiceId service) const noexcept {
    const manifest::Exec& exec = plan_.execs[index(service)];
    os::ChildImage image = common(service).image;
    image.argv = exec.argv.get();
    image.candidates = exec.candidates.get();
    image.envp = exec.envp.get();
    if (const Environment* const own = environments_.find(index(service))) {
        if (!own->of_service.empty()) {
            image.envp = own->of_service.data();
        }
        image.listen_pid = own->listen_pid;
        image.watchdog_pid = own->watchdog_pid;
    }
    return image;
}

os::ChildImage ChildImages::of_task(ServiceId service, core::Task task) const noexcept {
    const manifest::Exec& exec = plan_.execs[index(service)];
    const manifest::CommandSpec& command = command_of(exec, task);
    os::ChildImage image = common(service).image;
    image.argv = command.argv.get();
    image.candidates = command.candidates.get();
    image.envp = exec.envp.get();
    if (const Environment* const own = environments_.find(index(service));
        own != nullptr && !own->of_tasks.empty()) {
        image.envp = own->of_tasks.data();
    }
    image.stdin_null = true;
    image.take_terminal = false;
    image.notify_fd = -1;
    image.capture_output = task == core::Task::probe;
    return image;
}

bool ChildImages::take_terminal() const noexcept {
    return std::any_of(common_.begin(), common_.end(),
                       [](const Common& common) { return common.image.take_terminal; });
}

const ChildImages::Common& ChildImages::common(ServiceId service) const noexcept {
    return common_[static_cast<std::size_t>(plan_.execs[index(service)].settings -
                                            plan_.settings.data())];
}

}  // namespace gosv::app
