#include "lab/run_quality.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "domain/experiment.h"
#include "io/file.h"
#include "lab/perplexity.h"
#include "store/sample_log.h"

#include <string.h>
#include <unistd.h>

constexpr size_t MEMORY = (size_t)8 << 30;

struct writing { /* of one log */
    struct arena *arena;
    struct perplexity_log found; /* by an earlier run */
    struct sample_log log;
    struct str line;
    bool *done; /* [found.header.windows] */
};

static void writing_done(struct writing *w)
{
    sample_log_done(&w->log);
    str_done(&w->line);
}

static void note(const struct run_quality *q, const char *text)
{
    const struct run_listener *const l = &q->state->o->listener;
    if (l->note)
        l->note(l->context, text);
}

/* ---- the log takes what is scored ---- */

static enum err_code append(struct writing *w, struct err *e)
{
    const enum err_code code = sample_log_append(&w->log, w->line.text, w->line.n, e);
    str_clear(&w->line);
    return code;
}

static enum err_code on_begin(void *context, const struct perplexity_log_header *h,
                              const bool **ret_done, const char **ret_refused, struct err *e)
{
    struct writing *const w = context;
    const struct perplexity_log *const f = &w->found;
    const char *const key = f->begun ? perplexity_log_differs(&f->header, h) : nullptr;
    if (key) {
        *ret_refused = arena_printf(
            w->arena, "the log was begun with another %s; --retry-failed begins anew", key);
        return ERR_OK;
    }
    if (f->begun) {
        w->done = ARENA_ARRAY(w->arena, bool, f->header.windows + 1);
        for (uint32_t i = 0; i < f->header.windows; i++)
            w->done[i] = f->windows[i].tokens > 0;
        *ret_done = w->done;
    }
    perplexity_log_format_header(h, &w->line);
    return append(w, e);
}

static enum err_code on_window(void *context, const struct perplexity_log_window *x, struct err *e)
{
    struct writing *const w = context;
    perplexity_log_format_window(x, &w->line);
    return append(w, e);
}

static enum err_code finish(struct writing *w, const struct perplexity_log_end *end, struct err *e)
{
    perplexity_log_format_end(end, &w->line);
    return append(w, e) ? e->code : sample_log_sync(&w->log, e);
}

/* ---- one configuration ---- */

/* Is there something to do? What failed before is left, or begun anew where that was asked for. */
static enum err_code take_up(const struct run_quality *q, const char *path, struct writing *w,
                             bool *ret_todo, struct err *e)
{
    if (perplexity_log_read(path, w->arena, &w->found, e))
        return e->code;
    const bool failed = w->found.ended && w->found.end.status != STATUS_OK;
    *ret_todo = !w->found.ended || (failed && q->state->o->retry_failed);
    if (!*ret_todo)
        return ERR_OK;
    if (failed) {
        w->found = (struct perplexity_log){};
        if (unlink(path) != 0)
            return err_sys(e, "'%s'", path);
    }
    if (file_make_folders(file_folder_of(w->arena, path), e))
        return e->code;
    return sample_log_open(&w->log, path, nullptr, e);
}

static bool prepared(const struct run_quality *q, const struct run_quality_item *item,
                     struct arena *a, struct perplexity_log_end *end)
{
    struct invocation_failure f = item->dead;
    struct invocation_spec spec = item->spec;
    const char *sha256;
    if (f.status == STATUS_OK && item->artefact) {
        spec.argv = q->state->o->native.argv; /* artefacts are made in C, for every backend */
        spec.environment = q->state->o->native.environment;
        invocation_prepare(&spec, &q->state->stop, a, &sha256, &f);
    }
    *end = (struct perplexity_log_end){.status = f.status, .reason = f.reason};
    return f.status == STATUS_OK;
}

