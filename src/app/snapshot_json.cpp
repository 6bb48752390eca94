// The snapshot as one JSON object on one line: the same content under names that stay. Times and
// sizes say their unit in the name.
#include "app/json_writer.hpp"
#include "app/line_writer.hpp"
#include "app/log_format.hpp"
#include "app/snapshot_cgroup.hpp"
#include "app/snapshot_render.hpp"
#include "app/start_failure.hpp"
#include "gosv/base/parse.hpp"

namespace gosv::app {

namespace {

std::uint64_t as_ms(Duration value) {
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(value).count());
}

void put_files(const SnapshotProcess& process, JsonWriter& json) {
    if (process.files_error != 0) {
        json.member("files_error", errno_name(process.files_error));
        return;
    }
    json.member("files_total", process.files_total);
    json.key("files");
    json.begin('[');
    for (const OpenFile& file : process.files) {
        json.element();
        json.begin('{');
        json.member("fd", static_cast<std::uint64_t>(file.fd));
        json.member("target", file.target);
        json.end('}');
    }
    json.end(']');
}

void put_maps(const SnapshotProcess& process, JsonWriter& json) {
    if (process.maps_error != 0) {
        json.member("maps_error", errno_name(process.maps_error));
        return;
    }
    json.member("maps_total", process.maps_total);
    json.key("maps");
    json.begin('[');
    for (const std::string& map : process.maps) {
        json.element();
        json.string(map);
    }
    json.end(']');
}

void put_process(const SnapshotProcess& process, JsonWriter& json) {
    json.begin('{');
    json.member("pid", process.pid);
    json.member("name", process.name);
    json.member("state", state_name(process.state));
    json.member("ppid", process.parent);
    json.member("threads", static_cast<std::uint64_t>(process.threads));
    json.member("vm_rss_kb", process.vm_rss_kb);
    json.member("vm_size_kb", process.vm_size_kb);
    json.member("zombie", !process.alive);
    if (!process.origin.empty()) {
        json.member("origin", process.origin);
    }
    switch (process.details) {
        case Details::not_read:
            json.member("details", "left out");
            break;
        case Details::gone:
            json.member("details", "ended meanwhile");
            break;
        case Details::read:
            if (process.alive) {
                put_files(process, json);
                put_maps(process, json);
            }
            break;
    }
    json.end('}');
}

void put_tree(std::string_view name, ProcessTree& tree, SnapshotGatherer& gathered,
              JsonWriter& json) {
    json.key(name);
    json.begin('[');
    for (SnapshotProcess& process : tree) {
        gathered.read_details(process);
        json.element();
        put_process(process, json);
        process = {};
    }
    json.end(']');
}

void put_last_run(const SnapshotService& service, JsonWriter& json) {
    if (service.last_exit) {
        const ExitStatus status = *service.last_exit;
        json.key("last_run");
        json.begin('{');
        if (status.kind == ExitStatus::Kind::exited) {
            json.member("code", std::uint64_t{status.number});
        } else {
            json.member("signal", signal_name(Signal{status.number}));
            json.member("core_dumped", status.core_dumped);
        }
        if (!service.last_ended.empty()) {
            json.member("ended", service.last_ended);
        }
        json.end('}');
    }
    if (!service.failed_with.empty()) {
        json.member("failed_with", service.failed_with);
    }
    if (service.failed_start.err != 0) {
        char buffer[512];
        json.member("reason", describe_failed_start(service.program, service.failed_stage,
                                                    service.failed_start, buffer));
    }
}

void put_task(std::string_view name, const SnapshotTask& task, JsonWriter& json) {
    if (task.pid.exists()) {
        json.key(name);
        json.begin('{');
        json.member("pid", task.pid);
        json.member("running_ms", as_ms(task.running));
        json.end('}');
    }
}

void put_readiness(const SnapshotService& service, JsonWriter& json) {
    if (service.has_readiness) {
        json.member("ready", service.ready);
    }
    if (!service.health.empty()) {
        json.member("health", service.health);
        json.member("probe_failures", std::uint64_t{service.probe_failures});
    }
    if (!service.probe_reason.empty()) {
        json.member("probe_reason", service.probe_reason);
    }
    if (!service.status.empty()) {
        json.member("status", service.status);
    }
    if (service.says_stopping) {
        json.member("says_stopping", true);
    }
    if (!service.ending.empty()) {
        json.member("ending", service.ending);
    }
    if (!service.waits_for.empty()) {
        json.key("waiting");
        json.begin('{');
        json.member("dependency", service.waits_for);
        json.member("condition", service.condition);
        json.member("waiting_ms", as_ms(service.waiting));
        json.end('}');
    }
    if (service.start_timeout) {
        json.member("start_timeout_ms", as_ms(*service.start_timeout));
    }
    if (service.watchdog) {
        json.member("watchdog_ms", as_ms(*service.watchdog));
    }
    put_task("probe", service.probe, json);
    put_task("stop_command", service.stop_command, json);
}

void put_cgroup(const CgroupReport& report, JsonWriter& json) {
    json.key("cgroup");
    json.begin('{');
    for (const auto& [name, value] : report.figures) {
        json.member(name, value);
    }
    const auto put_pressure = [&json](const char* name, const std::string& percent) {
        if (!percent.empty()) {
            json.member(name, percent);
        }
    };
    put_pressure("memory_pressure", report.memory_pressure);
    put_pressure("cpu_pressure", report.cpu_pressure);
    put_pressure("io_pressure", report.io_pressure);
    json.end('}');
}

void put_service(const SnapshotService& service, BorrowedFd cgroups, ProcessTree& tree,
                 SnapshotGatherer& gathered, JsonWriter& json) {
    json.begin('{');
    json.member("name", service.name);
    json.member("state", service.state);
    if (service.pid.exists()) {
        json.member("pid", service.pid);
    }
    if (service.uptime) {
        json.member("uptime_ms", as_ms(*service.uptime));
    }
    json.member("restarts", std::uint64_t{service.restarts});
    put_last_run(service, json);
    if (service.next_start) {
        json.member("next_start_ms", as_ms(*service.next_start));
    }
    put_readiness(service, json);
    if (!service.leaf.empty()) {
        put_cgroup(read_cgroup(cgroups, service.leaf), json);
    }
    put_tree("processes", tree, gathered, json);
    json.end('}');
}

void put_zombies(const SnapshotGatherer& gathered, JsonWriter& json) {
    json.key("zombies");
    json.begin('[');
    for (const ZombieGroup& group : gathered.zombies) {
        json.element();
        json.begin('{');
        json.member("ppid", group.parent);
        json.member("parent", group.parent_name);
        if (!group.service.empty()) {
            json.member("service", group.service);
        }
        json.key("pids");
        json.begin('[');
        for (const Pid pid : group.pids) {
            json.number(pid.value);
        }
        json.end(']');
        json.end('}');
    }
    json.end(']');
}

}  // namespace

