#!/usr/bin/env python3
"""A log of Segment's calls, as a player would have sent it, of the tables of a pipe.

    segment_log.py EVENTS USERS CONTENTS [SHARE] > log.jsonl

EVENTS are valid events (cleaned_events); USERS and CONTENTS are users_dim and content_dim, for what the calls
say of plans, genres and runtimes. SHARE, from 0 to 1, takes so many of the users. Calls that are no events of
the content (ads, buffering) stand among the others, and some calls come twice, as retries do. The same tables
make the same log: samples/segment.jsonl.gz is that of the sample, with a SHARE of 0.3.
"""
import csv
import gzip
import json
import random
import sys
from datetime import datetime, timedelta, timezone

NAMES = {
    "play": "Video Content Started",
    "pause": "Video Playback Paused",
    "stop": "Video Playback Interrupted",
    "complete": "Video Playback Completed",
    "seek": "Video Playback Seek Completed",
    "heartbeat": "Video Content Playing",
}


def rows(path):
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", newline="") as file:
        yield from csv.DictReader(file)


def iso(ms):
    time = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=int(ms))
    return time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{int(ms) % 1000:03d}Z"


def call(kind, message, user, ms, **more):
    return {"type": kind, "messageId": message, "userId": user, "timestamp": iso(ms),
            "receivedAt": iso(int(ms) + 850), **more}


def main():
    events, users, contents = sys.argv[1:4]
    share = float(sys.argv[4]) if len(sys.argv) > 4 else 1.0
    random.seed(1)
    plans = {row["user_id"]: row for row in rows(users)}
    titles = {row["content_id"]: row for row in rows(contents)}
    taken, identified = {}, set()
    for row in rows(events):
        user, ms, title = row["user_id"], row["event_ts"], titles.get(row["content_id"], {})
        if not taken.setdefault(user, random.random() < share):
            continue
        calls = []
        if user not in identified and user in plans:
            identified.add(user)
            traits = {"plan": plans[user]["plan_tier"] or None, "createdAt": plans[user]["signup_date"] or None}
            calls.append(call("identify", "i" + row["event_id"], user, ms, traits=traits))
        properties = {"asset_id": row["content_id"], "livestream": False,
                      "position": int(row["playback_position"]) if row["playback_position"] else None}
        if row["event_type"] == "play":
            properties["genre"] = title.get("genre") or None
            properties["total_length"] = int(title["runtime"]) if title.get("runtime") else None
        calls.append(call("track", row["event_id"], user, ms, event=NAMES[row["event_type"]],
                          context={"device": {"type": row["device"] or None}}, properties=properties))
        if random.random() < 0.03:
            properties = {"asset_id": "ad1", "ad_type": "pre-roll", "content": {"asset_id": row["content_id"]}}
            calls.append(call("track", "a" + row["event_id"], user, ms, event="Video Ad Started",
                              properties=properties))
        if random.random() < 0.02:
            calls.append(call("track", "b" + row["event_id"], user, ms, event="Video Playback Buffer Started",
                              properties={"asset_id": row["content_id"]}))
        if random.random() < 0.01:
            calls.append(calls[-1])
        for one in calls:
            print(json.dumps(one, separators=(",", ":")))


main()
