/*
 * shim: puts a fault into one call of the C library, for tests/faults/faults.py.
 *
 *	CE_FAULT=write:3:ENOSPC CE_FAULT_LOG=FILE LD_PRELOAD=build/faults/shim.so ce-clean ...
 *
 * CE_FAULT is CLASS:N:KIND, or CLASS:N+:KIND for the n-th call of the class and all after it. The
 * classes are those of `class_names`; "any" counts the calls of every class but alloc, and "exit"
 * is the one moment after the tool's own exit handlers. KIND is one of
 *
 *	the name of an errno	the call fails with it (close closes all the same)
 *	half, one		a read or write does half of what was asked, or one byte
 *	full			a write does half, and every later one fails with ENOSPC
 *	eof			a read finds the end of its file
 *	SIGKILL, SIGTERM, ...	the process gets the signal before the call is made
 *	crash			the power fails: SIGKILL, and every file that the process opened
 *				keeps only what it had at its last fsync; after "exit" the
 *				process ends as it would, since only what it left behind counts
 *
 * Without CE_FAULT the calls are only counted, and the first one of a class from each place in the
 * tool, which is a stack of callers, is logged as "place CLASS N M PLACE": the n-th of its class,
 * the m-th of "any". CE_FAULT_LOG is a file that is there. It gets "fired
 * CLASS" before the fault is put in ("fired stdout close" for that of standard output), "CLASS
 * COUNT" for each class at exit, and after a crash there "unsynced FILE" for each rename that no
 * fsync of the folder followed. With CE_FAULT_TRACE it gets what is done to files, too, as "did
 * CALL held|free PATH": CALL is write, sync, close, rename (PATH: the new name), unlink, mkdir or
 * rmdir, and held says that SIGTERM is blocked meanwhile.
 *
 * Only the process itself counts: no program that it starts, and no forked child unless
 * CE_FAULT_CHILDREN is there. A thread's calls count, so that which call is the n-th may depend on
 * their order. Calls that the C library makes within itself do not count, but for those of malloc,
 * which it makes by that name.
 */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

/* The classes -----------------------------------------------------------------------------------
 */

#define CLASSES(x)                                                                                 \
	x(alloc) x(read) x(write) x(open) x(close) x(rename) x(sync) x(unlink) x(mkdir) x(stat)    \
		x(seek) x(thread) x(fork) x(pipe) x(mmap) x(fcntl) x(wait) x(poll) x(socket)       \
			x(send) x(recv) x(random) x(group) x(any) x(exit)

#define ENUMERATOR(name) CLASS_##name,
#define NAME(name)       #name,
enum class { CLASSES(ENUMERATOR) N_CLASSES };
static const char *const class_names[N_CLASSES] = { CLASSES(NAME) };

static const struct word {
	const char *name;
	int value;
} errnos[] = { { "ENOMEM", ENOMEM }, { "EIO", EIO },       { "ENOSPC", ENOSPC },
	       { "EINTR", EINTR },   { "EAGAIN", EAGAIN }, { "EMFILE", EMFILE },
	       { "EDQUOT", EDQUOT }, { "EACCES", EACCES }, { "EPERM", EPERM },
	       { "EROFS", EROFS },   { "ENOENT", ENOENT }, { "EINVAL", EINVAL },
	       { "EPIPE", EPIPE },   { "ECHILD", ECHILD }, { "ECONNRESET", ECONNRESET },
	       { "EXDEV", EXDEV },   { "EISDIR", EISDIR }, { "ESTALE", ESTALE },
	       { "EFBIG", EFBIG },   { "ENOSYS", ENOSYS }, { "EEXIST", EEXIST } },
  signals[] = { { "SIGKILL", SIGKILL }, { "SIGTERM", SIGTERM }, { "SIGINT", SIGINT },
		{ "SIGHUP", SIGHUP },   { "SIGPIPE", SIGPIPE }, { "SIGQUIT", SIGQUIT } };

/* State -----------------------------------------------------------------------------------------
 */

enum kind {
	KIND_NONE,
	KIND_ERRNO,
	KIND_HALF,
	KIND_ONE,
	KIND_FULL,
	KIND_EOF,
	KIND_SIGNAL,
	KIND_CRASH
};

