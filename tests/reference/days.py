#!/usr/bin/env python3
"""The law of the days: ce-materialize a day at a time writes what one run over all events writes.

Usage: days.py [--rounds N] [--seed N] [--bin DIR] [--large] [--kills N] [--shrink] [-v]
       days.py --data FOLDER [--cuts N] [--states N] [--seed N] [--bin DIR] [-v]

Each round, from that seed on (1), draws a dirty log, dimensions and options as two_ways.py does, cuts the
log at random times, and runs a chain (`--state S(i-1) --state-out Si --until Ti`, the last one --final)
and one run over all of it. The rows of each table of the chain, day behind day, must be those of the one run, and
the state of each day, byte for byte, that of one run over all files up to that day. Among the events of a
file are some of later days, in later files come copies of events that were there before, days may be empty,
and what matters to no row (threads, memory, compression, forms of output) changes from day to day. Every
third round some events come a day or more late: they are rejected as `late`, and all else is as if they
did not exist. --kills: also kill -9 each day's run N times at random moments, and run it again.

--data: the same of the tables events_table, users_dim and content_dim of a folder, .csv.gz, cut at the last
N (30) midnights, or as many of its days as there are; the states of N (3) of the days are compared.

What differs is printed with its seed and all commands, and its folder stays; --shrink leaves out days, options
and records as long as it differs, and keeps that, too. The exit status is 1 then.
"""
import argparse
import bisect
import collections
import copy
import datetime
import gzip
import hashlib
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import zlib

import clean
import two_ways
from two_ways import DAY, FEATURES, Difference, Option, some

# What a day may not have, or has its own of: a bound that a whole log keeps and a day of it does not.
NOT_OF_A_DAY = {"--until", "--strict", "--max-rejects", "--max-unmatched", "--watermark", "--agg-watermark", "--features-watermark"}
DURATIONS = {"7d": 7 * DAY, "1d": DAY, "1h": 3_600_000, "10m": 600_000, "1ms": 1, "3w": 21 * DAY, "5000w": 35_000 * DAY}


# --- Times, tables, states.


def iso(ms):
    return (datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)).isoformat(timespec="milliseconds") + "Z"


def bound(r, ms):
    """A time as an option's value, in one of the forms that have no digit below a millisecond."""
    day = iso(ms)[:10]
    forms = [iso(ms), iso(ms)[:-1] + "+00:00", iso(ms + 7_200_000)[:-1].replace("T", " ") + "000+02"]
    forms += [str(ms), f"{ms // 1000}.{ms % 1000:03}", f"{ms}000", f"{ms}000000"] * (ms > 10**11)
    return r.choice(forms + [day + "T00:00Z"] * 3 * (ms % DAY == 0))


def content(path):
    """The decompressed bytes of an output: every member of it whole."""
    with open(path, "rb") as file:
        data = file.read()
    return two_ways.plain(data, "gzip" if data[:2] == b"\x1f\x8b" else "plain", path)


def records(text, at=0):
    """The records of a table that a tool wrote, each with its end."""
    out, start = [], at
    while start < len(text):
        end = text.index(b"\n", start) + 1
        while text.count(b'"', start, end) % 2:
            end = text.index(b"\n", end) + 1
        out.append(text[start:end])
        start = end
    return out


def fields_of(record):
    return clean.split(record[:-1])


def tree(folder):
    """The bytes of each file of a folder, by name."""
    out = {}
    for name in sorted(os.listdir(folder)):
        path = os.path.join(folder, name)
        if not os.path.isdir(path):
            with open(path, "rb") as file:
                out[name] = file.read()
        else:
            out[name] = None
    return out


def same_states(got, want, what, but=()):
    """Two states, as tree() reads them, are equal but for the chain that led to them, and the lines `but`."""
    but = (b"previous ", b"end ", *but)
    if set(got) != set(want):
        raise Difference("state", f"{what} has the files {sorted(got)}, not {sorted(want)}")
    a, b = ([line for line in state["MANIFEST"].split(b"\n") if not line.startswith(but)] for state in (got, want))
    lines = [pair for pair in zip(a + [b"(end)"], b + [b"(end)"]) if pair[0] != pair[1]]
    lines.sort(key=lambda pair: pair[0].startswith(b"file "))  # those follow from the files
    other = "%s/MANIFEST has\n    %r\n  not\n    %r" % (what, *lines[0]) if lines else None
    if lines and not lines[0][0].startswith(b"file "):
        raise Difference("manifest", other)
    for name in sorted(got):
        if name != "MANIFEST" and got[name] != want[name]:
            a, b = (zlib.decompressobj(wbits=31).decompress(data[name]) for data in (got, want))
            two_ways.same(name, a, b, f"{what}/{name}")
            raise Difference("state", f"{what}/{name}: the same rows, compressed to other bytes")
    if lines:
        raise Difference("manifest", other)


