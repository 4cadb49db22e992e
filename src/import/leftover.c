#include "import/leftover.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "import/numbering.h"
#include "io/jsonw.h"
#include "num/dist.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t MOST_COLUMNS = 64;
constexpr size_t MOST_TALLIES = (size_t)1 << 16;
constexpr size_t MOST_BACKENDS = 64;

/* A column splits cells where its words explain this much of the variance of log latency within
 * them, and their means lie this far apart: what the audit calls a mixture of prompts. */
constexpr double LEAST_SHARE = 0.5;
constexpr double LEAST_RATIO = 1.25;
constexpr double TEXT_RATIO =
    3; /* of a column of prompts: those of one scenario differ in length */
constexpr double MOST_P = 1e-4;

struct tally { /* of one word of one column, in one cell */
    size_t column, word;
    uint64_t cell;
    double n, sum, squares; /* of log latency */
};

struct follows { /* is the word the same wherever the other thing is the same? */
    struct numbering keys;
    uint32_t *words;
    size_t room;
    bool seen, broken;
};

struct column {
    struct mapping_column from;
    struct numbering numbers;
    const char *words[LEFTOVER_WORDS];
    size_t n;
    bool dead; /* more words than classes have, or none that can be read */
    struct follows prompt, invocation;
    uint32_t of_backend[MOST_BACKENDS]; /* its word there, plus 1; 0: none yet */
    bool differs_within_backend;
    struct numbering in_cell; /* pairs of cell and word */
    bool repeats;             /* a pair came twice */
};

struct leftover {
    struct arena *a;
    struct column columns[MOST_COLUMNS];
    size_t n;
    struct numbering keys;
    struct tally *tallies;
    size_t n_tallies, room;
    bool full; /* of tallies: what comes later is not looked at */
    size_t rows;
    const char *backends[MOST_BACKENDS];
    size_t n_backends;
};

static void add_column(struct leftover *l, size_t column, const char *name)
{
    if (l->n < MOST_COLUMNS)
        l->columns[l->n++].from = (struct mapping_column){
            .field = FIELD_REPETITION, .column = column, .name = name, .times = 1};
}

struct leftover *leftover_new(const struct mapping *m, struct arena *a)
{
    const struct mapping_column *mode = nullptr; /* its words may be of no part of the work */
    for (size_t i = 0; i < m->n; i++)
        if (m->columns[i].field == FIELD_MODE && m->columns[i].why != MAPPING_ASKED)
            mode = &m->columns[i];
    if (m->n_unused == 0 && !mode)
        return nullptr;
    struct leftover *const l = ARENA_ARRAY(a, struct leftover, 1);
    l->a = a;
    if (mode)
        add_column(l, mode->column, mode->name);
    for (size_t i = 0; i < m->n_unused; i++)
        add_column(l, m->unused_columns[i], m->unused[i]);
    return l;
}

static void follows_done(struct follows *f)
{
    numbering_done(&f->keys);
    free(f->words);
}

void leftover_done(struct leftover *l)
{
    for (size_t i = 0; l && i < l->n; i++) {
        numbering_done(&l->columns[i].numbers);
        numbering_done(&l->columns[i].in_cell);
        follows_done(&l->columns[i].prompt);
        follows_done(&l->columns[i].invocation);
    }
    if (!l)
        return;
    numbering_done(&l->keys);
    free(l->tallies);
}

/* ---- a row ---- */

/* A whole number or a word, as an id has it. */
static bool word_of(struct leftover *l, struct column *c, const void *row, leftover_take *take,
                    size_t *ret)
{
    CLEANUP(str_done) struct str text = {}, why = {};
    struct record r;
    record_clear(&r);
    if (!take(&c->from, row, &r, &why)) {
        c->dead = true;
        return false;
    }
    if (!record_has(&r, FIELD_REPETITION))
        return false;
    const struct record_value *const v = &r.values[FIELD_REPETITION];
    if (v->text)
        str_add(&text, v->text, v->n);
    else
        str_printf(&text, "%.15g", v->number);
    bool fresh;
    const uint32_t word = numbering_of(&c->numbers, numbering_hash(text.text, text.n, 11), &fresh);
    if (word >= LEFTOVER_WORDS) {
        c->dead = true;
        return false;
    }
    if (fresh)
        c->words[c->n++] = arena_strndup(l->a, str_text(&text), text.n);
    *ret = word;
    return true;
}

