#include "audit/trial.h"

#include "base/mem.h"
#include "io/subprocess.h"
#include "io/tempfile.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int by_time(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts the cuts; drops duplicates, and those that leave no record out. */
static int settle_cuts(struct trial *t, struct err *err)
{
	size_t n = 0;

	if (!t->log.last)
		return err_set(err, ERR_RUNTIME,
			       "nothing was compared: no record has a valid time in column %s",
			       t->log.column);
	qsort(t->cuts, t->n_cuts, sizeof(*t->cuts), by_time);
	for (size_t i = 0; i < t->n_cuts; i++)
		if (t->cuts[i] < t->log.last && (!n || t->cuts[n - 1] < t->cuts[i]))
			t->cuts[n++] = t->cuts[i];
	t->n_cuts = n;
	if (!n)
		return err_set(err, ERR_RUNTIME,
			       "nothing was compared: no cut is before the time of the last "
			       "record, %" PRId64,
			       t->log.last);
	return 0;
}

int trial_open(struct trial *t, const struct trial_options *options, const struct csv_input *log,
	       struct err *err)
{
	struct spool_sample sample = { .size = options->n_at ? 0 : options->n_cuts };
	int rc;

	*t = (struct trial)TRIAL_INIT;
	t->options = options;
	t->log.column = options->column;
	t->log.times = options->times;
	rc = spool_read(&t->log, log, &sample, options->seed, err);
	t->cuts = sample.times;
	t->n_cuts = sample.n;
	if (options->n_at) {
		t->cuts = mem_realloc(t->cuts, options->n_at, sizeof(*t->cuts));
		memcpy(t->cuts, options->at, options->n_at * sizeof(*t->cuts));
		t->n_cuts = options->n_at;
	}
	return rc ? -1 : settle_cuts(t, err);
}

/* Runs the command on `input`, and the audit on its output: on the whole log, or at the cut. */
static int run(struct trial *t, int input, struct trial_cut *cut, struct err *err)
{
	char where[48] = "", name[80];
	struct subprocess command;
	struct err why = ERR_INIT;
	int output, rc;

	if (cut)
		snprintf(where, sizeof(where), " at cut %" PRId64, cut->time);
	snprintf(name, sizeof(name), "the command's output%s", where);
	if (lseek(input, 0, SEEK_SET) < 0)
		return err_errno(err, "cannot read the temporary file");
	if (subprocess_start(&command, t->options->command, input, err))
		return -1;
	output = fcntl(command.output, F_DUPFD_CLOEXEC, 0);
	if (output < 0) {
		err_errno(err, name);
		subprocess_stop(&command);
		return -1;
	}
	rc = cut ? audit_cut(&t->audit, cut->time, output, name, &cut->n_compared, &cut->n_changed,
			     err)
		 : audit_whole(&t->audit, &t->options->audit, t->cuts[t->n_cuts - 1], output, name,
			       err);
	/* A command that has failed is the reason for whatever is wrong with its output. */
	if (rc && !subprocess_is_silent(&command)) {
		subprocess_stop(&command);
		return -1;
	}
	if (subprocess_end(&command, &why))
		return err_set(err, ERR_RUNTIME, "the command failed%s: %s", where, why.message);
	return rc;
}

int trial_whole(struct trial *t, struct err *err)
{
	return run(t, t->log.fd, NULL, err);
}

int trial_next(struct trial *t, struct trial_cut *cut, struct err *err)
{
	if (t->next == t->n_cuts)
		return t->n_rows ? 0
				 : err_set(err, ERR_RUNTIME,
					   "nothing was compared: no row of the command's output "
					   "is as early as a cut");
	if (t->prefix < 0 && (t->prefix = tempfile_open(err)) < 0)
		return -1;
	*cut = (struct trial_cut){ .time = t->cuts[t->next++] };
	if (spool_write_prefix(&t->log, cut->time, t->prefix, &cut->n_records, err) ||
	    run(t, t->prefix, cut, err))
		return -1;
	t->n_rows += cut->n_compared + cut->n_changed;
	return 1;
}

void trial_release(struct trial *t)
{
	spool_release(&t->log);
	audit_release(&t->audit);
	free(t->cuts);
	if (t->prefix >= 0)
		close(t->prefix);
	*t = (struct trial)TRIAL_INIT;
}
