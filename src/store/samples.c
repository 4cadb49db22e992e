#include "store/samples.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "io/json.h"
#include "store/duck.h"

#include <string.h>

static const char lines_sql[] = {
#embed "sql/lines.sql"
    , 0};
static const char samples_sql[] = {
#embed "sql/samples.sql"
    , 0};
static const char columns_sql[] = {
#embed "sql/columns.sql"
    , 0};

static void quote(struct str *s, const char *text)
{
    str_putc(s, '\'');
    for (; *text; text++) {
        if (*text == '\'')
            str_putc(s, '\'');
        str_putc(s, *text);
    }
    str_putc(s, '\'');
}

/* read_json takes a path with *, ? or [ for a pattern; a bracket around each keeps it a name. */
static void quote_path(struct str *s, const char *path)
{
    CLEANUP(str_done) struct str plain = {};
    for (; *path; path++)
        if (strchr("*?[", *path))
            str_printf(&plain, "[%c]", *path);
        else
            str_putc(&plain, *path);
    quote(s, str_text(&plain));
}

enum err_code samples_parse(struct duck *d, const struct folder_input *inputs, size_t n,
                            struct arena *a, struct err *e)
{
    (void)a;
    CLEANUP(str_done) struct str sql = {};
    size_t files = 0;
    str_puts(&sql, "SET VARIABLE files = [");
    for (size_t i = 0; i < n; i++) {
        if (!inputs[i].samples || inputs[i].bytes == 0)
            continue;
        if (files++)
            str_putc(&sql, ',');
        quote_path(&sql, inputs[i].path);
    }
    str_puts(&sql, "]");
    if (files == 0) { /* read_json refuses an empty list: read an empty file instead */
        str_clear(&sql);
        str_puts(&sql, "SET VARIABLE files = ['/dev/null']");
    }
    if (duck_run(d, str_text(&sql), e))
        return e->code;
    return duck_run(d, lines_sql, e) ? err_wrap(e, "samples.jsonl") : ERR_OK;
}

enum err_code samples_keys(struct duck *d, struct arena *a, struct folder_key **ret, size_t *ret_n,
                           struct err *e)
{
    struct duck_column c[4] = {
        {.type = DUCK_STR}, {.type = DUCK_STR}, {.type = DUCK_STR}, {.type = DUCK_STR}};
    size_t n = 0;
    if (duck_query(d,
                   "SELECT DISTINCT scenario, backend, \"precision\", model FROM line WHERE "
                   "scenario IS NOT NULL AND backend IS NOT NULL AND \"precision\" IS NOT NULL "
                   "AND model IS NOT NULL ORDER BY ALL",
                   c, COUNT_OF(c), a, &n, e))
        return e->code;
    struct folder_key *const keys = ARENA_ARRAY(a, struct folder_key, n);
    for (size_t i = 0; i < n; i++)
        keys[i] = (struct folder_key){((const char **)c[0].data)[i], ((const char **)c[1].data)[i],
                                      ((const char **)c[2].data)[i], ((const char **)c[3].data)[i]};
    *ret = keys;
    *ret_n = n;
    return ERR_OK;
}

static void tables(struct str *s, const struct folder_input *inputs, size_t n_inputs,
                   const struct results_cell *cells, size_t n_cells)
{
    str_puts(s, "CREATE TABLE file (path VARCHAR, replicate INTEGER);"
                "CREATE TABLE phase (id INTEGER, name VARCHAR);"
                "CREATE TABLE status (id INTEGER, name VARCHAR);"
                "CREATE TABLE cell (id INTEGER, scenario VARCHAR, backend VARCHAR, "
                "\"precision\" VARCHAR, model VARCHAR);");
    for (size_t i = 0; i < n_inputs; i++)
        if (inputs[i].samples) {
            str_puts(s, "INSERT INTO file VALUES (");
            quote(s, inputs[i].path);
            str_printf(s, ",%u);", inputs[i].replicate);
        }
    for (unsigned i = 0; i < PHASE_COUNT; i++)
        str_printf(s, "INSERT INTO phase VALUES (%u,'%s');", i, status_phase_name((enum phase)i));
    for (unsigned i = 0; i < STATUS_COUNT; i++)
        str_printf(s, "INSERT INTO status VALUES (%u,'%s');", i, status_name((enum status)i));
    for (size_t i = 0; i < n_cells; i++) {
        str_printf(s, "%s(%zu,", i ? "," : "INSERT INTO cell VALUES ", i);
        const struct folder_key *const k = &cells[i].key;
        const char *const words[] = {k->scenario, k->backend, k->precision, k->model};
        for (size_t w = 0; w < COUNT_OF(words); w++) {
            if (w)
                str_putc(s, ',');
            quote(s, words[w]);
        }
        str_putc(s, ')');
    }
}

