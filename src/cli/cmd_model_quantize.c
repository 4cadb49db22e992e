#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "cli/cmd_model.h"
#include "cli/export_text.h"
#include "domain/precision.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "model/export.h"
#include "model/gguf_read.h"
#include "model/quantize.h"
#include "model/resolve.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct quantize_args {
    const char *precision, *out;
};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_STR, 'p', "precision", "P", "int8",
     "int8, int4, fp16, bf16, or a type of llama.cpp's: q8_0, q6_k, q5_k_m, q4_k_m, q4_0, q2_k ...",
     FIELD_OF(struct quantize_args, precision, const char *)},
    {OPT_STR, 'o', "output", "PATH", nullptr,
     "what to make: a file that ends in .gguf, or a folder for ONNX; without it NAME-PRECISION.gguf here",
     FIELD_OF(struct quantize_args, out, const char *)},
    {},
};
/* clang-format on */

static bool is_gguf(const char *path)
{
    const size_t n = strlen(path);
    return n >= 5 && strcmp(path + n - 5, ".gguf") == 0;
}

static const char *default_out(struct arena *a, const struct model_facts *m, const char *precision)
{
    char *const name = arena_strdup(a, file_name_of(m->path));
    if (is_gguf(name))
        name[strlen(name) - 5] = '\0';
    return arena_printf(a, "%s-%s.gguf", name, precision);
}

/* ERR_UNSUPPORTED: what is rounded already would be rounded twice, and be no better than its first
 * rounding. */
static enum err_code check_source(const struct model_facts *m, const char *out, struct arena *a,
                                  struct err *e)
{
    struct gguf_read g = {};
    struct stat from, to;
    if (!is_gguf(out))
        return err_set(e, ERR_USAGE,
                       "'%s' is a GGUF file, and so is what it is quantised to: let "
                       "'%s' end in .gguf",
                       m->name, out);
    if (stat(m->path, &from) == 0 && stat(out, &to) == 0 && from.st_dev == to.st_dev &&
        from.st_ino == to.st_ino)
        return err_set(e, ERR_USAGE, "'%s' is the source itself", out);
    if (gguf_read(m->path, a, &g, e))
        return e->code;
    for (uint32_t i = 0; i < g.n_types; i++)
        if (g.types[i].layers > 0 && !precision_names("F32 F16 BF16", g.types[i].name))
            return err_set(e, ERR_UNSUPPORTED,
                           "'%s' holds %s weights: it is quantised already; take the file that it "
                           "was made of",
                           m->name, g.types[i].name);
    return ERR_OK;
}

static enum err_code make(const struct model_facts *m, const char *precision, const char *out,
                          struct arena *a, struct export_report *r, struct err *e)
{
    const nsec_t begin = clock_now();
    switch (m->kind) {
    case MODEL_HF:
        return export_make(m->path, is_gguf(out) ? EXPORT_GGUF : EXPORT_ONNX, precision, out, a, r,
                           e);
    case MODEL_GGUF:
        r->path = out;
        if (check_source(m, out, a, e) || file_make_folders(file_folder_of(a, out), e) ||
            quantize_gguf(m->path, out, precision, a, r, e))
            return e->code;
        r->ms = clock_ms(clock_now() - begin);
        return ERR_OK;
    case MODEL_ONNX:
        return err_set(e, ERR_UNSUPPORTED,
                       "'%s' is an ONNX folder; quantise the Hugging Face folder that it was made "
                       "of, with -o FOLDER for ONNX",
                       m->name);
    case MODEL_TAG:
        return err_set(e, ERR_UNSUPPORTED, "'%s' is known to its server only", m->name);
    case MODEL_MISSING:
        return err_set(e, ERR_UNAVAILABLE, "%s", m->why_missing);
    }
    unreachable();
}

static void print_json(const struct model_facts *m, const char *precision,
                       const struct export_report *r)
{
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.model.quantize/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kobject(&w, "generated_from");
    jsonw_kstr(&w, "path", m->path);
    jsonw_end_object(&w);
    jsonw_kstr(&w, "precision", precision);
    jsonw_kstr(&w, "path", r->path);
    jsonw_ki64(&w, "bytes", r->bytes);
    jsonw_kf64(&w, "made_ms", r->ms);
    export_report_json(r, &w);
    jsonw_end_object(&w);
    puts(str_text(&out));
}

static enum err_code check_precision(const char *name, struct err *e)
{
    const char *const why = precision_refused(name), *const near = precision_nearest(name);
    if (strcmp(name, "fp32") == 0)
        return err_set(e, ERR_USAGE, "fp32 is no quantisation; 'chimera model export' makes it");
    if (precision_find(name))
        return ERR_OK;
    if (why)
        return err_set(e, ERR_UNSUPPORTED, "%s %s", name, why);
    return err_set(e, ERR_USAGE, "--precision: no precision '%s'%s%s%s", name,
                   near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static enum err_code run(struct cli *cli, const void *given, const struct opt_list *operands, int *,
                         struct err *e)
{
    const struct quantize_args *const args = given;
    struct model_facts m = {};
    struct export_report r = {};
    if (check_precision(args->precision, e) ||
        resolve_model(operands->items[0], nullptr, true, cli->arena, &m, e))
        return e->code;
    const char *const out =
        args->out || !m.path ? args->out : default_out(cli->arena, &m, args->precision);
    if (make(&m, args->precision, out ? out : "", cli->arena, &r, e))
        return e->code;
    if (cli->json)
        print_json(&m, args->precision, &r);
    else
        export_text_print(&r);
    return ERR_OK;
}

const struct command cmd_model_quantize = {
    .name = "quantize",
    .operands = "SOURCE",
    .summary = "store a model in fewer bits, and count what was really stored so",
    .about =
        "SOURCE is a Hugging Face folder, a synth: name, or a .gguf that holds F32, F16 or BF16.\n"
        "GGUF types are made by llama.cpp's own quantiser; int8 is q8_0 there, and int4 is q4_0\n"
        "(one type in every layer, blocks of 32). ONNX folders are made from the Hugging Face\n"
        "folder. The columns are what stands in the file: weights, bytes, and the share of one\n"
        "token's multiplications by weights. Where a block does not divide a model's rows,\n"
        "llama.cpp takes another type; where most of the work would be in such, the command says\n"
        "so and makes nothing. The types that need an importance matrix (iq1, iq2, iq3_xxs) are\n"
        "not made.",
    .examples =
        "  chimera model quantize synth:gpt2/L=2,d=64,h=2,vocab=1000 -p q4_0 -o tiny-q4_0.gguf\n"
        "  chimera model quantize synth:gpt2/L=2,d=64,h=2,vocab=1000 -p int8 -o tiny-int8",
    .opts = opts,
    .args_bytes = sizeof(struct quantize_args),
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
