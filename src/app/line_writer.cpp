#include "app/line_writer.hpp"

namespace gosv::app {

namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::string_view kReplacement = "\\ufffd";

// Length of the valid UTF-8 sequence at the front of text; 0 when there is none. (RFC 3629: no
// overlong forms, no surrogates, nothing beyond U+10FFFF.)
std::size_t utf8_length(std::string_view text) noexcept {
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto follows = [&](std::size_t i, unsigned low = 0x80, unsigned high = 0xbf) {
        return byte(i) >= low && byte(i) <= high;
    };
    const unsigned first = byte(0);
    if (first < 0x80) {
        return 1;
    }
    if (first >= 0xc2 && first <= 0xdf) {
        return follows(1) ? 2 : 0;
    }
    if (first >= 0xe0 && first <= 0xef) {
        const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
        const unsigned high = first == 0xed ? 0x9f : 0xbf;
        return follows(1, low, high) && follows(2) ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const unsigned low = first == 0xf0 ? 0x90 : 0x80;
        const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
        return follows(1, low, high) && follows(2) && follows(3) ? 4 : 0;
    }
    return 0;
}

bool is_control(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

}  // namespace

void LineWriter::duration(Duration value) noexcept {
    using namespace std::chrono;
    const std::int64_t ms = duration_cast<milliseconds>(value).count();
    if (ms < 1000) {
        number(ms);
        put("ms");
    } else if (ms < 60'000) {
        number(ms / 1000);
        if (const std::int64_t tenths = ms % 1000 / 100; tenths != 0) {
            put('.');
            number(tenths);
        }
        put('s');
    } else if (ms < 3'600'000) {
        number(ms / 60'000);
        put('m');
        if (const std::int64_t seconds = ms % 60'000 / 1000; seconds != 0) {
            number(seconds);
            put('s');
        }
    } else {
        number(ms / 3'600'000);
        put('h');
        if (const std::int64_t minutes = ms % 3'600'000 / 60'000; minutes != 0) {
            number(minutes);
            put('m');
        }
    }
}

void LineWriter::json_text(std::string_view text) noexcept {
    while (!text.empty()) {
        const char c = text[0];
        std::size_t length = utf8_length(text);
        if (length == 0) {
            if (!fits(kReplacement.size())) {
                return;
            }
            put(kReplacement);
            length = 1;
        } else if (c == '"' || c == '\\') {
            if (!fits(2)) {
                return;
            }
            put('\\');
            put(c);
        } else if (is_control(c)) {
            if (!fits(6)) {
                return;
            }
            put("\\u00");
            put(kHex[static_cast<unsigned char>(c) >> 4]);
            put(kHex[static_cast<unsigned char>(c) & 15]);
        } else {
            if (!fits(length)) {
                return;
            }
            put(text.substr(0, length));
        }
        text.remove_prefix(length);
    }
}

void LineWriter::visible(std::string_view text) noexcept {
    while (!text.empty()) {
        const char c = text[0];
        const std::size_t length = utf8_length(text);
        if (length == 0 || is_control(c)) {
            if (!fits(4)) {
                return;
            }
            if (c == '\n') {
                put("\\n");
            } else {
                put("\\x");
                put(kHex[static_cast<unsigned char>(c) >> 4]);
                put(kHex[static_cast<unsigned char>(c) & 15]);
            }
            text.remove_prefix(1);
            continue;
        }
        if (!fits(length)) {
            return;
        }
        put(text.substr(0, length));
        text.remove_prefix(length);
    }
}

}  // namespace gosv::app
