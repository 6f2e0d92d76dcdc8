#include "check.h"
#include "model/encoding.h"

#include <stdlib.h>
#include <unistd.h>

#define N_COLUMNS 2

/* A row of N_COLUMNS fields. */
static struct csv_row row_of(struct csv_field *fields, const char *a, const char *b)
{
	fields[0] = (struct csv_field){ a, (uint32_t)strlen(a), false };
	fields[1] = (struct csv_field){ b, (uint32_t)strlen(b), false };
	return (struct csv_row){ .fields = fields, .n = N_COLUMNS };
}

static const char *const names[N_COLUMNS] = { "x", "c" };
static const int both[N_COLUMNS] = { 0, 1 };
static const bool kinds[N_COLUMNS] = { true, false };

/* Encodes n numbers and as many levels. */
static struct encoding encode_all(const char *const *x, const char *const *c, size_t n)
{
	struct encoding_fit *fit =
		encoding_fit_new(both, kinds, N_COLUMNS, (struct encoding_numbers){ 0 }, 0);
	struct encoding e;

	for (size_t i = 0; i < n; i++) {
		struct csv_field fields[N_COLUMNS];
		struct csv_row row = row_of(fields, x[i], c[i]);

		encoding_fit_row(fit, &row);
	}
	encoding_fit_finish(fit, names, &e);
	encoding_fit_free(fit);
	return e;
}

/* Mean and standard deviation of numbers that defeat a sum of squares, or a double's range. */
static void figures_survive_any_scale(void)
{
	static const struct {
		const char *x[4];
		double mean, sd;
	} cases[] = {
		{ { "1", "2", "3", "4" }, 2.5, 1.118033988749895 },
		{ { "1e15", "1000000000000001", "1000000000000002", "1000000000000003" },
		  1000000000000001.5,
		  1.118033988749895 },
		{ { "1e300", "-1e300", "1e300", "-1e300" }, 0, 1e300 },
		{ { "1e-300", "2e-300", "1e-300", "2e-300" }, 1.5e-300, 0.5e-300 },
		{ { "1.7e308", "-1.7e308", "1.7e308", "-1.7e308" }, 0, 1.7e308 },
	};
	static const char *const c[4] = { "a", "a", "a", "a" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct encoding e = encode_all(cases[i].x, c, 4);
		const struct encoding_column *x = &e.columns[0];

		CHECK_INT(x->kind, ENCODING_NUMBER);
		CHECK_NEAR(x->mean, cases[i].mean, 1e-15 * fabs(cases[i].mean));
		CHECK_NEAR(x->sd, cases[i].sd, 1e-15 * cases[i].sd);
		CHECK_INT(e.columns[1].kind, ENCODING_CONSTANT);
		CHECK(e.shape.dense == 1 && e.shape.onehot == 0);
		encoding_release(&e);
	}
}

static void gaps_and_constants(void)
{
	static const char *const gaps[4] = { "1", "", "3", "" };
	static const char *const flat[4] = { "0.1", "0.1", "0.10", "1e-1" };
	static const char *const flat_gaps[4] = { "7", "", "7", "7" };
	static const char *const nothing[4] = { "", "", "", "" };
	struct encoding e = encode_all(gaps, nothing, 4);

	CHECK_INT(e.columns[0].n_missing, 2);
	CHECK(e.columns[0].mean == 2 && e.columns[0].sd == 1);
	CHECK(e.shape.dense == 1 && e.shape.onehot == 1);
	encoding_release(&e);
	e = encode_all(flat, nothing, 4);
	CHECK_INT(e.columns[0].kind, ENCODING_CONSTANT);
	encoding_release(&e);
	e = encode_all(flat_gaps, nothing, 4); /* the gap is what may tell */
	CHECK_INT(e.columns[0].kind, ENCODING_NUMBER);
	CHECK(e.columns[0].n_missing == 1 && e.columns[0].sd == 1);
	encoding_release(&e);
	e = encode_all(nothing, nothing, 4);
	CHECK_INT(e.columns[0].kind, ENCODING_CONSTANT);
	encoding_release(&e);
}

