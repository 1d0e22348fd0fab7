/* The loops of page/ and arrangement/ over whole pictures, compiled: the same sums and comparisons of the same floats as in NumPy, SciPy and
   Pillow, so the same results to the bit, but where a function says otherwise. */

#include <float.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error "floats are summed with more digits on this machine: pages are looked at in NumPy there"
#endif

#define MOST_COLUMNS 512
#define LANES 8

/* On x86-64 these are compiled for wider vectors too, and the processor's are taken when the library is loaded; no sum depends on it. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__)
#define WIDEST __attribute__((target_clones("avx2", "default")))
#else
#define WIDEST
#endif

static inline float size_of(float value, int absolute) { return absolute ? fabsf(value) : value; }

/* The means of values (height, width), or of their sizes where `absolute`, over squares of `side` pixels, and over what is left of them at the right
   and at the bottom: summed as Pillow's reduce does, pairs of rows and columns first. */
void square_means(ptrdiff_t height, ptrdiff_t width, ptrdiff_t side, ptrdiff_t absolute, const float *restrict values, float *restrict made)
{
    ptrdiff_t across = (width + side - 1) / side;
    for (ptrdiff_t top = 0; top < height; top += side)
        for (ptrdiff_t left = 0; left < width; left += side) {
            ptrdiff_t bottom = top + side, right = left + side, y, x;
            double sum = 0;
            if (bottom <= height && right <= width) {
                for (y = top; y < bottom - 1; y += 2) {
                    const float *one = values + y * width, *other = one + width;
                    for (x = left; x < right - 1; x += 2)
                        sum += size_of(one[x], absolute) + size_of(one[x + 1], absolute) + size_of(other[x], absolute)
                               + size_of(other[x + 1], absolute);
                    if (side & 1)
                        sum += size_of(one[x], absolute) + size_of(other[x], absolute);
                }
                if (side & 1) {
                    const float *one = values + y * width;
                    for (x = left; x < right - 1; x += 2)
                        sum += size_of(one[x], absolute) + size_of(one[x + 1], absolute);
                    sum += size_of(one[x], absolute);
                }
            } else {
                bottom = bottom < height ? bottom : height;
                right = right < width ? right : width;
                for (y = top; y < bottom; y++)
                    for (x = left; x < right; x++)
                        sum += size_of(values[y * width + x], absolute);
            }
            made[top / side * across + left / side] = (float)(sum * (1.0 / (double)((bottom - top) * (right - left))));
        }
}

/* One row of an image that is enlarged as `enlarged` does it: of two rows of the image that is wide enough already. */
static inline void between_rows(ptrdiff_t width, const float *restrict first, const float *restrict second, double one, double other,
                         float *restrict made)
{
    for (ptrdiff_t x = 0; x < width; x++)
        made[x] = (float)((double)first[x] * one + (double)second[x] * other);
}

static inline void widened(ptrdiff_t width, const float *restrict row, const int64_t *restrict columns, const double *restrict across,
                    float *restrict made)
{
    for (ptrdiff_t x = 0; x < width; x++)
        made[x] = (float)((double)row[columns[2 * x]] * across[2 * x] + (double)row[columns[2 * x + 1]] * across[2 * x + 1]);
}

/* Values (height, width) less an image (tall, wide) that is enlarged to their size, or divided by it and `more`, and clipped to `most` either way.

   columns, rows, across, down   as `enlarged` has them
   divided                       whether they are divided
   scratch                       3 * width floats to be written over */
WIDEST void against_enlarged(ptrdiff_t height, ptrdiff_t width, ptrdiff_t wide, const float *restrict image, const int64_t *restrict columns,
                      const double *restrict across, const int64_t *restrict rows, const double *restrict down, ptrdiff_t divided, float more,
                      float most, float *restrict scratch, float *restrict values)
{
    ptrdiff_t held[2] = {-1, -1};
    float *wider[2] = {scratch, scratch + width}, *between = scratch + 2 * width;
    for (ptrdiff_t y = 0; y < height; y++) {
        float *restrict row = values + y * width;
        const float *both[2];
        for (int k = 0; k < 2; k++) {
            ptrdiff_t wanted = rows[2 * y + k], slot = wanted & 1;
            if (held[slot] != wanted) {
                widened(width, image + wanted * wide, columns, across, wider[slot]);
                held[slot] = wanted;
            }
            both[k] = wider[slot];
        }
        between_rows(width, both[0], both[1], down[2 * y], down[2 * y + 1], between);
        if (!divided)
            for (ptrdiff_t x = 0; x < width; x++)
                row[x] -= between[x];
        else
            for (ptrdiff_t x = 0; x < width; x++) {
                float value = row[x] / (between[x] + more);
                value = value > -most ? value : -most;
                row[x] = value < most ? value : most;
            }
    }
}

