#include "http_status.hpp"

#include <algorithm>

namespace gosv::os {

namespace {

constexpr std::string_view kForm = "HTTP/1.# ###";  // '#' is a digit
constexpr std::size_t kCode = kForm.size() - 3;

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

bool fits_form(std::string_view text) noexcept {
    const std::size_t size = std::min(text.size(), kForm.size());
    for (std::size_t i = 0; i < size; ++i) {
        if (kForm[i] == '#' ? !is_digit(text[i]) : text[i] != kForm[i]) {
            return false;
        }
    }
    return true;
}

}  // namespace

HttpStatus parse_http_status(std::string_view answer) noexcept {
    using State = HttpStatus::State;
    const std::size_t end = answer.find('\n');
    const std::string_view line = answer.substr(0, end);
    if (!fits_form(line)) {
        return {State::not_http, 0};
    }
    // The reason after the code is optional, and so are, in practice, the blank before it and the
    // carriage return.
    if (line.size() > kForm.size() && line[kForm.size()] != ' ' && line[kForm.size()] != '\r') {
        return {State::not_http, 0};
    }
    if (end == std::string_view::npos) {
        return {};
    }
    if (line.size() < kForm.size() || line[kCode] == '0') {
        return {State::not_http, 0};
    }
    const auto digit = [&](std::size_t i) { return line[kCode + i] - '0'; };
    return {State::complete, digit(0) * 100 + digit(1) * 10 + digit(2)};
}

}  // namespace gosv::os
