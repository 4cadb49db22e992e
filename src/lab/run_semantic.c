#include "lab/run_semantic.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "domain/experiment.h"
#include "io/file.h"
#include "lab/semantic.h"
#include "store/outputs.h"
#include "store/sample_log.h"
#include "store/semantic_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

constexpr size_t MEMORY = (size_t)16 << 30;

struct pair { /* two texts to compare */
    const char *text, *baseline;
};

struct work {
    struct run_state *s;
    const struct experiment_semantic *asked;
    struct arena *arena;
    struct semantic_log found;
    struct pair *pairs; /* to do, each once */
    size_t n;
};

static void note(const struct work *w, const char *text)
{
    const struct run_listener *const l = &w->s->o->listener;
    if (l->note)
        l->note(l->context, text);
}

static int by_texts(const void *x, const void *y)
{
    const struct pair *const a = x, *const b = y;
    const int first = strcmp(a->text, b->text);
    return first ? first : strcmp(a->baseline, b->baseline);
}

/* The cell's text of a prompt, nullptr: none. outputs are in the order of cells, then prompts. */
static const char *text_of(const struct output *outputs, size_t n, size_t cell, int32_t prompt)
{
    size_t lo = 0, hi = n;
    while (lo < hi) {
        const size_t at = lo + (hi - lo) / 2;
        const struct output *const o = &outputs[at];
        if ((size_t)o->cell == cell && o->prompt == prompt)
            return o->text;
        if ((size_t)o->cell < cell || ((size_t)o->cell == cell && o->prompt < prompt))
            lo = at + 1;
        else
            hi = at;
    }
    return nullptr;
}

/* Of the cells' outputs those that are not in the log. */
static void find_pairs(struct work *w, const struct results *r, const char *baseline,
                       const struct output *outputs, size_t n)
{
    w->pairs = ARENA_ARRAY(w->arena, struct pair, n + 1);
    for (size_t i = 0; i < n; i++) {
        const size_t base = outputs_baseline(r, (size_t)outputs[i].cell, baseline);
        if (base == r->n_cells || base == (size_t)outputs[i].cell)
            continue;
        const char *const other = text_of(outputs, n, base, outputs[i].prompt);
        if (other)
            w->pairs[w->n++] = (struct pair){outputs[i].text, other};
    }
    if (w->n)
        qsort(w->pairs, w->n, sizeof *w->pairs, by_texts);
    size_t kept = 0;
    for (size_t i = 0; i < w->n; i++)
        if ((kept == 0 || by_texts(&w->pairs[kept - 1], &w->pairs[i]) != 0) &&
            isnan(semantic_log_find(&w->found, w->pairs[i].text, w->pairs[i].baseline)))
            w->pairs[kept++] = w->pairs[i];
    w->n = kept;
}

/* The texts of the pairs are those of *r. */
static enum err_code find_work(struct work *w, const char *baseline, struct results *r,
                               struct err *e)
{
    const char *const folders[] = {w->s->o->dir};
    struct output *outputs = nullptr;
    size_t n = 0;
    if (results_read(folders, 1, w->arena, r, e) || outputs_read(r, w->arena, &outputs, &n, e))
        return err_wrap(e, "semantic similarity");
    find_pairs(w, r, baseline, outputs, n);
    return ERR_OK;
}

/* ---- embedding ---- */

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Every text of the pairs once, sorted. */
static const char **all_texts(const struct work *w, size_t *ret_n)
{
    const char **const texts = ARENA_ARRAY(w->arena, const char *, 2 * w->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < w->n; i++) {
        texts[2 * i] = w->pairs[i].text;
        texts[2 * i + 1] = w->pairs[i].baseline;
    }
    qsort((void *)texts, 2 * w->n, sizeof *texts, by_text);
    for (size_t i = 0; i < 2 * w->n; i++)
        if (n == 0 || strcmp(texts[n - 1], texts[i]) != 0)
            texts[n++] = texts[i];
    *ret_n = n;
    return texts;
}

static const float *row_of(const struct embed_result *r, const char *const *texts, const char *text)
{
    const char *const *const at =
        bsearch((const void *)&text, (const void *)texts, r->n, sizeof *texts, by_text);
    return r->rows + (size_t)(at - texts) * r->dimension;
}

