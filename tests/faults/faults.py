#!/usr/bin/env python3
"""Puts faults into the tools, one call of the C library at a time, and checks that none ends in a short success.

    faults.py [--build DIR] [--counted] [--sample SECONDS] [--seed N] [--jobs N] [WORD ...]
    faults.py [--build DIR] --case CASE --fault FAULT [--old]

Each case is a command line over small inputs that are made here. First it runs without a fault, which counts its
calls; then once for each call and each kind of fault that the call may have (see shim.c), with limits of every
kind, closed descriptors, full disks, and signals at random moments. A run is right if it ends in one of these:

    right      exit 0, and the bytes of the run without a fault
    refused    exit not 0; a message on stderr that begins with the tool's name; no finished gzip stream on
               stdout; no output under its name, or what was there before; no temporary; the database as it was,
               unless the message says that this is unknown
    killed     by the signal that was sent. As refused, but without a message; after SIGKILL or a crash (every
               file keeps only what was synced, and a redirected stdout all but the end of its stream) each output is the old or the complete new one, all are new if
               the stream on stdout is finished, and a temporary may be left, by its documented name. The same
               where every call fails from one on, which leaves nothing to clean up with

WORDs pick cases by words of their names. With --sample a random part runs that ends in that time: of each tool,
class of calls and kind of fault at least one, as far as time allows, and then of each place in a tool that calls.
With --counted, for a build that counts which lines run (make coverage), those are left out after which no counts are
written, or a part of them. Prints what became of the faults by tool, and each broken run with the command line that
repeats it. Exit: 0, or 1 if any is broken.
"""

import argparse
import collections
import hashlib
import os
import queue
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OLD = b"what was there before\n"
TIMEOUT = 20  # seconds, of which no run needs one
# A temporary that SIGKILL leaves behind, as ce(7) documents it.
LEFTOVER = re.compile(r"(^|/)\.[^/]+\.ce-[0-9a-f]{12}\.tmp(/[^/]*)?$")  # a file, or one in such a folder
STREAM_END = 11  # bytes of a stream that come after the rest has been synced, at most
SPILLED = re.compile(r"ce-spill-......$")

# The kinds of fault of each class of calls: + means that call and all later ones.
SURVIVED = {"read": "EINTR EAGAIN one half+", "write": "EINTR EAGAIN one half+", "wait": "EINTR", "poll": "EINTR",
            "send": "EINTR EAGAIN one", "recv": "EINTR EAGAIN one", "random": "EINTR", "exit": "crash"}
KINDS = {
    "alloc": "ENOMEM ENOMEM+",
    "read": "EIO EIO+ EISDIR",
    "write": "EIO ENOSPC+ full EDQUOT EPIPE EFBIG",
    "open": "EMFILE EMFILE+ EACCES ENOSPC EIO",
    "close": "EIO ENOSPC EINTR",
    "rename": "EIO EACCES ENOSPC EXDEV ENOENT EINVAL",
    "sync": "EIO EIO+ ENOSPC EINVAL EINTR",
    "unlink": "EIO EACCES",
    "mkdir": "EIO EACCES ENOSPC",
    "stat": "EIO EACCES ENOMEM",
    "seek": "EIO EINVAL",
    "thread": "EAGAIN EAGAIN+",
    "fork": "EAGAIN ENOMEM+",
    "pipe": "EMFILE EMFILE+",
    "mmap": "ENOMEM EINVAL+",
    "fcntl": "EINVAL EMFILE+",
    "wait": "ECHILD",
    "poll": "ENOMEM",
    "socket": "ENOMEM EACCES",
    "send": "ECONNRESET EPIPE",
    "recv": "ECONNRESET eof+",
    "random": "ENOSYS EAGAIN",
    "group": "EACCES EPERM",
    "any": "SIGKILL crash SIGTERM EIO+",
    "exit": "SIGKILL",
}
IN_TURNS = ("SIGINT", "SIGHUP", "SIGPIPE", "SIGQUIT")  # one of them at every call
SIGNALS = ("SIGTERM", *IN_TURNS)


class Case:
    """A command line: its output files are those that it leaves in out/ without a fault."""

    def __init__(self, name, command, stdin=None, stdout=None, cut=True, tables=(), setup="", children=False, slow=False):
        self.name = name
        self.argv = shlex.split(command)
        self.tool = self.argv[0]
        self.stdin = stdin  # a file, which comes through a pipe
        self.stdout = stdout  # a file, instead of a pipe
        self.cut = cut  # its inputs say where they end: a read that ends early must be noticed
        self.tables = tables  # of the database, which it changes
        self.setup = setup  # SQL that makes them what they were
        self.children = children
        self.slow = slow  # only a part of the faults is worth the time


