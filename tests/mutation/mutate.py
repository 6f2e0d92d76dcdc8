"""Makes small wrong edits to the sources, one at a time, and tells which of them the tests catch.

    mutate.py [-j N] [NUMBER | WORDS ...]

The edits are in mutations.txt beside this file; numbers, or words of their headings, pick some. Each is
made in a copy of the tree, which is built again; then suite after suite runs there until one fails: those
nearest to the edited module first, the others from the quickest to the slowest. A suite that takes much
longer than it does on the tree as it is has failed too.

Exit: 0 if all are caught but those whose `equivalent:` line says why none could, 1 if not, 2 if the tree
as it is fails, or an edit does not fit it or does not compile.
"""

import argparse
import collections
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = ROOT / "tests" / "mutation" / "mutations.txt"

# The suite that is likeliest to catch an edit of a module, if its unit test does not.
LIKELIEST = {
    "session": "ce-sessionize",
    "doubts": "ce-sessionize",
    "sessioncols": "ce-agg",
    "outcome": "ce-agg",
    "aggregate": "ce-agg",
    "history": "ce-agg",
    "label": "ce-features",
    "features": "ce-features",
    "cleaning": "test_state_events",
    "state": "states",
    "state_history": "days",
    "effects": "ce-online",
    "online": "ce-online",
    "state_online": "days",
    "state_labels": "days",
    "state_events": "days",
    "materialize": "states",
    "agreement": "states",
    "splitter": "ce-split",
    "openquote": "ce-split",
    "merger": "ce-merge",
    "facts": "states",
    "shardfacts": "ce-collate",
    "whole": "ce-collate",
    "shardtable": "ce-collate",
    "completions": "ce-collate",
    "collate": "ce-collate",
}

SURVIVED, DOES_NOT_COMPILE = "SURVIVED", "DOES NOT COMPILE"

Mutation = collections.namedtuple("Mutation", "number heading file old new equivalent")


def refuse(*lines):
    print(*lines, sep="\n", file=sys.stderr)
    sys.exit(2)


def read_list():
    """Blocks of a heading `FILE: WRONG IDEA`, lines `- OLD` and `+ NEW`, and perhaps `equivalent: WHY`."""
    text = "\n".join(line for line in LIST.read_text(encoding="utf-8").split("\n") if not line.startswith("#"))
    mutations = []
    for block in filter(None, (part.strip("\n") for part in text.split("\n\n"))):
        heading, *lines = block.split("\n")
        found = {"-": [], "+": [], "equivalent:": []}
        for line in lines:
            mark, _, rest = line.partition(" ")
            if mark not in found:
                refuse(f"{LIST.name}: {heading}: cannot read '{line}'")
            found[mark].append(rest)
        old, new, equivalent = ("\n".join(part) for part in found.values())
        mutations.append(Mutation(len(mutations) + 1, heading, heading.split(":")[0], old, new, equivalent))
    return mutations


def refuse_stale(mutations):
    wrong = []
    for m in mutations:
        path = ROOT / m.file
        n = path.read_text(encoding="utf-8").count(m.old) if m.old and path.is_file() else 0
        if n != 1:
            wrong.append(f"{LIST.name}: {m.number}: {m.heading}: the old text occurs {n} times, not once")
        elif m.old == m.new:
            wrong.append(f"{LIST.name}: {m.number}: {m.heading}: the new text is the old one")
    if wrong:
        refuse(*wrong)


def pick(mutations, wanted):
    def is_wanted(mutation):
        return any(w == str(mutation.number) if w.isdigit() else w in mutation.heading for w in wanted)

    return [m for m in mutations if is_wanted(m)] if wanted else mutations


