// Batch normalization of rows of pixels and columns of channels, rows made standard, and softmax.
//
// - Formula: n = ((x - mean) - remainder) * inverse, y = fma(n, weight, bias); backward
//   weight * inverse * (g - mean(g) - n * mean(g n)), with the means only where the statistics are those of
//   the data. Softmax is e^(x - m) over the sum of these, m the largest, or its logarithm.
// - Fused: ReLU, forward and backward, where what it made 0 is found again from the data.
// - Work: sums over the pixels of a channel are taken in parts, of n parts every nth pixel, so that
//   neighbours read neighbours however few channels there are: a work-item a channel's part in f32, a group
//   the parts of a channel in f64. For the statistics a part is the sum, and the sum of squares, of what
//   differs from its first pixel; mean and variance are made of the parts' in two runs over them. A group
//   makes a row standard, work-items in f32 over QUERN_ROW_CHUNK elements each and all in f64 across. A softmax
//   has a work-item for each line.
// - Tail: work-items behind the last element do nothing.
// - Deterministic: how many parts there are depends on the pixels only, and nothing is added atomically.

#include "prelude.cl"
#include "math.inc"

// Host side: dev.quern.gpu.GpuNormalizationKernels.
#define QUERN_PART_NUMBERS 3

#define QUERN_PIXEL_CHUNK 16
#define QUERN_ROW_CHUNK 64

// n: channels times parts. Three numbers each: the first pixel (0 if it is infinite or NaN), and of what
// differs from it the sum and the sum of squares, in f32 over QUERN_PIXEL_CHUNK pixels and in f64 across.
QUERN_KERNEL void batch_partials(
    __global const float *x,
    const long x_offset,
    __global double *partials,
    const long partials_offset,
    const long n,
    const long pixels,
    const long channels) {
  long id = (long)get_global_id(0);
  if (id < n) {
    x += x_offset;
    float shift = x[id] - x[id] == 0.0f ? x[id] : 0.0f;
    double sum = 0.0;
    double squares = 0.0;
    for (long first = id; first < pixels * channels; first += n * QUERN_PIXEL_CHUNK) {
      long end = min(pixels * channels, first + n * QUERN_PIXEL_CHUNK);
      float chunk = 0.0f;
      float chunk_squares = 0.0f;
      for (long i = first; i < end; i += n) {
        float deviation = x[i] - shift;
        chunk += deviation;
        chunk_squares = fma(deviation, deviation, chunk_squares);
      }
      sum += (double)chunk;
      squares += (double)chunk_squares;
    }
    partials += partials_offset + id * QUERN_PART_NUMBERS;
    partials[0] = (double)shift;
    partials[1] = sum;
    partials[2] = squares;
  }
}

// The four rows of a channel's statistics.
QUERN_INLINE void quern_set_statistics(
    __global float *statistics, long channels, long c, double mean, double variance, double epsilon) {
  float rounded = (float)mean;
  statistics[c] = rounded;
  statistics[channels + c] = (float)(mean - (double)rounded);
  statistics[2 * channels + c] = (float)variance;
  statistics[3 * channels + c] = (float)(1.0 / sqrt(variance + epsilon));
}

// A group for each channel.
QUERN_KERNEL void batch_statistics(
    __global const double *partials,
    const long partials_offset,
    __global float *statistics,
    const long statistics_offset,
    const long pixels,
    const long channels,
    const long parts,
    const float epsilon) {
  __local double items[QUERN_GROUP];
  __local double rows[QUERN_ROWS];
  long c = (long)get_group_id(0);
  partials += partials_offset + c * QUERN_PART_NUMBERS;
  long step = channels * QUERN_PART_NUMBERS;
  double value = 0.0;
  for (long part = (long)get_local_id(0); part < parts; part += QUERN_GROUP) {
    __global const double *numbers = partials + part * step;
    double count = (double)((pixels - part + parts - 1) / parts);
    value += numbers[0] * count + numbers[1];
  }
  quern_sum_rows(1, &value, items, rows);
  double total = (double)(pixels > 0 ? pixels : 1);
  double mean = quern_group_sum(0, rows) / total;
  value = 0.0;
  for (long part = (long)get_local_id(0); part < parts; part += QUERN_GROUP) {
    __global const double *numbers = partials + part * step;
    double count = (double)((pixels - part + parts - 1) / parts);
    double sum = numbers[1];
    double squares = numbers[2] - sum * sum / count;
    double deviation = (numbers[0] - mean) + sum / count;
    value += (squares < 0.0 ? 0.0 : squares) + deviation * deviation * count;
  }
  quern_sum_rows(1, &value, items, rows);
  if (get_local_id(0) == 0) {
    double variance = quern_group_sum(0, rows) / total;
    quern_set_statistics(
        statistics + statistics_offset, channels, c, mean, variance, (double)epsilon);
  }
}

