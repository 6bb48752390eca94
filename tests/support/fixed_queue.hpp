#pragma once
// A queue that allocates nothing, for tests that watch what is allocated.
#include <array>
#include <cstddef>
#include <cstdlib>

namespace gosv::test {

// A queue of at most N; more is a mistake of the test's and aborts it.
template <class T, std::size_t N>
class FixedQueue {
  public:
    void push(const T& item) {
        if (size_ == N) {
            std::abort();
        }
        items_[(begin_ + size_++) % N] = item;
    }

    T pop() {
        const T first = items_[begin_];
        begin_ = (begin_ + 1) % N;
        --size_;
        return first;
    }

    bool empty() const { return size_ == 0; }

    std::size_t size() const { return size_; }

    const T& front() const { return items_[begin_]; }

    const T& operator[](std::size_t i) const { return items_[(begin_ + i) % N]; }

    void clear() { begin_ = size_ = 0; }

  private:
    std::array<T, N> items_{};
    std::size_t begin_ = 0;
    std::size_t size_ = 0;
};

}  // namespace gosv::test
