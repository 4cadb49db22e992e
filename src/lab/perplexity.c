#include "lab/perplexity.h"

#include "base/arena.h"
#include "base/clock.h"
#include "io/digest.h"
#include "io/file.h"
#include "io/json.h"
#include "lab/logits_folder.h"
#include "lab/perplexity_worker.h"
#include "num/moment.h"
#include "num/softmax.h"

#include <math.h>
#include <string.h>

constexpr size_t MEMORY = (size_t)8 << 30;
constexpr uint32_t MOST_AT_ONCE = 16;  /* windows of one request */
constexpr uint32_t MOST_TOKENS = 2048; /* of them, unless one window has more: an answer has to
                                        * come within its time */

struct perplexity {
    const struct perplexity_spec *spec;
    struct arena *arena;
    struct logits_folder folder;
    const char *text_sha256;
    const char *baseline_name; /* nullptr: none */
    struct perplexity_worker baseline;
    struct invocation_failure baseline_failure; /* status ok: none */
    struct perplexity_text text;
    bool has_text;
};

struct measuring { /* of one candidate */
    struct perplexity *p;
    struct perplexity_worker own, *candidate; /* candidate: &own, or the baseline's itself */
    bool compared;                            /* with the baseline, so far */
    struct invocation_failure failure;        /* of the candidate */
    struct arena *scratch;                    /* of one request */
    float *row, *other;                       /* [vocab] */
    double *nll, *baseline_nll, *kl;          /* [window] */
};

/* ---- session ---- */

enum err_code perplexity_new(const struct perplexity_spec *s, struct arena *a,
                             struct perplexity **ret, struct err *e)
{
    struct perplexity *const p = ARENA_ARRAY(a, struct perplexity, 1);
    char hex[DIGEST_HEX];
    *p = (struct perplexity){.spec = s, .arena = a};
    digest_of(s->text, s->text_bytes, hex);
    p->text_sha256 = arena_strdup(a, hex);
    if (s->baseline)
        p->baseline_name = arena_printf(a, "%s:%s", s->baseline->backend, s->baseline->precision);
    if (logits_folder_make(&p->folder, 2 * PERPLEXITY_REQUEST, a, e))
        return e->code;
    *ret = p;
    return ERR_OK;
}

void perplexity_freep(struct perplexity **p)
{
    if (!*p)
        return;
    perplexity_worker_done(&(*p)->baseline);
    logits_folder_done(&(*p)->folder);
    *p = nullptr;
}

static struct invocation_failure kept(struct perplexity *p, const struct invocation_failure *f)
{
    return (struct invocation_failure){
        f->status, f->stage, f->reason ? arena_strdup(p->arena, f->reason) : nullptr, nullptr};
}

static void start_baseline(struct perplexity *p)
{
    const struct perplexity_spec *const s = p->spec;
    if (!s->baseline || p->baseline.invocation.worker || p->baseline_failure.status != STATUS_OK)
        return;
    struct invocation_failure f = {};
    perplexity_worker_start(&p->baseline, s->baseline,
                            file_join(p->arena, p->folder.path, "baseline"), s->timeout_s, s->stop,
                            p->arena, &f);
    if (f.status == STATUS_OK && p->has_text)
        (void)perplexity_text_check(&p->baseline, s->text, s->text_bytes, &p->text, p->arena, &f);
    p->baseline_failure = kept(p, &f);
}

static bool is_baseline(const struct perplexity *p, const struct invocation_spec *c)
{
    const struct invocation_spec *const b = p->spec->baseline;
    return b && strcmp(b->backend, c->backend) == 0 && strcmp(b->precision, c->precision) == 0;
}

/* ---- before the windows ---- */

static bool fail(struct measuring *m, enum status status, const char *reason)
{
    m->failure = (struct invocation_failure){.status = status, .stage = "run", .reason = reason};
    return false;
}

static bool start_candidate(struct measuring *m, const struct invocation_spec *spec)
{
    struct perplexity *const p = m->p;
    const struct perplexity_spec *const s = p->spec;
    if (is_baseline(p, spec)) {
        m->candidate = &p->baseline;
        m->failure = p->baseline_failure;
        return m->failure.status == STATUS_OK;
    }
    m->candidate = &m->own;
    perplexity_worker_start(&m->own, spec, file_join(p->arena, p->folder.path, "logits"),
                            s->timeout_s, s->stop, p->arena, &m->failure);
    return m->failure.status == STATUS_OK;
}

