#!/usr/bin/env python3
"""The same table in another dress is the same table: separators, headers, quotes, line ends, BOMs, times.

    dress.py clean RUNS [SEED]    ce-clean (from PATH): a dirty log as CSV of commas, and in another dress,
                                  gives the same events, and rejects the same records for the same reasons
    dress.py pipe FOLDER [SEED]   the pipe, of ce-synth's tables in FOLDER, with the source tables and what
                                  goes from stage to stage in many dresses: the same features, byte for byte
    dress.py times FOLDER [SEED]  the same with event_ts in seconds, in us, in ns, as ISO 8601 of each form,
                                  and --watermark in each of these
"""
import gzip
import random
import shlex
import subprocess
import sys
import zoneinfo
from datetime import datetime, timedelta

import clean

BOM = b"\xef\xbb\xbf"


class Dress:
    """How to write a table down; `header`: whether the names of the columns may be changed, too."""

    def __init__(self, r, header=True):
        self.delimiter = r.choice([b",", b"\t", b";", b"|"])
        self.end = r.choice([b"\n", b"\r\n"])
        self.quotes = r.choice([0, 0, 0.5, 1])
        self.gzip = r.random() < 0.3
        names = r.choice([bytes, bytes.upper, bytes.title]) if header else bytes
        left, right = (r.choice([b"", b"", b" ", b"  "]) if header else b"" for _ in "lr")
        self.name = lambda name: left + names(name) + right
        self.top = BOM * r.choice([0, 0, 1, 2, 3])
        top = r.random()
        if top < 0.3:
            self.top += b"sep=" + self.delimiter + self.end
        elif top < 0.5:
            self.top += self.end * r.randint(1, 3)
        self.options = []
        if r.random() < 0.2:
            word = r.choice(["tab", "\t"]) if self.delimiter == b"\t" else self.delimiter.decode()
            self.options = ["--delimiter", word]
        self.random = r

    def field(self, field):
        """NULL has no quotes, and an empty string has to have them; others may."""
        if field is None:
            return b""
        needed = not field or any(c in field for c in (self.delimiter, b'"', b"\r", b"\n"))
        return b'"' + field.replace(b'"', b'""') + b'"' if needed or self.random.random() < self.quotes else field

    def table(self, header, rows):
        """The bytes of it; a row that is bytes goes as it is."""
        lines = [[self.name(name) for name in header]] + rows
        lines = [row if isinstance(row, bytes) else self.delimiter.join(map(self.field, row)) for row in lines]
        data = self.top + self.end.join(lines) + self.end
        return gzip.compress(data, 1) if self.gzip else data

    def __str__(self):
        return str({k: v for k, v in vars(self).items() if k not in ("name", "random")}) + f" {self.name(b'name')}"


def read(path):
    """(header, rows) of a gzipped or plain CSV; what is malformed is malformed in every dress."""
    with open(path, "rb") as file:
        return parse(file.read())


def parse(data):
    table = [fields or b'x"y' for _, _, fields in clean.records(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)]
    return table[0], table[1:]


def undressed(header, rows):
    return b"".join((row if isinstance(row, bytes) else b",".join(map(clean.encode, row))) + b"\n" for row in [header] + rows)


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def run(*command, status=0):
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != status:
        sys.exit(f"{shlex.join(command)}: exit {done.returncode}, not {status}: {done.stderr.decode()}")
    return done.stdout


def same(got, want, what):
    if got != want:
        write("got", got)
        write("want", want)
        lines = zip(got.split(b"\n") + [b""], want.split(b"\n") + [b""])
        sys.exit("%s: the files got and want differ, first by\n%r, not\n%r" % (what, *next(p for p in lines if p[0] != p[1])))


def reasons(path, above=0):
    """(line, reason) of each reject; `above`: how many lines more there are above the header."""
    with open(path, "rb") as file:
        return [(int(fields[1]) - above, fields[2]) for _, _, fields in list(clean.records(file.read()))[1:]]


def clean_law(seed):
    r = random.Random(seed)
    write("raw.csv", b"\n".join(clean.dirty(seed, r.choice([0, 1, 5, 40]), dirt=r.choice([0.1, 0.5, 1]))) + b"\n")
    header, rows = read("raw.csv")
    odd = r.sample([b"a;b;c", b"a|b", b"a\tb", b'"', b"note (old)", b"sep=;"], 2)  # more separators than one
    header = [name if name.decode() in clean.COLUMNS else odd.pop() for name in header]
    dress = Dress(r)
    options = ["--allow-empty", "device", "--max-rejects", "100%"] + ["--keep", "*"] * (dress.name(b"x") == b"x")
    plain = undressed(header, rows)
    write("plain.csv", plain)
    write("dressed.csv", dress.table(header, rows))
    what = f"seed {seed}, dressed.csv is plain.csv in {dress}"
    table = clean.clean(plain, clean.options(options), "plain.csv")
    if table is None:
        run("ce-clean", "-p", *options, *dress.options, "dressed.csv", status=1)
        return
    write("rejects.csv", table[1])
    same(run("ce-clean", "-p", *options, *dress.options, "--rejects", "got.rejects", "dressed.csv"), table[0], what)
    want, got = reasons("rejects.csv"), reasons("got.rejects", dress.top.count(b"\n"))
    if want != got:
        sys.exit(f"{what}: rejects {set(got) - set(want)}, not {set(want) - set(got)}")


