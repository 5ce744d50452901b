// Sums and greatest elements, of all elements or along an axis.
//
// - Work: a block sums a chunk, each thread the elements of its quads in f32, the block its threads
//   in f64 in a fixed order (prelude), and leaves one partial sum; a single block then adds the
//   partial sums in f64 and rounds once.
//   Along an axis a thread sums one part of a line, in f32 over QUERN_AXIS_CHUNK elements and in f64
//   across, and a block a line's parts; of lines enough to fill a device there is one part each. Of n
//   parts each has every nth element, so that neighbours read neighbours however short the axes inside
//   are. The greatest element of a line is found by one thread; its gradient has a thread for each element.
// - Tail: elements from n on are read as 0, which is to add nothing.
// - Deterministic: chunks and orders depend on n only, and nothing is added atomically.

#include "prelude.cuh"

#define QUERN_AXIS_CHUNK 256

typedef struct {
  const float *x;
  double *partials;
  long long n;
} SumPartialsArgs;

QUERN_KERNEL(sum_partials, SumPartialsArgs) {
  QuernQuad quads[QUERN_CHUNK_QUADS];
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    quads[j] = quern_load(args.x, quern_chunk_element(j), args.n);
  }
  float sum = 0.0f;
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
#pragma unroll
    for (int e = 0; e < 4; e++) {
      sum += quads[j].v[e];
    }
  }
  double values[1] = {sum};
  const double *sums = quern_block_sums(values);
  if (threadIdx.x == 0) {
    args.partials[blockIdx.x] = sums[0];
  }
}

typedef struct {
  const double *partials;
  float *out;
  long long count;
} SumTotalArgs;

// One block.
QUERN_KERNEL(sum_total, SumTotalArgs) {
  const double *sums = quern_sum_records<1>(args.partials, args.count);
  if (threadIdx.x == 0) {
    args.out[0] = (float)sums[0];
  }
}

// n: lines times parts. out is null where there are several parts.
typedef struct {
  const float *x;
  double *partials;
  float *out;
  long long n;
  long long count;
  long long inner;
  long long parts;
} SumAxisPartialsArgs;

QUERN_KERNEL(sum_axis_partials, SumAxisPartialsArgs) {
  long long id = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (id < args.n) {
    long long parts = args.parts;
    long long step = parts * args.inner;
    const float *x = args.x + id / step * args.count * args.inner + id % step;
    double sum = 0.0;
    for (long long first = id % step / args.inner; first < args.count;
        first += parts * QUERN_AXIS_CHUNK) {
      long long end = first + parts * QUERN_AXIS_CHUNK;
      end = end < args.count ? end : args.count;
      float chunk = 0.0f;
#pragma unroll 4
      for (long long r = first; r < end; r += parts) {
        chunk += *x;
        x += step;
      }
      sum += chunk;
    }
    if (args.out) {
      args.out[id] = (float)sum;
    } else {
      args.partials[id] = sum;
    }
  }
}

typedef struct {
  const double *partials;
  float *out;
  long long inner;
  long long parts;
} SumAxisTotalArgs;

// A block for each line.
QUERN_KERNEL(sum_axis_total, SumAxisTotalArgs) {
  long long line = blockIdx.x;
  const double *partials =
      args.partials + line / args.inner * args.parts * args.inner + line % args.inner;
  double values[1] = {0.0};
  for (long long part = threadIdx.x; part < args.parts; part += QUERN_THREADS) {
    values[0] += partials[part * args.inner];
  }
  const double *sums = quern_block_sums(values);
  if (threadIdx.x == 0) {
    args.out[line] = (float)sums[0];
  }
}

typedef struct {
  const float *x;
  float *out;
  int *places;
  long long n;
  long long count;
  long long inner;
} MaxAxisArgs;

QUERN_KERNEL(max_axis, MaxAxisArgs) {
  long long id = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (id < args.n) {
    const float *x = args.x + id / args.inner * args.count * args.inner + id % args.inner;
    float most = *x;
    int place = 0;
    for (int r = 1; r < args.count; r++) {
      float value = x[r * args.inner];
      if (value > most || (value != value && most == most)) {
        most = value;
        place = r;
      }
    }
    args.out[id] = most;
    args.places[id] = place;
  }
}

typedef struct {
  const float *values;
  const int *places;
  float *out;
  long long n;
  long long count;
  long long inner;
} ScatterAxisArgs;

QUERN_KERNEL(scatter_axis, ScatterAxisArgs) {
  long long id = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (id < args.n) {
    long long line = id / args.inner / args.count * args.inner + id % args.inner;
    args.out[id] = args.places[line] == id / args.inner % args.count ? args.values[line] : 0.0f;
  }
}
