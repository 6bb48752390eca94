#include "app/linux_platform.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <utility>

#include "app/epoll_token.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

// Processes visited in one sweep; what is beyond is reached by the next one.
constexpr std::size_t kSweepBudget = 8192;

// Children on their way to their exec that may share memory: each has a page of stack. Probes and
// stop commands come on top of the services.
constexpr std::size_t kMostSharing = 4096;

// A snapshot looks at /proc no longer than this.
constexpr Duration kGatherLimit = std::chrono::seconds(5);

// How long to sleep. The clock is read only when it matters.
Duration until(MonotonicTime deadline) noexcept {
    if (deadline == kNever) {
        return os::Epoll::kNoLimit;
    }
    return deadline == MonotonicTime{} ? Duration{} : deadline - sys::monotonic_now();
}

class StderrOutput final : public SnapshotOutput {
  public:
    void write(std::string_view lines) override {
        write_blocking(BorrowedFd(STDERR_FILENO), lines);
    }
};

}  // namespace

LinuxPlatform::LinuxPlatform(const manifest::Plan& plan, Opened opened,
                             const os::InheritedSignals& inherited, ServiceCgroups cgroups,
                             os::NotifySender supervisor)
    : signals_(std::move(opened.signals)),
      child_signal_(std::move(opened.child_signal)),
      epoll_(std::move(opened.epoll)),
      proc_(os::Proc::open()),
      descendants_(proc_, kSweepBudget),
      spawner_(std::min(kMostSharing, 2 * plan.execs.size() + 16), cgroups.tree != nullptr),
      images_(plan, inherited),
      starts_(plan.execs.size(), epoll_),
      trees_(cgroups.tree ? make_leaf_trees(std::move(cgroups.tree))
                          : make_group_trees(plan.execs.size(), proc_)),
      notices_(std::move(opened.notices)),
      tasks_(plan, images_, spawner_, proc_, *trees_, epoll_),
      supervisor_(std::move(supervisor)),
      refusals_(std::move(cgroups.refusals)),
      exec_ready_(plan.execs.size() + os::Epoll::kBatch),
      notices_now_(os::Epoll::kBatch),
      tree_news_(plan.execs.size() + 64),
      is_pid1_(::getpid() == 1),
      owns_terminal_(images_.take_terminal()) {
    for (std::size_t i = 0; i < plan.execs.size(); ++i) {
        const auto service = static_cast<ServiceId>(i);
        if (const auto name = notices_.socket_name(service); !name.empty()) {
            images_.name_socket(service, name);
        }
    }
}

[[gnu::noinline]] Result<std::unique_ptr<LinuxPlatform>> LinuxPlatform::open(
    const manifest::Plan& plan, const os::InheritedSignals& inherited, ServiceCgroups cgroups,
    os::NotifySender supervisor) {
    auto signals = os::SignalQueue::open();
    if (!signals.ok()) {
        return signals.error();
    }
    auto child_signal = os::ChildSignal::open();
    if (!child_signal.ok()) {
        return child_signal.error();
    }
    auto epoll = os::Epoll::open();
    if (!epoll.ok()) {
        return epoll.error();
    }
    auto notices = ServiceNotices::open(plan, epoll.value());
    if (!notices.ok()) {
        return notices.error();
    }
    std::unique_ptr<LinuxPlatform> platform(
        new LinuxPlatform(plan,
                          {std::move(signals).value(), std::move(child_signal).value(),
                           std::move(epoll).value(), std::move(notices).value()},
                          inherited, std::move(cgroups), std::move(supervisor)));
    for (const Status added :
         {platform->epoll_.add_readable(platform->signals_.fd(), make_token(TokenKind::signals)),
          platform->epoll_.add_readable_once(platform->child_signal_.fd(),
                                             make_token(TokenKind::child_signal))}) {
        if (!added.ok()) {
            return added.error();
        }
    }
    if (platform->trees_->events().is_open()) {
        // Without it a leaf that has emptied is found by looking, now and then.
        (void)platform->epoll_.add_readable(platform->trees_->events(),
                                            make_token(TokenKind::trees));
    }
    return platform;
}