static struct {
	enum class class;
	unsigned long n;
	bool lasts; /* the later calls, too */
	enum kind kind;
	int value; /* the errno or the signal */
} plan;

static atomic_bool counts; /* in this process, from the constructor on */
static bool children_count, traces;
static atomic_ulong n_calls[N_CLASSES];
static atomic_bool fired;
static char log_path[PATH_MAX];
static _Thread_local bool inside; /* the shim's own calls do not count */

/* The C library's own function of a name, once found kept in `*real`. */
static void *next(void *real, const char *name)
{
	bool was = inside;

	if (real)
		return real;
	inside = true;
	real = dlsym(RTLD_NEXT, name);
	inside = was;
	if (!real)
		abort();
	return real;
}

/* The raw calls of the shim, which pass all wrappers by. */
static int raw_open(const char *path, int flags)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0);
}

static void note(const char *text, const char *more)
{
	char line[PATH_MAX + 64];
	int fd, len;

	if (!*log_path)
		return;
	fd = raw_open(log_path, O_WRONLY | O_APPEND | O_CLOEXEC);
	len = snprintf(line, sizeof(line), "%s%s%s\n", text, *more ? " " : "", more);
	if (fd < 0 || syscall(SYS_write, fd, line, (size_t)len) != len)
		abort();
	syscall(SYS_close, fd);
}

/* Of a trace: what is done, to the file of that descriptor or, without one (-1), of that path. */
static void did(const char *call, int fd, const char *path)
{
	char link[32], aim[PATH_MAX], text[32];
	int saved = errno;
	sigset_t mask;
	long n;

	if (!traces || !counts || inside)
		return;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	snprintf(text, sizeof(text), "did %s %s", call,
		 sigismember(&mask, SIGTERM) ? "held" : "free");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = fd < 0 ? -1 : syscall(SYS_readlinkat, AT_FDCWD, link, aim, sizeof(aim) - 1);
	if (n >= 0)
		aim[n] = '\0';
	note(text, n >= 0 ? aim : path);
	errno = saved;
}

/* What a crash leaves ---------------------------------------------------------------------------
 */

#define FILES_MAX   4096
#define RENAMES_MAX 1024
#define FD_FROM     500 /* the shim's descriptors: out of the way of the tool's */

#define FD_INHERITED 10 /* those that a shell may have opened are below */

/* Of a crash: what was opened for writing, and the renames whose folder is not synced. */
static struct written {
	int fd;
	dev_t dev;
	ino_t ino;
	off_t synced; /* length at the last fsync */
} files[FILES_MAX];
static struct renamed {
	dev_t dev; /* the folder's; 0 once it is synced */
	ino_t ino;
	char path[256];
} renames[RENAMES_MAX];
static size_t n_files, n_renames;
static pthread_mutex_t crash_lock = PTHREAD_MUTEX_INITIALIZER;

static int raw_stat(int fd, const char *path, struct stat *st)
{
	return (int)syscall(SYS_newfstatat, fd, path, st, *path ? 0 : AT_EMPTY_PATH);
}

static void crash_opened(int fd, int flags)
{
	struct stat st;

	if (plan.kind != KIND_CRASH || inside || fd < 0 || (flags & O_ACCMODE) == O_RDONLY ||
	    raw_stat(fd, "", &st) || !S_ISREG(st.st_mode))
		return;
	pthread_mutex_lock(&crash_lock);
	if (n_files < FILES_MAX)
		files[n_files++] =
			(struct written){ (int)syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, FD_FROM),
					  st.st_dev, st.st_ino, st.st_size };
	pthread_mutex_unlock(&crash_lock);
}

/* What the process has inherited: how much of it others have written is theirs to sync. */
static void crash_inherited(void)
{
	for (int fd = 0; fd < FD_INHERITED; fd++)
		crash_opened(fd, (int)syscall(SYS_fcntl, fd, F_GETFL));
}

/*
 * After fsync(fd): what is written is safe, or, of a folder, what was renamed in it; or, after
 * syncfs(fd), both of all that is on its device.
 */
