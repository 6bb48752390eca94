#include "gosv/os/directory.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>

namespace gosv::os {

namespace {

// Of what getdents64(2) fills in: u64 inode, s64 offset, u16 length of the entry, u8 type, name.
constexpr long kLengthOffset = 16;
constexpr long kNameOffset = 19;

}  // namespace

NumericEntries NumericEntries::open(BorrowedFd parent, const char* path) noexcept {
    NumericEntries entries;
    entries.directory_.reset(::openat(parent.raw(), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    entries.err_ = entries.directory_.is_open() ? 0 : errno;
    return entries;
}

std::optional<int> NumericEntries::next() noexcept {
    while (err_ == 0) {
        if (used_ == filled_) {
            const long size = ::syscall(SYS_getdents64, directory_.raw(), buffer_, sizeof buffer_);
            if (size <= 0) {
                err_ = size < 0 ? errno : 0;
                return std::nullopt;
            }
            filled_ = size;
            used_ = 0;
        }
        const char* const entry = buffer_ + used_;
        std::uint16_t length = 0;
        std::memcpy(&length, entry + kLengthOffset, sizeof length);
        used_ += length;
        const char* const name = entry + kNameOffset;
        const char* const end = name + std::strlen(name);
        int number = 0;
        const auto [rest, error] = std::from_chars(name, end, number);
        if (error == std::errc{} && rest == end && number >= 0) {
            return number;
        }
    }
    return std::nullopt;
}

}  // namespace gosv::os
