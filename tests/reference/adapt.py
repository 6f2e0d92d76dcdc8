#!/usr/bin/env python3
"""An independent ce-adapt, for its tests: slow, in memory, and written from its manual alone.

    adapt.py RECIPE LOG ... [--events F] [--users F] [--contents F] [--tz ZONE] [--max-rejects N|P%]

Writes the plain tables, and on standard output, as JSON, how many records became what. A recipe or
a log that is an error: exit 1, nothing is written, and the message begins with file and line.
"""
import argparse
import collections
import datetime
import functools
import gzip
import json
import pathlib
import re
import sys
import zoneinfo
from fractions import Fraction

import clean
import xxhash
from clean import encode

EVENT = "event_id event_ts user_id content_id event_type playback_position device".split()
PLAY = "start end duration".split()
USER = "email plan_tier signup_date".split()
CONTENT = "genre runtime release_year maturity_rating".split()
TYPES = "play pause stop complete seek heartbeat".split()
UNITS = {
    **dict.fromkeys(("event_ts", "start", "end", "signup_date"), ("auto", "s", "ms", "us", "ns")),
    "playback_position": ("s", "ms", "ratio", "percent", "hms"),
    **dict.fromkeys(("runtime", "duration"), ("s", "ms", "hms")),
}
SIGNS = ("=", "|", "+", "->", "!=", "<", "<=", ">", ">=")
BLANKS = " \t\n\v\f\r"
NUMBER = re.compile(r"([+-]?)([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?\Z")


class Failure(Exception):
    """What ends a run."""


@functools.cache
def pipe_columns():
    """The columns of the tables up to the features, by the manual."""
    page = pathlib.Path(__file__).parents[2] / "tools/ce-tables.5"
    tables = page.read_text(encoding="utf-8").partition(".Ss completion_predictions\n")[0]
    return re.findall(r"^\.It Sy (\w+)$", tables, re.M)


class Reject(Exception):
    """What is wrong with a record: a class of reasons."""


# --- Recipes: words.


class Word:
    """A word: its parts, each with whether it was in quotes."""

    def __init__(self, parts):
        self.parts = parts
        self.text = "".join(text for text, _ in parts)
        self.bare = None if any(quoted for _, quoted in parts) else self.text

    @property
    def sign(self):
        return self.bare if self.bare in SIGNS else None

    def whole(self):
        """Itself, if it is not a sign and its neighbours without the blanks between them."""
        bare = self.outside_quotes()
        if "|" in bare or "=" in (bare[:1], bare[-1:]):
            raise Failure("blanks around | and =")
        return self

    def outside_quotes(self):
        """Its characters, with NUL for those in quotes."""
        return "".join("\0" if quoted else text for text, quoted in self.parts)


def words_of(line):
    words, at = [], 0
    while True:
        while line[at : at + 1] in (" ", "\t"):
            at += 1
        if line[at : at + 1] in ("", "#"):
            return words
        parts = []
        while line[at : at + 1] not in ("", " ", "\t"):
            if line[at] == '"':
                m = re.compile(r'"((?:[^"\\]|\\["\\])*)"').match(line, at)
                if not m:
                    raise Failure("a quote that is not closed, or a backslash before another character")
                parts.append((re.sub(r"\\(.)", r"\1", m.group(1)), True))
            else:
                m = re.compile(r'[^" \t]+').match(line, at)
                parts.append((m.group(), False))
            at = m.end()
        words.append(Word(parts))


class Words:
    """The words of a statement, to be taken one after another."""

    def __init__(self, words):
        self.words, self.at = words, 0

    @property
    def left(self):
        return len(self.words) - self.at

    def bare(self):
        """The next word if it is bare, without taking it."""
        return self.words[self.at].bare if self.left else None

    def sign(self):
        return self.words[self.at].sign if self.left else None

    def skip(self, *bare):
        """Whether the next word is one of these; takes it if so."""
        found = self.left and self.bare() in bare
        self.at += bool(found)
        return found

    def take(self):
        if not self.left:
            raise Failure("a word is missing")
        self.at += 1
        if self.words[self.at - 1].sign:
            raise Failure(f"unexpected {self.words[self.at - 1].sign}")
        return self.words[self.at - 1]

    def expect(self, *bare):
        if not self.skip(*bare):
            raise Failure(f"expected {' or '.join(bare)}")
        return self.words[self.at - 1].bare

    def end(self):
        if self.left:
            raise Failure("more than a statement")


