#include "check.h"
#include "learn/matrix.h"

static void keeps_rows(void)
{
	const struct matrix_shape shape = {
		.dense = 2, .onehot = 7, .sparse = 9, .active = 3, .entries = 2
	};
	struct matrix m = MATRIX_INIT;
	struct matrix_row row, back;
	const uint32_t active[3] = { 6, 0, 3 };
	/* What is active of the first so many, in order. */
	const uint32_t ordered[4][3] = { { 0 }, { 6 }, { 0, 6 }, { 0, 3, 6 } };

	matrix_init(&m, &shape, 0);
	matrix_row_init(&row, &shape);
	matrix_row_init(&back, &shape);
	memcpy(row.active, active, sizeof(active));
	row.dense[0] = 0.1;
	row.dense[1] = -1e30;
	for (int i = 0; i < 1000; i++) {
		row.n_active = (size_t)(i % 4);
		row.column[0] = (uint32_t)i % 5;
		row.column[1] = 5 + (uint32_t)i % 4;
		row.value[0] = i;
		row.value[1] = -0.3;
		matrix_add(&m, &row, i % 2, i + 0.5);
	}
	CHECK_INT(matrix_width(&m.shape), 18);
	CHECK_INT(m.n_rows, 1000);
	for (size_t i = 0; i < m.n_rows; i++) {
		matrix_get(&m, i, &back);
		CHECK(back.dense[0] == (double)0.1f && back.dense[1] == (double)-1e30f);
		CHECK_INT(back.n_active, i % 4);
		CHECK(!memcmp(back.active, ordered[i % 4], i % 4 * sizeof(*active)));
		CHECK(back.column[0] == i % 5 && back.column[1] == 5 + i % 4);
		CHECK(back.value[0] == (double)i && back.value[1] == (double)-0.3f);
		CHECK_INT(m.label[i], i % 2);
		CHECK(m.weight[i] == (double)i + 0.5);
	}
	matrix_row_release(&row);
	matrix_row_release(&back);
	matrix_release(&m);
	CHECK(!m.n_rows && !m.dense);
}

static void takes_rows_without_numbers(void)
{
	struct matrix m = MATRIX_INIT;
	uint32_t active = 1;
	const struct matrix_row one = { .active = &active, .n_active = 1 }, none = { 0 };

	matrix_init(&m, &(struct matrix_shape){ .onehot = 2, .active = 1 }, 2);
	matrix_add(&m, &one, 1, 1);
	matrix_add(&m, &none, 0, 1);
	matrix_add(&m, &one, 0, 1);
	CHECK_INT(m.n_rows, 3);
	CHECK_INT(m.start[3], 2);
	matrix_release(&m);
}

int main(void)
{
	RUN(keeps_rows);
	RUN(takes_rows_without_numbers);
	return CHECK_DONE();
}
