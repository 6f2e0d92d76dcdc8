#!/usr/bin/env python3
"""The laws of the shards: a log in parts, by user and by time, becomes the tables of one run over all of it.

Usage: shards.py MODE [--rounds N] [--seed N] [--bin DIR] [--large] [--shrink] [-v]

Each round, from that seed on (1), draws a dirty log, dimensions and options as two_ways.py and days.py do. MODE is

shards  ce-split by event_id, ce-clean, ce-split by user_id, ce-materialize --facts for each shard, ce-split --at, and ce-collate,
        first along the time ranges and then of each of them: 1, 2, 3 or 7 shards, 1 to 4 ranges. The tables of the ranges behind each
        other have the bytes of one ce-materialize over all files; the rejects are the same (line, reason, record).
days    The log is cut at random times. Each day is split by event_id, cleaned, and split by user_id; each part and each shard goes
        on from its own state, and ce-collate from its own. Each day's tables have the bytes of one ce-materialize --state on
        that day, and all days behind each other those of one run. Or the days are split by user_id alone: what a shard
        remembers of event_ids is its own then, so that copies of an event are of the same user.
facts   The table facts of a small log has the rows that follow from the definitions, by naive.py; a day at a time, too.
make    As shards, by `make -f samples/shards.mk -j2`; then with another option, with files removed, and killed with all its
        children at random moments: each time the next run ends with the bytes of one ce-materialize.

What differs is printed with all commands and its seed, and its folder stays; --shrink leaves out options and records as long as it
differs. The last line says how many rounds differ, and the exit status is 1 if one does.
"""
import argparse
import collections
import copy
import glob
import os
import random
import shlex
import shutil
import signal
import subprocess
import sys
import time

import clean
import compare
import days
import naive
import random_tables
import two_ways
from two_ways import DAY, FEATURES, Difference, some

FIRST = "first_features"
TIMES = {"session_starts": "session_start_ts", "facts": "fact_ts"}
# What ce-clean alone has; of what it has cleaned, ce-materialize is not to be told.
OF_CLEAN = {"--ts-unit", "--since", "--until", "--clean-tz", "--clean-na", "--delimiter"}
OF_ONLINE = {"--prior", "--drift", "--alpha", "--no-online"}
OF_COLLATE = OF_ONLINE | {"--watermark"}
# One watermark is the whole log's; and a bound that a whole log keeps and a part of it does not.
NOT_OF_A_PART = days.NOT_OF_A_DAY - {"--until", "--watermark"}
ANY = ["--max-rejects", "100%", "--max-unmatched", "100%"]


def part_of(key, n):
    """The part of n to which a key goes: FNV-1a of 64 bits, folded."""
    h = 0xCBF29CE484222325
    for byte in (key or b"").strip(clean.BLANKS):
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return (h ^ h >> 32) % n


def column(path, *names):
    """The values of these columns in each row of a table."""
    rows = days.records(days.content(path))
    at = [days.fields_of(rows[0]).index(name.encode()) for name in names]
    for row in rows[1:]:
        fields = days.fields_of(row)
        yield [fields[i] for i in at] if len(at) > 1 else fields[at[0]]


def rejected(paths):
    """How often (line, reason, record) is in these tables of rejects; the line is unknown of what a state carried."""
    count = collections.Counter()
    for path in paths:
        for row in days.records(days.content(path))[1:]:
            file, line, reason, record = days.fields_of(row)
            count[None if file.endswith(b"early.csv.gz") else line, reason, record] += 1
    return count


def same_rejects(got, want, what, lines=True):
    if not lines:
        got, want = (collections.Counter([key[1:] for key in x.elements()]) for x in (got, want))
    if got != want:
        raise Difference("rejects", f"{what}: too many {list((got - want).items())[:3]}\n  missing {list((want - got).items())[:3]}")


def behind(paths, what):
    """The rows of these tables of one header behind each other."""
    texts = [days.content(path) for path in paths]
    head = texts[0][: texts[0].index(b"\n") + 1]
    for path, text in zip(paths, texts):
        if not text.startswith(head):
            raise Difference("header", f"{what}: {path} begins with {text[:200]!r}, not {head!r}")
    return head + b"".join(text[len(head) :] for text in texts)


def same_table(name, paths, want, counts):
    """Whether the tables behind each other are that one."""
    two_ways.same(name, behind(paths, name), days.content(want), " ".join(paths[:8]))
    counts["tables"] += 1


def instant(r, ms):
    """A time as an option's value."""
    return days.bound(r, ms) if ms > 10**11 else days.iso(ms)


# --- Running commands in the current folder.


