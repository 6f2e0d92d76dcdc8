#!/usr/bin/env python3
"""An independent ce-clean, for its tests: slow, in memory, and written from the rules alone.

    clean.py generate SEED N [tame]   dirty raw events as CSV on stdout, RS before each record; tame:
                                      no quotes gone astray, which can make one record of two
    clean.py shuffle SEED             the same records in another order, without RS (stdin to stdout)
    clean.py part I N                 every N-th record, from the I-th on, without RS
    clean.py clean UNIT EMPTY REJECTS [OPTION ...]
                                      the clean events of stdin on stdout; the words are those of --ts-unit,
                                      --allow-empty and --rejects, further options are ce-clean's
    clean.py law RUNS [SEED]          ce-clean (from PATH) against the above, byte for byte, on RUNS
                                      random logs with random options, from that seed on (1); what
                                      differs is left in the current folder
"""
import argparse
import calendar
import datetime
import functools
import random
import re
import shlex
import subprocess
import sys
import zoneinfo
from fractions import Fraction

COLUMNS = "event_id event_ts user_id content_id event_type playback_position device".split()
TYPES = "play pause stop complete seek heartbeat".split()
BLANKS = b" \t\n\v\f\r"
TS_END = 4102444800000
UNITS = {"s": Fraction(1000), "ms": Fraction(1), "us": Fraction(1, 1000), "ns": Fraction(1, 1000000)}
OUTSIDE = ("before_since", "after_until")  # reasons that are no faults
NUMBER = re.compile(rb"([+-]?)(\d+\.?\d*|\.\d+)(?:[eE]([+-]?\d+))?\Z")
TIME = re.compile(
    rb"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?"
    rb"(?: ?(?:([Zz])|([+-])(\d\d)(?::?(\d\d))?)| (UTC|GMT))?\Z"
)


# --- CSV.


def split(record):
    """The fields of a record, None for an unquoted empty one; None if it is malformed."""
    fields, at = [], 0
    while True:
        if record[at : at + 1] == b'"':
            m = re.compile(rb'"((?:[^"]|"")*)"(?=,|\Z)').match(record, at)
            if not m:
                return None
            fields.append(m.group(1).replace(b'""', b'"'))
        else:
            m = re.compile(rb'[^",]*(?=,|\Z)').match(record, at)
            if not m:
                return None
            fields.append(m.group(0) or None)
        if m.end() == len(record):
            return fields
        at = m.end() + 1


def records(data):
    """(line, raw record, fields or None) of each record but blank lines; a malformed one is one line."""
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    i = 0
    while i < len(lines):
        end, quotes = i + 1, lines[i].count(b'"')
        while end < len(lines) and quotes % 2:
            quotes += lines[end].count(b'"')
            end += 1
        raw = b"\n".join(lines[i:end])
        raw = raw[:-1] if raw.endswith(b"\r") else raw
        fields = split(raw)
        if fields is None:
            end = i + 1
            raw = lines[i][:-1] if lines[i].endswith(b"\r") else lines[i]
        if raw:
            yield i + 1, raw, fields
        i = end


def encode(text):
    """A field as CSV has it; None is NULL."""
    if text is None:
        return b""
    if re.search(rb'[,"\r\n]', text) or text in (b"", rb"\."):
        return b'"' + text.replace(b'"', b'""') + b'"'
    return text


# --- Times and numbers.


def number(text, exact=False):
    """The value of a decimal or scientific number, or None; `exact`: None also for scientific notation
    that may have lost digits. An exponent beyond 9999 is beyond every limit below, too."""
    m = NUMBER.match(text)
    if not m:
        return None
    exponent = max(-9999, min(int(m.group(3) or 0), 9999))
    if exact and exponent > len(m.group(2).partition(b".")[2]):
        return None
    value = Fraction("0" + m.group(2).decode() + "0" * m.group(2).endswith(b".")) * Fraction(10) ** exponent
    return -value if m.group(1) == b"-" else value


