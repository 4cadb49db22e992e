#include "report/figure.h"

#include "base/arena.h"
#include "base/defs.h"
#include "base/str.h"
#include "io/file.h"
#include "report/number.h"
#include "report/table.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* In points of the picture. */
constexpr double WIDTH = 1200;
constexpr double ROW = 30;        /* less where the page would grow too tall */
constexpr double TALLEST = 16000; /* cairo ends at 32767 */
constexpr double HEAD = 92;       /* title and legend */
constexpr double PANEL_HEAD = 40;
constexpr double PANEL_FOOT = 44; /* tics */
constexpr double FOOT = 30;       /* the axis' name */
constexpr double LETTER = 7.6;    /* of the labels, about */
constexpr double VALUE = 92;      /* right of a panel: medians in numbers */
constexpr double STRETCH = 3;     /* an interval may widen an axis by so much; see drawn_range() */

/* Okabe and Ito (2008): told apart by all eyes. */
static const char *const palette[] = {"0072B2", "D55E00", "009E73", "CC79A7",
                                      "56B4E9", "E69F00", "5F5F5F", "8C510A"};

struct page {
    const struct figure *f;
    struct str *out;
    double height, left, row;
    size_t columns;
    bool log;
    double lo, hi; /* of all panels; used where log */
    bool cut;      /* an interval goes on beyond its panel */
};

struct range {
    double lo, hi;
};

static void quoted(struct str *s, const char *text)
{
    str_putc(s, '\'');
    for (; *text; text++)
        if (*text == '\'')
            str_puts(s, "''");
        else
            str_putc(s, (unsigned char)*text < ' ' ? ' ' : *text);
    str_putc(s, '\'');
}

static const char *color(const struct page *p, size_t row)
{
    return palette[p->f->colors[row] % COUNT_OF(palette)];
}

/* Of the points alone; lo is HUGE_VAL where there is none. */
static struct range range_of_points(const struct figure_panel *panel, size_t n_labels)
{
    struct range all = {HUGE_VAL, 0};
    for (size_t i = 0; i < n_labels; i++) {
        const struct figure_row *const r = &panel->rows[i];
        if (r->n == 0)
            continue;
        all.lo = fmin(all.lo, r->x[0]);
        all.hi = fmax(all.hi, r->x[r->n - 1]);
    }
    return all;
}

/* With the intervals, which may reach beyond every point: two invocations say little. One that
 * would leave the points a small part of the axis ends at the edge, with an arrow. */
static struct range drawn_range(const struct figure_panel *panel, size_t n_labels)
{
    const struct range points = range_of_points(panel, n_labels);
    struct range all = points;
    for (size_t i = 0; i < n_labels; i++) {
        const struct figure_row *const r = &panel->rows[i];
        if (r->n == 0)
            continue;
        if (r->lo < all.lo) /* not where it is NaN */
            all.lo = fmax(r->lo, points.lo / STRETCH);
        if (r->hi > all.hi)
            all.hi = fmin(r->hi, points.hi * STRETCH);
    }
    return all;
}

static void measure(struct page *p)
{
    const struct figure *const f = p->f;
    size_t longest = 4;
    for (size_t i = 0; i < f->n_labels; i++) {
        const size_t w = table_width(f->labels[i]);
        longest = w > longest ? w : longest;
    }
    p->left = fmin((double)longest * LETTER + 18, WIDTH / 3);
    p->columns = f->n_panels > 1 ? 2 : 1;
    const double rows = ceil((double)f->n_panels / (double)p->columns);
    const double fixed = HEAD + rows * (PANEL_HEAD + PANEL_FOOT) + FOOT;
    const double n = fmax(rows * (double)f->n_labels, 1);
    p->row = fmax(fmin(ROW, (TALLEST - fixed) / n), 1);
    p->height = fixed + n * p->row;
    p->lo = HUGE_VAL;
    p->hi = 0;
    double widest = 1;
    for (size_t k = 0; k < f->n_panels; k++) {
        const struct range points = range_of_points(&f->panels[k], f->n_labels);
        const struct range drawn = drawn_range(&f->panels[k], f->n_labels);
        p->lo = fmin(p->lo, drawn.lo);
        p->hi = fmax(p->hi, drawn.hi);
        widest = points.lo > 0 && points.hi > 0 ? fmax(widest, points.hi / points.lo) : widest;
    }
    /* Within one panel a factor of 8 leaves the fastest with an eighth of the axis. */
    p->log = p->lo > 0 && widest > 8;
}