def whole_state(folder):
    """That a state is what its MANIFEST says: the files, their rows and sums, and its own."""
    files = tree(folder)
    text = files.pop("MANIFEST", None)
    if text is None:
        raise Difference("state", f"{folder} has no MANIFEST, but {sorted(files)}")
    lines = text.split(b"\n")
    if lines[0] != b"ce-state 2" or lines[-1] or not lines[-2].startswith(b"end "):
        raise Difference("state", f"{folder}/MANIFEST begins or ends otherwise: {lines[0]!r}, {lines[-2:]!r}")
    if lines[-2] != b"end " + hashlib.sha256(b"".join(line + b"\n" for line in lines[:-2])).hexdigest().encode():
        raise Difference("state", f"{folder}/MANIFEST: its last line is not the sum of those above")
    said = {}
    for line in lines:
        if line.startswith(b"file "):
            _, name, rows, digest = line.split(b" ")
            said[name.decode()] = int(rows), digest.decode()
    if set(said) != set(files):
        raise Difference("state", f"{folder} has {sorted(files)}, and its MANIFEST {sorted(said)}")
    for name, data in files.items():
        rows = len(records(gzip.decompress(data))) - 1
        if said[name] != (rows, hashlib.sha256(data).hexdigest()):
            raise Difference("state", f"{folder}/{name} has {rows} rows, sum {hashlib.sha256(data).hexdigest()}; MANIFEST: {said[name]}")


# --- A case: a log whose records are known one by one.


class Record:
    """A record as the files have it; what ce-clean makes of it: `reason` if it is rejected, whatever day it is,
    and else `key`, by which events are ordered. `ts` is None if its time is unknown."""

    def __init__(self, raw, ts, reason, key, fields):
        self.raw, self.ts, self.reason, self.key, self.fields = raw, ts, reason, key, fields


