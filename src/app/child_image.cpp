// From the plan's ExecSpec to the child's image: everything that the child will need is laid out
// here, before the loop starts, because after the clone nothing may be allocated.
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "app/linux_platform.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

constexpr std::string_view kListenPid = "LISTEN_PID=";

constexpr std::uint64_t kAllCapabilities = ~std::uint64_t{0};

std::uint64_t kept_capabilities(const manifest::Capabilities& wanted) noexcept {
    const std::uint64_t added = wanted.add_all ? kAllCapabilities : wanted.add;
    const std::uint64_t dropped = wanted.drop_all ? kAllCapabilities : wanted.drop;
    return (kAllCapabilities & ~dropped) | added;
}

}  // namespace

void LinuxPlatform::build_image(const manifest::ExecSpec& spec,
                                const os::InheritedSignals& inherited, bool command_mode,
                                Image& image) {
    os::ChildImage& child = image.child;
    child.argv = spec.argv.get();
    child.envp = spec.envp.get();
    child.candidates = spec.candidates.get();

    // A script without #! is run as execvp(3) does: /bin/sh SCRIPT ARG...
    image.shell_argv.push_back(const_cast<char*>("/bin/sh"));
    image.shell_argv.push_back(nullptr);  // the child puts the script's path here
    for (std::size_t i = 1; i < spec.argv.size(); ++i) {
        image.shell_argv.push_back(spec.argv.get()[i]);
    }
    image.shell_argv.push_back(nullptr);
    child.shell_argv = image.shell_argv.data();

    if (spec.working_dir) {
        child.working_dir = spec.working_dir->c_str();
    }
    child.stdin_null = spec.stdin_mode == manifest::StdinMode::null && !spec.tty;
    child.take_terminal = spec.tty && ::isatty(STDIN_FILENO) == 1;
    child.set_umask = spec.umask.has_value();
    child.umask = spec.umask.value_or(0);
    child.set_nice = spec.nice.has_value();
    child.nice = spec.nice.value_or(0);
    if (spec.oom_score_adj) {
        image.oom_score_adj = std::to_string(*spec.oom_score_adj);
        child.oom_score_adj = image.oom_score_adj.c_str();
        child.oom_score_adj_len = image.oom_score_adj.size();
    }
    for (const manifest::ResourceLimit& limit : spec.ulimits) {
        image.rlimits.push_back({limit.resource, {limit.soft, limit.hard}});
    }
    child.rlimits = image.rlimits.data();
    child.rlimit_count = image.rlimits.size();

    const bool becomes_root = spec.credentials ? spec.credentials->uid == 0 : ::geteuid() == 0;
    if (spec.credentials) {
        child.set_credentials = true;
        child.uid = spec.credentials->uid;
        child.gid = spec.credentials->gid;
        child.groups = spec.credentials->groups.data();
        child.group_count = spec.credentials->groups.size();
    }
    if (spec.capabilities.any()) {
        child.set_capabilities = true;
        child.keep_caps = kept_capabilities(spec.capabilities);
        // Root gets its capabilities at the exec anyway; another user only the ambient ones.
        child.ambient_caps = becomes_root                ? 0
                             : spec.capabilities.add_all ? kAllCapabilities
                                                         : spec.capabilities.add;
    }
    child.no_new_privs = spec.no_new_privileges;

    if (command_mode) {
        // CMD gets the signal state that gosv was given: `nohup gosv -- CMD` protects CMD.
        child.mask = inherited.blocked;
        child.ignored = inherited.ignored;
        build_command_extras(spec, image);
    }
}

void LinuxPlatform::build_command_extras(const manifest::ExecSpec& spec, Image& image) {
    // The terminal is CMD's if it is ours now; started in the background, gosv does not steal it.
    const Result<Pid> foreground = sys::tcgetpgrp(BorrowedFd(STDIN_FILENO));
    image.child.take_terminal = foreground.ok() && foreground.value() == Pid{::getpgrp()};

    // Socket activation (sd_listen_fds(3)) names the process that the descriptors are for: us,
    // until now. The child writes its own pid.
    const std::string own = std::string(kListenPid) + std::to_string(::getpid());
    for (std::size_t i = 0; i < spec.envp.size(); ++i) {
        if (spec.envp[i] == own) {
            image.envp.assign(spec.envp.get(), spec.envp.get() + spec.envp.size() + 1);
            std::copy(kListenPid.begin(), kListenPid.end(), image.listen_pid.begin());
            image.envp[i] = image.listen_pid.data();
            image.child.envp = image.envp.data();
            image.child.listen_pid = {image.listen_pid.data() + kListenPid.size(),
                                      image.listen_pid.size() - kListenPid.size()};
            return;
        }
    }
}

}  // namespace gosv::app
