#!/usr/bin/env python3
"""edge_cases: small source tables, each with something in it that is easily got wrong.

Each case is a function that returns its events; its docstring says what wrong idea it catches. An
event is a line of words: id, time, user, content, type, playback position, device; `-` is NULL, the
device and the position may be left out (tv, NULL). A time is HH:MM:SS[.mmm], N/HH:MM:SS on the N-th
day after 2024-01-05, a Friday, or an ISO 8601 time as it is. An event that needs other characters is
a tuple. Users and contents that a case does not name are those below.

A worked case says what comes of it, too: `worked` names columns, and behind each event stand their values,
which somebody worked out by hand, in one block `| VALUE ...` for each of the options. Besides the columns
of all tables there is `rows`, the first letters of those of --rows open, first and undecided that have the
event (`-` is none). `=` is a block like the one before.

Usage: edge_cases.py naive|tools [NAME ...]    the worked cases against naive.py, or the tools (from PATH)
"""

import os
import re
import sys

import clean
import compare
import join
import naive
from random_tables import CONTENTS as CONTENT_COLUMNS
from random_tables import EVENTS as EVENT_COLUMNS
from random_tables import USERS as USER_COLUMNS

DAY_0 = 473_448  # 2024-01-05, in hours since 1970
SOME_POSITION = "allow_empty=playback_position"

USERS = """
u u@example.org free 2023-01-01
v v@example.org basic 2022-06-15
w w@example.org premium 2021-12-31
"""
CONTENTS = """
film Drama 7200 2020 PG
clip Comedy 600 2019 G
song Comedy 300 2024 G
live Sport - 2024 -
"""

CASES = []


def case(*options, users=USERS, contents=CONTENTS, worked=""):
    """Marks a case; it runs once with each of the `options` (compare_sql.py), or with none."""

    def mark(function):
        function.options = options or ("",)
        function.users, function.contents, function.worked = users, contents, worked.split()
        CASES.append(function)
        return function

    return mark


