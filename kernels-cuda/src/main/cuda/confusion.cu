// Confusion counts of predictions against labels: a matrix of classes (further down), and binary
// counts.
//
// - Binary: {tn, fp, fn, tp} of predictions >= cut against targets 0 and 1, row by row; element i
//   belongs to row (i / inner) % rows.
// - Work: runs of inner elements are cut into chunks; a block counts one chunk and leaves a record
//   of four counts and the least faulty index. Then one block for each row adds the row's records
//   to the running counts, and the first lowers the fault word.
// - Tail: elements behind the end of a run, and targets equal to ignored (ignores: whether there is
//   such a value), count nowhere.
// - Deterministic: counts pass through f64, which holds whole numbers below 2^53 exactly, so sums
//   are exact in any order, and a minimum has none.

#include "prelude.cuh"

#define QUERN_COUNTS 4

// What a target says: 0, 1, or one of these.
#define QUERN_LEFT_OUT 2
#define QUERN_FAULTY 3

template <class T>
QUERN_INLINE int confusion_label(T t, int ignores, T ignored) {
  if (ignores && t == ignored) {
    return QUERN_LEFT_OUT;
  }
  return t == (T)0 ? 0 : t == (T)1 ? 1 : QUERN_FAULTY;
}

// Four labels of any of the element types, from i on; those from end on are left out.
template <class T>
QUERN_INLINE void confusion_labels(
    const void *target, long long i, long long end, int ignores, long long ignored, int labels[4]) {
  // a value that no T has is no label's either
  bool possible = (long long)(T)ignored == ignored;
  QuernFour<T> four = quern_load_four((const T *)target, i, end);
#pragma unroll
  for (int lane = 0; lane < 4; lane++) {
    labels[lane] = i + lane < end
        ? confusion_label<T>(four.v[lane], ignores && possible, (T)ignored)
        : QUERN_LEFT_OUT;
  }
}

typedef struct {
  const float *predictions;
  const void *target;
  double *partials;
  long long *faults;
  long long inner;
  long long ignored;
  int ignores;
  int target_dtype;
  float cut;
} ConfusionPartialsArgs;

QUERN_KERNEL(confusion_partials, ConfusionPartialsArgs) {
  long long chunks = (args.inner + QUERN_CHUNK - 1) / QUERN_CHUNK;
  long long run = blockIdx.x / chunks * args.inner;
  long long first = run + blockIdx.x % chunks * QUERN_CHUNK + threadIdx.x * 4LL;
  long long end = run + args.inner;
  QuernQuad predictions[QUERN_CHUNK_QUADS];
  int labels[QUERN_CHUNK_QUADS][4];
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    predictions[j] = quern_load(args.predictions, first + j * QUERN_TILE, end);
  }
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    long long i = first + j * QUERN_TILE;
    switch (args.target_dtype) {
      case QUERN_DTYPE_U8:
        confusion_labels<unsigned char>(
            args.target, i, end, args.ignores, args.ignored, labels[j]);
        break;
      case QUERN_DTYPE_I32:
        confusion_labels<int>(args.target, i, end, args.ignores, args.ignored, labels[j]);
        break;
      case QUERN_DTYPE_I64:
        confusion_labels<long long>(args.target, i, end, args.ignores, args.ignored, labels[j]);
        break;
      default:
        confusion_labels<float>(args.target, i, end, args.ignores, args.ignored, labels[j]);
    }
  }
  int counts[QUERN_COUNTS] = {0};
  long long first_fault = QUERN_NONE;
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
#pragma unroll
    for (int lane = 0; lane < 4; lane++) {
      long long i = first + j * QUERN_TILE + lane;
      int t = labels[j][lane];
      int predicted = predictions[j].v[lane] >= args.cut;
      if (t == QUERN_FAULTY) {
        first_fault = i < first_fault ? i : first_fault;
      }
      counts[0] += (t == 0) & !predicted;
      counts[1] += (t == 0) & predicted;
      counts[2] += (t == 1) & !predicted;
      counts[3] += (t == 1) & predicted;
    }
  }
  double values[QUERN_COUNTS];
#pragma unroll
  for (int q = 0; q < QUERN_COUNTS; q++) {
    values[q] = counts[q];
  }
  const double *totals = quern_block_sums(values);
  if (threadIdx.x < QUERN_COUNTS) {
    args.partials[blockIdx.x * (long long)QUERN_COUNTS + threadIdx.x] = totals[threadIdx.x];
  }
  first_fault = quern_block_least(first_fault);
  if (threadIdx.x == 0) {
    args.faults[blockIdx.x] = first_fault;
  }
}

typedef struct {
  const double *partials;
  const long long *faults;
  long long *counts;
  long long *fault;
  long long count;
  long long chunks;
} ConfusionTotalArgs;

