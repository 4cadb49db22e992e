#include "cli/plan_json.h"

#include "backend/backend.h"
#include "base/defs.h"
#include "base/str.h"
#include "cli/prepare_plan.h"
#include "io/digest.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "lab/experiment_file.h"
#include "lab/plan_estimate.h"

#include <math.h>
#include <stdlib.h>

constexpr size_t FLUSH = 1U << 18;

struct writer {
    struct jsonw w;
    struct str text;
    FILE *out;
    const struct plan *p;
    bool failed;
};

static void writer_done(struct writer *w)
{
    str_done(&w->text);
}

static void flush(struct writer *w)
{
    w->failed |= fwrite(w->text.text, 1, w->text.n, w->out) != w->text.n;
    str_clear(&w->text);
}

static void flush_when_full(struct writer *w)
{
    if (w->text.n >= FLUSH)
        flush(w);
}

enum err_code plan_json_sources(struct jsonw *w, const struct experiment *x, struct err *e)
{
    jsonw_kobject(w, "generated_from");
    jsonw_karray(w, "files");
    for (uint32_t i = 0; i < x->n_files; i++) {
        char hex[DIGEST_HEX];
        if (digest_file(x->files[i], hex, e))
            return e->code;
        jsonw_object(w);
        jsonw_kstr(w, "path", x->files[i]);
        jsonw_kstr(w, "sha256", hex);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
    return ERR_OK;
}

static void counts(struct jsonw *w, const struct plan *p)
{
    jsonw_key(w, "n_cells");
    jsonw_u64(w, p->n_cells);
    jsonw_kobject(w, "cells_by_status");
    jsonw_ki64(w, "ok", (int64_t)p->cells_by_status[STATUS_OK]);
    jsonw_ki64(w, "unavailable", (int64_t)p->cells_by_status[STATUS_UNAVAILABLE]);
    jsonw_ki64(w, "incompatible", (int64_t)p->cells_by_status[STATUS_INCOMPATIBLE]);
    jsonw_end_object(w);
    jsonw_karray(w, "reasons");
    for (uint32_t i = 1; i < p->n_reasons; i++) {
        if (!p->reasons[i].cells)
            continue;
        jsonw_object(w);
        jsonw_kstr(w, "status", status_name(p->reasons[i].status));
        jsonw_kstr(w, "reason", p->reasons[i].text);
        jsonw_ki64(w, "cells", (int64_t)p->reasons[i].cells);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void backends(struct jsonw *w, const struct prepared_plan *p)
{
    jsonw_karray(w, "backends");
    for (uint32_t i = 0; i < p->experiment.n_backends; i++) {
        const struct plan_backend *const b = &p->backends[i];
        jsonw_object(w);
        jsonw_kstr(w, "name", p->experiment.backends[i]);
        jsonw_kstr(w, "engine", b->backend->name);
        jsonw_kstr(w, "device", b->backend->device);
        jsonw_kbool(w, "available", b->available);
        jsonw_kstr(w, "version", b->version && *b->version ? b->version : nullptr);
        jsonw_kstr(w, "reason", b->why_not);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void known(struct jsonw *w, const char *key, int64_t x)
{
    jsonw_key(w, key);
    if (x > 0)
        jsonw_i64(w, x);
    else
        jsonw_null(w);
}

static void models(struct jsonw *w, const struct prepared_plan *p)
{
    static const char *const kinds[] = {[MODEL_HF] = "hf",
                                        [MODEL_GGUF] = "gguf",
                                        [MODEL_ONNX] = "onnx",
                                        [MODEL_TAG] = "tag",
                                        [MODEL_MISSING] = "missing"};
    jsonw_karray(w, "models");
    for (uint32_t i = 0; i < p->experiment.n_models; i++) {
        const struct model_facts *const f = &p->facts[i];
        jsonw_object(w);
        jsonw_kstr(w, "name", p->experiment.models[i].name);
        jsonw_kstr(w, "kind", kinds[f->kind]);
        jsonw_kstr(w, "path", f->path);
        jsonw_kstr(w, "architecture", f->architecture);
        known(w, "params", f->params);
        jsonw_kf64(w, "params_millions_claimed", p->experiment.models[i].params_millions);
        known(w, "n_layers", f->n_layers);
        known(w, "d_model", f->d_model);
        known(w, "weight_bytes", f->weight_bytes);
        jsonw_kstr(w, "reason", f->why_missing);
        jsonw_end_object(w);
    }
    jsonw_end_array(w);
}

static void configurations(struct writer *out, const struct plan_work *work,
                           const struct plan_machine *m)
{
    const struct plan *const p = out->p;
    struct jsonw *const w = &out->w;
    jsonw_karray(w, "configurations");
    for (uint32_t i = 0; i < p->n_configurations; i++) {
        const struct plan_configuration *const c = &p->configurations[i];
        struct plan_estimate one;
        plan_estimate_configuration(p, work, m, i, &one);
        jsonw_object(w);
        jsonw_ki64(w, "configuration", i);
        jsonw_kstr(w, "model", p->experiment->models[c->model].name);
        jsonw_kstr(w, "backend", p->experiment->backends[c->backend]);
        jsonw_kstr(w, "precision", p->experiment->precisions[c->precision]);
        jsonw_kstr(w, "status", status_name(c->wanted ? c->status : STATUS_SKIPPED));
        jsonw_kstr(w, "reason", c->wanted ? p->reasons[c->reason].text : "left out by --only");
        jsonw_kobject(w, "estimated");
        jsonw_kf64(w, "time_s", one.seconds);
        jsonw_kf64(w, "memory_mb", one.memory_mb);
        jsonw_kf64(w, "disk_mb", one.disk_mb);
        jsonw_kstr(w, "reason", one.why_unknown);
        jsonw_end_object(w);
        jsonw_end_object(w);
        flush_when_full(out);
    }
    jsonw_end_array(w);
}

static void total(struct jsonw *w, const struct plan *p, const struct plan_work *work,
                  const struct plan_machine *m)
{
    struct plan_total t;
    plan_estimate_total(p, work, m, &t);
    jsonw_kobject(w, "work");
    jsonw_ki64(w, "configurations", (int64_t)t.configurations);
    jsonw_ki64(w, "invocations", p->n_blocks);
    jsonw_ki64(w, "worker_processes", (int64_t)t.workers);
    jsonw_ki64(w, "samples_cold", (int64_t)t.cold);
    jsonw_ki64(w, "samples_warmup", (int64_t)t.warmup);
    jsonw_ki64(w, "samples_measured", (int64_t)t.measured);
    jsonw_kbool(w, "stress_adds_more", work->stress);
    jsonw_end_object(w);
    jsonw_kobject(w, "estimated");
    jsonw_kf64(w, "time_s", t.unknown == t.configurations ? NOT_MEASURED : t.seconds);
    jsonw_kstr(w, "time_reason",
               !isfinite(m->bandwidth)         ? "the memory's bandwidth was not measured: only "
                                                 "'chimera plan' does, before a run"
               : t.unknown == t.configurations ? "no configuration's time is known"
                                               : nullptr);
    jsonw_kf64(w, "memory_mb", t.memory_mb > 0 ? t.memory_mb : NOT_MEASURED);
    jsonw_kf64(w, "disk_mb", t.disk_mb);
    jsonw_ki64(w, "configurations_of_unknown_time", (int64_t)t.unknown);
    jsonw_kstr(w, "basis",
               "rough: every token reads all weights once at memory_bandwidth (one thread, "
               "measured); start of workers and compilation assumed");
    jsonw_kf64(w, "memory_bandwidth_bytes_per_s", m->bandwidth);
    if (!isfinite(m->bandwidth))
        jsonw_kstr(w, "memory_bandwidth_reason", "only 'chimera plan' measures it, before a run");
    jsonw_kf64(w, "assumed_start_s", PLAN_ESTIMATE_START_S);
    jsonw_kf64(w, "assumed_start_python_s", PLAN_ESTIMATE_START_PYTHON_S);
    jsonw_kf64(w, "assumed_compile_s", PLAN_ESTIMATE_COMPILE_S);
    jsonw_end_object(w);
}

/* Both halves of a cell are written once and copied: a million cells are a million copies. */
static void cells(struct writer *out, uint32_t *order)
{
    const struct plan *const p = out->p;
    CLEANUP(str_done) struct str half = {};
    jsonw_karray(&out->w, "cells");
    bool first = true;
    for (uint32_t i = 0; i < p->n_configurations; i++) {
        const uint32_t k = plan_configuration_at(p, 0, i);
        const struct plan_configuration *const c = &p->configurations[k];
        if (!c->wanted)
            continue;
        str_clear(&half);
        struct jsonw w = {.out = &half};
        jsonw_object(&w);
        jsonw_kstr(&w, "model", p->experiment->models[c->model].name);
        jsonw_kstr(&w, "backend", p->experiment->backends[c->backend]);
        jsonw_kstr(&w, "precision", p->experiment->precisions[c->precision]);
        const size_t configuration = half.n;
        plan_scenarios_at(p, 0, k, order);
        for (uint32_t s = 0; s < p->n_scenarios; s++) {
            if (!p->scenarios[order[s]].wanted)
                continue;
            half.n = configuration;
            struct jsonw tail = w;
            jsonw_kstr(&tail, "scenario", p->experiment->scenarios[order[s]].name);
            jsonw_kstr(&tail, "status", status_name(plan_cell_status(p, k, order[s])));
            jsonw_kstr(&tail, "reason", plan_cell_reason(p, k, order[s]));
            jsonw_end_object(&tail);
            if (!first)
                str_putc(&out->text, ',');
            str_putc(&out->text, '\n');
            str_add(&out->text, half.text, half.n);
            first = false;
            flush_when_full(out);
        }
    }
    jsonw_end_array(&out->w);
}

static void run_order(struct writer *out, uint32_t *order)
{
    const struct plan *const p = out->p;
    struct jsonw *const w = &out->w;
    jsonw_kobject(w, "order");
    jsonw_kstr(w, "type", p->order ? "random" : "fixed");
    jsonw_key(w, "seed");
    jsonw_u64(w, p->experiment->seed);
    jsonw_karray(w, "blocks");
    for (uint32_t block = 0; block < p->n_blocks; block++) {
        jsonw_array(w);
        for (uint32_t i = 0; i < p->n_configurations; i++) {
            const uint32_t k = plan_configuration_at(p, block, i);
            if (!p->configurations[k].wanted || p->configurations[k].status != STATUS_OK)
                continue;
            plan_scenarios_at(p, block, k, order);
            jsonw_object(w);
            jsonw_ki64(w, "configuration", k);
            jsonw_karray(w, "scenarios");
            for (uint32_t s = 0; s < p->n_scenarios; s++)
                if (plan_cell_status(p, k, order[s]) == STATUS_OK)
                    jsonw_str(w, p->experiment->scenarios[order[s]].name);
            jsonw_end_array(w);
            jsonw_end_object(w);
            flush_when_full(out);
        }
        jsonw_end_array(w);
    }
    jsonw_end_array(w);
    jsonw_end_object(w);
}

static void notes(struct jsonw *w, const struct experiment *x)
{
    jsonw_karray(w, "notes");
    for (uint32_t i = 0; i < x->n_notes; i++)
        jsonw_str(w, x->notes[i]);
    jsonw_end_array(w);
}

enum err_code plan_json_print(FILE *out, const struct prepared_plan *p,
                              const struct plan_machine *m, struct err *e)
{
    CLEANUP(writer_done) struct writer w = {.out = out, .p = &p->plan};
    w.w.out = &w.text;
    struct plan_work work;
    plan_estimate_work(&p->plan, &work);
    jsonw_object(&w.w);
    jsonw_kstr(&w.w, "schema", "chimera.plan/1");
    jsonw_kstr(&w.w, "chimera_version", CHIMERA_VERSION);
    if (plan_json_sources(&w.w, &p->experiment, e))
        return e->code;
    jsonw_key(&w.w, "experiment");
    experiment_file_json(&p->experiment, &w.w);
    jsonw_kstr(&w.w, "experiment_null_because", "the experiment file does not say it");
    counts(&w.w, &p->plan);
    total(&w.w, &p->plan, &work, m);
    backends(&w.w, p);
    models(&w.w, p);
    notes(&w.w, &p->experiment);
    configurations(&w, &work, m);
    uint32_t *const order = calloc(p->plan.n_scenarios, sizeof *order);
    if (!order)
        return err_set(e, ERR_LIMIT, "out of memory");
    cells(&w, order);
    run_order(&w, order);
    free(order);
    jsonw_end_object(&w.w);
    str_putc(&w.text, '\n');
    flush(&w);
    return w.failed ? err_sys(e, "cannot write the plan") : ERR_OK;
}
