#pragma once
// What the plan says of a program, in the form in which the child takes it: everything that it will
// need is laid out before the loop starts, because after the clone nothing may be allocated.
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gosv/core/event.hpp"
#include "gosv/manifest/plan.hpp"
#include "gosv/os/child.hpp"
#include "gosv/os/signals.hpp"

namespace gosv::app {

// The child's form, and the memory that it points to beside the plan's. Stays where it was made.
class ProgramImage {
  public:
    ProgramImage() = default;
    ProgramImage(const ProgramImage&) = delete;
    ProgramImage& operator=(const ProgramImage&) = delete;
    ~ProgramImage() = default;

    // The service itself. `notify_socket`: the value of its NOTIFY_SOCKET.
    void build_service(const manifest::ExecSpec& spec, std::string_view notify_socket);
    // CMD of `gosv -- CMD`, with the signals, the terminal and the descriptors that gosv was given.
    void build_command(const manifest::ExecSpec& spec, const os::InheritedSignals& inherited);
    // A program beside it: as the service in everything but the terminal, stdin, and what is for
    // the service alone (NOTIFY_SOCKET, WATCHDOG_*, notify_fd). A probe's output is captured.
    void build_task(const manifest::ExecSpec& spec, core::Task task);

    os::ChildImage& child() noexcept { return child_; }

    bool takes_terminal() const noexcept { return child_.take_terminal; }

  private:
    void build(const manifest::ExecSpec& spec, const manifest::StringBlock& argv,
               const manifest::StringBlock& candidates);
    void build_limits(const manifest::ExecSpec& spec);
    void build_privileges(const manifest::ExecSpec& spec);
    void copy_environment(const manifest::ExecSpec& spec);
    os::PidSlot add_pid_entry(std::string_view name, std::array<char, 24>& entry);

    // What few programs need.
    struct Extras {
        std::vector<char*> envp;  // only when it is not the plan's own
        std::string notify_socket;
        std::array<char, 24> listen_pid{};  // "LISTEN_PID=" and room for a pid
        std::array<char, 24> watchdog_pid{};
        std::vector<os::RlimitStep> rlimits;
        std::string oom_score_adj;
    };

    Extras& extras();

    os::ChildImage child_;
    std::unique_ptr<Extras> extras_;
};

}  // namespace gosv::app
