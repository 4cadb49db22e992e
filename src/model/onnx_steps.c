#include "model/onnx_steps.h"

#include "base/defs.h"
#include "base/str.h"
#include "model/onnx_weights.h"

static void spell(struct str *out, const char *text, const struct onnx_steps_words *words)
{
    for (; *text; text++) {
        if (*text != '%') {
            str_putc(out, *text);
            continue;
        }
        text++;
        str_puts(out, *text == 'x'   ? words->x
                      : *text == 'w' ? words->weight
                      : *text == 'b' ? words->bias
                                     : words->out);
    }
}

void onnx_steps_add(struct onnx_weights *w, const struct onnx_step *steps, size_t n,
                    const struct onnx_steps_words *words)
{
    for (size_t i = 0; i < n; i++) {
        CLEANUP(str_done) struct str inputs = {}, outputs = {};
        spell(&inputs, steps[i].inputs, words);
        spell(&outputs, steps[i].outputs, words);
        onnx_write_attrs(onnx_write_node(onnx_weights_graph(w), steps[i].op, str_text(&inputs),
                                         str_text(&outputs)),
                         steps[i].attributes);
    }
}