def unit_of(value):
    """The unit of a number by its size, or None."""
    bounds = ((10**17, "ns"), (10**14, "us"), (10**11, "ms"), (10**8, "s"))
    return next((unit for bound, unit in bounds if value >= bound), None)


@functools.cache
def zone_named(name):
    return zoneinfo.ZoneInfo(name)


def time_of(text, zone):
    """Milliseconds of an ISO 8601 time, or None; Python has no year 0, for which 4, with the same days, will
    do, being as far out of range. A time without an offset is of the zone; fold=0 takes the
    offset before a clock change for a time that the change repeats or skips."""
    m = TIME.match(text)
    if not m:
        return None
    year, month, day, hour, minute = (int(m.group(i)) for i in range(1, 6))
    year, second = year or 4, int(m.group(6) or 0)
    if not 1 <= month <= 12 or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    if hour > 23 or minute > 59 or second > 59:
        return None
    zulu, sign, east_hours, east_minutes, utc = m.group(8, 9, 10, 11, 12)
    if sign:
        east = int(east_hours) * 3600 + int(east_minutes or 0) * 60
        if int(east_hours) > 23 or int(east_minutes or 0) > 59:
            return None
        east = -east if sign == b"-" else east
    elif zulu or utc:
        east = 0
    else:
        local = datetime.datetime(year, month, day, hour, minute, second, tzinfo=zone_named(zone), fold=0)
        east = local.utcoffset() // datetime.timedelta(seconds=1)
    seconds = calendar.timegm((year, month, day, hour, minute, second)) - east
    return seconds * 1000 + int(((m.group(7) or b"") + b"000")[:3])


def event_time(text, unit, zone):
    """Milliseconds of an event_ts, or None."""
    if not NUMBER.match(text):
        return time_of(text, zone)
    value = number(text, exact=True)
    if value is None:
        return None
    unit = unit_of(value) if unit == "auto" else unit
    return unit and int(value * UNITS[unit])


def bound_time(text, zone):
    """--since and --until: a time as of an event, whose unit is its size's, or a day."""
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        text += "T00:00"
    return event_time(text.encode(), "auto", zone)


# --- Cleaning.


