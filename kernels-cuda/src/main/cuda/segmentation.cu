// Fused segmentation losses over one logit per pixel: any weighted sum of the terms of
// loss_terms.inc. Pass 1 reads logits and target once; each block sums one chunk (a thread in f32,
// the block in f64 in a fixed order) and leaves a record of the sums and confusion counts and its
// least faulty index. The epilogue, a single block, adds the records in f64, turns the sums into the
// value and the three coefficients of the gradient, upstream factor included, adds the counts and
// lowers the fault word. Pass 2 maps logits and target to the gradient. Pixels from n on, ignored and
// faulty ones add nothing; the gradient of the latter two is 0 whatever their logit is. Deterministic,
// as all orders depend on n only and nothing is added atomically.

#include "prelude.cuh"

#include "math.inc"

#include "loss_terms.inc"

// {true positives, probabilities, target, bce, tn, fp, fn, tp}
#define QUERN_SUMS 8

// A U8 target is a label; an F32 target is soft and is not checked.
QUERN_INLINE bool is_fault(const unsigned char *target, float t) { return t > 1.0f; }

QUERN_INLINE bool is_fault(const float *target, float t) { return false; }

template <class Args>
QUERN_INLINE void segmentation_chunk(const Args &args) {
  QuernQuad logits[QUERN_CHUNK_QUADS];
  QuernQuad target[QUERN_CHUNK_QUADS];
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    logits[j] = quern_load(args.logits, quern_chunk_element(j), args.n);
    target[j] = quern_load(args.target, quern_chunk_element(j), args.n);
  }
  float sums[4] = {0.0f};
  int counts[4] = {0};
  long long first_fault = QUERN_NONE;
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    long long i = quern_chunk_element(j);
#pragma unroll
    for (int lane = 0; lane < 4; lane++) {
      float t = target[j].v[lane];
      if (i + lane >= args.n || t == args.ignored) {
        continue;
      }
      if (is_fault(args.target, t)) {
        first_fault = i + lane < first_fault ? i + lane : first_fault;
        continue;
      }
      float x = logits[j].v[lane];
      float e = quern_exp(x < 0.0f ? x : -x);
      if (args.overlap) {
        float p = quern_sigmoid_from(x, e, 1.0f / (1.0f + e));
        sums[0] += quern_true_positive(args.form, p, t);
        sums[1] += quern_overlap_mass(args.form, p);
        sums[2] += quern_overlap_mass(args.form, t);
      }
      if (args.bce) {
        sums[3] += quern_bce(x, t, e);
      }
      if (args.counted) {
        int predicted = x >= args.cut;
        int positive = t >= 0.5f;
        counts[0] += !positive & !predicted;
        counts[1] += !positive & predicted;
        counts[2] += positive & !predicted;
        counts[3] += positive & predicted;
      }
    }
  }
  double values[QUERN_SUMS];
#pragma unroll
  for (int q = 0; q < 4; q++) {
    values[q] = sums[q];
    values[4 + q] = counts[q];
  }
  const double *totals = quern_block_sums(values);
  if (threadIdx.x < QUERN_SUMS) {
    args.partials[blockIdx.x * (long long)QUERN_SUMS + threadIdx.x] = totals[threadIdx.x];
  }
  first_fault = quern_block_least(first_fault);
  if (threadIdx.x == 0) {
    args.faults[blockIdx.x] = first_fault;
  }
}

typedef struct {
  const float *logits;
  const unsigned char *target;
  double *partials;
  long long *faults;
  long long n;
  int form;
  int overlap;
  int bce;
  int counted;
  float cut;
  float ignored;
} SegmentationSumsU8Args;

QUERN_KERNEL(segmentation_sums_u8, SegmentationSumsU8Args) {
  segmentation_chunk(args);
}

typedef struct {
  const float *logits;
  const float *target;
  double *partials;
  long long *faults;
  long long n;
  int form;
  int overlap;
  int bce;
  int counted;
  float cut;
  float ignored;
} SegmentationSumsF32Args;

QUERN_KERNEL(segmentation_sums_f32, SegmentationSumsF32Args) {
  segmentation_chunk(args);
}

typedef struct {
  const double *partials;
  const long long *faults;
  const QuernTerm *terms;
  const float *upstream;
  float *value;
  float *coefficients;
  long long *counts;
  long long *fault;
  long long count;
  int term_count;
  long long n;
  int form;
} SegmentationEpilogueArgs;

// One block. upstream may be null: no gradient is wanted; counts may be null: none were counted.
QUERN_KERNEL(segmentation_epilogue, SegmentationEpilogueArgs) {
  const double *totals = quern_sum_records<QUERN_SUMS>(args.partials, args.count);
  long long least = quern_least_record(args.faults, args.count);
  int thread = (int)threadIdx.x;
  if (args.counts && thread < 4) {
    args.counts[thread] += (long long)totals[4 + thread];
  }
  if (thread == 0) {
    args.fault[0] = least < args.fault[0] ? least : args.fault[0];
    QuernLossSums sums;
    sums.true_positives = totals[0];
    sums.probabilities = totals[1];
    sums.target = totals[2];
    sums.bce = totals[3];
    QuernLossCoefficients k;
    args.value[0] =
        quern_loss_epilogue(
            args.form, args.terms, args.term_count, sums, (double)args.n,
            args.upstream ? args.upstream[0] : 0.0f, &k);
    args.coefficients[0] = k.a;
    args.coefficients[1] = k.b;
    args.coefficients[2] = k.c;
  }
}

template <class Args>
QUERN_INLINE void segmentation_gradient(const Args &args) {
  QuernLossCoefficients k = {args.coefficients[0], args.coefficients[1], args.coefficients[2]};
  long long i = quern_tile_element();
  QuernQuad logits = quern_load(args.logits, i, args.n);
  QuernQuad target = quern_load(args.target, i, args.n);
  QuernQuad gradient;
#pragma unroll
  for (int lane = 0; lane < 4; lane++) {
    float x = logits.v[lane];
    float t = target.v[lane];
    float e = quern_exp(x < 0.0f ? x : -x);
    float g = quern_loss_gradient(args.form, k, x, t, e, 1.0f / (1.0f + e));
    gradient.v[lane] = t == args.ignored || is_fault(args.target, t) ? 0.0f : g;
  }
  quern_store(gradient, args.gradient, i, args.n);
}

typedef struct {
  const float *logits;
  const unsigned char *target;
  const float *coefficients;
  float *gradient;
  long long n;
  int form;
  float ignored;
} SegmentationGradientU8Args;

QUERN_KERNEL(segmentation_gradient_u8, SegmentationGradientU8Args) {
  segmentation_gradient(args);
}

typedef struct {
  const float *logits;
  const float *target;
  const float *coefficients;
  float *gradient;
  long long n;
  int form;
  float ignored;
} SegmentationGradientF32Args;

QUERN_KERNEL(segmentation_gradient_f32, SegmentationGradientF32Args) {
  segmentation_gradient(args);
}
