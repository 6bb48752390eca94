#include "shell_words.hpp"

#include <cstddef>

#include "gosv/base/concat.hpp"

namespace gosv::manifest {

namespace {

constexpr std::string_view kUseShell =
    "no shell runs this: write command: [/bin/sh, -c, \"...\"], or quote the character";

bool is_blank(char c) noexcept {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool begins_name(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

// Nothing but itself, wherever it stands behind the first character of a word.
bool is_plain(char c) noexcept {
    return begins_name(c) || (c >= '-' && c <= '9');  // - . / and digits
}

class Splitter {
  public:
    explicit Splitter(std::string_view text) : text_(text) {}

    ShellWords split() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (is_blank(c)) {
                end_word();
                check_line_end(c);
                ++at_;
            } else if (c == '\'') {
                single_quoted();
            } else if (c == '"') {
                double_quoted();
            } else if (c == '\\') {
                backslash();
            } else {
                bare(c);
            }
        }
        end_word();
        return std::move(result_);
    }

  private:
    void fail(std::size_t offset, std::string_view message, std::string_view hint,
              bool warning = false) {
        result_.problems.push_back({offset, std::string(message), std::string(hint), warning});
    }

    void begin_word() noexcept { in_word_ = true; }

    void end_word() {
        if (in_word_) {
            result_.words.push_back(std::move(word_));
        }
        word_.clear();
        in_word_ = false;
    }

    void check_line_end(char c) {
        if (c == '\n' && !result_.words.empty() && !second_line_ &&
            text_.find_first_not_of(" \t\r\n", at_) != std::string_view::npos) {
            second_line_ = true;
            fail(
                at_ + 1, "the command has a second line",
                "no shell runs this: write command: [/bin/sh, -c, \"...\"] for a script; > instead "
                "of | makes one line of several");
        }
    }

    void single_quoted() {
        begin_word();
        const std::size_t close = text_.find('\'', at_ + 1);
        if (close == std::string_view::npos) {
            unbalanced("'");
            return;
        }
        word_ += text_.substr(at_ + 1, close - at_ - 1);
        at_ = close + 1;
    }

    void double_quoted() {
        begin_word();
        const std::size_t open = at_++;
        while (at_ < text_.size() && text_[at_] != '"') {
            const char c = text_[at_];
            const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
            if (c == '\\' && (next == '"' || next == '\\' || next == '$' || next == '`')) {
                word_ += next;
                at_ += 2;
            } else if (c == '\\' && next == '\n') {
                at_ += 2;
            } else {
                check_expansion(c, next);
                word_ += c;
                ++at_;
            }
        }
        if (at_ == text_.size()) {
            at_ = open;
            unbalanced("\"");
            return;
        }
        ++at_;
    }

    void backslash() {
        if (at_ + 1 == text_.size()) {
            fail(at_, "the backslash at the end has nothing to quote", "remove it, or write \\\\");
            ++at_;
            return;
        }
        if (text_[at_ + 1] != '\n') {
            begin_word();
            word_ += text_[at_ + 1];
        }
        at_ += 2;
    }

    void bare(char c) {
        constexpr std::string_view kOperators = "|;&<>()";
        const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (kOperators.find(c) != std::string_view::npos && !operator_told_) {
            operator_told_ = true;
            fail(at_, concat({"the command has a '", c, "', which only a shell understands"}),
                 kUseShell);
        }
        if (c == '=' && result_.words.empty() && is_name(word_)) {
            fail(at_ - word_.size(), "the command begins with a variable, as only a shell allows",
                 "put it into `environment`");
        }
        check_expansion(c, next);
        begin_word();
        std::size_t end = at_ + 1;
        while (end < text_.size() && is_plain(text_[end])) {
            ++end;
        }
        word_ += text_.substr(at_, end - at_);
        at_ = end;
    }

    static bool is_name(std::string_view word) noexcept {
        if (word.empty() || !begins_name(word.front())) {
            return false;
        }
        for (const char c : word) {
            if (!begins_name(c) && !(c >= '0' && c <= '9')) {
                return false;
            }
        }
        return true;
    }

    void check_expansion(char c, char next) {
        if (c == '`' || (c == '$' && next == '(')) {
            if (operator_told_) {
                return;
            }
            operator_told_ = true;
            fail(at_,
                 c == '`' ? "the command has a '`', which only a shell understands"
                          : "the command has a '$(', which only a shell understands",
                 kUseShell);
        } else if (c == '$' && begins_name(next)) {
            fail(at_, "the program gets this '$' as it stands: no shell expands it",
                 "write ${VAR} for a variable of gosv's environment, or '...' around it if it is "
                 "meant so",
                 true);
        }
    }

    void unbalanced(const char* sign) {
        fail(at_, concat({"the quote ", sign, " is never closed"}),
             "close it, or write the command as a list");
        at_ = text_.size();
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string word_;
    bool in_word_ = false;
    bool second_line_ = false;
    bool operator_told_ = false;  // one such problem a command tells enough
    ShellWords result_;
};

}  // namespace

ShellWords split_shell_words(std::string_view text) {
    return Splitter(text).split();
}

}  // namespace gosv::manifest
