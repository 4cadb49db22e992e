/* The synthetic engine: a latency law with a known truth, and faults on demand, to calibrate the
 * lab. A token is a byte of text; the answer depends on the prompt and the seed alone. Waiting is
 * to absolute deadlines, each from the last, so that the sum of a request's steps is the law's sum.
 */
#include "backend/engine.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/nearest.h"
#include "base/noise.h"
#include "base/rng.h"
#include "base/str.h"
#include "io/json.h"
#include "io/jsonw.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

constexpr nsec_t SPIN = 60'000; /* the end of a wait is spun: the kernel wakes late */
constexpr uint32_t MOST_BATCH = 1024;
constexpr size_t LONGEST_WORD = 64;

struct law {
    double prefill_ms, per_prompt_token_ms, decode_ms, per_context_token_ms, load_ms;
    struct noise noise, invocation_noise;
    struct noise_requests requests;
    double seed;
    double slow_start, slow_requests; /* the first requests take this times as long */
    double drift_percent;             /* added at each request */
    double crash_at, abort_at, hang_at, fail_at, memory_at, memory_mb;
    bool zero, fail_load;
};

enum key_type : uint8_t { KEY_NUMBER, KEY_PAIR, KEY_NOISE, KEY_FLAG };

static const struct key {
    const char *name;
    enum key_type type;
    size_t first, second;
} keys[] = {
    {"prefill_ms", KEY_NUMBER, offsetof(struct law, prefill_ms), 0},
    {"per_prompt_token_ms", KEY_NUMBER, offsetof(struct law, per_prompt_token_ms), 0},
    {"decode_ms", KEY_NUMBER, offsetof(struct law, decode_ms), 0},
    {"per_context_token_ms", KEY_NUMBER, offsetof(struct law, per_context_token_ms), 0},
    {"load_ms", KEY_NUMBER, offsetof(struct law, load_ms), 0},
    {"noise", KEY_NOISE, offsetof(struct law, noise), 0},
    {"request_noise", KEY_NOISE, offsetof(struct law, requests.noise), 0},
    {"invocation_noise", KEY_NOISE, offsetof(struct law, invocation_noise), 0},
    {"seed", KEY_NUMBER, offsetof(struct law, seed), 0},
    {"slow_start", KEY_PAIR, offsetof(struct law, slow_start), offsetof(struct law, slow_requests)},
    {"persistence", KEY_NUMBER, offsetof(struct law, requests.persistence), 0},
    {"bimodal", KEY_PAIR, offsetof(struct law, requests.slow_share),
     offsetof(struct law, requests.slow_factor)},
    {"drift", KEY_NUMBER, offsetof(struct law, drift_percent), 0},
    {"crash_at", KEY_NUMBER, offsetof(struct law, crash_at), 0},
    {"abort_at", KEY_NUMBER, offsetof(struct law, abort_at), 0},
    {"hang_at", KEY_NUMBER, offsetof(struct law, hang_at), 0},
    {"fail_at", KEY_NUMBER, offsetof(struct law, fail_at), 0},
    {"memory_mb_at", KEY_PAIR, offsetof(struct law, memory_at), offsetof(struct law, memory_mb)},
    {"zero", KEY_FLAG, offsetof(struct law, zero), 0},
    {"fail_load", KEY_FLAG, offsetof(struct law, fail_load), 0},
};

struct session {
    struct law law;
    struct rng rng;
    double invocation_factor, factor; /* of this worker, of this request */
    nsec_t deadline;
    uint64_t seed, request;
    uint32_t n, position;
    uint64_t hash[MOST_BATCH];
};

/* ---- the law's text: key=value, separated by commas ---- */

static enum err_code number(const char *key, const char *text, double *ret, struct err *e)
{
    char *end;
    const double x = strtod(text, &end);
    if (end == text || (*end && *end != ':') || !isfinite(x) || x < 0)
        return err_set(e, ERR_USAGE, "synthetic: %s: '%s' is not a number of at least 0", key,
                       text);
    *ret = x;
    return ERR_OK;
}