/* Evenly by rank, so that the shape of a large sample stays; the extremes are always there. Heights
 * follow the golden ratio: no two neighbours overlap, and nothing is random. */
static void points(const struct page *p, const struct figure_row *r, double y)
{
    const size_t n = r->n < FIGURE_POINTS ? r->n : FIGURE_POINTS;
    for (size_t i = 0; i < n; i++) {
        const size_t k = n > 1 ? i * (r->n - 1) / (n - 1) : 0;
        const double part = fmod((double)i * 0.6180339887498949, 1) - 0.5;
        str_printf(p->out, "%.9g %.4f\n", r->x[k], y + part * 0.5);
    }
}

static void data(const struct page *p, size_t panel)
{
    const struct figure *const f = p->f;
    for (size_t i = 0; i < f->n_labels; i++) {
        const struct figure_row *const r = &f->panels[panel].rows[i];
        if (r->n == 0)
            continue;
        str_printf(p->out, "$p%zu_%zu << EOD\n", panel, i);
        points(p, r, (double)(f->n_labels - i));
        str_puts(p->out, "EOD\n");
    }
}

static struct range axis_of(const struct page *p, size_t panel)
{
    if (p->log)
        return (struct range){p->lo / 1.15, p->hi * 1.15};
    const double hi = drawn_range(&p->f->panels[panel], p->f->n_labels).hi;
    return (struct range){0, hi > 0 ? hi * 1.06 : 1};
}

static void arrow(struct page *p, double from, double to, double y, size_t row)
{
    str_printf(p->out,
               "set arrow from graph %g, first %g to graph %g, first %g head filled size screen "
               "0.006,25 lw 1.5 lc rgb '#%s' front\n",
               from, y, to, y, color(p, row));
    p->cut = true;
}

static void band(struct page *p, const struct figure_row *r, struct range axis, double y,
                 size_t row)
{
    if (isnan(r->lo) || isnan(r->hi))
        return;
    str_printf(p->out,
               "set object rectangle from first %.9g,%g to first %.9g,%g fs transparent solid 0.35 "
               "noborder fc rgb '#%s' front\n",
               fmax(r->lo, axis.lo), y - 0.22, fmin(r->hi, axis.hi), y + 0.22, color(p, row));
    if (r->lo < axis.lo)
        arrow(p, 0.02, 0.001, y, row);
    if (r->hi > axis.hi)
        arrow(p, 0.98, 0.999, y, row);
}

static void annotate(struct page *p, size_t panel, struct arena *a)
{
    const struct figure *const f = p->f;
    const struct range axis = axis_of(p, panel);
    for (size_t i = 0; i < f->n_labels; i++) {
        const struct figure_row *const r = &f->panels[panel].rows[i];
        const double y = (double)(f->n_labels - i);
        if (r->n == 0) {
            str_puts(p->out, "set label ");
            quoted(p->out, r->why_empty ? r->why_empty : "not run");
            str_printf(p->out, " at graph 0.012, first %g left tc rgb '#999999' font ',9'\n", y);
            continue;
        }
        band(p, r, axis, y, i);
        str_printf(
            p->out,
            "set arrow from first %.9g,%g to first %.9g,%g nohead lw 2.5 lc rgb '#222222' front\n",
            r->median, y - 0.38, r->median, y + 0.38);
        str_printf(p->out, "set label '%s' at graph 1.012, first %g left font ',10'\n",
                   number_short(a, r->median), y + 0.13);
        str_printf(p->out,
                   "set label 'n = %zu' at graph 1.012, first %g left font ',8' tc rgb '#888888'\n",
                   r->n, y - 0.25);
    }
}

