#include "field.hpp"

#include <algorithm>
#include <utility>

#include "gosv/base/concat.hpp"
#include "gosv/base/parse.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

constexpr std::string_view kNumberHint = "write decimal digits: 10, not 010, 0x0a, 1e1 or 1_0";

}  // namespace

void Field::error(std::string_view message, std::string_view hint) const {
    error_at(at(), message, hint);
}

void Field::error_at(Position place, std::string_view message, std::string_view hint) const {
    context.report.error(place, path.text(), message, hint);
}

void Field::warning(std::string_view message, std::string_view hint) const {
    context.report.warning(at(), path.text(), message, hint);
}

void Field::expected(std::string_view what, std::string_view hint) const {
    if (node.kind == Node::Kind::null && hint.empty()) {
        hint = "give it a value, or remove the key";
    }
    error(concat({"expected ", what, node.kind == Node::Kind::null ? ", found " : ", not ",
                  describe(node)}),
          hint);
}

Field Field::item(std::size_t i) const& noexcept {
    const Node& value = node.items[i];
    return {value, value.at, Path(path, i), context};
}

Field Field::entry(const Entry& entry) const& noexcept {
    return {entry.value, entry.key_at, Path(path, entry.key), context};
}

std::string signal_hint(std::string_view word) {
    constexpr std::uint8_t kLastNamed = 31;  // the others are numbers in disguise
    const bool with_prefix = word.starts_with("SIG") || word.starts_with("sig");
    std::string_view names[kLastNamed];
    for (std::uint8_t number = 1; number <= kLastNamed; ++number) {
        names[number - 1] = signal_name(Signal{number}).substr(with_prefix ? 0 : 3);
    }
    return nearest_hint(word, names, "write it like SIGTERM, TERM, 15 or RTMIN+3");
}

const std::string* as_text(const Field& field, std::string_view what) {
    if (field.node.faulty) {
        return nullptr;
    }
    if (field.node.kind != Node::Kind::scalar) {
        field.expected(what);
        return nullptr;
    }
    return &field.node.text;
}

std::optional<std::string> as_word(const Field& field, std::string_view what) {
    const std::string* const text = as_text(field, what);
    if (text != nullptr && text->empty()) {
        field.expected(what);
        return std::nullopt;
    }
    return text != nullptr ? std::optional(*text) : std::nullopt;
}

std::optional<bool> as_boolean(const Field& field) {
    const auto* const text = as_text(field, "true or false");
    if (text == nullptr) {
        return std::nullopt;
    }
    if (*text != "true" && *text != "false") {
        field.expected("true or false", "yes, no, on, off, 1 and 0 are not taken for one");
        return std::nullopt;
    }
    return *text == "true";
}

std::optional<std::int64_t> as_integer(const Field& field, std::int64_t least, std::int64_t most) {
    const auto number = parse_int(field.node.text);
    if (number && *number >= least && *number <= most && !field.node.faulty) {
        return number;
    }
    const std::string what = concat({"a whole number from ", least, " to ", most});
    if (as_text(field, what) != nullptr) {
        field.expected(what, number ? "" : kNumberHint);
    }
    return std::nullopt;
}

std::optional<double> as_decimal(const Field& field, int least, int most) {
    const auto number = parse_decimal(field.node.text);
    if (number && *number >= least && *number <= most && !field.node.faulty) {
        return number;
    }
    const std::string what = concat({"a number from ", least, " to ", most});
    if (as_text(field, what) != nullptr) {
        field.expected(what, number ? "" : "write it like 2 or 1.5");
    }
    return std::nullopt;
}

std::optional<Duration> as_duration(const Field& field) {
    const auto* const text = as_text(field, "a duration");
    if (text == nullptr) {
        return std::nullopt;
    }
    const auto duration = parse_duration(*text);
    if (!duration) {
        field.expected("a duration",
                       "write it like 500ms, 10s, 1m30s or 1h; a bare number is seconds");
    }
    return duration;
}

std::optional<std::uint64_t> as_size(const Field& field) {
    const auto* const text = as_text(field, "a size");
    if (text == nullptr) {
        return std::nullopt;
    }
    if (*text == "max") {
        return UINT64_MAX;
    }
    const auto size = parse_size(*text);
    if (!size) {
        field.expected("a size",
                       "write whole bytes or 64K, 256M, 2G (of 1024), or max for no limit");
    }
    return size;
}

std::optional<Signal> as_signal(const Field& field) {
    const auto* const text = as_text(field, "a signal");
    if (text == nullptr) {
        return std::nullopt;
    }
    const auto signal = parse_signal(*text);
    if (!signal) {
        field.expected("a signal", signal_hint(*text));
    }
    return signal;
}

std::optional<std::vector<std::string>> as_words(const Field& field, std::string_view what,
                                                 bool or_one) {
    std::vector<std::string> words;
    if (or_one && field.node.kind == Node::Kind::scalar) {
        auto word = as_word(field, what);
        if (!word) {
            return std::nullopt;
        }
        words.push_back(*std::move(word));
        return words;
    }
    if (field.node.kind != Node::Kind::list) {
        field.expected("a list", field.node.kind == Node::Kind::scalar
                                     ? "write it in brackets: [one, two]"
                                     : "");
        return std::nullopt;
    }
    bool all = true;
    for (std::size_t i = 0; i < field.node.items.size(); ++i) {
        auto word = as_word(field.item(i), what);
        all = all && word;
        words.push_back(std::move(word).value_or(""));
    }
    return all ? std::optional(std::move(words)) : std::nullopt;
}

std::optional<std::size_t> as_one_of(const Field& field, std::span<const std::string_view> names) {
    const std::string& text = field.node.text;
    const auto chosen = std::find(names.begin(), names.end(), text);
    if (chosen != names.end() && !field.node.faulty) {
        return static_cast<std::size_t>(chosen - names.begin());
    }
    std::string what = names.size() > 1 ? "one of " : "";
    for (std::size_t i = 0; i < names.size(); ++i) {
        append_to(what, {i > 0 ? ", " : "", names[i]});
    }
    if (as_text(field, what) != nullptr) {
        field.expected(what, nearest_hint(text, names));
    }
    return std::nullopt;
}

std::string nearest_hint(std::string_view word, std::span<const std::string_view> known,
                         std::string_view otherwise) {
    const std::string_view nearest = nearest_name(word, known.data(), known.size());
    return nearest.empty() ? std::string(otherwise)
                           : concat({"did you mean ", quote(nearest), "?"});
}

}  // namespace gosv::manifest