/* The tokens, from whoever can tell them first; then the same from the other. */
static bool take_text(struct measuring *m)
{
    struct perplexity *const p = m->p;
    const struct perplexity_spec *const s = p->spec;
    struct invocation_failure f = {};
    const bool has_baseline = p->baseline.invocation.worker && m->candidate != &p->baseline;
    if (!p->has_text && has_baseline) {
        p->has_text = perplexity_text_of(&p->baseline, s->text, s->text_bytes, &s->limits, p->arena,
                                         &p->text, &f);
        if (!p->has_text && (f.status == STATUS_SKIPPED || f.status == STATUS_INCOMPATIBLE))
            return fail(m, f.status, f.reason);
        if (!p->has_text) {
            p->baseline_failure = kept(p, &f);
            perplexity_worker_done(&p->baseline);
        }
    }
    if (!p->has_text) {
        p->has_text = perplexity_text_of(m->candidate, s->text, s->text_bytes, &s->limits, p->arena,
                                         &p->text, &m->failure);
        return p->has_text;
    }
    const uint32_t n_ctx = m->candidate->n_ctx, window = p->text.windows.window;
    if (n_ctx && n_ctx < window)
        return fail(m, STATUS_INCOMPATIBLE,
                    arena_printf(p->arena,
                                 "the window of %u tokens is over the model's context of %u",
                                 window, n_ctx));
    return m->candidate == &p->baseline ||
           perplexity_text_check(m->candidate, s->text, s->text_bytes, &p->text, p->arena,
                                 &m->failure);
}

static bool check_vocab(struct measuring *m)
{
    struct perplexity *const p = m->p;
    const uint32_t vocab = m->candidate->vocab;
    const uint64_t window = (uint64_t)p->text.windows.window * (vocab ? vocab : 1) * sizeof(float);
    if (!vocab)
        return fail(m, STATUS_ERROR, "its worker did not say how large its vocabulary is");
    if (window > PERPLEXITY_WINDOW_MOST)
        return fail(m, STATUS_ERROR,
                    arena_printf(p->arena,
                                 "a window of %u tokens has %.0f MB of logits, more than %.0f MB; "
                                 "a smaller window fits",
                                 p->text.windows.window, (double)window / 1e6,
                                 (double)PERPLEXITY_WINDOW_MOST / 1e6));
    for (uint32_t i = 0; i < p->text.windows.tokens; i++)
        if ((uint32_t)p->text.ids[i] >= vocab)
            return fail(m, STATUS_ERROR,
                        arena_printf(p->arena,
                                     "token %d of the text is outside its vocabulary of %u",
                                     p->text.ids[i], vocab));
    return true;
}

/* Does the baseline answer, and with rows of the same length? The reason why not otherwise. */
static const char *why_not_compared(struct measuring *m)
{
    struct perplexity *const p = m->p;
    if (!p->spec->baseline)
        return p->spec->no_baseline;
    if (m->candidate == &p->baseline)
        return "it is the baseline itself";
    if (p->baseline_failure.status != STATUS_OK)
        return arena_printf(p->arena, "the baseline %s: %s: %s", p->baseline_name,
                            status_name(p->baseline_failure.status), p->baseline_failure.reason);
    if (p->baseline.vocab != m->candidate->vocab)
        return arena_printf(p->arena, "it has a vocabulary of %u, the baseline %s one of %u",
                            m->candidate->vocab, p->baseline_name, p->baseline.vocab);
    return nullptr;
}

static const char *engine_says(const struct perplexity_worker *w, const char *key)
{
    return json_str(json_get(json_get(w->invocation.loaded, "engine"), key), nullptr);
}

static struct perplexity_log_header header_of(struct measuring *m,
                                              const struct invocation_spec *candidate,
                                              const char *why_not, char now[static 32])
{
    const struct perplexity *const p = m->p;
    const struct perplexity_text *const t = &p->text;
    clock_wall(now);
    return (struct perplexity_log_header){
        .backend = candidate->backend,
        .precision = candidate->precision,
        .model = candidate->model,
        .baseline = p->baseline_name,
        .baseline_reason = why_not,
        .text = p->spec->text_name,
        .text_sha256 = p->text_sha256,
        .tokens_sha256 = t->sha256,
        .engine = engine_says(m->candidate, "name"),
        .engine_version = engine_says(m->candidate, "version"),
        .baseline_version = why_not ? nullptr : engine_says(&p->baseline, "version"),
        .bytes_reason = t->bytes_reason,
        .text_bytes = (int64_t)p->spec->text_bytes,
        .text_tokens = t->all,
        .tokens = t->windows.tokens,
        .window = t->windows.window,
        .stride = t->windows.stride,
        .windows = t->n_windows,
        .clusters = perplexity_windows_clusters(t->n_windows),
        .vocab = m->candidate->vocab,
        .started_at = now,
    };
}

/* ---- the windows ---- */

struct request { /* windows that are asked for at once */
    uint32_t windows[MOST_AT_ONCE];
    struct perplexity_worker_span spans[MOST_AT_ONCE];
    uint32_t n;
};

