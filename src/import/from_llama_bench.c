#include "import/from_llama_bench.h"

#include "base/arena.h"
#include "base/defs.h"
#include "import/session.h"
#include "io/csv.h"
#include "io/file.h"
#include "io/json.h"
#include "io/jsonw.h"
#include "num/moment.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

constexpr size_t MOST_NOTES = 4;       /* of each kind */
constexpr double MEAN_TOLERANCE = 1;   /* ns: the file's is cut to a whole number */
constexpr double SD_TOLERANCE = 0.01;  /* of it: the file's sums are of whole numbers */
constexpr double OVERFLOW_NS = 1.92e9; /* sqrt(2^64 / 5): above, five squares do not fit 64 bits */

/* Not settings: what was tested, what came out, and what names the model. */
static const char *const no_settings[] = {
    "build_commit",   "build_number", "cpu_info",   "gpu_info",       "backends",
    "model_filename", "model_type",   "model_size", "model_n_params", "n_prompt",
    "n_gen",          "n_depth",      "test_time",  "avg_ns",         "stddev_ns",
    "avg_ts",         "stddev_ts",    "samples_ns", "samples_ts",     "cuda",
    "vulkan",         "metal",        "sycl",       "gpu_blas",       "blas",
};

struct entry {               /* one test of one model, from either form of the file */
    const struct json *json; /* nullptr: of a csv */
    const char *const *names;
    const char **values;
    size_t n;
};

struct reading {
    struct session *s;
    struct arena *a;
    struct entry *entries;
    size_t n;
    const char **settings; /* keys that differ between entries */
    size_t n_settings;
    size_t deviations, rates, singles;
    bool renamed;
};

/* ---- values ---- */

/* As text, however the file writes it; "" where it is not there. */
static const char *text_of(const struct entry *x, const char *key, struct arena *a)
{
    if (!x->json) {
        for (size_t i = 0; i < x->n; i++)
            if (strcmp(x->names[i], key) == 0)
                return x->values[i];
        return "";
    }
    const struct json *const v = json_get(x->json, key);
    if (json_is_num(v))
        return arena_printf(a, "%.15g", json_f64(v, 0));
    if (json_is_str(v))
        return json_str(v, "");
    return !v || json_is_null(v) || json_is_array(v) || json_is_object(v) ? ""
           : json_bool(v, false)                                          ? "1"
                                                                          : "0";
}

static double number_of(const struct entry *x, const char *key, struct arena *a)
{
    char *end;
    const char *const text = text_of(x, key, a);
    const double value = strtod(text, &end);
    return *text && !*end ? value : NOT_MEASURED;
}

/* ---- names ---- */

/* "llama 7B Q4_K - Medium" -> q4_k_m; "llama ?B all F32" -> fp32. */
static const char *precision_of(const char *type, struct arena *a)
{
    static const struct {
        const char *ending, *word;
    } words[] = {
        {"all F32", "fp32"},
        {"F32", "fp32"},
        {"F16", "fp16"},
        {"BF16", "bf16"},
        {"Q2_K - Medium", "q2_k"},
        {"Q3_K - Small", "q3_k_s"},
        {"Q3_K - Medium", "q3_k_m"},
        {"Q3_K - Large", "q3_k_l"},
        {"Q4_K - Small", "q4_k_s"},
        {"Q4_K - Medium", "q4_k_m"},
        {"Q5_K - Small", "q5_k_s"},
        {"Q5_K - Medium", "q5_k_m"},
    };
    const size_t n = strlen(type);
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        const size_t k = strlen(words[i].ending);
        if (n > k && type[n - k - 1] == ' ' && strcmp(type + n - k, words[i].ending) == 0)
            return words[i].word;
    }
    const char *const blank = strrchr(type, ' ');
    if (!blank || !strpbrk(blank, "0123456789"))
        return nullptr;
    char *const word = arena_strdup(a, blank + 1);
    for (char *p = word; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return word;
}

/* The file's name without .gguf and without the precision that stands behind it, so that one model
 * in two precisions is one model. */
static const char *model_of(struct reading *z, const struct entry *x, const char *precision)
{
    static const char *const spellings[][2] = {{"fp32", "f32"}, {"fp16", "f16"}};
    char *const name = arena_strdup(z->a, file_name_of(text_of(x, "model_filename", z->a)));
    size_t n = strlen(name);
    if (n > 5 && strcasecmp(name + n - 5, ".gguf") == 0)
        name[n -= 5] = '\0';
    for (size_t i = 0; precision && i <= COUNT_OF(spellings); i++) {
        const char *const word = i == 0                                        ? precision
                                 : strcmp(spellings[i - 1][0], precision) == 0 ? spellings[i - 1][1]
                                                                               : "";
        const size_t k = strlen(word);
        if (k && n > k + 1 && strcasecmp(name + n - k, word) == 0 &&
            strchr("-._", name[n - k - 1])) {
            name[n - k - 1] = '\0';
            z->renamed = true;
            break;
        }
    }
    return *name ? name : nullptr;
}

