#pragma once
// capabilities(7): the names without CAP_; the index is the number.
#include <optional>
#include <span>
#include <string_view>

namespace gosv::manifest {

std::span<const std::string_view> capability_names() noexcept;
std::optional<unsigned> capability_number(std::string_view name) noexcept;

}  // namespace gosv::manifest