# --- Recipes: fields, sources, conditions.


def steps_of(parts, what):
    """The steps of a path: keys as text, indices as numbers, @json as None."""
    steps, wanted = [], True  # wanted: a key must follow
    for text, quoted in parts:
        if quoted:
            if not wanted:
                raise Failure(f"{what}: a key in quotes begins after a dot")
            steps.append(text)
            wanted = False
            continue
        at = 0
        while at < len(text):
            if not wanted and text[at] == ".":
                wanted = True
                at += 1
                continue
            m = re.compile(r"\[([0-9]+)\]").match(text, at)
            if m and (not wanted or not steps):
                steps.append(int(m.group(1)))
                wanted = False
            else:
                m = re.compile(r"[^.\[\]]+").match(text, at)
                if not m or not wanted:
                    raise Failure(f"{what}: no path")
                steps.append(None if m.group() == "@json" else m.group())
                wanted = False
            at = m.end()
    if wanted or steps[-1] is None:
        raise Failure(f"{what}: no path")
    return steps


def field_of(word, form):
    """A field: ("path", steps), or ("column", name, steps after the column)."""
    if form == "json":
        return "path", steps_of(word.parts, word.text)
    for i, (text, quoted) in enumerate(word.parts):
        m = None if quoted else re.search(r"\.@json(?=[.\[]|\Z)", text)
        if m:
            name = "".join(t for t, _ in word.parts[:i]) + text[: m.start()]
            return "column", name, steps_of([(text[m.start() + 1 :], False)] + word.parts[i + 1 :], word.text)
    return "column", word.text, []


def source_of(words, form):
    if words.bare() == "constant":
        words.take()
        return "constant", words.take().text
    kind = "hash" if words.bare() == "hash" else "fields"
    if kind == "hash":
        words.take()
    fields = [field_of(words.take().whole(), form)]
    if kind == "hash":
        while words.left and not words.sign() and words.bare() != "in":
            fields.append(field_of(words.take().whole(), form))
    else:
        while words.skip("+"):
            fields.append(field_of(words.take().whole(), form))
    return kind, fields


def sources_of(words, form):
    sources = [source_of(words, form)]
    while words.skip("|"):
        sources.append(source_of(words, form))
    return sources


def column_of(name, words, form):
    """(sources, unit) behind the equals sign."""
    sources, unit = sources_of(words, form), UNITS.get(name, [None])[0]
    if words.skip("in"):
        unit = words.take().bare
        if unit not in UNITS.get(name, ()):
            raise Failure(f"{name} has no such unit")
    words.end()
    return sources, unit


def condition_of(words, form):
    word = words.take()
    sign = words.sign()
    if word.bare == "playback_position":
        words.expect("<", "<=", ">", ">=")
        percent = re.fullmatch(r"(.*)%", words.take().text)
        if not percent or number_of(percent.group(1)) is None:
            raise Failure("no percentage of the runtime")
        return "percent", sign, millionths(number_of(percent.group(1)))
    field = field_of(word.whole(), form)
    if sign in ("=", "!="):
        words.expect(sign)
        alternatives = [words.take().whole().text]
        while words.skip("|"):
            alternatives.append(words.take().whole().text)
        return "word", field, sign, alternatives
    if sign:
        words.expect("<", "<=", ">", ">=")
        number = number_of(words.take().text)
        if number is None:
            raise Failure("not a number")
        return "number", field, sign, millionths(number)
    return words.expect("exists", "empty"), field


def result_of(words, form, types):
    """A list of (type, condition), the last without one."""
    result = words.take().bare
    if result not in types:
        raise Failure("no such type")
    if not words.left:
        return [(result, None)]
    words.expect("if")
    condition = condition_of(words, form)
    words.expect("else")
    other = words.take().bare
    if other not in types:
        raise Failure("no such type")
    words.end()
    return [(result, condition), (other, None)]


def name_of(word):
    """An event's name: (text, whether it is only the beginning)."""
    if "*" in word.whole().outside_quotes()[:-1]:
        raise Failure("a star that is not at the end")
    if word.parts[-1][1] or not word.text.endswith("*"):
        return word.text, False
    return word.text[:-1], True


# --- Recipes as a whole.