static enum err_code noise(const char *key, const char *text, struct noise *ret, struct err *e)
{
    static const char *const kinds[] = {"none", "normal", "lognormal"};
    const size_t length = strcspn(text, ":");
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (strlen(kinds[i]) == length && memcmp(kinds[i], text, length) == 0) {
            ret->kind = (enum noise_kind)i;
            if (i == NOISE_NONE && !text[length])
                return ERR_OK;
            if (i != NOISE_NONE && text[length])
                return number(key, text + length + 1, &ret->sigma, e);
        }
    return err_set(e, ERR_USAGE, "synthetic: %s: '%s': want none, normal:SIGMA or lognormal:SIGMA",
                   key, text);
}

static enum err_code set(struct law *law, const char *name, const char *value, struct err *e)
{
    const char *names[COUNT_OF(keys)];
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const struct key *const k = &keys[i];
        names[i] = k->name;
        if (strcmp(k->name, name) != 0)
            continue;
        char *const base = (char *)law;
        if (k->type == KEY_FLAG) {
            if (*value && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
                return err_set(e, ERR_USAGE, "synthetic: %s takes no value", name);
            *(bool *)(base + k->first) = strcmp(value, "false") != 0;
            return ERR_OK;
        }
        if (!*value)
            return err_set(e, ERR_USAGE, "synthetic: %s needs a value: %s=...", name, name);
        if (k->type == KEY_NOISE)
            return noise(name, value, (struct noise *)(base + k->first), e);
        const char *const colon = strchr(value, ':');
        if (k->type == KEY_NUMBER && colon)
            return err_set(e, ERR_USAGE, "synthetic: %s: '%s' is not one number", name, value);
        if (number(name, value, (double *)(base + k->first), e))
            return e->code;
        return colon ? number(name, colon + 1, (double *)(base + k->second), e) : ERR_OK;
    }
    const char *const near = nearest_word(name, names, COUNT_OF(names));
    return near ? err_set(e, ERR_USAGE, "synthetic: no such key '%s'; did you mean '%s'?", name,
                          near)
                : err_set(e, ERR_USAGE, "synthetic: no such key '%s'", name);
}

static enum err_code parse_text(struct law *law, const char *text, struct err *e)
{
    while (*text) {
        text += strspn(text, ", \t\n");
        const size_t length = strcspn(text, ", \t\n");
        char word[LONGEST_WORD];
        if (length >= sizeof word)
            return err_set(e, ERR_USAGE, "synthetic: '%.40s...' is too long", text);
        memcpy(word, text, length);
        word[length] = '\0';
        text += length;
        if (length == 0)
            break;
        char *const equals = strchr(word, '=');
        if (equals)
            *equals = '\0';
        if (set(law, word, equals ? equals + 1 : "", e))
            return e->code;
    }
    return ERR_OK;
}

/* The text stands under `synthetic`; the keys may also stand in the options by themselves. */
static enum err_code parse(struct law *law, const struct json *options, struct err *e)
{
    *law = (struct law){.prefill_ms = 5,
                        .per_prompt_token_ms = 0.1,
                        .decode_ms = 2,
                        .slow_start = 1,
                        .slow_requests = 1,
                        .requests.slow_factor = 1};
    if (parse_text(law, json_str(json_get(options, "synthetic"), ""), e))
        return e->code;
    struct json_iter it = json_iter(options);
    const char *key;
    for (const struct json *v; (v = json_next(&it, &key));) {
        char text[LONGEST_WORD];
        if (!key || strcmp(key, "synthetic") == 0)
            continue;
        if (json_is_num(v))
            (void)snprintf(text, sizeof text, "%.17g", json_f64(v, 0));
        else if (json_is_str(v))
            (void)snprintf(text, sizeof text, "%s", json_str(v, ""));
        else
            (void)snprintf(text, sizeof text, "%s", json_bool(v, false) ? "true" : "false");
        if (set(law, key, text, e))
            return e->code;
    }
    if (law->requests.slow_share > 1)
        return err_set(e, ERR_USAGE, "synthetic: bimodal: a share of %g is more than 1",
                       law->requests.slow_share);
    if (law->requests.persistence >= 1)
        return err_set(e, ERR_USAGE, "synthetic: persistence: %g is not below 1",
                       law->requests.persistence);
    return ERR_OK;
}

