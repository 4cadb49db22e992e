#include "store/sample_columns.h"

#include "base/arena.h"
#include "base/defs.h"

#include <stdlib.h>
#include <string.h>

struct column {
    uint16_t to;   /* in struct results_samples: where its pointer stands */
    uint16_t from; /* in struct sample_line */
    uint8_t bytes; /* of a value */
};

#define COLUMN(name)                                                                               \
    {offsetof(struct results_samples, name), offsetof(struct sample_line, name),                   \
     sizeof(((struct sample_line *)nullptr)->name) +                                               \
         0 * sizeof(struct {                                                                       \
             static_assert(sizeof(((struct sample_line *)nullptr)->name) ==                        \
                           sizeof(*((struct results_samples *)nullptr)->name));                    \
             int unused;                                                                           \
         })}

/* What a line holds as it is; replicate, reason, stop and started_at are not among them. */
static const struct column columns[] = {
    COLUMN(invocation),     COLUMN(segment),          COLUMN(phase),          COLUMN(status),
    COLUMN(repetition),     COLUMN(prompt_index),     COLUMN(agent),          COLUMN(seq),
    COLUMN(batch_size),     COLUMN(n_stops),          COLUMN(n_early),        COLUMN(n_steps),
    COLUMN(prompt_tokens),  COLUMN(generated_tokens), COLUMN(padding_tokens), COLUMN(submitted_ns),
    COLUMN(first_token_ns), COLUMN(finished_ns),      COLUMN(seed),           COLUMN(latency_ms),
    COLUMN(ttft_ms),        COLUMN(prefill_ms),       COLUMN(decode_ms),      COLUMN(cpu_ms),
    COLUMN(peak_rss_mb),    COLUMN(overlap_ms),       COLUMN(tokens),         COLUMN(tokens_per_s),
    COLUMN(power_w),        COLUMN(temperature_c),    COLUMN(clock_mhz),      COLUMN(steal_percent),
};
static const struct column others[] = {
    {offsetof(struct results_samples, replicate), 0, sizeof(int32_t)},
    {offsetof(struct results_samples, reason), 0, sizeof(char *)},
    {offsetof(struct results_samples, stop), 0, sizeof(char *)},
    {offsetof(struct results_samples, started_at), 0, sizeof(char *)},
};

struct sample_columns {
    struct arena *a;
    struct results_samples s;
    size_t room;
    size_t *file_end; /* rows of the files up to each; n_files of them */
    size_t n_files, room_files;
    bool in_order; /* so far, each row is behind the one before it */
};

/* The arrays are ours until they are handed out. */
static char *data(const struct sample_columns *c, const struct column *k)
{
    char *p;
    memcpy(&p, (const char *)&c->s + k->to, sizeof p);
    return p;
}

static void move(struct sample_columns *c, const struct column *k, size_t room)
{
    char *const fresh = arena_alloc(c->a, room, k->bytes), *const old = data(c, k);
    if (c->s.n)
        memcpy(fresh, old, c->s.n * k->bytes);
    memcpy((char *)&c->s + k->to, &fresh, sizeof fresh);
}

static void make_room(struct sample_columns *c, size_t room)
{
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        move(c, &columns[i], room);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        move(c, &others[i], room);
    c->room = room;
}

struct sample_columns *sample_columns_new(struct arena *a, size_t room)
{
    struct sample_columns *const c = ARENA_ARRAY(a, struct sample_columns, 1);
    *c = (struct sample_columns){.a = a, .in_order = true};
    make_room(c, room);
    return c;
}

void sample_columns_reserve(struct sample_columns *c, size_t more)
{
    if (c->room - c->s.n < more)
        make_room(c, c->s.n + more);
}

/* NULL, the least value, comes last, as in SQL. */
static uint64_t rank32(int32_t x)
{
    return (uint32_t)x - (uint32_t)INT32_MIN - 1U;
}

static uint64_t rank64(int64_t x)
{
    return (uint64_t)x - (uint64_t)INT64_MIN - 1U;
}

