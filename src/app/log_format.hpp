#pragma once
// How a log line looks, as text and as JSON. Pure: the time is handed in.
#include <cstdint>
#include <span>
#include <string_view>

#include "app/line_writer.hpp"
#include "gosv/app/log.hpp"

namespace gosv::app {

// Milliseconds since 1970-01-01T00:00:00Z.
using WallTime = std::int64_t;

// One whole line with its newline, in `buffer`. What does not fit is cut in the variable text,
// never in the structure: JSON stays valid.
std::string_view format_line(const LogLine& line, LogFormat format, WallTime time,
                             std::span<char> buffer) noexcept;

std::string_view name(LogLevel level) noexcept;

// 2026-01-31T09:08:07.006Z
void put_time(LineWriter& out, WallTime time) noexcept;

}  // namespace gosv::app
