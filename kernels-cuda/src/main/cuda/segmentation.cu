// Fused segmentation losses of logits with a target each, and what all layouts share.
//
// - Formula: any weighted sum of the terms of loss_element.inc. A pool is the images whose overlap
//   is scored together (one, or the batch); a segment is one class of a pool.
// - Pass 1 reads logits and target once: a block sums one chunk of a segment, rounds of QUERN_CHUNK
//   elements (a thread in f32, the block in f64), and leaves a record of the sums and confusion
//   counts and its least faulty index. The totals, one block per segment, add the records in f64.
// - The epilogue (loss_epilogue.inc), a single block, adds each term up over the segments and turns
//   the sums into the value and each segment's coefficients of the gradient, upstream factor
//   included, adds the counts and lowers the fault word.
// - Pass 2 maps logits and target to the gradient. Where every divisor is known beforehand, totals
//   and epilogue run first with known divisors, and one pass does both.
// - Tail: elements behind a segment's end, ignored and faulty ones add nothing (but to the number
//   of valid ones); the gradient of the latter two is 0 whatever their logit is.
// - Deterministic: all orders depend on the extents only, and nothing is added atomically.

#include "prelude.cuh"

#include "math.inc"

#include "loss_table.inc"
#include "loss_element.inc"
#include "loss_epilogue.inc"

// Where a block's chunk or tile of a segment lies.
struct SegmentationPart {
  long long segment;
  int c;
  long long image;  // the first of the pool
  long long first;  // the chunk's first pixel, counted from the pool's
};

template <class Args>
QUERN_INLINE SegmentationPart segmentation_part(
    const Args &args, long long parts, long long size) {
  SegmentationPart part;
  part.segment = blockIdx.x / parts;
  part.c = (int)(part.segment % args.classes);
  part.image = part.segment / args.classes * args.images;
  part.first = blockIdx.x % parts * size;
  return part;
}

// Four neighbouring pixels of a segment: their elements, -1 behind its end. together: they are
// neighbours in memory, too.
struct SegmentationQuad {
  long long element[4];
  bool together;
};

// The quad of pixels start + ahead to start + ahead + 3, with base the pixel start.
template <class Args>
QUERN_INLINE SegmentationQuad segmentation_quad(
    const Args &args, const SegmentationPart &part, QuernPixel base, long long start, int ahead) {
  SegmentationQuad quad;
#pragma unroll
  for (int lane = 0; lane < 4; lane++) {
    QuernPixel at =
        quern_pixel_ahead(base.image, base.pixel + ahead + lane, args.pixels);
    bool inside = start + ahead + lane < args.images * args.pixels;
    quad.element[lane] =
        inside ? (at.image * args.classes + part.c) * args.pixels + at.pixel : -1;
  }
  // a segment of several images leaves other classes' elements out
  quad.together = quad.element[3] >= 0 && quad.element[3] == quad.element[0] + 3;
  return quad;
}

QUERN_INLINE QuernQuad segmentation_load(
    const SegmentationQuad &quad, const void *x, int dtype) {
  if (quad.together) {
    return quern_load_quad(x, dtype, quad.element[0]);
  }
  QuernQuad loaded;
#pragma unroll
  for (int lane = 0; lane < 4; lane++) {
    long long i = quad.element[lane];
    loaded.v[lane] = i >= 0 ? quern_load_float(x, dtype, i) : 0.0f;
  }
  return loaded;
}

QUERN_INLINE void segmentation_store(
    const SegmentationQuad &quad, QuernQuad values, void *out, int dtype) {
  if (quad.together) {
    quern_store_quad(values, out, dtype, quad.element[0]);
    return;
  }
#pragma unroll
  for (int lane = 0; lane < 4; lane++) {
    if (quad.element[lane] >= 0) {
      quern_store_float(values.v[lane], out, dtype, quad.element[lane]);
    }
  }
}

QUERN_INLINE QuernQuad segmentation_weight(const SegmentationQuad &quad, const float *weight) {
  if (weight) {
    return segmentation_load(quad, weight, QUERN_DTYPE_F32);
  }
  return {{1.0f, 1.0f, 1.0f, 1.0f}};
}

QUERN_INLINE bool segmentation_is_fault(const QuernLossOptions &o, float t) {
  return o.checked && t != 0.0f && t != 1.0f;
}

