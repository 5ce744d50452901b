// Fused segmentation losses of logits with a target each, and what all layouts share.
//
// - Formula: any weighted sum of the terms of loss_element.inc. A pool is the images whose overlap
//   is scored together (one, or the batch); a segment is one class of a pool.
// - Pass 1 reads logits and target once: a group sums one chunk of a segment, rounds of QUERN_CHUNK
//   elements (a work-item in f32, the group in f64), and leaves a record of the sums and confusion
//   counts and its least faulty index. The totals, one group per segment, add the records in f64.
// - The epilogue (loss_epilogue.inc), a single group, adds each term up over the segments and turns
//   the sums into the value and each segment's coefficients of the gradient, upstream factor
//   included, adds the counts and lowers the fault word.
// - Pass 2 maps logits and target to the gradient. Where every divisor is known beforehand, totals
//   and epilogue run first with known divisors, and one pass does both.
// - Tail: elements behind a segment's end, ignored and faulty ones add nothing (but to the number
//   of valid ones); the gradient of the latter two is 0 whatever their logit is.
// - Deterministic: all orders depend on the extents and the kind of device only; the only atomic is
//   an integer minimum.

#include "prelude.cl"
#include "math.inc"
#include "loss_table.inc"
#include "loss_element.inc"
#include "loss_epilogue.inc"
#include "segmentation_operands.cl"

// What a kernel over the pixels reads: to be declared, and to be passed on.
#define SEGMENTATION_READ \
    __global const void *logits, \
    const long logits_offset, \
    __global const void *target, \
    const long target_offset, \
    __global const float *weight, \
    const long weight_offset, \
    __global const QuernLossOptions *options, \
    const long options_offset
#define SEGMENTATION_READ_GIVEN \
    logits, logits_offset, target, target_offset, weight, weight_offset, options, options_offset

