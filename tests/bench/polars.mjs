// completion_prediction_features by Polars' lazy frames, in the folder that holds the source tables.
//
//   node polars.mjs run MODULES FOLDER OUTPUT             writes the table, in canonical order, as text
//   node polars.mjs check MODULES FOLDER OURS THEIRS      are two feature tables the same, column by column?
//
// MODULES is the folder node_modules. The columns and rows are those of ce-features (see the manual pages for what they
// mean), genres that tie included. Written for speed, as features.sql: users, contents and genres are numbers from the
// start; what becomes known is summed up once an owner and time, and found by as-of joins; what the events of one owner
// say comes from cumulative expressions over rows that lie behind each other, for over() on as many owners takes ten
// times as long.
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [verb, modules, folder, ...operands] = process.argv.slice(2);
const files = operands.map((file) => resolve(file));
const pl = createRequire(resolve(modules) + "/")("nodejs-polars");
process.chdir(folder);

// Few expressions, for each takes 1.5 ms to make: columns and constants are made once, and cols() are many columns in one.
const once = (make) => {
	const made = new Map();
	return (x) => made.get(x) ?? made.set(x, make(x)).get(x);
};
const { when } = pl;
const col = once(pl.col), lit = once(pl.lit), whole = once((x) => pl.lit(x).cast(pl.Int64));
const NULL = lit(null), NO = lit(false), ZERO = whole(0), ONE = whole(1);
const MINUTE = 60000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;
const flag = (expression) => expression.cast(pl.Int64);
const other = (...owner) => pl.anyHorizontal(owner.map((name) => col(name).neq(col(name).shift(1)))).fillNull(lit(true));
const filled = (condition, value) => when(condition).then(value).otherwise(NULL).forwardFill();
// In a frame whose owners lie behind each other: the sum of x up to a row since `starts`, the owner's first row; whether
// a condition held since then, where `i` counts the rows and `since` is the i of that first row.
const sumSince = (x, starts) => x.cumSum().minus(filled(starts, x.cumSum().minus(x)));
const held = (condition, since) => filled(condition, col("i")).gtEq(col(since)).fillNull(NO);
const earlier = (condition, since) => filled(condition, col("i")).shift(1).gtEq(col(since)).fillNull(NO);
const read = (name, schema) => pl.scanCSV(name, { schema });
const mean = (sum, n) => sum.cast(pl.Float64).div(n);
const share = (n, of) => mean(n, of).round(6);
const million = (sum, n) => mean(sum, n).div(1000000).round(6);

// The last row of `known` of the same owner with a time before that of the left row: `columns` of it. Owner and time are
// one number, so that it is one merge of two sorted columns, of which what belongs to another owner does not count.
function before(left, known, owner, columns, time = "t") {
	const key = (at) => owner.reduce((number, name) => number.mul(whole(64)).plus(col(name).cast(pl.Int64).fillNull(whole(63))), ZERO)
		.mul(whole(2 ** 36)).plus(col(at).minus(whole(origin)));
	const right = known.select(key("at").as("key"), ...owner.map((name) => col(name).as(`their_${name}`)), ...columns).sort("key");
	const same = pl.allHorizontal(owner.map((name) => col(name).eq(col(`their_${name}`))));
	return left.withColumn(key(time).as("key")).sort("key")
		.joinAsof(right, { on: "key", strategy: "backward", allowExactMatches: false })
		.withColumn(when(same).then(pl.cols(columns)).otherwise(NULL))
		.drop("key", ...owner.map((name) => `their_${name}`));
}

// Sums of what `sums` names, up to each time of an owner.
function summed(frame, owner, time, sums) {
	return frame.groupBy([...owner, time]).agg(...Object.entries(sums).map(([name, sum]) => sum.cast(pl.Int64).as(name)))
		.withColumnRenamed(time, "at").sort([...owner, "at"])
		.withColumn(sumSince(pl.cols(Object.keys(sums)), other(...owner)));
}

let origin; // the time of the first event

