#!/usr/bin/env python3
"""An independent ce-split, for its tests: in memory, by its own reader of CSV, written from the rules alone.

    parts.py law RUNS [SEED]    ce-split (from PATH) against it, byte for byte, on RUNS random tables from that
                                seed on (1): by key and by time, from one file and several, with every delimiter
                                and line end, and with records that are ragged or have quotes out of place; who
                                reads the parts finds the very records of the input, each once and, with
                                --keep-lines, on its line; what differs is left in the current folder
"""
import gzip
import os
import random
import shutil
import subprocess
import sys

BLANK = b" \t\n\v\f\r"
EDGES = [1700000000000, 1700000000001, 1700000100000, 1800000000000]
# A time as text, and in milliseconds; None: it cannot be read.
TIMES = {
    "1699999999": 1699999999000, "1699999999.999": 1699999999999, "1700000000": 1700000000000,
    "1700000000000": 1700000000000, "1700000000001": 1700000000001, "1700000000000999": 1700000000000,
    "1700000100000000000": 1700000100000, "1700000099999999999": 1700000099999, "2023-11-14T22:13:20Z": 1700000000000,
    " 2023-11-14 22:13:20.001 ": 1700000000001, "2023-11-14T23:13:19+01:00": 1699999999000, "1800000000": 1800000000000,
    "4000000000": 4000000000000, "": None, "never": None, "17": None, "2023-13-14T22:13:20Z": None, "2023-11-14": None,
}  # fmt: skip


def fnv_part(key, n):
    h = 0xCBF29CE484222325
    for byte in key.strip(BLANK):
        h = (h ^ byte) * 0x100000001B3 % 2**64
    return (h ^ h >> 32) % n


def fields_of(record, delimiter):
    """The fields of a record by RFC 4180, or None."""
    fields, at = [], 0
    while True:
        if record[at : at + 1] == b'"':
            text, at = b"", at + 1
            while True:
                end = record.find(b'"', at)
                if end < 0:
                    return None
                text, at = text + record[at:end], end + 1
                if record[at : at + 1] != b'"':
                    break
                text, at = text + b'"', at + 1
        else:
            end = record.find(delimiter, at)
            text = record[at : end if end >= 0 else len(record)]
            at += len(text)
            if b'"' in text:
                return None
        fields.append(text)
        if at == len(record):
            return fields
        if record[at : at + 1] != delimiter:
            return None
        at += 1


def unended(line):
    line = line.removesuffix(b"\n")
    return line.removesuffix(b"\r")


def records_of(lines, delimiter, first):
    """(line, bytes with line ends, fields or None) of each record of the lines, which count from `first`."""
    at = 0
    while at < len(lines):
        end = at + 1
        while b"".join(lines[at:end]).count(b'"') % 2 and end < len(lines):
            end += 1
        whole = b"".join(lines[at:end])
        fields = None if whole.count(b'"') % 2 else fields_of(unended(whole), delimiter)
        if fields is None:
            end = at + 1
        if unended(whole) or fields is None:
            yield first + at, b"".join(lines[at:end]), fields
        at = end


class Table:
    def __init__(self, text, head_lines, delimiter):
        lines = [line + b"\n" for line in text.split(b"\n")]
        lines[-1] = lines[-1][:-1]
        if not lines[-1]:
            lines.pop()
        self.head = b"".join(lines[:head_lines])
        self.names = fields_of(unended(lines[head_lines - 1]), delimiter)
        self.records = list(records_of(lines[head_lines:], delimiter, head_lines + 1))


# --- Random tables.


def field(rng, delimiter, end):
    text = rng.choice(["", "a", "b", "c", " a", "b\t", "\v c ", "dé", "long" * 9, f"x{rng.randrange(40)}"])
    kind = rng.random()
    if kind < 0.6:
        return text.encode()
    if kind < 0.7:
        text += delimiter.decode() + rng.choice(["", "y"])
    elif kind < 0.76:
        text = rng.choice(["\n", "\r\n", end.decode(), "q\n\nr"]) + text
    elif kind < 0.82:
        text = rng.choice(['"', text + '"', '"' + text, ""])
    return b'"' + text.replace('"', '""').encode() + b'"'


def record(rng, names, delimiter, end, faulty):
    fields = [field(rng, delimiter, end) for _ in names]
    at = names.index(b"t")
    fields[at] = rng.choice(list(TIMES)).encode()
    if rng.random() < 0.1:
        fields[at] = b'"' + fields[at] + b'"'
    if rng.random() < faulty:
        kind = rng.randrange(5)
        if kind == 0:
            fields.pop()
        elif kind == 1:
            fields.append(b"more")
        else:
            i = rng.randrange(len(fields))
            fields[i] = [b'st"ray', b'"open', b'"then" text'][kind - 2]
    return delimiter.join(fields) + end