static void follow(struct follows *f, uint64_t key, size_t word)
{
    bool fresh;
    if (f->broken)
        return;
    const uint32_t i = numbering_of(&f->keys, key, &fresh);
    if (i >= f->room) {
        const size_t room = 2 * f->room + 64;
        uint32_t *const more = i == UINT32_MAX ? nullptr : realloc(f->words, room * sizeof *more);
        if (!more) {
            f->broken = true;
            return;
        }
        f->words = more;
        f->room = room;
    }
    f->seen = true;
    if (fresh)
        f->words[i] = (uint32_t)word;
    else
        f->broken = f->broken || f->words[i] != word;
}

static uint64_t hash_of(const struct record *r, enum field f, uint64_t seed)
{
    const struct record_value *const v = &r->values[f];
    if (!record_has(r, f))
        return numbering_hash("", 0, seed);
    return v->text ? numbering_hash(v->text, v->n, seed)
                   : numbering_hash(&v->number, sizeof v->number, seed);
}

static uint64_t cell_of(const struct record *r)
{
    return hash_of(
        r, FIELD_MODEL,
        hash_of(r, FIELD_PRECISION, hash_of(r, FIELD_BACKEND, hash_of(r, FIELD_SCENARIO, 1))));
}

static void add(struct leftover *l, size_t column, uint64_t cell, size_t word, double y)
{
    const uint64_t key[] = {column, cell, word};
    bool fresh;
    if (l->full)
        return;
    const uint32_t i = numbering_of(&l->keys, numbering_hash(key, sizeof key, 13), &fresh);
    if (i == UINT32_MAX || i >= MOST_TALLIES) {
        l->full = true;
        return;
    }
    if (i >= l->room) {
        const size_t room = 2 * l->room + 256;
        struct tally *const more = realloc(l->tallies, room * sizeof *more);
        if (!more) { /* keys and tallies would no longer go together */
            l->full = true;
            return;
        }
        l->tallies = more;
        l->room = room;
    }
    if (fresh)
        l->tallies[l->n_tallies++] = (struct tally){.column = column, .word = word, .cell = cell};
    struct tally *const t = &l->tallies[i];
    t->n++;
    t->sum += y;
    t->squares += y * y;
}

/* Its number; MOST_BACKENDS: not said, or there are too many. */
static size_t backend_of(struct leftover *l, const struct record *r)
{
    const struct record_value *const v = &r->values[FIELD_BACKEND];
    if (!record_has(r, FIELD_BACKEND))
        return MOST_BACKENDS;
    for (size_t i = 0; i < l->n_backends; i++)
        if (strlen(l->backends[i]) == v->n && memcmp(l->backends[i], v->text, v->n) == 0)
            return i;
    if (l->n_backends == MOST_BACKENDS)
        return MOST_BACKENDS;
    l->backends[l->n_backends] = arena_strndup(l->a, v->text, v->n);
    return l->n_backends++;
}

static void see_backend(struct column *c, size_t backend, size_t word)
{
    if (backend == MOST_BACKENDS)
        return;
    uint32_t *const had = &c->of_backend[backend];
    c->differs_within_backend = c->differs_within_backend || (*had && *had != word + 1);
    *had = (uint32_t)word + 1;
}

static void see_in_cell(struct column *c, uint64_t cell, size_t word)
{
    const uint64_t key[] = {cell, word};
    bool fresh = false;
    if (!c->repeats)
        (void)numbering_of(&c->in_cell, numbering_hash(key, sizeof key, 17), &fresh);
    c->repeats = !fresh;
}

