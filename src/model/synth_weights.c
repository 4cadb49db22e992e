/* The scales. GPT-2's own initialisation (0.02 everywhere) makes a model that repeats its last
 * token: the tied head sees the embedding that the residual stream still carries. Here
 *  - the branches outweigh the embedding: the variance of the residual stream grows by the same
 * factor in each layer, to 4d times that of the embedding, so that the cosine between the last
 * hidden state and the last token's embedding is about 1/(2 sqrt(d)), hardly more than any other
 * token's;
 *  - of that growth attention has the smaller part, or the average over the context would drown the
 *    last token and every continuation would end in one repeated word;
 *  - the rows of mlp.c_proj come in pairs of opposite sign, so that GELU's mean, which is not zero,
 *    cancels and does not add the same vector to every token in every layer;
 *  - the head's gain (ln_f.weight) gives the logits a standard deviation of 3: with 50,257 tokens
 * the best one has a probability of some 10 %, as in trained models, and the two best lie about 0.7
 *    apart, far above rounding;
 *  - attention's scores have a standard deviation of 1 and not more: the sharper its softmax, the
 *    more it amplifies from layer to layer what an engine rounds. With a gain of 1.5 (scores
 * of 2.25) llama.cpp's half-precision table of GELU alone grew to 1.2e-2 of the logits' deviation
 * in 12 layers; with 1 all that it rounds is 7e-3;
 *  - biases are not zero and layer-norm weights not one, so that a path that forgets them is found.
 */
#include "model/synth_weights.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/rng.h"
#include "io/file.h"
#include "model/safetensors_writer.h"

#include <math.h>

constexpr double EMBEDDING_STD = 0.02;
constexpr double BIAS_STD = 0.02;
constexpr double NORM_STD = 0.1; /* of the layer-norm weights around 1 */
constexpr double LOGITS_STD = 3;
constexpr double QKV_GAIN = 1;     /* attention scores with a standard deviation of 1 */
constexpr double VALUE_RMS = 0.6;  /* of attention's average, for values of 1 */
constexpr double GELU_STD = 0.587; /* of GELU(z), z standard normal, whose mean is 0.282 */
constexpr double LEAST_GROWTH = 1.3;
constexpr double MOST_ATTENTION = 0.5; /* attention's variance over that of the stream it joins */
constexpr uint32_t PER_LAYER = 12;

struct tensor {
    struct safetensors_tensor shape;
    double centre, std;
    bool paired; /* each odd row is the negative of the row before it */
};

static struct tensor *add(struct tensor **t, char *name, int64_t rows, int64_t columns,
                          double centre, double std)
{
    **t = (struct tensor){{.name = name,
                           .dtype = SAFETENSORS_F32,
                           .n_dims = rows ? 2 : 1,
                           .shape = {rows ? rows : columns, rows ? columns : 0},
                           .n_elements = (rows ? rows : 1) * columns},
                          centre,
                          std};
    return (*t)++;
}

/* The variance's factor from layer to layer: the L-th root of 2d (token and position make 2 of the
 * 4d), by bisection, because pow() may differ in its last bit between machines. */
