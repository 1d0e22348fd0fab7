/* The passes over a page's pixels of page/ink.py, page/blocks.py and arrangement/coarse_page.py, compiled: the same sums and roundings of whole numbers,
   so the same pixels to the bit. */

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* As in loops.c: for wider vectors, which change no sum. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__)
#define WIDEST __attribute__((target_clones("avx2", "default")))
#else
#define WIDEST
#endif

#define GROUP 32
#define ONE 22

/* The brightest of the first three of the four bytes of each of `count` pixels. */
WIDEST void brightest_channel(ptrdiff_t count, const uint8_t *restrict pixels, uint8_t *restrict found)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        uint8_t red = pixels[4 * i], green = pixels[4 * i + 1], blue = pixels[4 * i + 2];
        uint8_t most = red > green ? red : green;
        found[i] = most > blue ? most : blue;
    }
}

/* Of an image (height, width) made half as large, each pixel the rounded mean of four or of what there is at the edges: the largest of each square of
   `side` pixels, found (rows, columns); scratch holds (width + 1) / 2 numbers. */
WIDEST void block_maxima(ptrdiff_t height, ptrdiff_t width, const uint8_t *restrict image, ptrdiff_t side, ptrdiff_t rows,
                         ptrdiff_t columns, int16_t *restrict scratch, uint8_t *restrict found)
{
    ptrdiff_t pairs = width / 2, tall = (height + 1) / 2, wide = (width + 1) / 2;
    for (ptrdiff_t row = 0; row < rows; row++) {
        memset(scratch, 0, wide * sizeof *scratch);
        for (ptrdiff_t y = row * side; y < (row + 1) * side && y < tall; y++) {
            const uint8_t *upper = image + 2 * y * width, *lower = 2 * y + 1 < height ? upper + width : upper;
            for (ptrdiff_t x = 0; x < pairs; x++) {
                int16_t sum = (int16_t)(upper[2 * x] + upper[2 * x + 1] + lower[2 * x] + lower[2 * x + 1]);
                scratch[x] = sum > scratch[x] ? sum : scratch[x];
            }
            if (wide > pairs) { /* a mean of two is that of these two twice */
                int16_t sum = (int16_t)(2 * (upper[width - 1] + lower[width - 1]));
                scratch[pairs] = sum > scratch[pairs] ? sum : scratch[pairs];
            }
        }
        for (ptrdiff_t column = 0; column < columns; column++) {
            int16_t most = 0;
            for (ptrdiff_t x = column * side; x < (column + 1) * side && x < wide; x++)
                most = scratch[x] > most ? scratch[x] : most;
            found[row * columns + column] = (uint8_t)((most + 2) >> 2);
        }
    }
}

/* The rounded mean of each whole square of `side` pixels, at most 256, of an image of this width: found (rows, columns); scratch holds `width` numbers. */
WIDEST void block_means(ptrdiff_t width, const uint8_t *restrict image, ptrdiff_t side, ptrdiff_t rows, ptrdiff_t columns,
                        uint16_t *restrict scratch, uint8_t *restrict found)
{
    uint32_t pixels = (uint32_t)(side * side);
    for (ptrdiff_t row = 0; row < rows; row++) {
        memset(scratch, 0, width * sizeof *scratch);
        for (ptrdiff_t y = row * side; y < (row + 1) * side; y++)
            for (ptrdiff_t x = 0; x < width; x++)
                scratch[x] = (uint16_t)(scratch[x] + image[y * width + x]);
        for (ptrdiff_t column = 0; column < columns; column++) {
            uint32_t sum = pixels / 2;
            for (ptrdiff_t x = column * side; x < (column + 1) * side; x++)
                sum += scratch[x];
            found[row * columns + column] = (uint8_t)(sum / pixels);
        }
    }
}

