#include "gosv/os/readiness_pipe.hpp"

#include <cerrno>
#include <string_view>

#include "gosv/os/sys.hpp"

namespace gosv::os {

Readiness read_readiness(BorrowedFd pipe) noexcept {
    char chunk[512];
    const Result<std::size_t> size = sys::read(pipe, chunk);
    if (!size.ok()) {
        return size.error().err == EAGAIN ? Readiness::pending : Readiness::closed;
    }
    if (size.value() == 0) {
        return Readiness::closed;
    }
    return std::string_view(chunk, size.value()).find('\n') != std::string_view::npos
               ? Readiness::ready
               : Readiness::pending;
}

}  // namespace gosv::os