class Case(two_ways.Case):
    faulty = property(lambda self: False, lambda self, value: None)  # no case that the tools refuse

    def write_log(self, header, rows, dirt, separator):
        """Instead of files: the records, all in the same dress, so that they are the same bytes in any file."""
        r = self.r
        self.dressed = self.dress(separator, header)
        self.dressed.name = r.choice([bytes.upper, bytes.title]) if r.random() < 0.1 else bytes
        self.names, self.dirt = header, dirt
        self.header = [self.dressed.name(name.encode()).decode() for name in header]
        self.rows, self.events = rows, ["none"]

    def one_line(self, row):
        """A ragged record that is one in any neighbourhood: no quote of it goes on in the next line."""
        raw = self.ragged(self.dressed, row)
        plain = b"\n" not in raw and raw.count(b'"') % 2 == 0
        return raw if plain else self.dressed.delimiter.join(map(self.dressed.field, row)) + self.dressed.delimiter

    def split(self, raw):
        """The fields of a record of this log, None if it is malformed."""
        delimiter, quoted = self.dressed.delimiter, 0
        out = bytearray()
        for at in range(len(raw)):  # a comma instead of the delimiter, and another byte for a comma, outside of quotes
            byte = raw[at : at + 1]
            quoted ^= byte == b'"'
            out += byte if quoted or byte not in (b",", delimiter) else b"," if byte == delimiter else b"\x1a"
        fields = clean.split(bytes(out))
        return fields and [f and f.replace(b"\x1a", b",") for f in fields]

    def judges(self):
        """The rules of ce-clean with the case's options, and with all but --since."""
        words, taken = [], two_ways.Pipe(self, True).words("clean", None)
        while taken:
            word = taken.pop(0)
            if word == "--strict":
                continue
            value = taken.pop(0)
            if word not in ("--delimiter", "--keep", "--max-rejects", "--until"):
                words.append(f"{word}={value}")
            elif word == "--keep":
                names = [name.strip().lower() for name in value.split(",")]
                every = "*" in names
                self.kept = [i for i, n in enumerate(self.names) if n not in clean.COLUMNS and (every or n.lower() in names)]
        at = {name: self.names.index(name) for name in clean.COLUMNS}
        header = len(self.names), at, self.kept
        opt, free = clean.options(words), clean.options([word for word in words if not word.startswith("--since")])
        return lambda fields: (clean.judge(fields, header, opt)[0], *clean.judge(fields, header, free))

    def prepare(self, seed):
        """Draws what two_ways.py does not: the cuts, the records, and the file in which each comes."""
        r = self.days = random.Random(f"days {seed}")
        self.kept, self.with_late = [], seed % 3 == 0
        self.asked = {name for name in ("unmatched", "first", "open", "tables") if r.random() < 0.7}
        self.options = [o for o in self.options if o.name not in NOT_OF_A_DAY]
        self.dedupe = r.choice(list(DURATIONS)) if r.random() < 0.5 else None
        judge = self.judges()
        rows, unit = list(self.rows), self.value_of("--ts-unit", "auto")
        at = self.names.index("event_ts")
        copied = list(self.rows) if not self.tame else []
        for row in copied if r.random() < 0.6 else []:  # retries, some days later
            if r.random() < 0.06:
                _, reason, event = judge(row)
                if not reason:
                    row = list(row)
                    row[at] = clean.written(r, min(event[0] + r.randrange(9 * DAY), clean.TS_END - 1), "ms" if unit == "auto" else unit)
                    rows.append(row)
        self.records = []
        for row in rows:
            raw = self.dressed.delimiter.join(map(self.dressed.field, row))
            fields = row
            if r.random() < 0.1 * self.dirt:
                raw = self.one_line(row)
                fields = self.split(raw)
            if raw.strip(b"\r"):
                reason, unsound, event = judge(fields)
                self.records.append(Record(raw, event and event[0], reason, event, fields) if not unsound else
                                    Record(raw, None, unsound, None, fields))  # fmt: skip
        if self.dressed.delimiter == b"\t" or len(self.names) == 1:
            self.records = [x for x in self.records if x.raw.strip()]
        self.draw_cuts(r.choice([1, 2, 4, 6, 10]))
        apart = self.distances()
        self.records = [x for x in self.records if apart.get(id(x), 0) <= DURATIONS["5000w"]]
        needed = max([ms for ms in apart.values() if ms <= DURATIONS["5000w"]], default=0)
        if needed > DURATIONS[self.dedupe or "7d"]:
            self.dedupe = min((d for d in DURATIONS if DURATIONS[d] >= needed), key=DURATIONS.get)
        self.dedupe_ms = DURATIONS[self.dedupe or "7d"]
        if self.dedupe:
            self.options.append(Option("--dedupe", [self.dedupe]))
        for number, x in enumerate(self.records):
            x.number = number
        self.assign()
        self.drawn = r.getstate()
        return self

    def draw_cuts(self, days):
        r, times = self.days, sorted(x.ts for x in self.records if x.ts is not None)
        times = times or [two_ways.START]
        since = self.value_of("--since", None)
        since = clean.bound_time(since, self.value_of("--clean-tz", self.value_of("--tz", "UTC"))) + 1 if since else 1
        near = times[len(times) // 20 : len(times) - len(times) // 20] or times  # most of the log
        near = sorted(set(near)) if r.random() < 0.7 else near
        cuts = set()
        for _ in range(r.randint(1, days)):  # some of which may be the same
            ms = r.choice(times if r.random() < 0.15 else near)
            low, high = near[0], near[-1]
            ms = some(r, (3, ms), (2, ms + 1), (1, ms - 1), (3 if ms // DAY * DAY > low else 0.3, ms // DAY * DAY), (2, r.randint(low, high)),
                      (1, ms + r.choice([1, 1000, self.gap])), (0.1, low - DAY), (0.1, high + 40 * DAY))  # fmt: skip
            cuts.add(min(max(ms, since), clean.TS_END - 1))
        self.cuts = sorted(cuts)
        self.watermarks = [None] * (len(self.cuts) + 1)
        if r.random() < 0.25:
            for i, cut in enumerate([*self.cuts, clean.TS_END - 1]):
                last = max([ts for ts in times if ts < cut] + [w for w in self.watermarks if w] + [1])
                self.watermarks[i] = r.choice([cut, cut, last, min(last + 1, cut), r.randint(last, cut)]) if last <= cut else None

    def day_of(self, ts):
        return bisect.bisect_right(self.cuts, ts)

    def distances(self):
        """How far each event is behind the first of its id."""
        first = {}
        events = sorted((x for x in self.records if not x.reason), key=lambda x: x.key)
        return {id(x): x.ts - first.setdefault(x.key[1], x.ts) for x in events}

    def first_of_each_id(self):
        kept = {}
        for x in sorted((x for x in self.records if not x.reason), key=lambda x: x.key):
            kept.setdefault(x.key[1], x)
        return list(kept.values())

    def assign(self):
        """self.parts: the records of each day's files. As a day is refused if it does not look like one, most of
        what a file has is of its day, and one without an event of the day has nothing."""
        r, last = self.days, len(self.cuts)
        self.late = set()
        parts = [[] for _ in range(last + 1)]
        kept = self.first_of_each_id()
        is_kept = {x.number for x in kept}
        own = collections.Counter(self.day_of(x.ts) for x in kept)
        early, moved = r.choice([0, 0, 0.1, 0.5]), collections.Counter()
        copies = collections.Counter(x.key for x in self.records if not x.reason)  # at the same time
        lateness = r.choice([0.05, 0.2]) if self.with_late else 0
        whole_day = {day for day in range(1, last + 1) if own[day - 1] > 3 * own[day] > 0 and r.random() < 0.15}  # all of it early
        for x in self.records:
            day = r.randrange(last + 1) if x.ts is None else self.day_of(x.ts)
            if x.number in is_kept:
                to = day
                if day in whole_day:
                    to = day - 1
                elif day and r.random() < early:
                    to = r.randrange(day)
                if to != day and own[to] > 3 * (moved[to] + 1) and to not in whole_day:
                    moved[to] += 1
                    own[day] -= 1
                    day = to
                elif day < last and copies[x.key] == 1 and r.random() < lateness:
                    to = r.randint(day + 1, last)
                    if own[to] > 3 * (moved[to] + 1) and own[day] > 1 and to not in whole_day:
                        moved[to] += 1
                        own[day] -= 1
                        self.late.add(x.number)
                        day = to
            parts[day].append(x)
        for x in kept:  # copies of what was there before
            day = self.day_of(x.ts)
            if day < last and r.random() < 0.04 and x.number not in self.late:
                to = r.randint(day + 1, last)
                if x.ts >= self.cuts[to - 1] - self.dedupe_ms and own[to] > 3 * (moved[to] + 1):
                    moved[to] += 1
                    parts[to].append(x)
        for day, part in enumerate(parts):
            if not any(x.number in is_kept and x.number not in self.late and self.day_of(x.ts) == day for x in part):
                self.late -= {x.number for x in part}
                part.clear()
        self.parts = parts
        if r.random() < 0.6:
            for part in parts:
                r.shuffle(part)

    def late_reason(self, late, day):
        """It is a duplicate if its event_id is remembered, of an earlier event that came on a day before."""
        taken = [x.ts for part in self.parts[:day] for x in part if x.number not in self.late and x.key and x.key[1] == late.key[1]]
        taken = [ts for ts in taken if ts <= late.ts]
        return b"duplicate_event_id" if taken and min(taken) >= self.cuts[day - 1] - self.dedupe_ms else b"late"

    def write(self, name, part):
        """The files of these records: their names."""
        r, dress = self.days, self.dressed
        cuts = sorted(r.randrange(len(part) + 1) for _ in range(some(r, (7, 0), (2, 1), (1, 2))))
        files = []
        for i, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(part)])):
            files.append(f"{name}.{i}.csv" + ".gz" * dress.gzip)
            with open(files[-1], "wb") as file:
                file.write(dress.table([n.encode() for n in self.names], [x.raw for x in part[start:end]]))
        return files

    def words(self, state):
        """The options, with or without that of the state."""
        return [word for o in self.options if state or o.name != "--dedupe" for word in (o.name, *o.values)] + ["--max-rejects", "100%", "--max-unmatched", "100%"]


