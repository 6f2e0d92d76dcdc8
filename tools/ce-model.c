/* ce-model: shows a model to people, or to a database. */
#include "cli.h"
#include "model/model.h"
#include "model/modeljson.h"
#include "model/modelsql.h"
#include "model/modelview.h"

int main(int argc, char **argv)
{
	bool sql = false, trees = false, json = false;
	const struct cli_option options[] = {
		{ 's', "sql", NULL, "write the model as one SQL expression", cli_flag, &sql },
		{ 0, "json", NULL, "write the model as one JSON object", cli_flag, &json },
		{ 't', "trees", NULL, "also show every tree of the model", cli_flag, &trees },
		{ 0 }
	};
	struct cli cli = { .tool = "ce-model",
			   .purpose = "Show a model, or write it as JSON or as an SQL expression.",
			   .operands = "[FILE]",
			   .no_input = true,
			   .options = options };
	struct gz_writer out = GZ_WRITER_INIT;
	struct model model = MODEL_INIT;
	struct buf text = BUF_INIT;
	struct err err = ERR_INIT;

	cli_parse(&cli, argc, argv);
	if (cli.input.n > 1)
		cli_usage_error(&cli, "expected one model, not %zu", cli.input.n);
	if (sql + trees + json > 1)
		cli_usage_error(&cli, "--sql, --trees and --json: cannot be used together");
	cli.output.plain = true; /* text to be read, and never gzipped */
	if (gz_writer_open(&out, &cli.output, &err) ||
	    model_read(&model, cli.input.n ? cli.input.paths[0] : "-", &err))
		cli_die(&cli, &err);
	if (json)
		modeljson_put(&text, &model);
	else if (!sql)
		modelview_put(&text, &model);
	else if (modelsql_put(&text, &model, &err))
		cli_die(&cli, &err);
	if (gz_writer_write(&out, text.data, text.len, &err) ||
	    (trees && modelview_write_trees(&out, &model, &err)) || gz_writer_close(&out, &err))
		cli_die(&cli, &err);
	cli_done(&cli, 0, 0);
	buf_release(&text);
	model_release(&model);
	return 0;
}