static void crash_synced(int fd, bool all)
{
	struct stat st, file;

	if (plan.kind != KIND_CRASH || raw_stat(fd, "", &st))
		return;
	pthread_mutex_lock(&crash_lock);
	for (size_t i = 0; i < n_files; i++)
		if (files[i].dev == st.st_dev && (all || files[i].ino == st.st_ino) &&
		    !raw_stat(files[i].fd, "", &file))
			files[i].synced = file.st_size;
	for (size_t i = 0; i < n_renames; i++)
		if (renames[i].dev == st.st_dev && (all || renames[i].ino == st.st_ino))
			renames[i].dev = 0;
	pthread_mutex_unlock(&crash_lock);
}

/* After a rename: the folder's entry waits for its fsync. A name that went away waits for none. */
static void crash_renamed(int at, const char *to)
{
	const char *slash = strrchr(to, '/');
	char folder[PATH_MAX];
	struct stat st;

	if (plan.kind != KIND_CRASH)
		return;
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - to) + 1 : 1,
		 slash ? to : ".");
	pthread_mutex_lock(&crash_lock);
	if (!raw_stat(at, folder, &st) && n_renames < RENAMES_MAX) {
		struct renamed *r = &renames[n_renames++];

		r->dev = st.st_dev;
		r->ino = st.st_ino;
		snprintf(r->path, sizeof(r->path), "%s", to);
	}
	pthread_mutex_unlock(&crash_lock);
}

static void crash(void)
{
	for (size_t i = 0; i < n_files; i++) {
		struct stat st;

		if (!raw_stat(files[i].fd, "", &st) && st.st_size > files[i].synced)
			syscall(SYS_ftruncate, files[i].fd, files[i].synced);
	}
	for (size_t i = 0; i < n_renames; i++)
		if (renames[i].dev)
			note("unsynced", renames[i].path);
}

/* Where calls come from -------------------------------------------------------------------------
 */

#define PLACES_MAX 65536 /* a power of 2 */
#define DEPTH_MAX  32

static uintptr_t tool_from, tool_to; /* where the tool itself is in memory */

/* The first object is the program. */
static int find_tool(struct dl_phdr_info *info, size_t size, void *data)
{
	(void)size;
	(void)data;
	tool_from = info->dlpi_addr;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &info->dlpi_phdr[i];
		uintptr_t end = tool_from + part->p_vaddr + part->p_memsz;

		if (part->p_type == PT_LOAD && end > tool_to)
			tool_to = end;
	}
	return 1;
}

/* Whether the place is new. */
static bool add_place(uint64_t place)
{
	static uint64_t places[PLACES_MAX];
	static size_t n_places;
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	size_t i = place % PLACES_MAX;
	bool is_new;

	pthread_mutex_lock(&lock);
	while (places[i] && places[i] != place)
		i = (i + 1) % PLACES_MAX;
	is_new = !places[i] && n_places < PLACES_MAX / 2;
	if (is_new) {
		places[i] = place;
		n_places++;
	}
	pthread_mutex_unlock(&lock);
	return is_new;
}

/* FNV-1a of the class and the callers, as offsets in the tool: the same in every run. */
static void note_place(enum class class, unsigned long n, unsigned long m)
{
	uint64_t place = UINT64_C(0xcbf29ce484222325) ^ class;
	void *callers[DEPTH_MAX];
	char text[96];
	int depth;

	inside = true;
	depth = backtrace(callers, DEPTH_MAX);
	for (int i = 0; i < depth; i++) {
		uintptr_t at = (uintptr_t)callers[i];

		if (at >= tool_from && at < tool_to)
			place = (place ^ (at - tool_from)) * UINT64_C(0x100000001b3);
	}
	if (place && add_place(place)) {
		snprintf(text, sizeof(text), "%s %lu %lu %llx", class_names[class], n, m,
			 (unsigned long long)place);
		note("place", text);
	}
	inside = false;
}

/* The fault -------------------------------------------------------------------------------------
 */

/* Whether this call, the n-th of the plan's class, is to be struck. */
static bool is_due(unsigned long n)
{
	return n == plan.n || (n > plan.n && (plan.lasts || plan.kind == KIND_FULL));
}