static enum err_code do_item(const struct run_quality *q, const struct run_quality_item *item,
                             struct perplexity *p, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    CLEANUP(writing_done) struct writing w = {.arena = a, .log = {.fd = -1}};
    struct perplexity_log_end end = {};
    bool todo = false;
    char now[32];
    const struct invocation_spec *const s = &item->spec;
    const char *const path =
        perplexity_log_path(a, q->state->o->dir, s->backend, s->precision, s->model);
    if (take_up(q, path, &w, &todo, e))
        return e->code;
    if (!todo)
        return ERR_OK;
    note(q, arena_printf(a, "perplexity %s %s %s", s->backend, s->precision, s->model));
    clock_wall(now);
    end.ended_at = now;
    const struct perplexity_sink sink = {on_begin, on_window, &w};
    const bool ready = prepared(q, item, a, &end);
    if (end.status == STATUS_SKIPPED)
        return err_set(e, ERR_INTERRUPTED, "interrupted");
    if (ready && perplexity_measure(p, s, &sink, &end, e))
        return e->code;
    if (end.status != STATUS_OK)
        note(q, arena_printf(a, "perplexity %s %s: %s: %s", s->backend, s->precision,
                             status_name(end.status), end.reason ? end.reason : ""));
    return finish(&w, &end, e);
}

/* ---- all ---- */

static bool is_done(const struct run_quality *q, const struct run_quality_item *item)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    struct perplexity_log log;
    struct err e = {};
    const char *const path = perplexity_log_path(a, q->state->o->dir, item->spec.backend,
                                                 item->spec.precision, item->spec.model);
    return perplexity_log_read(path, a, &log, &e) == ERR_OK && log.ended &&
           (log.end.status == STATUS_OK || !q->state->o->retry_failed);
}

static enum err_code read_text(const struct run_quality *q, struct arena *a,
                               struct perplexity_spec *s, const char **ret_mistake, struct err *e)
{
    char *text;
    if (file_read(q->perplexity->path, a, &text, &s->text_bytes, e))
        return err_wrap(e, "perplexity: text");
    s->text = text;
    *ret_mistake = perplexity_text_mistake(text, s->text_bytes, a);
    return ERR_OK;
}

/* items[first..end) are of one model. */
static enum err_code do_model(const struct run_quality *q, uint32_t first, uint32_t end,
                              struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(MEMORY);
    const struct run_quality_model *const m = &q->models[q->items[first].model];
    const struct experiment_perplexity *const x = q->perplexity;
    struct perplexity_spec spec = {
        .text_name = x->text,
        .limits = {x->window, x->stride, x->max_tokens},
        .no_baseline = m->why_not,
        .timeout_s = q->timeout_s,
        .stop = &q->state->stop,
    };
    const char *mistake = nullptr;
    struct perplexity_log_end baseline_end = {};
    if (read_text(q, a, &spec, &mistake, e))
        return e->code;
    if (mistake)
        return err_set(e, ERR_PARSE, "perplexity: text '%s' %s", x->path, mistake);
    if (m->baseline && prepared(q, m->baseline, a, &baseline_end))
        spec.baseline = &m->baseline->spec;
    else if (m->baseline)
        spec.no_baseline = arena_printf(a, "the baseline %s: %s: %s", m->baseline->spec.backend,
                                        status_name(baseline_end.status), baseline_end.reason);
    if (baseline_end.status == STATUS_SKIPPED)
        return err_set(e, ERR_INTERRUPTED, "interrupted");
    CLEANUP(perplexity_freep) struct perplexity *p = nullptr;
    if (perplexity_new(&spec, a, &p, e))
        return e->code;
    for (uint32_t i = first; i < end; i++)
        if (do_item(q, &q->items[i], p, e))
            return e->code;
    return ERR_OK;
}

enum err_code run_quality_all(const struct run_quality *q, struct err *e)
{
    for (uint32_t i = 0, end; i < q->n_items; i = end) {
        bool done = true;
        for (end = i; end < q->n_items && q->items[end].model == q->items[i].model; end++)
            done = done && is_done(q, &q->items[end]);
        if (stop_wanted(&q->state->stop))
            return err_set(e, ERR_INTERRUPTED, "interrupted");
        if (!done && do_model(q, i, end, e))
            return e->code;
    }
    return ERR_OK;
}
