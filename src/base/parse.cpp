#include "gosv/base/parse.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace gosv {

namespace {

bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}

char lower(char c) noexcept {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) {
        return false;
    }
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (lower(a[i]) != lower(b[i])) {
            return false;
        }
    }
    return true;
}

bool consume_ignoring_case(std::string_view& text, std::string_view prefix) noexcept {
    if (!equals_ignoring_case(text.substr(0, prefix.size()), prefix)) {
        return false;
    }
    text.remove_prefix(prefix.size());
    return true;
}

// "010" is a trap: YAML 1.1 and C read it as 8, people as 10.
bool has_leading_zero(std::string_view digits) noexcept {
    return digits.size() > 1 && digits[0] == '0';
}

// How many characters of text are "digits" or "digits.digits".
std::size_t decimal_length(std::string_view text) noexcept {
    std::size_t end = 0;
    while (end < text.size() && is_digit(text[end])) {
        ++end;
    }
    if (end > 0 && end + 1 < text.size() && text[end] == '.' && is_digit(text[end + 1])) {
        ++end;
        while (end < text.size() && is_digit(text[end])) {
            ++end;
        }
    }
    return end;
}

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};

constexpr Unit kUnits[] = {
    {"h", 3'600'000'000'000}, {"m", 60'000'000'000}, {"s", 1'000'000'000},
    {"ms", 1'000'000},        {"us", 1'000},
};

constexpr double kLongestDuration = 10.0 * 365 * 24 * 3600 * 1e9;

}  // namespace

std::optional<std::int64_t> parse_int(std::string_view text) noexcept {
    const std::string_view digits = text.substr(!text.empty() && text[0] == '-' ? 1 : 0);
    if (digits.empty() || !is_digit(digits[0]) || has_leading_zero(digits)) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::optional<std::uint64_t> parse_uint(std::string_view text) noexcept {
    if (text.empty() || !is_digit(text[0]) || has_leading_zero(text)) {
        return std::nullopt;
    }
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        return std::nullopt;
    }
    return value;
}

std::optional<double> parse_decimal(std::string_view text) noexcept {
    if (text.empty() || decimal_length(text) != text.size() ||
        has_leading_zero(text.substr(0, text.find('.')))) {
        return std::nullopt;
    }
    // Both are exact and so is the quotient, but for its rounding, as long as there are no more
    // digits than a double has. Further ones of a fraction are dropped: they are less than it can
    // tell. std::from_chars would be exact to the last bit, with 30 kB of tables and code.
    double digits = 0;
    double scale = 1;
    bool fraction = false;
    for (const char c : text) {
        if (c == '.') {
            fraction = true;
        } else if (!fraction || (digits < 1e14 && scale < 1e22)) {
            digits = digits * 10 + (c - '0');
            scale = fraction ? scale * 10 : scale;
        }
    }
    if (!std::isfinite(digits)) {
        return std::nullopt;
    }
    return digits / scale;
}

std::optional<unsigned> parse_octal_mode(std::string_view text) noexcept {
    if (text.empty() || text.size() > 5 || !is_digit(text[0])) {
        return std::nullopt;
    }
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
    if (error != std::errc{} || end != text.data() + text.size() || value > 0777) {
        return std::nullopt;
    }
    return value;
}

std::optional<Duration> parse_duration(std::string_view text) noexcept {
    if (const auto seconds = parse_decimal(text)) {
        const double nanoseconds = *seconds * 1e9;
        if (nanoseconds > kLongestDuration) {
            return std::nullopt;
        }
        return Duration(std::llround(nanoseconds));
    }
    double total = 0;
    std::size_t next_unit = 0;  // units come in falling order, each at most once
    while (!text.empty()) {
        const std::size_t length = decimal_length(text);
        const auto amount = parse_decimal(text.substr(0, length));
        if (!amount) {
            return std::nullopt;
        }
        text.remove_prefix(length);
        std::size_t letters = 0;
        while (letters < text.size() && text[letters] >= 'a' && text[letters] <= 'z') {
            ++letters;
        }
        const std::string_view name = text.substr(0, letters);
        text.remove_prefix(letters);
        while (next_unit < std::size(kUnits) && kUnits[next_unit].name != name) {
            ++next_unit;
        }
        if (next_unit == std::size(kUnits)) {
            return std::nullopt;
        }
        total += *amount * static_cast<double>(kUnits[next_unit].nanoseconds);
        ++next_unit;
    }
    if (next_unit == 0 || total > kLongestDuration) {
        return std::nullopt;
    }
    return Duration(std::llround(total));
}

std::optional<std::uint64_t> parse_size(std::string_view text) noexcept {
    std::size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) {
        ++digits;
    }
    const auto amount = parse_uint(text.substr(0, digits));
    if (!amount) {
        return std::nullopt;
    }
    std::string_view unit = text.substr(digits);
    unsigned shift = 0;
    if (consume_ignoring_case(unit, "k")) {
        shift = 10;
    } else if (consume_ignoring_case(unit, "m")) {
        shift = 20;
    } else if (consume_ignoring_case(unit, "g")) {
        shift = 30;
    }
    const bool rest_ok = unit.empty() || equals_ignoring_case(unit, "b") ||
                         (shift > 0 && equals_ignoring_case(unit, "ib"));
    if (!rest_ok || *amount > (UINT64_MAX >> 1 >> shift)) {
        return std::nullopt;
    }
    return *amount << shift;
}

std::optional<std::uint32_t> parse_cpus(std::string_view text) noexcept {
    double scale = 1000;
    if (!text.empty() && text.back() == '%') {
        text.remove_suffix(1);
        scale = 10;
    }
    const auto amount = parse_decimal(text);
    if (!amount || *amount * scale > 1e9 || (*amount > 0 && *amount * scale < 1)) {
        return std::nullopt;
    }
    return static_cast<std::uint32_t>(std::llround(*amount * scale));
}

std::string_view nearest_name(std::string_view word, const std::string_view* candidates,
                              std::size_t count) noexcept {
    constexpr std::size_t kLongest = 40;
    if (word.empty() || word.size() > kLongest) {
        return {};
    }
    std::string_view best;
    // A slip is a third of the word at most, and never more than three letters.
    std::size_t best_distance = std::min<std::size_t>(3, word.size() / 3) + 1;
    for (std::size_t c = 0; c < count; ++c) {
        const std::string_view name = candidates[c];
        if (name.size() > kLongest) {
            continue;
        }
        // Restricted Damerau-Levenshtein distance, three rows at a time.
        std::array<std::array<std::size_t, kLongest + 1>, 3> rows{};
        for (std::size_t j = 0; j <= name.size(); ++j) {
            rows[0][j] = j;
        }
        for (std::size_t i = 1; i <= word.size(); ++i) {
            auto& row = rows[i % 3];
            const auto& above = rows[(i - 1) % 3];
            row[0] = i;
            for (std::size_t j = 1; j <= name.size(); ++j) {
                const std::size_t change = lower(word[i - 1]) == lower(name[j - 1]) ? 0 : 1;
                row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + change});
                if (i > 1 && j > 1 && lower(word[i - 1]) == lower(name[j - 2]) &&
                    lower(word[i - 2]) == lower(name[j - 1])) {
                    row[j] = std::min(row[j], rows[(i - 2) % 3][j - 2] + 1);
                }
            }
        }
        const std::size_t distance = rows[word.size() % 3][name.size()];
        if (distance < best_distance) {
            best_distance = distance;
            best = name;
        }
    }
    return best;
}

}  // namespace gosv
