#pragma once
// Files of a process below /proc, for the snapshot: their names, and those without a bound on their
// length, a line at a time. Allocates and may block (a process in state D): in a forked child only.
#include <cerrno>
#include <string>
#include <string_view>

#include "gosv/base/concat.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/os/procfs.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::app {

struct ProcPath : BoundedText<48> {
    ProcPath(Pid pid, const char* file) noexcept : BoundedText({pid.value, '/', file}) {}

    ProcPath(Pid pid, const char* directory, int entry) noexcept
        : BoundedText({pid.value, '/', directory, '/', entry}) {}
};

inline bool is_denied(int err) noexcept {
    return err == EACCES || err == EPERM;
}

// Each line without its separator, until on_line says false. 0, or the errno that ended it.
template <class OnLine>
int for_each_line(const os::Proc& proc, const char* path, char separator, OnLine on_line) {
    const Result<Fd> file = sys::openat_read(proc.root(), path);
    if (!file.ok()) {
        return file.error().err;
    }
    std::string rest;
    char chunk[16384];
    for (;;) {
        const Result<std::size_t> size = sys::read(file.value().borrow(), chunk);
        if (!size.ok()) {
            return size.error().err;
        }
        if (size.value() == 0) {
            break;
        }
        std::string_view text(chunk, size.value());
        for (std::size_t end = 0; (end = text.find(separator)) != std::string_view::npos;) {
            rest.append(text.substr(0, end));
            if (!on_line(std::string_view(rest))) {
                return 0;
            }
            rest.clear();
            text.remove_prefix(end + 1);
        }
        rest.append(text);
    }
    if (!rest.empty()) {
        (void)on_line(std::string_view(rest));
    }
    return 0;
}

}  // namespace gosv::app