void render_json(const SnapshotInput& input, SnapshotGatherer& gathered, SnapshotOutput& output) {
    std::string out;
    JsonWriter json(out);
    json.begin('{');
    char time[32];
    LineWriter clock(time);
    put_time(clock, input.wall_time);
    json.member("time", clock.view());
    json.member("level", "info");
    json.member("event", "snapshot");
    json.member("msg", "snapshot");
    json.member("version", input.version);
    json.member("pid", input.self);
    json.member("state", input.stage);
    json.member("uptime_ms", as_ms(input.uptime));
    json.member("orphans_reaped", input.orphans_reaped);
    json.member("log_lines_lost", input.log_lines_dropped);
    put_zombies(gathered, json);
    json.key("services");
    json.begin('[');
    for (std::size_t i = 0; i < input.services.size(); ++i) {
        json.element();
        put_service(input.services[i], input.cgroups, gathered.services[i], gathered, json);
    }
    json.end(']');
    put_tree("other_processes", gathered.others, gathered, json);
    put_tree("gosv", gathered.self, gathered, json);
    json.member("proc_mounted", gathered.proc_mounted);
    json.member("out_of_time", gathered.out_of_time);
    json.member("processes_hidden", gathered.unreadable);
    json.member("details_denied", gathered.denied);
    json.member("details_left_out", gathered.left_out);
    json.end('}');
    out += '\n';
    output.write(out);
}

}  // namespace gosv::app
