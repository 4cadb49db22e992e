#include "store/outputs.h"

#include "base/arena.h"
#include "base/defs.h"
#include "store/duck.h"

#include <stdlib.h>
#include <string.h>

static const char outputs_sql[] = {
#embed "sql/outputs.sql"
    , 0};

static void parse_ids(const char *text, struct arena *a, struct output *ret)
{
    size_t room = 1;
    for (const char *c = text; *c; c++)
        room += *c == ' ';
    int32_t *const ids = ARENA_ARRAY(a, int32_t, room);
    while (*text) {
        char *end = nullptr;
        ids[ret->n_ids++] = (int32_t)strtol(text, &end, 10);
        if (end == text)
            break;
        text = *end == ' ' ? end + 1 : end;
    }
    ret->ids = ids;
}

enum err_code outputs_read(const struct results *r, struct arena *a, struct output **ret,
                           size_t *ret_n, struct err *e)
{
    struct duck_column c[7] = {{.type = DUCK_I32}, {.type = DUCK_I32}, {.type = DUCK_I64},
                               {.type = DUCK_I64}, {.type = DUCK_F64}, {.type = DUCK_STR},
                               {.type = DUCK_STR}};
    size_t n = 0;
    if (duck_query(r->duck, outputs_sql, c, COUNT_OF(c), a, &n, e))
        return err_wrap(e, "outputs of samples.jsonl");
    struct output *const list = ARENA_ARRAY(a, struct output, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *const ids = ((const char **)c[6].data)[i];
        list[i] = (struct output){.cell = ((int32_t *)c[0].data)[i],
                                  .prompt = ((int32_t *)c[1].data)[i],
                                  .n_samples = ((int64_t *)c[2].data)[i],
                                  .n_different = ((int64_t *)c[3].data)[i],
                                  .mean_tokens = ((double *)c[4].data)[i],
                                  .text = ((const char **)c[5].data)[i]};
        list[i].mean_tokens /= (double)list[i].n_samples;
        if (ids)
            parse_ids(ids, a, &list[i]);
    }
    *ret = list;
    *ret_n = n;
    return ERR_OK;
}
