#!/usr/bin/env python3
"""The law of the two ways: ce-materialize writes what the pipe of the six tools writes.

Usage: two_ways.py [--seed N] [--rounds M] [--large] [--shrink] [--keep-folder] [-v]

Each round, from that seed on (1), draws a dirty log, dimensions and options, runs ce-clean, ce-join,
ce-sessionize, ce-agg, ce-online and ce-features (from PATH) from file to file, and ce-materialize twice, with -d and
without. Both ways succeed or both fail; where they succeed, every table has the same bytes, decompressed,
and the warnings and notes are the same, each once; where they fail, no file is there that was not there
before. --large: logs of more than 10,000 rows. A difference is printed with its seed, the command lines
and the first line that differs; --shrink leaves out options and lines as long as it stays, and prints
what is left, and --keep-folder keeps the folder. -v: what each round did.
"""
import argparse
import collections
import copy
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
import join
from dress import Dress

TOOLS = "clean join sessionize agg online features".split()
AGGREGATES = """content_completion user_activity user_engagement user_genre_preference user_completion_rate
    content_completion_rate avg_view_duration_ratio has_played_before number_of_pauses""".split()  # fmt: skip
TABLES = "cleaned_events rejects enriched_table session_identification session_starts event_history event_online".split() + AGGREGATES
FEATURES = "completion_prediction_features"

# Whose each option is; those of a file, and those of the form of an output, are not here.
OF_STAGE = {
    "clean": "--ts-unit --tz --since --until --allow-empty --na --max-rejects",
    "join": "-k --tz --na --left --drop --max-unmatched",
    "sessionize": "-g --gap --plain-gap --near-end --complete-by --unknown-runtime --max-left",
    "agg": "--window --watermark",
    "online": "--prior --drift --alpha",
    "features": "-r --rows --watermark",
}
OF_STAGE = {tool: words.split() + ["--strict"] for tool, words in OF_STAGE.items()}
KEEPERS = [tool for tool in TOOLS if tool != "join"]  # those that have --keep
FILES = {"--rejects": "rejects", "--unmatched": "unmatched", "--starts": "session_starts", "--first": "first", "--effects": "online_effects"}

DAY = 86_400_000
START = 1_704_067_200_000
GAPS = {"30m": 1_800_000, "1h30m": 5_400_000, "1m": 60_000, "1s": 1000, "1ms": 1, "0s": 0, "7d": 7 * DAY}
NAMES = [b"a", b"ab", b"bc", b"c", b"1", b"01", b"x,y", b'say "x"', b"two\nlines", b"cr\r\nlf", "Ni\u00f1os".encode(), b"\\.",
         b"A", b"u-0000000000000000000000000000000001", b"u;1|2", b"'", b"0e0", b"u1", b"u2", b"u3"]  # fmt: skip
TEXTS = [b"free", b"basic", b"premium", b"", None, None, b"x,y", b'say "x"', b"two\nlines", b"cr\r\nlf", b"\\.", b" blank ", b"\t",
         "\u00e9\U0001f3ac".encode(), b"exactly twenty-eight bytes!!", b"a text that is longer than twenty-eight bytes, by far",
         b"a;b", b"a|b\tc", b"0", b"1.50", b"'", b'"', b"long " * 60]  # fmt: skip
WORDS = [b"NA", b"null", b"None", b"\\N", b"-", b"n/a"]
GENRES = [b"Drama", b"drama", b"Action", b"Sci-Fi, Horror", "\u00d1".encode(), b'a "genre"', b"Dram", b"", None, b"two\nlines"]
DEVICES = [b"tv", b"web", b"phone", b"tv (old)", b"a, b", b'"', "t\u00e9l\u00e9".encode(), b"TV"]
# The first columns of these collide with no other; of the later ones some do, in one stage or another.
LOG_COLUMNS = ["app", "note", "a note", "Extra", "x,y", "\u00e9", "country", "logit", "ip", "runtime", "genre", "session_id", "prev_ts",
               "session_phase", "plan_tier", "user_activity_level", "is_completion", "completes_session", "signup_date", "online_logit"]  # fmt: skip
DIMENSION_COLUMNS = ["plan_tier", "signup_date", "genre", "runtime", "release_year", "maturity_rating"]
USER_COLUMNS = ["segment", "region", "since when", "country", "a title", "session_id", "device", "app", "user_known_sessions", "is_completion"]
CONTENT_COLUMNS = ["studio", "title", "x,z", "a title", "prev_ts", "note", "content_popularity", "hour_of_day", "x,y", "country"]

Option = collections.namedtuple("Option", "name values")


def some(r, *pairs):
    """One of the values, each with its weight."""
    return r.choices([value for _, value in pairs], [weight for weight, _ in pairs])[0]


# --- A case: files and options, drawn from a seed.