// Sums one chunk; GRADIENT: and writes its gradient.
template <bool GRADIENT, class Args>
QUERN_INLINE void segmentation_element_chunk(const Args &args) {
  SegmentationPart part = segmentation_part(args, args.chunks, args.rounds * QUERN_CHUNK);
  QuernLossOptions o = *args.options;
  float positive =
      quern_class_factors(args.options, args.terms, args.classes, part.c).bce_positive;
  QuernLossCoefficients k = {};
  if constexpr (GRADIENT) {
    k = ((const QuernLossCoefficients *)args.coefficients)[part.segment];
  }
  QuernPixelSums s = {};
  int counts[QUERN_COUNTS] = {0};
  long long first_fault = QUERN_NONE;
  for (int round = 0; round < args.rounds; round++) {
    long long start = part.first + round * QUERN_CHUNK;
    QuernPixel base = quern_pixel_ahead(part.image, start, args.pixels);
    // one quad at a time: many blocks at once keep more loads under way than one that unrolls
#pragma unroll 1
    for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
      int ahead = j * (int)QUERN_TILE + (int)threadIdx.x * 4;
      SegmentationQuad quad = segmentation_quad(args, part, base, start, ahead);
      QuernQuad logits = segmentation_load(quad, args.logits, args.logits_dtype);
      QuernQuad target = segmentation_load(quad, args.target, args.target_dtype);
      QuernQuad weight = segmentation_weight(quad, args.weight);
      QuernQuad gradient = {{0.0f, 0.0f, 0.0f, 0.0f}};
#pragma unroll
      for (int lane = 0; lane < 4; lane++) {
        long long i = quad.element[lane];
        float t = target.v[lane];
        if (i < 0 || t == o.ignored) {
          continue;
        }
        s.valid += 1.0f;
        if (segmentation_is_fault(o, t)) {
          first_fault = i < first_fault ? i : first_fault;
          continue;
        }
        float x = logits.v[lane];
        quern_add_element(&o, positive, x, t, weight.v[lane], &s);
        int predicted = x >= o.cut;
        int on = t >= 0.5f;
        counts[0] += !on & !predicted;
        counts[1] += !on & predicted;
        counts[2] += on & !predicted;
        counts[3] += on & predicted;
        if constexpr (GRADIENT) {
          gradient.v[lane] = quern_element_gradient(&o, k, positive, x, t, weight.v[lane]);
        }
      }
      if constexpr (GRADIENT) {
        segmentation_store(quad, gradient, args.gradient, args.logits_dtype);
      }
    }
  }
  double values[QUERN_ELEMENT_SUMS + QUERN_COUNTS] = {
    s.true_positives, s.false_positives, s.false_negatives, s.bce, s.focal, s.focal_norm, s.valid};
#pragma unroll
  for (int q = 0; q < QUERN_COUNTS; q++) {
    values[QUERN_ELEMENT_SUMS + q] = counts[q];
  }
  const double *totals = quern_block_sums(values);
  int thread = (int)threadIdx.x;
  double *record = args.partials + blockIdx.x * (long long)QUERN_RECORD;
  if (thread < QUERN_ELEMENT_SUMS) {
    record[thread] = totals[thread];
  } else if (thread < QUERN_LOSS_SUMS) {
    record[thread] = 0.0;
  } else if (thread < QUERN_RECORD) {
    record[thread] = totals[thread - QUERN_LOSS_SUMS + QUERN_ELEMENT_SUMS];
  }
  first_fault = quern_block_least(first_fault);
  if (thread == 0) {
    args.faults[blockIdx.x] = first_fault;
  }
}

typedef struct {
  const void *logits;
  const void *target;
  const float *weight;
  const QuernLossOptions *options;
  double *partials;
  long long *faults;
  long long images;
  int classes;
  long long pixels;
  long long chunks;
  int rounds;
  int terms;
  int logits_dtype;
  int target_dtype;
} SegmentationElementSumsArgs;

QUERN_KERNEL(segmentation_element_sums, SegmentationElementSumsArgs) {
  segmentation_element_chunk<false>(args);
}

typedef struct {
  const void *logits;
  const void *target;
  const float *weight;
  const QuernLossOptions *options;
  const float *coefficients;
  void *gradient;
  double *partials;
  long long *faults;
  long long images;
  int classes;
  long long pixels;
  long long chunks;
  int rounds;
  int terms;
  int logits_dtype;
  int target_dtype;
} SegmentationElementOnePassArgs;

// The same, and the gradient from coefficients that are known beforehand.
QUERN_KERNEL(segmentation_element_one_pass, SegmentationElementOnePassArgs) {
  segmentation_element_chunk<true>(args);
}

