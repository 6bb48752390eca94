#pragma once
// The entries of a directory whose names are numbers, as in /proc, /proc/PID/task and
// /proc/self/fd: getdents64(2) into a buffer of our own, because opendir(3) allocates.
#include <cstdint>
#include <optional>

#include "gosv/base/fd.hpp"
#include "gosv/base/result.hpp"

namespace gosv::os {

class NumericEntries {
  public:
    // A description of its own, so that several may read the same directory.
    static NumericEntries open(BorrowedFd parent, const char* path) noexcept;

    bool is_open() const noexcept { return directory_.is_open(); }

    BorrowedFd fd() const noexcept { return directory_.borrow(); }

    // The next number; nullopt at the end or on an error (see failed()).
    std::optional<int> next() noexcept;

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

}  // namespace gosv::os
