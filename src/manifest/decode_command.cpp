// What runs: the program, its arguments and where it runs.
#include <utility>

#include "decoders.hpp"
#include "gosv/base/parse.hpp"
#include "path.hpp"
#include "quote.hpp"
#include "shell_words.hpp"

namespace gosv::manifest::decode {

namespace {

constexpr Choice<ServiceType> kTypes[] = {
    {"simple", ServiceType::simple},
    {"oneshot", ServiceType::oneshot},
};

constexpr Choice<StdinMode> kStdinModes[] = {
    {"null", StdinMode::null},
    {"inherit", StdinMode::inherit},
};

constexpr std::string_view kNoCommand = "write command: [program, argument]";

// Would the hint for this unknown key be "did you mean 'command'?"
bool names_command(std::string_view key) {
    std::vector<std::string_view> names;
    for (const Key<ServiceDraft>& known : service_keys()) {
        if (known.name == key) {
            return false;
        }
        names.push_back(known.name);
    }
    if (const ForeignKey* const foreign = find_foreign_key(Section::service, key)) {
        return foreign->hint.find("'command'") != std::string_view::npos;
    }
    return nearest_name(key, names.data(), names.size()) == "command";
}

// The elements of argv; an argument may be empty, and a number is text as it is written.
bool append_arguments(const Field& field, std::vector<std::string>& out) {
    if (field.node.kind != Node::Kind::list) {
        field.expected("a list", field.node.kind == Node::Kind::scalar
                                     ? "write it in brackets: [one, two]"
                                     : "");
        return false;
    }
    bool all = true;
    for (std::size_t i = 0; i < field.node.items.size(); ++i) {
        const Field item = field.item(i);
        if (item.node.kind == Node::Kind::null) {
            item.error("an argument is missing or null",
                       "write \"\" for an empty one, and quotes "
                       "around the word null");
            all = false;
            continue;
        }
        auto text = as_text(item, "an argument");
        all = all && text;
        out.push_back(std::move(text).value_or(""));
    }
    return all;
}

// A misspelt `command` has been reported as such; that it is missing too would be noise.
bool is_misspelt(const Field& service) {
    for (const Entry& entry : service.node.entries) {
        if (service.context.report.full() || names_command(entry.key)) {
            return true;
        }
    }
    return false;
}

void split_program(const Field& field, ServiceDraft& draft) {
    ShellWords split = split_shell_words(*draft.program);
    for (TextProblem& problem : split.problems) {
        const Position at = place_in(draft.program_node, problem.offset);
        Report& report = field.context.report;
        const std::string path = child_path(field.path, "command");
        if (problem.warning) {
            report.warning(at, path, std::move(problem.message), std::move(problem.hint));
        } else {
            report.error(at, path, std::move(problem.message), std::move(problem.hint));
        }
    }
    if (split.problems.empty() && (split.words.empty() || split.words.front().empty())) {
        field.context.report.error(draft.program_at, child_path(field.path, "command"),
                                   "the command names no program", std::string(kNoCommand));
    }
    draft.service.argv = std::move(split.words);
}

}  // namespace

void command(const Field& field, ServiceDraft& draft) {
    draft.program.reset();
    draft.command.clear();
    draft.program_at = field.at();
    if (field.node.kind == Node::Kind::list) {
        if (append_arguments(field, draft.command) &&
            (draft.command.empty() || draft.command.front().empty())) {
            field.error("the command names no program", std::string(kNoCommand));
        }
        return;
    }
    draft.program = as_word(field, "a list or a string");
    draft.program_node = field.node;
}

void args(const Field& field, ServiceDraft& draft) {
    draft.args.clear();
    append_arguments(field, draft.args);
}

void join_command(const Field& service, ServiceDraft& draft) {
    Service& out = draft.service;
    out.command_at = draft.has("command") ? draft.program_at : out.at;
    if (!draft.has("command") && is_misspelt(service)) {
        return;
    }
    if (!draft.has("command")) {
        service.context.report.error(out.at, service.path,
                                     "the service " + quote(out.name) + " has no command",
                                     std::string(kNoCommand));
        return;
    }
    if (!draft.program) {
        out.argv = draft.command;
    } else if (!draft.has("args")) {
        split_program(service, draft);
        return;
    } else {
        out.argv = {*draft.program};
        if (draft.program->find_first_of(" \t\n") != std::string::npos) {
            service.context.report.warning(
                draft.program_at, child_path(service.path, "command"),
                "with `args` the command is the program alone, blanks and all",
                "write command: [program, argument], or move the arguments to `args`");
        }
    }
    out.argv.insert(out.argv.end(), draft.args.begin(), draft.args.end());
}

void enabled(const Field& field, ServiceDraft& draft) {
    draft.enabled = as_boolean(field).value_or(draft.enabled);
}

void type(const Field& field, ServiceDraft& draft) {
    if (field.node.text == "notify") {
        field.error("'notify' is not yet supported",
                    "use simple: the service counts as started when "
                    "its program runs");
        return;
    }
    if (field.node.text == "forking") {
        field.error("a service cannot be 'forking'",
                    "tell the program to stay in the foreground: what is watched is its process");
        return;
    }
    draft.service.type = as_choice(field, kTypes).value_or(draft.service.type);
}

void working_dir(const Field& field, ServiceDraft& draft) {
    draft.service.working_dir = as_word(field, "a path");
}

void umask(const Field& field, ServiceDraft& draft) {
    const auto text = as_text(field, "an octal mode");
    if (!text) {
        return;
    }
    draft.service.umask = parse_octal_mode(*text);
    if (!draft.service.umask) {
        field.expected("an octal mode", "write it like umask(1) takes it: 022, at most 0777");
    }
}

void stdin_mode(const Field& field, ServiceDraft& draft) {
    draft.service.stdin_mode = field.node.kind == Node::Kind::null
                                   ? StdinMode::null
                                   : as_choice(field, kStdinModes).value_or(StdinMode::null);
}

void tty(const Field& field, ServiceDraft& draft) {
    draft.service.tty = as_boolean(field).value_or(draft.service.tty);
}

}  // namespace gosv::manifest::decode