/* How high each amplitude of a spectrum stands over the mean of those around it, up to `clearest`, and a share of what is above that.

   height, width   of the spectrum, whose rows go round and whose columns are mirrored at both ends; made begins with its middle row
   side            odd, of the square of which that mean is, summed as SciPy's uniform_filter does
   least           what is added to the mean
   scratch         height * width floats to be written over */
WIDEST void over_surroundings(ptrdiff_t height, ptrdiff_t width, ptrdiff_t side, const float *restrict amplitude, float least, float clearest,
                       float share, float *restrict scratch, float *restrict made)
{
    ptrdiff_t reach = side / 2, middle = (height + 1) / 2;
    double sum[MOST_COLUMNS], steps[MOST_COLUMNS + 1], size = (double)side;
    for (ptrdiff_t x = 0; x < width; x++)
        sum[x] = 0;
    for (ptrdiff_t k = -reach; k <= reach; k++) {
        const float *restrict row = amplitude + ((k + middle + height) % height) * width;
        for (ptrdiff_t x = 0; x < width; x++)
            sum[x] += (double)row[x];
    }
    for (ptrdiff_t x = 0; x < width; x++)
        scratch[x] = (float)(sum[x] / size);
    for (ptrdiff_t y = 1; y < height; y++) {
        const float *restrict enters = amplitude + ((y + reach + middle) % height) * width;
        const float *restrict leaves = amplitude + ((y - 1 - reach + middle + height) % height) * width;
        float *restrict out = scratch + y * width;
        for (ptrdiff_t x = 0; x < width; x++) {
            sum[x] += (double)enters[x] - (double)leaves[x];
            out[x] = (float)(sum[x] / size);
        }
    }
    for (ptrdiff_t y = 0; y < height; y++) {
        const float *restrict row = scratch + y * width, *restrict own = amplitude + ((y + middle) % height) * width;
        float *restrict out = made + y * width;
        double total = 0;
        for (ptrdiff_t k = -reach; k <= reach; k++)
            total += (double)row[k < 0 ? -1 - k : k];
        steps[0] = total;
        for (ptrdiff_t x = 1; x < width; x++) {
            ptrdiff_t enters = x + reach, leaves = x - 1 - reach;
            steps[x] = (double)row[enters < width ? enters : 2 * width - 1 - enters] - (double)row[leaves < 0 ? -1 - leaves : leaves];
        }
        for (ptrdiff_t x = 1; x < width; x++)
            steps[x] = total += steps[x];
        for (ptrdiff_t x = 0; x < width; x++) {
            float over = own[x] / ((float)(steps[x] / size) + least), beyond = over - clearest;
            out[x] = (over < clearest ? over : clearest) + share * (beyond > 0 ? beyond : 0);
        }
    }
}

/* The mean height of the harmonics of `count` frequencies in one spectrum, at places that are known.

   each             how many of the harmonics of each frequency count, the first ones: those of all follow each other
   places           the pixel of the spectrum above and left of each
   shares           of each the weights of the column to the right and of the row below
   line             floats from one row of the spectrum to the next */
void heights_at(ptrdiff_t count, const int32_t *restrict each, const int32_t *restrict places, const double *restrict shares, ptrdiff_t line,
                const float *restrict spectrum, double *restrict heights)
{
    for (ptrdiff_t k = 0; k < count; k++) {
        double sum = 0;
        int32_t n = each[k];
        for (int32_t i = 0; i < n; i++, places++, shares += 2) {
            const float *restrict here = spectrum + *places;
            double above = here[0] * (1 - shares[0]) + here[1] * shares[0];
            double below = here[line] * (1 - shares[0]) + here[line + 1] * shares[0];
            sum += above * (1 - shares[1]) + below * shares[1];
        }
        heights[k] = sum / (double)(n ? n : 1);
    }
}

/* How many pixels of a gray image (height, width), `stride` bytes from row to row, have each level, and how many have each difference to the pixel
   two rows below: levels (256), steps (256). */
