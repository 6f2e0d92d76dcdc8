#!/usr/bin/env python3
"""What may happen to a state, or to those who go on from it, and ce-materialize either refuses or is not misled.

Usage: states.py [--every N] [--resealed N] [--seed N] [--bin DIR] [--keep-folder] [-v]

Three small days are run in a folder; then the second one again, from a state with which something is wrong:
one bit of every N-th byte (7) of each file flipped, files cut, edited, reordered, missing, exchanged, lines of
MANIFEST lost or doubled; with other options, one at a time, or dimensions, or events of another day. Each of these is refused
(exit 1, or 2 for what is no day's run at all; a message that names what is wrong; no output, nothing changed),
or the run is misled by nothing: the same bytes as that of the intact state. N times (300) a state is edited
and sealed again with sums that fit; then any answer but a crash or half of an output is right.

What is wrong is printed with the command and what was done; the exit status is 1 then.
"""
import argparse
import collections
import gzip
import hashlib
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import zlib

import clean
import days
from two_ways import DAY, Difference

START = 1_704_067_200_000 + 29 * DAY
UNTIL = [START + (day + 1) * DAY for day in range(3)]
USERS = ["u%d" % i for i in range(6)] + ["u,7", 'u"8']
CONTENTS = {"c1": "600", "c2": "5400", "c3": "1500", "c4": ""}
# Options of the chain, and for each another value, None for none, and whether it must be refused.
OPTIONS = [
    ("--gap", "20m", ["21m", None], True),
    ("--near-end", "0.9", ["0.91", None], True),
    ("--complete-by", "event", ["position", "played"], True),
    ("--unknown-runtime", "10m", ["11m", None], True),
    ("--max-left", "6h", ["7h", None], True),
    ("--window", "2d", ["3d", None], True),
    ("--rows", "undecided", ["all", "first", None], True),
    ("--keep", "app", ["app,net", "net", None], True),
    ("--dedupe", "3d", ["4d", None], False),
    ("--drop", "email", [None], True),
    ("--ts-unit", "ms", ["us", None], False),
    ("--tz", "UTC", ["Europe/Berlin", None], False),
    ("--na", "NULL", ["NULL,u1", None], False),
    ("--allow-empty", "device", ["device,playback_position", None], False),
    ("--plain-gap", None, [""], True),
    ("--left", None, [""], True),
    ("--since", None, ["2024-01-01", "2024-01-30T12:00Z"], False),
    ("--max-rejects", None, ["70%"], False),
    ("--max-unmatched", None, ["70%"], False),
    ("--strict", None, [""], False),
]
SAME = [("--gap", "1200s"), ("--near-end", "0.90"), ("--window", "48h"), ("--complete-by", "event"), ("--max-left", "360m")]


