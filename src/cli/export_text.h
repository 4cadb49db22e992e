/* export_text.h - what an exporter or a quantiser wrote, as people read it: a row per type. */
#pragma once

struct export_report;

/* To standard output. */
void export_text_print(const struct export_report *r);
