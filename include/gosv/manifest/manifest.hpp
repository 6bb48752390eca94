#pragma once
// What the user's file means: immutable values with every default filled in. Made by load(); turned
// into a Plan by make_plan(). Knows nothing of the host (users, PATH, cgroups).
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gosv/base/endpoint.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/time.hpp"
#include "gosv/core/policy.hpp"
#include "gosv/manifest/diagnostic.hpp"
#include "gosv/manifest/environment.hpp"

namespace gosv::manifest {

enum class ServiceType : std::uint8_t { simple, notify, oneshot };
enum class StdinMode : std::uint8_t { null, inherit };
enum class LogFormat : std::uint8_t { text, json };
enum class LogLevel : std::uint8_t { error, warn, info, debug };
enum class CgroupMode : std::uint8_t { automatic, required, off };
enum class OomPolicy : std::uint8_t { restart, exit, proceed };

// One entry of `environment`: a value, or nullopt for "remove it" (K: null) - a bare `K` of the
// list form is resolved from gosv's own environment while decoding.
using EnvironmentChanges = std::vector<std::pair<std::string, std::optional<std::string>>>;

struct ResourceLimit {
    int resource = 0;        // RLIMIT_*
    std::uint64_t soft = 0;  // UINT64_MAX: infinity
    std::uint64_t hard = 0;

    friend bool operator==(const ResourceLimit&, const ResourceLimit&) = default;
};

struct Capabilities {
    std::uint64_t add = 0;  // bit n is capability n
    std::uint64_t drop = 0;
    bool drop_all = false;
    bool add_all = false;

    bool any() const noexcept { return add != 0 || drop != 0 || drop_all || add_all; }

    friend bool operator==(const Capabilities&, const Capabilities&) = default;
};

// cgroup v2 values, ready for their files; unset: the file is not written. UINT64_MAX: "max".
struct Limits {
    std::optional<std::uint64_t> memory, memory_high, memory_low, memory_swap;  // bytes
    std::optional<std::uint32_t> cpus_milli;                                    // thousandths
    std::optional<std::uint32_t> cpu_weight, io_weight;
    std::optional<std::string> cpuset;
    std::optional<std::uint64_t> pids;

    bool any() const noexcept {
        return memory || memory_high || memory_low || memory_swap || cpus_milli || cpu_weight ||
               io_weight || cpuset || pids;
    }

    friend bool operator==(const Limits&, const Limits&) = default;
};

struct UserSpec {
    std::string user;                  // name or number
    std::optional<std::string> group;  // name or number

    friend bool operator==(const UserSpec&, const UserSpec&) = default;
};

using gosv::Endpoint;  // base/endpoint.hpp

// The four ways to ask a service how it is.
struct ExecProbe {
    std::vector<std::string> argv;  // good: ends with 0

    friend bool operator==(const ExecProbe&, const ExecProbe&) = default;
};

struct HttpProbe {
    std::vector<Endpoint> endpoints;  // tried in turn: `localhost` is 127.0.0.1 and ::1
    std::string host;                 // of the Host header: "127.0.0.1:8080"
    std::string target;               // "/health?deep=1"; good: 2xx and 3xx

    friend bool operator==(const HttpProbe&, const HttpProbe&) = default;
};

struct TcpProbe {
    std::vector<Endpoint> endpoints;  // good: the connection is accepted

    friend bool operator==(const TcpProbe&, const TcpProbe&) = default;
};

struct FileProbe {
    std::string path;  // good: it exists

    friend bool operator==(const FileProbe&, const FileProbe&) = default;
};

using Probe = std::variant<std::monostate, ExecProbe, HttpProbe, TcpProbe, FileProbe>;

// An entry of depends_on, before names are ids.
struct DependsOn {
    std::string name;
    Position at;                               // of the name, where the edge is written
    std::optional<core::Condition> condition;  // nullopt: `ready`, whatever the other can say
    bool restart = false;
    bool required = true;
};

struct Service {
    std::string name;
    Position at;
    Position command_at;
    Position user_at;
    Position group_add_at;
    Position grace_at;              // of stop_grace_period; line 0: nobody asked for one
    std::vector<std::string> argv;  // command + args; argv[0] is the program
    ServiceType type = ServiceType::simple;
    std::optional<std::string> working_dir;
    std::optional<unsigned> umask;
    EnvironmentChanges environment;  // top-level and own env_file and environment, in that order
    std::optional<UserSpec> user;
    std::vector<std::string> group_add;
    StdinMode stdin_mode = StdinMode::null;
    bool tty = false;
    core::ServicePolicy policy;
    std::vector<DependsOn> depends_on;  // of enabled services, in the order of the file
    std::optional<int> notify_fd;
    Probe probe;                            // when and how often: policy.health
    std::vector<std::string> stop_command;  // empty: none
    Limits limits;
    OomPolicy oom_policy = OomPolicy::restart;
    std::optional<int> oom_score_adj;
    std::optional<int> nice;
    std::vector<ResourceLimit> ulimits;
    Capabilities capabilities;
    bool no_new_privileges = false;
};

struct Manifest {
    std::vector<Service> services;  // enabled ones, in the order of the file
    std::size_t disabled = 0;
    std::vector<Signal> stop_signals;       // [TERM, INT, QUIT]
    std::optional<Signal> snapshot_signal;  // USR1; nullopt: none, forward it
    bool snapshot_json = false;
    std::optional<std::uint32_t> snapshot_maps;  // maps a process, 10; nullopt: all
    Duration shutdown_timeout = std::chrono::seconds(9);
    std::optional<std::string> exit_code_from;
    CgroupMode cgroup = CgroupMode::automatic;
    LogFormat log_format = LogFormat::text;
    LogLevel log_level = LogLevel::info;
};

struct LoadResult {
    Manifest manifest;        // complete only when !has_errors(diagnostics)
    Diagnostics diagnostics;  // all of them, in the order of the file
    std::string source;       // the text read, for the source line under a diagnostic
};

// Reads, decodes and validates a file. Never throws; every problem is a diagnostic. Reads the
// manifest and the env_files it names (relative to the manifest's folder) and nothing else.
LoadResult load_file(const std::string& path, const Environment& environment);

// The same from memory; `path` is only for messages and for relative env_files.
LoadResult load_text(std::string text, const std::string& path, const Environment& environment);

}  // namespace gosv::manifest
