#include "base/arena.h"
#include "base/str.h"
#include "cli/calibrate.h"
#include "cli/cmd_model.h"
#include "cli/export_text.h"
#include "io/file.h"
#include "io/jsonw.h"
#include "model/export.h"
#include "model/resolve.h"

#include <stdio.h>
#include <string.h>

static const char *const formats[] = {"onnx", "gguf", nullptr};
static const char *const forms[] = {"dynamic", "row", "qdq", nullptr};
enum form : unsigned { FORM_DYNAMIC, FORM_ROW, FORM_QDQ };

struct export_args {
    unsigned format, form;
    const char *precision, *out, *calibrate;
};

/* clang-format off */
static const struct opt opts[] = {
    {OPT_CHOICE, 'f', "format", "FORMAT", "onnx", "what to make",
     FIELD_OF(struct export_args, format, unsigned), .choice = formats},
    {OPT_STR, 'p', "precision", "P", "fp32",
     "of the weights: fp32; ONNX: fp16, int8, int4; GGUF: fp16, bf16, int8 (= q8_0), int4 (= q4_0), q6_k, q4_k_m ...",
     FIELD_OF(struct export_args, precision, const char *)},
    {OPT_STR, 'o', "output", "PATH", nullptr,
     "folder (onnx) or file (gguf) to make; without it NAME-PRECISION.onnx or .gguf here",
     FIELD_OF(struct export_args, out, const char *)},
    {OPT_CHOICE, 0, "form", "FORM", "dynamic",
     "of int8 in ONNX, the activations' scale: dynamic, one per forward; row, one per token; qdq, static",
     FIELD_OF(struct export_args, form, unsigned), .choice = forms},
    {OPT_STR, 0, "calibrate", "FILE", nullptr,
     "text that qdq's scales are found with, held-out text best; without it seeded random tokens",
     FIELD_OF(struct export_args, calibrate, const char *)},
    {},
};
/* clang-format on */

static const char *default_out(struct arena *a, const struct model_facts *m,
                               const struct export_args *args)
{
    char *const name = arena_strdup(a, file_name_of(m->path));
    return arena_printf(a, "%s-%s.%s", name, args->precision, formats[args->format]);
}

static void print_json(const struct model_facts *m, const struct export_args *args,
                       const struct onnx_ranges *ranges, const struct export_report *r)
{
    CLEANUP(str_done) struct str out = {};
    struct jsonw w = {.out = &out, .pretty = true};
    jsonw_object(&w);
    jsonw_kstr(&w, "schema", "chimera.model.export/1");
    jsonw_kstr(&w, "chimera_version", CHIMERA_VERSION);
    jsonw_kstr(&w, "source", m->path);
    jsonw_kstr(&w, "format", formats[args->format]);
    jsonw_kstr(&w, "precision", args->precision);
    jsonw_kstr(&w, "form", args->form == FORM_DYNAMIC ? nullptr : forms[args->form]);
    jsonw_kstr(&w, "calibrated_on", ranges->from);
    jsonw_kstr(&w, "path", r->path);
    jsonw_ki64(&w, "bytes", r->bytes);
    jsonw_kf64(&w, "made_ms", r->ms);
    export_report_json(r, &w);
    jsonw_end_object(&w);
    puts(str_text(&out));
}

static enum err_code make(const struct model_facts *m, const struct export_args *args,
                          const char *out, struct arena *a, struct onnx_ranges *ranges,
                          struct export_report *r, struct err *e)
{
    if (args->form == FORM_DYNAMIC)
        return export_make(m->path, args->format == 0 ? EXPORT_ONNX : EXPORT_GGUF, args->precision,
                           out, a, r, e);
    if (args->form == FORM_ROW)
        return export_make_form(m->path, "int8-row", nullptr, out, a, r, e);
    if (calibrate(m, args->calibrate, out, a, ranges, e))
        return e->code;
    return export_make_form(m->path, "int8-qdq", ranges, out, a, r, e);
}

static enum err_code check_words(const struct export_args *args, struct err *e)
{
    if (strchr(args->precision, '-'))
        return err_set(e, ERR_USAGE, "--precision: no precision '%s'; a form has an option, --form",
                       args->precision);
    if (args->form != FORM_DYNAMIC && (args->format != 0 || strcmp(args->precision, "int8") != 0))
        return err_set(e, ERR_USAGE, "--form %s is a form of int8 in ONNX: add --precision int8",
                       forms[args->form]);
    if (args->calibrate && args->form != FORM_QDQ)
        return err_set(e, ERR_USAGE,
                       "--calibrate is for --form qdq, which alone has static scales");
    return ERR_OK;
}

static enum err_code run(struct cli *cli, const void *given, const struct opt_list *operands, int *,
                         struct err *e)
{
    const struct export_args *const args = given;
    struct model_facts m = {};
    struct export_report r = {};
    if (check_words(args, e) || resolve_model(operands->items[0], nullptr, true, cli->arena, &m, e))
        return e->code;
    if (m.kind == MODEL_MISSING)
        return err_set(e, ERR_UNAVAILABLE, "%s", m.why_missing);
    if (m.kind != MODEL_HF)
        return err_set(e, ERR_UNSUPPORTED, "'%s' is no Hugging Face folder; only such is exported",
                       m.name);
    const char *const out = args->out ? args->out : default_out(cli->arena, &m, args);
    struct onnx_ranges ranges = {};
    if (make(&m, args, out, cli->arena, &ranges, &r, e))
        return e->code;
    if (cli->json)
        print_json(&m, args, &ranges, &r);
    else
        export_text_print(&r);
    if (!cli->json && ranges.from)
        printf("calibrated on %s\n", ranges.from);
    return ERR_OK;
}

const struct command cmd_model_export = {
    .name = "export",
    .operands = "MODEL",
    .summary = "turn a Hugging Face folder into ONNX or GGUF",
    .about =
        "MODEL is a Hugging Face folder or a synth: name. ONNX: one\n"
        "graph for prefill and decoding with a KV cache, any batch and length, weights beside it.\n"
        "GGUF: what llama.cpp loads. Weights are streamed, so that a model larger than the memory\n"
        "can be exported. int8 in ONNX is int8 in every linear layer, the head and the token\n"
        "table; int4 is blocks of 32 in the layers; fp16 is for GPUs, CPUs compute it in fp32.\n"
        "--form qdq is what TensorRT and OpenVINO build int8 from: scales of the activations are\n"
        "found by running the model on a text. The shares that are printed were counted while\n"
        "writing. What it was made from is recorded, with digests: in chimera.json, or in\n"
        "FILE.gguf.json; a run compares it with what lies there then. Written beside its place\n"
        "and renamed: after a failure nothing is left.",
    .examples = "  chimera model export synth:gpt2/L=2,d=64,h=2 --format onnx -o tiny-onnx\n"
                "  chimera model export synth:gpt2/L=2,d=64,h=2 --format gguf -o tiny.gguf\n"
                "  chimera model export synth:gpt2/L=2,d=64,h=2 -p int8 --form qdq -o tiny-qdq",
    .opts = opts,
    .args_bytes = sizeof(struct export_args),
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};
