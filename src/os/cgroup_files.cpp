#include "gosv/os/cgroup_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>

#include "gosv/os/sys.hpp"

namespace gosv::os::cgroup {

namespace {

constexpr std::string_view kBlanks = " \n";

std::optional<std::uint64_t> as_number(std::string_view text) noexcept {
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    return error == std::errc{} && stop == end ? std::optional(value) : std::nullopt;
}

// Cuts the next word off; "" at the end.
std::string_view next_word(std::string_view& text) noexcept {
    const std::size_t begin = text.find_first_not_of(kBlanks);
    if (begin == std::string_view::npos) {
        text = {};
        return {};
    }
    text.remove_prefix(begin);
    const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
    text.remove_prefix(word.size());
    return word;
}

}  // namespace

Status write_file(BorrowedFd dir, const char* path, std::string_view value) noexcept {
    const Fd file(::openat(dir.raw(), path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file.is_open()) {
        return SysError{errno, "open"};
    }
    const Result<std::size_t> written = sys::write(file.borrow(), value);
    if (!written.ok()) {
        return written.error();
    }
    return written.value() == value.size() ? Status() : Status(SysError{EIO, "write"});
}

Result<std::string_view> read_file(BorrowedFd dir, const char* path,
                                   std::span<char> into) noexcept {
    const Result<Fd> file = sys::openat_read(dir, path);
    if (!file.ok()) {
        return file.error();
    }
    std::size_t filled = 0;
    while (filled < into.size()) {
        const Result<std::size_t> size = sys::read(file.value().borrow(), into.subspan(filled));
        if (!size.ok()) {
            return size.error();
        }
        if (size.value() == 0) {
            break;
        }
        filled += size.value();
    }
    return std::string_view(into.data(), filled);
}

std::optional<std::uint64_t> keyed_value(std::string_view text, std::string_view key) noexcept {
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (next_word(line) == key) {
            return as_number(next_word(line));
        }
    }
    return std::nullopt;
}

std::optional<std::uint64_t> number(std::string_view text) noexcept {
    return as_number(next_word(text));
}

bool has_word(std::string_view text, std::string_view word) noexcept {
    for (std::string_view found = next_word(text); !found.empty(); found = next_word(text)) {
        if (found == word) {
            return true;
        }
    }
    return false;
}

Processes Processes::open(BorrowedFd dir, const char* path) noexcept {
    Processes processes;
    Result<Fd> file = sys::openat_read(dir, path);
    if (file.ok()) {
        processes.file_ = std::move(file).value();
    } else {
        processes.err_ = file.error().err;
    }
    return processes;
}

// Makes room and reads on; false at the end.
bool Processes::fill() noexcept {
    const std::size_t rest = filled_ - used_;
    for (std::size_t i = 0; i < rest; ++i) {
        buffer_[i] = buffer_[used_ + i];
    }
    used_ = 0;
    filled_ = rest;
    const Result<std::size_t> size = sys::read(file_.borrow(), std::span(buffer_).subspan(filled_));
    if (!size.ok()) {
        err_ = size.error().err;
        return false;
    }
    filled_ += size.value();
    return size.value() > 0;
}

std::optional<Pid> Processes::next() noexcept {
    while (file_.is_open()) {
        const std::string_view text(buffer_ + used_, filled_ - used_);
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            // A number that is longer than the buffer is none: not to be waited for.
            if (text.size() == sizeof buffer_ || !fill()) {
                return std::nullopt;
            }
            continue;
        }
        used_ += end + 1;
        if (const auto pid = as_number(text.substr(0, end))) {
            return Pid{static_cast<pid_t>(*pid)};
        }
    }
    return std::nullopt;
}

}  // namespace gosv::os::cgroup
