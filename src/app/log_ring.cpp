#include "app/log_ring.hpp"

#include <algorithm>
#include <cstring>

namespace gosv::app {

LogRing::LogRing(std::size_t capacity) : room_(capacity), capacity_(capacity) {}

bool LogRing::push(std::string_view line) noexcept {
    if (line.empty()) {
        return true;
    }
    if (line.size() > room()) {
        lose_one();
        return false;
    }
    const std::size_t end = (begin_ + size_) % capacity_;
    const std::size_t before_wrap = std::min(line.size(), capacity_ - end);
    std::memcpy(bytes() + end, line.data(), before_wrap);
    std::memcpy(bytes(), line.data() + before_wrap, line.size() - before_wrap);
    size_ += line.size();
    return true;
}

std::string_view LogRing::front(std::span<char> into) const noexcept {
    const std::size_t most = std::min(size_, into.size());
    if (most == 0) {
        return {};
    }
    const std::size_t before_wrap = std::min(most, capacity_ - begin_);
    std::memcpy(into.data(), bytes() + begin_, before_wrap);
    std::memcpy(into.data() + before_wrap, bytes(), most - before_wrap);
    const std::string_view copied(into.data(), most);
    const std::size_t last = copied.rfind('\n');
    return last == std::string_view::npos ? copied : copied.substr(0, last + 1);
}

void LogRing::consume(std::size_t bytes) noexcept {
    const std::size_t gone = std::min(bytes, size_);
    size_ -= gone;
    // An empty ring begins anew, so that a quiet log stays on its first page.
    begin_ = size_ == 0 ? 0 : (begin_ + gone) % capacity_;
}

}  // namespace gosv::app
