#!/usr/bin/env python3
"""Random recipes and random dirty logs that suit them, and ce-adapt (from PATH) held against adapt.py.

    adapt_cases.py law RUNS [SEED]     the same tables, byte for byte, and the same counts; or both fail
    adapt_cases.py long RUNS [SEED]    the same of logs of thousands of records, which no buffer holds whole
    adapt_cases.py order RUNS [SEED]   records and files in another order: the same events, in another
                                       order, and the same dimensions
    adapt_cases.py retry RUNS [SEED]   every record twice: ce-clean makes the same of it as of once
    adapt_cases.py faults RUNS [SEED]  a recipe with a random mistake: an error in the same line, or none
    adapt_cases.py write SEED          the files of a case, in the current folder, and its command

Each on RUNS cases, from that seed on (1); what differs is left in the current folder.
"""
import gzip
import json
import random
import re
import shlex
import subprocess
import sys

import adapt
import clean
import join

LOG_FORMS = "lines array records csv tsv columns".split()
KEYWORDS = set("constant hash in none if else exists empty playback_position event_type".split())
NAMES = [
    "Video Playback Started", "Video Playback Paused", "Video Playback Completed", "Video Ad Started", "Video Ad",
    "Video Ad Break Started", "Video", "play", "PLAY", "a*", "*", "\u00e9v\u00e9nement", "->", "ignore", 'the "end"', "back\\slash",
    "# no comment", "1.50",
]  # fmt: skip
KEYS = [
    "id", "user", "userId", "properties", "context", "event", "video", "position", "time", "x", "y", "z", "a_b", "A-1", "0",
    "b.c", "with blank", "caf\u00e9", 'say "x"', "back\\slash", "[0]", "@json", "#1", "in", "hash", "constant", "none", "=", "\U0001f3ac",
    "x[1]", "a,b", "a;b", "a|b", "100%",
]  # fmt: skip
TEXTS = [
    "u1", "u2", "u3", "u1", "u2", "ada", "a,b", 'say "x"', "100%", "a/b", "a%2Fb", "two\nlines", "cr\r\nlf", "\\.", "caf\u00e9",
    "\U0001f3ac", "\u2028", "\ufeff", "123456789012345678", "9007199254740993", "a\tb", "'", "\x7f", "x" * 200, "-1", "\\N",
]  # fmt: skip
RAW_NUMBERS = ["0", "-0", "1.50", "1E5", "1e-3", "123456789012345678901234567890", "-7", "0.1", "9007199254740993", "1e400"]
WORDS = ["tv", "web", "track", "page", "true", "false", "1", "0", "NA", "-", "null", "live", "vod", "a=b", "a+b", "x->y", "!"]
MORE = ["free", "Free", "gold", "Drama", "drama", "9", "10", "2020-01-01", "2020-01-01T10:00:00", "PG", "PG-13", "1999", "\u00e9"]
MORE_COLUMNS = "email plan_tier genre maturity_rating".split()
YEARS = [*join.YEARS, "0", "-0", "+1999", "01999", "9999", "-9999", "1.999e3", "19990e-1", "1999.", "0999-12-31", "2001-05-01",
         "2020-02-29T23:30-05:00", "2019-12-31 23:59:59.999 UTC", "1999-01-01T00:00Z"]  # fmt: skip
BAD_YEARS = [*join.BAD_YEARS, "10000", "-10000", "1999.5", "1999.0000001", "1999." + "0" * 30 + "1", "1e400", "1e-9", "2021-02-29",
             "2001-05", "1640995200", "2001-05-01T", "-2001-05-01", "true", "02001-05-01"]  # fmt: skip
BAD_YEARS.remove("2001-05-01")
# Milliseconds: the edges of the years 1 and 9999, and of what 64 bits count as nanoseconds.
EDGES = [-62135596800000, 253402300799999, 0, -1, -1500, 951782400000, 4102444800000, 9223372036853]
BEYOND = [-62135596800001, 253402300800000, -(10**17), 10**15, 2**63, 10**30]
BAD = ["\0", "a\0b", "\ud800", "x\udc00", "\udc00\ud800"]
JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?\Z")
PLAIN = re.compile(r'[^"\\/\x00-\x1f\ud800-\udfff]*\Z')
SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
BASE = 1649400000000


class Number(str):
    """A JSON number, as its text."""


# --- Values.


def digits(r, value, decimals):
    """A number in one of its forms; value counts units of 10^-decimals."""
    sign, value = "-" * (value < 0), abs(value)
    whole, part = divmod(value, 10**decimals)
    text = f"{whole}" + (f".{part:0{decimals}}" if decimals else "")
    kind = r.random()
    if kind < 0.6:
        return sign + text
    if kind < 0.7:
        return f"{sign}{value}e-{decimals}"
    if kind < 0.8 and decimals:
        return sign + text + r.choice(["0", "00000", "9" * 30, "0" * 30 + "1"])
    if kind < 0.9:
        shift = r.randrange(1, 5)
        return f"{sign}{whole}{part:0{decimals}}"[: len(sign) + 40] + f"{r.choice('eE')}-{decimals}" if decimals else f"{sign}{value}{'0' * shift}E-{shift}"
    return sign + text


