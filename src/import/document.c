#include "import/document.h"

#include "base/arena.h"

#include <string.h>

constexpr unsigned MOST_DEPTH = 6;

struct search {
    struct arena *a;
    struct document_table *ret;
    size_t n, most;
};

static bool is_list(const struct json *v)
{
    struct json_iter it = json_iter(v);
    bool any = false;
    for (const struct json *x; (x = json_next(&it, nullptr)); any = true)
        if (!json_is_object(x))
            return false;
    return any && json_is_array(v);
}

/* Two objects and more, with the keys of the first in each: what differs would be parts, no rows.
 */
static bool is_keyed(const struct json *v)
{
    const struct json *first = nullptr;
    struct json_iter it = json_iter(v);
    size_t rows = 0;
    if (!json_is_object(v))
        return false;
    for (const struct json *x; (x = json_next(&it, nullptr)); rows++) {
        if (!json_is_object(x) || json_len(x) == 0)
            return false;
        first = first ? first : x;
        struct json_iter keys = json_iter(first);
        const char *key;
        while (json_next(&keys, &key))
            if (!json_get(x, key))
                return false;
    }
    return rows >= 2;
}

static void look(struct search *s, const struct json *v, const char *path, unsigned depth)
{
    const bool keyed = is_keyed(v);
    if (s->n == s->most)
        return;
    if (keyed || is_list(v)) {
        s->ret[s->n++] = (struct document_table){path, v, keyed};
        return;
    }
    struct json_iter it = json_iter(v);
    const char *key;
    for (const struct json *x;
         json_is_object(v) && depth < MOST_DEPTH && (x = json_next(&it, &key));)
        look(s, x, *path ? arena_printf(s->a, "%s.%s", path, key) : arena_strdup(s->a, key),
             depth + 1);
}

size_t document_tables(const struct json *document, struct arena *a, struct document_table *ret,
                       size_t most)
{
    struct search s = {.a = a, .ret = ret, .most = most};
    look(&s, document, "", 0);
    return s.n;
}