class Case:
    def __init__(self, seed, large):
        self.r = r = random.Random(f"{seed} {large}")
        self.large = large
        self.files = {}  # the source tables: name -> bytes
        self.options = []  # of ce-materialize, but those of its outputs
        self.na = r.sample(WORDS, r.randint(1, 3)) if r.random() < 0.3 else []
        self.tame = r.random() < 0.25  # a log of no faults, and no warnings
        self.faulty = not large and r.random() < 0.15  # something may be amiss that the tools refuse
        self.history_options()
        pool = NAMES + [b"u%d" % i for i in range(r.choice([10, 300, 20_000]) * large)]
        self.users = r.sample(pool, len(pool) if large else r.randint(1, 8))
        self.contents = r.sample(pool, min(len(pool), r.choice([5, 60, 3000])) if large else r.randint(1, 6))
        self.texts = TEXTS + [b"a long text, " * r.choice([600, 5000, 20_000])] * (r.random() < 0.03)
        self.runtimes = {c: r.choice(list(join.RUNTIMES)) if r.random() < 0.4 else
                         some(r, (2, None), (1, "0"), (1, "-5"), (6, "100"), (6, "1200"), (3, "3601"), (3, "7200"), (1, "86401"),
                              (1, "94608000"), (1, "2147483647"), (self.faulty, "9223372036854775807"), (self.faulty, "1e30"))
                         for c in self.contents}  # fmt: skip
        separator = r.choice([b",", b"\t", b";", b"|"]) if r.random() < 0.12 else None
        if separator:
            self.options.append(Option("--delimiter", ["tab" if separator == b"\t" else separator.decode()]))
        self.extra = r.sample(LOG_COLUMNS[: None if self.faulty else 9], some(r, (3, 0), (3, 1), (3, 2), (1, 4)))
        self.extra += [f"column {i}" for i in range(100)] * (r.random() < 0.02)
        self.kind = some(r, (75, "both"), (12, "none"), (10, "more"), (3 * self.faulty, "one"))
        if self.kind == "none" and r.random() < 0.5:  # the log has what dimensions would bring
            more = [name for name in DIMENSION_COLUMNS if name not in self.extra]
            more = r.sample(more, r.randint(1, len(more)))
            self.extra += more
            self.options.append(Option("--keep", [",".join(more)])) if r.random() < 0.7 else None
        self.draw_log(some(r, (2, 12_000), (2, 20_000), (3, 40_000)) if large else
                      some(r, (1, 0), (1, 1), (2, 5), (4, 30), (6, 80), (6, 150), (2, 400)), separator)  # fmt: skip
        self.draw_dimensions(separator)
        self.clean_options()
        self.keep_options()
        self.online_options()
        self.feature_options()
        self.asked = [name for name, chance in (("--rejects", 0.35), ("--unmatched", 0.35), ("--starts", 0.3), ("--first", 0.4), ("--effects", 0.4))
                      if r.random() < chance and (name != "--effects" or not self.has("--no-online"))]  # fmt: skip
        self.faults()
        joins = iter([option for option in self.options if option.name == "-k"])
        r.shuffle(self.options)
        self.options = [next(joins) if option.name == "-k" else option for option in self.options]
        self.stdin = r.choice(self.events) if r.random() < 0.4 else None  # which of them is that
        self.rate = r.random()  # of what the two runs of ce-materialize have of their own

    def option(self, chance, name, *choices):
        """Perhaps that option, with one of the values; each is text, or None for an option without one."""
        if self.r.random() < chance:
            value = self.r.choice(choices) if choices else None
            self.options.append(Option(name, [] if value is None else [value]))
            return value
        return None

    def value_of(self, name, default):
        """The value of an option, the last one if it is there twice."""
        return ([o.values[0] for o in self.options if o.name == name] or [default])[-1]

    def history_options(self):
        r = self.r
        name = r.choice(["-g", "--gap"])
        self.gap = GAPS[self.option(0.4, name, *GAPS) or "30m"]
        self.option(0.1, "--plain-gap")
        self.option(0.25, "--near-end", "0.5", "0.95", "1", "0", "0.333333", "0.9")
        self.option(0.6, "--complete-by", "event", "position", "position", "played", "played")
        self.option(0.25, "--unknown-runtime", "0", "1ms", "1500ms", "30m", "2h", "4d")
        self.option(0.25, "--max-left", "24h", "0s", "1ms", "1m", "1h", "5000w")
        self.option(0.35, "--window", "30d", "1h", "10m", "1m", "1s", "1ms", "2w")

    # The log.

    def event_times(self, unit):
        """A way to write times: mostly one form, sometimes any."""
        r = self.r
        forms = ([unit] if unit else list(clean.UNITS)) + ["offset", "utc", "bare"]
        forms = r.choices(forms, k=1) if r.random() < 0.7 else forms
        return lambda ms: clean.written(r, ms, r.choice(forms)) if len(forms) > 1 or forms[0] != "ms" else b"%d" % ms

    def viewing(self, grid, span):
        """(ms, user, content, type, position) of each event of a viewing."""
        r = self.r
        user, content = r.choice(self.users), r.choice(self.contents)
        runtime = self.runtimes[content]
        runtime = int(float(join.RUNTIMES.get(runtime, runtime or 0)) % 10**12) or 100
        runtime = min(max(runtime, 60), 90000)
        ms, place, playing = START + grid * r.randrange(span), 0, False
        for left in range(r.choice([1, 1, 2, 3, 4, 6, 9]), 0, -1):
            kind = some(r, (5, "play"), (3, "pause"), (2, "stop"), (2, "seek"), (self.beats, "heartbeat"), (0.5, "complete"))
            if left == 1 and r.random() < 0.6:
                kind = r.choice(["stop", "stop", "complete"])
                place = r.choice([place, int(runtime * 0.95), -int(-runtime * 95 // 100), runtime, runtime + 7])
            yield ms, user, content, kind, place
            playing = kind in ("play", "seek")
            edge = self.gap + (max(runtime - place, 0) * 1000 if playing else 0)
            step = some(r, (2, 0), (4, grid), (4, 60_000), (4, r.randrange(runtime) * 1000), (1, edge), (1, edge + r.choice([-1, 1])))
            ms += min(step, 20 * DAY)
            if playing or kind == "heartbeat":
                place = min(place + step // 1000, runtime)
            if kind == "seek" or r.random() < 0.05:
                place = r.randrange(runtime + 1)

    def draw_log(self, n, separator):
        r = self.r
        unit = self.option(0.15, "--ts-unit", *clean.UNITS) or (self.option(0.05, "--ts-unit", "auto") and None)
        write_time = self.event_times(unit)
        zones = r.sample(clean.ZONES, 2)
        self.option(0.15, "--tz", zones[0])
        self.option(0.1, "--clean-tz", zones[1])
        self.beats = r.choice([0, 0, 2, 9])
        self.bounds = START, START
        grid, span = r.choice([1, 1000, 60_000, 600_000]), r.choice([3, 10, 100, 1000])
        if n >= 10_000:
            grid, span = r.choice([1, 60_000]), 10_000
        empty = ",".join(r.sample(["device", "playback_position"], r.randint(1, 2))) if r.random() < 0.5 else ""
        if empty:
            self.options.append(Option("--allow-empty", [empty]))
        dirt = 0 if self.tame else some(r, (5, 0.02), (5, 0.1), (2, 0.3), (0.5, 0.6 if n < 10_000 else 0.1))
        header = clean.COLUMNS + self.extra
        r.shuffle(header)
        own = {"app": [b"1.0", b"2", b'"3"', None], "runtime": [b"1500", b"0", b"PT1H", b" 60 ", b"", None], "genre": GENRES,
               "online_logit": [b"-0.250000", b"1.5", None], "release_year": [None, *(text.encode() for text in join.YEARS)],
               "signup_date": [None, *(text.encode() for text in join.SIGNUPS)]}  # fmt: skip
        rows, events = [], []
        while len(events) < n:
            events += self.viewing(grid, span)
        r.shuffle(events)
        prefix = [b"e", b"e0", b"E", "\u00e9".encode(), b"e,", b'e"'] if r.random() < 0.3 else [b"e"]
        for i, (ms, user, content, kind, place) in enumerate(events[:n]):
            event = {"event_id": r.choice(prefix) + b"%d" % i, "event_ts": write_time(ms), "user_id": user, "content_id": content,
                     "event_type": kind.encode(), "playback_position": b"%d" % place, "device": r.choice(DEVICES)}  # fmt: skip
            if empty and r.random() < 0.2:
                event[r.choice(empty.split(","))] = r.choice([b"", None, b" "])
            for name in self.extra:
                event[name] = r.choice(own.get(name, self.texts))
            while r.random() < dirt:
                self.spoil(event, zones[0])
            rows.append([event[name] for name in header])
            if r.random() < 0.4 * dirt:  # a copy, at the same time or another, the rest the same or not
                event = {**event, "event_ts": write_time(ms + r.choice([0, 0, 0, 1, grid, 60_000]))}
                event[r.choice(header)] = r.choice([event["device"], b"1", b"play"])
                rows.append([event[name] for name in header])
        self.bounds = (min(e[0] for e in events), max(e[0] for e in events)) if events else self.bounds
        if r.random() < 0.7:
            r.shuffle(rows)
        self.write_log(header, rows, dirt, separator)

    def spoil(self, event, zone):
        """What may be amiss with one event, or looks so."""
        r = self.r
        name = r.choice(clean.COLUMNS)
        names = [n for n in event if n not in DIMENSION_COLUMNS or self.faulty]  # ce-join refuses some
        kind = r.randrange(12)
        if kind == 0:
            event["event_ts"] = clean.random_time(r, zone)
        elif kind == 1:
            event["playback_position"] = r.choice([*clean.POSITIONS, b"9223372036854775806", b"9" * 15])
        elif kind == 2:
            event[name] = r.choice([b"", None, b" ", b"\t\r"])
        elif kind == 3:
            event[r.choice(names)] = r.choice(clean.BYTES)
        elif kind == 4:
            event["event_type"] = r.choice([b"rewind", b"playing", b"play\0", b"ad_start"])
        elif kind == 5:
            event[r.choice(names)] = r.choice([b"", b" "]) + r.choice(WORDS) + r.choice([b"", b" ", b"x"])
        elif kind == 6 and r.random() < 0.3:
            event[r.choice(names[len(clean.COLUMNS) - 1 :])] = b"\n".join([b"a line"] * 12)
        elif kind == 7 and r.random() < 0.1:
            event[r.choice(names[len(clean.COLUMNS) - 1 :])] = b"x" * 70_000
        elif kind < 10:
            event["event_type"] = r.choice([bytes.upper, bytes.title])(event["event_type"] or b"play")
        elif event[name]:
            event[name] = r.choice([b" ", b"\t ", b"\r", b"\f", b""]) + event[name] + r.choice([b"", b" \v"])

    def write_log(self, header, rows, dirt, separator):
        """The log, in one file or several, some rows of it ragged, in any dress."""
        r = self.r
        names = r.choice([bytes.upper, bytes.title]) if r.random() < 0.1 else bytes
        cuts = sorted(r.randrange(len(rows) + 1) for _ in range(some(r, (7, 0), (2, 1), (1, 2))))
        for i, (start, end) in enumerate(zip([0, *cuts], [*cuts, len(rows)])):
            dress = self.dress(separator, header)
            dress.name = names
            self.header = [names(name.encode()).decode() for name in header]
            part = [self.ragged(dress, row) if r.random() < 0.1 * dirt else row for row in rows[start:end]]
            data = dress.table([name.encode() for name in header], part)
            if not dress.gzip and r.random() < 0.2:
                data = data[: -len(dress.end)]
            elif dress.gzip and r.random() < 0.2:
                data += zlib.compress(b"", wbits=31)
            self.files[f"events{i}.csv" + ".gz" * dress.gzip] = data
        self.events = sorted(self.files)

    def dress(self, separator, header):
        """A dress that --delimiter, if it is given, fits; without it a comma in a name would be taken for one between names."""
        dress = Dress(self.r)
        dress.name = bytes
        if separator:
            dress.delimiter = separator
        elif any("," in name for name in header) or self.r.random() < 0.6:
            dress.delimiter = b","
        if separator or b"sep=" in dress.top:
            dress.top = b""
        return dress

    def ragged(self, dress, row):
        r = self.r
        record = dress.delimiter.join(map(dress.field, row))
        at = r.randrange(len(record))
        return r.choice([record + dress.delimiter, record + b'"', record[:at], record[:at] + b'"' + record[at:], b"", b"  "])

    # The dimensions.

    def draw_dimensions(self, separator):
        r = self.r
        gone = 0 if self.tame else some(r, (6, 0), (3, 0.1), (1, 0.3))
        self.options.append(Option("--na", [b",".join(self.na).decode()])) if self.na and r.random() < 0.6 else None
        self.option(bool(self.na) * 0.3, "--clean-na", "NA", "null,-", "None,\\N")
        self.option(bool(self.na) * 0.3, "--join-na", "NA", "null,-", "None,\\N")
        self.dim_na = [word for name in ("--na", "--join-na") for word in self.value_of(name, "").split(",") if word]
        self.option(0.1, "--join-tz", *clean.ZONES)
        kind = self.kind
        self.columns = []  # of all dimensions
        dimensions = []
        if kind in ("both", "more"):
            columns = ["email"] * (r.random() < 0.4) + ["plan_tier", "signup_date"] + self.further(USER_COLUMNS)
            dimensions.append(("user_id", [u for u in self.users if r.random() >= gone], columns))
        if kind != "none":
            columns = ["genre", "runtime", "release_year", "maturity_rating"] + self.further(CONTENT_COLUMNS)
            dimensions.append(("content_id", [c for c in self.contents if r.random() >= gone], columns))
        if kind == "more":
            key = r.choice(["device", "device", "event_type", "playback_position", "user_id"] + ["app"] * 3 * ("app" in self.extra))
            keys = {"device": DEVICES, "event_type": [t.encode() for t in clean.TYPES], "app": [b"1.0", b"2", b'"3"'],
                    "playback_position": [b"%d" % i for i in range(2000)], "user_id": self.users}[key]  # fmt: skip
            dimensions.append((key, [k for k in keys if r.random() >= gone], ["maker", "a text"][: r.randint(0, 2)]))
            if key == "app":
                self.options.append(Option(r.choice(["--keep", "--clean-keep"]), [key]))
        if r.random() < 0.1 and dimensions:  # the columns of contents from two files
            key, keys, columns = dimensions[-1]
            dimensions[-1] = key, keys, columns[:2]
            dimensions.append((key, [k for k in keys if r.random() >= gone], columns[2:]))
        r.shuffle(dimensions)
        for i, dimension in enumerate(dimensions):
            self.draw_dimension(f"dim{i}", separator, *dimension)
        self.option(0.1 if dimensions else 1, "--left")
        if gone > 0.1 and dimensions:
            self.option(0.5, "--left")
        drop = ["email"] * ("email" in self.columns and r.random() < 0.8)
        # A name that would be there twice has to go, as a rule.
        twice = {n for n in self.columns if self.columns.count(n) > 1 or n in clean.COLUMNS or n in self.extra}
        drop += [name for name in sorted(twice) if name not in clean.COLUMNS and r.random() < 0.5]
        drop += [r.choice(clean.COLUMNS + self.columns)] * (r.random() < 0.3 * self.faulty)
        more = [name for name in self.columns if name in USER_COLUMNS + CONTENT_COLUMNS and "," not in name]
        drop += [r.choice(more)] * (r.random() < 0.2) if more else []
        if drop:
            self.options += [Option("--drop", [",".join(drop)])] if r.random() < 0.8 else [Option("--drop", [n]) for n in drop]
        self.option(0.5, "--max-unmatched", *["100%"] * 12, *["60%", "20%", "0", "30"] * (not self.large))

    def further(self, names):
        """Columns of one's own; ce-join finds out the delimiter of a dimension by itself."""
        r = self.r
        names = [name for name in names if "," not in name or not self.has("--delimiter")]
        count = some(r, (5, 0), (3, 1), (1, 3))
        return r.sample(names[: None if self.faulty and r.random() < 0.5 else 3], count)

    def value(self, column, key):
        r, extreme = self.r, self.r.random() < 0.03
        text = {
            "runtime": lambda: self.runtimes[key],
            "release_year": lambda: r.choice([*join.YEARS, None, *["0", "-44", "9999", "1e18", "9223372036854775807"] * extreme]),
            "signup_date": lambda: r.choice([*join.SIGNUPS, None, *["0001-01-01", "9999-12-31T23:59:59.999Z"] * extreme]),
        }.get(column)
        if not text:
            return r.choice(GENRES if column == "genre" and r.random() < 0.9 else self.texts)
        text = text()
        if text is not None and r.random() < 0.1:
            text = f" {text} "
        return text and text.encode()

    def draw_dimension(self, name, separator, key, keys, columns):
        r = self.r
        since = "since" if r.random() < 0.2 else None
        header = [key] + columns + [since] * bool(since)
        r.shuffle(header)
        keys = list(keys)
        if r.random() < 0.3:
            keys += [b"nobody", b" u1", b"U1"] + [word for word in WORDS if word not in self.na and word.decode() not in self.dim_na][:2]
        rows = []
        for value in dict.fromkeys(keys):
            froms = [None]
            if since:
                low, high = self.bounds
                froms = {r.randrange(low - DAY, high + 1) for _ in range(r.randint(0, 3))} | {r.choice([low - 1, low, high])}
                froms = [*froms, *[None] * (r.random() < 0.7)]
            for ms in froms:
                row = {n: self.value(n, value if value in self.runtimes else self.contents[0]) for n in columns}
                row[key], row["since"] = value, ms and clean.written(r, ms, r.choice(list(clean.UNITS) + ["offset", "utc", "bare"]))
                if self.dim_na and columns and r.random() < 0.1:
                    row[r.choice(columns)] = r.choice([b"", b" "]) + r.choice(self.dim_na).encode()
                rows.append([row[n] for n in header])
        if self.faulty and rows and r.random() < 0.4:
            row, at = r.choice(rows), r.randrange(len(header))
            row[at] = r.choice([*(t.encode() for t in join.BAD_RUNTIMES + join.BAD_SIGNUPS), *clean.BYTES, b"", None])
            rows += [list(row)] * (r.random() < 0.2)
        r.shuffle(rows)
        dress = self.dress(separator, header)
        if self.faulty and rows and r.random() < 0.1:
            rows[0] = self.ragged(dress, rows[0])
        self.files[name] = dress.table([n.encode() for n in header], rows)
        self.columns += columns
        self.options.append(Option("-k", [key, *["--valid-from", since] * bool(since), name]))

    # The other options.

    def moment(self, *edges):
        """A time near the log's first or last event, as an option's value."""
        r = self.r
        ms = r.choice([edge or r.choice(self.bounds) for edge in edges]) + r.choice([-60_000, -1, 0, 0, 1, 60_000])
        if r.random() < 0.1:
            return clean.iso(r, ms)[:10].decode()
        return clean.written(r, ms, r.choice(["s", "ms", "us", "ns", "offset", "utc", "bare"])).decode()

    def clean_options(self):
        low, high = self.bounds
        middle = (low + high) // 2
        self.option(0.08, "--since", self.moment(low, low, middle))
        self.option(0.08, "--until", self.moment(high, high, middle))
        self.option(0.5, "--max-rejects", *["100%"] * 15, "80%", *["10%", "3", "0", "33.3%", "9999"] * (not self.large))
        self.option(0.03 + 0.2 * self.tame, "--strict")

    def keep_options(self):
        """Columns that some stages have, for all stages or for one after the other, and names that none has."""
        r = self.r
        mine = [name for name in self.extra if "," not in name]
        dropped = "" if self.faulty else ",".join(o.values[0] for o in self.options if o.name == "--drop").split(",")
        theirs = [name for name in self.columns if "," not in name and name not in dropped]
        for _ in range(some(r, (4, 0), (5, 1), (1, 2))):
            pool = mine * 3 + theirs
            rare = ["device", "prev_ts", "session_phase", "completes_session", "session_id", "user_activity_level", "event_id", "nothing"]
            if not pool and not self.faulty:
                break
            names = [r.choice(rare)] if not pool or r.random() < 0.3 * self.faulty else r.sample(pool, min(len(pool), r.choice([1, 1, 2])))
            names = dict.fromkeys(names)
            first = 0 if any(n in mine for n in names) else 1
            names = [r.choice([str.upper, str.title])(n) if r.random() < 0.05 else n for n in names]
            if r.random() < 0.2:
                names = ["*"] if r.random() < 0.8 else [*names, "*"]
            if r.random() < 0.7:
                self.options.append(Option("--keep", [",".join(names)]))
                continue
            if self.faulty and r.random() < 0.3:
                first = r.randrange(5)
            for tool in KEEPERS[first : r.choice([5, 5, 5, 4, 3, 2])]:
                self.options.append(Option(f"--{tool}-keep", [",".join(names)]))

    def feature_options(self):
        low, high = self.bounds
        for name, chance in (("--watermark", 0.2), ("--agg-watermark", 0.06), ("--features-watermark", 0.06)):
            self.option(chance, name, self.moment(low, high, high + 20 * DAY, high))
        self.option(0.7, self.r.choice(["-r", "--rows"]), "open", "first", "undecided", "all", "all", "all")

    def online_options(self):
        """Without ce-online, or with priors, drifts and alphas of all sizes."""
        r = self.r
        if r.random() < 0.15:
            self.options.append(Option("--no-online", []))
            return
        levels = "bias user content user_genre genre device hour plan runtime".split()
        variances = ["0", "1", "0.5", ".1", "1e-3", "100", "1e6"]
        self.option(0.3, "--prior", ",".join(f"{level}={r.choice(variances)}" for level in r.sample(levels, r.randint(1, 9))))
        self.option(0.3, "--drift", "0", "0.1", "0.1,0", "1e6", "0,0.01,0.1,1", "0,1,2,3,4,5,6,7")
        self.option(0.2, "--alpha", "0", "1", "0.01", "1e-9")

    def faults(self):
        """What no tool accepts, rarely."""
        r = self.r
        if not self.faulty or r.random() < 0.7:
            return
        kind = r.randrange(5)
        name = r.choice(sorted(self.files))
        if kind == 0:
            self.files[name] = self.files[name][: r.randrange(len(self.files[name]))]
        elif kind == 1:
            del self.files[name]
        elif kind == 2:
            self.files[name] = b"\x1f\x8b" + self.files[name][2:] + b"x"
        elif kind == 3:
            self.files[name] = self.files[name].replace(b"content_id", b"contentid", 1)
        else:
            self.options.append(Option(*r.choice([("--gap", ["1x"]), ("--near-end", ["2"]), ("--watermark", ["never"]), ("--keep", [","]),
                                                  ("--rows", ["none"]), ("--tz", ["Nowhere"]), ("--since", ["2030-01-01"]),
                                                  ("--complete-by", ["luck"]), ("--prior", ["users=1"]), ("--drift", ["0,0"]), ("--alpha", ["2"]), ("--drop", ["nothing"]), ("-k", ["nothing", "dim0"]),
                                                  ("--max-left", [""]), ("--max-unmatched", ["200%"]), ("--window", ["-1s"])])))  # fmt: skip

    def tools(self):
        return [tool for tool in TOOLS if tool != "online" or not self.has("--no-online")]

    def tables(self):
        """Those of -d."""
        return [name for name in TABLES if name != "event_online" or not self.has("--no-online")]

    def inputs(self):
        return ["-" if name == self.stdin else name for name in self.events]

    def has(self, name):
        return any(option.name == name for option in self.options)


# --- The pipe: what each stage gets, and what it says.


Way = collections.namedtuple("Way", "commands tables messages error")


def header_of(path):
    with open(path, "rb") as file:
        return [name.decode() for name in clean.split(file.readline()[:-1])]


def known(name, header):
    """Whether a tool finds a column of that name: exactly, or else without regard to the case of ASCII and outer blanks."""
    return name.encode().strip().lower() in [other.encode().strip().lower() for other in header]


class Pipe:
    def __init__(self, case, directory):
        self.case, self.directory = case, directory  # directory: whether there is -d
        self.unknown = self.wanted("--keep") - {"*"}  # names that no stage has had yet

    def wanted(self, name):
        return {n for o in self.case.options if o.name == name for n in o.values[0].split(",")}

    def words(self, tool, given):
        """The options that are that tool's; `given`: the file that it reads."""
        words = []
        for name, values in self.case.options:
            if name.startswith(f"--{tool}-"):
                words += ["--" + name[len(tool) + 3 :], *values]
            elif name == "--delimiter" and tool == "clean":
                words += [name, *values]
            elif name == "--watermark" and tool == "agg" and not self.directory:
                pass  # ce-agg writes no table that it concerns, and says so
            elif name in OF_STAGE[tool] or name == "--max-rejects" and tool == "clean":
                words += [name, *values]
        if tool in KEEPERS and self.wanted("--keep"):
            header = self.case.header if tool == "clean" else header_of(given)
            names = [name for name in sorted(self.wanted("--keep")) if name in ("*", "") or known(name, header)]
            self.unknown -= set(names)
            words += ["--keep", ",".join(names)] if any(names) or names == [""] else []
        return words

    def run(self):
        """The six tools, from file to file, up to the first that fails."""
        case, commands, messages = self.case, [], []
        tables = {name: f"pipe/{name}.csv" for name in [*FILES.values(), *TABLES, FEATURES]}
        tables |= {name: f"pipe/tables/{name}.csv" for name in AGGREGATES}
        outputs = {
            "clean": ["--rejects", tables["rejects"], "-o", tables["cleaned_events"]],
            "join": ["--unmatched", tables["unmatched"], "-o", tables["enriched_table"]],
            "sessionize": ["--starts", tables["session_starts"], "-o", tables["session_identification"]],
            "agg": ["-d", "pipe/tables"] * self.directory + ["-o", tables["event_history"]],
            "online": ["--effects", tables["online_effects"], "-o", tables["event_online"]],
            "features": ["-o", tables[FEATURES]],
        }
        given = case.inputs()
        os.makedirs("pipe", exist_ok=True)
        for tool in case.tools():
            command = [f"ce-{tool}", *self.words(tool, given[0]), "-p", "--no-sync", *outputs[tool], *given]
            commands.append(command)
            status, _, said = run(command, case.stdin)
            messages += said
            if status:
                return Way(commands, None, messages, f"ce-{tool}: exit {status}")
            last, given = given, [outputs[tool][-1]]
        if "--first" in case.asked:
            command = ["ce-features", *self.words(tool, last[0]), "-p", "--no-sync", "--rows", "first"]
            commands.append(command + ["-o", tables["first"], *last])
            status, _, said = run(commands[-1])
            messages += said
            if status:
                return Way(commands, None, messages, f"ce-features --rows first: exit {status}")
        if self.unknown:
            return Way(commands, None, messages, f"--keep: no stage has {self.unknown}")
        return Way(commands, tables, messages, None)


def run(command, stdin=None):
    """(exit status, stdout, messages without the tool's name)."""
    with open(stdin if stdin and os.path.exists(stdin) else os.devnull, "rb") as source:
        done = subprocess.run(command, stdin=source, capture_output=True, check=False, timeout=300)
    said = [line for line in done.stderr.decode(errors="replace").split("\n") if line and not line.startswith("Try 'ce-")]
    name = command[0] + ": "
    return done.returncode, done.stdout, [line[len(name) :] if line.startswith(name) else line for line in said]


def heard(messages):
    """What the pipe says and one process, too: what a stage says of its input, a stage before has said of its own."""
    out = []
    for text in messages:
        if re.match(r"warning: \d+ records? spans? .* at pipe/", text):
            continue
        text = re.sub(r"pipe/[a-z_]+\.csv(:\d+)?: ", "", text)
        text = text.replace("--watermark has no effect: no table of sessions is written (-d, or -t content_completion)",
                            "--agg-watermark has no effect: no table of sessions is written (-d)")
        if text not in out:
            out.append(text)
    return sorted(out)


# --- ce-materialize, and whether it is the same.


class Difference(Exception):
    def __init__(self, kind, text):
        super().__init__(text)
        self.kind = kind


def plain(data, form, what):
    """The text of an output, whose form ought to be `gzip` or `plain`."""
    if (data[:2] == b"\x1f\x8b") != (form == "gzip"):
        raise Difference("form", f"{what} is not {form}: {data[:40]!r}")
    if form == "plain":
        return data
    text = b""
    while data:
        member = zlib.decompressobj(wbits=31)
        try:
            text += member.decompress(data)
        except zlib.error as error:
            raise Difference("form", f"{what}: {error}") from None
        if not member.eof:
            raise Difference("form", f"{what} breaks off")
        data = member.unused_data
    return text


def listing():
    """Every file of the folder of outputs: its name and, if it was there before, its bytes."""
    files = [os.path.join(where, name) for where, _, names in os.walk("out") for name in names]
    folders = [where for where, _, _ in os.walk("out")]
    return sorted(folders), {name: open(name, "rb").read() for name in files}


def outputs(case, directory):
    """The options of the outputs of a run, and what they have: (words, {path: (table, form)}, form of stdout
    or None, whether one of them cannot be, the generator)."""
    r = random.Random(f"{case.rate} {directory}")
    words, paths, form, stdout = [], {}, None, "gzip"
    if r.random() < 0.3:
        words, form = ["-p"], "plain"
    elif r.random() < 0.3:
        words, form = [f"-{r.randrange(10)}"], "gzip"
    suffixes = [".csv", ".csv.gz", ".csv.gz", ".data"]
    for name in case.asked:
        path = "out/" + FILES[name] + r.choice(suffixes)
        words += [name, path]
        paths[path] = FILES[name], form or ("plain" if path.endswith(".csv") else "gzip")
    impossible = r.random() < 0.03
    if impossible:
        words += ["-o", r.choice(["out/no/features.csv", ".", *paths, *case.files])]
    elif r.random() < 0.5:
        path = "out/features" + r.choice(suffixes)
        words += [r.choice(["-o", "--output"]), path]
        paths[path] = FEATURES, form or ("plain" if path.endswith(".csv") else "gzip")
        stdout = None
    stdout = stdout and form or stdout
    if directory:
        words += [r.choice(["-d", "--directory"]), "out/tables" + "/" * (r.random() < 0.1)]
        suffix = ".csv" if form == "plain" else ".csv.gz"
        elsewhere = {name for name, _ in paths.values()}
        paths.update({f"out/tables/{name}{suffix}": (name, form or "gzip") for name in case.tables() if name not in elsewhere})
    words += ["--no-sync"] * (r.random() < 0.9) + ["-v"] * (r.random() < 0.05)
    words += ["--threads", r.choice("1238")] * (r.random() < 0.7)
    words += ["--mem", r.choice(["1", "2M", "3M", "100M"])] * (r.random() < 0.4)
    return words, paths, stdout, impossible, r


def command_line(case, words, r):
    """ce-materialize with these and the case's options."""
    groups = []
    for name, values in case.options:
        joined = name.startswith("--") and len(values) == 1 and r.random() < 0.3
        groups.append([f"{name}={values[0]}"] if joined else [name, *values])
    groups.append(words)
    files = case.inputs()
    if files == ["-"] and r.random() < 0.5:
        files = []
    at = r.choice([0, len(groups)])
    return ["ce-materialize"] + sum(groups[:at], []) + files + sum(groups[at:], [])


def check(case, directory, way, counts):
    """One run of ce-materialize against the pipe; raises a Difference."""
    words, paths, stdout_form, impossible, r = outputs(case, directory)
    command = command_line(case, words, r)
    shutil.rmtree("out", ignore_errors=True)
    os.mkdir("out")
    if directory and r.random() < 0.3:
        os.mkdir("out/tables")
    for path in paths:
        if r.random() < 0.3 and os.path.isdir(os.path.dirname(path)):
            with open(path, "wb") as file:
                file.write(b"old")
    before = listing()
    case.shown = shlex.join(command) + f" <{case.stdin}" * bool(case.stdin)
    status, stdout, said = run(command, case.stdin)
    folders, files = listing()
    verdict = f"exit {status}: {' / '.join(said) or 'no message'}"
    if os.listdir(os.environ["TMPDIR"]):
        raise Difference("spill", f"{os.listdir(os.environ['TMPDIR'])} are left in $TMPDIR")
    if way.error or impossible:
        if status not in (1, 2):
            error = way.error or "an output cannot be written"
            raise Difference("succeeds", f"{error}: {' / '.join(way.messages)}\n  ce-materialize: {verdict}")
        for name, data in case.files.items():
            with open(name, "rb") as file:
                same(name, file.read(), data, name)
        if (folders, files) != before:
            raise Difference("leaves", f"{verdict}, and leaves {folders}, {sorted(files)}, not {before[0]}, {sorted(before[1])}")
        if stdout_form == "gzip" and stdout:
            try:
                plain(stdout, "gzip", "stdout")
            except Difference:
                pass
            else:
                raise Difference("complete", f"{verdict}, and stdout is complete")
        if not way.error:
            return
        counts["failures"] += 1
        bare = [re.sub(r"^\S+:\d+: ", "", text) for text in (heard(way.messages[-1:]) + [""])[:1] + said[-1:]]
        counts["failures that say the same"] += bare[0] == bare[-1]
        if bare[0] != bare[-1]:
            case.failures.append((way.messages[-1:], said[-1:]))
        return
    if status:
        raise Difference("fails", f"the pipe succeeds: {' / '.join(way.messages) or 'no message'}\n  ce-materialize: {verdict}")
    if set(files) != set(paths):
        more, fewer = set(files) - set(paths), set(paths) - set(files)
        raise Difference("files", f"files that are too many {sorted(more)}, or missing {sorted(fewer)}")
    got = {(name, path): plain(files[path], form, path) for path, (name, form) in paths.items()}
    if stdout_form:
        got[FEATURES, "stdout"] = plain(stdout, stdout_form, "stdout")
    elif stdout:
        raise Difference("stdout", f"stdout has {stdout[:100]!r}")
    for (name, path), text in got.items():
        with open(way.tables[name], "rb") as file:
            same(name, text, file.read(), path)
        counts["comparisons"] += 1
    want = heard(way.messages)
    if "-v" in command:
        said = [text for text in said if text in want or text.startswith("warning: ")]
    if sorted(said) != want:
        raise Difference("messages", "messages\n    %s\n  not\n    %s" % ("\n    ".join(sorted(said)), "\n    ".join(want)))


def same(name, got, want, path):
    if got != want:
        lines = list(zip(got.split(b"\n") + [b"(end)"], want.split(b"\n") + [b"(end)"]))
        number = next((i for i, (a, b) in enumerate(lines) if a != b), len(lines) - 1)
        raise Difference(name, f"{path} ({name}): line {number + 1} is\n    %r\n  not\n    %r" % lines[number])


# --- Rounds.


def write_files(case):
    for name, data in case.files.items():
        with open(name, "wb") as file:
            file.write(data)


def two_ways(case, counts):
    """Both runs of a case, in an empty folder. The pipe runs once, unless ce-agg may say something else without -d."""
    write_files(case)
    os.mkdir("spill")
    os.environ["TMPDIR"] = os.path.abspath("spill")
    case.failures = []
    way = None
    for directory in (True, False):
        case.shown = "ce-materialize did not run"
        if way is None or any(option.name.endswith("watermark") for option in case.options):
            shutil.rmtree("pipe", ignore_errors=True)
            way = Pipe(case, directory).run()
            case.way = way
        check(case, directory, way, counts)
    return way


def in_folder(case, counts, keep=False):
    """A round in a folder of its own: the Difference, or None."""
    folder, here = tempfile.mkdtemp(prefix="two_ways.", dir="."), os.getcwd()
    os.chdir(folder)
    difference = None
    try:
        two_ways(case, counts)
    except Difference as what:
        difference = what
    rows = 0
    if not case.way.error:
        with open(case.way.tables[FEATURES], "rb") as file:
            rows = file.read().count(b"\n") - 1
    os.chdir(here)
    if difference and keep:
        print(f"  in {folder}")
    else:
        shutil.rmtree(folder)
    return difference, rows


def shrunk(case, kind, attempt=in_folder, attributes=("options", "asked", "events")):
    """A smaller case of a difference of the same kind, which may be the name of a table."""

    def differs(other):
        found, _ = attempt(other, collections.Counter())
        return getattr(found, "kind", None) == kind

    def without(change):
        other = copy.deepcopy(case)
        change(other)
        return other if differs(other) else case

    for name in case.files:  # plain files, so that lines can be left out
        if case.files[name][:2] == b"\x1f\x8b":
            text = zlib.decompressobj(wbits=31).decompress(case.files[name])
            case = without(lambda other, name=name, text=text: other.files.update({name: text}))
    for attribute in attributes:
        i = 0
        while i < len(getattr(case, attribute)) and (attribute != "events" or len(case.events) > 1):
            size = len(getattr(case, attribute))
            case = without(lambda other, i=i, attribute=attribute: getattr(other, attribute).pop(i))
            i += len(getattr(case, attribute)) == size
    for name in case.files:
        lines = case.files[name].split(b"\n")
        step = len(lines) // 2
        while step:
            i = 1
            while i < len(lines):
                fewer = lines[:i] + lines[i + step :]
                smaller = without(lambda other, name=name, fewer=fewer: other.files.update({name: b"\n".join(fewer)}))
                if smaller is not case:
                    case, lines = smaller, fewer
                else:
                    i += step
            step //= 2
    return case


def show(case, difference):
    for command in case.way.commands:
        print("  " + shlex.join(command))
    print(f"  {case.shown}\n{difference}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--keep-folder", action="store_true")
    parser.add_argument("-v", "--verbose", action="store_true")
    opt = parser.parse_args()
    counts, wrong, succeeded, all_rows = collections.Counter(), 0, 0, 0
    reasons = collections.Counter()
    for seed in range(opt.seed, opt.seed + opt.rounds):
        case = Case(seed, opt.large)
        difference, rows = in_folder(case, counts, opt.keep_folder)
        succeeded += not case.way.error
        all_rows += rows
        if opt.verbose:
            print(f"seed {seed}: {case.way.error or f'{rows} rows of features'}", flush=True)
            for want, got in case.failures:
                print(f"    {want}\n    {got}")
            if case.way.error:
                reasons[re.sub(r"\d+|'.*?'", "", " ".join(case.way.messages[-1:]))[:60]] += 1
        if difference:
            wrong += 1
            print(f"seed {seed}{' --large' * opt.large}:")
            show(case, difference)
            if opt.shrink:
                case = shrunk(case, difference.kind)
                difference, _ = in_folder(case, counts, opt.keep_folder)
                print("which is left of it with these files:")
                for name, data in case.files.items():
                    print(f"--- {name}\n{data.decode(errors='backslashreplace')}")
                show(case, difference)
            sys.stdout.flush()
    share = 100 * succeeded // opt.rounds
    if opt.verbose:
        for text, n in reasons.most_common(40):
            print(f"{n:5} {text}")
        print(f"{counts['failures that say the same']} of {counts['failures']} failures say the same")
    print(f"{opt.rounds} rounds, {share} % succeed, with {all_rows // max(succeeded, 1)} rows of features each; "
          f"{counts['comparisons']} tables compared, {wrong} rounds differ")  # fmt: skip
    sys.exit(wrong > 0 or opt.rounds >= 50 and share < 60)


if __name__ == "__main__":
    main()
