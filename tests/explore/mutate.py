#!/usr/bin/env python3
"""Breaks the core on purpose, one edit at a time, and tells which tests notice.

    tests/explore/mutate.py [--keep DIR] [WORD...]

Copies the tree to a scratch folder, builds unit_core, scenario and explore there once for each edit
(a minute for every four or five of them) and prints a table. WORDs choose the edits whose title
holds one of them. The exit status is 1 when an edit went unnoticed, 2 when one no longer applies.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAMILIES = ("one_service", "command", "three_services", "two_services")

# (title, file, what stands there, what shall stand there)
EDITS = [
    ("a service in back-off is not told of the shutdown", "src/core/service.cpp",
     "        case Phase::pending:\n        case Phase::backoff:\n            settle(step, id, Phase::stopped);",
     "        case Phase::backoff:\n            return;\n        case Phase::pending:\n            settle(step, id, Phase::stopped);"),
    ("the first service is not told of the shutdown", "src/core/shutdown.cpp",
     "    for (std::size_t i = 0; i < step.supervisor.services.size(); ++i) {\n        stop(step, id_of(i));",
     "    for (std::size_t i = 1; i < step.supervisor.services.size(); ++i) {\n        stop(step, id_of(i));"),
    ("restart beside what is left of the last run", "src/core/service.cpp",
     "    if (!event.tree_populated) {", "    if (event.tree_populated || !event.tree_populated) {"),
    ("no KILL after the grace period", "src/core/service.cpp",
     "set_phase(state, Phase::stopping, step.after(policy.stop_grace_period));",
     "set_phase(state, Phase::stopping);"),
    ("no deadline of the whole shutdown", "src/core/shutdown.cpp",
     "    self.deadline = step.after(step.supervisor.policy.shutdown_timeout);",
     "    self.deadline = kNever;"),
    ("the end is no end: Finish comes again", "src/core/shutdown.cpp",
     "    self.stage = Stage::finished;\n", ""),
    ("a KILL in the shutdown is not recorded", "src/core/service.cpp",
     "        step.self().something_killed = true;\n", "        step.self().something_killed = false;\n"),
    ("a KILL to stragglers is not recorded", "src/core/shutdown.cpp",
     "    self.something_killed = true;\n", ""),
    ("mixed mode's own KILL counts as trouble", "src/core/service.cpp",
     "step.self().stage != Stage::supervising && reason != ReportReason::main_exited",
     "step.self().stage != Stage::supervising"),
    ("the last failure gives the code, not the first", "src/core/shutdown.cpp",
     "    if (ends_all || !self.has_failure) {", "    if (ends_all || self.has_failure || !self.has_failure) {"),
    ("the first failure gives the code, not the one that ends all", "src/core/shutdown.cpp",
     "    if (ends_all || !self.has_failure) {", "    if (!self.has_failure) {"),
    ("exit_code_from is forgotten", "src/core/exit_code.cpp",
     "    if (policy.exit_code_from) {", "    if (policy.exit_code_from && services.empty()) {"),
    ("a stop with a KILL ends with 0", "src/core/exit_code.cpp",
     "self.something_killed ? kSomethingWasKilled : 0", "kSomethingWasKilled - kSomethingWasKilled"),
    ("a crash loop of code 0 looks like success", "src/core/step.hpp",
     "code == 0 ? 1 : code", "code"),
    ("a command that cannot be found has never run", "src/core/service.cpp",
     "        state.has_run = true;\n        state.last_status = ExitStatus::code(event.exit_code);",
     "        state.last_status = ExitStatus::code(event.exit_code);"),
    ("a stable run forgives nothing at its end", "src/core/service.cpp",
     "    if (ran_stable(step, event.service)) {", "    if (false && ran_stable(step, event.service)) {"),
    ("a stable run forgives nothing while it lasts", "src/core/service.cpp",
     "        case Phase::running:\n            state.restarts_in_row = 0;", "        case Phase::running:"),
    ("nobody waits for a run to be stable", "src/core/service.cpp",
     "state.restarts_in_row > 0 ? step.after(step.policy(id).stable_after) : kNever", "kNever"),
    ("an idle service keeps gosv awake", "src/core/service.cpp",
     "state.restarts_in_row > 0 ? step.after(step.policy(id).stable_after) : kNever",
     "step.after(step.policy(id).stable_after)"),
    ("one restart too many", "src/core/service.cpp",
     "state.restarts_in_row >= policy.max_restarts", "state.restarts_in_row > policy.max_restarts"),
    ("on_failure restarts what ended well", "src/core/service.cpp",
     "(policy.restart == RestartPolicy::on_failure && !good)", "(policy.restart == RestartPolicy::on_failure)"),
    ("a failed clone counts as a restart", "src/core/service.cpp",
     "        state.spawn_failures = saturating_increment(state.spawn_failures);",
     "        state.restarts_in_row = saturating_increment(state.restarts_in_row);\n"
     "        state.spawn_failures = saturating_increment(state.spawn_failures);"),
    ("failed clones are never forgotten", "src/core/service.cpp", "    state.spawn_failures = 0;\n", ""),
    ("a start that may pass is not tried again", "src/core/service.cpp",
     "event.failure == SpawnFailure::transient || !supervising", "!supervising"),
    ("counters wrap round", "src/core/service.cpp", "return n == UINT32_MAX ? n : n + 1;", "return n + 1;"),
    ("the delay knows no cap", "src/core/backoff.cpp",
     "delay < cap ? Duration(static_cast<Duration::rep>(delay)) : policy.cap",
     "Duration(static_cast<Duration::rep>(delay))"),
    ("failure_action: exit is ignored", "src/core/shutdown.cpp",
     "    if (ends_all) {\n        begin_shutdown", "    if (false) {\n        begin_shutdown"),
    ("success_action: exit is ignored", "src/core/shutdown.cpp",
     "step.policy(id).success_action == FinalAction::exit", "false"),
    ("nothing left to run, and gosv stays", "src/core/shutdown.cpp",
     "    if (self.stage == Stage::supervising) {\n        begin_shutdown(step, ReportReason::nothing_left);\n    }",
     "    if (self.stage == Stage::supervising) {\n        return;\n    }"),
    ("a second stop signal is no hurry", "src/core/shutdown.cpp",
     "} else if (self.stage == Stage::stopping) {", "} else if (false) {"),
    ("a second stop signal leaves stragglers their grace", "src/core/shutdown.cpp",
     "} else if (self.stage == Stage::sweeping) {", "} else if (false) {"),
    ("the first stop signal hurries when a failure was first", "src/core/shutdown.cpp",
     "    if (!self.stop_requested) {", "    if (!self.stop_requested && self.stage == Stage::supervising) {"),
    ("a hurry spares who is draining", "src/core/service.cpp",
     "    if (!is_alive(state)) {\n        return;\n    }\n    if (state.phase != Phase::killing) {",
     "    if (!state.main_alive) {\n        return;\n    }\n    if (state.phase != Phase::killing) {"),
    ("KILL goes to the main process alone", "src/core/service.cpp",
     "step.order(SendSignal{id, kKill, SignalScope::tree, false});",
     "step.order(SendSignal{id, kKill, SignalScope::main, false});"),
    ("a KILL is not repeated", "src/core/service.cpp",
     "set_phase(state, Phase::killing, step.after(kKillAgain));", "set_phase(state, Phase::killing);"),
    ("what the main process leaves is not asked in process mode", "src/core/service.cpp",
     "    if (!signalled) {", "    if (!signalled && !was_stopping) {"),
    ("what the main process leaves is asked twice in group mode", "src/core/service.cpp",
     "    if (!signalled) {", "    if (signalled || !signalled) {"),
    ("leftovers get a whole new grace period in a stop", "src/core/service.cpp",
     "        was_stopping ? state.deadline : step.after(policy.stop_grace_period);",
     "        was_stopping && false ? state.deadline : step.after(policy.stop_grace_period);"),
    ("process mode stops the whole group", "src/core/service.cpp",
     "policy.kill_mode == KillMode::group ? SignalScope::tree : SignalScope::main;", "SignalScope::tree;"),
    ("a stopped process does not get its CONT", "src/core/service.cpp",
     "step.order(SendSignal{id, policy.stop_signal, scope, true});",
     "step.order(SendSignal{id, policy.stop_signal, scope, false});"),
    ("stragglers are not looked for", "src/core/shutdown.cpp",
     "    step.order(SweepStragglers{kTerm});\n", "    finish(step);\n"),
    ("stragglers are gone, services are not, and it ends", "src/core/shutdown.cpp",
     "(step.self().stage == Stage::sweeping || step.self().stage == Stage::killing) &&\n        all_final(step)",
     "step.self().stage == Stage::sweeping || step.self().stage == Stage::killing"),
    ("stragglers' grace goes beyond the shutdown's time", "src/core/shutdown.cpp",
     "std::min(step.after(step.supervisor.policy.straggler_grace), self.shutdown_deadline);",
     "step.after(step.supervisor.policy.straggler_grace);"),
    ("who cannot be killed is waited for", "src/core/shutdown.cpp",
     "    step.self().deadline = step.after(step.supervisor.policy.abandon_after);\n    for",
     "    step.self().deadline = kNever;\n    for"),
    ("the last deadline moves with every death", "src/core/shutdown.cpp",
     "        step.order(SweepStragglers{kKill});\n        return;\n    }\n    self.stage",
     "        step.order(SweepStragglers{kKill});\n"
     "        self.deadline = step.after(step.supervisor.policy.abandon_after);\n"
     "        return;\n    }\n    self.stage"),
    ("stragglers are left alone when a service is abandoned", "src/core/shutdown.cpp",
     "            if (!all_final(step)) {", "            if (false) {"),
    ("a deadline is met one instant too late", "src/core/supervisor.cpp",
     "            step.now >= step.supervisor.services[i].deadline) {",
     "            step.now > step.supervisor.services[i].deadline) {"),
    ("a deadline is forgotten when the loop asks", "src/core/supervisor.cpp",
     "        earliest = std::min(earliest, state.deadline);", "        earliest = state.deadline;"),
    ("uptime counts from the clone", "src/core/service.cpp",
     "    state.since = step.now;\n    state.spawn_failures = 0;", "    state.spawn_failures = 0;"),
    ("an exec that is told twice begins a new run", "src/core/service.cpp",
     "    if (!state.main_alive || state.phase == Phase::running) {", "    if (!state.main_alive) {"),
    ("a death is believed twice", "src/core/service.cpp",
     "    if (!state.main_alive) {\n        unexpected(step, event.service);\n        return;\n    }\n"
     "    state.main_alive = false;\n    state.tree_populated",
     "    state.main_alive = false;\n    state.tree_populated"),
    ("signals are forwarded to what a dead main process left", "src/core/supervisor.cpp",
     "        if (mapped.is_none() || (phase != Phase::starting && phase != Phase::running)) {",
     "        if (mapped.is_none() || (phase != Phase::starting && phase != Phase::running &&\n"
     "                                 phase != Phase::draining)) {"),
    ("clones that fail are tried at full speed", "src/core/service.cpp",
     "reason == ReportReason::no_process ? kNoProcessDelay : Duration{}", "Duration{}"),
    ("a signal is forwarded as it came", "src/core/supervisor.cpp",
     "        const Signal mapped{policy.signals[event.signal.number]};",
     "        const Signal mapped{event.signal};"),
    ("a command is stopped like a service", "src/core/supervisor.cpp",
     "    if (step.supervisor.policy.command_mode) {", "    if (false) {"),
    ("more is ordered than fits", "include/gosv/core/supervisor.hpp",
     "    return 8 * services + 8;", "    return 2 * services;"),
]


def run(command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def copy_tree(to):
    listed = run(["git", "-C", str(ROOT), "ls-files", "-co", "--exclude-standard"])
    for name in listed.stdout.splitlines():
        source = ROOT / name
        if source.is_file():
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def build(tree):
    return run(["ninja", "-C", str(tree / "build"), "-j2", "unit_core", "scenario", "explore"])


def verdict_of_explore(tree):
    program = tree / "build/tests/explore/explore"
    for family in FAMILIES:
        done = run([str(program), family], timeout=300)
        if done.returncode != 0:
            first = done.stdout.splitlines()[0] if done.stdout else f"died ({done.returncode})"
            return first.replace("FAULT: ", "")
    return ""


def verdict_of_scenarios(tree):
    program = tree / "build/tests/scenario/scenario"
    files = sorted((tree / "tests/scenario").glob("*.txt"))
    return sum(run([str(program), str(f)]).returncode != 0 for f in files if f.name != "CMakeLists.txt")


def verdict_of_units(tree):
    done = run([str(tree / "build/tests/unit/core/unit_core"), "--no-colors"])
    if done.returncode == 0:
        return 0
    summary = [line for line in done.stdout.splitlines() if "test cases:" in line]
    return int(summary[0].split("|")[2].split()[0]) if summary else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", metavar="DIR", help="scratch folder to use and to leave behind")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    scratch = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="gosv-mutate-"))
    tree = scratch / "tree"
    copy_tree(tree)
    cache = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    configured = run(["cmake", "-S", str(tree), "-B", str(tree / "build"), "-G", "Ninja",
                      "-DCMAKE_BUILD_TYPE=Debug", "-DGOSV_WERROR=OFF", *cache])
    if configured.returncode != 0 or build(tree).returncode != 0:
        print(configured.stdout)
        return 2
    unnoticed = stale = 0
    print("| edit | explore | scenarios | unit |\n| --- | --- | --- | --- |")
    for title, name, before, after in EDITS:
        if options.words and not any(word in title for word in options.words):
            continue
        path = tree / name
        original = path.read_text()
        if original.count(before) < 1:
            print(f"| {title} | the edit does not apply any more | | |")
            stale += 1
            continue
        path.write_text(original.replace(before, after, 1))
        built = build(tree)
        if built.returncode != 0:
            print(f"| {title} | does not compile | | |\n{built.stdout}")
            stale += 1
        else:
            explored, scenarios, units = verdict_of_explore(tree), verdict_of_scenarios(tree), verdict_of_units(tree)
            print(f"| {title} | {explored or '-'} | {scenarios or '-'} | {units or '-'} |", flush=True)
            unnoticed += not (explored or scenarios or units)
        path.write_text(original)
    if not options.keep:
        shutil.rmtree(scratch)
    print(f"\n{unnoticed} unnoticed, {stale} stale", file=sys.stderr)
    return 2 if stale else 1 if unnoticed else 0


if __name__ == "__main__":
    os.environ.setdefault("CCACHE_DIR", "/tmp/ccache")
    sys.exit(main())
