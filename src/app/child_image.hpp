#pragma once
// What the plan says of programs, in the form in which the child takes it. What takes room or time
// is laid out before the loop starts, because later nothing may be allocated; an image is put
// together when a child is to be started, and kept by nobody.
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "gosv/base/rare_array.hpp"
#include "gosv/core/event.hpp"
#include "gosv/manifest/plan.hpp"
#include "gosv/os/child.hpp"
#include "gosv/os/signals.hpp"

namespace gosv::app {

// Images point into the plan, which outlives it, and into what is held here. Stays where it was
// made.
class ChildImages {
  public:
    // `inherited` matters to `gosv -- CMD` alone: CMD gets the signals, the terminal and the
    // descriptors that gosv was given.
    ChildImages(const manifest::Plan& plan, const os::InheritedSignals& inherited);
    ChildImages(const ChildImages&) = delete;
    ChildImages& operator=(const ChildImages&) = delete;
    ~ChildImages() = default;

    // The value of the NOTIFY_SOCKET of a service that has one. Allocates.
    void name_socket(ServiceId service, std::string_view address);

    // The service itself.
    os::ChildImage of_service(ServiceId service) const noexcept;
    // A program beside it: as the service in everything but the terminal, stdin, and what is for
    // the service alone (NOTIFY_SOCKET, WATCHDOG_*, notify_fd). A probe's output is captured.
    os::ChildImage of_task(ServiceId service, core::Task task) const noexcept;

    // Whether there is a service that becomes the terminal's foreground.
    bool take_terminal() const noexcept;

  private:
    // What services with the same settings have in common.
    struct Common {
        os::ChildImage image;
        std::vector<os::RlimitStep> rlimits;
        std::string oom_score_adj;
    };

    // What few services need: another environment than the plan's. The pointers alone, which point
    // to the plan's text.
    struct Environment {
        std::vector<char*> of_service;  // empty: the plan's
        std::vector<char*> of_tasks;    // empty: the plan's
        std::string notify_socket;
        std::array<char, 24> pid_entry{};  // "LISTEN_PID=" or "WATCHDOG_PID=", and room for a pid
        os::PidSlot listen_pid;
        os::PidSlot watchdog_pid;
    };

    void give_signals_and_terminal(const os::InheritedSignals& inherited);
    void give_listen_pid();
    void hide_from_tasks(std::size_t service);
    const Common& common(ServiceId service) const noexcept;

    const manifest::Plan& plan_;
    std::vector<Common> common_;  // one for each of the plan's settings
    RareArray<Environment> environments_;
};

}  // namespace gosv::app