class Recipe:
    def __init__(self, path):
        self.form = self.records = self.columns_named = self.zone = self.outcome = None
        self.na, self.wheres, self.columns, self.keep = [], [], {}, {}
        self.names, self.beginnings = {}, {}  # -> (result, overrides, as the recipe writes the name)
        self.seen, lines = set(), []
        with open(path, encoding="utf-8", newline="") as file:
            for line, text in enumerate(file.read().split("\n"), 1):
                try:
                    words = words_of(text.removesuffix("\r"))
                except Failure as e:
                    raise Failure(f"{path}:{line}: {e}") from e
                if words:
                    lines.append((line, text[0] in " \t", words))
        # The format says what a field is.
        if not lines or lines[0][2][0].bare != "format" or len(lines[0][2]) < 2:
            raise Failure(f"{path}: the first statement is no format")
        self.form = lines[0][2][1].bare
        overrides = None
        for line, indented, words in lines:
            try:
                if indented:
                    if overrides is None:
                        raise Failure("no event line above")
                    self.override(overrides, Words(words))
                else:
                    overrides = self.statement(Words(words))
            except Failure as e:
                raise Failure(f"{path}:{line}: {e}") from e
        try:
            self.check()
        except Failure as e:
            raise Failure(f"{path}: {e}") from e

    def once(self, what):
        if what in self.seen:
            raise Failure(f"a second {what}")
        self.seen.add(what)

    @staticmethod
    def no_none(words):
        if words.bare() == "none":
            raise Failure("none is for the lines of an event")

    def statement(self, words):
        """Understands a statement; returns the overrides that lines below may add to."""
        if words.left > 1 and words.words[1].sign == "=":
            name = words.take().bare
            if name not in EVENT + PLAY + USER + CONTENT:
                raise Failure("no such column")
            self.once(name)
            words.expect("=")
            self.no_none(words)
            self.columns[name] = column_of(name, words, self.form)
            return None
        kind = words.take().bare
        if kind in ("format", "columns", "records", "na", "zone", "outcome"):
            self.once(kind)
        if self.form != {"columns": "tsv", "records": "json"}.get(kind, self.form):
            raise Failure(f"{kind} are for another format")
        if kind == "format":
            if words.take().bare not in ("json", "csv", "tsv"):
                raise Failure("no such format")
            words.end()
        elif kind == "columns":
            self.columns_named = [words.take().text]
            while words.left:
                self.columns_named.append(words.take().text)
            if len(set(self.columns_named)) < len(self.columns_named):
                raise Failure("a name twice")
        elif kind == "records":
            self.records = steps_of(words.take().parts, "records")
            if None in self.records:
                raise Failure("records within text")
            words.end()
        elif kind == "na":
            if not words.left:
                raise Failure("no words")
            if any(word.sign for word in words.words[1:]):
                raise Failure("a sign is no word")
            self.na += [word.text for word in words.words[1:]]
            words.at += words.left
        elif kind == "zone":
            self.zone = zone_named(words.take().text)
            words.end()
        elif kind == "where":
            self.wheres.append(condition_of(words, self.form))
            words.end()
        elif kind == "outcome":
            self.outcome = result_of(words, self.form, ("stop", "complete", "ignore"))
        elif kind == "keep":
            name = words.take().text
            if not name or name in self.keep or any(alike(name, column) for column in pipe_columns()):
                raise Failure("no name, or a column twice")
            words.expect("=")
            self.no_none(words)
            self.keep[name] = sources_of(words, self.form)
            words.end()
        elif kind == "options":
            tool = words.take().text
            if tool not in ("ce-clean", "ce-join", "ce-sessionize", "ce-agg", "ce-online",
                            "ce-features"):
                raise Failure("no such tool")
            self.once("options " + tool)
            if not words.left:
                raise Failure("no options")
        elif kind == "event":
            return self.event(words)
        else:
            raise Failure("no such statement")
        return None

    def event(self, words):
        names = [words.take()]
        while words.left and words.sign() != "->":
            names.append(words.take())
        words.expect("->")
        result = result_of(words, self.form, TYPES + ["ignore", "dimension"])
        overrides = {}
        for word in names:
            name, is_beginning = name_of(word)
            known = self.beginnings if is_beginning else self.names
            if name in known:
                raise Failure("a name twice")
            known[name] = result, overrides
        return overrides

    def override(self, overrides, words):
        name = words.take().bare
        if name not in EVENT + USER + CONTENT or name == "event_type":
            raise Failure("no such column here")
        if name in overrides:
            raise Failure(f"a second {name}")
        words.expect("=")
        if words.skip("none"):
            words.end()
            overrides[name] = [], UNITS.get(name, [None])[0]
        else:
            overrides[name] = column_of(name, words, self.form)

    def check(self):
        self.whole = any(name in self.columns for name in PLAY)
        if self.whole:
            if sum(name in self.columns for name in PLAY) != 2:
                raise Failure("two of start, end, duration")
            if "event_ts" in self.columns or "event_type" in self.columns or self.names or self.beginnings:
                raise Failure("whole plays have no event_ts, event_type, event")
        else:
            if self.outcome:
                raise Failure("outcome is for whole plays")
            if "event_ts" not in self.columns or "event_type" not in self.columns:
                raise Failure("neither events nor whole plays")
            if not self.names and not self.beginnings:
                raise Failure("no event")
        for name in ("event_id", "user_id", "content_id"):
            if name not in self.columns:
                raise Failure(f"no {name}")
        needs = [(self.columns, [(None, condition)], False) for condition in self.wheres]
        if self.whole:
            needs.append((self.columns, self.outcome or [], True))
        for result, overrides in [*self.names.values(), *self.beginnings.values()]:
            needs.append(({**self.columns, **overrides}, result, any(kind in TYPES for kind, _ in result)))
        for columns, result, positioned in needs:
            given = [name for name in columns if columns[name][0]]
            if any(condition and condition[0] == "percent" for _, condition in result):
                if "playback_position" not in given or "runtime" not in given:
                    raise Failure("a position in percent of the runtime needs both")
            if positioned and "playback_position" in given and columns["playback_position"][1] in ("ratio", "percent"):
                if "runtime" not in given:
                    raise Failure("a position that is a part of the runtime needs a runtime")

    def find(self, name):
        """What becomes of that name, or None."""
        if name in self.names:
            return self.names[name]
        fits = [beginning for beginning in self.beginnings if name.startswith(beginning)]
        return self.beginnings[max(fits, key=len)] if fits else None


