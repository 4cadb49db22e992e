/* The prompts of the seed's study have the lengths that its guide names, counted with the tokenizer
 * that every synthetic model carries. */
#include "base/arena.h"
#include "base/defs.h"
#include "domain/experiment.h"
#include "io/file.h"
#include "lab/experiment_file.h"
#include "model/synth.h"
#include "model/tokenizer.h"
#include "test.h"

#include <stdlib.h>

/* want: the seed's guide, "micro 8, short 11, medium 19, long 27". */
static const struct {
    const char *set;
    size_t tokens;
} wanted[] = {{"micro", 8}, {"short", 11}, {"medium", 19}, {"long", 27}};

static const char *const studies[] = {"tr117-tier3.yaml", "tr117-local.yaml", "matrix-126.yaml"};

static void count(struct arena *a, struct tokenizer *t, const char *study,
                  const struct prompt_set *set, size_t want)
{
    for (uint32_t i = 0; i < set->n_prompts; i++) {
        const size_t bytes = strlen(set->prompts[i]);
        int32_t *const ids = ARENA_ARRAY(a, int32_t, bytes + 1);
        size_t n = 0;
        struct err e = {};
        const enum err_code code =
            tokenizer_encode(t, set->prompts[i], bytes, ids, bytes + 1, &n, &e);
        CHECK(arena_printf(a, "%s %s %u", study, set->name, i), code == ERR_OK && n == want,
              "%zu tokens, want %zu %s", n, want, e.msg);
    }
}

static void study(struct arena *a, struct tokenizer *t, const char *name)
{
    const char *const tests = getenv("CHIMERA_TESTS");
    struct experiment x;
    struct err e = {};
    if (experiment_file_read(
            file_join(a, file_join(a, tests ? tests : "tests", "../examples"), name), a, &x, &e)) {
        CHECK(name, false, "%s", e.msg);
        return;
    }
    for (size_t k = 0; k < COUNT_OF(wanted); k++) {
        const struct prompt_set *set = nullptr;
        for (uint32_t i = 0; i < x.n_prompt_sets; i++)
            if (strcmp(x.prompt_sets[i].name, wanted[k].set) == 0)
                set = &x.prompt_sets[i];
        CHECK(arena_printf(a, "%s has %s", name, wanted[k].set), set && set->n_prompts == 2,
              "no such set");
        if (set)
            count(a, t, name, set, wanted[k].tokens);
    }
}

int main(void)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 30);
    CLEANUP(tokenizer_freep) struct tokenizer *t = nullptr;
    struct synth_spec s = SYNTH_SPEC_DEFAULT;
    s.n_layers = 1;
    s.d_model = 8;
    s.n_heads = 1;
    const char *folder;
    struct err e = {};
    if (synth_cached(&s, a, &folder, &e) || tokenizer_read(folder, a, &t, &e)) {
        CHECK("a model's tokenizer", false, "%s", e.msg);
        return test_done();
    }
    for (size_t i = 0; i < COUNT_OF(studies); i++)
        study(a, t, studies[i]);
    return test_done();
}
