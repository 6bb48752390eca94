#include "shell_script.hpp"

#include <algorithm>
#include <string_view>

#include "daemons.hpp"

namespace gosv::manifest {

namespace {

constexpr std::string_view kReserved[] = {
    "if",  "then", "else", "elif",     "fi",     "do", "done", "case", "esac", "while", "until",
    "for", "{",    "}",    "function", "select", "!",  "[[",   "trap", "time", "coproc"};

constexpr std::string_view kBuiltins[] = {
    ".",        ":",        "[",       "alias",  "bg",    "break",   "cd",     "chdir",  "command",
    "continue", "declare",  "echo",    "eval",   "exec",  "exit",    "export", "false",  "fc",
    "fg",       "getopts",  "hash",    "jobs",   "kill",  "let",     "local",  "printf", "pwd",
    "read",     "readonly", "return",  "set",    "shift", "shopt",   "source", "test",   "times",
    "true",     "type",     "typeset", "ulimit", "umask", "unalias", "unset",  "wait"};

template <std::size_t N>
bool is_among(const std::string_view (&words)[N], std::string_view word) noexcept {
    return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

bool is_assignment(std::string_view word) noexcept {
    const std::size_t equals = word.find('=');
    return equals != word.npos && equals > 0 &&
           std::all_of(word.begin(), word.begin() + static_cast<std::ptrdiff_t>(equals),
                       [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                  (c >= '0' && c <= '9') || c == '_';
                       });
}

// One pass over the text. `false` of any step: this is more than simple commands.
class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}

    bool read() {
        while (at_ < text_.size()) {
            if (!step()) {
                return false;
            }
        }
        end_command();
        return std::none_of(commands.begin(), commands.end(), [](const auto& words) {
            const std::string& first = words.front();
            return is_among(kReserved, first) || first.find_first_of("<>") != first.npos;
        });
    }

    std::vector<std::vector<std::string>> commands;

  private:
    char next(std::size_t ahead = 1) const noexcept {
        return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
    }

    bool step() {
        const char c = text_[at_];
        switch (c) {
            case ' ':
            case '\t':
                end_word();
                ++at_;
                return true;
            case ';':
            case '\n':
                end_command();
                ++at_;
                return c != ';' || next(0) != ';';
            case '&':
                return ampersand();
            case '\'':
                return single_quotes();
            case '"':
                return double_quotes();
            case '\\':
                return backslash();
            case '$':
                return dollar();
            case '#':
                if (!in_word_) {
                    return false;
                }
                break;
            case '<':
                if (next() == '<') {
                    return false;
                }
                break;
            case '|':
            case '(':
            case ')':
            case '`':
                return false;
            default:
                break;
        }
        add(c);
        ++at_;
        return true;
    }

    bool ampersand() {
        if (next() == '&') {
            end_command();
            at_ += 2;
            return true;
        }
        // 2>&1
        if (!word_.empty() && (word_.back() == '>' || word_.back() == '<')) {
            add('&');
            ++at_;
            return true;
        }
        return false;
    }

    bool single_quotes() {
        const std::size_t close = text_.find('\'', at_ + 1);
        if (close == text_.npos) {
            return false;
        }
        in_word_ = true;
        word_ += text_.substr(at_ + 1, close - at_ - 1);
        at_ = close + 1;
        return true;
    }

    bool double_quotes() {
        in_word_ = true;
        for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (text_[at_] == '`' || (text_[at_] == '$' && next() == '(')) {
                return false;
            }
            if (text_[at_] == '\\') {
                ++at_;
            }
            if (at_ < text_.size()) {
                word_ += text_[at_];
            }
        }
        ++at_;
        return at_ <= text_.size();
    }

    bool backslash() {
        if (next() == '\0') {
            return false;
        }
        if (next() != '\n') {
            add(next());
        }
        at_ += 2;
        return true;
    }

    bool dollar() {
        if (next() == '(' || next() == '\'') {
            return false;
        }
        if (next() != '{') {
            add('$');
            ++at_;
            return true;
        }
        const std::size_t close = text_.find('}', at_);
        const std::string_view whole =
            text_.substr(at_, close == text_.npos ? close : close - at_ + 1);
        if (close == text_.npos || whole.find_first_of("\"'`(\\ ") != whole.npos) {
            return false;
        }
        in_word_ = true;
        word_ += whole;
        at_ = close + 1;
        return true;
    }

    void add(char c) {
        in_word_ = true;
        word_ += c;
    }

    void end_word() {
        if (in_word_) {
            words_.push_back(std::move(word_));
        }
        word_.clear();
        in_word_ = false;
    }

    void end_command() {
        end_word();
        if (!words_.empty()) {
            commands.push_back(std::move(words_));
        }
        words_.clear();
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string word_;
    bool in_word_ = false;
    std::vector<std::string> words_;
};

}  // namespace

std::optional<ShellCall> shell_call(std::span<const std::string> argv) {
    if (argv.empty()) {
        return std::nullopt;
    }
    const std::string_view shell = program_name(argv[0]);
    const bool dash = shell == "sh" || shell == "dash";
    if (!dash && shell != "bash" && shell != "ash") {
        return std::nullopt;
    }
    bool command = false;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        const bool option = word.size() > 1 && word[0] == '-';
        if (!option) {
            return command ? std::optional(ShellCall{word, dash}) : std::nullopt;
        }
        if (word.find_first_of("os", 1) != word.npos) {
            return std::nullopt;  // takes a word, or reads its commands elsewhere
        }
        command = command || word.find('c', 1) != word.npos;
    }
    return std::nullopt;
}

std::optional<std::vector<std::vector<std::string>>> simple_commands(const std::string& script) {
    Reader reader(script);
    if (!reader.read()) {
        return std::nullopt;
    }
    return std::move(reader.commands);
}

std::optional<WaitedFor> waited_for(const std::string& script) {
    auto commands = simple_commands(script);
    if (!commands || commands->empty()) {
        return std::nullopt;
    }
    std::vector<std::string>& words = commands->back();
    const auto program = std::find_if_not(
        words.begin(), words.end(), [](const std::string& word) { return is_assignment(word); });
    if (program == words.end() || is_among(kBuiltins, *program) || is_among(kReserved, *program)) {
        return std::nullopt;
    }
    const bool alone = commands->size() == 1 && program == words.begin() &&
                       script.find_first_of("$~*?[{<>\\\n") == script.npos;
    words.erase(words.begin(), program);
    return WaitedFor{std::move(words), alone};
}

}  // namespace gosv::manifest
