#!/usr/bin/env python3
"""naive: sessions, outcomes, history and features straight from their definitions.

Reads an enriched event table in canonical order (plain CSV) and writes every table that ce-sessionize,
ce-agg and ce-features make of it as plain CSV into a folder. It is the independent answer that the
tools are compared with, and the shortest statement of what each column means: every figure is
computed for every event from all events, by filtering, with exact integers and fractions. Nothing
is incremental, nothing is shared with the tools, and it takes quadratic time.

Usage: naive.py [--gap MS] [--plain-gap] [--near-end RATIO] [--complete-by event|position|played]
                [--unknown-runtime MS] [--max-left MS] [--window MS] [--watermark MS] [--keep COLUMN] FILE FOLDER
"""

import argparse
import datetime
import os
import sys
from fractions import Fraction

import clean

DAY = 86_400_000

# --- CSV. NULL (an unquoted empty field) is None, "" is the empty string. One character is one
# byte (latin-1), so that < compares bytewise.


def parse_csv(text):
    """The header, and the rows as dicts."""
    records, record, i = [], [], 0
    while i < len(text):
        if text[i] == '"':
            value, i = "", i + 1
            while text[i] != '"' or text[i + 1 : i + 2] == '"':
                value, i = value + text[i], i + (2 if text[i] == '"' else 1)
            i += 1
        else:
            end = min(e for e in (text.find(",", i), text.find("\n", i)) if e >= 0)
            value, i = text[i:end] or None, end
        record.append(value)
        if text[i] == "\n":
            records.append(record)
            record = []
        elif text[i + 1 : i + 2] == "\n":  # a comma, then the line's end: one more NULL
            records.append(record + [None])
            record, i = [], i + 1
        i += 1
    header = records[0]
    return header, [dict(zip(header, r, strict=True)) for r in records[1:]]


def format_csv(header, rows):
    def field(value):
        if value is None:
            return ""
        value = str(value)
        quoted = value == "" or value == "\\." or any(c in value for c in ',"\r\n')
        return '"' + value.replace('"', '""') + '"' if quoted else value

    records = [header] + [[row[name] for name in header] for row in rows]
    return "".join(",".join(map(field, record)) + "\n" for record in records)


# --- Numbers.


def half_up(x):
    """The nearest integer; halves go up."""
    return (x + Fraction(1, 2)).__floor__()


def decimal(x):
    """At most six digits after the point, rounded half up, trailing zeros trimmed; None stays."""
    if x is None:
        return None
    millionths = half_up(Fraction(x) * 1_000_000)
    return f"{millionths // 1_000_000}.{millionths % 1_000_000:06}".rstrip("0").rstrip(".")


def mean(values):
    values = list(values)
    return Fraction(sum(values), 1) / len(values) if values else None


def integer(text):
    """5400 and 5400.0 are the same number; the empty field is None."""
    return int(Fraction(text)) if text else None


def since(t, times):
    """How long before t the latest of the times was; None if there is none."""
    times = list(times)
    return t - max(times) if times else None


# --- The dimensions.


def join(header, rows, key, dim_header, dim_rows, drop=()):
    """The rows with the dimension's columns behind their own, NULL where it lacks the key; and
    the indices of the rows that matched. Runtimes and years are written as integers."""
    whole = {"runtime", "release_year"}
    dim_rows = [{n: str(integer(v)) if v and n in whole else v for n, v in row.items()} for row in dim_rows]
    added = [name for name in dim_header if name != key and name not in drop]
    joined, matched = [], []
    for i, row in enumerate(rows):
        found = [d for d in dim_rows if d[key] == row[key]]
        joined.append(row | {name: found[0][name] if found else None for name in added})
        matched += [i] if found else []
    return header + added, joined, matched


# --- Events and sessions.


class Event:
    def __init__(self, row, opt):
        self.row = row
        self.ts, self.id = int(row["event_ts"]), row["event_id"]
        self.user, self.content = row["user_id"], row["content_id"]
        self.pair = self.user, self.content
        self.type, self.genre = row["event_type"], row["genre"]
        self.counted = self.type != "heartbeat"
        position, runtime = integer(row["playback_position"]), integer(row["runtime"])
        self.runtime = runtime if runtime is not None and runtime > 0 else None

        # A ratio is a whole number of millionths.
        self.ratio = None
        if position is not None and self.runtime is not None:
            millionths = half_up(Fraction(position * 1_000_000, self.runtime))
            self.ratio = Fraction(min(millionths, 1_000_000), 1_000_000)
        self.near_end = self.ratio is not None and self.ratio >= opt.near_end

        # How long the player would play on, and until when it may be silent.
        left = opt.unknown_runtime
        if self.runtime is not None:
            left = max(self.runtime - (position or 0), 0) * 1000
        self.left = min(left, opt.max_left)
        self.deadline = self.ts + opt.gap
        if self.type in ("play", "seek") and not opt.plain_gap:
            self.deadline += self.left


