#include "validate_order.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "bounds.hpp"
#include "gosv/base/concat.hpp"
#include "name_index.hpp"
#include "order.hpp"
#include "path.hpp"
#include "quote.hpp"

namespace gosv::manifest {

namespace {

constexpr std::size_t kLongestCycleShown = 32;
constexpr std::size_t kMostNamesShown = 8;
constexpr std::size_t kMostHints = 100;  // each compares a name with all the others

std::string place_text(Position at) {
    return concat({at.line, ":", at.column});
}

std::string edge_path(const ServiceDraft& from, const DependsOn& edge) {
    return child_path(child_path(from.path(), "depends_on"), edge.name);
}

class Dependencies {
  public:
    Dependencies(const ManifestDraft& draft, Report& report)
        : services_(draft.services), report_(report) {}

    void check() {
        if (services_.size() > kMaxServices || !any() || too_many()) {
            return;
        }
        for (std::size_t i = 0; i < services_.size(); ++i) {
            by_name_.add(services_[i].service.name, i);  // of two, the first
            names_.push_back(services_[i].service.name);
        }
        for (std::size_t i = 0; i < services_.size(); ++i) {
            if (services_[i].depends_on) {
                check_service(i);
            }
        }
        const OrderGraph graph(services_.size(), edges_);
        graph.for_each_cycle([this](std::span<const std::size_t> cycle) {
            tell_cycle(cycle);
            return !report_.full();
        });
    }

  private:
    bool any() const noexcept {
        return std::any_of(services_.begin(), services_.end(),
                           [](const ServiceDraft& each) { return each.depends_on; });
    }

    bool too_many() {
        std::size_t count = 0;
        for (const ServiceDraft& each : services_) {
            count += each.depends_on ? each.depends_on->size() : 0;
            if (count > kMaxDependencies) {
                report_.error(each.place_of("depends_on"), child_path(each.path(), "depends_on"),
                              concat({"there are more than ", kMaxDependencies, " dependencies"}),
                              "gosv takes no more; a oneshot in between can stand for many");
                return true;
            }
        }
        return false;
    }

    void check_service(std::size_t from) {
        const ServiceDraft& service = services_[from];
        for (const DependsOn& edge : *service.depends_on) {
            if (report_.full()) {
                return;
            }
            const auto found = by_name_.find(edge.name);
            if (!found) {
                report_.error(edge.at, edge_path(service, edge),
                              concat({"there is no service ", quote(edge.name)}),
                              hint_for(edge.name));
            } else if (*found == from) {
                tell_self(service, edge);
            } else if (service.enabled && services_[*found].enabled) {
                check_condition(service, edge, services_[*found]);
                edges_.push_back({from, *found});
                dependencies_.push_back(&edge);
            } else if (service.enabled && edge.required) {
                tell_disabled(service, edge);
            }
        }
    }

    // The name that was meant, or those that there are.
    std::string hint_for(std::string_view name) {
        if (++unknown_ > kMostHints) {
            return "name one of `services`";
        }
        std::string known = "the services are ";
        for (std::size_t i = 0; i < names_.size() && i <= kMostNamesShown; ++i) {
            append_to(known, {i > 0 ? ", " : "", names_[i]});
        }
        return nearest_hint(name, names_,
                            names_.size() > kMostNamesShown ? "name one of `services`" : known);
    }

    void tell_self(const ServiceDraft& service, const DependsOn& edge) {
        report_.error(edge.at, edge_path(service, edge),
                      concat({quote(service.service.name), " depends on itself"}),
                      concat({"remove it; where it comes from `defaults`, write depends_on: [] in ",
                              quote(service.service.name)}));
    }

    void tell_disabled(const ServiceDraft& service, const DependsOn& edge) {
        report_.error(edge.at, edge_path(service, edge),
                      concat({quote(service.service.name), " needs ", quote(edge.name),
                              ", which is disabled"}),
                      concat({"enable it, or write depends_on: {", edge.name,
                              ": {required: false}} to go on without it"}));
    }

