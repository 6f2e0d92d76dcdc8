/*
 * For LD_PRELOAD: libpq's calls for memory from number NOMEM_FROM on fail, or up to NOMEM_UNTIL
 * (exclusive), and those of nobody else. At the end how many there were is written to descriptor 9.
 */
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__libc_malloc(size_t n); /* glibc's own names of what is replaced here */
void *__libc_realloc(void *p, size_t n);

static const char *text, *text_end; /* libpq's code */
static long n_calls, from, until;

static int find(struct dl_phdr_info *info, size_t size, void *unused)
{
	(void)size;
	(void)unused;
	for (int i = 0; strstr(info->dlpi_name, "/libpq.so") && i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_flags & PF_X && info->dlpi_phdr[i].p_type == PT_LOAD) {
			text = (const char *)info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			text_end = text + info->dlpi_phdr[i].p_memsz;
		}
	return 0;
}

__attribute__((constructor)) static void begin(void)
{
	dl_iterate_phdr(find, NULL);
	from = getenv("NOMEM_FROM") ? atol(getenv("NOMEM_FROM")) : 0;
	until = getenv("NOMEM_UNTIL") ? atol(getenv("NOMEM_UNTIL")) : 0;
}

__attribute__((destructor)) static void end(void)
{
	dprintf(9, "%ld\n", n_calls);
}

static int is_refused(const void *caller)
{
	if ((const char *)caller < text || (const char *)caller >= text_end)
		return 0;
	n_calls++;
	errno = ENOMEM;
	return from && n_calls >= from && (!until || n_calls < until);
}

void *malloc(size_t n)
{
	return is_refused(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *realloc(void *p, size_t n)
{
	return is_refused(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n);
}

char *strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = is_refused(__builtin_return_address(0)) ? NULL : __libc_malloc(n);

	return copy ? memcpy(copy, s, n) : NULL;
}
