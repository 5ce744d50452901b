// Convolutions of channels-last images, and their gradients.
//
// - Formula: out[n, y, x, k] = the sum of image[n, y', x', c] * weight[k, c, r, s] over taps (r, s) and the
//   channels c of k's group, with y' = (y * scale + first + r * step) / divisor where that is a whole number
//   inside the image, and x' alike. Forward scale is the stride, first minus the padding and step the
//   dilation; the gradient of the operand is the same sum over the gradient of the result, with k in c's
//   place: scale 1, first the padding, step minus the dilation and divisor the stride. Gradient of the
//   weights: the sum over pixels of the gradient of the result times the operand that the tap saw.
// - Fused: bias and ReLU.
// - Work: matrix products whose operands are never written down. A block forms a tile of the product, a
//   thread 4 x 4 of its elements, QUERN_DEPTH products at a time from shared memory; elements of the
//   operands find their places as they are loaded. Rows are pixels and columns channels, or, for the
//   gradient of the weights, rows channels of the result and columns taps and channels of the operand. Of
//   16 channels or fewer a tile takes more of the other: 256 x 16 instead of 64 x 64. The pixels of that
//   gradient are cut into parts, whose sums a second kernel adds in f64 in index order.
// - Tail: what lies outside images, channels and pixels is loaded as 0, so an infinity beside it gives NaN;
//   elements of the tile outside the product are not written.
// - Deterministic: an element's products are added by one thread, in the order taps, channels, or pixels
//   within a part; how many parts there are depends on the shape only.

#include "prelude.cuh"

#define QUERN_DEPTH 16
// Keeps the banks of shared memory apart.
#define QUERN_PAD 1

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

// Adds QUERN_DEPTH products to each of a thread's elements: rows and columns of the tile that lie a
// thread's distance apart.
template <int ROW_THREADS, int COLUMN_THREADS, int ROW_STEP, int COLUMN_STEP>
QUERN_INLINE void quern_multiply(
    const float (&left)[QUERN_DEPTH][ROW_STEP],
    const float (&right)[QUERN_DEPTH][COLUMN_STEP],
    float (&sums)[4][4]) {
  int row = (int)threadIdx.x / COLUMN_THREADS;
  int column = (int)threadIdx.x % COLUMN_THREADS;
#pragma unroll
  for (int d = 0; d < QUERN_DEPTH; d++) {
    float a[4];
    float b[4];
#pragma unroll
    for (int i = 0; i < 4; i++) {
      a[i] = left[d][row + i * ROW_THREADS];
      b[i] = right[d][column + i * COLUMN_THREADS];
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
#pragma unroll
      for (int j = 0; j < 4; j++) {
        sums[i][j] = QUERN_FMA(a[i], b[j], sums[i][j]);
      }
    }
  }
}

