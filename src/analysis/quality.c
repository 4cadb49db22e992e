#include "analysis/quality.h"

#include "analysis/significance.h"
#include "base/arena.h"
#include "base/str.h"
#include "io/digest.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"

#include <string.h>
#include <sys/stat.h>

constexpr size_t SCRATCH = (size_t)1 << 30;

static bool same(const struct quality_configuration *c, const struct folder_key *k)
{
    return strcmp(c->model, k->model) == 0 && strcmp(c->backend, k->backend) == 0 &&
           strcmp(c->precision, k->precision) == 0;
}

/* The configurations of the cells, each once. */
static void list(const struct results *r, struct arena *a, struct quality *q)
{
    q->configurations = ARENA_ARRAY(a, struct quality_configuration, r->n_cells + 1);
    for (size_t i = 0; i < r->n_cells; i++) {
        const struct folder_key *const k = &r->cells[i].key;
        size_t c = 0;
        while (c < q->n && !same(&q->configurations[c], k))
            c++;
        if (c == q->n)
            q->configurations[q->n++] = (struct quality_configuration){
                .model = k->model, .backend = k->backend, .precision = k->precision};
    }
}

/* ---- perplexity ---- */

/* The limit that the experiment of this folder has, else the usual one. */
static double limit_of(const struct json *gates, const char *precision)
{
    return json_f64(json_get(gates, precision), quality_perplexity_limit(precision));
}

static enum err_code describe(const char *folder, const char *path, struct arena *a,
                              struct quality_source *ret, struct err *e)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return err_sys(e, "'%s'", path);
    ret->path = arena_strdup(a, path + strlen(folder) + 1);
    ret->bytes = st.st_size;
    return digest_file(path, ret->sha256, e);
}

static enum err_code find_log(const char *const *folders, size_t n, struct arena *a,
                              struct quality_configuration *c, struct perplexity_log *ret,
                              struct err *e)
{
    *ret = (struct perplexity_log){};
    for (size_t i = 0; i < n; i++) {
        const char *const path =
            perplexity_log_path(a, folders[i], c->backend, c->precision, c->model);
        if (!file_exists(path))
            continue;
        return perplexity_log_read(path, a, ret, e)
                   ? e->code
                   : describe(folders[i], path, a, &c->perplexity_log, e);
    }
    return ERR_OK;
}

/* Why a configuration has no log at all. */
static const char *why_no_log(const struct results *r, const struct quality_configuration *c,
                              bool asked)
{
    for (size_t i = 0; asked && i < r->n_cells; i++)
        if (same(c, &r->cells[i].key) && r->cells[i].reason)
            return r->cells[i].reason;
    return asked ? "the run did not come to it" : "the experiment has no key 'perplexity'";
}

static void count(struct quality *q, const struct quality_perplexity *p)
{
    q->with_perplexity += !p->reason;
    q->gates_passed += p->verdict == QUALITY_PERPLEXITY_PASS;
    q->gates_failed += p->verdict == QUALITY_PERPLEXITY_FAIL;
    q->gates_unsure += p->verdict == QUALITY_PERPLEXITY_CANNOT_TELL;
}

/* The experiment that a folder records, in its manifest or, where that is missing or torn, its
 * plan; nullptr: in neither, and what was recorded counts all the same. */
static const struct json *experiment_of(const char *folder, struct arena *a)
{
    static const char *const files[] = {"manifest.json", "plan.json"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        const struct json *v = nullptr;
        const char *const path = file_join(a, folder, files[i]);
        struct err none = {};
        if (file_exists(path) && json_read_file(path, a, &v, &none) == ERR_OK)
            return json_get(v, "experiment");
    }
    return nullptr;
}

static enum err_code read_perplexity(const struct results *r, const char *const *folders, size_t n,
                                     struct arena *a, struct quality *q, struct err *e)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    const struct json *const asked = json_get(experiment_of(folders[0], scratch), "perplexity");
    for (size_t i = 0; i < q->n; i++) {
        struct quality_configuration *const c = &q->configurations[i];
        struct perplexity_log log;
        if (find_log(folders, n, a, c, &log, e))
            return e->code;
        log.header.precision = c->precision;
        quality_perplexity_of(&log, limit_of(json_get(asked, "gates"), c->precision), a,
                              &c->perplexity);
        if (!c->perplexity_log.path)
            c->perplexity.reason = c->perplexity.verdict_reason = why_no_log(r, c, asked);
        c->text = log.header.text;
        c->is_baseline =
            log.header.baseline &&
            strcmp(log.header.baseline,
                   arena_printf(scratch, "%s:%s", log.header.backend, c->precision)) == 0;
        q->baseline = q->baseline ? q->baseline : log.header.baseline;
        count(q, &c->perplexity);
    }
    return ERR_OK;
}

