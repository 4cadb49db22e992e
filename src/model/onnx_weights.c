#include "model/onnx_weights.h"

#include "base/arena.h"
#include "base/defs.h"
#include "io/sink.h"
#include "model/export_report.h"
#include "model/safetensors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

constexpr size_t PAGE = 4096;             /* a runtime maps weights from here */
constexpr size_t CHUNK = (size_t)1 << 18; /* elements read at once: a megabyte stays in a cache */
constexpr size_t BLOCK = 16; /* a cache line of floats: rows and columns turned at once */

struct onnx_weights {
    const struct safetensors *from;
    struct onnx_write *graph;
    struct export_report *report;
    struct arena *arena;
    struct sink data;
    const struct onnx_ranges *ranges;
    struct err first; /* failure; .code ERR_OK: none yet */
    uint64_t begin;   /* of the current or last tensor in the file */
    float *chunk;
    float *whole; /* the matrix that is being turned */
    size_t whole_room;
    const struct safetensors_tensor *whole_of; /* nullptr: none */
};

size_t onnx_weights_n_inputs(const struct onnx_matrix *m)
{
    return (size_t)m->t->shape[m->in_out ? 0 : 1];
}

size_t onnx_weights_n_outputs(const struct onnx_matrix *m)
{
    return (size_t)m->t->shape[m->in_out ? 1 : 0];
}

enum err_code onnx_weights_open(const struct safetensors *from, struct onnx_write *graph,
                                const char *path, struct export_report *report, struct arena *a,
                                struct onnx_weights **ret, struct err *e)
{
    CLEANUP(onnx_weights_freep) struct onnx_weights *w = ARENA_ARRAY(a, struct onnx_weights, 1);
    *w = (struct onnx_weights){
        .from = from, .graph = graph, .report = report, .arena = a, .data = {.fd = -1}};
    w->chunk = malloc(CHUNK * sizeof *w->chunk);
    if (!w->chunk)
        return err_set(e, ERR_LIMIT, "'%s': no memory to read its weights", from->path);
    if (sink_open(&w->data, path, e))
        return e->code;
    *ret = w;
    w = nullptr;
    return ERR_OK;
}

enum err_code onnx_weights_close(struct onnx_weights *w, struct err *e)
{
    if (w->first.code) {
        *e = w->first;
        return e->code;
    }
    w->report->bytes += (int64_t)w->data.at;
    return sink_close(&w->data, e);
}

void onnx_weights_freep(struct onnx_weights **w)
{
    if (!*w)
        return;
    sink_done(&(*w)->data);
    free((*w)->chunk);
    free((*w)->whole);
    *w = nullptr;
}

struct onnx_write *onnx_weights_graph(const struct onnx_weights *w)
{
    return w->graph;
}

void onnx_weights_calibrate(struct onnx_weights *w, const struct onnx_ranges *ranges)
{
    w->ranges = ranges;
}

const struct onnx_ranges *onnx_weights_ranges(const struct onnx_weights *w)
{
    return w->ranges;
}

struct arena *onnx_weights_arena(const struct onnx_weights *w)
{
    return w->arena;
}

bool onnx_weights_failed(const struct onnx_weights *w)
{
    return w->first.code != ERR_OK;
}

void onnx_weights_fail(struct onnx_weights *w, enum err_code code, const char *fmt, ...)
{
    if (w->first.code)
        return;
    va_list ap;
    va_start(ap, fmt);
    const char *const words = arena_vprintf(w->arena, fmt, ap);
    va_end(ap);
    (void)!err_set(&w->first, code, "%s", words);
}

/* ---- reading ---- */

static bool read_floats(struct onnx_weights *w, const struct safetensors_tensor *t, size_t first,
                        size_t n, float *ret)
{
    return !w->first.code &&
           safetensors_read(w->from, t, (int64_t)first, n, ret, &w->first) == ERR_OK;
}

static bool read_whole(struct onnx_weights *w, const struct safetensors_tensor *t)
{
    if (w->whole_of == t)
        return true;
    const size_t n = (size_t)t->n_elements;
    w->whole_of = nullptr;
    if (n > w->whole_room) {
        free(w->whole);
        w->whole = malloc(n * sizeof *w->whole);
        w->whole_room = w->whole ? n : 0;
    }
    if (!w->whole)
        onnx_weights_fail(w, ERR_LIMIT, "%s: no memory to transpose it", t->name);
    if (!w->whole || !read_floats(w, t, 0, n, w->whole))
        return false;
    w->whole_of = t;
    return true;
}

