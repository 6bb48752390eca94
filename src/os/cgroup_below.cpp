#include "gosv/os/cgroup_below.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "gosv/os/directory.hpp"
#include "kernel.hpp"

namespace gosv::os::cgroup {

namespace {

constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

bool is_same_device(BorrowedFd left, BorrowedFd right) noexcept {
    struct stat left_status {};

    struct stat right_status {};

    return ::fstat(left.raw(), &left_status) == 0 && ::fstat(right.raw(), &right_status) == 0 &&
           left_status.st_dev == right_status.st_dev;
}

// A directory in `parent`, on the same mount. Before Linux 5.6, and where a seccomp profile does
// not know the call: on the same file system.
Fd open_inside(BorrowedFd parent, const char* name) noexcept {
    kernel::OpenHow how{};
    how.flags = static_cast<std::uint64_t>(kFlags);
    how.resolve = kernel::kResolveNoXdev | kernel::kResolveNoSymlinks | kernel::kResolveBeneath;
    const long fd = kernel::call(SYS_openat2, parent.raw(), name, &how, sizeof how);
    if (fd >= 0) {
        return Fd(static_cast<int>(fd));
    }
    if (errno != ENOSYS && errno != EPERM) {
        return {};
    }
    Fd directory(::openat(parent.raw(), name, kFlags));
    return directory.is_open() && is_same_device(parent, directory.borrow()) ? std::move(directory)
                                                                             : Fd();
}

class Walk {
  public:
    Walk(Visit visit, void* context) noexcept : visit_(visit), context_(context) {}

    // False: there may be more.
    bool descend(Fd directory, int depth) noexcept {
        DirectoryEntries entries(std::move(directory));
        bool complete = true;
        while (const auto entry = entries.next()) {
            const std::string_view name(entry->name);
            if (!entry->is_directory || name == "." || name == "..") {
                continue;
            }
            if (depth == kMostDepth || left_ == 0) {
                return false;
            }
            --left_;
            Fd below = open_inside(entries.fd(), entry->name);
            complete = below.is_open() && descend(std::move(below), depth + 1) && complete;
            visit_(context_, entries.fd(), entry->name);
        }
        return complete && !entries.failed();
    }

  private:
    Visit visit_;
    void* context_;
    int left_ = kMostVisited;
};

}  // namespace

bool visit_below(BorrowedFd dir, const char* path, Visit visit, void* context) noexcept {
    Fd top(::openat(dir.raw(), path, kFlags));
    return top.is_open() && Walk(visit, context).descend(std::move(top), 0);
}

bool remove(BorrowedFd dir, const char* path) noexcept {
    // The kernel refuses each in which somebody is (EBUSY), and whatever is no cgroup.
    const auto is_gone = [&]() noexcept {
        return ::unlinkat(dir.raw(), path, AT_REMOVEDIR) == 0 || errno == ENOENT;
    };
    if (is_gone()) {
        return true;
    }
    (void)each_below(dir, path, [](BorrowedFd parent, const char* name) noexcept {
        (void)::unlinkat(parent.raw(), name, AT_REMOVEDIR);
    });
    return is_gone();
}

}  // namespace gosv::os::cgroup
