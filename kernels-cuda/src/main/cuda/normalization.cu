// Batch normalization of rows of pixels and columns of channels, rows made standard, and softmax.
//
// - Formula: n = ((x - mean) - remainder) * inverse, y = fma(n, weight, bias); backward
//   weight * inverse * (g - mean(g) - n * mean(g n)), with the means only where the statistics are those of
//   the data. Softmax is e^(x - m) over the sum of these, m the largest, or its logarithm.
// - Fused: ReLU, forward and backward, where what it made 0 is found again from the data.
// - Work: sums over the pixels of a channel are taken in parts, of n parts every nth pixel, so that
//   neighbours read neighbours however few channels there are: a thread a channel's part in f32, a block
//   the parts of a channel in f64. For the statistics a part is the sum, and the sum of squares, of what
//   differs from its first pixel; mean and variance are made of the parts' in two runs over them. A block
//   makes a row standard, threads in f32 over QUERN_ROW_CHUNK elements each and all in f64 across. A softmax
//   has a thread for each line.
// - Tail: threads behind the last element do nothing.
// - Deterministic: how many parts there are depends on the pixels only, and nothing is added atomically.

#include "prelude.cuh"

#include "math.inc"

// Host side: dev.quern.gpu.GpuNormalizationKernels.
#define QUERN_PART_NUMBERS 3

#define QUERN_PIXEL_CHUNK 16
#define QUERN_ROW_CHUNK 64

// n: channels times parts. Three numbers each: the first pixel (0 if it is infinite or NaN), and of what
// differs from it the sum and the sum of squares, in f32 over QUERN_PIXEL_CHUNK pixels and in f64 across.
typedef struct {
  const float *x;
  double *partials;
  long long n;
  long long pixels;
  long long channels;
} BatchPartialsArgs;

QUERN_KERNEL(batch_partials, BatchPartialsArgs) {
  long long id = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (id < args.n) {
    float shift = args.x[id] - args.x[id] == 0.0f ? args.x[id] : 0.0f;
    double sum = 0.0;
    double squares = 0.0;
    long long elements = args.pixels * args.channels;
    for (long long first = id; first < elements; first += args.n * QUERN_PIXEL_CHUNK) {
      long long end = first + args.n * QUERN_PIXEL_CHUNK;
      end = end < elements ? end : elements;
      float chunk = 0.0f;
      float chunk_squares = 0.0f;
#pragma unroll 4
      for (long long i = first; i < end; i += args.n) {
        float deviation = args.x[i] - shift;
        chunk += deviation;
        chunk_squares = QUERN_FMA(deviation, deviation, chunk_squares);
      }
      sum += chunk;
      squares += chunk_squares;
    }
    double *numbers = args.partials + id * QUERN_PART_NUMBERS;
    numbers[0] = shift;
    numbers[1] = sum;
    numbers[2] = squares;
  }
}

// The four rows of a channel's statistics.
QUERN_INLINE void quern_set_statistics(
    float *statistics, long long channels, long long c, double mean, double variance, double epsilon) {
  float rounded = (float)mean;
  statistics[c] = rounded;
  statistics[channels + c] = (float)(mean - (double)rounded);
  statistics[2 * channels + c] = (float)variance;
  statistics[3 * channels + c] = (float)(1.0 / sqrt(variance + epsilon));
}

// A block for each channel.
typedef struct {
  const double *partials;
  float *statistics;
  long long pixels;
  long long channels;
  long long parts;
  float epsilon;
} BatchStatisticsArgs;