def zone_named(name):
    try:
        clean.zone_named(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as e:
        raise Failure(f"no such zone: {name}") from e
    return name


# --- Logs.


class Object(list):
    """The members of a JSON object, as pairs."""


def no_json(text):
    raise ValueError(text)


def parse_json(text):
    """Strict JSON; numbers as their text, true and false too. ValueError if it is not."""
    value = DECODER.decode(text)
    if "\ufeff" in text[:1]:
        raise ValueError("mark")
    return value


DECODER = json.JSONDecoder(object_pairs_hook=Object, parse_int=str, parse_float=str, parse_constant=no_json, strict=True)


def decoded(data):
    """Text in which what is not well-formed is lone surrogates, which only those mind who take it."""
    return data.decode("utf-8", "surrogateescape")


def without_mark(text):
    return text.removeprefix(b"\xef\xbb\xbf")


def json_values(data, file):
    """The values of documents behind each other. Damage is fatal."""
    text, at = decoded(data), 0
    while True:
        at = re.compile(r"[ \t\n\r]*").match(text, at).end()
        if at == len(text):
            return
        try:
            value, at = DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as e:
            raise Failure(f"{file}: {e}") from e
        yield value


def get_path(value, steps):
    """The value at a path, or None; rejects what is ambiguous on the way."""
    for step in steps:
        if step is None:
            if isinstance(value, str):
                check_text(value)
                value = value.strip(BLANKS)
                if value == "" or value in get_path.na:
                    return None
                try:
                    value = parse_json(value)
                except (ValueError, RecursionError) as e:
                    raise Reject("@json") from e
            continue
        if isinstance(step, int):
            value = value[step] if type(value) is list and step < len(value) else None
            continue
        if not isinstance(value, Object):
            return None
        found = [v for k, v in value if k == step]
        if len(found) > 1:
            raise Reject("duplicate key")
        value = found[0] if found else None
    return value


def check_text(text):
    if "\0" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise Reject("text")


class JsonRecord:
    def __init__(self, value):
        self.value = value

    def get(self, field):
        return self.text(get_path(self.value, field[1]))

    @staticmethod
    def text(value):
        if value is None:
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, list):
            raise Reject("object or array")
        check_text(value)
        return value.strip(BLANKS)


