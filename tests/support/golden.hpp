#pragma once
// Golden files: what a program says, kept beside its input. With GOSV_UPDATE_SCENARIOS=1 in the
// environment they are rewritten instead of compared: the difference that version control then
// shows is the change of behaviour to review.
#include <optional>
#include <string>

namespace gosv::test {

// The whole of a file; nullopt (and a line on stdout) when it cannot be read.
std::optional<std::string> read_whole(const std::string& path);

// Compares `text` with the file and prints the first difference; `who` is who says it differently.
// True when they are the same, or the file has been rewritten.
bool matches_golden(const std::string& path, const std::string& text, const char* who);

}  // namespace gosv::test