# What a tool reads is in in/, and what it writes in out/; TMPDIR is spill/.
PREDICT = "ce-predict --scored-at 2024-02-01 -m in/logistic.model in/features.csv.gz"
ADAPT = "ce-adapt -r in/json.recipe"
MATERIALIZE = "ce-materialize -k user_id in/users.csv.gz -k content_id in/contents.csv.gz"
CASES = [
    Case("adapt", ADAPT + " in/log.jsonl.gz"),
    Case("adapt-outputs", ADAPT + " --users out/users.csv.gz --contents out/contents.csv.gz -o out/events.csv.gz in/log.jsonl.gz"),
    Case("adapt-array-stdin", ADAPT + " --tz Europe/Berlin --users out/users.csv -p -", stdin="in/log.json"),
    Case("adapt-csv", "ce-adapt -r in/csv.recipe --max-rejects 100% --contents out/contents.csv.gz -6 in/events.csv.gz"),
    Case("adapt-check", ADAPT + " --check -o out/check in/log.jsonl.gz"),
    Case("adapt-options", "ce-adapt -r in/csv.recipe --options ce-agg", cut=False),
    Case("clean", "ce-clean in/events.csv.gz"),
    Case("clean-plain-stdin", "ce-clean -p -", stdin="in/events.csv", cut=False),
    Case("clean-redirected", "ce-clean --rejects out/rejects.csv.gz -", stdin="in/events.csv.gz", stdout="stdout"),
    Case("clean-plain-redirected", "ce-clean -p --rejects out/rejects.csv in/events.csv.gz", stdout="stdout"),
    Case("clean-outputs", "ce-clean -v --rejects out/rejects.csv.gz -o out/events.csv.gz in/events.csv.gz"),
    Case("clean-stdout-and-file", "ce-clean --tz Europe/Berlin --rejects out/rejects.csv in/local.csv.gz"),
    Case("clean-spills", "ce-clean --mem 1K --threads 2 -o out/events.csv.gz in/large.csv.gz", slow=True),
    Case("clean-threads", "ce-clean --threads 2 -1 in/large.csv.gz", slow=True),
    Case("split", "ce-split -k event_id -n 3 --keep-lines -o out/part/%.csv.gz in/events.csv.gz"),
    Case("split-time-stdin", "ce-split --at 2024-01-10,2024-01-20 -p -o out/% -", stdin="in/events.csv", cut=False),
    Case("merge", "ce-merge in/clean0.csv.gz in/clean1.csv.gz in/clean2.csv"),
    Case("merge-output", "ce-merge --number device --threads 8 -o out/merged.csv.gz in/clean0.csv.gz in/clean1.csv.gz"),
    Case("join", "ce-join -k user_id in/users.csv.gz -k content_id in/contents.csv.gz in/clean.csv.gz"),
    Case("join-outputs", "ce-join -k user_id in/users.csv.gz -k content_id in/contents.csv.gz --max-unmatched 100% "
         "--unmatched out/unmatched.csv.gz -o out/joined.csv.gz in/clean.csv.gz"),
    Case("join-stdout-and-file", "ce-join -k user_id --valid-from signup_date in/users.csv --left -6 "
         "--unmatched out/unmatched.csv in/clean.csv.gz"),
    Case("sessionize", "ce-sessionize in/joined.csv.gz"),
    Case("sessionize-outputs", "ce-sessionize --starts out/starts.csv.gz -o out/sessions.csv in/joined.csv.gz"),
    Case("sessionize-stdout-and-file", "ce-sessionize -0 --starts out/starts.csv.gz in/joined.csv.gz"),
    Case("agg", "ce-agg in/sessions.csv.gz"),
    Case("agg-directory", "ce-agg -d out/tables -o out/history.csv.gz in/sessions.csv.gz"),
    Case("agg-stdout-and-directory", "ce-agg -d out/tables -t user_activity in/sessions.csv.gz"),
    Case("agg-plain", "ce-agg -p -t content_completion in/sessions.csv.gz"),
    Case("online", "ce-online in/history.csv.gz"),
    Case("online-outputs", "ce-online --effects out/effects.csv -o out/online.csv.gz in/history.csv.gz"),
    Case("features", "ce-features in/history.csv.gz"),
    Case("features-output", "ce-features --rows all -o out/features.csv.gz in/history.csv.gz"),
    Case("materialize", MATERIALIZE + " --threads 2 in/events.csv.gz"),
    Case("materialize-outputs", MATERIALIZE + " --threads 1 --max-rejects 100% --max-unmatched 100% --rejects out/rejects.csv "
         "--unmatched out/unmatched.csv.gz --first out/first.csv.gz --effects out/effects.csv -o out/features.csv.gz in/events.csv.gz", slow=True),
    Case("materialize-directory", MATERIALIZE + " --threads 2 -d out/tables -p -", stdin="in/events.csv", cut=False, slow=True),
    Case("materialize-state", MATERIALIZE + " --threads 1 --max-rejects 100% --until 2024-02-01 --state-out out/state --first out/first.csv.gz "
         "--open out/open.csv.gz -o out/features.csv.gz in/events.csv.gz", slow=True),
    Case("materialize-goes-on", MATERIALIZE + " --threads 2 --state in/state --until 2024-02-01 --state-out out/state in/later.csv",
         cut=False, slow=True),
    Case("materialize-facts", MATERIALIZE + " --threads 2 --no-online --max-rejects 100% --until 2024-02-01 --state-out out/state --facts out/facts.csv.gz "
         "-o out/features.csv.gz in/events.csv.gz", slow=True),
    Case("collate", "ce-collate --threads 1 in/shard0 in/shard1"),
    Case("collate-directory", "ce-collate -d out/tables -t event_online,content_completion -p --effects out/effects.csv in/shard0 in/shard1", slow=True),
    Case("collate-state", "ce-collate --state in/collated --until 2200-01-01T00:00:00Z --state-out out/state --open out/open.csv.gz "
         "-t completion_prediction_features -o out/features.csv.gz in/shard0.1 in/shard1.1", slow=True),
    Case("train-logistic", "ce-train -o out/logistic.model in/features.csv.gz"),
    Case("train-gbdt", "ce-train -m gbdt --trees 3 --depth 2 --threads 2 -o out/gbdt.model in/features.csv.gz"),
    Case("train-calibrated", "ce-train --calibrate isotonic -w balanced in/first.csv.gz"),
    Case("train-backtest", "ce-train --cv 2 --l2 auto -o out/backtest.csv.gz in/first.csv.gz", slow=True),
    Case("predict", PREDICT),
    Case("predict-outputs", "ce-predict --scored-at 2024-02-01 -m in/gbdt.model --keys --repeats 1 --importance out/importance.csv.gz "
         "--drift out/drift.csv.gz --distribution out/distribution.csv.gz -o out/predictions.csv.gz in/features.csv.gz"),
    Case("predict-explain", "ce-predict --scored-at 2024-02-01 -m in/gbdt.model --keys --explain 2 --threads 2 --contributions out/contributions.csv.gz "
         "-o out/predictions.csv.gz in/features.csv.gz"),
    Case("predict-stdout-and-files", PREDICT + " --repeats 1 --importance out/importance.csv --drift out/drift.csv "
         "--distribution out/distribution.csv"),
    Case("eval", "ce-eval in/scored.csv.gz"),
    Case("eval-plain", "ce-eval -p --by event_type in/scored.csv.gz"),
    Case("eval-outputs", "ce-eval --resamples 20 --curves out/curves.csv.gz --intervals out/intervals.csv.gz "
         "-o out/metrics.csv.gz in/scored.csv.gz"),
    Case("eval-against", "ce-eval --resamples 20 --against-file in/other.csv.gz --intervals out/intervals.csv "
         "in/scored.csv.gz"),
    Case("eval-plots", "ce-eval --plots out/plots -o out/metrics.csv.gz in/scored.csv.gz", children=True,
         slow=True),
    Case("eval-report", "ce-eval --resamples 20 --html out/report.html --importance in/importance.csv.gz "
         "--drift in/drift.csv.gz --distribution in/distribution.csv.gz --features-report out/features.html "
         "--model in/logistic.model --rejects in/rejects.csv.gz --unmatched in/unmatched.csv.gz "
         "--sessions in/content_completion.csv.gz in/scored.csv.gz", children=True, slow=True),
    Case("audit", "ce-audit --cuts 1 -c 'ce-clean --max-rejects 100% 2>/dev/null' in/events.csv.gz", children=True),
    Case("audit-output", "ce-audit --cuts 2 --mem 1K -c 'ce-clean --max-rejects 100% -p 2>/dev/null' "
         "-o out/audit.csv.gz in/events.csv.gz", children=True, slow=True),
    Case("model", "ce-model in/logistic.model"),
    Case("model-trees", "ce-model -t in/gbdt.model"),
    Case("model-sql", "ce-model --sql -o out/model.sql in/gbdt.model"),
    Case("synth", "ce-synth --users 5 --contents 5 --sessions 20 --dirty 0.02 -o out/synth"),
    Case("synth-stream", "ce-synth --users 5 --contents 5 --sessions 20 --stream -o out/synth"),
]
DATABASE_CASES = [
    Case("import", "ce-import users_dim in/users.csv.gz", tables=("users_dim",)),
    Case("import-replace", "ce-import -I in/load --replace --max-loss 100% --analyze users_dim content_dim",
         tables=("users_dim", "content_dim"),
         setup="CREATE TABLE users_dim (user_id text, email text, plan_tier text, signup_date text);"
         "CREATE TABLE content_dim (content_id text, genre text, runtime text, release_year text, maturity_rating text);"
         "INSERT INTO users_dim VALUES ('u1', 'a@b', 'gold', '2024-01-01'), ('x', 'a@b', 'gold', '2024-01-01');"),
    Case("import-upsert", "ce-import --upsert user_id users_dim -", stdin="in/users.csv.gz", tables=("users_dim",),
         setup="CREATE TABLE users_dim (user_id text PRIMARY KEY, email text, plan_tier text, signup_date text);"
         "INSERT INTO users_dim VALUES ('u1', 'a@b', 'gold', '2024-01-01'), ('x', 'a@b', 'gold', '2024-01-01');"),
    Case("export", "ce-export public.sample"),
    Case("export-query", "ce-export -c 'SELECT * FROM public.sample' -o out/sample.csv"),
    Case("export-directory", "ce-export --schema public -O out/tables sample other"),
]
CASES += DATABASE_CASES


