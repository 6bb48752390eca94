#include "app/terminal_output.hpp"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

#include "gosv/app/snapshot.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

void print_error(std::string_view text) noexcept {
    while (!text.empty()) {
        // Room for PIPE_BUF bytes is what POLLOUT promises of a pipe: such a write does not block.
        pollfd stream{STDERR_FILENO, POLLOUT, 0};
        if (::poll(&stream, 1, 2000) != 1 || (stream.revents & POLLOUT) == 0) {
            return;
        }
        const auto written =
            sys::write(BorrowedFd(STDERR_FILENO),
                       text.substr(0, std::min<std::size_t>(text.size(), PIPE_BUF)));
        if (!written.ok()) {
            return;
        }
        text.remove_prefix(written.value());
    }
}

void print(std::string_view text) noexcept {
    write_blocking(BorrowedFd(STDOUT_FILENO), text);
}

}  // namespace gosv::app
