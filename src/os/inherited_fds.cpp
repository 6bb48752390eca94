// What gosv does about the descriptors that it was started with.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "gosv/os/directory.hpp"
#include "gosv/os/sys.hpp"
#include "kernel.hpp"

namespace gosv::sys {

namespace {

constexpr int kFirst = STDERR_FILENO + 1;

// Without close_range and without /proc every number has to be tried; a limit of a billion is not.
constexpr rlim_t kMostToTry = 65536;

void fill_if_closed(int fd) noexcept {
    if (::fcntl(fd, F_GETFD) != -1) {
        return;
    }
    // The lowest free number is this one: those below are open by now. Not CLOEXEC: services
    // inherit the standard streams.
    if (::open("/dev/null", O_RDWR | O_NOCTTY) < 0) {  // NOLINT(android-cloexec-open)
        (void)::open("/", O_PATH | O_DIRECTORY);       // NOLINT(android-cloexec-open)
    }
}

// The smallest descriptor of `keep` that is not below `from`; INT_MAX when there is none.
int next_kept(std::span<const int> keep, int from) noexcept {
    int nearest = INT_MAX;
    for (const int fd : keep) {
        if (fd >= from) {
            nearest = std::min(nearest, fd);
        }
    }
    return nearest;
}

bool close_range(int first, int last) noexcept {
    return first > last || os::kernel::call(SYS_close_range, first, last, 0) == 0;
}

bool close_gaps(std::span<const int> keep) noexcept {
    int from = kFirst;
    for (;;) {
        const int kept = next_kept(keep, from);
        if (kept == INT_MAX) {
            return close_range(from, INT_MAX);
        }
        if (!close_range(from, kept - 1)) {
            return false;
        }
        from = kept + 1;
    }
}

bool is_kept(std::span<const int> keep, int fd) noexcept {
    return std::find(keep.begin(), keep.end(), fd) != keep.end();
}

bool close_listed(std::span<const int> keep) noexcept {
    os::NumericEntries entries = os::NumericEntries::open(BorrowedFd(AT_FDCWD), "/proc/self/fd");
    while (const std::optional<int> fd = entries.next()) {
        if (*fd >= kFirst && *fd != entries.fd().raw() && !is_kept(keep, *fd)) {
            ::close(*fd);
        }
    }
    return !entries.failed();
}

void close_all_numbers(std::span<const int> keep) noexcept {
    rlimit limit{};
    const bool known = ::getrlimit(RLIMIT_NOFILE, &limit) == 0;
    const int end = static_cast<int>(known ? std::min(limit.rlim_cur, kMostToTry) : kMostToTry);
    for (int fd = kFirst; fd < end; ++fd) {
        if (!is_kept(keep, fd)) {
            ::close(fd);
        }
    }
}

}  // namespace

void ensure_standard_streams() noexcept {
    fill_if_closed(STDIN_FILENO);
    fill_if_closed(STDOUT_FILENO);
    fill_if_closed(STDERR_FILENO);
}

void close_inherited(std::span<const int> keep) noexcept {
    // Linux before 5.9, and seccomp profiles of that time, do not know close_range.
    if (!close_gaps(keep) && !close_listed(keep)) {
        close_all_numbers(keep);
    }
}

}  // namespace gosv::sys