static void format_all(const struct work *w, const struct semantic_model *m,
                       const struct embed_result *r, const char *const *texts, const char *began,
                       struct str *out)
{
    const struct semantic_log_header h = {.model = m->path ? w->asked->model : m->url,
                                          .name = m->name,
                                          .sha256 = r->sha256,
                                          .about = semantic_about(m, r, w->arena),
                                          .engine = r->engine,
                                          .engine_version = r->version,
                                          .architecture = r->architecture,
                                          .pooling = r->pooling,
                                          .dimension = (int64_t)r->dimension,
                                          .longest_tokens = r->longest,
                                          .started_at = began};
    semantic_log_format_header(&h, out);
    for (size_t i = 0; i < w->n; i++) {
        const struct pair *const p = &w->pairs[i];
        struct semantic_log_pair line = {.cosine = embed_cosine(row_of(r, texts, p->text),
                                                                row_of(r, texts, p->baseline),
                                                                r->dimension)};
        digest_of(p->text, strlen(p->text), line.text);
        digest_of(p->baseline, strlen(p->baseline), line.baseline);
        semantic_log_format_pair(&line, out);
    }
}

/* The lines of a pass, good or failed; false: the person stopped it. */
static bool pass(const struct work *w, const struct semantic_model *m, struct str *out)
{
    char began[32], ended[32];
    size_t n = 0;
    struct embed_result r = {};
    struct invocation_failure f = {};
    const char **const texts = all_texts(w, &n);
    struct embed_text *const list = ARENA_ARRAY(w->arena, struct embed_text, n + 1);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct embed_text){texts[i], strlen(texts[i])};
    clock_wall(began);
    const bool good = semantic_embed(m, list, n, &w->s->stop, w->arena, &r, &f);
    if (!good && f.status == STATUS_SKIPPED)
        return false;
    if (good)
        format_all(w, m, &r, texts, began, out);
    clock_wall(ended);
    const struct semantic_log_end end = {.status = f.status,
                                         .reason = f.reason,
                                         .texts = good ? (int64_t)n : 0,
                                         .cut = (int64_t)r.cut,
                                         .ended_at = ended};
    if (!good)
        note(w, arena_printf(w->arena, "semantic similarity: %s: %s", status_name(f.status),
                             f.reason));
    semantic_log_format_end(&end, out);
    return true;
}

static enum err_code write_log(const struct work *w, const char *path, const struct str *text,
                               struct err *e)
{
    CLEANUP(sample_log_done) struct sample_log log = {.fd = -1};
    if (file_make_folders(file_folder_of(w->arena, path), e) ||
        sample_log_open(&log, path, nullptr, e) ||
        sample_log_append(&log, str_text(text), text->n, e))
        return e->code;
    return sample_log_sync(&log, e);
}

static enum err_code do_work(struct work *w, const char *path, uint32_t threads, double timeout_s,
                             struct err *e)
{
    CLEANUP(str_done) struct str text = {};
    const struct semantic_model m = {.path = w->asked->path,
                                     .url = w->asked->url,
                                     .name = w->asked->name,
                                     .threads = threads,
                                     .timeout_s = timeout_s};
    note(w, arena_printf(w->arena, "semantic similarity of %zu pair%s of outputs", w->n,
                         w->n == 1 ? "" : "s"));
    return pass(w, &m, &text) ? write_log(w, path, &text, e)
                              : err_set(e, ERR_INTERRUPTED, "interrupted");
}

enum err_code run_semantic(struct run_state *s, const struct experiment *x, uint32_t threads,
                           struct err *e)
{
    if (!x->semantic || !x->baseline_backend || x->temperature > 0 || s->summary->nothing_ran)
        return ERR_OK;
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    struct work w = {.s = s, .asked = x->semantic, .arena = a};
    const char *const path = semantic_log_path(a, s->o->dir);
    if (semantic_log_read(path, a, &w.found, e))
        return e->code;
    const bool failed = w.found.ended && w.found.end.status != STATUS_OK;
    if (failed && !s->o->retry_failed)
        return ERR_OK;
    if (failed && unlink(path) != 0)
        return err_sys(e, "'%s'", path);
    if (failed)
        w.found = (struct semantic_log){};
    CLEANUP(results_done) struct results r = {};
    if (find_work(&w, x->baseline_backend, &r, e)) {
        note(&w, e->msg); /* what is timed is whole, and an analysis says the same */
        return ERR_OK;
    }
    return w.n ? do_work(&w, path, threads, x->load_timeout_s, e) : ERR_OK;
}
