#include "gosv/os/spawner.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "gosv/os/sys.hpp"
#include "raw_call.hpp"

namespace gosv::os {

namespace {

// Before Linux 5.16 a core dump ended all who shared the memory that was dumped ("coredump: Limit
// coredumps to a single thread group"), and somebody may send the child QUIT. No call tells, so the
// release has to; a distribution that has taken the change into an older kernel gets copies.
bool core_dump_ends_one_process() noexcept {
    utsname kernel{};
    if (::uname(&kernel) != 0) {
        return false;
    }
    const char* const end = kernel.release + std::strlen(kernel.release);
    int major = 0;
    int minor = 0;
    const auto dot = std::from_chars(kernel.release, end, major).ptr;
    if (dot == end || *dot != '.') {
        return false;
    }
    (void)std::from_chars(dot + 1, end, minor);
    return major > 5 || (major == 5 && minor >= 16);
}

// The emulator of another architecture knows threads and vfork, and nothing between them (EINVAL).
bool is_not_offered(int err) noexcept {
    return err == EINVAL || err == ENOSYS || err == EPERM;
}

}  // namespace

bool may_share_memory(const ChildImage& image) noexcept {
    return !image.set_credentials && !image.set_capabilities && image.oom_score_adj == nullptr &&
           word_count(image) <= kMostWords;
}

Spawner::Spawner(std::size_t most, bool leaves) noexcept
    : method_(probe_clone(leaves)),
      stacks_(most),
      shares_memory_(kernel::kRawCalls && core_dump_ends_one_process()) {}

// Without waiting, and nothing but the device: should a FIFO stand there, each child looks for
// itself, and hangs for itself.
BorrowedFd Spawner::null_for(const ChildImage& image) noexcept {
    if (image.stdin_null && !null_.is_open()) {
        Result<Fd> opened = sys::open_read("/dev/null");

        struct stat file {};

        if (opened.ok() && ::fstat(opened.value().raw(), &file) == 0 && S_ISCHR(file.st_mode) &&
            ::fcntl(opened.value().raw(), F_SETFL, 0) == 0) {  // a service's own waits
            null_ = std::move(opened).value();
        }
    }
    return null_.borrow();
}

Result<Spawned> Spawner::spawn(const ChildImage& image, BorrowedFd leaf) noexcept {
    const BorrowedFd null = null_for(image);
    if (shares_memory_ && !leaf.is_open() && may_share_memory(image)) {
        if (ChildStack* const stack = stacks_.take()) {
            Result<Spawned> spawned = os::spawn(image, *stack, null);
            if (spawned.ok() || !is_not_offered(spawned.error().err)) {
                return spawned;
            }
            shares_memory_ = false;
        }
    }
    return os::spawn(image, method_, leaf, null);
}

}  // namespace gosv::os
