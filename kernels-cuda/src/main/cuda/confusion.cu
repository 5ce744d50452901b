// Confusion counts {tn, fp, fn, tp} of predictions >= cut against targets 0 and 1. Each block counts
// one chunk and leaves a record of four counts and the least faulty index; a single block adds the
// records to the running counts and lowers the fault word. Counts pass through f64, which holds whole
// numbers below 2^53 exactly; so sums are exact in any order. Elements from n on, and targets equal
// to ignored (NaN: none), count nowhere. Deterministic, as counts are exact and a minimum has no
// order.

#include "prelude.cuh"

#define QUERN_COUNTS 4

template <class Args>
QUERN_INLINE void confusion_chunk(const Args &args) {
  QuernQuad predictions[QUERN_CHUNK_QUADS];
  QuernQuad target[QUERN_CHUNK_QUADS];
#pragma unroll
  for (int j = 0; j < QUERN_CHUNK_QUADS; j++) {
    predictions[j] = quern_load(args.predictions, quern_chunk_element(j), args.n);
    target[j] = quern_load(args.target, quern_chunk_element(j), args.n);
  }
  int counts[QUERN_COUNTS] = {0};
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
      if (t != 0.0f && t != 1.0f) {
        first_fault = i + lane < first_fault ? i + lane : first_fault;
        continue;
      }
      int predicted = predictions[j].v[lane] >= args.cut;
      int positive = t == 1.0f;
      counts[0] += !positive & !predicted;
      counts[1] += !positive & predicted;
      counts[2] += positive & !predicted;
      counts[3] += positive & predicted;
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
  const float *predictions;
  const unsigned char *target;
  double *partials;
  long long *faults;
  long long n;
  float cut;
  float ignored;
} ConfusionPartialsU8Args;

QUERN_KERNEL(confusion_partials_u8, ConfusionPartialsU8Args) {
  confusion_chunk(args);
}

typedef struct {
  const float *predictions;
  const float *target;
  double *partials;
  long long *faults;
  long long n;
  float cut;
  float ignored;
} ConfusionPartialsF32Args;

QUERN_KERNEL(confusion_partials_f32, ConfusionPartialsF32Args) {
  confusion_chunk(args);
}

typedef struct {
  const double *partials;
  const long long *faults;
  long long *counts;
  long long *fault;
  long long count;
} ConfusionTotalArgs;

// One block.
QUERN_KERNEL(confusion_total, ConfusionTotalArgs) {
  const double *totals = quern_sum_records<QUERN_COUNTS>(args.partials, args.count);
  long long least = quern_least_record(args.faults, args.count);
  if (threadIdx.x < QUERN_COUNTS) {
    args.counts[threadIdx.x] += (long long)totals[threadIdx.x];
  }
  if (threadIdx.x == 0) {
    args.fault[0] = least < args.fault[0] ? least : args.fault[0];
  }
}
