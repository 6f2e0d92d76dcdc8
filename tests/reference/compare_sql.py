#!/usr/bin/env python3
"""compare_sql: every table of the tools against reference.sql, in a PostgreSQL that libpq finds by PG*.

With --naive first, every table of naive.py instead, which begins at the joined events: the two statements
of the definitions against each other, without a tool.

Each case is three source tables and a set of options. The tools run over them, reference.sql runs
over them in the database, and there every column of every table is compared, row by row and byte by
byte: numbers must be written as PostgreSQL writes them. What is compared is counted; at the end a
line says how much that was, and any difference has been shown and makes the exit status 1.

Usage: compare_sql.py [--naive] CASES, which are
       edge [NAME ...]                  the cases of edge_cases.py
       forms                            the same, with forms=s+us+ns+offset+utc+bare
       synth SEED[:OPTION=VALUE,...] ...    a workload of ce-synth, some 20,000 events
       random SEED ...                  a table of random_tables.py, with its options
       viewings SEED[:EVENTS] ...       a log of viewings.py, with its options
       folder FOLDER[:OPTION=VALUE,...] ... events_table, users_dim, content_dim as plain .csv

SEED may be a range, 1-100. OPTIONS are gap, window, unknown_runtime and max_left (durations in ms), plain_gap=true,
near_end (a ratio), complete_by, watermark (a time in ms), allow_empty (columns, with + between them), ts_unit, and
forms (s, ms, us, ns, offset, utc, bare, with + between them): then the tools, and they alone, have each event_ts in
one of these forms, and the runtimes and years of the dimensions as clocks, durations and decimals; out come the same
tables. With players=any the players of ce-synth have heartbeats, rewatches, wrong clocks and so on.
"""

import os
import random
import subprocess
import sys
import tempfile

import clean
import edge_cases
import naive
import random_tables
import viewings

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULTS = {
    "gap": 1_800_000,
    "plain_gap": "false",
    "near_end": "0.95",
    "complete_by": "event",
    "unknown_runtime": 0,
    "max_left": 86_400_000,
    "window": 2_592_000_000,
    "watermark": "",
    "allow_empty": "",
    "ts_unit": "auto",
    "forms": "",
    "players": "",
}

# Of ce-synth, where players=any.
ANY_PLAYERS = """--heartbeat 10m --end-by-position 0.3 --rewatch 0.3 --two-evenings 0.3 --missing-runtime 0.1
    --clock-skew 0.05"""

ALL_FORMS = "s,us,ns,offset,utc,bare"

SOURCES = """
create table raw_events (line bigint, event_id text, event_ts text, user_id text, content_id text,
    event_type text, playback_position text, device text);
create table users_dim (user_id text, email text, plan_tier text, signup_date text);
create table content_dim (content_id text, genre text, runtime text, release_year text, maturity_rating text);
"""

# Reasons to reject a record that no table of a database can hold.
BELOW_SQL = ("ragged", "invalid_utf8")

PREDICTION_ROWS = ("all", "open", "first", "undecided")

# What the database calls a table, and the file in which naive.py leaves it, or the tools.
NAIVE_TABLES = {
    "session_identification": "session_identification.csv",
    "session_starts": "session_starts.csv",
    "event_history": "history.csv",
    "content_completion": "content_completion.csv",
    **{name: f"{name}.csv" for name in naive.AGGREGATES},
    **{f"features_{rows}": f"features_{rows}.csv" for rows in PREDICTION_ROWS},
}
TOOL_TABLES = NAIVE_TABLES | {
    "cleaned_events": "cleaned_events.csv",
    "rejects": "rejects.csv",
    "enriched_table": "enriched_table.csv",
    "event_history": "event_history.csv",
    "content_completion": "tables/content_completion.csv",
    **{name: f"tables/{name}.csv" for name in naive.AGGREGATES},
}


def run(*command):
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}: {done.stderr.decode()}")


def rewrite(path, to, change):
    """Writes the table to another file, each good record changed, and on the line where it was."""
    with open(path, "rb") as file:
        (_, head, names), *rest = clean.records(file.read())
    lines, written = [], 0

    def write(text):
        nonlocal written
        lines.append(text)
        written += 1 + text.count(b"\n")

    write(head)
    for line, raw, fields in rest:
        while written < line - 1:
            write(b"")
        if fields is not None and len(fields) == len(names):
            row = change(dict(zip((name.decode() for name in names), fields)))
            raw = b",".join(clean.encode(row[name.decode()]) for name in names)
        write(raw)
    with open(to, "wb") as file:
        file.write(b"\n".join(lines) + b"\n")