static const char *scenario_of(const struct entry *x, struct arena *a)
{
    const double pp = number_of(x, "n_prompt", a), tg = number_of(x, "n_gen", a),
                 depth = number_of(x, "n_depth", a);
    CLEANUP(str_done) struct str name = {};
    if (pp > 0)
        str_printf(&name, "pp%.0f", pp);
    if (tg > 0)
        str_printf(&name, "%stg%.0f", name.n ? "+" : "", tg);
    if (depth > 0)
        str_printf(&name, "@d%.0f", depth);
    return name.n ? arena_strdup(a, name.text) : nullptr;
}

/* What backends it had, whatever took the work. */
static const char *backend_of(const struct reading *z, const struct entry *x)
{
    struct arena *const a = z->a;
    const char *const backends = text_of(x, "backends", a);
    const double layers = number_of(x, "n_gpu_layers", a);
    const bool gpu = *text_of(x, "gpu_info", a) && layers != 0;
    CLEANUP(str_done) struct str name = {};
    str_puts(&name, gpu ? "llamacpp-gpu" : "llamacpp-cpu");
    if (!gpu && *backends && strcmp(backends, "CPU") != 0 && strcmp(backends, "BLAS") != 0 &&
        strcmp(backends, "BLAS,CPU") != 0)
        str_printf(&name, "(%s)", backends);
    for (size_t i = 0; i < z->n_settings; i++)
        str_printf(&name, ",%s=%s", z->settings[i], text_of(x, z->settings[i], a));
    return arena_strdup(a, name.text);
}

static bool is_setting(const char *key)
{
    for (size_t i = 0; i < COUNT_OF(no_settings); i++)
        if (strcmp(no_settings[i], key) == 0)
            return false;
    return true;
}

static void look_at_setting(struct reading *z, const char *key)
{
    if (!is_setting(key))
        return;
    const char *const first = text_of(&z->entries[0], key, z->a);
    for (size_t i = 1; i < z->n; i++)
        if (strcmp(first, text_of(&z->entries[i], key, z->a)) != 0) {
            z->settings[z->n_settings++] = arena_strdup(z->a, key);
            return;
        }
}

/* ---- entries ---- */

/* The file's own statistics beside those of its samples. */
static void compare_statistics(struct reading *z, const struct entry *x, const char *label,
                               const struct moment *m, double tokens)
{
    struct session *const s = z->s;
    const double sd = number_of(x, "stddev_ns", z->a), mean = number_of(x, "avg_ns", z->a),
                 rate = number_of(x, "avg_ts", z->a), total = tokens * 1e9 / m->mean;
    if (!isnan(mean) && fabs(mean - m->mean) > MEAN_TOLERANCE)
        session_note(s, "%s: avg_ns is %.0f in the file and %.0f from its samples", label, mean,
                     m->mean);
    if (m->n < 2)
        z->singles++;
    else if (!isnan(sd) && fabs(sd - m->sd) > SD_TOLERANCE * m->sd + 1e3 &&
             z->deviations++ < MOST_NOTES)
        session_note(
            s,
            "%s: stddev_ns is %.0f in the file and %.0f from its samples%s; the samples are "
            "what counts",
            label, sd, m->sd,
            m->max > OVERFLOW_NS ? ": llama-bench's sum of squares overflows above 1.92 s" : "");
    if (!isnan(rate) && tokens > 0 && fabs(rate - total) > 1e-3 * total && z->rates++ < MOST_NOTES)
        session_note(s,
                     "%s: avg_ts %.6g is a mean of rates; all tokens over the whole time are %.6g "
                     "tokens/s",
                     label, rate, total);
}

