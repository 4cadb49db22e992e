#include "model/export_gguf.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/file.h"
#include "model/checkpoint.h"
#include "model/gguf_family.h"
#include "model/gguf_tokenizer.h"
#include "model/gguf_write.h"
#include "model/half.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t CHUNK = (size_t)1 << 18; /* elements read at once */
constexpr size_t BLOCK = 32;              /* rows transposed at once: two cache lines of a column */

/* What is done to a weight on its way. */
enum form : uint8_t {
    VECTOR, /* F32 in every file, plus one where the family's norms say so */
    TABLE,  /* rows as they are */
    LINEAR, /* a row per output */
    ROTARY, /* a row per output, of queries or keys: see put_rotary() */
    ROTARY_VECTOR,
};

/* Written in this order; llama.cpp asks for tensors by name. */
static const struct row {
    enum checkpoint_weight weight;
    const char *name;
    enum form form;
    bool norm;
} rows[] = {
    {CHECKPOINT_TOKENS, "token_embd.weight", TABLE},
    {CHECKPOINT_POSITIONS, "position_embd.weight", VECTOR},
    {CHECKPOINT_FINAL_NORM, "output_norm.weight", VECTOR, .norm = true},
    {CHECKPOINT_FINAL_NORM_BIAS, "output_norm.bias", VECTOR},
    {CHECKPOINT_HEAD, "output.weight", TABLE},
    {CHECKPOINT_ATTN_NORM, "attn_norm.weight", VECTOR, .norm = true},
    {CHECKPOINT_ATTN_NORM_BIAS, "attn_norm.bias", VECTOR},
    {CHECKPOINT_QKV, "attn_qkv.weight", LINEAR},
    {CHECKPOINT_QKV_BIAS, "attn_qkv.bias", VECTOR},
    {CHECKPOINT_Q, "attn_q.weight", ROTARY},
    {CHECKPOINT_Q_BIAS, "attn_q.bias", ROTARY_VECTOR},
    {CHECKPOINT_K, "attn_k.weight", ROTARY},
    {CHECKPOINT_K_BIAS, "attn_k.bias", ROTARY_VECTOR},
    {CHECKPOINT_V, "attn_v.weight", LINEAR},
    {CHECKPOINT_V_BIAS, "attn_v.bias", VECTOR},
    {CHECKPOINT_Q_NORM, "attn_q_norm.weight", VECTOR, .norm = true},
    {CHECKPOINT_K_NORM, "attn_k_norm.weight", VECTOR, .norm = true},
    {CHECKPOINT_ATTN_OUT, "attn_output.weight", LINEAR},
    {CHECKPOINT_ATTN_OUT_BIAS, "attn_output.bias", VECTOR},
    {CHECKPOINT_ATTN_POST_NORM, "post_attention_norm.weight", VECTOR, .norm = true},
    {CHECKPOINT_FFN_NORM, "ffn_norm.weight", VECTOR, .norm = true},
    {CHECKPOINT_FFN_NORM_BIAS, "ffn_norm.bias", VECTOR},
    {CHECKPOINT_GATE, "ffn_gate.weight", LINEAR},
    {CHECKPOINT_GATE_BIAS, "ffn_gate.bias", VECTOR},
    {CHECKPOINT_UP, "ffn_up.weight", LINEAR},
    {CHECKPOINT_UP_BIAS, "ffn_up.bias", VECTOR},
    {CHECKPOINT_DOWN, "ffn_down.weight", LINEAR},
    {CHECKPOINT_DOWN_BIAS, "ffn_down.bias", VECTOR},
    {CHECKPOINT_FFN_POST_NORM, "post_ffw_norm.weight", VECTOR, .norm = true},
};

/* The precisions of a file's matrices; file_type is llama.cpp's number. */
static const struct kind {
    const char *precision, *dtype;
    enum gguf_write_type type;
    uint32_t file_type;
    bool (*narrow)(const float *x, size_t n, uint16_t *ret); /* nullptr: stays float32 */
} precisions[] = {
    {"fp32", "F32", GGUF_WRITE_F32, 0, nullptr},
    {"fp16", "F16", GGUF_WRITE_F16, 1, half_from_all},
    {"bf16", "BF16", GGUF_WRITE_BF16, 32, half_bf16_all},
};

struct writer {
    const struct checkpoint *m;
    struct gguf_write *out;
    struct export_report *report;
    const struct kind *kind;
};

struct item { /* one tensor of the file */
    const struct row *row;
    const struct safetensors_tensor *t;
    const char *name;
    const struct kind *kind;
    bool turned; /* stored [inputs, outputs] */
};