QUERN_KERNEL void batch_constants(
    __global const float *mean,
    const long mean_offset,
    __global const float *variance,
    const long variance_offset,
    __global float *statistics,
    const long statistics_offset,
    const long channels,
    const float epsilon) {
  long c = (long)get_global_id(0);
  if (c < channels) {
    double center = (double)mean[mean_offset + c];
    double spread = (double)variance[variance_offset + c];
    quern_set_statistics(
        statistics + statistics_offset, channels, c, center, spread, (double)epsilon);
  }
}

QUERN_KERNEL void batch_track(
    __global const float *statistics,
    const long statistics_offset,
    __global float *mean,
    const long mean_offset,
    __global float *variance,
    const long variance_offset,
    __global long *batches,
    const long batches_offset,
    const long pixels,
    const long channels,
    const float momentum) {
  statistics += statistics_offset;
  mean += mean_offset;
  variance += variance_offset;
  long c = (long)get_global_id(0);
  if (c < channels) {
    double weight = (double)momentum;
    double sample = (double)pixels / (double)(pixels > 1 ? pixels - 1 : 1);
    double center = (double)statistics[c] + (double)statistics[channels + c];
    double spread = (double)statistics[2 * channels + c] * sample;
    mean[c] = (float)((1.0 - weight) * (double)mean[c] + weight * center);
    variance[c] = (float)((1.0 - weight) * (double)variance[c] + weight * spread);
  }
  if (c == 0) {
    batches[batches_offset] += 1;
  }
}

QUERN_INLINE float quern_normalized(
    float x, __global const float *statistics, long channels, long c) {
  return ((x - statistics[c]) - statistics[channels + c]) * statistics[3 * channels + c];
}

QUERN_KERNEL void batch_forward(
    __global const float *x,
    const long x_offset,
    __global const float *statistics,
    const long statistics_offset,
    __global const float *weight,
    const long weight_offset,
    __global const float *bias,
    const long bias_offset,
    __global float *out,
    const long out_offset,
    const long n,
    const long channels,
    const int relu) {
  statistics += statistics_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      long c = i % channels;
      float normalized = quern_normalized(x[x_offset + i], statistics, channels, c);
      float y = fma(normalized, weight[weight_offset + c], bias[bias_offset + c]);
      out[out_offset + i] = relu != 0 && y <= 0.0f ? 0.0f : y;
    }
  }
}

// The gradient before ReLU.
QUERN_INLINE float quern_passed(float gradient, float normalized, float weight, float bias, int relu) {
  return relu != 0 && fma(normalized, weight, bias) <= 0.0f ? 0.0f : gradient;
}

// n: channels times parts. Two numbers each: the sums of g and of g n.
QUERN_KERNEL void batch_backward_partials(
    __global const float *gradient,
    const long gradient_offset,
    __global const float *x,
    const long x_offset,
    __global const float *statistics,
    const long statistics_offset,
    __global const float *weight,
    const long weight_offset,
    __global const float *bias,
    const long bias_offset,
    __global float *partials,
    const long partials_offset,
    const long n,
    const long pixels,
    const long channels,
    const int relu) {
  gradient += gradient_offset;
  x += x_offset;
  statistics += statistics_offset;
  long id = (long)get_global_id(0);
  if (id < n) {
    long c = id % channels;
    float w = weight[weight_offset + c];
    float b = bias[bias_offset + c];
    float sum = 0.0f;
    float products = 0.0f;
    for (long i = id; i < pixels * channels; i += n) {
      float normalized = quern_normalized(x[i], statistics, channels, c);
      float g = quern_passed(gradient[i], normalized, w, b, relu);
      sum += g;
      products = fma(g, normalized, products);
    }
    partials[partials_offset + 2 * id] = sum;
    partials[partials_offset + 2 * id + 1] = products;
  }
}

