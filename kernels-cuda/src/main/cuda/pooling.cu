// Pooling of channels-last images, and its gradient.
//
// - Formula: out = the greatest element of a window, per channel; places = row * width + column of the
//   first such element; a NaN is greater than all others, and the last NaN counts. Backward: the sum of
//   the gradients of the windows whose place an element is. Or out = the mean of a window, padding taken
//   for zeros; backward: the sum of the gradients of the windows that an element is in, over their size.
// - Fused: the place with the value.
// - Work: a thread for each element that is written, neighbours along the channels.
// - Tail: threads behind the last element do nothing; what lies outside the image is not looked at.
// - Deterministic: each element is written by one thread; backward gathers, in the order of the windows.

#include "prelude.cuh"

typedef struct {
  const float *x;
  float *out;
  int *places;
  long long n;
  long long channels;
  long long height;
  long long width;
  long long out_height;
  long long out_width;
  int kernel_y;
  int kernel_x;
  int stride_y;
  int stride_x;
  int padding_y;
  int padding_x;
  int dilation_y;
  int dilation_x;
} MaxPoolArgs;

QUERN_KERNEL(max_pool, MaxPoolArgs) {
  long long id = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (id < args.n) {
    long long c = id % args.channels;
    long long pixel = id / args.channels;
    long long column = pixel % args.out_width;
    long long row = pixel / args.out_width % args.out_height;
    long long image = pixel / args.out_width / args.out_height;
    const float *x = args.x + image * args.height * args.width * args.channels + c;
    float most = -INFINITY;
    int place = -1;
    for (int i = 0; i < args.kernel_y; i++) {
      long long y = row * args.stride_y - args.padding_y + (long long)i * args.dilation_y;
      if (y < 0 || y >= args.height) {
        continue;
      }
      for (int j = 0; j < args.kernel_x; j++) {
        long long z = column * args.stride_x - args.padding_x + (long long)j * args.dilation_x;
        if (z < 0 || z >= args.width) {
          continue;
        }
        float value = x[(y * args.width + z) * args.channels];
        if (place < 0 || value > most || value != value) {
          most = value;
          place = (int)(y * args.width + z);
        }
      }
    }
    args.out[id] = most;
    args.places[id] = place;
  }
}

typedef struct {
  const float *gradient;
  const int *places;
  float *out;
  long long n;
  long long channels;
  long long height;
  long long width;
  long long out_height;
  long long out_width;
  int kernel_y;
  int kernel_x;
  int stride_y;
  int stride_x;
  int padding_y;
  int padding_x;
  int dilation_y;
  int dilation_x;
} MaxPoolBackwardArgs;

QUERN_KERNEL(max_pool_backward, MaxPoolBackwardArgs) {
  long long id = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (id < args.n) {
    long long c = id % args.channels;
    long long pixel = id / args.channels;
    long long column = pixel % args.width;
    long long row = pixel / args.width % args.height;
    long long image = pixel / args.width / args.height;
    int place = (int)(row * args.width + column);
    long long first = image * args.out_height * args.out_width;
    float sum = 0.0f;
    // a later element of the window belongs to an earlier window
    for (int i = args.kernel_y - 1; i >= 0; i--) {
      long long y = row + args.padding_y - (long long)i * args.dilation_y;
      if (y < 0 || y % args.stride_y != 0 || y / args.stride_y >= args.out_height) {
        continue;
      }
      for (int j = args.kernel_x - 1; j >= 0; j--) {
        long long z = column + args.padding_x - (long long)j * args.dilation_x;
        if (z < 0 || z % args.stride_x != 0 || z / args.stride_x >= args.out_width) {
          continue;
        }
        long long window = first + y / args.stride_y * args.out_width + z / args.stride_x;
        long long at = window * args.channels + c;
        if (args.places[at] == place) {
          sum += args.gradient[at];
        }
      }
    }
    args.out[id] = sum;
  }
}

typedef struct {
  const float *x;
  float *out;
  long long n;
  long long channels;
  long long height;
  long long width;
  long long out_height;
  long long out_width;
  int kernel_y;
  int kernel_x;
  int stride_y;
  int stride_x;
  int padding_y;
  int padding_x;
  int dilation_y;
  int dilation_x;
} AveragePoolArgs;

QUERN_KERNEL(average_pool, AveragePoolArgs) {
  long long id = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (id < args.n) {
    long long c = id % args.channels;
    long long pixel = id / args.channels;
    long long column = pixel % args.out_width;
    long long row = pixel / args.out_width % args.out_height;
    long long image = pixel / args.out_width / args.out_height;
    const float *x = args.x + image * args.height * args.width * args.channels + c;
    float sum = 0.0f;
    for (int i = 0; i < args.kernel_y; i++) {
      long long y = row * args.stride_y - args.padding_y + (long long)i * args.dilation_y;
      if (y < 0 || y >= args.height) {
        continue;
      }
      for (int j = 0; j < args.kernel_x; j++) {
        long long z = column * args.stride_x - args.padding_x + (long long)j * args.dilation_x;
        if (z >= 0 && z < args.width) {
          sum += x[(y * args.width + z) * args.channels];
        }
      }
    }
    args.out[id] = sum / (float)(args.kernel_y * args.kernel_x);
  }
}

typedef struct {
  const float *gradient;
  float *out;
  long long n;
  long long channels;
  long long height;
  long long width;
  long long out_height;
  long long out_width;
  int kernel_y;
  int kernel_x;
  int stride_y;
  int stride_x;
  int padding_y;
  int padding_x;
  int dilation_y;
  int dilation_x;
} AveragePoolBackwardArgs;

QUERN_KERNEL(average_pool_backward, AveragePoolBackwardArgs) {
  long long id = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (id < args.n) {
    long long c = id % args.channels;
    long long pixel = id / args.channels;
    long long column = pixel % args.width;
    long long row = pixel / args.width % args.height;
    long long image = pixel / args.width / args.height;
    long long first = image * args.out_height * args.out_width;
    float sum = 0.0f;
    for (int i = args.kernel_y - 1; i >= 0; i--) {
      long long y = row + args.padding_y - (long long)i * args.dilation_y;
      if (y < 0 || y % args.stride_y != 0 || y / args.stride_y >= args.out_height) {
        continue;
      }
      for (int j = args.kernel_x - 1; j >= 0; j--) {
        long long z = column + args.padding_x - (long long)j * args.dilation_x;
        if (z >= 0 && z % args.stride_x == 0 && z / args.stride_x < args.out_width) {
          long long window = first + y / args.stride_y * args.out_width + z / args.stride_x;
          sum += args.gradient[window * args.channels + c];
        }
      }
    }
    args.out[id] = sum / (float)(args.kernel_y * args.kernel_x);
  }
}
