#pragma once
// Starting a process: status pipe, clone, into a cgroup leaf if there is one, setpgid on both
// sides. Does not wait for the exec, which may hang (FUSE, NFS) and must never stop PID 1: so
// neither vfork nor posix_spawn; the caller polls the pipe. Two ways, between which Spawner
// chooses: with a copy of gosv's memory, by clone3 (or fork where a seccomp profile answers ENOSYS
// or EPERM), and sharing it, on a stack of the child's own.
#include <cstdint>
#include <string_view>

#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"
#include "gosv/os/child.hpp"
#include "gosv/os/child_stacks.hpp"

namespace gosv::os {

std::string_view name(Stage stage) noexcept;

struct Spawned {
    Pid pid;
    Fd status;  // read end: end of file after the exec, a ChildFailure when the start failed
    // Non-blocking read ends too, open only where the image asks for them.
    Fd readiness;  // notify_fd: see os/readiness_pipe.hpp
    Fd output;     // capture_output: see os/first_line.hpp
};

enum class CloneMethod {
    clone3_into_cgroup,  // CLONE_INTO_CGROUP, Linux 5.7: the child is born in the leaf
    clone3,
    fork,  // Docker's seccomp profile answers ENOSYS to clone3: most users
};

// Asks the kernel once, at start-up: clone3 with arguments that it must refuse, and how it does.
// Whether it clones into a leaf is asked only for those who have leaves: it looks at the leaf last,
// when all of gosv's memory has been copied, a tenth of the time in which gosv starts.
CloneMethod probe_clone(bool leaves = true) noexcept;

// `leaf`: directory of a cgroup v2 leaf (O_PATH will do) in which the process begins; not open: in
// gosv's own. Whatever the method, no instruction of the program runs outside the leaf: where the
// kernel cannot clone into it, the child's first step is to join it, and without that it does not
// exec. `null`: an open /dev/null, see ChildFds. Errors: pipe2, fcntl, cgroup.procs, clone3, fork.
Result<Spawned> spawn(const ChildImage& image, CloneMethod method, BorrowedFd leaf = {},
                      BorrowedFd null = {}) noexcept;

// clone(CLONE_VM) without CLONE_VFORK, in gosv's own cgroup: both run on, the child on `stack`,
// which ChildStacks has handed out and nobody touches until the kernel has cleared `in_use`;
// what `image` points to must stay as long. Errors: pipe2, fcntl, clone (EINVAL where such a clone
// is not offered).
Result<Spawned> spawn(const ChildImage& image, ChildStack& stack, BorrowedFd null = {}) noexcept;

enum class ExecState : std::uint8_t { pending, succeeded, failed };

struct ExecStatus {
    ExecState state = ExecState::pending;
    Stage stage = Stage::none;
    int err = 0;
};

// Non-blocking look at a status pipe.
ExecStatus read_exec_status(BorrowedFd status) noexcept;

// ETXTBSY, ESTALE, EAGAIN, ENOMEM, EMFILE, ENFILE, EIO, EINTR: may pass.
bool is_transient(int err) noexcept;

}  // namespace gosv::os