static enum err_code take_samples(struct reading *z, const struct entry *x, struct record *r,
                                  const char *label, double tokens, struct err *e)
{
    const struct json *const ns = json_get(x->json, "samples_ns"), *const ts = json_get(
                                                                       x->json, "samples_ts");
    const size_t n = json_len(ns);
    double *const values = ARENA_ARRAY(z->a, double, n);
    struct json_iter it = json_iter(ns), rates = json_iter(json_is_array(ts) ? ts : nullptr);
    for (size_t i = 0; i < n; i++) {
        values[i] = json_f64(json_next(&it, nullptr), NOT_MEASURED);
        const double rate = json_f64(json_next(&rates, nullptr), NOT_MEASURED);
        if (!(values[i] > 0))
            return session_bad(z->s, r->place, "samples_ns holds what is no time", e);
        record_set_number(r, FIELD_LATENCY_MS, values[i] / 1e6);
        if (number_of(x, "n_gen", z->a) == 0)
            record_set_number(r, FIELD_PREFILL_MS, values[i] / 1e6);
        record_set_number(r, FIELD_REPETITION, (double)i);
        r->known &= ~record_bit(FIELD_TOKENS_PER_S);
        record_set_number(r, FIELD_TOKENS_PER_S, rate);
        if (session_emit(z->s, r, false, e))
            return e->code;
        r->known &= ~record_bit(FIELD_STARTED_AT);
    }
    const struct moment m = moment_of(values, n);
    compare_statistics(z, x, label, &m, tokens);
    return ERR_OK;
}

/* One average: no samples, and a deviation only where llama-bench could compute it. */
static enum err_code take_average(struct reading *z, const struct entry *x, struct record *r,
                                  const char *label, double tokens, struct err *e)
{
    const double mean = number_of(x, "avg_ns", z->a), sd = number_of(x, "stddev_ns", z->a);
    if (!(mean > 0))
        return session_bad(z->s, r->place, "neither samples_ns nor avg_ns: no entry of llama-bench",
                           e);
    record_set_number(r, FIELD_MEAN_MS, mean / 1e6);
    if (tokens > 0)
        record_set_number(r, FIELD_TOKENS_PER_S, tokens * 1e9 / mean);
    if (mean > OVERFLOW_NS / 2 && z->deviations++ < MOST_NOTES)
        session_note(
            z->s,
            "%s: stddev_ns is left out: with repetitions of over 1.92 s llama-bench's sum of "
            "squares overflows, and there are no samples to tell",
            label);
    if (!(mean > OVERFLOW_NS / 2) && sd > 0)
        record_set_number(r, FIELD_STD_MS, sd / 1e6);
    z->rates++;
    return session_emit(z->s, r, true, e);
}

static enum err_code take_entry(struct reading *z, const struct entry *x, uint64_t place,
                                struct err *e)
{
    struct arena *const a = z->a;
    struct record r;
    record_clear(&r);
    r.place = place;
    const double pp = number_of(x, "n_prompt", a), tg = number_of(x, "n_gen", a);
    const char *const precision = precision_of(text_of(x, "model_type", a), a),
                      *const scenario = scenario_of(x, a), *const model = model_of(z, x, precision),
                      *const backend = backend_of(z, x), *const time = text_of(x, "test_time", a);
    if (!scenario || !model)
        return session_bad(z->s, place,
                           "no entry of llama-bench: it has n_prompt, n_gen and model_filename", e);
    record_set_text(&r, FIELD_SCENARIO, scenario);
    record_set_text(&r, FIELD_MODEL, model);
    record_set_text(&r, FIELD_BACKEND, backend);
    record_set_text(&r, FIELD_PRECISION, precision);
    record_set_text(&r, FIELD_TIMED_REGION,
                    "forwards of random tokens until the device has finished; tokenizing, the "
                    "choice of tokens and detokenizing outside");
    record_set_number(&r, FIELD_PARAMS_MILLIONS, number_of(x, "model_n_params", a) / 1e6);
    record_set_number(&r, FIELD_PROMPT_TOKENS, pp);
    record_set_number(&r, FIELD_GENERATED_TOKENS, tg);
    if (*time)
        record_set_text(&r, FIELD_STARTED_AT, time);
    const char *const label =
        arena_printf(a, "%s of %s %s", scenario, model, precision ? precision : "");
    const char *const cell = arena_printf(a, "%s|%s", label, backend);
    record_set_number(&r, FIELD_INVOCATION, session_times_before(z->s, cell));
    return json_is_array(json_get(x->json, "samples_ns")) &&
                   json_len(json_get(x->json, "samples_ns"))
               ? take_samples(z, x, &r, label, pp + tg, e)
               : take_average(z, x, &r, label, pp + tg, e);
}

/* ---- the file ---- */

