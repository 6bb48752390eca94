// What runs: the program, its arguments and where it runs.
#include <algorithm>
#include <iterator>
#include <utility>

#include "command_words.hpp"
#include "decoders.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/base/parse.hpp"
#include "path.hpp"
#include "quote.hpp"

namespace gosv::manifest::decode {

namespace {

constexpr Choice<ServiceType> kTypes[] = {
    {"simple", ServiceType::simple},
    {"notify", ServiceType::notify},
    {"oneshot", ServiceType::oneshot},
};

constexpr Choice<StdinMode> kStdinModes[] = {
    {"null", StdinMode::null},
    {"inherit", StdinMode::inherit},
};

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

// A misspelt `command` has been reported as such; that it is missing too would be noise.
bool is_misspelt(const Field& service) {
    for (const Entry& entry : service.node.entries) {
        if (service.context.report.full() || names_command(entry.key)) {
            return true;
        }
    }
    return false;
}

}  // namespace

void command(const Field& field, ServiceDraft& draft) {
    draft.program.reset();
    draft.command.clear();
    draft.program_at = field.at();
    if (field.node.kind == Node::Kind::list) {
        if (append_arguments(field, draft.command) &&
            (draft.command.empty() || draft.command.front().empty())) {
            field.error("the command names no program", kNoCommand);
        }
        return;
    }
    draft.program = as_word(field, "a list or a string");
    draft.program_node = &field.node;
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
        service.context.report.error(out.at, service.path.text(),
                                     concat({"the service ", quote(out.name), " has no command"}),
                                     kNoCommand);
        return;
    }
    if (!draft.program) {
        out.argv = std::move(draft.command);
    } else if (!draft.has("args")) {
        out.argv = split_command(*draft.program_node, draft.program_at,
                                 Path(service.path, "command"), service.context.report);
        return;
    } else {
        out.argv = {*draft.program};
        if (draft.program->find_first_of(" \t\n") != std::string::npos) {
            service.context.report.warning(
                draft.program_at, Path(service.path, "command").text(),
                "with `args` the command is the program alone, blanks and all",
                "write command: [program, argument], or move the arguments to `args`");
        }
    }
    std::move(draft.args.begin(), draft.args.end(), std::back_inserter(out.argv));
}

void enabled(const Field& field, ServiceDraft& draft) {
    draft.enabled = as_boolean(field).value_or(draft.enabled);
}

void type(const Field& field, ServiceDraft& draft) {
    if (field.node.text == "forking") {
        field.error("a service cannot be 'forking'",
                    "tell the program to stay in the foreground: what is watched is its process");
        return;
    }

    constexpr struct {
        std::string_view foreign;
        const char* hint;
    } kOthers[] = {
        {"exec", "write type: simple: a service is started when its program runs"},
        {"notify-reload", "write type: notify: signals are forwarded, and nobody waits for them"},
        {"daemon", "write type: simple, and keep the program in the foreground"},
        {"task", "write type: oneshot"},
        {"job", "write type: oneshot"},
    };

    for (const auto& each : kOthers) {
        if (field.node.text == each.foreign) {
            field.expected("one of simple, notify, oneshot", each.hint);
            return;
        }
    }
    draft.service.type = as_choice(field, kTypes).value_or(draft.service.type);
}

void working_dir(const Field& field, ServiceDraft& draft) {
    draft.service.working_dir = as_word(field, "a path");
}

void umask(const Field& field, ServiceDraft& draft) {
    const auto* const text = as_text(field, "an octal mode");
    if (text == nullptr) {
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
