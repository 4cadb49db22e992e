#include "backend/worker.h"
#include "cli/command.h"

#include <fcntl.h>
#include <unistd.h>

constexpr int REPLIES = 3; /* docs/WORKER.md */

static enum err_code run(struct cli *, const void *, const struct opt_list *, int *ret_exit,
                         struct err *e)
{
    if (fcntl(REPLIES, F_GETFD) < 0)
        return err_set(e, ERR_USAGE,
                       "worker: is started by chimera itself; it answers on descriptor %d",
                       REPLIES);
    *ret_exit = worker_run(STDIN_FILENO, REPLIES);
    return ERR_OK;
}

const struct command cmd_worker = {
    .name = "worker",
    .operands = "",
    .summary = "one engine behind a pipe, for chimera itself",
    .about = "Loads one configuration and answers requests on descriptor 3. See docs/WORKER.md.",
    .run = run,
    .hidden = true,
};