void leftover_see(struct leftover *l, const struct record *r, const void *row, leftover_take *take)
{
    if (!l || l->rows == LEFTOVER_ROWS || r->status != STATUS_OK || r->phase != PHASE_MEASURED)
        return;
    l->rows++;
    const uint64_t cell = cell_of(r);
    const double ms = record_number(r, FIELD_LATENCY_MS);
    const size_t backend = backend_of(l, r);
    for (size_t i = 0; i < l->n; i++) {
        struct column *const c = &l->columns[i];
        size_t word;
        if (c->dead || !word_of(l, c, row, take, &word))
            continue;
        see_backend(c, backend, word);
        see_in_cell(c, cell, word);
        if (record_has(r, FIELD_PROMPT_INDEX))
            follow(&c->prompt, hash_of(r, FIELD_PROMPT_INDEX, hash_of(r, FIELD_SCENARIO, 1)), word);
        if (record_has(r, FIELD_INVOCATION))
            follow(&c->invocation, hash_of(r, FIELD_INVOCATION, cell), word);
        if (ms > 0)
            add(l, i, cell, word, log(ms));
    }
}

/* ---- what it comes to ---- */

struct split {
    double between, within, df_between, df_within, ratio, fast_ms, slow_ms, samples;
    size_t cells, fast, slow;
};

static int by_cell(const void *a, const void *b)
{
    const struct tally *const x = *(const struct tally *const *)a, *const y = *(
                                                                       const struct tally *const *)
                                                                                  b;
    if (x->cell != y->cell)
        return (x->cell > y->cell) - (x->cell < y->cell);
    return (x->word > y->word) - (x->word < y->word);
}

/* t[0..n): the words of one column in one cell. */
static void add_cell(const struct tally *const *t, size_t n, struct split *s)
{
    double samples = 0, sum = 0, low = HUGE_VAL, high = -HUGE_VAL;
    size_t fast = 0, slow = 0;
    for (size_t i = 0; i < n; i++) {
        const double mean = t[i]->sum / t[i]->n;
        samples += t[i]->n;
        sum += t[i]->sum;
        if (mean < low) {
            low = mean;
            fast = t[i]->word;
        }
        if (mean > high) {
            high = mean;
            slow = t[i]->word;
        }
    }
    if (n < 2 || samples < (double)n + 1)
        return;
    for (size_t i = 0; i < n; i++) {
        const double mean = t[i]->sum / t[i]->n, apart = mean - sum / samples;
        s->between += t[i]->n * apart * apart;
        s->within += fmax(0, t[i]->squares - t[i]->sum * mean);
    }
    s->df_between += (double)n - 1;
    s->df_within += samples - (double)n;
    s->samples += samples;
    s->cells++;
    if (exp(high - low) <= s->ratio)
        return;
    s->ratio = exp(high - low);
    s->fast_ms = exp(low);
    s->slow_ms = exp(high);
    s->fast = fast;
    s->slow = slow;
}

static struct split split_of(const struct leftover *l, size_t column)
{
    struct split s = {};
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)1 << 28);
    const struct tally **const own = ARENA_ARRAY(a, const struct tally *, l->n_tallies + 1);
    size_t n = 0;
    for (size_t i = 0; i < l->n_tallies; i++)
        if (l->tallies[i].column == column)
            own[n++] = &l->tallies[i];
    if (n)
        qsort(own, n, sizeof *own, by_cell);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i; end < n && own[end]->cell == own[i]->cell;)
            end++;
        add_cell(own + i, end - i, &s);
    }
    return s;
}

static double share_of(const struct split *s)
{
    return s->between / (s->between + s->within);
}

static double p_of(const struct split *s)
{
    const double f = s->between / s->df_between / (s->within / s->df_within);
    return dist_f_upper(f, s->df_between, s->df_within);
}

