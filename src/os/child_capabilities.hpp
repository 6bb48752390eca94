#pragma once
// The capabilities step of the child: part of the code between clone and exec, under the rules of
// os/child.hpp. In two parts, because setresuid stands between them: the bounding set can only be
// changed while there is CAP_SETPCAP, and setresuid changes the sets that the second part makes.
// Inline, so that the symbol gate on child.o sees it too. capabilities(7).
#include <sys/prctl.h>
#include <unistd.h>

#include <cstdint>

#include "gosv/os/child.hpp"
#include "raw_call.hpp"

namespace gosv::os {

inline constexpr unsigned kMostCapabilities = 64;

// Before setresuid. Returns 0 or the errno.
inline int prepare_capabilities(const ChildImage& image) noexcept {
    using kernel::attempt;
    for (unsigned cap = 0; cap < kMostCapabilities; ++cap) {
        const long present = kernel::raw(SYS_prctl, PR_CAPBSET_READ, cap, 0, 0, 0);
        if (present < 0) {
            break;  // EINVAL: the kernel knows no more
        }
        // Dropped only if it is there: without CAP_SETPCAP dropping nothing is fine.
        const bool drop = present == 1 && (image.keep_caps >> cap & 1) == 0;
        const int err = drop ? attempt(SYS_prctl, PR_CAPBSET_DROP, cap, 0, 0, 0) : 0;
        if (err != 0) {
            return err;
        }
    }
    // Otherwise leaving uid 0 empties the permitted set, of which the ambient one is a part.
    // Cleared again by the exec.
    return image.ambient_caps != 0 ? attempt(SYS_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0) : 0;
}

// After setresuid. Returns 0 or the errno.
inline int apply_capabilities(const ChildImage& image) noexcept {
    using kernel::attempt;
    kernel::CapabilityHeader header{kernel::kCapabilityVersion3, 0};
    kernel::CapabilityWord words[2] = {};
    if (const int err = attempt(SYS_capget, &header, words); err != 0) {
        return err;
    }
    for (unsigned i = 0; i < 2; ++i) {
        const auto keep = static_cast<std::uint32_t>(image.keep_caps >> (32 * i));
        const auto ambient = static_cast<std::uint32_t>(image.ambient_caps >> (32 * i));
        // Another user gets the ambient ones and no others; what we kept over setresuid goes.
        words[i].permitted &= image.ambient_caps != 0 ? ambient : keep;
        // Effective at once, so that chdir is done with the rights that the service will have.
        words[i].effective = words[i].permitted;
        words[i].inheritable = (words[i].inheritable & keep) | (words[i].permitted & ambient);
    }
    // Takes out of the ambient set what is not both permitted and inheritable any more.
    int err = attempt(SYS_capset, &header, words);
    for (unsigned cap = 0; cap < kMostCapabilities && err == 0; ++cap) {
        if ((image.ambient_caps >> cap & 1) != 0) {
            err = attempt(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0);
        }
    }
    return err;
}

}  // namespace gosv::os