# A job: a case and a fault, which is a plan of the shim, or one of these by its first word:
#   limit OPTION N       ulimit -OPTION N in the shell that starts it
#   shut N...            those standard descriptors are closed
#   signal NAME SHARE    a signal after that share of the time of a run without a fault
#   disk N               out/ and spill/ are a file system with N KiB free
#   user N               another user than root, who may have N processes
#   stdout full|gone     stdout is /dev/full, or a pipe that nobody reads
#   children PLAN        a plan of the shim that is for its forked children, too
#   gnuplot HOW          what the tool starts by that name fails, is killed or prints nothing
#   server SHARE         the server ends its session after that share of the time
Job = collections.namedtuple("Job", "case fault old")


def kind_of(fault):
    """What the fault counts as in the table: its class or first word, and its kind."""
    words = fault.split()
    if len(words) == 1:
        return tuple(fault.split(":")[::2])
    return words[0], "" if words[0] in ("server", "disk") else words[1].split(":")[0]


def gunzipped(data):
    """The bytes of a finished gzip stream, or None."""
    out = []
    while data:
        member = zlib.decompressobj(31)
        try:
            out.append(member.decompress(data))
        except zlib.error:
            return None
        if not member.eof:
            return None
        data = member.unused_data
    return b"".join(out)


def content(data):
    return (gunzipped(data) if data[:2] == b"\x1f\x8b" else data)


def is_finished(stdout):
    """Whether a reader of stdout would take it for whole; plain text says nothing of it."""
    return stdout[:2] == b"\x1f\x8b" and gunzipped(stdout) is not None


