#include "app/log_stream.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "gosv/base/concat.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

namespace {

WriteOutcome outcome_of(int err) noexcept {
    switch (err) {
        case EAGAIN:
            return WriteOutcome::full;
        case EPIPE:
        case EIO:  // a terminal that was hung up
        case EBADF:
        case EISDIR:
        case EINVAL:
        case ENXIO:
        case ECONNRESET:
        case ENOTCONN:
        case EDESTADDRREQ:
            return WriteOutcome::dead;
        default:
            return WriteOutcome::later;
    }
}

bool is_writable(BorrowedFd fd) noexcept {
    const int flags = ::fcntl(fd.raw(), F_GETFL);
    return flags >= 0 && (flags & O_PATH) == 0 && (flags & O_ACCMODE) != O_RDONLY;
}

Fd reopen(BorrowedFd fd) noexcept {
    const BoundedText<32> path({"/proc/self/fd/", fd.raw()});
    Result<Fd> opened = sys::open_write_nonblock(path.c_str());
    return opened.ok() ? std::move(opened).value() : Fd();
}

bool has_room(BorrowedFd fd) noexcept {
    pollfd stream{fd.raw(), POLLOUT, 0};
    // An error or a hang-up is "room" too: the write tells which.
    return ::poll(&stream, 1, 0) == 1;
}

bool is_refusal(int err) noexcept {
    return err == EOPNOTSUPP || err == ENOSYS || err == EINVAL || err == ESPIPE || err == EPERM;
}

}  // namespace

LogStream::LogStream(BorrowedFd inherited) noexcept : inherited_(inherited) {
    struct stat info {};

    if (!is_writable(inherited) || ::fstat(inherited.raw(), &info) < 0) {
        return;
    }
    if (S_ISREG(info.st_mode)) {
        way_ = Way::file;
    } else if (S_ISSOCK(info.st_mode)) {
        way_ = Way::socket;
    } else if (own_ = reopen(inherited); own_.is_open()) {
        way_ = Way::reopened;
    } else {
        way_ = S_ISFIFO(info.st_mode) ? Way::nowait : Way::polled;
    }
}

WriteResult LogStream::write(std::string_view bytes) noexcept {
    const std::string_view piece = bytes.substr(0, PIPE_BUF);
    Result<std::size_t> written{std::size_t{0}};
    switch (way_) {
        case Way::none:
            return {WriteOutcome::dead};
        case Way::file:
            written = sys::write(inherited_, piece);
            break;
        case Way::reopened:
            written = sys::write(own_.borrow(), piece);
            break;
        case Way::socket:
            written = sys::send_nonblock(inherited_, piece);
            break;
        case Way::nowait:
            written = sys::write_nowait(inherited_, piece);
            if (!written.ok() && is_refusal(written.error().err)) {
                way_ = Way::polled;
                return write(bytes);
            }
            break;
        case Way::polled:
            if (!has_room(inherited_)) {
                return {WriteOutcome::full};
            }
            written = sys::write(inherited_, piece);
            break;
    }
    if (written.ok()) {
        return {WriteOutcome::written, written.value()};
    }
    const WriteOutcome outcome = outcome_of(written.error().err);
    if (outcome == WriteOutcome::dead) {
        way_ = Way::none;
    }
    return {outcome};
}

BorrowedFd LogStream::pollable() const noexcept {
    switch (way_) {
        case Way::none:
        case Way::file:
            return {};
        case Way::reopened:
            return own_.borrow();
        case Way::socket:
        case Way::nowait:
        case Way::polled:
            return inherited_;
    }
    return {};
}

}  // namespace gosv::app
