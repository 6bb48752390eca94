#include "app/line_writer.hpp"

#include <algorithm>

#include "gosv/base/utf8.hpp"

namespace gosv::app {

namespace {

constexpr char kHex[] = "0123456789abcdef";
constexpr std::string_view kReplacement = "\\ufffd";

// C0, DEL, and C1, whose two bytes of UTF-8 are one control character to a terminal. `text` begins
// with a valid sequence of that length.
bool is_control(std::string_view text, std::size_t length) noexcept {
    const auto first = static_cast<unsigned char>(text[0]);
    return first < 0x20 || first == 0x7f ||
           (length == 2 && first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0);
}

// Whether it is written as it is, in a line for people and in JSON.
constexpr bool is_plain(char c) noexcept {
    return c >= ' ' && c <= '~';
}

constexpr bool is_plain_in_json(char c) noexcept {
    return is_plain(c) && c != '"' && c != '\\';
}

// The front of `text` that is plain: of most texts, all of it.
template <bool (*kPlain)(char) noexcept>
std::string_view front_of(std::string_view text) noexcept {
    std::size_t size = 0;
    while (size < text.size() && kPlain(text[size])) {
        ++size;
    }
    return text.substr(0, size);
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
    } else if (ms < 86'400'000) {
        number(ms / 3'600'000);
        put('h');
        if (const std::int64_t minutes = ms % 3'600'000 / 60'000; minutes != 0) {
            number(minutes);
            put('m');
        }
    } else {
        number(ms / 86'400'000);
        put('d');
        if (const std::int64_t hours = ms % 86'400'000 / 3'600'000; hours != 0) {
            number(hours);
            put('h');
        }
    }
}

void LineWriter::json_text(std::string_view text, std::size_t most) noexcept {
    const std::size_t end = size_ + std::min(most, limit_ - size_);
    for (;;) {
        const std::string_view plain = front_of<is_plain_in_json>(text);
        put(plain.substr(0, end - size_));
        text.remove_prefix(plain.size());
        if (text.empty()) {
            return;
        }
        const std::size_t length = utf8_length(text);
        char escape[6] = {'\\', 'u', '0', '0', 0, 0};
        std::string_view output(escape, sizeof escape);
        if (length == 0) {
            output = kReplacement;
        } else if (text[0] == '"' || text[0] == '\\') {
            escape[1] = text[0];
            output = std::string_view(escape, 2);
        } else if (is_control(text, length)) {
            // U+0000 to U+009F: the last byte of the sequence is the number.
            const auto number = static_cast<unsigned char>(text[length - 1]);
            escape[4] = kHex[number >> 4];
            escape[5] = kHex[number & 15];
        } else {
            output = text.substr(0, length);
        }
        if (output.size() > end - size_) {
            return;
        }
        put(output);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
}

void LineWriter::visible(std::string_view text) noexcept {
    for (;;) {
        const std::string_view plain = front_of<is_plain>(text);
        put(plain);
        text.remove_prefix(plain.size());
        if (text.empty()) {
            return;
        }
        const std::size_t length = utf8_length(text);
        char escape[4] = {'\\', 'x', 0, 0};
        std::string_view output(escape, sizeof escape);
        std::size_t taken = 1;
        if (text[0] == '\n' || text[0] == '\t') {
            escape[1] = text[0] == '\n' ? 'n' : 't';
            output = std::string_view(escape, 2);
        } else if (length == 0 || is_control(text, length)) {
            const auto byte = static_cast<unsigned char>(text[0]);
            escape[2] = kHex[byte >> 4];
            escape[3] = kHex[byte & 15];
        } else {
            output = text.substr(0, length);
            taken = length;
        }
        if (!fits(output.size())) {
            return;
        }
        put(output);
        text.remove_prefix(taken);
    }
}

}  // namespace gosv::app
