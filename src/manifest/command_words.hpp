#pragma once
// What programs are written as, wherever the manifest names one: a list is argv as it stands, a
// string is split into words without a shell (shell_words.hpp).
#include <optional>
#include <string>
#include <vector>

#include "field.hpp"

namespace gosv::manifest {

inline constexpr std::string_view kNoCommand = "write command: [program, argument]";

// The elements of a list; an argument may be empty, and a number is text as it is written. False
// when something was wrong, which has been reported.
bool append_arguments(const Field& field, std::vector<std::string>& out);

// The words of a string. What is wrong with it is reported under `path`.
std::vector<std::string> split_command(const Node& text, Position at, const Path& path,
                                       Report& report);

// Either form. An empty list is an empty command; nullopt when something was wrong.
std::optional<std::vector<std::string>> as_command(const Field& field);

}  // namespace gosv::manifest
