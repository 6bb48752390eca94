#include "gosv/os/first_line.hpp"

#include <algorithm>
#include <cerrno>

#include "gosv/base/plain_text.hpp"
#include "gosv/os/sys.hpp"

namespace gosv::os {

namespace {

// A pipe's usual 64 KB in one go; a probe that writes without end is read on in the next one.
constexpr int kReads = 16;

}  // namespace

void FirstLine::clear() noexcept {
    raw_size_ = 0;
    size_ = 0;
    complete_ = false;
}

void FirstLine::take(std::string_view bytes) noexcept {
    if (complete_) {
        return;
    }
    if (raw_size_ == 0) {
        // Blank lines before it do not use up its room.
        bytes.remove_prefix(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()));
    }
    const std::string_view line = bytes.substr(0, bytes.find('\n'));
    const std::string_view fits = line.substr(0, raw_.size() - raw_size_);
    std::copy(fits.begin(), fits.end(), raw_.begin() + static_cast<std::ptrdiff_t>(raw_size_));
    raw_size_ += fits.size();
    complete_ = line.size() < bytes.size() || raw_size_ == raw_.size();
    size_ = copy_plain_line({raw_.data(), raw_size_}, text_).size();
}

bool FirstLine::read_from(BorrowedFd pipe) noexcept {
    char chunk[4096];
    for (int left = kReads; left > 0; --left) {
        const Result<std::size_t> size = sys::read(pipe, chunk);
        if (!size.ok()) {
            return size.error().err == EAGAIN;
        }
        if (size.value() == 0) {
            return false;
        }
        take(std::string_view(chunk, size.value()));
    }
    return true;
}

}  // namespace gosv::os
