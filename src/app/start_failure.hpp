#pragma once
// Why a start failed, in one phrase: the log and the snapshot say the same.
#include <span>
#include <string_view>

#include "gosv/base/error.hpp"
#include "gosv/os/child.hpp"

namespace gosv::app {

// "cannot start '/bin/x': exec: No such file or directory"; with Stage::none there was no process
// at all: "no process to be had: clone3: Resource temporarily unavailable". In `buffer`, cut there.
std::string_view describe_failed_start(std::string_view program, os::Stage stage, SysError error,
                                       std::span<char> buffer) noexcept;

}  // namespace gosv::app
