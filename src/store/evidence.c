#include "store/evidence.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/file.h"
#include "io/json.h"

#include <string.h>

static struct evidence_shares shares(const struct json *object, struct arena *a)
{
    if (!json_is_object(object) || json_len(object) == 0)
        return (struct evidence_shares){};
    struct evidence_share *const items = ARENA_ARRAY(a, struct evidence_share, json_len(object));
    struct evidence_shares r = {.items = items};
    struct json_iter it = json_iter(object);
    const char *key;
    for (const struct json *v; (v = json_next(&it, &key));)
        if (json_is_num(v))
            items[r.n++] = (struct evidence_share){key, json_f64(v, NOT_MEASURED)};
    return r;
}

static enum evidence_answer answer(const struct json *v)
{
    const bool yes = json_bool(v, false);
    if (yes != json_bool(v, true)) /* it gives back whatever it is asked to: no bool */
        return EVIDENCE_UNKNOWN;
    return yes ? EVIDENCE_YES : EVIDENCE_NO;
}

static struct evidence_compile compile_of(const struct json *v)
{
    return (struct evidence_compile){
        .requested = answer(json_get(v, "requested")),
        .happened = answer(json_get(v, "happened")),
        .graphs = json_f64(json_get(v, "graphs"), NOT_MEASURED),
        .breaks = json_f64(json_get(v, "breaks"), NOT_MEASURED),
        .recompiles = json_f64(json_get(v, "recompiles"), NOT_MEASURED),
        .fallback = json_str(json_get(v, "fallback"), nullptr),
        .reason = json_str(json_get(v, "reason"), nullptr),
    };
}

static struct evidence_origin origin_of(const struct json *artefact)
{
    const struct json *const from = json_get(artefact, "made_from");
    return (struct evidence_origin){
        .source = json_str(json_get(from, "path"), nullptr),
        .sha256 = json_str(json_get(from, "sha256"), nullptr),
        .now = json_str(json_get(from, "sha256_now"), nullptr),
        .differs = json_str(json_get(from, "differs"), nullptr),
        .source_at = json_str(json_get(from, "modified"), nullptr),
        .at = json_str(json_get(artefact, "modified"), nullptr),
    };
}

static void of_engine(const struct json *v, struct evidence *ret)
{
    const struct json *const engine = json_get(v, "engine"),
                             *const artefact = json_get(v, "artefact"),
                             *const model = json_get(v, "model");
    ret->engine = json_str(json_get(engine, "name"), nullptr);
    ret->engine_version = json_str(json_get(engine, "version"), nullptr);
    ret->device = json_str(json_get(v, "device"), nullptr);
    ret->threads = json_f64(json_get(v, "threads"), NOT_MEASURED);
    ret->artefact_path = json_str(json_get(artefact, "path"), nullptr);
    ret->artefact_sha256 = json_str(json_get(artefact, "sha256"), nullptr);
    ret->artefact_bytes = json_f64(json_get(artefact, "bytes"), NOT_MEASURED);
    ret->origin = origin_of(artefact);
    ret->built_with = json_str(json_get(artefact, "built_with"), nullptr);
    ret->n_params = json_f64(json_get(model, "n_params"), NOT_MEASURED);
    ret->n_layers = json_f64(json_get(model, "n_layers"), NOT_MEASURED);
    ret->d_model = json_f64(json_get(model, "d_model"), NOT_MEASURED);
}

struct evidence *evidence_of(const struct json *record, uint32_t replicate, struct arena *a)
{
    const struct json *const v = record;
    struct evidence *const r = ARENA_ARRAY(a, struct evidence, 1);
    const struct json *const proof = json_get(v, "evidence"), *const spec = json_get(v, "spec"),
                             *const resources = json_get(v, "resources");
    r->replicate = (int32_t)replicate;
    r->invocation = (int32_t)json_i64(json_get(v, "invocation"), -1);
    of_engine(v, r);
    r->weights = shares(json_get(proof, "weights_elements_by_dtype"), a);
    if (r->weights.n == 0)
        r->weights = shares(json_get(proof, "weights_by_dtype"), a);
    r->matmul = shares(json_get(proof, "matmul_by_dtype"), a);
    r->providers = shares(json_get(proof, "providers"), a);
    r->compile = compile_of(json_get(proof, "compile"));
    r->label_ok = answer(json_get(v, "label_ok"));
    r->label_reason = json_str(json_get(v, "label_reason"), nullptr);
    r->started_at = json_str(json_get(v, "started_at"), nullptr);
    r->block = json_f64(json_get(v, "block"), NOT_MEASURED);
    r->order_in_block = json_f64(json_get(v, "order_in_block"), NOT_MEASURED);
    r->order_in_invocation = json_f64(json_get(v, "order_in_invocation"), NOT_MEASURED);
    r->batch_size = json_f64(json_get(spec, "batch_size"), NOT_MEASURED);
    r->prompts_distinct =
        json_f64(json_get(json_get(v, "prompts"), "distinct_least"), NOT_MEASURED);
    r->prompts_constant = json_f64(json_get(json_get(v, "prompts"), "constant_most"), NOT_MEASURED);
    r->max_tokens = json_f64(json_get(spec, "max_tokens"), NOT_MEASURED);
    r->temperature = json_f64(json_get(spec, "temperature"), NOT_MEASURED);
    r->environment_sha256 =
        json_str(json_get(json_get(v, "generated_from"), "environment_sha256"), nullptr);
    r->timed_region = json_str(json_get(v, "timed_region"), nullptr);
    r->imported_from = json_str(json_get(v, "imported_from"), nullptr);
    r->power_interval_s = json_f64(json_get(resources, "power_interval_s"), NOT_MEASURED);
    const struct json *const overhead = json_get(v, "overhead");
    r->record_us = json_f64(json_get(overhead, "record_us_per_sample"), NOT_MEASURED);
    r->transit_us = json_f64(json_get(overhead, "transit_us_per_sample"), NOT_MEASURED);
    r->machine = evidence_machine_of(json_get(v, "machine"));
    r->sample_interval_s = json_f64(json_get(resources, "interval_s"), NOT_MEASURED);
    return r;
}

