// Images of several times the size, and the gradient.
//
// - Formula: an element of the result is a mean of the four around its place, weighted along both axes by
//   how near they are; or the nearest alone. Backward: the sum of the gradients of those it is part of, by
//   the same weights.
// - Fused: nothing.
// - Work: a thread for each element that is written, neighbours along the channels.
// - Tail: threads behind the last element do nothing; elements of weight 0 are not looked at.
// - Deterministic: each element is written by one thread; backward gathers, in the order of the result.

#include "prelude.cuh"

#include "resampling.inc"

typedef struct {
  const float *x;
  float *out;
  long long n;
  long long channels;
  long long height;
  long long width;
  int scale_y;
  int scale_x;
  int interpolation;
} UpsampleForwardArgs;

QUERN_KERNEL(upsample_forward, UpsampleForwardArgs) {
  long long id = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (id < args.n) {
    long long channels = args.channels;
    long long out_width = args.width * args.scale_x;
    long long out_height = args.height * args.scale_y;
    long long pixel = id / channels;
    long long line = pixel / out_width;
    QuernBetween z = quern_between(pixel % out_width, args.width, args.scale_x, args.interpolation);
    QuernBetween y = quern_between(line % out_height, args.height, args.scale_y, args.interpolation);
    const float *x = args.x + line / out_height * args.height * args.width * channels + id % channels;
    const float *above = x + y.before * args.width * channels;
    const float *below = x + y.after * args.width * channels;
    float first = quern_mix(above[z.before * channels], above[z.after * channels], z.share);
    float second = quern_mix(below[z.before * channels], below[z.after * channels], z.share);
    args.out[id] = quern_mix(first, second, y.share);
  }
}

typedef struct {
  const float *gradient;
  float *out;
  long long n;
  long long channels;
  long long height;
  long long width;
  int scale_y;
  int scale_x;
  int interpolation;
} UpsampleBackwardArgs;

QUERN_KERNEL(upsample_backward, UpsampleBackwardArgs) {
  long long id = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (id < args.n) {
    long long out_width = args.width * args.scale_x;
    long long pixel = id / args.channels;
    long long z = pixel % args.width;
    long long y = pixel / args.width % args.height;
    const float *gradient = args.gradient + id % args.channels
        + pixel / args.width / args.height * args.height * args.scale_y * out_width * args.channels;
    long long left = quern_first_sample(z, args.width, args.scale_x, args.interpolation);
    long long right = quern_end_sample(z, args.width, args.scale_x, args.interpolation);
    long long top = quern_first_sample(y, args.height, args.scale_y, args.interpolation);
    long long bottom = quern_end_sample(y, args.height, args.scale_y, args.interpolation);
    float sum = 0.0f;
    for (long long i = top; i < bottom; i++) {
      float down = quern_weight(quern_between(i, args.height, args.scale_y, args.interpolation), y);
      for (long long j = left; down != 0.0f && j < right; j++) {
        float weight =
            down * quern_weight(quern_between(j, args.width, args.scale_x, args.interpolation), z);
        if (weight != 0.0f) {
          sum = QUERN_FMA(weight, gradient[(i * out_width + j) * args.channels], sum);
        }
      }
    }
    args.out[id] = sum;
  }
}