def end_session(session):
    """Kills what is left of a session: timeout(1), for one, leaves the process group."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.getsid(int(pid)) == session:
                os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass


class Tree:
    """A copy of the sources with what is built from them, and a place for the tests' temporary files."""

    def __init__(self, root):
        self.root = root
        self.tmp = root.with_name(root.name + ".tmp")
        self.tmp.mkdir()

    def run(self, *command, limit=None):
        """Whether the command succeeds within `limit` seconds. Nothing that it started stays behind."""
        env = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        process = subprocess.Popen(
            command,
            cwd=self.root,
            env={**env, "TMPDIR": str(self.tmp)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(limit) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            end_session(process.pid)
            process.wait()

    def makes(self, *targets):
        return self.run("make", *targets)

    def passes(self, suite, limit=None):
        units = [f"build/{path.relative_to(ROOT / 'tests').with_suffix('')}" for path in unit_sources() if path.stem == suite]
        needed = units[0] if units else "all"
        return self.makes(needed) and self.run("tests/run.sh", "build", suite, limit=limit)

    def fate(self, mutation, seconds):
        """The suite that catches the mutation, or SURVIVED or DOES_NOT_COMPILE."""
        path = self.root / mutation.file
        source = path.read_text(encoding="utf-8")
        path.write_text(source.replace(mutation.old, mutation.new), encoding="utf-8")
        try:
            if not self.makes("build/libce.a"):
                return DOES_NOT_COMPILE
            for suite in order(mutation, seconds):
                start, limit = time.monotonic(), 20 + 5 * seconds[suite]
                if not self.passes(suite, limit):
                    if time.monotonic() - start > limit:
                        print(f"{mutation.number:3} {suite} was stopped after {limit:.0f} s", flush=True)
                    return suite
            return SURVIVED
        finally:
            path.write_text(source, encoding="utf-8")


def copy_sources(to):
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in names:
        if name and (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def unit_sources():
    return (ROOT / "tests").glob("unit/*/test_*.c")


def all_suites():
    return [path.stem for path in [*(ROOT / "tests").glob("*/*.bats"), *unit_sources()]]


def order(mutation, seconds):
    """All suites as they are to be tried; `seconds` is what each takes on the tree as it is."""
    module = Path(mutation.file).stem
    first = [f"test_{module}", LIKELIEST.get(module), "reference", "properties", "pipeline"]
    return [s for s in first if s in seconds] + [s for s in sorted(seconds, key=seconds.get) if s not in first]


def each(trees, work, items):
    """(item, work(tree, item), the seconds it took), in order; no two use a tree at a time."""

    def borrow(item):
        tree, start = trees.get(), time.monotonic()
        try:
            return item, work(tree, item), time.monotonic() - start
        finally:
            trees.put(tree)

    pool = ThreadPoolExecutor(trees.qsize())
    try:
        yield from pool.map(borrow, items)
    finally:
        pool.shutdown(cancel_futures=True)


def check(mutations, folder, jobs):
    """Prints what becomes of each mutation. Returns the exit status."""
    trees = queue.Queue()
    source = Path(folder) / "tree"
    copy_sources(source)
    if not Tree(source).makes("all", "units"):
        refuse("the tree as it is does not build")
    for i in range(jobs):
        trees.put(Tree(shutil.copytree(source, Path(folder) / f"tree{i}", symlinks=True)))

    seconds, failed = {}, []
    for suite, passes, took in each(trees, Tree.passes, all_suites()):
        seconds[suite] = took
        failed += [] if passes else [suite]
    if failed:
        refuse(f"the tree as it is fails: {' '.join(failed)}")
    print(f"the tree as it is passes {len(seconds)} suites in {sum(seconds.values()):.0f} s", flush=True)

    caught, said, wrong = collections.Counter(), 0, []
    for m, fate, took in each(trees, lambda tree, m: tree.fate(m, seconds), mutations):
        if fate in seconds:
            caught[fate] += 1
        if fate == SURVIVED and m.equivalent:
            fate = "equivalent"
            said += 1
        elif fate not in seconds or m.equivalent:
            wrong.append((m, fate))
        print(f"{m.number:3} {m.heading}: {'caught by ' if fate in seconds else ''}{fate} ({took:.0f} s)", flush=True)
    print("caught by", ", ".join(f"{suite} {n}" for suite, n in caught.most_common()))
    print(f"{caught.total()} of {len(mutations) - said} mutations caught" + (f", {said} equivalent" if said else ""))
    for m, fate in wrong:
        print(f"{m.number:3} {m.heading}: {'said to be equivalent, yet caught by ' if fate in seconds else ''}{fate}")
    if any(fate == DOES_NOT_COMPILE for _, fate in wrong):
        return 2
    return 1 if wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count(), metavar="N", help="that many at once")
    parser.add_argument("--check", action="store_true", help="only check that each edit fits the sources")
    parser.add_argument("wanted", nargs="*", metavar="NUMBER|WORDS", help="those alone")
    args = parser.parse_args()
    mutations = read_list()
    refuse_stale(mutations)
    if args.check:
        return 0
    picked = pick(mutations, args.wanted)
    if not picked:
        parser.error("no mutation is named so")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="ce-mutate-") as folder:
        return check(picked, folder, args.jobs)


if __name__ == "__main__":
    sys.exit(main())
