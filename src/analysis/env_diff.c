#include "analysis/env_diff.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"

#include <string.h>
#include <unistd.h>

/* Of these, everything; the rest is of the moment (load, free memory, time) or follows from them.
 */
static const char *const sections[] = {"chimera", "host",      "cpu",    "memory",
                                       "gpu",     "libraries", "python", "variables"};
static const char *const of_the_moment[] = {"cpu.frequency_mhz", "memory.available_bytes",
                                            "memory.swap_free_bytes", "variables.CHIMERA_CACHE"};

struct list {
    struct env_diff *items;
    size_t n, room;
};

static bool ignored(const char *key)
{
    const size_t n = strlen(key);
    if (n > 4 && strcmp(key + n - 4, "_why") == 0)
        return true;
    for (size_t i = 0; i < COUNT_OF(of_the_moment); i++)
        if (strcmp(key, of_the_moment[i]) == 0)
            return true;
    return false;
}

static const char *text_of(const struct json *v, struct arena *a)
{
    if (!v || json_is_null(v))
        return nullptr;
    if (json_is_str(v))
        return json_str(v, nullptr);
    if (json_is_num(v))
        return arena_printf(a, "%.10g", json_f64(v, NOT_MEASURED));
    if (json_is_object(v) || json_is_array(v))
        return arena_printf(a, "%zu entries", json_len(v));
    return json_bool(v, false) ? "true" : "false";
}

static void add_section(const char *section, const struct json *base, const struct json *new,
                        struct arena *a, struct list *out)
{
    struct json_iter it = json_iter(new ? new : base);
    const char *key;
    while (json_next(&it, &key)) {
        const char *const path = arena_printf(a, "%s.%s", section, key ? key : "");
        const char *const x = text_of(json_get(base, key), a), *const y =
                                                                   text_of(json_get(new, key), a);
        if (ignored(path) || (!x && !y) || (x && y && strcmp(x, y) == 0) || out->n == out->room)
            continue;
        out->items[out->n++] = (struct env_diff){path, x, y};
    }
}

void env_diff_read(const char *base, const char *new, struct arena *a, struct env_diff **ret,
                   size_t *ret_n, const char **ret_why)
{
    const char *const paths[] = {file_join(a, base, "env.json"), file_join(a, new, "env.json")};
    const struct json *docs[2] = {};
    *ret_n = 0;
    *ret_why = nullptr;
    for (size_t i = 0; i < 2; i++) {
        if (access(paths[i], F_OK) != 0) {
            *ret_why =
                arena_printf(a, "'%s' is not there: the machine of that run is unknown", paths[i]);
            return;
        }
        struct err e;
        if (json_read_file(paths[i], a, &docs[i], &e)) {
            *ret_why = arena_printf(a, "%s: the machine of that run is unknown", e.msg);
            return;
        }
    }
    struct list found = {.room = 1000};
    found.items = ARENA_ARRAY(a, struct env_diff, found.room);
    for (size_t i = 0; i < COUNT_OF(sections); i++)
        add_section(sections[i], json_get(docs[0], sections[i]), json_get(docs[1], sections[i]), a,
                    &found);
    *ret = found.items;
    *ret_n = found.n;
}