class Session:
    """Its events, in canonical order; `next_start` is when the pair's next session begins."""

    def __init__(self):
        self.events, self.completing, self.next_start = [], None, None

    def add(self, event, opt):
        event.session = self
        self.events.append(event)
        if self.completing is None and is_completing(self.events, opt):
            self.completing = event

    def finish(self):
        first, last = self.events[0], self.events[-1]
        self.user, self.content, self.genre = first.user, first.content, first.genre
        self.start, self.end = first.ts, last.ts
        self.closing = last.deadline if self.next_start is None else min(last.deadline, self.next_start)
        self.completion = self.completing and self.completing.ts  # its time
        self.outcome = 0 if self.completing is None else 1  # once known
        self.known = self.closing if self.completion is None else self.completion

    def upto(self, event):
        """The session state at one of its events."""
        return self.events[: self.events.index(event) + 1]

    def closed(self, t):
        return self.closing < t

    def outcome_known(self, t):
        return self.known < t

    def decided(self, watermark):
        return self.completing is not None or self.closed(watermark)


def is_completing(state, opt):
    """Whether the last of a session's events so far completes it."""
    *before, event = state
    if event.type == "complete":
        return True
    if opt.complete_by == "position":
        return event.type != "seek" and event.near_end
    if opt.complete_by == "played":
        return event.runtime is not None and Fraction(played(state), 1000) >= opt.near_end * event.runtime

    def types(events):
        return len({e.type for e in events})

    def near_end_stops(events):
        return [e for e in events if e.type == "stop" and e.near_end]

    second = types(before) == 1 and types(state) == 2
    return bool(types(state) >= 2 and near_end_stops([event]) or second and near_end_stops(before))


def played(state):
    """Milliseconds that a session played until its last event so far."""
    return sum(
        min(after.ts - e.ts, e.left)
        for e, after in zip(state, state[1:])
        if e.type in ("play", "seek", "heartbeat")
    )


def sessionize(events, opt):
    """Cuts each pair's events into sessions, numbered in the order of their first events."""
    sessions = []
    for event in events:
        earlier = [e for e in events[: event.rank] if e.pair == event.pair]
        event.previous = previous = earlier[-1] if earlier else None
        if (
            previous is None
            or event.ts > previous.deadline
            or (event.type == "play" and not event.near_end and previous.session.completing is not None)
        ):
            session = Session()
            sessions.append(session)
            if previous is not None:
                previous.session.next_start = event.ts
        else:
            session = previous.session
        session.add(event, opt)
    for number, session in enumerate(sessions, 1):
        session.id = number
        session.finish()
    return sessions


def phase(event):
    completing = event.session.completing
    if completing is not None and completing.rank <= event.rank:
        return "completed"
    return "ending" if event.type == "stop" or event.near_end else "open"


# --- History: what was known just before event e, at time t.


def history(e, events, sessions, opt):
    t = e.ts
    past = [h for h in events if h.ts < t]
    of_user = [h for h in past if h.user == e.user]
    of_content = [h for h in past if h.content == e.content]
    window = [h for h in of_user if h.ts >= t - opt.window and h.counted]
    known = [s for s in sessions if s.outcome_known(t)]
    user_known = [s for s in known if s.user == e.user]
    content_known = [s for s in known if s.content == e.content]
    state = e.session.upto(e)
    of_pair = [s for s in sessions if s.events[0].pair == e.pair and s.id <= e.session.id]

    genres = [h.genre for h in window if h.genre]
    last = max(user_known, key=lambda s: (s.known, s.id), default=None)
    durations = mean(s.end - s.start for s in sessions if s.user == e.user and s.closed(t))
    return {
        "user_activity_level": len(window),
        "user_content_engagement": decimal(mean(h.ratio for h in window if h.ratio is not None)),
        "user_genre_preference": min(genres, key=lambda g: (-genres.count(g), g), default=None),
        "user_completion_rate": decimal(mean(s.outcome for s in user_known)),
        "user_known_sessions": len(user_known),
        "content_completion_rate": decimal(mean(s.outcome for s in content_known)),
        "content_known_sessions": len(content_known),
        "user_last_outcome": last.outcome if last else None,
        "user_genre_completion_rate": decimal(
            mean(s.outcome for s in user_known if e.genre and s.genre == e.genre)
        ),
        "average_viewing_duration_ratio": decimal(
            mean(h.ratio for h in of_content if h.type == "stop" and h.ratio is not None)
        ),
        "content_popularity": len({h.user for h in of_content if h.counted}),
        "has_played_before": int(len(of_pair) > 1),
        "user_content_session_count": len(of_pair),
        "number_of_pauses": sum(s.type == "pause" for s in state),
        "number_of_seeks": sum(s.type == "seek" for s in state),
        "session_event_number": sum(s.counted for s in state),
        "session_elapsed": t - e.session.start,
        "max_playback_ratio": decimal(max((s.ratio for s in state if s.ratio is not None), default=None)),
        "time_since_last_event": None if e.previous is None else t - e.previous.ts,
        "time_since_last_event_user": since(t, [h.ts for h in of_user]),
        "time_since_last_completion": since(
            t, [s.completion for s in user_known if s.completion is not None]
        ),
        "user_avg_session_duration": None if durations is None else half_up(durations),
        "user_genre_recency": since(
            t, [h.ts for h in of_user if e.genre and h.genre == e.genre and h.counted]
        ),
    }


