/* The network of trace/centreline.py along one stroke. Its sums come in another order than those of NumPy's libraries, which differ among themselves, and products
   and sums may be one step where the processor has it. */

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("fp-contract=fast")
#endif

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__)
#define WIDEST __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define WIDEST
#endif

#define OUT 32
#define COLUMNS 6
typedef float lanes __attribute__((vector_size(64), aligned(4)));
typedef int32_t marks __attribute__((vector_size(64), aligned(4)));

/* One layer: `made` (count, OUT) is what a convolution of `seen` makes, below 0 nothing, and where `adds` what was in `seen` besides.

   count           of columns, a whole number of COLUMNS
   seen            `into` values of each, of which (width / 2) * dilation columns more lie before and after
   kernel, bias    (width, into, OUT) and OUT floats */
WIDEST static void layer(ptrdiff_t count, ptrdiff_t into, ptrdiff_t width, ptrdiff_t dilation, int adds, const float *restrict seen,
                         const float *restrict kernel, const float *restrict bias, float *restrict made)
{
    const int wide = sizeof(lanes) / sizeof(float);
    const lanes nothing = {0};
    for (ptrdiff_t x = 0; x < count; x += COLUMNS)
        for (int first = 0; first < OUT; first += wide) {
            lanes sum[COLUMNS], weights;
            for (int j = 0; j < COLUMNS; j++)
                memcpy(&sum[j], bias + first, sizeof(lanes));
            for (ptrdiff_t k = 0; k < width; k++) {
                const float *values = seen + (x + (k - width / 2) * dilation) * into;
                for (ptrdiff_t m = 0; m < into; m++) {
                    memcpy(&weights, kernel + (k * into + m) * OUT + first, sizeof(lanes));
                    for (int j = 0; j < COLUMNS; j++)
                        sum[j] += weights * values[j * into + m];
                }
            }
            for (int j = 0; j < COLUMNS; j++) {
                sum[j] = (lanes)((marks)sum[j] & (marks)(sum[j] > nothing));
                if (adds) {
                    memcpy(&weights, seen + (x + j) * OUT + first, sizeof(lanes));
                    sum[j] += weights;
                }
                memcpy(made + (x + j) * OUT + first, &sum[j], sizeof(lanes));
            }
        }
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
