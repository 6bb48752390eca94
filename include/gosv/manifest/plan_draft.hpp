#pragma once
// Makes a plan of one service after the other. What is equal is kept once, as far as that is found
// without a search: policies and settings are compared with the last few that were distinct, lists
// and texts with those of the service before, which in a manifest is the one that is most alike.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gosv/manifest/plan.hpp"

namespace gosv::manifest {

// `of_all` is copied to the plan as it is then.
class PlanDraft {
  public:
    PlanOfAll of_all;

    // The next service: the first one is 0.
    void add(const core::ServicePolicy& policy, const ExecSpec& exec);

    // Likewise, when its environment is that of the service before but for the entry at one place;
    // exec.envp is not looked at. With dozens of variables that saves most of what is to be
    // compared.
    void add_alike(const core::ServicePolicy& policy, const ExecSpec& exec, std::size_t place,
                   std::string_view entry);

    std::size_t services() const noexcept { return services_.size(); }

    const core::ServicePolicy& policy(std::size_t service) const noexcept {
        return policies_[policy_of_[service]];
    }

    // Who waits for whom, once all services are there: what core::DependencyGraph is a view of.
    struct Edges {
        std::vector<core::Dependency> dependencies;
        std::vector<ServiceId> dependents;
        std::vector<core::EdgesBegin> begins;
        std::vector<ServiceId> start_order;
    };

    void connect(Edges edges) noexcept { edges_ = std::move(edges); }

    // The plan, in memory of its own: nothing in it points into the draft, or into what was given
    // to it.
    Plan finish() const;

  private:
    using Place = std::size_t;  // of a text in text_
    using List = std::size_t;   // where it begins in lists_

    static constexpr Place kNoText = SIZE_MAX;  // in lists_: the end of a list

    struct Service {
        Place name;
        List argv;
        List envp;
        List candidates;
        std::uint16_t settings;
    };

    void add(const core::ServicePolicy& policy, const ExecSpec& exec, const Service& before,
             List envp, Place name);
    bool is_at(Place place, std::string_view text) const noexcept;
    Place keep(std::string_view text, Place perhaps, Place or_else);
    List keep(const StringBlock& block, List perhaps, List or_else);
    List keep_but(List list, std::size_t place, std::string_view text);
    Place name_in(Place entry) const noexcept;

    std::string text_;
    std::vector<Place> lists_{kNoText};  // the first one is empty
    std::vector<Service> services_;
    std::vector<core::ServicePolicy> policies_;
    std::vector<ExecSettings> settings_;
    std::vector<std::uint16_t> policy_of_;
    Edges edges_;
};

}  // namespace gosv::manifest