def rewrite_all(folder, to, forms):
    """The three source tables with times, runtimes and years in other forms."""
    r = random.Random(1)

    def event(row):
        ms = clean.event_time((row["event_ts"] or b"").strip(clean.BLANKS), "auto", "UTC")
        if ms is not None and 10**11 <= ms < clean.TS_END:
            row["event_ts"] = clean.written(r, ms, r.choice(forms))
        return row

    def content(row):
        if row["runtime"] and row["runtime"].isdigit():
            minutes, seconds = divmod(int(row["runtime"]), 60)
            hours, rest = divmod(minutes, 60)
            row["runtime"] = r.choice([
                row["runtime"].decode() + r.choice([".0", ".9", "e0"]), f"{hours:02}:{rest:02}:{seconds:02}",
                f"{minutes:02}:{seconds:02}", f"PT{hours}H{rest}M{seconds}.5S", f"PT{minutes}M{seconds}S"]).encode()  # fmt: skip
        if row["release_year"] and row["release_year"].isdigit():
            row["release_year"] += r.choice([b"", b".0"])
        return row

    for name, change in (("events_table", event), ("users_dim", dict), ("content_dim", content)):
        rewrite(f"{folder}/{name}.csv", f"{to}/{name}.csv", change)


def run_tools(folder, out, opt):
    """Every table of the tools, as plain CSV in the folder `out`."""
    sessionize = ["--gap", f"{opt['gap']}ms"] + (["--plain-gap"] if opt["plain_gap"] == "true" else [])
    sessionize += ["--near-end", opt["near_end"], "--complete-by", opt["complete_by"]]
    sessionize += ["--unknown-runtime", f"{opt['unknown_runtime']}ms", "--max-left", f"{opt['max_left']}ms"]
    watermark = []
    if opt["watermark"]:
        when = naive.utc(int(opt["watermark"])).isoformat(timespec="milliseconds")
        watermark = ["--watermark", when + "Z"]
    allow = ["--allow-empty", opt["allow_empty"]] if opt["allow_empty"] else []
    allow += ["--ts-unit", opt["ts_unit"], "--max-rejects", "100%"]
    run("ce-clean", "-p", *allow, "--rejects", f"{out}/rejects.csv", "-o", f"{out}/cleaned_events.csv",
        f"{folder}/events_table.csv")  # fmt: skip
    run("ce-join", "-p", "--max-unmatched", "100%", "--drop", "email", "-k", "user_id", f"{folder}/users_dim.csv", "-k", "content_id",
        f"{folder}/content_dim.csv", "-o", f"{out}/enriched_table.csv", f"{out}/cleaned_events.csv")  # fmt: skip
    run("ce-sessionize", "-p", *sessionize, "--starts", f"{out}/session_starts.csv",
        "-o", f"{out}/session_identification.csv", f"{out}/enriched_table.csv")  # fmt: skip
    run("ce-agg", "-p", *watermark, "--window", f"{opt['window']}ms", "-d", f"{out}/tables",
        "-o", f"{out}/event_history.csv", f"{out}/session_identification.csv")  # fmt: skip
    for rows in PREDICTION_ROWS:
        run("ce-features", "-p", *watermark, "--rows", rows, "-o", f"{out}/features_{rows}.csv",
            f"{out}/event_history.csv")  # fmt: skip


def run_naive(out, opt):
    """The same from the joined events that the database holds."""
    psql(f"\\copy (select {', '.join(naive.ENRICHED)} from reference.enriched_table order by position) "
         f"to '{out}/enriched_table.csv' (format csv, header)\n")  # fmt: skip
    options = [f"--{name.replace('_', '-')}={opt[name]}"
               for name in ("gap", "near_end", "complete_by", "unknown_runtime", "max_left", "window", "watermark")
               if opt[name] != ""]  # fmt: skip
    options += ["--plain-gap"] if opt["plain_gap"] == "true" else []
    run(sys.executable, f"{HERE}/naive.py", *options, f"{out}/enriched_table.csv", out)


def load_raw(folder, out):
    """The raw events that SQL can hold, with their line numbers; and the lines of the others."""
    header, rows, unheld = None, [], []
    with open(f"{folder}/events_table.csv", "rb") as file:
        for line, _, fields in clean.records(file.read()):
            if header is None:
                header = [name.decode() for name in fields]
            elif fields is None or len(fields) != len(header):
                unheld.append(line)
            else:
                fields = [f if f is None else f.decode("latin-1") for f in fields]
                row = dict(zip(header, fields), line=str(line))
                try:
                    "".join(row[name] or "" for name in clean.COLUMNS).encode("latin-1").decode()
                    readable = not any("\0" in (row[name] or "") for name in clean.COLUMNS)
                except UnicodeDecodeError:
                    readable = False
                if readable:
                    rows.append(row)
                else:
                    unheld.append(line)
    with open(f"{out}/raw_events.csv", "w", encoding="latin-1", newline="") as file:
        file.write(naive.format_csv(["line"] + clean.COLUMNS, rows))
    return unheld


