#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "cli/cmd_model.h"
#include "io/jsonw.h"
#include "model/synth.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct synth_args {
    const char *out;
    uint32_t layers, width, heads, kv_heads, vocabulary, context;
    const char *seed;
};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_STR, 'o', "output",  "DIR", nullptr, "folder to make; without it the model goes to the cache",
     FIELD_OF(struct synth_args, out, const char *)},
    {OPT_U32, 'L', "layers",  "N",   nullptr, "layers [8]",
     FIELD_OF(struct synth_args, layers, uint32_t)},
    {OPT_U32, 'd', "width",   "N",   nullptr, "width of the residual stream [512]",
     FIELD_OF(struct synth_args, width, uint32_t)},
    {OPT_U32, 0,   "heads",   "N",   nullptr, "attention heads, which must divide the width [8]",
     FIELD_OF(struct synth_args, heads, uint32_t)},
    {OPT_U32, 0,   "kv-heads", "N",  nullptr, "heads of keys and values, which must divide the heads; not gpt2",
     FIELD_OF(struct synth_args, kv_heads, uint32_t)},
    {OPT_U32, 0,   "vocab",   "N",   nullptr, "tokens, at least 257 [gpt2: 50257, else 32000]",
     FIELD_OF(struct synth_args, vocabulary, uint32_t)},
    {OPT_U32, 0,   "context", "N",   nullptr, "longest sequence [1024]",
     FIELD_OF(struct synth_args, context, uint32_t)},
    {OPT_STR, 0,   "seed",    "N",   nullptr, "seed of the weights [42]",
     FIELD_OF(struct synth_args, seed, const char *)},
    {},
};
/* clang-format on */

/* The options are pairs behind those of the name: a later one wins. */
static enum err_code read_spec(struct cli *cli, const struct synth_args *args,
                               const struct opt_list *operands, struct synth_spec *ret,
                               struct err *e)
{
    const struct {
        const char *key;
        uint32_t given;
    } numbers[] = {{"L", args->layers},    {"d", args->width},          {"h", args->heads},
                   {"kv", args->kv_heads}, {"vocab", args->vocabulary}, {"ctx", args->context}};
    CLEANUP(str_done) struct str name = {};
    str_puts(&name, operands->n ? operands->items[0] : "synth:gpt2");
    char between = strchr(str_text(&name), '/') ? ',' : '/';
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        if (!numbers[i].given)
            continue;
        str_printf(&name, "%c%s=%u", between, numbers[i].key, numbers[i].given);
        between = ',';
    }
    if (args->seed)
        str_printf(&name, "%cseed=%s", between, args->seed);
    return synth_spec_parse(arena_strdup(cli->arena, str_text(&name)), ret, e);
}

static void print_json(const struct synth_spec *s, const char *path, double ms, struct arena *a)
{
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.model.synth/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kstr(&w, "name", synth_spec_name(s, a));
    jsonw_kstr(&w, "path", path);
    jsonw_ki64(&w, "params", synth_spec_params(s));
    jsonw_kf64(&w, "made_ms", ms);
    jsonw_end_object(&w);
    puts(out.text);
}

static enum err_code run(struct cli *cli, const void *given, const struct opt_list *operands, int *,
                         struct err *e)
{
    const struct synth_args *const args = given;
    struct synth_spec s;
    if (read_spec(cli, args, operands, &s, e))
        return e->code;
    const nsec_t begin = clock_now();
    const char *path = args->out;
    if (path ? synth_write(&s, path, cli->arena, e) : synth_cached(&s, cli->arena, &path, e))
        return e->code;
    const double ms = clock_ms(clock_now() - begin);
    if (cli->json) {
        print_json(&s, path, ms, cli->arena);
        return ERR_OK;
    }
    if (!cli->quiet)
        fprintf(stderr, "%s: %" PRId64 " parameters in %.1f s\n", synth_spec_name(&s, cli->arena),
                synth_spec_params(&s), ms / 1e3);
    puts(path);
    return ERR_OK;
}

const struct command cmd_model_synth = {
    .name = "synth",
    .operands = "[SPEC]",
    .summary = "make a model with seeded weights, of any family",
    .about =
        "Writes a Hugging Face folder that transformers loads as it is: config.json,\n"
        "model.safetensors, tokenizer.json. SPEC is a model's name as in an experiment,\n"
        "synth:FAMILY/KEY=VALUE,...; what it leaves out has a default, and the options override\n"
        "it. FAMILY is gpt2, llama, mistral, qwen2, qwen3 or gemma3. The same SPEC is the same\n"
        "bytes on every machine. The weights are random: such a model is for measuring speed and\n"
        "for comparing engines, and what it writes is nonsense.\n"
        "\n"
        "Keys: L layers [8], d width [512], h heads [8], vocab [50257 or 32000], ctx [1024],\n"
        "seed [42], tied=0|1 (the head is the table of tokens), dtype=fp32|fp16|bf16 of the\n"
        "file, shards=N files [1]. All but gpt2: kv heads of keys and values [half], hd the size\n"
        "of a head [d/h; qwen3 and gemma3: 2d/h], ff width of the MLP [8d/3],\n"
        "rope=default|linear|dynamic|llama3|yarn. llama and qwen3: bias=0|1. mistral, qwen2,\n"
        "qwen3, gemma3: window=N, the keys that a sliding layer sees [none; gemma3: ctx/4].\n"
        "gemma3: global=N, each so many-th layer sees all [6].",
    .examples =
        "  chimera model synth synth:gpt2/L=2,d=64,h=2 -o tiny\n"
        "  chimera model synth synth:llama/L=4,d=256,h=8,kv=2,rope=llama3,dtype=bf16 -o llama\n"
        "  chimera model synth --layers 12 --width 768 --heads 12 -o gpt2-shape",
    .opts = opts,
    .args_bytes = sizeof(struct synth_args),
    .max_operands = 1,
    .run = run,
};
