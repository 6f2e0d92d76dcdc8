// DuckDB in the folder that holds the tables.
//
//   node duckdb.mjs run MODULES FOLDER FILE.sql [NAME=VALUE ...]         runs a file of SQL
//   node duckdb.mjs check MODULES FOLDER OURS THEIRS [NAME=VALUE ...]    are two feature tables the same?
//
// MODULES is the folder node_modules. NAME=VALUE sets a setting of DuckDB. TIMES=1 in the environment says on stderr
// what each statement took, and of the processors' time.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [verb, modules, folder, ...operands] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(resolve(modules) + "/")("@duckdb/node-api");
const settings = operands.filter((operand) => operand.includes("="));
const files = operands.filter((operand) => !operand.includes("=")).map((file) => resolve(file));
process.chdir(folder);

const connection = await (await DuckDBInstance.create(":memory:")).connect();
for (const setting of settings) {
	const [name, value] = setting.split("=");
	await connection.run(`SET ${name} = '${value}'`);
}

async function query(sql) {
	const start = performance.now(), used = process.cpuUsage();
	const rows = (await connection.runAndReadAll(sql)).getRows();
	const { user, system } = process.cpuUsage(used);
	if (process.env.TIMES)
		console.error(`${((performance.now() - start) / 1000).toFixed(2)} s, ${((user + system) / 1e6).toFixed(2)} s:`,
			sql.replace(/^\s*(--.*\s+)*/, "").split("\n")[0]);
	return rows;
}

// A statement ends at the end of a line.
async function run(file) {
	for (const statement of readFileSync(file, "utf8").split(/;$/m))
		if (statement.trim())
			await query(statement);
}

const TEXT = ["event_id", "user_id", "content_id", "user_plan_tier", "user_genre_preference", "content_genre",
	"content_maturity_rating", "content_length_category", "event_type", "device"];

// Joined by event_id, every column: numbers within a millionth (and what a double adds to it), text and NULL exactly.
// In a window where genres tie either may be the preferred one: that they do is counted again, from the events, which
// hold no duplicates.
async function check(ours, theirs) {
	const header = async (file) => (await query(
		`DESCRIBE FROM read_csv('${file}', header = true, delim = ',', all_varchar = true)`)).map((row) => row[0]);
	const columns = await header(ours);
	if (`${columns}` !== `${await header(theirs)}`)
		throw new Error(`the columns of ${ours} and ${theirs} differ`);
	const types = columns.map((name) => `${name}: '${TEXT.includes(name) ? "VARCHAR" : "DOUBLE"}'`);
	const read = (file) => `read_csv('${file}', header = true, auto_detect = false, delim = ',', quote = '"', nullstr = '',
		columns = {${types}})`;
	await query(`CREATE MACRO apart(a, b) AS
		coalesce(abs(TRY_CAST(a AS DOUBLE) - TRY_CAST(b AS DOUBLE)) > 1.000001e-6, a IS DISTINCT FROM b)`);
	await query(`CREATE TEMP TABLE ours AS FROM ${read(ours)}`);
	const [[rows]] = await query("SELECT count(*) FROM ours");
	const [[theirRows]] = await query(`SELECT count(*) FROM ${read(theirs)}`);
	const compared = columns.filter((name) => name !== "event_id");
	await query(`CREATE TEMP TABLE met AS
		SELECT ${compared.map((name) => `apart(o.${name}, t.${name}) AS ${name}`)}, o.user_id AS u, o.event_ts AS moment,
			o.user_genre_preference AS our_genre, t.user_genre_preference AS their_genre
		FROM ours AS o JOIN ${read(theirs)} AS t USING (event_id)`);
	const [[met, ...differ]] = await query(`SELECT count(*),
		${compared.map((name) => `count(*) FILTER (WHERE ${name})`)} FROM met`);
	const [[ties]] = await query(`SELECT count(*) FROM (
		SELECT moment, u, our_genre, their_genre
		FROM (SELECT DISTINCT moment, u, our_genre, their_genre FROM met WHERE user_genre_preference) AS m
		JOIN read_csv('events_table.csv.gz', header = true, types = {user_id: 'VARCHAR', content_id: 'VARCHAR'}) AS e
			ON e.user_id = u AND event_ts >= moment - 2592000000 AND event_ts < moment
		JOIN read_csv('content_dim.csv.gz', header = true, all_varchar = true) USING (content_id)
		GROUP BY ALL
		HAVING count(*) FILTER (WHERE genre = our_genre) = count(*) FILTER (WHERE genre = their_genre))
		JOIN met USING (moment, u, our_genre, their_genre)
		WHERE user_genre_preference`);
	const genre = compared.indexOf("user_genre_preference");
	differ[genre] -= ties;
	const wrong = compared.map((name, i) => [name, differ[i]]).filter(([, n]) => n);
	const whole = rows === theirRows && rows === met;
	console.log(`${rows} rows, DuckDB's ${theirRows}, of the same event ${met}; ${columns.length} columns;`,
		wrong.length ? `DIFFERENT: ${wrong.map((pair) => pair.join(" "))};` : whole ? "the same but for" : "ROWS MISSING;",
		`${ties} ties of genres`);
	process.exitCode = whole && !wrong.length ? 0 : 1;
}

await (verb === "run" ? run : check)(...files);
