#include "app/log_sentence.hpp"

#include "gosv/base/parse.hpp"

namespace gosv::app {

namespace {

bool has_status(const LogLine& line) noexcept {
    return line.code || !line.signal.is_none();
}

void put_status(LineWriter& out, const LogLine& line) noexcept {
    if (line.code) {
        out.put("exit code ");
        out.number(*line.code);
    } else if (!line.signal.is_none()) {
        out.put("killed by ");
        out.put(signal_name(line.signal));
    }
}

void put_reason(LineWriter& out, const LogLine& line, std::string_view before) noexcept {
    if (!line.reason.empty()) {
        out.put(before);
        out.visible(line.reason);
    }
}

void put_pid(LineWriter& out, const LogLine& line, std::string_view before) noexcept {
    if (line.pid.exists()) {
        out.put(before);
        out.number(line.pid.value);
    }
}

void put_restart(LineWriter& out, const LogLine& line) noexcept {
    if (!line.delay) {
        out.put("with ");
        out.visible(line.dependency);
        return;
    }
    out.put("in ");
    out.duration(*line.delay);
    if (line.attempt) {
        // Starts for which there was no process are tried again for ever, and are no restarts.
        const bool counts = line.max_restarts || line.reason.empty();
        out.put(counts ? ", restart " : ", attempt ");
        out.number(*line.attempt);
        if (line.max_restarts) {
            out.put(" of ");
            out.number(*line.max_restarts);
        }
    }
    put_reason(out, line, ": ");
}

void put_in_brackets(LineWriter& out, const LogLine& line) noexcept {
    put_reason(out, line, " (");
    out.put(line.reason.empty() ? "" : ")");
}

// ", 9 tries"; nothing when there is no count.
void put_count(LineWriter& out, std::optional<std::uint32_t> count, std::string_view before,
               std::string_view one, std::string_view many) noexcept {
    if (count) {
        out.put(before);
        out.number(*count);
        out.put(*count == 1 ? one : many);
    }
}

// "after 2.3s, 4 probes"
void put_success(LineWriter& out, const LogLine& line) noexcept {
    if (line.uptime) {
        out.put("after ");
        out.duration(*line.uptime);
    }
    put_count(out, line.attempt, line.uptime ? ", " : "", " probe", " probes");
}

// "for db to be healthy, 5s so far (healthcheck: connection refused, 9 tries)"
void put_waiting(LineWriter& out, const LogLine& line) noexcept {
    out.put("for ");
    out.visible(line.dependency);
    out.put(' ');
    out.put(line.wish);
    if (line.waited) {
        out.put(", ");
        out.duration(*line.waited);
        out.put(" so far");
    }
    put_in_brackets(out, line);
}

// "killed for memory: memory limit of the service, limit 16384K, peak 16384K, 2 kills"
void put_oom(LineWriter& out, const LogLine& line) noexcept {
    out.put("killed for memory: ");
    put_reason(out, line, "");
    const auto put_bytes = [&](std::string_view what, std::optional<std::uint64_t> bytes) {
        if (bytes) {
            out.put(what);
            out.number(static_cast<std::int64_t>(*bytes / 1024));
            out.put("K");
        }
    };
    put_bytes(", limit ", line.memory_limit);
    put_bytes(", peak ", line.memory_peak);
    if (line.attempt) {
        out.put(", ");
        out.number(*line.attempt);
        out.put(*line.attempt == 1 ? " kill" : " kills");
    }
}

}  // namespace

void put_sentence(LineWriter& out, const LogLine& line) noexcept {
    if (!line.msg.empty()) {
        out.visible(line.msg);
        if (line.event == LogEvent::internal || line.event == LogEvent::snapshot ||
            line.event == LogEvent::signal) {
            if (!line.signal.is_none()) {
                out.put(' ');
                out.put(signal_name(line.signal));
            }
            put_reason(out, line, ": ");
        }
        return;
    }
    switch (line.event) {
        case LogEvent::started:
            put_pid(out, line, "pid ");
            return;
        case LogEvent::exited:
            put_status(out, line);
            if (line.uptime) {
                out.put(" after ");
                out.duration(*line.uptime);
            }
            put_reason(out, line, ": ");
            return;
        case LogEvent::restarting:
            put_restart(out, line);
            return;
        case LogEvent::stable:
            out.put("restart count and delay start afresh");
            return;
        case LogEvent::failed:
            put_reason(out, line, "");
            out.put(line.reason.empty() || !has_status(line) ? "" : ", ");
            put_status(out, line);
            return;
        case LogEvent::completed:
        case LogEvent::stopped:
            put_status(out, line);
            return;
        case LogEvent::signal:
            out.put(signal_name(line.signal));
            put_pid(out, line, " from pid ");
            return;
        case LogEvent::stopping:
        case LogEvent::forwarded:
        case LogEvent::killing:
            out.put(line.signal.is_none() ? "stop command first" : signal_name(line.signal));
            put_in_brackets(out, line);
            return;
        case LogEvent::shutdown:
            put_reason(out, line, "");
            if (!line.signal.is_none()) {
                out.put(' ');
                out.put(signal_name(line.signal));
            }
            return;
        case LogEvent::end:
            put_status(out, line);
            return;
        case LogEvent::orphans:
            out.number(line.attempt.value_or(0));
            out.put(" reaped");
            return;
        case LogEvent::dropped:
            out.number(line.attempt.value_or(0));
            out.put(line.attempt == 1U ? " log line was" : " log lines were");
            out.put(" lost: stderr was not read");
            return;
        case LogEvent::oom:
            put_oom(out, line);
            return;
        case LogEvent::ready:
        case LogEvent::healthy:
            put_success(out, line);
            return;
        case LogEvent::unhealthy:
            put_reason(out, line, "");
            put_count(out, line.attempt, line.reason.empty() ? "" : ", ", " failure in a row",
                      " failures in a row");
            return;
        case LogEvent::waiting:
            put_waiting(out, line);
            return;
        case LogEvent::boot:
        case LogEvent::cgroup:
        case LogEvent::snapshot:
        case LogEvent::internal:
            put_reason(out, line, "");
            return;
    }
}

}  // namespace gosv::app