// A frame that is used several times is collected once.
const kept = async (frame) => (await frame.collect()).lazy();

async function run(output) {
	const genreNames = (await read("content_dim.csv.gz", { content_id: pl.Utf8, genre: pl.Utf8, runtime: pl.Int64,
		release_year: pl.Int64, maturity_rating: pl.Utf8 }).select("genre").filter(col("genre").isNotNull()).unique()
		.collect()).getColumn("genre").toArray().sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
	const genres = pl.DataFrame({ genre: genreNames, g: genreNames.map((_, i) => i) }).lazy()
		.withColumn(col("g").cast(pl.Int32));
	const contents = await kept(read("content_dim.csv.gz", { content_id: pl.Utf8, genre: pl.Utf8, runtime: pl.Int64,
		release_year: pl.Int64, maturity_rating: pl.Utf8 }).join(genres, { on: "genre", how: "left" }).withRowIndex("c"));
	const users = await kept(read("users_dim.csv.gz", { user_id: pl.Utf8, email: pl.Utf8, plan_tier: pl.Utf8,
		signup_date: pl.Utf8 }).withRowIndex("u")
		.withColumn(col("signup_date").str.strptime(pl.Datetime, "%Y-%m-%d %H:%M:%S").cast(pl.Int64).div(1000)
			.floor().cast(pl.Int64).as("signup")));

	// Valid, distinct events of known users and contents in canonical order: `e` is the place in it. 1 to 5: play,
	// pause, stop, complete, seek.
	const types = pl.DataFrame({ event_type: ["play", "pause", "stop", "complete", "seek"], type: [1, 2, 3, 4, 5] }).lazy()
		.withColumn(col("type").cast(pl.Int8));
	const left = pl.maxHorizontal([col("runtime").fillNull(ZERO).minus(col("playback_position")), ZERO]);
	const events = await kept(read("events_table.csv.gz", { event_id: pl.Utf8, event_ts: pl.Int64, user_id: pl.Utf8,
		content_id: pl.Utf8, event_type: pl.Utf8, playback_position: pl.Int64, device: pl.Utf8 })
		.filter(col("event_id").isNotNull().and(col("device").isNotNull()).and(col("event_ts").gt(0))
			.and(col("event_ts").lt(4102444800000)).and(col("playback_position").gtEq(0)))
		.join(types, { on: "event_type", how: "inner" })
		.join(users.select("user_id", "u"), { on: "user_id", how: "inner" })
		.join(contents.select("content_id", "c", "g", "runtime"), { on: "content_id", how: "inner" })
		.sort(["event_ts", "event_id"])
		.unique({ subset: ["event_id"], keep: "first", maintainOrder: true })
		.withRowIndex("e")
		.select(col("e").cast(pl.Int64), "event_id", col("event_ts").as("t"), "u", "c", "g",
			col("u").cast(pl.Int64).mul(whole(4294967296)).plus(col("c").cast(pl.Int64)).as("pair"), "type", "event_type", "device",
			when(col("runtime").gt(0)).then(pl.minHorizontal([col("playback_position").mul(2000000).plus(col("runtime"))
				.div(col("runtime").mul(2)).floor().cast(pl.Int64), whole(1000000)])).otherwise(NULL).as("ratio"),
			col("event_ts").plus(whole(30 * MINUTE)).plus(when(col("type").isIn([1, 5]))
				.then(pl.minHorizontal([left.mul(whole(1000)), whole(DAY)])).otherwise(ZERO)).as("deadline")));

	// Sessions, as in features.sql: a run is what no deadline cuts; in it a play before the near end begins a session if an
	// event since the run's previous such play, this one included, completes. Sorted by pair, all is said by the rows that
	// lie behind each other.
	const near = col("ratio").fillNull(ZERO).gtEq(950000);
	const viewed = events.select("e", "t", "u", "c", "g", "pair", "type", "ratio", "deadline").sort(["pair", "e"]).withRowIndex("i")
		.withColumns(col("i").cast(pl.Int64), other("pair").as("first"), col("type").eq(3).and(near).as("near_ends"),
			col("type").eq(1).and(near.not()).as("replays"))
		.withColumns(when(col("first")).then(NULL).otherwise(col("t").shift(1)).as("prev_t"),
			col("first").or(col("t").gt(col("deadline").shift(1))).as("late"))
		.withColumns(filled(col("late"), col("i")).as("run"), col("type").neq(filled(col("late"), col("type"))).as("differs"))
		.withColumn(col("type").eq(4).or(held(col("differs"), "run").and(col("near_ends")
			.or(held(col("near_ends"), "run").and(earlier(col("differs"), "run").not())))).as("completing"))
		.withColumn(filled(col("replays"), col("i")).shift(1).as("replay"))
		.withColumn(col("late").or(col("replays").and(earlier(col("completing"), "run"))
			.and(filled(col("completing"), col("i")).shift(1).gtEq(pl.maxHorizontal([col("replay"), col("run")])))).as("starts"));
	const states = await kept(viewed
		.withColumns(filled(col("starts"), col("e")).as("s"), filled(col("starts"), col("i")).as("since"),
			flag(col("starts")).cumSum().mul(whole(2000000)).as("step"),
			col("type").neq(filled(col("starts"), col("type"))).as("differs"))
		.withColumn(col("ratio").fillNull(whole(-1)).plus(col("step")).cumMax().minus(col("step")).as("max_ratio"))
		.withColumn(held(col("type").eq(4), "since").or(held(col("near_ends"), "since").and(held(col("differs"), "since")))
			.as("completed"))
		.select("e", "t", "u", "c", "g", "pair", "type", "ratio", "deadline", "prev_t", "s", "completed",
			sumSince(flag(col("starts")), col("first")).as("nth"),
			col("i").minus(col("since")).plus(ONE).as("n"),
			filled(col("starts"), col("t")).as("start_t"),
			sumSince(flag(col("type").eq(2)), col("starts")).as("pauses"),
			sumSince(flag(col("type").eq(5)), col("starts")).as("seeks"),
			when(col("max_ratio").gtEq(0)).then(col("max_ratio")).otherwise(NULL).as("max_ratio"),
			col("completed").not().and(col("type").neq(3)).and(near.not()).as("open")));
	const sessions = await kept(states.groupBy("s", true).agg(col("u").first(), col("c").first(), col("g").first(),
		col("pair").first(), col("t").min().as("start_t"), col("t").max().as("end_t"), col("deadline").last(),
		col("t").filter(col("completed")).min().as("completion"))
		.withColumn(pl.minHorizontal([col("deadline"), when(col("pair").eq(col("pair").shift(-1))).then(col("start_t").shift(-1))
			.otherwise(NULL)]).as("closing"))
		.withColumns(col("completion").fillNull(col("closing")).as("known"), flag(col("completion").isNotNull()).as("outcome"),
			col("end_t").minus(col("start_t")).as("duration"),
			when(col("completion").isNotNull()).then(ONE).when(col("closing").lt(col("end_t").max())).then(ZERO)
				.otherwise(NULL).as("label"))
		.sort("s").withRowIndex("session_id", 1));

	// What is known behind each time, by owner.
	const known = (prefix) => ({ [`${prefix}_n`]: pl.len(), [`${prefix}_completed`]: col("outcome").sum() });
	const userKnown = summed(sessions, ["u"], "known", known("user"))
		.join(sessions.groupBy(["u", "known"], true).agg(col("outcome").last().as("latest"), col("completion").max())
			.withColumnRenamed("known", "at"), { on: ["u", "at"], how: "left" })
		.sort(["u", "at"]).withColumn(col("completion").forwardFill().over("u").as("completion"));
	const userClosed = summed(sessions, ["u"], "closing", { closed: pl.len(), durations: col("duration").sum() });
	const genreKnown = summed(sessions.filter(col("g").isNotNull()), ["u", "g"], "known", known("genre"));
	const contentKnown = summed(sessions, ["c"], "known", known("content"));
	const stopped = when(col("type").eq(3)).then(col("ratio")).otherwise(NULL);
	const contentSeen = summed(states, ["c"], "t",
		{ stop_ratios: stopped.sum(), stops: stopped.count(), popularity: col("prev_t").isNull().sum() });
	const recent = { activity: pl.len(), ratios: col("ratio").sum(), rated: col("ratio").count(),
		...Object.fromEntries(genreNames.map((_, g) => [`of_${g}`, col("g").eq(g).sum()])) };
	const counts = Object.keys(recent), old = counts.map((name) => `old_${name}`);
	const userSeen = await kept(summed(states, ["u"], "t", recent).withColumn(col("at").as("last_t")));
	const genreSeen = states.filter(col("g").isNotNull()).select("u", "g", col("t").as("at"), col("t").as("last_genre_t")).unique();

	// What no lookup of a number says in full: get() cuts it to 32 bits.
	origin = Number((await events.select(col("t").min().cast(pl.Utf8)).collect()).row(0)[0]);

	// Each row with what was known before it; of the window's sums those of what is older are taken away.
	let rows = states.filter(col("open")).sort("e").withColumn(col("t").minus(whole(30 * DAY)).as("since"));
	rows = before(rows, userSeen, ["u"], [...counts, "last_t"]);
	rows = before(rows, userSeen.rename(Object.fromEntries(counts.map((name, i) => [name, old[i]]))), ["u"], old, "since");
	rows = rows.withColumn(pl.cols([...counts, ...old]).fillNull(ZERO))
		.withColumns(...counts.map((name, i) => col(name).minus(col(old[i]))));
	rows = before(rows, genreSeen, ["u", "g"], ["last_genre_t"]);
	rows = before(rows, userKnown, ["u"], ["user_n", "user_completed", "latest", "completion"]);
	rows = before(rows, userClosed, ["u"], ["closed", "durations"]);
	rows = before(rows, genreKnown, ["u", "g"], ["genre_n", "genre_completed"]);
	rows = before(rows, contentKnown, ["c"], ["content_n", "content_completed"]);
	rows = before(rows, contentSeen, ["c"], ["stop_ratios", "stops", "popularity"]);

	// The genre of most events; of those that tie the first, bytewise.
	const most = pl.maxHorizontal(genreNames.map((_, g) => col(`of_${g}`)));
	const favourite = genreNames.reduceRight((other, name, g) =>
		when(col(`of_${g}`).eq(most)).then(lit(name)).otherwise(other), NULL);
	const hour = (t) => col(t).div(HOUR).floor().cast(pl.Int64).rem(whole(24));
	const weekday = (t) => col(t).div(DAY).floor().cast(pl.Int64).plus(whole(4)).rem(whole(7));
	const utc = col("t").cast(pl.Datetime("ms")).dt;
	const some = (n, value) => when(n.gt(0)).then(value).otherwise(NULL);
	const userRate = share(col("user_completed"), col("user_n")), contentRate = share(col("content_completed"), col("content_n"));
	const since = (t) => col("t").minus(col(t));
	const table = rows
		.join(events.select("e", "event_id", "event_type", "device"), { on: "e", how: "left" })
		.join(sessions.select("s", "session_id", "known", "label"), { on: "s", how: "left" })
		.join(users.select("u", "user_id", "plan_tier", "signup"), { on: "u", how: "left" })
		.join(contents.select("c", "content_id", "genre", "runtime", "release_year", "maturity_rating"), { on: "c", how: "left" })
		.sort("e")
		.select("event_id", col("t").as("event_ts"), "user_id", "content_id", "session_id", col("plan_tier").as("user_plan_tier"),
			since("signup").div(DAY).floor().cast(pl.Int64).as("days_since_signup"),
			col("activity").as("user_activity_level"),
			some(col("rated"), million(col("ratios"), col("rated"))).as("user_content_engagement"),
			some(most, favourite).as("user_genre_preference"),
			userRate.as("user_completion_rate"),
			col("user_n").fillNull(ZERO).as("user_known_sessions"),
			col("latest").as("user_last_outcome"),
			share(col("genre_completed"), col("genre_n")).as("user_genre_completion_rate"),
			col("genre").as("content_genre"), col("runtime").as("content_runtime"), col("release_year").as("content_release_year"),
			col("maturity_rating").as("content_maturity_rating"),
			utc.year().cast(pl.Int64).minus(col("release_year")).as("content_age"),
			when(col("runtime").lt(1200)).then(lit("short")).when(col("runtime").ltEq(3600)).then(lit("medium"))
				.when(col("runtime").gt(3600)).then(lit("long")).otherwise(NULL).as("content_length_category"),
			contentRate.as("content_completion_rate"),
			col("content_n").fillNull(ZERO).as("content_known_sessions"),
			some(col("stops"), million(col("stop_ratios"), col("stops"))).as("average_viewing_duration_ratio"),
			col("popularity").fillNull(ZERO).as("content_popularity"),
			"event_type", "device",
			col("ratio").div(1000000).as("playback_position_ratio"), col("max_ratio").div(1000000).as("max_playback_ratio"),
			col("pauses").as("number_of_pauses"), col("seeks").as("number_of_seeks"), col("n").as("session_event_number"),
			since("start_t").as("session_elapsed"),
			flag(col("nth").gt(1)).as("has_played_before"), col("nth").as("user_content_session_count"),
			since("prev_t").as("time_since_last_event"), since("last_t").as("time_since_last_event_user"),
			since("completion").as("time_since_last_completion"),
			mean(col("durations"), col("closed")).round(0, "halfawayfromzero").cast(pl.Int64).as("user_avg_session_duration"),
			since("last_genre_t").as("user_genre_recency"),
			hour("t").as("hour_of_day"), weekday("t").as("day_of_week"), utc.week().as("event_week_of_year"),
			utc.month().as("event_month_of_year"), hour("start_t").as("session_start_hour"), weekday("start_t").as("session_start_dow"),
			col("activity").mul(col("popularity").fillNull(ZERO)).as("user_activity_x_content_popularity"),
			userRate.mul(contentRate).round(6).as("user_completion_x_content_completion"),
			NULL.as("online_logit"), NULL.as("online_logit_sd"),
			when(col("label").isNotNull()).then(col("known")).otherwise(NULL).as("label_known_ts"),
			col("label").as("is_completion"));
	(await table.collect()).writeCSV(output);
}