/* A regular file has always something to read or room for a write, and stdio retries for itself. */
static bool can_happen(enum class class, int fd)
{
	struct stat st;

	if (plan.kind != KIND_ERRNO || (class != CLASS_read && class != CLASS_write))
		return true;
	if (plan.value == EAGAIN)
		return fd >= 0 && !raw_stat(fd, "", &st) && !S_ISREG(st.st_mode);
	return plan.value != EINTR || fd >= 0;
}

/*
 * Counts a call, and says what becomes of it: KIND_NONE, KIND_ERRNO with errno set, KIND_HALF,
 * KIND_ONE or KIND_EOF. Signals are sent here. fd is that of a read or a write, -1 elsewhere.
 */
static enum kind strike(enum class class, int fd)
{
	unsigned long n, m;
	bool due;

	if (!atomic_load_explicit(&counts, memory_order_relaxed) || inside)
		return KIND_NONE;
	n = atomic_fetch_add(&n_calls[class], 1) + 1;
	m = class == CLASS_alloc || class == CLASS_exit
		    ? 0
		    : atomic_fetch_add(&n_calls[CLASS_any], 1) + 1;
	if (!plan.kind && class != CLASS_exit)
		note_place(class, n, m);
	due = plan.kind &&
	      (class == plan.class ? is_due(n) : plan.class == CLASS_any && m && is_due(m));
	if (!due || !can_happen(class, fd))
		return KIND_NONE;
	if (!atomic_exchange(&fired, true))
		note(class == CLASS_close && fd == STDOUT_FILENO ? "fired stdout" : "fired",
		     class_names[class]);
	switch (plan.kind) {
	case KIND_CRASH:
		crash();
		if (class == CLASS_exit)
			return KIND_NONE;
		kill(getpid(), SIGKILL);
		pause();
		break;
	case KIND_SIGNAL:
		kill(getpid(), plan.value);
		return KIND_NONE;
	case KIND_FULL:
		if (n == plan.n)
			return KIND_HALF;
		errno = ENOSPC;
		return KIND_ERRNO;
	case KIND_ERRNO:
		errno = plan.value;
		break;
	case KIND_NONE:
	case KIND_HALF:
	case KIND_ONE:
	case KIND_EOF:
		break;
	}
	return plan.kind;
}

static bool fails(enum class class)
{
	return strike(class, -1) == KIND_ERRNO;
}

/* How much of n bytes a read or write is to do: -1 with errno, or 0 to n. */
static ssize_t ration(enum class class, int fd, size_t n)
{
	if (class == CLASS_write)
		did("write", fd, "");
	switch (strike(class, fd)) {
	case KIND_ERRNO:
		return -1;
	case KIND_HALF:
		return (ssize_t)((n + 1) / 2);
	case KIND_ONE:
		return n > 0;
	case KIND_EOF:
		return 0;
	default:
		return (ssize_t)n;
	}
}

/* A word's value, or -1. */
static int look_up(const struct word *words, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(words[i].name, name))
			return words[i].value;
	return -1;
}

static bool parse_plan(const char *text)
{
	static const char *const others[] = {
		[KIND_HALF] = "half", [KIND_ONE] = "one",     [KIND_FULL] = "full",
		[KIND_EOF] = "eof",   [KIND_CRASH] = "crash",
	};
	const size_t len = strcspn(text, ":");
	const char *kind;
	char *end;

	while (plan.class < N_CLASSES &&
	       (strncmp(class_names[plan.class], text, len) != 0 || class_names[plan.class][len]))
		plan.class ++;
	if (plan.class == N_CLASSES || !text[len])
		return false;
	plan.n = strtoul(text + len + 1, &end, 10);
	plan.lasts = *end == '+';
	end += plan.lasts;
	if (!plan.n || *end != ':')
		return false;
	kind = end + 1;
	if ((plan.value = look_up(errnos, sizeof(errnos) / sizeof(*errnos), kind)) >= 0)
		plan.kind = KIND_ERRNO;
	else if ((plan.value = look_up(signals, sizeof(signals) / sizeof(*signals), kind)) >= 0)
		plan.kind = KIND_SIGNAL;
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (others[i] && !strcmp(others[i], kind))
			plan.kind = (enum kind)i;
	return plan.kind != KIND_NONE;
}

