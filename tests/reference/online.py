#!/usr/bin/env python3
"""online: an independent ce-online, for its tests: in memory, and written from the definition alone.

    online.py [OPTION ...] [FILE]         ce-agg's table (CSV, gzipped or not; stdin), on stdout as plain CSV with
                                          online_logit and online_logit_sd behind its columns
    online.py --compare OUT [OPTION ...] [FILE]
                                          whether OUT, ce-online's output, is that, row by row; without FILE the
                                          input is what OUT has besides the two columns. --effects TABLE: the
                                          table of effects, too
    online.py --judge [OPTION ...] [FILE] log loss and AUC at the first event of each viewing whose outcome the
                                          table knows
    online.py --random SEED [--rounds N] [--bin COMMAND]
                                          dirty logs full of ties, from that seed on, through the tools (from PATH)
                                          and ce-online (COMMAND), with random options: as above; and the prefix
                                          law of ce-online, on its input cut at random times
    online.py --check                     an example that was worked out by hand, and laws; no tool is run

OPTION is --prior LEVEL=V,... (those that are not named stay), --drift T,..., --alpha A: as ce-online has them.
A difference of one unit in the sixth digit is counted by itself, "last digit": exp and log are the C library's here.
"""
import argparse
import gzip
import math
import os
import random
import shlex
import subprocess
import sys
import tempfile
import time
from fractions import Fraction

import compare
import naive
import random_tables
import viewings

DAY = 86_400_000
HOUR = 3_600_000
PRIOR = {"bias": 1.0, "user": 0.7, "content": 0.7, "user_genre": 0.3, "genre": 0.1, "device": 0.1, "hour": 0.1,
         "plan": 0.1, "runtime": 0.5}  # fmt: skip
DRIFTING = ("bias", "user", "content")
ADDED = ["online_logit", "online_logit_sd"]
EDGES = ["1", "2", "3", "4", "5", "6", "7", "64", "90", "91", "5400", "5792", "5793", "5793.0", "8191", "8192", "46340", "46341",
         "1518500249", "1518500250", "2147483647"]  # fmt: skip


# --- Viewings: their levels, their outcomes, and when these are known.


def levels(row):
    """The levels of a viewing, (kind, value), in the order of the sums; `row`: its first. An empty genre, device or
    plan is unknown, be it NULL or "", and an unknown one is absent; an unknown runtime is a level of its own."""
    seconds = naive.integer(row["runtime"])  # of a decimal the whole seconds, as everywhere
    bucket = "unknown"
    if seconds is not None and seconds > 0:
        bucket = (seconds * seconds).bit_length() - 1
    of_kind = {
        "bias": "",
        "user": row["user_id"],
        "content": row["content_id"],
        "user_genre": (row["user_id"], row["genre"]) if row["genre"] else None,
        "genre": row["genre"] or None,
        "device": row["device"] or None,
        "hour": int(row["event_ts"]) // HOUR % 24,
        "plan": row["plan_tier"] or None,
        "runtime": bucket,
    }
    return [(kind, value) for kind, value in of_kind.items() if value is not None]


class Viewing:
    def __init__(self, row):
        self.id, self.start, self.levels = int(row["session_id"]), int(row["event_ts"]), levels(row)
        self.next_start = None  # when the pair's next viewing begins
        self.completion = None  # time of the event that completes it
        self.deadline = None  # that of its last event

    @property
    def outcome(self):
        return 0 if self.completion is None else 1

    @property
    def known(self):
        """Its completion time, else its closing time. (The next viewing of a pair begins before the deadline only
        behind a completed one, so that of an abandoned one the deadline is first.)"""
        if self.completion is not None:
            return self.completion
        return self.deadline if self.next_start is None else min(self.deadline, self.next_start)


def viewings_of(rows):
    """session_id -> Viewing; the rows are in canonical order."""
    found, latest = {}, {}
    for row in rows:
        id, pair = int(row["session_id"]), (row["user_id"], row["content_id"])
        if id not in found:
            found[id] = Viewing(row)
            if pair in latest:
                latest[pair].next_start = found[id].start
            latest[pair] = found[id]
        found[id].deadline = int(row["session_deadline_ts"])
        if row["completes_session"] == "1":
            found[id].completion = int(row["event_ts"])
    return found


