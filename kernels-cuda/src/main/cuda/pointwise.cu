// Fill, conversion and elementwise arithmetic.
//
// - Formula: out[i] = f(x[i], ...); nothing is fused.
// - Work: a block takes a tile, a thread a quad of it.
// - Tail: elements from n on are left out one by one.
// - Deterministic: every element is written once by a formula of its own operands. out may be an
//   operand, since an element is read before it is written and by nobody else.

#include "prelude.cuh"

#include "math.inc"
#include "activation.inc"

template <class T>
QUERN_INLINE void fill(T *out, long long n, T value) {
  long long i = blockIdx.x * QUERN_TILE + threadIdx.x;
  for (int j = 0; j < 4; j++, i += QUERN_THREADS) {
    if (i < n) {
      out[i] = value;
    }
  }
}

template <class T, class F>
QUERN_INLINE void map(const T *x, float *out, long long n, F f) {
  long long i = quern_tile_element();
  QuernQuad quad = quern_load(x, i, n);
#pragma unroll
  for (int j = 0; j < 4; j++) {
    quad.v[j] = f(quad.v[j]);
  }
  quern_store(quad, out, i, n);
}

template <class F>
QUERN_INLINE void map(const float *a, const float *b, float *out, long long n, F f) {
  long long i = quern_tile_element();
  QuernQuad left = quern_load(a, i, n);
  QuernQuad right = quern_load(b, i, n);
#pragma unroll
  for (int j = 0; j < 4; j++) {
    left.v[j] = f(left.v[j], right.v[j]);
  }
  quern_store(left, out, i, n);
}

template <class T>
QUERN_INLINE void convert(const T *x, float *out, long long n) {
  long long i = blockIdx.x * QUERN_TILE + threadIdx.x;
  for (int j = 0; j < 4; j++, i += QUERN_THREADS) {
    if (i < n) {
      out[i] = (float)x[i];
    }
  }
}

typedef struct {
  float *out;
  long long n;
  float value;
} FillF32Args;

QUERN_KERNEL(fill_f32, FillF32Args) {
  fill(args.out, args.n, args.value);
}

typedef struct {
  long long *out;
  long long n;
  long long value;
} FillI64Args;

QUERN_KERNEL(fill_i64, FillI64Args) {
  fill(args.out, args.n, args.value);
}

typedef struct {
  int *out;
  long long n;
  int value;
} FillI32Args;

QUERN_KERNEL(fill_i32, FillI32Args) {
  fill(args.out, args.n, args.value);
}

typedef struct {
  unsigned char *out;
  long long n;
  unsigned char value;
} FillU8Args;

QUERN_KERNEL(fill_u8, FillU8Args) {
  fill(args.out, args.n, args.value);
}

typedef struct {
  const unsigned char *x;
  float *out;
  long long n;
} CopyU8F32Args;

QUERN_KERNEL(copy_u8_f32, CopyU8F32Args) {
  map(args.x, args.out, args.n, [](float x) { return x; });
}

typedef struct {
  const int *x;
  float *out;
  long long n;
} CopyI32F32Args;

QUERN_KERNEL(copy_i32_f32, CopyI32F32Args) {
  convert(args.x, args.out, args.n);
}

typedef struct {
  const long long *x;
  float *out;
  long long n;
} CopyI64F32Args;

QUERN_KERNEL(copy_i64_f32, CopyI64F32Args) {
  convert(args.x, args.out, args.n);
}

typedef struct {
  const float *x;
  float *out;
  long long n;
} SigmoidArgs;

QUERN_KERNEL(sigmoid, SigmoidArgs) {
  map(args.x, args.out, args.n, [](float x) { return quern_sigmoid(x); });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
} SoftplusArgs;

QUERN_KERNEL(softplus, SoftplusArgs) {
  map(args.x, args.out, args.n, [](float x) { return quern_softplus(x); });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
} ExponentialArgs;

QUERN_KERNEL(exponential, ExponentialArgs) {
  map(args.x, args.out, args.n, [](float x) { return quern_exp(x); });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
} LogarithmArgs;

QUERN_KERNEL(logarithm, LogarithmArgs) {
  map(args.x, args.out, args.n, [](float x) { return quern_log(x); });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
} SignumArgs;

QUERN_KERNEL(signum, SignumArgs) {
  map(args.x, args.out, args.n, [](float x) { return (float)(x > 0.0f) - (float)(x < 0.0f); });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
} ReluArgs;