def millis(time):
    m = re.fullmatch(r"(?:(\d+)/)?(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?", time)
    if not m:
        return time
    days, hours, minutes, seconds, ms = (int(part or 0) for part in m.groups())
    return str((((DAY_0 + days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms)


def table(columns, text):
    """The rows of a block of lines, or of tuples, as dicts."""
    rows = text if isinstance(text, list) else [line.split("|")[0].split() for line in text.strip().splitlines()]
    return [dict(zip(columns, [None if value == "-" else value for value in row])) for row in rows]


def write(function, folder):
    """The case's three source tables as plain .csv in the folder."""
    events = table(EVENT_COLUMNS, function())
    for event in events:
        event["event_ts"] = millis(event["event_ts"])
        event.setdefault("playback_position", None)
        event.setdefault("device", "tv")
    for name, columns, rows in (
        ("events_table", EVENT_COLUMNS, events),
        ("users_dim", USER_COLUMNS, table(USER_COLUMNS, function.users)),
        ("content_dim", CONTENT_COLUMNS, table(CONTENT_COLUMNS, function.contents)),
    ):
        with open(os.path.join(folder, name + ".csv"), "w", encoding="utf-8", newline="") as file:
            file.write(naive.format_csv(columns, rows))


# --- How many ---------------------------------------------------------------------------------------


@case()
def no_event():
    """A table of a header alone: every table has its header and no row, and nothing divides by zero."""
    return ""


@case()
def one_event():
    """The first event of everything: all that history knows is empty or 0, and the session is censored."""
    return "e1 20:00:00 u film play 0"


# --- The same millisecond ----------------------------------------------------------------------------


@case()
def one_millisecond_one_content():
    """Events of a millisecond do not see each other in history, yet do in the session state and prev_ts,
    in the order of their ids, which is not the order of the file. An event counted at once instead of
    when time moves on gives e3 an activity of 2; one that sorts by number puts e10 behind e9."""
    return """
    e9 20:00:00 u clip pause 10
    e10 20:00:00 u clip play 0
    e3 20:00:00 u clip seek 300
    e4 20:00:00.001 u clip stop 580
    e5 20:00:00.001 u clip play 0
    e6 20:00:00.002 u clip stop 1
    """


@case()
def one_millisecond_two_contents():
    """A user on two contents, and two users on one content, in one millisecond: neither the user's nor
    the content's history holds the other, and a completion (e2) is not known to e3 of the same time."""
    return """
    e1 20:00:00 u clip play 0
    e2 20:10:00 u clip complete 600
    e3 20:10:00 u song play 0
    e4 20:10:00 v clip play 0
    e5 20:10:00 v song play 0
    e6 20:10:00.001 u film play 0
    e7 20:10:00.001 v film play 0
    """


@case()
def many_pairs_of_one_millisecond():
    """The watermark's own millisecond: no event there sees another, and labels wait for what is after it."""
    return """
    e1 20:00:00 u clip play 0
    e2 20:00:00 v clip play 0
    e3 20:00:00 w clip play 0
    e4 20:00:00 u song play 0
    e5 20:00:00 v song complete 300
    e6 20:00:00 w film stop 7200
    """


# --- Deadlines ---------------------------------------------------------------------------------------


@case("", "gap=60000", "plain_gap=true")
def at_the_deadline():
    """An event exactly at the deadline continues the session, one a millisecond later begins the next:
    after an idle event (gap), and after one that leaves 500 s to play (gap + 500 s)."""
    return """
    e01 10:00:00 u clip pause 100
    e02 10:30:00 u clip pause 100
    e03 11:00:00.001 u clip pause 100
    e11 12:00:00 v clip play 100
    e12 12:38:20 v clip seek 100
    e13 13:16:40.001 v clip pause 100
    e21 14:00:00 w clip pause 100
    e22 14:01:00 w clip pause 100
    e23 14:02:00.001 w clip pause 100
    """


@case("", "plain_gap=true")
def closed_at_a_time():
    """A session is closed at t when its closing time is < t: v's event at the very deadline (10:30) of u's
    session does not know that it failed, the one a millisecond later does, and so for the content."""
    return """
    e1 10:00:00 u clip pause 100
    e2 10:30:00 v clip pause 100
    e3 10:30:00.001 w clip pause 100
    e4 10:30:00 u song pause 10
    e5 10:30:00.001 u film pause 10
    """


@case()
def completed_at_a_time():
    """A completion is known only to events strictly after it: those of its own millisecond see none,
    whether their ids sort before (e0) or behind (e9) the completing event's."""
    return """
    e1 10:00:00 u clip play 0
    e5 10:10:00 u clip complete 600
    e0 10:10:00 u song play 0
    e9 10:10:00 v clip play 0
    f1 10:10:00.001 u film play 0
    f2 10:10:00.001 w clip play 0
    """


@case("", "gap=1000")
def at_the_watermark():
    """A session whose deadline is the last event's time is not closed: its label is empty. One whose
    deadline is a millisecond earlier failed. A completion at the watermark counts at once."""
    return """
    e1 10:00:00 u clip pause 100
    e2 10:00:00.001 v clip pause 100
    e3 10:20:00 w clip play 0
    e4 10:30:00.001 w clip complete 600
    """


@case()
def open_at_the_end():
    """Right-censored: the log ends inside gaps and inside time left to play; no label, no known time."""
    return """
    e1 10:00:00 u film play 0
    e2 12:20:00 v clip pause 3
    e3 12:25:00 w song play 0
    e4 12:29:59 u clip stop 3
    """


@case("", "plain_gap=true", "gap=0", "gap=600000")
def longer_than_the_gap():
    """A film of two hours: u does not touch it from play to complete; v pauses, which leaves only the gap,
    and comes back too late; w seeks every 40 minutes, within the time left; then v plays from the middle."""
    return """
    e01 10:00:00 u film play 0
    e02 12:00:00 u film complete 7200
    e03 10:00:00 v film play 0
    e04 10:20:00 v film pause 1200
    e05 10:50:00.001 v film play 1200
    e06 12:30:00 v film complete 7200
    e07 10:00:00 w film play 0
    e08 10:40:00 w film seek 2400
    e09 11:20:00 w film seek 4800
    e10 12:00:00 w film complete 7200
    e11 14:00:00 v film play 3600
    e12 15:30:00 v film stop 7000
    e13 15:30:01 v clip play 0
    """


@case("", SOME_POSITION, SOME_POSITION + ",plain_gap=true")
def no_time_left():
    """A position behind the end leaves no time, never a negative one; an unknown position or runtime
    leaves just the gap; a stop and a complete leave the player idle wherever they are."""
    return """
    e1 10:00:00 u clip play 900
    e2 10:30:00 u clip pause 900
    e3 10:00:00 v live play 100
    e4 10:30:00.001 v live play 100
    e5 10:00:00 w film play -
    e6 10:30:00.001 w film play -
    e7 11:00:00 w film complete 0
    e8 11:30:00.001 w film pause 0
    e9 13:00:00 u song stop 0
    f1 13:30:00.001 u song stop 0
    """


# --- Completing events -------------------------------------------------------------------------------


@case("", "near_end=0.5", "near_end=1", "near_end=0")
def at_the_near_end():
    """A stop at exactly 0.95 (570 of 600) completes, one second less does not; nor does a pause there."""
    return """
    e1 10:00:00 u clip play 0
    e2 10:09:30 u clip stop 570
    e3 10:00:00 v clip play 0
    e4 10:09:29 v clip stop 569
    e5 10:00:00 w clip play 0
    e6 10:09:30 w clip pause 600
    e7 11:00:00 u song play 0
    e8 11:05:00 u song stop 300
    e9 12:00:00 u film play 0
    """


@case(
    "near_end=0.666667",
    "near_end=0.666666",
    "near_end=0.000001",
    "near_end=0.000002",
    contents="third X 3 - -\nlong X 2000000 - -\nlonger X 2000001 - -",
)
def rounded_ratio():
    """A ratio is a whole number of millionths, halves up: 2/3 is 0.666667, 1 of 2,000,000 s is 0.000001
    and 3 are 0.000002, while 1 of 2,000,001 s is 0; and the near end compares with that."""
    return """
    e1 10:00:00 u third play 0
    e2 10:00:02 u third stop 2
    e3 10:00:00 v long play 0
    e4 10:00:01 v long stop 1
    e5 11:00:00 w long play 0
    e6 11:00:03 w long stop 3
    e7 12:00:00 u longer play 0
    e8 12:00:01 u longer stop 1
    e9 23:00:00 v third play 1
    """


@case()
def stop_before_play():
    """A session that begins with its stop: at the near end it has one type of event, and the play that
    follows brings the second, completes the session, and is the one event after which it is decided."""
    return """
    e1 10:00:00 u clip stop 590
    e2 10:00:01 u clip stop 600
    e3 10:05:00 u clip play 0
    e4 10:06:00 u clip pause 60
    e5 10:00:00 v clip stop 100
    e6 10:05:00 v clip play 0
    e7 12:00:00 w song play 0
    """


@case()
def second_type_comes_later():
    """Near-end stops that wait for a second type: a pause brings it to u; two more stops do not to v,
    whose session fails though it ended at the end; w's second type comes in the next session, too late."""
    return """
    e1 10:00:00 u clip stop 580
    e2 10:10:00 u clip pause 10
    e3 10:11:00 u clip stop 600
    e4 10:00:00 v clip stop 580
    e5 10:10:00 v clip stop 590
    e6 10:00:00 w clip stop 600
    e7 10:30:00.001 w clip pause 600
    e8 12:00:00 u song play 0
    """


@case()
def completes_once():
    """The completion time is that of the first completing event; a second complete or near-end stop moves
    neither it nor the label's time, and later events of the session still count in the session state."""
    return """
    e1 10:00:00 u clip play 0
    e2 10:09:40 u clip stop 580
    e3 10:10:00 u clip complete 600
    e4 10:11:00 u clip complete 600
    e5 10:12:00 u clip seek 10
    e6 10:13:00 u song play 0
    e7 10:14:00 v clip play 0
    """


@case("near_end=0.95", "near_end=0.1", users=USERS, contents="none - - - -\nzero X 0 - -\nminus X -5 - -")
def no_ratio():
    """Unknown, zero and negative runtime give no ratio and no near end: a stop completes nothing there,
    means skip it, and only a `complete` ends well. Zero and negative runtimes are known and short."""
    return """
    e1 10:00:00 u none play 0
    e2 10:01:00 u none stop 100
    e3 10:02:00 u zero play 0
    e4 10:03:00 u zero stop 100
    e5 10:04:00 v minus play 0
    e6 10:05:00 v minus stop 100
    e7 10:06:00 v none play 0
    e8 10:07:00 v none complete 1
    e9 12:00:00 w zero play 0
    """


# --- Viewings of one pair ----------------------------------------------------------------------------


@case()
def rewatch_inside_the_gap():
    """A play after a complete begins a new viewing at once and closes the old one, and so it does after a
    near-end stop; a seek or pause after it does not."""
    return """
    e1 10:00:00 u clip play 0
    e2 10:10:00 u clip complete 600
    e3 10:11:00 u clip seek 100
    e4 10:12:00 u clip play 0
    e5 10:13:00 u clip play 5
    e6 10:14:00 u clip complete 600
    e7 10:14:00 u clip play 0
    f1 10:00:00 v clip play 0
    f2 10:09:50 v clip stop 590
    f3 10:10:00 v clip play 0
    f4 10:20:00 v clip complete 600
    f5 12:00:00 w song pause 0
    """


@case()
def rewatch_begins_anew():
    """A rewatch inherits nothing of the viewing before, not its near-end stop: the pause that brings the
    second type to it completes nothing, and neither do its types count the ones before."""
    return """
    e1 10:00:00 u clip play 0
    e2 10:09:50 u clip stop 590
    e3 10:10:00 u clip complete 600
    e4 10:11:00 u clip play 0
    e5 10:12:00 u clip pause 60
    e6 10:00:00 v clip complete 600
    e7 10:01:00 v clip play 0
    e8 10:02:00 v clip play 5
    e9 10:00:00 w clip complete 600
    f1 10:01:00 w clip play 0
    f2 10:10:00 w clip stop 600
    f3 14:00:00 w song play 0
    """


@case()
def closed_by_the_next():
    """A session closes when the pair's next one begins: the seek leaves two hours to play, but u replays
    the film at 12:10, so that the duration of the first viewing is known to e6 and not before."""
    return """
    e1 10:00:00 u film play 0
    e2 12:00:00 u film complete 7200
    e3 12:01:00 u film seek 0
    e4 12:10:00 u film play 0
    e5 12:10:00 u song play 0
    e6 12:10:00.001 u song pause 1
    e7 12:15:00 u clip play 0
    e8 18:00:00 v clip play 0
    """


@case()
def rewatch_in_the_same_millisecond():
    """complete, play and complete in one millisecond, in the order of their ids: two sessions of one start,
    the first closed as it begins, and a third that is still open."""
    return """
    e1 10:00:00 u clip play 0
    e2 10:10:00 u clip complete 600
    e3 10:10:00 u clip play 0
    e4 10:10:00 u clip complete 600
    e5 10:10:00 u clip play 0
    e6 10:10:00.001 u song play 0
    e7 11:30:00 u film play 0
    """


@case()
def back_the_next_day():
    """prev_ts is the pair's previous event of whichever session, and the session counts are the pair's."""
    return """
    e1 10:00:00 u clip play 0
    e2 10:01:00 u clip stop 60
    e3 1/10:00:00 u clip play 60
    e4 1/10:00:00 v clip play 0
    e5 2/10:00:00 u clip play 60
    e6 2/10:09:00 u clip complete 600
    e7 3/10:00:00 u song play 0
    """


@case("", "gap=60000")
def overlapping_sessions():
    """A user's sessions on three contents at once, which close in another order than they began (the film
    is paused last of all): state per user instead of per pair mixes them up."""
    return """
    e01 10:00:00 u film play 0
    e02 10:01:00 u clip play 0
    e03 10:02:00 u song play 0
    e04 10:05:00 u film seek 300
    e05 10:06:00 u song stop 299
    e06 10:11:00 u clip complete 600
    e07 11:00:00 u live play 0
    e08 12:10:00 u film stop 4000
    e09 12:41:00 u live pause 9
    e10 13:00:00 u clip play 0
    """


# --- What a viewing is -------------------------------------------------------------------------------

SESSION = "session_id completes_session session_phase is_completion"


@case("", "complete_by=position", "complete_by=played", worked=SESSION)
def end_without_stop():
    """The last that is heard of a title is a play or a pause near its end: no event of those that end one,
    yet a position near the end, and all of it played."""
    return """
    a1 20:00:00 u clip play 0      | 1 0 open 0   | 1 0 open 1      | =
    a2 20:09:50 u clip play 590    | 1 0 ending 0 | 1 1 completed 1 | =
    b1 21:00:00 v clip play 0      | 2 0 open 0   | 2 0 open 1      | =
    b2 21:10:00 v clip pause 600   | 2 0 ending 0 | 2 1 completed 1 | =
    z1 3/21:00:00 w song play 0    | 3 0 open -   | =               | =
    """


@case("", "complete_by=position", "complete_by=played", worked=SESSION)
def seek_to_end():
    """A seek into the credits is no position that was watched, but a stop there is one by the position; of
    the title 6 s were played."""
    return """
    a1 20:00:00 u clip play 0      | 1 0 open 1      | = | 1 0 open 0
    a2 20:00:05 u clip seek 590    | 1 0 ending 1    | = | 1 0 ending 0
    a3 20:00:06 u clip stop 590    | 1 1 completed 1 | = | 1 0 ending 0
    z1 3/21:00:00 v song play 0    | 2 0 open -      | = | =
    """


@case(SOME_POSITION, SOME_POSITION + ",complete_by=position", SOME_POSITION + ",near_end=0.98", worked=SESSION)
def stop_then_replay():
    """A stop in the credits and a play from the start, or from a place unknown, are two viewings, if that stop
    completed the first; a play in a viewing that is not completed goes on with it."""
    return """
    a1 20:00:00 u film play 0      | 1 0 open 1      | = | 1 0 open 0
    a2 21:57:00 u film stop 7020   | 1 1 completed 1 | = | 1 0 ending 0
    b1 22:05:00 u film play 0      | 2 0 open 0      | = | 1 0 open 0
    b2 22:06:00 u film stop 60     | 2 0 ending 0    | = | 1 0 ending 0
    b3 22:07:00 u film play -      | 2 0 open 0      | = | 1 0 open 0
    c1 2/20:00:00 v clip play 0    | 3 0 open 1      | = | 2 0 open 0
    c2 2/20:09:31 v clip stop 571  | 3 1 completed 1 | = | 2 0 ending 0
    c3 2/20:09:32 v clip play -    | 4 0 open 0      | = | 2 0 open 0
    z1 24/22:00:00 u film play 0   | 5 0 open -      | = | 3 0 open -
    """


@case("", "near_end=1", "near_end=0", worked=SESSION)
def complete_then_play():
    """A late ping behind the end is no second viewing, a play before the near end is one: at near end 1 that
    is every play but at the very end, at 0 none. A viewing is completed once."""
    return """
    a1 20:00:00 u film play 0         | 1 0 open 1      | =               | 1 0 ending 1
    a2 22:00:00 u film complete 7200  | 1 1 completed 1 | =               | =
    a3 22:00:00.500 u film play 7200  | 1 0 completed 1 | =               | =
    a4 22:00:01 u film stop 7200      | 1 0 completed 1 | =               | =
    a5 22:00:02 u film complete 7200  | 1 0 completed 1 | =               | =
    a6 22:00:03 u film play 7199      | 1 0 completed 1 | 2 0 open 0      | 1 0 completed 1
    a7 22:00:04 u film play 0         | 2 0 open 0      | 2 0 open 0      | 1 0 completed 1
    a8 22:00:05 u film seek 0         | 2 0 open 0      | 2 0 open 0      | 1 0 completed 1
    z1 24/22:00:00 v film play 0      | 3 0 open -      | =               | 2 0 ending -
    """


@case(
    "",
    "unknown_runtime=7200000",
    "unknown_runtime=7200000,max_left=3600000",
    contents="live Sport - - -\nzero Sport 0 - -\nminus Sport -9 - -",
    worked=SESSION + " session_deadline_ts",
)
def no_runtime():
    """A film of unknown runtime: the silence of two hours between its play and its end is as long as
    --unknown-runtime says, whatever the position, and never longer than --max-left."""
    return """
    a1 20:00:00 u live play 0          | 1 0 open 0 20:30:00      | 1 0 open 1 22:30:00      | 1 0 open 0 21:30:00
    a2 22:00:00 u live complete 7200   | 2 1 completed 1 22:30:00 | 1 1 completed 1 22:30:00 | 2 1 completed 1 22:30:00
    b1 1/20:00:00 u live play 0        | 3 0 open 0 1/20:30:00    | 2 0 open 0 1/22:30:00    | 3 0 open 0 1/21:30:00
    b2 1/22:00:00 u live stop 7200     | 4 0 ending 0 1/22:30:00  | 2 0 ending 0 1/22:30:00  | 4 0 ending 0 1/22:30:00
    c1 2/20:00:00 v zero seek 7100     | 5 0 open 0 2/20:30:00    | 3 0 open 0 2/22:30:00    | 5 0 open 0 2/21:30:00
    c2 2/20:00:00 v minus play 7100    | 6 0 open 0 2/20:30:00    | 4 0 open 0 2/22:30:00    | 6 0 open 0 2/21:30:00
    z1 4/22:00:00 v live pause 1       | 7 0 open - 4/22:30:00    | 5 0 open - 4/22:30:00    | 7 0 open - 4/22:30:00
    """


@case(SOME_POSITION, SOME_POSITION + ",plain_gap=true", worked=SESSION + " session_deadline_ts")
def no_position():
    """A film whose positions are unknown may play from its start to its end in silence."""
    return """
    a1 20:00:00 u film play -       | 1 0 open 1 22:30:00      | 1 0 open 0 20:30:00
    a2 22:00:00 u film complete -   | 1 1 completed 1 22:30:00 | 2 1 completed 1 22:30:00
    z1 4/22:00:00 u film seek -     | 2 0 open - 5/00:30:00    | 3 0 open - 4/22:30:00
    """


@case(
    "",
    "max_left=3600000",
    "max_left=0",
    "max_left=864000000000",
    contents="years Drama 94608000 - -",
    worked=SESSION + " session_deadline_ts",
)
def runtime_of_years():
    """A runtime in other units than thought, of three years, holds a viewing open for a day; at the deadline
    it goes on, and behind it another begins."""
    return """
    a1 00:00:00 u years play 0        | 1 0 open 0 1/00:30:00 | 1 0 open 0 01:30:00   | 1 0 open 0 00:30:00   | 1 0 open - 1095/00:30:00
    a2 1/00:30:00 u years seek 0      | 1 0 open 0 2/01:00:00 | 2 0 open 0 1/02:00:00 | 2 0 open 0 1/01:00:00 | 1 0 open - 1096/01:00:00
    a3 2/01:00:00.001 u years pause 0 | 2 0 open - 2/01:30:00.001 | 3 0 open - 2/01:30:00.001 | = | 1 0 open - 2/01:30:00.001
    z1 2/01:30:00.001 u years pause 0 | 2 0 open - 2/02:00:00.001 | 3 0 open - 2/02:00:00.001 | = | 1 0 open - 2/02:00:00.001
    """


@case(worked=SESSION + " rows")
def phase_of_ones_own():
    """The phase is that of the row's own event: a pause near the end is ending, and a play in mid-title
    after it is open again, as is the pause after a stop; what completes is not open, nor is what follows."""
    return """
    a1 10:00:00 u clip play 0       | 1 0 open 1 ofu
    a2 10:01:00 u clip pause 570    | 1 0 ending 1 u
    a3 10:02:00 u clip play 100     | 1 0 open 1 ou
    a4 10:03:00 u clip stop 160     | 1 0 ending 1 u
    a5 10:04:00 u clip pause 160    | 1 0 open 1 ou
    a6 10:05:00 u clip seek 599     | 1 0 ending 1 u
    a7 10:06:00 u clip stop 599     | 1 1 completed 1 -
    a8 10:07:00 u clip seek 10      | 1 0 completed 1 -
    a9 10:08:00 u clip complete 600 | 1 0 completed 1 -
    z1 12:00:00 v clip pause 0      | 2 0 open - ofu
    """


@case(worked="session_id session_event_number session_phase rows")
def first_rows():
    """A session's first counted event is a row of `first` if it is still open: not a lone complete, a stop, a
    seek to the end; the second event takes the place of none of them. A heartbeat before it does not count."""
    return """
    a1 10:00:00 u clip complete 600  | 1 1 completed -
    b1 10:00:00 v clip stop 100      | 2 1 ending u
    b2 10:01:00 v clip play 100      | 2 2 open ou
    c1 10:00:00 w clip seek 570      | 3 1 ending u
    c2 10:01:00 w clip play 569      | 3 2 open ou
    d1 11:00:00 u song heartbeat 0   | 4 0 open -
    d2 11:00:10 u song heartbeat 10  | 4 0 open -
    d3 11:00:20 u song pause 20      | 4 1 open ofu
    d4 11:00:30 u song heartbeat 20  | 4 1 open -
    d5 11:00:40 u song play 20       | 4 2 open ou
    e1 12:00:00 v song heartbeat 290 | 5 0 ending -
    e2 12:00:01 v song pause 290     | 5 1 ending u
    """


@case("", f"watermark={millis('10:30:00')}", f"watermark={millis('10:30:00.001')}", "watermark=1",
      f"watermark={millis('727/00:00:00')}", worked="session_phase is_completion label_known_ts")  # fmt: skip
def watermark():
    """The log is whole until 10:30, or a millisecond longer, or never was, or still is two years later: that
    says which viewings failed. Those that end well did so, wherever the watermark is."""
    return """
    a1 10:00:00 u clip pause 100      | open 0 10:30:00        | open - -       | open 0 10:30:00 | open - -       | open 0 10:30:00
    b1 10:00:00.001 v clip pause 100  | open 0 10:30:00.001    | open - -       | open - -        | open - -       | open 0 10:30:00.001
    c1 10:40:00 w clip play 0         | open 1 10:50:00        | =              | =               | =              | =
    c2 10:50:00 w clip complete 600   | completed 1 10:50:00   | =              | =               | =              | =
    d1 11:00:00 u song pause 0        | open - -               | open - -       | open - -        | open - -       | open 0 11:30:00
    """


# --- Heartbeats --------------------------------------------------------------------------------------


@case(
    "",
    "plain_gap=true",
    worked="session_id session_phase is_completion session_event_number rows session_deadline_ts session_end_ts num_unique_events",
)
def heartbeats():
    """A heartbeat goes on with its session until a gap after it, and leaves no time to play; a session may
    begin with it, and may have nothing else. It is an event of the session, but none that counts."""
    return """
    a1 20:00:00 u film heartbeat 0      | 1 open 0 0 - 20:30:00 20:50:00 2           | =
    a2 20:10:00 u film heartbeat 600    | 1 open 0 0 - 20:40:00 20:50:00 2           | =
    a3 20:20:00 u film pause 1200       | 1 open 0 1 ofu 20:50:00 20:50:00 2         | =
    a4 20:50:00 u film heartbeat 1200   | 1 open 0 1 - 21:20:00 20:50:00 2           | =
    a5 21:20:00.001 u film play 1200    | 4 open 0 1 ofu 23:30:00.001 21:20:10 2     | 4 open 0 1 ofu 21:50:00.001 21:20:10 2
    a6 21:20:10 u film heartbeat 1210   | 4 open 0 1 - 21:50:10 21:20:10 2           | =
    a7 21:50:11 u film seek 100         | 5 open 0 1 ofu 1/00:18:31 21:50:11 1       | 5 open 0 1 ofu 22:20:11 21:50:11 1
    b1 20:00:01 v live heartbeat 5      | 2 open 0 0 - 20:30:01 20:00:02 1           | =
    b2 20:00:02 v live heartbeat 6      | 2 open 0 0 - 20:30:02 20:00:02 1           | =
    b3 20:30:02.001 v live heartbeat 6  | 3 open 0 0 - 21:00:02.001 20:30:02.001 1   | =
    z1 3/20:00:00 w song heartbeat 0    | 6 open - 0 - 3/20:30:00 3/20:00:00 1       | =
    """


@case(worked=SESSION + " stopped_near_end is_completed_event num_unique_events")
def heartbeat_is_a_type():
    """A heartbeat brings the second type to a session that stopped near its end, or is the first before such
    a stop; and alone, at the very end, it completes nothing."""
    return """
    a1 10:00:00 u clip stop 590        | 1 0 ending 1 1 1 3
    a2 10:00:01 u clip heartbeat 590   | 1 1 completed 1 1 1 3
    a3 10:00:02 u clip complete 600    | 1 0 completed 1 1 1 3
    b1 11:00:00 v clip heartbeat 560   | 2 0 open 1 1 0 2
    b2 11:00:30 v clip stop 590        | 2 1 completed 1 1 0 2
    c1 12:00:00 w clip heartbeat 590   | 3 0 ending 0 0 0 1
    c2 12:00:10 w clip heartbeat 600   | 3 0 ending 0 0 0 1
    d1 13:00:00 u song stop 100        | 4 0 ending 0 0 0 2
    d2 13:00:10 u song play 290        | 4 0 ending 0 0 0 2
    e1 14:00:00 v song play 0          | 5 0 open 1 0 1 3
    e2 14:05:00 v song complete 300    | 5 1 completed 1 0 1 3
    e3 14:05:01 v song stop 300        | 5 0 completed 1 0 1 3
    z1 20:00:00 w song play 0          | 6 0 open - 0 0 1
    """


@case(worked="session_id session_phase is_completion rows")
def film_with_heartbeats():
    """A film watched to its end without a touch is one viewing, and its play the one row, whether heartbeats
    fill it in (u) or not (v)."""
    return """
    a1 20:00:00 u film play 0         | 1 open 1 ofu
    a2 20:30:00 u film heartbeat 1800 | 1 open 1 -
    a3 21:00:00 u film heartbeat 3600 | 1 open 1 -
    a4 21:30:00 u film heartbeat 5400 | 1 open 1 -
    a5 21:54:00 u film heartbeat 6840 | 1 ending 1 -
    a6 22:00:00 u film complete 7200  | 1 completed 1 -
    b1 20:00:00 v film play 0         | 2 open 1 ofu
    b2 22:00:00 v film complete 7200  | 2 completed 1 -
    z1 1/20:00:00 w film play 0       | 3 open - ofu
    """


@case(
    worked="user_activity_level user_content_engagement user_genre_preference user_genre_recency content_popularity"
    " average_viewing_duration_ratio max_playback_ratio time_since_last_event time_since_last_event_user"
    " user_avg_session_duration session_elapsed"
)
def heartbeats_in_history():
    """Heartbeats are no activity: they count in no number, mean, preference or recency of the user, and make
    no content popular. They are events, though: the last one ends the session, and is the last there was."""
    return """
    a1 10:00:00 u clip play 60         | 0 - - - 0 - 0.1 - - - 0
    a2 10:00:10 u clip heartbeat 540   | 1 0.1 Comedy 10000 1 - 0.9 10000 10000 - 10000
    a3 10:00:20 u clip pause 120       | 1 0.1 Comedy 20000 1 - 0.9 10000 10000 - 20000
    b1 10:00:30 v film heartbeat 7200  | 0 - - - 0 - 1 - - - 0
    b2 10:00:40 v film heartbeat 7200  | 0 - - - 0 - 1 10000 10000 - 10000
    a4 10:00:50 u film heartbeat 720   | 2 0.15 Comedy - 0 - 0.1 - 30000 - 0
    a5 10:01:00 u film heartbeat 720   | 2 0.15 Comedy - 0 - 0.1 10000 10000 - 10000
    a6 10:01:10 u film play 720        | 2 0.15 Comedy - 0 - 0.1 10000 10000 - 20000
    b3 10:01:20 v film play 0          | 0 - - - 1 - 1 40000 40000 - 50000
    a7 13:00:00 u song pause 0         | 3 0.133333 Comedy 10780000 0 - 0 - 10730000 20000 0
    """


# --- What completes a viewing ------------------------------------------------------------------------


@case(
    SOME_POSITION + ",complete_by=position",
    SOME_POSITION + ",complete_by=position,near_end=1",
    contents=CONTENTS + "zero X 0 - -",
    worked=SESSION + " stopped_near_end is_completed_event",
)
def by_position():
    """Any event at a known position near the end but a seek completes, the first of a session, too; so a
    play at the end completes, and one from the start after it is another viewing."""
    return """
    a1 10:00:00 u clip play 570        | 1 1 completed 1 1 0 | 1 0 open 1 1 0
    a2 10:00:10 u clip pause 580       | 1 0 completed 1 1 0 | 1 0 open 1 1 0
    a3 10:00:20 u clip play 590        | 1 0 completed 1 1 0 | 1 0 open 1 1 0
    a4 10:00:30 u clip play 569        | 2 0 open 1 1 0      | 1 0 open 1 1 0
    a5 10:00:31 u clip heartbeat 570   | 2 1 completed 1 1 0 | 1 0 open 1 1 0
    a6 10:00:40 u clip play -          | 3 0 open 1 1 0      | 1 0 open 1 1 0
    a7 10:00:50 u clip seek 600        | 3 0 ending 1 1 0    | 1 0 ending 1 1 0
    a8 10:00:55 u clip pause -         | 3 0 open 1 1 0      | 1 0 open 1 1 0
    a9 10:01:00 u clip pause 999       | 3 1 completed 1 1 0 | 1 1 completed 1 1 0
    b1 10:02:00 v clip seek 600        | 4 0 ending 1 0 1    | 2 0 ending 1 0 1
    b2 10:02:10 v clip seek 600        | 4 0 ending 1 0 1    | 2 0 ending 1 0 1
    b3 10:02:20 v clip complete 0      | 4 1 completed 1 0 1 | 2 1 completed 1 0 1
    b4 10:02:30 v clip stop 600        | 4 0 completed 1 0 1 | 2 0 completed 1 0 1
    c1 10:03:00 w zero play 9          | 5 0 open 0 0 0      | 3 0 open 0 0 0
    c2 10:03:09 w zero stop 9          | 5 0 ending 0 0 0    | 3 0 ending 0 0 0
    z1 20:00:00 w film stop 6839       | 6 0 ending - 0 0    | 4 0 ending - 0 0
    """


@case("complete_by=played", "complete_by=played,plain_gap=true", "complete_by=played,gap=86400000", worked=SESSION)
def by_played_time():
    """570 of 600 s played, to the millisecond: after plays, seeks and heartbeats, not after pauses and stops;
    never longer than what was left of the title; known at the event that ends the time. A viewing that is
    played enough begins anew with the next play but one, since that event is the first to say so."""
    return """
    a1 10:00:00 u clip play 0            | 1 0 open 1      | = | =
    a2 10:01:00 u clip pause 60          | 1 0 open 1      | = | =
    a3 10:11:00 u clip seek 70           | 1 0 open 1      | = | =
    a4 10:12:00 u clip heartbeat 130     | 1 0 open 1      | = | =
    a5 10:19:29.999 u clip stop 580      | 1 0 ending 1    | = | =
    a6 10:19:40 u clip play 580          | 1 0 ending 1    | = | =
    a7 10:19:40.001 u clip stop 580      | 1 1 completed 1 | = | =
    b1 11:00:00 v clip play 590          | 2 0 ending 0    | = | 2 0 ending -
    b2 11:20:00 v clip stop 600          | 2 0 ending 0    | = | 2 0 ending -
    c1 12:00:00 w clip play 0            | 3 0 open 1      | = | =
    c2 12:09:30 w clip play 0            | 3 1 completed 1 | = | =
    c3 12:09:31 w clip play 0            | 4 0 open 0      | = | 4 0 open -
    d1 13:00:00 w song complete 0        | 5 1 completed 1 | = | =
    e1 14:00:00 w live play 0            | 6 0 open 0      | = | 6 0 open -
    e2 14:20:00 w live stop 1200         | 6 0 ending 0    | = | 6 0 ending -
    z1 20:00:00 u film heartbeat 0       | 7 0 open -      | = | =
    """


@case(
    "complete_by=played,unknown_runtime=60000",
    "complete_by=played,max_left=500000",
    "complete_by=played,max_left=569999",
    "complete_by=played,near_end=0",
    contents=CONTENTS + "zero X 0 - -",
    worked="session_id completes_session session_phase",
)
def by_played_time_bounded():
    """No play counts for longer than --max-left; with a near end of 0 the first event of known runtime completes,
    and one of unknown runtime never does. A seek to 0 plays on from there."""
    return """
    a1 10:00:00 u clip play 0          | 1 0 open      | 1 0 open      | 1 0 open      | 1 1 completed
    a2 10:10:00 u clip stop 590        | 1 1 completed | 1 0 ending    | 1 0 ending    | 1 0 completed
    a3 10:10:01 u clip seek 0          | 1 0 completed | 1 0 open      | 1 0 open      | 1 0 completed
    a4 10:10:01.001 u clip pause 0     | 1 0 completed | 1 0 open      | 1 1 completed | 1 0 completed
    b1 11:00:00 v zero seek 0          | 2 0 open      | 2 0 open      | 2 0 open      | 2 0 open
    b2 11:10:00 v zero stop 600        | 2 0 ending    | 2 0 ending    | 2 0 ending    | 2 0 ending
    b3 11:10:10 v zero complete 600    | 2 1 completed | 2 1 completed | 2 1 completed | 2 1 completed
    z1 20:00:00 w film pause 9         | 3 0 open      | 3 0 open      | 3 0 open      | 3 1 completed
    """


# --- History -----------------------------------------------------------------------------------------


@case("", "window=86400000", "window=1", "window=0")
def at_the_windows_edge():
    """The window is [t - 30 d, t): e1 is in it at exactly 30 days, and out a millisecond later."""
    return """
    e1 10:00:00 u clip stop 300
    e2 10:00:00.001 u song stop 150
    e3 1/10:00:00 u film stop 7200
    e4 1/10:00:00.001 u film stop 720
    e5 30/10:00:00 u clip play 0
    e6 30/10:00:00.001 u clip pause 0
    e7 30/10:00:00.002 u clip pause 0
    """


@case("", "window=3600000", contents="d Drama 100 - -\na Action 100 - -\nl drama 100 - -\ns Dram 100 - -\nn - 100 - -")
def genre_ties():
    """Of genres seen equally often the bytewise smallest is preferred: Action before Dram before Drama
    before drama; the leader changes as events leave the hour's window, and NULL is no genre."""
    return """
    e01 10:00:00 u l play 0
    e02 10:05:00 u d play 0
    e03 10:10:00 u s play 0
    e04 10:15:00 u n play 0
    e05 10:20:00 u n play 0
    e06 10:25:00 u a play 0
    e07 10:30:00 u l pause 0
    e08 10:35:00 u n pause 0
    e09 11:05:00.001 u n pause 0
    e10 11:10:00 u n pause 0
    e11 11:20:00 u d pause 0
    e12 11:25:00.001 u n pause 0
    e13 11:30:00.001 u n stop 9
    e14 13:00:00 u n stop 9
    """


@case(contents=[("none", None, "600", None, None), ("empty", "", "600", None, None), ("some", "X", "600", None, None)])
def no_genre():
    """NULL and '' are no genre in history (no preference, no rate, no recency), yet '' is printed as ''."""
    return """
    e1 10:00:00 u none play 0
    e2 10:10:00 u none complete 600
    e3 10:11:00 u empty play 0
    e4 10:20:00 u empty complete 600
    e5 10:21:00 u empty play 0
    e6 10:22:00 u none play 0
    e7 10:23:00 u some play 0
    e8 10:24:00 u some complete 600
    e9 10:25:00 u empty pause 0
    f1 10:26:00 u some play 0
    """


@case()
def last_outcome():
    """The outcome that became known last, not that of the latest session or event: u's clip fails when its
    deadline has passed, at 10:30, after the song that began later completed at 10:05."""
    return """
    e1 10:00:00 u clip pause 0
    e2 10:01:00 u song play 0
    e3 10:05:00 u song complete 300
    e4 10:29:00 u film play 0
    e5 10:30:00.001 u film pause 0
    e6 12:00:00 v clip play 0
    """


@case()
def last_outcome_ties():
    """A completion at the very time at which another session's deadline passes: the higher session_id is
    the last outcome, which is the completion for u, and the failure for v."""
    return """
    e1 10:00:00 u clip pause 0
    e2 10:20:00 u song play 0
    e3 10:30:00 u song complete 300
    e4 10:31:00 u film play 0
    e5 09:58:00 v song play 0
    e6 10:00:00 v clip pause 0
    e7 10:30:00 v song complete 300
    e8 10:31:00 v film play 0
    """


@case()
def rates_and_durations():
    """Thirds and halves: mean outcomes of 3 and 6 sessions, their product of rounded decimals, durations
    whose mean ends in half a millisecond (rounded up)."""
    return """
    e01 10:00:00 u clip play 0
    e02 10:00:00.001 u clip stop 3
    e03 10:00:00 v clip play 0
    e04 10:10:00 v clip complete 600
    e05 12:00:00 u song play 0
    e06 12:00:00.002 u song stop 3
    e07 14:00:00 u film play 0
    e08 14:00:00 u clip play 0
    e09 14:10:00 u clip complete 600
    e10 15:00:00 u clip play 0
    e11 15:00:00 v clip play 0
    e12 16:00:00 w clip play 0
    e13 20:00:00 u clip play 0
    e14 20:00:00 w clip play 0
    """


@case()
def stops_of_a_content():
    """average_viewing_duration_ratio takes the content's stops alone, of all users, strictly before."""
    return """
    e1 10:00:00 u clip play 0
    e2 10:01:00 u clip stop 60
    e3 10:01:00 v clip stop 200
    e4 10:02:00 v clip pause 500
    e5 10:03:00 w clip stop 601
    e6 10:03:00.001 w clip play 0
    e7 10:04:00 w live stop 5
    e8 10:05:00 w live play 5
    """


@case()
def popularity_is_of_users():
    """Distinct users, not events or sessions, strictly before: w's first event does not count itself."""
    return """
    e1 10:00:00 u clip play 0
    e2 10:00:00 v clip play 0
    e3 10:01:00 u clip pause 60
    e4 12:00:00 u clip play 0
    e5 12:00:00.001 w clip play 0
    e6 12:00:00.002 v clip play 0
    """


# --- Dimensions --------------------------------------------------------------------------------------


@case(users="u u@example.org free 2023-01-01\nx x@example.org free 2023-01-01")
def missing_from_a_dimension():
    """Events of unknown users and contents leave at the join: they are no one's history, do not count in
    numbers of sessions, and the last of them (e7) is not the watermark, so u's session is censored."""
    return """
    e1 10:00:00 v clip play 0
    e2 10:00:01 u nothing play 0
    e3 10:00:02 u clip play 0
    e4 10:05:00 v clip complete 600
    e5 10:06:00 u clip pause 300
    e6 10:07:00 u nothing complete 1
    e7 20:00:00 v clip play 0
    """


@case(
    SOME_POSITION + "+device",
    users=[("u", None, None, None), ("v", "", "", None)],
    contents=[("clip", None, None, None, None), ("film", "", None, None, "")],
)
def all_empty_columns():
    """Whole columns without a value, as real exports have them: NULL stays NULL and '' stays ''."""
    return [
        ("e1", "10:00:00", "u", "clip", "play", None, None),
        ("e2", "10:01:00", "u", "clip", "stop", None, ""),
        ("e3", "10:02:00", "v", "film", "play", "", None),
        ("e4", "10:03:00", "v", "film", "complete", None, ""),
        ("e5", "10:04:00", "v", "clip", "seek", None, "  "),
    ]


@case(
    users=[
        ("u", "x", "free", "2024-01-06"),
        ("v", "x", "free", "2024-01-05 10:00:00"),
        ("w", "x", "free", "2024-01-05T12:00:00.001+02:00"),
        ("x", "x", "free", "2031-05-01T00:00:00-08:00"),
        ("y", "x", "free", "1969-12-31T23:59:59.999Z"),
    ]
)
def signups_in_the_future():
    """Days since signup are floored: a signup a moment ahead is day -1, one at this very millisecond day 0;
    offsets, fractions, times before 1970."""
    return """
    e1 10:00:00 u clip play 0
    e2 10:00:00 v clip play 0
    e3 10:00:00 w clip play 0
    e4 10:00:00 x clip play 0
    e5 10:00:00 y clip play 0
    e6 09:59:59.999 v clip pause 0
    e7 1/09:59:59.999 v clip pause 0
    e8 1/10:00:00 v clip pause 0
    """


@case(
    contents="""
    a X 1199 1999 -
    b X 1200 2024 -
    c X 3600 2025 -
    d X 3601 2024.0 -
    e X 5400.0 - -
    f X - 0 -
    """
)
def lengths_and_years():
    """Short is below 1200 s, long above 3600 s; a runtime or year may be written as a decimal; the age of
    what is not yet released is negative."""
    return """
    e1 10:00:00 u a play 0
    e2 10:00:00 u b play 0
    e3 10:00:00 u c play 0
    e4 10:00:00 u d play 0
    e5 10:00:00 u e play 0
    e6 10:00:00 u f play 0
    """


RUNTIMES = list(join.RUNTIMES)


@case(
    users=[(f"u{i}", "x", "free", when) for i, when in enumerate(join.SIGNUPS)],
    contents=[(f"c{i}", "X", text, "2020.0", "-") for i, text in enumerate(RUNTIMES)],
)
def runtimes_as_people_write_them():
    """Clocks and durations are the seconds that they say, wherever a runtime counts; years are whole."""
    return [
        (f"e{i}{j}", f"{i}/10:0{j}:00", f"u{i % len(join.SIGNUPS)}", f"c{i}", kind, position, "tv")
        for i in range(len(RUNTIMES))
        for j, (kind, position) in enumerate([("play", "0"), ("pause", "700"), ("stop", "3600")])
    ]


# --- The calendar ------------------------------------------------------------------------------------


@case()
def week_53_and_year_ends():
    """ISO weeks belong to the year of their Thursday: 2020-12-31 to 2021-01-03 are week 53, 2024-12-30 is
    week 1, 2023-01-01 is week 52, 2016-01-01 week 53 of a year before; the age changes at UTC midnight."""
    return """
    e01 2016-01-01T00:00:00Z u clip play 0
    e02 2020-12-31T23:59:59.999Z u clip play 0
    e03 2021-01-01T00:00:00Z u clip play 0
    e04 2021-01-03T23:59:59.999Z u clip play 0
    e05 2021-01-04T00:00:00Z u clip play 0
    e06 2023-01-01T12:00:00Z u clip play 0
    e07 2023-01-02T12:00:00Z u clip play 0
    e08 2024-12-29T23:00:00Z u clip play 0
    e09 2024-12-30T01:00:00+02:00 u clip play 0
    e10 2024-12-30T00:00:00Z u clip play 0
    e11 1970-01-01T00:00:00.001Z u clip play 0
    e12 2099-12-31T23:59:59.999Z u clip play 0
    """


@case(users="u x free 2024-02-29\nv x free 2000-02-29T23:59:59.999Z\nw x free 2096-02-29")
def leap_days():
    """February 29 in years divisible by 4, in 2000, and as a signup; March 1 is the day after."""
    return """
    e1 2000-02-29T12:00:00Z u clip play 0
    e2 2000-03-01T00:00:00Z v clip play 0
    e3 2024-02-29T23:59:59.999Z u clip play 0
    e4 2024-03-01T00:00:00Z v clip play 0
    e5 2096-02-29T00:00:00Z w clip play 0
    e6 2096-03-01T00:00:00Z w clip play 0
    """


@case()
def over_midnight():
    """A viewing that begins on Saturday evening and goes on on Sunday, day 0: the start keeps its own."""
    return """
    e1 1/23:30:00 u film play 0
    e2 1/23:59:59.999 u film pause 1800
    e3 2/00:00:00 u film play 1800
    e4 2/01:30:00 u film complete 7200
    """


# --- Ids ---------------------------------------------------------------------------------------------

ODD = ["a,b", 'say "x"', "two\nlines", "cr\r\nlf", "Zoë", "東京", "\U0001f600", "\ufb01", r"\.", "NULL", "'"]


@case(
    users=[(name, "x", "free", "2023-01-01") for name in ODD],
    contents=[(name, name, "600", "2020", name) for name in ODD],
)
def odd_ids():
    """Commas, quotes, line breaks, UTF-8 and COPY's own marks in every text column come through whole and
    keep their order, which is that of bytes: U+FB01 before U+1F600, as UTF-16 has not."""
    return [
        (f"{name}{user}", f"{i}/10:00:00", user, name, kind, "570", name)
        for user in ODD
        for i, (name, kind) in enumerate(zip(ODD, ["play", "stop", "complete", "pause", "seek"] * 3))
    ]


@case(
    users="ab x free 2023-01-01\na x free 2023-01-01\nA x free 2023-01-01\n1 x free 2023-01-01\n01 x free 2023-01-01",
    contents="c X 600 - -\nbc X 600 - -\nC x 600 - -\n1 X 600 - -\n1.0 X 600 - -",
)
def ids_that_run_together():
    """Pairs of one concatenation (ab + c, a + bc), ids that differ in case or are equal as numbers."""
    return """
    e1 10:00:00 ab c play 0
    e2 10:01:00 a bc play 0
    e3 10:02:00 A bc pause 0
    E3 10:02:00 a C pause 0
    e4 10:03:00 1 1 play 0
    e04 10:03:00 01 1.0 play 0
    e5 10:04:00 01 1 complete 600
    e6 10:05:00 1 1 play 0
    """


# --- Cleaning ----------------------------------------------------------------------------------------


@case("", SOME_POSITION)
def dirty_fields():
    """One event for each reason to reject, and as many that mean something in an unusual way."""
    fine = ("10:00:00", "u", "clip", "play", "0", "tv")
    return [
        (" e1 ", "1704448800000.9", "\tu", "clip ", " PLAY", "+1.2e1", " tv "),
        ("e2", "1.7044488e12", "u", "clip", "Pause", "12.9", "tv"),
        ("e3", "2024-01-05 12:00+02", "u", "clip", "seek", "-0", "tv"),
        ("e4", "2024-01-05t10:00:00.0009z", "u", "clip", "stop", ".5", "tv"),
        ("e5", "2024-01-05T10:00:00", "u", "clip", "play", "0", "tv"),
        ("e6", "2023-02-29T10:00:00Z", "u", "clip", "play", "0", "tv"),
        ("e7", "2024-01-05T10:00:60Z", "u", "clip", "play", "0", "tv"),
        ("e8", "0", "u", "clip", "play", "0", "tv"),
        ("e9", "4102444800000", "u", "clip", "play", "0", "tv"),
        ("f1", "2100-01-01T00:00:00Z", "u", "clip", "play", "0", "tv"),
        ("f2", "yesterday", "u", "clip", "play", "0", "tv"),
        (None, *fine),
        ("f3", "", "u", "clip", "play", "0", "tv"),
        ("f4", "10:00:00", " ", "clip", "play", "0", "tv"),
        ("f5", "10:00:00", "u", None, "play", "0", "tv"),
        ("f6", "10:00:00", "u", "clip", "", "0", "tv"),
        ("f7", "10:00:00", "u", "clip", "rewind", "0", "tv"),
        ("f8", "10:00:00", "u", "clip", "play", None, "tv"),
        ("f9", "10:00:00", "u", "clip", "play", "-0.4", "tv"),
        ("g1", "10:00:00", "u", "clip", "play", "1e30", "tv"),
        ("g2", "10:00:00", "u", "clip", "play", "12s", "tv"),
        ("g3", "10:00:00", "u", "clip", "play", "0", None),
        ("g4", "10:00:00", "u", "clip", "play", "9223372036854775807", "tv"),
        ("g5", "10:00:00", "u", "clip", "play", "9223372036854775806", "tv"),
        ("g6", "10:00:00", "u", "clip", "stop", "-1e30", "tv"),
        ("g7", "1e-1001", "u", "clip", "stop", "-0e9", "tv"),
        ("g8", "4102444799999.999", "v", "clip", "stop", "1e-1001", "tv"),
    ]


@case("", "ts_unit=s", "ts_unit=ms", "ts_unit=us", "ts_unit=ns")
def times_as_people_write_them():
    """Every form of a time, and as many that are nearly one: each is read as the same time, or not at all."""
    times = [time.decode() for time in clean.TIMES if time != b"-"]
    return [(f"e{i:03}", time, "u", "clip", "play", "0", "tv") for i, time in enumerate(times)]


@case()
def duplicate_ids():
    """The first of each event_id in time stays, whatever its place in the file; at one time the bytewise
    smallest record; copies that differ in writing alone are copies."""
    return """
    e1 10:05:00 u clip pause 5
    e1 10:00:00 u clip play 0
    e2 10:01:00 v song play 0 web
    e2 10:01:00 v song play 0 tv
    e2 10:01:00 v clip stop 9 tv
    e3 2024-01-05T10:02:00Z w clip play 0
    e3 1704448920000 w clip PLAY 0.0
    e1 10:03:00 w film play 0
    """


# --- The worked cases --------------------------------------------------------------------------------


def options(text):
    """Of naive.py, from NAME=VALUE,...; what ce-clean alone needs is left out."""
    words = []
    for name, value in (setting.split("=") for setting in text.split(",") if setting):
        if name not in ("allow_empty", "ts_unit"):
            words += ["--" + name.replace("_", "-")] + [value] * (value != "true")
    return naive.options(words)


def by_definition(opt):
    """The tables of the case in the current folder, as naive.py has them."""
    tables = [naive.parse_csv(compare.read(name + ".csv")) for name in ("events_table", "users_dim", "content_dim")]
    (columns, events), (user_columns, users), (content_columns, contents) = tables
    events.sort(key=lambda e: (int(e["event_ts"]), e["event_id"]))
    header, rows, _ = naive.join(columns, events, "user_id", user_columns, users, ["email"])
    return naive.tables(*naive.join(header, rows, "content_id", content_columns, contents)[:2], opt)


def by_tools(opt):
    """The same of the tools."""
    watermark = compare.watermark_words(opt)
    text = compare.read("events_table.csv")
    for command in (
        ["ce-clean", "-p", "--allow-empty", "playback_position"],
        ["ce-join", "-p", "-k", "user_id", "users_dim.csv", "-k", "content_id", "content_dim.csv", "--drop", "email"],
        ["ce-sessionize", "-p", *compare.sessionize_words(opt)],
        ["ce-agg", "-p", "-d", ".", "--window", f"{opt.window}ms", *watermark],
    ):
        text = compare.run(text, *command)
    got = {"history": text, "content_completion": compare.read("content_completion.csv")}
    for rows in ("open", "first", "undecided", "all"):
        got["features_" + rows] = compare.run(text, "ce-features", "-p", "--rows", rows, *watermark)
    return {name: naive.parse_csv(table) for name, table in got.items()}


def answers(tables):
    """event_id -> the values of every column, as the tables have them."""
    sessions = {str(row["session_id"]): row for row in tables["content_completion"][1]}
    features = {row["event_id"]: row for row in tables["features_all"][1]}
    answer = {}
    for row in tables["history"][1]:
        id, session = row["event_id"], sessions[str(row["session_id"])]
        assert str(session["is_completion"]) == str(features[id]["is_completion"]), id
        answer[id] = session | row | features[id]
        names = [name for name in ("open", "first", "undecided") if id in (r["event_id"] for r in tables["features_" + name][1])]
        answer[id]["rows"] = "".join(name[0] for name in names) or None
    return answer


def check(function, run):
    """Compares a worked case; returns how many values that was."""
    write(function, ".")
    n = 0
    for number, text in enumerate(function.options, 1):
        got = answers(run(options(text)))
        lines = [line.split("|") for line in function().strip().splitlines()]
        assert sorted(line[0].split()[0] for line in lines) == sorted(got), function.__name__
        for line in lines:
            assert len(line) == 1 + len(function.options), line
            id = line[0].split()[0]
            block = [block for block in line[1 : number + 1] if block.strip() != "="][-1]
            for column, want in zip(function.worked, block.split(), strict=True):
                value = "-" if got[id][column] is None else str(got[id][column])
                if value != millis(want):
                    sys.exit(f"{function.__name__} [{text}]: {column} of {id} is {value}, not {want} ({millis(want)})")
                n += 1
    return n


def main():
    run = {"naive": by_definition, "tools": by_tools}[sys.argv[1]]
    cases = [case for case in CASES if case.worked and (not sys.argv[2:] or case.__name__ in sys.argv[2:])]
    n = sum(check(case, run) for case in cases)
    print(f"{len(cases)} cases worked out by hand, {n} values: no difference")
    sys.exit(n == 0)


if __name__ == "__main__":
    main()
