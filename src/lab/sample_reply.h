/* sample_reply.h - what a worker answers to a request, believed only as far as it can be.
 *
 * A worker stamps its own work, so the lab checks what it can know: stamps in order, inside the
 * time between sending and receiving, one list entry per prompt, one stamp per step. A reply that
 * breaks a rule is no sample; nothing of it reaches a table.
 */
#pragma once

#include "store/sample_log.h"

struct json;

struct sample_reply_frame { /* what the supervisor knows of the request */
    uint64_t id;
    uint32_t n_prompts, max_tokens;
    nsec_t sent, received;
};

/* Fill the measured fields of *r (stamps, counts, outputs, cpu, peak memory) from the reply and set
 * status ok; lists are borrowed from it. ERR_BACKEND: what is impossible in it; *r is untouched. */
[[nodiscard]] enum err_code sample_reply_read(const struct json *reply,
                                              const struct sample_reply_frame *frame,
                                              struct sample_log_record *r, struct err *e);

/* Everything that a request which never ended leaves unknown. */
void sample_reply_unknown(struct sample_log_record *r);
