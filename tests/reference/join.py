#!/usr/bin/env python3
"""An independent ce-join, for its tests: brute force, in memory, and written from the rules alone.

    join.py law RUNS [SEED]     ce-join (from PATH) against it, byte for byte, on RUNS random joins from
                                that seed on (1): plain dimensions and histories, inner and left, with and
                                without events, with one fault in every third; what differs is left in
                                the current folder
    join.py fields              every way to write a runtime, a year and a signup date, one by one
"""
import random
import re
import shlex
import subprocess
import sys
from fractions import Fraction

import clean

ENRICHED = clean.COLUMNS + "plan_tier signup_date genre runtime release_year maturity_rating".split()


class Fault(Exception):
    """An error that names a file and, if it is about a row, its line."""


# --- What a dimension's columns may hold.

RUNTIMES = {
    "0": 0, "1500": 1500, "1500.0": 1500, "1500.9": 1500, "1.5e3": 1500, "1.5E+3": 1500, "15000e-1": 1500, "1500.": 1500,
    "00:25:00": 1500, "01:02:03": 3723, "10:00:00": 36000, "25:00": 1500, "00:07": 7, "59:59": 3599, "90:00": 5400, "125:00": 7500,
    "100:00:00": 360000,
    "PT25M": 1500, "PT1H2M3.5S": 3723, "PT1H2M3S": 3723, "PT2H": 7200, "PT1H30M": 5400, "PT45S": 45, "PT90M": 5400,
    "PT5400S": 5400, "PT1H0.9S": 3600, "PT0S": 0,
}  # fmt: skip
BAD_RUNTIMES = ["90min", "abc", "25m", "1h", "25:60", "00:60:00", "00:25:60", "1:2:3:4", "25:", ":25", ":25:00", "::", "PT", "P",
                "PT25", "PT1X", "PT1M1H", "PT1S1S", "P25M", "PT-5M", "T25M", "1e", "e3", ".", "NaN", "inf", "0x10", "1,500",
                "1 500", "25:00 min", "PT25M x"]  # fmt: skip
YEARS = {"2001": 2001, "2001.0": 2001, "1999": 1999, "2024.000": 2024, "2031": 2031}
BAD_YEARS = ["MMI", "2001a", "20-01", "2001-05-01", "c. 2001", "2001/02", "1e", "."]
SIGNUPS = ["2023-12-31", "2024-01-01T00:00:00Z", "2024-02-29 23:59:59.999", "2025-06-01T01:30:00+05:30", "2024-01-01T00:00",
           "2030-01-01 00:00:00+00", "1999-12-31T23:59:59.5-08:00", "2024-01-01 00:00:00+0130",
           "2024-01-01 00:00:00 UTC", "2024-01-01 00:00:00.123456 UTC", "2024-01-01 00:00 -05:00", "2024-01-01T00:00:00 Z"]  # fmt: skip
BAD_SIGNUPS = ["2023-02-30", "yesterday", "2023-13-01", "2023-01-01T25:00:00Z", "01/02/2023", "2024-1-5", "2024-01",
               "2023-01-01T10:60", "2023-01-01T10:00:00+24:00", "2023-01-01 10:00  Z"]  # fmt: skip


def seconds(text):
    """The whole seconds of a runtime: a number, [HH:]MM:SS, or an ISO 8601 duration of hours, minutes, seconds."""
    value = clean.number(text)
    clock = re.fullmatch(rb"(?:(\d+):)?(\d+):(\d\d)", text)
    spoken = re.fullmatch(rb"PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", text)
    if clock:
        hours, minutes, rest = (int(part or 0) for part in clock.groups())
        value = hours * 3600 + minutes * 60 + rest
        if rest > 59 or clock.group(1) and minutes > 59:
            value = None
    elif spoken:
        hours, minutes, rest = (Fraction((part or b"0").decode()) for part in spoken.groups())
        value = hours * 3600 + minutes * 60 + rest
    if value is None:
        raise ValueError
    return b"%d" % int(value)


def year(text):
    value = clean.number(text)
    if value is None:
        raise ValueError
    return b"%d" % int(value)


def signup(text):
    """Passed on as it is."""
    if clean.time_of(text + b"T00:00" if re.fullmatch(rb"\d{4}-\d\d-\d\d", text) else text, "UTC") is None:
        raise ValueError
    return text


