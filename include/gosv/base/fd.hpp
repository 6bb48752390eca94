#pragma once
// Fd owns a descriptor and closes it once; BorrowedFd looks at one. A signature tells who closes.
// Neither retries close(2): on Linux the descriptor is gone even when close reports EINTR.
#include <unistd.h>

#include <utility>

namespace gosv {

class BorrowedFd {
  public:
    constexpr BorrowedFd() noexcept = default;

    constexpr explicit BorrowedFd(int raw) noexcept : raw_(raw) {}

    constexpr int raw() const noexcept { return raw_; }

    constexpr bool is_open() const noexcept { return raw_ >= 0; }

  private:
    int raw_ = -1;
};

class Fd {
  public:
    constexpr Fd() noexcept = default;

    constexpr explicit Fd(int raw) noexcept : raw_(raw) {}

    Fd(Fd&& other) noexcept : raw_(std::exchange(other.raw_, -1)) {}

    Fd& operator=(Fd&& other) noexcept {
        if (this != &other) {
            reset(std::exchange(other.raw_, -1));
        }
        return *this;
    }

    Fd(const Fd&) = delete;
    Fd& operator=(const Fd&) = delete;

    ~Fd() { reset(); }

    constexpr int raw() const noexcept { return raw_; }

    constexpr bool is_open() const noexcept { return raw_ >= 0; }

    constexpr BorrowedFd borrow() const noexcept { return BorrowedFd(raw_); }

    int release() noexcept { return std::exchange(raw_, -1); }

    void reset(int raw = -1) noexcept {
        if (raw_ >= 0) {
            ::close(raw_);
        }
        raw_ = raw;
    }

  private:
    int raw_ = -1;
};

}  // namespace gosv
