/* A picture of every shape of data: gnuplot must take each script. Skipped where gnuplot is absent.
 */
#include "base/arena.h"
#include "base/defs.h"
#include "report/figure.h"
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

constexpr size_t MOST = 600;

struct shape {
    const char *label;
    size_t n;        /* samples of every filled row */
    double at, step; /* sample k of row i is at * factor^i + k * step */
    double factor;
    unsigned empty; /* bit i: row i has no samples; of panel 0 only where the other is whole */
    bool whole;     /* panel 1 has every row */
    size_t n_panels;
    double reach; /* of the intervals: median / reach to median * reach; 0: inside the points */
};

/* Ratios on both sides of 8 (linear or logarithmic) and 200 (own tics or gnuplot's). */
static const struct shape shapes[] = {
    {"plain", 20, 10, 0.1, 2, 0, true, 2},
    {"one sample", 1, 10, 0, 2, 0, true, 2},
    {"all equal", 9, 10, 0, 1, 0, true, 1},
    {"all zero", 3, 0, 0, 1, 0, true, 1},
    {"a ratio of 9", 9, 10, 0.01, 3, 0, true, 2},
    {"a ratio of 100", 9, 10, 0.01, 10, 0, true, 2},
    {"a ratio of 250", 9, 10, 0.01, 15.8, 0, true, 2},
    {"a range of twelve decades", 9, 1e-6, 0, 1e6, 0, true, 2},
    {"a panel without a sample, linear", 9, 10, 0.1, 1, 7, true, 2},
    {"a panel without a sample, logarithmic", 9, 10, 0.1, 10, 7, true, 2},
    {"one row of three", 9, 10, 0.1, 100, 6, true, 2},
    {"one sample in all", 1, 10, 0, 100, 6, false, 1},
    {"no sample anywhere", 0, 10, 0, 1, 7, false, 2},
    {"more points than are drawn", MOST, 10, 0.01, 4, 0, true, 2},
    {"intervals beyond the points, linear", 9, 10, 0.1, 1.3, 0, true, 2, 1.7},
    {"intervals beyond the points, logarithmic", 9, 10, 0.01, 10, 0, true, 2, 1.7},
    {"intervals beyond every axis, linear", 9, 10, 0.1, 1.3, 0, true, 2, 1e6},
    {"intervals beyond every axis, logarithmic", 9, 10, 0.01, 10, 0, true, 2, 1e6},
};

static bool png_height(const char *path, unsigned *ret)
{
    unsigned char head[24] = {};
    FILE *const f = fopen(path, "rb");
    const bool good = f && fread(head, 1, sizeof head, f) == sizeof head &&
                      memcmp(head, "\x89PNG\r\n\x1a\n", 8) == 0;
    if (f)
        (void)fclose(f);
    *ret = (unsigned)head[20] << 24 | (unsigned)head[21] << 16 | (unsigned)head[22] << 8 | head[23];
    return good;
}

static void fill(const struct shape *s, unsigned empty, struct arena *a, struct figure_row *rows)
{
    for (unsigned i = 0; i < 3; i++) {
        if (s->n == 0 || empty >> i & 1) {
            rows[i] = (struct figure_row){.why_empty = "incompatible"};
            continue;
        }
        double *const x = ARENA_ARRAY(a, double, s->n);
        for (size_t k = 0; k < s->n; k++)
            x[k] = s->at * pow(s->factor, i) + (double)k * s->step;
        const double lo = s->n > 5 ? x[1] : (double)NAN, hi = s->n > 5 ? x[s->n - 2] : (double)NAN;
        const double median = x[s->n / 2];
        rows[i] = (struct figure_row){nullptr, x, s->n, median, lo, hi};
        if (s->reach > 0) {
            rows[i].lo = median / s->reach;
            rows[i].hi = median * s->reach;
        }
    }
}

static void draw(const struct shape *s, const char *path, struct arena *a)
{
    static const char *const labels[] = {"it's 'quoted'", "größe {}_^\\n", ""};
    static const unsigned colors[] = {0, 1, 900};
    struct figure_row rows[2][3];
    fill(s, s->empty, a, rows[0]);
    fill(s, s->whole ? 0 : s->empty, a, rows[1]);
    const struct figure_panel panels[] = {{"one", rows[0]}, {"two", rows[1]}};
    const struct figure f = {"title", "ms", labels, colors, 3, panels, s->n_panels};
    struct err e = {};
    unsigned height = 0;
    (void)unlink(path);
    CHECK(s->label, figure_draw(&f, path, &e) == ERR_OK && png_height(path, &height), "%s", e.msg);
}

/* cairo draws nothing above 32767 pixels. */
static void draw_many(const char *path, struct arena *a)
{
    constexpr size_t N = 60;
    constexpr size_t PANELS = 80;
    const char *labels[N];
    unsigned colors[N];
    struct figure_row rows[N];
    struct figure_panel panels[PANELS];
    static const double x[] = {1, 2, 3};
    for (unsigned i = 0; i < N; i++) {
        labels[i] = arena_printf(a, "backend %u", i);
        colors[i] = i;
        rows[i] = (struct figure_row){nullptr, x, COUNT_OF(x), 2, (double)NAN, (double)NAN};
    }
    for (size_t i = 0; i < PANELS; i++)
        panels[i] = (struct figure_panel){"panel", rows};
    const struct figure f = {"title", "ms", labels, colors, N, panels, PANELS};
    struct err e = {};
    unsigned height = 0;
    CHECK("a page of 4800 rows", figure_draw(&f, path, &e) == ERR_OK && png_height(path, &height),
          "%s", e.msg);
    CHECK("is no taller than cairo draws", height > 0 && height <= 32767, "%u", height);
}

int main(void)
{
    if (system("command -v gnuplot >/dev/null 2>&1") != 0) {
        puts("1..0 # SKIP gnuplot was not found (Debian: gnuplot-nox)");
        return 0;
    }
    CLEANUP(arena_freep) struct arena *a = arena_new(64U << 20);
    const char *const keep =
        getenv("FIGURES"); /* a folder: the pictures stay there, to be looked at */
    char folder[] = "/tmp/test_figure.XXXXXX";
    if (!keep && !mkdtemp(folder))
        return 1;
    for (size_t i = 0; i < COUNT_OF(shapes); i++)
        draw(&shapes[i], arena_printf(a, "%s/%zu it's.png", keep ? keep : folder, keep ? i : 0), a);
    draw_many(arena_printf(a, "%s/many.png", keep ? keep : folder), a);
    if (!keep) {
        (void)unlink(arena_printf(a, "%s/0 it's.png", folder));
        (void)unlink(arena_printf(a, "%s/many.png", folder));
        (void)rmdir(folder);
    }
    return test_done();
}
