#include "gosv/app/check.hpp"

#include <algorithm>
#include <vector>

#include "app/excerpt.hpp"
#include "app/line_writer.hpp"
#include "gosv/base/concat.hpp"

namespace gosv::app {

namespace {

using manifest::Diagnostic;
using manifest::Diagnostics;

std::string_view name(Diagnostic::Severity severity) noexcept {
    switch (severity) {
        case Diagnostic::Severity::error:
            return "error";
        case Diagnostic::Severity::warning:
            return "warning";
    }
    return "?";
}

// A user's text among ours: no control character reaches the terminal.
std::string visible(std::string_view text) {
    constexpr std::size_t kLongestEscape = 4;
    std::vector<char> buffer(text.size() * kLongestEscape);
    LineWriter writer(buffer);
    writer.visible(text);
    return std::string(writer.view());
}

std::string json_string(std::string_view text) {
    constexpr std::size_t kLongestEscape = 6;
    std::vector<char> buffer(text.size() * kLongestEscape);
    LineWriter writer(buffer);
    writer.json_text(text);
    std::string quoted = "\"";
    quoted += writer.view();
    return quoted + '"';
}

class Lines {
  public:
    explicit Lines(std::string_view text) : text_(text) {
        for (std::size_t start = 0; start < text.size();) {
            starts_.push_back(start);
            start = std::min(text.find('\n', start), text.size() - 1) + 1;
        }
    }

    bool has(int number) const noexcept {
        return number > 0 && static_cast<std::size_t>(number) <= starts_.size();
    }

    // From 1, without its end.
    std::string_view operator[](int number) const noexcept {
        const std::size_t start = starts_[static_cast<std::size_t>(number) - 1];
        std::string_view line = text_.substr(start, text_.find('\n', start) - start);
        if (!line.empty() && line.back() == '\r') {
            line.remove_suffix(1);
        }
        return line;
    }

  private:
    std::string_view text_;
    std::vector<std::size_t> starts_;
};

std::string place(const Diagnostic& problem, std::string_view file) {
    std::string text = visible(problem.file.empty() ? file : problem.file);
    if (problem.at.line > 0) {
        append_to(text, {":", problem.at.line});
        if (problem.at.column > 0) {
            append_to(text, {":", problem.at.column});
        }
    }
    return text;
}

std::string counted(std::size_t count, const char* what) {
    return concat({count, " ", what, count == 1 ? "" : "s"});
}

std::string summary(const Diagnostics& diagnostics) {
    std::size_t errors = 0;
    for (const Diagnostic& each : diagnostics) {
        errors += each.severity == Diagnostic::Severity::error ? 1 : 0;
    }
    const std::size_t warnings = diagnostics.size() - errors;
    std::string text = errors > 0 ? counted(errors, "error") : "";
    if (warnings > 0) {
        text += (errors > 0 ? ", " : "") + counted(warnings, "warning");
    }
    return concat({text, "\n"});
}

}  // namespace

void make_strict(Diagnostics& diagnostics) noexcept {
    for (Diagnostic& each : diagnostics) {
        each.severity = Diagnostic::Severity::error;
    }
}

std::string render_text(const Diagnostics& diagnostics, std::string_view source,
                        std::string_view file) {
    if (diagnostics.empty()) {
        return "";
    }
    const Lines lines(source);
    std::string text;
    for (const Diagnostic& each : diagnostics) {
        append_to(text, {place(each, file), ": "});
        text += name(each.severity);
        append_to(text, {": ", visible(each.message), "\n"});
        if (each.file.empty() && lines.has(each.at.line)) {
            const Excerpt excerpt = make_excerpt(
                lines[each.at.line], static_cast<std::size_t>(std::max(each.at.column, 1)));
            append_to(text, {excerpt.line, "\n", excerpt.marker, "\n"});
        }
        if (!each.hint.empty()) {
            append_to(text, {"hint: ", visible(each.hint), "\n"});
        }
    }
    return text + summary(diagnostics);
}

std::string render_json(const Diagnostics& diagnostics, std::string_view file) {
    std::string text = concat({"{\"file\":", json_string(file), ",\"valid\":"});
    text += has_errors(diagnostics) ? "false" : "true";
    text += ",\"diagnostics\":[";
    for (const Diagnostic& each : diagnostics) {
        text += &each == &diagnostics.front() ? "" : ",";
        append_to(text, {"{\"severity\":", json_string(name(each.severity))});
        if (!each.file.empty()) {
            append_to(text, {",\"file\":", json_string(each.file)});
        }
        append_to(text, {",\"line\":", each.at.line});
        append_to(text, {",\"column\":", each.at.column});
        append_to(text, {",\"path\":", json_string(each.path)});
        append_to(text, {",\"message\":", json_string(each.message)});
        append_to(text, {",\"hint\":", json_string(each.hint), "}"});
    }
    return concat({text, "]}\n"});
}

}  // namespace gosv::app
