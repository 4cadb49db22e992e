/* plain.h - text that came from outside, made safe to show: a tensor's or a key's name may hold
 * control characters that a terminal obeys. */
#pragma once

/* In place, byte for byte, '?' for each byte of what a terminal should not get: control characters
 * (C0, DEL, C1) and bytes that are no UTF-8. '\n' becomes a space in plain_line() and stays in
 * plain_lines(). */
void plain_line(char *text);
void plain_lines(char *text);
