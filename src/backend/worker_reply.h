/* worker_reply.h - the two long replies of docs/WORKER.md: keys of an object that is open. */
#pragma once

#include "backend/generate.h"

struct artefact;
struct jsonw;

void worker_reply_loaded(struct jsonw *j, const struct engine *engine, struct session *s,
                         const struct engine_about *about, const struct artefact *artefact,
                         double load_ms);
void worker_reply_sample(struct jsonw *j, const struct generate_result *r);