QUERN_KERNEL(batch_statistics, BatchStatisticsArgs) {
  long long c = blockIdx.x;
  const double *partials = args.partials + c * QUERN_PART_NUMBERS;
  long long step = args.channels * QUERN_PART_NUMBERS;
  double total = (double)(args.pixels > 0 ? args.pixels : 1);
  double values[1] = {0.0};
  for (long long part = threadIdx.x; part < args.parts; part += QUERN_THREADS) {
    const double *numbers = partials + part * step;
    double count = (double)((args.pixels - part + args.parts - 1) / args.parts);
    values[0] += numbers[0] * count + numbers[1];
  }
  double mean = quern_block_sums(values)[0] / total;
  values[0] = 0.0;
  for (long long part = threadIdx.x; part < args.parts; part += QUERN_THREADS) {
    const double *numbers = partials + part * step;
    double count = (double)((args.pixels - part + args.parts - 1) / args.parts);
    double sum = numbers[1];
    double squares = numbers[2] - sum * sum / count;
    double deviation = (numbers[0] - mean) + sum / count;
    values[0] += (squares < 0.0 ? 0.0 : squares) + deviation * deviation * count;
  }
  const double *sums = quern_block_sums(values);
  if (threadIdx.x == 0) {
    quern_set_statistics(
        args.statistics, args.channels, c, mean, sums[0] / total, (double)args.epsilon);
  }
}

typedef struct {
  const float *mean;
  const float *variance;
  float *statistics;
  long long channels;
  float epsilon;
} BatchConstantsArgs;

QUERN_KERNEL(batch_constants, BatchConstantsArgs) {
  long long c = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (c < args.channels) {
    double center = (double)args.mean[c];
    double spread = (double)args.variance[c];
    quern_set_statistics(
        args.statistics, args.channels, c, center, spread, (double)args.epsilon);
  }
}

typedef struct {
  const float *statistics;
  float *mean;
  float *variance;
  long long *batches;
  long long pixels;
  long long channels;
  float momentum;
} BatchTrackArgs;

QUERN_KERNEL(batch_track, BatchTrackArgs) {
  long long c = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (c < args.channels) {
    double weight = (double)args.momentum;
    double sample = (double)args.pixels / (double)(args.pixels > 1 ? args.pixels - 1 : 1);
    double center = (double)args.statistics[c] + (double)args.statistics[args.channels + c];
    double spread = (double)args.statistics[2 * args.channels + c] * sample;
    args.mean[c] = (float)((1.0 - weight) * (double)args.mean[c] + weight * center);
    args.variance[c] = (float)((1.0 - weight) * (double)args.variance[c] + weight * spread);
  }
  if (c == 0) {
    args.batches[0] += 1;
  }
}

QUERN_INLINE float quern_normalized(
    float x, const float *statistics, long long channels, long long c) {
  return ((x - statistics[c]) - statistics[channels + c]) * statistics[3 * channels + c];
}

typedef struct {
  const float *x;
  const float *statistics;
  const float *weight;
  const float *bias;
  float *out;
  long long n;
  long long channels;
  int relu;
} BatchForwardArgs;

QUERN_KERNEL(batch_forward, BatchForwardArgs) {
  long long i = quern_tile_element();
  QuernQuad quad = quern_load(args.x, i, args.n);
  long long c = i % args.channels;
#pragma unroll
  for (int j = 0; j < 4; j++) {
    float normalized = quern_normalized(quad.v[j], args.statistics, args.channels, c);
    float y = QUERN_FMA(normalized, args.weight[c], args.bias[c]);
    quad.v[j] = args.relu && y <= 0.0f ? 0.0f : y;
    c = c + 1 < args.channels ? c + 1 : 0;
  }
  quern_store(quad, args.out, i, args.n);
}

// The gradient before ReLU.
QUERN_INLINE float quern_passed(float gradient, float normalized, float weight, float bias, int relu) {
  return relu && QUERN_FMA(normalized, weight, bias) <= 0.0f ? 0.0f : gradient;
}

// n: channels times parts. Two numbers each: the sums of g and of g n.
typedef struct {
  const float *gradient;
  const float *x;
  const float *statistics;
  const float *weight;
  const float *bias;
  float *partials;
  long long n;
  long long pixels;
  long long channels;
  int relu;
} BatchBackwardPartialsArgs;

QUERN_KERNEL(batch_backward_partials, BatchBackwardPartialsArgs) {
  long long id = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (id < args.n) {
    long long c = id % args.channels;
    float w = args.weight[c];
    float b = args.bias[c];
    float sum = 0.0f;
    float products = 0.0f;
#pragma unroll 4
    for (long long i = id; i < args.pixels * args.channels; i += args.n) {
      float normalized = quern_normalized(args.x[i], args.statistics, args.channels, c);
      float g = quern_passed(args.gradient[i], normalized, w, b, args.relu);
      sum += g;
      products = QUERN_FMA(g, normalized, products);
    }
    args.partials[2 * id] = sum;
    args.partials[2 * id + 1] = products;
  }
}

