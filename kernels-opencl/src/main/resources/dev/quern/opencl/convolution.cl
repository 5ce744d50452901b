// Convolutions of channels-last images, and their gradients.
//
// - Formula: out[n, y, x, k] = the sum of image[n, y', x', c] * weight[k, c, r, s] over taps (r, s) and the
//   channels c of k's group, with y' = (y * scale + first + r * step) / divisor where that is a whole number
//   inside the image, and x' alike. Forward scale is the stride, first minus the padding and step the
//   dilation; the gradient of the operand is the same sum over the gradient of the result, with k in c's
//   place: scale 1, first the padding, step minus the dilation and divisor the stride. Gradient of the
//   weights: the sum over pixels of the gradient of the result times the operand that the tap saw.
// - Fused: bias and ReLU.
// - Work: matrix products whose operands are never written down. A group forms a tile of the product, a
//   work-item 4 x 4 of its elements, QUERN_DEPTH products at a time from local memory; elements of the
//   operands find their places as they are loaded. Rows are pixels and columns channels, or, for the
//   gradient of the weights, rows channels of the result and columns taps and channels of the operand. Of
//   16 channels or fewer a tile takes more of the other: 256 x 16 instead of 64 x 64 where a group has 256
//   work-items. The pixels of that gradient are cut into parts, whose sums a second kernel adds in f64 in
//   index order.
// - Tail: what lies outside images, channels and pixels is loaded as 0, so an infinity beside it gives NaN;
//   elements of the tile outside the product are not written.
// - Deterministic: an element's products are added by one work-item, in the order taps, channels, or pixels
//   within a part; how many parts there are depends on the shape only.

#include "prelude.cl"

#define QUERN_DEPTH 16
// Keeps the banks of local memory apart.
#define QUERN_PAD 1

// Work-items along the channels of a tile.
#define QUERN_WIDE 16
#define QUERN_NARROW 4

// Elements of a tile along the channels, and along the other axis.
#define QUERN_CHANNELS(threads) (4 * (threads))
#define QUERN_OTHERS(threads) (4 * (QUERN_GROUP / (threads)))

// The element of an axis at a place that may lie between its elements or outside; -1 for none.
QUERN_INLINE int quern_element(int place, int divisor, int extent) {
  if (place < 0) {
    return -1;
  }
  int element = place;
  if (divisor > 1) {
    element = place / divisor;
    if (element * divisor != place) {
      return -1;
    }
  }
  return element < extent ? element : -1;
}

// Adds QUERN_DEPTH products to each of a work-item's elements: rows and columns of the tile that lie a
// work-item's distance apart.
QUERN_INLINE void quern_multiply(
    const int row_threads,
    const int column_threads,
    __local const float *left,
    __local const float *right,
    float *sums) {
  int row = (int)get_local_id(0) / column_threads;
  int column = (int)get_local_id(0) % column_threads;
  for (int d = 0; d < QUERN_DEPTH; d++) {
    float a[4];
    float b[4];
    for (int i = 0; i < 4; i++) {
      a[i] = left[d * (4 * row_threads + QUERN_PAD) + row + i * row_threads];
      b[i] = right[d * (4 * column_threads + QUERN_PAD) + column + i * column_threads];
    }
    for (int i = 0; i < 4; i++) {
      for (int j = 0; j < 4; j++) {
        sums[4 * i + j] = fma(a[i], b[j], sums[4 * i + j]);
      }
    }
  }
}

