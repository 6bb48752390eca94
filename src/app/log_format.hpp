#pragma once
// How a log line looks, as text and as JSON. Pure: the time is handed in.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "app/line_writer.hpp"
#include "gosv/app/log.hpp"

namespace gosv::app {

// Milliseconds since 1970-01-01T00:00:00Z.
using WallTime = std::int64_t;

// 2026-01-31T09:08:07.006Z. Lines come many in a second: what a time has in common with the one
// before it is not worked out again.
class TimeText {
  public:
    std::string_view of(WallTime time) noexcept;  // valid until the next call

  private:
    WallTime second_ = 0;
    std::size_t size_ = 0;  // 0: none yet
    char text_[40];         // the year has ten digits at most
};

// One whole line with its newline, in `buffer`; `time` as of TimeText. What does not fit is cut in
// the variable text, never in the structure: JSON stays valid.
std::string_view format_line(const LogLine& line, LogFormat format, std::string_view time,
                             std::span<char> buffer) noexcept;

std::string_view name(LogLevel level) noexcept;

void put_time(LineWriter& out, WallTime time) noexcept;

}  // namespace gosv::app
