#pragma once
// Writing to a stream that is shared with the services, without ever waiting for it. O_NONBLOCK is
// a flag of the open file description and would hit everybody who writes there, so the way is
// chosen once, by what the stream is:
//
//   regular file        the inherited descriptor (a new one would lose O_APPEND and the offset)
//   socket              send(2) with MSG_DONTWAIT: it cannot be reopened
//   pipe, tty, device   a description of our own: /proc/self/fd/N opened again with O_NONBLOCK
//   where that fails    (no /proc, EACCES on a pipe of another user) the inherited descriptor: for
//                       pipes pwritev2(2) with RWF_NOWAIT (Linux 6.4), else poll(2) and a write of
//                       at most PIPE_BUF, for which a pipe that polls writable has room. Only in
//                       this last way could another writer be quicker, and gosv wait for the
//                       reader.
//
// A file on a hanging network file system can still block: nothing short of a thread avoids that.
#include <cstddef>
#include <string_view>

#include "gosv/base/fd.hpp"

namespace gosv::app {

enum class WriteOutcome {
    written,
    full,   // EAGAIN: worth polling for writability
    later,  // ENOSPC, ENOMEM, ...: polling would not tell when; try again some time
    dead,   // EPIPE, EIO, closed: nobody will ever read this
};

struct WriteResult {
    WriteOutcome outcome;
    std::size_t bytes = 0;  // written; may be short
};

class LogStream {
  public:
    // Looks at `inherited` (not owned) and decides. A closed or read-only one is dead at once.
    explicit LogStream(BorrowedFd inherited) noexcept;

    // At most PIPE_BUF bytes of it at a time, so that a pipe takes all or nothing and no line of a
    // service gets into one of ours.
    WriteResult write(std::string_view bytes) noexcept;

    bool is_dead() const noexcept { return way_ == Way::none; }

    // To be polled while write() says `full`; not open for what never says so.
    BorrowedFd pollable() const noexcept;

    // The description of our own, if there is one. Stays open when the stream dies: somebody may
    // have it in an epoll set.
    BorrowedFd own() const noexcept { return own_.borrow(); }

  private:
    enum class Way { none, file, reopened, socket, nowait, polled };

    BorrowedFd inherited_;
    Fd own_;
    Way way_ = Way::none;
};

}  // namespace gosv::app
