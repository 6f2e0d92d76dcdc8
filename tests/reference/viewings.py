"""viewings: logs of people who watch, rewatch, seek, fall asleep and stop in the credits, with heartbeats or without.

Where random_tables.py throws events about, here a pair's events follow each other, and each comes at a time that
decides something: on a deadline or a millisecond beside it, when the title ends or has been played long enough, in the
same millisecond. The options are random, too, the watermark among them. Some records are faulty.
"""

import random
from fractions import Fraction

import naive
from random_tables import CONTENTS, EVENTS, USERS

HOUR = 3_600_000
RUNTIMES = [None, "0", "-5", "1", "3", "20", "100", "600", "600", "3601", "7200", "7200", "100000", "2147483647"]
TYPES = ["play", "pause", "stop", "complete", "seek", "heartbeat"]
FAULTS = [
    ("event_id", None),
    ("event_id", "again"),
    ("event_ts", "soon"),
    ("user_id", "  "),
    ("user_id", "a stranger"),
    ("content_id", "no content"),
    ("event_type", "heart beat"),
    ("event_type", "ping"),
    ("event_type", None),
    ("playback_position", "-1"),
    ("playback_position", "half"),
]


def options(r):
    return {
        "gap": r.choice([1_800_000] * 4 + [600_000, 60_000, 1000, 1, 0]),
        "plain_gap": r.choice(["false"] * 5 + ["true"]),
        "near_end": r.choice(["0.95"] * 4 + ["0.5", "1", "0", "0.333333", "0.666667", "0.000001"]),
        "complete_by": r.choice(["event", "position", "played"]),
        "unknown_runtime": r.choice([0, 0, 1, 10_000, HOUR, 40 * HOUR]),
        "max_left": r.choice([24 * HOUR] * 4 + [HOUR, 60_000, 1, 0, 10_000 * HOUR]),
        "window": r.choice([720 * HOUR, 24 * HOUR, HOUR, 1000]),
        "allow_empty": "device,playback_position",
        "ts_unit": "ms",
    }


class Pair:
    """A user in front of a content, now at `at` milliseconds and `position` seconds."""

    def __init__(self, r, user, content, start):
        self.user, self.content, self.at = user, content, start
        self.runtime = int(content["runtime"] or 0)
        self.position, self.left, self.deadline = 0, 0, start
        self.pace = r.choice([0, 0, 1000, 10_000, 60_000])  # of heartbeats
        self.weights = [3, 1, 2, r.choice([0, 1]), 1, r.choice([0, 3, 10]) if self.pace else r.choice([0, 0, 1])]

    def step(self, r, opt):
        """The next event, as a row without its event_id."""
        enough = -int(-Fraction(opt["near_end"]) * self.runtime * 1000 // 1)
        wait = r.choice([
            0, 0, 1, 1000, 10_000, r.randint(0, 600_000), self.pace, self.pace, self.pace, self.pace, self.pace,
            self.left, enough, opt["gap"], opt["gap"] + self.left, self.deadline - self.at, self.deadline - self.at,
            opt["gap"] + opt["max_left"]])  # fmt: skip
        wait = min(max(wait + r.choice([0, 0, 0, 0, -1, 1]), 0), 300 * HOUR)
        self.at += wait
        near = max(-(-enough // 1000), 0)
        self.position = r.choice([
            self.position, self.position + wait // 1000, self.position + wait // 1000, self.position + wait // 1000,
            0, 0, near, near, max(near - 1, 0), max(self.runtime, 0), max(self.runtime, 0) + 7,
            r.randint(0, max(self.runtime, 50))])  # fmt: skip
        kind = r.choices(TYPES, self.weights)[0]
        unknown = r.random() < 0.06
        self.left = max(self.runtime - (0 if unknown else self.position), 0) * 1000
        if self.runtime <= 0:
            self.left = opt["unknown_runtime"]
        playing = kind in ("play", "seek") and opt["plain_gap"] == "false"
        self.deadline = self.at + opt["gap"] + (min(self.left, opt["max_left"]) if playing else 0)
        return {
            "event_ts": str(self.at),
            "user_id": self.user["user_id"],
            "content_id": self.content["content_id"],
            "event_type": r.choice([kind] * 9 + [f" {kind.title()} "]),
            "playback_position": None if unknown else str(self.position),
            "device": r.choice(["tv", "phone", "", None]),
        }


def write(seed, n, folder):
    """Writes some n raw events (0: 20 to 200) and their dimensions as plain .csv; returns options of compare_sql.py."""
    r = random.Random(seed)
    opt = options(r)
    n = n or r.choice([20, 50, 100, 200])
    genres = [r.choice(["Drama", "Action", "drama", "", None]) for _ in range(4)]
    users = [
        {
            "user_id": f"u{i}",
            "email": "not@this",
            "plan_tier": r.choice(["free", "", None]),
            "signup_date": "2024-01-01",
        }
        for i in range(2 + n // 60)
    ]
    contents = [
        {
            "content_id": f"c{i}",
            "genre": r.choice(genres),
            "runtime": r.choice(RUNTIMES),
            "release_year": "2020",
            "maturity_rating": "PG",
        }
        for i in range(r.choice([2, 3, 6]) + n // 500)
    ]
    start = 1_709_164_800_000
    events, deadlines = [], []
    while len(events) < n:
        late = r.choice([0, 1000, r.randint(0, 6 * HOUR) * (1 + n // 500)])
        pair = Pair(r, r.choice(users), r.choice(contents), start + late)
        for _ in range(r.choice([1, 2, 5, 10, 20])):
            events.append({"event_id": None} | pair.step(r, opt))
        deadlines.append(pair.deadline)
    r.shuffle(events)
    for i, event in enumerate(events):
        event["event_id"] = f"e{i}"  # in no order of time
        if r.random() < 0.03:
            name, value = r.choice(FAULTS)
            event[name] = value
    events += [dict(r.choice(events)) for _ in range(n // 50)]
    times = [int(e["event_ts"]) for e in events if e["event_ts"].isdigit()]
    watermark = r.choice([r.choice(times), r.choice(deadlines), r.choice(deadlines), max(times) + 100 * HOUR])
    opt["watermark"] = r.choice(["", str(watermark + r.choice([0, 0, 1, -1]))])
    for name, columns, rows in (
        ("events_table", EVENTS, events),
        ("users_dim", USERS, users),
        ("content_dim", CONTENTS, contents),
    ):
        with open(f"{folder}/{name}.csv", "w", encoding="utf-8", newline="") as file:
            file.write(naive.format_csv(columns, rows))
    return opt
