#include "store/outputs.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/json.h"
#include "store/results_store.h"

#include <stdlib.h>
#include <string.h>

constexpr size_t MEMORY = (size_t)64 << 30;

struct variant { /* one of the texts that a prompt had for an answer */
    struct variant *next;
    uint64_t hash;
    size_t n;
    char text[];
};

struct entry {
    int32_t prompt;
    int64_t n_samples, n_different, tokens;
    bool has_ids;
    int64_t place[5]; /* of the sample that came first: what orders samples */
    const char *text;
    const int32_t *ids;
    size_t n_ids;
    struct variant *variants;
};

struct outputs_cell {
    struct arena *a;
    struct entry *entries;
    size_t n, room;
    uint32_t *slots; /* index + 1 of the entry; room for twice as many, a power of two */
    size_t n_slots;
};

struct outputs_cell *outputs_cell_new(void)
{
    struct arena *const a = arena_new(MEMORY);
    struct outputs_cell *const c = ARENA_ARRAY(a, struct outputs_cell, 1);
    c->a = a;
    return c;
}

void outputs_cell_freep(struct outputs_cell **c)
{
    if (*c)
        (void)arena_free((*c)->a);
    *c = nullptr;
}

static size_t slot_of(const struct outputs_cell *c, int32_t prompt)
{
    size_t s = ((uint32_t)prompt * 2654435761U) & (c->n_slots - 1); /* Knuth's multiplier */
    while (c->slots[s] && c->entries[c->slots[s] - 1].prompt != prompt)
        s = (s + 1) & (c->n_slots - 1);
    return s;
}

static void grow(struct outputs_cell *c)
{
    const size_t room = c->room ? 2 * c->room : 32;
    struct entry *const more = ARENA_ARRAY(c->a, struct entry, room);
    if (c->n)
        memcpy(more, c->entries, c->n * sizeof *more);
    c->entries = more;
    c->room = room;
    c->n_slots = 2 * room;
    c->slots = ARENA_ARRAY(c->a, uint32_t, c->n_slots);
    for (size_t i = 0; i < c->n; i++)
        c->slots[slot_of(c, c->entries[i].prompt)] = (uint32_t)i + 1;
}

static struct entry *entry_of(struct outputs_cell *c, int32_t prompt)
{
    if (c->n == c->room)
        grow(c);
    const size_t s = slot_of(c, prompt);
    if (!c->slots[s]) {
        c->entries[c->n] = (struct entry){.prompt = prompt, .place = {INT64_MAX}};
        c->slots[s] = (uint32_t)++c->n;
    }
    return &c->entries[c->slots[s] - 1];
}

static uint64_t hash_of(const char *text, size_t n)
{
    uint64_t h = 0xcbf29ce484222325U; /* FNV-1a */
    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)text[i]) * 0x100000001b3U;
    return h;
}

/* The text as the arena keeps it, once. */
static const char *kept_text(struct outputs_cell *c, struct entry *x, const char *text, size_t n)
{
    const uint64_t h = hash_of(text, n);
    for (struct variant *v = x->variants; v; v = v->next)
        if (v->hash == h && v->n == n && memcmp(v->text, text, n) == 0)
            return v->text;
    struct variant *const v = arena_alloc(c->a, 1, sizeof *v + n + 1);
    *v = (struct variant){.next = x->variants, .hash = h, .n = n};
    memcpy(v->text, text, n + 1);
    x->variants = v;
    x->n_different++;
    return v->text;
}

static int64_t after_all(int32_t x)
{
    return x == INT32_MIN ? INT64_MAX : x;
}

static bool comes_first(const struct entry *x, const int64_t *place)
{
    for (size_t i = 0; i < COUNT_OF(x->place); i++)
        if (place[i] != x->place[i])
            return place[i] < x->place[i];
    return x->n_samples == 0;
}

static void take_ids(struct outputs_cell *c, struct entry *x, const struct json *ids)
{
    x->ids = nullptr;
    x->n_ids = 0;
    if (!json_is_array(ids))
        return;
    int32_t *const to = ARENA_ARRAY(c->a, int32_t, json_len(ids) + 1);
    struct json_iter it = json_iter(ids);
    for (const struct json *v; (v = json_next(&it, nullptr));)
        to[x->n_ids++] = (int32_t)json_i64(v, -1);
    x->ids = to;
}

