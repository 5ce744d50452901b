// What every kernel family stands on.
//
// Geometry: a block has QUERN_THREADS threads. Work is cut into tiles (kernels that map) or chunks
// (kernels that reduce), one per block, and those into quads: four neighbouring elements, taken by
// one thread as one access of 16 bytes where the address allows it and one by one elsewhere. Which
// thread takes an element depends on the element's index alone, so alignment never changes a bit.
//
// Every kernel takes one parameter structure by value; a tensor argument is one pointer in it, its
// first element. A reduction's partial results pass through scratch memory from the kernel that
// leaves one record per chunk to one that adds them up.
#pragma once

// The language's side of the formulas. The compiler is told not to contract; it divides and takes
// roots with correct rounding and keeps subnormal numbers unless told otherwise.
#define QUERN_INLINE static __device__ __forceinline__
#define QUERN_GLOBAL
#define QUERN_LONG long long
#define QUERN_FMA(a, b, c) __fmaf_rn(a, b, c)
#define QUERN_SQRT(x) __fsqrt_rn(x)
#define QUERN_AS_FLOAT(i) __int_as_float(i)
#define QUERN_AS_INT(x) __float_as_int(x)
#define QUERN_MULHI(a, b) __umulhi(a, b)

// 256 threads fill a multiprocessor with whole blocks on every architecture from 7.5 on; a chunk is
// a tile of the optimizer's arena. Host side: dev.quern.cuda.CudaHost.
#define QUERN_THREADS 256
#define QUERN_WARPS (QUERN_THREADS / 32)
#define QUERN_TILE (QUERN_THREADS * 4LL)
#define QUERN_CHUNK_QUADS 4
#define QUERN_CHUNK (QUERN_TILE * QUERN_CHUNK_QUADS)

// An entry: its parameter structure, the fields of which are its arguments, is args.
#ifndef QUERN_KERNEL
#define QUERN_KERNEL(name, Args) \
  extern "C" __global__ void __launch_bounds__(QUERN_THREADS) \
  name(const __grid_constant__ Args args)
#endif

#define QUERN_NONE 0x7fffffffffffffffLL

// Element types of operands that may be of several: dev.quern.DType.code().
#define QUERN_DTYPE_F32 0
#define QUERN_DTYPE_F16 2
#define QUERN_DTYPE_BF16 3
#define QUERN_DTYPE_U8 4
#define QUERN_DTYPE_I32 5
#define QUERN_DTYPE_I64 6

// Four neighbouring elements as floats.
typedef struct {
  float v[4];
} QuernQuad;

// The first element of this thread's quad in its block's tile.
QUERN_INLINE long long quern_tile_element() {
  return blockIdx.x * QUERN_TILE + threadIdx.x * 4LL;
}

// The first element of this thread's quad number j in its block's chunk.
QUERN_INLINE long long quern_chunk_element(int j) {
  return blockIdx.x * QUERN_CHUNK + j * QUERN_TILE + threadIdx.x * 4LL;
}

// Reads elements i to i + 3; those from end on are 0.
QUERN_INLINE QuernQuad quern_load(const float *x, long long i, long long end) {
  QuernQuad quad = {{0.0f, 0.0f, 0.0f, 0.0f}};
  if (i + 4 <= end && ((unsigned long long)(x + i) & 15) == 0) {
    float4 four = *(const float4 *)(x + i);
    quad.v[0] = four.x;
    quad.v[1] = four.y;
    quad.v[2] = four.z;
    quad.v[3] = four.w;
  } else {
    for (int j = 0; j < 4; j++) {
      if (i + j < end) {
        quad.v[j] = x[i + j];
      }
    }
  }
  return quad;
}

// The same for bytes.
QUERN_INLINE QuernQuad quern_load(const unsigned char *x, long long i, long long end) {
  QuernQuad quad = {{0.0f, 0.0f, 0.0f, 0.0f}};
  if (i + 4 <= end && ((unsigned long long)(x + i) & 3) == 0) {
    uchar4 four = *(const uchar4 *)(x + i);
    quad.v[0] = (float)four.x;
    quad.v[1] = (float)four.y;
    quad.v[2] = (float)four.z;
    quad.v[3] = (float)four.w;
  } else {
    for (int j = 0; j < 4; j++) {
      if (i + j < end) {
        quad.v[j] = (float)x[i + j];
      }
    }
  }
  return quad;
}

// Four neighbouring elements as they are.
template <class T>
struct alignas(4 * sizeof(T)) QuernFour {
  T v[4];
};

