/* The correlation of names with windows of a page of arrangement/correlation.py, compiled: products are sums of whole numbers, so the same to the bit in any order. */

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error "floats are summed with more digits on this machine: names are looked for in NumPy there"
#endif

#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__)
#define WIDEST __attribute__((target_clones("avx2", "default")))
#else
#define WIDEST
#endif
#ifdef __SSE2__
#include <immintrin.h>
#endif

#define COLUMNS 32
#define LANES 8

/* For `count` windows (height, width) what `name_fits` takes of them.

   pairs   (count, height, line) 0: of each pixel its level and that of the one to the right, in the lower and the upper half of 32 bits
   inked   (count, height, width + 1): how many pixels to the left of each place are above 0
   sums    (count, 2, height + 1, width + 1): of all pixels above and left of each corner the sum of their levels, and of these levels' squares */
void window_sums(ptrdiff_t count, ptrdiff_t height, ptrdiff_t width, ptrdiff_t line, const uint8_t *restrict windows,
                 uint32_t *restrict pairs, uint16_t *restrict inked, int32_t *restrict sums)
{
    ptrdiff_t corners = width + 1, size = (height + 1) * corners;
    for (ptrdiff_t n = 0; n < count; n++, sums += 2 * size) {
        memset(sums, 0, corners * sizeof *sums);
        memset(sums + size, 0, corners * sizeof *sums);
        for (ptrdiff_t y = 0; y < height; y++, windows += width, pairs += line, inked += corners) {
            int32_t *restrict once = sums + (y + 1) * corners, *restrict twice = once + size;
            int32_t sum = 0, square = 0;
            uint16_t inks = 0;
            once[0] = twice[0] = 0;
            inked[0] = 0;
            for (ptrdiff_t x = 0; x < width; x++) {
                int32_t level = windows[x];
                once[x + 1] = sum += level;
                twice[x + 1] = square += level * level;
                inked[x + 1] = inks = (uint16_t)(inks + (level > 0));
                pairs[x] = (uint32_t)level | (x + 1 < width ? (uint32_t)windows[x + 1] << 16 : 0);
            }
            for (ptrdiff_t x = 1; x < corners; x++) {
                once[x] += once[x - corners];
                twice[x] += twice[x - corners];
            }
        }
    }
}

/* A window as `window_sums` makes it, or its columns from some on: `corners` numbers from one row of what is summed to the next. */
struct window {
    ptrdiff_t height, width, line, corners;
    const int32_t *pairs;
    const uint16_t *inked;
    const int32_t *sums;
};

/* The sum of a pattern's products with what it lies on, by where its upper left corner lies: two rows of places and COLUMNS of each at once, and nothing where there
   is no ink.

   tall, half    rows of the pattern, and pairs of pixels in each; between a row of nothing above and one below
   products      (rows + 1, blocks * COLUMNS), of which those of blocks that hold no ink are not written
   found         ((rows + 1) / 2, blocks): which hold some */
#define PRODUCTS(NAME, TARGET, VECTOR, WIDE, LOAD, SPREAD, MULTIPLIED, PLUS, NOUGHT, STORE)                                              \
    TARGET static void NAME(const struct window *window, ptrdiff_t tall, ptrdiff_t half, const int32_t *restrict pattern, ptrdiff_t rows, \
                            ptrdiff_t blocks, int32_t *restrict products, uint8_t *restrict found)                                        \
    {                                                                                                                                     \
        for (ptrdiff_t y = 0; y < rows; y += 2)                                                                                           \
            for (ptrdiff_t block = 0; block < blocks; block++) {                                                                          \
                ptrdiff_t left = block * COLUMNS, right = left + COLUMNS + 2 * half - 1;                                                  \
                VECTOR one[COLUMNS / WIDE], other[COLUMNS / WIDE];                                                                        \
                int holds = 0;                                                                                                            \
                right = right < window->width ? right : window->width;                                                                    \
                for (int k = 0; k < COLUMNS / WIDE; k++)                                                                                  \
                    one[k] = other[k] = NOUGHT;                                                                                           \
                for (ptrdiff_t row = 0; row <= tall && y + row < window->height; row++) {                                                 \
                    const uint16_t *inked = window->inked + (y + row) * window->corners;                                                    \
                    const int32_t *seen = window->pairs + (y + row) * window->line + left;                                                \
                    const int32_t *second = pattern + row * half, *first = second + half;                                                 \
                    if (inked[right] == inked[left])                                                                                      \
                        continue;                                                                                                         \
                    holds = 1;                                                                                                            \
                    for (ptrdiff_t j = 0; j < half; j++, seen += 2) {                                                                     \
                        VECTOR here = SPREAD(first[j]), above = SPREAD(second[j]);                                                        \
                        for (int k = 0; k < COLUMNS / WIDE; k++) {                                                                        \
                            VECTOR levels = LOAD(seen + k * WIDE);                                                                       \
                            one[k] = PLUS(one[k], MULTIPLIED(levels, here));                                                              \
                            other[k] = PLUS(other[k], MULTIPLIED(levels, above));                                                         \
                        }                                                                                                                 \
                    }                                                                                                                     \
                }                                                                                                                         \
                found[y / 2 * blocks + block] = (uint8_t)holds;                                                                           \
                if (!holds)                                                                                                               \
                    continue;                                                                                                             \
                int32_t *restrict upper = products + (y * blocks + block) * COLUMNS, *restrict lower = upper + blocks * COLUMNS;          \
                for (int k = 0; k < COLUMNS / WIDE; k++) {                                                                                \
                    STORE(upper + k * WIDE, one[k]);                                                                                      \
                    STORE(lower + k * WIDE, other[k]);                                                                                    \
                }                                                                                                                         \
            }                                                                                                                             \
    }

