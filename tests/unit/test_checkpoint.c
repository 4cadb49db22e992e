/* want: parameters as transformers 5.12 counts them in the loaded models (the sum of numel() over
 * AutoModelForCausalLM's parameters); which weights a family has, from its modeling_*.py there.
 */
#include "model/checkpoint.h"

#include "base/arena.h"
#include "base/defs.h"
#include "folder.h"
#include "io/file.h"
#include "model/synth.h"
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena *a;
static const char *root;

static void check_params(void)
{
    static const struct {
        const char *name;
        int64_t params;
    } rows[] = {
        {"synth:llama/L=4,d=256,h=8,kv=2,vocab=8000,ctx=128", 6'867'200},
        {"synth:llama/L=12,d=256,h=8,kv=2,vocab=8000,ctx=128,tied=1,rope=yarn,bias=1", 10'388'352},
        {"synth:mistral/L=4,d=256,h=8,kv=2,vocab=8000,ctx=128,window=16", 6'867'200},
        {"synth:qwen2/L=4,d=256,h=8,kv=2,vocab=8000,ctx=128,tied=1", 4'820'736},
        {"synth:qwen3/L=4,d=256,h=8,kv=2,vocab=8000,ctx=128,tied=1", 5'475'072},
        {"synth:gemma3/L=8,d=256,h=4,kv=2,vocab=8000,ctx=128", 9'431'296},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err e = {};
        struct synth_spec s = {};
        const enum err_code code = synth_spec_parse(rows[i].name, &s, &e);
        CHECK(rows[i].name, !code && synth_spec_params(&s) == rows[i].params, "%lld %s",
              code ? 0LL : (long long)synth_spec_params(&s), e.msg);
        struct synth_spec again = {};
        CHECK("its full name says the same",
              !code && !synth_spec_parse(synth_spec_name(&s, a), &again, &e) &&
                  strcmp(synth_spec_name(&s, a), synth_spec_name(&again, a)) == 0,
              "%s", code ? "" : synth_spec_name(&s, a));
    }
}

/* Written, opened, removed: fn looks at the folder. */
static void with_model(const char *name, void (*fn)(const char *, const char *))
{
    struct err e = {};
    struct synth_spec s = {};
    const char *const folder = file_join(a, root, "model");
    CHECK(name, !synth_spec_parse(name, &s, &e) && !synth_write(&s, folder, a, &e), "%s", e.msg);
    fn(name, folder);
    folder_remove(folder);
}

static void check_roles(const char *name, const char *folder)
{
    static const struct {
        const char *family;
        enum checkpoint_weight has[10], lacks[10]; /* 0 ends: all have the table */
    } rows[] = {
        {"gpt2",
         {CHECKPOINT_POSITIONS, CHECKPOINT_QKV, CHECKPOINT_QKV_BIAS, CHECKPOINT_DOWN_BIAS},
         {CHECKPOINT_Q, CHECKPOINT_GATE, CHECKPOINT_Q_NORM, CHECKPOINT_HEAD, CHECKPOINT_GATE_BIAS}},
        {"llama",
         {CHECKPOINT_HEAD, CHECKPOINT_Q, CHECKPOINT_GATE, CHECKPOINT_FFN_NORM},
         {CHECKPOINT_POSITIONS, CHECKPOINT_QKV, CHECKPOINT_Q_BIAS, CHECKPOINT_Q_NORM,
          CHECKPOINT_ATTN_POST_NORM, CHECKPOINT_FINAL_NORM_BIAS, CHECKPOINT_UP_BIAS}},
        {"qwen2",
         {CHECKPOINT_Q_BIAS, CHECKPOINT_K_BIAS, CHECKPOINT_V_BIAS},
         {CHECKPOINT_ATTN_OUT_BIAS, CHECKPOINT_Q_NORM}},
        {"qwen3", {CHECKPOINT_Q_NORM, CHECKPOINT_K_NORM}, {CHECKPOINT_Q_BIAS}},
        {"gemma3",
         {CHECKPOINT_ATTN_POST_NORM, CHECKPOINT_FFN_POST_NORM, CHECKPOINT_FFN_NORM,
          CHECKPOINT_Q_NORM},
         {CHECKPOINT_HEAD, CHECKPOINT_Q_BIAS}},
    };
    struct err e = {};
    CLEANUP(checkpoint_done) struct checkpoint m = {};
    struct synth_spec s;
    const bool open = !synth_spec_parse(name, &s, &e) && !checkpoint_open(folder, a, &m, &e);
    CHECK("opens, with every parameter", open && m.params == synth_spec_params(&s), "%lld %s",
          (long long)m.params, e.msg);
    for (size_t i = 0; open && i < COUNT_OF(rows); i++) {
        if (strncmp(name + strlen("synth:"), rows[i].family, strlen(rows[i].family)) != 0)
            continue;
        unsigned wrong = 0;
        for (const enum checkpoint_weight *w = rows[i].has; *w; w++)
            wrong += !checkpoint_weight(&m, *w, 1);
        for (const enum checkpoint_weight *w = rows[i].lacks; *w; w++)
            wrong += checkpoint_weight(&m, *w, 1) != nullptr;
        CHECK("its weights by role", wrong == 0, "%u", wrong);
    }
}