/* Powers of ten alone would leave a short axis with one number or two. */
static void log_tics(double lo, double hi, struct str *out)
{
    static const double steps[] = {1, 2, 5};
    bool any = false;
    for (int power = (int)floor(log10(lo)); power <= (int)floor(log10(hi)); power++)
        for (size_t k = 0; k < COUNT_OF(steps); k++) {
            const double at = steps[k] * pow(10, power);
            if (at < lo || at > hi)
                continue;
            str_printf(out, "%s%.9g", any ? "," : "set xtics (", at);
            any = true;
        }
    str_puts(out, any ? ")\n" : "");
}

static void ranges(const struct page *p, size_t panel)
{
    const struct range axis = axis_of(p, panel);
    str_printf(p->out, "%sset xrange [%.9g:%.9g]\n", p->log ? "set logscale x\n" : "", axis.lo,
               axis.hi);
    if (p->log && axis.hi / axis.lo <= 200)
        log_tics(axis.lo, axis.hi, p->out);
}

static void draw_panel(struct page *p, size_t panel, struct arena *a)
{
    const struct figure *const f = p->f;
    struct str *const out = p->out;
    const size_t column = panel % p->columns, row = panel / p->columns;
    /* Labels stand at the left panel only: the rows are the same. */
    const double usable = (WIDTH - p->left - (double)p->columns * VALUE) / (double)p->columns;
    const double x0 = p->left + (double)column * (usable + VALUE), x1 = x0 + usable;
    const double tall = PANEL_HEAD + (double)f->n_labels * p->row + PANEL_FOOT;
    const double top = p->height - HEAD - (double)row * tall - PANEL_HEAD;
    const double bottom = top - (double)f->n_labels * p->row;
    str_printf(out,
               "unset label\nunset arrow\nunset object\nunset logscale\n"
               "set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
               "set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
               x0 / WIDTH, x1 / WIDTH, top / p->height, bottom / p->height);
    ranges(p, panel);
    str_printf(out, "set yrange [0.4:%g]\n", (double)f->n_labels + 0.6);
    str_puts(out, "set ytics scale 0 offset 0.4,0 (");
    for (size_t i = 0; i < f->n_labels; i++) {
        str_puts(out, i ? "," : "");
        quoted(out, column == 0 ? f->labels[i] : "");
        str_printf(out, " %zu", f->n_labels - i);
    }
    str_puts(out, ")\nset label ");
    quoted(out, f->panels[panel].title);
    str_puts(out, " at graph 0, graph 1 offset 0,0.9 left font 'DejaVu Sans:Bold,11'\n");
    annotate(p, panel, a);
    str_puts(out, "plot ");
    bool any = false;
    for (size_t i = 0; i < f->n_labels; i++) {
        if (f->panels[panel].rows[i].n == 0)
            continue;
        str_printf(out, "%s$p%zu_%zu using 1:2 with points pt 7 ps 0.55 lc rgb '#A0%s' notitle",
                   any ? ", " : "", panel, i, color(p, i));
        any = true;
    }
    str_puts(out, any ? "\n" : "NaN notitle\n");
}