# --- The model.


def total(terms):
    """The sum, term by term from the first on. (Python's own sum() is more exact than that from 3.12 on.)"""
    s = 0.0
    for term in terms:
        s += term
    return s


def sigma(x):
    return 1 / (1 + math.exp(-x))


class Model:
    def __init__(self, prior, drifts, alpha):
        self.prior, self.drifts, self.alpha = prior, drifts, alpha
        self.weights = [1 / len(drifts)] * len(drifts)
        self.effects = [{} for _ in drifts]  # of each expert: level -> (mean, variance), after its last update
        self.last = {}  # level -> known time of its last update
        self.capped = self.drifted = 0  # how often a drift met its bound, and how often not

    def effect(self, j, level, t):
        """(mean, variance) of a level as expert j has it at time t."""
        kind = level[0]
        if level not in self.last:
            return 0.0, self.prior[kind]
        mean, variance = self.effects[j][level]
        if kind in DRIFTING and self.drifts[j] > 0:
            drifted = variance + self.drifts[j] * (t - self.last[level]) / DAY
            variance = min(drifted, self.prior[kind])
            self.capped += drifted > variance
            self.drifted += drifted == variance
        return mean, variance

    def expert(self, j, of_viewing, t):
        """The effects' mean and variance summed, and the probability of a completion, by expert j at time t."""
        effects = [self.effect(j, level, t) for level in of_viewing]
        m = total(mean for mean, _ in effects)
        v = total(variance for _, variance in effects)
        return m, v, sigma(m / math.sqrt(1 + math.pi * v / 8))

    def learn(self, of_viewing, y, known):
        """An outcome that is known since that time."""
        q = []
        for j in range(len(self.drifts)):
            _, v, p = self.expert(j, of_viewing, known)
            u = p * (1 - p)
            d = 1 + u * v
            for level in of_viewing:
                mean, variance = self.effect(j, level, known)
                self.effects[j][level] = mean + variance * (y - p) / d, variance - variance * variance * u / d
            q.append(p if y == 1 else 1 - p)
        for level in of_viewing:
            self.last[level] = known
        whole = total(w * q_j for w, q_j in zip(self.weights, q))
        self.weights = [
            (1 - self.alpha) * w * q_j / whole + self.alpha / len(q) for w, q_j in zip(self.weights, q)
        ]

    def predict(self, of_viewing, t):
        """(online_logit, online_logit_sd) at time t."""
        experts = [self.expert(j, of_viewing, t) for j in range(len(self.drifts))]
        p = total(w * p_j for w, (_, _, p_j) in zip(self.weights, experts))
        v = total(w * v_j for w, (_, v_j, _) in zip(self.weights, experts))
        return math.log(p / (1 - p)), math.sqrt(v)


def outcomes(of_table):
    """The viewings in the order in which their outcomes become known, completed or not."""
    return sorted(of_table.values(), key=lambda viewing: (viewing.known, viewing.id))


def predictions(rows, model):
    """(online_logit, online_logit_sd) of each row: by the outcomes known before its millisecond. The model has learnt
    those in the end that are known behind the last row."""
    of_table = viewings_of(rows)
    waiting, learnt, out = outcomes(of_table), 0, []
    for row in rows:
        t = int(row["event_ts"])
        while learnt < len(waiting) and waiting[learnt].known < t:
            viewing = waiting[learnt]
            model.learn(viewing.levels, viewing.outcome, viewing.known)
            learnt += 1
        out.append(model.predict(of_table[int(row["session_id"])].levels, t))
    for viewing in waiting[learnt:]:
        if viewing.known <= t:
            model.learn(viewing.levels, viewing.outcome, viewing.known)
    return out


def decimal(x):
    """At most six digits after the point, trailing zeros trimmed."""
    text = f"{x:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def with_online(header, rows, model):
    """The table and the two columns behind its own."""
    added = [dict(zip(ADDED, map(decimal, pair))) for pair in predictions(rows, model)]
    return header + ADDED, [row | more for row, more in zip(rows, added)]