void levels_and_steps(ptrdiff_t height, ptrdiff_t width, ptrdiff_t stride, const uint8_t *restrict gray, int64_t *restrict levels,
                      int64_t *restrict steps)
{
    memset(levels, 0, 256 * sizeof *levels);
    memset(steps, 0, 256 * sizeof *steps);
    uint32_t counts[4][256];
    uint32_t apart[4][256];
    for (ptrdiff_t y = 0; y < height; y++) {
        const uint8_t *restrict row = gray + y * stride, *restrict below = row + 2 * stride;
        int last = y + 2 >= height;
        memset(counts, 0, sizeof counts);
        memset(apart, 0, sizeof apart);
        for (ptrdiff_t x = 0; x < width; x++)
            counts[x & 3][row[x]]++;
        if (!last)
            for (ptrdiff_t x = 0; x < width; x++) {
                int step = (int)row[x] - (int)below[x];
                apart[x & 3][step < 0 ? -step : step]++;
            }
        for (int k = 0; k < 256; k++) {
            levels[k] += counts[0][k] + counts[1][k] + counts[2][k] + counts[3][k];
            if (!last)
                steps[k] += apart[0][k] + apart[1][k] + apart[2][k] + apart[3][k];
        }
    }
}

/* The best of scores (height, width) within `shear` rows of each, which go round, and `stretch` columns, by their weights (2 * stretch + 1); columns
   beyond both ends are as the last ones.

   scratch   height * (width + 2 * stretch) doubles to be written over */
WIDEST void partners(ptrdiff_t height, ptrdiff_t width, ptrdiff_t shear, ptrdiff_t stretch, const double *restrict scores,
                     const double *restrict weights, double *restrict scratch, double *restrict best)
{
    ptrdiff_t line = width + 2 * stretch;
    for (ptrdiff_t y = 0; y < height; y++) {
        double *restrict widest = scratch + y * line + stretch;
        for (ptrdiff_t x = 0; x < width; x++)
            widest[x] = scores[y * width + x];
        for (ptrdiff_t k = -shear; k <= shear; k++) {
            const double *restrict row = scores + (y + k + height) % height * width;
            for (ptrdiff_t x = 0; x < width; x++)
                widest[x] = row[x] > widest[x] ? row[x] : widest[x];
        }
        for (ptrdiff_t k = 1; k <= stretch; k++) {
            widest[-k] = widest[0];
            widest[width - 1 + k] = widest[width - 1];
        }
        double *restrict out = best + y * width;
        for (ptrdiff_t x = 0; x < width; x++)
            out[x] = widest[x - stretch] * weights[0];
        for (ptrdiff_t k = 1; k <= 2 * stretch; k++)
            for (ptrdiff_t x = 0; x < width; x++) {
                double value = widest[x - stretch + k] * weights[k];
                out[x] = value > out[x] ? value : out[x];
            }
    }
}

#define INLINE static inline __attribute__((always_inline))
typedef double quad __attribute__((vector_size(32)));
typedef double pair __attribute__((vector_size(16)));
typedef int32_t whole __attribute__((vector_size(16)));
typedef uint8_t bytes __attribute__((vector_size(16)));
typedef uint64_t words __attribute__((vector_size(16)));

INLINE ptrdiff_t within(ptrdiff_t at, ptrdiff_t length) { return at < 0 ? 0 : at < length ? at : length - 1; }

/* The four bytes of the first or the second of two pixels. */
INLINE quad channels(bytes both, int second)
{
    const bytes none = {0};
    bytes wide = second ? __builtin_shuffle(both, none, (bytes){4, 16, 16, 16, 5, 16, 16, 16, 6, 16, 16, 16, 7, 16, 16, 16})
                        : __builtin_shuffle(both, none, (bytes){0, 16, 16, 16, 1, 16, 16, 16, 2, 16, 16, 16, 3, 16, 16, 16});
    return __builtin_convertvector((whole)wide, quad);
}

/* Between two pixels beside each other in a row: four bytes each, at `one` and at `other`. */
INLINE quad across_row(const uint8_t *one, const uint8_t *other, int adjacent, double share)
{
    uint64_t word; /* not through an array of bytes: what is written in parts and read as a whole has to wait */
    if (adjacent)
        memcpy(&word, one, sizeof word);
    else {
        uint32_t parts[2];
        memcpy(&parts[0], one, 4);
        memcpy(&parts[1], other, 4);
        word = parts[0] | (uint64_t)parts[1] << 32;
    }
    bytes both = (bytes)(words){word, 0};
    quad left = channels(both, 0);
    return left + (channels(both, 1) - left) * share;
}