static double growth_of(const struct synth_spec *s)
{
    double low = LEAST_GROWTH, high = 2.0 * s->d_model;
    for (int step = 0; step < 60 && low < high; step++) {
        const double middle = (low + high) / 2;
        double power = 1;
        for (uint32_t i = 0; i < s->n_layers && power < 2.0 * s->d_model; i++)
            power *= middle;
        if (power < 2.0 * s->d_model)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* *stream: the variance of the residual stream before this layer, and after it. */
static void add_layer(struct tensor **t, const struct synth_spec *s, uint32_t layer, double growth,
                      double *stream, struct arena *a)
{
    const int64_t d = s->d_model;
    const double in = 1 / sqrt((double)d);
    const double share = fmin(MOST_ATTENTION, (growth - 1) / 8);
    const double attention = sqrt(share * *stream);
    const double mlp = sqrt((growth - 1 - share) * *stream);
    *stream *= growth;
    static const char paired[] = "mlp.c_proj.weight";
    const struct {
        const char *name;
        int64_t rows, columns;
        double centre, std;
    } rows[PER_LAYER] = {
        {"ln_1.weight", 0, d, 1, NORM_STD},
        {"ln_1.bias", 0, d, 0, BIAS_STD},
        {"attn.c_attn.weight", d, 3 * d, 0, QKV_GAIN * in},
        {"attn.c_attn.bias", 0, 3 * d, 0, BIAS_STD},
        {"attn.c_proj.weight", d, d, 0, attention * in / (QKV_GAIN * VALUE_RMS)},
        {"attn.c_proj.bias", 0, d, 0, attention * BIAS_STD},
        {"ln_2.weight", 0, d, 1, NORM_STD},
        {"ln_2.bias", 0, d, 0, BIAS_STD},
        {"mlp.c_fc.weight", d, 4 * d, 0, in},
        {"mlp.c_fc.bias", 0, 4 * d, 0, BIAS_STD},
        {paired, 4 * d, d, 0, mlp * in / (2 * GELU_STD)},
        {"mlp.c_proj.bias", 0, d, 0, mlp * BIAS_STD},
    };
    for (uint32_t i = 0; i < PER_LAYER; i++)
        add(t, arena_printf(a, "transformer.h.%u.%s", layer, rows[i].name), rows[i].rows,
            rows[i].columns, rows[i].centre, rows[i].std)
            ->paired = rows[i].name == paired;
}

static size_t list_tensors(const struct synth_spec *s, struct arena *a, struct tensor **ret)
{
    struct tensor *const all = ARENA_ARRAY(a, struct tensor, 4 + (size_t)s->n_layers * PER_LAYER);
    struct tensor *t = all;
    const int64_t d = s->d_model;
    const double growth = growth_of(s);
    double stream = 2 * EMBEDDING_STD * EMBEDDING_STD;
    const double gain = LOGITS_STD / (EMBEDDING_STD * sqrt((double)d));
    add(&t, arena_strdup(a, "transformer.wte.weight"), s->vocab_size, d, 0, EMBEDDING_STD);
    add(&t, arena_strdup(a, "transformer.wpe.weight"), s->n_ctx, d, 0, EMBEDDING_STD);
    for (uint32_t i = 0; i < s->n_layers; i++)
        add_layer(&t, s, i, growth, &stream, a);
    add(&t, arena_strdup(a, "transformer.ln_f.weight"), 0, d, gain, gain * NORM_STD);
    add(&t, arena_strdup(a, "transformer.ln_f.bias"), 0, d, 0, BIAS_STD);
    *ret = all;
    return (size_t)(t - all);
}

static uint64_t hash_of(const char *name) /* FNV-1a */
{
    uint64_t h = 0xcbf29ce484222325U;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 0x100000001b3U;
    return h;
}

static void draw(const struct tensor *t, struct rng *r, float *x, size_t n)
{
    /* A sum of four uniform words has variance 4 (65536^2 - 1) / 12. */
    const double scale = t->std / sqrt((65536.0 * 65536.0 - 1) / 3);
    for (size_t i = 0; i < n; i++) {
        const uint64_t w = rng_u64(r);
        const int32_t sum =
            (int32_t)((w & 0xffff) + (w >> 16 & 0xffff) + (w >> 32 & 0xffff) + (w >> 48));
        const double offset = scale * (sum - 131'070);
        x[i] = (float)(t->centre + offset);
    }
}

static enum err_code write_tensor(const struct tensor *t, uint64_t seed,
                                  struct safetensors_writer *w, struct err *e)
{
    static_assert(SYNTH_MOST_WIDTH * sizeof(float) <= 1U << 18, "a row must fit the stack");
    float part[SYNTH_MOST_WIDTH];
    struct rng r;
    rng_init(&r, rng_derive(seed, hash_of(t->shape.name)));
    const size_t most = t->paired ? (size_t)t->shape.shape[1] : COUNT_OF(part);
    for (int64_t done = 0; done < t->shape.n_elements;) {
        const int64_t left = t->shape.n_elements - done;
        const size_t n = left < (int64_t)most ? (size_t)left : most;
        draw(t, &r, part, n);
        if (safetensors_writer_add(w, part, n * sizeof *part, e))
            return e->code;
        done += (int64_t)n;
        if (!t->paired)
            continue;
        for (size_t i = 0; i < n; i++)
            part[i] = -part[i];
        if (safetensors_writer_add(w, part, n * sizeof *part, e))
            return e->code;
        done += (int64_t)n;
    }
    return ERR_OK;
}

enum err_code synth_weights_write(const struct synth_spec *s, const char *folder, struct arena *a,
                                  struct err *e)
{
    struct tensor *t;
    const size_t n = list_tensors(s, a, &t);
    struct safetensors_tensor *const shapes = ARENA_ARRAY(a, struct safetensors_tensor, n);
    for (size_t i = 0; i < n; i++)
        shapes[i] = t[i].shape;
    CLEANUP(safetensors_writer_freep) struct safetensors_writer *w = nullptr;
    if (safetensors_writer_open(file_join(a, folder, "model.safetensors"), shapes, n, a, &w, e))
        return e->code;
    for (size_t i = 0; i < n; i++)
        if (write_tensor(&t[i], s->seed, w, e))
            return e->code;
    return safetensors_writer_commit(w, e);
}