# --- The feature table.


def utc(ms):
    return datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)


def signup_ms(text):
    """Of a day, its midnight; a time without an offset is UTC."""
    return clean.time_of((text + "T00:00" * (len(text) == 10)).encode(), "UTC")


def times(a, b):
    return None if a is None or b is None else Fraction(a) * Fraction(b)


def features(e, known, watermark):
    """`known`: the event's history row. `watermark`: the time up to which the log is whole."""
    row, session, now, start = e.row, e.session, utc(e.ts), utc(e.session.start)
    runtime, released = integer(row["runtime"]), integer(row["release_year"])
    category = None
    if runtime is not None:
        category = "short" if runtime < 1200 else "medium" if runtime <= 3600 else "long"
    signup = row["signup_date"]
    decided = session.decided(watermark)
    return known | {
        "event_id": row["event_id"],
        "event_ts": e.ts,
        "user_id": e.user,
        "content_id": e.content,
        "session_id": session.id,
        "user_plan_tier": row["plan_tier"],
        "days_since_signup": (e.ts - signup_ms(signup)) // DAY if signup else None,
        "content_genre": e.genre,
        "content_runtime": runtime,
        "content_release_year": released,
        "content_maturity_rating": row["maturity_rating"],
        "content_age": None if released is None else now.year - released,
        "content_length_category": category,
        "event_type": e.type,
        "device": row["device"],
        "playback_position_ratio": decimal(e.ratio),
        "hour_of_day": now.hour,
        "day_of_week": now.isoweekday() % 7,
        "event_week_of_year": now.isocalendar().week,
        "event_month_of_year": now.month,
        "session_start_hour": start.hour,
        "session_start_dow": start.isoweekday() % 7,
        "user_activity_x_content_popularity": known["user_activity_level"] * known["content_popularity"],
        "user_completion_x_content_completion": decimal(
            times(known["user_completion_rate"], known["content_completion_rate"])
        ),
        "online_logit": None,  # without ce-online, of which online.py is the reference
        "online_logit_sd": None,
        "label_known_ts": session.known if decided else None,
        "is_completion": session.outcome if decided else None,
    }


FEATURES = """event_id event_ts user_id content_id session_id user_plan_tier days_since_signup
    user_activity_level user_content_engagement user_genre_preference user_completion_rate
    user_known_sessions user_last_outcome user_genre_completion_rate content_genre content_runtime
    content_release_year content_maturity_rating content_age content_length_category
    content_completion_rate content_known_sessions average_viewing_duration_ratio content_popularity
    event_type device playback_position_ratio max_playback_ratio number_of_pauses number_of_seeks
    session_event_number session_elapsed has_played_before user_content_session_count
    time_since_last_event time_since_last_event_user time_since_last_completion
    user_avg_session_duration user_genre_recency hour_of_day day_of_week event_week_of_year
    event_month_of_year session_start_hour session_start_dow user_activity_x_content_popularity
    user_completion_x_content_completion online_logit online_logit_sd label_known_ts is_completion""".split()

ENRICHED = """event_id event_ts user_id content_id event_type playback_position device plan_tier
    signup_date genre runtime release_year maturity_rating""".split()

SESSION = """prev_ts session_start_ts session_id session_deadline_ts completes_session
    session_phase""".split()

HISTORY = """user_activity_level user_content_engagement user_genre_preference user_completion_rate
    user_known_sessions content_completion_rate content_known_sessions user_last_outcome
    user_genre_completion_rate average_viewing_duration_ratio content_popularity has_played_before
    user_content_session_count number_of_pauses number_of_seeks session_event_number session_elapsed
    max_playback_ratio time_since_last_event time_since_last_event_user time_since_last_completion
    user_avg_session_duration user_genre_recency""".split()