def number_text(r, unit, place=True):
    """A position, runtime or duration, mostly within its bounds."""
    if r.random() < 0.05:
        return r.choice([p.decode() for p in clean.POSITIONS] + ["1e3", "true", "12:", "1,5", "0x10", "NaN", "Infinity", "1.", "--1"])
    if unit == "ratio":
        return digits(r, *r.choice([(29, 2), (95, 2), (1, 0), (5, 1), (r.randrange(1001), 3), (949999999, 9), (95, 2), (0, 0)]))
    if unit == "percent":
        return digits(r, *r.choice([(r.randrange(101), 0), (r.randrange(1001), 1), (95, 0), (9499999, 5), (100, 0)]))
    if not place and r.random() < 0.03:
        return digits(r, 2147483647000 + r.choice([-1, 0, 1, 499, 500, 999, 1000]), 0 if unit == "ms" else 3)
    seconds = r.choice([0, 1, 10, 95, 100, 29, 60, 3599, r.randrange(200)] if place else [100, 100, 200, 60, 1500, 29, 0, r.randrange(200)])
    if unit == "ms":
        return digits(r, *r.choice([(seconds * 1000 + r.choice([0, 499, 500, 999]), 0), (seconds * 10000 + r.randrange(10000), 1)]))
    if unit == "hms" and r.random() < 0.8:
        hours, rest = divmod(seconds, 3600)
        text = f"{rest // 60:02}:{rest % 60:02}" + r.choice(["", "", ".5", ".4999", ".999999999999"])
        return text if not hours and r.random() < 0.4 else f"{hours:0{r.choice([1, 2, 2, 3])}}:{text}"
    if r.random() < 0.05:
        return digits(r, -seconds * 10 - 5, 1)
    return digits(r, *r.choice([(seconds, 0), (seconds, 0), (seconds * 10 + 5, 1), (seconds * 1000 + r.choice([499, 500, 999]), 3)]))


def time_text(r, unit, zone):
    if r.random() < 0.06:
        text = clean.random_time(r, zone).decode()
        return text if "1970" <= text[:4] <= "2099" or text[4:5] != "-" else "0"  # zones are known from 1970 to 2100
    if r.random() < 0.02:
        return r.choice(["2022-04-08", "2022-02-30", "2022-04-08 ", "today"])
    ms = BASE + r.choice([0, 1000, r.randrange(5) * 1000, r.randrange(100000)])
    forms = [unit if unit not in (None, "auto") else r.choice(list(clean.UNITS))] * 3 + ["utc", "offset", "bare"]
    return clean.written(r, ms, r.choice(forms)).decode()


def signup_text(r, unit):
    kind = r.random()
    if kind < 0.05:
        return r.choice(join.BAD_SIGNUPS + ["1", "2020", "20240101", "0", "today"])
    if kind < 0.3:
        return r.choice([*join.SIGNUPS, "0001-01-01", "9999-12-31T23:59:59.999Z", "2022-03-27 02:30", "2022-10-30T02:30:00.5"])
    if kind < 0.5:
        form = r.choice(["utc", "offset", "bare"])
        return clean.written(r, r.randrange(10**12, 18 * 10**11), form).decode()
    ms = r.choice([r.randrange(20000) * 86400000, r.randrange(18 * 10**8) * 1000, r.randrange(18 * 10**11)])
    if kind < 0.6:
        ms = r.choice(EDGES + BEYOND * (kind < 0.53))
    scale = {"s": -3, "ms": 0, "us": 3, "ns": 6}[r.choice(list(clean.UNITS)) if unit == "auto" else unit]
    fine = r.choice([0, 0, 0, 3])  # digits below the millisecond, or below the unit
    value, decimals = ms * 10 ** max(scale + fine, 0) + r.choice([0, r.randrange(10 ** max(scale + fine, 0))]), max(-scale, fine)
    if unit in ("ns", "auto") and abs(value) >= 2**63 * 10**decimals:
        return "-1"  # nanoseconds are counted by 64 bits, and stay there
    return digits(r, value, decimals)


def value_of(r, kind, case):
    """A value for a field of that kind: text, a Number, True, False."""
    what, unit = kind
    if what == "name":
        return r.choice(case.names)
    if what == "time":
        text = time_text(r, unit, case.zone)
    elif what == "place":
        text = number_text(r, unit)
    elif what == "length":
        text = number_text(r, unit, place=False)
    elif what == "signup":
        text = signup_text(r, unit)
    elif what == "year":
        text = r.choice(BAD_YEARS if r.random() < 0.1 else YEARS)
    elif what == "word":
        text = r.choice(WORDS)
        if text in ("true", "false") and r.random() < 0.7:
            return text == "true"
    elif what == "more":
        text = r.choice(MORE)
    else:
        text = r.choice(TEXTS)
        if r.random() < 0.1:
            text = Number(r.choice(RAW_NUMBERS))
    if JSON_NUMBER.match(text) and r.random() < 0.6:
        return Number(text)
    return text


# --- JSON.


def blanks(r, free):
    return r.choice(["", "", "", " ", "  ", "\t"] + (["\n", "\r\n"] if free else [])) if r.random() < 0.3 else ""


