#pragma once
// A plan spelled out service by service, for tests to change; plan() makes of it what gosv runs on.
#include <cstddef>
#include <vector>

#include "gosv/manifest/plan_draft.hpp"

namespace gosv::test {

struct PlanSpec : manifest::PlanOfAll {
    std::vector<core::ServicePolicy> policies;
    std::vector<manifest::ExecSpec> execs;
    manifest::PlanDraft::Edges edges;

    manifest::Plan plan() const {
        manifest::PlanDraft draft;
        draft.of_all = static_cast<const manifest::PlanOfAll&>(*this);
        for (std::size_t i = 0; i < execs.size(); ++i) {
            draft.add(i < policies.size() ? policies[i] : core::ServicePolicy{}, execs[i]);
        }
        draft.connect(edges);
        return draft.finish();
    }
};

}  // namespace gosv::test