/* The prompts or answers themselves, by the column's name. */
static bool holds_text(const char *name)
{
    static const char *const names[] = {
        "prompt", "prompt_text", "text",     "input",   "question", "output",     "response",
        "answer", "query",       "messages", "prompts", "outputs",  "completion", "instruction"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool splits(const struct column *c, const struct split *s)
{
    const double least = holds_text(c->from.name) ? TEXT_RATIO : LEAST_RATIO;
    const bool says_again =
        (c->prompt.seen && !c->prompt.broken) || (c->invocation.seen && !c->invocation.broken);
    return !c->dead && c->n >= 2 && !says_again && s->cells && s->ratio >= least &&
           share_of(s) >= LEAST_SHARE && (s->within <= 0 || p_of(s) < MOST_P);
}

/* One word for each backend, and not the same for all. */
static bool goes_with_backend(const struct column *c)
{
    size_t backends = 0;
    for (size_t i = 0; i < MOST_BACKENDS; i++)
        backends += c->of_backend[i] > 0;
    return !c->dead && c->n >= 2 && backends >= 2 && !c->differs_within_backend;
}

static void write_split(const struct column *c, const struct split *s, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "column", c->from.name);
    jsonw_kstr(w, "fast", c->words[s->fast]);
    jsonw_kf64(w, "fast_ms", s->fast_ms);
    jsonw_kstr(w, "slow", c->words[s->slow]);
    jsonw_kf64(w, "slow_ms", s->slow_ms);
    jsonw_ki64(w, "words", (int64_t)c->n);
    jsonw_ki64(w, "cells", (int64_t)s->cells);
    jsonw_ki64(w, "samples", (int64_t)s->samples);
    jsonw_kf64(w, "variance_share", share_of(s));
    jsonw_kf64(w, "p_value", s->within > 0 ? p_of(s) : 0);
    jsonw_end_object(w);
}

static void write_alias(const struct leftover *l, const struct column *c, struct jsonw *w)
{
    jsonw_object(w);
    jsonw_kstr(w, "column", c->from.name);
    jsonw_karray(w, "of");
    for (size_t i = 0; i < l->n_backends; i++) {
        if (c->of_backend[i] == 0)
            continue;
        jsonw_object(w);
        jsonw_kstr(w, "backend", l->backends[i]);
        jsonw_kstr(w, "word", c->words[c->of_backend[i] - 1]);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
}

void leftover_write(const struct leftover *l, struct jsonw *w)
{
    jsonw_karray(w, "columns_that_split_cells");
    for (size_t i = 0; l && i < l->n; i++) {
        const struct split s = split_of(l, i);
        if (splits(&l->columns[i], &s))
            write_split(&l->columns[i], &s, w);
    }
    jsonw_end_array(w);
    jsonw_karray(w, "columns_that_go_with_backend");
    for (size_t i = 0; l && i < l->n; i++)
        if (goes_with_backend(&l->columns[i]))
            write_alias(l, &l->columns[i], w);
    jsonw_end_array(w);
}

void leftover_names(const struct leftover *l, struct str *out)
{
    for (size_t i = 0; l && i < l->n; i++) {
        const struct split s = split_of(l, i);
        const struct column *const c = &l->columns[i];
        if (splits(c, &s))
            str_printf(out, "%s%s (%s %.3g ms, %s %.3g ms)", out->n ? ", " : "", c->from.name,
                       c->words[s.fast], s.fast_ms, c->words[s.slow], s.slow_ms);
    }
}

static bool is_number(const char *word)
{
    return word[strspn(word, "0123456789.-+")] == '\0';
}

const char *leftover_telling(const struct leftover *l, const char **ret_word)
{
    const char *number = nullptr;
    *ret_word = "";
    for (size_t i = 0; l && i < l->n; i++) {
        const struct column *const c = &l->columns[i];
        if (c->dead || c->repeats || c->n < 2)
            continue;
        if (!is_number(c->words[0])) {
            *ret_word = c->words[0];
            return c->from.name;
        }
        number = number ? number : c->from.name;
    }
    return number;
}
