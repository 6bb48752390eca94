#pragma once
// The gosv side of notify_fd: s6's readiness protocol. The service writes a newline to the
// descriptor when it is ready; what comes before the newline means nothing. spawn() makes the pipe.
#include <cstdint>

#include "gosv/base/fd.hpp"

namespace gosv::os {

enum class Readiness : std::uint8_t {
    pending,  // not yet
    ready,    // the newline has come
    closed,   // everybody who could have written it has closed the descriptor, or is gone
};

// A look without waiting, bounded: a service that writes without end is looked at again later (the
// pipe stays readable). After ready and closed the pipe is of no more use.
Readiness read_readiness(BorrowedFd pipe) noexcept;

}  // namespace gosv::os
