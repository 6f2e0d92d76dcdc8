#include "base/zone.h"

#include "base/time.h"
#include "check.h"
#include "scratch.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static struct zone *zone_of(const char *name)
{
	struct err err = ERR_INIT;
	struct zone *z = zone_open(name, &err);

	CHECK_STR(err.message, "");
	return z;
}

/* The local time, as if it were UTC, is this point in time in that zone; whether a change makes it
 * so. */
static void check_local(const char *zone, const char *local, const char *utc, bool is_change)
{
	struct zone *z = zone_of(zone);
	int64_t local_ms, want;
	bool changed = false;

	CHECK_INT(time_parse(local, strlen(local), TIME_OFFSET_OPTIONAL, &local_ms), 0);
	CHECK_INT(time_parse(utc, strlen(utc), TIME_OFFSET_REQUIRED, &want), 0);
	CHECK_INT(zone_to_utc(z, local_ms, &changed), want);
	CHECK_INT(changed, is_change);
	zone_free(z);
}

static void known_times(void)
{
	check_local("UTC", "2024-03-31 02:30", "2024-03-31T02:30Z", false);
	check_local("Asia/Kolkata", "2024-03-31 02:30", "2024-03-30T21:00Z", false);
	check_local("America/New_York", "2024-07-04 12:00", "2024-07-04T16:00Z", false);
	check_local("Europe/Berlin", "1979-12-31 23:59", "1979-12-31T22:59Z", false);
	check_local("Europe/Berlin", "2099-07-01 00:00", "2099-06-30T22:00Z", false);
	check_local("Africa/Monrovia", "1970-06-01 00:00", "1970-06-01T00:44:30Z", false);
}

/* The first ms that a change skips or repeats, the last one, and those around them. */
static void changes_of_the_clock(void)
{
	check_local("Europe/Berlin", "2024-03-31 01:59:59.999", "2024-03-31T00:59:59.999Z", false);
	check_local("Europe/Berlin", "2024-03-31 02:00", "2024-03-31T01:00Z", true);
	check_local("Europe/Berlin", "2024-03-31 02:30", "2024-03-31T01:30Z", true);
	check_local("Europe/Berlin", "2024-03-31 02:59:59.999", "2024-03-31T01:59:59.999Z", true);
	check_local("Europe/Berlin", "2024-03-31 03:00", "2024-03-31T01:00Z", false);
	check_local("Europe/Berlin", "2024-10-27 01:59:59.999", "2024-10-26T23:59:59.999Z", false);
	check_local("Europe/Berlin", "2024-10-27 02:00", "2024-10-27T00:00Z", true);
	check_local("Europe/Berlin", "2024-10-27 02:30", "2024-10-27T00:30Z", true);
	check_local("Europe/Berlin", "2024-10-27 02:59:59.999", "2024-10-27T00:59:59.999Z", true);
	check_local("Europe/Berlin", "2024-10-27 03:00", "2024-10-27T02:00Z", false);
	check_local("America/New_York", "2024-03-10 02:30", "2024-03-10T07:30Z", true);
	check_local("America/New_York", "2024-11-03 01:30", "2024-11-03T05:30Z", true);
	check_local("America/New_York", "2024-11-03 02:00", "2024-11-03T07:00Z", false);
	/* By half an hour. */
	check_local("Australia/Lord_Howe", "2024-04-07 01:29", "2024-04-06T14:29Z", false);
	check_local("Australia/Lord_Howe", "2024-04-07 01:30", "2024-04-06T14:30Z", true);
	check_local("Australia/Lord_Howe", "2024-04-07 02:00", "2024-04-06T15:30Z", false);
	check_local("Australia/Lord_Howe", "2024-10-06 02:15", "2024-10-05T15:45Z", true);
	check_local("Australia/Lord_Howe", "2024-10-06 02:30", "2024-10-05T15:30Z", false);
	/* By a whole day, which Samoa skipped. */
	check_local("Pacific/Apia", "2011-12-30 12:00", "2011-12-30T22:00Z", true);
}

static void what_is_no_name(void)
{
	static const char *const names[] = {
		"",
		"Europe/Berln",
		"europe/berlin",
		"Europe",
		"Europe/",
		"/Europe/Berlin",
		"/usr/share/zoneinfo/Europe/Berlin",
		"../zoneinfo/Europe/Berlin",
		"Europe/../Europe/Berlin",
		"CET-1CEST",
		":Europe/Berlin",
		"UTC0",
		"posix/UTC",
		"right/Europe/Berlin",
		"localtime",
		"posixrules",
		"zone.tab",
		"tzdata.zi",
		"Europe/Berlin\n",
		"A\xff",
		"Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct err err = ERR_INIT;

		CHECK(!zone_open(names[i], &err));
		CHECK_INT(err.kind, ERR_USAGE);
		CHECK(strstr(err.message, "unknown time zone"));
	}
}

/* As it was asked for: a link of the database keeps its own name. */
static void a_zone_has_the_name_it_was_asked_for(void)
{
	static const char *const names[] = { "UTC", "Europe/Berlin", "US/Eastern", "Etc/UTC" };

	CHECK_STR(zone_name(NULL), "UTC");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct err err = ERR_INIT;
		char *name = strdup(names[i]);
		struct zone *zone = zone_open(name, &err);

		/* A copy of its own. */
		memset(name, 'x', strlen(name));
		free(name);
		CHECK_STR(zone ? zone_name(zone) : "none", names[i]);
		zone_free(zone);
	}
}

