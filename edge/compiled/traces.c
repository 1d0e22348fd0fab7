/* The loops over a page's ink of trace/, compiled: the same sums and comparisons of the same floats as in NumPy, so the same costs, paths and strokes to the bit. */

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error "floats are summed with more digits on this machine: NumPy's loops are taken there"
#endif

/* As in loops.c: for wider vectors, which change no sum. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__)
#define WIDEST __attribute__((target_clones("avx2", "default")))
#else
#define WIDEST
#endif

#define SIDE 8
#define LINE 64
#define GROUP 16

static inline float lesser(float a, float b) { return a < b ? a : b; }

/* An image (height, width) column after column, each `stride` bytes after the one before, into memory that is 0. */
void transposed(ptrdiff_t height, ptrdiff_t width, ptrdiff_t stride, const uint8_t *restrict image, uint8_t *restrict columns)
{
    for (ptrdiff_t left = 0; left < width; left += LINE) {
        ptrdiff_t right = left + LINE < width ? left + LINE : width;
        for (ptrdiff_t top = 0; top < height; top += SIDE) {
            ptrdiff_t bottom = top + SIDE < height ? top + SIDE : height;
            for (ptrdiff_t x = left; x < right; x += SIDE) {
                if (x + SIDE > right || bottom - top < SIDE) {
                    for (ptrdiff_t y = top; y < bottom; y++)
                        for (ptrdiff_t k = x; k < right && k < x + SIDE; k++)
                            columns[k * stride + y] = image[y * width + k];
                    continue;
                }
                uint64_t row[SIDE], any = 0;
                uint8_t square[SIDE][SIDE];
                for (int k = 0; k < SIDE; k++) {
                    memcpy(&row[k], image + (top + k) * width + x, SIDE);
                    any |= row[k];
                }
                if (!any)
                    continue;
                memcpy(square, row, sizeof square);
                for (int k = 0; k < SIDE; k++) {
                    uint8_t column[SIDE];
                    for (int j = 0; j < SIDE; j++)
                        column[j] = square[j][k];
                    memcpy(columns + (x + k) * stride + top, column, SIDE);
                }
            }
        }
    }
}

/* The runs of more than `length` pixels of at least `least`, up to 128, among `count`, the last of which is below: the numbers of their first pixels and of those after their
   last ones, begins and ends; how many there are is returned. */
ptrdiff_t long_runs(ptrdiff_t count, const uint8_t *restrict pixels, ptrdiff_t least, double length, int64_t *restrict begins, int64_t *restrict ends)
{
    const uint64_t low = 0x7f7f7f7f7f7f7f7fu, high = 0x8080808080808080u, add = 0x0101010101010101u * (uint64_t)(128 - least);
    ptrdiff_t found = 0, i = 0, step = length >= 2 * SIDE - 2 ? SIDE : 1; /* so long ones hold eight pixels from a multiple of eight on */
    while (i < count) {
        int inked = pixels[i] >= least;
        if (step == SIDE && i + SIDE <= count) {
            uint64_t eight;
            memcpy(&eight, pixels + i, SIDE);
            /* the highest bit of each byte: whether it is at least `least` */
            inked = ((((eight & low) + add) | eight) & high) == high;
        }
        if (!inked) {
            i += step;
            continue;
        }
        ptrdiff_t begin = i;
        while (begin > 0 && pixels[begin - 1] >= least)
            begin--;
        while (pixels[i] >= least)
            i++;
        if ((double)(i - begin) > length) {
            begins[found] = begin;
            ends[found++] = i;
        }
        i = (i + step - 1) / step * step;
    }
    return found;
}

/* What climbing down from the first row costs before the rows 0, `every`, 2 * `every` … of each column: sums (height / every + 1, width).

   image      (height, width) ink
   paper      how much of a pixel is paper, by its ink; share, least: of which, and of what else, climbing costs
   scratch    3 * width floats */
