#include "env_file.hpp"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "bounds.hpp"
#include "gosv/base/concat.hpp"
#include "interpolate.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\r';
}

std::string_view trimmed_end(std::string_view text) noexcept {
    while (!text.empty() && is_blank(text.back())) {
        text.remove_suffix(1);
    }
    return text;
}

class Parser {
  public:
    Parser(std::string_view text, const Environment& environment)
        : text_(text), environment_(environment) {}

    EnvFile parse() {
        while (at_ < text_.size()) {
            line();
            skip_line();
        }
        return std::move(file_);
    }

  private:
    void fail(std::size_t offset, std::string_view message, std::string_view hint) {
        file_.problems.push_back({offset, std::string(message), std::string(hint)});
    }

    char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\n'; }

    void skip_blanks() noexcept {
        while (is_blank(peek())) {
            ++at_;
        }
    }

    void skip_line() noexcept {
        while (at_ < text_.size() && text_[at_] != '\n') {
            ++at_;
        }
        ++at_;
    }

    void line() {
        skip_blanks();
        if (peek() == '\n' || peek() == '#') {
            return;
        }
        constexpr std::string_view kExport = "export";
        if (text_.substr(at_).starts_with(kExport) && at_ + kExport.size() < text_.size() &&
            is_blank(text_[at_ + kExport.size()])) {
            at_ += kExport.size();
            skip_blanks();
        }
        const std::size_t begin = at_;
        while (peek() != '=' && peek() != '\n') {
            ++at_;
        }
        const bool has_value = peek() == '=';
        const std::string name(trimmed_end(text_.substr(begin, at_ - begin)));
        if (const std::string_view problem = variable_name_problem(name); !problem.empty()) {
            fail(begin, concat({problem, name.empty() ? "" : concat({": ", quote(name)})}),
                 "a line is NAME=value, or # and a comment");
            return;
        }
        if (!has_value) {
            const auto inherited = environment_.find(name);
            set(begin, name, inherited ? std::optional(std::string(*inherited)) : std::nullopt);
            return;
        }
        ++at_;
        skip_blanks();
        if (peek() == '\'' || peek() == '"') {
            quoted_value(begin, name);
        } else {
            bare_value(begin, name);
        }
    }

    void bare_value(std::size_t begin, const std::string& name) {
        const std::size_t from = at_;
        std::size_t end = at_;
        while (end < text_.size() && text_[end] != '\n' &&
               !(text_[end] == '#' && (end == from || is_blank(text_[end - 1])))) {
            ++end;
        }
        const std::string_view value = trimmed_end(text_.substr(from, end - from));
        set(begin, name, expanded(value, [from](std::size_t offset) { return from + offset; }));
    }

    void quoted_value(std::size_t begin, const std::string& name) {
        const char quote_sign = text_[at_];
        const std::size_t open = at_++;
        std::string value;
        std::vector<std::size_t> places;  // of each character of value
        while (at_ < text_.size() && text_[at_] != quote_sign) {
            places.push_back(at_);
            if (quote_sign == '"' && text_[at_] == '\\' && at_ + 1 < text_.size()) {
                escape(value, places);
            } else {
                value += text_[at_++];
            }
        }
        if (at_ == text_.size()) {
            fail(open, "the quote that is opened here is never closed",
                 concat({"close it with ", quote_sign}));
            return;
        }
        ++at_;
        skip_blanks();
        if (peek() != '\n' && peek() != '#') {
            fail(at_, "there is text behind the closing quote",
                 "put quotes around the whole value, or none");
            return;
        }
        set(begin, name,
            quote_sign == '\'' ? value : expanded(value, [&places, open](std::size_t offset) {
                return offset < places.size() ? places[offset] : open;
            }));
    }

    // `\$` becomes `$$`, which expansion turns into one `$`.
    void escape(std::string& value, std::vector<std::size_t>& places) {
        const char next = text_[at_ + 1];
        switch (next) {
            case 'n':
                value += '\n';
                break;
            case 'r':
                value += '\r';
                break;
            case 't':
                value += '\t';
                break;
            case '$':
                places.push_back(at_);
                value += "$$";
                break;
            case '"':
            case '\\':
                value += next;
                break;
            default:  // no escape: both characters, as compose keeps them
                places.push_back(at_ + 1);
                value += '\\';
                value += next;
        }
        at_ += 2;
    }

    template <class Place>
    std::string expanded(std::string_view value, Place place) {
        Interpolated filled =
            interpolate(value, [this](std::string_view name) { return lookup(name); });
        for (TextProblem& problem : filled.problems) {
            problem.offset = place(problem.offset);
            file_.problems.push_back(std::move(problem));
        }
        return std::move(filled.text);
    }

    std::optional<std::string_view> lookup(std::string_view name) const {
        if (const auto own = environment_.find(name)) {
            return own;
        }
        const auto above = values_.find(name);
        return above == values_.end() ? std::nullopt
                                      : std::optional<std::string_view>(above->second);
    }

    void set(std::size_t offset, const std::string& name, std::optional<std::string> value) {
        if (value && name.size() + value->size() + 1 > kMaxString) {
            fail(offset, concat({quote(name), " is longer than ", kMaxString, " bytes"}),
                 "the kernel takes no longer variable (execve(2)): put it into a file");
            return;
        }
        if (value) {
            values_.insert_or_assign(name, *value);
        }
        file_.changes.emplace_back(name, std::move(value));
    }

    std::string_view text_;
    const Environment& environment_;
    std::size_t at_ = 0;
    std::map<std::string, std::string, std::less<>> values_;  // of the lines above
    EnvFile file_;
};

}  // namespace

std::string_view variable_name_problem(std::string_view name) noexcept {
    if (name.empty()) {
        return "the name of the variable is missing";
    }
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == 0x7f) {
            return "the name of a variable cannot have blanks";
        }
        if (c == '=') {
            return "the name of a variable cannot have a '='";
        }
    }
    return {};
}

EnvFile parse_env_file(std::string_view text, const Environment& environment) {
    return Parser(text, environment).parse();
}

}  // namespace gosv::manifest
