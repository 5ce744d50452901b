// Confusion counts of predictions against labels: a matrix of classes (further down), and binary
// counts.
//
// - Binary: {tn, fp, fn, tp} of predictions >= cut against targets 0 and 1, row by row; element i
//   belongs to row (i / inner) % rows.
// - Work: runs of inner elements are cut into chunks; a group counts one chunk and leaves a record
//   of four counts and the least faulty index. Then one group for each row adds the row's records
//   to the running counts, and the first lowers the fault word.
// - Tail: elements behind the end of a run, and targets equal to ignored (ignores: whether there is
//   such a value), count nowhere.
// - Deterministic: counts pass through f64, which holds whole numbers below 2^53 exactly, so sums
//   are exact in any order, and a minimum has none; the only atomic is the integer minimum of
//   faulty indices within a chunk.

#include "prelude.cl"

#define QUERN_COUNTS 4

// What a target says: 0, 1, or one of these.
#define QUERN_LEFT_OUT 2
#define QUERN_FAULTY 3

QUERN_INLINE int confusion_label(
    __global const void *target, int target_dtype, long i, int ignores, long ignored) {
  if (target_dtype == QUERN_DTYPE_F32) {
    float t = ((__global const float *)target)[i];
    if (ignores && (double)t == (double)ignored) {
      return QUERN_LEFT_OUT;
    }
    return t == 0.0f ? 0 : t == 1.0f ? 1 : QUERN_FAULTY;
  }
  long t = quern_load_label(target, target_dtype, i);
  if (ignores && t == ignored) {
    return QUERN_LEFT_OUT;
  }
  return t == 0 || t == 1 ? (int)t : QUERN_FAULTY;
}

