#include "adapt/path.h"

#include "check.h"

/* The node of a path, as its steps from the root on; NULL: it is none. */
static void check_steps(bool is_table, const char *path, const char *want)
{
	struct paths p = PATHS_INIT;
	struct err err = ERR_INIT;
	const struct path_node *node;
	char got[200] = "";

	p.is_table = is_table;
	if (!paths_node(&p, path, &err))
		snprintf(got, sizeof(got), "%s", err.kind == ERR_RUNTIME ? "none" : "no reason");
	/* A new tree has the nodes of the one path, each the only child of its parent. */
	for (node = &p.root; !err.kind && (node->keys || node->elements);) {
		const char *json = node->is_json ? "@" : "";
		char *at = got + strlen(got);
		size_t room = sizeof(got) - strlen(got);

		CHECK(!node->keys != !node->elements);
		node = node->keys ? node->keys : node->elements;
		CHECK(!node->next);
		if (node->key)
			snprintf(at, room, "%s<%s>", json, node->key);
		else
			snprintf(at, room, "%s[%u]", json, node->index);
	}
	CHECK_STR(got, want);
	paths_release(&p);
}

static void keys_elements_and_json_in_strings(void)
{
	check_steps(false, "a", "<a>");
	check_steps(false, "a.bc.d", "<a><bc><d>");
	check_steps(false, "a[0].b[12][3]", "<a>[0]<b>[12][3]");
	check_steps(false, "[7].a", "[7]<a>");
	check_steps(false, "a.\"b.c\".d", "<a><b.c><d>");
	check_steps(false, "\"a\\\"\\\\[0]\"[0]", "<a\"\\[0]>[0]");
	check_steps(false, "\"\".\"\"", "<><>");
	check_steps(false, "event.@json.currentTime", "<event>@<currentTime>");
	check_steps(false, "a.@json[2].@json.b", "<a>@[2]@<b>");
	check_steps(false, "@json.a", "<@json><a>");
	check_steps(false, "a.@jsonb", "<a><@jsonb>");
	check_steps(false, "a.\"@json\"", "<a><@json>");
	check_steps(false, "a.[0]", "none");
}

static void what_is_no_path(void)
{
	static const char *const texts[] = {
		"",        ".",        "a.",   ".a",    "a..b",  "a[",     "a[]",
		"a[x]",    "a[-1]",    "a]",   "a[0]b", "\"a",   "\"a\"b", "a\"b\"",
		"a.@json", "a.@json.", "a.\"", "[0",    "\"a\\", "a[0",    "a[2147483648]",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		check_steps(false, texts[i], "none");
}

/* Dots and brackets are of the name, but from `.@json` on. */
static void columns_of_a_table(void)
{
	check_steps(true, "a.b[0]", "<a.b[0]>");
	check_steps(true, "a.b.@json.c.d", "<a.b>@<c><d>");
	check_steps(true, "\"a b\"", "<a b>");
	check_steps(true, "\"a b\".@json[1]", "<a b>@[1]");
	check_steps(true, "a.@json", "none");
	check_steps(true, "\"a", "none");
}

static void equal_paths_have_one_slot(void)
{
	static const char *const texts[] = {
		"a.b", "a", "a.b[3]", "a.@json.c", "a.\"b\"", "\"a\""
	};
	static const int slots[] = { 0, 1, 2, 3, 0, 1 };
	struct paths p = PATHS_INIT;
	struct err err = ERR_INIT;
	const struct path_node *a, *b;

	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
			CHECK_INT(paths_add(&p, texts[i], &err), slots[i]);
	CHECK_INT(p.n, 4);
	CHECK_INT(p.n_nodes, 4); /* a, b, [3], c */
	CHECK_STR(p.text[0], "a.b");
	CHECK_STR(p.text[3], "a.@json.c");
	CHECK_INT(paths_add(&p, "a..", &err), -1);
	CHECK_INT(p.n, 4);
	a = path_child(&p.root, "a", 1);
	b = a ? path_child(a, "b", 1) : NULL;
	CHECK(a && a->slot == 1 && a->is_json && b && b->slot == 0);
	CHECK(a && !path_child(a, "b", 0) && !path_child(a, "bb", 2) && path_child(a, "c", 1));
	CHECK(b && path_element(b, 3) && path_element(b, 3)->slot == 2 && !path_element(b, 2));
	paths_release(&p);
	CHECK_INT(p.n, 0);
	paths_release(&p);
}

int main(void)
{
	RUN(keys_elements_and_json_in_strings);
	RUN(what_is_no_path);
	RUN(columns_of_a_table);
	RUN(equal_paths_have_one_slot);
	return CHECK_DONE();
}
