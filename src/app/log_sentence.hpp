#pragma once
// What a log line says, as a sentence for people; the JSON form carries the same one as `msg`.
#include "app/line_writer.hpp"
#include "gosv/app/log.hpp"

namespace gosv::app {

void put_sentence(LineWriter& out, const LogLine& line) noexcept;

}  // namespace gosv::app