def json_text(r, text):
    out, escapes = [], r.random() < 0.1
    if not escapes and PLAIN.match(text):
        return f'"{text}"'
    for c in text:
        code = ord(c)
        if c in SHORT and not (escapes and r.random() < 0.3):
            out.append(SHORT[c])
        elif c == "/" and r.random() < 0.3:
            out.append("\\/")
        elif code < 32 or c in '"\\' or 0xD800 <= code < 0xE000 or (escapes and r.random() < 0.3):
            units = c.encode("utf-16-be", "surrogatepass")
            hexa = r.choice([str.lower, str.upper])
            out += ["\\u" + hexa(units[i : i + 2].hex()) for i in range(0, len(units), 2)]
        else:
            out.append(c)
    return '"' + "".join(out) + '"'


def dumps(r, value, free=False):
    """JSON with blanks; free: line breaks, too."""
    gap = lambda: blanks(r, free)
    if isinstance(value, adapt.Object):
        members = [gap() + json_text(r, k) + gap() + ":" + gap() + dumps(r, v, free) + gap() for k, v in value]
        return "{" + (",".join(members) or gap()) + "}"
    if isinstance(value, list):
        return "[" + (",".join(gap() + dumps(r, v, free) + gap() for v in value) or gap()) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, Number) else json_text(r, value)


def noise(r, depth=2):
    kind = r.random()
    if kind < 0.2 and depth:
        return adapt.Object((r.choice(KEYS), noise(r, depth - 1)) for _ in range(r.randrange(4)))
    if kind < 0.4 and depth:
        return [noise(r, depth - 1) for _ in range(r.randrange(4))]
    return r.choice([None, True, False, "", "text", Number("1.5e3"), Number("-0"), "\ud800", "a\0", "\U0001f3ac"])


# --- A case: a recipe, and records that suit it.