static int step(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

/* 0: it is the same sample, by all that a line says of which one it is. */
static int compare(const struct results_samples *s, size_t i, size_t j)
{
    int c = step(rank32(s->replicate[i]), rank32(s->replicate[j]));
    c = c ? c : step(rank32(s->invocation[i]), rank32(s->invocation[j]));
    c = c ? c : step(rank32(s->segment[i]), rank32(s->segment[j]));
    c = c ? c : step(rank64(s->submitted_ns[i]), rank64(s->submitted_ns[j]));
    c = c ? c : step(rank32(s->agent[i]), rank32(s->agent[j]));
    c = c ? c : step(rank32(s->seq[i]), rank32(s->seq[j]));
    c = c ? c : step(rank32(s->phase[i]), rank32(s->phase[j]));
    c = c ? c : step(rank32(s->repetition[i]), rank32(s->repetition[j]));
    return c ? c : step(rank32(s->prompt_index[i]), rank32(s->prompt_index[j]));
}

/* Without its time and its number among the requests nothing tells one sample from another that
 * only looks like it. */
static bool named(const struct results_samples *s, size_t i)
{
    return s->submitted_ns[i] != INT64_MIN || s->seq[i] != INT32_MIN;
}

/* Words repeat: the one of the row before is most often the same. */
static const char *word(struct sample_columns *c, const char *const *column, const char *text)
{
    if (!text)
        return nullptr;
    const char *const before = c->s.n ? column[c->s.n - 1] : nullptr;
    return before && strcmp(before, text) == 0 ? before : arena_strdup(c->a, text);
}

static void note_file(struct sample_columns *c, size_t file)
{
    if (file >= c->room_files) {
        const size_t room = 2 * file + 8;
        size_t *const more = ARENA_ARRAY(c->a, size_t, room);
        if (c->n_files)
            memcpy(more, c->file_end, c->n_files * sizeof *more);
        c->file_end = more;
        c->room_files = room;
    }
    while (c->n_files <= file)
        c->file_end[c->n_files++] = c->s.n;
    c->file_end[file] = c->s.n + 1;
}

void sample_columns_add(struct sample_columns *c, const struct sample_line *l, int32_t replicate,
                        size_t file)
{
    const size_t n = c->s.n;
    if (n == c->room)
        make_room(c, n + n / 2 + 64);
    note_file(c, file);
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        const struct column *const k = &columns[i];
        const char *const from = (const char *)l + k->from;
        if (k->bytes == sizeof(int32_t))
            memcpy(data(c, k) + n * sizeof(int32_t), from, sizeof(int32_t));
        else
            memcpy(data(c, k) + n * sizeof(int64_t), from, sizeof(int64_t));
    }
    memcpy(data(c, &others[0]) + n * sizeof replicate, &replicate, sizeof replicate);
    const char *const words[] = {word(c, c->s.reason, l->reason), word(c, c->s.stop, l->stop),
                                 word(c, c->s.started_at, l->started_at)};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (words[i]) /* the arena's memory is nullptr already, and stays untouched where it is */
            memcpy(data(c, &others[i + 1]) + n * sizeof words[i], &words[i], sizeof words[i]);
    c->s.n++;
    if (n > 0 && c->in_order) {
        const int order = compare(&c->s, n - 1, n);
        c->in_order = order < 0 || (order == 0 && !named(&c->s, n));
    }
}

static int by_identity(const void *a, const void *b, void *samples)
{
    const size_t i = *(const size_t *)a, j = *(const size_t *)b;
    const int c = compare(samples, i, j);
    return c ? c : (i > j) - (i < j); /* equal ones stay as they came */
}

static size_t file_of(const struct sample_columns *c, size_t row)
{
    size_t f = 0;
    while (c->file_end[f] <= row)
        f++;
    return f;
}

static void gather(struct sample_columns *c, const struct column *k, const size_t *order, size_t n,
                   char *room)
{
    char *const to = data(c, k);
    memcpy(room, to, c->s.n * k->bytes);
    for (size_t i = 0; i < n; i++)
        memcpy(to + i * k->bytes, room + order[i] * k->bytes, k->bytes);
}

static void sort(struct sample_columns *c, uint64_t *twice)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SIZE_MAX / 2);
    size_t *const order = ARENA_ARRAY(scratch, size_t, c->s.n);
    for (size_t i = 0; i < c->s.n; i++)
        order[i] = i;
    qsort_r(order, c->s.n, sizeof *order, by_identity, &c->s);
    size_t kept = 0;
    for (size_t i = 0; i < c->s.n; i++) {
        const bool same = kept > 0 && compare(&c->s, order[kept - 1], order[i]) == 0;
        if (same && named(&c->s, order[i]))
            twice[file_of(c, order[i])]++;
        else
            order[kept++] = order[i];
    }
    char *const room = ARENA_ARRAY(scratch, char, c->s.n * sizeof(int64_t));
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        gather(c, &columns[i], order, kept, room);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        gather(c, &others[i], order, kept, room);
    c->s.n = kept;
}

void sample_columns_finish(struct sample_columns *c, uint64_t *twice, struct results_samples *ret)
{
    if (!c->in_order)
        sort(c, twice);
    *ret = c->s;
}
