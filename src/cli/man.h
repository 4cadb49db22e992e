/* man.h - manual pages from the tables of commands and options. */
#pragma once

struct command;
struct str;

/* The page of one command, in man(7); of chimera itself where c is nullptr. parent: the group that
 * holds c, or nullptr. */
void man_page(struct str *out, const struct command *parent, const struct command *c);
