#include "cli/calibrate.h"

#include "backend/onnx_calibrate.h"
#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "domain/model_facts.h"
#include "io/file.h"
#include "model/export.h"
#include "model/tokenizer.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

constexpr uint32_t SEQUENCES = 64;
constexpr uint32_t LENGTH = 128;
constexpr uint64_t SEED = 42;
constexpr size_t MOST_TEXT = (size_t)4 << 20;

struct sequences {
    int64_t *tokens;
    uint32_t n, length;
    const char *from;
};

static void random_tokens(const struct model_facts *m, struct arena *a, struct sequences *s)
{
    struct rng rng;
    rng_init(&rng, SEED);
    for (size_t i = 0; i < (size_t)s->n * s->length; i++)
        s->tokens[i] = (int64_t)rng_below(&rng, m->vocab_size);
    s->from =
        arena_printf(a, "%u sequences of %u random tokens, seed %d", s->n, s->length, (int)SEED);
}

/* Pieces that are spread evenly over the text. */
static enum err_code text_tokens(const struct model_facts *m, const char *path, struct arena *a,
                                 struct sequences *s, struct err *e)
{
    CLEANUP(tokenizer_freep) struct tokenizer *t = nullptr;
    char *text;
    size_t bytes, n = 0;
    if (tokenizer_read(m->path, a, &t, e) || file_read(path, a, &text, &bytes, e))
        return e->code;
    bytes = bytes < MOST_TEXT ? bytes : MOST_TEXT;
    int32_t *const ids = ARENA_ARRAY(a, int32_t, bytes + 8);
    if (tokenizer_encode(t, text, bytes, ids, bytes + 8, &n, e))
        return e->code;
    if (n < s->length)
        return err_set(e, ERR_USAGE, "'%s': %zu tokens; a calibration needs at least %u", path, n,
                       s->length);
    const uint32_t whole = (uint32_t)(n / s->length);
    s->n = whole < s->n ? whole : s->n;
    for (uint32_t k = 0; k < s->n; k++)
        for (uint32_t i = 0; i < s->length; i++)
            s->tokens[(size_t)k * s->length + i] = ids[(size_t)k * (n / s->n) + i];
    s->from =
        arena_printf(a, "%u sequences of %u tokens of %s", s->n, s->length, file_name_of(path));
    return ERR_OK;
}

enum err_code calibrate(const struct model_facts *m, const char *text, const char *out,
                        struct arena *a, struct onnx_ranges *ret, struct err *e)
{
    struct sequences s = {.n = SEQUENCES, .length = LENGTH};
    if (m->n_ctx && m->n_ctx < s.length)
        s.length = m->n_ctx;
    s.tokens = ARENA_ARRAY(a, int64_t, (size_t)s.n *s.length);
    if (!text)
        random_tokens(m, a, &s);
    else if (text_tokens(m, text, a, &s, e))
        return e->code;
    char *const folder = arena_printf(a, "%s.XXXXXX", out);
    struct export_report unused = {};
    if (file_make_folders(file_folder_of(a, out), e))
        return e->code;
    if (!mkdtemp(folder))
        return err_sys(e, "cannot write '%s'", out);
    (void)rmdir(folder); /* its name was wanted */
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (!export_make_form(m->path, "fp32-watched", nullptr, folder, a, &unused, e) &&
        !onnx_calibrate(folder, s.tokens, s.n, s.length, cores > 0 ? (uint32_t)cores : 1, a, ret,
                        e))
        ret->from = s.from;
    export_remove(folder, a);
    return e->code;
}