// Reads elements i to i + 3 as they are; those from end on are 0.
template <class T>
QUERN_INLINE QuernFour<T> quern_load_four(const T *x, long long i, long long end) {
  QuernFour<T> four = {};
  if (i + 4 <= end && (unsigned long long)(x + i) % sizeof(four) == 0) {
    return *(const QuernFour<T> *)(x + i);
  }
  for (int j = 0; j < 4; j++) {
    if (i + j < end) {
      four.v[j] = x[i + j];
    }
  }
  return four;
}

// Element i of labels that are U8, I32 or I64.
QUERN_INLINE long long quern_load_label(const void *labels, int dtype, long long i) {
  switch (dtype) {
    case QUERN_DTYPE_U8:
      return ((const unsigned char *)labels)[i];
    case QUERN_DTYPE_I32:
      return ((const int *)labels)[i];
    default:
      return ((const long long *)labels)[i];
  }
}

// A float from the bits of an F16: the exponent is moved by a product, which also makes subnormal
// numbers normal.
QUERN_INLINE float quern_from_f16(unsigned int bits) {
  float size = __int_as_float((int)((bits & 0x7fffu) << 13)) * 0x1p112f;
  int infinite = size >= 65536.0f ? 0x7f800000 : 0;
  return __int_as_float(__float_as_int(size) | infinite | (int)((bits & 0x8000u) << 16));
}

// The bits of a float as F16, rounded to the nearest, ties to even.
QUERN_INLINE unsigned int quern_to_f16(float x) {
  unsigned int bits = (unsigned int)__float_as_int(x) & 0x7fffffffu;
  unsigned int sign = ((unsigned int)__float_as_int(x) >> 16) & 0x8000u;
  if (bits > 0x7f800000u) {
    return 0x7e00u;
  }
  if (bits >= 0x477ff000u) {
    return sign | 0x7c00u;
  }
  if (bits < 0x38800000u) {
    // adding 1/2 leaves multiples of 2^-24, the least F16, in the low bits
    return sign | (unsigned int)(__float_as_int(__int_as_float((int)bits) + 0.5f) - 0x3f000000);
  }
  return sign | ((bits - 0x38000000u + 0xfffu + ((bits >> 13) & 1u)) >> 13);
}

