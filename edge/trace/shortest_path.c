/* The search of shortest_path.py, compiled: the same sums and comparisons of the same floats, so the same paths to the bit. */

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#if FLT_EVAL_METHOD != 0
#error "floats are summed with more digits on this machine: the search in NumPy is taken there"
#endif

#define LANES 8

static inline float lesser(float a, float b) { return a < b ? a : b; }

/* The first of the rows that cost least; written for compilers that compare several floats at once. */
static ptrdiff_t cheapest_row(const float *restrict cost, ptrdiff_t height)
{
    float lane[LANES], least = INFINITY;
    ptrdiff_t i = 0;
    for (int k = 0; k < LANES; k++)
        lane[k] = INFINITY;
    for (; i + LANES <= height; i += LANES)
        for (int k = 0; k < LANES; k++)
            lane[k] = lesser(cost[i + k], lane[k]);
    for (; i < height; i++)
        least = lesser(cost[i], least);
    for (int k = 0; k < LANES; k++)
        least = lesser(lane[k], least);
    for (i = 0; i < height - 1 && cost[i] != least; i++)
        ;
    return i;
}

/* The path through one picture, of which the cost is returned.

   width, height   of the picture
   stride          floats between two columns in arrived and climb
   step            integers between two columns in entered and left
   arrived         the costs of entering, written over with those of arriving
   climb, end      as shortest_path.py has them
   scratch         3 * height floats to be written over
   entered, left   the rows of the path */
float cheapest_path(ptrdiff_t width, ptrdiff_t height, ptrdiff_t stride, ptrdiff_t step, float *restrict arrived,
                    const float *restrict climb, const float *restrict end, float *restrict scratch,
                    int64_t *restrict entered, int64_t *restrict left)
{
    float *restrict best = scratch, *restrict down = scratch + height, *restrict up = scratch + 2 * height;
    for (ptrdiff_t i = 0; i < height; i++)
        best[i] = end[i];
    for (ptrdiff_t x = 0; x < width; x++) {
        float *restrict a = arrived + x * stride;
        const float *restrict c = climb + x * stride;
        for (ptrdiff_t i = 0; i < height; i++) {
            a[i] += best[i];
            down[i] = a[i] - c[i];
            up[i] = a[i] + c[i];
        }
        float from_above = INFINITY, from_below = INFINITY;
        for (ptrdiff_t i = 0, j = height - 1; j >= 0; i++, j--) {
            down[i] = from_above = lesser(down[i], from_above);
            up[j] = from_below = lesser(up[j], from_below);
        }
        for (ptrdiff_t i = 0; i < height; i++)
            best[i] = lesser(down[i] + c[i], up[i] - c[i]);
    }
    for (ptrdiff_t i = 0; i < height; i++)
        best[i] += end[i];
    ptrdiff_t row = cheapest_row(best, height);
    float cost = best[row];
    for (ptrdiff_t x = width - 1; x >= 0; x--) {
        const float *restrict a = arrived + x * stride, *restrict c = climb + x * stride;
        float here = c[row];
        left[x * step] = row;
        for (ptrdiff_t i = 0; i < height; i++)
            down[i] = fabsf(c[i] - here) + a[i];
        row = cheapest_row(down, height);
        entered[x * step] = row;
    }
    return cost;
}