// Joined by event_id, every column: numbers within a millionth (and what a double adds to it), text and NULL exactly.
async function check(ours, theirs) {
	const text = (file) => pl.readCSV(file, { inferSchemaLength: 0 });
	const [a, b] = [text(ours), text(theirs)];
	if (`${a.columns}` !== `${b.columns}`)
		throw new Error(`the columns of ${ours} and ${theirs} differ`);
	const compared = a.columns.filter((name) => name !== "event_id");
	const apart = (name) => {
		const x = col(name), y = col(`${name}_theirs`), [m, n] = [x, y].map((value) => value.cast(pl.Float64));
		return when(m.minus(n).isNotNull()).then(m.minus(n).abs().gt(1.000001e-6))
			.otherwise(x.fillNull(lit("NULL")).neq(y.fillNull(lit("NULL")))).sum().as(name);
	};
	const met = a.join(b, { on: "event_id", how: "inner", suffix: "_theirs" });
	const [differ] = met.select(...compared.map(apart)).rows();
	const wrong = compared.map((name, i) => [name, differ[i]]).filter(([, n]) => n);
	const missing = a.height !== b.height || a.height !== met.height;
	console.log(`${a.height} rows, Polars' ${b.height}, of the same event ${met.height}; ${a.columns.length} columns;`,
		wrong.length ? `DIFFERENT: ${wrong.map((pair) => pair.join(" "))}` : missing ? "ROWS MISSING" : "the same");
	process.exitCode = missing || wrong.length ? 1 : 0;
}

await (verb === "run" ? run : check)(...files);