/* 150 levels of 12 rows, one of 50, one of 9: 100 are kept, the most frequent and then bytewise. */
static void keeps_the_frequent_levels(void)
{
	struct encoding_fit *fit =
		encoding_fit_new(both, kinds, N_COLUMNS, (struct encoding_numbers){ 0 }, 0);
	struct encoding e;
	const struct encoding_column *c;

	for (int i = 0; i < 151 * 12 + 47; i++) {
		struct csv_field fields[N_COLUMNS];
		struct csv_row row;
		char level[16];

		snprintf(level, sizeof(level), "%03d",
			 i < 151 * 12 ? i % 151
			 : i < 1850   ? 77
				      : 999);
		row = row_of(fields, "1", level);
		encoding_fit_row(fit, &row);
	}
	encoding_fit_finish(fit, names, &e);
	encoding_fit_free(fit);
	c = &e.columns[1];
	CHECK_INT(c->levels.n, ENCODING_LEVELS);
	CHECK_STR(intern_string(&c->levels, 0)->s, "077");
	CHECK_INT(c->level_rows[0], 12 + 1850 - 151 * 12);
	CHECK_STR(intern_string(&c->levels, 1)->s, "000");
	CHECK_STR(intern_string(&c->levels, 99)->s, "099");
	CHECK_INT(c->level_rows[100], 51 * 12 + 9);
	CHECK_INT(e.shape.onehot, 101);
	encoding_release(&e);
}

/* Clips n numbers, which it takes i-th as value(i). */
static struct encoding clip_all(double value(int), int n)
{
	struct encoding_fit *fit = encoding_fit_new(
		both, kinds, N_COLUMNS, (struct encoding_numbers){ .clip = true }, (size_t)n);
	struct encoding e;

	for (int i = 0; i < n; i++) {
		struct csv_field fields[N_COLUMNS];
		struct csv_row row;
		char text[32];

		snprintf(text, sizeof(text), "%.17g", value(i));
		row = row_of(fields, text, "a");
		encoding_fit_row(fit, &row);
	}
	encoding_fit_finish(fit, names, &e);
	encoding_fit_free(fit);
	return e;
}

/* 1 ... 2000, mixed. */
static double mixed(int i)
{
	return i * 7 % 2000 + 1;
}

/* The same with a few that would be all there is of mean and deviation. */
static double wild(int i)
{
	double x = mixed(i);

	return x == 1 ? -1.7e308 : x == 2000 ? 1.7e308 : x;
}

/* 1 in 3 of 10,000 rows. */
static double rare(int i)
{
	return i % 4000 == 17;
}

static double ten(int i)
{
	return i == 3 ? -5 : i;
}