#ifdef __SSE2__
#define AVX2 __attribute__((target("avx2")))
/* Held in a register: read from memory for either row anew they would take twice as long. */
static inline __m128i load_4(const int32_t *at)
{
    __m128i levels = _mm_loadu_si128((const __m128i *)at);
    __asm__("" : "+x"(levels));
    return levels;
}
AVX2 static inline __m256i load_8(const int32_t *at)
{
    __m256i levels = _mm256_loadu_si256((const __m256i *)at);
    __asm__("" : "+x"(levels));
    return levels;
}
#define STORE_4(at, value) _mm_storeu_si128((__m128i *)(at), value)
#define STORE_8(at, value) _mm256_storeu_si256((__m256i *)(at), value)
PRODUCTS(products_4, , __m128i, 4, load_4, _mm_set1_epi32, _mm_madd_epi16, _mm_add_epi32, _mm_setzero_si128(), STORE_4)
PRODUCTS(products_8, AVX2, __m256i, 8, load_8, _mm256_set1_epi32, _mm256_madd_epi16, _mm256_add_epi32, _mm256_setzero_si256(), STORE_8)
#else
static void products_1(const struct window *window, ptrdiff_t tall, ptrdiff_t half, const int32_t *restrict pattern, ptrdiff_t rows,
                       ptrdiff_t blocks, int32_t *restrict products, uint8_t *restrict found)
{
    for (ptrdiff_t y = 0; y < rows; y++)
        for (ptrdiff_t block = 0; block < blocks; block++) {
            ptrdiff_t left = block * COLUMNS, right = left + COLUMNS + 2 * half - 1;
            int32_t sums[COLUMNS] = {0};
            int holds = 0;
            right = right < window->width ? right : window->width;
            for (ptrdiff_t row = 0; row < tall; row++) {
                const uint16_t *inked = window->inked + (y + row) * window->corners;
                const int16_t *restrict seen = (const int16_t *)(window->pairs + (y + row) * window->line + left);
                const int16_t *restrict levels = (const int16_t *)(pattern + (row + 1) * half);
                if (inked[right] == inked[left])
                    continue;
                holds = 1;
                for (ptrdiff_t j = 0; j < half; j++, seen += 4) {
                    int16_t first = levels[2 * j], second = levels[2 * j + 1];
                    for (int k = 0; k < COLUMNS; k++)
                        sums[k] += seen[2 * k] * first + seen[2 * k + 1] * second;
                }
            }
            found[y / 2 * blocks + block] = (uint8_t)(holds | (y % 2 ? found[y / 2 * blocks + block] : 0));
            memcpy(products + (y * blocks + block) * COLUMNS, sums, sizeof sums);
        }
}
#endif

static void products(const struct window *window, ptrdiff_t tall, ptrdiff_t half, const int32_t *restrict pattern, ptrdiff_t rows, ptrdiff_t blocks,
                     int32_t *restrict made, uint8_t *restrict found)
{
#ifdef __SSE2__
    if (__builtin_cpu_supports("avx2"))
        products_8(window, tall, half, pattern, rows, blocks, made, found);
    else
        products_4(window, tall, half, pattern, rows, blocks, made, found);
#else
    products_1(window, tall, half, pattern, rows, blocks, made, found);
#endif
}

#define SIZES 9

/* The fits of one pattern with these `size` numbers, as name_fits has them, at rows and columns of places: its products, which are 0 where `found` says that they are not there,
   and `scale` times them by the deviation of what the pattern lies on from its mean; nothing is written where there is no ink. The greatest is returned, 0 at least. */