// A block for each channel. means: of g and of g n.
typedef struct {
  const float *partials;
  float *weight_gradient;
  float *bias_gradient;
  float *means;
  long long pixels;
  long long channels;
  long long parts;
} BatchBackwardTotalArgs;

QUERN_KERNEL(batch_backward_total, BatchBackwardTotalArgs) {
  long long c = blockIdx.x;
  const float *partials = args.partials + 2 * c;
  double values[2] = {0.0, 0.0};
  for (long long part = threadIdx.x; part < args.parts; part += QUERN_THREADS) {
    values[0] += (double)partials[2 * part * args.channels];
    values[1] += (double)partials[2 * part * args.channels + 1];
  }
  const double *sums = quern_block_sums(values);
  if (threadIdx.x == 0) {
    double total = (double)(args.pixels > 0 ? args.pixels : 1);
    args.bias_gradient[c] = (float)sums[0];
    args.weight_gradient[c] = (float)sums[1];
    args.means[2 * c] = (float)(sums[0] / total);
    args.means[2 * c + 1] = (float)(sums[1] / total);
  }
}

typedef struct {
  const float *gradient;
  const float *x;
  const float *statistics;
  const float *weight;
  const float *bias;
  const float *means;
  float *out;
  long long n;
  long long channels;
  int training;
  int relu;
} BatchBackwardArgs;

QUERN_KERNEL(batch_backward, BatchBackwardArgs) {
  long long i = quern_tile_element();
  QuernQuad quad = quern_load(args.gradient, i, args.n);
  QuernQuad x = quern_load(args.x, i, args.n);
  long long c = i % args.channels;
#pragma unroll
  for (int j = 0; j < 4; j++) {
    float w = args.weight[c];
    float normalized = quern_normalized(x.v[j], args.statistics, args.channels, c);
    float g = quern_passed(quad.v[j], normalized, w, args.bias[c], args.relu);
    if (args.training) {
      g = QUERN_FMA(-normalized, args.means[2 * c + 1], g - args.means[2 * c]);
    }
    quad.v[j] = w * args.statistics[3 * args.channels + c] * g;
    c = c + 1 < args.channels ? c + 1 : 0;
  }
  quern_store(quad, args.out, i, args.n);
}

// A block for each row.
typedef struct {
  const float *x;
  float *out;
  float *inverse;
  long long columns;
  float epsilon;
} StandardizeArgs;

QUERN_KERNEL(standardize, StandardizeArgs) {
  long long row = blockIdx.x;
  long long columns = args.columns;
  const float *x = args.x + row * columns;
  float *out = args.out + row * columns;
  double values[1] = {0.0};
  for (long long first = threadIdx.x; first < columns; first += QUERN_THREADS * QUERN_ROW_CHUNK) {
    float sum = 0.0f;
    for (int j = 0; j < QUERN_ROW_CHUNK && first + j * QUERN_THREADS < columns; j++) {
      sum += x[first + j * QUERN_THREADS];
    }
    values[0] += sum;
  }
  double mean = quern_block_sums(values)[0] / (double)columns;
  float rounded = (float)mean;
  float remainder = (float)(mean - rounded);
  values[0] = 0.0;
  for (long long first = threadIdx.x; first < columns; first += QUERN_THREADS * QUERN_ROW_CHUNK) {
    float sum = 0.0f;
    for (int j = 0; j < QUERN_ROW_CHUNK && first + j * QUERN_THREADS < columns; j++) {
      float deviation = (x[first + j * QUERN_THREADS] - rounded) - remainder;
      sum = QUERN_FMA(deviation, deviation, sum);
    }
    values[0] += sum;
  }
  double variance = quern_block_sums(values)[0] / (double)columns;
  float factor = (float)(1.0 / sqrt(variance + args.epsilon));
  for (long long i = threadIdx.x; i < columns; i += QUERN_THREADS) {
    out[i] = ((x[i] - rounded) - remainder) * factor;
  }
  if (threadIdx.x == 0) {
    args.inverse[row] = factor;
  }
}

