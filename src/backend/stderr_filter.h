/* stderr_filter.h - a library that talks to stderr by the thousand lines, kept from burying the one
 * line that matters. Between begin and end, what goes to descriptor 2 is collected; at the end the
 * lines that do not begin with `noise` are passed on. Where collecting is not possible nothing is
 * filtered. A process that dies in between takes the collected lines with it. */
#pragma once

struct stderr_filter {
    int kept, collected; /* descriptors; -1: not filtering */
};

[[nodiscard]] struct stderr_filter stderr_filter_begin(void);
void stderr_filter_end(struct stderr_filter *f, const char *noise);