class Server:
    """The throwaway PostgreSQL of tests/postgres.bash, for as long as this process lives."""

    def __init__(self):
        script = (". tests/postgres.bash && postgres_start && echo \"$PGHOST $postgres_bin\" && read -r _; "
                  "postgres_stop")
        self.process = subprocess.Popen(["bash", "-c", script], cwd=ROOT, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, start_new_session=True)
        host, self.bin = self.process.stdout.readline().split()
        self.env = {"PGHOST": host, "PGUSER": "ce", "PGDATABASE": "postgres"}
        self.sql("CREATE TABLE sample AS SELECT i AS id, 'row ' || i AS name FROM generate_series(1, 200) i;"
                 "CREATE TABLE other AS SELECT * FROM sample WHERE id < 5;")

    def options(self, schema):
        return dict(self.env, PGAPPNAME=schema, PGOPTIONS=f"-c client_min_messages=warning -c search_path={schema}")

    def sql(self, text, schema="public"):
        env = dict(os.environ, **self.options(schema)) | {"PGAPPNAME": "psql"}
        return subprocess.run([f"{self.bin}/psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", text], env=env,
                              check=True, capture_output=True, text=True).stdout

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Ground:
    """A worker's folder, in which one run after another takes place."""

    def __init__(self, base, number, inputs, server):
        self.path = base / f"w{number}"
        self.path.mkdir()
        self.path.chmod(0o777)
        (self.path / "in").symlink_to(inputs)
        self.log = self.path / "log"
        self.schema = f"w{number}"
        self.server = server
        self.was = self.now = ""  # what is in the tables before a run, and after it
        self.last = None  # the case that they are of

    def prepare(self, case, paths):
        """Empties the folder; puts old files at those paths; makes the tables."""
        for name in ("out", "spill"):
            folder = self.path / name
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            folder.chmod(0o777)
        for path in paths:
            path = self.path / "out" / path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(OLD)
        self.log.write_bytes(b"")
        if case.tables and (self.was != self.now or self.last != case.name):
            self.server.sql(f"DROP SCHEMA IF EXISTS {self.schema} CASCADE; CREATE SCHEMA {self.schema};" + case.setup,
                            self.schema)
            self.was, self.last = self.state(case), case.name

    def look(self, case):
        self.now = self.state(case) if case.tables else ""
        return self.now

    def files(self, name):
        """The bytes of each file, by its path in that folder; and with nothing, by a path that ends in /, of each empty folder."""
        folder = self.path / name
        return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()} | {
            f"{path.relative_to(folder)}/": b"" for path in folder.rglob("*") if path.is_dir() and not any(path.iterdir())}

    def state(self, case):
        """What is in the tables of a case that changes the database, once no client is there any more."""
        rows = "SELECT * FROM {0} t ORDER BY t"
        return self.server.sql(
            "DO $$ BEGIN WHILE EXISTS (SELECT FROM pg_stat_activity "
            f"WHERE application_name = '{self.schema}') LOOP PERFORM pg_sleep(0.005), pg_stat_clear_snapshot(); "
            "END LOOP; END $$;" + "".join(
                f"SELECT '{table}', CASE WHEN to_regclass('{table}') IS NULL THEN 'is not there' "
                f"ELSE query_to_xml('{rows.format(table)}', true, true, '')::text END;" for table in case.tables),
            self.schema)


Result = collections.namedtuple("Result", "status stdout stderr files spilled seconds fired unsynced counts places state")


class Left:
    """What a run has left behind, against what the run without a fault does."""

    # What a call's error or a limit sends.
    SENT = {"EPIPE": "SIGPIPE", "EFBIG": "SIGXFSZ", "gone": "SIGPIPE", "f": "SIGXFSZ", "crash": "SIGKILL"}

    def __init__(self, clean, job, got, state_before):
        self.case, self.got, self.clean = job.case, got, clean
        self.words = job.fault.split()
        self.by_shim = len(self.words) == 1 or self.words[0] == "children"
        self.what, self.kind = kind_of(job.fault)
        self.signal = getattr(signal, self.SENT.get(self.kind, self.kind), None)
        self.new = [name for name, data in clean.files.items() if name in got.files and
                    content(got.files[name]) == content(data)]
        self.old = [name for name in clean.files if got.files.get(name) == (OLD if job.old else None)]
        self.spoilt = [name for name in clean.files if name not in self.new and name not in self.old]
        self.strays = [name for name in got.files if name not in clean.files] + got.spilled
        self.is_finished = is_finished(got.stdout)
        self.is_whole = content(got.stdout) == content(clean.stdout) or self.lacks_end()
        self.is_through = len(self.new) == len(clean.files) and (self.is_whole or not self.is_finished)
        self.state_is_new = got.state == clean.state
        self.state_is_old = got.state == state_before or not job.case.tables

    def lacks_end(self):
        """Whether all of a redirected stdout but the end of the stream was on the disk before a power cut."""
        rest = self.clean.stdout.removeprefix(self.got.stdout)
        return self.kind == "crash" and bool(self.case.stdout) and self.clean.stdout[:2] == b"\x1f\x8b" and len(rest) <= STREAM_END

    def after_success(self):
        missing = [name for name in self.clean.files if name not in self.new]
        # What could not be unlinked is left, and nothing else is wrong.
        strays = [name for name in self.strays if self.what not in ("unlink", "any") or not LEFTOVER.search(name)]
        unsynced = {Path(path).name for path in self.got.unsynced} & {Path(name).name for name in self.clean.files}
        if missing:
            return f"exit 0, but {missing[0]} is not there"
        if not self.is_whole:
            return "exit 0, but stdout is not whole"
        if strays:
            return f"exit 0, but {strays[0]} is left"
        if not self.state_is_new:
            return "exit 0, but the database is as it was"
        if unsynced:
            return f"exit 0, but a power cut may undo the rename of {unsynced.pop()}"
        return ""

    def after_crash(self):
        strays = [name for name in self.strays if not LEFTOVER.search(name) and not SPILLED.search(name)
                  and not name.endswith("/")]
        if strays:
            return f"{strays[0]} is left, which is no documented name"
        if self.is_finished and len(self.new) < len(self.clean.files):
            return "the stream on stdout is finished, but not every file is there"
        return ""

    def after_failure(self):
        how = f"status {self.got.status}, but"
        changed = [name for name in self.clean.files if name not in self.old]
        if self.strays and self.what != "unlink":
            return f"{how} {self.strays[0]} is left"
        if self.is_finished and self.got.fired != "stdout close":  # whose failure nothing comes after
            return f"{how} the stream on stdout is finished"
        if changed:
            return f"{how} {changed[0]} is there"
        if not self.state_is_old and self.got.status > 0 and "unknown whether" not in self.got.stderr:
            return f"{how} the database has changed"
        return ""

    def without_message(self):
        usual = self.clean.stderr.splitlines()
        lines = [line for line in self.got.stderr.splitlines() if line not in usual]
        if self.words[0] == "shut" and "2" in self.words:
            return ""
        if self.got.status == 127 and "loading shared libraries" in self.got.stderr:
            return ""  # it has not even started
        if any(line.startswith(self.case.tool + ": ") for line in lines):
            return ""
        return f"status {self.got.status} without a message of the tool" + (f": {lines[0]}" if lines else "")


