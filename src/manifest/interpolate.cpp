#include "interpolate.hpp"

#include <cstddef>
#include <utility>

#include "bounds.hpp"
#include "gosv/base/concat.hpp"
#include "path.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

constexpr std::size_t kMaxNesting = 8;

bool is_name_character(char c, bool first) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           (!first && c >= '0' && c <= '9');
}

std::string_view name_at(std::string_view text) noexcept {
    std::size_t end = 0;
    while (end < text.size() && is_name_character(text[end], end == 0)) {
        ++end;
    }
    return text.substr(0, end);
}

// From behind "${" to the "}" that closes it; npos when none does.
std::size_t closing_brace(std::string_view text, std::size_t at) noexcept {
    std::size_t depth = 1;
    for (; at < text.size(); ++at) {
        if (text[at] == '$' && at + 1 < text.size() &&
            (text[at + 1] == '$' || text[at + 1] == '{')) {
            depth += text[at + 1] == '{' ? 1U : 0U;
            ++at;
        } else if (text[at] == '}' && --depth == 0) {
            return at;
        }
    }
    return std::string_view::npos;
}

class Interpolation {
  public:
    explicit Interpolation(const Lookup& lookup) : lookup_(lookup) {}

    // `base` is where text begins in the whole.
    std::string expand(std::string_view text, std::size_t base, std::size_t nesting) {
        std::string out;
        for (std::size_t at = 0; at < text.size();) {
            const std::string_view rest = text.substr(at);
            if (rest.front() != '$') {
                const std::string_view plain = rest.substr(0, rest.find('$'));
                out += plain;
                at += plain.size();
            } else if (rest.starts_with("$$")) {
                out += '$';
                at += 2;
            } else if (rest.starts_with("${")) {
                const std::size_t close = closing_brace(text, at + 2);
                if (close == text.npos) {
                    fail(base + at, "'${' has no closing '}'",
                         "close it, or write $${ for the text ${");
                    return out;
                }
                out += value_of(text.substr(at + 2, close - at - 2), base + at, nesting);
                at = close + 1;
            } else {
                out += text[at++];
            }
            if (out.size() > kMaxString) {
                fail(base,
                     concat({"the string is longer than ", kMaxString,
                             " bytes with its variables filled in"}),
                     "no argument or variable can be longer (execve(2)): put it into a file");
                return {};
            }
        }
        return out;
    }

    std::vector<TextProblem> problems;

  private:
    void fail(std::size_t offset, std::string_view message, std::string_view hint) {
        problems.push_back({offset, std::string(message), std::string(hint)});
    }

    // What stands between the braces; `at` is the place of the `$`.
    std::string value_of(std::string_view expression, std::size_t at, std::size_t nesting) {
        const std::string_view name = name_at(expression);
        std::string_view rest = expression.substr(name.size());
        const bool colon = rest.starts_with(":");
        rest.remove_prefix(colon ? 1 : 0);
        const char sign = rest.empty() ? '\0' : rest.front();
        const bool plain = rest.empty() && !colon;
        if (name.empty() || !(plain || sign == '-' || sign == '+' || sign == '?')) {
            fail(at, concat({quote(concat({"${", expression, "}"})), " is not understood"}),
                 "write ${VAR}, ${VAR:-default}, ${VAR:?message}, or $${ for the text ${");
            return {};
        }
        const std::optional<std::string_view> value = lookup_(name);
        const bool usable = value && !(colon && value->empty());
        if (plain && !usable) {
            fail(at, concat({"the variable ", quote(name), " is not set"}),
                 concat({"set it in the container, or write ${", name,
                         ":-default}; $$ stands for a $"}));
            return {};
        }
        if (sign == '+' ? !usable : usable) {
            return sign == '+' ? std::string() : std::string(*value);
        }
        if (nesting == kMaxNesting) {
            fail(at, concat({"${...} is nested more than ", kMaxNesting, " deep"}),
                 "use fewer defaults inside of defaults");
            return {};
        }
        const std::string_view word = rest.substr(1);
        const std::size_t begins =
            at + 2 + static_cast<std::size_t>(word.data() - expression.data());
        std::string text = expand(word, begins, nesting + 1);
        if (sign != '?') {
            return text;
        }
        fail(at,
             concat({"the variable ", quote(name), " is ", value ? "empty" : "not set",
                     text.empty() ? "" : concat({": ", text.substr(0, 200)})}),
             "set it in the container");
        return {};
    }

    const Lookup& lookup_;
};

class TreeWalk {
  public:
    TreeWalk(const Environment& environment, Report& report) : report_(report) {
        lookup_ = [&environment](std::string_view name) -> std::optional<std::string_view> {
            return environment.find(name);
        };
    }

    void visit(Node& node, const Path& path) {
        if (node.kind == Node::Kind::scalar && node.text.find('$') != std::string::npos) {
            fill_in(node, path);
        }
        for (std::size_t i = 0; i < node.items.size(); ++i) {
            visit(node.items[i], Path(path, i));
        }
        for (Entry& entry : node.entries) {
            if (!(path.is_root() && entry.key.starts_with("x-"))) {
                visit(entry.value, Path(path, entry.key));
            }
        }
    }

  private:
    void fill_in(Node& node, const Path& path) {
        Interpolated filled = interpolate(node.text, lookup_);
        node.faulty = node.faulty || !filled.problems.empty();
        for (const TextProblem& problem : filled.problems) {
            report_.error(place_in(node, problem.offset), path.text(), problem.message,
                          problem.hint);
        }
        grown_ += filled.text.size();
        if (grown_ > kMaxTreeText) {
            report_.error(node.at, path.text(),
                          concat({"the manifest is larger than ", kMaxTreeText >> 20,
                                  " MiB with its variables filled in"}),
                          "use shorter variables, or fewer");
            filled.text.clear();
            node.faulty = true;
        }
        if (filled.text != node.text) {
            node.text = std::move(filled.text);
            node.verbatim = false;
        }
    }

    Report& report_;
    Lookup lookup_;
    std::size_t grown_ = 0;
};

}  // namespace

Interpolated interpolate(std::string_view text, const Lookup& lookup) {
    Interpolation interpolation(lookup);
    std::string out = interpolation.expand(text, 0, 0);
    return {std::move(out), std::move(interpolation.problems)};
}

void interpolate_tree(Node& root, const Environment& environment, Report& report) {
    TreeWalk(environment, report).visit(root, Path());
}

}  // namespace gosv::manifest
