#include "backend/worker_embed.h"

#include "base/arena.h"
#include "io/file.h"
#include "io/json.h"
#include "model/sources.h"

#include <math.h>

enum err_code worker_embed_artefact(const struct model_facts *m, struct arena *a,
                                    struct artefact *ret, struct err *e)
{
    if (m->kind == MODEL_MISSING)
        return err_set(e, ERR_UNAVAILABLE, "'%s': %s", m->name, m->why_missing);
    if (m->kind != MODEL_GGUF)
        return err_set(e, ERR_UNSUPPORTED, "'%s' is no .gguf file", m->name);
    char hex[DIGEST_HEX];
    *ret = (struct artefact){.path = m->path, .cached = true};
    if (sources_file(m->path, a, hex, &ret->bytes, e))
        return e->code;
    ret->sha256 = arena_strdup(a, hex);
    return ERR_OK;
}

/* ids: nullptr and 0 of them where the text has no tokens. */
static enum err_code tokenize(const struct engine *engine, struct session *s,
                              const struct json *texts, struct arena *a, const int32_t **ids,
                              uint32_t *n_ids, struct err *e)
{
    struct json_iter it = json_iter(texts);
    uint32_t k = 0;
    for (const struct json *v; (v = json_next(&it, nullptr)); k++) {
        if (!json_is_str(v))
            return err_set(e, ERR_USAGE, "embed: text %u is no text", k);
        const uint32_t room = engine_ids_room(json_len(v));
        int32_t *const to = ARENA_ARRAY(a, int32_t, room);
        if (engine->tokenize(s, json_str(v, ""), json_len(v), to, room, &n_ids[k], e))
            return err_wrap(e, "embed: text %u", k);
        ids[k] = to;
    }
    return ERR_OK;
}

static void normalise(float *row, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)row[i] * (double)row[i];
    for (size_t i = 0; sum > 0 && i < n; i++)
        row[i] = (float)((double)row[i] / sqrt(sum));
}

enum err_code worker_embed(const struct engine *engine, struct session *s,
                           const struct engine_about *about, const struct json *q, struct arena *a,
                           struct worker_embed_result *ret, struct err *e)
{
    const struct json *const texts = json_get(q, "texts");
    const char *const file = json_str(json_get(q, "file"), "");
    if (!json_is_array(texts))
        return err_set(e, ERR_USAGE, "embed: texts is missing: want a list of texts");
    if (!*file)
        return err_set(e, ERR_USAGE, "embed: file is missing");
    const size_t n = json_len(texts);
    const int32_t **const ids = ARENA_ARRAY(a, const int32_t *, n + 1);
    uint32_t *const n_ids = ARENA_ARRAY(a, uint32_t, n + 1);
    float *const rows = arena_try_alloc(a, n * about->dimension + 1, sizeof *rows);
    if (!rows)
        return engine_no_memory(e, err_set(e, ERR_LIMIT, "embed: out of memory: %zu vectors", n));
    if (tokenize(engine, s, texts, a, ids, n_ids, e) ||
        engine->embed(s, &(struct engine_batch){ids, n_ids, (uint32_t)n}, rows, &ret->cut, e))
        return e->code;
    for (size_t k = 0; k < n; k++)
        normalise(rows + k * about->dimension, about->dimension);
    ret->texts = n;
    return file_write(file, (const char *)rows, n * about->dimension * sizeof *rows, e);
}