// The same for BF16, the upper half of a float.
QUERN_INLINE unsigned int quern_to_bf16(float x) {
  unsigned int bits = (unsigned int)__float_as_int(x);
  return x == x ? (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16 : 0x7fc0u;
}

// A label as a float; beyond 2^24, where floats stand for several, one that is no class and cannot be
// ignored.
QUERN_INLINE float quern_label_float(long long label) {
  return label >= -16777216 && label <= 16777216 ? (float)label : 16777218.0f;
}

// Element i of an operand of any of these types.
QUERN_INLINE float quern_load_float(const void *x, int dtype, long long i) {
  switch (dtype) {
    case QUERN_DTYPE_F32:
      return ((const float *)x)[i];
    case QUERN_DTYPE_F16:
      return quern_from_f16(((const unsigned short *)x)[i]);
    case QUERN_DTYPE_BF16:
      return __int_as_float(((const unsigned short *)x)[i] << 16);
    default:
      return quern_label_float(quern_load_label(x, dtype, i));
  }
}

// Four neighbouring elements, from i on, of an operand of any of these types.
QUERN_INLINE QuernQuad quern_load_quad(const void *x, int dtype, long long i) {
  QuernQuad quad;
  switch (dtype) {
    case QUERN_DTYPE_F32:
      return quern_load((const float *)x, i, i + 4);
    case QUERN_DTYPE_U8:
      return quern_load((const unsigned char *)x, i, i + 4);
    case QUERN_DTYPE_I32: {
      QuernFour<int> four = quern_load_four((const int *)x, i, i + 4);
      for (int j = 0; j < 4; j++) {
        quad.v[j] = quern_label_float(four.v[j]);
      }
      return quad;
    }
    case QUERN_DTYPE_I64: {
      QuernFour<long long> four = quern_load_four((const long long *)x, i, i + 4);
      for (int j = 0; j < 4; j++) {
        quad.v[j] = quern_label_float(four.v[j]);
      }
      return quad;
    }
    default: {
      QuernFour<unsigned short> four = quern_load_four((const unsigned short *)x, i, i + 4);
      for (int j = 0; j < 4; j++) {
        quad.v[j] = dtype == QUERN_DTYPE_F16 ? quern_from_f16(four.v[j])
                                             : __int_as_float(four.v[j] << 16);
      }
      return quad;
    }
  }
}

// Writes elements i to i + 3; those from end on are left alone.
QUERN_INLINE void quern_store(QuernQuad quad, float *out, long long i, long long end) {
  if (i + 4 <= end && ((unsigned long long)(out + i) & 15) == 0) {
    *(float4 *)(out + i) = make_float4(quad.v[0], quad.v[1], quad.v[2], quad.v[3]);
  } else {
    for (int j = 0; j < 4; j++) {
      if (i + j < end) {
        out[i + j] = quad.v[j];
      }
    }
  }
}

// Writes element i of a result that is F32, F16 or BF16.
QUERN_INLINE void quern_store_float(float value, void *out, int dtype, long long i) {
  if (dtype == QUERN_DTYPE_F32) {
    ((float *)out)[i] = value;
  } else {
    ((unsigned short *)out)[i] =
        (unsigned short)(dtype == QUERN_DTYPE_F16 ? quern_to_f16(value) : quern_to_bf16(value));
  }
}

// Writes four neighbouring elements, from i on, of such a result.
QUERN_INLINE void quern_store_quad(QuernQuad quad, void *out, int dtype, long long i) {
  unsigned short *halves = (unsigned short *)out + i;
  if (dtype == QUERN_DTYPE_F32) {
    quern_store(quad, (float *)out, i, i + 4);
  } else if (((unsigned long long)halves & 7) == 0) {
    QuernFour<unsigned short> four;
    for (int j = 0; j < 4; j++) {
      four.v[j] = (unsigned short)(dtype == QUERN_DTYPE_F16 ? quern_to_f16(quad.v[j])
                                                           : quern_to_bf16(quad.v[j]));
    }
    *(QuernFour<unsigned short> *)halves = four;
  } else {
    for (int j = 0; j < 4; j++) {
      quern_store_float(quad.v[j], out, dtype, i + j);
    }
  }
}

// The block's sums of N quantities, for all threads to read: lanes by shuffles in a fixed tree, then
// warps in index order. Called by the whole block; read before it is called again.
template <int N>
QUERN_INLINE const double *quern_block_sums(const double (&values)[N]) {
  __shared__ double warps[N][QUERN_WARPS];
  __shared__ double sums[N];
  int thread = (int)threadIdx.x;
#pragma unroll
  for (int q = 0; q < N; q++) {
    double sum = values[q];
#pragma unroll
    for (int distance = 16; distance > 0; distance /= 2) {
      sum += __shfl_down_sync(0xffffffffu, sum, distance);
    }
    if (thread % 32 == 0) {
      warps[q][thread / 32] = sum;
    }
  }
  __syncthreads();
  if (thread < N) {
    double sum = 0.0;
    for (int w = 0; w < QUERN_WARPS; w++) {
      sum += warps[thread][w];
    }
    sums[thread] = sum;
  }
  __syncthreads();
  return sums;
}

// The sums over all records that a partials kernel left, N quantities each.
template <int N>
QUERN_INLINE const double *quern_sum_records(const double *partials, long long records) {
  double values[N] = {0.0};
  for (long long r = threadIdx.x; r < records; r += QUERN_THREADS) {
#pragma unroll
    for (int q = 0; q < N; q++) {
      values[q] += partials[r * N + q];
    }
  }
  return quern_block_sums<N>(values);
}

// The block's least value, valid in thread 0. Called by the whole block, at most once per kernel.
QUERN_INLINE long long quern_block_least(long long value) {
  __shared__ long long warps[QUERN_WARPS];
  int thread = (int)threadIdx.x;
  for (int distance = 16; distance > 0; distance /= 2) {
    long long other = __shfl_down_sync(0xffffffffu, value, distance);
    value = other < value ? other : value;
  }
  if (thread % 32 == 0) {
    warps[thread / 32] = value;
  }
  __syncthreads();
  if (thread == 0) {
    for (int w = 1; w < QUERN_WARPS; w++) {
      value = warps[w] < value ? warps[w] : value;
    }
  }
  return value;
}

// The least of all records, valid in thread 0.
QUERN_INLINE long long quern_least_record(const long long *partials, long long records) {
  long long least = QUERN_NONE;
  for (long long r = threadIdx.x; r < records; r += QUERN_THREADS) {
    least = partials[r] < least ? partials[r] : least;
  }
  return quern_block_least(least);
}