double evidence_share(const struct evidence_shares *s, const char *name)
{
    if (s->n == 0)
        return NOT_MEASURED;
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->items[i].name, name) == 0)
            return s->items[i].value;
    return 0;
}

/* ---- env.json ---- */

struct host_key {
    const char *group, *key; /* key nullptr: all of the group */
};
static const struct host_key host_keys[] = {
    {"chimera", "version"},   {"chimera", "compiler"}, {"chimera", "build_type"},
    {"chimera", "c_flags"},   {"host", "name"},        {"host", "kernel"},
    {"host", "distribution"}, {"host", "container"},   {"host", "product"},
    {"cpu", "model"},         {"cpu", "usable_cores"}, {"cpu", "smt"},
    {"cpu", "governor"},      {"cpu", "turbo"},        {"cpu", "features"},
    {"cpu", "virtualised"},   {"gpu", nullptr},        {"libraries", nullptr},
    {"python", nullptr},      {"variables", nullptr},
};

static const char *fact_text(const struct json *v, struct arena *a)
{
    const double x = json_f64(v, NOT_MEASURED);
    if (json_is_str(v))
        return json_str(v, "");
    if (json_is_num(v))
        return arena_printf(a, "%.15g", x);
    const enum evidence_answer b = answer(v);
    return b == EVIDENCE_UNKNOWN ? nullptr : b == EVIDENCE_YES ? "yes" : "no";
}

/* Not of what is measured: where files are kept. */
static bool is_elsewhere(const char *key)
{
    static const char *const keys[] = {"CHIMERA_CACHE", "HF_HOME", "TORCHINDUCTOR_CACHE_DIR"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (strcmp(keys[i], key) == 0)
            return true;
    return false;
}

static bool is_reason(const char *key)
{
    const size_t n = strlen(key);
    return n > 4 && strcmp(key + n - 4, "_why") == 0;
}

static size_t add_group(const struct json *environment, const struct host_key *k, struct arena *a,
                        struct evidence_fact *ret)
{
    const struct json *const group = json_get(environment, k->group);
    struct json_iter it = json_iter(group);
    size_t n = 0;
    const char *key;
    for (const struct json *v; json_is_object(group) && (v = json_next(&it, &key));) {
        const char *const text =
            is_reason(key) || is_elsewhere(key) || (k->key && strcmp(k->key, key) != 0)
                ? nullptr
                : fact_text(v, a);
        if (text)
            ret[n++] = (struct evidence_fact){arena_printf(a, "%s.%s", k->group, key), text};
    }
    return n;
}

struct evidence_host evidence_host_of(const struct json *environment, struct arena *a)
{
    size_t most = 0;
    for (size_t i = 0; i < COUNT_OF(host_keys); i++)
        most += json_len(json_get(environment, host_keys[i].group));
    struct evidence_fact *const facts = ARENA_ARRAY(a, struct evidence_fact, most);
    struct evidence_host h = {
        .facts = facts,
        .steal_percent =
            json_f64(json_get(json_get(environment, "load"), "steal_percent"), NOT_MEASURED),
        .temperature_celsius = json_f64(
            json_get(json_get(environment, "sensors"), "temperature_celsius"), NOT_MEASURED),
    };
    for (size_t i = 0; i < COUNT_OF(host_keys); i++)
        h.n += add_group(environment, &host_keys[i], a, facts + h.n);
    return h;
}

const struct evidence_host *evidence_hosts_read(const char *const *paths, size_t n, struct arena *a)
{
    struct evidence_host *const hosts = ARENA_ARRAY(a, struct evidence_host, n);
    for (size_t i = 0; i < n; i++) {
        const char *const path = file_join(a, paths[i], "env.json");
        const struct json *environment = nullptr;
        struct err e;
        const bool damaged = file_exists(path) && json_read_file(path, a, &environment, &e);
        hosts[i] = evidence_host_of(environment, a);
        hosts[i].damaged = damaged ? arena_strdup(a, e.msg) : nullptr;
    }
    return hosts;
}

const char *evidence_host_fact(const struct evidence_host *h, const char *key)
{
    for (size_t i = 0; i < h->n; i++)
        if (strcmp(h->facts[i].key, key) == 0)
            return h->facts[i].value;
    return nullptr;
}