QUERN_KERNEL(relu, ReluArgs) {
  map(args.x, args.out, args.n, [](float x) { return quern_relu(x); });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
} LeakyReluArgs;

QUERN_KERNEL(leaky_relu, LeakyReluArgs) {
  map(args.x, args.out, args.n, [](float x) { return quern_leaky_relu(x); });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
} GeluArgs;

QUERN_KERNEL(gelu, GeluArgs) {
  map(args.x, args.out, args.n, [](float x) { return quern_gelu(x); });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
} SiluArgs;

QUERN_KERNEL(silu, SiluArgs) {
  map(args.x, args.out, args.n, [](float x) { return quern_silu(x); });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
} HyperbolicTangentArgs;

QUERN_KERNEL(hyperbolic_tangent, HyperbolicTangentArgs) {
  map(args.x, args.out, args.n, [](float x) { return quern_tanh(x); });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
} MagnitudeArgs;

QUERN_KERNEL(magnitude, MagnitudeArgs) {
  map(args.x, args.out, args.n, [](float x) { return quern_magnitude(x); });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
} RootArgs;

QUERN_KERNEL(root, RootArgs) {
  map(args.x, args.out, args.n, [](float x) { return QUERN_SQRT(x); });
}

typedef struct {
  const float *x;
  const float *gradient;
  float *out;
  long long n;
} SigmoidGradientArgs;

QUERN_KERNEL(sigmoid_gradient, SigmoidGradientArgs) {
  map(args.x, args.gradient, args.out, args.n, [](float x, float g) { return quern_sigmoid_slope(x) * g; });
}

typedef struct {
  const float *x;
  const float *gradient;
  float *out;
  long long n;
} SoftplusGradientArgs;

QUERN_KERNEL(softplus_gradient, SoftplusGradientArgs) {
  map(args.x, args.gradient, args.out, args.n, [](float x, float g) { return quern_sigmoid(x) * g; });
}

typedef struct {
  const float *x;
  const float *gradient;
  float *out;
  long long n;
} ExponentialGradientArgs;

QUERN_KERNEL(exponential_gradient, ExponentialGradientArgs) {
  map(args.x, args.gradient, args.out, args.n, [](float x, float g) { return quern_exp(x) * g; });
}

typedef struct {
  const float *x;
  const float *gradient;
  float *out;
  long long n;
} LogarithmGradientArgs;

QUERN_KERNEL(logarithm_gradient, LogarithmGradientArgs) {
  map(args.x, args.gradient, args.out, args.n, [](float x, float g) { return g / x; });
}

typedef struct {
  const float *x;
  const float *gradient;
  float *out;
  long long n;
} ReluGradientArgs;

QUERN_KERNEL(relu_gradient, ReluGradientArgs) {
  map(args.x, args.gradient, args.out, args.n, [](float x, float g) { return quern_relu_gradient(x, g); });
}

typedef struct {
  const float *x;
  const float *gradient;
  float *out;
  long long n;
} LeakyReluGradientArgs;

QUERN_KERNEL(leaky_relu_gradient, LeakyReluGradientArgs) {
  map(args.x, args.gradient, args.out, args.n, [](float x, float g) { return quern_leaky_relu_slope(x) * g; });
}

typedef struct {
  const float *x;
  const float *gradient;
  float *out;
  long long n;
} GeluGradientArgs;

QUERN_KERNEL(gelu_gradient, GeluGradientArgs) {
  map(args.x, args.gradient, args.out, args.n, [](float x, float g) { return quern_gelu_slope(x) * g; });
}

typedef struct {
  const float *x;
  const float *gradient;
  float *out;
  long long n;
} SiluGradientArgs;

QUERN_KERNEL(silu_gradient, SiluGradientArgs) {
  map(args.x, args.gradient, args.out, args.n, [](float x, float g) { return quern_silu_slope(x) * g; });
}

typedef struct {
  const float *x;
  const float *gradient;
  float *out;
  long long n;
} HyperbolicTangentGradientArgs;

QUERN_KERNEL(hyperbolic_tangent_gradient, HyperbolicTangentGradientArgs) {
  map(args.x, args.gradient, args.out, args.n, [](float x, float g) { return quern_tanh_slope(x) * g; });
}

typedef struct {
  const float *x;
  const float *gradient;
  float *out;
  long long n;
} MagnitudeGradientArgs;

QUERN_KERNEL(magnitude_gradient, MagnitudeGradientArgs) {
  map(args.x, args.gradient, args.out, args.n, [](float x, float g) { return quern_magnitude_slope(x) * g; });
}

