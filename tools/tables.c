/*
 * tables: prints the tables of lib/table/tables.def, for what is made from them and is no C.
 *
 *	tables mdoc    the manual page ce-tables(5): `make tables` writes it to tools/ce-tables.5
 *	tables tsv     a line a column: table, made by, column, SQL type, key or -, unit,
 *	               definition, when empty; for tests
 *	tables event_types, tables reasons
 *	               the lists of these in ce-clean(1), which a test compares
 */
#include "table/catalogue.h"

#include <stdio.h>
#include <string.h>

struct column {
	const char *name;
	enum catalogue_type type;
	const char *unit, *definition, *empty;
};

struct table {
	const char *name, *maker, *row;
	size_t n;
	const struct column *const *columns;
};

#define COLUMN(name, type, unit, definition, empty)                                                \
	static const struct column column_##name = { #name, CATALOGUE_##type, unit, definition,    \
						     empty };
#define SESSION(name, type, unit, definition, empty, value)                                        \
	COLUMN(name, type, unit, definition, empty)
#include "table/sessions.def"

#define HISTORY COLUMN
#include "table/history.def"

#define ONLINE COLUMN
#include "table/online.def"

#include "table/columns.def"

#define TABLE(name, maker, row) static const struct column *const columns_of_##name[] = {
#define KEY(name)               &column_##name,
#define USE(name)               &column_##name,
#define OWN_KEY                 OWN
#define OWN(name, type, unit, definition, empty)                                                   \
	&(const struct column){ #name, CATALOGUE_##type, unit, definition, empty },
#define END                                                                                        \
	}                                                                                          \
	;
#include "table/tables.def"

static const struct table tables[] = {
#define TABLE(name, maker, row)                                                                    \
	{ #name, maker, row, sizeof(columns_of_##name) / sizeof(columns_of_##name[0]),             \
	  columns_of_##name },
#define KEY(name)
#define USE(name)
#define OWN_KEY(name, type, unit, definition, empty)
#define OWN(name, type, unit, definition, empty)
#define END
#include "table/tables.def"
};

#define N_TABLES (sizeof(tables) / sizeof(tables[0]))

static const char *sql_type(const struct column *c)
{
	const char *name = catalogue_sql_type(c->type), *dot = strchr(name, '.');

	return dot ? dot + 1 : name;
}

static bool is_key(const struct table *t, size_t column)
{
	return catalogue_table(t->name)->columns[column].key;
}

static void print_tsv(void)
{
	for (const struct table *t = tables; t < tables + N_TABLES; t++)
		for (size_t i = 0; i < t->n; i++) {
			const struct column *c = t->columns[i];

			printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", t->name, t->maker, c->name,
			       sql_type(c), is_key(t, i) ? "key" : "-", c->unit, c->definition,
			       c->empty);
		}
}

static void print_column(const struct column *c)
{
	printf(".It Sy %s\n%s%s%s.\n%s.\n", c->name, sql_type(c), *c->unit ? ", " : "", c->unit,
	       c->definition);
	if (!strcmp(c->empty, "never"))
		printf("Never empty.\n");
	else
		printf("Empty: %s.\n", c->empty);
}

static void print_mdoc(void)
{
	printf(".\\\" Made by `make tables` from lib/table/*.def: edit those.\n"
	       ".Dd November 28, 2026\n"
	       ".Dt CE-TABLES 5\n"
	       ".Os ce\n"
	       ".Sh NAME\n"
	       ".Nm ce-tables\n"
	       ".Nd the tables of ce and their columns\n"
	       ".Sh DESCRIPTION\n"
	       "Each table is a file of gzipped CSV with a header, in this order of columns, and, "
	       "by\n"
	       ".Xr ce-import 1 ,\n"
	       "a table of PostgreSQL with these types.\n"
	       "Columns are found by their names; extra columns are passed on or ignored.\n"
	       ".Pp\n"
	       "The empty field is SQL's NULL: unknown, or undefined.\n"
	       "A quoted empty field\n"
	       ".Pq Li \\(dq\\(dq\n"
	       "is the empty string.\n"
	       "A smallint is a flag, 0 or 1; a numeric has at most 6 digits after the point; a "
	       "double precision\n"
	       "is the shortest decimal that reads back as the same number.\n"
	       "Times are milliseconds since 1970-01-01T00:00:00Z.\n"
	       "The words session, closed, censored, history, known and playback ratio are defined "
	       "in\n"
	       ".Xr ce 7 .\n");
	for (const struct table *t = tables; t < tables + N_TABLES; t++) {
		const char *before = "The key is ";

		printf(".Ss %s\n"
		       "A row is %s.\n"
		       "Made by %s.\n",
		       t->name, t->row, t->maker);
		for (size_t i = 0; i < t->n; i++) {
			if (!is_key(t, i))
				continue;
			printf("%s%s", before, t->columns[i]->name);
			before = ", ";
		}
		if (before[0] == ',')
			printf(".\n");
		printf(".Bl -tag -width Ds -compact\n");
		for (size_t i = 0; i < t->n; i++)
			print_column(t->columns[i]);
		printf(".El\n");
	}
	printf(".Sh SEE ALSO\n"
	       ".Xr ce-agg 1 ,\n"
	       ".Xr ce-features 1 ,\n"
	       ".Xr ce-import 1 ,\n"
	       ".Xr ce 7\n");
}

static void print_item(const char *name, const char *text)
{
	printf(".It Sy %s\n%s.\n", name, text);
}

static void print_event_types(void)
{
#define EVENT_TYPE(NAME, name, description) print_item(name, description);
#include "table/event_types.def"
}

static void print_reasons(void)
{
	const char *family = "missing_ Ns Ar column";

#define REASON(NAME, name, meaning) print_item(name, meaning);
#define MISSING(NAME, column)                                                                      \
	if (family)                                                                                \
		print_item(family, "That column is empty");                                        \
	family = NULL;
#include "table/reasons.def"
}

int main(int argc, char **argv)
{
	const char *form = argc == 2 ? argv[1] : "";

	if (!strcmp(form, "mdoc"))
		print_mdoc();
	else if (!strcmp(form, "tsv"))
		print_tsv();
	else if (!strcmp(form, "event_types"))
		print_event_types();
	else if (!strcmp(form, "reasons"))
		print_reasons();
	else
		return fprintf(stderr, "usage: tables mdoc | tsv | event_types | reasons\n"), 2;
	return fflush(stdout) || ferror(stdout);
}