def load_rejects(out):
    """Keeps of the tool's rejects, which hold any bytes, what SQL can compare; the lines of the others."""
    with open(f"{out}/rejects.csv", "rb") as file:
        rejects = [(int(line), reason.decode()) for _, _, (_, line, reason, _) in list(clean.records(file.read()))[1:]]
    with open(f"{out}/rejects.csv", "w", encoding="ascii") as file:
        file.write("line,reason\n" + "".join(f"{line},{r}\n" for line, r in rejects if r not in BELOW_SQL))
    return [line for line, reason in rejects if reason in BELOW_SQL]


def header_of(path):
    with open(path, "rb") as file:
        return next(clean.records(file.readline()))[2]


def psql(script, *variables):
    """What the script prints, one list of fields a line."""
    command = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *variables, "-f", "-"]
    done = subprocess.run(command, input=script.encode(), capture_output=True, check=False)
    if done.returncode != 0:
        sys.exit(f"psql: exit {done.returncode}: {done.stderr.decode()}")
    return [line.split("|") for line in done.stdout.decode().splitlines()]


def copy(table, columns, path):
    return f"\\copy {table} ({', '.join(columns)}) from '{path}' (format csv, header)\n"


def make_reference(folder, out, opt):
    """Fills the schema `reference` by reference.sql. Returns the lines of the raw events that SQL cannot hold."""
    unheld = load_raw(folder, out)
    script = "drop schema if exists reference, tools cascade; create schema reference; create schema tools;\n"
    script += "set search_path = reference;\n" + SOURCES
    script += copy("raw_events", ["line"] + clean.COLUMNS, f"{out}/raw_events.csv")
    script += "".join(
        copy(table, [name.decode() for name in header_of(f"{folder}/{table}.csv")], f"{folder}/{table}.csv")
        for table in ("users_dim", "content_dim")
    )
    script += f"\\i {HERE}/reference.sql\n"
    psql(script, *(word for name, value in opt.items() for word in ("-v", f"{name}={value}")))
    return unheld


def load_tables(tables, out):
    """Fills the schema `tools`. Returns the columns of each table, (schema, table): [(name, type)]."""
    script = ""
    for table, file in tables.items():
        columns = [name.decode() for name in header_of(f"{out}/{file}")]
        script += f"create table tools.{table} ({' text, '.join(columns)} text,"
        script += " position bigint generated always as identity);\n"
        script += copy(f"tools.{table}", columns, f"{out}/{file}")
    script += "select table_schema, table_name, column_name, data_type from information_schema.columns"
    script += " where table_schema in ('reference', 'tools') and column_name <> 'position' order by ordinal_position;\n"
    columns = {(schema, table): [] for schema in ("reference", "tools") for table in tables}
    for schema, table, name, kind in psql(script):
        if table in tables:
            columns[schema, table].append((name, kind))
    return columns


def numbered(schema, table):
    return f"(select row_number() over (order by position) as n, * from {schema}.{table})"


def both(table):
    return f"{numbered('reference', table)} r full join {numbered('tools', table)} t using (n)"


def reference_text(name, kind):
    return f"trim_scale(r.{name})::text" if kind == "numeric" else f"r.{name}::text"


def compare(case, folder, opt, by_naive):
    """Shows what differs. Returns how many (table, column) and how many values were compared, and differed."""
    tables = NAIVE_TABLES if by_naive else TOOL_TABLES
    with tempfile.TemporaryDirectory() as out:
        unheld = make_reference(folder, out, opt)
        if by_naive:
            run_naive(out, opt)
        else:
            if opt["forms"]:
                os.mkdir(f"{out}/forms")
                rewrite_all(folder, f"{out}/forms", opt["forms"].split(","))
            run_tools(f"{out}/forms" if opt["forms"] else folder, out, opt)
            rejected = load_rejects(out)
            if unheld != rejected:
                sys.exit(f"{case}: lines that are ragged or no UTF-8: {rejected}, not {unheld}")
        columns = load_tables(tables, out)
    n_columns = n_values = n_different = 0
    script = ""
    for table in tables:
        names = [[name for name, _ in columns[schema, table]] for schema in ("reference", "tools")]
        if names[0] != names[1] or not names[0]:
            sys.exit(f"{case}: {table} has the columns {names[1]}, not {names[0]}")
        differences = ", ".join(
            f"count(*) filter (where {reference_text(name, kind)} is distinct from t.{name})"
            for name, kind in columns["reference", table]
        )
        script += f"select '{table}', count(r.n), count(t.n), {differences} from {both(table)};\n"
    for table, want, got, *differences in psql(script):
        if want != got:
            print(f"{case}: {table} has {got} rows, not {want}")
            n_different += 1
        n_columns += len(differences)
        n_values += int(want) * len(differences)
        for (name, kind), different in zip(columns["reference", table], differences, strict=True):
            if different != "0":
                n_different += 1
                print(f"{case}: {table}.{name} differs in {different} of {want} rows")
                key = columns["reference", table][0][0]
                expected = reference_text(name, kind)
                for row in psql(
                    f"select n, coalesce(r.{key}::text, t.{key}), coalesce('''' || t.{name} || '''', 'NULL'),"
                    f" coalesce('''' || {expected} || '''', 'NULL') from {both(table)}"
                    f" where {expected} is distinct from t.{name} order by n limit 5;"
                ):
                    print("    row {}, {}: {}, not {}".format(*row, *[""] * (4 - len(row))))
    return n_columns, n_values, n_different