/* ---- outputs ---- */

static struct quality_outputs_asked outputs_asked(const char *folder, struct arena *a)
{
    const struct json *const x = experiment_of(folder, a);
    const char *const backend = json_str(json_get(x, "baseline_backend"), nullptr);
    return (struct quality_outputs_asked){
        .baseline_backend = backend,
        .temperature = json_f64(json_get(x, "temperature"), NOT_MEASURED),
        .threshold = json_f64(json_get(x, "accuracy_threshold"), 0)};
}

bool quality_wants_outputs(const char *folder)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    const struct quality_outputs_asked asked = outputs_asked(folder, scratch);
    return quality_outputs_wanted(&asked);
}

/* Why there are no embeddings. A pass that failed says so itself. */
static const char *why_no_semantic(const struct quality *q, bool asked, struct arena *a)
{
    const struct semantic_log *failed = nullptr;
    for (size_t i = 0; i < q->asked.n_semantic; i++) {
        const struct semantic_log *const log = &q->asked.semantic[i];
        if (log->n)
            return nullptr;
        failed = log->ended && log->end.status != STATUS_OK ? log : failed;
    }
    return failed  ? arena_printf(a, "%s: %s", status_name(failed->end.status),
                                 failed->end.reason ? failed->end.reason : "no reason given")
           : asked ? "the run did not come to it"
                   : "no embedding model: the experiment has no key 'semantic'";
}

static enum err_code read_semantic(const char *const *folders, size_t n, bool asked,
                                   struct arena *a, struct quality *q, struct err *e)
{
    struct semantic_log *const logs = ARENA_ARRAY(a, struct semantic_log, n + 1);
    q->semantic_logs = ARENA_ARRAY(a, struct quality_source, n + 1);
    q->asked.semantic = logs;
    for (size_t i = 0; i < n; i++) {
        const char *const path = semantic_log_path(a, folders[i]);
        const size_t at = q->asked.n_semantic;
        if (!file_exists(path))
            continue;
        if (semantic_log_read(path, a, &logs[at], e) ||
            describe(folders[i], path, a, &q->semantic_logs[at], e))
            return e->code;
        /* Cosines of two models are not of one kind; the first one's count. */
        if (at && logs[0].n && logs[at].n && !semantic_log_same(&logs[0].header, &logs[at].header))
            continue;
        q->asked.n_semantic++;
    }
    q->asked.no_semantic = why_no_semantic(q, asked, a);
    return ERR_OK;
}

static enum err_code read_outputs(const struct results *r, const char *const *folders, size_t n,
                                  struct arena *a, struct quality *q, struct err *e)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new(SCRATCH);
    q->asked = outputs_asked(folders[0], scratch);
    if (q->asked.baseline_backend)
        q->asked.baseline_backend = arena_strdup(a, q->asked.baseline_backend);
    q->outputs = ARENA_ARRAY(a, struct quality_outputs, r->n_cells + 1);
    if (read_semantic(folders, n, json_get(experiment_of(folders[0], scratch), "semantic"), a, q,
                      e) ||
        quality_outputs_read(r, &q->asked, a, q->outputs, e))
        return e->code;
    for (size_t i = 0; i < r->n_cells; i++) {
        const struct quality_outputs *const o = &q->outputs[i];
        q->with_outputs += !o->reason && !o->is_baseline;
        q->gates_passed += o->verdict == QUALITY_OUTPUTS_PASS;
        q->gates_failed += o->verdict == QUALITY_OUTPUTS_FAIL;
        q->gates_unsure += o->verdict == QUALITY_OUTPUTS_CANNOT_TELL;
    }
    return ERR_OK;
}

enum err_code quality_read(const struct results *r, const char *const *folders, size_t n,
                           struct arena *a, struct quality *ret, struct err *e)
{
    struct quality q = {};
    list(r, a, &q);
    if (read_perplexity(r, folders, n, a, &q, e) || read_outputs(r, folders, n, a, &q, e))
        return e->code;
    *ret = q;
    return ERR_OK;
}

/* ---- JSON ---- */

