#include "yaml_errors.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>

#include "gosv/base/concat.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

struct Wording {
    std::string_view complaint;  // how yaml-cpp's message begins
    std::string_view message;
    std::string_view hint;
};

constexpr std::string_view kQuoteIt = "put the text in quotes";

constexpr std::string_view kDirective = "this %-line is not understood";
constexpr std::string_view kNoDirectives = "remove it: gosv needs none";
constexpr std::string_view kTag = "this tag is not understood";
constexpr std::string_view kNoTags = "gosv needs no tags; put text that begins with ! in quotes";

constexpr Wording kWordings[] = {
    {"illegal map key", "a '?' is not expected here", "put text that begins with '? ' in quotes"},
    {"illegal block entry", "a list item is not expected here",
     "begin a list on a line of its own, below its key; put text that begins with '- ' in quotes"},
    {"end of map not found", "this does not fit the mapping that it stands in",
     "keys of one mapping begin in the same column and are followed by ':'"},
    {"end of sequence not found", "this does not fit the list that it stands in",
     "items of one list begin with '- ' in the same column"},
    {"illegal document indicator in scalar", "'---' or '...' inside a string",
     "a quote above is not closed, or the string must be indented"},
    {"illegal tab when looking for indentation", "a tab is used for indentation",
     "YAML allows only spaces there"},
    {"unexpected character in block scalar", "this cannot follow | or >",
     "write | or >, perhaps with - or + behind it, and the text on the lines below; else put the "
     "text in quotes"},
    {"cannot set zero indentation", "a block of text cannot have an indentation of 0",
     "write | or > without a digit"},
    {"cannot assign multiple anchors", "a second anchor for the same value", "keep one"},
    {"cannot assign multiple tags", "a second tag for the same value", "gosv needs no tags"},
    {"cannot assign multiple aliases", "a second alias for the same value", "keep one"},
    {"aliases can't have any content", "an alias cannot have a value, an anchor or a tag",
     "write the alias alone"},
    {"invalid unicode", "the escape stands for no character", "write the character itself"},
    {"bad character found while scanning hex", "the escape has too few hexadecimal digits",
     "write \\x41, \\u0041 or \\U00000041"},
    {"YAML directive", kDirective, kNoDirectives},
    {"bad YAML version", kDirective, kNoDirectives},
    {"YAML major version", kDirective, kNoDirectives},
    {"repeated YAML directive", kDirective, kNoDirectives},
    {"TAG directive", kDirective, kNoDirectives},
    {"repeated TAG directive", kDirective, kNoDirectives},
    {"illegal character found while scanning tag", kTag, kNoTags},
    {"tag handle with no suffix", kTag, kNoTags},
    {"end of verbatim tag", kTag, kNoTags},
};

// What begins with `*` or `&` by mistake: a glob, a shell's word.
void report_empty_name(char sign, std::size_t offset, const Source& source, Report& report) {
    const std::string_view text = source.text();
    const std::size_t found = text.rfind(sign, std::min(offset, text.size()));
    const bool alias = sign == '*';
    report.error(source.position(found == text.npos ? offset : found), {},
                 alias ? "'*' begins an alias, and no name follows"
                       : "'&' begins an anchor, and no name follows",
                 concat({kQuoteIt, " if it is no ", alias ? "alias" : "anchor"}));
}

std::string_view word_at(std::string_view text, std::size_t offset) noexcept {
    text = text.substr(std::min(offset, text.size()));
    return text.substr(0, text.find_first_of(" \t\r\n,[]{}"));
}

// "${VAR}", with its quotes, when the word is short enough to be shown.
std::string quote_example(std::string_view text, std::size_t offset) {
    const std::size_t end = text.find('}', offset);
    const bool fits = end != text.npos && end - offset < 40;
    return '"' + (fits ? std::string(text.substr(offset, end + 1 - offset)) : "${VAR}") + '"';
}

void report_unfinished_flow(std::size_t offset, TreeBuilder::OpenFlow open, const Source& source,
                            Report& report) {
    const std::string_view text = source.text();
    const bool map = open.kind == Node::Kind::map;
    const std::string what = map ? "mapping" : "list";
    const std::string closing = map ? "}" : "]";
    if (text.find_first_not_of(" \t\r\n", std::min(offset, text.size())) == text.npos) {
        report.error(open.at, {}, concat({"the ", what, " that is opened here is never closed"}),
                     concat({"close it with ", closing}));
        return;
    }
    if (offset > 0 && text.substr(offset - 1).starts_with("${")) {
        report.error(source.position(offset - 1), {},
                     "${...} in brackets or braces must be in quotes",
                     concat({"write ", quote_example(text, offset - 1)}));
        return;
    }
    report.error(
        source.position(offset), {}, concat({"expected ',' or '", closing, "' here"}),
        concat({"the ", what, " was opened at line ", open.at.line, ", column ", open.at.column}));
}

// A tab in front of the line is the cause, whatever the parser stumbled over behind it.
bool report_tab(std::size_t offset, const Source& source, Report& report) {
    const std::size_t start = source.line_start(std::min(offset, source.text().size()));
    const std::string_view line = source.text().substr(start);
    const std::string_view blank = line.substr(0, line.find_first_not_of(" \t"));
    const std::size_t tab = blank.find('\t');
    if (tab == blank.npos) {
        return false;
    }
    report.error(source.position(start + tab), {}, "a tab is used for indentation",
                 "YAML allows only spaces there");
    return true;
}

