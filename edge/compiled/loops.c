/* The loops over pixels and columns of page/pixels.py and page/spectra.py, compiled: the same sums and comparisons of the same floats, so the same
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
WIDEST void enlarged(ptrdiff_t height, ptrdiff_t width, ptrdiff_t tall, ptrdiff_t wide, const float *restrict image,
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