typedef struct {
  const float *x;
  const float *gradient;
  float *out;
  long long n;
} RootGradientArgs;

QUERN_KERNEL(root_gradient, RootGradientArgs) {
  map(args.x, args.gradient, args.out, args.n, [](float x, float g) { return g / (QUERN_SQRT(x) * 2.0f); });
}

typedef struct {
  const float *a;
  const float *b;
  float *out;
  long long n;
} AddArgs;

QUERN_KERNEL(add, AddArgs) {
  map(args.a, args.b, args.out, args.n, [](float a, float b) { return a + b; });
}

typedef struct {
  const float *a;
  const float *b;
  float *out;
  long long n;
} SubtractArgs;

QUERN_KERNEL(subtract, SubtractArgs) {
  map(args.a, args.b, args.out, args.n, [](float a, float b) { return a - b; });
}

typedef struct {
  const float *a;
  const float *b;
  float *out;
  long long n;
} MultiplyArgs;

QUERN_KERNEL(multiply, MultiplyArgs) {
  map(args.a, args.b, args.out, args.n, [](float a, float b) { return a * b; });
}

typedef struct {
  const float *a;
  const float *b;
  float *out;
  long long n;
} DivideArgs;

QUERN_KERNEL(divide, DivideArgs) {
  map(args.a, args.b, args.out, args.n, [](float a, float b) { return a / b; });
}

typedef struct {
  const float *a;
  const float *b;
  float *out;
  long long n;
} MinimumArgs;

// fminf would prefer the number to the NaN; of two zeros the negative one is the smaller.
QUERN_KERNEL(minimum, MinimumArgs) {
  map(args.a, args.b, args.out, args.n, [](float a, float b) {
    float equal = a == b ? QUERN_AS_FLOAT(QUERN_AS_INT(a) | QUERN_AS_INT(b)) : a + b;
    return a < b ? a : (b < a ? b : equal);
  });
}

typedef struct {
  const float *a;
  const float *b;
  float *out;
  long long n;
} MaximumArgs;

// Of two zeros the positive one is the larger.
QUERN_KERNEL(maximum, MaximumArgs) {
  map(args.a, args.b, args.out, args.n, [](float a, float b) {
    float equal = a == b ? QUERN_AS_FLOAT(QUERN_AS_INT(a) & QUERN_AS_INT(b)) : a + b;
    return a > b ? a : (b > a ? b : equal);
  });
}

typedef struct {
  const float *a;
  const float *b;
  float *out;
  long long n;
} SelectNonzeroArgs;

QUERN_KERNEL(select_nonzero, SelectNonzeroArgs) {
  map(args.a, args.b, args.out, args.n, [](float a, float b) { return b != 0.0f ? a : 0.0f; });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
  float factor;
} ScaleArgs;

QUERN_KERNEL(scale, ScaleArgs) {
  float factor = args.factor;
  map(args.x, args.out, args.n, [factor](float x) { return x * factor; });
}

typedef struct {
  const float *x;
  float *out;
  long long n;
  float value;
} NotEqualF32Args;

QUERN_KERNEL(not_equal_f32, NotEqualF32Args) {
  float value = args.value;
  map(args.x, args.out, args.n, [value](float x) { return x != value ? 1.0f : 0.0f; });
}

typedef struct {
  const unsigned char *x;
  float *out;
  long long n;
  float value;
} NotEqualU8Args;

QUERN_KERNEL(not_equal_u8, NotEqualU8Args) {
  float value = args.value;
  map(args.x, args.out, args.n, [value](float x) { return x != value ? 1.0f : 0.0f; });
}

typedef struct {
  const float *a;
  const float *b;
  float *out;
  long long n;
  long long width;
  long long inner;
} AddBroadcastArgs;

// out[o, w, k] = a[o, w, k] + b[w], with w below width and k below inner.
QUERN_KERNEL(add_broadcast, AddBroadcastArgs) {
  long long i = quern_tile_element();
  QuernQuad quad = quern_load(args.a, i, args.n);
  // a division of 64 bits takes many times the instructions of one of 32
  bool narrow = args.n <= 0xffffffffLL;
  for (int j = 0; j < 4; j++) {
    if (i + j < args.n) {
      long long w = narrow ? (unsigned int)(i + j) / (unsigned int)args.inner % (unsigned int)args.width
                           : (i + j) / args.inner % args.width;
      quad.v[j] += args.b[w];
    }
  }
  quern_store(quad, args.out, i, args.n);
}