WIDEST void climb_sums(ptrdiff_t height, ptrdiff_t width, const uint8_t *restrict image, ptrdiff_t every,
                       const float *restrict paper, float share, float least, float *restrict scratch, float *restrict sums)
{
    float blank = (paper[0] + paper[0]) * share + least;
    float *restrict total = scratch, *restrict above = scratch + width, *restrict blank_above = scratch + 2 * width;
    memset(scratch, 0, 3 * width * sizeof *scratch); /* nothing is above the first row, not even paper */
    for (ptrdiff_t y = 0; y < height; y++) {
        const uint8_t *restrict ink = image + y * width;
        if (y % every == 0)
            memcpy(sums + y / every * width, total, width * sizeof *total);
        for (ptrdiff_t left = 0; left < width; left += GROUP) {
            if (left + GROUP <= width) {
                uint64_t two[2];
                memcpy(two, ink + left, sizeof two);
                int is_blank = !(two[0] | two[1]);
                if (is_blank && blank_above[left / GROUP] != 0) {
                    for (int k = 0; k < GROUP; k++)
                        total[left + k] += blank;
                    continue;
                }
                blank_above[left / GROUP] = (float)is_blank;
            }
            for (ptrdiff_t x = left; x < width && x < left + GROUP; x++) {
                float here = paper[ink[x]];
                total[x] += (here + above[x]) * share + least;
                above[x] = here;
            }
        }
    }
    if (height % every == 0)
        memcpy(sums + height / every * width, total, width * sizeof *total);
}

/* The same of `count` columns of ink, each `stride` bytes after the one before and of `height` rows, whose numbers are in `which`, into the sums of a page of this width. */
void climb_sums_of(ptrdiff_t count, const int64_t *restrict which, ptrdiff_t height, ptrdiff_t width, ptrdiff_t stride,
                   const uint8_t *restrict columns, ptrdiff_t every, const float *restrict paper, float share, float least,
                   float *restrict sums)
{
    for (ptrdiff_t n = 0; n < count; n++) {
        const uint8_t *restrict ink = columns + which[n] * stride;
        float total = 0, above = 0;
        for (ptrdiff_t y = 0; y <= height; y++) {
            if (y % every == 0)
                sums[y / every * width + which[n]] = total;
            if (y == height)
                break;
            float here = paper[ink[y]];
            total += (here + above) * share + least;
            above = here;
        }
    }
}

/* cheapest_within_column: `best` is the least cost of reaching each row of a column, `arrived` what it costs to come to it, `climb` that of moving
   down to each row; `down` and `up` are written over. */
static void within_column(ptrdiff_t height, const float *restrict arrived, const float *restrict climb, float *restrict best,
                          float *restrict down, float *restrict up)
{
    for (ptrdiff_t i = 0; i < height; i++) {
        down[i] = arrived[i] - climb[i];
        up[i] = arrived[i] + climb[i];
    }
    float from_above = INFINITY, from_below = INFINITY;
    for (ptrdiff_t i = 0, j = height - 1; j >= 0; i++, j--) {
        down[i] = from_above = lesser(down[i], from_above);
        up[j] = from_below = lesser(up[j], from_below);
    }
    for (ptrdiff_t i = 0; i < height; i++)
        best[i] = lesser(down[i] + climb[i], up[i] - climb[i]);
}

static ptrdiff_t first_least(const float *restrict cost, ptrdiff_t height)
{
    ptrdiff_t row = 0;
    for (ptrdiff_t i = 1; i < height; i++)
        if (cost[i] < cost[row])
            row = i;
    return row;
}

/* The ink of a page, for lead_path: ink_runs.py says what each is. */
struct page {
    ptrdiff_t width, stride, every, inked, noises, erased_columns, height;
    const uint8_t *columns;
    const float *paper, *table, *sums;
    const float *thin, *gain; /* by the length of a run */
    const int64_t *noise, *erased_x;
    const uint8_t *erased;
    float share, least;
};

