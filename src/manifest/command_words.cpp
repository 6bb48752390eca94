#include "command_words.hpp"

#include <utility>

#include "shell_words.hpp"

namespace gosv::manifest {

bool append_arguments(const Field& field, std::vector<std::string>& out) {
    if (field.node.kind != Node::Kind::list) {
        field.expected("a list", field.node.kind == Node::Kind::scalar
                                     ? "write it in brackets: [one, two]"
                                     : "");
        return false;
    }
    bool all = true;
    out.reserve(out.size() + field.node.items.size());
    for (std::size_t i = 0; i < field.node.items.size(); ++i) {
        const Field item = field.item(i);
        if (item.node.kind == Node::Kind::null) {
            item.error("an argument is missing or null",
                       "write \"\" for an empty one, and quotes "
                       "around the word null");
            all = false;
            continue;
        }
        const std::string* const text = as_text(item, "an argument");
        all = all && text != nullptr;
        out.push_back(text != nullptr ? *text : "");
    }
    return all;
}

std::vector<std::string> split_command(const Node& text, Position at, const Path& path,
                                       Report& report) {
    ShellWords split = split_shell_words(text.text);
    for (const TextProblem& problem : split.problems) {
        const Position place = place_in(text, problem.offset);
        if (problem.warning) {
            report.warning(place, path.text(), problem.message, problem.hint);
        } else {
            report.error(place, path.text(), problem.message, problem.hint);
        }
    }
    if (split.problems.empty() && (split.words.empty() || split.words.front().empty())) {
        report.error(at, path.text(), "the command names no program", kNoCommand);
    }
    return std::move(split.words);
}

std::optional<std::vector<std::string>> as_command(const Field& field) {
    std::vector<std::string> words;
    if (field.node.kind == Node::Kind::list) {
        if (!append_arguments(field, words)) {
            return std::nullopt;
        }
        if (!words.empty() && words.front().empty()) {
            field.error("the command names no program", "write it like [program, argument]");
            return std::nullopt;
        }
        return words;
    }
    if (!as_word(field, "a list or a string")) {
        return std::nullopt;
    }
    return split_command(field.node, field.at(), field.path, field.context.report);
}

}  // namespace gosv::manifest
