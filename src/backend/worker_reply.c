#include "backend/worker_reply.h"

#include "base/str.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "model/artefact.h"

#include <stdio.h>

static void key_or_null(struct jsonw *j, const char *key, int64_t x)
{
    jsonw_key(j, key);
    if (x > 0)
        jsonw_i64(j, x);
    else
        jsonw_null(j);
}

static void key_text_or_null(struct jsonw *j, const char *key, const char *text)
{
    jsonw_kstr(j, key, text && *text ? text : nullptr);
}

void worker_reply_loaded(struct jsonw *j, const struct engine *engine, struct session *s,
                         const struct engine_about *about, const struct artefact *artefact,
                         double load_ms)
{
    jsonw_kobject(j, "engine");
    jsonw_kstr(j, "name", about->name);
    key_text_or_null(j, "version", about->version);
    key_text_or_null(j, "path", about->path);
    jsonw_end_object(j);
    jsonw_kstr(j, "device", about->device);
    jsonw_kf64(j, "load_ms", load_ms);
    jsonw_kf64(j, "compile_ms", about->compile_ms);
    jsonw_ki64(j, "threads", about->threads);
    jsonw_kobject(j, "artefact");
    key_text_or_null(j, "path", artefact->path);
    key_or_null(j, "bytes", artefact->bytes);
    key_text_or_null(j, "sha256", artefact->sha256);
    origin_json(&artefact->origin, j);
    jsonw_end_object(j);
    jsonw_kobject(j, "model");
    key_text_or_null(j, "architecture", about->architecture);
    key_or_null(j, "n_params", about->n_params);
    key_or_null(j, "n_layers", about->n_layers);
    key_or_null(j, "d_model", about->d_model);
    key_or_null(j, "vocab_size", about->vocab_size);
    key_or_null(j, "n_ctx", about->n_ctx);
    jsonw_end_object(j);
    jsonw_kstr(j, "timed_region", generate_timed_region);
    jsonw_kobject(j, "evidence");
    engine->evidence(s, j);
    jsonw_end_object(j);
    jsonw_kbool(j, "label_ok", !*about->label_reason);
    if (*about->label_reason)
        jsonw_kstr(j, "label_reason", about->label_reason);
}

static int64_t peak_rss(void)
{
    CLEANUP(file_closep) FILE *f = fopen("/proc/self/status", "re");
    char line[256];
    long long kb = 0;
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmHWM: %lld kB", &kb) == 1)
            break;
    return kb * 1024;
}

void worker_reply_sample(struct jsonw *j, const struct generate_result *r)
{
    jsonw_ki64(j, "submitted", r->submitted);
    jsonw_ki64(j, "tokenized", r->tokenized);
    jsonw_ki64(j, "first_token", r->first_token);
    jsonw_karray(j, "token_ns");
    for (uint32_t i = 0; i < r->n_steps; i++)
        jsonw_i64(j, r->token_ns[i]);
    jsonw_end_array(j);
    jsonw_ki64(j, "finished", r->finished);
    jsonw_ki64(j, "detokenized", r->detokenized);
    jsonw_karray(j, "prefill_ns");
    jsonw_i64(j, r->tokenized);
    jsonw_i64(j, r->prefilled);
    jsonw_end_array(j);
    jsonw_karray(j, "prompt_tokens");
    for (uint32_t k = 0; k < r->n; k++)
        jsonw_i64(j, r->sequences[k].n_prompt);
    jsonw_end_array(j);
    jsonw_karray(j, "generated_tokens");
    for (uint32_t k = 0; k < r->n; k++)
        jsonw_i64(j, r->sequences[k].n_generated);
    jsonw_end_array(j);
    jsonw_ki64(j, "padding_tokens", r->padding);
    jsonw_ki64(j, "prompts_distinct", r->prompts_distinct);
    jsonw_ki64(j, "prompts_constant", r->prompts_constant);
    jsonw_karray(j, "stop");
    for (uint32_t k = 0; k < r->n; k++)
        jsonw_str(j, r->sequences[k].eos ? "eos" : "length");
    jsonw_end_array(j);
    jsonw_karray(j, "output_ids");
    for (uint32_t k = 0; k < r->n; k++) {
        jsonw_array(j);
        for (uint32_t i = 0; i < r->sequences[k].n_generated; i++)
            jsonw_i64(j, r->sequences[k].ids[i]);
        jsonw_end_array(j);
    }
    jsonw_end_array(j);
    jsonw_karray(j, "outputs");
    for (uint32_t k = 0; k < r->n; k++)
        jsonw_strn(j, str_text(&r->sequences[k].text), r->sequences[k].text.n);
    jsonw_end_array(j);
    jsonw_ki64(j, "cpu_ns", r->cpu);
    jsonw_ki64(j, "peak_rss_bytes", peak_rss());
}