/* The values of four pixels in one channel, between two pixels of a row and two of the row below. */
INLINE whole between(whole upper_left, whole upper_right, whole lower_left, whole lower_right, int shift, quad right_share, quad below_share)
{
    const whole byte = {255, 255, 255, 255};
    quad above = __builtin_convertvector(upper_left >> shift & byte, quad), beneath = __builtin_convertvector(lower_left >> shift & byte, quad);
    above += (__builtin_convertvector(upper_right >> shift & byte, quad) - above) * right_share;
    beneath += (__builtin_convertvector(lower_right >> shift & byte, quad) - beneath) * right_share;
    return __builtin_convertvector(above + (beneath - above) * below_share, whole);
}

/* Four pixels beside each other of a cell of `resampled`, all within the other picture: at x and y of it. */
INLINE void four_pixels(quad x, quad y, ptrdiff_t stride, const uint8_t *restrict pixels, uint8_t *restrict out)
{
    whole left = __builtin_convertvector(x, whole), top = __builtin_convertvector(y, whole);
    quad right_share = x - __builtin_convertvector(left, quad), below_share = y - __builtin_convertvector(top, quad);
    uint64_t upper[4], lower[4]; /* two pixels each */
    for (int k = 0; k < 4; k++) {
        const uint8_t *at = pixels + top[k] * stride + 4 * (ptrdiff_t)left[k];
        memcpy(&upper[k], at, 8);
        memcpy(&lower[k], at + stride, 8);
    }
    whole first = (whole)(words){upper[0], upper[1]}, second = (whole)(words){upper[2], upper[3]};
    whole third = (whole)(words){lower[0], lower[1]}, fourth = (whole)(words){lower[2], lower[3]};
    const whole even = {0, 2, 4, 6}, odd = {1, 3, 5, 7};
    whole ul = __builtin_shuffle(first, second, even), ur = __builtin_shuffle(first, second, odd);
    whole ll = __builtin_shuffle(third, fourth, even), lr = __builtin_shuffle(third, fourth, odd);
    whole made = between(ul, ur, ll, lr, 0, right_share, below_share) | between(ul, ur, ll, lr, 8, right_share, below_share) << 8
                 | between(ul, ur, ll, lr, 16, right_share, below_share) << 16;
    for (int k = 0; k < 3; k++) { /* the fourth byte is that of the next pixel */
        int32_t pixel = made[k];
        memcpy(out + 3 * k, &pixel, 4);
    }
    int32_t last = made[3];
    memcpy(out + 9, &last, 3);
}

/* One cell of `resampled`; `inside` where all of it lies so far within the other picture that no pixel has to be looked for beyond it. */
INLINE void resampled_cell(const int64_t *restrict box, const double *restrict q, int inside, ptrdiff_t width, ptrdiff_t height,
                                  ptrdiff_t stride, const uint8_t *restrict pixels, ptrdiff_t made_stride, uint8_t *restrict made)
{
    double across = 1.0 / (double)(box[2] - box[0]), down = 1.0 / (double)(box[3] - box[1]);
    pair from = {q[0], q[1]}, right = {q[6] - q[0], q[7] - q[1]}, below = {q[2] - q[0], q[3] - q[1]};
    pair both = {q[4] - q[2] - q[6] + q[0], q[5] - q[3] - q[7] + q[1]};
    right *= across;
    below *= down;
    both = both * across * down;
    for (int64_t row = box[1]; row < box[3]; row++) {
        double v = (double)(row - box[1]) + 0.5;
        pair fall = below * v;
        uint8_t *out = made + row * made_stride + box[0] * 3;
        int64_t column = 0;
        for (; inside && column + 4 <= box[2] - box[0]; column += 4, out += 12) {
            double first = (double)column + 0.5;
            quad u = {first, first + 1.0, first + 2.0, first + 3.0};
            quad x = from[0] + right[0] * u + fall[0] + both[0] * u * v, y = from[1] + right[1] * u + fall[1] + both[1] * u * v;
            four_pixels(x - 0.5, y - 0.5, stride, pixels, out);
        }
        for (; column < box[2] - box[0]; column++, out += 3) {
            double u = (double)column + 0.5;
            pair at = from + right * u + fall + both * u * v;
            if (!inside && !(at[0] >= 0.0 && at[0] < (double)width && at[1] >= 0.0 && at[1] < (double)height))
                continue;
            at -= 0.5;
            ptrdiff_t left = !inside && at[0] < 0.0 ? -1 : (ptrdiff_t)at[0], top = !inside && at[1] < 0.0 ? -1 : (ptrdiff_t)at[1];
            double right_share = at[0] - (double)left, below_share = at[1] - (double)top;
            ptrdiff_t one = left, other = left + 1, upper = top, lower = top + 1;
            if (!inside) {
                one = within(one, width);
                other = within(other, width);
                upper = within(upper, height);
                lower = within(lower, height);
            }
            const uint8_t *first = pixels + upper * stride, *second = pixels + lower * stride;
            quad above = across_row(first + 4 * one, first + 4 * other, inside, right_share);
            quad beneath = across_row(second + 4 * one, second + 4 * other, inside, right_share);
            whole value = __builtin_convertvector(above + (beneath - above) * below_share, whole);
            out[0] = (uint8_t)value[0];
            out[1] = (uint8_t)value[1];
            out[2] = (uint8_t)value[2];
        }
    }
}