static void clips_at_quantiles(void)
{
	static const struct {
		double (*value)(int);
		int n;
		double low, high, mean, sd;
	} cases[] = {
		/* The 2nd and the 1998th, by nearest rank; mean and deviation are of the clipped.
		 */
		{ mixed, 2000, 2, 1998, (2001000 + 1 - 1 - 2) / 2000.0, 577.34779810446 },
		{ wild, 2000, 2, 1998, (2001000 + 1 - 1 - 2) / 2000.0, 577.34779810446 },
		/* Below 1,000 nothing that was learnt from is clipped. */
		{ ten, 10, -5, 9, 3.7, 4.051 },
		/* Quantiles of one value would make a rare flag a constant. */
		{ rare, 10000, 0, 1, 3e-4, 0.0173179 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct encoding e = clip_all(cases[i].value, cases[i].n);
		const struct encoding_column *x = &e.columns[0];

		CHECK_INT(x->kind, ENCODING_NUMBER);
		CHECK(x->low == cases[i].low && x->high == cases[i].high);
		CHECK_NEAR(x->mean, cases[i].mean, 1e-12 * fabs(cases[i].mean));
		CHECK_NEAR(x->sd, cases[i].sd, 1e-4 * cases[i].sd);
		CHECK(encoding_standardise(x, 1e308) == encoding_standardise(x, x->high));
		CHECK(encoding_standardise(x, -1e308) == (x->low - x->mean) / x->sd);
		encoding_release(&e);
	}
}

/* A reader of this text, which is short. */
static void open_text(struct csv_reader *in, const char *text)
{
	struct err err = ERR_INIT;
	int ends[2];

	CHECK_INT(pipe(ends), 0);
	CHECK(write(ends[1], text, strlen(text)) == (ssize_t)strlen(text));
	close(ends[1]);
	CHECK_INT(csv_reader_open_fd(in, ends[0], "test.csv", &err), 0);
}

static struct encoding two_columns(void)
{
	struct encoding e = ENCODING_INIT;
	struct encoding_column *c = encoding_add(&e, "x", ENCODING_NUMBER);

	c->mean = 10;
	c->sd = 4;
	c->n_missing = 1;
	encoding_place(&e);
	encoding_add(&e, "gone", ENCODING_CONSTANT);
	encoding_place(&e);
	c = encoding_add(&e, "c", ENCODING_CATEGORY);
	intern_id(&c->levels, "b", 1);
	intern_id(&c->levels, "", 0);
	c->level_rows = calloc(3, sizeof(*c->level_rows));
	encoding_place(&e);
	return e;
}

static void encodes_rows(void)
{
	static const struct {
		double x;
		uint32_t active[2];
		size_t n_active;
	} want[] = {
		{ 0.5, { 1 }, 1 },  { 0, { 0, 2 }, 2 },         { -ENCODING_MAX, { 3 }, 1 },
		{ -2.5, { 2 }, 1 }, { ENCODING_MAX, { 1 }, 1 },
	};
	struct encoding e = two_columns();
	struct matrix_row row;
	struct csv_reader in = CSV_READER_INIT;
	const struct csv_row *r;
	struct err err = ERR_INIT;
	double value[2];
	int index[3];

	open_text(&in, "c,y,x\nb,1,12\n,1,\nnew,1,-1e300\n\"\",1,0\nb,,1.7e308\nb,1,nan\n");
	CHECK_INT(encoding_bind(&e, &in, index, &err), 0);
	matrix_row_init(&row, &e.shape);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		CHECK_INT(csv_reader_next(&in, &r, &err), 1);
		CHECK_INT(encoding_read(&e, index, &in, r, value, &err), 0);
		encoding_expand(&e, value, &row);
		CHECK(row.dense[0] == want[i].x);
		CHECK_INT(row.n_active, want[i].n_active);
		CHECK(!memcmp(row.active, want[i].active, row.n_active * sizeof(uint32_t)));
	}
	CHECK_INT(csv_reader_next(&in, &r, &err), 1);
	CHECK_INT(encoding_read(&e, index, &in, r, value, &err), -1);
	CHECK_STR(err.message,
		  "test.csv:7: column x: expected a number, as in training, found 'nan' "
		  "(ce-train --na reads such words as empty)");
	csv_reader_close(&in);
	open_text(&in, "x,gone\n1,1\n");
	CHECK_INT(encoding_bind(&e, &in, index, &err), -1);
	CHECK_STR(err.message, "test.csv:1: missing column c; the header has x, gone");
	csv_reader_close(&in);
	matrix_row_release(&row);
	encoding_release(&e);
}

/* A gap that no train row had is in no bin, and its products are 0. */
static void unknown_gaps_have_no_products(void)
{
	static const struct {
		double value[2]; /* of a number that is cut, and of one that is not */
		uint32_t column;
		double product;
		size_t n_active;
	} want[] = {
		{ { 1, 14 }, 1, 0.5, 2 }, { { 0, 14 }, 0, 0.5, 2 },  { { NAN, 14 }, 0, 0, 0 },
		{ { 1, NAN }, 1, 0, 2 },  { { NAN, NAN }, 0, 0, 0 },
	};
	struct encoding e = ENCODING_INIT;
	struct encoding_column *c = encoding_add(&e, "cut", ENCODING_BINNED);
	struct matrix_row row;

	c->edges = calloc(1, sizeof(*c->edges));
	c->n_edges = 1;
	encoding_place(&e);
	c = encoding_add(&e, "x", ENCODING_NUMBER);
	c->mean = 12;
	c->sd = 4;
	encoding_place(&e);
	c = encoding_add(&e, "also cut", ENCODING_BINNED);
	c->edges = calloc(1, sizeof(*c->edges));
	c->n_edges = 1;
	encoding_place(&e);
	CHECK_INT(encoding_interact(&e, 0, 1), 0);
	CHECK(e.shape.dense == 1 && e.shape.onehot == 4 && e.shape.sparse == 2);
	CHECK(e.shape.active == 3 && e.shape.entries == 1);
	matrix_row_init(&row, &e.shape);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		const double value[3] = { want[i].value[0], want[i].value[1], want[i].value[0] };

		encoding_expand(&e, value, &row);
		CHECK_INT(row.n_active, want[i].n_active);
		CHECK_INT(row.column[0], want[i].column);
		CHECK(row.value[0] == want[i].product);
	}
	matrix_row_release(&row);
	encoding_release(&e);
}

int main(void)
{
	RUN(figures_survive_any_scale);
	RUN(unknown_gaps_have_no_products);
	RUN(gaps_and_constants);
	RUN(keeps_the_frequent_levels);
	RUN(clips_at_quantiles);
	RUN(encodes_rows);
	return CHECK_DONE();
}