/* How much darker than the paper each of `count` pixels is: 255 less the share of the paper's brightness, rounded down, in `image` itself. */
WIDEST void darker_than_paper(ptrdiff_t count, const uint8_t *restrict paper, uint8_t *restrict image)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        int bright = image[i] < paper[i] ? image[i] : paper[i];
        image[i] = (uint8_t)(255 - (int)((float)(bright * 255) / (float)paper[i])); /* no quotient is so near to a whole number as to be rounded to it */
    }
}

/* Each of `count` pixels by a table of 256, in `image` itself; the levels below `first` become 0. */
WIDEST void through_table(ptrdiff_t count, const uint8_t *restrict table, ptrdiff_t first, uint8_t *restrict image)
{
    ptrdiff_t i = 0;
    for (; i + GROUP <= count; i += GROUP) {
        uint8_t most = 0;
        for (int k = 0; k < GROUP; k++)
            most = image[i + k] > most ? image[i + k] : most;
        if (most < first)
            memset(image + i, 0, GROUP);
        else
            for (int k = 0; k < GROUP; k++)
                image[i + k] = table[image[i + k]];
    }
    for (; i < count; i++)
        image[i] = table[image[i]];
}

/* How many of `count` pixels have each of 256 levels. */
void level_counts(ptrdiff_t count, const uint8_t *restrict image, int64_t *restrict counts)
{
    uint32_t part[4][256];
    memset(part, 0, sizeof part);
    ptrdiff_t i = 0;
    for (; i + 4 <= count; i += 4) /* equal neighbours do not wait for each other */
        for (int k = 0; k < 4; k++)
            part[k][image[i + k]]++;
    for (; i < count; i++)
        part[0][image[i]]++;
    for (int level = 0; level < 256; level++)
        counts[level] = (int64_t)part[0][level] + part[1][level] + part[2][level] + part[3][level];
}

/* Whether all bytes from `at` to `end` are 0. */
static inline int is_blank(const uint8_t *at, const uint8_t *end)
{
    uint64_t eight;
    for (; at + 8 <= end; at += 8) {
        memcpy(&eight, at, 8);
        if (eight)
            return 0;
    }
    for (; at < end; at++)
        if (*at)
            return 0;
    return 1;
}

/* found (count): the sums of pixels of two rows, weighted. */
WIDEST static void weighted(ptrdiff_t count, const uint8_t *restrict one, const uint8_t *restrict other, int32_t first, int32_t second,
                            uint8_t *restrict found)
{
    for (ptrdiff_t x = 0; x < count; x++)
        found[x] = (uint8_t)((one[x] * first + other[x] * second + (1 << (ONE - 1))) >> ONE);
}

/* An image of this width made smaller or larger: each pixel of found (tall, wide) is a weighted mean of up to `taps` pixels across and as many down, rounded after either,
   by weights of 1 << 22 together, as Pillow sums them.

   lefts, across   for each column of `found` the first column of the image that counts, and the weights of `taps` of them
   tops, down      the same of its rows
   scratch         (taps, wide) */
