// Fused segmentation losses over one logit per pixel: any weighted sum of the terms of
// loss_terms.inc. Pass 1 reads logits and target once; each group sums one chunk (a work-item in f32,
// the group in f64 in a fixed order) and leaves a record of the sums and confusion counts and its
// least faulty index. The epilogue, a single group, adds the records in f64, turns the sums into the
// value and the three coefficients of the gradient, upstream factor included, adds the counts and
// lowers the fault word. Pass 2 maps logits and target to the gradient. Pixels from n on, ignored and
// faulty ones add nothing; the gradient of the latter two is 0 whatever their logit is. Deterministic,
// as all orders depend on n and the kind of device only; the only atomic is an integer minimum.

// {true positives, probabilities, target, bce, tn, fp, fn, tp}
#define QUERN_SUMS 8

// A U8 target is a label; an F32 target is soft and is not checked. target is labels or soft; the
// other one is null, and the compiler drops its branch.
QUERN_INLINE void segmentation_chunk(
    __global const float *logits,
    __global const uchar *labels,
    __global const float *soft,
    __global double *partials,
    __global long *faults,
    long n,
    int form,
    int overlap,
    int bce,
    int counted,
    float cut,
    float ignored,
    __local double *items,
    __local double *rows,
    __local int *first_fault) {
  int item = (int)get_local_id(0);
  if (item == 0) {
    *first_fault = INT_MAX;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  float sums[4] = {0.0f};
  int counts[4] = {0};
  long i = quern_chunk_element();
  for (int j = 0; j < QUERN_REDUCE_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      float t = labels ? (float)labels[i] : soft[i];
      if (labels && t != ignored && t > 1.0f) {
        atomic_min(first_fault, j * QUERN_GROUP + item);
      } else if (t != ignored) {
        float x = logits[i];
        float e = quern_exp(x < 0.0f ? x : -x);
        if (overlap) {
          float p = quern_sigmoid_from(x, e, 1.0f / (1.0f + e));
          sums[0] += quern_true_positive(form, p, t);
          sums[1] += quern_overlap_mass(form, p);
          sums[2] += quern_overlap_mass(form, t);
        }
        if (bce) {
          sums[3] += quern_bce(x, t, e);
        }
        if (counted) {
          int predicted = x >= cut;
          int positive = t >= 0.5f;
          counts[0] += !positive && !predicted;
          counts[1] += !positive && predicted;
          counts[2] += positive && !predicted;
          counts[3] += positive && predicted;
        }
      }
    }
  }
  double values[QUERN_SUMS];
  for (int q = 0; q < 4; q++) {
    values[q] = sums[q];
    values[4 + q] = counts[q];
  }
  quern_sum_rows(QUERN_SUMS, values, items, rows);
  long group = (long)get_group_id(0);
  if (item < QUERN_SUMS) {
    partials[group * QUERN_SUMS + item] = quern_group_sum(item, rows);
  }
  if (item == 0) {
    faults[group] = *first_fault == INT_MAX ? LONG_MAX : group * QUERN_CHUNK + *first_fault;
  }
}

QUERN_KERNEL void segmentation_sums_u8(
    __global const float *logits,
    const long logits_offset,
    __global const uchar *target,
    const long target_offset,
    __global double *partials,
    const long partials_offset,
    __global long *faults,
    const long faults_offset,
    const long n,
    const int form,
    const int overlap,
    const int bce,
    const int counted,
    const float cut,
    const float ignored) {
  __local double items[QUERN_SUMS * QUERN_GROUP];
  __local double rows[QUERN_SUMS * QUERN_ROWS];
  __local int first_fault;
  segmentation_chunk(
      logits + logits_offset, target + target_offset, 0, partials + partials_offset,
      faults + faults_offset, n, form, overlap, bce, counted, cut, ignored, items, rows,
      &first_fault);
}