def alike(a, b):
    return a.encode().strip(BLANKS.encode()).lower() == b.encode().strip(BLANKS.encode()).lower()


def columns_in(part):
    """The columns that a part of a recipe names as its fields."""
    if isinstance(part, tuple) and part[:1] == ("column",):
        yield part[1]
    elif isinstance(part, (tuple, list, dict)):
        for other in part.values() if isinstance(part, dict) else part:
            yield from columns_in(other)


@functools.cache
def place_of(name, names):
    """Which name of a header is that one, or else the only one that is alike; None if none is."""
    if name in names:
        return names.index(name)
    places = [i for i, other in enumerate(names) if alike(name, other)]
    return places[0] if len(places) == 1 else None


class RowRecord:
    def __init__(self, names, fields):
        self.names, self.fields = names, fields

    def get(self, field):
        _, name, steps = field
        place = place_of(name, self.names)
        raw = None if place is None else self.fields[place]
        try:
            text = (raw or b"").strip(BLANKS.encode()).decode()
        except UnicodeDecodeError as e:
            raise Reject("text") from e
        check_text(text)
        return JsonRecord.text(get_path(text, steps)) if steps else text


def as_record(value):
    return JsonRecord(value) if isinstance(value, Object) else "no object"


def json_records(recipe, data, file):
    """Each record, or why it is none."""
    data = without_mark(data)
    if recipe.records:
        for document in json_values(data, file):
            try:
                records = get_path(document, recipe.records)
            except Reject as e:
                raise Failure(f"{file}: {e}") from e
            if type(records) is not list:
                raise Failure(f"{file}: no array of records")
            yield from map(as_record, records)
    elif data.lstrip(b" \t\r\n").startswith(b"["):
        for value in json_values(data, file):
            yield from map(as_record, value if type(value) is list else [value])
    else:
        for line in data.split(b"\n"):
            if line.strip(b" \t\r"):
                try:
                    yield as_record(parse_json(decoded(line)))
                except (ValueError, RecursionError):
                    yield "json"


def split(record, delimiter):
    """The fields of a CSV record; None if it is malformed."""
    fields, at = [], 0
    bare = re.compile(rb'[^"%s]*(?=%s|\Z)' % (re.escape(delimiter), re.escape(delimiter)))
    quoted = re.compile(rb'"((?:[^"]|"")*)"(?=%s|\Z)' % re.escape(delimiter))
    while True:
        in_quotes = record[at : at + 1] == b'"'
        m = (quoted if in_quotes else bare).match(record, at)
        if not m:
            return None
        fields.append(m.group(1).replace(b'""', b'"') if in_quotes else m.group())
        if m.end() == len(record):
            return fields
        at = m.end() + 1


def delimiter_of(header):
    outside = re.sub(rb'"[^"]*("|\Z)', b"", header)
    if b"," in outside:
        return b","
    return max((b"\t", b";", b"|"), key=outside.count) if re.search(rb"[\t;|]", outside) else b","


def csv_rows(data, file):
    """The header, then the fields of each record, None for a malformed one."""
    data, delimiter = without_mark(data), None
    while m := re.compile(rb"(?:sep=(.)|[ \t]*)\r?(?:\n|\Z)", re.I).match(data):
        if not m.end():
            raise Failure(f"{file}: no header")
        delimiter, data = m.group(1) or delimiter, without_mark(data[m.end() :])
    lines, at = data.split(b"\n"), 0
    if lines[-1] == b"":
        lines.pop()
    while at < len(lines):
        end, quotes = at + 1, lines[at].count(b'"')
        while end < len(lines) and quotes % 2:
            quotes += lines[end].count(b'"')
            end += 1
        raw = b"\n".join(lines[at:end]).removesuffix(b"\r")
        delimiter = delimiter or delimiter_of(raw)
        fields = split(raw, delimiter)
        if raw:
            yield fields
        at = at + 1 if fields is None else end


def tsv_rows(recipe, data):
    if recipe.columns_named:
        yield [name.encode() for name in recipe.columns_named]
    for line in without_mark(data).split(b"\n"):
        line = line.removesuffix(b"\r")
        if line:
            yield line.split(b"\t")


def lacking(source, names):
    """Whether a header has no fields for a source."""
    kind, fields = source
    missing = [] if kind == "constant" else [place_of(field[1], names) is None for field in fields]
    return all(missing) if kind == "hash" else any(missing)


