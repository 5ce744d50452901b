// What every kernel family stands on.
//
// Geometry: the host defines QUERN_GROUP, the work-items of a group; QUERN_MAP_ITEMS and
// QUERN_REDUCE_ITEMS, the elements one work-item takes in kernels that map and that reduce. Work is
// cut into tiles (map) or chunks (reduce), one per group; a work-item's elements lie QUERN_GROUP
// apart, so that neighbours touch neighbouring elements wherever the operand starts. The constants
// depend on the kind of device alone, so the same device sums in the same order in every run.
//
// A tensor argument is a pair (buffer, offset in elements); a reduction's partial results pass
// through scratch memory from the kernel that leaves one record per chunk to one that adds them up.

#pragma OPENCL FP_CONTRACT OFF
#ifdef cl_khr_fp64
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif

// The language's side of the formulas.
#define QUERN_INLINE static inline
#define QUERN_GLOBAL __global
#define QUERN_LONG long
#define QUERN_FMA(a, b, c) fma(a, b, c)
#define QUERN_SQRT(x) sqrt(x)
#define QUERN_AS_FLOAT(i) as_float(i)
#define QUERN_AS_INT(x) as_int(x)
#define QUERN_MULHI(a, b) mul_hi(a, b)

// Element types of operands that may be of several: dev.quern.DType.code().
#define QUERN_DTYPE_F32 0
#define QUERN_DTYPE_F16 2
#define QUERN_DTYPE_BF16 3
#define QUERN_DTYPE_U8 4
#define QUERN_DTYPE_I32 5
#define QUERN_DTYPE_I64 6

#define QUERN_KERNEL __kernel __attribute__((reqd_work_group_size(QUERN_GROUP, 1, 1)))
#define QUERN_TILE ((long)(QUERN_GROUP * QUERN_MAP_ITEMS))
#define QUERN_CHUNK ((long)(QUERN_GROUP * QUERN_REDUCE_ITEMS))

// Group sums run in two steps with one barrier each, whatever the size of the group: a row of 16
// neighbouring values, then the rows in order. At most 16 quantities are summed at once.
#define QUERN_ROW 16
#define QUERN_ROWS (QUERN_GROUP / QUERN_ROW)

// This work-item's first element in its group's tile.
QUERN_INLINE long quern_tile_element(void) {
  return (long)get_group_id(0) * QUERN_TILE + (long)get_local_id(0);
}

// This work-item's first element in its group's chunk.
QUERN_INLINE long quern_chunk_element(void) {
  return (long)get_group_id(0) * QUERN_CHUNK + (long)get_local_id(0);
}

// Element i of labels that are U8, I32 or I64.
QUERN_INLINE long quern_load_label(__global const void *labels, int dtype, long i) {
  switch (dtype) {
    case QUERN_DTYPE_U8:
      return ((__global const uchar *)labels)[i];
    case QUERN_DTYPE_I32:
      return ((__global const int *)labels)[i];
    default:
      return ((__global const long *)labels)[i];
  }
}

// An operand of any of these types from element i on.
QUERN_INLINE __global const void *quern_from(__global const void *x, int dtype, long i) {
  int bytes = dtype == QUERN_DTYPE_U8 ? 1
      : dtype == QUERN_DTYPE_F16 || dtype == QUERN_DTYPE_BF16 ? 2
      : dtype == QUERN_DTYPE_I64 ? 8 : 4;
  return (__global const uchar *)x + i * bytes;
}

// A label as a float; beyond 2^24, where floats stand for several, one that is no class and cannot be
// ignored.
QUERN_INLINE float quern_label_float(long label) {
  return label >= -16777216 && label <= 16777216 ? (float)label : 16777218.0f;
}

// Element i of an operand of any of these types.
QUERN_INLINE float quern_load_float(__global const void *x, int dtype, long i) {
  switch (dtype) {
    case QUERN_DTYPE_F32:
      return ((__global const float *)x)[i];
    case QUERN_DTYPE_F16:
      return vload_half(i, (__global const half *)x);
    case QUERN_DTYPE_BF16:
      return as_float((uint)((__global const ushort *)x)[i] << 16);
    default:
      return quern_label_float(quern_load_label(x, dtype, i));
  }
}

// Writes element i of a result that is F32, F16 or BF16.
QUERN_INLINE void quern_store_float(float value, __global void *out, int dtype, long i) {
  switch (dtype) {
    case QUERN_DTYPE_F16:
      vstore_half_rte(value, i, (__global half *)out);
      break;
    case QUERN_DTYPE_BF16: {
      uint bits = as_uint(value);
      uint rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
      ((__global ushort *)out)[i] = (ushort)(value == value ? rounded : 0x7fc0u);
      break;
    }
    default:
      ((__global float *)out)[i] = value;
  }
}

// Step 1: leaves the rows' sums of count quantities in rows[count * QUERN_ROWS]. Called by the whole
// group; items holds count * QUERN_GROUP values.
QUERN_INLINE void quern_sum_rows(
    int count, const double *values, __local double *items, __local double *rows) {
  int item = (int)get_local_id(0);
  for (int q = 0; q < count; q++) {
    items[q * QUERN_GROUP + item] = values[q];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (item < count * QUERN_ROWS) {
    double sum = 0.0;
    for (int i = 0; i < QUERN_ROW; i++) {
      sum += items[item * QUERN_ROW + i];
    }
    rows[item] = sum;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
}

// Step 2: the group's sum of one quantity.
QUERN_INLINE double quern_group_sum(int quantity, __local const double *rows) {
  double sum = 0.0;
  for (int i = 0; i < QUERN_ROWS; i++) {
    sum += rows[quantity * QUERN_ROWS + i];
  }
  return sum;
}

// The two steps for sums over all records that a partials kernel left, count quantities each.
QUERN_INLINE void quern_sum_records(
    int count,
    __global const double *partials,
    long records,
    __local double *items,
    __local double *rows) {
  double values[QUERN_ROW] = {0.0};
  for (long r = (long)get_local_id(0); r < records; r += QUERN_GROUP) {
    for (int q = 0; q < count; q++) {
      values[q] += partials[r * count + q];
    }
  }
  quern_sum_rows(count, values, items, rows);
}

// The group's least value; valid in work-item 0. Called by the whole group.
QUERN_INLINE long quern_group_least(long value, __local long *items) {
  items[get_local_id(0)] = value;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (get_local_id(0) == 0) {
    for (int i = 1; i < QUERN_GROUP; i++) {
      value = min(value, items[i]);
    }
  }
  return value;
}

// The least of all records; valid in work-item 0.
QUERN_INLINE long quern_least_record(
    __global const long *partials, long records, __local long *items) {
  long least = LONG_MAX;
  for (long r = (long)get_local_id(0); r < records; r += QUERN_GROUP) {
    least = min(least, partials[r]);
  }
  return quern_group_least(least, items);
}