CHECKED = {"runtime": seconds, "release_year": year, "signup_date": signup}


# --- Joining. A table is (header, rows), a row a list of bytes or None; a dimension also has the lines of its rows.


def read(path):
    with open(path, "rb") as file:
        (_, _, header), *rest = clean.records(file.read())
    return [name.decode() for name in header], [fields for _, _, fields in rest], [line for line, _, _ in rest]


def csv(header, rows):
    return b"".join(b",".join(map(clean.encode, row)) + b"\n" for row in [[name.encode() for name in header]] + rows)


class Dimension:
    """The dimension of one -k; `since` is the column of --valid-from, or None. Its versions are (key, valid
    from, the columns that it adds); `checked`: which columns are, if it has them."""

    def __init__(self, key, since, path, checked, na, zone):
        header, rows, lines = read(path)
        self.key, self.since = key, since
        self.columns = [name for name in header if name not in (key, since)]
        self.versions = []
        for row, line in zip(rows, lines):
            row = {n: None if f is not None and f.strip(clean.BLANKS) in na else f for n, f in zip(header, row)}
            try:
                for name in checked:
                    if row.get(name) is not None:
                        row[name] = CHECKED[name](row[name])
                when = 0
                if since and (row[since] or b"").strip(clean.BLANKS):
                    when = clean.event_time(row[since], "auto", zone)
                if when is None or not row[key] or any(v[:2] == (row[key], when) for v in self.versions):
                    raise ValueError
            except ValueError:
                raise Fault(f"{path}:{line}: ") from None
            self.versions.append((row[key], when, [row[name] for name in self.columns]))

    def find(self, key, now):
        """The columns that it adds to an event of now; None if it has no version that is valid."""
        valid = [v for v in self.versions if v[0] == key and (not self.since or v[1] <= now)]
        return max(valid, key=lambda v: v[1])[2] if valid else None


def join(stream, options, left, drop, na, max_unmatched, zone):
    """(joined, unmatched) as CSV; `options` has (key, --valid-from or None, file) of each -k."""
    header, rows, lines = read(stream)
    of_events = "event_ts" in header and "event_id" in header
    dimensions = []
    for key, since, path in options:
        dimensions.append(Dimension(key, since, path, [name for name in CHECKED if of_events and name not in drop], na, zone))
        if not dimensions[-1].versions and not left:
            raise Fault(path)
    if any(d.since for d in dimensions) and "event_ts" not in header:
        raise Fault("event_ts")
    if not options and not of_events:
        raise Fault(stream)
    columns = header + [name for d in dimensions for name in d.columns]
    if not options:
        columns += [name for name in ENRICHED if name not in header]
    joined, unmatched = [], []
    for row, line in zip(rows, lines):
        event, as_read = dict(zip(header, row)), row
        try:
            row = [CHECKED[n](f) if of_events and n in CHECKED and n not in drop and f else f for n, f in event.items()]
        except ValueError:
            raise Fault(f"{stream}:{line}: ") from None
        found = [d.find(event[d.key], int(event["event_ts"]) if d.since else None) for d in dimensions]
        if any(f is None and d.versions for f, d in zip(found, dimensions)):
            unmatched.append(as_read)
        if left or None not in found:
            new = [f or [None] * len(d.columns) for f, d in zip(found, dimensions)]
            row = row + sum(new, [])
            joined.append(row + [None] * (len(columns) - len(row)))
    if rows and not joined or clean.too_many(len(unmatched), len(rows), max_unmatched):
        raise Fault("")
    kept = [i for i, name in enumerate(columns) if name not in drop]
    return csv([columns[i] for i in kept], [[row[i] for i in kept] for row in joined]), csv(header, unmatched)


# --- Random tables.

START = 1704067200000
NAMES = [b"u1", b"u2", b"u3", b"U1", b"a,b", b"NA", b"\xc3\xa9", b"two\nlines"]
TEXTS = [b"free", b"basic", b"", None, b"x,y", b'say "x"', b"NA", b" NA ", b"null", b"\\."]


def some_key(r, known, gone):
    return r.choice(known if r.random() >= gone else NAMES)


