#include "io/json_pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <yyjson.h>

constexpr size_t ROOM = (size_t)1 << 20; /* for texts of some 80 kB; a longer one has its own */

struct json_pool {
    yyjson_doc *own; /* of a longer text; nullptr: the last one was in room */
    char room[ROOM];
};

struct json_pool *json_pool_new(void)
{
    struct json_pool *const p = malloc(sizeof *p);
    if (!p)
        abort(); /* as an arena does */
    p->own = nullptr;
    return p;
}

void json_pool_freep(struct json_pool **p)
{
    if (*p)
        yyjson_doc_free((*p)->own);
    free(*p);
    *p = nullptr;
}

const struct json *json_pool_parse(struct json_pool *p, const char *text, size_t n)
{
    yyjson_doc_free(p->own);
    p->own = nullptr;
    char *const from =
        (char *)(uintptr_t)text; /* without YYJSON_READ_INSITU it is not written to */
    const bool fits = n < ROOM / 16 && yyjson_read_max_memory_usage(n, 0) < ROOM / 2;
    yyjson_alc alc;
    yyjson_doc *doc;
    if (fits && yyjson_alc_pool_init(&alc, p->room, sizeof p->room))
        doc = yyjson_read_opts(from, n, 0, &alc, nullptr);
    else
        doc = p->own = yyjson_read_opts(from, n, 0, nullptr, nullptr);
    return (const struct json *)yyjson_doc_get_root(doc);
}
