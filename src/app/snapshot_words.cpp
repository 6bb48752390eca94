#include "app/snapshot_words.hpp"

#include <algorithm>

#include "app/line_writer.hpp"
#include "app/start_failure.hpp"
#include "gosv/base/concat.hpp"
#include "gosv/base/parse.hpp"

namespace gosv::app {

namespace {

// "not ready in time", from the name that log and JSON have for it.
std::string in_words(std::string_view name) {
    std::string words(name);
    std::replace(words.begin(), words.end(), '_', ' ');
    return words;
}

std::string status_text(ExitStatus status) {
    if (status.kind == ExitStatus::Kind::exited) {
        return concat({"exit code ", status.number});
    }
    return concat({"killed by ", signal_name(Signal{status.number}),
                   status.core_dumped ? ", core dumped" : ""});
}

// "healthy", "not ready"; "" for a service that defines no readiness.
std::string_view readiness_word(const SnapshotService& service) {
    if (!service.has_readiness) {
        return "";
    }
    const bool tells_health = service.ready || service.health == "unhealthy";
    return tells_health && !service.health.empty() ? service.health
           : service.ready                         ? "ready"
                                                   : "not ready";
}

std::string task_text(const SnapshotTask& task) {
    return concat({"pid ", task.pid.value, ", running for ", duration(task.running)});
}

std::string health_line(const SnapshotService& service) {
    if (service.health.empty() && !service.probe.pid.exists()) {
        return "";
    }
    std::string line = concat({"  healthcheck: ", service.health.empty() ? "" : service.health});
    if (service.probe_failures > 0) {
        append_to(line, {", ", count_of(service.probe_failures, "failure", "failures in a row")});
    }
    if (!service.probe_reason.empty()) {
        append_to(line, {", the last: ", visible(service.probe_reason)});
    }
    if (service.probe.pid.exists()) {
        append_to(line, {"; now: ", task_text(service.probe)});
    }
    return concat({line, "\n"});
}

}  // namespace

std::string visible(std::string_view text) {
    std::string escaped(4 * text.size(), '\0');
    LineWriter out(escaped);
    out.visible(text);
    escaped.resize(out.view().size());
    return escaped;
}

std::string duration(Duration value) {
    char buffer[32];
    LineWriter out(buffer);
    out.duration(value);
    return std::string(out.view());
}

std::string count_of(std::size_t count, const char* one, const char* many) {
    return concat({count, " ", count == 1 ? one : many});
}

std::string state_word(const SnapshotService& service) {
    const std::string more = !service.waits_for.empty()
                                 ? concat({"waits for ", visible(service.waits_for)})
                                 : std::string(readiness_word(service));
    return concat({service.state, more.empty() ? "" : concat({" (", more, ")"})});
}

std::string last_run(const SnapshotService& service) {
    if (service.failed_start.err != 0) {
        char buffer[512];
        return visible(describe_failed_start(service.program, service.failed_stage,
                                             service.failed_start, buffer));
    }
    if (!service.failed_with.empty()) {
        return concat({"none, ", visible(service.failed_with), " has failed"});
    }
    if (!service.last_exit) {
        return "";
    }
    const std::string why = in_words(service.last_ended);
    return why + (why.empty() ? "" : ", ") + status_text(*service.last_exit);
}

std::string heading_of(const SnapshotService& service) {
    std::string text = concat({"=== service ", visible(service.name), " (", service.state});
    if (const std::string_view word = readiness_word(service); !word.empty()) {
        append_to(text, {", ", word});
    }
    if (service.pid.exists()) {
        append_to(text, {", pid ", service.pid.value});
    }
    if (service.uptime) {
        append_to(text, {", up ", duration(*service.uptime)});
    }
    if (service.restarts > 0) {
        append_to(text, {", ", count_of(service.restarts, "restart", "restarts")});
    }
    if (service.next_start) {
        append_to(text, {", next start in ", duration(*service.next_start)});
    }
    if (const std::string why = last_run(service); !why.empty()) {
        append_to(text, {"; last run: ", why});
    }
    return concat({text, ")\n"});
}

std::string readiness_lines(const SnapshotService& service) {
    std::string lines;
    if (!service.waits_for.empty()) {
        append_to(lines, {"  waits for ", visible(service.waits_for), " ", service.wish, ", ",
                          duration(service.waiting), " so far\n"});
    }
    lines += health_line(service);
    if (!service.status.empty()) {
        append_to(lines, {"  status: ", visible(service.status), "\n"});
    }
    if (service.says_stopping) {
        lines += "  says that it is stopping\n";
    }
    if (!service.ending.empty()) {
        append_to(lines, {"  is being ended: ", in_words(service.ending), "\n"});
    }
    if (service.stop_command.pid.exists()) {
        append_to(lines, {"  stop command: ", task_text(service.stop_command), "\n"});
    }
    if (service.start_timeout) {
        append_to(lines, {"  must be ready within ", duration(*service.start_timeout),
                          " (start_timeout)\n"});
    }
    if (service.watchdog) {
        append_to(lines, {"  must say that it is alive within ", duration(*service.watchdog),
                          " (watchdog)\n"});
    }
    return lines;
}

}  // namespace gosv::app
