#pragma once
// An error as a value: which operation failed and with which errno. Trivially copyable and without
// heap, so that it can be made, returned and stored after the point of no return. Text is produced
// late, by describe(), into a buffer of the caller's.
#include <cerrno>
#include <cstddef>
#include <span>
#include <string_view>

namespace gosv {

// The kernel operation that failed, named as in section 2 of the manual.
struct SysError {
    int err = 0;          // errno, > 0
    const char* op = "";  // static storage only: "clone3", "setpgid", ...
};

// Name of an errno value ("ENOENT"), "E?" when unknown. Static storage.
std::string_view errno_name(int err) noexcept;

// Text of an errno value ("No such file or directory") without locale, heap or static buffers.
std::string_view errno_text(int err) noexcept;

}  // namespace gosv
