/* import_print.h - what an import did, or would do, for people and for programs. Prints to stdout.
 */
#pragma once

struct cli;
struct import_request;
struct import_report;

void import_print_json(const struct import_request *q, const struct import_report *r);
/* One line; of a dry run also what each column was taken for. */
void import_print_text(const struct cli *cli, const struct import_request *q,
                       const struct import_report *r);
/* The fields that --map knows, as a table of docs/IMPORT.md, which is compared with it. */
void import_print_fields(void);
