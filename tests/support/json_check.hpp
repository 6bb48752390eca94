#pragma once
// Whether a text is one JSON value (RFC 8259) in valid UTF-8, and what its strings mean. A checker
// of its own, so that what gosv writes is not judged by what gosv reads.
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>

namespace gosv::test {

class JsonCheck {
  public:
    // "" when all is well, else where it is not.
    static std::string problem(std::string_view text) {
        JsonCheck check{text};
        if (!check.value(0) || check.at_ != text.size()) {
            return "not JSON at byte " + std::to_string(check.at_) + ": " +
                   std::string(text.substr(check.at_, 40));
        }
        return "";
    }

  private:
    explicit JsonCheck(std::string_view text) : text_(text) {}

    unsigned char peek() const {
        return at_ < text_.size() ? static_cast<unsigned char>(text_[at_]) : 0;
    }

    bool take(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) {
            return false;
        }
        at_ += word.size();
        return true;
    }

    bool value(int depth) {
        if (depth > 32) {
            return false;
        }
        switch (peek()) {
            case '{':
                return list('}', [&] { return string() && take(":") && value(depth + 1); });
            case '[':
                return list(']', [&] { return value(depth + 1); });
            case '"':
                return string();
            default:
                return take("true") || take("false") || take("null") || number();
        }
    }

    template <class Item>
    bool list(char end, Item item) {
        ++at_;
        if (take(std::string_view(&end, 1))) {
            return true;
        }
        do {
            if (!item()) {
                return false;
            }
        } while (take(","));
        return take(std::string_view(&end, 1));
    }

    bool digits() {
        const std::size_t begin = at_;
        while (std::isdigit(peek()) != 0) {
            ++at_;
        }
        return at_ > begin;
    }

    bool number() {
        (void)take("-");
        if (peek() == '0' && std::isdigit(static_cast<unsigned char>(
                                 at_ + 1 < text_.size() ? text_[at_ + 1] : 0)) != 0) {
            return false;
        }
        return digits() && (!take(".") || digits());
    }

    bool string() {
        if (!take("\"")) {
            return false;
        }
        while (peek() != '"') {
            if (at_ >= text_.size() || peek() < 0x20) {
                return false;
            }
            if (peek() == '\\' ? !escape() : !character()) {
                return false;
            }
        }
        return take("\"");
    }

    bool escape() {
        ++at_;
        if (take("u")) {
            for (int i = 0; i < 4; ++i, ++at_) {
                if (std::isxdigit(peek()) == 0) {
                    return false;
                }
            }
            return true;
        }
        return std::string_view("\"\\/bfnrt").find(text_[at_++]) != std::string_view::npos;
    }

    // One character of UTF-8: its length follows from the first byte.
    bool character() {
        const unsigned char first = peek();
        const int follow = first < 0x80                    ? 0
                           : first >= 0xc2 && first < 0xe0 ? 1
                           : first >= 0xe0 && first < 0xf0 ? 2
                           : first >= 0xf0 && first < 0xf5 ? 3
                                                           : -1;
        ++at_;
        for (int i = 0; i < follow; ++i, ++at_) {
            if ((peek() & 0xc0) != 0x80) {
                return false;
            }
        }
        return follow >= 0;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace gosv::test
