#include "check.h"
#include "matrix.h"

static void keeps_rows(void)
{
	struct matrix m = MATRIX_INIT;
	const double dense[2] = { 0.1, -1e30 };
	const uint32_t active[3] = { 6, 0, 3 };
	/* What is active of the first so many, in order. */
	const uint32_t ordered[4][3] = { { 0 }, { 6 }, { 0, 6 }, { 0, 3, 6 } };

	matrix_init(&m, 2, 7, 0);
	for (int i = 0; i < 1000; i++)
		matrix_add(&m, dense, active, (size_t)(i % 4), i % 2, i + 0.5);
	CHECK_INT(m.n_rows, 1000);
	for (size_t i = 0; i < m.n_rows; i++) {
		CHECK(matrix_dense(&m, i)[0] == 0.1f && matrix_dense(&m, i)[1] == -1e30f);
		CHECK_INT(m.start[i + 1] - m.start[i], i % 4);
		CHECK_INT(m.label[i], i % 2);
		CHECK(m.weight[i] == (double)i + 0.5);
		CHECK(!memcmp(m.active + m.start[i], ordered[i % 4], i % 4 * sizeof(*active)));
	}
	matrix_release(&m);
	CHECK(!m.n_rows && !m.dense);
}

static void takes_rows_without_numbers(void)
{
	struct matrix m = MATRIX_INIT;
	const uint32_t active = 1;

	matrix_init(&m, 0, 2, 2);
	matrix_add(&m, NULL, &active, 1, 1, 1);
	matrix_add(&m, NULL, NULL, 0, 0, 1);
	matrix_add(&m, NULL, &active, 1, 0, 1);
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
