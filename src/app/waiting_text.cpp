#include "app/waiting_text.hpp"

#include <algorithm>

#include "app/line_writer.hpp"

namespace gosv::app {

namespace {

using core::Condition;
using core::Health;
using core::Phase;

// Parts of a sentence, with what stands between them.
class Parts {
  public:
    explicit Parts(LineWriter& out) noexcept : out_(out) {}

    LineWriter& next() noexcept {
        out_.put(out_.view().empty() ? "" : ", ");
        return out_;
    }

  private:
    LineWriter& out_;
};

void put_health(const Awaited& awaited, Parts& parts) noexcept {
    LineWriter& out = parts.next();
    if (awaited.probe_failures == 0) {
        out.put(awaited.state.probe_alive ? "healthcheck: no answer yet"
                                          : "healthcheck: not asked yet");
        return;
    }
    out.put("healthcheck: ");
    out.put(awaited.remarks.probe.empty() ? "failed" : awaited.remarks.probe.view());
    out.put(", ");
    out.number(awaited.probe_failures);
    out.put(awaited.probe_failures == 1 ? " try" : " tries");
}

void put_running(const Awaited& awaited, MonotonicTime now, Parts& parts) noexcept {
    const core::ServiceState& state = awaited.state;
    if (awaited.condition == Condition::completed) {
        LineWriter& out = parts.next();
        out.put("runs for ");
        out.duration(std::max(Duration{}, now - state.since));
        return;
    }
    const bool wants_ready = awaited.condition == Condition::ready;
    if (wants_ready && awaited.policy.notifies && !state.notified) {
        parts.next().put(awaited.remarks.stopping ? "it says that it stops"
                                                  : "it has not said that it is ready");
    }
    if (!awaited.remarks.status.empty()) {
        LineWriter& out = parts.next();
        out.put("status: ");
        out.put(awaited.remarks.status.view());
    }
    if (awaited.policy.health.probes && state.health != Health::healthy) {
        put_health(awaited, parts);
    }
}

void put_backoff(const Awaited& awaited, MonotonicTime now, Parts& parts) noexcept {
    LineWriter& out = parts.next();
    out.put("restarts in ");
    out.duration(std::max(Duration{}, awaited.state.deadline - now));
    if (!awaited.last_run.empty()) {
        parts.next().put("last run: ");
        out.put(awaited.last_run);
    }
}

}  // namespace

std::string_view wish(Condition condition) noexcept {
    switch (condition) {
        case Condition::started:
            return "to run";
        case Condition::ready:
            return "to be ready";
        case Condition::healthy:
            return "to be healthy";
        case Condition::completed:
            return "to complete";
    }
    return "";
}

std::string_view describe_obstacle(const Awaited& awaited, MonotonicTime now,
                                   std::span<char> buffer) noexcept {
    LineWriter out(buffer);
    Parts parts(out);
    switch (awaited.state.phase) {
        case Phase::pending:
            if (!awaited.waits_for.empty()) {
                parts.next().put("waits for ");
                out.put(awaited.waits_for);
                out.put(" itself");
            }
            break;
        case Phase::starting:
            parts.next().put("is being started");
            break;
        case Phase::running:
            put_running(awaited, now, parts);
            break;
        case Phase::stopping:
        case Phase::killing:
        case Phase::draining:
            parts.next().put("is being stopped");
            break;
        case Phase::backoff:
            put_backoff(awaited, now, parts);
            break;
        case Phase::completed:
        case Phase::failed:
        case Phase::stopped:
            break;  // nobody waits for these
    }
    return out.view();
}

}  // namespace gosv::app