static void script(const struct figure *f, const char *path, struct str *out, struct arena *a)
{
    struct page p = {.f = f, .out = out};
    measure(&p);
    str_printf(out,
               "set encoding utf8\nset terminal pngcairo noenhanced size %.0f,%.0f background "
               "rgb 'white' font 'DejaVu Sans,10'\nset output ",
               WIDTH, p.height);
    quoted(out, path);
    str_puts(out,
             "\nset border 1 lc rgb '#888888'\nset tics nomirror out textcolor rgb '#333333'\n"
             "set grid xtics ytics lc rgb '#E4E4E4' lt 1 lw 1\nset xtics font ',9' format '%g'\n"
             "unset key\n");
    for (size_t k = 0; k < f->n_panels; k++)
        data(&p, k);
    str_puts(out, "set multiplot\n");
    for (size_t k = 0; k < f->n_panels; k++)
        draw_panel(&p, k, a);
    /* What belongs to the page is drawn in a panel of its own that shows nothing else. */
    str_puts(out,
             "unset label\nunset arrow\nunset object\nunset logscale\nunset border\nunset tics\n"
             "set lmargin at screen 0\nset rmargin at screen 1\nset tmargin at screen 1\n"
             "set bmargin at screen 0\nset xrange [0:1]\nset yrange [0:1]\nset label ");
    quoted(out, f->title);
    str_printf(out, " at screen %.6f, screen %.6f left font 'DejaVu Sans:Bold,16'\n", 14 / WIDTH,
               1 - 30 / p.height);
    str_printf(
        out,
        "set label 'point: one request   ·   tick: median, its value at the right   ·   "
        "band: 95%% interval of the median%s   ·   lower is better' at screen %.6f, screen %.6f "
        "left font ',9.5' tc rgb '#666666'\n",
        p.cut ? " (an arrow: it goes on)" : "", 14 / WIDTH, 1 - 58 / p.height);
    str_puts(out, "set label ");
    quoted(out, arena_printf(a, "%s%s", f->axis, p.log ? ", log scale" : ""));
    str_printf(out,
               " at screen 0.5, screen %.6f center font ',10'\nplot NaN notitle\nunset multiplot\n"
               "unset output\n",
               16 / p.height);
}

static enum err_code tell(FILE *log, int status, struct err *e)
{
    char text[400] = "";
    rewind(log);
    const size_t n = fread(text, 1, sizeof text - 1, log);
    text[n] = '\0';
    size_t to = 0; /* gnuplot draws a caret below the place, in lines of blanks */
    for (size_t i = 0; text[i]; i++)
        if (!strchr(" \n\t", text[i]))
            text[to++] = text[i];
        else if (to && text[to - 1] != ' ')
            text[to++] = ' ';
    text[to] = '\0';
    return err_set(e, ERR_BACKEND, "gnuplot ended with status %d: %s",
                   WIFEXITED(status) ? WEXITSTATUS(status) : 128, text);
}

static enum err_code run_gnuplot(FILE *in, FILE *log, struct err *e)
{
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, fileno(in), 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, fileno(log), 2);
    char name[] = "gnuplot";
    char *const argv[] = {name, nullptr};
    pid_t child = -1;
    const int failed = posix_spawnp(&child, name, &files, nullptr, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    if (failed == ENOENT)
        return err_set(e, ERR_UNAVAILABLE,
                       "no figure: gnuplot was not found (Debian: gnuplot-nox)");
    if (failed) {
        errno = failed;
        return err_sys(e, "gnuplot does not start");
    }
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    return status == 0 ? ERR_OK : tell(log, status, e);
}

enum err_code figure_draw(const struct figure *f, const char *path, struct err *e)
{
    CLEANUP(arena_freep) struct arena *a = arena_new(64U << 20);
    CLEANUP(str_done) struct str text = {};
    const char *const part = arena_printf(a, "%s.part", path);
    script(f, part, &text, a);
    CLEANUP(file_closep) FILE *in = tmpfile();
    CLEANUP(file_closep) FILE *log = tmpfile();
    if (!in || !log)
        return err_sys(e, "no temporary file");
    if (fwrite(text.text, 1, text.n, in) != text.n || fflush(in) != 0)
        return err_sys(e, "cannot write a temporary file");
    rewind(in);
    if (run_gnuplot(in, log, e)) {
        (void)unlink(part);
        return e->code;
    }
    if (rename(part, path) != 0)
        return err_sys(e, "'%s'", path);
    return ERR_OK;
}