void mean_of_boxes(ptrdiff_t width, ptrdiff_t tall, ptrdiff_t wide, ptrdiff_t taps, const uint8_t *restrict image,
                   const int64_t *restrict lefts, const int32_t *restrict across, const int64_t *restrict tops,
                          const int32_t *restrict down, uint8_t *restrict scratch, uint8_t *restrict found)
{
    ptrdiff_t held = -1; /* rows of the image before this one lie in scratch, each in the place of its number modulo `taps` */
    for (ptrdiff_t row = 0; row < tall; row++) {
        const int32_t *restrict weights = down + row * taps;
        uint8_t *restrict out = found + row * wide;
        for (ptrdiff_t k = 0; k < taps; k++) {
            ptrdiff_t y = tops[row] + k;
            if (y < held || weights[k] == 0)
                continue;
            const uint8_t *restrict from = image + y * width;
            uint8_t *restrict to = scratch + (y % taps) * wide;
            for (ptrdiff_t begin = 0; begin < wide; begin += GROUP) {
                ptrdiff_t end = begin + GROUP < wide ? begin + GROUP : wide;
                if (is_blank(from + lefts[begin], from + lefts[end - 1] + taps)) {
                    memset(to + begin, 0, end - begin);
                    continue;
                }
                for (ptrdiff_t x = begin; x < end; x++) {
                    const uint8_t *seen = from + lefts[x];
                    const int32_t *share = across + taps * x;
                    int32_t sum = 1 << (ONE - 1);
                    for (ptrdiff_t j = 0; j < taps; j++)
                        sum += seen[j] * share[j];
                    to[x] = (uint8_t)(sum >> ONE);
                }
            }
            held = y + 1;
        }
        int32_t shares[2];
        const uint8_t *restrict line[2];
        int used = 0;
        for (ptrdiff_t k = 0; k < taps; k++)
            if (weights[k]) {
                if (used < 2) {
                    shares[used] = weights[k];
                    line[used] = scratch + ((tops[row] + k) % taps) * wide;
                }
                used++;
            }
        if (used == 1)
            memcpy(out, line[0], wide);
        else if (used == 2)
            weighted(wide, line[0], line[1], shares[0], shares[1], out);
        else
            for (ptrdiff_t x = 0; x < wide; x++) {
                int32_t sum = 1 << (ONE - 1);
                for (ptrdiff_t k = 0; k < taps; k++)
                    if (weights[k])
                        sum += scratch[((tops[row] + k) % taps) * wide + x] * weights[k];
                out[x] = (uint8_t)(sum >> ONE);
            }
    }
}

/* How many pixels above 0 each rectangle of `down` rows, at most 255, and `across` columns of an image of this width holds: counts (rows, columns); scratch
   holds `width` numbers. */
WIDEST void block_counts(ptrdiff_t width, const uint8_t *restrict image, ptrdiff_t down, ptrdiff_t across, ptrdiff_t rows,
                         ptrdiff_t columns, uint8_t *restrict scratch, int64_t *restrict counts)
{
    for (ptrdiff_t row = 0; row < rows; row++) {
        memset(scratch, 0, columns * across);
        for (ptrdiff_t y = row * down; y < (row + 1) * down; y++)
            for (ptrdiff_t x = 0; x < columns * across; x++)
                scratch[x] = (uint8_t)(scratch[x] + (image[y * width + x] > 0));
        for (ptrdiff_t column = 0; column < columns; column++) {
            int32_t sum = 0;
            for (ptrdiff_t x = column * across; x < (column + 1) * across; x++)
                sum += scratch[x];
            counts[row * columns + column] = sum;
        }
    }
}

/* Of the pixels of each rectangle of `down` rows and `across` columns of an image of this width, in their order from dark to bright, those of the numbers `first` and
   first + 1: found (rows, columns, 2). */
void block_levels(ptrdiff_t width, const uint8_t *restrict image, ptrdiff_t down, ptrdiff_t across, ptrdiff_t rows,
                  ptrdiff_t columns, ptrdiff_t first, uint8_t *restrict found)
{
    for (ptrdiff_t row = 0; row < rows; row++)
        for (ptrdiff_t column = 0; column < columns; column++, found += 2) {
            uint32_t part[2][256];
            memset(part, 0, sizeof part);
            for (ptrdiff_t y = row * down; y < (row + 1) * down; y++) {
                const uint8_t *line = image + y * width + column * across;
                ptrdiff_t x = 0;
                for (; x + 2 <= across; x += 2) { /* equal neighbours do not wait for each other */
                    part[0][line[x]]++;
                    part[1][line[x + 1]]++;
                }
                if (x < across)
                    part[0][line[x]]++;
            }
            ptrdiff_t below = 0, level = 0;
            for (int k = 0; k < 2; k++) {
                while (level < 255 && below + part[0][level] + part[1][level] <= first + k) {
                    below += part[0][level] + part[1][level];
                    level++;
                }
                found[k] = (uint8_t)level;
            }
        }
}

