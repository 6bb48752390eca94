#pragma once
// The manifests that gosv brings along. They go the same way as a user's: load_text, make_plan.
#include <string>
#include <string_view>

#include "gosv/manifest/manifest.hpp"

namespace gosv::app {

// `gosv --run "CMD"`, the historic form: one service `main` that runs CMD in a shell. CMD is put
// into the loaded manifest and not into its text, so that it may hold any bytes: no quoting, no
// ${...}.
manifest::LoadResult load_run(std::string_view command, const manifest::Environment& environment);

// `gosv demo`: a heartbeat and a crasher.
manifest::LoadResult load_demo(const manifest::Environment& environment);

// What there is to see, for people who have never seen it; with the manifest, to copy.
std::string demo_introduction();

}  // namespace gosv::app
