#include "base/zone.h"

#include "base/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ZONE_DIR     "/usr/share/zoneinfo" /* where glibc looks unless TZDIR is set */
#define NAME_MAX_LEN 64

#define DAY   ((time_t)86400)
#define FIRST (-31 * DAY)                     /* December 1969 */
#define LAST  ((time_t)4102444800 + 31 * DAY) /* January 2100 */
#define STEP  (2 * DAY) /* no two changes of a zone since 1970 are less than six days apart */

/* A change of the clock. Local times from `from` until `until` are skipped, or repeated. */
struct change {
	int64_t from, until; /* local ms */
	int64_t east;        /* ms, from the change on */
};

struct zone {
	int64_t east;           /* before the first change */
	struct change *changes; /* ascending */
	size_t n, cap;
	char *name;
};

static const char *zone_dir(void)
{
	const char *dir = getenv("TZDIR");

	return dir && *dir ? dir : ZONE_DIR;
}

/*
 * Reads a header and its data (RFC 8536, section 3.1), in which a time has `width` bytes. Returns
 * the version: '\0', '2', ...; or -1: the file is not that, or ends before.
 */
static int read_block(FILE *file, unsigned width)
{
	/* Bytes of data for each isut, isstd, leap, time, type and char, which are counted. */
	const unsigned sizes[] = { 1, 1, width + 4, width + 1, 6, 1 };
	unsigned char head[44];
	uint64_t n = 0;

	if (fread(head, 1, sizeof(head), file) != sizeof(head) || memcmp(head, "TZif", 4) != 0)
		return -1;
	for (size_t i = 0; i < 6; i++) {
		const unsigned char *b = head + 20 + 4 * i;

		n += sizes[i] *
		     ((uint64_t)b[0] << 24 | (uint64_t)b[1] << 16 | (uint64_t)b[2] << 8 | b[3]);
	}
	while (n && getc(file) != EOF)
		n--;
	return n ? -1 : head[4];
}

/* Whether the file is a whole one of a zone: the C library takes any other for UTC. */
static bool is_tzif(FILE *file)
{
	int version = read_block(file, 4), c;

	if (version <= 0)
		return version == 0;
	if (read_block(file, 8) < 0 || getc(file) != '\n')
		return false;
	do
		c = getc(file);
	while (c != '\n' && c != EOF);
	return c == '\n';
}

/*
 * Looks for the database's file of that name: letters, digits, +, - and _ between slashes. Returns
 * 1 and its path, 0: there is none, or -1 with err if that cannot be known.
 */
static int find_file(const char *name, char *path, size_t size, struct err *err)
{
	size_t len = strlen(name);
	FILE *file;
	bool is_zone;
	int rc;

	/* What begins with a small letter (posix/, right/, localtime) is no name of a zone. */
	if (*name < 'A' || *name > 'Z' || len > NAME_MAX_LEN || name[len - 1] == '/' ||
	    len != strspn(name,
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-_/"))
		return 0;
	if ((size_t)snprintf(path, size, "%s/%s", zone_dir(), name) >= size)
		return 0;
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT || errno == ENOTDIR ? 0 : err_errno(err, path);
	is_zone = is_tzif(file);
	/* Of a folder, the reading fails. */
	rc = ferror(file) && errno != EISDIR ? err_errno(err, path) : is_zone;
	fclose(file);
	return rc;
}

/* ms east of UTC that the zone of TZ is at a point in time. */
static int64_t east_at(time_t t)
{
	struct tm tm;

	return localtime_r(&t, &tm) ? tm.tm_gmtoff * INT64_C(1000) : 0;
}

static void add_change(struct zone *z, time_t at, int64_t before, int64_t after)
{
	int64_t ms = (int64_t)at * 1000;

	if (z->n == z->cap) {
		z->cap = mem_grow(z->cap, z->n + 1);
		z->changes = mem_realloc(z->changes, z->cap, sizeof(*z->changes));
	}
	z->changes[z->n++] = (struct change){ ms + (before < after ? before : after),
					      ms + (before < after ? after : before), after };
}

/* Looks for the changes of the zone of TZ: the offsets differ, and then the second is found. */
static void find_changes(struct zone *z)
{
	int64_t before = east_at(FIRST);

	z->east = before;
	for (time_t t = FIRST; t < LAST; t += STEP) {
		time_t low = t, high = t + STEP;
		int64_t after = east_at(high);

		if (after == before)
			continue;
		while (high - low > 1) {
			time_t middle = low + (high - low) / 2;

			if (east_at(middle) == before)
				low = middle;
			else
				high = middle;
		}
		add_change(z, high, before, after);
		before = after;
	}
}

static void set_tz(const char *value)
{
	if (value ? setenv("TZ", value, 1) : unsetenv("TZ"))
		mem_fail("setenv");
	tzset();
}

/*
 * Whether tzset() has read the file: where it found no memory or no descriptor it says nothing, and
 * takes the path for a rule without a name, of UTC.
 */
static bool is_loaded(void)
{
	const time_t t = FIRST;
	struct tm tm;

	return localtime_r(&t, &tm) && *tm.tm_zone;
}

struct zone *zone_open(const char *name, struct err *err)
{
	bool is_utc = !strcmp(name, "UTC"); /* needs no database */
	const char *old = getenv("TZ");
	char path[4096], *kept;
	struct zone *z;
	int found = is_utc ? 1 : find_file(name, path, sizeof(path), err);

	if (found < 0)
		return NULL;
	if (!found) {
		err_set(err, ERR_USAGE,
			"unknown time zone '%.*s': expected a name that is in %s, such as "
			"Europe/Berlin",
			err_clip(strlen(name)), name, zone_dir());
		return NULL;
	}
	z = mem_zalloc(1, sizeof(*z));
	z->name = mem_dup(name, strlen(name));
	if (is_utc)
		return z;
	kept = old ? mem_dup(old, strlen(old)) : NULL;
	set_tz(*path == '/' ? path : name);
	found = is_loaded();
	if (found)
		find_changes(z);
	set_tz(kept);
	free(kept);
	if (found)
		return z;
	err_set(err, ERR_RUNTIME, "time zone %s: the C library cannot read %s", name, path);
	zone_free(z);
	return NULL;
}

int64_t zone_to_utc(const struct zone *z, int64_t local, bool *changed)
{
	size_t low = 0, high = z ? z->n : 0;

	/* How many changes are over at that local time, and so no longer concern it. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (z->changes[middle].until <= local)
			low = middle + 1;
		else
			high = middle;
	}
	if (!z)
		return local;
	if (low < z->n && z->changes[low].from <= local)
		*changed = true;
	return local - (low ? z->changes[low - 1].east : z->east);
}

const char *zone_name(const struct zone *zone)
{
	return zone ? zone->name : "UTC";
}

void zone_free(struct zone *z)
{
	if (z) {
		free(z->changes);
		free(z->name);
	}
	free(z);
}