def draw_events(r, users, contents):
    """Cleaned events, with columns of the user's own among them."""
    header = clean.COLUMNS + ["note"] * (r.random() < 0.3)
    r.shuffle(header)
    gone = r.choice([0, 0, 0.1, 0.3, 1])
    times = sorted(START + r.choice([1, 1000, 86400000]) * r.randrange(40) for _ in range(r.choice([0, 1, 5, 20, 40])))
    rows = []
    for i, ts in enumerate(times):
        event = {
            "event_id": b"e%03d" % i, "event_ts": b"%d" % ts, "user_id": some_key(r, users, gone),
            "content_id": some_key(r, contents, gone), "event_type": b"play", "playback_position": r.choice([b"0", None]),
            "device": r.choice([b"tv", b"", None]), "note": r.choice(TEXTS),
        }  # fmt: skip
        rows.append([event[name] for name in header])
    return header, rows, times


def draw_dimension(r, keys, key, columns, times, na):
    """Plain (times is None), or a history with some versions of each key."""
    header = [key] + columns + ["valid_from"] * (times is not None)
    r.shuffle(header)
    rows = []
    for name in keys:
        froms = [None]
        if times is not None:
            near = (times or [START]) + [START]
            froms = sorted({r.choice(near) + r.choice([-86400000, -1, 0, 0, 1]) for _ in range(r.randint(1, 5))})
            froms += [None] * (r.random() < 0.4)
        for ms in froms:
            row = {key: name, "valid_from": None}
            if ms is not None:
                row["valid_from"] = clean.written(r, ms, r.choice(list(clean.UNITS) + ["offset", "utc", "bare"]))
            for column in columns:
                values = {"runtime": RUNTIMES, "release_year": YEARS, "signup_date": SIGNUPS}.get(column)
                row[column] = r.choice(TEXTS) if values is None else r.choice([v.encode() for v in values] + [None])
                if na and r.random() < 0.1:
                    row[column] = r.choice([b"", b" "]) + r.choice(na)
            rows.append([row[column] for column in header])
    r.shuffle(rows)
    return header, rows