// A block for each row.
typedef struct {
  const float *gradient;
  const float *y;
  const float *inverse;
  float *out;
  long long columns;
} StandardizeGradientArgs;

QUERN_KERNEL(standardize_gradient, StandardizeGradientArgs) {
  long long row = blockIdx.x;
  long long columns = args.columns;
  const float *gradient = args.gradient + row * columns;
  const float *y = args.y + row * columns;
  float *out = args.out + row * columns;
  double values[2] = {0.0, 0.0};
  for (long long first = threadIdx.x; first < columns; first += QUERN_THREADS * QUERN_ROW_CHUNK) {
    float sum = 0.0f;
    float products = 0.0f;
    for (int j = 0; j < QUERN_ROW_CHUNK && first + j * QUERN_THREADS < columns; j++) {
      long long i = first + j * QUERN_THREADS;
      sum += gradient[i];
      products = QUERN_FMA(gradient[i], y[i], products);
    }
    values[0] += sum;
    values[1] += products;
  }
  const double *sums = quern_block_sums(values);
  float mean = (float)(sums[0] / (double)columns);
  float product = (float)(sums[1] / (double)columns);
  float factor = args.inverse[row];
  for (long long i = threadIdx.x; i < columns; i += QUERN_THREADS) {
    out[i] = factor * QUERN_FMA(-y[i], product, gradient[i] - mean);
  }
}

typedef struct {
  const float *x;
  float *out;
  long long lines;
  long long count;
  long long inner;
  int logarithm;
} SoftmaxArgs;

QUERN_KERNEL(softmax, SoftmaxArgs) {
  long long line = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (line < args.lines) {
    long long at = line / args.inner * args.count * args.inner + line % args.inner;
    const float *x = args.x + at;
    float *out = args.out + at;
    long long inner = args.inner;
    float most = -INFINITY;
    for (long long r = 0; r < args.count; r++) {
      most = x[r * inner] > most ? x[r * inner] : most;
    }
    double total = 0.0;
    for (long long first = 0; first < args.count; first += QUERN_ROW_CHUNK) {
      long long end = first + QUERN_ROW_CHUNK < args.count ? first + QUERN_ROW_CHUNK : args.count;
      float sum = 0.0f;
      for (long long r = first; r < end; r++) {
        sum += quern_exp(x[r * inner] - most);
      }
      total += (double)sum;
    }
    float sum = (float)total;
    float logarithm_of_sum = quern_log(sum);
    for (long long r = 0; r < args.count; r++) {
      float rest = x[r * inner] - most;
      out[r * inner] = args.logarithm ? rest - logarithm_of_sum : quern_exp(rest) / sum;
    }
  }
}

typedef struct {
  const float *gradient;
  const float *y;
  float *out;
  long long lines;
  long long count;
  long long inner;
  int logarithm;
} SoftmaxGradientArgs;

QUERN_KERNEL(softmax_gradient, SoftmaxGradientArgs) {
  long long line = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (line < args.lines) {
    long long inner = args.inner;
    long long at = line / inner * args.count * inner + line % inner;
    const float *gradient = args.gradient + at;
    const float *y = args.y + at;
    float *out = args.out + at;
    double total = 0.0;
    for (long long first = 0; first < args.count; first += QUERN_ROW_CHUNK) {
      long long end = first + QUERN_ROW_CHUNK < args.count ? first + QUERN_ROW_CHUNK : args.count;
      float sum = 0.0f;
      for (long long r = first; r < end; r++) {
        float g = gradient[r * inner];
        sum = args.logarithm ? sum + g : QUERN_FMA(g, y[r * inner], sum);
      }
      total += (double)sum;
    }
    float sum = (float)total;
    for (long long r = 0; r < args.count; r++) {
      float g = gradient[r * inner];
      float result = y[r * inner];
      out[r * inner] = args.logarithm ? QUERN_FMA(-quern_exp(result), sum, g) : result * (g - sum);
    }
  }
}
