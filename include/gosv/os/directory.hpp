#pragma once
// The entries of a directory, all or those whose names are numbers, as in /proc, /proc/PID/task and
// /proc/self/fd: getdents64(2) into a buffer of our own, because opendir(3) allocates.
#include <cstdint>
#include <optional>
#include <utility>

#include "gosv/base/fd.hpp"
#include "gosv/base/result.hpp"

namespace gosv::os {

struct DirectoryEntry {
    const char* name = nullptr;  // valid until the next one is asked for
    bool is_directory = false;   // as far as the file system says so in its list: /proc, cgroups
};

class DirectoryEntries {
  public:
    // Not open when `directory` is not: then there are none.
    explicit DirectoryEntries(Fd directory, int err = 0) noexcept
        : directory_(std::move(directory)), err_(err) {}

    bool is_open() const noexcept { return directory_.is_open(); }

    BorrowedFd fd() const noexcept { return directory_.borrow(); }

    // The next one, "." and ".." included; nullopt at the end or on an error (see failed()).
    std::optional<DirectoryEntry> next() noexcept;

    bool failed() const noexcept { return err_ != 0; }

    // The errno of the open or the read that failed; 0: none.
    int error() const noexcept { return err_; }

  private:
    Fd directory_;
    alignas(std::uint64_t) char buffer_[2048];
    long filled_ = 0;
    long used_ = 0;
    int err_ = 0;
};

class NumericEntries {
  public:
    // A description of its own, so that several may read the same directory.
    static NumericEntries open(BorrowedFd parent, const char* path) noexcept;

    bool is_open() const noexcept { return entries_.is_open(); }

    BorrowedFd fd() const noexcept { return entries_.fd(); }

    // The next number; nullopt at the end or on an error (see failed()).
    std::optional<int> next() noexcept;

    bool failed() const noexcept { return entries_.failed(); }

    // The errno of the open or the read that failed; 0: none.
    int error() const noexcept { return entries_.error(); }

  private:
    explicit NumericEntries(DirectoryEntries entries) noexcept : entries_(std::move(entries)) {}

    DirectoryEntries entries_;
};

}  // namespace gosv::os