/* A file that cannot be opened is not taken for absent. */
static void no_descriptor_is_left(void)
{
	struct rlimit old, none;
	struct err err = ERR_INIT;

	getrlimit(RLIMIT_NOFILE, &old);
	none = (struct rlimit){ 0, old.rlim_max };
	setrlimit(RLIMIT_NOFILE, &none);
	CHECK(!zone_open("Europe/Berlin", &err));
	setrlimit(RLIMIT_NOFILE, &old);
	CHECK_INT(err.kind, ERR_RUNTIME);
	CHECK_STR(err.message, "/usr/share/zoneinfo/Europe/Berlin: Too many open files");
}

/* Nothing of it stays in the process, and a zone does not care what becomes of the process's. */
static void the_environment_stays_as_it_was(void)
{
	time_t now = 1704110400;
	struct zone *z, *other;
	bool changed = false;
	const char *tz;
	struct tm tm;

	setenv("TZ", "America/New_York", 1);
	tzset();
	z = zone_of("Europe/Berlin");
	other = zone_of("Asia/Kolkata");
	tz = getenv("TZ");
	CHECK(tz && !strcmp(tz, "America/New_York"));
	localtime_r(&now, &tm);
	CHECK_INT(tm.tm_hour, 7);
	CHECK_INT(zone_to_utc(z, 3600000, &changed), 0);
	CHECK_INT(zone_to_utc(other, 0, &changed), -19800000);
	CHECK(!changed);
	zone_free(z);
	zone_free(other);
	unsetenv("TZ");
	zone_free(zone_of("Europe/Berlin"));
	CHECK(!getenv("TZ"));
	setenv("TZDIR", "/nonexistent", 1);
	zone_free(zone_of("UTC"));
	CHECK(!zone_open("Europe/Berlin", &(struct err)ERR_INIT));
	unsetenv("TZDIR");
	CHECK_INT(zone_to_utc(NULL, 12, &changed), 12);
	zone_free(NULL);
}

/* A database with one file, of the first n bytes of a zone's: opens it, or says why not. */
static bool open_zone_of(const char *bytes, size_t n, struct err *err)
{
	char *folder = getcwd(NULL, 0);
	struct zone *z;

	scratch_write("Zone", bytes, n);
	setenv("TZDIR", folder, 1);
	free(folder);
	z = zone_open("Zone", err);
	zone_free(z);
	unsetenv("TZDIR");
	remove("Zone");
	return z;
}

static bool is_zone_of(const char *bytes, size_t n)
{
	struct err err = ERR_INIT;
	bool is_zone = open_zone_of(bytes, n, &err);

	CHECK(is_zone || strstr(err.message, "unknown time zone 'Zone'"));
	return is_zone;
}

/* Whole, but its first change is to a type that it does not have: the C library reads no such file.
 */
static void check_a_wrong_type(const char *bytes, size_t n)
{
	char *copy = mem_dup(bytes, n), *block = memmem(copy + 4, n - 4, "TZif", 4);
	struct err err = ERR_INIT;

	CHECK(block);
	if (block) {
		size_t n_changes = 256u * (unsigned char)block[34] + (unsigned char)block[35];

		block[44 + 8 * n_changes] = '\xff';
		CHECK(!open_zone_of(copy, n, &err));
		CHECK(strstr(err.message, "time zone Zone: the C library cannot read /"));
	}
	free(copy);
}

/* What the C library would take for UTC. */
static void a_file_that_is_not_whole(void)
{
	static const char garbage[64] =
		"TZif2 and sixty bytes of anything, of which it has no idea.";
	static const unsigned weights[] = { 1, 1, 8, 5, 6, 1 };
	char text[8192] = "";
	FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "r");
	size_t n, n_first = 44;

	CHECK(file);
	if (!file)
		return;
	n = fread(text, 1, sizeof(text), file);
	CHECK(n > 44 && n < sizeof(text) && text[4] >= '2' && !fclose(file));
	CHECK(is_zone_of(text, n));
	for (size_t i = 0; i < n; i++)
		CHECK(!is_zone_of(text, i));
	CHECK(!is_zone_of(garbage, sizeof(garbage)));
	check_a_wrong_type(text, n);
	/* The first block alone, if it says that it is. */
	for (size_t i = 0; i < 6; i++)
		n_first += weights[i] * (256u * (unsigned char)text[22 + 4 * i] +
					 (unsigned char)text[23 + 4 * i]);
	text[4] = '\0';
	CHECK(is_zone_of(text, n_first));
	CHECK(!is_zone_of(text, n_first - 1));
}

int main(void)
{
	char dir[] = SCRATCH_DIR;

	scratch_enter(dir);
	RUN(known_times);
	RUN(changes_of_the_clock);
	RUN(what_is_no_name);
	RUN(a_zone_has_the_name_it_was_asked_for);
	RUN(no_descriptor_is_left);
	RUN(the_environment_stays_as_it_was);
	RUN(a_file_that_is_not_whole);
	scratch_leave(dir);
	return CHECK_DONE();
}
