#include "lab/plan_estimate.h"

#include "backend/backend.h"
#include "base/defs.h"
#include "domain/experiment.h"
#include "domain/precision.h"
#include "io/file.h"
#include "lab/perplexity_text.h"
#include "lab/plan.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

constexpr double MB = 1e6;
constexpr double SAMPLE_BYTES = 900; /* of a line of samples.jsonl without its tokens */
constexpr double TOKEN_BYTES = 22;   /* of its stamp, id and text */

/* Bytes per weight, blocks' scales included. */
static double weight_bytes(const char *precision)
{
    const struct precision *const p = precision_find(precision);
    return p ? p->bits / 8 : NOT_MEASURED;
}

static double longest_prompt(const struct prompt_set *set)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < set->n_prompts; i++)
        if (strlen(set->prompts[i]) > bytes)
            bytes = strlen(set->prompts[i]);
    return ceil((double)bytes / PLAN_ESTIMATE_BYTES_PER_PROMPT_TOKEN);
}

void plan_estimate_work(const struct plan *p, struct plan_work *ret)
{
    const struct experiment *const x = p->experiment;
    *ret = (struct plan_work){};
    for (uint32_t i = 0; i < p->n_scenarios; i++) {
        if (!p->scenarios[i].wanted || p->scenarios[i].status != STATUS_OK)
            continue;
        const struct scenario *const s = &x->scenarios[i];
        const struct prompt_set *const set = &x->prompt_sets[s->prompt_set];
        const uint64_t agents = s->mode == MODE_DUAL ? 2 : 1;
        const uint64_t pass = (set->n_prompts + s->batch_size - 1) / s->batch_size;
        const uint64_t warmup = x->warmup_runs * pass;
        const uint64_t measured = s->mode == MODE_STRESS ? 0 : x->repetitions * pass;
        ret->scenarios++;
        ret->cold += agents;
        ret->warmup += agents * warmup;
        ret->measured += agents * measured;
        ret->steps += (double)(agents * (1 + warmup + measured)) * s->max_tokens;
        ret->duals += s->mode == MODE_DUAL;
        ret->stress |= s->mode == MODE_STRESS;
        ret->fixed_s += s->mode == MODE_STRESS ? s->duration_s * x->repetitions : 0;
        const double kept = s->batch_size * (longest_prompt(set) + s->max_tokens);
        if (kept > ret->cache_tokens)
            ret->cache_tokens = kept;
    }
}

static bool python(const struct backend *b)
{
    return b->worker == BACKEND_WORKER_PYTHON;
}

static bool compiles(const struct backend *b)
{
    const char *const dash = strrchr(b->name, '-');
    return dash && strcmp(dash, "-compile") == 0;
}

/* What the engine loads: made in the cache unless the model is that already. NOT_MEASURED: unknown.
 */
static double artefact_mb(const struct backend *b, const struct model_facts *m,
                          const char *precision)
{
    if (strcmp(b->artefact, "none") == 0)
        return 0;
    if (m->kind != MODEL_HF)
        return 0; /* a .gguf or an ONNX folder is loaded as it is */
    if (strcmp(b->artefact, "hf") == 0)
        return m->path && file_exists(m->path)
                   ? 0
                   : (double)m->params * 4 / MB; /* synth: stored as F32 */
    return (double)m->params * weight_bytes(precision) / MB;
}

void plan_estimate_quality(const struct plan *p, uint32_t model, struct plan_quality *ret)
{
    const struct experiment_perplexity *const x = p->experiment->perplexity;
    const uint32_t n_ctx = p->facts[model].n_ctx;
    struct stat st;
    *ret = (struct plan_quality){};
    if (!x || stat(x->path, &st) != 0)
        return;
    double tokens = ceil((double)st.st_size / PLAN_ESTIMATE_BYTES_PER_PROMPT_TOKEN);
    if (x->max_tokens && x->max_tokens < tokens)
        tokens = x->max_tokens;
    const uint32_t usual = n_ctx && n_ctx < PERPLEXITY_TEXT_WINDOW ? n_ctx : PERPLEXITY_TEXT_WINDOW;
    ret->window = fmin(x->window ? x->window : usual, fmax(tokens, 2));
    const double stride = x->stride ? x->stride : ret->window / 2;
    ret->windows = 1 + ceil(fmax(tokens - ret->window, 0) / stride);
}

/* The worker and the baseline's beside it start once and take every window. */
static double quality_seconds(const struct plan *p, uint32_t model, double start)
{
    const double params = (double)p->facts[model].params;
    struct plan_quality q;
    plan_estimate_quality(p, model, &q);
    if (q.windows <= 0)
        return 0;
    const double engines = p->experiment->baseline_backend ? 2 : 1;
    return engines *
           (start + q.windows * q.window * 2 * fmax(params, 0) / PLAN_ESTIMATE_WINDOW_FLOPS);
}

