// The sum of all elements.
//
// - Work: a block sums a chunk, each thread the elements of its quads in f32, the block its threads
//   in f64 in a fixed order (prelude), and leaves one partial sum; a single block then adds the
//   partial sums in f64 and rounds once.
// - Tail: elements from n on are read as 0, which is to add nothing.
// - Deterministic: chunks and orders depend on n only, and nothing is added atomically.

#include "prelude.cuh"

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