static const struct kind *kind_named(const char *precision)
{
    for (size_t i = 0; i < COUNT_OF(precisions); i++)
        if (strcmp(precisions[i].precision, precision) == 0)
            return &precisions[i];
    return nullptr;
}

bool export_gguf_knows(const char *precision)
{
    return kind_named(precision);
}

static enum err_code one(struct writer *w, const struct row *r, uint32_t layer,
                         enum err_code (*fn)(struct writer *, const struct item *, struct err *),
                         struct err *e)
{
    const struct safetensors_tensor *const t = checkpoint_weight(w->m, r->weight, layer);
    if (!t)
        return ERR_OK;
    char name[64];
    if (checkpoint_is_layered(r->weight))
        (void)snprintf(name, sizeof name, "blk.%u.%s", layer, r->name);
    else
        (void)snprintf(name, sizeof name, "%s", r->name);
    const bool narrow = r->form != VECTOR && r->form != ROTARY_VECTOR;
    const bool linear = r->form == LINEAR || r->form == ROTARY;
    return fn(w,
              &(struct item){.row = r,
                             .t = t,
                             .name = name,
                             .kind = narrow ? w->kind : &precisions[0],
                             .turned = linear && w->m->linear_in_out},
              e);
}

/* Every tensor of the file that the checkpoint has, in the file's order; stops where fn fails. */
static enum err_code each(struct writer *w,
                          enum err_code (*fn)(struct writer *, const struct item *, struct err *),
                          struct err *e)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (!checkpoint_is_layered(rows[i].weight) && one(w, &rows[i], 0, fn, e))
            return e->code;
    for (uint32_t l = 0; l < w->m->config.n_layers; l++)
        for (size_t i = 0; i < COUNT_OF(rows); i++)
            if (checkpoint_is_layered(rows[i].weight) && one(w, &rows[i], l, fn, e))
                return e->code;
    return ERR_OK;
}

static enum err_code announce(struct writer *w, const struct item *x, struct err *)
{
    const struct safetensors_tensor *const t = x->t;
    const bool flat = t->n_dims == 1, narrowed = x->kind->narrow;
    gguf_write_tensor(w->out, x->name, x->kind->type, flat || x->turned ? t->shape[0] : t->shape[1],
                      flat        ? 0
                      : x->turned ? t->shape[1]
                                  : t->shape[0]);
    const enum checkpoint_weight what = x->row->weight;
    const bool multiplied = checkpoint_is_linear(what) || what == CHECKPOINT_HEAD ||
                            (what == CHECKPOINT_TOKENS && w->m->tied);
    export_report_add(w->report, x->kind->dtype, t->n_elements, t->n_elements * (narrowed ? 2 : 4),
                      multiplied ? t->n_elements : 0);
    return ERR_OK;
}

static enum err_code put_floats(struct writer *w, const struct item *x, const float *f, size_t n,
                                struct err *e)
{
    if (!x->kind->narrow)
        return gguf_write_data(w->out, f, n * sizeof *f, e);
    uint16_t part[1024];
    for (size_t i = 0; i < n; i += COUNT_OF(part)) {
        const size_t m = n - i < COUNT_OF(part) ? n - i : COUNT_OF(part);
        if (!x->kind->narrow(f + i, m, part))
            return err_set(e, ERR_UNSUPPORTED, "'%s': %s holds a weight too large for %s",
                           w->m->file->path, x->t->name, x->kind->precision);
        if (gguf_write_data(w->out, part, m * sizeof *part, e))
            return e->code;
    }
    return ERR_OK;
}

static enum err_code put_as_is(struct writer *w, const struct item *x, struct err *e)
{
    CLEANUP(mem_free) float *f = malloc(CHUNK * sizeof *f);
    const float plus = x->row->norm && w->m->config.norm == HF_RMS_NORM_1P ? 1 : 0;
    if (!f)
        return err_set(e, ERR_LIMIT, "%s: no memory to read it", x->t->name);
    for (int64_t at = 0; at < x->t->n_elements; at += (int64_t)CHUNK) {
        const int64_t left = x->t->n_elements - at;
        const size_t n = left < (int64_t)CHUNK ? (size_t)left : CHUNK;
        if (safetensors_read(w->m->file, x->t, at, n, f, e))
            return e->code;
        for (size_t i = 0; plus != 0 && i < n; i++)
            f[i] += plus;
        if (put_floats(w, x, f, n, e))
            return e->code;
    }
    return ERR_OK;
}