def row_records(recipe, data, file, first):
    rows = csv_rows(data, file) if recipe.form == "csv" else tsv_rows(recipe, data)
    header = next(rows, None)
    if header is None:
        raise Failure(f"{file}: no header")
    names = tuple(map(bytes.decode, header))
    if first and first[0] != names and recipe.form == "csv":
        raise Failure(f"{file}: another header")
    first[:] = [names]
    for column in EVENT[:5] + PLAY:
        if column in recipe.columns and all(lacking(source, names) for source in recipe.columns[column][0]):
            raise Failure(f"{file}: the header has nothing for {column}")
    wanted = names if recipe.form == "csv" else set(columns_in(vars(recipe)))
    if any(name and names.count(name) > 1 for name in wanted):
        raise Failure(f"{file}: a column twice")
    for fields in rows:
        yield RowRecord(names, fields) if fields is not None and len(fields) == len(names) else "ragged"


def records_of(recipe, logs):
    first = []
    for file in logs:
        with open(file, "rb") as f:
            data = f.read()
        if not data:
            raise Failure(f"{file}: zero bytes")
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        if recipe.form == "json":
            yield from json_records(recipe, data, file)
        else:
            yield from row_records(recipe, data, file, first)


# --- Values.


def number_of(text):
    """The exact value of a number, or None. An exponent beyond 9999 is beyond everything."""
    m = NUMBER.match(text)
    if not m:
        return None
    exponent = max(-9999, min(int(m.group(3) or 0), 9999))
    value = Fraction("0" + m.group(2) + "0" * m.group(2).endswith(".")) * Fraction(10) ** exponent
    return -value if m.group(1) == "-" else value


def cut(value, digits):
    """A number without its finer decimals; those that no 64-bit integer can count are none."""
    value = int(value * 10**digits)
    if not -(2**63) < value < 2**63 - 1:
        raise Reject("number")
    return Fraction(value, 10**digits)


def must_be_number(text):
    value = number_of(text)
    if value is None:
        raise Reject("number")
    return value


def millionths(number):
    """A number as conditions compare it: finer decimals dropped, and none beyond 64 bits."""
    return max(-(2**63), min(int(number * 10**6), 2**63 - 1))


def seconds_of(text, unit):
    """A length or a place, in seconds, to the microsecond."""
    if unit == "hms" and ":" in text:
        m = re.fullmatch(r"(?:([0-9]+):(?=[0-5]?[0-9]:))?([0-9]+):([0-5]?[0-9](?:\.[0-9]+)?)", text)
        if not m:
            raise Reject("number")
        return cut(int(m.group(1) or 0) * 3600 + int(m.group(2)) * 60 + Fraction(m.group(3)), 6)
    value = must_be_number(text)
    return cut(value / 1000 if unit == "ms" else value, 6)


def iso_time(text, zone="UTC"):
    """Milliseconds of an ISO 8601 time or date, or None."""
    is_date = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)
    return clean.time_of((text + "T00:00" * bool(is_date)).encode(), zone)


def clock_of(text, unit, zone):
    """Milliseconds of a time, or None. A number counts as far as 64 bits do, in its unit, but not coarser than ms."""
    if not NUMBER.match(text):
        return iso_time(text, zone)
    value = clean.number(text.encode(), exact=True)
    unit = clean.unit_of(value) if value is not None and unit == "auto" else unit
    if value is None or unit is None:
        return None
    scale = 1000 if unit == "s" else 1
    return int(max(-(2**63), min(int(value * scale), 2**63 - 1)) * clean.UNITS[unit] / scale)


def signup_of(text, unit):
    """A time that ce-join reads: as it is, or that of a number."""
    if not NUMBER.match(text):
        if iso_time(text) is None:
            raise Reject("time")
        return text
    value = clean.number(text.encode(), exact=True)
    unit = clean.unit_of(value) if value is not None and unit == "auto" else unit
    if value is None or unit is None or abs(int(value)) >= 2**63 - 1:
        raise Reject("time")
    try:
        time = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=int(value * clean.UNITS[unit]))
    except OverflowError as e:  # before the year 1, or after 9999
        raise Reject("time") from e
    return time.isoformat(timespec="milliseconds").removesuffix(".000") + "Z"


