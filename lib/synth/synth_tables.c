#include "synth/synth_tables.h"

#include "io/gzio.h"
#include "synth/synth_rows.h"
#include "table/catalogue.h"

#include <stdlib.h>

static const char *const names[] = {
	[SYNTH_USERS] = "users_dim",
	[SYNTH_CONTENTS] = "content_dim",
	[SYNTH_TRUTH] = "truth",
	[SYNTH_EVENTS] = "events_table",
};

static int open_writers(struct synth_tables *t, const struct synth_tables_options *o,
			struct err *err)
{
	for (int i = 0; i < SYNTH_N_TABLES; i++) {
		struct csv_writer *writer = &t->writers[i];
		struct gz_output output = o->output;

		t->paths[i] = gz_output_table(&output, o->directory, names[i], err);
		if (!t->paths[i])
			return -1;
		if (i == SYNTH_EVENTS && o->stream)
			output.path = NULL;
		if (csv_writer_open(writer, &output, err))
			return -1;
		catalogue_put_names(&writer->row, catalogue_table(names[i]));
		csv_end_row(&writer->row);
	}
	return 0;
}

static int write_dimensions(struct synth_tables *t, struct err *err)
{
	struct csv_writer *users = &t->writers[SYNTH_USERS];
	struct csv_writer *contents = &t->writers[SYNTH_CONTENTS];
	const struct synth_world *world = &t->synth.world;

	for (uint32_t i = 0; i < world->n_users; i++) {
		synth_put_user(&users->row, world, i);
		if (csv_writer_end_row(users, err))
			return -1;
	}
	for (uint32_t i = 0; i < world->n_contents; i++) {
		synth_put_content(&contents->row, world, i);
		if (csv_writer_end_row(contents, err))
			return -1;
	}
	return 0;
}

int synth_tables_open(struct synth_tables *t, const struct synth_tables_options *options,
		      struct err *err)
{
	*t = (struct synth_tables){ .paths = { NULL } };
	for (int i = 0; i < SYNTH_N_TABLES; i++)
		t->writers[i] = (struct csv_writer)CSV_WRITER_INIT;
	synth_dirt_init(&t->dirt, options->synth.seed, options->dirty);
	if (open_writers(t, options, err))
		return -1;
	synth_init(&t->synth, &options->synth);
	return write_dimensions(t, err);
}

int synth_tables_next(struct synth_tables *t, struct err *err)
{
	struct csv_writer *truth = &t->writers[SYNTH_TRUTH], *events = &t->writers[SYNTH_EVENTS];
	struct synth_viewing viewing;
	struct synth_event event;
	int rc = 0;

	switch (synth_next(&t->synth, &viewing, &event)) {
	case SYNTH_VIEWING:
		synth_put_viewing(&truth->row, &viewing);
		rc = csv_writer_end_row(truth, err);
		break;
	case SYNTH_EVENT:
		rc = synth_dirt_write(&t->dirt, &event, events, err);
		break;
	case SYNTH_END:
		return synth_dirt_finish(&t->dirt, events, err);
	}
	return rc ? -1 : 1;
}

int synth_tables_close(struct synth_tables *t, struct err *err)
{
	struct csv_writer *writers[SYNTH_N_TABLES];

	/* The last of ours is closed as the first. */
	for (int i = 0; i < SYNTH_N_TABLES; i++)
		writers[i] = &t->writers[SYNTH_N_TABLES - 1 - i];
	return csv_writer_close_all(writers, SYNTH_N_TABLES, err);
}

void synth_tables_release(struct synth_tables *t)
{
	for (int i = 0; i < SYNTH_N_TABLES; i++)
		free(t->paths[i]);
	synth_dirt_release(&t->dirt);
	synth_release(&t->synth);
}
