#pragma once
// ${VAR} in string values, as docker compose has it:
//   ${VAR}                        its value; unset is an error (compose: a warning)
//   ${VAR:-text}  ${VAR-text}     text when VAR is unset or empty / unset
//   ${VAR:+text}  ${VAR+text}     text when VAR is set and not empty / set, else nothing
//   ${VAR:?text}  ${VAR?text}     an error that says text when VAR is unset or empty / unset
//   $$                            one $
// `text` may hold ${...} again and is looked at only when it is used. $VAR without braces and a
// lone $ stay as they are: in a manifest they are mostly meant for a shell. A value is never looked
// at again, neither for ${...} nor as YAML.
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gosv/manifest/manifest.hpp"
#include "report.hpp"
#include "text_problem.hpp"
#include "tree.hpp"

namespace gosv::manifest {

using Lookup = std::function<std::optional<std::string_view>(std::string_view name)>;

struct Interpolated {
    std::string text;
    std::vector<TextProblem> problems;
};

Interpolated interpolate(std::string_view text, const Lookup& lookup);

// Every string value of the tree; not keys, and nothing below a top-level `x-` key (what an anchor
// there stands for is interpolated where its alias uses it).
void interpolate_tree(Node& root, const Environment& environment, Report& report);

}  // namespace gosv::manifest
