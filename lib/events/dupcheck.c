#include "events/dupcheck.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/small.h"
#include "io/tempfile.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIMIT_MIN   SMALL((uint64_t)512 * 1024, 128 * 1024)
#define PART_BITS   8
#define N_PARTS     ((size_t)1 << PART_BITS)
#define PAGE_MIN    SMALL((size_t)1024, 256)
#define PAGE_MAX    ((size_t)8 * 1024)             /* all open ones fit into a huge page */
#define WRITE_SIZE  SMALL((size_t)64 * 1024, 1024) /* gathers before a write to the file */
#define FIRST_SLOTS ((size_t)64)
#define WORD_BITS   64
#define SPARSE      256 /* as many bits for one that is set are enough */
#define TRIES_MAX   256 /* slots looked at in a table; see look_up */

struct pair {
	uint64_t hash; /* in a table, 0: a free slot */
	int64_t value;
};

/* A page is an array of pairs, in place of whose first one is the link of a full page. */
#define LINK    0
#define NO_PAGE UINT64_MAX

struct part {
	struct pair *open;
	size_t n;        /* pairs in it, with the link; that of a full page if there is none */
	uint64_t last;   /* its last full page */
	uint64_t n_full; /* how many full ones there are */
};

/* Memory for many pages, which follow. */
struct slab {
	alignas(max_align_t) struct slab *next;
};

struct dupcheck {
	size_t page_len; /* pairs to a page */
	struct part parts[N_PARTS];

	/* The full pages, numbered from 0 on: the first so many are in memory. */
	struct pair **pages;
	size_t cap;
	uint64_t n_pages, max_in_memory;
	struct slab *slabs; /* where they are, the newest first */
	size_t slab_size, slab_used;
	int fd; /* of the others; -1: none yet */
	struct buf pending;

	/* Of the part that is looked through, or as much of it as has room. */
	struct pair *table;
	size_t n_slots, max_slots;

	uint64_t *found; /* bits, one for each hash that repeats and for all that share its place */
	size_t n_words, max_words; /* of it, a power of two */
	uint64_t n_found;          /* how many bits are set */
};

struct dupcheck *dupcheck_new(uint64_t mem_limit)
{
	struct dupcheck *r = mem_zalloc(1, sizeof(*r));
	uint64_t limit = mem_limit < LIMIT_MIN ? LIMIT_MIN : mem_limit;
	uint64_t page = limit / (N_PARTS * 8) / PAGE_MIN * PAGE_MIN;

	page = page < PAGE_MIN ? PAGE_MIN : page > PAGE_MAX ? PAGE_MAX : page;
	r->page_len = (size_t)page / sizeof(struct pair);
	/* An eighth is for the table, and one for what is found; of the rest, what the open pages
	 * leave is for full ones. */
	for (r->max_slots = 1; r->max_slots * 2 * sizeof(struct pair) <= limit / 8;)
		r->max_slots *= 2;
	r->max_words = r->max_slots * sizeof(struct pair) / sizeof(*r->found);
	r->n_words = 1;
	r->slab_size = limit / 16 < MEM_HUGE_PAGE ? (size_t)limit / 16 : MEM_HUGE_PAGE;
	r->slab_used = r->slab_size;
	r->max_in_memory = (limit - limit / 4 - r->slab_size - WRITE_SIZE) / page - N_PARTS;
	for (size_t i = 0; i < N_PARTS; i++)
		r->parts[i] = (struct part){ .n = r->page_len, .last = NO_PAGE };
	r->fd = -1;
	return r;
}

static size_t page_size(const struct dupcheck *r)
{
	return r->page_len * sizeof(struct pair);
}

static struct pair *new_page(struct dupcheck *r)
{
	size_t size = page_size(r);

	if (r->slab_size - r->slab_used < size) {
		struct slab *slab = mem_alloc_huge(r->slab_size);

		slab->next = r->slabs;
		r->slabs = slab;
		r->slab_used = sizeof(*slab);
	}
	r->slab_used += size;
	return (struct pair *)(void *)((char *)r->slabs + r->slab_used - size);
}

/* Stores the part's full page: in memory, which takes it over, or on disk. */
static int store_page(struct dupcheck *r, struct part *part, struct err *err)
{
	part->open[LINK].hash = part->last;
	part->last = r->n_pages++;
	part->n_full++;
	if (part->last < r->max_in_memory) {
		if (part->last >= r->cap) {
			r->cap = mem_grow(r->cap, part->last + 1);
			r->pages = mem_realloc(r->pages, r->cap, sizeof(struct pair *));
		}
		r->pages[part->last] = part->open;
		part->open = NULL;
		return 0;
	}
	if (r->fd < 0 && (r->fd = tempfile_open(err)) < 0)
		return -1;
	buf_append(&r->pending, part->open, page_size(r));
	return r->pending.len >= WRITE_SIZE ? tempfile_append(r->fd, &r->pending, err) : 0;
}