def table(rng, names, delimiter, faulty, is_first):
    end = rng.choice([b"\n", b"\n", b"\r\n"])
    before = [rng.choice([b"", b"", b"\xef\xbb\xbf", b"\n", b" \r\n\n", b"sep=" + delimiter + end])]
    if delimiter == b":":
        before = [b"\n\xef\xbb\xbfsep=:" + end]
    head = b"".join(before) + delimiter.join(names) + end
    body = b""
    for _ in range(rng.choice([0, 1, 5, 30, 60])):
        body += record(rng, names, delimiter, rng.choice([end, end, end, b"\n"]), faulty)
        if rng.random() < 0.1:
            body += rng.choice([b"\n", b"\r\n", b"\n\n\n"])
    if rng.random() < 0.3:
        body = body.removesuffix(b"\n")
    text = head + body
    if not is_first and not body:
        text = head
    return Table(text, head.count(b"\n"), delimiter), text


def expected(tables, part_of, n, keep_lines):
    """The bytes of each part."""
    parts = [tables[0].head if tables[0].head.endswith(b"\n") else tables[0].head + b"\n" for _ in range(n)]
    for one in tables:
        next_line = [one.head.count(b"\n") + 1] * n
        for line, text, fields in one.records:
            text = text if text.endswith(b"\n") else text + b"\n"
            at = part_of(fields)
            if keep_lines:
                parts[at] += b"\n" * (line - next_line[at])
                next_line[at] = line + text.count(b"\n")
            parts[at] += text
    return parts


def differs(message):
    print(message)
    sys.exit(1)


def run(seed):
    rng = random.Random(seed)
    delimiter = rng.choice([b",", b",", b";", b"\t", b"|", b":"])
    names = [b"t", b"k", *(b"c%d" % i for i in range(rng.randrange(4)))]
    rng.shuffle(names)
    n_files = rng.choice([1, 1, 2, 3])
    faulty = rng.choice([0, 0.05, 0.3])
    made = [table(rng, names, delimiter, faulty, i == 0) for i in range(n_files)]
    tables = [one for one, _ in made]
    files = []
    for i, (_, text) in enumerate(made):
        name = f"in{i}.csv" + rng.choice(["", ".gz"])
        files.append(name)
        with open(name, "wb") as f:
            f.write(gzip.compress(text) if name.endswith(".gz") else text)
    keep_lines = n_files == 1 and rng.random() < 0.5
    n_columns = len(names)
    if rng.random() < 0.5:
        n = rng.choice([1, 2, 3, 8, 100])
        how = ["-k", "k", "-n", str(n)]

        def part_of(fields):
            return fnv_part(fields[names.index(b"k")], n) if fields and len(fields) == n_columns else 0
    else:
        edges = sorted(rng.sample(EDGES, rng.randrange(1, 5)))
        n = len(edges) + 1
        how = ["--at", ",".join(map(str, edges)), "--time", "t"]

        def part_of(fields):
            if not fields or len(fields) != n_columns:
                return 0
            text = fields[names.index(b"t")].decode()
            ms = TIMES.get(text, TIMES.get(text.strip()))
            return 0 if ms is None else sum(edge <= ms for edge in edges)

    shutil.rmtree("out", ignore_errors=True)
    command = ["ce-split", "--no-sync", *how, *(["--keep-lines"] if keep_lines else []), "-o", "out/%.csv", *files]
    done = subprocess.run(command, capture_output=True, check=False)
    want = expected(tables, part_of, n, keep_lines)
    all_records = [(part_of(f), text if text.endswith(b"\n") else text + b"\n") for one in tables for _, text, f in one.records]
    head_lines = want[0].count(b"\n", 0, len(tables[0].head if tables[0].head.endswith(b"\n") else tables[0].head + b"\n"))
    read = [Table(part, head_lines, delimiter) for part in want]
    # Whether who reads the parts finds the records as they were: not if one closes another one's quote.
    same = all([text for _, text, _ in read[i].records] == [text for at, text in all_records if at == i] for i in range(n))
    if not same:
        if done.returncode != 1 or b" would close the quote that " not in done.stderr or os.path.exists("out"):
            differs(f"seed {seed}: {command}: exit {done.returncode}, though a quote is closed in part 0")
        return "refused"
    if done.returncode:
        differs(f"seed {seed}: {command}: exit {done.returncode}: {done.stderr.decode()}")
    for i, part in enumerate(want):
        with open(f"out/{i}.csv", "rb") as f:
            if f.read() != part:
                with open("want", "wb") as g:
                    g.write(part)
                differs(f"seed {seed}: {command}: out/{i}.csv is not want")
    if len(os.listdir("out")) != n:
        differs(f"seed {seed}: {command}: not {n} parts")
    if keep_lines:
        found = sorted((line, text) for one in read for line, text, _ in one.records)
        if found != sorted((line, text if text.endswith(b"\n") else text + b"\n") for line, text, _ in tables[0].records):
            differs(f"seed {seed}: {command}: lines are not kept")
    return "equal"


def main():
    if sys.argv[1] != "law":
        sys.exit(__doc__)
    runs, first = int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1
    outcomes = [run(seed) for seed in range(first, first + runs)]
    print(f"{runs} runs: {outcomes.count('equal')} equal, {outcomes.count('refused')} refused")


if __name__ == "__main__":
    main()