STARTS = "session_id user_id content_id session_start_ts event_id device".split()

COMPLETION = """session_id user_id content_id session_start_ts session_end_ts is_completed_event
    stopped_near_end num_unique_events is_completion""".split()

# The tables with a row per event: all columns are the event's or its history's.
AGGREGATES = {
    "user_activity": "event_id user_id event_ts user_activity_level",
    "user_engagement": "event_id user_id event_ts user_content_engagement",
    "user_genre_preference": "event_id user_id event_ts user_genre_preference",
    "user_completion_rate": "event_id user_id event_ts user_completion_rate user_known_sessions",
    "content_completion_rate": "event_id content_id event_ts content_completion_rate content_known_sessions",
    "avg_view_duration_ratio": "event_id content_id event_ts average_viewing_duration_ratio",
    "has_played_before": "event_id user_id content_id event_ts has_played_before",
    "number_of_pauses": "event_id user_id content_id event_ts number_of_pauses",
}


def tables(header, rows, opt):
    """Name -> (header, rows) of every table, with `opt` as of options()."""
    header = [name for name in header if name in ENRICHED + opt.keep]
    kept = [name for name in header if name in opt.keep]
    feature_columns = FEATURES[:5] + kept + FEATURES[5:]
    events = [Event(row, opt) for row in rows]
    for rank, e in enumerate(events):
        e.rank = rank
        assert rank == 0 or (events[rank - 1].ts, events[rank - 1].id) < (e.ts, e.id), "not in order"
    sessions = sessionize(events, opt)
    watermark = opt.watermark
    if watermark is None and events:
        watermark = events[-1].ts

    known = [history(e, events, sessions, opt) for e in events]
    featured = [features(e, k, watermark) | {name: e.row[name] for name in kept} for e, k in zip(events, known)]
    identified = [
        e.row
        | {
            "prev_ts": e.previous and e.previous.ts,
            "session_start_ts": e.session.start,
            "session_id": e.session.id,
            "session_deadline_ts": e.deadline,
            "completes_session": int(e is e.session.completing),
            "session_phase": phase(e),
        }
        for e in events
    ]
    with_history = [i | k for i, k in zip(identified, known)]
    completion = [
        {
            "session_id": s.id,
            "user_id": s.user,
            "content_id": s.content,
            "session_start_ts": s.start,
            "session_end_ts": s.end,
            "is_completed_event": int(any(e.type == "complete" for e in s.events)),
            "stopped_near_end": int(s.completing is not None and s.completing.type != "complete"),
            "num_unique_events": len({e.type for e in s.events}),
            "is_completion": s.outcome if s.decided(watermark) else None,
        }
        for s in sessions
    ]

    def predicted(rows):
        """The prediction rows of that name."""
        return [f for e, k, f in zip(events, known, featured) if rows(e, k["session_event_number"])]

    return {
        "session_identification": (header + SESSION, identified),
        "session_starts": (STARTS, [identified[s.events[0].rank] for s in sessions]),
        "history": (header + SESSION + HISTORY, with_history),
        "content_completion": (COMPLETION, completion),
        "features_open": (feature_columns, predicted(lambda e, _: e.counted and phase(e) == "open")),
        "features_first": (feature_columns, predicted(lambda e, n: e.counted and n == 1 and phase(e) == "open")),
        "features_undecided": (feature_columns, predicted(lambda e, _: e.counted and phase(e) != "completed")),
        "features_all": (feature_columns, featured),
    } | {name: (columns.split(), with_history) for name, columns in AGGREGATES.items()}


def options(arguments=()):
    """The options that the tools have; --keep names the columns of one's own that go on, others are left out."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--gap", type=int, default=30 * 60_000)
    parser.add_argument("--plain-gap", action="store_true")
    parser.add_argument("--near-end", type=Fraction, default=Fraction("0.95"))
    parser.add_argument("--complete-by", choices=["event", "position", "played"], default="event")
    parser.add_argument("--unknown-runtime", type=int, default=0)
    parser.add_argument("--max-left", type=int, default=DAY)
    parser.add_argument("--window", type=int, default=30 * DAY)
    parser.add_argument("--watermark", type=int)
    parser.add_argument("--keep", action="append", default=[])
    parser.add_argument("words", nargs="*")
    return parser.parse_args(arguments)


def main():
    opt = options(sys.argv[1:])
    file, folder = opt.words
    os.makedirs(folder, exist_ok=True)
    with open(file, encoding="latin-1", newline="") as table:
        header, rows = parse_csv(table.read())
    for name, table in tables(header, rows, opt).items():
        with open(os.path.join(folder, name + ".csv"), "w", encoding="latin-1", newline="") as out:
            out.write(format_csv(*table))


if __name__ == "__main__":
    main()