def features(events, folder, options=(), join_options=()):
    """The pipe, stage by stage: what comes out of each."""
    outputs, given = [], events
    for number, stage in enumerate((
        ["ce-clean", *options],
        ["ce-join", *join_options, "--drop", "email", "-k", "user_id", f"{folder}/users_dim", "-k", "content_id", f"{folder}/content_dim"],
        ["ce-sessionize"], ["ce-agg"], ["ce-features", "--rows", "all"],
    )):  # fmt: skip
        outputs.append(run(stage[0], "-p", *stage[1:], given))
        given = f"stage{number}.csv"
        write(given, outputs[-1])
    return outputs


def plain_features(folder):
    for name in ("users_dim", "content_dim"):
        write(name, run("gzip", "-dc", f"{folder}/{name}.csv.gz"))
    outputs = features(f"{folder}/events_table.csv.gz", ".")
    if outputs[-1].count(b"\n") < 300:
        sys.exit("too few rows")
    return outputs


def pipe_law(folder, seed):
    want = plain_features(folder)
    tables = {name: read(f"{folder}/{name}.csv.gz") for name in ("events_table", "users_dim", "content_dim")}
    r = random.Random(seed)
    for _ in range(10):
        dresses = {name: Dress(r) for name in tables}
        subprocess.run(["mkdir", "-p", "dressed"], check=True)
        for name, table in tables.items():
            write(f"dressed/{name}", dresses[name].table(*table))
        got = features("dressed/events_table", "dressed", dresses["events_table"].options)
        same(got[-1], want[-1], f"seed {seed}, the source tables in {', '.join(map(str, dresses.values()))}")
    for number, (stage, *arguments) in enumerate((
        ["ce-join", "--drop", "email", "-k", "user_id", "users_dim", "-k", "content_id", "content_dim"],
        ["ce-sessionize"], ["ce-agg"], ["ce-features", "--rows", "all"],
    )):  # fmt: skip
        for _ in range(6):
            dress = Dress(r, header=False)
            if stage == "ce-join":  # --delimiter would be that of the dimensions, too
                dress.options = []
            write("plain", want[number])
            write("dressed.csv", dress.table(*read("plain")))
            got = run(stage, "-p", *arguments, *dress.options, "dressed.csv")
            # Quotes that need not be there may go on from stage to stage.
            got = undressed(*parse(got))
            same(got, undressed(*parse(want[number + 1])), f"seed {seed}, {stage} of dressed.csv in {dress}")
    print(f"{len(tables['events_table'][1])} records: the same features from 34 dresses")


def times_law(folder, seed):
    """Times that have a unit of their own only, and are of no other kind in the log itself."""
    want = plain_features(folder)
    header, rows = read(f"{folder}/events_table.csv.gz")
    at = header.index(b"event_ts")
    r = random.Random(seed)
    zone = zoneinfo.ZoneInfo("America/New_York")

    def local(ms):
        """In that zone, unless the clock shows it twice, of which only the first can be said."""
        when = datetime.fromtimestamp(ms // 1000, zone)
        if when.fold:
            return clean.written(r, ms, "utc")
        return clean.iso(r, ms + when.utcoffset() // timedelta(milliseconds=1))

    forms = list(clean.UNITS) + ["offset", "utc", "bare"]
    cases = [(form, [], lambda ms, form=form: clean.written(r, ms, form)) for form in forms]
    cases += [(unit, ["--ts-unit", unit], lambda ms, unit=unit: clean.written(r, ms, unit)) for unit in clean.UNITS]
    cases += [("all at once", [], lambda ms: clean.written(r, ms, r.choice(forms))),
              ("New York", ["--tz", zone.key], local), ("bare, in Z", ["--tz", "UTC"], lambda ms: clean.written(r, ms, "bare"))]  # fmt: skip
    for form, options, write_time in cases:
        table = []
        for row in rows:
            ms = None
            if len(row) == len(header) and row[at]:
                ms = clean.event_time(row[at].strip(clean.BLANKS), "auto", "UTC")
            if ms is not None and 10**11 <= ms < clean.TS_END:
                table.append(row[:at] + [write_time(ms)] + row[at + 1 :])
            elif not options or options[0] != "--ts-unit" or not isinstance(row, list) or len(row) != len(header):
                table.append(row)
            else:  # no unit at all makes it as bad as before
                table.append(row[:at] + [row[at] and b"no time"] + row[at + 1 :])
        write("events.csv", undressed(header, table))
        got = features("events.csv", ".", options)
        for number, name in ((0, "the clean events"), (4, "the features")):
            same(got[number], want[number], f"seed {seed}, {name} of events.csv, times in {form} {options}")
    watermark_law(r, forms, features(f"{folder}/events_table.csv.gz", ".")[3])
    print(f"{len(rows)} records: the same features from {len(cases)} forms of time")


def watermark_law(r, forms, history):
    """The labels up to a watermark in any form, of `history`, the output of ce-agg; its input is stage2.csv."""
    write("history.csv", history)
    header, rows = parse(history)
    ms = int(rows[len(rows) // 2][header.index(b"event_ts")])
    for command in (["ce-agg", "-p", "-t", "content_completion", "stage2.csv"], ["ce-features", "-p", "history.csv"]):
        want = run(*command, "--watermark", str(ms))
        if want == run(*command):
            sys.exit(f"{command}: --watermark changes nothing")
        for form in forms * 2:
            word = clean.written(r, ms, form).decode()
            same(run(*command, "--watermark", word), want, f"{shlex.join(command)} --watermark '{word}'")


def main():
    what, where, *seed = sys.argv[1:]
    seed = int(seed[0]) if seed else 1
    if what == "clean":
        for i in range(seed, seed + int(where)):
            clean_law(i)
        print(f"{where} logs in another dress: no difference")
    else:
        {"pipe": pipe_law, "times": times_law}[what](where, seed)


if __name__ == "__main__":
    main()
