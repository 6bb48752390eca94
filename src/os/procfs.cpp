#include "gosv/os/procfs.hpp"

#include <fcntl.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "gosv/os/sys.hpp"

namespace gosv::os {

namespace {

constexpr long kProcMagic = 0x9fa0;  // PROC_SUPER_MAGIC

// Fields separated by one blank each. A field counts only when a separator follows it: a number at
// the very end may have been cut in two.
class Fields {
  public:
    explicit Fields(std::string_view text) noexcept : rest_(text) {}

    std::optional<std::string_view> next() noexcept {
        const std::size_t end = rest_.find_first_of(" \n");
        if (end == std::string_view::npos || end == 0) {
            return std::nullopt;
        }
        const std::string_view field = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return field;
    }

    template <class Number>
    bool read(Number& into) noexcept {
        const std::optional<std::string_view> field = next();
        if (!field) {
            return false;
        }
        const char* const end = field->data() + field->size();
        const auto [stop, error] = std::from_chars(field->data(), end, into);
        return error == std::errc{} && stop == end;
    }

    bool skip(int count) noexcept {
        for (; count > 0; --count) {
            if (!next()) {
                return false;
            }
        }
        return true;
    }

  private:
    std::string_view rest_;
};

bool belongs_to_our_namespace(BorrowedFd root) noexcept {
    char link[16];
    const ssize_t size = ::readlinkat(root.raw(), "self", link, sizeof link);
    if (size <= 0) {
        return false;
    }
    pid_t self = 0;
    const auto [stop, error] = std::from_chars(link, link + size, self);
    return error == std::errc{} && stop == link + size && self == ::getpid();
}

}  // namespace

std::optional<ProcStat> parse_stat(std::string_view text) noexcept {
    const std::size_t open = text.find('(');
    const std::size_t close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open ||
        close + 2 > text.size() || text[close + 1] != ' ') {
        return std::nullopt;
    }
    ProcStat stat;
    stat.comm = text.substr(open + 1, close - open - 1);
    Fields before(text.substr(0, open));
    Fields after(text.substr(close + 2));
    if (!before.read(stat.pid.value)) {
        return std::nullopt;
    }
    const std::optional<std::string_view> state = after.next();
    if (!state || state->size() != 1) {
        return std::nullopt;
    }
    stat.state = state->front();
    // Numbers of proc(5): 4 ppid, 5 pgrp, 6 session, 20 num_threads, 22 starttime, 23 vsize, 24
    // rss.
    const bool complete = after.read(stat.parent.value) && after.read(stat.group.value) &&
                          after.read(stat.session.value) && after.skip(13) &&
                          after.read(stat.threads) && after.skip(1) &&
                          after.read(stat.start_time) && after.read(stat.vsize) &&
                          after.read(stat.rss_pages);
    return complete ? std::optional(stat) : std::nullopt;
}

Proc Proc::open() noexcept {
    Result<Fd> root = sys::open_directory("/proc");
    if (!root.ok()) {
        return {};
    }

    // An image without a mount has an empty directory there; and `unshare --pid` alone leaves the
    // old one mounted, whose numbers are strangers.
    struct statfs info {};

    if (::fstatfs(root.value().raw(), &info) < 0 || info.f_type != kProcMagic ||
        !belongs_to_our_namespace(root.value().borrow())) {
        return {};
    }
    return at(std::move(root).value());
}

Proc Proc::at(Fd directory) noexcept {
    Proc proc;
    proc.root_ = std::move(directory);
    return proc;
}

Result<std::string_view> Proc::read(const char* path, std::span<char> into) const noexcept {
    if (!is_mounted()) {
        return SysError{ENOENT, "open"};
    }
    const Result<Fd> file = sys::openat_read(root_.borrow(), path);
    if (!file.ok()) {
        return file.error();
    }
    std::size_t filled = 0;
    while (filled < into.size()) {
        const Result<std::size_t> size = sys::read(file.value().borrow(), into.subspan(filled));
        if (!size.ok()) {
            return size.error();  // ESRCH: the process ended meanwhile
        }
        if (size.value() == 0) {
            break;
        }
        filled += size.value();
    }
    return std::string_view(into.data(), filled);
}

Result<std::string_view> Proc::read_link(const char* path, std::span<char> into) const noexcept {
    if (!is_mounted()) {
        return SysError{ENOENT, "readlink"};
    }
    const ssize_t size = ::readlinkat(root_.raw(), path, into.data(), into.size());
    if (size < 0) {
        return SysError{errno, "readlink"};
    }
    return std::string_view(into.data(), static_cast<std::size_t>(size));
}

}  // namespace gosv::os
