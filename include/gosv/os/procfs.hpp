#pragma once
// /proc: pure parsers from string_view (file contents are never assumed complete or well-formed)
// and readers rooted at a directory descriptor. Source: proc(5),
// Documentation/filesystems/proc.rst.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "gosv/base/fd.hpp"
#include "gosv/base/ids.hpp"
#include "gosv/base/result.hpp"

namespace gosv::os {

// The fields of /proc/PID/stat that gosv uses. `comm` may hold anything, ") (" and newlines
// included: it ends at the last ')'.
struct ProcStat {
    Pid pid;
    std::string_view comm;  // into the text given
    char state = '?';
    Pid parent;
    Pid group;
    Pid session;
    std::int64_t threads = 0;
    std::uint64_t start_time = 0;  // clock ticks after boot
    std::uint64_t vsize = 0;       // bytes
    std::int64_t rss_pages = 0;
};

std::optional<ProcStat> parse_stat(std::string_view text) noexcept;

// More than a zombie. A main thread that has ended (pthread_exit) shows as one while other threads
// of the process go on.
constexpr bool is_alive(const ProcStat& stat) noexcept {
    return (stat.state != 'Z' && stat.state != 'X') || stat.threads > 1;
}

// /proc, opened once. Absent (not mounted) is an ordinary state: every call then answers "nothing".
class Proc {
  public:
    static Proc open() noexcept;            // "/proc"
    static Proc at(Fd directory) noexcept;  // tests

    bool is_mounted() const noexcept { return root_.is_open(); }

    BorrowedFd root() const noexcept { return root_.borrow(); }

    // Reads a small file below /proc ("12/stat") into `into`; what was read, or the error.
    Result<std::string_view> read(const char* path, std::span<char> into) const noexcept;

    // Where a symbolic link below /proc ("12/fd/3") leads to; cut when `into` is too small.
    Result<std::string_view> read_link(const char* path, std::span<char> into) const noexcept;

  private:
    Fd root_;
};

}  // namespace gosv::os
