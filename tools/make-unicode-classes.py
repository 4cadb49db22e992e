#!/usr/bin/env python3
"""Write src/model/unicode_class_tables.h from Python's unicodedata.

The tables stand in the tree, and not in a library's, because a token count must not change with the
system: GPT-2's pre-tokeniser asks for the classes \\p{L} and \\p{N}, and tokenizers 0.23 answers with
Unicode 16.0, as Python 3.14's unicodedata does.
"""
import unicodedata


def ranges(major):
    out, begin = [], None
    for c in range(0x110000 + 1):
        inside = c < 0x110000 and unicodedata.category(chr(c))[0] == major
        if inside and begin is None:
            begin = c
        elif not inside and begin is not None:
            out.append((begin, c - 1))
            begin = None
    return out


def table(name, major):
    rows = [f"{{0x{a:x}, 0x{b:x}}}," for a, b in ranges(major)]
    lines, line = [], "   "
    for row in rows:
        if len(line) + 1 + len(row) > 100:
            lines.append(line)
            line = "   "
        line += " " + row
    return f"static const struct range {name}[] = {{\n" + "\n".join(lines + [line]) + "\n};\n"


print(f"""/* unicode_class_tables.h - made by tools/make-unicode-classes.py; not for editing.
 *
 * General categories L and N of Unicode {unicodedata.unidata_version} (Unicode license). Included by unicode_class.c alone. */
/* clang-format off */
{table("letters", "L")}
{table("numbers", "N")}/* clang-format on */""")
