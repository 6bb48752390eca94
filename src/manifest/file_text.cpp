#include "file_text.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "gosv/base/concat.hpp"
#include "gosv/base/error.hpp"
#include "gosv/base/fd.hpp"

namespace gosv::manifest {

namespace {

FileText failed(std::string_view what, int err) {
    std::string hint = "check the path";
    const bool missing = err == ENOENT || err == ENOTDIR;
    if (missing) {
        hint = "check the path, and that the image or the volume holds the file";
    } else if (err == EACCES) {
        hint = concat({"gosv runs as uid ", ::geteuid(), ": let it read the file"});
    }
    return {{}, concat({what, ": ", errno_text(err)}), hint, missing};
}

const char* kind_of(mode_t mode) noexcept {
    switch (mode & S_IFMT) {
        case S_IFDIR:
            return "a directory";
        case S_IFIFO:
            return "a FIFO";
        case S_IFSOCK:
            return "a socket";
        default:
            return "a device";
    }
}

}  // namespace

FileText read_file_text(const std::string& path, std::size_t limit) {
    if (path.find('\0') != std::string::npos) {
        return failed("cannot be opened", EINVAL);
    }
    // O_NONBLOCK: open(2) of a FIFO would wait for a writer.
    const Fd file(::openat(AT_FDCWD, path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file.is_open()) {
        // A socket cannot be opened at all; say what it is and not "No such device or address".
        return errno == ENXIO ? FileText{{}, "is a socket, not a file", "name a regular file"}
                              : failed("cannot be opened", errno);
    }

    struct stat status {};

    if (::fstat(file.raw(), &status) != 0) {
        return failed("cannot be looked at", errno);
    }
    if (!S_ISREG(status.st_mode)) {
        return {{},
                concat({"is ", kind_of(status.st_mode), ", not a file"}),
                S_ISDIR(status.st_mode) ? "name a file in it" : "name a regular file"};
    }
    FileText read;
    char chunk[4096];
    while (read.text.size() <= limit) {
        const ssize_t size = ::read(file.raw(), chunk, sizeof chunk);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return failed("cannot be read", errno);
        }
        if (size == 0) {
            return read;
        }
        read.text.append(chunk, static_cast<std::size_t>(size));
    }
    return {{},
            concat({"is larger than ", limit >> 10, " KiB"}),
            "gosv reads no larger one: is it the right file?"};
}

}  // namespace gosv::manifest