// Sums one chunk; writes its gradient, too, unless coefficients and gradient are null.
QUERN_INLINE void segmentation_element_chunk(
    SEGMENTATION_READ,
    __global const float *coefficients,
    const long coefficients_offset,
    __global void *gradient,
    const long gradient_offset,
    __global double *partials,
    const long partials_offset,
    __global long *faults,
    const long faults_offset,
    SEGMENTATION_EXTENT,
    const long chunks,
    const int rounds,
    SEGMENTATION_KINDS,
    __local double *items,
    __local double *rows,
    __local int *first_fault) {
  int item = (int)get_local_id(0);
  if (item == 0) {
    *first_fault = INT_MAX;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  long group = (long)get_group_id(0);
  long segment = group / chunks;
  int c = (int)(segment % classes);
  long image = segment / classes * images;
  long first = group % chunks * rounds * QUERN_CHUNK;
  QuernLossOptions o = options[0];
  float positive = quern_class_factors(options, terms, classes, c).bce_positive;
  QuernLossCoefficients k;
  if (gradient) {
    k = ((__global const QuernLossCoefficients *)(coefficients + coefficients_offset))[segment];
  }
  QuernPixelSums s = {0.0f};
  int counts[QUERN_COUNTS] = {0};
  for (int round = 0; round < rounds; round++) {
    long start = first + round * QUERN_CHUNK;
    QuernPixel base = quern_pixel_ahead(image, start, pixels);
    for (int j = 0; j < QUERN_REDUCE_ITEMS; j++) {
      int ahead = j * QUERN_GROUP + item;
      if (start + ahead < images * pixels) {
        QuernPixel at = quern_pixel_ahead(base.image, base.pixel + ahead, pixels);
        long i = (at.image * classes + c) * pixels + at.pixel;
        float t = quern_load_float(target, target_dtype, target_offset + i);
        float g = 0.0f;
        if (t != o.ignored) {
          s.valid += 1.0f;
          if (o.checked && t != 0.0f && t != 1.0f) {
            atomic_min(first_fault, round * (int)QUERN_CHUNK + ahead);
          } else {
            float x = quern_load_float(logits, logits_dtype, logits_offset + i);
            float w = weight ? weight[weight_offset + i] : 1.0f;
            quern_add_element(&o, positive, x, t, w, &s);
            int predicted = x >= o.cut;
            int on = t >= 0.5f;
            counts[0] += !on && !predicted;
            counts[1] += !on && predicted;
            counts[2] += on && !predicted;
            counts[3] += on && predicted;
            if (gradient) {
              g = quern_element_gradient(&o, k, positive, x, t, w);
            }
          }
        }
        if (gradient) {
          quern_store_float(g, gradient, logits_dtype, gradient_offset + i);
        }
      }
    }
  }
  double values[QUERN_ELEMENT_SUMS + QUERN_COUNTS] = {
    s.true_positives, s.false_positives, s.false_negatives, s.bce, s.focal, s.focal_norm, s.valid};
  for (int q = 0; q < QUERN_COUNTS; q++) {
    values[QUERN_ELEMENT_SUMS + q] = counts[q];
  }
  quern_sum_rows(QUERN_ELEMENT_SUMS + QUERN_COUNTS, values, items, rows);
  partials += partials_offset + group * QUERN_RECORD;
  if (item < QUERN_ELEMENT_SUMS) {
    partials[item] = quern_group_sum(item, rows);
  } else if (item < QUERN_LOSS_SUMS) {
    partials[item] = 0.0;
  } else if (item < QUERN_RECORD) {
    partials[item] = quern_group_sum(item - QUERN_LOSS_SUMS + QUERN_ELEMENT_SUMS, rows);
  }
  if (item == 0) {
    QuernPixel at = quern_pixel_ahead(image, first + *first_fault, pixels);
    long fault = (at.image * classes + c) * pixels + at.pixel;
    faults[faults_offset + group] = *first_fault == INT_MAX ? LONG_MAX : fault;
  }
}

QUERN_KERNEL void segmentation_element_sums(
    SEGMENTATION_READ,
    __global double *partials,
    const long partials_offset,
    __global long *faults,
    const long faults_offset,
    SEGMENTATION_EXTENT,
    const long chunks,
    const int rounds,
    SEGMENTATION_KINDS) {
  __local double items[(QUERN_ELEMENT_SUMS + QUERN_COUNTS) * QUERN_GROUP];
  __local double rows[(QUERN_ELEMENT_SUMS + QUERN_COUNTS) * QUERN_ROWS];
  __local int first_fault;
  segmentation_element_chunk(
      SEGMENTATION_READ_GIVEN, 0, 0, 0, 0, partials, partials_offset, faults, faults_offset, SEGMENTATION_EXTENT_GIVEN, chunks, rounds,
      SEGMENTATION_KINDS_GIVEN, items, rows,
      &first_fault);
}

// The same, and the gradient from coefficients that are known beforehand.
QUERN_KERNEL void segmentation_element_one_pass(
    SEGMENTATION_READ,
    __global const float *coefficients,
    const long coefficients_offset,
    __global void *gradient,
    const long gradient_offset,
    __global double *partials,
    const long partials_offset,
    __global long *faults,
    const long faults_offset,
    SEGMENTATION_EXTENT,
    const long chunks,
    const int rounds,
    SEGMENTATION_KINDS) {
  __local double items[(QUERN_ELEMENT_SUMS + QUERN_COUNTS) * QUERN_GROUP];
  __local double rows[(QUERN_ELEMENT_SUMS + QUERN_COUNTS) * QUERN_ROWS];
  __local int first_fault;
  segmentation_element_chunk(
      SEGMENTATION_READ_GIVEN, coefficients, coefficients_offset, gradient, gradient_offset, partials,
      partials_offset, faults, faults_offset, SEGMENTATION_EXTENT_GIVEN, chunks, rounds,
      SEGMENTATION_KINDS_GIVEN, items, rows, &first_fault);
}

// One group for each segment. known: the number of its elements, all valid, which is what divisors
// known before pass 1 depend on; negative for sums over the records.
QUERN_KERNEL void segmentation_totals(
    __global const double *partials,
    const long partials_offset,
    __global double *sums,
    const long sums_offset,
    __global double *segment_counts,
    const long segment_counts_offset,
    const long chunks,
    const long known) {
  __local double items[QUERN_RECORD * QUERN_GROUP];
  __local double rows[QUERN_RECORD * QUERN_ROWS];
  long segment = (long)get_group_id(0);
  int item = (int)get_local_id(0);
  long records = known < 0 ? chunks : 0;
  quern_sum_records(
      QUERN_RECORD, partials + partials_offset + segment * chunks * QUERN_RECORD, records, items,
      rows);
  if (item < QUERN_LOSS_SUMS) {
    int counts = item == QUERN_SUM_VALID || item == QUERN_SUM_CROSS_ENTROPY_WEIGHT;
    sums[sums_offset + segment * QUERN_LOSS_SUMS + item] =
        known < 0 || !counts ? quern_group_sum(item, rows) : (double)known;
  } else if (item < QUERN_RECORD) {
    segment_counts[segment_counts_offset + segment * QUERN_COUNTS + item - QUERN_LOSS_SUMS] =
        quern_group_sum(item, rows);
  }
}

// Lowers the fault word; one group.
QUERN_INLINE void segmentation_lower_fault(
    __global const long *faults, long count, __global long *fault, __local long *items) {
  long least = quern_least_record(faults, count, items);
  if (get_local_id(0) == 0) {
    fault[0] = min(fault[0], least);
  }
}

// The sums of a term over its parts, in work-item 0: a work-item adds neighbouring parts, one while
// there are no more parts than work-items, and work-item 0 what they have, both in index order. Called
// by the whole group; items holds 2 * QUERN_GROUP values.
QUERN_INLINE QuernTermSums segmentation_term_sums(
    int form,
    QuernLossTerm term,
    int index,
    __global const double *shares,
    __global const QuernLossSums *sums,
    long pools,
    int classes,
    __local double *items) {
  int item = (int)get_local_id(0);
  long parts = quern_term_parts(term, pools, classes);
  long each = (parts + QUERN_GROUP - 1) / QUERN_GROUP;
  QuernTermSums own = {0.0, 0.0};
  for (long i = item * each; i < (item + 1) * each && i < parts; i++) {
    quern_add_term_part(form, term, index, shares, sums, pools, classes, i, &own);
  }
  items[2 * item] = own.sum;
  items[2 * item + 1] = own.divisor;
  barrier(CLK_LOCAL_MEM_FENCE);
  QuernTermSums all = {0.0, 0.0};
  for (int t = 0; item == 0 && t * each < parts; t++) {
    all.sum += items[2 * t];
    all.divisor += items[2 * t + 1];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return all;
}

// One group. upstream may be null: no gradient is wanted; counts may be null: none were counted.
QUERN_KERNEL void segmentation_epilogue(
    __global const double *sums,
    const long sums_offset,
    __global const double *segment_counts,
    const long segment_counts_offset,
    __global const long *faults,
    const long faults_offset,
    __global const QuernLossOptions *options,
    const long options_offset,
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
    const long pools,
    const int classes,
    const int terms,
    const long elements,
    const long fault_count) {
  __local double items[QUERN_COUNTS * QUERN_GROUP];
  __local double rows[QUERN_COUNTS * QUERN_ROWS];
  __local long fault_items[QUERN_GROUP];
  __local double outer[QUERN_MOST_TERMS];
  __global const QuernLossTerm *term = quern_loss_terms(options);
  __global const double *shares = quern_loss_shares(options, terms);
  __global const QuernLossSums *s = (__global const QuernLossSums *)(sums + sums_offset);
  int item = (int)get_local_id(0);
  double sum = 0.0;
  for (int j = 0; j < terms; j++) {
    QuernTermSums all = segmentation_term_sums(
        options->form, term[j], j, shares, s, pools, classes, items);
    if (item == 0) {
      double slope;
      sum += term[j].weight * quern_term_value(term[j], all, pools, (double)elements, &slope);
      outer[j] = slope;
    }
  }
  if (item == 0) {
    value[value_offset] = (float)sum;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (upstream) {
    __global QuernLossCoefficients *out =
        (__global QuernLossCoefficients *)(coefficients + coefficients_offset);
    for (long i = item; i < pools * classes; i += QUERN_GROUP) {
      QuernCoefficientSums k = {0.0};
      for (int j = 0; j < terms; j++) {
        quern_add_term_coefficients(
            options->form, term[j], j, shares, s, pools, classes, i / classes, (int)(i % classes),
            outer[j], &k);
      }
      out[i] = quern_coefficients(k, (double)upstream[upstream_offset]);
    }
  }
  quern_sum_records(
      QUERN_COUNTS, segment_counts + segment_counts_offset, pools * classes, items, rows);
  if (counts && item < QUERN_COUNTS) {
    counts[counts_offset + item] += (long)quern_group_sum(item, rows);
  }
  segmentation_lower_fault(
      faults + faults_offset, fault_count, fault + fault_offset, fault_items);
}

// One group for each tile of a segment, tiles of them for each.
QUERN_KERNEL void segmentation_element_gradient(
    SEGMENTATION_READ,
    __global const float *coefficients,
    const long coefficients_offset,
    __global void *gradient,
    const long gradient_offset,
    SEGMENTATION_EXTENT,
    const long tiles,
    SEGMENTATION_KINDS) {
  long segment = (long)get_group_id(0) / tiles;
  int c = (int)(segment % classes);
  long start = (long)get_group_id(0) % tiles * QUERN_TILE;
  QuernPixel base = quern_pixel_ahead(segment / classes * images, start, pixels);
  QuernLossOptions o = options[0];
  float positive = quern_class_factors(options, terms, classes, c).bce_positive;
  QuernLossCoefficients k =
      ((__global const QuernLossCoefficients *)(coefficients + coefficients_offset))[segment];
  for (int j = 0; j < QUERN_MAP_ITEMS; j++) {
    int ahead = j * QUERN_GROUP + (int)get_local_id(0);
    if (start + ahead < images * pixels) {
      QuernPixel at = quern_pixel_ahead(base.image, base.pixel + ahead, pixels);
      long i = (at.image * classes + c) * pixels + at.pixel;
      float t = quern_load_float(target, target_dtype, target_offset + i);
      float x = quern_load_float(logits, logits_dtype, logits_offset + i);
      float w = weight ? weight[weight_offset + i] : 1.0f;
      int left_out = t == o.ignored || (o.checked && t != 0.0f && t != 1.0f);
      float g = quern_element_gradient(&o, k, positive, x, t, w);
      quern_store_float(left_out ? 0.0f : g, gradient, logits_dtype, gradient_offset + i);
    }
  }
}

// The losses of all elements without reduction; a group for each chunk of one round of a segment.
QUERN_KERNEL void segmentation_element_losses(
    SEGMENTATION_READ,
    __global float *losses,
    const long losses_offset,
    __global long *faults,
    const long faults_offset,
    SEGMENTATION_EXTENT,
    const long chunks,
    SEGMENTATION_KINDS) {
  __local int first_fault;
  int item = (int)get_local_id(0);
  if (item == 0) {
    first_fault = INT_MAX;
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  long segment = (long)get_group_id(0) / chunks;
  int c = (int)(segment % classes);
  long start = (long)get_group_id(0) % chunks * QUERN_CHUNK;
  QuernPixel base = quern_pixel_ahead(segment / classes * images, start, pixels);
  QuernLossOptions o = options[0];
  float positive = quern_class_factors(options, terms, classes, c).bce_positive;
  double factor = quern_loss_terms(options)[0].weight;
  for (int j = 0; j < QUERN_REDUCE_ITEMS; j++) {
    int ahead = j * QUERN_GROUP + item;
    if (start + ahead < images * pixels) {
      QuernPixel at = quern_pixel_ahead(base.image, base.pixel + ahead, pixels);
      long i = (at.image * classes + c) * pixels + at.pixel;
      float t = quern_load_float(target, target_dtype, target_offset + i);
      QuernPixelSums s = {0.0f};
      if (t != o.ignored && o.checked && t != 0.0f && t != 1.0f) {
        atomic_min(&first_fault, ahead);
      } else if (t != o.ignored) {
        float x = quern_load_float(logits, logits_dtype, logits_offset + i);
        float w = weight ? weight[weight_offset + i] : 1.0f;
        quern_add_element(&o, positive, x, t, w, &s);
      }
      losses[losses_offset + i] = (float)(factor * ((double)s.bce + s.focal));
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  if (item == 0) {
    QuernPixel at = quern_pixel_ahead(base.image, base.pixel + first_fault, pixels);
    long fault = (at.image * classes + c) * pixels + at.pixel;
    faults[faults_offset + get_group_id(0)] = first_fault == INT_MAX ? LONG_MAX : fault;
  }
}

// Lowers the fault word to the least of the groups' faults; one group.
QUERN_KERNEL void segmentation_faults(
    __global const long *faults,
    const long faults_offset,
    __global long *fault,
    const long fault_offset,
    const long count) {
  __local long items[QUERN_GROUP];
  segmentation_lower_fault(faults + faults_offset, count, fault + fault_offset, items);
}
