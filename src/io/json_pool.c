#include "io/json_pool.h"

#include <stdint.h>
#include <stdlib.h>
#include <yyjson.h>

constexpr size_t ROOM = (size_t)1 << 20; /* for texts of some 80 kB; a longer one has its own */

struct json_pool {
    yyjson_doc *own; /* of a longer text; nullptr: the last one was in room */
    yyjson_read_flag flags;
    char room[ROOM];
};

struct json_pool *json_pool_new(void)
{
    struct json_pool *const p = malloc(sizeof *p);
    if (!p)
        abort(); /* as an arena does */
    p->own = nullptr;
    p->flags = 0;
    return p;
}

void json_pool_accept_nan(struct json_pool *p)
{
    p->flags = YYJSON_READ_ALLOW_INF_AND_NAN;
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
    const bool fits = n < ROOM / 16 && yyjson_read_max_memory_usage(n, p->flags) < ROOM / 2;
    yyjson_alc alc;
    yyjson_doc *doc;
    if (fits && yyjson_alc_pool_init(&alc, p->room, sizeof p->room))
        doc = yyjson_read_opts(from, n, p->flags, &alc, nullptr);
    else
        doc = p->own = yyjson_read_opts(from, n, p->flags, nullptr, nullptr);
    return (const struct json *)yyjson_doc_get_root(doc);
}
