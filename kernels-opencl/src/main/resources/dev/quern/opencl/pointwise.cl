// Fill, conversion and elementwise arithmetic: out[i] = f(x[i], ...). Nothing is fused. Each group
// takes one tile, each work-item QUERN_MAP_ITEMS elements of it; elements from n on are left out one
// by one. Deterministic, as every element is written once by a formula of its own operands; out may
// be an operand, since an element is read before it is written and by nobody else.

#include "prelude.cl"
#include "math.inc"

QUERN_KERNEL void fill_f32(
    __global float *out,
    const long out_offset,
    const long n,
    const float value) {
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = value;
    }
  }
}

QUERN_KERNEL void fill_i64(
    __global long *out,
    const long out_offset,
    const long n,
    const long value) {
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = value;
    }
  }
}

QUERN_KERNEL void fill_i32(
    __global int *out,
    const long out_offset,
    const long n,
    const int value) {
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = value;
    }
  }
}

QUERN_KERNEL void fill_u8(
    __global uchar *out,
    const long out_offset,
    const long n,
    const uchar value) {
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = value;
    }
  }
}

QUERN_KERNEL void copy_u8_f32(
    __global const uchar *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  x += x_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = (float)x[i];
    }
  }
}

QUERN_KERNEL void copy_i32_f32(
    __global const int *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  x += x_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = (float)x[i];
    }
  }
}

QUERN_KERNEL void copy_i64_f32(
    __global const long *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  x += x_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = (float)x[i];
    }
  }
}

QUERN_KERNEL void sigmoid(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  x += x_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = quern_sigmoid(x[i]);
    }
  }
}

QUERN_KERNEL void softplus(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  x += x_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = quern_softplus(x[i]);
    }
  }
}

// exp is a builtin.
QUERN_KERNEL void exponential(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  x += x_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = quern_exp(x[i]);
    }
  }
}

// log is a builtin.
QUERN_KERNEL void logarithm(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  x += x_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = quern_log(x[i]);
    }
  }
}

// sign is a builtin, which would give NaN for NaN and -0 for -0.
QUERN_KERNEL void signum(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  x += x_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = (float)(x[i] > 0.0f) - (float)(x[i] < 0.0f);
    }
  }
}

QUERN_KERNEL void add(
    __global const float *a,
    const long a_offset,
    __global const float *b,
    const long b_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  a += a_offset;
  b += b_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = a[i] + b[i];
    }
  }
}

QUERN_KERNEL void subtract(
    __global const float *a,
    const long a_offset,
    __global const float *b,
    const long b_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  a += a_offset;
  b += b_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = a[i] - b[i];
    }
  }
}

QUERN_KERNEL void multiply(
    __global const float *a,
    const long a_offset,
    __global const float *b,
    const long b_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  a += a_offset;
  b += b_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = a[i] * b[i];
    }
  }
}

QUERN_KERNEL void divide(
    __global const float *a,
    const long a_offset,
    __global const float *b,
    const long b_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  a += a_offset;
  b += b_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = a[i] / b[i];
    }
  }
}

// fmin would prefer the number to the NaN; of two zeros the negative one is the smaller.
QUERN_KERNEL void minimum(
    __global const float *a,
    const long a_offset,
    __global const float *b,
    const long b_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  a += a_offset;
  b += b_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      float u = a[i];
      float v = b[i];
      float equal = u == v ? as_float(as_int(u) | as_int(v)) : u + v;
      out[i] = u < v ? u : (v < u ? v : equal);
    }
  }
}

// Of two zeros the positive one is the larger.
QUERN_KERNEL void maximum(
    __global const float *a,
    const long a_offset,
    __global const float *b,
    const long b_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  a += a_offset;
  b += b_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      float u = a[i];
      float v = b[i];
      float equal = u == v ? as_float(as_int(u) & as_int(v)) : u + v;
      out[i] = u > v ? u : (v > u ? v : equal);
    }
  }
}

QUERN_KERNEL void select_nonzero(
    __global const float *a,
    const long a_offset,
    __global const float *b,
    const long b_offset,
    __global float *out,
    const long out_offset,
    const long n) {
  a += a_offset;
  b += b_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = b[i] != 0.0f ? a[i] : 0.0f;
    }
  }
}

QUERN_KERNEL void scale(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    const long n,
    const float factor) {
  x += x_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = x[i] * factor;
    }
  }
}

QUERN_KERNEL void not_equal_f32(
    __global const float *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    const long n,
    const float value) {
  x += x_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = x[i] != value ? 1.0f : 0.0f;
    }
  }
}

QUERN_KERNEL void not_equal_u8(
    __global const uchar *x,
    const long x_offset,
    __global float *out,
    const long out_offset,
    const long n,
    const float value) {
  x += x_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = (float)x[i] != value ? 1.0f : 0.0f;
    }
  }
}

// out[o, w, k] = a[o, w, k] + b[w], with w below width and k below inner.
QUERN_KERNEL void add_broadcast(
    __global const float *a,
    const long a_offset,
    __global const float *b,
    const long b_offset,
    __global float *out,
    const long out_offset,
    const long n,
    const long width,
    const long inner) {
  a += a_offset;
  b += b_offset;
  out += out_offset;
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      out[i] = a[i] + b[i / inner % width];
    }
  }
}