WIDEST static float normalised(const struct window *window, const int64_t *restrict size, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t blocks,
                               const int32_t *restrict made, const uint8_t *restrict found, float scale, float empty, float *restrict fits)
{
    const int32_t nothing[COLUMNS] = {0};
    ptrdiff_t tall = size[0], wide = size[1], corners = window->corners, squares = (window->height + 1) * corners;
    uint32_t margin = (uint32_t)size[8];
    float lane[LANES] = {0}, greatest = 0, pixels = (float)(tall * wide), least = pixels * empty * empty;
    for (ptrdiff_t y = 0; y < rows; y++)
        for (ptrdiff_t block = 0; block < blocks; block++) {
            ptrdiff_t left = block * COLUMNS, count = left + COLUMNS < columns ? COLUMNS : columns - left, last = count - 1 + wide, x = 0;
            const int32_t *restrict top = window->sums + y * corners + left, *restrict foot = top + tall * corners;
            const int32_t *product = found[y / 2 * blocks + block] ? made + (y * blocks + block) * COLUMNS : nothing;
            float *restrict fit = fits + y * window->width + left;
            if (foot[last] - top[last] == foot[0] - top[0])
                continue;
            for (x = 0; x < count; x++) {
                int32_t levels = foot[x + wide] - top[x + wide] - (foot[x] - top[x]);
                float sum = (float)levels, all = (float)(int32_t)((uint32_t)product[x] + margin * (uint32_t)levels);
                float square = (float)(foot[squares + x + wide] - top[squares + x + wide] - (foot[squares + x] - top[squares + x]));
                square -= sum * sum / pixels;
                fit[x] = all * scale / sqrtf(square > least ? square : least);
            }
            for (x = 0; x + LANES <= count; x += LANES)
                for (int j = 0; j < LANES; j++)
                    lane[j] = fit[x + j] > lane[j] ? fit[x + j] : lane[j];
            for (; x < count; x++)
                greatest = fit[x] > greatest ? fit[x] : greatest;
        }
    for (int j = 0; j < LANES; j++)
        greatest = lane[j] > greatest ? lane[j] : greatest;
    return greatest;
}

/* The fits of a pattern with a window at these rows and columns of places, as `normalised` makes them. */
static float fits_of(const struct window *window, const int64_t *restrict size, const int32_t *restrict pattern, ptrdiff_t rows, ptrdiff_t columns,
                     float scale, float empty, int32_t *restrict scratch, uint8_t *restrict found, float *restrict fits)
{
    ptrdiff_t blocks = (columns + COLUMNS - 1) / COLUMNS, top = size[4], left = size[5];
    struct window inner = *window;
    inner.height -= top, inner.width -= left;
    inner.pairs += top * window->line + left, inner.inked += top * window->corners + left;
    products(&inner, size[6], (size[7] + 1) / 2, pattern, rows, blocks, scratch, found);
    return normalised(window, size, rows, columns, blocks, scratch, found, scale, empty, fits);
}

/* How well patterns of mean 0 fit at each place of windows: their product with what they lie on, by the deviation of that from its mean.

   count            of patterns, each with a window of its own
   height, width    of the windows, and of fits (count, height, width), which are 0 where a pattern does not lie within the window
   line             numbers from one row of a window's pairs to the next: COLUMNS and the widest pattern more than `width`
   pairs, inked, sums   where each window's begin, as window_sums makes them
   patterns         where each begins: (tall + 2, (wide + 1) / 2) pairs of levels of 16 bits, the first and the last row of which are 0
   sizes            (count, 4): of each pattern its height and width, and the row and column of its pixel to whose place its fit is written
   scales           (count): what a pattern's levels are multiplied by so that its norm is 1
   empty            standard deviation of a place that counts as empty
   scratch, found   (height + 1) * (width + COLUMNS) numbers, and as many bytes */
void name_fits(ptrdiff_t count, ptrdiff_t height, ptrdiff_t width, ptrdiff_t line, const int32_t *const *restrict pairs,
               const uint16_t *const *restrict inked, const int32_t *const *restrict sums, const int32_t *const *restrict patterns,
               const int64_t *restrict sizes, const float *restrict scales, float empty, int32_t *restrict scratch, uint8_t *restrict found,
               float *restrict fits)
{
    for (ptrdiff_t k = 0; k < count; k++, fits += height * width, sizes += SIZES) {
        struct window window = {height, width, line, width + 1, pairs[k], inked[k], sums[k]};
        memset(fits, 0, height * width * sizeof *fits);
        fits_of(&window, sizes, patterns[k], height - sizes[0] + 1, width - sizes[1] + 1, scales[k], empty, scratch, found,
                fits + sizes[2] * width + sizes[3]);
    }
}