int dupcheck_add(struct dupcheck *r, uint64_t hash, int64_t value, struct err *err)
{
	struct part *part = &r->parts[hash >> (64 - PART_BITS)];

	if (part->n == r->page_len) {
		if (part->open && store_page(r, part, err))
			return -1;
		if (!part->open)
			part->open = new_page(r);
		part->n = LINK + 1;
	}
	/* 0 marks a free slot, so that it is taken for 1. */
	part->open[part->n++] = (struct pair){ hash + !hash, value };
	return 0;
}

/* Where the bit of a hash is, once the number of words is settled. */
static uint64_t *found_word(const struct dupcheck *r, uint64_t hash, uint64_t *bit)
{
	*bit = (uint64_t)1 << (hash % WORD_BITS);
	return &r->found[hash / WORD_BITS & (r->n_words - 1)];
}

static void add_found(struct dupcheck *r, uint64_t hash)
{
	uint64_t bit, *word = found_word(r, hash, &bit);

	r->n_found += !(*word & bit);
	*word |= bit;
}

/*
 * Looks the n pairs up in the table, but for those whose turn is in another pass. A hash that finds
 * no place, which takes an input that is made for it, is taken to repeat: that is always safe.
 */
static void look_up(struct dupcheck *r, const struct pair *pairs, size_t n, uint64_t pass,
		    uint64_t n_passes)
{
	size_t mask = r->n_slots - 1;

	for (size_t i = 0; i < n; i++) {
		uint64_t hash = pairs[i].hash;
		size_t slot = hash & mask, tried = 0;

		if ((hash >> 32 & (n_passes - 1)) != pass)
			continue;
		while (r->table[slot].hash && r->table[slot].hash != hash && ++tried < TRIES_MAX)
			slot = (slot + 1) & mask;
		if (!r->table[slot].hash)
			r->table[slot] = pairs[i];
		else if (r->table[slot].hash != hash || r->table[slot].value != pairs[i].value)
			add_found(r, hash);
	}
}

/* Looks through all pages of a part; `page` is a buffer for those on disk. */
static int look_through(struct dupcheck *r, const struct part *part, struct pair *page,
			struct err *err)
{
	uint64_t n = part->n_full * r->page_len + part->n, n_passes = 1;
	size_t n_slots = FIRST_SLOTS;

	while (n_slots < r->max_slots && n_slots < 2 * n)
		n_slots *= 2;
	while (n_slots * n_passes < 2 * n)
		n_passes *= 2;
	if (n_slots > r->n_slots) {
		free(r->table);
		r->table = mem_alloc(n_slots, sizeof(*r->table));
		r->n_slots = n_slots;
	}
	for (uint64_t pass = 0; pass < n_passes; pass++) {
		memset(r->table, 0, r->n_slots * sizeof(*r->table));
		look_up(r, part->open + LINK + 1, part->n - LINK - 1, pass, n_passes);
		for (uint64_t nr = part->last; nr != NO_PAGE;) {
			const struct pair *pairs = nr < r->max_in_memory ? r->pages[nr] : page;

			if (nr >= r->max_in_memory &&
			    tempfile_read(r->fd, page, page_size(r),
					  (nr - r->max_in_memory) * page_size(r), err))
				return -1;
			look_up(r, pairs + LINK + 1, r->page_len - LINK - 1, pass, n_passes);
			nr = pairs[LINK].hash;
		}
	}
	return 0;
}

/* Frees all but what was found. */
static void release_pairs(struct dupcheck *r)
{
	while (r->slabs) {
		struct slab *next = r->slabs->next;

		free(r->slabs);
		r->slabs = next;
	}
	free(r->pages);
	r->pages = NULL;
	free(r->table);
	r->table = NULL;
	buf_release(&r->pending);
	if (r->fd >= 0)
		close(r->fd);
	r->fd = -1;
}

/*
 * Where few bits are set, lays one half over the other, again and again, so that what is asked of
 * each event stays near the processor.
 */
static void fold_found(struct dupcheck *r)
{
	while (r->n_words > 1 && r->n_found * SPARSE < r->n_words * WORD_BITS) {
		r->n_words /= 2;
		for (size_t i = 0; i < r->n_words; i++)
			r->found[i] |= r->found[r->n_words + i];
	}
}

int dupcheck_finish(struct dupcheck *r, struct err *err)
{
	struct pair *page;
	int rc = 0;

	if (r->fd >= 0 && tempfile_append(r->fd, &r->pending, err))
		return -1;
	/* A byte a pair, at least, unless the limit forbids it. */
	while (r->n_words < r->max_words &&
	       r->n_words * sizeof(*r->found) < (r->n_pages + N_PARTS) * r->page_len)
		r->n_words *= 2;
	r->found = mem_table(r->n_words, sizeof(*r->found));
	page = mem_alloc(page_size(r), 1);
	for (size_t i = 0; i < N_PARTS && !rc; i++)
		if (r->parts[i].open)
			rc = look_through(r, &r->parts[i], page, err);
	free(page);
	release_pairs(r);
	fold_found(r);
	return rc;
}

bool dupcheck_has(const struct dupcheck *r, uint64_t hash)
{
	uint64_t bit;

	return r->n_found && *found_word(r, hash + !hash, &bit) & bit;
}

void dupcheck_free(struct dupcheck *r)
{
	if (!r)
		return;
	release_pairs(r);
	free(r->found);
	free(r);
}
