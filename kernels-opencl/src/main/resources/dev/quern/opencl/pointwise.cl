// Fill, conversion and elementwise arithmetic.
//
// - Formula: out[i] = f(x[i], ...); nothing is fused.
// - Work: a group takes a tile, a work-item QUERN_MAP_ITEMS elements of it, a group apart.
// - Tail: elements from n on are left out one by one.
// - Deterministic: every element is written once by a formula of its own operands. out may be an
//   operand, since an element is read before it is written and by nobody else.

#include "prelude.cl"
#include "math.inc"
#include "activation.inc"

// The elements i of this work-item, for one statement.
#define QUERN_EACH(n, statement) \
  long i = quern_tile_element(); \
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) { \
    if (i < n) { \
      statement; \
    } \
  }

// out[i] = value.
#define QUERN_FILL(name, type) \
  QUERN_KERNEL void name( \
      __global type *out, \
      const long out_offset, \
      const long n, \
      const type value) { \
    out += out_offset; \
    QUERN_EACH(n, out[i] = value) \
  }

// out[i] = an expression of x[i].
#define QUERN_UNARY(name, type, expression) \
  QUERN_KERNEL void name( \
      __global const type *x, \
      const long x_offset, \
      __global float *out, \
      const long out_offset, \
      const long n) { \
    x += x_offset; \
    out += out_offset; \
    QUERN_EACH(n, out[i] = (expression)) \
  }

// out[i] = an expression of x[i] and a number.
#define QUERN_UNARY_WITH(name, type, number, expression) \
  QUERN_KERNEL void name( \
      __global const type *x, \
      const long x_offset, \
      __global float *out, \
      const long out_offset, \
      const long n, \
      const float number) { \
    x += x_offset; \
    out += out_offset; \
    QUERN_EACH(n, out[i] = (expression)) \
  }

// out[i] = an expression of x[i] and gradient[i].
#define QUERN_GRADIENT(name, expression) \
  QUERN_KERNEL void name( \
      __global const float *x, \
      const long x_offset, \
      __global const float *gradient, \
      const long gradient_offset, \
      __global float *out, \
      const long out_offset, \
      const long n) { \
    x += x_offset; \
    gradient += gradient_offset; \
    out += out_offset; \
    QUERN_EACH(n, out[i] = (expression)) \
  }

// out[i] = an expression of a[i] and b[i].
#define QUERN_BINARY(name, expression) \
  QUERN_KERNEL void name( \
      __global const float *a, \
      const long a_offset, \
      __global const float *b, \
      const long b_offset, \
      __global float *out, \
      const long out_offset, \
      const long n) { \
    a += a_offset; \
    b += b_offset; \
    out += out_offset; \
    QUERN_EACH(n, out[i] = (expression)) \
  }

// fmin would prefer the number to the NaN; of two zeros the negative one is the smaller.
QUERN_INLINE float quern_minimum(float u, float v) {
  float equal = u == v ? as_float(as_int(u) | as_int(v)) : u + v;
  return u < v ? u : (v < u ? v : equal);
}

// Of two zeros the positive one is the larger.
QUERN_INLINE float quern_maximum(float u, float v) {
  float equal = u == v ? as_float(as_int(u) & as_int(v)) : u + v;
  return u > v ? u : (v > u ? v : equal);
}

QUERN_FILL(fill_f32, float)
QUERN_FILL(fill_i64, long)
QUERN_FILL(fill_i32, int)
QUERN_FILL(fill_u8, uchar)

QUERN_UNARY(copy_u8_f32, uchar, (float)x[i])
QUERN_UNARY(copy_i32_f32, int, (float)x[i])
QUERN_UNARY(copy_i64_f32, long, (float)x[i])

// exp, log and sign are builtins; sign would give NaN for NaN and -0 for -0.
QUERN_UNARY(sigmoid, float, quern_sigmoid(x[i]))
QUERN_UNARY(softplus, float, quern_softplus(x[i]))
QUERN_UNARY(exponential, float, quern_exp(x[i]))
QUERN_UNARY(logarithm, float, quern_log(x[i]))
QUERN_UNARY(signum, float, (float)(x[i] > 0.0f) - (float)(x[i] < 0.0f))
QUERN_UNARY(relu, float, quern_relu(x[i]))
QUERN_UNARY(leaky_relu, float, quern_leaky_relu(x[i]))
QUERN_UNARY(gelu, float, quern_gelu(x[i]))
QUERN_UNARY(silu, float, quern_silu(x[i]))
QUERN_UNARY(hyperbolic_tangent, float, quern_tanh(x[i]))
QUERN_UNARY(magnitude, float, quern_magnitude(x[i]))
QUERN_UNARY(root, float, QUERN_SQRT(x[i]))

QUERN_GRADIENT(sigmoid_gradient, quern_sigmoid_slope(x[i]) * gradient[i])
QUERN_GRADIENT(softplus_gradient, quern_sigmoid(x[i]) * gradient[i])
QUERN_GRADIENT(exponential_gradient, quern_exp(x[i]) * gradient[i])
QUERN_GRADIENT(logarithm_gradient, gradient[i] / x[i])
QUERN_GRADIENT(relu_gradient, quern_relu_gradient(x[i], gradient[i]))
QUERN_GRADIENT(leaky_relu_gradient, quern_leaky_relu_slope(x[i]) * gradient[i])
QUERN_GRADIENT(gelu_gradient, quern_gelu_slope(x[i]) * gradient[i])
QUERN_GRADIENT(silu_gradient, quern_silu_slope(x[i]) * gradient[i])
QUERN_GRADIENT(hyperbolic_tangent_gradient, quern_tanh_slope(x[i]) * gradient[i])
QUERN_GRADIENT(magnitude_gradient, quern_magnitude_slope(x[i]) * gradient[i])
QUERN_GRADIENT(root_gradient, gradient[i] / (QUERN_SQRT(x[i]) * 2.0f))

QUERN_BINARY(add, a[i] + b[i])
QUERN_BINARY(subtract, a[i] - b[i])
QUERN_BINARY(multiply, a[i] * b[i])
QUERN_BINARY(divide, a[i] / b[i])
QUERN_BINARY(minimum, quern_minimum(a[i], b[i]))
QUERN_BINARY(maximum, quern_maximum(a[i], b[i]))
QUERN_BINARY(select_nonzero, b[i] != 0.0f ? a[i] : 0.0f)

QUERN_UNARY_WITH(scale, float, factor, x[i] * factor)
QUERN_UNARY_WITH(not_equal_f32, float, value, x[i] != value ? 1.0f : 0.0f)
QUERN_UNARY_WITH(not_equal_u8, uchar, value, (float)x[i] != value ? 1.0f : 0.0f)

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
  QUERN_EACH(n, out[i] = a[i] + b[i / inner % width]);
}