class Case:
    """Fields are trees: {key or index or None (@json): tree}, and at the leaves their kind."""

    def __init__(self, seed):
        self.r = r = random.Random(seed)
        self.form = r.choice(LOG_FORMS)
        self.is_json = self.form in ("lines", "array", "records")
        self.tree, self.fields = {}, []  # fields: (steps, kind)
        self.names = r.sample(NAMES, r.randint(2, 8))
        self.zone = r.choice(clean.ZONES)
        self.units = {}
        self.delimiter = r.choice(",,;\t|")
        self.na = r.sample(["NA", "-", "null", "0", "N/A", "Not latest view", "true"], r.randint(0, 2))
        self.recipe = self.write_recipe()
        self.header = self.written_names()
        self.words = ["--max-rejects", r.choice(["100%"] * 8 + ["0", "3", "20%"])]
        if r.random() < 0.3:
            self.words += ["--tz", r.choice(clean.ZONES)]
        dirt = r.choice([0, 0.02, 0.1, 0.3])
        n = r.choice([0, 1, 3, 10, 30, 30, 60])
        self.records = [self.record(dirt) for _ in range(n)]
        self.records += r.sample(self.records, r.randrange(n // 4 + 1))

    # Fields.

    def steps(self):
        r = self.r
        steps = [self.key()]
        while r.random() < (0.5 if self.is_json else 0.15) or steps[-1] is None:
            kind = r.random()
            if not self.is_json and len(steps) == 1 or kind < 0.15:
                steps.append(None if steps[-1] is not None else self.key())
            elif kind < 0.4:
                steps.append(r.choice([0, 0, 0, 1, 2]))
            else:
                steps.append(self.key())
        return steps

    def key(self):
        return self.r.choice(KEYS[:15] if self.r.random() < 0.7 else KEYS)

    def fits(self, steps):
        node = self.tree
        for step in steps:
            if not isinstance(node, dict) or node and any(type(step) is not type(other) for other in node):
                return False
            if step not in node:
                return True
            node = node[step]
        return False

    def field(self, kind):
        """A field of that kind, new or known, as a word of the recipe."""
        known = [steps for steps, k in self.fields if k == kind]
        if known and self.r.random() < 0.3:
            return self.word(self.r.choice(known))
        while not self.fits(steps := self.steps()):
            pass
        node = self.tree
        for step in steps[:-1]:
            node = node.setdefault(step, {})
        node[steps[-1]] = kind
        self.fields.append((steps, kind))
        return self.word(steps)

    def word(self, steps):
        """A path as the recipe writes it."""
        r, out = self.r, ""
        if not self.is_json:
            if len(steps) > 1 or not is_bare(steps[0]) or r.random() < 0.3:
                out = quoted(steps[0])
            else:
                out = steps[0]
            steps = steps[1:]
            out += "." * bool(steps)
        for i, step in enumerate(steps):
            if step is None:
                out += "." * (i > 0) + "@json"
            elif isinstance(step, int):
                out += f"[{step}]"
            else:
                plain = is_bare(step) and re.fullmatch(r"[^.\[\]@+<>!-][^.\[\]]*", step)
                out += "." * (i > 0) + (step if plain and r.random() < 0.8 else quoted(step))
        return out

    # The recipe.

    def source(self, kind):
        r = self.r
        if kind[0] in ("text", "more") and r.random() < 0.15:
            if r.random() < 0.5:
                return "hash " + " ".join(self.any_field() for _ in range(r.randint(1, 4)))
            return " + ".join(self.field(r.choice([kind, ("text", None)])) for _ in range(r.randint(2, 3)))
        if r.random() < 0.08:
            value = value_of(r, kind, self)
            if isinstance(value, str) and value and "\n" not in value and "\r" not in value:
                return "constant " + quoted(value)
        return self.field(kind)

    def any_field(self):
        r = self.r
        texts = [steps[: i + 1] for steps, _ in self.fields for i in range(len(steps) - 1) if steps[i + 1] is None]
        if texts and r.random() < 0.3:
            return self.word(r.choice(texts))  # the text that JSON is in
        return self.field(r.choice([("text", None), ("text", None), ("word", None), ("time", None), ("place", "s")]))

    def sources(self, kind):
        r = self.r
        n = r.choice([1, 1, 1, 2, 3])
        return (" | ").join(self.source(kind) for _ in range(n))

    def unit_of(self, column):
        """How a statement writes it, too."""
        units = adapt.UNITS[column]
        unit = self.r.choice(units)
        return unit, "" if unit == units[0] and self.r.random() < 0.7 else " in " + unit

    def column(self, name, override=False):
        r = self.r
        if override and r.random() < 0.2:
            return f"{name} = none"
        if name in adapt.UNITS:
            unit, suffix = self.unit_of(name)
            what = {"playback_position": "place", "runtime": "length", "duration": "length", "signup_date": "signup"}.get(name, "time")
            return f"{name} = {self.sources((what, unit))}{suffix}"
        kinds = {"event_type": "name", "release_year": "year", "device": "word", **dict.fromkeys(MORE_COLUMNS, "more")}
        kind = kinds.get(name, "text")
        return f"{name} = {self.sources((kind, None))}"

    def condition(self, overridable=True):
        r = self.r
        kind = r.random()
        if kind < 0.4:
            words = [r.choice(WORDS) for _ in range(r.choice([1, 1, 2, 3]))]
            sign = r.choice(["=", "!="])
            return f"{self.field(('word', None))} {sign} " + " | ".join(bare_or_quoted(r, w) for w in words)
        if kind < 0.6:
            field = self.field(("place", r.choice(["s", "ms", "ratio"])))
            number = digits(r, *r.choice([(95, 2), (100, 0), (r.randrange(1000), 1), (10000, 0), (-5, 1)]))
            return f"{field} {r.choice(['<', '<=', '>', '>='])} {number}"
        if kind < 0.75:
            return f"{self.field(r.choice([('text', None), ('word', None), ('more', None)]))} {r.choice(['exists', 'empty'])}"
        return f"playback_position {r.choice(['<', '<=', '>', '>='])} {r.choice(['95', '29', '50', '0', '100', '94.5', '33.333'])}%"

    def result(self, types):
        r = self.r
        if r.random() < 0.3:
            return f"{r.choice(types)} if {self.condition()} else {r.choice(types)}"
        return r.choice(types)

    def events(self):
        """The event lines: (line, overrides) of each."""
        r = self.r
        names = [quoted(name) if "*" in name else bare_or_quoted(r, name) for name in self.names]
        if r.random() < 0.7:  # some are met by a star, or by a beginning
            names = [name for name in names if r.random() < 0.7]
            names += [quoted(b) + "*" for b in ("Video", "Video Ad", "Video Playback ", "a", "->", "pl") if r.random() < 0.4] + ["*"]
        elif r.random() < 0.1:
            names.pop()
        r.shuffle(names)
        types = adapt.TYPES * 2 + ["ignore", "ignore", "dimension"]
        blocks = []
        while names:
            line = "event"
            for _ in range(r.randint(1, 3)):
                if names:
                    line += " " + names.pop()
            overrides = []
            if r.random() < 0.4:
                columns = [c for c in adapt.EVENT + adapt.USER + adapt.CONTENT if c != "event_type"]
                for c in r.sample(["playback_position"] * 6 + columns, r.randint(1, 3)):
                    if not any(o.startswith(c + " ") for o in overrides):
                        overrides.append(self.column(c, override=True))
            blocks.append([f"{line} -> {self.result(types)}"] + [r.choice([" ", "\t", "   "]) + o for o in overrides])
        return blocks

    def write_recipe(self):
        r = self.r
        form = {"csv": "csv", "tsv": "tsv", "columns": "tsv"}.get(self.form, "json")
        blocks = []
        if self.form == "records":
            self.records_at = [self.key() for _ in range(r.choice([1, 2, 3]))]
            if r.random() < 0.2:
                self.records_at.insert(r.randint(1, len(self.records_at)), 0)
            blocks.append(["records " + self.word(self.records_at)])
        if self.na:
            blocks.append(["na " + " ".join(bare_or_quoted(r, w) for w in self.na)])
        if r.random() < 0.5:
            blocks.append(["zone " + self.zone])
        for column, chance in (("event_id", 1), ("user_id", 1), ("content_id", 1), ("playback_position", 0.8), ("device", 0.5),
                               ("runtime", 0.9), *((c, 0.4) for c in adapt.USER + ["genre", "release_year", "maturity_rating"])):  # fmt: skip
            if r.random() < chance:
                blocks.append([self.column(column)])
        if r.random() < 0.35:
            for column in r.sample(adapt.PLAY, 2):
                blocks.append([self.column(column)])
            if r.random() < 0.8:
                blocks.append(["outcome " + self.result(["stop", "complete", "complete", "ignore"])])
        else:
            blocks += [[self.column("event_ts")], [self.column("event_type")], *self.events()]
        for _ in range(r.choice([0, 0, 0, 0, 1, 2])):
            blocks.append(["where " + self.condition()])
        for name in r.sample(KEYS, r.choice([0, 0, 1, 3])):
            blocks.append([f"keep {quoted(name)} = {self.sources(('text', None))}"])
        if r.random() < 0.2:
            blocks.append(["options ce-clean --allow-empty device"])
        r.shuffle(blocks)
        if self.form == "columns":
            self.columns = list(self.tree) + r.sample(["more", "unused 1"], r.randrange(3))
            r.shuffle(self.columns)
            if len(self.columns) < 2:
                self.columns += ["other", "others"]
            blocks.insert(0, ["columns " + " ".join(quoted(c) for c in self.columns)])
        blocks.insert(0, [f"format {form}"])
        blocks = fitting(blocks)
        lines = [line for block in blocks for line in block]
        out = []
        for line in lines:
            if r.random() < 0.1:
                out.append(r.choice(["", "# a comment", "   # another", "  "]))
            out.append(line + (r.choice([" # why", " ", "\t", " #"]) if r.random() < 0.1 else ""))
        return "\n".join(out) + "\n"

    def written_names(self):
        """How the header writes those names that it does not write as the recipe does."""
        r = self.r
        if self.form not in ("csv", "tsv") or r.random() < 0.7:
            return {}
        changes = [lambda n: n.encode().upper().decode(), str.upper, str.swapcase, lambda n: f" {n}  "]  # bytes: ASCII alone
        header = {name: r.choice(changes)(name) for name in self.tree if r.random() < 0.5}
        if r.random() < 0.2 and not any(" " in name for name in header.values()):
            header["more 0"] = r.choice(list(self.tree)).title()  # one that is alike to another, mostly
        return header

    # Records.

    def record(self, dirt):
        """A record as bytes, or for rows a list of fields."""
        r = self.r
        bad = self.r.random() < dirt
        bad_leaf = r.choice(self.fields)[0] if bad and r.random() < 0.8 else None
        self.damage = r.random() if bad and not bad_leaf else 1
        if not self.is_json:
            row = {name: self.cell(node, [name], bad_leaf) for name, node in self.tree.items()}
            return row
        value = self.value(self.tree, [], bad_leaf)
        if self.damage < 0.4:
            self.repeat_key(value)
        if self.damage < 0.5 and r.random() < 0.3:
            value = noise(r)
        return value

    def value(self, node, steps, bad_leaf):
        """The JSON value of a tree; None may stand for nothing."""
        r = self.r
        if not isinstance(node, dict):
            return self.leaf(node, steps == bad_leaf)
        if r.random() < 0.02 and steps:
            return r.choice([None, "", "text", Number("1"), True, [], adapt.Object()]) if None not in node else None
        children = {step: self.value(child, steps + [step], bad_leaf) for step, child in node.items()}
        first = next(iter(children))
        if first is None:
            inner = children[None]
            if bad_leaf and bad_leaf[: len(steps) + 1] == steps + [None] and r.random() < 0.5:
                return r.choice(["{", "{}}", "no JSON", "[1,]", "{'a':1}", " ", "NaN", "01", '{"a":1', "\ufeff{}", '{\f"a":1}'])
            if isinstance(inner, list) and r.random() < 0.2 and self.is_json:
                return inner
            if r.random() < 0.05:
                return r.choice(self.na + ["", " ", "null"])
            around = r.choice(["", "\v", " \f"]) if r.random() < 0.02 else ""  # blanks of the value, not of its JSON
            return around + dumps(r, inner, free=r.random() < 0.2) + " x" * (r.random() < 0.003)
        if isinstance(first, int):
            last = max(children) + r.choice([0, 0, 0, 1])
            return [children[i] if i in children else r.choice([None, "", "else", Number("7")]) for i in range(last + 1)]
        members = [(k, v) for k, v in children.items() if v is not None or r.random() < 0.5]
        for _ in range(r.choice([0, 0, 1, 2])):
            key = r.choice(["other", "more"] + KEYS)
            if key not in children:
                members.append((key, noise(r)))
        r.shuffle(members)
        return adapt.Object(members)

    def leaf(self, kind, bad):
        r = self.r
        if bad:
            choice = r.random()
            if choice < 0.3:
                return r.choice([adapt.Object(), [], ["x"], adapt.Object([("a", "b")])])
            if choice < 0.5:
                return r.choice(BAD)
            return r.choice(["x", True, Number("-1"), " 5", "5 ", Number("1e99"), "1e5000", "0:61", "1:2:3:4", "99:99", "", None, "  "])
        if r.random() < 0.07:
            return r.choice([None, None, ""] + self.na)
        return value_of(r, kind, self)

    def repeat_key(self, value):
        """A key twice, somewhere."""
        r, objects = self.r, []

        def walk(v):
            if isinstance(v, adapt.Object):
                objects.append(v)
                for _, child in v:
                    walk(child)
            elif isinstance(v, list):
                for child in v:
                    walk(child)

        walk(value)
        objects = [o for o in objects if o]
        if objects:
            o = r.choice(objects)
            key, v = r.choice(o)
            o.insert(r.randrange(len(o) + 1), (key, r.choice([v, None, "x", noise(r)])))

    def cell(self, node, steps, bad_leaf):
        value = self.value(node, steps, bad_leaf)
        r = self.r
        if value is None:
            return b""
        if isinstance(value, bool):
            value = "true" if value else "false"
        if isinstance(value, list):
            value = r.choice(["x", "[1]"])
        out = value.encode("utf-8", "surrogatepass")
        if r.random() < 0.05:
            out = r.choice([b" ", b"\t", b"  "][: 1 + 2 * (self.form == "csv" and self.delimiter != "\t")]) + out + r.choice([b"", b" "])
        return out

    # Files.

    def log_files(self, records, seed):
        """The contents of files that hold them, in that order: the same as long as the seed is."""
        r = random.Random(seed)
        n = r.choice([1, 1, 1, 2, 3])
        cuts = sorted(r.randrange(len(records) + 1) for _ in range(n - 1))
        parts = [records[a:b] for a, b in zip([0] + cuts, cuts + [len(records)])]
        mark = r.choice([b""] * 9 + [b"\xef\xbb\xbf"])
        self.dressing = r
        if self.is_json:
            self.written = [self.json_file(part, r) for part in parts]
        else:
            names = list(self.tree) + [f"more {i}" for i in range(r.randrange(2))] + ["last"] * (len(self.tree) < 2)
            if self.dirty and r.random() < 0.1 and len(names) > 3:
                names.pop(r.randrange(len(names)))
            self.written = []
            for part in parts:
                if self.form == "tsv" or not self.written:
                    r.shuffle(names)
                self.written.append(self.row_file(part, names if self.form != "columns" else self.columns, r))
        return [gzip.compress(mark + data, 1) if r.random() < 0.2 else mark + data for data in self.written]

    def json_file(self, records, r):
        if self.form == "lines":
            lines = []
            for record in records:
                line = dumps(r, record).encode("utf-8", "surrogatepass")
                if self.dirty and r.random() < 0.02:
                    at = r.randrange(len(line))
                    line = r.choice([line[:at], line[:at] + r.choice([b"x", b",", b"{", b'"', b"\\", b"\x01"]) + line[at:], line + b"{}",
                                     b"null", b"5", b'"x"', b"[]", line + b",", b"\xff", b"\v" + line, line + b"\f", b"\f"])  # fmt: skip
                    line = line.replace(b"\n", b"")
                    if not lines and line.lstrip(b" \t\r")[:1] == b"[":
                        line = b"null"
                lines.append(blanks(r, False).encode() + line + blanks(r, False).encode() + r.choice([b"\n"] * 5 + [b"\r\n", b"\n\n", b"\n \n"]))
            data = b"".join(lines)
            return data[:-1] if data.endswith(b"\n") and r.random() < 0.2 else data
        if self.form == "array":
            data = (blanks(r, True) + dumps(r, list(records), free=True) + blanks(r, True)).encode()
            return self.damaged(r, data)
        n = r.choice([1, 1, 1, 2, 3])
        cuts = sorted(r.randrange(len(records) + 1) for _ in range(n - 1))
        documents = []
        for a, b in zip([0] + cuts, cuts + [len(records)]):
            value = list(records[a:b])
            for step in reversed(self.records_at):
                if isinstance(step, int):
                    value = [value] + [noise(r)] * r.randrange(2)
                else:
                    members = [(step, value)] + [(f"noise {i}", noise(r)) for i in range(r.randrange(2))]
                    r.shuffle(members)
                    value = adapt.Object(members)
            documents.append(dumps(r, value, free=r.random() < 0.5))
        return self.damaged(r, r.choice(["\n", "\n\n", " ", "\r\n"]).join(documents).encode())

    def damaged(self, r, data):
        """Whole documents, rarely with damage that ends the run."""
        if not self.dirty or r.random() > 0.05:
            return data
        at = r.randrange(1, len(data))
        return r.choice([data[:at], data + b"]", data + b" x", data[: data.rfind(b"]")] + b",]", data[:-1], data + b"[]", data + b"\f",
                         data[:at] + b"\v" + data[at:]])  # fmt: skip

    def row_file(self, records, names, r):
        line_end = r.choice([b"\n", b"\n", b"\r\n"])
        if self.form == "csv":
            delimiter = self.delimiter.encode()

            def cell(text, header=False):
                must = re.search(b'["\r\n' + re.escape(delimiter) + b"]", text) or header and re.search(rb"[,;|\t]", text)
                if must or r.random() < 0.05:
                    return b'"' + text.replace(b'"', b'""') + b'"'
                return text

            rows = [delimiter.join(cell(self.header.get(n, n).encode(), True) for n in names)]
        else:
            delimiter = b"\t"

            def cell(text):
                return re.sub(rb"[\t\n\r]", b" ", text)

            rows = [] if self.form == "columns" else [b"\t".join(cell(self.header.get(n, n).encode()) for n in names)]
        for record in records:
            row = delimiter.join(cell(record.get(n, r.choice([b"", b"x"]))) for n in names)
            if self.dirty and r.random() < 0.03:
                row = r.choice([row + delimiter, row + delimiter + b"x", cell(b"short"), row[: len(row) // 3 if b'"' not in row else None]])
            if self.dirty and r.random() < 0.02 and self.form == "csv":
                at = r.randrange(len(row) + 1)
                row = row[:at] + b'"' + row[at:]
            rows.append(row)
            if r.random() < 0.03:
                rows.append(b"")
        data = line_end.join(rows + [b""])
        if self.form == "csv" and r.random() < 0.1:
            data = r.choice([b"sep=" + delimiter + line_end, line_end]) + data
        return data

    def write(self, name, records=None, seed=0):
        """Writes recipe and logs; returns the logs' names."""
        self.dirty = seed == 0 and records is None
        with open("case.recipe", "w", encoding="utf-8") as file:
            file.write(self.recipe)
        logs = []
        for i, data in enumerate(self.log_files(self.records if records is None else records, seed)):
            data = data or b"\n" * (not self.dirty)
            logs.append(f"{name}{i}.log")
            with open(logs[-1], "wb") as file:
                file.write(data)
        return logs


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def is_bare(word):
    """Whether it may stand without quotes."""
    return re.fullmatch(r'[^" \t#|=](?:[^" \t|]*[^" \t|=])?', word) and word not in KEYWORDS and word not in adapt.SIGNS


def bare_or_quoted(r, word):
    return word if is_bare(word) and r.random() < 0.7 else quoted(word)


def fitting(blocks):
    """The statements, without parts of a runtime or position that is not there."""
    top = {line.split(" = ")[0]: line for line, *_ in blocks}
    in_parts = re.compile(r"playback_position = .* in (ratio|percent)$")

    def lines_of(block, column):
        return [line for line in map(str.strip, block[1:]) if line.startswith(column + " = ")]

    def given(block, column):
        line, *_ = lines_of(block, column) or [top.get(column)]
        return line and line != f"{column} = none"

    out = []
    for block in blocks:
        if in_parts.match(top.get("playback_position", "")) and not lines_of(block, "playback_position"):
            block = [line for line in block if line.strip() != "runtime = none"]
        if not given(block, "runtime"):
            block = [re.sub(r" in (ratio|percent)$", " in s", line) if in_parts.match(line.strip()) else line for line in block]
        if not given(block, "playback_position") or not given(block, "runtime"):
            block[0] = re.sub(r"(-> |outcome )(\w+) if playback_position .*", r"\1\2", block[0])
            if block[0].startswith("where playback_position"):
                continue
        out.append(block)
    return out


# --- The laws.


def run(case, logs, out):
    command = ["ce-adapt", "-v", "-p", "-r", "./case.recipe", *case.words, "--users", f"{out}.users", "--contents", f"{out}.contents",
               "-o", f"{out}.events", *logs]  # fmt: skip
    done = subprocess.run(command, capture_output=True, check=False)
    return done.returncode, shlex.join(command), done.stderr.decode("utf-8", "replace")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def check_long(seed):
    case = Case(seed)
    case.records = random.Random(seed).choices(case.records, k=1500) if case.records else []
    return check_law(seed, case)


def check_law(seed, case=None):
    """Whether ce-adapt did something other than fail; exits if it did not what the grammar says."""
    case = case or Case(seed)
    logs = case.write("case")
    tz = case.words[case.words.index("--tz") + 1] if "--tz" in case.words else None
    why = None
    try:
        want = adapt.adapt(adapt.Recipe("./case.recipe"), logs, tz, case.words[1])
    except adapt.Failure as e:
        want, why = None, e
    status, command, said = run(case, logs, "got")
    shown = f"seed {seed} ({case.form}): {command}\n"
    if status != (want is None):
        sys.exit(f"{shown}exit {status}, not {int(want is None)}\nce-adapt: {said}adapt.py: {why or json.dumps(want[3])}")
    if want is None:
        return False
    for name, text in zip(("events", "users", "contents"), want):
        got = read(f"got.{name}")
        if got != text:
            with open(f"want.{name}", "wb") as file:
                file.write(text)
            lines = zip(got.split(b"\n") + [b""], text.split(b"\n") + [b""])
            pair = next(pair for pair in lines if pair[0] != pair[1])
            sys.exit(f"{shown}{name} has\n{pair[0]!r}, not\n{pair[1]!r}\n{said}{json.dumps(want[3])}")
    check_counts(shown, said, want[3])
    return True


def check_counts(shown, said, counts):
    ignored = sum(n for kind, n in counts.items() if kind.startswith("ignored"))
    want = [counts.get("records", 0), counts.get("events", 0), counts.get("dimension", 0), ignored, counts["rejected"]]
    found = [re.search(m, said) for m in (r"(\d+) records", r"(\d+) events", r"; (\d+) of users", r"; ignored (\d+)", r"; rejected (\d+)")]
    got = [int(m.group(1)) if m else 0 for m in found]
    if got != want:
        sys.exit(f"{shown}counts {got}, not {want}: {said}")


def check_order(seed):
    case = Case(seed)
    case.words[1] = "100%"
    records = case.records
    status, command, said = run(case, case.write("once", records, 1), "once")
    shuffled = random.Random(seed).sample(records, len(records))
    other = run(case, case.write("other", shuffled, 2), "other")[0]
    if status != other:
        sys.exit(f"seed {seed}: {command}\nexit {status}, in another order {other}: {said}")
    if status:
        return False
    if sorted(read("once.events").split(b"\n")) != sorted(read("other.events").split(b"\n")):
        sys.exit(f"seed {seed}: {command}\nthe events depend on the order")
    for name in ("users", "contents"):
        if read(f"once.{name}") != read(f"other.{name}"):
            sys.exit(f"seed {seed}: {command}\n{name} depend on the order")
    return True


def check_retry(seed):
    case = Case(seed)
    case.words[1] = "100%"
    tables = []
    for name, records in (("once", case.records), ("twice", case.records * 2)):
        status, command, said = run(case, case.write(name, records, 1), name)
        if status:
            return False
        words = ["ce-clean", "-p", "--max-rejects", "100%", "--allow-empty", "playback_position,device", "--keep", "*", f"{name}.events"]
        done = subprocess.run(words, capture_output=True, check=False)
        tables.append((done.returncode, done.stdout))
    if tables[0] != tables[1]:
        sys.exit(f"seed {seed}: {command}\nce-clean makes something else of every record twice: {said}")
    return tables[0][0] == 0


STATEMENTS = [
    "zone Mars/Phobos", "zone Europe/Berlin", "records a.b", "columns a b", "columns a a", "outcome stop", "outcome play", "start = x", "end = x",
    "event_ts = x in min", "event_type = x in s", "user_id = x in s", "runtime = x in ratio", "format xml", "format", "where", "where x", "na", "na x",
    "options", "options ce-clean", "options ce-clean --tz UTC", "nothing = x", "keep user_id = x", "keep k = x", "keep k = x in s", "event * -> play",
    "event x -> jump", 'event "x" -> play if x = 1', "event -> play", "where playback_position >= 95", "where playback_position >= 95%",
    "signup_date = x in s", "signup_date = x in hms", "release_year = x in s", "email = none", 'email = "none"', "runtime = none in s",
    "keep Genre = x", "keep SESSION_ID = x", "keep label_known_ts = x", "keep more = none", "records a.@json.b", "email = a|b",
    "email = hash a|b c", "email = hash a b=", "email = x=", "email = =", "email = x=y", "email = constant a|b", "email = a + b|c",
    "where x = a|b", "where x = =a", "where x = a | b=", "where x != a=b | c|", "where x = |", 'where x = "a|b"', "event a|b -> play",
    "event =a -> play", "event b= -> play", "event a=b -> play", "event a*b -> play", "event **  -> play", "event *a -> play",
    'event "a*b" -> play', 'event "a|"* -> play', "event =* -> play",
    "where x >= 95%", "where x < y", "where x exists y", "where x = a |", "where x = | a", "  event_type = x", "  device = none", "  device = none x",
]  # fmt: skip


def mistaken(r, recipe):
    """The recipe with a random mistake, which may be none."""
    lines = recipe.split("\n")[:-1]
    i = r.randrange(len(lines))
    words = re.findall(r'(?:"(?:[^"\\]|\\.)*"|[^ \t"])+', lines[i])
    kind = r.random()
    if kind < 0.2:
        lines.insert(r.randrange(i, len(lines)) + 1, lines[i])
    elif kind < 0.3:
        del lines[i]
    elif kind < 0.45:
        lines.insert(i, r.choice(STATEMENTS))
    elif kind < 0.55:
        lines[i] = r.choice([" ", ""]) + lines[i].lstrip(" \t")
    elif words:
        at = r.randrange(len(words))
        kind = r.random()
        more = ["=", "|", "+", "->", "<", "in", "if", "else", "none", "*", "x", '"x"', "constant", "hash", "event_ts", "s", "95%", '"',
                "a|b", "=a", "a=", "a*b", "a|*", "a=b",
                "a..b", "a[x]", "[0]", ".a", "a.", "a[1", 'a"b"', "a.@json.b"]  # fmt: skip
        if kind < 0.3:
            del words[at]
        elif kind < 0.6:
            words.insert(at, r.choice(more))
        elif kind < 0.9:
            words[at] = r.choice(more)
        else:
            words[at] = words[at][: len(words[at]) // 2]
        lines[i] = " " * lines[i].startswith((" ", "\t")) + " ".join(words)
    return "\n".join(lines) + "\n"


def check_faults(seed):
    case = Case(seed)
    case.words[1] = "100%"
    case.recipe = mistaken(random.Random(seed), case.recipe)
    logs = case.write("case", [], 1)
    line, why = None, ""
    try:
        adapt.Recipe("./case.recipe")
    except adapt.Failure as e:
        why = str(e)
        m = re.match(r"./case.recipe:(\d+):", why)
        line = m.group(1) if m else "0"
    status, command, said = run(case, logs, "got")
    m = re.match(r"ce-adapt: ./case\.recipe(?::(\d+))?:", said)
    got = (m.group(1) or "0") if status and m else None
    if got != line and not (got and line and "0" in (got, line)):
        sys.exit(f"seed {seed}: {command}\nan error in line {got}, not {line}: {said}{why}")
    return line is None


def laws(check, runs, first=1):
    whole = sum(check(seed) for seed in range(first, first + runs))
    print(f"{runs} cases from {first} on, {whole} of them without an error: no difference")
    if runs >= 20 and whole < runs // 8:
        sys.exit("too many of them are errors")


def main():
    command, *args = sys.argv[1:]
    if command == "write":
        case = Case(int(args[0]))
        print(*case.words, *case.write("case"))
    else:
        checks = {"law": check_law, "long": check_long, "order": check_order, "retry": check_retry, "faults": check_faults}
        laws(checks[command], *map(int, args))


if __name__ == "__main__":
    main()