def year_of(text):
    if NUMBER.match(text):
        year = cut(number_of(text), 6)
        if year.denominator > 1 or not -9999 <= year <= 9999:
            raise Reject("number")
        return str(year)
    if iso_time(text) is None:
        raise Reject("number")
    return str(int(text[:4]))


class Judge:
    """One record, with the columns that it is to be read by."""

    def __init__(self, recipe, record, zone):
        self.recipe, self.record, self.zone = recipe, record, zone
        self.columns = recipe.columns

    def get(self, field):
        """A field's text, None if it is empty."""
        text = self.record.get(field)
        return None if text is None or text == "" or text in self.recipe.na else text

    def source(self, source):
        kind, fields = source
        if kind == "constant":
            return fields
        values = []
        for field in fields:
            values.append(self.get(field))
            if values[-1] is None and kind != "hash":
                return None  # and what follows is not looked at
        if kind == "hash":
            return xxhash.xxh3_128_hexdigest(
                b"".join(b"-" if v is None else b"%d:%s" % (len(v.encode()), v.encode()) for v in values)
            )
        return values[0] if len(values) == 1 else "/".join(v.replace("%", "%25").replace("/", "%2F") for v in values)

    def first(self, sources):
        return next((value for value in map(self.source, sources) if value is not None), None)

    def text(self, column):
        return self.first(self.columns[column][0]) if column in self.columns else None

    def unit(self, column):
        return self.columns[column][1] if column in self.columns else None

    def seconds(self, column):
        """position, runtime and duration, exact; None: unknown."""
        text, unit = self.text(column), self.unit(column)
        if text is None:
            return None
        if unit in ("ratio", "percent"):
            runtime = self.seconds("runtime")
            if runtime is None or runtime <= 0:
                return None
            share = cut(must_be_number(text) / (100 if unit == "percent" else 1), 12)
            return cut(share * runtime, 6)
        return seconds_of(text, unit)

    def time(self, column):
        text = self.text(column)
        if text is None:
            return None
        ms = clock_of(text, self.unit(column), self.zone)
        if ms is None:
            raise Reject("time")
        return ms

    def holds(self, condition):
        kind, *rest = condition
        if kind == "percent":
            sign, percent = rest
            position, runtime = self.seconds("playback_position"), self.seconds("runtime")
            return position is not None and runtime is not None and runtime > 0 and compare(position * 10**8, sign, runtime * percent)
        field, *rest = rest
        text = self.get(field)
        if kind == "word":
            return (text in rest[1]) == (rest[0] == "=")
        if kind == "number":
            return text is not None and compare(millionths(must_be_number(text)), *rest)
        return (text is not None) == (kind == "exists")

    def result(self, result):
        return next(kind for kind, condition in result if condition is None or self.holds(condition))

    def rows(self, name_counts):
        """(class, rows of the events, what the dimensions get): see Adapt."""
        recipe = self.recipe
        for condition in recipe.wheres:
            if not self.holds(condition):
                return "condition", None, None
        if recipe.whole:
            kind = self.result(recipe.outcome or [("stop", None)])
            if kind == "ignore":
                return "outcome", None, None
        else:
            name = self.text("event_type") or ""
            found = recipe.find(name)
            if not found:
                name_counts[name] += 1
                return "unknown", None, None
            self.columns = {**recipe.columns, **found[1]}
            kind = self.result(found[0])
            if kind == "ignore":
                return "name", None, None
        event = {c: self.text(c) for c in ("user_id", "content_id")}
        values = {c: self.text(c) for c in USER + CONTENT}
        runtime = self.seconds("runtime")
        if runtime is not None:
            runtime += Fraction(1, 2)
            seconds = runtime.numerator // runtime.denominator
            if seconds >= 2**31:
                raise Reject("number")
            values["runtime"] = str(seconds) if seconds > 0 else None
        if values["signup_date"] is not None:
            values["signup_date"] = signup_of(values["signup_date"], self.unit("signup_date"))
        if values["release_year"] is not None:
            values["release_year"] = year_of(values["release_year"])
        if not recipe.whole:
            event["event_ts"] = self.time("event_ts")
        if kind == "dimension":
            return "dimension", [], (event["event_ts"], event, values)
        event |= {c: self.text(c) for c in ("event_id", "device")}
        kept = [self.first(sources) for sources in recipe.keep.values()]
        position = self.seconds("playback_position")
        event["playback_position"] = None if position is None else int(position)
        if recipe.whole:
            start, end = self.play()
            play_id, end_id = (event["event_id"] and event["event_id"] + suffix for suffix in ("-1", "-2"))
            rows = [{**event, "event_id": play_id, "event_ts": start, "event_type": "play", "playback_position": None},
                    {**event, "event_id": end_id, "event_ts": end, "event_type": kind}]  # fmt: skip
            return "event", [[row[c] for c in EVENT] + kept for row in rows], (end, event, values)
        event["event_type"] = kind
        return "event", [[event[c] for c in EVENT] + kept], (event["event_ts"], event, values)

    def play(self):
        start, end, duration = self.time("start"), self.time("end"), self.seconds("duration")
        if duration is not None:
            duration = int(duration * 1000)
            if duration < 0:
                raise Reject("negative duration")
        if "start" not in self.columns:
            start = None if end is None or duration is None else end - duration
        elif "end" not in self.columns:
            end = None if start is None or duration is None else start + duration
        elif start is not None and end is not None and end < start:
            raise Reject("negative duration")
        if any(time is not None and not -(2**63) <= time < 2**63 for time in (start, end)):
            raise Reject("time")
        return start, end