# --- Comparing.


def table(path):
    """The header and rows of a CSV file, gzipped or not; - is stdin."""
    data = sys.stdin.buffer.read() if path == "-" else open(path, "rb").read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    return naive.parse_csv(data.decode("latin-1"))


def is_last_digit(a, b):
    """Whether two texts are decimals of six digits that differ by one unit in the last of them."""
    try:
        return abs(Fraction(a) - Fraction(b)) == Fraction(1, 1_000_000)
    except (TypeError, ValueError):
        return False


def differences(got, want, show=5):
    """(rows that differ, values that differ in the last digit alone) of two tables; says where, some times."""
    if got[0] != want[0]:
        print(f"header {got[0]}, not {want[0]}")
        return max(len(got[1]), len(want[1]), 1), 0
    differ, last_digit = abs(len(got[1]) - len(want[1])), 0
    if differ:
        print(f"{len(got[1])} rows, not {len(want[1])}")
    for i, (a, b) in enumerate(zip(got[1], want[1]), 1):
        if a == b:
            continue
        names = [name for name in want[0] if a[name] != b[name]]
        small = [name for name in names if name in ADDED and is_last_digit(a[name], b[name])]
        last_digit += len(small)
        differ += names != small
        if differ + last_digit <= show:
            name = next((name for name in names if name not in small), names[0])
            print(f"row {i}, event {a['event_id']} at {a['event_ts']}: {name} is {a[name]!r}, not {b[name]!r}")
    return differ, last_digit


def compare_effects(path, model, met):
    """Effects and experts of the table online_effects that differ by more than 1e-9 of what they are; counts them."""
    want = {}
    for j, drift in enumerate(model.drifts):
        for (kind, value), last in model.last.items():
            value, genre = value if isinstance(value, tuple) else (value, None)
            mean, variance = model.effects[j][kind, value if genre is None else (value, genre)]
            text = None if kind == "bias" else str(value)
            want[kind, text, genre, drift] = model.weights[j], mean, variance, math.sqrt(variance), last
    rows, wrong = table(path)[1], []
    for row in rows:
        key = row["level"], row["level_value"], row["genre"], float(row["drift"])
        *numbers, sd, last = want.pop(key, [math.nan] * 5)
        got = [float(row[name]) for name in ("weight", "mean", "variance")]
        if not all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12) for a, b in zip(got, numbers)) or \
                abs(float(row["sd"]) - sd) > 1e-6 or int(row["updated_ts"]) != last:
            wrong.append(f"{key}: {row}, not {numbers}, {sd}, {last}")
    wrong += [f"{key}: missing" for key in want]
    for text in wrong[:5]:
        print(f"effect {text}")
    met["effects"] = met.get("effects", 0) + len(rows)
    return len(wrong)


def compare_file(opt, model):
    got = table(opt.compare)
    if opt.file:
        header, rows = table(opt.file)
    else:
        header = [name for name in got[0] if name not in ADDED]
        rows = [{name: row[name] for name in header} for row in got[1]]
    differ, last_digit = differences(got, with_online(header, rows, model))
    print(f"rows {len(rows)}, differ {differ}, last digit {last_digit}")
    if opt.effects:
        met = {}
        wrong = compare_effects(opt.effects, model, met)
        print(f"effects {met['effects']}, differ {wrong}")
        differ += wrong
    return int(differ + last_digit > 0)


# --- Whether it is of use.


def auc(scored):
    """Of (score, label): ties count one half."""
    positives = sum(label for _, label in scored)
    negatives, pairs, above = len(scored) - positives, Fraction(0), 0
    by_score = {}
    for score, label in scored:
        by_score.setdefault(score, [0, 0])[label] += 1
    for score in sorted(by_score):
        zeros, ones = by_score[score]
        pairs += ones * above + Fraction(ones * zeros, 2)
        above += zeros
    return float(pairs / (positives * negatives)) if positives and negatives else math.nan


def log_loss(scored):
    return total(math.log1p(math.exp(-x if label else x)) for x, label in scored) / len(scored) if scored else math.nan