QUERN_KERNEL void segmentation_sums_f32(
    __global const float *logits,
    const long logits_offset,
    __global const float *target,
    const long target_offset,
    __global double *partials,
    const long partials_offset,
    __global long *faults,
    const long faults_offset,
    const long n,
    const int form,
    const int overlap,
    const int bce,
    const int counted,
    const float cut,
    const float ignored) {
  __local double items[QUERN_SUMS * QUERN_GROUP];
  __local double rows[QUERN_SUMS * QUERN_ROWS];
  __local int first_fault;
  segmentation_chunk(
      logits + logits_offset, 0, target + target_offset, partials + partials_offset,
      faults + faults_offset, n, form, overlap, bce, counted, cut, ignored, items, rows,
      &first_fault);
}

// One group. upstream may be null: no gradient is wanted; counts may be null: none were counted.
QUERN_KERNEL void segmentation_epilogue(
    __global const double *partials,
    const long partials_offset,
    __global const long *faults,
    const long faults_offset,
    __global const QuernTerm *terms,
    const long terms_offset,
    __global const float *upstream,
    const long upstream_offset,
    __global float *value,
    const long value_offset,
    __global float *coefficients,
    const long coefficients_offset,
    __global long *counts,
    const long counts_offset,
    __global long *fault,
    const long fault_offset,
    const long count,
    const int term_count,
    const long n,
    const int form) {
  __local double items[QUERN_SUMS * QUERN_GROUP];
  __local double rows[QUERN_SUMS * QUERN_ROWS];
  __local long fault_items[QUERN_GROUP];
  quern_sum_records(QUERN_SUMS, partials + partials_offset, count, items, rows);
  long least = quern_least_record(faults + faults_offset, count, fault_items);
  int item = (int)get_local_id(0);
  if (counts && item < 4) {
    counts[counts_offset + item] += (long)quern_group_sum(4 + item, rows);
  }
  if (item == 0) {
    fault[fault_offset] = min(fault[fault_offset], least);
    QuernLossSums sums;
    sums.true_positives = quern_group_sum(0, rows);
    sums.probabilities = quern_group_sum(1, rows);
    sums.target = quern_group_sum(2, rows);
    sums.bce = quern_group_sum(3, rows);
    QuernLossCoefficients k;
    value[value_offset] =
        quern_loss_epilogue(
            form, terms + terms_offset, term_count, sums, (double)n,
            upstream ? upstream[upstream_offset] : 0.0f, &k);
    coefficients[coefficients_offset] = k.a;
    coefficients[coefficients_offset + 1] = k.b;
    coefficients[coefficients_offset + 2] = k.c;
  }
}

QUERN_INLINE float segmentation_pixel_gradient(
    int form, QuernLossCoefficients k, float x, float t) {
  float e = quern_exp(x < 0.0f ? x : -x);
  return quern_loss_gradient(form, k, x, t, e, 1.0f / (1.0f + e));
}

QUERN_KERNEL void segmentation_gradient_u8(
    __global const float *logits,
    const long logits_offset,
    __global const uchar *target,
    const long target_offset,
    __global const float *coefficients,
    const long coefficients_offset,
    __global float *gradient,
    const long gradient_offset,
    const long n,
    const int form,
    const float ignored) {
  coefficients += coefficients_offset;
  QuernLossCoefficients k = {coefficients[0], coefficients[1], coefficients[2]};
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      float t = (float)target[target_offset + i];
      float g = segmentation_pixel_gradient(form, k, logits[logits_offset + i], t);
      gradient[gradient_offset + i] = t == ignored || t > 1.0f ? 0.0f : g;
    }
  }
}

QUERN_KERNEL void segmentation_gradient_f32(
    __global const float *logits,
    const long logits_offset,
    __global const float *target,
    const long target_offset,
    __global const float *coefficients,
    const long coefficients_offset,
    __global float *gradient,
    const long gradient_offset,
    const long n,
    const int form,
    const float ignored) {
  coefficients += coefficients_offset;
  QuernLossCoefficients k = {coefficients[0], coefficients[1], coefficients[2]};
  long i = quern_tile_element();
  for (int j = 0; j < QUERN_MAP_ITEMS; j++, i += QUERN_GROUP) {
    if (i < n) {
      float t = target[target_offset + i];
      float g = segmentation_pixel_gradient(form, k, logits[logits_offset + i], t);
      gradient[gradient_offset + i] = t == ignored ? 0.0f : g;
    }
  }
}
