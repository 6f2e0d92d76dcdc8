#include "table/extsort.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/small.h"
#include "base/tournament.h"
#include "io/tempfile.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_MIN   SMALL((uint64_t)1024 * 1024, 16384)
#define WRITE_SIZE  SMALL((size_t)64 * 1024, 1024) /* what gathers before a write to a file */
#define READ_MIN    SMALL((size_t)32 * 1024, 512)  /* a buffer of a run in a merge, at least */
#define READ_MAX    ((size_t)1024 * 1024)          /* and needs to be no larger than this */
#define FETCH_AHEAD 16                             /* rows; see sorted_row */
#define MIN_RUN     16                             /* shorter runs are lengthened by insertion */

/* What stands before a row's bytes, in memory and (behind the key) in a spill file. */
struct head {
	uint32_t len, compare_len;
};

#define SPILLED_HEAD (sizeof(int64_t) + sizeof(struct head))

/* A row in memory: its key, and where its head and bytes are. */
struct entry {
	int64_t key;
	const char *at;
};

/* Rows lie in chunks, which never move: growth copies nothing and leaves no holes behind. */
struct chunk {
	struct chunk *next;
	char bytes[];
};

/* A sorted stretch of a spill file, from byte `at` to `end`. */
struct run {
	uint64_t at, end;
};

struct spill {
	int fd; /* -1: none */
	uint64_t size;
	struct buf pending; /* the last bytes, not yet written */
	struct run *runs;   /* in the order of adding */
	size_t n_runs, cap;
};

#define SPILL_INIT                                                                                 \
	{                                                                                          \
		.fd = -1                                                                           \
	}

struct run_reader {
	struct run rest; /* what is yet to be read */
	struct buf bytes;
	size_t pos;             /* the next row in `bytes` */
	struct extsort_row row; /* the current one, unless it has ended */
	bool ended;
};

struct extsort {
	uint64_t limit;

	/* Rows in memory. */
	struct chunk *chunks; /* the newest first, but for those of a single large row */
	size_t chunk_size;
	char *end;     /* of the newest */
	size_t room;   /* bytes free before that */
	uint64_t held; /* bytes of all */
	struct entry *entries;
	size_t n, cap;
	struct entry *scratch; /* of a merge in memory */
	size_t scratch_cap;

	/* The runs on disk, and the merge of some of them. */
	struct spill spill;
	struct run_reader *readers;
	struct tournament tournament; /* whose winner's row is the next */
	size_t n_readers;

	bool started; /* extsort_next or merge_next has returned a row */
	size_t next;  /* entry to return, if nothing was spilled */
};

struct extsort *extsort_new(uint64_t mem_limit)
{
	struct extsort *s = mem_zalloc(1, sizeof(*s));

	s->limit = mem_limit < LIMIT_MIN ? LIMIT_MIN : mem_limit;
	s->chunk_size = s->limit / 32 < MEM_HUGE_PAGE ? (size_t)s->limit / 32 : MEM_HUGE_PAGE;
	s->spill.fd = -1;
	return s;
}

/* Whether row a belongs strictly before row b, which has the same key. */
static bool row_before(const struct extsort_row *a, const struct extsort_row *b)
{
	size_t common = a->compare_len < b->compare_len ? a->compare_len : b->compare_len;
	int order = memcmp(a->bytes, b->bytes, common);

	return order ? order < 0 : a->compare_len < b->compare_len;
}

static struct extsort_row entry_row(const struct entry *e)
{
	struct head head;

	memcpy(&head, e->at, sizeof(head));
	return (struct extsort_row){ e->key, e->at + sizeof(head), head.len, head.compare_len };
}

/*
 * The row of the i-th entry. Sorted entries point to rows all over the chunks, so one that is soon
 * to come is fetched ahead: waiting for memory would take longer than the rest of the sort.
 */
static struct extsort_row sorted_row(const struct extsort *s, size_t i)
{
	if (i + FETCH_AHEAD < s->n)
		__builtin_prefetch(s->entries[i + FETCH_AHEAD].at);
	return entry_row(&s->entries[i]);
}

static bool same_key_before(const struct entry *a, const struct entry *b)
{
	struct extsort_row row_a = entry_row(a), row_b = entry_row(b);

	return row_before(&row_a, &row_b);
}