# --- Runs.


class Refused(Exception):
    """A case that no law is about."""


class Run:
    """One run, and where its outputs are: tables, by name, in the folder `name`; the features perhaps by stdout."""

    def __init__(self, name, command, stdin, tables, to_stdout):
        self.name, self.command, self.stdin, self.tables = name, command, stdin, tables
        self.stdout = tables[FEATURES] if to_stdout else None

    def __str__(self):
        return shlex.join(self.command) + f" <{self.stdin}" * bool(self.stdin) + f" >{self.stdout}" * bool(self.stdout)

    def start(self):
        with open(self.stdin or os.devnull, "rb") as source, open(self.stdout or os.devnull, "wb") as sink:
            return subprocess.Popen(self.command, stdin=source, stdout=sink, stderr=subprocess.PIPE)

    def run(self):
        process = self.start()
        said = process.communicate(timeout=600)[1].decode(errors="replace")
        if process.returncode:
            raise Difference("exit", f"exit {process.returncode}: {self}\n    {said}")
        return said


def make_run(case, name, files, plain, words):
    """A run of these files with the case's options and tables, into folders of that name."""
    r = case.days
    form = ["-p"] if plain or r.random() < 0.2 else [f"-{r.randrange(10)}"] if r.random() < 0.4 else []
    suffix = ".csv" if form == ["-p"] else ".csv.gz"
    os.makedirs(name, exist_ok=True)
    tables = {"rejects": f"{name}/rejects{suffix}", FEATURES: f"{name}/features{suffix}"}
    to_stdout = not plain and r.random() < 0.2
    command = ["ce-materialize", *case.words(state="--state-out" in words or "--state" in words), "--rejects", tables["rejects"]]
    command += [] if to_stdout else ["-o", tables[FEATURES]]
    for option, table in (("--unmatched", "unmatched"), ("--first", "first"), ("--open", "open")):
        if table in case.asked and (table != "open" or "--state-out" in words):
            tables[table] = f"{name}/{table}{suffix}"
            command += [option, tables[table]]
    if "tables" in case.asked:
        command += ["-d", f"{name}/tables"]
        tables |= {table: f"{name}/tables/{table}{suffix}" for table in case.tables() if table not in tables}
    command += form + ["--no-sync"] * (r.random() < 0.95)
    command += ["--threads", r.choice("1238")] * (r.random() < 0.7)
    command += ["--mem", r.choice(["1", "2M", "3M", "100M"])] * (r.random() < 0.4)
    command += words
    stdin = files[0] if len(files) == 1 and r.random() < 0.3 else None
    command += (["-"] * (r.random() < 0.5) if stdin else files)
    return Run(name, command, stdin, tables, to_stdout)


