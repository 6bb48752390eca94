#pragma once
// The rules of order, readiness and health: between the keys of a service and between services.
#include "draft.hpp"
#include "report.hpp"

namespace gosv::manifest {

// Names in depends_on, cycles, and conditions that could never hold.
void validate_dependencies(const ManifestDraft& draft, Report& report);

// Keys of one service that exclude each other.
void validate_readiness(const ServiceDraft& draft, Report& report);

}  // namespace gosv::manifest