// channels and columns are those of a group, read and written; the strides are those of the weights.
#define QUERN_CONVOLVE(name, column_threads) \
  QUERN_KERNEL void name( \
      __global const float *x, \
      const long x_offset, \
      __global const float *weight, \
      const long weight_offset, \
      __global const float *bias, \
      const long bias_offset, \
      __global float *out, \
      const long out_offset, \
      const long pixels, \
      const long group_stride, \
      const int out_height, \
      const int out_width, \
      const int height, \
      const int width, \
      const int channels, \
      const int columns, \
      const int groups, \
      const int kernel_y, \
      const int kernel_x, \
      const int scale_y, \
      const int scale_x, \
      const int first_y, \
      const int first_x, \
      const int step_y, \
      const int step_x, \
      const int divisor_y, \
      const int divisor_x, \
      const int channel_stride, \
      const int column_stride, \
      const int relu) { \
    __local float values[QUERN_DEPTH * (QUERN_OTHERS(column_threads) + QUERN_PAD)]; \
    __local float weights[QUERN_DEPTH * (QUERN_CHANNELS(column_threads) + QUERN_PAD)]; \
    /* where the rows of the tile see their images */ \
    __local long images[QUERN_OTHERS(column_threads)]; \
    __local int tops[QUERN_OTHERS(column_threads)]; \
    __local int lefts[QUERN_OTHERS(column_threads)]; \
    const int row_threads = QUERN_GROUP / column_threads; \
    const int tile_rows = 4 * row_threads; \
    const int tile_columns = 4 * column_threads; \
    int thread = (int)get_local_id(0); \
    long block = (long)get_group_id(0); \
    int column_tiles = (columns + tile_columns - 1) / tile_columns; \
    int first_column = (int)(block % column_tiles) * tile_columns; \
    int group = (int)(block / column_tiles % groups); \
    long first_row = block / column_tiles / groups * tile_rows; \
    for (int row = thread; row < tile_rows; row += QUERN_GROUP) { \
      long pixel = first_row + row; \
      long line = pixel / out_width; \
      images[row] = pixel < pixels ? line / out_height : -1; \
      tops[row] = (int)(line % out_height) * scale_y + first_y; \
      lefts[row] = (int)(pixel % out_width) * scale_x + first_x; \
    } \
    barrier(CLK_LOCAL_MEM_FENCE); \
    int depth = kernel_y * kernel_x * channels; \
    int channel_total = channels * groups; \
    int column_total = columns * groups; \
    weight += weight_offset + group * group_stride; \
    x += x_offset + group * channels; \
    float sums[16] = {0.0f}; \
    for (int first = 0; first < depth; first += QUERN_DEPTH) { \
      for (int i = thread; i < QUERN_DEPTH * tile_rows; i += QUERN_GROUP) { \
        int d = i % QUERN_DEPTH; \
        int row = i / QUERN_DEPTH; \
        int tap = (first + d) / channels; \
        int channel = (first + d) % channels; \
        int y = quern_element(tops[row] + tap / kernel_x * step_y, divisor_y, height); \
        int z = quern_element(lefts[row] + tap % kernel_x * step_x, divisor_x, width); \
        float value = 0.0f; \
        if (first + d < depth && images[row] >= 0 && y >= 0 && z >= 0) { \
          value = x[((images[row] * height + y) * width + z) * channel_total + channel]; \
        } \
        values[d * (tile_rows + QUERN_PAD) + row] = value; \
      } \
      for (int i = thread; i < QUERN_DEPTH * tile_columns; i += QUERN_GROUP) { \
        int d = i % QUERN_DEPTH; \
        int column = first_column + i / QUERN_DEPTH; \
        long tap = (first + d) / channels; \
        long channel = (first + d) % channels; \
        weights[d * (tile_columns + QUERN_PAD) + i / QUERN_DEPTH] = \
            first + d < depth && column < columns \
                ? weight[(long)column * column_stride + channel * channel_stride + tap] \
                : 0.0f; \
      } \
      barrier(CLK_LOCAL_MEM_FENCE); \
      quern_multiply(row_threads, column_threads, values, weights, sums); \
      barrier(CLK_LOCAL_MEM_FENCE); \
    } \
    for (int i = 0; i < 4; i++) { \
      long pixel = first_row + thread / column_threads + i * row_threads; \
      for (int j = 0; j < 4; j++) { \
        int column = first_column + thread % column_threads + j * column_threads; \
        if (pixel < pixels && column < columns) { \
          int channel = group * columns + column; \
          float value = bias ? sums[4 * i + j] + bias[bias_offset + channel] : sums[4 * i + j]; \
          out[out_offset + pixel * column_total + channel] = \
              relu != 0 && value <= 0.0f ? 0.0f : value; \
        } \
      } \
    } \
  }

QUERN_CONVOLVE(convolve_wide, QUERN_WIDE)
QUERN_CONVOLVE(convolve_narrow, QUERN_NARROW)

