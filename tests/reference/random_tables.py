"""random_tables: event and dimension tables in which every rare thing happens often.

Times fall on a coarse grid (ties within and across pairs), or exactly on, or one millisecond beside,
a deadline, a window's edge or the time at which a title is played of another event; runtimes may be
unknown, zero, negative or of years; positions unknown or beyond the end; stops land on the near-end
ratio, and plays come after them; sessions may have one type of event, or heartbeats alone; ids and
genres hold commas, quotes, line breaks and UTF-8, and run into one another ("a" + "bc", "ab" + "c").
"""

import random
from fractions import Fraction

DAY = 86_400_000
EVENTS = "event_id event_ts user_id content_id event_type playback_position device".split()
USERS = "user_id email plan_tier signup_date".split()
CONTENTS = "content_id genre runtime release_year maturity_rating".split()
TYPES = ["play", "pause", "stop", "complete", "seek", "heartbeat"]
NAMES = ["a", "ab", "bc", "c", "1", "01", "x,y", 'say "x"', "two\nlines", "cr\r\nlf", "Niños", "NIños", " b ", "\\."]
GENRES = ["Drama", "Action", "drama", "Sci-Fi, Horror", "Ñ", 'a "genre"', "Z", "Dram", "Drama2", ""]
RUNTIMES = [None, None, "0", "1", "3", "20", "100", "300", "1199", "1200", "3600", "3601", "5400", "5400.0", "7200",
            "-5", "86400", "86401", "94608000", "2147483647"]  # fmt: skip
SIGNUPS = [None, "2023-12-31", "2024-01-01T00:00:00Z", "2024-02-29 23:59:59.999", "2025-06-01T01:30:00+05:30",
           "2030-01-01 00:00:00+00", "1999-12-31T23:59:59.5-08:00"]  # fmt: skip
STARTS = [1704067200000, 1735689599000, 1709164800000, 1609459140000, 86_400_000]  # turns of years, months, days


class Options:
    def __init__(self, r):
        self.gap = r.choice([1_800_000, 1_800_000, 1_800_000, 60_000, 1000, 1, 0])
        self.plain_gap = r.random() < 0.15
        self.window = r.choice([30 * DAY, 3_600_000, 600_000, 60_000, 1000, 1])
        self.near_end = Fraction(r.choice(["0.95", "0.95", "0.95", "0.5", "1", "0", "0.333333", "0.666667"]))
        self.complete_by = r.choice(["event", "event", "position", "played", "played"])
        self.unknown_runtime = r.choice([0, 0, 0, 1, 1500, 1_800_000, 7_200_000, 4 * DAY])
        self.max_left = r.choice([DAY, DAY, DAY, 0, 1, 60_000, 3_600_000, 36_500 * DAY])
        self.watermark = None  # or a time
        self.keep = []

    def left(self, event):
        """The time left to play at an event, in ms."""
        left, runtime = self.unknown_runtime, int(Fraction(event["runtime"] or 0))
        if runtime > 0:
            left = max(runtime - int(event["playback_position"] or 0), 0) * 1000
        return min(left, self.max_left)