/* config.json with one text in the place of another. */
static bool change(const char *folder, const char *from, const char *to)
{
    struct err e = {};
    char *text;
    size_t n;
    char *const path = file_join(a, folder, "config.json");
    if (file_read(path, a, &text, &n, &e))
        return false;
    char *const at = strstr(text, from);
    if (!at)
        return false;
    char *const changed =
        arena_printf(a, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return !file_write(path, changed, strlen(changed), &e);
}

static void check_refusals(const char *, const char *folder)
{
    static const struct {
        const char *label, *from, *to, *named;
        enum err_code code;
    } rows[] = {
        {"a bias that is not there", "\"attention_bias\": false", "\"attention_bias\": true",
         "no weight 'layers.0.self_attn.q_proj.bias'", ERR_PARSE},
        {"a width that is not the weights'", "\"intermediate_size\": 88",
         "\"intermediate_size\": 80", "promises 80 x 32", ERR_PARSE},
        {"heads that are not the weights'", "\"num_key_value_heads\": 2",
         "\"num_key_value_heads\": 4", "k_proj.weight", ERR_PARSE},
        {"a rope that chimera does not have", "\"rope_type\": \"default\"",
         "\"rope_type\": \"longrope\"", "longrope", ERR_UNSUPPORTED},
        {"another family", "\"model_type\": \"llama\"", "\"model_type\": \"lama\"",
         "nearest: llama", ERR_UNSUPPORTED},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err e = {};
        CLEANUP(checkpoint_done) struct checkpoint m = {};
        const bool changed = change(folder, rows[i].from, rows[i].to);
        const enum err_code code = checkpoint_open(folder, a, &m, &e);
        CHECK(rows[i].label, changed && code == rows[i].code && strstr(e.msg, rows[i].named),
              "%d %d: %s", changed, code, e.msg);
        if (changed && !change(folder, rows[i].to, rows[i].from))
            return;
    }
}

int main(void)
{
    a = arena_new(1U << 28);
    char folder[] = "test_checkpoint.XXXXXX";
    if (!mkdtemp(folder))
        return 1;
    root = folder;
    check_params();
    static const char *const names[] = {
        "synth:gpt2/L=2,d=32,h=4,vocab=600,ctx=32",
        "synth:llama/L=2,d=32,h=4,vocab=600,ctx=32,shards=3,dtype=bf16",
        "synth:mistral/L=2,d=32,h=4,vocab=600,ctx=32,window=8",
        "synth:qwen2/L=2,d=32,h=4,vocab=600,ctx=32,shards=24",
        "synth:qwen3/L=2,d=32,h=4,vocab=600,ctx=32,dtype=fp16",
        "synth:gemma3/L=2,d=32,h=4,vocab=600,ctx=32",
    };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        with_model(names[i], check_roles);
    with_model("synth:llama/L=2,d=32,h=4,vocab=600,ctx=32", check_refusals);
    folder_remove(folder);
    return test_done();
}