/* [inputs, outputs] becomes a row of inputs per output. */
static enum err_code put_transposed(struct writer *w, const struct item *x, struct err *e)
{
    const struct safetensors_tensor *const t = x->t;
    const size_t n_in = (size_t)t->shape[0], n_out = (size_t)t->shape[1];
    CLEANUP(mem_free) float *f = malloc(n_in * n_out * sizeof *f);
    CLEANUP(mem_free) float *turned = malloc(BLOCK * n_in * sizeof *turned);
    if (!f || !turned)
        return err_set(e, ERR_LIMIT, "%s: no memory to transpose it", t->name);
    if (safetensors_read(w->m->file, t, 0, n_in * n_out, f, e))
        return e->code;
    for (size_t first = 0; first < n_out; first += BLOCK) {
        const size_t n = n_out - first < BLOCK ? n_out - first : BLOCK;
        for (size_t i = 0; i < n_in; i++)
            for (size_t j = 0; j < n; j++)
                turned[j * n_in + i] = f[i * n_out + first + j];
        if (put_floats(w, x, turned, n * n_in, e))
            return e->code;
    }
    return ERR_OK;
}

/* transformers rotates the rows i and i + D/2 of a head together, llama.cpp's Llama the rows 2i and
 * 2i + 1: row i goes to place 2i, row i + D/2 behind it. A vector is rows of one element. */
static enum err_code put_rotary(struct writer *w, const struct item *x, struct err *e)
{
    const size_t dim = w->m->config.head_dim;
    const size_t columns = x->t->n_dims == 1 ? 1 : (size_t)x->t->shape[1];
    const size_t head = dim * columns, heads = (size_t)x->t->n_elements / head;
    CLEANUP(mem_free) float *from = malloc(2 * head * sizeof *from);
    if (!from)
        return err_set(e, ERR_LIMIT, "%s: no memory for one of its heads", x->t->name);
    float *const to = from + head;
    for (size_t h = 0; h < heads; h++) {
        if (safetensors_read(w->m->file, x->t, (int64_t)(h * head), head, from, e))
            return e->code;
        for (size_t i = 0; i < dim; i++) {
            const size_t place = i < dim / 2 ? 2 * i : 2 * (i - dim / 2) + 1;
            memcpy(to + place * columns, from + i * columns, columns * sizeof *to);
        }
        if (put_floats(w, x, to, head, e))
            return e->code;
    }
    return ERR_OK;
}

static enum err_code put(struct writer *w, const struct item *x, struct err *e)
{
    const bool rotary = x->row->form == ROTARY || x->row->form == ROTARY_VECTOR;
    if (x->turned)
        return put_transposed(w, x, e);
    return rotary && gguf_family_interleaves(w->m) ? put_rotary(w, x, e) : put_as_is(w, x, e);
}

/* Llama 3's scaling, which llama.cpp takes as what to divide each frequency by. */
static bool has_divisors(const struct checkpoint *m)
{
    return !m->config.learned_positions && m->config.rope.kind == ROPE_LLAMA3;
}

static enum err_code put_divisors(struct writer *w, struct arena *a, struct err *e)
{
    const uint32_t half = w->m->config.head_dim / 2;
    float *const x = ARENA_ARRAY(a, float, half);
    rope_divisors(&w->m->config.rope, w->m->config.head_dim, x);
    return gguf_write_data(w->out, x, half * sizeof *x, e);
}

enum err_code export_gguf(const struct checkpoint *m, const char *precision, const char *path,
                          struct arena *a, struct export_report *r, struct err *e)
{
    CLEANUP(gguf_write_freep) struct gguf_write *out = gguf_write_new(a);
    struct writer w = {.m = m, .out = out, .report = r, .kind = kind_named(precision)};
    if (!w.kind)
        return err_set(e, ERR_UNSUPPORTED, "the GGUF export has fp32, fp16 and bf16, not %s",
                       precision);
    if (gguf_family_check(m, e))
        return e->code;
    gguf_family_put(m, m->config.synth ? m->config.synth : file_name_of(m->folder),
                    w.kind->file_type, out);
    if (gguf_tokenizer_write(out, m->folder, m->config.vocab_size, m->config.bos_token_id,
                             m->config.eos_token_id, a, e) ||
        each(&w, announce, e))
        return e->code;
    if (has_divisors(m)) /* no weight of the checkpoint: in no share */
        gguf_write_tensor(out, "rope_freqs.weight", GGUF_WRITE_F32, m->config.head_dim / 2, 0);
    if (gguf_write_begin(out, path, e) || each(&w, put, e) ||
        (has_divisors(m) && put_divisors(&w, a, e)))
        return e->code;
    int64_t bytes = 0;
    if (gguf_write_end(out, &bytes, e))
        return e->code;
    r->bytes += bytes;
    return ERR_OK;
}
