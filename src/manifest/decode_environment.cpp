// environment and env_file, of a service and of the top level.
#include <utility>

#include "bounds.hpp"
#include "copies.hpp"
#include "decoders.hpp"
#include "env_file.hpp"
#include "file_text.hpp"
#include "gosv/base/concat.hpp"
#include "name_index.hpp"
#include "quote.hpp"
#include "source.hpp"

namespace gosv::manifest::decode {

namespace {

bool name_is_fine(const Field& field, Position at, std::string_view name) {
    const std::string_view problem = variable_name_problem(name);
    if (!problem.empty()) {
        field.error_at(at, concat({problem, name.empty() ? "" : concat({": ", quote(name)})}),
                       "write NAME: value, or - NAME=value in a list");
    }
    return problem.empty();
}

void add(const Field& field, std::string name, std::optional<std::string> value,
         EnvironmentChanges& changes) {
    if (value && name.size() + value->size() + 1 > kMaxString) {
        field.error(concat({quote(name), " is longer than ", kMaxString, " bytes"}),
                    "the kernel takes no longer variable (execve(2)): put it into a file");
        return;
    }
    changes.emplace_back(std::move(name), std::move(value));
}

void from_map(const Field& field, EnvironmentChanges& changes) {
    for (const Entry& entry : field.node.entries) {
        const Field variable = field.entry(entry);
        if (!name_is_fine(variable, variable.key_at, entry.key)) {
            continue;
        }
        if (variable.node.kind == Node::Kind::null) {
            add(variable, entry.key, std::nullopt, changes);
        } else if (const auto* const value = as_text(variable, "text, a number or null")) {
            add(variable, entry.key, *value, changes);
        }
    }
}

void from_list(const Field& field, EnvironmentChanges& changes) {
    NameIndex first;
    for (std::size_t i = 0; i < field.node.items.size(); ++i) {
        const Field item = field.item(i);
        if (item.node.kind == Node::Kind::map) {
            item.error("expected NAME=value, not a mapping",
                       "write - NAME=value, or the whole of `environment` as a mapping");
            continue;
        }
        const auto* const text = as_text(item, "NAME=value");
        if (text == nullptr) {
            continue;
        }
        const std::size_t equals = text->find('=');
        const std::string_view name = std::string_view(*text).substr(0, equals);
        if (!name_is_fine(item, item.at(), name)) {
            continue;
        }
        if (const std::size_t seen = first.add(name, i); seen != i) {
            const Position at = field.item(seen).at();
            item.error(concat({"the variable ", quote(name), " stands twice in this list"}),
                       concat({"it is already at line ", at.line, ", column ", at.column,
                               ": keep one of the two"}));
            continue;
        }
        if (equals != std::string::npos) {
            add(item, std::string(name), text->substr(equals + 1), changes);
            continue;
        }
        const auto inherited = field.context.environment.find(name);
        add(item, std::string(name),
            inherited ? std::optional(std::string(*inherited)) : std::nullopt, changes);
    }
}

// Reads a file once, however many services name it.
const EnvironmentChanges& read_once(const Field& field, const std::string& name, bool required) {
    Context& context = field.context;
    const bool absolute = name.starts_with('/') || context.folder.empty();
    const std::string path = absolute ? name : concat({context.folder, "/", name});
    const auto [cached, fresh] = context.env_files.try_emplace(path);
    if (!fresh) {
        return cached->second;
    }
    FileText file = read_file_text(path, kMaxFileSize);
    if (!file.message.empty()) {
        if (required || !file.missing) {
            field.error(concat({quote(path), " ", file.message}), file.hint);
        }
        return cached->second;
    }
    strip_byte_order_mark(file.text);
    std::vector<TextProblem> problems;
    if (auto bad = find_bad_text(file.text)) {
        problems.push_back(*std::move(bad));
    } else {
        EnvFile parsed = parse_env_file(file.text, context.environment);
        problems = std::move(parsed.problems);
        cached->second = std::move(parsed.changes);
    }
    const Source source(file.text);
    for (const TextProblem& problem : problems) {
        context.report.error_in_file(field.at(), field.path.text(), path,
                                     source.position(problem.offset), problem.message,
                                     problem.hint);
    }
    return cached->second;
}

void one_env_file(const Field& field, EnvironmentChanges& changes) {
    std::optional<std::string> name;
    bool required = true;
    if (field.node.kind == Node::Kind::map) {  // compose's long form
        for (const Entry& entry : field.node.entries) {
            const Field value = field.entry(entry);
            if (entry.key == "path") {
                name = as_word(value, "a path");
            } else if (entry.key == "required") {
                required = as_boolean(value).value_or(true);
            } else {
                constexpr std::string_view kKnown[] = {"path", "required"};
                value.error_at(value.key_at,
                               concat({"unknown key ", quote(entry.key), " in env_file"}),
                               nearest_hint(entry.key, kKnown, "the keys are path, required"));
            }
        }
        if (find(field.node, "path") == nullptr) {
            field.error("the path is missing", "write {path: FILE, required: false}");
        }
    } else {
        name = as_word(field, "a path");
    }
    if (!name || field.context.copies_refused) {
        return;
    }
    const EnvironmentChanges& read = read_once(field, *name, required);
    if (may_copy(field, copy_size(read))) {
        changes.insert(changes.end(), read.begin(), read.end());
    }
}

}  // namespace

void environment_changes(const Field& field, EnvironmentChanges& changes) {
    if (field.node.kind == Node::Kind::map) {
        from_map(field, changes);
    } else if (field.node.kind == Node::Kind::list) {
        from_list(field, changes);
    } else {
        field.expected("a mapping or a list");
    }
}

void env_file_changes(const Field& field, EnvironmentChanges& changes) {
    changes.clear();
    if (field.node.kind != Node::Kind::list) {
        one_env_file(field, changes);
        return;
    }
    for (std::size_t i = 0; i < field.node.items.size(); ++i) {
        one_env_file(field.item(i), changes);
    }
}

void environment(const Field& field, ServiceDraft& draft) {
    environment_changes(field, draft.environment);
}

void env_file(const Field& field, ServiceDraft& draft) {
    env_file_changes(field, draft.from_files);
}

}  // namespace gosv::manifest::decode
