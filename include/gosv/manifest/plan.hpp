#pragma once
// The plan: everything that can be known before the first process is started, in the form in which
// the running part wants it. Services are small integers; plan.policies[i] is for the core,
// plan.execs[i] for the spawner. Services that are alike share what they have in common, and each
// text is there once. Immutable once made; owns all memory that it points to, which is no larger
// than it need be.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gosv/core/policy.hpp"
#include "gosv/manifest/exec_spec.hpp"
#include "gosv/manifest/manifest.hpp"

namespace gosv::manifest {

// A NULL-terminated array of C strings in the plan's memory, as execve(2) wants it: a view.
class StringList {
  public:
    explicit StringList(char* const* begin) noexcept : begin_(begin) {}

    char* const* get() const noexcept { return begin_; }

    bool empty() const noexcept { return *begin_ == nullptr; }

    std::size_t size() const noexcept {  // counts
        std::size_t size = 0;
        while (begin_[size] != nullptr) {
            ++size;
        }
        return size;
    }

    std::string_view operator[](std::size_t i) const noexcept { return begin_[i]; }

  private:
    char* const* begin_;
};

// A text in the plan's memory, which ends with a NUL: a view that does not know its size.
class Text {
  public:
    explicit Text(const char* begin) noexcept : begin_(begin) {}

    std::string_view view() const noexcept { return begin_; }

    operator std::string_view() const noexcept { return begin_; }  // NOLINT: implicit on purpose

  private:
    const char* begin_;
};

// What a service is started with: ExecSpec, as the plan keeps it.
struct Exec {
    Text name;
    StringList argv;
    StringList envp;
    StringList candidates;
    const ExecSettings* settings;  // one of Plan::settings
};

static_assert(sizeof(Exec) == 5 * sizeof(void*), "there is one for each service");

// What holds for gosv as a whole.
struct PlanOfAll {
    core::SupervisorPolicy supervisor;
    std::vector<Signal> stop_signals;
    std::optional<Signal> snapshot_signal;
    bool snapshot_json = false;
    std::optional<std::uint32_t> snapshot_maps;
    CgroupMode cgroup = CgroupMode::automatic;
    LogFormat log_format = LogFormat::text;
    LogLevel log_level = LogLevel::info;
};

// Movable: what its views point into stays where it is. Made by PlanDraft.
struct Plan : PlanOfAll {
    core::ServicePolicies policies;  // of each service; as are
    std::span<const Exec> execs;

    std::vector<core::ServicePolicy> distinct_policies;
    std::vector<ExecSettings> settings;  // distinct ones
    // Everything else that the views point into: `execs`, their lists, the graph, all texts.
    std::unique_ptr<std::byte[]> storage;
    std::size_t storage_size = 0;
};

}  // namespace gosv::manifest
