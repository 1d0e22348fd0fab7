/* The loops over pixels and columns of page/pixels.py, page/grid.py and arrangement/correlation.py, compiled: the same sums and comparisons of the same floats, so the same
   pixels to the bit. */

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error "floats are summed with more digits on this machine: the search in NumPy is taken there"
#endif

/* On x86-64 what gains by it is compiled for wider vectors too, and the processor's is taken when the library is loaded; no sum depends on it. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__)
#define WIDEST __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define WIDEST
#endif

static inline float greater(float a, float b) { return a > b ? a : b; }

/* The brightest of the first three of the four bytes of each of `count` pixels, each by its table of 256. */
void brightest(ptrdiff_t count, const uint8_t *restrict pixels, const uint8_t *restrict tables, uint8_t *restrict found)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        uint8_t red = tables[pixels[4 * i]], green = tables[256 + pixels[4 * i + 1]], blue = tables[512 + pixels[4 * i + 2]];
        uint8_t most = red > green ? red : green;
        found[i] = most > blue ? most : blue;
    }
}

/* The luma of each of `count` pixels of four bytes, as Pillow rounds it. */
void luma(ptrdiff_t count, const uint8_t *restrict pixels, const uint8_t *restrict unused, uint8_t *restrict found)
{
    (void)unused;
    for (ptrdiff_t i = 0; i < count; i++)
        found[i] = (uint8_t)((pixels[4 * i] * 19595u + pixels[4 * i + 1] * 38470u + pixels[4 * i + 2] * 7471u + 0x8000u) >> 16);
}

/* For `count` windows the sums of their values, as whole numbers, and of these values' squares, over all pixels above and left of each corner:
   sums (count, 2, height + 1, width + 1). */
void window_sums(ptrdiff_t count, ptrdiff_t height, ptrdiff_t width, const float *restrict windows, int32_t *restrict sums)
{
    ptrdiff_t line = width + 1, size = (height + 1) * line;
    for (ptrdiff_t n = 0; n < count; n++, windows += height * width, sums += 2 * size) {
        memset(sums, 0, line * sizeof *sums);
        memset(sums + size, 0, line * sizeof *sums);
        for (ptrdiff_t y = 0; y < height; y++) {
            const float *restrict window = windows + y * width;
            int32_t *restrict once = sums + (y + 1) * line, *restrict twice = once + size;
            int32_t sum = 0, square = 0;
            once[0] = twice[0] = 0;
            for (ptrdiff_t x = 0; x < width; x++) {
                int32_t value = (int32_t)lrintf(window[x]);
                once[x + 1] = sum += value;
                twice[x + 1] = square += value * value;
            }
            for (ptrdiff_t x = 1; x < line; x++) {
                once[x] += once[x - line];
                twice[x] += twice[x - line];
            }
        }
    }
}

/* The mean height of the harmonics of frequencies in the spectra of tiles, by bilinear interpolation: _Harmonics of page/grid.py.

   count, each    of the frequencies, and how many of them, one after another, are looked for in one tile
   harmonics      so many, of which those below `most` cycles per pixel count
   size           of the transform: spectra (tiles, size, size / 2 + 1), with rows from -size / 2 on
   tiles          (count / each) */
void harmonic_heights(ptrdiff_t count, ptrdiff_t each, ptrdiff_t harmonics, ptrdiff_t size, double most,
                      const double *restrict across, const double *restrict down, const int64_t *restrict tiles,
                      const float *restrict spectra, double *restrict heights)
{
    ptrdiff_t half = size / 2, line = half + 1;
    for (ptrdiff_t k = 0; k < count; k++) {
        const float *restrict spectrum = spectra + tiles[k / each] * size * line;
        double sum = 0;
        ptrdiff_t inside = 0;
        for (ptrdiff_t n = 1; n <= harmonics; n++) {
            double x = across[k] * (double)n, y = down[k] * (double)n;
            if (!(fabs(x) < most && fabs(y) < most))
                continue;
            double side = x < 0 ? -1 : 1, column = x * side * (double)size, row = y * side * (double)size + (double)half;
            ptrdiff_t left = (ptrdiff_t)column, top = (ptrdiff_t)row;
            double right_share = column - (double)left, below_share = row - (double)top;
            const float *restrict here = spectrum + top * line + left;
            double above = here[0] * (1 - right_share) + here[1] * right_share;
            double below = here[line] * (1 - right_share) + here[line + 1] * right_share;
            sum += above * (1 - below_share) + below * below_share;
            inside++;
        }
        heights[k] = sum / (double)(inside ? inside : 1);
    }
}

/* An image (tall, wide) enlarged to (height, width) by bilinear interpolation: first across, then down, as Pillow does it.

   columns, rows   for each column and row of what is made two of the image, of which it is made
   across, down    their weights
   scratch         (tall, width) */
void enlarged(ptrdiff_t height, ptrdiff_t width, ptrdiff_t tall, ptrdiff_t wide, const float *restrict image,
              const int64_t *restrict columns, const double *restrict across, const int64_t *restrict rows,
              const double *restrict down, float *restrict scratch, float *restrict made)
{
    for (ptrdiff_t y = 0; y < tall; y++)
        for (ptrdiff_t x = 0; x < width; x++)
            scratch[y * width + x] = (float)((double)image[y * wide + columns[2 * x]] * across[2 * x]
                                             + (double)image[y * wide + columns[2 * x + 1]] * across[2 * x + 1]);
    for (ptrdiff_t y = 0; y < height; y++) {
        const float *restrict first = scratch + rows[2 * y] * width, *restrict second = scratch + rows[2 * y + 1] * width;
        double one = down[2 * y], other = down[2 * y + 1];
        for (ptrdiff_t x = 0; x < width; x++)
            made[y * width + x] = (float)((double)first[x] * one + (double)second[x] * other);
    }
}