// One block for each row; count records in all, chunks of them for each run.
QUERN_KERNEL(confusion_total, ConfusionTotalArgs) {
  long long row = blockIdx.x;
  long long rows = gridDim.x;
  double values[QUERN_COUNTS] = {0.0};
  for (long long r = threadIdx.x; r < args.count / rows; r += QUERN_THREADS) {
    long long record = (r / args.chunks * rows + row) * args.chunks + r % args.chunks;
#pragma unroll
    for (int q = 0; q < QUERN_COUNTS; q++) {
      values[q] += args.partials[record * QUERN_COUNTS + q];
    }
  }
  const double *totals = quern_block_sums(values);
  if (threadIdx.x < QUERN_COUNTS) {
    args.counts[row * QUERN_COUNTS + threadIdx.x] += (long long)totals[threadIdx.x];
  }
  if (row == 0) {
    long long least = quern_least_record(args.faults, args.count);
    if (threadIdx.x == 0) {
      args.fault[0] = least < args.fault[0] ? least : args.fault[0];
    }
  }
}

// A multiclass matrix, counts[target * classes + predicted]: each block takes one chunk of pixels. Of
// scores (outer, classes, inner) the first greatest one wins, where NaN is greater than any number.
// A small matrix is counted in shared memory and then added to the running counts, a large one is
// added to directly; a thread that meets the same cell again adds once for all. Whole numbers are
// added atomically, so their order cannot matter. Neighbouring threads take neighbouring pixels,
// because planes of scores need not begin where quads do.

#define QUERN_MATRIX_CELLS 4096

QUERN_INLINE long long confusion_greatest(
    const float *scores, long long first, int classes, long long inner) {
  int best = 0;
  float greatest = scores[first];
  for (int c = 1; c < classes; c++) {
    float score = scores[first + c * inner];
    if (greatest == greatest && !(greatest >= score)) {
      best = c;
      greatest = score;
    }
  }
  return best;
}

typedef struct {
  const void *predictions;
  const void *target;
  long long *counts;
  long long *faults;
  long long n;
  long long inner;
  long long ignored;
  int ignores;
  int predictions_dtype;
  int target_dtype;
  int classes;
} ConfusionMatrixArgs;

QUERN_KERNEL(confusion_matrix, ConfusionMatrixArgs) {
  __shared__ unsigned int table[QUERN_MATRIX_CELLS];
  int cells = args.classes * args.classes;
  bool small = cells <= QUERN_MATRIX_CELLS;
  for (int c = threadIdx.x; small && c < cells; c += QUERN_THREADS) {
    table[c] = 0;
  }
  __syncthreads();
  unsigned long long *matrix = (unsigned long long *)args.counts;
  long long first_fault = QUERN_NONE;
  int held = 0;
  unsigned int times = 0;
  for (int j = 0; j < QUERN_CHUNK / QUERN_THREADS; j++) {
    long long i = blockIdx.x * QUERN_CHUNK + j * QUERN_THREADS + threadIdx.x;
    if (i >= args.n) {
      break;
    }
    long long t = quern_load_label(args.target, args.target_dtype, i);
    if (args.ignores && t == args.ignored) {
      continue;
    }
    long long p = args.predictions_dtype == QUERN_DTYPE_F32
        ? confusion_greatest(
              (const float *)args.predictions,
              i / args.inner * args.classes * args.inner + i % args.inner, args.classes, args.inner)
        : quern_load_label(args.predictions, args.predictions_dtype, i);
    if (t < 0 || t >= args.classes || p < 0 || p >= args.classes) {
      first_fault = i < first_fault ? i : first_fault;
      continue;
    }
    int cell = (int)t * args.classes + (int)p;
    if (cell != held && times > 0) {
      if (small) {
        atomicAdd(table + held, times);
      } else {
        atomicAdd(matrix + held, (unsigned long long)times);
      }
      times = 0;
    }
    held = cell;
    times++;
  }
  if (times > 0) {
    if (small) {
      atomicAdd(table + held, times);
    } else {
      atomicAdd(matrix + held, (unsigned long long)times);
    }
  }
  __syncthreads();
  for (int c = threadIdx.x; small && c < cells; c += QUERN_THREADS) {
    if (table[c] > 0) {
      atomicAdd(matrix + c, (unsigned long long)table[c]);
    }
  }
  first_fault = quern_block_least(first_fault);
  if (threadIdx.x == 0) {
    args.faults[blockIdx.x] = first_fault;
  }
}

typedef struct {
  const long long *faults;
  long long *fault;
  long long count;
} ConfusionFaultArgs;

// One block.
QUERN_KERNEL(confusion_fault, ConfusionFaultArgs) {
  long long least = quern_least_record(args.faults, args.count);
  if (threadIdx.x == 0) {
    args.fault[0] = least < args.fault[0] ? least : args.fault[0];
  }
}
