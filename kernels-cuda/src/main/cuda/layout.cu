// Changes of the order of elements.
//
// - Formula: out[i, c, r] = x[i, r, c] for each of several matrices. Nothing is computed, so there is an
//   entry for each size of an element.
// - Fused: nothing.
// - Work: each block takes one tile of out, each thread four elements of it. Neighbours are
//   written; what is read lies a column apart.
// - Tail: elements from n on are left out one by one.
// - Deterministic: every element is written once.

#include "prelude.cuh"

// Where element i of the transposed matrices comes from.
QUERN_INLINE long long quern_transposed(long long i, long long rows, long long columns) {
  long long line = i / rows;
  return (line / columns * rows + i % rows) * columns + line % columns;
}

template <class T>
QUERN_INLINE void transpose(const T *x, T *out, long long n, long long rows, long long columns) {
  long long i = blockIdx.x * QUERN_TILE + threadIdx.x;
  for (int j = 0; j < 4; j++, i += QUERN_THREADS) {
    if (i < n) {
      out[i] = x[quern_transposed(i, rows, columns)];
    }
  }
}

typedef struct {
  const unsigned char *x;
  unsigned char *out;
  long long n;
  long long rows;
  long long columns;
} Transpose8Args;

QUERN_KERNEL(transpose_8, Transpose8Args) {
  transpose(args.x, args.out, args.n, args.rows, args.columns);
}

typedef struct {
  const unsigned short *x;
  unsigned short *out;
  long long n;
  long long rows;
  long long columns;
} Transpose16Args;

QUERN_KERNEL(transpose_16, Transpose16Args) {
  transpose(args.x, args.out, args.n, args.rows, args.columns);
}

typedef struct {
  const unsigned int *x;
  unsigned int *out;
  long long n;
  long long rows;
  long long columns;
} Transpose32Args;

QUERN_KERNEL(transpose_32, Transpose32Args) {
  transpose(args.x, args.out, args.n, args.rows, args.columns);
}

typedef struct {
  const unsigned long long *x;
  unsigned long long *out;
  long long n;
  long long rows;
  long long columns;
} Transpose64Args;

QUERN_KERNEL(transpose_64, Transpose64Args) {
  transpose(args.x, args.out, args.n, args.rows, args.columns);
}
