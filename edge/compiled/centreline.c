/* The network of trace/centreline.py along one stroke. Its sums come in another order than those of NumPy's libraries, which differ among themselves, and products
   and sums may be one step where the processor has it. */

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=fast")
#endif

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define OUT 32
#define COLUMNS 6
#ifndef MOST_BYTES /* tests leave the longer ones out */
#define MOST_BYTES 64
#endif

/* `layer` is compiled once for each width of vectors: longer ones than the processor has are taken apart through memory, which costs ten times as much. */
#define LAYER layer_16
#define BYTES 16
#define TARGET
#include "centreline_layer.h"
#undef LAYER
#undef BYTES
#undef TARGET

#if defined(__x86_64__) && defined(__GNUC__)
#define LAYER layer_32
#define BYTES 32
#define TARGET __attribute__((target("avx2,fma")))
#include "centreline_layer.h"
#undef LAYER
#undef BYTES
#undef TARGET

#define LAYER layer_64
#define BYTES 64
#define TARGET __attribute__((target("avx512f")))
#include "centreline_layer.h"
#undef LAYER
#undef BYTES
#undef TARGET
#endif

typedef void layer_function(ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, int, const float *, const float *, const float *, float *);

/* `layer` for the widest vectors of this processor. */
static layer_function *widest(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    if (MOST_BYTES >= 64 && __builtin_cpu_supports("avx512f"))
        return layer_64;
    if (MOST_BYTES >= 32 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return layer_32;
#endif
    return layer_16;
}

/* found (2) or (OUT): what a layer of one column makes of `seen` (OUT); weights (OUT, out). */
static void dense(ptrdiff_t out, const float *seen, const float *weights, const float *bias, float *found)
{
    memcpy(found, bias, out * sizeof *found);
    for (ptrdiff_t m = 0; m < OUT; m++)
        for (ptrdiff_t k = 0; k < out; k++)
            found[k] += seen[m] * weights[m * out + k];
}

/* The network: found (count, 2).

   layers          of convolutions, each of `width` columns and of its own dilation
   style           after this one the mean over the stroke is added, weighted
   beyond          columns that any of them reaches beyond its own
   inputs          (count, into)
   weights         kernels and biases of the layers, of the first and the second step of the style, and of the curve
   scratch         floats that are 0: (count + COLUMNS + 2 * beyond) * (2 * OUT + into) */
void centreline(ptrdiff_t count, ptrdiff_t into, ptrdiff_t layers, ptrdiff_t width, const int64_t *restrict dilations, ptrdiff_t style,
                ptrdiff_t beyond, const float *restrict inputs, const float *const *restrict weights, float *restrict scratch,
                float *restrict found)
{
    ptrdiff_t held = count + COLUMNS + 2 * beyond, whole = (count + COLUMNS - 1) / COLUMNS * COLUMNS;
    float *first = scratch, *one = first + held * into + beyond * OUT, *other = one + held * OUT;
    first += beyond * into;
    memcpy(first, inputs, count * into * sizeof *first);
    const float *seen = first;
    layer_function *layer = widest();
    for (ptrdiff_t n = 0; n < layers; n++) {
        layer(whole, n ? OUT : into, width, dilations[n], n > 0, seen, weights[2 * n], weights[2 * n + 1], one);
        memset(one + count * OUT, 0, (whole - count) * OUT * sizeof *one); /* beyond its ends there is nothing */
        if (n == style) {
            float mean[OUT] = {0}, inner[OUT], added[OUT];
            for (ptrdiff_t x = 0; x < count; x++)
                for (int k = 0; k < OUT; k++)
                    mean[k] += one[x * OUT + k];
            for (int k = 0; k < OUT; k++)
                mean[k] /= (float)count;
            dense(OUT, mean, weights[2 * layers], weights[2 * layers + 1], inner);
            for (int k = 0; k < OUT; k++)
                inner[k] = inner[k] > 0 ? inner[k] : 0;
            dense(OUT, inner, weights[2 * layers + 2], weights[2 * layers + 3], added);
            for (ptrdiff_t x = 0; x < count; x++)
                for (int k = 0; k < OUT; k++)
                    one[x * OUT + k] += added[k];
        }
        seen = one;
        one = other;
        other = (float *)seen;
    }
    for (ptrdiff_t x = 0; x < count; x++)
        dense(2, seen + x * OUT, weights[2 * layers + 4], weights[2 * layers + 5], found + 2 * x);
}
