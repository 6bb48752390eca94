#pragma once
// depends_on in the form in which the core wants it: ids, settled conditions, who waits for whom
// and the order of starts.
#include "gosv/manifest/planning.hpp"

namespace gosv::manifest {

// Connects the services, all of which are in the draft already. What validation refuses (unknown
// names, cycles) is left out; nothing is linked when nobody waits for anybody.
void link_services(const Manifest& manifest, PlanDraft& draft);

}  // namespace gosv::manifest
