#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "cli/cmd_model.h"
#include "io/jsonw.h"
#include "model/synth.h"

#include <inttypes.h>
#include <stdio.h>

struct synth_args {
    const char *out;
    uint32_t layers, width, heads, vocabulary, context;
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
    {OPT_U32, 0,   "vocab",   "N",   nullptr, "tokens, at least 257 [50257]",
     FIELD_OF(struct synth_args, vocabulary, uint32_t)},
    {OPT_U32, 0,   "context", "N",   nullptr, "longest sequence [1024]",
     FIELD_OF(struct synth_args, context, uint32_t)},
    {OPT_STR, 0,   "seed",    "N",   nullptr, "seed of the weights [42]",
     FIELD_OF(struct synth_args, seed, const char *)},
    {},
};
/* clang-format on */

static enum err_code read_spec(struct cli *cli, const struct synth_args *args,
                               const struct opt_list *operands, struct synth_spec *ret,
                               struct err *e)
{
    struct synth_spec s = SYNTH_DEFAULT;
    if (operands->n && synth_parse(operands->items[0], &s, e))
        return e->code;
    const struct {
        uint32_t given, *to;
    } numbers[] = {{args->layers, &s.n_layers},
                   {args->width, &s.d_model},
                   {args->heads, &s.n_heads},
                   {args->vocabulary, &s.vocab_size},
                   {args->context, &s.n_ctx}};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (numbers[i].given)
            *numbers[i].to = numbers[i].given;
    if (args->seed) {
        struct synth_spec seeded;
        if (synth_parse(arena_printf(cli->arena, "synth:gpt2/seed=%s", args->seed), &seeded, e))
            return err_set(e, ERR_USAGE, "--seed: '%s' is no whole number from 0 to %" PRIu64,
                           args->seed, UINT64_MAX);
        s.seed = seeded.seed;
    }
    *ret = s;
    return synth_check(&s, e);
}

static void print_json(const struct synth_spec *s, const char *path, double ms, struct arena *a)
{
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.model.synth/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kstr(&w, "name", synth_name(s, a));
    jsonw_kstr(&w, "path", path);
    jsonw_ki64(&w, "params", synth_params(s));
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
        fprintf(stderr, "%s: %" PRId64 " parameters in %.1f s\n", synth_name(&s, cli->arena),
                synth_params(&s), ms / 1e3);
    puts(path);
    return ERR_OK;
}

const struct command cmd_model_synth = {
    .name = "synth",
    .operands = "[SPEC]",
    .summary = "make a GPT-2 family model with seeded weights",
    .about =
        "Writes a Hugging Face folder that transformers loads as it is: config.json,\n"
        "model.safetensors, tokenizer.json. SPEC is a model's name as in an experiment,\n"
        "synth:gpt2/L=8,d=512,h=8,vocab=50257,ctx=1024,seed=42; what it leaves out has that\n"
        "value, and the options override it. The same SPEC is the same bytes on every machine.\n"
        "The weights are random: such a model is for measuring speed and for comparing engines,\n"
        "and what it writes is nonsense.",
    .examples = "  chimera model synth synth:gpt2/L=2,d=64,h=2 -o tiny\n"
                "  chimera model synth --layers 12 --width 768 --heads 12 -o gpt2-shape",
    .opts = opts,
    .args_bytes = sizeof(struct synth_args),
    .max_operands = 1,
    .run = run,
};