QUERN_KERNEL void confusion_partials(
    __global const float *predictions,
    const long predictions_offset,
    __global const void *target,
    const long target_offset,
    __global double *partials,
    const long partials_offset,
    __global long *faults,
    const long faults_offset,
    const long inner,
    const long ignored,
    const int ignores,
    const int target_dtype,
    const float cut) {
  __local double items[QUERN_COUNTS * QUERN_GROUP];
  __local double rows[QUERN_COUNTS * QUERN_ROWS];
  __local int first_fault;
  int item = (int)get_local_id(0);
  if (item == 0) {
    first_fault = INT_MAX;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  long group = (long)get_group_id(0);
  long chunks = (inner + QUERN_CHUNK - 1) / QUERN_CHUNK;
  long first = group / chunks * inner + group % chunks * QUERN_CHUNK;
  long end = group / chunks * inner + inner;
  int counts[QUERN_COUNTS] = {0};
  for (int j = 0; j < QUERN_REDUCE_ITEMS; j++) {
    long i = first + j * QUERN_GROUP + item;
    if (i < end) {
      int t = confusion_label(target, target_dtype, target_offset + i, ignores, ignored);
      int predicted = predictions[predictions_offset + i] >= cut;
      if (t == QUERN_FAULTY) {
        atomic_min(&first_fault, j * QUERN_GROUP + item);
      }
      counts[0] += t == 0 && !predicted;
      counts[1] += t == 0 && predicted;
      counts[2] += t == 1 && !predicted;
      counts[3] += t == 1 && predicted;
    }
  }
  double values[QUERN_COUNTS];
  for (int q = 0; q < QUERN_COUNTS; q++) {
    values[q] = counts[q];
  }
  quern_sum_rows(QUERN_COUNTS, values, items, rows);
  if (item < QUERN_COUNTS) {
    partials[partials_offset + group * QUERN_COUNTS + item] = quern_group_sum(item, rows);
  }
  if (item == 0) {
    faults[faults_offset + group] = first_fault == INT_MAX ? LONG_MAX : first + first_fault;
  }
}

// One group for each row; count records in all, chunks of them for each run.
QUERN_KERNEL void confusion_total(
    __global const double *partials,
    const long partials_offset,
    __global const long *faults,
    const long faults_offset,
    __global long *counts,
    const long counts_offset,
    __global long *fault,
    const long fault_offset,
    const long count,
    const long chunks) {
  __local double items[QUERN_COUNTS * QUERN_GROUP];
  __local double rows[QUERN_COUNTS * QUERN_ROWS];
  __local long fault_items[QUERN_GROUP];
  int item = (int)get_local_id(0);
  long row = (long)get_group_id(0);
  long row_count = (long)get_num_groups(0);
  double values[QUERN_COUNTS] = {0.0};
  for (long r = item; r < count / row_count; r += QUERN_GROUP) {
    long record = (r / chunks * row_count + row) * chunks + r % chunks;
    for (int q = 0; q < QUERN_COUNTS; q++) {
      values[q] += partials[partials_offset + record * QUERN_COUNTS + q];
    }
  }
  quern_sum_rows(QUERN_COUNTS, values, items, rows);
  if (item < QUERN_COUNTS) {
    counts[counts_offset + row * QUERN_COUNTS + item] += (long)quern_group_sum(item, rows);
  }
  if (row == 0) {
    long least = quern_least_record(faults + faults_offset, count, fault_items);
    if (item == 0) {
      fault[fault_offset] = min(fault[fault_offset], least);
    }
  }
}

// A multiclass matrix, counts[target * classes + predicted]: each group takes one chunk of pixels. Of
// scores (outer, classes, inner) the first greatest one wins, where NaN is greater than any number.
// A small matrix is counted in local memory and then added to the running counts, a large one is
// added to directly; a work-item that meets the same cell again adds once for all. Whole numbers are
// added atomically, so their order cannot matter.

#define QUERN_MATRIX_CELLS 4096

// Adds to a 64-bit counter by its halves, as 64-bit atomics are not to be had everywhere; the low half
// comes first on every device there is.
QUERN_INLINE void confusion_add(__global long *counter, uint count) {
  volatile __global uint *halves = (volatile __global uint *)counter;
  uint before = atomic_add(halves, count);
  if (before + count < before) {
    atomic_inc(halves + 1);
  }
}

QUERN_INLINE long confusion_greatest(
    __global const float *scores, long first, int classes, long inner) {
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

QUERN_KERNEL void confusion_matrix(
    __global const void *predictions,
    const long predictions_offset,
    __global const void *target,
    const long target_offset,
    __global long *counts,
    const long counts_offset,
    __global long *faults,
    const long faults_offset,
    const long n,
    const long inner,
    const long ignored,
    const int ignores,
    const int predictions_dtype,
    const int target_dtype,
    const int classes) {
  __local uint table[QUERN_MATRIX_CELLS];
  __local int first_fault;
  int item = (int)get_local_id(0);
  int cells = classes * classes;
  int small = cells <= QUERN_MATRIX_CELLS;
  if (item == 0) {
    first_fault = INT_MAX;
  }
  for (int c = item; small && c < cells; c += QUERN_GROUP) {
    table[c] = 0;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  __global long *matrix = counts + counts_offset;
  long first = (long)get_group_id(0) * QUERN_CHUNK;
  int held = 0;
  uint times = 0;
  for (int j = 0; j < QUERN_REDUCE_ITEMS; j++) {
    long i = first + j * QUERN_GROUP + item;
    if (i >= n) {
      break;
    }
    long t = quern_load_label(target, target_dtype, target_offset + i);
    if (ignores && t == ignored) {
      continue;
    }
    long p = predictions_dtype == QUERN_DTYPE_F32
        ? confusion_greatest(
              (__global const float *)predictions,
              predictions_offset + i / inner * classes * inner + i % inner, classes, inner)
        : quern_load_label(predictions, predictions_dtype, predictions_offset + i);
    if (t < 0 || t >= classes || p < 0 || p >= classes) {
      atomic_min(&first_fault, j * QUERN_GROUP + item);
      continue;
    }
    int cell = (int)t * classes + (int)p;
    if (cell != held && times > 0) {
      if (small) {
        atomic_add(table + held, times);
      } else {
        confusion_add(matrix + held, times);
      }
      times = 0;
    }
    held = cell;
    times++;
  }
  if (times > 0) {
    if (small) {
      atomic_add(table + held, times);
    } else {
      confusion_add(matrix + held, times);
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (int c = item; small && c < cells; c += QUERN_GROUP) {
    if (table[c] > 0) {
      confusion_add(matrix + c, table[c]);
    }
  }
  if (item == 0) {
    faults[faults_offset + get_group_id(0)] =
        first_fault == INT_MAX ? LONG_MAX : first + first_fault;
  }
}

// One group.
QUERN_KERNEL void confusion_fault(
    __global const long *faults,
    const long faults_offset,
    __global long *fault,
    const long fault_offset,
    const long count) {
  __local long items[QUERN_GROUP];
  long least = quern_least_record(faults + faults_offset, count, items);
  if (get_local_id(0) == 0) {
    fault[fault_offset] = min(fault[fault_offset], least);
  }
}
