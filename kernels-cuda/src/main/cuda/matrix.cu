// Matrix products.
//
// - Formula: out (m x n) = op(a) (m x k) * op(b) (k x n), row-major; a transposed operand is stored
//   the other way round.
// - Work: K is cut into blocks of QUERN_MATRIX_BLOCK. A thread forms one element's product over one
//   block in f32 with four accumulators, picked by the index modulo 4, and leaves it in
//   partials[block, row, column]; a second kernel adds an element's blocks in f64 in index order.
//   With a single block partials is out, and the second kernel is not run. Whichever writes out adds
//   to what is there if add is set.
// - Tail: a block's last indices take the accumulators in turn as all others do; threads behind the
//   last element do nothing.
// - Deterministic: each order depends on k only.
// - Operands are read straight from global memory: simple, and good for the tall and thin products
//   of a linear layer.

#include "prelude.cuh"

// Host side: dev.quern.gpu.GpuMatrixKernels.
#define QUERN_MATRIX_BLOCK 1024LL

typedef struct {
  const float *a;
  const float *b;
  float *partials;
  long long m;
  long long n;
  long long k;
  int transpose_a;
  int transpose_b;
  int add;
} MatrixPartialsArgs;

QUERN_KERNEL(matrix_partials, MatrixPartialsArgs) {
  long long n = args.n;
  long long k = args.k;
  long long elements = args.m * n;
  long long blocks = k == 0 ? 1 : (k + QUERN_MATRIX_BLOCK - 1) / QUERN_MATRIX_BLOCK;
  long long id = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (id < blocks * elements) {
    long long block = id / elements;
    long long element = id % elements;
    long long row = element / n;
    long long column = element % n;
    long long first = block * QUERN_MATRIX_BLOCK;
    long long end = first + QUERN_MATRIX_BLOCK < k ? first + QUERN_MATRIX_BLOCK : k;
    long long step_a = args.transpose_a ? args.m : 1;
    long long step_b = args.transpose_b ? 1 : n;
    const float *a = args.a + (args.transpose_a ? row : row * k) + first * step_a;
    const float *b = args.b + (args.transpose_b ? column * k : column) + first * step_b;
    float sum0 = 0.0f;
    float sum1 = 0.0f;
    float sum2 = 0.0f;
    float sum3 = 0.0f;
    for (long long i = first; i < end; i += 4) {
      sum0 = QUERN_FMA(a[0], b[0], sum0);
      if (i + 1 < end) {
        sum1 = QUERN_FMA(a[step_a], b[step_b], sum1);
      }
      if (i + 2 < end) {
        sum2 = QUERN_FMA(a[2 * step_a], b[2 * step_b], sum2);
      }
      if (i + 3 < end) {
        sum3 = QUERN_FMA(a[3 * step_a], b[3 * step_b], sum3);
      }
      a += 4 * step_a;
      b += 4 * step_b;
    }
    float sum = (sum0 + sum1) + (sum2 + sum3);
    args.partials[id] = args.add ? args.partials[id] + sum : sum;
  }
}

typedef struct {
  const float *partials;
  float *out;
  long long elements;
  long long blocks;
  int add;
} MatrixTotalArgs;

QUERN_KERNEL(matrix_total, MatrixTotalArgs) {
  // one element per thread: the sums are long and the elements few
  long long i = (long long)blockIdx.x * QUERN_THREADS + threadIdx.x;
  if (i < args.elements) {
    double sum = 0.0;
    for (long long block = 0; block < args.blocks; block++) {
      sum += args.partials[block * args.elements + i];
    }
    float rounded = (float)sum;
    args.out[i] = args.add ? args.out[i] + rounded : rounded;
  }
}
