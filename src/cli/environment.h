/* environment.h - everything that a result depends on besides the experiment: the machine, the
 * engines, the libraries, this program, and the variables that change how they behave. doctor
 * prints it, env writes it, run puts it into the results folder.
 */
#pragma once

#include "backend/backend.h"
#include "probe/facts.h"

struct arena;
struct str;

constexpr size_t ENVIRONMENT_BACKENDS = 32;

struct environment_backend {
    const struct backend *backend;
    bool here;
    struct backend_found found; /* here */
    const char *why;            /* not here: the reason, and how to get it */
};

struct environment {
    struct facts facts;
    struct environment_backend backends[ENVIRONMENT_BACKENDS];
    size_t n_backends, n_here;
};

/* Takes about half a second: engines' libraries are opened and Python is asked once. deep imports
 * torch too (seconds), to see which BLAS it really uses. folder: whose disk counts. Text belongs to
 * a. */
void environment_gather(bool deep, const char *folder, struct arena *a, struct environment *ret);

/* The content of env.json, added to out. */
void environment_json(const struct environment *env, struct str *out);

/* Both in one: the content of env.json, for `run`. Belongs to a. */
[[nodiscard]] const char *environment_text(const char *folder, struct arena *a);
