#!/usr/bin/python3
"""Measures gosv beside its peers and the floor: `./dev bench`. README.md says how."""

import argparse
import os
import shlex
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import machine  # noqa: E402
import peers  # noqa: E402
import render  # noqa: E402
from arena import Failed  # noqa: E402
from contenders import everybody  # noqa: E402
from figures import Results  # noqa: E402
from goals import add_growth, goals  # noqa: E402
from jobs import QUICK, Sizes, all_jobs  # noqa: E402
from support.gosv import MissingBinary, find_binary, find_program  # noqa: E402


def arguments(argv):
    parser = argparse.ArgumentParser(prog="./dev bench", description="gosv beside its peers and the floor",
                                     epilog="integration/bench/README.md says how each figure is taken")
    parser.add_argument("--quick", action="store_true",
                        help="less of everything: whether it works; no figures to tell")
    parser.add_argument("--rounds", type=int, help="of each job (5; 1 with --quick)")
    parser.add_argument("--jobs", type=words, help="size, life-N (start, memory, stop), storm, restart, "
                        "signal, idle; life is all of them")
    parser.add_argument("--contenders", type=words, help="floor, floor-side, gosv, gosv-command, tini, ...; "
                        "all that are here")
    parser.add_argument("--services", type=counts, help="how many in life-N: 1,10,100,1000")
    parser.add_argument("--processes", type=int, help="a run has no more (2200); who needs more gets '-'")
    parser.add_argument("--output", type=Path, default=HERE.parents[1] / "build/bench",
                        help="where bench.md and bench.json go (build/bench)")
    return parser.parse_args(argv)


def words(text):
    return text.split(",")


def counts(text):
    found = tuple(sorted({int(word) for word in text.split(",")}))
    if not 1 <= found[0] <= found[-1] <= 4000:
        raise ValueError(text)
    return found


def sizes_of(options):
    sizes = vars(QUICK if options.quick else Sizes()).copy()
    if options.services:
        sizes["counts"] = options.services
    if options.processes:
        sizes["processes"] = options.processes
    return Sizes(**sizes)


def shipped():
    """$GOSV, or what is shipped. Never a debug build."""
    os.environ.setdefault("GOSV", str(HERE.parents[1] / "build/release/gosv"))
    return find_binary()


def present(wanted, path):
    """The contenders that are here, and why the others are not."""
    found, absent = [], []
    everyone = everybody(shipped(), find_program("bench-floor"))
    unknown = set(wanted or ()) - {contender.name for contender in everyone}
    if unknown:
        sys.exit(f"bench: no contender {', '.join(sorted(unknown))}; there are "
                 + ", ".join(contender.name for contender in everyone))
    for contender in everyone:
        if wanted and contender.name not in wanted:
            continue
        # What is on PATH goes before what was unpacked.
        if contender.look_up(path) or contender.package and peers.use(contender):
            found.append(contender)
        else:
            absent.append(contender.name)
    return found, absent


def chosen(jobs, wanted):
    if not wanted:
        return jobs
    unknown = [word for word in wanted if word != "life" and word not in [job.name for job in jobs]]
    if unknown:
        sys.exit(f"bench: no job {', '.join(unknown)}; there are life, "
                 + ", ".join(job.name for job in jobs))
    return [job for job in jobs
            if job.name in wanted or "life" in wanted and job.name.startswith("life-")]


def measure(job, contenders, rounds, results):
    """Interleaved: each round has all contenders, each time another one first."""
    able = [contender for contender in contenders if job.takes(contender)]
    for turn in range(min(rounds, job.rounds)):
        first = turn % len(able) if able else 0
        for contender in able[first:] + able[:first]:
            if contender.name in results.notes.get(job.name, {}):
                continue  # it will not do it the next time either
            begun = time.monotonic()
            try:
                for key, value in job.run(contender).items():
                    results.add(key, contender.name, turn, value)
            except Failed as error:
                results.note(job.name, contender.name, str(error))
            progress(f"{job.name} {turn + 1} {contender.name}: {time.monotonic() - begun:.1f} s")


def progress(text):
    print(text, file=sys.stderr, flush=True)


def main():
    options = arguments(sys.argv[1:])
    # So that whatever ends us closes what we have started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.geteuid() != 0:
        sys.exit("bench: namespaces need root")
    rounds = options.rounds or (1 if options.quick else 5)
    sizes = sizes_of(options)
    found, absent = present(options.contenders, os.environ.get("PATH"))
    jobs = chosen(all_jobs(sizes, find_program), options.jobs)
    command = shlex.join(["./dev", "bench", *sys.argv[1:]])
    about = machine.describe(command, found)
    if absent:
        about["absent"] = "not on PATH: " + ", ".join(absent)
    # The pages of a program that was built a moment ago are still to be written, and counted as dirty.
    os.sync()
    results = Results()
    for job in jobs:
        measure(job, found, rounds, results)
    about["load afterwards"] = " ".join(f"{load:.2f}" for load in os.getloadavg())
    add_growth(results, sizes.counts)
    write(options.output, about, jobs, found, results, goals(sizes.counts), rounds)


def write(directory, about, jobs, found, results, aims, rounds):
    names = [contender.name for contender in found]
    tables = [render.job_table(job, names, results) for job in jobs] + [render.goal_table(aims, results)]
    directory.mkdir(parents=True, exist_ok=True)
    said = (f"Medians of {rounds} round{'s' * (rounds > 1)}; (ratios) are medians of the ratios to `floor` "
            "within a round.")
    (directory / "bench.json").write_text(render.as_json(about, jobs, found, results, aims))
    (directory / "bench.md").write_text("\n".join(
        ["# gosv beside its peers", "", *(f"* {key}: {value}" for key, value in about.items()), "", said, "",
         *(table.markdown() for table in tables)]))
    print("\n".join([*(f"{key}: {value}" for key, value in about.items()), "", said, "",
                     *(table.terminal() for table in tables)]))
    print(f"{directory}/bench.md, {directory}/bench.json")


if __name__ == "__main__":
    try:
        main()
    except MissingBinary as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit("bench: interrupted; everything has been ended")
