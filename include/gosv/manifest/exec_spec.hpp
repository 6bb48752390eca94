#pragma once
// What one service is to be started with, spelled out: what planning makes of a service's manifest
// and the host. It does not live on: PlanDraft takes it apart, so that services share what they
// have in common.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gosv/manifest/manifest.hpp"

namespace gosv::manifest {

// A NULL-terminated block of C strings, as execve(2) wants it. Owns its text; the pointers stay
// valid when it is moved. One allocation, none when it is empty.
class StringBlock {  // NOLINT(cppcoreguidelines-special-member-functions): one assignment for both
  public:
    StringBlock() noexcept = default;
    explicit StringBlock(const std::vector<std::string>& strings);
    StringBlock(const StringBlock& other);

    StringBlock(StringBlock&& other) noexcept
        : pointers_(std::move(other.pointers_)), size_(std::exchange(other.size_, 0)) {}

    StringBlock& operator=(StringBlock other) noexcept {
        pointers_ = std::move(other.pointers_);
        size_ = other.size_;
        return *this;
    }

    ~StringBlock() = default;

    char* const* get() const noexcept { return size_ == 0 ? &kEnd : pointers_.get(); }

    std::size_t size() const noexcept { return size_; }

    std::string_view operator[](std::size_t i) const noexcept { return pointers_[i]; }

    friend bool operator==(const StringBlock& a, const StringBlock& b) noexcept;

  private:
    static constexpr char* kEnd = nullptr;

    std::unique_ptr<char*[]> pointers_;  // with the text behind them
    std::size_t size_ = 0;
};

struct Credentials {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;  // supplementary, complete list for setgroups(2)

    friend bool operator==(const Credentials&, const Credentials&) = default;
};

// A program beside the service's own: it runs with the service's environment, user, directory and
// limits.
struct CommandSpec {
    StringBlock argv;
    StringBlock candidates;  // as ExecSpec::candidates

    bool exists() const noexcept { return argv.size() > 0; }

    friend bool operator==(const CommandSpec&, const CommandSpec&) = default;
};

// The value of NOTIFY_SOCKET in the plan: room for the name of an autobound abstract socket
// (unix(7)), five hexadecimal digits, which is known only at run time.
inline constexpr const char* kNotifySocketUnbound = "@00000";

// What services that differ in name and command alone have in common.
struct ExecSettings {
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
    // type: notify. The environment then has NOTIFY_SOCKET=@00000 (kNotifySocketUnbound), and
    // WATCHDOG_USEC if there is a watchdog.
    bool notify_socket = false;
    std::optional<int> notify_fd;  // the write end of a pipe at this number
    Probe probe;
    CommandSpec probe_command;  // of an ExecProbe
    CommandSpec stop_command;

    friend bool operator==(const ExecSettings&, const ExecSettings&) = default;
};

struct ExecSpec : ExecSettings {
    std::string name;
    StringBlock argv;
    StringBlock envp;
    // Absolute or relative paths to try in turn, as execvp(3) would: one when argv[0] has a slash,
    // else one for each element of the service's own PATH.
    StringBlock candidates;
};

}  // namespace gosv::manifest
