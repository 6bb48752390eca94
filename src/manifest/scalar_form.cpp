#include "scalar_form.hpp"

namespace gosv::manifest {

namespace {

constexpr std::string_view kBlank = " \t\r\n";

// Behind `&anchor` and `!tag` and the white space and comments that follow them.
std::size_t skip_properties(std::string_view source, std::size_t at) noexcept {
    while (at < source.size() && (source[at] == '&' || source[at] == '!')) {
        at = source.find_first_of(kBlank, at);
        at = source.find_first_not_of(kBlank, at);
        while (at < source.size() && source[at] == '#') {
            at = source.find_first_not_of(kBlank, source.find('\n', at));
        }
    }
    return at < source.size() ? at : source.size();
}

bool double_quote_closes(std::string_view source, std::size_t begin) noexcept {
    for (std::size_t at = begin; at < source.size(); ++at) {
        if (source[at] == '\\') {
            ++at;
        } else if (source[at] == '"') {
            return true;
        }
    }
    return false;
}

// A doubled '' is one quote of the text.
bool single_quote_closes(std::string_view source, std::size_t begin) noexcept {
    for (std::size_t at = begin; at < source.size(); ++at) {
        if (source[at] != '\'') {
            continue;
        }
        if (at + 1 == source.size() || source[at + 1] != '\'') {
            return true;
        }
        ++at;
    }
    return false;
}

}  // namespace

ScalarForm scalar_form(std::string_view source, std::size_t offset) noexcept {
    const std::size_t at = skip_properties(source, offset);
    switch (at < source.size() ? source[at] : '\0') {
        case '"':
            return {ScalarForm::Style::double_quoted, at + 1, double_quote_closes(source, at + 1)};
        case '\'':
            return {ScalarForm::Style::single_quoted, at + 1, single_quote_closes(source, at + 1)};
        case '|':
        case '>':
            return {ScalarForm::Style::block, at, true};
        default:
            return {ScalarForm::Style::plain, at, true};
    }
}

}  // namespace gosv::manifest