/* Where the luma of pixels of four bytes, as Pillow rounds it, is less than `below`: found (rows, columns) 0 or 1; `stride` bytes from one row to the next. */
WIDEST void dark_pixels(ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t stride, const uint8_t *restrict pixels, ptrdiff_t below,
                        uint8_t *restrict found)
{
    uint32_t limit = (uint32_t)below << 16;
    for (ptrdiff_t y = 0; y < rows; y++, pixels += stride, found += columns)
        for (ptrdiff_t x = 0; x < columns; x++)
            found[x] = pixels[4 * x] * 19595u + pixels[4 * x + 1] * 38470u + pixels[4 * x + 2] * 7471u + 0x8000u < limit;
}

/* How dark the ink alone is on a grid, of `count` pixels: what light it lets through is that of both by that of the grid, at most `most` of which counts, in `image` itself. */
WIDEST void without_grid(ptrdiff_t count, const uint8_t *restrict grid, ptrdiff_t most, uint8_t *restrict image)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        int of_grid = 255 - (grid[i] < most ? grid[i] : (int)most);
        int light = (int)((float)((255 - image[i]) * 255) / (float)of_grid); /* no quotient is so near to a whole number as to be rounded to it */
        image[i] = (uint8_t)(255 - (light < 255 ? light : 255));
    }
}

/* Each of `count` pixels times its gain, rounded to the nearest and to even ones, at most 255, in `image` itself. */
WIDEST void times_gain(ptrdiff_t count, const float *restrict gain, uint8_t *restrict image)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        float dark = rintf(gain[i] * (float)image[i]);
        image[i] = (uint8_t)(dark < 255.0f ? dark : 255.0f);
    }
}

/* Where a page (height, width) of zeros and ones is dark all over some square of `side` pixels, odd, that lies within it, and within `reach` pixels of such squares' middles, across and down:
   found (height, width) 0 or 1; whether there is such a square is returned.

   scratch   (height + 1) * width bytes
   counts    2 * width numbers */
WIDEST ptrdiff_t solid_ink(ptrdiff_t height, ptrdiff_t width, ptrdiff_t side, ptrdiff_t reach, const uint8_t *restrict dark,
                           uint8_t *restrict scratch, uint16_t *restrict counts, uint8_t *restrict found)
{
    ptrdiff_t half = side / 2, any = 0;
    uint16_t *restrict downs = counts, *restrict rests = counts + width;
    uint8_t *restrict middles = scratch; /* rows in which the middles of squares lie, as far as `reach` beside them */
    memset(downs, 0, width * sizeof *downs);
    memset(middles, 0, height * width);
    for (ptrdiff_t y = 0; y < height; y++) {
        const uint8_t *restrict row = dark + y * width;
        uint8_t *restrict wide = scratch + height * width;
        ptrdiff_t run = 0;
        memset(wide, 0, width);
        for (ptrdiff_t x = 0; x < width; x++) {
            run = row[x] ? run + 1 : 0;
            if (run >= side)
                wide[x - half] = 1;
        }
        uint8_t holds = 0;
        for (ptrdiff_t x = 0; x < width; x++) {
            downs[x] = wide[x] ? (uint16_t)(downs[x] + (downs[x] < side)) : 0;
            holds |= downs[x] >= side;
        }
        if (!holds)
            continue;
        any = 1;
        uint8_t *restrict out = middles + (y - half) * width;
        ptrdiff_t until = 0;
        for (ptrdiff_t x = 0; x < width; x++) {
            if (downs[x] < side)
                continue;
            ptrdiff_t from = x - reach > until ? x - reach : until, to = x + reach + 1 < width ? x + reach + 1 : width;
            memset(out + from, 1, to - from);
            until = to;
        }
    }
    if (!any)
        return 0;
    memset(rests, 0, width * sizeof *rests);
    for (ptrdiff_t y = -reach; y < height; y++) {
        uint8_t *restrict out = found + y * width;
        const uint8_t *restrict seen = middles + (y + reach) * width;
        uint16_t most = (uint16_t)(2 * reach + 1);
        if (y + reach < height)
            for (ptrdiff_t x = 0; x < width; x++)
                rests[x] = seen[x] ? most : (uint16_t)(rests[x] - (rests[x] > 0));
        else
            for (ptrdiff_t x = 0; x < width; x++)
                rests[x] = (uint16_t)(rests[x] - (rests[x] > 0));
        if (y >= 0)
            for (ptrdiff_t x = 0; x < width; x++)
                out[x] = rests[x] > 0;
    }
    return 1;
}