/* Cells of a picture of three bytes a pixel, resampled from quadrilaterals of another with four, as Pillow does with a mesh and bilinear interpolation.

   cells           how many; boxes their left, top, right and bottom in the picture that is made
   quads           x and y of their corners in the other: upper left, lower left, lower right, upper right
   width, height   of the other, `stride` bytes from one of its rows to the next
   made            the picture, `made_stride` bytes from one row to the next; what lies beyond the other stays as it is */
WIDEST void resampled(ptrdiff_t cells, const int64_t *restrict boxes, const double *restrict quads, ptrdiff_t width, ptrdiff_t height,
                      ptrdiff_t stride, const uint8_t *restrict pixels, ptrdiff_t made_stride, uint8_t *restrict made)
{
    for (ptrdiff_t cell = 0; cell < cells; cell++) {
        const double *q = quads + 8 * cell;
        int inside = 1;
        for (int k = 0; k < 4; k++)
            inside &= q[2 * k] >= 1.0 && q[2 * k] <= (double)width - 1.0 && q[2 * k + 1] >= 1.0 && q[2 * k + 1] <= (double)height - 1.0;
        if (inside)
            resampled_cell(boxes + 4 * cell, q, 1, width, height, stride, pixels, made_stride, made);
        else
            resampled_cell(boxes + 4 * cell, q, 0, width, height, stride, pixels, made_stride, made);
    }
}

/* The upright runs of a page (height, width) of zeros and ones.

   places       how many each column has is written there where `tops` is null; else it holds where the first of each column stands in tops and ends
   tops, ends   their first rows, and those after their last */
void upright_runs(ptrdiff_t height, ptrdiff_t width, const uint8_t *restrict dark, int64_t *restrict places, int64_t *restrict tops,
                  int64_t *restrict ends)
{
    if (!tops)
        memset(places, 0, width * sizeof *places);
    for (ptrdiff_t y = 0; y <= height; y++) {
        const uint8_t *row = y < height ? dark + y * width : NULL, *above = y ? dark + (y - 1) * width : NULL;
        for (ptrdiff_t x = 0; x < width; x++) {
            uint64_t here = 0, before = 0;
            if (x + 8 <= width) {
                if (row)
                    memcpy(&here, row + x, 8);
                if (above)
                    memcpy(&before, above + x, 8);
                if (here == before) {
                    x += 7;
                    continue;
                }
            }
            ptrdiff_t last = x + 8 <= width ? x + 8 : x + 1;
            for (; x < last; x++) {
                uint8_t is = row ? row[x] : 0, was = above ? above[x] : 0;
                if (is && !was) {
                    if (tops)
                        tops[places[x]] = y;
                    else
                        places[x]++;
                } else if (was && !is && tops)
                    ends[places[x]++] = y;
            }
            x--;
        }
    }
}

static inline __attribute__((always_inline)) float greatest_of(ptrdiff_t count, const float *restrict values)
{
    float lane[LANES], greatest = -INFINITY;
    ptrdiff_t x = 0;
    for (int j = 0; j < LANES; j++)
        lane[j] = -INFINITY;
    for (; x + LANES <= count; x += LANES)
        for (int j = 0; j < LANES; j++)
            lane[j] = values[x + j] > lane[j] ? values[x + j] : lane[j];
    for (; x < count; x++)
        greatest = values[x] > greatest ? values[x] : greatest;
    for (int j = 0; j < LANES; j++)
        greatest = lane[j] > greatest ? lane[j] : greatest;
    return greatest;
}

