#pragma once
// depends_on in the form in which the core wants it: ids, settled conditions, who waits for whom
// and the order of starts.
#include "gosv/manifest/plan.hpp"

namespace gosv::manifest {

// Fills dependencies, dependents, start_order and the spans that point into them. `plan.policies`
// has one element a service already. What validation refuses (unknown names, cycles) is left out;
// nothing is linked when nobody waits for anybody.
void link_services(const Manifest& manifest, Plan& plan);

}  // namespace gosv::manifest