static inline uint8_t less(uint8_t a, uint8_t b) { return a < b ? a : b; }
static inline uint8_t more(uint8_t a, uint8_t b) { return a > b ? a : b; }

/* What an image (height, width) has in common with itself one and two cells of `cell` pixels away in the four directions: of two opposite places the darker one, beyond the image
   nothing; the least of the four pairs is taken. found (height, width); nothing holds `width` zeros. */
WIDEST void periodic(ptrdiff_t height, ptrdiff_t width, ptrdiff_t cell, const uint8_t *restrict image, const uint8_t *restrict nothing,
                     uint8_t *restrict found)
{
    for (ptrdiff_t y = 0; y < height; y++) {
        const uint8_t *rows[4]; /* two and one above, one and two below */
        const uint8_t *restrict own = image + y * width;
        uint8_t *restrict out = found + y * width;
        for (int k = 0; k < 4; k++) {
            ptrdiff_t row = y + (k < 2 ? k - 2 : k - 1) * cell;
            rows[k] = row >= 0 && row < height ? image + row * width : nothing;
        }
        for (ptrdiff_t x = 0; x < width; x++)
            out[x] = less(more(rows[1][x], rows[3][x]), more(rows[0][x], rows[2][x]));
        for (ptrdiff_t x = 0; x < width; x++) {
            if (x == 2 * cell && width > 4 * cell) {
                ptrdiff_t end = width - 2 * cell;
                for (; x < end; x++)
                    out[x] = less(out[x], less(more(own[x - cell], own[x + 2 * cell]), more(own[x - 2 * cell], own[x + cell])));
            }
            uint8_t near[4];
            for (int k = 0; k < 4; k++) {
                ptrdiff_t column = x + (k < 2 ? k - 2 : k - 1) * cell;
                near[k] = column >= 0 && column < width ? own[column] : 0;
            }
            out[x] = less(out[x], less(more(near[1], near[3]), more(near[0], near[2])));
        }
    }
}

/* The greatest of each pixel of an image (height, width) and of those around it: found (height, width); scratch holds `width` numbers. */
WIDEST void greatest_around(ptrdiff_t height, ptrdiff_t width, const uint8_t *restrict image, uint8_t *restrict scratch, uint8_t *restrict found)
{
    for (ptrdiff_t y = 0; y < height; y++) {
        const uint8_t *own = image + y * width, *above = y ? own - width : own, *below = y + 1 < height ? own + width : own;
        uint8_t *restrict out = found + y * width;
        for (ptrdiff_t x = 0; x < width; x++)
            scratch[x] = more(more(above[x], below[x]), own[x]);
        out[0] = width > 1 ? more(scratch[0], scratch[1]) : scratch[0];
        for (ptrdiff_t x = 1; x + 1 < width; x++)
            out[x] = more(more(scratch[x - 1], scratch[x + 1]), scratch[x]);
        if (width > 1)
            out[width - 1] = more(scratch[width - 2], scratch[width - 1]);
    }
}