enum err_code samples_join(struct duck *d, const struct folder_input *inputs, size_t n_inputs,
                           const struct results_cell *cells, size_t n_cells, struct arena *a,
                           struct results_samples *ret, const int32_t **ret_cell, struct err *e)
{
    CLEANUP(str_done) struct str sql = {};
    tables(&sql, inputs, n_inputs, cells, n_cells);
    if (duck_run(d, str_text(&sql), e) || duck_run(d, samples_sql, e))
        return e->code;
    struct duck_column c[24];
    for (size_t i = 0; i < COUNT_OF(c); i++)
        c[i].type = i < 13 ? DUCK_I32 : i < 18 ? DUCK_I64 : DUCK_F64;
    size_t n = 0;
    if (duck_query(d, columns_sql, c, COUNT_OF(c), a, &n, e))
        return e->code;
    *ret_cell = c[0].data;
    *ret = (struct results_samples){.n = n,
                                    .replicate = c[1].data,
                                    .invocation = c[2].data,
                                    .segment = c[3].data,
                                    .phase = c[4].data,
                                    .status = c[5].data,
                                    .repetition = c[6].data,
                                    .prompt_index = c[7].data,
                                    .agent = c[8].data,
                                    .batch_size = c[9].data,
                                    .n_stops = c[10].data,
                                    .n_early = c[11].data,
                                    .n_steps = c[12].data,
                                    .prompt_tokens = c[13].data,
                                    .generated_tokens = c[14].data,
                                    .padding_tokens = c[15].data,
                                    .submitted_ns = c[16].data,
                                    .finished_ns = c[17].data,
                                    .latency_ms = c[18].data,
                                    .ttft_ms = c[19].data,
                                    .prefill_ms = c[20].data,
                                    .decode_ms = c[21].data,
                                    .peak_rss_mb = c[22].data,
                                    .overlap_ms = c[23].data};
    return ERR_OK;
}

/* nullptr: nothing is wrong with the line by itself. */
static const char *whats_wrong(const char *line, size_t n, const char *file, bool last_torn)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(256U << 20);
    struct err e = {};
    const struct json *v = nullptr;
    if (json_parse(line, n, file, a, &v, &e))
        return last_torn ? "the last line is torn" : "no JSON";
    static const char *const keys[] = {"scenario", "backend", "precision", "model"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (!json_is_str(json_get(v, keys[i])))
            return "scenario, backend, precision or model is missing";
    enum status status;
    enum phase phase;
    if (!status_parse(json_str(json_get(v, "status"), ""), &status))
        return "its status is none of the contract's";
    if (!status_phase_parse(json_str(json_get(v, "phase"), ""), &phase))
        return "its phase is none of cold, warmup, measured";
    if (json_i64(json_get(v, "invocation"), -1) < 0)
        return "invocation is missing";
    if (status == STATUS_OK && !(json_f64(json_get(v, "latency_ms"), -1) >= 0))
        return "it is ok but has no latency_ms";
    return nullptr;
}

/* Only files that lack rows come here, so that nobody pays for reading twice but who has a problem.
 */
static enum err_code explain(const struct folder_input *in, uint64_t lacking, struct arena *a,
                             struct results_problem *to, size_t room, size_t *n, struct err *e)
{
    CLEANUP(arena_freep) struct arena *scratch = arena_new((size_t)8 << 30);
    char *text = nullptr;
    size_t bytes = 0;
    if (file_read(in->path, scratch, &text, &bytes, e))
        return e->code;
    const char *const file = arena_strdup(a, in->relative);
    uint64_t line = 1;
    const size_t first = *n;
    for (size_t at = 0; at < bytes && lacking > 0; line++) {
        const char *const end = memchr(text + at, '\n', bytes - at);
        const size_t length = end ? (size_t)(end - text) - at : bytes - at;
        const char *const why = whats_wrong(text + at, length, file, !end);
        at += length + 1;
        if (!why)
            continue;
        lacking--;
        size_t same = first; /* one entry per cause and file: the first line, and how many */
        while (same < *n && strcmp(to[same].why, why) != 0)
            same++;
        if (same < *n)
            to[same].count++;
        else if (*n < room)
            to[(*n)++] = (struct results_problem){file, line, 1, why};
    }
    if (lacking > 0 && *n < room)
        to[(*n)++] = (struct results_problem){file, 0, lacking, "written twice"};
    return ERR_OK;
}

constexpr size_t CAUSES = 8; /* of one file, at most */

enum err_code samples_problems(struct duck *d, const struct folder_input *inputs, size_t n,
                               struct arena *a, struct results_problem **ret, size_t *ret_n,
                               struct err *e)
{
    struct duck_column c[2] = {{.type = DUCK_STR}, {.type = DUCK_I64}};
    size_t rows = 0;
    if (duck_query(d,
                   "SELECT f.path, count(s.filename) FROM file f LEFT JOIN sample s "
                   "ON s.filename = f.path GROUP BY f.path",
                   c, COUNT_OF(c), a, &rows, e))
        return e->code;
    struct results_problem *const list = ARENA_ARRAY(a, struct results_problem, n * CAUSES + 1);
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        if (!inputs[i].samples)
            continue;
        const uint64_t want = inputs[i].lines + inputs[i].torn;
        uint64_t have = want;
        for (size_t k = 0; k < rows; k++)
            if (strcmp(((const char **)c[0].data)[k], inputs[i].path) == 0)
                have = (uint64_t)((int64_t *)c[1].data)[k];
        if (have < want && explain(&inputs[i], want - have, a, list, found + CAUSES, &found, e))
            return e->code;
    }
    *ret = list;
    *ret_n = found;
    return ERR_OK;
}