    void check_condition(const ServiceDraft& service, const DependsOn& edge,
                         const ServiceDraft& other) {
        const std::string& name = other.service.name;
        const bool oneshot = other.service.type == ServiceType::oneshot;
        if (!other.whole) {
            return;
        }
        if (edge.condition == core::Condition::healthy && oneshot) {
            report_.error(
                edge.at, edge_path(service, edge),
                concat({"the oneshot ", quote(name), " completes: it never becomes healthy"}),
                "write condition: service_completed_successfully");
        } else if (edge.condition == core::Condition::healthy && !other.health.said) {
            report_.error(
                edge.at, edge_path(service, edge),
                concat({quote(name), " never becomes healthy: it has no healthcheck"}),
                concat({"give ", quote(name), " a healthcheck, or write condition: ready"}));
        } else if (edge.condition == core::Condition::healthy && other.health.disabled) {
            report_.error(
                edge.at, edge_path(service, edge),
                concat({quote(name), " never becomes healthy: its healthcheck is disabled"}),
                "enable it, or write condition: ready");
        } else if (edge.condition == core::Condition::completed && !oneshot &&
                   other.service.policy.restart == core::RestartPolicy::always) {
            report_.error(
                edge.at, edge_path(service, edge),
                concat({quote(name), " never completes: it is restarted whenever it ends"}),
                concat({"write type: oneshot in ", quote(name),
                        ", or condition: ready for a service that stays"}));
        }
    }

    // Told from the service that comes first in the file, with the place of each edge.
    void tell_cycle(std::span<const std::size_t> cycle) {
        const auto first = std::min_element(
            cycle.begin(), cycle.end(),
            [this](std::size_t a, std::size_t b) { return edges_[a].from < edges_[b].from; });
        const auto begin = static_cast<std::size_t>(first - cycle.begin());
        std::string text;
        for (std::size_t i = 0; i < cycle.size(); ++i) {
            if (cycle.size() > kLongestCycleShown && i == kLongestCycleShown - 1) {
                append_to(text, {", and so on through ", cycle.size(), " services"});
                break;
            }
            const std::size_t edge = cycle[(begin + i) % cycle.size()];
            append_to(text, {i > 0 ? ", " : "", quote(services_[edges_[edge].from].service.name),
                             " needs ", quote(services_[edges_[edge].to].service.name), " (",
                             place_text(dependencies_[edge]->at), ")"});
        }
        report_.error(dependencies_[*first]->at,
                      edge_path(services_[edges_[*first].from], *dependencies_[*first]),
                      concat({"a cycle, in which none can be the first: ", text}),
                      "remove one of these dependencies");
    }

    const std::vector<ServiceDraft>& services_;
    Report& report_;
    NameIndex by_name_;
    std::vector<std::string_view> names_;
    std::vector<OrderEdge> edges_;
    std::vector<const DependsOn*> dependencies_;  // of the same number as the edges
    std::size_t unknown_ = 0;
};

}  // namespace

void validate_dependencies(const ManifestDraft& draft, Report& report) {
    Dependencies(draft, report).check();
}

void validate_readiness(const ServiceDraft& draft, Report& report) {
    const auto error = [&](std::string_view key, std::string_view message, std::string_view hint) {
        report.error(draft.place_of(key), child_path(draft.path(), key), message, hint);
    };
    const Service& service = draft.service;
    const bool oneshot = service.type == ServiceType::oneshot;
    if (oneshot && !std::holds_alternative<std::monostate>(service.probe)) {
        error("healthcheck", "a oneshot is ready when it has completed: it is not asked",
              "remove the healthcheck, or write type: simple");
    }
    if (oneshot && service.notify_fd) {
        error("notify_fd", "a oneshot is ready when it has completed: it tells nothing before",
              "remove notify_fd, or write type: simple");
    }
    if (service.type == ServiceType::notify && service.notify_fd) {
        error("notify_fd", "type: notify and notify_fd are two ways to tell the same",
              "keep the one that the program speaks: NOTIFY_SOCKET, or a newline to this number");
    }
    if (service.policy.watchdog > Duration::zero() && service.type != ServiceType::notify) {
        error("watchdog", "a watchdog waits for what only type: notify can tell",
              "write type: notify, or use a healthcheck");
    }
    for (const ResourceLimit& limit : service.ulimits) {
        if (service.notify_fd && limit.resource == RLIMIT_NOFILE &&
            limit.soft <= static_cast<std::uint64_t>(*service.notify_fd)) {
            error("notify_fd",
                  concat({"the limit of open files, ", limit.soft, ", leaves no descriptor ",
                          *service.notify_fd}),
                  "choose a smaller notify_fd, or raise ulimits: {nofile: N}");
        }
    }
}

}  // namespace gosv::manifest
