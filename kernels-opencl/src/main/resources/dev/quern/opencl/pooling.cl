// Pooling of channels-last images, and its gradient.
//
// - Formula: out = the greatest element of a window, per channel; places = row * width + column of the
//   first such element; a NaN is greater than all others, and the last NaN counts. Backward: the sum of
//   the gradients of the windows whose place an element is. Or out = the mean of a window, padding taken
//   for zeros; backward: the sum of the gradients of the windows that an element is in, over their size.
// - Fused: the place with the value.
// - Work: a work-item for each element that is written, neighbours along the channels.
// - Tail: work-items behind the last element do nothing; what lies outside the image is not looked at.
// - Deterministic: each element is written by one work-item; backward gathers, in the order of the windows.

#include "prelude.cl"

// What is written, the images, and the windows.
#define POOLING_EXTENTS \
  const long n, \
  const long channels, \
  const long height, \
  const long width, \
  const long out_height, \
  const long out_width, \
  const int kernel_y, \
  const int kernel_x, \
  const int stride_y, \
  const int stride_x, \
  const int padding_y, \
  const int padding_x, \
  const int dilation_y, \
  const int dilation_x

QUERN_KERNEL void max_pool(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    __global int *places,
    const long places_offset,
    POOLING_EXTENTS) {
  x += x_offset;
  out += out_offset;
  places += places_offset;
  long id = (long)get_global_id(0);
  if (id < n) {
    long c = id % channels;
    long pixel = id / channels;
    long column = pixel % out_width;
    long row = pixel / out_width % out_height;
    long image = pixel / out_width / out_height;
    __global const float *plane = x + image * height * width * channels + c;
    float most = -INFINITY;
    int place = -1;
    for (int i = 0; i < kernel_y; i++) {
      long y = row * stride_y - padding_y + (long)i * dilation_y;
      if (y < 0 || y >= height) {
        continue;
      }
      for (int j = 0; j < kernel_x; j++) {
        long z = column * stride_x - padding_x + (long)j * dilation_x;
        if (z < 0 || z >= width) {
          continue;
        }
        float value = plane[(y * width + z) * channels];
        if (place < 0 || value > most || value != value) {
          most = value;
          place = (int)(y * width + z);
        }
      }
    }
    out[id] = most;
    places[id] = place;
  }
}

QUERN_KERNEL void max_pool_backward(
    __global const float *gradient,
    const long gradient_offset,
    __global const int *places,
    const long places_offset,
    __global float *out,
    const long out_offset,
    POOLING_EXTENTS) {
  gradient += gradient_offset;
  places += places_offset;
  out += out_offset;
  long id = (long)get_global_id(0);
  if (id < n) {
    long c = id % channels;
    long pixel = id / channels;
    long column = pixel % width;
    long row = pixel / width % height;
    long image = pixel / width / height;
    int place = (int)(row * width + column);
    long first = image * out_height * out_width;
    float sum = 0.0f;
    // a later element of the window belongs to an earlier window
    for (int i = kernel_y - 1; i >= 0; i--) {
      long y = row + padding_y - (long)i * dilation_y;
      if (y < 0 || y % stride_y != 0 || y / stride_y >= out_height) {
        continue;
      }
      for (int j = kernel_x - 1; j >= 0; j--) {
        long z = column + padding_x - (long)j * dilation_x;
        if (z < 0 || z % stride_x != 0 || z / stride_x >= out_width) {
          continue;
        }
        long window = first + y / stride_y * out_width + z / stride_x;
        long at = window * channels + c;
        if (places[at] == place) {
          sum += gradient[at];
        }
      }
    }
    out[id] = sum;
  }
}

QUERN_KERNEL void average_pool(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    POOLING_EXTENTS) {
  x += x_offset;
  out += out_offset;
  long id = (long)get_global_id(0);
  if (id < n) {
    long c = id % channels;
    long pixel = id / channels;
    long column = pixel % out_width;
    long row = pixel / out_width % out_height;
    long image = pixel / out_width / out_height;
    __global const float *plane = x + image * height * width * channels + c;
    float sum = 0.0f;
    for (int i = 0; i < kernel_y; i++) {
      long y = row * stride_y - padding_y + (long)i * dilation_y;
      if (y < 0 || y >= height) {
        continue;
      }
      for (int j = 0; j < kernel_x; j++) {
        long z = column * stride_x - padding_x + (long)j * dilation_x;
        if (z >= 0 && z < width) {
          sum += plane[(y * width + z) * channels];
        }
      }
    }
    out[id] = sum / (float)(kernel_y * kernel_x);
  }
}

QUERN_KERNEL void average_pool_backward(
    __global const float *gradient,
    const long gradient_offset,
    __global float *out,
    const long out_offset,
    POOLING_EXTENTS) {
  gradient += gradient_offset;
  out += out_offset;
  long id = (long)get_global_id(0);
  if (id < n) {
    long c = id % channels;
    long pixel = id / channels;
    long column = pixel % width;
    long row = pixel / width % height;
    long image = pixel / width / height;
    long first = image * out_height * out_width;
    float sum = 0.0f;
    for (int i = kernel_y - 1; i >= 0; i--) {
      long y = row + padding_y - (long)i * dilation_y;
      if (y < 0 || y % stride_y != 0 || y / stride_y >= out_height) {
        continue;
      }
      for (int j = kernel_x - 1; j >= 0; j--) {
        long z = column + padding_x - (long)j * dilation_x;
        if (z >= 0 && z % stride_x == 0 && z / stride_x < out_width) {
          sum += gradient[(first + y / stride_y * out_width + z / stride_x) * channels + c];
        }
      }
    }
    out[id] = sum / (float)(kernel_y * kernel_x);
  }
}
