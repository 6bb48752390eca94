#pragma once
// Names of the core's enumerators, for logs, snapshots and golden files. Static storage.
#include <string_view>

#include "gosv/core/supervisor.hpp"

namespace gosv::core {

std::string_view name(Phase phase) noexcept;
std::string_view name(Stage stage) noexcept;
std::string_view name(ReportKind kind) noexcept;
std::string_view name(ReportReason reason) noexcept;
std::string_view name(Condition condition) noexcept;
std::string_view name(Health health) noexcept;
std::string_view name(Task task) noexcept;

}  // namespace gosv::core
