#include "gosv/manifest/advice.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "daemons.hpp"
#include "duration_text.hpp"
#include "gosv/base/concat.hpp"
#include "name_index.hpp"
#include "order.hpp"
#include "path.hpp"
#include "quote.hpp"
#include "report.hpp"
#include "shell_script.hpp"

namespace gosv::manifest {

namespace {

std::string key_path(const Service& service, std::string_view key) {
    return child_path(child_path("services", service.name), key);
}

bool defines_readiness(const Service& service) noexcept {
    return service.type != ServiceType::simple || service.notify_fd ||
           !std::holds_alternative<std::monostate>(service.probe);
}

// The program as the shell calls it, without `exec`.
std::vector<std::string> program_in_shell(const ShellCall& call) {
    auto commands = simple_commands(call.script);
    if (!commands || commands->empty()) {
        return {};
    }
    std::vector<std::string>& last = commands->back();
    if (last.front() == "exec") {
        last.erase(last.begin());
    }
    return std::move(last);
}

class Adviser {
  public:
    explicit Adviser(const Manifest& manifest) : services_(manifest.services), manifest_(manifest) {
        for (std::size_t i = 0; i < services_.size(); ++i) {
            by_name_.add(services_[i].name, i);
        }
    }

    Diagnostics advise() {
        for (std::size_t i = 0; i < services_.size(); ++i) {
            check_readiness(i);
            check_command(services_[i]);
        }
        check_stop_order();
        return report_.take();
    }

  private:
    // Collects the edges on the way.
    void check_readiness(std::size_t from) {
        const Service& service = services_[from];
        for (const DependsOn& edge : service.depends_on) {
            const auto found = by_name_.find(edge.name);
            if (!found) {
                continue;
            }
            edges_.push_back({from, *found});
            if (!edge.condition && !defines_readiness(services_[*found])) {
                report_.warning(edge.at, child_path(key_path(service, "depends_on"), edge.name),
                                concat({quote(edge.name), " does not tell when it is ready: ",
                                        quote(service.name), " starts as soon as it runs"}),
                                concat({"give ", quote(edge.name),
                                        " a healthcheck, type: notify or notify_fd; or write "
                                        "condition: service_started where that is meant"}));
            }
        }
    }

    void check_command(const Service& service) {
        const auto call = shell_call(service.argv);
        const auto daemon = find_daemon(call ? program_in_shell(*call) : service.argv);
        if (daemon) {
            warn_of_command(service, *daemon);
            return;
        }
        // A oneshot's shell ends with it, and nobody signals it before.
        if (!call || !call->forks || service.type == ServiceType::oneshot) {
            return;
        }
        if (const auto waited = waited_for(call->script)) {
            const std::string program = quote(waited->words.front());
            warn_of_command(
                service,
                {concat({"a sh that is dash (Debian, Ubuntu) waits for ", program,
                         ": the shell stays what is watched and what gets the signals"}),
                 waited->alone
                     ? concat({"no shell is needed: write the program and its arguments as "
                               "command, or exec in front of ",
                               program})
                     : concat({"write exec in front of ", program})});
        }
    }

    void warn_of_command(const Service& service, const CommandAdvice& advice) {
        report_.warning(service.command_at, key_path(service, "command"), advice.message,
                        advice.hint);
    }

    // Dependents stop first, each with its own grace period. Counted are the periods that somebody
    // asked for: the usual one is an upper bound that hardly anything needs.
    void check_stop_order() {
        const OrderGraph graph(services_.size(), edges_);
        const std::vector<std::size_t> order = graph.start_order();
        constexpr std::size_t kNone = SIZE_MAX;
        std::vector<Duration> before(services_.size(), Duration::zero());  // of its dependents
        std::vector<std::size_t> slowest(services_.size(), kNone);         // one of them
        Duration longest{};
        std::size_t last = kNone;
        // NOLINTNEXTLINE(modernize-loop-convert): from the last to the first
        for (auto each = order.rbegin(); each != order.rend(); ++each) {
            const Duration whole = before[*each] + asked_grace(*each);
            if (asked_grace(*each) > manifest_.shutdown_timeout) {
                return;  // has been told, and is to be mended first
            }
            if (asked_grace(*each) > Duration::zero() && whole > longest) {
                longest = whole;
                last = *each;
            }
            for (std::size_t i = graph.first_edge(*each); i < graph.first_edge(*each + 1); ++i) {
                const std::size_t dependency = graph.edges()[i].to;
                if (whole > before[dependency]) {
                    before[dependency] = whole;
                    slowest[dependency] = *each;
                }
            }
        }
        if (longest > manifest_.shutdown_timeout) {
            tell_stop_order(last, slowest, longest);
        }
    }

    Duration asked_grace(std::size_t service) const noexcept {
        const Service& each = services_[service];
        return each.grace_at.line > 0 && each.type != ServiceType::oneshot
                   ? each.policy.stop_grace_period
                   : Duration::zero();
    }

    void tell_stop_order(std::size_t last, const std::vector<std::size_t>& slowest,
                         Duration longest) {
        constexpr std::size_t kMostShown = 16;
        std::vector<std::size_t> chain;
        for (std::size_t at = last; at != SIZE_MAX; at = slowest[at]) {
            if (asked_grace(at) > Duration::zero()) {
                chain.push_back(at);
            }
        }
        std::string text;
        for (std::size_t i = 0; i < chain.size() && i < kMostShown; ++i) {
            const std::size_t each = chain[chain.size() - 1 - i];
            append_to(text, {i > 0 ? ", then " : "", quote(services_[each].name), " ",
                             duration_text(asked_grace(each))});
        }
        text += chain.size() > kMostShown ? ", and so on" : "";
        const Service& service = services_[last];
        report_.warning(service.grace_at, key_path(service, "stop_grace_period"),
                        concat({"stopping in order may take ", duration_text(longest),
                                ", which shutdown_timeout cuts short at ",
                                duration_text(manifest_.shutdown_timeout), ": ", text}),
                        "raise shutdown_timeout, and docker's own: docker stop -t, or "
                        "stop_grace_period in compose.yaml");
    }

    const std::vector<Service>& services_;
    const Manifest& manifest_;
    NameIndex by_name_;
    std::vector<OrderEdge> edges_;
    Report report_;
};

}  // namespace

Diagnostics advise(const Manifest& manifest) {
    return Adviser(manifest).advise();
}

}  // namespace gosv::manifest