class Commands:
    """A case, the commands that were run for it, and what is counted."""

    def __init__(self, case, counts):
        self.case, self.counts, self.commands, self.refused = case, counts, [], None

    def run(self, *command):
        self.commands.append(shlex.join(command))
        status, _, said = two_ways.run(command)
        if status:
            raise Difference("exit", f"exit {status}: {shlex.join(command)}\n    " + "\n    ".join(said))
        if os.listdir(os.environ["TMPDIR"]):
            raise Difference("spill", f"{os.listdir(os.environ['TMPDIR'])} are left in $TMPDIR by {shlex.join(command)}")
        self.counts["commands"] += 1
        return said

    def kept_alike(self, tables):
        """Whether ce-online kept what ce-agg did: ce-collate makes event_online of event_history, with all that it has."""
        names = {column for column in days.fields_of(days.records(days.content(tables["event_history"]))[0])}
        return names <= set(days.fields_of(days.records(days.content(tables["event_online"]))[0]))

    def one(self):
        """One run over all files, into the folder `one`."""
        case = self.case
        command = ["ce-materialize", *case.all_but(), *ANY, "-p", "--no-sync", "-d", "one", "-o", f"one/{FEATURES}.csv",
                   "--first", f"one/{FIRST}.csv", "--unmatched", "one/unmatched.csv"]  # fmt: skip
        command += ["--effects", "one/online_effects.csv"] * (not case.has("--no-online"))
        os.makedirs("one", exist_ok=True)
        try:
            self.run(*command, *case.events)
        except Difference as what:
            raise days.Refused(str(what)) from None


# --- A case: a log in files of any dress, and how it is to be parted.


