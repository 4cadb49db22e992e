#include "model/hf_rope.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/json.h"
#include "model/hf_config.h"
#include "model/hf_family.h"
#include "model/hf_reader.h"

#include <string.h>

constexpr double LEAST_THETA = 1;

static void refuse(struct hf_config *c, const char *why)
{
    if (!c->unsupported)
        c->unsupported = why;
}

static bool kind_of(const char *name, enum rope_kind *ret)
{
    for (enum rope_kind k = ROPE_DEFAULT; k <= ROPE_YARN; k++)
        if (strcmp(rope_kind_name(k), name) == 0) {
            *ret = k;
            return true;
        }
    return false;
}

/* The numbers that a kind cannot do without, with the key's name in the message. */
static enum err_code need(const struct hf_reader *r, const char *key, double least, double *ret,
                          struct err *e)
{
    const char *const names[] = {key, nullptr};
    if (hf_reader_number(r, names, least, 0, ret, e))
        return e->code;
    const char *unused;
    if (hf_reader_find(r, names, &unused))
        return ERR_OK;
    return err_set(e, ERR_PARSE, "%s: the rope settings lack '%s', which their rope_type needs",
                   r->path, key);
}

static enum err_code read_yarn(const struct hf_reader *r, struct rope *p, struct err *e)
{
    static const char *const fast[] = {"beta_fast", nullptr},
                             *const slow[] = {"beta_slow", nullptr},
                             *const scale[] = {"mscale", nullptr},
                             *const scale_all[] = {"mscale_all_dim", nullptr},
                             *const attention[] = {"attention_factor", nullptr};
    double mscale = 0, mscale_all = 0;
    if (hf_reader_number(r, fast, 0, 0, &p->beta_fast, e) ||
        hf_reader_number(r, slow, 0, 0, &p->beta_slow, e) ||
        hf_reader_number(r, scale, 0, 0, &mscale, e) ||
        hf_reader_number(r, scale_all, 0, 0, &mscale_all, e) ||
        hf_reader_number(r, attention, 0, rope_yarn_attention(p->factor, mscale, mscale_all),
                         &p->attention_factor, e) ||
        hf_reader_bool(r, "truncate", true, &p->truncate, e))
        return e->code;
    if (p->beta_fast == 0) /* transformers' defaults, for a 0 too */
        p->beta_fast = 32;
    if (p->beta_slow == 0)
        p->beta_slow = 1;
    return ERR_OK;
}

/* r->root: one object of settings, or null for the plain kind. */
static enum err_code read_one(const struct hf_reader *r, double theta, struct arena *a,
                              struct hf_config *c, struct rope *ret, struct err *e)
{
    static const char *const kinds[] = {"rope_type", "type", nullptr};
    static const char *const thetas[] = {"rope_theta", nullptr};
    static const char *const originals[] = {"original_max_position_embeddings", nullptr};
    static const char *const parts[] = {"partial_rotary_factor", nullptr};
    struct rope p = {.attention_factor = 1, .factor = 1};
    const char *name = nullptr;
    double part = 1;
    if (hf_reader_name(r, kinds, "default", a, &name, e) ||
        hf_reader_number(r, thetas, LEAST_THETA, theta, &p.theta, e) ||
        hf_reader_number(r, parts, 0, 1, &part, e) ||
        hf_reader_count(r, originals, c->n_ctx, &p.original_ctx, e))
        return e->code;
    if (part != 1)
        refuse(c, arena_printf(a,
                               "a rotary embedding of a part of each head "
                               "(partial_rotary_factor %g)",
                               part));
    if (!kind_of(name, &p.kind))
        refuse(c, arena_printf(a,
                               "the rope_type '%s'; known are default, linear, dynamic, llama3 "
                               "and yarn",
                               name));
    if (p.kind != ROPE_DEFAULT && need(r, "factor", 1, &p.factor, e))
        return e->code;
    if (p.kind == ROPE_LLAMA3 && (need(r, "low_freq_factor", 0, &p.low_freq_factor, e) ||
                                  need(r, "high_freq_factor", 0, &p.high_freq_factor, e)))
        return e->code;
    if (p.kind == ROPE_LLAMA3 && !(p.high_freq_factor > p.low_freq_factor && p.low_freq_factor > 0))
        return err_set(e, ERR_PARSE,
                       "%s:%u: 'high_freq_factor' must be greater than 'low_freq_factor', and that "
                       "greater than 0",
                       r->path, hf_reader_line(r, "high_freq_factor"));
    if (p.kind == ROPE_YARN && read_yarn(r, &p, e))
        return e->code;
    *ret = p;
    return ERR_OK;
}

static enum err_code settings_of(const struct hf_reader *r, const struct json **ret, struct err *e)
{
    static const char *const keys[] = {"rope_scaling", "rope_parameters", nullptr};
    const char *key = nullptr;
    *ret = hf_reader_find(r, keys, &key);
    if (*ret && !json_is_object(*ret))
        return err_set(e, ERR_PARSE, "%s:%u: '%s' must be an object", r->path,
                       hf_reader_line(r, key), key);
    return ERR_OK;
}

/* Gemma 3: transformers 5 nests the settings by layer type; before, rope_scaling was that of the
 * global layers, and rope_local_base_freq the other's theta. */
static enum err_code read_both(const struct hf_reader *r, const struct json *settings, double theta,
                               double local, struct arena *a, struct hf_config *c, struct err *e)
{
    struct hf_reader global = *r, near = *r;
    const bool nested =
        json_get(settings, "full_attention") || json_get(settings, "sliding_attention");
    const bool old = json_is_object(json_get(r->root, "rope_scaling"));
    global.root = nested ? json_get(settings, "full_attention") : old ? settings : nullptr;
    near.root = nested ? json_get(settings, "sliding_attention") : nullptr;
    return read_one(&global, theta, a, c, &c->rope, e)
               ? e->code
               : read_one(&near, local, a, c, &c->rope_local, e);
}

enum err_code hf_rope_read(const struct hf_reader *r, const struct hf_family *f, struct arena *a,
                           struct hf_config *c, struct err *e)
{
    static const char *const thetas[] = {"rope_theta", nullptr};
    static const char *const locals[] = {"rope_local_base_freq", nullptr};
    const struct json *settings = nullptr;
    double theta = 0, local = 0;
    if (settings_of(r, &settings, e) ||
        hf_reader_number(r, thetas, LEAST_THETA, f->theta, &theta, e) ||
        hf_reader_number(r, locals, LEAST_THETA, f->theta_local, &local, e))
        return e->code;
    if (f->theta_local != 0)
        return read_both(r, settings, theta, local, a, c, e);
    struct hf_reader one = *r;
    one.root = settings;
    if (read_one(&one, theta, a, c, &c->rope, e))
        return e->code;
    c->rope_local = c->rope;
    return ERR_OK;
}
