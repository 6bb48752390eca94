#pragma once
// How a scalar stands in the source: what a YAML parser knows and yaml-cpp's events do not tell.
// yaml-cpp 0.7 takes a quote that is never closed for the rest of the file; this is what finds it.
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gosv::manifest {

struct ScalarForm {
    enum class Style : std::uint8_t { plain, single_quoted, double_quoted, block };
    Style style = Style::plain;
    std::size_t begin = 0;  // of the text: behind anchor, tag and opening quote
    bool closed = true;     // false: a quote that nothing closes
};

// The scalar that begins at `offset`, where its anchor or tag begins if it has one.
ScalarForm scalar_form(std::string_view source, std::size_t offset) noexcept;

}  // namespace gosv::manifest
