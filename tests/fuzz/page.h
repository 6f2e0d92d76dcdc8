/*
 * page: whether a page that a report has written has the tags of the house and no others, all that
 * are to be closed are, and all else is text. For the targets that write parts of it.
 */
#ifndef CE_FUZZ_PAGE_H
#define CE_FUZZ_PAGE_H

#include "fuzz.h"

/* All that begins with '<'; '#' is digits, and what numbers are written with besides. */
static const char *const fuzz_tags[] = {
	"h2 id=\"decisions\"",
	"h2 id=\"gain-and-lift\"",
	"h2 id=\"intervals\"",
	"h2 id=\"segments\"",
	"h2 id=\"importance\"",
	"h2 id=\"drift\"",
	"h2 id=\"data\"",
	"h2 id=\"moments\"",
	"h2 id=\"feature-#\"",
	"/h2",
	"section aria-label=\"Model\" id=\"model\"",
	"/section",
	"dl class=\"card\"",
	"/dl",
	"dt",
	"/dt",
	"dd",
	"/dd",
	"time datetime=\"#T#:#Z\"",
	"/time",
	"details",
	"/details",
	"summary",
	"/summary",
	"strong",
	"/strong",
	"p class=\"row\"",
	"p",
	"/p",
	"ul",
	"/ul",
	"li",
	"/li",
	"code",
	"/code",
	"div class=\"scroll\" tabindex=\"0\"",
	"div",
	"/div",
	"table",
	"/table",
	"caption",
	"/caption",
	"thead",
	"/thead",
	"tbody",
	"/tbody",
	"tr",
	"/tr",
	"tr class=\"chosen\" aria-current=\"true\"",
	"th scope=\"col\"",
	"th scope=\"row\"",
	"/th",
	"td",
	"td class=\"wide\"",
	"data value=\"#\"",
	"/data",
	"span class=\"bar\" style=\"width:#%\"",
	"span class=\"bar other\" style=\"width:#%\"",
	"/span",
};

static const char *const fuzz_entities[] = { "amp;", "lt;", "gt;", "quot;", "#39;" };

/* Where the text that may hold a number for each '#' of the pattern ends, or NULL. */
static inline const char *fuzz_match(const char *s, const char *end, const char *pattern)
{
	for (; *pattern; pattern++) {
		if (*pattern == '#') {
			while (s < end && *s && strchr("0123456789.e+-", *s))
				s++;
		} else if (s == end || *s++ != *pattern) {
			return NULL;
		}
	}
	return s;
}

static inline const char *fuzz_skip_tag(const char *s, const char *end, int *n_open)
{
	for (size_t i = 0; i < sizeof(fuzz_tags) / sizeof(fuzz_tags[0]); i++) {
		const char *after = fuzz_match(s + 1, end, fuzz_tags[i]);

		if (!after || after == end || *after != '>')
			continue;
		/* These have no end tags, or may have none. */
		if (!strncmp(fuzz_tags[i], "tr", 2) || !strncmp(fuzz_tags[i], "td", 2) ||
		    !strcmp(fuzz_tags[i], "th scope=\"row\"") || !strcmp(fuzz_tags[i], "/tr"))
			return after + 1;
		*n_open += *fuzz_tags[i] == '/' ? -1 : 1;
		return after + 1;
	}
	FUZZ_CHECK(false, "a tag: %.*s", (int)(end - s < 80 ? end - s : 80), s);
	return end;
}

static inline const char *fuzz_skip_entity(const char *s, const char *end)
{
	for (size_t i = 0; i < sizeof(fuzz_entities) / sizeof(fuzz_entities[0]); i++) {
		size_t len = strlen(fuzz_entities[i]);

		if ((size_t)(end - s) > len && !memcmp(s + 1, fuzz_entities[i], len))
			return s + 1 + len;
	}
	FUZZ_CHECK(false, "an entity: %.*s", (int)(end - s < 80 ? end - s : 80), s);
	return end;
}

static inline void fuzz_check_page(const struct buf *page);

/* Of a whole page, what is in its main part. */
static inline void fuzz_check_main(const struct buf *page)
{
	const char *begin = memmem(page->data, page->len, "<main>", 6);
	const char *end = memmem(page->data, page->len, "</main>", 7);
	struct buf part = BUF_INIT;

	FUZZ_CHECK(begin && end, "no main part");
	buf_append(&part, begin + 6, (size_t)(end - begin - 6));
	fuzz_check_page(&part);
	buf_release(&part);
}

static inline void fuzz_check_page(const struct buf *page)
{
	const char *s = page->data, *end = s + page->len;
	int n_open = 0;

	while (s < end) {
		if (*s == '<') {
			s = fuzz_skip_tag(s, end, &n_open);
		} else if (*s == '&') {
			s = fuzz_skip_entity(s, end);
		} else {
			size_t n = *s == '\n' ? 1 : utf8_printable(s, end);

			FUZZ_CHECK(n && *s != '>' && *s != '"', "byte %02x", (unsigned char)*s);
			s += n;
		}
		FUZZ_CHECK(n_open >= 0, "a tag too many is closed");
	}
	FUZZ_CHECK(!n_open, "%d tags are open", n_open);
}

#endif