static void environment(struct reading *z)
{
    const struct entry *const x = &z->entries[0];
    const char *const cpu = text_of(x, "cpu_info", z->a), *const gpu = text_of(x, "gpu_info", z->a);
    CLEANUP(str_done) struct str text = {};
    struct jsonw w = {.out = &text, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.env/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_kstr(&w, "source_sha256", z->s->source.sha256);
    jsonw_end_object(&w);
    jsonw_kobject(&w, "cpu");
    jsonw_kstr(&w, "model", *cpu ? cpu : nullptr);
    jsonw_end_object(&w);
    jsonw_kobject(&w, "gpu");
    jsonw_kstr(&w, "model", *gpu ? gpu : nullptr);
    jsonw_kstr(&w, "model_why", *gpu ? nullptr : "llama-bench names none");
    jsonw_end_object(&w);
    jsonw_kobject(&w, "llama_bench");
    static const char *const keys[] = {"build_commit", "build_number", "backends", "n_threads"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        jsonw_kstr(&w, keys[i], text_of(x, keys[i], z->a));
    jsonw_end_object(&w);
    jsonw_end_object(&w);
    str_putc(&text, '\n');
    z->s->environment = arena_strdup(z->s->a, text.text);
    z->s->source.tool =
        arena_printf(z->s->a, "llama-bench, build %s (%s)", text_of(x, "build_number", z->a),
                     text_of(x, "build_commit", z->a));
}

static enum err_code take_all(struct reading *z, struct err *e)
{
    struct session *const s = z->s;
    if (z->n == 0)
        return err_set(e, ERR_PARSE, "'%s' holds no test of llama-bench", s->source.file);
    z->settings = ARENA_ARRAY(z->a, const char *, CSV_MOST_COLUMNS);
    const struct entry *const first = &z->entries[0];
    struct json_iter it = json_iter(first->json);
    const char *key;
    for (size_t i = 0; !first->json && i < first->n; i++)
        look_at_setting(z, first->names[i]);
    for (size_t i = 0; i < 256 && first->json && json_next(&it, &key); i++)
        look_at_setting(z, key);
    environment(z);
    if (session_fixed(s, e))
        return e->code;
    for (size_t i = 0; i < z->n; i++)
        if (take_entry(z, &z->entries[i], i + 1, e))
            return e->code;
    if (z->singles)
        session_note(s, "%zu tests have one repetition: their stddev 0 means unknown", z->singles);
    if (s->map.form == MAPPING_CELLS)
        session_note(
            s, "the file has no samples; tokens_per_s is tokens over avg_ns, since avg_ts is a "
               "mean of rates");
    if (z->renamed)
        session_note(s, "a precision at the end of a model's name is not in it: see precision");
    session_note(s, "every time is of one test: latency_ms of a pp test is its prefill alone");
    return ERR_OK;
}

static enum err_code read_json(struct reading *z, struct err *e)
{
    const struct json *all;
    if (session_document(z->s, z->a, &all, e))
        return e->code;
    if (json_is_object(all)) {
        z->entries = ARENA_ARRAY(z->a, struct entry, 1);
        z->entries[z->n++] = (struct entry){.json = all};
        return take_all(z, e);
    }
    z->entries = ARENA_ARRAY(z->a, struct entry, json_len(all));
    struct json_iter it = json_iter(json_is_array(all) ? all : nullptr);
    for (const struct json *v; (v = json_next(&it, nullptr));) {
        if (!json_is_object(v))
            return err_set(e, ERR_PARSE, "'%s': entry %zu is no object: no output of llama-bench",
                           z->s->source.file, z->n + 1);
        z->entries[z->n++] = (struct entry){.json = v};
    }
    return take_all(z, e);
}

static enum err_code read_csv(struct reading *z, struct err *e)
{
    constexpr size_t MOST = 65536; /* tests in one file */
    CLEANUP(csv_closep) struct csv *table = nullptr;
    size_t n_names;
    struct csv_row row;
    enum csv_result result;
    if (csv_open(z->s->q->source, ',', z->a, &table, e))
        return e->code;
    const char *const *const names = csv_names(table, &n_names);
    z->entries = ARENA_ARRAY(z->a, struct entry, MOST);
    while ((result = csv_next(table, &row, e)) == CSV_ROW && z->n < MOST) {
        const char **const values = ARENA_ARRAY(z->a, const char *, n_names);
        for (size_t i = 0; i < n_names; i++)
            values[i] = arena_strndup(z->a, row.fields[i].text, row.fields[i].n);
        z->entries[z->n++] = (struct entry){.names = names, .values = values, .n = n_names};
    }
    if (result == CSV_BAD || result == CSV_FAILED)
        return e->code;
    csv_digest(table, z->s->source.sha256);
    z->s->source_bytes = csv_bytes(table);
    return take_all(z, e);
}

enum err_code from_llama_bench_read(struct session *s, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new((size_t)4 << 30);
    struct reading z = {.s = s, .a = a};
    bool json;
    if (session_is_json(s, &json, e))
        return e->code;
    return json ? read_json(&z, e) : read_csv(&z, e);
}
