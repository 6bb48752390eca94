#pragma once
// The cgroups that a service has made below its leaf (podman, a nested gosv, a shell). They are the
// service's own affair while it runs; when it has ended they keep the leaf from being removed, and
// what was enabled for them keeps the next process from coming into it.
//
// The names in there are whatever somebody else has chosen, and may be made and moved while we
// look: each step goes by a descriptor, never through a symbolic link, never onto another mount.
// Bounded in depth and in number. Nothing here allocates. Source: cgroups(7), openat2(2).
#include <utility>

#include "gosv/base/fd.hpp"

namespace gosv::os::cgroup {

inline constexpr int kMostDepth = 32;      // each level holds a descriptor and 2 KiB of stack
inline constexpr int kMostVisited = 1000;  // in one go

using Visit = void (*)(void* context, BorrowedFd parent, const char* name) noexcept;

// Visits the cgroups below dir/path, each after those below it. False when there may be more: it
// was too deep, or too many, or one could not be opened.
bool visit_below(BorrowedFd dir, const char* path, Visit visit, void* context) noexcept;

// The same with a callable: void(BorrowedFd parent, const char* name) noexcept.
template <class Callable>
bool each_below(BorrowedFd dir, const char* path, Callable&& callable) noexcept {
    return visit_below(
        dir, path,
        [](void* context, BorrowedFd parent, const char* name) noexcept {
            (*static_cast<std::remove_reference_t<Callable>*>(context))(parent, name);
        },
        &callable);
}

// dir/path with all that is below it, as far as nobody is in there. False when it is still there.
bool remove(BorrowedFd dir, const char* path) noexcept;

}  // namespace gosv::os::cgroup
