/* One layer of the network in centreline.c, as the function LAYER by vectors of BYTES: `made` (count, OUT) is what a convolution of `seen` makes, below 0
   nothing, and where `adds` what was in `seen` besides.

   count           of columns, a whole number of COLUMNS
   seen            `into` values of each, of which (width / 2) * dilation columns more lie before and after
   kernel, bias    (width, into, OUT) and OUT floats */
TARGET static void LAYER(ptrdiff_t count, ptrdiff_t into, ptrdiff_t width, ptrdiff_t dilation, int adds, const float *restrict seen,
                         const float *restrict kernel, const float *restrict bias, float *restrict made)
{
    typedef float lanes __attribute__((vector_size(BYTES), aligned(4), may_alias));
    typedef int32_t marks __attribute__((vector_size(BYTES), aligned(4), may_alias));
    enum { WIDE = BYTES / sizeof(float) };
    const lanes nothing = {0};
    for (ptrdiff_t x = 0; x < count; x += COLUMNS)
        for (int first = 0; first < OUT; first += 2 * WIDE) {
            lanes left[COLUMNS], right[COLUMNS]; /* two vectors of each column: so many sums fit into sixteen registers */
            for (int j = 0; j < COLUMNS; j++) {
                left[j] = *(const lanes *)(bias + first);
                right[j] = *(const lanes *)(bias + first + WIDE);
            }
            for (ptrdiff_t k = 0; k < width; k++) {
                const float *values = seen + (x + (k - width / 2) * dilation) * into;
                const float *weights = kernel + k * into * OUT + first;
                for (ptrdiff_t m = 0; m < into; m++, weights += OUT) {
                    const lanes one = *(const lanes *)weights, other = *(const lanes *)(weights + WIDE);
                    for (int j = 0; j < COLUMNS; j++) {
                        left[j] += one * values[j * into + m];
                        right[j] += other * values[j * into + m];
                    }
                }
            }
            for (int j = 0; j < COLUMNS; j++) {
                float *to = made + (x + j) * OUT + first;
                const float *from = seen + (x + j) * OUT + first;
                left[j] = (lanes)((marks)left[j] & (marks)(left[j] > nothing));
                right[j] = (lanes)((marks)right[j] & (marks)(right[j] > nothing));
                if (adds) {
                    left[j] += *(const lanes *)from;
                    right[j] += *(const lanes *)(from + WIDE);
                }
                *(lanes *)to = left[j];
                *(lanes *)(to + WIDE) = right[j];
            }
        }
}
