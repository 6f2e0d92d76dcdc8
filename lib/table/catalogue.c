#include "table/catalogue.h"

#include <string.h>

/* The types of columns that are described once and used by several tables: type_NAME. */
enum {
#define COLUMN(name, type, unit, definition, empty) type_##name = CATALOGUE_##type,
#include "table/columns.def"

#define SESSION(name, type, unit, definition, empty, value) type_##name = CATALOGUE_##type,
#include "table/sessions.def"

#define HISTORY(name, type, unit, definition, empty) type_##name = CATALOGUE_##type,
#include "table/history.def"

#define ONLINE(name, type, unit, definition, empty) type_##name = CATALOGUE_##type,
#include "table/online.def"
};

/* Their units: unit_NAME. */
#define COLUMN(name, type, unit, definition, empty) static const char unit_##name[] = unit;
#define SESSION(name, type, unit, definition, empty, value)                                        \
	COLUMN(name, type, unit, definition, empty)
#include "table/sessions.def"

#define HISTORY COLUMN
#include "table/history.def"

#define ONLINE COLUMN
#include "table/online.def"

#include "table/columns.def"

/* The columns of each table: columns_of_NAME. */
#define TABLE(name, maker, row)                      static const struct catalogue_column columns_of_##name[] = {
#define KEY(name)                                    { #name, (enum catalogue_type)type_##name, true, unit_##name },
#define USE(name)                                    { #name, (enum catalogue_type)type_##name, false, unit_##name },
#define OWN_KEY(name, type, unit, definition, empty) { #name, CATALOGUE_##type, true, unit },
#define OWN(name, type, unit, definition, empty)     { #name, CATALOGUE_##type, false, unit },
#define END                                                                                        \
	}                                                                                          \
	;
#include "table/tables.def"

static const struct catalogue_column columns_of_sessions[] = {
#define SESSION(name, type, unit, definition, empty, value)                                        \
	{ #name, CATALOGUE_##type, false, unit },
#include "table/sessions.def"
};

static const struct catalogue_column columns_of_history[] = {
#define HISTORY(name, type, unit, definition, empty) { #name, CATALOGUE_##type, false, unit },
#include "table/history.def"
};

static const struct catalogue_column columns_of_online[] = {
#define ONLINE(name, type, unit, definition, empty) { #name, CATALOGUE_##type, false, unit },
#include "table/online.def"
};

#define N_COLUMNS(name) (sizeof(columns_of_##name) / sizeof(columns_of_##name[0]))

static const struct catalogue_table tables[] = {
#define TABLE(name, maker, row) { #name, columns_of_##name, N_COLUMNS(name), maker },
#define KEY(name)
#define USE(name)
#define OWN_KEY(name, type, unit, definition, empty)
#define OWN(name, type, unit, definition, empty)
#define END
#include "table/tables.def"
};

const struct catalogue_table catalogue_sessions = { .columns = columns_of_sessions,
						    .n = N_COLUMNS(sessions) };
const struct catalogue_table catalogue_history = { .columns = columns_of_history,
						   .n = N_COLUMNS(history) };
const struct catalogue_table catalogue_online = { .columns = columns_of_online,
						  .n = N_COLUMNS(online) };

const struct catalogue_table *catalogue_table(const char *name)
{
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		if (!strcmp(tables[i].name, name))
			return &tables[i];
	return NULL;
}

const struct catalogue_table *catalogue_table_at(size_t i)
{
	return i < sizeof(tables) / sizeof(tables[0]) ? &tables[i] : NULL;
}

int catalogue_column(const struct catalogue_table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++)
		if (!strcmp(table->columns[i].name, name))
			return (int)i;
	return -1;
}

const struct catalogue_column *catalogue_feature(const char *name)
{
	const struct catalogue_table *features = catalogue_table("completion_prediction_features");
	int at = catalogue_column(features, name);

	return at < 0 ? NULL : &features->columns[at];
}

enum catalogue_nature catalogue_nature(const char *name)
{
	static const struct {
		const char *name;
		enum catalogue_nature nature;
	} natures[] = {
#define NATURE(column, kind) { #column, CATALOGUE_##kind },
#include "table/natures.def"
	};

	for (size_t i = 0; i < sizeof(natures) / sizeof(natures[0]); i++)
		if (!strcmp(natures[i].name, name))
			return natures[i].nature;
	return CATALOGUE_STEADY;
}

const char *catalogue_sql_type(enum catalogue_type type)
{
	static const char *const names[] = {
		[CATALOGUE_TEXT] = "pg_catalog.text",
		[CATALOGUE_RAW] = "pg_catalog.text",
		[CATALOGUE_BIGINT] = "bigint",
		[CATALOGUE_FLAG] = "smallint",
		[CATALOGUE_DECIMAL] = "numeric",
		[CATALOGUE_REAL] = "double precision",
		[CATALOGUE_TIMESTAMP] = "pg_catalog.timestamptz",
	};

	return names[type];
}

void catalogue_put_names(struct buf *row, const struct catalogue_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		csv_put_str(row, table->columns[i].name);
}