def spoil(r, key, history, zone, header, rows):
    """Puts one fault into a dimension; False if none fits."""
    row = r.randrange(len(rows))
    at = {name: i for i, name in enumerate(header)}
    faults = {"runtime": BAD_RUNTIMES, "release_year": BAD_YEARS, "signup_date": BAD_SIGNUPS,
              "valid_from": ["yesterday", "20240101", "1.7e12", "2024-02-30T00:00Z", "2024-03-01", "0"]}  # fmt: skip
    kind = r.choice([name for name in faults if name in at] + ["key", "twice"])
    if kind == "key":
        rows[row][at[key]] = r.choice([None, b""])
    elif kind == "twice":
        copy = list(rows[row])
        if history and copy[at["valid_from"]]:
            ms = clean.event_time(copy[at["valid_from"]], "auto", zone)
            copy[at["valid_from"]] = clean.written(r, ms, r.choice(["s", "ms", "us", "ns", "offset", "utc"]))
        rows.append(copy)
    else:
        rows[row][at[kind]] = r.choice(faults[kind]).encode()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def check(seed):
    """Whether ce-join did something other than fail; exits if it did not what the rules say."""
    r = random.Random(seed)
    na = r.sample([b"NA", b"null", b"none", b"-"], 2) if r.random() < 0.3 else []
    names = [name for name in NAMES if name not in na]
    users, contents = r.sample(names, r.randint(1, len(names))), r.sample(names, r.randint(1, len(names)))
    header, rows, times = draw_events(r, users, contents)
    if r.random() < 0.1:  # no events: nothing is checked, and no version can be told
        kept = [i for i, name in enumerate(header) if name != "event_ts"]
        header, rows = [header[i] for i in kept], [[row[i] for i in kept] for row in rows]
    wanted = [("users.csv", users, "user_id", ["email", "signup_date"]), ("plans.csv", users, "user_id", ["plan_tier"]),
              ("contents.csv", contents, "content_id", ["genre", "runtime", "release_year", "maturity_rating"])]  # fmt: skip
    options, words, faulty = [], [], r.random() < 0.3
    zone = r.choice(["UTC", "UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"])
    for path, keys, key, columns in r.sample(wanted, r.choice([0, 1, 2, 2, 3, 3])):
        history = r.random() < (0.05 if "event_ts" not in header else 0.7 if path == "plans.csv" else 0.2)
        if r.random() < 0.05:
            keys = []
        table = draw_dimension(r, keys, key, columns, times if history else None, na)
        if faulty and keys:
            spoil(r, key, history, zone, *table)
            faulty = False
        write(path, csv(*table))
        options.append((key, "valid_from" if history else None, path))
        words += ["-k", key, *["--valid-from", "valid_from"] * history, path]
    bound = r.choice([None, None, "100%", "100%", "100%", "20%", "0", "3"])
    if all(path != "contents.csv" for _, _, path in options) and r.random() < 0.3:  # the events bring some of its columns
        for name, values, bad in (("runtime", RUNTIMES, BAD_RUNTIMES), ("release_year", YEARS, BAD_YEARS)):
            header = header + [name]
            rows = [row + [r.choice([v.encode() for v in values] + [b"", None])] for row in rows]
            if rows and faulty and bound not in ("0", "3"):
                r.choice(rows)[-1] = r.choice(bad).encode()
                faulty = False
    write("stream.csv", csv(header, rows))
    left = not options or r.random() < 0.4
    drop = r.sample(["email", "genre", "device", "runtime", "signup_date", "maturity_rating"], 2)
    brought = header + [c for path, _, _, columns in wanted if any(o[2] == path for o in options) for c in columns]
    drop = [name for name in drop if name in brought] if r.random() < 0.5 else []
    words += ["--tz", zone] * (zone != "UTC" or r.random() < 0.1)
    words += ["--left"] * left + ["--drop", ",".join(drop)] * bool(drop) + ["--na", b",".join(na).decode()] * bool(na)
    words += ["--max-unmatched", bound] * (bound is not None)
    command = ["ce-join", "-p", *words, "--unmatched", "got.unmatched", "-o", "got.csv", "stream.csv"]
    done = subprocess.run(command, capture_output=True, check=False)
    shown = f"seed {seed}: {shlex.join(command)}: "
    try:
        want = join("stream.csv", options, left, drop, na, bound or "50%", zone)
    except Fault as fault:
        if done.returncode != 1 or str(fault) not in done.stderr.decode():
            sys.exit(f"{shown}exit {done.returncode}, not 1 with '{fault}': {done.stderr.decode()}")
        return False
    if done.returncode:
        sys.exit(f"{shown}exit {done.returncode}: {done.stderr.decode()}")
    for name, text in zip(("got.csv", "got.unmatched"), want):
        with open(name, "rb") as file:
            got = file.read()
        if got != text:
            write(name.replace("got", "want"), text)
            lines = zip(got.split(b"\n") + [b""], text.split(b"\n") + [b""])
            sys.exit(shown + f"{name} has\n%r, not\n%r" % next(pair for pair in lines if pair[0] != pair[1]))
    return True


def law(runs, first=1):
    whole = sum(check(seed) for seed in range(first, first + runs))
    print(f"{runs} joins, {whole} of them without an error: no difference")
    if runs >= 20 and not runs // 4 < whole < runs:
        sys.exit("too many or too few of them are errors")


def fields():
    """Each value alone: what ce-join writes of it, or that it names its file and line."""
    write("stream.csv", b"event_id,event_ts,content_id\ne,1704067200000,c\n")
    wrong = 0
    for column, good, bad in (
        ("runtime", RUNTIMES, BAD_RUNTIMES),
        ("release_year", YEARS, BAD_YEARS),
        ("signup_date", {text: text for text in SIGNUPS}, BAD_SIGNUPS),
    ):
        for text in list(good) + bad:
            write("dim.csv", csv(["content_id", column], [[b"c", text.encode()]]))
            done = subprocess.run(["ce-join", "-p", "-k", "content_id", "dim.csv", "stream.csv"], capture_output=True, check=False)
            got = done.stdout.split(b"\n")[1:2]
            if text in good and got != [f"e,1704067200000,c,{good[text]}".encode()]:
                print(f"{column} '{text}' is read as {got}: {done.stderr.decode()}")
                wrong += 1
            if text in bad and not (done.returncode == 1 and "dim.csv:2: " in done.stderr.decode()):
                print(f"{column} '{text}' is no error of dim.csv:2: exit {done.returncode} {got} {done.stderr.decode()}")
                wrong += 1
    sys.exit(wrong > 0)


def main():
    if sys.argv[1] == "law":
        law(*map(int, sys.argv[2:]))
    else:
        fields()


if __name__ == "__main__":
    main()
