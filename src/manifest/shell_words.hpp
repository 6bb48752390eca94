#pragma once
// Splits a command line into words as a POSIX shell does: blanks separate, '...' takes everything
// as it stands, "..." knows \" \\ \$ \` and \newline, a backslash outside quotes takes the next
// character as it stands. There is no shell: nothing is expanded. What a shell would act on (pipes,
// redirections, ;, &, command substitution, VAR=value in front, a second line) is therefore an
// error, not an argument; $NAME is a warning, since it reaches the program as it stands.
#include <string>
#include <string_view>
#include <vector>

#include "text_problem.hpp"

namespace gosv::manifest {

struct ShellWords {
    std::vector<std::string> words;
    std::vector<TextProblem> problems;
};

ShellWords split_shell_words(std::string_view text);

}  // namespace gosv::manifest