/* ret[n][rows] = columns [first, first + n) of x[rows][columns], block by block: each cache line of
 * both sides is touched once. */
static void turn(const float *x, size_t rows, size_t columns, size_t first, size_t n, float *ret)
{
    for (size_t j0 = 0; j0 < n; j0 += BLOCK) {
        const size_t j1 = j0 + BLOCK < n ? j0 + BLOCK : n;
        for (size_t i0 = 0; i0 < rows; i0 += BLOCK) {
            const size_t i1 = i0 + BLOCK < rows ? i0 + BLOCK : rows;
            for (size_t j = j0; j < j1; j++)
                for (size_t i = i0; i < i1; i++)
                    ret[j * rows + i] = x[i * columns + first + j];
        }
    }
}

static bool read_band(struct onnx_weights *w, const struct onnx_matrix *m, bool turned,
                      size_t first, size_t n, float *ret)
{
    const size_t rows = (size_t)m->t->shape[0], columns = (size_t)m->t->shape[1];
    if (!turned)
        return read_floats(w, m->t, first * columns, n * columns, ret);
    if (!read_whole(w, m->t))
        return false;
    turn(w->whole, rows, columns, first, n, ret);
    return true;
}

size_t onnx_weights_rows(size_t columns)
{
    return columns < CHUNK ? CHUNK / columns : 1;
}

bool onnx_weights_outputs(struct onnx_weights *w, const struct onnx_matrix *m, size_t first,
                          size_t n, float *ret)
{
    return read_band(w, m, m->in_out, first, n, ret);
}

bool onnx_weights_inputs(struct onnx_weights *w, const struct onnx_matrix *m, size_t first,
                         size_t n, float *ret)
{
    return read_band(w, m, !m->in_out, first, n, ret);
}

/* ---- writing ---- */

void onnx_weights_begin(struct onnx_weights *w)
{
    if (!w->first.code && !sink_align(&w->data, PAGE, &w->first))
        w->begin = w->data.at;
}

void onnx_weights_put(struct onnx_weights *w, const void *bytes, size_t n)
{
    if (!w->first.code)
        (void)!sink_write(&w->data, bytes, n, &w->first);
}

void onnx_weights_end(struct onnx_weights *w, const char *name, enum onnx_write_type t,
                      const char *shape)
{
    if (!w->first.code)
        onnx_write_external(w->graph, name, t, shape, w->begin, w->data.at - w->begin);
}

void onnx_weights_count(struct onnx_weights *w, const char *dtype, int64_t elements,
                        int64_t products)
{
    if (!w->first.code)
        export_report_add(w->report, dtype, elements, (int64_t)(w->data.at - w->begin), products);
}

void onnx_weights_f32(struct onnx_weights *w, const char *name, const struct safetensors_tensor *t,
                      float plus, int64_t products)
{
    const size_t all = (size_t)t->n_elements;
    onnx_weights_begin(w);
    for (size_t at = 0; at < all && !w->first.code; at += CHUNK) {
        const size_t n = all - at < CHUNK ? all - at : CHUNK;
        if (!read_floats(w, t, at, n, w->chunk))
            return;
        for (size_t i = 0; plus != 0 && i < n; i++)
            w->chunk[i] += plus;
        onnx_weights_put(w, w->chunk, n * sizeof *w->chunk);
    }
    const char *const shape =
        t->n_dims == 1
            ? arena_printf(w->arena, "%lld", (long long)t->shape[0])
            : arena_printf(w->arena, "%lld,%lld", (long long)t->shape[0], (long long)t->shape[1]);
    onnx_weights_end(w, name, ONNX_WRITE_F32, shape);
    onnx_weights_count(w, "F32", t->n_elements, products);
}

void onnx_weights_scales(struct onnx_weights *w, const struct onnx_matrix *m, const float *scales,
                         size_t n, const char *shape)
{
    onnx_weights_begin(w);
    onnx_weights_put(w, scales, n * sizeof *scales);
    onnx_weights_end(w, arena_printf(onnx_weights_arena(w), "%s.scale", m->name), ONNX_WRITE_F32,
                     shape);
    onnx_weights_count(w, "F32", 0, 0);
}