def tables(seed):
    """(options, events, users, contents): the events in canonical order."""
    r = random.Random(seed)
    opt = Options(r)
    # A few tables are large enough for queues to grow and to wrap around.
    n = 400 if seed % 30 == 0 else r.choice([0, 1, 2] + [10, 20, 30, 40, 50] * 4)
    names = r.sample(NAMES, r.randint(1, 4) if n < 100 else len(NAMES))
    extra = r.sample(NAMES, r.randint(1, 3))
    genres = r.sample(GENRES, r.randint(1, 4)) + [None] * r.randint(0, 1)
    users = [
        {
            "user_id": u,
            "email": "not@this",
            "plan_tier": r.choice(["free", "basic", "", None]),
            "signup_date": r.choice(SIGNUPS),
        }
        for u in names
    ]
    contents = [
        {
            "content_id": c,
            "genre": r.choice(genres),
            "runtime": r.choice(RUNTIMES),
            "release_year": r.choice([None, "1999", "2024", "2024.0", "2031"]),
            "maturity_rating": r.choice(["PG", "", None, "18+"]),
        }
        for c in r.sample(names + [x for x in extra if x not in names], r.randint(1, len(names)) if n < 100 else len(names))
    ]
    unit = r.choice([1, 1, 1000, 60_000, 600_000, 1_800_000])
    span = r.choice([1, 3, 10, 40, 100] if n < 100 else [100, 1000, 3000])
    start = r.choice(STARTS)
    weights = [r.choice([0.2, 1, 1, 3]) for _ in TYPES]
    if r.random() < 0.3:  # a log without heartbeats
        weights[-1] = 0
    if r.random() < 0.4:  # without completes
        weights[TYPES.index("complete")] = 0
    if opt.complete_by == "played" and r.random() < 0.5:  # a title played in parts
        opt.gap, weights = r.choice([1_800_000, 7_200_000, 7 * DAY]), [2, 1, 0.2, 0, 1, 3]
    elif r.random() < 0.15:  # of one type or two
        weights = [w if kind in r.sample(TYPES, 2) else 0 for kind, w in zip(TYPES, weights)]
        weights[r.randrange(len(TYPES))] = 1
    unknown_position = r.choice([0, 0, 0.1, 0.5])
    ids = [r.choice(["e", "e0", "E", "é", "e,", 'e"', "\n"]) + str(i) for i in range(n)]
    r.shuffle(ids)
    events = []
    for id in ids:
        user, content, near = r.choice(users), r.choice(contents), None
        kind = r.choices(TYPES, weights)[0]
        if events and r.random() < 0.5:
            near = r.choice(events)
            if r.random() < 0.7:
                user = next(u for u in users if u["user_id"] == near["user_id"])
                content = next(c for c in contents if c["content_id"] == near["content_id"])
                if near["event_type"] in ("stop", "complete") and weights[0] and r.random() < 0.5:
                    kind = "play"  # perhaps again, perhaps a late ping
        runtime = max(int(Fraction(content["runtime"] or r.choice([0, 50]))), 0)
        edge = -int(-runtime * opt.near_end // 1)  # the first whole second that is near the end
        position = r.choice([0, 0, edge, edge, max(edge - 1, 0), edge + 1, runtime, runtime + 7, r.randint(0, runtime)])
        position = 9223372036854775806 if r.random() < 0.01 else position
        ts = start + unit * r.randint(0, span)
        if near:
            left = opt.left(near)
            later = [0, 0, opt.gap, opt.gap + left, opt.gap + left, opt.window, left]
            if opt.complete_by == "played":
                later += [edge * 1000, edge * 1000, edge * 500, edge * 500, edge * 750, edge * 250]
            ts = int(near["event_ts"]) + min(r.choice(later), 1000 * DAY) + r.choice([-1, 0, 0, 0, 1])
        events.append(
            {
                "event_id": id,
                "event_ts": str(ts),
                "user_id": user["user_id"],
                "content_id": content["content_id"],
                "event_type": kind,
                "playback_position": None if r.random() < unknown_position else str(position),
                "device": r.choice(["tv", "phone", "", None]),
                "runtime": content["runtime"],
            }
        )
    events.sort(key=lambda e: (int(e["event_ts"]), e["event_id"].encode()))
    if events and r.random() < 0.3:
        near = r.choice(events)
        edge_of = r.choice([0, 0, opt.gap, opt.gap + opt.left(near), -DAY, 10 * DAY])
        opt.watermark = max(int(near["event_ts"]) + min(edge_of, 1000 * DAY) + r.choice([-1, 0, 1]), 1)
    if r.random() < 0.3:  # some keys have no dimension row
        users, contents = users[1:], contents[r.randint(0, 1) :]
    r.shuffle(users)
    r.shuffle(contents)
    columns = EVENTS + (["a note"] if r.random() < 0.2 else [])
    for e in events:
        e["a note"] = r.choice(NAMES + [None, ""])
    if r.random() < 0.2:
        r.shuffle(columns)
    if "a note" in columns and r.random() < 0.6:
        opt.keep = ["a note"]
    return opt, (columns, events), (USERS, users), (CONTENTS, contents)


def contents_now(seed, n):
    """Genre and runtime of n events, as if a content could change them from one to the next."""
    r = random.Random(-seed)
    return [{"genre": r.choice(GENRES + [None]), "runtime": r.choice(RUNTIMES)} for _ in range(n)]
