// Changes of the order of elements.
//
// - Formula: out[i, c, r] = x[i, r, c] for each of several matrices; out = x in the order of a view's axes;
//   columns of a matrix = another matrix of as many rows. Nothing is computed, so there is an entry for each
//   size of an element.
// - Fused: nothing.
// - Work: each block takes one tile of out, each thread four elements of it. Neighbours are
//   written; what is read lies where it lies.
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

// An element's place along one axis, counted from the last one; i is left as the place in the axes before.
QUERN_INLINE long long quern_axis(long long &i, long long extent, long long stride) {
  long long place = i % extent;
  i /= extent;
  return place * stride;
}

// Axes from the last on; those behind the first are looked at only if they are there.
template <class T, class Args>
QUERN_INLINE void copy_strided(const T *x, T *out, const Args &args) {
  long long i = blockIdx.x * QUERN_TILE + threadIdx.x;
  for (int j = 0; j < 4; j++, i += QUERN_THREADS) {
    if (i < args.n) {
      long long rest = i;
      long long at = args.first;
      if (args.axes > 5) {
        at += quern_axis(rest, args.extent5, args.stride5);
      }
      if (args.axes > 4) {
        at += quern_axis(rest, args.extent4, args.stride4);
      }
      if (args.axes > 3) {
        at += quern_axis(rest, args.extent3, args.stride3);
      }
      if (args.axes > 2) {
        at += quern_axis(rest, args.extent2, args.stride2);
      }
      if (args.axes > 1) {
        at += quern_axis(rest, args.extent1, args.stride1);
      }
      out[i] = x[at + rest * args.stride0];
    }
  }
}

// Columns first to first + width of a matrix that has columns of them.
template <class T, class Args>
QUERN_INLINE void concat(const T *x, T *out, const Args &args) {
  long long i = blockIdx.x * QUERN_TILE + threadIdx.x;
  for (int j = 0; j < 4; j++, i += QUERN_THREADS) {
    if (i < args.n) {
      out[i / args.width * args.columns + args.first + i % args.width] = x[i];
    }
  }
}

typedef struct {
  const unsigned char *x;
  unsigned char *out;
  long long n;
  long long first;
  int axes;
  long long extent1;
  long long extent2;
  long long extent3;
  long long extent4;
  long long extent5;
  long long stride0;
  long long stride1;
  long long stride2;
  long long stride3;
  long long stride4;
  long long stride5;
} CopyStrided8Args;

QUERN_KERNEL(copy_strided_8, CopyStrided8Args) {
  copy_strided(args.x, args.out, args);
}

typedef struct {
  const unsigned short *x;
  unsigned short *out;
  long long n;
  long long first;
  int axes;
  long long extent1;
  long long extent2;
  long long extent3;
  long long extent4;
  long long extent5;
  long long stride0;
  long long stride1;
  long long stride2;
  long long stride3;
  long long stride4;
  long long stride5;
} CopyStrided16Args;

QUERN_KERNEL(copy_strided_16, CopyStrided16Args) {
  copy_strided(args.x, args.out, args);
}

typedef struct {
  const unsigned int *x;
  unsigned int *out;
  long long n;
  long long first;
  int axes;
  long long extent1;
  long long extent2;
  long long extent3;
  long long extent4;
  long long extent5;
  long long stride0;
  long long stride1;
  long long stride2;
  long long stride3;
  long long stride4;
  long long stride5;
} CopyStrided32Args;

QUERN_KERNEL(copy_strided_32, CopyStrided32Args) {
  copy_strided(args.x, args.out, args);
}

typedef struct {
  const unsigned long long *x;
  unsigned long long *out;
  long long n;
  long long first;
  int axes;
  long long extent1;
  long long extent2;
  long long extent3;
  long long extent4;
  long long extent5;
  long long stride0;
  long long stride1;
  long long stride2;
  long long stride3;
  long long stride4;
  long long stride5;
} CopyStrided64Args;

QUERN_KERNEL(copy_strided_64, CopyStrided64Args) {
  copy_strided(args.x, args.out, args);
}

typedef struct {
  const unsigned char *x;
  unsigned char *out;
  long long n;
  long long width;
  long long columns;
  long long first;
} Concat8Args;

QUERN_KERNEL(concat_8, Concat8Args) {
  concat(args.x, args.out, args);
}

typedef struct {
  const unsigned short *x;
  unsigned short *out;
  long long n;
  long long width;
  long long columns;
  long long first;
} Concat16Args;

QUERN_KERNEL(concat_16, Concat16Args) {
  concat(args.x, args.out, args);
}

typedef struct {
  const unsigned int *x;
  unsigned int *out;
  long long n;
  long long width;
  long long columns;
  long long first;
} Concat32Args;

QUERN_KERNEL(concat_32, Concat32Args) {
  concat(args.x, args.out, args);
}

typedef struct {
  const unsigned long long *x;
  unsigned long long *out;
  long long n;
  long long width;
  long long columns;
  long long first;
} Concat64Args;

QUERN_KERNEL(concat_64, Concat64Args) {
  concat(args.x, args.out, args);
}
