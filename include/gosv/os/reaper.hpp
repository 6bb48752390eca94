#pragma once
// The one reaper of gosv. A dead child is first looked at (waitid with WNOWAIT), so that its pid
// and its process group number stay reserved while gosv still acts on them, and only then reaped.
// All calls are WNOHANG. The only place that decodes a wait status.
#include <optional>

#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"

namespace gosv::os {

struct DeadChild {
    Pid pid;
    ExitStatus status;
};

enum class PeekOutcome { none, found, no_children, failed };

struct Peek {
    PeekOutcome outcome = PeekOutcome::none;
    DeadChild child{};
    int err = 0;  // with failed
};

// Any dead child, not reaped. EINTR is retried; no_children is ECHILD.
Peek peek_dead_child() noexcept;

// The same of this child alone.
Peek peek_dead_child(Pid pid) noexcept;

// Reaps one that was looked at. Never blocks.
Status reap(Pid pid) noexcept;

// A child that was stopped by job control since the last call, and by which signal (waitid
// WSTOPPED, this pid only). For a service that owns the terminal.
std::optional<Signal> take_stop(Pid pid) noexcept;

}  // namespace gosv::os
