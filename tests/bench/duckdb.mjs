// Runs a file of SQL through DuckDB in the folder that holds the tables.
// Usage: node duckdb.mjs MODULES FOLDER FILE.sql [NAME=VALUE ...]
// NAME=VALUE sets a setting of DuckDB. TIMES=1 in the environment says on stderr what each statement took.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [modules, folder, file, ...settings] = process.argv.slice(2);
const { DuckDBInstance } = createRequire(resolve(modules) + "/")("@duckdb/node-api");
const sql = readFileSync(file, "utf8");
process.chdir(folder);

const instance = await DuckDBInstance.create(process.env.DATABASE ?? ":memory:");
const connection = await instance.connect();
for (const setting of settings) {
	const [name, value] = setting.split("=");
	await connection.run(`SET ${name} = '${value}'`);
}
// A statement ends at the end of a line.
for (const statement of sql.split(/;$/m)) {
	if (!statement.trim())
		continue;
	const start = performance.now();
	const reader = await connection.runAndReadAll(statement);
	if (process.env.TIMES)
		console.error(`${((performance.now() - start) / 1000).toFixed(2)} s,`,
			`${Math.round(process.memoryUsage().rss / 1048576)} MiB: ${statement.trim().replace(/^--.*\n/gm, "").split("\n")[0]}`);
	if (/^\s*(--.*\s*)*(select|with)\b/i.test(statement))
		for (const row of reader.getRows())
			console.log(row.join("\t"));
}