static void fill_request(const struct measuring *m, const bool *done, uint32_t *next,
                         struct request *ret)
{
    const struct perplexity_text *const t = &m->p->text;
    uint64_t rows = 0;
    ret->n = 0;
    for (; *next < t->n_windows && ret->n < MOST_AT_ONCE; (*next)++) {
        const struct perplexity_windows_one w = perplexity_windows_at(&t->windows, *next);
        if (done && done[*next])
            continue;
        rows += w.end - w.begin;
        const uint64_t bytes = rows * m->candidate->vocab * sizeof(float);
        if (ret->n && (bytes > PERPLEXITY_REQUEST || rows > MOST_TOKENS))
            return;
        ret->windows[ret->n] = *next;
        ret->spans[ret->n++] = (struct perplexity_worker_span){t->ids + w.begin, w.end - w.begin};
    }
}

static bool read_row(FILE *f, float *row, uint32_t vocab, struct softmax_row *ret)
{
    return fread(row, sizeof *row, vocab, f) == vocab && softmax_row_of(row, vocab, ret);
}

/* The baseline is given up; what was found against it so far stays. */
static void lose_baseline(struct measuring *m, const struct invocation_failure *f)
{
    struct perplexity *const p = m->p;
    p->baseline_failure = kept(p, f);
    m->compared = false;
    perplexity_worker_done(&p->baseline);
}

static bool not_numbers(struct measuring *m, uint32_t token, bool of_baseline)
{
    const char *const reason =
        arena_printf(m->p->arena, "its logits before token %u of the text are not numbers", token);
    if (!of_baseline)
        return fail(m, STATUS_ERROR, reason);
    lose_baseline(m, &(struct invocation_failure){STATUS_ERROR, "run", reason, nullptr});
    return true;
}

/* Of the baseline's row and the candidate's, before token k of the window. */
static bool compare(struct measuring *m, FILE *other, const struct softmax_row *c, uint32_t token,
                    uint32_t k, int64_t *same_top)
{
    struct softmax_row b;
    if (!read_row(other, m->other, m->candidate->vocab, &b))
        return not_numbers(m, token, true);
    m->baseline_nll[k] = softmax_nll(&b, (size_t)m->p->text.ids[token]);
    m->kl[k] = softmax_kl(&b, c);
    *same_top += b.top == c->top;
    if (isinf(m->baseline_nll[k]) || isinf(m->kl[k]))
        lose_baseline(m, &(struct invocation_failure){
                             STATUS_ERROR, "run",
                             arena_printf(m->p->arena,
                                          "one of both rules out a token before number %u of the "
                                          "text: the divergence is infinite",
                                          token),
                             nullptr});
    return true;
}

/* own and other stand at the rows of the window's first token. other: nullptr, not compared. */
static bool score(struct measuring *m, uint32_t window, FILE *own, FILE *other,
                  struct perplexity_log_window *ret)
{
    const struct perplexity_text *const t = &m->p->text;
    const struct perplexity_windows_one w = perplexity_windows_at(&t->windows, window);
    const uint32_t vocab = m->candidate->vocab, n = w.end - w.first;
    const off_t skip = (off_t)(w.first - 1 - w.begin) * (off_t)(vocab * sizeof(float));
    int64_t same_top = 0;
    if (fseeko(own, skip, SEEK_CUR) != 0 || (other && fseeko(other, skip, SEEK_CUR) != 0))
        return fail(m, STATUS_ERROR, "the file of its logits cannot be read");
    for (uint32_t k = 0; k < n; k++) {
        struct softmax_row row;
        const uint32_t token = w.first + k;
        if (!read_row(own, m->row, vocab, &row))
            return not_numbers(m, token, false);
        m->nll[k] = softmax_nll(&row, (size_t)t->ids[token]);
        if (isinf(m->nll[k]))
            return fail(m, STATUS_ERROR,
                        arena_printf(m->p->arena, "it rules out token %u of the text", token));
        if (m->compared && !compare(m, other, &row, token, k, &same_top))
            return false;
    }
    /* The row of the window's last token predicts what is not in it. */
    const off_t rest = (off_t)(vocab * sizeof(float));
    if (fseeko(own, rest, SEEK_CUR) != 0 || (other && fseeko(other, rest, SEEK_CUR) != 0))
        return fail(m, STATUS_ERROR, "the file of its logits cannot be read");
    *ret = (struct perplexity_log_window){
        .window = window,
        .cluster = perplexity_windows_cluster(window, t->n_windows),
        .first = w.first,
        .tokens = n,
        .bytes = t->bytes ? t->bytes[window] : -1,
        .nll = moment_sum(m->nll, n),
        .baseline_nll = m->compared ? moment_sum(m->baseline_nll, n) : NOT_MEASURED,
        .kl = m->compared ? moment_sum(m->kl, n) : NOT_MEASURED,
        .same_top = m->compared ? same_top : -1,
        .kl_each = m->compared ? m->kl : nullptr,
    };
    return true;
}

