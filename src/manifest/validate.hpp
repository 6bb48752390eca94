#pragma once
// The rules between keys and between services, on a manifest whose keys have been decoded one by
// one.
#include "draft.hpp"
#include "report.hpp"

namespace gosv::manifest {

void validate(const ManifestDraft& draft, Report& report);

}  // namespace gosv::manifest