/* What the tool starts has neither shim nor plan. */
__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("CE_FAULT"), *path = getenv("CE_FAULT_LOG");

	if (text && *text && !parse_plan(text)) {
		fprintf(stderr, "shim: CE_FAULT=%s is no plan\n", text);
		_exit(125);
	}
	snprintf(log_path, sizeof(log_path), "%s", path ? path : "");
	children_count = getenv("CE_FAULT_CHILDREN");
	traces = getenv("CE_FAULT_TRACE");
	crash_inherited();
	unsetenv("CE_FAULT");
	unsetenv("CE_FAULT_TRACE");
	unsetenv("CE_FAULT_CHILDREN");
	unsetenv("CE_FAULT_LOG");
	unsetenv("LD_PRELOAD");
	if (!plan.kind)
		dl_iterate_phdr(find_tool, NULL);
	counts = true;
}

static void end(void)
{
	char number[32];

	if (!counts)
		return;
	strike(CLASS_exit, -1);
	counts = false;
	for (size_t i = 0; i < N_CLASSES; i++) {
		snprintf(number, sizeof(number), "%lu", n_calls[i]);
		note(class_names[i], number);
	}
}

/*
 * The first exit handler is the last to run, and still before the destructors: those are not the
 * tool's own, and in a build that counts what is run they write the counts.
 */
typedef int main_fn(int argc, char **argv, char **env);

static main_fn *main_of_tool;

static int main_until_end(int argc, char **argv, char **env)
{
	if (atexit(end))
		abort();
	return main_of_tool(argc, argv, env);
}

EXPORT int __libc_start_main(main_fn *run, int argc, char **argv, void (*init)(void),
			     void (*fini)(void), void (*linker_fini)(void), void *stack);
EXPORT int __libc_start_main(main_fn *run, int argc, char **argv, void (*init)(void),
			     void (*fini)(void), void (*linker_fini)(void), void *stack)
{
	int (*real)(main_fn *, int, char **, void (*)(void), void (*)(void), void (*)(void),
		    void *) = next(NULL, "__libc_start_main");

	main_of_tool = run;
	return real(main_until_end, argc, argv, init, fini, linker_fini, stack);
}

/* Memory ----------------------------------------------------------------------------------------
 */

/* By the C library's other names of them: dlsym allocates. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);

EXPORT void *malloc(size_t size)
{
	return fails(CLASS_alloc) ? NULL : __libc_malloc(size);
}

EXPORT void *calloc(size_t n, size_t size)
{
	return fails(CLASS_alloc) ? NULL : __libc_calloc(n, size);
}

EXPORT void *realloc(void *p, size_t size)
{
	return fails(CLASS_alloc) ? NULL : __libc_realloc(p, size);
}

EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, bytes);
}

EXPORT void *memalign(size_t align, size_t size);
EXPORT void *memalign(size_t align, size_t size)
{
	return fails(CLASS_alloc) ? NULL : __libc_memalign(align, size);
}

EXPORT void *aligned_alloc(size_t align, size_t size)
{
	return memalign(align, size);
}

EXPORT int posix_memalign(void **p, size_t align, size_t size)
{
	void *got;

	if (fails(CLASS_alloc))
		return errno;
	got = __libc_memalign(align, size);
	if (!got)
		return ENOMEM;
	*p = got;
	return 0;
}

/* Files -----------------------------------------------------------------------------------------
 */