// The backslash of the escape that the parser has just read.
std::size_t escape_before(std::string_view text, std::size_t offset) noexcept {
    const std::size_t slash = text.rfind('\\', offset > 0 ? offset - 1 : 0);
    return slash == text.npos ? offset : slash;
}

// A ':' where no value can begin: text with ": " in it, or a key in a column of its own.
void report_misplaced_value(std::size_t offset, const Source& source, Report& report) {
    const std::size_t start = source.line_start(offset);
    const std::string_view before = source.text().substr(start, offset - start);
    const Position at = source.position(offset);
    if (before.find(": ") != before.npos || before.find_first_not_of(' ') == before.npos) {
        report.error(at, {}, "a ':' is not expected here", "put text that contains ': ' in quotes");
        return;
    }
    report.error(source.position(start + before.find_first_not_of(' ')), {},
                 "this key is not expected here",
                 "keys of one mapping begin in the same column; what has a value on its own line "
                 "has no keys below it");
}

bool begins_with_one_of(std::string_view complaint,
                        std::initializer_list<std::string_view> starts) noexcept {
    return std::any_of(starts.begin(), starts.end(),
                       [&](std::string_view start) { return complaint.starts_with(start); });
}

// The complaints whose wording depends on what stands at the place. False: it is none of them.
bool report_by_content(std::string_view complaint, std::size_t offset, const Source& source,
                       Report& report) {
    const std::string_view text = source.text();
    const Position at = source.position(offset);
    const std::string found =
        offset < text.size() ? quote(text.substr(offset, 1)) : "the end of the file";
    if (begins_with_one_of(complaint,
                           {"alias not found", "illegal character found while scanning alias"})) {
        report_empty_name('*', offset, source, report);
    } else if (begins_with_one_of(complaint, {"anchor not found",
                                              "illegal character found while scanning anchor"})) {
        report_empty_name('&', offset, source, report);
    } else if (complaint.starts_with("the referenced anchor is not defined")) {
        const std::string_view alias = word_at(text, offset);
        const std::string name(alias.substr(std::min<std::size_t>(1, alias.size()), 40));
        report.error(at, {}, concat({"the alias ", quote(alias), " has no anchor above it"}),
                     concat({"mark what it stands for with &", name,
                             "; put text that begins with * in quotes"}));
    } else if (complaint.starts_with("illegal map value")) {
        report_misplaced_value(offset, source, report);
    } else if (complaint.starts_with("unknown token")) {
        report.error(at, {}, concat({"a value cannot begin with ", found}), kQuoteIt);
    } else if (complaint.starts_with("illegal flow end")) {
        report.error(at, {}, concat({found, " closes nothing that is open here"}),
                     "every [ needs its ] and every { its }; put text that holds them in quotes");
    } else if (complaint.starts_with("unknown escape character")) {
        const std::size_t slash = escape_before(text, offset);
        report.error(source.position(slash), {},
                     concat({quote(text.substr(slash, 2)), " is no escape of YAML"}),
                     "in double quotes a backslash is written \\\\; in single quotes it stands for "
                     "itself");
    } else {
        return false;
    }
    return true;
}

}  // namespace

void report_yaml_error(std::string_view complaint, std::size_t offset, TreeBuilder::OpenFlow open,
                       const Source& source, Report& report) {
    const bool in_flow = open.kind != Node::Kind::null;
    if (in_flow && begins_with_one_of(complaint, {"end of map flow", "end of sequence flow"})) {
        report_unfinished_flow(offset, open, source, report);
        return;
    }
    if (!in_flow && report_tab(offset, source, report)) {
        return;
    }
    if (report_by_content(complaint, offset, source, report)) {
        return;
    }
    if (begins_with_one_of(complaint,
                           {"invalid unicode", "bad character found while scanning hex"})) {
        offset = escape_before(source.text(), offset);
    }
    for (const Wording& wording : kWordings) {
        if (complaint.starts_with(wording.complaint)) {
            report.error(source.position(offset), {}, wording.message, wording.hint);
            return;
        }
    }
    report.error(source.position(offset), {}, concat({"this is not YAML: ", quote(complaint)}),
                 "check quotes, brackets and indentation");
}

void report_second_document(std::size_t offset, const Source& source, Report& report) {
    const std::string_view rest = source.text().substr(std::min(offset, source.text().size()));
    const Position at = source.position(offset);
    if (rest.starts_with("---")) {
        report.error(at, {}, "a second document begins here",
                     "a manifest is one document: remove the '---', or split the file");
        return;
    }
    if (report_tab(offset, source, report)) {
        return;
    }
    const std::string_view above = source.text().substr(0, offset);
    if (above.find_first_not_of(" \t\r\n") == above.npos) {
        report.error(at, {}, concat({"a manifest cannot begin with ", quote(rest.substr(0, 1))}),
                     "begin with `services:`");
        return;
    }
    report.error(at, {}, "this does not belong to what stands above it",
                 "a file is one list or one mapping: check indentation and brackets");
}

void report_unsupported_tag(std::size_t offset, std::string_view tag, const Source& source,
                            Report& report) {
    constexpr std::string_view kCore = "tag:yaml.org,2002:";
    const std::string shown =
        tag.starts_with(kCore) ? concat({"!!", tag.substr(kCore.size())}) : std::string(tag);
    report.error(source.position(offset), {},
                 concat({"the tag ", quote(shown), " is not supported"}),
                 "remove it: the key decides what its value is; put text that begins with ! in "
                 "quotes");
}

}  // namespace gosv::manifest
