#include "gosv/app/snapshot.hpp"

#include <limits.h>
#include <poll.h>

#include <cerrno>

#include "app/snapshot_render.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

// The next piece to write: to the end of the last line that ends within PIPE_BUF, since a pipe
// takes so much in one go, without anybody else's bytes in it.
std::string_view next_piece(std::string_view text) noexcept {
    const std::string_view piece = text.substr(0, PIPE_BUF);
    const std::size_t end = piece.rfind('\n');
    return end == std::string_view::npos ? piece : piece.substr(0, end + 1);
}

}  // namespace

void take_snapshot(const SnapshotInput& input, const os::Proc& proc, MonotonicTime deadline,
                   SnapshotOutput& output) {
    SnapshotGatherer gathered(input, proc, deadline);
    gathered.look_at_all();
    if (input.json) {
        render_json(input, gathered, output);
    } else {
        render_text(input, gathered, output);
    }
}

void write_blocking(BorrowedFd out, std::string_view text) noexcept {
    while (!text.empty()) {
        const Result<std::size_t> written = sys::write(out, next_piece(text));
        if (written.ok()) {
            text.remove_prefix(written.value());
        } else if (written.error().err == EAGAIN) {
            // Somebody who shares the description has made it non-blocking.
            pollfd stream{out.raw(), POLLOUT, 0};
            (void)::poll(&stream, 1, -1);
        } else {
            return;
        }
    }
}

}  // namespace gosv::app
