#pragma once
// The words that plans and events of a scenario are made of.
#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "gosv/base/parse.hpp"
#include "scenario/scenario.hpp"

namespace gosv::scenario {

using Words = std::vector<std::string_view>;

inline Words split(std::string_view text, char separator) {
    Words words;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        if (end > 0) {
            words.push_back(text.substr(0, end));
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

// Each assigns what it understood and says whether it did.
inline bool read(std::string_view text, Duration& to) {
    if (text == "never") {
        to = Duration::max();
        return true;
    }
    const auto value = parse_duration(text);
    to = value.value_or(to);
    return value.has_value();
}

inline bool read(std::string_view text, Signal& to) {
    const auto value = parse_signal(text);
    to = value.value_or(to);
    return value.has_value();
}

inline bool read(std::string_view text, bool& to) {
    to = text == "true";
    return to || text == "false";
}

template <class Number>
inline bool read_number(std::string_view text, Number& to) {
    const auto value = parse_uint(text);
    to = static_cast<Number>(value.value_or(0));
    return value.has_value();
}

template <class Enum>
inline bool read_choice(std::string_view text, Enum& to,
                        std::initializer_list<std::pair<std::string_view, Enum>> choices) {
    const auto* found = std::find_if(choices.begin(), choices.end(),
                                     [text](const auto& choice) { return choice.first == text; });
    if (found == choices.end()) {
        return false;
    }
    to = found->second;
    return true;
}

inline std::optional<ServiceId> find_service(std::string_view name, const Plan& plan) {
    const auto found = std::find(plan.names.begin(), plan.names.end(), name);
    if (found == plan.names.end()) {
        return std::nullopt;
    }
    return static_cast<ServiceId>(found - plan.names.begin());
}

}  // namespace gosv::scenario