static void add_one(struct outputs_cell *c, int32_t prompt, const struct json *text,
                    const struct json *ids, const int64_t *place)
{
    struct entry *const x = entry_of(c, prompt);
    const char *const kept = kept_text(c, x, json_str(text, ""), json_len(text));
    if (comes_first(x, place)) {
        x->text = kept;
        memcpy(x->place, place, sizeof x->place);
        take_ids(c, x, ids);
    }
    x->n_samples++;
    if (json_is_array(ids)) {
        x->has_ids = true;
        x->tokens += (int64_t)json_len(ids);
    }
}

void outputs_cell_add(struct outputs_cell *c, const struct sample_line *l, int32_t replicate)
{
    if (l->phase != PHASE_MEASURED || l->status != STATUS_OK || !l->outputs || l->prompt_index < 0)
        return;
    const int64_t place[] = {replicate, l->invocation, after_all(l->segment),
                             after_all(l->repetition),
                             l->submitted_ns == INT64_MIN ? INT64_MAX : l->submitted_ns};
    /* Lists of different lengths do not say whose ids these are. */
    const bool ids = l->output_ids && json_len(l->output_ids) == json_len(l->outputs);
    struct json_iter texts = json_iter(l->outputs),
                     lists = ids ? json_iter(l->output_ids) : (struct json_iter){};
    int32_t prompt = l->prompt_index;
    for (const struct json *v; (v = json_next(&texts, nullptr)) && prompt < INT32_MAX; prompt++) {
        const struct json *const list = json_next(&lists, nullptr);
        if (json_is_str(v))
            add_one(c, prompt, v, list, place);
    }
}

static int by_prompt(const void *a, const void *b)
{
    const struct entry *const x = a, *const y = b;
    return (x->prompt > y->prompt) - (x->prompt < y->prompt);
}

static void hand_out(const struct outputs_cell *c, size_t cell, struct output *to)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct entry *const x = &c->entries[i];
        to[i] = (struct output){.cell = (int32_t)cell,
                                .prompt = x->prompt,
                                .n_samples = x->n_samples,
                                .n_different = x->n_different,
                                .mean_tokens = x->has_ids ? (double)x->tokens / (double)x->n_samples
                                                          : NOT_MEASURED,
                                .text = x->text,
                                .ids = x->ids,
                                .n_ids = x->n_ids};
    }
}

enum err_code outputs_read(const struct results *r, struct arena *a, struct output **ret,
                           size_t *ret_n, struct err *e)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < r->n_cells; i++) {
        CLEANUP(arena_freep) struct arena *scratch = arena_new(MEMORY);
        struct results_samples unused;
        if (!r->store->outputs[i] && results_store_load(r, i, true, scratch, &unused, e))
            return e->code;
        n += r->store->outputs[i]->n;
    }
    struct output *const list = ARENA_ARRAY(a, struct output, n + 1);
    for (size_t i = 0; i < r->n_cells; i++) {
        struct outputs_cell *const c = r->store->outputs[i];
        if (c->n) { /* the slots are of no use after this, and nobody adds any more */
            qsort(c->entries, c->n, sizeof *c->entries, by_prompt);
            hand_out(c, i, list + at);
        }
        at += c->n;
    }
    *ret = list;
    *ret_n = n;
    return ERR_OK;
}

/* onnxruntime is onnxruntime-cpu. */
static bool same_backend(const char *a, const char *b)
{
    const size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    return strncmp(a, b, n) == 0 &&
           (strcmp(a + n, b + n) == 0 || strcmp(a + n, "-cpu") == 0 || strcmp(b + n, "-cpu") == 0);
}

size_t outputs_baseline(const struct results *r, size_t cell, const char *backend)
{
    const struct folder_key *const k = &r->cells[cell].key;
    size_t i = 0;
    for (; i < r->n_cells; i++) {
        const struct folder_key *const b = &r->cells[i].key;
        if (strcmp(b->scenario, k->scenario) == 0 && strcmp(b->model, k->model) == 0 &&
            strcmp(b->precision, "fp32") == 0 && same_backend(b->backend, backend))
            break;
    }
    return i;
}