template <int COLUMN_THREADS, class Args>
QUERN_INLINE void convolve(const Args &args) {
  constexpr int ROW_THREADS = QUERN_THREADS / COLUMN_THREADS;
  constexpr int ROWS = 4 * ROW_THREADS;
  constexpr int COLUMNS = 4 * COLUMN_THREADS;
  __shared__ float values[QUERN_DEPTH][ROWS + QUERN_PAD];
  __shared__ float weights[QUERN_DEPTH][COLUMNS + QUERN_PAD];
  // where the rows of the tile see their images
  __shared__ long long images[ROWS];
  __shared__ int tops[ROWS];
  __shared__ int lefts[ROWS];
  int thread = (int)threadIdx.x;
  int column_tiles = (args.columns + COLUMNS - 1) / COLUMNS;
  int first_column = (int)(blockIdx.x % column_tiles) * COLUMNS;
  int group = (int)(blockIdx.x / column_tiles % args.groups);
  long long first_row = (long long)(blockIdx.x / column_tiles / args.groups) * ROWS;
  for (int row = thread; row < ROWS; row += QUERN_THREADS) {
    long long pixel = first_row + row;
    long long line = pixel / args.out_width;
    images[row] = pixel < args.pixels ? line / args.out_height : -1;
    tops[row] = (int)(line % args.out_height) * args.scale_y + args.first_y;
    lefts[row] = (int)(pixel % args.out_width) * args.scale_x + args.first_x;
  }
  __syncthreads();

  int depth = args.kernel_y * args.kernel_x * args.channels;
  int channel_total = args.channels * args.groups;
  int column_total = args.columns * args.groups;
  const float *weight = args.weight + (long long)group * args.group_stride;
  int d = thread % QUERN_DEPTH;
  float sums[4][4] = {};
  for (int first = 0; first < depth; first += QUERN_DEPTH) {
    bool inside = first + d < depth;
    int tap = (first + d) / args.channels;
    int channel = (first + d) % args.channels;
    int down = tap / args.kernel_x * args.step_y;
    int right = tap % args.kernel_x * args.step_x;
    const float *x = args.x + (group * args.channels + channel);
    for (int row = thread / QUERN_DEPTH; row < ROWS; row += QUERN_THREADS / QUERN_DEPTH) {
      int y = quern_element(tops[row] + down, args.divisor_y, args.height);
      int z = quern_element(lefts[row] + right, args.divisor_x, args.width);
      float value = 0.0f;
      if (inside && images[row] >= 0 && y >= 0 && z >= 0) {
        value = x[((images[row] * args.height + y) * args.width + z) * channel_total];
      }
      values[d][row] = value;
    }
    long long at = (long long)channel * args.channel_stride + tap;
    for (int i = thread / QUERN_DEPTH; i < COLUMNS; i += QUERN_THREADS / QUERN_DEPTH) {
      int column = first_column + i;
      weights[d][i] = inside && column < args.columns
          ? weight[(long long)column * args.column_stride + at]
          : 0.0f;
    }
    __syncthreads();
    quern_multiply<ROW_THREADS, COLUMN_THREADS>(values, weights, sums);
    __syncthreads();
  }

  for (int i = 0; i < 4; i++) {
    long long pixel = first_row + thread / COLUMN_THREADS + i * ROW_THREADS;
    for (int j = 0; j < 4; j++) {
      int column = first_column + thread % COLUMN_THREADS + j * COLUMN_THREADS;
      if (pixel < args.pixels && column < args.columns) {
        int channel = group * args.columns + column;
        float value = args.bias ? sums[i][j] + args.bias[channel] : sums[i][j];
        args.out[pixel * column_total + channel] = args.relu && value <= 0.0f ? 0.0f : value;
      }
    }
  }
}

// channels and columns are those of a group, read and written; the strides are those of the weights.
typedef struct {
  const float *x;
  const float *weight;
  const float *bias;
  float *out;
  long long pixels;
  long long group_stride;
  int out_height;
  int out_width;
  int height;
  int width;
  int channels;
  int columns;
  int groups;
  int kernel_y;
  int kernel_x;
  int scale_y;
  int scale_x;
  int first_y;
  int first_x;
  int step_y;
  int step_x;
  int divisor_y;
  int divisor_x;
  int channel_stride;
  int column_stride;
  int relu;
} ConvolveWideArgs;

QUERN_KERNEL(convolve_wide, ConvolveWideArgs) {
  convolve<16>(args);
}

typedef struct {
  const float *x;
  const float *weight;
  const float *bias;
  float *out;
  long long pixels;
  long long group_stride;
  int out_height;
  int out_width;
  int height;
  int width;
  int channels;
  int columns;
  int groups;
  int kernel_y;
  int kernel_x;
  int scale_y;
  int scale_x;
  int first_y;
  int first_x;
  int step_y;
  int step_x;
  int divisor_y;
  int divisor_x;
  int channel_stride;
  int column_stride;
  int relu;
} ConvolveNarrowArgs;

QUERN_KERNEL(convolve_narrow, ConvolveNarrowArgs) {
  convolve<4>(args);
}

