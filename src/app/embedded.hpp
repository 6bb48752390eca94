#pragma once
// The manifests that gosv makes itself. They go the same way as a user's: load_text, make_plan.
#include <string>
#include <string_view>

namespace gosv::app {

// `gosv --run "CMD"`: the historic one-service form.
std::string run_manifest(std::string_view command);

// `gosv demo`: a heartbeat and a crasher.
std::string_view demo_manifest() noexcept;

}  // namespace gosv::app