/* A function that only fails or is made: its class, what it returns then, itself, its arguments. */
#define WRAP(class, failure, type, name, parameters, ...)                                          \
	EXPORT type name parameters;                                                               \
	EXPORT type name parameters                                                                \
	{                                                                                          \
		static type(*real) parameters;                                                     \
                                                                                                   \
		if (fails(CLASS_##class))                                                          \
			return failure;                                                            \
		real = next(real, #name);                                                          \
		return real(__VA_ARGS__);                                                          \
	}

/* One that reads or writes n bytes. Those of a fortified caller have the buffer's size as well. */
#define WRAP_BYTES(ration, class, name, parameters, ...)                                           \
	EXPORT ssize_t name parameters;                                                            \
	EXPORT ssize_t name parameters                                                             \
	{                                                                                          \
		static ssize_t(*real) parameters;                                                  \
		ssize_t granted = ration(CLASS_##class, fd, n);                                    \
                                                                                                   \
		if (granted < 0 || (n && !granted))                                                \
			return granted;                                                            \
		n = (size_t)granted;                                                               \
		real = next(real, #name);                                                          \
		return real(__VA_ARGS__);                                                          \
	}

WRAP_BYTES(ration, read, read, (int fd, void *to, size_t n), fd, to, n)
WRAP_BYTES(ration, read, __read_chk, (int fd, void *to, size_t n, size_t size), fd, to, n, size)
WRAP_BYTES(ration, read, pread, (int fd, void *to, size_t n, off_t at), fd, to, n, at)
WRAP_BYTES(ration, read, pread64, (int fd, void *to, size_t n, off_t at), fd, to, n, at)
WRAP_BYTES(ration, read, __pread_chk, (int fd, void *to, size_t n, off_t at, size_t size), fd, to,
	   n, at, size)
WRAP_BYTES(ration, read, __pread64_chk, (int fd, void *to, size_t n, off_t at, size_t size), fd, to,
	   n, at, size)
WRAP_BYTES(ration, write, write, (int fd, const void *from, size_t n), fd, from, n)
WRAP_BYTES(ration, write, pwrite, (int fd, const void *from, size_t n, off_t at), fd, from, n, at)
WRAP_BYTES(ration, write, pwrite64, (int fd, const void *from, size_t n, off_t at), fd, from, n, at)
/* Once a connection has failed, or ended, it is at an end in both directions. */
static ssize_t ration_of_socket(enum class class, int fd, size_t n)
{
	ssize_t granted = ration(class, fd, n);

	if ((granted < 0 && errno != EINTR && errno != EAGAIN) || (n && !granted)) {
		int saved = errno;

		syscall(SYS_shutdown, fd, SHUT_RDWR);
		errno = saved;
	}
	return granted;
}

WRAP_BYTES(ration_of_socket, send, send, (int fd, const void *from, size_t n, int flags), fd, from,
	   n, flags)
WRAP_BYTES(ration_of_socket, recv, recv, (int fd, void *to, size_t n, int flags), fd, to, n, flags)
WRAP_BYTES(ration_of_socket, recv, __recv_chk, (int fd, void *to, size_t n, size_t size, int flags),
	   fd, to, n, size, flags)

/* stdio: what the library reads and writes within fails by the stream's flag, as it would. */
#define STREAM_FAILED 0x20 /* _IO_ERR_SEEN */
#define STREAM_ENDED  0x10 /* _IO_EOF_SEEN */

static size_t read_stream(enum kind kind, void *to, size_t size, size_t n, FILE *file)
{
	static size_t (*real)(void *to, size_t size, size_t n, FILE *file);

	if (kind == KIND_ERRNO || kind == KIND_EOF) {
		file->_flags |= kind == KIND_ERRNO ? STREAM_FAILED : STREAM_ENDED;
		return 0;
	}
	real = next(real, "fread");
	return real(to, size, n, file);
}

EXPORT size_t fread(void *to, size_t size, size_t n, FILE *file)
{
	return read_stream(strike(CLASS_read, -1), to, size, n, file);
}

EXPORT size_t __fread_chk(void *to, size_t room, size_t size, size_t n, FILE *file);
EXPORT size_t __fread_chk(void *to, size_t room, size_t size, size_t n, FILE *file)
{
	(void)room;
	return read_stream(strike(CLASS_read, -1), to, size, n, file);
}

EXPORT int fflush(FILE *file)
{
	static int (*real)(FILE * file);

	if (fails(CLASS_write)) {
		if (file)
			file->_flags |= STREAM_FAILED;
		return EOF;
	}
	real = next(real, "fflush");
	return real(file);
}

/* The mode, the last argument of an open that may make a file. */
#define TAKE_MODE(mode, flags)                                                                     \
	if ((flags) & (O_CREAT | __O_TMPFILE)) {                                                   \
		va_list args;                                                                      \
                                                                                                   \
		va_start(args, flags);                                                             \
		mode = va_arg(args, mode_t);                                                       \
		va_end(args);                                                                      \
	}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
	int fd;

	if (fails(CLASS_open))
		return -1;
	fd = (int)syscall(SYS_openat, folder, path, flags, mode);
	crash_opened(fd, flags);
	return fd;
}

EXPORT int open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	TAKE_MODE(mode, flags)
	return open_at(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;

	TAKE_MODE(mode, flags)
	return open_at(AT_FDCWD, path, flags, mode);
}

EXPORT int openat(int folder, const char *path, int flags, ...)
{
	mode_t mode = 0;

	TAKE_MODE(mode, flags)
	return open_at(folder, path, flags, mode);
}

EXPORT int openat64(int folder, const char *path, int flags, ...)
{
	mode_t mode = 0;

	TAKE_MODE(mode, flags)
	return open_at(folder, path, flags, mode);
}

/* Of a fortified caller, where there is no mode. */
EXPORT int __open_2(const char *path, int flags);
EXPORT int __open_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags);
EXPORT int __open64_2(const char *path, int flags)
{
	return open_at(AT_FDCWD, path, flags, 0);
}

EXPORT int __openat_2(int folder, const char *path, int flags);
EXPORT int __openat_2(int folder, const char *path, int flags)
{
	return open_at(folder, path, flags, 0);
}

EXPORT int mkostemp(char *pattern, int flags)
{
	static int (*real)(char *pattern, int flags);
	int fd;

	if (fails(CLASS_open))
		return -1;
	real = next(real, "mkostemp");
	fd = real(pattern, flags);
	crash_opened(fd, O_RDWR);
	return fd;
}

WRAP(open, NULL, FILE *, fopen, (const char *path, const char *mode), path, mode)
WRAP(open, NULL, FILE *, fopen64, (const char *path, const char *mode), path, mode)

/* A close that fails has closed all the same, as Linux does. */
EXPORT int close(int fd)
{
	bool failed = strike(CLASS_close, fd) == KIND_ERRNO;
	int saved = errno, rc;

	did("close", fd, "");
	rc = (int)syscall(SYS_close, fd);
	if (!failed)
		return rc;
	errno = saved;
	return -1;
}

EXPORT int fclose(FILE *file)
{
	static int (*real)(FILE * file);
	bool failed = fails(CLASS_close);
	int saved = errno, rc;

	real = next(real, "fclose");
	rc = real(file);
	if (!failed)
		return rc;
	errno = saved;
	return EOF;
}

/* The disk itself is not the matter here. */
static int sync_fd(int fd, bool all)
{
	if (fails(CLASS_sync) || (int)syscall(SYS_fcntl, fd, F_GETFD) < 0)
		return -1;
	did("sync", fd, "");
	crash_synced(fd, all);
	return 0;
}

EXPORT int fsync(int fd)
{
	return sync_fd(fd, false);
}

EXPORT int syncfs(int fd)
{
	return sync_fd(fd, true);
}

EXPORT int fdatasync(int fd)
{
	return fsync(fd);
}

/* renameat2 or linkat, which take the same. */
static int give_name(long number, int from_folder, const char *from, int to_folder, const char *to,
		     unsigned flags)
{
	int rc;

	if (fails(CLASS_rename))
		return -1;
	rc = (int)syscall(number, from_folder, from, to_folder, to, flags);
	if (!rc) {
		did("rename", -1, to);
		crash_renamed(to_folder, to);
	}
	return rc;
}

EXPORT int rename(const char *from, const char *to)
{
	return give_name(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

EXPORT int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	return give_name(SYS_renameat2, from_folder, from, to_folder, to, 0);
}

EXPORT int renameat2(int from_folder, const char *from, int to_folder, const char *to,
		     unsigned flags)
{
	return give_name(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

EXPORT int link(const char *from, const char *to)
{
	return give_name(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

EXPORT int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
	return give_name(SYS_linkat, from_folder, from, to_folder, to, (unsigned)flags);
}

EXPORT int unlink(const char *path)
{
	if (fails(CLASS_unlink))
		return -1;
	did("unlink", -1, path);
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

EXPORT int rmdir(const char *path)
{
	if (fails(CLASS_unlink))
		return -1;
	did("rmdir", -1, path);
	return (int)syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
	if (fails(CLASS_mkdir))
		return -1;
	did("mkdir", -1, path);
	return (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

WRAP(unlink, -1, int, unlinkat, (int folder, const char *path, int flags), folder, path, flags)
WRAP(stat, -1, int, stat, (const char *path, struct stat *st), path, st)
WRAP(stat, -1, int, stat64, (const char *path, struct stat64 *st), path, st)
WRAP(stat, -1, int, lstat, (const char *path, struct stat *st), path, st)
WRAP(stat, -1, int, lstat64, (const char *path, struct stat64 *st), path, st)
WRAP(stat, -1, int, fstat, (int fd, struct stat *st), fd, st)
WRAP(stat, -1, int, fstat64, (int fd, struct stat64 *st), fd, st)
WRAP(stat, -1, int, fstatat, (int folder, const char *path, struct stat *st, int flags), folder,
     path, st, flags)
WRAP(stat, -1, int, access, (const char *path, int mode), path, mode)
WRAP(stat, -1, int, fchmod, (int fd, mode_t mode), fd, mode)
WRAP(stat, NULL, char *, realpath, (const char *path, char *to), path, to)
WRAP(stat, NULL, char *, __realpath_chk, (const char *path, char *to, size_t size), path, to, size)
WRAP(seek, -1, off_t, lseek, (int fd, off_t at, int from), fd, at, from)
WRAP(seek, -1, off_t, lseek64, (int fd, off_t at, int from), fd, at, from)
WRAP(seek, -1, int, ftruncate, (int fd, off_t length), fd, length)
WRAP(seek, -1, int, ftruncate64, (int fd, off_t length), fd, length)
WRAP(mmap, MAP_FAILED, void *, mmap,
     (void *at, size_t n, int protection, int flags, int fd, off_t from), at, n, protection, flags,
     fd, from)
WRAP(mmap, -1, int, madvise, (void *at, size_t n, int advice), at, n, advice)

/* Descriptors, processes, threads ---------------------------------------------------------------
 */

EXPORT int fcntl(int fd, int command, ...)
{
	va_list args;
	long arg;

	va_start(args, command);
	arg = va_arg(args, long);
	va_end(args);
	return fails(CLASS_fcntl) ? -1 : (int)syscall(SYS_fcntl, fd, command, arg);
}

EXPORT int fcntl64(int fd, int command, ...)
{
	va_list args;
	long arg;

	va_start(args, command);
	arg = va_arg(args, long);
	va_end(args);
	return fails(CLASS_fcntl) ? -1 : (int)syscall(SYS_fcntl, fd, command, arg);
}

WRAP(fcntl, -1, int, dup, (int fd), fd)
WRAP(fcntl, -1, int, dup2, (int fd, int to), fd, to)
WRAP(pipe, -1, int, pipe, (int fds[2]), fds)
WRAP(pipe, -1, int, pipe2, (int fds[2], int flags), fds, flags)
WRAP(group, -1, int, setpgid, (pid_t process, pid_t group), process, group)
WRAP(wait, -1, pid_t, waitpid, (pid_t process, int *status, int flags), process, status, flags)
WRAP(thread, errno, int, pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *arg),
     thread, attributes, run, arg)

EXPORT pid_t fork(void)
{
	static pid_t (*real)(void);
	pid_t process;

	if (fails(CLASS_fork))
		return -1;
	real = next(real, "fork");
	process = real();
	if (!process && !children_count)
		counts = false;
	return process;
}

/* What comes from outside -----------------------------------------------------------------------
 */

WRAP(poll, -1, int, poll, (struct pollfd * fds, nfds_t n, int timeout), fds, n, timeout)
WRAP(poll, -1, int, __poll_chk, (struct pollfd * fds, nfds_t n, int timeout, size_t size), fds, n,
     timeout, size)
WRAP(socket, -1, int, socket, (int domain, int type, int protocol), domain, type, protocol)
WRAP(socket, -1, int, connect, (int fd, const struct sockaddr *to, socklen_t n), fd, to, n)
WRAP(socket, -1, int, getsockopt, (int fd, int level, int name, void *value, socklen_t *n), fd,
     level, name, value, n)
WRAP(socket, -1, int, setsockopt, (int fd, int level, int name, const void *value, socklen_t n), fd,
     level, name, value, n)
WRAP(random, -1, ssize_t, getrandom, (void *to, size_t n, unsigned flags), to, n, flags)
WRAP(random, -1, int, getentropy, (void *to, size_t n), to, n)