class Bench:
    def __init__(self, tools, server):
        self.tools, self.server = tools, server
        self.clean = {}  # by case and whether files were there: the result without a fault

    def command(self, case, fault):
        """The argument list, with the shell that sets what the fault is, and the variables of the shim."""
        words = fault.split()
        if not words or words[0] in ("signal", "disk", "stdout", "gnuplot", "server"):
            return case.argv, ""
        if words[0] == "limit":
            return ["sh", "-c", f'ulimit -{words[1]} {words[2]} && exec "$@"', "sh", *case.argv], ""
        if words[0] == "user":
            return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "prlimit", f"--nproc={words[1]}",
                    *case.argv], ""
        if words[0] == "shut":
            shut = " ".join("<&-" if n == "0" else f"{n}>&-" for n in words[1:])
            return ["sh", "-c", f'exec "$@" {shut}', "sh", *case.argv], ""
        return case.argv, words[-1]

    def run(self, ground, case, fault="", old=()):
        words = fault.split()
        disk = words and words[0] == "disk"
        ground.prepare(case, old)
        if disk:
            self.mount(ground, words[1], old)
        try:
            return self.run_there(ground, case, fault, words)
        finally:
            if disk:
                subprocess.run(["umount", "-l", ground.path / "out"], check=True)

    @staticmethod
    def mount(ground, free, old):
        """A file system with so many KiB free for the tool; each old file takes a page."""
        folder = ground.path / "out"
        size = 4 * len(old) + int(free)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k,mode=777", "none", folder], check=True)
        for path in old:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(OLD)
        (folder / "spill").mkdir()

    def run_there(self, ground, case, fault, words):
        argv, plan = self.command(case, fault)
        spill = "out/spill" if words and words[0] == "disk" else "spill"
        env = {"PATH": f"{self.tools}:{os.environ['PATH']}", "TMPDIR": str(ground.path / spill),
               "LANG": "C.UTF-8", "HOME": str(ground.path), "GNUPLOT": words[1] if words and words[0] == "gnuplot" else "works"}
        if self.server:
            env.update(self.server.options(ground.schema))
        if plan or not fault:
            env.update(LD_PRELOAD=str(self.tools / "shim.so"), CE_FAULT=plan, CE_FAULT_LOG=str(ground.log))
            if words and words[0] == "children":
                env["CE_FAULT_CHILDREN"] = "1"
        stdout = subprocess.PIPE
        if fault == "stdout full":
            stdout = os.open("/dev/full", os.O_WRONLY)
        elif fault == "stdout gone":
            reader, stdout = os.pipe()
            os.close(reader)
        elif case.stdout:
            stdout = os.open(ground.path / case.stdout, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        given = (ground.path / case.stdin).read_bytes() if case.stdin else None
        start = time.monotonic()
        process = subprocess.Popen(argv, cwd=ground.path, env=env, stdin=subprocess.PIPE if given else subprocess.DEVNULL,
                                   stdout=stdout, stderr=subprocess.PIPE, start_new_session=True)
        if stdout != subprocess.PIPE:
            os.close(stdout)
        if words and words[0] in ("signal", "server"):
            time.sleep(float(words[-1]) * self.clean[case.name, False].seconds)
            if words[0] == "signal":
                process.send_signal(getattr(signal, words[1]))
            else:
                self.server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                f"WHERE application_name = '{ground.schema}'")
        try:
            out, err = process.communicate(given, timeout=TIMEOUT)
            status = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            status = "hang"
        if case.children and status != "hang" and not self.is_alone(process.pid):
            status = "left"
        if case.stdout and words[:1] != ["stdout"]:
            out = (ground.path / case.stdout).read_bytes()
        log = [line.split(" ", 1) for line in ground.log.read_text().splitlines()]
        files = ground.files("out")
        files.pop("spill/", None)
        spilled = [name for name in files if name.startswith("spill/")] + list(ground.files("spill"))
        return Result(status, out or b"", err.decode(errors="replace"),
                      {name: data for name, data in files.items() if not name.startswith("spill/")}, spilled,
                      time.monotonic() - start, next((line[1] for line in log if line[0] == "fired"), None),
                      [line[1] for line in log if line[0] == "unsynced"],
                      {line[0]: int(line[1]) for line in log if line[0] not in ("fired", "unsynced", "place")},
                      self.places([line[1] for line in log if line[0] == "place"]),
                      ground.look(case))

    @staticmethod
    def places(lines):
        """By class and number of call: the place that it is the first call from."""
        places = {}
        for line in lines:
            name, n, m, place = line.split()
            places[name, n] = name, place
            places["any", m] = "any", place
        return places

    def place_of(self, job):
        name, _, rest = job.fault.partition(":")
        return self.clean[job.case.name, job.old].places.get((name, rest.partition(":")[0].rstrip("+")))

    @staticmethod
    def is_alone(session):
        """Whether nothing of what a tool has started is left, a moment after its end."""
        for _ in range(100):
            left = False
            for stat in Path("/proc").glob("[0-9]*/stat"):
                try:
                    state, _, _, sid = stat.read_text().rpartition(")")[2].split()[:4]
                except OSError:
                    continue  # it has just ended
                left = left or (int(sid) == session and state != "Z")
            if not left:
                return True
            time.sleep(0.02)
        return False

    def calibrate(self, ground, case):
        """The runs without a fault: without files of the outputs' names, and with them."""
        first = self.run(ground, case)
        if first.status:
            sys.exit(f"{case.name} fails without a fault, status {first.status}: {first.stderr}")
        before = ground.was
        self.clean[case.name, False] = first
        second = self.run(ground, case, "", list(first.files))
        self.clean[case.name, True] = second
        if Left(first, Job(case, "none:0:none", False), second, before).after_success():
            sys.exit(f"{case.name}: two runs without a fault differ")
        if case.tables and before == first.state:
            sys.exit(f"{case.name} does not change its tables")

    def judge(self, ground, job, got):
        """(outcome, why): outcome is right, refused, killed, missed (no fault happened) or BROKEN."""
        left = Left(self.clean[job.case.name, job.old], job, got, ground.was)
        if got.status == "hang":
            why = f"hangs for {TIMEOUT} s"
        elif got.status == "left":
            why = "a process that it has started is left"
        elif left.spoilt:
            why = f"{left.spoilt[0]} is neither the old file nor the new one"
        elif not left.state_is_new and not left.state_is_old:
            why = "the database is neither as it was nor as it should be"
        elif got.status == 0:
            why = left.after_success()
            if not why:
                return "right" if got.fired or not left.by_shim else "missed", ""
        elif left.by_shim and left.kind in SURVIVED.get(left.what, "").split():
            why = f"does not survive it: status {got.status}: {got.stderr.strip()[-200:]}"
        elif got.status > 0 and left.what == "any":  # nothing could be cleaned up, either
            why = left.after_crash() or left.without_message()
        elif got.status > 0:
            why = left.after_failure() or left.without_message()
        elif -got.status != left.signal:
            why = f"killed by {signal.Signals(-got.status).name}"
        elif left.signal == signal.SIGKILL:
            why = left.after_crash()
        elif left.kind in SIGNALS and left.is_through:
            why = ""  # the signal came when all was done
        else:
            why = left.after_failure()
        return ("BROKEN", why) if why else ("killed" if got.status < 0 else "refused", "")

    def plans(self, case, rng):
        """Every fault of a case."""
        jobs = []
        names = sorted(set(KINDS) | set(SURVIVED))
        for old in (False, True):
            counts = self.clean[case.name, old].counts
            for name in names:
                kinds = KINDS.get(name, "").split() + SURVIVED.get(name, "").split()
                if name == "read" and case.cut:
                    kinds.append("eof+")
                for n in range(1, counts.get(name, 0) + 1):
                    turn = kinds + [IN_TURNS[n % len(IN_TURNS)]] if name == "any" else kinds
                    if n == 1 and "one" in kinds:
                        turn = turn + ["one+"]  # all of it by single bytes
                    for i, kind in enumerate(turn):
                        # Each call with a fault of each kind; whether files were there alternates.
                        if (n + i) % 2 == old:
                            plus = kind.endswith("+")
                            jobs.append(Job(case, f"{name}:{n}{'+' * plus}:{kind.rstrip('+')}", old))
        if case.children:
            jobs += [Job(case, f"children group:1{plus}:EPERM", old) for plus in ("", "+") for old in (False, True)]
            jobs += [Job(case, f"children {name}:{n}:EIO", n % 2 == 0) for name in ("fcntl", "close", "read")
                     for n in range(1, self.clean[case.name, False].counts[name] + 5)]
        if case.name.startswith(("eval-plots", "eval-report")):
            jobs += [Job(case, f"gnuplot {how}", old) for how in ("fails", "killed", "silent") for old in (False, True)]
        if case in DATABASE_CASES:
            jobs += [Job(case, f"server {rng.random():.3f}", rng.random() < 0.5) for _ in range(20)]
        jobs += [Job(case, f"limit s {n}", n % 128 == 0) for n in (64, 96, 128, 256, 1024)]
        jobs += [Job(case, f"limit v {n}", n // 1000 % 2 == 0) for n in range(3000, 60000, 3000)]
        jobs += [Job(case, f"limit n {n}", n % 2 == 0) for n in range(3, 16)]
        jobs += [Job(case, f"limit f {n}", n % 2 == 0) for n in (0, 1, 2, 3, 4, 8, 16, 32, 64)]
        jobs += [Job(case, f"shut {which}", old) for which in ("0", "1", "2", "0 1", "1 2", "0 1 2")
                 for old in (False, True)]
        if case.stdin:
            jobs = [job for job in jobs if not job.fault.startswith("shut 0")]
        jobs += [Job(case, f"stdout {what}", old) for what in ("full", "gone") for old in (False, True)
                 if self.clean[case.name, False].stdout]
        jobs += [Job(case, f"signal {name} {rng.random():.3f}", rng.random() < 0.5)
                 for name in (*SIGNALS, "SIGKILL") for _ in range(10)]
        if self.can_mount and self.clean[case.name, False].files:
            jobs += [Job(case, f"disk {n}", n // 4 % 2 == 0) for n in (4, 8, 12, 16, 20, 24, 32, 48, 64, 128, 256)]
        if self.can_change_user:
            jobs += [Job(case, f"user {n}", n % 2 == 0) for n in (0, 1)]
        return jobs


def take_tools(build, base):
    """A copy of the tools, so that they may be built again meanwhile; and a gnuplot that only looks like one."""
    tools = base / "bin"
    shutil.copytree(build / "bin", tools)
    shutil.copy(build / "faults" / "shim.so", tools)
    fake = tools / "gnuplot"
    fake.write_text("#!/bin/sh\ncat >/dev/null\ncase $GNUPLOT in\n"
                    "works) echo '<svg><defs></defs><g>a picture</g></svg>' ;;\n"
                    "fails) echo '<svg><defs></defs><g>a picture</g></svg>'; exit 1 ;;\n"
                    "killed) echo '<svg><defs></defs><g>a pic'; kill -KILL $$ ;;\n"
                    "esac\n")
    fake.chmod(0o755)
    return tools


def make_inputs(tools, base):
    """The tables that the cases read, by the tools themselves."""
    inputs = base / "in"
    (inputs / "load").mkdir(parents=True)
    script = """
set -e
ce-synth --users 40 --contents 15 --sessions 400 --dirty 0.02 -o small 2>/dev/null
ce-synth --users 300 --contents 50 --sessions 7000 --stream -o large -0 >large.csv.gz 2>/dev/null
mv small/events_table.csv.gz events.csv.gz
mv small/users_dim.csv.gz users.csv.gz
mv small/content_dim.csv.gz contents.csv.gz
cp users.csv.gz load/users_dim.csv.gz
gzip -dc contents.csv.gz >load/content_dim.csv
gzip -dc events.csv.gz >events.csv
gzip -dc users.csv.gz >users.csv
ce-clean --rejects rejects.csv.gz -o clean.csv.gz events.csv.gz 2>/dev/null
ce-split -k user_id -n 3 -o clean%.csv.gz clean.csv.gz
gzip -d clean2.csv.gz
for k in 0 1; do
    mkdir shard$k
    ce-materialize -k user_id users.csv.gz -k content_id contents.csv.gz --max-unmatched 100% --no-online -d shard$k \\
        --facts shard$k/facts.csv.gz -o shard$k/completion_prediction_features.csv.gz clean$k.csv.gz 2>/dev/null
    ce-split --at 2024-01-15 --time fact_ts --ts-unit ms -o shard$k.%/facts.csv.gz shard$k/facts.csv.gz
    ce-split --at 2024-01-15 -o shard$k.%/completion_prediction_features.csv.gz shard$k/completion_prediction_features.csv.gz
done
ce-collate --state-out collated --until 2024-01-15 shard0.0 shard1.0
ce-join -k user_id users.csv.gz -k content_id contents.csv.gz --drop email --unmatched unmatched.csv.gz \\
    -o joined.csv.gz clean.csv.gz
ce-sessionize -o sessions.csv.gz joined.csv.gz
ce-agg -d . -o history.csv.gz sessions.csv.gz
ce-features -o features.csv.gz history.csv.gz
ce-features --rows first -o first.csv.gz history.csv.gz
ce-materialize -k user_id users.csv.gz -k content_id contents.csv.gz --until 2024-01-15 --max-rejects 100% --state-out state \\
    -o /dev/null events.csv.gz 2>/dev/null
(echo event_id,event_ts,user_id,content_id,event_type,playback_position,device
gzip -dc clean.csv.gz | awk -F, '$2 + 0 >= 1705276800000 && $2 + 0 < 1705449600000') >later.csv
gzip -dc events.csv.gz | python3 -c '
import sys, time
for line in sys.stdin.buffer:
    field = line.split(b",")
    if len(field) > 1 and len(field[1]) == 13 and field[1].isdigit():
        field[1] = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(int(field[1]) // 1000)).encode()
    sys.stdout.buffer.write(b",".join(field))' | gzip >local.csv.gz
cat >csv.recipe <<'END'
format csv
event_id = event_id
event_ts = event_ts
user_id = user_id
content_id = content_id
event_type = event_type
genre = device
event play -> play
event pause stop -> stop
event * -> ignore
options ce-agg --watermark 2024-01-01
END
sed -e 's/csv/json/' -e 's/= device/= more.@json.device/' csv.recipe >json.recipe
gzip -dc clean.csv.gz | python3 -c '
import csv, json, sys
rows = [dict(row, event_ts=int(row["event_ts"]), more=json.dumps({"device": row["device"], "text": "\\u00e9" * 20}))
        for row in csv.DictReader(sys.stdin)][:1500]
open("log.json", "w").write(json.dumps(rows))
for row in rows:
    print(json.dumps(row))' | gzip >log.jsonl.gz
ce-train -o logistic.model features.csv.gz 2>/dev/null
ce-train -m gbdt --trees 5 --depth 3 -o gbdt.model features.csv.gz 2>/dev/null
ce-predict -m logistic.model --importance importance.csv.gz --drift drift.csv.gz --distribution distribution.csv.gz -o scored.csv.gz features.csv.gz
ce-predict -m gbdt.model -o other.csv.gz features.csv.gz
"""
    env = dict(os.environ, PATH=f"{tools}:{os.environ['PATH']}")
    subprocess.run(["bash", "-c", script], cwd=inputs, env=env, check=True)
    return inputs


def succeeds(*argv):
    return not subprocess.run(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode


def is_counted(job):
    """Whether the tool comes to its own end, at which a build that counts adds to the files of its counts."""
    return (not job.fault.startswith(("signal", "limit", "disk", "user"))
            and kind_of(job.fault)[1] not in ("crash", "SIGKILL", *SIGNALS))


def sampled(jobs, rng, bench):
    """In random order, but one of each tool, class and kind first; then one of each case, class and kind and of each
    place in a tool that calls, and so on."""
    rng.shuffle(jobs)
    tools, cases, places = collections.Counter(), collections.Counter(), collections.Counter()

    def rank(job):
        place = job.case.tool, bench.place_of(job)
        tools[job.case.tool, kind_of(job.fault)] += 1
        cases[job.case.name, kind_of(job.fault)] += 1
        places[place] += 1
        if tools[job.case.tool, kind_of(job.fault)] == 1:
            return 0
        turn = places[place] if place[1] else cases[job.case.name, kind_of(job.fault)]
        return turn * (3 if job.case.slow else 1)

    return sorted(jobs, key=rank)


def repeats(job, args):
    return (f"tests/faults/faults.py{f' --build {args.build}' if args.build != 'build' else ''} --case {job.case.name} "
            f"--fault '{job.fault}'" + " --old" * job.old)


def run_all(bench, jobs, grounds, until, args):
    todo = queue.SimpleQueue()
    for job in jobs:
        todo.put(job)
    counts = collections.Counter()
    broken, failed = [], []
    lock = threading.Lock()

    def work(ground):
        while time.monotonic() < until and not failed:
            try:
                job = todo.get_nowait()
            except queue.Empty:
                return
            clean = bench.clean[job.case.name, job.old]
            try:
                got = bench.run(ground, job.case, job.fault, list(clean.files) if job.old else ())
                outcome, why = bench.judge(ground, job, got)
            except Exception as exception:  # of this program, not of the tool
                failed.append(exception)
                print(f"{job.case.name} {job.fault}:", file=sys.stderr)
                raise
            with lock:
                counts[job.case.tool, kind_of(job.fault)[0], outcome] += 1
                if outcome == "BROKEN":
                    broken.append((job, why))
                    print(f"{job.case.name} {job.fault}: {why}\n    {repeats(job, args)}", flush=True)

    threads = [threading.Thread(target=work, args=(ground,)) for ground in grounds]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            thread.join()
    except BaseException as interrupt:
        failed.append(interrupt)  # which ends the threads, too
        for thread in threads:
            thread.join()
        raise
    if failed:
        sys.exit(2)
    return counts, broken


def print_table(counts):
    outcomes = ["right", "refused", "killed", "missed", "BROKEN"]
    for title, at in (("tool", 0), ("fault", 1)):
        print(f"\n{title:14}{'faults':>9}" + "".join(f"{name:>9}" for name in outcomes))
        for name in sorted({key[at] for key in counts}) + ["all"]:
            row = [sum(n for key, n in counts.items() if name in (key[at], "all") and key[2] == outcome)
                   for outcome in outcomes]
            print(f"{name:14}{sum(row):9}" + "".join(f"{n:9}" for n in row))


def show(bench, ground, case, fault, old):
    """One run, and all that can be said of it."""
    clean = bench.clean[case.name, old]
    got = bench.run(ground, case, fault, list(clean.files) if old else ())
    argv, plan = bench.command(case, fault)
    print("command:", (f"CE_FAULT={plan} " if plan else "") + shlex.join(argv))
    print("status:", got.status, "" if got.fired or not plan else "(the fault did not happen)")
    print(f"stdout: {len(got.stdout)} bytes,", "a finished stream" if is_finished(got.stdout) else "not a finished stream")
    for name, data in sorted(got.files.items()):
        print("file:", name, "(old)" if data == OLD else "(new)" if name in clean.files and
              content(data) == content(clean.files[name]) else f"({len(data)} bytes)")
    for name in got.spilled:
        print("left:", name)
    print("stderr:", got.stderr.strip())
    outcome, why = bench.judge(ground, Job(case, fault, old), got)
    print("outcome:", outcome, why)
    return outcome == "BROKEN"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build")
    parser.add_argument("--counted", action="store_true")
    parser.add_argument("--sample", type=float, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--case")
    parser.add_argument("--fault")
    parser.add_argument("--old", action="store_true")
    parser.add_argument("words", nargs="*")
    args = parser.parse_args()
    start = time.monotonic()
    rng = random.Random(args.seed)
    cases = [case for case in CASES if (case.name == args.case if args.case else
                                        not args.words or any(word in case.name for word in args.words))]
    if not cases:
        sys.exit("no such case: " + " ".join(case.name for case in CASES))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    base = Path(tempfile.mkdtemp(prefix="ce-faults."))
    base.chmod(0o755)
    server = None
    try:
        tools = take_tools(ROOT / args.build, base)
        inputs = make_inputs(tools, base)
        if any(case in DATABASE_CASES for case in cases):
            server = Server()
        bench = Bench(tools, server)
        (base / "mnt").mkdir()
        bench.can_mount = succeeds("mount", "-t", "tmpfs", "none", base / "mnt") and succeeds("umount", base / "mnt")
        bench.can_change_user = os.geteuid() == 0 and succeeds("setpriv", "--reuid=65534", "--clear-groups", "true")
        grounds = [Ground(base, i, inputs, server) for i in range(args.jobs)]
        jobs = []
        for case in cases:
            bench.calibrate(grounds[0], case)
            jobs += bench.plans(case, rng)
        if args.fault:
            return show(bench, grounds[0], cases[0], args.fault, args.old)
        if args.counted:
            jobs = [job for job in jobs if is_counted(job)]
        n = len(jobs)
        if args.sample:
            jobs = sampled(jobs, rng, bench)
        until = start + args.sample - 2 if args.sample else float("inf")
        counts, broken = run_all(bench, jobs, grounds, until, args)
        print_table(counts)
        for what, can in (("full disks", bench.can_mount), ("a limit of processes", bench.can_change_user)):
            if not can:
                print(f"not tried, for that takes root: {what}")
        print(f"\n{len(broken)} broken of {sum(counts.values())} faults"
              + (f", a sample of {n} with --seed {args.seed}" if args.sample else "")
              + f"; {time.monotonic() - start:.0f} s")
        if not counts:
            print("nothing was tried: the sample is too short for the machine")
        return bool(broken) or not counts
    finally:
        if server:
            server.stop()
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