static void method(struct jsonw *w)
{
    jsonw_kobject(w, "method");
    jsonw_kf64(w, "confidence", CLUSTER_CONFIDENCE);
    jsonw_kstr(w, "perplexity", "sliding windows; each token scored once, the first one not");
    jsonw_kstr(w, "interval",
               "cluster-robust (CR1) over contiguous blocks of windows, t with "
               "blocks - 1 degrees of freedom");
    jsonw_kf64(w, "detectable_alpha", QUALITY_PERPLEXITY_ALPHA);
    jsonw_kf64(w, "detectable_power", QUALITY_PERPLEXITY_POWER);
    jsonw_kstr(
        w, "outputs",
        "of each prompt the first measured output, greedy, against that of baseline_backend "
        "at fp32; accuracy is the mean of 1 - Indel distance / sum of lengths, in characters");
    jsonw_kstr(w, "semantic", "mean over prompts of the cosine of both outputs' embeddings");
    jsonw_kstr(w, "outputs_interval", "percentile bootstrap over prompts");
    jsonw_end_object(w);
}

static void source(struct jsonw *w, const char *key, const struct quality_source *s)
{
    jsonw_key(w, key);
    if (!s->path) {
        jsonw_null(w);
        return;
    }
    jsonw_object(w);
    jsonw_kstr(w, "path", s->path);
    jsonw_ki64(w, "bytes", s->bytes);
    jsonw_kstr(w, "sha256", s->sha256);
    jsonw_end_object(w);
}

static void configuration(struct jsonw *w, const struct quality_configuration *c)
{
    jsonw_object(w);
    jsonw_kstr(w, "model", c->model);
    jsonw_kstr(w, "backend", c->backend);
    jsonw_kstr(w, "precision", c->precision);
    source(w, "perplexity_log", &c->perplexity_log);
    if (!c->perplexity_log.path)
        jsonw_kstr(w, "perplexity_log_reason", c->perplexity.reason);
    jsonw_kstr(w, "text", c->text);
    if (!c->text)
        jsonw_kstr(w, "text_reason", "no text was scored");
    quality_perplexity_json(&c->perplexity, w);
    jsonw_end_object(w);
}

static void semantic(struct jsonw *w, const struct quality *q)
{
    const struct semantic_log *log = nullptr;
    for (size_t i = 0; i < q->asked.n_semantic && !log; i++)
        log = q->asked.semantic[i].n ? &q->asked.semantic[i] : nullptr;
    jsonw_key(w, "semantic_model");
    if (!log) {
        jsonw_null(w);
        jsonw_kstr(w, "semantic_model_reason", q->asked.no_semantic);
        return;
    }
    const struct semantic_log_header *const h = &log->header;
    jsonw_object(w);
    jsonw_kstr(w, "model", h->model);
    jsonw_kstr(w, "name", h->name);
    jsonw_kstr(w, "sha256", h->sha256);
    jsonw_kstr(w, "about", h->about);
    jsonw_kstr(w, "engine", h->engine);
    jsonw_kstr(w, "engine_version", h->engine_version);
    jsonw_kstr(w, "pooling", h->pooling);
    jsonw_ki64(w, "dimension", h->dimension);
    jsonw_ki64(w, "texts", log->end.texts);
    jsonw_ki64(w, "texts_cut", log->end.cut);
    source(w, "log", &q->semantic_logs[log - q->asked.semantic]);
    jsonw_kobject(w, "null_because");
    jsonw_kstr(w, "name", "the experiment names none");
    jsonw_kstr(w, "sha256", "the model is no single file");
    jsonw_kstr(w, "pooling", "the engine did not say");
    jsonw_kstr(w, "engine_version", "the engine did not say");
    jsonw_end_object(w);
    jsonw_end_object(w);
}

void quality_json(const struct results *r, const struct quality *q, struct str *out)
{
    struct jsonw w = {.out = out, .pretty = true};
    jsonw_object(&w);
    significance_header(r, "chimera.quality_analysis/1", &w);
    jsonw_kbool(&w, "run_complete", !r->unfinished);
    method(&w);
    jsonw_kstr(&w, "baseline", q->baseline);
    if (!q->baseline)
        jsonw_kstr(&w, "baseline_reason", "no perplexity was compared");
    jsonw_karray(&w, "configurations");
    for (size_t i = 0; i < q->n; i++)
        configuration(&w, &q->configurations[i]);
    jsonw_end_array(&w);
    jsonw_kstr(&w, "outputs_baseline", q->asked.baseline_backend);
    if (!q->asked.baseline_backend)
        jsonw_kstr(&w, "outputs_baseline_reason", "the experiment names no baseline_backend");
    semantic(&w, q);
    jsonw_karray(&w, "outputs");
    for (size_t i = 0; i < r->n_cells; i++)
        quality_outputs_json(&r->cells[i], &q->outputs[i], &w);
    jsonw_end_array(&w);
    jsonw_end_object(&w);
    str_putc(out, '\n');
}
