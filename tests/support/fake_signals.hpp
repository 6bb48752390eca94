#pragma once
// The signals that a test sends to gosv, as the kernel passes them on: SIGCHLD is pending once
// however many have died, and is told once each time it comes; all others are a queue.
#include <csignal>
#include <cstdint>
#include <optional>
#include <utility>

#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"
#include "gosv/os/signals.hpp"
#include "support/fixed_queue.hpp"

namespace gosv::test {

class FakeSignals {
  public:
    std::optional<SysError> child_signal_error;  // it cannot be read
    FixedQueue<os::SignalInfo, 16384> signals;   // all but SIGCHLD

    void signal(int number, Pid sender = Pid{1}) {
        if (number == SIGCHLD) {
            // One that is pending already leaves no trace.
            child_comes_ = child_comes_ || !child_pending_;
            child_pending_ = true;
            return;
        }
        signals.push({Signal{static_cast<std::uint8_t>(number)}, sender, false});
    }

    void signal_from_gosv(int number) {
        signals.push({Signal{static_cast<std::uint8_t>(number)}, Pid{1}, true});
    }

  protected:
    // Whether SIGCHLD has come since this was asked for.
    bool hear_of_children() {
        const bool came = std::exchange(child_comes_, false);
        child_told_ = child_told_ || came;
        return came;
    }

    bool child_told() const { return child_told_; }

    Status take_child() {
        if (child_signal_error) {
            return *child_signal_error;
        }
        child_told_ = child_pending_ = child_comes_ = false;
        return {};
    }

    std::optional<os::SignalInfo> take_signal() {
        return signals.empty() ? std::nullopt : std::optional(signals.pop());
    }

  private:
    bool child_pending_ = false;  // in the kernel
    bool child_comes_ = false;    // the next wait tells of it, and no other
    bool child_told_ = false;     // and not taken
};

}  // namespace gosv::test