def options(arguments):
    """The options that ce-clean has."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--ts-unit", default="auto")
    parser.add_argument("--tz", default="UTC")
    parser.add_argument("--since")
    parser.add_argument("--until")
    parser.add_argument("--allow-empty", default="")
    parser.add_argument("--keep", default="")
    parser.add_argument("--na", default="")
    parser.add_argument("--rejects")
    parser.add_argument("--max-rejects", default="50%")
    opt = parser.parse_args(arguments)
    opt.since = bound_time(opt.since, opt.tz) if opt.since else None
    opt.until = bound_time(opt.until, opt.tz) if opt.until else None
    opt.allow_empty = opt.allow_empty.split(",")
    opt.na = [token.encode() for token in opt.na.split(",") if token]
    return opt


def header_of(fields, opt):
    """Where the columns are, and which others are kept, in the order of the header."""
    names = [field.decode() for field in fields]
    wanted = [name for name in names if name not in COLUMNS] if opt.keep == "*" else opt.keep.split(",")
    at = {name: names.index(name) for name in COLUMNS}
    return len(names), at, [i for i, name in enumerate(names) if name in wanted and name not in COLUMNS]


def judge(fields, header, opt):
    """(reason, None), or (None, (ts, id, the record as CSV, the kept columns as CSV))."""
    n, at, keep = header
    if fields is None or len(fields) != n:
        return "ragged", None
    fields = [None if f is not None and f.strip(BLANKS) in opt.na else f for f in fields]
    for i in list(at.values()) + keep:
        try:
            if "\0" in (fields[i] or b"").decode("utf-8", "strict"):
                return "invalid_utf8", None
        except UnicodeDecodeError:
            return "invalid_utf8", None
    event = {name: (fields[at[name]] or b"").strip(BLANKS) for name in COLUMNS}
    for name in COLUMNS:
        if not event[name] and name not in opt.allow_empty:
            return "missing_" + name, None
    ts = event_time(event["event_ts"], opt.ts_unit, opt.tz)
    if ts is None:
        return "bad_event_ts", None
    if not 0 < ts < TS_END:
        return "ts_out_of_range", None
    event_type = event["event_type"].lower()
    if event_type.decode() not in TYPES:
        return "bad_event_type", None
    position = event["playback_position"]
    if position:
        value = number(position)
        if value is None:
            return "bad_playback_position", None
        if value < 0:
            return "negative_playback_position", None
        if value >= 2**63 - 1:
            return "bad_playback_position", None
        position = b"%d" % int(value)
    if opt.since is not None and ts < opt.since:
        return "before_since", None
    if opt.until is not None and ts >= opt.until:
        return "after_until", None
    # Where device may be empty, "" stays "".
    device = event["device"] or (b"" if fields[at["device"]] == b"" else None)
    event_id = event["event_id"]
    record = [encode(event_id), b"%d" % ts, encode(event["user_id"]), encode(event["content_id"]), event_type,
              position, encode(device)]  # fmt: skip
    return None, (ts, event_id, b",".join(record), b"".join(b"," + encode(fields[i]) for i in keep))


def too_many(rejects, records_judged, bound):
    if bound.endswith("%"):
        return rejects * 100 > Fraction(bound[:-1]) * records_judged
    return rejects > int(bound)


def clean(data, opt, file="stdin"):
    """(clean table, rejects) of a raw one; None if that is an error."""
    (_, _, names), *rest = records(data)
    header = header_of(names, opt)
    kept, rejects, out = [], [], []
    for line, raw, fields in rest:
        reason, event = judge(fields, header, opt)
        if reason:
            rejects.append((line, reason, raw))
        else:
            kept.append(event + (line, raw))
    kept.sort(key=lambda event: event[:4])
    seen = set()
    for _, event_id, record, others, line, raw in kept:
        if event_id in seen:
            rejects.append((line, "duplicate_event_id", raw))
        else:
            seen.add(event_id)
            out.append(record + others)
    outside = sum(reason in OUTSIDE for _, reason, _ in rejects)
    if rest and not out or too_many(len(rejects) - outside, len(rest) - outside, opt.max_rejects):
        return None
    head = [name.encode() for name in COLUMNS] + [encode(names[i]) for i in header[2]]
    lines = [b"%s,%d,%s,%s" % (file.encode(), line, reason.encode(), encode(raw)) for line, reason, raw in rejects]
    return b"\n".join([b",".join(head)] + out + [b""]), b"\n".join([b"file,line,reason,record"] + lines + [b""])


# --- Dirty logs.


def reorder(change):
    head, *rest = sys.stdin.buffer.read().split(b"\n\x1e")
    sys.stdout.buffer.write(b"\n".join([head] + change(rest) + [b""]))


def shuffled(seed, rows):
    random.Random(seed).shuffle(rows)
    return rows


EVENT_IDS = [b"a", b"aa", b"a,b", b'a"b', b"a\nb", b"A", b"a\r\nb", "\u00e9".encode(), rb"\.", b"-1", b"0"]
TIMES = """
1649400000000.999 1.649400000000E+12 1.6494e12 1.64940000000e12 164940000000000e-2 164940000000000.0e-2
+1649400000000 01649400000000 1649400000.123 1649400000.12345 1.649400000123e9 1.6494e9 1649400000
1649400000000000 1649400000000999 1649400000000000000 1649400000000999999 1649400000000e0 1649400000000e1
1649400000000e+00 1649400000000.e0 1649400000e 1649400000.e1 16494000000000e-1E1 1649400000000,0 1_649_400_000
99999999 99999999.999 100000000 100000001 +100000000 -100000000 0.1e9 1e8 1.00000000e8 10e7 1000000000e-1 999999999e-1
99999999999 99999999999.999 100000000000 100000000001 0100000000000 1e11 1.00000000000e11 4102444799 4102444800
4102444799.9999 99999999999999 100000000000000 100000000000001 4102444799999 4102444799999.9 4102444800000
99999999999999999 100000000000000000 100000000000000001 4102444799999999 4102444800000000 4102444799999999999
4102444800000000000 9223372036854775807 9223372036854775808 18446744073709551616 99999999999999999999
1 0 -1 -0 0.9 -0.5 -1649400000 -1649400000000 20240101 2024 .5 . + - 1e 1e30 -1e30 1e-30 0e0 0e5 .0e1 1e99999999999
1e-99999999999 1649400000000e-99999999999 0x10 0x61a80000 inf nan NaN 1649400000000x x1649400000000
2022-04-08T06:40:00Z 2022-04-08T06:40:00z 2022-04-08t06:40:00Z 2022-04-08T06:40Z 2022-04-08T06:40+00 2022-04-08T06:40:00
2022-04-08_06:40:00 2022-04-08_06:40 2022-04-08T06:40 2022-04-08_08:40:00.0009+02:00 2022-04-08_08:40:00.1239_+02:00
2022-04-08T06:40:00_Z 2022-04-08_06:40:00_Z 2022-04-08_06:40:00_UTC 2022-04-08T06:40:00_GMT 2022-04-08T06:40_UTC
2022-04-08_06:40:00.999999999_UTC 2022-04-08T06:40:00.123456789123456789Z 2022-04-08_06:40:00_+0000
2022-04-08_06:40:00_-0330 2022-04-08T06:40:00-03:30 2022-04-08T06:40:00-23:59 2022-04-08T06:40:00+14 2022-04-08T06:40-00:00
2022-04-08_06:40:00UTC 2022-04-08T06:40:00GMT 2022-04-08__06:40:00 2022-04-08_06:40:00__UTC 2022-04-08_06:40:00__Z
2022-04-08_06:40:00_+0000_UTC 2022-04-08_06:40:00_UTC+1 2022-04-08_06:40:00_UTC_Z 2022-04-08_06:40:00_UTCZ
2022-04-08_06:40:00_CET 2022-04-08_06:40:00_Europe/Berlin 2022-04-08T_06:40:00 2022-04-08T06:40:00+1 2022-04-08T06:40:00+100
2022-04-08T06:40:00+01:0 2022-04-08T06:40:00+01: 2022-04-08T06:40:00+24:00 2022-04-08T06:40:00+01:60 2022-04-08T06:40:00+_01
2022-04-08T06:40:00+01:00:00 2022-04-08T06:40:00. 2022-04-08T06:40:00.Z 2022-04-08T06:40:00,5Z 2022-04-08T06:40:00.5.5Z
2022-04-08T06:40. 2022-04-08T06:40.5Z 2022-04-08T06Z 2022-04-08T0640Z 2022-04-08T064000Z 20220408T064000Z 2022-4-8T06:40:00Z
2022-04-08 2022-04-08Z 2022-04-08T 2022-04-08_UTC 2022-W14-5T06:40:00Z 2022-098T06:40:00Z 22022-04-08T06:40:00Z
2022-04-08T24:00:00Z 2022-04-08T24:00 2022-04-08T23:60:00Z 2022-04-08T23:59:60Z 2022-13-08T06:40:00Z 2022-00-08T06:40:00Z
2022-04-00T06:40:00Z 2022-04-31T06:40:00Z 2022-02-30T00:00:00Z 2024-02-29T00:00:00Z 2023-02-29T00:00:00Z 2024-02-30_00:00:00
2000-02-29_12:00 2100-02-29T00:00:00Z 2022-04-08T06:40:00ZZ 2022-04-08T06:40:00Z+01 -2022-04-08T06:40:00Z +2022-04-08T06:40:00Z
1969-12-31T23:59:59Z 1970-01-01T00:00:00Z 1970-01-01T00:00:00.001Z 1970-01-01T00:00:00.0009Z 1970-01-01T00:00 1970-01-01T01:00:00+01
2099-12-31T23:59:59.999Z 2100-01-01T00:00:00Z 2099-12-31T23:30:00-01:00 2100-01-01T00:30:00+01:00 2099-12-31_20:00 2100-01-01_09:00
0000-01-01T00:00:00Z 0001-01-01_00:00:00 9999-12-31T23:59:59Z 9999-12-31_23:59:59 yesterday 08/04/2022_06:40
""".replace("_", "\0").split()  # fmt: skip
TIMES = [time.replace("\0", " ").encode() for time in TIMES] + [b"1 649 400", b"1649400000 000", b"Mar 1, 2024, 8:15:03 PM"]
POSITIONS = [
    b"0", b"12", b"12.9", b"1.2e1", b"-0", b"-0.0", b"-0.5", b"-1", b"-1e30", b"1e30", b"abc", b"0012",
    b"9223372036854775807", b"9223372036854775806", b"+7", b"7s", b".5", b"5.", b"-0e5", b"-.1e-9", b"--1",
    b"9223372036854775806.999", b"1e2", b"12e-1", b"00:12", b"1e99999999999", b"0e99999999999", b"1e-99999999999",
]
BYTES = [
    b"\xff", b"\xc0\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf0\x8f\xbf\xbf",
    b"\xe2\x82", b"\x80", b"\0", b"ok\0ok", b"\xc3",
    b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xf4\x8f\xbf\xbf", b"\xf0\x90\x80\x80", b"\xe0\xa0\x80", b"\xc2\x80",
]
KEPT = [b"", b"x", b" x ", b"a,b", b'say "x"', b"two\nlines", b"cr\r\nlf", rb"\.", b"NA", b" NA ", b"null", b'"', b"\t"]
TOKENS = ["NA", "null", "N/A", "-", r"\N", "None", "0", "tv", "play", "u1", "unknown value"]
ZONES = """UTC Europe/Berlin America/New_York Australia/Lord_Howe Asia/Kolkata Pacific/Apia Europe/Dublin
    Africa/Casablanca Antarctica/Troll Africa/Monrovia Asia/Kathmandu America/Caracas Etc/GMT+5""".split()  # fmt: skip


@functools.cache
def every_zone():
    return sorted(name for name in zoneinfo.available_timezones() if "/" in name)


@functools.cache
def changes(zone):
    """The wall clock, in seconds, just before each change of a zone's clock from 1970 to 2099."""
    def east(second):
        when = datetime.datetime.fromtimestamp(second, zone_named(zone))
        return when.utcoffset() // datetime.timedelta(seconds=1)

    found, month = [], 30 * 86400
    for low in range(0, TS_END // 1000 - month, month):
        high = low + month
        if east(low) != east(high):
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if east(middle) == east(low) else (low, middle)
            found.append(high + east(low))
    return found or [1649400000]


def iso(r, ms):
    """The digits of a time, in one of the forms without an offset."""
    when = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    text = when.strftime("%Y-%m-%d").rjust(10, "0") + r.choice("T t".split() + [" ", " "]) + when.strftime("%H:%M")
    if ms % 60000 or r.random() < 0.5:
        text += when.strftime(":%S")
        if ms % 1000 or r.random() < 0.5:
            text += f".{ms % 1000:03}" + r.choice(["", "", "000", "999", "000000"])
    return text.encode()


def written(r, ms, form):
    """A time in that form: a unit, `offset`, `utc`, `bare` (UTC without saying so)."""
    if form in UNITS:
        less = r.randrange(1000)  # than a millisecond
        value = {"s": f"{ms // 1000}.{ms % 1000:03}", "ms": f"{ms}", "us": f"{ms}{less:03}", "ns": f"{ms}{less:06}"}[form]
        return value.encode()
    if form == "offset":
        east = r.choice([0, 60, 120, -300, 330, 345, 1439, -1439, 840, r.randrange(-1439, 1440)])
        hours, minutes = divmod(abs(east), 60)
        offset = f"{'-' if east < 0 else '+'}{hours:02}" + r.choice([f"{minutes:02}", f":{minutes:02}"] + [""] * (not minutes))
        return iso(r, ms + east * 60000) + r.choice([b"", b" "]) + offset.encode()
    return iso(r, ms) + (r.choice([b"Z", b" Z", b" UTC", b" GMT", b"z"]) if form == "utc" else b"")


def random_time(r, zone):
    """A time that is odd in some way, or written in an odd way."""
    kind = r.random()
    if kind < 0.4:
        return r.choice(TIMES)
    if kind < 0.7:  # close to a clock change, by the clock of the place
        change = r.choice(changes(zone)) + r.choice([-7200, -3600, -1800, -1, 0, 0, 1, 1799, 1800, 3599, 3600, 7200, 86400])
        return written(r, max(change * 1000 + r.choice([0, 0, r.randrange(1000)]), 0), r.choice(["bare", "bare", "bare", "utc"]))
    if kind < 0.9:
        return written(r, r.randrange(1, TS_END), r.choice(list(UNITS) + ["offset", "utc", "bare"]))
    time = bytearray(r.choice(TIMES))  # one character amiss
    if r.random() < 0.5:
        time.insert(r.randrange(len(time) + 1), r.choice(b"0123456789-+:.TZeE U"))
    else:
        time[r.randrange(len(time))] = r.choice(b"0123456789-+:.TZeE U")
    return bytes(time)


def quoted(r, text):
    """A field, mostly in quotes only where it needs them; the empty one is "" or NULL."""
    if text and r.random() < 0.9:
        return encode(text)
    return b'"' + text.replace(b'"', b'""') + b'"' if text or r.random() < 0.3 else b""


def dirty(seed, n, tame=False, zone="UTC", dirt=1.0):
    """The records of a log, the header first; dirt: how much of it, from 0 on."""
    r = random.Random(seed)
    header = COLUMNS + ["extra", "other"]
    r.shuffle(header)
    out = [",".join(header).encode()]
    for i in range(n):
        event = {
            "event_id": r.choice(EVENT_IDS) if r.random() < 0.2 else b"e%d" % r.randrange(n),
            "event_ts": b"%d" % (1649400000000 + r.choice([i, r.randrange(3), r.randrange(3 * n)])),
            "user_id": b"u%d" % r.randrange(9),
            "content_id": b"c%d" % r.randrange(3),
            "event_type": r.choice(TYPES).encode(),
            "playback_position": b"%d" % r.randrange(3),
            "device": r.choice([b"tv", b"tv (old)", b"web", "t\u00e9l\u00e9".encode(), b"a, b", b'"']),
            "extra": b"\xff" if r.random() < 0.1 * dirt else b"x",
            "other": r.choice(KEPT),
        }
        kind = r.random() / dirt if dirt else 1
        name = r.choice(COLUMNS)
        if kind < 0.2:
            event["event_ts"] = random_time(r, zone)
        elif kind < 0.25:
            event["playback_position"] = r.choice(POSITIONS)
        elif kind < 0.3:
            event[name] = r.choice([b"", b" ", b"\t\r"])
        elif kind < 0.33:
            event[r.choice(header)] = r.choice(BYTES)
        elif kind < 0.36:
            event["event_type"] = r.choice([b" PLAY", b"Stop ", b"rewind", b"playing", b"play\0", b"\vseek"])
        elif kind < 0.39:
            event[r.choice(header)] = r.choice([b"", b" "]) + r.choice(TOKENS).encode() + r.choice([b"", b"", b" ", b"x"])
        elif kind < 0.45:
            event[name] = r.choice([b" ", b"\t ", b"\r", b"\f"]) + event[name] + r.choice([b"", b" \v"])
        record = b",".join(quoted(r, event[c]) for c in header)
        kind = r.random() / dirt if dirt else 1
        if kind < 0.02:
            record += r.choice([b",", b",,"] if tame else [b",", b",,", b'"', b'x"y'])
        elif kind < 0.04 and not tame:
            record = record[: r.randrange(len(record))]
        elif kind < 0.06 and not tame:
            at = r.randrange(len(record))
            record = record[:at] + b'"' + record[at:]
        elif kind < 0.3:
            record += b"\r"
        out.append(record)
        if r.random() < 0.1:
            out.append(record)
    return out


# --- The law: ce-clean does the same.


def random_options(r):
    """What to call ce-clean with, and the zone."""
    words, zone = [], r.choice(ZONES if r.random() < 0.8 else every_zone())
    for chance, name, choose in (
        (0.7, "--tz", lambda: zone),
        (0.4, "--ts-unit", lambda: r.choice(["auto"] + list(UNITS))),
        (0.3, "--since", lambda: r.choice(["1649400000002", "1649400000", "2022-04-08T06:40:00.002Z", "2022-04-08", "1990-01-01 00:00",
                                           "2022-04-08T08:40:00+02:00", "2022-03-27T02:30"])),
        (0.3, "--until", lambda: r.choice(["1649400000040", "2022-04-08T06:40:00.02Z", "2022-04-09", "2030-10-27 02:30"])),
        (0.5, "--allow-empty", lambda: r.choice(["device", "playback_position", "device,playback_position"])),
        (0.5, "--keep", lambda: r.choice(["extra", "other", "extra,other", "other,extra", "*"])),
        (0.4, "--na", lambda: ",".join(r.sample(TOKENS, r.randint(1, 4)))),
        (0.8, "--max-rejects", lambda: r.choice(["100%", "100%", "100%", "30%", "33.3%", "0", "12", "99999"])),
    ):  # fmt: skip
        if r.random() < chance:
            words.append(f"{name}={choose()}")
    return words, zone


def check(seed):
    """Whether ce-clean did something other than fail; exits if it did not what the rules say."""
    r = random.Random(seed)
    words, zone = random_options(r)
    n = r.choice([0, 1, 2, 5, 20, 50, 50, 100, 200])
    data = b"\n".join(dirty(seed, n, zone=zone, dirt=r.choice([0.1, 0.3, 1, 1]))) + r.choice([b"", b"\n"])
    with open("raw.csv", "wb") as file:
        file.write(data)
    name = r.choice(["stdin", "raw.csv"])
    command = ["ce-clean", "-p", *words, "--rejects", "got.rejects", "-o", "got.csv"] + [name] * (name != "stdin")
    done = subprocess.run(command, stdin=open("raw.csv", "rb"), capture_output=True, check=False)
    want = clean(data, options(words), name)
    shown = f"seed {seed}: {shlex.join(command)} <raw.csv: "
    if done.returncode != (want is None):
        sys.exit(f"{shown}exit {done.returncode}, not {int(want is None)}: {done.stderr.decode()}")
    if want is None:
        return False
    for name, text in zip(("got.csv", "got.rejects"), want):
        with open(name, "rb") as file:
            got = file.read()
        if got != text:
            with open(name.replace("got", "want"), "wb") as file:
                file.write(text)
            lines = zip(got.split(b"\n") + [b""], text.split(b"\n") + [b""])
            sys.exit(shown + f"{name} has\n%r, not\n%r" % next(pair for pair in lines if pair[0] != pair[1]))
    return True


def law(runs, first=1):
    whole = sum(check(seed) for seed in range(first, first + runs))
    print(f"{runs} logs, {whole} of them without an error: no difference")
    if runs >= 20 and not runs // 4 < whole < runs:
        sys.exit("too many or too few of them are errors")


def main():
    command, args = sys.argv[1], sys.argv[2:]
    if command == "generate":
        sys.stdout.buffer.write(b"\n\x1e".join(dirty(int(args[0]), int(args[1]), args[2:] == ["tame"])))
    elif command == "shuffle":
        reorder(lambda rows: shuffled(int(args[0]), rows))
    elif command == "part":
        reorder(lambda rows: rows[int(args[0]) :: int(args[1])])
    elif command == "law":
        law(*map(int, args))
    else:
        words = (f"{name}={word}" for name, word in zip(("--ts-unit", "--allow-empty", "--rejects"), args))
        opt = options([*words, "--max-rejects=100%", *args[3:]])
        tables = clean(sys.stdin.buffer.read(), opt)
        if tables is None:
            sys.exit("clean.py: too many rejects, or nothing kept")
        sys.stdout.buffer.write(tables[0])
        with open(opt.rejects, "wb") as file:
            file.write(tables[1])


if __name__ == "__main__":
    main()