static bool ask_both(struct measuring *m, const struct request *q, FILE **ret_own, FILE **ret_other)
{
    struct perplexity *const p = m->p;
    struct invocation_failure f = {};
    if (m->compared &&
        !perplexity_worker_logits(&p->baseline, q->spans, q->n, m->scratch, ret_other, &f)) {
        if (f.status == STATUS_SKIPPED)
            return fail(m, f.status, f.reason);
        lose_baseline(m, &f);
    }
    if (perplexity_worker_logits(m->candidate, q->spans, q->n, m->scratch, ret_own, &m->failure))
        return true;
    m->failure = kept(p, &m->failure);
    return false;
}

static enum err_code take_request(struct measuring *m, const struct request *q,
                                  const struct perplexity_sink *sink, struct err *e)
{
    CLEANUP(file_closep) FILE *own = nullptr;
    CLEANUP(file_closep) FILE *other = nullptr;
    if (!ask_both(m, q, &own, &other))
        return ERR_OK;
    for (uint32_t i = 0; i < q->n; i++) {
        struct perplexity_log_window w;
        if (!score(m, q->windows[i], own, other, &w))
            return ERR_OK;
        if (sink->window(sink->context, &w, e))
            return e->code;
        if (stop_wanted(m->p->spec->stop)) {
            m->failure.status = STATUS_SKIPPED;
            return ERR_OK;
        }
    }
    return ERR_OK;
}

static enum err_code take_windows(struct measuring *m, const bool *done,
                                  const struct perplexity_sink *sink, struct err *e)
{
    CLEANUP(arena_freep) struct arena *rows = arena_new(MEMORY);
    const uint32_t vocab = m->candidate->vocab, window = m->p->text.windows.window;
    m->row = ARENA_ARRAY(rows, float, vocab);
    m->other = ARENA_ARRAY(rows, float, vocab);
    m->nll = ARENA_ARRAY(rows, double, window);
    m->baseline_nll = ARENA_ARRAY(rows, double, window);
    m->kl = ARENA_ARRAY(rows, double, window);
    for (uint32_t next = 0; m->failure.status == STATUS_OK;) {
        struct request q;
        fill_request(m, done, &next, &q);
        if (q.n == 0)
            return ERR_OK;
        CLEANUP(arena_freep) struct arena *scratch = arena_new(MEMORY);
        m->scratch = scratch;
        if (take_request(m, &q, sink, e))
            return e->code;
    }
    return ERR_OK;
}

/* ---- one configuration ---- */

static enum err_code take_all(struct measuring *m, const struct invocation_spec *candidate,
                              const struct perplexity_sink *sink, struct perplexity_log_end *ret,
                              struct err *e)
{
    char now[32];
    const bool *done = nullptr;
    const char *refused = nullptr;
    start_baseline(m->p);
    if (m->p->baseline_failure.status == STATUS_SKIPPED) {
        m->failure.status = STATUS_SKIPPED;
        return ERR_OK;
    }
    if (!start_candidate(m, candidate) || !take_text(m) || !check_vocab(m))
        return ERR_OK;
    const char *const why_not = why_not_compared(m);
    m->compared = !why_not;
    ret->baseline_reason = why_not;
    const struct perplexity_log_header h = header_of(m, candidate, why_not, now);
    if (sink->begin(sink->context, &h, &done, &refused, e))
        return e->code;
    if (refused) {
        (void)fail(m, STATUS_ERROR, refused);
        return ERR_OK;
    }
    if (take_windows(m, done, sink, e))
        return e->code;
    if (!why_not && !m->compared)
        ret->baseline_reason = why_not_compared(m);
    return ERR_OK;
}

enum err_code perplexity_measure(struct perplexity *p, const struct invocation_spec *candidate,
                                 const struct perplexity_sink *sink, struct perplexity_log_end *ret,
                                 struct err *e)
{
    char now[32];
    struct measuring m = {.p = p};
    *ret = (struct perplexity_log_end){};
    const enum err_code code = take_all(&m, candidate, sink, ret, e);
    perplexity_worker_done(&m.own);
    if (code)
        return code;
    if (m.failure.status == STATUS_SKIPPED)
        return err_set(e, ERR_INTERRUPTED, "interrupted");
    clock_wall(now);
    ret->status = m.failure.status;
    ret->reason = m.failure.reason;
    ret->ended_at = arena_strdup(p->arena, now);
    return ERR_OK;
}