def options(text):
    """DEFAULTS with NAME=VALUE,... in their place."""
    opt = dict(DEFAULTS)
    for setting in filter(None, text.split(",")):
        name, value = setting.split("=")
        opt[name] = type(opt[name])(value.replace("+", ","))
    return opt


def seeds(names):
    """The names, with each range, 1-100, in full."""
    for name in names:
        first, dash, last = name.partition("-")
        yield from map(str, range(int(first), int(last) + 1)) if dash and last.isdigit() else [name]


def write_random(seed, folder):
    """Writes the tables of this seed, or of one in its place if nothing in them can be joined, which is
    an error of ce-join; returns their options."""
    opt, *tables = random_tables.tables(seed)
    (_, events), (_, users), (_, contents) = tables
    keys = {u["user_id"] for u in users}, {c["content_id"] for c in contents}
    matched = any(e["user_id"].strip() in keys[0] and e["content_id"].strip() in keys[1] for e in events)
    if not users or not contents or events and not matched:
        return write_random(seed + 1000, folder)
    for name, (columns, rows) in zip(("events_table", "users_dim", "content_dim"), tables, strict=True):
        with open(f"{folder}/{name}.csv", "w", encoding="utf-8", newline="") as file:
            file.write(naive.format_csv(columns, rows))
    return {
        "gap": opt.gap,
        "plain_gap": str(opt.plain_gap).lower(),
        "window": opt.window,
        "near_end": naive.decimal(opt.near_end),
        "complete_by": opt.complete_by,
        "unknown_runtime": opt.unknown_runtime,
        "max_left": opt.max_left,
        "watermark": "" if opt.watermark is None else str(opt.watermark),
        "allow_empty": "device,playback_position",
        "ts_unit": "ms",  # some are of 1970
        "forms": "",
        "players": "",
    }


def cases(what, names):
    """(name of the case, folder with its tables, options), one after another."""
    with tempfile.TemporaryDirectory() as folder:
        if what in ("edge", "forms"):
            for case in edge_cases.CASES:
                if not names or case.__name__ in names:
                    edge_cases.write(case, folder)
                    for text in case.options:
                        if what == "edge":
                            yield f"{case.__name__} [{text}]", folder, options(text)
                        elif text == case.options[0]:
                            yield f"{case.__name__} [{text}], other forms", folder, options(text) | {"forms": ALL_FORMS}
            return
        for name in names if what == "folder" else seeds(names):
            source, _, text = name.partition(":")
            if what == "random":
                yield f"random {name}", folder, write_random(int(name), folder)
            elif what == "viewings":
                yield f"viewings {name}", folder, DEFAULTS | viewings.write(int(source), int(text or 0), folder)
            elif what == "folder":
                yield name, source, options(text)
            else:
                opt = options(text)
                players = ANY_PLAYERS.split() if opt["players"] == "any" else []
                run("ce-synth", "--users", "400", "--contents", "300", "--days", "60", "--sessions", "5600",
                    "--dirty", "0.03", "--seed", source, *players, "-p", "-o", folder)  # fmt: skip
                yield f"synth {name}", folder, opt


def main():
    n_cases = n_columns = n_values = n_different = 0
    by_naive = sys.argv[1] == "--naive"
    what, *names = sys.argv[2 if by_naive else 1 :]
    for case, folder, opt in cases(what, names):
        some_columns, some_values, different = compare(case, folder, opt, by_naive)
        n_cases += 1
        n_columns += some_columns
        n_values += some_values
        n_different += different
    print(f"{n_cases} cases, {n_columns} columns, {n_values} values compared: {n_different} columns differ")
    sys.exit(n_different > 0 or n_values == 0)


if __name__ == "__main__":
    main()