class Round:
    """A case in the current folder: the one run, the chain, and one run up to each day."""

    def __init__(self, case, counts):
        self.case, self.counts = case, counts
        self.commands, self.days, self.times, self.refused = [], [], [], None

    def run(self, run):
        self.commands.append(str(run))
        try:
            said = run.run()
        except Difference as what:
            if run is self.whole or "has a match" in str(what):  # of a whole log some event has one
                raise Refused(str(what)) from None
            raise
        if os.listdir(os.environ["TMPDIR"]):
            raise Difference("spill", f"{os.listdir(os.environ['TMPDIR'])} are left in $TMPDIR by {run}")
        return said

    def watermark(self, day):
        ms = self.case.watermarks[day]
        return ["--watermark", bound(self.case.days, ms)] if ms else []

    def all(self, kills, states):
        case, r = self.case, self.case.days
        last = len(case.cuts)
        two_ways.write_files(case)
        parts = [case.write(f"day{day}", part) for day, part in enumerate(case.parts)]
        self.whole = make_run(case, "whole", case.write("all", self.not_late(last)), True, self.watermark(last))
        if "tables" not in case.asked:  # for joined_times
            self.whole.command += ["-d", "whole/tables"]
        self.run(self.whole)
        for day in range(last + 1):
            words = ["--state", f"s{day - 1}"] * (day > 0)
            words += ["--state-out", f"s{day}", "--until", bound(r, case.cuts[day])] if day < last else ["--final"]
            run = make_run(case, f"out{day}", parts[day], False, words + self.watermark(day))
            if day < last:
                kind = r.random()
                if kind < 0.1:
                    os.mkdir(f"s{day}")
                elif kind < 0.2 and day:
                    shutil.copytree("s0", f"s{day}")
            before = tree(f"s{day - 1}") if day else None
            if kills:
                self.killed(run, day, kills)
            self.run(run)
            if day and tree(f"s{day - 1}") != before:
                raise Difference("old", f"OLD is not as it was, after {run}")
            self.days.append(run)
            if day < last:
                whole_state(f"s{day}")
            left = [name for name in os.listdir(".") if ".tmp" in name and not kills]
            if left:
                raise Difference("left", f"{left} are left by {run}")
        self.tables()
        self.prefixes(sorted(r.sample(range(last), min(states, last))))

    def not_late(self, last):
        """The records of these days' files but what is late."""
        part = [x for part in self.case.parts[: last + 1] for x in part]
        return [x for x in part if x.number not in self.case.late] if self.case.late else part

    def tables(self):
        """The days' tables behind each other are those of the one run."""
        for name, path in self.whole.tables.items():
            want, got = content(path), b""
            head = want[: want.index(b"\n") + 1]
            for run in self.days:
                text = content(run.tables[name])
                if not text.startswith(head):
                    raise Difference("header", f"{run.tables[name]} begins with {text[:200]!r}, not {head!r}")
                got += text[len(head) :]
            self.counts["tables"] += 1
            if name in ("rejects", "unmatched"):
                got, want = sorted(records(got)), sorted(records(want, len(head)))
                if name == "rejects":
                    got, want = ([tuple(fields_of(row)[2:]) for row in rows] for rows in (got, want))
                    want += [(self.case.late_reason(x, day), x.raw) for day, part in enumerate(self.case.parts * bool(self.case.late))
                             for x in part if x.number in self.case.late]  # fmt: skip
                    self.counts["rejected"] += len(want)
                    self.counts["late"] += len(self.case.late)
                got, want = collections.Counter(got), collections.Counter(want)
                if got != want:
                    raise Difference(name, f"{name}: too many {list((got - want).items())[:3]}\n  missing {list((want - got).items())[:3]}")
            else:
                two_ways.same(name, head + got, want, f"out0 ... out{len(self.days) - 1}")

    def prefixes(self, chosen):
        """The state of each of these days, and the rows open then, are those of one run."""
        case, r = self.case, self.case.days
        features = records(content(self.whole.tables[FEATURES]))
        at = fields_of(features[0]).index(b"event_ts")
        parsed = [fields_of(row) for row in features[1:]]
        rows = [(int(f[at]), *f[-2:], len(b",".join(v or b"" for v in f[-2:]))) for f in parsed]
        for day in chosen:
            cut = case.cuts[day]
            words = ["--state-out", f"p{day}", "--until", bound(r, cut), *self.watermark(day)]
            run = make_run(case, f"pre{day}", case.write(f"upto{day}", self.not_late(day)), True, words)
            self.run(run)
            same_states(tree(f"s{day}"), tree(f"p{day}"), f"s{day}", [b"count rejected"] * bool(case.late))
            self.counts["states"] += 1
            last = max([ts for ts in self.joined_times() if ts < cut] + [case.watermarks[day] or 0])
            want = [row[: -1 - size] + b",\n" for (ts, known, label, size), row in zip(rows, features[1:])
                    if ts < cut and (known is None or int(known) >= (cut if label == b"1" else last))]  # fmt: skip
            for where in (self.days[day], run) if "open" in case.asked else ():
                path = where.tables["open"]
                two_ways.same("open", content(path), b"".join(features[:1] + want), path)
                self.counts["tables"] += 1
            self.counts["open"] += len(want)

    def joined_times(self):
        """The times of the events of which sessions are made."""
        if not self.times:
            text = records(content("whole/tables/enriched_table.csv"))
            at = fields_of(text[0]).index(b"event_ts")
            self.times = [int(fields_of(row)[at]) for row in text[1:]]
        return self.times

    def killed(self, run, day, kills):
        """kill -9 at random moments: nothing that is there is half of something, and OLD is as it was."""
        r = self.case.days
        before = tree(f"s{day - 1}") if day else None
        duration = 0.03
        for _ in range(kills):
            process = run.start()
            time.sleep(r.random() * duration * 1.2)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            self.counts["kills"] += process.returncode == -signal.SIGKILL
            if day and tree(f"s{day - 1}") != before:
                raise Difference("old", f"OLD is not as it was after a kill -9 of {run}")
            for path in run.tables.values():
                if os.path.exists(path) and path != run.stdout:
                    content(path)  # whole, or this fails
            if day < len(self.case.cuts) and os.path.exists(f"s{day}/MANIFEST"):
                whole_state(f"s{day}")
                if f"until {self.case.cuts[day]}\n".encode() in tree(f"s{day}")["MANIFEST"]:
                    for path in {*run.tables.values()} - {run.stdout}:
                        if not os.path.exists(path):
                            raise Difference("order", f"s{day} is there, and {path} is not, after a kill -9 of {run}")
            if r.random() < 0.3:
                shutil.rmtree(run.name)
                os.makedirs(run.name)
                shutil.rmtree(f"s{day}", ignore_errors=True)
        shutil.rmtree(os.environ["TMPDIR"])
        os.mkdir(os.environ["TMPDIR"])


