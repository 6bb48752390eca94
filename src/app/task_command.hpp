#pragma once
// Which command of the user's a task runs; it need not exist: a probe may be gosv's own.
#include "gosv/core/event.hpp"
#include "gosv/manifest/plan.hpp"

namespace gosv::app {

inline const manifest::CommandSpec& command_of(const manifest::Exec& exec,
                                               core::Task task) noexcept {
    return task == core::Task::probe ? exec.settings->probe_command : exec.settings->stop_command;
}

}  // namespace gosv::app
