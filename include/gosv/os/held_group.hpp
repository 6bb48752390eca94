#pragma once
// A process group that may outlive its leader: what is left of a service whose main process died.
//
// The trap is the number. While the leader is not reaped its pid, and so the group's number, is
// reserved; afterwards the number is free as soon as the group is empty, and a signal to it could
// hit a stranger. So a pidfd of the leader is taken before it is reaped and the group is signalled
// through it (PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9, pidfd_send_signal(2)): it stays the same
// group, or ESRCH, for ever. On older kernels the number is used, but never once a process exists
// whose pid it is: the leader is dead, so such a process can only be the leader of a later group.
//
// Most groups are empty when their leader is dead, and a pidfd costs more than all else that is
// done for a death. So it is taken only if somebody else is seen in the group. Who has made itself
// as nice as can be (19) is not; should there be only such members, the number is used here too.
// Loop thread only; no allocation.
#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"
#include "gosv/os/procfs.hpp"

namespace gosv::os {

class HeldGroup {
  public:
    HeldGroup() noexcept = default;
    // `leader` is dead and not yet reaped.
    static HeldGroup hold(Pid leader) noexcept;

    // Whether the group has any member left, zombies included. To be asked after the leader was
    // reaped (until then it is a member itself).
    bool outlives() noexcept;
    // Whether a member is more than a zombie. Reads /proc; without it every member counts as
    // living.
    bool has_living(const Proc& proc) noexcept;
    // ESRCH when the group is empty.
    Status signal(Signal signal) noexcept;

  private:
    bool number_is_ours() const noexcept;

    Pid number_;
    Fd leader_;  // pidfd; not open when nobody was left, or descriptors ran out
};

}  // namespace gosv::os
