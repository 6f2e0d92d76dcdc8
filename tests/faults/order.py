#!/usr/bin/env python3
"""Checks the order of what a tool that succeeded did to its outputs, by the trace of shim.c.

    order.py LOG STDOUT FILE...

STDOUT is what standard output was: `pipe`, the path of a file, `PATH:plain` if it is not compressed, or `-`: nothing
was written there. FILEs are
the outputs by name, each of which replaced an older file. Whatever ends the tool between two of its calls,

    a file has its name only once all of it is written, synced and closed, and so is every other one;
    the folder is synced after that;
    the stream on stdout gets its end, and is closed, only when every name is on the disk, and then no older file
    has been forgotten yet; one that is redirected is synced before that;
    no signal comes between a name, or that end, and the note of it.

Prints what is not so. Exit: 0 if all is, 1 if not.
"""

import os
import re
import sys

NONE = -1


def main():
    log, stdout, *files = sys.argv[1:]
    with open(log, encoding="utf-8", errors="surrogateescape") as lines:
        done = [line.rstrip("\n").split(" ", 3)[1:] for line in lines if line.startswith("did ")]
    wrong = []

    def find(call, path, after=NONE):
        """Where such calls are in the trace."""
        return [i for i, (name, _, at) in enumerate(done) if name == call and i > after
                and (at.startswith("pipe:") if path == "pipe" else re.fullmatch(path, at))]

    def expect(holds, what):
        if not holds:
            wrong.append(what)

    def expect_held(calls, what):
        expect(all(done[i][1] == "held" for i in calls), f"{what} can be interrupted by a signal")

    closed, end = [], [len(done)]
    if stdout != "-":
        path, _, plain = stdout.partition(":")
        path = path if path == "pipe" else re.escape(os.path.realpath(path))
        written, closed = find("write", path), find("close", path)[-1:]
        end = (closed if plain else written)[-1:]
        expect(end and closed and end <= closed, "stdout is not written and closed")
        expect_held(end + closed, "the end of stdout")
        synced = find("sync", path, written[-1 if plain else -2]) if len(written) > 1 else find("sync", path)
        expect(path == "pipe" or synced and synced < end, "stdout is not synced before its end")
    completed, renamed = [], []
    for path in map(os.path.realpath, files):
        folder, name = os.path.split(path)
        temporary = re.escape(f"{folder}/.{name}.ce-") + r"[0-9a-f]{12}\.tmp"
        calls = [find("write", temporary)[-1:]]
        for call, at in (("sync", temporary), ("close", temporary), ("rename", re.escape(path)), ("sync", re.escape(folder))):
            calls.append(find(call, at, *calls[-1])[:1] if calls[-1] else [])
            expect(calls[-1], f"{name}: no {call} of {'the folder' if at == re.escape(folder) else 'it'} after the step before")
        completed += calls[2]
        renamed += calls[3]
        expect(calls[4] < end, f"{name}: stdout ends before that name is on the disk")
        forgotten = find("unlink", temporary)
        expect(forgotten and forgotten[0] > max(closed, default=NONE), f"{name}: the older file is forgotten before the end of stdout")
        expect_held(calls[3], f"{name}: the rename")
        expect_held(forgotten, f"{name}: the end")
    expect(max(completed, default=NONE) < min(renamed, default=len(done)), "a file has its name before another is complete")
    print("\n".join(wrong + [" ".join(call) for call in done] if wrong else []), end="\n" if wrong else "")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
