// Images of several times the size, and the gradient.
//
// - Formula: an element of the result is a mean of the four around its place, weighted along both axes by
//   how near they are; or the nearest alone. Backward: the sum of the gradients of those it is part of, by
//   the same weights.
// - Fused: nothing.
// - Work: a work-item for each element that is written, neighbours along the channels.
// - Tail: work-items behind the last element do nothing; elements of weight 0 are not looked at.
// - Deterministic: each element is written by one work-item; backward gathers, in the order of the result.

#include "prelude.cl"
#include "resampling.inc"

// What is written, and the smaller images.
#define UPSAMPLING_EXTENTS \
  const long n, \
  const long channels, \
  const long height, \
  const long width, \
  const int scale_y, \
  const int scale_x, \
  const int interpolation

QUERN_KERNEL void upsample_forward(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    UPSAMPLING_EXTENTS) {
  long id = (long)get_global_id(0);
  if (id < n) {
    long c = id % channels;
    long pixel = id / channels;
    long line = pixel / (width * scale_x);
    QuernBetween z = quern_between(pixel % (width * scale_x), width, scale_x, interpolation);
    QuernBetween y = quern_between(line % (height * scale_y), height, scale_y, interpolation);
    x += x_offset + line / (height * scale_y) * height * width * channels + c;
    __global const float *above = x + y.before * width * channels;
    __global const float *below = x + y.after * width * channels;
    float first = quern_mix(above[z.before * channels], above[z.after * channels], z.share);
    float second = quern_mix(below[z.before * channels], below[z.after * channels], z.share);
    out[out_offset + id] = quern_mix(first, second, y.share);
  }
}

QUERN_KERNEL void upsample_backward(
    __global const float *gradient,
    const long gradient_offset,
    __global float *out,
    const long out_offset,
    UPSAMPLING_EXTENTS) {
  long id = (long)get_global_id(0);
  if (id < n) {
    long c = id % channels;
    long pixel = id / channels;
    long z = pixel % width;
    long y = pixel / width % height;
    gradient += gradient_offset
        + pixel / width / height * height * scale_y * width * scale_x * channels + c;
    long left = quern_first_sample(z, width, scale_x, interpolation);
    long right = quern_end_sample(z, width, scale_x, interpolation);
    long bottom = quern_end_sample(y, height, scale_y, interpolation);
    float sum = 0.0f;
    for (long i = quern_first_sample(y, height, scale_y, interpolation); i < bottom; i++) {
      float down = quern_weight(quern_between(i, height, scale_y, interpolation), y);
      for (long j = left; down != 0.0f && j < right; j++) {
        float weight = down * quern_weight(quern_between(j, width, scale_x, interpolation), z);
        if (weight != 0.0f) {
          sum = fma(weight, gradient[(i * width * scale_x + j) * channels], sum);
        }
      }
    }
    out[out_offset + id] = sum;
  }
}
