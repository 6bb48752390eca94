#pragma once
// The plan: everything that can be known before the first process is started, in the form in which
// the running part wants it. Services are small integers; plan.policies[i] is for the core,
// plan.execs[i] for the spawner. Immutable once made; owns all memory that it points to.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gosv/core/policy.hpp"
#include "gosv/manifest/diagnostic.hpp"
#include "gosv/manifest/manifest.hpp"

namespace gosv::manifest {

// A NULL-terminated block of C strings, as execve(2) wants it. Owns its text; movable, and the
// pointers stay valid when moved. One allocation, none when it is empty: a plan has seven a
// service.
class StringBlock {
  public:
    StringBlock() noexcept = default;
    explicit StringBlock(const std::vector<std::string>& strings);

    StringBlock(StringBlock&& other) noexcept
        : pointers_(std::move(other.pointers_)), size_(std::exchange(other.size_, 0)) {}

    StringBlock& operator=(StringBlock&& other) noexcept {
        pointers_ = std::move(other.pointers_);
        size_ = std::exchange(other.size_, 0);
        return *this;
    }

    StringBlock(const StringBlock&) = delete;
    StringBlock& operator=(const StringBlock&) = delete;
    ~StringBlock() = default;

    char* const* get() const noexcept { return size_ == 0 ? &kEnd : pointers_.get(); }

    std::size_t size() const noexcept { return size_; }

    std::string_view operator[](std::size_t i) const noexcept { return pointers_[i]; }

  private:
    static constexpr char* kEnd = nullptr;

    std::unique_ptr<char*[]> pointers_;  // with the text behind them
    std::size_t size_ = 0;
};

struct Credentials {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;  // supplementary, complete list for setgroups(2)
};

// A program beside the service's own: it runs with the service's environment, user, directory and
// limits.
struct CommandSpec {
    StringBlock argv;
    StringBlock candidates;  // as ExecSpec::candidates

    bool exists() const noexcept { return argv.size() > 0; }
};

// The value of NOTIFY_SOCKET in the plan: room for the name of an autobound abstract socket
// (unix(7)), five hexadecimal digits, which is known only at run time.
inline constexpr const char* kNotifySocketUnbound = "@00000";

struct ExecSpec {
    std::string name;
    StringBlock argv;
    StringBlock envp;
    // Absolute or relative paths to try in turn, as execvp(3) would: one when argv[0] has a slash,
    // else one for each element of the service's own PATH.
    StringBlock candidates;
    std::optional<std::string> working_dir;
    std::optional<unsigned> umask;
    std::optional<Credentials> credentials;
    StdinMode stdin_mode = StdinMode::null;
    bool tty = false;
    std::optional<int> oom_score_adj;
    std::optional<int> nice;
    std::vector<ResourceLimit> ulimits;
    Capabilities capabilities;
    bool no_new_privileges = false;
    Limits limits;
    OomPolicy oom_policy = OomPolicy::restart;
    // type: notify. envp then has NOTIFY_SOCKET=@00000 (kNotifySocketUnbound), and WATCHDOG_USEC if
    // there is a watchdog.
    bool notify_socket = false;
    std::optional<int> notify_fd;  // the write end of a pipe at this number
    Probe probe;
    CommandSpec probe_command;  // of an ExecProbe
    CommandSpec stop_command;
};

// Movable, and what its spans point into stays where it is; a copy would point into the original.
struct Plan {
    Plan() = default;
    Plan(Plan&&) = default;
    Plan& operator=(Plan&&) = default;
    Plan(const Plan&) = delete;
    Plan& operator=(const Plan&) = delete;
    ~Plan() = default;

    // What the spans in `policies` and `supervisor` point into.
    std::vector<core::Dependency> dependencies;
    std::vector<ServiceId> dependents;
    std::vector<ServiceId> start_order;
    std::vector<core::ServicePolicy> policies;
    std::vector<ExecSpec> execs;
    core::SupervisorPolicy supervisor;
    std::vector<Signal> stop_signals;
    std::optional<Signal> snapshot_signal;
    bool snapshot_json = false;
    std::optional<std::uint32_t> snapshot_maps;
    CgroupMode cgroup = CgroupMode::automatic;
    LogFormat log_format = LogFormat::text;
    LogLevel log_level = LogLevel::info;
};

// What planning must know of the host, passed in as data so that planning can be tested.
struct HostFacts {
    std::vector<std::string> environment;  // "K=V", gosv's own, in order
    std::string passwd;                    // text of /etc/passwd, empty when there is none
    std::string group;                     // text of /etc/group
    std::uint32_t uid = 0;                 // gosv's own
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;  // supplementary
};

struct PlanResult {
    Plan plan;                // complete only when !has_errors(diagnostics)
    Diagnostics diagnostics;  // an unknown user or group, E2BIG, ...
};

PlanResult make_plan(const Manifest& manifest, const HostFacts& host);

// The same, with the problems that loading found before those of planning. Planned is what there
// is, so that an unknown user is told together with an unknown key.
PlanResult make_plan(const LoadResult& loaded, const HostFacts& host);

// The plan of `gosv -- CMD ARG...`: one service "main", no restart, exit code from it, every signal
// forwarded, environment, directory, user and stdin as inherited.
Plan make_command_plan(const std::vector<std::string>& argv, const HostFacts& host,
                       core::KillMode kill_mode, std::optional<Signal> snapshot_signal);

}  // namespace gosv::manifest