typedef struct {
  const double *partials;
  double *sums;
  double *segment_counts;
  long long chunks;
  long long known;
} SegmentationTotalsArgs;

// One block for each segment. known: the number of its elements, all valid, which is what divisors
// known before pass 1 depend on; negative for sums over the records.
QUERN_KERNEL(segmentation_totals, SegmentationTotalsArgs) {
  long long segment = blockIdx.x;
  int thread = (int)threadIdx.x;
  const double *totals =
      quern_sum_records<QUERN_RECORD>(
          args.partials + segment * args.chunks * QUERN_RECORD, args.known < 0 ? args.chunks : 0);
  if (thread < QUERN_LOSS_SUMS) {
    bool counts = thread == QUERN_SUM_VALID || thread == QUERN_SUM_CROSS_ENTROPY_WEIGHT;
    args.sums[segment * QUERN_LOSS_SUMS + thread] =
        args.known < 0 || !counts ? totals[thread] : (double)args.known;
  } else if (thread < QUERN_RECORD) {
    args.segment_counts[segment * QUERN_COUNTS + thread - QUERN_LOSS_SUMS] = totals[thread];
  }
}

// Lowers the fault word; one block.
QUERN_INLINE void segmentation_lower_fault(
    const long long *faults, long long count, long long *fault) {
  long long least = quern_least_record(faults, count);
  if (threadIdx.x == 0) {
    fault[0] = least < fault[0] ? least : fault[0];
  }
}

typedef struct {
  const double *sums;
  const double *segment_counts;
  const long long *faults;
  const QuernLossOptions *options;
  const float *upstream;
  float *value;
  float *coefficients;
  long long *counts;
  long long *fault;
  long long pools;
  int classes;
  int terms;
  long long elements;
  long long fault_count;
} SegmentationEpilogueArgs;

// The sums of a term over its parts, in thread 0: a thread adds neighbouring parts, one while there are
// no more parts than threads, and thread 0 what the threads have, both in index order. Called by the
// whole block.
QUERN_INLINE QuernTermSums segmentation_term_sums(
    const SegmentationEpilogueArgs &args, QuernLossTerm term, int index, const double *shares) {
  __shared__ QuernTermSums threads[QUERN_THREADS];
  int thread = (int)threadIdx.x;
  long long parts = quern_term_parts(term, args.pools, args.classes);
  long long each = (parts + QUERN_THREADS - 1) / QUERN_THREADS;
  QuernTermSums own = {0.0, 0.0};
  for (long long i = thread * each; i < (thread + 1) * each && i < parts; i++) {
    quern_add_term_part(
        args.options->form, term, index, shares, (const QuernLossSums *)args.sums, args.pools,
        args.classes, i, &own);
  }
  threads[thread] = own;
  __syncthreads();
  QuernTermSums all = {0.0, 0.0};
  for (int t = 0; thread == 0 && t * each < parts; t++) {
    all.sum += threads[t].sum;
    all.divisor += threads[t].divisor;
  }
  __syncthreads();
  return all;
}

// One block. upstream may be null: no gradient is wanted; counts may be null: none were counted.
QUERN_KERNEL(segmentation_epilogue, SegmentationEpilogueArgs) {
  __shared__ double outer[QUERN_MOST_TERMS];
  const QuernLossTerm *term = quern_loss_terms(args.options);
  const double *shares = quern_loss_shares(args.options, args.terms);
  const QuernLossSums *sums = (const QuernLossSums *)args.sums;
  int thread = (int)threadIdx.x;
  double value = 0.0;
  for (int j = 0; j < args.terms; j++) {
    QuernTermSums all = segmentation_term_sums(args, term[j], j, shares);
    if (thread == 0) {
      double slope;
      value += term[j].weight
          * quern_term_value(term[j], all, args.pools, (double)args.elements, &slope);
      outer[j] = slope;
    }
  }
  if (thread == 0) {
    args.value[0] = (float)value;
  }
  __syncthreads();
  if (args.upstream) {
    QuernLossCoefficients *out = (QuernLossCoefficients *)args.coefficients;
    for (long long i = thread; i < args.pools * args.classes; i += QUERN_THREADS) {
      QuernCoefficientSums k = {};
      for (int j = 0; j < args.terms; j++) {
        quern_add_term_coefficients(
            args.options->form, term[j], j, shares, sums, args.pools, args.classes,
            i / args.classes, (int)(i % args.classes), outer[j], &k);
      }
      out[i] = quern_coefficients(k, (double)args.upstream[0]);
    }
  }
  const double *counts =
      quern_sum_records<QUERN_COUNTS>(args.segment_counts, args.pools * args.classes);
  if (args.counts && thread < QUERN_COUNTS) {
    args.counts[thread] += (long long)counts[thread];
  }
  segmentation_lower_fault(args.faults, args.fault_count, args.fault);
}