void LinuxPlatform::forget_inherited(BorrowedFd log_fd) noexcept {
    std::array<int, 6> keep{signals_.fd().raw(), child_signal_.fd().raw(),
                            epoll_.fd().raw(),   proc_.root().raw(),
                            log_fd.raw(),        starts_.status(ServiceId{}).raw()};
    sys::close_inherited(keep);
    // Not to pin a mount. If "/" cannot be entered gosv stays where it is.
    (void)sys::chdir("/");
}

MonotonicTime LinuxPlatform::now() noexcept {
    return sys::monotonic_now();
}

void LinuxPlatform::wait(MonotonicTime deadline, BorrowedFd full_log) noexcept {
    if (full_log.is_open() != watched_log_.is_open()) {
        // Only watched while lines wait for room: a stream is nearly always writable, and level
        // triggering would turn that into a busy loop.
        if (!full_log.is_open()) {
            epoll_.remove(std::exchange(watched_log_, {}));
        } else if (epoll_.add_writable(full_log, make_token(TokenKind::log)).ok()) {
            watched_log_ = full_log;
        }
    }

    notices_now_.clear();
    tree_news_.clear();
    exec_ready_.clear();
    starts_.watch(exec_ready_);
    if (!starts_.any()) {
        spawner_.settle();
    }
    const Duration at_most = exec_ready_.empty() ? until(deadline) : Duration{};
    for (const std::uint64_t token : epoll_.wait(at_most)) {
        const ServiceId service = service_of(token);
        switch (kind_of(token)) {
            case TokenKind::signals:
                signals_ready_ = true;
                break;
            case TokenKind::child_signal:
                child_signalled_ = true;
                break;
            case TokenKind::log:
                break;  // looked at in every iteration
            case TokenKind::trees:
                trees_->read_events(tree_news_);
                break;
            case TokenKind::exec_status:
                if (starts_.is_current(service, generation_of(token))) {
                    (void)exec_ready_.push(service);
                }
                break;
            case TokenKind::notify_socket:
                (void)notices_now_.push(service);
                break;
            case TokenKind::readiness:
                if (notices_.is_current(service, generation_of(token))) {
                    (void)notices_now_.push(service);
                }
                break;
            case TokenKind::probe_output:
                tasks_.read_output(service, generation_of(token));
                break;
        }
    }
}

std::optional<os::SignalInfo> LinuxPlatform::next_signal() noexcept {
    if (!signals_ready_) {
        return std::nullopt;
    }
    const std::optional<os::SignalInfo> next = signals_.next();
    signals_ready_ = next.has_value();
    return next;
}

Status LinuxPlatform::take_child_signal() noexcept {
    const Status taken = child_signal_.take();
    child_signalled_ = child_signalled_ && !taken.ok();
    return taken;
}

os::Peek LinuxPlatform::peek_dead_child() noexcept {
    return os::peek_dead_child();
}

Status LinuxPlatform::reap(Pid pid) noexcept {
    return os::reap(pid);
}

Result<Pid> LinuxPlatform::spawn(ServiceId service) noexcept {
    if (!refusal(service).empty()) {
        return SysError{EINVAL, "cgroup"};
    }
    const Result<Fd> leaf = trees_->birthplace(service);
    if (!leaf.ok()) {
        return leaf.error();
    }
    notices_.forget(service, epoll_);
    Result<os::Spawned> spawned =
        spawner_.spawn(images_.of_service(service), leaf.value().borrow());
    if (!spawned.ok()) {
        return spawned.error();
    }
    starts_.begin(service, std::move(spawned.value().status));
    notices_.listen(service, std::move(spawned.value().readiness), epoll_);
    return spawned.value().pid;
}

std::string_view LinuxPlatform::refusal(ServiceId service) const noexcept {
    return refusals_.empty() ? std::string_view() : refusals_[index(service)];
}

os::ExecStatus LinuxPlatform::exec_status(ServiceId service) noexcept {
    return starts_.outcome(service);
}

Status LinuxPlatform::signal_process(Pid pid, Signal signal) noexcept {
    return pid.exists() ? sys::kill(pid.value, signal) : Status(SysError{ESRCH, "kill"});
}

Status LinuxPlatform::signal_group(Pid leader, Signal signal) noexcept {
    return signal_group_of(leader, signal);
}