class Case(two_ways.Case):
    faulty = days.Case.faulty  # no case that the tools refuse

    def __init__(self, seed, large):
        self.days = r = random.Random(f"shards {seed}")
        super().__init__(seed, large)
        self.options = [option for option in self.options if option.name not in NOT_OF_A_PART]
        self.stdin = None
        self.events_parts, self.shards = r.choice([1, 1, 2, 3]), r.choice([1, 2, 3, 7])
        self.keeps_lines = r.random() < 0.7
        self.at = None  # where the ranges meet, once the times of the log are known
        self.drawn = r.getstate()

    def draw_log(self, n, separator):
        r = self.days
        self.contents = self.with_giant(self.contents, r.random() < 0.3)
        self.users = self.with_giant(self.users, r.random() < 0.2)
        super().draw_log(n, separator)

    def with_giant(self, names, wanted):
        """The names, one of them nine times as often as all others."""
        return names + [names[0]] * 9 * len(names) if wanted else names

    def write_log(self, header, rows, dirt, separator):
        """Also copies of events, mostly of another user, anywhere; and a file without a record."""
        r, at = self.days, {name: header.index(name) for name in clean.COLUMNS}
        for row in r.sample(rows, len(rows) // r.choice([5, 20])) if r.random() < 0.6 else []:
            other = list(row)
            if r.random() < 0.7:
                other[at["user_id"]] = r.choice(self.users)
            if r.random() < 0.5:
                other[at["event_ts"]] = r.choice(rows)[at["event_ts"]]
            rows.insert(r.randrange(len(rows) + 1), other)
        super().write_log(header, rows, dirt, separator)
        if r.random() < 0.2:
            dress = self.dress(separator, header)
            name = r.choice(["events", "events9"]) + ".csv" + ".gz" * dress.gzip
            self.files[name] = dress.table([name.encode() for name in self.header], [])
            self.events = sorted(self.files)

    def all_but(self, names=()):
        """The options but these, as ce-materialize has them."""
        return [word for option in self.options if option.name not in names for word in (option.name, *option.values)]

    def only(self, names):
        return [word for option in self.options if option.name in names for word in (option.name, *option.values)]

    def of_clean(self):
        return two_ways.Pipe(self, True).words("clean", None) + ["--part"]

    def cut(self, times):
        """Draws where the ranges meet: before and behind all, at the very time of an event, or close by."""
        r, times = self.days, sorted(set(times)) or [two_ways.START]
        n, cuts = r.choice([0, 3, 3, r.randint(1, 5)]), set()
        while len(cuts) < n:
            ms = r.choice(times)
            cuts |= set(some(r, (6, [ms]), (2, [ms, ms + 1]), (1, [ms - 1]), (1, [ms + 1]), (1, [ms // DAY * DAY]), (1, [r.randint(times[0], times[-1])]),
                             (0.5, [times[0]]), (0.5, [times[-1]]), (0.5, [times[-1] + 1]), (0.5, [times[-1] + 40 * DAY]), (0.5, [times[0] - DAY])))  # fmt: skip
            cuts = {min(max(ms, 1), clean.TS_END - 1) for ms in cuts}
        self.at = sorted(r.sample(sorted(cuts), n))


class Shards(Commands):
    """The dataflow of the shards, by the commands themselves."""

    def all(self, kills, states):
        case, r = self.case, self.case.days
        two_ways.write_files(case)
        self.one()
        if case.at is None:
            case.cut([int(ms) for row in column("one/session_identification.csv", "event_ts", "session_deadline_ts") for ms in row])
        self.bounds = [instant(r, ms) for ms in case.at]
        self.split_events()
        for k in range(case.shards):
            self.shard(k)
        self.merge()
        self.collate()
        same_rejects(rejected(glob.glob("rejects/*")), rejected(["one/rejects.csv"]), "rejects", case.keeps_lines)
        self.counts["rows"] += sum(1 for _ in column(f"one/{FEATURES}.csv", "event_id"))

    def split_events(self):
        """The files by event_id; each part cleaned, and split by user_id."""
        case, r = self.case, self.case.days
        raw, cleaned = r.choice([".csv", ".csv.gz"]), r.choice([".csv", ".csv.gz"])
        os.mkdir("rejects")
        for i, file in enumerate(case.events):
            self.run("ce-split", "-k", "event_id", "-n", str(case.events_parts), *["--keep-lines"] * case.keeps_lines, *case.only(["--delimiter"]),
                     "-o", f"raw/{i}/%{raw}", file)  # fmt: skip
        for e in range(case.events_parts):
            self.run("ce-clean", *case.of_clean(), "--rejects", f"rejects/{e}.csv", "-o", f"cleaned.{e}{cleaned}",
                     *[f"raw/{i}/{e}{raw}" for i in range(len(case.events))])  # fmt: skip
            self.run("ce-split", "-k", "user_id", "-n", str(case.shards), "-o", f"events/{e}/%.csv", f"cleaned.{e}{cleaned}")
            for k in range(case.shards):
                for user in column(f"events/{e}/{k}.csv", "user_id"):
                    if part_of(user, case.shards) != k:
                        raise Difference("hash", f"events/{e}/{k}.csv has user {user!r} of part {part_of(user, case.shards)}")

    def shard(self, k):
        """What ce-materialize makes of a shard, by time."""
        case, r = self.case, self.case.days
        folder = f"shards/{k}"
        os.makedirs(folder)
        command = ["ce-materialize", *case.all_but(OF_CLEAN | OF_COLLATE), *ANY, "--ts-unit", "ms", "--no-online", "-1", "--no-sync"]
        command += ["--threads", r.choice("12")] + ["--mem", r.choice(["2M", "100M"])] * (r.random() < 0.3)
        command += ["--facts", f"{folder}/facts.csv.gz", "-d", folder, "-o", f"{folder}/{FEATURES}.csv.gz"]
        command += ["--first", f"{folder}/{FIRST}.csv.gz", "--unmatched", f"{folder}/unmatched.csv.gz"]
        self.run(*command, *[f"events/{e}/{k}.csv" for e in range(case.events_parts)])
        if len(days.records(days.content(f"{folder}/rejects.csv.gz"))) > 1:
            raise Difference("rejects", f"{folder}/rejects.csv.gz has rejects of what is clean")
        for name in ["facts", *self.tables()]:
            if case.at and name not in ("event_online", "content_completion"):
                self.run("ce-split", "--at", ",".join(self.bounds), "--time", TIMES.get(name, "event_ts"), "--ts-unit", "ms", "--no-sync",
                         "-o", f"ranges/%/{k}/{name}.csv.gz", f"{folder}/{name}.csv.gz")  # fmt: skip
        if not case.at:
            os.makedirs("ranges/0", exist_ok=True)
            os.symlink(f"../../{folder}", f"ranges/0/{k}")

    def tables(self):
        return [name for name in self.case.tables() if name != "rejects"] + [FEATURES, FIRST, "unmatched"]

    def merge(self):
        """What ce-merge makes of the shards' tables where they are exact."""
        shards = range(self.case.shards)
        for name, words in (("unmatched", []), ("cleaned_events", []), ("enriched_table", []), ("has_played_before", []),
                            ("session_starts", ["--number", "session_id"])):  # fmt: skip
            self.run("ce-merge", "-p", *words, "-o", f"{name}.csv", *[f"shards/{k}/{name}.csv.gz" for k in shards])
            same_table(name, [f"{name}.csv"], f"one/{name}.csv", self.counts)

    def collate(self):
        """The chain of the ranges, which makes content_completion, and the tables of each range."""
        case, r = self.case, self.case.days
        tables = self.tables() if r.random() < 0.8 else r.sample(self.tables(), 3)
        if "event_online" in tables and not self.kept_alike({name: f"one/{name}.csv" for name in ("event_online", "event_history")}):
            tables.remove("event_online")
        online, ranges = case.only(OF_ONLINE), range(len(case.at) + 1)
        facts = [fact for k in range(case.shards) for fact in column(f"shards/{k}/facts.csv.gz", "fact", "fact_ts")]
        self.last = max([0] + [int(ms) for fact, ms in facts if fact == b"last"])
        watermark = case.only(["--watermark"]) or ["--watermark", instant(r, self.last or two_ways.START)] * (case.at != [] or r.random() < 0.5)
        os.mkdir("out")
        for i, until in zip(ranges, [*self.bounds, None]):
            shards = [f"ranges/{i}/{k}" for k in range(case.shards)]
            chained = [name for name in tables if name == "content_completion"]
            others = [name for name in tables if name not in chained]
            state = ["--state", f"s{i - 1}"] * (i > 0)
            if until:
                given = case.only(["--watermark"])
                if given and clean.bound_time(given[-1], "UTC") > case.at[i]:
                    given = []  # it decides nothing before
                self.run("ce-collate", *online, *state, "--state-out", f"s{i}", "--until", until,
                         *["-t", *chained, "-d", f"out/{i}", *given] * bool(chained), *shards)  # fmt: skip
            else:
                others += chained
            effects = ["--effects", "effects.csv"] * (not until and not case.has("--no-online"))
            if others:
                self.run("ce-collate", *online, *state, *watermark, "-t", ",".join(others), "-d", f"out/{i}", *effects, *shards)
        for name in tables:
            same_table(name, [f"out/{i}/{name}.csv.gz" for i in ranges], f"one/{name}.csv", self.counts)
        self.counts["ranges"] += len(ranges)
        # At the end of a range behind all events more outcomes are known than one run learns.
        if not case.has("--no-online") and max([0, *case.at]) <= self.last + 1:
            same_table("online_effects", ["effects.csv"], "one/online_effects.csv", self.counts)


# --- Days and shards.


class DaysCase(days.Case):
    def prepare(self, seed):
        r = random.Random(f"shards of days {seed}")
        self.events_parts, self.shards = r.choice([0, 1, 1, 2, 3]), r.choice([1, 2, 3, 7])
        super().prepare(seed)
        self.asked = {"unmatched", "first", "open", "tables"}
        return self

    def distances(self):
        """How far each event is behind the first of its id; without event parts copies of another user are left out."""
        users = {}
        for x in sorted((x for x in self.records if not x.reason), key=lambda x: x.key):
            users.setdefault(x.key[1], self.user(x))
        if not self.events_parts:
            self.records = [x for x in self.records if x.reason or users[x.key[1]] == self.user(x)]
        return super().distances()

    def user(self, x):
        return x.fields[self.names.index("user_id")].strip(clean.BLANKS)

    all_but, only, of_clean = Case.all_but, Case.only, Case.of_clean


class Days(days.Round):
    """The chain of one ce-materialize a day, as days.py has it, and the same by shards."""

    def all(self, kills, states):
        super().all(0, 0)
        self.runner = Commands(self.case, self.counts)
        self.runner.commands = self.commands
        for day in range(len(self.days)):
            self.day(day)
        want = collections.Counter()
        for day, run in enumerate(self.days):
            here = rejected([run.tables["rejects"]])
            same_rejects(rejected(glob.glob(f"shards/*/{day}/rejects.csv.gz") + glob.glob(f"cleaned/*/{day}/rejects.csv.gz")), here, f"rejects of day {day}")
            want += here
        self.counts["rejected"] += sum(want.values())

    def split(self, day, state):
        """The files of a day by shard, and the rejects on the way: {shard: files}."""
        case, run, shards = self.case, self.runner.run, self.case.shards
        files, parts = sorted(glob.glob(f"day{day}.*.csv*")), case.events_parts
        key, n = ("event_id", parts) if parts else ("user_id", shards)
        for i, file in enumerate(files):
            run("ce-split", "-k", key, "-n", str(n), "--keep-lines", *case.only(["--delimiter"]), "-o", f"raw/{day}/{i}/%.csv.gz", file)
        if not parts:
            return {k: [f"raw/{day}/{i}/{k}.csv.gz" for i in range(len(files))] for k in range(shards)}
        for e in range(parts):
            os.makedirs(f"cleaned/{e}/{day}")
            run("ce-clean", *case.of_clean(), *case.only(["--dedupe"]), *state(f"cleaned/{e}/s"), "--rejects", f"cleaned/{e}/{day}/rejects.csv.gz",
                "-o", f"cleaned/{e}/{day}/events.csv", *[f"raw/{day}/{i}/{e}.csv.gz" for i in range(len(files))])  # fmt: skip
            run("ce-split", "-k", "user_id", "-n", str(shards), "-o", f"events/{day}/{e}/%.csv", f"cleaned/{e}/{day}/events.csv")
        return {k: [f"events/{day}/{e}/{k}.csv" for e in range(parts)] for k in range(shards)}

    def day(self, day):
        case, r, shards, last = self.case, self.case.days, self.case.shards, len(self.case.cuts)
        until = [] if day == last else ["--until", instant(r, case.cuts[day])]

        def state(name):
            """The options of a tool that goes on from day to day, with a state of that name."""
            return ["--state", f"{name}{day - 1}"] * (day > 0) + (["--state-out", f"{name}{day}", *until] if until else ["--final"])

        files = self.split(day, state)
        options = case.all_but(OF_COLLATE | OF_CLEAN) + ["--ts-unit", "ms"] if case.events_parts else case.all_but(OF_COLLATE)
        for k in range(shards):
            folder = f"shards/{k}/{day}"
            os.makedirs(folder)
            self.runner.run("ce-materialize", *options, *ANY, "--no-online", "-1", "--no-sync", *state(f"shards/{k}/s"), "--facts",
                            f"{folder}/facts.csv.gz", "-d", folder, "-o", f"{folder}/{FEATURES}.csv.gz", "--first", f"{folder}/{FIRST}.csv.gz",
                            "--unmatched", f"{folder}/unmatched.csv.gz", *files[k])  # fmt: skip
        folders = [f"shards/{k}/{day}" for k in range(shards)]
        tables = [name for name in case.tables() if name != "rejects"] + [FEATURES, FIRST, "unmatched"]
        tables = [name for name in tables if name != "event_online" or self.runner.kept_alike(self.days[day].tables)]
        going_on = [word for word in state("s.") if word != "--final"] + ["--open", f"open.{day}.csv"] * bool(until)
        self.runner.run("ce-collate", *case.only(OF_ONLINE), *going_on, *self.watermark(day), "-t", ",".join(tables), "-d", f"collated{day}", *folders)
        want = self.days[day].tables
        for name in tables:
            same_table(name, [f"collated{day}/{name}.csv.gz"], want["first" if name == FIRST else name], self.counts)
        if until:
            same_table("open", [f"open.{day}.csv"], want["open"], self.counts)
        self.runner.run("ce-merge", "-p", "-o", f"unmatched.{day}.csv", *[f"{folder}/unmatched.csv.gz" for folder in folders])
        same_table("unmatched", [f"unmatched.{day}.csv"], want["unmatched"], self.counts)


# --- The same by make.


class MakeCase(Case):
    """A case that samples/shards.mk can be told: of two dimensions, each in a file of that name."""

    kind = property(lambda self: "both", lambda self, value: None)

    def __init__(self, seed, large):
        super().__init__(seed, large)
        r = self.days
        self.options = [o for o in self.options if o.name != "--no-online" and not o.name.endswith("keep")]
        kept = [name for name in self.extra if "," not in name]
        self.keep = ",".join(r.sample(kept, min(len(kept), r.choice([0, 1, 2]))))
        self.options += [two_ways.Option("--keep", [self.keep])] * bool(self.keep)
        # The first of each key is in the file of that name; others go in front of these.
        named = {"user_id": "data/users_dim.csv", "content_id": "data/content_dim.csv"}
        joins = [o for o in self.options if o.name == "-k"]
        self.options = [o for o in self.options if o.name != "-k"]
        first = {key: next(o for o in joins if o.values[0] == key) for key in named}
        self.joins = {}
        for key, name in named.items():
            *words, file = first[key].values
            self.files[name] = self.files.pop(file)
            self.joins[key] = ["-k", *words]
        self.others = [o for o in joins if o not in first.values()]
        self.options += self.others + [two_ways.Option("-k", [*self.joins[key][1:], name]) for key, name in named.items()]
        self.all_tables, self.gives_at, self.tidy = r.random() < 0.4, r.random() < 0.5, r.random() < 0.2
        self.drawn = r.getstate()

    def variables(self):
        """What make is told."""
        value = {
            "LOG": " ".join(self.events), "DATA": "data", "OUT": "out", "PARTS": self.events_parts, "SHARDS": self.shards,
            "TABLES": "all" if self.all_tables else "few", "KEEP": self.keep, "TUNING": "--no-sync", "TIDY": "1" * self.tidy,
            "JOIN_FILES": " ".join(o.values[-1] for o in self.others), "USERS_JOIN": shlex.join(self.joins["user_id"]),
            "CONTENTS_JOIN": shlex.join(self.joins["content_id"]), "WATERMARK": shlex.join(self.only(["--watermark"])[1:]),
            "DROP": shlex.join(self.only(["--drop"])[1::2] and [",".join(self.only(["--drop"])[1::2])]),
        }  # fmt: skip
        value |= {"AT": ",".join(map(days.iso, self.at))} if self.gives_at and self.at else {"RANGES": len(self.at) + 1}
        for tool in two_ways.TOOLS:
            value[f"{tool.upper()}_FLAGS"] = shlex.join(self.of_tool(tool))
        return [f"{name}={text}".replace("$", "$$") for name, text in value.items()]

    def of_tool(self, tool):
        """The options of a tool that are in its _FLAGS."""
        other = copy.copy(self)
        other.options = [o for o in self.options if o.name not in ("--keep", "--drop", "--watermark") and (o.name != "-k" or o in self.others)]
        return two_ways.Pipe(other, True).words(tool, None) + {"clean": ANY[:2], "join": ANY[2:]}.get(tool, [])


class Make(Commands):
    def all(self, kills, states):
        case, r = self.case, self.case.days
        os.makedirs("data")
        two_ways.write_files(case)
        self.one()
        if case.at is None:
            case.cut([int(ms) for row in column("one/session_identification.csv", "event_ts", "session_deadline_ts") for ms in row])
        self.make()
        self.same("made for the first time")
        self.run(*self.command("-q"))
        for what in (self.removed, self.otherwise, self.removed_and_otherwise, self.killed):
            what(r)
            self.same(what.__name__)

    def command(self, *words):
        mk = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../samples/shards.mk")
        tools = os.path.dirname(shutil.which("ce-split"))
        return ["make", "-s", "-f", mk, "-j2", *words, f"BIN={tools}", *self.case.variables()]

    def make(self):
        self.run(*self.command())

    def same(self, what):
        """All tables of all ranges are those of one run."""
        case = self.case
        names = [name for name in case.tables() if name != "rejects"] if case.all_tables else ["session_starts"]
        ranges = sorted(glob.glob("out/[0-9][0-9][0-9][0-9]"))
        if len(ranges) != len(case.at) + 1:
            raise Difference("ranges", f"{what}: {ranges}, and {len(case.at)} times between them")
        for name in [*names, FEATURES, FIRST, "unmatched"]:
            same_table(name, [f"{folder}/{name}.csv.gz" for folder in ranges], f"one/{name}.csv", self.counts)
        if not case.gives_at or max([0, *case.at]) <= max(int(ms) for ms in [0, *column("one/enriched_table.csv", "event_ts")]) + 1:
            same_table("online_effects", ["out/online_effects.csv.gz"], "one/online_effects.csv", self.counts)
        same_rejects(rejected(glob.glob("out/rejects/*")), rejected(["one/rejects.csv"]), what)

    def files(self, *patterns):
        return sorted(path for pattern in patterns for path in glob.glob(pattern, recursive=True) if os.path.isfile(path))

    def removed(self, r):
        """Some tables are gone."""
        for path in r.sample(self.files("out/[0-9]*/*"), 2):
            os.unlink(path)
            self.commands.append(f"rm {path}")
        self.make()

    def otherwise(self, r):
        """Another option of some stage, or other parts."""
        case = self.case
        kind = r.choice(["--gap", "--rows", "--window", "--prior", "--max-left", "shards", "parts", "at", "tables"])
        if kind == "shards":
            case.shards = r.choice([n for n in (1, 2, 3) if n != case.shards])
        elif kind == "parts":
            case.events_parts = case.events_parts % 3 + 1
        elif kind == "at":
            case.at, case.gives_at = case.at[1:] or [two_ways.START + 1_800_000], True
        elif kind == "tables":
            case.all_tables = not case.all_tables
        else:
            value = {"--gap": "17m", "--rows": "undecided", "--window": "17m", "--prior": "user=0.25", "--max-left": "17m"}[kind]
            case.options = [o for o in case.options if o.name not in (kind, "-g" * (kind == "--gap"), "-r" * (kind == "--rows"))] + [
                two_ways.Option(kind, [value])]  # fmt: skip
        self.commands.append(f"# other {kind}")
        shutil.rmtree("one")
        self.one()
        self.make()

    def removed_and_otherwise(self, r):
        """Some file on the way is gone, and is needed again."""
        for path in r.sample(self.files("out/*/**"), 2):
            if "/log/" not in path:
                os.unlink(path)
                self.commands.append(f"rm {path}")
        self.otherwise(r)

    def killed(self, r):
        """From the beginning, killed with all its children again and again."""
        shutil.rmtree("out")
        self.commands.append("rm -r out")
        took = 1.0
        for _ in range(r.randint(2, 4)):
            began = time.time()
            process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
            try:
                said = process.communicate(timeout=r.random() * took)[1]
                if process.returncode:
                    raise Difference("exit", f"exit {process.returncode} of make after a kill -9:\n{said.decode(errors='replace')}")
                took = time.time() - began
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.communicate()
                self.counts["kills"] += 1
        shutil.rmtree(os.environ["TMPDIR"])
        os.mkdir(os.environ["TMPDIR"])
        self.make()


# --- Facts.


def facts_of(rows, opt):
    """The facts of a joined table, by their definition: (kind, values) as often as it is so."""
    events = [naive.Event(row, opt) for row in rows]
    for rank, e in enumerate(events):
        e.rank = rank
    sessions = naive.sessionize(events, opt)
    facts, met = collections.Counter(), set()
    for s in sessions:
        e = s.events[0]
        facts["start", s.start, s.id, e.id, e.user, e.content, *(e.row[name] for name in ("genre", "device", "plan_tier", "runtime"))] += 1
        # What a session is in the end is said with the fact by which it is closed.
        end = s.end, int(any(e.type == "complete" for e in s.events)), int(s.completing is not None and s.completing.type != "complete")
        end += (len({e.type for e in s.events}),)
        facts["outcome", s.known, s.id, e.user, s.outcome, *([None] * 4 if s.outcome else end)] += 1
        if s.outcome:
            facts["end", s.closing, s.id, e.user, *end] += 1
    for e in events:
        popularity, stops = int(e.counted and e.pair not in met), int(e.type == "stop" and e.ratio is not None)
        met |= {e.pair} if e.counted else set()
        if popularity or stops:
            facts["activity", e.ts, e.content, popularity, stops, e.ratio * 1_000_000 if stops else 0] += 1
    if events:
        facts["last", events[-1].ts] += 1
    return facts


def read_facts(path):
    """The same of a table that ce-materialize wrote; what has no place in a kind of fact has to be empty."""
    header, rows = naive.parse_csv(days.content(path).decode("latin-1"))
    end = "session_end_ts is_completed_event stopped_near_end num_unique_events"
    numbers = {"fact_ts", "session_id", "is_completion", "popularity", "stops", "stop_ratio_sum", *end.split()}
    kinds = {
        "start": "fact_ts session_id event_id user_id content_id genre device plan_tier runtime",
        "activity": "fact_ts content_id popularity stops stop_ratio_sum",
        "outcome": f"fact_ts session_id user_id is_completion {end}",
        "end": f"fact_ts session_id user_id {end}",
        "last": "fact_ts",
    }
    want = f"fact_ts fact session_id event_id user_id content_id genre device plan_tier runtime is_completion {end}".split()
    want += ["popularity", "stops", "stop_ratio_sum"]
    if header != want:
        raise Difference("header", f"{path}: the columns {header}, not {want}")
    facts, before = collections.Counter(), 0
    for n, row in enumerate(rows, 1):
        names = kinds[row["fact"]].split()
        values = [int(row[name]) if name in numbers and row[name] is not None else row[name] for name in names]
        others = [name for name in header if name not in names and name != "fact" and row[name] is not None]
        if others:
            raise Difference("facts", f"{path}: row {n}, a fact {row['fact']}, has {others}: {row}")
        if values[0] < before:
            raise Difference("order", f"{path}: row {n} at {values[0]} is behind one at {before}")
        before = values[0]
        facts[(row["fact"], *values)] += 1
    return facts


class FactsCase:
    def __init__(self, seed, large):
        self.days = random.Random(f"facts {seed}")
        self.drawn, self.seed = self.days.getstate(), seed


class Facts(Commands):
    def all(self, kills, states):
        opt, (columns, events), (user_columns, users), (content_columns, contents) = random_tables.tables(self.case.seed)
        events, users, contents = (stripped(compare.latin(rows)) for rows in (events, users, contents))
        events = [e for e in events if 0 < int(e["event_ts"]) < clean.TS_END]
        events.sort(key=lambda e: (int(e["event_ts"]), e["event_id"]))
        for name, table in (("users", (user_columns, users)), ("contents", (content_columns, contents)), ("events", (columns, events))):
            with open(f"{name}.csv", "w", encoding="latin-1", newline="") as file:
                file.write(naive.format_csv(*table))
        header, rows, _ = naive.join(columns, events, "user_id", user_columns, users, ["email"])
        header, rows, _ = naive.join(header, rows, "content_id", content_columns, contents)
        want = facts_of(rows, opt)
        command = ["ce-materialize", "--left", *ANY, "--drop", "email", "-k", "user_id", "users.csv", "-k", "content_id", "contents.csv",
                   "--ts-unit", "ms", "--allow-empty", "device,playback_position", "--no-sync", "--no-online", *compare.sessionize_words(opt)]  # fmt: skip
        self.run(*command, "--facts", "facts.csv", "-o", "features.csv", "events.csv")
        self.same(read_facts("facts.csv"), want, "facts.csv")
        labels = self.labels(rows, opt)
        self.a_day_at_a_time(command, events, columns, want, labels)

    def same(self, got, want, what):
        self.counts["facts"] += sum(want.values())
        if got != want:
            raise Difference("facts", f"{what}: too many {sorted(map(str, (got - want).items()))[:4]}\n  missing {sorted(map(str, (want - got).items()))[:4]}")

    def labels(self, rows, opt):
        """With --facts each prediction row has its label, though the watermark would leave it empty. Returns those of all events."""
        events = [naive.Event(row, opt) for row in rows]
        for rank, e in enumerate(events):
            e.rank = rank
        naive.sessionize(events, opt)
        labels = {e.id: (e.session.known, e.session.outcome) for e in events}
        self.labelled("features.csv", labels, 0, None)
        return labels

    def labelled(self, path, labels, low, high):
        """The rows of a part have the labels that are known before its end; an abandoned session may close behind its last event."""
        for id, ts, known, label in column(path, "event_id", "event_ts", "label_known_ts", "is_completion"):
            want = labels[id.decode("latin-1")]
            got = known and int(known), label and int(label)
            if got != (want if high is None or want[0] < high else (None, None)) and (want[1] or high is None or got != (None, None)):
                raise Difference("label", f"{path}: event {id!r}: {known, label}, in the end {want}")
            if not low <= int(ts) < (high or clean.TS_END):
                raise Difference("part", f"{path}: event {id!r} is at {ts}")
            self.counts["labels"] += 1

    def a_day_at_a_time(self, command, events, columns, want, labels):
        """Cut at two times, what becomes known in each part is in that part, but that each part has a last event."""
        r, rows = self.case.days, []
        times = [int(e["event_ts"]) for e in events]
        known = [fact[1] for fact in want if fact[0] == "outcome" and fact[1] < clean.TS_END - 2]
        cuts = sorted({max(r.choice(known + times) + r.choice([0, 0, 1]), 1) for _ in range(r.randint(1, 2)) if times})
        for day, (low, high) in enumerate(zip([0, *cuts], [*cuts, None]) if cuts else ()):
            part = [e for e in events if low <= int(e["event_ts"]) and (high is None or int(e["event_ts"]) < high)]
            with open(f"day{day}.csv", "w", encoding="latin-1", newline="") as file:
                file.write(naive.format_csv(columns, part))
            state = ["--state", f"s{day - 1}"] * (day > 0)
            state += ["--final"] if high is None else ["--state-out", f"s{day}", "--until", instant(r, high)]
            self.run(*command, *state, "--facts", f"facts{day}.csv", "-o", f"features{day}.csv", f"day{day}.csv")
            of_day = collections.Counter({fact: n for fact, n in want.items() if low <= fact[1] and (high is None or fact[1] < high) and fact[0] != "last"})
            got = collections.Counter({fact: n for fact, n in read_facts(f"facts{day}.csv").items() if fact[0] != "last"})
            self.same(got, of_day, f"facts{day}.csv")
            self.labelled(f"features{day}.csv", labels, low, high)
            rows += column(f"features{day}.csv", "event_id")
        if cuts and rows != list(column("features.csv", "event_id")):
            raise Difference("rows", "the rows of the parts behind each other are not those of features.csv")


def stripped(rows):
    """The rows as ce-clean and ce-join leave their texts; one that was blank is empty."""
    return [{name: value and value.strip() if name.endswith("_id") else value for name, value in row.items()} for row in rows]


# --- Rounds.


def shrunk(case, kind, round_class):
    """A smaller case that differs in the same way."""
    if round_class is Days:
        return days.shrunk(case, kind, 0, Days)
    if round_class is Facts:
        return case

    def attempt(other, counts):
        return days.in_folder(round_class(other, counts), 0, 0, quiet=True), 0

    return two_ways.shrunk(case, kind, attempt, ("options", "events", "at"))


MODES = {"shards": (Case, Shards), "days": (lambda seed, large: DaysCase(seed, large).prepare(seed), Days), "facts": (FactsCase, Facts), "make": (MakeCase, Make)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("mode", choices=MODES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--bin")
    parser.add_argument("-v", "--verbose", action="store_true")
    opt = parser.parse_args()
    if opt.bin:
        os.environ["PATH"] = os.path.abspath(opt.bin) + ":" + os.environ["PATH"]
    counts, wrong = collections.Counter(), 0
    case_of, round_class = MODES[opt.mode]
    for seed in range(opt.seed, opt.seed + opt.rounds):
        case = case_of(seed, opt.large)
        round_of = round_class(case, counts)
        difference = days.in_folder(round_of, 0, 0)
        if difference:
            wrong += 1
            print(f"that was {opt.mode}, seed {seed}{' --large' * opt.large}", flush=True)
            if opt.shrink and hasattr(difference, "kind"):
                print("what is left of it:")
                days.in_folder(round_class(shrunk(case, difference.kind, round_class), collections.Counter()), 0, 0)
        elif opt.verbose:
            print(f"seed {seed}: {round_of.refused or 'as one run'}", flush=True)
    print(", ".join(f"{n} {what}" for what, n in counts.items()))
    print(f"{opt.rounds} rounds, {wrong} differ")
    sys.exit(wrong > 0 or opt.rounds >= 20 and counts["refused"] * 4 > opt.rounds)


if __name__ == "__main__":
    main()