# --- A folder of data, at midnights.


class Data:
    """The tables of a folder as a case: what Round asks of one, but for the prefixes."""

    with_late = False

    def tables(self):
        return two_ways.TABLES

    def __init__(self, folder, cuts, seed):
        self.days = random.Random(f"data {seed}")
        self.asked = {"unmatched", "first", "open", "tables"}
        dims = [os.path.join(folder, name) for name in ("users_dim.csv.gz", "content_dim.csv.gz")]
        self.options = [Option("-k", ["user_id", dims[0]]), Option("-k", ["content_id", dims[1]])]
        with gzip.open(dims[0], "rb") as file:
            self.options += [Option("--drop", ["email"])] * (b"email" in clean.split(file.readline().rstrip(b"\r\n")))
        self.files, self.late = {}, set()
        with gzip.open(os.path.join(folder, "events_table.csv.gz"), "rb") as file:
            text = file.read()
        lines = text.split(b"\n") if b'"' not in text else [raw for _, raw, _ in clean.records(text)]
        self.head, self.lines = lines[0], [line for line in lines[1:] if line]
        names = clean.split(self.head)
        at, zone = names.index(b"event_ts"), "UTC"
        self.times = []
        empty = {name for name in (b"device", b"playback_position") if name in names}
        for line in self.lines:
            fields = line.split(b",") if b'"' not in line else clean.split(line) or []
            empty -= {name for name in empty if len(fields) > names.index(name) and fields[names.index(name)]}
            text = (fields[at] or b"").strip() if len(fields) > at else b""
            ms = int(text) if text.isdigit() and len(text) == 13 else clean.event_time(text, "auto", zone) if text else None
            self.times.append(ms if ms is not None and 0 < ms < clean.TS_END else None)
        self.options += [Option("--allow-empty", [name.decode()]) for name in sorted(empty)]
        self.drawn = self.days.getstate()
        known = sorted(ms for ms in self.times if ms is not None)
        end = known[len(known) * 999 // 1000] // DAY * DAY + DAY
        first = max(known[len(known) // 1000] // DAY + 1, end // DAY - cuts)
        self.cuts = [day * DAY for day in range(first, end // DAY)]
        self.watermarks = [None] * (len(self.cuts) + 1)
        self.parts = [[] for _ in range(len(self.cuts) + 1)]
        for line, ms in zip(self.lines, self.times):
            day = self.days.randrange(len(self.parts)) if ms is None else bisect.bisect_right(self.cuts, ms)
            if ms is not None and day and self.days.random() < 0.002:
                day -= 1
            self.parts[day].append(line)

    def write(self, name, part):
        path = f"{name}.csv"
        with open(path, "wb") as file:
            file.write(b"\n".join([self.head, *part, b""]))
        return [path]

    def words(self, state):
        return Case.words(self, state)




# --- Rounds.


def in_folder(round_of, kills, states, quiet=False):
    """A round in a folder of its own, which stays if something differs."""
    folder, here = tempfile.mkdtemp(prefix=os.path.basename(sys.argv[0]).removesuffix("py"), dir="."), os.getcwd()
    os.chdir(folder)
    os.mkdir("spill")
    os.environ["TMPDIR"] = os.path.abspath("spill")
    round_of.case.days.setstate(round_of.case.drawn)
    difference = None
    try:
        round_of.all(kills, states)
    except Refused as why:
        round_of.counts["refused"] += 1
        round_of.refused = str(why)
    except Difference as what:
        difference = what
    except Exception as what:  # the driver's own, or a table that is none
        difference = what
        _ = quiet or traceback.print_exc()
    os.chdir(here)
    if difference is None or quiet:
        shutil.rmtree(folder)
    else:
        print(f"in {folder}:")
        for command in round_of.commands:
            print("  " + command)
        print(difference, flush=True)
    return difference


def shrunk(case, kind, kills, round_class=Round):
    """A smaller case that differs in the same way: fewer days, options, tables and records."""

    def differs(other):
        return getattr(in_folder(round_class(other, collections.Counter()), kills, len(other.cuts), quiet=True), "kind", None) == kind

    def without(change):
        other = copy.deepcopy(case)
        change(other)
        return other if differs(other) else case

    def merge(other, day):
        del other.cuts[day], other.watermarks[day]
        other.parts[day : day + 2] = [other.parts[day] + other.parts[day + 1]]
        other.late = {x.number for i, part in enumerate(other.parts) for x in part if x.number in case.late and other.day_of(x.ts) < i}

    def leave(other, gone):
        other.parts = [[x for x in part if x.number not in gone] for part in other.parts]

    day = 0
    while day < len(case.cuts) > 1:
        smaller = without(lambda other, day=day: merge(other, day))
        day += smaller is case
        case = smaller
    for name in list(case.asked):
        case = without(lambda other, name=name: other.asked.discard(name))
    for option in list(case.options):
        case = without(lambda other, option=option: other.options.remove(option))
    for i in range(len(case.watermarks)):
        case = without(lambda other, i=i: other.watermarks.__setitem__(i, None))
    numbers = [x.number for part in case.parts for x in part]
    step = len(numbers) // 2
    while step:
        at = 0
        while at < len(numbers):
            gone = set(numbers[at : at + step])
            smaller = without(lambda other, gone=gone: leave(other, gone))
            if smaller is case:
                at += step
            else:
                case, numbers = smaller, [number for number in numbers if number not in gone]
        step //= 2
    return case


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--bin")
    parser.add_argument("--data")
    parser.add_argument("--cuts", type=int, default=30)
    parser.add_argument("--states", type=int, default=3)
    parser.add_argument("-v", "--verbose", action="store_true")
    opt = parser.parse_args()
    if opt.bin:
        os.environ["PATH"] = os.path.abspath(opt.bin) + ":" + os.environ["PATH"]
    counts, wrong = collections.Counter(), 0
    for seed in [opt.seed] if opt.data else range(opt.seed, opt.seed + opt.rounds):
        case = Data(os.path.abspath(opt.data), opt.cuts, seed) if opt.data else Case(seed, opt.large).prepare(seed)
        round_of = Round(case, counts)
        difference = in_folder(round_of, opt.kills, opt.states if opt.data else len(case.cuts))
        counts["days"] += len(case.cuts) + 1
        if difference:
            wrong += 1
            print(f"that was seed {seed}{' --large' * opt.large}", flush=True)
            if opt.shrink and hasattr(difference, "kind"):
                print("what is left of it:")
                case = shrunk(case, difference.kind, opt.kills)
                in_folder(Round(case, collections.Counter()), opt.kills, len(case.cuts))
        elif opt.verbose:
            print(f"seed {seed}: {round_of.refused or ''}{[len(part) for part in case.parts]} records, {case.late and len(case.late)} late", flush=True)
    print(f"{counts['refused']} of {opt.rounds} rounds refused, {counts['days']} days, {counts['states']} states and {counts['tables']} tables compared, {counts['open']} open rows, "
          f"{counts['late']} late events, {counts['kills']} kills; {wrong} differ")  # fmt: skip
    sys.exit(wrong > 0 or opt.rounds >= 50 and counts["refused"] * 4 > opt.rounds)


if __name__ == "__main__":
    main()
