#include "gosv/os/directory.hpp"

#include <dirent.h>
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
constexpr long kTypeOffset = 18;
constexpr long kNameOffset = 19;

}  // namespace

std::optional<DirectoryEntry> DirectoryEntries::next() noexcept {
    if (err_ != 0 || !directory_.is_open()) {
        return std::nullopt;
    }
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
    return DirectoryEntry{entry + kNameOffset, entry[kTypeOffset] == DT_DIR};
}

NumericEntries NumericEntries::open(BorrowedFd parent, const char* path) noexcept {
    Fd directory(::openat(parent.raw(), path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const int err = directory.is_open() ? 0 : errno;
    return NumericEntries(DirectoryEntries(std::move(directory), err));
}

std::optional<int> NumericEntries::next() noexcept {
    while (const auto entry = entries_.next()) {
        const char* const end = entry->name + std::strlen(entry->name);
        int number = 0;
        const auto [rest, error] = std::from_chars(entry->name, end, number);
        if (error == std::errc{} && rest == end && number >= 0) {
            return number;
        }
    }
    return std::nullopt;
}

}  // namespace gosv::os