Status LinuxPlatform::signal_tree(ServiceId service, Pid leader, Signal signal) noexcept {
    return trees_->signal(service, leader, signal);
}

void LinuxPlatform::hold_tree(ServiceId service, Pid leader) noexcept {
    trees_->hold(service, leader);
}

bool LinuxPlatform::tree_outlives(ServiceId service) noexcept {
    return trees_->outlives(service);
}

bool LinuxPlatform::tree_has_living(ServiceId service) noexcept {
    return trees_->has_living(service);
}

Status LinuxPlatform::signal_held_tree(ServiceId service, Signal signal) noexcept {
    return trees_->signal_held(service, signal);
}

void LinuxPlatform::release_tree(ServiceId service) noexcept {
    trees_->release(service);
}

std::string_view LinuxPlatform::describe_tree(ServiceId service, std::span<char> buffer) noexcept {
    return trees_->describe(service, buffer);
}

std::optional<os::OomKills> LinuxPlatform::take_oom_kills(ServiceId service) noexcept {
    return trees_->take_oom_kills(service);
}

os::SweepResult LinuxPlatform::sweep(Signal signal, std::span<const Pid> except) noexcept {
    if (!proc_.is_mounted() && is_pid1_) {
        // Without /proc nobody can be found by name, but PID 1 may signal all that it can see: its
        // own namespace, itself excepted (kill(2)). Never done by anybody but PID 1.
        (void)sys::kill(-1, signal);
        return {.alive = 0, .signalled = 0, .complete = false, .example = {}};
    }
    return descendants_.sweep(signal, except);
}

void LinuxPlatform::give_back(std::span<std::byte> memory) noexcept {
    sys::give_back(memory);
}

Result<Pid> LinuxPlatform::start_snapshot(const SnapshotInput& input) noexcept {
    const Pid gosv{::getpid()};
    const Result<Pid> child = sys::fork_helper();
    if (!child.ok() || child.value().exists()) {
        return child;
    }
    // The child: may allocate, may block, may be killed. It writes to the inherited stream, not
    // through the log, whose ring stays what it is: the parent's.
    std::set_new_handler([] { ::_exit(1); });
    sys::prefer_as_oom_victim();
    const Pid except[] = {Pid{::getpid()}};
    SnapshotInput mine = input;
    mine.self = gosv;
    mine.version = GOSV_VERSION;
    mine.wall_time = std::chrono::duration_cast<std::chrono::milliseconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
    mine.except = except;
    std::vector<SnapshotService> services(input.services.begin(), input.services.end());
    for (std::size_t i = 0; i < services.size(); ++i) {
        services[i].leaf = trees_->leaf_path(static_cast<ServiceId>(i));
    }
    mine.services = services;
    mine.cgroups = trees_->cgroups();
    StderrOutput output;
    take_snapshot(mine, proc_, sys::monotonic_now() + kGatherLimit, output);
    ::_exit(0);
}

std::optional<Signal> LinuxPlatform::take_stop(Pid pid) noexcept {
    // Without a terminal a stop is what somebody asked for with a signal, and his to end.
    return owns_terminal_ ? os::take_stop(pid) : std::nullopt;
}

void LinuxPlatform::give_terminal(Pid group) noexcept {
    if (owns_terminal_) {
        // SIGTTOU is blocked, so this works from the background too. A terminal that is gone is
        // none of PID 1's problems.
        (void)sys::tcsetpgrp(BorrowedFd(STDIN_FILENO), group.exists() ? group : Pid{::getpgrp()});
    }
}

bool LinuxPlatform::has_job_control_parent() noexcept {
    // A job-control shell puts each job into a group of its own within its session.
    const Pid parent{::getppid()};
    if (is_pid1_ || !parent.exists()) {
        return false;
    }
    const Result<Pid> session = sys::getsid(Pid{0});
    const Result<Pid> parent_session = sys::getsid(parent);
    const Result<Pid> parent_group = sys::getpgid(parent);
    return session.ok() && parent_session.ok() && parent_group.ok() &&
           session.value() == parent_session.value() && parent_group.value() != Pid{::getpgrp()};
}

void LinuxPlatform::stop_self() noexcept {
    sys::raise_stop();
}

}  // namespace gosv::app