/* ---- time ---- */

static void wait_until(nsec_t deadline)
{
    const nsec_t wake = deadline - SPIN;
    if (wake > clock_now()) {
        const struct timespec at = {.tv_sec = wake / 1'000'000'000,
                                    .tv_nsec = wake % 1'000'000'000};
        while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr) == EINTR)
            ;
    }
    while (clock_now() < deadline)
        ;
}

static void take(struct session *s, double ms)
{
    if (s->law.zero)
        return;
    s->deadline += (nsec_t)(ms * s->factor * noise_draw(&s->law.noise, &s->rng) * 1e6);
    wait_until(s->deadline);
}

/* ---- faults ---- */

static void eat_memory(double mb)
{
    constexpr size_t MB = 1U << 20;
    for (uint64_t i = 0; i < (uint64_t)mb; i++) {
        volatile char *const p = malloc(MB); /* kept: that is the fault */
        for (size_t at = 0; p && at < MB; at += 4096)
            p[at] = 1;
        if (!p)
            return;
        clock_sleep(100'000); /* a watcher can see it grow */
    }
}

static enum err_code faults(const struct session *s, struct err *e)
{
    const double request = (double)s->request;
    if (request == s->law.crash_at) {
        (void)signal(SIGSEGV, SIG_DFL);
        (void)raise(SIGSEGV);
    }
    if (request == s->law.abort_at) {
        (void)signal(SIGABRT, SIG_DFL);
        (void)raise(SIGABRT);
    }
    while (request == s->law.hang_at)
        (void)pause();
    if (request == s->law.memory_at)
        eat_memory(s->law.memory_mb);
    if (request == s->law.fail_at)
        return err_set(e, ERR_BACKEND, "synthetic: fails at request %llu, as asked",
                       (unsigned long long)s->request);
    return ERR_OK;
}

/* ---- slots ---- */

static enum err_code available(bool, struct backend_found *ret, struct err *)
{
    *ret = (struct backend_found){.version = CHIMERA_VERSION, .detail = "built in"};
    return ERR_OK;
}

static enum err_code open_session(const struct engine_load *load, struct arena *a,
                                  struct session **ret, struct engine_about *about, struct err *e)
{
    struct session *const s = ARENA_ARRAY(a, struct session, 1);
    if (parse(&s->law, load->options, e))
        return e->code;
    if (s->law.fail_load)
        return err_set(e, ERR_BACKEND, "synthetic: fails to load, as asked");
    s->seed = rng_derive(load->seed, (uint64_t)s->law.seed);
    rng_init(&s->rng, s->seed);
    s->invocation_factor = noise_draw(&s->law.invocation_noise, &s->rng);
    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    clock_sleep((nsec_t)(s->law.load_ms * 1e6));
    *about = (struct engine_about){.name = "synthetic",
                                   .version = CHIMERA_VERSION,
                                   .device = "none",
                                   .architecture = "synthetic",
                                   .n_params = -1,
                                   .vocab_size = 256,

                                   .threads = 1,
                                   .compile_ms = NOT_MEASURED};
    *ret = s;
    return ERR_OK;
}

static void close_session(struct session *) {}

static enum err_code tokenize(struct session *, const char *text, size_t bytes, int32_t *ids,
                              uint32_t room, uint32_t *ret_n, struct err *)
{
    const uint32_t n = bytes < room ? (uint32_t)bytes : room;
    for (uint32_t i = 0; i < n; i++)
        ids[i] = (unsigned char)text[i];
    *ret_n = n;
    return ERR_OK;
}

static enum err_code detokenize(struct session *, const int32_t *ids, uint32_t n, struct str *out,
                                struct err *)
{
    for (uint32_t i = 0; i < n; i++)
        str_putc(out, (char)ids[i]);
    return ERR_OK;
}

static int32_t eos(const struct session *)
{
    return -1;
}

static enum err_code reserve(struct session *, uint32_t n, uint32_t, struct err *e)
{
    if (n > MOST_BATCH)
        return err_set(e, ERR_USAGE, "synthetic: a batch of %u; at most %u", n, MOST_BATCH);
    return ERR_OK;
}

static void new_request(struct session *s)
{
    struct law *const law = &s->law;
    s->request++;
    s->factor = s->invocation_factor * noise_next(&law->requests, &s->rng) *
                (1 + law->drift_percent / 100 * (double)(s->request - 1));
    if ((double)s->request <= law->slow_requests)
        s->factor *= law->slow_start;
}

static enum err_code prefill(struct session *s, const struct engine_batch *prompts,
                             uint32_t *ret_padding, struct err *e)
{
    s->deadline = clock_now();
    new_request(s);
    if (faults(s, e))
        return e->code;
    uint32_t tokens = 0, longest = 0;
    s->n = prompts->n;
    for (uint32_t k = 0; k < prompts->n; k++) {
        uint64_t hash = s->seed;
        for (uint32_t i = 0; i < prompts->n_ids[k]; i++)
            hash = rng_derive(hash, (uint64_t)prompts->ids[k][i]);
        s->hash[k] = hash;
        tokens += prompts->n_ids[k];
        longest = prompts->n_ids[k] > longest ? prompts->n_ids[k] : longest;
    }
    s->position = longest;
    *ret_padding = longest * prompts->n - tokens;
    take(s, s->law.prefill_ms + s->law.per_prompt_token_ms * tokens);
    return ERR_OK;
}

static enum err_code step(struct session *s, const int32_t *, struct err *)
{
    take(s, s->law.decode_ms + s->law.per_context_token_ms * s->position++);
    return ERR_OK;
}

static int32_t choose(struct session *s, uint32_t sequence)
{
    s->hash[sequence] = rng_derive(s->hash[sequence], 1);
    return (int32_t)(' ' + s->hash[sequence] % 95); /* printable */
}

static void evidence(struct session *s, struct jsonw *w)
{
    const struct law *const law = &s->law;
    jsonw_kbool(w, "synthetic", true);
    jsonw_kobject(w, "law");
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const char *const base = (const char *)law;
        const struct key *const k = &keys[i];
        jsonw_key(w, k->name);
        if (k->type == KEY_FLAG) {
            jsonw_bool(w, *(const bool *)(base + k->first));
        } else if (k->type == KEY_NOISE) {
            const struct noise *const n = (const struct noise *)(base + k->first);
            char text[48];
            (void)snprintf(text, sizeof text, "%s:%g",
                           n->kind == NOISE_NORMAL      ? "normal"
                           : n->kind == NOISE_LOGNORMAL ? "lognormal"
                                                        : "none",
                           n->sigma);
            jsonw_str(w, text);
        } else if (k->type == KEY_PAIR) {
            jsonw_array(w);
            jsonw_f64(w, *(const double *)(base + k->first));
            jsonw_f64(w, *(const double *)(base + k->second));
            jsonw_end_array(w);
        } else {
            jsonw_f64(w, *(const double *)(base + k->first));
        }
    }
    jsonw_end_object(w);
}

const struct engine backend_synthetic = {
    .name = "synthetic",
    .available = available,
    .open = open_session,
    .close = close_session,
    .tokenize = tokenize,
    .detokenize = detokenize,
    .eos = eos,
    .reserve = reserve,
    .prefill = prefill,
    .step = step,
    .choose = choose,
    .evidence = evidence,
};