/* A lead whose path is searched for: columns `left` to `right`, in each of which it may run in the rows from `lows` to `highs`; path_search.py. */
struct lead {
    ptrdiff_t left, right, others, ends_anywhere;
    const int64_t *lows, *highs;
    const int64_t *name;        /* the columns and rows in which its name stands: left, right, top, bottom */
    const int64_t *rectangles;  /* (others, 4) the same of where it is nearer to another lead */
    const int64_t *first, *last; /* (others, right - left) the rows that another lead has taken; or NULL */
    const float *end;           /* what it costs to begin and end in each row of the page */
    double name_cost, long_px;
    float away, taken;
};

static inline ptrdiff_t most(ptrdiff_t a, ptrdiff_t b) { return a > b ? a : b; }
static inline ptrdiff_t fewest(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

/* The number of the first of sorted numbers that is not below another. */
static ptrdiff_t not_before(const int64_t *numbers, ptrdiff_t count, int64_t other)
{
    ptrdiff_t begin = 0;
    while (begin < count) {
        ptrdiff_t middle = (begin + count) / 2;
        if (numbers[middle] < other)
            begin = middle + 1;
        else
            count = middle;
    }
    return begin;
}

/* Of the cheapest path of a lead through a page the rows in which it enters and leaves each column, path (right - left, 2); its cost is returned.

   costs     two floats for each pixel in which it may run
   scratch   (3 * height + right - left) floats */
float lead_path(const struct page *page, const struct lead *lead, float *restrict costs, float *restrict scratch, int64_t *restrict path)
{
    ptrdiff_t columns = lead->right - lead->left, pixels = 0, low = 0, high = 0, top = page->height, bottom = 0;
    float *restrict best = scratch, *restrict down = scratch + page->height, *restrict up = scratch + 2 * page->height;
    float *restrict least = scratch + 3 * page->height;
    for (ptrdiff_t k = 0; k < columns; k++)
        pixels += lead->highs[k] - lead->lows[k];
    float *restrict enter = costs, *restrict climb = costs + pixels;
    ptrdiff_t n = not_before(page->noise, page->noises, lead->left * page->stride);
    ptrdiff_t e = not_before(page->erased_x, page->erased_columns, lead->left);
    for (ptrdiff_t k = 0; k < columns; k++) {
        ptrdiff_t x = lead->left + k, before_low = low, before_high = high, rows;
        low = lead->lows[k], high = lead->highs[k], rows = high - low;
        top = fewest(top, low), bottom = most(bottom, high);
        const uint8_t *restrict ink = page->columns + x * page->stride;
        for (ptrdiff_t i = 0; i < rows; i++)
            enter[i] = page->table[ink[low + i]];
        ptrdiff_t begin, end = low;
        while (end < high) {
            begin = end;
            if (ink[begin] < page->inked) {
                end++;
                continue;
            }
            while (begin > 0 && ink[begin - 1] >= page->inked)
                begin--;
            while (ink[end] >= page->inked) /* below the page there is paper */
                end++;
            float thin = page->thin[end - begin], gain = page->gain[end - begin];
            ptrdiff_t from = most(begin, low), to = fewest(end, high);
            for (ptrdiff_t y = from; y < to; y++)
                enter[y - low] += thin;
            if (gain > 0)
                for (ptrdiff_t y = from; y < to; y++) {
                    while (n < page->noises && page->noise[n] < x * page->stride + y)
                        n++;
                    if (n == page->noises || page->noise[n] != x * page->stride + y)
                        enter[y - low] -= gain;
                }
        }
        while (e < page->erased_columns && page->erased_x[e] < x)
            e++;
        if (e < page->erased_columns && page->erased_x[e] == x)
            for (ptrdiff_t i = 0; i < rows; i++)
                if (page->erased[e * page->height + low + i])
                    enter[i] = 0;
        if (x >= lead->name[0] && x < lead->name[1]) {
            ptrdiff_t row = most(lead->name[2], low), stop = fewest(lead->name[3], high);
            while (row < stop) {
                ptrdiff_t end = row, begin = row;
                while (ink[end] >= page->inked)
                    end++;
                while (begin > 0 && ink[begin - 1] >= page->inked)
                    begin--;
                int is_long = end > row && (double)(end - begin - 1) >= lead->long_px;
                end = fewest(most(end, row + 1), stop);
                for (; row < end; row++)
                    if (!is_long)
                        enter[row - low] = (float)((double)enter[row - low] + lead->name_cost);
            }
        }
        for (ptrdiff_t other = 0; other < lead->others; other++) {
            const int64_t *box = lead->rectangles + 4 * other;
            if (x >= box[0] && x < box[1]) {
                ptrdiff_t from = most(box[2], low) - low, to = fewest(box[3], high) - low;
                for (ptrdiff_t i = from; i < to; i++)
                    enter[i] += lead->away;
            }
            if (lead->first) {
                ptrdiff_t from = most(lead->first[other * columns + k], low) - low, to = fewest(lead->last[other * columns + k] + 1, high) - low;
                for (ptrdiff_t i = from; i < to; i++)
                    enter[i] += lead->taken;
            }
        }
        ptrdiff_t start = low / page->every * page->every;
        float total = page->sums[low / page->every * page->width + x], above = start ? page->paper[ink[start - 1]] : 0.0f;
        for (ptrdiff_t y = start; y < low; y++) {
            float here = page->paper[ink[y]];
            total += (here + above) * page->share + page->least;
            above = here;
        }
        for (ptrdiff_t i = 0; i < rows; i++) {
            float here = page->paper[ink[low + i]];
            climb[i] = total += (here + above) * page->share + page->least;
            above = here;
        }
        if (k == 0)
            for (ptrdiff_t y = low; y < high; y++)
                best[y] = lead->end[y];
        else {
            for (ptrdiff_t y = low; y < fewest(before_low, high); y++)
                best[y] = INFINITY;
            for (ptrdiff_t y = most(before_high, low); y < high; y++)
                best[y] = INFINITY;
        }
        float of_column = INFINITY;
        for (ptrdiff_t i = 0; i < rows; i++) {
            enter[i] += best[low + i];
            of_column = lesser(enter[i], of_column);
        }
        least[k] = of_column;
        within_column(rows, enter, climb, best + low, down, up);
        enter += rows, climb += rows;
    }
    float cost, cheapest_end = INFINITY;
    for (ptrdiff_t y = top; y < bottom; y++)
        cheapest_end = lesser(lead->end[y], cheapest_end);
    if (!lead->ends_anywhere)
        for (ptrdiff_t y = low; y < high; y++)
            best[y] += lead->end[y];
    ptrdiff_t row = low + first_least(best + low, high - low);
    cost = lead->ends_anywhere ? best[row] + cheapest_end : best[row];
    for (ptrdiff_t k = columns - 1; k >= 0; k--) {
        low = lead->lows[k], high = lead->highs[k];
        enter -= high - low, climb -= high - low;
        row = most(fewest(row, high - 1), low); /* it lies within, where there is a path at all */
        path[2 * k + 1] = row;
        float here = climb[row - low], found = enter[row - low];
        ptrdiff_t i = row - low, entered = i;
        /* Climbing costs more with every row, so that beyond some row none can be cheaper. */
        for (ptrdiff_t j = i - 1; j >= 0; j--) {
            float climbed = fabsf(climb[j] - here);
            if (climbed + least[k] > found)
                break;
            if (climbed + enter[j] <= found)
                found = climbed + enter[j], entered = j;
        }
        for (ptrdiff_t j = i + 1; j < high - low; j++) {
            float climbed = fabsf(climb[j] - here);
            if (climbed + least[k] > found)
                break;
            if (climbed + enter[j] < found)
                found = climbed + enter[j], entered = j;
        }
        row = path[2 * k] = low + entered;
    }
    return cost;
}

/* For `count` pixels of ink, in `rows` of columns `x`, the first and the last row of the run that each lies in; of pixels of paper that row. */
void extents(ptrdiff_t count, const int64_t *restrict rows, const int64_t *restrict x, ptrdiff_t height, ptrdiff_t stride,
             const uint8_t *restrict columns, ptrdiff_t least, int64_t *restrict first, int64_t *restrict last)
{
    for (ptrdiff_t k = 0; k < count; k++) {
        const uint8_t *ink = columns + x[k] * stride;
        ptrdiff_t top = rows[k], bottom = rows[k];
        if (ink[top] >= least) {
            while (top > 0 && ink[top - 1] >= least)
                top--;
            while (bottom + 1 < height && ink[bottom + 1] >= least)
                bottom++;
        }
        first[k] = top, last[k] = bottom;
    }
}

/* Where between a row and the next one in the direction of `step` ink falls below `least`. */
static inline double edge(const uint8_t *ink, ptrdiff_t row, ptrdiff_t step, ptrdiff_t height, double least)
{
    double here = ink[row], there = row + step >= 0 && row + step < height ? ink[row + step] : 0, apart = here - there;
    return (double)row + (double)step * (there < least ? (here - least) / (apart > 1 ? apart : 1) : 0.5);
}

/* The mean of the rows between two of a column, in either order; not a number where there are none. */
static inline double mean_between(const uint8_t *ink, ptrdiff_t start, ptrdiff_t stop)
{
    ptrdiff_t from = fewest(start, stop), to = most(start, stop), sum = 0;
    for (ptrdiff_t y = from; y < to; y++)
        sum += ink[y];
    return to > from ? (double)sum / (double)(to - from) : NAN;
}

/* Of `count` strokes from row `first` to `last` of columns `x` the upper and the lower edge, and how dark, 0 to 1, the upper and the lower half are: found (count, 4). */
void strokes(ptrdiff_t count, const int64_t *restrict first, const int64_t *restrict last, const int64_t *restrict x, ptrdiff_t height,
             ptrdiff_t stride, const uint8_t *restrict columns, double least, double *restrict found)
{
    for (ptrdiff_t k = 0; k < count; k++, found += 4) {
        const uint8_t *ink = columns + x[k] * stride;
        ptrdiff_t length = last[k] - first[k] + 2, half = length / 2 - (length % 2 < 0); /* rounded down, below 0 too */
        found[0] = edge(ink, first[k], -1, height, least);
        found[1] = edge(ink, last[k], 1, height, least);
        found[2] = mean_between(ink, first[k], first[k] + half) / 255.0;
        found[3] = mean_between(ink, last[k] + 1 - half, last[k] + 1) / 255.0;
    }
}

/* What climbing down from the first row costs in cells of `cell` columns of ink, in each of which most ink of a row counts: found (cells, height) of search_bounds.py.

   columns   (width, stride), of which the first `height` rows count; scratch holds `height` bytes */
WIDEST void coarse_climb(ptrdiff_t width, ptrdiff_t height, ptrdiff_t stride, const uint8_t *restrict columns, ptrdiff_t cell,
                         const float *restrict paper, float share, float least, uint8_t *restrict scratch, float *restrict found)
{
    for (ptrdiff_t left = 0; left < width; left += cell, found += height) {
        memcpy(scratch, columns + left * stride, height);
        for (ptrdiff_t x = left + 1; x < width && x < left + cell; x++) {
            const uint8_t *restrict ink = columns + x * stride;
            for (ptrdiff_t y = 0; y < height; y++)
                scratch[y] = ink[y] > scratch[y] ? ink[y] : scratch[y];
        }
        float total = 0, above = 0;
        for (ptrdiff_t y = 0; y < height; y++) {
            float here = paper[scratch[y]];
            found[y] = total += (here + above) * share + least;
            above = here;
        }
    }
}

/* What a path gains at most in cells of `cell` columns that visits a row, of one block of rows alone: found (cells, height), 0 in memory that is 0. A block are the rows of runs that
   touch each other or have rows in common; in each column at most one run is entered.

   count           runs, by the numbers of their pixels in columns of `stride` rows, and what is gained in each
   scratch         2 * height floats */
void gains_of_rows(ptrdiff_t count, const int64_t *restrict begins, const int64_t *restrict ends, const float *restrict gained, ptrdiff_t stride,
                   ptrdiff_t cell, ptrdiff_t height, float *restrict scratch, float *restrict found)
{
    for (ptrdiff_t first = 0, last; first < count; first = last) {
        ptrdiff_t number = begins[first] / stride / cell;
        float *of_cell = found + number * height, *of_column = scratch, *sum = scratch + height;
        memset(scratch, 0, 2 * height * sizeof *scratch);
        for (last = first; last < count && begins[last] / stride / cell == number; last++)
            for (ptrdiff_t row = begins[last] % stride; row < ends[last] - begins[last] / stride * stride; row++)
                of_cell[row] = 1;
        for (ptrdiff_t n = first; n < last; n++) {
            ptrdiff_t top = begins[n] % stride;
            while (top > 0 && of_cell[top - 1] > 0)
                top--;
            of_column[top] = gained[n] > of_column[top] ? gained[n] : of_column[top];
            if (n + 1 == last || begins[n + 1] / stride != begins[n] / stride)
                for (ptrdiff_t row = 0; row < height; row++) {
                    sum[row] += of_column[row];
                    of_column[row] = 0;
                }
        }
        for (ptrdiff_t row = 0, top = 0; row < height; row++) {
            if (of_cell[row] == 0)
                continue;
            top = row && of_cell[row - 1] != 0 ? top : row;
            of_column[row] = sum[top];
        }
        for (ptrdiff_t row = 0; row < height; row++) /* where nothing is gained runs are part of no block */
            of_cell[row] = of_cell[row] != 0 ? of_column[row] : 0;
    }
}

/* What visiting each row costs at least where visiting others gains something, into `found`: nothing is gained, or what one block of rows gives, or `all`, for which
   what lies between two blocks is crossed. */
static void with_gain(ptrdiff_t rows, const float *visited, float all, const float *gains, const float *climb, float *found, float *down, float *up,
                      float *gained)
{
    ptrdiff_t before = -1;
    for (ptrdiff_t i = 0; i < rows; i++) {
        gained[i] = gains[i] > 0 ? visited[i] - gains[i] : INFINITY;
        if (!(gains[i] > 0))
            continue;
        if (before >= 0 && before < i - 1) {
            float apart = climb[i] - climb[before];
            gained[i] = lesser(visited[before] + apart - all, gained[i]);
            gained[before] = lesser(visited[i] + apart - all, gained[before]);
        }
        before = i;
    }
    within_column(rows, gained, climb, found, down, up);
    for (ptrdiff_t i = 0; i < rows; i++)
        found[i] = lesser(found[i], visited[i]);
}

/* The least cost of a path of a lead that visits each row of each cell, through (cells, bottom - top): CoarseInk.row_costs of search_bounds.py.

   lead       its rows `lows`, `highs`, its name and what is taken are not looked at
   cells      how many; `x` the column of each that is entered, `gain` what a path may gain in each
   table      what entering a pixel costs at least, by its ink
   climb      (cells, height of the page), as coarse_climb makes it; `gains` the same, as gains_of_rows makes it
   top, bottom the rows in which it may run at all
   scratch    (2 * cells + 6) * (bottom - top) floats */
void row_costs(const struct page *page, const struct lead *lead, ptrdiff_t cells, const int64_t *restrict x, const float *restrict gain,
               const float *restrict table, const float *restrict climb, const float *restrict gains, ptrdiff_t top, ptrdiff_t bottom,
               float *restrict scratch, float *restrict through)
{
    ptrdiff_t rows = bottom - top, height = page->height, e = 0;
    float *cost = scratch, *plain = cost + cells * rows, *down = plain + cells * rows, *up = down + rows, *arrived = up + rows, *after = arrived + rows;
    float *gained = after + rows, *better = gained + rows;
    const float *best = lead->end + top;
    for (ptrdiff_t k = 0; k < cells; k++) {
        float *restrict here = cost + k * rows;
        const uint8_t *restrict ink = page->columns + x[k] * page->stride + top;
        for (ptrdiff_t i = 0; i < rows; i++)
            here[i] = table[ink[i]];
        while (e < page->erased_columns && page->erased_x[e] < x[k])
            e++;
        if (e < page->erased_columns && page->erased_x[e] == x[k])
            for (ptrdiff_t i = 0; i < rows; i++)
                if (page->erased[e * height + top + i])
                    here[i] = 0;
        for (ptrdiff_t other = 0; other < lead->others; other++) {
            const int64_t *box = lead->rectangles + 4 * other;
            if (x[k] >= box[0] && x[k] < box[1])
                for (ptrdiff_t i = most(box[2], top) - top; i < fewest(box[3], bottom) - top; i++)
                    here[i] += lead->away;
        }
        for (ptrdiff_t i = 0; i < rows; i++)
            arrived[i] = best[i] + here[i];
        /* by what has been gained in a cell before its row is visited, what is visited then is cheaper; what is gained there afterwards comes below */
        float *visited = gain[k] > 0 ? plain + k * rows : through + k * rows;
        within_column(rows, arrived, climb + k * height + top, visited, down, up);
        if (gain[k] > 0)
            with_gain(rows, visited, gain[k], gains + k * height + top, climb + k * height + top, through + k * rows, down, up, gained);
        best = through + k * rows;
    }
    for (ptrdiff_t i = 0; i < rows; i++)
        arrived[i] = lead->ends_anywhere ? 0.0f : lead->end[top + i];
    for (ptrdiff_t k = cells - 1; k >= 0; k--) {
        float *restrict of_cell = through + k * rows, *onward = after;
        within_column(rows, arrived, climb + k * height + top, after, down, up);
        for (ptrdiff_t i = 0; i < rows; i++)
            of_cell[i] += after[i];
        if (gain[k] > 0) {
            with_gain(rows, after, gain[k], gains + k * height + top, climb + k * height + top, better, down, up, gained);
            onward = better;
            for (ptrdiff_t i = 0; i < rows; i++)
                of_cell[i] = lesser(plain[k * rows + i] + better[i], of_cell[i]);
        }
        for (ptrdiff_t i = 0; i < rows; i++)
            arrived[i] = onward[i] + cost[k * rows + i];
    }
}

/* The rows of each cell from the first to the last that a path visits for `limit` or less, by through (cells, rows): those from `lows` to `highs` (cells), from `top` on. The
   least that a path costs which visits any other is returned. */
float rows_within(ptrdiff_t cells, ptrdiff_t rows, ptrdiff_t top, const float *restrict through, float limit, int64_t *restrict lows,
                  int64_t *restrict highs)
{
    float beyond = INFINITY;
    for (ptrdiff_t k = 0; k < cells; k++, through += rows) {
        ptrdiff_t low = 0, high = rows;
        while (low < rows && through[low] > limit)
            beyond = lesser(through[low++], beyond);
        while (high > low && through[high - 1] > limit)
            beyond = lesser(through[--high], beyond);
        lows[k] = top + low, highs[k] = top + high;
    }
    return beyond;
}

/* For each place of each of `count` leads the median over `beats` of what is finite in values (count, beats, length): found (count, length); not a number where nothing is.
   scratch holds `beats` floats. */
void medians(ptrdiff_t count, ptrdiff_t beats, ptrdiff_t length, const float *restrict values, float *restrict scratch, float *restrict found)
{
    for (ptrdiff_t k = 0; k < count; k++, values += beats * length)
        for (ptrdiff_t i = 0; i < length; i++, found++) {
            ptrdiff_t known = 0;
            for (ptrdiff_t beat = 0; beat < beats; beat++) {
                float value = values[beat * length + i];
                if (!isfinite(value))
                    continue;
                ptrdiff_t at = known++;
                for (; at > 0 && scratch[at - 1] > value; at--)
                    scratch[at] = scratch[at - 1];
                scratch[at] = value;
            }
            *found = known ? 0.5f * (scratch[(known - 1) / 2] + scratch[known / 2]) : NAN;
        }
}