// channels and outputs are those of a group.
#define QUERN_WEIGHT_PARTIALS(name, row_threads) \
  QUERN_KERNEL void name( \
      __global const float *x, \
      const long x_offset, \
      __global const float *gradient, \
      const long gradient_offset, \
      __global float *partials, \
      const long partials_offset, \
      const long pixels, \
      const long part_pixels, \
      const int out_height, \
      const int out_width, \
      const int height, \
      const int width, \
      const int channels, \
      const int outputs, \
      const int groups, \
      const int kernel_y, \
      const int kernel_x, \
      const int stride_y, \
      const int stride_x, \
      const int padding_y, \
      const int padding_x, \
      const int dilation_y, \
      const int dilation_x) { \
    __local float gradients[QUERN_DEPTH * (QUERN_CHANNELS(row_threads) + QUERN_PAD)]; \
    __local float values[QUERN_DEPTH * (QUERN_OTHERS(row_threads) + QUERN_PAD)]; \
    /* where the windows of the next pixels begin */ \
    __local long images[QUERN_GROUP]; \
    __local int tops[QUERN_GROUP]; \
    __local int lefts[QUERN_GROUP]; \
    const int column_threads = QUERN_GROUP / row_threads; \
    const int tile_rows = 4 * row_threads; \
    const int tile_columns = 4 * column_threads; \
    int thread = (int)get_local_id(0); \
    int taps = kernel_y * kernel_x; \
    int columns = taps * channels; \
    int column_tiles = (columns + tile_columns - 1) / tile_columns; \
    int row_tiles = (outputs + tile_rows - 1) / tile_rows; \
    long block = (long)get_group_id(0); \
    int first_column = (int)(block % column_tiles) * tile_columns; \
    block /= column_tiles; \
    int first_row = (int)(block % row_tiles) * tile_rows; \
    block /= row_tiles; \
    int group = (int)(block % groups); \
    long part = block / groups; \
    long begin = part * part_pixels; \
    long end = min(pixels, begin + part_pixels); \
    int channel_total = channels * groups; \
    int output_total = outputs * groups; \
    /* the column that this work-item loads: neighbours are channels of the same tap */ \
    int own = first_column + thread % tile_columns; \
    int down = own / channels / kernel_x * dilation_y; \
    int right = own / channels % kernel_x * dilation_x; \
    x += x_offset + group * channels + own % channels; \
    gradient += gradient_offset + group * outputs + first_row; \
    float sums[16] = {0.0f}; \
    for (long first = begin; first < end; first += QUERN_GROUP) { \
      long pixel = first + thread; \
      long line = pixel / out_width; \
      images[thread] = pixel < end ? line / out_height : -1; \
      tops[thread] = (int)(line % out_height) * stride_y - padding_y; \
      lefts[thread] = (int)(pixel % out_width) * stride_x - padding_x; \
      barrier(CLK_LOCAL_MEM_FENCE); \
      for (int step = 0; step < QUERN_GROUP && first + step < end; step += QUERN_DEPTH) { \
        for (int i = thread; i < QUERN_DEPTH * tile_rows; i += QUERN_GROUP) { \
          int row = i % tile_rows; \
          int d = i / tile_rows; \
          gradients[d * (tile_rows + QUERN_PAD) + row] = \
              images[step + d] >= 0 && first_row + row < outputs \
                  ? gradient[(first + step + d) * output_total + row] \
                  : 0.0f; \
        } \
        for (int d = thread / tile_columns; d < QUERN_DEPTH; d += QUERN_GROUP / tile_columns) { \
          long image = images[step + d]; \
          int y = tops[step + d] + down; \
          int z = lefts[step + d] + right; \
          float value = 0.0f; \
          if (image >= 0 && own < columns && y >= 0 && y < height && z >= 0 && z < width) { \
            value = x[((image * height + y) * width + z) * channel_total]; \
          } \
          values[d * (tile_columns + QUERN_PAD) + thread % tile_columns] = value; \
        } \
        barrier(CLK_LOCAL_MEM_FENCE); \
        quern_multiply(row_threads, column_threads, gradients, values, sums); \
        barrier(CLK_LOCAL_MEM_FENCE); \
      } \
    } \
    partials += partials_offset + (part * output_total + group * outputs) * columns; \
    for (int i = 0; i < 4; i++) { \
      int row = first_row + thread / column_threads + i * row_threads; \
      for (int j = 0; j < 4; j++) { \
        int column = first_column + thread % column_threads + j * column_threads; \
        if (row < outputs && column < columns) { \
          int place = column % channels * taps + column / channels; \
          partials[(long)row * columns + place] = sums[4 * i + j]; \
        } \
      } \
    } \
  }

QUERN_WEIGHT_PARTIALS(weight_partials_wide, QUERN_WIDE)
QUERN_WEIGHT_PARTIALS(weight_partials_narrow, QUERN_NARROW)

QUERN_KERNEL void weight_total(
    __global const float *partials,
    const long partials_offset,
    __global float *out,
    const long out_offset,
    const long n,
    const long parts,
    const int add) {
  partials += partials_offset;
  long i = (long)get_global_id(0);
  if (i < n) {
    double sum = 0.0;
    for (long part = 0; part < parts; part++) {
      sum += partials[part * n + i];
    }
    float rounded = (float)sum;
    out[out_offset + i] = add ? out[out_offset + i] + rounded : rounded;
  }
}
