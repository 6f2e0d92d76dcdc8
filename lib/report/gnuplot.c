#include "report/gnuplot.h"

#include "base/fdio.h"
#include "base/utf8.h"
#include "io/subprocess.h"
#include "io/tempfile.h"

#include <string.h>
#include <unistd.h>

#define READ_SIZE 65536

/* Not 127, which is also the exit status of a program whose libraries found no memory. */
#define NOT_FOUND "99"

void gnuplot_put_string(struct buf *script, const char *text, size_t max)
{
	struct buf name = BUF_INIT;

	utf8_put(&name, text, strlen(text), max);
	buf_append_char(script, '\'');
	for (size_t i = 0; i < name.len; i++)
		/* A doubled quote would be one, but not everywhere. */
		buf_append_char(script, strchr("'\\", name.data[i]) ? '?' : name.data[i]);
	buf_append_char(script, '\'');
	buf_release(&name);
}

/* Appends all that is written to fd. Returns 0, or -1 with err. */
static int read_all(int fd, struct buf *out, struct err *err)
{
	ptrdiff_t n;

	while ((n = fdio_read(fd, buf_reserve(out, READ_SIZE), READ_SIZE)) > 0)
		out->len += (size_t)n;
	return n < 0 ? err_errno(err, "gnuplot") : 0;
}

int gnuplot_run(const struct buf *script, struct buf *out, struct err *err)
{
	struct subprocess command = SUBPROCESS_INIT;
	struct err why = ERR_INIT;
	size_t before = out->len;
	int fd = tempfile_open(err), rc;

	if (fd < 0)
		return -1;
	if (fdio_write(fd, script->data, script->len) || lseek(fd, 0, SEEK_SET) < 0) {
		err_errno(err, "cannot write a temporary file");
		close(fd);
		return -1;
	}
	rc = subprocess_start(&command,
			      "command -v gnuplot >/dev/null || exit " NOT_FOUND
			      "; LC_ALL=C.UTF-8 exec gnuplot -d /dev/stdin",
			      fd, err);
	close(fd);
	if (rc)
		return -1;
	if (read_all(command.output, out, err)) {
		subprocess_stop(&command);
		return -1;
	}
	if (subprocess_end(&command, &why))
		return err_set(err, ERR_RUNTIME, "gnuplot: %s",
			       strcmp(why.message, "exit status " NOT_FOUND) != 0
				       ? why.message
				       : "command not found (Debian package gnuplot-nox)");
	if (out->len == before)
		return err_set(err, ERR_RUNTIME, "gnuplot: no output");
	return 0;
}