typedef struct {
  const void *logits;
  const void *target;
  const float *weight;
  const QuernLossOptions *options;
  const float *coefficients;
  void *gradient;
  long long images;
  int classes;
  long long pixels;
  long long tiles;
  int terms;
  int logits_dtype;
  int target_dtype;
} SegmentationElementGradientArgs;

// One block for each tile of a segment, tiles of them for each.
QUERN_KERNEL(segmentation_element_gradient, SegmentationElementGradientArgs) {
  SegmentationPart part = segmentation_part(args, args.tiles, QUERN_TILE);
  QuernPixel base = quern_pixel_ahead(part.image, part.first, args.pixels);
  SegmentationQuad quad =
      segmentation_quad(args, part, base, part.first, (int)threadIdx.x * 4);
  QuernQuad logits = segmentation_load(quad, args.logits, args.logits_dtype);
  QuernQuad target = segmentation_load(quad, args.target, args.target_dtype);
  QuernQuad weight = segmentation_weight(quad, args.weight);
  QuernLossOptions o = *args.options;
  float positive =
      quern_class_factors(args.options, args.terms, args.classes, part.c).bce_positive;
  QuernLossCoefficients k = ((const QuernLossCoefficients *)args.coefficients)[part.segment];
  QuernQuad gradient;
#pragma unroll
  for (int lane = 0; lane < 4; lane++) {
    float t = target.v[lane];
    float g = quern_element_gradient(&o, k, positive, logits.v[lane], t, weight.v[lane]);
    gradient.v[lane] = t == o.ignored || segmentation_is_fault(o, t) ? 0.0f : g;
  }
  segmentation_store(quad, gradient, args.gradient, args.logits_dtype);
}

typedef struct {
  const void *logits;
  const void *target;
  const float *weight;
  const QuernLossOptions *options;
  float *losses;
  long long *faults;
  long long images;
  int classes;
  long long pixels;
  long long chunks;
  int terms;
  int logits_dtype;
  int target_dtype;
} SegmentationElementLossesArgs;

// The losses of all elements without reduction; a block for each chunk of one round of a segment.
QUERN_KERNEL(segmentation_element_losses, SegmentationElementLossesArgs) {
  SegmentationPart part = segmentation_part(args, args.chunks, QUERN_CHUNK);
  QuernPixel base = quern_pixel_ahead(part.image, part.first, args.pixels);
  QuernLossOptions o = *args.options;
  float positive =
      quern_class_factors(args.options, args.terms, args.classes, part.c).bce_positive;
  double factor = quern_loss_terms(args.options)[0].weight;
  long long first_fault = QUERN_NONE;
#pragma unroll 1
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    SegmentationQuad quad =
        segmentation_quad(
            args, part, base, part.first, j * (int)QUERN_TILE + (int)threadIdx.x * 4);
    QuernQuad logits = segmentation_load(quad, args.logits, args.logits_dtype);
    QuernQuad target = segmentation_load(quad, args.target, args.target_dtype);
    QuernQuad weight = segmentation_weight(quad, args.weight);
    QuernQuad losses;
#pragma unroll
    for (int lane = 0; lane < 4; lane++) {
      long long i = quad.element[lane];
      float t = target.v[lane];
      QuernPixelSums s = {};
      if (i >= 0 && t != o.ignored && segmentation_is_fault(o, t)) {
        first_fault = i < first_fault ? i : first_fault;
      } else if (i >= 0 && t != o.ignored) {
        quern_add_element(&o, positive, logits.v[lane], t, weight.v[lane], &s);
      }
      losses.v[lane] = (float)(factor * ((double)s.bce + s.focal));
    }
    segmentation_store(quad, losses, args.losses, QUERN_DTYPE_F32);
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
} SegmentationFaultsArgs;

// Lowers the fault word to the least of the blocks' faults; one block.
QUERN_KERNEL(segmentation_faults, SegmentationFaultsArgs) {
  segmentation_lower_fault(args.faults, args.count, args.fault);
}
