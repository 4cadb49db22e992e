/* completion.h - what a shell has to know to complete chimera's words, from the tables. */
#pragma once

struct str;

void completion_bash(struct str *out);
void completion_zsh(struct str *out);
void completion_fish(struct str *out);
