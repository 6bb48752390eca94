#pragma once
// The small files of a cgroup v2 directory: each is read and written whole, by one call, relative
// to a directory descriptor. Nothing here allocates. Source: cgroups(7),
// Documentation/admin-guide/cgroup-v2.rst.
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"

namespace gosv::os::cgroup {

// The kernel takes a value only in one piece.
Status write_file(BorrowedFd dir, const char* path, std::string_view value) noexcept;

// What fits into `into`; the files read here are short.
Result<std::string_view> read_file(BorrowedFd dir, const char* path, std::span<char> into) noexcept;

// The value of "KEY VALUE\n" in a file such as memory.events; nullopt when it has no such key.
std::optional<std::uint64_t> keyed_value(std::string_view text, std::string_view key) noexcept;

// A file that is one number; nullopt for "max" and for what is no number.
std::optional<std::uint64_t> number(std::string_view text) noexcept;

// Whether the blank-separated words of `text` (cgroup.controllers) contain `word`.
bool has_word(std::string_view text, std::string_view word) noexcept;

// The processes in a cgroup.procs file, read in chunks: there may be thousands.
class Processes {
  public:
    static Processes open(BorrowedFd dir, const char* path) noexcept;

    // nullopt at the end or on an error. A process outside our PID namespace shows as Pid{0}.
    std::optional<Pid> next() noexcept;

    // 0, or the errno that ended the walk.
    int error() const noexcept { return err_; }

  private:
    bool fill() noexcept;

    Fd file_;
    char buffer_[2048] = {};
    std::size_t used_ = 0;
    std::size_t filled_ = 0;
    int err_ = 0;
};

}  // namespace gosv::os::cgroup