static inline bool before(const struct entry *a, const struct entry *b)
{
	/* Most keys differ, and then the rows themselves need not be fetched. */
	return a->key == b->key ? same_key_before(a, b) : a->key < b->key;
}

/*
 * The sort in memory: a natural merge sort. Ascending runs are found as they stand (short ones are
 * lengthened by insertion) and pushed on a stack; neighbours are merged while the lower one is not
 * more than twice as long as the upper one, which bounds the stack by the bits of a size and the
 * work by O(n log n): the "alpha-stack sort" of Auger, Nicaud and Pivoteau, "Merge Strategies: from
 * Merge Sort to TimSort" (2015), with alpha = 2.
 *
 * A merge first trims what is in place already, galloping outward from the seam:
 *
 *	left run            right run
 *	1 2 3 4 5 6 7 | 9 12    5 8 | 13 14 15 16
 *	in place  ----^             ^---- in place
 *
 * so that rows which are late by a little cost as much as they are late, not the length of the
 * runs. Then the shorter of the two is saved and merged into the gap that it leaves.
 */

/* How many of the n entries at `left` are in place before `first`; looked for from the end. */
static size_t count_in_place(const struct entry *left, size_t n, const struct entry *first)
{
	size_t low = 0, high = n;

	for (size_t step = 1; step <= n; step *= 2) {
		if (!before(first, &left[n - step])) {
			low = n - step + 1;
			break;
		}
		high = n - step;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (before(first, &left[middle]))
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

/* How many of the n entries at `right` must move before `last`; looked for from the start. */
static size_t count_out_of_place(const struct entry *right, size_t n, const struct entry *last)
{
	size_t low = 0, high = n;

	for (size_t step = 1; step <= n; step *= 2) {
		if (!before(&right[step - 1], last)) {
			high = step - 1;
			break;
		}
		low = step;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (before(&right[middle], last))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The n entries at `from`, in the scratch. */
static struct entry *save(struct extsort *s, const struct entry *from, size_t n)
{
	if (s->scratch_cap < n) {
		free(s->scratch);
		s->scratch_cap = n;
		s->scratch = mem_alloc(n, sizeof(*s->scratch));
	}
	memcpy(s->scratch, from, n * sizeof(*from));
	return s->scratch;
}

/*
 * The two directions of a merge, of trimmed runs: the right one's first entry is the first of all,
 * the left one's last is the last. So the run that is not saved ends first.
 */
static void merge_left_saved(struct extsort *s, struct entry *left, const struct entry *right,
			     const struct entry *end)
{
	const struct entry *saved = save(s, left, (size_t)(right - left));
	struct entry *out = left;

	while (right < end) {
		bool take_right = before(right, saved);

		*out++ = *(take_right ? right : saved);
		right += take_right;
		saved += !take_right;
	}
	memcpy(out, saved, (size_t)(end - out) * sizeof(*out));
}

static void merge_right_saved(struct extsort *s, struct entry *left, const struct entry *right,
			      struct entry *end)
{
	const struct entry *start = save(s, right, (size_t)(end - right));
	const struct entry *saved = start + (end - right);

	while (right > left) {
		bool take_left = before(saved - 1, right - 1);

		*--end = *(take_left ? right - 1 : saved - 1);
		right -= take_left;
		saved -= !take_left;
	}
	memcpy(left, start, (size_t)(end - left) * sizeof(*left));
}

/* Merges the sorted n_left entries at `left` with the sorted n_right ones behind them. */
static void merge_neighbours(struct extsort *s, struct entry *left, size_t n_left, size_t n_right)
{
	struct entry *right = left + n_left;
	size_t in_place = count_in_place(left, n_left, right);

	if (in_place == n_left)
		return;
	left += in_place;
	n_left -= in_place;
	n_right = count_out_of_place(right, n_right, right - 1);
	if (n_left <= n_right)
		merge_left_saved(s, left, right, right + n_right);
	else
		merge_right_saved(s, left, right, right + n_right);
}

/* The length of the run at the start of the n entries, at least MIN_RUN if there are so many. */
static size_t make_run(struct entry *entries, size_t n)
{
	size_t len = 1;

	while (len < n && !before(&entries[len], &entries[len - 1]))
		len++;
	for (; len < n && len < MIN_RUN; len++) {
		struct entry moving = entries[len];
		size_t hole = len;

		for (; hole && before(&moving, &entries[hole - 1]); hole--)
			entries[hole] = entries[hole - 1];
		entries[hole] = moving;
	}
	return len;
}

static void sort_rows(struct extsort *s)
{
	size_t lens[8 * sizeof(size_t) + 1], depth = 0, at = 0;

	while (at < s->n || depth > 1) {
		if (at < s->n) {
			lens[depth] = make_run(s->entries + at, s->n - at);
			at += lens[depth++];
		}
		while (depth > 1 && (at == s->n || lens[depth - 2] / 2 <= lens[depth - 1])) {
			size_t n_left = lens[depth - 2], n_right = lens[depth - 1];

			merge_neighbours(s, s->entries + at - n_right - n_left, n_left, n_right);
			lens[--depth - 1] = n_left + n_right;
		}
	}
	free(s->scratch);
	s->scratch = NULL;
	s->scratch_cap = 0;
}

/* Spill files. */

static int spill_row(struct spill *spill, const struct extsort_row *row, struct err *err)
{
	struct head head = { (uint32_t)row->len, (uint32_t)row->compare_len };
	char *at = buf_reserve(&spill->pending, SPILLED_HEAD + row->len);

	memcpy(at, &row->key, sizeof(row->key));
	memcpy(at + sizeof(row->key), &head, sizeof(head));
	memcpy(at + SPILLED_HEAD, row->bytes, row->len);
	spill->pending.len += SPILLED_HEAD + row->len;
	spill->size += SPILLED_HEAD + row->len;
	return spill->pending.len >= WRITE_SIZE ? tempfile_append(spill->fd, &spill->pending, err)
						: 0;
}

/* The bytes since the last run are a run. */
static int end_run(struct spill *spill, struct err *err)
{
	uint64_t at = spill->n_runs ? spill->runs[spill->n_runs - 1].end : 0;

	if (tempfile_append(spill->fd, &spill->pending, err))
		return -1;
	if (spill->n_runs == spill->cap) {
		spill->cap = mem_grow(spill->cap, spill->n_runs + 1);
		spill->runs = mem_realloc(spill->runs, spill->cap, sizeof(*spill->runs));
	}
	spill->runs[spill->n_runs++] = (struct run){ at, spill->size };
	return 0;
}

static void spill_release(struct spill *spill)
{
	if (spill->fd >= 0)
		close(spill->fd);
	free(spill->runs);
	buf_release(&spill->pending);
	*spill = (struct spill)SPILL_INIT;
}

static void free_chunks(struct extsort *s)
{
	while (s->chunks) {
		struct chunk *next = s->chunks->next;

		free(s->chunks);
		s->chunks = next;
	}
	s->room = 0;
	s->held = 0;
	s->n = 0;
}

/* Sorts the rows in memory, writes them as a run and drops them. */
static int spill_rows(struct extsort *s, struct err *err)
{
	if (s->spill.fd < 0 && (s->spill.fd = tempfile_open(err)) < 0)
		return -1;
	sort_rows(s);
	for (size_t i = 0; i < s->n; i++) {
		struct extsort_row row = sorted_row(s, i);

		if (spill_row(&s->spill, &row, err))
			return -1;
	}
	free_chunks(s);
	return end_run(&s->spill, err);
}

static struct chunk *new_chunk(struct extsort *s, size_t size, struct chunk *next)
{
	struct chunk *chunk = mem_alloc_huge(size);

	chunk->next = next;
	s->held += size;
	return chunk;
}

/* Room for n bytes that stays where it is. */
static char *take_room(struct extsort *s, size_t n)
{
	size_t size = sizeof(struct chunk) + n;

	if (n > s->room && size > s->chunk_size / 8 && s->chunks) {
		/* A chunk of its own, behind the newest, which has room for others yet. */
		s->chunks->next = new_chunk(s, size, s->chunks->next);
		return s->chunks->next->bytes;
	}
	if (n > s->room) {
		size = size > s->chunk_size ? size : s->chunk_size;
		s->chunks = new_chunk(s, size, s->chunks);
		s->end = (char *)s->chunks + size;
		s->room = size - sizeof(struct chunk);
	}
	s->room -= n;
	return s->end - s->room - n;
}

/* What is held, at most, with n entries and another `bytes` in the chunks. */
static uint64_t needed(const struct extsort *s, size_t n, size_t bytes)
{
	/* Of two neighbours the sort saves the shorter one: half of the entries. */
	return s->held + bytes + s->chunk_size + (uint64_t)n * (sizeof(struct entry) * 3 / 2) +
	       WRITE_SIZE;
}

char *extsort_reserve(struct extsort *s, int64_t key, size_t len, size_t compare_len,
		      struct err *err)
{
	struct head head = { (uint32_t)len, (uint32_t)compare_len };
	size_t size = sizeof(head) + len;
	char *at;

	if (len > UINT32_MAX) {
		err_set(err, ERR_RUNTIME, "a row of more than 4 GiB cannot be sorted");
		return NULL;
	}
	if (s->n && size > s->room && needed(s, s->n, size) > s->limit && spill_rows(s, err))
		return NULL;
	if (s->n == s->cap) {
		s->cap = mem_grow(s->cap, s->n + 1);
		s->entries = mem_realloc(s->entries, s->cap, sizeof(*s->entries));
	}
	at = take_room(s, size);
	memcpy(at, &head, sizeof(head));
	s->entries[s->n++] = (struct entry){ key, at };
	return at + sizeof(head);
}

int extsort_add(struct extsort *s, const struct extsort_row *row, struct err *err)
{
	char *at = extsort_reserve(s, row->key, row->len, row->compare_len, err);

	if (!at)
		return -1;
	if (row->len)
		memcpy(at, row->bytes, row->len);
	return 0;
}

/* Merging runs. */

/* Sees to it that `need` bytes of the run are there from r->pos on. */
static int fill(struct run_reader *r, int fd, size_t need, struct err *err)
{
	uint64_t rest = r->rest.end - r->rest.at;
	size_t have = r->bytes.len - r->pos, room, n;

	if (have >= need)
		return 0;
	if (r->pos) {
		memmove(r->bytes.data, r->bytes.data + r->pos, have);
		r->bytes.len = have;
		r->pos = 0;
	}
	if (r->bytes.cap < need)
		buf_reserve(&r->bytes, need - have);
	room = r->bytes.cap - r->bytes.len;
	n = rest < room ? (size_t)rest : room;
	if (tempfile_read(fd, r->bytes.data + r->bytes.len, n, r->rest.at, err))
		return -1;
	r->bytes.len += n;
	r->rest.at += n;
	return 0;
}

/* Moves to the run's next row, or to its end. Returns 0 or -1. */
static int run_next(struct run_reader *r, int fd, struct err *err)
{
	struct head head;

	if (r->pos == r->bytes.len && r->rest.at == r->rest.end) {
		r->ended = true;
		return 0;
	}
	if (fill(r, fd, SPILLED_HEAD, err))
		return -1;
	memcpy(&r->row.key, r->bytes.data + r->pos, sizeof(r->row.key));
	memcpy(&head, r->bytes.data + r->pos + sizeof(r->row.key), sizeof(head));
	r->row.len = head.len;
	r->row.compare_len = head.compare_len;
	if (fill(r, fd, SPILLED_HEAD + head.len, err))
		return -1;
	r->row.bytes = r->bytes.data + r->pos + SPILLED_HEAD;
	r->pos += SPILLED_HEAD + head.len;
	return 0;
}

/* Equal rows: the earlier run first. A run that has ended comes behind all others. */
static bool reader_before(const struct run_reader *a, const struct run_reader *b)
{
	if (a->ended || b->ended)
		return b->ended && (!a->ended || a < b);
	if (a->row.key != b->row.key)
		return a->row.key < b->row.key;
	return a < b ? !row_before(&b->row, &a->row) : row_before(&a->row, &b->row);
}

/* Of a tournament of the runs. */
static bool run_before(const void *context, size_t a, size_t b)
{
	const struct extsort *s = context;

	return reader_before(&s->readers[a], &s->readers[b]);
}

static void play(struct extsort *s, size_t run)
{
	tournament_play(&s->tournament, run, run_before, s);
}

static void merge_close(struct extsort *s)
{
	for (size_t i = 0; i < s->n_readers; i++)
		buf_release(&s->readers[i].bytes);
	free(s->readers);
	tournament_release(&s->tournament);
	s->readers = NULL;
	s->n_readers = 0;
}

/* Starts to merge the n runs from `first` on, whose buffers share the limit with the writer's. */
static int merge_open(struct extsort *s, size_t first, size_t n, struct err *err)
{
	uint64_t share = (s->limit - WRITE_SIZE) / n;
	size_t buffer = share > READ_MAX ? READ_MAX : (size_t)share;

	s->readers = mem_zalloc(n, sizeof(*s->readers));
	tournament_init(&s->tournament, n);
	s->n_readers = n;
	s->started = false;
	for (size_t i = 0; i < n; i++) {
		struct run_reader *r = &s->readers[i];

		r->rest = s->spill.runs[first + i];
		buf_reserve(&r->bytes, buffer);
		if (run_next(r, s->spill.fd, err))
			return -1;
		play(s, i);
	}
	return 0;
}

/* As extsort_next, of the runs that are being merged. */
static int merge_next(struct extsort *s, struct extsort_row *row, struct err *err)
{
	size_t winner = tournament_winner(&s->tournament);
	struct run_reader *first = &s->readers[winner];

	if (s->started && !first->ended) {
		/* The row that was returned last is ours again only now. */
		if (run_next(first, s->spill.fd, err))
			return -1;
		play(s, winner);
		first = &s->readers[tournament_winner(&s->tournament)];
	}
	s->started = true;
	if (first->ended)
		return 0;
	*row = first->row;
	return 1;
}

/* Merges neighbouring runs, at most `fan_in` at a time, into a new spill file. */
static int merge_pass(struct extsort *s, size_t fan_in, struct err *err)
{
	struct spill merged = SPILL_INIT;
	struct extsort_row row;
	size_t n;
	int rc = 0;

	merged.fd = tempfile_open(err);
	if (merged.fd < 0)
		return -1;
	for (size_t first = 0; !rc && first < s->spill.n_runs; first += n) {
		n = s->spill.n_runs - first < fan_in ? s->spill.n_runs - first : fan_in;
		rc = merge_open(s, first, n, err);
		while (!rc && (rc = merge_next(s, &row, err)) > 0)
			rc = spill_row(&merged, &row, err);
		merge_close(s);
		if (!rc)
			rc = end_run(&merged, err);
	}
	if (rc) {
		spill_release(&merged);
		return -1;
	}
	spill_release(&s->spill);
	s->spill = merged;
	return 0;
}

static void release_rows(struct extsort *s)
{
	free_chunks(s);
	free(s->entries);
	free(s->scratch);
	s->entries = s->scratch = NULL;
	s->cap = 0;
}

int extsort_finish(struct extsort *s, struct err *err)
{
	uint64_t fan_in = (s->limit - WRITE_SIZE) / (READ_MIN + sizeof(struct run_reader));

	if (s->spill.fd < 0) {
		sort_rows(s);
		return 0;
	}
	if (s->n && spill_rows(s, err))
		return -1;
	release_rows(s);
	buf_release(&s->spill.pending);
	while (s->spill.n_runs > fan_in)
		if (merge_pass(s, (size_t)fan_in, err))
			return -1;
	return merge_open(s, 0, s->spill.n_runs, err);
}

int extsort_next(struct extsort *s, struct extsort_row *row, struct err *err)
{
	if (s->spill.fd >= 0)
		return merge_next(s, row, err);
	if (s->next == s->n)
		return 0;
	*row = sorted_row(s, s->next++);
	return 1;
}

int extsort_rewind(struct extsort *s, struct err *err)
{
	s->next = 0;
	if (s->spill.fd < 0)
		return 0;
	merge_close(s);
	return merge_open(s, 0, s->spill.n_runs, err);
}

uint64_t extsort_held(const struct extsort *s)
{
	uint64_t held = s->held + s->cap * sizeof(*s->entries);

	for (size_t i = 0; i < s->n_readers; i++)
		held += s->readers[i].bytes.cap;
	return held;
}

void extsort_free(struct extsort *s)
{
	if (!s)
		return;
	release_rows(s);
	merge_close(s);
	spill_release(&s->spill);
	free(s);
}