void plan_estimate_configuration(const struct plan *p, const struct plan_work *w,
                                 const struct plan_machine *m, uint32_t configuration,
                                 struct plan_estimate *ret)
{
    const struct plan_configuration *const c = &p->configurations[configuration];
    const struct experiment *const x = p->experiment;
    const struct backend *const b = p->backends[c->backend].backend;
    const struct model_facts *const f = &p->facts[c->model];
    const char *const precision = x->precisions[c->precision];
    *ret = (struct plan_estimate){NOT_MEASURED, NOT_MEASURED, NOT_MEASURED, nullptr};
    const double weights = f->kind == MODEL_HF && f->params > 0
                               ? (double)f->params * weight_bytes(precision)
                           : f->weight_bytes > 0 ? (double)f->weight_bytes
                                                 : NOT_MEASURED;
    if (c->status != STATUS_OK)
        ret->why_unknown = "it does not run here";
    else if (strcmp(b->artefact, "none") == 0)
        ret->why_unknown = b->worker == BACKEND_WORKER_NONE
                               ? "the server's model is not known here"
                               : "the synthetic engine's law is its own";
    else if (!isfinite(weights))
        ret->why_unknown = "the size of the model is not known";
    else if (strcmp(b->device, "cpu") != 0)
        ret->why_unknown = "the bandwidth of the device's memory is not known";
    else if (!isfinite(m->bandwidth))
        ret->why_unknown = "the memory bandwidth was not measured";
    if (c->status != STATUS_OK || strcmp(b->artefact, "none") == 0 || !isfinite(weights))
        return;

    const double workers = (w->scenarios > w->duals ? 1 : 0) + (w->duals ? 2 : 0);
    const double width =
        f->n_kv_heads && f->head_dim ? (double)f->n_kv_heads * f->head_dim : f->d_model;
    const double cache = w->cache_tokens * 2 * 4 * f->n_layers * width;
    const double own = python(b) ? PLAN_ESTIMATE_WORKER_PYTHON_MB : PLAN_ESTIMATE_WORKER_MB;
    ret->memory_mb = workers * ((weights + cache) / MB + own);
    ret->disk_mb = artefact_mb(b, f, precision);
    if (ret->why_unknown)
        return;
    const double start = (python(b) ? PLAN_ESTIMATE_START_PYTHON_S : PLAN_ESTIMATE_START_S) +
                         (compiles(b) ? PLAN_ESTIMATE_COMPILE_S : 0) + weights / m->bandwidth;
    ret->seconds = x->invocations * (start + w->steps * weights / m->bandwidth + w->fixed_s) +
                   quality_seconds(p, c->model, start);
}

/* An artefact that several backends load is made once: count it at the first of them. */
static bool made_before(const struct plan *p, uint32_t configuration)
{
    const struct plan_configuration *const c = &p->configurations[configuration];
    const char *const kind = p->backends[c->backend].backend->artefact;
    const bool any_precision = strcmp(kind, "hf") == 0;
    const uint32_t per_model = p->experiment->n_backends * p->experiment->n_precisions;
    for (uint32_t i = c->model * per_model; i < configuration; i++) {
        const struct plan_configuration *const o = &p->configurations[i];
        if (o->wanted && o->status == STATUS_OK &&
            (any_precision || o->precision == c->precision) &&
            strcmp(p->backends[o->backend].backend->artefact, kind) == 0)
            return true;
    }
    return false;
}

void plan_estimate_total(const struct plan *p, const struct plan_work *w,
                         const struct plan_machine *m, struct plan_total *ret)
{
    const struct experiment *const x = p->experiment;
    double tokens = 0;
    *ret = (struct plan_total){};
    for (uint32_t i = 0; i < p->n_configurations; i++) {
        const struct plan_configuration *const c = &p->configurations[i];
        if (!c->wanted || c->status != STATUS_OK || w->scenarios == 0)
            continue;
        struct plan_estimate one;
        plan_estimate_configuration(p, w, m, i, &one);
        ret->configurations++;
        ret->workers +=
            (uint64_t)x->invocations * ((w->scenarios > w->duals ? 1 : 0) + 2 * (uint64_t)w->duals);
        ret->cold += x->invocations * w->cold;
        ret->warmup += x->invocations * w->warmup;
        ret->measured += x->invocations * w->measured;
        tokens += x->invocations * w->steps;
        if (isfinite(one.seconds))
            ret->seconds += one.seconds;
        else
            ret->unknown++;
        if (isfinite(one.memory_mb) && one.memory_mb > ret->memory_mb)
            ret->memory_mb = one.memory_mb;
        if (isfinite(one.disk_mb) && one.disk_mb > 0 && !made_before(p, i))
            ret->disk_mb += one.disk_mb;
    }
    const double requests = (double)(ret->cold + ret->warmup + ret->measured);
    ret->disk_mb += (requests * SAMPLE_BYTES + tokens * TOKEN_BYTES) / MB;
}