/* For each shift of `count` images (height, width), each shifted by it relative to the one before, the greatest sum of all, and where it is.

   first, shifts   the first shift and how many there are, each a pixel more than the one before
   images          count pointers
   sums            width + height floats to be written over
   most, places    (shifts): the greatest sum, and the number of its pixel: row * columns + column of those that all images have; of rows none of whose sums can be the
                   greatest of all shifts nothing is said */
WIDEST void best_shifts(ptrdiff_t count, ptrdiff_t height, ptrdiff_t width, ptrdiff_t first, ptrdiff_t shifts, const float *const *restrict images,
                        float *restrict sums, float *restrict most, int64_t *restrict places)
{
    float *restrict bounds = sums + width, record = -INFINITY;
    for (ptrdiff_t i = 0; i < count; i++)
        for (ptrdiff_t y = 0; y < height; y++) {
            float greatest = greatest_of(width, images[i] + y * width);
            bounds[y] = i ? bounds[y] + greatest : greatest;
        }
    for (ptrdiff_t n = 0; n < shifts; n++) { /* from the middle outward: the best ones are likely there */
        ptrdiff_t k = shifts / 2 + (n % 2 ? -1 - n / 2 : n / 2), shift = first + k, ends = shift * (count - 1);
        ptrdiff_t columns = width - (ends < 0 ? -ends : ends), offset = ends < 0 ? -ends : 0;
        most[k] = -INFINITY;
        places[k] = 0;
        for (ptrdiff_t y = 0; y < height; y++) {
            if (bounds[y] < record)
                continue;
            const float *restrict one = images[0] + y * width + offset;
            if (count == 1)
                memcpy(sums, one, columns * sizeof *sums);
            for (ptrdiff_t i = 1; i < count; i++) {
                const float *restrict other = images[i] + y * width + offset + shift * i;
                const float *restrict before = i > 1 ? sums : one;
                for (ptrdiff_t x = 0; x < columns; x++)
                    sums[x] = before[x] + other[x];
            }
            float greatest = greatest_of(columns, sums);
            if (greatest > most[k]) {
                ptrdiff_t x = 0;
                while (sums[x] != greatest)
                    x++;
                most[k] = greatest;
                places[k] = y * columns + x;
                record = greatest > record ? greatest : record;
            }
        }
    }
}

/* The first of the runs with which a run is one stroke. */
static ptrdiff_t first_of(int64_t *restrict strokes, ptrdiff_t run)
{
    while (strokes[run] != run)
        run = strokes[run] = strokes[strokes[run]];
    return run;
}

/* The strokes of a page (height, width) of zeros and ones, by runs along its rows that are a pixel longer than their ink at both ends: those that
   touch, along their corners too, are one stroke.

   runs      row, first column and column after the last of each run; where it is null the number of runs is returned
   strokes   the number of each run's stroke
   boxes     left, top, right and bottom of each stroke, whose number is returned; there is room for as many as runs */
ptrdiff_t stroke_runs(ptrdiff_t height, ptrdiff_t width, const uint8_t *restrict dark, int64_t *restrict runs, int64_t *restrict strokes,
                      int64_t *restrict boxes)
{
    ptrdiff_t count = 0, above = 0, here = 0;
    for (ptrdiff_t y = 0; y < height; y++) {
        const uint8_t *restrict row = dark + y * width;
        ptrdiff_t end = -2; /* after the last run's ink */
        ptrdiff_t touching = above;
        for (ptrdiff_t x = 0; x < width; x++) {
            uint64_t eight = 1;
            if (x + 8 <= width)
                memcpy(&eight, row + x, 8);
            if (!eight) {
                x += 7;
                continue;
            }
            if (!row[x])
                continue;
            ptrdiff_t first = x;
            while (x < width && row[x])
                x++;
            int continued = end >= 0 && first - end <= 2;
            end = x;
            count += !continued;
            if (!runs)
                continue;
            int64_t *run = runs + 3 * (count - 1);
            if (!continued) {
                run[0] = y;
                run[1] = first ? first - 1 : 0;
                strokes[count - 1] = count - 1;
            }
            run[2] = x < width ? x + 1 : width;
            while (touching < here && runs[3 * touching + 2] < run[1])
                touching++;
            for (ptrdiff_t other = touching; other < here && runs[3 * other + 1] <= run[2]; other++) {
                ptrdiff_t one = first_of(strokes, count - 1), two = first_of(strokes, other);
                if (one < two)
                    strokes[two] = one;
                else
                    strokes[one] = two;
            }
        }
        above = here;
        here = count;
    }
    if (!runs)
        return count;
    for (ptrdiff_t k = 0; k < count; k++) /* those before have their first run already */
        strokes[k] = strokes[strokes[k]];
    ptrdiff_t number = 0;
    for (ptrdiff_t k = 0; k < count; k++) {
        const int64_t *run = runs + 3 * k;
        int opens = strokes[k] == k;
        strokes[k] = opens ? number++ : strokes[strokes[k]];
        int64_t *box = boxes + 4 * strokes[k];
        if (opens) {
            box[0] = run[1];
            box[1] = run[0];
            box[2] = run[2];
        }
        box[0] = run[1] < box[0] ? run[1] : box[0];
        box[2] = run[2] > box[2] ? run[2] : box[2];
        box[3] = run[0] + 1;
    }
    return number;
}

