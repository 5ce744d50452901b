// Matrix products.
//
// - Formula: out (m x n) = op(a) (m x k) * op(b) (k x n), row-major; a transposed operand is stored
//   the other way round.
// - Work: K is cut into blocks of QUERN_MATRIX_BLOCK. A work-item forms one element's product over
//   one block in f32 with four accumulators, picked by the index modulo 4, and leaves it in
//   partials[block, row, column]; a second kernel adds an element's blocks in f64 in index order.
//   With a single block partials is out, and the second kernel is not run. Whichever writes out adds
//   to what is there if add is set.
// - Tail: a block's last indices take the accumulators in turn as all others do; work-items behind
//   the last element do nothing.
// - Deterministic: each order depends on k only.
// - Operands are read straight from global memory: simple, and good for the tall and thin products
//   of a linear layer.

#include "prelude.cl"

// Host side: dev.quern.gpu.GpuMatrixKernels.
#define QUERN_MATRIX_BLOCK 1024L

QUERN_KERNEL void matrix_partials(
    __global const float *a,
    const long a_offset,
    __global const float *b,
    const long b_offset,
    __global float *partials,
    const long partials_offset,
    const long m,
    const long n,
    const long k,
    const int transpose_a,
    const int transpose_b,
    const int add) {
  long elements = m * n;
  long blocks = k == 0 ? 1 : (k + QUERN_MATRIX_BLOCK - 1) / QUERN_MATRIX_BLOCK;
  long id = (long)get_global_id(0);
  if (id < blocks * elements) {
    long block = id / elements;
    long element = id % elements;
    long row = element / n;
    long column = element % n;
    long first = block * QUERN_MATRIX_BLOCK;
    long end = min(k, first + QUERN_MATRIX_BLOCK);
    long step_a = transpose_a ? m : 1;
    long step_b = transpose_b ? 1 : n;
    a += a_offset + (transpose_a ? row : row * k) + first * step_a;
    b += b_offset + (transpose_b ? column * k : column) + first * step_b;
    float sum0 = 0.0f;
    float sum1 = 0.0f;
    float sum2 = 0.0f;
    float sum3 = 0.0f;
    for (long i = first; i < end; i += 4) {
      sum0 = fma(a[0], b[0], sum0);
      if (i + 1 < end) {
        sum1 = fma(a[step_a], b[step_b], sum1);
      }
      if (i + 2 < end) {
        sum2 = fma(a[2 * step_a], b[2 * step_b], sum2);
      }
      if (i + 3 < end) {
        sum3 = fma(a[3 * step_a], b[3 * step_b], sum3);
      }
      a += 4 * step_a;
      b += 4 * step_b;
    }
    float sum = (sum0 + sum1) + (sum2 + sum3);
    partials += partials_offset + id;
    *partials = add ? *partials + sum : sum;
  }
}

QUERN_KERNEL void matrix_total(
    __global const float *partials,
    const long partials_offset,
    __global float *out,
    const long out_offset,
    const long elements,
    const long blocks,
    const int add) {
  partials += partials_offset;
  // one element per work-item: the sums are long and the elements few
  long i = (long)get_global_id(0);
  if (i < elements) {
    double sum = 0.0;
    for (long block = 0; block < blocks; block++) {
      sum += partials[block * elements + i];
    }
    float rounded = (float)sum;
    out[out_offset + i] = add ? out[out_offset + i] + rounded : rounded;
  }
}
