#pragma once
// An env_file, as docker compose reads it. A line is one of
//   NAME=value      blanks around both are dropped; ` #` begins a comment
//   NAME='value'    as it stands, over several lines if need be
//   NAME="value"    likewise, with \n \r \t \" \\ \$ and, as without quotes, ${VAR}
//   (interpolate.hpp) NAME            from gosv's own environment; removed when it is not there #
//   comment
// each with or without `export ` in front. ${VAR} finds gosv's environment first, then what stands
// above it in the file. A name that comes twice has the last value.
#include <string_view>
#include <vector>

#include "gosv/manifest/manifest.hpp"
#include "text_problem.hpp"

namespace gosv::manifest {

struct EnvFile {
    EnvironmentChanges changes;
    std::vector<TextProblem> problems;
};

// Precondition: text has passed find_bad_text.
EnvFile parse_env_file(std::string_view text, const Environment& environment);

// What is wrong with a variable's name; "" when nothing is.
std::string_view variable_name_problem(std::string_view name) noexcept;

}  // namespace gosv::manifest