def judge(opt, model):
    _, rows = table(opt.file or "-")
    began = time.process_time()
    added = predictions(rows, model)
    taken = time.process_time() - began
    of_table, end = viewings_of(rows), int(rows[-1]["event_ts"])
    first = []
    for row, (logit, _) in zip(rows, added):
        viewing = of_table[int(row["session_id"])]
        if row["session_event_number"] == "1" and row["event_type"] != "heartbeat" and (viewing.outcome or viewing.known < end):
            first.append((logit, viewing.outcome, row))
    print(f"{len(rows)} events, {len(of_table)} viewings, {1e6 * taken / len(rows):.0f} us an event, weights {model.weights}")
    for name, some in {
        "all": first,
        "open": [f for f in first if f[2]["session_phase"] == "open"],
        "later half": first[len(first) // 2 :],
    }.items():
        rate = total(y for _, y, _ in some) / len(some)
        scored = [(logit, y) for logit, y, _ in some]
        print(f"first rows, {name}: {len(some)}, base rate {rate:.4f}, log loss {log_loss(scored):.4f} (of the base rate"
              f" {log_loss([(math.log(rate / (1 - rate)), y) for _, y in scored]):.4f}), AUC {auc(scored):.4f}")  # fmt: skip
        for column in ("content_completion_rate", "user_completion_rate"):
            print(f"    AUC of {column}: {auc([(float(row[column] or rate), y) for _, y, row in some]):.4f}")


# --- Random logs, through the tools.


class Failure(Exception):
    pass


def run(*command, text=None):
    """What a tool writes."""
    done = subprocess.run(command, input=None if text is None else text.encode("latin-1"), capture_output=True, check=False)
    if done.returncode != 0:
        raise Failure(f"{shlex.join(command)}: exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout.decode("latin-1")


def from_raw(folder, opt):
    """ce-agg's table of the source tables that viewings.py wrote, or None if no event of them is left."""
    words = ["--gap", f"{opt['gap']}ms", "--near-end", opt["near_end"], "--complete-by", opt["complete_by"]]
    words += ["--unknown-runtime", f"{opt['unknown_runtime']}ms", "--max-left", f"{opt['max_left']}ms"]
    words += ["--plain-gap"] * (opt["plain_gap"] == "true")
    text = run("ce-clean", "-p", "--allow-empty", opt["allow_empty"], "--ts-unit", opt["ts_unit"], "--max-rejects", "100%",
               f"{folder}/events_table.csv")  # fmt: skip
    text = run("ce-join", "-p", "--left", "--max-unmatched", "100%", "--drop", "email",
               "-k", "user_id", f"{folder}/users_dim.csv", "-k", "content_id", f"{folder}/content_dim.csv", text=text)  # fmt: skip
    return run("ce-agg", "-p", text=run("ce-sessionize", "-p", *words, text=text))


def on_the_edge(r, history, n):
    """Raw events of random pairs at the very times at which others are completed, close or have an event, or 1 ms
    beside them."""
    rows = naive.parse_csv(history)[1]
    closings = [viewing.known for viewing in viewings_of(rows).values() if viewing.completion is None]
    times = [int(row["event_ts"]) for row in rows]
    for i in range(n if rows else 0):
        pair = r.choice(rows)
        ts = r.choice(closings if closings and r.random() < 0.8 else times)
        ts += r.choice([0] * 8 + [1, -1]) + DAY * r.choice([0] * 9 + [3])
        kind = r.choice(["complete", "complete", "complete", "stop", "play", "play", "pause", "heartbeat"])
        yield {"event_id": f"x{i}", "event_ts": str(ts), "user_id": pair["user_id"], "content_id": pair["content_id"],
               "event_type": kind, "playback_position": r.choice(["0", pair["playback_position"], "100000"]),
               "device": r.choice(["tv", "phone", "", None])}  # fmt: skip


def odd_contents(r, contents, genres):
    """The contents, some with a runtime on the edge of a bucket, or one of these genres."""
    return [
        content | {"runtime": r.choice(EDGES) if r.random() < 0.5 else content["runtime"],
                   "genre": r.choice(genres) if r.random() < 0.5 else content["genre"]}
        for content in contents
    ]  # fmt: skip


def random_history(seed, folder):
    """ce-agg's table, as text, and the words of --keep that made it."""
    r = random.Random(f"online {seed}")
    if seed % 3:
        opt = viewings.write(seed, r.choice([0, 0, 0, 600]), folder)
        with open(f"{folder}/content_dim.csv", "r+", encoding="utf-8", newline="") as file:
            header, contents = naive.parse_csv(file.read())
            file.seek(0)
            file.write(naive.format_csv(header, odd_contents(r, contents, ["Drama", "action", None])))
            file.truncate()
        history = from_raw(folder, opt)
        with open(f"{folder}/events_table.csv", "r+", encoding="utf-8", newline="") as file:
            columns = naive.parse_csv(file.read())[0]
            more = list(on_the_edge(r, history, r.choice([0, 20, 60])))
            file.write(naive.format_csv(columns, more).partition("\n")[2])
        return from_raw(folder, opt), []
    # Odd ids; and a content may change its genre and runtime from one event to the next.
    opt, (columns, events), (user_columns, users), (content_columns, contents) = random_tables.tables(seed)
    contents = odd_contents(r, contents, ["Drama", "bDrama", None])
    if like_genres := r.random() < 0.5:  # ids that run into genres: "a" + "bDrama", "ab" + "Drama"
        other = {user["user_id"]: "a" + "b" * i for i, user in enumerate(users)}
        users, events = ([row | {"user_id": other.get(row["user_id"], "a")} for row in rows] for rows in (users, events))
    header, rows, _ = naive.join(columns, events, "user_id", user_columns, users, ["email"])
    header, rows, _ = naive.join(header, rows, "content_id", content_columns, contents)
    if like_genres:
        rows = [row | {"genre": "b" * (15 - len(row["user_id"])) + "Drama"} if r.random() < 0.5 else row for row in rows]
    else:
        rows = [row | now for row, now in zip(rows, random_tables.contents_now(seed, len(rows)))]
    keep = ["--keep", "a note"] if opt.keep else []
    text = naive.format_csv(header, compare.latin(rows))
    text = run("ce-sessionize", "-p", *keep, *compare.sessionize_words(opt), text=text)
    return run("ce-agg", "-p", *keep, text=text), keep


def random_words(r):
    """Options of ce-online, and of this."""
    words = []
    if r.random() < 0.5:
        words += ["--drift", r.choice(["0", "0.1", "0.5", "0,0.1,1", "1,0", "0.01,0.02,0.05,20", "0,.3"])]
    if r.random() < 0.4:
        words += ["--alpha", r.choice(["0", "1e-4", "0.01", "0.5", "1"])]
    if r.random() < 0.4:
        values = {kind: r.choice([str(v), "0.05", ".25", "1", "4"] + ["0"] * (kind != "bias")) for kind, v in PRIOR.items()}
        words += ["--prior", ",".join(f"{kind}={value}" for kind, value in values.items())]
    return words


def count(met, rows, model):
    """What a table has that is rare."""
    of_table = viewings_of(rows)
    end = int(rows[-1]["event_ts"]) if rows else 0
    known = [(v.known, v.outcome, v) for v in of_table.values() if v.known < end]
    at = {}
    for t, y, _ in known:
        at.setdefault(t, []).append(y)
    kinds = [dict(v.levels) for v in of_table.values()]
    for what, n in {
        "events": len(rows),
        "viewings": len(of_table),
        "completions": sum(y for _, y, _ in known),
        "closings": sum(not y for _, y, _ in known),
        "open at the end": sum(v.completion is None and v.known >= end for v in of_table.values()),
        "rows at a known time": sum(int(row["event_ts"]) in at for row in rows),
        "ms with several outcomes": sum(len(ys) > 1 for ys in at.values()),
        "ms with a completion and a closing": sum(len(set(ys)) > 1 for ys in at.values()),
        "viewings with a next of their pair": sum(v.next_start is not None for v in of_table.values()),
        "rows behind their own outcome": sum(of_table[int(row["session_id"])].known < int(row["event_ts"]) for row in rows),
        "unknown genre": sum("genre" not in k for k in kinds),
        "unknown device": sum("device" not in k for k in kinds),
        "unknown plan": sum("plan" not in k for k in kinds),
        "unknown runtime": sum(k["runtime"] == "unknown" for k in kinds),
        "rows of another hour than the first": sum(
            int(row["event_ts"]) // HOUR % 24 != dict(of_table[int(row["session_id"])].levels)["hour"] for row in rows
        ),
        "drifts": model.drifted,
        "drifts to the prior": model.capped,
    }.items():
        met[what] = met.get(what, 0) + n


def random_round(seed, command, met):
    """(rows that differ, last digits) of one log."""
    r = random.Random(f"options {seed}")
    with tempfile.TemporaryDirectory() as folder:
        history, keep = random_history(seed, folder)
    header, rows = naive.parse_csv(history)
    words = random_words(r)
    model = model_of(options(words))
    want = with_online(header, rows, model)
    count(met, rows, model)
    with tempfile.TemporaryDirectory() as folder:
        got = run(command, "-p", *keep, *words, "--effects", f"{folder}/effects", text=history)
        wrong = compare_effects(f"{folder}/effects", model, met)
    differ, last_digit = differences(naive.parse_csv(got), want)
    differ += wrong
    if not differ and not last_digit and got != naive.format_csv(*want):
        print("the same values, but other bytes")
        differ += 1
    whole = naive.parse_csv(got)
    times = sorted({int(row["event_ts"]) for row in rows})
    for t in r.sample(times, min(len(times), 4)):
        upto = [row for row in rows if int(row["event_ts"]) <= t]
        part = naive.parse_csv(run(command, "-p", *keep, *words, text=naive.format_csv(header, upto)))
        changed = sum(a != b for a, b in zip(part[1], whole[1])) + abs(len(part[1]) - len(upto))
        if changed:
            print(f"cut at {t}: {changed} of {len(upto)} rows are others than in the whole run")
            differ += changed
    if differ or last_digit:
        print(f"seed {seed}: {shlex.join([command, *keep, *words])}")
    return differ, last_digit


def random_rounds(opt):
    met, differ, last_digit = {}, 0, 0
    for seed in range(opt.random, opt.random + opt.rounds):
        try:
            some = random_round(seed, opt.bin, met)
        except Failure as what:
            print(f"seed {seed}: {what}")
            some = 1, 0
        differ, last_digit = differ + some[0], last_digit + some[1]
    print(", ".join(f"{n} {what}" for what, n in met.items()))
    print(f"rounds {opt.rounds}, rows {met.get('events', 0)}, differ {differ}, last digit {last_digit}")
    return int(differ + last_digit > 0 or opt.rounds >= 50 and not all(met.values()))


# --- By hand, and laws.


def near(a, b, tolerance=1e-6):
    assert abs(a - b) <= tolerance, (a, b)


def by_hand():
    """One viewing level, the bias, with V = 1, and two experts, of drift 0 and 0.1 a day; alpha = 0.01.

    At first m = 0, v = 1, p = 1/2 by both, so the weights do not move: .99 * .5 * .5 / .5 + .005 = .5.
    Outcome 1, known at 0: u = 1/4, d = 5/4; mean = 0 + 1 * (1/2) / (5/4) = .4, variance = 1 - 1 * (1/4) / (5/4) = .8.

    A row at once: v = .8 by both: x = .4 / sqrt(1 + .8 pi / 8) = .4 / 1.1463679 = .3489281; both probabilities are
    sigma(x), so that the logit is x; sd = sqrt(.8) = .8944272.

    A row a day later: the second has v = .8 + .1 = .9: .4 / sqrt(1 + .9 pi / 8) = .4 / 1.1633697 = .3438288. So
    P = (sigma(.3489281) + sigma(.3438288)) / 2 = (.5863576 + .5851203) / 2 = .5857390; logit = ln(.5857390 / .4142610)
    = .3463779; sd = sqrt((.8 + .9) / 2) = .9219544. Three days later v = .8 + .3 stops at 1: sd = sqrt(1.8 / 2).

    Outcome 0, known after that day. The first: u = .5863576 * .4136424 = .2425424, d = 1 + .8 u = 1.1940339,
    mean = .4 - .8 * .5863576 / 1.1940339 = .0071417, variance = .8 - .64 u / d = .6699977. The second: u = .2427545,
    d = 1 + .9 u = 1.2184791, mean = .4 - .9 * .5851203 / 1.2184791 = -.0321849, variance = .9 - .81 u / d = .7386257.
    The weights: q = .4136424 and .4148797, half their sum is .4142610; .99 * .5 * q / .4142610 + .005 = .4992607
    and .5007393."""
    model = Model({"bias": 1.0}, [0.0, 0.1], 0.01)
    bias = [("bias", "")]
    assert model.predict(bias, 0) == (0, 1)
    model.learn(bias, 1, 0)
    near(model.weights[0], 0.5)
    for effects in model.effects:
        near(effects[bias[0]][0], 0.4)
        near(effects[bias[0]][1], 0.8)
    logit, sd = model.predict(bias, 0)
    near(logit, 0.3489281)
    near(sd, 0.8944272)
    for _ in range(2):  # a row leaves nothing behind
        logit, sd = model.predict(bias, DAY)
        near(logit, 0.3463779)
        near(sd, 0.9219544)
    near(model.predict(bias, 3 * DAY)[1], 0.9486833)
    model.learn(bias, 0, DAY)
    for j, (mean, variance) in enumerate([(0.0071417, 0.6699977), (-0.0321849, 0.7386257)]):
        near(model.effects[j][bias[0]][0], mean)
        near(model.effects[j][bias[0]][1], variance)
    near(model.weights[0], 0.4992607)
    near(model.weights[1], 0.5007393)


def row_by_hand(**values):
    row = dict.fromkeys("genre device plan_tier runtime".split()) | {
        "event_ts": "1709164800000", "user_id": "u", "content_id": "c", "session_id": "1"}  # fmt: skip
    return row | values


def levels_by_hand():
    """What is unknown, and the edges of hours and of buckets: 1 is bucket 0; 2, with 4, is 2; 3, with 9, is 3."""
    always = [("bias", ""), ("user", "u"), ("content", "c"), ("hour", 0), ("runtime", "unknown")]
    assert levels(row_by_hand()) == levels(row_by_hand(genre="", device="", plan_tier="", runtime="-5")) == always
    kinds = [kind for kind, _ in levels(row_by_hand(genre="g", device="d", plan_tier="p", runtime="1"))]
    assert kinds == list(PRIOR)
    for ms, hour in (("3599999", 0), ("3600000", 1), ("86399999", 23), ("86400000", 0)):
        assert dict(levels(row_by_hand(event_ts=ms)))["hour"] == hour
    for runtime, bucket in (("0", "unknown"), ("0.5", "unknown"), ("1", 0), ("2", 2), ("3", 3), ("4", 4), ("5", 4), ("6", 5),
                            ("5400", 24), ("5400.0", 24), ("5400.9", 24), ("5792", 24), ("5793", 25), ("1518500249", 60),
                            ("1518500250", 61), ("2147483647", 61)):  # fmt: skip
        assert dict(levels(row_by_hand(runtime=runtime)))["runtime"] == bucket, (runtime, bucket)
    for x, text in ((0, "0"), (-1e-9, "0"), (-0.5, "-0.5"), (100, "100"), (0.1234567, "0.123457"), (-12.30, "-12.3")):
        assert decimal(x) == text


def laws(seed):
    """On a random table by naive.py: how many outcomes it had."""
    opt, (columns, events), (user_columns, users), (content_columns, contents) = random_tables.tables(seed)
    header, rows, _ = naive.join(columns, events, "user_id", user_columns, users)
    header, rows, _ = naive.join(header, rows, "content_id", content_columns, contents)
    header, rows = naive.tables(header, rows, opt)["history"]
    rows = [{name: value if value is None else str(value) for name, value in row.items()} for row in rows]
    words = random_words(random.Random(seed))
    model, flipped = model_of(options(words)), model_of(options(words))
    of_table = outcomes(viewings_of(rows))
    for viewing in of_table:
        where, t, y = viewing.levels, viewing.known, viewing.outcome
        # Nothing known of any level: even odds, as unsure as the priors.
        if not any(level in model.last for level in where):
            assert decimal(model.predict(where, t)[0]) == "0"
            near(model.predict(where, t)[1], math.sqrt(sum(model.prior[kind] for kind, _ in where)), 1e-12)
        before = [{level: model.effect(j, level, t) for level in where} for j in range(len(model.drifts))]
        asked = [model.expert(j, where, t) for j in range(len(model.drifts))]
        model.learn(where, y, t)
        flipped.learn(where, 1 - y, t)
        for j, (m, v, p) in enumerate(asked):
            u = p * (1 - p)
            for level in where:
                (mean, variance), (new_mean, new_variance) = before[j][level], model.effects[j][level]
                # Outcomes make surer, and move towards themselves.
                assert new_variance < variance <= model.prior[level[0]] or new_variance == variance == 0
                assert (new_mean - mean) * (y - p) >= 0
                # The other outcome with its probability would take back what this one moved.
                step = (new_mean - mean) / (y - p)
                near(p * step * (1 - p) + (1 - p) * step * (0 - p), 0, 1e-12)
                # The diagonal of the inverse of diag(1 / v_i) + u * 1 1': of this level and all others as one.
                others = v - variance
                if variance > 0 and others > 1e-9:
                    a, b = 1 / variance + u, 1 / others + u
                    near(new_variance, b / (a * b - u * u), 1e-9)
        near(total(model.weights), 1, 1e-12)
        assert min(model.weights) >= model.alpha / len(model.weights) * (1 - 1e-12)
        # The other outcomes throughout: the same with the other sign.
        (logit, sd), (other, other_sd) = model.predict(where, t), flipped.predict(where, t)
        near(logit, -other, 1e-9)
        near(sd, other_sd, 1e-9)
    # The prefix law.
    whole = with_online(header, rows, model_of(options(words)))[1]
    times = sorted({int(row["event_ts"]) for row in rows})
    for t in random.Random(seed).sample(times, min(len(times), 8)):
        upto = [row for row in rows if int(row["event_ts"]) <= t]
        assert with_online(header, upto, model_of(options(words)))[1] == whole[: len(upto)], t
    return len(of_table)


def check():
    by_hand()
    levels_by_hand()
    n = [laws(seed) for seed in range(1, 201) if seed % 30]
    print(f"the example by hand; {len(n)} tables with {sum(n)} outcomes: the laws hold")
    return 0


# --- Options.


def options(arguments):
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--prior", default="")
    parser.add_argument("--drift", default="0,0.1")
    parser.add_argument("--alpha", type=float, default=1e-4)
    parser.add_argument("--compare", metavar="OUT")
    parser.add_argument("--effects", metavar="TABLE")
    parser.add_argument("--judge", action="store_true")
    parser.add_argument("--random", type=int, metavar="SEED")
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--bin", default="ce-online")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("file", nargs="?")
    return parser.parse_args(arguments)


def model_of(opt):
    named = dict(word.split("=") for word in opt.prior.split(",") if word)
    assert set(named) <= set(PRIOR), named
    prior = PRIOR | {kind: float(value) for kind, value in named.items()}
    return Model(prior, [float(text) for text in opt.drift.split(",")], opt.alpha)


def main():
    opt = options(sys.argv[1:])
    if opt.check:
        sys.exit(check())
    if opt.random is not None:
        sys.exit(random_rounds(opt))
    if opt.compare:
        sys.exit(compare_file(opt, model_of(opt)))
    if opt.judge:
        sys.exit(judge(opt, model_of(opt)))
    with os.fdopen(1, "w", encoding="latin-1", newline="") as out:
        out.write(naive.format_csv(*with_online(*table(opt.file or "-"), model_of(opt))))


if __name__ == "__main__":
    main()