/* The first of the runs of paper that are one with a run, on whose way shorter ways are kept. */
static int32_t whole_of(int32_t *restrict runs, int32_t run)
{
    while (runs[3 * run + 2] != run) {
        runs[3 * run + 2] = runs[3 * runs[3 * run + 2] + 2];
        run = runs[3 * run + 2];
    }
    return run;
}

/* The boxes of what is enclosed by ink of `least` or more, and not by the edges, whose number is returned; -1 where there are more runs of paper than `room`.

   runs      (room, 3) numbers to be written over: first column, column after the last, and one of the runs that are one with it
   boxes     (room, 4) left, top, right and bottom of each */
ptrdiff_t enclosed(ptrdiff_t height, ptrdiff_t width, ptrdiff_t least, const uint8_t *restrict ink, ptrdiff_t room, int32_t *restrict runs,
                   int32_t *restrict boxes)
{
    int32_t count = 0, above = 0, here = 0;
    for (ptrdiff_t y = 0; y < height; y++) {
        const uint8_t *restrict row = ink + y * width;
        int32_t touching = above;
        for (ptrdiff_t x = 0; x < width; x++) {
            if (row[x] >= least)
                continue;
            ptrdiff_t first = x;
            for (;;) {
                uint64_t eight = 1;
                if (x + 8 <= width)
                    memcpy(&eight, row + x, 8);
                if (!eight)
                    x += 8;
                else if (x < width && row[x] < least)
                    x++;
                else
                    break;
            }
            if (count == room)
                return -1;
            int32_t *run = runs + 3 * count, *box = boxes + 4 * count;
            run[0] = box[0] = (int32_t)first;
            run[1] = box[2] = (int32_t)x;
            run[2] = count;
            box[1] = (int32_t)y;
            box[3] = (int32_t)y + 1;
            while (touching < here && runs[3 * touching + 1] <= run[0])
                touching++;
            for (int32_t other = touching; other < here && runs[3 * other] < run[1]; other++) {
                int32_t one = whole_of(runs, count), two = whole_of(runs, other);
                if (one == two)
                    continue;
                int32_t kept = one < two ? one : two, gone = one < two ? two : one;
                int32_t *into = boxes + 4 * kept;
                const int32_t *from = boxes + 4 * gone;
                runs[3 * gone + 2] = kept;
                for (int side = 0; side < 4; side++)
                    into[side] = (side < 2) == (from[side] < into[side]) ? from[side] : into[side];
            }
            count++;
        }
        above = here;
        here = count;
    }
    ptrdiff_t found = 0;
    for (int32_t k = 0; k < count; k++) {
        const int32_t *box = boxes + 4 * k;
        if (runs[3 * k + 2] == k && box[0] > 0 && box[1] > 0 && box[2] < width && box[3] < height)
            memmove(boxes + 4 * found++, box, 4 * sizeof *box);
    }
    return found;
}

/* Copy the ink of `count` runs, as `stroke_runs` has them, from one page of this width to another. */
void kept_runs(ptrdiff_t count, ptrdiff_t width, const int64_t *restrict runs, const uint8_t *restrict dark, uint8_t *restrict found)
{
    for (ptrdiff_t k = 0; k < count; k++, runs += 3)
        memcpy(found + runs[0] * width + runs[1], dark + runs[0] * width + runs[1], runs[2] - runs[1]);
}

/* Whether points (`count` columns x and rows y) run along each row of a page, in each of its bins of `bin` columns: whether at least `least` of them
   lie in the bin in the `near` rows above and below, and in the row itself.

   seen      height * bins numbers to be written over, sums as many as bins
   covered   (height, bins) */