/* The greatest fit of each pattern, 0 at least, and the column of a place where it is: of places in some columns alone.

   ranges         (count, 2): the first of these columns, and how many they are
   scratch, found as `name_fits` has them, fits (height, width) to be written over
   most, columns  (count) */
void name_peaks(ptrdiff_t count, ptrdiff_t height, ptrdiff_t width, ptrdiff_t line, const int32_t *const *restrict pairs,
                const uint16_t *const *restrict inked, const int32_t *const *restrict sums, const int32_t *const *restrict patterns,
                const int64_t *restrict sizes, const float *restrict scales, float empty, const int64_t *restrict ranges,
                int32_t *restrict scratch, uint8_t *restrict found, float *restrict fits, float *restrict most, int64_t *restrict columns)
{
    for (ptrdiff_t k = 0; k < count; k++, sizes += SIZES) {
        ptrdiff_t first = ranges[2 * k], rows = height - sizes[0] + 1;
        struct window window = {height, width - first, line, width + 1, pairs[k] + first, inked[k] + first, sums[k] + first};
        memset(fits, 0, rows * window.width * sizeof *fits);
        most[k] = fits_of(&window, sizes, patterns[k], rows, ranges[2 * k + 1], scales[k], empty, scratch, found, fits);
        columns[k] = first;
        if (most[k] > 0) {
            ptrdiff_t place = 0;
            while (fits[place] != most[k])
                place++;
            columns[k] += place % window.width;
        }
    }
}

static inline float greater(float a, float b) { return a > b ? a : b; }

/* The maximum of a row of `width` within `reach` of each place from `begin` to `end`, none of which has so much on both sides. */
static void greatest_at_end(ptrdiff_t width, ptrdiff_t reach, ptrdiff_t begin, ptrdiff_t end, const float *restrict from, float *restrict to)
{
    for (ptrdiff_t x = begin; x < end; x++) {
        ptrdiff_t first = x > reach ? x - reach : 0, last = x + reach < width ? x + reach : width - 1;
        to[x] = from[first];
        for (ptrdiff_t other = first + 1; other <= last; other++)
            to[x] = greater(from[other], to[x]);
    }
}

/* The mean of `count` images (height, width) of each of which every pixel is the maximum within `reach` pixels of it, down and across.

   scratch   (height + 1) * width floats */
WIDEST void mean_of_maxima(ptrdiff_t count, ptrdiff_t height, ptrdiff_t width, ptrdiff_t reach, const float *const *restrict images,
                           float *restrict scratch, float *restrict mean)
{
    ptrdiff_t begin = reach < width ? reach : width, end = width - reach > begin ? width - reach : begin;
    for (ptrdiff_t n = 0; n < count; n++) {
        for (ptrdiff_t y = 0; y < height; y++) {
            const float *restrict from = images[n] + y * width;
            float *restrict to = scratch + y * width;
            greatest_at_end(width, reach, 0, begin, from, to);
            greatest_at_end(width, reach, end, width, from, to);
            if (reach == 2) /* as it is for names: in one pass */
                for (ptrdiff_t x = begin; x < end; x++)
                    to[x] = greater(greater(greater(from[x - 2], from[x - 1]), greater(from[x + 1], from[x + 2])), from[x]);
            else {
                for (ptrdiff_t x = begin; x < end; x++)
                    to[x] = from[x];
                for (ptrdiff_t step = 1; step <= reach; step++)
                    for (ptrdiff_t x = begin; x < end; x++)
                        to[x] = greater(greater(from[x - step], from[x + step]), to[x]);
            }
        }
        for (ptrdiff_t y = 0; y < height; y++) {
            ptrdiff_t first = y > reach ? y - reach : 0, last = y + reach < height ? y + reach : height - 1;
            float *restrict most = scratch + height * width, *restrict to = mean + y * width;
            memcpy(most, scratch + first * width, width * sizeof *most);
            for (ptrdiff_t row = first + 1; row <= last; row++) {
                const float *restrict from = scratch + row * width;
                for (ptrdiff_t x = 0; x < width; x++)
                    most[x] = greater(from[x], most[x]);
            }
            if (!n)
                memcpy(to, most, width * sizeof *to);
            else
                for (ptrdiff_t x = 0; x < width; x++)
                    to[x] += most[x];
        }
    }
    float number = (float)count;
    if (count > 1)
        for (ptrdiff_t k = 0; k < height * width; k++)
            mean[k] /= number;
}
