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

from mutations import EDITS

ROOT = pathlib.Path(__file__).resolve().parents[2]
# The quick ones first.
FAMILIES = ("one_service", "command", "three_services", "watched", "three_in_order", "two_in_order",
            "two_services")


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
    return sum(run([str(program), str(file)]).returncode != 0
               for file in files if file.name != "CMakeLists.txt")


def verdict_of_units(tree):
    done = run([str(tree / "build/tests/unit/core/unit_core"), "--no-colors"])
    if done.returncode == 0:
        return 0
    summary = [line for line in done.stdout.splitlines() if "test cases:" in line]
    return int(summary[0].split("|")[2].split()[0]) if summary else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", metavar="DIR", help="scratch folder to use and to leave behind")
    parser.add_argument("words", nargs="*")
    options = parser.parse_args()
    scratch = pathlib.Path(options.keep or tempfile.mkdtemp(prefix="gosv-mutate-"))
    tree = scratch / "tree"
    copy_tree(tree)
    cache = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    configured = run(["cmake", "-S", str(tree), "-B", str(tree / "build"), "-G", "Ninja",
                      "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_CXX_FLAGS_DEBUG=", "-DGOSV_WERROR=OFF", *cache])
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
        if before not in original:
            print(f"| {title} | the edit does not apply any more | | |")
            stale += 1
            continue
        path.write_text(original.replace(before, after, 1))
        built = build(tree)
        if built.returncode != 0:
            print(f"| {title} | does not compile | | |\n{built.stdout}")
            stale += 1
        else:
            explored = verdict_of_explore(tree)
            scenarios, units = verdict_of_scenarios(tree), verdict_of_units(tree)
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