// A group for each channel. means: of g and of g n.
QUERN_KERNEL void batch_backward_total(
    __global const float *partials,
    const long partials_offset,
    __global float *weight_gradient,
    const long weight_gradient_offset,
    __global float *bias_gradient,
    const long bias_gradient_offset,
    __global float *means,
    const long means_offset,
    const long pixels,
    const long channels,
    const long parts) {
  __local double items[2 * QUERN_GROUP];
  __local double rows[2 * QUERN_ROWS];
  long c = (long)get_group_id(0);
  partials += partials_offset + 2 * c;
  double values[2] = {0.0, 0.0};
  for (long part = (long)get_local_id(0); part < parts; part += QUERN_GROUP) {
    values[0] += (double)partials[2 * part * channels];
    values[1] += (double)partials[2 * part * channels + 1];
  }
  quern_sum_rows(2, values, items, rows);
  if (get_local_id(0) == 0) {
    double total = (double)(pixels > 0 ? pixels : 1);
    double sum = quern_group_sum(0, rows);
    double products = quern_group_sum(1, rows);
    bias_gradient[bias_gradient_offset + c] = (float)sum;
    weight_gradient[weight_gradient_offset + c] = (float)products;
    means[means_offset + 2 * c] = (float)(sum / total);
    means[means_offset + 2 * c + 1] = (float)(products / total);
  }
}

QUERN_KERNEL void batch_backward(
    __global const float *gradient,
    const long gradient_offset,
    __global const float *x,
    const long x_offset,
    __global const float *statistics,
    const long statistics_offset,
    __global const float *weight,
    const long weight_offset,
    __global const float *bias,
    const long bias_offset,
    __global const float *means,
    const long means_offset,
    __global float *out,
    const long out_offset,
    const long n,
    const long channels,
    const int training,
    const int relu) {
  statistics += statistics_offset;
  means += means_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      long c = i % channels;
      float w = weight[weight_offset + c];
      float normalized = quern_normalized(x[x_offset + i], statistics, channels, c);
      float g = quern_passed(
          gradient[gradient_offset + i], normalized, w, bias[bias_offset + c], relu);
      if (training != 0) {
        g = fma(-normalized, means[2 * c + 1], g - means[2 * c]);
      }
      out[out_offset + i] = w * statistics[3 * channels + c] * g;
    }
  }
}

// A group for each row.
QUERN_KERNEL void standardize(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    __global float *inverse,
    const long inverse_offset,
    const long columns,
    const float epsilon) {
  __local double items[QUERN_GROUP];
  __local double rows[QUERN_ROWS];
  long row = (long)get_group_id(0);
  x += x_offset + row * columns;
  out += out_offset + row * columns;
  double value = 0.0;
  for (long first = (long)get_local_id(0); first < columns; first += QUERN_GROUP * QUERN_ROW_CHUNK) {
    float sum = 0.0f;
    for (int j = 0; j < QUERN_ROW_CHUNK; j++) {
      long i = first + j * QUERN_GROUP;
      if (i < columns) {
        sum += x[i];
      }
    }
    value += (double)sum;
  }
  quern_sum_rows(1, &value, items, rows);
  double mean = quern_group_sum(0, rows) / (double)columns;
  float rounded = (float)mean;
  float remainder = (float)(mean - (double)rounded);
  value = 0.0;
  for (long first = (long)get_local_id(0); first < columns; first += QUERN_GROUP * QUERN_ROW_CHUNK) {
    float sum = 0.0f;
    for (int j = 0; j < QUERN_ROW_CHUNK; j++) {
      long i = first + j * QUERN_GROUP;
      if (i < columns) {
        float deviation = (x[i] - rounded) - remainder;
        sum = fma(deviation, deviation, sum);
      }
    }
    value += (double)sum;
  }
  quern_sum_rows(1, &value, items, rows);
  float factor =
      (float)(1.0 / sqrt(quern_group_sum(0, rows) / (double)columns + (double)epsilon));
  for (long i = (long)get_local_id(0); i < columns; i += QUERN_GROUP) {
    out[i] = ((x[i] - rounded) - remainder) * factor;
  }
  if (get_local_id(0) == 0) {
    inverse[inverse_offset + row] = factor;
  }
}