template <int ROW_THREADS, class Args>
QUERN_INLINE void weight_partials(const Args &args) {
  constexpr int COLUMN_THREADS = QUERN_THREADS / ROW_THREADS;
  constexpr int ROWS = 4 * ROW_THREADS;
  constexpr int COLUMNS = 4 * COLUMN_THREADS;
  __shared__ float gradients[QUERN_DEPTH][ROWS + QUERN_PAD];
  __shared__ float values[QUERN_DEPTH][COLUMNS + QUERN_PAD];
  // where the windows of the next pixels begin
  __shared__ long long images[QUERN_THREADS];
  __shared__ int tops[QUERN_THREADS];
  __shared__ int lefts[QUERN_THREADS];
  int thread = (int)threadIdx.x;
  int taps = args.kernel_y * args.kernel_x;
  int columns = taps * args.channels;
  int column_tiles = (columns + COLUMNS - 1) / COLUMNS;
  int row_tiles = (args.outputs + ROWS - 1) / ROWS;
  unsigned int block = blockIdx.x;
  int first_column = (int)(block % column_tiles) * COLUMNS;
  block /= column_tiles;
  int first_row = (int)(block % row_tiles) * ROWS;
  block /= row_tiles;
  int group = (int)(block % args.groups);
  long long part = block / args.groups;
  long long begin = part * args.part_pixels;
  long long end = begin + args.part_pixels < args.pixels ? begin + args.part_pixels : args.pixels;
  int channel_total = args.channels * args.groups;
  int output_total = args.outputs * args.groups;

  // the column that this thread loads: neighbours are channels of the same tap
  int own = first_column + thread % COLUMNS;
  int down = own / args.channels / args.kernel_x * args.dilation_y;
  int right = own / args.channels % args.kernel_x * args.dilation_x;
  const float *x = args.x + group * args.channels + own % args.channels;
  const float *gradient = args.gradient + group * args.outputs + first_row;
  float sums[4][4] = {};
  for (long long first = begin; first < end; first += QUERN_THREADS) {
    long long pixel = first + thread;
    long long line = pixel / args.out_width;
    images[thread] = pixel < end ? line / args.out_height : -1;
    tops[thread] = (int)(line % args.out_height) * args.stride_y - args.padding_y;
    lefts[thread] = (int)(pixel % args.out_width) * args.stride_x - args.padding_x;
    __syncthreads();
    for (int step = 0; step < QUERN_THREADS && first + step < end; step += QUERN_DEPTH) {
      for (int i = thread; i < QUERN_DEPTH * ROWS; i += QUERN_THREADS) {
        int row = i % ROWS;
        int d = i / ROWS;
        gradients[d][row] = images[step + d] >= 0 && first_row + row < args.outputs
            ? gradient[(first + step + d) * output_total + row]
            : 0.0f;
      }
      for (int d = thread / COLUMNS; d < QUERN_DEPTH; d += QUERN_THREADS / COLUMNS) {
        long long image = images[step + d];
        int y = tops[step + d] + down;
        int z = lefts[step + d] + right;
        float value = 0.0f;
        if (image >= 0 && own < columns && y >= 0 && y < args.height && z >= 0 && z < args.width) {
          value = x[((image * args.height + y) * args.width + z) * channel_total];
        }
        values[d][thread % COLUMNS] = value;
      }
      __syncthreads();
      quern_multiply<ROW_THREADS, COLUMN_THREADS>(gradients, values, sums);
      __syncthreads();
    }
  }

  float *partials = args.partials + (part * output_total + group * args.outputs) * columns;
  for (int i = 0; i < 4; i++) {
    int row = first_row + thread / COLUMN_THREADS + i * ROW_THREADS;
    for (int j = 0; j < 4; j++) {
      int column = first_column + thread % COLUMN_THREADS + j * COLUMN_THREADS;
      if (row < args.outputs && column < columns) {
        int place = column % args.channels * taps + column / args.channels;
        partials[(long long)row * columns + place] = sums[i][j];
      }
    }
  }
}

// channels and outputs are those of a group.
typedef struct {
  const float *x;
  const float *gradient;
  float *partials;
  long long pixels;
  long long part_pixels;
  int out_height;
  int out_width;
  int height;
  int width;
  int channels;
  int outputs;
  int groups;
  int kernel_y;
  int kernel_x;
  int stride_y;
  int stride_x;
  int padding_y;
  int padding_x;
  int dilation_y;
  int dilation_x;
} WeightPartialsWideArgs;

QUERN_KERNEL(weight_partials_wide, WeightPartialsWideArgs) {
  weight_partials<16>(args);
}

typedef struct {
  const float *x;
  const float *gradient;
  float *partials;
  long long pixels;
  long long part_pixels;
  int out_height;
  int out_width;
  int height;
  int width;
  int channels;
  int outputs;
  int groups;
  int kernel_y;
  int kernel_x;
  int stride_y;
  int stride_x;
  int padding_y;
  int padding_x;
  int dilation_y;
  int dilation_x;
} WeightPartialsNarrowArgs;

QUERN_KERNEL(weight_partials_narrow, WeightPartialsNarrowArgs) {
  weight_partials<4>(args);
}

typedef struct {
  const float *partials;
  float *out;
  long long n;
  long long parts;
  int add;
} WeightTotalArgs;

QUERN_KERNEL(weight_total, WeightTotalArgs) {
  long long i = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (i < args.n) {
    double sum = 0.0;
    for (long long part = 0; part < args.parts; part++) {
      sum += args.partials[part * args.n + i];
    }
    float rounded = (float)sum;
    args.out[i] = args.add ? args.out[i] + rounded : rounded;
  }
}