def draw(r):
    """Three days of events, the dimensions."""
    rows = [[] for _ in UNTIL]
    for i in range(50):
        user, content, ms, place = r.choice(USERS), r.choice(list(CONTENTS)), START + r.randrange(3 * DAY), 0
        if i % 8 == 0:
            ms = r.choice(UNTIL) - r.randrange(1, 900_000)
        for step in range(r.randint(1, 4)):
            kind = "play" if step == 0 else r.choice(["pause", "play", "stop", "complete", "seek", "heartbeat"])
            event = [f"e{i}-{step}", ms, user, content, kind, place, r.choice(["tv", "phone"]), r.choice(["1.0", "", "2"]), "wifi"]
            day = (ms - START) // DAY
            if day < 3:
                rows[day - (day > 0 and r.random() < 0.1)].append(event)
                if r.random() < 0.1 and day < 2:
                    rows[day + 1].append([event[0], ms + DAY // 2 if ms + DAY // 2 < UNTIL[day + 1] else ms, *event[2:]])
            ms += r.choice([1000, 60_000, 600_000, 0])
            place += 60
    head = [*clean.COLUMNS, "app", "net"]
    for day, events in enumerate(rows):
        write(f"day{day + 1}.csv", head, events)
    write("users.csv", ["user_id", "email", "plan_tier", "signup_date"], [[u, "x@y", "free", "2023-05-01"] for u in USERS])
    write("contents.csv", ["content_id", "genre", "runtime", "release_year", "maturity_rating"],
          [[c, "Drama" if c < "c3" else "Crime", runtime, 2001, "PG"] for c, runtime in CONTENTS.items()])  # fmt: skip


def write(name, head, rows):
    with open(name, "wb") as file:
        for row in [head, *rows]:
            file.write(b",".join(clean.encode(str(value).encode()) if value != "" else b"" for value in row) + b"\n")


OTHERS = ["-k", "user_id", "users.csv", "-k", "content_id", "contents.csv"]
OUTPUTS = ["-o", "out/f.csv", "--first", "out/first.csv", "--rejects", "out/rejects.csv", "-d", "out/tables", "-p", "--no-sync"]


def options(but=None, value=None):
    """The chain's options, one of them otherwise: None: not there; "": there, without a value."""
    words = []
    for name, own, _, _ in OPTIONS:
        own = value if name == but else own
        words += [] if own is None else [name, own] if own else [name]
    return words


def day_command(day, old, new="new", until=None, files=None, words=None, others=None, more=()):
    words = options() if words is None else words
    if not old and not new:  # then nothing is remembered
        words = [w for w, before in zip(words, [""] + words) if "--dedupe" not in (w, before)]
    command = ["ce-materialize", *words, *(others or OTHERS), *OUTPUTS]
    command += ["--state", old] if old else []
    command += ["--state-out", new, "--until", until or str(UNTIL[day - 1]), "--open", "out/open.csv"] if new else ["--final"]
    return command + list(more) + (files or [f"day{day}.csv"])


def everything(folder):
    """Each file under a folder, by path, with its bytes; folders and what is no file without."""
    out = {}
    for where, folders, files in os.walk(folder):
        for name in folders:
            out[os.path.join(where, name)] = None
        for name in files:
            path = os.path.join(where, name)
            out[path] = open(path, "rb").read() if os.path.isfile(path) else None
    return out


class States:
    def __init__(self, opt):
        self.opt, self.r, self.counts, self.wrong = opt, random.Random(opt.seed), collections.Counter(), 0

    def begin(self):
        """The three days; self.want is what the second one leaves, and "state" that of the first."""
        draw(self.r)
        os.mkdir("spill")
        os.environ["TMPDIR"] = os.path.abspath("spill")
        for day, old, new in ((1, None, "state"), (2, "state", "state2"), (3, "state2", "state3")):
            os.makedirs("out", exist_ok=True)
            done = subprocess.run(day_command(day, old, new), capture_output=True, check=False)
            if done.returncode:
                sys.exit(f"day {day}: exit {done.returncode}: {done.stderr.decode()}")
            days.whole_state(new)
            if day == 2:
                self.want = everything("out")
            shutil.rmtree("out")
        self.state, self.new = days.tree("state"), days.tree("state2")
        self.fixed = {name: data for name, data in everything(".").items() if data is not None}
        for name, data in self.state.items():
            rows = len(days.records(gzip.decompress(data))) - 1 if name != "MANIFEST" else 1
            self.counts["empty"] += not rows
            if self.opt.verbose:
                print(f"{name}: {rows} rows, {len(data)} bytes")

    def attempt(self, what, command, names, refused=None, free=False, status=(1,), timeout=20):
        """One run. names: what the message has to have, one of them; refused: whether it has to be; free: the answer may be another."""
        shutil.rmtree("out", ignore_errors=True)
        shutil.rmtree("new", ignore_errors=True)
        os.mkdir("out")
        before = everything(".")
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=timeout)
        except subprocess.TimeoutExpired:
            return self.fault(what, command, f"does not end within {timeout} s", "")
        said = done.stderr.decode(errors="replace")
        after = everything(".")
        self.counts["attempts"] += 1
        if done.returncode == 0:
            self.counts["accepted"] += 1
            if refused:
                return self.fault(what, command, "exit 0", said)
            if free:
                return None
            got = {name[2:]: data for name, data in after.items() if name.startswith("./out/")}
            other = [name for name in {*got, *self.want} if got.get(name, 0) != self.want.get(name, 0)]
            if other:
                return self.fault(what, command, f"exit 0, and other outputs: {sorted(other)}", said)
            try:
                days.same_states(days.tree("new"), self.new, "new")
            except Difference as difference:
                return self.fault(what, command, f"exit 0, and another state: {difference}", said)
            return None
        if done.returncode not in status or not said.startswith("ce-materialize: "):
            return self.fault(what, command, f"exit {done.returncode}", said)
        self.counts["refused"] += 1
        if names and not any(name in said for name in names):
            return self.fault(what, command, f"exit {done.returncode}, and the message names none of {names}", said)
        if before != after:
            changed = [name for name in {*before, *after} if before.get(name, 0) != after.get(name, 0)]
            return self.fault(what, command, f"exit {done.returncode}, and {sorted(changed)[:5]} changed", said)
        if refused is False:
            return self.fault(what, command, f"exit {done.returncode}, which is no reason", said)
        return None

    def fault(self, what, command, verdict, said):
        self.wrong += 1
        print(f"{what}: {verdict}\n  {shlex.join(command)}\n  {said.strip()[:600]}", flush=True)
        if self.opt.keep_folder and os.path.isdir("damaged"):
            shutil.copytree("damaged", f"damaged.{self.wrong}", symlinks=True)
        for name in ("state", "state2", "state3"):
            shutil.rmtree(name, ignore_errors=True)
        for name, content in self.fixed.items():  # as it was, for the next attempt
            if not os.path.isfile(name) or open(name, "rb").read() != content:
                os.makedirs(os.path.dirname(name), exist_ok=True)
                with open(name, "wb") as file:
                    file.write(content)

    def damage(self, what, changes, names, **how):
        """The second day from a state with these files changed, {name: bytes, or None if it is gone}."""
        shutil.rmtree("damaged", ignore_errors=True)
        os.mkdir("damaged")
        for name, data in {**self.state, **changes}.items():
            if data is not None:
                with open(f"damaged/{name}", "wb") as file:
                    file.write(data)
        self.attempt(what, day_command(2, "damaged"), names, **how)

    # Files.

    def flips(self):
        for name, data in self.state.items():
            for at in range(self.r.randrange(self.opt.every), len(data), self.opt.every):
                bit = 1 << self.r.randrange(8)
                other = data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]
                self.damage(f"{name}: bit {bit} of byte {at} flipped", {name: other}, [name])

    def files(self):
        r, names = self.r, sorted(self.state)
        for name in names:
            data = self.state[name]
            for size in sorted({0, 1, 9, 18, len(data) - 1, len(data) - 8, *(r.randrange(len(data)) for _ in range(5))}):
                self.damage(f"{name} cut to {size} bytes", {name: data[: max(size, 0)]}, [name], refused=True)
            for more in (b"\0", b"x", b"\n", zlib.compress(b"", wbits=31), data):
                self.damage(f"{name} with {more[:9]!r} behind it", {name: data + more}, [name])
            self.damage(f"{name} is missing", {name: None}, [name], refused=True)
            other = r.choice([other for other in names if self.state[other] != data])
            self.damage(f"{name} has what {other} has", {name: self.state[other]}, [name])
            self.damage(f"{name} of the next day", {name: self.new[name]}, [name, "MANIFEST", "until"], refused=self.new[name] != data)
            if name == "MANIFEST":
                continue
            rows = days.records(gzip.decompress(data))
            for text, kind in self.edits(rows):
                self.damage(f"{name} {kind}, compressed again", {name: gzip.compress(text, 6, mtime=0)}, [name], refused=True)
            self.damage(f"{name} not compressed", {name: b"".join(rows)}, [name])
        for name in ("notes.txt", ".hidden", "more.csv.gz", "MANIFEST.old"):
            self.damage(f"a file {name} more", {name: b"x"}, [name])
        for name in names:
            for kind in ("a folder", "a FIFO", "a link to itself"):
                shutil.rmtree("damaged", ignore_errors=True)
                shutil.copytree("state", "damaged")
                os.unlink(f"damaged/{name}")
                {"a folder": os.mkdir, "a FIFO": os.mkfifo}.get(kind, lambda path: os.symlink(os.path.basename(path), path))(f"damaged/{name}")
                self.attempt(f"{name} is {kind}", day_command(2, "damaged"), [name], refused=True)
            shutil.rmtree("damaged", ignore_errors=True)
            shutil.copytree("state", "damaged")
            os.rename(f"damaged/{name}", f"elsewhere.{name}")
            os.symlink(f"../elsewhere.{name}", f"damaged/{name}")
            self.attempt(f"{name} is a link to what it ought to be", day_command(2, "damaged"), [name])

    def edits(self, rows):
        """(text, what was done) of tables that are not the one of these rows, the header first."""
        r, n = self.r, len(rows)
        if n > 2:
            i, j = sorted(r.sample(range(1, n), 2))
            if rows[i] != rows[j]:
                yield b"".join([*rows[:i], rows[j], *rows[i + 1 : j], rows[i], *rows[j + 1 :]]), f"with rows {i} and {j} exchanged"
        if n > 1:
            i = r.randrange(1, n)
            yield b"".join([*rows[:i], *rows[i + 1 :]]), f"without row {i}"
            yield b"".join([*rows[:i], rows[i], *rows[i:]]), f"with row {i} twice"
            fields = clean.split(rows[i][:-1])
            at = r.randrange(len(fields))
            fields[at] = r.choice([v for v in (b"1", b"0", None, b"-1", b"x", b"9223372036854775807") if v != fields[at]])
            row = b",".join(b"" if f is None else clean.encode(f) for f in fields) + b"\n"
            yield b"".join([*rows[:i], row, *rows[i + 1 :]]), f"with field {at + 1} of row {i} edited"
        yield b"".join([rows[0].replace(b"\n", b",more\n"), *rows[1:]]), "with a longer header"

    def manifest(self):
        lines = self.state["MANIFEST"].splitlines(keepends=True)
        for i, line in enumerate(lines):
            others = {"gone": [], "twice": [line, line], "empty": [b"\n"], "with a blank": [line[:-1] + b" \n"], "with CR": [line[:-1] + b"\r\n"]}
            if i + 1 < len(lines):
                others["after the next"] = None
            for kind, new in others.items():
                text = lines[:i] + ([lines[i + 1], line] + lines[i + 2 :] if new is None else new + lines[i + 1 :])
                self.damage(f"MANIFEST: line {i + 1}, {line!r}, {kind}", {"MANIFEST": b"".join(text)}, ["MANIFEST"], refused=True)
                if line.startswith(b"end "):
                    continue
                sealed = self.seal(text)
                self.damage(f"MANIFEST: line {i + 1}, {line!r}, {kind}, sealed", {"MANIFEST": sealed}, None, free=True)
        self.replaced(b"ce-state 2", b"ce-state 3", ["3", "version"])
        self.replaced(rb"version .*", b"version 0.1.0", ["0.1.0", "version"])
        for line in lines:
            words = line.split()
            if words[0] == b"option" and words[1] in [name[2:].encode() for name, *_ in OPTIONS[:8]]:
                self.replaced(re.escape(line[:-1]), b" ".join(words[:2]) + b" 17", [words[1].decode(), "MANIFEST"])
            if words[0] == b"dimension":
                self.replaced(re.escape(line[:-1]), line[:-2] + (b"0" if line[-2:-1] != b"0" else b"1"), [words[1].decode()])

    def replaced(self, pattern, by, names):
        text = re.sub(b"(?m)^" + pattern + b"$", by, self.state["MANIFEST"])
        if text == self.state["MANIFEST"]:
            return self.fault(f"MANIFEST: no line {pattern!r}", [], "", "")
        self.damage(f"MANIFEST: {by!r}, sealed", {"MANIFEST": self.seal(text.splitlines(keepends=True))}, names, refused=True)
        return None

    def seal(self, lines):
        text = b"".join(line for line in lines if not line.startswith(b"end "))
        return text + b"end " + hashlib.sha256(text).hexdigest().encode() + b"\n"

    def resealed(self):
        """Edited tables whose sums fit: whoever did that has what he has, but no crash and no half output."""
        r, names = self.r, [name for name in self.state if name != "MANIFEST"]
        for _ in range(self.opt.resealed):
            changes, done = {}, []
            for name in r.sample(names, min(len(names), r.choice([1, 1, 1, 2]))):
                text, kind = r.choice(list(self.edits(days.records(gzip.decompress(self.state[name])))))
                if r.random() < 0.15:
                    at = r.randrange(len(text) + 1)
                    text, kind = text[:at] + r.choice([b'"', b",", b"\n", b"\0", b"\xff", b"-", b"99999999999999999999"]) + text[at:], f"byte {at}"
                changes[name] = gzip.compress(text, 6, mtime=0)
                done.append(f"{name} {kind}")
            lines = self.state["MANIFEST"].splitlines(keepends=True)
            for i, line in enumerate(lines):
                words = line.split()
                if words[0] == b"file" and words[1].decode() in changes:
                    data = changes[words[1].decode()]
                    rows = max(len(gzip.decompress(data).splitlines()) - 1, 0)
                    lines[i] = b"file %s %d %s\n" % (words[1], rows, hashlib.sha256(data).hexdigest().encode())
            if r.random() < 0.2:
                i = r.randrange(1, len(lines) - 1)
                words = lines[i].split()
                words[-1] = r.choice([b"0", b"-1", b"18446744073709551615", b"9223372036854775807", b"x", b"1"])
                lines[i] = b" ".join(words) + b"\n"
                done.append(f"MANIFEST {lines[i]!r}")
            changes["MANIFEST"] = self.seal(lines)
            accepted = self.counts["accepted"]
            self.damage(f"sealed again: {', '.join(done)}", changes, None, free=True)
            if self.opt.verbose and self.counts["accepted"] > accepted:
                print(f"accepted: {', '.join(done)}")

    # Options, dimensions, days.

    def options(self):
        for name, own, values, refused in OPTIONS:
            for value in values:
                command = day_command(2, "state", words=options(name, value))
                names = [name[2:]] if refused else None  # one of how to read events may be another one from today on
                self.attempt(f"{name} {value}, not {own}", command, names, refused=refused or None, free=not refused)
        for name, value in SAME:
            self.attempt(f"{name} {value}", day_command(2, "state", words=options(name, value)), None, refused=False)
        for more in (["--threads", "1"], ["--mem", "2M"], ["-v"]):
            self.attempt(f"{more}", day_command(2, "state", more=more), None, refused=False)

    def dimensions(self):
        for name, key in (("users.csv", "user_id"), ("contents.csv", "content_id")):
            with open(name, "rb") as file:
                text = file.read()
            others = {"one row edited": text.replace(b"2023-05-01", b"2023-05-02", 1).replace(b"PG", b"R", 1), "a row more": text + text.split(b"\n")[1]
                      .replace(b"u0", b"u99").replace(b"c1", b"c99") + b"\n", "compressed": gzip.compress(text)}  # fmt: skip
            for kind, other in others.items():
                with open("other", "wb") as file:
                    file.write(other)
                others_words = ["other" if word == name else word for word in OTHERS]
                command = day_command(2, "state", others=others_words)
                self.attempt(f"{name}: {kind}", command, [key], refused=None if kind == "compressed" else True)
                self.attempt(f"{name}: {kind}, --dimensions-changed", command + ["--dimensions-changed"], None, refused=False, free=True)
                changed = f"dimensions-changed {key}\n".encode()
                if os.path.exists("new/MANIFEST") and kind != "compressed" and changed not in open("new/MANIFEST", "rb").read():
                    self.fault(f"{name}: {kind}", command, "MANIFEST has no line dimensions-changed", "")
        self.attempt("no users", day_command(2, "state", words=options("--drop"), others=OTHERS[3:]), ["user_id", "drop"], refused=True)
        self.attempt("contents first", day_command(2, "state", others=OTHERS[3:] + OTHERS[:3]), ["user_id", "content_id", "-k", "column", "MANIFEST"])
        self.attempt("--dimensions-changed, though none is", day_command(2, "state", more=["--dimensions-changed"]), None)

    def wrong_days(self):
        until = UNTIL[1]
        for what, command, names in (
            ("the first day's file again", day_command(2, "state", files=["day1.csv"]), ["day", "before"]),
            ("the third day's file", day_command(2, "state", files=["day3.csv"]), ["day", "after"]),
            ("the same until", day_command(2, "state", until=str(UNTIL[0])), ["--until"]),
            ("an until before that", day_command(2, "state", until=str(UNTIL[0] - 1)), ["--until"]),
            ("the second day twice", day_command(3, "state2", files=["day2.csv"]), ["day", "before", "duplicate"]),
            ("the second day twice, and its end inside it", day_command(3, "state2", files=["day2.csv"], until=str(UNTIL[2] + DAY)), ["day", "before", "duplicate"]),
            ("an until within a millisecond, us", day_command(2, "state", until=f"{until}001"), ["--until"]),
            ("an until within a millisecond, ns", day_command(2, "state", until=f"{until}000001"), ["--until"]),
            ("an until within a millisecond, ISO", day_command(2, "state", until=days.iso(until)[:-1] + "5Z"), ["--until"]),
            ("an until within a millisecond, s", day_command(2, "state", until=f"{until // 1000}.0001"), ["--until"]),
            ("--state-out without --until", [w for w in day_command(2, "state") if w not in ("--until", str(until))], ["--until"]),
            ("--final and --state-out", day_command(2, "state", more=["--final"]), ["--final"]),
            ("--state alone", [w for w in day_command(2, "state", None) if w != "--final"], ["--state"]),
            ("--final alone", day_command(2, None, None), ["--final"]),
            ("--open with --final", day_command(2, "state", None, more=["--open", "out/open.csv"]), ["--open"]),
            ("--open without a state", [w for w in day_command(2, None, None, more=["--open", "out/open.csv"]) if w != "--final"], ["--open"]),
            ("a watermark after until", day_command(2, "state", more=["--watermark", str(until + 1)]), ["--watermark"]),
            ("no OLD", day_command(2, "nothing"), ["nothing"]),
            ("an empty OLD", day_command(2, "spill"), ["spill"]),
            ("an OLD that is a file", day_command(2, "day1.csv"), ["day1.csv"]),
            ("an OLD that is MANIFEST", day_command(2, "state/MANIFEST"), ["state/MANIFEST"]),
            ("an OLD without a name", day_command(2, "") + ["--state", ""], ["--state", "''"]),
            ("NEW is OLD", day_command(2, "state", "state"), ["state"]),
            ("NEW is OLD, with a slash", day_command(2, "state", "state/"), ["state"]),
            ("NEW is OLD, by another name", day_command(2, "state", "./spill/../state"), ["state"]),
            ("NEW is OLD, by a link", day_command(2, "state", "link"), ["link", "state"]),
            ("NEW is a file", day_command(2, "state", "day3.csv"), ["day3.csv"]),
            ("NEW has files of others", day_command(2, "state", "others"), ["others"]),
            ("NEW is the folder where we are", day_command(2, "state", "."), ["."]),
            ("NEW's parent is missing", day_command(2, "state", "no/such/new"), ["no/such"]),
            ("an output onto OLD", day_command(2, "state", more=["--unmatched", "state/users.csv.gz"]), ["state/users.csv.gz"]),
            ("an input of OLD", day_command(2, "state", files=["state/early.csv.gz"]), None),
        ):
            if "NEW" not in what or "others" in what:
                shutil.rmtree("others", ignore_errors=True)
                os.mkdir("others")
                write("others/a file.csv", ["a"], [["b"]])
            if not os.path.islink("link"):
                os.symlink("state", "link")
            # The input that is one of OLD's own files may be another day's.
            self.attempt(what, command, names, refused=None if names is None else True, free=names is None, status=(1, 2))
        self.attempt("the same day again, as it was", day_command(2, "state"), None, refused=False)
        shutil.rmtree("others")
        os.unlink("link")

    def run(self):
        self.begin()
        for part in (self.wrong_days, self.options, self.dimensions, self.manifest, self.files, self.flips, self.resealed):
            wrong = self.wrong
            part()
            if self.opt.verbose:
                print(f"{part.__name__}: {self.wrong - wrong} wrong of {self.counts['attempts']} so far", flush=True)
        changed = [name for name, content in self.fixed.items() if not os.path.isfile(name) or open(name, "rb").read() != content]
        if changed:
            self.fault("in the end", [], f"{changed} are not as they were", "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--every", type=int, default=7)
    parser.add_argument("--resealed", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bin")
    parser.add_argument("--keep-folder", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    opt = parser.parse_args()
    if opt.bin:
        os.environ["PATH"] = os.path.abspath(opt.bin) + ":" + os.environ["PATH"]
    folder, here = tempfile.mkdtemp(prefix="states.", dir="."), os.getcwd()
    os.chdir(folder)
    states = States(opt)
    states.run()
    os.chdir(here)
    if not opt.keep_folder:
        shutil.rmtree(folder)
    counts = states.counts
    print(f"{counts['attempts']} attempts, {counts['refused']} refused, {counts['accepted']} accepted; {states.wrong} wrong")
    sys.exit(states.wrong > 0)


if __name__ == "__main__":
    main()