def compare(a, sign, b):
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]


# --- The tables.


def csv_line(values):
    return b",".join(b"" if v is None else encode(str(v).encode()) for v in values)


class Dimension:
    def __init__(self, columns):
        self.columns, self.rows = columns, {}

    def add(self, ts, key, values):
        if ts is None or key is None:
            return
        row = self.rows.setdefault(key, {})
        for c in self.columns[1:]:
            if values[c] is not None:
                row[c] = max(row.get(c, (ts, b"")), (ts, values[c].encode()))

    def table(self):
        lines = [csv_line(self.columns)]
        for key in sorted(self.rows, key=str.encode):
            row = self.rows[key]
            lines.append(csv_line([key] + [row[c][1].decode() if c in row else None for c in self.columns[1:]]))
        return b"\n".join(lines + [b""])


def too_many(n, n_records, bound):
    return n * 100 > Fraction(bound[:-1]) * n_records if bound.endswith("%") else n > int(bound)


def adapt(recipe, logs, zone=None, max_rejects="0"):
    """(events, users, contents, counts); Failure if that is an error."""
    zone = zone_named(zone) if zone else recipe.zone or "UTC"
    get_path.na = recipe.na
    events = [csv_line(EVENT + list(recipe.keep))]
    users, contents = Dimension(["user_id"] + USER), Dimension(["content_id"] + CONTENT)
    counts, reasons, unknown = collections.Counter(), collections.Counter(), collections.Counter()
    for record in records_of(recipe, logs):
        counts["records"] += 1
        try:
            if isinstance(record, str):
                raise Reject(record)
            kind, rows, dimension = Judge(recipe, record, zone).rows(unknown)
        except Reject as e:
            reasons[str(e)] += 1
            continue
        if kind in ("event", "dimension"):
            counts["events"] += len(rows)
            counts["dimension"] += kind == "dimension"
            events += map(csv_line, rows)
            ts, ids, values = dimension
            users.add(ts, ids["user_id"], values)
            contents.add(ts, ids["content_id"], values)
        else:
            counts["ignored by " + kind] += 1
    counts["rejected"] = sum(reasons.values())
    if unknown:
        raise Failure(f"events that the recipe does not know: {dict(unknown)}")
    if too_many(counts["rejected"], counts["records"], max_rejects):
        raise Failure(f"rejected: {dict(reasons)}")
    return b"\n".join(events + [b""]), users.table(), contents.table(), {**counts, "reasons": reasons}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("recipe")
    parser.add_argument("logs", nargs="*")
    for name in ("--events", "--users", "--contents", "--tz"):
        parser.add_argument(name)
    parser.add_argument("--max-rejects", default="0")
    args = parser.parse_args()
    try:
        *tables, counts = adapt(Recipe(args.recipe), args.logs, args.tz, args.max_rejects)
    except Failure as e:
        sys.exit(f"adapt.py: {e}")
    for name, table in zip((args.events, args.users, args.contents), tables):
        if name:
            with open(name, "wb") as file:
                file.write(table)
    json.dump(counts, sys.stdout)
    print()


if __name__ == "__main__":
    main()