// A group for each row.
QUERN_KERNEL void standardize_gradient(
    __global const float *gradient,
    const long gradient_offset,
    __global const float *y,
    const long y_offset,
    __global const float *inverse,
    const long inverse_offset,
    __global float *out,
    const long out_offset,
    const long columns) {
  __local double items[2 * QUERN_GROUP];
  __local double rows[2 * QUERN_ROWS];
  long row = (long)get_group_id(0);
  gradient += gradient_offset + row * columns;
  y += y_offset + row * columns;
  out += out_offset + row * columns;
  double values[2] = {0.0, 0.0};
  for (long first = (long)get_local_id(0); first < columns; first += QUERN_GROUP * QUERN_ROW_CHUNK) {
    float sum = 0.0f;
    float products = 0.0f;
    for (int j = 0; j < QUERN_ROW_CHUNK; j++) {
      long i = first + j * QUERN_GROUP;
      if (i < columns) {
        sum += gradient[i];
        products = fma(gradient[i], y[i], products);
      }
    }
    values[0] += (double)sum;
    values[1] += (double)products;
  }
  quern_sum_rows(2, values, items, rows);
  float mean = (float)(quern_group_sum(0, rows) / (double)columns);
  float product = (float)(quern_group_sum(1, rows) / (double)columns);
  float factor = inverse[inverse_offset + row];
  for (long i = (long)get_local_id(0); i < columns; i += QUERN_GROUP) {
    out[i] = factor * fma(-y[i], product, gradient[i] - mean);
  }
}

QUERN_KERNEL void softmax(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    const long lines,
    const long count,
    const long inner,
    const int logarithm) {
  long line = (long)get_global_id(0);
  if (line < lines) {
    x += x_offset + line / inner * count * inner + line % inner;
    out += out_offset + line / inner * count * inner + line % inner;
    float most = -INFINITY;
    for (long r = 0; r < count; r++) {
      most = x[r * inner] > most ? x[r * inner] : most;
    }
    double total = 0.0;
    for (long first = 0; first < count; first += QUERN_ROW_CHUNK) {
      long end = min(count, first + QUERN_ROW_CHUNK);
      float sum = 0.0f;
      for (long r = first; r < end; r++) {
        sum += quern_exp(x[r * inner] - most);
      }
      total += (double)sum;
    }
    float sum = (float)total;
    float logarithm_of_sum = quern_log(sum);
    for (long r = 0; r < count; r++) {
      float rest = x[r * inner] - most;
      out[r * inner] = logarithm != 0 ? rest - logarithm_of_sum : quern_exp(rest) / sum;
    }
  }
}

QUERN_KERNEL void softmax_gradient(
    __global const float *gradient,
    const long gradient_offset,
    __global const float *y,
    const long y_offset,
    __global float *out,
    const long out_offset,
    const long lines,
    const long count,
    const long inner,
    const int logarithm) {
  long line = (long)get_global_id(0);
  if (line < lines) {
    long at = line / inner * count * inner + line % inner;
    gradient += gradient_offset + at;
    y += y_offset + at;
    out += out_offset + at;
    double total = 0.0;
    for (long first = 0; first < count; first += QUERN_ROW_CHUNK) {
      long end = min(count, first + QUERN_ROW_CHUNK);
      float sum = 0.0f;
      for (long r = first; r < end; r++) {
        float g = gradient[r * inner];
        sum = logarithm != 0 ? sum + g : fma(g, y[r * inner], sum);
      }
      total += (double)sum;
    }
    float sum = (float)total;
    for (long r = 0; r < count; r++) {
      float g = gradient[r * inner];
      float result = y[r * inner];
      out[r * inner] = logarithm != 0 ? fma(-quern_exp(result), sum, g) : result * (g - sum);
    }
  }
}
