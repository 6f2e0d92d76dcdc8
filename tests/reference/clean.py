#!/usr/bin/env python3
"""An independent ce-clean, for its tests: slow, in memory, and written from the rules alone.

    clean.py generate SEED N [tame]   dirty raw events as CSV on stdout, RS before each record; tame:
                                      no quotes gone astray, which can make one record of two
    clean.py shuffle SEED             the same records in another order, without RS (stdin to stdout)
    clean.py part I N                 every N-th record, from the I-th on, without RS
    clean.py clean UNIT EMPTY REJECTS the clean events of stdin on stdout; EMPTY is a comma-separated
                                      list of columns (or ''), REJECTS a file for the rejected records
"""
import calendar
import random
import re
import sys
from decimal import ROUND_DOWN, Context, Decimal

COLUMNS = "event_id event_ts user_id content_id event_type playback_position device".split()
TYPES = "play pause stop complete seek".split()
BLANKS = b" \t\n\v\f\r"
TS_END = 4102444800000
NUMBER = re.compile(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\Z")
TIME = re.compile(
    rb"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?"
    rb"(?: ?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)| UTC| GMT|)\Z"
)


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
    if re.search(rb'[,"\r\n]', text) or text in (b"", rb"\."):
        return b'"' + text.replace(b'"', b'""') + b'"'
    return text


def whole(text, shift=0):
    """A decimal number times 10^shift without its fraction, or None; and whether it is negative."""
    if not NUMBER.match(text):
        return None, False
    exact = Context(prec=1000, Emax=10**6, Emin=-(10**6))
    value = exact.scaleb(exact.create_decimal(text.decode()), shift)
    return int(value.to_integral_value(ROUND_DOWN, context=exact)), value < 0


def number_of_ts(text, unit):
    """A number as ms; False: it is one, but its unit cannot be told or its digits may be lost; None."""
    value, _ = whole(text)
    if value is None:
        return None
    mantissa, _, exponent = text.lower().partition(b"e")
    if int(exponent or 0) > len(mantissa.partition(b".")[2]):
        return False
    if unit == "auto":
        if value < 10**8:
            return False
        unit = "s" if value < 10**11 else "ms" if value < 10**14 else "us" if value < 10**17 else "ns"
    return whole(text, {"s": 3, "ms": 0, "us": -3, "ns": -6}[unit])[0]


def time_of(text):
    m = TIME.match(text)
    if not m:
        return None
    year, month, day, hour, minute = (int(m.group(i)) for i in range(1, 6))
    second = int(m.group(6) or 0)
    if not 1 <= month <= 12 or not year or not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    east = (int(m.group(9) or 0), int(m.group(10) or 0))
    if hour > 23 or minute > 59 or second > 59 or east[0] > 23 or east[1] > 59:
        return None
    seconds = calendar.timegm((year, month, day, hour, minute, second))
    seconds -= (-1 if m.group(8) == b"-" else 1) * (east[0] * 60 + east[1]) * 60
    return seconds * 1000 + int(((m.group(7) or b"") + b"000")[:3])


def judge(fields, at, unit, may_be_empty):
    """(reason, None), or (None, (ts, id, the record as CSV))."""
    if fields is None or len(fields) != at["n"]:
        return "ragged", None
    event = {name: fields[at[name]] or b"" for name in COLUMNS}
    no_device = fields[at["device"]] != b"" and not event["device"].strip(BLANKS)
    for text in event.values():
        try:
            text.decode("utf-8", "strict")
        except UnicodeDecodeError:
            return "invalid_utf8", None
        if b"\0" in text:
            return "invalid_utf8", None
    for name in COLUMNS:
        event[name] = event[name].strip(BLANKS)
        if not event[name] and name not in may_be_empty:
            return "missing_" + name, None
    ts = number_of_ts(event["event_ts"], unit)
    if ts is None:
        ts = time_of(event["event_ts"])
    if ts is None or ts is False:
        return "bad_event_ts", None
    if not 0 < ts < TS_END:
        return "ts_out_of_range", None
    event_type = event["event_type"].lower()
    if event_type.decode() not in TYPES:
        return "bad_event_type", None
    position = event["playback_position"]
    if position:
        value, negative = whole(position)
        if value is None:
            return "bad_playback_position", None
        if negative:
            return "negative_playback_position", None
        if value >= 2**63 - 1:
            return "bad_playback_position", None
        position = b"%d" % value
    rest = [encode(text) if text else b"" for text in (event["user_id"], event["content_id"])]
    rest += [event_type, position, b"" if no_device else encode(event["device"])]
    event_id = event["event_id"]
    return None, (ts, event_id, b",".join([encode(event_id), b"%d" % ts] + rest))


def clean(unit, empty, rejects_path):
    all_records = list(records(sys.stdin.buffer.read()))
    header = [field.decode() for field in all_records[0][2]]
    at = {name: header.index(name) for name in COLUMNS}
    at["n"] = len(header)
    kept, rejects, out = [], [], []
    for line, raw, fields in all_records[1:]:
        reason, event = judge(fields, at, unit, empty.split(","))
        if reason:
            rejects.append((line, reason, raw))
        else:
            kept.append(event + (line, raw))
    kept.sort(key=lambda event: event[:3])
    seen = set()
    for _, event_id, record, line, raw in kept:
        if event_id in seen:
            rejects.append((line, "duplicate_event_id", raw))
        else:
            seen.add(event_id)
            out.append(record)
    sys.stdout.buffer.write(b"\n".join([",".join(COLUMNS).encode()] + out + [b""]))
    with open(rejects_path, "wb") as f:
        f.write(b"file,line,reason,record\n")
        for line, reason, raw in rejects:
            f.write(b"stdin,%d,%s,%s\n" % (line, reason.encode(), encode(raw)))


def reorder(change):
    head, *rest = sys.stdin.buffer.read().split(b"\n\x1e")
    sys.stdout.buffer.write(b"\n".join([head] + change(rest) + [b""]))


def shuffled(seed, rows):
    random.Random(seed).shuffle(rows)
    return rows


EVENT_IDS = [b"a", b"aa", b"a,b", b'a"b', b"a\nb", b"A", b"a\r\nb", "\u00e9".encode(), rb"\.", b"-1", b"0"]
TIMES = [
    b"1649400000000", b"1649400000000.999", b"1.6494e12", b"164940000000000e-2", b"+1649400000000",
    b"2022-04-08T06:40:00Z", b"2022-04-08 08:40:00.0009+02:00", b"2022-04-08T06:40+00",
    b"1649400000.123", b"1649400000", b"1649400001000", b"1", b"4102444799999", b"4102444800000",
    b"2099-12-31T23:59:59.999Z", b"2100-01-01T00:00:00Z", b"2022-02-30T00:00:00Z", b"0", b"-1", b"0.9",
    b"2022-04-08T06:40:00", b"2022-04-08", b"yesterday", b"0x10", b"1e", b"1e30", b"-1e30", b".",
    b"99999999999999999999", b"1969-12-31T23:59:59Z", b"1970-01-01T00:00:00.001Z", b"inf", b"nan",
    b"2022-04-08T24:00:00Z", b"2022-13-08T06:40:00Z", b"1 649 400", b"1649400000000x",
]
POSITIONS = [
    b"0", b"12", b"12.9", b"1.2e1", b"-0", b"-0.0", b"-0.5", b"-1", b"-1e30", b"1e30", b"abc", b"0012",
    b"9223372036854775807", b"9223372036854775806", b"+7", b"7s", b".5", b"5.", b"-0e5", b"-.1e-9", b"--1",
]
BYTES = [
    b"\xff", b"\xc0\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf0\x8f\xbf\xbf",
    b"\xe2\x82", b"\x80", b"\0", b"ok\0ok", b"\xc3",
    b"\xed\x9f\xbf", b"\xee\x80\x80", b"\xf4\x8f\xbf\xbf", b"\xf0\x90\x80\x80", b"\xe0\xa0\x80", b"\xc2\x80",
]


def generate(seed, n, tame):
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
            "device": r.choice([b"tv", b"web", "t\u00e9l\u00e9".encode(), b"a, b", b'"']),
            "extra": b"\xff" if r.random() < 0.1 else b"x",
            "other": b"",
        }
        kind = r.random()
        name = r.choice(COLUMNS)
        if kind < 0.1:
            event["event_ts"] = r.choice(TIMES)
        elif kind < 0.15:
            event["playback_position"] = r.choice(POSITIONS)
        elif kind < 0.2:
            event[name] = r.choice([b"", b" ", b"\t\r"])
        elif kind < 0.25:
            event[name] = r.choice(BYTES)
        elif kind < 0.3:
            event["event_type"] = r.choice([b" PLAY", b"Stop ", b"rewind", b"playing", b"play\0", b"\vseek"])
        elif kind < 0.4:
            event[name] = r.choice([b" ", b"\t ", b"\r", b"\f"]) + event[name] + r.choice([b"", b" \v"])
        record = b",".join(
            encode(event[c]) if event[c] and r.random() < 0.9 else b'"' + event[c].replace(b'"', b'""') + b'"'
            if event[c] or r.random() < 0.3 else b""
            for c in header
        )
        kind = r.random()
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
    sys.stdout.buffer.write(b"\n\x1e".join(out))


def main():
    command, args = sys.argv[1], sys.argv[2:]
    if command == "generate":
        generate(int(args[0]), int(args[1]), args[2:] == ["tame"])
    elif command == "shuffle":
        reorder(lambda rows: shuffled(int(args[0]), rows))
    elif command == "part":
        reorder(lambda rows: rows[int(args[0]) :: int(args[1])])
    else:
        clean(*args)


if __name__ == "__main__":
    main()