WIDEST void coverage(ptrdiff_t count, const int64_t *restrict x, const double *restrict y, ptrdiff_t height, ptrdiff_t bins, double bin,
                     ptrdiff_t near, double least, int32_t *restrict seen, int32_t *restrict sums, uint8_t *restrict covered)
{
    memset(seen, 0, height * bins * sizeof *seen);
    memset(sums, 0, bins * sizeof *sums);
    for (ptrdiff_t k = 0; k < count; k++) {
        double row = rint(y[k]);
        if (row >= 0 && row < (double)height)
            seen[(ptrdiff_t)row * bins + (ptrdiff_t)((double)x[k] / bin)]++;
    }
    int32_t enough = (int32_t)ceil(least);
    for (ptrdiff_t row = -near; row < height; row++) {
        if (row + near < height)
            for (ptrdiff_t k = 0; k < bins; k++)
                sums[k] += seen[(row + near) * bins + k];
        if (row > near)
            for (ptrdiff_t k = 0; k < bins; k++)
                sums[k] -= seen[(row - near - 1) * bins + k];
        if (row >= 0)
            for (ptrdiff_t k = 0; k < bins; k++)
                covered[row * bins + k] = sums[k] >= enough;
    }
}

/* The value that is `place`-th, from 0, of `count` when they are in order, which is changed (C. A. R. Hoare, "Algorithm 65: Find", 1961). */
static float in_order(float *values, ptrdiff_t count, ptrdiff_t place)
{
    ptrdiff_t first = 0, last = count - 1;
    while (first < last) {
        float middle = values[place];
        ptrdiff_t i = first, j = last;
        while (i <= j) {
            while (values[i] < middle)
                i++;
            while (values[j] > middle)
                j--;
            if (i <= j) {
                float held = values[i];
                values[i++] = values[j];
                values[j--] = held;
            }
        }
        if (j < place)
            first = i;
        if (place < i)
            last = j;
    }
    return values[place];
}

/* How much brighter or darker paper is on one side of lines of one slope than on the other: the part of sheet.py's _steps for one of its slopes.

   rows, width       of mean (rows, width, 3) and there (rows, width), the colours of a draft, smoothed along its rows, and whether they are known
   offsets, count    where the lines cross the middle of the rows
   falls             (rows): by how much the line is farther in each row
   inner             columns from the line to where paper is sampled; outer (samples): to where what is beyond it is, the first `certain` of which
                     have to be known
   least             how many of the rows have to be known; of fewer the step is not a number
   scratch           3 * rows floats to be written over
   steps, known      (count): the greatest of the channels' medians, and how many rows are known */
void side_steps(ptrdiff_t rows, ptrdiff_t width, const float *restrict mean, const uint8_t *restrict there, ptrdiff_t count,
                const double *restrict offsets, const double *restrict falls, ptrdiff_t inner, ptrdiff_t samples, ptrdiff_t certain,
                const int64_t *restrict outer, double least, float *restrict scratch, float *restrict steps, int64_t *restrict known)
{
    for (ptrdiff_t k = 0; k < count; k++) {
        ptrdiff_t valid = 0;
        for (ptrdiff_t y = 0; y < rows; y++) {
            ptrdiff_t line = (ptrdiff_t)rint(offsets[k] + falls[y]), paper = line + inner;
            const float *row = mean + y * width * 3;
            const uint8_t *seen = there + y * width;
            if (paper < 0 || paper >= width || !seen[paper])
                continue;
            float step[3] = {0, 0, 0};
            int all = 1;
            for (ptrdiff_t n = 0; n < samples; n++) {
                ptrdiff_t beyond = line + outer[n];
                if (beyond < 0 || beyond >= width || !seen[beyond]) {
                    all = all && n >= certain;
                    if (!all)
                        break;
                    continue;
                }
                for (int c = 0; c < 3; c++) {
                    float rise = row[3 * paper + c] - row[3 * beyond + c];
                    if (n == 0)
                        step[c] = rise;
                    else if (!(rise * step[c] > 0))
                        step[c] = 0;
                    else
                        step[c] = copysignf(fabsf(rise) < fabsf(step[c]) ? fabsf(rise) : fabsf(step[c]), step[c]);
                }
            }
            if (!all)
                continue;
            for (int c = 0; c < 3; c++)
                scratch[c * rows + valid] = step[c];
            valid++;
        }
        known[k] = valid;
        steps[k] = NAN;
        if (!valid || (double)valid < least)
            continue;
        float most = 0;
        for (int c = 0; c < 3; c++) {
            float middle = fabsf(in_order(scratch + c * rows, valid, valid / 2));
            most = middle > most ? middle : most;
        }
        steps[k] = most;
    }
}
