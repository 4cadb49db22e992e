#include "cli/run_progress.h"

#include "base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

constexpr nsec_t REDRAW = 200'000'000; /* a person reads no faster */

void run_progress_init(struct run_progress *p, bool quiet, bool verbose, bool show_model)
{
    const char *const terminal = getenv("TERM");
    *p = (struct run_progress){
        .quiet = quiet,
        .verbose = verbose,
        .show_model = show_model,
        .live = !quiet && isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0,
        .began = clock_now(),
    };
}

static void duration(double s, char text[static 32])
{
    if (!isfinite(s))
        (void)snprintf(text, 32, "?");
    else if (s < 100)
        (void)snprintf(text, 32, "%.0f s", s);
    else if (s < 6000)
        (void)snprintf(text, 32, "%.0f min", s / 60);
    else
        (void)snprintf(text, 32, "%.1f h", s / 3600);
}

void run_progress_clear(struct run_progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stderr);
    p->drawn = false;
}

static void draw(struct run_progress *p, const struct run_cell *c, const char *what, bool now)
{
    const nsec_t t = clock_now();
    if (!p->live || (!now && t - p->last < REDRAW))
        return;
    struct winsize size = {};
    const int columns =
        ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
    char eta[32], line[512];
    duration(c->remaining_s, eta);
    const int n =
        snprintf(line, sizeof line, "[%" PRIu64 "/%" PRIu64 "] ETA %s  %s  %s  %s  %s%s%s", c->done,
                 c->total, eta, c->backend, c->precision, c->scenario, what,
                 p->show_model ? "  " : "", p->show_model ? c->model : "");
    int shown = n < (int)sizeof line ? n : (int)sizeof line - 1;
    shown = shown < columns - 1 ? shown : columns - 1;
    while (shown > 0 && ((unsigned char)line[shown] & 0xC0) == 0x80) /* not inside a letter */
        shown--;
    fprintf(stderr, "\r\033[K%.*s", shown, line);
    (void)fflush(stderr);
    p->last = t;
    p->drawn = true;
}

static void on_loading(void *context, const struct run_cell *c)
{
    draw(context, c, "loading", true);
}

static void on_begins(void *context, const struct run_cell *c)
{
    struct run_progress *const p = context;
    p->cell_samples = 0;
    draw(p, c, "cold", true);
}

static void on_sample(void *context, const struct run_cell *c, const struct sample_log_record *r)
{
    struct run_progress *const p = context;
    char what[64];
    p->samples++;
    p->cell_samples++;
    (void)snprintf(what, sizeof what, "%s %u", status_phase_name(r->phase), p->cell_samples);
    draw(p, c, what, false);
}

static void on_ended(void *context, const struct run_cell *c, enum status status,
                     const char *reason)
{
    struct run_progress *const p = context;
    const bool good = status == STATUS_OK;
    if (p->quiet || (p->live && good && !p->verbose))
        return;
    char eta[32];
    duration(c->remaining_s, eta);
    run_progress_clear(p);
    fprintf(stderr, "[%" PRIu64 "/%" PRIu64 "] %-12s  block %u  %s  %s  %s%s%s", c->done, c->total,
            status_name(status), c->invocation, c->backend, c->precision, c->scenario,
            p->show_model ? "  " : "", p->show_model ? c->model : "");
    if (reason && !good)
        fprintf(stderr, ": %s", reason);
    if (c->done < c->total && !p->live)
        fprintf(stderr, "  (ETA %s)", eta);
    fputc('\n', stderr);
}

static void on_note(void *context, const char *text)
{
    struct run_progress *const p = context;
    if (p->quiet)
        return;
    run_progress_clear(p);
    fprintf(stderr, "%s\n", text);
}

struct run_listener run_progress_listener(struct run_progress *p)
{
    return (struct run_listener){on_loading, on_begins, on_sample, on_ended, on_note, p};
}

void run_progress_summary(struct run_progress *p, const struct run_summary *s, const char *dir)
{
    run_progress_clear(p);
    if (p->quiet)
        return;
    fprintf(stderr, "%" PRIu64 " samples in %.1f s", s->samples, (double)s->wall / 1e9);
    if (s->found)
        fprintf(stderr, ", %" PRIu64 " invocations of cells were there already", s->found);
    fputs("; cells:", stderr);
    for (int i = 0; i < STATUS_COUNT; i++)
        if (s->cells_by_status[i] && i != STATUS_SKIPPED)
            fprintf(stderr, " %" PRIu64 " %s", s->cells_by_status[i], status_name((enum status)i));
    const struct run_adapt_saving *const t = &s->adapt;
    fprintf(stderr, "; supervisor %.2f %% of one core\n",
            s->wall > 0 ? 100 * (double)s->own_cpu / (double)s->wall : 0);
    if (t->cells + t->failed + t->running)
        fprintf(stderr,
                "target: %u of %u cells reached it, with %.0f invocations and %.0f repetitions; as "
                "many for every cell as the one that needed most: %.0f and %.0f (stopping.json)\n",
                t->reached, t->cells + t->failed + t->running, t->invocations, t->repetitions,
                t->cells * t->most_invocations, t->cells * t->most_repetitions);
    fprintf(stderr, "results: %s\n", dir);
}
